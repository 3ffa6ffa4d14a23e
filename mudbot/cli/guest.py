"""A guest in the demo's inn: a plain player's link, and the transcript mode on top of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from mudbot.app import App
from mudbot.config import Config
from mudbot.errors import ConnectError
from mudbot.events import Closed, Line, MudEvent, Prompt, Speech
from mudbot.logs import visible
from mudbot.mind.character import Answer
from mudbot.mind.sentences import sentences
from mudbot.mud.gate import clean
from mudbot.mud.login import Login
from mudbot.mud.telnet import Address, Connection

NAMES = {"en": "Traveller", "zh": "行路人"}
SCENE = {"en": "scene", "zh": "画"}
TRIES = 3
"""A text is said again, twice at most, where a prepared line came instead of the model's answer."""
ANSWER_WITHIN = 120.0
"""Seconds for an answer; a cold model on a busy machine reads its persona for half a minute."""
QUIET = 0.3
"""Seconds without a line after which a command has been answered, where nothing of it is under way any more."""


class Guest:
    """A player in the demo's world.  *show* gets every line that the player sees."""

    def __init__(self, app: App, show: Callable[[str], None]) -> None:
        settings = app.config.sessions[0]
        assert app.tavern is not None
        self.name = NAMES[settings.language]
        self.show = show
        self.seen = asyncio.Event()
        self.lines: list[str] = []
        self._inside, self._over = asyncio.Event(), asyncio.Event()
        self._login = Login(app.sessions[0].dialect)
        address = Address("127.0.0.1", app.tavern.port, encoding=settings.encoding)
        self._encoding = settings.encoding
        self._link = Connection(address, self._hear)
        self._app = app

    async def enter(self) -> None:
        """Log in, once the innkeeper is there to receive a guest."""
        async with asyncio.timeout(15):
            while self._app.sessions[0].state != "playing":  # noqa: ASYNC110  # a session announces itself to its host
                await asyncio.sleep(0.02)
            await self._link.open()
            await self._inside.wait()

    def type(self, text: str) -> None:
        """Type a command line, as a player would."""
        self._link.write(clean(text).encode(self._encoding, "replace").replace(b"\xff", b"\xff\xff") + b"\r\n")

    def leave(self) -> None:
        """Hang up."""
        self._link.abort("left")

    async def answered(self) -> None:
        """Return when what was typed, a chat command, is carried out and its reply was seen.  Raises TimeoutError."""
        host, outbox = self._app.hosts[0], self._app.sessions[0].outbox
        async with asyncio.timeout(ANSWER_WITHIN):
            while True:
                self.seen.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.seen.wait(), QUIET)
                    continue
                if self._over.is_set() or not (outbox.waiting or any(each.busy for each in host.running.values())):
                    return

    async def over(self) -> None:
        """Return once the world has closed the link."""
        await self._over.wait()

    def _hear(self, events: Sequence[MudEvent]) -> None:
        for event in events:
            if isinstance(event, Line | Prompt) and not self._inside.is_set():
                if answer := self._login.hear(event.text):
                    self.type(answer.template.format_map({"name": self.name, "password": "guest"}))
                if self._login.done:
                    self._inside.set()
            elif isinstance(event, Line):
                self.lines.append(event.text)
                self.show(visible(event.text))
                self.seen.set()
            elif isinstance(event, Closed):
                self.seen.set()
                self._over.set()


async def transcript(config: Config, texts: list[str], scene: str | None) -> int:
    """Say *texts* one by one, ask for *scene*, print all; the exit status."""
    app = App(config)
    answers: asyncio.Queue[Answer] = asyncio.Queue()
    app.on_answer = answers.put_nowait
    await app.start()
    lines: list[str] = []
    guest = Guest(app, lines.append)
    try:
        await guest.enter()
        if app.warmed is not None and texts:
            await asyncio.wait({app.warmed})
        answered = [await _say(app, guest, answers, lines, text) for text in texts]
        drawn = await _draw(app, guest, lines, scene) if scene else True
        return 0 if all(answered) and drawn else 1
    except (TimeoutError, ConnectError) as exc:
        print(f"mudbot: the inn cannot be entered: {exc or 'nothing happened for 15 s'}")
        return 1
    finally:
        guest.leave()
        await app.stop()


async def _say(app: App, guest: Guest, answers: asyncio.Queue[Answer], lines: list[str], text: str) -> bool:
    """Say *text*, and print what it is answered; whether the model answered it, or it is a command and got a reply."""
    if app.hosts[0].chat.read(Speech("say", guest.name, text)) is None:
        return await _ask(guest, answers, lines, text)
    done = await _order(guest, lines, text, by=app.sessions[0].character.name)
    while not answers.empty():  # !persona is answered by the model
        answers.get_nowait()
    return done


async def _ask(guest: Guest, answers: asyncio.Queue[Answer], lines: list[str], text: str) -> bool:
    for _ in range(TRIES):
        lines.clear()
        guest.type(f"say {text}")
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await answers.get()
        except TimeoutError:
            _print(lines)
            print(f"(no answer within {ANSWER_WITHIN:.0f} s)")
            continue
        await until_said(guest, lines, answer.text)
        _print(lines, marked=(answer.text, answer.source))
        if answer.source == "model":
            return True
        print(f"  ({visible(answer.why)})")
    return False


async def until_said(guest: Guest, lines: list[str], text: str) -> None:
    """Wait until the answer's last sentence was heard: each comes in a line of its own, a long one in several."""
    last = _heads(text)[-1]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while not any(last in line for line in lines):
                guest.seen.clear()
                await guest.seen.wait()


async def _order(guest: Guest, lines: list[str], text: str, by: str = "") -> bool:
    """Say *text*, a chat command, and print its reply, which *by* gives; whether there was one."""
    lines.clear()
    guest.type(f"say {text}")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_WITHIN):
            while len([line for line in lines if line.strip()]) < 2:  # our own words, and the first of the reply
                guest.seen.clear()
                await guest.seen.wait()
            await guest.answered()
    replies = [line for line in lines if by and line.startswith(by)]
    for line in lines:
        print(f"[command] {line}" if line in replies else line, flush=True)
    return bool(replies)


async def _draw(app: App, guest: Guest, lines: list[str], scene: str) -> bool:
    await _order(guest, lines, f"!{SCENE[app.config.sessions[0].language]} {scene}")
    link = _link_in(lines, app.pictures.public_url)
    picture = await app.pictures.find(link.rpartition("/")[2]) if link else None
    if picture is None:
        return False
    print(f"link:    {link}   (while the bot runs)\npicture: {picture.path}\n({visible(picture.caption)})")
    return True


def _link_in(lines: list[str], url: str) -> str | None:
    for line in lines:
        if (at := line.find(f"{url}/i/")) >= 0:
            return line[at:].split()[0].rstrip("\"'」")
    return None


def _heads(text: str) -> list[str]:
    """How the sentences of *text* begin, as they are said."""
    return [clean(sentence)[:20] for sentence in sentences(text) if clean(sentence)] or [clean(text)[:20]]


def _print(lines: list[str], marked: tuple[str, str] | None = None) -> None:
    for line in lines:
        mark = f"[{marked[1]}] " if marked and any(head in line for head in _heads(marked[0])) else ""
        print(f"{mark}{line}", flush=True)
