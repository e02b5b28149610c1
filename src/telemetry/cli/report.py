"""`telemetry report`: what was measured, as Markdown, HTML and PDF."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, final

import typer

from telemetry.contracts import load_registry, shipped_packs
from telemetry.errors import TelemetryError

from .folders import refuse

_FAILED: Final = 1


@final
class Payload(StrEnum):
    """Whose webhook takes it."""

    SLACK = "slack"
    DISCORD = "discord"


def report(
    source: Annotated[
        str, typer.Argument(help="An engine's address, journals, a bundle, Parquet, or OTLP JSON lines.")
    ],
    *,
    name: Annotated[str, typer.Option("--profile", help="daily, weekly, mid-sprint or leadership.")] = "weekly",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The Markdown file; by default docs/metrics/reports/DATE.md.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML file too, with plots.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write a PDF file too, with plots.")] = None,
    at: Annotated[
        int | None,
        typer.Option(
            min=0, envvar="SOURCE_DATE_EPOCH", help="The moment that it looks back from, in seconds since 1970."
        ),
    ] = None,
    payload: Annotated[
        Payload | None, typer.Option(help="Print the report in short as JSON for a webhook; nothing is sent.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures and the files as one JSON object.")
    ] = False,
) -> None:
    """Write a report of the time before now, or before a moment.

    Exit code 0 when it was written and its data are fresh, 1 when the newest sample is older than two hours or
    the source cannot be read, 2 on bad usage. Each file is written whole or not at all.
    """
    at_s = datetime.now(UTC).timestamp() if at is None else float(at)
    default = Path("docs/metrics/reports", f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}.md")
    if as_json and payload is not None:
        refuse("--json and --payload both print one JSON object; give one of them")
    made, contents = _made(source, name, at_s, output or default, html, pdf)
    for path, content in contents.items():
        _write(path, content)
        if not as_json and payload is None:
            typer.echo(str(path))
    if as_json:
        from telemetry.operations.report import as_document

        typer.echo(json.dumps(as_document(made) | {"files": [str(each) for each in contents]}, indent=2))
    if payload is not None:
        from telemetry.operations.report import discord, slack

        typer.echo(json.dumps((slack if payload is Payload.SLACK else discord)(made), indent=2))
    if not made.is_fresh:
        typer.secho("telemetry: the data are older than two hours, or there are none; the report says so", err=True)
        raise typer.Exit(_FAILED)


def _made(
    source: str, name: str, at_s: float, markdown: Path, html: Path | None, pdf: Path | None
) -> tuple[Any, dict[Path, bytes]]:
    """Make all that is to be written, so that nothing is where a part cannot be made."""
    given = [each.resolve() for each in (markdown, html, pdf) if each is not None]
    if len(set(given)) < len(given):
        refuse("two forms of the report are to go to one file; give each a name of its own")
    try:
        from telemetry.operations.history import HistoryError, open_history
        from telemetry.operations.report import as_html, as_markdown, as_pdf, gather, profile
    except ModuleNotFoundError as error:
        _lacks(error)
    try:
        chosen = profile(name)
        registry = load_registry(packs=shipped_packs())
        made = gather(chosen, open_history(source, registry), registry, at_s)
        contents = {markdown: as_markdown(made).encode()}
        if html is not None:
            contents[html] = as_html(made).encode()
        if pdf is not None:
            contents[pdf] = as_pdf(made)
    except HistoryError as error:
        typer.secho(f"telemetry: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    except TelemetryError as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        _lacks(error)
    return made, contents


def _lacks(error: ModuleNotFoundError) -> NoReturn:
    refuse(f"{error.name} is not installed: pip install 'telemetry[operations]'")


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; where a link leads to it, the link stays."""
    whole = path.resolve()
    if whole.exists() and not whole.is_file():
        refuse(f"{path}: it is no file")
    partial = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(whole)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        refuse(f"{path}: {error.strerror or error}")
