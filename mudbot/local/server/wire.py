"""Answers of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


def dumps(value: Any) -> str:
    """Compact JSON; Chinese stays readable, half a surrogate pair (which UTF-8 cannot carry) becomes ``?``."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON."""
    return web.json_response(value, status=status, headers=headers, dumps=dumps)
