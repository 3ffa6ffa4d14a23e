"""What can go wrong with an answer: an error of ours each time, with a remedy and without the key."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from mudbot.api import Api
from mudbot.api.wire import transport as transport_module
from mudbot.errors import (
    ApiConnectionError,
    ApiError,
    AuthenticationError,
    BadAnswerError,
    BadRequestError,
    NotFoundError,
    QuotaError,
    RateLimitError,
    RefusedError,
    ServerError,
)

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
KEY = "sk-canary-9Zx81LmQ2"


async def failure(stage: Stage, **settings: object) -> ApiError:
    """The error of one chat that is not tried again."""
    async with stage.api(**settings) as api:
        with pytest.raises(ApiError) as caught:
            await api.chat(HELLO, model="m-1")
    return caught.value


def said(message: str, code: str | None = None, kind: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


CASES = [
    (400, said("bad temperature"), BadRequestError, "bad temperature.*check its parameters"),
    (400, said("too long", "context_length_exceeded"), BadRequestError, "shorten the prompt"),
    (400, said("unsafe", "content_policy_violation"), RefusedError, "change the prompt"),
    (401, said("wrong key", "invalid_api_key"), AuthenticationError, r"check api\.api_key"),
    (402, said("pay"), QuotaError, "billing"),
    (403, said("not yours"), AuthenticationError, r"rights, api\.organization"),
    (404, said("The model m-1 does not exist", "model_not_found"), NotFoundError, "no model 'm-1'.*GET /models"),
    (404, {"detail": "Not Found"}, NotFoundError, r"endpoint POST /chat/completions.*/v1"),
    (405, {}, NotFoundError, r"POST /chat/completions"),
    (413, {}, BadRequestError, "shorten"),
    (422, {"detail": [{"loc": ["body", "n"], "msg": "nope"}]}, BadRequestError, "nope"),
    (429, said("no money", "insufficient_quota", "insufficient_quota"), QuotaError, "billing"),
    (501, said("not here"), NotFoundError, "endpoint"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), CASES)
async def test_a_status_becomes_an_error_with_a_remedy_and_is_not_tried_again(
    stage: Stage, status: int, body: object, kind: type[ApiError], words: str
) -> None:
    stage.answers(body, status, {"x-request-id": "req-7"})
    error = await failure(stage, api_key=KEY)
    assert type(error) is kind
    assert (error.status, error.request_id) == (status, "req-7")
    assert str(error).startswith("POST /chat/completions: ")
    with pytest.raises(kind, match=words):
        raise error
    assert len(stage.seen) == 1
    assert stage.calls[0].outcome == kind.__name__


async def test_without_a_key_a_401_says_that_there_is_none(stage: Stage) -> None:
    stage.answers(said("who are you"), 401)
    assert "no key is configured: set api.api_key" in str(await failure(stage))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda api: api.complete("x", model="m"), "modern replacement is POST /chat/completions"),
        (lambda api: api.models(), "endpoint GET /models"),
    ],
)
async def test_an_unknown_endpoint_names_itself_and_its_successor(
    stage: Stage, call: Callable[[Api], object], words: str
) -> None:
    stage.sends(b"<html>404</html>", "text/html", 404)
    async with stage.api() as api:
        with pytest.raises(NotFoundError, match=words):
            await call(api)  # type: ignore[misc]


@pytest.mark.parametrize("dress", ["{key}", "Bearer {key}", "s{rest}", "{reversed}"])
async def test_a_key_that_the_server_echoes_is_in_no_text_and_no_traceback(stage: Stage, dress: str) -> None:
    echo = dress.format(key=KEY, rest=KEY[1:], reversed=KEY[::-1])
    body = {"error": {"message": f"Incorrect API key provided: {echo}.", "code": echo, "type": echo}}
    stage.answers(body, 401, {"x-request-id": echo})
    error = await failure(stage, api_key=KEY)
    shown = f"{error} {error!r} {error.code} {error.request_id} {vars(error)}" + "".join(
        traceback.format_exception(error)
    )
    for canary in (KEY, KEY[3:], KEY[::-1]):
        assert canary not in shown
    assert (error.__cause__, error.__context__) == (None, None)
    assert KEY not in repr(stage.calls)


async def test_control_characters_and_long_bodies_stay_out_of_messages(stage: Stage) -> None:
    stage.sends(b"\x1b]0;evil\x07<h1>\r\n" + b"x" * 100_000, "text/html", 400)
    shown = str(await failure(stage))
    assert shown.isprintable()
    assert len(shown) < 500


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"<html>hello</html>", "text/html", "asked for JSON, it says it sends text/html.*<html>hello"),
        (b"", "application/json", "not JSON"),
        (b'{"choices": [', "application/json", "not JSON.*choices"),
        (b"\xff\xfe\x00", "application/json", "not JSON"),
        (b"[" * 100_000, "application/json", "not JSON"),
        (b"[]", "application/json", "no Chat"),
        (b'"hi"', "application/json", "no Chat"),
        (b"{}", "application/json", "no Chat .choices: Field required"),
        (b'{"choices": null}', "application/json", "no Chat"),
        (b'{"choices": [{"message": {"content": 5}}]}', "application/json", "no Chat .*content"),
        (b'{"choices": [{}]}', "application/json", "no Chat"),
    ],
)
async def test_an_answer_that_is_none_is_said_with_its_first_words(
    stage: Stage, body: bytes, content_type: str, words: str
) -> None:
    stage.sends(body, content_type, headers={"x-request-id": "req-9"})
    error = await failure(stage)
    assert (error.status, error.request_id) == (200, "req-9")
    with pytest.raises(BadAnswerError, match=words):
        raise error
    assert error.__context__ is None
    assert "req-9" in str(error)
    assert len(stage.seen) == 1


async def test_a_bad_answer_with_the_key_in_it_does_not_show_it(stage: Stage) -> None:
    stage.sends(f'{{"Authorization": "Bearer {KEY}"}} oops'.encode(), "application/json")
    assert "canary" not in str(await failure(stage, api_key=KEY))


async def test_an_error_inside_a_good_status_is_that_error(stage: Stage) -> None:
    stage.answers(said("slow down", "insufficient_quota"))
    assert type(await failure(stage)) is QuotaError
    stage.answers({"error": {"message": "bad model", "code": 404}})
    assert type(await failure(stage)) is NotFoundError


async def test_an_endless_answer_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "LONGEST_BODY", 2**20)
    stage.sends(b" " * (2**20 + 1), "application/json")
    with pytest.raises(BadAnswerError, match="longer than 1 MiB"):
        raise await failure(stage)


async def test_a_redirect_is_not_followed(stage: Stage) -> None:
    stage.sends(b"", "text/plain", 307, {"Location": "http://evil.example/v1?token=1"})
    with pytest.raises(BadAnswerError, match=r"redirects to http://evil\.example/v1 -- set api\.base_url"):
        raise await failure(stage)
    assert len(stage.seen) == 1


@contextlib.asynccontextmanager
async def raw_server(*scripts: bytes | None) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that sends these bytes for one request after the other; None hangs up without a word.

    Yields its URL and, for each request, the number of the connection it came on.
    """
    left, seen, connections = list(scripts), list[int](), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                await reader.readexactly(length)
                seen.append(mine)
                answer = left.pop(0) if left else None
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}/v1", seen
    finally:
        server.close()


