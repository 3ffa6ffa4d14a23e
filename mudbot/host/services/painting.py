"""Pictures as a plugin has them made, changed and found again: behind ``self.ai.image`` and ``self.ai.painting``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from mudbot.errors import BadAnswerError, BadRequestError, HttpError, NotFoundError
from mudbot.events import Command, Speech
from mudbot.host.services.http import MOST_BYTES
from mudbot.mind.scopes import key_of

if TYPE_CHECKING:
    from mudbot.api import Api, Caller
    from mudbot.api.calls import Upload
    from mudbot.api.types import Images
    from mudbot.host.services.http import Http
    from mudbot.host.services.mud import Mud
    from mudbot.mind.persona import Persona
    from mudbot.mind.scene import Order, Scene, Wish
    from mudbot.mind.shape import Language
    from mudbot.mind.styles import Style
    from mudbot.store.pictures import Picture, Pictures

FETCHED_WITHIN = 30.0
"""Seconds from a link that a server answers with to the last byte of the picture."""
MAX_CAPTION = 500
MAX_PLACE, MAX_STYLE, MAX_WORDS = 120, 80, 1000
"""Characters of what is kept beside a picture."""
PICTURE_HOSTS = "api.picture_hosts"
"""Where the owner allows them."""

Pass = Callable[[str, Literal["player", "model"], str | None], Awaitable[str]]
"""A text, where it comes from and who said it, to the text as it may go on.  Raises RefusedError."""


class Label(TypedDict, total=False):
    """What the gallery may say of a picture, and by what it is found again."""

    place: str
    """The room's name."""
    subject: str
    """The same for the same thing to draw."""
    style: str
    words: str
    """What the player asked for."""
    parent: str
    """The id of the picture that it was made from."""
    private: bool
    """Whether it is made of something private, however it is asked for."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf a picture is made."""

    caller: Caller
    name: str = ""
    player: str = ""
    """The login id where the MUD shows it, else the name; empty where nobody can say."""
    private: bool = False
    """Asked for in private, or nobody knows how."""

    @classmethod
    def of(cls, speaker: str | Speech | Command | None, caller: Caller) -> Asker:
        """Who *speaker* is, and how that one spoke."""
        speech = speaker.speech if isinstance(speaker, Command) else speaker
        if isinstance(speech, Speech):
            return cls(caller, speech.speaker or "", key_of(speech), speech.private)
        return cls(caller, speech or "", "", private=True)


