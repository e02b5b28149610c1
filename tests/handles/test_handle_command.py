"""`telemetry contracts handles` as people and CI use it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from tests.handles.modules import EXAMPLE
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.handles import handles
from telemetry.contracts import load_registry, render_handles

REGISTRY = EXAMPLE / "registry.json"


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(handles)
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The module of the example's registry."""
    path = tmp_path / "metrics.py"
    assert run("--registry", REGISTRY, "--output", path).exit_code == 0
    return path


def renamed(folder: Path) -> Path:
    """Write the example's registry with another name for a label."""
    path = folder / "renamed.json"
    path.write_text(REGISTRY.read_text().replace('"compressor"', '"compression"'))
    return path


def test_it_is_a_command_of_its_group(tmp_path: Path) -> None:
    """`telemetry contracts handles` runs as a process, and writes the module."""
    path = tmp_path / "metrics.py"
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    options = ("--registry", REGISTRY, "--output", path)
    subprocess.run([sys.executable, "-c", program, "contracts", "handles", *options], check=True)
    assert path.read_text() == render_handles(load_registry(REGISTRY))


def test_without_output_it_shows_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard output has the module, made from the registry of the settings."""
    monkeypatch.setenv("TELEMETRY_REGISTRY", str(REGISTRY))
    assert run().stdout == render_handles(load_registry(REGISTRY))


def test_what_it_wrote_passes_the_check(written: Path) -> None:
    """A fresh module is not stale, and the check leaves it as it is."""
    before = written.read_bytes()
    done = run("--registry", REGISTRY, "--output", written, "--check")
    assert (done.exit_code, done.output) == (0, "")
    assert written.read_bytes() == before


def test_the_example_is_current() -> None:
    """The module of the example is what its registry says."""
    assert run("--registry", REGISTRY, "--output", EXAMPLE / "imaging" / "metrics.py", "--check").output == ""


def test_a_formatter_may_lay_it_out(written: Path) -> None:
    """A module that says the same in another layout is not stale."""
    text = written.read_text()
    written.write_text(ast.unparse(ast.parse(text)))
    assert written.read_text() != text
    assert run("--registry", REGISTRY, "--output", written, "--check").exit_code == 0


def test_a_renamed_label_is_found(written: Path, tmp_path: Path) -> None:
    """The check fails, shows the old name and the new one, says how to make the module again, and changes nothing."""
    before = written.read_bytes()
    done = run("--registry", renamed(tmp_path), "--output", written, "--check")
    assert done.exit_code == 1
    assert "compressor: str" in done.stdout and "compression: str" in done.stdout
    assert f"{written} differs from the registry; write it anew: run this command without --check" in done.stderr
    assert written.read_bytes() == before


def test_it_writes_over_its_own_module(written: Path, tmp_path: Path) -> None:
    """Run again after a change of the registry, it brings the module up to date."""
    assert run("--registry", renamed(tmp_path), "--output", written).exit_code == 0
    assert run("--registry", renamed(tmp_path), "--output", written, "--check").exit_code == 0


@pytest.mark.parametrize("text", ["", "x = (", "x = 1\n"])
def test_a_module_that_is_none_is_stale(tmp_path: Path, text: str) -> None:
    """A file that is missing, broken or another one fails the check."""
    path = tmp_path / "metrics.py"
    if text:
        path.write_text(text)
    done = run("--registry", REGISTRY, "--output", path, "--check")
    assert done.exit_code == 1
    assert ("differs from the registry" if text else "is missing") in done.stderr


def test_it_spares_what_others_wrote(tmp_path: Path) -> None:
    """A file of another hand stays as it is, and the message says what to do."""
    path = tmp_path / "metrics.py"
    path.write_text("MINE = 1\n")
    done = run("--registry", REGISTRY, "--output", path)
    assert (done.exit_code, path.read_text()) == (2, "MINE = 1\n")
    assert "this command did not write that file; name another, or remove it" in done.stderr


def test_bad_usage_is_told(tmp_path: Path) -> None:
    """A check of nothing, a folder that is none, and a registry with a mistake are bad usage."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"metrics": [{"name": "x"}]}))
    nowhere = tmp_path / "nowhere" / "metrics.py"
    for arguments, words in (
        (["--registry", REGISTRY, "--check"], "--check needs --output"),
        (["--registry", REGISTRY, "--output", nowhere], f"--output {nowhere}: No such file or directory"),
        (["--registry", REGISTRY, "--output", tmp_path], f"--output {tmp_path}: cannot be read"),
        (["--registry", wrong], f"{wrong}#/metrics/0"),
    ):
        done = run(*arguments)
        assert (done.exit_code, words in done.stderr) == (2, True), done.stderr


def test_the_example_runs(tmp_path: Path) -> None:
    """The program of the example records through its handles, and shows what it recorded."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "imaging"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "images_written_total" in done.stdout and "image_queue_depth" in done.stdout
