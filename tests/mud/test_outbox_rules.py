"""The outbox: who goes first, who waits, and what the MUD's own rules and words forbid."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mudbot.mud.dialect import Verb
from mudbot.mud.gate import Packet
from mudbot.mud.outbox import MAX_WAITING, TTL, Outbox
from mudbot.mud.rules import Bucket, Pace, Repeat
from mudbot.testing.clock import FakeClock, settle

FAST = Pace(burst=1000, per_second=1000)


class Sleeps(FakeClock):
    """A fake clock that counts who went to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0

    async def sleep(self, seconds: float) -> None:
        self.slept += 1
        assert seconds > 0, "a sleep of nothing is a busy loop"
        await super().sleep(seconds)


class Mud:
    """What reached the MUD, and when."""

    def __init__(self, pace: Pace) -> None:
        self.clock = Sleeps()
        self.outbox = Outbox(pace, self.clock)
        self.got: list[tuple[float, str]] = []

    def write(self, data: bytes) -> None:
        self.got.append((round(self.clock.now() - 1000, 3), data.decode().strip()))

    def put(self, text: str, verb: Verb | None = "say", target: str | None = None, **how: float) -> None:
        urgent, typing = bool(how.get("urgent", False)), how.get("typing", 0.0)
        self.outbox.put(Packet(text.encode() + b"\r\n", text, verb, target), urgent=urgent, typing=typing)

    async def after(self, seconds: float) -> list[tuple[float, str]]:
        await self.clock.advance(seconds)
        return self.got

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.got]


@asynccontextmanager
async def playing(pace: Pace = FAST, *, opened: bool = True) -> AsyncIterator[Mud]:
    mud = Mud(pace)
    task = asyncio.create_task(mud.outbox.run())
    if opened:
        mud.outbox.open(mud.write)
    try:
        yield mud
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


# -- who goes first ----------------------------------------------------------------------------------------------------


async def test_an_urgent_line_passes_all_that_wait_but_keeps_the_pace() -> None:
    """Urgent lines leave in their own order, each for a token of its own like any command."""
    async with playing(Pace(burst=1, per_second=1)) as mud:
        for text in "abc":
            mud.put(text)
        await settle()
        mud.put("y", None, urgent=True)
        mud.put("n", None, urgent=True)
        assert await mud.after(10) == [(0, "a"), (1, "y"), (2, "n"), (3, "b"), (4, "c")]


async def test_what_is_still_typed_holds_back_no_others() -> None:
    """A slow answer to Bob leaves at its time; Ann and the room do not wait for it, Bob's own next line does."""
    async with playing() as mud:
        mud.put("bob 1", "tell", "Bob", typing=3)
        mud.put("ann", "tell", "Ann")
        mud.put("room", typing=1)
        mud.put("bob 2", "tell", "bob")
        assert await mud.after(10) == [(0, "ann"), (1, "room"), (3, "bob 1"), (3, "bob 2")]


async def test_what_is_done_beside_words_neither_passes_them_nor_is_passed() -> None:
    """A bow behind words that are still typed waits for them, another's does not; words behind it wait for it."""
    async with playing() as mud:
        mud.put("bob 1", "tell", "Bob", typing=3)
        for text, place in (("bow", "bob"), ("pour", "Bob"), ("nod", "Ann")):
            packet = Packet(text.encode() + b"\r\n", text, None if text == "pour" else "emote", None)
            mud.outbox.put(packet, beside=("tell", place))
        mud.put("bob 2", "tell", "bob")
        assert await mud.after(10) == [(0, "nod"), (3, "bob 1"), (3, "bow"), (3, "pour"), (3, "bob 2")]


async def test_raw_commands_stay_in_order() -> None:
    async with playing() as mud:
        mud.put("look", None, typing=2)
        mud.put("north", None)
        assert await mud.after(5) == [(2, "look"), (2, "north")]


async def test_the_time_of_typing_counts_into_the_time_to_live(caplog: pytest.LogCaptureFixture) -> None:
    """What takes longer to type than a line lives is never said, and holds its own target up no longer than that."""
    async with playing() as mud:
        mud.put("slow", "tell", "bob", typing=TTL + 5)
        await mud.clock.advance(20)
        mud.put("next", "tell", "bob")
        got = await mud.after(60)
        assert [text for _, text in got] == ["next"]
        assert got[0][0] == pytest.approx(TTL, abs=0.01)
    assert reasons(caplog) == ["not said, 30 s old by now: a tell to bob, 4 characters"]


async def test_too_many_lines_drop_the_oldest_speech_first_and_urgent_ones_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with playing(opened=False) as mud:
        mud.put("urgent", None, urgent=True)
        mud.put("command", None)
        for n in range(MAX_WAITING - 2):
            mud.put(f"say {n}")
        mud.put("look", None)
        mud.put("y", None, urgent=True)
        assert reasons(caplog) == [f"not said, too many lines wait: say {n}" for n in (0, 1)]
        for n in range(MAX_WAITING):
            mud.put(str(n), None, urgent=True)
        assert mud.outbox.dropped == MAX_WAITING + 2
        assert reasons(caplog)[-4:] == [
            f"not said, too many lines wait: {text}" for text in ("command", "look", "urgent", "y")
        ]


