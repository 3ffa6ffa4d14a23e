"""``mudbot backup`` and ``mudbot restore`` as their user meets them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.errors import ConfigError, MudbotError
from mudbot.store.lock import Lock
from mudbot.store.store import FILE, Store
from mudbot.store.tables import SCHEMA
from mudbot.testing import FakeClock
from tests.cli.daemon_stage import daemons

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command beside a configuration whose store has one decision in it."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(
        'sessions: [{host: tavern, login: {name: Chen, password: "${NOT_SET}"}}]\nstore: data\n'
    )
    Path("data").mkdir()
    with closing(sqlite3.connect(Path("data", FILE))) as database:
        database.executescript(f"CREATE TABLE decisions (text TEXT); PRAGMA user_version={SCHEMA};")
        database.execute("INSERT INTO decisions VALUES ('kept')")
        database.commit()

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, words, catch_exceptions=False)

    return invoke


def rows(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / FILE)) as database:
        return [row[0] for row in database.execute("SELECT text FROM decisions")]


def test_into_a_folder_it_goes_named_by_the_time(run: Run, tmp_path: Path) -> None:
    """A folder that is not there yet is made where the name ends with a slash, for the owner alone."""
    done = run("backup", "b/")
    (path,) = (tmp_path / "b").iterdir()
    assert re.fullmatch(r"mudbot-\d{8}-\d{6}\.zip", path.name)
    assert done.stdout.startswith(f"b/{path.name}: 0.00 MB; 1 database of schema {SCHEMA}, 0 pictures, 0 records")
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_store_is_found_as_the_bot_finds_it(run: Run, tmp_path: Path) -> None:
    """By the configuration, even where a variable of it is not set here; or by itself."""
    run("backup", "one.zip")
    run("backup", "two.zip", "--store", "data")
    Path("other").mkdir()
    Path("data", FILE).rename(Path("other", FILE))
    run("backup", "three.zip", "--set", "store=other")
    for number in ("one", "two", "three"):
        run("restore", f"{number}.zip", "--store", f"{number}-store")
        assert rows(tmp_path / f"{number}-store") == ["kept"]


def test_a_configuration_that_does_not_say_which_store_is_refused(run: Run) -> None:
    """No other store is taken for it: what is restored takes the place of what is there."""
    run("backup", "b.zip")
    Path("config.yaml").write_text("store: [data\n")
    for command in ("backup", "restore"):
        with pytest.raises(ConfigError):
            run(command, "b.zip", "--force")
    assert run("restore", "b.zip", "-c", "nowhere.yaml").exit_code == 2


def test_a_file_is_replaced_only_by_force(run: Run) -> None:
    Path("b.zip").write_text("mine")
    with pytest.raises(MudbotError, match=r"is there already.*--force"):
        run("backup", "b.zip")
    assert Path("b.zip").read_text() == "mine"
    run("backup", "b.zip", "--force")
    assert run("restore", "--check", "b.zip").exit_code == 0


def test_the_newest_backups_are_kept(run: Run) -> None:
    """And the one just made is among them."""
    Path("b").mkdir()
    for year in ("2001", "2002", "2003"):
        Path("b", f"mudbot-{year}0101-000000.zip").touch()
    done = run("backup", "b", "--keep", "2", "--json")
    told = json.loads(done.stdout)
    assert sorted(path.name for path in Path("b").iterdir()) == ["mudbot-20030101-000000.zip", Path(told["path"]).name]
    assert told["deleted"] == ["b/mudbot-20020101-000000.zip", "b/mudbot-20010101-000000.zip"]
    assert run("backup", "b.zip", "--keep", "2").exit_code == 2


def test_programs_are_told_what_was_done(run: Run, tmp_path: Path) -> None:
    made = json.loads(run("backup", "b.zip", "--without", "records", "--json").stdout)
    assert (made["ok"], made["schema"], made["parts"], made["files"]) == (True, SCHEMA, ["pictures"], 1)
    assert made["size"] == Path("b.zip").stat().st_size
    checked = json.loads(run("restore", "--check", "b.zip", "--json").stdout)
    assert (checked["store"], checked["aside"], checked["made"]) == (None, None, made["made"])
    done = json.loads(run("restore", "b.zip", "--force", "--json").stdout)
    assert done["store"] == str(tmp_path / "data")
    assert rows(Path(done["aside"])) == ["kept"]


def test_a_restore_says_where_the_older_store_went(run: Run, tmp_path: Path) -> None:
    run("backup", "b.zip")
    with pytest.raises(MudbotError, match="--force moves that aside"):
        run("restore", "b.zip")
    lines = run("restore", "b.zip", "--force").stdout.splitlines()
    assert lines[1] == f"{tmp_path / 'data'} is the store of that time now"
    aside = re.fullmatch(r"what was there is in (.*): delete it once all is well", lines[2])
    assert aside is not None
    assert rows(Path(aside[1])) == rows(tmp_path / "data") == ["kept"]


def test_what_was_spent_is_not_given_back(run: Run) -> None:
    """By a restore of books of the morning in the evening."""
    table = "CREATE TABLE spending (account, scope, name, period, nano, PRIMARY KEY (account, scope, name, period));"
    books = Path("data", "spending.sqlite3")
    with closing(sqlite3.connect(books)) as database:
        database.executescript(
            f"{table} CREATE TABLE clock (day); INSERT INTO spending VALUES ('a', 'day', '', '1', 5);"
        )
    run("backup", "b.zip")
    with closing(sqlite3.connect(books)) as database:
        database.executescript("UPDATE spending SET nano = 9;")
    run("restore", "b.zip", "--force")
    with closing(sqlite3.connect(books)) as database:
        assert database.execute("SELECT nano FROM spending").fetchall() == [(9,)]


async def test_of_a_running_bot_there_is_a_backup_and_no_restore(tmp_path: Path) -> None:
    """The bot of `mudbot run` notices neither; once it has ended its store can be restored."""
    store = Store(tmp_path / "data", FakeClock())  # the bot itself opens it when it likes
    await store.open()
    await store.close()
    async with daemons(tmp_path) as start:
        daemon = await start()
        await daemon.expect("pictures at")
        config = ("-c", str(tmp_path / "config.yaml"))
        invoke = CliRunner().invoke
        made = invoke(cli, ["backup", *config, str(tmp_path / "b.zip")], catch_exceptions=False)
        assert made.exit_code == 0
        with pytest.raises(MudbotError, match=f"a bot runs with the store .*, process {daemon.process.pid}: stop it"):
            invoke(cli, ["restore", *config, str(tmp_path / "b.zip"), "--force"], catch_exceptions=False)
        daemon.process.terminate()
        assert await daemon.ended() == 0
        done = invoke(cli, ["restore", *config, str(tmp_path / "b.zip"), "--force"], catch_exceptions=False)
        assert done.exit_code == 0
    assert Lock(tmp_path / "data").take()


async def test_all_that_a_bot_keeps_is_in_a_backup_or_can_be_made_again(tmp_path: Path) -> None:
    """Whatever comes new into the store's folder has to be one of the two."""
    async with daemons(tmp_path) as start:
        daemon = await start("--set", "sessions.0.record=true")
        await daemon.expect("pictures at")
        daemon.process.terminate()
        assert await daemon.ended() == 0
    known = re.compile(r"(mudbot|spending)\.sqlite3(-wal|-shm)?|pictures|records|triggers|mudbot\.lock|control\.sock")
    assert [path.name for path in (tmp_path / "data").iterdir() if not known.fullmatch(path.name)] == []
