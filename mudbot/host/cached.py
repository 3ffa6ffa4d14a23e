"""``@cached``: what a method found out is not asked for again within a while."""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from mudbot.errors import PluginError

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin

S = TypeVar("S", bound="Plugin")
P = ParamSpec("P")
R = TypeVar("R")
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]
"""An ``async def`` method of a plugin."""
Seconds = float | str | Callable[[Any], float]
"""Seconds, or ``"10m"``, or what tells them from the plugin: ``lambda self: self.config.keep``."""


@dataclass(slots=True)
class _Kept:
    """What one method of one plugin found out."""

    known: dict[Hashable, tuple[float, Any]] = field(default_factory=dict)
    """Until when, and what; the oldest first."""
    asking: dict[Hashable, asyncio.Future[Any]] = field(default_factory=dict)

    async def ask(self, name: Hashable, call: Coroutine[Any, Any, R]) -> R:
        """What *call* returns; others who want the same meanwhile wait for ``asking``."""
        asked = self.asking[name] = asyncio.get_running_loop().create_future()
        try:
            value = await call
        except Exception as exc:
            asked.set_exception(exc)
            asked.exception()  # nobody may be waiting for it
            raise
        except BaseException:
            asked.cancel()
            raise
        finally:
            del self.asking[name]
        asked.set_result(value)
        return value

    def keep(self, name: Hashable, until: float, value: object, most: int) -> None:
        """Know *value* until that time, and forget what is oldest."""
        self.known.pop(name, None)
        self.known[name] = until, value
        while len(self.known) > most:
            del self.known[next(iter(self.known))]


def cached(
    seconds: Seconds, *, most: int = 1000, key: Callable[..., Hashable] | None = None
) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """Keep what an ``async def`` method returns, so that it is not asked for again within *seconds*.

    >>> @cached(600, key=str.casefold)
    ... async def weather(self, city: str) -> str: ...

    *seconds* may be ``"10m"``, or a function of the plugin: ``lambda self: self.config.keep``.  Its arguments are what
    it is kept by, or what *key* makes of them.  At most *most* answers are kept, each plugin instance its own: a reload
    begins anew.  Who asks while the same is asked already waits for that answer.  What a call raises those get who wait
    for it, and it is not kept.

    Raises PluginError: for what is no ``async def`` method, and, when it is called, for arguments that are no key.
    """
    if callable(seconds) and inspect.iscoroutinefunction(seconds):
        raise PluginError(f"@cached on {_place(seconds)} wants how long it is kept, in parentheses: @cached('10m')")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise PluginError(f"@cached: most= is how many answers are kept, 1 or more, not {most!r}")
    lasts = _seconds(seconds)

    def decorate(method: Method[S, P, R]) -> Method[S, P, R]:
        place = _place(method)
        if not inspect.iscoroutinefunction(method):
            raise PluginError(f"{place}: @cached goes on an 'async def' method")
        key_of = key or partial(_by_arguments, inspect.signature(method))

        @functools.wraps(method)
        async def call(plugin: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            kept: _Kept = vars(plugin).setdefault("_mudbot_cached", {}).setdefault(place, _Kept())
            name = _hashable(key_of(*args, **kwargs), place)
            while True:
                until, value = kept.known.get(name, (-math.inf, None))
                if until > plugin.clock.now():
                    return value  # type: ignore[no-any-return]
                if (asked := kept.asking.get(name)) is None:
                    break
                await asyncio.wait({asked})
                if not asked.cancelled():  # else who asked was, and somebody else has to
                    return asked.result()  # type: ignore[no-any-return]
            found = await kept.ask(name, method(plugin, *args, **kwargs))
            kept.keep(name, plugin.clock.now() + lasts(plugin), found, most)
            return found

        return call

    return decorate


def _by_arguments(signature: inspect.Signature, *args: Any, **kwargs: Any) -> Hashable:
    """The arguments, the same however they are written.  Raises TypeError where the method does not take them."""
    bound = signature.bind(None, *args, **kwargs)
    bound.apply_defaults()
    return bound.args[1:], tuple(sorted(bound.kwargs.items()))


def _hashable(key: Hashable, place: str) -> Hashable:
    try:
        hash(key)
    except TypeError as exc:
        remedy = "say what it is kept by: key=lambda ...: ..."
        raise PluginError(f"{place}: @cached cannot keep by these arguments ({exc}); {remedy}") from None
    return key


def _seconds(given: Seconds) -> Callable[[Any], float]:
    from mudbot.host.marks.base import seconds

    if callable(given):
        return given
    try:
        found = seconds(given)
    except ValueError as exc:
        raise PluginError(f"@cached({given!r}): {exc}") from None
    if not found > 0:
        raise PluginError(f"@cached({given!r}): write a time above 0")
    return lambda _plugin: found


def _place(method: object) -> str:
    from mudbot.host.marks.base import place_of

    return place_of(method)
