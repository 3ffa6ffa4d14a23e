"""Roofs, houses, the inn, pagodas, palaces, walls and gates: timber, plaster, tiles with upturned eaves."""

from __future__ import annotations

import math

from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import colour, mix
from mudbot.local.painter.pen import Pen, Point


def roof(canvas: Canvas, pen: Pen, eave: Point, size: tuple[float, float], *, ridge: float = 0.5) -> None:
    """A tiled roof on the eaves' middle point *eave*, *size* wide and high; its ridge is *ridge* times as wide."""
    x, y = eave
    width, height = size
    palette = canvas.palette
    half = width / 2
    right = _slope(half, height, ridge)
    under = [(half * (1 - t), -height * 0.3 * (1 - t) ** 5 + height * 0.1) for t in (i / 8 for i in range(9))]
    outline = [*right, *under]
    shape = [(x + a, y + b) for a, b in outline] + [(x - a, y + b) for a, b in reversed(outline)]
    snowy = "snow" in canvas.wishes
    pen.polygon(shape, colour(mix(palette.ink, palette.mist, 0.16), 0.97))
    line = max(height * 0.05, 0.7 * canvas.unit)
    groove = colour(mix(palette.ink, palette.mist, 0.36), 0.9)
    for i in range(-7, 8):
        top, foot = (x + i / 7.5 * half * ridge, y - height * 0.94), (x + i / 7.5 * half * 0.9, y)
        middle = ((top[0] * 0.62 + foot[0] * 0.38), y - height * 0.28)
        pen.line([top, middle, foot], line * 0.55, groove)
    if snowy:
        # The snow covers the slope and leaves the eaves' dark edge.
        lifted = [(x + a * 0.985, y + b - height * 0.02) for a, b in right]
        lower = [(x + half * 0.9 * t, y - height * (0.08 + 0.2 * abs(t) ** 5)) for t in (1 - i / 8 for i in range(17))]
        pen.polygon([*reversed([(2 * x - a, b) for a, b in lifted]), *lifted, *lower], colour(palette.snow, 0.97))
    else:
        pen.stroke([(x + a, y + b) for a, b in right], (line, line * 1.2), palette.tone(0.98))
        pen.stroke([(x - a, y + b) for a, b in right], (line, line * 1.2), palette.tone(0.98))
        crown = [(x - half * ridge, y - height), (x, y - height * 0.96), (x + half * ridge, y - height)]
        pen.stroke(crown, (line * 2, line * 2), palette.tone(0.98))


def _slope(half: float, height: float, ridge: float) -> list[Point]:
    """The right edge of a roof from the ridge's end to the upturned tip, around (0, 0)."""
    points = [(half * ridge, -height * 1.06), (half * ridge, -height)]
    for i in range(1, 13):
        t = i / 12
        x = half * (ridge + (1 - ridge) * t)
        points.append((x, -height * ((1 - t) ** 1.7 + 0.3 * t**6)))
    return points


def _storey(canvas: Canvas, pen: Pen, foot: Point, size: tuple[float, float], *, posts: int = 5) -> None:
    """Walls between posts with lattice windows; lit from within when it is dark."""
    x, y = foot
    width, height = size
    palette = canvas.palette
    half = width / 2
    wall = mix(palette.plaster, palette.ink, 0.1)
    pen.rectangle((x - half, y - height), (x + half, y), colour(wall, 0.97))
    glow = mix(mix(palette.ink, palette.mist, 0.25), palette.light, palette.lit)
    step = width / (posts - 1)
    beam = max(height * 0.07, 0.9 * canvas.unit)
    for i in range(posts - 1):
        left = x - half + i * step
        door = i == (posts - 1) // 2
        top, bottom = (y - height * 0.82, y) if door else (y - height * 0.74, y - height * 0.3)
        pen.rectangle((left + step * 0.2, top), (left + step * 0.8, bottom), colour(glow, 0.95))
        for bar in (0.4, 0.6):
            pen.line([(left + step * bar, top), (left + step * bar, bottom)], beam * 0.4, palette.tone(0.8))
        if not door:
            pen.line(
                [(left + step * 0.2, (top + bottom) / 2), (left + step * 0.8, (top + bottom) / 2)],
                beam * 0.4,
                palette.tone(0.8),
            )
    for i in range(posts):
        post = x - half + i * step
        pen.line([(post, y - height), (post, y)], beam, palette.tone(0.95))
    pen.line([(x - half, y - height * 0.97), (x + half, y - height * 0.97)], beam, palette.tone(0.95))
    pen.line([(x - half * 1.05, y), (x + half * 1.05, y)], beam * 1.3, palette.tone(0.9))


