"""How many tokens a call will probably cost: a pure estimate, good enough for limits and corrected from ``usage``.

A real tokenizer downloads its tables when it is first used and takes milliseconds a text; the limits only need a figure
that is about right for English *and* Chinese, which "bytes / 4" is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mudbot.api.limit.limits import Cost

if TYPE_CHECKING:
    from mudbot.api.types import Usage

# Han, kana, hangul and full-width forms with their punctuation: each character is about a token of its own.
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")

# Tokens per 汉字, measured per encoding; the first prefix that fits the model's name decides.
_P50K, _CL100K, _O200K = 2.2, 0.97, 0.68
_TABLE = (
    ("gpt-4o", _O200K),
    ("gpt-4.1", _O200K),
    ("gpt-5", _O200K),
    ("gpt-oss", _O200K),
    ("chatgpt-4o", _O200K),
    ("o1", _O200K),
    ("o3", _O200K),
    ("o4", _O200K),
    ("text-davinci", _P50K),
    ("davinci", _P50K),
    ("curie", _P50K),
    ("babbage", _P50K),
    ("ada", _P50K),
    ("code-", _P50K),
)

CHARACTERS_PER_TOKEN = 3.6
"""Of all other text, measured on English prose and chat."""
PER_MESSAGE = 4
"""The role and the marks around one chat message; 3 more open the reply."""
PER_PICTURE = 800
"""A picture inside a message; providers charge 85 to 1,600 by its size, which is not known here."""
REPLY = 256
"""A chat reply whose length the caller did not bound.  Too low is put right by ``usage``, too high only delays."""
MOST = 10**9
"""Tokens of one call."""
COMPLETION_REPLY = 16
"""What the completions endpoint itself assumes for ``max_tokens``."""


def text_tokens(text: str, model: str | None = None) -> float:
    """About how many tokens *text* is for *model*; an unknown model counts like cl100k, the careful middle."""
    if text.isascii():
        return len(text) / CHARACTERS_PER_TOKEN
    wide = sum(map(len, _WIDE.findall(text)))
    return wide * _per_wide(model or "") + (len(text) - wide) / CHARACTERS_PER_TOKEN


def prompt_tokens(prompt: object, model: str | None = None) -> float:
    """Tokens of whatever an endpoint takes as its input: text, token numbers, messages, parts, or lists of them."""
    if isinstance(prompt, str):
        return text_tokens(prompt, model)
    if isinstance(prompt, int | float):
        return 1.0  # the caller counted: one number is one token
    if isinstance(prompt, Mapping):
        return _part_tokens(prompt, model)
    if isinstance(prompt, Sequence):
        return sum(prompt_tokens(part, model) for part in prompt)
    return 0.0


def chat_tokens(messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any], model: str | None = None) -> float:
    """Tokens of a chat's prompt: its messages and the tools that are offered with them."""
    total = 3.0 + PER_MESSAGE * len(messages)
    for message in messages:
        content = message.get("content") if len(message) == 2 and "role" in message else None
        total += text_tokens(content, model) if isinstance(content, str) else prompt_tokens(message, model)
    tools = params.get("tools")
    return total + (text_tokens(json.dumps(tools, ensure_ascii=False, default=str), model) if tools else 0.0)


def reply_tokens(params: Mapping[str, Any], default: int) -> float:
    """The longest reply that *params* allow, over all choices that they ask for."""
    bound = params.get("max_completion_tokens") or params.get("max_tokens") or default
    choices = params.get("n") or 1
    if not isinstance(bound, int | float) or not isinstance(choices, int | float):
        return float(default)  # nonsense: the server will say so
    return max(0.0, float(bound)) * max(1.0, float(choices))


def _part_tokens(part: Mapping[str, Any], model: str | None) -> float:
    """A message or a part of one.  Pictures come as data URLs of megabytes: they are not counted as text."""
    if "image_url" in part or part.get("type") in ("image_url", "input_image"):
        return PER_PICTURE
    return sum(prompt_tokens(value, model) for key, value in part.items() if key not in ("role", "type"))


@lru_cache(maxsize=256)
def _per_wide(model: str) -> float:
    return next((tokens for prefix, tokens in _TABLE if model.startswith(prefix)), _CL100K)


def true_cost(cost: Cost, usage: Usage | None, said: str, pictures: int | None, model: str | None) -> Cost:
    """What a call really took: by the server's count, else by the text and the pictures that came."""
    tokens = cost.tokens
    if usage is not None:
        # No call takes more than MOST, whatever a server writes there: a number of 400 digits is no float.
        tokens = min(MOST, max(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)) or tokens
    elif said:
        tokens = cost.prompt + text_tokens(said, model)
    return Cost(cost.requests, tokens, cost.images if pictures is None else pictures, cost.prompt)
