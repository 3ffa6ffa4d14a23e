"""What the tests of both trouble makers ask, and how they look at a storm."""

from __future__ import annotations

from typing import Any

from mudbot.api import Api, Limits
from mudbot.errors import ApiError
from tests.others.programs import HttpProgram

HELLO = [{"role": "user", "content": "hello"}]
MANY = 50
"""Calls of a storm, all at once."""


def adapter_of(program: HttpProgram, **settings: Any) -> Api:
    """Our adapter for *program*; it lets a whole storm out at once unless *settings* say otherwise."""
    return Api(program.base_url, api_key="sk-test", **({"limits": Limits(concurrency=MANY)} | settings))


async def asked(api: Api, number: int) -> object:
    """The text of one of many calls, no two alike, or its error."""
    try:
        return (await api.chat([{"role": "user", "content": f"call {number}"}], model="gpt-4o")).text
    except ApiError as error:
        return error


def too_early(began: list[float], refused: list[float], retry_after: float) -> list[float]:
    """Which requests began while a refusal held everything back, by the server's own clock; times are in seconds.

    What began within half of the time was on its way when the refusal was, on a slow machine.
    """
    return [start for start in began for end in refused if end + retry_after / 2 < start < end + retry_after]
