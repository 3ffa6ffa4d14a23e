"""The calls that wait for one lane, in the order in which they go: by priority, then a turn for each flow.

Within a priority every flow (a player) has one call after the other; each new one gets the round after its last, but
no earlier one than the round that is being served (start-time fair queueing with calls of one size).  So a player who
asks a hundred times is served as often as one who asks twice, as long as both wait.  A call that comes back from a
failed attempt has its old place.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mudbot.api.limit.turn import Flow, Turn

_FORGET = 1000
"""Flows that are remembered before those are forgotten whose rounds are over."""


class Rounds:
    """Which round a flow's next call belongs to, over all lanes of a scheduler."""

    def __init__(self) -> None:
        self._now: dict[int, float] = {}
        self._last: dict[tuple[int, Flow], float] = {}
        self._bound = _FORGET

    def next(self, turn: Turn) -> float:
        """The round of a call that begins to wait."""
        now = self._now.get(turn.priority, 0.0)
        flow = (turn.priority, turn.flow)
        mine = self._last[flow] = max(now, self._last.get(flow, -1.0) + 1.0)
        if len(self._last) > self._bound:
            self._last = {key: at for key, at in self._last.items() if at >= self._now.get(key[0], 0.0)}
            self._bound = max(_FORGET, 2 * len(self._last))
        return mine

    def serve(self, turn: Turn) -> None:
        """A call that waited goes."""
        assert turn.key is not None
        priority, mine, _ = turn.key
        if mine > self._now.get(priority, 0.0):
            self._now[priority] = mine


class Line:
    """A heap from which calls may also leave in the middle."""

    def __init__(self) -> None:
        self._heap: list[tuple[tuple[int, float, int], int, Turn]] = []
        self._waiting = 0
        self._entries = itertools.count()  # a call that left and came back may be in the heap twice, with one key

    def __len__(self) -> int:
        return self._waiting

    def __iter__(self) -> Iterator[Turn]:
        """All that wait, in no order."""
        return (turn for _, _, turn in self._heap if turn.granted is not None)

    def add(self, turn: Turn) -> None:
        """Let *turn*, which has its key, wait."""
        assert turn.key is not None
        heapq.heappush(self._heap, (turn.key, next(self._entries), turn))
        self._waiting += 1

    def gone(self) -> None:
        """One of them waits no longer (its ``granted`` is None): it is dropped when it is met."""
        self._waiting -= 1
        if len(self._heap) > 2 * self._waiting + 64:
            self._heap = [entry for entry in self._heap if entry[2].granted is not None]
            heapq.heapify(self._heap)

    def head(self) -> Turn | None:
        """Who goes next."""
        while self._heap:
            turn = self._heap[0][2]
            if turn.granted is not None:
                return turn
            heapq.heappop(self._heap)
        return None
