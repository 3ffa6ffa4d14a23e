"""Calls of a plugin's methods, and what players are told where a command comes to nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mudbot.errors import ApiError, HttpError, RefusedError, UsageError

if TYPE_CHECKING:
    from mudbot.events import Command, Line, Prompt, Speech
    from mudbot.host.marks import CommandMark, OnMark, TriggerMark
    from mudbot.host.plugin import Plugin

log = logging.getLogger(__name__)

AWAY = {
    "en": "I cannot find that out just now. Ask me again in a while.",
    "zh": "这会儿打听不到，过一阵再问我吧。",
}
"""The answer to a command whose plugin did not get what it asked a server for, and does not say so itself."""
UNFIT = {"en": "That is nothing for this house.", "zh": "这样的话，小店说不得。"}
"""The same where it was refused."""
TOO_SOON = {"en": "Not so fast: {name} again in {seconds} s.", "zh": "慢些来：{name} 再等 {seconds} 秒。"}


async def hear(mark: OnMark, name: str, event: object, plugin: Plugin) -> None:
    """Tell *plugin* of *event* by its method *name*."""
    await mark.call(getattr(plugin, name), event)


async def fire(
    mark: TriggerMark,
    name: str,
    groups: Mapping[str, str],
    event: Line | Prompt | None,
    speech: Speech | None,
    plugin: Plugin,
) -> None:
    """A trigger fired: call the method *name* of *plugin* with what was found."""
    await mark.call(getattr(plugin, name), groups, event, speech)


async def obey(mark: CommandMark, name: str, command: Command, plugin: Plugin) -> bool:
    """Have *plugin* carry out *command* by its method *name*; False where the words do not fit."""
    try:
        await mark.call(getattr(plugin, name), command)
    except UsageError as exc:  # no failure of the plugin's
        await plugin.mud.reply(command, str(exc))
        return False
    except RefusedError:
        await plugin.mud.reply(command, UNFIT[plugin.language])
    except (ApiError, HttpError) as exc:  # nor is that a server is away, or a budget used up
        log.warning("plugin %s gave up in %s: %s", plugin.name, name, exc)
        await plugin.mud.reply(command, AWAY[plugin.language])
    return True
