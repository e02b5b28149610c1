"""What collects and stores is accepted by the programs it is for, loses nothing, and is reachable from here only."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.engines import needs
from tests.monitoring.trees import described, loaded, write_tree

from telemetry.contracts import load_registry
from telemetry.monitoring import generate, read_descriptions
from telemetry.operations.proof import prove_tree

SCHEMA = files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate what is shipped."""
    folder = tmp_path_factory.mktemp("tree")
    return write_tree(folder, described(folder))


def services(tree: Path) -> dict[str, Any]:
    """Give the services of the stack."""
    return dict(loaded(tree, "compose.yaml")["services"])


@needs("vmagent", "vmalert", "victoria-metrics")
def test_victoria_metrics_takes_what_is_for_it(tree: Path, tmp_path: Path) -> None:
    """Dry runs of VictoriaMetrics, vmagent and vmalert accept the targets, the relabelling and the rules."""
    folder = tree / "victoriametrics"
    for command in (
        ["victoria-metrics", f"-promscrape.config={folder}/vmagent.yml", f"-storageDataPath={tmp_path}/a"],
        ["vmagent", f"-promscrape.config={folder}/vmagent.yml", "-remoteWrite.url=http://127.0.0.1:1/",
         f"-remoteWrite.urlRelabelConfig={folder}/long-term.yml", f"-remoteWrite.tmpDataPath={tmp_path}/b"],
        ["vmalert", f"-rule={tree}/rules/*.yml", f"-rule={folder}/downsampling.yml", "-datasource.url=http://127.0.0.1:1"],
    ):  # fmt: skip
        done = subprocess.run([*command, "-dryRun"], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]


@needs("promtool")
def test_prometheus_takes_its_configuration(tree: Path) -> None:
    """Its rules are found beside it, it scrapes and evaluates every ten seconds, and it alerts."""
    path = tree / "prometheus/prometheus.yml"
    done = subprocess.run(["promtool", "check", "config", str(path)], capture_output=True, text=True, check=True)
    assert f"{len(list((tree / 'rules').glob('*.yml')))} rule files found" in done.stdout
    config = loaded(tree, "prometheus/prometheus.yml")
    assert config["global"] == {"scrape_interval": "10s", "evaluation_interval": "10s"}
    assert {job["job_name"] for job in config["scrape_configs"]} >= {"telemetry", "node"}


