"""Pace and send, at most once.

A packet leaves the queue before it is written, so whatever happens next it is never sent twice; one that has waited too
long is dropped instead of being said late.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from mudbot.mud.dialect import Pace
from mudbot.mud.gate import Packet

if TYPE_CHECKING:
    from mudbot.clock import Clock

log = logging.getLogger(__name__)

TTL = 30.0
"""Seconds after which a line is not said any more: an answer that late confuses more than silence does."""
MAX_WAITING = 200


class Outbox:
    """Lines on their way to the MUD.  ``run`` sends while ``write`` is set; it is owned by the session."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self._pace, self._clock = pace, clock
        self._waiting: deque[tuple[float, Packet]] = deque()
        self._filled = asyncio.Event()
        self._tokens, self._counted = pace.burst, clock.now()
        self._write: Callable[[bytes], None] | None = None
        self.sent = 0
        self.dropped = 0

    def __repr__(self) -> str:
        return f"<Outbox {len(self._waiting)} waiting, {self.sent} sent, {self.dropped} dropped>"

    def open(self, write: Callable[[bytes], None]) -> None:
        """Begin to send: the character is in the game."""
        self._write = write
        self._filled.set()

    def close(self) -> None:
        """Stop sending; what waits may still go out after a reconnect, if that comes before its time is over."""
        self._write = None

    def put(self, packet: Packet) -> None:
        """Queue *packet*; the oldest is dropped where too many wait."""
        if len(self._waiting) >= MAX_WAITING:
            self._drop("too many lines wait")
        self._waiting.append((self._clock.now(), packet))
        self._filled.set()

    async def run(self) -> None:
        """Send what is put in, at the dialect's pace, until cancelled."""
        while True:
            await self._filled.wait()
            if self._write is None or not self._waiting:
                self._filled.clear()
                continue
            if (wait := self._wait_for_token()) > 0:
                await self._clock.sleep(wait)
                continue
            since, packet = self._waiting.popleft()
            if self._clock.now() - since > TTL:
                self.dropped += 1
                log.warning("not said, %.0f s too late: %s", self._clock.now() - since - TTL, packet.text)
                continue
            self._tokens -= 1
            self.sent += 1
            self._write(packet.data)

    def _wait_for_token(self) -> float:
        now = self._clock.now()
        self._tokens = min(self._pace.burst, self._tokens + (now - self._counted) * self._pace.per_second)
        self._counted = now
        return 0.0 if self._tokens >= 1 - 1e-9 else (1 - self._tokens) / self._pace.per_second

    def _drop(self, why: str) -> None:
        _, packet = self._waiting.popleft()
        self.dropped += 1
        log.warning("not said, %s: %s", why, packet.text)
