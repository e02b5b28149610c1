"""What `telemetry contracts import` makes of files of semantic conventions in YAML, in both layouts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from opentelemetry.metrics import get_meter
from tests.contracts.published import published_attributes, published_metrics
from typer.testing import CliRunner, Result

import telemetry
from telemetry.cli.contracts.docs import docs
from telemetry.cli.contracts.import_ import import_
from telemetry.contracts import SCHEMA_PATH, Registry, check_registry, load_registry
from telemetry.testing import isolated

FOLDER = Path(__file__).with_name("conventions")


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(import_)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def imported(folder: Path, *sources: object) -> tuple[Registry, Result]:
    """Import something, see that the check finds no error in the file, and load it."""
    path = folder / "theirs.json"
    done = run(*sources, "--owner", "them", "--output", path)
    assert done.exit_code == 0, done.output
    assert [str(each) for each in check_registry(path) if each.level == "error"] == []
    return load_registry(path), done


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, Result]:
    """The folder of conventions, imported."""
    return imported(tmp_path_factory.mktemp("model"), FOLDER)


def test_files_of_a_folder_are_resolved_together(model: tuple[Registry, Result]) -> None:
    """What one file defines, another refers to and a third extends: labels, their values and what must be there."""
    registry, _ = model
    duration = registry.metric("http_server_request_duration_seconds")
    assert duration.labels == ("http_request_method", "http_response_status_code", "error_type", "http_route")
    assert duration.values["http_request_method"] == {"GET", "HEAD", "POST", "PUT", "DELETE", "_OTHER"}
    assert (duration.kind, duration.unit, duration.stability) == ("histogram", "seconds", "stable")
    client = registry.span("http.client")
    assert (client.kind, client.description) == ("client", "A request that goes out.")
    always = {name for name, attribute in client.attributes.items() if attribute.required == "always"}
    assert always == {"http.request.method", "server.address", "server.port", "url.full"}
    assert client.attributes["http.request.header.*"].is_family
    assert registry.span("http.server").kind == "server"


def test_names_and_units_are_those_of_a_scrape(model: tuple[Registry, Result]) -> None:
    """Units are spelled out, and a counter ends in `_total`, as OpenTelemetry's compatibility document says."""
    registry, _ = model
    found = {name: (metric.kind, metric.unit, metric.across) for name, metric in registry.metrics.items()}
    expected = {
        "process_cpu_time_seconds_total": ("counter", "seconds", "sum"),
        "system_disk_io_bytes_total": ("counter", "bytes", "sum"),
        "db_client_connection_timeouts_total": ("counter", "timeouts", "sum"),
        "system_network_bandwidth_bytes_per_second": ("gauge", "bytes_per_second", "last"),
        "system_cpu_utilization_ratio": ("gauge", "ratio", "last"),
        "http_server_active_requests": ("gauge", "requests", "sum"),
        "http_client_request_body_size_bytes": ("histogram", "bytes", "merge"),
        "gen_ai_client_token_usage": ("histogram", "tokens", "merge"),
    }
    assert {name: found[name] for name in expected} == expected


def test_the_newer_layout(model: tuple[Registry, Result]) -> None:
    """`file_format: definition/2` says the same: groups that refer to groups, and spans that refine others."""
    registry, done = model
    assert registry.metric("gen_ai_client_token_usage").labels == (
        "gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name", "gen_ai_token_type",
    )  # fmt: skip
    call, refined = registry.span("gen_ai.inference.client"), registry.span("openai.inference.client")
    assert call.attributes["gen_ai.operation.name"].required == "always"
    assert call.attributes.keys() < refined.attributes.keys()
    assert (refined.kind, refined.attributes["openai.api.type"].required) == ("client", "always")
    assert registry.attributes["gen_ai.request.model"].origin == "OpenTelemetry"
    for line in (
        "group gen_ai.agent: there is no contract for the type 'entity'",
        "group openai.client.token.usage: there is no contract for the type 'metric refinement'",
        "group http.*: there is no contract for the type 'import'",
    ):
        assert line in done.stderr.splitlines()


