"""What a plugin does of its own accord: timers, scheduled tasks, and what it spawned; and the tasks that it leaked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from mudbot.errors import PluginError
from mudbot.host.faults import SPEAKER
from mudbot.host.frames import Files, ends
from mudbot.host.marks import AtMark, EveryMark, TaskMark

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.plugin import Plugin

log = logging.getLogger(__name__)

MOST = 100
"""Tasks that a plugin may have spawned at one time: more are a leak."""
SOON, LATE = 1.0, 60.0
"""Seconds before a scheduled task that failed is started again: the pause doubles, up to a minute."""
SLICE = 60.0
"""Seconds that a timer by the clock on the wall sleeps at most: that clock may be set meanwhile."""
SET_BACK = 3600.0
"""Seconds: a clock that stands this long before a time that has come was set, and its times come again."""


class Owner(Protocol):
    """A plugin at work."""

    @property
    def plugin(self) -> Plugin: ...
    def offer_call(self, name: str) -> None:
        """Have the method *name* called in its turn."""

    async def guard(self, name: str, job: Callable[[], Awaitable[Any]], seconds: float | None) -> bool:
        """Run *job* behind the wall; whether it ended well."""


class Chores:
    """The tasks of one plugin at work."""

    def __init__(self, owner: Owner, clock: Clock) -> None:
        self._owner, self._clock = owner, clock
        self._regular: list[asyncio.Task[None]] = []
        self._spawned: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<Chores {len(self._regular)} regular, {len(self._spawned)} spawned>"

    def begin(self) -> None:
        """Begin what ``@every``, ``@at`` and ``@scheduled`` ask for."""
        plugin = self._owner.plugin
        for mark, name in plugin.handlers:
            work: Coroutine[Any, Any, None]
            if isinstance(mark, EveryMark):
                work = self._every(mark.seconds, name)
            elif isinstance(mark, AtMark):
                work = self._at(mark, name)
            elif isinstance(mark, TaskMark):
                work = self._keep(name)
            else:
                continue
            self._regular.append(asyncio.create_task(work, name=f"{plugin.name}.{name}"))

    def end(self) -> list[asyncio.Task[None]]:
        """End what ``begin`` began; the tasks are returned."""
        ended, self._regular = self._regular, []
        for task in ended:
            task.cancel()
        return ended

    def end_all(self) -> list[asyncio.Task[Any]]:
        """End these, and what was spawned."""
        spawned = list(self._spawned)
        for task in spawned:
            task.cancel()
        return [*self.end(), *spawned]

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do *work* beside everything else; where it fails the task's result is None.

        Raises PluginError where far too much is done so already.
        """
        plugin = self._owner.plugin
        name = getattr(work, "__qualname__", "spawned")
        if len(self._spawned) >= MOST:
            work.close()
            raise PluginError(f"plugin {plugin.name}: {MOST} tasks are at work already, {name} is one too many")
        task = asyncio.create_task(self._do(name, work), name=f"{plugin.name}: {name}")
        self._spawned.add(task)
        task.add_done_callback(partial(self._done, work))
        return task

    async def _do(self, name: str, work: Coroutine[Any, Any, Any]) -> Any:
        outcome: list[Any] = []

        async def do() -> None:
            outcome.append(await work)

        await self._owner.guard(name, do, None)
        return outcome[0] if outcome else None

    def _done(self, work: Coroutine[Any, Any, Any], task: asyncio.Task[Any]) -> None:
        self._spawned.discard(task)
        work.close()  # where it was cancelled before it began

    async def _every(self, seconds: float, name: str) -> None:
        while True:
            await self._clock.sleep(seconds)
            self._owner.offer_call(name)

    async def _at(self, mark: AtMark, name: str) -> None:
        due = 0.0
        while True:
            now = self._clock.wall()
            # Clocks differ by a moment: what has just been must not come again.
            base = now if now < due - SET_BACK else max(now, due)
            due = base + mark.wait(base)
            while (left := due - self._clock.wall()) > 0:
                if left > mark.wait(self._clock.wall()) + SET_BACK:
                    break  # the clock was set back: there is an earlier time now
                await self._clock.sleep(min(left, SLICE))
            else:
                self._owner.offer_call(name)

    async def _keep(self, name: str) -> None:
        SPEAKER.set("")  # not whoever had it resumed
        pause = SOON
        while True:
            began = self._clock.now()
            if await self._owner.guard(name, getattr(self._owner.plugin, name), None):
                return
            if self._clock.now() - began > LATE:
                pause = SOON
            await self._clock.sleep(pause)
            pause = min(2 * pause, LATE)


async def within(seconds: float, job: Callable[[], Awaitable[Any]], name: str) -> None:
    """Do *job*, and raise what it raises; TimeoutError where it takes longer, even if it swallows its cancellation."""
    failure: list[BaseException] = []

    async def do() -> None:
        try:
            await job()
        except BaseException as exc:  # SystemExit, too, which must not leave this task but by its caller
            if ends(exc):
                raise
            failure.append(exc)

    task = asyncio.create_task(do(), name=name)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)
            if not task.done():
                log.error("%s swallows its cancellation, and is left behind", name)
            raise TimeoutError(f"it does not end within {seconds:g} s")
    finally:
        task.cancel()
    if failure:
        raise failure[0]
    if task.cancelled():
        raise asyncio.CancelledError("it cancelled itself")


# -- tasks that a plugin makes by itself -------------------------------------------------------------------------------


class Walls:
    """Stands around every task whose code is a plugin's: ``sys.exit`` in one does not end the bot."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._inner: WeakKeyDictionary[asyncio.Future[Any], Any] = WeakKeyDictionary()
        self._before: Any = None

    def __repr__(self) -> str:
        return f"<Walls {len(self._inner)}>"

    def raise_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stand around the tasks of *loop* from now on."""
        self._before = loop.get_task_factory()
        loop.set_task_factory(self._make)

    def take_down(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stand there no more."""
        loop.set_task_factory(self._before)

    def _make(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Future[Any]:
        code = getattr(work, "cr_code", None)
        owner = self._files.owner(code.co_filename) if code is not None else None
        behind = work if owner is None else _behind(owner, work)
        task: asyncio.Future[Any]
        task = self._before(loop, behind, **options) if self._before else asyncio.Task(behind, loop=loop, **options)
        if owner is not None:
            self._inner[task] = work
        return task

    def leaked(self, modules: Iterable[ModuleType]) -> list[tuple[str, asyncio.Task[Any]]]:
        """The tasks, other than this one, that are in the midst of code of *modules*, with the names of that code."""
        spaces = {id(vars(module)) for module in modules}
        found = []
        for task in asyncio.all_tasks():
            work = self._inner.get(task, task.get_coro())
            frame = getattr(work, "cr_frame", None)
            if frame is not None and id(frame.f_globals) in spaces and task is not asyncio.current_task():
                found.append((getattr(work, "__qualname__", "?"), task))
        return found


async def _behind(owner: str, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except SystemExit as exc:
        log.error("plugin %s: a task of its own wants to exit (%s); only the task ends", owner, exc)  # noqa: TRY400
        return None
    finally:
        work.close()
