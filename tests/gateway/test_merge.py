"""Metrics of several processes become one as the contracts say, alike on both twins."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry._hotpath import Page, layout, pure, walk
from telemetry._hotpath.twin import ExponentialHistogramCell, SummaryCell
from telemetry.contracts import MetricContract, Registry
from telemetry.contracts.metric import Across
from telemetry.metrics import MergedMetrics, MergedPages, Part, Rule, addition, collect, parts_of
from telemetry.signals import Distribution, ExponentialDistribution, Quantiles

from .journals import CREATED_NS, Series, counter, gauge, histogram, pages_of

merging = pytest.importorskip("telemetry.metrics.native.merging", reason="the compiled twin was not built")

BOUNDS = (1.0, 2.0)
QUANTILES = (0.5, 0.99)


def contract(name: str, kind: Any, across: Across = "sum", **options: Any) -> MetricContract:
    """Make a contract with one label."""
    return MetricContract(name, kind, "count", "What it is.", "me", ("who",), across=across, **options)


REGISTRY = Registry(
    metrics={
        each.name: each
        for each in (
            contract("jobs_total", "counter"),
            contract("took_seconds", "histogram", "merge", bounds=BOUNDS),
            contract("fine_seconds", "histogram", "merge", bounds=BOUNDS, exponential=True),
            contract("size_bytes", "summary", "merge", quantiles=QUANTILES),
            *(contract(f"level_{across}", "gauge", across) for across in get_args(Across) if across != "merge"),
        )
    }
)


def merged(*processes: Sequence[Series], dead: int = 0, now_ns: int = CREATED_NS * 2) -> dict[str, Any]:
    """Merge processes, of which the first ones are dead; give the values by name, of the series `a`."""
    pages = MergedPages(Rule(REGISTRY))
    parts = [(Part(bytearray(pages_of(series))), number >= dead) for number, series in enumerate(processes)]
    assert pages.merge(parts, now_ns) == []
    return {family.name: family.series[0].value for family in collect(pages.snapshots(), REGISTRY.metrics)}


def test_counters_and_histograms_add_up() -> None:
    """Counts of all processes, living or dead, are one count; sums are one sum."""
    one = [counter("jobs_total", 2.5, "a"), histogram("took_seconds", (1, 2, 3), 7.5, BOUNDS, "a")]
    two = [counter("jobs_total", 4.0, "a"), histogram("took_seconds", (0, 1, 0), 1.5, BOUNDS, "a")]
    assert merged(one, two, two, dead=1) == {
        "jobs_total": 10.5,
        "took_seconds": Distribution((1, 4, 3), 10.5),
    }


def test_series_of_one_process_only_stay_apart() -> None:
    """What has other label values is another series, and starts when its own process made it."""
    pages = MergedPages(Rule(REGISTRY))
    old = Series("jobs_total", ["a"], struct.pack("=d", 1.0), created_ns=50)
    new = Series("jobs_total", ["a"], struct.pack("=d", 2.0), created_ns=90)
    parts = parts_of([pages_of([new, counter("jobs_total", 5.0, "b")]), pages_of([old])])
    pages.merge([(part, True) for part in parts], CREATED_NS)
    (family,) = collect(pages.snapshots(), REGISTRY.metrics)
    assert [(each.labels, each.value, each.start_ns) for each in family.series] == [
        (("a",), 3.0, 50),
        (("b",), 5.0, CREATED_NS),
    ]


@pytest.mark.parametrize(("across", "value"), [("last", 3.0), ("sum", 10.0), ("max", 7.0), ("min", 0.0)])
def test_gauges_follow_their_contract(across: str, value: float) -> None:
    """The last one that was set, the sum, the greatest or the least; a gauge that nobody has set says nothing."""
    name = f"level_{across}"
    unset = Series(name, ["a"], bytes(layout.GAUGE_WORDS * layout.WORD), "gauge")
    processes = [
        [gauge(name, 7.0, "a", time_ns=10)],
        [gauge(name, 3.0, "a", time_ns=30)],
        [gauge(name, 0.0, "a", time_ns=20)],
        [unset],
    ]
    assert merged(*processes) == {name: value}
    assert merged(*reversed(processes)) == {name: value}


def test_gauge_that_nobody_set_is_shown_as_in_one_process() -> None:
    """A bound gauge without a value is zero."""
    assert merged([Series("level_min", ["a"], bytes(layout.GAUGE_WORDS * layout.WORD), "gauge")]) == {"level_min": 0.0}


@pytest.mark.parametrize(("across", "value"), [("last", 5.0), ("sum", 2.0), ("max", 5.0), ("min", 2.0)])
def test_dead_process_holds_nothing_any_more(across: str, value: float) -> None:
    """What a gauge sums up ends with its process; its last, greatest and least values outlive it."""
    name = f"level_{across}"
    assert merged([gauge(name, 5.0, "a", time_ns=2)], [gauge(name, 2.0, "a", time_ns=1)], dead=1) == {name: value}


def test_clock_that_was_put_back_does_not_hold_a_value_for_ever() -> None:
    """A value from the future was set before the clock was put back: what is set after that is the last one."""
    before, after = [gauge("level_last", 1.0, "a", time_ns=9_000)], [gauge("level_last", 2.0, "a", time_ns=500)]
    assert merged(before, after, now_ns=600) == {"level_last": 2.0}
    assert merged(after, before, now_ns=600) == {"level_last": 2.0}
    assert merged(after, before, now_ns=9_500) == {"level_last": 1.0}
    assert merged(before, now_ns=600) == {"level_last": 1.0}


def recorded(kind: Any, values: Sequence[float]) -> bytes:
    """Record values into a cell of the pure twin, and give its words."""
    page = Page()
    at = page.allot("summary" if kind is SummaryCell else "exponential", b"[]", _words(kind))
    assert at is not None
    twin = pure.SummaryCell if kind is SummaryCell else pure.ExponentialHistogramCell
    cell = twin(page, at, lambda *_: None)
    for value in values:
        cell.observe(value)
    return bytes(page.memory[at * layout.WORD : (at + _words(kind)) * layout.WORD])


def _words(kind: Any) -> int:
    return layout.SUMMARY_WORDS if kind is SummaryCell else layout.EXPONENTIAL_WORDS


positive = st.one_of(st.just(0.0), st.floats(1e-12, 1e12))


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.lists(st.floats(0.5, 5_000.0), max_size=20), min_size=1, max_size=4))
def test_merged_summary_is_that_of_all_values(parts: list[list[float]]) -> None:
    """Quantiles, count and sum are what one process would have that had observed everything."""
    whole = [value for part in parts for value in part]
    found = merged(*([Series("size_bytes", ["a"], recorded(SummaryCell, part), "summary")] for part in parts))
    (expected,) = merged([Series("size_bytes", ["a"], recorded(SummaryCell, whole), "summary")]).values()
    value = found["size_bytes"]
    assert isinstance(value, Quantiles)
    assert value.count == len(whole)
    assert math.isclose(value.sum, sum(whole), rel_tol=1e-12)
    assert repr(value.values) == repr(expected.values)


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.lists(positive, max_size=12), min_size=1, max_size=4))
def test_merged_exponential_histogram_is_that_of_all_values(parts: list[list[float]]) -> None:
    """Buckets are those of one process that had observed everything, at its scale or a coarser one."""
    whole = [value for part in parts for value in part]
    cells = [Series("fine_seconds", ["a"], recorded(ExponentialHistogramCell, part), "exponential") for part in parts]
    (value,) = merged(*([cell] for cell in cells)).values()
    single = Series("fine_seconds", ["a"], recorded(ExponentialHistogramCell, whole), "exponential")
    (expected,) = merged([single]).values()
    assert isinstance(value, ExponentialDistribution)
    assert (value.zero_count, value.min, value.max) == (expected.zero_count, expected.min, expected.max)
    assert value.scale <= expected.scale
    assert _coarser(value, expected.scale - value.scale) == _coarser(expected, expected.scale - value.scale)


def _coarser(value: ExponentialDistribution, halvings: int) -> dict[int, int]:
    counts: dict[int, int] = {}
    shift = halvings if value.scale + halvings >= 0 else 0
    for index, count in enumerate(value.counts, value.offset):
        if count:
            counts[index >> shift] = counts.get(index >> shift, 0) + count
    return counts


KINDS = {
    addition.COUNTER: 1,
    addition.HISTOGRAM: 4,
    addition.SUMMARY: layout.SUMMARY_WORDS,
    addition.EXPONENTIAL: layout.EXPONENTIAL_WORDS,
    addition.LAST: layout.GAUGE_WORDS,
    addition.SUM: layout.GAUGE_WORDS,
    addition.MAX: layout.GAUGE_WORDS,
    addition.MIN: layout.GAUGE_WORDS,
    addition.RISING: 1,
}


def _cell(operation: int, chance: random.Random) -> bytes:
    """Make a cell: one that a recorder wrote, or any words at all."""
    if operation == addition.SUMMARY and chance.random() < 0.7:
        return recorded(SummaryCell, [10 ** chance.uniform(-9, 9) for _ in range(chance.randrange(8))])
    if operation == addition.EXPONENTIAL and chance.random() < 0.7:
        return recorded(ExponentialHistogramCell, [10 ** chance.uniform(-9, 9) for _ in range(chance.randrange(8))])
    some = [0, 1, 2, 7, 1 << 48, (1 << 64) - 1, *struct.unpack("=3Q", struct.pack("=ddd", 2.5, math.nan, -math.inf))]
    return struct.pack(f"={KINDS[operation]}Q", *(chance.choice(some) for _ in range(KINDS[operation])))


@pytest.mark.parametrize("seed", range(150))
def test_twins_leave_the_same_bytes(seed: int) -> None:
    """Whatever lies in the cells, the compiled twin and the pure one add alike, and neither raises."""
    chance = random.Random(seed)
    operation = chance.choice(list(KINDS))
    cells = [_cell(operation, chance) for _ in range(4)]
    targets = []
    for links in (addition.Links, merging.Links):
        target = bytearray(KINDS[operation] * layout.WORD)
        for cell in cells:
            link = links(bytearray(cell))
            link.add(operation, 0, target, 0, KINDS[operation])
            link.run(5, living=seed % 2 == 0)
        targets.append(bytes(target))
    assert targets[0] == targets[1]


@pytest.mark.parametrize("links", [addition.Links, merging.Links])
def test_cells_beyond_their_page_are_refused(links: Any) -> None:
    """No cell may reach past its page, or be shorter than what is read of it."""
    link = links(bytearray(16))
    for operation, at, target_at, words in ((1, 2, 0, 1), (1, 0, 2, 1), (2, 0, 0, 3), (5, 0, 0, 2)):
        with pytest.raises(ValueError, match="a cell of"):
            link.add(operation, at, bytearray(16), target_at, words)
    assert len(link) == 0


def test_total_never_falls_by_rounding() -> None:
    """Sums taken in another order differ in the last bits; a counter that falls would look like a restart."""
    pages = MergedPages(Rule(REGISTRY))
    parts = [
        (part, True) for value in (0.1, 0.2, 0.3) for part in parts_of([pages_of([counter("jobs_total", value, "a")])])
    ]
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    shown = []
    for order in (parts, parts[::-1], parts):
        pages.merge(order, 1)
        shown.append(collect(pages.snapshots(), REGISTRY.metrics)[0].series[0].value)
    assert shown == [0.1 + 0.2 + 0.3] * 3


def test_total_that_really_falls_is_shown() -> None:
    """Where a journal was removed, nobody pretends that its counts are still there."""
    pages = MergedPages(Rule(REGISTRY))
    parts = [(part, True) for part in parts_of([pages_of([counter("jobs_total", 5.0, "a")])] * 2)]
    for number, expected in ((2, 10.0), (1, 5.0)):
        pages.merge(parts[:number], 1)
        assert collect(pages.snapshots(), REGISTRY.metrics)[0].series[0].value == expected


def test_page_that_grows_is_followed() -> None:
    """Entries that are added to a page are there with the next merge, and those before keep their place."""
    pages = MergedPages(Rule(REGISTRY))
    memory = bytearray(pages_of([counter("jobs_total", 1.0, "a")]))
    part = Part(memory)
    pages.merge([(part, True)], 1)
    memory[:] = pages_of([counter("jobs_total", 2.0, "a"), counter("jobs_total", 7.0, "b")])
    pages.merge([(part, True)], 1)
    (family,) = collect(pages.snapshots(), REGISTRY.metrics)
    assert [each.value for each in family.series] == [2.0, 7.0]


def test_merged_pages_are_pages() -> None:
    """What was merged can be merged again: that is how the totals of the dead are kept."""
    processes = [
        [counter("jobs_total", 2.0, "a"), gauge("level_max", 4.0, "a"), gauge("level_sum", 4.0, "a")],
        [Series("size_bytes", ["a"], recorded(SummaryCell, [1.0, 5.0]), "summary")],
        [Series("fine_seconds", ["a"], recorded(ExponentialHistogramCell, [1.0, 5.0]), "exponential")],
    ]
    first = MergedPages(Rule(REGISTRY, keep_all=True))
    first.merge([(part, True) for series in processes for part in parts_of([pages_of(series)])], 1)
    second = MergedPages(Rule(REGISTRY, keep_all=True))
    second.merge([(part, True) for part in parts_of(first.snapshots())], 1)
    assert _values(first) == _values(second)


def _values(pages: MergedPages) -> list[tuple[str, Any]]:
    return [(family.name, family.series) for family in collect(pages.snapshots(), REGISTRY.metrics)]


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (counter("unheard_total", 1.0, "a"), "no contract has this name"),
        (gauge("jobs_total", 1.0, "a"), "another kind"),
        (counter("jobs_total", 1.0, "a", "b"), "other labels"),
        (histogram("took_seconds", (1, 2), 1.0, (9.0,), "a"), "other buckets"),
    ],
)
def test_series_that_fits_no_contract_is_left_out_and_named(series: Series, reason: str) -> None:
    """A release with another registry does not spoil a family; its counts are kept among the dead all the same."""
    good = counter("jobs_total", 1.0, "a")
    metrics = MergedMetrics(REGISTRY, lambda: [(part, True) for part in parts_of([pages_of([series, good])])])
    assert [(family.name, len(family.series)) for family in metrics.families()] == [("jobs_total", 1)]
    assert reason in metrics.refused[series.name]
    kept = MergedPages(Rule(REGISTRY, keep_all=True))
    kept.merge([(part, False) for part in parts_of([pages_of([series])])], 1)
    (page,) = kept.snapshots()
    assert [entry.kind for entry in walk(page)] == [series.kind]


@pytest.mark.parametrize(
    "descriptor", [b"\xff", b"[", b"3", b"{}", b'["jobs_total", 5, []]', b'["jobs_total", [5], []]']
)
def test_entry_that_says_nothing_is_left_out(descriptor: bytes) -> None:
    """A damaged descriptor costs its own series."""
    broken = Series("", (), struct.pack("=d", 1.0), descriptor=descriptor)
    assert merged([broken, counter("jobs_total", 4.0, "a")]) == {"jobs_total": 4.0}


def test_damage_costs_what_lies_behind_it() -> None:
    """Entries before the damage count; the part is named."""
    page = bytearray(pages_of([counter("jobs_total", 1.0, "a"), counter("jobs_total", 2.0, "b")]))
    second = layout.HEADER_WORDS + len(counter("jobs_total", 1.0, "a").encoded()) // layout.WORD
    page[second * layout.WORD] = 2
    told: list[str] = []
    part = Part(page)
    metrics = MergedMetrics(REGISTRY, lambda: [(part, True)], lambda _part, problem: told.append(problem))
    assert [series.value for series in metrics.families()[0].series] == [1.0]
    assert told and "impossible" in told[0]


def test_derived_gauge_follows_from_the_merged_counter() -> None:
    """A share is taken of the counts of all processes, never averaged over them."""
    from telemetry.contracts import load_registry

    def verdicts(passed: float, blocked: float) -> list[Series]:
        return [
            counter("verification_total", passed, "c-gcc", "staging", "passed"),
            counter("verification_total", blocked, "c-gcc", "staging", "blocked"),
        ]

    parts = [(part, True) for each in (verdicts(1, 1), verdicts(98, 0)) for part in parts_of([pages_of(each)])]
    families = {family.name: family for family in MergedMetrics(load_registry(), lambda: parts).families()}
    assert families["verification_block_rate"].series[0].value == 0.01


def test_metrics_in_no_contract_are_merged_by_their_scope() -> None:
    """What OpenTelemetry's API recorded is one series for all processes, whatever number each of them gave it."""

    def foreign(number: int, value: float) -> Series:
        text = f'["scope", "1", "http.requests", {{"http.method": "GET"}}, [], {number}]'
        return Series("", (), struct.pack("=d", value), descriptor=text.encode())

    parts = parts_of([pages_of([foreign(3, 1.0)]), pages_of([foreign(0, 2.0)])])
    (family,) = MergedMetrics(REGISTRY, lambda: [(part, True) for part in parts]).families()
    assert family.name == "http.requests"
    assert family.labels == ("http_method", "otel_scope_name", "otel_scope_version")
    assert [(series.labels, series.value) for series in family.series] == [(("GET", "scope", "1"), 3.0)]


def test_sums_that_go_up_and_down_are_added_over_the_living() -> None:
    """An UpDownCounter of OpenTelemetry keeps its unit and description, and what a dead process held is gone."""

    def foreign(number: int, value: float) -> Series:
        text = f'["scope", "", "queue.length", {{}}, [], "{{job}}", "Jobs that wait.", true, {number}]'
        return Series("", (), gauge("", value).cell, "gauge", descriptor=text.encode())

    first, second, dead = (parts_of([pages_of([foreign(n, v)])])[0] for n, v in ((0, 1.0), (4, 2.0), (0, 50.0)))
    (family,) = MergedMetrics(REGISTRY, lambda: [(dead, False), (first, True), (second, True)]).families()
    assert (family.unit, family.description, family.additive) == ("{job}", "Jobs that wait.", True)
    assert [series.value for series in family.series] == [3.0]
