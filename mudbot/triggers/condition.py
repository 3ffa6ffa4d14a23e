"""Conditions of triggers: ``hp < 30 and not fighting``, on what the MUD told and on the trigger's own groups.

simpleeval reckons; what may stand in a condition at all is decided here, when it is read: comparisons, arithmetic,
``and``, ``or``, ``not``, ``in``, names, paths such as ``Char.Vitals.hp``, and a few functions of one value.
"""

from __future__ import annotations

import ast
import contextlib
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simpleeval import DEFAULT_OPERATORS, EvalWithCompoundTypes, InvalidExpression

from mudbot.errors import PatternError

MAX_NAMES = 10_000
"""Values of one MUD that are kept: true ones tell a few hundred, and their names are the MUD's to choose."""
MAX_LENGTH = 1000
MAX_DEPTH = 60
"""Levels of a condition, and of a MUD's tables: deeper ones would take more stack than there is."""
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "len": len,
    "abs": abs,
    "lower": lambda value: str(value).lower(),
}
_PREFIX = "__group_"  # what {1} becomes: a name of Python's cannot begin with a digit, and no MUD's begins so
_GROUP = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|\{(\w+)\}""")  # not in what is quoted
_HINTS = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "write == to compare"),
    (re.compile(r"&&|\|\||(?<!\w)!(?!=)"), "write and, or, not"),
    (re.compile(r"<>"), "write != for what differs"),
)
_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.Load, ast.Tuple, ast.List,
)  # fmt: skip


class UnknownNameError(Exception):
    """A condition asks for something that nobody has told yet; the message is its name."""


class Condition:
    """A condition, read once and asked often."""

    def __init__(self, text: str) -> None:
        """Raises PatternError with what is wrong in it, and where."""
        self.text = text
        if len(text) > MAX_LENGTH:
            raise PatternError(f"when: {text[:100]!r}... is longer than {MAX_LENGTH} characters")
        try:
            tree = ast.parse(_GROUP.sub(lambda found: found[1] or _PREFIX + found[2], text.strip()), mode="eval")
            deep = _depth(tree) > MAX_DEPTH
        except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
            hint = next((f"{said}; " for sign, said in _HINTS if sign.search(text)), "")
            why = exc.msg if isinstance(exc, SyntaxError) else exc
            raise PatternError(
                f"when: {text[:100]!r} is no condition: {why}; {hint}write for example: hp < 30"
            ) from None
        if deep:
            raise PatternError(f"when: {text[:100]!r}... is nested deeper than {MAX_DEPTH} levels")
        for node in ast.walk(tree):
            _allow(node, text)
        self._tree = tree.body

    def __repr__(self) -> str:
        return f"<Condition {self.text!r}>"

    def holds(self, values: Mapping[str, Any], groups: Mapping[str, str] | None = None) -> bool:
        """Whether it is true of *groups* and *values*.

        Raises UnknownNameError where a name has no value yet, PatternError where the values do not go together.
        """
        try:
            return bool(_Reckoner(values, groups or {}).eval(self.text, previously_parsed=self._tree))
        except (InvalidExpression, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError) as exc:
            raise PatternError(f"when: {self.text!r} cannot be told: {exc}") from None


class _Reckoner(EvalWithCompoundTypes):  # type: ignore[misc]  # it has no types
    """Names are groups and values, paths lead into tables; nothing else has a name, Python's own attributes least."""

    def __init__(self, values: Mapping[str, Any], groups: Mapping[str, str]) -> None:
        super().__init__(operators=_OPERATORS, functions=dict(FUNCTIONS))  # it adds some of its own to what it is given
        self._values, self._groups = values, groups

    def _eval_name(self, node: ast.Name) -> Any:
        if node.id.startswith(_PREFIX):
            return plain(self._groups.get(node.id.removeprefix(_PREFIX), ""))
        if node.id in self._groups:
            return plain(self._groups[node.id])
        try:
            return self._values[node.id]
        except KeyError:
            raise UnknownNameError(node.id) from None

    def _eval_attribute(self, node: ast.Attribute) -> Any:
        table = self._eval(node.value)
        try:
            return table[node.attr.casefold()] if isinstance(table, _Table) else table[node.attr]
        except (KeyError, TypeError):
            raise UnknownNameError(node.attr) from None


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise TypeError("% is for numbers")  # a text with it may become as long as it says itself
    return operator.mod(left, right)


