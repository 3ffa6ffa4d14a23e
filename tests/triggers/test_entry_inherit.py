"""A trigger that takes the place of another of its name goes on where that stood."""

from __future__ import annotations

from dataclasses import replace

from mudbot.triggers.entry import Entry
from mudbot.triggers.trigger import Pattern, Trigger

ARRIVES = Trigger(patterns=(Pattern(r"(?P<who>\w+) arrives"),), cooldown=60, per="who", count=3)


def test_cooldowns_counts_and_a_switch_go_on() -> None:
    old: Entry[None] = Entry(ARRIVES, None, 0)
    match = ARRIVES.patterns[0].compiled().search("Ann arrives")
    assert match is not None
    old.fired, old.last, old.resting = 2, 10.0, True
    old.note_fired((match,), 10.0)
    new: Entry[None] = Entry(replace(ARRIVES, priority=5), None, 1)
    new.inherit(old)
    assert (new.fired, new.last, new.resting, new.idle) == (2, 10.0, True, True)
    held = new.held_back((match,), None, {}, 20.0)
    assert held is not None
    assert held.text == "again in 50.0 s"
    assert new.held_back((match,), None, {}, 71.0) is None


def test_a_cooldown_for_others_begins_anew_and_a_mended_pattern_is_tried_again() -> None:
    old: Entry[None] = Entry(ARRIVES, None, 0)
    match = ARRIVES.patterns[0].compiled().search("Ann arrives")
    assert match is not None
    old.note_fired((match,), 10.0)
    old.runaway = "it took too long"
    new: Entry[None] = Entry(replace(ARRIVES, per="", patterns=(Pattern(r"(?P<who>\w+) comes"),)), None, 1)
    new.inherit(old)
    assert new.runaway == ""
    assert new.held_back((match,), None, {}, 11.0) is None
    same: Entry[None] = Entry(ARRIVES, None, 1)
    same.inherit(old)
    assert same.runaway == "it took too long"
