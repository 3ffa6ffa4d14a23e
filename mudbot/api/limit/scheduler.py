"""One queue before the API, shared by every caller: who goes next, and when.

A call takes a Ticket, waits for its Lease, and gives the lease back.  The head of the queue asks every limit that it
needs and takes from all of them at once or from none.  While it waits for one limit, a later call passes only if it
needs none of what the head waits for: a reply may pass a picture that waits for the pictures' limit, and nothing can
starve the head.

Seams.  ``Order`` decides the order of service (here first come, first served): priorities and a fair turn for each
player are another Order.  A limit shared between processes asks after the local lease and, if it must wait, comes back
with the same ticket, which keeps its place.
"""

from __future__ import annotations

import asyncio
import bisect
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

from mudbot.api.limit.lane import Lane
from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.meter import Meter, Taken
from mudbot.api.wire.retry import MAX_RETRIES
from mudbot.clock import Clock
from mudbot.errors import ApiConnectionError, ApiError, QueueFullError, RateLimitError

_SOON = 1e-6
"""Seconds: a timer sleeps at least this long, so that rounding cannot make it spin."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A call's place in the queue, kept over its attempts."""

    number: int
    lane: Lane
    cost: Cost
    until: float
    """The call's deadline on the Clock: a hold that ends later refuses it at once."""
    born: int
    """The lane's wave when it came."""
    waits_for: str = ""
    """What it waits for, in words."""
    started: bool = False
    """It was sent before: it may come back for another attempt, however full the queue is then."""
    granted: asyncio.Future[Lease] | None = field(default=None, repr=False)


class Order(Protocol):
    """The waiting tickets, iterated in the order in which they should be served."""

    def add(self, ticket: Ticket) -> None:
        """Let *ticket* wait; one that comes back from a failed attempt keeps its number."""

    def remove(self, ticket: Ticket) -> None:
        """It waits no longer."""

    def __iter__(self) -> Iterator[Ticket]: ...

    def __len__(self) -> int: ...


class Fifo:
    """First come, first served."""

    def __init__(self) -> None:
        self._tickets: list[Ticket] = []

    def add(self, ticket: Ticket) -> None:
        bisect.insort(self._tickets, ticket, key=attrgetter("number"))

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self._tickets)

    def __len__(self) -> int:
        return len(self._tickets)


class Lease:
    """Leave to send one request.  ``release`` it in the end, whatever happened; twice does no harm."""

    __slots__ = ("_held", "_scheduler", "_taken", "_ticket", "_wave")

    def __init__(self, scheduler: Scheduler, ticket: Ticket, wave: int, taken: list[tuple[Meter, str, Taken]]) -> None:
        self._scheduler, self._ticket, self._wave, self._taken = scheduler, ticket, wave, taken
        self._held = True

    def accepted(self, headers: Mapping[str, str]) -> None:
        """The server took the request; *headers* (lower case) may tell its limits."""
        self._ticket.lane.accept(self._wave, headers, self._scheduler.clock.now())
        self._scheduler.pump()

    def refused(self, wait: float) -> None:
        """The server's limit is reached (429): everything that shares it waits *wait* seconds."""
        self._scheduler.hold(self._ticket.lane, self._wave, wait)

    def settle(self, cost: Cost) -> None:
        """Correct the estimate by what the call really took."""
        for meter, kind, taken in self._taken:
            meter.settle(taken, getattr(cost, kind))
        self._taken = []
        self._scheduler.pump()

    def release(self) -> None:
        """Give the place in flight to the next call."""
        if self._held:
            self._held = False
            self._scheduler.leave(self._ticket.lane, self._wave)