_OPERATORS = {**DEFAULT_OPERATORS, ast.Mod: _modulo}


def _depth(node: ast.AST) -> int:
    return 1 + max(map(_depth, ast.iter_child_nodes(node)), default=0)


def _allow(node: ast.AST, text: str) -> None:
    said = ""
    if not isinstance(node, _NODES):
        said = f"{type(node).__name__} cannot stand in it"
    elif isinstance(node, ast.Call) and not (
        isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and len(node.args) == 1 and not node.keywords
    ):
        said = f"it may call only {', '.join(FUNCTIONS)}, with one value each"
    elif isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str | bool | None):
        said = f"{node.value!r} cannot stand in it"
    elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
        said = f"no name begins with _: {node.attr}"
    if said:
        raise PatternError(f"when: {text!r}: {said}; write for example: hp < 30 and Room.Info.area == 'Forest'")


def plain(value: Any) -> Any:
    """*value*, as a number where it is written as one: some MUDs send every number as a text."""
    if isinstance(value, str) and value.strip()[:1] in tuple("0123456789+-.") and len(value) < 40:
        with contextlib.suppress(ValueError):
            return int(value)
        with contextlib.suppress(ValueError):
            return float(value)
    return value


class _Table(dict[str, Any]):
    """A table of the MUD's, with names in small letters."""


def _kept(value: Any, depth: int = 0) -> Any:
    """*value* as it is kept: tables with small names, numbers as such; what is nested too deeply is left out."""
    if not isinstance(value, Mapping):
        return plain(value)
    if depth >= MAX_DEPTH:
        return _Table()
    return _Table({str(name).casefold(): _kept(inner, depth + 1) for name, inner in value.items()})


def _size(value: Any) -> int:
    return sum(1 + _size(inner) for inner in value.values()) if isinstance(value, _Table) else 0


class Values(Mapping[str, Any]):
    """What conditions are asked about: own variables, GMCP and MSDP values, by name or path, whatever the case.

    ``hp`` is the variable of that name, else what the MUD told last under it anywhere; ``Char.Vitals.hp`` is that one.
    """

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}
        self._told: dict[str, Any] = {}  # by its last name
        self._tree = _Table()
        self._size = 0  # names in what was told, at every level

    def __repr__(self) -> str:
        return f"<Values {len(self)} names>"

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a variable of the bot's own."""
        self._own[name.casefold()] = value

    def __getitem__(self, name: str) -> Any:
        name = name.casefold()
        for table in (self._own, self._told, self._tree):
            if name in table:
                return table[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._tree, **self._told, **self._own})

    def __len__(self) -> int:
        return len({**self._tree, **self._told, **self._own})

    def hear_gmcp(self, package: str, data: Any) -> None:
        """A GMCP message: ``Char.Vitals {"hp": 20}``; what it does not name stays as it was."""
        *above, last = package.casefold().split(".")
        node = self._tree
        for part in above[:8]:
            if (inner := self._table_in(node, part)) is None:
                return
            node = inner
        if not isinstance(data, Mapping):
            self._put(node, last, data)
            self._tell({last: data})
        elif (inner := self._table_in(node, last)) is not None:
            for name, value in data.items():
                self._put(inner, str(name).casefold(), value)
            self._tell(data)

    def hear_msdp(self, variables: Mapping[str, Any]) -> None:
        """MSDP variables."""
        self._tell(variables)

    def _table_in(self, node: _Table, name: str) -> _Table | None:
        """The table of that name in *node*, made if there is none; None if there is no room for it."""
        if not isinstance(node.get(name), _Table):
            self._put(node, name, {})
        found = node.get(name)
        return found if isinstance(found, _Table) else None

    def _put(self, table: dict[str, Any], name: str, value: Any) -> None:
        """Keep *value*, unless there are too many names by then."""
        value = _kept(value)
        more = _size(value) - _size(table.get(name)) + (name not in table)
        if more <= 0 or self._size + more <= MAX_NAMES:
            table[name] = value
            self._size += more

    def _tell(self, data: Mapping[str, Any]) -> None:
        for key, value in data.items():
            self._put(self._told, str(key).casefold(), value)
            if isinstance(value, Mapping) and len(value) < 100:
                self._tell({k: v for k, v in value.items() if not isinstance(v, Mapping)})
