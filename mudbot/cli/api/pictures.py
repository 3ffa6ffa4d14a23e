"""Pictures that came: shown as links, one a line, and saved where a folder is named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from mudbot.cli.api.fetching import MAX_BYTES, fetch
from mudbot.cli.api.printing import note
from mudbot.errors import BadAnswerError, MudbotError

if TYPE_CHECKING:
    from mudbot.api.types.pictures import Picture
    from mudbot.cli.api.job import Job

_MOST_NAMES = 10_000
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


def folder_of(output: str | None) -> Path | None:
    """The folder for pictures, made where it is missing; None for standard output, where their links go.

    Raises UsageError for the name of a file, MudbotError where it cannot be a folder.
    """
    if output in (None, "-"):
        return None
    folder = Path(str(output))
    if folder.suffix.lower() in _SUFFIXES and not folder.exists():
        raise click.UsageError(f"-o {output}: pictures go into a folder, which names them: name one, for example -o .")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "this is no path"
        raise MudbotError(f"-o {output}: cannot be a folder for pictures: {why}: name another one") from None
    return folder


async def show(job: Job, pictures: Sequence[Picture], folder: Path | None, number: int = 1) -> None:
    """Print a link for each of *pictures*, and save them to *folder*; the first is called number *number*.

    Raises MudbotError for a picture that cannot be had or is none, after the others were shown.
    """
    failed: MudbotError | None = None
    for at, picture in enumerate(pictures, number):
        try:
            await _show(job, picture, folder, at)
        except MudbotError as error:
            failed = failed or error
            note(f"picture {at}: {error}")
    if failed:
        raise MudbotError("not all pictures could be saved: the lines above say why")


async def _show(job: Job, picture: Picture, folder: Path | None, number: int) -> None:
    kept = _kept(job, picture.url)
    link = kept.absolute().as_uri() if kept else picture.url
    if link and not (kept and folder):
        _line(job, link)
    if folder is None:
        if not link:
            note(f"picture {number}: came as a file, {_size(picture)}, and was not saved: name a folder with -o DIR")
        return
    saved = save(await _content(job, picture, kept), folder, number)
    if link and not kept:
        note(f"picture {number}: saved to {saved}")
    else:
        _line(job, saved.absolute().as_uri())


def _line(job: Job, link: str) -> None:
    if not job.common.machine:
        job.out.line(link)


async def _content(job: Job, picture: Picture, kept: Path | None) -> bytes:
    if picture.b64_json is not None:
        if len(picture.b64_json) > MAX_BYTES * 4 // 3 + 4:
            raise BadAnswerError(f"it is larger than {MAX_BYTES:,} bytes")
        return picture.content or b""
    if kept is not None:
        return await asyncio.to_thread(kept.read_bytes)
    if not picture.url:
        raise BadAnswerError("the server sent neither a link nor the picture itself: ask for another response_format")
    return await fetch(picture.url, job.where.base_url, job.common.deadline)


def save(data: bytes, folder: Path, number: int) -> Path:
    """Write a picture to a new file in *folder*.

    Raises BadAnswerError for what is no picture, MudbotError where it cannot be written.
    """
    from mudbot.store.pictures import inspect

    _, suffix = inspect(data)
    for name in (f"picture-{at}{suffix}" for at in range(number, _MOST_NAMES)):
        path = folder / name
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:  # one's own earlier pictures are not to be lost
            continue
        except OSError as error:
            raise MudbotError(f"cannot write {path}: {error.strerror}: check the folder and the disk") from None
        return path
    raise MudbotError(f"{folder} is full of pictures: name another folder")


def _kept(job: Job, url: str | None) -> Path | None:
    """The file of a picture that the embedded server painted: its link would end with this command."""
    for base, folder in job.kept.items():
        if url and url.startswith(base):
            path = folder / Path(urlsplit(url).path).name
            return path if path.is_file() else None
    return None


def _size(picture: Picture) -> str:
    return f"about {len(picture.b64_json or '') * 3 // 4 / 1000:,.0f} kB"
