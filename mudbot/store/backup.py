"""A copy of a store in one file, while its bot runs or not.

Databases are copied as they are at one moment, by SQLite's online backup, which keeps nobody from writing meanwhile.
They come first: a picture's file is there before its row, so every row that is copied finds its file after it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from re import fullmatch

from mudbot.errors import StoreError
from mudbot.store.archive import (
    DATABASES,
    INSIDE,
    MAIN,
    MANIFEST,
    PARTS,
    PIECE,
    Entry,
    Manifest,
    Part,
    kept_in,
    schema_of,
    sync,
    sync_folder,
)

BUSY_WITHIN = 30.0
"""Seconds that a database may be held by somebody else."""
_NAME = r"mudbot-\d{8}-\d{6}\.zip"
_PACKED = (".png", ".jpg", ".webp", ".gz")
"""What becomes no smaller."""
_LARGE = 1 << 30
"""Bytes from which on a file is put in as ZIP's larger form wants it; it may grow while it is read."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    size: int
    """Bytes of the archive."""
    manifest: Manifest


def named(folder: Path, at: datetime) -> Path:
    """Where the backup of *at* is kept in *folder*: ``mudbot-20261123-203000.zip``, of UTC."""
    return folder / f"mudbot-{at.astimezone(UTC):%Y%m%d-%H%M%S}.zip"


def older(folder: Path, keep: int) -> list[Path]:
    """The backups in *folder* that are not among the newest *keep*, by their names."""
    found = sorted((path for path in folder.iterdir() if fullmatch(_NAME, path.name)), reverse=True)
    return found[keep:]


def back_up(folder: Path, target: Path, version: str, *, without: Collection[Part] = ()) -> Made:
    """Copy the store *folder* into the file *target*, which appears when it is whole; *version* is mudbot's own.

    One that is there is replaced.  Raises StoreError where there is no store, where *target* is in it, and for what
    the disk or a damaged database have to say.
    """
    if not (folder / MAIN).is_file():
        raise StoreError(f"there is no store in {folder}: it has no {MAIN}; see -c, --set store=… and --store")
    if target.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{target} is in the store itself: a backup belongs elsewhere, best on another disk")
    mark = secrets.token_hex(4)
    part, copies = (target.with_name(f".{target.name}.{mark}{end}") for end in (".part", ".copies"))
    try:
        copies.mkdir(0o700)
        parts = tuple(each for each in PARTS if each not in without)
        manifest = _write(part, folder, copies, Manifest(version, _now(), 0, parts))
        size = part.stat().st_size
        part.replace(target)
        sync_folder(target.parent)
    except OSError as exc:
        where = exc.filename or target
        raise StoreError(f"{where}: {exc.strerror or exc}; is there room for the backup, and may it be made?") from exc
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(copies, ignore_errors=True)
    return Made(target, size, manifest)


def _write(part: Path, folder: Path, copies: Path, about: Manifest) -> Manifest:
    files: dict[str, Entry] = {}
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # private talk is in there
    with os.fdopen(opened, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            present = [name for name in DATABASES if (folder / name).is_file()]
            for name in present:  # all of them first: they belong to one moment
                copy_database(folder / name, copies / name)
            schemas = {name: schema_of(copies / name, folder / name) for name in present}
            for name in present:
                files[name] = _add(archive, copies / name, name)
            for name in kept_in(folder, about.parts):
                try:
                    files[name] = _add(archive, folder / name, name)
                except FileNotFoundError:
                    continue  # deleted meanwhile
            manifest = Manifest(about.mudbot, about.made, schemas[MAIN], about.parts, files)
            archive.writestr(MANIFEST, manifest.written())
        sync(file)
    return manifest


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> Entry:
    with path.open("rb") as source:
        changed = os.fstat(source.fileno()).st_mtime
        about = zipfile.ZipInfo(INSIDE + name, time.gmtime(max(changed, 315_532_800))[:6])  # no ZIP knows of 1979
        about.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
        about.external_attr = 0o600 << 16
        large = os.fstat(source.fileno()).st_size > _LARGE
        seen, size = hashlib.sha256(), 0
        with archive.open(about, "w", force_zip64=large) as inside:
            while piece := source.read(PIECE):
                seen.update(piece)
                size += len(piece)
                inside.write(piece)
    return Entry(size, seen.hexdigest(), changed)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that may be written meanwhile, as it is at one moment.  Raises StoreError, OSError."""
    end = time.monotonic() + BUSY_WITHIN

    def look(_status: int, remaining: int, _total: int) -> None:
        if remaining and time.monotonic() > end:
            raise StoreError(f"{source} is held by another process for {BUSY_WITHIN:g} s: which one is it?")

    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, progress=look)
            new.execute("PRAGMA journal_mode=DELETE")  # all of it in one file
    except sqlite3.Error as exc:
        if type(exc) is sqlite3.DatabaseError:
            raise StoreError(f"{source}: {exc}; the file is damaged: `mudbot restore` an older backup") from exc
        raise StoreError(f"{source}: {exc}; may this user read it, and is there room beside the backup?") from exc


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
