"""PyMUD with a Trigger for each trigger: its protocol, its session, and no screen.

It runs in an environment of its own.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
import time
from pathlib import Path
from typing import Any

from bench.triggers.corpus import Regexes
from bench.triggers.worker import Done, work


class PyMud:
    """Its session, fed as it feeds itself."""

    def __init__(self, regexes: Regexes, _folder: Path) -> None:
        logging.disable(logging.WARNING)  # what it does not know of telnet
        settings: Any = importlib.import_module("pymud.settings").Settings
        settings.client.update(auto_connect=False, var_autoload=False, var_autosave=False)
        self._session: Any = importlib.import_module("pymud.session").Session(
            _app(), "bench", "127.0.0.1", 0, encoding="utf-8", loop=asyncio.get_running_loop()
        )
        trigger: Any = importlib.import_module("pymud.objects").Trigger
        self.fired = 0
        for pattern, flags in regexes:
            trigger(
                self._session,
                pattern if pattern.startswith("^") else f".*?{pattern}",  # it asks at the beginning of a line only
                ignoreCase=bool(flags & re.IGNORECASE),
                keepEval=True,
                onSuccess=self._count,
            )

    def _count(self, _id: str, _line: str, _wildcards: tuple[str, ...]) -> None:
        self.fired += 1

    async def read(self, port: int) -> Done:
        """Connect as it does itself."""
        over = asyncio.get_running_loop().create_future()
        self.fired = 0
        self._session.port = port
        self._session.event_disconnected = lambda _session: over.set_result(time.monotonic())
        await self._session.connect()
        return Done(await over, self.fired)


def _app() -> Any:
    """The application without its terminal."""

    class App(importlib.import_module("pymud.pymud").PyMudApp):  # type: ignore[misc]  # of another environment
        current_session = None

        def __init__(self) -> None:  # a terminal is what the original makes
            self.loggers: dict[str, object] = {}

        def invalidate(self) -> None:
            pass

    return App()


if __name__ == "__main__":
    work(PyMud)
