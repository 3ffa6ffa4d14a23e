"""``self.mud`` over real links: a session with a played server, and the embedded tavern."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot.clock import SystemClock
from mudbot.errors import NoAnswer
from mudbot.events import SessionEvent, Speech
from mudbot.host.host import Host
from mudbot.host.services.mud import Mud
from mudbot.local.tavern import Tavern
from mudbot.mud.address import Address
from mudbot.mud.dialect import load
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.triggers.finder import finder
from tests.mud.stage import Stage, stage

PERSONA: Any = SimpleNamespace(persona=SimpleNamespace(names=("Chen",)))


def mud_of(session: Session, host: Host) -> Mud:
    session.finder, session.listener = finder, host.hear
    return Mud(session, PERSONA, may_command=True, asks=host.asks)


@asynccontextmanager
async def rom() -> AsyncIterator[tuple[Stage, Mud]]:
    """A character in a ROM that the test plays."""
    async with stage("rom") as at:
        host = Host(at.clock, session="s")
        await at.log_in()
        mud = mud_of(at.session, host)

        def listener(events: Sequence[SessionEvent]) -> None:
            at.events.extend(events)
            host.hear(events)

        at.session.listener = listener
        try:
            yield at, mud
        finally:
            await host.stop()


# -- a played server ---------------------------------------------------------------------------------------------------


async def test_an_answer_is_found_among_the_lines_of_one_read() -> None:
    """Behind others, in a page that the session hands on as a whole."""
    async with rom() as (at, mud):
        task = asyncio.ensure_future(mud.ask("buy sword", ok=r"^You buy (?P<what>.+)\.$", poor="can't afford"))
        await at.gets("buy sword")
        at.lines("It rains.", "A dog barks.", "You buy a sword.", "It rains.")
        found = await task
        assert (found.name, found["what"]) == ("ok", "a sword")
        assert [line.text for line in found.lines] == ["It rains.", "A dog barks.", "You buy a sword."]


async def test_a_prompt_can_be_the_answer() -> None:
    async with rom() as (at, mud):
        task = asyncio.ensure_future(mud.ask("", {"pattern": r"^<(?P<hp>\d+)hp", "prompt": True}))
        await at.until(lambda: at.typed)
        at.lines("<1hp is no prompt")
        at.ask("<20hp 100m 100mv> ")
        assert (await task)["hp"] == "20"


async def test_what_was_on_its_way_before_the_command_left_is_no_answer() -> None:
    """The command waits behind others, at the MUD's pace; lines that come meanwhile are of something else."""
    async with rom() as (at, mud):
        for number in range(15):
            await mud.send(f"nod {number}")
        task = asyncio.ensure_future(mud.ask("buy sword", "You buy (?P<what>.+)"))
        await at.until(lambda: at.typed)
        await at.heard("You buy a hat")
        assert "buy sword" not in at.typed
        while "buy sword" not in at.typed:
            await at.pass_by(1)
        at.lines("You buy a sword")
        assert (await task)["what"] == "a sword"


async def test_a_lost_link_ends_an_ask_at_once_and_its_command_does_not_come_back() -> None:
    async with rom() as (at, mud):
        task = asyncio.ensure_future(mud.ask("buy sword", ok="You buy"))
        await at.gets("buy sword")
        waits = asyncio.ensure_future(mud.wait_for("sunrise"))
        await asyncio.sleep(0)
        at.hang_up()
        with pytest.raises(
            NoAnswer, match=r"no answer to 'buy sword': the link ended \(.+\); waited for ok \(You buy\)"
        ):
            await task
        with pytest.raises(NoAnswer, match="the link ended"):
            await waits
        assert mud.state != "playing"
        with pytest.raises(NoAnswer, match="not in the game"):
            await mud.ask("look", "x")
        assert at.session.outbox.waiting == 0


async def test_what_the_mud_tells_by_gmcp_and_msdp_is_known() -> None:
    """The room, who is there, how the character is; a new link begins with nothing."""
    async with rom() as (at, mud):
        assert (mud.state, mud.who, dict(mud.vitals)) == ("playing", (), {})
        at.send(b"\xff\xfb\xc9\xff\xfb\x45")
        for package, data in (
            ("Char.Vitals", {"hp": "71", "maxhp": "100"}),
            ("Room.Info", {"name": "Hall", "exits": {"n": 1}}),
            ("Room.Players", [{"name": "Chen"}, {"name": "Ann"}]),
        ):
            at.send(b"\xff\xfa\xc9" + f"{package} {json.dumps(data)}".encode() + b"\xff\xf0")
        at.send(b"\xff\xfa\x45\x01MANA\x0233\xff\xf0")
        await at.until(lambda: "mp" in mud.vitals)
        assert (mud.vitals["hp"], mud.vitals["maxhp"], mud.vitals["mp"]) == (71, 100, 33)
        assert (mud.room.name, mud.who, mud.gmcp["room.info"]["name"]) == ("Hall", ("Ann",), "Hall")
        assert mud.msdp == {"MANA": "33"}
        at.hang_up()
        while at.session.state != "logging in":
            await at.pass_by(5)
        assert dict(mud.vitals) == {}


