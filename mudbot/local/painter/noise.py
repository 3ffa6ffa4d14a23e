"""Smooth randomness: the lines of ridges, the grain of paper, the clouds.  Pure functions of a generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float32]

SMOOTH_OCTAVES = 3
"""The coarse octaves of a line are rounded, the fine ones are left as broken as rock is."""


def smoothstep(low: float, high: float, values: Array) -> Array:
    """0 below *low*, 1 above *high*, an S-shaped passage between them."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def line(rng: np.random.Generator, count: int, *, knots: float = 3, octaves: int = 8, rough: float = 0.5) -> Array:
    """*count* values of one-dimensional noise, about -1.5 to 1.5.

    *knots* is how many independent values the coarsest octave has; each octave has twice as many and is *rough* times
    as strong as the one before.
    """
    total = np.zeros(count, np.float64)
    strength = 1.0
    for octave in range(octaves):
        number = max(2, round(knots * 2**octave)) + 1
        values = rng.uniform(-1, 1, number)
        place = np.linspace(0, number - 1.001, count)
        left = place.astype(int)
        part = place - left
        if octave < SMOOTH_OCTAVES:
            part = part * part * (3 - 2 * part)
        total += strength * (values[left] * (1 - part) + values[left + 1] * part)
        strength *= rough
    return total.astype(np.float32)


def field(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float], *, octaves: int = 4) -> Array:
    """Two-dimensional noise of *shape* (rows, columns), mean 0 and standard deviation 1.

    *cells* is how many independent values the coarsest octave has down and across: unequal numbers stretch it.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        down, across = (max(2, round(c * 2**octave)) for c in cells)
        if octave and (down >= shape[0] or across >= shape[1]):
            break
        total += _spread(rng.random((down, across), np.float32), shape) * np.float32(0.55**octave)
    return _normal(total)


def tile(rng: np.random.Generator, side: int, *, cells: int, octaves: int, rough: float = 0.6) -> Array:
    """Noise that repeats without a seam: *side* x *side*, mean 0, standard deviation 1."""
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        number = cells * 2**octave
        if number > side:
            break
        grid = np.pad(rng.random((number, number), np.float32), 2, mode="wrap")
        step = side / number
        box = (2.0, 2.0, 2.0 + number, 2.0 + number)
        image = Image.fromarray(grid).resize((round(number * step),) * 2, Image.Resampling.BICUBIC, box=box)
        total += np.asarray(image, np.float32) * np.float32(rough**octave)
    return _normal(total)


def _spread(grid: Array, shape: tuple[int, int]) -> Array:
    image = Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def _normal(values: Array) -> Array:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-6), np.float32)
