"""Typed arguments: what a method is annotated with, and how a text becomes that.  Pure.

A text is a group of a pattern or a word of a chat command.  ``str``, ``int``, ``float``, ``bool``, an Enum, a Literal,
a class with a classmethod ``parse(cls, text)`` that raises ValueError, and each of these ``| None`` can be made of one.
``Annotated[int, range(1, 11)]`` is a whole number from 1 to 10, ``Annotated[Dice, Rest]`` a Dice of all words left.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from mudbot.errors import PluginError

REST: Final = "all that is left"
"""The note in an annotation that makes a command's last text argument take all that is left."""
Rest = Annotated[str, REST]
"""For a command's last argument: everything behind the others, as it was typed."""
MISSING: Final = inspect.Parameter.empty

_LONGEST_NUMBER = 100
"""Characters: Python itself needs time that grows with the square of them."""
_INT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)")
_FLOAT = re.compile(r"[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
"""Signs as Chinese keyboards type them, ``－１２``, and the minus of typesetters."""
_YES = frozenset(("on", "yes", "y", "true", "1", "开", "開", "是", "好"))
_NO = frozenset(("off", "no", "n", "false", "0", "关", "關", "否", "不"))


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument is, and how a text becomes one."""

    name: str
    """As it stands in an annotation."""
    read: Callable[[str], Any]
    """The value of a text.  Raises ValueError for a text that has none."""
    fits: Callable[[Any], bool]
    """Whether a value, a default for example, is one."""
    en: str = ""
    """What it is, for players: ``a whole number``."""
    zh: str = ""
    choices: tuple[str, ...] = ()
    """All texts that it can be, where they are few and known."""
    rest: bool = False
    """Whether it takes all words that are left."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of a method that a text fills."""

    name: str
    kind: Kind
    default: Any = MISSING
    nullable: bool = False
    """Whether None may stand for a text that is not there."""
    many: bool = False
    """Whether it is ``*words``."""

    @property
    def required(self) -> bool:
        """Whether there must be a text for it."""
        return self.default is MISSING and not self.nullable and not self.many


# -- what there is ---------------------------------------------------------------------------------------------------


def _whole(text: str) -> int:
    return int(_number(text, _INT))


def _real(text: str) -> float:
    value = float(_number(text, _FLOAT))
    if not math.isfinite(value):
        raise ValueError("too large a number")
    return value


def _number(text: str, form: re.Pattern[str]) -> str:
    plain = text.translate(_NARROW).strip()
    if len(plain) > _LONGEST_NUMBER or not form.fullmatch(plain):
        raise ValueError("not a number")
    return plain.replace(",", "")


def _switch(text: str) -> bool:
    word = _key(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("neither on nor off")


def _key(text: str) -> str:
    """*text* as choices are compared: ``North_East``, ``north-east`` and ``north east`` are one."""
    return re.sub(r"[\s_-]+", " ", text.translate(_NARROW)).strip().casefold()


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_float(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _anything(_value: Any) -> bool:
    return True


TEXT = Kind("str", str, _is_str, "a word", "一个词")
ANY = replace(TEXT, fits=_anything)
_PLAIN: dict[Any, Kind] = {
    str: TEXT,
    int: Kind("int", _whole, _is_int, "a whole number", "整数"),
    float: Kind("float", _real, _is_float, "a number", "数字"),
    bool: Kind("bool", _switch, _is_bool, "on or off", "开或关"),
    Any: ANY,
    object: ANY,
    MISSING: ANY,
}


def kind_of(annotation: Any) -> tuple[Kind, bool]:
    """What *annotation* asks for, and whether None will do.  Raises TypeError, with the remedy, for all else."""
    for plain, kind in _PLAIN.items():
        if annotation is plain:  # not ``in``: not every annotation has a hash
            return kind, False
    origin = get_origin(annotation)
    if origin is Annotated:
        return _noted(*get_args(annotation))
    if origin in (Union, types.UnionType):
        inner = [each for each in get_args(annotation) if each is not type(None)]
        if len(inner) == 1:
            return kind_of(inner[0])[0], True
    elif origin is Literal:
        values = [value for value in get_args(annotation) if value is not None]
        if values:
            return _literal(values), None in get_args(annotation)
    elif isinstance(annotation, type) and _parses(annotation):
        return _own(annotation), False
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum) and len(annotation):
        return _enum(annotation), False
    shown = annotation.__name__ if isinstance(annotation, type) and origin is None else str(annotation)
    raise TypeError(
        f"no text becomes {shown.replace('typing.', '')}: annotate it str, int, float, bool, an Enum, a Literal, "
        "a class with a classmethod parse(cls, text), or one of these | None"
    )


def _parses(kind: type) -> bool:
    """Whether *kind* says itself how a text becomes one."""
    return isinstance(inspect.getattr_static(kind, "parse", None), classmethod | staticmethod)


def _own(kind: Any) -> Kind:
    """An author's class; the first line of its docstring is what players are told that it is."""
    name, written = kind.__name__, vars(kind).get("__doc__") or ""
    if dataclasses.is_dataclass(kind) and written.startswith(f"{name}("):
        written = ""  # @dataclass wrote it
    told = inspect.cleandoc(written).partition("\n")[0]
    return Kind(name, kind.parse, lambda value: isinstance(value, kind), told.rstrip(". "))


def _noted(base: Any, *notes: Any) -> tuple[Kind, bool]:
    kind, nullable = kind_of(base)
    for note in notes:
        if note is REST or note is Rest:
            kind = replace(kind, rest=True)
            kind = replace(kind, en="some words", zh="一些字") if kind.name == "str" else kind
        elif isinstance(note, range) and note and kind.name == "int":
            kind = _within(kind, note)
    return kind, nullable


def _within(kind: Kind, bounds: range) -> Kind:
    def read(text: str) -> int:
        value = _whole(text)
        if value not in bounds:
            raise ValueError("out of bounds")
        return value

    least, most = min(bounds[0], bounds[-1]), max(bounds[0], bounds[-1])
    return replace(
        kind,
        name=f"int from {least} to {most}",
        read=read,
        fits=lambda value: _is_int(value) and value in bounds,
        en=f"a whole number from {least} to {most}",
        zh=f"{least} 到 {most} 的整数",
    )


def _literal(values: Sequence[Any]) -> Kind:
    known = {_key(str(value)): value for value in reversed(values)}
    return _choice(
        f"one of {', '.join(map(repr, values))}",
        known,
        [str(value) for value in values],
        lambda given: any(given == value and type(given) is type(value) for value in values),
    )


def _enum(kind: type[enum.Enum]) -> Kind:
    texts = {member: member.value if isinstance(member.value, str) else member.name.lower() for member in kind}
    known: dict[str, Any] = {_key(str(member.value)): member for member in reversed(kind)}
    for name, member in kind.__members__.items():  # aliases too; a value wins over another's name
        known.setdefault(_key(name), member)
    return _choice(kind.__name__, known, list(texts.values()), lambda given: isinstance(given, kind))


def _choice(name: str, known: dict[str, Any], texts: Iterable[str], fits: Callable[[Any], bool]) -> Kind:
    def read(text: str) -> Any:
        try:
            return known[_key(text)]
        except KeyError:
            raise ValueError("not one of them") from None

    choices = tuple(texts)
    return Kind(name, read, fits, f"one of {', '.join(choices)}", f"{'、'.join(choices)} 之一", choices)


# -- signatures ------------------------------------------------------------------------------------------------------


def parameters_of(
    func: Callable[..., Any], place: str, scope: Mapping[str, Any] | None = None
) -> list[inspect.Parameter]:
    """The parameters of *func* with their annotations evaluated; *scope* is what stands in its class.

    Raises PluginError, naming its *place*, for an annotation that names something unknown.  What it returns is not
    looked at: it may be annotated with what only a type checker imports.
    """
    plain = inspect.unwrap(func)
    try:
        annotations = {name: value for name, value in plain.__annotations__.items() if name != "return"}
        hints = typing.get_type_hints(
            types.SimpleNamespace(__annotations__=annotations), plain.__globals__, scope, include_extras=True
        )
    except NameError as exc:
        raise PluginError(
            f"{place}: an annotation names something unknown: {exc}; import or define it at the top of the module"
        ) from exc
    except Exception as exc:
        raise PluginError(f"{place}: an annotation cannot be read: {exc}") from exc
    found = inspect.signature(func).parameters.values()
    return [each.replace(annotation=hints.get(each.name, MISSING)) for each in found]


def slot_of(parameter: inspect.Parameter, place: str) -> Slot:
    """The text that *parameter* takes.  Raises PluginError for an annotation or a default that cannot be."""
    name, default = parameter.name, parameter.default
    try:
        kind, nullable = kind_of(parameter.annotation)
    except TypeError as exc:
        raise PluginError(f"{place}: {name}: {exc}") from None
    if default is not MISSING and not (kind.fits(default) or (default is None and (nullable or kind is ANY))):
        wanted = f"{kind.name} | None" if default is None else kind.name
        remedy = f"annotate it {wanted}" if default is None else f"give it a default that is {wanted}"
        raise PluginError(f"{place}: {name} is {kind.name}, but its default is {default!r}: {remedy}")
    return Slot(name, kind, default, nullable, parameter.kind is parameter.VAR_POSITIONAL)
