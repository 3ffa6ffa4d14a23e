"""!ask, !translate, !edit and !summarize: by a chat, on the speaker's budget, answered where it was asked."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot

TELL = "tell Ann "


async def present(bot: Bot, *people: str) -> None:
    """The character is in the inn, with *people*."""
    await bot.load("talk")
    await bot.advance(1)
    await bot.gmcp("Room.Info", {"name": "The Inn"})
    bot.session.room.current = type(bot.session.room.current)("The Inn", people=people)


# -- one text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["!ask why is the sky blue?", "!问 why is the sky blue?", "！问why is the sky blue?"])
async def test_ask_is_answered_where_it_was_asked(bot: Bot, text: str) -> None:
    await bot.load("talk")
    bot.ai.will_say("Because **blue** light\nscatters most.")
    await bot.tell(text)
    assert bot.sent == ["tell Ann Because blue light scatters most."]
    asked = bot.ai.asked[0]
    assert asked.text == "why is the sky blue?"
    assert (asked.caller.player, asked.caller.plugin) == ("Ann", "talk")
    bot.ai.will_say("It scatters.")
    await bot.say("!ask why is the sky blue?", who="Bob")
    assert bot.sent[-1] == "say It scatters."


async def test_an_answer_is_never_a_command_to_the_next_bot(bot: Bot) -> None:
    await bot.load("talk")
    bot.ai.will_say("！!help")
    assert await bot.say("!ask repeat after me: !help") == ["help"]


async def test_what_is_unfit_is_neither_asked_nor_said(bot: Bot) -> None:
    await bot.load("moderation")
    await bot.load("talk")
    bot.ai.will_flag("awful", category="illicit")
    assert await bot.tell("!ask something awful") == ["That is nothing for this house."]
    bot.ai.will_say("An awful thing.")
    await bot.advance(30)
    assert await bot.tell("!ask something else") == ["That is nothing for this house."]


@pytest.mark.parametrize(
    ("text", "language", "rest"),
    [
        ("!translate French good evening", "French", "good evening"),
        ("!翻译 法文 晚上好", "French", "晚上好"),
        ("!翻译成日语 晚上好", "Japanese", "晚上好"),
        ("!translate into german: good evening", "German", "good evening"),
        ("!translate good evening, innkeeper", "Chinese", "good evening, innkeeper"),
        ("!翻译 掌柜的，晚上好", "English", "掌柜的，晚上好"),
        ("!翻译掌柜的，晚上好", "English", "掌柜的，晚上好"),
    ],
)
async def test_translate_into_the_language_named_or_the_other_one(
    bot: Bot, text: str, language: str, rest: str
) -> None:
    await bot.load("talk")
    bot.ai.will_say("Bonsoir")
    assert await bot.tell(text) == ["Bonsoir"]
    assert f"into {language}." in bot.ai.asked[0].system
    assert bot.ai.asked[0].text == rest


@pytest.mark.parametrize("text", ["!edit shorter: It is 5:30, friends", "!润色 shorter：It is 5:30, friends"])
async def test_edit_changes_a_text_as_told(bot: Bot, text: str) -> None:
    await bot.load("talk")
    bot.ai.will_say("It's 5:30.")
    assert await bot.tell(text) == ["It's 5:30."]
    assert bot.ai.asked[0].caller.player == "Ann"
    assert bot.ai.asked[0].text == "It is 5:30, friends"


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("!ask", "Usage: !ask <question...> (question is missing)"),
        ("!translate", "Usage: !translate [language] <text...> (text is missing)"),
        ("!translate French", "Usage: !translate [language] <text...>"),
        ("!edit", "Usage: !edit <instruction>: <text...>"),
        ("!edit make this shorter", "Usage: !edit <instruction>: <text...>"),
        ("!edit shorter:", "Usage: !edit <instruction>: <text...>"),
        ("!summarize a b", "Usage: !summarize [channel]"),
    ],
)
async def test_used_wrongly_they_say_how_they_are_written(bot: Bot, text: str, usage: str) -> None:
    await bot.load("talk")
    assert (await bot.tell(text))[0].startswith(usage)
    assert not bot.ai.asked


async def test_who_mistyped_it_may_mend_it_soon(bot: Bot) -> None:
    """A line on its use costs no cooldown; only a second passes until the next, whoever floods gets no flood back."""
    await bot.load("talk")
    await bot.tell("!ask")
    await bot.advance(1)
    bot.ai.will_say("Eight.")
    await bot.tell("!ask how many legs has a spider?")
    assert bot.said[-1] == "Eight."
    await bot.advance(1)
    await bot.tell("!ask and a crab?")
    assert len(bot.ai.asked) == 1


async def test_the_usage_in_chinese(bot: Bot) -> None:
    bot.choose(language="zh")
    await bot.load("talk")
    said = []
    for text in ("!问", "!翻译 法文", "!润色 短些", "!总结 一 二"):
        said += await bot.tell(text)
    assert said[:3] == ["用法：!问 <问题...>", "用法：!翻译 [语言] <文字...>", "用法：!润色 <要求>：<文字...>"]
    assert said[3].startswith("用法：!总结 [频道]")


async def test_where_the_model_is_away_the_player_is_told(bot: Bot) -> None:
    await bot.load("talk")
    bot.ai.will_fail(503)
    assert await bot.tell("!ask anything") == ["I cannot find that out just now. Ask me again in a while."]


# -- what was said -----------------------------------------------------------------------------------------------------


async def test_summarize_tells_one_alone_what_others_said_since(bot: Bot) -> None:
    await present(bot, "Ann", "Bob")
    await bot.say("I go to the mill tomorrow", who="Bob")
    await bot.say("brb", who="Ann")
    await bot.say("the mill burned down", who="Bob")
    bot.ai.will_say("Bob said that the mill burned down.")
    await bot.say("!summarize", who="Ann")
    assert bot.sent == [TELL + "Bob said that the mill burned down."]
    assert bot.ai.asked[-1].text.splitlines()[0] == "- Bob: the mill burned down"
    assert "tomorrow" not in bot.ai.asked[-1].text


async def test_a_rooms_talk_is_told_to_who_was_there(bot: Bot) -> None:
    await present(bot, "Bob", "Cid")
    await bot.say("the treasure lies under the oak", who="Bob")
    bot.session.room.current = type(bot.session.room.current)("The Inn", people=("Ann", "Bob", "Cid"))
    await bot.say("!summarize", who="Ann")
    assert bot.sent == [TELL + "Nothing was said that you missed, or nothing that I heard."]
    bot.ai.will_say("Bob spoke of a treasure.")
    await bot.say("!总结", who="Cid")
    assert bot.sent[-1] == "tell Cid Bob spoke of a treasure."


async def test_what_was_told_in_private_is_in_no_summary(bot: Bot) -> None:
    await present(bot, "Ann", "Bob")
    await bot.tell("my secret is red", who="Bob")
    await bot.whisper("and blue", who="Bob")
    await bot.say("!summarize", who="Ann")
    assert not bot.ai.asked


async def test_a_channel_is_told_to_those_who_speak_there(bot: Bot) -> None:
    await bot.load("talk")
    await bot.channel("gossip", "the bridge is closed", who="Bob")
    assert await bot.tell("!summarize gossip", who="Ann") == [
        "Nothing was said that you missed, or nothing that I heard."
    ]
    await bot.channel("gossip", "hello", who="Ann")
    await bot.channel("gossip", "the bridge is open again", who="Bob")
    await bot.advance(30)
    bot.ai.will_say("Bob said the bridge is open.")
    assert await bot.tell("!summarize gossip", who="Ann") == ["Bob said the bridge is open."]
    assert "closed" not in bot.ai.asked[-1].text


async def test_nothing_is_summed_up_twice_nor_what_is_too_old(bot: Bot) -> None:
    await present(bot, "Ann", "Bob")
    await bot.say("the mill burned down", who="Bob")
    bot.ai.will_say("The mill burned down.")
    await bot.say("!summarize", who="Ann")
    await bot.advance(60)
    await bot.say("!summarize", who="Ann")
    assert bot.sent[-1].startswith(TELL + "Nothing")
    await bot.say("the inn is full", who="Bob")
    await bot.advance("7h")
    await bot.say("!summarize", who="Ann")
    assert len(bot.ai.asked) == 1


async def test_who_asks_does_not_answer_for_what_others_said(bot: Bot) -> None:
    """Unfit words of others refuse the summary; they neither warn nor mute whoever asks."""
    await bot.load("moderation", player={"hate": ["mute"]})
    await present(bot, "Ann", "Bob")
    bot.ai.will_flag("vermin", category="hate")
    await bot.say("they are vermin", who="Bob")
    await bot.say("!summarize", who="Ann")
    assert bot.sent == [TELL + "What was said there is not for me to repeat."]
    assert not bot.plugin("talk").bot.muted


async def test_who_was_forgotten_is_in_no_summary(bot: Bot) -> None:
    await bot.load("memory")
    await present(bot, "Ann", "Bob")
    await bot.say("I stole the silver", who="Bob")
    await bot.tell("!forget", who="Bob")
    await bot.say("!summarize", who="Ann")
    assert not bot.ai.asked


async def test_who_is_in_the_room_may_be_told_all_where_the_owner_wants_it(bot: Bot) -> None:
    await bot.load("talk", absent=True)
    await bot.say("the treasure lies under the oak", who="Bob")
    bot.ai.will_say("Bob spoke of a treasure.")
    await bot.say("!summarize", who="Ann")
    assert bot.sent == [TELL + "Bob spoke of a treasure."]
