"""What was found.  Values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Check = Literal["configuration", "keys", "bot", "mud", "api", "clock", "disk", "permissions", "model"]
State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: Check
    state: State
    """``error`` where the bot cannot run or do its work, ``warning`` where it can and somebody should look."""
    what: str
    remedy: str = ""
    """What to do about it; empty only where all is well."""

    def as_dict(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)


def ok(check: Check, what: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", what)


def warning(check: Check, what: str, remedy: str) -> Finding:
    """Somebody should look."""
    return Finding(check, "warning", what, remedy)


def error(check: Check, what: str, remedy: str) -> Finding:
    """The bot cannot run, or do its work."""
    return Finding(check, "error", what, remedy)
