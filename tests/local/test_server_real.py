"""The embedded server with everything real: small model, painter, embedder, filter."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from mudbot.local.server import LocalServer, Parts
from tests.local.server_fakes import Client, small_model

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    await asyncio.to_thread(small_model)
    data: Path = tmp_path_factory.mktemp("data")
    async with LocalServer(model="smollm2", data=data, parts=Parts()) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


async def test_it_talks_while_it_serves_the_rest(client: Client) -> None:
    """A chat is answered while pictures, embeddings and judgements are asked for at the same time."""
    chat, picture, vectors, judged = await asyncio.gather(
        client.post("/chat/completions", messages=[{"role": "user", "content": "Hello, who are you?"}], max_tokens=20),
        client.post("/images/generations", prompt="misty mountains, a pagoda", size="256x256"),
        client.post("/embeddings", input=["hello", "你好"]),
        client.post("/moderations", input=["I kill the orc", "kill yourself, you worthless idiot"]),
    )
    assert len(chat.json["choices"][0]["message"]["content"]) > 20
    assert "pagoda" in picture.json["data"][0]["revised_prompt"]
    assert [len(entry["embedding"]) for entry in vectors.json["data"]] == [384, 384]
    assert [result["flagged"] for result in judged.json["results"]] == [False, True]


async def test_a_picture_opens_from_its_link(client: Client) -> None:
    """The link gives a real PNG of the size that was asked for."""
    from PIL import Image

    answer = await client.post("/images/generations", prompt="竹林 雨", size="512x512")
    async with client.session.get(answer.json["data"][0]["url"]) as response:
        image = Image.open(io.BytesIO(await response.read()))
    assert (image.format, image.size) == ("PNG", (512, 512))
    assert answer.json["data"][0]["revised_prompt"].startswith("水墨")


async def test_a_warmed_persona_is_remembered(client: Client) -> None:
    """After warm() nearly all of the persona's prompt comes from the cache, also after another persona spoke."""
    one = {"role": "system", "content": "You are Chen, an innkeeper by the river. " * 10}
    two = {"role": "system", "content": "You guard the northern gate of the city. " * 10}
    await client.server.warm([one, {"role": "user", "content": "x"}])
    await client.server.warm([two, {"role": "user", "content": "x"}])
    for persona in (one, two, one):
        body = {"messages": [persona, {"role": "user", "content": "Good evening!"}], "max_tokens": 2}
        usage = (await client.post("/chat/completions", **body)).json["usage"]
        assert usage["prompt_tokens_details"]["cached_tokens"] >= 0.8 * usage["prompt_tokens"]


async def test_a_long_prompt_is_refused_in_the_apis_words(client: Client) -> None:
    """The error is OpenAI's, streamed or not, so that clients know what to shorten."""
    for stream in (False, True):
        messages = [{"role": "user", "content": "word " * 6000}]
        answer = await client.post("/chat/completions", messages=messages, stream=stream)
        assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
