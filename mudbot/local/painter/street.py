"""A street between two rows of houses, in one-point perspective, with lanterns, stalls and people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mudbot.local.painter import buildings, creatures, mountains, sky, trees, weather
from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import RGB, colour, mix
from mudbot.local.painter.pen import Pen, Point

# World measures: the eye is at 0; one unit is a little less than two of a man's heights.
GROUND, EAVE, RIDGE = -0.52, 0.4, 1.42
WALL, DEEP = 0.92, 1.75
"""Where the house fronts stand to either side of the middle, and where their roofs' ridges are."""
NEAREST, FARTHEST, HOUSE = 0.85, 7.6, 0.95


_At = Callable[[float, float, float], Point]
_Tint = Callable[[RGB], RGB]


@dataclass(frozen=True, slots=True)
class View:
    """The perspective: every line along the street runs to (*x*, *y*); *scale* is pixels per unit at distance 1."""

    x: float
    y: float
    scale: float

    def at(self, across: float, up: float, away: float) -> Point:
        """Where on the sheet a point of the world lies."""
        return self.x + across * self.scale / away, self.y - up * self.scale / away


def paint_street(canvas: Canvas) -> None:
    """The street with what fits into one of ``canvas.wishes``."""
    view = View(canvas.width * 0.5, canvas.height * 0.56, min(canvas.height * 0.62, canvas.width * 0.62))
    wishes = canvas.wishes
    skyline = np.full(canvas.width, view.y - 0.2 * view.scale, np.float32)
    sky.paint_sky(canvas, view.y, skyline)
    if "birds" in wishes:
        creatures.flock(canvas, view.y)
    _distance(canvas, view)
    _paving(canvas, view)
    _rows(canvas, view)
    _street_trees(canvas, view)
    canvas.note("street")
    canvas.note("houses")
    if "cranes" in wishes:
        creatures.cranes(canvas, view.y)
    if "mist" in wishes:
        weather.mist(canvas, view.y, canvas.height * 0.09, 0.75)
        canvas.note("mist")
    weather.falling(canvas)


def _distance(canvas: Canvas, view: View) -> None:
    """What closes the street: hills, a pagoda, a gate."""
    unit = canvas.unit
    height = canvas.height * (0.3 if "mountain" in canvas.wishes else 0.13)
    top = mountains.crest(canvas, "far hills", view.y - canvas.height * 0.02, height)
    mountains.paint_ridge(canvas, top, 0.12, foot=view.y + 60 * unit)
    canvas.note("mountains" if "mountain" in canvas.wishes else "hills")
    if "temple" in canvas.wishes:
        buildings.pagoda(canvas, Spot(view.x - 30 * unit, view.y + 12 * unit, 250 * unit, 0.7))
    elif "stronghold" in canvas.wishes:
        buildings.stronghold(canvas, Spot(view.x, view.y + 30 * unit, 96 * unit, 0.75))
    elif "palace" in canvas.wishes:
        buildings.palace(canvas, Spot(view.x, view.y + 26 * unit, 130 * unit, 0.75))


def _street_trees(canvas: Canvas, view: View) -> None:
    """Trees before the houses, only where they were asked for."""
    asked = trees.kinds(canvas.wishes | {"desert"})  # as in a desert, none grows unasked
    for i, (kind, tree) in enumerate(asked[:2]):
        x, y = view.at(-0.68 if i else 0.68, GROUND, 2.3)
        tree(canvas, Spot(x, y, 0.62 * view.scale), canvas.rng(f"street {kind}"))
        canvas.note(kind)


