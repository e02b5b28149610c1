"""A program under `telemetry run` behaves as without it: arguments, streams, status, signals, modules."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tests.run.program import TELEMETRY, environment, run

SHOW = """
import os, sys
main = sys.modules["__main__"]
print(sys.argv, __name__, getattr(main, "__file__", None), sys.path, main.__spec__ and main.__spec__.name)
print(sys.stdin.read())
print("on stderr", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""

CONFIG = """
[[targets]]
target = "json:dumps"
span = "spec.parse"
"""


@pytest.mark.parametrize("way", ["script", "-m", "-m package", "-c", "-", "console script"])
def test_arguments_streams_and_status_are_the_programs(way: str, tmp_path: Path) -> None:
    """Whatever way it is started, it prints the same bytes and ends with the same status."""
    (tmp_path / "show.py").write_text(SHOW)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text(SHOW)
    script = tmp_path / "script"
    script.write_text(f"#!{sys.executable}\n{SHOW}")
    script.chmod(0o755)
    command = {
        "script": [sys.executable, "show.py"],
        "-m": [sys.executable, "-m", "show"],
        "-m package": [sys.executable, "-m", "package"],
        "-c": [sys.executable, "-c", SHOW],
        "-": [sys.executable, "-"],
        "console script": [str(script)],
    }[way]
    given = SHOW if way == "-" else "from stdin"
    words = [*command, "7", "--config", "--", "ü x"]
    bare = subprocess.run(
        words, cwd=tmp_path, env=environment(tmp_path), input=given, capture_output=True, text=True, check=False
    )
    ours = run(tmp_path, *words, config=CONFIG, given=given)
    said = ours.stderr.replace(_missing("json"), "")
    assert (ours.returncode, ours.stdout, said) == (bare.returncode, bare.stdout, bare.stderr)
    assert ours.returncode == 7


def _missing(module: str) -> str:
    return (
        f"telemetry: target missing: target '{module}:dumps': {module} was never imported; correct the name, or leave "
        "the target out\n"
    )


def test_a_program_that_is_no_python_runs_as_it_is(tmp_path: Path) -> None:
    """Its output and status are its own, and nothing is left in the folder for temporary files."""
    done = run(tmp_path, "sh", "-c", "echo $0 $1; exit 3", "a", "b", config=CONFIG, TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (3, "a b\n", "")
    assert {path.name for path in tmp_path.iterdir()} == {"telemetry.toml"}


@pytest.mark.parametrize(("name", "status"), [("no-such-program", 127), (".", 126)])
def test_a_program_that_cannot_be_started_is_named(name: str, status: int, tmp_path: Path) -> None:
    """The status is the one that a shell would give."""
    done = run(tmp_path, name)
    assert done.returncode == status
    assert f"cannot run '{name}'" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_program(number: signal.Signals, tmp_path: Path) -> None:
    """The process that was started is the program: a signal to it has the effect that the program gives it."""
    body = (
        "import time\n"
        "try:\n    print('up', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    raise SystemExit(5)"
    )
    with subprocess.Popen(
        [*TELEMETRY, "run", "--", sys.executable, "-c", body],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        os.kill(process.pid, number)
        assert process.wait() == (5 if number == signal.SIGINT else -number)


def test_the_sites_own_customization_still_runs(tmp_path: Path) -> None:
    """A `sitecustomize` of the user's is found, once, and is the module of that name."""
    (tmp_path / "site").mkdir()
    count = "import builtins; TIMES = builtins.TIMES = getattr(builtins, 'TIMES', 0) + 1"
    (tmp_path / "site" / "sitecustomize.py").write_text(count)
    body = "import sitecustomize; print(sitecustomize.TIMES, sitecustomize.__file__)"
    done = run(tmp_path, sys.executable, "-c", body, config=CONFIG, PYTHONPATH=str(tmp_path / "site"))
    assert (done.returncode, done.stdout) == (0, f"1 {tmp_path / 'site' / 'sitecustomize.py'}\n")


def test_an_interpreter_without_telemetry_is_left_alone(tmp_path: Path) -> None:
    """In a virtual environment where nobody installed it the program runs, and nothing is said."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = str(tmp_path / "venv" / "bin" / "python")
    done = run(tmp_path, python, "-c", "import sys; print(len(sys.argv))", config=CONFIG)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('[[targets]]\ntarget = "json:dumps"\nspan = "spec.prase"', "target 'json:dumps': no span 'spec.prase'"),
        ('[[targets]]\ntarget = "json:dumps"', "has neither a span nor metrics"),
        ('[[targets]]\ntarget = "json"\nspan = "spec.parse"', 'is no "module:function"'),
        ('[[targets]]\ntarget = "json:dumps"\nspam = "spec.parse"', "has 'spam'; it may have target, span"),
        ('[[targets]]\ntarget = "a:b"\nspan = "spec.parse"\ncapture = {"no.such" = "x"}', "'no.such' is not allowed"),
        ('[[targets]]\ntarget = "a:b"\nspan = "spec.parse"\nkind = "big"', "kind='big' is not known"),
        ('[[targets]]\ntarget = "a:b"\nmetrics = [{name = "no_such_total"}]', "no metric 'no_such_total'"),
        ('[[targets]]\ntarget = "a:b"\nmetrics = [{name = "compile_success_total"}]', "label 'backend' has no source"),
        ('[[targets]]\ntarget = "__main__"\nspan = "spec.parse"\nmetrics = [{name = "x"}]', "is the whole program"),
        ("sampler = 7", "telemetry.toml: sampler=7: must be one of"),
        ("targets = [", "name a TOML or JSON file"),
        ("tool = 1", "is no table"),
        ("[tool]\ntelemetry = 3", "is no table"),
        ("journal = 3", "must be a folder"),
        ("directory = '/'", "'directory' is no setting"),
        ('flags = {"a,b" = 0.5}', "TELEMETRY_FLAGS cannot hold it"),
        ('flags = {"a=b" = 0.5}', "TELEMETRY_FLAGS cannot hold it"),
        ('registry = []\nbaggage_keys = ["a,b"]', "TELEMETRY_BAGGAGE_KEYS cannot hold it"),
    ],
)
def test_what_can_be_known_is_said_before_the_program_starts(config: str, says: str, tmp_path: Path) -> None:
    """One message names the target and what to do; the program has not run."""
    done = run(tmp_path, sys.executable, "-c", "print('ran')", config=config)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr


def test_json_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    """It is a wrong file, not a traceback."""
    (tmp_path / "deep.json").write_text('{"targets": ' + "[" * 100_000 + "]" * 100_000 + "}")
    done = run(tmp_path, sys.executable, "-c", "print('ran')", config=tmp_path / "deep.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "name a TOML or JSON file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_without_a_name_is_refused(tmp_path: Path) -> None:
    """An empty word, as an unset variable of a shell gives it, is said to be one."""
    done = run(tmp_path, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the program's name is empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_targets_nothing_is_imported_before_the_program(tmp_path: Path) -> None:
    """Files beside the program that are called as modules of the standard library are found as without us."""
    (tmp_path / "own").mkdir()
    for name in ("json", "queue", "contextvars"):
        (tmp_path / "own" / f"{name}.py").write_text("MINE = True\n")
    (tmp_path / "own" / "own.py").write_text(
        "import sys\nprint('telemetry' in sys.modules)\nimport json, queue, contextvars\n"
        "print(json.MINE, queue.MINE, contextvars.MINE)\n"
    )
    done = run(tmp_path, sys.executable, "own/own.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\nTrue True True\n", "")
