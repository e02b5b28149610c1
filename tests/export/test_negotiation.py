"""What a scraper gets for what it says it accepts."""

from __future__ import annotations

import pytest

from telemetry.export import negotiate

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
    "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (PROMETHEUS_2, "openmetrics"),
        (PROMETHEUS_3, "openmetrics"),
        ("application/openmetrics-text", "openmetrics"),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", "openmetrics"),
        ("Application/OpenMetrics-Text; Version=1.0.0", "openmetrics"),
        ('application/openmetrics-text; version="1.0.0"', "openmetrics"),
        ("application/openmetrics-text;q=0.5,text/plain;q=0.5", "openmetrics"),
        ("application/openmetrics-text;q=0.4,text/plain;q=0.5", "text"),
        ("application/openmetrics-text;q=0.4,*/*", "text"),
        ("application/openmetrics-text;q=0.4,*/*,text/plain;q=0.1", "openmetrics"),
        ("application/openmetrics-text;version=0.0.1", "text"),
        ("application/openmetrics-text;version=2.0.0", "text"),
        ("application/openmetrics-text;q=0", "text"),
        ("application/openmetrics-text;q=nonsense", "text"),
        ("application/openmetrics-text;q=nan", "text"),
        ("text/html,*/*;q=0.8", "text"),
        ("application/json", "text"),
        ("*/*", "text"),
        ("", "text"),
        (",;=,;;q", "text"),
    ],
)
def test_format(accept: str, chosen: str) -> None:
    """OpenMetrics goes to those who name version 1.0.0 and prefer nothing else; everybody else gets classic text."""
    assert negotiate(accept).format == chosen


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=1.0", True),
        ("*", True),
        ("deflate", False),
        ("gzip;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("", False),
    ],
)
def test_compression(accept_encoding: str, gzip: bool) -> None:
    """The body is gzipped for those who accept it and do not prefer it plain."""
    assert negotiate("", accept_encoding).gzip is gzip


def test_content_types() -> None:
    """The content type names format, version and character set, which Prometheus 3 insists on."""
    assert negotiate(PROMETHEUS_2).content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert negotiate("").content_type == "text/plain; version=0.0.4; charset=utf-8"
