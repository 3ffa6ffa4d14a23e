"""mudbot gives a character in a MUD a mind.  This is all that a plugin imports.

>>> from mudbot import Plugin, trigger
>>> class Hello(Plugin):
...     @trigger(r"^(?P<who>\\w+) has arrived\\.$", cooldown=60, per="who")
...     async def greet(self, who: str) -> None:
...         await self.mud.say(f"Hello, {who}!")
"""

from __future__ import annotations

__version__ = "0.1.0"

from typing import TYPE_CHECKING, Any

from mudbot.errors import ApiError, ConfigError, MudbotError, PluginError, RefusedError
from mudbot.events import Command, Disconnected, Gmcp, Line, LoggedIn, Prompt, Room, Speech
from mudbot.host.marks import Deed, Text, command, every, on, review, trigger
from mudbot.host.plugin import Plugin

if TYPE_CHECKING:
    from mudbot.config import Duration

__all__ = [
    "ApiError",
    "Command",
    "ConfigError",
    "Deed",
    "Disconnected",
    "Duration",
    "Gmcp",
    "Line",
    "LoggedIn",
    "MudbotError",
    "Plugin",
    "PluginError",
    "Prompt",
    "RefusedError",
    "Room",
    "Speech",
    "Text",
    "command",
    "every",
    "on",
    "review",
    "trigger",
]


def __getattr__(name: str) -> Any:
    # Duration comes with pydantic (80 ms): loaded when a plugin with settings asks for it.
    if name == "Duration":
        from mudbot.config import Duration

        return Duration
    raise AttributeError(f"module 'mudbot' has no attribute {name!r}")
