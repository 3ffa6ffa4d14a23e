"""The tavern as a process of its own, until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable

from mudbot.local.tavern.server import Tavern


async def serve(tavern: Tavern, say: Callable[[str], None]) -> None:
    """Open *tavern*, say one line that names its port, and close it after SIGINT or SIGTERM.

    LocalError when the port cannot be had.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop instead
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    async with tavern:
        manner = "" if tavern.dialect == "tavern" else f"{tavern.dialect}, "
        say(f"The tavern is open on port {tavern.port} ({manner}{tavern.encoding}, {tavern.language}).")
        await stop.wait()
