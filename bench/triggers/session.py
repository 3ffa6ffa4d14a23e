"""Ours as a whole: telnet, a session in the game, its dialect, and a plugin with a method for each trigger."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.triggers.corpus import Regexes
from bench.triggers.serve import GO
from bench.triggers.worker import Done, work

if TYPE_CHECKING:
    from mudbot.mud.session import Session

DIALECT = "tbamud"
"""Any one will do: what is heard is asked for speech, too."""


def plugin(regexes: Regexes) -> Any:
    """A plugin as an author would write it, had he the patience; it counts how often its methods are called."""
    from mudbot.host.marks import trigger
    from mudbot.host.plugin import Plugin

    methods = {
        f"on_{number:05}": trigger(pattern, ignore_case=bool(flags & re.IGNORECASE))(_method(pattern, flags))
        for number, (pattern, flags) in enumerate(regexes)
    }
    made: Any = type("Fighter", (Plugin,), {"name": "fighter", "fired": 0, **methods})()
    return made


def _method(pattern: str, flags: int) -> Any:
    async def hit(self: Any, **_groups: str) -> None:
        self.fired += 1

    names = ["self", *re.compile(pattern, flags).groupindex]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    hit.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return hit


class Whole:
    """A host that lives on, and a session for each reading."""

    def __init__(self, regexes: Regexes, folder: Path) -> None:
        from mudbot.clock import SystemClock
        from mudbot.host.host import Host

        self._clock = SystemClock()
        self._host = Host(self._clock, cache=folder / "sieves")
        self._plugin = plugin(regexes)
        self._ready = False

    async def read(self, port: int) -> Done:
        """Connect, be in the game, hear all."""
        from mudbot.mud.dialect import load
        from mudbot.mud.login import Character
        from mudbot.mud.rules import LoginRules
        from mudbot.mud.session import Session
        from mudbot.mud.telnet import Address
        from mudbot.triggers.finder import finder

        if not self._ready:  # before it connects, so it is not counted
            await self._host.add(self._plugin)
            await self._host.prepare()
            self._ready = True
        rules = load(DIALECT).model_copy(update={"login": LoginRules(settle=0.0)})
        address = Address("127.0.0.1", port, encoding="utf-8")
        session = Session("bench", address, rules, Character("Chen", "secret"), clock=self._clock)
        session.finder, session.listener = finder, self._host.hear
        self._plugin.fired = 0
        asking = asyncio.create_task(self._ask(session))
        await session.once()
        await asking
        await self._quiet()
        return Done(time.monotonic(), self._plugin.fired)

    @staticmethod
    async def _ask(session: Session) -> None:
        """Ask for the first line once it is in the game: at the door nothing is looked for."""
        while session.state != "playing" or session.link is None:  # noqa: ASYNC110  # sessions have a state, not an event
            await asyncio.sleep(0.005)
        session.link.write(GO)

    async def _quiet(self) -> None:
        """Until no handler is called any more: some may wait in the plugin's inbox."""
        before = -1
        while before != self._plugin.fired:
            before = self._plugin.fired
            for _ in range(20):
                await asyncio.sleep(0)


if __name__ == "__main__":
    work(Whole)
