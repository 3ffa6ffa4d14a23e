"""The models as a plugin sees them (``self.ai``)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, overload

from mudbot.errors import (
    ApiError,
    BadAnswerError,
    BadRequestError,
    LocalError,
    NotFoundError,
    PluginError,
    RefusedError,
    nearest,
)
from mudbot.events import Command, Room, Speech
from mudbot.host.services.messages import Message, messages_of, parted, quoting, resaid, said_in, told
from mudbot.host.services.painting import Asker, Label, Painting
from mudbot.mind.moderation import Masked
from mudbot.mind.sentences import Sentences

if TYPE_CHECKING:
    from mudbot.api import Api, Caller, Chat, Moderation
    from mudbot.host.services.remembering import Remembering
    from mudbot.host.services.structured import Form
    from mudbot.mind.actions import Actions
    from mudbot.mind.character import Answer, Character, Sentence
    from mudbot.mind.scene import Order
    from mudbot.store.pictures import Picture, Pictures

T = TypeVar("T")

Reviewer = Callable[[str, Literal["player", "model"], str | None], Awaitable[str | Masked | None]]
Judge = Callable[[str], Awaitable[Any]]
"""mudbot's own filter: what it says of a text has ``flagged``, ``categories`` and ``category_scores``."""
Urgency = Literal["reply", "normal", "background"]
"""Who goes first when calls wait: before all others what somebody waits for, last what nobody waits for."""
Speaker = str | Speech | Command | None
"""On whose behalf: whose turn in the queue it is, and whose budget pays.  What was said tells its channel as well."""

REVIEWED = 1000
"""Characters of a streamed answer that are reviewed together: what is unfit may begin a few sentences earlier."""
AGAIN = """That is not what was asked for:
{mistakes}
Answer again: the whole of it, mended, as one JSON object and nothing else."""
EDIT = "{instruction}\nAnswer with the changed text and nothing else."


