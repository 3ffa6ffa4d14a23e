import asyncio
import json

import pytest
from conftest import said
from nonebot import get_adapter
from nonebot.adapters.onebot.v11 import Adapter, Bot
from nonebot.message import handle_event


@pytest.fixture
async def hear(app, httpserver, monkeypatch, tmp_path):
    async def send(self, event, message, **options):
        sent.put_nowait(message)

    async def hear(*lines):
        for name, text in lines:
            tasks.add(asyncio.create_task(handle_event(bot, said(text, name))))
            await asyncio.sleep(0.05)
        return await asyncio.wait_for(sent.get(), 5)

    monkeypatch.setattr(Bot, "send", send)
    monkeypatch.setattr("trivia.SECONDS", 1)
    monkeypatch.setattr("trivia.config.trivia_url", httpserver.url_for("/v1"))
    monkeypatch.setattr("trivia.scores_file", tmp_path / "scores.json")
    tasks, sent, bot = set(), asyncio.Queue(), Bot(get_adapter(Adapter), "1")
    yield hear
    await asyncio.gather(*tasks)


@pytest.fixture
def model(httpserver):
    def model(content):
        answer = {"choices": [{"message": {"role": "assistant", "content": content}}]}
        httpserver.expect_oneshot_request("/v1/chat/completions").respond_with_json(answer)

    model(json.dumps({"question": "Capital of Norway?", "answer": "Oslo"}))
    return model


async def test_round(hear, model, httpserver):
    assert await hear(("Ann", "!trivia")) == "Capital of Norway?"
    assert httpserver.log[0][0].json["response_format"]["type"] == "json_schema"
    right = await hear(("Bob", "Bergen"), ("Ann", "oslo"), ("Bob", "Oslo"))
    assert right == "Ann is right: Oslo. Score: 1"
    assert await hear(("Ann", "!scores")) == "Ann 1"


async def test_one_round_at_a_time(hear, model):
    assert {await hear(("Ann", "!trivia"), ("Bob", "!trivia")), await hear()} == {
        "A round is already on.",
        "Capital of Norway?",
    }
    assert await hear(("Bob", "!trivia")) == "A round is already on."


async def test_time_runs_out(hear, model):
    await hear(("Ann", "!trivia"))
    assert await hear() == "Time is up. It was Oslo."
    assert await hear(("Ann", "Oslo"), ("Ann", "!scores")) == "Nobody has scored."


async def test_scores_outlive_a_restart(hear, model, tmp_path):
    (tmp_path / "scores.json").write_text('{"Bob": 1, "Ann": 2}')
    await hear(("Ann", "!trivia"))
    await hear(("Ann", "OSLO"))
    assert json.loads((tmp_path / "scores.json").read_text()) == {"Bob": 1, "Ann": 3}
    assert await hear(("Ann", "!scores")) == "Ann 3, Bob 1"


async def test_model_fails(hear, model, httpserver):
    httpserver.clear()
    assert await hear(("Ann", "!trivia")) == "I can think of no question now."
    model("What?")
    assert await hear(("Ann", "!trivia")) == "I can think of no question now."
    model(json.dumps({"question": "Capital of Sweden?", "answer": "Stockholm"}))
    assert await hear(("Ann", "!trivia")) == "Capital of Sweden?"
