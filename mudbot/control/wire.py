"""The messages: one JSON object a line, in UTF-8.  Pure, but for where the socket is.

A request is ``{"v": 1, "do": "say", "words": "Dinner!"}``: the version, what to do, and its arguments.  The answer is
``{"v": 1, "ok": true, ...}``, or ``{"v": 1, "ok": false, "error": "..."}`` with ``problems`` (``where``, ``message``)
where a file is at fault.  A connection may ask several times, one after another.  A program that reads answers must
not mind keys that it does not know: new ones come without a new version.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mudbot.errors import MudbotError

VERSION = 1
"""Changes when something that was understood is not any more."""
SOCKET = "control.sock"
"""Its name in the store's folder."""
MAX_REQUEST = 64 * 1024
"""Bytes of a request: its longest argument is what to say, and no MUD takes more than a line or two."""
MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer: a thousand sessions take half of one."""
_MAX_PATH = 100
"""Bytes of a path that every system takes for a socket (104 on BSD and macOS, 108 on Linux, with the zero)."""


class ControlError(MudbotError):
    """A running bot was not reached, or does not do what it was asked."""

    def __init__(self, message: str, problems: tuple[Mapping[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems
        """``where`` and ``message`` of each mistake in the owner's files, where that is why."""


def encoded(message: Mapping[str, Any]) -> bytes:
    """*message* as a line, with the version."""
    return json.dumps({"v": VERSION, **message}, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def decoded(line: bytes, *, whose: str) -> dict[str, Any]:
    """The message in *line*, without its version.  Raises ControlError; *whose* it is begins the message."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise ControlError(f"{whose} is not one JSON object on one line") from None
    if not isinstance(message, dict):
        raise ControlError(f"{whose} is not a JSON object")
    version = message.pop("v", None)
    if version != VERSION or isinstance(version, bool):
        said = repr(version)[:40]
        raise ControlError(f"{whose} is of version {said}, and not {VERSION}: use the mudbot that the bot runs with")
    return message


@contextlib.contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """What to bind or connect to for the socket in *folder*, as long as this lasts.

    Raises ControlError for a folder whose path is too long for a socket, where there is no way round that.
    """
    path = str(folder.absolute() / SOCKET)
    if len(os.fsencode(path)) <= _MAX_PATH:
        yield path
        return
    if not Path("/proc/self/fd").is_dir():
        raise ControlError(f"{path} is too long for a socket: choose a store whose path has less than 85 letters")
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)
