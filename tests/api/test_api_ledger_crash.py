"""The books outlive whatever happens to their process and their disk, and are never beyond their budget after it."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from mudbot.api.money.budgets import USD, Budgets
from mudbot.api.money.ledger import Ledger
from mudbot.clock import SystemClock

BUDGET, PUT_ASIDE, COST = 3_000_000, 1000, 400

SPENDER = """
import asyncio, os, sys
from pathlib import Path
from mudbot.api.calls import Caller
from mudbot.api.money.budgets import USD, Budgets
from mudbot.api.money.ledger import Ledger
from mudbot.clock import SystemClock
from mudbot.errors import BudgetError

async def one(ledger, number):
    while True:
        held = await ledger.reserve("a", Caller(player=str(number)), 1000)
        os.write(1, b"x")  # from here on it may be spent
        await asyncio.sleep(0)
        ledger.settle(held, 400)

async def main():
    ledger = Ledger(Path(sys.argv[1]), Budgets(month=int(sys.argv[2]) / USD), SystemClock())
    try:
        await asyncio.gather(*(one(ledger, n) for n in range(16)))
    except BudgetError as full:
        assert "api.budgets.month" in str(full), full
        await ledger.flush()

asyncio.run(main())
"""

FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from mudbot.api.calls import Caller
from mudbot.api.money.budgets import USD, Budgets
from mudbot.api.money.ledger import Ledger
from mudbot.clock import SystemClock
from mudbot.errors import BudgetError

async def main():
    ledger = Ledger(Path(sys.argv[1]), Budgets(day=1), SystemClock())
    granted, held = 0, await ledger.reserve("a", Caller(), 1000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
    refused = 0
    for number in range(500):
        try:
            await ledger.reserve("a", Caller(player=f"player {number} " * 4), 10)
            granted += 10
        except BudgetError as error:
            assert "without them nothing is spent" in str(error), error
            refused += 1
    ledger.settle(held, 400)
    await ledger.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await ledger.reserve("a", Caller(), 7)
    spent = sum(row.usd for row in await ledger.spent("a") if row.scope == "day")
    print(refused, round(spent * USD) - granted)
    await ledger.close()

asyncio.run(main())
"""


async def spender(path: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SPENDER, str(path), str(BUDGET)), stdout=asyncio.subprocess.PIPE
    )


async def killed_after(path: Path, grants: int) -> int:
    """How often a spender was told that money is put aside, until it was killed."""
    process = await spender(path)
    assert process.stdout is not None
    seen = await process.stdout.read(1)
    while seen and len(seen) < grants and (more := await process.stdout.read(grants - len(seen))):
        seen += more
    if process.returncode is None:
        process.kill()
    rest, _ = await process.communicate()
    return len(seen + rest)


async def booked(path: Path) -> int:
    """Nano-dollars of the month."""
    ledger = Ledger(path, Budgets(), SystemClock())
    try:
        return round(sum(row.usd for row in await ledger.spent("a") if row.scope == "month") * USD)
    finally:
        await ledger.close()


async def test_twenty_kills_of_processes_that_share_the_books_lose_nothing_and_exceed_nothing(tmp_path: Path) -> None:
    """Four at a time are killed in the middle of spending, then the others spend what is left."""
    path, dice, grants = tmp_path / "b", random.Random(7), 0
    for _ in range(5):
        grants += sum(await asyncio.gather(*(killed_after(path, dice.randrange(1, 300)) for _ in range(4))))
        assert grants * COST <= await booked(path) <= BUDGET
    last = await spender(path)
    told, _ = await last.communicate()
    assert last.returncode == 0
    grants += len(told)
    assert grants * COST <= await booked(path) <= BUDGET
    # What the killed ones had put aside stays spent, and no more than that: 16 each, and some whose word was lost.
    assert await booked(path) <= grants * COST + 20 * 2 * 16 * PUT_ASIDE + PUT_ASIDE


@pytest.mark.parametrize("room", [1000, 200_000])  # nothing fits; something fits now and then
async def test_a_full_disk_stops_the_spending_and_what_was_settled_is_written_when_there_is_room(
    tmp_path: Path, room: int
) -> None:
    """Nothing is granted that is not in the books; the refund that found no room is not lost."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FULL_DISK, str(tmp_path / "b"), str(room)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    refused, rest = map(int, out.split())
    assert rest == 400 + 7
    said = err.count(b"cannot be used")
    assert (refused, said) == (500, 1) if room == 1000 else 0 < said <= refused < 500
