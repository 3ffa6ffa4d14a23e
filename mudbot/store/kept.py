"""What plugins keep: values by key, and rows of tables.  Functions of a connection, for ``Store.read`` and ``change``.

Whatever a plugin does, it cannot fill the disk: ``MAX_ENTRIES`` and ``MAX_SIZE`` bound what it keeps in all sessions.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    and_,
    case,
    cast,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from mudbot.errors import StoreError
from mudbot.store.tables import kept, kept_rows, kept_sizes

T = TypeVar("T")
Comparison = Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]
"""How a field is compared."""

MAX_ENTRIES = 100_000
"""Keys and rows of a plugin together: more wants a database of its own."""
MAX_VALUE = 1_000_000
"""Bytes of a value or a row as JSON."""
MAX_SIZE = 256 * 1024 * 1024
"""Bytes of all that a plugin keeps, as JSON."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose it is: a plugin's in one session, or in all of them where ``session`` is empty."""

    plugin: str
    session: str = ""


# -- values by key -----------------------------------------------------------------------------------------------------


def value(connection: Connection, owner: Owner, key: str) -> str | None:
    """The JSON under *key*; None where there is nothing."""
    return connection.execute(select(kept.c.value).where(_one(owner, key))).scalar_one_or_none()


def values(connection: Connection, owner: Owner, prefix: str) -> list[tuple[str, str]]:
    """Every key that begins with *prefix* and its JSON, in the order of the keys."""
    found = select(kept.c.key, kept.c.value).where(_several(owner, prefix)).order_by(kept.c.key)
    return [(row.key, row.value) for row in connection.execute(found)]


def keys(connection: Connection, owner: Owner, prefix: str) -> list[str]:
    """Every key that begins with *prefix*, in order."""
    return list(connection.execute(select(kept.c.key).where(_several(owner, prefix)).order_by(kept.c.key)).scalars())


def put(connection: Connection, owner: Owner, key: str, text: str, at: float) -> None:
    """Keep the JSON *text* under *key*.  Raises StoreError where the plugin keeps too much then."""
    old = connection.execute(select(_bytes(kept.c.value)).where(_one(owner, key))).scalar_one_or_none()
    row = {"plugin": owner.plugin, "session": owner.session, "key": key, "at": at, "value": text}
    connection.execute(
        insert(kept).values(row).on_conflict_do_update(index_elements=["plugin", "session", "key"], set_=row)
    )
    _grow(connection, owner, int(old is None), len(text.encode()) - (old or 0))


def add(connection: Connection, owner: Owner, key: str, number: float, at: float) -> float:
    """Add *number* to the one under *key*, which is 0 where there is none; the sum.  Raises StoreError."""
    text = value(connection, owner, key)
    before = 0 if text is None else json.loads(text)
    if isinstance(before, bool) or not isinstance(before, int | float):
        raise StoreError(f"key {key!r} holds no number, so nothing can be added: use update(), or delete it first")
    total: float = before + number
    try:
        text = json.dumps(total, allow_nan=False)
    except ValueError:
        raise StoreError(f"key {key!r}: the sum is no number that can be kept: {total}") from None
    put(connection, owner, key, text, at)
    return total


def remove(connection: Connection, owner: Owner, key: str) -> bool:
    """Whether there was something under *key*, which is gone now."""
    return _delete(connection, owner, kept.c.value, _one(owner, key)) > 0


def remove_all(connection: Connection, owner: Owner, prefix: str) -> int:
    """Delete every key that begins with *prefix*; how many there were."""
    return _delete(connection, owner, kept.c.value, _several(owner, prefix))


def _one(owner: Owner, key: str) -> ColumnElement[bool]:
    return and_(kept.c.plugin == owner.plugin, kept.c.session == owner.session, kept.c.key == key)


def _several(owner: Owner, prefix: str) -> ColumnElement[bool]:
    found = and_(kept.c.plugin == owner.plugin, kept.c.session == owner.session)
    if prefix:
        found = and_(found, kept.c.key >= prefix)
    if (end := _behind(prefix)) is not None:
        found = and_(found, kept.c.key < end)
    return found


def _behind(prefix: str) -> str | None:
    """The first text, in the order of code points, behind all that begin with *prefix*: SQLite then uses its index."""
    prefix = prefix.rstrip("\U0010ffff")
    if not prefix:
        return None
    code = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if code == 0xD800 else code)  # between the two are halves of characters


# -- rows of tables ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a table's rows."""

    name: str
    default: str = "null"
    """As JSON: what it is in rows that were written before there was this field."""
    is_id: bool = False
    """Whether it is the row's own number."""

    def value(self) -> ColumnElement[Any]:
        """The field in a row, as SQLite sees it."""
        if self.is_id:
            return kept_rows.c.id
        there = func.json_type(kept_rows.c.data, self.path).is_not(None)
        return case(
            (there, func.json_extract(kept_rows.c.data, self.path)), else_=func.json_extract(literal(self.default), "$")
        )

    @property
    def path(self) -> str:
        """Where it stands in a row's JSON."""
        return f'$."{self.name}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must be."""

    field: Field
    how: Comparison
    texts: Sequence[str]
    """What it is compared with, as JSON: one value, or for ``in`` any number of them."""

    def where(self) -> ColumnElement[bool]:
        """The same in SQL.  Where the field is None no order holds, and any other value is not it."""
        value = self.field.value()
        others = [func.json_extract(literal(text), "$") for text in self.texts]
        if self.how == "in":
            return or_(false(), *(value.is_not_distinct_from(other) for other in others))
        return _SQL[self.how](value, others[0])


