"""A door loads a module when a name of its is asked for, and a configured process has only what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.door import deferred

CONFIGURED = """
import json, sys
before = set(sys.modules)
import telemetry
with telemetry.configure("lean", journal=sys.argv[1]):
    with telemetry.span("spec.parse"): pass
    telemetry.metric("compile_failure_total")
    recorded = sorted(set(sys.modules) - before)
print(json.dumps([recorded, sorted(set(sys.modules) - before)]))
"""

UNNEEDED = {
    "datetime",
    "ipaddress",
    "opentelemetry",
    "pathlib",
    "platform",
    "prometheus_client",
    "random",
    "rich",
    "socket",
    "ssl",
    "structlog",
    "telemetry.export",
    "telemetry.journal.reader",
    "telemetry.logs.chains",
    "telemetry.metrics.foreign",
    "telemetry.metrics.merge",
    "tomllib",
    "urllib",
    "uuid",
}
"""Half a megabyte and five milliseconds each, with what they load in turn, in a process that does nothing with them."""


def _loaded(folder: Path) -> tuple[set[str], set[str]]:
    """Run a fresh process that records one span; give what it has loaded then, and at its end."""
    command = [sys.executable, "-I", "-c", CONFIGURED, str(folder / "journal")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    recorded, ended = json.loads(done.stdout)
    return set(recorded), set(ended)


def test_a_configured_process_loads_what_it_uses(tmp_path: Path) -> None:
    """Who records to a journal has what writes it, and nothing that only readers, exporters and loggers need."""
    recorded, _ = _loaded(tmp_path)
    assert recorded & UNNEEDED == set()
    assert {"telemetry.journal.file", "telemetry.runtime.dispatcher", "telemetry.metrics.execution"} <= recorded


def test_shutdown_loads_nothing_where_records_wait(tmp_path: Path) -> None:
    """A journal that holds a span nobody has taken stays, which is clear without reading it."""
    recorded, ended = _loaded(tmp_path)
    assert ended == recorded
    assert list((tmp_path / "journal").glob("*.journal")), "the span waits there"


def test_names_are_loaded_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question for a name loads its module; later ones find the name in the room."""
    room = tmp_path / "roomy"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from telemetry.door import deferred\n__getattr__ = deferred(__name__, late='Late later')\n"
    )
    (room / "late.py").write_text("Late = object()\nlater = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    import roomy  # type: ignore[import-not-found]

    assert "roomy.late" not in sys.modules
    assert roomy.Late is sys.modules["roomy.late"].Late
    assert "Late" in vars(roomy)
    assert "later" not in vars(roomy)


def test_unknown_names_are_refused_as_by_any_module() -> None:
    """`hasattr` and a misspelt import say what they say of every module."""
    with pytest.raises(AttributeError, match=r"module 'telemetry.journal' has no attribute 'Raeder'"):
        deferred("telemetry.journal", reader="Reader")("Raeder")
