"""!scene: a picture of words or of the room, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mudbot import Room, Speech
from mudbot.errors import ApiError, PluginError, RefusedError
from mudbot.host.running import MAX_FAILURES
from mudbot.store.store import StoreError
from tests.plugins.conftest import PICTURE, Bench, say


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("!scene a crane on a roof", "Ann: a crane on a roof"),
        ("!画 屋顶上的鹤", "Ann: 屋顶上的鹤"),
        ("!scene", "Ann: The Inn A fire burns."),
        ("!scene   ", "Ann: The Inn A fire burns."),
    ],
)
async def test_the_link_is_said_where_it_was_asked(bench: Bench, text: str, asked: str) -> None:
    """Of the words, or of the room where there are none."""
    await bench.add("scenes")
    tell = Speech("tell", "Ann", text)
    await bench.hear(tell)
    assert bench.ai.asked == [asked]
    assert bench.mud.said == [(tell, PICTURE.link)]


async def test_the_room_is_looked_at_only_where_it_is_drawn(bench: Bench) -> None:
    await bench.add("scenes")
    await bench.hear(say("!scene a crane"))
    assert bench.mud.looks == 0


async def test_a_long_room_is_cut(bench: Bench) -> None:
    """Image servers refuse long prompts, the smallest beyond 1,000 characters."""
    await bench.add("scenes")
    bench.mud.seen = Room("Hall", "x" * 5000)
    await bench.hear(say("!scene"))
    assert len(bench.ai.asked[0]) <= 1000


OUTCOMES = [
    (RefusedError("refused: rude"), "That is no picture for this house.", "这样的画，小店画不得。"),
    (ApiError("away"), "The ink has dried up; ask me again in a while.", "墨已干了，过一会儿再来吧。"),
    (StoreError("disk full"), "The ink has dried up; ask me again in a while.", "墨已干了，过一会儿再来吧。"),
    (PluginError("no permission"), "The ink has dried up; ask me again in a while.", "墨已干了，过一会儿再来吧。"),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome[0]).__name__)
async def test_without_a_picture_something_is_said(
    bench: Bench, outcome: tuple[Exception, str, str], language: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In the plugin's language; the player reads nothing of the reason, the owner all of it."""
    bench.ai.paints, english, chinese = outcome
    await bench.add("scenes", language=language)
    await bench.hear(say("!scene a crane"))
    assert bench.mud.texts == [english if language == "en" else chinese]
    if not isinstance(bench.ai.paints, RefusedError):
        assert f"no picture: {bench.ai.paints}" in caplog.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "I see nothing here to draw. Try !scene and a few words."),
        ("zh", "此处无景可画。不妨试试：!scene 加几个字。"),
    ],
)
async def test_a_room_without_words_cannot_be_drawn(bench: Bench, language: str, said: str) -> None:
    """Before the MUD has shown a room there is nothing to draw; the command is named as it is given here."""
    bench.mud.seen = Room()
    await bench.add("scenes", language=language)
    await bench.hear(say("!scene"))
    assert (bench.mud.texts, bench.ai.asked) == ([said], [])
    bench.host.chat.prefix = "#"
    bench.host.running["scenes"].plugin.bot = bench.bot
    await bench.hear(say("!scene", "Bob"))
    assert bench.mud.texts[1] == said.replace("!", "#")


async def test_each_speaker_waits_five_seconds(bench: Bench) -> None:
    await bench.add("scenes")
    await bench.hear(say("!scene 1"), say("!scene 2"), say("!scene 3", "Bob"))
    await bench.clock.advance(5)
    await bench.hear(say("!scene 4"))
    assert bench.ai.asked == ["Ann: 1", "Bob: 3", "Ann: 4"]


async def test_an_outage_does_not_pause_it(bench: Bench) -> None:
    """However many ask meanwhile: it works again with the server."""
    await bench.add("scenes")
    bench.ai.paints = StoreError("disk full")
    names: Sequence[str] = [f"P{number}" for number in range(MAX_FAILURES + 1)]
    await bench.hear(*(say("!scene x", name) for name in names))
    bench.ai.paints = PICTURE
    await bench.hear(say("!scene x"))
    assert bench.mud.texts[-1] == PICTURE.link
