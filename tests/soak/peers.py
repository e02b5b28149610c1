"""The same deaths for this project and its peers: how many of the spans that had ended arrive at a collector.

All record at the same moderate rate, so that nothing is lost but by dying: 1000 spans a second in a process is far
below what any of their queues takes.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from time import sleep
from typing import final

from tests.collector import Collector
from tests.soak.agent import Agent
from tests.soak.execution import ROOT, kill, succeed
from tests.soak.orders import Orders
from tests.soak.recorders import RECORDERS
from tests.soak.truth import read_truth

PEERS_PYTHON = ROOT / "build" / "bench-peers" / "bin" / "python"
SPANS_PER_SECOND = 1000.0
COMPARED = ("kill", "term", "os_exit", "segfault", "exec", "memory", "fork", "pool", "terminate", "threads", "exit")
_QUIET_SECONDS = 0.3
_chance = SystemRandom()


@final
@dataclass(frozen=True, slots=True)
class Arrived:
    """How much of one library's work arrived after a number of deaths of one kind.

    Attributes:
        ended: How many spans had ended.
        at_death: How many had arrived when the process was dead.
        later: How many had arrived when the next process of the same service had come and gone: of ours.
        repeated: How many times a span came again.
    """

    ended: int = 0
    at_death: int = 0
    later: int = 0
    repeated: int = 0

    def __add__(self, other: Arrived) -> Arrived:
        return Arrived(
            self.ended + other.ended,
            self.at_death + other.at_death,
            self.later + other.later,
            self.repeated + other.repeated,
        )


def installed(recorder: str, python: Path) -> bool:
    """Tell whether an interpreter has a library."""
    program = f"import {'telemetry' if recorder == 'ours' else recorder}"
    return python.exists() and subprocess.run([python, "-c", program], capture_output=True, check=False).returncode == 0


def survive(
    recorder: str, death: str, folder: Path, *, python: Path, between: tuple[float, float], delay_ms: int = 5000
) -> Arrived:
    """Have one process of a library die, then one of the same service live; count what arrived.

    Args:
        recorder: The library.
        death: What the process dies of.
        folder: Where all is kept; an empty one.
        python: The interpreter that has the library.
        between: The seconds between which it dies.
        delay_ms: How often it sends, as OpenTelemetry's variable says it; 5 s is everybody's default.
    """
    variables = {"OTEL_BSP_SCHEDULE_DELAY": str(delay_ms)}
    with _listening(recorder) as (url, arrived):
        orders = Orders(
            recorder,
            death,
            str(folder / "truth"),
            str(folder / "journal"),
            url,
            seconds=_chance.uniform(*between),
            spans_per_second=SPANS_PER_SECOND,
            rounds=4,
        )
        kill(orders, between=between, python=str(python), variables=variables)
        ended = {f"{span_id:016x}" for span_id in read_truth(folder / "truth").ended}
        at_death = _settled(arrived, ended)
        if recorder == "ours":  # of the others nothing is left that another process could send
            heir = Orders(recorder, "term", str(folder / "heir"), str(folder / "journal"), url, spans=1)
            succeed(heir, lambda: ended <= arrived.keys(), within_seconds=10)
        later = len(ended & arrived.keys())
        return Arrived(len(ended), at_death, later, sum(arrived[span_id] - 1 for span_id in ended & arrived.keys()))


@contextmanager
def _listening(recorder: str) -> Iterator[tuple[str, Counter[str]]]:
    """Listen for what the library sends; give where, and the spans that came, by id."""
    if recorder == "ddtrace":
        with Agent() as agent:
            yield agent.url, agent.spans
    else:
        with Collector() as collector:
            yield collector.url, collector.spans


def _settled(arrived: Counter[str], ended: set[str]) -> int:
    """Count what arrived of what had ended, once nothing more comes."""
    before = -1
    while before < (now := len(ended & arrived.keys())) < len(ended):
        before = now
        sleep(_QUIET_SECONDS)
    return now


def comparable(python: Path, recorders: Sequence[str] = RECORDERS) -> list[str]:
    """Give the libraries that the interpreter has."""
    return [recorder for recorder in recorders if installed(recorder, python)]
