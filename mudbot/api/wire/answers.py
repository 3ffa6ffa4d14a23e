"""From a reply's bytes to values: whole answers and streams, and every way in which they can be wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator
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
    headers: dict[str, str]
    content_type: str
    request_id: str | None

    async def next(self) -> bytes:
        """The next piece of the body; empty at its end."""

    async def read(self) -> bytes:
        """The whole body."""

    async def beginning(self, length: int) -> bytes:
        """The first *length* bytes of the body, however it ends."""

    def bad(self, what: str) -> ApiError:
        """The error for an answer that is not what the API promises."""


async def read_answer(source: Source, kind: type[_A]) -> AsyncGenerator[_A, None]:
    """The one answer that a whole body holds.  Raises BadAnswerError, or Failed for an error inside it."""
    if not _is_json(source.content_type):
        raise await _wrong_type(source, "JSON")
    yield _parse(source, await source.read(), kind)


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
                piece = _parse(source, event.data.encode("utf-8"), kind)
                finished = finished or piece.finished
                yield piece
    except Failed as failed:
        if finished and failed.signs.lost:
            return  # all was said; only the goodbye is missing
        raise
    if not finished:
        raise source.bad("the stream stopped before its end (neither finish_reason nor [DONE] came)")


def _parse(source: Source, body: bytes, kind: type[_A]) -> _A:
    fault = ""  # raised outside the handlers: pydantic's errors hold the input, and no error of ours should hold them
    try:
        value = from_json(body)
    except ValueError as error:
        fault = source.redact(str(error), 80)
    if fault:
        raise source.bad(f"this is not JSON ({fault}): {_quoted(source, body)}")
    if (said := read_error(value)) is not None:
        raise from_said(said, source.status, source.headers, source.place, source.redact)
    try:
        answer = kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = source.redact(".".join(map(str, first["loc"])) or "the whole", 80)
        fault = f"{where}: {source.redact(first['msg'], 80)}"
    if fault:
        raise source.bad(f"this is no {kind.__name__} ({fault}): {_quoted(source, body)}")
    answer._request_id = source.request_id  # noqa: SLF001 - ours; a field would mix with what the server sent
    return answer


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
