"""The database: what was committed stays, readers see what was written before, and a broken disk is only an error."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from mudbot.store.store import FILE, Store, StoreError
from mudbot.store.tables import SCHEMA, calls, decisions, turns
from mudbot.testing import FakeClock


def decide(store: Store, reason: str, **more: Any) -> asyncio.Future[None]:
    row = {"session": "s", "speaker": "Ann", "source": "player", "reason": reason, "text": "words"} | more
    return store.write("decisions", **row)


def reasons(connection: Connection) -> list[str]:
    return list(connection.execute(select(decisions.c.reason).order_by(decisions.c.id)).scalars())


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    store = Store(folder, FakeClock())
    try:
        yield store
    finally:
        await store.close()


# -- rows ----------------------------------------------------------------------------------------------------------


async def test_rows_survive_a_reopening(tmp_path: Path, clock: FakeClock) -> None:
    """With the wall clock's time at which they were written."""
    async with opened(tmp_path) as store:
        await decide(store, "one")
    async with opened(tmp_path) as store:
        row = await store.read(lambda connection: connection.execute(select(decisions)).one())
    assert (row.reason, row.at, row.speaker) == ("one", clock.wall(), "Ann")


async def test_closing_commits_what_waits(tmp_path: Path) -> None:
    """The last words before a stop are kept, though nobody waited for them."""
    async with opened(tmp_path) as store:
        for number in range(100):
            decide(store, str(number))
        assert repr(store).endswith("100 rows waiting>")
    async with opened(tmp_path) as store:
        assert await store.read(reasons) == [str(number) for number in range(100)]


async def test_a_reader_sees_every_earlier_write(store: Store) -> None:
    """Also those that nobody has waited for, in their order."""
    decide(store, "one")
    decide(store, "two")
    assert await store.read(reasons) == ["one", "two"]
    decide(store, "three")
    assert await store.read(reasons) == ["one", "two", "three"]


async def test_rows_that_come_together_are_committed_together(store: Store) -> None:
    """A flood of rows costs a few commits: a commit takes about a hundred times what a row does."""
    await store.open()
    commits: list[object] = []
    assert store._engine is not None
    event.listen(store._engine, "commit", commits.append)
    await asyncio.gather(*(decide(store, str(number)) for number in range(500)))
    assert len(await store.read(reasons)) == 500
    assert len(commits) <= 3


async def test_tables_are_kept_apart_in_one_commit(store: Store) -> None:
    store.write("turns", character="c", speaker="ann", private=True, name="Ann", text="hi", own=False)
    decide(store, "one")
    store.write("turns", character="c", speaker="ann", private=True, name="Chen", text="ho", own=True)
    texts = await store.read(lambda c: list(c.execute(select(turns.c.text).order_by(turns.c.id)).scalars()))
    assert (texts, await store.read(reasons)) == (["hi", "ho"], ["one"])


async def test_text_is_kept_as_it_is(store: Store) -> None:
    """Quotes, other scripts and NUL are data to the database."""
    odd = "x'); DROP TABLE decisions;-- 老陈 🏮 \x00 \u202e"
    await decide(store, odd)
    assert await store.read(reasons) == [odd]


async def test_the_folder_is_the_owners_alone(store: Store) -> None:
    """Private talk is in there."""
    await store.open()
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


async def test_opening_twice_is_opening_once(store: Store) -> None:
    assert store.open() is store.open()
    await store.open()
    assert store.open().done()


# -- cancellation --------------------------------------------------------------------------------------------------


async def test_a_cancelled_writer_takes_nothing_from_the_others(store: Store) -> None:
    """Rows of several plugins share a commit; one plugin's deadline must not undo the others' rows."""

    async def keep(reason: str) -> None:
        await decide(store, reason)

    first, second = asyncio.create_task(keep("one")), asyncio.create_task(keep("two"))
    await asyncio.sleep(0)
    first.cancel()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await store.read(reasons) == ["one", "two"]


async def test_a_cancelled_reader_does_not_end_the_opening(store: Store) -> None:
    """Whoever asked first and walked away leaves a store that works."""
    reading = asyncio.create_task(store.read(reasons))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await store.read(reasons) == []


# -- trouble -------------------------------------------------------------------------------------------------------


