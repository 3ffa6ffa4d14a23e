"""What is close to the viewer: the bank with its great tree, and whoever stands there."""

from __future__ import annotations

import numpy as np

from mudbot.local.painter import buildings, creatures, dunes, mountains, trees, water
from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.palette import colour, mix
from mudbot.local.painter.plan import Layer, Plan


def paint_front(canvas: Canvas, layout: Plan) -> None:
    """The nearest ground of *layout* and everything on it."""
    layer = layout.front
    if layer.sandy:
        dunes.paint_dune(canvas, layer.top, layer.near)
    else:
        mountains.paint_ridge(canvas, layer.top, layer.near, foot=layer.foot, flat=True)
    if "path" in canvas.wishes:
        _path(canvas, layer, layout)
    _great_trees(canvas, layout)
    if "grass" in canvas.wishes:
        _grass(canvas, layer)
    if "reeds" in canvas.wishes:
        x = canvas.width * (0.5 + layout.side * 0.2)
        water.reeds(
            canvas,
            Spot(x, _at(canvas, layer, x) + 14 * canvas.unit, 150 * canvas.unit),
            150 * canvas.unit,
            canvas.rng("reeds"),
        )
    _company(canvas, layout)


def _at(canvas: Canvas, layer: Layer, x: float) -> float:
    return min(float(layer.top[min(canvas.width - 1, max(0, int(x)))]), canvas.height * 0.985)


def _great_trees(canvas: Canvas, layout: Plan) -> None:
    """The tree that frames the picture; bamboo stands on both sides."""
    kinds = trees.kinds(canvas.wishes)
    if not kinds:
        return
    rng = canvas.rng("great tree")
    unit, side = canvas.unit, layout.side
    tall = min(canvas.height, canvas.width * 1.25)
    if any(kind == "bamboo" for kind, _ in kinds):
        for i in range(15):
            edge = side if i % 3 else -side
            x = canvas.width * (0.5 + edge * rng.uniform(0.3, 0.52))
            trees.bamboo(
                canvas, Spot(x, canvas.height + 14 * unit, tall * rng.uniform(0.62, 1.04), 0.55 + 0.45 * i / 14), rng
            )
        canvas.note("bamboo")
    great = [(kind, tree) for kind, tree in kinds if kind != "bamboo"]
    for i, (kind, tree) in enumerate(great[:2]):
        edge = side if i == 0 else -side
        x = canvas.width * (0.5 + edge * 0.385)
        y = min(_at(canvas, layout.front, x) + 16 * unit, canvas.height * 1.0)
        size = tall * (0.52 if kind == "pines" else 0.44) * rng.uniform(0.92, 1.08) * (1.0 if i == 0 else 0.7)
        tree(canvas, Spot(x, y, size), rng)
        canvas.note(kind)


def _company(canvas: Canvas, layout: Plan) -> None:
    """Graves, a fire, a lone figure, a lantern on its post: from the middle towards the great tree."""
    wishes, unit, layer = canvas.wishes, canvas.unit, layout.front
    middle, side = canvas.width / 2, layout.side

    def spot(offset: float, size: float) -> Spot:
        x = middle + side * offset * canvas.width
        return Spot(x, _at(canvas, layer, x) + 20 * unit, size * unit)

    if "graves" in wishes:
        creatures.graves(canvas, spot(-0.12, 74), canvas.rng("graves"))
    if "figure" in wishes and "bridge" not in wishes:
        creatures.person(canvas, spot(0.2, 128), staff=True)
        canvas.note("figure")
    if "fire" in wishes:
        creatures.campfire(canvas, spot(0.06, 62))
    if "lantern" in wishes and "inn" not in wishes:
        _lamp_post(canvas, spot(0.3, 150))


def _lamp_post(canvas: Canvas, spot: Spot) -> None:
    s, x = spot.size, spot.x
    y = min(spot.y, canvas.height - 4 * canvas.unit)
    with canvas.pen((x - s, y - s * 1.1, x + s, y + 4)) as pen:
        pen.stroke([(x, y), (x, y - s)], (s * 0.04, s * 0.03), canvas.palette.tone(0.95))
        pen.stroke(
            [(x - s * 0.06, y - s * 0.96), (x + s * 0.26, y - s)], (s * 0.03, s * 0.02), canvas.palette.tone(0.95)
        )
    buildings.lantern(canvas, Spot(x + s * 0.22, y - s * 0.62, s * 0.24))
    canvas.note("lantern")


def _grass(canvas: Canvas, layer: Layer) -> None:
    """Tufts of bent blades, on the bank and before it."""
    rng = canvas.rng("grass")
    unit = canvas.unit
    green = mix(canvas.palette.ink, (116, 124, 78), 0.5)
    with canvas.pen((0, float(layer.top.min()) - 60 * unit, canvas.width, canvas.height)) as pen:
        for _ in range(int(150 * canvas.width / (1024 * unit))):
            x = rng.uniform(0, canvas.width)
            y = _at(canvas, layer, x) + rng.random() ** 1.6 * 90 * unit
            for _ in range(6):
                size, lean = rng.uniform(16, 44) * unit, rng.uniform(-0.3, 0.75)
                root = x + rng.uniform(-9, 9) * unit
                blade = [(root, y), (root + lean * size * 0.3, y - size * 0.6), (root + lean * size, y - size)]
                pen.stroke(blade, (2.4 * unit, 0.5 * unit), colour(green, rng.uniform(0.4, 0.85)))
    canvas.note("grass")


def _path(canvas: Canvas, layer: Layer, layout: Plan) -> None:
    """A pale way that winds from the lower edge over the bank."""
    unit = canvas.unit
    begin = canvas.width * (0.5 - layout.side * 0.02)
    end = canvas.width * (0.5 - layout.side * 0.16)
    stop = _at(canvas, layer, end)
    points = []
    for i in range(15):
        t = i / 14
        x = begin + (end - begin) * t + np.sin(t * 5.2) * 70 * unit * (1 - t) * layout.side
        points.append((float(x), canvas.height + 10 * unit + (stop - canvas.height - 6 * unit) * t))
    with canvas.pen((0, stop - 10 * unit, canvas.width, canvas.height)) as pen:
        pen.stroke(points, (124 * unit, 20 * unit), canvas.palette.tone(0.4))
        pen.stroke(points, (112 * unit, 15 * unit), colour(mix(canvas.palette.mist, canvas.palette.paper, 0.5), 0.95))
    canvas.note("path")
