"""`telemetry view`: a recording as one page to look at, or as a file for the viewers that you have."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, final

import typer

from telemetry.config import read_settings
from telemetry.contracts import load_registry
from telemetry.errors import ConfigurationError, ContractError, JournalError

from .amounts import counted
from .folders import refuse

_FAILED: Final = 1
_STANDARD_OUTPUT: Final = "-"
_MOST_SAID: Final = 20


@final
class Format(StrEnum):
    """What is written."""

    HTML = "html"
    PERFETTO = "perfetto"
    SPEEDSCOPE = "speedscope"


_OUTPUTS: Final = {
    Format.HTML: "trace.html",
    Format.PERFETTO: "trace.perfetto.json",
    Format.SPEEDSCOPE: "trace.speedscope.json",
}


def view(
    source: Annotated[
        Path, typer.Argument(help="A folder of journals, a journal, a bundle, or a file with lines of OTLP JSON.")
    ],
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The file; or -. By default trace.html, or as the format has it."),
    ] = None,
    trace: Annotated[
        str | None, typer.Option(help="Only this trace: its id, or how that begins, with four digits at least.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="A page, or a file for Perfetto or speedscope.")
    ] = Format.HTML,
    registry: Annotated[
        list[Path] | None, typer.Option(help="A registry file; by default those of the settings. Repeatable.")
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what is in it as one JSON object.")] = False,
) -> None:
    """Show what processes recorded: traces, log lines, metrics, and what was open when one died.

    The page is one file that opens no connection; look at it where you like, or send it to somebody. Exit code 0 when
    it was written, 1 when the source is damaged, 2 on bad usage.
    """
    place = output or _OUTPUTS[form]
    _refuse_mistakes(source, place, form, browse=browse, as_json=as_json)
    recording = _read(source, registry)
    opened = ""
    if trace is not None:
        from telemetry.operations.view import only

        opened = _chosen(recording, trace)
        recording = only(recording, opened)
    _write(place, _content(recording, form, opened))
    if browse:
        import webbrowser

        webbrowser.open(Path(place).absolute().as_uri())
    _say(_Summary.of(recording), place, recording.problems, as_json=as_json)


def _refuse_mistakes(source: Path, place: str, form: Format, *, browse: bool, as_json: bool) -> None:
    is_file = place != _STANDARD_OUTPUT
    if not source.exists():
        refuse(f"{source}: there is no such file or folder")
    if browse and (form is not Format.HTML or not is_file):
        refuse("--open is for a page in a file: leave out --format and --output -")
    if as_json and not is_file:
        refuse("--json and --output - would both write to standard output: name a file")
    if is_file and Path(place).is_dir():
        refuse(f"--output {place}: that is a folder; name a file")
    if is_file and Path(place).exists() and Path(place).samefile(source):
        refuse(f"--output {place}: that is the source; name another file")


def _read(source: Path, registry: Sequence[Path] | None) -> Any:
    try:
        from telemetry.operations.view import read_recording

        return read_recording(source, load_registry(*read_settings(registry=registry).registry))
    except JournalError as error:
        typer.secho(f"telemetry: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed: pip install 'telemetry[probe]'")


def _chosen(recording: Any, wanted: str) -> str:
    """Give the id of the trace that is meant; where that is none or several, name those that are near."""
    from telemetry.operations.view import named

    found = named(recording, wanted)
    if len(found) != 1 or not found[0].startswith(wanted.strip().lower()):
        _refuse_trace(wanted, found)
    return str(found[0])


def _refuse_trace(wanted: str, found: Sequence[str]) -> NoReturn:
    if not found:
        refuse(f"--trace {wanted}: there is no trace in this recording")
    begins = wanted.strip().lower()
    is_short = all(each.startswith(begins) for each in found)
    problem = "several traces begin so" if is_short else "there is no such trace; the nearest are"
    refuse(f"--trace {wanted}: {problem}: {', '.join(found)}")


def _content(recording: Any, form: Format, opened: str) -> bytes:
    from telemetry.operations.view import chrome_trace, html_page, speedscope_profile

    writers: dict[Format, Callable[[], bytes]] = {
        Format.HTML: lambda: html_page(recording, opened),
        Format.PERFETTO: lambda: chrome_trace(recording),
        Format.SPEEDSCOPE: lambda: speedscope_profile(recording),
    }
    return writers[form]()


def _write(place: str, content: bytes) -> None:
    """Write a file whole or not at all."""
    if place == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    path = Path(place)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        refuse(f"--output {place}: {error.strerror}")


@final
@dataclass(frozen=True, slots=True)
class _Summary:
    """How much is in a recording."""

    traces: int
    spans: int
    failed: int
    open: int
    log_lines: int
    metrics: int
    processes: int

    @classmethod
    def of(cls, recording: Any) -> _Summary:
        spans = recording.spans
        return cls(
            traces=len({each.trace_id for each in spans}),
            spans=len(spans),
            failed=sum(each.status == "error" and not each.is_open for each in spans),
            open=sum(each.is_open for each in spans),
            log_lines=len(recording.lines),
            metrics=len(recording.metrics),
            processes=len(recording.processes),
        )

    def __str__(self) -> str:
        what = f"{counted(self.traces, 'trace')}, {counted(self.spans, 'span')}"
        how = "".join(f", {count} {name}" for name, count in (("failed", self.failed), ("open", self.open)) if count)
        return f"{what}{how}, {counted(self.log_lines, 'log line')}, {counted(self.metrics, 'metric')}"


def _say(summary: _Summary, place: str, problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        counts = {name: getattr(summary, name) for name in summary.__slots__}
        typer.echo(json.dumps({"output": place, **counts, "problems": list(problems)}, indent=2))
        return
    from telemetry.export.console import printable

    for problem in problems[:_MOST_SAID]:
        typer.secho(printable(f"left out: {problem}"), err=True)
    if len(problems) > _MOST_SAID:
        typer.secho(f"and {len(problems) - _MOST_SAID} problems more; --json has all of them", err=True)
    if place != _STANDARD_OUTPUT:
        typer.echo(f"{place}: {summary}")
