"""The plot: well-formed, complete, and in proportion."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from benchmarks.harness import Measurement
from benchmarks.plot import draw
from benchmarks.rows import ROWS
from benchmarks.suite import Result

SVG = "{http://www.w3.org/2000/svg}"
MACHINE = {"python": "CPython 3.11", "processor": "A <fast> one & only"}


def result(row: str) -> Result:
    """Make a result with a cost for each case of a row: ten times as much for each as for the one before."""
    unit = "bytes" if row in {"memory", "footprint"} else "ns"
    cases = [
        Measurement(case.name, 1, (10.0 ** (index + 2),), unit="bytes" if unit == "bytes" else "ns")
        for index, case in enumerate(ROWS[row].cases)
    ]
    floors = (Measurement("floor", 1, (240.0,)), Measurement("floor again", 1, (241.0,)))
    return Result(row, 0.0, tuple(cases), floors if ROWS[row].floored else ())


def rows_in(root: ET.Element) -> dict[str, ET.Element]:
    """Find the group of each row."""
    return {group.attrib["id"].removeprefix("row-"): group for group in root.iter(f"{SVG}g")}


def test_plot_has_all_rows_and_cases() -> None:
    """It parses as XML, and has a group for each row with a bar for each case but the empty function."""
    root = ET.fromstring(draw([result(row) for row in ROWS], MACHINE))
    groups = rows_in(root)
    assert set(groups) == set(ROWS)
    assert {row: len(groups[row].findall(f"{SVG}rect")) for row in groups} == {
        row: len(ROWS[row].cases) - (ROWS[row].floored and ROWS[row].cases[0].name == f"{row}/bare") for row in ROWS
    }


def test_plot_says_where_it_was_measured() -> None:
    """The foot names twin and machine, whatever characters they hold."""
    root = ET.fromstring(draw([result("counter")], MACHINE))
    assert any("pure twin, CPython 3.11, A <fast> one & only" in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_bars_are_in_proportion_on_a_log_scale() -> None:
    """Ten times the cost is the same step to the right each time, and the floor is a line of its own."""
    group = rows_in(ET.fromstring(draw([result("counter")], MACHINE)))["counter"]
    ends = [float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in group.findall(f"{SVG}rect")]
    steps = [after - before for before, after in pairwise(ends)]
    assert steps == [pytest.approx(steps[0], abs=0.2)] * len(steps)
    assert steps[0] > 0
    (floor,) = [line for line in group.findall(f"{SVG}line") if line.attrib["class"] == "floor"]
    # 240 lies between 100, where the bare case would end, and 1000, where the first bar does.
    assert ends[0] - steps[0] < float(floor.attrib["x1"]) < ends[0]


def test_everything_lies_inside_of_the_picture() -> None:
    """No bar and no text starts beyond the edges."""
    root = ET.fromstring(draw([result(row) for row in ROWS], MACHINE))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for shape in (*root.iter(f"{SVG}rect"), *root.iter(f"{SVG}text")):
        assert 0 <= float(shape.attrib["x"]) < width
        assert 0 <= float(shape.attrib["y"]) < height


def test_plot_reads_on_dark_and_light_pages() -> None:
    """Colours change with the page, and every class of a bar has one."""
    drawn = draw([result(row) for row in ROWS], MACHINE)
    assert "prefers-color-scheme: dark" in drawn
    classes = {bar.attrib["class"] for bar in ET.fromstring(drawn).iter(f"{SVG}rect")}
    assert [name for name in classes if f".{name}{{fill:" not in drawn] == []
