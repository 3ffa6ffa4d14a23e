"""The form of a backup: a ZIP file with what a store keeps, and a manifest that has the sha256 of each file.

Any system can open it.  What is in an archive that comes from somewhere is not trusted: a name leads nowhere else, and
a file is no longer than the manifest says.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, Self, get_args

from mudbot.errors import StoreError

FORMAT = 1
"""Changes when an older mudbot could not read an archive any more."""
DATABASES = ("mudbot.sqlite3", "spending.sqlite3")
"""What characters remember, decisions, calls, what plugins keep; and what was spent."""
MAIN = DATABASES[0]
Part = Literal["pictures", "records"]
PARTS: tuple[Part, ...] = get_args(Part)
"""Folders of the store that may be left out.  All else that is there is made again where it is missing."""
DERIVED = ("thumbs",)
"""Folders within them of which the same can be said."""
MANIFEST = "manifest.json"
INSIDE = "store/"
"""What the names of the store's files begin with."""
MAX_MANIFEST = 256 * 1024 * 1024
"""Bytes: a million files; it is read into memory."""
PIECE = 1 << 20
_LAST = 2.0**33
"""Seconds since 1970 that every disk can write down."""

_DAMAGED = "the database is damaged: `mudbot restore` an older backup"
_WORD = "[^/\\\\:\\0-\\x1f\ud800-\udfff]+"
_NAME = re.compile(f"{_WORD}(/{_WORD})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a store."""

    size: int
    """Bytes."""
    sha256: str
    mtime: float
    """When it was changed last, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    mudbot: str
    """The version that made it."""
    made: str
    """When: ``2026-11-23T20:30:00Z``."""
    schema: int
    """Of the main database."""
    parts: tuple[Part, ...]
    """What was not left out."""
    files: Mapping[str, Entry] = field(default_factory=dict)
    """By their names in the store, with slashes."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())

    def written(self) -> bytes:
        """As JSON."""
        files = {name: {key: getattr(each, key) for key in Entry.__slots__} for name, each in self.files.items()}
        about = {"format": FORMAT, "mudbot": self.mudbot, "made": self.made, "schema": self.schema}
        return json.dumps(about | {"parts": self.parts, "files": files}, ensure_ascii=False, indent=1).encode()


def is_kept(name: str) -> bool:
    """Whether a file of this name, relative to the store and with slashes, belongs into an archive."""
    first, *rest = name.split("/")
    if not _NAME.fullmatch(name) or {".", ".."} & {first, *rest}:
        return False
    return not rest if first in DATABASES else first in PARTS and bool(rest) and rest[0] not in DERIVED


class Archive:
    """An archive, whole as far as its table of contents says; ``close`` it, or use it with ``with``."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError for what is no archive of mudbot's."""
        self.path = path
        with self._explained():
            self._zip = zipfile.ZipFile(path)
        try:
            with self._explained():
                self.manifest = self._read()
        except BaseException:
            self._zip.close()
            raise

    def __repr__(self) -> str:
        return f"<Archive {self.path}, {len(self.manifest.files)} files of {self.manifest.made}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Read it no more."""
        self._zip.close()

    def check(self) -> None:
        """Read all of it.  Raises StoreError for the first file that is not as it was when it was put in."""
        for name in self.manifest.files:
            for _ in self.content(name):
                pass

    def content(self, name: str) -> Iterator[bytes]:
        """The file *name*, in pieces; raises StoreError at its end where it is not as it was when it was put in."""
        entry, seen, size = self.manifest.files[name], hashlib.sha256(), 0
        with self._explained(), self._zip.open(INSIDE + name) as file:
            while piece := file.read(PIECE):
                size += len(piece)
                if size > entry.size:
                    break
                seen.update(piece)
                yield piece
        if size != entry.size or seen.hexdigest() != entry.sha256:
            raise self._error(f"{name} in it is not as it was when it was put in")

    def _read(self) -> Manifest:
        inside = self._zip.infolist()
        sizes = {each.filename: each.file_size for each in inside}
        if MANIFEST not in sizes:
            raise self._error("it is no backup of mudbot's: it has no manifest")
        if sizes.pop(MANIFEST) > MAX_MANIFEST:
            raise self._error("its manifest is too long")
        manifest = self._parsed(self._zip.read(MANIFEST))
        listed = {INSIDE + name: entry.size for name, entry in manifest.files.items()}
        if listed != sizes or len(inside) != len(listed) + 1:
            raise self._error("what is in it is not what its manifest says")
        return manifest

    def _parsed(self, data: bytes) -> Manifest:
        try:
            about = json.loads(data)
            if about["format"] != FORMAT:
                raise self._error(f"mudbot {about['mudbot']} made it, in a form of its own", "upgrade mudbot")
            files = {name: self._entry(name, each) for name, each in about["files"].items()}
            parts = tuple(part for part in PARTS if part in about["parts"])
            return Manifest(str(about["mudbot"]), str(about["made"]), int(about["schema"]), parts, files)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise self._error("its manifest cannot be read") from None

    def _entry(self, name: str, about: Mapping[str, Any]) -> Entry:
        entry = Entry(int(about["size"]), str(about["sha256"]), float(about["mtime"]))
        sane = entry.size >= 0 and 0 <= entry.mtime < _LAST and _SHA256.fullmatch(entry.sha256)
        if not sane or not is_kept(name):
            raise self._error(f"it has a file that belongs into no store: {name[:80]!r}")
        return entry

    @contextmanager
    def _explained(self) -> Generator[None, None, None]:
        """zipfile raises what it likes, for bytes that are none of its own."""
        try:
            yield
        except StoreError:
            raise
        except zipfile.BadZipFile as exc:
            raise self._error(f"it is no ZIP file, or damaged ({exc})") from exc
        except (zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as exc:
            raise self._error(f"it is damaged ({exc})") from exc
        except OSError as exc:
            raise StoreError(f"{self.path}: {exc.strerror or exc}") from exc

    def _error(self, what: str, remedy: str = "take another backup") -> StoreError:
        return StoreError(f"{self.path}: {what}; nothing was restored: {remedy}")


def kept_in(folder: Path, parts: tuple[Part, ...]) -> Iterator[str]:
    """The names of what is in *parts* of the store *folder*, in order; databases are not among them.

    What is neither a file nor a folder is left out; a part may be a link to a folder elsewhere.
    """
    for part in parts:
        for where, folders, names in os.walk(folder / part):
            folders[:] = sorted(set(folders) - set(DERIVED)) if Path(where) == folder / part else sorted(folders)
            for name in sorted(names):
                path = Path(where, name)
                if name.endswith(".new") or not _is_file(path):
                    continue
                found = path.relative_to(folder).as_posix()
                if not is_kept(found):
                    raise StoreError(f"{str(path)!a} has a name that no archive can hold: rename it, or move it")
                yield found


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def schema_of(database: Path, origin: Path) -> int:
    """The version of a database that nobody writes; StoreError, which names its *origin*, where it is damaged."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as link:
            found = str(link.execute("PRAGMA quick_check(1)").fetchone()[0])
            schema = int(link.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as exc:
        raise StoreError(f"{origin}: {exc}; {_DAMAGED}") from exc
    if found != "ok":
        raise StoreError(f"{origin}: {' '.join(found.split())[:200]}; {_DAMAGED}")
    return schema


def sync(file: IO[bytes]) -> None:
    """Have the disk keep what was written to *file*."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk keep which files are in *folder*, where it can be told so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
