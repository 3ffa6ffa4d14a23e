"""Paints a planned landscape from far to near."""

from __future__ import annotations

import numpy as np

from mudbot.local.painter import buildings, creatures, dunes, mountains, sky, trees, water, weather
from mudbot.local.painter.canvas import Canvas, Spot
from mudbot.local.painter.foreground import paint_front
from mudbot.local.painter.plan import RAISED, Layer, Plan, plan

_BUILDERS = {"temple": buildings.pagoda, "stronghold": buildings.stronghold, "palace": buildings.palace}


def paint_landscape(canvas: Canvas) -> None:
    """A landscape with everything outdoors that ``canvas.wishes`` names, weather included."""
    wishes = canvas.wishes
    layout = plan(canvas)
    skyline = np.minimum.reduce([layer.top for layer in layout.layers])
    sky.paint_sky(canvas, layout.horizon, skyline)
    if "birds" in wishes:
        creatures.flock(canvas, layout.horizon)
    for index, layer in enumerate(layout.layers[:-1]):
        _range(canvas, layout, index, layer)
    _note_ranges(canvas, layout)
    _stage(canvas, layout)
    if layout.water:
        water.paint_water(canvas, layout.water, layout.level)
        _on_water(canvas, layout)
    if "mist" in wishes:
        _banks(canvas, layout)
    paint_front(canvas, layout)
    if "cranes" in wishes:
        creatures.cranes(canvas, layout.horizon)
    weather.falling(canvas)


def _range(canvas: Canvas, layout: Plan, index: int, layer: Layer) -> None:
    """One ridge or dune with what grows and stands on it."""
    if layer.sandy:
        dunes.paint_dune(canvas, layer.top, layer.near)
    else:
        mountains.paint_ridge(canvas, layer.top, layer.near, foot=layer.foot)
        if layer.near > 0.35:
            mountains.dot_crest(canvas, layer.top, layer.near, f"moss{index}")
    following = layout.layers[index + 1]
    if index == 1:
        if "waterfall" in canvas.wishes:
            _fall(canvas, layer, following)
        if "smoke" in canvas.wishes and not canvas.wishes & {"village", "inn"}:
            _far_smoke(canvas, layout, layer)
    for name, spot in layer.sites:
        _BUILDERS[name](canvas, spot)
        buildings.rooted(canvas, spot, spot.size * RAISED[name][0] * 0.5, name)
    if index >= 2:
        _grove(canvas, layer, f"grove{index}", size=52 + 52 * layer.near, clear=[spot for _, spot in layer.sites])
    if index == 2 and "camels" in canvas.wishes:
        _caravan(canvas, layout, layer)


def _fall(canvas: Canvas, layer: Layer, following: Layer) -> None:
    """Water falls where most of the rock can be seen."""
    margin = canvas.width // 6
    gap = following.top - layer.top
    x = margin + int(np.argmax(gap[margin:-margin]))
    top = float(layer.top[x]) + 14 * canvas.unit
    water.waterfall(canvas, x, top, max(float(following.top[x]) + 24 * canvas.unit, top + 110 * canvas.unit))


def _far_smoke(canvas: Canvas, layout: Plan, layer: Layer) -> None:
    x = canvas.width - layout.focus
    foot = float(layer.top[int(x)]) + 12 * canvas.unit
    dunes.smoke(canvas, x, foot, min(foot * 0.86, 420 * canvas.unit))


def _caravan(canvas: Canvas, layout: Plan, layer: Layer) -> None:
    size = 58 * canvas.unit
    x = layout.focus - size * 2
    window = layer.top[max(0, int(x - size)) : int(x + 5 * size)]
    creatures.camels(canvas, Spot(x, float(window.max()) + 4 * canvas.unit, size))


def _note_ranges(canvas: Canvas, layout: Plan) -> None:
    ranges = layout.layers[:-1]
    if any(layer.sandy for layer in ranges):
        canvas.note("dunes")
    if not all(layer.sandy for layer in ranges):
        low = layout.water == "sea" or "grass" in canvas.wishes
        canvas.note("hills" if low and "mountain" not in canvas.wishes else "mountains")


