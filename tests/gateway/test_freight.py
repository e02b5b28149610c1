"""Shipping for processes that do not ship: each span once, whoever dies when, and merged metrics beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector import CUT_REQUEST, Collector, status

from telemetry._hotpath import extent
from telemetry.export.gateway import Gateway, freight
from telemetry.export.otlp import OtlpExporter
from telemetry.journal import Folder, read_dead
from telemetry.signals import Resource, SpanRecord

from .conftest import MakeGateway
from .journals import Spans, counter, die, hold, span, write_journal
from .test_dead import journals
from .test_scrape import fetch, vital


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that is up."""
    with Collector() as running:
        yield running


def exporter(collector: Collector) -> OtlpExporter:
    """Make what sends to a collector."""
    return OtlpExporter(collector.url, Resource({"service.name": "specc"}), timeout_seconds=20.0)


def ids(*spans: SpanRecord) -> dict[str, int]:
    """Give the ids of spans in hex, each with the number of times that it is to arrive."""
    return {f"{each.span_id:016x}": 1 for each in spans}


def again(gateway: Gateway) -> None:
    """Take a turn at once, whatever pause the endpoint was given."""
    assert gateway._freight is not None
    gateway._freight._next = 0.0
    gateway.turn()


def test_living_and_dead_are_shipped_once(folder: Path, make_gateway: MakeGateway, collector: Collector) -> None:
    """Spans of all processes arrive, those of the dead too, and no turn sends one again."""
    spans = [span("work") for _ in range(700)]
    alive = write_journal(folder, [], Spans(spans[:600]))
    hold(folder, alive)
    write_journal(folder, [counter("jobs_total", 2.0, "a")], Spans(spans[600:]))
    gateway = make_gateway(exporter=exporter(collector))
    for _ in range(3):
        gateway.turn()
    assert collector.spans == ids(*spans)
    assert journals(folder) == [alive.path.name]
    assert alive.word(extent.SPANS_SHIPPED) == 600
    assert read_dead(Folder.open(folder)).counts["spans_shipped"] == 100
    requests = [arrival.message for arrival in collector.arrivals if arrival.signal == "traces"]
    (resource,) = {request.resource_spans[0].resource.SerializeToString() for request in requests}
    assert b"specc" in resource


def test_open_spans_of_the_dead_are_closed_and_shipped_once(
    folder: Path, make_gateway: MakeGateway, collector: Collector
) -> None:
    """What was running when a process died arrives as failed, once, also where another gateway goes on."""
    done, running = span("parse"), span("compile.execute", end_ns=0)
    journal = write_journal(folder, [], Spans([done], [running]))
    hold(folder, journal)
    first = make_gateway(exporter=exporter(collector))
    first.turn()
    assert collector.spans == ids(done)
    die(folder, journal)
    first.turn()
    first.close()
    make_gateway(exporter=exporter(collector)).turn()
    assert collector.spans == ids(done, running)
    recovered = collector.intake.span[f"{running.span_id:016x}"]
    assert recovered.status.code == 2
    assert {"telemetry.recovered", "error.type"} <= {pair.key for pair in recovered.attributes}
    assert journals(folder) == []