async def test_answers_to_a_link_that_is_gone_do_not_reach_the_next(caplog: pytest.LogCaptureFixture) -> None:
    """A password for the old link's question would be read as something else by the new one; words may still go."""
    async with playing(Pace(burst=1, per_second=0.1)) as mud:
        mud.put("first")
        await settle()
        mud.put("secret", None, urgent=True)
        mud.put("hello")
        mud.outbox.close()
        mud.put("owner", None, urgent=True)
        mud.outbox.close()
        mud.outbox.open(mud.write)
        await mud.after(25)
        assert mud.texts == ["first", "owner", "hello"]
    assert reasons(caplog) == ["not said, the link that it was for is gone: secret"]


# -- the MUD's rules ---------------------------------------------------------------------------------------------------


async def test_speech_has_a_bucket_of_its_own_beside_that_of_all_commands() -> None:
    """Words wait for both buckets; commands pass the words that wait for theirs."""
    async with playing(Pace(burst=4, per_second=1, says=Bucket(burst=2, per_second=0.5))) as mud:
        for text in "abc":
            mud.put(text)
        for text in "123":
            mud.put(text, None)
        assert await mud.after(10) == [(0, "a"), (0, "b"), (0, "1"), (0, "2"), (1, "3"), (2, "c")]


async def test_lines_on_one_channel_keep_their_distance() -> None:
    """One channel's, however it is spelled: another channel and other verbs do not wait."""
    async with playing(FAST.model_copy(update={"channel_gap": 2.0})) as mud:
        mud.put("a", "channel", "chat")
        mud.put("b", "channel", "Chat")
        mud.put("c", "channel", "rumor")
        mud.put("d", "tell", "chat")
        mud.put("e", "tell", "chat")
        assert await mud.after(10) == [(0, "a"), (0, "c"), (0, "d"), (0, "e"), (2, "b")]


async def test_the_same_words_are_not_said_too_often(caplog: pytest.LogCaptureFixture) -> None:
    """The window counts from the sending; case and spaces make no difference, another target does.

    Nor does it whether they are of one answer; and the log does not tell what was told in private.
    """
    async with playing(FAST.model_copy(update={"repeat": Repeat(window=10, times=2)})) as mud:
        for text in ("Hi there", "hi  THERE", "hi there"):
            mud.put(text, "tell", "bob")
        mud.put("hi there", "tell", "ann")
        await mud.after(10)
        mud.put("hi there", "tell", "Bob")
        await mud.after(0.5)
        mud.put("hi there", "tell", "bob")
        await mud.after(1)
        assert mud.got == [(0, "Hi there"), (0, "hi  THERE"), (0, "hi there"), (10.5, "hi there")]
        assert mud.outbox.dropped == 2
    why = "not said, said too often: a tell to"
    assert sorted(reasons(caplog)) == [f"{why} Bob, 8 characters", f"{why} bob, 8 characters"]


async def test_a_repetition_is_judged_when_it_would_leave() -> None:
    """Put within the window, but due behind it: said."""
    async with playing(FAST.model_copy(update={"repeat": Repeat(window=4)})) as mud:
        mud.put("hi")
        mud.put("hi", typing=5)
        assert await mud.after(10) == [(0, "hi"), (5, "hi")]


async def test_commands_may_repeat() -> None:
    async with playing(FAST.model_copy(update={"repeat": Repeat(window=4)})) as mud:
        mud.put("north", None)
        mud.put("north", None)
        assert await mud.after(1) == [(0, "north"), (0, "north")]


# -- the MUD's words ---------------------------------------------------------------------------------------------------


async def test_a_mute_holds_speech_and_lets_commands_pass() -> None:
    async with playing() as mud:
        mud.outbox.hold(12)
        mud.put("a")
        mud.put("b", "tell", "bob", urgent=True)
        mud.put("look", None)
        assert repr(mud.outbox) == "<Outbox 3 waiting, 0 sent, 0 dropped, held for 12 s (all speech)>"
        assert await mud.after(20) == [(0, "look"), (12, "b"), (12, "a")]
        assert repr(mud.outbox) == "<Outbox 0 waiting, 3 sent, 0 dropped>"


async def test_a_mute_of_one_verb_lets_the_others_pass_and_only_grows() -> None:
    async with playing() as mud:
        mud.outbox.hold(10, frozenset({"channel"}))
        mud.outbox.hold(2, frozenset({"channel", "tell"}))
        mud.put("a", "channel", "chat")
        mud.put("b", "tell", "bob")
        mud.put("c")
        assert await mud.after(20) == [(0, "c"), (2, "b"), (10, "a")]


async def test_what_gets_too_old_in_a_mute_is_dropped() -> None:
    async with playing() as mud:
        mud.outbox.hold(60)
        mud.put("old")
        await mud.after(50)
        assert mud.outbox.dropped == 1
        mud.put("new")
        assert await mud.after(20) == [(60, "new")]


