"""The models as a plugin sees them (``self.ai``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mudbot.errors import BadAnswerError, PluginError, RefusedError
from mudbot.events import Room, Speech

if TYPE_CHECKING:
    from mudbot.api import Api, Caller, Moderation
    from mudbot.mind.character import Answer, Character
    from mudbot.store.pictures import Picture, Pictures

Reviewer = Callable[[str, Literal["player", "model"], str | None], Awaitable[str | None]]


class Ai:
    """The models.  Everything a player said is reviewed before it is sent, every answer before it is returned."""

    def __init__(
        self, api: Api, models: Models, character: Character, *, review: Reviewer, pictures: Pictures, caller: Caller
    ) -> None:
        self._api, self._models, self._character = api, models, character
        self._review, self._pictures, self._caller = review, pictures, caller
        self.on_answer: Callable[[Answer], None] = lambda _answer: None
        self.may_paint = False

    async def answer(self, speech: Speech, room: Room, *, memory: bool = True) -> Answer:
        """What the character answers to *speech*; a line of its own where the model fails.

        Without *memory* nothing that was said before comes into it, and it is not remembered.
        """
        channel = speech.channel or "" if speech.kind == "channel" else ""
        caller = self._for(speech.speaker, "reply", channel)
        answer = await self._character.answer(speech, room, caller=caller, memory=memory)
        self.on_answer(answer)
        return answer

    async def chat(self, user: str, *, system: str = "", speaker: str | None = None, **params: Any) -> str:
        """The model's answer to *user*, outside the character.  Raises ApiError, RefusedError among them."""
        await self._pass(user, "player", speaker)
        messages: list[Mapping[str, Any]] = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": user})
        caller = self._for(speaker, "reply")
        answer = await self._api.chat(messages, model=self._models.dialogue, caller=caller, **params)
        await self._pass(answer.text, "model", speaker)
        return answer.text

    async def image(self, prompt: str, *, speaker: str = "", size: str = "1024x1024") -> Picture:
        """Have a picture made of *prompt* and keep it.  Raises ApiError, RefusedError among them.

        Only for plugins to which the owner granted ``permissions: {images: true}``: pictures cost most.
        """
        if not self.may_paint:
            raise PluginError("pictures want the owner's permission: plugins.NAME.permissions.images: true")
        await self._pass(prompt, "player", speaker)
        params: dict[str, Any] = {"size": size}
        if not (self._models.image or "").startswith("gpt-image"):  # those answer with the bytes anyway
            params["response_format"] = "b64_json"
        caller = self._for(speaker)
        made = (await self._api.image(prompt, model=self._models.image, caller=caller, **params)).data[0]
        data = made.content
        if data is None:
            raise BadAnswerError("the image server sent a link, not the picture; only b64_json answers are accepted")
        caption = (made.revised_prompt or prompt)[:500]
        session = self._caller.session
        return await self._pictures.add(data, session=session, speaker=speaker, prompt=prompt, caption=caption)

    async def embed(self, texts: Sequence[str], *, speaker: str | None = None) -> list[list[float]]:
        """The meaning of *texts* as vectors.  Raises ApiError."""
        answer = await self._api.embed(list(texts), model=self._models.embedding, caller=self._for(speaker))
        return answer.vectors

    async def moderate(self, text: str, *, speaker: str | None = None) -> Moderation:
        """What the moderation endpoint says of *text*, on account of *speaker*.  Raises ApiError."""
        caller = self._for(speaker, "reply")
        return await self._api.moderate(text, model=self._models.moderation, caller=caller)

    def _for(self, speaker: str | None, urgency: Literal["reply", "normal"] = "normal", channel: str = "") -> Caller:
        """Whose turn and whose budget a call is."""
        from mudbot.api import Priority

        priority = Priority.REPLY if urgency == "reply" else Priority.NORMAL
        return replace(self._caller, player=speaker or "", channel=channel, priority=priority)

    async def _pass(self, text: str, source: Literal["player", "model"], speaker: str | None) -> None:
        if reason := await self._review(text, source, speaker):
            raise RefusedError(f"refused: {reason}")


@dataclass(frozen=True, slots=True)
class Models:
    """The models' names, as configured."""

    dialogue: str
    image: str | None
    moderation: str | None
    embedding: str
