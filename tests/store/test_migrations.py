"""A store of any older mudbot is one of this mudbot after it was opened, with every row, or is as it was."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine

from mudbot.store.migrations import migrate
from mudbot.store.store import FILE, Store, StoreError
from mudbot.store.tables import SCHEMA, metadata
from mudbot.testing import FakeClock

DATA = Path(__file__).parent / "data"
RELEASED = sorted(int(path.stem.removeprefix("schema_")) for path in DATA.glob("schema_*.sql"))


VALUES: dict[type, Any] = {str: "3", int: 3, float: 3.5, bool: True, bytes: b"3"}


def insert(table: Table, connection: Connection) -> None:
    row = {column.name: VALUES[column.type.python_type] for column in table.columns}
    connection.execute(table.insert().values(row))


def written(folder: Path, schema: int, more: str = "") -> Path:
    """A store as the mudbot of *schema* made it, with two rows in each table: everything said, and the least."""
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / FILE)) as database:
        database.executescript((DATA / f"schema_{schema}.sql").read_text(encoding="utf-8") + more)
    return folder


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    store = Store(folder, FakeClock())
    try:
        await store.open()
        yield store
    finally:
        await store.close()


def tables(database: sqlite3.Connection) -> list[str]:
    found = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [row[0] for row in database.execute(found)]


def rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return {name: [dict(row) for row in database.execute(f"SELECT * FROM {name}")] for name in tables(database)}


def shape(path: Path) -> tuple[dict[str, list[Any]], set[tuple[str, str]], int]:
    """Columns by table in their order, indexes as they were written, and the version."""
    with closing(sqlite3.connect(path)) as database:
        columns = {name: database.execute(f"PRAGMA table_info({name})").fetchall() for name in tables(database)}
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        indexes = {(name, " ".join(sql.replace("IF NOT EXISTS ", "").split())) for name, sql in found}
        return columns, indexes, database.execute("PRAGMA user_version").fetchone()[0]


def test_every_schema_that_was_has_its_store_here() -> None:
    """Who raises SCHEMA adds a revision, and the store of the one before stays in the tests."""
    assert list(range(1, SCHEMA + 1)) == RELEASED


@pytest.mark.parametrize("schema", RELEASED)
async def test_an_older_store_becomes_what_a_new_one_is(tmp_path: Path, schema: int) -> None:
    """Column for column and index for index."""
    async with opened(tmp_path / "new"):
        pass
    async with opened(written(tmp_path / "old", schema)):
        pass
    assert shape(tmp_path / "old" / FILE) == shape(tmp_path / "new" / FILE)


@pytest.mark.parametrize("schema", RELEASED)
async def test_no_row_is_lost_or_changed(tmp_path: Path, schema: int) -> None:
    """What there was is there, value for value; columns that came later are empty."""
    before = rows(written(tmp_path, schema) / FILE)
    assert before
    assert all(len(found) == 2 for found in before.values())
    async with opened(tmp_path):
        pass
    after = rows(tmp_path / FILE)
    for name, old in before.items():
        for was, now in zip(old, after[name], strict=True):
            assert now == dict.fromkeys(now) | was
    assert not any(found for name, found in after.items() if name not in before)


@pytest.mark.parametrize("schema", RELEASED)
async def test_a_migrated_store_can_be_written(tmp_path: Path, schema: int) -> None:
    """Every table takes a row of the present kind beside the old ones."""
    before = rows(written(tmp_path, schema) / FILE)
    async with opened(tmp_path) as store:
        for table in metadata.sorted_tables:
            await store.change(partial(insert, table))
    for name, found in rows(tmp_path / FILE).items():
        assert len(found) == len(before.get(name, ())) + 1, name


def test_the_revisions_alone_make_the_present_tables(tmp_path: Path) -> None:
    """From nothing: the chain is whole, and each revision says itself what it makes."""
    for name in ("migrated", "made"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.begin() as connection:
            if name == "made":
                metadata.create_all(connection)
            else:
                migrate(connection, 0, SCHEMA)
        engine.dispose()
    assert shape(tmp_path / "migrated") == shape(tmp_path / "made")


@pytest.mark.parametrize("schema", RELEASED[:-1])
async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, schema: int) -> None:
    """What fails near its end leaves the store as it was, and it is migrated once the cause is gone."""
    obstacle = "CREATE INDEX logged ON turns (at);"  # a table cannot have the name of an index
    before = shape(written(tmp_path, schema, obstacle) / FILE)
    store = Store(tmp_path, FakeClock())
    with pytest.raises(StoreError, match="already an index named logged"):
        await store.open()
    await store.close()
    assert shape(tmp_path / FILE) == before
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("DROP INDEX logged")
    async with opened(tmp_path):
        pass
    assert shape(tmp_path / FILE)[2] == SCHEMA


async def test_what_an_earlier_mudbot_left_half_done_is_finished(tmp_path: Path) -> None:
    """Before migrations were all or nothing a kill could leave some columns there under the old version."""
    half = "ALTER TABLE pictures ADD COLUMN player VARCHAR(80); CREATE INDEX pictures_by_time ON pictures (at);"
    written(tmp_path / "half", 4, half)
    async with opened(tmp_path / "half"), opened(tmp_path / "new"):
        pass
    assert shape(tmp_path / "half" / FILE) == shape(tmp_path / "new" / FILE)


async def test_several_that_open_an_old_store_migrate_it_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A command of the owner's may open it in the moment in which the bot starts."""
    caplog.set_level("INFO")
    stores = [Store(written(tmp_path, 1), FakeClock()), *(Store(tmp_path, FakeClock()) for _ in range(3))]
    try:
        await asyncio.gather(*(store.open() for store in stores))
    finally:
        for store in stores:
            await store.close()
    assert caplog.text.count("was of schema 1 and is of schema") == 1
    assert shape(tmp_path / FILE)[2] == SCHEMA


SCRIPT = """
import asyncio, sys
from pathlib import Path
from mudbot.store.store import Store
from mudbot.testing import FakeClock

async def main():
    store = Store(Path(sys.argv[1]), FakeClock())
    await store.open()
    await store.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


@pytest.mark.parametrize(("schema", "loaded"), [(SCHEMA, "False"), (SCHEMA - 1, "True")])
def test_alembic_is_loaded_only_for_an_older_store(tmp_path: Path, schema: int, loaded: str) -> None:
    """Every other start does without the quarter of a second that it takes."""
    folder = str(written(tmp_path, schema))
    done = subprocess.run([sys.executable, "-c", SCRIPT, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded
