"""The whole bot in one process, in a Chinese tavern in GBK, with an API that says what the test wants."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from mudbot.app import App
from mudbot.config import load
from mudbot.mind.character import Answer
from tests.loopback import Loopback

NAMES = (("inn", "老陈"), ("monk", "和尚"))
GOOD = "米酒五文一碗，够劲。"


class Api(Loopback):
    """An OpenAI-compatible server by script."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.says = GOOD
        self.unfit = "脏话"
        self.image: dict[str, Any] = {"b64_json": png()}
        self.status = 200

    def asks(self, endpoint: str) -> list[dict[str, Any]]:
        return [body for path, body in self.asked if path.endswith(endpoint)]

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append((request.path, body))
        if request.path.endswith("moderations"):
            flagged = self.unfit in body["input"]
            result = {"flagged": flagged, "categories": {"harassment": flagged}, "category_scores": {}}
            return web.json_response({"results": [result]})
        if self.status != 200:
            text = json.dumps({"error": {"message": f"no, {request.headers['Authorization']}", "type": "x"}})
            return web.json_response(text=text, status=self.status)
        if request.path.endswith("generations"):
            return web.json_response({"data": [self.image]})
        message = {"role": "assistant", "content": self.says}
        if body.get("stream"):
            piece = json.dumps({"choices": [{"index": 0, "delta": message, "finish_reason": "stop"}]})
            return web.Response(text=f"data: {piece}\n\ndata: [DONE]\n\n", content_type="text/event-stream")
        return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def png() -> str:
    out = io.BytesIO()
    Image.new("RGB", (512, 512), "white").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    server = Api()
    server.url = await server.start()  # type: ignore[attr-defined]
    yield server
    await server.close()


@pytest.fixture
async def app(api: Api, tmp_path: Path) -> AsyncIterator[App]:
    """Two characters in one Chinese world in GBK, over one API."""
    monk = tmp_path / "monk.yaml"
    monk.write_text("name: 和尚\nlanguage: zh\ndescription: 庙里的和尚。\nfallbacks: [阿弥陀佛。]\n", encoding="utf-8")
    inn, temple = ("{{host: tavern, name: {}, login: {{name: {}, password: aaaa}}}}".format(*pair) for pair in NAMES)
    overrides = [
        f"api={{base_url: '{api.url}', api_key: sk-canary-77, models: {{dialogue: some-model}}}}",  # type: ignore[attr-defined]
        f"sessions=[{inn}, {temple}]",
        *(f"sessions.{i}.{key}" for i in (0, 1) for key in ("encoding=gbk", "language=zh")),
        "sessions.0.character=innkeeper-zh",
        f"sessions.1.character={monk}",
        "plugins={dialogue: null, scenes: {permissions: {images: true}}, moderation: null, basics: null}",
        f"store={tmp_path / 'data'}",
        "web.port=0",
    ]
    bot = App(load(None, overrides=overrides, environ={}))
    await bot.start()
    async with asyncio.timeout(15):
        while not all(session.state == "playing" for session in bot.sessions):  # noqa: ASYNC110 - polls a state
            await asyncio.sleep(0.02)
    yield bot
    await bot.stop()


class Guest:
    """A player who speaks GBK."""

    def __init__(self, app: App) -> None:
        assert app.tavern is not None
        self._port = app.tavern.port
        self.lines: list[str] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._reading = asyncio.create_task(self._read(reader))
        for text in ("张三", "guest"):
            self.type(text)
        await self.expect("欢迎你，张三。")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait({self._reading})

    def type(self, text: str) -> None:
        self._writer.write(text.encode("gbk") + b"\r\n")

    async def expect(self, text: str) -> str:
        async with asyncio.timeout(10):
            while True:
                for i, line in enumerate(self.lines):
                    if text in line:
                        del self.lines[: i + 1]
                        return line
                self._news.clear()
                await self._news.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self.lines.append(line.decode("gb18030", "replace").strip().removeprefix("> "))
            self._news.set()


async def test_chinese_is_heard_and_answered_in_gbk_in_every_way(app: App, api: Api) -> None:
    """Say, tell and channel, each answered where it was asked, by the one who was asked."""
    async with Guest(app) as guest:
        guest.type("说 老陈，有什么喝的？")
        assert await guest.expect("老陈说道：") == f"老陈说道：{GOOD}"
        guest.type("告诉 老陈 米酒多少钱？")
        assert await guest.expect("老陈告诉你：") == f"老陈告诉你：{GOOD}"
        guest.type("闲聊 老陈在吗？")
        assert await guest.expect("【闲聊】老陈：") == f"【闲聊】老陈：{GOOD}"
        guest.type("告诉 和尚 师父好")
        assert await guest.expect("和尚告诉你：") == f"和尚告诉你：{GOOD}"
    assert len(api.asks("chat/completions")) == 4


async def test_a_private_word_is_not_shown_to_the_model_in_public(app: App, api: Api) -> None:
    """What was told is remembered for what is told, and for nothing else."""
    async with Guest(app) as guest:
        guest.type("告诉 老陈 我把银子埋在柳树下")
        await guest.expect("老陈告诉你：")
        guest.type("说 老陈，有什么喝的？")
        await guest.expect("老陈说道：")
        guest.type("告诉 老陈 还记得吗？")
        await guest.expect("老陈告诉你：")
    prompts = [json.dumps(body, ensure_ascii=False) for body in api.asks("chat/completions")]
    assert [("柳树" in prompt) for prompt in prompts] == [True, False, True]


