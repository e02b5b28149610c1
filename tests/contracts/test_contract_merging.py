"""Files extend packs and each other: they add, they may repeat, and they never change what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.files import COUNTER, EVENT, FIELD, GAUGE, HISTOGRAM, SPAN, SUMMARY, Files

from telemetry.contracts import DEFAULT_PACKS, InvalidRegistryError, ShareContract, load_registry
from telemetry.errors import ContractError, RegistryError

PACK: Any = json.loads((Path(load_registry().metric("compile_success_total").source)).read_text())
SHARE = {"metric": "builds_total", "label": "outcome", "value": "failure", "interval_seconds": 60}
BUILDS = {**COUNTER, "labels": ["environment", "outcome"]}


def test_a_file_adds_to_the_packs(files: Files) -> None:
    """What a file declares stands beside what the pack has, and says where it comes from."""
    registry = files.load(
        {"metrics": [COUNTER], "spans": [SPAN], "events": [EVENT], "fields": [{**FIELD, "name": "squad"}]}
    )
    assert registry.metric("builds_total").source == str(files.folder / "team0.json") == registry.files[0]
    assert registry.metric("compile_failure_total").source.endswith("pipeline.json")
    assert registry.span("image.build").attributes["team.name"].type == "string"
    assert registry.event("image.done").severity == "info"
    assert {"squad", "run_id"} <= registry.fields.keys()


def test_a_file_needs_nothing_in_it(files: Files) -> None:
    """The smallest registry file changes nothing."""
    assert files.load({}).metrics == load_registry().metrics


def test_enumerations_add_up(files: Files) -> None:
    """A new value of a closed label is taken by the pack's metrics too, beside those that they had."""
    registry = files.load({"enumerations": {"maturity": ["frozen"], "team": ["red"]}, "metrics": [COUNTER]})
    assert registry.enumerations["maturity"] == ("experimental", "beta", "stable", "deprecated", "frozen")
    assert registry.metric("backend_maturity").label_breach("maturity", "frozen") is None
    assert registry.metric("backend_maturity").label_breach("maturity", "beta") is None
    assert registry.metric("builds_total").values["team"] == {"red"}


def test_a_metric_narrows_an_enumeration(files: Files) -> None:
    """A metric may take fewer values than the enumeration has, and not others."""
    narrow = {**COUNTER, "labels": ["environment"], "values": {"environment": ["staging"]}}
    assert files.load({"metrics": [narrow]}).metric("builds_total").values == {"environment": {"staging"}}
    wrong = {**narrow, "values": {"environment": ["stagin"]}}
    pointer, problem = files.mistake({"metrics": [wrong]})
    assert pointer == "/metrics/0/values/environment"
    assert problem == (
        "'stagin' is not in the enumeration 'environment'; did you mean 'staging'? "
        "It has online, offline, development, staging, production; add it there, or correct it"
    )


def test_values_close_an_open_label(files: Files) -> None:
    """A label without an enumeration is closed for one metric by naming its values there."""
    contract = files.load({"metrics": [{**COUNTER, "values": {"team": ["red"]}}]}).metric("builds_total")
    assert contract.label_breach("team", "red") is None
    assert contract.label_breach("team", "blue") == "builds_total: label 'team' must be one of red; it is 'blue'"


def test_cardinality_is_set_anew(files: Files) -> None:
    """A file sets the limits that it names; the others stay."""
    registry = files.load({"cardinality": {"staging": 7, "offline": 3}})
    limits = {name: registry.cardinality_limit(name) for name in ("staging", "offline", "production", "development")}
    assert limits == {"staging": 7, "offline": 3, "production": 200, "development": 200}
    registry = files.load({"cardinality": {"default": 100}})
    assert (registry.cardinality_limit("development"), registry.cardinality_limit("production")) == (100, 200)


@pytest.mark.parametrize("key", ["metrics", "attributes", "spans", "fields", "events"])
def test_repeating_a_contract_changes_nothing(files: Files, key: str) -> None:
    """A file may copy a declaration of the pack as it is."""
    registry, before = files.load({key: PACK[key]}), load_registry()
    assert getattr(registry, key) == getattr(before, key)


@pytest.mark.parametrize(
    ("key", "noun", "change"),
    [
        ("metrics", "metric", "description"),
        ("attributes", "attribute", "description"),
        ("spans", "span", "description"),
        ("fields", "field", "description"),
        ("events", "event", "description"),
    ],
)
def test_changing_a_contract_is_refused(files: Files, key: str, noun: str, change: str) -> None:
    """A contract of a pack has one meaning everywhere; the error names the other file and what differs."""
    changed = {**PACK[key][0], change: "Something else."}
    pointer, problem = files.mistake({key: [changed]})
    assert pointer == f"/{key}/0/name"
    assert problem.startswith(f"{noun} {changed['name']!r} is declared in ")
    assert problem.endswith(f"pipeline.json already, and differs in {change}; give yours another name, or leave it out")


def test_declaring_a_contract_twice_in_a_file(files: Files) -> None:
    """Two equal names in one file are a slip, even if all else is equal."""
    pointer, problem = files.mistake({"metrics": [COUNTER, COUNTER]})
    assert (pointer, problem) == ("/metrics/1/name", "metric 'builds_total' is declared in this file twice; keep one")


