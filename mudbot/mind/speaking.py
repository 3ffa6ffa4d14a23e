"""One answer on its way: sentence by sentence, each checked and reviewed, the first as soon as it is complete.

Until the first is said all is open: an answer that does not do is asked for once more, then the persona says a line of
its own.  What fails later ends the answer, which is whole sentences by then; where the model's line broke, with a word
of excuse.  A silence of two seconds is filled by an emote, and what comes after half a minute is not said at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Any, Literal, Protocol

from mudbot.clock import Clock
from mudbot.errors import ApiError, BadAnswerError
from mudbot.events import Room, Speech
from mudbot.mind.actions import Actions, Deed, Offer
from mudbot.mind.check import Listener, Rules
from mudbot.mind.context import Prompt
from mudbot.mind.moderation import Masked
from mudbot.mind.persona import Persona
from mudbot.mind.sentences import Sentences

log = logging.getLogger(__name__)

THINKING = 2.0
"""Seconds of silence after which the character is seen to think."""
LATE = 30.0
"""Seconds after which nothing is said any more: an answer that late confuses more than silence does."""
TRIES = 2
"""Times the model is asked before the character says a line of its own."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part of an answer: words to say, or something to do."""

    text: str
    kind: Literal["words", "emote", "command"] = "words"
    source: Literal["model", "fallback", "waiting"] = "model"
    """``fallback``: a line that the persona keeps for when the model fails; ``waiting``: it is still thinking."""
    why: str = ""
    """For a fallback: what went wrong, for the log."""
    speech: Speech | None = field(default=None, repr=False)
    """What it is an answer to."""


@dataclass(frozen=True, slots=True)
class Options:
    """How an answer is made."""

    caller: Any = None
    memory: bool = True
    thinking: bool = False
    """Whether there is a way to show that it thinks."""
    actions: Actions | None = None
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Question:
    """A line that may be answered, and all that the model is shown for it."""

    speech: Speech
    """As it may be sent: reviewed."""
    room: Room
    prompt: Prompt
    offer: Offer | None = None
    tries: int = 0
    """How often the model was asked already."""


class Speaker(Protocol):
    """The character, as far as it is needed here."""

    @property
    def persona(self) -> Persona: ...
    async def prepare(self, speech: Speech, room: Room, options: Options) -> Question | str: ...
    def stream(self, question: Question, caller: Any) -> AsyncGenerator[Any, None]: ...
    async def review(self, text: str, speech: Speech) -> str | Masked | None: ...
    def remember(self, speech: Speech, room: Room, said: str) -> None: ...
    def fallback(self, speech: Speech, why: str, *, answering: bool = True) -> Any: ...


class _Moment(Enum):
    THINK = 1
    GIVE_UP = 2
    LATE = 3
    END = 4