def house(canvas: Canvas, spot: Spot) -> None:
    """A cottage of one storey, *spot.size* high."""
    s = spot.size
    with canvas.pen((spot.x - s * 1.1, spot.y - s * 1.15, spot.x + s * 1.1, spot.y + s * 0.1), spot.ink) as pen:
        _storey(canvas, pen, (spot.x, spot.y), (s * 1.25, s * 0.5))
        roof(canvas, pen, (spot.x, spot.y - s * 0.47), (s * 1.85, s * 0.52), ridge=0.58)
    canvas.light(spot.x, spot.y - s * 0.25, s * 0.3, canvas.palette.light, 0.42 * canvas.palette.lit * spot.ink)
    canvas.note("houses")


def inn(canvas: Canvas, spot: Spot) -> None:
    """Two storeys, a wine banner on its pole, and red lanterns under the eaves."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    with canvas.pen((x - s * 1.05, y - s * 1.2, x + s * 1.15, y + s * 0.06), spot.ink) as pen:
        _storey(canvas, pen, (x, y), (s * 1.1, s * 0.36), posts=7)
        _storey(canvas, pen, (x, y - s * 0.44), (s * 0.82, s * 0.26), posts=6)
        roof(canvas, pen, (x, y - s * 0.34), (s * 1.5, s * 0.17), ridge=0.66)
        roof(canvas, pen, (x, y - s * 0.68), (s * 1.25, s * 0.32), ridge=0.52)
        pole = x + s * 0.86
        pen.stroke([(pole, y), (pole, y - s * 0.98)], (s * 0.018, s * 0.012), palette.tone(0.95))
        flag = [
            (pole, y - s * 0.94),
            (pole + s * 0.2, y - s * 0.9),
            (pole + s * 0.18, y - s * 0.56),
            (pole + s * 0.1, y - s * 0.62),
            (pole, y - s * 0.58),
        ]
        pen.polygon(flag, colour(mix(palette.red, palette.ink, 0.1), 0.95))
        for i in range(3):
            pen.dot((pole + s * 0.095, y - s * (0.86 - 0.1 * i)), s * 0.02, colour(palette.plaster, 0.9), flat=0.7)
    for place in (-0.66, -0.2, 0.2, 0.66):
        lantern(canvas, Spot(x + s * place, y - s * 0.2, s * 0.105, spot.ink))
    canvas.light(x, y - s * 0.2, s * 0.34, palette.light, 0.45 * palette.lit)
    canvas.note("inn")
    canvas.note("lantern")


def lantern(canvas: Canvas, spot: Spot) -> None:
    """A red paper lantern hanging above *spot*, *spot.size* high with its tassel."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    with canvas.pen((x - s, y - s * 1.5, x + s, y + s * 0.5), min(1.0, spot.ink + 0.2)) as pen:
        pen.line([(x, y - s * 1.5), (x, y - s)], max(0.6 * canvas.unit, s * 0.03), palette.tone(0.9))
        pen.dot((x, y - s * 0.6), s * 0.42, colour(palette.lamp, 0.97), flat=0.86)
        inner = mix(palette.lamp, palette.light, 0.25 + 0.6 * palette.lit)
        pen.dot((x, y - s * 0.58), s * 0.26, colour(inner, 0.97), flat=0.95)
        for side in (-0.2, 0.2):
            pen.line(
                [(x + side * s, y - s * 0.93), (x + side * s * 1.2, y - s * 0.6), (x + side * s, y - s * 0.27)],
                s * 0.025,
                colour(mix(palette.lamp, palette.ink, 0.4), 0.7),
            )
        for level in (0.98, 0.22):
            pen.rectangle(
                (x - s * 0.2, y - s * level - s * 0.03), (x + s * 0.2, y - s * level + s * 0.04), palette.tone(0.95)
            )
        pen.line([(x, y - s * 0.2), (x, y + s * 0.2)], s * 0.06, colour(palette.lamp, 0.9))
    canvas.light(x, y - s * 0.6, s * 0.95, palette.light, min(0.85, 0.12 + 0.75 * palette.lit))


