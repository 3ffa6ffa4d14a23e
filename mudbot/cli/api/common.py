"""What every action can be told."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Common:
    """What every action can be told.  Its repr does not show the key."""

    machine: bool = False
    """Print JSON."""
    stream: bool = False
    output: str | None = None
    """The file or folder for what comes back; None is standard output."""
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    organization: str | None = None
    embedded: bool = False
    config: Path | None = None
    deadline: float | None = None
    """Seconds for the whole call."""

    def over(self, earlier: Common) -> Common:
        """These options; what they leave open is as *earlier*, which stood before the action's name."""
        return Common(**{one.name: getattr(self, one.name) or getattr(earlier, one.name) for one in fields(self)})
