"""What a call may cost is put aside before it is sent, and what it did cost is written down after."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mudbot.api.calls import Caller
from mudbot.api.money.budgets import USD
from mudbot.api.types import Usage

if TYPE_CHECKING:
    from mudbot.api.letter import Letter
    from mudbot.api.money.ledger import Ledger, Reservation
    from mudbot.api.money.prices import Prices
    from mudbot.api.ways import Way


@dataclass(slots=True)
class Reserved:
    """Money put aside for a call."""

    reservation: Reservation | None
    """None where the call is free."""
    way: Way
    amount: int
    size: int
    """Bytes of the request's body."""
    nothing: bool = True
    """Whether it is sure that no attempt so far cost anything."""


class Purse:
    """*prices* and the *ledger* of budgets together; without a ledger calls are priced, and none is refused."""

    def __init__(self, prices: Prices, ledger: Ledger | None) -> None:
        self._prices, self.ledger = prices, ledger
        self.bounded = ledger is not None
        """Whether there is a budget."""
        self._loading: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Begin to load the prices, in a thread."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._prices.ready())

    async def reserve(self, letter: Letter[Any], way: Way, caller: Caller) -> Reserved:
        """Put aside what *letter* can cost at most.

        Raises BudgetError where a budget has no room, or nobody knows the price; BadRequestError where the call does
        not say how long its answer may be.
        """
        assert self.ledger is not None
        self.load()
        assert self._loading is not None
        if not self._loading.done():
            await asyncio.shield(self._loading)
        model, server = letter.model_at(way), way.server.base_url
        size = len(letter.body(model) or b"")
        amount = self._prices.most(server, model, letter.call, size)
        if amount is None:
            raise self._prices.unknown(server, model, self.ledger.budgets_of(caller))
        if not amount:
            return Reserved(None, way, 0, size)
        reservation = await self.ledger.reserve(way.target.account, _known(caller), amount)
        return Reserved(reservation, way, amount, size)

    def leave(self, reserved: Reserved) -> float:
        """There will be another attempt: write down what the one before it can have cost; that in USD."""
        assert self.ledger is not None
        cost = 0 if reserved.nothing else reserved.amount
        if reserved.reservation is not None:
            self.ledger.settle(reserved.reservation, cost)
        return cost / USD

    def settle(  # noqa: PLR0913, PLR0917 - who, where, and what came of it
        self,
        reserved: Reserved | None,
        letter: Letter[Any],
        way: Way,
        usage: Usage | None,
        said: str,
        pictures: int | None,
        outcome: str,
    ) -> float | None:
        """Write down what the call did cost; that in USD, None where nobody can say."""
        if way.server.free:
            cost: int | None = 0
        elif self._loading is None or not self._loading.done():
            return None  # without a budget, and the prices are not read yet
        else:
            cost = self._cost(reserved, letter, way, usage, said, pictures, outcome)
        if reserved is not None and reserved.reservation is not None:
            assert self.ledger is not None
            self.ledger.settle(reserved.reservation, reserved.amount if cost is None else cost)
        return None if cost is None else cost / USD

    def _cost(  # noqa: PLR0913, PLR0917
        self,
        reserved: Reserved | None,
        letter: Letter[Any],
        way: Way,
        usage: Usage | None,
        said: str,
        pictures: int | None,
        outcome: str,
    ) -> int | None:
        if outcome != "ok" and usage is None and not said and pictures is None:
            if reserved is None:
                return None
            return 0 if reserved.nothing else reserved.amount
        model, server = letter.model_at(way), way.server.base_url
        cost = self._prices.cost(server, model, letter.call, usage, pictures=pictures)
        if cost is None and reserved is not None and said and _all_said(letter):
            # No usage came: as many tokens as there are bytes are more than it can have been.
            most = Usage(prompt_tokens=reserved.size, completion_tokens=len(said.encode("utf-8", "replace")))
            cost = self._prices.cost(server, model, letter.call, most)
            cost = None if cost is None else min(cost, reserved.amount)
        return cost

    async def close(self) -> None:
        """Write down what waits."""
        if self._loading is not None:
            await asyncio.wait({self._loading})
        if self.ledger is not None:
            await self.ledger.close()


def _all_said(letter: Letter[Any]) -> bool:
    """Whether the text that came is all that was made: of several choices it is the first, and of tools nothing."""
    body = letter.call.body or {}
    several = any(body.get(name) not in (None, 1) for name in ("n", "best_of"))
    return not (several or body.get("tools") or body.get("functions"))


def _known(caller: Caller) -> Caller:
    """Bob of one MUD is not Bob of another: names are kept with their session."""
    if not caller.session:
        return caller
    return replace(
        caller,
        player=f"{caller.session}/{caller.player}" if caller.player else "",
        channel=f"{caller.session}/{caller.channel}" if caller.channel else "",
    )
