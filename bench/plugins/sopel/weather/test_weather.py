import sys

from sopel.tests.mocks import MockUser

RAIN = {"text": "light rain", "temp": 12}


def ask(irc, city):
    irc.say(MockUser("Ann"), "#inn", f"!weather {city}")
    return irc


def test_tells_and_keeps_for_ten_minutes(irc, said, httpserver):
    httpserver.expect_request("/", query_string={"q": "New York"}).respond_with_json(RAIN)
    irc = irc("weather", f"url = {httpserver.url_for('/')}")
    assert said(ask(irc, "New York"), "New York: light rain, 12°C")
    httpserver.expect_request("/", query_string={"q": "new york"}).respond_with_json({"text": "dry", "temp": 9.6})
    assert said(ask(irc, "new york"), "new york: light rain, 12°C")
    cache = sys.modules["weather"].ask.cache
    cache.expire(cache.timer() + 601)
    assert said(ask(irc, "new york"), "new york: dry, 10°C")


def test_errors_are_told_and_not_kept(irc, said, httpserver):
    httpserver.expect_ordered_request("/").respond_with_data(status=500)
    httpserver.expect_ordered_request("/").respond_with_json([])
    httpserver.expect_ordered_request("/").respond_with_json(RAIN)
    irc = irc("weather", f"url = {httpserver.url_for('/')}")
    assert said(ask(irc, "Oslo"), "I can't tell the weather in Oslo now.")
    assert said(ask(irc, "Oslo"), "I can't tell the weather in Oslo now.")
    assert said(ask(irc, "Oslo"), "Oslo: light rain, 12°C")


def test_no_service(irc, said):
    irc = irc("weather", "url = http://127.0.0.1:9/")
    assert said(ask(irc, "Oslo"), "I can't tell the weather in Oslo now.")


def test_usage(irc, said):
    assert said(ask(irc("weather"), ""), "Usage: !weather CITY")
