"""Trees: pines in pads of needles, bamboo, willows, and broad crowns in leaf, in flower, or bare."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import RGB, Palette, colour, mix
from mudbot.local.painter.pen import Pen, Point, curve

Rng = np.random.Generator
Tree = Callable[[Canvas, Spot, Rng], None]

FINE = 150
"""Trees at least this high (design pixels) are drawn needle by needle; smaller ones in dabs, as an eye sees them."""


def pine(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A crooked trunk with level boughs that carry flat pads of needles; under snow each pad wears a cap."""
    snowy = "snow" in canvas.wishes
    trunk = _trunk(spot, rng, sway=0.16)
    reach = spot.size * 0.62
    with canvas.pen((spot.x - reach, spot.y - spot.size * 1.12, spot.x + reach, spot.y + 4), spot.ink) as pen:
        _bark(pen, trunk, spot, canvas, rng)
        fine = spot.size / canvas.unit >= FINE
        pads = 11 if fine else 7
        for i in range(pads):
            along = 0.36 + 0.62 * i / (pads - 1)
            root = trunk[min(len(trunk) - 1, int(along * (len(trunk) - 1)))]
            side = 1 if (i + (trunk[-1][0] > trunk[0][0])) % 2 else -1
            length = spot.size * (0.5 * (1.12 - along)) * rng.uniform(0.55, 1.1)
            end = (root[0] + side * length, root[1] + spot.size * rng.uniform(-0.06, 0.03))
            middle = ((root[0] + end[0]) / 2, root[1] + spot.size * 0.02)
            thick = spot.size * 0.028 * (1.2 - along)
            pen.stroke(curve(root, middle, end, 8), (thick, thick * 0.4), canvas.palette.tone(0.9))
            _pad(
                pen,
                ((root[0] * 0.3 + end[0] * 0.7), end[1]),
                length * 0.5 + spot.size * (0.07 if fine else 0.11),
                rng,
                (canvas.palette, fine, snowy),
            )
        _pad(pen, trunk[-1], spot.size * 0.12, rng, (canvas.palette, fine, snowy))


def _pad(pen: Pen, centre: Point, half: float, rng: Rng, manner: tuple[Palette, bool, bool]) -> None:
    """One layer of needles, *half* as wide: a soft wash, then fans of needles that point up and out."""
    palette, fine, snowy = manner
    thick = half * 0.3
    for i in range(7):
        off = -0.66 + 1.32 * i / 6 + rng.uniform(-0.06, 0.06)
        place = (centre[0] + off * half, centre[1] - thick * rng.uniform(0.15, 0.45))
        pen.dot(place, half * rng.uniform(0.16, 0.26), palette.tone(rng.uniform(0.3, 0.55)), flat=0.55)
    if fine:
        _fans(pen, centre, half, rng, palette)
    else:
        for _ in range(9):
            off = rng.uniform(-0.9, 0.9)
            up = rng.uniform(0, 1) * (1 - off * off)
            place = (centre[0] + off * half, centre[1] - thick * up)
            pen.dot(place, half * rng.uniform(0.1, 0.2), palette.tone(rng.uniform(0.7, 0.95)), flat=0.5)
    if snowy:
        _cap(pen, centre, half, thick, (rng, palette))


def _fans(pen: Pen, centre: Point, half: float, rng: Rng, palette: Palette) -> None:
    thick = half * 0.36
    length = half * 0.27
    # From the top down: the lower fans are the nearer and the darker.
    for step in range(24):
        off = rng.uniform(-1, 1)
        rise = (1 - step / 23) * (1 - off * off)
        x, y = centre[0] + off * half, centre[1] - thick * rise + length * 0.12
        tone = palette.tone(rng.uniform(0.5, 0.7) + 0.28 * step / 23)
        for i in range(13):
            angle = math.pi * (1.0 + i / 12) + rng.uniform(-0.07, 0.07)
            reach = length * rng.uniform(0.8, 1.1)
            pen.line([(x, y), (x + math.cos(angle) * reach, y + math.sin(angle) * reach * 0.8)], length * 0.03, tone)


