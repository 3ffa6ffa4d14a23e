"""What the model answered is in the recording, and a replay needs neither the model nor a file of answers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mudbot.config import Config
from mudbot.mud.transcript import Told, key_of, read
from mudbot.replay import Answers
from mudbot.replay.script import LONGEST, UNKNOWN, ScriptedApi
from mudbot.testing import FakeClock
from tests.replay.replay_stage import PASSWORD, config_of, played, recording, replayed, texts

SCRIPT = {
    "wine": ["...", "Five coins a bowl, traveller."],  # the first does not do: it is asked again
    "slow": ["The road north is closed by snow."],
    "joke": ["A goose once paid me twice."],
    "again": ["Once more, then: welcome.", "And a third time: welcome."],
}
"""What the model says where one of these words is in the question, one after the other."""
SAID = [
    ("say Chen, any wine?", "Five coins"),
    ("say Chen, again?", "Once more"),
    ("say Chen, again?", "third time"),
    ("tell Chen a slow question", "tells you"),
    ("emote yawns loudly.", "goose"),
]


@asynccontextmanager
async def model() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """An API on this machine that answers by SCRIPT: where it is, and what it is asked."""
    left = {word: list(answers) for word, answers in SCRIPT.items()}
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append(body)
        said = body["messages"][-1]["content"]
        word = next(word for word in left if word in said)
        message = {"role": "assistant", "content": left[word].pop(0)}
        return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    server = web.Application()
    server.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


async def recorded(folder: Path) -> tuple[Config, int]:
    """A run in the tavern with dialogue and a trigger that asks the model; how often the model was asked."""
    async with model() as (url, asked):
        config = config_of(
            folder,
            "en",
            f"api.base_url={url}",
            "triggers=[{text: yawns, prompt: Tell a joke.}]",
            plugins="{dialogue: null, triggers: null}",
        )
        await played(config, None, SAID)
        return config, len(asked)


def test_a_replay_with_dialogue_says_what_was_said(tmp_path: Path) -> None:
    """A model on a server answers, once with what does not do; the replay, three times, differs in nothing."""
    config, asked = asyncio.run(recorded(tmp_path))
    data = recording(config).read_bytes()
    assert PASSWORD.encode() not in data
    answers = list(read(data).answers())
    assert len(answers) == asked == sum(len(each) for each in SCRIPT.values())
    for _ in range(3):
        said, outcome = replayed(config, data)
        assert outcome.now == outcome.then
        assert not texts(said, "asked")
    for word in ("Five coins", "Once more", "third time", "snow", "goose"):
        assert any(word in line for line in outcome.now), word


# -- which answer it is ------------------------------------------------------------------------------------------------


async def ask(api: ScriptedApi, text: str) -> str:
    return (await api.chat([{"role": "user", "content": text}], model="m")).text


async def test_answers_go_by_what_is_asked_and_come_when_they_came() -> None:
    """In order where it is asked twice; those of a recording that does not tell to what, by their order alone."""
    clock, unanswered = FakeClock(), list[str]()
    began = clock.now()
    told = [
        Told("one", key_of("a"), 1.0),
        Told("two", key_of("a"), 2.0),
        Told("to b", key_of("b"), 30.0),
        Told("any", "", 0.0),
    ]
    api = ScriptedApi(Answers.of(told), unanswered.append, clock, moment=lambda: clock.now() - began)
    async with api:
        waiting = asyncio.create_task(ask(api, "b"))
        await clock.advance(3.0)
        assert not waiting.done()
        assert [await ask(api, text) for text in ("a", "a", "c", "a")] == ["one", "two", "any", UNKNOWN]
        await clock.advance(27.0)
        assert await waiting == "to b"
    assert unanswered == ["a"]


async def test_an_answer_far_ahead_is_to_the_same_question_asked_again() -> None:
    """What got no answer then gets none now."""
    answers = Answers.of([Told("late", key_of("a"), 10 * LONGEST)])
    assert answers.recalled("a", 0.0) is None
    assert answers.recalled("a", 10 * LONGEST) == Told("late", key_of("a"), 10 * LONGEST)


def test_a_file_of_answers_stands_in_place_of_those_of_the_recording(tmp_path: Path) -> None:
    """Whoever gives answers wants to see what comes of these, and what they do not hold."""
    entry = {"t": 1.0, "dir": "model", "text": "Six coins."}
    header = {"mudbot": 1, "part": 2}
    told = {"t": 0.5, "dir": "in", "hex": b'Anna tells you, "Any wine?"\r\n'.hex()}
    data = "".join(json.dumps(each) + "\n" for each in (header, told, entry)).encode()
    config = config_of(tmp_path)
    assert "tell Anna Six coins." in texts(replayed(config, data)[0])
    assert len(texts(replayed(config, data, answers=Answers())[0], "asked")) == 1


def test_without_an_answer_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was asked is told, which is enough; afterwards the log is as it was."""
    log = b'Anna tells you, "Any wine?"\n'
    with caplog.at_level(logging.WARNING):
        said, _ = replayed(config_of(tmp_path), log)
        assert len(texts(said, "asked")) == 1
        assert not caplog.records
        replayed(config_of(tmp_path), log, answers=Answers())
    assert [record for record in caplog.records if "falls back" in record.getMessage()]