def test_events_become_events(model: tuple[Registry, Result]) -> None:
    """An event's attributes are fields of its lines, with `_` for `.`; what no field can hold is named."""
    registry, done = model
    event = registry.event("exception")
    assert {name: field.required for name, field in event.fields.items()} == {
        "exception_type": "always",
        "exception_message": "never",
    }
    assert registry.event("gen_ai.evaluation.result").fields["gen_ai_operation_name"].values >= {"chat", "embeddings"}
    assert "event exception: its body is left out; a line has fields" in done.stderr


@pytest.mark.usefixtures("alone")
def test_a_line_of_an_imported_event(tmp_path: Path) -> None:
    """What was imported is in force: a line of the event is recorded, and one without its field is told."""
    imported(tmp_path, FOLDER)
    pack = json.loads((Path(SCHEMA_PATH).parent / "packs" / "pipeline.json").read_text())
    ours = {"extends": [], "fields": pack["fields"], "enumerations": pack["enumerations"]}
    (tmp_path / "ours.json").write_text(json.dumps(ours))
    with isolated(registry=[tmp_path / "theirs.json", tmp_path / "ours.json"]) as recording:
        telemetry.get_logger("test").info("exception", exception_type="ValueError")
        assert recording.violations() == {}
        telemetry.get_logger("test").info("exception", exception_message="No.")
        assert "'exception_type' is missing" in str(recording.violations())
    assert recording.logs[0].fields["exception_type"] == "ValueError"


def test_enumerations(model: tuple[Registry, Result]) -> None:
    """Strings close an attribute, numbers give it their type, and one member that stands for others closes nothing."""
    registry, _ = model
    assert registry.attributes["rpc.grpc.status_code"].type == "int"
    assert registry.attributes["error.type"].values == frozenset()
    assert registry.attributes["db.system.name"].values == {"postgresql", "mysql", "off"}, "YAML 1.2 has no `off`"


def test_what_is_renamed_names_its_successor(model: tuple[Registry, Result]) -> None:
    """A deprecated metric leads to the one that it was renamed to, under the name that it has here."""
    old = model[0].metric("db_client_connections_usage")
    assert (old.stability, old.replaced_by) == ("deprecated", "db_client_connection_count")


def test_several_files_are_resolved_together(tmp_path: Path) -> None:
    """Files that are named one by one refer to each other; without the one that defines, each reference is named."""
    registry, _ = imported(tmp_path, FOLDER / "http.yaml", FOLDER / "registry.yaml")
    assert "http_request_method" in registry.metric("http_server_active_requests").labels
    (tmp_path / "theirs.json").unlink()
    alone, done = imported(tmp_path, FOLDER / "http.yaml")
    assert alone.metric("http_server_active_requests").labels == ()
    assert "refers to 'http.request.method', which is not among the groups" in done.stderr


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    """A file of either language gives the same contracts, and both may be named at once."""
    content = yaml.safe_load((FOLDER / "registry.yaml").read_text())
    (tmp_path / "registry.json").write_text(json.dumps(content))
    both, _ = imported(tmp_path, tmp_path / "registry.json", FOLDER / "db.yaml")
    (tmp_path / "theirs.json").rename(tmp_path / "first.json")
    yaml_only, _ = imported(tmp_path, FOLDER / "registry.yaml", FOLDER / "db.yaml")
    assert both.metrics.keys() == yaml_only.metrics.keys()


def test_what_is_there_twice_is_taken_once(tmp_path: Path) -> None:
    """A folder and a copy of one of its files are no mistake: the first declaration counts."""
    shutil.copy(FOLDER / "db.yaml", tmp_path / "copy.yaml")
    _, done = imported(tmp_path, FOLDER, tmp_path / "copy.yaml")
    assert "metric process_cpu_time_seconds_total: is there twice; the first is taken" in done.stderr


def test_one_declaration_that_cannot_stand_is_left_out(tmp_path: Path) -> None:
    """Two metrics that would expose one series cannot both be carried: one is named, and the rest is imported."""
    metrics = [("a.size", "histogram"), ("a.size.count", "updowncounter"), ("b", "updowncounter")]
    path = tmp_path / "clash.yaml"
    path.write_text(
        yaml.safe_dump(
            {"groups": [{"id": f"metric.{name}", "type": "metric", "metric_name": name, "instrument": instrument,
                         "unit": "{x}", "brief": "One of them."} for name, instrument in metrics]}
        )
    )  # fmt: skip
    registry, done = imported(tmp_path, path)
    assert registry.metrics.keys() == {"a_size", "b"}
    assert "metric a_size_count: is left out: TC105" in done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, Result, Path]:
    """All that OpenTelemetry publishes for Python, written as YAML and imported."""
    folder = tmp_path_factory.mktemp("published")
    groups = list(published_metrics())
    attributes = {"id": "registry", "type": "attribute_group", "attributes": list(published_attributes())}
    (folder / "metrics.yaml").write_text(yaml.safe_dump({"groups": groups}))
    (folder / "registry.yaml").write_text(yaml.safe_dump({"groups": [attributes]}))
    registry, done = imported(folder, folder / "metrics.yaml", folder / "registry.yaml")
    return registry, done, folder


