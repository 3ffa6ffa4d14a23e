"""One answer's way: review, memory, model, check, review; and a line of the character's own where any of them fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import pytest

from mudbot.errors import ApiError, MudbotError, QuotaError, RefusedError
from mudbot.events import Room, Speech, SpeechKind
from mudbot.mind import character as character_module
from mudbot.mind.character import TRIES, Answer, Character, Model
from mudbot.mind.context import Turn
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import Remembered
from mudbot.mind.scopes import key_of

TURNS = 8
PERSONA = Persona.model_validate(
    {
        "name": "Chen",
        "aliases": ["老陈"],
        "language": "en",
        "description": "Chen keeps a small inn by the river.",
        "fallbacks": ["Hm? Say that again.", "Have some tea, friend."],
        "never": ["internet"],
        "sampling": {"chat": {"stop": []}, "completions": {"stop": ["\n", "Ann:"]}},
    }
)
GOOD, BAD = "Welcome to my inn, friend.", "The internet says you are welcome."
INN = Room("The Inn", people=("Ann", "Chen", "Bob"))
Reply = str | Exception | Callable[[], Awaitable[str]]


class Said:
    def __init__(self, text: str) -> None:
        self.text = text


class FakeTexts:
    """A model that says what it was given, one after the other, and notes what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.params: list[dict[str, Any]] = []

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Said:
        return await self._next("\n".join(f"{m['role']}: {m['content']}" for m in messages), model, params)

    async def complete(self, prompt: str, *, model: str, **params: Any) -> Said:
        return await self._next(prompt, model, params)

    def chat_stream(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any
    ) -> AsyncGenerator[Any, None]:
        raise AssertionError("whole answers are asked for here")

    def complete_stream(self, prompt: str, *, model: str, **params: Any) -> AsyncGenerator[Any, None]:
        raise AssertionError("whole answers are asked for here")

    async def _next(self, prompt: str, model: str, params: dict[str, Any]) -> Said:
        self.asked.append(prompt)
        self.params.append({"model": model, **params})
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return Said(reply if isinstance(reply, str) else await reply())


