"""All plugins of one session, and the way of a line to them.

``hear`` is synchronous and never waits: a chat command goes to the one plugin that has it, everything else to every
plugin that asked for it, each through its own bounded inbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mudbot.errors import PluginError
from mudbot.events import Gmcp, Line, Lines, Msdp, Prompt, Speech
from mudbot.host.chat import Chat
from mudbot.host.marks import CommandMark, Text
from mudbot.host.plugin import Plugin
from mudbot.host.running import Running
from mudbot.host.triggers import Method, Target
from mudbot.triggers.engine import Engine, Rebuilding

if TYPE_CHECKING:
    from pathlib import Path

    from mudbot.clock import Clock
    from mudbot.triggers.data import Written
    from mudbot.triggers.entry import Firing

log = logging.getLogger(__name__)


UNPREPARED = 600.0
"""Seconds until triggers that could not be prepared are prepared again: the next change may mend it."""
SMALL = 200
"""Triggers that are prepared at once: it takes milliseconds.  More are prepared beside the loop."""


class Host:
    """The plugins of one session, in the order in which they were added."""

    def __init__(
        self,
        clock: Clock,
        *,
        session: str = "",
        chat: Chat | None = None,
        written: Sequence[Written] = (),
        cache: Path | None = None,
    ) -> None:
        """*written* are the configuration's triggers.

        *cache* is a folder where prepared triggers are kept for the next start.
        """
        self.clock, self._session = clock, session
        self.chat = chat or Chat()
        self.written: Sequence[Written] = [each for each in written if not each.sessions or session in each.sessions]
        """The triggers of the configuration for this session."""
        self.engine: Engine[Target] = Engine(cache=cache)
        self._rebuilding: asyncio.Task[None] | None = None
        self._line_by_line = False
        self.running: dict[str, Running] = {}
        self._starting: Running | None = None
        self._speech: Speech | None = None  # what the line is that is looked at
        self._commands: dict[str, Running] = {}

    def __repr__(self) -> str:
        return f"<Host {list(self.running.values())}>"

    async def add(self, plugin: Plugin) -> None:
        """Start *plugin*.  What its ``start`` raises goes to the caller, and nothing of it stays."""
        fresh = self._starting = Running(plugin, self.clock)
        try:
            await fresh.start()
        except BaseException:
            for entry in self.engine.entries:
                if entry.data.running is fresh:
                    self.engine.remove(entry)
            raise
        finally:
            self._starting = None
        self.running[plugin.name] = fresh
        for mark, method in fresh.triggers:
            if not mark.sessions or self._session in mark.sessions:
                named = replace(mark.trigger, name=f"{plugin.name}.{method}")
                self.engine.add(named, Method(fresh, mark, method))
        self._line_by_line = self._line_by_line or fresh.wants(Line)
        for name, (command, _) in fresh.commands.items():
            if name in self._commands:
                owner = self._commands[name].plugin.name
                log.warning("plugin %s: !%s is taken by %s already", plugin.name, name, owner)
            self._commands.setdefault(name, fresh)
            self.chat.add(name, command)

    def running_of(self, plugin: Plugin) -> Running:
        """*plugin* at work, or about to be.  Raises PluginError for one that was not added."""
        for running in (self._starting, *self.running.values()):
            if running is not None and running.plugin is plugin:
                return running
        raise PluginError(f"{plugin!r} is not at work: add triggers in its start, or later")

    async def prepare(self) -> None:
        """Make ready to find all triggers that were added; the loop goes on meanwhile if they are many."""
        if len(self.engine) <= SMALL:
            self.engine.prepare()
        else:
            await self._rebuild(self.engine.rebuilding(always=True))

    async def _rebuild(self, works: list[Rebuilding[Target]]) -> None:
        for work in works:
            await asyncio.to_thread(work.work)
            self.engine.adopt(work)

    async def _rebuild_beside(self) -> None:
        try:
            await self._rebuild(self.engine.rebuilding())
        except Exception:
            log.exception("new triggers cannot be prepared: they are searched for in every line")
            await self.clock.sleep(UNPREPARED)  # before it is tried again

    async def stop(self) -> None:
        """Stop every plugin, all at once: each may take its time, and there is little."""
        if self._rebuilding is not None:
            self._rebuilding.cancel()
        await asyncio.gather(*(running.stop() for running in self.running.values()))

    @property
    def prefix(self) -> str:
        """What chat commands begin with."""
        return self.chat.prefix

    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every chat command there is for who said *speech*, once, with its aliases; for anyone without it."""
        return self.chat.available(speech)

    def plugins(self) -> Sequence[tuple[str, bool]]:
        """Every plugin's name, and whether it is paused."""
        return [(name, running.paused) for name, running in self.running.items()]

    # -- the way of a line (synchronous) ---------------------------------------------------------------------------

    def hear(self, events: Sequence[object]) -> None:
        """Hand *events* to whom they concern.  A line that is somebody's speech has that right behind it."""
        if not isinstance(events, Lines):
            for at, event in enumerate(events):
                then = events[at + 1] if at + 1 < len(events) else None
                self._speech = then if isinstance(then, Speech) and isinstance(event, Line) else None
                if self._speech is not None and self.chat.read(self._speech):
                    self._offer(event)  # a command for the bot: nothing that a trigger looks for
                else:
                    self._hear(event)
        elif self._line_by_line:  # some plugin wants them all, each before what is found in the next
            for at, line in enumerate(events):
                self.engine.feed(events[at : at + 1], self._fire, self.clock.now())
                self._offer(line)
        else:
            self.engine.feed(events, self._fire, self.clock.now())
        if self.engine.stale and (self._rebuilding is None or self._rebuilding.done()):
            self._rebuilding = asyncio.ensure_future(self._rebuild_beside())

    def _hear(self, event: object) -> None:
        match event:
            case Speech() if command := self.chat.read(event):
                self._commands[command.name].offer_command(command)
                return
            case Line():
                self.engine.feed(event.alone(), self._fire, self.clock.now())
            case Prompt():
                self.engine.feed_prompt(event, self._fire, self.clock.now())
            case Gmcp():
                self.engine.values.hear_gmcp(event.package, event.data)
            case Msdp():
                self.engine.values.hear_msdp(event.variables)
        self._offer(event)

    def _offer(self, event: object) -> None:
        for running in self.running.values():
            running.offer(event)

    def _fire(self, firing: Firing[Target]) -> None:
        firing.entry.data.fire(firing, self._speech)

    # -- reviews ---------------------------------------------------------------------------------------------------

    async def review(self, words: str, source: Literal["player", "model"], speaker: str | None = None) -> str | None:
        """Why *words* must not be sent (``player``) or said (``model``); None if nobody objects."""
        text = Text(words, source, speaker)
        for running in list(self.running.values()):
            if reason := await running.review(text):
                return reason
        return None
