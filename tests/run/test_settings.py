"""What settings the program and its children read under `telemetry run`, wherever they run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.run.program import run

READ = """
import json, os, sys
os.chdir(os.environ.get("ELSEWHERE", "."))
from telemetry.config import read_settings
settings = read_settings()
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def read(folder: Path, *names: str, config: str = "", **more: Any) -> dict[str, Any]:
    """Run a program that reads its settings as any does, and give those that are named."""
    done = run(folder, sys.executable, "-c", READ, *names, config=config, **more)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("place", ["nowhere", "environment", "file", "pyproject"])
def test_patches_of_the_standard_library_are_on_unless_somebody_turns_them_off(place: str, tmp_path: Path) -> None:
    """Whatever place says false is obeyed."""
    if place == "pyproject":
        (tmp_path / "pyproject.toml").write_text("[tool.telemetry]\npatch_stdlib = false\n")
    config = "patch_stdlib = false" if place == "file" else ""
    variable = "false" if place == "environment" else ""
    assert read(tmp_path, "patch_stdlib", config=config, TELEMETRY_PATCH_STDLIB=variable) == {
        "patch_stdlib": place == "nowhere"
    }


def test_a_value_of_the_file_wins_over_pyproject_also_where_it_is_the_default(tmp_path: Path) -> None:
    """Switches, words, numbers, tables and lists alike."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.telemetry]\nconsole = true\nlog_level = 'error'\nflags = {'a' = 0.5}\nbatch_size = 7\n"
        "baggage_keys = ['a']\nregistry = ['no-such-file.json']\nsampling_rules = [{name = 'a', ratio = 0.5}]\n"
        "propagators = ['none']\n"
    )
    config = (
        "console = false\nlog_level = 'info'\nflags = {}\nbatch_size = 512\nbaggage_keys = []\nregistry = []\n"
        "sampling_rules = []\npropagators = ['tracecontext', 'baggage']\n"
    )
    names = ("console", "log_level", "flags", "batch_size", "baggage_keys", "registry", "sampling_rules", "propagators")
    usual = [False, "info", {}, 512, [], [], [], ["tracecontext", "baggage"]]
    assert list(read(tmp_path, *names, config=config).values()) == usual


def test_a_value_of_pyproject_wins_over_the_one_of_a_folder_where_a_child_runs(tmp_path: Path) -> None:
    """The project that started the program counts, also where it names the default."""
    (tmp_path / "pyproject.toml").write_text("[tool.telemetry]\nlog_level = 'info'\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text("[tool.telemetry]\nlog_level = 'error'\n")
    assert read(tmp_path, "log_level", ELSEWHERE="other") == {"log_level": "info"}


@pytest.mark.parametrize(
    ("written", "found"),
    [("'off'", False), ("false", False), ("'waiting'", "{folder}/waiting"), ("'/tmp/there'", "/tmp/there")],
)
def test_the_journal_of_the_file_is_a_folder_beside_it_or_none(written: str, found: Any, tmp_path: Path) -> None:
    """A word that means none makes no folder of that name."""
    expected = found.format(folder=tmp_path) if isinstance(found, str) else found
    config = f"journal = {written}"
    assert read(tmp_path, "journal", config=config, TELEMETRY_JOURNAL="") == {"journal": expected}
    assert not (tmp_path / "off").exists()


def test_one_limit_does_not_set_another(tmp_path: Path) -> None:
    """A limit for the details of spans leaves their attributes whole."""
    limits = read(tmp_path, "limits", config="limits_detail_value_length = 10")["limits"]
    assert "detail_value_length=10," in limits
    assert "attribute_value_length=2147483647," in limits


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["-W", "ignore", "x.py"], "x"),
        (["-Wignore", "-X", "utf8", "x.py"], "x"),
        (["-bW", "ignore", "-uX", "utf8", "x.py"], "x"),
        (["--check-hash-based-pycs", "never", "x.py"], "x"),
        (["-um", "x"], "x"),
        (["-mx"], "x"),
        (["-", "y.py"], "python"),
        (["-c", "import x", "y.py"], "python"),
    ],
)
def test_the_service_is_called_as_what_the_interpreter_runs(words: list[str], name: str, tmp_path: Path) -> None:
    """Options, and their values, are not taken for the program; its component is called so too."""
    show = "from telemetry.config import read_settings as r; found = r(); print(found.service_name, found.component)"
    (tmp_path / "x.py").write_text(show)
    done = run(tmp_path, sys.executable, *words, given=show)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name} {name}\n", "")
