"""The journal: the log in the store, safe to read, bounded, and no trouble to whoever logs."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mudbot import journal as module
from mudbot import logs
from mudbot.journal import Journal
from mudbot.store import logbook
from mudbot.store.store import Store
from mudbot.testing import FakeClock

SECRET = "hunter2-of-the-mud"
log = logging.getLogger("mudbot.test_journal")


@pytest.fixture
async def journal(store: Store, clock: FakeClock) -> AsyncIterator[Journal]:
    log.setLevel(logging.DEBUG)
    made = Journal(store, clock, secrets=[SECRET], sessions=["inn", "town"])
    made.begin()
    yield made
    await made.end()
    log.setLevel(logging.NOTSET)


async def kept(store: Store, clock: FakeClock) -> list[Any]:
    """What was logged, after the half second that it may wait."""
    await asyncio.sleep(0)  # it is told of what other threads log by the loop
    await clock.advance(module.EVERY)
    found = await store.read(lambda c: logbook.page(c, logbook.Filter(logger="test_journal")))
    return list(found.rows)[::-1]


async def test_entries_are_kept_with_their_level_part_and_time(
    journal: Journal, store: Store, clock: FakeClock
) -> None:
    log.info("%s came in", "Ann")
    log.warning("slow")
    rows = await kept(store, clock)
    assert [(row.level, row.logger, row.text) for row in rows] == [
        (20, "mudbot.test_journal", "Ann came in"),
        (30, "mudbot.test_journal", "slow"),
    ]
    assert rows[0].at == pytest.approx(logging.LogRecord("", 0, "", 0, "", None, None).created, abs=60)


async def test_secrets_and_control_characters_are_never_kept(journal: Journal, store: Store, clock: FakeClock) -> None:
    """In whatever form, and of plugins that told their secrets later as well."""
    logs.mask(["a-plugins-own-key"])
    log.info("password %s and %r", SECRET, SECRET.encode())
    log.info("key a-plugins-own-key \x1b[31mred\x07 \u202egnihton")
    try:
        int(SECRET)
    except ValueError:
        log.exception("failed")
    rows = await kept(store, clock)
    told = "\n".join(row.text for row in rows)
    assert len(rows) == 3
    assert SECRET not in told
    assert "a-plugins-own-key" not in told
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in told)
    assert "\\x1b[31mred" in told
    assert "\u202e" not in told
    assert "ValueError: invalid literal" in told


async def test_an_entry_is_of_the_session_that_it_names(journal: Journal, store: Store, clock: FakeClock) -> None:
    """At its beginning, as sessions and plugins do it; a player's words further on name none."""
    for words in ("inn: playing", "scenes@town: drawn", "Ann says: inn: hello", "nobody: x"):
        log.info("%s", words)
    assert [row.session for row in await kept(store, clock)] == ["inn", "town", "", ""]


async def test_a_flood_is_cut_and_says_so(
    journal: Journal, store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay."""
    monkeypatch.setattr(module, "QUEUE", 10)
    for number in range(25):
        log.info("%d", number)
    assert [row.text for row in await kept(store, clock)] == [str(number) for number in range(15, 25)]
    told = await store.read(lambda c: logbook.page(c, logbook.Filter("warning")))
    assert [row.text for row in told.rows] == ["15 entries came too fast to be kept here"]


async def test_a_long_entry_keeps_its_beginning_and_its_end(journal: Journal, store: Store, clock: FakeClock) -> None:
    log.info("begin %s end", "x" * 100_000)
    (row,) = await kept(store, clock)
    assert len(row.text) < 5000
    assert row.text.startswith("begin x")
    assert row.text.endswith("x end")


async def test_other_threads_may_log(journal: Journal, store: Store, clock: FakeClock) -> None:
    thread = threading.Thread(target=log.info, args=("from a thread",))
    thread.start()
    thread.join()
    assert [row.text for row in await kept(store, clock)] == ["from a thread"]


async def test_values_that_do_not_fit_their_message_do_no_harm(
    journal: Journal, store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # of pytest's own handler
    journal.emit(logging.LogRecord(log.name, 20, "", 0, "%d coins", ("many",), None))
    assert [row.text for row in await kept(store, clock)] == ["%d coins"]


async def test_the_end_keeps_what_waits_and_nothing_more(store: Store, clock: FakeClock) -> None:
    log.setLevel(logging.INFO)
    made = Journal(store, clock)
    made.begin()
    log.info("last words")
    await made.end()
    log.info("too late")
    assert made not in logging.getLogger().handlers
    assert [row.text for row in await kept(store, clock)] == ["last words"]


async def test_too_many_entries_make_room(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRUNE_EVERY", 10)
    log.setLevel(logging.INFO)
    made = Journal(store, clock, keep=5)
    made.begin()
    for number in range(30):
        log.info("%d", number)
    await kept(store, clock)
    assert made._pruning is not None
    await made._pruning
    assert [row.text for row in await kept(store, clock)] == ["25", "26", "27", "28", "29"]
    await made.end()


async def test_a_store_that_cannot_write_does_not_make_the_log_write_for_ever(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """That it cannot is logged, which is kept, which it cannot: the row ends by itself."""
    (tmp_path / "data").write_text("a file where the folder should be")
    store = Store(tmp_path / "data", clock)
    made = Journal(store, clock)
    made.begin()
    log.warning("something")
    for _ in range(20):
        await clock.advance(module.EVERY)
        await asyncio.wait({store._commit} if store._commit else {asyncio.ensure_future(asyncio.sleep(0))})
    assert caplog.text.count("not stored") <= 4
    await made.end()
    await store.close()
