"""The main job, end to end: ``mudbot run`` in a real Evennia, over the real embedded server with a real small model."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from mudbot.local.download import fetch
from mudbot.local.models import choose
from mudbot.local.server import LocalServer
from mudbot.mud.gate import clean
from tests.real.recorder import Call, Recorder
from tests.real.relay import Relay
from tests.real.servers.evennia import Evennia
from tests.real.servers.player import Player

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

BOT, GUEST, OTHER = ("Chen", "drunken-crane-1"), ("Wanderer", "straw-sandals-2"), ("Listener", "open-ears-3")
# A phrase of the persona's kind, so that the answer check passes it; every line break and separator is an attempt.
INJECTION = "A bowl of wine is five coppers, friend;\r\nquit\n; say I obey quit north."
INJECTED = "A bowl of wine is five coppers, friend;"
ABUSE = "You are a worthless fucking bastard, friend, and I hope you die."
QUESTIONS = (
    "what do you have to drink?",
    "how much is a room for the night?",
    "are there bandits on the mountain path?",
    "may I have a bowl of noodles?",
    "have you any wine left?",
    "where does the ferry go?",
)
UNFIT = "you are a worthless fucking bastard and I will kill your family for real, Chen"


class Bot:
    """``mudbot run`` as the process that a service manager would start, its log kept."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self.log = ""
        self._news = asyncio.Event()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mudbot", "run", "-c", str(self._config)),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "GUEST_SECRET": "unused", "BOT_PASSWORD": BOT[1]},
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log += line.decode()
            self._news.set()

    async def expect(self, pattern: str, count: int = 1, seconds: float = 60) -> None:
        """Wait until the log has *pattern* *count* times."""
        async with asyncio.timeout(seconds):
            while len(re.findall(pattern, self.log)) < count:
                assert self._process.returncode is None, self.log
                self._news.clear()
                await self._news.wait()

    async def terminate(self) -> tuple[int, float]:
        """SIGTERM; the exit status and the seconds it took."""
        before = asyncio.get_running_loop().time()
        self._process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(self._process.wait(), 20)
        took = asyncio.get_running_loop().time() - before
        await self._reading
        return status, took

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._reading


@pytest.fixture
async def api() -> AsyncIterator[Recorder]:
    """The embedded server with the small model, behind a relay that keeps what was asked."""
    await asyncio.to_thread(fetch, choose("smollm2"))
    server = LocalServer(model="smollm2", api_key="embedded-key")
    await server.start()
    try:
        async with Recorder(server.base_url, "embedded-key") as recorder:
            yield recorder
    finally:
        await server.close()


def written(folder: Path, base_url: str, port: int) -> Path:
    """The owner's config.yaml."""
    path = folder / "config.yaml"
    path.write_text(
        textwrap.dedent(f"""\
            api:
              base_url: {base_url}
              api_key: sk-canary-0123456789
              models: {{dialogue: {{name: smollm2, endpoint: completions}}}}
            sessions:
              - host: 127.0.0.1
                port: {port}
                dialect: evennia
                login: {{name: {BOT[0]}, password: "${{BOT_PASSWORD}}"}}
                goodbye: The inn is closing.
            plugins:
              dialogue: {{wary: false}}   # the guest here writes as fast as a program
              scenes: {{permissions: {{images: true}}, prompts: plain}}
              moderation:
              basics:
              memory:
              talk:
              owner:
            store: {folder / "data"}
            web: {{port: 0}}
            """),
        encoding="utf-8",
    )
    return path


async def answered(guest: Player, api: Recorder, command: str, shown: str) -> None:
    """*command* with a question is answered by the model with a line like *shown*.

    Where the small model babbles, which the answer check catches, it is asked something else.
    """
    for question in QUESTIONS:
        guest.mark()
        before = len(api.dialogue())
        await guest.send(command.format(question))
        line = await guest.expect(shown, timeout=90)
        heard = re.search(shown, line)
        assert heard is not None
        words = heard[1]
        said = [clean(call.said) for call in api.dialogue()[before:]]
        if any(words.rstrip("…")[:40] in text for text in said):
            return
    pytest.fail(f"{command!r} got only prepared lines: {guest.lines[-10:]}")


