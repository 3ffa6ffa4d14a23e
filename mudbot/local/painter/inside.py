"""Rooms and caves: what is under a roof, and the country that is seen from there."""

from __future__ import annotations

import math

import numpy as np

from mudbot.local.painter import creatures, furniture
from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.landscape import paint_landscape
from mudbot.local.painter.noise import Array, field, smoothstep
from mudbot.local.painter.palette import RGB, colour, mix

_WITHIN = frozenset(
    {
        "room",
        "table",
        "jars",
        "stove",
        "furnishing",
        "inn",
        "lantern",
        "fire",
        "street",
        "stalls",
        "cave",
        "figure",
        "smoke",
        "path",
    }
)
"""What belongs inside, or makes no sense beyond a window."""


def _outlook(canvas: Canvas, size: tuple[int, int]) -> Canvas:
    """The country outside on a smaller sheet, from the same wishes and seed."""
    outside = canvas.wishes - _WITHIN
    if not outside - {"night", "moon", "dusk", "dawn"}:
        outside |= {"mountain", "mist"}
    view = Canvas(size, canvas.seed, frozenset(outside))
    paint_landscape(view)
    return view


def _note_outlook(canvas: Canvas, view: Canvas) -> None:
    for name in view.drawn:
        canvas.note(name)


def paint_cave(canvas: Canvas) -> None:
    """Dark rock around an opening through which the country is seen."""
    width, height = round(canvas.width * 0.8), round(canvas.height * 0.72)
    left, top = (canvas.width - width) // 2, round(canvas.height * 0.12)
    view = _outlook(canvas, (width, height))
    canvas.pixels[top : top + height, left : left + width] = view.pixels
    rows = (np.arange(canvas.height, dtype=np.float32)[:, None] - (top + height * 0.5)) / (height * 0.47)
    columns = (np.arange(canvas.width, dtype=np.float32)[None, :] - canvas.width / 2) / (width * 0.46)
    # Stalactites: the upper edge of the opening comes down in spikes.
    rows = rows - _spikes(canvas)[None, :] * np.clip(-rows * 2, 0, 1)
    shape = (np.abs(rows) ** 2.6 + np.abs(columns) ** 2.6) ** (1 / 2.6)
    rough = field(canvas.rng("cave"), (canvas.height, canvas.width), (7, 7), octaves=5)
    edge = shape + rough * np.float32(0.055)
    rock = smoothstep(0.9, 0.935, edge)
    canvas.wash(rock, _cave_rock(canvas, edge))
    canvas.note("cave")
    _note_outlook(canvas, view)
    floor = canvas.height * 0.93
    if "figure" in canvas.wishes:
        creatures.person(canvas, Spot(canvas.width * 0.4, floor - 20 * canvas.unit, 205 * canvas.unit), staff=True)
        canvas.note("figure")
    if canvas.wishes & {"fire", "stove"}:
        creatures.campfire(canvas, Spot(canvas.width * 0.56, floor, 90 * canvas.unit))
    if "lantern" in canvas.wishes:
        furniture.hanging_lantern(canvas, canvas.width * 0.24, canvas.height * 0.3, 90 * canvas.unit)
    if "jars" in canvas.wishes:
        furniture.jars(canvas, Spot(canvas.width * 0.68, floor, 84 * canvas.unit), 3)


def _cave_rock(canvas: Canvas, edge: Array) -> Array:
    """Rock that is lit where it meets the day and black away from it."""
    side = len(canvas.rock)
    texture = canvas.rock[np.arange(canvas.height)[:, None] % side, np.arange(canvas.width)[None, :] % side]
    palette = canvas.palette
    lit = np.exp(-np.clip(edge - 0.92, 0, None) / 0.16) * (0.34 + 0.1 * texture) + 0.04 + 0.02 * texture
    dark, pale = np.asarray((24, 23, 24), np.float32), np.asarray(mix(palette.mist, (120, 110, 100), 0.4), np.float32)
    return np.asarray(dark + (pale - dark) * np.clip(lit, 0, 1)[..., None], np.float32)


def _spikes(canvas: Canvas) -> Array:
    """How far the roof hangs down at each column, as a share of half the opening's height."""
    rng = canvas.rng("stalactites")
    columns = np.arange(canvas.width, dtype=np.float32)
    drop = np.zeros(canvas.width, np.float32)
    for _ in range(16):
        x, half = rng.uniform(0.2, 0.8) * canvas.width, rng.uniform(9, 24) * canvas.unit
        spike = np.clip(1 - np.abs(columns - x) / half, 0, 1) ** 1.4 * rng.uniform(0.06, 0.3)
        drop = np.maximum(drop, spike)
    return np.asarray(drop, np.float32)


