"""`telemetry journal ls | ledger | recover | prune`: what processes record, and leave when they die."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from time import time_ns
from typing import Annotated, Any, final

import typer

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.journal import (
    NOBODY,
    Folder,
    Ledger,
    Reader,
    State,
    balance,
    of_counts,
    read_dead,
    readers,
    recover,
    state_of,
    unreadable,
)

from .columns import show_columns
from .folders import folders, refuse
from .recovered import Lines, described, show

app = typer.Typer(no_args_is_help=True, help="See what processes have recorded, and what they left when they died.")

_FAILED = 1
_SECOND = 1_000_000_000
_LISTED = ("pid", "service", "state", "age", "spans", "logs", "open", "on disk", "file")
_BALANCED = (
    *("pid", "service", "state"),
    *("started", "shipped", "closed", "pending", "open", "lost", "sampled out", "balance"),
)
_TOTAL = {"pid": "total", "service": "", "state": ""}

_FolderArgument = Annotated[
    Path | None, typer.Argument(help="The folder of journals; by default the one of the settings, or all of yours.")
]
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")]


@final
@dataclass(frozen=True, slots=True)
class _Found:
    """A journal, in which folder it is, and what has become of its process."""

    reader: Reader
    folder: Folder
    state: State

    @property
    def path(self) -> Path:
        assert self.reader.path is not None
        return self.reader.path

    @property
    def described(self) -> dict[str, Any]:
        who = self.reader.identity
        return {
            "pid": who.pid,
            "key": f"{who.key:x}",
            "service": str(self.reader.terms.get("service", "")),
            "run_id": str(self.reader.terms.get("run_id", "")),
            "state": self.state,
            "file": str(self.path),
        }


@app.command("ls")
def list_journals(folder: _FolderArgument = None, *, as_json: _Json = False) -> None:
    """List the processes that have a journal: what waits in it, what is open, and the room that it takes.

    Exit code 0, or 2 on bad usage.
    """
    where = folders(folder)
    rows = [_listed(found) for found in _journals(where)]
    left_out = _left_out(where)
    if as_json:
        typer.echo(json.dumps({"processes": rows, "unreadable": left_out}, indent=2))
        return
    show_columns(_LISTED, [_row(each) for each in rows], left=3)
    _complain(left_out)


@app.command()
def ledger(folder: _FolderArgument = None, *, as_json: _Json = False) -> None:
    """Draw up the balance of each process: what became of every span that began.

    Exit code 0 when all balance, 1 when one does not or cannot be read, 2 on bad usage.
    """
    where = folders(folder)
    books = [
        (found.described, balance(found.reader, is_running=found.state == "running")) for found in _journals(where)
    ]
    books += [book for each in where if (book := _folded(each)) is not None]
    left_out = _left_out(where)
    total = reduce(add, (book for _, book in books), NOBODY)
    is_well = all(book.balances for _, book in books) and not left_out
    if as_json:
        rows = [{**who, **_book(book)} for who, book in books]
        said = {"processes": rows, "total": _book(total), "balances": is_well, "unreadable": left_out}
        typer.echo(json.dumps(said, indent=2))
    else:
        lines = [_balanced(who, book) for who, book in [*books, (_TOTAL, total)]]
        show_columns(_BALANCED, lines, left=3)
        _complain(left_out)
    raise typer.Exit(0 if is_well else _FAILED)


@app.command("recover")
def recover_dead(
    folder: _FolderArgument = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write what was recovered to this file, as OTLP JSON lines."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Recover what processes left that run no more, and say where each of them died.

    Journals stay as they are. Exit code 0 when everything was recovered, 1 when some of it was damaged, 2 on bad usage.
    """
    where = folders(folder)
    left_out = _left_out(where)
    said, is_well = [], not left_out
    try:
        with Lines(output) as lines:
            for found in _journals(where):
                if found.state != "running":
                    recovery = recover(found.reader)
                    is_well &= not (lines.write(found.reader, recovery) or recovery.torn or recovery.corrupt)
                    said.append({**found.described, **described(recovery)})
                    if not as_json:
                        show(recovery, f"{found.described['pid']} {found.described['service']} {found.state}")
    except OSError as error:
        refuse(f"--output {output}: {error.strerror or error}")
    if as_json:
        typer.echo(json.dumps({"processes": said, "unreadable": left_out}, indent=2))
    elif not said:
        typer.echo("no process has left anything")
    if not as_json:
        _complain(left_out)
    raise typer.Exit(0 if is_well else _FAILED)