def _paving(canvas: Canvas, view: View) -> None:
    """Flagstones: joints across and along, darker towards the viewer."""
    palette = canvas.palette
    snowy = "snow" in canvas.wishes
    stone = mix(palette.snow, palette.ink, 0.08) if snowy else mix(palette.mist, palette.ink, 0.2)
    left, right = view.at(-WALL - 1, GROUND, FARTHEST), view.at(WALL + 1, GROUND, FARTHEST)
    with canvas.pen((0, left[1], canvas.width, canvas.height)) as pen:
        pen.polygon([left, right, view.at(9, GROUND, 0.5), view.at(-9, GROUND, 0.5)], colour(stone, 0.97))
        away, row = FARTHEST, 0
        joint = palette.tone(0.1 if snowy else 0.26)
        while away > 0.6:
            pen.line([view.at(-WALL, GROUND, away), view.at(WALL, GROUND, away)], 0.9 * canvas.unit, joint)
            nearer = away * 0.93
            for i in range(-4, 5):
                across = (i + (row % 2) / 2) * WALL / 4.5
                pen.line([view.at(across, GROUND, away), view.at(across, GROUND, nearer)], 0.9 * canvas.unit, joint)
            away, row = nearer, row + 1
    canvas.light(view.x, view.y + 20 * canvas.unit, 60 * canvas.unit, palette.mist, 0.75)


def _rows(canvas: Canvas, view: View) -> None:
    """Both rows from far to near, each house with its lantern, stalls and passers-by between."""
    rng = canvas.rng("rows")
    people = [1.9, 2.5, 3.2, 4.2, 5.4] if canvas.wishes & {"stalls", "figure"} else [2.6, 4.4]
    steps = np.arange(FARTHEST - HOUSE, NEAREST - HOUSE, -HOUSE)
    for index, near in enumerate(float(step) for step in steps):
        near = max(near, 0.42)  # noqa: PLW2901  nothing is nearer than the picture's plane
        fade = min(1.0, 0.32 + 1.9 / (near + 1.4))
        for side in (-1, 1):
            rise = rng.uniform(-0.08, 0.14)
            _house(canvas, view, (side, near, near + HOUSE), (rise, fade))
            x, y = view.at(side * (WALL - 0.2), EAVE + rise - 0.1, near + HOUSE * 0.5)
            buildings.lantern(
                canvas, Spot(x, y + 0.14 * view.scale / (near + 0.5), 0.15 * view.scale / (near + 0.5), fade)
            )
            if "stalls" in canvas.wishes and 0.9 < near < 4.4:
                _stall(canvas, view, (side, near + 0.2), (fade, rng.uniform(0, 1)))
        for away in [p for p in people if near <= p < near + HOUSE]:
            x, y = view.at((-1) ** people.index(away) * rng.uniform(0.1, 0.34), GROUND, away)
            creatures.person(
                canvas, Spot(x, y, 0.5 * view.scale / away, min(1.0, 0.3 + 1.9 / (away + 1))), staff=index % 2 == 0
            )
    canvas.note("lantern")
    canvas.note("people")
    if "stalls" in canvas.wishes:
        canvas.note("stalls")
    if "inn" in canvas.wishes:
        _wine_banner(canvas, view)


def _house(canvas: Canvas, view: View, place: tuple[int, float, float], manner: tuple[float, float]) -> None:
    """One house front on *side* between two distances, under the roof's near slope."""
    side, near, far = place
    rise, fade = manner
    palette = canvas.palette
    far_colour = palette.mist

    def tint(base: RGB) -> RGB:
        return mix(far_colour, base, fade)

    def at(across: float, up: float, away: float) -> Point:
        return view.at(side * across, up, away)

    eave = EAVE + rise
    corners = [
        at(WALL, GROUND, near),
        at(WALL, GROUND, far),
        at(WALL, eave, near),
        at(WALL, eave, far),
        at(DEEP, RIDGE + rise, near),
        at(DEEP, RIDGE + rise, far),
    ]
    reach = 0.12 * view.scale / near
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    with canvas.pen((min(xs) - reach * 3, min(ys) - reach * 2, max(xs) + reach * 3, max(ys) + reach)) as pen:
        wall = tint(mix(palette.plaster, palette.ink, 0.16 if side < 0 else 0.26))
        pen.polygon([corners[0], corners[1], corners[3], corners[2]], colour(wall))
        gable = [
            at(WALL, eave, near),
            at(DEEP, RIDGE + rise, near),
            at(DEEP + 1, eave, near),
            at(DEEP + 1, GROUND, near),
            at(WALL, GROUND, near),
        ]
        pen.polygon(gable, colour(tint(mix(palette.plaster, palette.ink, 0.42))))
        _front(canvas, pen, at, (near, far, eave), tint)
        _slope(canvas, pen, at, (near, far, eave), tint)


