"""Whose turn it is: priority, rounds, room in flight and in the queue, and no trace of whoever left.  No network."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudbot.api.calls import Priority
from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.limit.turn import Turn
from mudbot.errors import QueueFullError, RateLimitError
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

if TYPE_CHECKING:
    from mudbot.api.limit.turn import Flow

REPLY, NORMAL, BACKGROUND = Priority.REPLY, Priority.NORMAL, Priority.BACKGROUND
ONE = Cost(tokens=1)


class Room:
    """A scheduler, the tasks that ask it for turns, and the order in which they went."""

    def __init__(self, clock: FakeClock, **limits: float) -> None:
        self.clock = clock
        self.scheduler = Scheduler(Limits(**({"concurrency": 1} | limits)), clock)  # type: ignore[arg-type]
        self.turns: dict[str, Turn] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.went: list[str] = []

    async def asks(self, name: str, flow: Flow | str = "", priority: int = NORMAL, lane: str = "chat") -> None:
        flow = flow if isinstance(flow, tuple) else ("", flow)
        self.turns[name] = self.scheduler.turn(lane, ONE, flow=flow, priority=priority)
        await self.comes_back(name)

    async def comes_back(self, name: str) -> None:
        self.tasks[name] = asyncio.ensure_future(self._acquire(name))
        await settle()

    async def _acquire(self, name: str) -> None:
        await self.scheduler.acquire(self.turns[name])
        self.went.append(name)

    async def leaves(self, *names: str) -> None:
        """They are cancelled while they wait, one after the other."""
        for name in names:
            self.tasks[name].cancel()
            await settle()

    async def ends(self, name: str) -> None:
        self.turns[name].release()
        await settle()

    async def drains(self) -> list[str]:
        """Let whoever is in flight end, one after the other, until all went; the names of those who then went."""
        before = len(self.went)
        while held := [turn for turn in self.turns.values() if turn.held]:
            held[0].release()
            await settle()
        return self.went[before:]


async def test_a_reply_goes_before_all_else_and_background_work_after_all_else(clock: FakeClock) -> None:
    room = Room(clock, concurrency=2)
    await room.asks("first")
    await room.asks("second")
    for number, priority in enumerate([BACKGROUND, NORMAL, REPLY, BACKGROUND, NORMAL, REPLY]):
        await room.asks(f"{priority.name} {number}", priority=priority)
    went = await room.drains()
    assert went == ["REPLY 2", "REPLY 5", "NORMAL 1", "NORMAL 4", "BACKGROUND 0", "BACKGROUND 3"]


async def test_players_take_turns_however_often_one_asks(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        await room.asks(name, name[0])
    assert await room.drains() == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_whoever_comes_later_is_not_served_for_the_time_when_he_did_not_ask(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("a1", "a2", "a3", "a4", "a5"):
        await room.asks(name, "a")
    for name in ("first", "a1", "a2"):
        await room.ends(name)
    for name in ("b1", "b2", "b3"):
        await room.asks(name, "b")
    went = await room.drains()
    assert went == ["b1", "a4", "b2", "a5", "b3"]


async def test_bob_of_one_session_and_bob_of_another_are_two(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("one 1", "one 2", "one 3"):
        await room.asks(name, ("one", "bob"))
    await room.asks("two 1", ("two", "bob"))
    assert await room.drains() == ["one 1", "two 1", "one 2", "one 3"]


async def test_rounds_go_over_all_limits_of_an_account(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for number in range(3):
        await room.asks(f"a chats {number}", "a", lane="chat")
    for number in range(3):
        await room.asks(f"a paints {number}", "a", lane="paint")
    await room.asks("b chats", "b", lane="chat")
    await room.asks("b paints", "b", lane="paint")
    went = await room.drains()
    assert max(went.index("b chats"), went.index("b paints")) <= 3


def _cancel(task: asyncio.Future[None]) -> None:
    task.cancel()


async def _serve(clock: FakeClock, scheduler: Scheduler, callers: Sequence[str], deadline: float) -> Counter[str]:
    """Callers that ask, take a tenth of a second in flight, and ask again, for two minutes; how often each went."""
    served: Counter[str] = Counter()

    async def loop(name: str) -> None:
        while True:
            turn = scheduler.turn("chat", ONE, flow=("", name))
            try:
                waiting = asyncio.ensure_future(scheduler.acquire(turn))
                bell = clock.call_later(deadline, partial(_cancel, waiting))
                try:
                    await asyncio.wait({waiting})
                finally:
                    waiting.cancel()
                    bell.cancel()
                if waiting.cancelled():
                    continue
                served[name] += 1
                await clock.sleep(0.1)
            finally:
                turn.release()

    tasks = [asyncio.ensure_future(loop(name)) for name in callers]
    await clock.advance(120)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await settle()
    return served


def jain(counts: Sequence[int]) -> float:
    """Jain's index of fairness: 1 where all have the same, 1/n where one has all."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts))


