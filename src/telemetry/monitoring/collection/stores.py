"""The command lines of VictoriaMetrics and its kin, which are configured by flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from telemetry.monitoring.description import Collection

from .scraping import write_address

TREE: Final = "/etc/telemetry"
"""Where the generated tree is mounted."""

_DATA: Final = "/storage"


def flags(collection: Collection) -> Mapping[str, Sequence[str]]:
    """Give the flags of each program."""
    keep, store = collection.keep, f"http://{collection.address('victoriametrics')}"
    return {
        "victoriametrics": [
            *_store(collection, "victoriametrics", keep["high"]),
            f"-dedup.minScrapeInterval={keep['resolution']}",
            "-search.latencyOffset=1s",
            "-opentelemetry.usePrometheusNaming",
        ],
        "longterm": [
            *_store(collection, "longterm", keep["long"]),
            f"-dedup.minScrapeInterval={keep['long_resolution']}",
            "-search.latencyOffset=1s",
        ],
        "vmagent": [
            f"-httpListenAddr={collection.address('vmagent')}",
            f"-promscrape.config={TREE}/victoriametrics/vmagent.yml",
            f"-remoteWrite.tmpDataPath={_DATA}",
            f"-remoteWrite.url={write_address(collection, 'victoriametrics')}",
            "-remoteWrite.urlRelabelConfig=",
            f"-remoteWrite.url={write_address(collection, 'longterm')}",
            f"-remoteWrite.urlRelabelConfig={TREE}/victoriametrics/long-term.yml",
        ],
        "vmalert": [
            f"-httpListenAddr={collection.address('vmalert')}",
            f"-rule={TREE}/rules/*.yml",
            f"-datasource.url={store}",
            f"-remoteWrite.url={store}",
            f"-remoteRead.url={store}",
            f"-notifier.url=http://{collection.address('alertmanager')}",
            f"-evaluationInterval={collection.evaluation}",
            "-rule.evalDelay=0s",
        ],
        "vmalert_longterm": [
            f"-httpListenAddr={collection.address('vmalert_longterm')}",
            f"-rule={TREE}/victoriametrics/downsampling.yml",
            f"-datasource.url={store}",
            f"-remoteWrite.url=http://{collection.address('longterm')}",
            f"-evaluationInterval={keep['long_resolution']}",
        ],
        "victorialogs": _store(collection, "victorialogs", keep["logs"]),
        "victoriatraces": _store(collection, "victoriatraces", keep["traces"]),
    }


def _store(collection: Collection, name: str, kept: str) -> list[str]:
    return [
        f"-httpListenAddr={collection.address(name)}",
        f"-storageDataPath={_DATA}",
        f"-retentionPeriod={kept}",
    ]
