"""What pages read: beside everything else, never writing, within bounds; and each of their queries."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mudbot.errors import StoreError
from mudbot.store import costs, decisions, logbook, talks
from mudbot.store import store as module
from mudbot.store.store import Store
from mudbot.testing import FakeClock

DAY = 86_400.0


# -- browse ----------------------------------------------------------------------------------------------------------


async def test_a_page_that_reads_long_delays_nothing_else(store: Store) -> None:
    """While a query of a page goes on, rows are written and read by those who need them."""
    going, over = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> str:
        going.set()
        assert over.wait(10)
        return "done"

    await store.open()
    page = asyncio.create_task(store.browse(slow))
    await asyncio.to_thread(going.wait, 10)
    await store.write("decisions", session="s", speaker="Ann", source="player", reason="r", text="t")
    assert await store.read(lambda c: c.execute(text("SELECT count(*) FROM decisions")).scalar()) == 1
    assert not page.done()
    over.set()
    assert await page == "done"


async def test_a_page_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await store.browse(lambda c: c.execute(text("DELETE FROM decisions")))


async def test_a_page_sees_what_was_written_just_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is not slow."""
    monkeypatch.setattr(module, "COMMIT_WITHIN", 60.0)
    store.write("decisions", session="s", speaker="Ann", source="player", reason="r", text="t")
    assert await store.browse(decisions.waiting) == 1


async def test_a_query_that_takes_too_long_is_ended_and_says_what_to_do(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one works: nothing of the bound stays on the connection."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    monkeypatch.setattr(module, "BROWSE_WITHIN", 0.02)
    with pytest.raises(StoreError, match="look for less"):
        await store.browse(lambda c: c.execute(text(endless)).scalar())
    assert await store.browse(decisions.waiting) == 0


# -- the log ---------------------------------------------------------------------------------------------------------


async def logs(store: Store, *entries: tuple[int, str], **more: Any) -> None:
    for level, words in entries:
        store.write("logged", **{"level": level, "logger": "mudbot.app", "session": "", "text": words} | more)
    await store.read(lambda connection: logbook.page(connection, logbook.Filter()))  # all are committed then


async def shown(store: Store, before: int = 0, **wanted: str) -> list[str]:
    found = await store.browse(lambda c: logbook.page(c, logbook.Filter(**wanted), before=before))
    return [row.text for row in found.rows]


async def test_the_log_is_filtered_by_level_session_logger_and_words(store: Store) -> None:
    await logs(store, (20, "came in"), (30, "100% slow"), (40, "Broken"))
    await logs(store, (20, "drew a crane"), session="town", logger="mudbot.plugins.scenes")
    assert await shown(store) == ["drew a crane", "Broken", "100% slow", "came in"]
    assert await shown(store, level="warning") == ["Broken", "100% slow"]
    assert await shown(store, level="error") == ["Broken"]
    assert await shown(store, level="info", words="BROKEN") == ["Broken"]
    assert await shown(store, words="0%") == ["100% slow"]
    assert await shown(store, words="%") == ["100% slow"]
    assert await shown(store, logger="plugins.scenes") == ["drew a crane"]
    assert await shown(store, session="town", level="debug") == ["drew a crane"]


@pytest.mark.parametrize("level", ["", "warning"])
async def test_the_log_is_turned_page_by_page(store: Store, level: str) -> None:
    """Each entry is on one page, none on two."""
    await logs(store, *((30 + 10 * (n % 2), f"entry {n}") for n in range(250)))
    seen: list[str] = []
    before: int | None = 0
    while before is not None:
        found = await store.browse(partial(logbook.page, wanted=logbook.Filter(level), before=before))
        seen += [row.text for row in found.rows]
        before = found.older
    assert seen == [f"entry {n}" for n in reversed(range(250))]


async def test_a_search_of_the_log_goes_on_where_its_bound_ended_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logbook, "LOOKS", 10)
    await logs(store, (20, "needle"), *((20, "hay") for _ in range(25)))
    before, steps = 0, 0
    wanted = logbook.Filter(words="needle")
    while (found := await store.browse(partial(logbook.page, wanted=wanted, before=before))).older:
        assert not found.rows
        before, steps = found.older, steps + 1
    assert [row.text for row in found.rows] == ["needle"]
    assert steps == 2


