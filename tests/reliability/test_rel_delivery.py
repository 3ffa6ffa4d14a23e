"""Delivery: at most once.  A line is gone from the queue before it is written, so no kill makes two of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from mudbot.mud.outbox import TTL
from tests.app_plugins_stage import DIALECT, Stage, until
from tests.mud import test_outbox
from tests.reliability.figures import figure, times
from tests.reliability.lives import lives

ROW = "delivery"
KILLS = times(60, quick=8)
"""Of 60 the quick form does the first 8."""
ANSWERS = """
class Answers(Plugin):
    @on(Speech)
    async def answer(self, speech):
        await self.mud.reply(speech, f"answer {speech.text}")
"""
FAST = "pace: {burst: 1000, per_second: 1000, says: null, repeat: null}\n"


async def test_kills_make_no_duplicate_and_lose_one_reply_each_at_most(tmp_path: Path) -> None:
    """Asked number after number, killed in the middle of an answer at moments that chance takes."""
    stage = Stage(tmp_path)
    (tmp_path / "mine.yaml").write_text(DIALECT + FAST)
    stage.write("answers", ANSWERS)
    stage._ports = [await stage.mud.open()]
    stage.configure()
    dice, asked = random.Random(60), 0
    lost: list[int] = []

    def answered() -> Counter[str]:
        return Counter(line.rpartition(" ")[2] for line in stage.mud.typed if "answer" in line)

    def ask() -> str:
        nonlocal asked
        asked += 1
        stage.mud.order(str(asked))
        return str(asked)

    async with lives(tmp_path / "config.yaml", tmp_path / "log") as bot:
        for _ in range(KILLS):
            links = stage.mud.links
            await bot.begin()
            await until(lambda links=links: stage.mud.links > links, 30)  # type: ignore[misc]
            first = asked + 1
            # Until the plugin listens nobody is there to answer: what was said before is not a reply that got lost.
            while not set(answered()) & {str(n) for n in range(first, asked + 1)}:
                ask()
                await asyncio.sleep(0.02)
            for _ in range(dice.randrange(3)):
                number = ask()
                await until(lambda number=number: number in answered(), 20)  # type: ignore[misc]
            begun = asked + 1
            ask()
            await asyncio.sleep(dice.choice((0, 0.001, 0.002, 0.004, 0.05)))
            bot.kill()
            lost.append(begun)
        links = stage.mud.links
        await bot.begin()  # whoever would say something twice would do it now
        await until(lambda: stage.mud.links > links, 30)
        last = ask()
        while last not in answered():
            last = ask()
            await asyncio.sleep(0.02)
    await stage.mud.close()
    found = answered()
    doubled = sum(times - 1 for times in found.values())
    gone = [str(number) not in found for number in lost]
    figure(ROW, "60 × kill -9: 0 duplicates, ≤ 1 reply lost each",
           f"{KILLS} kills, {len(found)} replies: {doubled} duplicates, "
           f"{sum(gone)} replies lost, at most {max(gone):d} by a kill")  # fmt: skip
    assert doubled == 0
    assert 0 < sum(gone) < KILLS, "the kills hit no answer in the making, or every one"


async def test_a_reply_that_is_too_old_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    """By the outbox's own tests: one that waited while the link was away, and a queue that the pace holds up."""
    await test_outbox.test_a_line_that_waited_too_long_is_dropped(caplog)
    await test_outbox.test_lines_that_the_pace_holds_too_long_are_dropped()
    caplog.clear()
    await test_outbox.test_a_line_leaves_the_queue_before_it_is_written(caplog)
    figure(ROW, "a reply older than 30 s is dropped", f"dropped after {TTL:g} s")
    assert TTL <= 30
