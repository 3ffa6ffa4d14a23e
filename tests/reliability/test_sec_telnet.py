"""Telnet: whatever a MUD sends without end costs bounded memory, never holds the loop, and is named in the log."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from telnetlib3 import telopt

from tests.mud.telnet_peer import IAC, SB, Link, Server, linked
from tests.mud.test_telnet_compress import START, compressed
from tests.reliability.figures import figure

ROW = "telnet"
MEBI = 1024 * 1024
BOMB = zlib.compress(bytes(200_000_000), 9)


@dataclass
class Loop:
    """What the longest turn of the loop took of its thread's processor time, in seconds."""

    longest: float = 0.0

    async def watch(self) -> None:
        """Until cancelled."""
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            self.longest = max(self.longest, (now := time.thread_time()) - before)
            before = now


ATTACKS: dict[str, tuple[Callable[[Server], None], Callable[[Link], object], str, bool]] = {
    "endless subnegotiation": (
        lambda server: server.send(IAC + SB + telopt.GMCP + b"x" * 4_000_000),
        lambda link: link.reason,
        "endless telnet subnegotiation",
        False,
    ),
    "endless line": (
        lambda server: server.send(b"x" * 20_000_000 + b"\r\nend\r\n"),
        lambda link: any(text.endswith("end") for text in link.lines[-3:]),
        "",
        False,
    ),
    "MCCP bomb": (lambda server: server.send(START + BOMB), lambda link: link.reason, "compression bomb", True),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_what_never_ends_is_bounded_and_named(name: str) -> None:
    """The loop has its turns, memory stays, the link ends with a reason or goes on behind it."""
    send, done, reason, compress = ATTACKS[name]
    loop = Loop()
    async with linked(compress=compress) as (server, link):
        if compress:
            await compressed(server)
        link.on_events = lambda _events: link.events.__delitem__(slice(0, -10)) if not link.reason else None
        watching = asyncio.create_task(loop.watch())
        send(server)
        await link.when(lambda: done(link))
        watching.cancel()
        told = link.reason
    async with linked(compress=compress) as (server, link):  # again, traced: that makes everything slower
        if compress:
            await compressed(server)
        link.on_events = lambda _events: link.events.__delitem__(slice(0, -10)) if not link.reason else None
        send(server)
        tracemalloc.start()
        try:
            await link.when(lambda: done(link))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    figure(
        ROW,
        f"{name}: memory + <= 16 MiB, stall <= 100 ms, a clear reason",
        f"{peak / MEBI:.1f} MiB, {loop.longest * 1000:.0f} ms, {told or 'cut into lines, the link stays'}",
    )
    assert reason in told
    assert peak <= 16 * MEBI
    assert loop.longest <= 0.1
