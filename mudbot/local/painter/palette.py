"""Which paper, which ink: colours by the time of day and the weather."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mudbot.local.painter.pen import Colour

RGB = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one painting, each red, green, blue from 0 to 255."""

    paper: RGB
    """What is left unpainted."""
    ink: RGB
    mist: RGB
    """What far things fade into."""
    sky: RGB
    """The top of the sky."""
    glow: RGB
    """The sky at the horizon."""
    glowing: float
    """How much of the horizon's colour there is, 0 to 1."""
    snow: RGB = (247, 247, 244)
    plaster: RGB = (236, 229, 212)
    """Walls, the white of cranes: what is lighter than the paper beside it."""
    lamp: RGB = (226, 74, 44)
    """Paper lanterns."""
    light: RGB = (255, 186, 92)
    """What lanterns, windows and fires throw."""
    lit: float = 0.0
    """How brightly lights shine, 0 (noon) to 1 (night)."""
    red: RGB = (178, 44, 34)
    """The sun, banners, seals."""

    def tone(self, strength: float) -> Colour:
        """Ink of this *strength*, 0 (water) to 1 (black)."""
        return colour(self.ink, strength)


def colour(base: RGB, opacity: float = 1.0) -> Colour:
    """*base* with an *opacity* from 0 to 1, as a pen takes it."""
    red, green, blue = (max(0, min(255, round(part))) for part in base)
    return red, green, blue, max(0, min(255, round(opacity * 255)))


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """*first* with a *share* (0 to 1) of *second*."""
    a, b, c = (p + (q - p) * share for p, q in zip(first, second, strict=True))
    return a, b, c


DAY = Palette(
    paper=(239, 231, 212),
    ink=(30, 32, 36),
    mist=(233, 226, 209),
    sky=(206, 209, 203),
    glow=(240, 232, 213),
    glowing=0.3,
)
DAWN = Palette(
    paper=(240, 229, 208),
    ink=(40, 38, 46),
    mist=(239, 224, 204),
    sky=(196, 202, 206),
    glow=(243, 190, 150),
    glowing=0.75,
    lit=0.3,
)
DUSK = Palette(
    paper=(233, 214, 188),
    ink=(38, 31, 38),
    mist=(226, 190, 160),
    sky=(164, 148, 154),
    glow=(226, 128, 74),
    glowing=0.9,
    lit=0.7,
)
NIGHT = Palette(
    paper=(84, 96, 114),
    ink=(14, 18, 28),
    mist=(84, 97, 117),
    sky=(28, 36, 54),
    glow=(96, 110, 130),
    glowing=0.85,
    snow=(206, 215, 228),
    plaster=(150, 152, 152),
    lamp=(240, 104, 52),
    light=(255, 172, 82),
    lit=1.0,
    red=(176, 52, 42),
)


def choose(wishes: frozenset[str]) -> Palette:
    """The palette that fits what was asked for."""
    if "night" in wishes:
        base = NIGHT
    elif "dusk" in wishes:
        base = DUSK
    else:
        base = DAWN if "dawn" in wishes else DAY
    if "snow" in wishes:
        base = _snowy(base)
    if "rain" in wishes or "lightning" in wishes:
        base = _rainy(base)
    if "desert" in wishes:
        base = _sandy(base)
    return _bloody(base) if "blood" in wishes else base


def _snowy(base: Palette) -> Palette:
    """The sky is darker than the ground: snow is the paper that the wash leaves out."""
    grey = (174.0, 180.0, 186.0)
    share = 0.25 if base.lit == 1.0 else 0.75
    if base.lit == 1.0:
        return replace(base, mist=(124, 138, 158), paper=(92, 105, 124), sky=(34, 43, 62))
    return replace(
        base, sky=mix(base.sky, (136, 146, 156), share), paper=mix(base.paper, grey, 0.35), mist=(222, 223, 221)
    )


def _rainy(base: Palette) -> Palette:
    grey = mix(base.paper, (128, 134, 140), 0.45)
    return replace(
        base,
        paper=grey,
        mist=mix(base.mist, (150, 156, 160), 0.5),
        sky=mix(base.sky, (92, 98, 106), 0.6),
        glow=mix(base.glow, grey, 0.7),
        lit=max(base.lit, 0.45),
    )


def _sandy(base: Palette) -> Palette:
    if base.lit == 1.0:
        return replace(base, mist=(104, 104, 112))
    return replace(base, paper=mix(base.paper, (236, 208, 160), 0.5), mist=mix(base.mist, (240, 214, 168), 0.7))


def _bloody(base: Palette) -> Palette:
    if base.lit == 1.0:
        return replace(base, sky=(48, 20, 30), glow=(140, 44, 44), mist=(92, 66, 76), glowing=1.0)
    return replace(
        base, sky=(150, 62, 54), glow=(206, 62, 42), mist=mix(base.mist, (206, 130, 108), 0.6), glowing=1.0, lit=0.8
    )
