"""Where painted pictures are kept until they are fetched: in memory, or in a folder that outlives the server."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

from mudbot.errors import LocalError

_ID = re.compile(r"[0-9A-Za-z_-]{12}")


class Pictures:
    """PNG files by unguessable names; the oldest go when there are more than *count* or *size* bytes of them.

    Blocks on the disk when it has a *folder*: call it from a worker thread.
    """

    def __init__(self, folder: Path | None = None, *, count: int = 500, size: int = 256 << 20) -> None:
        self._folder, self._count, self._size = folder, count, size
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self._kept: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"<Pictures: {len(self._sizes or ())} in {self._folder or 'memory'}>"

    def put(self, png: bytes) -> str:
        """Keep *png*; gives its name.  Raises LocalError when the folder cannot be written."""
        name = secrets.token_urlsafe(9)  # 12 characters, 72 bits: a link is short and cannot be guessed
        with self._lock:
            sizes = self._index()
            self._write(name, png)
            sizes[name] = len(png)
            while len(sizes) > 1 and (len(sizes) > self._count or sum(sizes.values()) > self._size):
                self._remove(sizes.popitem(last=False)[0])
        return name

    def get(self, name: str) -> bytes | None:
        """The picture called *name*; None if there is none (any more)."""
        if not _ID.fullmatch(name):
            return None
        if self._folder is None:
            return self._kept.get(name)
        try:
            return self._path(self._folder, name).read_bytes()
        except OSError:
            return None

    def _index(self) -> OrderedDict[str, int]:
        """Names and sizes, oldest first; of a folder what an earlier server left there too."""
        if self._sizes is None:
            there = []
            if self._folder is not None and self._folder.is_dir():
                there = [(p.stat().st_mtime_ns, p.stem, p.stat().st_size) for p in self._folder.glob("*.png")]
            self._sizes = OrderedDict((name, size) for _, name, size in sorted(there))
        return self._sizes

    def _write(self, name: str, png: bytes) -> None:
        if self._folder is None:
            self._kept[name] = png
            return
        path = self._path(self._folder, name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".part").write_bytes(png)
            path.with_suffix(".part").replace(path)
        except OSError as error:
            raise LocalError(f"cannot write a picture to {self._folder}: {error.strerror}: free the disk") from error

    def _remove(self, name: str) -> None:
        self._kept.pop(name, None)
        if self._folder is not None:
            self._path(self._folder, name).unlink(missing_ok=True)

    @staticmethod
    def _path(folder: Path, name: str) -> Path:
        return folder / f"{name}.png"
