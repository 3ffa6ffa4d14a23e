"""The text endpoints over HTTP, with a model that says what it is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mudbot.errors import BadRequestError, QueueFullError, ServerError
from tests.local.server_fakes import FakeModel, fake_parts, serving

HELLO = [{"role": "user", "content": "Hello"}]


async def test_a_chat_is_answered_under_any_model_name() -> None:
    """Whatever model a client names, the local one answers, under the name that was asked for."""
    async with serving(fake_parts(FakeModel())) as client:
        for model in ("gpt-4o-mini", "anything/at-all", None):
            answer = await client.post("/chat/completions", model=model, messages=HELLO)
            assert answer.status == 200
            assert answer.json["choices"][0]["message"]["content"] == "Well met."
            assert answer.json["model"] == (model or "fake-model")


async def test_a_chat_is_streamed() -> None:
    """Chunks come as events and end with [DONE]; the last one before it has the usage that was asked for."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post(
            "/chat/completions", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    *chunks, usage, done = answer.events
    assert done == "[DONE]"
    assert usage["usage"]["total_tokens"] == 10
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Well met."


async def test_completions_take_lists_and_strings() -> None:
    """A prompt may be a text or several, stop a text or several."""
    model = FakeModel()
    async with serving(fake_parts(model)) as client:
        one = await client.post("/completions", prompt="One", stop="\n")
        two = await client.post("/completions", prompt=["One", "Two"], stop=["\n", "#"], n=2, echo=True)
        streamed = await client.post("/completions", prompt="One", stream=True)
    assert [choice["text"] for choice in one.json["choices"]] == ["Well met."]
    assert [choice["text"][:3] for choice in two.json["choices"]] == ["One", "One", "Two", "Two"]
    assert model.asked[0]["stop"] == ["\n"]
    assert model.asked[0]["max_tokens"] == 16
    assert streamed.events[-1] == "[DONE]"


async def test_chinese_comes_back_readable_and_half_a_pair_does_no_harm() -> None:
    """Answers are UTF-8 as it is; a lone surrogate that the model says, which UTF-8 cannot carry, is replaced."""
    async with serving(fake_parts(FakeModel(["客官", "\ud83d", "请"]))) as client:
        answer = await client.ask(
            "POST",
            "/completions",
            data=b'{"prompt": "hi", "echo": true}',
            headers={"Content-Type": "application/json"},
        )
    assert "客官?请" in answer.text


async def test_content_in_parts_is_joined() -> None:
    """The newer shape of a message's content means its texts."""
    model = FakeModel()
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    async with serving(fake_parts(model)) as client:
        await client.post("/chat/completions", messages=[{"role": "user", "content": parts}])
    assert model.asked[0]["messages"][0]["content"] == "one\ntwo"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/chat/completions", {}, "messages"),
        ("/chat/completions", {"messages": []}, "messages"),
        ("/chat/completions", {"messages": "hi"}, "messages"),
        ("/chat/completions", {"messages": [{"role": "admin", "content": "x"}]}, "messages.0.role"),
        (
            "/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content",
        ),
        ("/chat/completions", {"messages": HELLO, "temperature": 2.1}, "temperature"),
        ("/chat/completions", {"messages": HELLO, "temperature": "hot"}, "temperature"),
        ("/chat/completions", {"messages": HELLO, "top_p": -1}, "top_p"),
        ("/chat/completions", {"messages": HELLO, "n": 0}, "n"),
        ("/chat/completions", {"messages": HELLO, "n": 10_000}, "n"),
        ("/chat/completions", {"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ("/chat/completions", {"messages": HELLO, "stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ("/chat/completions", {"messages": HELLO, "logit_bias": {"5": 101}}, "logit_bias.5"),
        ("/completions", {}, "prompt"),
        ("/completions", {"prompt": [1, 2, 3]}, "prompt"),
        ("/completions", {"prompt": []}, "prompt"),
        ("/completions", {"prompt": ["a"] * 20, "n": 2}, "prompt"),
        ("/completions", {"prompt": "a", "suffix": "b"}, "suffix"),
        ("/completions", {"prompt": "a", "n": 3, "best_of": 2}, "best_of"),
        ("/completions", {"prompt": "a", "best_of": 2, "stream": True}, "best_of"),
        ("/completions", {"prompt": ["a"] * 20, "best_of": 2}, "prompt"),
        ("/completions", {"prompt": ["a", 1]}, "prompt"),
        ("/completions", {"prompt": [[]]}, "prompt"),
        ("/completions", {"prompt": [True]}, "prompt"),
        ("/completions", {"prompt": "a", "max_tokens": 0}, "max_tokens"),
        ("/completions", {"prompt": "a", "suffix": "b", "echo": True}, "suffix"),
        ("/completions", {"prompt": "a", "logit_bias": {"word": 1}}, "logit_bias.word"),
        ("/chat/completions", {"messages": HELLO, "top_logprobs": 2}, "top_logprobs"),
        ("/completions", {"prompt": "a", "logprobs": 6}, "logprobs"),
    ],
)
async def test_a_wrong_field_is_named(path: str, body: dict[str, Any], param: str) -> None:
    """A body that is not what the API wants is refused with the field's name, and the model is not asked."""
    model = FakeModel()
    async with serving(fake_parts(model)) as client:
        answer = await client.post(path, **body)
    assert answer.status == 400
    assert answer.error["param"] == param
    assert param in answer.error["message"]
    assert answer.error["type"] == "invalid_request_error"
    assert not model.asked


