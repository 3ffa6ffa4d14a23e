"""Patterns that take longer than anybody waits are put to rest, and nothing else is."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence

import pytest

from mudbot.events import Lines, Page, Prompt
from mudbot.triggers import guard as module
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Entry, Firing
from mudbot.triggers.sieve import Backend, has_hyperscan
from mudbot.triggers.trigger import Pattern, Trigger

limited = pytest.mark.skipif(module._MAIN is None, reason="this system has no interval timers")

BAIT = "a" * 45 + "!" + " 说" * 30
EVIL = tuple(
    f"{core}(?=x)"  # no sieve looks ahead, so all of them are searched for
    for core in (
        "(a+)+", "(a|a)+", "(a|aa)+", "(a+a+)+", r"^(\w+\s?)+", "(.+)+", "(?:a+){2,}", "((a+)+)+", r"(a\w?|a)+",
        "(?i)(A+)+",
        "([a-z]+)+", "(a?){50}", "(?:(?:a|a)|a)+", "(aa|a|a)+", r"^(?:a\w?)+", "(a{1,9}){1,}", "(?:[ab]+)+",
        "(b?a+)+",
        r"(?:\S+\s*)+", "(?:a|[^b])+",
    )
)  # fmt: skip


@pytest.fixture(params=["plain", "hyperscan"])
def engine(request: pytest.FixtureRequest) -> Engine[str]:
    if request.param == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    backend: Backend = request.param
    return Engine(backend=backend)


def add(engine: Engine[str], *sources: str, group: str = "") -> list[Entry[str]]:
    made = [Trigger(patterns=(Pattern(each),), name=f"name of {each}", group=group) for each in sources]
    return [engine.add(trigger, source) for trigger, source in zip(made, sources, strict=True)]


def feed(engine: Engine[str], *texts: str) -> list[str]:
    """What fires, in order."""
    seen: list[str] = []
    engine.feed(Lines(Page("".join(f"{text}\n" for text in texts))), lambda firing: seen.append(firing.entry.data))
    return seen


def resting(*entries: Entry[str]) -> list[bool]:
    return [entry.idle for entry in entries]


def logged(caplog: pytest.LogCaptureFixture, sources: Sequence[str]) -> set[str]:
    """Which of *sources* the log names, each once."""
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    named = [source for source in sources for message in messages if f"trigger name of {source} is" in message]
    assert len(named) == len(set(named))
    return set(named)


@limited
def test_twenty_at_once(engine: Engine[str], caplog: pytest.LogCaptureFixture) -> None:
    """Each is ended, named in the log and asked no more; the others fire, on that line and behind it."""
    evil = add(engine, *EVIL, group="evil")
    add(engine, "!", "^a+", "说")
    seen = feed(engine, "before a!", BAIT, "behind a!")
    assert [source for source in seen if source not in EVIL] == ["!", "!", "^a+", "说", "!"]
    assert logged(caplog, EVIL) == set(EVIL)
    for entry in evil:
        reason = entry.why_idle()
        assert reason is not None
        assert reason.kind == "runaway"
        assert "took too long on 'aaaa" in reason.text
        assert len(reason.text) < 300
        assert entry.tried <= 2
    caplog.clear()
    tried = [entry.tried for entry in evil]
    feed(engine, BAIT, "a" * 10)
    assert [entry.tried for entry in evil] == tried
    assert not caplog.records


@limited
def test_switching_the_group_on_wakes_them(engine: Engine[str], caplog: pytest.LogCaptureFixture) -> None:
    """They are tried again, and put to rest again where they must be."""
    first, second = add(engine, *EVIL[:2], group="evil/worst")
    feed(engine, BAIT)
    assert resting(first, second) == [True, True]
    engine.switch("other", on=True)
    assert resting(first, second) == [True, True]
    assert engine.switch("evil", on=True) == 2
    assert resting(first, second) == [False, False]
    assert feed(engine, "aaax") == [*EVIL[:2]]
    caplog.clear()
    feed(engine, BAIT)
    assert logged(caplog, EVIL[:2]) == {*EVIL[:2]}
    engine.rest(first, on=True)
    assert resting(first, second) == [False, True]


@limited
def test_of_several_patterns_and_of_prompts(engine: Engine[str]) -> None:
    """One evil pattern puts its trigger to rest, wherever it looks."""
    both = Trigger(patterns=(Pattern("a"), Pattern(EVIL[0])), lines=3, stop=True)
    prompt = Trigger(patterns=(Pattern(EVIL[0]),), on="prompt")
    entries = engine.add(both, "both"), engine.add(prompt, "prompt")
    add(engine, "!")
    assert feed(engine, BAIT) == ["!"]
    engine.feed_prompt(Prompt(BAIT), lambda _: pytest.fail("it cannot fire"))
    assert all(entry.idle for entry in entries)


@limited
def test_what_is_slow_for_other_reasons_is_not(engine: Engine[str]) -> None:
    """A handler may take its time."""
    (entry,) = add(engine, "a+")

    def slow(_firing: Firing[str]) -> None:
        sum(range(3_000_000))

    engine.feed(Lines(Page("a\na\n")), slow)
    assert (entry.fired, entry.idle) == (2, False)
    assert entry.spent < 0.02


def test_without_a_guard(engine: Engine[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no timers everything fires as ever."""
    monkeypatch.setattr(module, "_MAIN", None)
    assert not engine._guard.available
    add(engine, "a", "(b+)+$")
    assert feed(engine, "ab", "c", "b") == ["a", "(b+)+$", "(b+)+$"]


def test_in_another_thread(engine: Engine[str]) -> None:
    """Nor is there a guard."""
    add(engine, "a", "(b+)+$")
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.extend(feed(engine, "ab", "c", "b")))
    thread.start()
    thread.join()
    assert seen == ["a", "(b+)+$", "(b+)+$"]


# -- what is no regular expression -------------------------------------------------------------------------------------


def test_a_trigger_that_nobody_checked(engine: Engine[str], caplog: pytest.LogCaptureFixture) -> None:
    """A pattern that is none is named and never fires, whether it is prepared or new; the others do."""
    (before,) = add(engine, "a(")
    add(engine, "a")
    assert feed(engine, "a") == ["a"]
    assert logged(caplog, ["a("]) == {"a("}
    caplog.clear()
    (behind,) = add(engine, "b)")
    assert feed(engine, "a", "a") == ["a", "a"]
    assert logged(caplog, ["b)"]) == {"b)"}
    for entry in (before, behind):
        reason = entry.why_idle()
        assert reason is not None
        assert "is not a regular expression" in reason.text


def test_a_handler_that_raises(engine: Engine[str]) -> None:
    """Its error comes out, and the engine goes on with the next lines."""
    (entry,) = add(engine, "a")

    def broken(_firing: Firing[str]) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        engine.feed(Lines(Page("a\na\n")), broken)
    assert entry.fired == 1
    assert feed(engine, "a") == ["a"]


def test_deep_groups_are_searched_for(engine: Engine[str]) -> None:
    """What ``re`` takes is a trigger, though nobody can say what it needs."""
    deep = "(" * 90 + "a" + ")" * 90
    assert re.compile(deep)
    add(engine, deep)
    assert feed(engine, "b", "a") == [deep]