async def test_old_entries_go_and_the_newest_stay(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number and by age, a bounded part at a time."""
    monkeypatch.setattr(logbook, "PRUNE", 4)
    await logs(store, *((20, f"{n}") for n in range(10)))
    now = clock.wall()
    while await store.change(lambda c: logbook.prune(c, keep=3, since=now - DAY)):
        pass
    assert await shown(store) == ["9", "8", "7"]
    while await store.change(lambda c: logbook.prune(c, keep=3, since=now + 1)):
        pass
    assert await shown(store) == []


# -- conversations ---------------------------------------------------------------------------------------------------


async def say(store: Store, speaker: str, words: str, **more: Any) -> None:
    row = {"character": "s/Chen", "speaker": speaker, "private": False, "name": speaker.title(), "own": False}
    await store.write("turns", **row | {"text": words} | more)


async def test_who_talked_last_comes_first(store: Store, clock: FakeClock) -> None:
    """With what everybody was called last, and how much was said."""
    await say(store, "ann", "one", private=True)
    await say(store, "bob", "two")
    await say(store, "ann", "three", name="Anna")
    await say(store, "ann", "four", name="Chen", own=True, character="s/Chen")
    await say(store, "zoe", "five", character="town/Wu")
    found = await store.browse(talks.talkers)
    assert [(each.character, each.speaker, each.name, each.turns) for each in found] == [
        ("town/Wu", "zoe", "Zoe", 1),
        ("s/Chen", "ann", "Anna", 3),
        ("s/Chen", "bob", "Bob", 1),
    ]
    assert await store.browse(talks.characters) == ["s/Chen", "town/Wu"]
    assert [each.speaker for each in await store.browse(lambda c: talks.talkers(c, who="AN"))] == ["ann"]
    assert [each.speaker for each in await store.browse(lambda c: talks.talkers(c, character="town/Wu"))] == ["zoe"]
    assert await store.browse(lambda c: talks.talkers(c, who="%")) == []
    assert [row.text for row in await store.browse(lambda c: talks.talk(c, "s/Chen", "ann"))] == [
        "four",
        "three",
        "one",
    ]


async def test_a_page_of_talkers_has_one_more_where_there_are_more(store: Store) -> None:
    await asyncio.gather(*(say(store, f"p{n:03}", "hi") for n in range(talks.PAGE + 10)))
    assert len(await store.browse(talks.talkers)) == talks.PAGE + 1
    assert len(await store.browse(lambda c: talks.talkers(c, skip=talks.PAGE))) == 10


# -- money -----------------------------------------------------------------------------------------------------------


async def call(store: Store, at: float, money: float | None, **more: Any) -> None:
    row = {"endpoint": "POST /chat/completions", "model": "m", "outcome": "ok", "waited": 0.0, "latency": 1.0}
    row |= {"prompt_tokens": 10, "completion_tokens": 5, "session": "s", "plugin": "dialogue", "player": "ann"}
    await store.write("calls", **row | {"at": at, "money": money} | more)


async def test_what_was_spent_by_day_player_and_model(store: Store) -> None:
    """Days are those of UTC, as in the books; those without a call are there."""
    day = 20_000 * DAY
    await call(store, day + 1, 0.5)
    await call(store, day + DAY - 1, 0.25, endpoint="POST /images/generations", model="painter", player="bob")
    await call(store, day + 2 * DAY, None)
    await call(store, day - 1, 9.0)  # before
    await call(store, day + 2 * DAY + 5, 0.1, player="ann", session="town", endpoint="POST /embeddings")
    days = await store.browse(lambda c: costs.by_day(c, day, day + 2 * DAY + 10))
    assert [(each.name, each.calls, round(each.money, 4)) for each in days] == [
        ("2024-10-04", 2, 0.75),
        ("2024-10-05", 0, 0.0),
        ("2024-10-06", 2, 0.1),
    ]
    assert [days[0].of(kind) for kind in costs.KINDS] == [0.5, 0.25, 0.0]
    assert days[2].of("other") == 0.1
    players = await store.browse(lambda c: costs.by(c, "player", day))
    assert [(each.session, each.name, each.money, each.unknown) for each in players] == [
        ("s", "ann", 0.5, 1),
        ("s", "bob", 0.25, 0),
        ("town", "ann", 0.1, 0),
    ]
    models = await store.browse(lambda c: costs.by(c, "model", day))
    assert [(each.name, each.calls, each.tokens) for each in models] == [("m", 3, 45), ("painter", 1, 15)]


async def test_the_newest_failures_are_told(store: Store) -> None:
    await call(store, 1.0, None, outcome="ServerError", status=500)
    await call(store, 2.0, 0.1)
    await call(store, 3.0, None, outcome="RateLimitError", status=429)
    found = await store.browse(costs.failures)
    assert [(row.outcome, row.status) for row in found] == [("RateLimitError", 429), ("ServerError", 500)]


# -- decisions -------------------------------------------------------------------------------------------------------


async def decide(store: Store, words: str, speaker: str = "Ann") -> None:
    await store.write("decisions", session="s", speaker=speaker, source="player", reason="harassment", text=words)


async def test_a_verdict_counts_for_all_open_decisions_on_the_same_text(store: Store) -> None:
    """Nobody wants to allow the same words forty times; what another owner decided before stays."""
    for words in ("hello", "hello", "bye"):
        await decide(store, words)
    row = await store.change(lambda c: decisions.judge(c, 1, "allow", 5.0))
    assert (row.text, row.speaker) == ("hello", "Ann")
    assert [each.text for each in await store.browse(lambda c: decisions.page(c, decisions.Which()))] == ["bye"]
    assert await store.browse(decisions.rulings) == [("hello", "allow"), ("hello", "allow")]
    assert await store.browse(decisions.waiting) == 1
    assert await store.change(lambda c: decisions.judge(c, 99, "allow", 5.0)) is None


async def test_decisions_are_filtered(store: Store) -> None:
    await decide(store, "you awful thing", "Ann")
    await decide(store, "100% rude", "Bob")
    await store.change(lambda c: decisions.judge(c, 1, "mute", 5.0))

    async def texts(**which: Any) -> list[str]:
        rows = await store.browse(lambda c: decisions.page(c, decisions.Which(**which)))
        return [row.text for row in rows]

    assert await texts() == ["100% rude"]
    assert await texts(state="reviewed") == ["you awful thing"]
    assert await texts(state="all") == ["100% rude", "you awful thing"]
    assert await texts(state="all", speaker="an") == ["you awful thing"]
    assert await texts(state="all", words="0% R") == ["100% rude"]
    assert await texts(state="all", session="other") == []
