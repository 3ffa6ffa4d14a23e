"""Time: whoever sets the machine's clock changes what is stored and shown, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mudbot.api.money.budgets import USD
from mudbot.clock import SystemClock
from mudbot.errors import BudgetError
from tests.api import test_api_ledger
from tests.app_plugins_stage import Stage, until
from tests.reliability.figures import figure

HOUR, DAY = 3600.0, 86400.0
JUMPS = (HOUR, -DAY, 0.0, HOUR, -DAY)
"""What is added to the time of day, one after the other."""
HEARS = """
class Hears(Plugin):
    async def start(self):
        self.lines, self.ticks = [], 0
    @on(Line)
    async def hear(self, line):
        self.lines.append(line.text)
        await self.store.set(line.text, 1)
    @every(0.05)
    async def tick(self):
        self.ticks += 1
    @on(Speech)
    async def answer(self, speech):
        await self.mud.reply(speech, f"heard {speech.text}")
"""


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is added to the machine's time of day, as its only element; the monotonic clock goes on, as in Linux."""
    off, true = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: true() + off[0])
    monkeypatch.setattr(SystemClock, "wall", staticmethod(lambda: true() + off[0]))
    return off


async def test_jumps_drop_no_link_and_stop_no_timer(tmp_path: Path, wall: list[float]) -> None:
    """The whole bot: one link, every line heard, every tell answered, timers that go on, while the clock is set."""
    stage = Stage(tmp_path)
    stage.write("hears", HEARS)
    await stage.open()
    try:
        for number, off in enumerate(JUMPS):
            wall[0] = off
            ticks = stage.plugin("hears").ticks
            stage.mud.say(f"第{number}行")
            stage.mud.order(f"number {number}")
            await until(lambda number=number: any(f"heard number {number}" in row for row in stage.mud.typed), 20)  # type: ignore[misc]
            await until(lambda ticks=ticks: stage.plugin("hears").ticks > ticks + 1)  # type: ignore[misc]
        lines = [row for row in stage.plugin("hears").lines if row.startswith("第")]
        drops = stage.mud.links - 1
        figure(
            "time", "wall clock +1 h and −1 d: 0 drops", f"{len(JUMPS)} jumps: {drops} drops, {len(lines)} lines heard"
        )
        assert drops == 0
        assert lines == [f"第{number}行" for number in range(len(JUMPS))]
    finally:
        await stage.close()


@pytest.mark.parametrize("jump", [HOUR, -DAY])
async def test_jumps_reset_no_budget_twice(jump: float) -> None:
    """By the ledger's own test: the day is reset when it is over, and not again when the clock comes by once more."""
    await test_api_ledger.test_a_clock_that_jumps_resets_no_budget_twice(jump)


async def test_over_a_day_with_jumps_the_budget_is_granted_twice() -> None:
    """A day's money before midnight, a day's after it, whatever the clock does between."""
    clock = test_api_ledger.Jumping()
    granted = 0
    async with test_api_ledger.books(None, clock, day=1.0) as ledger:
        for step in range(50):
            for off in (0.0, HOUR, -DAY):
                clock.off = off if step % 2 else 0.0
                try:
                    await ledger.reserve("a", test_api_ledger.BOB, USD // 4)
                    granted += 1
                except BudgetError:
                    pass
            await clock.advance(DAY / 50)
    figure(
        "time", "budgets reset once", f"{granted / 4:g} days' budgets spent in 24 h with 75 jumps: one midnight in it"
    )
    assert granted / 4 <= 2
