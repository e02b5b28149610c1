"""What is written from the pages in place is what the way by families writes, byte for byte."""

from __future__ import annotations

import math
import os
import random
import re
import struct
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from telemetry._hotpath import layout
from telemetry.contracts import MetricContract, Registry, load_registry
from telemetry.export.exposition import END, FamiliesExposition, PagesExposition, expose
from telemetry.export.negotiation import TextFormat
from telemetry.export.scrape import ScrapeServer
from telemetry.metrics import ExecutionMetrics
from telemetry.signals import Family

from .families import Custom, Fixed, go_float, in_prometheus_client
from .pages import Exemplified, Paged, gauge_cell, growths, histogram_cell, many_series
from .servers import in_child

rendering = pytest.importorskip("telemetry.export.native.rendering")

FORMS: Sequence[TextFormat] = ("text", "openmetrics")
SHOPS = MetricContract("sold_total", "counter", "count", "Sold.", "me", ("shop",))


def shops(*contracts: MetricContract) -> Paged:
    """Make a source of these contracts, or of one counter."""
    return Paged(Registry(metrics={contract.name: contract for contract in contracts or (SHOPS,)}))


def counts(value: float) -> bytes:
    """Lay out a counter's only word."""
    return struct.pack("=d", value)


@given(growths())
def test_same_bytes_as_by_families(drawn: tuple[Registry, list[list[tuple[str, list[str], bytes]]]]) -> None:
    """Any registry, any bits in the cells, in both formats, also after series and pages were added."""
    registry, steps = drawn
    source = Paged(registry)
    fast, general = PagesExposition(source), FamiliesExposition(source)
    for step in steps:
        for addition in step:
            source.add(*addition)
        for form in FORMS:
            assert fast.write(form) == general.write(form)


@pytest.fixture(scope="module")
def crowd() -> Paged:
    """Four families with 4000 series over a few hundred pages."""
    return many_series(4000)


def test_same_bytes_as_prometheus_client(crowd: Paged) -> None:
    """Thousands of series of every kind read as prometheus_client writes them, in both formats."""
    theirs = Custom([in_prometheus_client(family) for family in crowd.families()])
    fast = PagesExposition(crowd)
    assert fast.write("text").text == generate_latest(theirs)
    openmetrics: bytes = generate_openmetrics(theirs)  # type: ignore[no-untyped-call]
    assert fast.write("openmetrics").text + END["openmetrics"] == openmetrics


def test_same_numbers_as_prometheus_client() -> None:
    """Random bits, round numbers and those at the borders of notations are written as Go writes them."""
    chance = random.Random(7)
    bits = (struct.unpack("=d", chance.randbytes(8))[0] for _ in range(40_000))
    round_ones = (round(chance.random() * 10 ** chance.randrange(-8, 18), chance.randrange(12)) for _ in range(40_000))
    whole = (float(chance.randrange(10 ** chance.randrange(1, 19))) for _ in range(20_000))
    borders = [sign * step(edge) for sign in (1, -1) for edge in (1e-5, 1e-4, 1e6, 1e15, 1e16, 1e17, 2.0**53)
               for step in (float, lambda x: math.nextafter(x, 0), lambda x: math.nextafter(x, math.inf))]  # fmt: skip
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
    wrong = [x for x in (*bits, *round_ones, *whole, *borders, *special) if rendering.number(x) != go_float(x)]
    assert wrong == []


def test_counts_past_64_bits() -> None:
    """A corrupt histogram whose counts add up past 64 bits reads as it does by families."""
    contract = MetricContract("took_seconds", "histogram", "seconds", "", "me", (), bounds=(1.0, 2.0))
    source = shops(contract)
    source.add("took_seconds", [], histogram_cell([2**64 - 1, 2**63, 2**64 - 3], 1.0))
    assert PagesExposition(source).write("text") == FamiliesExposition(source).write("text")