def unwritable(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")


def corrupt(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(b"This is no database.\n" * 500)


def newer(folder: Path) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / FILE)
    connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()


TROUBLE = [
    (unwritable, "is the folder writable, and the disk not full?"),
    (corrupt, "the file is damaged: restore it from a copy, or move it away to begin with an empty one"),
    (newer, f"was written by a newer mudbot (schema {SCHEMA + 1}); upgrade mudbot"),
]


@pytest.mark.parametrize(("make", "remedy"), TROUBLE)
async def test_trouble_names_the_file_and_the_remedy(
    tmp_path: Path, make: Callable[[Path], None], remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Opening, reading and writing all fail with the one error that callers know, on one line."""
    make(tmp_path / "data")
    async with opened(tmp_path / "data") as store:
        for attempt in (store.open, lambda: store.read(reasons), lambda: decide(store, "one")):
            with pytest.raises(StoreError) as caught:
                await attempt()
            assert str(caught.value).startswith(f"{tmp_path / 'data' / FILE}")
            assert remedy in str(caught.value)
            assert "\n" not in str(caught.value)
    assert "not stored: " in caplog.text


async def test_a_newer_database_is_left_untouched(tmp_path: Path) -> None:
    """An old mudbot must not write into what it does not know."""
    newer(tmp_path / "data")
    async with opened(tmp_path / "data") as store:
        with pytest.raises(StoreError):
            await store.open()
    connection = sqlite3.connect(tmp_path / "data" / FILE)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA + 1,)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


async def test_nothing_piles_up_while_nothing_can_be_kept(tmp_path: Path) -> None:
    """The bot may go on for days with a full disk: lost rows are told, not collected."""
    unwritable(tmp_path / "data")
    async with opened(tmp_path / "data") as store:
        for _ in range(5):
            with pytest.raises(StoreError):
                await asyncio.gather(*(decide(store, "lost") for _ in range(20)))
        assert repr(store).endswith(", 0 rows waiting>")


@pytest.mark.parametrize(("make", "_remedy"), TROUBLE)
async def test_it_works_again_once_the_cause_is_gone(
    tmp_path: Path, make: Callable[[Path], None], _remedy: str
) -> None:
    """Without a restart: the next use opens it anew."""
    folder = tmp_path / "data"
    make(folder)
    async with opened(folder) as store:
        with pytest.raises(StoreError):
            await decide(store, "lost")
        if folder.is_dir():
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        else:
            folder.unlink()
        await decide(store, "kept")
        assert await store.read(reasons) == ["kept"]


async def test_a_row_that_cannot_be_kept_is_told_without_its_words(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The database's own message would quote a private word in the log."""
    with pytest.raises(StoreError) as caught:
        await decide(store, "one", session=None, text="my secret")
    assert "decisions.session" in str(caught.value)
    assert "my secret" not in str(caught.value) + caplog.text
    await decide(store, "two")
    assert await store.read(reasons) == ["two"]


async def test_a_failed_commit_does_not_stop_the_next(store: Store) -> None:
    """Nobody has waited for the bad row, and no warning of the event loop appears either."""
    decide(store, "one", session=None)
    assert await store.read(reasons) == []
    decide(store, "two")
    assert await store.read(reasons) == ["two"]


# -- older schemas -------------------------------------------------------------------------------------------------

FIRST = """
CREATE TABLE calls (
    id INTEGER NOT NULL, at FLOAT NOT NULL, endpoint VARCHAR(80) NOT NULL, model VARCHAR(80) NOT NULL,
    outcome VARCHAR(40) NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    waited FLOAT NOT NULL, latency FLOAT NOT NULL, PRIMARY KEY (id)
);
INSERT INTO calls VALUES (1, 5.0, 'POST /chat/completions', 'm', 'ok', 10, 3, 0.5, 1.5);
PRAGMA user_version=1;
"""


async def test_calls_of_the_first_schema_are_kept_and_new_ones_say_more(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript(FIRST)
    connection.close()
    new = {"endpoint": "POST /x", "model": "", "outcome": "ok", "prompt_tokens": 0, "completion_tokens": 0}
    for _ in range(2):  # the second opening finds it done
        async with opened(tmp_path) as store:
            await store.write("calls", **new, waited=0.0, latency=0.0, money=0.25, player="Ann", shared=False)
            rows = await store.read(lambda c: c.execute(select(calls).order_by(calls.c.id)).all())
    assert [(row.at, row.money, row.player) for row in rows[:2]] == [(5.0, None, None), (rows[1].at, 0.25, "Ann")]
    assert len(rows) == 3