@app.command()
def prune(
    folder: _FolderArgument = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Remove the journals of all processes that run no more, whatever is in them.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Remove the journals of processes that run no more, where nothing in them waits for anybody.

    A journal that is being shipped stays. Exit code 0, 1 when one could not be removed, 2 on bad usage.
    """
    removed, failed = [], []
    for found in _journals(folders(folder)):
        if found.state == "running" or not (everything or _is_spent(found)):
            continue
        problem = _remove(found)
        if problem:
            failed.append({"file": str(found.path), "problem": problem})
        else:
            removed.append(str(found.path))
    if as_json:
        typer.echo(json.dumps({"removed": removed, "failed": failed}, indent=2))
    else:
        for path in removed:
            typer.echo(f"removed {path}")
        for each in failed:
            typer.secho(f"kept {each['file']}: {each['problem']}", err=True)
        if not removed and not failed:
            typer.echo("there is nothing to remove")
    raise typer.Exit(_FAILED if failed else 0)


def _journals(where: Iterable[Folder]) -> Iterator[_Found]:
    """Give the journals of folders one by one; each is closed when the next is asked for."""
    for folder in where:
        for reader in readers(folder, only_read=True):
            with reader:
                yield _Found(reader, folder, state_of(reader, folder))


def _left_out(where: Iterable[Folder]) -> list[dict[str, str]]:
    return [{"file": str(path), "problem": problem} for folder in where for path, problem in unreadable(folder)]


def _complain(left_out: Iterable[dict[str, str]]) -> None:
    for each in left_out:
        typer.secho(f"{each['file']}: {each['problem']}", err=True)


def _listed(found: _Found) -> dict[str, Any]:
    reader = found.reader
    spans, logs = reader.pending()
    return {
        **found.described,
        "age_seconds": max(time_ns() - reader.identity.created_ns, 0) // _SECOND,
        "spans_pending": spans,
        "logs_pending": logs,
        "open": len(reader.opened()),
        "bytes_on_disk": _bytes_on_disk(found.path),
    }


def _bytes_on_disk(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except OSError:  # it has been removed meanwhile
        return 0


def _row(listed: dict[str, Any]) -> tuple[str, ...]:
    age, size = _age(listed["age_seconds"]), f"{listed['bytes_on_disk'] / 1024:.0f} KiB"
    counts = (str(listed[name]) for name in ("spans_pending", "logs_pending", "open"))
    return (str(listed["pid"]), listed["service"], listed["state"], age, *counts, size, Path(listed["file"]).name)


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _folded(folder: Folder) -> tuple[dict[str, Any], Ledger] | None:
    """Give the ledger of those whose files are gone, as the gateway has added them up; None where there are none."""
    try:
        dead = read_dead(folder)
    except JournalError:
        return None
    if not dead.counts:
        return None
    who = {"pid": "", "service": folder.path.name, "state": "folded", "file": str(folder.path)}
    return who, of_counts(dead.counts, dead.processes)


def _book(book: Ledger) -> dict[str, Any]:
    names = ("started", "shipped", "closed", "pending", "open", "sampled_out", "logs_written", "logs_shipped")
    counts = {name: getattr(book, name) for name in names}
    lost = {"lost": dict(book.lost), "lost_logs": dict(book.lost_logs), "logs_pending": book.logs_pending}
    return {**counts, **lost, "interrupted": book.interrupted, "slack": book.slack, "balances": book.balances}


def _balanced(who: dict[str, Any], book: Ledger) -> tuple[str, ...]:
    names = ("started", "shipped", "closed", "pending", "open")
    counts = (str(getattr(book, name)) for name in names)
    lost = sum(book.lost.values())
    verdict = "balances" if book.balances else f"{book.interrupted:+} UNACCOUNTED"
    reasons = ", ".join(f"{count} {name}" for name, count in book.lost.items() if count)
    return (
        str(who["pid"]),
        who["service"],
        who["state"],
        *counts,
        str(lost),
        str(book.sampled_out),
        f"{verdict} ({reasons})" if reasons else verdict,
    )


def _is_spent(found: _Found) -> bool:
    """Tell whether nobody needs a journal: nothing waits, no span is to be closed, and no metrics are to be folded."""
    book = balance(found.reader)
    memory = found.reader.memory
    has_metrics = memory.word(extent.PAGES_USED) and not memory.word(extent.FOLDED)
    return not (book.pending or book.logs_pending or book.open or has_metrics)


def _remove(found: _Found) -> str:
    """Remove a journal under its ship lock; give the problem where that cannot be."""
    shipping = found.reader.identity.key + 1
    if not found.folder.hold(shipping):
        return "it is being shipped; try again later"
    try:
        found.path.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        found.folder.release(shipping)
    return ""
