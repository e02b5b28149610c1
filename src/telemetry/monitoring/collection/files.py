"""The files of collection, by their path in the generated tree."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.contracts import Registry
from telemetry.monitoring.description import Descriptions
from telemetry.monitoring.document import as_yaml

from .collector import collector
from .compose import compose
from .downsampling import downsampling
from .lines import fluent_bit
from .scraping import prometheus, relabelling, vmagent
from .stores import flags


def collection_files(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Write what collects, stores and passes on, and the stack of all of it."""
    collection = descriptions.collection
    return {
        "prometheus/prometheus.yml": as_yaml(prometheus(registry, collection)),
        "victoriametrics/vmagent.yml": as_yaml(vmagent(collection)),
        "victoriametrics/long-term.yml": as_yaml(list(relabelling(registry, collection))),
        "victoriametrics/downsampling.yml": as_yaml(downsampling(registry, collection)),
        "victoriametrics/flags.yml": as_yaml(flags(collection)),
        "collector/collector.yaml": as_yaml(collector(collection)),
        "fluent-bit/fluent-bit.yaml": as_yaml(fluent_bit(collection)),
        "compose.yaml": as_yaml(compose(collection, descriptions.routing)),
    }
