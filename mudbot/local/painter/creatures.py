"""What lives and moves: cranes, flocks, people, camels, boats."""

from __future__ import annotations

import math

import numpy as np

from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import colour, mix
from mudbot.local.painter.pen import Pen, Point, curve

Rng = np.random.Generator


def cranes(canvas: Canvas, horizon: float) -> None:
    """Three to five cranes in the upper sky, white with black wing tips and a red crown."""
    rng = canvas.rng("cranes")
    x, y = canvas.width * rng.uniform(0.34, 0.56), horizon * rng.uniform(0.2, 0.34)
    facing = float(rng.choice([-1, 1]))
    for i in range(int(rng.integers(3, 6))):
        size = rng.uniform(64, 88) * canvas.unit * (1 - 0.1 * i)
        place = (x - facing * i * 74 * canvas.unit, y + rng.uniform(-46, 46) * canvas.unit)
        _crane(canvas, Spot(*place, size), facing, rng)
    canvas.note("cranes")


def _crane(canvas: Canvas, spot: Spot, facing: float, rng: Rng) -> None:
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    white = colour(mix(palette.plaster, (255, 255, 255), 0.75), 0.98)
    dark = palette.tone(0.92)
    beat = rng.uniform(0.55, 0.95)

    def at(forward: float, up: float) -> Point:
        return x + facing * forward * s, y - up * s

    with canvas.pen((x - s * 1.1, y - s * 1.1, x + s * 1.1, y + s * 0.9)) as pen:
        pen.stroke([at(-0.25, 0), at(-0.62, -0.05), at(-0.86, -0.03)], (s * 0.035, s * 0.015), dark)
        for lift, reach in ((beat, -0.1), (beat * 0.62, -0.42)):
            tip = at(reach, lift)
            feathers = [at(reach + 0.02, lift), at(-0.34, lift * 0.42), at(-0.3, 0.0), at(-0.05, lift * 0.3)]
            wing = [at(0.18, 0.03), *curve(at(0.18, 0.03), at(0.16, lift * 0.75), tip, 7), at(-0.28, 0.0)]
            pen.polygon(wing, white)
            pen.polygon(feathers, dark)
            pen.line(wing[1:-1], s * 0.014, palette.tone(0.6))
        body = [at(0.26, 0.02), at(0.1, 0.08), at(-0.16, 0.06), at(-0.36, 0.0), at(-0.14, -0.07), at(0.12, -0.07)]
        pen.polygon(body, white)
        pen.line([*body, body[0]], s * 0.012, palette.tone(0.5))
        pen.stroke(curve(at(0.2, 0), at(0.42, -0.06), at(0.64, 0.08), 8), (s * 0.06, s * 0.035), dark)
        pen.stroke([at(0.62, 0.075), at(0.86, 0.1)], (s * 0.045, s * 0.008), palette.tone(0.8))
        pen.dot(at(0.655, 0.105), s * 0.032, colour(palette.red, 0.98))


def flock(canvas: Canvas, horizon: float) -> None:
    """A loose line of distant birds."""
    rng = canvas.rng("flock")
    x, y = canvas.width * rng.uniform(0.25, 0.75), horizon * rng.uniform(0.16, 0.4)
    unit = canvas.unit
    for i in range(int(rng.integers(5, 10))):
        arm = 1 if i % 2 else -1
        bx = x + arm * (i + 1) * 15 * unit + rng.uniform(-6, 6) * unit
        by = y + (i + 1) * 6 * unit + rng.uniform(-5, 5) * unit
        s = rng.uniform(11, 17) * unit
        with canvas.pen((bx - s * 2, by - s * 1.5, bx + s * 2, by + s * 1.5)) as pen:
            for side in (-1, 1):
                wing = curve((bx, by), (bx + side * s * 0.5, by - s * 0.75), (bx + side * s * 1.35, by - s * 0.12), 8)
                pen.stroke(wing, (s * 0.2, s * 0.05), canvas.palette.tone(0.85))
    canvas.note("birds")


