"""``@on``: a method for events.  ``@review``: a method that judges texts."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Never, Union, get_args, get_origin, overload

from mudbot.errors import PluginError, nearest
from mudbot.events import Arrived, Connected, Disconnected, Gmcp, Left, Line, LoggedIn, Msdp, News, Prompt, Speech
from mudbot.host.arguments import MISSING
from mudbot.host.marks.base import F, method_of, only, place_of, put
from mudbot.host.marks.values import Text
from mudbot.mind.moderation import Masked

EVENTS: tuple[type, ...] = (Line, Prompt, Gmcp, Msdp, Speech, Arrived, Left, News, Connected, LoggedIn, Disconnected)
"""What a method can be run for."""


@dataclass(frozen=True, slots=True)
class OnMark:
    """A method is called for each event of a kind."""

    kind: type
    """The class of the events."""
    package: str = ""
    """Of GMCP: the one that is meant, in small letters, with ``.*`` behind it those below it too; empty for all."""

    def __repr__(self) -> str:
        return f"<on {self.kind.__name__}{f' {self.package}' if self.package else ''}>"

    def wants(self, event: object) -> bool:
        """Whether *event* is one."""
        if not isinstance(event, self.kind):
            return False
        if not self.package or not isinstance(event, Gmcp):
            return True
        heard, wanted = event.package.casefold(), self.package.removesuffix(".*")
        return heard == wanted or (wanted != self.package and heard.startswith(f"{wanted}."))

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* cannot be called with an event of this kind."""
        _, place, takes = method_of(cls, name)
        if not takes:
            return  # that it happened may be all that matters
        taken = only(place, takes, "event")
        self._check_annotation(taken, place)

    def _check_annotation(self, taken: inspect.Parameter, place: str) -> None:
        wanted = taken.annotation
        choices = get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)
        if not any(each in (MISSING, Any, object) or each is self.kind for each in choices):
            shown, name = getattr(wanted, "__name__", wanted), self.kind.__name__
            raise PluginError(f"{place} is @on({name}), but takes {taken.name}: {shown}; write {taken.name}: {name}")

    async def call(self, method: Callable[..., Any], event: object) -> None:
        """Call *method* with *event*, or with nothing where it takes nothing."""
        if not inspect.signature(method).parameters:
            await method()
        else:
            await method(event)


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """A method judges texts."""

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* cannot be called with a text."""
        _, place, takes = method_of(cls, name)
        only(place, takes, "text")

    async def call(self, method: Callable[..., Any], text: Text) -> str | Masked | None:
        """Why *text* must not be sent or said, what goes on in its place, or None."""
        answer: str | Masked | None = await method(text)
        return answer


def on(*kinds: type | types.UnionType | Gmcp, **unknown: Never) -> Callable[[F], F]:
    """Run the method for each event of *kinds*:

    Speech, Line, Prompt, Gmcp, Msdp, Arrived, Left, News (muted, slow down ...), Connected, LoggedIn or Disconnected.
    ``@on(Arrived, Left)`` and ``@on(Arrived | Left)`` are the same: one method for both.
    ``@on(Gmcp("Room.Info"))`` is for that package alone, in whatever letters; ``Gmcp("Char.*")`` for it and those
    below.  The character's own words are never among them.
    """

    def decorate(func: F) -> F:
        place = place_of(func)
        if unknown:
            option = next(iter(unknown))
            raise PluginError(
                f"@on on {place}: there is no {option}=: every @on method of every plugin hears all events"
            )
        if not kinds:
            raise PluginError(f"{place}: @on(): choose one of {', '.join(event.__name__ for event in EVENTS)}")
        for kind in reversed(_single(kinds)):
            if isinstance(kind, Gmcp):
                func = put("on", func, OnMark(Gmcp, _package(kind, place)))
            elif isinstance(kind, type) and kind in EVENTS:
                func = put("on", func, OnMark(kind))
            else:
                raise PluginError(f"{place}: {_no_event(kind)}")
        return func

    if kinds and inspect.isroutine(kinds[0]):
        raise PluginError(f"{place_of(kinds[0])}: {_no_event(kinds[0])}, in parentheses after @on")
    return decorate


def _single(kinds: Iterable[object]) -> list[object]:
    """*kinds* one by one: ``Arrived | Left`` are two."""
    parted = [get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,) for kind in kinds]
    return [kind for each in parted for kind in each]


def _no_event(kind: object) -> str:
    names = [event.__name__ for event in EVENTS]
    name = getattr(kind, "__name__", None) or (kind if isinstance(kind, str) else type(kind).__name__)
    hint = nearest(str(name), names)
    if kind in names:
        hint = f"; write it without quotes: @on({kind})"
    elif isinstance(kind, str) and "." in kind:
        hint = f"; for GMCP write @on(Gmcp({kind!r}))"
    return f"@on({name}): choose one of {', '.join(names)}{hint}"


def _package(given: Gmcp, place: str) -> str:
    package = given.package.strip().casefold() if isinstance(given.package, str) else ""
    if given.data is not None or not package or "*" in package.removesuffix(".*"):
        raise PluginError(f"{place}: {given!r}: write one package, Gmcp('Room.Info'), or all below it, Gmcp('Room.*')")
    return package


@overload
def review(func: F, /) -> F: ...
@overload
def review() -> Callable[[F], F]: ...
def review(func: F | None = None, /) -> F | Callable[[F], F]:
    """Let the method judge every text on its way to a model and every answer on its way back.

    It takes a Text and returns None to pass it, the reason why it must not be sent or said, or ``Masked`` with the text
    that goes on in its place.  Where it raises, the text is refused.
    """

    def decorate(func: F) -> F:
        return put("review", func, ReviewMark())

    return decorate if func is None else decorate(func)