def http(body: bytes, length: int | None = None) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


MODELS = http(b'{"data": [{"id": "a"}]}')
GOOD = http(b'{"choices": [{"message": {"content": "ok"}}]}')


async def test_a_connection_that_was_closed_while_idle_is_no_failure(clock: FakeClock) -> None:
    async with raw_server(GOOD, None, GOOD) as (url, seen), Api(url, clock=clock) as api:
        assert (await api.chat(HELLO, model="m")).text == "ok"
        assert (await api.chat(HELLO, model="m")).text == "ok"  # no time passes on the fake clock: tried again at once
    assert seen == [1, 1, 2]


async def test_a_server_that_hangs_up_on_a_new_connection_is_tried_again_after_a_pause(
    clock: FakeClock, until: Callable[[Callable[[], bool]], Awaitable[None]]
) -> None:
    async with raw_server(None, GOOD) as (url, seen), Api(url, clock=clock) as api:
        call = asyncio.ensure_future(api.chat(HELLO, model="m"))
        await until(lambda: bool(seen) and not api.running)
        await clock.advance(0.3)
        assert len(seen) == 1
        await clock.advance(0.3)
        assert (await call).text == "ok"


async def test_a_server_that_always_hangs_up_is_tried_three_times(clock: FakeClock) -> None:
    async with raw_server() as (url, seen), Api(url, clock=clock) as api:
        call = asyncio.ensure_future(api.chat(HELLO, model="m"))
        while not call.done():
            await clock.advance(0.1)
        with pytest.raises(ApiConnectionError, match=r"hung up.*look at its log"):
            await call
    assert len(seen) == 3


