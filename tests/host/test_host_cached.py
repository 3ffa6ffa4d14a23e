"""``@cached``: asked once within a while, by all who want it; failures are never kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mudbot import Plugin, PluginError, UsageError, cached, command
from mudbot.testing import Bot, FakeClock
from mudbot.testing.clock import settle


class Sky(Plugin):
    keep = 60.0

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self.fails = False

    async def find(self, city: str) -> str:
        self.asked.append(city)
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise UsageError(f"no {city}")
        return f"{city} {len(self.asked)}"

    @cached(60)
    async def plain(self, city: str, days: int = 1, *, loud: bool = False) -> str:
        """The weather."""
        return await self.find(city)

    @cached("1m", key=str.casefold, most=2)
    async def folded(self, city: str) -> str:
        return await self.find(city)

    @cached(lambda self: self.keep)
    async def chosen(self, city: str) -> str:
        return await self.find(city)


async def test_it_is_asked_again_only_when_the_time_is_over() -> None:
    sky = Sky()
    assert [await sky.plain("Rome"), await sky.plain("Rome"), await sky.plain("Oslo")] == ["Rome 1", "Rome 1", "Oslo 2"]
    await sky.clock.advance(59)  # type: ignore[attr-defined]
    assert await sky.plain("Rome") == "Rome 1"
    await sky.clock.advance(1)  # type: ignore[attr-defined]
    assert await sky.plain("Rome") == "Rome 3"


async def test_however_it_is_called_the_same_arguments_are_the_same() -> None:
    sky = Sky()
    assert {await sky.plain("Rome"), await sky.plain(city="Rome"), await sky.plain("Rome", 1, loud=False)} == {"Rome 1"}
    assert await sky.plain("Rome", 2) == "Rome 2"
    assert (sky.plain.__name__, sky.plain.__doc__) == ("plain", "The weather.")


async def test_a_key_of_ones_own_and_how_many_are_kept() -> None:
    sky = Sky()
    for city in ("Rome", "ROME", "Oslo", "Bern", "rome"):
        await sky.folded(city)
    assert sky.asked == ["Rome", "Oslo", "Bern", "rome"]


async def test_the_time_may_be_a_setting() -> None:
    sky = Sky()
    sky.keep = 5
    await sky.chosen("Rome")
    await sky.clock.advance(5)  # type: ignore[attr-defined]
    assert await sky.chosen("Rome") == "Rome 2"


async def test_each_plugin_and_each_method_keeps_its_own() -> None:
    one, other = Sky(), Sky()
    await one.plain("Rome")
    await one.chosen("Rome")
    await other.plain("Rome")
    assert (len(one.asked), len(other.asked)) == (2, 1)


async def test_who_asks_meanwhile_waits_for_the_same_answer() -> None:
    sky = Sky()
    sky.gate = asyncio.Event()
    asking = [asyncio.ensure_future(sky.plain("Rome")) for _ in range(3)]
    await settle()
    sky.gate.set()
    assert await asyncio.gather(*asking) == ["Rome 1"] * 3


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    sky = Sky()
    sky.gate, sky.fails = asyncio.Event(), True
    asking = [asyncio.ensure_future(sky.plain("Rome")) for _ in range(3)]
    await settle()
    sky.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(each) for each in found] == ["no Rome"] * 3
    assert sky.asked == ["Rome"]
    sky.fails = False
    assert await sky.plain("Rome") == "Rome 2"


async def test_where_who_asked_is_cancelled_the_next_one_asks() -> None:
    sky = Sky()
    sky.gate = asyncio.Event()
    first, second = (asyncio.ensure_future(sky.plain("Rome")) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    sky.gate.set()
    assert await second == "Rome 2"
    assert first.cancelled()


async def test_arguments_that_are_no_key_are_named_with_the_remedy() -> None:
    with pytest.raises(PluginError, match=r"Sky\.plain: @cached cannot keep .* key=lambda"):
        await Sky().plain(["Rome"])  # type: ignore[arg-type]


def plain(self: Any) -> None: ...


async def method(self: Any) -> None: ...


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cached(method), r"method wants how long it is kept, in parentheses"),  # type: ignore[arg-type]
        (lambda: cached(60)(plain), "plain: @cached goes on an 'async def' method"),  # type: ignore[arg-type]
        (lambda: cached(0), "write a time above 0"),
        (lambda: cached("5"), "must be a time with its unit"),
        (lambda: cached(60, most=0), "most= is how many answers are kept"),
    ],
)
def test_what_cannot_be_is_said_at_once(make: Callable[[], object], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        make()


async def test_it_goes_below_a_mark_as_well(bot: Bot) -> None:
    class Moon(Plugin):
        phase = 0

        @command("moon")
        @cached("1h")
        async def moon(self, where: str = "here") -> str:
            self.phase += 1
            return f"{where}: {self.phase}"

    await bot.load(Moon)
    for words in ("!moon", "!moon there", "!moon"):
        await bot.say(words)
    assert bot.said == ["here: 1", "there: 2", "here: 1"]