def _front(canvas: Canvas, pen: Pen, at: _At, span: tuple[float, float, float], tint: _Tint) -> None:
    """Posts, a door and lit windows on a front that runs away from the viewer."""
    near, far, eave = span
    palette = canvas.palette
    wood = colour(tint(palette.ink))
    glow = colour(tint(mix(mix(palette.ink, palette.mist, 0.22), palette.light, palette.lit)))
    bays = 4
    for i in range(bays):
        a, b = near + (far - near) * (i + 0.16) / bays, near + (far - near) * (i + 0.84) / bays
        low, high = (GROUND, eave - 0.3) if i == 1 else (GROUND + 0.3, eave - 0.3)
        pen.polygon([at(WALL, low, a), at(WALL, low, b), at(WALL, high, b), at(WALL, high, a)], glow)
        for share in (0.34, 0.67):
            bar = a + (b - a) * share
            pen.line([at(WALL, low, bar), at(WALL, high, bar)], 1.6 * canvas.unit / near, wood)
        middle = (low + high) / 2
        pen.line([at(WALL, middle, a), at(WALL, middle, b)], 1.6 * canvas.unit / near, wood)
    for i in range(bays + 1):
        away = near + (far - near) * i / bays
        pen.line([at(WALL, GROUND, away), at(WALL, eave, away)], 11 * canvas.unit / away, wood)
    for up in (GROUND + 0.03, eave - 0.2):
        pen.stroke([at(WALL, up, near), at(WALL, up, far)], (12 * canvas.unit / near, 12 * canvas.unit / far), wood)


def _slope(canvas: Canvas, pen: Pen, at: _At, span: tuple[float, float, float], tint: _Tint) -> None:
    """The roof over a front: tiles, a dark underside, the tip curling up at its near corner."""
    near, far, eave = span
    palette = canvas.palette
    over, a, b = WALL - 0.22, max(0.36, near - 0.06), far + 0.04
    ridge = RIDGE + eave - EAVE
    low = eave - 0.06
    under = [at(over, low, a), at(over, low, b), at(WALL, eave, b), at(WALL, eave, a)]
    pen.polygon(under, colour(tint(mix(palette.ink, (0, 0, 0), 0.3))))
    snowy = "snow" in canvas.wishes
    tiles = tint(palette.snow if snowy else mix(palette.ink, palette.mist, 0.2))
    sag = [at(over + (DEEP - over) * t, low + (ridge - low) * t**1.35, a) for t in (i / 6 for i in range(7))]
    back = [at(over + (DEEP - over) * t, low + (ridge - low) * t**1.35, b) for t in (i / 6 for i in range(7))]
    pen.polygon([*sag, *reversed(back)], colour(tiles))
    groove = colour(tint(mix(palette.ink, palette.mist, 0.78 if snowy else 0.42)), 0.9)
    for i in range(1, 12):
        away = a + (b - a) * i / 12
        course = [at(over + (DEEP - over) * t, low + (ridge - low) * t**1.35, away) for t in (k / 5 for k in range(6))]
        pen.line(course, 1.5 * canvas.unit / away, groove)
    edge = colour(tint(palette.ink))
    pen.stroke([sag[0], back[0]], (13 * canvas.unit / a, 13 * canvas.unit / b), edge)
    pen.stroke(sag, (9 * canvas.unit / a, 14 * canvas.unit / a), edge)
    tip = at(over - 0.1, low + 0.1, a)
    pen.stroke([sag[1], sag[0], tip], (12 * canvas.unit / a, 4 * canvas.unit / a), edge)


