"""Who comes and goes, and whom a plugin speaks to: events, tells and addresses over a played link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot import Arrived, Gmcp, Left, Line, Plugin, Speech, on
from mudbot.host.services.mud import Mud
from mudbot.mud.dialect import load
from mudbot.mud.room import MAX_MOVES, RoomTracker
from mudbot.mud.session import Session
from mudbot.testing import Bot
from mudbot.triggers.finder import finder
from tests.mud.stage import stage

PERSONA: Any = SimpleNamespace(persona=SimpleNamespace(names=("Chen",)))


def mud_of(session: Session) -> Mud:
    return Mud(session, PERSONA, may_command=False)


class Door(Plugin):
    async def start(self) -> None:
        self.moved: list[str] = []

    @on(Arrived)
    async def came(self, event: Arrived) -> None:
        self.moved.append(f"+{event.who}")

    @on(Left)
    async def went(self, event: Left) -> None:
        self.moved.append(f"-{event.who}")


# -- who comes and goes ------------------------------------------------------------------------------------------------


@pytest.mark.mudbot(dialect="tbamud")
async def test_plugins_are_told_who_comes_and_goes(bot: Bot) -> None:
    """By the MUD's own lines, never of the character itself, and not for what somebody says."""
    door = await bot.load(Door)
    await bot.hear("Ann has arrived.", "Chen has arrived.", "It rains.", "Ann leaves north.")
    await bot.say("Bob has arrived.", who="Ann")
    assert door.moved == ["+Ann", "-Ann"]  # type: ignore[attr-defined]


@pytest.mark.mudbot(dialect="nt7", language="zh")
async def test_they_come_and_go_in_chinese(bot: Bot) -> None:
    door = await bot.load(Door)
    await bot.hear("张三走了过来。", "张三往北方离开。")
    assert door.moved == ["+张三", "-张三"]  # type: ignore[attr-defined]


async def test_gmcp_tells_of_them_too(bot: Bot) -> None:
    door = await bot.load(Door)
    await bot.gmcp("Room.AddPlayer", {"name": "Ann", "fullname": "Ann the Bold"})
    await bot.gmcp("Room.AddPlayer", {"name": "Chen"})
    await bot.gmcp("Room.RemovePlayer", "Ann")
    await bot.gmcp("Room.RemovePlayer", None)
    assert door.moved == ["+Ann", "-Ann"]  # type: ignore[attr-defined]


async def test_the_event_stands_behind_its_line() -> None:
    """In the order of the MUD, also where many lines are read at once."""
    async with stage("rom") as at:
        at.session.finder = finder
        await at.log_in()
        at.events.clear()
        at.lines("It rains.", "Ann has arrived.", "It snows.", "Ann leaves up.")
        await at.until(lambda: Left("Ann") in at.events)
        heard = [each for event in at.events for each in (event if isinstance(event, list | tuple) else [event])]
        assert [each for each in heard if isinstance(each, Line | Arrived | Left)] == [
            Line("It rains."), Line("Ann has arrived."), Arrived("Ann"),
            Line("It snows."), Line("Ann leaves up."), Left("Ann"),
        ]  # fmt: skip


@pytest.mark.parametrize("gmcp_first", [True, False])
def test_what_the_text_and_gmcp_both_tell_is_one_arrival(gmcp_first: bool) -> None:
    """Whichever comes first; and who comes again is news again."""
    room = RoomTracker(load("tbamud"))

    def comes() -> list[object]:
        ways: list[Callable[[], object]] = [
            lambda: room.hear_gmcp(Gmcp("Room.AddPlayer", "Ann")),
            lambda: room.hear(Line("Ann has arrived.")),
        ]
        return [way() for way in (ways if gmcp_first else reversed(ways))]

    assert comes() == [Arrived("Ann"), None]
    assert comes() == [Arrived("Ann"), None]
    assert room.hear(Line("Ann leaves north.")) == Left("Ann")
    assert room.hear_gmcp(Gmcp("Room.RemovePlayer", "Ann")) is None
    assert comes() == [Arrived("Ann"), None]


