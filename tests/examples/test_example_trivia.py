"""The model asks, people guess, and points are counted."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot

QUIZ = {"question": "What do dragons guard?", "answer": "gold"}


async def test_who_answers_first_has_the_point(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_say(QUIZ)
    await bot.say("!trivia dragons", who="Ann")
    assert bot.said == ["What do dragons guard?"]
    assert bot.ai.asked[0].text.startswith("A quiz question about dragons")
    await bot.say("Silver?", who="Bob")
    await bot.say("It is GOLD!", who="Cyd")
    await bot.say("Gold", who="Bob")
    assert bot.said[1:] == ["gold! Cyd has 1 now."]


async def test_points_are_listed_and_kept(bot: Bot) -> None:
    await bot.load("trivia")
    await bot.tell("!scores")
    for who in ("Ann", "Bob", "Bob"):
        bot.ai.will_say(QUIZ)
        await bot.say("!trivia")
        await bot.say("gold", who=who)
        await bot.advance(30)
    await bot.reload("trivia")
    await bot.tell("!scores")
    assert bot.said[0] == "Nobody yet."
    assert bot.said[-1] == "Bob: 2, Ann: 1"


async def test_after_a_minute_nobody_has_it(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_say(QUIZ)
    await bot.say("!trivia")
    await bot.advance(59)
    assert len(bot.said) == 1
    await bot.advance(1)
    assert bot.said[-1] == "Nobody? It was gold."
    await bot.say("Gold")
    assert len(bot.said) == 2


async def test_answers_count_where_it_was_asked(bot: Bot) -> None:
    """Not in a tell, on a channel, by the MUD, or by the character itself."""
    await bot.load("trivia")
    bot.ai.will_say(QUIZ)
    await bot.say("!trivia")
    await bot.tell("gold", who="Bob")
    await bot.channel("chat", "gold", who="Bob")
    await bot.hear("You find 5 gold.", "You say, 'gold'")
    assert bot.said == ["What do dragons guard?"]


async def test_there_is_one_question_at_a_time_and_points_meanwhile(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_say(QUIZ)
    await bot.say("!trivia")
    await bot.say("!trivia", who="Bob")
    await bot.say("!scores", who="Bob")
    assert bot.said[1:] == ["One at a time!", "Nobody yet."]
    assert len(bot.ai.asked) == 1


async def test_where_the_model_fails_it_says_so_and_asks_again_when_asked(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_fail(503)
    await bot.say("!trivia")
    bot.ai.will_say("Hm.", "I am a teapot.")
    await bot.say("!trivia")
    bot.ai.will_say(QUIZ)
    await bot.say("!trivia")
    failed = "I know no question."
    assert bot.said == [failed, failed, "What do dragons guard?"]
    assert not bot.failures


async def test_a_question_without_an_answer_is_asked_for_again(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_say(QUIZ | {"answer": " "}, QUIZ)
    await bot.say("!trivia")
    assert bot.said == ["What do dragons guard?"]
    assert "the answer is missing" in bot.ai.asked[1].text
    await bot.say("Gold", who="Bob")
    assert bot.said[1:] == ["gold! Bob has 1 now."]


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("trivia")
    bot.ai.will_say({"question": "龙守着什么？", "answer": "黄金"})
    await bot.say("！问答", who="张三")
    await bot.say("是黄金吧", who="李四")
    assert bot.said == ["龙守着什么？", "黄金！李四得一分，共 1 分。"]
