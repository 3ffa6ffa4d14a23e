"""What all marks share: how a method gets one, and what is asked of a method that has one."""

from __future__ import annotations

import inspect
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar, cast

from mudbot.errors import PluginError, nearest
from mudbot.host.arguments import MISSING, parameters_of

F = TypeVar("F", bound=Callable[..., Any])

MARKS = "__mudbot__"
"""The attribute of a function that holds its marks."""


def place_of(func: object) -> str:
    """``Class.method``, as its author knows it."""
    return str(getattr(func, "__qualname__", repr(func))).rpartition("<locals>.")[2]


def marks_of(cls: type, name: str) -> list[Any]:
    """The marks of what *cls* has by *name*, whatever that is."""
    static = inspect.getattr_static(cls, name)
    inner = getattr(static, "__func__", None) or getattr(static, "fget", None) or static
    found: list[Any] = getattr(inner, "__dict__", {}).get(MARKS, [])
    return found


def put(name: str, func: F, mark: object) -> F:
    """Note that *func* has *mark*, made by ``@name``.  Raises PluginError where that is no method of its own."""
    if not inspect.isfunction(func):
        inner = getattr(func, "__func__", None) or getattr(func, "fget", None)
        what = f"a {type(func).__name__}: leave that away" if inner else repr(func)
        raise PluginError(f"{place_of(inner or func)}: @{name} goes on an 'async def' method, not on {what}")
    func.__dict__.setdefault(MARKS, []).insert(0, mark)  # the upper one first, as they are read
    return func


def given(name: str, value: object, kind: type | tuple[type, ...], what: str) -> None:
    """Raise PluginError where ``@name`` did not get *what* it wants."""
    # @command without parentheses gets the method itself, and the method would silently never run.
    if not isinstance(value, kind) or isinstance(value, bool):
        place = place_of(value) if callable(value) else repr(value)
        raise PluginError(f"@{name} on {place} wants {what} in parentheses after it")


def refuse_unknown(name: str, func: object, options: Iterable[str], known: Collection[str]) -> None:
    """Raise PluginError for the first of *options* that ``@name`` does not have, with the nearest that it has."""
    for option in options:
        if option not in known:
            hint = nearest(option, known) or f": choose from {', '.join(f'{each}=' for each in known)}"
            raise PluginError(f"@{name} on {place_of(func)}: there is no {option}={hint}")


def refuse_unfit(name: str, func: object, options: Mapping[str, Any], kinds: Mapping[str, tuple[Any, str]]) -> None:
    """Raise PluginError for the first of *options* that is not of its kind: a type, and its name for people."""
    for option, value in options.items():
        kind, what = kinds.get(option, (object, ""))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool and kind is not object):
            raise PluginError(f"@{name} on {place_of(func)}: {option}= wants {what}, not {value!r}")


def seconds(value: object) -> float:
    """The seconds that an author wrote: a number, or ``5m``.  Raises ValueError that says how to write them."""
    if isinstance(value, str):
        from mudbot.config.units import seconds as read  # comes with pydantic: not everybody needs it

        return read(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("write seconds, or a time with its unit: 20s, 5m, 1h30m")  # noqa: TRY004  # told alike
    return float(value)


def method_of(cls: type, name: str) -> tuple[Callable[..., Any], str, list[inspect.Parameter]]:
    """The method, its place for messages, and its parameters behind ``self``.

    Raises PluginError where it is no coroutine of an instance.
    """
    place = f"{cls.__name__}.{name}"
    func = inspect.getattr_static(cls, name)
    if not inspect.isfunction(func):
        raise PluginError(f"{place} is a {type(func).__name__}: leave that away, and take self")
    if inspect.isasyncgenfunction(func):
        raise PluginError(f"{place} must not have a 'yield' in it: nobody takes what it yields")
    if not inspect.iscoroutinefunction(func):
        raise PluginError(f"{place} must be 'async def'")
    found = parameters_of(func, place, ChainMap(*(cast("dict[str, Any]", vars(base)) for base in cls.__mro__)))
    first = found[0].name if found else "nothing"
    if first not in ("self", "_self") and not (found and found[0].kind is inspect.Parameter.VAR_POSITIONAL):
        raise PluginError(f"{place} must take self before all else; its first parameter is {first}")
    return func, place, found[1:] if first in ("self", "_self") else found


def only(place: str, takes: list[inspect.Parameter], what: str) -> inspect.Parameter:
    """The one parameter that a method has for *what* it is given.  Raises PluginError where it has none, or more."""
    required = [each for each in takes if each.default is MISSING and each.kind is not each.VAR_KEYWORD]
    if len(required) != 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        names = [each.name for each in takes]
        raise PluginError(f"{place} must take self and one more argument, {what}; it takes {names}")
    return required[0]


def nothing(place: str, takes: list[inspect.Parameter], why: str) -> None:
    """Raise PluginError where a method that is given nothing wants something."""
    if takes:
        raise PluginError(f"{place} {why}: it takes nothing but self, not {[each.name for each in takes]}")
