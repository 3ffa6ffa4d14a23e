"""SQLite behind one thread: every statement runs there in order, so the loop never waits for a disk and nothing locks.

Writes that arrive together are committed together: a commit costs about a hundred times what a row does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mudbot.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

    from mudbot.clock import Clock

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE = "mudbot.sqlite3"

__all__ = ["FILE", "Store", "StoreError"]


def _add_columns(connection: Connection, name: str) -> None:
    """Give the table *name* the columns and indexes that it has not yet; one that is not there is made later."""
    from sqlalchemy.schema import CreateColumn, CreateIndex

    from mudbot.store.tables import metadata

    table = metadata.tables[name]
    known = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({name})")}
    for column in table.columns:
        if known and column.name not in known:
            written = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {written}")
    for index in table.indexes if known else ():
        connection.execute(CreateIndex(index, if_not_exists=True))


class Store:
    """The data of one bot, in *folder*.  ``open`` before use; everything else may be called from the loop only."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine: Engine | None = None
        self._rows: list[tuple[str, dict[str, Any]]] = []
        self._commit: asyncio.Future[None] | None = None
        self._failures = 0
        self._opening: asyncio.Task[None] | None = None
        self.locks: dict[object, asyncio.Lock] = {}
        """For those who read, decide in the loop, and write: a lock for each thing that must not change meanwhile."""

    def __repr__(self) -> str:
        return f"<Store {self.folder}, {len(self._rows)} rows waiting>"

    def open(self) -> asyncio.Task[None]:
        """Begin to open the database, in its thread: SQLAlchemy takes a third of a second to load.

        Whoever reads or writes waits for it.  The task raises StoreError naming the folder where that cannot be.
        """
        if self._opening is None or (self._opening.done() and self._engine is None):  # or it failed: once more
            self._opening = asyncio.ensure_future(self._run(self._open))
        return self._opening

    async def close(self) -> None:
        """Commit what waits and close."""
        if self._commit is not None:
            await asyncio.wait({self._commit})
        await self._run(self._dispose)
        self._thread.shutdown(wait=False)

    def write(self, table: str, **row: Any) -> asyncio.Future[None]:
        """Add a row; ``at`` is set to now.  The future is done once it is committed; it need not be awaited.

        A row that cannot be committed is lost: the future raises StoreError and the log says so.
        """
        self._rows.append((table, {"at": self._clock.wall(), **row}))
        if self._commit is None or self._commit.done():
            self._commit = asyncio.ensure_future(self._flush())
            self._commit.add_done_callback(self._tell)
        # Several callers share a commit, and one that is cancelled must not take it from the others.
        done = asyncio.shield(self._commit)
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # _tell has told
        return done

    async def read(self, query: Callable[[Connection], T]) -> T:
        """The result of *query*, which is given a connection, in the store's thread; it sees every earlier write."""
        await self._ready()

        def run() -> T:
            with self._connected().connect() as connection:
                return query(connection)

        return await self._run(run)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """The result of *work*, which is given a connection, in the store's thread: all of what it does, or nothing.

        It is committed when this returns, and undone where *work* raises.  Raises StoreError.
        """
        await self._ready()

        def run() -> T:
            with self._connected().begin() as connection:
                return work(connection)

        return await self._run(run)

    async def _ready(self) -> None:
        """Every earlier write is committed, and the database open."""
        if self._commit is not None and not self._commit.done():
            await asyncio.wait({self._commit})
        await asyncio.shield(self.open())

    def _tell(self, commit: asyncio.Future[None]) -> None:
        if commit.cancelled() or (exc := commit.exception()) is None:
            self._failures = 0
            return
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:  # at 1, 2, 4, 8 …: a full disk must not fill the log as well
            log.error("not stored: %s (%d times so far)", exc, self._failures)

    # -- in the thread ---------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[[], T]) -> T:
        from sqlite3 import Error

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (OSError, Error) as exc:
            raise self._error(exc) from exc
        except Exception as exc:
            if type(exc).__module__.startswith("sqlalchemy"):
                # SQLAlchemy's own text quotes the row, and a private word would end in a log.
                raise self._error(getattr(exc, "orig", None) or type(exc)) from exc
            raise

    def _error(self, why: object) -> StoreError:
        from sqlite3 import DatabaseError

        if type(why) is DatabaseError:  # not one of its subclasses: SQLite cannot make sense of the file
            remedy = "the file is damaged: restore it from a copy, or move it away to begin with an empty one"
        else:
            remedy = "is the folder writable, and the disk not full?"
        return StoreError(f"{self.folder / FILE}: {why}; {remedy}")

    def _open(self) -> None:
        from sqlalchemy import create_engine, event

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(f"sqlite:///{self.folder / FILE}")

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=5000")

        try:
            with engine.begin() as connection:
                self._prepare(connection)
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine

    def _prepare(self, connection: Connection) -> None:
        from mudbot.store.tables import SCHEMA, metadata

        found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if found > SCHEMA:
            raise StoreError(f"{self.folder / FILE} was written by a newer mudbot (schema {found}); upgrade mudbot")
        if found == 1:  # 1 to 2: what a call cost, and whose it was
            _add_columns(connection, "calls")
        # 2 to 3: tables of what plugins keep, which are made here as all that are missing.
        if found in (1, 2, 3):  # 3 to 4: where turns were said and who heard them; tables of facts
            _add_columns(connection, "turns")
        if found in (1, 2, 3, 4):  # 4 to 5: what a picture shows and who may see it; what owners said; the log
            _add_columns(connection, "pictures")
            _add_columns(connection, "decisions")
        metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _connected(self) -> Engine:
        if self._engine is None:
            raise StoreError(f"{self.folder}: the store is not open")
        return self._engine

    def _dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    async def _flush(self) -> None:
        try:
            await self.open()
            while self._rows:
                rows, self._rows = self._rows, []
                await self._run(lambda rows=rows: self._insert(rows))  # type: ignore[misc]
        except BaseException:
            self._rows.clear()  # their writers are told; kept, they would pile up while the disk is full
            raise

    def _insert(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        from mudbot.store.tables import metadata

        by_table: dict[str, list[Mapping[str, Any]]] = {}
        for name, row in rows:
            by_table.setdefault(name, []).append(row)
        with self._connected().begin() as connection:
            for name, batch in by_table.items():
                table: Table = metadata.tables[name]
                connection.execute(table.insert(), batch)