def _grove(canvas: Canvas, layer: Layer, name: str, *, size: float, clear: list[Spot]) -> None:
    """Small trees along a crest: many in a forest, else a few in the mountains."""
    kinds = trees.kinds(canvas.wishes)
    if not kinds:
        return
    rng = canvas.rng(name)
    dense = bool(canvas.wishes & {"forest", "pine", "bamboo"})
    count = round((11 if dense else 3) * canvas.width / (1024 * canvas.unit))
    for i in range(count):
        kind, tree = kinds[i % len(kinds)]
        x = rng.uniform(0.01, 0.99) * canvas.width
        height = size * rng.uniform(0.7, 1.25) * canvas.unit * (1.5 if kind == "bamboo" else 1)
        if any(abs(x - spot.x) < spot.size * 0.5 for spot in clear):
            continue
        y = float(layer.top[int(x)]) + 5 * canvas.unit
        tree(canvas, Spot(x, y, height, 0.45 + 0.5 * layer.near), rng)
        canvas.note(kind)


def _stage(canvas: Canvas, layout: Plan) -> None:
    """The low ground with the houses."""
    layer, unit = layout.stage, canvas.unit
    if layer.sandy:
        dunes.paint_dune(canvas, layer.top, layer.near)
    else:
        mountains.paint_ridge(canvas, layer.top, layer.near, foot=layer.foot, flat=True)
    wishes = canvas.wishes
    _grove(
        canvas,
        layer,
        "stage trees",
        size=96,
        clear=[Spot(layout.focus, 0, 420 * unit)] if wishes & {"inn", "village"} else [],
    )
    if "village" in wishes:
        _village(canvas, layout)
    if "inn" in wishes:
        if "smoke" in wishes:
            dunes.smoke(
                canvas, layout.focus + 40 * unit, _ground(layer, layout.focus) - 160 * unit, 280 * unit, thin=True
            )
        inn = Spot(layout.focus, _ground(layer, layout.focus) + 5 * unit, 205 * unit)
        buildings.inn(canvas, inn)
        buildings.rooted(canvas, inn, inn.size * 0.62, "inn bushes")


def _village(canvas: Canvas, layout: Plan) -> None:
    """Five houses: three behind, paler and smaller, two before them."""
    rng, unit, layer = canvas.rng("houses"), canvas.unit, layout.stage
    beside = "inn" in canvas.wishes
    for i, offset in enumerate((-0.26, 0.27, 0.15, -0.18, 0.37) if beside else (-0.2, 0.08, 0.27, -0.08, 0.2)):
        near = i >= 3
        x = min(
            max(layout.focus + (offset + rng.uniform(-0.02, 0.02)) * canvas.width, 0.08 * canvas.width),
            0.92 * canvas.width,
        )
        size = rng.uniform(82, 98) * unit if near else rng.uniform(56, 72) * unit
        foot = _ground(layer, x) + (6 if near else -3) * unit
        if near and "smoke" in canvas.wishes and not beside:
            dunes.smoke(canvas, x + size * 0.3, foot - size * 0.7, 230 * unit, thin=True)
        spot = Spot(x, foot, size, 0.96 if near else 0.8)
        buildings.house(canvas, spot)
        buildings.rooted(canvas, spot, size * 0.7, f"bushes{i}")


def _ground(layer: Layer, x: float) -> float:
    return float(layer.top[min(len(layer.top) - 1, max(0, int(x)))])


def _on_water(canvas: Canvas, layout: Plan) -> None:
    unit = canvas.unit
    rng = canvas.rng("boat")
    free = canvas.height - layout.level
    if "bridge" in canvas.wishes:
        x = canvas.width / 2 - layout.side * 0.14 * canvas.width
        water.bridge(canvas, Spot(x, layout.level + free * 0.27, min(105 * unit, canvas.width * 0.12)))
        if "figure" in canvas.wishes:
            creatures.person(canvas, Spot(x, layout.level + free * 0.27 - 112 * unit, 78 * unit), staff=True)
            canvas.note("figure")
    if "boat" in canvas.wishes:
        x = canvas.width * (0.5 + layout.side * rng.uniform(-0.02, 0.1))
        low = 0.52 if "bridge" in canvas.wishes else rng.uniform(0.26, 0.36)
        creatures.boat(canvas, Spot(x, layout.level + free * low, 92 * unit))


def _banks(canvas: Canvas, layout: Plan) -> None:
    height = canvas.height
    weather.mist(canvas, height * 0.47, height * 0.05, 0.6)
    weather.mist(canvas, height * 0.6, height * 0.045, 0.55)
    weather.mist(canvas, min(layout.level, height * 0.84), height * 0.035, 0.6)
    canvas.note("mist")
