"""``mudbot gallery``: the stored pictures; listed, shown, pinned, exported, deleted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mudbot.cli.options import as_json, config_options, read
from mudbot.clock import SystemClock
from mudbot.errors import MudbotError
from mudbot.logs import visible
from mudbot.store.pictures import Picture, Pictures, is_id
from mudbot.store.store import FILE, Store

if TYPE_CHECKING:
    from mudbot.store.gallery import Which

T = TypeVar("T")


def _day(_ctx: click.Context, _option: click.Parameter, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter("must be a day such as 2026-05-01") from None


def _which(func: Callable[..., Any]) -> Callable[..., Any]:
    """Which pictures, and what says where the store is."""
    options = (
        click.argument("ids", metavar="[ID]...", nargs=-1),
        click.option("--session", metavar="NAME", default="", help="Only of this session."),
        click.option("--place", metavar="NAME", default="", help="Only of this room."),
        click.option("--player", metavar="NAME", default="", help="Only what this player asked for: name or login id."),
        click.option("--since", metavar="DAY", default="", callback=_day, help="Made on this day or later."),
        click.option("--until", metavar="DAY", default="", callback=_day, help="Made on this day or before."),
        click.option("--search", metavar="WORDS", default="", help="With all these words, in caption or prompt."),
        click.option("--pinned/--not-pinned", default=None, help="Only pinned ones, or only others."),
        click.option("--private/--public", default=None, help="Only what was asked for in private, or aloud."),
    )
    for option in reversed(options):
        func = option(func)
    return config_options(func)


json_option = click.option("--json", "json_lines", is_flag=True, help="One JSON object a line.")


@click.group("gallery")
def command() -> None:
    """The pictures that were drawn: links, players, places, files.

    \b
    mudbot gallery list --player Ann
    mudbot gallery show kq7d3nx
    mudbot gallery pin kq7d3nx
    mudbot gallery export -o pictures --since 2026-05-01
    mudbot gallery delete --player id:ann --dry-run

    An ID is the end of a picture's link.  Without one, and without options, all pictures are meant.  The bot may run
    meanwhile.
    """


@command.command("list")
@_which
@json_option
def list_(json_lines: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives it by name
    """A line for each picture, the oldest first."""
    found = _pictures(chosen)
    if json_lines:
        _print_json(found)
        return
    if not found:
        print("There are no such pictures.")
        return
    rows = [("id", "made", "session", "player", "size", "", "caption"), *map(_row, found)]
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        print(visible("  ".join(cells).rstrip()))
    total = sum({each.path: each.size for each in found}.values())
    print(f"{len(found)} pictures, {total / 1e6:,.1f} MB")


@command.command()
@_which
@json_option
def show(json_lines: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives it by name
    """Everything that is known of pictures."""
    found = _known(chosen)
    if json_lines:
        _print_json(found)
        return
    for number, picture in enumerate(found):
        if number:
            print()
        for name, value in _data(picture).items():
            if value not in ("", None, 0):
                print(visible(f"{name + ':':<11}{' '.join(str(value).split())}"))


@command.command()
@_which
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), required=True)
def export(output: Path, **chosen: Any) -> None:
    """Copy pictures into a folder, with gallery.jsonl: all that is known of them, an object a line."""
    found = _known(chosen)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lines = []
        for picture in found:
            name = f"{_when(picture.at)[:10]}-{picture.id}{picture.path.suffix}"
            there = picture.path.is_file()
            if there:
                (output / name).write_bytes(picture.path.read_bytes())
            lines.append(as_json({**_data(picture), "file": name if there else None}))
        (output / "gallery.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as exc:
        raise MudbotError(f"-o {output}: {exc.strerror or exc}: name a folder that can be written") from exc
    print(visible(f"{len(found)} pictures in {output}"))


@command.command()
@_which
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(dry_run: bool, yes: bool, **chosen: Any) -> None:  # noqa: FBT001 - click gives them by name
    """Delete pictures, pinned ones as well: ids or options say which.

    Their files and words are gone for good; their links say so.
    """
    if not _said(chosen):
        raise click.UsageError("delete wants ids or options that say which, as `mudbot gallery list` shows them")
    found = _known(dict(chosen))
    pinned = sum(picture.pinned for picture in found)
    told = f"{len(found)} pictures" + (f", {pinned} of them pinned" if pinned else "")
    if not found:
        print("There are no such pictures: nothing to delete.")
        return
    if dry_run:
        for picture in found:
            print(visible("  ".join(_row(picture))))
        print(f"Would be deleted: {told}.")
        return
    if not yes and not click.confirm(f"Delete {told}?", err=True):
        print("Nothing was deleted.")
        sys.exit(1)
    gone = _run(chosen, lambda pictures: _delete(pictures, [each.id for each in found]), changes=True)
    print(f"Deleted: {gone} pictures.")


@command.command()
@_which
def pin(**chosen: Any) -> None:
    """Keep pictures, however old they get."""
    _pin(chosen, pinned=True)


@command.command()
@_which
def unpin(**chosen: Any) -> None:
    """Let pictures go when their time has come."""
    _pin(chosen, pinned=False)


def _pin(chosen: dict[str, Any], *, pinned: bool) -> None:
    verb = "pin" if pinned else "unpin"
    if not _said(chosen):
        raise click.UsageError(f"{verb} wants ids or options that say which, as `mudbot gallery list` shows them")
    found = _known(dict(chosen))

    async def work(pictures: Pictures) -> int:
        return sum([await pictures.pin(picture.id, pinned=pinned) for picture in found])

    print(f"{verb.capitalize()}ned: {_run(chosen, work, changes=True) or 0} pictures.")


# -- the store ---------------------------------------------------------------------------------------------------------


def _said(chosen: dict[str, Any]) -> bool:
    """Whether anything says which pictures."""
    return any(value not in ("", None, ()) for name, value in chosen.items() if name not in ("path", "overrides"))


def _known(chosen: dict[str, Any]) -> list[Picture]:
    """The pictures; each that was named by its id must be there."""
    found = _pictures(dict(chosen))
    named = {_id(text) for text in chosen["ids"]}
    if missing := sorted(named - {picture.id for picture in found}):
        raise MudbotError(f"there is no picture {missing[0]!r} among those: see mudbot gallery list")
    return found


def _pictures(chosen: dict[str, Any]) -> list[Picture]:
    from mudbot.store import gallery

    which = _asked(chosen)

    async def work(pictures: Pictures) -> list[Picture]:
        rows = await pictures.browse(lambda it: gallery.every(it, which))
        return [pictures.of(row) for row in rows]

    return _run(chosen, work) or []


def _asked(chosen: dict[str, Any]) -> Which:
    from mudbot.store.gallery import Which

    same = {name: chosen[name] for name in ("session", "place", "player", "search", "pinned", "private")}
    since, until = chosen["since"], chosen["until"]
    return Which(
        **same,
        ids=tuple(map(_id, chosen["ids"])),
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def _id(text: str) -> str:
    """The id that is meant: a whole link may be given."""
    name = text.rstrip("/").rpartition("/")[2].partition(".")[0]
    if not is_id(name):
        raise click.UsageError(f"{visible(text)!r} is no picture's id: that is the end of its link, such as kq7d3nx")
    return name


def _midnight(day: date) -> float:
    return datetime.combine(day, time()).astimezone().timestamp()


async def _delete(pictures: Pictures, ids: Sequence[str]) -> int:
    return sum([await pictures.delete(ids[start : start + 100]) for start in range(0, len(ids), 100)])


def _run(chosen: dict[str, Any], work: Callable[[Pictures], Awaitable[T]], *, changes: bool = False) -> T | None:
    """What *work* finds in the configured store; None where there is none yet."""
    config = read(chosen["path"], chosen["overrides"])
    folder = config.path(config.store)
    if not (folder / FILE).exists():
        return None

    async def opened() -> T:
        store = Store(folder, SystemClock())
        try:
            web = config.web
            found = await work(Pictures(store, web.public_url or f"http://{web.host}:{web.port}"))
            if changes:  # what was written last lies in a file of its own, old words among it, until it is moved over
                await store.read(lambda it: it.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())
            return found
        finally:
            await store.close()

    return asyncio.run(opened())


# -- as people read it -------------------------------------------------------------------------------------------------


def _print_json(found: Sequence[Picture]) -> None:
    for picture in found:
        print(as_json(_data(picture)))


def _data(picture: Picture) -> dict[str, Any]:
    found = {field.name: getattr(picture, field.name) for field in fields(picture)}
    found["path"] = str(picture.path)
    found["made"] = _when(picture.at)
    return found


def _row(picture: Picture) -> tuple[str, ...]:
    marks = ("pinned " if picture.pinned else "") + ("private" if picture.private else "")
    caption = " ".join((picture.caption or picture.prompt).split())
    size = f"{picture.size / 1e3:,.0f} kB" if picture.size else "-"
    name = picture.speaker or picture.player or "-"
    return picture.id, _when(picture.at), picture.session, name, size, marks.strip(), caption[:100]


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