async def test_two_hundred_looping_players_are_served_alike_though_some_ask_ten_times_at_once(clock: FakeClock) -> None:
    players = [str(number) for number in range(200)]
    greedy = [name for name in players[:20] for _ in range(9)]
    scheduler = Scheduler(Limits(requests_per_minute=600, concurrency=8, queue=1000), clock)
    served = await _serve(clock, scheduler, [*greedy, *players], 1e6)
    assert sum(served.values()) == pytest.approx(1200, abs=5)
    assert jain([served[name] for name in players]) >= 0.93
    assert (scheduler.running, scheduler.waiting) == (0, 0)


async def test_calls_that_are_given_up_in_the_queue_do_not_cost_a_player_his_later_turns(clock: FakeClock) -> None:
    # "a" asks faster than he can be served, so most of his calls pass their deadline; b and c always wait as well.
    scheduler = Scheduler(Limits(requests_per_minute=60, concurrency=4, queue=1000), clock)
    served = await _serve(clock, scheduler, ["a"] * 30 + ["b"] * 2 + ["c"] * 2, 10.0)
    assert jain([served[name] for name in "abc"]) >= 0.93, served


async def test_a_player_whose_calls_were_all_cancelled_is_where_he_was_before(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for number in range(20):
        await room.asks(f"gone {number}", "a")
    await room.leaves(*(f"gone {number}" for number in range(20)))
    for name in ("b1", "b2", "b3"):
        await room.asks(name, "b")
    await room.asks("a1", "a")
    assert await room.drains() == ["b1", "a1", "b2", "b3"]


async def test_the_call_after_a_cancelled_one_has_its_place(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("a1", "a2", "a3", "b1", "b2", "b3"):
        await room.asks(name, name[0])
    await room.leaves("a1", "a2")
    assert await room.drains() == ["a3", "b1", "b2", "b3"]


async def test_background_work_leaves_the_last_place_in_flight_to_whoever_is_more_urgent(clock: FakeClock) -> None:
    room = Room(clock, concurrency=3)
    for number in range(5):
        await room.asks(f"background {number}", priority=BACKGROUND)
    assert room.went == ["background 0", "background 1"]
    await room.asks("reply", priority=REPLY)
    assert room.went[2:] == ["reply"]
    await room.asks("normal")
    await room.ends("background 0")
    assert room.went[3:] == ["normal"]
    await room.ends("reply")
    assert len(room.went) == 4  # one of two in flight is background work, and one place is kept
    await room.ends("normal")
    assert room.went[4:] == ["background 2"]


async def test_where_only_one_may_be_in_flight_background_work_goes_too(clock: FakeClock) -> None:
    room = Room(clock, concurrency=1)
    await room.asks("background", priority=BACKGROUND)
    assert room.went == ["background"]


@pytest.mark.parametrize("priority", list(Priority))
async def test_a_queue_of_no_length_takes_whoever_need_not_wait(clock: FakeClock, priority: Priority) -> None:
    room = Room(clock, concurrency=2, queue=0)
    await room.asks("goes", priority=priority)
    assert room.went == ["goes"]
    await room.asks("goes too", priority=REPLY)
    await room.asks("one more", priority=REPLY)
    with pytest.raises(QueueFullError):
        await room.tasks["one more"]


async def test_a_full_queue_lets_go_of_the_newest_call_of_whoever_waits_with_most(clock: FakeClock) -> None:
    room = Room(clock, queue=4)
    await room.asks("first")
    for name in ("a1", "b1", "a2", "a3"):
        await room.asks(name, name[0])
    await room.asks("c1", "c")
    with pytest.raises(QueueFullError):
        await room.tasks["a3"]
    await room.asks("a4", "a")
    with pytest.raises(QueueFullError):
        await room.tasks["a4"]
    assert room.scheduler.waiting == 4
    assert await room.drains() == ["a1", "b1", "c1", "a2"]


async def test_a_full_queue_lets_go_of_the_least_urgent_first(clock: FakeClock) -> None:
    room = Room(clock, queue=3)
    await room.asks("first")
    await room.asks("summary", "a", BACKGROUND)
    await room.asks("b1", "b")
    await room.asks("b2", "b")
    await room.asks("b3", "b")
    with pytest.raises(QueueFullError):
        await room.tasks["summary"]
    await room.asks("c1", "c", REPLY)
    with pytest.raises(QueueFullError):
        await room.tasks["b3"]
    await room.asks("memory", "d", BACKGROUND)
    with pytest.raises(QueueFullError):
        await room.tasks["memory"]
    assert await room.drains() == ["c1", "b1", "b2"]


async def test_a_player_who_floods_a_full_queue_takes_nobody_elses_place(clock: FakeClock) -> None:
    room = Room(clock, queue=10)
    await room.asks("first")
    for number in range(5):
        await room.asks(f"quiet {number}", f"player {number}")
    for number in range(200):
        await room.asks(f"flood {number}", "flooder")
    assert room.scheduler.waiting == 10
    results = await asyncio.gather(*(room.tasks[f"flood {n}"] for n in range(5, 200)), return_exceptions=True)
    assert {type(result) for result in results} == {QueueFullError}
    assert {f"quiet {number}" for number in range(5)} <= set(await room.drains())


async def test_a_call_that_comes_back_after_a_refusal_has_its_old_place(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("a1", "b1", "a2", "b2"):
        await room.asks(name, name[0])
    await room.ends("first")
    room.turns["a1"].refused(1.0)
    await room.ends("a1")
    await room.comes_back("a1")
    await room.asks("reply", "c", REPLY)
    await clock.advance(1.0)
    assert room.went[-1] == "reply"  # an old place is one among equals
    assert await room.drains() == ["a1", "b1", "a2", "b2"]


# -- against a model -----------------------------------------------------------------------------------------------


@dataclass
class Waits:
    """A call in the model's queue."""

    name: str
    priority: int
    flow: str
    lane: str
    number: int
    round: float | None = None

    @property
    def row(self) -> tuple[int, str]:
        return self.priority, self.flow


class Model:
    """The order in plain words: lists, and a look at all of them each time."""

    def __init__(self) -> None:
        self.waits: list[Waits] = []
        self.now: dict[int, float] = {}
        self.last: dict[tuple[int, str], float] = {}

    def comes(self, call: Waits) -> None:
        self.waits.append(call)
        self._lead(call.lane, call.row)

    def _lead(self, lane: str, row: tuple[int, str]) -> None:
        """The first of a player's calls for a limit has a round: the one after his last, but not one that is over."""
        mine = [call for call in self.waits if (call.lane, call.row) == (lane, row) and not call.name.endswith("again")]
        if mine and not any(call.round is not None for call in mine):
            mine[0].round = self.last[row] = max(self.now.get(row[0], 0.0), self.last.get(row, -1.0) + 1)

    def goes(self, name: str) -> str:
        """*name* was served; who should have been, of those who waited for the same limit."""
        call = next(call for call in self.waits if call.name == name)
        first = min(
            (other for other in self.waits if other.lane == call.lane and other.round is not None),
            key=lambda other: (other.priority, other.round, other.number),
        )
        self.waits.remove(call)
        self.now[call.priority] = max(self.now.get(call.priority, 0.0), call.round or 0.0)
        self._lead(call.lane, call.row)
        return first.name

    def leaves(self, name: str) -> None:
        """His next call inherits the round; where there is none, the round was never given."""
        call = next(call for call in self.waits if call.name == name)
        self.waits.remove(call)
        if call.round is None or name.endswith("again"):
            return
        heirs = [other for other in self.waits if (other.lane, other.row) == (call.lane, call.row)]
        heirs = [heir for heir in heirs if heir.round is None]
        if heirs:
            heirs[0].round = call.round
        elif self.last[call.row] == call.round:
            self.last[call.row] = call.round - 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from("abc"), st.sampled_from(list(Priority)), st.sampled_from(["x", "y"])),
        st.tuples(st.just("cancel"), st.integers(0, 100)),
        st.tuples(st.just("end"), st.integers(0, 100)),
        st.tuples(st.just("refuse"), st.integers(0, 100), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 3.0])),
    ),
    max_size=60,
)


