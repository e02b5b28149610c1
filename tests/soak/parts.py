"""The parts of the soak: each makes a table, and names what is not as it must be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import final

from tests.soak import damage
from tests.soak.bursts import burst, crowd, overrun
from tests.soak.compiling import kill_a_compile
from tests.soak.deaths import DEATHS
from tests.soak.execution import MisfireError
from tests.soak.mortality import die
from tests.soak.outages import BATCH, OUTAGES, Outcome, suffer
from tests.soak.peers import COMPARED, Arrived, comparable, survive
from tests.soak.recorders import RECORDERS
from tests.soak.table import Table
from tests.soak.verdict import Verdict

EXIT_SECONDS = 1.0
"""The deadline of the exit, by default."""
ENDING_SECONDS = 1.0
"""What ending the interpreter may take on top, on a busy machine."""
GROWTH_BYTES = 16 << 20
IN_A_FOLDER = 10


@final
@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done.

    Attributes:
        repetitions: Of each death.
        comparisons: Of each death beside the peers.
        seconds: Of each outage, and of the crowd.
        python: The interpreter that has the peers.
    """

    repetitions: int
    comparisons: int
    seconds: float
    python: Path


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="soak-") as folder:
        yield Path(folder)


def deaths(effort: Effort) -> Table:
    """Have processes die of everything."""
    columns = ("runs", "spans ended", "recovered", "missing", "twice", "open ones named", "within a short span")
    table = Table("Deaths", ("death", *columns, "seconds"))
    for name, death in DEATHS.items():
        began = monotonic()
        verdict, fault = _die(name, effort.repetitions)
        counts = (len(verdict.missing), len(verdict.twice), verdict.named, verdict.inside)
        row = (death.title, effort.repetitions, verdict.ended, verdict.found, *counts, monotonic() - began)
        table.add(*row, fault=fault or ("" if verdict.is_good else str(verdict)[:2000]))
    return table


def _die(name: str, repetitions: int) -> tuple[Verdict, str]:
    verdicts = [Verdict()]
    for done in range(0, repetitions, IN_A_FOLDER):
        with _folder() as folder:
            try:
                verdicts.append(die(name, folder, repetitions=min(IN_A_FOLDER, repetitions - done)))
            except MisfireError as misfire:
                return reduce(add, verdicts), str(misfire)
    return reduce(add, verdicts), ""


def comparison(effort: Effort) -> Table:
    """Have processes die that record with each library, and count what arrives at a collector."""
    is_second = bool(os.environ.get("TELEMETRY_PURE"))  # the others have no twins: once is enough
    recorders = comparable(effort.python, RECORDERS[:1] if is_second else RECORDERS)
    table = Table("Beside others", ("death", *recorders))
    for death in COMPARED:
        sums = [_arrived(recorder, death, effort) for recorder in recorders]
        fault = _unfit(sums[0], effort.comparisons) if recorders[0] == "ours" else ""
        table.add(DEATHS[death].title, *map(_share, recorders, sums), fault=fault)
    missing = [each for each in RECORDERS if each not in recorders and not is_second]
    absent = f" Not installed, and left out: {', '.join(missing)}." if missing else ""
    table.note = (
        f"Spans that arrived, of those that had ended, over {effort.comparisons} deaths each, at 1000 spans a second "
        f"and process; for ours once the next process of the service had come, and in brackets at the death.{absent}"
    )
    return table


def _unfit(ours: Arrived, deaths: int) -> str:
    if ours.later < ours.ended:
        return f"{ours.ended - ours.later} spans never arrived"
    return f"{ours.repeated} spans came twice" if ours.repeated > deaths * BATCH else ""


def _arrived(recorder: str, death: str, effort: Effort) -> Arrived:
    total = Arrived()
    for _ in range(effort.comparisons):
        with _folder() as folder:
            total += survive(recorder, death, folder, python=effort.python, between=(0.5, 1.5))
    return total


def _share(recorder: str, arrived: Arrived) -> str:
    first = f" ({arrived.at_death})" if recorder == "ours" else ""
    return f"{arrived.later} of {arrived.ended}{first}"


def outages(effort: Effort) -> Table:
    """Have the collector fail in all ways."""
    columns = ("at exit", "after the next process", "refused", "lost", "twice", "grown MB", "exit s", "lines")
    table = Table("Collector failing", ("collector", "spans ended", *columns))
    for outage in OUTAGES.values():
        with _folder() as folder:
            outcome = suffer(outage, folder, seconds=effort.seconds, spans_per_second=1000)
        ending = outcome.ending
        table.add(
            outage.title,
            outcome.ended,
            outcome.at_exit,
            outcome.later,
            outcome.refused,
            outcome.lost,
            outcome.repeated,
            ending.report.grown_bytes / 1e6,
            ending.exit_seconds,
            len(ending.lines),
            fault=", ".join(_faults(outcome, outage.repeats, effort.seconds)),
        )
    return table


def _faults(outcome: Outcome, repeats: float, seconds: float) -> Iterator[str]:
    ending = outcome.ending
    if outcome.lost:
        yield f"{outcome.lost} spans were lost"
    if outcome.repeated > repeats:
        yield f"{outcome.repeated} spans came twice"
    if ending.exit_seconds > EXIT_SECONDS + ENDING_SECONDS:
        yield f"the exit took {ending.exit_seconds:.2f} s"
    if ending.report.grown_bytes > GROWTH_BYTES:
        yield f"memory grew by {ending.report.grown_bytes} bytes"
    if len(ending.lines) > 2 + seconds // 60:
        yield f"{len(ending.lines)} lines were written: {ending.lines[:5]}"
    if outcome.unbalanced:
        yield f"ledgers do not balance: {outcome.unbalanced}"


