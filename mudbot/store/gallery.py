"""Pictures in the database.  Functions of a connection, for ``Store.read``, ``browse`` and ``change``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_, update
from sqlalchemy import delete as deletion
from sqlalchemy.dialects.sqlite import insert as upsert

from mudbot.store.tables import gone, pictures

WORDS = 8
"""Words of a search that count: each is looked for in every row that is left."""
MOST = 100
"""Rows of a page, and names of a choice."""

# -- which -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Which:
    """Which pictures; what is empty or None is not asked."""

    session: str = ""
    place: str = ""
    speaker: str = ""
    """The name of who asked."""
    player: str = ""
    """Name or key of who asked, in whatever case; for the owner."""
    since: float | None = None
    """Not before then, in seconds since 1970."""
    until: float | None = None
    """Before then."""
    search: str = ""
    """Words that are all in the caption, the prompt, what was said, the place or the name."""
    parent: str = ""
    private: bool | None = None
    """False: those that may stand in a gallery; those of which nobody knows are as private ones."""
    pinned: bool | None = None
    ids: Collection[str] = ()

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As conditions on the table."""
        table = pictures.c
        columns = (table.session, table.place, table.speaker, table.parent)
        for column, value in zip(columns, (self.session, self.place, self.speaker, self.parent), strict=True):
            if value:
                yield column == value
        if self.player:
            folded = self.player.casefold()
            same = (func.lower(column) == folded for column in (table.player, table.speaker))  # of ASCII alone
            yield or_(table.player == self.player, table.speaker == self.player, *same)
        if self.since is not None:
            yield table.at >= self.since
        if self.until is not None:
            yield table.at < self.until
        if self.private is not None:
            yield table.private.is_not(False) if self.private else table.private.is_(False)
        if self.pinned is not None:
            yield table.pinned.is_(True) if self.pinned else table.pinned.is_not(True)
        if self.ids:
            yield table.id.in_(sorted(set(self.ids)))
        yield from map(_said, self.search.split()[:WORDS])


def _said(word: str) -> ColumnElement[bool]:
    columns = (pictures.c.caption, pictures.c.prompt, pictures.c.words, pictures.c.place, pictures.c.speaker)
    return or_(*(column.contains(word, autoescape=True) for column in columns))  # SQLite's LIKE ignores ASCII's case


# -- many --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the order of pictures, newest first."""

    at: float
    id: str

    def __str__(self) -> str:
        return f"{self.at!r}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """What ``str`` of a mark says, or None."""
        at, _, name = text.rpartition("-")
        try:
            return cls(float(at), name) if len(text) < 60 and name.isascii() and name.isalnum() else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of pictures, the newest first."""

    rows: Sequence[Any]
    newer: Mark | None
    """Where the page before begins; None on the first."""
    older: Mark | None