def test_all_that_is_published_is_carried(whole: tuple[Registry, Result, Path]) -> None:
    """Every metric of OpenTelemetry becomes one contract of its kind, or is named with the reason; attributes alike."""
    registry, done, folder = whole
    published = list(published_metrics())
    lost = [line for line in done.stderr.splitlines() if line.startswith("metric ") and "no buckets" not in line]
    carried = json.loads((folder / "theirs.json").read_text())["metrics"]
    assert len(carried) + len(lost) == len(published) > 400
    assert len(lost) < 5, lost
    assert len(registry.attributes) > 700


@pytest.mark.usefixtures("alone")
def test_published_metrics_keep_kind_and_unit(whole: tuple[Registry, Result, Path]) -> None:
    """An instrument as OpenTelemetry's own function makes it records under its contract, all attributes aside."""
    _, done, folder = whole
    with isolated(registry=folder / "theirs.json") as recording:
        meter = get_meter("test")
        for each in published_metrics():
            wanted = {"name": each["metric_name"], "unit": each["unit"]}
            if each["instrument"] == "counter":
                meter.create_counter(**wanted).add(1)
            elif each["instrument"] == "updowncounter":
                meter.create_up_down_counter(**wanted).add(1)
            elif each["instrument"] == "histogram":
                meter.create_histogram(**wanted).record(1)
            else:
                meter.create_gauge(**wanted).set(1)
        recorded = recording.metrics.keys() & load_registry(folder / "theirs.json").metrics.keys()
        missing = [name for name in recording.metrics if "." in name and f"metric {name}" not in done.stderr]
    assert len(recorded) > 400
    assert missing == []


