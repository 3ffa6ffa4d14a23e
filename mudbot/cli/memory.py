"""``mudbot memory``: what characters remember of whom; shown, exported, deleted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mudbot.cli.options import as_json, config_options, json_option, read
from mudbot.clock import SystemClock
from mudbot.logs import visible
from mudbot.store.store import FILE, Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.store.memories import Known, Which

T = TypeVar("T")


def _which(func: Callable[..., Any]) -> Callable[..., Any]:
    """``--session``, ``--character``, ``--speaker``, and what says where the store is."""
    options = (
        click.option("--session", metavar="NAME", default="", help="Only what is remembered in this session."),
        click.option("--character", metavar="NAME", default="", help="Only what this character remembers."),
        click.option(
            "--speaker",
            "speakers",
            metavar="KEY",
            multiple=True,
            help="Only of this speaker: id:LOGIN or name:NAME, as `mudbot memory list` shows; may be repeated.",
        ),
    )
    for option in reversed(options):
        func = option(func)
    return config_options(func)


def _careful(func: Callable[..., Any]) -> Callable[..., Any]:
    """``--dry-run`` and ``--yes``."""
    func = click.option("--yes", is_flag=True, help="Do not ask.")(func)
    return click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")(func)


@click.group("memory")
def command() -> None:
    """What characters remember of those they talk with.

    \b
    mudbot memory list
    mudbot memory show --speaker id:ann
    mudbot memory export --session tavern > memory.jsonl
    mudbot memory forget --speaker id:ann
    mudbot memory erase --dry-run

    A speaker is known by the login id where the MUD shows one (id:ann), else by name (name:ann).  They may be two
    people, so each is asked for by itself.
    """


@command.command("list")
@_which
@json_option()
def list_(machine: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives it by name
    """Who is remembered by which character, and how much."""
    found = _run(chosen, _overview) or []
    if machine:
        for each in found:
            print(as_json(_data(each)))
        return
    if not found:
        print("Nobody is remembered.")
        return
    rows = [("character", "speaker", "called", "turns", "facts", "last"), *map(_row, found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        print(visible("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()))


@command.command()
@_which
def show(**chosen: Any) -> None:
    """Everything that is remembered, for people to read."""
    last = ""
    for row in _run(chosen, _everything) or []:
        title = f"{row['character']} of {row['speaker']}, {row['kind']}s"
        if title != last:
            print(visible(f"{'' if not last else chr(10)}{title}:"))
            last = title
        print(visible(_line(row)))
    if not last:
        print("Nothing is remembered.")


@command.command()
@_which
def export(**chosen: Any) -> None:
    """Everything that is remembered, one JSON object a line, on standard output.

    `kind` is turn, fact or summary; `at` is in seconds since 1970; `heard` are the keys of those who heard it.
    """
    for row in _run(chosen, _everything) or []:
        print(as_json(row))


@command.command()
@_which
@_careful
def forget(dry_run: bool, yes: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives them by name
    """Delete all that is remembered of a speaker: --speaker says of whom."""
    if not chosen["speakers"]:
        raise click.UsageError("forget wants --speaker, as `mudbot memory list` shows; erase is for everybody")
    _delete(chosen, dry_run=dry_run, yes=yes)


@command.command()
@_which
@_careful
def erase(dry_run: bool, yes: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives them by name
    """Delete all that characters remember, or that of one session, character or speaker.

    What is deleted is overwritten in the file.  Pictures, decisions and counts stay.
    """
    _delete(chosen, dry_run=dry_run, yes=yes)


def _delete(chosen: dict[str, Any], *, dry_run: bool, yes: bool) -> None:
    found = _run(dict(chosen), _overview) or []
    if not found:
        print("Nothing is remembered of that: nothing to delete.")
        return
    turns, facts, summaries = (sum(getattr(each, what) for each in found) for what in ("turns", "facts", "summaries"))
    people = len({each.speaker for each in found})
    told = f"{turns} turns, {facts} facts and {summaries} summaries, of {people} speakers"
    if dry_run:
        for each in found:
            print(visible("  ".join(_row(each))))
        print(f"Would be deleted: {told}.")
        return
    if not yes and not click.confirm(f"Delete {told}?", err=True):
        print("Nothing was deleted.")
        sys.exit(1)
    gone = _run(chosen, _forget, changes=True) or 0
    print(f"Deleted: {gone} entries.")


# -- the store ---------------------------------------------------------------------------------------------------------


def _overview(connection: Connection, which: Which) -> list[Known]:
    from mudbot.store import memories

    return memories.overview(connection, which)


def _everything(connection: Connection, which: Which) -> list[dict[str, Any]]:
    from mudbot.store import memories

    return list(memories.everything(connection, which))


def _forget(connection: Connection, which: Which) -> int:
    from mudbot.store import memories

    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    return memories.forget(connection, which)


def _run(chosen: dict[str, Any], work: Callable[[Connection, Which], T], *, changes: bool = False) -> T | None:
    """What *work* finds in the configured store; None where there is none yet."""
    path: Path = chosen.pop("path")
    config = read(path, chosen.pop("overrides"))
    folder = config.path(config.store)
    if not (folder / FILE).exists():
        return None
    return asyncio.run(_asked(folder, chosen, work, changes=changes))


async def _asked(
    folder: Path, chosen: dict[str, Any], work: Callable[[Connection, Which], T], *, changes: bool
) -> T:  # fmt: skip
    from mudbot.store.memories import Which

    store = Store(folder, SystemClock())
    try:
        await store.open()
        which = Which(chosen["session"], chosen["character"], [key.casefold() for key in chosen["speakers"]])
        ask = store.change if changes else store.read
        found = await ask(lambda connection: work(connection, which))
        if changes:  # what was written last lies in a file of its own until it is moved over
            await store.read(lambda connection: connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())
        return found
    finally:
        await store.close()


# -- as people read it -------------------------------------------------------------------------------------------------


def _data(known: Known) -> dict[str, Any]:
    return {name: getattr(known, name) for name in known.__slots__}


def _row(known: Known) -> tuple[str, ...]:
    return known.character, known.speaker, known.name, str(known.turns), str(known.facts), _when(known.last)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _line(row: dict[str, Any]) -> str:
    where = "in private" if row.get("private") else row.get("place") or row.get("scope") or "in public"
    who = f"{row['name']}: " if "name" in row else ""
    return f"  {_when(row['at'])}  ({where})  {who}{row['text']}"