class FakeMemory:
    """Turns by speaker and privacy; or a store that is down."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, bool], list[Turn]] = {}
        self.broken = False

    async def recall(self, speech: Speech, room: Room) -> Remembered:
        if self.broken:
            raise MudbotError("the disk is full")
        return Remembered(self.kept.get((key_of(speech), speech.private), [])[-TURNS:])

    def remember(self, speech: Speech, room: Room, answer: str) -> None:
        said = [Turn(speech.speaker or "", speech.text or "", own=False), Turn(PERSONA.name, answer, own=True)]
        self.kept.setdefault((key_of(speech), speech.private), []).extend(said)


class Reviews:
    """Refuses one text as "unfit", and notes all."""

    def __init__(self, refused: str) -> None:
        self.refused = refused
        self.seen: list[tuple[str, str, str | None]] = []

    async def __call__(self, text: str, source: Literal["player", "model"], speaker: str | None) -> str | None:
        self.seen.append((text, source, speaker))
        return "unfit" if self.refused and text == self.refused else None


class Scene:
    """A character among fakes."""

    def __init__(self, *replies: Reply, endpoint: Literal["chat", "completions"] = "chat", refused: str = "") -> None:
        self.texts, self.memory, self.reviews = FakeTexts(*replies), FakeMemory(), Reviews(refused)
        self.chen = Character(
            PERSONA,
            self.texts,
            Model("m", endpoint),
            memory=self.memory,
            review=self.reviews,
        )

    async def hear(
        self, text: str, speaker: str = "Ann", *, kind: SpeechKind = "say", name_id: str | None = None
    ) -> Answer:
        return await self.chen.answer(Speech(kind, speaker, text, name_id), INN)


# -- the straight way ----------------------------------------------------------------------------------------------


async def test_the_model_is_shown_where_the_character_is_the_ways_out_and_who_else_is_there() -> None:
    """As the MUD said it; the character itself is nobody else, in whatever case the MUD writes its name."""
    scene = Scene(GOOD)
    inn = Room("The Inn", exits=("north", "river path"), people=("Ann", "CHEN", "老陈", "Bob"))
    await scene.chen.answer(Speech("say", "Ann", "hello"), inn)
    assert "(The Inn. Ways out: north, river path. Also here: Bob.)\nAnn: hello" in scene.texts.asked[0]


async def test_where_the_mud_shows_no_ways_out_nothing_is_said_of_them() -> None:
    scene = Scene(GOOD)
    await scene.hear("hello")
    assert "(The Inn. Also here: Bob.)\nAnn: hello" in scene.texts.asked[0]


async def test_the_models_answer_is_said() -> None:
    scene = Scene(GOOD)
    answer = await scene.hear("hello")
    assert (answer.text, answer.source, answer.why) == (GOOD, "model", "")
    assert answer.speech == Speech("say", "Ann", "hello")
    assert scene.reviews.seen == [("hello", "player", "Ann"), (GOOD, "model", "Ann")]


async def test_the_prompt_shows_who_is_here_but_not_the_character_itself() -> None:
    scene = Scene(GOOD)
    await scene.hear("hello")
    assert "(The Inn. Also here: Bob.)\nAnn: hello" in scene.texts.asked[0]


async def test_a_chat_model_gets_messages_and_no_empty_stop() -> None:
    """An empty list of stops is an error to some servers."""
    scene = Scene(GOOD)
    await scene.hear("hello")
    assert scene.texts.asked[0].startswith("system: Chen keeps a small inn")
    assert scene.texts.params[0] == {"model": "m", "temperature": 0.7, "top_p": 0.9, "max_tokens": 60}


async def test_a_completion_model_gets_a_transcript_and_where_it_ends() -> None:
    scene = Scene(GOOD, endpoint="completions")
    await scene.hear("hello")
    assert scene.texts.asked[0].endswith("Ann: hello\nChen:")
    assert scene.texts.params[0]["stop"] == ["\n", "Ann:"]


async def test_warming_asks_for_one_token_and_says_nothing() -> None:
    """Of the same prompt's front; an outage is the caller's to ignore."""
    scene = Scene("x", ApiError("away"))
    await scene.chen.warm()
    assert scene.texts.params[0]["max_tokens"] == 1
    assert (scene.memory.kept, scene.reviews.seen) == ({}, [])
    with pytest.raises(ApiError):
        await scene.chen.warm()


# -- what is refused -----------------------------------------------------------------------------------------------


async def test_a_refused_text_never_reaches_the_model() -> None:
    """Nor the memory: it is not shown to the model the next time either."""
    scene = Scene(GOOD, refused="bad words")
    answer = await scene.hear("bad words")
    assert (answer.source, answer.why) == ("fallback", "not sent: unfit")
    assert answer.text in PERSONA.fallbacks
    assert scene.texts.asked == []
    await scene.hear("hello")
    assert "bad words" not in scene.texts.asked[0]


async def test_an_answer_that_does_not_do_is_asked_for_once_more() -> None:
    scene = Scene(BAD, GOOD)
    answer = await scene.hear("hello")
    assert (answer.text, answer.source) == (GOOD, "model")
    assert scene.texts.asked[0] == scene.texts.asked[1]
    assert [seen[0] for seen in scene.reviews.seen] == ["hello", GOOD]
    assert [params["temperature"] for params in scene.texts.params] == [0.7, 1.0], "or it would say the same again"


async def test_after_the_second_bad_answer_the_character_says_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Always the same line for the same words, with the reason in the log."""
    scene = Scene(BAD, BAD, BAD)
    answer = await scene.hear("hello")
    assert (answer.text, answer.source) == (PERSONA.fallback("hello"), "fallback")
    assert answer.why == "the answer does not do: forbidden words"
    assert answer.speech == Speech("say", "Ann", "hello")
    assert len(scene.texts.asked) == TRIES
    assert "Chen falls back: the answer does not do: forbidden words" in caplog.text


async def test_a_refused_answer_is_asked_for_once_more_and_never_said() -> None:
    scene = Scene("Nasty things I say.", "Nasty things I say.", refused="Nasty things I say.")
    answer = await scene.hear("hello")
    assert (answer.source, answer.why) == ("fallback", "not said: unfit")
    assert len(scene.texts.asked) == TRIES
    assert scene.memory.kept == {}


async def test_what_is_reviewed_is_what_is_said() -> None:
    """Cleaned first: a reviewer must not judge other words than those that are spoken."""
    scene = Scene('Chen: "Welcome to my inn, friend." *bows*')
    answer = await scene.hear("hello")
    assert answer.text == GOOD
    assert scene.reviews.seen[-1] == (GOOD, "model", "Ann")


# -- outages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ApiError("away"), QuotaError("no credit left"), RefusedError("refused: x")])
async def test_an_outage_is_a_line_of_its_own(error: ApiError) -> None:
    """Asked once only: the adapter has tried again already."""
    scene = Scene(error)
    answer = await scene.hear("hello")
    assert (answer.source, answer.why) == ("fallback", str(error))
    assert len(scene.texts.asked) == 1
    assert scene.memory.kept == {}


async def never() -> str:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nothing ends this")


