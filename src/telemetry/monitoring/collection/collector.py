"""The OpenTelemetry Collector: OTLP to the stores, through a queue that survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from telemetry.monitoring.description import Collection

_BATCH_BYTES: Final = 500_000
"""Stays under the 512 KB that a batch may have."""

_QUEUE: Final = "file_storage/queue"


def collector(collection: Collection) -> Mapping[str, object]:
    """Make the configuration of the collector (contrib)."""
    stores = {
        "traces": f"http://{collection.address('victoriatraces')}/insert/opentelemetry/v1/traces",
        "logs": f"http://{collection.address('victorialogs')}/insert/opentelemetry/v1/logs",
        "metrics": f"http://{collection.address('victoriametrics')}/opentelemetry/v1/metrics",
    }
    return {
        "extensions": {
            "health_check": {"endpoint": collection.address("collector_health")},
            _QUEUE: {"directory": "/var/lib/otelcol/queue", "create_directory": True, "fsync": True},
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": collection.address("otlp_grpc")},
                    "http": {"endpoint": collection.address("otlp_http")},
                }
            }
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20}
        },
        "exporters": {f"otlphttp/{signal}": _exporter(signal, address) for signal, address in stores.items()},
        "service": {
            "extensions": ["health_check", _QUEUE],
            "telemetry": {"metrics": {"level": "normal", "readers": [_own_metrics(collection)]}},
            "pipelines": {
                signal: {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": [f"otlphttp/{signal}"]}
                for signal in stores
            },
        },
    }


def _exporter(signal: str, address: str) -> Mapping[str, object]:
    """Batch in the queue, not before it: what a batch processor holds dies with the collector."""
    return {
        f"{signal}_endpoint": address,
        "compression": "gzip",
        "sending_queue": {
            "storage": _QUEUE,
            "sizer": "bytes",
            "queue_size": 1_000_000_000,
            "block_on_overflow": True,
            "batch": {"sizer": "bytes", "flush_timeout": "1s", "min_size": 100_000, "max_size": _BATCH_BYTES},
        },
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
    }


def _own_metrics(collection: Collection) -> Mapping[str, object]:
    host, port = collection.address("collector_metrics").rsplit(":", 1)
    return {"pull": {"exporter": {"prometheus": {"host": host, "port": int(port)}}}}
