"""What sketch promises."""

from mudbot.testing import Bot


async def test_a_reminder_comes_when_it_is_time(bot: Bot) -> None:
    await bot.load("sketch")
    bot.ai.will_say('{"minutes": 10, "what": "the stew"}')
    await bot.tell("!sketch in ten minutes of the stew")
    assert bot.said == ["In 10 min."]
    await bot.advance(600)
    assert bot.said[1:] == ["I was to remind you: the stew"]


async def test_the_model_cannot_make_it_wait_for_ever(bot: Bot) -> None:
    await bot.load("sketch", longest=60)
    bot.ai.will_say('{"minutes": 1000000, "what": "x"}')
    await bot.tell("!sketch in two years")
    assert bot.said == ["In 60 min."]
