"""One call from its place in the queue to its last word: waiting, sending, retrying, settling, reporting.

Every call goes the same way, whether one answer comes or a stream of pieces.  What failed at one server goes to the
next at once, where there is another; else it is tried again after a pause, as ``wire.retry`` decides.  Nothing is sent
again once a piece was handed over, because the caller has used it already.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Generic, TypeVar, cast

from mudbot.api.calls import Options
from mudbot.api.deadline import Deadline, Expired
from mudbot.api.letter import Letter
from mudbot.api.limit.breaker import Breaker
from mudbot.api.limit.limits import Cost
from mudbot.api.limit.turn import Turn
from mudbot.api.money.purse import Reserved
from mudbot.api.office import Office, tell
from mudbot.api.report import ApiCall
from mudbot.api.tokens import true_cost
from mudbot.api.types import Answer, Images, Usage
from mudbot.api.ways import Way, choose
from mudbot.api.wire import retry
from mudbot.api.wire.answers import parse, read_answer, read_stream
from mudbot.api.wire.failures import Failed, timed_out
from mudbot.api.wire.sending import Form, Sending
from mudbot.errors import (
    ApiError,
    ApiTimeoutError,
    AuthenticationError,
    CircuitOpenError,
    NotFoundError,
    QueueFullError,
    QuotaError,
    RateLimitError,
)

_log = logging.getLogger("mudbot.api")

_A = TypeVar("_A", bound=Answer)

HUNG = 10.0
"""Seconds of silence after which a caller who leaves says something about the server: it is counted as failed."""

_ELSEWHERE = (AuthenticationError, QuotaError, NotFoundError, RateLimitError)
"""Refusals that another server or key may not have."""


class Exchange(Generic[_A]):
    """Sends one *letter*, to one of *ways*.  ``answer`` or ``pieces`` may be called, once."""

    # One is made for every call: what many of them never change is an attribute of the class.
    _moves = 0
    _doing = "was not begun"
    _attempts = 0
    _waited = 0.0
    _sent_at: float | None = None
    _first: float | None = None
    _status: int | None = None
    _usage: Usage | None = None
    _said = ""
    """The text that came, for servers that send no usage."""
    _pictures: int | None = None
    _reserved: Reserved | None = None
    _lost = 0.0
    """USD of attempts that broke off, as much as they can have cost."""

    def __init__(self, letter: Letter[_A], options: Options, ways: tuple[Way, ...], office: Office) -> None:
        self._letter, self._options, self._ways, self._office = letter, options, ways, office
        seconds = self._seconds = office.limits.deadline if options.deadline is None else options.deadline
        self._deadline = deadline = Deadline(office.alarms, seconds)
        self._began = deadline.until - seconds
        self._way = ways[0]
        self._turns: dict[Way, Turn] = {}
        self._tried: set[Way] = set()

    async def answer(self) -> tuple[_A, bytes]:
        """The answer, and its bytes.  Raises ApiError only."""
        outcome, timeout = "cancelled", None
        try:
            with self._deadline:
                while True:
                    turn = self._at_once() or await self._enter()
                    try:
                        found = await self._fetch(turn)
                    except Failed as failed:
                        failure, wait = failed.error, self._judge(failed, turn)
                    else:
                        outcome = "ok"
                        return found
                    finally:
                        turn.release()  # after a 429 has held its limit back, or the next call would go out first
                    await self._again(failure, wait)
        except Expired:
            timeout = self._timeout()
            outcome = type(timeout).__name__
        except ApiError as error:
            outcome, self._status = type(error).__name__, error.status or self._status
            raise
        finally:
            self._close(outcome)
        raise timeout

    async def pieces(self) -> AsyncGenerator[_A, None]:
        """The pieces of the answer.  Raises ApiError only."""
        outcome, timeout = "cancelled", None
        try:
            async with aclosing(self._attempt_all()) as items:
                while True:
                    with self._deadline:
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
            self._close(outcome)
        if timeout is not None:
            raise timeout

    # -- attempts --------------------------------------------------------------------------------------------------

    async def _fetch(self, turn: Turn) -> tuple[_A, bytes]:
        reply = await self._office.transport.send(self._sending())
        try:
            self._status = reply.status
            turn.accepted(reply.headers)
            self._doing = "was still reading the answer"
            call = self._letter.call
            if call.into is None and reply.content_type == "application/json":
                body = await reply.read()
                answer = parse(reply, body, call.kind)
            elif call.into is None:
                answer, body = await read_answer(reply, call.kind)
            else:
                await reply.save(call.into, call.progress)
                answer, body = call.kind.model_construct(), b""
        finally:
            reply.close()
        self._note(answer)
        self._settle(turn)
        return answer, body

    async def _attempt_all(self) -> AsyncGenerator[_A, None]:
        while True:
            turn = await self._enter()
            try:
                async with aclosing(self._stream(turn)) as items:
                    async for item in items:
                        yield item
            except Failed as failed:
                failure, wait = failed.error, self._judge(failed, turn)
            else:
                return
            finally:
                turn.release()
            await self._again(failure, wait)

    async def _stream(self, turn: Turn) -> AsyncGenerator[_A, None]:
        async with self._office.transport.open(self._sending()) as reply:
            self._status = reply.status
            turn.accepted(reply.headers)
            self._doing = "was still reading the answer"
            async with aclosing(read_stream(reply, cast("type[Any]", self._letter.call.kind))) as items:
                async for item in items:
                    self._note(item)
                    yield item
        self._settle(turn)

    def _sending(self) -> Sending:
        letter, way = self._letter, self._way
        call, model = letter.call, letter.model_at(way)
        body: bytes | Form | None = letter.body(model)
        if call.files is not None:
            body = Form(letter.fields(model), letter.uploads(), call.progress)
        accept = "text/event-stream" if call.stream else "*/*" if call.into is not None else "application/json"
        headers = way.target.headers(accept, json=isinstance(body, bytes))
        sending = Sending(letter.place(way), way.target.url(call.path, call.query), headers, body)
        # Only now, for what cannot be written is no attempt.
        self._attempts += 1
        self._doing = _SENT
        self._sent_at = self._office.clock.now()
        if self._reserved is not None:
            self._reserved.nothing = False  # from here on nobody knows, until the server says that it refused
        return sending

    # -- the queue, the breaker, the purse -------------------------------------------------------------------------

    def _at_once(self) -> Turn | None:
        """The leave to send where nothing is in the way, as with most calls; else ``_enter`` looks closer."""
        way = self._way
        if len(self._ways) > 1 or way.troubled or self._turns or self._office.purse.bounded:
            return None
        turn = self._turns[way] = self._turn(way)
        return turn if way.scheduler.try_acquire(turn) else None

    async def _enter(self) -> Turn:
        """Wait for the leave to send, somewhere.  Raises ApiError where there is none."""
        clock, lane = self._office.clock, self._letter.lane
        while True:
            way = self._way = self._choose()
            turn = self._turns.get(way)
            if turn is None:
                turn = self._turns[way] = self._turn(way)
            try:
                if not way.scheduler.try_acquire(turn):
                    self._doing = "waited in the queue"
                    began = clock.now()
                    try:
                        await way.scheduler.acquire(turn)
                    finally:
                        self._waited += clock.now() - began
            except QueueFullError:
                if not self._move():
                    raise
                continue
            except RateLimitError:
                if not self._move():
                    if not turn.mobile:
                        raise
                    turn.mobile = False  # all were tried: it waits until a limit is no longer held, as with one server
                continue
            breaker = way.breaker(lane)
            if (breaker is None and not self._office.purse.bounded) or await self._may_go(turn, breaker):
                return turn

    async def _may_go(self, turn: Turn, breaker: Breaker | None) -> bool:
        """Whether *turn* may be used; if not, it was given up.  Raises ApiError where no other can help."""
        now = self._office.clock.now()
        if breaker is not None and breaker.open:
            if breaker.wait(now) > 0:  # it opened while this one waited
                self._give_up(turn)
                return False
            breaker.enter(now)
        if self._office.purse.bounded:
            try:
                await self._reserve()
            except BaseException:
                self._give_up(turn)
                if breaker is not None:
                    breaker.left()
                raise
        return True

    def _turn(self, way: Way) -> Turn:
        caller, letter = self._options.caller, self._letter
        who = caller.player or caller.plugin
        turn = way.scheduler.turn(
            letter.lane,
            letter.call.cost,
            self._deadline.until,
            flow=(caller.session, who) if who or caller.session else _NOBODY,
            priority=caller.priority,
        )
        turn.mobile = len(self._ways) > 1
        return turn

    def _choose(self) -> Way:
        """Where to go now.  Raises CircuitOpenError where every server is left alone."""
        way, wait = choose(self._ways, self._tried, self._letter.lane, self._office.clock.now())
        if way is None:
            raise self._circuit_open(wait)
        return way

    def _move(self) -> bool:
        """Whether there is another server that was not tried; this one will not be asked again before it."""
        self._tried.add(self._way)
        if len(self._tried) >= len(self._ways):
            return False
        self._moves += 1
        return True

    def _circuit_open(self, wait: float) -> CircuitOpenError:
        server = "the server" if len(self._ways) == 1 else "every server"
        return CircuitOpenError(
            f"{self._letter.lane}: {server} failed several times in a row and is left alone for {wait:.0f} s more -- "
            f"look at the log for what failed, and at the server at {self._way.target.shown}"
        )

    async def _reserve(self) -> None:
        """Put aside what the next attempt can cost at most; what an earlier one may have cost stays put aside."""
        purse, reserved = self._office.purse, self._reserved
        if reserved is not None:
            if reserved.nothing and reserved.way is self._way:
                return
            self._lost += purse.leave(reserved)
            self._reserved = None
        self._reserved = await purse.reserve(self._letter, self._way, self._options.caller)

    def _give_up(self, turn: Turn) -> None:
        """Nothing was sent."""
        turn.settle(_UNSENT)
        turn.release()

    # -- after an attempt ------------------------------------------------------------------------------------------

    def _judge(self, failed: Failed, turn: Turn) -> float | None:
        """Settle, hold back the limit, note the failure; the seconds until another attempt, None to give up."""
        signs, clock, way = failed.signs, self._office.clock, self._way
        wall, call = clock.wall(), self._letter.call
        self._status = failed.error.status or self._status
        limited = signs.status == 429 and signs.code not in retry.QUOTA_CODES
        wait = retry.decide(self._attempts - self._moves, signs, wall=wall)
        if limited:
            told = retry.pause(self._attempts, signs, wall=wall) if wait is None else wait
            turn.refused(told)
        elif signs.lost or isinstance(failed.error, ApiTimeoutError) or (signs.status or 0) >= 500:
            if way.failed(self._letter.lane, clock.now()).open:
                _log.warning("%s: %s failed again: left alone for a while", self._letter.lane, way.target.shown)
        else:
            way.succeeded(self._letter.lane)
        refused = signs.status is not None or signs.unsent
        if refused and self._first is None:  # nothing was generated
            turn.settle(Cost(call.cost.requests, 0, 0))
            if self._reserved is not None:
                self._reserved.nothing = True
        if self._first is not None:
            return None
        if (isinstance(failed.error, _ELSEWHERE) or retry.retryable(signs)) and self._move():
            if isinstance(failed.error, AuthenticationError | QuotaError):  # its owner must mend it: others go first
                way.trip(self._letter.lane, clock.now())
            _log.info("%s failed, on to the next server: %s", way.target.shown, failed.error)
            return 0.0
        if wait is None or wait >= self._deadline.remaining:
            return None
        _log.info("attempt %d failed, the next in %.1f s: %s", self._attempts, wait, failed.error)
        return 0.0 if limited else wait  # a 429 waits in the queue, where the whole limit is held back

    async def _again(self, failure: ApiError, wait: float | None) -> None:
        """Pause before another attempt.  Raises *failure* where there is none."""
        if wait is None:
            raise failure
        if wait <= 0:
            return
        self._doing = f"paused before attempt {self._attempts + 1} after: {failure}"
        clock = self._office.clock
        began = clock.now()
        try:
            await clock.sleep(wait)
        finally:
            self._waited += clock.now() - began

    def _note(self, item: _A) -> None:
        if self._first is None:
            self._first = self._office.clock.now() - self._began
        if item.usage is not None:
            self._usage = item.usage
        elif self._letter.call.cost.tokens:
            self._said += item.text
        if isinstance(item, Images):
            self._pictures = len(item.data)

    def _settle(self, turn: Turn) -> None:
        """The call has come to its end: correct the estimate by what it took."""
        self._way.succeeded(self._letter.lane)
        call = self._letter.call
        turn.settle(true_cost(call.cost, self._usage, self._said, self._pictures, call.model))

    def _timeout(self) -> ApiTimeoutError:
        doing, turn = self._doing, self._turns.get(self._way)
        if self._silent() > 0:
            self._way.failed(self._letter.lane, self._office.clock.now())
        if doing is _SENT:
            doing = f"waited for the server's answer (attempt {self._attempts})"
        elif doing == "waited in the queue" and turn is not None and turn.waits_for:
            doing = f"waited in the queue for {turn.waits_for}"
        return timed_out(self._letter.place(self._way), self._seconds, doing, self._status)

    def _silent(self) -> float:
        """Seconds since the request went out without any answer; 0 where there was one."""
        if self._sent_at is None or self._doing is not _SENT:
            return 0.0
        return self._office.clock.now() - self._sent_at

    def _close(self, outcome: str) -> None:
        self._deadline.close()
        office, letter, way = self._office, self._letter, self._way
        if outcome == "cancelled" and self._silent() >= HUNG:
            way.failed(letter.lane, office.clock.now())
        if self._reserved is None and office.on_call is None:
            return
        money = office.purse.settle(self._reserved, letter, way, self._usage, self._said, self._pictures, outcome)
        if office.on_call is None:
            return
        usage = self._usage
        call = ApiCall(
            endpoint=letter.endpoint,
            model=letter.call.model,
            outcome=outcome,
            status=self._status,
            attempts=self._attempts,
            waited=self._waited,
            latency=max(0.0, office.clock.now() - self._began),  # began is a difference, and may be off by a hair
            prompt_tokens=None if usage is None else usage.prompt_tokens,
            completion_tokens=None if usage is None else usage.completion_tokens,
            cached_tokens=None if usage is None else usage.cached_tokens,
            money=0.0 if self._attempts == 0 else None if money is None else money + self._lost,
            first=self._first,
            server=way.target.shown,
            organization=way.target.organization,
            caller=self._options.caller,
        )
        tell(office.on_call, call)


_SENT = "waited for the server's answer"
_UNSENT = Cost(0, 0, 0)
_NOBODY = ("", "")
