"""What a real server is installed from, kept between test runs like Evennia's environment (see environment.py)."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.real.servers.environment import StepError, UnavailableError, envs_folder, locked, run


def installed(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """The folder of server *name*, made by *build* unless it is there, complete, and of this *recipe*.

    *build* is called under a lock with an empty folder.  Raises UnavailableError where one of its steps fails.
    """
    folder = envs_folder() / name
    stamp, wanted = folder / "mudbot-recipe", f"{recipe} python{sys.version_info.major}.{sys.version_info.minor}\n"
    with locked(folder.with_suffix(".lock")):
        if stamp.is_file() and stamp.read_text() == wanted:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            build(folder)
        except StepError as error:
            raise UnavailableError(str(error)) from error
        stamp.write_text(wanted)
    return folder


def pip_install(what: str, target: Path) -> None:
    """Install *what* and what it needs into the plain folder *target*, to be used by way of ``PYTHONPATH``.

    A folder costs a second where a virtual environment costs four, and these servers need nothing else.
    """
    run([*pip("install"), "--target", str(target), what], target.parent)


def pip_source(what: str, target: Path) -> Path:
    """Fetch the source archive of *what* into *target*; the archive's path."""
    package = what.partition("==")[0]
    run([*pip("download"), "--no-deps", "--no-binary", package, "--dest", str(target), what], target.parent)
    found = sorted(target.glob(f"{package}-*.tar.gz"))
    if not found:
        raise StepError(f"pip fetched no source archive of {what} into {target}")
    return found[0]


def pip(verb: str) -> list[str]:
    return [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check"]


def unpack(archive: Path, target: Path, folders: tuple[str, ...]) -> None:
    """Take *folders* of the one that a source archive holds everything in."""
    with tarfile.open(archive) as tar:
        wanted = [member for member in tar.getmembers() if member.name.split("/")[1:2] and inside(member.name, folders)]
        tar.extractall(target, wanted, filter="data")
    top = target / wanted[0].name.split("/")[0]
    for folder in folders:
        (top / folder).rename(target / folder)


def inside(name: str, folders: tuple[str, ...]) -> bool:
    return name.split("/")[1] in folders


def apt_unpack(packages: tuple[str, ...], target: Path) -> None:
    """Unpack Debian *packages* into *target*: the system stays as it is, and nobody has to be root."""
    target.mkdir()
    run(["apt-get", "download", "--quiet", *packages], target)
    for package in target.glob("*.deb"):
        run(["dpkg-deb", "--extract", str(package), str(target)], target)
        package.unlink()