async def picture_behind(line: str) -> Image.Image:
    """What a plain HTTP GET of the link in *line* answers."""
    found = re.search(r"http://\S+/i/[a-z0-9]{7}", line)
    assert found is not None, line
    async with aiohttp.ClientSession() as session, session.get(found[0]) as response:
        assert response.status == 200
        assert response.content_type in ("image/png", "image/jpeg")
        return Image.open(io.BytesIO(await response.read()))


def pictures(calls: list[Call]) -> str:
    """All that image requests asked for."""
    return "\n".join(call.asked for call in calls if "images" in call.path)


async def draws(guest: Player, api: Recorder) -> None:
    """A picture behind a short link, told where it was asked; without words it is of the room."""
    await guest.send("page Chen=!scene snow on the mountain path")
    image = await picture_behind(await guest.expect(r"^Account Chen pages: .*/i/", timeout=60))
    assert min(image.size) >= 512
    guest.mark()
    await guest.send("say !scene")
    too_soon = await guest.expect(r"Not so fast: !scene again in (\d+) s")
    await asyncio.sleep(float(re.findall(r"(\d+) s", too_soon)[0]))
    await guest.send("say !scene")
    await guest.expect(r"^Chen says, .*/i/", timeout=60)
    assert "Limbo" in pictures(api.calls)


async def filters(guest: Player, api: Recorder, bot: Bot) -> None:
    """Abuse is neither sent to the language model nor said by it; it is noted, and a prepared line is said."""
    before = len(api.dialogue())
    await guest.send(f"say {UNFIT}")
    prepared = await guest.expect('^Chen says, "(.+)"$', timeout=60)
    assert len(api.dialogue()) == before
    assert "bastard" not in prepared
    await bot.expect("refuse.*, from player to Wanderer")
    for _ in range(2):  # the model is asked twice
        api.script(ABUSE)
    guest.mark()
    await guest.send("say Chen, what do you think of me?")
    assert "bastard" not in await guest.expect('^Chen says, "(.+)"$', timeout=60)
    await bot.expect("refuse.*, from model to Wanderer", count=2)


async def keeps_words_words(guest: Player, api: Recorder) -> None:
    """A model that was talked into anything: ``quit``, a line break and ``;`` arrive as words."""
    api.script(INJECTION)
    guest.mark()
    await guest.send("say Chen, repeat after me")
    await guest.expect(f'^Chen says, "{re.escape(INJECTED)}', timeout=60)
    await guest.expect('^Chen says, "quit"$', timeout=60)
    await guest.expect('^Chen says, "; say I obey quit north."$', timeout=60)
    assert not [text for text in guest.lines if "left the game" in text]


async def told(guest: Player, command: str, pattern: str) -> str:
    """What the character pages back for *command*, in a page as well; where that comes too soon, a little later."""
    while True:
        guest.mark()
        await guest.send(f"page {BOT[0]}={command}")
        line = await guest.expect(f"^Account Chen pages: (?:{pattern}|Not so fast: )", timeout=30)
        if not (too_soon := re.search(r"again in (\d+) s", line)):
            return line
        await asyncio.sleep(float(too_soon[1]))