class Painting:
    """The painter, and the pictures that there are.  ``self.ai.image`` and its like have them made."""

    def __init__(
        self, api: Api, pictures: Pictures, *, model: str | None, review: Pass, persona: Callable[[], Persona]
    ) -> None:
        self._api, self._pictures, self._model = api, pictures, model
        self._review, self._persona = review, persona
        self.own_style = ""
        """The session's, if it has one; else the persona's counts."""
        self.plain = False
        """Whether it draws what it finds named, and a prompt in fine words helps it nothing: the embedded painter."""
        self.fetch: Http | None = None
        """How a picture is fetched where only its link came."""
        self._lacking: set[tuple[str, str | None]] = set()  # what a model's server cannot do

    def __repr__(self) -> str:
        return f"<Painting by {self._model or 'whatever the server has'}>"

    # -- what is to be drawn -------------------------------------------------------------------------------------------

    @property
    def style(self) -> Style:
        """The session's style, else the persona's, else ink wash."""
        from mudbot.mind.styles import DEFAULT, Style

        chosen = self.own_style or self._persona().picture_style
        return Style.of(chosen) if chosen else DEFAULT

    def language(self, words: str) -> Language:
        """The language that the character answers *words* in."""
        return self._persona().spoken_to(words).language

    def wish(self, command: Command) -> Wish:
        """What a chat command asks for: the room, words, the last picture again or changed."""
        from mudbot.mind.scene import Wish

        return Wish.of(command.name, command.rest)

    async def see(self, mud: Mud) -> Scene:
        """Where the character is: by GMCP where that describes the room, else by a look."""
        from mudbot.mind.scene import Scene

        room = mud.room
        if not (room.extra and room.name and room.description):
            room = await mud.look()
        return Scene.of(room, gmcp=mud.gmcp, msdp=mud.msdp, people=mud.who)

    def of_scene(self, scene: Scene) -> Order:
        """A picture of a room, in the style of this session."""
        from mudbot.mind.scene import Order

        return Order.of_scene(scene, self.style)

    def of_words(self, words: str) -> Order:
        """A picture of what somebody described."""
        from mudbot.mind.scene import Order

        return Order.of_words(words, self.style)

    def of_picture(self, picture: Picture, change: str = "") -> Order:
        """Another one like *picture*, in its style, with a *change* if there is one."""
        from mudbot.mind.scene import Order
        from mudbot.mind.styles import Style

        return Order.of_picture(picture, change, Style.of(picture.style) if picture.style else self.style)

    def subject(self, order: Order, asker: Asker) -> str:
        """The same for the same thing to draw; what somebody says in private is that one's alone."""
        return order.subject(asker.caller.session, asker.player if asker.private else "")

    # -- what there is -------------------------------------------------------------------------------------------------

    async def find(self, picture_id: str) -> Picture | None:
        """The picture with this id, or None.  Raises StoreError."""
        return await self._pictures.find(picture_id)

    async def known(self, subject: str, since: float, asker: Asker) -> Picture | None:
        """A picture of the same *subject* made *since* then, in seconds since 1970, as *asker* may have it; or None.

        What somebody had drawn in private becomes, asked for aloud, a picture of its own, of the same file: nobody
        learns of the first.  Raises StoreError.
        """
        found = await self._pictures.of_subject(subject, since)
        if found is None or not found.private or (asker.private and found.player == asker.player != ""):
            return found
        data = await _read(found)
        if data is None:
            return None
        label = Label(place=found.place, subject=found.subject, style=found.style)
        return await self._keep(data, found.prompt, found.caption, asker, label, model=found.model)

    # -- made ----------------------------------------------------------------------------------------------------------

    async def paint(self, order: Order, written: str, asker: Asker, **params: Any) -> Picture:
        """What was ordered, as a model has *written* of it, or in plain words.  Raises ApiError and StoreError."""
        parent: Picture | None = order.parent
        label = Label(place=order.place, style=order.style.name, words=order.words)
        label["subject"] = self.subject(order, asker)
        prompt = order.prompt(written)
        if parent is None:
            own, others = ("", prompt) if order.key else (prompt, "")
            return await self.make(own, others, asker, label, **params)
        label |= {"parent": parent.id, "private": parent.private}
        if order.change:
            return await self.change(parent, prompt, asker, label, **params)
        return await self.vary(parent, asker, label, **params)

    async def make(self, prompt: str, quoted: str, asker: Asker, label: Label, **params: Any) -> Picture:
        """A new picture of *prompt* and of what others said of it, *quoted*.  Raises ApiError and StoreError."""
        prompt = await self._review(prompt, "player", asker.name or None) if prompt else ""
        if quoted:
            quoted = await self._review(quoted, "player", None)
        prompt = "\n".join(filter(None, (prompt, quoted)))
        model, params = self._settled(params)
        made = await self._api.image(prompt, model=model, caller=asker.caller, **params)
        return await self._finish(made, prompt, asker, label, model)

    async def change(self, picture: Picture, prompt: str, asker: Asker, label: Label, **params: Any) -> Picture:
        """*picture* as *prompt* describes it.  Raises ApiError and StoreError."""
        model, settled = self._settled(params, size=False)
        upload = await self._upload("edits", model, picture)
        if upload is None:
            return await self.make(prompt, "", asker, label, **params)
        fit = await self._review(prompt, "player", asker.name or None)
        try:
            made = await self._api.edit_image(upload, fit, model=model, caller=asker.caller, **settled)
        except (NotFoundError, BadRequestError):
            return await self._instead("edits", model, self.make(prompt, "", asker, label, **params))
        return await self._finish(made, fit, asker, label, model)

    async def vary(self, picture: Picture, asker: Asker, label: Label, **params: Any) -> Picture:
        """Another one like *picture*.  Raises ApiError and StoreError."""
        model, settled = self._settled(params, size=False)
        upload = await self._upload("variations", model, picture)
        if upload is None:
            return await self.make("", picture.prompt, asker, label, **params)
        try:
            made = await self._api.vary_image(upload, model=model, caller=asker.caller, **settled)
        except (NotFoundError, BadRequestError):
            work = self.make("", picture.prompt, asker, label, **params)
            return await self._instead("variations", model, work)
        return await self._finish(made, picture.prompt, asker, label, model)

    async def _upload(self, what: str, model: str | None, picture: Picture) -> Upload | None:
        """The file of *picture*, for the endpoint *what*; None where there is none, or the server has no such one."""
        from mudbot.api.calls import Upload

        data = None if (what, model) in self._lacking else await _read(picture)
        return None if data is None else Upload(picture.path.name, data, picture.type)

    async def _instead(self, what: str, model: str | None, work: Awaitable[Picture]) -> Picture:
        """A new picture, where *what* was refused; where that is made, it was not the prompt that was refused."""
        picture = await work
        self._lacking.add((what, model))
        return picture

    def _settled(self, params: dict[str, Any], *, size: bool = True) -> tuple[str | None, dict[str, Any]]:
        """The model, and what else is sent to it; without *size* the picture that is sent has one."""
        model = params.get("model") or self._model
        params = {name: value for name, value in params.items() if name != "model" and (size or name != "size")}
        if not (model or "").startswith("gpt-image"):  # those answer with the bytes anyway
            params.setdefault("response_format", "b64_json")
        return model, params

    async def _finish(self, made: Images, prompt: str, asker: Asker, label: Label, model: str | None) -> Picture:
        first = made.data[0]
        data = first.content
        if data is None:
            data = await self._fetched(first.url or "")
        caption = (first.revised_prompt or prompt)[:MAX_CAPTION]
        if caption not in prompt:
            caption = await self._review(caption, "model", asker.name or None)
        return await self._keep(data, prompt, caption, asker, label, model=model or "")

    async def _fetched(self, url: str) -> bytes:
        if not url or self.fetch is None:
            raise BadAnswerError("the image server sent no picture: neither b64_json nor a link that may be fetched")
        try:
            answer = await self.fetch.get(url, timeout=FETCHED_WITHIN, max_bytes=MOST_BYTES)
            return answer.expect_ok().bytes
        except HttpError as exc:
            why = str(exc).replace("permissions.http", PICTURE_HOSTS)
            raise BadAnswerError(f"the image server sent a link, and it was not fetched: {why}") from None

    async def _keep(
        self, data: bytes, prompt: str, caption: str, asker: Asker, label: Label, *, model: str
    ) -> Picture:  # fmt: skip
        return await self._pictures.add(
            data,
            session=asker.caller.session,
            speaker=asker.name,
            prompt=prompt,
            caption=caption,
            player=asker.player,
            character=self._persona().name,
            private=asker.private or label.get("private", False),
            model=model,
            place=label.get("place", "")[:MAX_PLACE],
            subject=label.get("subject", ""),
            style=label.get("style", "")[:MAX_STYLE],
            words=label.get("words", "")[:MAX_WORDS],
            parent=label.get("parent", ""),
        )


async def _read(picture: Picture) -> bytes | None:
    try:
        return await asyncio.to_thread(picture.path.read_bytes)
    except OSError:
        return None  # it was deleted meanwhile
