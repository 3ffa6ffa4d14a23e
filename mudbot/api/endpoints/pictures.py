"""Pictures: made, changed, varied."""

# ruff: noqa: PLR0913 - deadline, caller and organization stand in every signature, where an editor shows them

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, TypeVar

from mudbot.api.calls import NOBODY, Call, Caller, Upload
from mudbot.api.endpoints.base import Calls, how, whole
from mudbot.api.limit.limits import Cost
from mudbot.api.types import Answer, ImageChunk, Images

_A = TypeVar("_A", bound=Answer)

_GENERATIONS, _EDITS, _VARIATIONS = "/images/generations", "/images/edits", "/images/variations"


class PictureCalls(Calls):
    """Each picture that may come counts against ``images_per_minute``, however it is made."""

    async def image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Images:
        """``POST /images/generations``: *n* pictures of *prompt*, each a short-lived URL or base64."""
        whole(_GENERATIONS, params, "image_stream")
        body = params | {"model": model, "prompt": prompt, "n": n, "size": size}
        return await self._one(_call(_GENERATIONS, Images, body), how(deadline, caller, organization))

    def image_stream(
        self,
        prompt: str,
        *,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> AsyncGenerator[ImageChunk, None]:
        """The same, with a blurred picture first: ``partial_images=2`` asks for two before the one that counts.

        ``chunk.finished`` tells the last state of a picture.  Only gpt-image models stream.
        """
        body = params | {"model": model, "prompt": prompt, "n": n, "size": size, "stream": True}
        return self._pieces(_call(_GENERATIONS, ImageChunk, body), how(deadline, caller, organization))

    async def edit_image(
        self,
        image: Upload | list[Upload],
        prompt: str,
        *,
        mask: Upload | None = None,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Images:
        """``POST /images/edits``: *image* changed as *prompt* says, where *mask* is transparent if one is given."""
        whole(_EDITS, params, "edit_image_stream")
        body = params | {"model": model, "prompt": prompt, "n": n, "size": size}
        return await self._one(_call(_EDITS, Images, body, _files(image, mask)), how(deadline, caller, organization))

    def edit_image_stream(
        self,
        image: Upload | list[Upload],
        prompt: str,
        *,
        mask: Upload | None = None,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> AsyncGenerator[ImageChunk, None]:
        """The same, as ``image_stream``."""
        body = params | {"model": model, "prompt": prompt, "n": n, "size": size, "stream": True}
        return self._pieces(_call(_EDITS, ImageChunk, body, _files(image, mask)), how(deadline, caller, organization))

    async def vary_image(
        self,
        image: Upload,
        *,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Images:
        """``POST /images/variations``: *n* pictures like *image*."""
        whole(_VARIATIONS, params)
        body = params | {"model": model, "n": n, "size": size}
        return await self._one(_call(_VARIATIONS, Images, body, {"image": image}), how(deadline, caller, organization))


def _call(
    path: str, kind: type[_A], body: Mapping[str, Any], files: Mapping[str, Upload | list[Upload]] | None = None
) -> Call[_A]:
    n = body["n"]
    cost = Cost(images=n if isinstance(n, int) and n > 0 else 1)  # nonsense: the server will say so
    stream = bool(body.get("stream"))
    return Call("POST", path, kind, model=body["model"], body=body, files=files, cost=cost, stream=stream)


def _files(image: Upload | Sequence[Upload], mask: Upload | None) -> dict[str, Upload | list[Upload]]:
    images = image if isinstance(image, Upload) else list(image)
    return {"image": images} if mask is None else {"image": images, "mask": mask}
