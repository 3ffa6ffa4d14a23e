"""Disk: a database that is damaged or full costs rows and money's leave, never the link, and heals by itself."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from mudbot.api.calls import Caller
from mudbot.api.money.budgets import Budgets
from mudbot.api.money.ledger import Ledger
from mudbot.clock import SystemClock
from mudbot.errors import BudgetError, StoreError
from tests.api import test_api_ledger_crash as crash
from tests.app_plugins_stage import Stage, until
from tests.reliability.figures import figure
from tests.store import test_store as stored

ROW = "disk"


@pytest.mark.parametrize("kind", ["corrupt", "unwritable"])
async def test_a_bot_without_its_store_keeps_the_link_and_heals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """It comes up and plays with a store that cannot be used; once that can be, rows are kept again."""
    stage = Stage(tmp_path)
    getattr(stored, kind)(tmp_path / "data")
    stage.write(
        "p", "class P(Plugin):\n    @on(Line)\n    async def hear(self, line):\n        self.last = line.text\n"
    )
    await stage.open()
    with pytest.raises(StoreError):
        await stored.decide(stage.app.store, "lost")
    stage.mud.say("之后")
    await until(lambda: getattr(stage.plugin("p"), "last", "") == "之后")
    assert str(tmp_path / "data") in caplog.text
    data = tmp_path / "data"
    shutil.rmtree(data) if data.is_dir() else data.unlink()
    began = time.monotonic()
    await stored.decide(stage.app.store, "kept")
    took = time.monotonic() - began
    links = stage.mud.links
    await stage.close()
    figure(ROW, f"{kind}: connection kept, back within 5 s", f"{links} connection, {took:.2f} s")
    assert links == 1
    assert took <= 5


async def test_damaged_books_stop_the_spending_and_heal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is granted meanwhile, the log says it once, and the next call after the cause's end is granted."""
    path = tmp_path / "books"
    path.write_bytes(b"no database, " * 100)
    ledger = Ledger(path, Budgets(day=1.0), SystemClock())
    granted = 0
    for _ in range(50):
        try:
            await ledger.reserve("a", Caller(), 1)
            granted += 1
        except BudgetError:
            await asyncio.sleep(0)
    said = len([record for record in caplog.records if "books" in record.getMessage()])
    path.unlink()
    began = time.monotonic()
    await ledger.reserve("a", Caller(), 1)
    took = time.monotonic() - began
    await ledger.close()
    figure(ROW, "damaged books: spending fails closed, back within 5 s", f"{granted} of 50 granted, {took:.2f} s")
    assert (granted, said) == (0, 1)
    assert took <= 5


async def test_a_full_disk_stops_the_spending(tmp_path: Path) -> None:
    """The stage of the books' own test: a process that may write no more of its file."""
    await crash.test_a_full_disk_stops_the_spending_and_what_was_settled_is_written_when_there_is_room(tmp_path, 1000)
    figure(ROW, "full: spending fails closed, nothing settled is lost", "0 of 500 granted, all settled written")
