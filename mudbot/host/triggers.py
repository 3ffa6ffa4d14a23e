"""What is done when a trigger fires, and what a plugin can ask and change of triggers (``self.bot.triggers``)."""

from __future__ import annotations

import difflib
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from mudbot.errors import GateError, PluginError
from mudbot.events import Prompt
from mudbot.host.marks import Deed, TriggerMark, trigger
from mudbot.mud.gate import clean
from mudbot.triggers.data import REST, Throttle, Written, filled
from mudbot.triggers.trigger import parents

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import Line, Speech
    from mudbot.triggers.engine import Engine
    from mudbot.triggers.entry import Entry, Firing
    from mudbot.triggers.trigger import Trigger

log = logging.getLogger(__name__)


class Worker(Protocol):
    """A plugin at work."""

    def offer_match(
        self,
        mark: TriggerMark,
        name: str,
        groups: Mapping[str, str],
        event: Line | Prompt | None = None,
        speech: Speech | None = None,
    ) -> None:
        """Its own trigger fires on *event*, which is *speech* if it is somebody's."""

    def offer_job(self, name: str, job: Callable[[], Awaitable[Any]], speech: Speech | None = None) -> None:
        """Something else to do, because of *speech* if it is somebody's; *name* is for the log."""


class Named(Protocol):
    """A plugin."""

    name: str


class Target(Protocol):
    """Whose a trigger is, and what is done when it fires."""

    @property
    def running(self) -> Worker:
        """The plugin that does it."""

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        """Have it done; *speech* is what the line is, if it is somebody's."""


@dataclass(frozen=True, slots=True)
class Method:
    """A plugin's own ``@trigger``."""

    running: Worker
    mark: TriggerMark
    name: str

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        self.call(firing, firing.line, speech)

    def call(self, firing: Firing[Any], event: Line | Prompt, speech: Speech | None) -> None:
        """It fires on *event*, which is *speech* if it is somebody's."""
        self.running.offer_match(self.mark, self.name, firing.groups, event, speech)


@dataclass(frozen=True, slots=True)
class Added:
    """A trigger that a plugin added while it ran."""

    running: Worker
    mark: TriggerMark
    call: Callable[..., Awaitable[Any]]

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        event: Line | Prompt = Prompt(firing.line.text) if self.mark.trigger.on == "prompt" else firing.line
        self.running.offer_job(
            firing.entry.trigger.name, partial(self.mark.call, self.call, firing.groups, event, speech), speech
        )


class Duty:
    """A trigger of the configuration, and who carries it out."""

    def __init__(self, running: Worker, written: Written, act: Callable[[Deed], Awaitable[Any]], clock: Clock) -> None:
        self.running, self.written = running, written
        self._act, self._clock = act, clock
        self._throttle = Throttle() if written.throttled else None

    def __repr__(self) -> str:
        return f"<Duty {self.written.trigger}>"

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        """Have its action done, unless it acted too often or a group is unfit for a command; the log says so."""
        if not self.written.acts or (self._throttle is not None and not self._may_act(self._throttle)):
            return
        name = self.written.trigger.name
        try:
            deed = deed_of(self.written, firing, speech)
        except GateError as exc:
            log.warning("trigger %s: nothing is sent: %s", name, exc)
            return
        log.debug("trigger %s fires: %s", name, deed)
        self.running.offer_job(f"trigger {name}", partial(self._act, deed), speech)

    def _may_act(self, throttle: Throttle) -> bool:
        now = self._clock.now()
        resting = throttle.resting(now)
        if throttle.take(now):
            return True
        if not resting:
            log.warning(
                "trigger %s acts too often: it does nothing for %.0f s; give it a cooldown, or a pattern that what it "
                "says does not set off",
                self.written.trigger.name,
                REST,
            )
        return False


def deed_of(written: Written, firing: Firing[Any], speech: Speech | None = None) -> Deed:
    """What *firing* asks to be done.  Raises GateError where a group is unfit for a command."""
    commands, reply, prompt = filled(written, firing.matches)
    for command in commands:
        if clean(command) != command.strip():
            raise GateError(f"not one plain command line: {clean(command)[:60]!r}")
    return Deed(written.trigger.name, commands, reply, prompt, speech)


def barred(plugin: str) -> str:
    """Why a trigger with commands rests where *plugin*, which carries it out, may not send any."""
    return f"raw commands want plugins.{plugin}.permissions.commands: true"


# -- what plugins see --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TriggerStatus:
    """A trigger at one moment."""

    name: str
    group: str
    on: bool
    why: str
    """Why it is not looked for; empty if it is."""
    fired: int
    last: float | None
    """Seconds since it fired last; None if it never did."""
    spent: float
    """Seconds that looking for it took, where the sieve found that it may be there."""


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """A group of triggers at one moment, those of the groups within it included."""

    on: bool
    size: int
    fired: int


