"""The character answers whoever speaks to it, one question of each at a time."""

from __future__ import annotations

import pytest

from mudbot import Disconnected, LoggedIn, Room, Speech
from mudbot.errors import MudbotError
from mudbot.testing.clock import settle
from tests.plugins.conftest import Bench, say


@pytest.mark.parametrize(
    "speech",
    [
        say("Chen, a bed?"),
        say("老陈在吗"),
        Speech("tell", "Ann", "a bed?"),
        Speech("whisper", "Ann", "a bed?"),
        Speech("channel", "Ann", "is Chen here?", channel="gossip"),
    ],
)
async def test_it_answers_by_name_and_in_private(bench: Bench, speech: Speech) -> None:
    """Where it was asked."""
    await bench.add("dialogue")
    await bench.hear(speech)
    assert bench.mud.said == [(speech, f"re: {speech.text}")]


@pytest.mark.parametrize(
    "speech",
    [
        say("nice weather"),
        say("the kitchen is open"),
        Speech("channel", "Ann", "anybody here?", channel="gossip"),
        Speech("emote", None, None),
        Speech("tell", "Ann", ""),
    ],
)
async def test_it_does_not_answer_what_is_not_for_it(bench: Bench, speech: Speech) -> None:
    await bench.add("dialogue")
    await bench.hear(speech)
    assert (bench.ai.asked, bench.mud.said) == ([], [])


async def test_alone_with_somebody_it_answers_everything(bench: Bench) -> None:
    """And no longer once a third comes in."""
    await bench.add("dialogue")
    bench.mud.room = Room("The Inn", people=("Ann",))
    await bench.hear(say("nice weather"))
    bench.mud.room = Room("The Inn", people=("Ann", "Bob"))
    await bench.hear(say("is it not?"))
    assert bench.mud.texts == ["re: nice weather"]


async def test_it_looks_around_when_it_arrives(bench: Bench) -> None:
    """Each time: who was here before a lost link may be gone."""
    await bench.add("dialogue")
    for event in (LoggedIn(), Disconnected("gone"), LoggedIn()):
        bench.host.hear([event])
        await settle()
    assert bench.mud.looks == 2


async def test_of_what_is_asked_meanwhile_the_last_is_answered_next(bench: Bench) -> None:
    """Others are dropped: whoever asks five times wants one answer."""
    await bench.add("dialogue")
    bench.ai.hold("Chen 1")
    await bench.hear(*(say(f"Chen {number}") for number in range(1, 6)))
    assert bench.ai.asked == ["Chen 1"]
    bench.ai.gates["Chen 1"].set()
    await settle()
    assert bench.mud.texts == ["re: Chen 1", "re: Chen 5"]
    await bench.hear(say("Chen 6"))
    assert bench.mud.texts[2:] == ["re: Chen 6"]


async def test_two_people_are_answered_at_once(bench: Bench) -> None:
    """Bob does not wait until Ann's answer is made."""
    await bench.add("dialogue")
    bench.ai.hold("Chen, from Ann", "Chen, from Bob")
    await bench.hear(say("Chen, from Ann"), say("Chen, from Bob", "Bob"))
    assert bench.ai.asked == ["Chen, from Ann", "Chen, from Bob"]
    bench.ai.gates["Chen, from Bob"].set()
    await settle()
    assert bench.mud.texts == ["re: Chen, from Bob"]
    bench.ai.gates["Chen, from Ann"].set()
    await settle()
    assert bench.mud.texts == ["re: Chen, from Bob", "re: Chen, from Ann"]


async def test_a_crowd_is_answered_four_at_a_time(bench: Bench) -> None:
    """The others wait their turn, and a flood of one takes nobody's."""
    await bench.add("dialogue")
    names = [f"P{number}" for number in range(6)]
    bench.ai.hold(*(f"Chen {name}" for name in names))
    await bench.hear(*(say(f"Chen {name}", name) for name in names for _ in range(3)))
    assert bench.ai.asked == [f"Chen {name}" for name in names[:4]]
    for gate in bench.ai.gates.values():
        gate.set()
    await settle(50)
    assert set(bench.mud.texts) == {f"re: Chen {name}" for name in names}


async def test_one_person_is_known_by_the_id(bench: Bench) -> None:
    """Another name over the same id is not a second person."""
    await bench.add("dialogue")
    bench.ai.hold("Chen 1")
    await bench.hear(say("Chen 1", "Ann", id="ann01"), say("Chen 2", "Mask", id="ann01"))
    assert bench.ai.asked == ["Chen 1"]


async def test_after_a_failure_the_next_question_is_answered_and_no_old_one(bench: Bench) -> None:
    """What waited behind the failure is forgotten; hours later nobody wants it answered."""
    await bench.add("dialogue")
    bench.ai.hold("Chen 1")
    bench.ai.fails["Chen 1"] = MudbotError("broken")
    await bench.hear(say("Chen 1"), say("Chen 2"))
    bench.ai.gates["Chen 1"].set()
    await settle()
    assert bench.mud.texts == []
    await bench.hear(say("Chen 3"))
    assert bench.mud.texts == ["re: Chen 3"]


async def test_who_asks_without_end_has_to_wait(bench: Bench) -> None:
    """Another bot would go on for ever; somebody else is answered meanwhile, and the first again after a while."""
    await bench.add("dialogue")
    for i in range(40):
        await bench.hear(say(f"Chen, {i}?", "Parrot"))
    assert len(bench.mud.said) == 12
    await bench.hear(say("Chen, a bed?", "Ann"))
    assert len(bench.mud.said) == 13
    await bench.clock.advance(120)
    await bench.hear(say("Chen, still here?", "Parrot"))
    assert len(bench.mud.said) == 14