def leaf(
    connection: Connection, which: Which, *, before: Mark | None = None, after: Mark | None = None, limit: int = 24
) -> Leaf:
    """At most *limit* pictures older than *before*, or newer than *after*, or the newest."""
    limit = max(1, min(limit, MOST))
    asked = select(pictures).where(*which.conditions())
    if after is not None:
        rows = list(connection.execute(_newer(asked, after).limit(limit + 1)))
        more, rows = len(rows) > limit, rows[:limit][::-1]
        if rows:
            older = connection.execute(_older(asked, _mark(rows[-1])).limit(1)).first()
            return Leaf(rows, _mark(rows[0]) if more else None, _mark(rows[-1]) if older else None)
    rows = list(connection.execute(_older(asked, before).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    begun = before is not None and rows and connection.execute(_newer(asked, _mark(rows[0])).limit(1)).first()
    return Leaf(rows, _mark(rows[0]) if begun else None, _mark(rows[-1]) if more else None)


def _older(asked: Select[Any], mark: Mark | None) -> Select[Any]:
    if mark is not None:
        asked = asked.where(tuple_(pictures.c.at, pictures.c.id) < (mark.at, mark.id))
    return asked.order_by(pictures.c.at.desc(), pictures.c.id.desc())


def _newer(asked: Select[Any], mark: Mark) -> Select[Any]:
    later = asked.where(tuple_(pictures.c.at, pictures.c.id) > (mark.at, mark.id))
    return later.order_by(pictures.c.at, pictures.c.id)


def _mark(row: Any) -> Mark:
    return Mark(row.at, row.id)


def neighbours(connection: Connection, row: Any, which: Which) -> tuple[Any, Any]:
    """The pictures of *which* just newer and just older than that of *row*, which has ``at`` and ``id``; or None."""
    asked = select(pictures).where(*which.conditions())
    newer, older = _newer(asked, _mark(row)), _older(asked, _mark(row))
    return connection.execute(newer.limit(1)).first(), connection.execute(older.limit(1)).first()


@dataclass(frozen=True, slots=True)
class Choices:
    """By what the public pictures can be chosen: names and how many each, the most first."""

    sessions: Sequence[tuple[str, int]]
    places: Sequence[tuple[str, int]]
    speakers: Sequence[tuple[str, int]]


def choices(connection: Connection) -> Choices:
    """By what the public pictures can be chosen, at most ``MOST`` of each."""
    table = pictures.c
    return Choices(*(_names(connection, column) for column in (table.session, table.place, table.speaker)))


def _names(connection: Connection, column: Any) -> list[tuple[str, int]]:
    count = func.count().label("count")
    asked = select(column, count).where(pictures.c.private.is_(False), column != "").group_by(column)
    return [(row[0], row[1]) for row in connection.execute(asked.order_by(count.desc(), column).limit(MOST))]


def every(connection: Connection, which: Which) -> Sequence[Any]:
    """All of them, the oldest first."""
    asked = select(pictures).where(*which.conditions()).order_by(pictures.c.at, pictures.c.id)
    return connection.execute(asked).all()


# -- one ---------------------------------------------------------------------------------------------------------------


def one(connection: Connection, picture_id: str) -> Any:
    """The row with this id, or None."""
    return connection.execute(select(pictures).where(pictures.c.id == picture_id)).one_or_none()


def is_gone(connection: Connection, picture_id: str) -> bool:
    """Whether a picture with this id was deleted."""
    return connection.execute(select(gone.c.id).where(gone.c.id == picture_id)).first() is not None


def of_subject(connection: Connection, subject: str, since: float) -> Sequence[Any]:
    """Pictures of *subject* since then: public ones first, then the newest."""
    found = select(pictures).where(pictures.c.subject == subject, pictures.c.at >= since)
    public_first = func.coalesce(pictures.c.private, True)
    return connection.execute(found.order_by(public_first, pictures.c.at.desc()).limit(20)).all()


# -- changes -----------------------------------------------------------------------------------------------------------


def insert(connection: Connection, about: Mapping[str, Any], ids: Iterator[str]) -> dict[str, Any]:
    """Add a row under the first of *ids* that no picture has or had; the whole row."""
    for picture_id in ids:
        if is_gone(connection, picture_id):
            continue
        added = connection.execute(upsert(pictures).values(id=picture_id, **about).on_conflict_do_nothing())
        if added.rowcount:
            return {"id": picture_id, **about}
    raise AssertionError("ids never end")


def pin(connection: Connection, picture_id: str, *, pinned: bool) -> bool:
    """Pin a picture, or let it go; False where there is none."""
    changed = update(pictures).where(pictures.c.id == picture_id).values(pinned=pinned)
    return connection.execute(changed).rowcount > 0


def delete(
    connection: Connection, ids: Collection[str], at: float, *, spare_pinned: bool = False
) -> tuple[int, list[str]]:
    """Delete these rows; how many there were, and the files that none of those left needs."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")  # words go from the file, too
    count, files = 0, set()
    chosen = sorted(set(ids))
    for start in range(0, len(chosen), 500):
        which = Which(ids=chosen[start : start + 500], pinned=False if spare_pinned else None)
        taken = deletion(pictures).where(*which.conditions()).returning(pictures.c.id, pictures.c.file)
        rows = connection.execute(taken).all()
        if rows:
            told = upsert(gone).on_conflict_do_nothing()
            connection.execute(told, [{"id": row.id, "at": at} for row in rows])
        count += len(rows)
        files |= {row.file for row in rows}
    return count, [name for name in sorted(files) if not _needed(connection, name)]


def _needed(connection: Connection, name: str) -> bool:
    return connection.execute(select(pictures.c.id).where(pictures.c.file == name).limit(1)).first() is not None


# -- how much there is -------------------------------------------------------------------------------------------------


def stored(connection: Connection) -> int:
    """Bytes of all files; one that several pictures show counts once."""
    each = select(func.max(pictures.c.size).label("size")).group_by(pictures.c.file).subquery()
    return int(connection.execute(select(func.coalesce(func.sum(each.c.size), 0))).scalar_one())


def oldest(connection: Connection) -> float | None:
    """When the oldest picture that is not pinned was made."""
    asked = select(pictures.c.at).where(pictures.c.pinned.is_not(True)).order_by(pictures.c.at).limit(1)
    return connection.execute(asked).scalar_one_or_none()


def weights(connection: Connection) -> Sequence[Any]:
    """id, file, at, size (null where it is not known) and pinned of every picture, the oldest first."""
    columns = (pictures.c.id, pictures.c.file, pictures.c.at, pictures.c.size, pictures.c.pinned)
    return connection.execute(select(*columns).order_by(pictures.c.at, pictures.c.id)).all()


def unmeasured(connection: Connection, limit: int) -> list[str]:
    """Files of which the size is not known: pictures of a schema before 5."""
    asked = select(pictures.c.file).where(pictures.c.size.is_(None)).distinct().limit(limit)
    return list(connection.execute(asked).scalars())


def measured(connection: Connection, found: Mapping[str, tuple[int, int, int]]) -> None:
    """Note width, height and size of files by their name."""
    for name, (width, height, size) in found.items():
        noted = update(pictures).where(pictures.c.file == name).values(width=width, height=height, size=size)
        connection.execute(noted)
