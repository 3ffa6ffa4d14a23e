"""From a reply's bytes to values: whole answers and streams, and every way in which they can be wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from mudbot.api.types import Answer, Piece
from mudbot.api.wire.failures import Failed, Place, from_said, read_error
from mudbot.api.wire.safe import Redactor
from mudbot.api.wire.sse import Parser
from mudbot.errors import ApiError

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)

DONE = "[DONE]"


class Source(Protocol):
    """What the readers need of a reply; ``transport.Reply`` is one."""

    place: Place
    redact: Redactor
    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """In lower case, without parameters."""

    @property
    def request_id(self) -> str | None:
        """The server's name for the call."""

    async def next(self) -> bytes:
        """The next piece of the body; empty at its end."""

    async def read(self) -> bytes:
        """The whole body."""

    async def beginning(self, length: int) -> bytes:
        """The first *length* bytes of the body, however it ends."""

    def bad(self, what: str) -> ApiError:
        """The error for an answer that is not what the API promises."""


async def read_answer(source: Source, kind: type[_A]) -> tuple[_A, bytes]:
    """The one answer that a whole body holds, and the body.  Raises BadAnswerError, or Failed for an error inside."""
    if not _is_json(source.content_type):
        raise await _wrong_type(source, "JSON")
    body = await source.read()
    return parse(source, body, kind), body


async def read_stream(source: Source, kind: type[_P]) -> AsyncGenerator[_P, None]:
    """The pieces of a stream, to its end.

    Raises BadAnswerError for a piece that cannot be read and for a stream that stops before a ``finish_reason`` or
    ``[DONE]`` (a cut answer looks like a whole one otherwise), and Failed for an error inside it.
    """
    if source.content_type != "text/event-stream":
        raise await _wrong_type(source, "a stream of events")
    parser, finished = Parser(), False
    try:
        while data := await source.next():
            for event in parser.feed(data):
                if event.data.strip() == DONE:
                    return
                if event.event == "ping" or not event.data:
                    continue  # keep-alives of some gateways
                piece = parse(source, event.data.encode("utf-8"), kind)
                finished = finished or piece.finished
                yield piece
    except Failed as failed:
        if finished and failed.signs.lost:
            return  # all was said; only the goodbye is missing
        raise
    if not finished:
        raise source.bad("the stream stopped before its end (neither finish_reason nor [DONE] came)")


def parse(source: Source, body: bytes, kind: type[_A]) -> _A:
    """*body* as a value.  Raises as ``read_answer``."""
    try:
        answer = kind.model_validate_json(body)
    except ValidationError:
        answer = None
    if answer is None:
        raise _unreadable(source, body, kind)
    extra = answer.__pydantic_extra__
    if extra and "error" in extra and (said := read_error(extra)) is not None:
        raise from_said(said, source.status, source.headers, source.place, source.redact)
    if (name := source.request_id) is not None:
        # Ours: a field would mix with what the server sent.  pydantic's own way to set it costs five times as much.
        object.__setattr__(answer, "_request_id", name)
    return answer


def _unreadable(source: Source, body: bytes, kind: type[Answer]) -> Exception:
    """Why *body* is no *kind*.

    Made outside the handlers: pydantic's errors hold the input, and no error of ours should hold them as its context.
    """
    fault, value = "", None
    try:
        value = from_json(body)
    except ValueError as error:
        fault = source.redact(str(error), 80)
    if fault:
        return source.bad(f"this is not JSON ({fault}): {_quoted(source, body)}")
    if (said := read_error(value)) is not None:
        return from_said(said, source.status, source.headers, source.place, source.redact)
    try:
        kind.model_validate(value)
        fault = "it cannot be read"
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = source.redact(".".join(map(str, first["loc"])) or "the whole", 80)
        fault = f"{where}: {source.redact(first['msg'], 80)}"
    return source.bad(f"this is no {kind.__name__} ({fault}): {_quoted(source, body)}")


async def _wrong_type(source: Source, wanted: str) -> ApiError:
    shown = source.redact(source.content_type, 80) or "nothing"
    body = await source.beginning(4096)
    if _is_json(source.content_type):  # asked for a stream, answered whole: often an error object
        try:
            said = read_error(from_json(body))
        except ValueError:
            said = None
        if said is not None:
            return from_said(said, source.status, source.headers, source.place, source.redact).error
    return source.bad(f"asked for {wanted}, it says it sends {shown}: {_quoted(source, body)}")


def _quoted(source: Source, body: bytes) -> str:
    return repr(source.redact(body[:4096].decode("utf-8", "replace")))


def _is_json(content_type: str) -> bool:
    """Nothing said counts as JSON: the parser will tell."""
    return content_type in ("", "application/json", "text/json") or content_type.endswith("+json")
