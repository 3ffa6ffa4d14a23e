"""Random lives of several speakers, in rooms and on channels, in tells and whispers: who hears of what again?

The rules are written here a second time, from what was done and not from what is kept.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.events import Room, Speech, SpeechKind
from mudbot.mind.context import Scene, build
from mudbot.mind.remembered import Remembered
from tests.mind.memory_stage import CHEN, Life, life

NAMES = ("Ann", "Bob", "Carl", "Someone")
IDS = {"Bob": "bob01"}
"""Whom the MUD's rooms show with an id.  Ann is shown without one, and Carl with one in tells alone."""
CHANNELS = ("gossip", "auction")
TOKEN = re.compile(r"token(\d+)x")


@dataclass(frozen=True)
class Moment:
    """Somebody says something, somewhere."""

    kind: SpeechKind
    name: str
    login: str | None
    channel: str | None
    people: tuple[str, ...] | None
    room: str

    @property
    def key(self) -> str:
        if self.login:
            return f"id:{self.login.lower()}"
        return "" if self.name == "Someone" else f"name:{self.name.lower()}"

    @property
    def present(self) -> set[str]:
        """Who hears it in a room, by key."""
        others = [name for name in self.people or () if name not in (self.name, "Someone", "Old Chen")]
        return {self.key, *(f"id:{IDS[name]}" if name in IDS else f"name:{name.lower()}" for name in others)}

    @property
    def private(self) -> bool:
        return self.kind in ("tell", "whisper")

    def speech(self, text: str) -> Speech:
        return Speech(self.kind, self.name, text, self.login, self.channel if self.kind == "channel" else None)

    def scene(self) -> Room:
        return Room(self.room, people=self.people)


moments = st.builds(
    Moment,
    kind=st.sampled_from(["say", "say", "tell", "whisper", "channel", "emote"]),
    name=st.sampled_from(NAMES),
    login=st.sampled_from([None, None, "ann", "bob01", "carl", "BOB01", "thief"]),
    channel=st.sampled_from(CHANNELS),
    people=st.none() | st.lists(st.sampled_from((*NAMES, "Old Chen")), unique=True).map(tuple),
    room=st.sampled_from(["Inn", "River"]),
)


def may_hear(told: Moment, asked: Moment) -> bool:
    """Whether what was said when *told* may come back when *asked*."""
    if not told.key or not asked.key:
        return False
    if told.private:
        return asked.private and told.key == asked.key
    if told.kind == "channel":
        on_it = asked.kind == "channel" and asked.channel == told.channel
        return on_it or (asked.private and told.key == asked.key)
    if asked.kind == "channel" or asked.key not in told.present:
        return False
    if asked.private or asked.key == told.key:
        return True
    seen = asked.people is not None and "Someone" not in [name for name in asked.people if name != asked.name]
    return seen and asked.present <= told.present


def tokens(remembered: Remembered) -> set[int]:
    everything = [*(turn.text for turn in remembered.turns), remembered.summary, *(f.text for f in remembered.facts)]
    return {int(number) for number in TOKEN.findall(" ".join(everything))}


async def _live(told: list[Moment], asked: list[Moment], forgotten: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with life(Path(folder), turns=100, facts=50) as chen:
            chen.memory.identify = IDS.get
            for number, moment in enumerate(told):
                text = f"My token{number}x is hidden in the cellar."
                chen.memory.remember(moment.speech(text), moment.scene(), f"Your token{number}x, I see.")
            await chen.memory.settled()
            for moment in asked:
                await _ask(chen, told, moment)
            await chen.memory.forget(forgotten)
            for moment in asked:
                found = tokens(await chen.memory.recall(moment.speech("What is hidden?"), moment.scene()))
                assert not [number for number in found if told[number].key == forgotten]


async def _ask(chen: Life, told: list[Moment], moment: Moment) -> None:
    remembered = await chen.memory.recall(moment.speech("What is hidden in the cellar?"), moment.scene())
    found, allowed = tokens(remembered), {n for n, one in enumerate(told) if may_hear(one, moment)}
    assert found <= allowed, "somebody heard what was not meant for him"
    assert found == allowed, "somebody did not hear what he may"
    prompt = build(CHEN, Scene("Inn", (), moment.kind), moment.name, "x", remembered=remembered)
    shown = {int(number) for number in TOKEN.findall(prompt.transcript())}
    assert shown <= allowed
    own = {n for n, one in enumerate(told) if one.key == moment.key}
    assert {int(n) for turn in remembered.turns for n in TOKEN.findall(turn.text)} <= own
    assert all(fact.hearsay == (fact.speaker != moment.key) for fact in remembered.facts)


@settings(max_examples=120, deadline=None)
@given(
    told=st.lists(moments, max_size=14),
    asked=st.lists(moments, min_size=1, max_size=6),
    forgotten=st.sampled_from(["name:ann", "id:bob01", "name:carl", "id:thief"]),
)
def test_nobody_hears_what_was_not_meant_for_him(told: list[Moment], asked: list[Moment], forgotten: str) -> None:
    """Whatever happened: all that one may hear again comes back, and nothing else; and what is forgotten is."""
    asyncio.run(_live(told, asked, forgotten))
