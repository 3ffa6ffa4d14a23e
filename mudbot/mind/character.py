"""A character answers: review, remember, ask the model, check, say something of its own where the model does not do.

Knows the API and the store only by the protocols below.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mudbot.errors import ApiError, MudbotError
from mudbot.events import Room, Speech
from mudbot.mind import check
from mudbot.mind.context import Prompt, Scene, Turn, build
from mudbot.mind.persona import Persona

log = logging.getLogger(__name__)

TURNS = 8
"""Recent turns with a speaker that go into the prompt."""
TRIES = 2
"""Times the model is asked before the character says a line of its own."""
REPLY_WITHIN = 20.0
"""Seconds from the question to the answer or the prepared line; whoever waits longer has walked on."""

Reviewer = Callable[[str, Literal["player", "model"], str | None], Awaitable[str | None]]


class Texts(Protocol):
    """What is needed of the API."""

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Any: ...
    async def complete(self, prompt: str, *, model: str, **params: Any) -> Any: ...


class Memory(Protocol):
    """What is needed of the store: turns by speaker, private and public ones apart."""

    async def recent(self, speaker: str, *, private: bool, limit: int) -> list[Turn]: ...
    async def remember(self, speaker: str, turns: Sequence[Turn], *, private: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the character says."""

    text: str
    source: Literal["model", "fallback"]
    """Whether the model made it, or it is a line that the persona keeps for when the model fails or is refused."""
    why: str = ""
    """For a fallback: what went wrong, for the log."""
    speech: Speech | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Model:
    """The model that speaks for the character, and by which endpoint."""

    name: str
    endpoint: Literal["chat", "completions"]


class Character:
    """One persona over one model."""

    def __init__(self, persona: Persona, texts: Texts, model: Model, *, memory: Memory, review: Reviewer) -> None:
        self.persona, self.model = persona, model
        self._texts, self._memory, self._review = texts, memory, review

    def __repr__(self) -> str:
        return f"<Character {self.persona.name} by {self.model.name}, {self.model.endpoint}>"

    async def answer(self, speech: Speech, room: Room, *, caller: Any = None, memory: bool = True) -> Answer:
        """Answer *speech* in character.  Never raises for the model's sake: then the answer is a fallback.

        *caller* is handed on to the API: on whose behalf it is asked.  Without *memory* it stands alone: nothing that
        was said before is shown to the model, and neither is it remembered.
        """
        try:
            async with asyncio.timeout(REPLY_WITHIN):  # over the reviews as well: they may wait for a server, too
                return await self._answer(speech, room, caller, memory=memory)
        except TimeoutError:
            return self.fallback(speech, f"no answer within {REPLY_WITHIN:.0f} s")
        except ApiError as exc:
            return self.fallback(speech, str(exc))

    async def _answer(self, speech: Speech, room: Room, caller: Any, *, memory: bool) -> Answer:
        asked, speaker = speech.text or "", speech.speaker or ""
        if reason := await self._review(asked, "player", speaker):
            return self.fallback(speech, f"not sent: {reason}")
        people = tuple(p for p in room.people or () if p not in self.persona.names)
        turns = await self._recent(speech) if memory else []
        prompt = build(self.persona, turns, Scene(room.name, people, speech.kind), speaker, asked)
        answer = await self._ask(prompt, speech, caller)
        if memory and answer.source == "model":
            said = [Turn(speaker, asked, own=False), Turn(self.persona.name, answer.text, own=True)]
            await self._memory.remember(_key(speech), said, private=speech.private)
        return answer

    async def _recent(self, speech: Speech) -> list[Turn]:
        try:
            return await self._memory.recent(_key(speech), private=speech.private, limit=TURNS)
        except MudbotError as exc:  # an innkeeper who forgets is better than one who is mute
            log.warning("%s does not remember: %s", self.persona.name, exc)
            return []

    async def warm(self) -> None:
        """Let the model read the persona once, so that the first answer need not wait for it.  Raises ApiError."""
        prompt = build(self.persona, [], Scene(), "guest", "hello")
        await self._complete(prompt, max_tokens=1)

    def fallback(self, speech: Speech, why: str) -> Answer:
        """A line of the persona's own, because of *why*."""
        log.warning("%s falls back: %s", self.persona.name, why)
        return Answer(self.persona.fallback(speech.text or ""), "fallback", why, speech)

    async def _ask(self, prompt: Prompt, speech: Speech, caller: Any) -> Answer:
        why, more = "", {} if caller is None else {"caller": caller}
        for _ in range(TRIES):
            verdict = check.check(
                await self._complete(prompt, **more), persona=self.persona, prompt=prompt, asked=speech.text or ""
            )
            if not verdict.ok:
                why = f"the answer does not do: {verdict.reason}"
                continue
            if reason := await self._review(verdict.text, "model", speech.speaker):
                why = f"not said: {reason}"
                continue
            return Answer(verdict.text, "model", speech=speech)
        return self.fallback(speech, why)

    async def _complete(self, prompt: Prompt, **more: Any) -> str:
        chat = self.model.endpoint == "chat"
        sampling = self.persona.sampling.chat if chat else self.persona.sampling.completions
        params = sampling.model_dump(exclude={"stop"}) | more
        if stop := sampling.stop if chat else prompt.stop:
            params["stop"] = list(stop)  # an empty list is an error to some servers
        if chat:
            answer = await self._texts.chat(prompt.messages(), model=self.model.name, **params)
        else:
            answer = await self._texts.complete(prompt.transcript(), model=self.model.name, **params)
        return str(answer.text)


def _key(speech: Speech) -> str:
    """Who speaks, as far as the MUD shows it: the id where there is one, else the name, which is no id's equal."""
    return f"id:{speech.id.casefold()}" if speech.id else f"name:{(speech.speaker or '').casefold()}"
