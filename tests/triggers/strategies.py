"""Patterns of all that ``re`` knows, and lines that they find, or nearly.

``MUDBOT_FUZZ=1`` in the environment has every property tried fifty times as often.
"""

from __future__ import annotations

import functools
import os
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, reject, settings
from hypothesis import strategies as st

TIMES = 50 if os.environ.get("MUDBOT_FUZZ") else 1
ALPHABET = (
    "aAbBkKsSiIxX01_ -.:!\t"  # what MUDs are made of
    "\u017f\u212a\u0131\u0130"  # ſ, the Kelvin sign, ı, İ: they stand for letters of ASCII
    "ßẞσςΣéÉе\u0301дДµμΜǅǄǆΩωЖ"  # cases of two, three and four, a lone accent
    "说說道告诉你：「」，。"
    "\U00010400\U00010428😀"  # beyond the BMP, with cases and without
    "\x1c\x1f\x85\u2028\u00a0\u3000\u0663"  # blanks of several kinds, a digit that is not of ASCII
)
WORDS = (
    "ab", "says", "kiss", "Kiss", "σας", "ΣΑΣ", "告诉你", "说道：", "İik", "é", "straße", "a", "s", "\u017fi", "Дд",
    "!",
    "x" * 9, "arrives", "<hp:",
)  # fmt: skip
CLASSES = (
    (r"\w", "aKд说_0"), (r"\W", " -：\x1c!"), (r"\d", "01\u0663"), (r"\D", "aд :"), (r"\s", " \t\x1c\u2028"),
    (r"\S", "aд\x1c!"), (".", "aд说 😀"), ("[a-z]", "abksi\u017f"), ("[A-Z]", "ABKSI"), ("[à-ž]", "éÉ\u017fs\u0131"),
    ("[\u0100-\u024f]", "\u017fsSi\u0130ǆ"), ("[Ͱ-Ͽ]", "σςΣωµ"), ("[а-я]", "дДж"), ("[一-龥]", "说道你"),
    ("[^一-龥]", "ab：é"), (r"[\w-]", "a-д"), (r"[^\W\d_]", "aд说"), ("[^s]", "aS\u017f"), ("[𐐀-𐐧]", "𐐀𐐨"),
    ("[\x1c-\x20]", "\x1c\x1f "), (r"[^\S ]", "\t\x1c\x85"), ("[说說]", "说說"), ("[sS]", "sS\u017f"),
    ("[k]", "kK\u212a"), ("[^k-s]", "aKS"), ("[Z-a]", "aA_"), ("[\u0131x]", "iI\u0131x"), (r"[^\w]", " ：\x1f"),
    (r"[\d\s]", "0 \t"), (r"[^\d\u017f]", "asS"), ("[\u212a-\u212b]", "kK\u212aå"), ("[ﬀ-ﬆ]", "ﬅﬆ"),
)  # fmt: skip
PLACES = ("^", "$", r"\A", r"\Z", r"\b", r"\B")
SCOPES = ("i", "-i", "s", "a", "u", "i-s", "m", "x", "ai", "ui", "a-i")
CASES, A, X = re.IGNORECASE, re.ASCII, re.VERBOSE
FLAGS = (0, 0, 0, CASES, CASES, CASES | A, A, re.DOTALL, re.MULTILINE, X, CASES | X)
GLOBALS = ("", "", "", "", "(?i)", "(?a)", "(?ai)", "(?x)", "(?ms)", "(?u)")

Like = Callable[[random.Random], str]


@dataclass(frozen=True)
class Piece:
    """A part of a pattern: how it is written, given the number of groups before it, and a text that it may find."""

    write: Callable[[int], str]
    like: Like
    groups: int = 0
    atom: bool = False
    """Whether a repeat may stand right behind it."""


def fuzz(examples: int) -> settings:
    """*examples* of each property, or many more if they are wanted."""
    return settings(
        max_examples=examples * TIMES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )


def literal(text: str) -> Piece:
    return Piece(lambda _: re.escape(text), lambda rnd: other_case(text, rnd), atom=len(text) == 1)


