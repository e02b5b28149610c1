"""Fluent Bit: our JSON log lines, from their files to the log store, none lost when the store is down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from telemetry.monitoring.description import Collection

_STREAM: Final = ("component", "env", "organization_slug")
"""Fields that stay the same for many lines; run and trace ids would make a stream each."""


def fluent_bit(collection: Collection) -> Mapping[str, object]:
    """Make the configuration of Fluent Bit (YAML, version 3 and later)."""
    host, port = collection.address("victorialogs").rsplit(":", 1)
    return {
        "service": {
            "flush": 1,
            "log_level": "info",
            "storage.path": "/var/lib/fluent-bit/storage",
            "storage.sync": "full",
            "storage.checksum": True,
            "http_server": True,
            "http_listen": "127.0.0.1",
            "http_port": collection.ports["fluent_bit"],
            "health_check": True,
        },
        "parsers": [{"name": "telemetry", "format": "json"}],
        "pipeline": {
            "inputs": [
                {
                    "name": "tail",
                    "tag": "telemetry",
                    "path": f"{collection.folders['lines']}/*.jsonl",
                    "parser": "telemetry",
                    "db": "/var/lib/fluent-bit/tail.db",
                    "db.sync": "full",
                    "read_from_head": True,
                    "buffer_max_size": "1M",
                    "storage.type": "filesystem",
                }
            ],
            "outputs": [
                {
                    "name": "http",
                    "match": "telemetry",
                    "host": host,
                    "port": int(port),
                    "uri": f"/insert/jsonline?{_query()}",
                    "format": "json_lines",
                    "json_date_key": False,
                    "compress": "gzip",
                    "retry_limit": "no_limits",
                    "storage.total_limit_size": "1G",
                }
            ],
        },
    }


def _query() -> str:
    names = {"_time_field": "timestamp", "_msg_field": "event", "_stream_fields": ",".join(_STREAM)}
    return urlencode(names, safe=",")
