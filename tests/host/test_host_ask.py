"""Asking the MUD and waiting for what it says, with the session's own engine and a link that the test plays."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot.errors import GateError, MudbotError, NoAnswer, PluginError
from mudbot.events import Disconnected, Line, Lines, Page, Prompt, Span, Speech, Style
from mudbot.host.host import Host
from mudbot.host.plugin import Plugin
from mudbot.host.services.ask import MAX_LINES, MAX_WAITING
from mudbot.host.services.mud import Mud
from mudbot.host.triggers import Triggers
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched


class Link:
    """A session of which the test says when a command leaves."""

    name, state = "s1", "playing"
    own_names = frozenset({"chen"})

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Callable[[str | None], None]]] = []
        self.withdrawn: list[str] = []

    def sending(self, text: str, ended: Callable[[str | None], None]) -> Callable[[], None]:
        if "\n" in text:
            raise GateError("not one plain command line")
        self.waiting.append((text, ended))
        return lambda: self.withdrawn.append(text)

    def leaves(self, why_not: str | None = None) -> str:
        text, ended = self.waiting.pop(0)
        ended(why_not)
        return text


class Scene:
    """A Mud on such a link, and what it hears."""

    def __init__(self, host: Host, clock: FakeClock) -> None:
        self.host, self.clock, self.link = host, clock, Link()
        parts: Any = (self.link, SimpleNamespace())
        self.mud = Mud(*parts, may_command=True, asks=host.asks)

    def hear(self, *texts: str) -> None:
        """Lines that came in one read."""
        self.host.hear(Lines(Page("".join(f"{text}\n" for text in texts))))

    async def asks(self, command: str, *outcomes: Any, **named: Any) -> asyncio.Task[Any]:
        """An ask whose command has left."""
        task = asyncio.ensure_future(self.mud.ask(command, *outcomes, **named))
        await settle()
        self.link.leaves()
        return task

    def clean(self) -> bool:
        """Whether nothing is left of any ask."""
        return not self.host.asks.waiting and not len(self.host.engine)


@pytest.fixture
def scene(host: Host, clock: FakeClock) -> Scene:
    return Scene(host, clock)


BUY: dict[str, Any] = {"ok": r"^You buy (?P<what>.+)\.$", "poor": r"can't afford"}


# -- outcomes ----------------------------------------------------------------------------------------------------------


async def test_the_outcome_that_came_is_told_with_its_groups_and_line(scene: Scene) -> None:
    task = await scene.asks("buy sword", **BUY)
    scene.hear("It rains.", "You buy a sword.", "You can't afford a horse.")
    found = await task
    assert (found.name, found["what"], found.groups["0"]) == ("ok", "a sword", "You buy a sword.")
    assert (found.line, found.text) == (Line("You buy a sword."), "You buy a sword.")
    assert found.lines == (Line("It rains."), Line("You buy a sword."))
    assert scene.clean()


async def test_outcomes_without_a_name_are_numbered(scene: Scene) -> None:
    task = await scene.asks("open door", "opens", "locked")
    scene.hear("The door is locked.")
    assert (await task).name == "2"


async def test_of_two_outcomes_in_one_line_the_first_written_counts(scene: Scene) -> None:
    task = await scene.asks("kill rat", any="rat", dead="dead")
    scene.hear("The rat is dead.")
    assert (await task).name == "any"


async def test_an_absent_group_is_a_key_error(scene: Scene) -> None:
    task = await scene.asks("buy", r"You buy (?:(?P<count>\d+) )?(?P<what>\w+)")
    scene.hear("You buy bread")
    found = await task
    assert found["what"] == "bread"
    with pytest.raises(KeyError):
        found["count"]


async def test_an_outcome_may_be_anything_that_a_trigger_may(scene: Scene) -> None:
    """Plain text, a compiled pattern, a glob, several lines, a prompt."""
    cases: list[tuple[Any, list[str], str]] = [
        ({"text": "(hello)"}, ["say (hello) now"], "0"),
        (re.compile("HELLO (.)", re.IGNORECASE), ["hello x"], "1"),
        ({"glob": "You see *."}, ["You see a cat."], "1"),
        ({"all_of": ["^Name: (?P<a>.+)", "^Price: (?P<b>.+)"]}, ["Name: x", "Price: 5"], "b"),
    ]
    for outcome, lines, group in cases:
        task = await scene.asks("look", outcome)
        scene.hear(*lines)
        assert (await task)[group]
    task = await scene.asks("score", {"pattern": r"^(?P<hp>\d+)hp>", "prompt": True})
    scene.hear("9hp> is what a line says")
    scene.host.hear([Prompt("12hp> ", "ga")])
    assert (await task)["hp"] == "12"
    assert scene.clean()


async def test_the_colours_of_a_line_are_asked(scene: Scene) -> None:
    """What a player writes in the usual colour does not answer for the MUD."""
    task = await scene.asks("pray", {"pattern": "blessed", "color": "bright green"})

    class Green:
        def spans(self, row: int) -> tuple[Span, ...]:
            return (Span(0, 9, Style(fg="bright green")),) if row == 1 else ()

    scene.host.hear(Lines(Page("blessed a\nblessed b\n", colours=Green())))
    assert (await task).text == "blessed b"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("(",), "outcome 1: .*not a regular expression"),
        (({"text": "a", "cooldown": 3},), "what is waited for has no cooldown"),
        (({"texts": "a"},), "has no texts; did you mean 'text'"),
        ((), "wants an outcome"),
    ],
)
async def test_an_outcome_that_can_never_come_is_refused_before_anything_is_sent(
    scene: Scene, given: tuple[Any, ...], said: str
) -> None:
    with pytest.raises(PluginError, match=said):
        await scene.mud.ask("look", *given)
    with pytest.raises(PluginError, match="above 0"):
        await scene.mud.ask("look", "x", timeout=0)
    assert (scene.link.waiting, scene.clean()) == ([], True)


# -- which lines answer ------------------------------------------------------------------------------------------------


async def test_only_lines_that_come_after_the_command_left_answer(scene: Scene) -> None:
    """What is read while it waits for its turn is of something else."""
    task = asyncio.ensure_future(scene.mud.ask("buy sword", **BUY))
    await settle()
    scene.hear("You buy a hat.")
    scene.link.leaves()
    scene.hear("You buy a sword.")
    assert (await task)["what"] == "a sword"


async def test_two_who_ask_the_same_get_a_line_each_in_their_order(scene: Scene) -> None:
    """Also where both lines come in one read."""
    first, second = await scene.asks("buy", **BUY), await scene.asks("buy", **BUY)
    scene.hear("You buy a hat.", "You can't afford that.")
    assert [(await first).name, (await second).name] == ["ok", "poor"]


async def test_the_same_words_twice_are_two_lines(scene: Scene) -> None:
    first, second = await scene.asks("y", "^y$"), await scene.asks("y", "^y$")
    scene.hear("y")
    await settle()
    assert (first.done(), second.done()) == (True, False)
    scene.hear("y")
    assert (await second).text == "y"


async def test_a_line_that_one_ask_does_not_want_answers_the_next(scene: Scene) -> None:
    first, second = await scene.asks("buy", **BUY), await scene.asks("look", r"^Exits")
    scene.hear("Exits: north.")
    assert (await second).text == "Exits: north."
    assert not first.done()
    first.cancel()


async def test_whoever_only_waits_takes_nothing_from_anybody(scene: Scene) -> None:
    """Two who wait, an ask and a trigger all see one line."""
    fired: list[str] = []

    class Seer(Plugin):
        name = "seer"

    plugin = Seer()
    await scene.host.add(plugin)

    async def seen(what: str) -> None:
        fired.append(what)

    Triggers(scene.host, plugin).add(seen, r"You buy (?P<what>.+)\.", stop=True, priority=1000)
    waits = [asyncio.ensure_future(scene.mud.wait_for("You buy")) for _ in range(2)]
    ask = await scene.asks("buy", **BUY)
    scene.hear("You buy a hat.")
    assert {(await each).text for each in (*waits, ask)} == {"You buy a hat."}
    await settle()
    assert fired == ["a hat"]


async def test_what_somebody_says_is_no_answer(scene: Scene) -> None:
    """Ann cannot make the bot believe that it bought something; whoever asks her may say so."""
    heard = [Line("Ann says, You can't afford that."), Speech("say", "Ann", "You can't afford that.")]
    deaf = await scene.asks("buy", **BUY)
    asked = await scene.asks("tell ann price?", "afford", speech=True)
    scene.host.hear(heard)
    assert (await asked).speech == heard[1]
    assert not deaf.done()
    scene.hear("You can't afford it.")
    found = await deaf
    assert (found.name, found.lines) == ("poor", (Line("You can't afford it."),))


async def test_what_may_be_somebodys_words_is_no_answer(scene: Scene) -> None:
    """A line that begins where the MUD broke Ann's words is as much hers as the one before."""
    deaf = await scene.asks("buy", **BUY)
    deaf_too = asyncio.ensure_future(scene.mud.wait_for("buy", speech=False))
    hears = asyncio.ensure_future(scene.mud.wait_for("buy"))
    await settle()
    scene.host.hear([Line("You buy a hat.").as_quoted()])
    assert (await hears).line == Line("You buy a hat.")
    scene.hear("You buy a coat.")
    assert ((await deaf)["what"], (await deaf_too).text) == ("a coat", "You buy a coat.")
    assert [line.text for line in deaf.result().lines] == ["You buy a coat."]


