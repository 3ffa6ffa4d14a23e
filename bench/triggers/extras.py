"""Triggers that are hard on engines: nothing in them to look for first, the same thing in all of them, or no end."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import Literal

from bench.triggers.corpus import Regexes

Extra = Literal["literal-less", "sharing"]
SHARED = " hits you "
"""What 1,000 triggers have in common, and nothing else that is not a class."""
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WINDOWS = ("A-C", "D-F", "G-I", "J-L", "M-O", "P-R", "S-U", "V-Z")


def literal_less() -> Regexes:
    """100 short ones without a word in them."""
    by_hand = (
        r"^\d+$",
        r"^[A-Z]\w? ",
        r"\b\d{3}\b",
        r"^\W\w\W$",
        r"^\s*$",
        r"^.{1,3}$",
        r"^\w+$",
        r"^\S+:? \d+$",
        r"[!?]{2,}",
        r"^[A-Z]{2,5}$",
        r"^\S{80,}$",
        r"^\W*\d+\W*$",
        r"^[^\w\s]+$",
        r"^(\w)\1\w?$",
        r"^(?=.*\d)(?=.*[!?]).{1,20}$",
        r"\b[A-Z]{4,}\b",
        r"^[-=_*]{5,}$",
        r"^[一-龥]{1,4}$",
        r"[零一二三四五六七八九十]{3,}",
        r"^\s{8,}\S",
        r"^[a-z]",
        r"\d+[/:]\d+[/:]\d+",
        r"^[<({]\d+[>)}]",
        r"^\w+[,:] \w+$",
        r"[,;]$",
    )
    counted = chain(
        (rf"\b\d{{{n}}}\b" for n in range(5, 15)),
        (rf"^\w{{{n}}}$" for n in range(1, 16)),
        (rf"^\S+(?: \S+){{{n}}}$" for n in range(18, 33)),
        (rf"^[{first}]\w? [{second}]\w?[!.]" for first, second in product(_WINDOWS[:5], _WINDOWS[:3])),
        (rf"\b[{window}]\d+\b" for window in _WINDOWS),
        (rf"^\W?[{window}]{{2,4}}\W?$" for window in _WINDOWS),
        (rf"\b\d+[{sign}]\d+\b" for sign in "-+*x"),
    )
    found = [(pattern, 0) for pattern in (*by_hand, *counted)]
    assert len(found) == 100
    return found


def sharing() -> Regexes:
    """1,000 about who hits, and how often: one literal, and the rest of each is classes and counts."""
    patterns = chain(
        (rf"^{first}\w{{{n}}} hits you (?P<n>\d+) times" for first, n in product(_CAPITALS, range(2, 10))),
        (rf"^(?P<who>\w+) hits you {digit}\d{{{n}}} times" for digit, n in product(range(1, 10), range(4))),
        (
            rf"^[{a}]\w+ hits you \d+ \w+ \w+ \w+ {more}[{b.lower()}]\w+[{end}]$"
            for a, b, more, end in product(_WINDOWS, _WINDOWS, ("", r"\w+ "), (".", "!"))
        ),
        (rf"^(?:[a-z]+ ){{{n}}}\w+ hits you \d{{{m}}} " for n, m in product(range(1, 11), range(1, 11))),
        (rf" hits you (?P<n>\d+) times? \w+ {digit}\d{{{n}}} \w+" for digit, n in product(range(1, 10), range(5))),
        (
            rf"^(?P<who>\w+) hits you (?P<n>\d+) \w{{{a}}} \w{{{b}}} \w{{{c}}}\b"
            for a, b, c in product(range(4, 10), range(2, 8), range(2, 8))
        ),
    )
    found = [(pattern, 0) for pattern in patterns]
    found += [
        (rf"^{first}\w+ \w+ hits you \d+ [^.!?]*[{end}]$", re.IGNORECASE) for first, end in product(_CAPITALS, ".!?-~:")
    ]
    return found[:1000]


_A = "a" * 60
EVIL = (
    (r"^(a+)+$", f"{_A}~"),
    (r"^(?:a|a)*$", f"{_A}~"),
    (r"^(?:a|aa)+$", f"{_A}~"),
    (r"(?:a*)*b", f"{_A}~b"),
    (r"^(\w+\s?)*$", f"{_A}~"),
    (r"^(?:\w+ ?)+:$", f"{_A}~:"),
    (r"(.*,)*x$", f"{'a,' * 40}~x"),
    (r"^(?:[a-z]+)*\d$", f"{_A}~5"),
    (r"^(?:a+)+!", f"{_A}~!"),
    (r"(?:\w+|[a-z])+;", f"{_A}~;"),
    (r"^([a-zA-Z]+)*#", f"{_A}~#"),
    (r"(?:a?){40}a{40}", f"{'a' * 39}~"),
    (r"^(?:[^~]|\w)+@$", f"{_A}~@"),
    (r"(\w+)+\.\.\.$", f"{_A}~..."),
    (r"^(?:\s*\w+\s*)*%$", f"{'a ' * 30}~%"),
    (r"^((a|b)+c?)+d", f"{'ab' * 30}~d"),
    (r"(?:aa?)+Z", f"{_A}~Z"),
    (r"(?:[ab]*a)*X", f"{_A}~X"),
    (r"^(\w+\s*)+=$", f"{_A}~="),
    (r"^(?:(?:\w)+)+\?$", f"{_A}~?"),
)
"""20 regexes, each with a line that it takes years over."""
