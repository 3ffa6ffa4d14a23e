"""Ridges in ink: dark along the crest, textured like rock, melting into mist at the foot."""

from __future__ import annotations

import math

import numpy as np

from mudbot.local.painter.canvas import Canvas
from mudbot.local.painter.noise import Array, field, line, smoothstep
from mudbot.local.painter.palette import mix


def crest(canvas: Canvas, name: str, base: float, height: float, *, peaks: int = 2) -> Array:
    """The y (pixels) of a ridge for every column: around *base*, its highest *peaks* about *height* above it."""
    rng = canvas.rng(name)
    aspect = canvas.width / (canvas.unit * 1024)
    noise = line(rng, canvas.width, knots=2.2 * aspect, rough=0.5)
    sharp = rng.random() < 0.7
    top = base - (0.75 - np.abs(noise) * 1.1 if sharp else noise) * height * 0.5
    columns = np.arange(canvas.width, dtype=np.float32)
    for _ in range(max(1, round(peaks * aspect))):
        centre, width = rng.uniform(0, canvas.width), rng.uniform(55, 130) * canvas.unit * max(1.0, height / 260)
        shape = np.exp(-(np.abs((columns - centre) / width) ** 1.25))
        top -= rng.uniform(0.35, 0.95) * height * shape
    jag = line(rng, canvas.width, knots=26 * aspect, octaves=5, rough=0.6)
    return np.asarray(top + jag * height * 0.035, np.float32)


def paint_ridge(canvas: Canvas, top: Array, near: float, *, foot: float, flat: bool = False) -> None:
    """Paint a ridge with its crest at *top*, *near* from 0 (far) to 1; below *foot* (pixels) it has melted away.

    *flat* is for level ground: its texture lies, where that of slopes runs down.
    """
    snowy = "snow" in canvas.wishes
    first = max(0, int(top.min()) - 2)
    rows = np.arange(first, canvas.height, dtype=np.float32)[:, None]
    if not len(rows):
        return
    depth = rows - top[None, :]
    mask = np.clip(depth + 0.5, 0, 1)
    drop = depth / np.float32(canvas.unit)
    texture, relief = _rock(canvas, top, depth, (near, flat))
    span = np.maximum(foot - top, 40 * canvas.unit)[None, :]
    melt = smoothstep(0.3, 0.95, depth / span + texture * np.float32(0.035) + _drift(canvas, near)[first:])
    ink = _snow_ink(drop, texture, relief, near) if snowy else _ink(drop, texture, relief, near)
    ink *= 1 - melt
    palette = canvas.palette
    veil = np.float32(0.86 + 0.14 * near) if palette.lit < 1 else np.float32(1)
    bright = mix(palette.mist, palette.snow, 0.35 + 0.6 * near) if snowy else palette.mist
    body = (
        np.asarray(bright, np.float32)
        + (np.asarray(palette.mist, np.float32) - np.asarray(bright, np.float32)) * melt[..., None]
    )
    grain = canvas.grain[first:]
    dark = mix(palette.ink, palette.mist, 0.32 * (1 - near))
    body += (np.asarray(dark, np.float32) - body) * np.clip(ink * grain, 0, 0.97)[..., None]
    canvas.wash(np.asarray(mask * veil, np.float32), body, top=first)


