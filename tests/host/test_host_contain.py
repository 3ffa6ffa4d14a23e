"""A wall around each plugin: what one does badly costs itself, never the bot or another plugin."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable

import pytest

from mudbot import Line, Plugin, PluginError, every, on, trigger
from mudbot.host import running as running_module
from mudbot.host.host import Host
from mudbot.host.inbox import INBOX
from mudbot.host.running import MAX_FAILURES
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched, named, started


class Good(Watched):
    @on(Line)
    async def line(self, line: Line) -> None:
        self.did.append(line.text)


class Slow(Watched):
    @on(Line)
    async def line(self, line: Line) -> None:
        await self.gate.wait()
        self.did.append(line.text)


class Bad(Watched):
    @on(Line)
    async def line(self, line: Line) -> None:
        self.did.append(line.text)
        if not line.text.startswith("fine"):
            raise ZeroDivisionError(line.text)


async def hear(host: Host, *texts: str) -> None:
    for text in texts:
        host.hear([Line(text)])
        await settle()


async def test_a_failing_plugin_is_named_paused_and_disturbs_nobody(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """After five failures in a row it gets nothing more; each has its traceback in the log."""
    bad, good = named("bad", Bad), named("good", Good)
    await host.add(bad)
    await host.add(good)
    await hear(host, *"1234567")
    assert isinstance(bad, Bad)
    assert isinstance(good, Good)
    assert (bad.did, good.did) == (list("12345"), list("1234567"))
    assert host.running["bad"].paused
    assert caplog.text.count("plugin bad failed in line: ZeroDivisionError") == MAX_FAILURES
    assert caplog.text.count("Traceback") == MAX_FAILURES
    assert caplog.text.count("plugin bad is paused after 5 failures in a row") == 1
    assert "bad paused" in repr(host)


async def test_failures_count_in_a_row(host: Host) -> None:
    """A plugin that fails now and then goes on."""
    bad = Bad()
    await host.add(bad)
    await hear(host, "1", "2", "3", "4", "fine", "5", "6", "7", "8", "fine")
    assert not host.running[bad.name].paused
    assert host.running[bad.name].failures == 0
    assert len(bad.did) == 10


async def test_a_paused_plugin_does_not_work_off_what_waited(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """A burst that arrived at once fails five times, not a hundred times."""
    bad = Bad()
    await host.add(bad)
    for number in range(50):
        host.hear([Line(str(number))])
    await settle(100)
    assert len(bad.did) == MAX_FAILURES
    assert caplog.text.count("Traceback") == MAX_FAILURES
    assert host.running[bad.name].busy == 0


async def test_a_slow_plugin_delays_nobody(host: Host) -> None:
    slow, good = named("slow", Slow), named("good", Good)
    await host.add(slow)
    await host.add(good)
    await hear(host, "1", "2")
    assert isinstance(slow, Slow)
    assert isinstance(good, Good)
    assert (slow.did, good.did) == ([], ["1", "2"])
    slow.gate.set()
    await settle()
    assert slow.did == ["1", "2"]


async def test_concurrency_is_how_many_events_it_works_on(clock: FakeClock) -> None:
    """One unless the class says otherwise, and the order of the rest is kept."""

    class Wide(Watched):
        concurrency = 3

        @on(Line)
        async def line(self, line: Line) -> None:
            self.did.append(f"begin {line.text}")
            await self.gate.wait()

    running = await started(plugin := Wide(), clock)
    for text in "12345":
        running.offer(Line(text))
    await settle()
    assert plugin.did == ["begin 1", "begin 2", "begin 3"]
    plugin.gate.set()
    await settle()
    assert plugin.did[3:] == ["begin 4", "begin 5"]
    await running.stop()


async def test_an_overflowing_inbox_drops_and_counts(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Memory is bounded, the count is exact, and the log is not flooded in turn."""
    running = await started(plugin := Slow(), clock)
    for number in range(500):
        running.offer(Line(str(number)))
    assert running.dropped == 500 - INBOX
    assert caplog.text.count("events dropped so far") == 9  # at 1, 2, 4 … 256
    plugin.gate.set()
    await settle(3 * INBOX)
    assert plugin.did == [str(number) for number in range(INBOX)]
    assert (running.busy, running.dropped) == (0, 400)
    await running.stop()


async def exits() -> None:
    sys.exit("bye")


async def waits_for_something_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    task.cancel()
    await task


async def raises_cancelled() -> None:
    raise asyncio.CancelledError


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


class OddError(BaseException):
    pass


async def raises_what_is_no_exception() -> None:
    raise OddError


DEEDS = [exits, waits_for_something_cancelled, raises_cancelled, raises_what_is_no_exception]


