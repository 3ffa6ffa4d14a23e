import sys

import pytest

extra_plugin_dir = "weather"
RAIN = {"text": "light rain", "temp": 12}


@pytest.fixture
def ask(testbot, httpserver):
    testbot.exec_command(f"!plugin config Weather {{'URL': '{httpserver.url_for('/')}'}}")
    return lambda city: testbot.exec_command(f"!weather {city}")


def test_tells_and_keeps_for_ten_minutes(ask, httpserver, plugin):
    httpserver.expect_request("/", query_string={"q": "New York"}).respond_with_json(RAIN)
    assert ask("New York") == "New York: light rain, 12°C"
    httpserver.expect_request("/", query_string={"q": "new york"}).respond_with_json({"text": "dry", "temp": 9.6})
    assert ask("new york") == "new york: light rain, 12°C"
    cache = sys.modules[type(plugin("Weather")).__module__].ask.cache
    cache.expire(cache.timer() + 601)
    assert ask("new york") == "new york: dry, 10°C"


def test_errors_are_told_and_not_kept(ask, httpserver):
    httpserver.expect_ordered_request("/").respond_with_data(status=500)
    httpserver.expect_ordered_request("/").respond_with_json([])
    httpserver.expect_ordered_request("/").respond_with_json(RAIN)
    assert ask("Oslo") == "I can't tell the weather in Oslo now."
    assert ask("Oslo") == "I can't tell the weather in Oslo now."
    assert ask("Oslo") == "Oslo: light rain, 12°C"


def test_no_service(testbot, ask):
    testbot.exec_command("!plugin config Weather {'URL': 'http://127.0.0.1:9/'}")
    assert ask("Oslo") == "I can't tell the weather in Oslo now."


def test_usage(ask):
    assert ask("") == "Usage: !weather CITY"
