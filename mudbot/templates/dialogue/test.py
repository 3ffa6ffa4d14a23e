"""What sketch promises."""

from mudbot.testing import Bot


async def test_who_speaks_to_the_character_is_answered(bot: Bot) -> None:
    await bot.load("sketch")
    bot.ai.will_say("Rice wine, two coins a bowl.")
    await bot.tell("What do you have to drink?", who="Ann")
    await bot.advance(10)  # nobody types faster
    assert bot.said == ["Rice wine, two coins a bowl."]


async def test_no_model_is_asked_for_a_farewell(bot: Bot) -> None:
    await bot.load("sketch")
    await bot.tell("Goodbye!", who="Ann")
    assert bot.said == ["Farewell, Ann."]
    assert not bot.ai.asked
