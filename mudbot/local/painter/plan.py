"""Where things go in a landscape, decided before anything is painted: layers, shores, building sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.dunes import dune_crest
from mudbot.local.painter.mountains import crest
from mudbot.local.painter.noise import Array, line

RAISED = {"temple": (0.5, 265.0), "stronghold": (2.9, 120.0), "palace": (2.3, 165.0)}
"""What stands on a ridge: its width as a multiple of its height, and that height (design pixels)."""

_WATERLINE = {"lake": 0.71, "river": 0.72, "sea": 0.6}
_SHORE = frozenset({"figure", "fire", "graves", "path", "grass", "river"})
"""What needs ground in front that goes all across the picture."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One ridge, dune or bank."""

    name: str
    top: Array
    near: float
    """0 is the farthest, 1 the nearest."""
    foot: float
    """The row (pixels) where it has melted into mist."""
    sandy: bool
    sites: tuple[tuple[str, Spot], ...] = ()
    """What is built on it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A landscape's geometry, all in pixels."""

    layers: tuple[Layer, ...]
    """From far to near, down to the stage: the low ground that houses stand on."""
    front: Layer
    """The ground at the viewer's feet."""
    horizon: float
    water: str | None
    level: int
    """The water's first row; the sheet's height where there is none."""
    focus: float
    """The column of the main motif."""
    side: int
    """-1: the great tree stands at the left edge, 1: at the right."""

    @property
    def stage(self) -> Layer:
        """The nearest ground beyond the water."""
        return self.layers[-1]


def plan(canvas: Canvas) -> Plan:
    """Lay out what ``canvas.wishes`` asks for."""
    rng = canvas.rng("plan")
    side = int(rng.choice([-1, 1]))
    focus = canvas.width * (0.5 - side * rng.uniform(0.08, 0.17))
    water = next((kind for kind in _WATERLINE if kind in canvas.wishes), None)
    level = round(canvas.height * _WATERLINE[water]) if water else canvas.height
    ranges = _ranges(canvas, water, level)
    ranges = _build_on(canvas, ranges, focus)
    stage = _stage(canvas, water, level)
    layers = (*(_cleared(canvas, ranges, stage)), stage)
    horizon = canvas.height * (_WATERLINE["sea"] if water == "sea" else 0.58)
    return Plan(layers, _front(canvas, side), horizon, water, level, focus, side)


def _ranges(canvas: Canvas, water: str | None, level: int) -> list[Layer]:
    wishes = canvas.wishes
    sandy = "desert" in wishes
    low = water == "sea" or bool(wishes & {"grass", "desert"})
    grand = 1.0 if "mountain" in wishes else (0.42 if low else 0.8)
    tall = min(canvas.height, canvas.width * 1.3) * 0.32 * grand
    count = 4 if low and "mountain" not in wishes else 5
    begin, end = 0.42, (level / canvas.height - 0.06 if water else 0.73)
    if low:
        begin = end - 0.14
    layers = []
    for i in range(count):
        far = i / (count - 1)
        base = canvas.height * (begin + (end - begin) * far)
        dune = sandy and not ("mountain" in wishes and i < 2)
        height = tall * (1 - 0.56 * far) * (1.15 if dune else 1)
        top = dune_crest(canvas, f"dune{i}", base, height) if dune else crest(canvas, f"ridge{i}", base, height)
        foot = min(base + canvas.height * 0.22, level + canvas.height * 0.03)
        layers.append(Layer(f"ridge{i}", top, 0.8 * far, foot, dune))
    return layers


def _build_on(canvas: Canvas, layers: list[Layer], focus: float) -> list[Layer]:
    """Level a place for each great building on the last but one range, and bend what is nearer out of its view."""
    wanted = [name for name in RAISED if name in canvas.wishes]
    if not wanted:
        return layers
    index = max(0, len(layers) - 2)
    top = layers[index].top.copy()
    places = (focus, canvas.width - focus, canvas.width / 2)
    columns = np.arange(canvas.width, dtype=np.float32)
    sites: list[tuple[str, Spot]] = []
    clear: list[tuple[Array, float]] = []
    for name, x in zip(wanted, places, strict=False):
        wide, height = RAISED[name]
        size = height * canvas.unit * (1.0 if len(wanted) == 1 else 0.8)
        half = size * wide * 0.55
        flat = _plateau(columns, x, half)
        ground = float(np.average(top, weights=flat))
        # Room above for the building itself.
        ground = max(ground, canvas.height * 0.2 + size)
        top = top * (1 - flat) + ground * flat
        sites.append((name, Spot(x, ground + 3 * canvas.unit, size, 0.9)))
        clear.append((flat, ground + 0.2 * size))
    changed = Layer(
        layers[index].name,
        top.astype(np.float32),
        layers[index].near,
        layers[index].foot,
        layers[index].sandy,
        tuple(sites),
    )
    nearer = [_lowered(layer, clear) for layer in layers[index + 1 :]]
    return [*layers[:index], changed, *nearer]


def _plateau(columns: Array, x: float, half: float) -> Array:
    return np.asarray(1 / (1 + (np.abs(columns - x) / (half * 1.15)) ** 8), np.float32)


def _lowered(layer: Layer, clear: list[tuple[Array, float]]) -> Layer:
    top = layer.top
    for flat, below in clear:
        top = top + np.maximum(0, below - top) * np.sqrt(flat)
    return Layer(layer.name, top.astype(np.float32), layer.near, layer.foot, layer.sandy)


def _stage(canvas: Canvas, water: str | None, level: int) -> Layer:
    """Low, almost level ground: the far shore, or the floor of the valley."""
    base = level - 0.012 * canvas.height if water else canvas.height * 0.79
    sandy = "desert" in canvas.wishes
    roll = line(canvas.rng("stage"), canvas.width, knots=2 if sandy else 3, octaves=2 if sandy else 6, rough=0.45)
    top = np.minimum(base + roll * canvas.height * (0.007 if water else 0.012), level - 2)
    foot = level + canvas.height * 0.16 if water else canvas.height * 0.885
    return Layer("stage", top.astype(np.float32), 0.8, foot, sandy)


def _cleared(canvas: Canvas, ranges: list[Layer], stage: Layer) -> list[Layer]:
    """Sites must not sink behind the stage."""
    floor = float(stage.top.min()) - 6 * canvas.unit
    result = []
    for layer in ranges:
        sites = tuple((name, Spot(s.x, min(s.y, floor), s.size, s.ink)) for name, s in layer.sites)
        result.append(Layer(layer.name, layer.top, layer.near, layer.foot, layer.sandy, sites))
    return result


def _front(canvas: Canvas, side: int) -> Layer:
    """A bank that rises to the great tree's side; all across where something stands on it."""
    columns = np.linspace(0, 1, canvas.width, dtype=np.float32)
    away = columns if side < 0 else 1 - columns
    sandy = "desert" in canvas.wishes
    roll = line(canvas.rng("front"), canvas.width, knots=4, octaves=2 if sandy else 8, rough=0.62) * np.float32(0.01)
    broad = bool(canvas.wishes & _SHORE)
    shape = 0.87 + 0.05 * away**0.8 if broad else 0.87 + 0.42 * away**1.35
    top = np.asarray((shape + roll) * canvas.height, np.float32)
    return Layer("front", top, 1.0, canvas.height * 1.5, sandy)
