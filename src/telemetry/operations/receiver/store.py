"""The database of the receiver: SQLite in a file, or PostgreSQL where several receivers share one.

A write holds the head of the audit log, so writers come one after the other, in one process or in several.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from telemetry.errors import ConfigurationError

from .tables import CHAIN, METADATA, SCHEMA, SCHEMA_VERSION

START_HASH: Final = "0" * 64
_BUSY_MS: Final = 10_000
_SCHEMA_LOCK: Final = 0x74656C65  # any number; receivers that start together make the tables one after the other


@final
class Store:
    """An open database; `close()` ends it."""

    def __init__(self, url: str) -> None:
        """Open the database, and make its tables where there are none.

        Raises:
            ConfigurationError: It cannot be opened, or is newer than this version.
        """
        try:
            self.engine = _engine(url)
            self._is_sqlite = self.engine.dialect.name == "sqlite"
            self._prepare()
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(
                f"--database: {error}; write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            ) from None
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise ConfigurationError(f"--database: cannot open it: {cause}") from None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are on disk when the block ends, or are none if it raises."""
        with self.engine.connect() as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.execute(select(CHAIN.c.id).with_for_update())
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database."""
        with self.engine.connect() as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        with self.engine.connect() as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
            METADATA.tables["alert_schema"].create(connection, checkfirst=True)
            version = connection.scalar(select(SCHEMA.c.version))
            if version is None:
                METADATA.create_all(connection)
                connection.execute(insert(SCHEMA).values(version=SCHEMA_VERSION))
                connection.execute(insert(CHAIN).values(id=1, seq=0, hash=START_HASH))
            elif version != SCHEMA_VERSION:
                raise ConfigurationError(
                    f"--database: its tables are of version {version}, this program knows {SCHEMA_VERSION}; "
                    "upgrade telemetry, or name another database"
                )
            connection.commit()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: sqlite3 says it too late
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
