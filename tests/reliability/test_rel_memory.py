"""Memory: what a bot heard, said and came back from is gone when it is over."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import pytest

from bench.floods import memory
from mudbot.mud.reconnect import Reconnect
from tests.app_plugins_stage import DIALECT, Stage
from tests.reliability.figures import figure, times
from tests.reliability.flood import flooding
from tests.reliability.test_rel_delivery import ANSWERS, FAST

MINUTES = int(os.environ.get("MUDBOT_SOAK", "1"))
"""How long the soak is: ten minutes by ``make soak``."""
LINKS, WARM = times(20 * MINUTES, quick=6), times(6, quick=3)
LINES, TELLS = times(60_000, quick=20_000), 100
"""Of each link: with twenty of them 1.2 million lines and 2,000 replies."""
LEAST = times(3, quick=1)
"""Seconds that a link lasts: with twenty of them a minute."""
TRIGGER = """
class Watches(Plugin):
    seen = 0
    @trigger(r"^(?P<number>\\d{4}00) ")
    async def see(self, number):
        self.seen += 1
"""


def now() -> float:
    """MiB that are in use."""
    gc.collect()
    return memory(peak=False)


@pytest.mark.timeout(120 * MINUTES)
async def test_lines_replies_and_reconnects_leave_nothing_behind(tmp_path: Path) -> None:
    """Link after link, each with a flood in which tells are answered and a trigger fires; measured between links."""
    stage = Stage(tmp_path)
    (tmp_path / "mine.yaml").write_text(DIALECT + FAST)
    stage.write("answers", ANSWERS)
    stage.write("watches", TRIGGER)
    async with flooding(LINES, TELLS, WARM + LINKS, LEAST) as mud:
        mud.lead_to(stage)
        await stage.open()
        stage.app.sessions[0].reconnect = Reconnect(cap=0.2)
        for _ in range(WARM):
            await mud.visit()
        before, began, replies = now(), time.monotonic(), 0
        for _ in range(LINKS):
            replies += (await mud.visit())["replies"]
        took, grown = time.monotonic() - began, now() - before
        await stage.app.stop()
    figure(
        "memory",
        "1.2 M lines, 2,000 replies, 20 reconnects in 60 s: ≤ 4 MiB growth after warm-up",
        f"{LINKS * LINES:,} lines, {replies:,} replies, {LINKS} reconnects in {took:.0f} s: {grown:+.1f} MiB",
    )
    assert replies == LINKS * TELLS
    assert grown <= 4
