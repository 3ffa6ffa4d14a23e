import asyncio

import pytest

RAIN = {"text": "light rain", "temp": 12}


@pytest.fixture
def ask():
    async def ask(game, city):
        game.line(f"Ann says: !weather {city}")
        await asyncio.gather(*game._tasks)
        return game.sent.pop()

    return ask


async def test_tells_and_keeps_for_ten_minutes(play, ask, httpserver):
    httpserver.expect_request("/", query_string={"q": "New York"}).respond_with_json(RAIN)
    game = play("weather", weather_url=httpserver.url_for("/"))
    assert await ask(game, "New York") == "say New York: light rain, 12°C"
    httpserver.expect_request("/", query_string={"q": "new york"}).respond_with_json({"text": "dry", "temp": 9.6})
    assert await ask(game, "new york") == "say new york: light rain, 12°C"
    known = game.modules["weather"].config["weather.Weather"].known
    known.expire(known.timer() + 601)
    assert await ask(game, "new york") == "say new york: dry, 10°C"


async def test_errors_are_told_and_not_kept(play, ask, httpserver):
    httpserver.expect_ordered_request("/").respond_with_data(status=500)
    httpserver.expect_ordered_request("/").respond_with_json([])
    httpserver.expect_ordered_request("/").respond_with_json(RAIN)
    game = play("weather", weather_url=httpserver.url_for("/"))
    assert await ask(game, "Oslo") == "say I can't tell the weather in Oslo now."
    assert await ask(game, "Oslo") == "say I can't tell the weather in Oslo now."
    assert await ask(game, "Oslo") == "say Oslo: light rain, 12°C"


async def test_no_service(play, ask):
    assert "can't" in await ask(play("weather", weather_url="http://127.0.0.1:9/"), "Oslo")


async def test_usage(play, ask):
    assert await ask(play("weather"), "") == "say Usage: !weather CITY"
