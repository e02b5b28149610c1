"""The life of an incident, as the API shows it."""

from __future__ import annotations

import pytest

from .process import Served, alert


def actions(receiver: Served, number: int) -> list[str]:
    """Give what happened to an incident, in order."""
    return [each["action"] for each in receiver.get(f"/api/v1/incidents/{number}")["history"]]


def test_an_alert_opens_an_incident_and_its_end_resolves_it(receiver: Served) -> None:
    """Its times are the alert's own, so the mean time to resolve is what the users saw."""
    assert receiver.deliver(alert(ago=120)).json() == {"stored": 1, "repeated": 0, "late": 0}
    (incident,) = receiver.incidents("?state=open")
    assert (incident["state"], incident["severity"], incident["squad"]) == ("firing", "warning", "parsers")
    assert incident["runbook_url"] == "https://runbooks.example/slow"
    receiver.deliver(alert(ago=120, ended=20))
    assert receiver.incidents("?state=open") == []
    assert actions(receiver, incident["id"]) == ["opened", "resolved"]
    figures = receiver.get("/api/v1/figures")
    assert figures["total"]["mttr_seconds"] == 100
    assert figures["by_group"][0]["metric_name"] == "parse_duration_ms"


def test_a_redelivery_changes_nothing(receiver: Served) -> None:
    """The same state of the same alert is stored once, however often it comes, alone or within one request."""
    receiver.deliver(alert())
    assert receiver.deliver(alert(), alert()).json() == {"stored": 0, "repeated": 2, "late": 0}
    (incident,) = receiver.incidents()
    assert actions(receiver, incident["id"]) == ["opened"]


def test_a_rising_severity_escalates_the_incident(receiver: Served) -> None:
    """The critical alert joins the incident of the warning, and what was acknowledged fires again."""
    receiver.deliver(alert(severity="warning"))
    assert receiver.acknowledge(1).status_code == 200
    receiver.deliver(alert(severity="critical", ago=5))
    (incident,) = receiver.incidents()
    assert (incident["severity"], incident["state"]) == ("critical", "firing")
    receiver.deliver(alert(severity="critical", ago=5, ended=1))
    (incident,) = receiver.incidents()
    assert (incident["severity"], incident["state"]) == ("warning", "firing")
    receiver.deliver(alert(severity="warning", ended=1))
    assert receiver.incidents()[0]["state"] == "resolved"
    told = [each for each in actions(receiver, 1) if each != "silence"]  # what becomes of it has its own time
    assert told == ["opened", "acknowledged", "escalated", "eased", "resolved"]


def test_an_alert_that_comes_back_soon_opens_the_same_incident(receiver: Served) -> None:
    """It counts as a refire; the acknowledgement of before holds no more."""
    receiver.deliver(alert(ago=100))
    receiver.acknowledge(1)
    receiver.deliver(alert(ago=100, ended=50))
    receiver.deliver(alert(ago=10))
    (incident,) = receiver.incidents()
    assert (incident["state"], incident["refires"], incident["acknowledged_by"]) == ("firing", 1, None)


def test_an_alert_that_comes_back_late_opens_another(receiver: Served) -> None:
    """After half an hour it is another incident."""
    receiver.deliver(alert(ago=9000))
    receiver.deliver(alert(ago=9000, ended=7200))
    receiver.deliver(alert(ago=10))
    assert [each["state"] for each in receiver.incidents()] == ["firing", "resolved"]


def test_late_news_changes_nothing(receiver: Served) -> None:
    """A firing state that arrives after the end, from a slower Alertmanager, does not open the incident again."""
    receiver.deliver(alert(ago=100))
    receiver.deliver(alert(ago=100, ended=10))
    assert receiver.deliver(alert(ago=100), group="{}:other").json()["late"] == 1
    receiver.deliver(alert(ago=5))
    assert receiver.deliver(alert(ago=100, ended=10), group="{}:other").json()["late"] == 1
    assert receiver.incidents()[0]["state"] == "firing"


def test_the_end_of_an_alert_that_was_missed_is_kept(receiver: Served) -> None:
    """An incident that began and ended while nobody listened is in the history."""
    receiver.deliver(alert(ago=300, ended=100))
    (incident,) = receiver.incidents()
    assert incident["state"] == "resolved"
    assert receiver.get("/api/v1/figures")["total"]["mttr_seconds"] == 200


def test_people_acknowledge_take_back_and_resolve(receiver: Served) -> None:
    """Each step says who and why, and a step that does not fit the state is refused."""
    receiver.deliver(alert())
    said = receiver.acknowledge(1).json()
    assert (said["state"], said["acknowledged_by"]) == ("acknowledged", "kim")
    body = {"why": "was another one"}
    assert receiver.ask("POST", "/api/v1/incidents/1/unacknowledge", json=body).json()["state"] == "firing"
    assert receiver.ask("POST", "/api/v1/incidents/1/unacknowledge", json=body).status_code == 409
    assert receiver.ask("POST", "/api/v1/incidents/1/resolve", json=body).json()["state"] == "resolved"
    assert receiver.acknowledge(1).status_code == 409
    assert receiver.acknowledge(7).status_code == 404
    entry = receiver.get("/api/v1/incidents/1")["history"][1]
    assert (entry["actor"], entry["detail"]["who"], entry["detail"]["why"]) == (
        "operator-name", "kim", "looking at it"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?severity=critical", ["B"]),
        ("?squad=release", ["C"]),
        ("?q=b%20is", ["B"]),
        ("?state=resolved", ["D"]),
        ("?state=open&severity=warning", ["C", "A"]),
    ],
)
def test_filters_choose(receiver: Served, query: str, names: list[str]) -> None:
    """Each filter leaves out what it does not fit; several must all fit."""
    receiver.deliver(alert("A"), alert("B", "critical"), alert("C", squad="release"), alert("D", ended=5))
    assert [each["alertname"] for each in receiver.incidents(query)] == names


def test_pages_follow_each_other(receiver: Served) -> None:
    """Following `next` shows each incident once."""
    receiver.deliver(*(alert(f"A{number}") for number in range(7)))
    seen, cursor = [], ""
    while cursor is not None:
        page = receiver.get(f"/api/v1/incidents?limit=3{cursor and '&cursor=' + cursor}")
        seen += [each["alertname"] for each in page["incidents"]]
        cursor = page["next"]
    assert seen == [f"A{number}" for number in reversed(range(7))]


def test_groups_are_those_of_alertmanager(receiver: Served) -> None:
    """Open incidents are counted by metric, environment and squad."""
    receiver.deliver(alert("A"), alert("B", "critical"), alert("C", squad="release"), alert("D", ended=5))
    groups = {each["squad"]: (each["open"], each["critical"]) for each in receiver.get("/api/v1/groups")["groups"]}
    assert groups == {"parsers": (2, 1), "release": (1, 0)}
