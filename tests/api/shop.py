"""A server that answers all endpoints with plausible answers, and remembers what it was asked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mudbot.testing import FakeClock
from tests.api.conftest import Seen, Stage

if TYPE_CHECKING:
    from aiohttp.web_request import FileField

PNG = base64.b64encode(b"picture").decode()
CHAT_PIECES = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "客"}}]},
    {"choices": [{"index": 0, "delta": {"content": "官好"}, "finish_reason": "stop"}]},
]
IMAGE_PIECES: list[dict[str, Any]] = [
    {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": PNG},
    {"type": "image_generation.completed", "b64_json": PNG, "usage": {"input_tokens": 3, "output_tokens": 9}},
]
EVENTS = [
    {"object": "fine-tune-event", "created_at": 1, "level": "info", "message": "Created fine-tune: ft-1"},
    {"object": "fine-tune-event", "created_at": 2, "level": "info", "message": "Fine-tune succeeded"},
]
NEW_EVENTS = [
    {"id": "ftevent-2", "created_at": 2, "message": "done"},
    {"id": "ftevent-1", "created_at": 1, "message": "x"},
]
MODEL = {"id": "m", "object": "model", "owned_by": "me"}
ENGINE = {"id": "ada", "object": "engine", "ready": True}
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 5,
    "filename": "a.jsonl",
    "purpose": "fine-tune",
    "status": "processed",
}
OLD_JOB = {"id": "ft-1", "object": "fine-tune", "status": "succeeded", "training_files": [FILE], "result_files": [FILE]}
JOB = {"id": "ftjob-1", "object": "fine_tuning.job", "status": "succeeded", "result_files": ["file-2"], "error": {}}
PICTURES = {"created": 1, "data": [{"url": "http://127.0.0.1/1.png"}, {"b64_json": PNG}]}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def _listed(*items: object) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "has_more": False}


def _moderated(body: Any) -> object:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    return {"id": "modr-1", "model": "mod", "results": [{"flagged": "kill" in str(text)} for text in texts]}


def _embedded(body: Any) -> object:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    return _listed(*({"index": i, "embedding": [1.0, 0.5]} for i in range(len(texts)))) | {"model": "e"}


SHELVES: list[tuple[str, str, object]] = [
    ("GET", "/models", _listed(MODEL)),
    ("GET", "/models/[^/]+", MODEL),
    ("DELETE", "/models/[^/]+", {"id": "m", "object": "model", "deleted": True}),
    (
        "POST",
        "/completions",
        {"choices": [{"index": 0, "text": " there was", "finish_reason": "length"}], "usage": USAGE},
    ),
    (
        "POST",
        "/chat/completions",
        {"choices": [{"message": {"content": "客官好"}, "finish_reason": "stop"}], "usage": USAGE},
    ),
    ("POST", "/edits", {"object": "edit", "choices": [{"index": 0, "text": "a cat"}], "usage": USAGE}),
    ("POST", "/images/(generations|edits|variations)", PICTURES),
    ("POST", "/embeddings", _embedded),
    ("POST", "/moderations", _moderated),
    ("GET", "/files", _listed(FILE)),
    ("POST", "/files", FILE),
    ("GET", "/files/[^/]+", FILE),
    ("DELETE", "/files/[^/]+", {"id": "file-1", "object": "file", "deleted": True}),
    ("POST", "/fine-tunes(/[^/]+/cancel)?", OLD_JOB),
    ("GET", "/fine-tunes", _listed(OLD_JOB)),
    ("GET", "/fine-tunes/[^/]+", OLD_JOB),
    ("GET", "/fine-tunes/[^/]+/events", _listed(*EVENTS)),
    ("POST", "/fine_tuning/jobs(/[^/]+/cancel)?", JOB),
    ("GET", "/fine_tuning/jobs", _listed(JOB)),
    ("GET", "/fine_tuning/jobs/[^/]+", JOB),
    ("GET", "/fine_tuning/jobs/[^/]+/events", _listed(*NEW_EVENTS)),
    ("GET", "/engines", _listed(ENGINE)),
    ("GET", "/engines/[^/]+", ENGINE),
]

STREAMS: dict[str, list[Any]] = {
    "/chat/completions": CHAT_PIECES,
    "/completions": [{"choices": [{"index": 0, "text": " once", "finish_reason": "stop"}]}],
    "/images/generations": IMAGE_PIECES,
    "/images/edits": [piece | {"type": str(piece["type"]).replace("generation", "edit")} for piece in IMAGE_PIECES],
    "/fine-tunes/ft-1/events": EVENTS,
}


class Shop(Stage):
    """A Stage with something on every shelf; forms are remembered as dicts of lists, files as (name, type, bytes)."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await _read(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, body, self.clock.now()))
        path = request.raw_path.partition("?")[0].removeprefix("/v1")
        asked = body.get("stream") if isinstance(body, dict) else None
        if asked in (True, ["true"]) or request.query.get("stream") == "true":
            return await _stream(request, STREAMS[path])
        if path.endswith("/content"):
            return web.Response(body=b'{"prompt": "a"}\n', content_type="application/octet-stream")
        for method, shape, answer in SHELVES:
            if method == request.method and re.fullmatch(shape, path):
                found = answer(body) if callable(answer) else answer
                return web.json_response(found, headers={"x-request-id": "req-1"})
        return web.json_response({"error": {"message": f"no such thing: {path}"}}, status=404)


async def _read(request: web.Request) -> Any:
    if request.content_type != "multipart/form-data":
        data = await request.read()
        return json.loads(data) if data else None
    form: dict[str, list[Any]] = {}
    for name, value in (await request.post()).items():
        form.setdefault(name, []).append(value if isinstance(value, str) else _file(value))
    return form


def _file(field: FileField | bytes | bytearray) -> Any:
    assert not isinstance(field, bytes | bytearray)
    return field.filename, field.content_type, field.file.read()


async def _stream(request: web.Request, pieces: list[Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for piece in pieces:
        await response.write(f"data: {json.dumps(piece)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


@asynccontextmanager
async def opened(clock: FakeClock, make: Callable[[FakeClock], Shop] = Shop) -> AsyncIterator[Shop]:
    """A shop on loopback, open as long as the block."""
    shop = make(clock)
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", shop.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    shop.url = f"http://{host}:{port}"
    try:
        yield shop
    finally:
        await runner.cleanup()
