"""What stands and hangs in a room."""

from __future__ import annotations

import math

from mudbot.local.painter import buildings
from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import RGB, colour, mix
from mudbot.local.painter.pen import Pen, Point, curve

_WOOD: RGB = (104, 70, 46)
_DARK: RGB = (40, 28, 24)


def _dimmed(canvas: Canvas, tint: RGB) -> RGB:
    """*tint* by day, or by the light of lanterns at night."""
    return mix(tint, _DARK, 0.22) if canvas.palette.lit == 1.0 else tint


def table(canvas: Canvas, spot: Spot) -> None:
    """A square table with bowls, and a bench before it; *spot.size* is its height."""
    s, x, y = spot.size, spot.x, spot.y
    top, front = _dimmed(canvas, mix(_WOOD, (196, 150, 104), 0.45)), _dimmed(canvas, _WOOD)
    with canvas.pen((x - s * 1.6, y - s * 1.6, x + s * 1.6, y + s * 0.5)) as pen:
        pen.dot((x, y + s * 0.02), s * 1.25, colour(_DARK, 0.4), flat=0.2)
        for side in (-1, 1):
            pen.stroke(
                [(x + side * s * 0.66, y - s * 0.96), (x + side * s * 0.68, y - s * 0.2)],
                (s * 0.08, s * 0.08),
                colour(_DARK, 0.98),
            )
            pen.stroke(
                [(x + side * s * 0.94, y - s * 0.74), (x + side * s * 0.96, y + s * 0.06)],
                (s * 0.11, s * 0.11),
                colour(front, 0.98),
            )
        pen.polygon(
            [
                (x - s * 0.78, y - s * 1.08),
                (x + s * 0.78, y - s * 1.08),
                (x + s * 1.1, y - s * 0.74),
                (x - s * 1.1, y - s * 0.74),
            ],
            colour(top, 0.99),
        )
        pen.rectangle((x - s * 1.1, y - s * 0.74), (x + s * 1.1, y - s * 0.62), colour(front, 0.99))
        pen.line([(x - s * 1.1, y - s * 0.74), (x + s * 1.1, y - s * 0.74)], s * 0.02, colour(_DARK, 0.8))
        _bowls(pen, (x, y - s * 0.9), s)
        pen.dot((x, y + s * 0.26), s * 0.9, colour(_DARK, 0.35), flat=0.12)
        for side in (-1, 1):
            pen.stroke(
                [(x + side * s * 0.62, y - s * 0.12), (x + side * s * 0.66, y + s * 0.28)],
                (s * 0.09, s * 0.08),
                colour(front, 0.98),
            )
        pen.polygon(
            [
                (x - s * 0.8, y - s * 0.26),
                (x + s * 0.8, y - s * 0.26),
                (x + s * 0.88, y - s * 0.12),
                (x - s * 0.88, y - s * 0.12),
            ],
            colour(top, 0.99),
        )
        pen.rectangle((x - s * 0.88, y - s * 0.12), (x + s * 0.88, y - s * 0.05), colour(front, 0.99))


def _bowls(pen: Pen, centre: Point, size: float) -> None:
    """A wine jug and three bowls."""
    x, y = centre
    for off in (-0.5, 0.28, 0.56):
        bowl = curve(
            (x + (off - 0.11) * size, y - size * 0.06),
            (x + off * size, y + size * 0.12),
            (x + (off + 0.11) * size, y - size * 0.06),
            8,
        )
        pen.polygon(bowl, colour((228, 220, 204), 0.98))
        pen.dot((x + off * size, y - size * 0.06), size * 0.11, colour((150, 60, 40), 0.95), flat=0.3)
    pen.dot((x - size * 0.1, y - size * 0.08), size * 0.13, colour((84, 66, 58), 0.99), flat=1.05)
    pen.rectangle((x - size * 0.15, y - size * 0.3), (x - size * 0.05, y - size * 0.14), colour((84, 66, 58), 0.99))
    pen.dot((x - size * 0.1, y - size * 0.3), size * 0.075, colour((160, 52, 40), 0.98), flat=0.6)