class Speaking:
    """One answer of *who* to *speech*.  ``parts`` gives it, once."""

    def __init__(self, who: Speaker, speech: Speech, room: Room, options: Options, clock: Clock) -> None:
        self._who, self._speech, self._room, self._options, self._clock = who, speech, room, options, clock
        self._queue: asyncio.Queue[Sentence | _Moment] = asyncio.Queue()
        self._question: Question | None = None
        self._told = False
        self._said: list[str] = []
        self._fitting = ""  # all that was said, as the reviewers let it pass: words may be hidden in it
        self._lines = who.persona.spoken_to(speech.text or "")

    def __repr__(self) -> str:
        return f"<Speaking to {self._speech.speaker}, {len(self._said)} sentences>"

    async def parts(self, within: float) -> AsyncGenerator[Sentence, None]:
        """Every part as it comes; the first, or a prepared line, *within* so many seconds."""
        waited = self._clock.now() - self._speech.at if self._speech.at else 0.0
        if waited >= LATE:
            log.info("%s leaves a line unanswered that waited %.0f s", self._who.persona.name, waited)
            return
        moments = [(min(within, LATE - waited), _Moment.GIVE_UP), (LATE - waited, _Moment.LATE)]
        if self._options.thinking and self._speech.kind == "say":
            moments.append((THINKING, _Moment.THINK))
        timers = [self._clock.call_later(after, partial(self._queue.put_nowait, moment)) for after, moment in moments]
        work = asyncio.create_task(self._work(), name=f"answer to {self._speech.speaker}")
        try:
            while (part := await self._queue.get()) is not _Moment.END:
                if isinstance(part, Sentence):
                    yield part
                elif part is _Moment.LATE:
                    log.info("%s says no more: the question is %.0f s old", self._who.persona.name, LATE)
                    return
                elif not self._told:
                    if part is _Moment.GIVE_UP:
                        yield self._fallback(f"no answer within {within:.0f} s")
                        return
                    yield self._part(Deed("emote", self._musing, "thinking"), source="waiting")
            await work  # what is nobody's fault but a program's is raised
        finally:
            for timer in timers:
                timer.cancel()
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await work
            self._remember()

    # -- made in a task of its own -------------------------------------------------------------------------------------

    async def _work(self) -> None:
        try:
            await self._answer()
        except ApiError as exc:
            if not self._told:
                self._put(self._fallback(str(exc)))
            else:
                log.warning("%s breaks off: %s", self._who.persona.name, exc)
                excuse = self._lines.line("excuses", self._speech.text or "")
                self._put(Sentence(excuse, source="fallback", why=str(exc), speech=self._speech))
        finally:
            self._queue.put_nowait(_Moment.END)

    async def _answer(self) -> None:
        question = await self._who.prepare(self._speech, self._room, self._options)
        if isinstance(question, str):
            self._put(self._fallback(question, answering=False))
            return
        self._question, why = question, ""
        for number in range(TRIES):
            try:
                why = await self._once(replace(question, tries=number))
            except BadAnswerError as exc:  # no stream, for one: the next try may be better
                if self._told:
                    raise
                why = str(exc)
            if not why or self._told:
                if why:
                    log.info("%s says no more: %s", self._who.persona.name, why)
                return
        self._put(self._fallback(why))

    async def _once(self, question: Question) -> str:
        """Say what the model writes; why it was left, if it was."""
        listener = Listener(
            persona=question.prompt.persona,
            prompt=question.prompt,
            asked=self._speech.text or "",
            rules=self._options.rules,
        )
        reader, calls = Sentences(eager=True), Calls()
        async with aclosing(self._who.stream(question, self._options.caller)) as chunks:
            async for sentence in _sentences(chunks, reader, calls):
                if why := await self._say(listener, sentence):
                    return why
                if listener.over:
                    return ""
        if why := await self._say(listener, reader.rest(), last=True):
            return why
        if question.offer:
            for name, arguments in calls.all():
                self._do([question.offer.read(name, arguments, self._people())])
        return "" if self._told else "the answer does not do: empty"

    async def _say(self, listener: Listener, written: str, *, last: bool = False) -> str:
        assert self._question is not None
        deeds: list[Deed] = []
        if offer := self._question.offer:
            if listener.said:  # those at its beginning stand behind what was said already
                marks, written = offer.leading(written)
                self._do(offer.split(marks, self._people())[1])
            written, deeds = offer.split(written, self._people())
        before = len(listener.said)
        verdict = listener.next(written, last=last)
        if not verdict.ok:
            return f"the answer does not do: {verdict.reason}"
        if verdict.text:
            fit, why = await self._fit(verdict.text, listener.said[before:])
            if why:
                return why
            self._put(Sentence(fit, speech=self._speech))
            self._said.append(fit)
        self._do(deeds)
        return ""

    async def _fit(self, text: str, added: str) -> tuple[str, str]:
        """*text* as the reviewers let it be said, and why they do not; *added* is the same with what parts it from
        what was said before."""
        before = self._fitting
        reason = await self._who.review(f"{before}{added}", self._speech)
        if not reason:
            self._fitting += added
            return text, ""
        if isinstance(reason, Masked):
            if reason.text.startswith(before):
                self._fitting = reason.text
                return reason.text[len(before) :].strip(), ""
            reason = "what was said already would have had to be hidden"
        return "", f"not said: {reason}"

    def _do(self, deeds: list[Deed | None] | list[Deed]) -> None:
        for deed in filter(None, deeds):
            log.info("%s does %s: %s", self._who.persona.name, deed.name, deed.text)
            self._put(self._part(deed))

    # -- small things --------------------------------------------------------------------------------------------------

    def _put(self, part: Sentence) -> None:
        self._told = True
        self._queue.put_nowait(part)

    def _part(self, deed: Deed, source: Literal["model", "waiting"] = "model") -> Sentence:
        return Sentence(deed.text, deed.kind, source, speech=self._speech)

    def _fallback(self, why: str, *, answering: bool = True) -> Sentence:
        text = self._who.fallback(self._speech, why, answering=answering).text
        return Sentence(text, source="fallback", why=why, speech=self._speech)

    @property
    def _musing(self) -> str:
        return self._lines.line("thinking", self._speech.text or "")

    def _people(self) -> tuple[str, ...]:
        return tuple(filter(None, (self._speech.speaker, *(self._room.people or ()))))

    def _remember(self) -> None:
        if self._said and self._options.memory and self._question is not None:
            self._who.remember(self._question.speech, self._question.room, joined(self._said))


def joined(sentences: list[str]) -> str:
    """*sentences* as one text: with blanks between them where they are written with blanks."""
    text = ""
    for each in sentences:
        wide = "\u3000" <= text[-1:] <= "\uffef"
        text += each if wide or not text else f" {each}"
    return text


async def _sentences(chunks: AsyncIterator[Any], reader: Sentences, calls: Calls) -> AsyncIterator[str]:
    """Whole sentences; a mark in brackets is never cut in two."""
    held = ""
    async for chunk in chunks:
        calls.feed(chunk)
        for sentence in reader.feed(str(chunk.text)):
            held += sentence
            if held.count("[") <= held.count("]") or len(held) > 400:
                yield held
                held = ""
    if held:
        yield held


class Calls:
    """Tools that a model calls in a stream, put together from their parts."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[str, Any]] = {}

    def feed(self, chunk: Any) -> None:
        """Take what of *chunk*, a piece of a chat, is of calls."""
        for choice in getattr(chunk, "choices", None) or ():
            for call in getattr(getattr(choice, "delta", None), "tool_calls", None) or ():
                at = call.index if call.index is not None else len(self._parts)
                name, arguments = self._parts.get(at, ("", ""))
                more = call.function.arguments if call.function else None
                name += call.function.name if call.function else ""
                whole = isinstance(more, dict) or isinstance(arguments, dict)
                self._parts[at] = name, (more if whole else f"{arguments}{more or ''}")

    def all(self) -> list[tuple[str, dict[str, Any]]]:
        """The name of each and its arguments; what is no JSON object is no call."""
        import json

        found = []
        for name, arguments in self._parts.values():
            with contextlib.suppress(ValueError, RecursionError):
                read = arguments if isinstance(arguments, dict) else json.loads(arguments or "{}")
                if isinstance(read, dict):
                    found.append((name, read))
        return found