_SQL: dict[str, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    "eq": lambda value, other: value.is_not_distinct_from(other),
    "ne": lambda value, other: value.is_distinct_from(other),
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Query:
    """Some rows of one table."""

    owner: Owner
    table: str
    conditions: Sequence[Condition] = ()
    """All of which hold."""

    def where(self) -> ColumnElement[bool]:
        """The condition."""
        table = and_(
            kept_rows.c.plugin == self.owner.plugin,
            kept_rows.c.session == self.owner.session,
            kept_rows.c.table == self.table,
        )
        return and_(table, *(condition.where() for condition in self.conditions))


def insert_row(connection: Connection, query: Query, text: str, at: float) -> int:
    """A new row; its number.  Raises StoreError where the plugin keeps too much then."""
    owner = query.owner
    row = {"plugin": owner.plugin, "session": owner.session, "table": query.table, "at": at, "data": text}
    number = connection.execute(kept_rows.insert().values(row)).inserted_primary_key
    assert number is not None
    _grow(connection, owner, 1, len(text.encode()))
    return int(number[0])


def find_rows(
    connection: Connection,
    query: Query,
    make: Callable[[int, str], T],
    *,
    order: Sequence[tuple[Field, bool]] = (),
    limit: int | None = None,
) -> list[T]:
    """What *make* makes of the number and the JSON of each row, by *order*: fields, and whether from high to low."""
    by = [field.value().desc() if down else field.value().asc() for field, down in order]
    found = select(kept_rows.c.id, kept_rows.c.data).where(query.where()).order_by(*by, kept_rows.c.id).limit(limit)
    return [make(row.id, row.data) for row in connection.execute(found)]


def count_rows(connection: Connection, query: Query) -> int:
    """How many rows there are."""
    return connection.execute(select(func.count()).select_from(kept_rows).where(query.where())).scalar_one()


def update_rows(connection: Connection, query: Query, changes: Mapping[str, str], at: float) -> int:
    """Set fields, whose JSON *changes* gives by their names; in how many rows.  Raises StoreError."""
    pairs = [part for name, text in changes.items() for part in (Field(name).path, func.json(text))]
    changed = func.json_set(kept_rows.c.data, *pairs)
    figures = select(
        func.count(),
        func.coalesce(func.sum(_bytes(changed) - _bytes(kept_rows.c.data)), 0),
        func.coalesce(func.max(_bytes(changed)), 0),
    )
    count, more, longest = connection.execute(figures.where(query.where())).one()
    if longest > MAX_VALUE:
        raise StoreError(f"table {query.table}: a row would have {longest:,} bytes; at most {MAX_VALUE:,} are kept")
    connection.execute(update(kept_rows).where(query.where()).values(data=changed, at=at))
    _grow(connection, query.owner, 0, more)
    return int(count)


def delete_rows(connection: Connection, query: Query) -> int:
    """Delete rows; how many."""
    return _delete(connection, query.owner, kept_rows.c.data, query.where())


# -- how much it is ----------------------------------------------------------------------------------------------------


def _bytes(column: ColumnElement[Any]) -> ColumnElement[int]:
    return func.length(cast(column, LargeBinary))


def _delete(connection: Connection, owner: Owner, column: Any, where: ColumnElement[bool]) -> int:
    figures = select(func.count(), func.coalesce(func.sum(_bytes(column)), 0)).select_from(column.table).where(where)
    count, size = connection.execute(figures).one()
    if count:
        connection.execute(delete(column.table).where(where))
        _grow(connection, owner, -count, -size)
    return int(count)


def _grow(connection: Connection, owner: Owner, entries: int, size: int) -> None:
    """Note that a plugin keeps so much more, or less.  Raises StoreError where it is too much."""
    row = insert(kept_sizes).values(plugin=owner.plugin, entries=entries, size=size)
    more = {"entries": kept_sizes.c.entries + entries, "size": kept_sizes.c.size + size}
    now = row.on_conflict_do_update(index_elements=["plugin"], set_=more).returning(
        kept_sizes.c.entries, kept_sizes.c.size
    )
    have_entries, have_size = connection.execute(now).one()
    if entries > 0 and have_entries > MAX_ENTRIES:
        raise StoreError(f"plugin {owner.plugin} keeps {MAX_ENTRIES:,} keys and rows already: delete some first")
    if size > 0 and have_size > MAX_SIZE:
        raise StoreError(f"plugin {owner.plugin} keeps {MAX_SIZE // 2**20} MiB already: delete something first")
