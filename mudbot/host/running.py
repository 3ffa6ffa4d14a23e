"""One plugin at work: a bounded inbox, workers, timers, and a wall around its failures."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mudbot.errors import PluginError
from mudbot.host.marks import CommandMark, EveryMark, OnMark, ReviewMark, Text, TriggerMark
from mudbot.host.plugin import Plugin

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import Command

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[Any]]

INBOX = 100
"""Events that wait for a plugin; more are dropped and counted, so a slow plugin costs memory to nobody."""
DEADLINE = 120.0
"""Seconds a handler may take."""
MAX_FAILURES = 5
"""Failures in a row after which the plugin is paused: it would only go on failing."""
TOO_SOON = {"en": "Not so fast: {name} again in {seconds} s.", "zh": "慢些来：{name} 再等 {seconds} 秒。"}
MAX_COOLING = 10_000
"""Speakers remembered for cooldowns."""


class Running:
    """A plugin instance with its inbox, workers and timers."""

    def __init__(self, plugin: Plugin, clock: Clock) -> None:
        self.plugin = plugin
        self.failures = self.busy = self.dropped = 0
        self._clock = clock
        self._inbox: asyncio.Queue[tuple[str, Job]] = asyncio.Queue(maxsize=INBOX)
        self._tasks: list[asyncio.Task[None]] = []
        self._last: dict[tuple[str, str], float] = {}
        self._by_event: dict[type, list[str]] = {}
        self.commands: dict[str, tuple[CommandMark, str]] = {}
        self.triggers: list[tuple[TriggerMark, str]] = []
        self.reviewers: list[str] = []
        for mark, name in plugin.handlers:
            match mark:
                case OnMark():
                    self._by_event.setdefault(mark.kind, []).append(name)
                case CommandMark():
                    self.commands.update(dict.fromkeys(mark.names, (mark, name)))
                case TriggerMark():
                    self.triggers.append((mark, name))
                case ReviewMark():
                    self.reviewers.append(name)

    def __repr__(self) -> str:
        state = "paused" if self.paused else f"{self.busy} at work" if self.busy else "idle"
        return f"<plugin {self.plugin.name} {state}, {self.failures} failures, {self.dropped} dropped>"

    @property
    def paused(self) -> bool:
        return self.failures >= MAX_FAILURES

    async def start(self) -> None:
        """Start the plugin, then its workers.  What ``start`` raises goes to the caller."""
        try:
            async with asyncio.timeout(DEADLINE):
                await self.plugin.start()
        except SystemExit as exc:
            raise PluginError(f"it wants to exit ({exc}); a plugin cannot end the bot") from exc
        name = self.plugin.name
        self._tasks = [
            asyncio.create_task(self._work(), name=f"{name} worker {i}") for i in range(self.plugin.concurrency)
        ]
        for mark, handler in self.plugin.handlers:
            if isinstance(mark, EveryMark):
                self._tasks.append(asyncio.create_task(self._tick(mark.seconds, handler), name=f"{name}.{handler}"))

    async def stop(self, patience: float = 1.0) -> None:
        """Cancel its tasks and call its ``stop``; each is given *patience* seconds, no more."""
        for task in self._tasks:
            task.cancel()
        await self._leave(self._tasks, patience)
        # In a task of its own: a ``stop`` that swallows its cancellation can be left behind, but not waited for.
        ending = asyncio.create_task(self._guard("stop", self.plugin.stop, patience), name=f"{self.plugin.name} stop")
        await self._leave([ending], patience + 0.2)  # it ends itself, and says so, unless it is stubborn

    async def _leave(self, tasks: list[asyncio.Task[None]], patience: float) -> None:
        if tasks:
            _, stubborn = await asyncio.wait(tasks, timeout=patience)
            for task in stubborn:
                log.error("plugin %s does not stop: %s swallows its cancellation", self.plugin.name, task.get_name())

    # -- taking work (synchronous) ---------------------------------------------------------------------------------

    def offer(self, event: object) -> None:
        """An event that ``@on`` methods may want."""
        for name in self._by_event.get(type(event), ()):
            self._put(name, partial(getattr(self.plugin, name), event))

    def wants(self, kind: type) -> bool:
        """Whether an ``@on`` method asks for events of *kind*."""
        return kind in self._by_event

    def offer_job(self, name: str, job: Job) -> None:
        """Something else to do; *name* is for the log."""
        self._put(name, job)

    def offer_match(self, mark: TriggerMark, name: str, groups: Mapping[str, str]) -> None:
        """A trigger fires."""
        self._put(name, partial(self._call_trigger, mark, name, groups))

    def offer_command(self, command: Command) -> None:
        """A chat command that is this plugin's."""
        mark, name = self.commands[command.name]
        speaker = command.speech.id or command.speech.speaker or ""
        wait = mark.cooldown - (self._clock.now() - self._last.get((name, speaker), -math.inf))
        if self._cooled(name, speaker, mark.cooldown):
            self._put(name, partial(getattr(self.plugin, name), command))
        elif self._cooled("too soon", speaker, mark.cooldown):  # said once: who floods gets no flood back
            given = f"{self.plugin.bot.prefix}{command.name}"
            text = TOO_SOON[self.plugin.language].format(name=given, seconds=math.ceil(wait))
            self._put(name, partial(self.plugin.mud.reply, command, text))

    async def _call_trigger(self, mark: TriggerMark, name: str, groups: Mapping[str, str]) -> None:
        await getattr(self.plugin, name)(**mark.arguments(groups))

    def _cooled(self, name: str, key: str, cooldown: float) -> bool:
        if not cooldown:
            return True
        now, last = self._clock.now(), self._last.get((name, key))
        if last is not None and now - last < cooldown:
            return False
        if len(self._last) >= MAX_COOLING:
            self._last.clear()
        self._last[name, key] = now
        return True

    def _put(self, name: str, job: Job) -> None:
        if self.paused:
            return
        try:
            self._inbox.put_nowait((name, job))
            self.busy += 1
        except asyncio.QueueFull:
            self.dropped += 1
            if self.dropped & (self.dropped - 1) == 0:  # at 1, 2, 4, 8 …: a flood must not flood the log
                log.warning("plugin %s is behind: %d events dropped so far", self.plugin.name, self.dropped)

    # -- doing it --------------------------------------------------------------------------------------------------

    async def review(self, text: Text) -> str | None:
        """The first reason any of its reviewers gives; a reviewer that fails refuses."""
        for name in self.reviewers:
            outcome: list[str | None] = []

            async def ask(name: str = name, outcome: list[str | None] = outcome) -> None:
                outcome.append(await getattr(self.plugin, name)(text))

            await self._guard(name, ask, DEADLINE)
            reason = outcome[0] if outcome else f"reviewer {self.plugin.name} failed"
            if reason is not None:
                return reason or f"reviewer {self.plugin.name} gave no reason"  # callers take "" for a pass
        return None

    async def _work(self) -> None:
        while True:
            name, job = await self._inbox.get()
            try:
                if not self.paused:  # what waited when it was paused would fail as well
                    await self._guard(name, job, DEADLINE)
            finally:
                self.busy -= 1

    async def _tick(self, seconds: float, name: str) -> None:
        while True:
            await self._clock.sleep(seconds)
            self._put(name, getattr(self.plugin, name))

    async def _guard(self, name: str, job: Job, seconds: float) -> None:
        """Run *job*; an exception costs the plugin a failure, never the bot."""
        try:
            async with asyncio.timeout(seconds):
                await job()
        except (Exception, SystemExit, asyncio.CancelledError) as exc:
            task = asyncio.current_task()
            if isinstance(exc, asyncio.CancelledError) and task is not None and task.cancelling():
                raise  # it is this task that ends, not something that the plugin waited for
            self.failures += 1
            log.exception("plugin %s failed in %s: %s", self.plugin.name, name, type(exc).__name__)
            if self.failures == MAX_FAILURES:
                log.error("plugin %s is paused after %d failures in a row", self.plugin.name, self.failures)  # noqa: TRY400
        else:
            self.failures = 0
