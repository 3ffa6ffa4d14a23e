"""Server-sent events: answers that come piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from aiohttp import web

from mudbot.local.server.problems import problem
from mudbot.local.server.wire import PIECES, dumps, note_usage


async def stream(
    request: web.Request, chunks: AsyncGenerator[Any, None], *, named: bool = False, done: bool = True
) -> web.StreamResponse:
    """Answer with *chunks* as server-sent events, ended by ``[DONE]`` if *done*.

    With *named* each event has the chunk's ``type`` for its name, as those of pictures have.

    An error before the first chunk is raised, so that it gets its own status; a later one becomes an event with an
    ``error`` and ends the stream without ``[DONE]``.  A client that leaves closes *chunks*, which stops the model.
    """
    async with aclosing(chunks):
        first = await anext(chunks, None)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        try:
            chunk, request[PIECES] = first, 0
            while chunk is not None:
                note_usage(request, chunk)
                request[PIECES] += 1
                await response.write(_event(dumps(chunk), chunk["type"] if named else ""))
                chunk = await anext(chunks, None)
        except ConnectionError:  # the client left
            return response
        except Exception as error:  # noqa: BLE001 -- the status is sent already: the stream itself has to say it
            await response.write(_event(str(problem(error).text)))
        else:
            if done:
                await response.write(_event("[DONE]"))
        await response.write_eof()
        return response


def _event(data: str, name: str = "") -> bytes:
    return f"{f'event: {name}' + chr(10) if name else ''}data: {data}\n\n".encode()