def person(canvas: Canvas, spot: Spot, *, staff: bool = False) -> None:
    """Somebody in a long robe under a wide straw hat, *spot.size* high."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    with canvas.pen((x - s * 0.5, y - s * 1.1, x + s * 0.5, y + s * 0.08), spot.ink) as pen:
        robe = [
            (x - s * 0.1, y - s * 0.76),
            (x + s * 0.1, y - s * 0.76),
            (x + s * 0.15, y - s * 0.36),
            (x + s * 0.22, y),
            (x - s * 0.2, y),
            (x - s * 0.13, y - s * 0.36),
        ]
        pen.polygon(robe, colour(mix(palette.ink, palette.paper, 0.12), 0.96))
        pen.stroke(
            curve((x - s * 0.08, y - s * 0.7), (x - s * 0.24, y - s * 0.5), (x - s * 0.14, y - s * 0.36), 6),
            (s * 0.1, s * 0.07),
            palette.tone(0.95),
        )
        pen.line(
            [(x - s * 0.13, y - s * 0.4), (x + s * 0.14, y - s * 0.4)],
            s * 0.03,
            colour(mix(palette.red, palette.ink, 0.3), 0.95),
        )
        pen.line([(x + s * 0.01, y - s * 0.36), (x - s * 0.03, y - s * 0.02)], s * 0.016, colour(palette.mist, 0.5))
        pen.dot((x, y - s * 0.82), s * 0.075, colour(mix(palette.plaster, (196, 150, 112), 0.5), 0.97))
        hat = [(x - s * 0.23, y - s * 0.84), (x, y - s * 1.04), (x + s * 0.23, y - s * 0.84), (x, y - s * 0.87)]
        pen.polygon(hat, colour(mix(palette.ink, (150, 120, 76), 0.45), 0.98))
        if staff:
            pen.stroke(
                [(x + s * 0.25, y - s * 1.02), (x + s * 0.29, y + s * 0.02)], (s * 0.026, s * 0.02), palette.tone(0.92)
            )


def boat(canvas: Canvas, spot: Spot) -> None:
    """A covered sampan with a boatman at his pole; *spot.size* is half its length, its waterline is at the spot."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    with canvas.pen((x - s * 1.2, y - s * 1.05, x + s * 1.2, y + s * 0.6), spot.ink) as pen:
        for i in range(6):
            level = y + s * (0.13 + 0.055 * i)
            half = s * (0.86 - 0.1 * i)
            pen.stroke(
                [(x - half, level), (x + half * 0.9, level)], (s * 0.022, s * 0.012), palette.tone(0.42 - 0.06 * i)
            )
        deck = curve((x - s, y - s * 0.17), (x, y + s * 0.06), (x + s, y - s * 0.2), 12)
        keel = curve((x + s, y - s * 0.2), (x + s * 0.55, y + s * 0.15), (x, y + s * 0.13), 8)[1:]
        stern = curve((x, y + s * 0.13), (x - s * 0.6, y + s * 0.14), (x - s, y - s * 0.17), 8)[1:]
        pen.polygon([*deck, *keel, *stern], palette.tone(0.96))
        canopy = curve((x - s * 0.5, y - s * 0.05), (x - s * 0.16, y - s * 0.62), (x + s * 0.2, y - s * 0.05), 12)
        pen.polygon(canopy, colour(mix(palette.ink, (120, 98, 66), 0.45), 0.98))
        for i in range(1, 5):
            rib = x - s * 0.5 + s * 0.14 * i
            pen.line([(rib, y - s * 0.06), (rib + s * 0.03, y - s * 0.27)], s * 0.014, palette.tone(0.8))
        pen.stroke(
            [(x + s * 0.4, y - s * 0.86), (x + s * 0.78, y + s * 0.34)], (s * 0.02, s * 0.026), palette.tone(0.9)
        )
    person(canvas, Spot(x + s * 0.52, y - s * 0.04, s * 0.72))
    if palette.lit > 0.4:
        canvas.light(x - s * 0.14, y - s * 0.18, s * 0.16, palette.light, 0.9)
        canvas.light(x - s * 0.14, y + s * 0.24, s * 0.14, palette.light, 0.3)
    canvas.note("boat")


def camels(canvas: Canvas, spot: Spot) -> None:
    """A caravan of four walking along a crest, its leader on foot."""
    for i in range(4):
        _camel(canvas, Spot(spot.x + i * spot.size * 1.5, spot.y, spot.size * (1 - 0.04 * i), spot.ink))
    person(canvas, Spot(spot.x - spot.size * 1.1, spot.y, spot.size * 0.8), staff=True)
    canvas.note("camels")


