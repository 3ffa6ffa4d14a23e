import pytest

RAIN = {"text": "light rain", "temp": 12}


@pytest.fixture(autouse=True)
def known(app, httpserver, monkeypatch):
    from weather import known

    known.clear()
    monkeypatch.setattr("weather.config.weather_url", httpserver.url_for("/"))
    return known


async def test_tells_and_keeps_for_ten_minutes(hear, httpserver, known):
    httpserver.expect_request("/", query_string={"q": "New York"}).respond_with_json(RAIN)
    await hear("!weather New York", "New York: light rain, 12°C")
    httpserver.expect_request("/", query_string={"q": "new york"}).respond_with_json({"text": "dry", "temp": 9.6})
    await hear("!weather new york", "new york: light rain, 12°C")
    known.expire(known.timer() + 601)
    await hear("!weather new york", "new york: dry, 10°C")


async def test_errors_are_told_and_not_kept(hear, httpserver):
    httpserver.expect_ordered_request("/").respond_with_data(status=500)
    httpserver.expect_ordered_request("/").respond_with_json([])
    httpserver.expect_ordered_request("/").respond_with_json(RAIN)
    await hear("!weather Oslo", "I can't tell the weather in Oslo now.")
    await hear("!weather Oslo", "I can't tell the weather in Oslo now.")
    await hear("!weather Oslo", "Oslo: light rain, 12°C")


async def test_no_service(hear, monkeypatch):
    monkeypatch.setattr("weather.config.weather_url", "http://127.0.0.1:9/")
    await hear("!weather Oslo", "I can't tell the weather in Oslo now.")


async def test_usage(hear):
    await hear("!weather", "Usage: !weather CITY")
