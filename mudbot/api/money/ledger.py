"""The books: what was spent or is put aside, by account, scope and period, in a file of its own.

Everything that arrives while a commit runs is committed together next, in one transaction that also checks the
budgets; so thousands of calls a second are a few dozen commits, and several processes on one file never spend more
together than one of them may.  SQLite runs in one thread of its own: the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mudbot.api.calls import Caller
from mudbot.api.money.budgets import MOST, USD, Budgets, Spent, budget_keys, day_of, kept_name, period_of, used_up
from mudbot.clock import Clock
from mudbot.errors import BudgetError

log = logging.getLogger("mudbot.api")

KEEP = 400
"""Days after which a period is forgotten."""

BUSY = 5000
"""Milliseconds that another process may hold the file."""

LONGEST_WAIT = 10_000
"""Corrections that wait while the file cannot be written; further ones are given up, and count as spent."""

_ROW = 2**62
"""Nano-dollars that fit into a row."""

_T = TypeVar("_T")

_Key = tuple[str, str, str, str]
"""Account, scope, name, period."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spending (
    account TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL, nano INTEGER NOT NULL,
    PRIMARY KEY (account, scope, name, period)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clock (day INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money put aside: how much, and in which rows of the books."""

    keys: tuple[_Key, ...]
    amount: int


@dataclass(slots=True)
class _Ask:
    account: str
    names: tuple[tuple[str, str], ...]
    """Scope and name."""
    amount: int
    answer: asyncio.Future[Reservation]


@dataclass(frozen=True, slots=True)
class _Correction:
    keys: tuple[_Key, ...]
    change: int


class Ledger:
    """The books of *budgets* in the file *path*, or in memory; all of one event loop.  ``close`` it in the end.

    What a process had put aside when it died counts as spent: nobody knows what its calls cost.  All of it survives a
    killed process; a power cut may lose the last commits.
    """

    def __init__(self, path: Path | None, budgets: Budgets, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._bounds = budgets.bounds()
        self.plugins = budgets.plugin_bounds()
        """What plugins may cost a day, in nano-dollars, by their names as the books hold them; may be changed."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection | None = None
        self._asks: list[_Ask] = []
        self._corrections: list[_Correction] = []
        self._writing: asyncio.Task[None] | None = None
        self._trouble = ""
        self._closing = self._closed = False

    def __repr__(self) -> str:
        return f"<Ledger {self._path or 'in memory'}, {len(self._asks)} wait>"

    def budgets_of(self, caller: Caller) -> str:
        """Where the owner set the budgets that bound the calls of *caller*; those of others where none does."""
        own = kept_name(caller.plugin) if caller.plugin else ""
        return budget_keys([own] if own in self.plugins else [] if self._bounds else self.plugins, all_=self._bounds)

    async def reserve(self, account: str, caller: Caller, amount: int) -> Reservation:
        """Put *amount* nano-dollars aside in every budget that *caller*'s call falls under; committed when it returns.

        Raises BudgetError where one of them has no room, or where the books cannot be written.
        """
        if self._closing:
            raise BudgetError("the books are closed, and without them nothing is spent: open a new Api", code="books")
        answer: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        self._asks.append(_Ask(account, _names(caller), min(amount, MOST), answer))
        self._wake()
        try:
            return await answer
        except asyncio.CancelledError:
            if not answer.cancelled() and answer.exception() is None:  # answered, and nobody is there to hear it
                self.settle(answer.result(), 0)
            raise

    def settle(self, reservation: Reservation, amount: int) -> None:
        """Correct what was put aside to the *amount* that was spent; written with what comes next."""
        change = min(amount, MOST) - reservation.amount
        if not change:
            return
        if len(self._corrections) < LONGEST_WAIT:
            self._corrections.append(_Correction(reservation.keys, change))
            self._wake()

    async def spent(self, account: str) -> list[Spent]:
        """All that *account* spent or has put aside, the newest period first.  Raises BudgetError."""
        await self.flush()
        rows = await self._run(lambda: self._read(account))
        return [Spent(scope, name, period, nano / USD) for scope, name, period, nano in rows]

    async def flush(self) -> None:
        """Wait until everything that was settled so far is written, or cannot be."""
        self._wake()
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if self._closing:
            return
        self._closing = True  # nobody may ask from here on: there would be no thread to answer
        await self.flush()
        self._closed = True
        await self._run(self._hang_up)
        self._thread.shutdown(wait=False)

    # -- in the loop -----------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._writing is None and not self._closed and (self._asks or self._corrections):
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._asks or self._corrections:
                asks, self._asks = self._asks, []
                corrections, self._corrections = self._corrections, []
                if not await self._commit(asks, corrections):
                    self._corrections = [*corrections, *self._corrections][:LONGEST_WAIT]
                    if not self._asks:
                        return  # the next call tries again
        finally:
            self._writing = None

    async def _commit(self, asks: list[_Ask], corrections: list[_Correction]) -> bool:
        wall = self._clock.wall()
        try:
            outcomes = await self._run(lambda: self._transact(asks, corrections, wall))
        except BudgetError as error:
            if self._trouble != str(error):
                self._trouble = str(error)
                log.error("%s", error)  # noqa: TRY400 - it is said once, without a traceback
            for ask in asks:
                if not ask.answer.done():
                    ask.answer.set_exception(BudgetError(str(error), code="books"))
            return False
        if self._trouble:
            self._trouble = ""
            log.info("the books of %s can be written again", self._path or "memory")
        for ask, outcome in zip(asks, outcomes, strict=True):
            if ask.answer.done():  # whoever asked is gone; what is given back is written before ``flush`` returns
                if isinstance(outcome, Reservation):
                    self.settle(outcome, 0)
                continue
            if isinstance(outcome, Reservation):
                ask.answer.set_result(outcome)
            else:
                ask.answer.set_exception(outcome)
        return True

    async def _run(self, work: Callable[[], _T]) -> _T:
        """*work*, in the thread.  Raises BudgetError for whatever SQLite or the disk have to say."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            reason, damaged = str(error), type(error) is sqlite3.DatabaseError
        remedy = "the file is damaged: move it away to begin with an empty one, or restore a copy"
        if not damaged:
            remedy = "is its folder writable, and the disk not full?"
        raise BudgetError(
            f"the books of what is spent ({self._path}) cannot be used ({reason}), and without them nothing is spent: "
            f"{remedy}",
            code="books",
        )

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _transact(
        self, asks: Sequence[_Ask], corrections: Iterable[_Correction], wall: float
    ) -> list[Reservation | BudgetError]:
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            day = self._today(connection, wall)
            rows = _Rows(connection)
            for correction in corrections:
                for key in correction.keys:
                    rows.add(key, correction.change)
            outcomes = [self._decide(rows, ask, day) for ask in asks]
            rows.write()
            connection.execute("COMMIT")
        except BaseException:
            self._hang_up()  # rolls back; the next one opens it anew, when the cause may be gone
            raise
        return outcomes

    def _decide(self, rows: _Rows, ask: _Ask, day: int) -> Reservation | BudgetError:
        keys = tuple((ask.account, scope, name, period_of(scope, day)) for scope, name in ask.names)
        for key in keys:
            _, scope, name, _ = key
            plugin = name if scope == "plugin" else ""
            bound = self.plugins.get(name) if plugin else self._bounds.get(scope)
            if bound is not None and rows.get(key) + ask.amount > bound:
                return used_up(scope, bound, rows.get(key), ask.amount, day, plugin)
        for key in keys:
            rows.add(key, ask.amount)
        return Reservation(keys, ask.amount)

    def _today(self, connection: sqlite3.Connection, wall: float) -> int:
        found = connection.execute("SELECT day FROM clock").fetchone()
        seen = found[0] if found else None
        day = day_of(wall, seen)
        if day != seen:
            connection.execute("DELETE FROM clock")
            connection.execute("INSERT INTO clock VALUES (?)", (day,))
            oldest = period_of("day", max(1, day - KEEP))
            connection.execute("DELETE FROM spending WHERE period < ?", (oldest[:7],))
        return day

    def _read(self, account: str) -> list[tuple[str, str, str, int]]:
        query = "SELECT scope, name, period, nano FROM spending WHERE account = ? ORDER BY period DESC, scope, name"
        return self._open().execute(query, (account,)).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(self._path or ":memory:", isolation_level=None, check_same_thread=False)
            self._connection = connection
            connection.execute(f"PRAGMA busy_timeout={BUSY}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        return self._connection

    def _hang_up(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if self._path is None and not self._closed:  # in memory there is nothing to open anew
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return
        self._connection = None
        connection.close()


class _Rows:
    """The rows of one transaction: each read once, added up here, and written once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._nano: dict[_Key, int] = {}
        self._changed: set[_Key] = set()

    def get(self, key: _Key) -> int:
        nano = self._nano.get(key)
        if nano is None:
            query = "SELECT nano FROM spending WHERE account = ? AND scope = ? AND name = ? AND period = ?"
            found = self._connection.execute(query, key).fetchone()
            nano = self._nano[key] = found[0] if found else 0
        return nano

    def add(self, key: _Key, change: int) -> None:
        self._nano[key] = min(max(0, self.get(key) + change), _ROW)
        self._changed.add(key)

    def write(self) -> None:
        query = (
            "INSERT INTO spending VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (account, scope, name, period) DO UPDATE SET nano = excluded.nano"
        )
        self._connection.executemany(query, [(*key, self._nano[key]) for key in self._changed])


def _names(caller: Caller) -> tuple[tuple[str, str], ...]:
    """The scopes that a call falls under, bounded or not: what is spent is worth knowing before it has a bound."""
    found = [("day", ""), ("month", "")]
    if caller.player:
        found.append(("player", kept_name(caller.player)))
    if caller.channel:
        found.append(("channel", kept_name(caller.channel)))
    if caller.plugin:
        found.append(("plugin", kept_name(caller.plugin)))
    return tuple(found)
