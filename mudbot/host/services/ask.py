"""What plugins wait for: the MUD's answer to a command, or a line that will come (``self.mud.ask``, ``wait_for``).

An outcome is a trigger of the session's engine for as long as somebody waits: colours, prompts and patterns over
several lines work as in ``@trigger``.  Outcomes look at a line before all other triggers and take it from none of them.

Which lines answer
- An ask hears nothing until its command was written to the link; whatever is read after that moment may answer it.
  Lines that were on their way before, which the MUD sent ahead of reading the command, cannot be told from an answer.
- Asks are answered in the order in which their commands left, and one line answers one ask.  Whoever only waits
  (``wait_for``) sees every line, and takes none from an ask.
- What somebody says answers no ask: ``Ann says, "You buy the sword."`` is no deal, nor is a line that may be a part of
  somebody's words (``Line.quoted``).  ``speech=True`` lets both count.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mudbot.errors import NoAnswer, PatternError, PluginError, nearest
from mudbot.host.marks import TriggerMark, trigger
from mudbot.triggers.trigger import FLAGS, Pattern, Trigger

if TYPE_CHECKING:
    from mudbot.clock import Clock, Timer
    from mudbot.events import Line, Page, Speech
    from mudbot.host.triggers import Target
    from mudbot.triggers.engine import Engine
    from mudbot.triggers.entry import Entry, Firing

log = logging.getLogger(__name__)

Wanted = str | re.Pattern[str] | Mapping[str, Any]
"""What an outcome is known by: a regular expression, or what ``@trigger`` takes by name: ``{"text": "You buy"}``,
``{"pattern": r"^HP (?P<hp>\\d+)", "prompt": True}``, ``{"glob": "You see *", "color": "bright green"}``."""

MAX_LINES = 200
"""Lines between a command and its answer that are kept, the last ones: a long inventory has a hundred."""
MAX_WAITING = 20
"""Asks and waits of a plugin in a session at one time.  Each is looked for in every line, and so many are a leak; by
plugin, so that one's leak leaves the others theirs."""
_FIRST = sys.maxsize
_FIT = ("pattern", "text", "glob", "exact", "all_of", "lines", "ignore_case", "prompt", "color", "when")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came."""

    name: str
    """Which outcome: its keyword, or ``1``, ``2`` … for those without one."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """The groups of its pattern that took part, by name and by number; ``0`` is the whole match."""
    line: Line | None = field(default=None, compare=False)
    """The line that decided it, with its colours (for a pattern over several lines the last, for a prompt its text)."""
    lines: tuple[Line, ...] = field(default=(), compare=False, repr=False)
    """For an ask: all lines since the command left, this one included, at most the last 200; nobody's words, unless
    those counted, and no prompt."""
    speech: Speech | None = field(default=None, compare=False, repr=False)
    """What the line is, if it is somebody's."""

    def __getitem__(self, group: str) -> str:
        """The group of that name.  Raises KeyError for one that took no part."""
        return self.groups[group]

    @property
    def text(self) -> str:
        """The text of the line."""
        return self.line.text if self.line is not None else ""


class _Idle:
    """The plugin that outcomes are of, for whoever asks a trigger: none."""

    def offer_match(self, mark: TriggerMark, name: str, groups: Mapping[str, str]) -> None:
        """Never called."""

    def offer_job(self, name: str, job: Callable[[], Awaitable[Any]], speech: Speech | None = None) -> None:
        """Never called."""


_NOBODY = _Idle()


@dataclass(frozen=True, slots=True)
class _Hope:
    """An outcome that is looked for."""

    waiting: Waiting
    name: str
    running: Any = _NOBODY

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        self.waiting.found(self.name, firing, speech)


@dataclass(frozen=True, slots=True)
class _Listener:
    """Writes down the lines that come meanwhile."""

    waiting: Waiting
    running: Any = _NOBODY

    def fire(self, firing: Firing[Any], speech: Speech | None) -> None:
        self.waiting.heard(firing, speech)


class Asks:
    """All that the plugins of one session wait for."""

    def __init__(self, engine: Engine[Target], clock: Clock) -> None:
        self.engine, self.clock = engine, clock
        self.waiting: list[Waiting] = []
        self._taken: tuple[Page, int] | None = None  # the line that answered an ask last

    def __repr__(self) -> str:
        return f"<Asks {self.waiting}>"

    def hear(self, speech: Speech) -> None:
        """Somebody spoke to the game, and not to the bot by a chat command."""
        for waiting in list(self.waiting):
            waiting.hear(speech)

    def ended(self, reason: str) -> None:
        """The link is gone, and with it whatever would have come."""
        for waiting in list(self.waiting):
            waiting.fail(f"the link ended ({reason})")

    def take(self, page: Page, row: int) -> bool:
        """Have the line for an ask; False if another had it."""
        if self._taken is not None and self._taken[0] is page and self._taken[1] == row:
            return False
        self._taken = page, row
        return True