def test_values_are_read_at_each_scrape() -> None:
    """Text is kept from one scrape to the next, and values are not."""
    source = shops()
    source.add("sold_total", ["one"], counts(1.0))
    fast = PagesExposition(source)
    assert fast.write("text").text.endswith(b'sold_total{shop="one"} 1.0\n')
    cell = source.pages[0].integers[layout.USED_WORD] - 1
    source.pages[0].doubles[cell] = 2.5
    assert fast.write("text").text.endswith(b'sold_total{shop="one"} 2.5\n')


def test_unknown_cell_takes_the_way_by_families() -> None:
    """A family with a cell of a kind that the writer does not know is written whole, from its second series on too."""
    histogram = MetricContract("took_seconds", "histogram", "seconds", "", "me", ("shop",), bounds=(1.0, 2.0))
    source = shops(SHOPS, histogram)
    fast, general = PagesExposition(source), FamiliesExposition(source)
    source.add("took_seconds", ["one"], histogram_cell([1, 2, 3], 4.5))
    source.add("sold_total", ["one"], counts(1.0))
    assert fast.write("text") == general.write("text")
    source.add("took_seconds", ["two"], bytes(8 * layout.cell_words("exponential")), kind="exponential")
    for form in FORMS:
        assert fast.write(form) == general.write(form)


def test_clashing_label_takes_the_way_by_families() -> None:
    """A label that is named as the format names its own is written as the way by families does."""
    histogram = MetricContract("took_seconds", "histogram", "seconds", "", "me", ("le", "a"), bounds=(1.0,))
    source = shops(histogram)
    source.add("took_seconds", ["5", "+Inf"], histogram_cell([1, 2], 4.5))
    assert PagesExposition(source).write("text") == FamiliesExposition(source).write("text")


def test_exemplars_are_shown_where_they_may_be() -> None:
    """OpenMetrics has the exemplars that no page holds; the classic format has none, and stays in place."""
    histogram = MetricContract("took_seconds", "histogram", "seconds", "", "me", ("shop",), bounds=(1.0, 2.0))
    registry = Registry(metrics={"took_seconds": histogram})
    source = Exemplified(registry, exemplified=frozenset({"took_seconds"}))
    source.add("took_seconds", ["one"], histogram_cell([1, 2, 3], 4.5))
    fast, general = PagesExposition(source), FamiliesExposition(source)
    for form in FORMS:
        assert fast.write(form) == general.write(form)
        assert (b'trace_id="' in fast.write(form).text) == (form == "openmetrics")


