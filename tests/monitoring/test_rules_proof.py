"""promtool proves the rules, and the proof is worth something: a rule that is wrong fails it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from tests.engines import needs
from tests.monitoring.trees import described, loaded, rules_of, write_tree
from typer.testing import CliRunner

from telemetry.cli.rules import app
from telemetry.monitoring.description.duration import duration, seconds
from telemetry.operations.proof import prove_tree

EXCEPTIONS = """
[[override]]
alert = "AgentSlow"
match = { agent = "builder" }
warning = { threshold = 60, for = "20m" }

[[override]]
alert = "AgentSlow"
match = { environment = "staging" }
warning = { threshold = 120 }

[[override]]
alert = "AgentSlow"
match = { environment = "staging", agent = "builder" }
owner = "build-team"

[[override]]
alert = "AgentSilent"
match = { agent = "nightly" }
critical = { threshold = 43200 }

[[override]]
alert = "CapacityIdle"
owner = "people"
warning = { threshold = 0.5, for = "2h" }
critical = { threshold = 0.4 }

[[override]]
alert = "DefectEscaped"
match = { environment = "development" }
critical = { threshold = 3 }

[[override]]
alert = "IngestStale"
match = { metric_family = "cost" }
warning = { threshold = 172800 }
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate what is shipped."""
    folder = tmp_path_factory.mktemp("tree")
    return write_tree(folder, described(folder))


def only(tree: Path, folder: Path, alert: str, group: str) -> Path:
    """Copy the rules and the tests of one alert."""
    for name in (f"rules/{group}.yml", f"tests/{alert}.yml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree / name, folder / name)
    return folder


def failing(tree: Path) -> list[str]:
    """Give the files that fail."""
    return [each.file for each in prove_tree(tree) if each.problem]


@needs("promtool", "amtool")
def test_shipped_rules_and_configurations_are_proven(tree: Path) -> None:
    """Both programs accept every file, and every unit test passes: edges, `for`, resolution, missing data."""
    checked = prove_tree(tree)
    assert [each for each in checked if each.problem] == []
    tested = {Path(each.file).stem for each in checked if each.what == "test"}
    rules = [
        rule
        for path in (tree / "rules").glob("*.yml")
        for rule in loaded(tree, f"rules/{path.name}")["groups"][0]["rules"]
    ]
    assert {rule["alert"] for rule in rules if "alert" in rule} <= tested


@needs("promtool", "amtool")
def test_exceptions_are_proven(tmp_path: Path) -> None:
    """With exceptions by agent, by environment and by both, each series is judged by one threshold: its own."""
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", alerts_ours=EXCEPTIONS))
    changed = set(re.findall(r'alert = "(\w+)"', EXCEPTIONS))
    for path in (tree / "tests").glob("*.yml"):
        if path.stem not in changed:
            path.unlink()
    assert failing(tree) == []
    names = [test["name"] for test in loaded(tree, "tests/AgentSlow.yml")["tests"]]
    assert "AgentSlow warning, environment staging: judged by its own threshold" in names


OF_A_USER = {
    "MemoryTight": """
[[alert]]
name = "MemoryTight"
summary = "An agent has hardly any memory left"
metric = "agent_memory_ratio"
show = "last"
warning = { threshold = 0.9, for = "10m" }
""",
    "AgentSlow": """