class Waiting:
    """One ask, or one wait.  ``future`` is done when it is over; ``close`` must be called then, and may be earlier."""

    def __init__(
        self,
        asks: Asks,
        wanted: Mapping[str, Trigger],
        seconds: float | None,
        *,
        command: str | None,
        speech: bool,
        owner: object = None,
    ) -> None:
        """*command* is None where nothing is sent; without *speech* nobody's words count; *owner* is who waits.

        Raises NoAnswer where far too many of its wait already.
        """
        self.owner = owner
        self._asks, self._wanted, self._seconds, self.command, self._speech = asks, wanted, seconds, command, speech
        self.future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.fits: Callable[[Speech], object] | None = None
        """Which words end it, where somebody's are waited for and no line."""
        self._entries: list[Entry[Target]] = []
        self._lines: deque[Line] = deque(maxlen=MAX_LINES)
        self._timer: Timer | None = None
        if sum(each.owner is owner for each in asks.waiting) >= MAX_WAITING:
            raise self._error(f"{MAX_WAITING} asks and waits of this plugin are open already")
        asks.waiting.append(self)

    def __repr__(self) -> str:
        state = "done" if self.future.done() else "armed" if self._entries else "not sent yet"
        return f"<{self._label} {state}>"

    @property
    def _label(self) -> str:
        return "wait_for" if self.command is None else f"ask {self.command!r}"

    def sent(self, why_not: str | None) -> None:
        """The command left, or never will: what comes from now on may answer."""
        if self.future.done():
            return
        if why_not is not None:
            self.fail(f"it was not sent: {why_not}")
        else:
            self.arm()

    def arm(self) -> None:
        """Look for the outcomes from now on, and let the time run."""
        engine = self._asks.engine
        if self.command is not None:  # before the outcomes, so that the line that answers is among the lines
            every = Trigger(patterns=(Pattern(""),), name=f"{self._label}: lines", priority=_FIRST)
            self._entries.append(engine.add(every, _Listener(self)))
        for name, each in self._wanted.items():
            made = replace(each, name=f"{self._label}: {name}", priority=_FIRST)
            self._entries.append(engine.add(made, _Hope(self, name)))
        if self._seconds is not None:
            self._timer = self._asks.clock.call_later(self._seconds, self._late)

    def heard(self, firing: Firing[Any], speech: Speech | None) -> None:
        """A line came."""
        if not self.future.done() and (self._speech or not _somebodys(firing, speech)):
            self._lines.append(firing.line)

    def hear(self, speech: Speech) -> None:
        """Somebody spoke."""
        if self.fits is None or self.future.done():
            return
        try:
            if not self.fits(speech):
                return
            self.future.set_result(Outcome("speech", speech=speech))
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # noqa: BLE001  # the author's own, and this is where the MUD is read: who waits is told
            unfit = isinstance(exc, StopIteration)  # which no future takes
            self.future.set_exception(RuntimeError("what is to fit raises StopIteration") if unfit else exc)
        self._disarm()

    def found(self, name: str, firing: Firing[Any], speech: Speech | None) -> None:
        """An outcome is there."""
        if self.future.done() or (not self._speech and _somebodys(firing, speech)):
            return
        if self.command is not None and not self._asks.take(firing.page, firing.row):
            return
        self.future.set_result(Outcome(name, firing.groups, firing.line, tuple(self._lines), speech))
        self._disarm()

    def fail(self, reason: str) -> None:
        """It is over without an answer, because of *reason*."""
        if not self.future.done():
            self.future.set_exception(self._error(reason))
            self._disarm()

    def close(self) -> None:
        """Wait no more, whatever became of it."""
        self._disarm()
        if not self.future.cancel() and not self.future.cancelled():
            self.future.exception()  # whoever was cancelled at the same moment never looks at it
        if self in self._asks.waiting:
            self._asks.waiting.remove(self)

    def _disarm(self) -> None:
        for entry in self._entries:
            self._asks.engine.remove(entry)
        self._entries = []
        if self._timer is not None:
            self._timer.cancel()

    def _late(self) -> None:
        self.fail(f"none within {self._seconds:g} s")

    def _error(self, reason: str) -> NoAnswer:
        waited_for = {name: " / ".join(map(str, each.patterns)) for name, each in self._wanted.items()}
        what = "nothing came" if self.command is None else f"no answer to {self.command!r}"
        hopes = ", ".join(f"{name} ({pattern})" for name, pattern in waited_for.items()) or "somebody's words"
        return NoAnswer(
            f"{what}: {reason}; waited for {hopes}", reason=reason, command=self.command, waited_for=waited_for
        )


def _somebodys(firing: Firing[Any], speech: Speech | None) -> bool:
    """Whether the line is somebody's words, or may be."""
    return speech is not None or firing.line.quoted


def wanted(call: str, given: tuple[Wanted, ...], named: Mapping[str, Wanted]) -> dict[str, Trigger]:
    """The outcomes of *call*, ``ask`` or ``wait_for``, by name.  Raises PluginError where one can never come."""
    found = {name: _trigger(call, name, each) for name, each in _named(given, named)}
    if not found:
        raise PluginError(f'{call} wants an outcome to wait for: {call}(..., ok=r"You buy (?P<what>.+)")')
    return found


def _named(given: tuple[Wanted, ...], named: Mapping[str, Wanted]) -> Iterator[tuple[str, Wanted]]:
    yield from ((str(number), each) for number, each in enumerate(given, 1))
    yield from named.items()


def _trigger(call: str, name: str, given: Wanted) -> Trigger:
    try:
        if isinstance(given, re.Pattern):
            made = Trigger(patterns=(Pattern(given.pattern, flags=given.flags & FLAGS),))
            made.check()
            return made
        options = dict(given) if isinstance(given, Mapping) else {"pattern": given}
        if unfit := next((option for option in options if option not in _FIT), None):
            raise PluginError(f"what is waited for has no {unfit}{nearest(unfit, _FIT)}")  # noqa: TRY301

        def outcome() -> None: ...

        mark: TriggerMark = trigger(**options)(outcome).__dict__["__mudbot__"][0]
    except (PatternError, PluginError, TypeError) as exc:
        said = str(exc).removeprefix(f"@trigger on {_trigger.__name__}.<locals>.outcome: ")
        raise PluginError(f"{call}: outcome {name}: {said}") from exc
    return mark.trigger
