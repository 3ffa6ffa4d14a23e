"""!remember, !what-do-you-know and !forget, with the memory that the character has."""

from __future__ import annotations

import pytest

from mudbot.errors import StoreError
from mudbot.testing import Bot

NOTHING = "Nothing, but the last words of our talk perhaps."


@pytest.mark.parametrize(
    ("remember", "know"), [("!remember I like tea", "!what-do-you-know"), ("！记住I like tea", "!记忆")]
)
async def test_what_is_to_be_remembered_is_known(bot: Bot, remember: str, know: str) -> None:
    await bot.load("memory")
    assert await bot.tell(remember) == ["I shall remember that."]
    assert await bot.tell(know) == ["You told me: (1) I like tea"]


async def test_what_somebody_told_is_told_to_that_one_alone(bot: Bot) -> None:
    """Asked in the room it is answered in private; others have told nothing."""
    await bot.load("memory")
    await bot.tell("!remember I stole the silver", who="Ann")
    await bot.say("!what-do-you-know", who="Bob")
    await bot.say("!what-do-you-know", who="Ann")
    assert bot.sent[1:] == [f"tell Bob {NOTHING}", "tell Ann You told me: (1) I stole the silver"]


async def test_the_character_uses_what_it_is_to_remember(bot: Bot) -> None:
    await bot.load("memory")
    await bot.load("dialogue")
    await bot.tell("!remember my horse is called Thunder")
    bot.ai.will_say("Thunder, of course.")
    await bot.tell("what is my horse called?")
    assert "Thunder" in bot.ai.asked[-1].text


async def test_forget_forgets_all_and_is_confirmed_in_private(bot: Bot) -> None:
    await bot.load("memory")
    await bot.tell("!remember I like tea")
    await bot.tell("!remember I like plums", who="Bob")
    await bot.say("!忘记")
    assert bot.sent[-1].startswith("tell Ann I have forgotten all that you told me.")
    assert await bot.tell("!what-do-you-know") == [NOTHING]
    await bot.advance(10)
    assert await bot.tell("!what-do-you-know", who="Bob") == ["You told me: (1) I like plums"]


async def test_forgotten_words_are_in_no_later_prompt(bot: Bot) -> None:
    await bot.load("memory")
    await bot.load("dialogue")
    bot.ai.will_say(*["Good day."] * 2)
    await bot.tell("my horse is called Thunder")
    await bot.advance(10)
    await bot.tell("!forget")
    await bot.advance(10)
    await bot.tell("what do you know of my horse?")
    assert "Thunder" not in bot.ai.asked[-1].text + str(bot.ai.asked[-1].messages)


async def test_an_id_stands_for_what_its_name_said_aloud(bot: Bot) -> None:
    """Where tells show a login id and says do not, one who asks in a tell is both."""
    await bot.load("memory")
    await bot.tell("hello", who="Ann", role="owner")
    await bot.say("!remember I like tea", who="Ann")
    await bot.tell("!remember I like plums", who="Ann", role="owner")
    said = await bot.tell("!what-do-you-know", who="Ann", role="owner")
    assert said == ["You told me: (1) I like plums; (2) I like tea"]
    await bot.advance(10)
    await bot.tell("!forget", who="Ann", role="owner")
    await bot.advance(10)
    assert await bot.tell("!what-do-you-know", who="Ann", role="owner") == [NOTHING]


async def test_much_is_told_in_part(bot: Bot) -> None:
    await bot.load("memory")
    for number in range(10):
        await bot.tell(f"!remember thing number {number}")
        await bot.advance(5)
    said = await bot.tell("!what-do-you-know")
    assert "(1) thing number 9" in " ".join(said)
    assert " ".join(said).endswith("; and 2 more")


async def test_what_is_unfit_is_not_kept(bot: Bot) -> None:
    await bot.load("moderation")
    await bot.load("memory")
    bot.ai.will_flag("awful", category="illicit")
    assert await bot.tell("!remember something awful") == ["That is nothing for this house."]
    assert await bot.tell("!what-do-you-know") == [NOTHING]


async def test_what_became_unfit_is_not_said(bot: Bot) -> None:
    await bot.load("moderation")
    await bot.load("memory")
    await bot.tell("!remember the old king lives")
    bot.ai.will_flag("old king", category="illicit")
    assert await bot.tell("!what-do-you-know") == ["I know 1 things of you, and cannot say them aloud."]


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("!remember", "Usage: !remember <text...> (text is missing)"),
        ("!forget Bob", "Usage: !forget"),
        ("!what-do-you-know of Bob", "Usage: !what-do-you-know"),
    ],
)
async def test_used_wrongly_they_say_how_they_are_written(bot: Bot, text: str, usage: str) -> None:
    """Nobody is forgotten by mistake."""
    await bot.load("memory")
    assert (await bot.tell(text))[0].startswith(usage)


async def test_in_chinese(bot: Bot) -> None:
    bot.choose(language="zh")
    await bot.load("memory")
    said = []
    for text in ("!记住", "!记住 我爱喝茶", "!记忆", "老陈，忘记"):
        said += await bot.tell(text, who="张三")
        await bot.advance(5)
    assert said == ["用法：!记住 <文字...>", "我记住了。", "你告诉过我：(1) 我爱喝茶", "你说过的话，我全忘了。"]


@pytest.mark.parametrize("text", ["!remember I like tea", "!what-do-you-know", "!forget"])
async def test_without_a_database_it_says_so(bot: Bot, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = await bot.load("memory")

    async def away(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    for name in ("add", "known_to", "forget"):
        monkeypatch.setattr(plugin.ai.memory, name, away)
    assert await bot.tell(text) == ["My memory fails me just now; ask me again in a while."]


@pytest.mark.parametrize(("out", "back"), [("!opt-out", "!opt-in"), ("！勿扰", "！复聊")])
async def test_who_opts_out_is_answered_no_more_until_he_opts_in(bot: Bot, out: str, back: str) -> None:
    """He alone is told, and commands still work."""
    await bot.load("memory")
    await bot.load("dialogue")
    await bot.advance(10)
    bot.forget()
    bot.ai.will_say("Good day.", to="hello")
    await bot.say(out)
    assert bot.sent == ["tell Ann I shall leave you alone; !opt-in, and I answer you again."]
    await bot.tell("hello")
    await bot.tell("hello", who="Bob")
    await bot.advance(10)
    assert bot.sent[1:] == ["tell Bob Good day."]
    await bot.tell(back)
    await bot.tell("hello")
    await bot.advance(10)
    assert bot.said[-2:] == ["Gladly: I answer you again.", "Good day."]