async def test_a_handler_that_cancels_itself_costs_one_worker(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """That is named, and with the next event there is another."""

    class Ends(Watched):
        @on(Line)
        async def line(self, line: Line) -> None:
            if line.text == "end":
                await cancels_itself()
            self.did.append(line.text)

    plugin = Ends()
    await host.add(plugin)
    await hear(host, "1", "end", "2")
    assert plugin.did == ["1", "2"]
    assert "plugin watched cancelled its own worker" in caplog.text


@pytest.mark.parametrize("deed", DEEDS)
async def test_no_way_to_end_kills_the_worker(
    host: Host, deed: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither sys.exit nor a cancellation inside a handler ends more than that one call."""

    class Ends(Watched):
        @on(Line)
        async def line(self, line: Line) -> None:
            if line.text == "end":
                await deed()
            self.did.append(line.text)

    plugin = Ends()
    await host.add(plugin)
    await hear(host, "1", "end", "2")
    assert plugin.did == ["1", "2"]
    assert "plugin watched failed in line" in caplog.text


async def test_a_handler_that_hangs_is_ended_and_named(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At its deadline; what came after it is worked on."""
    monkeypatch.setattr(running_module, "DEADLINE", 0.001)

    class Hangs(Watched):
        @on(Line)
        async def line(self, line: Line) -> None:
            if line.text == "hang":
                await self.gate.wait()
            self.did.append(line.text)
            self.gate.set()

    plugin = Hangs()
    await host.add(plugin)
    host.hear([Line("hang")])
    host.hear([Line("2")])
    await plugin.gate.wait()
    assert plugin.did == ["2"]
    assert "plugin watched failed in line: TimeoutError" in caplog.text


async def test_a_timer_that_fails_is_a_failure_like_any_other(host: Host, clock: FakeClock) -> None:
    class Tick(Watched):
        @every(1)
        async def tick(self) -> None:
            self.did.append(clock.now())
            raise OSError

    plugin = Tick()
    await host.add(plugin)
    await clock.advance(10)
    assert len(plugin.did) == MAX_FAILURES


async def test_a_group_that_is_no_number_is_no_failure(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """A pattern that lets "many" through for an int does not call the method, which the log says for who looks."""
    caplog.set_level(logging.DEBUG)

    class Count(Watched):
        @trigger(r"(?P<gold>\S+) coins")
        async def count(self, gold: int) -> None:
            self.did.append(gold)

    plugin = Count()
    await host.add(plugin)
    await hear(host, "many coins", "5 coins")
    assert plugin.did == [5]
    assert host.running["watched"].failures == 0
    assert "Count.count is not called: gold is 'many'" in caplog.text


# -- the end -------------------------------------------------------------------------------------------------------


async def test_a_handler_that_swallows_its_cancellation_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """Stop goes on without it, names it, and still calls the plugin's own stop."""

    class Stubborn(Watched):
        @on(Line)
        async def line(self, line: Line) -> None:
            while not self.gate.is_set():
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:
                    self.did.append("swallowed")

        async def stop(self) -> None:
            self.did.append("stop")

    running = await started(plugin := Stubborn())
    running.offer(Line(""))
    await settle()
    await running.stop(patience=0.01)
    assert plugin.did == ["swallowed", "stop"]
    assert "plugin watched does not stop: watched worker 0 swallows its cancellation" in caplog.text
    plugin.gate.set()
    await settle()


async def test_a_stop_that_swallows_its_cancellation_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """The bot's end does not wait for a plugin that will not let go."""

    class Stubborn(Watched):
        async def stop(self) -> None:
            while not self.gate.is_set():
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:
                    self.did.append("swallowed")

    running = await started(plugin := Stubborn())
    await running.stop(patience=0.01)
    assert plugin.did == ["swallowed"]
    assert "watched stop swallows its cancellation" in caplog.text
    plugin.gate.set()
    await settle()


async def test_a_stop_that_fails_or_hangs_is_named(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    class Fails(Plugin):
        async def stop(self) -> None:
            raise ValueError

    class Hangs(Watched):
        async def stop(self) -> None:
            await self.gate.wait()

    await (await started(named("fails", Fails))).stop(patience=0.01)
    await (await started(named("hangs", Hangs))).stop(patience=0.01)
    assert "plugin fails failed in stop: ValueError" in caplog.text
    assert "plugin hangs failed in stop: TimeoutError" in caplog.text


async def test_a_start_that_exits_is_an_error_of_the_plugin(host: Host) -> None:
    """``sys.exit`` in a plugin does not end the bot without a word."""

    class Exits(Plugin):
        async def start(self) -> None:
            await exits()

    with pytest.raises(PluginError, match=r"wants to exit \(bye\)"):
        await host.add(Exits())


async def test_nothing_of_a_stopped_plugin_goes_on(host: Host) -> None:
    """A handler at work is cancelled, what waits is forgotten."""

    class Works(Watched):
        @on(Line)
        async def line(self, line: Line) -> None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.did.append("cancelled")
                raise
            self.did.append(line.text)

    plugin = Works()
    await host.add(plugin)
    await hear(host, "1", "2")
    await host.stop()
    plugin.gate.set()
    await settle()
    assert plugin.did == ["cancelled"]
