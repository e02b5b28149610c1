"""Print results for a person: one table for each row, its cases beside the floor and beside each other."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from .gates import Verdict
from .harness import Measurement
from .suite import Result

OURS = "telemetry"
FLOORS_SHOWN = 10_000  # starting a process is no multiple of anything that happens inside of one
UNITS = (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0))
COLUMNS = ("case", "min", "median", "cpu", "x FLOOR", "over bare", "against peers")


def show(result: Result, console: Console) -> None:
    """Print the table of one result, with the noise and the foreign load of its run under it."""
    table = Table(title=result.row, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in COLUMNS:
        is_text = column in {"case", "against peers"}
        table.add_column(column, justify="left" if is_text else "right", no_wrap=column != "against peers")
    for measurement in (result.floor, *result.measurements):
        table.add_row(*_cells(result, measurement))
    console.print(table)
    console.print(f"noise {result.noise:.1%}, foreign load {result.foreign_cores:.2f} cores\n", style="dim")


def show_verdicts(verdicts: tuple[Verdict, ...], console: Console) -> None:
    """Print what each gate said, and where its row is going."""
    for verdict in verdicts:
        mark = "[green]ok  [/]" if verdict.passed else "[red]FAIL[/]"
        goal = "" if verdict.gate.goal is None else f"; goal {verdict.gate.goal:g}"
        console.print(f"{mark} {verdict}{goal}", highlight=False, soft_wrap=True)


def _cells(result: Result, measurement: Measurement) -> tuple[str, ...]:
    floors = result.floors_of(measurement)
    return (
        measurement.name.partition("/")[2] or "FLOOR",
        duration(measurement.wall_min_ns),
        duration(measurement.wall_median_ns),
        duration(measurement.cpu_min_ns),
        f"{floors:.2f}" if floors < FLOORS_SHOWN else "",
        _over_bare(result, measurement),
        ", ".join(_against(result, measurement)),
    )


def _over_bare(result: Result, measurement: Measurement) -> str:
    bare = result.find(f"{result.row}/bare")
    if bare is None or bare is measurement or measurement in result.floors:
        return ""
    return duration(measurement.cpu_min_ns - bare.cpu_min_ns)


def _against(result: Result, measurement: Measurement) -> list[str]:
    """Say how many times the processor time of our case each peer of its row takes."""
    if _who(measurement) != OURS:
        return []
    variant = measurement.name.partition(",")[2]
    peers = [each for each in result.measurements if _who(each) not in {OURS, "bare"}]
    same = [each for each in peers if each.name.partition(",")[2] == variant]
    cost_ns = _cost_ns(result, measurement)
    return [f"{_cost_ns(result, each) / cost_ns:.1f}x {_who(each)}" for each in same or peers]


def _cost_ns(result: Result, measurement: Measurement) -> float:
    """Give the processor time; of a process, what it takes over a bare one."""
    bare = result.find(f"{result.row}/bare")
    is_process = bare is not None and result.floors_of(bare) >= FLOORS_SHOWN
    return measurement.cpu_min_ns - (bare.cpu_min_ns if bare is not None and is_process else 0.0)


def _who(measurement: Measurement) -> str:
    return measurement.name.partition("/")[2].partition(",")[0]


def duration(ns: float) -> str:
    """Write a time with the unit in which it has few digits.

    >>> duration(231.96), duration(63_641.1), duration(8.2e6)
    ('232 ns', '63.6 us', '8.2 ms')
    """
    unit, size = next((unit, size) for unit, size in UNITS if abs(ns) >= size or unit == "ns")
    return f"{ns / size:.3g} {unit}"
