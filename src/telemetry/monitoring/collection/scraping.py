"""What scrapes, evaluates and passes on: prometheus.yml, and vmagent's part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from telemetry.contracts import Registry
from telemetry.monitoring.description import Collection

from .downsampling import long_term_names

_RULES: Final = "../rules/*.yml"
_NO_METRIC: Final = "-"
"""A name that no metric can have; nothing at all may mean everything to an engine."""


def prometheus(registry: Registry, collection: Collection) -> Mapping[str, object]:
    """Make the configuration of Prometheus: it alerts, and writes to both stores."""
    return {
        "global": {"scrape_interval": collection.interval, "evaluation_interval": collection.evaluation},
        "rule_files": [_RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [collection.address("alertmanager")]}]}]},
        "scrape_configs": _jobs(collection),
        "remote_write": [
            {"url": write_address(collection, "victoriametrics")},
            {
                "url": write_address(collection, "longterm"),
                "write_relabel_configs": list(relabelling(registry, collection)),
            },
        ],
    }


def vmagent(collection: Collection) -> Mapping[str, object]:
    """Make the configuration of vmagent, which scrapes the same targets and evaluates nothing."""
    return {"global": {"scrape_interval": collection.interval}, "scrape_configs": _jobs(collection)}


def relabelling(registry: Registry, collection: Collection) -> tuple[Mapping[str, object], ...]:
    """Say what goes to the long-term store: the metrics of its packs, with their histograms and summaries."""
    names = "|".join(f"{name}{_ending(registry, name)}" for name in long_term_names(registry, collection))
    return ({"source_labels": ["__name__"], "regex": names or _NO_METRIC, "action": "keep"},)


def write_address(collection: Collection, store: str) -> str:
    """Give the address to which a store is written (Prometheus remote write)."""
    return f"http://{collection.address(store)}/api/v1/write"


def _jobs(collection: Collection) -> list[Mapping[str, object]]:
    return [
        {"job_name": job, "static_configs": [{"targets": list(addresses)}]}
        for job, addresses in collection.targets.items()
    ]


def _ending(registry: Registry, name: str) -> str:
    endings = {"histogram": "_(?:bucket|sum|count)", "summary": "(?:_sum|_count)?"}
    return endings.get(registry.metrics[name].kind, "")
