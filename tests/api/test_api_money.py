"""An Api with budgets: put aside before, settled after, never beyond a budget.  Real server, real books."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from mudbot.api import Api, ApiCall, Budgets, Caller, Limits, Price, Server
from mudbot.clock import SystemClock
from mudbot.errors import (
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    BadRequestError,
    BudgetError,
    QueueFullError,
)
from tests.api.conftest import settle, until

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Play, Stage

HELLO = [{"role": "user", "content": "hi"}]
TOKEN = 0.001
"""USD a token of the model "m"."""
PRICES = {"m": Price(input=TOKEN * 1e6, output=TOKEN * 1e6), "flat": Price(request=0.1)}
RICH = Budgets(day=1000.0)
BOB, ANN = Caller(player="Bob", channel="gossip"), Caller(player="Ann", channel="gossip")


def answer(prompt: int, reply: int) -> dict[str, object]:
    usage = {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}
    return {"choices": [{"message": {"content": "ok"}}], "usage": usage}


GOOD = answer(5, 3)
COST = 8 * TOKEN


def banker(stage: Stage, tmp_path: Path | None = None, **settings: Any) -> Api:
    given: dict[str, Any] = {"budgets": RICH, "prices": PRICES}
    return stage.api(**(given | ({"ledger": tmp_path / "books"} if tmp_path else {}) | settings))


async def spent(api: Api, scope: str = "day", account: str | None = None, name: str = "") -> float:
    """USD of one row of the books; of one account, where several are used."""
    rows = [row for of, row in await api.spent() if account in (None, of) and (row.scope, row.name) == (scope, name)]
    return sum(row.usd for row in rows)


def said(status: int, code: str | None = None) -> Play:
    async def play(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no", "code": code}}, status=status)

    return play


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
    await response.prepare(request)
    await response.write(b"{")
    assert request.transport is not None
    request.transport.abort()
    return response


async def good(_request: web.Request) -> web.StreamResponse:
    return web.json_response(GOOD)


async def ended(clock: FakeClock, task: asyncio.Future[Any], api: Api) -> Any:
    """What comes of *task*; time runs only while nothing is under way, as a thread keeps the books."""
    while not task.done():
        await until(lambda: task.done() or not api.running)
        for _ in range(50):
            await asyncio.sleep(0)
        if not task.done() and not api.running:
            await clock.advance(0.1)
    return (await asyncio.gather(task, return_exceptions=True))[0]


# -- before and after ----------------------------------------------------------------------------------------------


async def test_what_a_call_may_cost_is_put_aside_before_it_is_sent_and_what_it_did_cost_is_what_stays(
    stage: Stage, tmp_path: Path
) -> None:
    before: list[float] = []

    async def play(_request: web.Request) -> web.StreamResponse:
        with sqlite3.connect(tmp_path / "books") as books:  # as another process would see it
            before.append(books.execute("SELECT nano FROM spending WHERE scope = 'day'").fetchone()[0] / 1e9)
        return web.json_response(GOOD)

    stage.play = play
    async with banker(stage, tmp_path) as api:
        await api.chat(HELLO, model="m", max_tokens=100)
        assert await spent(api) == pytest.approx(COST)
        assert await spent(api, "month") == pytest.approx(COST)
    assert before[0] >= (100 + 5) * TOKEN
    assert stage.calls[0].money == pytest.approx(COST)


@pytest.mark.parametrize("concurrency", [1, 50])
async def test_fifty_at_once_never_spend_more_than_there_is(stage: Stage, tmp_path: Path, concurrency: int) -> None:
    stage.answers(GOOD)
    limits = Limits(
        concurrency=concurrency, requests_per_minute=1e9
    )  # with a rate, a server is not tried with few first
    async with banker(stage, tmp_path, budgets=Budgets(day=1.0), limits=limits, clock=SystemClock()) as api:
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="flat")) for _ in range(50)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        refused = [result for result in results if isinstance(result, BaseException)]
        assert {type(result) for result in refused} == {BudgetError}
        assert await spent(api) == pytest.approx(1.0)
    assert (len(stage.seen), len(refused)) == (10, 40)
    assert sum(call.money or 0.0 for call in stage.calls) == pytest.approx(1.0)


async def test_what_was_put_aside_for_fifty_in_flight_bounds_what_they_can_cost(stage: Stage) -> None:
    """All of them take as much as they may; what they cost together stays within the budget."""

    async def play(request: web.Request) -> web.StreamResponse:
        size = request.content_length or 0
        return web.json_response(answer(size, 100))  # a token for each byte, and all of max_tokens

    stage.play = play
    limits = Limits(concurrency=50, requests_per_minute=1e9)
    async with banker(stage, budgets=Budgets(player=5.0), limits=limits, clock=SystemClock()) as api:
        calls = [api.chat(HELLO, model="m", max_tokens=100, caller=BOB) for _ in range(100)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        done = [result for result in results if not isinstance(result, BaseException)]
        assert 0 < len(done) < 100
        total = await spent(api, "player", name="bob")
    billed = sum(result.usage.total_tokens for result in done if result.usage) * TOKEN
    assert total == pytest.approx(billed)
    assert billed <= 5.0


async def test_what_came_back_can_be_spent_again(stage: Stage) -> None:
    stage.answers(GOOD)
    async with banker(stage, budgets=Budgets(day=1.0)) as api:
        for _ in range(20):  # each puts about 0.5 aside, and costs 0.008
            await api.chat(HELLO, model="m", max_tokens=100)
        assert await spent(api) == pytest.approx(20 * COST)


async def test_a_server_that_counts_more_than_can_be_is_written_down_as_it_says(stage: Stage) -> None:
    stage.answers(answer(10_000, 10_000))
    async with banker(stage) as api:
        await api.chat(HELLO, model="m", max_tokens=1)
        assert await spent(api) == pytest.approx(20_000 * TOKEN)


# -- refused -------------------------------------------------------------------------------------------------------


async def test_a_model_whose_price_nobody_knows_is_refused_with_the_remedy(stage: Stage) -> None:
    async with banker(stage) as api:
        with pytest.raises(BudgetError, match=r"nobody knows what 'secret-model' costs.*api\.prices\.secret-model"):
            await api.chat(HELLO, model="secret-model", max_tokens=5)
        assert (api.running, api.waiting, await spent(api)) == (0, 0, 0)
    assert stage.seen == []
    assert (stage.calls[0].outcome, stage.calls[0].attempts, stage.calls[0].money) == ("BudgetError", 0, 0.0)


async def test_a_call_of_no_bound_is_refused_with_the_remedy(stage: Stage) -> None:
    async with banker(stage) as api:
        with pytest.raises(BadRequestError, match="give max_tokens"):
            await api.chat(HELLO, model="m")
        assert (api.running, api.waiting, await spent(api)) == (0, 0, 0)
    assert stage.seen == []


async def test_without_a_budget_neither_is_refused(stage: Stage) -> None:
    stage.answers(GOOD)
    async with stage.api() as api:
        await api.chat(HELLO, model="secret-model")
        assert await api.spent() == ()
        assert api._office is not None
        assert api._office.purse._loading is not None
        await api._office.purse._loading
        await api.chat(HELLO, model="secret-model")
    assert stage.calls[1].money is None


async def test_a_refusal_of_the_budget_gives_place_and_tokens_back(stage: Stage, clock: FakeClock) -> None:
    stage.answers(GOOD)
    limits = Limits(concurrency=1, tokens_per_minute=60)
    async with banker(stage, budgets=Budgets(player=0.1), limits=limits) as api:
        await api.chat(HELLO, model="flat", caller=BOB, max_tokens=1)
        await clock.advance(120)
        for _ in range(5):
            asked = asyncio.ensure_future(api.chat(HELLO, model="flat", caller=BOB, max_tokens=10_000))
            assert isinstance(await ended(clock, asked, api), BudgetError)
        later = clock.now() + 1
        await ended(clock, asyncio.ensure_future(api.chat(HELLO, model="flat", caller=ANN, max_tokens=1)), api)
        assert clock.now() < later
    assert len(stage.seen) == 2


# -- whose budget --------------------------------------------------------------------------------------------------


async def test_a_players_budget_is_his_own_and_a_channels_is_shared(stage: Stage) -> None:
    stage.answers(GOOD)
    async with banker(stage, budgets=Budgets(player=0.2, channel=0.3)) as api:
        for _ in range(2):
            await api.chat(HELLO, model="flat", caller=BOB)
        with pytest.raises(BudgetError, match=r"api\.budgets\.player"):
            await api.chat(HELLO, model="flat", caller=BOB)
        await api.chat(HELLO, model="flat", caller=ANN)
        with pytest.raises(BudgetError, match=r"api\.budgets\.channel"):
            await api.chat(HELLO, model="flat", caller=ANN)
        await api.chat(HELLO, model="flat", caller=Caller(player="ANN"))
        with pytest.raises(BudgetError, match=r"api\.budgets\.player"):
            await api.chat(HELLO, model="flat", caller=Caller(player="ann"))
        await api.chat(HELLO, model="flat")
    assert len(stage.seen) == 5


async def test_bob_of_one_mud_does_not_pay_for_bob_of_another(stage: Stage) -> None:
    stage.answers(GOOD)
    async with banker(stage, budgets=Budgets(player=0.1, channel=0.1)) as api:
        for session in ("one", "two", ""):
            caller = Caller(player="Bob", channel="gossip", session=session)
            await api.chat(HELLO, model="flat", caller=caller)
            with pytest.raises(BudgetError):
                await api.chat(HELLO, model="flat", caller=caller)
    assert len(stage.seen) == 3


async def test_a_day_begins_anew_and_a_month_goes_on(stage: Stage, clock: FakeClock) -> None:
    stage.answers(GOOD)
    async with banker(stage, budgets=Budgets(day=0.1, month=0.2)) as api:
        await api.chat(HELLO, model="flat")
        with pytest.raises(BudgetError, match=r"api\.budgets\.day.*begins anew at \d{4}-\d\d-\d\d 00:00 UTC"):
            await api.chat(HELLO, model="flat")
        await clock.advance(86_400)
        await api.chat(HELLO, model="flat")
        await clock.advance(86_400)
        with pytest.raises(BudgetError, match=r"api\.budgets\.month"):
            await api.chat(HELLO, model="flat")
        await clock.advance(31 * 86_400)
        await api.chat(HELLO, model="flat")
    assert len(stage.seen) == 3


async def test_organisations_have_budgets_of_their_own(stage: Stage, tmp_path: Path) -> None:
    stage.answers(GOOD)
    async with banker(stage, tmp_path, budgets=Budgets(day=0.1), organization="home") as api:
        await api.chat(HELLO, model="flat")
        await api.chat(HELLO, model="flat", organization="other")
        await api.chat(HELLO, model="flat", caller=Caller(organization="third"))
        for organization in (None, "home", "other", "third"):
            with pytest.raises(BudgetError):
                await api.chat(HELLO, model="flat", organization=organization)
        accounts = {account for account, row in await api.spent() if row.usd}
    assert accounts == {f"{stage.url}/v1 {name}" for name in ("home", "other", "third")}
    assert [call.organization for call in stage.calls[:3]] == ["home", "other", "third"]


async def test_another_server_is_paid_from_its_own_account(stage: Stage) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        return await (said(503) if request.path.startswith("/a/") else good)(request)

    stage.play = play
    servers = [Server(f"{stage.url}/a"), Server(f"{stage.url}/b")]
    async with banker(stage, base_url=None, servers=servers, budgets=Budgets(day=0.1)) as api:
        await api.chat(HELLO, model="flat")
        assert await spent(api, account=f"{stage.url}/a") == 0
        assert await spent(api, account=f"{stage.url}/b") == pytest.approx(0.1)
        with pytest.raises(BudgetError):
            await api.chat(HELLO, model="flat")


async def test_a_free_server_is_paid_nothing(stage: Stage) -> None:
    stage.answers(GOOD)
    servers = [Server(f"{stage.url}/v1", free=True)]
    async with banker(stage, base_url=None, servers=servers, budgets=Budgets(day=0.0)) as api:
        await api.chat(HELLO, model="anything")
        assert await spent(api) == 0
    assert stage.calls[0].money == 0.0


async def test_an_answer_that_is_shared_or_kept_is_paid_once_by_whoever_asked_first(stage: Stage) -> None:
    stage.answers({"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 5, "total_tokens": 5}})
    async with banker(stage) as api:
        await asyncio.gather(*(api.embed("moon", model="m", caller=caller) for caller in (BOB, ANN)))
        await api.embed("moon", model="m", caller=ANN)
        assert await spent(api, "player", name="bob") == pytest.approx(5 * TOKEN)
        assert await spent(api, "player", name="ann") == 0
    assert [call.money for call in stage.calls if call.shared] == [0.0, 0.0]


async def test_whoever_joins_a_call_that_the_others_budget_stops_asks_for_himself(stage: Stage) -> None:
    stage.answers({"data": [{"index": 0, "embedding": [1.0]}]})
    async with banker(stage, budgets=Budgets(player=0.1)) as api:
        await api.embed("sun", model="flat", caller=BOB)
        tasks = [asyncio.ensure_future(api.embed("moon", model="flat", caller=caller)) for caller in (BOB, ANN, BOB)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert await spent(api, "player", name="ann") == pytest.approx(0.1)
    assert isinstance(results[0], BudgetError)
    assert not isinstance(results[1], BaseException)
    assert len(stage.seen) == 2


# -- what failed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("play", [said(400), said(401), said(404), said(429, "insufficient_quota"), said(501)])
async def test_what_the_server_refused_costs_nothing(stage: Stage, play: Play) -> None:
    stage.play = play
    async with banker(stage) as api:
        with pytest.raises(ApiError):
            await api.chat(HELLO, model="m", max_tokens=100)
        assert await spent(api) == 0
    assert stage.calls[0].money == 0.0


async def test_what_no_server_received_costs_nothing(stage: Stage, clock: FakeClock) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with banker(stage, base_url=f"http://127.0.0.1:{port}") as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="m", max_tokens=100))
        assert isinstance(await ended(clock, task, api), ApiConnectionError)
        assert await spent(api) == 0
    assert (stage.calls[0].attempts, stage.calls[0].money) == (3, 0.0)


async def test_what_never_left_the_queue_costs_nothing(stage: Stage) -> None:
    stage.play = hang
    async with banker(stage, limits=Limits(concurrency=1, queue=1)) as api:
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="flat")) for _ in range(3)]
        await stage.saw(1)
        tasks[1].cancel()
        results = await asyncio.gather(*tasks[1:], return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError, QueueFullError]
        assert await spent(api) == pytest.approx(0.1)  # the one in flight
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
    assert {call.money for call in stage.calls if not call.attempts} == {0.0}


@pytest.mark.parametrize("rounds", [0, 1, 2, 3, 5, 8, 13, 21])
async def test_who_leaves_while_money_is_put_aside_for_him_gets_it_back(
    stage: Stage, tmp_path: Path, rounds: int
) -> None:
    stage.play = hang
    async with banker(stage, tmp_path) as api:
        await api.spent()  # the file is open, and the prices may still be loading
        task = asyncio.ensure_future(api.chat(HELLO, model="flat"))
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (api.running, api.waiting) == (0, 0)
        assert await spent(api) == pytest.approx(0.1 * stage.calls[0].attempts if stage.calls else 0.0)


async def test_what_a_server_may_have_begun_stays_paid_for(stage: Stage, clock: FakeClock) -> None:
    """A timeout, a caller who leaves, an answer that was cut or is none: nobody knows what they cost."""
    async with banker(stage) as api:
        stage.play = hang
        task = asyncio.ensure_future(api.chat(HELLO, model="flat", deadline=5))
        await stage.saw(1)
        await clock.advance(5)
        with pytest.raises(ApiTimeoutError):
            await task
        assert await spent(api) == pytest.approx(0.1)
        task = asyncio.ensure_future(api.chat(HELLO, model="flat"))
        await stage.saw(2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await spent(api) == pytest.approx(0.2)
        stage.sends(b"<html>", "text/html")
        with pytest.raises(ApiError):
            await api.chat(HELLO, model="flat")
        assert await spent(api) == pytest.approx(0.3)
    assert [call.money for call in stage.calls] == [pytest.approx(0.1)] * 3


async def test_an_attempt_that_broke_off_is_paid_for_beside_the_one_that_did_not(
    stage: Stage, clock: FakeClock
) -> None:
    stage.plays(cut, good)
    async with banker(stage) as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="flat"))
        assert (await ended(clock, task, api)).text == "ok"
        assert await spent(api) == pytest.approx(0.2)
    assert stage.calls[0].attempts == 2
    assert stage.calls[0].money == pytest.approx(0.2)


async def test_another_attempt_that_the_budget_has_no_room_for_is_not_made(stage: Stage, clock: FakeClock) -> None:
    stage.plays(cut, good)
    async with banker(stage, budgets=Budgets(day=0.15)) as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="flat"))
        assert isinstance(await ended(clock, task, api), BudgetError)
        assert await spent(api) == pytest.approx(0.1)
        assert (api.running, api.waiting) == (0, 0)
    assert len(stage.seen) == 1


async def test_attempts_that_were_refused_need_no_more_room(stage: Stage, clock: FakeClock) -> None:
    stage.plays(said(500), said(503), good)
    async with banker(stage, budgets=Budgets(day=0.1)) as api:
        task = asyncio.ensure_future(api.chat(HELLO, model="flat"))
        assert (await ended(clock, task, api)).text == "ok"
        assert await spent(api) == pytest.approx(0.1)
    assert len(stage.seen) == 3


# -- streams -------------------------------------------------------------------------------------------------------


def chunk(**choice: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {}} | choice]}).encode() + b"\n\n"


STOP = chunk(finish_reason="stop") + b"data: [DONE]\n\n"


async def streamed(api: Api, **params: Any) -> None:
    async for _ in api.chat_stream(HELLO, model="m", max_tokens=500, **params):
        pass


async def test_a_stream_with_a_usage_costs_what_that_says(stage: Stage) -> None:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}}\n\n'
    stage.streams(chunk(delta={"content": "hello"}), chunk(finish_reason="stop"), usage, b"data: [DONE]\n\n")
    async with banker(stage) as api:
        await streamed(api)
        assert await spent(api) == pytest.approx(COST)
    assert stage.calls[0].money == pytest.approx(COST)


async def test_a_stream_without_a_usage_costs_no_less_than_it_can_have_and_no_more_than_was_put_aside(
    stage: Stage,
) -> None:
    stage.streams(chunk(delta={"content": "月光"}), STOP)
    async with banker(stage) as api:
        await streamed(api)
        total = await spent(api)
    size = len(json.dumps(stage.seen[0].body, ensure_ascii=False, separators=(",", ":")))
    assert total == pytest.approx((size + 6) * TOKEN)
    assert stage.calls[0].money == pytest.approx(total)


@pytest.mark.parametrize(
    ("params", "pieces"),
    [
        ({"n": 2}, [chunk(delta={"content": "a"}), chunk(index=1, delta={"content": "b" * 300})]),
        (
            {"tools": [{"type": "function", "function": {"name": "look"}}]},
            [chunk(delta={"content": "a"}), chunk(delta={"tool_calls": [{"function": {"arguments": "b" * 300}}]})],
        ),
    ],
)
async def test_a_stream_without_a_usage_of_which_the_text_is_only_a_part_costs_all_that_was_put_aside(
    stage: Stage, params: dict[str, Any], pieces: Sequence[bytes]
) -> None:
    stage.streams(*pieces, STOP)
    async with banker(stage) as api:
        await streamed(api, **params)
        assert await spent(api) >= 500 * TOKEN


async def test_a_stream_that_is_left_or_breaks_off_is_paid_for(stage: Stage) -> None:
    stage.streams(chunk(delta={"content": "hello"}), cut=True)
    async with banker(stage) as api:
        with pytest.raises(ApiConnectionError):
            await streamed(api)
        first = await spent(api)
        stream = api.chat_stream(HELLO, model="m", max_tokens=500)
        await anext(stream)
        await stream.aclose()
        assert await spent(api) >= 2 * first
    assert first >= (5 + 5) * TOKEN


# -- the books outlive the process ---------------------------------------------------------------------------------

_SCRIPT = """
import asyncio, sys
from pathlib import Path
from mudbot.api import Api, Budgets, Limits, Price