async def test_unfit_words_are_not_sent_not_said_and_noted(app: App, api: Api) -> None:
    """Both ways: a player's never reach the model, the model's never reach the room."""
    async with Guest(app) as guest:
        guest.type("说 老陈，你这脏话！")
        await guest.expect("老陈说道：")
        assert api.asks("chat/completions") == []
        api.says = "好一句脏话，客官。"
        guest.type("说 老陈，再说一句")
        assert "脏话" not in await guest.expect("老陈说道：")
        guest.type("说 !画 脏话")
        await guest.expect("老陈说道：这样的画，小店画不得。")
        assert api.asks("generations") == []
    await app.store.close()
    with sqlite3.connect(app.store.folder / "mudbot.sqlite3") as database:
        rows = database.execute("SELECT session, speaker, source, reason FROM decisions").fetchall()
        # The other one in the room heard it too, and had no reason to ask.
        assert rows.count(("inn", "张三", "player", "harassment: refuse, warn")) == 2
        assert ("inn", "张三", "model", "harassment: refuse") in rows
        assert "canary" not in "\n".join(database.iterdump())
    database.close()


async def test_a_picture_is_behind_its_link(app: App) -> None:
    async with Guest(app) as guest:
        guest.type("告诉 老陈 ！画山道落雪")
        line = await guest.expect("老陈告诉你：http")
    async with aiohttp.ClientSession() as session, session.get(line.partition("：")[2]) as answer:
        assert answer.content_type == "image/png"
        assert Image.open(io.BytesIO(await answer.read())).size == (512, 512)


async def test_a_picture_that_comes_as_a_link_is_not_fetched(app: App, api: Api) -> None:
    """A server that could name any address would have the bot fetch from there."""
    api.image = {"url": "http://169.254.169.254/latest/meta-data"}
    async with Guest(app) as guest:
        guest.type("说 !画 山道落雪")
        await guest.expect("老陈说道：墨已干了")


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_an_api_in_trouble_is_covered_in_character(
    app: App, api: Api, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A prepared line within the time of a reply, the reason in the log, the key nowhere."""
    api.status = status
    answers: asyncio.Queue[Answer] = asyncio.Queue()
    app.on_answer = answers.put_nowait
    async with Guest(app) as guest:
        guest.type("说 老陈，有什么喝的？")
        answer = await asyncio.wait_for(answers.get(), 25)
        assert answer.source == "fallback"
        await guest.expect(f"老陈说道：{answer.text}")
    assert str(status) in answer.why
    assert "canary" not in answer.why + caplog.text


async def test_a_character_returns_to_the_same_world(app: App) -> None:
    """Thrown out by the world, back in, and it answers."""
    assert app.tavern is not None
    async with Guest(app) as guest:
        await app.tavern.drop("老陈")
        await guest.expect("老陈走进了这个世界。")
        guest.type("说 老陈，回来了？")
        assert await guest.expect("老陈说道：") == f"老陈说道：{GOOD}"


async def test_the_spending_table_says_what_each_call_cost_and_whose_it_was(app: App, tmp_path: Path) -> None:
    """One row a call, with no word of what was said, and never the key."""
    async with Guest(app) as guest:
        guest.type("告诉 老陈 米酒多少钱？")
        await guest.expect("老陈告诉你：")
    await app.stop()
    with sqlite3.connect(tmp_path / "data" / "mudbot.sqlite3") as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM calls ORDER BY id")]
    chat = next(row for row in rows if row["endpoint"] == "POST /chat/completions")
    assert (chat["outcome"], chat["attempts"], chat["session"], chat["plugin"]) == ("ok", 1, "inn", "dialogue")
    assert (chat["player"], chat["money"], chat["shared"]) == ("张三", None, 0)
    assert chat["latency"] >= chat["waited"] >= 0
    assert {row["plugin"] for row in rows} == {"dialogue", "moderation"}
    assert "米酒" not in str(rows)
    assert "canary" not in str(rows)
    assert app.totals.outcomes() == {"ok": len(rows)}


async def test_a_budget_that_is_used_up_is_covered_in_character(api: Api, tmp_path: Path) -> None:
    """The model is not asked, and the player hears a line of the character's own."""
    overrides = [
        f"api={{base_url: '{api.url}', models: {{dialogue: some-model}}, budgets: {{day: 0.000001}}}}",  # type: ignore[attr-defined]
        "api.prices={some-model: {input: 100, output: 100}}",
        "sessions=[{host: tavern, encoding: gbk, language: zh, character: innkeeper-zh}]",
        "sessions.0.login={name: 老陈, password: aaaa}",
        "plugins={dialogue: null}",
        f"store={tmp_path / 'data'}",
        "web.port=0",
    ]
    bot = App(load(None, overrides=overrides, environ={}))
    await bot.start()
    answers: list[Answer] = []
    bot.on_answer = answers.append
    async with asyncio.timeout(15):
        while bot.sessions[0].state != "playing":  # noqa: ASYNC110 - polls a state
            await asyncio.sleep(0.02)
        async with Guest(bot) as guest:
            guest.type("告诉 老陈 米酒多少钱？")
            await guest.expect("老陈告诉你：")
    await bot.stop()
    assert [answer.source for answer in answers] == ["fallback"]
    assert "api.budgets.day" in answers[0].why
    assert api.asks("chat/completions") == []
