"""The books: never spent beyond a budget, whoever asks at once, whatever the clock and the disk do."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mudbot.api.calls import NOBODY, Caller
from mudbot.api.money.budgets import USD, Budgets
from mudbot.api.money.ledger import Ledger, Reservation
from mudbot.errors import BudgetError
from mudbot.testing import FakeClock

DAY = 86_400
BOB, ANN = Caller(player="Bob", channel="gossip"), Caller(player="Ann")


@asynccontextmanager
async def books(path: Path | None, clock: FakeClock | None = None, **budgets: Any) -> AsyncIterator[Ledger]:
    ledger = Ledger(path, Budgets(**budgets), clock or FakeClock())
    yield ledger
    await ledger.close()


async def total(ledger: Ledger, scope: str = "day", account: str = "a") -> float:
    """USD of all rows of a scope."""
    return sum(row.usd for row in await ledger.spent(account) if row.scope == scope)


async def test_what_is_put_aside_is_taken_and_what_was_not_used_comes_back(tmp_path: Path) -> None:
    async with books(tmp_path / "b", day=1.0) as ledger:
        first = await ledger.reserve("a", NOBODY, USD * 6 // 10)
        with pytest.raises(BudgetError, match=r"api\.budgets\.day .*60 % of it is spent or reserved"):
            await ledger.reserve("a", NOBODY, USD // 2)
        ledger.settle(first, USD // 10)
        await ledger.reserve("a", NOBODY, USD // 2)
        assert await total(ledger) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("scope", "same", "other"),
    [
        ("player", Caller(player=" bOB "), ANN),
        ("channel", Caller(player="Ann", channel="Gossip"), Caller(channel="chat")),
        ("day", ANN, None),
        ("month", ANN, None),
    ],
)
async def test_each_budget_counts_for_those_it_is_for(scope: str, same: Caller, other: Caller | None) -> None:
    async with books(None, None, **{scope: 1.0}) as ledger:
        await ledger.reserve("a", BOB, USD)
        with pytest.raises(BudgetError, match=rf"api\.budgets\.{scope}"):
            await ledger.reserve("a", same, 1)
        await ledger.reserve("another account", same, USD)
        if other is not None:
            await ledger.reserve("a", other, USD)


async def test_who_is_refused_by_one_budget_takes_nothing_of_the_others() -> None:
    async with books(None, player=0.1, day=1.0) as ledger:
        for _ in range(20):
            with pytest.raises(BudgetError, match="this call alone may cost more"):
                await ledger.reserve("a", BOB, USD // 2)
        assert await total(ledger) == 0


async def test_a_refusal_names_nobody() -> None:
    async with books(None, day=1.0, player=1.0) as ledger:
        await ledger.reserve("a", Caller(player="Bob the secret"), USD)
        with pytest.raises(BudgetError) as caught:
            await ledger.reserve("a", ANN, USD)
        assert "secret" not in str(caught.value)
        assert "00:00 UTC" in str(caught.value)


@pytest.mark.parametrize("seed", range(8))
async def test_fifty_at_once_never_exceed_a_budget(seed: int) -> None:
    """Against plain sums: whatever is granted fits, and nothing that fits is refused."""
    dice = random.Random(seed)
    async with books(None, day=1.0) as ledger:
        left, most = USD, 0
        held: list[Reservation] = []
        for _ in range(20):
            wanted = [dice.randrange(USD // 20) for _ in range(50)]
            outcomes = await asyncio.gather(*(ledger.reserve("a", BOB, w) for w in wanted), return_exceptions=True)
            for want, outcome in zip(wanted, outcomes, strict=True):
                assert isinstance(outcome, Reservation) == (want <= left), (want, left)
                if isinstance(outcome, Reservation):
                    left -= want
                    held.append(outcome)
            most = max(most, USD - left)
            dice.shuffle(held)
            for reservation in held[: len(held) // 2]:
                spent = dice.randrange(reservation.amount + 1)
                ledger.settle(reservation, spent)
                left += reservation.amount - spent
            del held[: len(held) // 2]
            await ledger.flush()
            assert await total(ledger) == pytest.approx((USD - left) / USD)
        assert USD // 2 < most <= USD


async def test_who_is_cancelled_while_it_is_written_gives_it_back() -> None:
    async with books(None, day=1.0) as ledger:
        tasks = [asyncio.ensure_future(ledger.reserve("a", BOB, USD // 10)) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await ledger.flush()
        assert await total(ledger) == 0


async def test_a_day_and_a_month_begin_anew_by_utc() -> None:
    clock = FakeClock()
    async with books(None, clock, day=1.0, month=1.5) as ledger:
        await ledger.reserve("a", BOB, USD)
        await clock.advance(DAY)
        await ledger.reserve("a", BOB, USD // 2)
        with pytest.raises(BudgetError, match=r"api\.budgets\.month"):
            await ledger.reserve("a", BOB, 1)
        await clock.advance(31 * DAY)
        await ledger.reserve("a", BOB, USD)


async def test_a_server_that_claims_more_than_any_figure_holds_uses_up_the_budget_and_no_more(tmp_path: Path) -> None:
    async with books(tmp_path / "b", player=1.0) as ledger:
        held = [await ledger.reserve("a", caller, 5) for caller in (BOB, NOBODY)]
        for _ in range(2):
            ledger.settle(held[0], 10**400)
            await ledger.reserve("a", NOBODY, 10**400)  # bounded by nothing
        with pytest.raises(BudgetError, match=r"api\.budgets\.player"):
            await ledger.reserve("a", BOB, 1)
        await ledger.reserve("a", ANN, 1)


async def test_who_asks_while_the_books_are_closed_is_told_so(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "b", Budgets(day=1.0), FakeClock())
    held = await ledger.reserve("a", BOB, USD)
    ledger.settle(held, 5)
    closing = asyncio.ensure_future(ledger.close())
    await asyncio.sleep(0)
    with pytest.raises(BudgetError, match="are closed"):
        await ledger.reserve("a", BOB, 1)
    await closing
    async with books(tmp_path / "b", day=1.0) as again:
        assert await total(again) * USD == pytest.approx(5)


class Jumping(FakeClock):
    """A clock on the wall that somebody sets."""

    off = 0.0

    def wall(self) -> float:
        return super().wall() + self.off


@pytest.mark.parametrize("jump", [3600.0, -3600.0, -DAY, -2 * DAY + 1])
async def test_a_clock_that_jumps_resets_no_budget_twice(jump: float) -> None:
    clock = Jumping()
    async with books(None, clock, day=1.0, month=100.0) as ledger:
        await ledger.reserve("a", BOB, USD)
        await clock.advance(DAY)
        await ledger.reserve("a", BOB, USD)
        for off in (jump, 0.0, jump):
            clock.off = off
            with pytest.raises(BudgetError, match=r"api\.budgets\.day"):
                await ledger.reserve("a", BOB, 1)
        assert await total(ledger) == pytest.approx(2.0)


async def test_a_clock_that_was_years_ahead_does_not_lock_the_budget_for_years() -> None:
    clock = Jumping()
    async with books(None, clock, day=1.0) as ledger:
        clock.off = 3650 * DAY
        await ledger.reserve("a", BOB, USD)
        clock.off = 0
        await ledger.reserve("a", BOB, USD)


async def test_the_books_outlive_the_process(tmp_path: Path) -> None:
    for _ in range(2):
        async with books(tmp_path / "b", day=1.0) as ledger:
            ledger.settle(await ledger.reserve("a", BOB, USD // 2), USD // 2)
    async with books(tmp_path / "b", day=1.0) as ledger:
        with pytest.raises(BudgetError):
            await ledger.reserve("a", BOB, 1)


async def test_a_damaged_file_stops_the_spending_says_so_once_and_heals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "b"
    path.write_bytes(b"no database, " * 100)
    async with books(path, day=1.0) as ledger:
        for _ in range(3):
            with pytest.raises(BudgetError, match="damaged: move it away"):
                await ledger.reserve("a", BOB, 1)
        assert len(caplog.records) == 1
        path.unlink()
        await ledger.reserve("a", BOB, 1)


async def test_what_could_not_be_written_is_written_when_the_disk_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with books(folder / "b", day=1.0) as ledger:
        reservation = await ledger.reserve("a", BOB, USD)
        ledger._connection.close()  # type: ignore[union-attr]  # as a disk that is gone
        ledger.settle(reservation, USD // 4)
        await ledger.flush()
        await ledger.reserve("a", BOB, USD // 2)
        assert await total(ledger) == pytest.approx(0.75)


async def test_another_process_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    async with books(tmp_path / "b", day=1.0) as ledger:
        await ledger.reserve("a", BOB, 1)
        other = sqlite3.connect(tmp_path / "b", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.ensure_future(ledger.reserve("a", BOB, 1))
        await asyncio.sleep(0.05)
        assert not task.done()
        other.execute("COMMIT")
        other.close()
        await task


async def test_old_days_are_forgotten(tmp_path: Path) -> None:
    clock = FakeClock()
    async with books(tmp_path / "b", clock, day=1.0) as ledger:
        await ledger.reserve("a", BOB, 1)
        await clock.advance(500 * DAY)
        await ledger.reserve("a", BOB, 1)
        assert len({row.period for row in await ledger.spent("a")}) == 2  # a day and its month


CHILD = """
import asyncio, sys
from pathlib import Path
from mudbot.api.calls import Caller
from mudbot.api.money.budgets import Budgets
from mudbot.api.money.ledger import Ledger
from mudbot.clock import SystemClock
from mudbot.errors import BudgetError

