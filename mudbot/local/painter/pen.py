"""The brush: strokes and shapes on a transparent patch, drawn large and reduced, so that edges are soft."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from mudbot.local.painter.noise import Array

Point = tuple[float, float]
Box = tuple[int, int, int, int]
Colour = tuple[int, int, int, int]
"""Red, green, blue, opacity; each 0 to 255."""


class Pen:
    """Draws within *box* (left, top, right, bottom, in canvas pixels); all coordinates are canvas pixels."""

    def __init__(self, box: Box, scale: int) -> None:
        self.box = box
        self.scale = scale
        size = ((box[2] - box[0]) * scale, (box[3] - box[1]) * scale)
        self._image = Image.new("RGBA", size, (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._image)

    def __repr__(self) -> str:
        return f"<Pen box={self.box} scale={self.scale}>"

    def stroke(self, points: Sequence[Point], widths: tuple[float, float], colour: Colour) -> None:
        """A brush stroke through *points* whose width goes from the first to the second of *widths* (pixels)."""
        if len(points) < 2:
            return
        last = len(points) - 1
        left: list[Point] = []
        right: list[Point] = []
        for i, (x, y) in enumerate(points):
            before, after = points[max(0, i - 1)], points[min(last, i + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            half = (widths[0] + (widths[1] - widths[0]) * i / last) / 2
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
        self.polygon([*left, *reversed(right)], colour)
        if widths[0] * self.scale > 3:
            self.dot(points[0], widths[0] / 2, colour)
        if widths[1] * self.scale > 3:
            self.dot(points[-1], widths[1] / 2, colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line of even *width* in pixels; never thinner than one pixel of the enlarged patch."""
        self._draw.line(self._places(points), fill=colour, width=max(1, round(width * self.scale)), joint="curve")

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled shape."""
        self._draw.polygon(self._places(points), fill=colour)

    def rectangle(self, corner: Point, opposite: Point, colour: Colour) -> None:
        """A filled upright rectangle."""
        (ax, ay), (bx, by) = corner, opposite
        self.polygon([(ax, ay), (bx, ay), (bx, by), (ax, by)], colour)

    def dot(self, centre: Point, radius: float, colour: Colour, *, flat: float = 1.0) -> None:
        """A filled ellipse, *flat* times as high as it is wide."""
        x, y = centre
        (ax, ay), (bx, by) = self._places([(x - radius, y - radius * flat), (x + radius, y + radius * flat)])
        self._draw.ellipse((ax, ay, bx, by), fill=colour)

    def pixels(self) -> tuple[Array, Array]:
        """What was drawn, at the canvas's size: colours (rows, columns, 3) from 0 to 255, and opacity from 0 to 1."""
        small = self._image.reduce(self.scale) if self.scale > 1 else self._image
        values = np.asarray(small, np.float32)
        return values[..., :3], values[..., 3] / np.float32(255)

    def _places(self, points: Iterable[Point]) -> list[Point]:
        left, top, scale = self.box[0], self.box[1], self.scale
        return [((x - left) * scale, (y - top) * scale) for x, y in points]


def curve(start: Point, bend: Point, end: Point, steps: int = 12) -> list[Point]:
    """Points along the curve that leaves *start* towards *bend* and arrives at *end* from it."""
    points = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]))
    return points
