"""A program that records every metric of all packs, as a busy month would: first its past as a file, then live.

`python -m tests.stack.sample PAST.om PORT JOB ENDPOINT` drives our own SDK through twelve days by two hours and
four hours by the minute. It reads its own `/metrics` after each step, so the past has the series that a scrape
would have had. Then it says `ready`, and goes on every five seconds.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from math import pi, sin
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep, time
from typing import Any
from zlib import crc32

import httpx

import telemetry
from telemetry.contracts import MetricContract, Registry, load_registry, shipped_packs

SERIES = 12
PAST = ((12 * 86_400, 4 * 3600, 7200), (4 * 3600, 15, 60))
"""From and to how many seconds ago, and the step."""

ENVIRONMENTS = ("production", "staging")
OPEN: Mapping[str, tuple[str, ...]] = {
    "agent": ("planner", "coder", "reviewer"),
    "squad": ("parser", "backend", "verify"),
    "backend": ("c-gcc", "llvm", "python"),
    "operator": ("add", "divide"),
    "host_region": ("eu", "us"),
    "endpoint": ("/specs", "/builds"),
    "database": ("registry", "ledger"),
    "operation": ("read", "write"),
    "component": ("gateway", "scheduler", "store"),
    "service_name": ("specc", "verifier"),
    "metric_family": ("parser", "pipeline", "quality", "migration", "business", "agents", "cost"),
    "metric": ("parse_duration_ms", "regression_coverage_percent"),
    "workload": ("batch", "interactive"),
    "command_name": ("check", "build", "verify"),
    "suite_tag": ("golden", "smoke"),
    "target": ("linux", "chat"),
    "revision": ("r41", "r42"),
    "store": ("journals", "bundles", "metrics"),
    "milestone": ("m1", "m2", "m3"),
    "action_type": ("rewrite", "retire", "keep"),
    "release_track": ("stable", "canary"),
    "dataset": ("sql", "dax"),
    "run_id": ("run-17", "run-18", "run-19"),
    "workflow": ("explore", "generate"),
    "action": ("click", "submit"),
    "kind": ("trace", "report"),
    "gen_ai_operation_name": ("chat",),
    "gen_ai_request_model": ("small", "large"),
    "error_type": ("none", "timeout"),
}
LEVELS: Mapping[str, float] = {
    "agent_response_seconds": 4,
    "agent_cpu_ratio": 0.55,
    "agent_memory_ratio": 0.62,
    "agent_queue_depth": 5,
    "cicd_success_ratio": 0.99,
    "gazeqa_coverage_percent": 1.0,
    "gazeqa_story_to_test_coverage": 1.0,
    "agent_github_rate_limit_remaining": 4200,
    "deployment_frequency_weekly": 5,
    "mttr_minutes": 42,
    "change_failure_ratio": 0.06,
    "risk_burndown_total": 18,
    "capacity_utilization_ratio": 0.87,
    "stakeholder_satisfaction_score": 4.3,
    "api_request_seconds": 0.12,
    "db_query_seconds": 0.02,
    "incident_duration_minutes": 40,
    "compute_spend_usd": 840,
    "storage_used_bytes": 6e10,
    "cost_per_completed_module_usd": 130,
    "incident_cost_usd": 900,
    "gen_ai_client_token_usage": 900,
    "gen_ai_client_operation_duration_seconds": 2.5,
    "parse_duration_ms": 58,
    "parse_batch_size": 122,
    "cli_latency_p95_ms": 47,
    "resource_utilization_cpu_percent": 64,
    "telemetry_stream_lag_ms": 205,
    "pipeline_latency_seconds": 12,
    "lowering_duration_seconds": 0.4,
    "offline_bundle_size_bytes": 3e7,
    "backend_missing_binaries": 0,
    "backend_maturity": 3,
    "regression_coverage_percent": 91,
    "telemetry_variance_ratio": 0.015,
    "gazeqa_artifact_upload_latency_seconds": 0.3,
    "gazeqa_workflow_duration_seconds": 80,
    "gazeqa_artifact_size_bytes": 400_000,
    "gazeqa_dlq_backlog": 0,
    "task_failure_rate": 0.03,
    "task_timeout_ratio": 0.02,
    "circuit_breaker_state": 0,
    "agent_delegation_depth": 2,
    "sqlite_schema_version": 7,
}
BY_UNIT: Mapping[str, float] = {"ratio": 0.95, "score": 92, "bool": 1, "seconds": 1, "percent": 60, "version": 3}
STILL = {"bool", "version", "state", "backends", "binaries"}
TIMES = {"last_ingest_ts", "agent_heartbeat_timestamp_seconds"}
SICK = {"agent": "reviewer", "environment": "staging"}
"""An agent that has been silent for two hours, so that some alert fires."""

NEVER = ("escaped_defect", "secret_redaction_failures", "guardrail_block", "upload_retries")
RARE_NAMES = ("failure", "errors", "violations", "retr", "breaker")
RARE = ("failure", "blocked", "5xx", "4xx", "timeout", "error", "critical", "cancelled", "incomplete")
COUNTED_A_MINUTE = 12.0

FLOOD: dict[str, Any] = {
    "name": "arrivals_total",
    "kind": "counter",
    "unit": "count",
    "description": "What comes from more places than it may.",
    "owner": "devops",
    "labels": ["origin", "environment"],
    "cardinality": 2,
}
ORIGINS = ("north", "east", "south")


def main() -> None:
    """Record the past into a file, say so, and go on until the process is killed."""
    past, port, job, endpoint = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    registry = load_registry(packs=shipped_packs())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "all.json"
        file.write_text(json.dumps({"name": "all", "extends": list(shipped_packs()), "metrics": [FLOOD]}))
        settings: Any = {"journal": f"{folder}/journals", "overhead_budget_percent": 5, "logs_exporter": ["otlp"]}
        with telemetry.configure("sample", registry=file, prometheus_port=port, endpoint=endpoint, **settings):
            recorded = [Recorded(contract) for contract in registry.metrics.values() if is_ours(contract, registry)]
            write_past(past, recorded, f"http://127.0.0.1:{port}/metrics", job)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            before = time()
            while True:
                sleep(5)
                before, now = time(), before
                step(recorded, before, before - now)


def is_ours(contract: MetricContract, registry: Registry) -> bool:
    """Tell whether an application records it: neither derived from another one, nor what the runtime says of itself."""
    own = {"telemetry_overhead", "telemetry_queue", "otel_sdk"}
    return contract.share is None and not contract.name.startswith(tuple(own))


@dataclass
class Recorded:
    """A metric, and how its series behave."""

    contract: MetricContract

    def series(self) -> Iterator[dict[str, str]]:
        """Give the labels of some series: every environment, and the first values of each other label."""
        contract = self.contract
        pools = [self.pool(label) for label in contract.labels]
        every = [dict(zip(contract.labels, values, strict=True)) for values in product(*pools)]
        random.Random(crc32(contract.name.encode())).shuffle(every)
        yield from islice(sorted(every, key=lambda labels: labels.get("environment") != "production"), SERIES)

    def pool(self, label: str) -> tuple[str, ...]:
        """Give values that a label may have."""
        closed = self.contract.values.get(label)
        if closed is None:
            return OPEN.get(label, ("one", "two"))
        if label in ("environment", "env"):
            return ENVIRONMENTS
        return tuple(sorted(closed))[:4]

    def record(self, labels: dict[str, str], at: float, seconds: float) -> None:
        """Record what happened to one series in the seconds before a time."""
        contract, cell = self.contract, telemetry.metric(self.contract.name).labels(**labels)
        dice = random.Random(hash((contract.name, *labels.values(), at)))
        character = crc32("".join((contract.name, *labels.values())).encode()) % 1000 / 1000
        wave = 1 + 0.2 * sin(2 * pi * (at / 86_400 + character)) + 0.06 * sin(2 * pi * at / 9000) + dice.gauss(0, 0.02)
        is_rare = any(value in RARE for value in labels.values()) or any(part in contract.name for part in RARE_NAMES)
        rare = 0.0 if any(part in contract.name for part in NEVER) else 0.04 if is_rare else 1.0
        if contract.kind == "counter":
            count = COUNTED_A_MINUTE * rare * wave * seconds / 60
            cell.inc(int(count) + (dice.random() < count % 1))
        elif contract.kind == "gauge":
            is_sick = contract.name in TIMES and SICK.items() <= labels.items()
            cell.set(self.level(at, character, wave) - 7200 * is_sick)
        else:
            level = LEVELS.get(contract.name, BY_UNIT.get(contract.unit, 10.0)) * (0.7 + 0.6 * character) * wave
            for _ in range(round(min(40, rare * seconds / 6) + dice.random() - 0.5)):
                cell.observe(level * dice.lognormvariate(0, 0.3))

    def level(self, at: float, character: float, wave: float) -> float:
        """Give the value that a gauge has at a time."""
        contract = self.contract
        if contract.name in TIMES:
            return at - 5 * character
        level = LEVELS.get(contract.name, BY_UNIT.get(contract.unit, 10.0))
        if contract.unit in STILL:
            return level
        is_share = contract.range is not None or contract.unit == "percent"
        level = level * (1 - 0.02 * character) if is_share else level * (0.8 + 0.4 * character)
        value = level * (1 + (wave - 1) * (0.03 if is_share else 0.6))
        low, high = contract.range or (0.0, float("inf"))
        return min(max(value, low), high)


def step(recorded: list[Recorded], at: float, seconds: float) -> None:
    """Record what happened to all series in the seconds before a time."""
    with telemetry.span("spec.parse"):
        for each in recorded:
            for labels in each.series():
                each.record(labels, at, seconds)
        for origin in ORIGINS:
            telemetry.metric(FLOOD["name"]).labels(origin=origin).inc()
    telemetry.get_logger("sample").info("compile.start", backend="c-gcc")


def write_past(path: Path, recorded: list[Recorded], url: str, job: str) -> None:
    """Write what scrapes would have read at each step of the past."""
    now, instance = time(), url.removeprefix("http://").partition("/")[0]
    known: dict[str, str] = {}
    with path.open("w") as file, httpx.Client(trust_env=False) as client:
        for start, end, seconds in PAST:
            for ago in range(start, end, -seconds):
                step(recorded, now - ago, seconds)
                for line in client.get(url).text.splitlines():
                    if line and line[0] != "#":
                        name, _, value = line.rpartition(" ")
                        labelled = known.get(name) or known.setdefault(name, scraped(name, job, instance))
                        file.write(f"{labelled} {value} {now - ago:.3f}\n")
        file.write("# EOF\n")


def scraped(name: str, job: str, instance: str) -> str:
    """Add the labels that a scrape adds."""
    added = f'instance="{instance}",job="{job}"'
    return f"{name[:-1]},{added}}}" if name.endswith("}") else f"{name}{{{added}}}"


if __name__ == "__main__":
    main()
