"""What characters remember.  Functions of a connection, for ``Store.read`` and ``change``.

A speaker is known by a key, a character by its session and name (``tavern/Old Chen``).  Who may be told of a row is
decided by whoever asks (``mudbot.mind.scopes``); here it is found and kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from mudbot.store.tables import facts, hearers, summaries, turns

CHANNEL = "channel:"
_KINDS = ("turns", "facts", "summaries")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Under which keys facts are kept, and how to know that there are others now."""

    count: int
    last: int


# -- turns -------------------------------------------------------------------------------------------------------------


def recent(
    connection: Connection, character: str, speaker: str, scope: str, limit: int, *, after: float = 0.0
) -> list[tuple[str, str, bool]]:
    """The last *limit* turns with *speaker*, oldest first: name, text, whether it is the character's own.

    *scope* is ``private`` (all there are), ``room``, or a channel; nothing is older than *after*.
    """
    if limit <= 0:
        return []
    which = [turns.c.character == character, turns.c.speaker == speaker, turns.c.at >= after]
    if scope != "private":
        which.append(turns.c.private.is_(False))
        which.append(turns.c.place == scope if scope.startswith(CHANNEL) else _no_channel())
    found = select(turns.c.name, turns.c.text, turns.c.own).where(*which).order_by(turns.c.id.desc()).limit(limit)
    return [(row.name, row.text, row.own) for row in connection.execute(found)][::-1]


def _no_channel() -> ColumnElement[bool]:
    return or_(turns.c.place.is_(None), turns.c.place.not_like(f"{CHANNEL}%"))


# -- facts -------------------------------------------------------------------------------------------------------------


def add_fact(connection: Connection, row: Mapping[str, Any], hearing: Iterable[str], *, most: int) -> int:
    """Keep a fact, to be found under each key of *hearing*; the same words in the same scope only count as told again.

    *most* are kept of a speaker: the oldest of those that matter least make room.
    """
    same = select(facts.c.id, facts.c.importance).where(
        *(facts.c[name] == row[name] for name in ("character", "speaker", "private", "place", "heard", "text"))
    )
    if (known := connection.execute(same).first()) is not None:
        importance = max(known.importance, row["importance"])
        connection.execute(update(facts).where(facts.c.id == known.id).values(at=row["at"], importance=importance))
        return int(known.id)
    number = int(connection.execute(insert(facts).values(**row)).inserted_primary_key[0])  # type: ignore[index]
    character = row["character"]
    connection.execute(
        insert(hearers), [{"character": character, "hearer": key, "fact": number} for key in sorted(set(hearing))]
    )
    _make_room(connection, character, row["speaker"], most)
    return number


def _make_room(connection: Connection, character: str, speaker: str, most: int) -> None:
    own = and_(facts.c.character == character, facts.c.speaker == speaker)
    over = connection.execute(select(func.count()).select_from(facts).where(own)).scalar_one() - most
    if over > 0:
        least = select(facts.c.id).where(own).order_by(facts.c.importance, facts.c.at).limit(over)
        _drop_facts(connection, list(connection.execute(least).scalars()))


def shelf(connection: Connection, character: str, key: str) -> Shelf:
    """How many facts there are under *key*, and the number of the last."""
    found = select(func.count(), func.coalesce(func.max(hearers.c.fact), 0)).where(_under(character, key))
    count, last = connection.execute(found).one()
    return Shelf(count, last)


def facts_under(connection: Connection, character: str, key: str, limit: int) -> Sequence[Any]:
    """The newest *limit* facts under *key*, whole rows, oldest first."""
    joined = facts.join(hearers, hearers.c.fact == facts.c.id)
    found = select(facts).select_from(joined).where(_under(character, key)).order_by(facts.c.id.desc()).limit(limit)
    return connection.execute(found).all()[::-1]


def facts_by(connection: Connection, character: str, speaker: str, limit: int = 10_000) -> Sequence[Any]:
    """What *speaker* told, the newest first."""
    own = and_(facts.c.character == character, facts.c.speaker == speaker)
    return connection.execute(select(facts).where(own).order_by(facts.c.at.desc()).limit(limit)).all()


def without_vector(connection: Connection, character: str, model: str, limit: int) -> Sequence[Any]:
    """The newest facts, at most *limit*, that have no vector by *model*."""
    lacking = or_(facts.c.vector.is_(None), facts.c.model != model)
    found = select(facts.c.id, facts.c.name, facts.c.text).where(facts.c.character == character, lacking)
    return connection.execute(found.order_by(facts.c.id.desc()).limit(limit)).all()


def set_vectors(connection: Connection, model: str, vectors: Mapping[int, bytes]) -> None:
    """Note the vectors of facts by their number."""
    for number, vector in vectors.items():
        connection.execute(update(facts).where(facts.c.id == number).values(model=model, vector=vector))


def _under(character: str, key: str) -> ColumnElement[bool]:
    return and_(hearers.c.character == character, hearers.c.hearer == key)


