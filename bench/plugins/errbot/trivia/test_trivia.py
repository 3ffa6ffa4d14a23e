import json

import pytest
from errbot.backends.test import TestPerson

extra_plugin_dir = "trivia"


@pytest.fixture
def hear(testbot, httpserver):
    def hear(who, text):
        testbot.bot.sender = TestPerson(who, nick=who)
        return testbot.exec_command(text)

    settings = {"URL": httpserver.url_for("/v1"), "KEY": "none", "MODEL": "small"}
    testbot.exec_command(f"!plugin config Trivia {settings}")
    return hear


@pytest.fixture
def model(httpserver):
    def model(content):
        answer = {"choices": [{"message": {"role": "assistant", "content": content}}]}
        httpserver.expect_oneshot_request("/v1/chat/completions").respond_with_json(answer)

    model(json.dumps({"question": "Capital of Norway?", "answer": "Oslo"}))
    return model


def test_round(testbot, hear, model, httpserver):
    assert hear("Ann", "!trivia") == "Capital of Norway?"
    assert httpserver.log[0][0].json["response_format"]["type"] == "json_schema"
    testbot.push_message("Bergen")
    assert hear("Ann", "oslo") == "Ann is right: Oslo. Score: 1"
    testbot.push_message("Oslo")
    assert hear("Ann", "!scores") == "Ann 1"


def test_one_round_at_a_time(testbot, hear, model):
    testbot.push_message("!trivia")
    assert {hear("Bob", "!trivia"), testbot.pop_message()} == {"A round is already on.", "Capital of Norway?"}
    assert hear("Bob", "!trivia") == "A round is already on."


def test_time_runs_out(testbot, hear, model, plugin):
    plugin("Trivia").SECONDS = 0.1
    hear("Ann", "!trivia")
    assert testbot.pop_message() == "Time is up. It was Oslo."
    testbot.push_message("Oslo")
    assert hear("Ann", "!scores") == "Nobody has scored."


def test_scores_outlive_a_restart(testbot, hear, model, plugin):
    plugin("Trivia")["scores"] = {"Bob": 1, "Ann": 2}
    hear("Ann", "!trivia")
    hear("Ann", "OSLO")
    hear("CHANGE ME", "!plugin deactivate Trivia")
    hear("CHANGE ME", "!plugin activate Trivia")
    assert hear("Ann", "!scores") == "Ann 3, Bob 1"


def test_model_fails(hear, model, httpserver):
    httpserver.clear()
    assert hear("Ann", "!trivia") == "I can think of no question now."
    model("What?")
    assert hear("Ann", "!trivia") == "I can think of no question now."
    model(json.dumps({"question": "Capital of Sweden?", "answer": "Stockholm"}))
    assert hear("Ann", "!trivia") == "Capital of Sweden?"
