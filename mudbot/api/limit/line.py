"""The calls that wait for one lane, in the order in which they go: by priority, then a turn for each flow.

Within a priority every flow (a player) has one call after the other; each new one gets the round after its last, but
no earlier one than the round that is being served (start-time fair queueing with calls of one size).  So a player who
asks a hundred times is served as often as one who asks twice, as long as both wait.  A call that comes back from a
failed attempt has its old place.

Only the first call of a flow has a round; the one behind it gets its own when it becomes the first.  Rounds given on
arrival would be lost with calls that are given up: whoever asks faster than he is served would then have only rounds
that lie far ahead, and never be served at all.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
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
        """The round of a call that is now the first of its flow."""
        now = self._now.get(turn.priority, 0.0)
        flow = (turn.priority, turn.flow)
        mine = self._last[flow] = max(now, self._last.get(flow, -1.0) + 1.0)
        if len(self._last) > self._bound:
            self._last = {key: at for key, at in self._last.items() if at >= self._now.get(key[0], 0.0)}
            self._bound = max(_FORGET, 2 * len(self._last))
        return mine

    def undo(self, turn: Turn) -> None:
        """A call that had a round is gone, and none of its flow is there to take it."""
        assert turn.key is not None
        flow, mine = (turn.priority, turn.flow), turn.key[1]
        if self._last.get(flow) == mine:
            self._last[flow] = mine - 1.0

    def serve(self, turn: Turn) -> None:
        """A call that waited goes."""
        assert turn.key is not None
        priority, mine, _ = turn.key
        if mine > self._now.get(priority, 0.0):
            self._now[priority] = mine


class Line:
    """A heap of those who are first in their flow, behind each of them the others; calls may leave anywhere."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._heap: list[tuple[tuple[int, float, int], int, Turn]] = []
        self._first: dict[tuple[int, Flow], Turn] = {}
        self._behind: dict[tuple[int, Flow], deque[Turn]] = {}
        self._waiting = 0
        self._kept = 0  # those who wait, and those who left and were not met yet
        self._entries = itertools.count()  # a call that left and came back may be in the heap twice, with one key

    def __len__(self) -> int:
        return self._waiting

    def __iter__(self) -> Iterator[Turn]:
        """All that wait, in no order."""
        found = itertools.chain((turn for _, _, turn in self._heap), *self._behind.values())
        return (turn for turn in found if turn.granted is not None)

    def add(self, turn: Turn) -> None:
        """Let *turn*, which has its number, wait: in its old place if it had one."""
        self._waiting += 1
        self._kept += 1
        if turn.key is not None:
            heapq.heappush(self._heap, (turn.key, next(self._entries), turn))
            return
        flow = (turn.priority, turn.flow)
        if flow not in self._first:
            self._lead(flow, turn, self._rounds.next(turn))
        elif (behind := self._behind.get(flow)) is not None:
            behind.append(turn)
        else:
            self._behind[flow] = deque((turn,))

    def gone(self, turn: Turn, *, served: bool) -> None:
        """*turn* waits no longer (its ``granted`` is None), as it was *served* or gave up."""
        self._waiting -= 1
        if served:
            self._rounds.serve(turn)
        flow = (turn.priority, turn.flow)
        if self._first.get(flow) is turn:
            self._succeed(flow, turn, served=served)
        if self._kept > 2 * self._waiting + 64:
            self._sweep()

    def head(self) -> Turn | None:
        """Who goes next."""
        while self._heap:
            turn = self._heap[0][2]
            if turn.granted is not None:
                return turn
            heapq.heappop(self._heap)
            self._kept -= 1
        return None

    def _lead(self, flow: tuple[int, Flow], turn: Turn, mine: float) -> None:
        self._first[flow] = turn
        turn.key = (turn.priority, mine, turn.number)
        heapq.heappush(self._heap, (turn.key, next(self._entries), turn))

    def _succeed(self, flow: tuple[int, Flow], turn: Turn, *, served: bool) -> None:
        """The next of the flow is the first: with a round of its own, or that of a call which did not use it."""
        assert turn.key is not None
        behind = self._behind.get(flow)
        while behind:
            heir = behind.popleft()
            if heir.granted is not None:
                self._lead(flow, heir, self._rounds.next(heir) if served else turn.key[1])
                return
            self._kept -= 1
        self._behind.pop(flow, None)
        del self._first[flow]
        if not served:
            self._rounds.undo(turn)

    def _sweep(self) -> None:
        """Drop whoever left and was not met yet."""
        self._heap = [entry for entry in self._heap if entry[2].granted is not None]
        heapq.heapify(self._heap)
        for flow, behind in list(self._behind.items()):
            self._behind[flow] = left = deque(turn for turn in behind if turn.granted is not None)
            if not left:
                del self._behind[flow]
        self._kept = len(self._heap) + sum(map(len, self._behind.values()))
