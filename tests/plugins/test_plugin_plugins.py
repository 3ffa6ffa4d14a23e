"""The plugin ``plugins``: owners manage the others from within the game."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mudbot import PluginError, Speech
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.host.reload import PluginStatus
from mudbot.testing.clock import settle
from tests.plugins.conftest import Bench

STATES = [PluginStatus("dice", "running"), PluginStatus("quest", "paused", "x"), PluginStatus("map", "unloaded")]


class FakeRoster:
    """Writes down what is asked of it."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.fails = ""
        self.restart: tuple[str, ...] = ()

    def states(self, session: str) -> list[PluginStatus]:
        self.did.append(f"states of {session}")
        return STATES

    def pause(self, name: str) -> bool:
        self.did.append(f"pause {name}")
        return name != "quest"

    def resume(self, name: str) -> bool:
        self.did.append(f"resume {name}")
        return True

    async def reload(self, name: str) -> None:
        self.did.append(f"reload {name}")
        if self.fails:
            raise PluginError(self.fails)

    async def load(self, name: str) -> None:
        self.did.append(f"load {name}")

    async def unload(self, name: str) -> None:
        self.did.append(f"unload {name}")

    async def refresh(self) -> Any:
        self.did.append("refresh")
        return Outcome(self.restart)


class Outcome(SimpleNamespace):
    def __init__(self, restart: tuple[str, ...]) -> None:
        super().__init__(restart=restart)

    def __str__(self) -> str:
        return "dice loaded"


class Scene:
    def __init__(self, bench: Bench) -> None:
        self.bench, self.roster = bench, FakeRoster()

    async def open(self, language: str = "en") -> None:
        self.bench.host = Host(self.bench.clock, chat=Chat(owners=["wiz"]))
        mud: Any = self.bench.mud
        mud.session = "inn"
        bot = SimpleNamespace(prefix="!", plugins=self.roster)
        await self.bench.add("plugins", language=language, bot=bot)

    async def tell(self, text: str, who: str = "wiz") -> list[str]:
        await self.bench.clock.advance(2)
        before = len(self.bench.mud.said)
        self.bench.host.hear([Speech("tell", "Wizard", text, id=who, sure=True)])
        await settle()
        return self.bench.mud.texts[before:]


@pytest.fixture
def scene(bench: Bench) -> Scene:
    return Scene(bench)


async def test_it_lists_what_there_is(scene: Scene) -> None:
    await scene.open()
    listed = "Plugins: dice, quest (paused), map (not loaded)"
    assert await scene.tell("!plugin") == [listed]
    assert await scene.tell("!plugins list") == [listed]


@pytest.mark.parametrize(
    ("order", "deed", "answer"),
    [
        ("!plugin reload dice", "reload dice", "dice is reloaded."),
        ("!plugin load map", "load map", "map is loaded."),
        ("!plugin UNLOAD dice", "unload dice", "dice is unloaded."),
        ("!plugin pause dice", "pause dice", "dice rests."),
        ("!plugin pause quest", "pause quest", "quest does so already."),
        ("!plugin resume quest", "resume quest", "quest goes on."),
        ("!plugin reload", "refresh", "All is read again: dice loaded."),
    ],
)
async def test_it_does_what_an_owner_says(scene: Scene, order: str, deed: str, answer: str) -> None:
    await scene.open()
    assert await scene.tell(order) == [answer]
    assert scene.roster.did == [deed]


@pytest.mark.parametrize(
    ("order", "deed", "answer"),
    [
        ("!插件", "states of inn", "插件：dice、quest（已暂停）、map（未加载）"),
        ("!插件 重载 dice", "reload dice", "dice 已重载。"),
        ("！插件重载dice", "reload dice", "dice 已重载。"),
        ("!插件 恢复 quest", "resume quest", "quest 已恢复。"),
        ("!插件 暂停 dice", "pause dice", "dice 已暂停。"),
        ("!插件 卸载 dice", "unload dice", "dice 已卸载。"),
    ],
)
async def test_in_chinese(scene: Scene, order: str, deed: str, answer: str) -> None:
    """With spaces and without."""
    await scene.open("zh")
    assert await scene.tell(order) == [answer]
    assert scene.roster.did == [deed]


async def test_what_cannot_be_is_told(scene: Scene) -> None:
    """On one line, not longer than a line may be; and how it is said."""
    await scene.open()
    scene.roster.fails = "plugins/dice.py:3:\n" + "x" * 500
    (answer,) = await scene.tell("!plugin reload dice")
    assert answer.startswith("Nothing is changed: plugins/dice.py:3: xxx")
    assert len(answer) < 230
    for order in ("!plugin dance", "!plugin load", "!plugin resume"):
        assert await scene.tell(order) == [
            "Say !plugin list, or !plugin reload, pause, resume, load or unload and a name."
        ]


async def test_what_takes_a_restart_is_told(scene: Scene) -> None:
    await scene.open()
    scene.roster.restart = ("web.port", "sessions.0.host")
    assert await scene.tell("!plugin reload") == [
        "All is read again: dice loaded.",
        "This counts after a restart: web.port, sessions.0.host.",
    ]


async def test_for_others_it_does_not_exist(scene: Scene) -> None:
    await scene.open()
    assert await scene.tell("!plugin unload dice", who="ann") == []
    assert scene.roster.did == []
