"""From a prompt to a picture."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from mudbot.errors import LocalError
from mudbot.local.painter import captions, weather
from mudbot.local.painter.canvas import Canvas
from mudbot.local.painter.inside import paint_cave, paint_room
from mudbot.local.painter.landscape import paint_landscape
from mudbot.local.painter.street import paint_street
from mudbot.local.painter.words import wishes

MIN_SIDE, MAX_SIDE = 64, 2048
"""Pixels.  Below, no motif can be told from another; above, one picture would hold 50 MB and more of floats."""


@dataclass(frozen=True, slots=True)
class Painting:
    """A finished picture."""

    image: Image.Image
    """RGB."""
    drawn: tuple[str, ...]
    """What can be seen in it, in English; keys of ``captions.NAMES``."""

    def caption(self, language: str = "en") -> str:
        """One sentence that says what was drawn: in Chinese for "zh" (or "zh-..."), otherwise in English."""
        return captions.caption(self.drawn, language)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._file("PNG", compress_level=4)

    def jpeg(self, quality: int = 88) -> bytes:
        """The picture as a JPEG file, about a seventh of the PNG's size."""
        return self._file("JPEG", quality=quality)

    def _file(self, kind: str, **options: int) -> bytes:
        file = io.BytesIO()
        self.image.save(file, kind, **options)
        return file.getvalue()


def paint(prompt: str, *, size: tuple[int, int] = (1024, 1024), seed: int | None = None) -> Painting:
    """Paint what *prompt* names, *size* (width, height) pixels.

    The same prompt, size and *seed* give the same bytes on one machine; without a seed the prompt is the seed.  Any
    text is painted: where nothing in it is known, misty mountains are.  Takes about a second of one core for a
    million pixels and touches no shared state, so it may run in a thread.

    Raises LocalError if a side is not between 64 and 2048 pixels.
    """
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size):
        raise LocalError(
            f"painter: cannot paint {size[0]}x{size[1]} pixels: "
            f"ask for a size whose sides are {MIN_SIDE} to {MAX_SIDE}, for example 1024x1024"
        )
    asked = wishes(prompt) or frozenset({"mountain", "mist", "pine"})
    number = zlib.crc32(prompt.encode(errors="surrogatepass")) if seed is None else seed % 2**64
    canvas = Canvas(size, number, asked)
    _scene(asked)(canvas)
    weather.finish(canvas)
    return Painting(canvas.image(), tuple(canvas.drawn))


def _scene(asked: frozenset[str]) -> Callable[[Canvas], None]:
    """What kind of picture it is: the narrowest place that was named."""
    if "room" in asked:
        return paint_room
    if "cave" in asked:
        return paint_cave
    return paint_street if "street" in asked else paint_landscape