def _rock(canvas: Canvas, top: Array, depth: Array, kind: tuple[float, bool]) -> tuple[Array, Array]:
    """Texture that runs down the slopes, and its relief lit from the left; both about -1 to 1 around 0."""
    near, flat = kind
    tile = canvas.rock
    side = len(tile)
    rng = canvas.rng(f"rock{near:.3f}")
    wide = max(3, round(34 * canvas.unit))
    kernel = np.ones(wide, np.float32) / wide
    slope = np.gradient(np.convolve(np.pad(top, wide, mode="edge"), kernel, mode="same")[wide:-wide])
    lean = np.clip(slope * 0.55, -0.7, 0.7).astype(np.float32) * np.float32(0 if flat else 1)
    columns = np.arange(len(top), dtype=np.float32)[None, :]
    coarse = np.float32(1.5 - 0.5 * near)
    across = (columns - lean[None, :] * np.maximum(depth, 0)) * coarse * np.float32(0.6 if flat else 1) + rng.integers(
        0, side
    )
    down = depth * coarse * np.float32(2.1 if flat else 0.5) + rng.integers(0, side)
    x, y = across.astype(np.int32) % side, down.astype(np.int32) % side
    texture = tile[y, x]
    shift = max(1, round(5 * canvas.unit))
    relief = tile[y, (x + shift) % side] - texture
    return texture, np.asarray(relief, np.float32)


def _drift(canvas: Canvas, near: float) -> Array:
    """Where the mist at a ridge's foot stands higher and where lower, about -0.2 to 0.2."""
    aspect = canvas.width / canvas.height
    return field(
        canvas.rng(f"drift{near:.3f}"), (canvas.height, canvas.width), (5, 3 * aspect), octaves=3
    ) * np.float32(0.09)


def _ink(drop: Array, texture: Array, relief: Array, near: float) -> Array:
    """How dark each point is, *drop* design pixels below the crest."""
    tone = 0.2 + 0.52 * near**1.15
    pool = np.exp(-np.clip(drop, 0, None) / (70 + 90 * near))
    wash = tone * (0.34 + 0.62 * pool) * (1 + 0.26 * texture)
    strokes = np.clip(relief * 1.3 - 0.12, 0, 1) * tone * (0.3 + 0.6 * pool)
    lights = np.clip(-relief * 1.1 - 0.1, 0, 1) * tone * 0.34
    edge = np.exp(-np.abs(drop - 1.2) / 2.0) * (0.22 + 0.3 * near) * np.clip(0.75 + texture * 0.5, 0, 1)
    return np.asarray(np.clip(wash + strokes - lights + edge, 0, 1), np.float32)


def _snow_ink(drop: Array, texture: Array, relief: Array, near: float) -> Array:
    """The same under snow: white but for shadowed faces and the rocks that break through below the crest."""
    tone = 0.16 + 0.46 * near
    cap = smoothstep(10, 46, drop + texture * 14)
    shadow = np.clip(relief * 1.1 + 0.05, 0, 1) * tone * (0.34 + 0.66 * cap)
    rocks = smoothstep(0.55, 1.5, texture + relief * 0.8) * cap * tone * 1.15 * np.exp(-np.clip(drop, 0, None) / 230)
    blue = 0.05 * (1 - near) + 0.05 * cap
    edge = np.exp(-np.abs(drop) / 1.3) * 0.3 * near
    return np.asarray(np.clip(shadow + rocks + blue + edge, 0, 1), np.float32)


def dot_crest(canvas: Canvas, top: Array, near: float, name: str) -> None:
    """Moss and far trees along a crest: the short dabs that make a ridge look overgrown."""
    rng = canvas.rng(name)
    unit = canvas.unit
    with canvas.pen((0, float(top.min()) - 30 * unit, canvas.width, float(top.max()) + 60 * unit), 0.85) as pen:
        for _ in range(int(canvas.width / unit / 7)):
            clump = rng.uniform(0, canvas.width)
            # Clumps, not a fringe: where a slow wave is low nothing grows.
            if math.sin(clump / (70 * unit)) + rng.uniform(-0.8, 0.8) < 0:
                continue
            y = float(top[min(canvas.width - 1, int(clump))]) + rng.uniform(-1, 26) * unit * rng.random()
            radius = rng.uniform(1.4, 3.6) * unit * (0.6 + 0.5 * near)
            pen.dot((clump, y), radius, canvas.palette.tone(rng.uniform(0.35, 0.75) * (0.3 + 0.7 * near)), flat=0.62)
