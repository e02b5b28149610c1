"""Secrets that stand where a name is expected: in keys of mappings, names of fields and keys of baggage."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stderr
from pathlib import Path

import pytest

import telemetry
from telemetry.context import inject, set_baggage
from telemetry.logs.processors import redact_fields
from telemetry.testing import isolated

ACCESS = "open-sesame-4712"
URL = "https://ci:hunter2@h/"


@pytest.mark.parametrize("outer", [False, True])
def test_keys_of_a_log_line_keep_no_secret(registry_file: Path, outer: bool) -> None:
    """A declared secret and a password are gone from keys at any depth; the values of those keys stay."""
    data = {"d": {ACCESS: 1, "deep": [{URL: 2}]}, "count": 3}
    access = {"image.access": ACCESS}
    with isolated(registry=[registry_file]) as recording, telemetry.span("image.push", attributes=access):
        logging.getLogger("other").warning("counted", extra={ACCESS: 1, URL: data} if outer else data)
    (line,) = recording.logs
    assert ACCESS not in repr(line) and "hunter2" not in repr(line)
    shown = {"d": {"[redacted]": 1, "deep": [{"https://ci:[redacted]@h/": 2}]}, "count": 3}
    for name, value in ({"[redacted]": 1, "https://ci:[redacted]@h/": shown} if outer else shown).items():
        given = line.fields[name]
        assert (json.loads(given) if isinstance(given, str) else given) == value


def test_without_contracts_names_of_fields_are_looked_through() -> None:
    """The processor for chains of the user's own takes credentials out of names, and keeps the order of the rest."""
    line = redact_fields(None, "info", {"event": "counted", "count": 3, URL: 1})
    assert list(line.items()) == [("event", "counted"), ("count", 3), ("https://ci:[redacted]@h/", 1)]


def test_headers_as_bytes_keep_no_secret() -> None:
    """Pairs as ASGI has them lose their secrets like pairs of text, in a field and in a formatted message."""
    headers = [(b"authorization", b"hunter2secret"), (b"host", b"planner")]
    with isolated() as recording:
        logging.getLogger("other").warning("got %s", headers, extra={"headers": headers})
    (line,) = recording.logs
    assert "hunter2" not in repr(line)
    assert repr(line).count("planner") == 2


def test_a_key_of_baggage_that_holds_a_secret_stays(registry_file: Path) -> None:
    """Such an entry does not leave, the others do, and what is said of it does not show it."""
    stderr = io.StringIO()
    with redirect_stderr(stderr):
        telemetry.configure("push", registry=registry_file, journal=False, baggage_keys=["*"])
        try:
            with telemetry.span("image.push", attributes={"image.access": ACCESS}):
                set_baggage(ACCESS, "1")
                set_baggage("ghp_" + "a1B2" * 9, "2")
                set_baggage("team", "red")
                carrier: dict[str, str] = {}
                inject(carrier)
        finally:
            telemetry.shutdown()
    assert carrier["baggage"] == "team=red"
    assert "looks like a secret" in stderr.getvalue()
    assert ACCESS not in stderr.getvalue() and "a1B2" not in stderr.getvalue()