class Handle:
    """A trigger that was added while the bot ran."""

    __slots__ = ("_crew", "_entry")

    def __init__(self, crew: Crew, entry: Entry[Target]) -> None:
        self._crew, self._entry = crew, entry

    def __repr__(self) -> str:
        return f"<Handle of {self._entry!r}>"

    def remove(self) -> None:
        """Look for it no more; nothing happens if it was removed already."""
        self._crew.look_away(self._entry)


class Crew(Protocol):
    """What is needed of the host."""

    engine: Engine[Target]
    written: Sequence[Written]
    clock: Clock

    def running_of(self, plugin: Any) -> Worker:
        """*plugin* at work, or about to be."""

    def look_for(self, trigger: Trigger, target: Target, *, barred: str = "") -> Entry[Target]:
        """Look for *trigger* as long as its plugin is at work."""

    def look_away(self, entry: Entry[Target]) -> None:
        """Look for it no more."""


class Triggers:
    """The triggers of a session, of all plugins, as one *plugin* sees them."""

    def __init__(self, crew: Crew, plugin: Named, *, may_command: bool = False) -> None:
        self._crew, self._plugin, self._may_command = crew, plugin, may_command

    def __repr__(self) -> str:
        return repr(self._crew.engine)

    def __len__(self) -> int:
        return len(self._crew.engine)

    def __iter__(self) -> Iterator[TriggerStatus]:
        """Each, in the order of its turn."""
        now = self._crew.clock.now()
        for entry in self._crew.engine.entries:
            why, trigger = entry.why_idle(), entry.trigger
            last = None if entry.last is None else now - entry.last
            yield TriggerStatus(
                trigger.name, trigger.group, why is None, why.text if why else "", entry.fired, last, entry.spent
            )

    def groups(self) -> Mapping[str, GroupStatus]:
        """Every group, by name."""
        sizes: dict[str, list[int]] = {}
        for entry in self._crew.engine.entries:
            for group in parents(entry.trigger.group):
                counted = sizes.setdefault(group, [0, 0])
                counted[0] += 1
                counted[1] += entry.fired
        return {name: GroupStatus(on, *sizes.get(name, (0, 0))) for name, on in self._crew.engine.groups.items()}

    def switch(self, name: str, *, on: bool) -> int:
        """Switch the group *name*, and all within it, on or off; or the trigger of that name.  How many that were.

        What is switched off on its own stays off when its group is switched on.
        """
        engine = self._crew.engine
        if name in engine.groups:
            count = engine.switch(name, on=on)
        else:
            named = [entry for entry in engine.entries if entry.trigger.name == name]
            for entry in named:
                engine.rest(entry, on=on)
            count = len(named)
        if count:
            log.info("triggers %s: %s (%d)", name, "on" if on else "off", count)
        return count

    def nearest(self, name: str) -> str | None:
        """The group or trigger that *name* was probably meant to be."""
        known = [*self._crew.engine.groups, *(entry.trigger.name for entry in self._crew.engine.entries)]
        return next(iter(difflib.get_close_matches(name, known, n=1)), None)

    def add(self, call: Callable[..., Awaitable[Any]], pattern: str | None = None, **options: Any) -> Handle:
        """Call *call* when *pattern* is found, from the next line on; all else is as in ``@trigger``.

        Raises PluginError where ``@trigger`` would.
        """
        place = f"{self._plugin.name}.{getattr(call, '__name__', 'call')}"
        if not inspect.iscoroutinefunction(call):
            raise PluginError(f"{place} must be 'async def'")
        mark = _mark_of(pattern, options)
        mark.bind(call, place)
        target = Added(self._crew.running_of(self._plugin), mark, call)
        return Handle(self._crew, self._crew.look_for(replace(mark.trigger, name=place), target))

    def carry_out(self, act: Callable[[Deed], Awaitable[Any]]) -> int:
        """Have *act* do what the triggers of the configuration ask, from the next line on; how many they are.

        Those that send commands rest where the plugin may not send any.
        """
        running, engine = self._crew.running_of(self._plugin), self._crew.engine
        for written in self._crew.written:
            duty = Duty(running, written, act, self._crew.clock)
            why = barred(self._plugin.name) if written.commands and not self._may_command else ""
            entry = self._crew.look_for(written.trigger, duty, barred=why)
            if not written.enabled:
                engine.rest(entry, on=False)
        return len(self._crew.written)


def _mark_of(pattern: str | None, options: Mapping[str, Any]) -> TriggerMark:
    """What ``@trigger`` makes of the same."""

    def marked() -> None: ...

    mark: TriggerMark = trigger(pattern, **options)(marked).__dict__["__mudbot__"][0]
    return mark
