"""Answers of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

TOKENS = web.RequestKey("tokens", int)
"""How many tokens a request really cost."""
PIECES = web.RequestKey("pieces", int)
"""How many pieces of a stream were sent; one is a token, about."""


def dumps(value: Any) -> str:
    """Compact JSON; Chinese stays readable, half a surrogate pair (which UTF-8 cannot carry) becomes ``?``."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON."""
    return web.json_response(value, status=status, headers=headers, dumps=dumps)


def json_answer(request: web.Request, value: Mapping[str, Any]) -> web.Response:
    """The answer of a row; what it says of its ``usage`` is noted for the limits."""
    note_usage(request, value)
    return json_response(value)


def note_usage(request: web.Request, value: Any) -> None:
    """Remember the tokens that *value*, an answer or a chunk of one, says it cost."""
    usage = value.get("usage") if isinstance(value, Mapping) else None
    if isinstance(usage, Mapping):
        tokens = usage.get("total_tokens")
        if isinstance(tokens, int):
            request[TOKENS] = tokens
