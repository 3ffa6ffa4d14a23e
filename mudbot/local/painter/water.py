"""Water: the still mirror of lakes, the bands of rivers, the waves of the sea; falls, bridges, reeds."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.noise import field, smoothstep
from mudbot.local.painter.palette import colour, mix
from mudbot.local.painter.pen import Pen, Point, curve


def paint_water(canvas: Canvas, kind: str, level: int) -> None:
    """Water from row *level* to the bottom, mirroring what is painted above; *kind* is lake, river or sea."""
    palette = canvas.palette
    rows = canvas.height - level
    if rows <= 0:
        return
    mirror = _mirror(canvas, level, rows)
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    pale = mix(palette.mist, palette.sky, 0.32 if kind != "sea" else 0.55)
    surface = np.asarray(pale, np.float32) + (mirror - np.asarray(pale, np.float32)) * ((0.62 - 0.42 * down)[..., None])
    canvas.pixels[level:] = surface
    haze = np.exp(-down * 16) * np.ones((1, canvas.width), np.float32)
    canvas.wash(np.asarray(haze * 0.75, np.float32), palette.mist, top=level)
    if kind == "sea":
        _waves(canvas, level)
    else:
        _ripples(canvas, level, flowing=kind == "river")
    canvas.note(kind)


def _mirror(canvas: Canvas, level: int, rows: int) -> np.typing.NDArray[np.float32]:
    """What stands above the water, upside down, compressed, and shaken sideways by the ripples."""
    above = np.clip(canvas.pixels[max(0, level - round(rows * 1.35)) : level][::-1], 0, 255).astype(np.uint8)
    image = Image.fromarray(above).resize((canvas.width, rows), Image.Resampling.BILINEAR)
    image = image.filter(ImageFilter.BoxBlur((1.5 * canvas.unit, 7 * canvas.unit)))
    still = np.asarray(image, np.float32)
    shake = field(canvas.rng("shake"), (rows, canvas.width), (34, 3), octaves=2)
    growing = np.linspace(0.2, 1.3, rows, dtype=np.float32)[:, None]
    columns = np.arange(canvas.width)[None, :] + (shake * growing * np.float32(5 * canvas.unit)).astype(np.int32)
    return np.asarray(still[np.arange(rows)[:, None], np.clip(columns, 0, canvas.width - 1)], np.float32)


def _ripples(canvas: Canvas, level: int, *, flowing: bool) -> None:
    """A few dry level strokes, longer and farther apart towards the viewer."""
    rng = canvas.rng("ripples")
    unit = canvas.unit
    dark, light = mix(canvas.palette.ink, canvas.palette.mist, 0.35), mix(canvas.palette.mist, (255, 255, 255), 0.35)
    with canvas.pen((0, level, canvas.width, canvas.height)) as pen:
        for _ in range(int((150 if flowing else 90) * canvas.width / (1024 * unit))):
            near = rng.random() ** 1.5
            y = level + 4 * unit + near * (canvas.height - level)
            x, half = rng.uniform(0, canvas.width), rng.uniform(14, 60) * unit * (0.5 + 1.3 * near)
            lift = rng.uniform(-2.5, 2.5) * unit * (1 + 1.5 * near if flowing else 1)
            points = curve((x - half, y), (x, y + lift), (x + half, y + lift * 0.4), 8)
            shade = (
                colour(dark, rng.uniform(0.12, 0.34)) if rng.random() < 0.6 else colour(light, rng.uniform(0.2, 0.5))
            )
            pen.stroke(points, (rng.uniform(0.8, 2.2) * unit, 0.5 * unit), shade)


def _waves(canvas: Canvas, level: int) -> None:
    """Rows of low crests with foam, growing towards the viewer."""
    rng = canvas.rng("waves")
    unit = canvas.unit
    palette = canvas.palette
    y = level + 8.0 * unit
    foam = mix(palette.snow, palette.mist, 0.25)
    with canvas.pen((0, level, canvas.width, canvas.height)) as pen:
        while y < canvas.height + 20 * unit:
            near = (y - level) / (canvas.height - level)
            length, high = (26 + 120 * near) * unit, (2 + 17 * near) * unit
            x = rng.uniform(-length, 0)
            while x < canvas.width:
                span = length * rng.uniform(0.7, 1.4)
                if rng.random() < 0.72:
                    back = curve((x, y), (x + span * 0.55, y - high * 1.5), (x + span, y), 10)
                    pen.stroke(back, (0.6 * unit, (1 + 2 * near) * unit), palette.tone(0.25 + 0.3 * near))
                    lifted = [(a, b + high * 0.3) for a, b in back[4:9]]
                    pen.stroke(lifted, ((1 + 3 * near) * unit, 0.6 * unit), colour(foam, 0.75))
                x += span
            y += (10 + 34 * near) * unit


def waterfall(canvas: Canvas, x: float, top: float, foot: float) -> None:
    """A white fall from *top* to *foot* (pixels), widening, with spray where it lands."""
    first, last = max(0, int(top)), min(canvas.height, int(foot))
    if last - first < 4:
        return
    rows = np.arange(first, last, dtype=np.float32)[:, None]
    along = (rows - first) / np.float32(last - first)
    columns = np.arange(canvas.width, dtype=np.float32)[None, :]
    middle = x + (np.sin(along * 5) * 5 + along * 8) * canvas.unit
    half = (6 + 9 * smoothstep(0, 0.12, along) + 15 * along) * canvas.unit
    threads = field(
        canvas.rng("fall"), (last - first, canvas.width), (3, 150 * canvas.width / (1024 * canvas.unit)), octaves=2
    )
    edge = np.asarray(np.abs(columns - middle) / half, np.float32)
    body = (1 - smoothstep(0.72, 1.05, edge)) * smoothstep(0, 0.03, along) * np.clip(0.84 + threads * 0.17, 0.3, 1)
    shore = np.exp(-(((edge - 1.12) / 0.2) ** 2)) * 0.5 * (1 - along)
    canvas.wash(np.asarray(shore, np.float32), canvas.palette.ink, top=first)
    white = mix(canvas.palette.snow, (255, 255, 255), 0.5 if canvas.palette.lit < 1 else 0.0)
    canvas.wash(np.asarray(body, np.float32), white, top=first)
    canvas.light(x + 8 * canvas.unit, last - 6 * canvas.unit, 34 * canvas.unit, white, 0.85)
    canvas.note("waterfall")


def bridge(canvas: Canvas, spot: Spot) -> None:
    """An arched stone bridge, *spot.size* high, its feet at the spot's level."""
    s, x, y = spot.size, spot.x, spot.y
    palette = canvas.palette
    half = s * 2.3
    stone = colour(mix(palette.ink, palette.mist, 0.48), 0.99)
    top = [(x + half * t, y - s * (0.98 * (1 - t * t) ** 1.3 + 0.12)) for t in (i / 12 for i in range(-12, 13))]
    snowy = "snow" in canvas.wishes
    with canvas.pen((x - half * 1.4, y - s * 1.6, x + half * 1.4, y + s * 0.5), spot.ink) as pen:
        arch = _arch((x, y), s)
        pen.polygon([*top, (x + half, y), *reversed(arch), (x - half, y)], stone)
        ring = [(a, b - s * 0.03) for a, b in arch]
        pen.stroke(ring, (s * 0.07, s * 0.07), palette.tone(0.85))
        for a, b in ring[::2]:
            pen.line([(a, b), (a + (a - x) * 0.14, b - s * 0.13)], s * 0.02, palette.tone(0.6))
        rail = [(a, b - s * 0.2) for a, b in top]
        for (a, b), (c, d) in zip(top[::2], rail[::2], strict=True):
            pen.line([(a, b), (c, d - s * 0.04)], s * 0.05, palette.tone(0.85))
        pen.stroke(rail, (s * 0.045, s * 0.045), palette.tone(0.9))
        pen.stroke(top, (s * 0.05, s * 0.05), colour(palette.snow, 0.97) if snowy else palette.tone(0.8))
        deck = [(a, y + (y - b) * 0.42) for a, b in top]
        pen.polygon(
            [(x - half, y), *deck, (x + half, y), *[(a, y + (y - b) * 0.42) for a, b in reversed(arch)]],
            palette.tone(0.2),
        )
        for side in (-1, 1):
            _abutment(canvas, pen, (x + side * half, y), s)
    canvas.note("bridge")


