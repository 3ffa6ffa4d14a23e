"""How text flows: prompts by quiet, pauses, floods and what never ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest
from telnetlib3 import telopt

from mudbot.events import Closed, Gmcp, Line, MudEvent, Prompt
from mudbot.mud import stream, telnet
from tests.mud.telnet_peer import DO, GA, IAC, NOP, SB, SE, WILL, linked, sub


async def test_a_prompt_is_known_by_quiet() -> None:
    """Most MUDs mark nothing: after a moment of quiet what stands there is the prompt."""
    async with linked() as (server, link):
        server.send("名字：".encode())
        await link.until(Prompt("名字：", "quiet"))


async def test_half_a_character_is_held_back_for_a_second_quiet_only() -> None:
    """A login that asks in another encoding is answered all the same."""
    async with linked() as (server, link):
        server.send(b"Name: \xe5\x90")
        await link.when(lambda: link.events)
        (prompt,) = link.events
        assert isinstance(prompt, Prompt)
        assert prompt.text.startswith("Name: ")


async def test_text_that_goes_on_is_no_prompt() -> None:
    """The quiet begins anew with every byte; only what is the last for that long is a prompt."""
    async with linked() as (server, link):
        loop = asyncio.get_running_loop()

        def type_on(left: int) -> None:
            server.send(b"." if left else b"> ")
            if left:
                loop.call_later(telnet.QUIET / 4, type_on, left - 1)

        type_on(12)  # three times as long as the quiet
        await link.when(lambda: link.events)
        assert link.events == [Prompt("." * 12 + "> ", "quiet")]


class Pausing:
    """Pauses at every line that it hears, and goes on when told."""

    def __init__(self, link: object) -> None:
        self.link = link

    def __call__(self, events: Sequence[MudEvent]) -> None:
        if any(isinstance(event, Line) for event in events):
            self.link.connection.pause()  # type: ignore[attr-defined]


async def test_nothing_is_lost_over_many_pauses() -> None:
    """A listener that stops after every batch gets 20,000 lines, each once and in order, with the marks between."""
    async with linked() as (server, link):
        link.on_events = Pausing(link)
        for number in range(20_000):
            server.send(b"line %05d\r\n" % number + (IAC + NOP if number % 7 else IAC + GA))
        server.send(b"end\r\n")
        pauses = 0
        while Line("end") not in link.events[-3:]:
            await link.when(lambda: link.connection.paused)
            pauses += 1
            link.connection.resume()
        assert [text for text in link.lines if text != "end"] == [f"line {n:05}" for n in range(20_000)]
        assert sum(isinstance(event, Prompt) for event in link.events) == len(range(0, 20_000, 7))
        assert pauses > 50


async def test_a_paused_link_is_silent_and_holds_the_mud_back() -> None:
    """No event comes but of the piece in hand, the MUD's own buffers fill, and memory does not."""
    async with linked() as (server, link):
        link.on_events = Pausing(link)
        server.send(b"now\r\n")
        await link.when(lambda: link.connection.paused)
        server.send(b"x" * 79 + b"\n")
        for _ in range(400):
            server.send((b"y" * 79 + b"\n") * 500)  # 16 MB in all
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * telnet.QUIET):
                await server.writer.drain()
        assert link.events == [Line("now")]
        assert link.connection._stream is not None
        assert len(link.connection._stream._inbox) <= stream.PIECE + stream.MAX_WAITING
        assert server.writer.transport.get_write_buffer_size() > 5_000_000


async def test_no_quiet_prompt_while_paused() -> None:
    """What stands at the end when reading stops may go on: it is a prompt only after a quiet in which it was read."""
    async with linked() as (server, link):
        link.on_events = Pausing(link)
        server.send(b"line\r\nHow do you")
        await link.when(lambda: link.connection.paused)
        server.send(b" do?\r\n> ")
        with pytest.raises(TimeoutError):
            await link.when(lambda: len(link.events) > 1, 3 * telnet.QUIET)
        link.connection.resume()
        await link.until(Line("How do you do?"))
        assert link.connection.paused
        link.on_events = lambda _events: None
        link.connection.resume()
        await link.until(Prompt("> ", "quiet"))
        assert link.lines == ["line", "How do you do?"]


