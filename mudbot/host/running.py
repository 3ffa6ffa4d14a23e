"""One plugin at work: a bounded inbox, workers, and a wall around its failures.

When a plugin is reloaded two of these follow each other.  The new one is started, takes the place of the old, and hears
what comes from then on; but it begins to work only when the old one has finished what it had heard and handed over.  So
each event is worked on once, and in order.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mudbot.errors import ApiError, HttpError, PluginError
from mudbot.host import frames
from mudbot.host.chores import Chores, within
from mudbot.host.faults import PLUGIN, SPEAKER, Faults, whose
from mudbot.host.inbox import Inbox, Item
from mudbot.host.marks import CommandMark, Masked, OnMark, ReviewMark, Text, TriggerMark
from mudbot.host.obey import TOO_SOON, fire, hear, obey
from mudbot.host.plugin import Plugin
from mudbot.host.services.log import Told
from mudbot.host.watchdog import Blocked

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import Command, Line, Prompt, Speech

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[Any]]
Cause = Literal["", "failures", "blocked", "owner"]

WORKER: ContextVar[asyncio.Task[Any] | None] = ContextVar("worker", default=None)
"""The worker on whose behalf something is done, if it is one's: who asks for a reload cannot be waited for by it."""
DEADLINE = 120.0
"""Seconds a handler may take."""
GRACE = 5.0
"""Seconds more, for its end: then another worker takes the place of the one that it keeps."""
MAX_STUCK = 3
"""Workers of a plugin that may be kept so before it is paused."""
MAX_FAILURES = 5
"""Failures in a row after which the plugin is paused: it would only go on failing."""
MAX_COOLING = 10_000
"""Speakers remembered for cooldowns."""
MENDED = 1.0
"""Seconds until a command that was given with words that do not fit may be given again, whatever its cooldown: it was
answered with a line, and cost nothing.
"""


