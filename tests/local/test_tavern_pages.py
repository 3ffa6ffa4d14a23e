"""Pagers: they stop a long text, take what is typed, and hold back what others do."""

from __future__ import annotations

import pytest

from mudbot.local.tavern.manners import Pager
from mudbot.local.tavern.pages import Pages
from tests.local.tavern_players import inn


def test_a_text_is_shown_page_by_page() -> None:
    """b goes back, q ends, all else goes on."""
    pages = Pages(Pager(lines=2, prompt="{percent}% {left} {page}/{pages}"))
    assert pages.start(["1", "2", "3", "4", "5"]) == ["1", "2"]
    assert (pages.open, pages.prompt) == (True, "40% 3 1/3")
    assert pages.answer("say hi") == ["3", "4"]
    assert pages.answer("b") == ["1", "2"]
    assert pages.answer("") == ["3", "4"]
    assert pages.answer("") == ["5"]
    assert not pages.open
    pages.start(["1", "2", "3"])
    assert pages.answer("q") == ()
    assert not pages.open


def test_a_short_text_needs_no_pager() -> None:
    """Nothing is asked."""
    pages = Pages(Pager(lines=3, prompt="?"))
    assert pages.start(["1", "2", "3"]) == ["1", "2", "3"]
    assert not pages.open


def test_one_that_does_not_eat_lets_commands_pass() -> None:
    """LambdaMOO's answers only to @more."""
    pages = Pages(Pager(lines=2, prompt="?", eats=False, goes_on=("@more",), quits=("@more flush",)))
    pages.start(["1", "2", "3"])
    assert pages.answer("say hi") is None
    assert pages.answer("@more") == ["3"]


LONG = "\n".join(f"line {number}" for number in range(60))


@pytest.mark.parametrize(
    ("family", "stops"),
    [
        ("xkx", "== 未完继续 38% == (ENTER 继续下一页，q 离开，b 前一页)"),
        ("oiuv", "== 未完继续 38% =="),
        ("rom", "[Hit Return to continue]\n\r"),
        ("tbamud", "[ Return to continue, (q)uit, (r)efresh, (b)ack, or page number (1/3) ]"),
        ("lambdamoo", "*** More ***  40 lines left.  Do @more [rest|flush] for more.\r\n"),
        ("deadsouls", "--More-- (36%) "),
    ],
)
async def test_each_familys_pager_stops_a_long_text(family: str, stops: str) -> None:
    """In its own words."""
    async with inn(family) as house:
        one, _ = await house.two()
        house.tavern.show("zhangsan" if family in ("xkx", "oiuv") else "bob", LONG)
        await one.until(stops)


async def test_it_eats_the_next_command_and_holds_back_what_others_say() -> None:
    """What was meant to be said is lost; what others said comes when the pager has ended."""
    async with inn("xkx") as house:
        one, other = await house.two()
        house.tavern.show("zhangsan", LONG)
        await one.until("== 未完继续 38%")
        other.type("tell zhangsan 在吗")
        await other.until("你告诉张三：在吗")
        one.type("say 在")
        seen = await one.until("== 未完继续 76%")
        assert "在吗".encode("gbk") not in seen
        assert "说道".encode("gbk") not in seen
        one.type("q")
        await one.until("李四(lisi)告诉你：在吗\r\n\x1b[2;37;0m> ")
        assert [deed for deed in house.tavern.deeds if deed[1] == "say"] == []


async def test_rom_ends_it_at_any_word_and_holds_nothing_back() -> None:
    """The word is lost as well."""
    async with inn("rom") as house:
        bob, ann = await house.two()
        house.tavern.show("Bob", LONG)
        await bob.until("[Hit Return to continue]")
        ann.type("tell bob psst")
        await bob.until("Ann tells you 'psst'")
        bob.type("say hello")
        bob.type("say again")
        assert b"hello" not in await bob.until("You say 'again'")


async def test_the_news_are_long_enough_to_stop() -> None:
    """A player can meet the pager by himself."""
    async with inn("xkx") as house:
        one, _ = await house.two()
        one.type("news")
        await one.until("== 未完继续 ")