def test_compose_keeps_the_specification(tree: Path) -> None:
    """The stack is valid by the schema of the Compose Specification."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(loaded(tree, "compose.yaml"))] == []


def test_compose_pins_and_watches_its_services(tree: Path) -> None:
    """Each image has a version, each service that can be asked is asked for its health, and restarts."""
    for name, service in services(tree).items():
        assert re.fullmatch(r".+:v?[0-9]+\.[0-9.]+", service["image"]), name
        assert service["restart"] == "unless-stopped"
        assert ("healthcheck" in service) == (name not in {"collector", "fluent-bit"}), name


def test_nothing_listens_beyond_this_machine(tree: Path) -> None:
    """Every address in the stack and its configurations is of the loopback interface."""
    files = ["compose.yaml", "collector/collector.yaml", "fluent-bit/fluent-bit.yaml", "victoriametrics/flags.yml"]
    for name in files:
        text = (tree / name).read_text()
        assert set(re.findall(r"\b[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(?=:)", text)) == (
            {"127.0.0.1"} if ".1:" in text else set()
        )
        assert "0.0.0.0" not in text
    assert all(service["network_mode"] == "host" for service in services(tree).values())


def test_secrets_are_files_that_only_their_service_sees(tree: Path) -> None:
    """No service mounts the whole tree, where the secrets may lie; each is a file that its service names."""
    stack = loaded(tree, "compose.yaml")
    wanted = {name for service in stack["services"].values() for name in service.get("secrets", [])}
    assert wanted == set(stack["secrets"]) >= {"discord_critical", "pagerduty_routing_key", "grafana_admin_password"}
    mounts = [mount for service in stack["services"].values() for mount in service["volumes"]]
    assert not any(mount.startswith((".:", "./secrets", "./:")) for mount in mounts)
    read = set(re.findall(r"/run/secrets/(\w+)", (tree / "alertmanager/alertmanager.yml").read_text()))
    assert read <= set(stack["services"]["alertmanager"]["secrets"])


def test_mounted_files_are_generated(tree: Path) -> None:
    """What a service mounts from the tree, and what its command names below it, is there."""
    for name, service in services(tree).items():
        mounted = [mount.split(":")[0] for mount in service["volumes"] if mount.startswith("./")]
        assert all((tree / mount).is_dir() for mount in mounted), name
        named = re.findall(r"/etc/telemetry/([\w./-]+)", " ".join(service.get("command", [])))
        assert all((tree / each).exists() for each in named), name
        assert {each.split("/")[0] for each in named} <= {each.removeprefix("./") for each in mounted}, name


def test_either_prometheus_or_vmalert_alerts(tree: Path) -> None:
    """Both together would tell each alert twice, so each is in a profile of its own."""
    profiles = {name: service.get("profiles") for name, service in services(tree).items() if "profiles" in service}
    assert profiles == {"prometheus": ["prometheus"], "vmagent": ["victoria"], "vmalert": ["victoria"]}


def test_stores_keep_what_was_promised(tree: Path) -> None:
    """90 days at 30 s, and 13 months at 5 minutes of what leadership looks at; vmalert sees the newest sample."""
    flags = loaded(tree, "victoriametrics/flags.yml")
    assert {"-retentionPeriod=90d", "-dedup.minScrapeInterval=30s", "-search.latencyOffset=1s"} <= set(
        flags["victoriametrics"]
    )
    assert {"-retentionPeriod=13", "-dedup.minScrapeInterval=5m"} <= set(flags["longterm"])
    assert "-rule.evalDelay=0s" in flags["vmalert"]
    (group,) = loaded(tree, "victoriametrics/downsampling.yml")["groups"]
    assert group["interval"] == "5m"
    assert all(re.fullmatch(r"\w+:\w+:\w+5m", rule["record"]) for rule in group["rules"])


def test_the_long_term_store_gets_its_metrics_only(tree: Path) -> None:
    """Metrics of leadership go there, those of the parsers do not; Prometheus and vmagent agree on which."""
    (rule,) = loaded(tree, "victoriametrics/long-term.yml")
    for name in ("migration_completion_ratio", "cicd_success_ratio", "escaped_defect_count"):
        assert re.fullmatch(rule["regex"], name)
    for name in ("parse_duration_ms_bucket", "up", "go_goroutines"):
        assert not re.fullmatch(rule["regex"], name)
    writes = loaded(tree, "prometheus/prometheus.yml")["remote_write"]
    assert [each.get("write_relabel_configs") for each in writes] == [None, [rule]]


def test_the_collector_loses_nothing(tree: Path) -> None:
    """Each signal has a queue on disk, retries without end, batches below 512 KB, and memory has a limit."""
    config = loaded(tree, "collector/collector.yaml")
    pipelines = config["service"]["pipelines"]
    assert set(pipelines) == {"traces", "logs", "metrics"}
    for pipeline in pipelines.values():
        assert pipeline["processors"] == ["memory_limiter"]
        (name,) = pipeline["exporters"]
        queue = config["exporters"][name]["sending_queue"]
        assert queue["storage"] in config["extensions"] and queue["storage"] in config["service"]["extensions"]
        assert queue["batch"]["sizer"] == "bytes" and queue["batch"]["max_size"] <= 512_000
        assert config["exporters"][name]["retry_on_failure"]["max_elapsed_time"] == "0s"


def test_log_lines_keep_their_time_and_event(tree: Path) -> None:
    """Fluent Bit reads our lines from their folder, remembers how far, and sends them with our own field names."""
    config = loaded(tree, "fluent-bit/fluent-bit.yaml")
    (source,), (target,) = config["pipeline"]["inputs"], config["pipeline"]["outputs"]
    assert source["path"] == "/var/log/telemetry/*.jsonl" and source["storage.type"] == "filesystem" and source["db"]
    assert "_time_field=timestamp" in target["uri"] and "_msg_field=event" in target["uri"]
    assert target["retry_limit"] == "no_limits" and target["json_date_key"] is False


def test_every_file_says_how_it_was_made(tree: Path) -> None:
    """The first lines of each generated text name the command that writes it."""
    for path in tree.rglob("*"):
        if path.suffix in {".yml", ".yaml", ".md", ".tmpl", ".sh"} and path.parent != tree / "ours":
            assert "Generated by `telemetry generate`" in "".join(path.read_text().splitlines()[:2]), path


def test_users_say_only_what_differs(tmp_path: Path) -> None:
    """Another target and another retention change these, and nothing else."""
    ours = '[scrape.targets]\ntelemetry = ["10.0.0.7:9465"]\n[keep]\nhigh = "180d"\n'
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", collection=ours))
    jobs = {
        job["job_name"]: job["static_configs"] for job in loaded(tree, "prometheus/prometheus.yml")["scrape_configs"]
    }
    assert jobs["telemetry"] == [{"targets": ["10.0.0.7:9465"]}]
    assert jobs["node"] == [{"targets": ["127.0.0.1:9100"]}]
    assert (
        "-retentionPeriod=180d" in yaml.safe_load((tree / "victoriametrics/flags.yml").read_text())["victoriametrics"]
    )


@needs("promtool", "amtool")
def test_one_pack_is_enough(tmp_path: Path) -> None:
    """With one pack its alerts are there and no others, nothing goes to the long-term store, all is proven."""
    registry = load_registry(packs=["parser"])
    for name, text in generate(registry, read_descriptions(registry)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert {path.stem for path in (tmp_path / "rules").iterdir()} == {"parser", "missing", "escalation"}
    (rule,) = loaded(tmp_path, "victoriametrics/long-term.yml")
    assert not re.fullmatch(rule["regex"], "parse_batch_size")
    assert [each for each in prove_tree(tmp_path) if each.problem] == []
