"""A plugin's callback that wants to exit ends itself, and not the bot."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mudbot import Line, on
from mudbot.host import exits
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched, started

Way = Callable[[asyncio.AbstractEventLoop], Any]


def by_future(loop: asyncio.AbstractEventLoop) -> None:
    future = loop.create_future()
    future.add_done_callback(lambda _: sys.exit("bye"))
    future.set_result(None)


WAYS: list[Way] = [
    lambda loop: loop.call_later(0.001, sys.exit, "bye"),
    lambda loop: loop.call_soon(sys.exit, "bye"),
    lambda loop: loop.call_soon_threadsafe(lambda: sys.exit("bye")),
    by_future,
]


class Exits(Watched):
    way: Way

    @on(Line)
    async def hear(self, line: Line) -> None:
        if line.text == "exit":
            self.way(asyncio.get_running_loop())
        self.did.append(line.text)


@pytest.mark.parametrize("way", WAYS)
def test_a_callback_that_exits_is_named_and_the_bot_goes_on(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """However it was made, and more than once."""
    heard: list[object] = []

    async def work() -> None:
        plugin = Exits()
        plugin.way = way
        running = await started(plugin)
        for text in ("exit", "exit", "on"):
            running.offer(Line(text))
            await asyncio.sleep(0.01)
        await settle()
        heard.extend(plugin.did)
        await running.stop()

    exits.run(work())
    assert heard == ["exit", "exit", "on"]
    assert caplog.text.count("plugin watched: a callback of its own wants to exit (bye); only the callback ends") == 2


def test_what_is_no_plugins_exits_as_ever() -> None:
    async def work(*, directly: bool) -> None:
        if directly:
            sys.exit("bye")
        asyncio.get_running_loop().call_soon(sys.exit, "bye")
        await asyncio.sleep(5)

    for directly in (True, False):
        with pytest.raises(SystemExit, match="bye"):
            exits.run(work(directly=directly))


def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        exits.run(work())
