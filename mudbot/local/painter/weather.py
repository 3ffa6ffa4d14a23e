"""What falls and drifts over a finished scene, and the last touches: edges and seal."""

from __future__ import annotations

import numpy as np

from mudbot.local.painter.canvas import Canvas
from mudbot.local.painter.noise import field, smoothstep
from mudbot.local.painter.palette import RGB, colour, mix


def mist(canvas: Canvas, level: float, depth: float, strength: float) -> None:
    """A bank of mist around row *level* (pixels), *depth* pixels high."""
    aspect = canvas.width / canvas.height
    bank = field(
        canvas.rng(f"mist{level / canvas.height:.2f}"), (canvas.height, canvas.width), (7, 2.5 * aspect), octaves=4
    )
    rows = np.arange(canvas.height, dtype=np.float32)[:, None]
    within = np.exp(-(((rows - level) / depth) ** 2))
    canvas.wash(smoothstep(-1.1, 1.3, bank) * np.asarray(within * strength, np.float32), canvas.palette.mist)


def falling(canvas: Canvas) -> None:
    """Rain or snow, if it was asked for."""
    if "rain" in canvas.wishes:
        rain(canvas)
    if "snow" in canvas.wishes:
        snowfall(canvas)


def rain(canvas: Canvas) -> None:
    """Slanting threads over a greyed scene, denser in gusts."""
    rng = canvas.rng("rain")
    unit = canvas.unit
    palette = canvas.palette
    veil = np.full((canvas.height, canvas.width), 0.1, np.float32)
    canvas.wash(veil, mix(palette.mist, palette.sky, 0.4))
    pale: RGB = mix(palette.mist, (255, 255, 255), 0.55 if palette.lit < 1 else 0.3)
    count = int(620 * canvas.width * canvas.height / (1024 * unit) ** 2)
    with canvas.pen((0, 0, canvas.width, canvas.height)) as pen:
        for _ in range(count):
            x, y = rng.uniform(-60 * unit, canvas.width), rng.uniform(-40 * unit, canvas.height)
            near = rng.random() ** 2
            length = (16 + 44 * near) * unit
            tint = colour(pale, 0.22 + 0.4 * near) if rng.random() < 0.7 else palette.tone(0.1 + 0.16 * near)
            pen.line([(x, y), (x + length * 0.24, y + length)], (0.7 + 0.8 * near) * unit, tint)
    canvas.note("rain")


def snowfall(canvas: Canvas) -> None:
    """Flakes: many small and far, few large, near and soft."""
    rng = canvas.rng("snowfall")
    unit = canvas.unit
    area = canvas.width * canvas.height / (1024 * unit) ** 2
    white = mix(canvas.palette.snow, (255, 255, 255), 0.7)
    with canvas.pen((0, 0, canvas.width, canvas.height)) as pen:
        for _ in range(int(720 * area)):
            near = rng.random() ** 4
            place = (rng.uniform(0, canvas.width), rng.uniform(0, canvas.height))
            radius = (0.8 + 2.2 * near + 0.5 * rng.random()) * unit
            pen.dot(place, radius, colour(white, rng.uniform(0.45, 0.9) - 0.15 * near))
    for _ in range(int(26 * area)):
        place = (rng.uniform(0, canvas.width), rng.uniform(0, canvas.height))
        canvas.light(*place, rng.uniform(2.5, 5) * unit, white, 0.8)
    canvas.note("snow")


def finish(canvas: Canvas) -> None:
    """Darken the edges a little and set the seal."""
    rows, columns = canvas.rows - 0.5, np.linspace(-0.5, 0.5, canvas.width, dtype=np.float32)[None, :]
    canvas.pixels *= (1 - 0.34 * (rows * rows + columns * columns) ** 1.2)[..., None]
    _seal(canvas)


def _seal(canvas: Canvas) -> None:
    """A red seal with the characters for mountain and water, cut in strokes, so that no font is needed."""
    unit = canvas.unit
    side = 30 * unit
    left, top = canvas.width - 44 * unit - side, canvas.height - 60 * unit - side * 2
    with canvas.pen((left - 4, top - 4, left + side + 4, top + side * 2 + 4), 0.92) as pen:
        pen.rectangle((left, top), (left + side, top + side * 2), colour((172, 40, 32), 0.95))
        cut, width = colour((242, 230, 210), 0.95), side * 0.1

        def at(x: float, y: float) -> tuple[float, float]:
            return left + side * x, top + side * y

        for strokes in (
            [(0.2, 0.5), (0.2, 0.82), (0.8, 0.82), (0.8, 0.5)],
            [(0.5, 0.22), (0.5, 0.82)],
            [(0.5, 1.16), (0.46, 1.38), (0.54, 1.6), (0.5, 1.82)],
            [(0.3, 1.24), (0.24, 1.42), (0.3, 1.58)],
            [(0.3, 1.66), (0.22, 1.8)],
            [(0.7, 1.24), (0.76, 1.42), (0.7, 1.58)],
            [(0.7, 1.66), (0.78, 1.8)],
        ):
            pen.line([at(*point) for point in strokes], width, cut)
