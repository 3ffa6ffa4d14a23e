"""A bot that plays in the embedded world and is recorded, and what its replay comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mudbot.api import Api
from mudbot.app import App
from mudbot.cli.guest import Guest
from mudbot.config import Config, load
from mudbot.mud.transcript import read
from mudbot.replay import Answers, Outcome, Said, Way, replay
from mudbot.replay.script import ScriptedApi

PASSWORD = "drunken-crane"
WORLDS: dict[str, tuple[str, str]] = {"en": ("Chen", "innkeeper"), "zh": ("老陈", "innkeeper-zh")}
ALL = "{dialogue: null, scenes: {permissions: {images: true}, prompts: plain}, moderation: null, basics: null}"


def config_of(folder: Path, language: str = "en", *more: str, plugins: str = ALL) -> Config:
    """A bot in the tavern, with an API that nobody answers at."""
    name, persona = WORLDS[language]
    overrides = [
        "api={base_url: 'http://127.0.0.1:1/v1', api_key: sk-canary, models: {dialogue: some-model}}",
        f"sessions=[{{host: tavern, name: inn, login: {{name: {name}, password: {PASSWORD}}}}}]",
        f"sessions.0.character={persona}",
        f"sessions.0.language={language}",
        "sessions.0.record=true",
        f"plugins={plugins}",
        f"store={folder / 'store'}",
        "web.port=0",
        *more,
    ]
    return load(None, overrides=overrides, environ={})


class ScriptedApp(App):
    """A bot as it runs, in true time and over true sockets, but that its model says what *answers* say."""

    def __init__(self, config: Config, answers: Answers) -> None:
        super().__init__(config)
        self._answers = answers

    async def open_api(self) -> Api:
        return ScriptedApi(self._answers, lambda _asked: None, self.clock)


async def played(config: Config, answers: Answers | None, says: Sequence[tuple[str, str]]) -> None:
    """Run the bot; a guest types the first of each pair and waits for a line with the second; then the bot is ended.

    Without *answers* the configured API is asked.
    """
    app = App(config) if answers is None else ScriptedApp(config, answers)
    lines: list[str] = []
    news = asyncio.Event()

    def show(line: str) -> None:
        lines.append(line)
        news.set()

    await app.start()
    try:
        guest = Guest(app, show)
        await guest.enter()
        for typed, expected in says:
            lines.clear()
            guest.type(typed)
            async with asyncio.timeout(20):
                while not any(expected in line for line in lines):
                    news.clear()
                    await news.wait()
        guest.leave()
    finally:
        await app.stop()


def recording(config: Config) -> Path:
    """The one that the bot kept."""
    (path,) = (config.path(config.store) / "records" / "inn").glob("*.jsonl")
    return path


def replayed(config: Config, data: bytes, **way: Any) -> tuple[list[Said], Outcome]:
    """What the bot would do."""
    said: list[Said] = []
    outcome = replay(config, read(data), said.append, Way(**way))
    return said, outcome


def texts(said: Sequence[Said], *kinds: str) -> list[str]:
    return [each.text for each in said if each.kind in (kinds or ("login", "sent"))]
