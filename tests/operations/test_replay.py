"""`telemetry rules replay`: rules are judged by two weeks of history and the incidents in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.engines import needs
from tests.operations.conftest import Command
from tests.operations.twoweeks import END, TwoWeeks, write_two_weeks

P95 = "histogram_quantile(0.95, sum by (le, environment, squad, parser) (rate(parse_duration_ms_bucket[{window}])))"
GOOD = f"""
groups:
- name: parser
  interval: 10s
  rules:
  - alert: ParserVerySlow
    expr: squad:parse_duration_ms:p95 > 300
    for: 12m
    labels: {{severity: critical}}
    annotations: {{summary: "{{{{ $value | humanize }}}} ms"}}
  - alert: ParserSlow
    expr: squad:parse_duration_ms:p95 > 250
    for: 10m
    labels: {{severity: warning}}
- name: recorded
  rules:
  - record: squad:parse_duration_ms:p95
    expr: {P95.format(window="5m")}
"""
TWITCHY = f"""
groups:
- name: parser
  rules:
  - alert: ParserSlow
    expr: {P95.format(window="2m")} > 250
    for: 1m
    labels: {{severity: warning}}
"""
ESCALATING = (
    GOOD
    + """
  - alert: Unresolved
    expr: >-
      max by (environment, squad, parser) (time() - ALERTS_FOR_STATE{severity="critical"} > 1500
      and ignoring (alertstate) ALERTS{alertstate="firing",severity="critical"})
    labels: {severity: critical, escalation: second}
"""
)

pytestmark = needs("victoria-metrics", "vmalert")


def written(folder: Path, text: str) -> Path:
    """Write a rule file."""
    path = folder / "rules.yml"
    path.write_text(text)
    return path


def replayed(command: Command, rules: Path, weeks: TwoWeeks, *options: str) -> tuple[int, dict[str, Any]]:
    """Replay rules over the two weeks; give the exit code and what was written as JSON."""
    done = command(
        "rules",
        "replay",
        "--rules",
        rules,
        "--history",
        weeks.history,
        "--incidents",
        weeks.incidents,
        "--json",
        *options,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_good_rules_pass(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """Rules that wait longer than a blip hear every incident of two weeks, with less than 5 % of noise."""
    status, said = replayed(telemetry_command, written(tmp_path, GOOD), two_weeks)
    assert status == 0 and said["is_well"], (two_weeks.seed, said)
    assert said["noise_rate"] < 0.05 and said["missed"] == [] and said["incidents"] == 12, two_weeks.seed
    assert {(row["alert"], row["severity"]) for row in said["alerts"]} == {
        ("ParserSlow", "warning"),
        ("ParserVerySlow", "critical"),
    }
    assert said["history"]["days"] == pytest.approx(14, abs=0.01)


def test_twitchy_rules_are_refused(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """A rule that takes every blip for an incident is refused, with the share of noise and the alert that makes it."""
    status, said = replayed(telemetry_command, written(tmp_path, TWITCHY), two_weeks)
    assert status == 1 and not said["is_well"], (two_weeks.seed, said)
    assert said["noise_rate"] > 0.5 and said["alerts"][0]["alert"] == "ParserSlow", two_weeks.seed


def test_noise_is_weighed_against_what_is_allowed(
    telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path
) -> None:
    """The same twitchy rule passes where so much noise is allowed."""
    assert replayed(telemetry_command, written(tmp_path, TWITCHY), two_weeks, "--max-noise", "1")[0] == 0


def test_silence_is_no_proof(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """A rule that never fires makes no noise, and is refused all the same: it missed every incident."""
    status, said = replayed(
        telemetry_command, written(tmp_path, GOOD.replace("> 300", "> 1e9").replace("> 250", "> 1e9")), two_weeks
    )
    assert (status, said["fired"], len(said["missed"])) == (1, 0, 12)


def test_alerts_about_alerts_come_last(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """An escalation reads what the alerts before it have written, and fires later than they do."""
    status, said = replayed(telemetry_command, written(tmp_path, ESCALATING), two_weeks)
    rows = {row["alert"]: row for row in said["alerts"]}
    assert status == 0, (two_weeks.seed, said)
    assert 0 < rows["Unresolved"]["fired"] <= rows["ParserVerySlow"]["fired"]


REMEMBERING = f"""
groups:
- name: parser
  rules:
  - record: parser:slow:latched
    expr: ({P95.format(window="5m")} > 300) or last_over_time(parser:slow:latched[1h])
  - alert: ParserWasSlow
    expr: parser:slow:latched > 0
    for: 30m
    labels: {{severity: warning}}
