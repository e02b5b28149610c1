"""The audit log shows what was done to it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from .conftest import StartReceiver
from .process import TELEMETRY, alert


@pytest.fixture
def database(start_receiver: StartReceiver, tmp_path: Path) -> Path:
    """A database with some rows in its audit log."""
    receiver = start_receiver()
    receiver.deliver(*(alert(f"A{number}") for number in range(5)))
    receiver.acknowledge(1)
    receiver.stop()
    return tmp_path / "alerts.sqlite3"


def audit(*words: str, database: Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [*TELEMETRY, "alerts", "audit", *words, "--database", str(database)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def tamper(database: Path, *statements: str) -> None:
    """Change rows behind the receiver's back."""
    with sqlite3.connect(database) as connection:
        for each in statements:
            connection.execute(each)


def test_a_log_as_it_was_written_is_well(database: Path) -> None:
    """Exit code 0, and the head to keep."""
    done = audit("verify", "--json", database=database)
    proof = json.loads(done.stdout)
    assert (done.returncode, proof["finding"], proof["rows"]) == (0, None, 7)
    assert audit("verify", "--head", proof["head"], database=database).returncode == 0


@pytest.mark.parametrize(
    ("statement", "row", "problem"),
    [
        ("UPDATE alert_audit SET actor = 'nobody' WHERE seq = 3", 3, "it was changed"),
        ("UPDATE alert_audit SET detail = '{}' WHERE seq = 7", 7, "it was changed"),
        ("DELETE FROM alert_audit WHERE seq = 4", 4, "this row is missing"),
        ("UPDATE alert_audit SET hash = 'x' WHERE seq = 2", 2, "it was changed"),
        ("DELETE FROM alert_audit WHERE seq >= 6", 6, "rows were cut off"),
        (
            "INSERT INTO alert_audit SELECT 8, at, actor, action, 1, detail, previous, hash FROM alert_audit LIMIT 1",
            8,
            "does not follow",
        ),
    ],
)
def test_the_first_row_that_was_touched_is_named(database: Path, statement: str, row: int, problem: str) -> None:
    """Change, deletion, truncation and insertion: exit code 1, the row, and what is wrong with it."""
    tamper(database, statement)
    done = audit("verify", "--json", database=database)
    finding = json.loads(done.stdout)["finding"]
    assert (done.returncode, finding["seq"]) == (1, row)
    assert problem in finding["problem"]


def test_a_kept_head_shows_rows_cut_off_with_the_head(database: Path) -> None:
    """Whoever cuts rows off and corrects the head in the database is found by the head that was kept elsewhere."""
    head = json.loads(audit("verify", "--json", database=database).stdout)["head"]
    tamper(
        database,
        "DELETE FROM alert_audit WHERE seq > 5",
        "UPDATE alert_chain SET seq = 5, hash = (SELECT hash FROM alert_audit WHERE seq = 5)",
    )
    assert audit("verify", database=database).returncode == 0
    done = audit("verify", "--head", head, database=database)
    assert done.returncode == 1
    assert "rows were cut off" in done.stderr


def test_the_export_has_each_row(database: Path) -> None:
    """One JSON object a line, the oldest first, with who did what and why."""
    rows = [json.loads(line) for line in audit("export", database=database).stdout.splitlines()]
    assert [each["seq"] for each in rows] == list(range(1, 8))
    assert (rows[-1]["action"], rows[-1]["detail"]["why"]) == ("acknowledged", "looking at it")


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Exit code 2, and nothing is made."""
    done = audit("verify", database=tmp_path / "none")
    assert done.returncode == 2
    assert "there is no such file" in done.stderr
    assert not (tmp_path / "none").exists()