def bursts(effort: Effort) -> Table:
    """Record much at once."""
    table = Table("Bursts", ("what", "spans", "accounted for", "observations in the gateway", "seconds"))
    happenings: Mapping[str, Callable[[Path], tuple[tuple[object, ...], str]]] = {
        "20 000 spans, one thread, then the end": _burst,
        "100 000 spans into a ring of 1 MiB, then `os._exit`": _overrun,
        "4 processes of 8 threads": lambda folder: _crowd(folder, effort.seconds),
    }
    for title, happen in happenings.items():
        began = monotonic()
        with _folder() as folder:
            cells, fault = happen(folder)
        table.add(title, *cells, monotonic() - began, fault=fault)
    return table


def _burst(folder: Path) -> tuple[tuple[object, ...], str]:
    done = burst(folder, 20_000)
    is_good = done.later == done.ended and not done.repeated and not done.unbalanced
    return (done.ended, done.later, ""), "" if is_good else str(done)


def _overrun(folder: Path) -> tuple[tuple[object, ...], str]:
    done = overrun(folder, 100_000)
    return (done.ended, done.found + done.overwritten, ""), "" if done.is_exact else str(done)


def _crowd(folder: Path, seconds: float) -> tuple[tuple[object, ...], str]:
    done = crowd(folder, seconds)
    return (done.recorded, done.started, int(done.observations)), "" if done.is_exact else str(done)


def damages(effort: Effort) -> Table:
    """Damage the files, while they are in use and after the death."""
    columns = ("spans ended", "recovered", "counted as lost", "unreadable files", "exit s", "lines")
    table = Table("Damaged files", ("damage", *columns))
    for title, happen in _damages(min(effort.seconds, 5.0)).items():
        with _folder() as folder:
            outcome = happen(folder)
        ending = outcome.ending
        counts = (outcome.ended, outcome.found, outcome.counted, outcome.unreadable)
        row = (title, *counts, ending.exit_seconds, len(ending.lines))
        table.add(*row, fault=_harm(outcome))
    return table


def _harm(outcome: damage.Damaged) -> str:
    if outcome.strange and not os.environ.get("TELEMETRY_PURE"):  # the records of the pure twin have no checksum
        return f"{outcome.strange} spans were found that never ended"
    return f"it said {outcome.ending.lines}" if len(outcome.ending.lines) > 2 else ""


def _damages(seconds: float) -> Mapping[str, Callable[[Path], damage.Damaged]]:
    flip = damage.flip_bits(seconds / 2, seed=4)
    flip_behind = damage.flip_bits(seconds / 2, seed=5, spare=damage.HEADER_BYTES)
    small, large = damage.SMALL_BYTES, 16 * damage.SMALL_BYTES

    def on_disk(size: int, happen: Callable[[Path], None], options: str = "") -> Callable[[Path], damage.Damaged]:
        def run(folder: Path) -> damage.Damaged:
            with damage.small_disk(folder, size, options=options) as disk:
                return damage.go_on(folder, disk / "journal", happen, seconds=seconds)

        return run

    def in_place(happen: Callable[[Path], None], largest: int = 0) -> Callable[[Path], damage.Damaged]:
        return lambda folder: damage.go_on(folder, folder / "journal", happen, seconds=seconds, largest=largest)

    files = {
        "none": in_place(damage.nothing),
        "files of at most 8 MiB": in_place(damage.nothing, damage.FILE_BYTES),
        "folder removed": in_place(damage.remove),
        "folder removed, with a collector": lambda folder: damage.send_on(
            folder, folder / "journal", damage.remove, seconds=seconds
        ),
        "bits flipped anywhere, 2000 a second": in_place(flip),
        "bits flipped, but not in the header": in_place(flip_behind),
        "cut off after the death": lambda folder: damage.truncate(folder, seed=4),
    }
    disks = {
        "disk of 1 MiB": on_disk(small, damage.nothing),
        "disk of 16 MiB, filled meanwhile": on_disk(large, damage.fill),
        "disk that is read-only": on_disk(small, damage.nothing, ",ro"),
    }
    return {**files, **disks} if damage.may_mount() else files


def compiling(effort: Effort) -> Table:
    """Kill the probe while it compiles."""
    table = Table("The probe, killed in the middle of a compile", ("run", "open spans that recovery names", "backend"))
    for number in range(min(3, effort.repetitions)):
        with _folder() as folder:
            named = kill_a_compile(folder)
        compiles = [span for span in named if span["name"] == "compile.execute"]
        backend = compiles[0].get("backend.name", "") if compiles else ""
        names = ", ".join(sorted(str(span["name"]) for span in named))
        table.add(number + 1, names, backend, fault="" if backend == "c-gcc" else f"named were {named}")
    return table


PARTS: Mapping[str, Callable[[Effort], Table]] = {
    "deaths": deaths,
    "comparison": comparison,
    "outages": outages,
    "bursts": bursts,
    "damage": damages,
    "compiling": compiling,
}