async def test_a_pause_while_the_quiet_runs_stops_it() -> None:
    """Text stands at the end already when another than the listener asks for the pause."""
    async with linked() as (server, link):
        link.on_events = lambda _events: link.connection.pause()
        server.send(b"line\r\n")
        await link.when(lambda: link.connection.paused)
        link.on_events = lambda _events: None
        link.connection.resume()
        server.send(b"half a qu")
        async with asyncio.timeout(5):
            while not link.connection._text.pending:  # noqa: ASYNC110 - no event comes of it
                await asyncio.sleep(0)
        link.connection.pause()
        with pytest.raises(TimeoutError):
            await link.when(lambda: len(link.events) > 1, 3 * telnet.QUIET)
        server.send(b"estion> ")
        link.connection.resume()
        await link.until(Prompt("half a question> ", "quiet"))


async def test_the_end_waits_behind_a_pause() -> None:
    """What the MUD said before it hung up is heard after the pause, then the end."""
    async with linked() as (server, link):
        link.on_events = Pausing(link)
        server.send(b"a\r\n")
        await link.when(lambda: link.connection.paused)
        server.send(b"b\r\n" + b"z" * 30_000 + b"\r\nbye")
        server.writer.write_eof()
        await asyncio.sleep(0)
        assert link.reason == ""
        link.on_events = lambda _events: None
        link.connection.resume()
        await link.when(lambda: link.reason)
        assert link.lines[:2] == ["a", "b"]
        assert link.events[-2:] == [Prompt("bye", "eof"), Closed("the MUD closed the connection")]


async def test_a_paused_link_can_be_ended() -> None:
    """Abort does not wait for the pause to end."""
    async with linked() as (_server, link):
        link.connection.pause()
        link.connection.abort("enough")
        link.connection.resume()
        assert link.events == [Closed("enough")]


