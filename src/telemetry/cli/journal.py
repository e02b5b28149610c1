"""`telemetry journal ls | ledger | recover | prune`: what processes record, and leave when they die."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated, Any

import typer

from telemetry.errors import JournalError
from telemetry.journal import NOBODY, Folder, Ledger, balance, of_counts, read_dead, recover

from .amounts import age, age_seconds, bytes_on_disk, counted, kibibytes, moment
from .columns import show_columns
from .folders import folders, listed, refuse
from .found import Found, complain, journals, left_out
from .recovered import Lines, described, show

app = typer.Typer(no_args_is_help=True, help="See what processes have recorded, and what they left when they died.")

_FAILED = 1
_LISTED = ("pid", "service", "state", "age", "spans", "logs", "open", "on disk", "file")
_BALANCED = (
    *("pid", "service", "state"),
    *("started", "shipped", "closed", "pending", "open", "undecided", "lost", "sampled out", "balance"),
)
_TOTAL = {"pid": "total", "service": "", "state": ""}

_FolderArgument = Annotated[
    Path | None, typer.Argument(help="The folder of journals; by default the one of the settings, or all of yours.")
]
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")]


@app.command("ls")
def list_journals(
    folder: _FolderArgument = None,
    *,
    died: Annotated[bool, typer.Option("--died", help="Only processes that died.")] = False,
    as_json: _Json = False,
) -> None:
    """List the processes that have a journal, the newest last: what waits, what is open, and the room that it takes.

    Exit code 0, or 2 on bad usage.
    """
    where = folders(folder)
    rows = [_listed(found) for found in journals(where) if found.state == "died" or not died]
    unread = left_out(where)
    if as_json:
        typer.echo(json.dumps({"processes": rows, "unreadable": unread}, indent=2))
        return
    if rows:
        show_columns(_LISTED, [_row(each) for each in rows], left=3)
    else:
        typer.echo(f"no process {'that died ' if died else ''}has a journal in {listed(where)}")
    complain(unread)


@app.command()
def ledger(folder: _FolderArgument = None, *, as_json: _Json = False) -> None:
    """Draw up the balance of each process: what became of every span that began.

    Exit code 0 when all balance, 1 when one does not or cannot be read, 2 on bad usage.
    """
    where = folders(folder)
    books = [(found.described, balance(found.reader, is_running=found.state == "running")) for found in journals(where)]
    books += [book for each in where if (book := _folded(each)) is not None]
    unread = left_out(where)
    total = reduce(add, (book for _, book in books), NOBODY)
    is_well = all(book.balances for _, book in books) and not unread
    if as_json:
        rows = [{**who, **_book(book)} for who, book in books]
        said = {"processes": rows, "total": _book(total), "balances": is_well, "unreadable": unread}
        typer.echo(json.dumps(said, indent=2))
    else:
        lines = [_balanced(who, book) for who, book in [*books, (_TOTAL, total)]]
        show_columns(_BALANCED, lines, left=3)
        complain(unread)
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
    """Recover what processes left that run no more, and say when and where those died that did not end in order.

    Journals stay as they are. Exit code 0 when everything was recovered, 1 when some of it was damaged, 2 on bad usage.
    """
    where = folders(folder)
    unread = left_out(where)
    try:
        with Lines(output) as lines:
            dead = (found for found in journals(where) if found.state != "running")
            left = [_recovered(found, lines, is_shown=not as_json) for found in dead]
    except OSError as error:
        refuse(f"--output {output}: {error.strerror or error}")
    if as_json:
        typer.echo(json.dumps({"processes": [row for row, _ in left], "unreadable": unread}, indent=2))
    else:
        _show_others([row["finished"] for row, damaged in left if not damaged and _is_in_order(row)])
        if not left:
            typer.echo(f"no process has left anything in {listed(where)}")
        complain(unread)
    raise typer.Exit(_FAILED if unread or any(damaged for _, damaged in left) else 0)


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
    where = folders(folder)
    removed, kept, failed = [], [], []
    for found in journals(where):
        file, is_wanted = str(found.path), found.state == "running" or not everything
        if is_wanted and (need := found.need()):
            kept.append({"file": file, "state": found.state, "reason": need})
        elif problem := found.remove():
            failed.append({"file": file, "problem": problem})
        else:
            removed.append(file)
    unread = left_out(where)
    if as_json:
        typer.echo(json.dumps({"removed": removed, "kept": kept, "failed": failed, "unreadable": unread}, indent=2))
    else:
        for path in removed:
            typer.echo(f"removed {path}")
        for each in failed:
            typer.secho(f"kept {each['file']}: {each['problem']}", err=True)
        _show_kept(kept)
        complain(unread)
        if not (removed or kept or failed or unread):
            typer.echo(f"there is nothing to remove in {listed(where)}")
    raise typer.Exit(_FAILED if failed else 0)


def _recovered(found: Found, lines: Lines, *, is_shown: bool) -> tuple[dict[str, Any], int]:
    """Recover what one process left, write it, and show it where there is anything to see; give how much is damaged."""
    recovery = recover(found.reader)
    damaged = lines.write(found.reader, recovery) + recovery.torn + recovery.corrupt
    row = {**found.described, **described(recovery)}
    if is_shown and (damaged or not _is_in_order(row)):
        when = moment(recovery.last_ns or found.reader.identity.created_ns)
        show(recovery, f"{row['pid']} {row['service']} {found.state} {when}")
    return row, damaged


def _is_in_order(row: dict[str, Any]) -> bool:
    """Tell whether a process came to its end with nothing open."""
    return row["state"] == "ended" and not row["stages"]


def _show_others(finished: Sequence[int]) -> None:
    if finished:
        who, what = counted(len(finished), "process", "processes"), counted(sum(finished), "finished record")
        typer.echo(f"{who} ended in order: {what}, nothing open")


def _show_kept(kept: Sequence[dict[str, str]]) -> None:
    """Say how many journals stay, why, and how those of the dead can be removed all the same."""
    if not kept:
        return
    reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(each["reason"] for each in kept).items())
    is_any_dead = any(each["state"] != "running" for each in kept)
    remedy = "; --all removes those of processes that run no more" if is_any_dead else ""
    typer.echo(f"kept {counted(len(kept), 'journal')}: {reasons}{remedy}")


def _listed(found: Found) -> dict[str, Any]:
    reader = found.reader
    spans, logs = reader.pending()
    return {
        **found.described,
        "age_seconds": age_seconds(reader.identity.created_ns),
        "spans_pending": spans,
        "logs_pending": logs,
        "open": len(reader.opened()),
        "bytes_on_disk": bytes_on_disk([found.path]),
    }


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    old, size = age(row["age_seconds"]), kibibytes(row["bytes_on_disk"])
    counts = (str(row[name]) for name in ("spans_pending", "logs_pending", "open"))
    return (str(row["pid"]), row["service"], row["state"], old, *counts, size, Path(row["file"]).name)


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
    names = ("started", "shipped", "closed", "pending", "open", "undecided", "sampled_out")
    counts = {name: getattr(book, name) for name in (*names, "logs_written", "logs_shipped")}
    lost = {"lost": dict(book.lost), "lost_logs": dict(book.lost_logs), "logs_pending": book.logs_pending}
    return {**counts, **lost, "interrupted": book.interrupted, "slack": book.slack, "balances": book.balances}


def _balanced(who: dict[str, Any], book: Ledger) -> tuple[str, ...]:
    names = ("started", "shipped", "closed", "pending", "open", "undecided")
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
