"""What marked methods are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mudbot.events import Speech


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a reviewer judges: what somebody asked (``player``) or what a model answered (``model``)."""

    words: str
    source: Literal["player", "model"]
    speaker: str | None = None
    """Who spoke, or who is answered."""
    speech: Speech | None = None
    """What that one said last, where anything was heard: by it somebody can be answered, wherever they are."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a trigger of the configuration is to do now, groups filled in.  The commands are safe to send."""

    trigger: str
    """Its name."""
    commands: tuple[str, ...] = ()
    reply: str | None = None
    prompt: str | None = None
    """To ask the model."""
    speech: Speech | None = None
    """What it was found in, where that is somebody's speech."""
