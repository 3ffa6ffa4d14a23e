"""A deadline on the fake clock: it ends a step, and only its own."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mudbot.api.deadline import Alarms, Deadline, Expired
from mudbot.testing.clock import settle

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock


async def hang(deadline: Deadline) -> None:
    with deadline:
        await asyncio.Event().wait()


async def test_a_step_that_hangs_is_ended_when_time_is_up(clock: FakeClock) -> None:
    task = asyncio.ensure_future(hang(Deadline(Alarms(clock), 5)))
    await clock.advance(4.9)
    assert not task.done()
    await clock.advance(0.1)
    with pytest.raises(Expired):
        await task


async def test_time_runs_on_between_the_steps(clock: FakeClock) -> None:
    deadline = Deadline(Alarms(clock), 5)
    with deadline:
        pass
    await clock.advance(5)
    with pytest.raises(Expired), deadline:
        pytest.fail("no step begins after the deadline")


async def test_a_cancellation_from_outside_stays_one(clock: FakeClock) -> None:
    deadline = Deadline(Alarms(clock), 5)
    task = asyncio.ensure_future(hang(deadline))
    await clock.advance(1)
    task.cancel()
    await clock.advance(0)
    assert task.cancelled()
    deadline.close()


def _end(task: asyncio.Task[None]) -> None:
    task.cancel()


async def test_both_at_once_are_a_cancellation(clock: FakeClock) -> None:
    task = asyncio.ensure_future(hang(Deadline(Alarms(clock), 0.5)))
    await clock.advance(0)
    clock.call_later(0.5, partial(_end, task))  # rings in the same moment, after the deadline's own timer
    clock._now += 0.5
    for _, _, timer in list(clock._sleepers):
        timer.set_result(None)
    await settle()
    assert task.cancelled()


async def test_a_closed_deadline_leaves_no_task(clock: FakeClock) -> None:
    before = asyncio.all_tasks()
    deadline = Deadline(Alarms(clock), 5)
    with deadline:
        pass
    deadline.close()
    await clock.advance(0)
    assert asyncio.all_tasks() == before
