"""Performs a transcript: feeds the bot what the MUD sent, when it sent it, and notes what leaves."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mudbot.config import Config
from mudbot.errors import MudError
from mudbot.events import Line, MudEvent, Prompt
from mudbot.mud.record import Mask
from mudbot.mud.transcript import Piece, Transcript, Typed
from mudbot.replay.loop import LoopClock, ReplayLoop
from mudbot.replay.rehearsal import Rehearsal, rehearsed
from mudbot.replay.script import Answers

if TYPE_CHECKING:
    from mudbot.triggers.entry import Entry

LINE_EVERY = 0.5
"""Seconds between two lines of a log without times; and no line comes before what the one before caused has left."""
LONGEST_WAIT = 60.0
"""Seconds that are waited for that, or for the bot's last words."""
SETTLED = 2.0
"""Seconds after the end in which a quiet prompt, or the rest of a wrapped line, may still mean something."""
LEAST = 1e-6
"""Seconds between two pieces at least: time moves on only when the bot has done all that it can at that moment."""
STARS = "********"
_STARRED = re.compile(r"^\*+$")
_PICTURE_LINK = re.compile(r"https?://\S+?/i/\w+")
"""Each picture has a link of its own, drawn by lot."""

Kind = Literal["login", "sent", "asked", "heard"]


@dataclass(frozen=True, slots=True)
class Said:
    """Something that left the bot, or, as ``heard``, came to it."""

    at: float
    """Seconds of the recording."""
    kind: Kind
    """``login``: typed before the character was in the game; ``sent``: afterwards; ``asked``: of the model."""
    text: str


@dataclass(frozen=True, slots=True)
class Way:
    """How to replay."""

    speed: float | None = None
    """How much faster than it was; None is as fast as the bot can."""
    answers: Answers | None = None
    """What the model says; None is what it said when it was recorded."""
    live: bool = False
    """Whether the configured API is asked instead."""
    session: str | None = None
    encoding: str | None = None
    show: bool = False
    """Whether what came is told as well."""


@dataclass(slots=True)
class Outcome:
    """What a replay came to."""

    now: list[str] = field(default_factory=list)
    """The lines that would be sent."""
    then: list[str] = field(default_factory=list)
    """The lines that were sent when it was recorded; none where a log does not tell."""
    why: str = ""
    """Why the bot itself ended the link, if it did."""
    entries: Sequence[Entry[Any]] = ()
    """The triggers, with what each cost."""
    began: float = 0.0
    """The beginning of the recording, in seconds of the clock that ``Entry.last`` is of."""


def replay(config: Config, transcript: Transcript, tell: Callable[[Said], None], way: Way | None = None) -> Outcome:
    """Put *transcript* through the whole bot and *tell* what it would do.

    Nothing outside is touched: the store is a folder that is deleted in the end, there is no web server, and but with
    ``live`` no server is asked anything.  Raises what the start of the bot raises, and MudError where the
    transcript cannot be read.
    """
    way = way or Way()
    with tempfile.TemporaryDirectory(prefix="mudbot-replay-") as folder, _same_dice(), _no_word_of_falling_back(way):
        ready = rehearsed(config, transcript, Path(folder), way.session, way.encoding)
        with asyncio.Runner(loop_factory=partial(ReplayLoop, way.speed)) as runner:
            return runner.run(_Replay(ready, transcript, tell, way).perform())


