"""A loopback server, in a thread of its own, that plays the API for the command line; and a way to call it."""

from __future__ import annotations

import email
import email.policy
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from mudbot.cli import main

KEY = "sk-canary-0123456789"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff\xff"
    b"\x7f\0\t\xfb\x03\xfd\x05CE\xca\0\0\0\0IEND\xaeB`\x82"
)


@dataclass
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[tuple[str | None, bytes]]]:
        """The fields of a multipart body: file name and content of each."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts: dict[str, list[tuple[str | None, bytes]]] = {}
        for part in email.message_from_bytes(head + self.body, policy=email.policy.HTTP).iter_parts():
            name = part.get_param("name", header="content-disposition")
            parts.setdefault(str(name), []).append((part.get_filename(), _bytes(part)))
        return parts


@dataclass
class Reply:
    """What is answered."""

    body: bytes
    type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Play = Callable[[Seen], Reply]


class Stage(ThreadingHTTPServer):
    """Answers by ``plays`` (``GET /models``: a value for JSON, a Reply, or a function), and remembers what it saw."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.plays: dict[str, Any] = {}
        self.seen: list[Seen] = []
        self.arrived = threading.Event()
        """Set when the first request has come."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def reply(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        self.arrived.set()
        path = seen.path.partition("?")[0].removeprefix("/v1")
        play = self.plays.get(f"{seen.method} {path}")
        if callable(play):
            play = play(seen)
        if play is None:
            return as_json({"error": {"message": f"no play for {seen.method} {path}"}}, 404)
        return play if isinstance(play, Reply) else as_json(play)


class _Handler(BaseHTTPRequestHandler):
    server: Stage

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.reply(Seen(self.command, self.path, headers, body))
        try:
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.type, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:  # the command has enough
            self.close_connection = True

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


def _bytes(part: Any) -> bytes:
    return bytes(part.get_payload(decode=True))


def as_json(body: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status=status)


def stream(*chunks: Any) -> Reply:
    """Server-sent events."""
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return Reply("".join([*lines, "data: [DONE]\n\n"]).encode(), "text/event-stream")


def completion(*texts: str, **more: Any) -> dict[str, Any]:
    choices = [{"index": at, "text": text, "finish_reason": "stop"} for at, text in enumerate(texts)]
    return {"id": "cmpl-1", "object": "text_completion", "model": "m", "choices": choices, **more}


@dataclass
class Outcome:
    """How a command ended."""

    status: int
    out: str
    err: str


def call(*arguments: str, stdin: bytes = b"", env: Mapping[str, str | None] | None = None) -> Outcome:
    """``mudbot api ...`` in this process, as ``main`` runs it, with no variable of the machine's own."""
    runner = CliRunner()
    clean = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_ORGANIZATION"))

    with pytest.MonkeyPatch.context() as patch, runner.isolation(stdin, env={**clean, **(env or {})}) as streams:
        patch.setattr("sys.argv", ["mudbot", "api", *arguments])
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(status, streams[0].getvalue().decode(), streams[1].getvalue().decode())


@contextmanager
def staged() -> Iterator[Stage]:
    """A server, for a test."""
    stage = Stage()
    thread = threading.Thread(target=stage.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.shutdown()
        stage.server_close()
        thread.join()
