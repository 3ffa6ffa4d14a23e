"""Plugins that come, change and go while the bot runs: in all sessions or in none, without a gap.

1.  The new code is imported, in a thread, under names of its own.
2.  A new instance for each session is made and started; it hears nothing yet.  Up to here whatever fails is told, what
    was begun is undone, and the old ones have noticed nothing.
3.  In one step, in which nothing can be heard, the new ones take the places of the old.  What is heard from then on
    waits in their inboxes.
4.  The old ones work off what they had heard, for ``FINISH`` seconds at most, and rest: no timers, no tasks.
5.  ``handover``: each new one takes over what the old one knows.  If one of them raises, the old ones take their places
    again, with all that was heard meanwhile.
6.  The new ones begin to work; what the old ones did not get to comes first.  The old ones are stopped, the tasks that
    they left behind are named and cancelled, and their modules are forgotten.
So every event is worked on once, in order, by one of the two, and the link to the MUD has no part in it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mudbot.errors import ConfigError, MudbotError, PluginError, nearest
from mudbot.host import frames, loader
from mudbot.host.chores import within
from mudbot.host.places import places
from mudbot.host.services.bot import PluginStatus

if TYPE_CHECKING:
    from mudbot.host.chores import Walls
    from mudbot.host.frames import Files
    from mudbot.host.host import Host
    from mudbot.host.plugin import Plugin
    from mudbot.host.running import Running
    from mudbot.host.services.bot import Outcome

log = logging.getLogger(__name__)

__all__ = ["PluginStatus", "Program", "Roster", "Stage"]

FINISH = 10.0
"""Seconds for which an old instance may work off what it heard: a model's answer takes some."""
IMPORT = 30.0
"""Seconds for an import: what hangs there must not keep reloads from happening for ever."""


class Stage(Protocol):
    """One session, as plugins are made for it."""

    @property
    def host(self) -> Host: ...
    def make(self, name: str, kind: type[Plugin]) -> Plugin:
        """A new instance, ready to start.  Raises MudbotError."""


@dataclass(frozen=True, slots=True)
class Program:
    """Which plugins the configuration names, in their order."""

    sessions: Mapping[str, frozenset[str]]
    """By name the sessions in which it runs; empty is all."""
    load: Callable[[str], type[Plugin]]
    """Import one afresh, and check its settings.  Raises MudbotError."""


@dataclass(slots=True)
class _Move:
    """What changes in one session."""

    host: Host
    old: Running | None = None
    new: Running | None = None

    @property
    def name(self) -> str:
        running = self.new or self.old
        assert running is not None
        return running.plugin.name

    def make(self) -> None:
        if self.new is not None:
            self.host.enter(self.new)
        else:
            self.host.leave(self.name)

    def undo(self) -> None:
        if self.old is not None:
            self.host.enter(self.old)
            if self.new is not None:
                self.old.take_over(self.new, behind=True)
            self.old.begin()
        else:
            self.host.leave(self.name)


@dataclass(slots=True)
class _Change:
    """What changes everywhere: classes that are loaded, names that go."""

    classes: dict[str, type[Plugin]]
    gone: frozenset[str] = frozenset()
    moves: list[_Move] = field(default_factory=list)


