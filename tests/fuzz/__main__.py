"""Fuzz every target for some time: `python -m tests.fuzz SECONDS [TARGET ...]`, as `make fuzz` does.

With atheris, each target is a process of its own, which libFuzzer steers by the branches that an input reaches. Where
atheris is not installed, hypothesis makes the inputs, without a look at the branches. An input that fails is kept in
`build/fuzz`, or shown by hypothesis, and the exit status is 1.
"""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import SEEDS, TARGETS

BUILD = Path("build/fuzz")


def main() -> int:
    """Share the time among the targets; give the exit status."""
    seconds, *names = sys.argv[1:] or ["120"]
    names = names or list(TARGETS)
    share = max(1, int(seconds) // len(names))
    run = _by_branches if find_spec("atheris") else _by_chance
    say(f"{len(names)} targets, {share} s each, {run.__name__.strip('_').replace('_', ' ')}")
    failed = [name for name in names if not run(name, share)]
    say(f"failed: {', '.join(failed)}" if failed else "all targets hold")
    return 1 if failed else 0


def _by_branches(name: str, seconds: int) -> bool:
    corpus = BUILD / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=5", "-print_final_stats=1", "-verbosity=0"]
    command = [sys.executable, "-m", "tests.fuzz.branches", name, str(corpus), f"-artifact_prefix={BUILD}/{name}-"]
    done = subprocess.run([*command, *limits], capture_output=True, text=True, check=False)
    runs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    say(f"{name}: {runs[0] if runs else 'no'} inputs, {'holds' if done.returncode == 0 else 'FAILED'}")
    if done.returncode != 0:
        say(done.stdout[-2000:] + done.stderr[-4000:])
    return done.returncode == 0


def _by_chance(name: str, seconds: int) -> bool:
    until = time.monotonic() + seconds
    inputs = 0

    @settings(max_examples=1000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=400) | mutated(SEEDS[name]))
    def run(data: bytes) -> None:
        nonlocal inputs
        inputs += 1
        TARGETS[name](data)

    try:
        while time.monotonic() < until:
            run()
    except Exception as error:
        say(f"{name}: FAILED after {inputs} inputs: {error!r} {getattr(error, '__notes__', '')}")
        return False
    say(f"{name}: {inputs} inputs, holds")
    return True


def say(line: str) -> None:
    """Tell whoever watches."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