class Running:
    """A plugin instance with its inbox, workers and chores.  *place* is its rank among the plugins."""

    def __init__(self, plugin: Plugin, clock: Clock, place: float = 0) -> None:
        self.plugin, self.place = plugin, place
        self.cause: Cause = ""
        """Why it is paused, if it is."""
        self.why = ""
        """The same for people."""
        self.on_change: Callable[[Running], None] = lambda _running: None
        """Told when it is paused, and when it goes on."""
        self._clock = clock
        self._inbox = Inbox(plugin.name)
        self._workers: list[asyncio.Task[None]] = []
        self._stuck: set[asyncio.Task[None]] = set()  # workers that another one took the place of
        self._faults = Faults(MAX_FAILURES)
        self._begun = self._over = self._short = False
        self.chores = Chores(self, clock)
        self._last: dict[tuple[str, str], float] = {}
        self._told = Told(plugin.name)
        self._by_event: dict[type, list[tuple[OnMark, str]]] = {}
        self.commands: dict[str, tuple[CommandMark, str]] = {}
        self.triggers: list[tuple[TriggerMark, str]] = []
        self.reviewers: list[str] = []
        for mark, name in plugin.handlers:
            match mark:
                case OnMark():
                    self._by_event.setdefault(mark.kind, []).append((mark, name))
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
    def failures(self) -> int:
        """How many there were in a row."""
        return self._faults.row

    @property
    def busy(self) -> int:
        """How many events wait or are worked on."""
        return self._inbox.busy

    @property
    def dropped(self) -> int:
        """How many events it was too slow for."""
        return self._inbox.dropped

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the plugin and begin to work.  What ``start`` raises goes to the caller."""
        await self.prepare()
        self.begin()

    async def prepare(self) -> None:
        """Start the plugin; what it hears waits.  What its ``start`` raises goes to the caller."""
        self.plugin.spawner = self.chores.spawn
        PLUGIN.set(self.plugin.name)
        SPEAKER.set("")  # not whoever asked for a reload
        try:
            await within(DEADLINE, self.plugin.start, f"{self.plugin.name} start")
        except SystemExit as exc:
            raise PluginError(f"it wants to exit ({exc}); a plugin cannot end the bot") from exc
        except Blocked as exc:
            raise PluginError(f"its start holds everything up at {exc}") from exc

    def begin(self) -> None:
        """Work on what was heard and on what will be."""
        self._begun, self._over = True, False
        self._employ()
        if not self.paused:
            self.chores.begin()

    def _employ(self) -> None:
        self._workers = [task for task in self._workers if not task.done()]
        self._short = False
        for number in range(len(self._workers), self.plugin.concurrency):
            task = asyncio.create_task(self._work(), name=f"{self.plugin.name} worker {number}")
            task.add_done_callback(self._left)
            self._workers.append(task)

    def _left(self, worker: asyncio.Task[None]) -> None:
        """A handler that cancels its own task ends a worker; with the next event comes another one."""
        if worker.cancelled() and not self._over:
            self._short = True
            log.error("plugin %s cancelled its own worker", self.plugin.name)

    async def finish(self, within: float) -> None:
        """Work off what was heard, for *within* seconds at most, and rest.

        Who asks for this may be a handler of this very plugin's: that one is not waited for, here and in ``stop``.
        """
        besides = WORKER.get()
        await self._leave(self.chores.end(), 1.0, besides)
        for _ in self._workers:
            self._inbox.end()
        workers = [task for task in self._workers if task is not besides]
        if workers:
            _, late = await asyncio.wait(workers, timeout=within)
            self._over = True
            for task in late:
                log.warning("plugin %s: %s does not finish, and is cancelled", self.plugin.name, task.get_name())
                task.cancel()
            await self._leave(list(late), 1.0)
        self._inbox.reopen()  # it may go on, where those in its place cannot
        self._begun, self._over = False, True

    def take_over(self, old: Running, *, behind: bool = False) -> None:
        """Let what *old* heard and did not come to wait here, before all else; and who has to wait for a command.

        With *behind* it is what was heard later, and waits behind all else.
        """
        own, others = self._inbox.empty(), old._inbox.empty()
        for item in (*own, *others) if behind else (*others, *own):
            if item.method and not hasattr(self.plugin, item.name):
                log.warning("plugin %s: dropped what waited for %s, which is no more", self.plugin.name, item.name)
                continue
            self._inbox.enter(item)
        self._last = {**self._last, **old._last} if behind else {**old._last, **self._last}
        self.plugin.rests.take_over(old.plugin.rests)

    async def stop(self, patience: float = 1.0) -> None:
        """Cancel its tasks and call its ``stop``; each is given *patience* seconds, no more."""
        self._over, besides = True, WORKER.get()
        tasks = [*self._workers, *self._stuck, *self.chores.end_all()]
        for task in tasks:
            if task is not besides:
                task.cancel()
        await self._leave(tasks, patience, besides)
        # In a task of its own: a ``stop`` that swallows its cancellation can be left behind, but not waited for.
        ending = asyncio.create_task(self._stop(patience), name=f"{self.plugin.name} stop")
        await self._leave([ending], patience + 0.2)  # it ends itself, and says so, unless it is stubborn
        self.plugin.spawner = None

    async def _stop(self, patience: float) -> None:
        await self.guard("stop", self.plugin.stop, patience)

    async def _leave(
        self, tasks: list[asyncio.Task[None]], patience: float, besides: asyncio.Task[Any] | None = None
    ) -> None:
        tasks = [task for task in tasks if task is not besides]
        if tasks:
            _, stubborn = await asyncio.wait(tasks, timeout=patience)
            for task in stubborn:
                log.error("plugin %s does not stop: %s swallows its cancellation", self.plugin.name, task.get_name())

    # -- rest ------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether it hears nothing for now."""
        return bool(self.cause)

    def pause(self, cause: Cause, why: str) -> None:
        """Hear and do nothing more until ``resume``, because of *why*."""
        if self.paused:
            return
        self.cause, self.why = cause, why
        self.chores.end()
        level = logging.INFO if cause == "owner" else logging.ERROR
        log.log(level, "plugin %s is paused %s", self.plugin.name, why)
        self.on_change(self)

    def resume(self) -> bool:
        """Go on after a pause, with no failure counted; False if there was none."""
        was, self.cause, self.why = self.paused, "", ""
        self._faults.clear()
        if was:
            if self._begun:
                self.chores.begin()
            self.on_change(self)
        return was

    # -- taking work (synchronous) ---------------------------------------------------------------------------------

    def offer(self, event: object, speech: Speech | None = None) -> None:
        """An event that ``@on`` methods may want; *speech* is what it is, if it is somebody's."""
        for mark, name in self._by_event.get(type(event), ()):
            if mark.wants(event):
                self._put(Item(name, partial(hear, mark, name, event), by=whose(speech, event)))

    def wants(self, kind: type) -> bool:
        """Whether an ``@on`` method asks for events of *kind*."""
        return kind in self._by_event

    def offer_job(self, name: str, job: Job, speech: Speech | None = None) -> None:
        """Something else to do, because of *speech* if it is somebody's; *name* is for the log."""
        self._put(Item(name, lambda _plugin: job(), method=False, by=whose(speech)))

    def offer_call(self, name: str) -> None:
        """Have its method *name* called: once, however often it falls due before its turn comes."""
        if not self.paused:
            self._inbox.offer_once(Item(name, lambda plugin: getattr(plugin, name)()), patient=not self._begun)
            self._rouse()

    def offer_match(
        self,
        mark: TriggerMark,
        name: str,
        groups: Mapping[str, str],
        event: Line | Prompt | None = None,
        speech: Speech | None = None,
    ) -> None:
        """A trigger fires on *event*, which is *speech* if it is somebody's."""
        self._put(Item(name, partial(fire, mark, name, groups, event, speech), by=whose(speech, event)))

    def offer_command(self, command: Command, *, hurried: bool = False) -> None:
        """A chat command that is this plugin's; *hurried* is one for which nobody has to wait."""
        mark, name = self.commands[command.name]
        speaker = whose(command.speech)
        wait = mark.cooldown - (self._clock.now() - self._last.get((name, speaker), -math.inf))
        if hurried or self._cooled(name, speaker, mark.cooldown):
            self._put(Item(name, partial(self._obey, mark, name, command), by=speaker, command=True))
        elif self._cooled("too soon", speaker, mark.cooldown):  # said once: who floods gets no flood back
            given = f"{self.plugin.bot.prefix}{command.name}"
            text = TOO_SOON[self.plugin.language].format(name=given, seconds=math.ceil(wait))
            self._put(Item(name, lambda plugin: plugin.mud.reply(command, text), method=False))

    async def _obey(self, mark: CommandMark, name: str, command: Command, plugin: Plugin) -> None:
        if not await obey(mark, name, command, plugin):  # who mistyped it may mend it soon
            key = name, whose(command.speech)
            soon = self._clock.now() - mark.cooldown + MENDED
            self._last[key] = min(self._last.get(key, soon), soon)

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

    def _put(self, item: Item) -> None:
        if not self.paused:
            self._inbox.offer(item, patient=not self._begun)
            self._rouse()

    def _rouse(self) -> None:
        if self._short:
            self._employ()

    # -- doing it --------------------------------------------------------------------------------------------------

    async def review(self, text: Text) -> str | Masked | None:
        """The first reason any of its reviewers gives, or what they made of *text*.

        A reviewer that fails refuses, and so does one that is paused.  One that is paused for its failures is
        asked all the same, in case it has recovered.
        """
        if self.reviewers and self.cause in ("blocked", "owner"):
            return f"reviewer {self.plugin.name} is paused"
        made: Masked | None = None
        for name in self.reviewers:
            outcome: list[str | Masked | None] = []

            async def ask(name: str = name, outcome: list[str | Masked | None] = outcome, text: Text = text) -> None:
                outcome.append(await getattr(self.plugin, name)(text))

            before = SPEAKER.set(whose(text.speech) or text.speaker or SPEAKER.get())
            await self.guard(name, ask, DEADLINE)
            SPEAKER.reset(before)
            reason = outcome[0] if outcome else f"reviewer {self.plugin.name} failed"
            if isinstance(reason, Masked) and reason.text.strip():
                text, made = replace(text, words=reason.text), reason
            elif reason is not None:
                reason = f"reviewer {self.plugin.name} left nothing of it" if isinstance(reason, Masked) else reason
                return reason or f"reviewer {self.plugin.name} gave no reason"  # callers take "" for a pass
        return made

    async def _work(self) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        WORKER.set(task)
        while not self._over and task not in self._stuck and (item := await self._inbox.take()) is not None:
            SPEAKER.set(item.by)
            late = loop.call_later(DEADLINE + GRACE, self._stick, task, item.name)
            try:
                if not self.paused:  # what waited when it was paused would fail as well
                    await self.guard(item.name, partial(item.call, self.plugin), DEADLINE)
            finally:
                late.cancel()
                self._inbox.busy -= 1
        self._stuck.discard(task)

    def _stick(self, worker: asyncio.Task[None], name: str) -> None:
        """*worker* is still in *name*, which swallows its cancellation: what waits is for another one."""
        self._stuck.add(worker)
        self._workers = [each for each in self._workers if each is not worker]
        self._short = True
        log.error(
            "plugin %s: %s swallows its deadline of %g s and goes on; no 'except' must keep asyncio.CancelledError",
            self.plugin.name,
            name,
            DEADLINE,
        )
        if len(self._stuck) > MAX_STUCK:
            self.pause("failures", f"as {len(self._stuck)} of its handlers swallow their deadline")
        elif not self._over:
            self._employ()

    async def guard(self, name: str, job: Job, seconds: float | None) -> bool:
        """Run *job*; an exception costs the plugin a failure, never the bot.  Whether it ended well."""
        before = PLUGIN.set(self.plugin.name)
        try:
            async with asyncio.timeout(seconds):
                await job()
        except (GeneratorExit, KeyboardInterrupt):
            raise
        except (ApiError, HttpError) as exc:  # a server is away, or a budget used up: the plugin is not to blame
            if self._told.may(self._clock.now()):
                log.warning("plugin %s gave up in %s: %s", self.plugin.name, name, exc)
            return False
        except BaseException as exc:  # SystemExit, Blocked, and what authors derive from it
            task = asyncio.current_task()
            if isinstance(exc, asyncio.CancelledError) and task is not None and task.cancelling():
                raise  # it is this task that ends, not something that the plugin waited for
            self._failed(name, exc)
            return False
        finally:
            PLUGIN.reset(before)
        self._faults.clear()
        return True

    def _failed(self, name: str, exc: BaseException) -> None:
        self._faults.add()
        told = frames.exc_info(exc, type(self.plugin))
        if self._told.may(self._clock.now()):
            log.error("plugin %s failed in %s: %s", self.plugin.name, name, type(exc).__name__, exc_info=told)
        if isinstance(exc, Blocked):
            self.pause("blocked", f"as it held everything up at {exc}")
        elif self._faults.too_many:
            self.pause("failures", f"after {self.failures} failures in a row")