"""


def test_rules_may_read_what_they_record(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """A rule that keeps its last value for an hour keeps it in a replay too."""
    status, said = replayed(telemetry_command, written(tmp_path, REMEMBERING), two_weeks, "--max-noise", "1")
    assert status == 0 and said["missed"] == [] and said["fired"] > 12, (two_weeks.seed, said)


def test_people_read_a_table(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """Without --json there is a line for each alert, and a verdict at the end."""
    rules = written(tmp_path, GOOD)
    done = telemetry_command(
        "rules", "replay", "--rules", rules, "--history", two_weeks.history, "--incidents", two_weeks.incidents
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("14.0 days, 120 series")
    assert lines[1].split() == ["fired", "noise", "severity", "alert"]
    assert lines[-1].endswith("12 of 12 incidents seen: well"), done.stderr


def test_a_seed_draws_the_same_weeks(tmp_path: Path) -> None:
    """The weeks of a seed are the same every time, and those of another are others."""
    drawn = []
    for number, seed in enumerate((7, 7, 8)):
        (folder := tmp_path / str(number)).mkdir()
        drawn.append(write_two_weeks(folder, seed, days=2, incidents=3, blips=5).incidents.read_text())
    assert drawn[0] == drawn[1] != drawn[2]


def test_missing_programs_are_named(telemetry_command: Command, two_weeks: TwoWeeks, tmp_path: Path) -> None:
    """Without vmalert the command ends with 2, and names the package that has it."""
    options = ("--history", two_weeks.history, "--incidents", two_weeks.incidents)
    done = telemetry_command("rules", "replay", "--rules", written(tmp_path, GOOD), *options, PATH=str(tmp_path))
    assert done.returncode == 2
    assert "vmalert: not installed" in done.stderr and "apt-get install victoria-metrics" in done.stderr


OTLP = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "specc"}}]},
            "scopeMetrics": [
                {
                    "metrics": [
                        {
                            "name": "queue_depth",
                            "gauge": {
                                "dataPoints": [
                                    {
                                        "timeUnixNano": "0",
                                        "asInt": "50",
                                        "attributes": [{"key": "squad", "value": {"stringValue": "alpha"}}],
                                    }
                                ]
                            },
                        }
                    ]
                }
            ],
        }
    ]
}
DEEP = "groups: [{name: g, rules: [{alert: Deep, expr: 'queue_depth > 10', for: 5m, labels: {severity: warning}}]}]\n"


def of_one_hour(folder: Path, form: str) -> TwoWeeks:
    """Write an hour of a queue that is too deep, in one of the text forms; and the incident."""
    times = range(END, END + 3600, 60)
    path = folder / f"history.{form}"
    if form == "jsonl":
        point = OTLP["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["gauge"]["dataPoints"][0]  # type: ignore[index]
        lines = []
        for at in times:
            point["timeUnixNano"] = str(at * 1_000_000_000)
            lines.append(json.dumps(OTLP))
        path.write_text("\n".join(lines))
    else:
        samples = "\n".join(f'queue_depth{{squad="alpha",job="specc"}} 50 {at}' for at in times)
        path.write_text(f"# TYPE queue_depth gauge\n{samples}\n# EOF\n")
    incidents = folder / "incidents.json"
    incidents.write_text(json.dumps([{"labels": {"squad": "alpha", "job": "specc"}, "start": END, "end": END + 3600}]))
    return TwoWeeks(path, incidents, 0)


@pytest.mark.parametrize("form", ["jsonl", "om"])
def test_other_forms_of_history_are_read(form: str, telemetry_command: Command, tmp_path: Path) -> None:
    """OTLP JSON lines and OpenMetrics text with times serve as well as Parquet."""
    status, said = replayed(telemetry_command, written(tmp_path, DEEP), of_one_hour(tmp_path, form))
    assert (status, said["fired"], said["noise"], said["missed"]) == (0, 1, 0, [])
    assert (said["history"]["series"], said["history"]["samples"]) == (1, 60)


BROKEN = {
    "history.parquet": ("PAR1 no", "is no Parquet"),
    "history.jsonl": ("{", ":1: is not JSON"),
    "other.jsonl": ('{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": 3, "sum": {}}]}]}]}', "is no OTLP"),
    "delta.jsonl": (
        '{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "a", "sum": {"aggregationTemporality": 1}}]}]}]}',
        "is a delta",
    ),
    "history.om": ("queue_depth 5\n# EOF\n", "has no time"),
    "broken.om": ("queue depth{ 5\n# EOF\n", "is not OpenMetrics"),
    "empty.jsonl": ("", "has no samples"),
    "far.om": (
        "# TYPE queue_depth gauge\nqueue_depth 5 1e300\n# EOF\n",
        "queue_depth: a sample's time is not in the years",
    ),
    "far.jsonl": (json.dumps(OTLP).replace('"0"', "1e300"), ":1: a sample's time is not in the years"),
    "long.jsonl": (json.dumps(OTLP).replace('"0"', f'"{"9" * 400}"'), ":1: a sample's time is not in the years"),
    "endless.jsonl": (json.dumps(OTLP).replace('"0"', "1e400"), ":1: is no OTLP metrics"),
    "deep.jsonl": ("[" * 200_000, ":1: is not JSON: it is nested too deeply"),
    "history.csv": ("a,b", "is no history: a file of one ends in .jsonl"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_histories_are_refused(name: str, telemetry_command: Command, tmp_path: Path) -> None:
    """A history that cannot be read ends the command with 2, and with what is wrong in which file."""
    text, problem = BROKEN[name]
    weeks = of_one_hour(tmp_path, "om")
    (tmp_path / name).write_text(text)
    options = ("--history", tmp_path / name, "--incidents", weeks.incidents)
    done = telemetry_command("rules", "replay", "--rules", written(tmp_path, DEEP), *options)
    assert done.returncode == 2 and problem in done.stderr and name in done.stderr, done.stderr


WRONG_INCIDENTS = {
    "{}": "must be an array",
    "[": "is not JSON",
    "[" * 200_000: "is not JSON: it is nested too deeply",
    '[{"labels": {"a": "b"}, "start": 0, "end": 1e400}]': "#/0: 'start' and 'end' must be times",
    '[{"labels": {"a": "b"}, "start": -1e400, "end": 0}]': "#/0: 'start' and 'end' must be times",
    '[{"labels": {}, "start": 0, "end": 1}]': "#/0: 'labels' must be an object of strings",
    '[{"labels": {"a": "b"}, "start": "soon", "end": 1}]': "#/0: 'start' and 'end' must be times",
    '[{"labels": {"a": "b"}, "start": 2, "end": 1}, {"lables": {}}]': "#/1: has unknown keys lables",
}


@pytest.mark.parametrize("text", WRONG_INCIDENTS, ids=lambda text: text[:60])
def test_wrong_incidents_are_refused(text: str, telemetry_command: Command, tmp_path: Path) -> None:
    """Incidents that make no sense end the command with 2, and each is named with its place in the file."""
    weeks = of_one_hour(tmp_path, "om")
    weeks.incidents.write_text(text)
    options = ("--history", weeks.history, "--incidents", weeks.incidents)
    done = telemetry_command("rules", "replay", "--rules", written(tmp_path, DEEP), *options)
    assert done.returncode == 2 and WRONG_INCIDENTS[text] in done.stderr, done.stderr


WRONG_RULES = {
    "groups: [": "is not YAML",
    "rules: []": "it has no 'groups'",
    "groups: [{name: g, rules: [{record: 'a:b', expr: c}]}]": "has no rule that alerts",
    "groups: [{name: g, rules: [{alert: A}]}]": "#/groups/0/rules/0: needs 'expr'",
    "groups: [{name: f, rules: []}, {name: g}]": "#/groups/1/rules: must be an array of rules",
    "groups: [{name: g, rules: 5}]": "#/groups/0/rules: must be an array of rules",
    "groups: [{name: g, rules: [2026-99-99]}]": "is not YAML",
    "[" * 200_000: "is not YAML: it is nested too deeply",
    "groups: [{name: g, rules: [{record: a, expr: c}, {record: c, expr: a}, {alert: A, expr: b}]}]": "a needs what",
    "groups: [{name: g, rules: [{alert: A, expr: 'sum(('}]}]": "vmalert: ended with status",
}


@pytest.mark.parametrize("text", WRONG_RULES, ids=lambda text: text[:60])
def test_wrong_rules_are_refused(text: str, telemetry_command: Command, tmp_path: Path) -> None:
    """Rules that cannot be replayed end the command with 2; what vmalert says of them is shown."""
    weeks = of_one_hour(tmp_path, "om")
    options = ("--history", weeks.history, "--incidents", weeks.incidents)
    done = telemetry_command("rules", "replay", "--rules", written(tmp_path, text), *options)
    assert done.returncode == 2 and WRONG_RULES[text] in done.stderr, done.stderr