def _abutment(canvas: Canvas, pen: Pen, foot: Point, size: float) -> None:
    """A few boulders at a bridge's end."""
    palette = canvas.palette
    for off, wide, high in ((-0.42, 0.34, 0.2), (0.46, 0.3, 0.17), (0.02, 0.48, 0.3)):
        x = foot[0] + off * size
        rock = curve(
            (x - wide * size, foot[1] + size * 0.05),
            (x - wide * size * 0.3, foot[1] - high * size * 2),
            (x + wide * size, foot[1] + size * 0.05),
            10,
        )
        pen.polygon(rock, colour(mix(palette.ink, palette.mist, 0.3), 0.98))
        lit = [(a - wide * size * 0.1, b + size * 0.04) for a, b in rock[2:6]]
        pen.stroke(
            lit,
            (size * 0.07, size * 0.03),
            colour(palette.snow if "snow" in canvas.wishes else mix(palette.ink, palette.mist, 0.6), 0.9),
        )


def _arch(foot: Point, size: float) -> list[Point]:
    x, y = foot
    return [(x - size * math.cos(a), y - size * 0.74 * math.sin(a)) for a in (math.pi * i / 20 for i in range(21))]


def reeds(canvas: Canvas, spot: Spot, spread: float, rng: np.random.Generator) -> None:
    """A stand of reeds with plumes, *spread* pixels to either side of the spot."""
    s = spot.size
    with canvas.pen((spot.x - spread - s, spot.y - s * 1.3, spot.x + spread + s, spot.y + s * 0.2), spot.ink) as pen:
        for _ in range(int(spread / canvas.unit * 0.55) + 12):
            x, size = spot.x + rng.normal(0, 0.5) * spread, s * rng.uniform(0.5, 1.15)
            y, lean = spot.y + rng.uniform(-0.04, 0.1) * s, rng.uniform(-0.08, 0.32) * size
            stem = curve((x, y), (x + lean * 0.2, y - size * 0.6), (x + lean, y - size), 8)
            tone = canvas.palette.tone(rng.uniform(0.45, 0.85))
            pen.stroke(stem, (s * 0.014, s * 0.006), tone)
            leaf = curve(stem[3], (x + lean * 2, y - size * 0.75), (x + lean * 3.2 + s * 0.06, y - size * 0.42), 7)
            pen.stroke(leaf, (s * 0.018, s * 0.004), tone)
            plume = curve(
                stem[-1],
                (stem[-1][0] + s * 0.04, stem[-1][1] - s * 0.08),
                (stem[-1][0] + s * 0.12, stem[-1][1] - s * 0.06),
                6,
            )
            pen.stroke(plume, (s * 0.035, s * 0.01), colour(mix(canvas.palette.mist, (176, 140, 96), 0.55), 0.9))
    canvas.note("reeds")
