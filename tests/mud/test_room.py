"""The room: what GMCP, look and people who come and go say of it, and nothing that the MUD did not say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mudbot.events import Gmcp, Line, Prompt, Room
from mudbot.mud.dialect import load
from mudbot.mud.room import MAX_LOOK_LINES, RoomTracker

INN = ("The Inn", "A low room.", "Exits: north and up.", "Here: Bob and Ann.")
INN_ROOM = Room("The Inn", "A low room.", ("north", "up"), ("Bob", "Ann"))


def people(room: RoomTracker) -> tuple[str, ...] | None:
    return room.current.people


def tracker(dialect: str = "tavern") -> RoomTracker:
    return RoomTracker(load(dialect))


def hear(room: RoomTracker, *lines: str, prompt: bool = False) -> None:
    for line in lines:
        room.hear(Line(line))
    if prompt:
        room.hear(Prompt("> "))


def gmcp(room: RoomTracker, package: str, data: Any) -> None:
    room.hear_gmcp(Gmcp(package, data))


async def looked(room: RoomTracker, *lines: str) -> Room:
    """What a look that is answered with *lines* and a prompt gives."""
    seen = room.expect()
    hear(room, *lines, prompt=True)
    async with asyncio.timeout(5):
        return await seen


def test_nothing_is_known_at_first() -> None:
    room = tracker()
    assert room.current == Room("", "", (), None)
    assert repr(room) == "<RoomTracker '', people None>"


# -- look --------------------------------------------------------------------------------------------------------------


async def test_a_look_is_what_comes_up_to_the_next_prompt() -> None:
    room = tracker()
    assert await looked(room, *INN) == INN_ROOM
    assert room.current == INN_ROOM
    hear(room, "The wind howls.", prompt=True)
    assert room.current == INN_ROOM


async def test_a_prompt_before_the_answer_does_not_end_the_look() -> None:
    """The prompt of the command before, or a blank line, is no answer."""
    room = tracker()
    seen = room.expect()
    room.hear(Prompt("> "))
    hear(room, "", "  ", prompt=True)
    assert not seen.done()
    hear(room, *INN, prompt=True)
    assert await seen == INN_ROOM


async def test_a_prompt_that_is_glued_to_the_answer_is_no_part_of_it() -> None:
    assert (await looked(tracker(), "> " + INN[0], *INN[1:])).name == "The Inn"


async def test_who_looks_while_somebody_looks_gets_the_same_answer() -> None:
    room = tracker()
    first, second = room.expect(), room.expect()
    hear(room, *INN, prompt=True)
    assert await first == await second == INN_ROOM


async def test_a_second_look_starts_afresh() -> None:
    room = tracker()
    await looked(room, *INN)
    assert await looked(room, "The Yard", "Empty.", "Exits: in.") == Room("The Yard", "Empty.", ("in",), ())


async def test_lines_without_a_look_describe_nothing() -> None:
    room = tracker()
    hear(room, *INN, prompt=True)
    assert room.current == Room()


async def test_an_endless_answer_is_bounded() -> None:
    room = tracker()
    found = await looked(room, "The Inn", *(f"line {n}" for n in range(1000)))
    assert len(found.description.split("line ")) == MAX_LOOK_LINES


async def test_what_comes_after_a_look_was_given_up_is_no_room() -> None:
    """The MUD never answered in time: the chatter that follows must not be taken for a room."""
    room = tracker()
    await looked(room, *INN)
    room.expect().cancel()
    hear(room, "A stranger coughs.", "The fire crackles.", prompt=True)
    assert room.current == INN_ROOM
    assert (await looked(room, "The Yard")).name == "The Yard"


async def test_what_was_seen_can_be_taken_for_all_of_it() -> None:
    """For MUDs that send no prompts; without a line of text there is nothing to take."""
    room = tracker()
    seen = room.expect()
    hear(room, "")
    room.finish()
    assert room.seen == 0
    assert not seen.done()
    hear(room, *INN)
    assert room.seen == 4
    room.finish()
    assert await seen == INN_ROOM


async def test_people_are_none_where_the_dialect_cannot_tell_them() -> None:
    room = tracker("pennmush")
    assert (await looked(room, "客店", "一间小店。")).people is None
    hear(room, "Bob arrives from the north.")
    assert people(room) is None


# -- coming and going --------------------------------------------------------------------------------------------------


async def test_people_come_and_go_in_both_languages() -> None:
    room = tracker()
    await looked(room, *INN)
    hear(
        room, "Cy arrives from the north.", "李四从北边走了过来。", "Eve has entered the world.", "王五走进了这个世界。"
    )
    assert people(room) == ("Bob", "Ann", "Cy", "李四", "Eve", "王五")
    hear(room, "Bob leaves north.", "李四往北边走了。", "Eve has left the world.", "王五离开了这个世界。")
    assert people(room) == ("Ann", "Cy")


async def test_who_is_here_is_here_once_and_who_is_gone_cannot_go() -> None:
    room = tracker()
    await looked(room, *INN)
    hear(room, "Bob arrives from the north.", "Zed leaves north.", "> Ann leaves up.")
    assert people(room) == ("Bob",)


async def test_an_arrival_in_spoken_form_is_no_arrival() -> None:
    room = tracker()
    await looked(room, *INN)
    hear(room, 'Bob says, "Zed arrives from the north."', "A sign says Zed has entered the world.")
    assert people(room) == ("Bob", "Ann")


async def test_who_seems_to_go_in_somebodys_words_is_here_still() -> None:
    """Else a speaker could have the character say before Ann what she is not to hear; who seems to come is here."""
    room = tracker()
    await looked(room, *INN)
    for text in ("Ann leaves north.", "Zoe arrives from the north."):
        room.hear(Line(text).as_quoted())
    assert people(room) == ("Bob", "Ann", "Zoe")
    hear(room, "Ann leaves north.")
    assert people(room) == ("Bob", "Zoe")


def test_arrivals_alone_do_not_tell_who_is_here() -> None:
    """One known arrival among unknown people would be a wrong list: it stays None."""
    room = tracker()
    hear(room, "Cy arrives from the north.", "Bob leaves north.")
    assert people(room) is None


# -- GMCP --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "room"),
    [
        ({"name": "Inn", "desc": "Low.", "exits": {"n": 2, "up": 3}}, Room("Inn", "Low.", ("n", "up"))),
        ({"name": "Inn", "description": "Low.", "exits": ["n", "up"]}, Room("Inn", "Low.", ("n", "up"))),
        ({"name": "客栈"}, Room("客栈")),
        ({"name": None, "desc": None, "exits": None}, Room()),
        ({}, Room()),
    ],
)
def test_room_info_tells_name_description_and_exits(data: dict[str, Any], room: Room) -> None:
    """In the spellings that servers use, and with holes in it; all of it is kept as extra."""
    found = tracker()
    gmcp(found, "Room.Info", data)
    assert found.current == room
    assert found.current.extra == data


def test_gmcp_tells_who_is_here_comes_and_goes() -> None:
    """IRE's packages: players with a short and a full name, of which the short one leaves again."""
    room = tracker("generic")
    gmcp(room, "Room.Players", [{"name": "Ann", "fullname": "Ann the Bold"}, {"name": "Bob"}, "Cy", {}, None])
    assert people(room) == ("Ann", "Bob", "Cy")
    gmcp(room, "room.addplayer", {"name": "Dee", "fullname": "Dee the Deep"})
    gmcp(room, "Room.AddPlayer", {"name": "Dee", "fullname": "Dee the Deep"})
    gmcp(room, "Room.RemovePlayer", "Ann")
    gmcp(room, "Room.RemovePlayer", {"name": "Bob"})
    assert people(room) == ("Cy", "Dee")


def test_gmcp_arrivals_without_a_list_do_not_tell_who_is_here() -> None:
    room = tracker()
    gmcp(room, "Room.AddPlayer", "Bob")
    gmcp(room, "Room.RemovePlayer", "Ann")
    assert people(room) is None


async def test_gmcp_knows_people_better_than_look() -> None:
    """Once the MUD sends lists, what look shows does not replace them, and everything else of look counts."""
    room = tracker()
    gmcp(room, "Room.Players", ["Cy"])
    found = await looked(room, *INN)
    assert found == Room("The Inn", "A low room.", ("north", "up"), ("Cy",))


@pytest.mark.parametrize(
    ("package", "data"),
    [
        ("Room.Info", None), ("Room.Info", []), ("Room.Info", "x"), ("Room.Players", None), ("Room.Players", {"a": 1}),
        ("Room.AddPlayer", None), ("Room.RemovePlayer", None), ("Char.Vitals", {"hp": 1}), ("", None),
    ],
)  # fmt: skip
async def test_odd_gmcp_changes_nothing(package: str, data: Any) -> None:
    room = tracker()
    await looked(room, *INN)
    gmcp(room, package, data)
    assert room.current == INN_ROOM
