"""Who is answered and when: floods, busy moments, quiet hours, channels, opt-outs, and other bots."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot.errors import PluginError, StoreError
from mudbot.events import Speech, SpeechKind
from mudbot.mind.manners import SUSPECT, Channel, Manners, OptOuts
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

TIDY = "The river is wide tonight, and the ferry is late."


class Place:
    """Manners, and what was answered and remarked."""

    def __init__(self, opted_out: OptOuts | None = None, dice: float = 0.5, **config: Any) -> None:
        self.clock = FakeClock()
        self.answered: list[str] = []
        self.remarks: list[tuple[str, str]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.manners = Manners(
            SimpleNamespace(**config),
            self.clock,
            say=self._remark,
            names=lambda: ("Chen", "老陈"),
            opted_out=opted_out,
            chance=lambda: dice,
        )

    async def _remark(self, to: Speech, occasion: str) -> None:
        self.remarks.append((to.text or "", occasion))

    async def _answer(self, speech: Speech) -> None:
        if gate := self.gates.get(speech.text or ""):
            await gate.wait()
        self.answered.append(speech.text or "")

    def speech(self, text: str, who: str = "Ann", kind: SpeechKind = "say", **more: Any) -> Speech:
        return Speech(kind, who, text, at=self.clock.now(), **more)

    async def hear(self, text: str, who: str = "Ann", kind: SpeechKind = "say", **more: Any) -> bool:
        """Whether it was answered at once."""
        before, speech = len(self.answered), self.speech(text, who, kind, **more)
        if await self.manners.lets(speech):
            await self.manners.turn(speech, self._answer)
        return len(self.answered) > before

    def begin(self, text: str, who: str = "Ann") -> asyncio.Task[bool]:
        self.gates.setdefault(text, asyncio.Event())
        return asyncio.create_task(self.hear(text, who))


# -- busy ----------------------------------------------------------------------------------------------------------


async def test_a_queue_keeps_the_last_questions() -> None:
    place = Place(waiting=2)
    first = place.begin("1")
    await settle()
    for text in ("2", "3", "4"):
        await place.hear(text)
    place.gates["1"].set()
    await first
    assert place.answered == ["1", "3", "4"]


async def test_a_question_replaces_the_open_one() -> None:
    """What the first would have said is never said."""
    place = Place(while_busy="replace")
    first = place.begin("1")
    await settle()
    await place.hear("2")
    await place.hear("3")
    await first
    assert place.answered == ["3"]


async def test_a_question_is_put_off_once() -> None:
    place = Place(while_busy="later")
    first = place.begin("1")
    await settle()
    await place.hear("2")
    await place.hear("3")
    place.gates["1"].set()
    await first
    assert (place.answered, place.remarks) == (["1"], [("2", "later")])
    assert await place.hear("4")


async def test_two_people_are_answered_at_once() -> None:
    place = Place(while_busy="later")
    first = place.begin("1")
    await settle()
    assert await place.hear("2", "Bob")
    place.gates["1"].set()
    await first


async def test_who_is_stopped_stops_the_answer() -> None:
    """The plugin ends: nothing is said afterwards, and the next question is answered."""
    place = Place()
    first = place.begin("1")
    await settle()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    place.gates["1"].set()
    await settle()
    assert place.answered == []
    assert await place.hear("2")


async def test_a_failure_comes_through_and_what_waited_is_forgotten() -> None:
    place = Place()

    async def fail(_speech: Speech) -> None:
        await place.gates.setdefault("x", asyncio.Event()).wait()
        raise StoreError("broken")

    first = asyncio.create_task(place.manners.turn(place.speech("1"), fail))
    await settle()
    await place.hear("2")
    place.gates["x"].set()
    with pytest.raises(StoreError):
        await first
    assert place.answered == []


# -- whether -------------------------------------------------------------------------------------------------------


async def test_names_and_ids_of_the_owners_list_are_ignored() -> None:
    place = Place(ignore=["ANN", "bob01"])
    assert not await place.hear("hello", "Ann")
    assert not await place.hear("hello", "Mask", id="bob01")
    assert await place.hear("hello", "Cid")


@pytest.mark.parametrize(("span", "quiet"), [("22:00-23:59", True), ("23:00-07:00", False), ("21:00-22:30", True)])
async def test_in_quiet_hours_nobody_is_answered(monkeypatch: pytest.MonkeyPatch, span: str, *, quiet: bool) -> None:
    """By the clock where the bot lives."""
    monkeypatch.setenv("TZ", "UTC")
    __import__("time").tzset()
    place = Place(quiet=[span])
    monkeypatch.setattr(place.clock, "wall", lambda: 1_700_000_000.0)  # 22:13:20
    assert await place.hear("hello") is not quiet


def test_quiet_hours_that_are_none_are_named() -> None:
    with pytest.raises(PluginError, match="23:00-07:00"):
        Place(quiet=["at night"])


async def test_a_channel_has_its_chance_and_its_cooldown() -> None:
    channels = {"chat": Channel(chance=0.6, cooldown=30), "*": Channel(chance=0.4)}
    place = Place(channels=channels)
    assert await place.hear("hello", kind="channel", channel="chat")
    assert not await place.hear("again", kind="channel", channel="chat")
    assert await place.hear("hello")
    await place.clock.advance(30)
    assert await place.hear("again", kind="channel", channel="chat")
    assert not await place.hear("hello", kind="channel", channel="gossip")


class Shelf:
    """A store of keys."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.broken = False

    async def keys(self, prefix: str = "") -> list[str]:
        if self.broken:
            raise StoreError("the disk is gone")
        return [key for key in self.held if key.startswith(prefix)]

    async def set(self, key: str, value: Any) -> None:
        self.held[key] = value

    async def delete(self, key: str) -> bool:
        return self.held.pop(key, None) is not None


