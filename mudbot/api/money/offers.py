"""What is known of a model's price: rates by kind of token, service tier and length of the prompt.  Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mudbot.api.types import Usage


@dataclass(frozen=True, slots=True)
class Rates:
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
class Offer:
    """All that is known of one model at one server."""

    tiers: Mapping[str, tuple[tuple[int, Rates], ...]]
    """Service tier ("" is the usual one) to rates, each from so many tokens of prompt on; empty: no price by tokens."""
    most_input: int = 0
    """The dearest of all."""
    most_output: int | None = None
    request: int = 0
    image: int | None = None
    """Nano-dollars a picture."""
    flat: bool = False
    """Whether ``request`` is all that is charged."""

    def rates(self, tier: str, prompt: int) -> Rates:
        """Those for a prompt of so many tokens.  The step that a prompt reaches holds for all of it."""
        steps = self.tiers.get(tier) or self.tiers[""]
        return next(rates for start, rates in reversed(steps) if prompt > start)


NOTHING = Offer({"": ((-1, Rates(0, 0)),)}, most_output=0, image=0)
"""What is free."""


def tokens_of(usage: Usage | None, *, drawn: bool) -> tuple[int, int, dict[str, int]]:
    """Tokens of prompt and reply, and how many of them are of a special kind.

    OpenAI has two spellings, one for text and one for pictures.  *drawn*: the reply is a picture, as far as it is not
    said to be text.
    """
    if usage is None:
        return 0, 0, {}
    more = usage.__dict__ | (usage.model_extra or {})
    prompt = max(0, usage.prompt_tokens, _number(more.get("input_tokens")))
    reply = max(0, usage.completion_tokens, _number(more.get("output_tokens")))
    if usage.total_tokens > prompt + reply and not drawn:
        reply = usage.total_tokens - prompt  # Google counts what a model thought only here
    told: dict[str, int] = {}
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
