"""All plugins of one session, and the way of a line to them.

``hear`` is synchronous and never waits: a chat command goes to the one plugin that has it, everything else to every
plugin that asked for it, each through its own bounded inbox.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from mudbot.events import Command, Line, Speech
from mudbot.host.marks import NAME, CommandMark, Text, TriggerMark
from mudbot.host.plugin import Plugin
from mudbot.host.running import Running
from mudbot.triggers.matcher import Matcher

if TYPE_CHECKING:
    from mudbot.clock import Clock

log = logging.getLogger(__name__)


class Host:
    """The plugins of one session, in the order in which they were added."""

    def __init__(
        self, clock: Clock, *, prefix: str = "!", answerable: Callable[[Speech], bool] = lambda _speech: True
    ) -> None:
        self._clock = clock
        self.running: dict[str, Running] = {}
        self._commands: dict[str, Running] = {}
        self._matcher: Matcher[tuple[str, str, int]] = Matcher()
        self._command = re.compile(rf"\s*{_either_width(prefix)}({NAME})(?:\s+(.*))?$", re.DOTALL)
        self.prefix = prefix
        self._answerable = answerable

    def __repr__(self) -> str:
        return f"<Host {list(self.running.values())}>"

    async def add(self, plugin: Plugin) -> None:
        """Start *plugin*.  What its ``start`` raises goes to the caller, and nothing of it stays."""
        fresh = Running(plugin, self._clock)
        await fresh.start()
        self.running[plugin.name] = fresh
        for i, (mark, method) in enumerate(fresh.triggers):
            self._matcher.add((plugin.name, method, i), mark.pattern)
        for name in fresh.commands:
            if name in self._commands:
                owner = self._commands[name].plugin.name
                log.warning("plugin %s: !%s is taken by %s already", plugin.name, name, owner)
            self._commands.setdefault(name, fresh)

    async def stop(self) -> None:
        """Stop every plugin, all at once: each may take its time, and there is little."""
        await asyncio.gather(*(running.stop() for running in self.running.values()))

    def commands(self) -> Sequence[CommandMark]:
        """Every chat command there is, once, with its aliases."""
        seen = {id(mark): mark for running in self.running.values() for mark, _ in running.commands.values()}
        return list(seen.values())

    def plugins(self) -> Sequence[tuple[str, bool]]:
        """Every plugin's name, and whether it is paused."""
        return [(name, running.paused) for name, running in self.running.items()]

    # -- the way of a line (synchronous) ---------------------------------------------------------------------------

    def hear(self, event: object) -> None:
        """Hand *event* to whom it concerns."""
        if isinstance(event, Speech) and (command := self._as_command(event)):
            self._commands[command.name].offer_command(command)
            return
        if isinstance(event, Line):
            for (name, method, i), found in self._matcher.match(event.text):
                mark: TriggerMark = self.running[name].triggers[i][0]
                self.running[name].offer_match(mark, method, found)
        for running in self.running.values():
            running.offer(event)

    def _as_command(self, speech: Speech) -> Command | None:
        found = self._command.match(speech.text or "")
        # What cannot be answered, a rumour for example, is not worked on either: a picture costs money.
        if found is None or not self._answerable(speech):
            return None
        name, rest = found[1].casefold(), (found[2] or "").strip()
        if name not in self._commands:
            # Chinese is written without spaces: 画山水 is 画 and what to paint.
            alias = max((c for c in self._commands if not c.isascii() and name.startswith(c)), key=len, default="")
            if not alias:
                return None
            name, rest = alias, f"{found[1][len(alias) :]} {rest}".strip()
        return Command(name, rest, speech)

    # -- reviews ---------------------------------------------------------------------------------------------------

    async def review(self, words: str, source: Literal["player", "model"], speaker: str | None = None) -> str | None:
        """Why *words* must not be sent (``player``) or said (``model``); None if nobody objects."""
        text = Text(words, source, speaker)
        for running in list(self.running.values()):
            if reason := await running.review(text):
                return reason
        return None


def _either_width(prefix: str) -> str:
    """A pattern for *prefix* as a Chinese keyboard types it as well: ``！`` for ``!``."""
    return "".join(f"[{re.escape(c)}{chr(ord(c) + 0xFEE0)}]" if "!" <= c <= "~" else re.escape(c) for c in prefix)