def test_two_files_of_the_user_extend_each_other(files: Files) -> None:
    """A later file may use what an earlier one declares, and contradicts it as little as a pack."""
    registry = files.load({"enumerations": {"team": ["red"]}}, {"metrics": [COUNTER]})
    assert registry.metric("builds_total").label_breach("team", "blue") is not None
    with pytest.raises(RegistryError, match="differs in unit; give yours another name"):
        files.load({"metrics": [GAUGE]}, {"metrics": [{**GAUGE, "unit": "tasks"}]})


def test_naming_a_file_twice(files: Files) -> None:
    """The same file under two names of its path is read once."""
    path = files.write({"metrics": [COUNTER]})
    registry = load_registry(path, path.parent / "." / path.name, str(path))
    assert registry.files == (str(path),)


@pytest.mark.parametrize(
    ("first", "second", "series"),
    [
        (HISTOGRAM, {**GAUGE, "name": "build_duration_seconds_sum", "unit": "seconds"}, "build_duration_seconds_sum"),
        (HISTOGRAM, {**GAUGE, "name": "build_duration_seconds_bucket"}, "build_duration_seconds_bucket"),
        (SUMMARY, {**GAUGE, "name": "image_size_bytes_count"}, "image_size_bytes_count"),
        (COUNTER, {**GAUGE, "name": "builds"}, "builds"),
        (COUNTER, {**GAUGE, "name": "builds_created"}, "builds_created"),
    ],
)
def test_series_that_clash(files: Files, first: dict[str, Any], second: dict[str, Any], series: str) -> None:
    """Two metrics whose exposed series have one name would break the scrape of both."""
    pointer, problem = files.mistake({"metrics": [first, second]})
    assert pointer == "/metrics/1/name"
    assert problem == f"{second['name']!r} and {first['name']!r} would both expose {series!r}; rename one"


def test_the_successor_of_a_metric_exists(files: Files) -> None:
    """`replaced_by` leads to another metric of the registry."""
    old = {**COUNTER, "stability": "deprecated", "since": "2026-01-31", "replaced_by": "builds_v2_total"}
    new = {**COUNTER, "name": "builds_total_v2"}
    pointer, problem = files.mistake({"metrics": [old, new]})
    assert pointer == "/metrics/0/replaced_by"
    assert problem == "'builds_v2_total' is no other metric of the registry; did you mean 'builds_total_v2'?"
    assert files.load({"metrics": [{**old, "replaced_by": "builds_total_v2"}, new]})


@pytest.mark.parametrize(
    ("change", "labels", "key", "problem"),
    [
        ({"metric": "build_total"}, ["environment"], "metric", "'build_total' is no counter of the registry; did you"),
        ({"metric": "failed_ratio"}, ["environment"], "metric", "'failed_ratio' is no counter of the registry"),
        ({"label": "environment"}, ["environment"], "label", "'environment' is no label that only builds_total has"),
        ({"label": "team"}, ["environment"], "label", "'team' is no label that only builds_total has; it may be outc"),
        ({"value": "fail"}, ["environment"], "value", "builds_total: label 'outcome' must be one of blocked, canc"),
        ({}, ["environment", "team"], "metric", "builds_total lacks the label 'team' of this metric; give both the s"),
    ],
)
def test_a_share_follows_from_a_counter(
    files: Files, change: dict[str, Any], labels: list[str], key: str, problem: str
) -> None:
    """A derived gauge names a counter that is there, and a label of it that the gauge does not have."""
    ratio = {**GAUGE, "name": "failed_ratio", "unit": "ratio", "range": [0, 1], "labels": ["environment"]}
    right = files.load({"metrics": [BUILDS, {**ratio, "share": SHARE}]}).metric("failed_ratio").share
    assert right == ShareContract("builds_total", "outcome", "failure", 60)
    wrong = {**ratio, "labels": labels, "share": {**SHARE, **change}}
    pointer, found = files.mistake({"metrics": [BUILDS, wrong]})
    assert pointer == f"/metrics/1/share/{key}"
    assert found.startswith(problem)


def test_packs_can_be_chosen(files: Files) -> None:
    """The caller loads the packs that it names, none among them."""
    assert load_registry(packs=["pipeline"]).packs == DEFAULT_PACKS
    alone = files.load({"metrics": [COUNTER]}, packs=[])
    assert (alone.packs, list(alone.metrics)) == ((), ["builds_total"])
    assert load_registry(packs="pipeline") == load_registry()
    with pytest.raises(
        ContractError, match=r"there is no pack 'pipline'; did you mean 'pipeline'\? Shipped: agents, alerts, business"
    ):
        load_registry(packs=["pipline"])


def test_files_choose_packs_too(files: Files) -> None:
    """`extends` names what a file builds on: nothing else is loaded, and what the caller leaves out is missed."""
    assert files.load({"extends": ["pipeline"]}).packs == ("pipeline",)
    assert files.load({"extends": []}).packs == ()
    assert files.load({"extends": []}, {}).packs == DEFAULT_PACKS
    assert files.load({"extends": ["quality", "pipeline"]}).packs == ("pipeline", "quality")
    with pytest.raises(
        RegistryError, match="#/extends/0: pack 'pipeline' is needed here, and the caller asks for none"
    ):
        files.load({"extends": ["pipeline"]}, packs=[])


def test_contradictions_are_reported_together(files: Files) -> None:
    """What only all files together show to be wrong is in one error, too."""
    path = files.write({"metrics": [COUNTER, COUNTER, {**GAUGE, "name": "builds"}]})
    with pytest.raises(InvalidRegistryError) as caught:
        load_registry(path)
    assert [item.pointer for item in caught.value.errors] == ["/metrics/1/name", "/metrics/2/name"]
