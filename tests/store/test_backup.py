"""A backup holds the store as it was at one moment; a restore gives it back, or leaves all as it was."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from mudbot.errors import StoreError
from mudbot.store.archive import INSIDE, MANIFEST, Archive
from mudbot.store.backup import back_up, older
from mudbot.store.lock import Lock
from mudbot.store.restore import ASIDE, restore
from mudbot.store.store import FILE, Store
from mudbot.store.tables import SCHEMA, turns
from mudbot.testing import FakeClock

OTHERS = {
    "pictures/0123.png": b"\x89PNG not really",
    "pictures/empty.webp": b"",
    "records/老陈-inn/2026-11-23-120000.jsonl": b'{"mudbot": 1}\n' * 1000,
    "records/老陈-inn/2026-11-23-120000.2.jsonl": b"{",
}
LEFT_OUT = ("pictures/thumbs/0123.webp", "pictures/0123.abcd.new", "triggers/cache", "control.sock", "notes.txt")


def say(store: Store, text: str) -> asyncio.Future[None]:
    return store.write("turns", character="inn/Chen", speaker="id:ann", private=True, name="Ann", text=text, own=False)


@pytest.fixture
async def full(tmp_path: Path) -> AsyncIterator[Path]:
    """A store that a bot has open, with all that belongs into a backup, and some that does not."""
    folder = tmp_path / "data"
    store = Store(folder, FakeClock())
    await say(store, "my gold lies under the oak")
    with closing(sqlite3.connect(folder / "spending.sqlite3")) as books:
        books.execute("CREATE TABLE spending (nano INTEGER)")
        books.execute("INSERT INTO spending VALUES (5)")
        books.commit()
    for name, data in (OTHERS | dict.fromkeys(LEFT_OUT, b"left out")).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    os.utime(folder / "pictures/0123.png", (1.7e9, 1.7e9))
    yield folder
    await store.close()


def said(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / FILE)) as database:
        return [row[0] for row in database.execute("SELECT text FROM turns ORDER BY id")]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def restored(archive: Path, folder: Path, **given: Any) -> Path | None:
    with Archive(archive) as opened:
        return restore(opened, folder, **given).aside


# -- a backup ----------------------------------------------------------------------------------------------------------


def test_what_is_restored_is_what_was_backed_up(tmp_path: Path, full: Path) -> None:
    """While the bot has the store open: databases, pictures, recordings, byte for byte, with their times."""
    made = back_up(full, tmp_path / "b.zip", "1.0")
    assert restored(made.path, tmp_path / "new") is None
    assert said(tmp_path / "new") == ["my gold lies under the oak"]
    found = files(tmp_path / "new")
    assert set(found) == {FILE, "spending.sqlite3", "mudbot.lock", *OTHERS}
    assert {name: found[name] for name in OTHERS} == OTHERS
    assert (tmp_path / "new/pictures/0123.png").stat().st_mtime == 1.7e9


def test_any_tool_can_prove_what_is_in_a_backup(tmp_path: Path, full: Path) -> None:
    """It is a ZIP file; its manifest has size and sha256 of everything else in it."""
    path = back_up(full, tmp_path / "b.zip", "1.0").path
    with zipfile.ZipFile(path) as inside:
        assert inside.testzip() is None
        about = json.loads(inside.read(MANIFEST))
        assert {INSIDE + name for name in about["files"]} | {MANIFEST} == set(inside.namelist())
        for name, entry in about["files"].items():
            data = inside.read(INSIDE + name)
            assert (entry["size"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert (about["mudbot"], about["schema"], about["parts"]) == ("1.0", SCHEMA, ["pictures", "records"])


def test_a_backup_is_the_owners_alone(tmp_path: Path, full: Path) -> None:
    """Private talk is in it, and in what is restored of it."""
    path = back_up(full, tmp_path / "b.zip", "1.0").path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    restored(path, tmp_path / "new")
    for each in [tmp_path / "new", *(tmp_path / "new").rglob("*")]:
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)


async def test_a_backup_under_load_has_every_row_committed_before_it(tmp_path: Path) -> None:
    """Many are written while it is made: those before are there without a gap, and its database is sound."""
    store = Store(tmp_path / "data", FakeClock())
    await say(store, "0")
    over, count = asyncio.Event(), 1

    async def talk() -> None:
        nonlocal count
        while not over.is_set():
            await asyncio.gather(*(say(store, str(number)) for number in range(count, count + 50)))
            count += 50

    talking = asyncio.create_task(talk())
    for number in range(5):
        before = await store.read(
            lambda connection: connection.execute(select(func.count()).select_from(turns)).scalar_one()
        )
        made = await asyncio.to_thread(back_up, tmp_path / "data", tmp_path / f"{number}.zip", "1.0")
        restored(made.path, tmp_path / f"new-{number}")
        texts = said(tmp_path / f"new-{number}")
        assert len(texts) >= before
        assert sorted(map(int, texts)) == list(range(len(texts)))
    over.set()
    await talking
    await store.close()


def test_rows_that_a_killed_bot_left_in_the_log_are_in_a_backup(tmp_path: Path, full: Path) -> None:
    """What was committed may stand in SQLite's write-ahead log alone; and making the backup changes nothing."""
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        (killed / name).write_bytes((full / name).read_bytes())
    assert (killed / f"{FILE}-wal").stat().st_size
    before = (killed / FILE).read_bytes(), (killed / f"{FILE}-wal").read_bytes()
    restored(back_up(killed, tmp_path / "b.zip", "1.0").path, tmp_path / "new")
    assert said(tmp_path / "new") == ["my gold lies under the oak"]
    assert before == ((killed / FILE).read_bytes(), (killed / f"{FILE}-wal").read_bytes())


