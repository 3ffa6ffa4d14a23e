"""MCCP2 on a link: agreed on only where it is wanted, bounded, and never garbage as text."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
import zlib

import pytest
from telnetlib3 import telopt

from mudbot.events import Gmcp, Line, Prompt
from tests.mud.telnet_peer import DO, DONT, GA, IAC, NOP, WILL, Server, linked, sub

START = sub(telopt.MCCP2_COMPRESS)
OFFER = IAC + WILL + telopt.MCCP2_COMPRESS


async def compressed(server: Server) -> None:
    """Agree on it."""
    server.send(OFFER)
    await server.expect(IAC + DO + telopt.MCCP2_COMPRESS)


async def test_it_is_refused_unless_configured() -> None:
    """And a start out of the blue changes nothing."""
    async with linked() as (server, link):
        server.send(OFFER)
        await server.expect(IAC + DONT + telopt.MCCP2_COMPRESS)
        server.send(START + b"plain\r\n")
        await link.until(Line("plain"))


async def test_text_and_commands_come_out_in_order_and_plain_text_returns_at_the_end() -> None:
    """Compression begins and ends within one packet, whatever stands before and behind; then it begins again."""
    inside = b"two\r\n" + sub(telopt.GMCP, b'A "\xc3\xbf"') + b"ask> " + IAC + GA + "三\r\n".encode()
    async with linked(compress=True) as (server, link):
        await compressed(server)
        server.send(
            b"one\r\n" + START + zlib.compress(inside) + b"four\r\n" + START + zlib.compress(b"five\r\n") + b"6\r\n"
        )
        await link.until(Line("6"))
        two, six = (
            [Line("two"), Gmcp("A", "ÿ"), Prompt("ask> ", "ga"), Line("三")],
            [Line("four"), Line("five"), Line("6")],
        )
        assert link.events == [Line("one"), *two, *six]


async def test_it_may_begin_amid_a_backlog() -> None:
    """A packet with many commands is worked off in smaller pieces: the rest of the stream waits in its order."""
    text = b"".join(b"%d\r\n" % number for number in range(20_000))
    async with linked(compress=True) as (server, link):
        await compressed(server)
        server.send((IAC + NOP) * 10_000 + START + zlib.compress(text) + b"end\r\n")
        await link.until(Line("end"))
        assert link.lines == [*map(str, range(20_000)), "end"]


async def test_a_pause_between_two_turns_holds() -> None:
    """While much is inflated, another than the listener asks for a pause: not one more event comes."""
    async with linked(compress=True) as (server, link):
        await compressed(server)
        loop = asyncio.get_running_loop()
        heard: list[int] = []

        def pause() -> None:
            link.connection.pause()
            heard.append(len(link.events))

        def pause_soon(_events: object) -> None:
            loop.call_soon(pause)

        link.on_events = pause_soon
        server.send(START + zlib.compress(b"line\r\n" * 30_000))
        await link.when(lambda: link.events)
        for _ in range(10):
            await asyncio.sleep(0)
        assert link.connection.paused
        assert 0 < len(link.events) == heard[0] < 30_000


async def test_slices_of_one_byte() -> None:
    """However it is cut: a prompt that was flushed is known by quiet."""
    deflate = zlib.compressobj()
    wire = START + deflate.compress(b"hello\r\n> ") + deflate.flush(zlib.Z_SYNC_FLUSH)
    async with linked(compress=True) as (server, link):
        await compressed(server)
        for byte in wire:
            server.send(bytes([byte]))
            await asyncio.sleep(0)
        await link.until(Prompt("> ", "quiet"))
        assert link.events == [Line("hello"), Prompt("> ", "quiet")]


async def test_nothing_is_lost_over_pauses() -> None:
    """What is inflated waits as well."""
    async with linked(compress=True) as (server, link):
        await compressed(server)
        link.on_events = lambda events: link.connection.pause() if any(isinstance(e, Line) for e in events) else None
        lines = [f"line {number}" for number in range(30_000)]
        server.send(START + zlib.compress("".join(f"{line}\r\n" for line in lines).encode()) + b"end\r\n")
        while "end" not in link.lines[-1:]:
            await link.when(lambda: link.connection.paused)
            link.connection.resume()
        assert link.lines == [*lines, "end"]


async def test_the_end_of_the_link_waits_for_what_is_not_inflated_yet() -> None:
    """A MUD that sends a megabyte in a kilobyte and hangs up is heard to its end."""
    async with linked(compress=True) as (server, link):
        await compressed(server)
        server.send(START + zlib.compress(b"the same line\r\n" * 70_000 + b"bye"))
        server.writer.write_eof()
        await link.when(lambda: link.reason)
        assert len(link.lines) == 70_000
        assert link.events[-2] == Prompt("bye", "eof")


@pytest.mark.parametrize("where", [0, 2, 40], ids=["header", "first block", "middle"])
async def test_damage_ends_the_link(where: int) -> None:
    """The reason is clear, and nothing of the damaged bytes is heard."""
    text = b"".join(b"line %d of the tale\r\n" % number for number in range(500))
    wire = bytearray(zlib.compress(text))
    wire[where : where + 20] = b"\xff" * 20
    async with linked(compress=True) as (server, link):
        await compressed(server)
        server.send(b"before\r\n" + START + wire)
        await link.when(lambda: link.reason)
        assert link.reason.startswith("damaged compression (MCCP2")
        assert link.lines[0] == "before"
        assert set(link.lines) <= {"before", *text.decode().split("\r\n")}


async def test_a_bomb_costs_bounded_memory_and_never_holds_the_loop() -> None:
    """400 MB in 400 KB: the link ends with a clear reason, others have their turns, and memory stays."""
    bomb = zlib.compress(bytes(400_000_000), 1)
    async with linked(compress=True) as (server, link):
        await compressed(server)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while not link.reason:
                turns += 1
                await asyncio.sleep(0)

        link.on_events = lambda _events: link.events.clear() if not link.reason else None
        counting = asyncio.ensure_future(count())
        tracemalloc.start()
        server.send(START + bomb)
        await link.when(lambda: link.reason)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await counting
        assert "compression bomb" in link.reason
        assert peak < 4 * 1024 * 1024
        assert turns > 1000


async def test_a_stream_that_shrinks_honestly_is_no_bomb() -> None:
    """Nor is random text, which does not shrink at all."""
    text = "".join(random.Random(3).choices("abcdefgh ", k=300_000)).encode()
    async with linked(compress=True) as (server, link):
        await compressed(server)
        server.send(START + zlib.compress(text) + b"\r\nend\r\n")
        await link.until(Line("end"))
        assert "".join(link.lines) == text.decode() + "end"
