from mudbot.testing import Bot

OSLO = {"question": "Capital of Norway?", "answer": "Oslo"}


async def test_round(bot: Bot) -> None:
    bot.ai.will_say(OSLO)
    await bot.load("trivia")
    await bot.say("!trivia")
    assert bot.said == ["Capital of Norway?"]
    assert bot.ai.asked[0].params["response_format"]["type"] == "json_schema"
    await bot.say("Bergen", who="Bob")
    await bot.say("oslo")
    await bot.say("Oslo", who="Bob")
    await bot.say("!scores")
    assert bot.said[1:] == ["Ann is right: Oslo. Score: 1", "Ann 1"]


async def test_one_round_at_a_time(bot: Bot) -> None:
    bot.ai.will_say(OSLO, after=5)
    await bot.load("trivia")
    await bot.say("!trivia")
    await bot.say("!trivia", who="Bob")
    await bot.advance(5)
    await bot.say("!trivia", who="Bob")
    assert bot.said == ["A round is already on.", "Capital of Norway?", "A round is already on."]


async def test_time_runs_out(bot: Bot) -> None:
    bot.ai.will_say(OSLO)
    await bot.load("trivia")
    await bot.say("!trivia")
    await bot.advance(60)
    await bot.say("Oslo")
    await bot.say("!scores")
    assert bot.said[1:] == ["Time is up. It was Oslo.", "Nobody has scored."]


async def test_scores_outlive_a_restart(bot: Bot) -> None:
    bot.ai.will_say(OSLO)
    trivia = await bot.load("trivia")
    await trivia.store.set("Bob", 1)
    await trivia.store.set("Ann", 2)
    await bot.say("!trivia")
    await bot.say("OSLO")
    await bot.unload("trivia")
    await bot.load("trivia")
    await bot.say("!scores")
    assert bot.said[-1] == "Ann 3, Bob 1"


async def test_model_fails(bot: Bot) -> None:
    bot.ai.will_fail()
    bot.ai.will_say("What?", "What?", {"question": "Capital of Sweden?", "answer": "Stockholm"})  # it is asked again
    await bot.load("trivia")
    for _ in range(3):
        await bot.say("!trivia")
    assert bot.said == ["I can think of no question now."] * 2 + ["Capital of Sweden?"]