def _cap(pen: Pen, centre: Point, half: float, thick: float, kit: tuple[Rng, Palette]) -> None:
    """Snow lying on a pad: a white crust above, its lower edge left ragged by the needles."""
    rng, palette = kit
    white = colour(palette.snow, 0.97)
    for i in range(9):
        off = -0.86 + 1.72 * i / 8 + rng.uniform(-0.05, 0.05)
        lift = thick * (0.75 + 0.45 * (1 - off * off))
        pen.dot((centre[0] + off * half, centre[1] - lift), half * rng.uniform(0.17, 0.25), white, flat=0.42)


def bamboo(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A jointed culm, a little bent, with drooping leaves in threes to fives from its upper joints."""
    lean = rng.uniform(-0.1, 0.1) * spot.size
    thick = max(spot.size * 0.019, 1.2 * canvas.unit) * rng.uniform(0.8, 1.15)
    joints = 11
    tone = canvas.palette.tone(rng.uniform(0.62, 0.86))
    spine = curve(
        (spot.x, spot.y), (spot.x + lean * 0.3, spot.y - spot.size * 0.6), (spot.x + lean, spot.y - spot.size), joints
    )
    reach = spot.size * 0.2 + abs(lean)
    with canvas.pen((spot.x - reach, spot.y - spot.size * 1.06, spot.x + reach, spot.y + 2), spot.ink) as pen:
        for lower, upper in pairwise(spine):
            gap = 0.035
            start = (lower[0] + (upper[0] - lower[0]) * gap, lower[1] + (upper[1] - lower[1]) * gap)
            pen.stroke([start, upper], (thick, thick * 0.94), tone)
            pen.stroke(
                [(upper[0] - thick * 0.72, upper[1] + 1), (upper[0] + thick * 0.72, upper[1] + 1)],
                (thick * 0.22,) * 2,
                canvas.palette.tone(0.95),
            )
        for joint in spine[4:]:
            for side in (-1, 1, -1, 1):
                if rng.random() < 0.72:
                    _spray(pen, joint, side, spot.size * rng.uniform(0.04, 0.13), (rng, canvas.palette))


def _spray(pen: Pen, joint: Point, side: int, reach: float, kit: tuple[Rng, Palette]) -> None:
    rng, palette = kit
    tip = (joint[0] + side * reach, joint[1] - reach * rng.uniform(0.1, 0.7))
    pen.stroke(
        curve(joint, (joint[0] + side * reach * 0.4, tip[1]), tip, 6), (reach * 0.05, reach * 0.02), palette.tone(0.8)
    )
    for _ in range(int(rng.integers(4, 7))):
        angle = math.pi / 2 - side * rng.uniform(-0.25, 1.15)
        _leaf(pen, tip, angle, reach * rng.uniform(0.65, 1.15), palette.tone(rng.uniform(0.6, 0.95)))


def _leaf(pen: Pen, root: Point, angle: float, length: float, tone: tuple[int, int, int, int]) -> None:
    """A bamboo leaf: pointed at both ends, widest before the middle."""
    dx, dy = math.cos(angle), math.sin(angle)
    wide = length * 0.085
    belly = (root[0] + dx * length * 0.36, root[1] + dy * length * 0.36)
    tip = (root[0] + dx * length, root[1] + dy * length)
    pen.polygon(
        [root, (belly[0] - dy * wide, belly[1] + dx * wide), tip, (belly[0] + dy * wide, belly[1] - dx * wide)], tone
    )


def willow(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A leaning trunk and long hanging switches."""
    trunk = _trunk(spot, rng, sway=0.2, height=0.68)
    reach = spot.size * 0.6
    palette = canvas.palette
    green = mix(palette.ink, (92, 112, 74), 0.55)
    with canvas.pen((spot.x - reach, spot.y - spot.size, spot.x + reach, spot.y + 4), spot.ink) as pen:
        _bark(pen, trunk, spot, canvas, rng)
        for bough in _boughs(pen, trunk, spot, rng, palette):
            for _ in range(7 if spot.size / canvas.unit >= FINE else 3):
                _switch(pen, bough, spot.size, rng, green)


def _switch(pen: Pen, bough: list[Point], size: float, rng: Rng, green: RGB) -> None:
    root = bough[int(rng.integers(len(bough) // 3, len(bough)))]
    drop = size * rng.uniform(0.2, 0.5)
    out = size * rng.uniform(-0.07, 0.07)
    hang = curve(root, (root[0] + out, root[1] + drop * 0.15), (root[0] + out, root[1] + drop), 9)
    tone = colour(green, rng.uniform(0.35, 0.75))
    pen.stroke(hang, (size * 0.005, size * 0.002), tone)
    for x, y in hang[1:]:
        for side in (-1, 1):
            pen.line([(x, y), (x + side * size * 0.009, y + size * 0.024)], size * 0.004, tone)


def broadleaf(canvas: Canvas, spot: Spot, rng: Rng, leaves: RGB | None = None) -> None:
    """A tree with forked boughs; its crown in dabs of *leaves* (None: bare)."""
    trunk = _trunk(spot, rng, sway=0.18, height=0.62)
    reach = spot.size * 0.66
    with canvas.pen((spot.x - reach, spot.y - spot.size * 1.15, spot.x + reach, spot.y + 4), spot.ink) as pen:
        _bark(pen, trunk, spot, canvas, rng)
        boughs = _boughs(pen, trunk, spot, rng, canvas.palette)
        if leaves is not None:
            _crown(pen, boughs, spot, (rng, leaves, spot.size / canvas.unit >= FINE))
        if "snow" in canvas.wishes:
            white = colour(canvas.palette.snow, 0.95)
            for bough in boughs:
                lifted = [(x, y - spot.size * 0.012) for x, y in bough]
                pen.stroke(lifted, (spot.size * 0.014, spot.size * 0.006), white)


def maple(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A broad tree in red."""
    broadleaf(canvas, spot, rng, mix((188, 62, 34), canvas.palette.ink, 0.35 * (canvas.palette.lit == 1.0)))


def blossom(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A broad tree in pink flower."""
    broadleaf(canvas, spot, rng, mix((232, 150, 160), canvas.palette.ink, 0.25 * (canvas.palette.lit == 1.0)))


def oak(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A broad tree in leaf."""
    broadleaf(canvas, spot, rng, mix(canvas.palette.ink, (96, 106, 82), 0.4))


def bare(canvas: Canvas, spot: Spot, rng: Rng) -> None:
    """A tree without leaves."""
    broadleaf(canvas, spot, rng)


def _crown(pen: Pen, boughs: list[list[Point]], spot: Spot, kit: tuple[Rng, RGB, bool]) -> None:
    """Leaves in clusters: at the ends of the boughs, and in the round of the crown between them."""
    rng, leaves, fine = kit
    size, coarse = spot.size, 1.0 if fine else 1.7
    centres = [bough[int(i)] for bough in boughs for i in rng.integers(len(bough) // 3, len(bough), 3 if fine else 1)]
    middle = sum(bough[-1][0] for bough in boughs) / len(boughs), sum(bough[-1][1] for bough in boughs) / len(boughs)
    for _ in range(44 if fine else 22):
        angle, out = rng.uniform(0, 2 * math.pi), rng.uniform(0, 1) ** 0.6
        centres.append(
            (middle[0] + math.cos(angle) * out * size * 0.36, middle[1] + math.sin(angle) * out * size * 0.24)
        )
    for x, y in centres:
        shadow = rng.uniform(0, 0.34)
        for _ in range(11 if fine else 6):
            place = (x + rng.normal(0, 0.034) * size, y + rng.normal(-0.008, 0.026) * size)
            shade = mix(leaves, (0, 0, 0), shadow) if rng.random() < 0.7 else mix(leaves, (255, 240, 220), 0.3)
            pen.dot(place, size * coarse * rng.uniform(0.005, 0.0145), colour(shade, rng.uniform(0.5, 0.95)), flat=0.8)


def _trunk(spot: Spot, rng: Rng, *, sway: float, height: float = 1.0) -> list[Point]:
    """From the foot to the top, bent twice."""
    lean, bend = rng.uniform(-sway, sway), rng.uniform(0.5, 1) * sway * float(rng.choice([-1, 1]))
    points = []
    for i in range(19):
        t = i / 18
        x = spot.x + spot.size * (lean * t + bend * 0.5 * math.sin(t * 4.4) + bend * 0.16 * math.sin(t * 10))
        points.append((x, spot.y - spot.size * height * t))
    return points


def _bark(pen: Pen, trunk: list[Point], spot: Spot, canvas: Canvas, rng: Rng) -> None:
    thick = spot.size * 0.058
    palette = canvas.palette
    pen.stroke(trunk, (thick, thick * 0.22), palette.tone(0.93))
    x, y = trunk[0]
    for side in (-1.0, -0.35, 0.5, 1.1):
        root = curve(
            (x + side * thick * 0.2, y - thick * 0.9),
            (x + side * thick * 0.4, y),
            (x + side * thick * 1.1, y + thick * 0.1),
            5,
        )
        pen.stroke(root, (thick * 0.5, thick * 0.1), palette.tone(0.93))
    if spot.size / canvas.unit < FINE:
        return
    # The lit side is left lighter, with scales of bark drawn back into it.
    lit = [(x - thick * 0.12 * (1 - i / len(trunk)), y) for i, (x, y) in enumerate(trunk)]
    pen.stroke(lit, (thick * 0.62, thick * 0.06), colour(mix(palette.ink, palette.paper, 0.42), 0.95))
    for _ in range(46):
        i = int(rng.integers(0, len(trunk) - 4))
        x, y = trunk[i]
        wide = thick * (1 - i / len(trunk))
        place = (x + rng.uniform(-0.4, 0.4) * wide, y - rng.uniform(0, 0.05) * spot.size)
        pen.dot(place, wide * rng.uniform(0.08, 0.17), palette.tone(rng.uniform(0.6, 0.9)), flat=1.4)


def _boughs(pen: Pen, trunk: list[Point], spot: Spot, rng: Rng, palette: Palette) -> list[list[Point]]:
    """Draw forking boughs on the upper half of a trunk and return their lines."""
    lines: list[list[Point]] = []
    for i in range(9):
        root = trunk[min(len(trunk) - 1, int(len(trunk) * (0.5 + 0.06 * i + rng.uniform(-0.07, 0.07))))]
        side = 1 if i % 2 else -1
        reach = spot.size * rng.uniform(0.16, 0.4)
        end = (root[0] + side * reach, root[1] - reach * rng.uniform(0.4, 1.25))
        bough = curve(root, (root[0] + side * reach * 0.75, root[1] - reach * 0.1), end, 8)
        pen.stroke(bough, (spot.size * 0.022, spot.size * 0.006), palette.tone(0.9))
        lines.append(bough)
        for _ in range(3):
            fork = bough[int(rng.integers(3, len(bough)))]
            length = reach * rng.uniform(0.3, 0.55)
            angle = rng.uniform(0.15, 1.25)
            tip = (fork[0] + side * math.cos(angle) * length, fork[1] - math.sin(angle) * length)
            twig = curve(fork, ((fork[0] + tip[0]) / 2, fork[1]), tip, 6)
            pen.stroke(twig, (spot.size * 0.009, spot.size * 0.003), palette.tone(0.85))
            lines.append(twig)
    return lines


_KINDS: dict[str, tuple[str, Tree]] = {
    "bamboo": ("bamboo", bamboo),
    "pine": ("pines", pine),
    "willow": ("willow", willow),
    "maple": ("maple", maple),
    "blossom": ("blossom", blossom),
    "bare": ("bare tree", bare),
}
_TREELESS = frozenset({"desert", "sea", "grass"})


def kinds(wishes: frozenset[str]) -> list[tuple[str, Tree]]:
    """Which trees stand in the scene, by the name that they are noted under.

    A forest of no named kind is of broad trees; where no tree was asked for, pines stand on mountains and shores, but
    not in a desert, on a plain or by the sea.
    """
    chosen = [kind for wish, kind in _KINDS.items() if wish in wishes]
    if not chosen and "forest" in wishes:
        return [("trees", oak)]
    if not chosen and not wishes & _TREELESS:
        return [("pines", pine)]
    return chosen