async def test_who_opts_out_is_not_answered_until_he_opts_in() -> None:
    """By name and by id, after a restart as well."""
    shelf = Shelf()
    await OptOuts(shelf).add(Speech("tell", "Ann", "leave me alone", id="ann01"))
    place = Place(opted_out=OptOuts(shelf))
    assert not await place.hear("hello", "ann")
    assert not await place.hear("hello", "Mask", id="ANN01")
    assert await place.hear("hello", "Bob")
    opts = OptOuts(shelf)
    assert await opts.remove(Speech("tell", "Ann", "come back", id="ann01"))
    assert not await opts.remove(Speech("tell", "Bob", "come back"))
    assert shelf.held == {}


async def test_without_the_store_everybody_is_answered() -> None:
    shelf = Shelf()
    shelf.broken = True
    assert await Place(opted_out=OptOuts(shelf)).hear("hello")


# -- bots ----------------------------------------------------------------------------------------------------------


async def test_a_known_bot_is_never_answered_twice_in_a_row() -> None:
    """But again after somebody else was."""
    place = Place(bots=["Parrot"])
    assert await place.hear("hello", "Parrot")
    assert not await place.hear("Chen, hello", "parrot")
    assert await place.hear("hello", "Ann")
    assert await place.hear("hello", "Parrot")


@pytest.mark.parametrize("seconds", [0.2, 3.0, 20.0])
async def test_who_writes_as_bots_do_is_told_to_call_by_name_and_then_left_alone(seconds: float) -> None:
    """At whatever speed it answers: at most six replies in an hour, this one included."""
    place = Place()
    for _ in range(round(3600 / (seconds + 30))):
        place.clock._now += seconds
        await place.hear(TIDY, "Robot")
        place.clock._now += 0.0 if len(place.answered) < SUSPECT else 1.0
        if place.remarks:
            break
    assert len(place.answered) + len(place.remarks) <= 6
    assert place.remarks == [(TIDY, "by_name")]


async def test_a_person_may_talk_for_an_hour() -> None:
    """People write slowly, short, and without full stops."""
    place = Place()
    for number in range(200):
        await place.clock.advance(12)
        assert await place.hear(("what about the ferry then", "ok", "Yes.", "and the price of a room")[number % 4])
    assert place.remarks == []


async def test_a_person_who_writes_in_whole_sentences_calls_by_name() -> None:
    """After the hint; each line that begins with the name is answered."""
    place = Place()
    answered = []
    for _ in range(6):
        await place.clock.advance(15)
        answered.append(await place.hear(TIDY))
    assert answered == [True, True, True, True, False, False]
    await place.clock.advance(15)
    assert await place.hear("Chen, where is the ferry")
    for text in ("chen it is dark", "chen is wu there", "i will wait"):
        await place.clock.advance(15)
        await place.hear(text)
    assert place.answered[-1] == "i will wait"


async def test_who_speaks_without_being_spoken_to_is_no_bot() -> None:
    """A bot has only what it answers to: silence for an hour, too, begins anew."""
    place = Place()
    for _ in range(6):
        await place.clock.advance(1)
        await place.hear(TIDY)
    assert place.remarks
    await place.clock.advance(700)
    assert await place.hear(TIDY)


async def test_two_that_are_alike_fall_silent() -> None:
    """Two of us in a room, each hearing the other: at most six replies each in an hour, whatever they say."""
    for seconds in (0.1, 2.0, 8.0, 15.0):
        one, other = Place(), Place()
        said, turns = 0, (one, other)
        while said < 200:
            place = turns[said % 2]
            other_one = turns[(said + 1) % 2]
            other_one.clock._now = place.clock._now = place.clock._now + seconds
            before = len(place.answered) + len(place.remarks)
            await place.hear(TIDY, "Wu")
            if len(place.answered) + len(place.remarks) == before:
                break
            said += 1
        assert said <= 12, seconds
        assert max(len(each.answered) + len(each.remarks) for each in turns) <= 6


async def test_an_owner_may_switch_that_off() -> None:
    place = Place(wary=False, answers=1000)
    for _ in range(50):
        await place.clock.advance(1)
        assert await place.hear(TIDY)
