import json
import sys
from time import sleep

import pytest
from sopel.tests.mocks import MockUser


@pytest.fixture
def game(irc, httpserver):
    return irc("trivia", f"url = {httpserver.url_for('/v1')}")


@pytest.fixture
def model(httpserver):
    def model(content):
        answer = {"choices": [{"message": {"role": "assistant", "content": content}}]}
        httpserver.expect_oneshot_request("/v1/chat/completions").respond_with_json(answer)

    model(json.dumps({"question": "Capital of Norway?", "answer": "Oslo"}))
    return model


def hear(irc, nick, text, **options):
    irc.say(MockUser(nick), "#inn", text, **options)
    return irc


def test_round(game, said, model, httpserver):
    assert said(hear(game, "Ann", "!trivia"), "Capital of Norway?")
    assert httpserver.log[0][0].json["response_format"]["type"] == "json_schema"
    assert said(hear(game, "Bob", "Bergen"))
    assert said(hear(game, "Ann", "oslo"), "Ann is right: Oslo. Score: 1")
    assert said(hear(game, "Bob", "Oslo"))


def test_one_round_at_a_time(game, said, model):
    hear(game, "Ann", "!trivia", blocking=False)
    hear(game, "Bob", "!trivia")
    assert said(game, "A round is already on.", "Capital of Norway?")
    assert said(hear(game, "Bob", "!trivia"), "A round is already on.")


def test_time_runs_out(game, said, model):
    sys.modules["trivia"].SECONDS = 0.1
    hear(game, "Ann", "!trivia")
    sleep(0.5)
    assert said(game, "Capital of Norway?", "Time is up. It was Oslo.")
    assert said(hear(game, "Ann", "Oslo"))


def test_scores_outlive_a_restart(game, said, irc, model):
    assert said(hear(game, "Ann", "!scores"), "Nobody has scored.")
    game.bot.db.set_plugin_value("trivia", "scores", {"Bob": 1, "Ann": 2})
    hear(game, "Ann", "!trivia")
    hear(game, "Ann", "OSLO")
    assert said(hear(irc("trivia"), "Ann", "!scores"), "Ann 3, Bob 1")


def test_model_fails(game, said, model, httpserver):
    httpserver.clear()
    assert said(hear(game, "Ann", "!trivia"), "I can think of no question now.")
    model("What?")
    assert said(hear(game, "Ann", "!trivia"), "I can think of no question now.")
    model(json.dumps({"question": "Capital of Sweden?", "answer": "Stockholm"}))
    assert said(hear(game, "Ann", "!trivia"), "Capital of Sweden?")
