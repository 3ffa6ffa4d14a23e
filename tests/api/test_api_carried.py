"""Restoring older books never gives back what was spent since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mudbot.api.calls import Caller
from mudbot.api.money.budgets import Budgets
from mudbot.api.money.carried import carry_over
from mudbot.api.money.ledger import Ledger
from mudbot.errors import BudgetError
from mudbot.testing import FakeClock

CENT = 10_000_000
"""Nano-dollars."""


async def spend(path: Path, clock: FakeClock, **cents: int) -> None:
    """Spend so many cents for each player, in books of their own opening."""
    ledger = Ledger(path, Budgets(player=1.0), clock)
    for player, amount in cents.items():
        await ledger.reserve("acct", Caller(session="inn", player=player), amount * CENT)
    await ledger.close()


async def left(path: Path, clock: FakeClock, player: str) -> int:
    """Cents that *player* may still spend today."""
    ledger = Ledger(path, Budgets(player=1.0), clock)
    low, high = 0, 100
    while low < high:
        amount = (low + high + 1) // 2
        try:
            ledger.settle(await ledger.reserve("acct", Caller(session="inn", player=player), amount * CENT), 0)
        except BudgetError:
            high = amount - 1
        else:
            low = amount
    await ledger.close()
    return low


async def test_what_was_spent_since_the_backup_stays_spent(tmp_path: Path) -> None:
    """The larger sum of the two counts for everybody, also for whom only one of them knows."""
    clock, older, restored = FakeClock(), tmp_path / "older", tmp_path / "restored"
    await spend(restored, clock, ann=40, bob=30)
    await spend(older, clock, ann=90, bob=10, cid=20)
    carry_over(older, restored)
    assert [await left(restored, clock, who) for who in ("ann", "bob", "cid", "dan")] == [10, 70, 80, 100]


async def test_books_that_the_backup_lacks_are_kept(tmp_path: Path) -> None:
    """A backup of a time before the first call must not empty them."""
    clock, older = FakeClock(), tmp_path / "older"
    await spend(older, clock, ann=90)
    carry_over(older, tmp_path / "restored")
    assert await left(tmp_path / "restored", clock, "ann") == 10


async def test_the_day_does_not_go_back(tmp_path: Path) -> None:
    """Books know the latest day they saw, so that a clock set back begins no new one."""
    clock, older, restored = FakeClock(), tmp_path / "older", tmp_path / "restored"
    await spend(restored, clock, ann=1)
    await clock.advance(3 * 86_400)
    await spend(older, clock, ann=1)
    carry_over(older, restored)
    with closing(sqlite3.connect(older)) as books, closing(sqlite3.connect(restored)) as other:
        assert books.execute("SELECT day FROM clock").fetchall() == other.execute("SELECT day FROM clock").fetchall()


@pytest.mark.parametrize("known", [True, False])
async def test_damaged_books_do_not_keep_a_backup_from_being_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, known: bool
) -> None:
    """Damage is a reason to restore; the log says what cannot be known any more."""
    clock, older, restored = FakeClock(), tmp_path / "older", tmp_path / "restored"
    older.write_bytes(b"This is no database.\n" * 500)
    if known:
        await spend(restored, clock, ann=40)
    carry_over(older, restored)
    assert "what was spent since the backup is not known" in caplog.text
    assert await left(restored, clock, "ann") == (60 if known else 100)
