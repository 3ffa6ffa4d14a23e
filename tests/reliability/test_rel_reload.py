"""Reload: the configuration and plugins change under a bot whose link notices nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests import test_app_plugins
from tests.app_plugins_stage import Stage, until
from tests.reliability.figures import figure, times

ROW = "reload"
SIGNALS = times(200, quick=60)
NUMBERED = "class P(Plugin):\n    number = {}\n"


async def test_sighups_half_of_them_with_mistakes_drop_nothing_and_mix_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two plugins that change together; every other time one of them, or config.yaml itself, is wrong."""
    caplog.set_level("INFO", "mudbot")
    stage = Stage(tmp_path)
    for name in "ab":
        stage.write(name, NUMBERED.format(0))
    await stage.open(run=True, watch=False)
    mixed = refused = 0
    try:
        for number in range(SIGNALS):
            for name in "ab":
                stage.write(name, NUMBERED.format(number))
            stage.more = "log: {level: loud}\n" if number % 4 == 1 else ""
            if number % 4 == 3:
                stage.write("b", "class P(Plugin): x = 1 / 0\n")
            stage.configure()
            caplog.clear()
            os.kill(os.getpid(), signal.SIGHUP)
            if number % 2:
                await until(lambda: "nothing is reloaded" in caplog.text)
                refused += 1
            else:
                await until(lambda number=number: stage.plugin("a").number == number)  # type: ignore[misc]
                await until(lambda: not any(task.get_name() == "refresh" for task in asyncio.all_tasks()))
            mixed += {stage.plugin("a").number, stage.plugin("b").number} != {number - number % 2}
        figure(ROW, "200 SIGHUPs, half of them invalid: 0 dropped connections, 0 mixed states",
               f"{SIGNALS} signals, {refused} refused: {stage.mud.links - 1} dropped, {mixed} mixed")  # fmt: skip
        assert (stage.mud.links, mixed) == (1, 0)
    finally:
        await stage.close()


async def test_a_hundred_plugin_reloads_keep_the_link_and_every_line(tmp_path: Path) -> None:
    """By the test of plugins' own: while the MUD talks on, and no memory that grows by more than 2 MiB."""
    stage = Stage(tmp_path)
    stage.write("bystander", test_app_plugins.BYSTANDER)
    try:
        await test_app_plugins.test_a_hundred_reloads_keep_the_link_and_every_line(stage)
        figure(ROW, "100 plugin reloads: one TCP connection, no line lost or doubled, ≤ 2 MiB growth",
               f"{stage.mud.links} connection, 0 lines lost or doubled, within 2 MiB")  # fmt: skip
    finally:
        await stage.close()
