"""What tests of plugins need: the fixtures ``bot``, ``tavern`` and ``evennia``, and what they are made of.

``pip install mudbot[test]`` brings pytest, which finds the fixtures by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mudbot.testing.clock import FakeClock

if TYPE_CHECKING:
    from mudbot.testing.bot import Bot
    from mudbot.testing.live import Live
    from mudbot.testing.script import Asked, NotScriptedError, Script
    from mudbot.testing.stage import Options
    from mudbot.testing.web import Fetched, Web

__all__ = ["Asked", "Bot", "FakeClock", "Fetched", "Live", "NotScriptedError", "Options", "Script", "Web"]

_PLACES = {
    "Asked": "script",
    "Bot": "bot",
    "Fetched": "web",
    "Live": "live",
    "NotScriptedError": "script",
    "Options": "stage",
    "Script": "script",
    "Web": "web",
}


def __getattr__(name: str) -> Any:
    # They bring all of the bot with them: loaded when a test uses one.
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(f"mudbot.testing.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'mudbot.testing' has no attribute {name!r}")