def pagoda(canvas: Canvas, spot: Spot, tiers: int = 6) -> None:
    """A tower of *tiers* roofs, each smaller than the one below, under a ringed spire."""
    s, x = spot.size, spot.x
    palette = canvas.palette
    step = s * 0.8 / tiers
    level = spot.y
    with canvas.pen((x - s * 0.4, spot.y - s * 1.15, x + s * 0.4, spot.y + s * 0.04), spot.ink) as pen:
        pen.rectangle((x - s * 0.2, level - s * 0.025), (x + s * 0.2, level + s * 0.02), palette.tone(0.8))
        for i in range(tiers):
            width = s * 0.27 * (1 - 0.095 * i)
            _storey(canvas, pen, (x, level), (width, step * 0.66), posts=4)
            roof(canvas, pen, (x, level - step * 0.6), (width * 1.85, step * 0.46), ridge=0.42)
            level -= step * (1.0 - 0.012 * i)
        pen.stroke([(x, level + step * 0.1), (x, level - s * 0.17)], (s * 0.014, s * 0.004), palette.tone(0.98))
        for i in range(5):
            pen.dot((x, level - s * (0.02 + 0.022 * i)), s * (0.02 - 0.0026 * i), palette.tone(0.95), flat=0.45)
    if palette.lit > 0.5:
        canvas.light(x, spot.y - s * 0.35, s * 0.2, palette.light, 0.3)
    canvas.note("pagoda")


def palace(canvas: Canvas, spot: Spot) -> None:
    """A hall with a double roof on a white terrace with steps."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    with canvas.pen((x - s * 1.4, y - s * 1.15, x + s * 1.4, y + s * 0.06), spot.ink) as pen:
        for i in range(3):
            half = s * (1.25 - 0.1 * i)
            top = y - s * 0.06 * (i + 1)
            pen.rectangle(
                (x - half, top), (x + half, top + s * 0.06), colour(mix(palette.plaster, palette.ink, 0.06), 0.98)
            )
            pen.line([(x - half, top), (x + half, top)], s * 0.012, palette.tone(0.75))
        steps = [(x - s * 0.16, y), (x - s * 0.1, y - s * 0.18), (x + s * 0.1, y - s * 0.18), (x + s * 0.16, y)]
        pen.polygon(steps, colour(mix(palette.plaster, palette.ink, 0.35), 0.9))
        _storey(canvas, pen, (x, y - s * 0.18), (s * 1.7, s * 0.26), posts=10)
        roof(canvas, pen, (x, y - s * 0.42), (s * 2.25, s * 0.17), ridge=0.72)
        _storey(canvas, pen, (x, y - s * 0.56), (s * 1.3, s * 0.1), posts=8)
        roof(canvas, pen, (x, y - s * 0.64), (s * 1.85, s * 0.34), ridge=0.5)
    canvas.light(x, y - s * 0.3, s * 0.3, palette.light, 0.3 * palette.lit)
    canvas.note("palace")


def stronghold(canvas: Canvas, spot: Spot) -> None:
    """A crenellated wall with a gate tower, two watchtowers, and banners in the wind."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    stone = mix(palette.mist, palette.ink, 0.52)
    with canvas.pen((x - s * 1.75, y - s * 1.5, x + s * 1.8, y + s * 0.1), spot.ink) as pen:
        _wall(canvas, pen, (x, y), (s * 2.9, s * 0.42))
        for side in (-1, 1):
            tower = x + side * s * 1.25
            pen.polygon(
                [
                    (tower - s * 0.2, y),
                    (tower - s * 0.16, y - s * 0.62),
                    (tower + s * 0.16, y - s * 0.62),
                    (tower + s * 0.2, y),
                ],
                colour(stone, 0.98),
            )
            pen.rectangle((tower - s * 0.05, y - s * 0.5), (tower + s * 0.05, y - s * 0.36), palette.tone(0.9))
            _storey(canvas, pen, (tower, y - s * 0.62), (s * 0.3, s * 0.12), posts=4)
            roof(canvas, pen, (tower, y - s * 0.72), (s * 0.56, s * 0.2), ridge=0.3)
            _banner(canvas, pen, (tower, y - s * 0.9), s * 0.36)
        pen.polygon(
            [(x - s * 0.46, y), (x - s * 0.42, y - s * 0.56), (x + s * 0.42, y - s * 0.56), (x + s * 0.46, y)],
            colour(mix(stone, palette.ink, 0.12), 0.99),
        )
        arch = [
            (x + s * 0.16 * math.cos(a), y - s * 0.2 - s * 0.16 * math.sin(a))
            for a in (math.pi * i / 12 for i in range(13))
        ]
        pen.polygon([(x + s * 0.16, y), *arch, (x - s * 0.16, y)], palette.tone(0.97))
        _storey(canvas, pen, (x, y - s * 0.56), (s * 0.7, s * 0.17), posts=6)
        roof(canvas, pen, (x, y - s * 0.71), (s * 1.08, s * 0.28), ridge=0.5)
        _banner(canvas, pen, (x, y - s * 0.98), s * 0.44)
    for torch in (-0.3, 0.3):
        canvas.light(x + torch * s, y - s * 0.2, s * 0.12, palette.light, 0.8 * palette.lit)
    canvas.note("stronghold")


