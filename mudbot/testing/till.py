"""The budgets of plugins in a test: kept as outside, by the prices of the models that are asked, and in no file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mudbot.api.money.budgets import day_of, kept_name, used_up

if TYPE_CHECKING:
    from mudbot.api.calls import Call, Caller
    from mudbot.api.money.prices import Prices
    from mudbot.api.types import Usage
    from mudbot.clock import Clock


class Till:
    """What plugins spend a day.  *bounds* are nano-dollars by plugin, as ``Budgets.plugin_bounds`` has them."""

    def __init__(self, server: str, clock: Clock, bounds: Callable[[], Mapping[str, int]]) -> None:
        self._server, self._clock, self._bounds = server, clock, bounds
        self._spent = Counter[tuple[str, int]]()

    @cached_property
    def _prices(self) -> Prices:
        """Read when the first plugin has a budget: it takes a quarter of a second."""
        from mudbot.api.money.prices import Prices

        return Prices(clock=self._clock)

    def reserve(self, call: Call[Any], caller: Caller) -> tuple[str, int, int] | None:
        """Put aside what *call* can cost at most; None where its plugin has no budget.

        Raises BudgetError where it does not fit, or nobody knows its price; BadRequestError where it leaves open how
        long its answer may be.
        """
        plugin = kept_name(caller.plugin)
        bound = self._bounds().get(plugin)
        if bound is None:
            return None
        amount = self._prices.most(self._server, call.model, call, len(json.dumps(call.body or {}).encode()))
        if amount is None:
            raise self._prices.unknown(self._server, call.model, f"plugins.{caller.plugin}.permissions.budget")
        day = day_of(self._clock.wall(), None)
        spent = self._spent[plugin, day]
        if amount and spent + amount > bound:
            raise used_up("plugin", bound, spent, amount, day, caller.plugin)
        self._spent[plugin, day] += amount
        return plugin, day, amount

    def settle(
        self, reserved: tuple[str, int, int] | None, call: Call[Any], usage: Usage | None, pictures: int | None
    ) -> None:
        """Write down what *call* did cost; without *usage* it came to nothing, and cost that."""
        if reserved is not None:
            plugin, day, amount = reserved
            cost = self._prices.cost(self._server, call.model, call, usage, pictures=pictures) if usage else 0
            self._spent[plugin, day] += (amount if cost is None else cost) - amount
