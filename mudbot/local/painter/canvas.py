"""The sheet that everything is painted on, and where on it something stands."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from mudbot.local.painter.noise import Array, field, tile
from mudbot.local.painter.palette import RGB, choose
from mudbot.local.painter.pen import Pen

DESIGN = 1024
"""Shapes are designed for a sheet whose shorter side is this long; ``Canvas.unit`` scales them to the real one."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands: its foot in pixels, its height in pixels, and how much ink it gets (distance: 0 to 1)."""

    x: float
    y: float
    size: float
    ink: float = 1.0


class Canvas:
    """A sheet of *size* (width, height) pixels.

    Chance comes from named streams of one seed, so asking for one thing more leaves the others where they were, and
    the same seed gives much the same composition at every size of one shape.
    """

    def __init__(self, size: tuple[int, int], seed: int, wishes: frozenset[str]) -> None:
        self.width, self.height = size
        self.seed = seed
        self.wishes = wishes
        self.palette = palette = choose(wishes)
        self.unit = min(size) / DESIGN
        self.drawn: list[str] = []
        self.pixels: Array = np.empty((self.height, self.width, 3), np.float32)
        self.pixels[:] = palette.paper

    def __repr__(self) -> str:
        return f"<Canvas {self.width}x{self.height} seed={self.seed} drawn={self.drawn}>"

    def rng(self, name: str) -> np.random.Generator:
        """The stream of chance called *name*; the same name begins again at its start."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def note(self, name: str) -> None:
        """Record that *name* (a key of ``captions.NAMES``) can be seen in the picture."""
        if name not in self.drawn:
            self.drawn.append(name)

    @cached_property
    def rows(self) -> Array:
        """0 at the top edge to 1 at the bottom, as a column."""
        return np.linspace(0, 1, self.height, dtype=np.float32)[:, None]

    @cached_property
    def grain(self) -> Array:
        """How willingly the paper takes ink, about 0.8 to 1.05 (rows, columns)."""
        cells = (60 * self.height / min(self.height, self.width), 60 * self.width / min(self.height, self.width))
        noise = field(self.rng("grain"), (self.height, self.width), cells, octaves=3)
        return np.asarray(np.clip(0.94 + noise * np.float32(0.07), 0.72, 1.05), np.float32)

    @cached_property
    def rock(self) -> Array:
        """A seamless square of rock texture, mean 0 and deviation 1."""
        return tile(self.rng("rock"), max(64, round(DESIGN * self.unit)), cells=10, octaves=6, rough=0.62)

    def wash(self, opacity: Array, tint: RGB | Array, *, top: int = 0, left: int = 0) -> None:
        """Cover with *tint* by *opacity* (0 to 1; rows, columns), its corner at *left*, *top* (within the sheet)."""
        region = self.pixels[top : top + opacity.shape[0], left : left + opacity.shape[1]]
        region += (np.asarray(tint, np.float32) - region) * opacity[..., None]

    @contextmanager
    def pen(self, box: tuple[float, float, float, float], ink: float = 1.0) -> Iterator[Pen]:
        """A pen for *box* (left, top, right, bottom); in the end its work lands on the sheet, *ink* times as strong.

        A box outside of the sheet gives a pen that draws nothing.
        """
        left, top = max(0, int(box[0])), max(0, int(box[1]))
        right, bottom = min(self.width, int(box[2]) + 1), min(self.height, int(box[3]) + 1)
        if right <= left or bottom <= top:
            yield Silent()
            return
        pen = Pen((left, top, right, bottom), 2 if self.unit > 0.6 else 3)
        yield pen
        colours, opacity = pen.pixels()
        grain = self.grain[top:bottom, left:right]
        self.wash(np.clip(opacity * grain * np.float32(ink), 0, 1), colours, top=top, left=left)

    def light(self, x: float, y: float, radius: float, tint: RGB, strength: float) -> None:
        """A soft glow of *radius* pixels around a point, *strength* 0 to 1."""
        reach = radius * 5
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        right, bottom = min(self.width, int(x + reach) + 1), min(self.height, int(y + reach) + 1)
        if right <= left or bottom <= top or strength <= 0:
            return
        dy = np.arange(top, bottom, dtype=np.float32)[:, None] - y
        dx = np.arange(left, right, dtype=np.float32)[None, :] - x
        distance = np.sqrt(dx * dx + dy * dy)
        fall = np.exp(-distance / radius) * np.clip(1 - distance / reach, 0, 1)
        self.wash(np.asarray(fall * strength, np.float32), tint, top=top, left=left)

    def image(self) -> Image.Image:
        """The sheet as a picture (RGB)."""
        return Image.fromarray(np.clip(self.pixels, 0, 255).astype(np.uint8))


class Silent(Pen):
    """A pen beyond the edge of the sheet: it draws on one pixel that nobody looks at."""

    def __init__(self) -> None:
        super().__init__((0, 0, 1, 1), 1)
