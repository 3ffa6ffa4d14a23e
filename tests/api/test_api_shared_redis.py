"""The shared limit at a real redis-server: its script against ``Meter``, several processes, and every way to lose it.

``python -m tests.api.test_api_shared_redis URL SECONDS WRONG`` is one of the processes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mudbot.api.limit.limits import Limits
from mudbot.api.limit.meter import Meter
from mudbot.api.limit.shared import KINDS, SCRIPT, Ask, RedisLimit, RedisLink, _Alone
from mudbot.clock import SystemClock
from mudbot.testing import FakeClock
from tests.real.servers.environment import UnavailableError
from tests.real.servers.redis import Redis

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

PROCESSES, RATE, SECONDS = 4, 50, 5.0
LIMITS = Limits(requests_per_minute=60, tokens_per_minute=6000, images_per_minute=6)
HOUR = 3600.0


def started(stack: ExitStack, *options: str) -> Redis:
    """A server of one's own, stopped with *stack*."""
    try:
        return stack.enter_context(Redis(*options))
    except UnavailableError as error:
        reason = f"redis-server can be neither found nor installed here: {error}"
        if os.environ.get("MUDBOT_REQUIRE_REAL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Redis]:
    with ExitStack() as stack:
        yield started(stack)


@pytest.fixture
def server(shared_server: Redis) -> Redis:
    """An empty one that no test may end."""
    shared_server.ask("FLUSHALL")
    return shared_server


@pytest.fixture
def mortal() -> Iterator[Redis]:
    with ExitStack() as stack:
        yield started(stack)


class Hasty(SystemClock):
    """Does not sleep two seconds before it looks again."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


class Wrong(SystemClock):
    """Is *off* by so many seconds, in both of its times."""

    def __init__(self, off: float) -> None:
        self._off = off

    def now(self) -> float:
        return super().now() + self._off

    def wall(self) -> float:
        return super().wall() + self._off


@asynccontextmanager
async def limit_at(url: str, limits: Limits = LIMITS, account: str = "account") -> AsyncIterator[RedisLimit]:
    limit = RedisLimit(url, account, limits, Hasty())
    try:
        yield limit
    finally:
        await limit.close()


async def until(done: Callable[[], bool]) -> None:
    """The test's own timeout bounds it."""
    while not done():  # noqa: ASYNC110 - another process is waited for
        await asyncio.sleep(0.001)


async def told(limit: RedisLimit) -> None:
    """Wait until all corrections and holds have been sent and have arrived."""
    await until(lambda: limit._sender is None)


# -- the script is Meter -----------------------------------------------------------------------------------------------


class Told(RedisLink):
    """Runs the script at a time that the test tells it."""

    SCRIPT = SCRIPT.replace("redis.call('TIME')", "redis.call('LRANGE', 'time', 0, -1)")

    def __init__(self, server: Redis) -> None:
        super().__init__(server.url)
        self.micro = 1_700_000_000_000_000

    async def run(self, keys: list[str], job: str) -> tuple[int, list[float]]:
        await self._home.delete("time")
        await self._home.rpush("time", str(self.micro // 10**6), str(self.micro % 10**6))
        at, waits = await self._home.eval(self.SCRIPT, len(keys), *keys, job)
        return int(at), json.loads(waits)


# All costs take a multiple of 10 ms and every step of time is 3 microseconds more than one: the two never meet on the
# point, where the one's rounding would grant what the other's does not.
EXACT = Limits(requests_per_minute=6000, tokens_per_minute=6000, images_per_minute=600)
COSTS = st.sampled_from([0, 1, 3]), st.sampled_from([0, 5, 40, 300]), st.sampled_from([0, 0, 1, 2])
STEP = st.one_of(
    st.tuples(st.just("take"), st.lists(st.tuples(st.sampled_from("ab"), *COSTS), min_size=1, max_size=3)),
    st.tuples(st.just("settle"), st.integers(0, 2), st.sampled_from([0, 0, 0.5, 1, 3, 40])),
    st.tuples(st.just("pass"), st.sampled_from([1, 10, 50, 400, 400])),
)


async def compare(server: Redis, steps: list[tuple[Any, ...]]) -> None:
    """Play *steps* to the script and to three Meters; they must say the same all the time."""
    server.ask("FLUSHALL")
    link = Told(server)
    ours = RedisLimit("", "account", EXACT, FakeClock(), link=link)
    try:
        await play(link, ours, steps)
        assert not ours.alone
    finally:
        await ours.close()


async def play(link: Told, ours: RedisLimit, steps: list[tuple[Any, ...]]) -> None:
    model = _Alone({kind: getattr(EXACT, f"{kind}_per_minute") for kind in KINDS})
    granted: list[tuple[Ask, Ask]] = []
    start = link.micro
    for step in steps:
        link.micro += 3
        if step[0] == "pass":
            link.micro += step[1] * 10_000
        elif step[0] == "settle" and granted:
            mine, its = granted.pop(max(0, len(granted) - 1 - step[1]))
            change = {kind: int(getattr(mine, kind) * step[2]) - getattr(mine, kind) for kind in KINDS}
            ours.settle(change, mine)
            assert isinstance(its.receipt, list)
            model.settle(its.receipt, change)
            await told(ours)
        elif step[0] == "take":
            pairs = [(Ask(*ask), Ask(*ask)) for ask in step[1]]
            waits = await ours.take([mine for mine, _ in pairs])
            expected = model.take([its for _, its in pairs], (link.micro - start) / 1e6, {})
            assert waits == pytest.approx(expected, abs=2e-6)
            granted += [pair for pair, wait in zip(pairs, waits, strict=True) if not wait]


@hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=20, max_size=40))
def test_the_script_says_what_three_meters_say(server: Redis, steps: list[tuple[Any, ...]]) -> None:
    """Takes, batches, refunds, charges, idle times, in any order: the same grants and the same waits."""
    assert Told.SCRIPT != SCRIPT
    asyncio.run(compare(server, steps))


async def test_what_time_has_worked_off_gives_nothing_back(server: Redis) -> None:
    """The case that a floor at "now" alone would get wrong: a refund from a busy period that is over."""
    link = Told(server)
    limit = RedisLimit("", "account", LIMITS, FakeClock(), link=link)
    old, new = Ask("a", 0, 1000), Ask("a", 0, 1000)
    await limit.take([old])
    link.micro += 20 * 10**6
    await limit.take([new])
    limit.settle({"tokens": -1000}, old)
    assert await limit.take([Ask("a", 0, 1)]) == [pytest.approx(10.0)]
    limit.settle({"tokens": -400}, new)
    assert await limit.take([Ask("a", 0, 1)]) == [pytest.approx(6.0)]
    await limit.close()


async def test_a_redis_clock_that_is_set_back_makes_nobody_wait_longer(server: Redis) -> None:
    link = Told(server)
    limit = RedisLimit("", "account", LIMITS, FakeClock(), link=link)
    await limit.take([Ask("a", 0, 1000)])
    link.micro -= int(HOUR * 1e6)
    assert await limit.take([Ask("a", 0, 1)]) == [pytest.approx(10.0)]
    link.micro += 4 * 10**6
    assert await limit.take([Ask("a", 0, 1)]) == [pytest.approx(6.0)]
    await limit.close()


# -- one process -------------------------------------------------------------------------------------------------------


async def test_a_hold_closes_its_lane_for_every_process_and_no_other_lane(server: Redis) -> None:
    async with limit_at(server.url) as one, limit_at(server.url) as other:
        one.hold("a", 30)
        await told(one)
        other.hold("a", 5)
        await told(other)
        (held, behind, free) = await other.take([Ask("a"), Ask("a", 0), Ask("b")])
        assert held == behind
        assert 20 < held <= 30
        assert free == 0.0


async def test_a_hold_goes_by_itself(server: Redis) -> None:
    async with limit_at(server.url) as limit:
        limit.hold("a", 0.05)
        await told(limit)
        await asyncio.sleep((await limit.take([Ask("a")]))[0])
        assert await limit.take([Ask("a")]) == [0.0]


async def test_a_call_takes_all_three_or_nothing(server: Redis) -> None:
    async with limit_at(server.url) as limit:
        assert await limit.take([Ask("a", 0, 0, 1)]) == [0.0]
        (wait,) = await limit.take([Ask("b", 1, 5000, 1)])
        assert wait > 5
        assert await limit.take([Ask("b", 1, 1, 0)]) == [0.0]


async def test_other_limits_for_the_same_account_share_the_time(server: Redis) -> None:
    """Each call takes the time that its own process says: together never more than the highest limit."""
    slow = Limits(requests_per_minute=6)
    async with limit_at(server.url) as fast, limit_at(server.url, slow) as other:
        assert await fast.take([Ask("a")]) == [0.0]
        assert (await other.take([Ask("a")]))[0] == pytest.approx(1, abs=0.5)
        server.ask("FLUSHALL")
        assert await other.take([Ask("a")]) == [0.0]
        assert (await fast.take([Ask("a")]))[0] == pytest.approx(10, abs=0.5)


async def test_what_it_keeps_is_bounded_and_goes_by_itself(server: Redis) -> None:
    """56 bytes for an account whatever is asked, a key for each hold, and each has an end."""
    async with limit_at(server.url, EXACT) as limit:
        for number in range(40):
            await limit.take([Ask(f"lane {number} {each}", 1, 3, 1) for each in range(50)])
        assert server.ask("DBSIZE") == ":1"
        for number in range(5):
            limit.hold(f"lane {number}", 60)
        await limit.take([Ask("a", 0, 1e12)])
        await told(limit)
    assert server.ask("DBSIZE") == ":6"
    shortest = """
        local left = {}
        for i, key in ipairs(redis.call('KEYS', '*')) do left[i] = redis.call('PTTL', key) end
        return math.min(unpack(left))
    """
    size = "return #redis.call('GET', redis.call('KEYS', '*:limit')[1])"
    assert server.ask("EVAL", size, "0") == ":56"
    assert int(server.ask("EVAL", shortest, "0").lstrip(":")) > 0


async def test_a_server_that_forgot_the_script_is_told_it_again(server: Redis) -> None:
    async with limit_at(server.url) as limit:
        await limit.take([Ask("a")])
        server.ask("SCRIPT", "FLUSH")
        (wait,) = await limit.take([Ask("a")])
        assert wait > 0
        assert not limit.alone


# -- several processes -------------------------------------------------------------------------------------------------


async def greedy(url: str, seconds: float, wrong: float) -> None:
    """Take as fast as the limit lets, once told to start; print the moments of the grants by Redis' clock."""
    clock = Wrong(wrong)
    limit = RedisLimit(url, "many", Limits(requests_per_minute=RATE * 60), clock)
    await limit.take([Ask("a", 0)])  # connect
    print("ready", flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.readline()
    end, grants = clock.now() + seconds, []
    while clock.now() < end:
        ask = Ask("a")
        (wait,) = await limit.take([ask])
        if wait:
            await clock.sleep(wait)
        else:
            grants.append(ask.receipt)
    print(json.dumps({"grants": grants, "alone": limit.alone}))  # noqa: T201
    await limit.close()


def run_processes(url: str) -> list[list[int]]:
    """The grants of each process; the first one's clock is an hour wrong."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, url, str(SECONDS), str(0.0 if number else HOUR)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [json.loads(process.communicate()[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert not any(each["alone"] for each in found)
    return [each["grants"] for each in found]


def test_four_processes_hold_one_limit_exactly_though_one_has_a_wrong_clock(server: Redis) -> None:
    """50.0 a second within 1 %, at most 55 in any one second, by Redis' clock.

    Seconds in which this machine ran none of the four are no loss of theirs: the limit stood idle, and they are taken
    out.  Nothing is taken out of what was too early or too much.
    """
    each = run_processes(server.url)
    grants = sorted(at / 1e6 for mine in each for at in mine)
    meter, idle = Meter("requests_per_minute", RATE * 60), 0.0
    for at in grants:
        assert meter.wait(at) <= 2e-6, "granted too early"
        idle += max(0.0, at - meter.paid) if meter.paid > 0 else 0.0
        meter.take(1, at)
    busy = grants[-1] - grants[0] - idle
    figure = (
        f"{(len(grants) - 1) / busy:.2f} a second over {busy:.2f} s, {idle:.3f} s idle, {[len(mine) for mine in each]}"
    )
    assert busy > SECONDS / 2, figure
    assert (len(grants) - 1) / busy == pytest.approx(RATE, rel=0.01), figure
    assert max(sum(start <= at < start + 1 for at in grants) for start in grants) <= 55
    assert min(len(mine) for mine in each) > 0, figure
    print(figure)  # noqa: T201 - shown by pytest -s


# -- lost, and back ----------------------------------------------------------------------------------------------------


async def test_a_stopped_redis_is_done_without_until_it_goes_on(
    mortal: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with limit_at(mortal.url) as limit:
        assert await limit.take([Ask("a")]) == [0.0]
        mortal.pause()
        assert await limit.take([Ask("a"), Ask("a")]) == [0.0, pytest.approx(2.0)]
        assert limit.alone
        mortal.resume()
        await until(lambda: not limit.alone)
        assert (await limit.take([Ask("a")]))[0] <= 2
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_killed_redis_is_done_without_until_it_is_started_again(
    mortal: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """What it kept is lost; a hold that was in force is told again."""
    caplog.set_level("INFO")
    async with limit_at(mortal.url) as limit:
        await limit.take([Ask("a", 1, 6000)])
        limit.hold("held", 60)
        await told(limit)
        mortal.kill()
        assert (await limit.take([Ask("a"), Ask("held")]))[0] == 0.0
        assert limit.alone
        mortal.start()
        await until(lambda: not limit.alone)
        lost, held = await limit.take([Ask("a"), Ask("held")])
        assert lost == 0.0
        assert held > 50
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_redis_that_is_not_there_at_first_is_found_later(mortal: Redis) -> None:
    mortal.kill()
    async with limit_at(mortal.url) as limit:
        assert await limit.take([Ask("a")]) == [0.0]
        assert limit.alone
        mortal.start()
        await until(lambda: not limit.alone)


async def test_many_who_ask_when_redis_dies_are_all_answered_in_order(mortal: Redis) -> None:
    async with limit_at(mortal.url) as limit:
        await limit.take([])
        mortal.pause()
        tasks = [asyncio.create_task(limit.take([Ask(f"lane {number}")])) for number in range(1000)]
        await asyncio.sleep(0.05)
        mortal.kill()
        answers = [(await task)[0] for task in tasks]
        assert answers[0] == 0.0
        assert answers[1:] == pytest.approx([2.0] * 999)


async def test_a_wrong_password_is_said_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        server = started(stack, "--requirepass", "correct-horse")
        wrong = server.url.replace("//", "//:hunter2@")
        async with limit_at(wrong) as limit, limit_at(server.url) as without:
            for each in (limit, without):
                assert await each.take([Ask("a")]) == [0.0]
                assert each.alone
        async with limit_at(server.url.replace("//", "//:correct-horse@")) as limit:
            await limit.take([Ask("a")])
            assert not limit.alone
    assert caplog.text.count("check the user and the password in api.limits.shared") == 2
    assert "hunter2" not in caplog.text


async def test_a_replica_that_may_only_be_read_is_found_out(mortal: Redis, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        replica = started(stack, "--replicaof", mortal.host, str(mortal.port))
        async with limit_at(replica.url) as limit:
            assert await limit.take([Ask("a")]) == [0.0]
            assert limit.alone
            replica.ask("REPLICAOF", "NO", "ONE")
            await until(lambda: not limit.alone)
    assert "give the address of the primary" in caplog.text


async def test_on_a_cluster_it_finds_the_node_that_has_the_account(caplog: pytest.LogCaptureFixture) -> None:
    """Given the address of another node: all keys of an account are in one slot, so one node is enough."""
    with ExitStack() as stack:
        asked, owner = (started(stack, "--cluster-enabled", "yes") for _ in range(2))
        owner.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        owner.ask("CLUSTER", "MEET", asked.host, str(asked.port))
        await until(lambda: asked.ask("GET", "x").startswith("-MOVED") and owner.ask("GET", "x") == "$-1")
        async with limit_at(asked.url) as limit:
            await limit.take([Ask("a"), Ask("b")])
            assert not limit.alone, caplog.text
            assert owner.ask("DBSIZE") == ":1"
            assert await limit.take([Ask("a", 0)]) == [0.0]


async def test_a_memory_that_is_full_stops_nobody(mortal: Redis) -> None:
    async with limit_at(mortal.url) as limit:
        mortal.ask("CONFIG", "SET", "maxmemory", "1")
        assert await limit.take([Ask("a")]) == [0.0]
        assert limit.alone
        mortal.ask("CONFIG", "SET", "maxmemory", "0")
        await until(lambda: not limit.alone)


async def test_a_key_that_somebody_else_wrote_stops_nobody(server: Redis) -> None:
    async with limit_at(server.url) as limit:
        await limit.take([Ask("a")])
        server.ask("SET", f"{limit._tag}:limit", "mine")
        assert await limit.take([Ask("a")]) == [0.0]
        assert limit.alone


if __name__ == "__main__":
    asyncio.run(greedy(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
