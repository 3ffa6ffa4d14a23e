import asyncio
import json

import pytest


@pytest.fixture
async def game(play, httpserver):
    return play("trivia", model_url=httpserver.url_for("/v1"))


@pytest.fixture
def model(httpserver):
    def model(content):
        answer = {"choices": [{"message": {"role": "assistant", "content": content}}]}
        httpserver.expect_oneshot_request("/v1/chat/completions").respond_with_json(answer)

    model(json.dumps({"question": "Capital of Norway?", "answer": "Oslo"}))
    return model


async def hear(game, *lines):
    game.sent.clear()
    for line in lines:
        game.line(line)
    async with asyncio.timeout(5):
        while not game.sent:
            await asyncio.sleep(0.01)
    return game.sent


async def test_round(game, model, httpserver):
    assert await hear(game, "Ann says: !trivia") == ["say Capital of Norway?"]
    assert httpserver.log[0][0].json["response_format"]["type"] == "json_schema"
    assert await hear(game, "Bob says: Bergen", "Ann says: oslo", "Bob says: Oslo") == [
        "say Ann is right: Oslo. Score: 1"
    ]
    assert await hear(game, "Ann says: !scores") == ["say Ann 1"]


async def test_one_round_at_a_time(game, model):
    assert await hear(game, "Ann says: !trivia", "Bob says: !trivia") == ["say A round is already on."]
    await hear(game)
    assert await hear(game, "Bob says: !trivia") == ["say A round is already on."]


async def test_time_runs_out(game, model, monkeypatch):
    monkeypatch.setattr("trivia.Trivia.SECONDS", 0.1)
    await hear(game, "Ann says: !trivia")
    assert await hear(game) == ["say Time is up. It was Oslo."]
    assert await hear(game, "Ann says: Oslo", "Ann says: !scores") == ["say Nobody has scored."]


async def test_scores_outlive_a_restart(game, play, model):
    game.setVariable("scores", {"Bob": 1, "Ann": 2})
    await hear(game, "Ann says: !trivia")
    await hear(game, "Ann says: OSLO")
    game.handle_save()
    assert await hear(play("trivia"), "Ann says: !scores") == ["say Ann 3, Bob 1"]


async def test_model_fails(game, httpserver, model):
    httpserver.clear()
    assert await hear(game, "Ann says: !trivia") == ["say I can think of no question now."]
    model("What?")
    assert await hear(game, "Ann says: !trivia") == ["say I can think of no question now."]
    model(json.dumps({"question": "Capital; of Sweden?", "answer": "Stockholm"}))
    assert await hear(game, "Ann says: !trivia") == ["say Capital, of Sweden?"]
