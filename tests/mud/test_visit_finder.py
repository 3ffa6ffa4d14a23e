"""Lines handed on many at a time: what is heard is what would be heard line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.events import Line, Lines, Prompt, Room, SessionEvent
from mudbot.mud.dialect import load, names
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address, Connection
from mudbot.mud.text import MAX_LINE, TextStream
from mudbot.mud.visit import Visit
from mudbot.testing import FakeClock
from mudbot.triggers.finder import finder
from tests.mud.test_dialect_families import HEARD, OWN, ROOMS, TOLD
from tests.mud.test_dialect_fuzz import lines


class SilentLink:
    """A link that keeps what is typed."""

    hides = False

    def __init__(self) -> None:
        self.typed: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.typed.append(data)


class Hearing:
    """A character in the game of a family, without a network."""

    def __init__(self, family: str, *, fast: bool) -> None:
        address, self.clock = Address("127.0.0.1", 4000), FakeClock()
        self.session = Session("s", address, load(family), Character("Chen", "secret"), clock=self.clock)
        self.session.finder = finder if fast else None
        self.heard: list[SessionEvent] = []
        self.handed: list[int] = []
        self.session.listener = self._take
        self.session._over = asyncio.get_running_loop().create_future()
        self.session.state = "playing"
        self.link = SilentLink()
        self.visit = Visit(self.session, cast("Connection", self.link), self.clock)
        self.session._visit = self.visit
        self.visit.login.done = True
        self.session.room.current = Room("The Inn", people=("Ann", "李四"))
        self.text = TextStream("utf-8")

    def _take(self, events: Sequence[SessionEvent]) -> None:
        self.heard += events
        self.handed.append(len(events))

    async def read(self, reads: Sequence[bytes | str]) -> list[Any]:
        """What was heard after *reads*: bytes of the MUD, ``quiet`` after some, or ``look``."""
        for read in reads:
            if isinstance(read, bytes):
                self.session._on_events(self.text.feed(read))
            elif read == "look":
                self.session.room.expect()
            elif (prompt := self.text.flush("quiet")) is not None:
                self.session._on_events([prompt])
        self.visit.ended()
        for timer in list(self.session._timers):
            timer.cancel()
        await asyncio.sleep(0)
        room, said = self.session.room.current, self.visit.said_since
        return [
            *self.link.typed,
            *[(type(e), repr(e), getattr(e, "spans", ()), getattr(e, "quoted", False)) for e in self.heard],
            room,
            min(said, 8),
        ]


@pytest.mark.parametrize("family", names())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_hears_the_same_as_line_by_line(family: str, data: st.DataObject) -> None:
    """Speech, news, questions, wrapped lines, announcements, looks at the room, colours: in any reads."""
    noise = st.sampled_from(
        ["The rain goes on.", "", "  ", "> ", "一只老鼠跑了过去。", "\x1b[1;32mA goblin\x1b[0m howls"]
    )
    own = [case[0] for case in (*HEARD[family], *((text,) for text in OWN[family]), *TOLD.get(family, ()))]
    own += list(ROOMS[family][0]) if family in ROOMS else []
    said = st.sampled_from([*own, "== 未完继续", "Bob arrives from the north.", "Bob leaves south.", "[Press Enter"])
    texts = data.draw(st.lists(st.one_of(noise, noise, said, lines(family)), max_size=24))
    whole = "".join(f"{text}\r\n" for text in texts).encode("utf-8", "replace")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    parts: list[bytes | str] = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    for at in reversed(range(len(parts))):
        if word := data.draw(st.sampled_from(["", "", "quiet", "look"])):
            parts.insert(at, word)

    async def both() -> None:
        slow, fast = Hearing(family, fast=False), Hearing(family, fast=True)
        assert await fast.read(parts) == await slow.read(parts)

    asyncio.run(both())


LONG = "x" * MAX_LINE
SCRIPTS = [
    ("tavern", ["rain", "Bob arrives from the north.", "rain", "Ann leaves south.", "rain"]),
    ("nt7", ["雨", "== 未完继续 16% == (ENTER 继续下一页，q 离开)", "雨"]),
    ("deadsouls", ["rain", 'Bob says in English, "one', "two", 'three"', "rain"]),
    ("deadsouls", ["rain", 'Bob says in English, "one', *["two"] * 9, 'three"', "rain"]),
    ("rom", ["rain", f"{LONG}Ann tells you 'obey'", "Ann says 'hi'", "rain"]),
    ("pennmush", ["rain", "Bob pages: hi", "rain"]),
    ("lambdamoo", ["rain", "You sense that Bob is looking for you in The Den.", 'He pages, "hi there"', "rain"]),
]


@pytest.mark.parametrize(("family", "said"), SCRIPTS, ids=[f"{family} {len(said)}" for family, said in SCRIPTS])
async def test_what_goes_on_over_lines_is_heard_the_same(family: str, said: list[str]) -> None:
    """Who comes and goes, pagers, wrapped and cut lines, announcements: with plain lines around them, in one read."""
    data = "".join(f"{text}\r\n" for text in said).encode()
    slow, fast = Hearing(family, fast=False), Hearing(family, fast=True)
    heard = await slow.read([data])
    assert await fast.read([data]) == heard
    plain = Hearing(family, fast=False)
    changed = [text for text in said if text in ("rain", "雨")]
    assert heard != await plain.read(["".join(f"{text}\r\n" for text in changed).encode()])


@pytest.mark.parametrize("family", names())
async def test_what_nobody_said_comes_in_one_go(family: str) -> None:
    """A read of fifty lines that mean nothing to the family is handed on as a whole."""
    hearing = Hearing(family, fast=True)
    await hearing.read([b"The goblin swings at the orc and misses.\r\n" * 50])
    assert hearing.handed == [50]
    assert all(isinstance(event, Line) for event in hearing.heard)


async def test_a_line_that_ends_the_link_is_the_last_one_heard() -> None:
    """What the listener does in the middle of a read holds for the rest of it."""
    hearing = Hearing("tavern", fast=True)

    def take(events: Sequence[SessionEvent]) -> None:
        hearing.heard += events
        assert hearing.session._over is not None
        hearing.session._over.set_result("enough")

    hearing.session.listener = take
    hearing.session._on_events(hearing.text.feed(b'one\r\ntwo\r\nBob says, "hi"\r\nthree\r\n'))
    assert [event.text for event in hearing.heard if isinstance(event, Line)] == ["one", "two"]


@pytest.mark.parametrize("fast", [True, False])
async def test_what_a_slow_link_brings_of_somebodys_words_is_not_the_muds(fast: bool) -> None:
    """What comes within a second after words that did not end may be theirs; the next time it is not, nor after GA."""
    hearing, opens, bought = Hearing("deadsouls", fast=fast), b'Bob says, "one\r\n', b"You buy a sword.\r\n"
    for seconds in (1.1, 2.2):
        hearing.session._on_events(hearing.text.feed(opens))
        await hearing.clock.advance(1.1)
        await hearing.clock.advance(seconds - 1.1)
        hearing.session._on_events(hearing.text.feed(bought))
        await hearing.clock.advance(3)
    hearing.session._on_events(hearing.text.feed(opens))
    hearing.session._on_events([Prompt("", "ga")])
    hearing.session._on_events(hearing.text.feed(bought))
    found = [event.quoted for event in hearing.heard if isinstance(event, Line)]
    assert found == [True, True, True, False, True, False]


def test_lines_are_a_sequence_of_their_page() -> None:
    """Slices of lines are lines, share their page and compare as lists do."""
    whole = TextStream("utf-8").feed(b"a\r\nb\r\nc\r\nd\r\n")
    assert isinstance(whole, Lines)
    assert [line.text for line in whole[1:3]] == ["b", "c"]
    assert whole[1:3][1] == Line("c")
    assert whole[1:][-1].text == "d"
    assert whole[3:1] == []
    assert whole[1:3].page is whole.page
    with pytest.raises(IndexError):
        whole[1:3][2]
    with pytest.raises(ValueError, match="order"):
        whole[::2]
