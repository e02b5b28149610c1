"""`telemetry contracts list`: the metrics, spans and log events of the registry, or of chosen packs."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from telemetry.cli.columns import show_columns
from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import AttributeContract, MetricContract, Registry, load_registry
from telemetry.errors import ConfigurationError, ContractError


def list(  # noqa: A001  # it is what the command is called
    files: Annotated[
        builtins.list[Path] | None, typer.Argument(help="Registry files; by default the settings'.")
    ] = None,
    *,
    pack: Annotated[
        builtins.list[str] | None, typer.Option("--pack", help="Show this shipped pack, or several, and no files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show what may be recorded: metrics, spans and log events, and where each is declared.

    Exit code 0, 2 on bad usage.
    """
    if pack and files:
        refuse("--pack shows shipped packs and no files; name packs in 'extends' of a file to see both")
    registry = _registry(files, pack)
    if as_json:
        typer.echo(json.dumps(_contents(registry), indent=2))
    else:
        _show(registry)


def _registry(files: builtins.list[Path] | None, packs: builtins.list[str] | None) -> Registry:
    try:
        return load_registry(packs=packs) if packs else load_registry(*(files or read_settings().registry))
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _show(registry: Registry) -> None:
    metrics = [
        (each.name, each.kind, each.unit, each.owner, _origin(each.source), ", ".join(each.labels))
        for each in registry.metrics.values()
    ]
    signals = [
        *((name, "span", _origin(span.source), ", ".join(span.attributes)) for name, span in registry.spans.items()),
        *((name, "event", _origin(event.source), ", ".join(event.fields)) for name, event in registry.events.items()),
    ]
    if metrics:
        show_columns(("metric", "kind", "unit", "owner", "declared in", "labels"), metrics, left=5)
    if metrics and signals:
        typer.echo()
    if signals:
        show_columns(("name", "signal", "declared in", "attributes or fields"), signals, left=3)


def _contents(registry: Registry) -> dict[str, Any]:
    return {
        "packs": registry.packs,
        "files": registry.files,
        "metrics": [_metric(each) for each in registry.metrics.values()],
        "spans": [
            {
                "name": span.name,
                "kind": span.kind,
                "description": span.description,
                "attributes": _members(span.attributes),
                "source": _origin(span.source),
            }
            for span in registry.spans.values()
        ],
        "events": [
            {
                "name": event.name,
                "severity": event.severity,
                "description": event.description,
                "fields": _members(event.fields),
                "source": _origin(event.source),
            }
            for event in registry.events.values()
        ],
    }


def _metric(contract: MetricContract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "kind": contract.kind,
        "unit": contract.unit,
        "description": contract.description,
        "owner": contract.owner,
        "labels": {label: sorted(contract.values.get(label, ())) for label in contract.labels},
        "stability": contract.stability,
        "cardinality": dict(contract.cardinality),
        "source": _origin(contract.source),
    }


def _members(attributes: Mapping[str, AttributeContract]) -> builtins.list[dict[str, str]]:
    return [{"name": each.name, "type": each.type, "required": each.required} for each in attributes.values()]


def _origin(source: str) -> str:
    """Name the pack or file that declares something."""
    return Path(source).stem
