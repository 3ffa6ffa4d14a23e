"""The desert: smooth dunes with one lit and one shaded face, and smoke that stands straight in still air."""

from __future__ import annotations

import numpy as np

from mudbot.local.painter.canvas import Canvas
from mudbot.local.painter.noise import Array, field, line, smoothstep
from mudbot.local.painter.palette import RGB, mix


def dune_crest(canvas: Canvas, name: str, base: float, height: float) -> Array:
    """The y of a dune's sharp edge for every column."""
    rng = canvas.rng(name)
    aspect = canvas.width / (canvas.unit * 1024)
    swell = line(rng, canvas.width, knots=2.3 * aspect, octaves=2, rough=0.3)
    return np.asarray(base + (np.abs(swell) * 1.5 - 0.75) * height, np.float32)


def paint_dune(canvas: Canvas, top: Array, near: float) -> None:
    """A dune below *top*; the crest casts its shaded face down one side, the wind draws ripples on the other."""
    palette = canvas.palette
    first = max(0, int(top.min()) - 1)
    rows = np.arange(first, canvas.height, dtype=np.float32)[:, None]
    depth = rows - top[None, :]
    mask = np.clip(depth + 0.5, 0, 1)
    wind = field(canvas.rng(f"wind{near:.2f}"), (canvas.height, canvas.width), (5, 5), octaves=3)[first:]
    lean = _lean(canvas, top, depth, wind)
    sand: RGB = mix((214, 176, 118), palette.mist, 0.55 - 0.3 * near)
    sand = mix(sand, palette.sky, 0.72) if palette.lit == 1.0 else sand
    shaded = mix(sand, palette.ink, 0.3 + 0.16 * near)
    drop = depth / np.float32(canvas.unit)
    face = smoothstep(-0.1, 0.42, lean) * np.exp(-np.clip(drop, 0, None) / (110 + 130 * near))
    ripple = (
        np.sin(drop * (0.34 - 0.16 * near) + wind * 4) * (0.035 + 0.05 * near) * np.exp(-np.clip(drop, 0, None) / 260)
    )
    pool = np.exp(-np.clip(drop, 0, None) / 16) * 0.12
    dark = np.clip(face * 0.85 + ripple + pool, 0, 1) * canvas.grain[first:]
    body = (
        np.asarray(sand, np.float32) + (np.asarray(shaded, np.float32) - np.asarray(sand, np.float32)) * dark[..., None]
    )
    canvas.wash(np.asarray(mask, np.float32), body, top=first)


def _lean(canvas: Canvas, top: Array, depth: Array, wind: Array) -> Array:
    """How steeply the crest falls away at each point; the border of light and shade wanders as it comes down."""
    wide = max(3, round(46 * canvas.unit))
    kernel = np.hanning(wide + 2)[1:-1].astype(np.float32)
    even = np.convolve(np.pad(top, wide, mode="edge"), kernel / kernel.sum(), mode="same")[wide:-wide]
    slope = (np.gradient(even) * 2.4).astype(np.float32)
    columns = np.arange(len(top), dtype=np.float32)[None, :]
    shift = np.maximum(depth, 0) * np.float32(0.9) + wind * np.clip(depth / (60 * canvas.unit), 0, 1) * np.float32(
        26 * canvas.unit
    )
    return np.asarray(slope[np.clip(columns + shift, 0, len(top) - 1).astype(np.int32)], np.float32)


def smoke(canvas: Canvas, x: float, foot: float, height: float, *, thin: bool = False) -> None:
    """A column of smoke from (*x*, *foot*) up, straight at first, loosening into the wind near its top."""
    first, last = max(0, int(foot - height)), min(canvas.height, int(foot))
    if last - first < 4:
        return
    rows = np.arange(first, last, dtype=np.float32)[:, None]
    up = (foot - rows) / height
    sway = line(canvas.rng("smoke"), last - first, knots=5, octaves=4)[:, None]
    middle = x + (sway * 9 * up + 90 * np.clip(up - 0.72, 0, 1) ** 1.5) * canvas.unit
    half = ((2.0 if thin else 3.5) + (15 if thin else 34) * up**1.7) * canvas.unit
    columns = np.arange(canvas.width, dtype=np.float32)[None, :]
    curl = field(canvas.rng("curl"), (last - first, canvas.width), (22, 22), octaves=3)
    body = (
        np.exp(-(((columns - middle) / half) ** 2))
        * (1 - smoothstep(0.55, 1.0, up))
        * np.clip(0.85 + 0.3 * curl * up, 0, 1)
    )
    palette = canvas.palette
    tint = mix(palette.ink, palette.mist, 0.3) if palette.lit < 1 else mix(palette.mist, (255, 255, 255), 0.15)
    canvas.wash(np.asarray(body * (0.55 if thin else 0.8), np.float32), tint, top=first)
    canvas.note("smoke")
