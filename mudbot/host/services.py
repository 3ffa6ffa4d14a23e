"""What a plugin can do: speak in its MUD (``self.mud``), ask models (``self.ai``), note decisions (``self.notes``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mudbot.errors import BadAnswerError, PluginError, RefusedError
from mudbot.events import Command, Room, Speech

if TYPE_CHECKING:
    from mudbot.api import Api, Caller, Moderation
    from mudbot.host.marks import CommandMark
    from mudbot.host.triggers import Triggers
    from mudbot.mind.character import Answer, Character
    from mudbot.mud.session import Session
    from mudbot.store.pictures import Picture, Pictures
    from mudbot.store.store import Store

Reviewer = Callable[[str, Literal["player", "model"], str | None], Awaitable[str | None]]


class Mud:
    """The MUD of this session.  Whatever is said passes the gate: it arrives as words, never as a command."""

    def __init__(
        self,
        session: Session,
        character: Character,
        *,
        may_command: bool,
        colleagues: Callable[[], set[str]] = set,
    ) -> None:
        self._session, self._character, self._may_command = session, character, may_command
        self._colleagues = colleagues

    def __repr__(self) -> str:
        return repr(self._session)

    @property
    def session(self) -> str:
        """The session's name."""
        return self._session.name

    @property
    def room(self) -> Room:
        """Where the character is, as far as it is known."""
        return self._session.room.current

    async def look(self) -> Room:
        """Look around and return the room."""
        return await self._session.look()

    def addressed(self, speech: Speech) -> bool:
        """Whether somebody speaks to the character, in a way that can be answered.

        Never another character of this bot's: the two would go on for ever.
        """
        from mudbot.mind.address import addressed
        from mudbot.mud.spelling import in_both_scripts

        names = in_both_scripts(self._session.character.name, *self._character.persona.names)
        return self._session.can_answer(speech) and not self.colleague(speech) and addressed(speech, names, self.room)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*."""
        return self._session.can_answer(speech)

    def colleague(self, speech: Speech) -> bool:
        """Whether another character of this bot's speaks: the two must not answer each other for ever."""
        return (speech.speaker or "").casefold() in self._colleagues()

    async def say(self, text: str) -> None:
        """Say *text* in the room."""
        self._session.say("say", text)

    async def tell(self, who: str, text: str) -> None:
        """Tell *who* in private."""
        self._session.say("tell", text, who)

    async def channel(self, name: str, text: str) -> None:
        """Say *text* on the channel *name*, as the MUD shows it."""
        self._session.say("channel", text, name)

    async def emote(self, text: str) -> None:
        """Do something for all to see."""
        self._session.say("emote", text)

    async def reply(self, to: Speech | Command, text: str, *, typing: bool = False) -> None:
        """Say *text* where *to* was said: in the room, in private, on its channel.

        With *typing* not before the character could have typed it: for conversation, not for the answers of a machine.
        """
        self._session.answer(to.speech if isinstance(to, Command) else to, text, typing=typing)

    async def send(self, *commands: str) -> None:
        """Send raw commands; none if one of them is not one plain line, which raises GateError.

        Only for plugins to which the owner granted ``permissions: {commands: true}``.
        """
        if not self._may_command:
            raise PluginError("raw commands want the owner's permission: plugins.NAME.permissions.commands: true")
        for command in commands[1:]:
            self._session.voice.plain(command)
        for command in commands:
            self._session.command(command)


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


class Notes:
    """Decisions that the owner may want to read later."""

    def __init__(self, store: Store, session: str) -> None:
        self._store, self._session = store, session

    def decision(self, reason: str, text: str, *, source: str, speaker: str | None) -> None:
        """Note that *text* was refused, and why."""
        self._store.write(
            "decisions", session=self._session, speaker=speaker or "", source=source, reason=reason, text=text[:2000]
        )


class Crew(Protocol):
    """All plugins of a session, as ``Bot`` needs them."""

    @property
    def prefix(self) -> str: ...
    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]: ...
    def plugins(self) -> Sequence[tuple[str, bool]]: ...


class Bot:
    """The bot itself: what it can do and how it is."""

    def __init__(self, crew: Crew, session: Session, api: Api, triggers: Triggers) -> None:
        self._crew, self._session, self._api = crew, session, api
        self.triggers = triggers
        """The triggers of this session: what they did; on, off, more of them."""

    @property
    def prefix(self) -> str:
        """What chat commands begin with."""
        return self._crew.prefix

    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every chat command there is for who said *speech*; for anyone without it."""
        return self._crew.commands(speech)

    def status(self) -> Status:
        """How the bot is now."""
        plugins = self._crew.plugins()
        return Status(
            self._session.name,
            self._session.state,
            tuple(name for name, _ in plugins),
            tuple(name for name, paused in plugins if paused),
            self._api.running,
            self._api.waiting,
        )


@dataclass(frozen=True, slots=True)
class Status:
    """The bot at one moment.  Nothing in it that a player must not know: no address, no key."""

    session: str
    state: str
    plugins: tuple[str, ...]
    paused: tuple[str, ...]
    calls: int
    """Calls of the API in flight."""
    waiting: int
    """Calls of the API that wait for their turn."""