def test_one_source_alone_tells_each_time() -> None:
    """A quiet leaving that the MUD did not show makes no later arrival unheard."""
    room = RoomTracker(load("tbamud"))
    assert [room.hear(Line("Ann has arrived.")) for _ in range(3)] == [Arrived("Ann")] * 3


def test_a_crowd_fills_no_memory() -> None:
    room = RoomTracker(load("tbamud"))
    for number in range(MAX_MOVES * 2):
        room.hear_gmcp(Gmcp("Room.AddPlayer", f"Ann{number}"))
    assert len(room._moves) == MAX_MOVES


# -- whom to tell ------------------------------------------------------------------------------------------------------


async def test_a_name_is_told_by_the_id_that_it_was_seen_with() -> None:
    async with stage("nt7") as at:
        await at.log_in()
        mud = mud_of(at.session)
        at.session.voice.people.learn("张三", "zhangsan")
        assert await mud.tell("张三", "好")
        assert await mud.tell("lisi", "好")
        await at.gets("tell zhangsan 好", "tell lisi 好")


async def test_where_the_id_is_not_known_the_character_looks_before_it_says_that_it_cannot() -> None:
    """Once for all who are not known; True only where it goes out."""
    async with stage("nt7") as at:
        await at.log_in()
        mud = mud_of(at.session)
        tells = [asyncio.ensure_future(mud.tell(who, "好")) for who in ("张三", "李四")]
        await at.gets("look")
        at.lines("客店 - ", "    一间小店。", "    这里唯一的出口是 west。", "  普通百姓 张三(Zhangsan)")
        at.ask("> ")
        await at.until(lambda: at.session.voice.people.id_of("张三"))
        await at.pass_by(1)
        assert [await tell for tell in tells] == [True, False]
        assert not await mud.tell("李四", "好"), "it looked a moment ago"
        await at.gets("look", "tell zhangsan 好")


async def test_a_name_with_two_ids_is_told_nothing() -> None:
    async with stage("nt7") as at:
        await at.log_in()
        at.session.voice.people.learn("张三", "zhangsan")
        at.session.voice.people.learn("张三", "mallory")
        mud = mud_of(at.session)
        assert not await mud.tell("张三", "好")
        assert await mud.tell("张三 <zhangsan>", "好"), "an address is sure"
        assert not await mud.reply(Speech("tell", "张三", "?"), "好")


async def test_an_address_is_kept_as_text_and_told_later() -> None:
    async with stage("nt7") as at:
        await at.log_in()
        mud = mud_of(at.session)
        heard = Speech("channel", "张三", "有马吗", "zhangsan", "闲聊")
        kept = mud.address(heard)
        assert kept == "张三 <zhangsan>"
        assert await mud.tell(kept, "有")
        await at.gets("tell zhangsan 有")
        assert mud.address(Speech("say", "王五", "x")) == "王五"
        assert mud.address(Speech("say", None, "x")) == ""


async def test_where_names_are_told_the_address_is_the_name() -> None:
    async with stage("rom") as at:
        await at.log_in()
        mud = mud_of(at.session)
        assert mud.address(Speech("say", "Ann", "x", "ann7")) == "Ann"
        assert await mud.tell("Ann", "hello")
        assert await mud.tell("Ann <ann7>", "again")
        await at.gets("tell Ann hello", "tell Ann again")


async def test_what_cannot_be_said_is_known() -> None:
    """Nobody is told by a name that could be a command, nor on a channel that there is not."""
    async with stage("rom") as at:
        await at.log_in()
        mud = mud_of(at.session)
        assert await mud.say("hello")
        assert await mud.emote("waves")
        assert not await mud.say("")
        for who in ("", "all", "Ann; quit", "Ann\nquit"):
            assert not await mud.tell(who, "hello"), who
        assert not await mud.channel("no such; quit", "hello")
        assert not await mud.reply(Speech("emote", "Ann", "waves"), "hello")
