"""What a MUD shows, as HTML that is readable: its colours are classes of ``static/ansi.css``, made here.

A colour is the nearest that the sheet has (16 by name, 216 of xterm's cube), and light enough for the dark ground that
they stand on; where a MUD sets a background, text that would drown in it is black or white.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.events import Line, Style

Colour = tuple[int, int, int]
GROUND: Colour = (0x14, 0x19, 0x1B)
"""Of ``.term`` in style.css; by night it is darker still."""
READABLE = 4.5
"""Contrast of text to its ground that WCAG 2.2 asks for (1.4.3)."""
STEPS = (0, 95, 135, 175, 215, 255)
NAMED: dict[str, Colour] = {
    "black": (0x7D, 0x87, 0x8A), "red": (0xE0, 0x6C, 0x66), "green": (0x7F, 0xB9, 0x6A), "yellow": (0xCF, 0xA9, 0x4E),
    "blue": (0x6C, 0x9B, 0xE0), "magenta": (0xC3, 0x86, 0xCE), "cyan": (0x5F, 0xB8, 0xBC), "white": (0xC9, 0xCE, 0xCB),
    "bright black": (0x97, 0xA1, 0xA3), "bright red": (0xFF, 0x8A, 0x80), "bright green": (0xA5, 0xE0, 0x8C),
    "bright yellow": (0xF5, 0xD3, 0x76), "bright blue": (0x98, 0xC0, 0xFF), "bright magenta": (0xEB, 0xA8, 0xF3),
    "bright cyan": (0x8B, 0xE3, 0xE6), "bright white": (0xFF, 0xFF, 0xFF),
}  # fmt: skip
BACKS: dict[str, Colour] = {
    "black": (0, 0, 0), "red": (0x8E, 0x2B, 0x27), "green": (0x2F, 0x66, 0x3A), "yellow": (0x77, 0x5A, 0x12),
    "blue": (0x26, 0x4A, 0x8C), "magenta": (0x6F, 0x36, 0x7A), "cyan": (0x1D, 0x66, 0x6A), "white": (0xC9, 0xCE, 0xCB),
    "bright black": (0x4A, 0x53, 0x55), "bright red": (0xC9, 0x4C, 0x44), "bright green": (0x6F, 0xB8, 0x5C),
    "bright yellow": (0xE0, 0xB8, 0x4E), "bright blue": (0x5C, 0x8C, 0xD9), "bright magenta": (0xB8, 0x70, 0xC4),
    "bright cyan": (0x4F, 0xB4, 0xB8), "bright white": (0xFF, 0xFF, 0xFF),
}  # fmt: skip
_INK, _WHITE = (0, 0, 0), (0xFF, 0xFF, 0xFF)  # one of the two can be read on any colour: 4.58 at least
_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def html(line: Line, hide: re.Pattern[str] | None = None) -> Markup:
    """*line* with its colours; what *hide* finds is masked, and then the line has none."""
    text = line.text
    if hide is not None and hide.search(text):
        return _escaped(hide.sub("********", text))
    found, end = Markup(), 0
    for span in line.spans:
        found += _escaped(text[end : span.start])
        if names := classes(span.style):
            found += Markup('<span class="{}">{}</span>').format(names, _escaped(text[span.start : span.end]))
        else:
            found += _escaped(text[span.start : span.end])
        end = span.end
    return found + _escaped(text[end:])


def _escaped(text: str) -> Markup:
    return Markup.escape(visible(text))


def hiding(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds *secrets*; very short ones would hide ordinary words."""
    long = sorted((re.escape(secret) for secret in secrets if len(secret) > 3), key=len, reverse=True)
    return re.compile("|".join(long)) if long else None


def classes(style: Style) -> str:
    """The classes for *style*; what is hidden is shown, as an owner may see it, and nothing blinks."""
    fg, bg = (style.bg, style.fg) if style.inverse else (style.fg, style.bg)
    if style.inverse:
        fg, bg = fg or "black", bg or "white"
    names = []
    if bg is not None:
        back, at = _slot(bg, BACKS)
        names.append(f"b-{back}")
        front, colour = _slot(fg, NAMED, lighten=True) if fg is not None else ("", NAMED["white"])
        if contrast(colour, at) < READABLE:
            front = "ink" if contrast(_INK, at) > contrast(_WHITE, at) else "paper"
        names += [f"f-{front}"] if front else []
    elif fg is not None:
        names.append(f"f-{_slot(fg, NAMED, lighten=True)[0]}")
    names += [f"t-{name}" for name in ("bold", "italic", "underline", "strike", "hidden") if getattr(style, name)]
    if style.faint and not bg and not fg:
        names.append("t-faint")
    return " ".join(names)


def _slot(colour: str, named: dict[str, Colour], *, lighten: bool = False) -> tuple[str, Colour]:
    """The name of the sheet's colour for *colour*, and what it is."""
    if colour in named:
        return colour.replace(" ", "-"), named[colour]
    if not (found := _HEX.fullmatch(colour)):
        return "white", named["white"]
    places = [min(range(6), key=lambda at, part=part: abs(STEPS[at] - int(part, 16))) for part in found.groups()]  # type: ignore[misc]
    number = places[0] * 36 + places[1] * 6 + places[2]
    return str(number), _lit(_cube(number)) if lighten else _cube(number)


def _cube(number: int) -> Colour:
    return STEPS[number // 36], STEPS[number // 6 % 6], STEPS[number % 6]


@cache
def _lit(colour: Colour) -> Colour:
    """*colour*, or as much lighter as it takes to be read on the ground."""
    for step in range(21):
        red, green, blue = (round(part + (255 - part) * step / 20) for part in colour)
        if contrast((red, green, blue), GROUND) >= READABLE:
            break
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2.2 defines it."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@cache
def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def stylesheet() -> str:
    """The text of ``static/ansi.css``."""
    return "\n".join(["/* Made by mudbot.web.colours.stylesheet: colours of MUDs. */", *_rules(), ""])


def _rules() -> Iterator[str]:
    for name, colour in (*NAMED.items(), ("ink", _INK), ("paper", _WHITE)):
        yield f".f-{name.replace(' ', '-')}{{color:{_hex(colour)}}}"
    for number in range(216):
        yield f".f-{number}{{color:{_hex(_lit(_cube(number)))}}}"
    for name, colour in BACKS.items():
        yield f".b-{name.replace(' ', '-')}{{background:{_hex(colour)}}}"
    for number in range(216):
        yield f".b-{number}{{background:{_hex(_cube(number))}}}"
    yield ".t-bold{font-weight:700}"
    yield ".t-italic{font-style:italic}"
    yield ".t-underline{text-decoration:underline}"
    yield ".t-strike{text-decoration:line-through}"
    yield ".t-underline.t-strike{text-decoration:underline line-through}"
    yield ".t-hidden{border-bottom:1px dotted}"
    yield ".t-faint{color:#97a1a3}"


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
