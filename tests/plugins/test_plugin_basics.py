"""!help and !status."""

from __future__ import annotations

import pytest

from tests.plugins.conftest import Bench, say


@pytest.mark.parametrize("text", ["!help", "!帮助", "!HELP please"])
async def test_help_lists_every_command_of_every_plugin(bench: Bench, text: str) -> None:
    """Once each, with what it does, under its first name."""
    await bench.add("basics")
    await bench.add("scenes")
    asked = say(text)
    await bench.hear(asked)
    helps = "I understand: !help - what I understand; !status - how I am; "
    helps += "!scene - draw a scene from your words, or this room"
    assert bench.mud.said == [(asked, helps)]


async def test_help_in_chinese(bench: Bench) -> None:
    """A Chinese session names the commands as its players type them."""
    await bench.add("basics", language="zh")
    await bench.add("scenes", language="zh")
    await bench.hear(say("！帮助"))
    helps = "我听得懂：!帮助 - 我听得懂的命令；!状态 - 我的近况；!画 - 照你说的，或照眼前的景，画一幅"
    assert bench.mud.texts == [helps]


@pytest.mark.parametrize("text", ["!status", "!状态", "！status"])
async def test_status_says_how_the_bot_is(bench: Bench, text: str) -> None:
    await bench.add("basics")
    await bench.hear(say(text))
    assert bench.mud.texts == [
        "inn: in the game; I do: dialogue, scenes (paused); questions at the model: 1, waiting: 0"
    ]


async def test_help_is_given_each_speaker_every_two_seconds(bench: Bench) -> None:
    await bench.add("basics")
    await bench.hear(say("!help"), say("!help"), say("!help", "Bob"))
    await bench.clock.advance(2)
    await bench.hear(say("!help"))
    assert sum(text.startswith("I understand") for text in bench.mud.texts) == 3