[[override]]
alert = "AgentSlow"
match = { agent = "builder" }
warning = { threshold = 40, for = "1h", window = "30m" }
""",
}


@needs("promtool", "amtool")
@pytest.mark.parametrize("alert", OF_A_USER)
def test_alerts_of_a_user_are_proven(tmp_path: Path, alert: str) -> None:
    """An alert on each series keeps its labels; a threshold inside a bucket is silent a bucket below."""
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", alerts_ours=OF_A_USER[alert]))
    copy = only(tree, tmp_path / "copy", alert, "ours" if alert == "MemoryTight" else "agents")
    assert failing(copy) == []


@needs("promtool", "amtool")
@pytest.mark.parametrize(
    ("alert", "group"),
    [("ParserSlow", "parser"), ("CapacityExceeded", "delivery"), ("DeadLetters", "runs"), ("UploadsRetried", "runs"),
     ("AgentSilent", "agents"), ("IngestFails", "ingest"), ("RegressionCoverageLow", "quality")],
)  # fmt: skip
def test_a_wrong_threshold_fails(tree: Path, tmp_path: Path, alert: str, group: str) -> None:
    """A rule whose threshold is not the described one fails its tests."""
    copy = only(tree, tmp_path, alert, group)
    rules = loaded(copy, f"rules/{group}.yml")
    for rule in rules["groups"][0]["rules"]:
        if rule.get("alert") == alert:
            rule["expr"] = re.sub(r"(?<= [<>] )([0-9.]+)$", lambda found: str(float(found[1]) * 3 + 1), rule["expr"])
    (copy / f"rules/{group}.yml").write_text(yaml.safe_dump(rules))
    assert failing(copy) == [f"tests/{alert}.yml"]


@needs("promtool", "amtool")
@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize(("alert", "group"), [("ParserSlow", "parser"), ("RunCoverageLow", "runs")])
def test_a_wrong_time_fails(tree: Path, tmp_path: Path, alert: str, group: str, change: int) -> None:
    """A rule that waits one evaluation less or more than described fails its tests."""
    copy = only(tree, tmp_path, alert, group)
    rules, step = loaded(copy, f"rules/{group}.yml"), seconds(loaded(copy, f"tests/{alert}.yml")["evaluation_interval"])
    for rule in rules["groups"][0]["rules"]:
        if rule.get("alert") == alert:
            rule["for"] = duration(seconds(rule["for"]) + change * step)
    (copy / f"rules/{group}.yml").write_text(yaml.safe_dump(rules))
    assert failing(copy) == [f"tests/{alert}.yml"]


STRANGE = r"""
[[override]]
alert = "AgentSilent"
match = { agent = 'a"}or(1)#\{},}$window' }
critical = { threshold = 600 }

