"""What ``self`` has in a plugin of the whole bot: store, http, texts, settings, log, clock; and that all of it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mudbot import logs
from mudbot.app import App
from mudbot.config import load
from mudbot.errors import ConfigError
from mudbot.host.services.wire import Wire

PLUGIN = """
from dataclasses import dataclass

from pydantic import SecretStr

from mudbot import HttpError, Plugin, StoreError


@dataclass(frozen=True)
class Config:
    key: SecretStr
    city: str = "Berlin"


@dataclass
class Start:
    at: float
    session: str


class Weather(Plugin):
    config: Config
    texts = {"en": {"came": "{who} came"}, "zh": {"came": "{who}来了"}}

    async def start(self) -> None:
        await self.store.add("starts")
        await self.store.shared.add("starts")
        self.rows = self.store.table("starts", Start)
        await self.rows.insert(Start(self.clock.wall(), self.mud.session))
        answer = await self.http.get("http://HOST/", params={"city": self.config.city})
        self.said = [self.t("came", who="{0}"), answer.json()["city"]]
        try:
            await self.http.get("http://127.0.0.1:9/")
        except HttpError as exc:
            self.said.append(str(exc).rpartition("http: ")[2])
        self.log.info("started with %s", self.config.key.get_secret_value())
"""
CONFIG = """\
api: {{base_url: 'http://127.0.0.1:9/v1'}}
sessions:
  - {{host: tavern, name: one, login: {{name: Chen}}, language: en}}
  - {{host: tavern, name: two, login: {{name: Bo}}, language: zh, character: innkeeper-zh}}
plugins:
  weather: {{permissions: {{http: ['{host}']}}, key: a-secret-word}}
store: data
web: {{port: 0}}
"""


@pytest.fixture
async def host() -> AsyncIterator[str]:
    """A server that says which city it was asked for."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"city": request.query["city"]})

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def running(folder: Path, host: str) -> AsyncIterator[App]:
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins" / "weather.py").write_text(PLUGIN.replace("HOST", host), encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG.format(host=host), encoding="utf-8")
    app = App(load(folder / "config.yaml", environ={}))
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def plugins(app: App) -> list[Any]:
    return [host.running["weather"].plugin for host in app.hosts]


async def test_a_plugin_has_all_that_it_needs(tmp_path: Path, host: str, caplog: pytest.LogCaptureFixture) -> None:
    """In each session its own; what is shared is the same; and it is there after a restart."""
    caplog.set_level(logging.INFO, "mudbot.plugins")
    for number in (1, 2):
        async with running(tmp_path, host) as app:
            one, two = plugins(app)
            assert one.said == ["{0} came", "Berlin", f"[{host}, 127.0.0.1:9]"]
            assert two.said[0] == "{0}来了"
            assert await one.store.get("starts") == await two.store.get("starts") == number
            assert await one.store.shared.get("starts") == 2 * number
            assert [row.session for row in await two.rows.find()] == ["two"] * number
            wire = app.carrier
            assert one.http._carrier is two.http._carrier is wire
        assert isinstance(wire, Wire)
        assert repr(wire) == "<Wire closed>"
    assert "weather@one: started with" in caplog.text


async def test_a_secret_of_a_plugin_is_masked_in_logs(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the plugin itself writes it there, and wherever it was configured."""
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    try:
        logs.setup(style="console")
        async with running(tmp_path, host):
            pass
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        own.setLevel(levels[1])
    said = capsys.readouterr().err
    assert "weather@one: started with ********" in said
    assert "a-secret-word" not in said


async def test_a_bot_whose_plugin_has_broken_texts_does_not_start(tmp_path: Path, host: str) -> None:
    """As with its settings: the owner reads which file and line."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "weather.texts.yaml").write_text("en: {came: '{who.x}'}")
    with pytest.raises(ConfigError, match=r"weather\.texts\.yaml:1: en\.came has"):
        async with running(tmp_path, host):
            pass
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("session ")]
