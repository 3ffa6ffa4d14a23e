"""A character answers: review, remember, ask the model, check, say something of its own where the model does not do.

Knows the API and the store only by the protocols below.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from mudbot.clock import Clock, SystemClock
from mudbot.errors import ApiError, BadAnswerError, BadRequestError, MudbotError
from mudbot.events import Room, Speech
from mudbot.mind import check
from mudbot.mind.context import Prompt, Scene, build, clean_text, estimate_tokens
from mudbot.mind.lore import Recalled
from mudbot.mind.lorekeeper import Lorekeeper
from mudbot.mind.moderation import Masked
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import Remembered
from mudbot.mind.scopes import key_of
from mudbot.mind.speaking import TRIES, Options, Question, Sentence, Speaking

__all__ = [
    "TRIES",
    "Answer",
    "Character",
    "Memory",
    "Model",
    "Options",
    "Reviewer",
    "Sentence",
    "Texts",
]

log = logging.getLogger(__name__)

REPLY_WITHIN = 19.0
"""Seconds from the question to the answer or the prepared line, which is in the MUD within 20: whoever waits longer has
walked on."""

FREER = 0.4
"""What the second try's temperature is higher by: a small model that chose the wrong words chooses them again."""

Reviewer = Callable[[str, Literal["player", "model"], str | None], Awaitable[str | Masked | None]]


class Texts(Protocol):
    """What is needed of the API."""

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Any: ...
    async def complete(self, prompt: str, *, model: str, **params: Any) -> Any: ...
    def chat_stream(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any
    ) -> AsyncGenerator[Any, None]: ...
    def complete_stream(self, prompt: str, *, model: str, **params: Any) -> AsyncGenerator[Any, None]: ...


class Memory(Protocol):
    """What is needed of memory; who may be told what is its affair."""

    async def recall(self, speech: Speech, room: Room) -> Remembered: ...
    def remember(self, speech: Speech, room: Room, answer: str) -> None: ...


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
    grammars: bool = field(default=False, compare=False)
    """Whether its server holds a model to a grammar (GBNF), as the embedded one does."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer in one piece."""

    text: str