def paint_room(canvas: Canvas) -> None:
    """A room with a round window, a hanging scroll, lanterns, and the furniture that was asked for."""
    wall = _walls(canvas)
    _window(canvas)
    wishes, unit = canvas.wishes, canvas.unit
    width, floor = canvas.width, canvas.height * FLOOR
    furniture.scroll(canvas, Spot(width * 0.76, canvas.height * 0.53, 250 * unit), wall)
    if "jars" in wishes:
        furniture.jars(canvas, Spot(width * 0.75, floor + 16 * unit, 92 * unit), 5)
    if wishes & {"stove", "fire"}:
        furniture.stove(canvas, Spot(width * 0.13, floor + 46 * unit, 180 * unit))
    if "table" in wishes or not wishes & {"jars", "stove", "fire"}:
        for x, y, size in ((0.32, 0.775, 84), (0.71, 0.8, 96), (0.5, 0.945, 150)):
            furniture.table(canvas, Spot(width * x, canvas.height * y, size * unit))
        canvas.note("tables")
    if "figure" in wishes:
        creatures.person(canvas, Spot(width * 0.9, canvas.height * 0.9, 250 * unit))
        canvas.note("figure")
    for x, size in ((0.3, 88), (0.7, 88)):
        furniture.hanging_lantern(canvas, width * x, canvas.height * 0.215, size * unit)


FLOOR = 0.66
"""Where the back wall meets the floor, as a share of the height."""


def _walls(canvas: Canvas) -> RGB:
    """Wall, floor, posts and beams; the colour of the wall is returned."""
    palette = canvas.palette
    width, height, unit = canvas.width, canvas.height, canvas.unit
    dim = 0.34 if palette.lit == 1.0 else 0.0
    wall = mix((216, 192, 152), (70, 52, 44), dim + 0.06)
    wood = mix((74, 50, 36), (24, 18, 18), dim)
    boards = mix((150, 112, 76), (42, 30, 26), dim + 0.1)
    canvas.pixels[:] = wall
    stain = field(canvas.rng("wall"), (height, width), (5, 5), octaves=5)
    canvas.pixels += stain[..., None] * np.float32(4)
    floor = height * FLOOR
    with canvas.pen((0, 0, width, height)) as pen:
        pen.rectangle((0, floor), (width, height), colour(boards))
        for i in range(-14, 15):
            pen.line(
                [(width / 2 + i * width * 0.075, floor), (width / 2 + i * width * 0.2, height)],
                1.8 * unit,
                colour(wood, 0.5),
            )
        for x in (0.035, 0.5 + 0.06, 0.965):
            pen.rectangle((width * x - 17 * unit, 0), (width * x + 17 * unit, floor), colour(wood, 0.98))
            pen.line(
                [(width * x - 8 * unit, 0), (width * x - 8 * unit, floor)], 3 * unit, colour(mix(wood, wall, 0.3), 0.7)
            )
        for y, thick in ((0.0, 52), (0.115, 26)):
            pen.rectangle((0, height * y), (width, height * y + thick * unit), colour(wood, 0.98))
        for i in range(9):
            x = width * (i + 0.5) / 9
            pen.rectangle((x - 20 * unit, 0), (x + 20 * unit, 30 * unit), colour(mix(wood, (0, 0, 0), 0.35), 0.98))
        pen.rectangle((0, floor - 12 * unit), (width, floor + 3 * unit), colour(wood, 0.95))
    shade = np.clip((canvas.rows - FLOOR) * 3.2, 0, 1)
    canvas.wash(
        np.asarray((1 - shade) * (canvas.rows > FLOOR) * 0.28, np.float32) * np.ones((1, width), np.float32), wood
    )
    canvas.note("room")
    return wall


def _window(canvas: Canvas) -> None:
    """A moon window in the back wall, its frame, and the country behind it."""
    radius = round(min(canvas.width * 0.2, canvas.height * 0.2))
    x, y = round(canvas.width * 0.33), round(canvas.height * 0.4)
    view = _outlook(canvas, (2 * radius, 2 * radius))
    rows = np.arange(-radius, radius, dtype=np.float32)[:, None] + 0.5
    columns = np.arange(-radius, radius, dtype=np.float32)[None, :] + 0.5
    inside = np.clip(radius - np.sqrt(rows * rows + columns * columns), 0, 1)
    canvas.wash(np.asarray(inside, np.float32), view.pixels, top=y - radius, left=x - radius)
    unit = canvas.unit
    wood = (52, 36, 28)
    ring = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in (math.tau * i / 72 for i in range(73))]
    reach = radius + 20 * unit
    with canvas.pen((x - reach, y - reach, x + reach, y + reach)) as pen:
        pen.stroke(ring, (20 * unit, 20 * unit), colour(wood, 0.98))
        pen.stroke(ring, (6 * unit, 6 * unit), colour(mix(wood, (190, 150, 100), 0.5), 0.9))
    canvas.note("window")
    _note_outlook(canvas, view)