async def main(url, books):
    limits = Limits(concurrency=10)
    async with Api(url, budgets=Budgets(day=100.0), ledger=Path(books), prices={"flat": Price(request=0.1)},
                   limits=limits) as api:
        async def one(n):
            await api.chat([{"role": "user", "content": str(n)}], model="flat")
            print(n, flush=True)
        await asyncio.gather(*map(one, range(50)))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_was_spent_or_put_aside_survives_a_killed_process(stage: Stage, tmp_path: Path) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        return await (good if len(stage.seen) <= 7 else hang)(request)

    stage.play = play
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SCRIPT, f"{stage.url}/v1", str(tmp_path / "books"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(7):
        await process.stdout.readline()
    await until(lambda: len(stage.seen) >= 10)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    sent = len(stage.seen)
    await settle()

    async with banker(stage, tmp_path) as api:
        stage.answers(GOOD)
        await api.chat(HELLO, model="flat")
        wrote = await _all(api)
    assert wrote >= (sent + 1) * 0.1 - 1e-9


async def _all(api: Api) -> float:
    """USD of all days: the killed process had the machine's clock."""
    return sum(row.usd for _, row in await api.spent() if row.scope == "day")


# -- what is told --------------------------------------------------------------------------------------------------


async def test_what_calls_were_told_to_cost_is_what_the_books_say(stage: Stage, clock: FakeClock) -> None:
    told: list[ApiCall] = []
    stage.plays(good, said(401), good, said(500), good, cut, good)
    async with banker(stage, on_call=told.append) as api:
        for _ in range(5):
            await ended(clock, asyncio.ensure_future(api.chat(HELLO, model="m", max_tokens=10)), api)
        assert sum(call.money or 0.0 for call in told) == pytest.approx(await spent(api))
    assert len(told) == 5
    assert all(call.money is not None for call in told)


async def test_books_that_cannot_be_written_stop_what_costs_and_leave_nothing(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "books").write_bytes(b"no database at all" * 100)
    stage.answers(GOOD)
    async with banker(stage, tmp_path) as api:
        for _ in range(3):
            with pytest.raises(BudgetError, match="damaged: move it away"):
                await api.chat(HELLO, model="flat")
        assert (api.running, api.waiting) == (0, 0)
        (tmp_path / "books").unlink()
        assert (await api.chat(HELLO, model="flat")).text == "ok"
    assert len(stage.seen) == 1


# -- whose budget --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budgets", "plugin", "named"),
    [
        (Budgets(plugins={"trivia": 1}), "trivia", "(plugins.trivia.permissions.budget)"),
        (Budgets(day=1, plugins={"trivia": 1}), "trivia", "(plugins.trivia.permissions.budget and api.budgets)"),
        (Budgets(day=1, plugins={"trivia": 1}), "other", "(api.budgets)"),
        (Budgets(plugins={"trivia": 1}), "other", "(plugins.trivia.permissions.budget)"),
    ],
)
async def test_an_unknown_price_names_the_budget_that_wants_it(
    stage: Stage, budgets: Budgets, plugin: str, named: str
) -> None:
    async with banker(stage, budgets=budgets) as api:
        with pytest.raises(BudgetError) as caught:
            await api.chat(HELLO, model="secret-model", max_tokens=5, caller=Caller(plugin=plugin))
        assert f"with a budget {named} it is not called" in str(caught.value)
