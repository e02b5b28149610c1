"""Descriptions that are wrong: each mistake has its file, its place and what to do, and all are told at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from telemetry.contracts import InvalidRegistryError, Registry, load_registry
from telemetry.errors import RegistryError
from telemetry.monitoring import check_texts, generate, read_descriptions

HEAD = """
uid = "mine"
title = "Mine"
description = "What is mine."
persona = "me"
"""
ROW = """
[[rows]]
title = "All"
[[rows.panels]]
title = "One"
"""
QUERY = 'metric = "component_up"\nshow = "min"\n'
PANEL = "/rows/0/panels/0"

ALERT = """
[[alert]]
name = "BuildsSlow"
summary = "Builds take long"
metric = "build_duration_seconds"
show = "p95"
by = ["environment", "team"]
window = "5m"
dashboard = "builds"
warning = { threshold = 60, for = "10m" }
"""

# Text, place, the beginning of the problem.
WRONG = [
    (HEAD + ROW + 'metric = "component_upp"\nshow = "min"', f"{PANEL}/metric",
     "no metric 'component_upp' in the registry"),
    (HEAD + ROW + 'metric = "component_up"\nshow = "p95"', f"{PANEL}/show",
     "component_up is a gauge: 'show' must be one of"),
    (HEAD + ROW + 'metric = "component_up"\nshow = "often"', f"{PANEL}/show", "must be one of rate, increase"),
    (HEAD + ROW + 'metric = "component_up"\nshows = ["min", "often"]', f"{PANEL}/shows/1", "must be one of rate"),
    (HEAD + ROW + 'metric = "component_up"\nshow = "age"', f"{PANEL}/show", "an age needs a time stamp in seconds"),
    (HEAD + ROW + 'metric = "parse_batch_size"\nshow = "p99"', f"{PANEL}/show",
     "summary parse_batch_size keeps the quantiles p50, p90, and no p99"),
    (HEAD + ROW + QUERY + 'by = ["squad"]', f"{PANEL}/by/0", "component_up has no label 'squad': it has environment"),
    (HEAD + ROW + QUERY + 'where = { squad = "a" }', f"{PANEL}/where/squad", "component_up has no label 'squad'"),
    (HEAD + ROW + QUERY + 'where = { environment = "moon" }', f"{PANEL}/where/environment",
     "component_up: label 'environment' must be one of development"),
    (HEAD + ROW + QUERY + 'part = { component = "x" }', f"{PANEL}/show", "a share needs 'part'"),
    (HEAD + ROW + QUERY + 'window = "soon"', f"{PANEL}/window", "'soon' is not a window such as '5m'"),
    (HEAD + ROW + QUERY + 'kind = "pie"', f"{PANEL}/kind", "must be one of timeseries, stat"),
    (HEAD + ROW + QUERY + "width = 25", f"{PANEL}/width", "must be 1 to 24; it is 25"),
    (HEAD + ROW + QUERY + 'colour = "red"', f"{PANEL}/colour", "unknown key; known are"),
    (HEAD + ROW + QUERY + 'alert = "NoSuchAlert"', f"{PANEL}/alert",
     "there is no alert 'NoSuchAlert'; there are AgentHealth"),
    (HEAD + ROW + QUERY + 'alert = "ParserSlow"', f"{PANEL}/alert",
     "ParserSlow judges parse_duration_ms, which this panel does not show"),
    (HEAD + ROW + 'description = "D."\nunit = "s"\nexpr = "sum("', f"{PANEL}/expr", "is not PromQL: unclosed left"),
    (HEAD + ROW + 'metric = "up"\nexpr = "up"\nunit = "count"\ndescription = "D."', f"{PANEL}/metric",
     "an expression of its own stands for all"),
    (HEAD + ROW + 'unit = "count"\nexpr = "up"', PANEL, "'description' is missing"),
    (HEAD + ROW + 'kind = "logs"\ndescription = "D."\nevents = ["verify.blok"]', f"{PANEL}/events/0",
     "no event 'verify.blok' in the registry"),
    (HEAD.replace('uid = "mine"', "") + ROW + QUERY, "", "'uid' is missing"),
    (HEAD.replace("mine", "Mine!") + ROW + QUERY, "/uid", "'Mine!' is not a uid of lower-case letters"),
    (HEAD.replace("mine", "pipeline") + ROW + QUERY, "/uid", "uid 'pipeline' is that of"),
    (HEAD + 'packs = ["piplines"]\n' + ROW + QUERY, "/packs/0", "there is no pack 'piplines'; shipped are"),
    (HEAD + 'variables = ["squad"]\n' + ROW + QUERY, "/variables/0",
     "no metric of this dashboard has the label 'squad'"),
    (HEAD, "", "has no panel; add [[rows]] with [[rows.panels]]"),
    (HEAD + ROW + QUERY + '[[rows.panels]]\ntitle = "One"\n' + QUERY, "/rows/0/panels/1/title",
     "two panels are called 'One'"),
    (HEAD + '[plan]\nstart = "2026-02-01"\nend = "2026-01-01"\nfrom = 1\nto = 0\n' + ROW + QUERY, "/plan/end",
     "must be after 2026-02-01"),
    (HEAD + 'links = { Wiki = "http://me:secret@example.org" }\n' + ROW + QUERY, "/links/Wiki",
     "'http://me:secret@example.org' is not an address such as"),
    (HEAD + 'links = { Wiki = "{wiki}/x" }\n' + ROW + QUERY, "/links/Wiki", "there is no address 'wiki' in links.toml"),
    ("uid = ", "", "is not TOML: Invalid value"),
]  # fmt: skip


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The packs that the examples are about."""
    return load_registry(packs=["common", "parser", "pipeline", "agents"])