class Character:
    """One persona over one model."""

    def __init__(self, persona: Persona, texts: Texts, model: Model, *, memory: Memory, review: Reviewer) -> None:
        self.persona, self.model = persona, model
        self._texts, self._memory, self._review = texts, memory, review
        self.lore = Lorekeeper(persona, estimate_tokens)
        self.on_prompt: Callable[[Prompt, Recalled], None] = lambda _prompt, _recalled: None
        """Told what the model is about to be shown, and which lore was called: for those who look over its shoulder."""
        self.clock: Clock = SystemClock()
        self._no_tools = self._no_streams = False  # what its server does not do

    @property
    def memory(self) -> Memory:
        """What it remembers."""
        return self._memory

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

    async def speak(
        self,
        speech: Speech,
        room: Room,
        options: Options = Options(),  # noqa: B008 - a value that never changes
    ) -> AsyncGenerator[Sentence, None]:
        """The answer to *speech* part by part: a sentence as soon as it is complete, checked and reviewed.

        Never raises for the model's sake.  Whoever leaves the loop early should ``aclose`` the generator: then the
        model is not listened to any more.
        """
        async with aclosing(Speaking(self, speech, room, options, self.clock).parts(REPLY_WITHIN)) as parts:
            async for part in parts:
                yield part

    async def _answer(self, speech: Speech, room: Room, caller: Any, *, memory: bool) -> Answer:
        question = await self.prepare(speech, room, Options(memory=memory))
        if isinstance(question, str):
            return self.fallback(speech, question, answering=False)
        answer = await self._ask(question.prompt, speech, caller)
        if memory and answer.source == "model":
            self._memory.remember(question.speech, room, answer.text)
        return answer

    # -- what ``speak`` is made of -------------------------------------------------------------------------------------

    async def prepare(self, speech: Speech, room: Room, options: Options) -> Question | str:
        """What the model is to be shown to answer *speech*, or why that may not be sent."""
        asked, speaker = speech.text or "", speech.speaker or ""
        if reason := await self._review(asked, "player", speaker):
            if not isinstance(reason, Masked):
                return f"not sent: {reason}"
            asked = reason.text
        reviewed, memory = replace(speech, text=asked), options.memory
        own = {name.casefold() for name in self.persona.names}
        people = tuple(name for name in room.people or () if name.casefold() not in own)
        remembered = await self._recall(reviewed, room) if memory else Remembered()
        heard = [*(turn.text for turn in remembered.turns), clean_text(asked, self.persona)]
        recalled = self.lore.recall(heard, speech, room, key=(key_of(speech) or None) if memory else None)
        persona = self.persona.spoken_to(asked).knowing(recalled.texts("system"))
        scene = Scene(room.name, people, speech.kind, room.exits)
        prompt = build(persona, scene, speaker, asked, remembered=remembered, lore=recalled.texts("line"))
        offer = options.actions.for_(speech) if options.actions else None
        if offer and not self._takes_tools:
            prompt = replace(prompt, system=f"{prompt.system}\n{offer.words(persona.language)}")
        self.on_prompt(prompt, recalled)
        return Question(reviewed, room, prompt, offer or None)

    async def stream(self, question: Question, caller: Any) -> AsyncGenerator[Any, None]:
        """What the model writes, in pieces; each has ``text``."""
        begun = False
        if not self._no_streams:
            try:
                async with aclosing(self._streamed(question, caller)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return  # noqa: TRY300 - what follows is for servers without streams
            except BadAnswerError as exc:
                if begun:
                    raise
                log.info("%s: %s does not stream: %s", self.persona.name, self.model.name, exc)
        more: dict[str, Any] = {} if caller is None else {"caller": caller}
        whole = await self._complete(question.prompt, freer=question.tries * FREER, **more)
        self._no_streams = True
        yield Whole(whole)

    async def _streamed(self, question: Question, caller: Any) -> AsyncGenerator[Any, None]:
        more: dict[str, Any] = {"freer": question.tries * FREER} | ({} if caller is None else {"caller": caller})
        offer, prompt = question.offer, question.prompt
        if offer and self._takes_tools:
            try:
                async with aclosing(self._pieces(prompt, tools=offer.tools(), **more)) as pieces:
                    async for piece in pieces:
                        yield piece
                return  # noqa: TRY300 - what follows is for servers without tools
            except BadRequestError as exc:  # it is no tool's fault if the next one fails as well
                log.info("%s: %s takes no tools, so it is told of marks: %s", self.persona.name, self.model.name, exc)
                self._no_tools = True
                prompt = replace(prompt, system=f"{prompt.system}\n{offer.words(prompt.persona.language)}")
        elif offer and self.model.grammars:
            more["grammar"] = offer.grammar()
        async with aclosing(self._pieces(prompt, **more)) as pieces:
            async for piece in pieces:
                yield piece

    async def review(self, text: str, speech: Speech) -> str | Masked | None:
        """What the reviewers say of *text*, an answer to *speech*."""
        return await self._review(text, "model", speech.speaker)

    def remember(self, speech: Speech, room: Room, said: str) -> None:
        """Keep in mind that *said* was answered to *speech*."""
        self._memory.remember(speech, room, said)

    @property
    def _takes_tools(self) -> bool:
        return self.model.endpoint == "chat" and not self.model.grammars and not self._no_tools

    # -- the model -----------------------------------------------------------------------------------------------------

    async def _recall(self, speech: Speech, room: Room) -> Remembered:
        try:
            return await self._memory.recall(speech, room)
        except MudbotError as exc:  # an innkeeper who forgets is better than one who is mute
            log.warning("%s does not remember: %s", self.persona.name, exc)
            return Remembered()

    async def warm(self) -> None:
        """Let the model read the persona once, so that the first answer need not wait for it.  Raises ApiError."""
        prompt = build(self.persona, Scene(), "guest", "hello")
        await self._complete(prompt, max_tokens=1)

    def fallback(self, speech: Speech, why: str, *, answering: bool = True) -> Answer:
        """A line of the persona's own, because of *why*; not *answering* where what was said was refused."""
        log.warning("%s falls back: %s", self.persona.name, why)
        asked = speech.text or ""
        text = self.persona.spoken_to(asked).fallback(asked, answering=answering)
        return Answer(text, "fallback", why, speech)

    async def _ask(self, prompt: Prompt, speech: Speech, caller: Any) -> Answer:
        why, more = "", {} if caller is None else {"caller": caller}
        for number in range(TRIES):
            answer = await self._complete(prompt, freer=number * FREER, **more)
            verdict = check.check(answer, persona=prompt.persona, prompt=prompt, asked=speech.text or "")
            if not verdict.ok:
                why = f"the answer does not do: {verdict.reason}"
                continue
            if reason := await self._review(verdict.text, "model", speech.speaker):
                if isinstance(reason, Masked):
                    return Answer(reason.text, "model", speech=speech)
                why = f"not said: {reason}"
                continue
            return Answer(verdict.text, "model", speech=speech)
        return self.fallback(speech, why)

    async def _complete(self, prompt: Prompt, *, freer: float = 0.0, **more: Any) -> str:
        params = self._params(prompt, freer) | more
        if self.model.endpoint == "chat":
            answer = await self._texts.chat(prompt.messages(), model=self.model.name, **params)
        else:
            answer = await self._texts.complete(prompt.transcript(), model=self.model.name, **params)
        return str(answer.text)

    def _pieces(self, prompt: Prompt, *, freer: float = 0.0, **more: Any) -> AsyncGenerator[Any, None]:
        params = self._params(prompt, freer) | more
        if self.model.endpoint == "chat":
            return self._texts.chat_stream(prompt.messages(), model=self.model.name, **params)
        return self._texts.complete_stream(prompt.transcript(), model=self.model.name, **params)

    def _params(self, prompt: Prompt, freer: float) -> dict[str, Any]:
        chat = self.model.endpoint == "chat"
        sampling = self.persona.sampling.of(self.model.name, self.model.endpoint)
        params = sampling.model_dump(exclude={"stop"})
        if freer:
            params["temperature"] = max(sampling.temperature, min(1.0, sampling.temperature + freer))
        if stop := sampling.stop if chat else tuple(dict.fromkeys((*prompt.stop, *sampling.stop)))[:4]:
            params["stop"] = list(stop)  # an empty list is an error to some servers
        return params
