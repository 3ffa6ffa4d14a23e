"""Following a fine-tune: every event once, in order, until the job has ended."""

from __future__ import annotations

import pytest

from mudbot.api.types import FineTune, FineTuneEvent, FineTuneEvents
from mudbot.errors import ApiConnectionError, BadAnswerError, BadRequestError
from tests.api.conftest import FakeClock
from tests.api.rows import Recorder
from tests.api.shop import EVENTS, opened


def event(number: int, at: int | None = None) -> FineTuneEvent:
    return FineTuneEvent(id=f"e{number}", created_at=number if at is None else at, message=f"event {number}")


def page(*events: FineTuneEvent, more: bool = False) -> FineTuneEvents:
    return FineTuneEvents(data=list(events), has_more=more)


def job(status: str) -> FineTune:
    return FineTune(id="j", status=status)


async def follow(api: Recorder, name: str = "ftjob-1") -> list[str]:
    return [event.message async for event in api.follow_fine_tune(name)]


async def test_a_job_is_looked_at_every_five_seconds_until_it_has_ended_and_each_event_comes_once() -> None:
    api = Recorder(
        job("validating_files"),
        page(event(2), event(1)),
        job("running"),
        page(event(2), event(1)),
        job("failed"),
        page(event(4), event(3), event(2), event(1)),
    )
    assert await follow(api) == ["event 1", "event 2", "event 3", "event 4"]
    assert api.slept == [5.0, 5.0]
    assert api.answers == []


async def test_events_over_several_pages_come_in_their_order() -> None:
    api = Recorder(
        job("succeeded"), page(event(5), event(4), more=True), page(event(3), event(2), more=True), page(event(1))
    )
    assert await follow(api) == [f"event {number}" for number in range(1, 6)]
    queries = [call.query for call, _ in api.calls if call.kind is FineTuneEvents]
    assert queries == [{"limit": 100}, {"limit": 100, "after": "e4"}, {"limit": 100, "after": "e2"}]


async def test_pages_behind_what_is_known_are_not_asked_for_again() -> None:
    api = Recorder(
        job("running"),
        page(event(4), event(3), more=True),
        page(event(2), event(1)),
        job("cancelled"),
        page(event(5), event(4), more=True),
    )
    assert await follow(api) == [f"event {number}" for number in range(1, 6)]
    assert api.answers == []


async def test_a_server_that_gives_the_oldest_first_is_understood() -> None:
    api = Recorder(
        job("running"),
        page(event(1), event(2), more=True),
        page(event(3), event(4)),
        job("succeeded"),
        page(event(1), event(2), more=True),
        page(event(3), event(4), more=True),
        page(event(5)),
    )
    assert await follow(api) == [f"event {number}" for number in range(1, 6)]
    assert api.answers == []


async def test_events_of_one_second_keep_the_order_of_the_server() -> None:
    api = Recorder(job("succeeded"), page(event(3, at=1), event(2, at=1), event(1, at=1)))
    assert await follow(api) == ["event 1", "event 2", "event 3"]


async def test_a_server_that_gives_the_same_page_for_every_cursor_does_not_hold_the_follower() -> None:
    first, second = page(event(2), event(1), more=True), page(event(1), event(2), more=True)
    api = Recorder(job("succeeded"), first, first)
    assert await follow(api) == ["event 1", "event 2"]
    api = Recorder(job("succeeded"), second, second)
    assert await follow(api) == ["event 1", "event 2"]


async def test_a_job_without_events_ends_too() -> None:
    assert await follow(Recorder(job("failed"), page())) == []


async def test_an_old_job_streams_its_events() -> None:
    first, last = (FineTuneEvent.model_validate(one) for one in EVENTS)
    api = Recorder(first, last)
    assert await follow(api, "ft-1") == [first.message, last.message]
    assert api.slept == []


@pytest.mark.parametrize("error", [ApiConnectionError("cut"), BadAnswerError("asked for a stream, it says JSON")])
async def test_a_stream_that_breaks_is_followed_by_asking_and_nothing_comes_twice(error: Exception) -> None:
    first, last = (FineTuneEvent.model_validate(one) for one in EVENTS)
    again = first.model_copy()
    api = Recorder(first, again, error, job("running"), page(first, again), job("succeeded"), page(first, again, last))
    assert await follow(api, "ft-1") == [first.message, again.message, last.message]
    assert api.slept == [5.0]
    assert [call.path for call, _ in api.calls[1:3]] == ["/fine-tunes/ft-1", "/fine-tunes/ft-1/events"]
    assert api.calls[2][0].query is None


async def test_an_error_while_following_is_the_callers() -> None:
    api = Recorder(job("running"), BadRequestError("no"))
    with pytest.raises(BadRequestError, match="no"):
        await follow(api)


async def test_a_real_job_is_followed_to_its_end(clock: FakeClock) -> None:
    async with opened(clock) as shop, shop.api() as api:
        old = [event.text async for event in api.follow_fine_tune("ft-1")]
        new = [event.text async for event in api.follow_fine_tune("ftjob-1")]
    assert old == ["Created fine-tune: ft-1", "Fine-tune succeeded"]
    assert new == ["x", "done"]
