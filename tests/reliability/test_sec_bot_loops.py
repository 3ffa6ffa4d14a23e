"""Own echo, bot loops: it does not hear itself, and bots among themselves fall silent."""

from __future__ import annotations

from mudbot.events import Line
from mudbot.mud.dialect import load
from mudbot.mud.ear import Ear
from tests.mind.test_manners import TIDY, Place
from tests.mud.test_dialect_families import NAMES, OWN
from tests.reliability.figures import figure

ROW = "own echo, bot loops"


def test_own_lines_are_nobodys() -> None:
    """In every form of every dialect, also behind a prompt."""
    heard, count = [], 0
    for family in NAMES:
        for line in [each for own in OWN[family] for each in (own, f"> {own}")]:
            ear = Ear(load(family))
            found = [*ear.hear(Line(line)), *ear.flush()]
            count += 1
            heard += [(family, line) for _, speech in found if speech is not None and speech.text is not None]
    figure(ROW, "own lines: 0 reactions", f"{len(heard)} to {count} own lines of {len(NAMES)} dialects")
    assert heard == []


async def test_bots_together_fall_silent() -> None:
    """Two or three in a room, each hearing all that the others say, for an hour, at any speed."""
    most = 0
    for bots in (2, 3):
        for seconds in (0.1, 2.0, 8.0, 15.0):
            most = max(most, await an_hour(bots, seconds))
    figure(ROW, "two or three bots for an hour: <= 6 replies each", f"{most}")
    assert 0 < most <= 6


async def an_hour(bots: int, seconds: float) -> int:
    """The most that one of so many *bots* says; each answers *seconds* after it heard."""
    places = [Place() for _ in range(bots)]
    talk = [(0, 0.0)]  # who spoke, and when
    while talk and talk[0][1] < 3600:
        speaker, now = talk.pop(0)
        for number, place in enumerate(places):
            if number == speaker:
                continue
            place.clock._now = max(place.clock._now, now + seconds)
            before = replies(place)
            await place.hear(TIDY, f"Bot{speaker}")
            if replies(place) > before:
                talk.append((number, place.clock._now))
    return max(map(replies, places))


def replies(place: Place) -> int:
    """What it has said, remarks included."""
    return len(place.answered) + len(place.remarks)
