"""An API that costs next to nothing, so that whoever calls it is the bottleneck.  Run it as a program of its own.

Every POST is answered by one chat completion that was put together beforehand; below ``/hold`` nothing is answered
until the connection ends.  It prints its port, and ends with its standard input.  No package is needed to run it.
"""

from __future__ import annotations

import asyncio
import json
import sys

_BODY = json.dumps(
    {
        "id": "chatcmpl-7QyqpwdfhqwajicIEznoc6Q47XAyW",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Wine is five coppers, friend, and the stew is two."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 24, "completion_tokens": 12, "total_tokens": 36},
    }
).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_5a1c2f\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY
_LENGTH = b"content-length:"


class Loopback(asyncio.Protocol):
    """One connection: requests with a Content-Length, one after the other, kept alive."""

    def __init__(self) -> None:
        self._came = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = self._came[:end].lower()
            at = head.find(_LENGTH)
            size = end + 4 + (int(head[at + len(_LENGTH) :].partition(b"\r\n")[0]) if at >= 0 else 0)
            if len(self._came) < size:
                return
            self._came = self._came[size:]
            if self._transport is not None and b" /hold/" not in head[:20]:
                self._transport.write(_ANSWER)


async def main() -> None:
    """Serve on a free port of the loopback until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Loopback, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