def test_endpoint_that_is_down_loses_nothing(
    folder: Path, make_gateway: MakeGateway, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records wait in their journals, one line says why, and all arrive when it is back."""
    spans = [span("work") for _ in range(30)]
    write_journal(folder, [], Spans(spans[:20], [spans[20]]))
    alive = write_journal(folder, [], Spans(spans[21:]))
    hold(folder, alive)
    gateway = make_gateway(exporter=exporter(collector))
    with collector.away():
        for _ in range(3):
            again(gateway)
    collector.fail_next(status(503), status(429, retry_after="1"), CUT_REQUEST)
    for _ in range(6):
        again(gateway)
    assert collector.spans == ids(*spans)
    assert capsys.readouterr().err.count(collector.url) == 1
    assert journals(folder) == [alive.path.name]


def test_process_that_ships_itself_is_left_to_itself(
    folder: Path, make_gateway: MakeGateway, collector: Collector
) -> None:
    """Whoever holds the ship lock ships; when it is gone, the gateway does."""
    spans = [span("work") for _ in range(2)]
    journal = write_journal(folder, [], Spans(spans))
    other = Folder.open(folder)
    assert other.hold(journal.key + 1)
    gateway = make_gateway(exporter=exporter(collector))
    gateway.turn()
    assert collector.spans == {}
    other.release(journal.key + 1)
    gateway.turn()
    assert collector.spans == ids(*spans)


def test_ship_lock_is_given_back(folder: Path, make_gateway: MakeGateway, collector: Collector) -> None:
    """Between two turns a process may take up the shipping of its own journal."""
    journal = write_journal(folder, [], Spans([span("work")]))
    hold(folder, journal)
    make_gateway(exporter=exporter(collector)).turn()
    assert Folder.open(folder).hold(journal.key + 1)


def test_damaged_journal_is_left_with_its_lock_free(
    folder: Path, make_gateway: MakeGateway, collector: Collector
) -> None:
    """One journal that cannot be opened holds up no other, and whoever can read it may ship it."""
    broken = write_journal(folder, [], Spans([span("work")]))
    broken.set(extent.MAGIC_WORD, 1)
    write_journal(folder, [], Spans([good := span("work")]))
    make_gateway(exporter=exporter(collector)).turn()
    assert collector.spans == ids(good)
    assert Folder.open(folder).hold(broken.key + 1)


def test_refused_records_are_counted_and_do_not_hold_up_others(
    folder: Path, make_gateway: MakeGateway, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the endpoint will never take is counted as refused, and said."""
    journal = write_journal(folder, [], Spans([span("work") for _ in range(600)]))
    hold(folder, journal)
    collector.fail_next(status(400, message="no such tenant"))
    make_gateway(exporter=exporter(collector)).turn()
    assert (journal.word(extent.SPANS_REFUSED), journal.word(extent.SPANS_SHIPPED)) == (512, 88)
    assert "no such tenant" in capsys.readouterr().err


def test_merged_metrics_are_pushed(folder: Path, make_gateway: MakeGateway, collector: Collector) -> None:
    """One cumulative state of all processes leaves, since the start of the oldest."""
    for value in (2.0, 3.0):
        hold(folder, write_journal(folder, [counter("jobs_total", value, "a")]))
    make_gateway(exporter=exporter(collector)).turn()
    (point,) = collector.metrics["jobs_total"].sum.data_points
    assert point.as_double == 5.0
    assert point.start_time_unix_nano == 1_700_000_000_000_000_000


def test_stuck_endpoint_makes_it_not_ready(
    folder: Path, make_gateway: MakeGateway, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing has been taken for long, `/readyz` says so, and that it is well again later."""
    monkeypatch.setattr(freight, "STUCK_SECONDS", 0.0)
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a")], Spans([span("work")])))
    gateway = make_gateway(exporter=exporter(collector))
    with collector.away():
        again(gateway)
        answer = fetch(gateway, "/readyz")
    assert answer.status_code == 503
    assert f"{collector.url} has taken nothing" in answer.text
    again(gateway)
    assert fetch(gateway, "/readyz").text == "ready\n"


def test_second_gateway_stands_by_and_takes_over(folder: Path, make_gateway: MakeGateway, collector: Collector) -> None:
    """Two gateways serve, one ships and adds up; when it ends, the other one does."""
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a")], Spans([first := span("work")])))
    leader, other = (make_gateway(exporter=exporter(collector)) for _ in range(2))
    leader.turn()
    write_journal(folder, [counter("jobs_total", 2.0, "a")], Spans([second := span("work")]))
    other.turn()
    assert collector.spans == ids(first)
    assert [vital(gateway, "leads") for gateway in (leader, other)] == [1.0, 0.0]
    assert fetch(other).text.count('jobs_total{who="a"} 3.0') == 1
    assert fetch(other, "/readyz").status_code == 200
    leader.close()
    other.turn()
    assert collector.spans == ids(first, second)
    assert vital(other, "leads") == 1.0


def test_last_turn_ships_within_its_deadline(folder: Path, make_gateway: MakeGateway, collector: Collector) -> None:
    """What was recorded after the last turn leaves before the gateway ends."""
    gateway = make_gateway(exporter=exporter(collector))
    gateway.turn()
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a")], Spans([late := span("work")])))
    gateway.finish(2.0)
    assert collector.spans == ids(late)
    assert "jobs_total" in collector.metrics
