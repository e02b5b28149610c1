"""Print results for a person: one table for each row, its cases beside the floor and beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from . import latency, memory
from .harness import Measure, Measurement
from .rows import ROWS
from .suite import OURS, Result, who
from .verdicts import Verdict

UNITS = {"ns": (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0)), "bytes": (("MB", 1e6), ("kB", 1e3), ("B", 1.0))}
COLUMNS = ("case", "cpu", "median", "wall", "x FLOOR", "(median)", "over bare", "against peers")
HEADERS: dict[Measure, dict[str, str]] = {
    latency.measure: {"cpu": "latency", "over bare": "over quiet"},
    memory.measure_kept: {"cpu": "traced", "wall": "resident"},
    memory.measure_peak: {"cpu": "peak"},
}
FLOORS_SHOWN = 10_000  # a page of ten thousand series is no multiple of anything that happens once
MARKS = {"pass": "[green]ok  [/]", "fail": "[red]FAIL[/]", "not enough data": "[yellow]?   [/]"}


def show(result: Result, console: Console) -> None:
    """Print the table of one result, with the noise and the foreign load of its run under it."""
    table = Table(title=result.row, title_justify="left", title_style="bold", box=None, pad_edge=False)
    headers = HEADERS.get(ROWS[result.row].measure, {})
    for column in COLUMNS:
        is_text = column in {"case", "against peers"}
        table.add_column(
            headers.get(column, column), justify="left" if is_text else "right", no_wrap=column != "against peers"
        )
    for measurement in ([result.floor] if result.floor else []) + list(result.measurements):
        table.add_row(*_cells(result, measurement))
    console.print(table)
    console.print(f"noise {result.noise:.1%}, foreign load {result.foreign_cores:.2f} cores", style="dim")
    for name, reason in result.missing.items():
        console.print(f"left out: {name}: {reason}", style="yellow", highlight=False, soft_wrap=True)
    console.print()


def show_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print what each budget said, and where its row is going."""
    for verdict in verdicts:
        goal = "" if verdict.budget.goal == verdict.budget.bounds[verdict.twin] else f"; goal {verdict.budget.goal:g}"
        why = f": {verdict.why}" if verdict.why else ""
        console.print(f"{MARKS[verdict.state]} {verdict}{goal}{why}", highlight=False, soft_wrap=True)


def show_summary(verdicts: Sequence[Verdict], unjudged: Sequence[tuple[str, str]], console: Console) -> None:
    """Print how it went in the end; what could not be judged is said as loudly as what failed."""
    count = {state: [each for each in verdicts if each.state == state] for state in MARKS}
    twin = f" for the {verdicts[0].twin} twin" if verdicts else ""
    console.print(f"{len(count['pass'])} of {len(verdicts)} bounds kept{twin}", style="bold", highlight=False)
    if unknown := count["not enough data"]:
        console.print(f"NOT ENOUGH DATA for {len(unknown)} of them, which is no pass:", style="bold yellow")
        show_verdicts(unknown, console)
    if unjudged:
        console.print(f"NOT JUDGED, {len(unjudged)} more, since something is missing:", style="bold yellow")
        for reason in dict.fromkeys(reason for _, reason in unjudged):
            names = ", ".join(name for name, each in unjudged if each == reason)
            console.print(f"?    {reason}: {names}", highlight=False, soft_wrap=True)
    if failed := count["fail"]:
        console.print(f"FAILED: {len(failed)}", style="bold red")
        show_verdicts(failed, console)


def _cells(result: Result, measurement: Measurement) -> tuple[str, ...]:
    added = result.added(measurement)
    return (
        measurement.name.partition("/")[2] or "FLOOR",
        amount(measurement.least, measurement.unit),
        amount(measurement.median, measurement.unit),
        amount(min(measurement.beside), measurement.unit) if measurement.beside else "",
        floors(result, measurement.least, "{:.2f}"),
        floors(result, measurement.median, "{:.2f}", usual=True),
        "" if added is None else amount(added, measurement.unit),
        ", ".join(_against(result, measurement)),
    )


def floors(result: Result, cost: float, form: str, *, usual: bool = False) -> str:
    """Write a cost as a multiple of the floor; empty where that runs not along, or where it is beyond comparison."""
    if result.floor is None:
        return ""
    times = cost / (result.floor.median if usual else result.floor.least)
    return form.format(times) if times < FLOORS_SHOWN else ""


def _against(result: Result, measurement: Measurement) -> list[str]:
    """Say how many times the cost of our case each peer of its row takes, by the best rounds and by the usual ones."""
    if who(measurement) != OURS:
        return []
    bare = result.find(f"{result.row}/bare")
    base = bare if ROWS[result.row].over_bare else None
    return [_times(each, measurement, base) for each in result.peers_of(measurement)]


def _times(peer: Measurement, measurement: Measurement, bare: Measurement | None) -> str:
    least = _ratio(peer.least, measurement.least, bare.least if bare else 0.0)
    median = _ratio(peer.median, measurement.median, bare.median if bare else 0.0)
    return f"{least:.1f}x ({median:.1f}) {who(peer)}"


def _ratio(peer: float, ours: float, bare: float) -> float:
    return (peer - bare) / max(ours - bare, 1.0)


def amount(value: float, unit: str = "ns") -> str:
    """Write a cost with the unit in which it has few digits.

    >>> amount(231.96), amount(63_641.1), amount(8.2e6), amount(12_900.0, "bytes")
    ('232 ns', '63.6 us', '8.2 ms', '12.9 kB')
    """
    name, size = next((name, size) for name, size in UNITS[unit] if abs(value) >= size or size == 1.0)
    return f"{value / size:.3g} {name}"
