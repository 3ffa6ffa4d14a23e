"""What must not be taken for a plugin's fault, and timers that are slower than their time."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mudbot import Command, Line, Speech, command, every, on, trigger
from mudbot.host import loader
from mudbot.host import running as running_module
from mudbot.host.frames import Files
from mudbot.host.host import Host
from mudbot.host.inbox import SHARE
from mudbot.host.running import MAX_FAILURES, MAX_STUCK
from mudbot.host.services.log import TOLD
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.app_plugins_stage import until
from tests.host.host_fakes import Watched, say, started

LAYER = "def run(inner):\n    return inner[0](inner[1:]) if inner else frame()\n"


class Late(Watched):
    @every(1)
    async def tick(self) -> None:
        self.did.append("tick")
        await self.gate.wait()

    @on(Line)
    async def hear(self, line: Line) -> None:
        self.did.append(line.text)


async def test_a_timer_that_is_slower_than_its_time_waits_once(clock: FakeClock) -> None:
    """What it misses is not made up for: else a hundred of its calls would keep every line from the plugin."""
    plugin = Late()
    running = await started(plugin, clock)
    await clock.advance(300)
    assert running.busy == 2
    running.offer(Line("a"))
    plugin.gate.set()
    await settle()
    assert plugin.did == ["tick", "tick", "a"]
    await clock.advance(2)
    assert plugin.did == ["tick", "tick", "a", "tick", "tick"]
    await running.stop()


async def test_a_timer_that_waited_through_a_pause_goes_on(clock: FakeClock) -> None:
    """A call that was dropped in a pause is not waited for."""
    plugin = Late()
    running = await started(plugin, clock)
    await clock.advance(2)
    running.pause("owner", "by its owner")
    plugin.gate.set()
    await settle()
    running.resume()
    await clock.advance(1)
    assert plugin.did == ["tick", "tick"]
    await running.stop()


def stack(*layers: tuple[str, str]) -> FrameType:
    """The innermost frame where code of these files and modules calls one another, the outermost first."""
    calls: list[Callable[..., Any]] = []
    for file, module in layers:
        space: dict[str, Any] = {"__name__": module, "frame": lambda: sys._getframe(1)}
        exec(compile(LAYER, file, "exec"), space)
        calls.append(space["run"])
    found: FrameType = calls[0](calls[1:])
    return found


@pytest.mark.parametrize(
    ("inner", "whose"),
    [
        ([("/lib/json.py", "json")], "p"),
        ([("<frozen importlib._bootstrap>", "importlib._bootstrap"), ("/lib/numpy.py", "numpy")], None),
        ([("/lib/bdb.py", "bdb"), ("/lib/pdb.py", "pdb")], None),
        ([("/lib/_pydevd_bundle/x.py", "_pydevd_bundle.x")], None),
    ],
)
def test_an_import_is_not_cut_in_two_and_a_debugger_takes_its_time(
    tmp_path: Path, inner: list[tuple[str, str]], whose: str | None
) -> None:
    """A half import leaves a library that cannot be imported again; and who debugs would lose the very moment."""
    path = tmp_path / "p.py"
    path.write_text("from mudbot import Plugin\nclass P(Plugin): ...\n")
    files = Files()
    kind = loader.load("p", [tmp_path])
    files.learn("p", kind)
    found = files.at_work(stack((str(path), "p"), *inner), alone=True)
    assert (found and found[0]) == whose
    loader.drop(kind)


class Works(Watched):
    @command("work")
    async def work(self, command: Command) -> None:
        await self.gate.wait()
        self.did.append(command.speech.speaker)

    @command("fail")
    async def fail(self, command: Command) -> None:
        raise ZeroDivisionError(command.rest)

    @command("fine")
    async def fine(self) -> None: ...


async def test_one_speaker_has_a_share_of_the_inbox(clock: FakeClock) -> None:
    """Who floods keeps nobody's commands from the plugin, and may go on when what waited is done."""
    plugin = Works()
    running = await started(plugin, clock)
    for _ in range(300):
        running.offer_command(Command("work", "", say("!work", "Mob")))
    running.offer_command(Command("work", "", say("!work", "Ann")))
    plugin.gate.set()
    await settle()
    assert plugin.did == ["Mob"] * SHARE + ["Ann"]
    running.offer_command(Command("work", "", say("!work", "Mob")))
    await settle()
    assert plugin.did[-1] == "Mob"
    await running.stop()


