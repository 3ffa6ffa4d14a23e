"""The table of the trigger engine.

From bytes on a loopback socket to calls of handlers, against a loop over ``re``, TinTin++ and PyMUD; how flat the cost
of a line stays as triggers are added; and what building, changing and running away cost.
"""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.lines import has_pymud
from bench.triggers import rival_tintin
from bench.triggers.contest import BARE, NAIVE, PLAIN, PYMUD, TINTIN, WHOLE, Figures, Files, contest, ratio
from bench.triggers.inside import fresh
from bench.triggers.serve import Server, server
from bench.triggers.sets import Case, Family

SIZES = (10, 100, 1000, 10_000)
BARS: dict[tuple[str, str], tuple[float, ...]] = {
    (BARE, NAIVE): (6, 25, 180, 1000),
    (WHOLE, NAIVE): (6, 20, 150, 700),
    (BARE, TINTIN): (15, 40, 250, 1000),
}
"""How many times as fast as the second the first has to be, with each number of triggers."""
GROWTH, ADDED, EVERY_LINE = 4.0, 2.0, 5.0
"""A line at 10,000 against one at 10; with hard triggers added against without; microseconds where each line fires."""
BUILD, CACHED, MEMORY, CHANGE, REBUILD, EVIL = 5.0, 0.3, 120.0, 1.0, 40.0, 100.0
"""Seconds, seconds, MiB, and milliseconds."""
WHOLE_RUN, QUICK = 600.0, 60.0
"""Seconds."""

_FAMILIES: tuple[Family, ...] = ("A", "B")
_LINES: dict[Family, dict[str, tuple[int, ...]]] = {
    "A": {
        BARE: (400_000, 400_000, 400_000, 300_000),
        WHOLE: (200_000, 200_000, 200_000, 200_000),
        NAIVE: (50_000, 10_000, 2000, 300),
        TINTIN: (50_000, 10_000, 2000, 300),
        PYMUD: (5000, 3000, 600, 100),
        PLAIN: (20_000, 20_000, 20_000, 10_000),
    },
    "B": {
        BARE: (20_000, 20_000, 20_000, 20_000),
        WHOLE: (10_000, 10_000, 10_000, 10_000),
        NAIVE: (3000, 500, 100, 100),
    },
}
"""How much of a corpus each reads with each number of triggers: who is slow reads less."""


def main(*, quick: bool = False) -> None:
    """Print the table; *quick* leaves out the middle sizes, the second corpus and most rounds."""
    logging.disable(logging.WARNING)
    began = time.monotonic()
    rivals = [rival for rival, there in ((TINTIN, rival_tintin.install), (PYMUD, has_pymud)) if there()]
    with tempfile.TemporaryDirectory() as folder, server() as lines:
        files = Files(Path(folder))
        sizes, families = ((10, 1000), _FAMILIES[:1]) if quick else (SIZES, _FAMILIES)
        for family in families:
            for size in sizes:
                _against(
                    lines, files, Case(family, size, lines=_corpus_lines(family, quick=quick)), rivals, quick=quick
                )
        _flat(lines, files, quick=quick)
        for family in families:
            _inside(files, family, quick=quick)
    took, bar = time.monotonic() - began, QUICK if quick else WHOLE_RUN
    print(f"triggers: the whole benchmark took {took:.0f} s   bar {bar:g} s{_missed(took <= bar)}")


def _corpus_lines(family: Family, *, quick: bool) -> int:
    return (20_000 if quick else 50_000) if family == "A" else 3000


# -- against others ----------------------------------------------------------------------------------------------------


