"""The engine's promises one by one, in plain examples; ``test_engine_programs`` tries them all together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mudbot.errors import PatternError
from mudbot.events import Line, Lines, Page, Span, Style
from mudbot.triggers import entry as entries_module
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Entry, Firing
from mudbot.triggers.sieve import Backend, has_hyperscan
from mudbot.triggers.trigger import Color, Pattern, Trigger
from tests.triggers.engines import add, feed, page


@pytest.fixture(params=["plain", "hyperscan"])
def engine(request: pytest.FixtureRequest) -> Engine[str]:
    if request.param == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    backend: Backend = request.param
    return Engine(backend=backend)


def kind(entry: Entry[str]) -> str:
    reason = entry.why_idle()
    return reason.kind if reason else ""


# -- handlers that change triggers -------------------------------------------------------------------------------------


def with_handler(engine: Engine[str], change: Callable[[Firing[str]], None], *texts: str) -> list[str]:
    """The same as ``feed``, with a handler of the trigger whose pattern is m."""
    seen: list[str] = []

    def fire(firing: Firing[str]) -> None:
        seen.append(f"{firing.row} {firing.entry.data}")
        if firing.entry.data == "m":
            change(firing)

    engine.feed(Lines(page(*texts)), fire)
    return seen


def test_what_a_handler_removes_or_switches_off_fires_no_more(engine: Engine[str]) -> None:
    """On the same line already."""
    add(engine, "m")
    one, _ = add(engine, "a"), add(engine, "b", group="g")
    add(engine, "c")

    def change(_: Firing[str]) -> None:
        engine.remove(one)
        engine.switch("g", on=False)

    assert with_handler(engine, change, "ab", "mabc", "abc") == ["0 a", "0 b", "1 m", "1 c", "2 c"]


def test_what_a_handler_switches_on_fires_if_its_turn_has_not_been(engine: Engine[str]) -> None:
    add(engine, "a", group="g")
    add(engine, "m")
    add(engine, "b", group="g")
    engine.switch("g", on=False)

    def change(_: Firing[str]) -> None:
        engine.switch("g", on=True)

    assert with_handler(engine, change, "ab", "mab", "ab") == ["1 m", "1 b", "2 a", "2 b"]


def test_what_a_handler_adds_is_looked_for_from_the_next_line_on(engine: Engine[str]) -> None:
    """Also in lines where nothing else is."""
    add(engine, "m", count=1)
    added: list[Entry[str]] = []
    seen = with_handler(engine, lambda _: added.append(add(engine, "a", priority=9)), "a", "ma", "m", "a")
    assert seen == ["1 m", "3 a"]


def test_one_trigger_by_itself(engine: Engine[str]) -> None:
    """It rests as well while a group of its is off."""
    entry = add(engine, "a", group="g/h")
    engine.rest(entry, on=False)
    assert (feed(engine, "a"), kind(entry)) == ([], "off")
    engine.switch("g", on=False)
    engine.rest(entry, on=True)
    assert (feed(engine, "a"), kind(entry)) == ([], "off")
    assert "group g is off" in repr(entry)
    engine.switch("g", on=True)
    assert (feed(engine, "a"), kind(entry)) == (["0 a"], "")


def test_one_that_is_switched_on_by_itself_is_counted_anew(engine: Engine[str]) -> None:
    """A one-shot trigger has another shot; its group does not give it one."""
    entry = add(engine, "a", count=1, group="g")
    assert (feed(engine, "a", "a"), kind(entry)) == (["0 a"], "spent")
    engine.switch("g", on=True)
    assert (feed(engine, "a"), kind(entry)) == ([], "spent")
    engine.rest(entry, on=True)
    assert (feed(engine, "a", "a"), kind(entry), entry.fired) == (["0 a"], "spent", 2)


# -- groups ------------------------------------------------------------------------------------------------------------


def test_groups_within_groups(engine: Engine[str]) -> None:
    """What is off within what is off stays off until both are on; names that only begin alike are others."""
    for group in ("a", "a/b", "ab", ""):
        add(engine, "x", group=group)
    assert engine.switch("a", on=False) == 2
    assert engine.switch("a/b", on=False) == 1
    assert feed(engine, "x") == ["0 x"] * 2
    assert engine.groups == {"a": False, "a/b": False, "ab": True}
    engine.switch("a", on=True)
    assert (len(feed(engine, "x")), engine.groups["a/b"]) == (3, False)
    engine.switch("a/b", on=True)
    assert (len(feed(engine, "x")), engine.switch("none", on=False)) == (4, 0)
    assert add(engine, "y", group="none/z").idle
    assert engine.groups == {"a": True, "a/b": True, "ab": True, "none": False, "none/z": False}
    assert repr(engine) == "<Engine of 5 triggers, 1 of them new, off: none>"


# -- why not -----------------------------------------------------------------------------------------------------------


def test_why_a_trigger_is_not_searched_for(engine: Engine[str]) -> None:
    """Each reason has a kind and words."""
    barred = engine.add(Trigger(patterns=(Pattern("a"),)), "barred", barred="plugins may not send commands")
    removed, spent, off = add(engine, "a"), add(engine, "a", count=1), add(engine, "a", group="g")
    engine.remove(removed)
    engine.remove(removed)
    engine.switch("g", on=False)
    assert feed(engine, "a", "a") == ["0 a"]
    assert [kind(entry) for entry in (barred, removed, spent, off)] == ["permission", "removed", "spent", "off"]
    assert repr(spent) == "<trigger a fired 1 times, it has fired 1 times, which is all it may>"
    assert "plugins may not" in repr(barred)
    assert [entry.tried for entry in (barred, removed, spent, off)] == [0, 0, 1, 0]
    assert len(engine) == 3


def held(entry: Entry[str], text: str, engine: Engine[str], now: float = 0.0) -> tuple[str, str] | None:
    match = entry.trigger.patterns[0].compiled().search(text)
    assert match
    reason = entry.held_back((match,), Line(text), engine.values, now)
    return reason and (reason.kind, reason.text)


def test_why_a_trigger_does_not_fire_though_it_is_found(engine: Engine[str]) -> None:
    """Colour, condition, cooldown; asking changes nothing."""
    colored = add(engine, "(?P<who>a)(b)?", colors=(("who", Color.of("bright green on red")),))
    assert held(colored, "a", engine) == ("color", "group who is not bright green on red")
    assert held(add(engine, "a", colors=(("", Color.of("on red")),)), "a", engine) == (
        "color",
        "the match is not any colour on red",
    )
    when = add(engine, "a", when="hp < 30 and hp > int(hp)")
    assert held(when, "a", engine) == ("condition", "nothing is known of hp yet: hp < 30 and hp > int(hp)")
    engine.values["hp"] = 50
    assert held(when, "a", engine) == ("condition", "not so: hp < 30 and hp > int(hp)")
    engine.values["hp"] = "x"
    assert "cannot be told" in str(held(when, "a", engine))
    cool = add(engine, "a(.)", cooldown=2.5, per="1")
    assert held(cool, "ab", engine) is None
    assert feed(engine, "ab", now=10.0) == ["0 a(.)"]
    assert held(cool, "ab", engine, 11.0) == ("cooldown", "again in 1.5 s")
    assert (held(cool, "ac", engine, 11.0), held(cool, "ab", engine, 12.5)) == (None, None)


def test_blanks_have_any_colour(engine: Engine[str]) -> None:
    """Letters do not; a group that took no part has none."""
    add(engine, r"(\w+ \w+)|(x)", colors=(("1", Color.of("red")),))

    class Colours:
        def spans(self, row: int) -> tuple[Span, ...]:
            red = Style(fg="red")
            return ((Span(0, 2, red), Span(3, 5, red)), (Span(0, 2, red), Span(3, 4, red)), (Span(0, 9, red),))[row]

    seen: list[int] = []
    engine.feed(Lines(Page("ab cd\nab cd\nx\n", colours=Colours())), lambda firing: seen.append(firing.row))
    assert seen == [0]


def test_cooldowns_of_many_players_are_forgotten_at_last(engine: Engine[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_module, "MAX_COOLING", 5)
    entry = add(engine, r"\d+", cooldown=9.0, per="0")
    assert len(feed(engine, *map(str, range(20)))) == 20
    assert len(entry._last_at) <= 5


def test_a_condition_that_is_none_is_refused_when_it_is_added(engine: Engine[str]) -> None:
    with pytest.raises(PatternError):
        add(engine, "a", when="hp <")


def test_what_is_counted(engine: Engine[str]) -> None:
    entry = add(engine, "a")
    feed(engine, "a", "b", "a", now=7.0)
    assert (entry.fired, entry.last, entry.tried >= 2, entry.spent > 0) == (2, 7.0, True, True)
