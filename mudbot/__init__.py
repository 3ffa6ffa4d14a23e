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

from mudbot.errors import (
    ApiError,
    BadAnswerError,
    ConfigError,
    HttpError,
    MudbotError,
    NoAnswer,
    PluginError,
    RefusedError,
    StoreError,
    UsageError,
)
from mudbot.events import (
    Arrived,
    Command,
    Connected,
    Disconnected,
    Gmcp,
    Left,
    Line,
    LoggedIn,
    Msdp,
    News,
    Prompt,
    Room,
    Speech,
)
from mudbot.host.cached import cached
from mudbot.host.marks import Deed, Masked, Rest, Text, at, command, every, on, review, scheduled, trigger
from mudbot.host.plugin import Plugin

if TYPE_CHECKING:
    from mudbot.config import Duration, Secret
    from mudbot.host.services.ask import Outcome
    from mudbot.mind.actions import Action
    from mudbot.mind.manners import Channel

__all__ = [
    "Action",
    "ApiError",
    "Arrived",
    "BadAnswerError",
    "Channel",
    "Command",
    "ConfigError",
    "Connected",
    "Deed",
    "Disconnected",
    "Duration",
    "Gmcp",
    "HttpError",
    "Left",
    "Line",
    "LoggedIn",
    "Masked",
    "Msdp",
    "MudbotError",
    "News",
    "NoAnswer",
    "Outcome",
    "Plugin",
    "PluginError",
    "Prompt",
    "RefusedError",
    "Rest",
    "Room",
    "Secret",
    "Speech",
    "StoreError",
    "Text",
    "UsageError",
    "at",
    "cached",
    "command",
    "every",
    "on",
    "review",
    "scheduled",
    "trigger",
]


def __getattr__(name: str) -> Any:
    # These come with pydantic (80 ms): loaded when a plugin with settings asks for them.
    if name in ("Duration", "Secret"):
        from mudbot import config

        return getattr(config, name)
    if name == "Action":
        from mudbot.mind.actions import Action

        return Action
    if name == "Channel":
        from mudbot.mind.manners import Channel

        return Channel
    if name == "Outcome":  # of what self.mud.ask gives; nobody needs it but annotations
        from mudbot.host.services.ask import Outcome

        return Outcome
    raise AttributeError(f"module 'mudbot' has no attribute {name!r}")
