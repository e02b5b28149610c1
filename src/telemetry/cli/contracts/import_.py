"""`telemetry contracts import`: a registry file made of what others have."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from telemetry.cli.folders import refuse
from telemetry.contracts import draft_registry, read_conventions, without_credentials
from telemetry.errors import ContractError, SourceError
from telemetry.operations.live import fetch
from telemetry.operations.shown import is_address, shown_source

_TIMEOUT_SECONDS: Final = 30
_KEYS: Final = ("metrics", "spans", "events", "attributes")
_YAML: Final = (".yaml", ".yml")
_MANIFESTS: Final = ("manifest.yaml", "registry_manifest.yaml")
"""What says which registry a folder holds, and declares nothing."""


def import_(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…",
            help="A scrape (file or URL) or MODULE:REGISTRY; or conventions: YAML or JSON files, or folders of YAML.",
        ),
    ],
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for the metrics.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The registry file to write; it must not be there.")],
) -> None:
    """Write a registry file, and name what could not be carried over.

    Names that break a rule get a waiver. Files of conventions may refer to each other. Exit code 0, 1 when nothing
    could be carried over, 2 on bad usage.
    """
    if output.exists():
        refuse(f"--output {output}: is there already; name another, or remove it")
    told = ", ".join(map(shown_source, sources))
    found = _all_found(sources)
    draft = draft_registry(
        (each for each in found if not _is_empty(each)), name=output.name.removesuffix(".json"), owner=owner
    )
    try:
        draft.waive_breaches(f"Imported from {told} as it is.")
    except ContractError as error:
        refuse(f"{told}: {error}")
    for line in (*(f"{each.place}: is empty" for each in found if _is_empty(each)), *draft.lost):
        typer.echo(line, err=True)
    if not any(draft.document.get(key) for key in _KEYS):
        typer.secho(f"telemetry: nothing in {told} could be carried over", err=True)
        raise typer.Exit(1)
    try:
        output.write_text(json.dumps(draft.document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        refuse(f"--output {output}: {error.strerror or error}")
    counts = ", ".join(f"{len(draft.document.get(key, ()))} {key}" for key in _KEYS)
    typer.echo(f"{output}: {counts}; not carried over, or to look at: {len(draft.lost)}")


def _is_empty(found: Any) -> bool:
    """Tell whether this is a file of conventions that holds nothing."""
    return isinstance(found, dict) and not found


def _all_found(sources: list[str]) -> list[Any]:
    """Read one scrape or registry, or any number of files of conventions."""
    if len(sources) == 1 and not _files(sources[0]):
        return _found(sources[0])
    return [_conventions(file) for source in sources for file in _files(source) or [source]]


def _files(source: str) -> list[str]:
    """Give the files of conventions in a folder, or the one that its name says to be YAML."""
    if source.endswith(_YAML):
        return [source]
    folder = Path(source)
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.rglob("*") if path.name.endswith(_YAML) and path.name not in _MANIFESTS)
    return [str(path) for path in found] or refuse(f"{source}: has no file that ends in {' or '.join(_YAML)}")


def _conventions(source: str) -> dict[str, Any]:
    try:
        return read_conventions(_text(source), shown_source(source))
    except ContractError as error:
        refuse(str(error))


def _found(source: str) -> list[Any]:
    """Read the families of a scrape or a registry, or one file of conventions."""
    if not is_address(source) and ":" in source and not Path(source).exists():
        return _collected(source)
    text = _text(source)
    return [_conventions(source)] if text.lstrip().startswith("{") else _parsed(source, text)


def _collected(source: str) -> list[Any]:
    """Import a module, also from this folder, and read what the registry in it has."""
    module, _, name = source.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        return list(getattr(import_module(module), name).collect())
    except (ImportError, AttributeError, TypeError) as error:
        refuse(f"{source}: is no CollectorRegistry of prometheus_client: {error}")


def _text(source: str) -> str:
    try:
        if is_address(source):
            return fetch(source, seconds=_TIMEOUT_SECONDS).body.decode("utf-8")
        return Path(source).read_text(encoding="utf-8")
    except SourceError as error:
        refuse(str(error))
    except (OSError, ValueError) as error:
        refuse(f"{shown_source(source)}: cannot be read: {error}")


def _parsed(source: str, text: str) -> list[Any]:
    """Parse a scrape: OpenMetrics, where it ends as that must, else the classic text."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
    from prometheus_client.parser import text_string_to_metric_families as classic_families

    parse = open_families if text.rstrip().endswith("# EOF") else classic_families
    try:
        return list(parse(text))
    except (ValueError, KeyError, IndexError) as error:
        refuse(f"{shown_source(source)}: is no scrape of Prometheus: {without_credentials(str(error))}")