async def test_waiting_hears_speech_unless_told_not_to(scene: Scene) -> None:
    heard = [Line("Ann says, yes"), Speech("say", "Ann", "yes")]
    hears = asyncio.ensure_future(scene.mud.wait_for("yes"))
    deaf = asyncio.ensure_future(scene.mud.wait_for("yes", speech=False))
    await settle()
    scene.host.hear(heard)
    assert (await hears).speech == heard[1]
    assert not deaf.done()
    deaf.cancel()


async def test_words_can_be_waited_for_whatever_their_line_looks_like(scene: Scene) -> None:
    """The first that fit; of chat commands nobody hears."""
    waits = asyncio.ensure_future(scene.mud.wait_for_speech(lambda speech: "oslo" in (speech.text or "")))
    fails = asyncio.ensure_future(scene.mud.wait_for_speech(lambda speech: (speech.text or "").index("bergen")))
    await settle()
    scene.hear("oslo")
    right = Speech("say", "Ann", "oslo")
    scene.host.hear([Line("x"), Speech("say", "Bob", "bergen"), Line("y"), right, Speech("say", "Bob", "oslo")])
    assert await waits is right
    with pytest.raises(ValueError, match="substring"):
        await fails
    late = asyncio.ensure_future(scene.mud.wait_for_speech(bool, timeout=2))
    await scene.clock.advance(2.1)
    with pytest.raises(NoAnswer, match="nothing came: none within 2 s; waited for somebody's words"):
        await late
    assert scene.clean()


