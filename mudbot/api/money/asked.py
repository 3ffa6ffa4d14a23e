"""What a call asks for at most, in tokens and pictures, by its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

from mudbot.api.money.budgets import nano
from mudbot.api.money.offers import Offer
from mudbot.errors import BadRequestError

MILLION = 10**6

OVERHEAD = 256
"""Tokens that a server may put around a prompt: marks, and a system prompt of its model's (Qwen 20, gpt-oss 100)."""
TOOLS = 1024
"""The same where tools are offered: Anthropic's instructions for tools take up to 530."""
PICTURE = 64_000
"""Tokens of a picture in a prompt.  The dearest that are known: 48,169 (gpt-4o-mini, eight tiles) and 58,600 (a photo
of 50 megapixels, 1.2 for each patch of 32 x 32)."""
PARTIAL = 100
"""Tokens of a picture that is shown half-done (``partial_images``)."""
COMPLETION = 16
"""``max_tokens`` of the completions endpoint where the call names none, by the API's own description."""

CHAT, COMPLETIONS, EDITS, EMBEDDINGS = "/chat/completions", "/completions", "/edits", "/embeddings"
PICTURES = ("/images/generations", "/images/edits", "/images/variations")

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


def whole(body: Mapping[str, Any], name: str, default: int) -> int:
    """A count that the call gives; a lenient server takes ``"100"`` and 99.5 too.  Raises BadRequestError."""
    value = body.get(name)
    if value is None:
        return default
    try:
        found = math.ceil(float(value))
    except (TypeError, ValueError, OverflowError):
        found = -1
    if found < 0:  # to some servers -1 is "without end"
        raise BadRequestError(f"{name} must be a whole number from 0 on, or nobody knows what the call may cost")
    return found


def longest_reply(path: str, body: Mapping[str, Any], size: int) -> int:
    """Tokens of all replies together."""
    most = max(whole(body, "max_tokens", 0), whole(body, "max_completion_tokens", 0))
    if path == COMPLETIONS:
        prompt = body.get("prompt")
        several = isinstance(prompt, list | tuple) and prompt and not isinstance(prompt[0], int)
        choices = max(1, whole(body, "n", 1), whole(body, "best_of", 1)) * (len(prompt) if several and prompt else 1)
        return max(most, COMPLETION) * choices
    if path == EDITS:
        raise BadRequestError(
            "with a budget no edit is sent, because it cannot say how long its reply may be: use a chat with "
            "max_tokens instead, or name a price a request (api.prices.MODEL: {request: …})"
        )
    if not most:
        raise BadRequestError("with a budget every call must say how long its reply may be: give max_tokens")
    # What a prediction of the reply gets wrong is charged as reply as well, beyond max_tokens.
    return (most + (size if body.get("prediction") else 0)) * max(1, whole(body, "n", 1))


def beside_text(body: Mapping[str, Any]) -> int:
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


def most_pictures(offer: Offer, model: str, call: Asked) -> int | None:
    body = call.body or {}
    count = whole(body, "n", 1)
    if (each := picture_price(offer, model, body)) is not None:
        return offer.request + count * each
    bound = _picture_tokens(model, str(body.get("quality") or ""), str(body.get("size") or ""))
    if bound is None or offer.most_output is None:
        return None
    made, given = bound
    made = count * (made + PARTIAL * whole(body, "partial_images", 0))
    uploads = (call.files or {}).values()
    seen = given * sum(len(each) if isinstance(each, list) else 1 for each in uploads)
    prompt = len(str(body.get("prompt") or "").encode("utf-8", "replace")) + OVERHEAD + seen
    return offer.request - -(prompt * offer.most_input + made * offer.most_output) // MILLION


def picture_price(offer: Offer, model: str, body: Mapping[str, Any]) -> int | None:
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
