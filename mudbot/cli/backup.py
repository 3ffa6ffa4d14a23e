"""``mudbot backup``: the store in one file."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot import __version__
from mudbot.cli.options import as_json, json_option
from mudbot.cli.stored import store_options
from mudbot.errors import MudbotError
from mudbot.logs import visible
from mudbot.store.archive import PARTS

if TYPE_CHECKING:
    from mudbot.store.archive import Manifest, Part


@click.command("backup", short_help="Copy what the bot keeps into one file, while it runs or not.")
@store_options
@click.option("--without", multiple=True, type=click.Choice(PARTS), help="Leave these out; may be repeated.")
@click.option(
    "--keep", metavar="N", type=click.IntRange(min=1), help="Delete all but the newest N backups in the folder."
)
@click.option("--force", is_flag=True, help="Replace a FILE that is there.")
@json_option("Print JSON.")
@click.argument("target", metavar="FILE|FOLDER")
def command(
    folder: Callable[[], Path], target: str, without: tuple[Part, ...], keep: int | None, *, force: bool, machine: bool
) -> None:
    """Copy memory, decisions, what plugins keep, what was spent, pictures and recordings into one file.

    The bot may run meanwhile, and notices nothing.  Into a FOLDER goes a file named by the time, such as
    mudbot-20261123-203000.zip.  A file appears when it is whole, has a checksum of everything in it, and is yours alone
    (mode 600): private talk is in it, and it is not encrypted.

    Not in it are the configuration, plugins and personas of your own, and model files.

    \b
    mudbot backup /var/backups/mudbot --keep 14
    mudbot restore --check /var/backups/mudbot/mudbot-20261123-203000.zip
    """
    from mudbot.store.backup import back_up, older

    path, into = _target(target)
    if keep is not None and not into:
        raise click.UsageError("--keep is for a folder: name one that is there, or end it with a slash")
    if path.exists() and not force:
        raise MudbotError(f"{path} is there already: name another file, or --force replaces it")
    made = back_up(folder(), path, __version__, without=without)
    gone = older(path.parent, keep) if keep is not None else []
    for each in gone:
        each.unlink(missing_ok=True)
    if machine:
        told: dict[str, Any] = {"ok": True, "path": str(made.path), "size": made.size, **about(made.manifest)}
        print(as_json({**told, "deleted": [str(each) for each in gone]}, indent=2))
        return
    print(visible(f"{made.path}: {made.size / 1e6:,.2f} MB; {contents(made.manifest)}"))
    for each in gone:
        print(visible(f"{each}: deleted"))


def _target(target: str) -> tuple[Path, bool]:
    """The file to write, and whether *target* is a folder, which is made where it ends with a slash."""
    from mudbot.store.backup import named

    path = Path(target)
    if not path.is_dir() and not target.endswith(("/", os.sep)):
        return path, False
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise MudbotError(f"{path}: {exc.strerror}: name a folder that this user may write to") from exc
    return named(path, datetime.now(UTC)), True


def about(manifest: Manifest) -> dict[str, Any]:
    """What an archive says of itself, for programs."""
    return {
        "mudbot": manifest.mudbot,
        "made": manifest.made,
        "schema": manifest.schema,
        "parts": list(manifest.parts),
        "files": len(manifest.files),
        "bytes": manifest.size,
    }


def contents(manifest: Manifest) -> str:
    """What is in an archive, for people."""
    counts = [(part, sum(name.startswith(f"{part}/") for name in manifest.files)) for part in PARTS]
    told = [f"{count} {part}" if part in manifest.parts else f"no {part}" for part, count in counts]
    databases = sum("/" not in name for name in manifest.files)
    return ", ".join([f"{databases} database{'s' if databases > 1 else ''} of schema {manifest.schema}", *told])