def test_derived_gauges_follow() -> None:
    """A gauge that follows from a counter stands behind the families of the pages."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    labels = metrics.registry.metric("verification_total").labels
    for outcome in ("passed", "blocked", "blocked"):
        closed = metrics.registry.metric("verification_total").values
        chosen = {label: min(closed.get(label, {"x"})) for label in labels} | {"outcome": outcome}
        metrics.record("verification_total", 1.0, **chosen)
    text = PagesExposition(metrics).write("text")
    assert b"\nverification_block_rate{" in text.text
    assert text == FamiliesExposition(metrics).write("text")
    assert "verification_block_rate" in text.names


@pytest.mark.skipif(find_spec("telemetry._hotpath.compiled") is None, reason="the hot path was not built")
@pytest.mark.parametrize(("pure", "way"), [("", "Pages"), ("1", "Families")])
def test_the_pure_twin_writes_in_python_too(pure: str, way: str) -> None:
    """Whoever forbids the compiled twin gets no compiled writer either."""
    code = """
        from telemetry.contracts import load_registry
        from telemetry.export.encoder import encoder
        from telemetry.export.exposition import expose
        from telemetry.metrics import ExecutionMetrics
        metrics = ExecutionMetrics(load_registry(), ambient={}, limit=50)
        print(type(expose(metrics)).__name__, type(encoder(metrics, b"", b"")).__name__)
    """
    environment = {**os.environ, "TELEMETRY_PURE": pure}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.split() == [f"{way}Exposition", f"{way}Encoder"]


def test_other_sources_go_by_families() -> None:
    """A source without pages is served as well."""
    assert isinstance(expose(Fixed()), FamiliesExposition)


def test_no_series_is_an_empty_page() -> None:
    """Before the first measurement there is nothing to say."""
    assert PagesExposition(shops()).write("text").text == b""


def test_unreadable_entries_are_left_out() -> None:
    """An entry of another registry, or whose descriptor is garbage, costs itself and nothing else."""
    source = shops()
    source.add("sold_total", ["one"], counts(1.0))
    for descriptor in (
        b"{",
        b"[" * 9000,
        b'["sold_total", ["a", "b"], []]',
        b'["gone", [], []]',
        b"[[], 1, 2]",
        b"\xff",
    ):
        source.pages[0].allot("counter", descriptor, 1)
    source.add("sold_total", ["two"], counts(2.0))
    lines = PagesExposition(source).write("text").text.splitlines()[2:]
    assert lines == [b'sold_total{shop="one"} 1.0', b'sold_total{shop="two"} 2.0']


def test_unknown_kind_costs_its_family() -> None:
    """An entry of a kind that nobody here knows, as a later layout may have, costs its family and no other."""
    source = shops(SHOPS, replace(SHOPS, name="made_total"))
    for name in ("made_total", "sold_total"):
        source.add(name, ["one"], counts(1.0))
    fast = PagesExposition(source)
    source.pages[0].integers[layout.HEADER_WORDS] |= 99 << 32
    assert fast.write("text").text.splitlines()[2:] == [b'sold_total{shop="one"} 1.0']


@settings(max_examples=200)
@given(st.data())
def test_corrupt_pages_never_crash(data: st.DataObject) -> None:
    """Whatever is scribbled over a page, before or after it was first read, the answer is a page of text."""
    source = shops(SHOPS, MetricContract("up", "gauge", "", "", "me", ("shop",)))
    for number in range(2):
        source.add("sold_total", [str(number)], counts(1.0))
        source.add("up", [str(number)], gauge_cell(1, 1.0, 2.0))
    used = source.pages[0].integers[layout.USED_WORD]
    single_bits = [1 << bit for bit in range(64)]
    fast = PagesExposition(source)
    if data.draw(st.booleans()):
        fast.write("text")
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(layout.PID_WORD, used + 2))
        flipped = data.draw(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 2**16), st.sampled_from(single_bits)))
        source.pages[0].integers[where] ^= flipped
    assert isinstance(fast.write("text").text, bytes)


def test_garbage_is_no_page() -> None:
    """Memory without the mark of a page is refused, and so is a piece that is too short for its head."""
    for memory in (bytes(8000), b"", bytes(layout.HEADER_WORDS * layout.WORD - 1)):
        with pytest.raises(ValueError, match="not a metric page"):
            rendering.Reader(memory)


def test_wrong_pieces_are_refused() -> None:
    """Rows check what they are given, so that a wrong outline is an error and no wrong memory."""
    source = shops()
    source.add("sold_total", ["one"], counts(1.0))
    reader = rendering.Reader(source.memory()[0])
    rows = rendering.Rows("counter", 1)
    with pytest.raises(ValueError, match="no entry"):
        rows.add(reader, (b"x ",))
    assert reader.advance()
    for pieces in ((), (b"a", b"b")):
        with pytest.raises(ValueError, match="do not fit"):
            rows.add(reader, pieces)
    with pytest.raises(TypeError):
        rows.add(reader, ("text",))
    assert len(rows) == 0
    unknown = rendering.Rows("histogram", 9, marks=[b"+Inf"])
    assert not unknown.known
    with pytest.raises(ValueError, match="unknown kind"):
        rendering.Writer().text([unknown])


def test_forked_child_starts_at_zero() -> None:
    """A child shows its own counts only, also when its parent was scraped before."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    metrics.record("backend_missing_binaries", 2, backend="c-gcc")
    fast, general = PagesExposition(metrics), FamiliesExposition(metrics)
    assert b" 2.0\n" in fast.write("text").text

    def child() -> bool:
        before = fast.write("text").text.count(b" 0.0\n")
        metrics.record("backend_missing_binaries", 5, backend="c-gcc")
        return before == 1 and b" 5.0\n" in fast.write("text").text and fast.write("text") == general.write("text")

    _, status = os.waitpid(in_child(child), 0)
    assert status == 0
    assert b" 2.0\n" in fast.write("text").text


