"""Pictures, embeddings, moderation and the list of models over HTTP, with stand-ins for the heavy parts."""

from __future__ import annotations

import asyncio
import base64
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mudbot.errors import LocalError, QueueFullError
from mudbot.local.server.lane import Lane
from mudbot.local.server.pictures import Pictures
from tests.local.server_fakes import FakeEmbedder, FakeModel, FakePainting, fake_parts, serving


async def test_pictures_are_linked_and_served() -> None:
    """A picture's link is on this server, short, and gives the picture; the answer says what was drawn."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/images/generations", prompt="mountains", n=2, size="512x512", model="dall-e-2")
        urls = [entry["url"] for entry in answer.json["data"]]
        pictures = [await client.get(url) for url in urls]
    assert all(url.startswith("http://127.0.0.1:") and len(url) < 70 for url in urls)
    assert [picture.text for picture in pictures] == ["PNG mountains (512, 512) None", "PNG mountains (512, 512) 1"]
    assert pictures[0].headers["Content-Type"] == "image/png"
    assert [entry["revised_prompt"] for entry in answer.json["data"]] == ["Ink wash: mountains."] * 2
    assert answer.json["created"] == 1_700_001_000


async def test_pictures_come_inside_of_the_answer_too() -> None:
    """b64_json has the file itself; a Chinese prompt gets a Chinese caption; a seed changes the picture."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/images/generations", prompt="群山", response_format="b64_json", seed=7)
    (entry,) = answer.json["data"]
    assert base64.b64decode(entry["b64_json"]).decode() == "PNG 群山 (1024, 1024) 7"
    assert entry["revised_prompt"] == "水墨：群山。"
    assert "url" not in entry


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x", "n": 11}, "n"),
        ({"prompt": "x", "size": "99x99"}, "size"),
        ({"prompt": "x", "size": "100000x100000"}, "size"),
        ({"prompt": "x", "response_format": "gif"}, "response_format"),
        ({"prompt": "x", "output_format": "webp"}, "output_format"),
        ({"prompt": "x", "seed": -1}, "seed"),
    ],
)
async def test_a_wrong_wish_for_a_picture_is_named(body: dict[str, Any], param: str) -> None:
    """What cannot be painted is refused with the field's name."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/images/generations", **body)
    assert (answer.status, answer.error["param"]) == (400, param)


async def test_only_pictures_are_served() -> None:
    """Nothing but an existing picture's own name gives anything."""
    async with serving(fake_parts(FakeModel())) as client:
        for name in ("AAAAAAAAAAAA", "..%2f..%2fetc", "x", "%00"):
            answer = await client.get(f"/images/files/{name}.png")
            assert answer.status == 404
            assert answer.error


async def test_embeddings_are_numbers_or_base64() -> None:
    """Both encodings give the same vectors, in order, with usage; a query is told from what is looked through."""
    async with serving(fake_parts(FakeModel())) as client:
        plain = await client.post("/embeddings", input=["ab", "c"], model="text-embedding-3-small")
        coded = await client.post("/embeddings", input="ab", encoding_format="base64", input_type="query")
    assert [entry["embedding"] for entry in plain.json["data"]] == [[2.0, 0.0, 0.5], [1.0, 0.0, 0.5]]
    assert [entry["index"] for entry in plain.json["data"]] == [0, 1]
    assert plain.json["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert struct.unpack("<3f", base64.b64decode(coded.json["data"][0]["embedding"])) == (2.0, 1.0, 0.5)
    assert plain.json["model"] == "multilingual-e5-small"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": [[1]]}, "input"),
        ({"input": "x", "dimensions": 256}, "dimensions"),
        ({"input": "x", "encoding_format": "int8"}, "encoding_format"),
    ],
)
async def test_wrong_input_for_embeddings_is_named(body: dict[str, Any], param: str) -> None:
    """Token numbers, other dimensions and unknown encodings are refused, not misunderstood."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/embeddings", **body)
    assert (answer.status, answer.error["param"]) == (400, param)


async def test_a_vector_that_is_no_number_is_an_error() -> None:
    """NaN never leaves as JSON."""

    class Broken:
        def vectors(self, texts: list[str], *, query: bool = False) -> Any:
            return np.array([[float("nan")]], dtype=np.float32)

        def tokens(self, texts: list[str]) -> int:
            return 1

    async with serving(fake_parts(FakeModel(), embedder=Broken)) as client:
        answer = await client.post("/embeddings", input="x")
    assert answer.status == 503
    assert answer.error


async def test_moderation_judges_each_text() -> None:
    """A list has a result each, in order; parts of one content are judged together."""
    async with serving(fake_parts(FakeModel())) as client:
        several = await client.post("/moderations", input=["good", "bad"])
        one = await client.post("/moderations", input="bad")
        parts = await client.post(
            "/moderations", input=[{"type": "text", "text": "so"}, {"type": "text", "text": "bad"}]
        )
        image = await client.post("/moderations", input=[{"type": "image_url", "image_url": {"url": "x"}}])
    assert [result["flagged"] for result in several.json["results"]] == [False, True]
    assert several.json["results"][1]["category_scores"] == {"harassment": 0.9}
    assert several.json["id"].startswith("modr-")
    assert [result["flagged"] for result in one.json["results"]] == [True]
    assert [result["flagged"] for result in parts.json["results"]] == [True]
    assert image.status == 400


async def test_the_heavy_parts_are_made_once_and_late() -> None:
    """Embedder and filter are made at their first use, and kept."""
    made: list[str] = []

    def embedder() -> Any:
        made.append("embedder")
        return FakeEmbedder()

    async with serving(fake_parts(FakeModel(), embedder=embedder)) as client:
        await client.post("/images/generations", prompt="x")
        assert made == []
        for _ in range(2):
            await client.post("/embeddings", input="x")
            await client.post("/moderations", input="x")
    assert made == ["embedder"]


async def test_a_part_that_is_not_installed_says_how_to_get_it() -> None:
    """Without the painter's packages pictures are refused with the command that installs them; the rest works."""

    def paint(prompt: str, *, size: tuple[int, int], seed: int | None) -> FakePainting:
        raise LocalError("the painter needs the package PIL: pip install 'mudbot[local]'")

    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        answer = await client.post("/images/generations", prompt="x")
        other = await client.post("/embeddings", input="x")
    assert (answer.status, answer.error["code"]) == (503, "not_available")
    assert "pip install" in answer.error["message"]
    assert answer.headers["X-Should-Retry"] == "false"
    assert other.status == 200


