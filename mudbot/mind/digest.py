"""Long talks summed up by the model, when nobody waits for it.

One call after so many utterances of a speaker, or after so long without one, by the low priority of the background and
at the speaker's own expense.  Where the money is spent, or the API is away, it is left for a while; what came meanwhile
is summed up later, as far as it was kept.  A model of the machine's own is asked only while nobody talks to any
character, and let go of at once when somebody does.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mudbot.clock import Clock, Timer
from mudbot.errors import ApiError, BudgetError, QuotaError, StoreError
from mudbot.mind import noting
from mudbot.mind.context import clean_name, clean_text
from mudbot.mind.persona import Persona
from mudbot.mind.scopes import Where

log = logging.getLogger(__name__)

MOST_LINES = 30
"""Utterances that one call is shown: the newest."""
MOST_TALKS = 200
"""Talks that wait to be summed up; the oldest makes room."""
FEWEST = 3
"""Utterances that are worth a call when it gets quiet."""
OVER_BUDGET = 3600.0
"""Seconds for which the model is not asked after the money was spent."""
AWAY = 300.0
CALM = 20.0
"""Seconds since anybody spoke before a model of the machine's own is asked."""
TRIES = 3
"""Times that a call is begun again after somebody spoke."""
MAX_TOKENS = 220
SAMPLING: Mapping[str, Any] = {"temperature": 0.2, "max_tokens": MAX_TOKENS}

Urgency = Literal["reply", "background"]


class Texts(Protocol):
    """What is needed of the API."""

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Any: ...
    async def complete(self, prompt: str, *, model: str, **params: Any) -> Any: ...
    async def embed(self, input: Sequence[str], *, model: str, **params: Any) -> Any: ...  # noqa: A002


class Calm:
    """Whether somebody is talked to just now, by any character of the bot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = float("-inf")
        self.on_disturbed: list[Callable[[], None]] = []

    def disturb(self) -> None:
        """Somebody spoke."""
        self._last = self._clock.now()
        for told in self.on_disturbed:
            told()

    @property
    def left(self) -> float:
        """Seconds until it is calm, if nobody speaks."""
        return max(0.0, self._last + CALM - self._clock.now())


@dataclass(frozen=True, slots=True)
class Models:
    """The models that memory asks, and on whose behalf."""

    texts: Texts
    dialogue: str
    endpoint: Literal["chat", "completions"]
    embedding: str
    calm: Calm
    caller: Callable[[str, Urgency], Any]
    """Whose turn and whose budget a call is; given the speaker's name."""
    to_query: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of an embedding of what one looks for."""
    gives_way: bool = False
    """Whether a call is let go of when somebody speaks: a model of the machine's own does one thing at a time."""


@dataclass(slots=True)
class Talk:
    """What a speaker said in one scope since it was summed up last."""

    where: Where
    """Who is in ``hearers`` heard all of it."""
    name: str
    since: float
    """When the first was said, in seconds since 1970."""
    last: float
    number: int = 0
    lines: list[str] = field(default_factory=list)
    tries: int = 0

    @classmethod
    def of(cls, here: Where, name: str, at: float, number: int) -> Talk:
        """One that begins, with utterance *number*."""
        return cls(here, name, at, at, number)

    def join(self, other: Talk) -> None:
        """Go on with what *other* begins: who heard it all are those who heard both."""
        here, there = self.where, other.where
        heard = here.hearers & there.hearers
        place = here.place if here.place == there.place or here.channel else "room:"
        self.where = Where(here.speaker, here.private, place, heard, all_known=here.all_known and there.all_known)
        self.name, self.last, self.number = other.name, other.last, other.number


