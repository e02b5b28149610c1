"""`telemetry alerts audit …`: tell whether the audit log is as it was written, and hand it out."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer

from telemetry.cli.folders import refuse

from .database import DEFAULT, Database, opened

_FAILED: Final = 1

app = typer.Typer(no_args_is_help=True, help="Check and export the audit log.")


@app.command("verify")
def verify(
    *,
    database: Database = DEFAULT,
    head: Annotated[
        str | None, typer.Option(help="A head that an earlier check printed: tells whether rows were cut off since.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as one JSON object.")] = False,
) -> None:
    """Follow the hashes of the audit log, and name the first row that is not as it was written.

    Keep the head that it prints where whoever can change the database cannot change it. Exit code 0 when all rows are
    as they were written, 1 when one is not, 2 on bad usage.
    """
    if head is not None and not head.partition(":")[0].isdecimal():
        refuse(f"--head {head}: write it as it was printed, NUMBER:HASH")
    store = opened(database)
    from telemetry.operations.receiver import verify as follow

    with store.read() as connection:
        proof = follow(connection, head)
    if as_json:
        typer.echo(json.dumps(asdict(proof)))
    elif proof.finding:
        typer.echo(f"telemetry: row {proof.finding.seq} of the audit log: {proof.finding.problem}", err=True)
    else:
        typer.echo(f"{proof.rows} rows are as they were written; head {proof.head}")
    raise typer.Exit(_FAILED if proof.finding else 0)


@app.command("export")
def export(*, database: Database = DEFAULT) -> None:
    """Write the audit log to standard output, one JSON object a line, the oldest first."""
    store = opened(database)
    from telemetry.operations.receiver import exported

    with store.read() as connection:
        for row in exported(connection):
            typer.echo(json.dumps(row, sort_keys=True))
