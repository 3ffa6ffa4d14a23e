"""One call's place in the queue, and then its leave to send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from mudbot.api.limit.limits import Cost
from mudbot.clock import Clock

if TYPE_CHECKING:
    from mudbot.api.limit.lane import Lane
    from mudbot.api.limit.shared import Ask

Flow = tuple[str, str]
"""Whose turn it is: session and player, or who else asks."""


class Queue(Protocol):
    """What a turn needs of the scheduler that made it."""

    clock: Clock
    running: int
    waiting: int

    def pump(self) -> None:
        """Grant whatever can be granted now."""

    def hold(self, lane: Lane, wave: int, wait: float) -> None:
        """Hold *lane* back after a 429."""

    def settle(self, turn: Turn, cost: Cost) -> None:
        """Correct what *turn* took."""


class Turn:
    """Made by ``Scheduler.turn``, granted by ``Scheduler.acquire``, over at ``release``.

    A call keeps it over its attempts: who comes back after a refusal comes back to the same place.
    """

    # One is made for every call: what most of them never change is an attribute of the class.
    number = 0
    key: tuple[int, float, int] | None = None
    """Its place: given when it first waits, and kept."""
    granted: asyncio.Future[None] | None = None
    """While it waits."""
    requests_at = tokens_at = images_at = -1
    """The busy period of each meter in which it took from it; -1 where it did not, or has settled."""
    asked: Ask | None = None
    """What it was granted of the limit that other processes use as well."""
    held = False
    """Whether it has leave to send."""
    started = False
    """It was sent before: it may come back for another attempt, however full the queue is then."""
    mobile = False
    """It can go elsewhere: rather than wait for a limit that is held, it fails with RateLimitError."""
    waits_for = ""
    """What it waits for, or waited for when it was given up, in words."""

    def __init__(self, scheduler: Queue, lane: Lane, cost: Cost, flow: Flow, priority: int, until: float) -> None:
        self.scheduler, self.lane, self.cost = scheduler, lane, cost
        self.flow, self.priority, self.until = flow, priority, until
        self.born = self.wave = lane.wave
        self.requests_at = self.tokens_at = -1

    def __repr__(self) -> str:
        state = "held" if self.held else "waiting" if self.granted is not None else "idle"
        return f"<Turn {self.number} in {self.lane.name}: {state}>"

    def accepted(self, headers: Mapping[str, str]) -> None:
        """The server took the request; *headers* (lower case) may tell its limits."""
        scheduler = self.scheduler
        self.lane.accept(self.wave, headers, scheduler.clock)
        if scheduler.waiting:
            scheduler.pump()

    def refused(self, wait: float) -> None:
        """The server's limit is reached (429): everything that shares it waits *wait* seconds."""
        self.scheduler.hold(self.lane, self.wave, wait)

    def settle(self, cost: Cost) -> None:
        """Correct the estimate by what the call really took."""
        self.scheduler.settle(self, cost)

    def release(self) -> None:
        """Give the place in flight to the next call; twice does no harm."""
        if self.held:
            self.held = False
            scheduler = self.scheduler
            scheduler.running -= 1
            lane = self.lane
            if lane.quiet:
                lane.running -= 1
            else:
                lane.leave(self.wave)
            if scheduler.waiting:
                scheduler.pump()
