"""`telemetry doctor`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.journal.programs import NESTED, run

from telemetry.cli.folders import OFF
from telemetry.errors import JournalError
from telemetry.journal import Folder

COMMAND = [sys.executable, "-c", "from telemetry.cli import main; main()", "doctor"]


def doctor(*options: str, pure: str = "", **variables: str) -> str:
    """Run the command, which has to succeed, and give what it writes."""
    environment = {**os.environ, "TELEMETRY_PURE": pure, **variables}
    return subprocess.run([*COMMAND, *options], check=True, capture_output=True, text=True, env=environment).stdout


def test_it_says_what_is_in_use() -> None:
    """A line each for this package, the interpreter, the hot path and the libraries, with their versions aligned."""
    lines = dict(line.split(maxsplit=1) for line in doctor().splitlines() if not line.startswith("hot path"))
    assert set(lines) >= {"telemetry", "python", "opentelemetry-sdk", "prometheus-client", "structlog", "wrapt"}
    assert lines["python"].startswith(f"CPython {sys.version_info.major}.{sys.version_info.minor}.")
    assert len({line.index(line.split("  ")[-1].strip()) for line in doctor().splitlines()}) == 1


def test_json_is_one_object() -> None:
    """`--json` has the same, for programs."""
    found = json.loads(doctor("--json", pure="1"))
    assert list(found)[:4] == ["telemetry", "python", "hot path", "journal"]
    assert found["hot path"] == "pure (TELEMETRY_PURE forbids the compiled twin)"


def journal(**variables: str) -> dict[str, Any]:
    """Give what it says of the journal, for programs; for people it has to say it in a line."""
    found: dict[str, Any] = json.loads(doctor("--json", **variables))["journal"]
    (line,) = (line for line in doctor(**variables).splitlines() if line.startswith("journal "))
    assert found["folder"] in line
    assert found["problem"] in line
    return found


def test_the_folder_of_journals(tmp_path: Path, journal_folder: Path) -> None:
    """It says how many journals are in the folder, and how much room they take; and that one more can be made."""
    for _ in range(2):
        run(NESTED, journal_folder, "1")
    found = journal()
    assert (found["folder"], found["problem"], found["journals"]) == (str(journal_folder), "", 2)
    assert 0 < found["bytes_on_disk"] < 8 << 20
    assert f"{journal_folder}: a journal can be made; 2 journals, " in doctor()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, journal_folder: Path) -> None:
    """To find out whether a journal can be made, none is, nor its folder, nor a lock in one that is there."""
    assert journal() == {"folder": str(journal_folder), "problem": "", "journals": 0, "bytes_on_disk": 0}
    assert not journal_folder.exists()
    journal_folder.mkdir(mode=0o700)
    assert journal()["problem"] == ""
    assert list(journal_folder.iterdir()) == []


def test_the_default_folders(tmp_path: Path) -> None:
    """It is the folder of the service where one is named, and else any service's, with the journals of all."""
    default = {"TELEMETRY_JOURNAL": "", "XDG_RUNTIME_DIR": str(tmp_path)}
    (tmp_path / "telemetry").mkdir(mode=0o700)
    for service in ("specc", "other"):
        run(NESTED, tmp_path / "telemetry" / service, "1")
    found = journal(**default)
    assert (found["folder"], found["journals"]) == (str(tmp_path / "telemetry" / "SERVICE"), 2)
    found = journal(**default, OTEL_SERVICE_NAME="specc")
    assert (found["folder"], found["journals"]) == (str(tmp_path / "telemetry" / "specc"), 1)


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """What a process would refuse is said, in the words that it says it in, with and without a lock."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(JournalError) as refused:
        Folder.open(folder)
    problem = str(refused.value).removeprefix(f"{folder}: ")
    assert journal(TELEMETRY_JOURNAL=str(folder))["problem"] == problem
    (folder / "lock").touch()
    assert journal(TELEMETRY_JOURNAL=str(folder))["problem"] == problem


def test_what_is_no_folder(tmp_path: Path) -> None:
    """A file, and what lies below one, is no place for journals."""
    (tmp_path / "file").touch()
    assert "it is no folder" in journal(TELEMETRY_JOURNAL=str(tmp_path / "file"))["problem"]
    below = journal(TELEMETRY_JOURNAL=str(tmp_path / "file" / "below"))["problem"]
    assert below == f"{tmp_path / 'file'} is no folder that can be written to"


def test_without_a_journal() -> None:
    """Journals that are off, or settings that are wrong, are said, and nothing fails."""
    assert journal(TELEMETRY_JOURNAL="off")["problem"] == OFF
    assert "TELEMETRY_JOURNAL_BYTES" in journal(TELEMETRY_JOURNAL_BYTES="many")["problem"]


@pytest.mark.skipif(find_spec("telemetry._hotpath.compiled") is None, reason="the hot path was not built")
def test_the_compiled_twin_is_named() -> None:
    """Where it was built and nothing forbids it, it is in use."""
    assert json.loads(doctor("--json"))["hot path"] == "compiled"