def other_case(text: str, rnd: random.Random) -> str:
    """*text*, sometimes with letters of another case, of those that stand for ASCII's too."""
    if rnd.random() < 0.6:
        return text
    friends = {"s": "\u017f", "k": "\u212a", "i": "\u0131", "I": "\u0130", "\u017f": "S", "σ": "ς", "µ": "Μ", "ß": "ẞ"}
    return "".join(rnd.choice((c, c.upper(), c.lower(), c.swapcase(), friends.get(c, c))) for c in text)


@functools.cache
def leaf() -> st.SearchStrategy[Piece]:
    char = st.sampled_from(ALPHABET)
    return st.one_of(
        st.sampled_from(WORDS).map(literal),
        st.lists(char, min_size=1, max_size=3).map("".join).map(literal),
        st.sampled_from(CLASSES).map(lambda one: _class(*one)),
        st.tuples(st.booleans(), st.lists(char, min_size=1, max_size=5, unique=True)).map(_own_class),
        st.sampled_from(PLACES).map(lambda place: Piece(lambda _: place, lambda _: "")),
    )


def _class(source: str, inside: str) -> Piece:
    return Piece(lambda _: source, lambda rnd: rnd.choice(inside), atom=True)


def _own_class(drawn: tuple[bool, list[str]]) -> Piece:
    negated, chars = drawn
    inside = "".join(c for c in ALPHABET if c not in chars) if negated else "".join(chars)
    source = "".join(map(re.escape, chars))
    return _class(f"[{'^' if negated else ''}{source}]", inside)


def written(parts: Sequence[Piece], before: int) -> list[str]:
    texts = []
    for part in parts:
        texts.append(part.write(before))
        before += part.groups
    return texts


def sequence(parts: Sequence[Piece]) -> Piece:
    groups = sum(part.groups for part in parts)
    return Piece(lambda n: "".join(written(parts, n)), lambda rnd: "".join(part.like(rnd) for part in parts), groups)


def branches(parts: Sequence[Piece]) -> Piece:
    groups = sum(part.groups for part in parts)
    return Piece(lambda n: f"(?:{'|'.join(written(parts, n))})", lambda rnd: rnd.choice(parts).like(rnd), groups)


def grouped(opening: str, inner: Piece, *, counted: int = 0) -> Piece:
    return Piece(lambda n: f"{opening}{inner.write(n + counted)})", inner.like, inner.groups + counted)


def named(inner: Piece) -> Piece:
    return Piece(lambda n: f"(?P<g{n + 1}>{inner.write(n + 1)})", inner.like, inner.groups + 1)


def around(opening: str, inner: Piece, *, shown: bool) -> Piece:
    return Piece(lambda n: f"{opening}{inner.write(n)})", inner.like if shown else lambda _: "", inner.groups)


def repeated(inner: Piece, counts: str, times: tuple[int, int]) -> Piece:
    def write(before: int) -> str:
        text = inner.write(before)
        return f"{text if inner.atom else f'(?:{text})'}{counts}"

    return Piece(write, lambda rnd: "".join(inner.like(rnd) for _ in range(rnd.randint(*times))), inner.groups)


def referring(inner: Piece, between: Piece, how: str) -> Piece:
    """The same text twice: by number, by name, or in whatever case."""

    def write(before: int) -> str:
        number = before + 1
        opening = f"(?P<r{number}>" if how == "name" else "("
        back = {"name": f"(?P=r{number})", "number": rf"(?:\{number})", "case": rf"(?i:\{number})"}[how]
        return f"{opening}{inner.write(number)}){between.write(number + inner.groups)}{back}"

    def like(rnd: random.Random) -> str:
        text = inner.like(rnd)
        return text + between.like(rnd) + (other_case(text, rnd) if how == "case" else text)

    return Piece(write, like, inner.groups + between.groups + 1)


def conditional(first: Piece, yes: Piece, no: Piece) -> Piece:
    """One thing if a group took part, another if not."""

    def write(before: int) -> str:
        number = before + 1
        then = yes.write(number + first.groups)
        other = no.write(number + first.groups + yes.groups)
        return f"({first.write(number)})?(?({number}){then}|{other})"

    def like(rnd: random.Random) -> str:
        return first.like(rnd) + yes.like(rnd) if rnd.random() < 0.5 else no.like(rnd)

    return Piece(write, like, first.groups + yes.groups + no.groups + 1)