class Ai:
    """The models.  Everything a player said is reviewed before it is sent, every answer before it is returned.

    Every call waits its turn with those of all plugins and sessions, and raises ApiError where no answer comes:
    RefusedError where a reviewer objects, BudgetError where it would cost more than is left.  *speaker* is on whose
    behalf it is made: a name, or what was said; without one it is the plugin's own.  *priority* is ``reply`` where
    somebody waits for it, ``normal``, or ``background``.  *model* is another than the configured one.  All other
    parameters are the endpoint's own, ``temperature=0`` for example.  What ``embed`` and ``moderate`` are given is not
    reviewed.
    """

    def __init__(
        self, api: Api, models: Models, character: Character, *, review: Reviewer, pictures: Pictures, caller: Caller
    ) -> None:
        self._api, self._models, self._character = api, models, character
        self._review, self._caller = review, caller
        self.on_answer: Callable[[Answer], None] = lambda _answer: None
        self.may_paint = False
        self.painting = Painting(
            api, pictures, model=models.image, review=self._pass, persona=lambda: self._character.persona
        )
        """What there is to draw, in which style, and what was drawn already."""
        self.judge: Judge | None = None
        self.memory: Remembering
        """What the character remembers of somebody, for that one alone."""
        self._forms: dict[Any, Form[Any]] = {}
        self._formless: set[str] = set()  # models whose server takes no schema
        self._no_edits = False

    def __repr__(self) -> str:
        return f"<Ai {self._models.dialogue} for {self._caller.plugin}>"

    # -- text ----------------------------------------------------------------------------------------------------------

    async def answer(self, speech: Speech, room: Room, *, memory: bool = True) -> Answer:
        """What the character answers to *speech*; a line of its own where the model fails.

        Without *memory* nothing that was said before comes into it, and it is not remembered.
        """
        caller = self._for(speech, "reply")
        answer = await self._character.answer(speech, room, caller=caller, memory=memory)
        self.on_answer(answer)
        return answer

    async def speak(  # noqa: PLR0913 - each by its name
        self,
        speech: Speech,
        room: Room,
        *,
        memory: bool = True,
        thinking: bool = False,
        actions: Actions | None = None,
        disclose: bool = False,
        people: Sequence[str] = (),
    ) -> AsyncGenerator[Sentence, None]:
        """The same answer part by part, the first sentence as soon as the model has written it.

        >>> async for part in self.ai.speak(speech, self.mud.room):
        ...     await self.mud.act(speech, part)

        Each sentence is checked and reviewed before it is given.  With *thinking* two seconds of silence are filled by
        an emote; *actions*, made by ``self.mud.actions``, are what the model may do besides.  *disclose* lets the
        character say that a program plays it, *people* are real ones whom it must not name.
        """
        from mudbot.mind.character import Answer, Options
        from mudbot.mind.check import Rules
        from mudbot.mind.speaking import joined

        caller, rules = self._for(speech, "reply"), Rules(disclose, tuple(people))
        options = Options(caller, memory, thinking, actions, rules)
        words: list[Sentence] = []
        try:
            async with aclosing(self._character.speak(speech, room, options)) as parts:
                async for part in parts:
                    if part.kind == "words":
                        words.append(part)
                    yield part
        finally:
            if words:
                source: Literal["model", "fallback"] = "fallback" if words[0].source == "fallback" else "model"
                self.on_answer(Answer(joined([part.text for part in words]), source, words[-1].why, speech))

    @overload
    async def chat(
        self,
        user: str | Sequence[Message],
        *,
        system: str = "",
        quoted: str = "",
        into: None = None,
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> str: ...

    @overload
    async def chat(
        self,
        user: str | Sequence[Message],
        *,
        system: str = "",
        quoted: str = "",
        into: type[T],
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> T: ...

    async def chat(  # noqa: PLR0913 - each is one thing that a question may want
        self,
        user: str | Sequence[Message],
        *,
        system: str = "",
        quoted: str = "",
        into: type[Any] | None = None,
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> Any:
        """The model's answer to *user*, a text or a whole conversation, outside the character; *system* tells it how.

        *quoted* is what others said, and the question is about: it stands before the last of *user*, and is reviewed as
        nobody's words, so that whoever asks does not answer for it.

        With *into*, a dataclass, a pydantic model or a type of them (``list[Quest]``, an Enum), the answer is one:

        >>> quest = await self.ai.chat("Rats in the cellar", system="Invent a quest.", into=Quest)

        The server is asked to hold the model to the type where it can, and the model in words in any case.  JSON is
        found in fences and between words; where it does not fit, the model is told its mistakes and asked once more.
        Raises BadAnswerError that names what was wrong then; PluginError for a type that JSON cannot be read as.
        """
        form = None if into is None else self._form(into)
        who = _name(speaker)
        messages = await self._fit(messages_of(user, system), who)
        if quoted:
            messages = quoting(messages, await self._pass(quoted, "player", None))
        settings = params | {"model": model or self._models.dialogue, "caller": self._for(speaker, priority)}
        if form is not None:
            return await self._filled(form, messages, who, settings)
        answer = await self._api.chat(messages, **settings)
        return await self._pass(answer.text, "model", who)

    async def complete(
        self,
        prompt: str,
        *,
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> str:
        """What the model writes after *prompt*; ``max_tokens=`` says how much, ``stop=["\\n"]`` where it ends."""
        who = _name(speaker)
        prompt = await self._pass(prompt, "player", who)
        caller = self._for(speaker, priority)
        answer = await self._api.complete(prompt, model=model or self._models.dialogue, caller=caller, **params)
        return await self._pass(answer.text, "model", who)

    async def stream(
        self,
        user: str | Sequence[Message],
        *,
        system: str = "",
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> AsyncGenerator[str, None]:
        """The answer of ``chat`` sentence by sentence while it is written; together they are the text.

        >>> async for sentence in self.ai.stream("Tell me of the river", speaker=speech):
        ...     await self.mud.reply(speech, sentence)

        Each is reviewed before it is given, with the thousand characters before it.  Where a reviewer objects,
        RefusedError ends the stream, and the model is not listened to any more; what came until then was fit.
        """
        who = _name(speaker)
        messages = await self._fit(messages_of(user, system), who)
        caller = self._for(speaker, priority)
        reader, before = Sentences(), ""
        chunks = self._api.chat_stream(messages, model=model or self._models.dialogue, caller=caller, **params)
        async with aclosing(chunks):
            async for chunk in chunks:
                for sentence in reader.feed(chunk.text):
                    before, fit = await self._pass_on(before, sentence, who)
                    yield fit
        if (rest := reader.rest()).strip():
            yield (await self._pass_on(before, rest, who))[1]

    async def edit(
        self,
        text: str,
        instruction: str,
        *,
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        **params: Any,
    ) -> str:
        """*text* changed as *instruction* says: by ``/edits``, or by a chat where the server has no such endpoint."""
        who = _name(speaker)
        instruction, text = parted(await self._pass(f"{instruction}\n{text}", "player", who), [instruction, text])
        settings = params | {"model": model or self._models.dialogue, "caller": self._for(speaker, priority)}
        edited = None if self._no_edits else await self._edited(text, instruction, settings)
        if edited is None:
            messages = messages_of(text, EDIT.format(instruction=instruction))
            edited = (await self._api.chat(messages, **settings)).text
        return await self._pass(edited, "model", who)

    async def _edited(self, text: str, instruction: str, settings: Mapping[str, Any]) -> str | None:
        try:
            return (await self._api.edit(text, instruction, **settings)).text
        except NotFoundError:  # as everywhere but here, since 2024
            self._no_edits = True
            return None

    # -- all else ------------------------------------------------------------------------------------------------------

    async def image(  # noqa: PLR0913 - each by its name
        self,
        prompt: str,
        *,
        quoted: str = "",
        label: Label | None = None,
        size: str = "1024x1024",
        speaker: Speaker = "",
        priority: Urgency = "normal",
        model: str | None = None,
        **params: Any,
    ) -> Picture:
        """Have a picture made of *prompt* and keep it; its ``link`` is what can be said of it.

        *quoted* is what others said of it, the MUD of a room for example: it stands behind *prompt*, and is reviewed as
        nobody's words.  *label* is what the gallery may say of it: ``{"place": self.mud.room.name}``, and ``subject``,
        ``style``, ``words``, ``parent``.  It stands in the gallery where *speaker* is a Speech or Command that others
        heard.

        Only for plugins to which the owner granted ``permissions: {images: true}``: pictures cost most.
        """
        asker, params = self._asker(speaker, priority), {"size": size, "model": model} | params
        return await self.painting.make(prompt, quoted, asker, label or {}, **params)

    async def edit_image(  # noqa: PLR0913 - as above
        self,
        picture: Picture,
        prompt: str,
        *,
        label: Label | None = None,
        size: str = "1024x1024",
        speaker: Speaker = "",
        priority: Urgency = "normal",
        model: str | None = None,
        **params: Any,
    ) -> Picture:
        """Have *picture* changed into what *prompt*, a description of all of it, says; else as ``image``.

        By ``/images/edits``, or by a new picture of *prompt*, of that *size*, where the server cannot change one.
        """
        asker, params = self._asker(speaker, priority), {"size": size, "model": model} | params
        return await self.painting.change(picture, prompt, asker, label or {}, **params)

    async def vary_image(
        self,
        picture: Picture,
        *,
        label: Label | None = None,
        size: str = "1024x1024",
        speaker: Speaker = "",
        priority: Urgency = "normal",
        model: str | None = None,
        **params: Any,
    ) -> Picture:
        """Have another picture made like *picture*; else as ``image``.

        By ``/images/variations``, or by a new picture of its prompt, of that *size*, where the server makes none.
        """
        asker, params = self._asker(speaker, priority), {"size": size, "model": model} | params
        return await self.painting.vary(picture, asker, label or {}, **params)

    async def paint(self, order: Order, *, written: str = "", speaker: Speech | Command, **params: Any) -> Picture:
        """Have made what ``self.ai.painting`` made an *order* of, as a model has *written* of it; else as ``image``."""
        return await self.painting.paint(order, written, self._asker(speaker, "normal"), **params)

    def asker(self, speaker: Speech | Command) -> Asker:
        """Who *speaker* is to ``self.ai.painting``."""
        return Asker.of(speaker, self._for(speaker, "normal"))

    def pictures_before(self, speaker: Speaker) -> int | None:
        """How many pictures go before the one that *speaker* waits for; None where none of that one waits."""
        return self._api.pictures_before(self._for(speaker, "normal"))

    def _asker(self, speaker: Speaker, priority: Urgency) -> Asker:
        if not self.may_paint:
            where = f"plugins.{self._caller.plugin}.permissions.images: true"
            raise PluginError(f"pictures want the owner's permission: {where}")
        return Asker.of(speaker, self._for(speaker, priority))

    async def embed(
        self,
        texts: str | Sequence[str],
        *,
        speaker: Speaker = None,
        priority: Urgency = "normal",
        model: str | None = None,
        **params: Any,
    ) -> list[list[float]]:
        """The meaning of *texts* as vectors, one for each in their order; the closer two are, the more alike."""
        given = [texts] if isinstance(texts, str) else list(texts)
        caller = self._for(speaker, priority)
        answer = await self._api.embed(given, model=model or self._models.embedding, caller=caller, **params)
        return answer.vectors

    async def moderate(
        self,
        text: str,
        *,
        speaker: Speaker = None,
        priority: Urgency = "reply",
        model: str | None = None,
        local: bool = False,
        **params: Any,
    ) -> Moderation:
        """What the moderation endpoint says of *text*: ``.flagged``, and ``.results[0].categories``.

        With *local* it is mudbot's own filter that says it, here, and nothing is asked of the API: ApiError where it
        is not installed (``pip install 'mudbot[local]'``).
        """
        if local:
            return await self._judged(text)
        caller = self._for(speaker, priority)
        return await self._api.moderate(text, model=model or self._models.moderation, caller=caller, **params)

    async def _judged(self, text: str) -> Moderation:
        from mudbot.api.types import Moderation

        if self.judge is None:
            raise ApiError("there is no local filter here")
        try:
            judged = await self.judge(text)
        except LocalError as exc:
            raise ApiError(f"the local filter: {exc}") from exc
        result = {
            "flagged": judged.flagged, "categories": judged.categories, "category_scores": judged.category_scores
        }  # fmt: skip
        return Moderation.model_validate({"model": "local", "results": [result]})

    async def review(self, text: str, *, source: Literal["player", "model"] = "player", speaker: Speaker = None) -> str:
        """*text* as it may go on, with words hidden perhaps: for what is kept, or said, without a model in between.

        Raises RefusedError where a reviewer objects.  Everything that a model is asked and answers is reviewed anyway.
        """
        return await self._pass(text, source, _name(speaker))

    def _play(self, character: Character, model: str) -> None:
        self._character, self._models = character, replace(self._models, dialogue=model)

    # -- values --------------------------------------------------------------------------------------------------------

    def _form(self, kind: Any) -> Form[Any]:
        from mudbot.host.services.structured import Form

        if kind not in self._forms:
            self._forms[kind] = Form(kind)
        return self._forms[kind]

    async def _filled(
        self, form: Form[Any], messages: list[Message], who: str | None, settings: dict[str, Any]
    ) -> Any:  # fmt: skip
        """The model's answer as *form* wants it; it is told its mistakes once."""
        from mudbot.host.services.structured import Mistakes

        asked, mistakes, answer = told(messages, form.words), "", None
        for _ in range(2):
            answer = await self._chat(asked, form, settings)
            if refusal := _refusal(answer):
                raise RefusedError(f"the model refuses: {refusal}", request_id=answer.request_id)
            try:
                value = form.read(answer.text)
            except Mistakes as exc:
                mistakes = f"{exc}{_cut(answer)}"
            else:
                fit = await self._pass(answer.text, "model", who)
                return value if fit == answer.text else _reread(form, fit)
            written = {"role": "assistant", "content": answer.text or "…"}
            asked = [*asked, written, {"role": "user", "content": AGAIN.format(mistakes=mistakes)}]
        raise BadAnswerError(
            f"{settings['model']} was asked for {form.name} twice and wrote something else: "
            f"{mistakes.replace(chr(10), '; ')}; ask for less at a time, or use a larger model",
            request_id=answer.request_id if answer is not None else None,
        )

    async def _chat(self, messages: list[Message], form: Form[Any], settings: dict[str, Any]) -> Chat:
        """One chat, held to *form* by the server if it can."""
        model = settings["model"]
        if model not in self._formless and "response_format" not in settings:
            try:
                return await self._api.chat(messages, response_format=form.response_format, **settings)
            except BadRequestError:  # it is no schema's fault if the next one fails as well
                answer = await self._api.chat(messages, **settings)
                self._formless.add(model)
                return answer
        return await self._api.chat(messages, **settings)

    # -- whose, and whether --------------------------------------------------------------------------------------------

    def _for(self, speaker: Speaker, priority: Urgency) -> Caller:
        """Whose turn and whose budget a call is."""
        from mudbot.api import Priority

        if priority not in get_args(Urgency):
            known = get_args(Urgency)
            raise PluginError(f"priority {priority!r} is none{nearest(priority, known)}: one of {', '.join(known)}")
        speech = speaker.speech if isinstance(speaker, Command) else speaker
        channel = speech.channel or "" if isinstance(speech, Speech) and speech.kind == "channel" else ""
        return replace(
            self._caller, player=_name(speaker) or "", channel=channel, priority=Priority[priority.upper()]
        )  # fmt: skip

    async def _pass(self, text: str, source: Literal["player", "model"], speaker: str | None) -> str:
        """*text* as it may go on: as it is, or with words hidden.  Raises RefusedError where it may not."""
        answer = await self._review(text, source, speaker)
        if answer and not isinstance(answer, Masked):
            raise RefusedError(f"refused: {answer}")
        return answer.text if isinstance(answer, Masked) else text

    async def _fit(self, messages: list[Message], speaker: str | None) -> list[Message]:
        """*messages* with what the player's side says as it may be sent."""
        said = said_in(messages)
        fit = await self._pass(said, "player", speaker)
        return messages if fit == said else resaid(messages, fit)

    async def _pass_on(self, before: str, sentence: str, speaker: str | None) -> tuple[str, str]:
        """What was streamed, as far as it is reviewed with the next sentence, and *sentence* as it may be said."""
        text = f"{before}{sentence}"
        bare = text.strip()
        fit = await self._pass(bare, "model", speaker)
        if fit != bare:
            said = before.lstrip()
            if not fit.startswith(said):
                raise RefusedError("refused: what was said already would have had to be hidden")
            sentence = fit[len(said) :] + text[len(text.rstrip()) :]
        return f"{before}{sentence}"[-REVIEWED:], sentence


@dataclass(frozen=True, slots=True)
class Models:
    """The models' names, as configured."""

    dialogue: str
    image: str | None
    moderation: str | None
    embedding: str


def _name(speaker: Speaker) -> str | None:
    speech = speaker.speech if isinstance(speaker, Command) else speaker
    return speech.speaker if isinstance(speech, Speech) else speech


def _reread(form: Form[Any], text: str) -> Any:
    """The value in *text*, an answer in which words are hidden.  Raises RefusedError where that broke it."""
    from mudbot.host.services.structured import Mistakes

    try:
        return form.read(text)
    except Mistakes as exc:
        raise RefusedError(f"refused: with words hidden it is no {form.name} any more") from exc


def _refusal(answer: Chat) -> str | None:
    return answer.choices[0].message.refusal if answer.choices else None


def _cut(answer: Chat) -> str:
    cut = answer.choices and answer.choices[0].finish_reason == "length"
    return "\nit was cut off: it must be shorter, or max_tokens= larger" if cut else ""
