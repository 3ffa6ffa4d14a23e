"""Real limits of requests and tokens a minute: what counts, what is told, who must wait how long."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.local.server_fakes import Answer, Client, FakeClock, FakeModel, FakePainting, fake_parts, serving

SAID: dict[str, Any] = {"messages": [{"role": "user", "content": "x" * 400}]}
"""A chat of about 110 tokens, for which the fake model says that it cost ten."""


def left(answer: Answer) -> int:
    """Tokens that may still be taken this minute, as the answer says."""
    return int(answer.headers["x-ratelimit-remaining-tokens"])


async def now(client: Client) -> int:
    """The same, asked for by a request that costs next to nothing."""
    return left(await client.post("/fine-tunes", training_file="f"))


def form(size: int) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    data.add_field("purpose", "vision")
    data.add_field("file", b"x" * size, filename="a")
    return data


async def test_without_limits_nothing_is_told_of_any() -> None:
    """Only what every answer has."""
    async with serving(fake_parts(FakeModel())) as client:
        answers = [await client.post("/chat/completions", **SAID), await client.get("/models"), await client.get("/no")]
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]
        assert answer.headers["x-request-id"].startswith("req_")
        assert int(answer.headers["openai-processing-ms"]) >= 0
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("limits", "kind", "other"), [({"rpm": 9}, "requests", "tokens"), ({"tpm": 9}, "tokens", "requests")]
)
async def test_only_the_limit_that_is_set_is_told(limits: dict[str, Any], kind: str, other: str) -> None:
    """One may be set without the other."""
    async with serving(fake_parts(FakeModel()), **limits) as client:
        answer = await client.post("/moderations", input="x")
    assert answer.headers[f"x-ratelimit-limit-{kind}"] == "9"
    assert f"x-ratelimit-limit-{other}" not in answer.headers


@pytest.mark.parametrize("usage", [True, False])
async def test_a_stream_costs_what_it_said(usage: bool) -> None:
    """With usage exactly that; without, what was asked and a token a piece."""
    async with serving(fake_parts(FakeModel(["word"] * 300)), tpm=10_000) as client:
        asked = SAID | {"stream": True} | ({"stream_options": {"include_usage": True}} if usage else {})
        answer = await client.post("/chat/completions", **asked)
        assert answer.events[-1] == "[DONE]"
        cost = left(answer) - await now(client)
    # The head went out with the estimate; what is asked now is what was really counted.
    assert 150 < cost < 200 if usage else 300 < cost < 315


async def test_files_and_pictures_cost_no_tokens() -> None:
    """A file of a megabyte would be a minute's worth for nothing."""
    async with serving(fake_parts(FakeModel(), paint=FakePainting), tpm=1000) as client:
        for _ in range(3):
            assert (await client.ask("POST", "/files", data=form(1_000_000))).status == 200
        assert await now(client) > 980


async def test_a_request_that_fails_costs_a_request_and_no_tokens() -> None:
    """Whether by the client's own fault or by the server's."""
    async with serving(fake_parts(FakeModel(fails=RuntimeError("broken"))), rpm=100, tpm=1000) as client:
        for _ in range(20):
            assert (await client.post("/chat/completions", **SAID | {"n": 999})).status == 400
        assert (await client.post("/chat/completions", **SAID)).status == 500
        answer = await client.post("/fine-tunes", training_file="f")
    assert left(answer) > 980
    assert answer.headers["x-ratelimit-remaining-requests"] == "78"


async def test_a_client_who_leaves_pays_for_what_was_asked() -> None:
    """Hanging up is no way around the limit."""
    model = FakeModel()
    model.gate = asyncio.Event()
    async with serving(fake_parts(model), tpm=1000) as client:
        task = asyncio.create_task(client.post("/chat/completions", **SAID))
        await model.reached.wait()
        task.cancel()
        await model.left.wait()
        assert await now(client) < 900


async def test_one_refused_request_is_not_counted_and_says_how_long_to_wait() -> None:
    """Who waits as long as he is told is served; who asks meanwhile does not wait the longer for it."""
    clock = FakeClock()
    async with serving(fake_parts(FakeModel(), clock), rpm=1) as client:
        await client.post("/moderations", input="x")
        clock.time += 20
        for _ in range(5):
            refused = await client.post("/moderations", input="x")
        assert (refused.status, refused.headers["Retry-After"], refused.headers["retry-after-ms"]) == (
            429,
            "41",
            "40001",
        )
        assert refused.headers["x-ratelimit-remaining-requests"] == "0"
        assert refused.error["code"] == "rate_limit_exceeded"
        clock.time += 40.001
        assert (await client.post("/moderations", input="x")).status == 200


async def test_a_chat_that_is_larger_than_the_limit_goes_alone() -> None:
    """It waits until nothing else was taken, not for ever."""
    clock = FakeClock()
    async with serving(fake_parts(FakeModel(), clock), tpm=50) as client:
        assert (await client.post("/chat/completions", **SAID)).status == 200
        refused = await client.post("/chat/completions", **SAID)
        assert (refused.status, "TPM" in refused.error["message"]) == (429, True)
        clock.time += 61
        assert (await client.post("/chat/completions", **SAID)).status == 200


async def test_many_at_once_get_no_more_than_the_limit() -> None:
    """Fifty clients in one moment at 20 a minute."""
    async with serving(fake_parts(FakeModel()), rpm=20) as client:
        answers = await asyncio.gather(*(client.post("/moderations", input="x") for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 20 + [429] * 30


async def test_strangers_cannot_use_the_limit_up() -> None:
    """Who has no key is refused before anything is counted."""
    async with serving(fake_parts(FakeModel()), rpm=2, api_key="right") as client:
        for _ in range(5):
            assert (await client.post("/moderations", input="x")).status == 401
        mine = await client.ask("POST", "/moderations", json={"input": "x"}, headers={"Authorization": "Bearer right"})
    assert (mine.status, mine.headers["x-ratelimit-remaining-requests"]) == (200, "1")


async def test_requests_are_told_in_the_log_where_it_is_wished(caplog: pytest.LogCaptureFixture) -> None:
    """A line each, without a word of what was said, and none that a client has made up."""
    caplog.set_level("INFO")
    async with serving(fake_parts(FakeModel()), diary=True) as client:
        await client.post("/chat/completions", messages=[{"role": "user", "content": "secret"}])
        await client.get("/files/a%0AERROR%1b[31m", headers={"Authorization": "Bearer hidden"})
    lines = [record.getMessage() for record in caplog.records if record.name == "mudbot.local.server.diary"]
    assert lines[0].startswith("POST /v1/chat/completions: 200, ")
    assert lines[0].endswith(" ms, 10 tokens")
    assert lines[1].startswith("GET /v1/files/a%0AERROR%1B%5B31m: 404, ")
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text
    caplog.clear()
    async with serving(fake_parts(FakeModel())) as client:
        await client.get("/models")
    assert not [record for record in caplog.records if record.name == "mudbot.local.server.diary"]
