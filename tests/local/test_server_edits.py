"""POST /edits: what the model is asked, and what of its answer is given on."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.local.server.bodies import _MANY_CHOICES
from tests.local.server_fakes import FakeModel, fake_parts, serving


async def edited(words: tuple[str, ...], **body: Any) -> tuple[list[str], FakeModel]:
    """The texts of an edit that the model answers with *words*, and the model."""
    model = FakeModel(words)
    async with serving(fake_parts(model)) as client:
        answer = await client.post("/edits", model="text-davinci-edit-001", **body)
    assert answer.status == 200, answer.text
    return [choice["text"] for choice in answer.json["choices"]], model


@pytest.mark.parametrize(
    ("given", "said", "text"),
    [
        ("hello", '"Hello"', "Hello"),
        ('"hello"', '"Hello"', '"Hello"'),
        ("你好", "“您好”", "您好"),
        ("hello", "Text:\nHello", "Hello"),
        ("hello\n", " Hello ", "Hello\n"),
        ("hello", '"Hello" and "bye"', '"Hello" and "bye"'),
        ("hello", '"', '"'),
        ("hello", "", ""),
    ],
)
async def test_what_small_models_put_around_a_text_is_taken_off(given: str, said: str, text: str) -> None:
    """Labels and quotes that the given text did not have; its line end is put back."""
    texts, _ = await edited((said,), input=given, instruction="Begin with a capital.")
    assert texts == [text]


@pytest.mark.parametrize(("instruction", "chinese"), [("Fix it.", False), ("改正错别字。", True)])
async def test_the_examples_are_of_the_instructions_language(instruction: str, chinese: bool) -> None:
    """Examples of another language make small models answer in it."""
    _, model = await edited(("x",), input="text", instruction=instruction)
    *examples, last = [message["content"] for message in model.asked[0]["messages"][1:]]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in example) == chinese for example in examples)
    assert last.index("text") < last.index(instruction)


async def test_several_edits_have_their_own_seeds_and_the_wished_heat() -> None:
    """Cool unless another temperature is asked for: the text is to be kept."""
    texts, model = await edited(("a",), input="x", instruction="y", n=2, seed=5, top_p=0.5)
    assert texts == ["a", "a"]
    assert [asked["seed"] for asked in model.asked] == [5, 6]
    assert (model.asked[0]["temperature"], model.asked[0]["top_p"]) == (0.2, 0.5)
    _, model = await edited(("a",), input="x", instruction="y", temperature=1.5)
    assert model.asked[0]["temperature"] == 1.5


async def test_without_a_text_one_is_written() -> None:
    """The input may be left out, be empty or null, as at OpenAI."""
    for body in ({}, {"input": ""}, {"input": None}):
        texts, model = await edited(("A poem.",), instruction="Write a poem.", **body)
        assert texts == ["A poem."]
        assert "write one" in model.asked[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x"}, "instruction"),
        ({"input": "x", "instruction": ""}, "instruction"),
        ({"input": 5, "instruction": "y"}, "input"),
        ({"input": "x", "instruction": "y", "n": 0}, "n"),
        ({"input": "x", "instruction": "y", "n": _MANY_CHOICES + 1}, "n"),
        ({"input": "x", "instruction": "y", "temperature": 3}, "temperature"),
        ({"input": "x" * 100_001, "instruction": "y"}, "input"),
    ],
)
async def test_a_wrong_field_of_an_edit_is_named(body: dict[str, Any], param: str) -> None:
    """And the model is not asked."""
    model = FakeModel()
    async with serving(fake_parts(model)) as client:
        answer = await client.post("/edits", **body)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert not model.asked


async def test_an_edit_that_met_the_bound_says_so() -> None:
    """A text that was cut must not be taken for the whole."""
    model = FakeModel(("half",))

    async with serving(fake_parts(model)) as client:
        answer = await client.post("/edits", input="x", instruction="y")
        old = await client.post("/engines/text-davinci-edit-001/edits", input="x", instruction="y")
    assert answer.json["choices"][0]["finish_reason"] == "stop"
    assert answer.json["object"] == "edit"
    assert old.json["choices"] == answer.json["choices"]
    assert model.asked[0]["max_tokens"] == 97
