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
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from mudbot.api.money.budgets import nano
from mudbot.clock import Clock, SystemClock
from mudbot.errors import BadRequestError, BudgetError, ConfigError, Problem

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

    from mudbot.api.types import Usage

MILLION = 10**6

OVERHEAD = 256
"""Tokens that a server may put around a prompt: marks, and a system prompt of its model's own (Qwen 20, gpt-oss 100)."""
TOOLS = 1024
"""The same where tools are offered: Anthropic's instructions for tools take up to 530."""
PICTURE = 64_000
"""Tokens of a picture in a prompt.  The dearest that are known: 48,169 (gpt-4o-mini, eight tiles) and 58,600 (a photo of
50 megapixels, 1.2 for each patch of 32 x 32)."""
PARTIAL = 100
"""Tokens of a picture that is shown half-done (``partial_images``)."""
COMPLETION = 16
"""``max_tokens`` of the completions endpoint where the call names none, by the API's own description."""

_QUARTER = 900.0
"""Seconds for which a price once found is believed.  Some change at a date or at an hour, always on a quarter."""
_MANY = 1000
"""Prices kept; the names come from plugins, so their number must have a bound."""

_CHAT, _COMPLETIONS, _EDITS, _EMBEDDINGS = "/chat/completions", "/completions", "/edits", "/embeddings"
_PICTURES = ("/images/generations", "/images/edits", "/images/variations")
_TRAINING = ("/fine-tunes", "/fine_tuning/jobs")
_MODERATIONS = "/moderations"
_PRICED = {_CHAT, _COMPLETIONS, _EDITS, _EMBEDDINGS, _MODERATIONS, *_PICTURES, *_TRAINING}
_BEYOND = ("web_search_options", "plugins", "models")
"""Parameters that let a server do more than the model's tokens pay for: search the web, or ask another model."""

# USD a picture: https://platform.openai.com/docs/pricing as of 2026.  "" is what a call gets that names no size.
_DALLE2 = {"256x256": 0.016, "512x512": 0.018, "1024x1024": 0.02, "": 0.02}
_DALLE3 = {"1024x1024": 0.04, "1024x1792": 0.08, "1792x1024": 0.08, "": 0.04}
_DALLE3_HD = {"1024x1024": 0.08, "1024x1792": 0.12, "1792x1024": 0.12, "": 0.08}


