"""How much of the house one client may take."""

from __future__ import annotations

from dataclasses import dataclass

from mudbot.local.tavern.manners import Manners
from mudbot.local.tavern.wire import Allowance


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the house one client may take."""

    links: int = 256
    """Connections at once; when all are taken, whoever has been at the login longest makes room."""
    line: int = 4096
    """Bytes of a typed line; the rest of it is dropped.  A family's own limit comes before it."""
    unread: int = 256 * 1024
    """Bytes that wait for a client that does not read; with more, it is dropped."""
    stall: float = 30.0
    """Seconds for which a client may leave what waits for it unread."""
    burst: float = 200.0
    """Commands at once."""
    rate: float = 100.0
    """Commands a second, when the burst is spent: more are held back, none is lost."""
    idle: float | None = None
    """Seconds without a command after which a player is thrown out; None: as the family does."""


def allowance(manners: Manners, limits: Limits, now: float) -> Allowance:
    """How fast one link's commands are taken: the house's bound, or a family's quota, which holds back as well."""
    quota = next((rule for rule in manners.flood if rule.then == "hold"), None)
    if quota is None:
        return Allowance(limits.burst, limits.rate, now)
    return Allowance(min(limits.burst, quota.over), min(limits.rate, 1 / quota.seconds), now)
