"""`telemetry doctor`: what is installed and in use here, and what would be faster or is missing."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from typing import Annotated

import typer

from telemetry._hotpath import REASON, TWIN
from telemetry.version import VERSION

from .place import Place, place_of_journals

_LIBRARIES = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
    "prometheus-client",
    "structlog",
    "wrapt",
)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")] = False,
) -> None:
    """Say which twin of the hot path is in use, why, where journals are, and which libraries it found."""
    found = dict(_findings())
    if as_json:
        import json

        typer.echo(json.dumps(found, indent=2, default=asdict))
        return
    width = max(map(len, found))
    for name, value in found.items():
        typer.echo(f"{name:<{width}}  {value}")


def _findings() -> Iterator[tuple[str, str | Place]]:
    yield "telemetry", VERSION
    yield "python", f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}"
    yield "hot path", f"{TWIN} ({REASON})" if REASON else TWIN
    yield "journal", place_of_journals()
    for name in _LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "not installed"
