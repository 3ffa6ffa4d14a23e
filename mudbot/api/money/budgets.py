"""What may be spent, by whom and how long: values and rules, no I/O.

Amounts are whole nano-dollars (1 USD = 10**9), so that a million small ones add up exactly.  A price is rounded up and
a budget down: what is unclear never lets a call through.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from mudbot.errors import BudgetError, ConfigError, Problem

USD = 10**9
"""Nano-dollars in a dollar."""

MOST = 10**15
"""Nano-dollars that one call is ever said to cost: a million dollars.  A server that counts more counts nonsense, and
figures without a bound fit neither into the books nor into a float."""

NAME = 64
"""Characters of a name that are kept.  MUDs allow a dozen or two; what is longer is kept as its hash, so that nobody
fills a disk with names."""

BACK = 2
"""Days by which a clock may go back without being believed: enough for a wrong time zone, a daylight change and an
operator who corrects a date, too few to lock the bot out for long after a clock that was years ahead."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date(9999, 11, 30).toordinal()  # a clock that stands beyond has no next month to tell
_SCOPES = {"player": "what one player may cost a day", "channel": "what one channel may cost a day"}
_SCOPES |= {"day": "what all calls may cost a day", "month": "what all calls may cost a month"}
_SCOPES |= {"plugin": "what the plugin may cost a day"}


def nano(usd: float | Decimal) -> int:
    """*usd* as nano-dollars, rounded up."""
    return int((Decimal(str(usd)) * USD).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Budgets:
    """What the owner will pay, in USD; None is no bound, 0 lets only calls through that cost nothing.

    All are kept by account, which is a base_url and an organisation.  Days and months are those of UTC: a day begins
    at 00:00 UTC, a month on its first day.  Raises ConfigError, naming every value that cannot be.
    """

    player: float | None = None
    """What one player may cost a day."""
    channel: float | None = None
    """What one channel may cost a day."""
    day: float | None = None
    """What everything may cost a day."""
    month: float | None = None
    """What everything may cost a calendar month."""
    plugins: Mapping[str, float] = field(default_factory=dict)
    """What a plugin may cost a day, by its name."""

    def __post_init__(self) -> None:
        given = [(f"api.budgets.{name}", value) for name, value in self]
        given += [(_of_plugin(name), value) for name, value in self.plugins.items()]
        problems = [
            Problem(place, f"{value} is no budget: give USD, 0 or more, or leave it out for no bound")
            for place, value in given
            if value is not None and not (value >= 0 and math.isfinite(value))
        ]
        if problems:
            raise ConfigError(*problems)

    def __iter__(self) -> Iterator[tuple[str, float | None]]:
        """Those that are for everybody, by scope."""
        return ((each.name, getattr(self, each.name)) for each in fields(self) if each.name != "plugins")

    def __bool__(self) -> bool:
        """Whether anything is bounded."""
        return bool(self.plugins) or any(value is not None for _, value in self)

    def bounds(self) -> dict[str, int]:
        """Scope to nano-dollars, rounded down, for those that are bounded."""
        return {scope: _floor(value) for scope, value in self if value is not None}

    def plugin_bounds(self) -> dict[str, int]:
        """The same for plugins, by their names as the books hold them."""
        return {kept_name(name): _floor(value) for name, value in self.plugins.items()}


def _floor(usd: float) -> int:
    return int((Decimal(str(usd)) * USD).to_integral_value(ROUND_FLOOR))


def _of_plugin(name: str) -> str:
    return f"plugins.{name}.permissions.budget"


class Spent(NamedTuple):
    """What one row of the books says."""

    scope: str
    """``player``, ``channel``, ``plugin``, ``day`` or ``month``."""
    name: str
    """Of the player, channel or plugin, in lower case; empty for ``day`` and ``month``."""
    period: str
    """``2026-11-23`` or ``2026-11``, in UTC."""
    usd: float


def kept_name(name: str) -> str:
    """*name* as the books hold it: case, blanks and control characters make no difference, a long one is hashed.

    MUDs write one player as ``Bob`` and ``bob``; two budgets for him would be one too many.
    """
    name = " ".join("".join(char if char.isprintable() else " " for char in name.casefold()).split())
    if len(name) > NAME or name.startswith("#"):  # a short name with # could pretend to be a long one's hash
        return "#" + hashlib.sha256(name.encode("utf-8")).hexdigest()[:32]
    return name


def day_of(wall: float, seen: int | None) -> int:
    """The day (a proleptic ordinal) that *wall* seconds since 1970 belong to, where *seen* is the last one known.

    It does not go back by up to BACK days: a clock that jumps over midnight and back must open no budget twice.  A
    clock that goes back further is believed.
    """
    today = min(max(int(wall // _DAY) + _EPOCH, 1), _LAST)
    return seen if seen is not None and seen - BACK <= today < seen else today


def period_of(scope: str, day: int) -> str:
    """The period of *scope* in which *day* lies, as the books write it."""
    written = date.fromordinal(day).isoformat()
    return written[:7] if scope == "month" else written


def budget_keys(plugins: Iterable[str], *, all_: object) -> str:
    """The keys of the configuration under which budgets stand: of *plugins*, and of all calls where there are any."""
    return " and ".join([*map(_of_plugin, plugins), *(["api.budgets"] if all_ else [])])


def used_up(scope: str, bound: int, spent: int, amount: int, day: int, plugin: str = "") -> BudgetError:
    """The error for a call of at most *amount* that does not fit into what is left of a budget, *plugin*'s if given.

    It says nothing of who spent what: it may reach a plugin, and through it a player.
    """
    share = "all of it" if spent >= bound else f"{spent * 100 // bound} % of it"
    if amount > bound:
        state, remedy = "this call alone may cost more than that", "ask for a shorter reply or a cheaper model"
    else:
        state = f"{share} is spent or reserved, and this call may cost {_usd(amount)}"
        remedy = f"it begins anew at {_anew(scope, day)} 00:00 UTC"
    key = _of_plugin(plugin) if plugin else f"api.budgets.{scope}"
    return BudgetError(
        f"the budget {key} ({_SCOPES[scope]}: {_usd(bound)}) has no room: {state} -- {remedy}, or the "
        f"owner raises {key}"
    )


def _anew(scope: str, day: int) -> str:
    today = date.fromordinal(day)
    if scope == "month":
        return date(today.year + today.month // 12, today.month % 12 + 1, 1).isoformat()
    return date.fromordinal(day + 1).isoformat()


def _usd(amount: int) -> str:
    return f"${amount // USD}.{amount % USD:09}".rstrip("0").rstrip(".")
