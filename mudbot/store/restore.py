"""A store made of a backup.

All of it is unpacked and checked beside what is there, and only then takes its place; what was there is moved aside
and never deleted.  Wherever this is ended, by a kill too, both are on the disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mudbot.errors import StoreError
from mudbot.store.archive import DATABASES, MAIN, Archive, Manifest, schema_of, sync, sync_folder
from mudbot.store.lock import Lock, holder

ASIDE = "replaced-"
"""What the name of the folder begins with into which older files go."""
_STAGE = ".restore-"
_SIDES = ("", "-wal", "-shm", "-journal")
"""What SQLite may have beside a database: a log that is left behind would be played into the restored one."""
_SPARE = 16 * 1024 * 1024
"""Bytes that must be left."""

Merge = Callable[[Path, Path], None]
"""Puts what an older file (the first) knows and must not be forgotten into the restored one, which may be missing."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    manifest: Manifest
    aside: Path | None
    """Where that is now which was there before."""


def restore(
    archive: Archive, folder: Path, *, force: bool = False, merge: Mapping[str, Merge] | None = None
) -> Restored:
    """Make *folder* the store in *archive*.

    Parts that were left out of the archive stay as they are.  *merge* is asked, by the names of files, where one is
    replaced.  Raises StoreError where a bot runs with *folder*, where it is not empty and nobody said *force*, where
    the archive is damaged or of a newer mudbot, and for what the disk has to say; then all is as it was.
    """
    from mudbot.store.tables import SCHEMA

    manifest = archive.manifest
    if manifest.schema > SCHEMA:
        what = f"was made by mudbot {manifest.mudbot} (schema {manifest.schema})"
        raise StoreError(f"{archive.path} {what}, which is newer than this one: upgrade mudbot")
    fresh = not folder.exists()
    lock = Lock(folder)
    if not lock.take():
        who = holder(folder)
        told = f", process {who}" if who else ""
        raise StoreError(f"a bot runs with the store {folder}{told}: stop it first (mudbot ctl shutdown)")
    try:
        _give(folder, folder / "mudbot.lock")
        old = _present(folder, manifest)
        if old and not force:
            raise StoreError(f"{folder} is not empty ({', '.join(old)}): --force moves that aside, into a folder there")
        return Restored(manifest, _replace(archive, folder, old, merge or {}))
    except OSError as exc:
        raise StoreError(f"{exc.filename or folder}: {exc.strerror or exc}; nothing was changed") from exc
    finally:
        lock.release()
        if fresh:
            with suppress(OSError):  # nothing came of it: the lock's file alone is in there
                _undo(folder)


def _replace(archive: Archive, folder: Path, old: list[str], merge: Mapping[str, Merge]) -> Path | None:
    _room(archive, folder)
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))
    try:
        _unpack(archive, stage)
        for name, carry in merge.items():
            if name in old:
                carry(folder / name, stage / name)
        _give(folder, stage)
        aside = _swap(folder, stage, old)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    sync_folder(folder)
    return aside


def _unpack(archive: Archive, stage: Path) -> None:
    for name, entry in archive.manifest.files.items():
        path = stage / name
        for parent in reversed(path.relative_to(stage).parents):
            (stage / parent).mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(archive.content(name))
            sync(file)
        os.utime(path, (entry.mtime, entry.mtime))
    for name in DATABASES:
        if (stage / name).exists():
            found = schema_of(stage / name, archive.path)
            if name == MAIN and found != archive.manifest.schema:
                raise StoreError(f"{archive.path}: {name} in it is of schema {found}, not of the one that it says")


def _swap(folder: Path, stage: Path, old: list[str]) -> Path | None:
    """Move *old* aside and what is in *stage* into its place; all of it, or nothing where something goes wrong."""
    moved: list[tuple[Path, Path]] = []
    aside = _aside(folder) if old else None
    try:
        for name in old:
            assert aside is not None
            _move(folder / name, aside / name, moved)
        for path in sorted(stage.iterdir()):
            _move(path, folder / path.name, moved)
    except BaseException:
        for source, target in reversed(moved):
            target.rename(source)
        if aside is not None:
            aside.rmdir()
        raise
    return aside


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    source.rename(target)
    moved.append((source, target))


def _aside(folder: Path) -> Path:
    path = folder / f"{ASIDE}{datetime.now(UTC):%Y%m%d-%H%M%S}"
    number = 1
    while True:
        try:
            path.mkdir(0o700)
        except FileExistsError:
            number += 1
            path = path.with_name(f"{path.name.split('.')[0]}.{number}")
        else:
            _give(folder, path)
            return path


def _present(folder: Path, manifest: Manifest) -> list[str]:
    """What is in *folder* that the archive would take the place of."""
    names = [f"{database}{side}" for database in DATABASES for side in _SIDES]
    found = [name for name in names if (folder / name).exists()]
    # An empty folder is no loss, but would be in the way.
    return found + [part for part in manifest.parts if (folder / part).is_symlink() or (folder / part).exists()]


def _room(archive: Archive, folder: Path) -> None:
    free, wanted = shutil.disk_usage(folder).free, archive.manifest.size + _SPARE
    if free < wanted:
        raise StoreError(f"{folder}: {wanted / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB free: make room")


def _give(folder: Path, path: Path) -> None:
    """Give *path*, and all in it, to the owner of *folder*: root restores for a bot that is not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    for each in (path, *path.rglob("*")):
        os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _undo(folder: Path) -> None:
    if [path.name for path in folder.iterdir()] == ["mudbot.lock"]:
        (folder / "mudbot.lock").unlink()
        folder.rmdir()
