"""Files that the server keeps."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import File, after_option, limit_option, merged, param_option
from mudbot.cli.api.models import deletion, id_option
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.printing import note, when
from mudbot.cli.api.progress import Bar
from mudbot.errors import ApiError, MudbotError

if TYPE_CHECKING:
    from mudbot.api import Files, Upload
    from mudbot.cli.api.job import Job

_LONGEST_NAME = 200


@action("files.list")
@click.option("--purpose", metavar="WORD", help="Only those of this purpose.")
@limit_option
@after_option
def list_files(common: Common, **options: Any) -> Work:  # noqa: ARG001
    """The files on the server: id, name, bytes, purpose, state, since when."""
    params = merged(options, ())

    async def work(job: Job) -> None:
        job.show(await job.api.files(**params), lambda page: _rows(job, page))

    return work


@action("files.create")
@click.option("-f", "--file", "upload", type=File(), required=True, help="The file; - is standard input.")
@click.option("-p", "--purpose", metavar="WORD", required=True, help="What it is for, such as fine-tune or batch.")
@param_option
def create(common: Common, upload: Upload, purpose: str, extra: Sequence[Any]) -> Work:  # noqa: ARG001
    """Upload a file, and print what the server says of it."""
    params = merged({}, extra, "file", "purpose")

    async def work(job: Job) -> None:
        with Bar("upload") as bar:
            answer = await job.api.upload_file(upload, purpose, progress=bar, **params)
        job.fields(answer)

    return work


@action("files.get")
@id_option
def get(common: Common, name: str) -> Work:  # noqa: ARG001
    """What the server says of one file."""

    async def work(job: Job) -> None:
        job.fields(await job.api.file(name))

    return work


@action("files.delete")
@id_option
def delete(common: Common, name: str) -> Work:  # noqa: ARG001
    """Delete a file."""

    async def work(job: Job) -> None:
        await deletion(job, name, job.api.delete_file(name))

    return work


@action("files.content", writes=True)
@id_option
def content(common: Common, name: str) -> Work:
    """Download a file's content: to -o FILE, to a folder by its own name, or to standard output.

    A file that is there is replaced when all has come, not before.
    """

    async def work(job: Job) -> None:
        if common.output in (None, "-"):
            await _to_output(job, name)
            return
        path = Path(str(common.output))
        if await asyncio.to_thread(path.is_dir):
            path /= await _own_name(job, name)
        with Bar("download") as bar:
            await job.api.file_content(name, path, progress=bar)
        if common.machine:
            job.out.json({"id": name, "path": str(path), "bytes": path.stat().st_size})
        else:
            note(f"saved to {path}")

    return work


async def _to_output(job: Job, name: str) -> None:
    """The content as it is, but for a terminal, which must not obey it."""
    with tempfile.TemporaryDirectory(prefix="mudbot-") as folder, Bar("download") as bar:
        path = await job.api.file_content(name, Path(folder, "content"), progress=bar)
        bar.close()
        if sys.stdout.isatty():
            with path.open(encoding="utf-8", errors="replace", newline="") as text:
                while part := text.read(1 << 16):
                    job.out.piece(part)
            return
        try:
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise MudbotError(f"cannot write to standard output: {error.strerror}: check the disk") from None


async def _own_name(job: Job, name: str) -> str:
    """The file's name as the server has it, as a name in a folder; its id where that is none."""
    try:
        own = (await job.api.file(name)).filename
    except ApiError:  # the content may be there although nothing is said of it
        own = ""
    for word in (own, name):
        last = word.replace("\\", "/").rpartition("/")[2]
        plain = "".join(char if char.isprintable() and char not in ':*?"<>|' else "_" for char in last)
        if plain.strip(". ") and len(plain.encode()) <= _LONGEST_NAME and not plain.startswith("."):
            return plain
    return "content"


def _rows(job: Job, page: Files) -> None:
    job.out.rows((f.id, f.filename, f.bytes, f.purpose, f.status, when(f.created_at)) for f in page.data)
    if page.has_more:
        note(f"there are more: --after {page.last_id or page.ids[-1] if page.ids else ''}")


COMMANDS = {command.name: command for command in (list_files, create, get, delete, content)}
