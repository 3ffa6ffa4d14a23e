"""A session's triggers on lines that somebody gives: what would fire, without a MUD, a model or a plugin at work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mudbot import resolve
from mudbot.clock import SystemClock
from mudbot.errors import GateError
from mudbot.events import Command, Line, Lines, Page, Prompt, Speech
from mudbot.host.chat import Chat
from mudbot.host.marks import CommandMark, TriggerMark
from mudbot.host.triggers import barred, deed_of
from mudbot.mud.dialect import Dialect
from mudbot.mud.dialect import load as load_dialect
from mudbot.mud.ear import Ear
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.spelling import in_both_scripts
from mudbot.triggers.data import MOST, WITHIN, Throttle, Written
from mudbot.triggers.engine import Engine
from mudbot.triggers.explain import Look, Miss, Near, Nearest, looks, reasons

if TYPE_CHECKING:
    from mudbot.config import Config, SessionConfig
    from mudbot.host.plugin import Plugin
    from mudbot.triggers.entry import Entry, Firing


@dataclass(slots=True)
class Origin:
    """Where a trigger comes from."""

    plugin: str
    mark: TriggerMark | None = None
    method: str = ""
    written: Written | None = None
    throttle: Throttle | None = None

    def does(self, firing: Firing[Origin], now: float) -> dict[str, Any]:
        """What would be done: a method that is called, or what the configuration says."""
        if self.mark is not None:
            try:
                arguments: dict[str, Any] = self.mark.arguments(firing.groups)
            except ValueError as exc:
                return {"nothing": f"{self.plugin}.{self.method} is not called: {exc}"}
            return {"calls": f"{self.plugin}.{self.method}", "arguments": arguments}
        assert self.written is not None
        trigger, found = self.written.trigger, dict[str, Any]()
        if self.throttle is not None and not self.throttle.take(now):
            rest = math.ceil(self.throttle.until - now)
            found["nothing"] = f"it rests for {rest} s: it acted {MOST} times within {WITHIN:.0f} s"
        else:
            try:
                deed = deed_of(self.written, firing)
            except GateError as exc:
                found["nothing"] = str(exc)
            else:
                texts: dict[str, Any] = {"commands": list(deed.commands), "reply": deed.reply, "prompt": deed.prompt}
                found |= {key: value for key, value in texts.items() if value}
        shows = {"gag": trigger.gag or None, "substitute": trigger.substitute}
        return found | {key: value for key, value in shows.items() if value is not None}


@dataclass(slots=True)
class Seen:
    """What one line, or prompt, leads to."""

    text: str
    prompt: bool = False
    own: bool = False
    """Whether the character itself said it, so that nothing hears it."""
    speech: Speech | None = None
    command: Command | None = None
    """The chat command that it gives, so that no trigger looks at it."""
    gives: str = ""
    """The plugin's method that has the command."""
    fired: list[tuple[Entry[Origin], Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    """Each trigger that fires, its groups, and what it does."""
    missed: list[Miss[Origin]] = field(default_factory=list)
    near: Near[Origin] | None = None


class Trial:
    """One session's triggers and its ear, given lines in order."""

    def __init__(
        self,
        config: Config,
        settings: SessionConfig,
        *,
        dialect: Dialect | None = None,
        explain: bool = False,
        between: float = 0.0,
    ) -> None:
        """*dialect* in place of the session's; *between* are the seconds from one line to the next.

        Raises ConfigError where the configuration is wrong.
        """
        persona = resolve.load_character(config, settings)
        self.dialect = dialect or resolve.load_dialect(config, settings) or load_dialect("generic")
        name = settings.login.name if settings.login else persona.name
        self._session = Session(
            settings.name,
            resolve.address(settings),
            self.dialect,
            Character(name, "", aliases=(persona.name,)),
            clock=SystemClock(),
        )
        self._chat = Chat(
            settings.command_prefix,
            owners=settings.owners,
            trusted=settings.trusted,
            answerable=self._session.can_answer,
        )
        names = in_both_scripts(name, *persona.names)
        self._chat.names = lambda: names
        self._methods: dict[str, str] = {}
        self.engine: Engine[Origin] = Engine(backend="auto")
        self.engine.prepare()  # before there are any: a few lines are searched for all of them sooner than sieved
        self._add_all(config, settings.name)
        self._ear = Ear(self.dialect)
        self._now, self._between, self._explain = 0.0, between, explain
        self._nearest = {on: Nearest(self.engine.entries, on=on) for on in ("line", "prompt")} if explain else {}

    def _add_all(self, config: Config, session: str) -> None:
        """All triggers in the order in which the bot adds them."""
        written = resolve.load_triggers(config)
        for plugin, kind in resolve.load_plugins(config).items():
            if plugin == resolve.CARRIER:
                for each in written:
                    if not each.sessions or session in each.sessions:
                        self._add_written(plugin, each, may_command=resolve.may_command(config))
            self._add_marks(plugin, kind, session)

    def _add_written(self, plugin: str, written: Written, *, may_command: bool) -> None:
        origin = Origin(plugin, written=written, throttle=Throttle() if written.throttled else None)
        why = barred(plugin) if written.commands and not may_command else ""
        entry = self.engine.add(written.trigger, origin, barred=why)
        if not written.enabled:
            self.engine.rest(entry, on=False)

    def _add_marks(self, plugin: str, kind: type[Plugin], session: str) -> None:
        for mark, method in kind.handlers:
            if isinstance(mark, TriggerMark) and (not mark.sessions or session in mark.sessions):
                named = replace(mark.trigger, name=f"{plugin}.{method}")
                self.engine.add(named, Origin(plugin, mark, method))
            elif isinstance(mark, CommandMark):
                for name in mark.names:
                    self._methods.setdefault(name, f"{plugin}.{method}")
                    self._chat.add(name, mark)

    def prepare(self) -> None:
        """Sieve the lines to come, as the bot does: it takes a while, and changes nothing else."""
        self.engine.prepare()

    # -- lines -----------------------------------------------------------------------------------------------------

    def hear(self, line: Line) -> Iterator[Seen]:
        """What *line* leads to; nothing yet where it is held back because its speech goes on, several then."""
        for heard, speech in self._ear.hear(line):
            yield self._heard(heard, speech)

    def prompt(self, text: str) -> Seen:
        """The same for a prompt."""
        seen, line = Seen(text, prompt=True), Line(text)
        looked = self._looked(line, "prompt")
        self.engine.feed_prompt(Prompt(text), lambda firing: self._fire(seen, firing), self._now)
        return self._ended(seen, looked)

    def flush(self) -> Iterator[Seen]:
        """What was held back."""
        for line, speech in self._ear.flush():
            yield self._heard(line, speech)

    def _heard(self, line: Line, speech: Speech | None) -> Seen:
        seen = Seen(line.text, speech=speech)
        if speech is not None:
            seen.own = self._session.is_own(speech)
            if not seen.own and (command := self._chat.read(speech)) is not None:
                seen.command, seen.gives = command, self._methods[command.name]
        if seen.own or seen.command is not None:  # the host hands neither to the engine
            self._now += self._between
            return seen
        looked = self._looked(line, "line")
        self.engine.feed(Lines(Page.of([line])), lambda firing: self._fire(seen, firing), self._now)
        return self._ended(seen, looked)

    def _looked(self, line: Line, on: str) -> list[Look[Origin]]:
        return looks(self.engine, line, self._now, on=on) if self._explain else []

    def _fire(self, seen: Seen, firing: Firing[Origin]) -> None:
        does = firing.entry.data.does(firing, self._now)
        seen.fired.append((firing.entry, _told(firing), does))

    def _ended(self, seen: Seen, looked: list[Look[Origin]]) -> Seen:
        seen.missed = reasons(looked, [entry for entry, _, _ in seen.fired])
        if self._explain and not seen.fired and not seen.missed and seen.text.strip():
            seen.near = self._nearest["prompt" if seen.prompt else "line"].of(seen.text)
        self._now += self._between
        return seen


def _told(firing: Firing[Origin]) -> dict[str, str]:
    """The groups of a match: those that have a name by that, the others by number."""
    found: dict[str, str] = {}
    for match in firing.matches:
        named = {number: name for name, number in match.re.groupindex.items()}
        for number, value in enumerate(match.groups(), 1):
            if value is not None:
                found[named.get(number, str(number))] = value
    return found