async def test_fields_for_openai_only_are_ignored() -> None:
    """What a client sends for OpenAI's sake does not stop it here."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/chat/completions", messages=HELLO, store=True, user="u", metadata={"a": "b"})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (BadRequestError("too long", status=400, code="context_length_exceeded"), 400, "context_length_exceeded"),
        (QueueFullError("32 wait"), 503, "server_busy"),
        (ServerError("the language model failed"), 500, None),
    ],
)
async def test_what_the_model_refuses_has_its_status(failure: Exception, status: int, code: str | None) -> None:
    """A failure before the first word has its own status, streamed or not."""
    async with serving(fake_parts(FakeModel(["one"], fails=failure))) as client:
        for path, stream in (("/chat/completions", False), ("/chat/completions", True), ("/completions", True)):
            answer = await client.post(path, prompt="a", messages=HELLO, stream=stream, echo=True)
            assert (answer.status, answer.error["code"]) == (status, code)
            assert str(failure) in answer.error["message"]
            if status == 503:
                assert answer.headers["Retry-After"] == "1"


async def test_a_failure_inside_a_stream_is_told_in_it() -> None:
    """After the first word the stream itself says what went wrong, and does not pretend to be done."""
    async with serving(fake_parts(FakeModel(["one", "two"], fails=ServerError("out of breath")))) as client:
        answer = await client.post("/completions", prompt="a", stream=True)
    assert answer.status == 200
    assert answer.events[0]["choices"][0]["text"] == "one"
    assert "out of breath" in answer.events[-1]["error"]["message"]
    assert "[DONE]" not in answer.text


async def test_an_unforeseen_failure_keeps_its_text_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is a 500 that tells nothing of the inside; the log has it all."""
    async with serving(fake_parts(FakeModel(["one"], fails=ZeroDivisionError("secret detail")))) as client:
        answer = await client.post("/completions", prompt="a")
    assert answer.status == 500
    assert "secret detail" not in answer.text
    assert answer.error["type"] == "server_error"
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_stops_the_model(stream: bool) -> None:
    """Nobody waits any more, so nothing is generated any more, in the middle of an answer."""
    model = FakeModel()
    model.gate = asyncio.Event()
    async with serving(fake_parts(model)) as client:
        request = asyncio.create_task(client.post("/completions", prompt="a", stream=stream))
        await model.reached.wait()
        request.cancel()
        await asyncio.wait([request])
        await asyncio.wait_for(model.left.wait(), 10)
    assert (model.finished, model.abandoned) == (0, 1)


async def test_warming_asks_for_one_token() -> None:
    """A persona's prompt is read ahead at the price of one token, as a chat or as a text."""
    model = FakeModel()
    async with serving(fake_parts(model)) as client:
        await client.server.warm(HELLO)
        await client.server.warm("A transcript")
    assert [body["max_tokens"] for body in model.asked] == [1, 1]
    assert model.asked[0]["messages"] == HELLO
    assert model.asked[1]["prompt"] == "A transcript"