async def test_who_finds_a_mistake_does_not_fill_the_log(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """So many failures a minute are told, and how many there were besides."""
    running = await started(Works(), clock)
    for _ in range(100):
        running.offer_command(Command("fail", "", say("!fail")))
        running.offer_command(Command("fine", "", say("!fine")))
        await settle()
    assert caplog.text.count("failed in fail") == TOLD
    await clock.advance(60)
    running.offer_command(Command("fail", "", say("!fail")))
    await settle()
    assert caplog.text.count("failed in fail") == TOLD + 1
    assert "plugin watched: 80 failures more were not logged" in caplog.text
    await running.stop()


class Fragile(Watched):
    @command("fail")
    async def fail(self, command: Command) -> None:
        raise ZeroDivisionError(command.rest)

    @command("later")
    async def later(self) -> None:
        await self.spawn(self.fall())
        raise ZeroDivisionError

    @command("fine")
    async def fine(self) -> None: ...

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        self.did.append(1 // len(speech.text or ""))

    @on(Line)
    async def read(self, line: Line) -> None:
        self.did.append(1 // len(line.text))

    @trigger("^$")
    async def blank(self) -> None:
        raise ZeroDivisionError

    async def fall(self) -> None:
        raise ZeroDivisionError


def words(text: str, speaker: str | None) -> list[object]:
    """Somebody says *text*, which the MUD shows as an empty line."""
    return [Line(""), Speech("say", speaker, text)]


@pytest.mark.parametrize("speaker", ["Mob", None])
@pytest.mark.parametrize("text", ["!fail", "!later", ""])
async def test_one_speaker_cannot_have_a_plugin_paused(host: Host, speaker: str | None, text: str) -> None:
    """By commands, speech, lines, triggers and what is spawned there; what somebody else adds counts as ever."""
    host.chat.prefix = "!"
    await host.add(Fragile())
    running = host.running["watched"]
    for _ in range(3 * MAX_FAILURES):
        host.hear(words(text, speaker))
        await settle()
    assert running.failures >= MAX_FAILURES
    assert not running.paused
    host.hear(words("!fail", "Ann"))
    await settle()
    assert running.paused


async def test_a_broken_word_of_somebody_does_not_pause_either(host: Host) -> None:
    """A line that may be somebody's words, as the MUD broke them."""
    await host.add(Fragile())
    for _ in range(MAX_FAILURES):
        host.hear([Line("").as_quoted()])
        await settle()
    assert not host.running["watched"].paused
    host.hear([Line("")])
    await settle()
    assert host.running["watched"].paused


async def test_what_goes_well_takes_back_whose_failures_there_were(host: Host) -> None:
    host.chat.prefix = "!"
    await host.add(Fragile())
    for _ in range(MAX_FAILURES):
        host.hear(words("!fail", "Mob"))
        host.hear([Line("x"), *words("!fine", "Ann")[1:]])
        host.hear(words("!fail", "Ann"))
        host.hear([Line("x"), *words("!fine", "Ann")[1:]])
        await settle()
    assert not host.running["watched"].paused


class Deaf(Watched):
    @on(Line)
    async def hear(self, line: Line) -> None:
        while line.text == "stick" and not self.gate.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.gate.wait()
        self.did.append(line.text)


async def test_a_deadline_that_is_swallowed_costs_a_worker_and_not_the_plugin(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """That is told once, another one goes on; after a few of them the plugin is paused, and works when resumed."""
    monkeypatch.setattr(running_module, "DEADLINE", 0.005)
    monkeypatch.setattr(running_module, "GRACE", 0.005)
    plugin = Deaf()
    running = await started(plugin, clock)
    for number in range(MAX_STUCK):
        running.offer(Line("stick"))
        running.offer(Line(f"{number}"))
        await until(lambda: len(plugin.did) == number + 1)  # noqa: B023 - it is called here alone
    assert (plugin.did, running.paused) == (["0", "1", "2"], False)
    assert caplog.text.count("plugin watched: hear swallows its deadline of 0.005 s and goes on") == MAX_STUCK
    running.offer(Line("stick"))
    await until(lambda: running.paused)
    running.resume()
    running.offer(Line("again"))
    await settle()
    assert plugin.did == ["0", "1", "2", "again"]
    plugin.gate.set()
    await settle()
    assert (plugin.did[4:], running.busy) == (["stick"] * 4, 0)
    running.offer(Line("last"))
    await settle()
    assert plugin.did[-1] == "last"
    await running.stop()
