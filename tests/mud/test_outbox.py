"""The outbox: at the MUD's pace, at most once, never late, never without bound."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mudbot.mud.dialect import Pace
from mudbot.mud.gate import Packet
from mudbot.mud.outbox import MAX_WAITING, TTL, Outbox
from mudbot.testing.clock import FakeClock, settle

FAST = Pace(burst=1000, per_second=1000)


def packet(n: int) -> Packet:
    return Packet(b"say %d\r\n" % n, f"say {n}")


class Wire:
    """A running outbox and what it wrote, with the time of each write."""

    def __init__(self, outbox: Outbox, clock: FakeClock) -> None:
        self.outbox, self.clock = outbox, clock
        self.began = clock.now()
        self.written: list[tuple[float, int]] = []

    def write(self, data: bytes) -> None:
        self.written.append((self.clock.now() - self.began, int(data.split()[1])))

    def put(self, *numbers: int) -> None:
        for n in numbers:
            self.outbox.put(packet(n))

    @property
    def numbers(self) -> list[int]:
        return [n for _, n in self.written]


@asynccontextmanager
async def running(pace: Pace = FAST, *, opened: bool = True) -> AsyncIterator[Wire]:
    clock = FakeClock()
    wire = Wire(Outbox(pace, clock), clock)
    task = asyncio.create_task(wire.outbox.run())
    if opened:
        wire.outbox.open(wire.write)
    try:
        yield wire
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_lines_go_out_once_and_in_order() -> None:
    async with running() as wire:
        wire.put(1, 2, 3)
        await settle()
        wire.put(4)
        await wire.clock.advance(TTL * 2)
        assert wire.numbers == [1, 2, 3, 4]
        assert (wire.outbox.sent, wire.outbox.dropped) == (4, 0)


async def test_a_burst_goes_at_once_and_the_rest_at_the_pace() -> None:
    """Three at once, then two a second: the times are those of the pace, to the line."""
    async with running(Pace(burst=3, per_second=2)) as wire:
        wire.put(*range(7))
        await wire.clock.advance(10)
        assert [at for at, _ in wire.written] == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5, 2.0])
        assert wire.numbers == list(range(7))


async def test_a_pause_earns_a_burst_but_no_more_than_one() -> None:
    """A day of silence does not entitle to a flood."""
    async with running(Pace(burst=3, per_second=2)) as wire:
        wire.put(*range(3))
        await wire.clock.advance(86400)
        wire.written.clear()
        wire.began = wire.clock.now()
        wire.put(*range(5))
        await wire.clock.advance(10)
        assert [at for at, _ in wire.written] == pytest.approx([0, 0, 0, 0.5, 1.0])


async def test_the_long_run_is_never_faster_than_the_pace() -> None:
    """Fractions of a token that were earned between are counted, and counted once."""
    async with running(Pace(burst=1, per_second=0.4)) as wire:
        for n in range(40):
            wire.put(n)
            await wire.clock.advance(0.7)
        await wire.clock.advance(1)
        gaps = [b[0] - a[0] for a, b in zip(wire.written, wire.written[1:], strict=False)]
        assert len(gaps) >= 8
        assert min(gaps) >= 2.5 - 1e-6


async def test_a_line_leaves_the_queue_before_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """At most once: a write that fails may have reached the MUD, so the line is not tried again; the next one is."""
    caplog.set_level(logging.ERROR)
    async with running(opened=False) as wire:
        tried: list[bytes] = []

        def broken(data: bytes) -> None:
            tried.append(data)
            if len(tried) == 1:
                raise OSError("gone")

        wire.put(1, 2)
        wire.outbox.open(broken)
        await settle()
        assert tried == [b"say 1\r\n", b"say 2\r\n"]
        assert (wire.outbox.sent, wire.outbox.dropped) == (1, 1)
    (record,) = caplog.records
    assert record.getMessage() == "not said, the link failed: say 1"
    assert record.exc_info


async def test_a_line_that_waited_too_long_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """30 seconds to the moment: what is older is not said, and the log tells which and how late."""
    caplog.set_level(logging.WARNING)
    async with running(opened=False) as wire:
        wire.put(1)
        await wire.clock.advance(1)
        wire.put(2)
        await wire.clock.advance(TTL)
        wire.outbox.open(wire.write)
        await settle()
        assert wire.numbers == [2]
        assert (wire.outbox.sent, wire.outbox.dropped) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == ["not said, 31 s old by now: say 1"]


async def test_lines_that_the_pace_holds_too_long_are_dropped() -> None:
    """A queue of two minutes at this pace: what would come after 30 seconds never comes."""
    async with running(Pace(burst=1, per_second=0.5)) as wire:
        wire.put(*range(60))
        await wire.clock.advance(300)
        assert wire.numbers == list(range(16))
        assert max(at for at, _ in wire.written) <= TTL
        assert wire.outbox.dropped == 44


async def test_nothing_is_sent_while_closed_and_nothing_is_lost() -> None:
    """Before the login and between two links lines wait; they go to the new link only."""
    async with running(opened=False) as wire:
        wire.put(1)
        await wire.clock.advance(5)
        assert wire.numbers == []
        wire.outbox.open(wire.write)
        await settle()
        assert wire.numbers == [1]
        wire.outbox.close()
        wire.put(2, 3)
        await wire.clock.advance(5)
        assert wire.numbers == [1]
        second: list[bytes] = []
        wire.outbox.open(second.append)
        await settle()
        assert second == [b"say 2\r\n", b"say 3\r\n"]
        assert wire.numbers == [1]


async def test_a_link_that_closes_while_the_pace_waits_gets_nothing_more() -> None:
    async with running(Pace(burst=1, per_second=1)) as wire:
        wire.put(1, 2)
        await wire.clock.advance(0.5)
        wire.outbox.close()
        await wire.clock.advance(5)
        assert wire.numbers == [1]
        wire.outbox.open(wire.write)
        await wire.clock.advance(1)
        assert wire.numbers == [1, 2]


async def test_the_queue_is_bounded_and_drops_the_oldest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with running(opened=False) as wire:
        wire.put(*range(MAX_WAITING + 3))
        assert repr(wire.outbox) == f"<Outbox {MAX_WAITING} waiting, 0 sent, 3 dropped>"
        wire.outbox.open(wire.write)
        await settle(MAX_WAITING + 10)
        assert wire.numbers == list(range(3, MAX_WAITING + 3))
    assert [record.getMessage() for record in caplog.records] == [
        f"not said, too many lines wait: say {n}" for n in range(3)
    ]


async def test_the_log_of_a_dropped_secret_shows_its_mask(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with running(opened=False) as wire:
        wire.outbox.put(Packet(b"connect Ann hunter2\r\n", "connect Ann ********"))
        await wire.clock.advance(TTL + 1)
        wire.outbox.open(wire.write)
        await settle()
    assert "********" in caplog.text
    assert "hunter2" not in caplog.text
