"""What a call is, before anybody sends it: who asks, what is asked, what comes back.  Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from mudbot.api.limit.limits import Cost
from mudbot.api.types import Answer

REQUEST = Cost()
"""What a call costs that asks for neither tokens nor pictures."""

A_co = TypeVar("A_co", bound=Answer, covariant=True)

Progress = Callable[[int, int | None], None]
"""Told of an upload or a download: bytes so far, and bytes in all where that is known.  It must not block."""


class Priority(IntEnum):
    """Who goes first when calls wait: a lower number, before all with a higher one."""

    REPLY = 0
    """Somebody waits for it."""
    NORMAL = 1
    BACKGROUND = 2
    """Nobody waits: summaries, memories."""


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a call is made.  Empty is nobody in particular: the bot itself, a program, the command line."""

    player: str = ""
    """Whose turn it is in the queue, and whose budget pays."""
    channel: str = ""
    """The channel that it is for, with a budget of its own."""
    session: str = ""
    plugin: str = ""
    priority: Priority = Priority.NORMAL
    organization: str | None = None
    """The organisation that pays, where it is not the Api's own."""


NOBODY = Caller()


@dataclass(frozen=True, slots=True)
class Options:
    """How a call is made, whatever it asks."""

    deadline: float | None = None
    """Seconds for all of it, waiting and retries included; None is ``Limits.deadline``."""
    caller: Caller = NOBODY


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body, as bytes, so that another attempt can send it again."""

    name: str
    content: bytes = field(repr=False)
    type: str = "application/octet-stream"


@dataclass(slots=True)  # frozen, it would take three times as long to make, and one is made for every call
class Call(Generic[A_co]):
    """One call of an endpoint.  Parameters that are None are not sent."""

    method: str
    path: str
    """Below the base_url, with a slash before it: ``/chat/completions``."""
    kind: type[A_co]
    """What an answer is, or a piece of one where it streams."""
    model: str | None = None
    body: Mapping[str, Any] | None = None
    """The parameters, sent as JSON; None sends no body."""
    files: Mapping[str, Upload | list[Upload]] | None = None
    """Given, the body is sent as ``multipart/form-data``: these, and the parameters as fields."""
    query: Mapping[str, Any] | None = None
    cost: Cost = REQUEST
    stream: bool = False
    """Whether the answer comes as server-sent events."""
    into: Path | None = None
    """The file that the answer's bytes are written to (atomically), for content that is no JSON."""
    progress: Progress | None = None
    """Told of bytes sent, for an upload, or received, for a download."""
    shared: bool = False
    """Whether identical calls in flight may share one request: the answer must not depend on chance."""
    kept: bool = False
    """Whether the answer may be kept and given again: it must not depend on when it is asked."""
    fits: Callable[[A_co], bool] | None = None
    """Whether an answer holds all that was asked; one that does not is not kept."""