[[override]]
alert = "AgentSlow"
match = { agent = 'a"}or(1)#\{},}$window' }
warning = { threshold = 60 }
"""


@needs("promtool", "amtool")
@pytest.mark.parametrize(("alert", "group"), [("AgentSilent", "agents"), ("AgentSlow", "agents")])
def test_values_of_exceptions_stay_values(tmp_path: Path, alert: str, group: str) -> None:
    """A value with quotes, braces and backslashes becomes no PromQL: the rule asks for it, and is proven with it."""
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", alerts_ours=STRANGE))
    copy = only(tree, tmp_path / "copy", alert, group)
    assert failing(copy) == []
    expressions = [rule["expr"] for rule in rules_of(copy, alert)]
    assert all(r'agent="a\"}or(1)#\\{},}$window"' in each for each in expressions)


@needs("promtool", "amtool")
@pytest.mark.parametrize("agent", ["=~build.*|test", "!=a", "!~[a-c]", "builder"])
def test_narrowed_alerts_are_proven(tmp_path: Path, agent: str) -> None:
    """An alert on some series only is proven with one that its query asks for, whatever compares them."""
    ours = (
        '[[alert]]\nname = "AgentFull"\nsummary = "An agent is full"\nmetric = "agent_memory_ratio"\nshow = "last"\n'
        f'by = ["agent", "environment"]\nwhere = {{ agent = "{agent}", environment = "!=production" }}\n'
        'warning = { threshold = 0.9, for = "10m" }\n'
    )
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", alerts_ours=ours))
    assert failing(only(tree, tmp_path / "copy", "AgentFull", "ours")) == []


@needs("promtool", "amtool")
def test_a_gap_does_not_begin_the_days_anew(tree: Path, tmp_path: Path) -> None:
    """A service without deployments for three days alerts in spite of hours without data; a deployment ends it."""
    copy = only(tree, tmp_path, "DeploymentsStopped", "delivery")
    series = 'deployment_frequency_weekly{environment="staging",service_name="api"}'
    firing = loaded(copy, "tests/DeploymentsStopped.yml")["tests"]
    expected = next(check["exp_alerts"] for each in firing for check in each["alert_rule_test"] if check["exp_alerts"])
    labels = {**expected[0]["exp_labels"], "environment": "staging", "service_name": "api"}
    said = re.sub(r"\(.*?\)", "(environment staging, service_name api)", expected[0]["exp_annotations"]["description"])
    alert = {"exp_labels": labels, "exp_annotations": {**expected[0]["exp_annotations"], "description": said}}
    checks = [
        {"eval_time": at, "alertname": "DeploymentsStopped", "exp_alerts": alerts}
        for at, alerts in (("71h", []), ("72h", [alert]), ("81h", []))
    ]
    test = {"interval": "1h", "input_series": [{"series": series, "values": "0x30 _x5 0x43 1x10"}],
            "alert_rule_test": checks}  # fmt: skip
    content = {"rule_files": ["../rules/delivery.yml"], "evaluation_interval": "1h", "tests": [test]}
    (copy / "tests/DeploymentsStopped.yml").write_text(yaml.safe_dump(content))
    assert [each for each in prove_tree(copy) if each.problem] == []


@needs("promtool", "amtool")
def test_an_exception_without_exclusion_fails(tmp_path: Path) -> None:
    """Were a series judged by its own threshold and by the common one too, a test would fail."""
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", alerts_ours=EXCEPTIONS))
    copy = only(tree, tmp_path / "copy", "AgentSlow", "agents")
    rules = loaded(copy, "rules/agents.yml")
    for rule in rules["groups"][0]["rules"]:
        rule["expr"] = rule["expr"].partition("\n  unless histogram")[0] if "alert" in rule else rule["expr"]
    (copy / "rules/agents.yml").write_text(yaml.safe_dump(rules))
    assert failing(copy) == ["tests/AgentSlow.yml"]


@needs("promtool", "amtool")
def test_the_command_tells_what_failed(tree: Path, tmp_path: Path) -> None:
    """`telemetry rules test` ends with 1 and shows the words of promtool; as JSON, by file."""
    copy = only(tree, tmp_path, "DeadLetters", "runs")
    assert CliRunner().invoke(app, ["test", str(copy)]).exit_code == 0
    path = copy / "rules/runs.yml"
    path.write_text(path.read_text().replace("gazeqa_dlq_backlog) > 0", "gazeqa_dlq_backlog > 0"))
    shown = CliRunner().invoke(app, ["test", str(copy)])
    assert shown.exit_code == 1
    assert "rules/runs.yml: check failed" in shown.output and "could not parse expression" in shown.output
    told = json.loads(CliRunner().invoke(app, ["test", str(copy), "--json"]).stdout)
    assert {each["file"] for each in told["checks"] if each["problem"]} == {"rules/runs.yml", "tests/DeadLetters.yml"}


@needs("promtool", "amtool")
def test_refused_configurations_fail(tree: Path, tmp_path: Path) -> None:
    """What Prometheus or Alertmanager would refuse is refused here, in their words; so is an alert that goes astray."""
    copy = Path(shutil.copytree(tree, tmp_path / "copy"))
    shutil.rmtree(copy / "tests")
    (copy / "tests").mkdir()
    shutil.copy(tree / "tests/routes.yml", copy / "tests/routes.yml")
    path = copy / "alertmanager/alertmanager.yml"
    path.write_text(path.read_text().replace('severity="warning"', 'severity="worrying"'))
    assert failing(copy) == ["tests/routes.yml"]
    path.write_text(path.read_text().replace("receiver: second", "receiver: nobody"))
    path = copy / "prometheus/prometheus.yml"
    path.write_text(path.read_text().replace("scrape_interval", "scrape_intervall"))
    problems = {each.file: each.problem for each in prove_tree(copy) if each.problem}
    assert "field scrape_intervall not found" in problems["prometheus/prometheus.yml"]
    assert 'undefined receiver "nobody"' in problems["alertmanager/alertmanager.yml"]


def test_missing_programs_are_named(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without promtool the command ends with 2 and names the Debian package."""
    copy = only(tree, tmp_path, "DeadLetters", "runs")
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = CliRunner().invoke(app, ["test", str(copy)])
    assert shown.exit_code == 2
    assert "apt-get install prometheus" in shown.output


def test_folders_without_rules_are_refused(tmp_path: Path) -> None:
    """A folder with nothing to test, and one that is not there, end with 2 and say what to do."""
    for folder in (tmp_path, tmp_path / "none"):
        shown = CliRunner().invoke(app, ["test", str(folder)])
        assert shown.exit_code == 2
        assert "telemetry generate" in shown.output