async def test_a_handler_hears_the_answer_while_it_waits(host: Host, scene: Scene) -> None:
    """Its own worker is busy; the engine goes on.  The lines behind the one that set it off are no answer."""
    shop = Watched()
    shop.mud = scene.mud
    await host.add(shop)

    async def trade(item: str) -> None:
        found = await shop.mud.ask(f"buy {item}", **BUY)
        shop.did.append((found.name, found.groups.get("what")))

    Triggers(host, shop).add(trade, r"^Merchant offers (?P<item>\w+)")
    scene.hear("Merchant offers rope", "You buy nothing yet.", "Merchant offers salt")
    for thing in ("rope", "salt"):
        await settle()
        assert scene.link.leaves() == f"buy {thing}"
        scene.hear(f"You buy {thing}.")
    await settle()
    assert shop.did == [("ok", "rope"), ("ok", "salt")]


async def test_only_the_last_lines_are_kept(scene: Scene) -> None:
    task = await scene.asks("inventory", "^end$")
    scene.hear(*map(str, range(MAX_LINES)), "end")
    lines = (await task).lines
    assert (len(lines), lines[0].text, lines[-1].text) == (MAX_LINES, "1", "end")


async def test_where_a_plugin_wants_every_line_asks_hear_the_same(host: Host, scene: Scene) -> None:
    """The host then feeds the engine line by line."""
    host._line_by_line = True
    first, second = await scene.asks("buy", **BUY), await scene.asks("buy", **BUY)
    scene.hear("You buy a hat.", "noise", "You buy a coat.")
    assert [(await first)["what"], (await second)["what"]] == ["a hat", "a coat"]
    assert [line.text for line in second.result().lines] == ["You buy a hat.", "noise", "You buy a coat."]


# -- how it ends without one -------------------------------------------------------------------------------------------


async def test_what_comes_too_late_is_no_answer(scene: Scene) -> None:
    """The time runs from the moment the command left, and the error names what was asked and waited for."""
    task = asyncio.ensure_future(scene.mud.ask("buy sword", timeout=3, **BUY))
    await scene.clock.advance(20)
    scene.link.leaves()
    await scene.clock.advance(2.9)
    assert not task.done()
    await scene.clock.advance(0.2)
    with pytest.raises(NoAnswer) as caught:
        await task
    assert str(caught.value) == (
        "no answer to 'buy sword': none within 3 s; waited for ok (^You buy (?P<what>.+)\\.$), poor (can't afford)"
    )
    assert (caught.value.command, caught.value.reason) == ("buy sword", "none within 3 s")
    assert caught.value.waited_for["poor"] == "can't afford"
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, MudbotError)
    assert scene.clean()


