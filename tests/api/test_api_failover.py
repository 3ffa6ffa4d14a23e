"""Several servers: one takes over from another, at once, with nothing sent twice that was used already."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from mudbot.api import Api, Limits, Server, Upload
from mudbot.api.wire import transport as transport_module
from mudbot.errors import (
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    BadAnswerError,
    BadRequestError,
    CircuitOpenError,
    RateLimitError,
    ServerError,
)
from tests.api.conftest import FakeClock, Play, Stage, settle, until

HELLO = [{"role": "user", "content": "hi"}]
GOOD = {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
PICTURE = {"data": [{"url": "http://x"}]}


@asynccontextmanager
async def opened(clock: FakeClock) -> AsyncIterator[Stage]:
    stage = Stage(clock)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stage.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    stage.url = f"http://{host}:{port}"
    try:
        yield stage
    finally:
        await runner.cleanup()


@pytest.fixture
async def stages(clock: FakeClock) -> AsyncIterator[list[Stage]]:
    """Three servers; each answers chats well until told otherwise."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(opened(clock)) for _ in range(3)]
        for stage in found:
            stage.answers(GOOD)
        yield found


def api_of(*stages: Stage, **settings: Any) -> Api:
    servers = [Server(f"{stage.url}/v1", api_key=f"key-{number}") for number, stage in enumerate(stages)]
    given: dict[str, Any] = {"servers": servers, "clock": stages[0].clock, "on_call": stages[0].calls.append}
    return Api(**(given | settings))


def counts(*stages: Stage) -> list[int]:
    return [len(stage.seen) for stage in stages]


async def ended(clock: FakeClock, *tasks: asyncio.Future[Any], step: float = 0.25) -> list[Any]:
    """Let network and time run until *tasks* are done."""
    while not all(task.done() for task in tasks):
        await settle(30)
        await clock.advance(step)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    return await hang_up(request)


def says(status: int, code: str | None = None, **headers: str) -> Play:
    async def play(_request: web.Request) -> web.StreamResponse:
        body = {"error": {"message": "no", "code": code}}
        return web.json_response(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return play


TROUBLES: dict[str, Play] = {
    "500": says(500),
    "503": says(503, Retry_After="30"),
    "401": says(401, "invalid_api_key"),
    "403": says(403),
    "402": says(402),
    "spent": says(429, "insufficient_quota"),
    "model": says(404, "model_not_found"),
    "429": says(429, Retry_After="30"),
    "408": says(408),
    "hangs up": hang_up,
    "cut": cut,
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_one_server_cannot_do_another_does_at_once(
    stages: list[Stage], clock: FakeClock, trouble: str
) -> None:
    first, second, third = stages
    first.play = TROUBLES[trouble]
    async with api_of(*stages) as api:
        assert (await api.chat(HELLO, model="m")).text == "ok"
        assert (api.running, api.waiting) == (0, 0)
    assert counts(first, second, third) == [1, 1, 0]
    assert clock.now() == 1000.0
    assert second.seen[0].headers["authorization"] == "Bearer key-1"
    report = first.calls[0]
    assert (report.outcome, report.attempts, report.retries, report.server) == ("ok", 2, 1, f"{second.url}/v1")


async def test_a_server_that_is_not_there_is_passed_over(stages: list[Stage], clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    servers = [Server(f"http://127.0.0.1:{port}"), Server(f"{stages[0].url}/v1")]
    async with Api(servers=servers, clock=clock) as api:
        assert (await api.chat(HELLO, model="m")).text == "ok"
    assert counts(stages[0]) == [1]


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequestError), (422, BadRequestError), (413, BadRequestError)])
async def test_a_request_that_is_wrong_is_wrong_everywhere(
    stages: list[Stage], status: int, kind: type[ApiError]
) -> None:
    stages[0].play = says(status)
    async with api_of(*stages) as api:
        with pytest.raises(kind):
            await api.chat(HELLO, model="m")
    assert counts(*stages) == [1, 0, 0]


async def test_each_server_has_its_own_key_and_may_be_the_same_machine(stage: Stage, clock: FakeClock) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer old":
            return web.json_response({"error": {"message": "expired"}}, status=401)
        return web.json_response(GOOD)

    stage.play = play
    servers = [Server(stage.url, "old"), Server(stage.url, "new")]
    async with Api(servers=servers, clock=clock) as api:
        assert (await api.chat(HELLO, model="m")).text == "ok"
    assert [seen.headers["authorization"] for seen in stage.seen] == ["Bearer old", "Bearer new"]


