"""`telemetry contracts import`: a registry file made of what others have."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from telemetry.cli.folders import refuse
from telemetry.contracts import draft_registry
from telemetry.errors import ContractError

_TIMEOUT_SECONDS: Final = 30


def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A scrape (file or URL), conventions in JSON, or MODULE:REGISTRY.")
    ],
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for the metrics.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The registry file to write; it must not be there.")],
) -> None:
    """Write a registry file, and name what could not be carried over.

    Names that break a rule get a waiver. Exit code 0, 1 when nothing could be carried over, 2 on bad usage.
    """
    if output.exists():
        refuse(f"--output {output}: is there already; name another, or remove it")
    draft = draft_registry(_found(source), name=output.name.removesuffix(".json"), owner=owner)
    for line in draft.lost:
        typer.echo(line, err=True)
    if not any(draft.document.get(key) for key in ("metrics", "spans", "attributes")):
        typer.secho(f"telemetry: nothing in {source} could be carried over", err=True)
        raise typer.Exit(1)
    try:
        draft.waive_breaches(f"Imported from {source} as it is.")
        output.write_text(json.dumps(draft.document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except (ContractError, OSError) as error:
        refuse(f"{source}: {error}")
    counts = ", ".join(f"{len(draft.document.get(key, ()))} {key}" for key in ("metrics", "spans", "attributes"))
    typer.echo(f"{output}: {counts}; not carried over, or to look at: {len(draft.lost)}")


def _found(source: str) -> list[Any]:
    """Read the families of a scrape or a registry, or the groups of conventions."""
    is_address = source.startswith(("http://", "https://"))
    if not is_address and ":" in source and not Path(source).exists():
        return _collected(source)
    text = _text(source)
    return _groups(source, text) if text.lstrip().startswith("{") else _parsed(source, text)


def _collected(source: str) -> list[Any]:
    """Import a module, also from this folder, and read what the registry in it has."""
    module, _, name = source.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        return list(getattr(import_module(module), name).collect())
    except (ImportError, AttributeError, TypeError) as error:
        refuse(f"{source}: is no CollectorRegistry of prometheus_client: {error}")


def _text(source: str) -> str:
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        if source.startswith(("http://", "https://")):
            with urlopen(source, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - http and https only, as tested above
                return str(answer.read().decode("utf-8"))
        return Path(source).read_text(encoding="utf-8")
    except (OSError, ValueError, HTTPException) as error:
        refuse(f"{source}: cannot be read: {error}")


def _groups(source: str, text: str) -> list[dict[str, Any]]:
    try:
        groups = json.loads(text).get("groups")
    except ValueError as error:
        refuse(f"{source}: is not JSON: {error}")
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        refuse(f"{source}: has no 'groups', as semantic conventions have")
    return groups


def _parsed(source: str, text: str) -> list[Any]:
    """Parse a scrape: OpenMetrics, where it ends as that must, else the classic text."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
    from prometheus_client.parser import text_string_to_metric_families as classic_families

    parse = open_families if text.rstrip().endswith("# EOF") else classic_families
    try:
        return list(parse(text))
    except (ValueError, KeyError, IndexError) as error:
        refuse(f"{source}: is no scrape of Prometheus: {error}")
