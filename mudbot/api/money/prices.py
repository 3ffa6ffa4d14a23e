"""What a call may cost at most, and what it did cost.

Three sources, the first that knows the model decides: what the owner names (``api.prices``), the prices that the
package genai-prices carries with it (nothing is fetched), a small table of what that lacks.  A price that none of them
knows is unknown, never 0.

Amounts are nano-dollars, rates nano-dollars per million tokens: whole numbers, rounded up.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mudbot.api.money.asked import (
    CHAT,
    COMPLETIONS,
    EDITS,
    EMBEDDINGS,
    MILLION,
    OVERHEAD,
    PICTURES,
    Asked,
    beside_text,
    longest_reply,
    most_pictures,
    picture_price,
    whole,
)
from mudbot.api.money.budgets import MOST, nano
from mudbot.api.money.listed import listed, snapshot
from mudbot.api.money.offers import NOTHING, Offer, Rates, tokens_of
from mudbot.clock import Clock, SystemClock
from mudbot.errors import BudgetError, ConfigError, Problem

if TYPE_CHECKING:
    from mudbot.api.types import Usage


_QUARTER = 900.0
"""Seconds for which a price once found is believed.  Some change at a date or at an hour, always on a quarter."""
_MANY = 1000
"""Prices kept; the names come from plugins, so their number must have a bound."""

_TRAINING = ("/fine-tunes", "/fine_tuning/jobs")
_MODERATIONS = "/moderations"
_PRICED = {CHAT, COMPLETIONS, EDITS, EMBEDDINGS, _MODERATIONS, *PICTURES, *_TRAINING}
_BEYOND = frozenset({"web_search_options", "plugins", "models"})
"""Parameters that let a server do more than the model's tokens pay for: search the web, or ask another model."""
_SEARCHES = "-search-"
"""In the names of OpenAI's models that search the web with every call: the search has a fee that is listed nowhere."""


@dataclass(frozen=True, slots=True)
class Price:
    """What the owner says a model costs, in USD; it takes the place of everything that is known of the model.

    Raises nothing by itself; ``Prices`` says which of them cannot be.
    """

    input: float | None = None
    """A million tokens of prompt."""
    output: float | None = None
    """A million tokens of reply."""
    cached_input: float | None = None
    """A million tokens of prompt that the server had cached; None is ``input``."""
    image: float | None = None
    """A picture that is made."""
    request: float | None = None
    """Each call, whatever it asks; by itself it says that nothing else is charged."""