def test_parts_may_be_left_out_and_then_stay_as_they_are(tmp_path: Path, full: Path) -> None:
    """A backup of the databases alone does not take the pictures away."""
    made = back_up(full, tmp_path / "b.zip", "1.0", without=("pictures", "records"))
    assert set(made.manifest.files) == {FILE, "spending.sqlite3"}
    other = tmp_path / "other"
    restored(back_up(full, tmp_path / "all.zip", "1.0").path, other)
    aside = restored(made.path, other, force=True)
    assert aside is not None
    assert {name: files(other)[name] for name in OTHERS} == OTHERS
    assert set(files(aside)) == {FILE, "spending.sqlite3"}


def test_pictures_on_another_disk_are_in_it(tmp_path: Path, full: Path) -> None:
    """Where the folder is a link to one elsewhere."""
    (full / "pictures").rename(tmp_path / "disk")
    (full / "pictures").symlink_to(tmp_path / "disk")
    assert "pictures/0123.png" in back_up(full, tmp_path / "b.zip", "1.0").manifest.files


def test_a_backup_that_fails_leaves_nothing_and_the_older_one(tmp_path: Path, full: Path) -> None:
    """Whoever looks for the newest backup finds one that is whole."""
    target = tmp_path / "b" / "b.zip"
    target.parent.mkdir()
    target.write_bytes(b"older")
    (full / FILE).write_bytes(b"This is no database.\n" * 500)
    for side in ("-wal", "-shm"):
        (full / f"{FILE}{side}").unlink()
    with pytest.raises(StoreError, match=r"data/mudbot.sqlite3: .*damaged"):
        back_up(full, target, "1.0")
    assert files(target.parent) == {"b.zip": b"older"}


def no_store(full: Path) -> tuple[Path, str]:
    return full.parent / "nowhere", "there is no store in .*--store"


def inside_itself(full: Path) -> tuple[Path, str]:
    (full.parent / "b.zip").symlink_to(full / "pictures" / "b.zip")
    return full, "is in the store itself"


