"""The database that a subcommand is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from telemetry.cli.folders import refuse
from telemetry.errors import ConfigurationError

DEFAULT = "alerts.sqlite3"

Database = Annotated[
    str,
    typer.Option(
        envvar="TELEMETRY_ALERTS_DATABASE",
        help="A file for SQLite, or an address as postgresql+psycopg://USER@HOST/NAME.",
    ),
]


def address_of(database: str) -> str:
    """Give a database as SQLAlchemy writes it; a plain path is a file of SQLite."""
    return database if "://" in database else f"sqlite:///{Path(database).absolute()}"


def opened(database: str) -> Any:
    """Open a database that is there already."""
    if "://" not in database and not Path(database).is_file():
        refuse(f"--database {database}: there is no such file")
    try:
        from telemetry.operations.receiver import Store

        return Store(address_of(database))
    except ConfigurationError as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse_missing(error)


def refuse_missing(error: ModuleNotFoundError) -> NoReturn:
    """Say what to install."""
    refuse(f"{error.name} is not installed: pip install 'telemetry[operations]'")