def mistakes(registry: Registry, folder: Path, text: str | bytes, name: str = "mine.toml") -> Sequence[RegistryError]:
    """Read one description of a dashboard, and give what is wrong with it."""
    (folder / "dashboards").mkdir(exist_ok=True)
    (folder / "dashboards" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RegistryError) as caught:
        read_descriptions(registry, [folder])
    return caught.value.errors if isinstance(caught.value, InvalidRegistryError) else (caught.value,)


@pytest.mark.parametrize(("text", "pointer", "problem"), WRONG, ids=[problem[:40] for *_, problem in WRONG])
def test_each_mistake_is_told(registry: Registry, tmp_path: Path, text: str, pointer: str, problem: str) -> None:
    """One thing is wrong: that is what is told, with the file and the place."""
    (found,) = mistakes(registry, tmp_path, text)
    assert (found.path, found.pointer) == (str(tmp_path / "dashboards" / "mine.toml"), pointer)
    assert found.problem.startswith(problem)


def test_the_smallest_dashboard_is_well(registry: Registry, tmp_path: Path) -> None:
    """What the mistakes above are made of is right without them; the contract gives description and unit."""
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "mine.toml").write_text(HEAD + ROW + QUERY)
    (found,) = [each for each in read_descriptions(registry, [tmp_path]).dashboards if each.uid == "mine"]
    (panel,) = found.panels
    contract = registry.metric("component_up")
    assert (panel.description, panel.unit) == (contract.description, contract.unit)
    assert panel.queries[0].expression == 'min (component_up{environment=~"$environment"})'


def test_all_mistakes_are_told_at_once(registry: Registry, tmp_path: Path) -> None:
    """A wrong metric in one file does not hide a wrong label in another, nor a file that is no TOML."""
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "a.toml").write_text("uid = ")
    (tmp_path / "dashboards" / "b.toml").write_text(HEAD + ROW + 'metric = "nothing"\nshow = "min"')
    found = mistakes(registry, tmp_path, HEAD.replace("mine", "third") + ROW + QUERY + 'by = ["squad"]', "c.toml")
    assert [Path(each.path).name for each in found] == ["a.toml", "b.toml", "c.toml"]


def test_what_is_no_text_is_told(registry: Registry, tmp_path: Path) -> None:
    """A file in another encoding names the byte."""
    (found,) = mistakes(registry, tmp_path, 'title = "Größe"'.encode("latin-1"))
    assert found.problem == "is not UTF-8: byte 11 is 0xf6; save it as UTF-8"


def test_a_missing_folder_is_told(registry: Registry, tmp_path: Path) -> None:
    """A folder that is not there is no empty one."""
    with pytest.raises(RegistryError, match=r"nowhere#: is no folder; correct the name, or make it"):
        read_descriptions(registry, [tmp_path / "nowhere"])


def test_deprecated_metrics_are_refused(tmp_path: Path) -> None:
    """A dashboard for a metric that goes away says what to show in its place."""
    old = Path(__file__).parent / "broken" / "registry.json"
    text = HEAD + ROW + 'metric = "made_total"\nshow = "rate"'
    (found,) = mistakes(load_registry(old), tmp_path, text)
    assert found.problem == "metric 'made_total' is deprecated; use 'builds_total'"


def test_the_example_of_the_page_is_well(tmp_path: Path) -> None:
    """What the documentation shows can be read as it stands, with an alert of its name."""
    page = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text()
    text = page.partition("```toml\n")[2].partition("```")[0]
    declared = {
        "unit": "seconds",
        "description": "What is measured.",
        "owner": "ci",
        "labels": ["environment", "team"],
    }
    counted = {**declared, "unit": "count", "labels": ["environment", "team", "outcome"]}
    metrics = [
        {**counted, "name": "builds_total", "kind": "counter", "values": {"outcome": ["failure", "success"]}},
        {**declared, "name": "build_duration_seconds", "kind": "histogram", "buckets": [1, 10, 100]},
        {**declared, "name": "queue_depth", "kind": "gauge", "unit": "jobs"},
    ]
    registry = tmp_path / "team.json"
    content = {"extends": [], "enumerations": {"environment": ["staging", "production"]}, "metrics": metrics}
    registry.write_text(json.dumps(content))
    for part, body in (("dashboards", text), ("alerts", ALERT)):
        (tmp_path / part).mkdir()
        (tmp_path / part / "builds.toml").write_text(body)
    loaded = load_registry(registry)
    descriptions = read_descriptions(loaded, [tmp_path])
    assert [each.uid for each in descriptions.dashboards] == ["builds"]
    made = generate(loaded, descriptions)
    assert check_texts(made, loaded) == ()
    panels = json.loads(made["dashboards/ci/builds.json"])["panels"]
    (speed,) = [each for each in panels if each["title"] == "Build duration seconds, p95"]
    assert [each["color"] for each in speed["fieldConfig"]["defaults"]["thresholds"]["steps"]] == ["green", "yellow"]
