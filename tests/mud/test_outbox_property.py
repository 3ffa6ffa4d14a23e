"""The outbox: whatever is put when, what reaches the MUD never breaks a rule."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudbot.mud.dialect import Verb
from mudbot.mud.gate import Packet
from mudbot.mud.outbox import TTL, Outbox
from mudbot.mud.rules import Bucket, Pace, Repeat
from mudbot.testing.clock import FakeClock, settle

SLACK = 1e-4
"""Seconds and tokens: rounding."""


class Put(NamedTuple):
    verb: Verb | None
    target: str | None
    text: str
    urgent: bool
    typing: float


class Hold(NamedTuple):
    seconds: float
    verbs: frozenset[Verb] | None


class Slow(NamedTuple):
    factor: float
    seconds: float


class Close(NamedTuple):
    reopen_after: float


Step = tuple[float, Put | Hold | Slow | Close]


@dataclass
class Sent:
    """One line on the wire: which put it was, and when."""

    at: float
    since: float
    number: int
    line: Put


@dataclass
class Run:
    """What a sequence of steps gave."""

    sent: list[Sent] = field(default_factory=list)
    holds: list[tuple[float, Hold]] = field(default_factory=list)
    closed: list[tuple[float, float]] = field(default_factory=list)
    puts: list[tuple[float, Put]] = field(default_factory=list)
    counted: tuple[int, int] = (0, 0)
    sleeps: int = 0


class Counting(FakeClock):
    sleeps = 0

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        await super().sleep(seconds)


async def play(pace: Pace, steps: list[Step]) -> Run:
    clock, run = Counting(), Run()
    outbox = Outbox(pace, clock)

    def write(data: bytes) -> None:
        number = int(data)
        since, line = run.puts[number]
        run.sent.append(Sent(clock.now(), since, number, line))

    outbox.open(write)
    task = asyncio.create_task(outbox.run())
    for delay, step in steps:
        await clock.advance(delay)
        match step:
            case Put(verb, target, text, urgent, typing):
                packet = Packet(b"%d" % len(run.puts), text, verb, target)
                run.puts.append((clock.now(), step))
                outbox.put(packet, urgent=urgent, typing=typing)
            case Hold(seconds, verbs):
                await settle()  # what could leave before has left
                run.holds.append((clock.now(), step))
                outbox.hold(seconds, verbs)
            case Slow(factor, seconds):
                outbox.slow(factor, seconds)
            case Close(after):
                await settle()
                outbox.close()
                began = clock.now()
                await clock.advance(after)
                run.closed.append((began, clock.now()))
                outbox.open(write)
    await clock.advance(TTL * 2)
    run.counted, run.sleeps = (outbox.sent, outbox.dropped), clock.sleeps
    assert "<Outbox 0 waiting" in repr(outbox)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return run


def within(bucket: Bucket, times: list[float]) -> bool:
    """Whether no window of *times* has more than the bucket gives."""
    return all(
        j - i + 1 <= bucket.burst + (times[j] - times[i]) * bucket.per_second + SLACK
        for i, j in combinations(range(len(times)), 2)
    )


def check(pace: Pace, run: Run) -> None:
    """Every rule, on the log of the wire alone."""
    assert within(pace, [sent.at for sent in run.sent]), "faster than the pace of commands"
    speech = [sent for sent in run.sent if sent.line.verb]
    if pace.says:
        assert within(pace.says, [sent.at for sent in speech]), "faster than the pace of speech"
    for channel in ("chat", "rumor"):
        times = [sent.at for sent in speech if (sent.line.verb, sent.line.target) == ("channel", channel)]
        assert all(b - a >= pace.channel_gap - SLACK for a, b in pairwise(times)), "too close on a channel"
    if pace.repeat:
        for n, sent in enumerate(speech):
            same = [other for other in speech[:n] if other.line[:3] == sent.line[:3]]
            recent = [other for other in same if sent.at <= other.at + pace.repeat.window - SLACK]
            assert len(recent) < pace.repeat.times, "said too often"
    assert max(Counter(sent.number for sent in run.sent).values(), default=1) == 1, "sent twice"
    lanes: dict[object, list[int]] = {}
    for sent in run.sent:
        lanes.setdefault((sent.line.urgent, sent.line.verb, sent.line.target), []).append(sent.number)
        assert sent.at - sent.since <= TTL, "too late"
        assert sent.at - sent.since >= sent.line.typing - SLACK, "not typed yet"
        assert not any(began < sent.at < ended for began, ended in run.closed), "sent while closed"
        for at, hold in run.holds:
            if sent.line.verb and (hold.verbs is None or sent.line.verb in hold.verbs):
                assert not at + SLACK < sent.at < at + hold.seconds - SLACK, "said while muted"
    assert all(numbers == sorted(numbers) for numbers in lanes.values()), "out of order"
    # An urgent command waits for nothing but those before it, to be typed or to be too old.
    for sent in (sent for sent in run.sent if sent.line.urgent and not sent.line.verb):
        before = [(since, line) for since, line in run.puts[: sent.number + 1] if line.urgent and not line.verb]
        typed = max(since + min(line.typing, TTL) for since, line in before)
        assert not any(typed + 0.01 < other.at < sent.at for other in run.sent if not other.line.urgent), "not urgent"
    assert sum(run.counted) == len(run.puts), "lost count"
    assert run.counted[0] == len(run.sent)
    # For each line: its time of typing, its turn, and its end; and once for every change that woke it.
    assert run.sleeps <= 4 * len(run.puts) + len(run.holds) + 20, "busy"


ROUTES: list[tuple[Verb | None, str | None]] = [
    ("say", None), ("tell", "bob"), ("tell", "ann"), ("channel", "chat"), ("channel", "rumor"), (None, None),
    (None, None),
]  # fmt: skip


@st.composite
def puts(draw: st.DrawFn) -> Put:
    verb, target = draw(st.sampled_from(ROUTES))
    typing = draw(st.sampled_from([0.0, 0.0, 0.4, 3.0, 25.0, 40.0]))
    return Put(verb, target, draw(st.sampled_from("abc")), draw(st.sampled_from([False, False, True])), typing)


HOLDS = st.builds(
    Hold,
    st.sampled_from([0.5, 5.0, 40.0]),
    st.none() | st.sampled_from([frozenset({"channel"}), frozenset({"say", "tell"})]),
)
OTHERS = HOLDS | st.builds(Slow, st.sampled_from([1.5, 4.0]), st.sampled_from([2.0, 20.0])) | st.builds(
    Close, st.sampled_from([0.0, 3.0, 35.0])
)  # fmt: skip
DELAYS = st.sampled_from([0.0, 0.0, 0.0, 0.25, 0.7, 2.0, 11.0])
ANY = st.tuples(DELAYS, puts() | puts() | puts() | OTHERS)
# Left to itself hypothesis makes lists of three: too few for anything to wait.
STEPS = st.lists(ANY, max_size=10) | st.lists(ANY, min_size=25, max_size=80) | st.lists(ANY, min_size=25, max_size=80)
BUCKETS = st.builds(Bucket, burst=st.sampled_from([1.0, 2.5, 4.0]), per_second=st.sampled_from([0.3, 1.0, 5.0]))
PACES = st.builds(
    lambda bucket, says, gap, repeat: Pace(**bucket.model_dump(), says=says, channel_gap=gap, repeat=repeat),
    BUCKETS,
    st.none() | BUCKETS,
    st.sampled_from([0.0, 1.0, 3.5]),
    st.none() | st.builds(Repeat, window=st.sampled_from([2.0, 10.0]), times=st.integers(1, 2)),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.large_base_example])
@given(pace=PACES, steps=STEPS)
def test_no_rule_is_ever_broken(pace: Pace, steps: list[Step]) -> None:
    """Pace, gap, repetition, order, age, mute, and once at most: over any window of the wire, whatever was put."""
    run = asyncio.run(play(pace, steps))
    check(pace, run)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.large_base_example])
@given(pace=PACES, first=puts(), steps=STEPS)
def test_a_line_that_nothing_forbids_leaves_at_once(pace: Pace, first: Put, steps: list[Step]) -> None:
    """The first line, urgent, leaves with its last key stroke: an outbox that only drops would break no rule either."""
    first = first._replace(typing=0.0, urgent=True)
    run = asyncio.run(play(pace, [(0.0, first), (0.25, first._replace(text="z", verb=None)), *steps]))
    assert (run.sent[0].number, run.sent[0].at) == (0, run.puts[0][0])
    assert run.counted[0] >= 1
