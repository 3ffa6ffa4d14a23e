"""What the MUD told beside its text, as it stands now: the last of each GMCP package, MSDP variables, vitals.  Pure.

Names and sizes are the MUD's to choose, so all of it is bounded.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mudbot.events import Gmcp, Msdp

MOST = 500
"""Packages, variables or vitals that are kept, of each: true MUDs tell a few dozen."""
Number = int | float

# hp: what most call it; the others are MSDP's (tintin.mudhalla.net/protocols/msdp), Aardwolf's, and of the Chinese
# libraries 气 and 内力 in pinyin.
_SAME = {
    "health": "hp",
    "hitpoints": "hp",
    "hit": "hp",
    "qi": "hp",
    "mana": "mp",
    "neili": "mp",
    "move": "mv",
    "moves": "mv",
    "movement": "mv",
}
_MAX = re.compile(r"max[_-]?(?P<behind>.+)|(?P<before>.+?)[_-]?max")
_OF = re.compile(r"(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)")
_NOW, _MOST = ("current", "cur", "value", "now"), ("max", "maximum")


def canonical(name: str) -> str:
    """*name* as most MUDs would call it: ``HEALTH_MAX`` and ``max_qi`` are ``maxhp``."""
    name = name.casefold()
    found = _MAX.fullmatch(name)
    stem = (found["behind"] or found["before"]) if found else name
    return f"{'max' if found else ''}{_SAME.get(stem, stem)}"


class Packages(Mapping[str, Any]):
    """The last data of each GMCP package, by its name in any case: ``gmcp["Room.Info"]["name"]``."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, Any]] = {}

    def __repr__(self) -> str:
        return f"<GMCP {', '.join(self) or 'nothing'}>"

    def put(self, package: str, data: Any) -> None:
        """*data* is the package's now."""
        key = package.casefold()
        if key in self._last or len(self._last) < MOST:
            self._last[key] = package, data

    def clear(self) -> None:
        """Nothing was told."""
        self._last.clear()

    def __getitem__(self, package: str) -> Any:
        return self._last[package.casefold()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._last.values())

    def __len__(self) -> int:
        return len(self._last)


class Vitals(Mapping[str, Number]):
    """How the character is, in numbers, by names in small letters: ``vitals["hp"]``, ``vitals.get("maxhp")``.

    Every name that the MUD uses is there, and what it does not use of ``hp mp mv`` and ``maxhp maxmp maxmv`` stands for
    what it calls otherwise: ``HEALTH``, ``mana``, ``moves``, ``qi``.  The MUD's own names win: where it tells both mana
    and mp, as MUME does, whose mp are moves, each is its own.  An absent name raises KeyError.
    """

    def __init__(self) -> None:
        self._told: dict[str, Number] = {}
        self._meant: dict[str, str] = {}  # what is looked up to what the MUD calls it

    def __repr__(self) -> str:
        return f"<Vitals {' '.join(f'{name}={value}' for name, value in self._told.items()) or 'unknown'}>"

    def learn(self, data: Any) -> None:
        """Take over every number in *data*, a table or a list with tables in it; the others stay as they were."""
        if isinstance(data, list):  # Evennia's form of a message with arguments
            for each in data:
                self.learn(each)
        elif isinstance(data, Mapping):
            for name, value in data.items():
                self._learn(str(name).casefold(), value)

    def clear(self) -> None:
        """Nothing is known."""
        self._told.clear()
        self._meant.clear()

    def _learn(self, name: str, value: Any) -> None:
        if isinstance(value, Mapping):  # {"hp": {"current": 5, "max": 10}}
            small = {str(key).casefold(): inner for key, inner in value.items()}
            for keys, called in ((_NOW, name), (_MOST, f"max{name}")):
                self._put(called, next((small[key] for key in keys if key in small), None))
        elif isinstance(value, str) and (pair := _OF.fullmatch(value.strip())):
            self._put(name, pair[1])
            self._put(f"max{name}", pair[2])
        else:
            self._put(name, value)

    def _put(self, name: str, value: Any) -> None:
        number = as_number(value)
        if number is not None and (name in self._told or len(self._told) < MOST):
            self._told[name] = number
            self._meant.setdefault(canonical(name), name)

    def _key(self, name: str) -> str:
        name = name.casefold()
        return name if name in self._told else self._meant.get(canonical(name), name)

    def __getitem__(self, name: str) -> Number:
        return self._told[self._key(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._told, *self._meant)))

    def __len__(self) -> int:
        return len(self._told.keys() | self._meant.keys())


class Tidings:
    """All of it, of one link.  *login* is the character's id, by which some MUDs say whom they speak of."""

    def __init__(self, login: str = "") -> None:
        self._login = login.casefold()
        self.gmcp = Packages()
        self.msdp: dict[str, Any] = {}
        """MSDP variables, as the MUD names them."""
        self.vitals = Vitals()

    def __repr__(self) -> str:
        return f"<Tidings {self.gmcp!r} {self.vitals!r}>"

    def forget(self) -> None:
        """A new link: what was told on the last one is over."""
        self.gmcp.clear()
        self.msdp.clear()
        self.vitals.clear()

    def hear(self, event: Gmcp | Msdp) -> None:
        """The next of what the MUD tells."""
        if isinstance(event, Msdp):
            for name, value in event.variables.items():
                if name in self.msdp or len(self.msdp) < MOST:
                    self.msdp[name] = value
            self.vitals.learn({name: value for name, value in event.variables.items() if _is_vital(name)})
            return
        self.gmcp.put(event.package, event.data)
        if event.package.casefold() in ("char.vitals", "char.maxstats") or self._is_status(event):
            self.vitals.learn(event.data)

    def _is_status(self, event: Gmcp) -> bool:
        """Whether it is 北大侠客行's ``GMCP.Status`` of the character itself: that of enemies comes the same way."""
        if event.package.casefold() != "gmcp.status" or not isinstance(event.data, Mapping):
            return False
        return str(event.data.get("id", "")).casefold() == self._login != ""


def _is_vital(name: str) -> bool:
    """Whether the MSDP variable is hp, mp or mv; the others are the room's, the opponent's, the MUD's."""
    return canonical(name).removeprefix("max") in ("hp", "mp", "mv", "sp", "stamina")


def as_number(value: Any) -> Number | None:
    """*value* as a number, also where it is one in quotes, as IRE's are; None for anything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, str) and len(value) < 40 and (text := value.strip())[:1] in tuple("0123456789+-."):
        for kind in (int, float):
            with contextlib.suppress(ValueError):
                return as_number(kind(text))
    return None
