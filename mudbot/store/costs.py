"""What calls of the API came to, by day, player and model.  Functions of a connection, for ``Store.browse``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Integer, case, cast, func, select

from mudbot.store.tables import calls

DAY = 86_400
By = Literal["player", "model", "plugin"]
Kind = Literal["words", "pictures", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 12
"""Players, models and plugins that are named; the others are one."""
LOOKS = 20_000
"""Calls among which the failed ones are looked for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some calls came to."""

    name: str
    """The player, model, plugin or kind; empty for calls that no player caused, or no plugin."""
    session: str
    """The session of a player: Bob of one MUD is not Bob of another."""
    calls: int
    tokens: int
    money: float
    """USD, as far as it is known."""
    unknown: int
    """Calls whose price nobody knows."""


@dataclass(frozen=True, slots=True)
class Day:
    """What the calls of a day came to, by what was asked for."""

    name: str
    """``2026-11-23``, in UTC, as budgets count days."""
    kinds: dict[str, Cost] = field(default_factory=dict)

    @property
    def money(self) -> float:
        """USD, as far as it is known."""
        return sum(cost.money for cost in self.kinds.values())

    @property
    def calls(self) -> int:
        """All of them."""
        return sum(cost.calls for cost in self.kinds.values())

    @property
    def tokens(self) -> int:
        """All of them."""
        return sum(cost.tokens for cost in self.kinds.values())

    def of(self, kind: Kind) -> float:
        """USD for calls of *kind*."""
        return self.kinds[kind].money if kind in self.kinds else 0.0


_WORDS = ("POST /chat/completions", "POST /completions", "POST /edits")
_KIND = case(
    (calls.c.endpoint.in_(_WORDS), "words"), (calls.c.endpoint.contains("/images/"), "pictures"), else_="other"
)
_SUMS = (
    func.count().label("calls"),
    func.sum(calls.c.prompt_tokens + calls.c.completion_tokens).label("tokens"),
    func.total(calls.c.money).label("money"),
    func.sum(case((calls.c.money.is_(None), 1), else_=0)).label("unknown"),
)


def by_day(connection: Connection, since: float, until: float) -> list[Day]:
    """Every day from *since* to *until*, seconds since 1970, in order; those without a call too."""
    day, kind = cast(calls.c.at / DAY, Integer).label("day"), _KIND.label("kind")
    found = select(day, kind, *_SUMS).where(calls.c.at >= since, calls.c.at <= until).group_by(day, kind)
    days = {number: Day(_name(number)) for number in range(int(since // DAY), int(until // DAY) + 1)}
    for row in connection.execute(found):
        days[row.day].kinds[row.kind] = Cost(row.kind, "", *_sums(row))
    return list(days.values())


def by(connection: Connection, what: By, since: float) -> list[Cost]:
    """Of each player, model or plugin since that time, the dearest first."""
    column = calls.c[what]
    keys = (column, calls.c.session) if what == "player" else (column,)
    found = select(*keys, *_SUMS).where(calls.c.at >= since).group_by(*keys)
    ordered = found.order_by(_SUMS[2].desc(), _SUMS[0].desc()).limit(MOST)
    return [
        Cost(row[0] or "", row.session or "" if what == "player" else "", *_sums(row))
        for row in connection.execute(ordered)
    ]


def all_of(connection: Connection, since: float) -> Cost:
    """All calls since that time."""
    return Cost("", "", *_sums(connection.execute(select(*_SUMS).where(calls.c.at >= since)).one()))


def failures(connection: Connection, limit: int = 50) -> Sequence[Any]:
    """The newest calls that did not end well, whole rows, the newest first."""
    newest = connection.execute(select(func.max(calls.c.id))).scalar() or 0
    found = select(calls).where(calls.c.id > newest - LOOKS, calls.c.outcome != "ok")
    return connection.execute(found.order_by(calls.c.id.desc()).limit(limit)).all()


def _sums(row: Any) -> tuple[int, int, float, int]:
    return row.calls, row.tokens or 0, row.money, row.unknown or 0


def _name(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()