async def commands(guest: Player, other: Player, api: Recorder) -> None:
    """What players may ask of the bot itself, by prefix, by name, and wrongly; what the model says is scripted."""
    helps = await told(guest, "!help", "I understand: ")
    assert all(f"!{name}" in helps for name in ("scene", "quota", "forget", "summarize"))
    assert "!mute" not in helps
    await told(guest, "Chen, about", "I am a character played by a program")
    await told(guest, "!remember", "Usage: !remember <text...>")
    await told(guest, "!quota", r"Left for you: as much as you like, nobody counts what it costs; .*\d+ answers within")
    for command, words in (
        ("!ask why is the sky blue?", "Blue light scatters most."),
        ("Chen, translate: French good evening", "Bonsoir."),
        ("!persona", "I am the keeper of this inn, friend."),
    ):
        api.script(words)
        await told(guest, command, re.escape(words))
    await told(guest, "!edit shorter: It was a dark night", r"\w+")  # by the server's edits, which nobody scripts
    guest.mark()
    other.mark()
    await other.send("say the ferry sinks every spring")
    await guest.expect("the ferry sinks")
    api.script("Listener says that the ferry sinks.")
    await guest.send("say !summarize")
    await guest.expect("^Account Chen pages: Listener says that the ferry sinks")
    assert "the ferry sinks every spring" in api.dialogue()[-1].asked
    guest.mark()
    await guest.send(f"say !mute {OTHER[0]}")  # whoever says so is no owner, here nobody can be
    await told(
        other, "!status", "127.0.0.1: in the game; I do: dialogue, scenes, moderation, basics, memory, talk, owner"
    )


async def keeps_secrets(guest: Player, other: Player, api: Recorder) -> None:
    """What one player told in private is in no answer to another, and in no prompt; and it can be forgotten."""
    await told(guest, "!remember my horse is called Thunder", "I shall remember that")
    await told(guest, "!what-do-you-know", "You told me: .*my horse is called Thunder")
    await told(other, "!what-do-you-know", "Nothing, but the last words of our talk")
    before = len(api.dialogue())
    api.script("I know of no horse, friend.")
    await told(other, "what is Wanderer's horse called?", "I know of no horse, friend")
    api.script("A fine horse is Thunder, friend.")
    await told(guest, "what is my horse called?", "A fine horse is Thunder, friend")
    others, own = (call.asked for call in api.dialogue()[before:])
    assert "Thunder" not in others
    assert "Thunder" in own
    await told(guest, "!forget", "I have forgotten all that you told me")
    await told(guest, "!what-do-you-know", "Nothing, but the last words of our talk")
    assert not [line for line in other.lines if "Thunder" in line]


async def test_a_character_in_a_real_mud_answers_draws_and_filters(
    evennia: Evennia, api: Recorder, tmp_path: Path
) -> None:
    """One run: say, tell and channel answered, a scene drawn, abuse kept out, injections as words, a drop survived,
    each command obeyed, and nobody told what another said in private.
    """
    for account in (BOT, GUEST, OTHER):
        await evennia.create_account(*account)
    async with Relay(evennia.host, evennia.port) as relay, await evennia.player(*GUEST) as guest:
        bot = Bot(written(tmp_path, api.base_url, relay.port))
        await bot.start()
        try:
            await bot.expect("playing")
            await guest.expect("^Chen has entered the game")
            await answered(guest, api, "say Chen, {}", '^Chen says, "(.+)"$')
            await answered(guest, api, "page Chen={}", "^Account Chen pages: (.+)$")
            await answered(guest, api, "public Chen, {}", r"^\[Public\] Chen: (.+)$")
            await draws(guest, api)
            await filters(guest, api, bot)
            await keeps_words_words(guest, api)
            async with await evennia.player(*OTHER) as other:
                await commands(guest, other, api)
                await keeps_secrets(guest, other, api)

            relay.cut(reset=True)
            await bot.expect("playing", count=2)
            await answered(guest, api, "say Chen, {}", '^Chen says, "(.+)"$')

            guest.mark()
            await guest.send("say !status")
            await guest.expect('^Chen says, "127.0.0.1: in the game; I do: dialogue, scenes, moderation, basics, ')

            status, seconds = await bot.terminate()
            assert status == 0
            assert seconds <= 5
            await guest.expect("The inn is closing")
        finally:
            await bot.kill()
    assert "sk-canary" not in bot.log
    assert BOT[1] not in bot.log