def _stall(canvas: Canvas, view: View, place: tuple[int, float], manner: tuple[float, float]) -> None:
    """A counter with wares under a striped awning on poles."""
    side, near = place
    fade, chance = manner
    palette = canvas.palette
    far, edge, back = near + 0.62, 0.5, 0.8
    cloth = mix(palette.red, palette.ink, 0.12) if chance < 0.5 else mix((66, 92, 116), palette.ink, 0.2)
    x, _ = view.at(side * edge, 0, near)
    reach = 0.9 * view.scale / near
    with canvas.pen((x - reach, view.y - reach, x + reach, view.y + reach)) as pen:

        def quad(points: tuple[tuple[float, float, float], ...], tint: RGB) -> None:
            pen.polygon([view.at(side * a, u, z) for a, u, z in points], colour(mix(palette.mist, tint, fade)))

        wood = mix(palette.ink, (150, 108, 70), 0.7)
        counter = GROUND + 0.24
        quad(
            ((edge, GROUND, near), (edge, GROUND, far), (edge, counter, far), (edge, counter, near)),
            mix(wood, palette.ink, 0.12),
        )
        quad(((edge, GROUND, near), (back, GROUND, near), (back, counter, near), (edge, counter, near)), wood)
        quad(
            ((edge, counter, near), (edge, counter, far), (back, counter, far), (back, counter, near)),
            mix(wood, palette.mist, 0.35),
        )
        _wares(canvas, pen, (view, side), (near, far, counter, fade))
        for z in (near, far):
            pen.line(
                [view.at(side * edge, counter, z), view.at(side * edge, 0.14, z)],
                6 * canvas.unit / z,
                colour(mix(palette.mist, palette.ink, fade)),
            )
        stripes = 8
        for i in range(stripes):
            a, b = near - 0.04 + 0.7 * i / stripes, near - 0.04 + 0.7 * (i + 1) / stripes
            tint = cloth if i % 2 else mix(palette.plaster, palette.ink, 0.1)
            quad(((edge - 0.08, 0.08, a), (edge - 0.08, 0.08, b), (back + 0.05, 0.27, b), (back + 0.05, 0.27, a)), tint)
            quad(((edge - 0.08, 0.08, a), (edge - 0.08, 0.08, b), (edge - 0.08, 0.035, (a + b) / 2)), tint)


def _wares(canvas: Canvas, pen: Pen, seen: tuple[View, int], span: tuple[float, float, float, float]) -> None:
    view, side = seen
    near, far, counter, fade = span
    palette = canvas.palette
    kinds: tuple[RGB, ...] = ((206, 92, 44), (214, 176, 84), (128, 146, 84), (176, 60, 48), (150, 112, 76))
    for i in range(9):
        away = far - (far - near) * (i + 0.5) / 9
        tint = mix(palette.mist, mix(kinds[i % len(kinds)], palette.ink, 0.15), fade)
        for row in (0.72, 0.58):
            x, y = view.at(side * row, counter + 0.025, away)
            pen.dot((x, y), 0.036 * view.scale / away, colour(tint), flat=0.8)


def _wine_banner(canvas: Canvas, view: View) -> None:
    """What makes one of the houses an inn."""
    palette = canvas.palette
    x, y = view.at(WALL - 0.3, EAVE + 0.05, 1.75)
    s = 0.4 * view.scale / 1.75
    with canvas.pen((x - s, y - s * 0.4, x + s, y + s * 2)) as pen:
        pen.line([(x - s * 0.4, y), (x + s * 0.7, y)], s * 0.05, palette.tone(0.95))
        pen.polygon(
            [
                (x - s * 0.3, y),
                (x + s * 0.3, y),
                (x + s * 0.3, y + s * 1.3),
                (x, y + s * 1.15),
                (x - s * 0.3, y + s * 1.3),
            ],
            colour(palette.red, 0.96),
        )
        for i in range(3):
            pen.dot((x, y + s * (0.25 + 0.32 * i)), s * 0.1, colour(palette.plaster, 0.95), flat=0.8)
    canvas.note("inn")