@pytest.mark.parametrize("case", [no_store, inside_itself])
def test_what_cannot_be_backed_up_is_told(full: Path, case: Callable[[Path], tuple[Path, str]]) -> None:
    folder, why = case(full)
    with pytest.raises(StoreError, match=why):
        back_up(folder, full.parent / "b.zip", "1.0")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, full: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/.*may it be made"):
        back_up(full, tmp_path / "nowhere" / "b.zip", "1.0")


def test_the_newest_are_kept(tmp_path: Path) -> None:
    """By the time in their names; other files in the folder are nobody's business."""
    names = ["mudbot-20261121-000000.zip", "mudbot-20261123-000000.zip", "mudbot-20261122-235959.zip"]
    for name in [*names, "mudbot-mine.zip", "mudbot-20200101-000000.zip.part", "other.zip"]:
        (tmp_path / name).touch()
    assert older(tmp_path, 2) == [tmp_path / names[0]]
    assert older(tmp_path, 3) == []


# -- a restore ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path, full: Path) -> Path:
    return back_up(full, tmp_path / "b.zip", "1.0").path


async def newer_talk(folder: Path) -> None:
    store = Store(folder, FakeClock())
    await say(store, "newer")
    store._engine = None  # as a kill leaves it: its log is not played into the database
    await store.close()


async def test_what_was_there_is_moved_aside_and_never_lost(tmp_path: Path, archive: Path) -> None:
    """With SQLite's log, which would be played into the restored database otherwise."""
    other = tmp_path / "other"
    await newer_talk(other)
    assert (other / f"{FILE}-wal").stat().st_size
    with pytest.raises(StoreError, match=r"is not empty \(mudbot.sqlite3, .*\): --force"):
        restored(archive, other)
    aside = restored(archive, other, force=True)
    assert aside is not None
    assert aside.name.startswith(ASIDE)
    assert said(aside) == ["newer"]
    assert said(other) == ["my gold lies under the oak"]
    second = restored(archive, other, force=True)
    assert second not in (None, aside)


@pytest.mark.parametrize("force", [False, True])
async def test_nothing_is_restored_over_a_running_bot(tmp_path: Path, archive: Path, *, force: bool) -> None:
    """Not by force either: it would go on writing into what was moved away."""
    other = tmp_path / "other"
    await newer_talk(other)
    running = Lock(other)
    assert running.take()
    before = files(other)
    with pytest.raises(StoreError, match=f"a bot runs with the store {other}, process {os.getpid()}: stop it first"):
        restored(archive, other, force=force)
    assert files(other) == before
    running.release()
    restored(archive, other, force=True)


def test_a_bot_can_start_after_a_restore(tmp_path: Path, archive: Path) -> None:
    """The lock is given back."""
    restored(archive, tmp_path / "new")
    assert Lock(tmp_path / "new").take()


def spoil(path: Path, at: bytes) -> None:
    """Change one byte in the middle of what is kept as it is."""
    data = bytearray(path.read_bytes())
    place = data.index(at)
    data[place + 3] ^= 1
    path.write_bytes(data)


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """The archive made anew after *change* of its manifest and its files, with right checksums of ZIP's own."""
    with zipfile.ZipFile(path) as inside:
        contents = {name: inside.read(name) for name in inside.namelist()}
    about = json.loads(contents.pop(MANIFEST))
    change(about, contents)
    with zipfile.ZipFile(path, "w") as inside:
        for name, data in contents.items():
            inside.writestr(name, data)
        inside.writestr(MANIFEST, json.dumps(about))


def other_bytes(_about: dict[str, Any], contents: dict[str, bytes]) -> None:
    contents[INSIDE + "pictures/0123.png"] = b"\x89PNG not REALLY"


def longer(about: dict[str, Any], contents: dict[str, bytes]) -> None:
    contents[INSIDE + "pictures/0123.png"] *= 100