async def test_the_end_of_the_link_ends_every_wait_at_once(scene: Scene) -> None:
    task = await scene.asks("buy sword", **BUY)
    unsent = asyncio.ensure_future(scene.mud.ask("look", "x"))
    waits = asyncio.ensure_future(scene.mud.wait_for("sunrise"))
    await settle()
    scene.host.hear([Disconnected("lost: reset by peer")])
    with pytest.raises(NoAnswer, match=r"no answer to 'buy sword': the link ended \(lost: reset by peer\)"):
        await task
    with pytest.raises(NoAnswer, match="no answer to 'look'"):
        await unsent
    with pytest.raises(NoAnswer, match=r"nothing came: the link ended .*waited for 1 \(sunrise\)"):
        await waits
    assert "look" in scene.link.withdrawn  # or it would be sent after the next login
    assert scene.clean()


async def test_a_command_that_is_dropped_is_told_at_once(scene: Scene) -> None:
    task = asyncio.ensure_future(scene.mud.ask("buy", **BUY))
    await settle()
    scene.link.leaves("31 s old by now")
    with pytest.raises(NoAnswer, match="it was not sent: 31 s old by now"):
        await task
    assert scene.clean()


async def test_who_is_cancelled_leaves_nothing_behind(scene: Scene) -> None:
    """Neither a trigger nor a command that nobody waits for any more."""
    sent, unsent = await scene.asks("buy", **BUY), asyncio.ensure_future(scene.mud.ask("sell", "sold"))
    waits = asyncio.ensure_future(scene.mud.wait_for("x", timeout=5))
    await settle()
    for task in (sent, unsent, waits):
        task.cancel()
    await asyncio.wait({sent, unsent, waits})
    assert scene.link.withdrawn[-1] == "sell"
    assert scene.clean()
    await scene.clock.advance(10)


async def test_cancelled_as_the_answer_fails_it_says_nothing_twice(scene: Scene) -> None:
    """An error that nobody will ever look at is not reported as lost (warnings are errors here)."""
    task = await scene.asks("buy", **BUY)
    scene.host.hear([Disconnected("gone")])
    task.cancel()
    await asyncio.wait({task})
    assert scene.clean()


async def test_outside_the_game_nothing_is_sent(scene: Scene) -> None:
    scene.link.state = "waiting"
    with pytest.raises(NoAnswer, match=r"not in the game \(waiting\)"):
        await scene.mud.ask("buy", **BUY)
    assert (scene.link.waiting, scene.clean()) == ([], True)


async def test_a_command_that_is_not_one_line_is_refused(scene: Scene) -> None:
    with pytest.raises(GateError):
        await scene.mud.ask("buy\nquit", **BUY)
    assert scene.clean()


async def test_asking_wants_the_owners_permission_and_waiting_does_not(scene: Scene) -> None:
    scene.mud._may_command = False
    with pytest.raises(PluginError, match=r"permissions\.commands: true"):
        await scene.mud.ask("buy", **BUY)
    task = asyncio.ensure_future(scene.mud.wait_for(dawn="sun rises"))
    await settle()
    scene.hear("The sun rises.")
    assert (await task).name == "dawn"


async def test_a_wait_has_its_time(scene: Scene) -> None:
    task = asyncio.ensure_future(scene.mud.wait_for("x", timeout=2))
    await scene.clock.advance(2.1)
    with pytest.raises(NoAnswer, match="nothing came: none within 2 s; waited for 1"):
        await task


async def test_waits_without_end_are_bounded(scene: Scene) -> None:
    """A plugin that waits in a loop costs every line time; it is told, and the others may ask and wait as before."""
    tasks = [asyncio.ensure_future(scene.mud.wait_for("x")) for _ in range(MAX_WAITING)]
    await settle()
    with pytest.raises(NoAnswer, match="20 asks and waits of this plugin are open"):
        await scene.mud.wait_for("y")
    other = Scene(scene.host, scene.clock)
    asked = await other.asks("look", "x")
    scene.hear("x")
    assert (await asked).text == "x"
    await asyncio.gather(*tasks)
    assert scene.clean()


async def test_asks_that_come_and_go_make_no_new_sieve(scene: Scene) -> None:
    """With thousands of triggers that would take seconds each time."""
    for number in range(60):
        task = await scene.asks("look", "here")
        scene.hear(f"here {number}")
        await task
    assert not scene.host.engine.stale


async def test_an_ask_outlives_a_new_sieve(scene: Scene) -> None:
    """One that is made while it waits finds its outcomes as well."""
    task = await scene.asks("look", here="^here (?P<n>.)")
    works = scene.host.engine.rebuilding(always=True)
    assert works
    for work in works:
        work.work()
        scene.host.engine.adopt(work)
    scene.hear("there", "here 7")
    found = await task
    assert (found["n"], [line.text for line in found.lines]) == ("7", ["there", "here 7"])
    scene.hear("here 8")
    assert scene.clean()
