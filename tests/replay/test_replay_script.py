"""The model of a replay: it says what it is given, and asks nobody."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from mudbot.errors import BadRequestError, ConfigError
from mudbot.mud.transcript import question
from mudbot.replay.script import UNKNOWN, Answers, ScriptedApi
from mudbot.store.pictures import inspect
from mudbot.testing import FakeClock


def answers(tmp_path: Path, text: str) -> Answers:
    path = tmp_path / "answers.txt"
    path.write_text(text, encoding="utf-8")
    return Answers.read(path)


def test_answers_come_in_their_order_and_those_to_a_pattern_whenever_it_fits(tmp_path: Path) -> None:
    found = answers(
        tmp_path,
        'first\n\n{"match": "酒|wine", "answer": "Five coins."}\n{"answer": "second"}\n  third  \n',
    )
    asked = ["hello", "any wine?", "who", "好酒！", "so", "and now?"]
    assert [found.to(each) for each in asked] == ["first", "Five coins.", "second", "Five coins.", "third", None]


def test_every_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        answers(tmp_path, '{"answer": 1}\ngood\n{nonsense\n{"match": "(", "answer": ""}\n{"answer": "", "more": 1}\n')
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["1", "3", "4", "5"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing"):
        Answers.read(tmp_path / "nothing.txt")


def test_what_is_asked_is_the_last_that_was_said() -> None:
    """Of a chat, and of a script for a completion: not the examples, nor what was said before."""
    assert question({"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Anna: hi"}]}) == (
        "Anna: hi"
    )
    assert question({"messages": [{"content": [{"type": "text", "text": "Anna: hi"}]}]}) == "Anna: hi"
    script = "An innkeeper.\n\nAnna: hello\nChen: Welcome.\nAnna: hi\n(Chen thinks: wine)\nChen:"
    assert question({"prompt": script}) == "Anna: hi\n(Chen thinks: wine)"
    assert question({}) == ""


async def test_every_endpoint_of_a_bot_is_answered() -> None:
    """Text by the answers, moderation with a pass, pictures with a point, vectors with one for each text."""
    told: list[str] = []
    async with ScriptedApi(Answers(), told.append, FakeClock()) as api:
        assert (await api.chat([{"role": "user", "content": "hi"}], model="m")).text == UNKNOWN
        assert (await api.complete("one\ntwo", model="m")).text == UNKNOWN
        async with aclosing(api.chat_stream([{"role": "user", "content": "and?"}], model="m")) as stream:
            assert "".join([piece.text async for piece in stream]) == UNKNOWN
        assert told == ["hi", "one", "and?"]
        assert not (await api.moderate("hi")).results[0].flagged
        assert len((await api.embed(["a", "b"], model="m")).vectors) == 2
        picture = (await api.image("a tree", model="m")).data[0].content
        assert picture is not None
        assert inspect(picture) == ("image/png", ".png")
        with pytest.raises(BadRequestError, match="--live"):
            await api.models()