@contextmanager
def _same_dice() -> Iterator[None]:
    """Whoever throws dice throws the same in every replay."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _only_errors_of(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _no_word_of_returning() -> AbstractContextManager[None]:
    """The session says that it will connect again; it will not: the recording is over."""
    return _only_errors_of("mudbot.mud.session")


def _no_word_of_falling_back(way: Way) -> AbstractContextManager[None]:
    """Where nobody gave answers, that there is none is no news: what was asked is told."""
    return nullcontext() if way.live or way.answers is not None else _only_errors_of("mudbot.mind.character")


class _Replay:
    def __init__(self, config: Config, transcript: Transcript, tell: Callable[[Said], None], way: Way) -> None:
        self._config, self._transcript, self._tell, self._way = config, transcript, tell, way
        login = config.sessions[0].login
        self._mask = Mask([login.password.get_secret_value()] if login and login.password else [])
        self._outcome = Outcome()
        self._typed, self._typed_then = Typed(), Typed()
        self._stopping: asyncio.Task[None] | None = None
        self._asked: tuple[float, str] | None = None

    async def perform(self) -> Outcome:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ReplayLoop)
        self._clock = LoopClock(loop, self._transcript.began)
        app = self._app = Rehearsal(
            self._config,
            self._clock,
            login=self._transcript.login,
            answers=None if self._way.live else self._way.answers or Answers.of(self._transcript.answers()),
            sent=self._on_sent,
            unanswered=self._on_unanswered,
        )
        loop.busy = app.asking
        try:
            await app.start()
            if self._way.show:
                app.session.tap = self._on_events
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    await app.linked.wait()
            except TimeoutError:
                raise MudError("the session did not begin; the log says why") from None
            while not self._transcript.login and app.session.state != "playing":
                await self._clock.sleep(LEAST)
            self._outcome.began = app.linked_at
            await self._feed()
            self._outcome.entries = tuple(app.hosts[0].engine.entries)
        finally:
            loop.leave()
            await app.stop()
        return self._outcome

    # -- the MUD's part --------------------------------------------------------------------------------------------

    async def _feed(self) -> None:
        wire, session, ended = self._app.wire, self._app.session, False
        assert wire is not None
        for piece in self._transcript.pieces(session.address.encoding):
            if piece.dir == "out":
                self._outcome.then += map(plain, self._typed_then.feed(piece.data, session.voice.encoding))
            elif not wire.is_closing():
                await self._until(piece)
                if piece.dir == "in":
                    await wire.feed(piece.data)
                elif piece.dir == "stop":
                    self._stopping = asyncio.create_task(session.stop(self._config.sessions[0].goodbye))
                else:
                    ended = True
                    with _no_word_of_returning():
                        wire.hang_up()
                        await self._clock.sleep(LEAST)
        if not wire.is_closing():
            await self._clock.sleep(SETTLED)
            await self._until_idle()
            with _no_word_of_returning():
                wire.hang_up()
                await self._clock.sleep(LEAST)
        elif not ended and self._stopping is None:
            await self._clock.sleep(LEAST)  # it is about to say why
            self._outcome.why = session.why.partition("; trying again")[0]
        if self._stopping is not None:
            await asyncio.wait({self._stopping})

    async def _until(self, piece: Piece) -> None:
        if piece.at is None:
            await self._clock.sleep(LINE_EVERY)
            await self._until_idle()
        else:
            await self._clock.sleep(max(self._app.linked_at + piece.at - self._clock.now(), LEAST))

    async def _until_idle(self) -> None:
        end = self._clock.now() + LONGEST_WAIT
        while self._app.working() and self._clock.now() < end:
            await self._clock.sleep(LINE_EVERY)

    # -- the bot's part --------------------------------------------------------------------------------------------

    def _on_sent(self, data: bytes) -> None:
        session = self._app.session
        link = session.link
        negotiates = data[:1] == b"\xff" and data[1:2] != b"\xff"
        hidden = link is not None and link.hides and not negotiates
        for line in self._typed.feed(data, session.voice.encoding):
            text = STARS if hidden and line else _STARRED.sub(STARS, self._mask.text(line))
            self._outcome.now.append(plain(text))
            self._say("sent" if session.state == "playing" else "login", text)

    def _on_unanswered(self, asked: str) -> None:
        again = (self._clock.now(), asked)
        if again != self._asked:  # an answer that does not do is asked for twice
            self._asked = again
            self._say("asked", asked)

    def _on_events(self, events: Sequence[MudEvent]) -> None:
        for event in events:
            if isinstance(event, Line | Prompt) and event.text.strip():
                line = event if isinstance(event, Line) else Line(event.text)
                if (text := self._app.hosts[0].engine.shown(line)) is not None:
                    self._say("heard", self._mask.text(text))

    def _say(self, kind: Kind, text: str) -> None:
        self._tell(Said(round(self._clock.now() - self._app.linked_at, 3), kind, text))


def plain(line: str) -> str:
    """*line* without what differs each time: how many stars stand for a password, a picture's link."""
    return _PICTURE_LINK.sub("http://…/i/…", _STARRED.sub(STARS, line))
