"""The one queue before an account of the API, shared by every caller: who goes next, and when.

A call takes a Turn, waits until it is granted, and releases it.  Who waits is served by priority, and within one by a
round for each player (``line``).  The first of each lane asks every limit that it needs and takes from all of them at
once or from none.  While it waits for one limit, a call of another lane passes only if it needs none of what the first
waits for: a reply may pass a picture that waits for the pictures' limit, and nothing can starve whoever is first.

A limit that several processes share is asked after all of this, and who must wait there comes back to his place.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from mudbot.api.limit.lane import Lane
from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.line import Line, Rounds
from mudbot.api.limit.meter import SLACK, Meter
from mudbot.api.limit.turn import Flow, Turn
from mudbot.api.wire.retry import MAX_RETRIES
from mudbot.clock import Clock, Timer
from mudbot.errors import ApiConnectionError, ApiError, QueueFullError, RateLimitError

if TYPE_CHECKING:
    from mudbot.api.limit.shared import Ask, SharedLimit

_SOON = 1e-6
"""Seconds: a timer waits at least this long, so that rounding cannot make it spin."""

MOST_LANES = 256
"""Lanes that are remembered; a new one beyond them makes idle ones be forgotten."""

BACKGROUND = 2
"""From this priority on a call leaves the last place in flight to whoever is more urgent."""

NOTHING = Cost(0, 0, 0)
KINDS = ("requests", "tokens", "images")


class Scheduler:
    """Grants turns within *limits*; all of one event loop.  *shared* is the limit that other processes use as well."""

    def __init__(self, limits: Limits, clock: Clock, shared: SharedLimit | None = None) -> None:
        self.clock, self.limits = clock, limits
        self._now = clock.now
        self._open = -1 if shared else limits.concurrency
        """So many may be in flight for another one to go without a closer look."""
        self._reserved = BACKGROUND if limits.concurrency > 1 else math.inf
        """The priority from which a call leaves one place free."""
        self._shared = shared
        self._lanes: dict[str, Lane] = {}
        self._lines: dict[Lane, Line] = {}
        """Who waits for each lane."""
        self._rounds = Rounds()
        rates = {} if shared else {kind: getattr(limits, f"{kind}_per_minute") for kind in KINDS}
        meters = {kind: Meter(f"{kind}_per_minute", rate) for kind, rate in rates.items() if rate is not None}
        self._meters = list(meters.items())
        self._requests, self._tokens, self._images = (meters.get(kind) for kind in KINDS)
        self._limited = any(getattr(limits, f"{kind}_per_minute") is not None for kind in KINDS)
        self.running = 0
        """Requests in flight."""
        self.waiting = 0
        """Calls in the queue."""
        self._numbers = 0
        self._timer: Timer | None = None
        self._timer_at = math.inf
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.running}/{self.limits.concurrency} in flight"
        return f"<Scheduler {state}, {self.waiting}/{self.limits.queue} waiting>"

    @property
    def lanes(self) -> Sequence[Lane]:
        """Every lane that is remembered."""
        return tuple(self._lanes.values())

    @property
    def meters(self) -> Sequence[Meter]:
        """The configured limits, where this process keeps them by itself."""
        return [meter for _, meter in self._meters]

    @property
    def alone(self) -> bool:
        """Whether the limit that other processes use as well cannot be reached."""
        return self._shared is not None and self._shared.alone

    def waiting_in(self, lane: Lane) -> int:
        """Calls that wait for *lane*."""
        line = self._lines.get(lane)
        return 0 if line is None else len(line)

    def turn(self, lane: str, cost: Cost, until: float = math.inf, *, flow: Flow = ("", ""), priority: int = 1) -> Turn:
        """A place in the queue of *lane*, the name of one of the server's limits; *until* is the call's deadline."""
        found = self._lanes.get(lane)
        if found is None:
            found = self._open_lane(lane)
        return Turn(self, found, cost, flow, priority, until)

    def try_acquire(self, turn: Turn) -> bool:
        """Grant *turn* where nothing is in its way.  Raises what ``acquire`` raises where it never can be."""
        if self.waiting or self.running >= self._open or turn.priority >= BACKGROUND:
            return False  # acquire looks closer
        lane, cost, now = turn.lane, turn.cost, self._now()
        late = now + SLACK
        requests, tokens = self._requests, self._tokens
        if not lane.quiet or cost.images:
            return self._try_closely(turn, now)
        if requests is not None and requests.paid > late and cost.requests > 0:
            return False
        if tokens is not None and tokens.paid > late and cost.tokens > 0:
            return False
        self._grant(turn, now)
        return True

    def _try_closely(self, turn: Turn, now: float) -> bool:
        lane = turn.lane
        if lane.wave and (failure := self._hopeless(turn)) is not None:
            raise failure
        if lane.wait(turn.cost, now) > 0 or self._meters_of(turn, now):
            return False
        self._grant(turn, now)
        return True

    async def acquire(self, turn: Turn) -> None:
        """Wait for the leave to send; cancelling this leaves no trace.

        Raises QueueFullError when too many wait, RateLimitError when the server's limit is held longer than this call
        may take or has refused too often while it waited, ApiConnectionError when the scheduler is closed.
        """
        while not self.try_acquire(turn):
            if self._closed:
                raise _closed()
            if turn.lane.wave and (failure := self._hopeless(turn)) is not None:
                raise failure
            await self._wait(turn)
            if self._shared is None or await self._ask(turn, self._shared):
                return

    def hold(self, lane: Lane, wave: int, wait: float) -> None:
        """Hold *lane* back after a 429; calls that waited through too many of them in a row fail."""
        lane.refuse(wave, wait, self.clock.now())
        if self._shared is not None:
            self._shared.hold(lane.name, wait)
        for turn in list(self._lines.get(lane, ())):
            failure = self._hopeless(turn)
            if failure is None and turn.mobile:
                failure = RateLimitError(f"{lane.name}: the server takes no calls for {wait:.0f} s (429)", status=429)
            if failure is not None:
                self._answer(turn, failure)
        self.pump()

    def settle(self, turn: Turn, cost: Cost) -> None:
        """See ``Turn.settle``."""
        if self._shared is not None:
            asked, turn.asked = turn.asked, None
            if asked is not None:
                changes = {kind: getattr(cost, kind) - getattr(asked, kind) for kind in KINDS}
                self._shared.settle({kind: change for kind, change in changes.items() if change}, asked)
            return
        before = turn.cost
        if turn.requests_at >= 0 and self._requests is not None and cost.requests != before.requests:
            self._requests.settle((before.requests, turn.requests_at), cost.requests)
        if turn.tokens_at >= 0 and self._tokens is not None:
            self._tokens.settle((before.tokens, turn.tokens_at), cost.tokens)
        if turn.images_at >= 0 and self._images is not None:
            self._images.settle((before.images, turn.images_at), cost.images)
        turn.requests_at = turn.tokens_at = turn.images_at = -1
        if self.waiting:
            self.pump()

    def pump(self) -> None:
        """Grant whatever can be granted now, and wake again when time alone will allow more."""
        wake = math.inf
        while self.waiting and self.running < self.limits.concurrency:
            turn, wake = self._next(self.clock.now())
            if turn is None:
                break
            self._answer(turn, None)
        self._arm(wake if self.waiting and self.running < self.limits.concurrency else math.inf)

    def explain(self, turn: Turn) -> str:
        """What *turn* waits for, in words."""
        now = self.clock.now()
        if self.running >= self._room(turn):
            return f"one of the {self.limits.concurrency} calls in flight to end (api.limits.concurrency)"
        waits = [
            (wait, f"api.limits.{meter.name} ({meter.per_minute:g})") for wait, meter in self._meters_of(turn, now)
        ]
        if (wait := turn.lane.wait(turn.cost, now)) > 0:
            waits.append((wait, turn.lane.why(turn.cost, now)))
        return max(waits)[1] if waits else "the calls before it"

    def pictures_before(self, flow: Flow) -> int | None:
        """How many pictures go before the first that *flow* waits for; None where none of its waits.

        It is as things stand: one that is more urgent, or of somebody who waits for less, still goes before.
        """
        places: list[tuple[int, float, int, Flow]] = []
        for line in self._lines.values():
            behind: dict[tuple[int, Flow], float] = {}
            for turn in sorted((turn for turn in line if turn.cost.images > 0), key=lambda turn: turn.number):
                own = (turn.priority, turn.flow)
                # One that stands behind another of its flow has its round once it is the first: the next one, then.
                behind[own] = behind.get(own, 0.0) + 1.0 if turn.key is None else turn.key[1]
                places.append((turn.priority, behind[own], turn.number, turn.flow))
        places.sort()
        return next((before for before, place in enumerate(places) if place[3] == flow), None)

    def held(self, lane: str) -> float:
        """Seconds for which the server's refusal (429) keeps *lane* closed; 0 if it is open."""
        found = self._lanes.get(lane)
        return 0.0 if found is None else max(0.0, found.held_until - self.clock.now())

    async def close(self) -> None:
        """Fail what waits and take nothing more."""
        self._closed, self._open = True, -1
        for line in self._lines.values():
            for turn in list(line):
                self._answer(turn, _closed())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shared is not None:
            await self._shared.close()

    # -- deciding --------------------------------------------------------------------------------------------------

    def _room(self, turn: Turn) -> int:
        """How many may be in flight for *turn* to join them, itself included."""
        return self.limits.concurrency - (turn.priority >= self._reserved)

    def _next(self, now: float) -> tuple[Turn | None, float]:
        """The first call that may go, or None and the seconds until time allows one."""
        heads = [head for line in self._lines.values() if line and (head := line.head()) is not None]
        if len(heads) > 1:
            heads.sort(key=_key)
        blocked: set[str] = set()
        wake = math.inf
        for turn in heads:
            if self.running >= self._room(turn) or not blocked.isdisjoint(self._needs(turn)):
                continue
            waits = [(wait, meter.name) for wait, meter in self._meters_of(turn, now)]
            if (wait := turn.lane.wait(turn.cost, now)) > 0:
                waits.append((wait, ""))
            if not waits:
                return turn, 0.0
            blocked.update(name for _, name in waits)
            wake = min(wake, *(wait for wait, _ in waits))  # the first change: it may free a later call, not this one
        return None, wake

    def _needs(self, turn: Turn) -> list[str]:
        return [meter.name for kind, meter in self._meters if getattr(turn.cost, kind) > 0]

    def _meters_of(self, turn: Turn, now: float) -> Sequence[tuple[float, Meter]]:
        """The meters that *turn* would have to wait for, and how long."""
        return [
            (wait, meter)
            for kind, meter in self._meters
            if getattr(turn.cost, kind) > 0 and (wait := meter.wait(now)) > 0
        ]

    def _hopeless(self, turn: Turn) -> RateLimitError | None:
        lane = turn.lane
        if min(lane.row, lane.wave - turn.born) > MAX_RETRIES:
            return RateLimitError(
                f"{lane.name}: the server refused {lane.row} calls in a row (429) while this one waited -- set "
                "api.limits to what the account allows, or call less often",
                status=429,
            )
        hold = lane.held_until - self.clock.now()
        if hold > 0 and lane.held_until > turn.until:
            return RateLimitError(
                f"{lane.name}: the server takes no calls for another {hold:.0f} s (429), longer than this call may "
                "take -- call again later, or give it a longer deadline",
                status=429,
            )
        return None

    # -- doing -----------------------------------------------------------------------------------------------------

    def _open_lane(self, name: str) -> Lane:
        if len(self._lanes) >= MOST_LANES:
            now = self.clock.now()
            self._lanes = {
                key: lane for key, lane in self._lanes.items() if self._lines.get(lane) or not lane.idle(now)
            }
            kept = set(self._lanes.values())
            self._lines = {lane: line for lane, line in self._lines.items() if line or lane in kept}
        lane = self._lanes[name] = Lane(name, self.limits.concurrency, cold=not self._limited)
        self._lines[lane] = Line(self._rounds)
        return lane

    def _grant(self, turn: Turn, now: float) -> None:
        turn.started = turn.held = True
        self.running += 1
        if self._meters:
            # Meter.take, written out: this is what every call pays.
            cost = turn.cost
            if (meter := self._requests) is not None and cost.requests > 0:
                if meter.paid <= now:
                    meter.paid = now + SLACK
                    meter.period += 1
                meter.paid += cost.requests * meter.each
                turn.requests_at = meter.period
            if (meter := self._tokens) is not None and cost.tokens > 0:
                if meter.paid <= now:
                    meter.paid = now + SLACK
                    meter.period += 1
                meter.paid += cost.tokens * meter.each
                turn.tokens_at = meter.period
            if (meter := self._images) is not None and cost.images > 0:
                turn.images_at = meter.take(cost.images, now)[1]
        lane = turn.lane
        if lane.quiet:
            lane.running += 1
            turn.wave = lane.wave
        else:
            turn.wave = lane.enter(turn.cost, now)

    async def _wait(self, turn: Turn) -> None:
        turn.granted = granted = asyncio.get_running_loop().create_future()
        if not turn.number:
            self._numbers += 1
            turn.number = self._numbers
        # A call that pauses between attempts is in no line, and its lane may have been forgotten meanwhile.
        self._lines.setdefault(turn.lane, Line(self._rounds)).add(turn)
        self.waiting += 1
        self.pump()
        if self.waiting > self.limits.queue and not turn.started:  # it was not granted at once, and there is no room
            self._make_room()
        try:
            await granted
        except asyncio.CancelledError:
            if self._leave_queue(turn):
                turn.waits_for = self.explain(turn)
                self.pump()
            elif turn.held:  # granted and cancelled in one turn of the loop: all of it goes back
                turn.settle(NOTHING)
                turn.release()
            raise

    async def _ask(self, turn: Turn, shared: SharedLimit) -> bool:
        """Whether the shared limit has room as well; if not, *turn* is without leave again, and its lane waits."""
        from mudbot.api.limit.shared import Ask

        cost = turn.cost
        ask = Ask(turn.lane.name, cost.requests, cost.tokens, cost.images)
        answer = asyncio.ensure_future(shared.take([ask]))
        try:
            wait = (await asyncio.shield(answer))[0]
        except asyncio.CancelledError:
            answer.add_done_callback(partial(self._give_back, turn, ask))
            turn.release()
            raise
        if wait <= 0:
            turn.asked = ask
            return True
        turn.lane.hold_off(self.clock.now() + wait)
        turn.release()
        return False

    def _give_back(self, turn: Turn, ask: Ask, answer: asyncio.Future[list[float]]) -> None:
        """Whoever asked is gone: what he was granted goes back."""
        if not answer.cancelled() and answer.exception() is None and answer.result()[0] <= 0:
            turn.asked = ask
            self.settle(turn, NOTHING)

    def _make_room(self) -> None:
        """More wait than may: the newest of the least urgent calls goes, of whoever has most of those."""
        waiting = [turn for line in self._lines.values() for turn in line if not turn.started]
        counts: dict[tuple[int, Flow], int] = {}
        for turn in waiting:
            who = (turn.priority, turn.flow)
            counts[who] = counts.get(who, 0) + 1
        worst = max(waiting, key=lambda turn: (turn.priority, counts[turn.priority, turn.flow], turn.number))
        self._answer(
            worst,
            QueueFullError(
                f"{self.waiting - 1} calls wait for the API already: this one is not queued -- call less often, or "
                "raise api.limits.queue if they may wait longer"
            ),
        )

    def _answer(self, turn: Turn, failure: ApiError | None) -> None:
        """Take *turn* from the queue and grant it, or fail it."""
        granted = turn.granted
        served = failure is None and granted is not None and not granted.done()
        if not self._leave_queue(turn, served=served) or granted is None or granted.done():
            return  # its caller was cancelled and will only wake in the loop's next turn
        if failure is None:
            self._grant(turn, self.clock.now())
            granted.set_result(None)
        else:
            granted.set_exception(failure)

    def _leave_queue(self, turn: Turn, *, served: bool = False) -> bool:
        """Whether it stood there."""
        if turn.granted is None:
            return False
        turn.granted = None
        self._lines[turn.lane].gone(turn, served=served)
        self.waiting -= 1
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
            self._timer = self.clock.call_later(max(wake, _SOON), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.pump()


def _key(turn: Turn) -> tuple[int, float, int]:
    assert turn.key is not None
    return turn.key


def _closed() -> ApiConnectionError:
    return ApiConnectionError("the Api is closed and takes no more calls: open a new one")
