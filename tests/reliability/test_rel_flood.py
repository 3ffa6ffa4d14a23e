"""Flood of text: read as fast as the MUD can talk, in bounded memory; no tell among it is overheard."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from bench.floods import forget_peak, memory
from tests.app_plugins_stage import DIALECT, Stage, until
from tests.reliability.figures import figure, times
from tests.reliability.flood import flooding
from tests.reliability.test_rel_delivery import ANSWERS, FAST
from tests.reliability.test_rel_network import ticking

ROW = "flood of text"
LINES, TELLS = times(300_000, quick=100_000), 100
COUNTS = """
class Counts(Plugin):
    async def start(self):
        self.heard = 0
    @on(Line)
    async def hear(self, line):
        self.heard += 1
"""


async def test_a_flood_of_lines_stalls_nothing_and_every_tell_is_answered(tmp_path: Path) -> None:
    """One plugin wants every line and cannot keep up; another one answers tells and never misses one."""
    stage = Stage(tmp_path)
    (tmp_path / "mine.yaml").write_text(DIALECT + FAST)
    stage.write("answers", ANSWERS)
    stage.write("counts", COUNTS)
    async with flooding(LINES, TELLS) as mud:
        mud.lead_to(stage)
        async with ticking() as stall:
            await stage.open()
            gc.collect()
            forget_peak()
            before = memory(peak=False)
            await asyncio.sleep(0.01)
            stall.longest = 0.0  # what the start of a bot takes is not what is measured
            running = stage.app.hosts[0].running["counts"]
            found = await mud.visit()
            await until(lambda: not running.busy, 20)
            grown, heard, dropped = memory(peak=True) - before, stage.plugin("counts").heard, running.dropped
        await stage.app.stop()
    figure(ROW, "300,000 lines as fast as the MUD can: stall ≤ 100 ms",
           f"{LINES:,} lines, {LINES / found['seconds']:,.0f} a second: {stall.longest:.0f} ms")  # fmt: skip
    figure(ROW, "memory bounded", f"{grown:+.1f} MiB at most")
    figure(ROW, "drops counted exactly", f"{heard:,} lines heard + {dropped:,} dropped = {heard + dropped:,}")
    figure(ROW, "100 of 100 tells among them answered", f"{found['answered']} of {TELLS}, {found['replies']} replies")
    assert (found["answered"], found["replies"]) == (TELLS, TELLS)
    assert heard + dropped == LINES
    assert stall.longest <= 100
    assert grown <= 16