class Asked(Protocol):
    """What the prices ask of a call; ``mudbot.api.calls.Call`` has it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any] | None: ...
    @property
    def files(self) -> Mapping[str, Any] | None: ...


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


@dataclass(frozen=True, slots=True)
class _Rates:
    """Nano-dollars per million tokens of each kind."""

    input: int
    output: int | None = None
    cached: int | None = None
    written: int | None = None
    """Prompt that the server puts into its cache; some charge more for it."""
    heard: int | None = None
    seen: int | None = None
    spoken: int | None = None
    drawn: int | None = None

    def charge(self, prompt: int, reply: int, told: Mapping[str, int]) -> int:
        """What so many tokens cost; *told* says how many of them are of a special kind."""
        total, plain = 0, prompt
        for kind in ("cached", "written", "heard", "seen"):
            if count := told.get(kind, 0):
                rate = getattr(self, kind)
                count = min(count, plain)
                plain -= count
                total += count * (self.input if rate is None else rate)
        output = self.output or 0
        for kind in ("spoken", "drawn"):
            if count := told.get(kind, 0):
                rate = getattr(self, kind)
                count = min(count, reply)
                reply -= count
                total += count * (output if rate is None else rate)
        return total + plain * self.input + reply * output


@dataclass(frozen=True, slots=True)
class _Offer:
    """All that is known of one model at one server."""

    tiers: Mapping[str, tuple[tuple[int, _Rates], ...]]
    """Service tier ("" is the usual one) to rates, each from so many tokens of prompt on; empty: no price by tokens."""
    most_input: int = 0
    """The dearest of all."""
    most_output: int | None = None
    request: int = 0
    image: int | None = None
    """Nano-dollars a picture."""
    flat: bool = False
    """Whether ``request`` is all that is charged."""

    def rates(self, tier: str, prompt: int) -> _Rates:
        """Those for a prompt of so many tokens.  The step that a prompt reaches holds for all of it."""
        steps = self.tiers.get(tier) or self.tiers[""]
        return next(rates for start, rates in reversed(steps) if prompt > start)


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
        self._known: dict[tuple[str, str | None], _Offer | None] = {}
        self._quarter = 0.0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Prices: {len(self._own)} of the owner's, {len(self._known)} models known>"

    async def ready(self) -> None:
        """Load what takes a quarter of a second, in a thread.  Without it the first ``most`` or ``cost`` does so."""
        await asyncio.to_thread(_snapshot)

    def most(self, server: str, model: str | None, call: Asked, size: int) -> int | None:
        """Nano-dollars that *call* can never exceed when *model* answers it at *server*; None if the price is unknown.

        *size* is the bytes of the request's body.  A token of a byte-level tokenizer has at least one byte, and JSON
        makes no text shorter, so no more tokens are in it.  Raises BadRequestError where the call leaves open how much
        it asks for.
        """
        offer, body = self._find(server, model, call), call.body or {}
        if offer is None or (not offer.flat and any(body.get(name) for name in _BEYOND)):
            return None
        if offer.flat:
            return offer.request
        if call.path in _PICTURES:
            return _most_pictures(offer, model or "", call)
        prompt = size + OVERHEAD
        reply, output = 0, offer.most_output
        if call.path != _EMBEDDINGS:
            if output is None:
                return None
            if call.path == _CHAT:
                prompt += _beside_text(body)
            reply = _longest_reply(call.path, body, size) if output else 0
        return offer.request - -(prompt * offer.most_input + reply * (output or 0)) // MILLION

    def cost(
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
        made = _whole(body, "n", 1) if pictures is None else pictures
        if call.path in _PICTURES and (each := _picture(offer, model or "", body)) is not None:
            return offer.request + made * each
        if not offer.tiers:
            return None
        if not offer.most_input and not offer.most_output:
            return offer.request
        prompt, reply, told = _tokens(usage, drawn=call.path in _PICTURES)
        if prompt + reply <= 0:
            return None  # no usage, or one of zeros, which some gateways send
        rates = offer.rates(tier or str(body.get("service_tier") or ""), prompt)
        return offer.request - -rates.charge(prompt, reply, told) // MILLION

    def unknown(self, server: str, model: str | None) -> BudgetError:
        """The error for a call whose price nobody knows."""
        if model is None:
            return BudgetError(
                f"with a budget a call must name its model, so that its price is known at {server}: give model"
            )
        return BudgetError(
            f"nobody knows what {model!r} costs at {server}, and with a budget (api.budgets) it is not called -- name "
            f"its price in USD, api.prices.{model}: {{input: …, output: …}} per million tokens or {{image: …}} a "
            "picture, 0 if it is free"
        )

    # -- finding ---------------------------------------------------------------------------------------------------

    def _find(self, server: str, model: str | None, call: Asked) -> _Offer | None:
        if call.method != "POST" or call.path not in _PRICED:
            # Lists, files and the like cost nothing; what posts to a path that is not known here may.
            return _NOTHING if call.method != "POST" or call.path.startswith(("/files", *_TRAINING)) else None
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
            return _NOTHING  # its moderation is free, and a call of it need not name a model
        return offer if call.path not in _TRAINING or offer is None or offer.flat or offer is _NOTHING else None

    def _look_up(self, server: str, model: str | None, now: float) -> _Offer | None:
        if server.rstrip("/") in self._free:
            return _NOTHING
        if model in self._own:
            return self._own[model]
        for pattern in self._patterns:
            if fnmatchcase(model or "", pattern):
                return self._own[pattern]
        if model is None:
            return None
        if _openai(server) and model.startswith("dall-e-"):
            return _Offer({}) if model in ("dall-e-2", "dall-e-3") else None
        with self._lock:
            try:
                info = _snapshot().find_provider_model(model, None, None, server)[1]
            except LookupError:
                return None
            return _listed(info, datetime.fromtimestamp(now, UTC))


_NOTHING = _Offer({"": ((-1, _Rates(0, 0)),)}, most_output=0, image=0)


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


def _own_offer(price: Price) -> _Offer:
    """The owner's price.  One that is no number is refused by ``_check`` before."""
    each = {field.name: None if (usd := getattr(price, field.name)) is None else nano(usd) for field in fields(price)}
    rates = None if each["input"] is None else _Rates(each["input"], each["output"], each["cached_input"])
    offer = _Offer({}, request=each["request"] or 0, image=each["image"])
    if rates is None:
        return replace(offer, flat=each["request"] is not None and each["output"] is None and each["image"] is None)
    return replace(
        offer,
        tiers={"": ((-1, rates),)},
        most_input=max(rates.input, rates.cached or 0),
        most_output=rates.output,
    )