class Play:
    """A Room and a Model that go through the same steps."""

    def __init__(self, concurrency: int, rate: float | None) -> None:
        self.clock = FakeClock()
        limits = {"concurrency": concurrency} | ({} if rate is None else {"requests_per_minute": rate})
        self.room, self.model = Room(self.clock, **limits), Model()
        self.known: dict[str, Waits] = {}
        self.seen = 0

    async def step(self, kind: str, *what: Any) -> None:
        room, turns = self.room, self.room.turns
        held = [name for name, turn in turns.items() if turn.held]
        waiting = [call.name for call in self.model.waits]
        if kind == "wait":
            await self.clock.advance(what[0])
        elif kind == "ask":
            flow, priority, lane = what
            call = self._call(str(len(self.known)), priority, flow, lane)
            await room.asks(call.name, flow, priority, lane)
        elif kind == "cancel" and waiting:
            name = waiting[what[0] % len(waiting)]
            self.model.leaves(name)
            await room.leaves(name)
        elif kind == "end" and held:
            await room.ends(held[what[0] % len(held)])
        elif kind == "refuse" and held:
            await self._refuse(held[what[0] % len(held)], back=what[1])
        await settle()
        self.check()

    async def _refuse(self, name: str, *, back: bool) -> None:
        """The server refuses a call with a 429; it may come back for another attempt."""
        turn = self.room.turns[name]
        turn.refused(0.5)
        turn.release()
        await settle()
        self.check()
        if back and turn.key is not None:
            self.room.turns[f"{name} again"] = self.room.turns.pop(name)
            call = self.known[name]
            self._call(f"{name} again", call.priority, call.flow, call.lane, old=call)
            await self.room.comes_back(f"{name} again")

    def _call(self, name: str, priority: int, flow: str, lane: str, old: Waits | None = None) -> Waits:
        call = Waits(name, priority, flow, lane, old.number if old else len(self.known), old.round if old else None)
        self.known[name] = call
        self.model.comes(call)
        return call

    def check(self) -> None:
        """Who failed is out; who went was the first of those who waited for the same limit."""
        for name in [call.name for call in self.model.waits]:
            task = self.room.tasks.get(name)
            if task is not None and task.done() and not task.cancelled() and task.exception() is not None:
                assert isinstance(task.exception(), RateLimitError)
                self.model.leaves(name)
        went, self.seen = self.room.went[self.seen :], len(self.room.went)
        for name in went:
            if self.room.turns[name].key is None:  # it never waited, and so has had no round
                assert [call.name for call in self.model.waits] == [name]
                self.model.leaves(name)
            else:
                assert self.model.goes(name) == name
        assert self.room.scheduler.waiting == len(self.model.waits)
        assert self.room.scheduler.running == sum(turn.held for turn in self.room.turns.values())
        assert self.room.scheduler.running <= self.room.scheduler.limits.concurrency

    async def finish(self) -> None:
        """All that wait go in the end, and nothing is left."""
        for _ in range(2000):
            held = [name for name, turn in self.room.turns.items() if turn.held]
            if not held and not self.model.waits:
                break
            for name in held:
                self.room.turns[name].accepted({})
                await self.room.ends(name)
                self.check()
            await self.clock.advance(0.5)
            self.check()
        assert self.model.waits == []
        scheduler = self.room.scheduler
        assert (scheduler.running, scheduler.waiting) == (0, 0)
        assert all(len(line) == 0 and lane.running == 0 for lane, line in scheduler._lines.items())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from([1, 2, 3]), st.sampled_from([None, 120.0]))
