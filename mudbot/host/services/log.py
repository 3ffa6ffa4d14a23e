"""A plugin's log (``self.log``): each entry is one line that begins with the plugin's name."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

MAX_ENTRY = 10_000
"""Characters of one entry: a page that was fetched must not fill the disk."""


TOLD = 20
"""Failures of a plugin that are logged within a minute: who finds a mistake must not fill the disk by it."""

log = logging.getLogger(__name__)


class Told:
    """Counts what is logged of a plugin's failures."""

    def __init__(self, plugin: str) -> None:
        self._plugin, self._count, self._since = plugin, 0, -math.inf

    def __repr__(self) -> str:
        return f"<Told {self._count} of {self._plugin}>"

    def may(self, now: float) -> bool:
        """Whether one more may be, at the time *now* in seconds; how many might not is told when a minute is over."""
        if now - self._since >= 60:
            if self._count > TOLD:
                log.warning("plugin %s: %d failures more were not logged", self._plugin, self._count - TOLD)
            self._count, self._since = 0, now
        self._count += 1
        return self._count <= TOLD


class PluginLog(logging.LoggerAdapter[logging.Logger]):
    """Like any logger: ``self.log.info("%s has %d coins", who, coins)``.

    What a player said cannot begin a line of its own, and so cannot look like an entry; where the values do not fit
    the message, both are shown, and nothing fails.
    """

    def __init__(self, plugin: str, session: str = "") -> None:
        """*session* is named where there are several."""
        super().__init__(logging.getLogger(f"mudbot.plugins.{plugin}"), {})
        self._begin = f"{plugin}@{session}: " if session else f"{plugin}: "
        self._about = {"plugin": plugin, "session": session} if session else {"plugin": plugin}

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write an entry of any level."""
        if self.isEnabledFor(level):
            kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
            kwargs["extra"] = {**(kwargs.get("extra") or {}), **self._about}  # fields, where logs have them
            self.logger.log(level, "%s%s", self._begin, _one_line(_filled(msg, args)), **kwargs)


def _filled(msg: object, args: tuple[object, ...]) -> str:
    """What ``logging`` makes of a message and its values."""
    text = str(msg)
    if not args:
        return text
    values: Any = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
    try:
        return str(text % values)
    except (TypeError, ValueError, KeyError):
        return f"{text} {args!r}"


def _one_line(text: str) -> str:
    text = text if len(text) <= MAX_ENTRY else f"{text[:MAX_ENTRY]}… ({len(text):,} characters)"
    return "\\n".join(text.replace("\r\n", "\n").split("\n"))