# -- whole patterns ----------------------------------------------------------------------------------------------------

COUNTS = (
    ("?", (0, 1)), ("{0,2}", (0, 2)), ("{2}", (2, 2)), ("{1,3}", (1, 3)), ("{0}", (0, 0)), ("{1,2}", (1, 2)),
    ("{9}", (9, 9)),
)  # fmt: skip
ENDLESS = (("*", (0, 3)), ("+", (1, 3)), ("{2,}", (2, 4)), ("{3,40}", (3, 5)), ("{2,60}", (2, 60)))


@functools.cache
def pieces(depth: int = 3) -> st.SearchStrategy[Piece]:
    """Pieces of at most so many levels.  Only a character or a word is repeated without a bound."""
    if not depth:
        return leaf()
    inner = pieces(depth - 1)
    suffix = st.sampled_from(("", "", "", "?", "+"))
    return st.one_of(
        leaf(),
        leaf(),
        st.builds(
            lambda one, many, how: repeated(one, many[0] + how, many[1]), leaf(), st.sampled_from(ENDLESS), suffix
        ),
        st.builds(lambda one, some, how: repeated(one, some[0] + how, some[1]), inner, st.sampled_from(COUNTS), suffix),
        st.lists(inner, min_size=1, max_size=4).map(sequence),
        st.lists(st.one_of(inner, st.just(literal(""))), min_size=2, max_size=4).map(branches),
        inner.map(lambda one: grouped("(", one, counted=1)),
        inner.map(named),
        st.sampled_from(("(?:", "(?>")).flatmap(lambda opening: inner.map(lambda one: grouped(opening, one))),
        st.builds(lambda sign, one: around(sign, one, shown=False), st.sampled_from(("(?!", "(?<!")), inner),
        st.builds(lambda sign, one: around(sign, one, shown=True), st.sampled_from(("(?=", "(?<=")), inner),
        st.builds(lambda scope, one: grouped(f"(?{scope}:", one), st.sampled_from(SCOPES), inner),
        st.builds(referring, inner, inner, st.sampled_from(("number", "name", "case"))),
        st.builds(conditional, inner, inner, inner),
    )


@dataclass(frozen=True)
class Drawn:
    """A pattern and lines that it finds, or nearly."""

    regex: str
    flags: int
    lines: tuple[str, ...]


@st.composite
def drawn(draw: st.DrawFn, depth: int = 3) -> Drawn:
    parts = draw(st.lists(pieces(depth), max_size=4))
    flags = int(draw(st.sampled_from(FLAGS)))
    start = draw(st.sampled_from(GLOBALS))
    gap = draw(st.sampled_from((" ", " # what is said\n", ""))) if flags & X or "x" in start else ""
    regex = gap.join([start, *written(parts, 0)])
    try:
        re.compile(regex, flags)
    except (re.error, ValueError):
        reject()
    rnd = random.Random(draw(st.integers(0, 1 << 32)))
    near = ["".join(part.like(rnd) for part in parts) for _ in range(4)]
    return Drawn(regex, flags, tuple(spoilt(text, rnd).replace("\n", "") for text in near))


def spoilt(text: str, rnd: random.Random) -> str:
    """*text* as it is, or with a little more, less or other."""
    for _ in range(rnd.choice((0, 0, 1, 1, 2))):
        at, char = rnd.randint(0, len(text)), rnd.choice(ALPHABET)
        text = rnd.choice((
            text + char, char + text, text[:at] + char + text[at:], text[:at] + text[at + 1 :], f"{char} {text} {char}",
            other_case(text, rnd), text[:at] + char + text[at + 1 :], text * 2,
        ))  # fmt: skip
    return text


def noise() -> st.SearchStrategy[str]:
    """Any line of the alphabet that patterns are made of."""
    return st.text(ALPHABET, max_size=12)
