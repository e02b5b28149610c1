"""URLs, hosts and methods as spans show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.http.url import host_and_port, redacted_query, redacted_url

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://ci:hunter2@example.org", "https://REDACTED:REDACTED@example.org"),
        ("https://hunter2@example.org/x@y", "https://REDACTED@example.org/x@y"),
        ("https://a@b:hunter2@example.org?u=x@y", "https://REDACTED:REDACTED@example.org?u=x@y"),
        ("https://example.org?AWSAccessKeyId=hunter2&x=1", "https://example.org?AWSAccessKeyId=REDACTED&x=1"),
        ("https://example.org?X-Goog-Signature=hunter2#top", "https://example.org?X-Goog-Signature=REDACTED#top"),
        ("https://example.org?s%69g=hunter2", "https://example.org?s%69g=REDACTED"),
        ("https://example.org?sig=hunter2=&Signature=", "https://example.org?sig=REDACTED&Signature=REDACTED"),
        ("https://example.org?SIG=1&sig", "https://example.org?SIG=1&sig"),
        ("", ""),
        ("://", "://"),
    ],
)
def test_secrets_of_urls_are_redacted(url: str, shown: str) -> None:
    """User, password and signed values go, all else stays; names count in their own case (semantic conventions)."""
    assert redacted_url(url) == shown


@given(st.text("&=x%", max_size=20), st.text("&=x%", max_size=20))
def test_no_signature_survives(before: str, after: str) -> None:
    """Whatever stands around it, the value of a signature is not in what is shown."""
    shown = redacted_query(f"{before}&sig={SECRET}&{after}")
    assert SECRET not in shown


@given(st.text(":/?#@&=sig%x", max_size=60))
def test_any_text_can_be_a_url(text: str) -> None:
    """Nothing raises, and nothing is longer than the bound and what redaction adds."""
    assert len(redacted_url(text * 50)) < 2048 + 25 * 1024


@pytest.mark.parametrize(
    ("authority", "found"),
    [
        ("planner", ("planner", 80)),
        ("planner:8080", ("planner", 8080)),
        ("[::1]", ("::1", 80)),
        ("[fe80::1]:81", ("fe80::1", 81)),
        ("planner:99999", ("planner", None)),
        ("planner:", ("", None)),
        ("a b", ("", None)),
        ("<script>", ("", None)),
        ("x" * 300, ("", None)),
        ("", ("", None)),
    ],
)
def test_hosts_are_read_strictly(authority: str, found: tuple[str, int | None]) -> None:
    """A stranger writes this header: what is no host is not recorded."""
    assert host_and_port(authority, "http") == found
