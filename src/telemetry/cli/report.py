"""`telemetry report`: what was measured, as Markdown, HTML and PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from telemetry.contracts import load_registry, shipped_packs
from telemetry.errors import TelemetryError

from .folders import refuse

_FAILED: Final = 1


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
) -> None:
    """Write a report of the time before now, or before a moment.

    Exit code 0 when it was written and its data are fresh, 1 when the newest sample is older than two hours or
    the source cannot be read, 2 on bad usage.
    """
    from telemetry.operations.history import HistoryError, open_history
    from telemetry.operations.report import as_html, as_markdown, as_pdf, gather, profile

    at_s = datetime.now(UTC).timestamp() if at is None else float(at)
    try:
        chosen = profile(name)
        registry = load_registry(packs=shipped_packs())
        made = gather(chosen, open_history(source, registry), registry, at_s)
    except HistoryError as error:
        typer.secho(f"telemetry: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    except TelemetryError as error:
        refuse(str(error))
    default = Path("docs/metrics/reports", f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}.md")
    _write(output or default, as_markdown(made).encode())
    if html is not None:
        _write(html, as_html(made).encode())
    if pdf is not None:
        _write(pdf, as_pdf(made))
    if not made.is_fresh:
        typer.secho("telemetry: the data are older than two hours, or there are none; the report says so", err=True)
        raise typer.Exit(_FAILED)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}")
    typer.echo(str(path))
