"""What the package genai-prices knows of a model.  It carries its data with it; nothing is fetched."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mudbot.api.money.budgets import nano
from mudbot.api.money.offers import Offer, Rates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

_KINDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "written": "cache_write_mtok",
    "heard": "input_audio_mtok",
    "seen": "input_image_mtok",
    "spoken": "output_audio_mtok",
    "drawn": "output_image_mtok",
}
_INPUTS = ("input_mtok", "cache_write_mtok", "cache_write_1h_mtok", "input_audio_mtok", "input_image_mtok")
_OUTPUTS = ("output_mtok", "output_audio_mtok", "output_image_mtok", "output_reasoning_mtok", "output_citation_mtok")


def snapshot() -> Any:
    from genai_prices import data_snapshot

    return data_snapshot.get_snapshot()


def listed(info: ModelInfo, now: datetime) -> Offer | None:
    """What genai-prices says of a model."""
    usual = info.get_prices(now)
    variants = info.price_variants or []
    named = {each.when["service_tier"] for each in variants if set(each.when) == {"service_tier"}}
    tiers = {tier: info.get_prices(now, {"service_tier": tier}) for tier in named} | {"": usual}
    # A call may begin at one hour and be billed at another, and an account may have another tier for its usual one.
    hourly = (
        [each.prices for each in info.prices if hasattr(each.constraint, "start_time")]
        if isinstance(info.prices, list)
        else []
    )
    every = [*tiers.values(), *hourly, *(each.prices for each in variants if "processing" not in each.when)]
    if getattr(usual, "input_mtok", None) is None:
        return None
    request = getattr(usual, "requests_kcount", None)
    return Offer(
        {tier: _steps(price) for tier, price in tiers.items()},
        most_input=_dearest(every, _INPUTS) or 0,
        most_output=_dearest(every, _OUTPUTS),
        request=0 if request is None else -(-nano(_at(request, -1)) // 1000),
    )


def _steps(price: ModelPrice) -> tuple[tuple[int, Rates], ...]:
    values = {kind: getattr(price, key, None) for kind, key in _KINDS.items()}
    starts = {-1} | {tier.start for value in values.values() for tier in getattr(value, "tiers", ())}
    return tuple(
        (start, Rates(**{kind: nano(_at(value, start)) for kind, value in values.items() if value is not None}))
        for start in sorted(starts)
    )


def _at(value: Decimal | TieredPrices, start: int) -> Decimal:
    """The price for prompts of more than *start* tokens."""
    if isinstance(value, Decimal):
        return value
    return next((tier.price for tier in reversed(value.tiers) if tier.start <= start), value.base)


def _dearest(prices: Iterable[ModelPrice], keys: Collection[str]) -> int | None:
    found = [value for price in prices for key in keys if (value := getattr(price, key, None)) is not None]
    return max((nano(step) for value in found for step in _each(value)), default=None)


def _each(value: Decimal | TieredPrices) -> tuple[Decimal, ...]:
    return (value,) if isinstance(value, Decimal) else (value.base, *(tier.price for tier in value.tiers))
