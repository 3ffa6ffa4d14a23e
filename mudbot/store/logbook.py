"""The log as the store keeps it.  Functions of a connection, for ``Store.change`` and ``browse``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, select, union_all

from mudbot.store.tables import logged

PAGE = 100
"""Entries on a page."""
LOOKS = 100_000
"""Entries that one page looks through for a text; the next goes on where it ended."""
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
PRUNE = 5000
"""Entries that are deleted in one transaction."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; empty is all."""

    level: str = ""
    """``debug``, ``info``, ``warning`` or ``error``, and whatever is worse."""
    session: str = ""
    logger: str = ""
    """A part of the logger's name, ``plugins.scenes`` for example."""
    words: str = ""
    """What stands in it, in whatever case."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the log, the newest first."""

    rows: Sequence[Any]
    older: int | None
    """What to look before for the next page; None at the end of the log."""


def page(connection: Connection, wanted: Filter, *, before: int = 0) -> Found:
    """The newest entries that are *wanted*; with *before*, older than that one."""
    newest = connection.execute(select(func.max(logged.c.id))).scalar() or 0
    top = min(before - 1, newest) if before else newest
    # What has an index needs no bound; a text is compared with entry after entry.
    searched = bool(wanted.words or wanted.logger or wanted.session)
    floor = max(0, top - LOOKS) if searched else 0
    found = connection.execute(_query(wanted, floor, top)).all()
    if len(found) > PAGE:
        return Found(found[:PAGE], found[PAGE - 1].id)
    oldest = connection.execute(select(func.min(logged.c.id))).scalar() or 0
    return Found(found, floor + 1 if floor >= oldest > 0 else None)


def _query(wanted: Filter, floor: int, top: int) -> Select[Any]:
    conditions = [logged.c.id <= top, logged.c.id > floor]
    if wanted.session:
        conditions.append(logged.c.session == wanted.session)
    if wanted.logger:
        conditions.append(logged.c.logger.contains(wanted.logger, autoescape=True))
    if wanted.words:
        conditions.append(logged.c.text.icontains(wanted.words, autoescape=True))
    least = LEVELS.get(wanted.level, 0)
    if least <= LEVELS["info"]:  # most of all entries: the index would be a detour
        fits = and_(*conditions, logged.c.level >= least) if least else and_(*conditions)
        return select(logged).where(fits).order_by(logged.c.id.desc()).limit(PAGE + 1)
    # The index has one order for each level: the newest of each, and of those the newest.
    levels = [level for level in (30, 40, 50) if level >= least]
    newest = [
        select(select(logged).where(logged.c.level == level, *conditions).order_by(logged.c.id.desc()).limit(PAGE + 1)
        .subquery())
        for level in levels
    ]  # fmt: skip
    merged = union_all(*newest).subquery()
    return select(merged).order_by(merged.c.id.desc()).limit(PAGE + 1)


def prune(connection: Connection, *, keep: int, since: float) -> bool:
    """Delete some of the oldest entries: what is more than *keep*, or older than *since*; whether there may be more."""
    newest = connection.execute(select(func.max(logged.c.id))).scalar() or 0
    oldest = select(logged.c.id).order_by(logged.c.id).limit(PRUNE)
    numbers = list(connection.execute(oldest).scalars())
    if not numbers:
        return False
    eldest = and_(logged.c.id <= numbers[-1], (logged.c.id <= newest - keep) | (logged.c.at < since))
    return connection.execute(delete(logged).where(eldest)).rowcount == PRUNE