async def test_a_model_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(character_module, "REPLY_WITHIN", 0.001)
    scene = Scene(never)
    answer = await scene.hear("hello")
    assert (answer.source, answer.why) == ("fallback", "no answer within 0 s")


@pytest.mark.parametrize("source", ["player", "model"])
async def test_a_review_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """It may ask a server, too, and the time for a reply is one; nothing unreviewed is sent or said."""
    monkeypatch.setattr(character_module, "REPLY_WITHIN", 0.001)
    scene = Scene(GOOD)

    async def review(text: str, asked: str, _speaker: str | None) -> str | None:
        return await never() if asked == source else None

    scene.chen._review = review
    answer = await scene.hear("hello")
    assert (answer.source, len(scene.texts.asked)) == ("fallback", 0 if source == "player" else 1)


async def test_a_memory_that_is_down_makes_it_forgetful_not_mute(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(GOOD)
    scene.memory.broken = True
    assert (await scene.hear("hello")).source == "model"
    assert "Chen does not remember: the disk is full" in caplog.text


async def test_the_bots_own_end_is_not_an_outage() -> None:
    """A cancelled answer is cancelled, not a fallback line at the door."""
    scene = Scene(never)
    answering = asyncio.create_task(scene.hear("hello"))
    await asyncio.sleep(0)
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering


# -- memory --------------------------------------------------------------------------------------------------------


async def test_an_exchange_is_remembered_in_its_order_and_shown_the_next_time() -> None:
    scene = Scene(GOOD, "Noodles are eight coppers.")
    await scene.hear("hello")
    await scene.hear("what is there to eat?")
    assert scene.memory.kept["name:ann", False] == [
        Turn("Ann", "hello", own=False),
        Turn("Chen", GOOD, own=True),
        Turn("Ann", "what is there to eat?", own=False),
        Turn("Chen", "Noodles are eight coppers.", own=True),
    ]
    second = scene.texts.asked[1]
    assert second.index("Ann: hello") < second.index(GOOD) < second.index("what is there to eat?")


async def test_private_words_are_shown_in_private_and_for_their_speaker_only() -> None:
    """Neither in the room, nor to somebody else who asks in private."""
    scene = Scene(*[GOOD] * 4)
    await scene.hear("my gold is under the oak", kind="tell")
    await scene.hear("what did I say?")
    await scene.hear("what did Ann say?", "Bob", kind="tell")
    await scene.hear("what did I say?", kind="whisper")
    assert ["under the oak" in asked for asked in scene.texts.asked] == [True, False, False, True]


async def test_without_memory_an_answer_stands_alone() -> None:
    """What the bot asks itself in somebody's name is not what he said, and shows nothing of it to others."""
    scene = Scene(*[GOOD] * 3)
    await scene.hear("my gold is under the oak")
    await scene.chen.answer(Speech("say", "Ann", "Sing of Ann."), INN, memory=False)
    await scene.hear("what did I say?")
    assert ["under the oak" in asked for asked in scene.texts.asked] == [True, False, True]
    assert "Sing of Ann" not in scene.texts.asked[2]


async def test_a_speaker_is_the_id_where_the_mud_shows_one() -> None:
    """A borrowed name is not the person; the case of a name is not another one."""
    scene = Scene(*[GOOD] * 4)
    await scene.hear("my gold is under the oak", kind="tell", name_id="ann01")
    await scene.hear("what did I say?", kind="tell", name_id="thief")
    await scene.hear("what did I say?", kind="tell")
    await scene.hear("what did I say?", "Masked", kind="tell", name_id="ANN01")
    assert ["under the oak" in asked for asked in scene.texts.asked] == [True, False, False, True]


async def test_only_the_last_turns_are_shown() -> None:
    scene = Scene(*[GOOD] * 8)
    for number in range(8):
        await scene.hear(f"question {number}")
    shown = [number for number in range(7) if f"question {number}" in scene.texts.asked[-1]]
    assert shown == list(range(7 - TURNS // 2, 7))


async def test_a_fallback_is_not_remembered(caplog: pytest.LogCaptureFixture) -> None:
    """It says nothing about what was asked, and would teach the model to say it again."""
    caplog.set_level(logging.CRITICAL)
    scene = Scene(ApiError("away"), GOOD)
    await scene.hear("first")
    await scene.hear("second")
    assert [turn.text for turn in scene.memory.kept["name:ann", False]] == ["second", GOOD]


async def test_speech_without_words_or_speaker_does_no_harm() -> None:
    """Some MUDs show a speaker as someone, or a say without text."""
    scene = Scene(GOOD)
    answer = await scene.chen.answer(Speech("say", None, None), Room())
    assert answer.source == "model"
    assert scene.reviews.seen[0] == ("", "player", "")
