"""SQLite behind one thread: every statement runs there in order, so the loop never waits for a disk and nothing locks.

Writes that arrive together are committed together: a commit costs about a hundred times what a row does.  What a web
page wants to see is read beside it, on connections that cannot write: no page delays what a character needs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mudbot.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

    from mudbot.clock import Clock

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE = "mudbot.sqlite3"

PAGES = 2
"""Threads for what pages read: a long search must not keep a picture from being shown."""
BROWSE_WITHIN = 5.0
"""Seconds that one query of a page may take; nobody waits longer for a page, and the processor is not theirs alone."""
COMMIT_WITHIN = 0.25
"""Seconds that a page waits for rows that are being committed; one that is under a flood shows what there is."""

__all__ = ["FILE", "Store", "StoreError"]


@contextmanager
def _bounded(connection: Connection) -> Iterator[None]:
    """Interrupt what *connection* does once it has taken BROWSE_WITHIN."""
    raw = connection.connection.driver_connection
    assert raw is not None
    end = time.monotonic() + BROWSE_WITHIN
    raw.set_progress_handler(lambda: time.monotonic() > end, 10_000)  # SQLite's own steps: about a millisecond
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


class Store:
    """The data of one bot, in *folder*.  ``open`` before use; everything else may be called from the loop only."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._pages = ThreadPoolExecutor(PAGES, thread_name_prefix="pages")
        self._engine: Engine | None = None
        self._reader: Engine | None = None
        self._rows: list[tuple[str, dict[str, Any]]] = []
        self._commit: asyncio.Future[None] | None = None
        self._failures = 0
        self._opening: asyncio.Task[None] | None = None
        self.locks: dict[object, asyncio.Lock] = {}
        """For those who read, decide in the loop, and write: a lock for each thing that must not change meanwhile."""

    def __repr__(self) -> str:
        return f"<Store {self.folder}, {len(self._rows)} rows waiting>"

    @property
    def clock(self) -> Clock:
        """What says when a row was written."""
        return self._clock

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
        self._pages.shutdown(wait=False, cancel_futures=True)

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

    async def browse(self, query: Callable[[Connection], T]) -> T:
        """The result of *query*, for a page: in a thread of its own, on a connection that cannot write.

        It sees what is committed; what was written a moment ago as well, unless the disk is slow.  Raises StoreError,
        also for a query that takes longer than BROWSE_WITHIN.
        """
        if self._commit is not None and not self._commit.done():
            await asyncio.wait({self._commit}, timeout=COMMIT_WITHIN)
        await asyncio.shield(self.open())

        def run() -> T:
            if self._reader is None:
                raise StoreError(f"{self.folder}: the store is not open")
            with self._reader.connect() as connection, _bounded(connection):
                return query(connection)

        return await self._run(run, self._pages)

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

    async def _run(self, work: Callable[[], T], thread: ThreadPoolExecutor | None = None) -> T:
        from sqlite3 import Error

        try:
            return await asyncio.get_running_loop().run_in_executor(thread or self._thread, work)
        except (OSError, Error) as exc:
            raise self._error(exc) from exc
        except Exception as exc:
            if type(exc).__module__.startswith("sqlalchemy"):
                # SQLAlchemy's own text quotes the row, and a private word would end in a log.
                raise self._error(getattr(exc, "orig", None) or type(exc)) from exc
            raise

    def _error(self, why: object) -> StoreError:
        from sqlite3 import DatabaseError

        if str(why) == "interrupted":  # by _bounded
            return StoreError(f"this takes longer than {BROWSE_WITHIN:g} s: look for less, or in a shorter time")
        if type(why) is DatabaseError:  # not one of its subclasses: SQLite cannot make sense of the file
            remedy = "the file is damaged: restore it from a copy, or move it away to begin with an empty one"
        else:
            remedy = "is the folder writable, and the disk not full?"
        return StoreError(f"{self.folder / FILE}: {why}; {remedy}")

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = self._connectable("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
        try:
            with engine.begin() as connection:
                self._prepare(connection)
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine
        self._reader = self._connectable("query_only=ON", "busy_timeout=1000")

    def _connectable(self, *pragmas: str) -> Engine:
        from sqlalchemy import create_engine, event

        engine = create_engine(f"sqlite:///{self.folder / FILE}")

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def _prepare(self, connection: Connection) -> None:
        from mudbot.store.tables import SCHEMA, metadata

        found = self._schema(connection)
        if found != SCHEMA:
            # SQLite's driver begins no transaction for tables: this makes it all or nothing, and keeps others out.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            found = self._schema(connection)  # of two that found it old the second one finds it done
        if 0 < found < SCHEMA:
            from mudbot.store.migrations import migrate

            migrate(connection, found, SCHEMA)
            log.info("%s was of schema %d and is of schema %d now", self.folder / FILE, found, SCHEMA)
        metadata.create_all(connection)
        if found != SCHEMA:
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _schema(self, connection: Connection) -> int:
        from mudbot.store.tables import SCHEMA

        found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if found > SCHEMA:
            raise StoreError(f"{self.folder / FILE} was written by a newer mudbot (schema {found}); upgrade mudbot")
        return found

    def _connected(self) -> Engine:
        if self._engine is None:
            raise StoreError(f"{self.folder}: the store is not open")
        return self._engine

    def _dispose(self) -> None:
        for engine in (self._reader, self._engine):
            if engine is not None:
                engine.dispose()

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