def _wall(canvas: Canvas, pen: Pen, foot: Point, size: tuple[float, float]) -> None:
    """A stone wall with battlements, *size* long and high."""
    x, y = foot
    length, height = size
    palette = canvas.palette
    stone = colour(mix(palette.mist, palette.ink, 0.44), 0.98)
    pen.rectangle((x - length / 2, y - height), (x + length / 2, y), stone)
    teeth = 28
    for i in range(teeth):
        left = x - length / 2 + length * i / teeth
        pen.rectangle((left, y - height * 1.16), (left + length / teeth * 0.56, y - height), stone)
    course = colour(mix(palette.mist, palette.ink, 0.72), 0.7)
    for row in range(1, 5):
        level = y - height * row / 5
        pen.line([(x - length / 2, level), (x + length / 2, level)], max(0.6 * canvas.unit, height * 0.015), course)
        for i in range(teeth):
            joint = x - length / 2 + length * (i + (row % 2) / 2) / teeth
            pen.line([(joint, level), (joint, level + height / 5)], max(0.5 * canvas.unit, height * 0.012), course)


def _banner(canvas: Canvas, pen: Pen, foot: Point, height: float) -> None:
    x, y = foot
    pen.line([(x, y), (x, y - height)], max(0.8 * canvas.unit, height * 0.04), canvas.palette.tone(0.95))
    cloth = [
        (x, y - height),
        (x + height * 0.42, y - height * 0.9),
        (x + height * 0.8, y - height * 0.96),
        (x + height * 0.62, y - height * 0.74),
        (x + height * 0.3, y - height * 0.62),
        (x, y - height * 0.6),
    ]
    pen.polygon(cloth, colour(mix(canvas.palette.red, canvas.palette.ink, 0.12), 0.95))


def rooted(canvas: Canvas, spot: Spot, half: float, name: str) -> None:
    """Bushes and stones along a building's foot, *half* pixels to either side, so that it stands on its ground."""
    rng = canvas.rng(name)
    unit, palette = canvas.unit, canvas.palette
    with canvas.pen(
        (spot.x - half - 30 * unit, spot.y - 40 * unit, spot.x + half + 30 * unit, spot.y + 30 * unit), spot.ink
    ) as pen:
        for _ in range(int(half / unit * 0.5) + 14):
            offset = rng.uniform(-1.05, 1.05)
            if abs(offset) < 0.16:  # the door stays free
                continue
            radius = rng.uniform(3, 8.5) * unit
            place = (spot.x + offset * half, spot.y + rng.uniform(-3, 9) * unit)
            pen.dot(
                place,
                radius,
                colour(mix(palette.ink, palette.mist, rng.uniform(0.05, 0.5)), rng.uniform(0.5, 0.9)),
                flat=0.6,
            )
            if "snow" in canvas.wishes:
                pen.dot((place[0], place[1] - radius * 0.4), radius * 0.8, colour(palette.snow, 0.95), flat=0.4)
