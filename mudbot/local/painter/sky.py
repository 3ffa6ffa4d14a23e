"""Paper and sky: the wash behind everything, sun, moon, stars, clouds."""

from __future__ import annotations

import numpy as np

from mudbot.local.painter.canvas import Canvas
from mudbot.local.painter.noise import Array, field, smoothstep
from mudbot.local.painter.palette import RGB, colour, mix


def paint_sky(canvas: Canvas, horizon: float, skyline: Array) -> None:
    """The sky down to *horizon* (pixels from the top), with what is in it.

    *skyline* is the y of the highest thing in front of the sky for every column: sun and moon keep clear of it.
    """
    palette = canvas.palette
    wishes = canvas.wishes
    height = horizon / canvas.height
    rise = np.clip(canvas.rows / max(height, 0.1), 0, 1)
    wide = np.ones((1, canvas.width), np.float32)
    canvas.wash(np.asarray((1 - rise) ** 1.3 * 0.8, np.float32) * wide, palette.sky)
    glow = np.exp(-(((rise - 0.8) / 0.36) ** 2)) * palette.glowing * 0.8
    canvas.wash(np.asarray(glow, np.float32) * wide, palette.glow)
    _mottle(canvas)
    for name, shown in (("blood", "red sky"), ("night", "night"), ("dusk", "dusk"), ("dawn", "dawn")):
        if name in wishes:
            canvas.note(shown)
    _disc(canvas, horizon, skyline)
    if "stars" in wishes:
        _stars(canvas, horizon)
    if "clouds" in wishes or "rain" in wishes:
        _clouds(canvas, height, heavy="rain" in wishes)
    if "clouds" in wishes:
        canvas.note("clouds")
    if "lightning" in wishes:
        _lightning(canvas, horizon)


def _mottle(canvas: Canvas) -> None:
    """A wash never dries evenly."""
    stain = field(canvas.rng("stain"), (canvas.height, canvas.width), (4, 5), octaves=4)
    canvas.pixels += stain[..., None] * np.float32(2.6)


def _disc(canvas: Canvas, horizon: float, skyline: Array) -> None:
    """Sun or moon, where the skyline leaves most room for it."""
    wishes = canvas.wishes
    rng = canvas.rng("disc")
    radius = rng.uniform(46, 60) * canvas.unit
    places = rng.uniform(0.2, 0.8, 5) * canvas.width
    room = [float(skyline[int(x - radius) : int(x + radius) + 1].min()) for x in places]
    x, free = float(places[int(np.argmax(room))]), max(room)
    share = rng.uniform(0.2, 0.32)
    night = "moon" in wishes or "night" in wishes
    low = not night and bool(wishes & {"dusk", "dawn"})
    y = horizon * (share + 0.24 if low else share)
    # A low sun may be half down behind a ridge; a moon stands free if it can.
    y = max(radius * 1.25, min(y, free + (0.15 if low else -1.2) * radius))
    if night:
        pale: RGB = (242, 238, 222) if "blood" not in wishes else (206, 74, 54)
        _moon(canvas, (x, y, radius), pale, crescent="crescent" in wishes)
    elif "sun" in wishes or not wishes & {"snow", "clouds", "rain"}:
        canvas.light(x, y, radius * 2.6, mix(canvas.palette.glow, canvas.palette.red, 0.35), 0.5 if low else 0.22)
        canvas.wash(_circle(canvas, x, y, radius) * np.float32(0.86) * canvas.grain, canvas.palette.red)
        canvas.note("sun")


def _moon(canvas: Canvas, place: tuple[float, float, float], pale: RGB, *, crescent: bool) -> None:
    x, y, radius = place
    canvas.light(x, y, radius * 3.2, pale, 0.42)
    canvas.light(x, y, radius * 1.1, pale, 0.35)
    disc = _circle(canvas, x, y, radius)
    if crescent:
        disc = np.clip(disc - _circle(canvas, x - radius * 0.5, y - radius * 0.22, radius * 0.96), 0, 1)
    canvas.wash(disc * np.float32(0.96), pale)
    seas = field(canvas.rng("moon"), (canvas.height, canvas.width), (16, 16), octaves=2)
    canvas.wash(disc * np.clip(seas * np.float32(0.1), 0, 0.2), canvas.palette.mist)
    canvas.note("crescent moon" if crescent else "moon")


def _circle(canvas: Canvas, x: float, y: float, radius: float) -> Array:
    rows = np.arange(canvas.height, dtype=np.float32)[:, None] - np.float32(y)
    columns = np.arange(canvas.width, dtype=np.float32)[None, :] - np.float32(x)
    return np.asarray(np.clip(radius - np.sqrt(rows * rows + columns * columns) + 0.5, 0, 1), np.float32)


def _stars(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng("stars")
    unit = canvas.unit
    with canvas.pen((0, 0, canvas.width, horizon)) as pen:
        for _ in range(int(130 * canvas.width / canvas.height) + 60):
            place = (rng.uniform(0, canvas.width), rng.uniform(0, horizon * 0.8))
            big = rng.random() ** 5
            pen.dot(place, (0.7 + 1.7 * big) * unit, colour((236, 236, 226), rng.uniform(0.35, 0.95)))
    canvas.note("stars")


def _clouds(canvas: Canvas, height: float, *, heavy: bool) -> None:
    """Long drifting banks, darker below where it rains."""
    bank = field(canvas.rng("clouds"), (canvas.height, canvas.width), (7, 2.4), octaves=5)
    within = 1 - smoothstep(height * 0.45, height * 0.95, canvas.rows)
    palette = canvas.palette
    if heavy:
        canvas.wash(smoothstep(-0.3, 1.6, bank) * within * np.float32(0.6), mix(palette.sky, palette.ink, 0.25))
    pale = mix(palette.mist, (255, 255, 255), 0.25 if palette.lit < 1 else 0.06)
    canvas.wash(smoothstep(0.25, 1.5, bank) * within * np.float32(0.35 if heavy else 0.8), pale)
    shade = np.roll(bank, -round(16 * canvas.unit), axis=0)
    edge = smoothstep(0.2, 0.9, shade) * (1 - smoothstep(-0.1, 0.6, bank))
    canvas.wash(edge * within * np.float32(0.3), mix(palette.sky, palette.ink, 0.35))


def _lightning(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng("lightning")
    unit = canvas.unit
    x, y = canvas.width * rng.uniform(0.3, 0.7), 0.0
    points = [(x, y)]
    while y < horizon * 0.8:
        x, y = x + rng.uniform(-38, 38) * unit, y + rng.uniform(16, 40) * unit
        points.append((x, y))
    canvas.light(points[len(points) // 2][0], horizon * 0.4, 150 * unit, (226, 230, 240), 0.45)
    flash = colour((250, 250, 255), 0.95)
    with canvas.pen((0, 0, canvas.width, horizon)) as pen:
        pen.stroke(points, (5.5 * unit, 1.5 * unit), flash)
        for start in points[2:-2:3]:
            side = float(rng.choice([-1, 1]))
            steps = [(start[0] + side * i * 20 * unit, start[1] + i * rng.uniform(14, 26) * unit) for i in range(4)]
            pen.stroke(steps, (2.4 * unit, 0.8 * unit), flash)
    canvas.note("lightning")