def missing(_about: dict[str, Any], contents: dict[str, bytes]) -> None:
    del contents[INSIDE + "pictures/0123.png"]


def unlisted(about: dict[str, Any], _contents: dict[str, bytes]) -> None:
    del about["files"]["pictures/0123.png"]


def newer_form(about: dict[str, Any], _contents: dict[str, bytes]) -> None:
    about["format"] = 2


def newer_schema(about: dict[str, Any], _contents: dict[str, bytes]) -> None:
    about["schema"] = SCHEMA + 1


def other_schema(about: dict[str, Any], _contents: dict[str, bytes]) -> None:
    about["schema"] = 1


def no_manifest(about: dict[str, Any], _contents: dict[str, bytes]) -> None:
    about.clear()


def named_as(name: str) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(about: dict[str, Any], contents: dict[str, bytes]) -> None:
        about["files"][name] = about["files"].pop("pictures/0123.png")
        contents[INSIDE + name] = contents.pop(INSIDE + "pictures/0123.png")

    change.__name__ = repr(name)
    return change


CHANGES = [
    (other_bytes, "pictures/0123.png in it is not as it was"),
    (longer, "not what its manifest says"),
    (missing, "not what its manifest says"),
    (unlisted, "not what its manifest says"),
    (newer_form, "upgrade mudbot"),
    (newer_schema, "newer than this one: upgrade mudbot"),
    (other_schema, f"is of schema {SCHEMA}, not of the one that it says"),
    (no_manifest, "its manifest cannot be read"),
    *(
        (named_as(name), "belongs into no store")
        for name in (
            "../evil", "pictures/../../evil", "/evil", "pictures/./x", "pictures//x", "pictures/x\\..\\y",
            "control.sock",
            "mudbot.lock", "mudbot.sqlite3-wal", "mudbot.sqlite3/x", "pictures", "plugins/evil.py", "pictures/thumbs/x",
            "pictures/\x1b[31mx", "",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "why"), CHANGES, ids=lambda each: getattr(each, "__name__", ""))
async def test_a_bad_archive_is_refused_and_nothing_has_changed(
    tmp_path: Path, archive: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None], why: str
) -> None:
    """Whatever is wrong with it, and wherever it comes from: no file is written outside, none is replaced."""
    other = tmp_path / "other"
    await newer_talk(other)
    rewritten(archive, change)
    before = files(tmp_path)
    with pytest.raises(StoreError, match=why):
        restored(archive, other, force=True)
    assert set(files(tmp_path)) - {"other/mudbot.lock"} == set(before)
    assert said(other) == ["newer"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def no_zip(path: Path) -> None:
    path.write_bytes(b"something else" * 100)


def another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as inside:
        inside.writestr("readme.txt", "hello")


def rotten(path: Path) -> None:
    spoil(path, OTHERS["pictures/0123.png"])


@pytest.mark.parametrize("change", [cut, no_zip, another_zip, rotten, Path.unlink])
def test_what_is_no_archive_any_more_is_refused(tmp_path: Path, archive: Path, change: Callable[[Path], None]) -> None:
    """And leaves no half store behind where there was none."""
    change(archive)
    with pytest.raises(StoreError, match=r"b\.zip: "):
        restored(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_check_reads_every_byte(archive: Path) -> None:
    """`mudbot restore --check` finds what is rotten without restoring it."""
    with Archive(archive) as opened:
        opened.check()
    rotten(archive)
    with Archive(archive) as opened, pytest.raises(StoreError, match=r"pictures/0123\.png|damaged"):
        opened.check()


async def test_a_disk_that_refuses_in_the_middle_leaves_all_as_it_was(tmp_path: Path, archive: Path) -> None:
    """Half of the files were moved when one cannot be: they go back."""
    other = tmp_path / "other"
    await newer_talk(other)
    names = set(files(other))

    def in_the_way(_old: Path, _new: Path) -> None:
        (other / "pictures").mkdir()
        (other / "pictures" / "new.png").touch()

    with pytest.raises(StoreError, match="nothing was changed"):
        restored(archive, other, force=True, merge={FILE: in_the_way})
    assert set(files(other)) == names | {"mudbot.lock", "pictures/new.png"}
    assert said(other) == ["newer"]


KILLED = """
import os, sys
from pathlib import Path
from mudbot.store.archive import Archive
from mudbot.store.restore import restore

left = int(sys.argv[3])

def hook(event, _arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left < 0:
            os._exit(9)

with Archive(Path(sys.argv[1])) as archive:
    sys.addaudithook(hook)
    restore(archive, Path(sys.argv[2]), force=True)
"""


async def test_a_kill_between_any_two_steps_loses_nothing(tmp_path: Path, archive: Path) -> None:
    """Both stores are on the disk, every file of them whole, and the next restore succeeds."""
    with Archive(archive) as opened:
        wanted = {entry.sha256 for entry in opened.manifest.files.values()}
    for step in range(100):
        other = tmp_path / f"other-{step}"
        await newer_talk(other)
        both = wanted | hashes(other)
        command = [sys.executable, "-c", KILLED, str(archive), str(other), str(step)]
        done = await asyncio.to_thread(subprocess.run, command, check=False)
        assert both <= hashes(other) | {hashlib.sha256(b"").hexdigest()}
        assert done.returncode in (0, 9)
        restored(archive, other, force=True)
        assert both <= hashes(other) | {hashlib.sha256(b"").hexdigest()}
        assert said(other) == ["my gold lies under the oak"]
        if done.returncode == 0:
            break
    assert step >= 6


def hashes(folder: Path) -> set[str]:
    """Of all files but SQLite's index of its log, which is made anew, and the lock."""
    found = {name: data for name, data in files(folder).items() if not name.endswith(("-shm", ".lock"))}
    return {hashlib.sha256(data).hexdigest() for data in found.values()}


async def test_a_merge_has_the_last_word_on_what_is_replaced(tmp_path: Path, archive: Path) -> None:
    """It is given both files before anything is moved; where there is nothing to replace it is not asked."""
    asked: list[tuple[str, str]] = []

    def merge(old: Path, new: Path) -> None:
        asked.append((old.relative_to(tmp_path).as_posix(), new.name))
        new.write_bytes(b"both")

    restored(archive, tmp_path / "new", merge={"spending.sqlite3": merge})
    assert asked == []
    restored(archive, tmp_path / "new", force=True, merge={"spending.sqlite3": merge})
    assert asked == [("new/spending.sqlite3", "spending.sqlite3")]
    assert (tmp_path / "new/spending.sqlite3").read_bytes() == b"both"


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")


@pytest.mark.usefixtures("as_root")
async def test_root_restores_for_the_bots_own_user(tmp_path: Path, archive: Path) -> None:
    """Everything belongs to whom the folder belongs, the lock too: the bot could not start otherwise."""
    other = tmp_path / "other"
    await newer_talk(other)
    for each in (other, *other.rglob("*")):
        os.chown(each, 12345, 12346)
    restored(archive, other, force=True)
    assert {(each.stat().st_uid, each.stat().st_gid) for each in other.rglob("*")} == {(12345, 12346)}


@pytest.mark.usefixtures("as_root")
async def test_a_backup_by_root_leaves_nothing_of_roots_in_the_store(tmp_path: Path) -> None:
    """SQLite makes files beside a database that nobody has open; the bot could not open those of root."""
    await newer_talk(tmp_path / "data")
    (tmp_path / "data" / f"{FILE}-shm").unlink(missing_ok=True)
    for each in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
        os.chown(each, 12345, 12346)
    back_up(tmp_path / "data", tmp_path / "b.zip", "1.0")
    assert {each.stat().st_uid for each in (tmp_path / "data").rglob("*")} == {12345}
