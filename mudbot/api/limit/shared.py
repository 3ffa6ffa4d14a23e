"""One limit for several processes of one account, kept in Redis.

Theory.  A meter is one moment, ``paid`` (see ``meter``), and a call takes time of it: cost / rate.  So all that Redis
keeps is a time axis for each of requests, tokens and images, and one script moves all three for a call, or none.
Redis' own clock is the only one: a process whose clock is wrong changes nothing.  Processes that are configured with
different rates share the axis, and each call takes the time that its own process says: alone each has its own rate,
together never more than the highest.

What was not used is given back as ``Meter`` does, only while the busy period goes on in which it was taken.  A grant
therefore carries the moment of its taking (``Ask.receipt``), and Redis knows when the running period began.

The round trip is what costs, so everything that wants to go while one script runs goes with the next, in order.

Without Redis each process keeps a fraction of the limits by itself.  No call ever fails or hangs because of Redis.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mudbot.api.limit.limits import Limits
from mudbot.api.limit.meter import LONGEST_DEBT, SLACK, Meter, Taken
from mudbot.clock import Clock
from mudbot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds that a call may be kept by Redis.  Nearby it answers in a thousandth of that."""

AGAIN = 2.0
"""Seconds between two looks whether Redis is back."""

KEEP = 600.0
"""Seconds for which an account's key outlives its last debt: ten times what a late correction may charge."""

LONGEST_HOLD = 3600.0
"""Seconds.  No server's 429 asks for more than a quarter of it; a mistake must not close a lane for a day."""

MOST = 256
"""Asks in one script, if not one ``take`` brings more: half a millisecond of Redis' time, which it gives to nobody
else meanwhile."""

KINDS = ("requests", "tokens", "images")
SCRIPT = Path(__file__).with_name("shared.lua").read_text(encoding="utf-8")
_OPTION = "api.limits.shared"
_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class Ask:
    """A call that wants to go: in which lane, and what it takes."""

    lane: str
    requests: float = 1.0
    tokens: float = 0.0
    images: float = 0.0
    receipt: Receipt | None = field(default=None, init=False, repr=False)
    """Set when it was granted: when (microseconds since 1970 by Redis' clock), or what it took of this process' own
    meters.  ``settle`` needs it to know what may be given back."""


Receipt = int | list[tuple[str, Meter, Taken]]


class SharedLimit(Protocol):
    """A limit that other processes take from as well."""

    @property
    def alone(self) -> bool:
        """Whether this process keeps its part of the limits by itself, for want of the others."""

    async def take(self, asks: Sequence[Ask]) -> list[float]:
        """Seconds that each of *asks*, given in order of service, has to wait; 0.0 is granted, and taken.

        After the first of a lane that must wait the lane's others get its wait: nobody passes it there, while another
        lane may.  Never raises, and answers within ``PATIENCE``; cancelled, it has taken nothing.
        """

    def settle(self, changes: Mapping[str, float], ask: Ask | None = None) -> None:
        """Correct what *ask* took, by kind; below 0 gives back.

        Without the *ask*, what is given back counts for the period that runs now, even if it was taken in another.
        """

    def hold(self, lane: str, seconds: float) -> None:
        """The server refused (429): nobody, in any process, sends in *lane* for *seconds*."""

    async def close(self) -> None:
        """Send what is left to send, and hang up."""


