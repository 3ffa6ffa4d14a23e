"""Which of many patterns may be found in which line: all lines of a read at once.

With hyperscan, where there is a wheel of it for the machine; without it by the grams of the texts that patterns need,
which is ten times as slow and still a hundred times as fast as asking every pattern.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mudbot.triggers.needs import NON_ASCII_CASES
from mudbot.triggers.plan import Plan, Source, plan

if TYPE_CHECKING:
    import hyperscan

    from mudbot.events import Page

log = logging.getLogger(__name__)

Backend = Literal["auto", "hyperscan", "plain"]
Hit = tuple[int, int]
"""The row of a line, and the number of a pattern that may be found in it."""

_FORMAT = 1
"""Of the files in the cache: counted up when their content, or what a plan is, changes its meaning."""
WORTH_KEEPING = 200
"""Patterns from which on it is worth a file that they need not be prepared again."""
GRAM = 4


class Sieve(Protocol):
    """What patterns may be where."""

    always: list[int]
    """Patterns that may be in any line; ``hits`` does not name them."""
    broken: dict[int, str]
    """Patterns that are none, and why."""

    def hits(self, page: Page) -> list[Hit]:
        """Every line and pattern that may go together, by line and number, each once."""


def has_hyperscan() -> bool:
    """Whether there is hyperscan on this machine."""
    try:
        import hyperscan  # noqa: F401
    except ImportError:
        return False
    return True


def sieve(
    sources: Sequence[Source], *, backend: Backend = "auto", anchored: bool = True, cache: Path | None = None
) -> Sieve:
    """A sieve for *sources*.  May take seconds for thousands, much less where *cache*, a folder, knows them already."""
    if backend == "plain" or (backend == "auto" and not has_hyperscan()):
        return _GramSieve(plan(sources, anchored=anchored, exact=False))
    if cache is None or len(sources) < WORTH_KEEPING:
        return _HyperSieve(*_compiled(plan(sources, anchored=anchored)))
    file = cache / f"{_key(sources, anchored=anchored)}.sieve"
    if (found := _read(file)) is not None:
        return found
    made = _HyperSieve(*_compiled(plan(sources, anchored=anchored)))
    _write(file, made)
    return made


# -- with hyperscan ----------------------------------------------------------------------------------------------------


class _HyperSieve:
    def __init__(self, made: Plan, databases: list[hyperscan.Database]) -> None:
        self.plan, self.databases = made, databases
        self.always, self.broken = made.always, made.broken
        self._owners: list[list[int]] = [*made.texts.values(), *made.coarse.values(), made.caseless]

    def __repr__(self) -> str:
        return f"<hyperscan sieve: {self.plan!r}>"

    def hits(self, page: Page) -> list[Hit]:
        found: list[Hit] = []
        data = page.utf8

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((end, number))

        for database in self.databases:
            database.scan(data, match_event_handler=on_match)
        return self._rows(data, found) if found else found

    def _rows(self, data: bytes, found: list[Hit]) -> list[Hit]:
        """Ends of matches as lines: line ends are counted from one match to the next, and nowhere else."""
        found.sort()
        rows: set[Hit] = set()
        row = at = 0
        count, owners = data.count, self._owners
        for end, number in found:
            row += count(b"\n", at, end - 1)
            at = end - 1
            for owner in owners[number]:
                rows.add((row, owner))
        return sorted(rows)


def _compiled(made: Plan) -> tuple[Plan, list[hyperscan.Database]]:
    """The databases of *made*; what hyperscan refuses is looked for in every line."""
    import hyperscan

    special = [char.encode() for char in NON_ASCII_CASES] if made.caseless else []
    texts = [text.encode("utf-8", "surrogatepass") for text, _ in made.texts]
    flags = [hyperscan.HS_FLAG_CASELESS if caseless else 0 for _, caseless in made.texts]
    last = len(made.texts) + len(made.coarse)
    databases = []
    if texts or special:
        database = hyperscan.Database()
        numbers = [*range(len(texts)), *([last] * len(special))]
        database.compile(
            expressions=[*texts, *special], ids=numbers, flags=[*flags, *([0] * len(special))], literal=True
        )
        databases.append(database)
    numbered = {expression: len(texts) + number for number, expression in enumerate(made.coarse)}
    for anchored in (True, False):  # apart they compile in half of the time
        some = {each: number for each, number in numbered.items() if each.startswith(b"^") == anchored}
        if (coarse := _coarse_database(made, some)) is not None:
            databases.append(coarse)
    return made, databases


def _coarse_database(made: Plan, numbered: dict[bytes, int]) -> hyperscan.Database | None:
    """That of some coarse patterns; None if hyperscan takes none of them."""
    import hyperscan

    database = hyperscan.Database()
    while numbered:
        try:
            database.compile(
                expressions=list(numbered),
                ids=list(numbered.values()),
                flags=[hyperscan.HS_FLAG_MULTILINE] * len(numbered),
            )
        except hyperscan.error:  # of a subclass or not, by what it does not like
            refused = [expression for expression in numbered if not _takes(expression)] or list(numbered)
            for expression in refused:
                log.debug("hyperscan refuses %r: its patterns are searched in every line", expression)
                del numbered[expression]
                made.look_everywhere(made.coarse[expression])
        else:
            return database
    return None


def _takes(expression: bytes) -> bool:
    import hyperscan

    try:
        hyperscan.Database().compile(expressions=[expression], ids=[0], flags=[hyperscan.HS_FLAG_MULTILINE])
    except hyperscan.error:
        return False
    return True


# -- its cache ---------------------------------------------------------------------------------------------------------


def _key(sources: Sequence[Source], *, anchored: bool) -> str:
    """What a sieve depends on: the patterns, and everything that could read them in another way."""
    import platform
    import sys
    from importlib.metadata import version

    import mudbot

    told = [_FORMAT, mudbot.__version__, sys.version, platform.machine(), version("hyperscan"), anchored]
    return hashlib.sha256(json.dumps([told, sources]).encode("utf-8", "surrogatepass")).hexdigest()


def _write(file: Path, made: _HyperSieve) -> None:
    import hyperscan

    blobs = [hyperscan.dumpb(database) for database in made.databases]
    planned = made.plan
    head = {
        "size": planned.size,
        "texts": [[text, caseless, owners] for (text, caseless), owners in planned.texts.items()],
        "coarse": [[expression.decode("ascii"), owners] for expression, owners in planned.coarse.items()],
        "always": planned.always,
        "caseless": planned.caseless,
        "broken": planned.broken,
        "blobs": [len(blob) for blob in blobs],
    }
    content = b"\n".join([json.dumps(head).encode(), b"".join(blobs)])
    part = file.with_suffix(f".{os.getpid()}.part")  # another bot may be at it
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(hashlib.sha256(content).digest() + content)
        part.replace(file)
        _forget(file.parent)
    except OSError as exc:
        log.info("prepared triggers cannot be kept in %s: %s", file.parent, exc)
        with contextlib.suppress(OSError):
            part.unlink()


def _forget(folder: Path, keep: int = 20) -> None:
    """Keep the latest files only: every change of a trigger makes another one."""
    files = sorted(folder.glob("*.sieve"), key=lambda file: file.stat().st_mtime)
    for file in files[:-keep]:
        file.unlink(missing_ok=True)


def _read(file: Path) -> _HyperSieve | None:
    """The sieve in *file*; None if there is none, or it is not whole."""
    import hyperscan

    try:
        raw = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.utime(file)  # what is used is the last to be forgotten
    content = raw[32:]
    if hashlib.sha256(content).digest() != raw[:32]:
        log.info("%s is damaged: triggers are prepared anew", file)
        return None
    line, _, rest = content.partition(b"\n")
    databases = []
    try:
        head = json.loads(line)
        made = _planned(head)
        for size in head["blobs"]:
            database = hyperscan.loadb(rest[:size], mode=hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            databases.append(database)
            rest = rest[size:]
    except hyperscan.error as exc:
        log.info("%s is of another machine (%s): triggers are prepared anew", file, exc)
        return None
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        log.info("%s is of another version (%r): triggers are prepared anew", file, exc)
        return None
    return _HyperSieve(made, databases)


def _planned(head: dict[str, Any]) -> Plan:
    """The plan that ``_write`` put down as *head*."""
    return Plan(
        head["size"],
        {(text, caseless): owners for text, caseless, owners in head["texts"]},
        {expression.encode("ascii"): owners for expression, owners in head["coarse"]},
        head["always"],
        head["caseless"],
        {int(number): why for number, why in head["broken"].items()},
    )


# -- without it --------------------------------------------------------------------------------------------------------


class _GramSieve:
    """Looks up every four characters of a line among those that patterns' texts have; shorter texts by their length."""

    def __init__(self, made: Plan) -> None:
        self.plan, self.always, self.broken = made, made.always, made.broken
        # Folded letter by letter, so that what is in a text is in the folded text as well.
        wanted = [(text.casefold(), owners) for (text, _), owners in made.texts.items()]
        counted = Counter(gram for text, _ in wanted for gram in set(_grams(text, min(GRAM, len(text)))))
        self._index: dict[int, dict[str, list[tuple[str, list[int]]]]] = {}
        for text, owners in wanted:
            length = min(GRAM, len(text))
            gram = min(_grams(text, length), key=lambda each: counted[each])
            self._index.setdefault(length, {}).setdefault(gram, []).append((text, owners))

    def __repr__(self) -> str:
        return f"<plain sieve: {self.plan!r}>"

    def hits(self, page: Page) -> list[Hit]:
        found: list[Hit] = []
        special = self.plan.caseless and any(char in page.text for char in NON_ASCII_CASES)
        for row, line in enumerate(page.texts):
            owners: set[int] = set()
            if special and any(char in line for char in NON_ASCII_CASES):
                owners.update(self.plan.caseless)
            text = line.casefold()
            for length, index in self._index.items():
                for gram in index.keys() & set(_grams(text, length)):
                    for wanted, whose in index[gram]:
                        if wanted in text:
                            owners.update(whose)
            found += [(row, owner) for owner in sorted(owners)]
        return found


def _grams(text: str, length: int) -> Iterable[str]:
    return [text[at : at + length] for at in range(len(text) - length + 1)]