# -- summaries ---------------------------------------------------------------------------------------------------------


def summaries_of(connection: Connection, character: str, speaker: str) -> Sequence[Any]:
    """What the talk with *speaker* was about, a row for each scope."""
    own = and_(summaries.c.character == character, summaries.c.speaker == speaker)
    return connection.execute(select(summaries).where(own).order_by(summaries.c.scope)).all()


def set_summary(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a summary in place of the one of the same scope."""
    keys = ("character", "speaker", "scope")
    changed = {name: value for name, value in row.items() if name not in keys}
    statement = upsert(summaries).values(**row).on_conflict_do_update(index_elements=keys, set_=changed)
    connection.execute(statement)


# -- all of it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """How much a character remembers of a speaker."""

    character: str
    speaker: str
    name: str
    turns: int
    facts: int
    summaries: int
    last: float
    """When the last of it was said, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Which:
    """Of whom and by whom; empty is everybody."""

    session: str = ""
    character: str = ""
    """The character's own name, in whatever session."""
    speakers: Collection[str] = ()

    def of(self, table: Any) -> list[ColumnElement[bool]]:
        """As conditions on *table*, which has the columns ``character`` and ``speaker``."""
        found: list[ColumnElement[bool]] = []
        if self.session:
            found.append(table.c.character.startswith(f"{self.session}/", autoescape=True))
        if self.character:
            found.append(table.c.character.endswith(f"/{self.character}", autoescape=True))
        if self.speakers:
            found.append(table.c.speaker.in_(sorted(self.speakers)))
        return found


def overview(connection: Connection, which: Which) -> list[Known]:
    """Every speaker that is remembered, a row for each character, in order."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for table, what in zip((turns, facts, summaries), _KINDS, strict=True):
        counted = select(
            table.c.character, table.c.speaker, func.count().label("count"), func.max(table.c.at).label("last")
        ).where(*which.of(table))
        for row in connection.execute(counted.group_by(table.c.character, table.c.speaker)):
            known = found.setdefault((row.character, row.speaker), {"last": 0.0})
            known[what] = row[2]
            known["last"] = max(known["last"], row.last)
    names = _names(connection, which)
    return [_known(key, names.get(key, ""), known) for key, known in sorted(found.items())]


def _known(key: tuple[str, str], name: str, found: Mapping[str, float]) -> Known:
    turned, told, summed = (int(found.get(what, 0)) for what in _KINDS)
    return Known(*key, name, turned, told, summed, found["last"])


def _names(connection: Connection, which: Which) -> dict[tuple[str, str], str]:
    """What speakers were called last."""
    found: dict[tuple[str, str], str] = {}
    for table, more in ((facts, []), (turns, [turns.c.own.is_(False)])):
        last = select(func.max(table.c.id)).where(*which.of(table), *more).group_by(table.c.character, table.c.speaker)
        rows = connection.execute(select(table.c.character, table.c.speaker, table.c.name).where(table.c.id.in_(last)))
        found |= {(row.character, row.speaker): row.name for row in rows}
    return found


def everything(connection: Connection, which: Which) -> Iterable[dict[str, Any]]:
    """Each row, as JSON can hold it, without vectors: turns, then facts, then summaries."""
    for table, kind in ((turns, "turn"), (facts, "fact"), (summaries, "summary")):
        order = table.c.id if "id" in table.c else table.c.at
        for row in connection.execute(select(table).where(*which.of(table)).order_by(order)):
            data = {"kind": kind, **row._mapping}  # noqa: SLF001 - SQLAlchemy's public name for it
            data.pop("vector", None)
            if "heard" in data:
                data["heard"] = json.loads(data["heard"] or "[]")
            yield data


def forget(connection: Connection, which: Which, *, facts_only: bool = False) -> int:
    """Delete what *which* says, and say how many rows that were."""
    numbers = list(connection.execute(select(facts.c.id).where(*which.of(facts))).scalars())
    _drop_facts(connection, numbers)
    gone = len(numbers)
    for table in () if facts_only else (turns, summaries):
        gone += connection.execute(delete(table).where(*which.of(table))).rowcount
    return gone


def expire(connection: Connection, character: str, before: float) -> int:
    """Delete what was said *before*, and summaries that may hold something of then."""
    old = select(facts.c.id).where(facts.c.character == character, facts.c.at < before)
    numbers = list(connection.execute(old).scalars())
    _drop_facts(connection, numbers)
    said = connection.execute(delete(turns).where(turns.c.character == character, turns.c.at < before)).rowcount
    summed = delete(summaries).where(summaries.c.character == character, summaries.c.since < before)
    return len(numbers) + said + connection.execute(summed).rowcount


def _drop_facts(connection: Connection, numbers: Sequence[int]) -> None:
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        connection.execute(delete(hearers).where(hearers.c.fact.in_(some)))
        connection.execute(delete(facts).where(facts.c.id.in_(some)))