def jars(canvas: Canvas, spot: Spot, count: int) -> None:
    """*count* bellied jars in a row around *spot*, sealed with red cloth, one more row on top if they are many."""
    step = spot.size * 0.92
    first = spot.x - step * (count - 1) / 2
    places = [(first + i * step, spot.y, spot.size) for i in range(count)]
    if count > 3:
        places = [(first + (i + 0.5) * step, spot.y - spot.size * 0.86, spot.size * 0.86) for i in (0, 2)] + places
    for x, y, size in places:
        _jar(canvas, Spot(x, y, size))
    canvas.note("jars")


def _jar(canvas: Canvas, spot: Spot) -> None:
    s, x, y = spot.size, spot.x, spot.y
    clay = _dimmed(canvas, (112, 78, 58))
    with canvas.pen((x - s * 0.7, y - s * 1.2, x + s * 0.7, y + s * 0.15)) as pen:
        pen.dot((x, y), s * 0.42, colour(_DARK, 0.4), flat=0.2)
        right = curve((x + s * 0.24, y), (x + s * 0.72, y - s * 0.5), (x + s * 0.2, y - s * 0.82), 12)
        shape = [*right, *[(2 * x - a, b) for a, b in reversed(right)]]
        pen.polygon(shape, colour(clay, 0.99))
        shine = [(x - (a - x) * 0.62, b) for a, b in right[2:9]]
        pen.stroke(shine, (s * 0.05, s * 0.03), colour(mix(clay, (240, 220, 190), 0.45), 0.8))
        pen.stroke(right[1:-1], (s * 0.07, s * 0.04), colour(mix(clay, _DARK, 0.6), 0.8))
        pen.polygon(
            [
                (x - s * 0.24, y - s * 0.8),
                (x + s * 0.24, y - s * 0.8),
                (x + s * 0.16, y - s * 0.98),
                (x - s * 0.16, y - s * 0.98),
            ],
            colour((176, 48, 38), 0.98),
        )
        pen.line([(x - s * 0.2, y - s * 0.82), (x + s * 0.2, y - s * 0.82)], s * 0.04, colour(_DARK, 0.8))
        label = [(x, y - s * 0.66), (x + s * 0.2, y - s * 0.46), (x, y - s * 0.26), (x - s * 0.2, y - s * 0.46)]
        pen.polygon(label, colour((190, 58, 44), 0.95))
        for off in (-0.06, 0.0, 0.06):
            pen.line(
                [(x - s * 0.08, y - s * (0.46 + off)), (x + s * 0.08, y - s * (0.46 + off))],
                s * 0.025,
                colour((30, 22, 20), 0.9),
            )


def stove(canvas: Canvas, spot: Spot) -> None:
    """A brick stove with a fire in its mouth and a steaming pot on it."""
    s, x, y = spot.size, spot.x, spot.y
    brick = _dimmed(canvas, (158, 124, 100))
    with canvas.pen((x - s * 0.8, y - s * 1.3, x + s * 0.8, y + s * 0.15)) as pen:
        pen.dot((x, y), s * 0.66, colour(_DARK, 0.45), flat=0.14)
        pen.polygon(
            [(x - s * 0.56, y), (x - s * 0.52, y - s * 0.7), (x + s * 0.52, y - s * 0.7), (x + s * 0.56, y)],
            colour(brick, 0.99),
        )
        for row in range(6):
            level = y - s * 0.7 * row / 6
            pen.line([(x - s * 0.55, level), (x + s * 0.55, level)], s * 0.012, colour(_DARK, 0.45))
            for i in range(6):
                joint = x - s * 0.5 + s * 0.2 * (i + (row % 2) / 2)
                pen.line([(joint, level), (joint, level - s * 0.115)], s * 0.01, colour(_DARK, 0.4))
        pen.rectangle(
            (x - s * 0.6, y - s * 0.78), (x + s * 0.6, y - s * 0.68), colour(mix(brick, (240, 226, 200), 0.25), 0.99)
        )
        mouth = [
            (x + s * 0.22 * math.cos(a), y - s * 0.2 - s * 0.24 * math.sin(a))
            for a in (math.pi * i / 12 for i in range(13))
        ]
        pen.polygon([(x + s * 0.22, y - s * 0.04), *mouth, (x - s * 0.22, y - s * 0.04)], colour((34, 16, 12), 0.99))
        for tint, wide, high in (
            ((214, 72, 30), 0.17, 0.3),
            ((246, 150, 54), 0.12, 0.22),
            ((255, 226, 140), 0.06, 0.12),
        ):
            flame = [
                *curve((x - s * wide, y - s * 0.05), (x - s * wide, y - s * high * 0.7), (x, y - s * (0.05 + high)), 7),
                *curve((x, y - s * (0.05 + high)), (x + s * wide, y - s * high * 0.7), (x + s * wide, y - s * 0.05), 7),
            ]
            pen.polygon(flame, colour(tint, 0.96))
        pot = curve((x - s * 0.3, y - s * 0.96), (x, y - s * 0.56), (x + s * 0.3, y - s * 0.96), 12)
        pen.polygon(pot, colour((44, 40, 42), 0.99))
        pen.dot((x, y - s * 0.96), s * 0.3, colour((92, 84, 80), 0.99), flat=0.2)
    canvas.light(x, y - s * 0.18, s * 0.3, canvas.palette.light, 0.75)
    for i in range(4):
        canvas.light(
            x + (-1) ** i * s * 0.06, y - s * (1.08 + 0.16 * i), s * (0.07 + 0.03 * i), (240, 232, 220), 0.4 - 0.07 * i
        )
    canvas.note("stove")


