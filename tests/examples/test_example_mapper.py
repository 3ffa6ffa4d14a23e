"""Rooms become a map, which is shown in signs, or drawn."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.testing import Bot

PAINTS: dict[str, Any] = {"permissions": {"images": True}}


async def walk(bot: Bot, *rooms: tuple[int, str, dict[str, int]]) -> None:
    for number, name, exits in rooms:
        await bot.gmcp("Room.Info", {"num": number, "name": name, "exits": exits})


VILLAGE: Any = (
    (1, "Well", {"n": 2, "e": 3, "sw": 9}),
    (2, "Mill", {"s": 1}),
    (1, "Well", {"n": 2, "e": 3, "sw": 9}),
    (3, "Inn", {"w": 1, "up": 4, "e": 5}),
)


async def test_what_is_near_is_shown(bot: Bot) -> None:
    await bot.load("mapper")
    await walk(bot, *VILLAGE)
    await bot.tell("!map")
    await bot.advance(5)
    assert bot.said == [
        "......#..........",
        "......|..........",
        "......#-@-o......",
        "...../...........",
        "....o............",
    ]


async def test_it_is_kept_when_it_is_loaded_anew(bot: Bot) -> None:
    await bot.load("mapper")
    await walk(bot, *VILLAGE)
    await bot.reload("mapper")
    await bot.tell("!map")
    await walk(bot, (2, "Mill", {"s": 1}))
    await bot.tell("!map", who="Bob")
    await bot.advance(9)
    assert bot.said[:2] == ["......#..........", "......|.........."]
    assert bot.said[-3:] == ["........@........", "........|........", "........#-#-o...."]


async def test_it_is_painted(bot: Bot) -> None:
    await bot.load("mapper", **PAINTS)
    await walk(bot, *VILLAGE)
    await bot.tell("!map paint")
    assert bot.said[0].startswith("http://bot.invalid/")
    (asked,) = bot.ai.asked
    assert (asked.kind, asked.caller.player) == ("image", "Ann")
    assert asked.text == "An old hand-drawn map with these places: Inn, Well, Mill"


async def test_without_ink_or_permission_the_player_is_told(bot: Bot) -> None:
    await bot.load("mapper")
    await walk(bot, *VILLAGE)
    await bot.tell("!map paint")
    await bot.load("mapper", **PAINTS)
    await bot.advance(20)
    bot.ai.will_fail(what="image")
    await bot.tell("!map paint")
    assert bot.said == ["I have no ink."] * 2
    assert any("plugins.mapper.permissions.images: true" in record.getMessage() for record in bot.log)


async def test_before_it_knows_where_it_is_there_is_nothing_but_here(bot: Bot) -> None:
    await bot.load("mapper", **PAINTS)
    await bot.tell("!map paint")
    assert bot.said == ["........@........"]
    assert not bot.ai.asked


@pytest.mark.parametrize("told", [None, [], {}, {"num": 5, "name": "x", "exits": ["n"]}, {"exits": {"n": 1}}])
async def test_what_is_no_room_is_left_out(bot: Bot, told: Any) -> None:
    await bot.load("mapper")
    await bot.gmcp("Room.Info", told)
    await bot.tell("!map")
    assert bot.said == ["........@........"]


async def test_a_large_world_is_cut(bot: Bot) -> None:
    await bot.load("mapper")
    await walk(bot, *((n, "Road", {"n": n + 1, "s": n - 1, "e": 1000 + n}) for n in range(50)))
    await bot.tell("!map")
    await bot.advance(9)
    assert len(bot.said) == 5
    assert {len(line) for line in bot.said} == {17}


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("mapper")
    await walk(bot, (1, "客店", {}))
    await bot.tell("！地图 paint", who="张三")
    assert bot.said == ["没有墨了。"]