async def test_a_model_has_at_each_server_the_name_that_it_has_there(stages: list[Stage]) -> None:
    first, second, third = stages
    first.play = second.play = says(503)
    servers = [
        Server(first.url, models={"big": "gpt-4o"}),
        Server(second.url),
        Server(third.url, models={"big": "qwen2.5-72b", "small": "qwen2.5-7b"}),
    ]
    async with api_of(*stages, servers=servers) as api:
        await api.chat(HELLO, model="big")
        await api.chat(HELLO, model="small")
    assert [stage.seen[0].body["model"] for stage in stages] == ["gpt-4o", "big", "qwen2.5-72b"]
    assert [stage.seen[1].body["model"] for stage in stages] == ["small", "small", "qwen2.5-7b"]
    assert [call.model for call in first.calls] == ["big", "small"]


async def test_an_upload_arrives_whole_at_the_second_server_with_the_models_name_there(clock: FakeClock) -> None:
    bodies: list[bytes] = []

    def keeps(play: Play) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            bodies.append(await request.read())
            return await play(request)

        return handle

    async def draws(_request: web.Request) -> web.StreamResponse:
        return web.json_response(PICTURE)

    async with AsyncExitStack() as stack:
        urls = []
        for play in (says(503), draws):
            app = web.Application()
            app.router.add_post("/{path:.*}", keeps(play))
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            urls.append("http://{}:{}".format(*runner.addresses[0][:2]))
        servers = [Server(urls[0]), Server(urls[1], models={"painter": "dall-e-2"})]
        content = bytes(range(256)) * 500
        async with Api(servers=servers, clock=clock) as api:
            await api.edit_image(Upload("a.png", content, "image/png"), "moon", model="painter")
    assert len(bodies) == 2
    assert all(content in body for body in bodies)
    assert b"painter" in bodies[0]
    assert b"dall-e-2" in bodies[1]
    assert b"painter" not in bodies[1]


@pytest.mark.parametrize("value", [object(), float("nan"), {"a": object()}])
async def test_a_field_of_a_form_that_cannot_be_written_is_refused_before_anything_is_sent(
    stages: list[Stage], value: object
) -> None:
    async with api_of(*stages) as api:
        with pytest.raises(BadRequestError, match="JSON"):
            await api.edit_image(Upload("a.png", b"x"), "moon", extra=value)
        assert (api.running, api.waiting) == (0, 0)
    assert counts(*stages) == [0, 0, 0]
    assert stages[0].calls[0].attempts == 0


# -- streams -------------------------------------------------------------------------------------------------------


def piece(text: str, finish: str | None = None) -> bytes:
    return b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": %s}]}\n\n' % (
        text.encode(),
        f'"{finish}"'.encode() if finish else b"null",
    )


async def texts(api: Api, into: list[str]) -> None:
    async for chunk in api.chat_stream(HELLO, model="m"):
        into.append(chunk.text)  # noqa: PERF401 - what came until it broke off must be there


@pytest.mark.parametrize("trouble", ["503", "401", "429", "hangs up"])
async def test_a_stream_that_did_not_begin_begins_elsewhere(stages: list[Stage], trouble: str) -> None:
    stages[0].play = TROUBLES[trouble]
    stages[1].streams(piece("a"), piece("b", "stop"), b"data: [DONE]\n\n")
    into: list[str] = []
    async with api_of(*stages) as api:
        await texts(api, into)
    assert into == ["a", "b"]
    assert counts(*stages) == [1, 1, 0]


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (None, ApiConnectionError),
        (b'data: {"error": {"message": "overloaded", "type": "overloaded_error"}}\n\n', ServerError),
        (b'data: {"error": {"message": "slow", "code": "rate_limit_exceeded"}}\n\n', RateLimitError),
        (b"data: {nonsense\n\n", BadAnswerError),
        (b"", BadAnswerError),
    ],
)
async def test_nothing_is_sent_again_once_a_piece_was_handed_over(
    stages: list[Stage], clock: FakeClock, ending: bytes | None, kind: type[ApiError]
) -> None:
    stages[0].streams(piece("a"), ending or b"", cut=ending is None)
    into: list[str] = []
    async with api_of(*stages) as api:
        task = asyncio.ensure_future(texts(api, into))
        results = await ended(clock, task)
        assert (api.running, api.waiting) == (0, 0)
    assert type(results[0]) is kind
    assert into == ["a"]
    assert counts(*stages) == [1, 0, 0]