async def one(ledger, number):
    while True:
        held = await ledger.reserve("a", Caller(player=str(number)), 1000)
        print(1000, flush=True)  # from here on it may be spent
        ledger.settle(held, 400)

async def main():
    ledger = Ledger(Path(sys.argv[1]), Budgets(day=float(sys.argv[2])), SystemClock())
    try:
        await asyncio.gather(*(one(ledger, n) for n in range(8)))
    except BudgetError:
        await ledger.flush()
        print("full", flush=True)

asyncio.run(main())
"""


async def child(path: Path, budget: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(path), str(budget)), stdout=asyncio.subprocess.PIPE
    )


async def test_processes_that_are_killed_lose_nothing_that_they_had_put_aside(tmp_path: Path) -> None:
    """Whoever was told that money is put aside may spend it; killed at any moment, the books know of it."""
    path, at_least = tmp_path / "b", 0
    for round_ in range(10):
        process = await child(path, 1000.0)
        assert process.stdout is not None
        for _ in range(20 + 37 * round_):
            assert await process.stdout.readline()
        process.kill()
        rest, _ = await process.communicate()
        granted = 20 + 37 * round_ + rest.count(b"1000\n")
        at_least += granted * 400
        async with books(path, None, day=1e6) as ledger:
            rows = [row for row in await ledger.spent("a") if row.scope == "day"]
        assert sum(row.usd for row in rows) * USD >= at_least - 0.5


async def test_four_processes_on_one_file_stay_within_it_together(tmp_path: Path) -> None:
    path, budget = tmp_path / "b", 0.002  # 2,000,000 nano-dollars: about 5,000 calls of 400
    processes = [await child(path, budget) for _ in range(4)]
    printed = [(await process.communicate())[0] for process in processes]
    assert all(b"full" in text for text in printed)
    async with books(path, None, day=1.0) as ledger:
        spent = sum(row.usd for row in await ledger.spent("a") if row.scope == "day") * USD
    assert spent <= budget * USD
    assert sum(text.count(b"1000\n") for text in printed) * 400 <= budget * USD
    assert spent >= budget * USD - 4 * 8 * 1000
