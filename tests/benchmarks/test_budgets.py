"""`budgets.toml`: data that fits the rows, and errors that say where and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.budgets import FILE, Budget, BudgetError, read_budgets
from benchmarks.rows import ROWS

BUDGETS = read_budgets()


def read(folder: Path, text: str) -> tuple[Budget, ...]:
    """Read bounds from a text."""
    path = folder / "budgets.toml"
    path.write_text(text)
    return read_budgets(path)


def test_every_row_of_ours_has_a_bound() -> None:
    """No row of `telemetry` can get slower without a bound that sees it."""
    rows = {name for name, row in ROWS.items() if any(case.name.startswith(f"{name}/telemetry") for case in row.cases)}
    assert rows == {budget.row for budget in BUDGETS}


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"{budget.case}-{budget.relative_to}")
def test_bounds_are_in_order(budget: Budget) -> None:
    """A goal that is easier than the bound of the compiled twin is a slip of the pen."""
    compiled = budget.bounds["compiled"]
    assert budget.better(budget.goal, compiled) == budget.goal


def test_bound_that_is_off_its_goal_says_why() -> None:
    """Whoever lowers a bound beneath its goal leaves the reason on the line above."""
    lines = FILE.read_text().splitlines()
    off = [number for number, line in enumerate(lines) if "goal =" in line and not line.startswith("#")]
    assert off
    assert [lines[number] for number in off if not lines[number - 1].strip().startswith("#")] == []


def test_entry_becomes_a_bound(tmp_path: Path) -> None:
    """A peer's case is the one of the same variant, and what is compared with a peer has a lower bound."""
    text = 'block = [{ variant = "3 attributes", relative_to = "opentelemetry", compiled = 40, pure = 4.5 }]'
    assert read(tmp_path, text) == (
        Budget(
            "block/telemetry, 3 attributes",
            "block/opentelemetry, 3 attributes",
            {"compiled": 40.0, "pure": 4.5},
            goal=40.0,
            cheaper=True,
        ),
    )


def test_own_variant_is_an_upper_bound(tmp_path: Path) -> None:
    """What ours does under load is compared with what ours does without."""
    text = 'scraped = [{ variant = "p99 scraped", relative_to = "p99 quiet", compiled = 1.6, pure = 45 }]'
    (budget,) = read(tmp_path, text)
    assert budget.relative_to == "scraped/telemetry, p99 quiet"
    assert not budget.cheaper


def test_programs_are_compared_by_what_they_add(tmp_path: Path) -> None:
    """The start of a bare interpreter is nobody's merit."""
    (budget,) = read(tmp_path, 'startup = [{ relative_to = "opentelemetry", compiled = 4, pure = 3.5 }]')
    assert budget.over_bare


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("counter = [", r"budgets\.toml: "),
        ("contour = []", r"budgets\.toml: there is no row 'contour'; the rows are floor, stage"),
        ("counter = 3", r'counter is a list of tables: counter = \[\{ relative_to = "floor"'),
        ("counter = [3]", r"counter\[0\]: an entry is a table"),
        ("counter = [{ compiled = 1, pure = 1 }]", r"counter\[0\]: relative_to is missing; write floor, bare, bytes"),
        ('counter = [{ relative_to = "floor", pure = 1 }]', r"compiled is missing; write a number above zero"),
        ('counter = [{ relative_to = "floor", compiled = 0, pure = 1 }]', r"compiled = 0 will not do"),
        ('counter = [{ relative_to = "floor", compiled = true, pure = 1 }]', r"compiled = True will not do"),
        ('counter = [{ relative_to = "floor", compiled = 1, pure = "1" }]', r"pure = '1' will not do; write a number"),
        ('counter = [{ relative_to = "floor", compiled = 1, pur = 1 }]', r"the key 'pur' means nothing; there are rel"),
        (
            'counter = [{ relative_to = "promethues", compiled = 1, pure = 1 }]',
            r"counter\[0\]: relative_to = 'promethues' is neither floor, bare, bytes nor a peer .*counter/prometheus",
        ),
        (
            'counter = [{ variant = "cold", relative_to = "floor", compiled = 1, pure = 1 }]',
            r"there is no case 'counter/telemetry, cold'; the row has counter/bare",
        ),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, text: str, message: str) -> None:
    """Every mistake is an error that names the entry and what may stand there."""
    with pytest.raises(BudgetError, match=message):
        read(tmp_path, text)


def test_missing_file_is_explained(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(BudgetError, match=r"absent\.toml"):
        read_budgets(tmp_path / "absent.toml")