async def test_whatever_comes_leaves_fails_and_ends_the_first_in_order_goes_next(
    steps: list[tuple[Any, ...]], concurrency: int, rate: float | None
) -> None:
    play = Play(concurrency, rate)
    for step in steps:
        await play.step(*step)
    await play.finish()


# -- leaving -------------------------------------------------------------------------------------------------------


def state(scheduler: Scheduler, now: float) -> tuple[Any, ...]:
    """What is taken of it."""
    meters = [meter.wait(now) for _, meter in scheduler._meters]
    return scheduler.running, scheduler.waiting, [len(line) for line in scheduler._lines.values()], meters


@pytest.mark.parametrize("rounds", range(5))
async def test_a_call_cancelled_at_any_moment_of_its_grant_leaves_nothing(clock: FakeClock, rounds: int) -> None:
    """Before it is granted, in the same turn of the loop, and in those after it."""
    room = Room(clock, requests_per_minute=60.0, tokens_per_minute=60.0)
    await room.asks("first")
    await clock.advance(5)
    before = state(room.scheduler, clock.now())
    await room.asks("a")
    room.turns["first"].release()
    for _ in range(rounds):
        await asyncio.sleep(0)
    room.tasks["a"].cancel()
    await settle()
    if "a" in room.went:
        assert rounds > 0
        room.turns["a"].settle(Cost(0, 0, 0))
        room.turns["a"].release()
    assert not room.turns["a"].held
    running, *rest = state(room.scheduler, clock.now())
    assert (running + 1, *rest) == before


