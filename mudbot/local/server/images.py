"""Pictures: painted from a prompt, edited under a mask, varied, and fetched by their links."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web
from pydantic import Field

from mudbot.local.server.bodies import SIZES, Body, ImageBody, read
from mudbot.local.server.forms import Form, read_form
from mudbot.local.server.marks import Mark, mark_of, marked
from mudbot.local.server.problems import RequestError
from mudbot.local.server.retouch import Source, opened, paintable, retouched, scene_of
from mudbot.local.server.streams import stream
from mudbot.local.server.wire import json_answer
from mudbot.local.server.workshop import Workshop

PICTURE_PATH = "/v1/images/files"
_HAN = re.compile(r"[\u3400-\u9fff]")
_FILE = 16 << 20
"""Bytes of a picture that is sent, as everywhere in mudbot."""


class EditBody(ImageBody):
    """POST /images/edits, without its files."""

    size: str = "auto"
    """The picture's own, unless another is named."""


class VariationBody(Body):
    """POST /images/variations, without its file."""

    n: int = Field(1, ge=1, le=10)
    size: str = "auto"
    response_format: str = Field("url", pattern="^(url|b64_json)$")


class ImageRows:
    """POST /images/generations, /images/edits, /images/variations, and GET of what was painted."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.post("/v1/images/generations", self.images),
            web.post("/v1/images/edits", self.edit),
            web.post("/v1/images/variations", self.vary),
            web.get(PICTURE_PATH + "/{name}.png", self.picture),
        ]

    async def images(self, request: web.Request) -> web.StreamResponse:
        """POST /images/generations.  ``revised_prompt`` says what was drawn of the prompt."""
        body = await read(request, ImageBody, lenient=self._shop.contract)
        if body.stream:
            return await stream(request, self._painted(body), named=True, done=False)
        data = []
        for at in range(body.n):
            png, caption = await self._shop.painting.run(self._draw, body.prompt, body.pixels, _seed(body.seed, at))
            data.append(await self._entry(request, png, caption, form=body.response_format))
        return json_answer(request, {"created": self._shop.now(), "data": data})

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """POST /images/edits: the prompt's scene where the mask (or the picture itself) is transparent."""
        form = await read_form(request, files={"image": _FILE, "mask": _FILE}, lenient=self._shop.contract)
        body = form.checked(EditBody, lenient=self._shop.contract)
        source = await self._source(form)
        mask = form.files.get("mask", [None])[0]
        if body.stream:
            return await stream(
                request, self._edited(body, source, mask.content if mask else None), named=True, done=False
            )
        data = []
        for at in range(body.n):
            png, caption = await self._shop.painting.run(
                self._retouch,
                body.prompt,
                source,
                mask.content if mask else None,
                _pixels(body.size),
                _seed(body.seed, at),
            )
            data.append(await self._entry(request, png, caption, form=body.response_format))
        return json_answer(request, {"created": self._shop.now(), "data": data})

    async def vary(self, request: web.Request) -> web.StreamResponse:
        """POST /images/variations: the same scene with other seeds."""
        form = await read_form(request, files={"image": _FILE})
        body = form.checked(VariationBody, lenient=self._shop.contract)
        source = await self._source(form)
        mark = mark_of(source.content)
        prompt = mark.prompt if mark else await self._shop.painting.run(scene_of, source)
        first = (mark.seed or 0) if mark else 0
        data = []
        for at in range(body.n):
            pixels = _pixels(body.size) or paintable(source.size)
            seed = (first + at + 1) % 2**32
            png, caption = await self._shop.painting.run(self._draw, prompt, pixels, seed)
            if mark is None:
                caption = f"A new painting after the colours of the picture: {prompt}. {caption}"
            data.append(await self._entry(request, png, caption, form=body.response_format))
        return json_answer(request, {"created": self._shop.now(), "data": data})

    async def picture(self, request: web.Request) -> web.Response:
        """GET a painted picture.  Its name is the leave to see it: links are opened by people, without a key."""
        png = await self._shop.writing.run(self._shop.pictures.get, request.match_info["name"])
        if png is None:
            raise RequestError("There is no such picture (any more)", status=404, code="not_found")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=png, content_type="image/png", headers=headers)

    async def _source(self, form: Form) -> Source:
        sent = form.file("image")
        try:
            return await self._shop.painting.run(opened, sent.content)
        except RequestError:
            if not self._shop.contract:
                raise
            return Source(b"", (256, 256), None)

    async def _painted(self, body: ImageBody) -> AsyncGenerator[dict[str, Any], None]:
        png, _ = await self._shop.painting.run(self._draw, body.prompt, body.pixels, body.seed)
        yield self._completed("image_generation", png, body.pixels)

    async def _edited(self, body: EditBody, source: Source, mask: bytes | None) -> AsyncGenerator[dict[str, Any], None]:
        png, _ = await self._shop.painting.run(self._retouch, body.prompt, source, mask, _pixels(body.size), body.seed)
        yield self._completed("image_edit", png, _pixels(body.size) or source.size)

    def _completed(self, what: str, png: bytes, size: tuple[int, int]) -> dict[str, Any]:
        """The last event of a stream.  There are no partial ones: the painter is done within a second."""
        return {
            "type": f"{what}.completed",
            "b64_json": base64.b64encode(png).decode(),
            "created_at": self._shop.now(),
            "size": f"{size[0]}x{size[1]}",
            "quality": "low",
            "background": "opaque",
            "output_format": "png",
            "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
        }

    async def _entry(self, request: web.Request, png: bytes, caption: str, *, form: str) -> dict[str, Any]:
        """One picture of an answer: its link on this server, or with *form* ``b64_json`` the file itself."""
        if form == "b64_json":
            return {"revised_prompt": caption, "b64_json": base64.b64encode(png).decode()}
        name = await self._shop.writing.run(self._shop.pictures.put, png)
        return {"revised_prompt": caption, "url": f"{request.scheme}://{request.host}{PICTURE_PATH}/{name}.png"}

    # -- in the lane's thread --------------------------------------------------------------------------------------

    def _draw(self, prompt: str, size: tuple[int, int], seed: int | None) -> tuple[bytes, str]:
        painting = self._shop.parts.paint(prompt, size=size, seed=seed)
        return marked(painting.png(), Mark(prompt, seed)), painting.caption("zh" if _HAN.search(prompt) else "en")

    def _retouch(
        self, prompt: str, source: Source, mask: bytes | None, size: tuple[int, int] | None, seed: int | None
    ) -> tuple[bytes, str]:
        if not source.content:
            return self._draw(prompt, size or source.size, seed)
        painted, caption = self._draw(prompt, paintable(source.size), seed)
        return retouched(source, mask, painted, size), caption


def _pixels(size: str) -> tuple[int, int] | None:
    if size == "auto":
        return None
    if size not in SIZES:
        raise RequestError(f"'size': must be auto or one of {', '.join(SIZES)}", param="size")
    width, _, height = size.partition("x")
    return int(width), int(height)


def _seed(seed: int | None, at: int) -> int | None:
    """The first picture of a prompt is always the same; the next ones differ from it and from one another."""
    if seed is None and at == 0:
        return None
    return ((seed or 0) + at) % 2**32
