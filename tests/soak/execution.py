"""Start a child, kill it at a random moment, and see it dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import SystemRandom
from time import monotonic, sleep

from tests.collector import eventually
from tests.soak.deaths import DEATHS
from tests.soak.orders import Orders
from tests.soak.report import Ending, Report
from tests.soak.truth import has_begun

ROOT = Path(__file__).parents[2]
TELEMETRY = Path(sys.executable).with_name("telemetry")
PATIENCE_SECONDS = 60.0
_chance = SystemRandom()


class MisfireError(AssertionError):
    """A child did not live or die as it was ordered to, so that its run says nothing."""


def environment(**variables: str) -> dict[str, str]:
    """Give the environment for a child: without any setting of ours or of OpenTelemetry's but the twin."""
    foreign = ("OTEL_", "TELEMETRY_", "DD_", "LOGFIRE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    if "TELEMETRY_PURE" in os.environ:
        kept["TELEMETRY_PURE"] = os.environ["TELEMETRY_PURE"]
    return {**kept, **variables}


def start(
    module: str, *arguments: str, python: str = sys.executable, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a program of this package."""
    return subprocess.Popen(
        [python, "-m", f"tests.soak.{module}", *arguments],
        cwd=ROOT,
        env=environment(**(variables or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill(
    orders: Orders,
    *,
    between: tuple[float, float],
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Have a child live and die as ordered; a signal comes at a random moment after it has got going.

    Args:
        orders: What it is to do.
        between: The seconds between which the signal comes.
        python: The interpreter that has its libraries.
        variables: More of its environment.

    Raises:
        MisfireError: It ended otherwise than it was to end.
    """
    death = DEATHS[orders.death]
    child = start("child", orders.written(), python=python, variables=variables)
    try:
        if death.sent is not None:
            wait_for(child, Path(orders.truth))
            sleep(_chance.uniform(*between))
            child.send_signal(death.sent)
        _, said = child.communicate(timeout=PATIENCE_SECONDS)
    finally:
        child.kill()
        child.wait()
    if child.returncode != death.status:
        raise MisfireError(
            f"{orders.recorder}, {death.title}: ended with {child.returncode}, not {death.status}\n{said}"
        )


def succeed(orders: Orders, holds: Callable[[], bool], *, within_seconds: float) -> None:
    """Have the next process of a service live until something holds, but not longer than some seconds."""
    child = start("child", orders.written())
    try:
        eventually(lambda: holds() or child.poll() is not None, within_seconds=within_seconds)
    finally:
        child.terminate()
        _, said = child.communicate(timeout=PATIENCE_SECONDS)
    if child.returncode != -signal.SIGTERM:
        raise MisfireError(f"the heir ended with {child.returncode}\n{said}")


def finish(child: subprocess.Popen[str]) -> Ending:
    """Wait for the report of a child, and then for its end.

    Raises:
        MisfireError: It failed, or does not end.
    """
    assert child.stdout is not None
    with child:
        try:
            line = child.stdout.readline()
            reported = monotonic()
            _, said = child.communicate(timeout=PATIENCE_SECONDS)
        finally:
            child.kill()
        exit_seconds = monotonic() - reported
    if child.returncode != 0 or not line:
        raise MisfireError(f"the child ended with {child.returncode}, not 0\n{said}")
    return Ending(Report.read(line), exit_seconds, tuple(said.splitlines()))


def command(*arguments: str | Path, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run the `telemetry` command, as a user does."""
    return run([str(TELEMETRY), *map(str, arguments)], timeout=timeout)


def run(arguments: Sequence[str], *, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        arguments, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=timeout, check=False
    )


def wait_for(child: subprocess.Popen[str], truth: Path) -> None:
    """Wait until a child has got going, or has ended.

    Raises:
        MisfireError: It does neither.
    """
    end = monotonic() + PATIENCE_SECONDS
    while not has_begun(truth) and child.poll() is None:
        if monotonic() > end:
            raise MisfireError(f"the child did not get going within {PATIENCE_SECONDS:.0f} s")
        sleep(0.0002)
