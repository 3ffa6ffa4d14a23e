"""What the transport is given to send: values only, without aiohttp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mudbot.api.calls import Progress, Upload
from mudbot.api.wire.failures import Place

if TYPE_CHECKING:
    from yarl import URL


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body; made anew for each attempt."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, Upload], ...]
    progress: Progress | None = None


class Sending(NamedTuple):
    """One request, serialised once for all its attempts."""

    place: Place
    url: URL
    headers: Mapping[str, str]
    body: bytes | Form | None
