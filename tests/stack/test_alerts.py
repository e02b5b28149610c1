"""Every generated alert, from its condition in an engine to the webhook of whoever must know."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep, time
from typing import Any

import httpx
import pytest
import yaml
from tests.engines import needs
from tests.stack.cases import Case, read_cases, two_at_once
from tests.stack.injector import HOLD_SECONDS, JOB, LEAD, STEP_SECONDS, Injector
from tests.stack.overlay import TOKEN, write_alertmanager, write_prometheus, write_rules
from tests.stack.sink import Delivery, Sink, moment

from telemetry.operations.engines import QueryApi, alertmanager, backfill_prometheus, prometheus

GENERATED = Path(__file__).parents[2] / "monitoring"
FIGURES = GENERATED.parent / "build" / "engines.json"
LIMIT_SECONDS = 30
BROKEN_SECONDS = LEAD * STEP_SECONDS + HOLD_SECONDS
HEALED_SECONDS = 6 * STEP_SECONDS
TOLD_SECONDS = 40
SILENCED = "silenced"

pytestmark = [
    needs("prometheus", "promtool", "prometheus-alertmanager"),
    pytest.mark.timeout(400),
]


@dataclass(frozen=True)
class Proof:
    """What one run of all cases gave.

    Attributes:
        rules: The rules as Prometheus had them while all conditions held.
        fired: The alerts that fired in Prometheus until then, and until the end: name, level, environment.
        alerts: The alerts as Alertmanager had them then.
        held: When that was.
        deliveries: All notifications.
        approver: Who created the silence.
    """

    cases: list[Case]
    rules: list[dict[str, Any]]
    fired: set[tuple[str, str, str]]
    alerts: list[dict[str, Any]]
    held: float
    deliveries: list[Delivery]
    approver: str

    def told(self, path: str, status: str) -> dict[tuple[str, str, str], tuple[Delivery, dict[str, Any]]]:
        """Give for each alert the first notification with this status that somebody got."""
        found: dict[tuple[str, str, str], tuple[Delivery, dict[str, Any]]] = {}
        for delivery in self.deliveries:
            for alert in delivery.alerts() if delivery.path == path else ():
                if alert["status"] == status:
                    found.setdefault(identity(alert["labels"]), (delivery, alert))
        return found


def firing(rules: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Give the alerts that fire in Prometheus."""
    every = (alert for rule in rules for alert in rule.get("alerts", ()) if alert["state"] == "firing")
    return {identity(alert["labels"]) for alert in every}


def identity(labels: dict[str, str]) -> tuple[str, str, str]:
    """Tell alerts of different cases apart."""
    return labels["alertname"], labels["severity"], labels.get("environment") or labels.get("env", "")


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """Play all cases at once against a Prometheus and an Alertmanager that run what is generated."""
    folder = tmp_path_factory.mktemp("alerts")
    cases = read_cases(GENERATED / "tests")
    cases.append(two_at_once())
    cases.append(silenced(next(case for case in cases if "critical" in case.severities and case.over)))
    with Sink() as sink, Injector(cases) as injector:
        with alertmanager(write_alertmanager(GENERATED, folder, sink.url)) as routing:
            silence(routing.url)
            config = write_prometheus(
                GENERATED, folder, write_rules(GENERATED, folder), {JOB: injector.target}, routing.url
            )
            injector.play()
            injector.write_past(folder / "past.om")
            backfill_prometheus(folder / "past.om", folder)
            with prometheus(config, folder=folder) as engine, QueryApi(engine.url) as api:
                fired = watch(api, injector, BROKEN_SECONDS)
                rules, held = api.rules(), time()
                alerts = httpx.get(f"{routing.url}/api/v2/alerts").json()
                fired |= watch(api, injector, BROKEN_SECONDS + HEALED_SECONDS + TOLD_SECONDS)
            silences = httpx.get(f"{routing.url}/api/v2/silences").json()
        yield Proof(cases, rules, fired, alerts, held, list(sink.deliveries), silences[0]["createdBy"])


def watch(api: QueryApi, injector: Injector, until: float) -> set[tuple[str, str, str]]:
    """Wait until a second of the play, and give all alerts that fired meanwhile."""
    found: set[tuple[str, str, str]] = set()
    while injector.seconds < until:
        found |= firing(api.rules())
        sleep(2)
    return found


def silenced(case: Case) -> Case:
    """Copy a case into an environment that is in maintenance."""
    series = tuple(
        type(each)(each.name.replace(case.environment, SILENCED), each.values, each.is_time) for each in case.series
    )
    return Case(case.alert, case.severities, SILENCED, case.interval, case.step, case.over, series)


