"""An answer comes sentence by sentence: the first at once, each fit to be said, nothing too late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from mudbot.errors import ApiError, BadAnswerError, BadRequestError, MudbotError, ServerError
from mudbot.events import Room, Speech, SpeechKind
from mudbot.mind.actions import Action, Actions
from mudbot.mind.character import Character, Model
from mudbot.mind.check import Rules
from mudbot.mind.moderation import Masked
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import Remembered
from mudbot.mind.speaking import Options, Sentence
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

PERSONA = Persona.model_validate(
    {
        "name": "Chen",
        "languages": ["en", "zh"],
        "description": {"en": "Chen keeps a small inn by the river.", "zh": "Chen在河边开了一家小店。"},
        "fallbacks": {"en": ["Hm? Say that again."], "zh": ["啊？再说一遍？"]},
        "thinking": {"en": ["strokes his beard."], "zh": ["捋了捋胡子。"]},
        "excuses": {"en": ["The kitchen calls."], "zh": ["厨房叫我。"]},
        "never": ["internet"],
    }
)
INN = Room("The Inn", people=("Ann", "Chen", "Bob"))
Piece = str | Exception | Callable[[], Any]


class Texts:
    """A model that writes the pieces that it was given, an answer for each question."""

    def __init__(self, *answers: Sequence[Piece]) -> None:
        self.answers = list(answers)
        self.params: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.closed = 0
        self.whole: list[str] = []

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Any:
        return SimpleNamespace(text=self.whole.pop(0))

    async def complete(self, prompt: str, *, model: str, **params: Any) -> Any:
        raise AssertionError("it is to be streamed")

    def chat_stream(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any
    ) -> AsyncGenerator[Any, None]:
        return self._write("\n".join(str(each["content"]) for each in messages), params)

    def complete_stream(self, prompt: str, *, model: str, **params: Any) -> AsyncGenerator[Any, None]:
        return self._write(prompt, params)

    async def _write(self, prompt: str, params: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.asked.append(prompt)
        self.params.append(params)
        try:
            for piece in self.answers.pop(0):
                if isinstance(piece, Exception):
                    raise piece
                made = piece if isinstance(piece, str) else await piece()
                if isinstance(made, str):
                    yield SimpleNamespace(text=made, choices=())
                elif made is not None:
                    yield made
        finally:
            self.closed += 1


class Inn:
    """Chen among fakes."""

    def __init__(self, *answers: Sequence[Piece], endpoint: Literal["chat", "completions"] = "chat") -> None:
        self.clock, self.texts = FakeClock(), Texts(*answers)
        self.remembered: list[tuple[str, str]] = []
        self.reviewed: list[tuple[str, str]] = []
        self.refuses: Callable[[str], str | Masked | None] = lambda _text: None
        self.parts: list[Sentence] = []
        self.chen = Character(PERSONA, self.texts, Model("m", endpoint), memory=self, review=self._review)
        self.chen.clock = self.clock

    async def recall(self, _speech: Speech, _room: Room) -> Remembered:
        return Remembered()

    def remember(self, speech: Speech, _room: Room, answer: str) -> None:
        self.remembered.append((speech.text or "", answer))

    async def _review(self, text: str, source: Literal["player", "model"], _speaker: str | None) -> str | Masked | None:
        self.reviewed.append((source, text))
        return self.refuses(text)

    async def hear(self, text: str = "hello", kind: SpeechKind = "say", at: float = 0.0, **options: Any) -> list[str]:
        """What is said to *text*; emotes in stars, commands behind a slash."""
        async with aclosing(self.chen.speak(Speech(kind, "Ann", text, at=at), INN, Options(**options))) as parts:
            async for part in parts:
                self.parts.append(part)
        return self.texts_said

    def begin(self, text: str = "hello", **more: Any) -> asyncio.Task[list[str]]:
        return asyncio.create_task(self.hear(text, **more))

    @property
    def texts_said(self) -> list[str]:
        signs = {"words": "{}", "emote": "*{}*", "command": "/{}"}
        return [signs[part.kind].format(part.text) for part in self.parts]


# -- sentence by sentence ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
@pytest.mark.parametrize(
    ("asked", "written", "said"),
    [
        (
            "hello",
            ["Welcome", " to my inn.", " Sit", " down", ", friend!"],
            ["Welcome to my inn.", "Sit down, friend!"],
        ),
        ("你好", ["客官里面", "请。", "米酒五文", "一碗！"], ["客官里面请。", "米酒五文一碗！"]),
    ],
)
async def test_the_first_sentence_is_said_before_the_second_is_written(
    endpoint: Literal["chat", "completions"], asked: str, written: list[str], said: list[str]
) -> None:
    """With the mark that ends it: the next word may take as long as a whole word of a slow model."""
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    inn = Inn([*written[:2], wait, *written[2:]], endpoint=endpoint)
    speaking = inn.begin(asked)
    await settle()
    assert inn.texts_said == said[:1]
    gate.set()
    assert await speaking == said
    assert inn.remembered == [(asked, "".join(said) if "。" in said[0] else " ".join(said))]


async def test_each_sentence_is_reviewed_with_what_stands_before_it() -> None:
    """What is unfit may begin a sentence earlier."""
    inn = Inn(["Welcome to my inn. Sit down, friend."])
    await inn.hear()
    assert inn.reviewed == [
        ("player", "hello"),
        ("model", "Welcome to my inn."),
        ("model", "Welcome to my inn. Sit down, friend."),
    ]


async def test_names_quotes_and_the_next_speaker_are_not_said() -> None:
    """And where the model goes on with the script, it is not listened to any more."""
    inn = Inn(['Chen: "Welcome to my inn. ', 'Sit down, friend."\nAnn: thanks\n', "Chen: You are welcome."])
    assert await inn.hear() == ["Welcome to my inn.", "Sit down, friend."]
    assert inn.texts.closed == 1


async def test_no_more_is_said_than_an_answer_may_have() -> None:
    inn = Inn(
        [
            "The road to the north is long, my friend, and the dust lies deep on it. ",
            "Take bread with you for three days. Drink only where the monks drink. ",
            "My wife used to walk there in spring, when the plums were in flower. ",
            "Never sleep beside the old mill, for the roof is about to fall. ",
            "If you meet a man with one eye, give him whatever he asks of you. ",
            "Come back before the snow falls.",
        ]
    )
    said = await inn.hear()
    assert 250 < len(" ".join(said)) <= 320


async def test_half_a_sentence_at_the_end_is_not_said() -> None:
    inn = Inn(["Welcome to my inn. And then I"])
    assert await inn.hear() == ["Welcome to my inn."]


# -- what does not do ----------------------------------------------------------------------------------------------


async def test_a_first_sentence_that_does_not_do_is_asked_for_once_more() -> None:
    inn = Inn(["As an AI, I cannot drink. Sorry."], ["Welcome, my friend."])
    assert await inn.hear() == ["Welcome, my friend."]


async def test_after_the_second_time_the_character_says_its_own_in_the_speakers_language() -> None:
    inn = Inn(["I am an AI."], ["I am an AI."], ["人工智能。"], ["我是一个AI助手。"])
    assert await inn.hear("hello") == ["Hm? Say that again."]
    assert (inn.parts[0].source, inn.parts[0].why) == ("fallback", "the answer does not do: discloses a model")
    assert (await inn.hear("你好"))[1:] == ["啊？再说一遍？"]
    assert inn.remembered == []


async def test_the_second_try_is_freer_than_the_first_up_to_a_bound() -> None:
    inn = Inn(["I am an AI."], ["I am an AI."])
    await inn.hear()
    assert [params["temperature"] for params in inn.texts.params] == [0.7, 1.0]


@pytest.mark.parametrize("refused", [False, True])
async def test_spoken_lore_answers_where_the_model_does_not_but_nothing_that_was_refused(*, refused: bool) -> None:
    inn = Inn(["I am an AI."], ["I am an AI."])
    inn.chen.persona = Persona.model_validate(
        {
            "name": "Chen",
            "language": "en",
            "description": "Chen.",
            "fallbacks": ["Hm?"],
            "lorebook": {"spoken": True},
            "lore": [{"keys": ["ferry"], "text": "The ferry goes at dawn."}],
        }
    )
    inn.refuses = lambda text: "unfit" if refused and "ferry" in text else None
    assert await inn.hear("When is the ferry?") == ["Hm?" if refused else "The ferry goes at dawn."]
    assert inn.parts[0].source == "fallback"


async def test_a_later_failure_ends_the_answer_there() -> None:
    """It is not asked for again, and what was said is remembered."""
    inn = Inn(["Welcome to my inn. The internet is down. Sit down."])
    assert await inn.hear() == ["Welcome to my inn."]
    assert (len(inn.texts.asked), inn.remembered) == (1, [("hello", "Welcome to my inn.")])


async def test_a_later_sentence_that_a_reviewer_refuses_is_never_said() -> None:
    inn = Inn(["Welcome to my inn. You are an ass. Sit down."])
    inn.refuses = lambda text: "rude" if "ass" in text else None
    assert await inn.hear() == ["Welcome to my inn."]


async def test_hidden_words_are_said_hidden() -> None:
    inn = Inn(["Welcome to my inn. You are an ass."])
    inn.refuses = lambda text: Masked(text.replace("ass", "***")) if "ass" in text else None
    assert await inn.hear() == ["Welcome to my inn.", "You are an ***."]


async def test_what_follows_hidden_words_is_said_as_well() -> None:
    """Reviewers see what was said with the words hidden, as everybody does."""
    inn = Inn(["You are an ass. Sit down, you ass. I bring you some rice wine."])
    inn.refuses = lambda text: Masked(text.replace("ass", "***")) if "ass" in text else None
    assert await inn.hear() == ["You are an ***.", "Sit down, you ***.", "I bring you some rice wine."]
    assert inn.reviewed[-1] == ("model", "You are an ***. Sit down, you ***. I bring you some rice wine.")


async def test_what_would_have_to_be_hidden_after_it_was_said_ends_the_answer() -> None:
    inn = Inn(["Welcome to my inn. Sit down, friend."])
    inn.refuses = lambda text: Masked(text.replace("inn", "***")) if "Sit" in text else None
    assert await inn.hear() == ["Welcome to my inn."]


async def test_a_line_that_breaks_in_the_midst_ends_with_a_word_of_excuse() -> None:
    inn = Inn(["Welcome to my inn. Sit", ServerError("gone")])
    assert await inn.hear() == ["Welcome to my inn.", "The kitchen calls."]
    assert inn.remembered == [("hello", "Welcome to my inn.")]


@pytest.mark.parametrize("error", [ApiError("away"), ServerError("500")])
async def test_a_line_that_breaks_before_the_first_is_a_prepared_line(error: ApiError) -> None:
    inn = Inn(["Welc", error])
    assert await inn.hear() == ["Hm? Say that again."]


async def test_an_answer_that_is_none_is_asked_for_again() -> None:
    inn = Inn([""], [])
    assert await inn.hear() == ["Hm? Say that again."]
    assert len(inn.texts.asked) == 2


async def test_a_server_that_does_not_stream_is_asked_for_the_whole() -> None:
    """From then on only for that; it is said sentence by sentence all the same."""
    inn = Inn([BadAnswerError("this is no stream")])
    inn.texts.whole = ["Welcome to my inn. Sit down.", "Sit down, friend."]
    assert await inn.hear() == ["Welcome to my inn.", "Sit down."]
    assert (await inn.hear())[2:] == ["Sit down, friend."]
    assert (len(inn.texts.asked), inn.texts.whole) == (1, [])


async def test_a_refused_question_is_never_sent() -> None:
    inn = Inn()
    inn.refuses = lambda _text: "rude"
    assert await inn.hear() == ["Hm? Say that again."]
    assert inn.texts.asked == []


async def test_a_program_error_is_not_hidden() -> None:
    inn = Inn([MudbotError("a bug")])
    with pytest.raises(MudbotError, match="a bug"):
        await inn.hear()


async def test_a_program_plays_it_may_be_said_where_the_owner_discloses_it() -> None:
    """The makers of models are named in no case."""
    inn = Inn(["I am a program, friend, played by an AI."], ["Qwen is my name."], ["Qwen is my name."])
    assert await inn.hear(rules=Rules(disclose=True)) == ["I am a program, friend, played by an AI."]
    assert (await inn.hear(rules=Rules(disclose=True)))[1:] == ["Hm? Say that again."]


async def test_real_people_of_the_owners_list_are_not_named() -> None:
    inn = Inn(["Ask Wang Wei of the post office."], ["Ask at the post office, friend."])
    assert await inn.hear(rules=Rules(people=("Wang Wei",))) == ["Ask at the post office, friend."]


# -- time ----------------------------------------------------------------------------------------------------------


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def test_two_seconds_of_silence_are_filled() -> None:
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    inn = Inn([wait, "Welcome, my friend."])
    speaking = inn.begin(thinking=True)
    await inn.clock.advance(1.9)
    assert inn.texts_said == []
    await inn.clock.advance(0.2)
    assert inn.texts_said == ["*strokes his beard.*"]
    gate.set()
    assert await speaking == ["*strokes his beard.*", "Welcome, my friend."]
    assert inn.parts[0].source == "waiting"


@pytest.mark.parametrize(("kind", "thinking"), [("tell", True), ("say", False), ("channel", True)])
async def test_nobody_is_shown_thinking_where_nobody_would_see_it(kind: SpeechKind, *, thinking: bool) -> None:
    inn = Inn([never])
    speaking = inn.begin(kind=kind, thinking=thinking)
    await inn.clock.advance(5)
    assert inn.texts_said == []
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking


async def test_a_fast_answer_shows_no_thinking() -> None:
    inn = Inn(["Welcome to my inn. ", never, "Sit down."])
    speaking = inn.begin(thinking=True)
    await inn.clock.advance(10)
    assert inn.texts_said == ["Welcome to my inn."]
    await inn.clock.advance(30)
    assert await speaking == ["Welcome to my inn."]


async def test_a_model_that_hangs_is_a_prepared_line() -> None:
    inn = Inn([never])
    speaking = inn.begin()
    await inn.clock.advance(18.9)
    assert not speaking.done()
    await inn.clock.advance(0.2)
    assert await speaking == ["Hm? Say that again."]
    assert inn.texts.closed == 1


async def test_what_waited_half_a_minute_is_not_answered() -> None:
    inn = Inn(["Welcome."])
    assert await inn.hear(at=inn.clock.now() - 30) == []
    assert inn.texts.asked == []


async def test_what_waited_long_has_less_time() -> None:
    inn = Inn([never])
    speaking = inn.begin(at=inn.clock.now() - 25)
    await inn.clock.advance(5.1)
    assert len(await speaking) == 1


async def test_who_leaves_early_ends_the_model_and_what_was_said_is_remembered() -> None:
    inn = Inn(["Welcome to my inn. ", never])
    speaking = inn.begin()
    await settle()
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    assert (inn.texts.closed, inn.remembered) == (1, [("hello", "Welcome to my inn.")])


# -- actions -------------------------------------------------------------------------------------------------------


def actions(clock: FakeClock) -> Actions:
    return Actions(
        {
            "bow": Action(emote="bows."),
            "pour": Action.model_validate(
                {"command": "pour {what} for {who}", "arguments": {"what": ["tea", "wine"], "who": "person"}}
            ),
        },
        clock,
    )


def tool(name: str, *arguments: str) -> list[Callable[[], Any]]:
    """Pieces of a stream that call a tool."""

    def piece(name: str, text: str) -> Callable[[], Any]:
        async def made() -> Any:
            call = SimpleNamespace(index=0, function=SimpleNamespace(name=name, arguments=text))
            delta = SimpleNamespace(tool_calls=[call])
            return SimpleNamespace(text="", choices=[SimpleNamespace(delta=delta)])

        return made

    return [piece(name, ""), *(piece("", text) for text in arguments)]


async def test_a_mark_behind_the_words_is_done_and_not_said() -> None:
    inn = Inn(["Here you are, friend. ", "[po", "ur what=tea who=Ann]"], endpoint="completions")
    assert await inn.hear(actions=actions(inn.clock)) == ["Here you are, friend.", "/pour tea for Ann"]
    assert "[pour what=tea|wine who=NAME]" in inn.texts.asked[0]
    assert inn.remembered == [("hello", "Here you are, friend.")]


async def test_a_tool_that_is_called_is_done() -> None:
    inn = Inn(["Here you are, friend.", *tool("pour", '{"what": "wi', 'ne", "who": "ann"}')])
    assert await inn.hear(actions=actions(inn.clock)) == ["Here you are, friend.", "/pour wine for Ann"]
    assert [each["function"]["name"] for each in inn.texts.params[0]["tools"]] == ["bow", "pour"]
    assert "[pour" not in inn.texts.asked[0]


async def test_a_server_without_tools_is_told_of_marks_from_then_on() -> None:
    inn = Inn([BadRequestError("tools?")], ["Welcome, friend. [bow]"], ["Welcome, friend."])
    assert await inn.hear(actions=actions(inn.clock)) == ["Welcome, friend.", "*bows.*"]
    await inn.hear(actions=actions(inn.clock))
    assert ["tools" in params for params in inn.texts.params] == [True, False, False]
    assert all("[bow]" in asked for asked in inn.texts.asked[1:])


async def test_a_model_that_takes_grammars_is_held_to_the_list() -> None:
    inn = Inn(["Welcome, friend. [bow]"])
    inn.chen.model = Model("m", "chat", grammars=True)
    assert await inn.hear(actions=actions(inn.clock)) == ["Welcome, friend.", "*bows.*"]
    assert '"pour" " what=" ("tea" | "wine")' in inn.texts.params[0]["grammar"]


async def test_a_deed_alone_is_an_answer_too() -> None:
    inn = Inn(tool("bow", "{}"))
    assert await inn.hear(actions=actions(inn.clock)) == ["*bows.*"]


async def test_without_actions_a_mark_does_nothing() -> None:
    inn = Inn(["Welcome, friend. [bow]", *tool("bow", "{}")])
    said = await inn.hear()
    assert all(part.kind == "words" for part in inn.parts)
    assert said[0] == "Welcome, friend."
