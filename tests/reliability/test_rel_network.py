"""Network: names that nobody resolves, links that die in silence, bytes that come one by one, resets at the login."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mudbot.events import Line, LoggedIn
from mudbot.local.tavern import Tavern
from mudbot.mud import dial
from mudbot.mud.dial import KeepAlive
from mudbot.mud.telnet import Address
from tests.mud import test_telnet_dial, test_telnet_halfopen
from tests.mud.test_session import Presence
from tests.reliability.chaos import Chaos
from tests.reliability.figures import figure, times

ROW = "network"
POINTS = times(40, quick=10)


class Stall:
    """How long the loop did not go round, in milliseconds, since it was begun."""

    longest = 0.0

    async def watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            last, self.longest = now, max(self.longest, (now - last) * 1000)


@asynccontextmanager
async def ticking() -> AsyncIterator[Stall]:
    stall = Stall()
    ticker = asyncio.create_task(stall.watch())
    await asyncio.sleep(0.01)
    yield stall
    ticker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticker


async def test_dns_that_is_down_stalls_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A resolver that hangs in its thread, as libc's does: the last good address is used, and the loop goes round."""
    true, hung = socket.getaddrinfo, False

    def resolve(host: str, *rest: object, **more: object) -> object:
        if host != "mud.test" or more.get("flags"):
            return true(host, *rest, **more)  # type: ignore[arg-type]
        if hung:
            time.sleep(1)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return true("127.0.0.1", *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(dial, "RESOLVER", dial.Resolver())
    monkeypatch.setattr(dial, "DNS_TIMEOUT", 0.3)
    async with test_telnet_dial.serving(test_telnet_dial.greet) as port:
        async with test_telnet_dial.opened(Address("mud.test", port)) as link:
            await link.until(Line("welcome"))
        hung = True
        async with ticking() as stall, test_telnet_dial.opened(Address("mud.test", port)) as link:
            await link.until(Line("welcome"))
    figure(ROW, "DNS down: stall ≤ 50 ms, last good address used", f"{stall.longest:.0f} ms, used")
    assert "using the addresses that it had the last time" in caplog.text
    assert stall.longest <= 50


def test_a_half_open_link_is_found() -> None:
    """By the test of the link's own, in two network namespaces; the figures there are a thirtieth of the true ones."""
    took = []
    for writing in (False, True):
        began = time.monotonic()
        test_telnet_halfopen.test_a_half_open_link_is_found(writing)
        took.append(time.monotonic() - began)
    scaled, true = test_telnet_halfopen.SCALED, KeepAlive()
    real = "in namespaces" if test_telnet_halfopen.privileged() else "the socket's options alone: no namespaces here"
    bound = max(true.idle + true.interval * true.count, true.unacknowledged)
    figure(ROW, "half-open TCP found ≤ 120 s (scaled)",
           f"{bound:g} s at most by its probes; scaled to {scaled.idle + scaled.interval * scaled.count} s it took "
           f"{max(took):.1f} s with the start of two processes ({real})")  # fmt: skip
    assert bound <= 120


async def test_bytes_that_come_one_by_one_are_the_same_words() -> None:
    """Login, a line of Chinese, a tell; each byte a packet of its own."""
    async with Tavern(language="zh", encoding="gbk") as world, Chaos("127.0.0.1", world.port) as chaos:
        chen = Presence("老陈", chaos.port, encoding="gbk")
        bob = Presence("Bob", world.port, encoding="gbk")
        for presence in (chen, bob):
            await presence.until(lambda p=presence: p.count(LoggedIn), 30)  # type: ignore[misc]
        bob.session.say("say", "功夫许可，一字不差")
        bob.session.say("tell", "只给你听", "老陈")
        await chen.until(lambda: chen.heard("功夫许可，一字不差") and chen.heard("只给你听"))
        figure(ROW, "1-byte slices", "login, say and tell in GBK: every word the same")
        await bob.end()
        await chen.end()


async def test_a_reset_at_any_point_of_the_login_is_got_over() -> None:
    """After each of so many bytes, chance and both ends among them; measured from the reset to the game."""
    async with Tavern() as world:
        greeting = await length_of_a_login(world)
        points = sorted({1, greeting - 1, *random.Random(30).sample(range(greeting), POINTS - 2)})
        took = await asyncio.gather(*(back_after(world, point, number) for number, point in enumerate(points)))
    figure(ROW, "resets at any point of login: back ≤ 30 s",
           f"{len(points)} points of {greeting} bytes: {max(took):.1f} s at most")  # fmt: skip
    assert max(took) <= 30


def name(number: int) -> str:
    """Letters alone: the tavern takes no digits."""
    return "Reset" + "".join("abcdefghij"[int(digit)] for digit in f"{number:02}")


async def length_of_a_login(world: Tavern) -> int:
    """How many bytes the MUD sends until the character is in its game."""
    async with Chaos("127.0.0.1", world.port) as chaos:
        chen = Presence("Counter", chaos.port)
        await chen.until(lambda: chen.count(LoggedIn), 20)
        passed = chaos.passed
        await chen.end()
    return passed


async def back_after(world: Tavern, point: int, number: int) -> float:
    """Seconds from the reset after *point* bytes of a login to the game."""
    async with Chaos("127.0.0.1", world.port) as chaos:
        chaos.resets = [point]
        chen = Presence(name(number), chaos.port)
        await chen.until(lambda: (chaos.accepted and not chaos.resets and not chaos.links) or chen.count(LoggedIn), 20)
        began = time.monotonic()
        await chen.until(lambda: chaos.accepted >= 2 and chen.session.state == "playing", 60)
        took = time.monotonic() - began
        await chen.end()
    return took