async def test_the_models_are_listed_with_their_aliases() -> None:
    """Every well-known name is found, and says which local model answers."""
    async with serving(fake_parts(FakeModel())) as client:
        await client.post("/completions", prompt="load it")
        listed = (await client.get("/models")).json
        alias = (await client.get("/models/gpt-4o-mini")).json
        unknown = await client.get("/models/nobody")
    ids = [model["id"] for model in listed["data"]]
    assert ids[:4] == ["fake-model", "multilingual-e5-small", "mudbot-filter", "mudbot-ink-wash"]
    assert alias["alias_of"] == "fake-model"
    assert all(model["object"] == "model" for model in listed["data"])
    assert (unknown.status, unknown.error["code"]) == (404, "model_not_found")


def test_old_pictures_go_when_there_are_too_many() -> None:
    """The store is bounded in number and in bytes; the newest picture always stays."""
    pictures = Pictures(count=2)
    names = [pictures.put(bytes([number])) for number in range(3)]
    assert [pictures.get(name) for name in names] == [None, b"\x01", b"\x02"]
    small = Pictures(size=5)
    first, second = small.put(b"123"), small.put(b"1234567")
    assert (small.get(first), small.get(second)) == (None, b"1234567")
    assert repr(pictures) == "<Pictures: 2 in memory>"


def test_pictures_in_a_folder_outlive_the_server(tmp_path: Path) -> None:
    """With a folder the links last, and its bound counts what was there before."""
    name = Pictures(tmp_path / "images").put(b"old")
    again = Pictures(tmp_path / "images", count=1)
    assert again.get(name) == b"old"
    new = again.put(b"new")
    assert (again.get(name), again.get(new)) == (None, b"new")
    assert [path.name for path in (tmp_path / "images").iterdir()] == [f"{new}.png"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error says where and what to do."""
    (tmp_path / "images").write_text("in the way")
    with pytest.raises(LocalError, match="images"):
        Pictures(tmp_path / "images").put(b"x")


async def test_a_lane_does_one_thing_at_a_time_and_refuses_too_many() -> None:
    """Work waits in order; over the bound it is refused at once; a failure does not stop the lane."""
    lane, goes_on, seen = Lane("test", queue=2), threading.Event(), list[int]()

    def work(number: int) -> int:
        assert goes_on.wait(10)
        seen.append(number)
        return number

    tasks = [asyncio.create_task(lane.run(work, number)) for number in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFullError, match="2 requests wait for the test"):
        await lane.run(work, 3)
    goes_on.set()
    assert await asyncio.gather(*tasks) == [1, 2]
    assert seen == [1, 2]
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 // 0)
    assert await lane.run(work, 4) == 4
    assert repr(lane) == "<Lane test: 0 of 2>"
    lane.close()


async def test_a_caller_who_leaves_keeps_his_place_until_the_work_ends() -> None:
    """Cancelled callers cannot pile up work beyond the bound."""
    lane, goes_on = Lane("test", queue=1), threading.Event()
    task = asyncio.create_task(lane.run(goes_on.wait, 10))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    with pytest.raises(QueueFullError):
        await lane.run(lambda: None)
    goes_on.set()
    lane.close()
