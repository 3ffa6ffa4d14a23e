"""``python -m mudbot.local.tavern``: the tavern as a process of its own, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence

from mudbot.errors import LocalError
from mudbot.local.tavern.phrases import LANGUAGES
from mudbot.local.tavern.server import Tavern
from mudbot.local.tavern.wire import ENCODINGS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; the exit status is 1 when the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m mudbot.local.tavern", description="A small telnet MUD.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=4000, help="TCP port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--encoding", choices=ENCODINGS, default="utf-8", help="of all text (default: %(default)s)")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the login (default: %(default)s)")
    options = parser.parse_args(arguments)
    tavern = Tavern(host=options.host, port=options.port, encoding=options.encoding, language=options.language)
    try:
        asyncio.run(_serve(tavern, f"{options.encoding}, {options.language}"))
    except LocalError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


async def _serve(tavern: Tavern, manner: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop instead
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    async with tavern:
        sys.stderr.write(f"The tavern is open on port {tavern.port} ({manner}).\n")
        sys.stderr.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
