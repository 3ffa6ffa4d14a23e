"""The marks that a plugin's methods carry: what calls them, and when.

A mark says everything about a call, so that whoever makes it knows nothing of signatures: ``check`` when the class is
made, ``call`` when the time has come.
"""

from __future__ import annotations

from mudbot.host.arguments import Rest
from mudbot.host.marks.base import marks_of
from mudbot.host.marks.command import NAME, CommandMark, Role, command
from mudbot.host.marks.events import EVENTS, OnMark, ReviewMark, on, review
from mudbot.host.marks.times import AtMark, EveryMark, TaskMark, at, every, scheduled
from mudbot.host.marks.trigger import TriggerMark, TriggerOptions, trigger
from mudbot.host.marks.values import Deed, Text
from mudbot.mind.moderation import Masked

Mark = TriggerMark | CommandMark | OnMark | EveryMark | AtMark | TaskMark | ReviewMark

__all__ = [
    "EVENTS",
    "NAME",
    "AtMark",
    "CommandMark",
    "Deed",
    "EveryMark",
    "Mark",
    "Masked",
    "OnMark",
    "Rest",
    "ReviewMark",
    "Role",
    "TaskMark",
    "Text",
    "TriggerMark",
    "TriggerOptions",
    "at",
    "command",
    "every",
    "marks_of",
    "on",
    "review",
    "scheduled",
    "trigger",
]