class Digest:
    """The talks of one character that wait to be summed up."""

    def __init__(self, persona: Persona, models: Models, clock: Clock, every: int, quiet: float) -> None:
        self._persona, self._models, self._clock = persona, models, clock
        self._every, self._quiet = every, quiet
        self._talks: OrderedDict[tuple[str, str], Talk] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._not_before = float("-inf")
        self._asking: asyncio.Task[str] | None = None
        self._talk: Talk | None = None  # that is asked about
        self.keep: Callable[[Talk, noting.Notes], Awaitable[None]]
        """Keeps what was noted."""
        self.earlier: Callable[[Talk], Awaitable[tuple[str, float]]]
        """What such a talk was about before, and since when that is known; empty where there was none."""
        if models.gives_way:
            models.calm.on_disturbed.append(self._let_go)

    def __repr__(self) -> str:
        return f"<Digest of {self._persona.name}, {len(self._talks)} talks>"

    def add(self, talk: Talk, line: str) -> None:
        """Note that *line* was said as *talk* says."""
        key = talk.where.speaker, talk.where.scope
        known = self._talks.get(key)
        if known is None:
            known = self._talks[key] = talk
        else:
            known.join(talk)
        self._talks.move_to_end(key)
        known.lines = [*known.lines, line][-MOST_LINES:]
        while len(self._talks) > MOST_TALKS:
            self._talks.popitem(last=False)
        self._set_timer()

    def forget(self, speaker: str) -> None:
        """Sum up nothing of what *speaker* said until now."""
        for key in [key for key in self._talks if key[0] == speaker]:
            del self._talks[key]
        if self._talk is not None and self._talk.where.speaker == speaker:
            self._talk.tries = TRIES
            self._let_go()

    def close(self) -> None:
        """End it; what waits is not summed up."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    # -- when ------------------------------------------------------------------------------------------------------

    def _due_in(self, talk: Talk) -> float:
        """Seconds until *talk* may be summed up."""
        if len(talk.lines) >= self._every:
            return 0.0
        return max(0.0, talk.last + self._quiet - self._clock.wall())

    def _set_timer(self) -> None:
        if self._task is not None and not self._task.done():
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._talks:
            return
        wait = min(self._due_in(talk) for talk in self._talks.values())
        wait = max(wait, self._not_before - self._clock.now(), self._models.calm.left if self._models.gives_way else 0)
        self._timer = self._clock.call_later(max(0.01, wait), self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._models.gives_way and self._models.calm.left > 0:
            self._set_timer()
            return
        self._task = asyncio.ensure_future(self._work())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._set_timer()
            if (failure := task.exception()) is not None:
                log.error("%s cannot sum up: %r", self._persona.name, failure)

    # -- what ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        for key in [key for key, talk in self._talks.items() if self._due_in(talk) <= 0]:
            talk = self._talks.pop(key, None)
            if talk is None or len(talk.lines) < FEWEST:
                continue
            try:
                await self._sum_up(key, talk)
            except (BudgetError, QuotaError) as exc:
                log.info("%s sums nothing up for an hour: %s", self._persona.name, exc)
                self._wait(OVER_BUDGET, key, talk)
                return
            except (ApiError, StoreError) as exc:
                log.info("%s sums nothing up for a while: %s", self._persona.name, exc)
                self._wait(AWAY, key, talk)
                return

    def _wait(self, seconds: float, key: tuple[str, str], talk: Talk) -> None:
        self._not_before = self._clock.now() + seconds
        self._again(key, talk)

    def _again(self, key: tuple[str, str], talk: Talk) -> None:
        """Sum *talk* up later, with what was said since."""
        talk.tries += 1
        if talk.tries >= TRIES:
            return
        later = self._talks.get(key)
        if later is not None:
            talk.join(later)
            talk.lines = [*talk.lines, *later.lines][-MOST_LINES:]
        self._talks[key] = talk

    async def _sum_up(self, key: tuple[str, str], talk: Talk) -> None:
        persona = self._persona.spoken_to(talk.lines[-1])
        lines = [cleaned for line in talk.lines if (cleaned := clean_text(line, persona, limit=200))]
        earlier, since = await self.earlier(talk)
        who = clean_name(talk.name, persona)
        asked = noting.question(
            lines, who=who, character=persona.name, earlier=clean_text(earlier, persona), language=persona.language
        )
        self._talk, self._asking = talk, asyncio.ensure_future(self._ask(asked, talk.name))
        try:
            answer = await self._asking
        except asyncio.CancelledError:
            if not self._asking.cancelled() or self._stopping():
                raise
            self._again(key, talk)
            return
        finally:
            self._asking.cancel()
            self._talk = self._asking = None
        notes = noting.read(answer, lines, who=who, earlier=earlier)
        talk.since = min(since, talk.since) if earlier else talk.since
        await self.keep(talk, notes)

    async def _ask(self, asked: tuple[str, str], speaker: str) -> str:
        models, (order, said) = self._models, asked
        more = {"model": models.dialogue, "caller": models.caller(speaker, "background"), **SAMPLING}
        if models.endpoint == "chat":
            messages = [{"role": "system", "content": order}, {"role": "user", "content": said}]
            return str((await models.texts.chat(messages, **more)).text)
        return str((await models.texts.complete(f"{order}\n\n{said}\n\n- ", **more)).text)

    def _let_go(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _stopping(self) -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
