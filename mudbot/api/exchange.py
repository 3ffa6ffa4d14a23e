"""One call from its place in the queue to its last word: waiting, sending, retrying, settling, reporting.

A call with one answer and a call with a stream are the same thing here: a generator that yields once or often.
Nothing is sent again once something was yielded, because the caller has used it already.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mudbot.api.deadline import Deadline, Expired
from mudbot.api.limit.limits import Cost
from mudbot.api.limit.scheduler import Lease, Scheduler
from mudbot.api.report import ApiCall
from mudbot.api.tokens import text_tokens
from mudbot.api.types import Answer, Images, Usage
from mudbot.api.wire import retry
from mudbot.api.wire.failures import Failed, Place
from mudbot.errors import ApiError, ApiTimeoutError

if TYPE_CHECKING:
    from mudbot.api.wire.transport import Reply, Sending

_log = logging.getLogger("mudbot.api")

_A = TypeVar("_A", bound=Answer)


class Sender(Protocol):
    """What an exchange needs of the transport."""

    def open(self, sending: Sending) -> AbstractAsyncContextManager[Reply]:
        """Send and wait for the head of a good answer; raises Failed."""


@dataclass(frozen=True, slots=True)
class Job(Generic[_A]):
    """What to ask, what it costs, and how to read the answer."""

    place: Place
    body: bytes | None
    cost: Cost
    read: Callable[[Reply], AsyncGenerator[_A, None]]
    accept: str = "application/json"


class Exchange(Generic[_A]):
    """Runs one *job*; ``answers`` may be called once."""

    def __init__(
        self, job: Job[_A], scheduler: Scheduler, seconds: float, on_call: Callable[[ApiCall], None] | None
    ) -> None:
        self._job, self._scheduler, self._on_call = job, scheduler, on_call
        self._clock = scheduler.clock
        self._seconds = seconds
        self._began = self._clock.now()
        self._deadline = Deadline(self._clock, seconds)
        lane = f"{job.place} {job.place.model}" if job.place.model else str(job.place)
        self._ticket = scheduler.ticket(lane, job.cost, self._deadline.until)
        self._doing = "was not begun"
        self._attempts = 0
        self._waited = 0.0
        self._status: int | None = None
        self._usage: Usage | None = None
        self._said = 0.0  # tokens of the text that came, for servers that send no usage
        self._pictures: int | None = None
        self._yielded = False

    async def answers(self, sender: Sender) -> AsyncGenerator[_A, None]:
        """The answer, or the pieces of it.  Raises ApiError only."""
        outcome = "cancelled"
        timeout: ApiTimeoutError | None = None
        try:
            async with aclosing(self._attempt_all(sender)) as items:
                while True:
                    async with self._deadline:
                        item = await anext(items, None)
                    if item is None:
                        break
                    yield item
            outcome = "ok"
        except Expired:
            timeout = self._timeout()
            outcome = type(timeout).__name__
        except ApiError as error:
            outcome, self._status = type(error).__name__, error.status or self._status
            raise
        finally:
            self._deadline.close()
            self._report(outcome)
        if timeout is not None:
            raise timeout

    async def _attempt_all(self, sender: Sender) -> AsyncGenerator[_A, None]:
        while True:
            lease = await self._enter_queue()
            try:
                async with aclosing(self._attempt(sender, lease)) as items:
                    async for item in items:
                        yield item
            except Failed as failed:
                failure, wait = failed, self._judge(failed, lease)
            else:
                return
            finally:
                lease.release()  # after a 429 has held its limit back, or the next call would go out first
            if wait is None:
                raise failure.error
            if wait > 0:
                await self._pause(wait, failure.error)

    async def _attempt(self, sender: Sender, lease: Lease) -> AsyncGenerator[_A, None]:
        from mudbot.api.wire.transport import Sending

        job = self._job
        self._attempts += 1
        self._doing = f"waited for the server's answer (attempt {self._attempts})"
        async with sender.open(Sending(job.place, job.body, job.accept, self._seconds)) as reply:
            self._status = reply.status
            lease.accepted(reply.headers)
            self._doing = "was still reading the answer"
            async with aclosing(job.read(reply)) as items:
                async for item in items:
                    self._note(item)
                    self._yielded = True
                    yield item
        lease.settle(self._true_cost())

    async def _enter_queue(self) -> Lease:
        self._doing = "waited in the queue"
        began = self._clock.now()
        try:
            return await self._scheduler.acquire(self._ticket)
        finally:
            self._waited += self._clock.now() - began

    def _judge(self, failed: Failed, lease: Lease) -> float | None:
        """Settle and hold back the limit; returns the seconds to pause before another attempt, None to give up."""
        signs, wall = failed.signs, self._clock.wall()
        self._status = failed.error.status or self._status
        limited = signs.status == 429 and signs.code not in retry.QUOTA_CODES
        wait = retry.decide(self._attempts, signs, wall=wall)
        if limited:
            lease.refused(retry.pause(self._attempts, signs, wall=wall) if wait is None else wait)
        if signs.status is not None and not self._yielded:  # the server refused it: nothing was generated
            lease.settle(Cost(self._job.cost.requests, 0, 0))
        if wait is None or self._yielded or wait >= self._deadline.remaining:
            return None
        _log.info("attempt %d failed, the next in %.1f s: %s", self._attempts, wait, failed.error)
        return 0.0 if limited else wait  # a 429 waits in the queue, where the whole limit is held back

    async def _pause(self, seconds: float, error: ApiError) -> None:
        self._doing = f"paused before attempt {self._attempts + 1} after: {error}"
        began = self._clock.now()
        try:
            await self._clock.sleep(seconds)
        finally:
            self._waited += self._clock.now() - began

    def _note(self, item: _A) -> None:
        self._usage = item.usage or self._usage
        self._said += text_tokens(item.text, self._job.place.model)
        if isinstance(item, Images):
            self._pictures = len(item.data)

    def _true_cost(self) -> Cost:
        """What the call really took, by the server's count, else by the text that came."""
        cost, usage = self._job.cost, self._usage
        tokens = cost.prompt + self._said if self._said else cost.tokens
        if usage is not None:
            tokens = max(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens) or tokens
        return Cost(cost.requests, tokens, cost.images if self._pictures is None else self._pictures, cost.prompt)

    def _timeout(self) -> ApiTimeoutError:
        doing = self._doing
        if self._ticket.waits_for and doing == "waited in the queue":
            doing = f"waited in the queue for {self._ticket.waits_for}"
        return ApiTimeoutError(
            f"{self._job.place}: no answer within {self._seconds:g} s: the call {doing} -- give it a longer deadline "
            f"(api.limits.deadline), call less often, or check the server at {self._job.place.server}",
            status=self._status,
        )

    def _report(self, outcome: str) -> None:
        if self._on_call is None:
            return
        usage, place = self._usage, self._job.place
        call = ApiCall(
            endpoint=str(place),
            model=place.model,
            outcome=outcome,
            status=self._status,
            attempts=self._attempts,
            waited=self._waited,
            latency=self._clock.now() - self._began,
            prompt_tokens=None if usage is None else usage.prompt_tokens,
            completion_tokens=None if usage is None else usage.completion_tokens,
        )
        try:
            self._on_call(call)
        except Exception:  # noqa: BLE001 - whoever counts calls must not be able to fail them
            _log.exception("on_call failed for %s", place)