# -- the embedded tavern -----------------------------------------------------------------------------------------------


class Guest:
    """Somebody who types into the tavern by a socket of their own."""

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.reader, self.writer = streams

    async def type(self, *texts: str) -> None:
        for text in texts:
            self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()


@asynccontextmanager
async def tavern() -> AsyncIterator[tuple[Tavern, Mud]]:
    """A character in the tavern, in real time."""
    async with Tavern(port=0) as world:
        clock = SystemClock()
        address = Address("127.0.0.1", world.port, encoding="utf-8")
        session = Session("s", address, load("tavern"), Character("Chen", "pw"), clock=clock)
        host = Host(clock, session="s")
        mud = mud_of(session, host)
        living = asyncio.create_task(session.run())
        try:
            await playing(mud)
            yield world, mud
        finally:
            await session.stop()
            await asyncio.wait({living}, timeout=5)
            await host.stop()


async def playing(mud: Mud) -> None:
    async with asyncio.timeout(10):
        while mud.state != "playing":  # noqa: ASYNC110 - a state that a socket brings about
            await asyncio.sleep(0.005)


@asynccontextmanager
async def guest(world: Tavern, name: str) -> AsyncIterator[Guest]:
    it = Guest(await asyncio.open_connection("127.0.0.1", world.port))
    await it.type(name, "pw")
    try:
        yield it
    finally:
        it.writer.close()


async def test_the_tavern_is_asked_and_answers() -> None:
    """Who is in the world, as a list between two lines; a way that there is not; a thing that is not there."""
    async with tavern() as (world, mud), guest(world, "Ann"):
        await mud.wait_for(r"^Ann has entered the world", r"^Ann is here", timeout=10)
        found = await mud.ask("who", r"^  Chen \(.+\)", speech=False)
        assert found.lines[0].text.endswith("In the world: 2")
        listed = await mud.ask("who", rows={"all_of": ["^In the world: (?P<n>\\d+)", r"^  (?P<first>\w+) \("]})
        assert listed["n"] == "2"
        lost = await mud.ask("look at nothing", there="^It is", missing=r"There is no (?P<thing>.+) to look at")
        assert (lost.name, lost["thing"]) == ("missing", "at nothing")


async def test_the_tavern_answers_each_of_many_at_once() -> None:
    """Twenty asks in flight; each gets its own answer."""
    async with tavern() as (_, mud):
        asked = (mud.ask(f"look w{n}", r"no (?P<thing>w\d+) to look at", timeout=20) for n in range(20))
        found = await asyncio.gather(*asked)
        assert [each["thing"] for each in found] == [f"w{n}" for n in range(20)]


async def test_who_is_there_and_what_they_say_can_be_waited_for() -> None:
    """Ann comes, speaks, and leaves; her words are no answer of the tavern's."""
    async with tavern() as (world, mud):
        assert (await mud.look()).people == ()
        coming = asyncio.ensure_future(mud.wait_for(r"^(?P<who>\w+) has entered the world", timeout=10))
        await asyncio.sleep(0)
        async with guest(world, "Ann") as ann:
            assert (await coming)["who"] == "Ann"
            assert mud.who == ("Ann",)
            forged = asyncio.ensure_future(mud.ask("emote waits.", r"There is no gold", timeout=10))
            words = asyncio.ensure_future(mud.wait_for(r"There is no (?P<what>\w+)", timeout=10))
            await asyncio.sleep(0)
            await ann.type("say There is no gold to look at.")
            heard = await words
            assert isinstance(heard.speech, Speech)
            assert (heard.speech.speaker, heard["what"]) == ("Ann", "gold")
            assert not forged.done()
            forged.cancel()
            leaving = asyncio.ensure_future(mud.wait_for("Ann has left the world", timeout=10))
            await asyncio.sleep(0)
            await ann.type("quit")
            await leaving
        assert not mud.who


async def test_a_tavern_that_closes_ends_an_ask() -> None:
    async with tavern() as (world, mud):
        task = asyncio.ensure_future(mud.ask("look", "no such line", timeout=30))
        await asyncio.sleep(0)
        await world.close()
        with pytest.raises(NoAnswer, match="no answer to 'look': the link ended"):
            await task