def _against(lines: Server, files: Files, case: Case, rivals: list[str], *, quick: bool) -> None:
    at = SIZES.index(case.count)
    readers = [reader for reader in (BARE, WHOLE, PLAIN, NAIVE, TINTIN, PYMUD) if reader in _LINES[case.family]]
    readers = [reader for reader in readers if reader not in (TINTIN, PYMUD) or reader in rivals]
    if quick:
        readers = [reader for reader in readers if reader not in (PLAIN, PYMUD)]
    counts = {reader: _LINES[case.family][reader][at] // (4 if quick else 1) for reader in readers}
    figures = contest(lines, files, [(reader, case, counts[reader]) for reader in readers], 3 if quick else 5, _is_ours)
    for reader in readers:
        each = median(figures[reader, case.name])
        print(
            f"triggers {case.family} {case.count:6,}  {reader:18} {1e6 / each:10,.0f} lines/s {each:10.2f} µs each"
            f"{_ratios(figures, case, reader, at)}",
            flush=True,
        )


def _is_ours(reader: str) -> bool:
    return reader in (BARE, WHOLE, PLAIN)


def _ratios(figures: Figures, case: Case, rival: str, at: int) -> str:
    """How many times as fast as *rival* ours is, bare and as a session."""
    if _is_ours(rival):
        return ""
    told = ""
    for ours in (BARE, WHOLE):
        found = ratio(figures, (ours, case.name), (rival, case.name))
        told += f"   {ours} {found:,.1f} x"
        bars = BARS.get((ours, rival))
        if bars and case.family == "A":
            told += f" (bar {bars[at]:,g} x{_missed(found >= bars[at])})"
    return told


def _missed(met: bool) -> str:  # noqa: FBT001  # said in one place
    return "" if met else "  MISSED"


# -- how flat ----------------------------------------------------------------------------------------------------------


def _flat(lines: Server, files: Files, *, quick: bool) -> None:
    count = _corpus_lines("A", quick=quick)
    few, many = Case("A", 10, lines=count), Case("A", 10_000, lines=count)
    literal_less = Case("A", 10_000, "literal-less", lines=count)
    sharing = Case("A", 10_000, "sharing", lines=count)
    every = Case("A", 10_000, every_line=True, lines=count)
    cases = (few, many) if quick else (few, many, literal_less, sharing, every)
    figures = contest(lines, files, [(BARE, case, 100_000) for case in cases], 3 if quick else 5, _is_ours)
    us = {case: median(figures[BARE, case.name]) for case in cases}
    for what, case, against, bar in (
        ("10,000 triggers against 10", many, few, GROWTH),
        ("100 literal-less ones added", literal_less, many, ADDED),
        ("1,000 sharing a literal added", sharing, many, ADDED),
    ):
        if case in us:
            found = ratio(figures, (BARE, against.name), (BARE, case.name))
            print(
                f"triggers A, a line with {what:30} {us[case]:6.2f} µs   {found:5.2f} x of {us[against]:.2f} µs"
                f"   bar {bar:g} x{_missed(found <= bar)}   ({_share(files, case)} fire a line)"
            )
    if every in us:
        print(
            f"triggers A, a line where each sets one of 10,000 off {us[every]:6.2f} µs   bar {EVERY_LINE:g} µs"
            f"{_missed(us[every] <= EVERY_LINE)}",
            flush=True,
        )
        _flat_b(lines, files)


def _flat_b(lines: Server, files: Files) -> None:
    few, many = (Case("B", size, lines=_corpus_lines("B", quick=False)) for size in (10, 10_000))
    every = Case("B", 10_000, every_line=True, lines=_corpus_lines("B", quick=False))
    figures = contest(lines, files, [(BARE, case, 20_000) for case in (few, many, every)], 5, _is_ours)
    us = {case: median(figures[BARE, case.name]) for case in (few, many, every)}
    print(
        f"triggers B, a line with 10,000 triggers against 10 {us[many]:6.2f} µs"
        f"   {ratio(figures, (BARE, few.name), (BARE, many.name)):5.2f} x of {us[few]:.2f} µs"
        f"   where each line sets one off {us[every]:6.2f} µs",
        flush=True,
    )


def _share(files: Files, case: Case) -> str:
    corpus = files.corpus(case)[1]
    return f"{corpus.hits(corpus.lines) / corpus.lines:.3f}"


# -- inside ------------------------------------------------------------------------------------------------------------


def _inside(files: Files, family: Family, *, quick: bool) -> None:
    case = Case(family, 10_000, lines=_corpus_lines(family, quick=quick))
    regexes, folder = files.regexes(case), files.inside(case)
    built, kept = fresh("build", regexes, folder), fresh("cached", regexes, folder)
    _bar(family, "10,000 built", built["seconds"], "s", BUILD)
    _bar(family, "10,000 from the cache, fresh process", kept["seconds"], "s", CACHED)
    _bar(family, "memory, once built", built["memory"], "MiB", MEMORY, f"at most {built['peak']:.0f} MiB meanwhile")
    _bar(family, "memory, from the cache, all have fired", kept["memory"], "MiB", MEMORY)
    if quick:
        return
    changed = fresh("change", regexes, folder)
    more = f"the 100 lines after it: median {changed['feed']:.2f}, worst {changed['worst feed']:.2f} ms"
    _bar(family, "adding or removing one, median of 400", changed["median"], "ms", CHANGE)
    _bar(family, "adding or removing one, worst of 400", changed["worst"], "ms", CHANGE, more)
    made = fresh("rebuild", regexes, folder)
    _bar(family, "stall while all is made anew", made["stall"], "ms", REBUILD, f"it takes {made['seconds']:.1f} s")
    evil = fresh("evil", regexes, folder)
    more = f"the second time {evil['again']:.1f} ms"
    _bar(family, "stall at lines evil to 20 triggers", evil["stall"], "ms", EVIL, more)
    for size in SIZES:
        one = Case(family, size, lines=_corpus_lines(family, quick=quick))
        found = fresh("alone", files.regexes(one), files.inside(one))
        print(
            f"triggers {family} {size:6,}  text.py alone {found['text']:6.2f} µs a line"
            f"   engine alone {found['auto']:6.2f} µs   without hyperscan {found['plain']:8.2f} µs",
            flush=True,
        )


def _bar(family: str, what: str, found: float, unit: str, bar: float, more: str = "") -> None:
    told = f"   ({more})" if more else ""
    verdict = _missed(found <= bar)
    print(f"triggers {family}, {what:40} {found:9.3f} {unit}   bar {bar:g} {unit}{verdict}{told}", flush=True)
