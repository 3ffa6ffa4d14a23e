"""All plugins of one session, and the way of a line to them.

``hear`` is synchronous and never waits: a chat command goes to the one plugin that has it, everything else to every
plugin that asked for it, each through its own bounded inbox.

What happens with a line, in this order
0.  A muted speaker's: ``@on(Line)`` methods get the line, and nobody anything else.
1.  Somebody says a chat command: the plugin that has it gets it, and ``@on(Line)`` methods the line.  That is all.
2.  Triggers: the higher priority first; of the same, in the order of the plugins in the configuration; of one plugin
    those that it added while it ran, then those of its class, in the order of its text.  One that fires and has
    ``stop`` ends this: no trigger behind it fires, and no *other* plugin's ``@on`` method hears of the line, nor of
    the speech that it is.
3.  ``@on`` methods, in the order of the plugins: first all that want the line, then all that want the speech.
Each of these is only put into the plugin's inbox.  A plugin works it off in that order, and none waits for another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mudbot.errors import PluginError
from mudbot.events import Disconnected, Gmcp, Line, Lines, Msdp, Prompt, Speech
from mudbot.host.chat import Chat
from mudbot.host.marks import CommandMark, Masked, Role, Text
from mudbot.host.mutes import Mutes
from mudbot.host.plugin import Plugin
from mudbot.host.running import Running
from mudbot.host.services.ask import Asks
from mudbot.host.triggers import Method, Target
from mudbot.mind.rulings import BLOCKED, Rulings
from mudbot.triggers.engine import Engine, Rebuilding

if TYPE_CHECKING:
    from pathlib import Path

    from mudbot.clock import Clock
    from mudbot.host.services.bot import Plugins
    from mudbot.triggers.data import Written
    from mudbot.triggers.entry import Entry, Firing
    from mudbot.triggers.trigger import Trigger

log = logging.getLogger(__name__)


UNPREPARED = 600.0
"""Seconds until triggers that could not be prepared are prepared again: the next change may mend it."""
SMALL = 200
"""Triggers that are prepared at once: it takes milliseconds.  More are prepared beside the loop."""
SILENT = "its plugin is not at work"
"""Why a trigger rests whose plugin is about to begin, or was just replaced."""


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
        self.clock, self.session = clock, session
        self.chat = chat or Chat()
        self.mutes = Mutes(clock.now, self.chat.is_owner)
        """Who is not heard."""
        self.written: Sequence[Written] = ()
        """The triggers of the configuration for this session."""
        self.rewrite(written)
        self.rulings = Rulings()
        """What the owner has decided of texts for good; one for all sessions."""
        self.engine: Engine[Target] = Engine(cache=cache)
        self.asks = Asks(self.engine, clock)
        """What plugins wait for."""
        self.running: dict[str, Running] = {}
        """The plugins at work, by name, in their order."""
        self.roster: Plugins | None = None
        """Who loads and unloads plugins, where that can be done."""
        self.recast: Callable[[str], Awaitable[str]] | None = None
        """Gives the session another character, where that can be done."""
        self.characters: Callable[[], Sequence[str]] = tuple
        """Those that it can be given, by name."""
        self.on_pause: Callable[[Running], None] = lambda _running: None
        """Told of a plugin that is paused."""
        self._rebuilding: asyncio.Task[None] | None = None
        self._line_by_line = False
        self._entries: dict[Running, dict[int, Entry[Target]]] = {}  # of all that began and are not released
        self._speech: Speech | None = None  # what the line is that is looked at
        self._prompt: Prompt | None = None  # that is looked at
        self._taken: object = None  # the plugin that keeps the line from all others
        self._commands: dict[str, Running] = {}

    def __repr__(self) -> str:
        return f"<Host {list(self.running.values())}>"

    # -- who is at work --------------------------------------------------------------------------------------------

    async def add(self, plugin: Plugin, place: float | None = None) -> None:
        """Start *plugin*.  What its ``start`` raises goes to the caller, and nothing of it stays.

        *place* is its rank among the plugins; without it, it is the last.
        """
        fresh = await self.ready(plugin, place)
        self.enter(fresh)
        fresh.begin()

    async def ready(self, plugin: Plugin, place: float | None = None) -> Running:
        """Start *plugin*, and let it hear nothing yet.  What its ``start`` raises goes to the caller."""
        last = max((running.place for running in self.running.values()), default=-1)
        fresh = Running(plugin, self.clock, last + 1 if place is None else place)
        fresh.on_change = self._changed
        self._entries[fresh] = {}
        try:
            await fresh.prepare()
            for mark, method in fresh.triggers:
                if not mark.sessions or self.session in mark.sessions:
                    self.look_for(replace(mark.trigger, name=f"{plugin.name}.{method}"), Method(fresh, mark, method))
        except BaseException:
            self.release(fresh)
            raise
        return fresh

    def enter(self, running: Running) -> Running | None:
        """Let *running* hear what comes from now on, in place of the plugin of its name, which is returned."""
        name = running.plugin.name
        old = self.running.get(name)
        if old is not None:
            self._silence(old, silent=True)
            self._inherit(self._entries.get(old, {}).values(), self._entries[running].values())
        self._silence(running, silent=running.paused)
        self.running[name] = running
        self._index()
        for command in running.commands:
            if self._commands[command] is not running:
                log.warning("plugin %s: !%s is taken by %s already", name, command, self._commands[command].plugin.name)
        return old

    @staticmethod
    def _inherit(old: Iterable[Entry[Target]], new: Iterable[Entry[Target]]) -> None:
        """Triggers of the same name go on where they stood: who was greeted is not greeted again at each reload."""
        before: dict[str, list[Entry[Target]]] = {}
        for entry in old:
            before.setdefault(entry.trigger.name, []).append(entry)
        for entry in new:
            if same := before.get(entry.trigger.name):
                entry.inherit(same.pop(0))

    def leave(self, name: str) -> Running:
        """Let the plugin *name* hear nothing more; it may ``enter`` again, until it is released."""
        old = self.running.pop(name)
        self._silence(old, silent=True)
        self._index()
        return old

    def release(self, running: Running) -> None:
        """Forget the triggers of *running*, which is at work no more."""
        for entry in self._entries.pop(running, {}).values():
            self.engine.remove(entry)

    def _changed(self, running: Running) -> None:
        if self.running.get(running.plugin.name) is running:
            self._silence(running, silent=running.paused)
        if running.paused:
            self.on_pause(running)

    def _silence(self, running: Running, *, silent: bool) -> None:
        before, after = ("", SILENT) if silent else (SILENT, "")
        for entry in self._entries[running].values():
            if entry.barred == before:
                self.engine.bar(entry, after)

    def _index(self) -> None:
        """Find out anew who is where, and who has which command."""
        self.running = {each.plugin.name: each for each in sorted(self.running.values(), key=lambda each: each.place)}
        self._line_by_line = any(running.wants(Line) for running in self.running.values())
        self._commands = {}
        self.chat.marks.clear()
        for running in self.running.values():
            for name, (command, _) in running.commands.items():
                self._commands.setdefault(name, running)
                self.chat.add(name, command)

    def running_of(self, plugin: Plugin) -> Running:
        """*plugin* at work, or about to be.  Raises PluginError for one that was not added."""
        for running in self._entries:
            if running.plugin is plugin:
                return running
        raise PluginError(f"{plugin!r} is not at work: add triggers in its start, or later")

    def rewrite(self, written: Sequence[Written]) -> None:
        """The configuration's triggers are *written* now, for whoever carries them out next."""
        self.written = [each for each in written if not each.sessions or self.session in each.sessions]

    def look_for(self, trigger: Trigger, target: Target, *, barred: str = "") -> Entry[Target]:
        """Look for *trigger* from the next line on, as long as its plugin is at work.  *barred*: why not, if so."""
        running: Running = target.running  # type: ignore[assignment]  # every trigger's plugin is one of these
        name = running.plugin.name
        if not barred and (running.paused or self.running.get(name) is not running):
            barred = SILENT
        entry = self.engine.add(trigger, target, barred=barred, place=running.place)
        self._entries[running][entry.order] = entry
        return entry

    def look_away(self, entry: Entry[Target]) -> None:
        """Look for it no more; nothing happens if it was removed already."""
        self.engine.remove(entry)
        self._entries.get(entry.data.running, {}).pop(entry.order, None)  # type: ignore[call-overload]  # as above

    async def stop(self) -> None:
        """Stop every plugin, all at once: each may take its time, and there is little."""
        if self._rebuilding is not None:
            self._rebuilding.cancel()
        await asyncio.gather(*(running.stop() for running in self.running.values()))

    # -- triggers --------------------------------------------------------------------------------------------------

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

    # -- what plugins ask of it -----------------------------------------------------------------------------------

    @property
    def prefix(self) -> str:
        """What chat commands begin with."""
        return self.chat.prefix

    @property
    def owners(self) -> Sequence[str]:
        """The login ids of those who own the bot."""
        return self.chat.owners

    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every chat command there is for who said *speech*, once, with its aliases; for anyone without it."""
        return self.chat.available(speech)

    def orders(self, speech: Speech) -> bool:
        """Whether *speech* is written as a chat command, known or not."""
        return self.chat.orders(speech)

    def role_of(self, speech: Speech) -> Role:
        """Who spoke, as far as the MUD itself says so."""
        return self.chat.role_of(speech)

    def quotas(self, speech: Speech) -> Mapping[str, tuple[int, float]]:
        """What plugins say is left to who said *speech*, by their names."""
        found: dict[str, tuple[int, float]] = {}
        for name, running in self.running.items():
            try:
                left = None if running.paused else running.plugin.allowance(speech)
            except Exception:  # the others' still count
                log.exception("plugin %s failed in allowance", name)
            else:
                found |= {} if left is None else {name: left}
        return found

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
                if not isinstance(event, Speech):
                    self._taken = None
                if self._unheard(event):
                    if not isinstance(event, Speech):
                        self._offer(event)  # a line is a line; what it says nobody hears
                elif self._speech is not None and self.chat.read(self._speech):
                    self._offer(event)  # a command for the bot: nothing that a trigger looks for
                else:
                    self._hear(event)
            self._taken = None
        elif self._line_by_line:  # some plugin wants them all, each before what is found in the next
            for at, line in enumerate(events):
                self._taken = None
                self.engine.feed(events[at : at + 1], self._fire, self.clock.now())
                self._offer(line)
        else:
            self.engine.feed(events, self._fire, self.clock.now())
        if self.engine.stale and (self._rebuilding is None or self._rebuilding.done()):
            self._rebuilding = asyncio.ensure_future(self._rebuild_beside())

    def _unheard(self, event: object) -> bool:
        """Whether *event* is somebody's words, or their line, who is muted."""
        spoken = event if isinstance(event, Speech) else self._speech
        if spoken is None:
            return False
        self.mutes.note(spoken)
        return self.mutes.holds(spoken)

    def _hear(self, event: object) -> None:
        match event:
            case Speech() if command := self.chat.read(event):
                self._commands[command.name].offer_command(command, hurried=self.chat.is_owner(event))
                return
            case Speech():
                self.asks.hear(event)
            case Line():
                self.engine.feed(event.alone(), self._fire, self.clock.now())
            case Prompt():
                self._prompt = event
                self.engine.feed_prompt(event, self._fire, self.clock.now())
                self._prompt = None
            case Gmcp():
                self.engine.values.hear_gmcp(event.package, event.data)
            case Msdp():
                self.engine.values.hear_msdp(event.variables)
            case Disconnected():
                self.asks.ended(event.reason)
        self._offer(event)

    def _offer(self, event: object) -> None:
        for running in self.running.values():
            if self._taken is None or self._taken is running:
                running.offer(event, event if isinstance(event, Speech) else self._speech)

    def _fire(self, firing: Firing[Target]) -> None:
        target = firing.entry.data
        if firing.entry.trigger.stop:
            self._taken = target.running
        if isinstance(target, Method):
            target.call(firing, self._prompt or firing.line, self._speech)
        else:
            target.fire(firing, self._speech)

    # -- reviews ---------------------------------------------------------------------------------------------------

    async def review(
        self, words: str, source: Literal["player", "model"], speaker: str | None = None
    ) -> str | Masked | None:
        """Why *words* must not be sent (``player``) or said (``model``), or what goes on in their place.

        None if nobody objects.  Each reviewer judges what the one before it made of them; none is asked where the
        owner has decided about these words.
        """
        if (ruling := self.rulings.of(words)) is not None:
            return BLOCKED if ruling == "block" else None
        text, made = Text(words, source, speaker, self.mutes.last_of(speaker)), None
        for running in list(self.running.values()):
            answer = await running.review(text)
            if isinstance(answer, Masked):
                text, made = replace(text, words=answer.text), answer
            elif answer:
                return answer
        return made
