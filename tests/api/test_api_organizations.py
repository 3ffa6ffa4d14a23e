"""Organisations: chosen for a call or for who makes it, sent, and limited each by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from mudbot.api import Caller, Limits, Server
from mudbot.api.ways import MOST_ORGANIZATIONS
from mudbot.errors import ConfigError
from tests.api.conftest import settle

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
GOOD = {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
FROM_B = Caller(plugin="scenes", organization="org-b")


def sent(stage: Stage) -> list[str | None]:
    return [seen.headers.get("openai-organization") for seen in stage.seen]


async def test_the_call_decides_before_the_caller_and_the_caller_before_the_server(stage: Stage) -> None:
    stage.answers(GOOD)
    async with stage.api(organization="org-a") as api:
        await api.chat(HELLO, model="m")
        await api.chat(HELLO, model="m", caller=Caller(player="bob"))
        await api.chat(HELLO, model="m", caller=FROM_B)
        await api.chat(HELLO, model="m", caller=FROM_B, organization="org-c")
        await api.chat(HELLO, model="m", organization="org-c")
    assert sent(stage) == ["org-a", "org-a", "org-b", "org-c", "org-c"]
    assert [call.organization for call in stage.calls] == sent(stage)


async def test_streams_uploads_and_lists_carry_it_as_well(stage: Stage) -> None:
    async with stage.api(organization="org-a") as api:
        stage.streams(b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n')
        async for _ in api.chat_stream(HELLO, model="m", organization="org-b"):
            pass
        stage.answers({"data": []})
        await api.models(organization="org-c")
        await api.files(caller=FROM_B)
    assert sent(stage) == ["org-b", "org-c", "org-b"]


async def test_without_one_nothing_is_sent(stage: Stage) -> None:
    stage.answers(GOOD)
    async with stage.api() as api:
        await api.chat(HELLO, model="m")
        await api.chat(HELLO, model="m", organization="org-b")
        await api.chat(HELLO, model="m")
    assert sent(stage) == [None, "org-b", None]


async def test_the_key_and_project_stay_the_servers_own(stage: Stage) -> None:
    stage.answers(GOOD)
    async with stage.api(api_key="key-1", project="proj-1") as api:
        await api.chat(HELLO, model="m", organization="org-b")
    headers = stage.seen[0].headers
    assert (headers["authorization"], headers["openai-project"]) == ("Bearer key-1", "proj-1")


async def test_each_has_a_rate_of_its_own_and_one_name_is_one_organisation(stage: Stage, clock: FakeClock) -> None:
    stage.answers(GOOD)
    async with stage.api(organization="org-a", limits=Limits(requests_per_minute=1, deadline=100)) as api:
        for organization in (None, "org-b", "org-c"):
            await api.chat(HELLO, model="m", organization=organization)
        again = [
            asyncio.ensure_future(api.chat(HELLO, model="m", organization=organization))
            for organization in ("org-a", "org-b", "org-c")
        ]
        await clock.advance(59)
        assert len(stage.seen) == 3
        assert api.waiting == 3
        await clock.advance(1)
        await asyncio.gather(*again)
    assert len(stage.seen) == 6


async def test_each_has_its_own_calls_in_flight(stage: Stage) -> None:
    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    stage.play = hang
    async with stage.api(limits=Limits(concurrency=1)) as api:
        tasks = [
            asyncio.ensure_future(api.chat(HELLO, model="m", organization=organization))
            for organization in ("a", "a", "b", None)
        ]
        await stage.saw(3)
        assert (api.running, api.waiting) == (3, 1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (api.running, api.waiting) == (0, 0)


async def test_a_refusal_of_one_holds_no_other_back(stage: Stage, clock: FakeClock) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        if request.headers.get("OpenAI-Organization") == "org-a" and clock.now() < 1030:
            return web.json_response({}, status=429, headers={"Retry-After": "30"})
        return web.json_response(GOOD)

    stage.play = play
    async with stage.api() as api:
        held = [asyncio.ensure_future(api.chat(HELLO, model="m", organization="org-a")) for _ in range(3)]
        await stage.saw(3)
        for _ in range(3):
            await api.chat(HELLO, model="m", organization="org-b")
        assert clock.now() == 1000
        assert not any(task.done() for task in held)
        while not all(task.done() for task in held):
            await settle(20)
            await clock.advance(1)
        assert [(await task).text for task in held] == ["ok"] * 3


async def test_servers_of_one_organisation_at_one_url_share_its_limits_and_others_do_not(
    stage: Stage, clock: FakeClock
) -> None:
    stage.answers(GOOD)
    servers = [Server(stage.url, "key-1", "org-a"), Server(stage.url, "key-2", "org-a"), Server(stage.url, "key-3")]
    async with stage.api(base_url=None, servers=servers, limits=Limits(requests_per_minute=60)) as api:
        one, two, three = (way.scheduler for way in api._ways.default)
        assert one is two
        assert one is not three
        assert api._ways.of("org-b")[0].scheduler is api._ways.of("org-b")[2].scheduler


@pytest.mark.parametrize("name", ["two words", "a\nX-Evil: 1", "组织"])
async def test_a_name_that_no_header_can_carry_is_refused(stage: Stage, name: str) -> None:
    async with stage.api() as api:
        with pytest.raises(ConfigError, match=r"api\.organization"):
            await api.chat(HELLO, model="m", organization=name)
        with pytest.raises(ConfigError):
            await anext(api.chat_stream(HELLO, model="m", organization=name))
    assert stage.seen == []


async def test_names_that_somebody_invents_do_not_fill_the_memory(stage: Stage) -> None:
    stage.answers({"data": []})
    async with stage.api() as api:
        for number in range(MOST_ORGANIZATIONS - 1):
            api._ways.of(f"org-{number}")
        with pytest.raises(ConfigError, match="cannot be meant"):
            await api.models(organization="one more")
        await api.models()
        await api.models(organization="org-5")
    assert sent(stage) == [None, "org-5"]
