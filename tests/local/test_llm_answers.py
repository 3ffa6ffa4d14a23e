"""OpenAI's answers made from pieces."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.local.answers import REPLY_TOKENS, Answers
from mudbot.local.llm import Piece, Usage
from tests.local.server_fakes import FakeClock, FakeModel

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


async def listed(chunks: Any) -> list[dict[str, Any]]:
    return [chunk async for chunk in chunks]


async def test_a_chat_is_put_together() -> None:
    """Pieces become one message, with usage as the model counted it."""
    answer = await Answers(FakeModel(), FakeClock()).chat(HELLO)
    assert answer.pop("id").startswith("chatcmpl-")
    assert answer == {
        "object": "chat.completion",
        "created": 1_700_001_000,
        "model": "fake-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Well met.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 3,
            "total_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


async def test_several_choices_count_the_prompt_once() -> None:
    """n answers cost n answers and one prompt; their seeds differ."""
    model = FakeModel()
    answer = await Answers(model).chat({**HELLO, "n": 3, "seed": 10})
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert answer["usage"]["total_tokens"] == 7 + 9
    assert [body["seed"] for body in model.asked] == [10, 11, 12]


@pytest.mark.parametrize(
    ("asked", "bound"), [({}, REPLY_TOKENS), ({"max_tokens": 5}, 5), ({"max_tokens": 5, "max_completion_tokens": 6}, 6)]
)
async def test_an_answer_is_always_bounded(asked: dict[str, int], bound: int) -> None:
    """The newer name of the bound wins, and there is one even where none was asked for."""
    model = FakeModel()
    await Answers(model).chat({**HELLO, **asked})
    assert model.asked[0]["max_tokens"] == bound


async def test_a_streamed_chat_says_role_words_and_end() -> None:
    """A stream begins with the role, ends with the reason, and all chunks share an id."""
    chunks = await listed(Answers(FakeModel()).stream_chat(HELLO))
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["delta"] for choice in choices] == [
        {"role": "assistant", "content": ""},
        {"content": "Well"},
        {"content": " met"},
        {"content": "."},
        {},
    ]
    assert [choice["finish_reason"] for choice in choices] == [None] * 4 + ["stop"]
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert not any("usage" in chunk for chunk in chunks)


@pytest.mark.parametrize("kind", ["chat", "complete"])
async def test_usage_comes_last_where_it_is_asked_for(kind: str) -> None:
    """With include_usage all chunks have the field, and only the last one, without choices, fills it."""
    answers = Answers(FakeModel())
    body = {**HELLO, "prompt": "Hello", "n": 2, "stream_options": {"include_usage": True}}
    stream = answers.stream_chat(body) if kind == "chat" else answers.stream_complete(body)
    chunks = await listed(stream)
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 6


async def test_log_probabilities_of_a_chat_are_passed_on() -> None:
    """Where they are asked for each token has one, whole and streamed."""
    body = {**HELLO, "logprobs": True, "top_logprobs": 1}
    answer = await Answers(FakeModel()).chat(body)
    assert [entry["token"] for entry in answer["choices"][0]["logprobs"]["content"]] == ["Well", " met", "."]
    chunks = await listed(Answers(FakeModel()).stream_chat(body))
    assert chunks[1]["choices"][0]["logprobs"]["content"][0]["token"] == "Well"


async def test_completions_of_several_prompts_echo_each() -> None:
    """Choices go prompt by prompt; echo puts the prompt before, and offsets count from there."""
    answer = await Answers(FakeModel()).complete({"prompt": ["One", "Two"], "n": 2, "echo": True, "logprobs": 0})
    assert [choice["text"] for choice in answer["choices"]] == [
        "OneWell met.",
        "OneWell met.",
        "TwoWell met.",
        "TwoWell met.",
    ]
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    assert answer["choices"][0]["logprobs"] == {
        "tokens": ["Well", " met", "."],
        "token_logprobs": [-0.5, -0.5, -0.5],
        "top_logprobs": [{}, {}, {}],
        "text_offset": [3, 7, 11],
    }
    assert answer["usage"]["prompt_tokens"] == 14
    assert answer["usage"]["completion_tokens"] == 12


async def test_a_streamed_completion_echoes_first() -> None:
    """The prompt, the words, the end; offsets as in the whole answer."""
    body = {"prompt": "One", "echo": True, "logprobs": 1}
    chunks = await listed(Answers(FakeModel()).stream_complete(body))
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["text"] for choice in choices] == ["One", "Well", " met", ".", ""]
    assert [choice["logprobs"]["text_offset"] for choice in choices[1:4]] == [[3], [7], [11]]
    assert choices[-1]["finish_reason"] == "stop"


async def test_tool_calls_are_joined_from_their_deltas() -> None:
    """A call that comes in pieces is one call with whole arguments, and there is no text then."""

    class Calling(FakeModel):
        async def generate(self, body: Any) -> Any:
            yield Piece(tool_calls=({"index": 0, "id": "c1", "function": {"name": "look", "arguments": ""}},))
            yield Piece(tool_calls=({"index": 0, "function": {"arguments": '{"at":'}},))
            yield Piece(tool_calls=({"index": 0, "function": {"arguments": '"door"}'}},))
            yield Piece(finish="tool_calls", usage=Usage(1, 2))

    choice = (await Answers(Calling()).chat(HELLO))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    function = {"name": "look", "arguments": '{"at":"door"}'}
    assert choice["message"]["tool_calls"] == [{"id": "c1", "type": "function", "function": function}]
    chunks = await listed(Answers(Calling()).stream_chat(HELLO))
    assert chunks[1]["choices"][0]["delta"]["tool_calls"][0]["id"] == "c1"


async def test_closing_a_stream_closes_the_models() -> None:
    """Who leaves a stream stops the model at once."""
    model = FakeModel()
    stream = Answers(model).stream_chat(HELLO)
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    assert model.abandoned == 1