class GoneError(Exception):
    """Redis cannot be used: why, and what to do about it.  A signal inside this module."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


class RedisLimit:
    """The SharedLimit at the Redis of *url* (``redis://``, ``rediss://``, ``unix://``).

    *account* says whose limit it is (base_url and organisation; only a hash of it is sent), *alone* which part of
    *limits* this process keeps by itself while Redis is gone: 1 / processes loses nothing and exceeds nothing.
    Raises ConfigError if *url* is none, or the package ``redis`` is not installed.
    """

    def __init__(
        self, url: str, account: str, limits: Limits, clock: Clock, *, alone: float = 0.5, link: RedisLink | None = None
    ) -> None:
        self._link = RedisLink(url) if link is None else link
        self._clock = clock
        self._tag = f"mudbot:{{{_short(account)}}}"  # what stands in braces decides where a cluster keeps the key
        rates = {kind: rate for kind in KINDS if (rate := getattr(limits, f"{kind}_per_minute")) is not None}
        self._each = [60e6 / rates[kind] if kind in rates else 0.0 for kind in KINDS]
        """Microseconds that one of each kind takes; 0 where the kind has no limit."""
        self._alone = _Alone({kind: rate * alone for kind, rate in rates.items()})
        self._part = alone
        self._queue: deque[_Waiting] = deque()
        self._changes: dict[tuple[int, int], float] = {}
        """Corrections to send, in microseconds, by meter and by when the call was granted (0: always counts)."""
        self._holds: dict[str, float] = {}
        """When each lane's hold ends, on the Clock."""
        self._news: set[str] = set()  # lanes whose hold Redis has not been told
        self._sender: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else "alone" if self.alone else "shared"
        return f"<RedisLimit {state}, {self._link.where}, {len(self._queue)} waiting>"

    @property
    def alone(self) -> bool:
        """Whether Redis is gone and this process keeps its part of the limits by itself."""
        return self._watcher is not None

    async def take(self, asks: Sequence[Ask]) -> list[float]:
        """See ``SharedLimit.take``."""
        if self.alone or self._closed:
            return self._alone.take(asks, self._clock.now(), self._holds)
        waiting = _Waiting(asks, self._clock.now(), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake()
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            if waiting in self._queue:
                self._queue.remove(waiting)
            elif not waiting.answer.cancelled():
                self._undo(asks, waiting.answer.result())
            raise

    def settle(self, changes: Mapping[str, float], ask: Ask | None = None) -> None:
        """See ``SharedLimit.settle``."""
        receipt = ask.receipt if ask is not None else None
        if isinstance(receipt, list):
            self._alone.settle(receipt, changes)
            return
        for number, kind in enumerate(KINDS):
            change = changes.get(kind, 0.0)
            if ask is not None:  # no more back than was taken, and nothing of what was not asked: as Meter does
                change = max(change, -getattr(ask, kind)) if getattr(ask, kind) > 0 else 0.0
            moved = min(change * self._each[number], LONGEST_DEBT * 1e6)
            if moved and not math.isnan(moved):
                key = (number, receipt or 0 if moved < 0 else 0)
                self._changes[key] = self._changes.get(key, 0.0) + moved
        self._wake()

    def hold(self, lane: str, seconds: float) -> None:
        """See ``SharedLimit.hold``."""
        now = self._clock.now()
        until = now + min(seconds, LONGEST_HOLD)
        if until > self._holds.get(lane, now):
            self._holds = {name: end for name, end in self._holds.items() if end > now}
            self._holds[lane] = until
            self._news.add(lane)
            self._wake()

    async def close(self) -> None:
        """See ``SharedLimit.close``; takes ``PATIENCE`` for each script that is still to run."""
        self._closed = True
        if self._sender is not None:
            await asyncio.wait([self._sender])
        if self._watcher is not None:  # last: the sender may have lost Redis meanwhile
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        await self._link.drop()

    # -- with Redis ------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Send what there is to send, in the loop's next turn, with all that comes in this one."""
        if self._sender is None and not self.alone and not self._closed and self._pending():
            self._sender = asyncio.get_running_loop().create_task(self._send())

    def _pending(self) -> bool:
        return bool(self._queue or self._changes or self._news)

    async def _send(self) -> None:
        try:
            while self._pending() and not self.alone:
                await self._exchange(self._next_batch())
        finally:
            self._sender = None

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and (not batch or size + len(self._queue[0].asks) <= MOST):
            waiting = self._queue.popleft()
            if not waiting.answer.cancelled():
                batch.append(waiting)
                size += len(waiting.asks)
        return batch

    async def _exchange(self, batch: list[_Waiting]) -> None:
        changes, self._changes = self._changes, {}  # sent at most once: a refund that counts twice exceeds the limit
        news, self._news = self._news, set()
        asks = [ask for waiting in batch for ask in waiting.asks]
        left = PATIENCE - (self._clock.now() - batch[0].since if batch else 0.0)
        try:
            at, waits = await self._run(asks, changes, news, left)
        except Exception as error:  # whatever library, network or a foreign server come up with: nobody waits for ever
            log.debug("a script was lost", exc_info=True)
            self._lose(_gone(error), batch)
            return
        for waiting in batch:
            mine, waits = waits[: len(waiting.asks)], waits[len(waiting.asks) :]
            for ask, wait in zip(waiting.asks, mine, strict=True):
                ask.receipt = at if wait == 0 else None
            self._answer(waiting, [wait / 1e6 for wait in mine])

    async def _run(
        self, asks: list[Ask], changes: Mapping[tuple[int, int], float], news: Iterable[str], patience: float
    ) -> tuple[int, list[float]]:
        now = self._clock.now()
        keys = [f"{self._tag}:limit"]
        numbers: dict[str, int] = {}

        def number(lane: str) -> int:
            if lane not in numbers:
                keys.append(f"{self._tag}:hold:{_short(lane)}")
                numbers[lane] = len(keys)
            return numbers[lane]

        left = ((lane, self._holds.get(lane, now) - now) for lane in news)
        job = {
            "slack": SLACK * 1e6,
            "keep": KEEP * 1000,
            "settles": [(meter + 1, at, change) for (meter, at), change in changes.items()],
            "holds": [(number(lane), math.ceil(seconds * 1000)) for lane, seconds in left if seconds > 0],
            "asks": [(number(ask.lane), *self._times(ask)) for ask in asks],
        }
        at, waits = await self._in_time(self._link.run(keys, json.dumps(job)), patience)
        if len(waits) != len(asks):
            raise GoneError(f"{len(waits)} answers to {len(asks)} questions", "see what really listens at that address")
        return at, waits

    async def _in_time(self, answer: Coroutine[Any, Any, _T], patience: float) -> _T:
        """*answer*, unless it takes longer."""
        step = asyncio.ensure_future(answer)

        def ring() -> None:
            step.cancel()

        timer = self._clock.call_later(max(patience, 0.0), ring)
        try:
            return await step
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise GoneError(f"no answer within {PATIENCE} s", "see whether it is overloaded or stopped") from None
        finally:
            timer.cancel()

    def _times(self, ask: Ask) -> tuple[float, float, float]:
        """Microseconds that *ask* takes of each meter; the greatest is about 30 years."""
        requests, tokens, images = self._each
        return _time(ask.requests * requests), _time(ask.tokens * tokens), _time(ask.images * images)

    def _answer(self, waiting: _Waiting, waits: list[float]) -> None:
        if waiting.answer.cancelled():
            self._undo(waiting.asks, waits)
        else:
            waiting.answer.set_result(waits)

    def _undo(self, asks: Sequence[Ask], waits: list[float]) -> None:
        """Nobody waited for this answer: what it granted goes back."""
        for ask, wait in zip(asks, waits, strict=True):
            if wait == 0:
                self.settle({kind: -getattr(ask, kind) for kind in KINDS}, ask)

    # -- without ---------------------------------------------------------------------------------------------------

    def _lose(self, gone: GoneError, batch: list[_Waiting]) -> None:
        """Redis is gone: answer everybody who waits, and look for it from time to time."""
        log.warning(
            "Redis at %s cannot be used: %s -- %s; until it is back, this process keeps %g %% of api.limits by itself",
            *(self._link.where, gone.why, gone.remedy, self._part * 100),
        )
        self._watcher = asyncio.get_running_loop().create_task(self._watch())
        waiting, self._queue = [*batch, *self._queue], deque()
        now = self._clock.now()
        for each in waiting:
            self._answer(each, self._alone.take(each.asks, now, self._holds))

    async def _watch(self) -> None:
        """Until Redis is back."""
        while True:
            await self._link.drop()
            await self._clock.sleep(AGAIN)
            news = set(self._holds)  # it may have lost them, or never have known
            try:
                await self._run([], {}, news, PATIENCE)
                break
            except Exception:  # whatever it is, it has been said: it is asked again
                log.debug("Redis at %s is not back", self._link.where, exc_info=True)
        self._watcher = None
        self._news -= news
        log.info("Redis at %s is back: the limits are shared again", self._link.where)
        self._wake()


@dataclass(slots=True, eq=False)
class _Waiting:
    asks: Sequence[Ask]
    since: float
    """On the Clock: it gets its answer ``PATIENCE`` later at the latest."""
    answer: asyncio.Future[list[float]]


class _Alone:
    """The limits of one process by itself; answers as the script does."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._meters = {kind: Meter(f"{kind}_per_minute", rate) for kind, rate in rates.items()}

    def take(self, asks: Sequence[Ask], now: float, holds: Mapping[str, float]) -> list[float]:
        closed: dict[str, float] = {}
        return [self._take(ask, now, holds, closed) for ask in asks]

    def _take(self, ask: Ask, now: float, holds: Mapping[str, float], closed: dict[str, float]) -> float:
        ask.receipt = None
        if ask.lane in closed:
            return closed[ask.lane]
        needs = [(kind, meter, cost) for kind, meter in self._meters.items() if (cost := getattr(ask, kind)) > 0]
        wait = max([0.0, holds.get(ask.lane, now) - now, *(meter.wait(now) for _, meter, _ in needs)])
        if wait > 0:
            closed[ask.lane] = wait
        else:
            ask.receipt = [(kind, meter, meter.take(cost, now)) for kind, meter, cost in needs]
        return wait

    @staticmethod
    def settle(receipt: list[tuple[str, Meter, Taken]], changes: Mapping[str, float]) -> None:
        for kind, meter, taken in receipt:
            meter.settle(taken, taken[0] + changes.get(kind, 0.0))


# -- the edge ------------------------------------------------------------------------------------------------------


class RedisLink:
    """One connection to Redis, by the package ``redis``; opened by the first ``run``.  Raises ConfigError."""

    def __init__(self, url: str) -> None:
        try:
            from redis import asyncio as redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise ConfigError(Problem(_OPTION, "needs the package redis: pip install 'mudbot[redis]'")) from None
        try:
            self._home: Redis = redis.Redis.from_url(
                url,
                retry=Retry(NoBackoff(), 0),
                protocol=2,  # nothing of 3 is used, and it saves a round trip when connecting
                socket_timeout=None,  # the deadline of the whole exchange does it
                socket_connect_timeout=PATIENCE,  # bounds hanging up as well
            )
        except (ValueError, TypeError):  # its message may quote the URL, and that holds the password
            remedy = "this is no address of a Redis: write redis://HOST:PORT/0, rediss://… or unix:///PATH"
            raise ConfigError(Problem(_OPTION, remedy)) from None
        self._client = self._home
        options = self._home.connection_pool.connection_kwargs
        self.where = str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")
        """The address, for messages: no password."""
        self._sha = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

    async def run(self, keys: list[str], job: str) -> tuple[int, list[float]]:
        """Run the script; its moment and waits, in microseconds.  Raises whatever the library does."""
        from redis.exceptions import MovedError, ResponseError

        try:
            at, waits = await self._evaluate(keys, job)
        except ResponseError as error:  # redis-py 5 knows MovedError in its cluster client only
            if not isinstance(error, MovedError) and not str(error).startswith("MOVED "):
                raise
            self._follow(str(error).split()[-1])  # a cluster, and another node has our keys: all of them
            at, waits = await self._evaluate(keys, job)
        return int(at), [float(wait) for wait in json.loads(waits)]

    async def _evaluate(self, keys: list[str], job: str) -> Any:
        from redis.exceptions import NoScriptError

        try:
            return await self._client.evalsha(self._sha, len(keys), *keys, job)
        except NoScriptError:  # a new server, or one that was started again
            return await self._client.eval(SCRIPT, len(keys), *keys, job)

    def _follow(self, address: str) -> None:
        from redis import asyncio as redis

        host, _, port = address.rpartition(":")
        home = self._home.connection_pool
        options = home.connection_kwargs | {"host": host, "port": int(port)}
        self._client = redis.Redis.from_pool(redis.ConnectionPool(connection_class=home.connection_class, **options))

    async def drop(self) -> None:
        """Hang up; the next ``run`` connects anew."""
        for client in {self._home, self._client}:
            try:
                await client.connection_pool.disconnect(inuse_connections=True)
            except Exception:  # a connection that is broken cannot always be closed in good form
                log.debug("the connection to Redis at %s did not close well", self.where, exc_info=True)
        self._client = self._home


def _gone(error: Exception) -> GoneError:
    if isinstance(error, GoneError):
        return error
    from redis import exceptions

    why = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError):
        return GoneError(why, f"check the user and the password in {_OPTION}")
    if isinstance(error, exceptions.ReadOnlyError):
        return GoneError(why, f"this is a replica: give the address of the primary in {_OPTION}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
        return GoneError(why, f"start it, or check the address in {_OPTION}")
    return GoneError(f"{type(error).__name__}: {why}", f"check that a Redis of 5.0 or newer listens there ({_OPTION})")


def _time(cost: float) -> float:
    return min(cost, 1e15) if cost > 0 else 0.0  # not a number is no cost


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:20]