async def test_a_mute_that_comes_while_a_line_waits_for_the_pace_counts() -> None:
    async with playing(Pace(burst=1, per_second=1)) as mud:
        mud.put("a")
        mud.put("b")
        await mud.after(0.5)
        mud.outbox.hold(5)
        assert await mud.after(20) == [(0, "a"), (5.5, "b")]


async def test_a_warning_stretches_the_pace_and_the_gap_for_its_time() -> None:
    """Half the pace at once, for what waits already too; no burst; and the old pace when the time is over."""
    async with playing(Pace(burst=2, per_second=1, channel_gap=1)) as mud:
        mud.outbox.slow(2, 8)
        for n in range(8):
            mud.put(str(n), "channel", "chat")
        assert await mud.after(20) == [
            (0, "0"), (2, "1"), (4, "2"), (6, "3"), (8, "4"), (9, "5"), (10, "6"), (11, "7"),
        ]  # fmt: skip


async def test_a_warning_amid_a_wait_stretches_the_rest_of_it() -> None:
    async with playing(Pace(burst=1, per_second=0.5)) as mud:
        mud.put("a")
        mud.put("b")
        await mud.after(1)
        mud.outbox.slow(3, 100)
        assert await mud.after(20) == [(0, "a"), (4, "b")]


async def test_warnings_do_not_multiply() -> None:
    """Ten warnings at once are one: the greatest factor, the latest end."""
    async with playing(Pace(burst=1, per_second=1)) as mud:
        mud.put("a")
        await settle()
        mud.outbox.slow(4, 2)
        for _ in range(10):
            mud.outbox.slow(2, 100)
        mud.put("b")
        mud.put("c")
        assert await mud.after(20) == [(0, "a"), (4, "b"), (8, "c")]
        with pytest.raises(ValueError, match="hasten"):
            mud.outbox.slow(0.5)


async def test_what_is_banned_is_dropped_until_the_next_login(caplog: pytest.LogCaptureFixture) -> None:
    async with playing() as mud:
        mud.outbox.ban("channel", "Chat")
        mud.outbox.ban("tell")
        mud.put("a", "channel", "chat")
        mud.put("b", "channel", "rumor")
        mud.put("c", "tell", "bob", typing=5)
        mud.put("d", None)
        assert await mud.after(1) == [(0, "b"), (0, "d")]
        why = "not said, closed to us until the next login:"
        assert reasons(caplog) == [f"{why} a", f"{why} a tell to bob, 1 characters"]
        mud.outbox.close()
        mud.outbox.open(mud.write)
        mud.put("e", "channel", "chat")
        assert (await mud.after(1))[2:] == [(1, "e")]


async def test_another_pace_counts_what_was_sent_and_told_before() -> None:
    """The MUD turns out to be a stricter one: no second burst, and a mute stays a mute."""
    async with playing(Pace(burst=20, per_second=10)) as mud:
        for n in range(3):
            mud.put(str(n), None)
        await settle()
        mud.outbox.hold(6, frozenset({"tell"}))
        mud.outbox.adopt(Pace(burst=4, per_second=0.5, says=Bucket(burst=1, per_second=0.25)))
        mud.put("3", None)
        mud.put("a")
        mud.put("b")
        mud.put("c", "tell", "bob")
        mud.outbox.adopt(Pace(burst=4, per_second=0.5))
        assert await mud.after(20) == [
            (0, "0"), (0, "1"), (0, "2"), (0, "3"), (2, "a"), (4, "b"), (6, "c"),
        ]  # fmt: skip


# -- at rest -----------------------------------------------------------------------------------------------------------


async def test_it_sleeps_only_for_something_that_can_leave() -> None:
    """Nothing to send, or nowhere to send it: no timer at all; else one for each moment that matters."""
    async with playing(Pace(burst=1, per_second=0.1), opened=False) as mud:
        mud.put("a")
        await mud.after(5)
        assert mud.clock.slept == 0
        mud.outbox.open(mud.write)
        await mud.after(60)
        assert mud.clock.slept == 0
        mud.put("b")
        mud.put("c")
        mud.put("d", typing=12)
        await mud.after(3600)
        assert mud.texts == ["a", "b", "c", "d"]
        assert mud.clock.slept <= 6


async def test_its_own_tasks_end_with_it() -> None:
    """Cancelled amid a wait, it leaves no timer behind."""
    async with playing(Pace(burst=1, per_second=0.1)) as mud:
        mud.put("a")
        mud.put("b")
        await settle()
        assert len(asyncio.all_tasks()) > 2
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_secret_that_fails_shows_its_mask_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with playing(opened=False) as mud:

        def broken(_data: bytes) -> None:
            raise OSError("gone")

        mud.outbox.put(Packet(b"connect Ann hunter2\r\n", "connect Ann ********"), urgent=True)
        mud.outbox.open(broken)
        await settle()
    assert "********" in caplog.text
    assert "hunter2" not in caplog.text
