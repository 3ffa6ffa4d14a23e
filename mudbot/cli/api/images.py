"""Pictures: painted, changed, painted again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import File, Text, merged, param_option, user_option, with_options
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.pictures import folder_of, show
from mudbot.cli.api.printing import note, raw

if TYPE_CHECKING:
    from mudbot.api import Images, Upload
    from mudbot.api.types import ImageChunk
    from mudbot.cli.api.job import Job

_COMMON = with_options(
    click.option("-n", "--num-images", "--n", "n", type=int, default=1, metavar="N", help="How many pictures."),
    click.option("-s", "--size", metavar="WxH", help="For example 256x256 or 1024x1024; else as the server likes."),
    click.option("--response-format", metavar="url|b64_json", help="As links, or in the answer itself (use -o DIR)."),
    click.option("-m", "--model", metavar="MODEL", help="The model; without it the configuration's, or the server's."),
    user_option,
    param_option,
)
_PROMPT = click.option("-p", "--prompt", type=Text(), required=True, help="What to paint; - reads standard input.")
_QUALITY = click.option("--quality", metavar="WORD", help="standard, hd, low, medium, high: as the model knows them.")


@action("image.create", streams=True, writes=True)
@_PROMPT
@_COMMON
@_QUALITY
@click.option("--style", metavar="WORD", help="vivid or natural, where the model knows them.")
def create(common: Common, prompt: str, n: int, extra: Sequence[Any], **options: Any) -> Work:
    """Paint what a prompt says; print a link for each picture.

    Links of most servers end within the hour: -o DIR saves the pictures too.

    \b
    mudbot api image.create -p 大漠孤烟直 -n 10
    mudbot api image.create -p 'a lonely inn' -s 512x512 -o pictures
    """
    size, model, params = _split(options, extra, "prompt")

    async def work(job: Job) -> None:
        asked, folder = job.known_model(model, "image"), folder_of(common.output)
        if common.stream:
            stream = job.api.image_stream(prompt, model=asked, n=n, size=size, **params)
            await _stream(job, stream, folder)
            return
        await _all(job, await job.api.image(prompt, model=asked, n=n, size=size, **params), folder)

    return work


@action("image.create_edit", streams=True, writes=True)
@_PROMPT
@click.option(
    "-I", "--image", "images", type=File(), multiple=True, required=True, help="The picture; some models take several."
)
@click.option("-M", "--mask", type=File(), help="A PNG of the same size; where it is transparent, the picture changes.")
@_COMMON
@_QUALITY
def edit(
    common: Common,
    prompt: str,
    images: Sequence[Upload],
    mask: Upload | None,
    n: int,
    extra: Sequence[Any],
    **options: Any,
) -> Work:
    """Change a picture as a prompt says, or what its mask leaves open; print a link for each result.

    \b
    mudbot api image.create_edit -p 'a dragon above the inn' -I inn.png -M sky.png -o pictures
    """
    size, model, params = _split(options, extra, "prompt", "image", "mask")
    image = images[0] if len(images) == 1 else list(images)

    async def work(job: Job) -> None:
        asked, folder = job.known_model(model, "image"), folder_of(common.output)
        if common.stream:
            stream = job.api.edit_image_stream(image, prompt, mask=mask, model=asked, n=n, size=size, **params)
            await _stream(job, stream, folder)
            return
        answer = await job.api.edit_image(image, prompt, mask=mask, model=asked, n=n, size=size, **params)
        await _all(job, answer, folder)

    return work


@action("image.create_variation", writes=True)
@click.option("-I", "--image", type=File(), required=True, help="The picture.")
@_COMMON
def variation(common: Common, image: Upload, n: int, extra: Sequence[Any], **options: Any) -> Work:
    """Paint a picture again in another way; print a link for each result."""
    size, model, params = _split(options, extra, "image")

    async def work(job: Job) -> None:
        asked, folder = job.known_model(model, "image"), folder_of(common.output)
        await _all(job, await job.api.vary_image(image, model=asked, n=n, size=size, **params), folder)

    return work


def _split(options: dict[str, Any], extra: Sequence[Any], *own: str) -> tuple[str | None, str | None, dict[str, Any]]:
    """Size, model and the other parameters."""
    size, model = options.pop("size"), options.pop("model")
    return size, model, merged(options, extra, "model", "n", "size", *own)


async def _all(job: Job, answer: Images, folder: Path | None) -> None:
    if job.common.machine:
        job.out.json(raw(answer))
        if folder is None:
            return
    await show(job, answer.data, folder)


async def _stream(job: Job, chunks: AsyncGenerator[ImageChunk, None], folder: Path | None) -> None:
    """Show each picture when it is finished; for programs, every chunk as an object on a line."""
    done = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            if job.common.machine:
                job.out.json(raw(chunk), indent=None)
            if chunk.finished:
                done += 1
                if folder or not job.common.machine:
                    await show(job, [chunk], folder, done)
            elif not job.common.machine:
                note("a blurred picture came; the server paints on")
    if not done:
        note("the server sent no finished picture: --json shows all that came")


COMMANDS = {command.name: command for command in (create, edit, variation)}