async def test_an_error_in_place_of_the_first_piece_goes_elsewhere(stages: list[Stage]) -> None:
    stages[0].streams(b'data: {"error": {"message": "overloaded", "type": "overloaded_error"}}\n\n')
    stages[1].streams(piece("b", "stop"))
    into: list[str] = []
    async with api_of(*stages) as api:
        await texts(api, into)
    assert into == ["b"]


# -- limits that are held ------------------------------------------------------------------------------------------


async def test_calls_that_wait_for_a_server_that_refuses_go_to_another(stages: list[Stage], clock: FakeClock) -> None:
    first, second, _ = stages
    first.play = says(429, Retry_After="60")
    async with api_of(first, second, limits=Limits(concurrency=1)) as api:
        found = await asyncio.gather(*(api.chat(HELLO, model="m") for _ in range(6)))
        assert [answer.text for answer in found] == ["ok"] * 6
        assert (api.running, api.waiting) == (0, 0)
    assert counts(first, second) == [1, 6]
    assert clock.now() == 1000.0


async def test_a_server_whose_limit_is_held_is_not_asked_until_the_hold_is_over(
    stages: list[Stage], clock: FakeClock
) -> None:
    first, second, _ = stages
    first.plays(says(429, Retry_After="10"), stages[2].play)
    async with api_of(first, second) as api:
        for _ in range(3):
            await api.chat(HELLO, model="m")
        assert counts(first, second) == [1, 3]
        await clock.advance(9.9)
        await api.chat(HELLO, model="m")
        assert counts(first, second) == [1, 4]
        await clock.advance(0.2)
        await api.chat(HELLO, model="m")
    assert counts(first, second) == [2, 4]


async def test_a_hold_of_one_model_moves_only_the_calls_of_that_model(stages: list[Stage]) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        model = (await request.json())["model"]
        return await (says(429, Retry_After="60") if model == "big" else answers)(request)

    async def answers(_request: web.Request) -> web.StreamResponse:
        return web.json_response(GOOD)

    stages[0].play = play
    async with api_of(*stages[:2]) as api:
        for model in ("big", "big", "small", "small"):
            await api.chat(HELLO, model=model)
    assert [seen.body["model"] for seen in stages[0].seen] == ["big", "small", "small"]
    assert [seen.body["model"] for seen in stages[1].seen] == ["big", "big"]


@pytest.mark.parametrize("concurrency", [1, 4, 20])
async def test_a_storm_that_all_servers_refuse_waits_and_is_served(
    stages: list[Stage], clock: FakeClock, concurrency: int
) -> None:
    begin = clock.now()

    async def play(request: web.Request) -> web.StreamResponse:
        if clock.now() < begin + 5:
            return await says(429, Retry_After="5")(request)
        return web.json_response(GOOD)

    for stage in stages:
        stage.play = play
    async with api_of(*stages, limits=Limits(concurrency=concurrency)) as api:
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="m")) for _ in range(50)]
        results = await ended(clock, *tasks)
        assert (api.running, api.waiting) == (0, 0)
    assert {type(result).__name__ for result in results} == {"Chat"}
    early = [seen for stage in stages for seen in stage.seen if seen.at < begin + 5]
    assert len(early) <= 3 * min(concurrency, 4)
    assert {seen.at for seen in early} == {begin}
    assert sum(counts(*stages)) <= 50 + 3 * min(concurrency, 4) + 3


async def test_where_all_limits_are_held_the_one_that_opens_first_is_waited_for(
    stages: list[Stage], clock: FakeClock
) -> None:
    first, second, _ = stages
    first.plays(says(429, Retry_After="50"), says(500))
    second.plays(says(429, Retry_After="5"), stages[2].play)
    async with api_of(first, second) as api:
        begin = clock.now()
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="m")) for _ in range(3)]
        results = await ended(clock, *tasks)
        assert [result.text for result in results] == ["ok"] * 3
    assert clock.now() - begin < 10
    assert counts(first)[0] <= 3


# -- bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["500", "hangs up", "401", "429", "model"])
@pytest.mark.parametrize("many", [1, 2, 3])
async def test_a_call_makes_three_requests_at_most_and_one_more_for_each_further_server(
    stages: list[Stage], clock: FakeClock, trouble: str, many: int
) -> None:
    play = TROUBLES[trouble] if trouble != "429" else says(429, Retry_After="1")
    for stage in stages:
        stage.play = play
    async with api_of(*stages[:many]) as api:
        (result,) = await ended(clock, asyncio.ensure_future(api.chat(HELLO, model="m")))
    assert isinstance(result, ApiError)
    made = sum(counts(*stages))
    assert made == (many if trouble in ("401", "model") else 3 + many - 1)
    assert stages[0].calls[0].attempts == made