# -- what a call asks for ------------------------------------------------------------------------------------------


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    """A count that the call gives; a lenient server takes ``"100"`` and 99.5 too.  Raises BadRequestError."""
    value = body.get(name)
    if value is None:
        return default
    try:
        return max(0, math.ceil(float(value)))
    except (TypeError, ValueError, OverflowError):
        raise BadRequestError(f"{name} must be a whole number, or nobody knows what the call may cost") from None


def _longest_reply(path: str, body: Mapping[str, Any], size: int) -> int:
    """Tokens of all replies together."""
    most = max(_whole(body, "max_tokens", 0), _whole(body, "max_completion_tokens", 0))
    if path == _COMPLETIONS:
        prompt = body.get("prompt")
        several = isinstance(prompt, list | tuple) and prompt and not isinstance(prompt[0], int)
        choices = max(_whole(body, "n", 1), _whole(body, "best_of", 1)) * (len(prompt) if several and prompt else 1)
        return (most if body.get("max_tokens") is not None else COMPLETION) * choices
    if path == _EDITS:
        raise BadRequestError(
            "with a budget no edit is sent, because it cannot say how long its reply may be: use a chat with "
            "max_tokens instead, or name a price a request (api.prices.MODEL: {request: …})"
        )
    if not most:
        raise BadRequestError("with a budget every call must say how long its reply may be: give max_tokens")
    # What a prediction of the reply gets wrong is charged as reply as well, beyond max_tokens.
    return (most + (size if body.get("prediction") else 0)) * _whole(body, "n", 1)


def _beside_text(body: Mapping[str, Any]) -> int:
    """Tokens of a chat's prompt beyond a byte each.  Raises BadRequestError for a part that has no bound."""
    more = TOOLS if body.get("tools") or body.get("functions") else 0
    for message in body.get("messages") or ():
        parts = message.get("content") if isinstance(message, Mapping) else None
        if not isinstance(parts, list | tuple):
            continue
        for part in parts:
            kind = part.get("type") if isinstance(part, Mapping) else "text"
            if kind == "image_url":
                link = part.get("image_url")
                link = link.get("url") if isinstance(link, Mapping) else link
                more += PICTURE - (len(link) if isinstance(link, str) and link.startswith("data:") else 0)
            elif kind not in ("text", "refusal", "input_audio"):  # a second of sound has more bytes than tokens
                raise BadRequestError(
                    f"with a budget no message part of the type {kind!r} is sent, because nobody can say how many "
                    "tokens it becomes: send it as text or as a picture"
                )
    return more


def _most_pictures(offer: _Offer, model: str, call: Asked) -> int | None:
    body = call.body or {}
    count = _whole(body, "n", 1)
    if (each := _picture(offer, model, body)) is not None:
        return offer.request + count * each
    bound = _picture_tokens(model, str(body.get("quality") or ""), str(body.get("size") or ""))
    if bound is None or offer.most_output is None:
        return None
    made, given = bound
    made = count * (made + PARTIAL * _whole(body, "partial_images", 0))
    uploads = (call.files or {}).values()
    seen = given * sum(len(each) if isinstance(each, list) else 1 for each in uploads)
    prompt = len(str(body.get("prompt") or "").encode("utf-8", "replace")) + OVERHEAD + seen
    return offer.request - -(prompt * offer.most_input + made * offer.most_output) // MILLION


