"""The limit of several processes, seen from one of them: what it sends to Redis, and what it does without."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mudbot.api.limit.limits import Limits
from mudbot.api.limit.shared import AGAIN, MOST, PATIENCE, Ask, GoneError, RedisLimit, RedisLink, SharedLimit
from mudbot.errors import ConfigError
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

ACCOUNT = "https://api.example/v1 org-7"
LIMITS = Limits(requests_per_minute=60, tokens_per_minute=6000, images_per_minute=6)
SECOND = 1e6


class FakeLink(RedisLink):
    """A Redis that grants what ``grants`` says, answers when ``open``, and remembers what it was sent."""

    def __init__(self) -> None:  # opens nothing
        self.where = "redis.example:6379"
        self.jobs: list[dict[str, Any]] = []
        self.keys: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.gone: Exception | None = None
        self.missing = 0
        """So many answers does it leave out."""
        self.wait: Callable[[int], float] = lambda _number: 0.0
        self.at = 1_700_000_000_000_000
        self.drops = 0

    async def run(self, keys: list[str], job: str) -> tuple[int, list[float]]:
        self.keys.append(keys)
        self.jobs.append(json.loads(job))
        await self.open.wait()
        if self.gone is not None:
            raise self.gone
        self.at += 1
        return self.at, [self.wait(number) for number in range(len(self.jobs[-1]["asks"]) - self.missing)]

    async def drop(self) -> None:
        self.drops += 1


def lanes(link: FakeLink, number: int) -> list[str]:
    """The keys of the asks of a script, in order."""
    return [link.keys[number][ask[0] - 1] for ask in link.jobs[number]["asks"]]


def sizes(link: FakeLink) -> list[int]:
    return [len(job["asks"]) for job in link.jobs]


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
async def limit(clock: FakeClock, link: FakeLink) -> AsyncIterator[RedisLimit]:
    limit = RedisLimit("redis://unused", ACCOUNT, LIMITS, clock, link=link)
    yield limit
    link.open.set()
    await limit.close()


async def lose(link: FakeLink, limit: RedisLimit) -> None:
    """Let Redis be gone, and the limit know it."""
    link.gone = GoneError("refused", "start it")
    await limit.take([])
    assert limit.alone


# -- together ----------------------------------------------------------------------------------------------------------


def test_it_is_a_shared_limit(limit: RedisLimit) -> None:
    shared: SharedLimit = limit
    assert repr(shared) == "<RedisLimit shared, redis.example:6379, 0 waiting>"


async def test_what_asks_in_one_turn_of_the_loop_goes_in_one_script_in_order(limit: RedisLimit, link: FakeLink) -> None:
    link.wait = lambda number: number * SECOND
    asks = [[Ask(f"lane {n}")] if n != 2 else [Ask("two a"), Ask("two b")] for n in range(5)]
    answers = await asyncio.gather(*(limit.take(each) for each in asks))
    assert answers == [[0.0], [1.0], [2.0, 3.0], [4.0], [5.0]]
    assert sizes(link) == [6]
    together = link.keys[0]
    await limit.take([ask for each in asks for ask in each])
    assert link.keys[1] == together  # the same lanes, asked by one, in the same order


async def test_what_asks_while_a_script_runs_goes_with_the_next_in_order(limit: RedisLimit, link: FakeLink) -> None:
    link.open.clear()
    order: list[int] = []

    async def one(number: int) -> None:
        await limit.take([Ask(f"lane {number}", tokens=number)])
        order.append(number)

    tasks = []
    for number in range(6):
        tasks.append(asyncio.create_task(one(number)))
        await settle()
    assert sizes(link) == [1]
    link.open.set()
    await asyncio.gather(*tasks)
    assert sizes(link) == [1, 5]
    assert [ask[2] for ask in link.jobs[1]["asks"]] == [pytest.approx(number * 10_000) for number in range(1, 6)]
    assert order == list(range(6))


async def test_a_script_is_never_longer_than_redis_should_be_busy(limit: RedisLimit, link: FakeLink) -> None:
    await asyncio.gather(*(limit.take([Ask("lane")] * 100) for _ in range(6)))
    assert max(sizes(link)) <= MOST
    assert sum(sizes(link)) == 600


async def test_a_call_takes_the_time_that_its_cost_needs_at_the_configured_rate(
    limit: RedisLimit, link: FakeLink
) -> None:
    await limit.take([Ask("a", 1, 50), Ask("a", 1, 0, 2), Ask("b", float("nan"), -1, 1e300)])
    (first, second, third) = [ask[1:] for ask in link.jobs[0]["asks"]]
    assert first == pytest.approx([1 * SECOND, 0.5 * SECOND, 0])
    assert second == pytest.approx([1 * SECOND, 0, 20 * SECOND])
    assert third == [0, 0, 1e15]


async def test_a_kind_without_a_limit_takes_nothing(clock: FakeClock, link: FakeLink) -> None:
    limit = RedisLimit("", ACCOUNT, Limits(requests_per_minute=60), clock, link=link)
    await limit.take([Ask("a", 1, 5000, 7)])
    assert link.jobs[0]["asks"] == [[2, SECOND, 0, 0]]
    limit.settle({"tokens": 100})
    await settle()
    assert len(link.jobs) == 1
    await limit.close()


async def test_keys_tell_nobody_who_calls_and_lie_in_one_slot(limit: RedisLimit, link: FakeLink) -> None:
    await limit.take([Ask("POST /chat/completions gpt-x"), Ask("POST /embeddings")])
    (keys,) = link.keys
    assert len(set(keys)) == 3
    assert len({key[key.index("{") : key.index("}")] for key in keys}) == 1
    assert not any(word in key for key in keys for word in ("example", "org-7", "gpt", "POST"))


async def test_processes_with_other_limits_share_the_keys(clock: FakeClock, link: FakeLink, limit: RedisLimit) -> None:
    other = RedisLimit("", ACCOUNT, Limits(requests_per_minute=30), clock, link=link)
    stranger = RedisLimit("", "https://api.example/v1 org-8", LIMITS, clock, link=link)
    for each in (limit, other, stranger):
        await each.take([Ask("a")])
    assert link.keys[0] == link.keys[1]
    assert not set(link.keys[0]) & set(link.keys[2])
    assert [job["asks"][0][1] for job in link.jobs] == [1 * SECOND, 2 * SECOND, 1 * SECOND]


# -- corrections and holds ---------------------------------------------------------------------------------------------


async def test_corrections_go_in_one_script_with_the_moment_of_the_grant(limit: RedisLimit, link: FakeLink) -> None:
    asks = [Ask("a", 1, 100), Ask("a", 1, 100), Ask("a", 1, 100)]
    await limit.take(asks)
    granted = link.at
    limit.settle({"tokens": -60}, asks[0])
    limit.settle({"tokens": -20}, asks[1])
    limit.settle({"tokens": 30, "requests": -1}, asks[2])
    await settle()
    assert len(link.jobs) == 2
    assert sorted(link.jobs[1]["settles"]) == [
        [1, granted, pytest.approx(-1 * SECOND)],
        [2, 0, pytest.approx(0.3 * SECOND)],
        [2, granted, pytest.approx(-0.8 * SECOND)],
    ]


async def test_corrections_go_before_what_asks_in_the_same_turn(limit: RedisLimit, link: FakeLink) -> None:
    limit.settle({"tokens": 30})
    await limit.take([Ask("a")])
    assert len(link.jobs) == 1
    assert link.jobs[0]["settles"]


@pytest.mark.parametrize(
    ("change", "moved"),
    [(-1e9, -1 * SECOND), (float("-inf"), -1 * SECOND), (1e9, 60 * SECOND), (float("inf"), 60 * SECOND)],
)
async def test_nothing_gives_back_more_than_was_taken_or_charges_more_than_a_minute(
    limit: RedisLimit, link: FakeLink, change: float, moved: float
) -> None:
    ask = Ask("a", 1, 100)
    await limit.take([ask])
    limit.settle({"tokens": change, "requests": float("nan")}, ask)
    await settle()
    assert [settle[2] for settle in link.jobs[1]["settles"]] == [pytest.approx(moved)]


async def test_what_changes_nothing_is_not_sent(limit: RedisLimit, link: FakeLink) -> None:
    limit.settle({"tokens": 0.0, "pictures": 3})
    limit.settle({})
    limit.hold("a", 0)
    limit.hold("a", float("nan"))
    await settle()
    assert link.jobs == []


async def test_a_hold_is_sent_at_once_and_a_shorter_one_changes_nothing(limit: RedisLimit, link: FakeLink) -> None:
    limit.hold("a", 7.5)
    limit.hold("a", 2)
    await settle()
    limit.hold("a", 5)
    await settle()
    assert [job["holds"] for job in link.jobs] == [[[2, 7500]]]
    await limit.take([Ask("a")])
    assert lanes(link, 1) == [link.keys[0][1]]


async def test_a_hold_for_ever_ends_after_an_hour(limit: RedisLimit, link: FakeLink) -> None:
    limit.hold("a", float("inf"))
    await settle()
    assert link.jobs[0]["holds"] == [[2, 3_600_000]]


async def test_a_hold_that_ended_before_it_could_be_sent_does_no_harm(
    limit: RedisLimit, link: FakeLink, clock: FakeClock
) -> None:
    link.open.clear()
    waiting = asyncio.create_task(limit.take([Ask("z")]))
    await settle()
    limit.hold("a", 0.1)
    await clock.advance(0.2)
    limit.hold("b", 5)
    link.open.set()
    await waiting
    await settle()
    assert [job["holds"] for job in link.jobs] == [[], [[2, 5000]]]


# -- cancelled ---------------------------------------------------------------------------------------------------------


async def test_who_is_cancelled_before_the_script_was_sent_asks_nothing(limit: RedisLimit, link: FakeLink) -> None:
    task = asyncio.create_task(limit.take([Ask("a")]))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await settle()
    assert sum(sizes(link)) == 0


async def test_who_is_cancelled_while_the_script_runs_gives_all_of_it_back(limit: RedisLimit, link: FakeLink) -> None:
    link.open.clear()
    link.wait = lambda number: number * SECOND
    task = asyncio.create_task(limit.take([Ask("a", 1, 100), Ask("a", 1, 500)]))
    other = asyncio.create_task(limit.take([Ask("b")]))
    await settle()
    task.cancel()
    link.open.set()
    assert await other == [2.0]
    await settle()
    assert sorted(settle[2] for settle in link.jobs[1]["settles"]) == pytest.approx([-1 * SECOND, -1 * SECOND])


async def test_who_is_cancelled_in_the_turn_of_his_grant_gives_it_back(limit: RedisLimit, link: FakeLink) -> None:
    async def cancel_the_second() -> None:
        await limit.take([Ask("a", 0)])
        second.cancel()  # its answer is there, and it has not woken yet

    first = asyncio.create_task(cancel_the_second())
    second = asyncio.create_task(limit.take([Ask("a", 1)]))
    await asyncio.gather(first, second, return_exceptions=True)
    assert sizes(link)[0] == 2
    assert second.cancelled()
    await settle()
    assert link.jobs[1]["settles"] == [[1, link.at - 1, -1 * SECOND]]


# -- without Redis -----------------------------------------------------------------------------------------------------


async def test_a_redis_that_hangs_holds_nobody_longer_than_half_a_second(
    limit: RedisLimit, link: FakeLink, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    link.open.clear()
    first = asyncio.create_task(limit.take([Ask("a")]))
    await clock.advance(PATIENCE - 0.01)
    late = asyncio.create_task(limit.take([Ask("a")]))  # asks when the script is nearly given up
    await settle()
    assert not first.done()
    await clock.advance(0.02)
    assert first.done()
    assert late.done()
    assert await first + await late == pytest.approx([0.0, 2.0])  # half of one a second
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "no answer within 0.5 s" in record.getMessage()
    assert "50 %" in record.getMessage()


async def test_the_patience_is_counted_from_the_asking_not_from_the_sending(
    limit: RedisLimit, link: FakeLink, clock: FakeClock
) -> None:
    link.open.clear()
    tasks = [asyncio.create_task(limit.take([Ask("a")]))]
    await clock.advance(0.3)
    tasks.append(asyncio.create_task(limit.take([Ask("a")])))
    await clock.advance(0.1)
    link.open.set()
    link.open.clear()  # one script ran; the next hangs
    await tasks[0]
    await settle()
    assert not tasks[1].done()
    await clock.advance(0.41)
    assert tasks[1].done()


async def test_redis_gone_is_said_once_and_asked_again_every_two_seconds(
    limit: RedisLimit, link: FakeLink, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await lose(link, limit)
    for _ in range(3):
        assert await limit.take([Ask("a")]) != []
        await clock.advance(AGAIN)
    assert len(link.jobs) == 1 + 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    link.gone = None
    await clock.advance(AGAIN)
    assert not limit.alone
    assert caplog.messages[1:] == ["Redis at redis.example:6379 is back: the limits are shared again"]
    link.wait = lambda _number: 7 * SECOND
    assert await limit.take([Ask("a")]) == [7.0]


async def test_alone_each_process_keeps_its_part_of_every_limit(
    limit: RedisLimit, link: FakeLink, clock: FakeClock
) -> None:
    await lose(link, limit)
    went = 0
    for _ in range(6000):
        went += await limit.take([Ask("a", 1, 10)]) == [0.0]
        await clock.advance(0.01)
    assert went == 30


async def test_alone_nobody_passes_in_his_lane_and_another_lane_may(limit: RedisLimit, link: FakeLink) -> None:
    await lose(link, limit)
    limit.hold("held", 9)
    asks = [Ask("held"), Ask("a", 0, 100), Ask("held", 0, 0), Ask("a", 0, 1), Ask("a", 0, 0), Ask("b", 0, 0, 1)]
    assert await limit.take(asks) == [9.0, 0.0, 9.0, pytest.approx(2.0), pytest.approx(2.0), 0.0]


async def test_alone_a_call_takes_all_that_it_needs_or_nothing(limit: RedisLimit, link: FakeLink) -> None:
    await lose(link, limit)
    assert await limit.take([Ask("a", 0, 100), Ask("b", 1, 1), Ask("c", 1, 0)]) == [0.0, pytest.approx(2.0), 0.0]


async def test_alone_what_was_not_used_is_given_back(limit: RedisLimit, link: FakeLink) -> None:
    await lose(link, limit)
    ask = Ask("a", 1, 1000)
    await limit.take([ask])
    limit.settle({"tokens": -900, "requests": -1}, ask)
    assert await limit.take([Ask("a", 1, 1)]) == [pytest.approx(2.0)]
    link.gone = None


async def test_what_was_settled_and_held_without_redis_is_told_when_it_is_back(
    limit: RedisLimit, link: FakeLink, clock: FakeClock
) -> None:
    ask = Ask("a", 1, 100)
    await limit.take([ask])
    granted = link.at
    await lose(link, limit)
    limit.settle({"tokens": -60}, ask)
    limit.hold("short", 1)
    limit.hold("long", 30)
    link.gone = None
    await clock.advance(AGAIN)
    await settle()
    told = [job for job in link.jobs[2:] if job["holds"] or job["settles"]]
    assert [job["holds"] for job in told] == [[[2, 28_000]], []]
    assert told[1]["settles"] == [[2, granted, pytest.approx(-0.6 * SECOND)]]


async def test_a_correction_that_may_have_arrived_is_not_sent_twice(
    limit: RedisLimit, link: FakeLink, clock: FakeClock
) -> None:
    link.gone = GoneError("hung up", "start it")
    limit.settle({"tokens": -60})
    await settle()
    assert limit.alone
    link.gone = None
    await clock.advance(AGAIN)
    await limit.take([Ask("a")])
    assert [len(job["settles"]) for job in link.jobs] == [1, 0, 0]


async def test_too_few_answers_are_no_answer(limit: RedisLimit, link: FakeLink) -> None:
    link.missing = 1
    assert await limit.take([Ask("a")]) == [0.0]
    assert limit.alone


async def test_whatever_goes_wrong_nobody_waits_for_ever(
    limit: RedisLimit, link: FakeLink, caplog: pytest.LogCaptureFixture
) -> None:
    link.gone = LookupError("our own mistake")
    assert await asyncio.gather(*(limit.take([Ask(name)]) for name in "ab")) == [[0.0], [pytest.approx(2.0)]]
    assert "LookupError: our own mistake" in caplog.text


async def test_closing_sends_what_is_left_and_takes_are_still_answered(limit: RedisLimit, link: FakeLink) -> None:
    limit.settle({"tokens": 50})
    waiting = asyncio.create_task(limit.take([Ask("a")]))
    await asyncio.sleep(0)
    await limit.close()
    assert await waiting == [0.0]
    assert [len(job["settles"]) for job in link.jobs if job["settles"]] == [1]
    sent = len(link.jobs)
    assert await limit.take([Ask("a")]) == [0.0]
    limit.settle({"tokens": 50})
    limit.hold("a", 5)
    await limit.close()
    assert len(link.jobs) == sent
    assert "closed" in repr(limit)


async def test_closing_while_redis_goes_leaves_no_task(limit: RedisLimit, link: FakeLink) -> None:
    link.gone = GoneError("refused", "start it")
    waiting = asyncio.create_task(limit.take([Ask("a")]))
    await asyncio.sleep(0)
    await limit.close()
    assert await waiting == [0.0]
    assert asyncio.all_tasks() == {asyncio.current_task()}


# -- the edge ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["https://u:hunter2@host", "redis://u:hunter2/@host:x", "hunter2", "redis://:hunter2@host:99999x/0", ""]
)
def test_an_address_that_is_none_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RedisLink(url)
    assert "redis://HOST:PORT/0" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"pip install 'mudbot\[redis\]'"):
        RedisLink("redis://localhost")


def test_the_package_is_imported_only_where_it_is_used() -> None:
    code = "import sys, mudbot.api.limit.shared; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 9, b"*2\r\n:1\r\n$4\r\nnull\r\n" * 9, b"\xff\x00\r\n", b""],
)
async def test_what_is_no_redis_is_as_good_as_none(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limit = RedisLimit(f"redis://:hunter2@127.0.0.1:{port}", ACCOUNT, LIMITS, FakeClock())
    assert await limit.take([Ask("a")]) == [0.0]
    assert limit.alone
    await limit.close()
    server.close()
    assert f"127.0.0.1:{port}" in caplog.text
    assert "hunter2" not in caplog.text
