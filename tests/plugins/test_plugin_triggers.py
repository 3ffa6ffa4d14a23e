"""The plugin ``triggers``: says, sends and asks what ``triggers:`` wants; its owners switch it in the game."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot import Line, Room, Speech
from mudbot.config import TriggerConfig
from mudbot.errors import GateError
from mudbot.host import loader
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.host.triggers import Triggers
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from mudbot.triggers.data import written
from tests.plugins.conftest import FakeMud, say


class Mud(FakeMud):
    """Also notes what is said in the room and sent; what is said on silent channels cannot be answered."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.room_said: list[str] = []
        self.refuses = ""

    def can_answer(self, speech: Speech) -> bool:
        return speech.kind in ("say", "tell") and speech.speaker != "Nobody"

    def colleague(self, speech: Speech) -> bool:
        return speech.speaker == "Twin"

    async def say(self, text: str) -> None:
        self.room_said.append(text)

    async def send(self, *commands: str) -> None:
        if self.refuses in commands:
            raise GateError(f"not one plain command line: {self.refuses!r}")
        self.sent += commands


class Ai:
    """Answers in character; holds its answers back until the test opens the gate."""

    def __init__(self) -> None:
        self.asked: list[tuple[Speech, bool]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.source = "model"

    async def answer(self, speech: Speech, _room: Room, *, memory: bool = True) -> Any:
        self.asked.append((speech, memory))
        await self.gate.wait()
        return SimpleNamespace(text=f"re: {speech.text}", source=self.source)


class Scene:
    """The plugin with triggers of a configuration."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.mud, self.ai = Mud(), Ai()
        self.host = Host(self.clock)

    async def open(self, *triggers: dict[str, Any], language: str = "en", commands: bool = True) -> None:
        """Start it with these entries, one a line of c.yaml."""
        made = [
            written(TriggerConfig.model_validate(keys).placed({"": f"c.yaml:{line}"}))
            for line, keys in enumerate(triggers, 1)
        ]
        self.host = Host(self.clock, written=made, chat=Chat(owners=["wiz"]))
        plugin: Any = loader.load("triggers", [loader.shipped()])()
        plugin.mud, plugin.ai, plugin.clock, plugin.language = self.mud, self.ai, self.clock, language
        plugin.log = logging.getLogger("mudbot.plugins.triggers")
        plugin.bot = SimpleNamespace(prefix="!", triggers=Triggers(self.host, plugin, may_command=commands))
        await self.host.add(plugin)

    async def line(self, text: str, speech: Speech | None = None) -> None:
        self.host.hear([Line(text)] if speech is None else [Line(text), speech])
        await settle()

    async def owner(self, text: str) -> list[str]:
        """What the owner is told when he tells *text*."""
        await self.clock.advance(2)
        before = len(self.mud.said)
        self.host.hear([Speech("tell", "Wizard", text, id="wiz", sure=True)])
        await settle()
        return self.mud.texts[before:]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.host.stop()


# -- what it does ------------------------------------------------------------------------------------------------------


async def test_a_reply_is_said_where_the_line_was_said(scene: Scene) -> None:
    """To who spoke; in the room where nobody did."""
    await scene.open({"pattern": "(\\w+)$", "reply": "You said {1}."})
    speech = say("hello")
    await scene.line("Ann says: hello", speech)
    await scene.line("A wolf howls")
    assert scene.mud.said == [(speech, "You said hello.")]
    assert scene.mud.room_said == ["You said howls."]


async def test_what_cannot_be_answered_is_answered_in_the_room(scene: Scene) -> None:
    """But never what somebody said in private."""
    await scene.open({"pattern": "(\\w+)$", "reply": "You said {1}."})
    await scene.line("rumour: hello", Speech("channel", None, "hello", channel="rumour"))
    await scene.line("Nobody tells you: secret", Speech("tell", "Nobody", "secret"))
    assert scene.mud.room_said == ["You said hello."]
    assert [text for speech, text in scene.mud.said if speech.speaker != "Nobody"] == []


async def test_two_characters_of_one_bot_do_not_answer_each_other(scene: Scene) -> None:
    await scene.open({"text": "hello", "reply": "hello"})
    await scene.line("Twin says: hello", say("hello", "Twin"))
    assert (scene.mud.said, scene.mud.room_said) == ([], [])


async def test_commands_are_sent_in_their_order(scene: Scene) -> None:
    """Those of one trigger together, those of many in the order of the lines."""
    await scene.open({"pattern": "(\\w+) hits", "command": ["stand", "kill {1}"]}, {"text": "hits", "command": "yell"})
    for name in ("Ann", "Bob"):
        scene.host.hear([Line(f"{name} hits")])
    await settle()
    assert scene.mud.sent == ["stand", "kill Ann", "yell", "stand", "kill Bob", "yell"]


async def test_where_the_mud_has_no_letters_for_a_command_nothing_is_sent(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor said; and the plugin is not at fault."""
    await scene.open({"pattern": "(\\w+) hits", "command": ["stand", "kill {1}"], "reply": "Ow!"})
    scene.mud.refuses = "kill 张三"
    await scene.line("张三 hits")
    assert (scene.mud.sent, scene.mud.room_said) == ([], [])
    assert "trigger c.yaml:1: nothing is sent: not one plain command line" in caplog.text
    assert scene.host.running["triggers"].failures == 0


async def test_a_question_is_asked_in_character_and_its_answer_said(scene: Scene) -> None:
    """With the one who spoke, and without what was said before: what one told the bot is nobody else's business."""
    await scene.open({"pattern": "sing (\\w+)", "prompt": "Sing of {1}."})
    speech = Speech("tell", "Ann", "sing home", id="ann")
    await scene.line("Ann tells you: sing home", speech)
    assert scene.ai.asked == [(Speech("say", "Ann", "Sing of home.", id="ann"), False)]
    assert scene.mud.said == [(speech, "re: Sing of home.")]


async def test_where_the_model_has_no_answer_nothing_is_said(scene: Scene) -> None:
    """What the character says when it is asked something would fit nothing."""
    await scene.open({"text": "sing", "prompt": "Sing."})
    scene.ai.source = "fallback"
    await scene.line("sing")
    assert (scene.mud.said, scene.mud.room_said) == ([], [])


async def test_a_model_that_hangs_holds_nothing_up(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Four questions wait for it, the fifth is not asked; commands go on."""
    await scene.open(*({"text": "sing", "prompt": f"Sing {n}.", "cooldown": 0.001} for n in range(5)),
                     {"text": "fire", "command": "flee"})  # fmt: skip
    scene.ai.gate.clear()
    await scene.line("sing")
    await scene.line("fire")
    assert (len(scene.ai.asked), scene.mud.sent) == (4, ["flee"])
    assert "trigger c.yaml:5: not asked: 4 questions are at the model already" in caplog.text
    scene.ai.gate.set()
    await settle()
    await scene.clock.advance(1)
    await scene.line("sing")
    assert len(scene.ai.asked) == 9


# -- !triggers ---------------------------------------------------------------------------------------------------------

GROUPED = (
    {"text": "a", "reply": "x", "group": "combat/heal"},
    {"text": "a", "reply": "x", "group": "combat"},
    {"text": "b", "reply": "x", "group": "travel", "name": "walk"},
    {"text": "a", "reply": "x"},
)


async def test_an_owner_sees_the_groups(scene: Scene) -> None:
    """One short line each, in four at most."""
    await scene.open(*GROUPED)
    await scene.line("a")
    assert await scene.owner("!trigger off travel") == ["travel is off now (triggers: 1)."]
    assert await scene.owner("!triggers") == [
        "without a group: triggers: 1, fired: 1",
        "combat: on; triggers: 2, fired: 2",
        "travel: off; triggers: 1, fired: 0",
        "combat/heal: on; triggers: 1, fired: 1",
    ]


async def test_many_groups_are_four_lines(scene: Scene) -> None:
    """The rest by name alone, and no more of them than anybody reads."""
    await scene.open(*({"text": "a", "reply": "x", "group": f"group{n:03}"} for n in range(300)))
    await scene.owner("!trigger off group003")
    lines = await scene.owner("!triggers")
    assert (len(lines), lines[3][:41]) == (4, "more: group003 (off), group004, group005,")
    assert all(len(line) < 200 for line in lines)


async def test_there_may_be_none(scene: Scene) -> None:
    await scene.open()
    assert await scene.owner("!triggers") == ["There are no triggers."]


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("!trigger off combat", "combat is off now (triggers: 2)."),
        ("!triggers OFF combat", "combat is off now (triggers: 2)."),
        ("!trigger on walk", "walk is on now (triggers: 1)."),
        ("!trigger off combt", "There is no group or trigger combt; did you mean combat?"),
        ("!trigger off xyzzy", "There is no group or trigger xyzzy."),
        ("!trigger off", "Say !trigger on GROUP, or !trigger off GROUP."),
        ("!trigger combat", "Say !trigger on GROUP, or !trigger off GROUP."),
    ],
)
async def test_an_owner_switches_groups_and_triggers(scene: Scene, order: str, answer: str) -> None:
    await scene.open(*GROUPED)
    assert await scene.owner(order) == [answer]


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("！触发关战斗", "战斗 已关（1 条）。"),
        ("！触发 关 战斗", "战斗 已关（1 条）。"),
        ("!触发器开战斗", "战斗 已开（1 条）。"),
        ("!触发 off 战斗", "战斗 已关（1 条）。"),
        ("!触发 关 战", "没有名为 战 的组或触发器；是不是 战斗？"),
        ("!触发 关 xyzzy", "没有名为 xyzzy 的组或触发器。"),
        ("!触发 关", "请说 !触发 开 组名，或 !触发 关 组名。"),
        ("！触发器", "战斗：开，1 条，触发 0 次"),
        ("！触发", "战斗：开，1 条，触发 0 次"),
    ],
)
async def test_it_speaks_chinese(scene: Scene, order: str, answer: str) -> None:
    await scene.open({"text": "a", "reply": "x", "group": "战斗"}, language="zh")
    assert await scene.owner(order) == [answer]


async def test_nobody_else_gets_an_answer(scene: Scene) -> None:
    await scene.open(*GROUPED)
    for speech in (say("!triggers"), Speech("tell", "wiz", "!triggers"), say("!trigger off combat", id="wiz")):
        scene.host.hear([speech])
        await settle()
    assert scene.mud.said == []
    assert scene.host.engine.groups["combat"]
