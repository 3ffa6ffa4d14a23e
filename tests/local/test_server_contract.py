"""Contract mode: every row answers in the API's shape, whatever is asked and whatever id is named."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest

from mudbot.errors import ModelMissingError
from tests.local.server_fakes import Answer, Client, FakeModel, FakePainting, fake_parts, serving

FILE = {"id", "object", "bytes", "created_at", "filename", "purpose", "status"}
JOB = {
    *("id", "object", "created_at", "finished_at", "model", "fine_tuned_model", "organization_id", "status", "error"),
    *("training_file", "validation_file", "hyperparameters", "result_files", "trained_tokens", "seed"),
}
TUNE = {
    *("id", "object", "created_at", "updated_at", "model", "fine_tuned_model", "organization_id", "status"),
    *("hyperparams", "training_files", "validation_files", "result_files"),
}
LIST = {"object", "data"}
MODEL = {"id", "object", "created", "owned_by"}
MESSAGES = [
    {"role": "developer", "content": "string"},
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "x"}]},
]
EVERYTHING = {
    "model": "string",
    "messages": MESSAGES,
    "audio": {"format": "wav", "voice": "x"},
    "function_call": "none",
    "functions": [{"name": "f"}],
    "logit_bias": {"foo": 0},
    "logprobs": True,
    "max_completion_tokens": 0,
    "max_tokens": 0,
    "modalities": ["text"],
    "n": 1,
    "prediction": {"content": "string", "type": "content"},
    "response_format": {"type": "text"},
    "seed": -(2**53),
    "stop": "\n",
    "temperature": 1,
    "tool_choice": "none",
    "tools": [{"function": {"name": "f"}, "type": "function"}],
    "top_logprobs": 0,
    "verbosity": "low",
    "web_search_options": {},
}
ROWS: list[tuple[str, str, Any, set[str]]] = [
    ("GET", "/models", None, LIST),
    ("GET", "/models/anything", None, MODEL),
    ("DELETE", "/models/ft:gpt-4o-mini:acemeco:suffix:abc123", None, {"id", "object", "deleted"}),
    ("POST", "/completions", {"model": "string", "prompt": [[1, 2]], "best_of": 0}, {"id", "choices", "created"}),
    ("POST", "/completions", {"model": "string", "prompt": "x", "suffix": "test.", "logprobs": 0}, {"choices"}),
    ("POST", "/chat/completions", EVERYTHING, {"id", "choices", "created", "model", "object", "usage"}),
    ("POST", "/edits", {"model": "x", "input": "a", "instruction": "b"}, {"object", "created", "choices", "usage"}),
    ("POST", "/images/generations", {"prompt": "a cat", "quality": "medium", "style": "vivid"}, {"created", "data"}),
    ("POST", "/images/edits", {"image": b"no picture", "mask": b"none", "prompt": "a hat"}, {"created", "data"}),
    ("POST", "/images/variations", {"image": b"no picture", "n": "1"}, {"created", "data"}),
    ("POST", "/embeddings", {"model": "x", "input": "a fox", "dimensions": 1}, LIST | {"model", "usage"}),
    ("POST", "/embeddings", {"model": "x", "input": [1, 2]}, LIST | {"model", "usage"}),
    ("POST", "/moderations", {"input": [{"type": "image_url", "image_url": {"url": "x"}}]}, {"results"}),
    ("POST", "/moderations", {"input": "x"}, {"id", "model", "results"}),
    ("GET", "/files?after=after&limit=0&order=asc&purpose=purpose", None, LIST | {"has_more"}),
    ("POST", "/files", {"file": b"no lines", "purpose": "fine-tune"}, FILE),
    ("GET", "/files/file-abc123", None, FILE),
    ("DELETE", "/files/file-abc123", None, {"id", "object", "deleted"}),
    ("POST", "/fine_tuning/jobs", {"model": "x", "training_file": "file-abc123", "hyperparameters": {"n": 1}}, JOB),
    ("GET", "/fine_tuning/jobs?after=after&limit=0&metadata[foo]=string", None, LIST | {"has_more"}),
    ("GET", "/fine_tuning/jobs/ft-AF1WoRqd3aJAHsqc9NY7iL8F", None, JOB),
    ("POST", "/fine_tuning/jobs/ft-AF1WoRqd3aJAHsqc9NY7iL8F/cancel", None, JOB),
    ("POST", "/fine_tuning/jobs/ft-AF1WoRqd3aJAHsqc9NY7iL8F/pause", None, JOB),
    ("GET", "/fine_tuning/jobs/ft-AF1WoRqd3aJAHsqc9NY7iL8F/events?after=after&limit=0", None, LIST | {"has_more"}),
    ("POST", "/fine-tunes", {"training_file": "file-abc123"}, TUNE),
    ("GET", "/fine-tunes", None, LIST),
    ("GET", "/fine-tunes/ft-1", None, TUNE | {"events"}),
    ("POST", "/fine-tunes/ft-1/cancel", None, TUNE),
    ("GET", "/fine-tunes/ft-1/events", None, LIST),
    ("GET", "/engines", None, LIST),
    ("GET", "/engines/davinci", None, {"id", "object", "created", "ready"}),
]


async def ask(client: Client, method: str, path: str, body: dict[str, Any] | None) -> Answer:
    """A request with a JSON body, or with a form where bytes are in it."""
    if body is None or not any(isinstance(value, bytes) for value in body.values()):
        return await client.ask(method, path, json=body)
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in body.items():
        if isinstance(value, bytes):
            form.add_field(name, io.BytesIO(value), filename=name)
        else:
            form.add_field(name, value)
    return await client.ask(method, path, data=form)


@pytest.mark.parametrize(("method", "path", "body", "keys"), ROWS, ids=[f"{row[0]} {row[1][:40]}" for row in ROWS])
async def test_every_row_answers_in_its_shape(method: str, path: str, body: Any, keys: set[str]) -> None:
    """With ids that were never given out, parameters that mean nothing here, and no model file."""

    def missing(name: str) -> FakeModel:
        raise ModelMissingError("run `mudbot models fetch`")

    async with serving(fake_parts(FakeModel(), text=missing), contract=True) as client:
        answer = await ask(client, method, path, body)
    assert answer.status == 200, answer.text
    assert keys <= set(answer.json), keys - set(answer.json)


async def test_made_up_files_and_jobs_have_content_and_events() -> None:
    """Streams of made-up jobs begin and end."""
    async with serving(fake_parts(FakeModel()), contract=True) as client:
        content = await client.get("/files/file-abc123/content")
        events = (await client.get("/fine-tunes/ft-1/events?stream=true")).events
        pictures = await client.post("/images/generations", prompt="x", stream=True, partial_images=1)
        said = await client.post("/chat/completions", **EVERYTHING | {"stream": True})
    assert (content.status, content.text) == (200, "{}\n")
    assert [event["object"] for event in events[:-1]] == ["fine-tune-event"]
    assert events[-1] == "[DONE]"
    assert "image_generation.completed" in pictures.text
    assert said.events[-1] == "[DONE]"


@pytest.mark.parametrize(("method", "path", "body", "keys"), [row for row in ROWS if row[0] == "POST" and row[2]])
async def test_what_is_required_is_required(method: str, path: str, body: Any, keys: set[str]) -> None:
    """A body of nothing is refused by every row that needs one, in contract mode too."""
    async with serving(fake_parts(FakeModel()), contract=True) as client:
        empty = {"x": b"x"} if any(isinstance(value, bytes) for value in body.values()) else {}
        answer = await ask(client, method, path, empty)
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


async def test_pictures_are_small_whatever_size_is_asked_for() -> None:
    """Nobody looks at them, and a thousand tests wait for them."""
    painted = list[tuple[int, int]]()

    def paint(prompt: str, *, size: tuple[int, int], seed: int | None) -> FakePainting:
        painted.append(size)
        return FakePainting(prompt, size, seed)

    async with serving(fake_parts(FakeModel(), paint=paint), contract=True) as client:
        for size in ("256x256", "1024x1024", "1792x1024"):
            assert (await client.post("/images/generations", prompt="x", size=size)).status == 200
    assert painted == [(256, 256)] * 3


async def test_without_contract_mode_nothing_is_made_up() -> None:
    """The same ids are unknown to an ordinary server."""
    async with serving(fake_parts(FakeModel())) as client:
        for method, path, body, _ in ROWS:
            if "abc123" in path or "/ft-" in path or path == "/models/anything":
                assert (await ask(client, method, path, body)).status == 404, path