class Roster:
    """All plugins of all sessions: what plugins see of it is ``services.bot.Plugins``, which describes that."""

    def __init__(self, program: Program, files: Files, walls: Walls) -> None:
        self.program = program
        self.classes: dict[str, type[Plugin]] = {}
        """What runs."""
        self.refresh: Callable[[], Awaitable[Outcome]] | None = None
        """Reads the configuration again, where there is a file of it."""
        self._files, self._walls = files, walls
        self._places: dict[str, float] = {}
        self._stages: list[Stage] = []
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Roster {', '.join(self.classes)} in {len(self._stages)} sessions>"

    def adopt(self, classes: Mapping[str, type[Plugin]]) -> None:
        """These run in every session that is opened from now on."""
        self.classes = dict(classes)
        self._places = places(list(self.program.sessions), {})
        for name, kind in classes.items():
            self._files.learn(name, kind)

    async def open(self, stage: Stage) -> None:
        """Start the plugins in one session more.  Raises MudbotError."""
        for name, kind in self.classes.items():
            if self._runs(name, stage.host):
                fresh = await self._ready(stage, name, kind)
                stage.host.enter(fresh)
                fresh.begin()
        self._stages.append(stage)

    # -- what is asked ---------------------------------------------------------------------------------------------

    def states(self, session: str) -> list[PluginStatus]:
        running = next((stage.host.running for stage in self._stages if stage.host.session == session), {})
        found = []
        for name, sessions in self.program.sessions.items():
            if sessions and session not in sessions:
                continue
            one = running.get(name)
            if one is None:
                found.append(PluginStatus(name, "unloaded"))
            else:
                state: Literal["running", "paused"] = "paused" if one.paused else "running"
                found.append(PluginStatus(name, state, one.why, one.failures, one.dropped))
        return found

    # -- what is done ----------------------------------------------------------------------------------------------

    def pause(self, name: str) -> bool:
        awake = [running for running in self._all(name) if not running.paused]
        for running in awake:
            running.pause("owner", "by its owner")
        return bool(awake)

    def resume(self, name: str) -> bool:
        paused = [running for running in self._all(name) if running.paused]
        for running in paused:
            running.resume()
        return bool(paused)

    def blocked(self, name: str, place: str, module: str) -> None:
        """*name* held everything up in *module*: where that is at work it rests.  A reload that failed is no matter."""
        if name not in self.classes or all(own.__name__ != module for own in loader.modules_of(self.classes[name])):
            return
        for running in self._all(name):
            running.pause("blocked", f"as it held everything up at {place}")

    async def reload(self, name: str) -> None:
        self._must_run(name)
        await self._aside(self.change([name]))

    async def load(self, name: str) -> None:
        if name in self.classes:
            raise PluginError(f"plugin {name} runs already: reload it for its newest code")
        if name not in self.program.sessions:
            hint = nearest(name, self.program.sessions)
            raise PluginError(f"the configuration names no plugin {name!r}{hint}; write it below 'plugins:' and reload")
        await self._aside(self.change([name]))

    async def unload(self, name: str) -> None:
        self._must_run(name)
        await self._aside(self.change([], [name]))

    async def _aside(self, work: Any) -> None:
        """In a task of its own: who asks may be a plugin's handler, which has a deadline and may be cancelled."""
        await asyncio.shield(asyncio.create_task(work, name="plugins change"))

    def change(
        self, load: Sequence[str], unload: Iterable[str] = (), program: Program | None = None
    ) -> Awaitable[None]:  # fmt: skip
        """Run the newest code of those in *load*, and those in *unload* no more; all by *program*, if it is a new one.

        Raises MudbotError with everything that is wrong, and then nothing has changed.
        """
        return self._change(list(load), frozenset(unload), program or self.program)

    async def _change(self, load: list[str], unload: frozenset[str], program: Program) -> None:
        async with self._lock:
            change = _Change(await self._load(load, program), unload & self.classes.keys())
            before = self.program, self._places
            kept = {n: p for n, p in self._places.items() if n not in change.classes and n not in change.gone}
            own = {n: p for n, p in self._places.items() if n in change.classes and program is self.program}
            self.program, self._places = program, places(list(program.sessions), {**kept, **own})
            try:
                await self._start(change)
                await self._swap(change)
            except BaseException:
                self.program, self._places = before
                for name, kind in change.classes.items():
                    loader.drop(kind)
                    if name not in self.classes:
                        self._files.forget(name)
                raise
            await self._clear(change)

    async def _load(self, names: Iterable[str], program: Program) -> dict[str, type[Plugin]]:
        classes: dict[str, type[Plugin]] = {}
        problems: list[MudbotError] = []
        for name in names:
            try:
                async with asyncio.timeout(IMPORT):
                    classes[name] = await loader.apart(partial(program.load, name))
                self._files.learn(name, classes[name])
            except MudbotError as exc:
                problems.append(exc)
            except TimeoutError:
                problems.append(PluginError(f"plugin {name}: its import did not end within {IMPORT:.0f} s"))
        if problems:
            for kind in classes.values():
                loader.drop(kind)
            found = [p for exc in problems if isinstance(exc, ConfigError) for p in exc.problems]
            plain = [str(exc) for exc in problems if not isinstance(exc, ConfigError)]
            raise PluginError("\n".join([*plain, *map(str, found)])) if plain else ConfigError(*found)
        return classes

    async def _start(self, change: _Change) -> None:
        moves = change.moves
        try:
            for stage in self._stages:
                host = stage.host
                for name in change.gone & host.running.keys():
                    moves.append(_Move(host, host.running[name]))
                for name, kind in change.classes.items():
                    old = host.running.get(name)
                    if self._runs(name, host):
                        moves.append(_Move(host, old, await self._ready(stage, name, kind)))
                    elif old is not None:
                        moves.append(_Move(host, old))
        except BaseException:
            await self._end(moves, "new")
            raise

    async def _ready(self, stage: Stage, name: str, kind: type[Plugin]) -> Running:
        plugin = self._made(stage, name, kind)
        try:
            return await stage.host.ready(plugin, self._places[name])
        except BaseException as exc:
            if frames.ends(exc):
                raise
            raise PluginError(_not_started(name, exc, kind)) from exc

    def _made(self, stage: Stage, name: str, kind: type[Plugin]) -> Plugin:
        try:
            return stage.make(name, kind)
        except MudbotError:
            raise
        except BaseException as exc:  # its __init__ is the author's
            if frames.ends(exc):
                raise
            raise PluginError(_not_started(name, exc, kind)) from exc

    async def _swap(self, change: _Change) -> None:
        for move in change.moves:
            move.make()
        await asyncio.gather(*(move.old.finish(FINISH) for move in change.moves if move.old is not None))
        try:
            for move in change.moves:
                if move.old is not None and move.new is not None:
                    await _hand_over(move.old, move.new)
        except BaseException:
            for move in change.moves:
                move.undo()
            await self._end(change.moves, "new")
            raise
        for move in change.moves:
            if move.new is not None:
                if move.old is not None:
                    move.new.take_over(move.old)
                move.new.begin()

    async def _clear(self, change: _Change) -> None:
        """Stop the old ones, and forget what they were made of."""
        await self._end(change.moves, "old")
        before = self.classes
        self.classes = {
            name: change.classes.get(name) or before[name]
            for name in self.program.sessions
            if name in change.classes or (name in before and name not in change.gone)
        }
        for name in change.gone | change.classes.keys():
            if (old := before.get(name)) is None:
                continue
            self._cancel_leaked(name, old)
            if name in change.classes:
                loader.succeed(change.classes[name], old)
            else:
                loader.drop(old)
                self._files.forget(name)
        for name in change.classes:
            log.info("plugin %s is %s", name, "reloaded" if name in before else "loaded")
        for name in change.gone:
            log.info("plugin %s is unloaded", name)

    def _cancel_leaked(self, name: str, old: type[Plugin]) -> None:
        leaked = self._walls.leaked(loader.modules_of(old))
        for _, task in leaked:
            task.cancel()
        if leaked:
            names = ", ".join(sorted({work for work, _ in leaked}))
            log.warning("plugin %s left %d tasks behind (%s): use self.spawn for those", name, len(leaked), names)

    async def _end(self, moves: list[_Move], which: Literal["old", "new"]) -> None:
        pairs = [(move.host, running) for move in moves if (running := getattr(move, which)) is not None]
        await asyncio.gather(*(running.stop() for _, running in pairs))
        for host, running in pairs:
            host.release(running)

    # -- who is where ----------------------------------------------------------------------------------------------

    def _runs(self, name: str, host: Host) -> bool:
        sessions = self.program.sessions[name]
        return not sessions or host.session in sessions

    def _all(self, name: str) -> list[Running]:
        self._must_run(name)
        return [stage.host.running[name] for stage in self._stages if name in stage.host.running]

    def _must_run(self, name: str) -> None:
        if name not in self.classes:
            raise PluginError(f"there is no plugin {name!r} at work{nearest(name, self.classes)}")


async def _hand_over(old: Running, new: Running) -> None:
    """Raises PluginError where *new* cannot take over what *old* knows."""
    name = new.plugin.name
    try:
        await within(FINISH, partial(new.plugin.handover, old.plugin), f"{name} handover")
    except BaseException as exc:
        if frames.ends(exc):
            raise
        told = frames.exc_info(exc, type(new.plugin))
        log.error("plugin %s failed in handover: %s", name, type(exc).__name__, exc_info=told)  # noqa: TRY400
        raise PluginError(f"plugin {name} does not take over: {type(exc).__name__}: {exc}") from exc


def _not_started(name: str, exc: BaseException, kind: type[Plugin]) -> str:
    trace = frames.exc_info(exc, kind)[2]
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({frames.place_of(trace.tb_frame)})" if trace is not None else ""
    return f"plugin {name} does not start: {type(exc).__name__}: {exc}{place}"