def scroll(canvas: Canvas, spot: Spot, wall: RGB) -> None:
    """A hanging scroll: a branch of blossom in three strokes on pale silk; *wall* is what it hangs against."""
    s, x, y = spot.size, spot.x, spot.y
    rng = canvas.rng("scroll")
    silk = mix((244, 234, 212), wall, 0.2)
    with canvas.pen((x - s * 0.3, y - s * 1.08, x + s * 0.3, y + s * 0.06)) as pen:
        pen.line(
            [(x - s * 0.16, y - s * 0.97), (x, y - s * 1.06), (x + s * 0.16, y - s * 0.97)],
            s * 0.008,
            colour(_DARK, 0.8),
        )
        pen.rectangle((x - s * 0.2, y - s * 0.97), (x + s * 0.2, y), colour(mix(silk, (120, 100, 70), 0.35), 0.98))
        pen.rectangle((x - s * 0.165, y - s * 0.85), (x + s * 0.165, y - s * 0.12), colour(silk, 0.98))
        for level in (0.97, 0.0):
            pen.stroke(
                [(x - s * 0.23, y - s * level), (x + s * 0.23, y - s * level)],
                (s * 0.028, s * 0.028),
                colour(_DARK, 0.98),
            )
        branch = curve((x - s * 0.15, y - s * 0.18), (x + s * 0.14, y - s * 0.4), (x - s * 0.04, y - s * 0.76), 12)
        pen.stroke(branch, (s * 0.022, s * 0.006), colour(_DARK, 0.9))
        pen.stroke(
            curve(branch[5], (x + s * 0.08, y - s * 0.5), (x + s * 0.13, y - s * 0.64), 8),
            (s * 0.012, s * 0.004),
            colour(_DARK, 0.85),
        )
        for _ in range(22):
            px, py = branch[int(rng.integers(3, len(branch)))]
            place = (px + rng.normal(0, 0.028) * s, py + rng.normal(0, 0.022) * s)
            pen.dot(place, s * rng.uniform(0.008, 0.014), colour((198, 70, 66), 0.9))
        pen.rectangle((x + s * 0.1, y - s * 0.2), (x + s * 0.135, y - s * 0.15), colour((176, 44, 36), 0.95))
    canvas.note("scroll")


def hanging_lantern(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A lantern on a cord from above, its light on everything around."""
    with canvas.pen((x - 4, 0, x + 4, y)) as pen:
        pen.line([(x, 0), (x, y - size)], max(1.0, 2 * canvas.unit), colour(_DARK, 0.9))
    canvas.light(x, y - size * 0.5, size * 2.2, canvas.palette.light, 0.22 + 0.3 * canvas.palette.lit)
    buildings.lantern(canvas, Spot(x, y, size))
    canvas.note("lantern")