async def test_a_server_that_hangs_is_left_to_the_next_after_five_calls(stages: list[Stage], clock: FakeClock) -> None:
    first, second, _ = stages
    first.play = hang
    async with api_of(first, second) as api:
        for number in range(5):
            task = asyncio.ensure_future(api.chat(HELLO, model="m", deadline=15))
            await first.saw(number + 1)
            await clock.advance(15)
            with pytest.raises(ApiTimeoutError):
                await task
        assert counts(second) == [0]
        assert (await api.chat(HELLO, model="m", deadline=15)).text == "ok"
    assert counts(first, second) == [5, 1]


async def test_where_every_server_is_down_the_call_fails_at_once_and_says_so(
    stages: list[Stage], clock: FakeClock
) -> None:
    for stage in stages[:2]:
        stage.play = says(500)
    async with api_of(*stages[:2]) as api:
        while counts(*stages[:2]) < [5, 5]:
            await ended(clock, asyncio.ensure_future(api.chat(HELLO, model="m")))
        before, now = counts(*stages[:2]), clock.now()
        with pytest.raises(CircuitOpenError, match="every server failed"):
            await api.chat(HELLO, model="m")
    assert counts(*stages[:2]) == before
    assert clock.now() == now


async def test_a_name_that_no_dns_answers_for_is_given_up_in_time_for_another_server(
    stages: list[Stage], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "CONNECT", 0.01)
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
        if host == "silent.invalid":
            asked.append(host)
            await asyncio.Event().wait()
        return await real(host, *args, **more)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    servers = [Server("http://silent.invalid/v1"), Server(f"{stages[0].url}/v1")]
    async with Api(servers=servers, clock=clock, on_call=stages[0].calls.append) as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="m"))
        await until(task.done)
        assert (await task).text == "ok"
    assert asked == ["silent.invalid"]
    assert stages[0].calls[0].attempts == 2
    async with Api(servers=servers[:1], clock=clock) as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="m"))
        while not task.done():
            await until(lambda: task.done() or not api.running)
            await clock.advance(1)  # the pause before the next attempt
        with pytest.raises(ApiConnectionError, match=r"cannot reach http://silent.*DNS"):
            await task


async def test_cancelled_between_two_servers_it_leaves_nothing(stages: list[Stage], clock: FakeClock) -> None:
    first, second, _ = stages
    first.play, second.play = says(503), hang
    async with api_of(first, second) as api:
        for number in itertools.count(1):
            task = asyncio.ensure_future(api.chat(HELLO, model="m"))
            for _ in range(number * 3):
                await asyncio.sleep(0)
            arrived = counts(second)[0]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
            assert (api.running, api.waiting) == (0, 0)
            if arrived:
                break


@pytest.mark.parametrize("status", [401, 402])
async def test_a_server_that_refuses_the_account_is_left_alone_for_a_while(
    stages: list[Stage], clock: FakeClock, status: int
) -> None:
    """Its owner must mend it; meanwhile no call pays a request to find that out again."""
    stages[0].answers({"error": {"message": "no"}}, status=status)
    async with api_of(*stages[:2]) as api:
        for _ in range(4):
            assert (await api.chat(HELLO, model="m")).text == "ok"
        assert (len(stages[0].seen), len(stages[1].seen)) == (1, 4)
        stages[0].answers(GOOD)
        await clock.advance(31)
        assert (await api.chat(HELLO, model="m")).text == "ok"
        assert len(stages[0].seen) == 2


async def test_a_full_queue_at_one_server_is_none_at_the_next(stages: list[Stage]) -> None:
    gate = asyncio.Event()

    async def wait(_request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response(GOOD)

    stages[0].play = wait
    async with api_of(*stages[:2], limits=Limits(concurrency=1, queue=1)) as api:
        first = [asyncio.ensure_future(api.chat(HELLO, model="m")) for _ in range(2)]
        await stages[0].saw(1)
        assert (await api.chat(HELLO, model="m")).text == "ok"
        assert len(stages[1].seen) == 1
        gate.set()
        await asyncio.gather(*first)