class Scheduler:
    """Hands out leases within *limits*; all of one event loop."""

    def __init__(self, limits: Limits, clock: Clock, order: Order | None = None) -> None:
        self.clock = clock
        self._limits = limits
        self._order: Order = Fifo() if order is None else order
        self._lanes: dict[str, Lane] = {}
        rates = {kind: getattr(limits, f"{kind}_per_minute") for kind in ("requests", "tokens", "images")}
        self._meters = {kind: Meter(f"{kind}_per_minute", rate) for kind, rate in rates.items() if rate is not None}
        self._running = 0
        self._numbers = 0
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = math.inf
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self._running}/{self._limits.concurrency} in flight"
        return f"<Scheduler {state}, {len(self._order)}/{self._limits.queue} waiting>"

    @property
    def running(self) -> int:
        """Requests in flight."""
        return self._running

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return len(self._order)

    def ticket(self, lane: str, cost: Cost, until: float) -> Ticket:
        """A place in the queue of *lane*, the name of one of the server's limits; *until* is the call's deadline."""
        if lane not in self._lanes:
            self._lanes[lane] = Lane(lane, self._limits.concurrency, cold=not self._meters)
        self._numbers += 1
        return Ticket(self._numbers, self._lanes[lane], cost, until, self._lanes[lane].wave)

    async def acquire(self, ticket: Ticket) -> Lease:
        """Wait for the leave to send; cancelling this leaves no trace.

        Raises QueueFullError when too many wait, RateLimitError when the server's limit is held longer than this call
        may take or has refused too often while it waited, ApiConnectionError when the scheduler is closed.
        """
        if self._closed:
            raise _closed()
        if (failure := self._hopeless(ticket)) is not None:
            raise failure
        if not len(self._order) and self._grantable(ticket, self.clock.now()):
            return self._grant(ticket)
        if not ticket.started and len(self._order) >= self._limits.queue:
            raise QueueFullError(
                f"{len(self._order)} calls wait for the API already: this one was not queued -- call less often, or "
                "raise api.limits.queue if they may wait longer"
            )
        return await self._wait(ticket)

    def hold(self, lane: Lane, wave: int, wait: float) -> None:
        """Hold *lane* back after a 429; calls that waited through too many of them in a row fail."""
        lane.refuse(wave, wait, self.clock.now())
        for ticket in [ticket for ticket in self._order if ticket.lane is lane]:
            if (failure := self._hopeless(ticket)) is not None:
                self._answer(ticket, failure)
        self.pump()

    def leave(self, lane: Lane, wave: int) -> None:
        """A lease ended."""
        self._running -= 1
        lane.leave(wave)
        self.pump()

    def pump(self) -> None:
        """Grant whatever can be granted now, and wake again when time alone will allow more."""
        wake = math.inf
        if self._timer is None and not len(self._order):
            return
        while len(self._order) and self._running < self._limits.concurrency:
            ticket, wake = self._next(self.clock.now())
            if ticket is None:
                break
            self._answer(ticket, None)
        self._arm(wake if len(self._order) and self._running < self._limits.concurrency else math.inf)

    def explain(self, ticket: Ticket) -> str:
        """What *ticket* waits for, in words."""
        if self._running >= self._limits.concurrency:
            return f"one of the {self._limits.concurrency} calls in flight to end (api.limits.concurrency)"
        obstacles = self._obstacles(ticket, self.clock.now())
        return max(obstacles)[1] if obstacles else "the calls before it"

    async def close(self) -> None:
        """Fail what waits and take nothing more."""
        self._closed = True
        for ticket in list(self._order):
            self._answer(ticket, _closed())
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.wait([self._timer])

    # -- deciding --------------------------------------------------------------------------------------------------

    def _next(self, now: float) -> tuple[Ticket | None, float]:
        """The first ticket that may go, or None and the seconds until time allows one."""
        blocked: set[str] = set()
        wake = math.inf
        for ticket in self._order:
            if not blocked.isdisjoint(self._needs(ticket)):
                continue
            obstacles = self._obstacles(ticket, now)
            if not obstacles:
                return ticket, 0.0
            blocked.update(what for _, _, what in obstacles)
            wake = min(wake, min(obstacles)[0])  # the first change: it may free a later call though not this one
        return None, wake

    def _needs(self, ticket: Ticket) -> list[str]:
        return [ticket.lane.name, *(kind for kind in self._meters if getattr(ticket.cost, kind) > 0)]

    def _obstacles(self, ticket: Ticket, now: float) -> list[tuple[float, str, str]]:
        """Seconds, words and name of each limit that *ticket* would have to wait for."""
        wait, why = ticket.lane.wait(ticket.cost, now)
        found = [(wait, why, ticket.lane.name)] if wait > 0 else []
        for kind, meter in self._meters.items():
            if getattr(ticket.cost, kind) > 0 and (wait := meter.wait(now)) > 0:
                found.append((wait, f"api.limits.{meter.name} ({meter.per_minute:g})", kind))
        return found

    def _grantable(self, ticket: Ticket, now: float) -> bool:
        return self._running < self._limits.concurrency and not self._obstacles(ticket, now)

    def _hopeless(self, ticket: Ticket) -> RateLimitError | None:
        lane = ticket.lane
        if not lane.wave:
            return None
        if min(lane.row, lane.wave - ticket.born) > MAX_RETRIES:
            return RateLimitError(
                f"{lane.name}: the server refused {lane.row} calls in a row (429) while this one waited -- set "
                "api.limits to what the account allows, or call less often",
                status=429,
            )
        hold = lane.held_until - self.clock.now()
        if hold > 0 and lane.held_until > ticket.until:
            return RateLimitError(
                f"{lane.name}: the server takes no calls for another {hold:.0f} s (429), longer than this call may "
                "take -- call again later, or give it a longer deadline",
                status=429,
            )
        return None

    # -- doing -----------------------------------------------------------------------------------------------------

    def _grant(self, ticket: Ticket) -> Lease:
        now = self.clock.now()
        ticket.started = True
        self._running += 1
        taken = [
            (meter, kind, meter.take(getattr(ticket.cost, kind), now))
            for kind, meter in self._meters.items()
            if getattr(ticket.cost, kind) > 0
        ]
        return Lease(self, ticket, ticket.lane.enter(ticket.cost, now), taken)

    async def _wait(self, ticket: Ticket) -> Lease:
        granted: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        ticket.granted = granted
        self._order.add(ticket)
        self.pump()
        try:
            return await granted
        except asyncio.CancelledError:
            if self._leave_queue(ticket):
                ticket.waits_for = self.explain(ticket)
                self.pump()
            elif not granted.cancelled() and granted.exception() is None:
                # Granted and cancelled in one turn of the loop: all of it goes back.
                lease = granted.result()
                lease.settle(Cost(0, 0, 0))
                lease.release()
            raise

    def _answer(self, ticket: Ticket, failure: ApiError | None) -> None:
        """Take *ticket* from the queue and grant it, or fail it."""
        granted = ticket.granted
        self._leave_queue(ticket)
        if granted is None or granted.done():
            return  # its caller was cancelled and will only wake in the loop's next turn
        if failure is None:
            granted.set_result(self._grant(ticket))
        else:
            granted.set_exception(failure)

    def _leave_queue(self, ticket: Ticket) -> bool:
        """Whether it stood there."""
        if ticket.granted is None:
            return False
        self._order.remove(ticket)
        ticket.granted = None
        return True

    def _arm(self, wake: float) -> None:
        """Have the timer ring in *wake* seconds or sooner (an early ring only looks again); inf for not at all."""
        at = self.clock.now() + wake
        if self._timer is not None:
            if math.isfinite(at) and at >= self._timer_at - _SOON:
                return
            self._timer.cancel()
            self._timer = None
        if math.isfinite(at):
            self._timer_at = at
            self._timer = asyncio.get_running_loop().create_task(self._ring(max(wake, _SOON)))

    async def _ring(self, wait: float) -> None:
        await self.clock.sleep(wait)
        self._timer = None
        self.pump()


def _closed() -> ApiConnectionError:
    return ApiConnectionError("the Api is closed and takes no more calls: open a new one")