async def test_a_listener_may_end_the_link() -> None:
    """Nothing comes after Closed, though the piece in hand had more."""
    async with linked() as (server, link):
        link.on_events = lambda events: link.connection.abort("heard it") if Line("stop") in events else None
        server.send(b"stop\r\n" + IAC + GA + b"more\r\n" + sub(telopt.GMCP, b"X") + IAC + WILL + telopt.GMCP + b"rest")
        await link.until(Closed("heard it"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert link.events == [Line("stop"), Closed("heard it")]


async def test_a_subnegotiation_without_end_ends_the_link() -> None:
    """It would swallow all text: more than 64 KB of one is no subnegotiation."""
    async with linked() as (server, link):
        server.send(b"before\r\n" + IAC + SB + telopt.GMCP + b"Room.Info " + b"x" * 200_000)
        await link.when(lambda: link.reason)
        assert link.events == [Line("before"), Closed("endless telnet subnegotiation")]


async def test_a_subnegotiation_that_dawdles_ends_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not help it."""
    monkeypatch.setattr(stream, "SUBNEGOTIATION_TIME", 0.3)
    async with linked() as (server, link):
        server.send(b"before\r\n" + IAC + SB + telopt.GMCP)
        loop = asyncio.get_running_loop()

        def dawdle() -> None:
            if not link.reason:
                server.send(b"x")
                loop.call_later(0.05, dawdle)

        dawdle()
        await link.when(lambda: link.reason)
        assert link.reason.startswith("endless telnet subnegotiation")


async def test_subnegotiations_that_end_may_follow_each_other_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time counts for each: every read ends inside of one, and the link stays."""
    monkeypatch.setattr(stream, "SUBNEGOTIATION_TIME", 0.5)
    async with linked() as (server, link):
        message = sub(telopt.GMCP, b"Char.Vitals {}")
        loop = asyncio.get_running_loop()

        def go_on(left: int) -> None:
            server.send(message[8:] + message[:8] if left else message[8:] + b"end\r\n")
            if left:
                loop.call_later(0.1, go_on, left - 1)

        server.send(message[:8])
        go_on(12)
        await link.until(Line("end"))
        assert link.events.count(Gmcp("Char.Vitals", {})) == 13


async def test_a_flood_of_commands_lets_others_have_their_turn() -> None:
    """A megabyte of offers is worked off in pieces: another task runs all the while, and the text behind is heard."""
    async with linked() as (server, link):
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        server.send((IAC + DO + b"\x55") * 30_000 + b"\r\nafter\r\n")
        await link.until(Line("after"))
        counting.cancel()
        assert turns > 90_000 / stream.PIECE


async def test_marks_without_text_are_prompts() -> None:
    """Some MUDs end every message with GA: a storm of them is a storm of empty prompts, in order."""
    async with linked() as (server, link):
        server.send((IAC + GA) * 10_000 + b"x\r\n")
        await link.until(Line("x"))
        assert link.events == [Prompt("", "ga")] * 10_000 + [Line("x")]


async def test_one_byte_at_a_time() -> None:
    """Slices of one byte give the same events as one packet, in GBK, with commands inside characters and line ends."""
    text = "张三说道：你好\r\n".encode("gbk")
    wire = text[:5] + IAC + NOP + text[5:-1] + IAC + NOP + text[-1:] + sub(telopt.GMCP, b"A {}") + b"ok> " + IAC + GA
    async with linked("gbk") as (server, link):
        server.writer.transport.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
        for byte in wire:
            server.send(bytes([byte]))
            await asyncio.sleep(0)
        await link.until(Prompt("ok> ", "ga"))
        assert link.events == [Line("张三说道：你好"), Gmcp("A", {}), Prompt("ok> ", "ga")]


async def test_a_mud_that_does_not_read_is_left() -> None:
    """What is written and not read is bounded, and the reason is clear."""
    async with linked() as (server, link):
        server.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(400):
            link.connection.write(b"x" * 65_536)
        assert link.reason == "the MUD does not read what is sent to it"
        await link.connection.flushed()
        server.writer.transport.resume_reading()  # type: ignore[attr-defined]


async def test_a_mud_that_asks_and_never_reads_the_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers to telnet questions are never drained; reading goes on while they pile up, to the bound."""
    monkeypatch.setattr(telnet, "MAX_UNSENT", 128 * 1024)  # above the 64 KB at which asyncio asks to write no more
    async with linked() as (server, link):
        transport = link.connection._transport
        assert transport is not None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server.writer.transport.pause_reading()  # type: ignore[attr-defined]
        server.writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.send(IAC + DO + telopt.TTYPE)
        for _ in range(200):
            server.send(sub(telopt.TTYPE, telopt.SEND) * 500)
        await link.when(lambda: link.reason)
        assert link.reason == "the MUD does not read what is sent to it"
        server.writer.transport.resume_reading()  # type: ignore[attr-defined]


async def test_what_was_written_is_flushed() -> None:
    """``flushed`` returns once nothing is left to send."""
    async with linked() as (server, link):
        link.connection.write(b"x" * 200_000)
        await link.connection.flushed()
        await server.expect(b"x" * 200_000)


async def test_the_state_is_in_the_repr() -> None:
    """New, open, paused, closed."""
    async with linked() as (_server, link):
        assert repr(link.connection).endswith(" open>")
        link.connection.pause()
        assert repr(link.connection).endswith(" open, paused>")
    assert " closed" in repr(link.connection)


def test_the_end_of_a_subnegotiation_is_two_bytes() -> None:
    """The peer of these tests doubles IAC inside, as the protocol has it."""
    assert sub(b"\x01", IAC) == IAC + SB + b"\x01" + IAC + IAC + IAC + SE