async def test_a_body_that_is_cut_is_tried_again(clock: FakeClock) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{"
    calls: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        calls.append(1)
        writer.write(cut if len(calls) == 1 else MODELS)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Api(f"http://127.0.0.1:{port}", clock=clock) as api:
        call = asyncio.ensure_future(api.models())
        while not call.done():
            await clock.advance(0.1)
        assert (await call).ids == ["a"]
    assert len(calls) == 2
    server.close()


async def test_what_is_no_http_is_a_bad_answer(clock: FakeClock) -> None:
    async with raw_server(b"220 mail.example ESMTP\r\n\r\n") as (url, seen), Api(url, clock=clock) as api:
        with pytest.raises(BadAnswerError, match="no HTTP"):
            await api.chat(HELLO, model="m")
    assert len(seen) == 1


async def test_a_server_that_is_not_there_says_where_it_was_looked_for(clock: FakeClock) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with Api(f"http://127.0.0.1:{port}/v1", clock=clock) as api:
        call = asyncio.ensure_future(api.chat(HELLO, model="m"))
        while not call.done():
            await clock.advance(0.1)
        with pytest.raises(
            ApiConnectionError, match=rf"cannot reach http://127\.0\.0\.1:{port}/v1.*check that it runs"
        ):
            await call


async def test_a_plain_server_behind_https_is_no_safe_connection_and_not_tried_again(stage: Stage) -> None:
    async with stage.api(base_url=stage.url.replace("http:", "https:")) as api:
        with pytest.raises(ApiError) as caught:
            await api.chat(HELLO, model="m", deadline=5)
    assert isinstance(caught.value, ApiConnectionError)
    assert stage.calls[0].attempts == 1


async def test_five_hundreds_are_tried_three_times_and_told(stage: Stage, clock: FakeClock) -> None:
    stage.answers(said("oops"), 503)
    async with stage.api() as api:
        call = asyncio.ensure_future(api.chat(HELLO, model="m"))
        await stage.saw(1)
        while not call.done():
            await clock.advance(0.1)
        with pytest.raises(ServerError, match=r"503.*oops.*status page"):
            await call
    assert (len(stage.seen), stage.calls[0].attempts, stage.calls[0].status) == (3, 3, 503)
    assert stage.calls[0].waited == pytest.approx(1.5, abs=0.4)


async def test_a_429_that_stays_is_a_rate_limit_error(stage: Stage, clock: FakeClock) -> None:
    stage.answers(said("slow down", "rate_limit_exceeded"), 429)
    async with stage.api() as api:
        call = asyncio.ensure_future(api.chat(HELLO, model="m"))
        await stage.saw(1)
        while not call.done():
            await clock.advance(0.1)
        with pytest.raises(RateLimitError, match=r"slow down.*api\.limits"):
            await call
    assert len(stage.seen) == 3
