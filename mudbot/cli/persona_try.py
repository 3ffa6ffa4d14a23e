"""``mudbot persona try``: a talk with a character in the terminal, by the whole bot, in the embedded world."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.options import config_options
from mudbot.cli.persona_find import find
from mudbot.cli.persona_list import existing
from mudbot.logs import visible
from mudbot.mind.explained import explained

if TYPE_CHECKING:
    from mudbot.app import App
    from mudbot.config import Config
    from mudbot.mind.character import Answer
    from mudbot.mind.context import Prompt
    from mudbot.mind.lore import Recalled
    from mudbot.mind.persona import Persona

_LOGIN = re.compile("[A-Za-z一-龥]{2,16}")
_STRANGERS = {"en": "Stranger", "zh": "某君"}
_HELP = {
    "en": "You are in a room with {}.  Write what you say; /look or /tell NAME … is a command of the MUD; /quit ends.",
    "zh": "你和{}在一间屋里。直接写你要说的话；/看 、/告诉 某人 …… 是游戏命令；/quit 结束。",
}

_WAKING = {"en": "(The model wakes: half a minute on a slow machine.)", "zh": "（模型正在醒来，慢的机器要半分钟。）"}


@click.command("try", short_help="Talk with a character in the terminal, as in the game.")
@config_options
@click.option("--say", "texts", metavar="TEXT", multiple=True, help="Say TEXT, wait, print; may be repeated.")
@click.option("--explain", is_flag=True, help="Print every prompt, the lore that was called, and what was left out.")
@click.argument("name", metavar="NAME|FILE")
def try_(name: str, path: Path, overrides: tuple[str, ...], texts: tuple[str, ...], *, explain: bool) -> None:
    """Talk with a character as it will be in the game: the bot plays it in the embedded world, with the configured API
    and its limits, the configured plugins and the same prompt; without a configuration with the embedded model.

    It costs what it costs in the game, from the same budgets; what is said is remembered until you leave.  With --say,
    or lines on standard input, no terminal is needed; exit status 0 only if the model answered every text.
    """
    from mudbot import logs
    from mudbot.cli.demo import _require_model
    from mudbot.cli.run import ending
    from mudbot.mind.persona import load_persona

    source = find(name, existing(path))
    persona = load_persona(source)
    books, config = settings(source, persona, existing(path), overrides)
    logs.setup(level="error", style="console", secrets=config.secrets())
    if config.api.embedded:
        _require_model(config)
    lines = (
        list(texts) if texts or sys.stdin.isatty() else [line for line in sys.stdin.read().splitlines() if line.strip()]
    )
    folder = Path(tempfile.mkdtemp(prefix="mudbot-try-"))
    talk = Talk(_app(config.model_copy(update={"store": str(folder)}), books), persona, explain=explain)
    work = talk.said(lines) if lines or not sys.stdin.isatty() else talk.chat()
    asyncio.run(ending(_apart(work, folder)))


async def _apart(work: Coroutine[Any, Any, int], folder: Path) -> int:
    """*work*, and nothing of it is left in *folder*."""
    try:
        return await work
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settings(source: str, persona: Persona, path: Path | None, overrides: tuple[str, ...]) -> tuple[Config, Config]:
    """The owner's configuration, and the same with this one character in the embedded world."""
    from mudbot.config import load

    login = next((name for name in persona.names if _LOGIN.fullmatch(name)), _STRANGERS[persona.language])
    lines = [
        f"sessions=[{{host: tavern, name: trial, login: {{name: {login}, password: x{os.urandom(8).hex()}}}}}]",
        f"sessions.0.character={source}",
        f"sessions.0.language={persona.language}",
        "triggers=[]",
        "web.port=0",
    ]
    if path is None:
        lines += ["api.base_url=embedded", "plugins={dialogue: {wary: false}, moderation: null, basics: null}"]
    config = load(path, overrides=[*overrides, *lines])
    return (load(path, overrides=overrides) if path else config), config


def _app(config: Config, books: Config) -> App:
    """The bot.  It spends from the budgets of *books*, and keeps everything else apart from what runs by that."""
    from mudbot import resolve
    from mudbot.api import Api
    from mudbot.app import App

    class Trial(App):
        async def open_api(self) -> Api:
            servers = [await self._server(account) for account in self.config.api.accounts]
            chosen = resolve.api_settings(books if books is not config else self.config)
            return Api(servers=servers, clock=self.clock, on_call=self._on_call, **chosen)

    return Trial(config)


class Talk:
    """One visit to the character."""

    def __init__(self, app: App, persona: Persona, *, explain: bool) -> None:
        self.app, self.persona, self.explain = app, persona, explain
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        app.on_answer = self.answers.put_nowait

    async def said(self, texts: list[str]) -> int:
        """Say *texts* one by one; the exit status."""
        from mudbot.cli.guest import ANSWER_WITHIN, Guest, until_said
        from mudbot.errors import ConnectError

        await self.app.start()
        self._look_over_its_shoulder(print)
        lines: list[str] = []
        guest = Guest(self.app, lines.append)
        good = True
        try:
            await guest.enter()
            if self.app.warmed is not None:
                await asyncio.wait({self.app.warmed})
            for text in texts:
                lines.clear()
                guest.type(_command(text))
                try:
                    async with asyncio.timeout(ANSWER_WITHIN):
                        answer = await self.answers.get()
                    await until_said(guest, lines, _last(answer.text))
                except TimeoutError:
                    answer = None
                good &= answer is not None and answer.source == "model"
                print("\n".join(line for line in lines if line.strip()))
                print(_remark(answer), flush=True)
        except (TimeoutError, ConnectError) as exc:
            print(
                f"mudbot: the embedded world cannot be entered: {exc or 'nothing happened for 15 s'}", file=sys.stderr
            )
            return 1
        finally:
            guest.leave()
            await self.app.stop()
        return 0 if good else 1

    async def chat(self) -> int:
        """Talk until the user leaves."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        from mudbot.cli.guest import Guest

        with patch_stdout():
            print(_HELP[self.persona.language].format(self.persona.name))
            await self.app.start()
            self._look_over_its_shoulder(print)
            self.app.on_answer = lambda answer: print(_remark(answer))
            guest = Guest(self.app, print)
            prompt: PromptSession[str] = PromptSession("> ")
            try:
                await guest.enter()
                if self.app.warmed is not None and not self.app.warmed.done():
                    print(_WAKING[self.persona.language])
                    await asyncio.wait({self.app.warmed})
                while (text := (await prompt.prompt_async()).strip()) != "/quit":
                    if text:
                        guest.type(_command(text))
            except (EOFError, KeyboardInterrupt):
                pass
            finally:
                guest.leave()
                await self.app.stop()
        return 0

    def _look_over_its_shoulder(self, show: Callable[[str], None]) -> None:
        if not self.explain:
            return

        def look(prompt: Prompt, recalled: Recalled) -> None:
            told = f"{explained(prompt, recalled)}\n\n{'=' * 20}"
            show("\n".join(visible(line) for line in told.splitlines()))

        for character in self.app.characters:
            character.on_prompt = look


def _last(text: str) -> str:
    """The last sentence: each may be a line of its own."""
    return re.split(r"(?<=[.!?。！？])\s*(?=\S)", text.strip())[-1]


def _command(text: str) -> str:
    return text[1:] if text.startswith("/") else f"say {text}"


def _remark(answer: Answer | None) -> str:
    if answer is None:
        return "  (no answer)"
    return f"  [{answer.source}]" if answer.source == "model" else visible(f"  [{answer.source}: {answer.why}]")