class Prices:
    """Prices of models at servers.  Safe to use from several threads.

    *overrides* are the owner's own prices by model or pattern (``gpt-4*``, ``*``): the exact name before a pattern, of
    several patterns the longest; *free* names the base_urls of servers that charge nothing.  Raises ConfigError for a
    price that cannot be.
    """

    def __init__(
        self, overrides: Mapping[str, Price] | None = None, *, free: Collection[str] = (), clock: Clock | None = None
    ) -> None:
        overrides = overrides or {}
        _check(overrides)
        self._own = {name: _own_offer(price) for name, price in overrides.items()}
        self._patterns = sorted((name for name in overrides if set(name) & set("*?[")), key=len, reverse=True)
        self._free = frozenset(url.rstrip("/") for url in free)
        self._clock = clock or SystemClock()
        self._known: dict[tuple[str, str | None], Offer | None] = {}
        self._quarter = 0.0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Prices: {len(self._own)} of the owner's, {len(self._known)} models known>"

    async def ready(self) -> None:
        """Load what takes a quarter of a second, in a thread.  Without it the first ``most`` or ``cost`` does so."""
        await asyncio.to_thread(snapshot)

    def most(self, server: str, model: str | None, call: Asked, size: int) -> int | None:
        """Nano-dollars that *call* can never exceed when *model* answers it at *server*; None if the price is unknown.

        *size* is the bytes of the request's body.  A token of a byte-level tokenizer has at least one byte, and JSON
        makes no text shorter, so no more tokens are in it.  Raises BadRequestError where the call leaves open how much
        it asks for.
        """
        offer, body = self._find(server, model, call), call.body or {}
        if offer is None:
            return None
        if offer.flat:
            return offer.request
        if not _BEYOND.isdisjoint(body) and any(body.get(name) for name in _BEYOND):
            return None
        if call.path in PICTURES:
            most = most_pictures(offer, model or "", call)
            return None if most is None else min(most, MOST)
        prompt = size + OVERHEAD
        reply, output = 0, offer.most_output
        if call.path != EMBEDDINGS:
            if output is None:
                return None
            if call.path == CHAT:
                prompt += beside_text(body)
            reply = longest_reply(call.path, body, size) if output else 0
        return min(offer.request - -(prompt * offer.most_input + reply * (output or 0)) // MILLION, MOST)

    def cost(  # noqa: PLR0911
        self,
        server: str,
        model: str | None,
        call: Asked,
        usage: Usage | None,
        *,
        pictures: int | None = None,
        tier: str | None = None,
    ) -> int | None:
        """Nano-dollars that *call* did cost, by the *usage* that the server told; None if nobody can say.

        *pictures* is how many came (None: as many as were asked), *tier* the ``service_tier`` that the answer names.
        """
        offer, body = self._find(server, model, call), call.body or {}
        if offer is None:
            return None
        if offer.flat:
            return offer.request
        drawn = call.path in PICTURES
        if drawn and (each := picture_price(offer, model or "", body)) is not None:
            made = whole(body, "n", 1) if pictures is None else pictures
            return min(offer.request + made * each, MOST)
        if not offer.tiers:
            return None
        if not offer.most_input and not offer.most_output:
            return offer.request
        prompt, reply, told = tokens_of(usage, drawn=drawn)
        if prompt + reply <= 0:
            return None  # no usage, or one of zeros, which some gateways send
        rates = offer.rates(tier or str(body.get("service_tier") or ""), prompt)
        return min(offer.request - -rates.charge(prompt, reply, told) // MILLION, MOST)

    def unknown(self, server: str, model: str | None, budget: str = "api.budgets") -> BudgetError:
        """The error for a call whose price nobody knows; *budget* is where the owner set the one that it is for."""
        if model is None:
            return BudgetError(
                f"with a budget a call must name its model, so that its price is known at {server}: give model"
            )
        return BudgetError(
            f"nobody knows what {model!r} costs at {server}, and with a budget ({budget}) it is not called -- name "
            f"its price in USD, api.prices.{model}: {{input: …, output: …}} per million tokens or {{image: …}} a "
            "picture, 0 if it is free"
        )

    # -- finding ---------------------------------------------------------------------------------------------------

    def _find(self, server: str, model: str | None, call: Asked) -> Offer | None:
        if call.method != "POST" or call.path not in _PRICED:
            # Lists, files and the like cost nothing; what posts to a path that is not known here may.
            return NOTHING if call.method != "POST" or call.path.startswith(("/files", *_TRAINING)) else None
        if model is None and call.path == "/images/variations":
            model = "dall-e-2"  # the only one that has them
        now = self._clock.wall()
        if not 0 <= now - self._quarter < _QUARTER or len(self._known) > _MANY:
            self._quarter = now // _QUARTER * _QUARTER
            self._known = {}  # a new one, for another thread may be reading
        known, key = self._known, (server, model)
        if key not in known:
            known[key] = self._look_up(server, model, now)
        offer = known[key]
        if offer is None and call.path == _MODERATIONS and _openai(server):
            return NOTHING  # its moderation is free, and a call of it need not name a model
        return offer if call.path not in _TRAINING or offer is None or offer.flat or offer is NOTHING else None

    def _look_up(self, server: str, model: str | None, now: float) -> Offer | None:  # noqa: PLR0911 - one a source
        if server.rstrip("/") in self._free:
            return NOTHING
        if model in self._own:
            return self._own[model]
        for pattern in self._patterns:
            if fnmatchcase(model or "", pattern):
                return self._own[pattern]
        if model is None:
            return None
        if _openai(server) and model.startswith("dall-e-"):
            return Offer({}) if model in ("dall-e-2", "dall-e-3") else None
        if _openai(server) and _SEARCHES in model:
            return None
        with self._lock:
            try:
                info = snapshot().find_provider_model(model, None, None, server)[1]
            except LookupError:
                return None
            return listed(info, datetime.fromtimestamp(now, UTC))


def _check(overrides: Mapping[str, Price]) -> None:
    problems = []
    for name, price in overrides.items():
        said = {field.name: getattr(price, field.name) for field in fields(price)}
        problems += [
            Problem(f"api.prices.{name}.{kind}", f"{value} is no price: give USD, 0 or more")
            for kind, value in said.items()
            if value is not None and not (value >= 0 and math.isfinite(value))
        ]
        if all(value is None for value in said.values()):
            problems.append(Problem(f"api.prices.{name}", "names no price: give input and output, image, or request"))
    if problems:
        raise ConfigError(*problems)


def _own_offer(price: Price) -> Offer:
    """The owner's price.  One that is no number is refused by ``_check`` before."""
    each = {field.name: None if (usd := getattr(price, field.name)) is None else nano(usd) for field in fields(price)}
    rates = None if each["input"] is None else Rates(each["input"], each["output"], each["cached_input"])
    offer = Offer({}, request=each["request"] or 0, image=each["image"])
    if rates is None:
        return replace(offer, flat=each["request"] is not None and each["output"] is None and each["image"] is None)
    return replace(
        offer,
        tiers={"": ((-1, rates),)},
        most_input=max(rates.input, rates.cached or 0),
        most_output=rates.output,
    )


def _openai(server: str) -> bool:
    return urlsplit(server).hostname == "api.openai.com"
