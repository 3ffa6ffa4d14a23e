"""What a plugin may learn of a character's memory on somebody's behalf, and that a name alone opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mudbot.errors import StoreError
from mudbot.events import Command, Room, Speech
from mudbot.host.services.remembering import Remembering
from mudbot.mud.people import People
from mudbot.testing import FakeClock
from tests.mind.memory_stage import ALONE, Life, life, said


class Desk:
    """A memory as plugins have it, on a MUD that shows ids with tells and none with what is said or whispered."""

    def __init__(self, chen: Life) -> None:
        self.people = People()
        chen.memory.identify = self.people.login_of
        self.remembering = Remembering(lambda: chen.memory, lambda: ALONE, self.people.login_of, chen.clock)

    async def known(self, speech: Speech) -> set[str]:
        self.people.hear(speech)
        return {fact.text for fact in await self.remembering.known_to(Command("know", "", speech))}


async def told(chen: Life) -> Desk:
    desk = Desk(chen)
    await chen.tell("My dog is called Rex.", kind="say")
    await chen.tell("I stole the silver spoons.", kind="whisper")
    await chen.tell("I buried the gold at the mill.", kind="tell", login="ann")
    return desk


async def test_who_is_shown_by_an_id_is_told_what_he_said_aloud_and_what_that_id_told(tmp_path: Path) -> None:
    async with life(tmp_path) as chen:
        desk = await told(chen)
        known = await desk.known(said("!know", kind="tell", login="ann"))
        assert known == {"My dog is called Rex.", "I buried the gold at the mill."}


async def test_who_takes_a_name_learns_nothing_that_was_told_in_private(tmp_path: Path) -> None:
    """He comes before the one whose name it is was seen with an id, after a restart for instance."""
    async with life(tmp_path) as chen:
        desk = await told(chen)
        assert await desk.known(said("!know", kind="tell", login="thief")) == {"My dog is called Rex."}
        desk.people.learn("Ann", "ann")
        assert await desk.known(said("!know", kind="tell", login="thief")) == set()


async def test_a_name_that_two_go_by_opens_nothing_at_all(tmp_path: Path) -> None:
    async with life(tmp_path) as chen:
        desk = await told(chen)
        desk.people.learn("Ann", "ann")
        desk.people.learn("Ann", "thief")
        assert await desk.known(said("!know", kind="say")) == set()
        assert await desk.known(said("!know", kind="whisper")) == set()


async def test_where_the_mud_shows_no_ids_a_name_is_all_there_is(tmp_path: Path) -> None:
    async with life(tmp_path) as chen:
        desk = await told(chen)
        known = await desk.known(said("!know", kind="whisper"))
        assert known == {"My dog is called Rex.", "I stole the silver spoons."}


@pytest.mark.parametrize("kind", ["say", "emote", "channel"])
async def test_what_was_told_in_private_never_comes_back_in_public(tmp_path: Path, kind: str) -> None:
    """Not to the one who told it either: as facts, as recent turns, or in the summary."""
    async with life(tmp_path, turns=8) as chen:
        await chen.tell("I stole the silver spoons.", kind="whisper")
        await chen.tell("I stole the golden forks.", kind="tell", login="ann")
        for login in (None, "ann"):
            speech = said("What did I steal?", kind=kind, login=login, channel="gossip")  # type: ignore[arg-type]
            found = await chen.memory.recall(speech, Room("The Inn", people=("Ann",)))
            assert "stole" not in repr(found)


async def test_forgetting_takes_in_what_the_name_said_aloud(tmp_path: Path) -> None:
    async with life(tmp_path) as chen:
        desk = await told(chen)
        speech = said("!forget", kind="tell", login="ann")
        desk.people.hear(speech)
        assert await desk.remembering.forget(speech) > 0
        assert await desk.known(speech) == set()
        assert desk.remembering.forgot("ANN") == chen.clock.now()


async def test_where_the_database_is_away_it_says_so(tmp_path: Path) -> None:
    class Away:
        async def known_to(self, speech: Speech, room: Room) -> list[object]:
            raise StoreError("the disk is full")

    remembering = Remembering(Away, Room, lambda _name: None, FakeClock())
    with pytest.raises(StoreError, match="disk is full"):
        await remembering.known_to(said("x"))