def _camel(canvas: Canvas, spot: Spot) -> None:
    s, x, y = spot.size, spot.x, spot.y
    tone = canvas.palette.tone(0.94)

    def at(forward: float, up: float) -> Point:
        return x - forward * s, y - up * s

    with canvas.pen((x - s, y - s * 1.2, x + s, y + s * 0.1), spot.ink) as pen:
        for foot, top in ((0.3, 0.26), (0.2, 0.3), (-0.26, -0.22), (-0.36, -0.28)):
            pen.stroke([at(top, 0.5), at(foot, 0.24), at(foot - 0.02, 0)], (s * 0.085, s * 0.04), tone)
        back = [
            at(0.36, 0.62),
            at(0.26, 0.72),
            at(0.17, 0.94),
            at(0.06, 0.72),
            at(-0.04, 0.72),
            at(-0.14, 0.92),
            at(-0.26, 0.72),
            at(-0.4, 0.6),
        ]
        pen.polygon([*back, at(-0.36, 0.46), at(0.0, 0.4), at(0.3, 0.46)], tone)
        pen.stroke(curve(at(0.3, 0.58), at(0.56, 0.42), at(0.58, 0.92), 8), (s * 0.14, s * 0.08), tone)
        pen.stroke([at(0.55, 0.93), at(0.74, 0.88)], (s * 0.11, s * 0.06), tone)
        pen.stroke([at(-0.4, 0.58), at(-0.45, 0.34)], (s * 0.03, s * 0.02), tone)
        pen.polygon(
            [at(0.16, 0.74), at(-0.14, 0.74), at(-0.12, 0.48), at(0.14, 0.48)], colour(canvas.palette.red, 0.85)
        )


def graves(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """Leaning stone tablets around *spot*."""
    for i in range(5):
        x = spot.x + (i - 2) * spot.size * 1.15 + rng.uniform(-0.2, 0.2) * spot.size
        size = spot.size * rng.uniform(0.7, 1.1)
        y = spot.y + rng.uniform(-0.1, 0.25) * spot.size
        with canvas.pen((x - size, y - size * 1.3, x + size, y + size * 0.2), spot.ink) as pen:
            _tablet(canvas, pen, (x, y, size), rng.uniform(-0.14, 0.14))
    canvas.note("graves")


def _tablet(canvas: Canvas, pen: Pen, place: tuple[float, float, float], lean: float) -> None:
    x, y, size = place
    palette = canvas.palette
    half = size * 0.26
    arch = [
        (x + lean * size + half * math.cos(a), y - size * 0.8 - half * 0.7 * math.sin(a))
        for a in (math.pi * i / 10 for i in range(11))
    ]
    pen.polygon([(x + half, y), *arch, (x - half, y)], colour(mix(palette.ink, palette.mist, 0.5), 0.98))
    side = [(x + half, y), *arch[:3], (x + half * 0.62 + lean * size, y - size * 0.8), (x + half * 0.66, y)]
    pen.polygon(side, colour(mix(palette.ink, palette.mist, 0.2), 0.98))
    for i in range(4):
        level = size * (0.3 + 0.14 * i)
        shift = lean * level
        pen.line(
            [(x + shift - half * 0.3, y - level), (x + shift + half * 0.15, y - level - size * 0.02)],
            size * 0.03,
            palette.tone(0.8),
        )
    if "snow" in canvas.wishes:
        pen.stroke([arch[2], arch[5], arch[8]], (size * 0.1, size * 0.1), colour(palette.snow, 0.97))


def campfire(canvas: Canvas, spot: Spot) -> None:
    """Crossed logs and tongues of flame."""
    s, x, y = spot.size, spot.x, spot.y
    canvas.light(x, y - s * 0.4, s * 1.5, canvas.palette.light, 0.35 + 0.45 * canvas.palette.lit)
    with canvas.pen((x - s, y - s * 1.3, x + s, y + s * 0.3)) as pen:
        for side in (-1, 1):
            pen.stroke(
                [(x - side * s * 0.55, y + s * 0.12), (x + side * s * 0.4, y - s * 0.1)],
                (s * 0.14, s * 0.12),
                canvas.palette.tone(0.97),
            )
        for shade, wide, high in (
            ((206, 66, 30), 0.4, 1.1),
            ((238, 128, 44), 0.28, 0.8),
            ((255, 214, 120), 0.15, 0.46),
        ):
            for lean, share in ((-0.5, 0.7), (0.0, 1.0), (0.45, 0.62)):
                root, tip = x + lean * s * wide, (x + lean * s * wide * 1.5, y - s * high * share)
                left = curve((root - s * wide * 0.5, y), (root - s * wide * 0.7, y - s * high * share * 0.5), tip, 7)
                right = curve(tip, (root + s * wide * 0.5, y - s * high * share * 0.5), (root + s * wide * 0.5, y), 7)
                pen.polygon([*left, *right], colour(shade, 0.93))
    canvas.note("fire")