def silence(url: str) -> None:
    """Begin a maintenance window, as an operator would whose request somebody approved."""
    now = datetime.now(UTC)
    window = {
        "matchers": [{"name": "environment", "value": SILENCED, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "approver:kim",
        "comment": "Maintenance of the build farm, approved by kim.",
    }
    httpx.post(f"{url}/api/v2/silences", json=window).raise_for_status()


def expected(cases: list[Case]) -> set[tuple[str, str, str]]:
    """Give what the unit tests want to fire."""
    return {(case.alert, severity, case.environment) for case in cases for severity in case.severities}


def test_every_alert_has_a_case(proof: Proof) -> None:
    """No alert of the generated rules is left out, at any of its levels."""
    groups = [
        group for path in (GENERATED / "rules").glob("*.yml") for group in yaml.safe_load(path.read_text())["groups"]
    ]
    named = {
        (rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"] if "alert" in rule
    }
    assert named - {(name, severity) for name, severity, _ in expected(proof.cases)} == {
        ("UnresolvedCritical", "critical")
    }


def test_rules_are_healthy(proof: Proof) -> None:
    """Prometheus evaluates every rule without an error."""
    assert [(rule["name"], rule["lastError"]) for rule in proof.rules if rule["health"] != "ok"] == []


def test_every_alert_fires(proof: Proof) -> None:
    """The condition of each alert, at each level, makes it fire in the engine."""
    assert expected(proof.cases) - proof.fired == set()


def test_nothing_fires_where_all_is_well(proof: Proof) -> None:
    """The cases of unit tests in which all is well make no alert fire."""
    well = {case.environment for case in proof.cases if not case.severities}
    assert len(well) > 10
    assert {each for each in proof.fired if each[2] in well} == set()


def suppressed(proof: Proof, key: str) -> set[tuple[str, str, str]]:
    """Give the alerts that Alertmanager holds back, as silenced or as inhibited."""
    return {identity(alert["labels"]) for alert in proof.alerts if alert["status"][key]}


def test_alerts_arrive_within_30_seconds(proof: Proof) -> None:
    """What fires and is not held back is delivered within 30 s, and says whose it is and what to do."""
    told = proof.told("/observability", "firing")
    due = expected(proof.cases) - suppressed(proof, "inhibitedBy") - suppressed(proof, "silencedBy")
    assert due - told.keys() == set()
    late = {who: round(delivery.at - moment(alert["startsAt"]), 1) for who, (delivery, alert) in told.items()}
    keep_figures(sorted(seconds for who, seconds in late.items() if who in due))
    assert {who: seconds for who, seconds in late.items() if who in due and seconds > LIMIT_SECONDS} == {}
    assert {who for who, (_, alert) in told.items() if not alert["annotations"].get("summary")} == set()
    assert all(delivery.token == f"Bearer {TOKEN}" for delivery, _ in told.values())


def keep_figures(seconds: list[float]) -> None:
    """Keep how long it took, for the page of documentation."""
    figures = {"alerts": len(seconds), "median_seconds": seconds[len(seconds) // 2], "longest_seconds": seconds[-1]}
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures))


def test_levels_go_where_they_belong(proof: Proof) -> None:
    """Critical ones reach PagerDuty and two chats, warnings a chat and the tickets, escalations the second step."""
    counts = Counter(delivery.path for delivery in proof.deliveries)
    paths = {
        "/pagerduty",
        "/discord/critical",
        "/slack/critical",
        "/discord/warning",
        "/ticket/warning",
        "/discord/second",
    }
    assert paths - counts.keys() == set()
    assert {who[1] for who in proof.told("/ticket/warning", "firing")} == {"warning"}
    assert "/discord/info" not in counts  # the digest waits for ten minutes
    owners = {alert["labels"].get("owner") for _, alert in proof.told("/ticket/warning", "firing").values()}
    assert owners and None not in owners


def test_what_nobody_resolves_escalates(proof: Proof) -> None:
    """A critical alert that goes on firing makes the escalation fire, and the second step is told."""
    assert any(name == "UnresolvedCritical" for name, _, _ in proof.fired)
    assert any(name == "UnresolvedCritical" for name, _, _ in proof.told("/observability", "firing"))


def test_critical_holds_warnings_back(proof: Proof) -> None:
    """Where one metric is critical in an environment, its warning is inhibited and nobody is told of it."""
    both = {
        (case.alert, "warning", case.environment)
        for case in proof.cases
        if {"warning", "critical"} <= set(case.severities) and case.environment != SILENCED
    }
    assert both and both - suppressed(proof, "inhibitedBy") == set()
    early = {
        identity(alert["labels"])
        for delivery in proof.deliveries
        if delivery.at < proof.held
        for alert in delivery.alerts()
    }
    assert both & early == set()


def test_maintenance_is_silent(proof: Proof) -> None:
    """An alert in a silence that somebody approved fires, is held back, and reaches nobody; who approved it is kept."""
    silent = {each for each in proof.fired if each[2] == SILENCED}
    assert silent and silent <= suppressed(proof, "silencedBy")
    everyone = [
        delivery for delivery in proof.deliveries if SILENCED in str(delivery.body.get("alerts", delivery.body))
    ]
    assert everyone == []
    assert proof.approver == "approver:kim"


def test_nobody_is_told_twice(proof: Proof) -> None:
    """Whoever got news of a group gets other news of it next: nothing is repeated before its time."""
    last: dict[tuple[str, str], set[tuple[str, str]]] = {}
    again = []
    for delivery in proof.deliveries:
        if delivery.alerts():
            who = delivery.path, delivery.body["groupKey"]
            news = {(alert["fingerprint"], alert["status"]) for alert in delivery.alerts()}
            again += [(who, news)] if last.get(who) == news else []
            last[who] = news
    assert again == []
    assert len(last) > 30


def test_the_end_is_told(proof: Proof) -> None:
    """When a condition is over within a minute, whoever was told of it is told of that."""
    told = proof.told("/observability", "firing")
    over = {
        (case.alert, severity, case.environment)
        for case in proof.cases
        for severity in case.severities
        if case.over is not None and case.over * STEP_SECONDS <= HEALED_SECONDS
    }
    assert len(over & told.keys()) > 8
    assert (over & told.keys()) - proof.told("/observability", "resolved").keys() == set()
