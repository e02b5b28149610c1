"""Tell GitHub Actions what was found: beside the code, and as a summary of the run.

Elsewhere it does nothing. What cannot be written is noted, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, final

import typer

from telemetry.config import GitHubStep, github_step
from telemetry.contracts import Level

_COMMANDS: Final[dict[Level, str]] = {"error": "error", "warning": "warning", "info": "notice"}
_MOST_ANNOTATIONS: Final = 50
"""GitHub shows ten of a kind for a step; the rest only makes its log longer."""
_MOST_SUMMARY_BYTES: Final = 1000 * 1024
"""GitHub refuses a summary of more than 1 MiB, all commands of a step together."""
_CUT: Final = "\n\n… the rest is in the log of the step.\n"


@final
@dataclass(frozen=True, slots=True)
class Annotation:
    """What GitHub shows at a line of a file, or of the run as a whole.

    Attributes:
        file: Empty for the run as a whole.
        line: Counted from 1; 0 for the file as a whole.
    """

    level: Level
    message: str
    title: str = ""
    file: str = ""
    line: int = 0


def report_to_github(summary: str, annotations: Iterable[Annotation], *, is_quiet: bool = False) -> None:
    """Write annotations and summary, in a step of GitHub Actions.

    Args:
        summary: Markdown.
        annotations: The worst first.
        is_quiet: The standard output is for a program; GitHub reads annotations on standard error as well.
    """
    step = github_step()
    if step is None:
        return
    for annotation in islice(annotations, _MOST_ANNOTATIONS):
        typer.echo(command(annotation, step.workspace), err=is_quiet)
    if step.summary:
        _append(step, summary)


def command(annotation: Annotation, workspace: str = "") -> str:
    """Write an annotation as GitHub reads it from a step ("Workflow commands for GitHub Actions").

    >>> command(Annotation("error", "100% wrong", file="a,b.json", line=3))
    '::error file=a%2Cb.json,line=3::100%25 wrong'
    """
    file = _from_workspace(annotation.file, workspace)
    line = str(annotation.line) if file and annotation.line else ""
    given = {"file": file, "line": line, "title": annotation.title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in given.items() if value)
    blank = " " if properties else ""
    return f"::{_COMMANDS[annotation.level]}{blank}{properties}::{_data(annotation.message)}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(map(cell, row))} |" for row in rows)])


def cell(text: str) -> str:
    """Give text for a cell of a table, in which nothing is markup."""
    from telemetry.export.console import printable

    plain = printable(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{character}" if character in "\\`*_[]|~#" else character for character in plain)


def fold(title: str, text: str) -> str:
    """Write text as it is, hidden below its title until it is asked for."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"<details><summary>{title}</summary>\n\n{fence}text\n{text}\n{fence}\n\n</details>"


def _append(step: GitHubStep, summary: str) -> None:
    path = Path(step.summary)
    try:
        left = _MOST_SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
        content = summary.encode("utf-8", "replace") + b"\n\n"
        if len(content) > left:
            content = content[: max(left - len(_CUT.encode()), 0)].decode("utf-8", "ignore").encode() + _CUT.encode()
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        typer.secho(f"telemetry: the step summary cannot be written: {error.strerror or error}", err=True)


def _from_workspace(file: str, workspace: str) -> str:
    """Give a path as GitHub knows it."""
    if not file or not workspace:
        return file
    path = Path(file).absolute()
    return path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else file


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
