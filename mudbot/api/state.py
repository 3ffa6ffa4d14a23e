"""How an Api is at one moment: what runs and waits, what the limits leave, who is left alone.  Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mudbot.api.limit.scheduler import Scheduler
    from mudbot.api.ways import Way


@dataclass(frozen=True, slots=True)
class Left:
    """What one limit leaves."""

    name: str
    """The option that sets it (``requests_per_minute``), or what the server calls it (``requests``)."""
    limit: float
    left: float
    """Never below 0, never above ``limit``."""
    lane: str = ""
    """For a limit that the server tells: of which endpoint and model."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The calls of one endpoint and model."""

    name: str
    running: int
    waiting: int
    held: float
    """Seconds for which the server's refusal (429) keeps it closed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An endpoint that failed lately."""

    endpoint: str
    failures: int
    """In a row."""
    open: bool
    """Whether it is left alone."""
    wait: float
    """Seconds until a call may go there."""


@dataclass(frozen=True, slots=True)
class Account:
    """One server and organisation, with the queue before it."""

    server: str
    """Its base_url without user, password and query."""
    organization: str
    running: int
    concurrency: int
    """What ``running`` may be at most."""
    waiting: int
    queue: int
    """What ``waiting`` may be at most."""
    alone: bool
    """Whether other processes share its limits and the place where they do cannot be reached."""
    limits: Sequence[Left]
    told: Sequence[Left]
    """What the server itself says."""
    lanes: Sequence[Lane]
    broken: Sequence[Broken]


def account(way: Way, scheduler: Scheduler, now: float) -> Account:
    """How *way* and the queue before it are at the time *now* of its clock."""
    target, limits = way.target, scheduler.limits
    lanes = scheduler.lanes
    return Account(
        target.shown,
        target.organization or "",
        scheduler.running,
        limits.concurrency,
        scheduler.waiting,
        limits.queue,
        scheduler.alone,
        [Left(meter.name, meter.per_minute, meter.left(now)) for meter in scheduler.meters],
        [Left(kind, most, left, lane.name) for lane in lanes for kind, most, left in lane.told(now)],
        [Lane(lane.name, lane.running, scheduler.waiting_in(lane), max(0.0, lane.held_until - now)) for lane in lanes],
        [Broken(name, each.failures, each.open, each.wait(now)) for name, each in way.breakers.items()],
    )
