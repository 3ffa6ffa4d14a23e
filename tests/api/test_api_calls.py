"""Every endpoint over real HTTP: what goes out, what comes back, what is reported."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from mudbot.api import Api, Limits
from mudbot.clock import SystemClock
from mudbot.errors import ApiConnectionError, BadAnswerError, BadRequestError, ConfigError

if TYPE_CHECKING:
    from mudbot.api import ApiCall
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "你好"}]

CHAT = {
    "id": "c1",
    "model": "m-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "客官好"}, "finish_reason": "stop", "odd": 1}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    "system_fingerprint": "fp",
}


def test_importing_the_package_loads_neither_aiohttp_nor_anything_else_heavy() -> None:
    code = "import sys, mudbot.api; print(sorted({'aiohttp', 'yarl', 'sqlalchemy', 'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_a_chat_comes_back_as_a_value_and_keeps_what_it_does_not_know(stage: Stage) -> None:
    stage.answers(CHAT, headers={"x-request-id": "req-1"})
    async with stage.api() as api:
        answer = await api.chat(HELLO, model="m-1", temperature=0.3, stop=None, min_p=0.1)
    assert (answer.text, answer.request_id, answer.model) == ("客官好", "req-1", "m-1")
    assert answer.usage is not None
    assert answer.usage.total_tokens == 10
    assert answer.model_dump()["system_fingerprint"] == "fp"
    assert answer.model_dump()["choices"][0]["odd"] == 1
    assert (stage.seen[0].method, stage.seen[0].path) == ("POST", "/v1/chat/completions")
    assert stage.seen[0].body == {"model": "m-1", "messages": HELLO, "temperature": 0.3, "min_p": 0.1}
    assert stage.seen[0].headers["content-type"] == "application/json"


async def test_an_answer_without_text_has_the_empty_text(stage: Stage) -> None:
    stage.answers({"choices": [{"message": {"role": "assistant", "content": None}}], "usage": None, "id": None})
    async with stage.api() as api:
        assert (await api.chat(HELLO, model="m")).text == ""
        stage.answers({"choices": []})
        assert (await api.chat(HELLO, model="m")).text == ""
        stage.answers(
            {"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]}
        )
        assert (await api.chat(HELLO, model="m")).text == "ab"


async def test_a_completion_comes_back(stage: Stage) -> None:
    stage.answers({"choices": [{"index": 0, "text": " once", "finish_reason": "length", "logprobs": None}]})
    async with stage.api() as api:
        assert (await api.complete("Tell me", model="m", max_tokens=5)).text == " once"
    assert stage.seen[0].path == "/v1/completions"
    assert stage.seen[0].body == {"model": "m", "prompt": "Tell me", "max_tokens": 5}


async def test_pictures_come_back_as_urls_or_bytes(stage: Stage) -> None:
    stage.answers(
        {
            "created": 1,
            "data": [{"url": "http://x/1"}, {"b64_json": base64.b64encode(b"png").decode(), "revised_prompt": "ink"}],
        }
    )
    async with stage.api() as api:
        made = await api.image("a river", n=2, size="1024x1024", response_format="b64_json")
    assert [image.content for image in made.data] == [None, b"png"]
    assert made.data[1].revised_prompt == "ink"
    assert stage.seen[0].path == "/v1/images/generations"
    assert stage.seen[0].body == {"prompt": "a river", "n": 2, "size": "1024x1024", "response_format": "b64_json"}


async def test_a_picture_that_is_not_base64_is_a_bad_answer(stage: Stage) -> None:
    stage.answers({"data": [{"b64_json": "###"}]})
    async with stage.api() as api:
        made = await api.image("a river")
    with pytest.raises(BadAnswerError, match="not base64"):
        _ = made.data[0].content


async def test_moderation_says_what_was_flagged(stage: Stage) -> None:
    result = {
        "flagged": True,
        "categories": {"hate": True, "violence": False},
        "category_scores": {"hate": 0.9, "violence": None},
    }
    stage.answers({"id": "m", "model": "mod", "results": [{"flagged": False}, result]})
    async with stage.api() as api:
        answer = await api.moderate(["a", "b"])
    assert answer.flagged
    assert answer.categories == ("hate",)
    assert stage.seen[0].body == {"input": ["a", "b"]}


@pytest.mark.parametrize("results", [[], [{"flagged": False}], [{}, {}], [{"flagged": None}, {"flagged": None}]])
async def test_a_text_that_was_not_judged_is_an_error_and_not_clean(stage: Stage, results: list[object]) -> None:
    stage.answers({"results": results})
    async with stage.api() as api:
        with pytest.raises(BadAnswerError):
            await api.moderate(["a", "b"])


async def test_embeddings_come_back_in_order_and_decoded(stage: Stage) -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1.0)).decode()
    stage.answers(
        {
            "data": [{"index": 1, "embedding": [1, 2.5]}, {"index": 0, "embedding": packed}],
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        }
    )
    async with stage.api() as api:
        assert (await api.embed(["a", "b"], model="e")).vectors == [[0.5, -1.0], [1.0, 2.5]]
        stage.answers({"data": [{"index": 0, "embedding": "####"}]})
        with pytest.raises(BadAnswerError, match="embedding"):
            await api.embed("a", model="e")


async def test_models_are_listed_with_a_get(stage: Stage) -> None:
    stage.answers({"object": "list", "data": [{"id": "a", "owned_by": "me", "created": 1}, {"id": "b"}]})
    async with stage.api() as api:
        assert (await api.models()).ids == ["a", "b"]
    assert (stage.seen[0].method, stage.seen[0].path, stage.seen[0].body) == ("GET", "/v1/models", None)


async def test_only_configured_headers_are_sent(stage: Stage) -> None:
    stage.answers(CHAT)
    async with stage.api() as api:
        await api.chat(HELLO, model="m")
    async with stage.api(api_key=" k-1\n", organization="org-1", project="proj-1") as api:
        await api.chat(HELLO, model="m")
    plain, full = (seen.headers for seen in stage.seen)
    assert {"authorization", "openai-organization", "openai-project"}.isdisjoint(plain)
    assert (full["authorization"], full["openai-organization"], full["openai-project"]) == (
        "Bearer k-1",
        "org-1",
        "proj-1",
    )


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/models"),
        ("/", "/models"),
        ("/v1", "/v1/models"),
        ("/v1/", "/v1/models"),
        ("/a/b//", "/a/b/models"),
        ("/v1?api-version=2", "/v1/models?api-version=2"),
    ],
)
async def test_any_base_url_keeps_its_path_and_query(stage: Stage, base: str, path: str) -> None:
    stage.answers({"data": []})
    async with stage.api(base_url=stage.url + base) as api:
        await api.models()
    assert stage.seen[0].path == path


@pytest.mark.parametrize(
    "base_url",
    ["", "localhost:8080", "ftp://x/v1", "http://", "http://[::1", "http://x:99999/v1", "http://user:pass@x/v1"],
)
def test_a_base_url_that_can_never_work_is_refused_without_showing_it(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"api\.base_url") as caught:
        Api(base_url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nX-Evil: 1", "钥匙", "two words", "\x7fx"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigError, match=r"api\.api_key") as caught:
        Api("http://localhost/v1", api_key=key)
    assert key not in str(caught.value)


async def test_the_key_is_in_no_repr(stage: Stage) -> None:
    async with stage.api(api_key="canary-123456") as api:
        office = api._open()
        shown = (
            repr(api) + repr(api._ways.default[0].target) + repr(office) + repr(api._ways) + repr(api._ways.redactor())
        )
    assert "canary" not in shown
    assert repr(api) == f"<Api {stage.url}/v1: closed>"


async def test_a_finished_call_is_reported_once(stage: Stage, clock: FakeClock) -> None:
    stage.answers(CHAT)
    async with stage.api() as api:
        await api.chat(HELLO, model="m-1")
        with pytest.raises(BadAnswerError):
            await api.models()
    done, failed = stage.calls
    assert (done.endpoint, done.model, done.outcome, done.status) == ("POST /chat/completions", "m-1", "ok", 200)
    assert (done.attempts, done.waited, done.latency, done.prompt_tokens, done.completion_tokens) == (1, 0.0, 0.0, 7, 3)
    assert (failed.endpoint, failed.outcome, failed.prompt_tokens) == ("GET /models", "BadAnswerError", None)


async def test_whoever_is_told_of_calls_cannot_fail_them(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_call: ApiCall) -> None:
        raise ZeroDivisionError

    stage.answers(CHAT)
    async with stage.api(on_call=broken) as api:
        assert (await api.chat(HELLO, model="m")).text == "客官好"
    assert "on_call failed" in caplog.text


async def test_half_a_surrogate_pair_does_not_lose_the_call(stage: Stage) -> None:
    stage.answers(CHAT)
    async with stage.api() as api:
        await api.chat([{"role": "user", "content": "a\ud83d b"}], model="m")
    assert stage.seen[0].body["messages"][0]["content"] == "a? b"


@pytest.mark.parametrize("value", [object(), float("nan"), b"\xff"])
async def test_parameters_that_are_no_json_are_refused_before_anything_is_sent(stage: Stage, value: object) -> None:
    async with stage.api() as api:
        with pytest.raises(BadRequestError, match="JSON"):
            await api.chat(HELLO, model="m", extra=value)
    assert stage.seen == []


async def test_stream_true_is_sent_to_its_own_method(stage: Stage) -> None:
    async with stage.api() as api:
        with pytest.raises(BadRequestError, match="chat_stream"):
            await api.chat(HELLO, model="m", stream=True)


async def test_a_closed_api_says_so(stage: Stage) -> None:
    api = stage.api()
    await api.close()
    await api.close()
    with pytest.raises(ApiConnectionError, match="closed"):
        await api.models()


async def test_it_works_without_async_with_and_on_the_machines_own_clock(stage: Stage) -> None:
    stage.answers(CHAT)
    api = stage.api(clock=SystemClock(), limits=Limits(requests_per_minute=60_000, tokens_per_minute=1e9))
    assert (await api.chat(HELLO, model="m")).text == "客官好"
    await api.close()


async def test_a_body_that_comes_in_many_pieces_is_put_together(stage: Stage) -> None:
    text = "字" * 400_000

    async def play(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
        await response.prepare(request)
        await response.write(b'{"choices":[{"message":{"content":"')
        await response.write(text.encode())
        await response.write(b'"}}]}')
        return response

    stage.play = play
    async with stage.api() as api:
        assert (await api.chat(HELLO, model="m")).text == text
