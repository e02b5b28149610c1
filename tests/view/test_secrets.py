"""Secrets: what recorders took out stays out, and what other exporters left in is not shown either."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.view import documents

from telemetry.contracts import load_registry
from telemetry.operations.view import Recording, chrome_trace, html_page, read_recording, speedscope_profile

SECRET = "hunter2-and-more"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """A recording of another exporter, with secrets by class, by name and by form."""
    declared = {"name": "image.account", "type": "string", "description": "Who pushes.", "class": "secret"}
    span = {"name": "image.push", "description": "Push.", "attributes": [{**declared, "treatment": "hash"}]}
    (tmp_path / "registry.json").write_text(json.dumps({"spans": [span]}))
    given = {"image.account": SECRET, "api_key": SECRET, "note": f"pushed with {TOKEN}", "plain": "shown"}
    kept = {"image.account": "hmac:708a727d2475357e"}
    failure = {
        "name": "exception",
        "timeUnixNano": "1",
        "attributes": documents.attributes({"exception.message": TOKEN}),
    }
    spans = [
        documents.span(0, 0, None, "image.push", 0, 1, attributes=given, events=[failure], status={"message": TOKEN}),
        documents.span(0, 1, 0, f"push {TOKEN}", 0, 1, attributes=kept),
    ]
    who = documents.resource("specc", 1, password=SECRET)
    lines = [documents.line(0, 0, 0, f"authorization: Bearer {TOKEN}", 9, password=SECRET)]
    written = [documents.spans_of(who, spans), documents.logs_of(who, lines)]
    return read_recording(documents.write(tmp_path / "s.jsonl", written), load_registry(tmp_path / "registry.json"))


@pytest.mark.parametrize("write", [html_page, chrome_trace, speedscope_profile])
def test_secrets_are_in_no_format(recording: Recording, write: Callable[[Recording], bytes]) -> None:
    """Neither a declared secret, nor one by its name or its form, is in what is written."""
    written = write(recording)
    assert SECRET.encode() not in written
    assert TOKEN.encode() not in written


def test_the_rest_is_shown(recording: Recording) -> None:
    """Other values stay, as do the hashes that recorders made of secrets, and it can be seen that something is gone."""
    written = html_page(recording)
    assert b"shown" in written and b"hmac:708a727d2475357e" in written and b"[redacted]" in written