def test_scrapes_while_series_are_added() -> None:
    """Two scrapers at once, while two threads add series and count, read whole lines and counts that only rise."""
    contract = MetricContract("sold_total", "counter", "count", "Sold.", "me", ("shop",))
    metrics = ExecutionMetrics(Registry(metrics={"sold_total": contract}), ambient={}, limit=10**6)
    fast = PagesExposition(metrics)
    problems: list[str] = []

    def record(thread: int) -> None:
        for number in range(1500):
            metrics.record("sold_total", 1.0, shop=f"{thread}-{number // 3}")

    def scrape() -> None:
        total = 0.0
        while any(thread.is_alive() for thread in recorders):
            values = _values(fast.write("text"), problems)
            problems.extend(["falls"] if sum(values) < total else [])
            total = sum(values)

    recorders = [Thread(target=record, args=(number,)) for number in range(2)]
    scrapers = [Thread(target=scrape) for _ in range(2)]
    for thread in (*recorders, *scrapers):
        thread.start()
    for thread in (*recorders, *scrapers):
        thread.join()
    assert problems == []
    assert sum(_values(fast.write("text"), problems)) == 3000.0
    assert fast.write("text") == FamiliesExposition(metrics).write("text")


def _values(exposed: object, problems: list[str]) -> list[float]:
    text = getattr(exposed, "text", b"").decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r'sold_total\{shop="[\d-]+"\} (\d+\.0)', line) for line in lines]
    problems.extend(line for line, match in zip(lines, found, strict=True) if match is None)
    return [float(match[1]) for match in found if match]


def test_memory_stays_flat() -> None:
    """Ten thousand scrapes hold no more memory than a few hundred."""
    source = many_series(40)
    fast = PagesExposition(source)
    for _ in range(500):
        fast.write("text")
    before = _resident_bytes()
    for _ in range(10_000):
        fast.write("text")
    assert _resident_bytes() - before < 1 << 19


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_endpoint_serves_the_pages(encoding: str) -> None:
    """A scraper gets a runtime's metrics beside those of prometheus_client, plain and compressed."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    metrics.record("backend_missing_binaries", 2, backend="c-gcc")
    registry = CollectorRegistry()
    Gauge("guest", "Here too.", registry=registry).set(3)
    with ScrapeServer(metrics, registry=registry) as server:
        answer = httpx.get(server.url, headers={"Accept-Encoding": encoding})
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    read = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {name: family.samples[0].value for name, family in read.items()} == {
        "backend_missing_binaries": 2.0,
        "guest": 3.0,
    }


def test_names_are_those_that_guests_may_not_have() -> None:
    """A name of ours is taken under both of its spellings, but only once it has a series."""
    source = shops()
    fast = PagesExposition(source)
    assert fast.write("text").names == frozenset()
    source.add("sold_total", ["one"], counts(1.0))
    assert fast.write("text").names == {"sold_total", "sold"}


def test_families_without_cells_can_be_given(crowd: Paged) -> None:
    """What a source gives beside its pages is written behind them."""
    beside = Family("beside", "gauge", "", "", (), ())

    class Beside(Paged):
        def families(self) -> Sequence[Family]:
            return [*super().families(), beside]

        def unpaged(self, families: Sequence[Family]) -> list[Family]:
            return [beside]

    source = Beside(crowd.registry, crowd.pages)
    assert expose(source).write("text") == FamiliesExposition(source).write("text")
