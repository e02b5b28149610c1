"""How each engine is examined: reach it, send something marked, read it back by its mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .check import Engine, FailedCheckError, Patient, Target
from .signals import LABEL, otlp, prometheus_text, remote_write
from .stores import STORES, in_prometheus, in_victorialogs, in_victoriametrics, in_victoriatraces

Step = tuple[str, Callable[[], None]]
Examination = Callable[[Patient, Sequence[Target]], Iterator[Step]]

_PROTOBUF: Final = {"Content-Type": "application/x-protobuf"}
_RETENTION: Final = "is the clock right, and the retention longer than a few minutes? Read its log"
_NO_RECEIVER: Final = "start it with --web.enable-remote-write-receiver to check writing; scraping works without"


def _prometheus(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    yield "is ready", lambda: _reach(patient, "/-/ready")
    yield "a metric is read back", lambda: _write_remotely(patient)


def _write_remotely(patient: Patient) -> None:
    headers = {**_PROTOBUF, "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
    try:
        patient.post("/api/v1/write", content=remote_write(patient.mark), headers=headers)
    except FailedCheckError as failed:
        if " answers 404" in str(failed):
            raise FailedCheckError("it takes no metrics by remote write, so none was sent", _NO_RECEIVER) from None
        raise
    patient.wait_for(lambda: in_prometheus(patient, patient.mark), "the metric", _RETENTION)


def _victoriametrics(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    def write() -> None:
        patient.post("/api/v1/import/prometheus", content=prometheus_text(patient.mark))
        patient.wait_for(lambda: in_victoriametrics(patient, patient.mark), "the metric", _RETENTION)

    yield "is healthy", lambda: _reach(patient, "/health")
    yield "a metric is read back", write


def _victorialogs(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    def write() -> None:
        patient.post("/insert/opentelemetry/v1/logs", content=otlp("logs", patient.mark), headers=_PROTOBUF)
        patient.wait_for(lambda: in_victorialogs(patient, patient.mark), "the log line", _RETENTION)

    yield "is healthy", lambda: _reach(patient, "/health")
    yield "a log line is read back", write


def _victoriatraces(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    def write() -> None:
        patient.post("/insert/opentelemetry/v1/traces", content=otlp("traces", patient.mark), headers=_PROTOBUF)
        patient.wait_for(lambda: in_victoriatraces(patient, patient.mark), "the span", _RETENTION)

    yield "is healthy", lambda: _reach(patient, "/health")
    yield "a span is read back", write


def _grafana(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    def health() -> None:
        found = patient.json("/api/health")
        state = found.get("database") if isinstance(found, dict) else None
        if state != "ok":
            raise FailedCheckError(f"its database is {state!r}", "read Grafana's log: it cannot use its database")

    yield "is healthy", health


def _alertmanager(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    yield "is ready", lambda: _reach(patient, "/-/ready")
    yield "an alert is read back", lambda: _alert(patient)


def _alert(patient: Patient) -> None:
    """Send an alert that a silence keeps from people, read it back, and end both."""
    now = datetime.now(UTC)
    soon = (now + timedelta(minutes=1)).isoformat()
    matchers = [{"name": LABEL, "value": patient.mark, "isRegex": False, "isEqual": True}]
    silence = {"matchers": matchers, "startsAt": now.isoformat(), "endsAt": soon, "createdBy": "telemetry doctor"}
    made: Any = patient.post("/api/v2/silences", json={**silence, "comment": "a check; nobody is told"}).json()
    alert = {"labels": {"alertname": "TelemetryDoctor", LABEL: patient.mark}, "startsAt": now.isoformat()}
    patient.post("/api/v2/alerts", json=[{**alert, "endsAt": soon}])

    def is_there() -> bool:
        found = patient.json("/api/v2/alerts", filter=f'{LABEL}="{patient.mark}"')
        return any(each["labels"].get(LABEL) == patient.mark for each in found)

    try:
        patient.wait_for(is_there, "the alert", "read its log")
    finally:
        patient.post("/api/v2/alerts", json=[{**alert, "endsAt": datetime.now(UTC).isoformat()}])
        patient.ask("DELETE", f"/api/v2/silence/{made['silenceID']}")


def _collector(patient: Patient, others: Sequence[Target]) -> Iterator[Step]:
    for signal, what in (("traces", "a span"), ("metrics", "a metric"), ("logs", "a log line")):
        store = next((each for each in others if each.engine in STORES[signal]), None)
        name = (
            f"{what} is read back from {store.engine}" if store else f"{what} is taken (name a store to read it back)"
        )
        yield name, lambda signal=signal, store=store: _send_through(patient, signal, store)  # type: ignore[misc]


def _send_through(patient: Patient, signal: str, store: Target | None) -> None:
    patient.post(f"/v1/{signal}", content=otlp(signal, patient.mark), headers=_PROTOBUF)
    if store is not None:
        _read_back(patient, store, signal, f"has the collector a pipeline of {signal} that ends in {store.shown}?")


def _read_back(patient: Patient, store: Target, signal: str, remedy: str) -> None:
    reader, ask = Patient(store, patient.mark), STORES[signal][store.engine]
    reader.wait_for(lambda: ask(reader, patient.mark), "what was sent as", remedy)


def _fluentbit(patient: Patient, _: Sequence[Target]) -> Iterator[Step]:
    yield "is healthy", lambda: _reach(patient, "/api/v1/health")


def _fluentbit_input(patient: Patient, others: Sequence[Target]) -> Iterator[Step]:
    store = next((each for each in others if each.engine in STORES["logs"]), None)

    def write() -> None:
        line = {"_msg": f"telemetry doctor {patient.mark}", "message": "telemetry doctor", LABEL: patient.mark}
        patient.post("/telemetry.doctor", json=line)
        if store is not None:
            _read_back(
                patient, store, "logs", f"has Fluent Bit an output that matches the tag and ends in {store.shown}?"
            )

    yield f"a log line is read back from {store.engine}" if store else "a log line is taken", write


def _reach(patient: Patient, path: str) -> None:
    patient.get(path)


EXAMINATIONS: Final[Mapping[Engine, Examination]] = {
    Engine.PROMETHEUS: _prometheus,
    Engine.VICTORIAMETRICS: _victoriametrics,
    Engine.VICTORIALOGS: _victorialogs,
    Engine.VICTORIATRACES: _victoriatraces,
    Engine.GRAFANA: _grafana,
    Engine.ALERTMANAGER: _alertmanager,
    Engine.COLLECTOR: _collector,
    Engine.FLUENTBIT: _fluentbit,
    Engine.FLUENTBIT_INPUT: _fluentbit_input,
}