def test_documents_of_all_that_is_published(whole: tuple[Registry, Result, Path]) -> None:
    """`telemetry contracts docs` describes each of these metrics."""
    registry, _, folder = whole
    app = typer.Typer()
    app.command()(docs)
    done = CliRunner().invoke(app, ["--registry", str(folder / "theirs.json"), "--output", str(folder)])
    assert done.exit_code == 0, done.output
    text = (folder / "data_contracts.md").read_text()
    assert [name for name in registry.metrics if f"`{name}`" not in text] == []


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("groups:\n\t- id: x\n", 2, "it is indented with a tab, use spaces"),
        (BOMB, 6, "has more than 250000 values, those of aliases included"),
        ("groups: &a\n  - *a\n", 2, "the alias 'a' stands for nothing that is complete before it"),
        ("groups:\n- id: x\n  type: metric\n  id: y\n", 4, "the key 'id' is there twice; keep one"),
        ("groups:\n- type: metric\n  <<: {id: x}\n", 3, "a key has to be a plain name here; it is '<<'"),
        ("groups:\n- ? [a]\n  : b\n", 2, "a key has to be a plain name here; it is 'none'"),
        ("- id: x\n", 0, "must be a mapping of 'groups' or of a definition/2; it is a list"),
        ("just words\n", 0, "must be a mapping of 'groups' or of a definition/2; it is 'just words'"),
        ("\nnames: 3\n", 2, "has no 'groups', as semantic conventions have"),
        ("groups: 3\n", 1, "'groups' must be a list; it is 3"),
        ("groups:\n- x\n", 1, "'groups' has a member that is no mapping: 'x'"),
        ("groups:\n- id: x\n  type: metrics\n", 2, "'metrics' is no type of a group; did you mean 'metric'?"),
        ("groups:\n- id: x\n  type: span\n  attributes: y\n", 2, "'attributes' must be a list; it is 'y'"),
        ("groups:\n- attributes:\n  - brief: y\n", 3, "an attribute has no name; add one of id, key, ref, ref_group"),
        ("groups:\n- attributes:\n  - id: y\n    type: [string]\n", 3, "the type of an attribute is a name"),
        ("groups: !!python/object/apply:os.system [id]\n", 1, "has the tag 'tag:yaml.org,2002:python/object/apply"),
        ("groups: [\n", 2, "is not YAML: "),
        ("groups: []\n---\ngroups: []\n", 2, "has a second document; write one to a file"),
        ("groups: " + "[" * 90 + "]" * 90, 1, "is nested more than 50 levels deep"),
        ("- " * 100_000, 1, "is nested more than 50 levels deep"),
        ("\ngroups: \x01\n", 2, "is not YAML: "),
        ("file_format: definition/2\nimports: [x]\n", 1, "'imports' must have lists of names"),
        ("file_format: definition/2\nmetrics:\n- name: x\n  attributes: [y]\n", 3, "'attributes' has a member"),
    ],
)
def test_bad_yaml(tmp_path: Path, text: str, line: int, problem: str) -> None:
    """What is no file of conventions is told at once with file, line and problem, and nothing is written."""
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    done = run(path, "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, (tmp_path / "out.json").exists()) == (2, False), done.output
    assert done.stderr.startswith(f"telemetry: {path}:{f'{line}:' if line else ''} "), done.stderr
    assert problem in done.stderr


def test_sources_that_hold_nothing(tmp_path: Path) -> None:
    """An empty file carries nothing over, and a folder without a file of conventions is bad usage."""
    (tmp_path / "empty.yaml").write_text("# later\n")
    done = run(tmp_path / "empty.yaml", "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, "could be carried over" in done.stderr) == (1, True)
    (tmp_path / "folder").mkdir()
    done = run(tmp_path / "folder", "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, "has no file that ends in .yaml or .yml" in done.stderr) == (2, True)


def test_a_scrape_beside_conventions(tmp_path: Path) -> None:
    """Only files of conventions are read together; a scrape among them is told."""
    (tmp_path / "scrape.txt").write_text("load 1\n")
    done = run(FOLDER, tmp_path / "scrape.txt", "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, "must be a mapping of 'groups'" in done.stderr) == (2, True)


def test_an_attribute_that_extends_itself(tmp_path: Path) -> None:
    """Groups that extend or include each other in a circle end, with what they all have."""
    content: dict[str, Any] = {
        "groups": [
            {
                "id": "a",
                "type": "attribute_group",
                "extends": "b",
                "attributes": [{"id": "x.one", "type": "int", "brief": "the first"}],
            },
            {"id": "b", "type": "attribute_group", "extends": "a", "attributes": [{"ref_group": "a"}]},
            {"id": "span.c", "type": "span", "extends": "b", "span_kind": "client", "brief": "a span"},
        ]
    }
    (tmp_path / "circle.yaml").write_text(yaml.safe_dump(content))
    registry, _ = imported(tmp_path, tmp_path / "circle.yaml")
    assert list(registry.span("c").attributes) == ["x.one"]


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """A file that holds nothing is said to be empty, alone and among others."""
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "full.yaml").write_text("groups:\n- {id: span.a.b, type: span, brief: It., span_kind: client}\n")
    alone = run(tmp_path / "empty.yaml", "--owner", "me", "--output", tmp_path / "a.json")
    both = run(tmp_path, "--owner", "me", "--output", tmp_path / "b.json")
    assert (alone.exit_code, both.exit_code) == (1, 0)
    for done in (alone, both):
        assert f"{tmp_path / 'empty.yaml'}: is empty" in done.stderr.splitlines()


def test_groups_in_a_ring_are_named(tmp_path: Path) -> None:
    """Groups that extend each other in a ring are carried over, and the ring is told once."""
    group = "- {{id: {0}, type: span, brief: It., extends: {1}}}\n"
    (tmp_path / "a.yaml").write_text("groups:\n" + group.format("a", "b") + group.format("b", "a"))
    done = run(tmp_path / "a.yaml", "--owner", "me", "--output", tmp_path / "a.json")
    told = [line for line in done.stderr.splitlines() if "takes from itself" in line]
    assert (done.exit_code, told) == (
        0, ["group b: takes from itself (b → a → b); leave one 'extends' or 'ref_group' out"],
    )  # fmt: skip