async def test_a_place_freed_in_the_turn_of_the_loop_in_which_somebody_left_goes_to_the_next(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for name in ("a1", "a2", "b1"):
        await room.asks(name, name[0])
    room.tasks["a1"].cancel()
    room.turns["first"].release()  # a1 has not noticed yet, and is not served: its round is a2's
    await settle()
    assert room.went == ["first", "a2"]
    assert await room.drains() == ["b1"]


async def test_whoever_leaves_makes_way_at_once(clock: FakeClock) -> None:
    room = Room(clock, concurrency=3)
    await room.asks("first")
    told = {"limit": "100", "remaining": "5", "reset": "95s"}
    room.turns["first"].accepted({f"x-ratelimit-{name}-tokens": value for name, value in told.items()})
    room.turns["big"] = room.scheduler.turn("chat", Cost(tokens=50))
    await room.comes_back("big")
    await room.asks("small")
    assert room.went == ["first"]
    await room.leaves("big")
    assert room.went == ["first", "small"]


async def test_calls_that_come_back_to_a_full_queue_keep_nobody_out_who_need_not_wait(clock: FakeClock) -> None:
    room = Room(clock, concurrency=3, queue=1)
    for name in ("a", "b"):
        await room.asks(name, name)
    for name in ("a", "b"):
        room.turns[name].refused(5.0)
        await room.ends(name)
    for name in ("a", "b"):
        await room.comes_back(name)
    assert room.scheduler.waiting == 2
    assert not any(room.tasks[name].done() for name in ("a", "b"))
    await room.asks("filter", "c", lane="moderation")
    assert room.went[2:] == ["filter"]
    await room.asks("c", "c")
    with pytest.raises(QueueFullError, match=r"2 calls wait .*api\.limits\.queue"):
        await room.tasks["c"]


async def test_ten_thousand_waiting_calls_cost_ten_times_what_a_thousand_cost(clock: FakeClock) -> None:
    async def lines(count: int) -> int:
        """Lines of the scheduler's code that run while *count* calls queue, half of them leave and half are served."""
        room, ran = Room(clock, queue=count), 0

        def trace(frame: FrameType, event: str, _arg: object) -> Callable[..., Any] | None:
            nonlocal ran
            ran += event == "line"
            return trace if frame.f_code.co_filename.endswith(_COUNTED) else None

        async def go(turn: Turn) -> None:
            await room.scheduler.acquire(turn)
            turn.release()

        await room.asks("first")
        turns = [room.scheduler.turn("chat", ONE, flow=("", str(n % 97))) for n in range(count)]
        sys.settrace(trace)
        try:
            tasks = [asyncio.ensure_future(go(turn)) for turn in turns]
            await settle(2)
            assert room.scheduler.waiting == count
            for task in tasks[::2]:
                task.cancel()
            await settle(2)
            room.turns["first"].release()
            await asyncio.wait(tasks)
        finally:
            sys.settrace(None)
        assert (room.scheduler.running, room.scheduler.waiting) == (0, 0)
        return ran

    few, many = await lines(1000), await lines(10_000)
    assert few > 1000
    assert many <= 11 * few


_COUNTED = ("scheduler.py", "line.py", "turn.py", "lane.py")


async def test_calls_that_left_are_soon_forgotten(clock: FakeClock) -> None:
    room = Room(clock)
    await room.asks("first")
    for number in range(5):
        await room.asks(f"stays {number}", str(number))
    left: weakref.WeakSet[Turn] = weakref.WeakSet()
    for number in range(1000):
        await room.asks("comes", str(number % 10))
        left.add(room.turns["comes"])
        await room.leaves("comes")
    del room.turns["comes"], room.tasks["comes"]
    gc.collect()
    assert room.scheduler.waiting == 5
    assert len(left) <= 100