def _picture(offer: _Offer, model: str, body: Mapping[str, Any]) -> int | None:
    """Nano-dollars a picture, where it has a price by itself."""
    if offer.image is not None or offer.tiers:
        return offer.image
    hd = body.get("quality") == "hd"
    table = {"dall-e-2": _DALLE2, "dall-e-3": _DALLE3_HD if hd else _DALLE3}.get(model or "dall-e-2")
    return None if table is None else nano(table.get(str(body.get("size") or ""), max(table.values())))


def _picture_tokens(model: str, quality: str, size: str) -> tuple[int, int] | None:
    """The most tokens that a picture takes which OpenAI's model makes, and one that it is given; None: not known.

    Sources: the image generation guide for gpt-image-1 (1.5 and mini have the same); for gpt-image-2 the rule that
    developers found in the guide's own calculator, for a square, which is the dearest shape of an area.
    """
    if model.startswith("gpt-image-1"):
        return {"low": 408, "medium": 1584}.get(quality, 6240), 8_000
    if model == "gpt-image-2" or model.startswith("gpt-image-2-"):
        side = {"low": 16, "medium": 48}.get(quality, 96)
        width, _, height = size.partition("x")
        area = int(width) * int(height) if width.isdecimal() and height.isdecimal() else 8_294_400
        return side * side * (2_000_000 + area) // 4_000_000 + 1, 24_000
    return None


def _tokens(usage: Usage | None, *, drawn: bool) -> tuple[int, int, dict[str, int]]:
    """Tokens of prompt and reply, and how many of them are of a special kind.

    OpenAI has two spellings, one for text and one for pictures.  *drawn*: the reply is a picture, as far as it is not
    said to be text.
    """
    if usage is None:
        return 0, 0, {}
    more = usage.model_extra or {}
    prompt = max(0, usage.prompt_tokens, _number(more.get("input_tokens")))
    reply = max(0, usage.completion_tokens, _number(more.get("output_tokens")))
    if usage.total_tokens > prompt + reply and not drawn:
        reply = usage.total_tokens - prompt  # Google counts what a model thought only here
    told: dict[str, int] = {}
    if not more:
        return prompt, reply, told
    given = _details(more, "prompt_tokens_details", "input_tokens_details")
    gave = _details(more, "completion_tokens_details", "output_tokens_details")
    told["cached"] = _number(given.get("cached_tokens")) or _number(more.get("prompt_cache_hit_tokens"))
    told["written"] = _number(given.get("cache_write_tokens"))
    told["heard"], told["seen"] = _number(given.get("audio_tokens")), _number(given.get("image_tokens"))
    told["spoken"] = _number(gave.get("audio_tokens"))
    told["drawn"] = reply - _number(gave.get("text_tokens")) if drawn else _number(gave.get("image_tokens"))
    return prompt, reply, told


def _details(more: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((found for name in names if isinstance(found := more.get(name), Mapping)), {})


def _number(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0


# -- genai-prices --------------------------------------------------------------------------------------------------


def _snapshot() -> Any:
    from genai_prices import data_snapshot

    return data_snapshot.get_snapshot()


def _openai(server: str) -> bool:
    return urlsplit(server).hostname == "api.openai.com"


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


def _listed(info: ModelInfo, now: datetime) -> _Offer | None:
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
    return _Offer(
        {tier: _steps(price) for tier, price in tiers.items()},
        most_input=_dearest(every, _INPUTS) or 0,
        most_output=_dearest(every, _OUTPUTS),
        request=0 if request is None else -(-nano(_at(request, -1)) // 1000),
    )


def _steps(price: ModelPrice) -> tuple[tuple[int, _Rates], ...]:
    values = {kind: getattr(price, key, None) for kind, key in _KINDS.items()}
    starts = {-1} | {tier.start for value in values.values() for tier in getattr(value, "tiers", ())}
    return tuple(
        (start, _Rates(**{kind: nano(_at(value, start)) for kind, value in values.items() if value is not None}))
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
