"""What may be spent yet, and what was spent (``self.bot.means``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from mudbot.events import Command, Speech

if TYPE_CHECKING:
    from mudbot.api import Api, Budgets
    from mudbot.clock import Clock
    from mudbot.store.store import Store

ENOUGH = 5
"""Calls after which it is known what one costs."""
LATELY = 200
"""Calls of which that is the mean."""


@dataclass(frozen=True, slots=True)
class Share:
    """One of the owner's budgets."""

    scope: Literal["player", "channel", "day", "month", "plugin"]
    name: str
    """Of the player, channel or plugin; empty for ``day`` and ``month``."""
    bound: float
    """What it may cost in its day, or month, in USD."""
    spent: float
    """What is spent or reserved of it."""

    @property
    def left(self) -> float:
        """USD; never below 0."""
        return max(0.0, self.bound - self.spent)


@dataclass(frozen=True, slots=True)
class Quota:
    """What somebody may still ask today."""

    part: float
    """Of what may be spent on that one, from 0 to 1: of the budget that is nearest its end."""
    questions: int | None
    """About how many; None where nobody knows yet what one costs."""
    pictures: int | None


class Means:
    """The budgets of the configuration and the books, as they concern one session."""

    def __init__(self, api: Api, budgets: Callable[[], Budgets], store: Store, clock: Clock, session: str) -> None:
        self._api, self._budgets = api, budgets
        self._store, self._clock, self._session = store, clock, session

    def __repr__(self) -> str:
        return f"<Means of {self._session}>"

    async def shares(self) -> list[Share]:
        """The budgets that are not a player's or a channel's: of the day, of the month, of plugins.

        Raises BudgetError where the books cannot be read.
        """
        return [each for each in await self._shares() if each.scope not in ("player", "channel")]

    async def left(self, who: Speech | Command) -> Quota | None:
        """What is left to who said it, in that place; None where no budget bounds it.

        Raises BudgetError and StoreError where the books cannot be read.
        """
        speech = who.speech if isinstance(who, Command) else who
        channel = speech.channel or "" if speech.kind == "channel" else ""
        shares = [each for each in await self._shares(speech.speaker or "", channel) if each.scope != "plugin"]
        if not shares:
            return None
        usd = min(share.left for share in shares)
        part = min(share.left / share.bound if share.bound else 0.0 for share in shares)
        texts, pictures = await self._costs("%completions"), await self._costs("%/images/%")
        return Quota(part, _times(usd, texts), _times(usd, pictures))

    async def today(self) -> tuple[int, float]:
        """How many calls of the API this session has made since 00:00 UTC, and what they cost in USD as far as known.

        Raises StoreError.
        """
        midnight = datetime.fromtimestamp(self._clock.wall(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)

        def query(connection: Any) -> tuple[int, float]:
            from sqlalchemy import func, select

            from mudbot.store.tables import calls

            found = select(func.count(), func.sum(calls.c.money))
            found = found.where(calls.c.at >= midnight.timestamp(), calls.c.session == self._session)
            count, usd = connection.execute(found).one()
            return int(count), float(usd or 0.0)

        return await self._store.read(query)

    async def _shares(self, player: str = "", channel: str = "") -> list[Share]:
        from mudbot.api.money.budgets import kept_name

        budgets = self._budgets()
        if not budgets:
            return []
        day = datetime.fromtimestamp(self._clock.wall(), UTC).date().isoformat()
        spent: dict[tuple[str, str], float] = {}
        for _, row in await self._api.spent():  # each account has books of its own: what counts is the fullest
            if row.period == (day[:7] if row.scope == "month" else day):
                spent[row.scope, row.name] = max(spent.get((row.scope, row.name), 0.0), row.usd)
        found = []
        for scope, name, bound in self._bounds(budgets, player, channel):
            # Bob of one MUD is not Bob of another: the books name the session as well.
            kept = kept_name(f"{self._session}/{name}" if scope in ("player", "channel") else name) if name else ""
            found.append(Share(scope, name, bound, spent.get((scope, kept), 0.0)))
        return found

    @staticmethod
    def _bounds(budgets: Budgets, player: str, channel: str) -> Iterator[tuple[Any, str, float]]:
        names = {"player": player, "channel": channel, "day": "", "month": ""}
        for scope, bound in budgets:
            if bound is not None and (names[scope] or scope in ("day", "month")):
                yield scope, names[scope], bound
        for name, bound in budgets.plugins.items():
            yield "plugin", name, bound

    async def _costs(self, endpoint: str) -> float:
        """What one call that a player caused cost lately, in USD; 0 where nobody knows."""

        def query(connection: Any) -> float:
            from sqlalchemy import func, select

            from mudbot.store.tables import calls

            column = calls.c
            late = select(column.money).where(
                column.session == self._session,
                column.player != "",
                column.plugin != "memory",
                column.outcome == "ok",
                column.money > 0,
                column.endpoint.like(endpoint),
            )
            lately = late.order_by(column.id.desc()).limit(LATELY).subquery()
            count, usd = connection.execute(select(func.count(), func.avg(lately.c.money))).one()
            return float(usd) if count >= ENOUGH else 0.0

        return await self._store.read(query)


def _times(usd: float, cost: float) -> int | None:
    return math.floor(usd / cost + 1e-9) if cost else None
