"""Tables of a plugin: rows are instances of a dataclass of its own (``self.store.table("quests", Quest)``)."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args

from mudbot.errors import PluginError, StoreError, nearest
from mudbot.host.services.plain import MAX_VALUE, encode

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

    from mudbot.clock import Clock
    from mudbot.store.kept import Condition, Field, Owner, Query
    from mudbot.store.store import Store

T = TypeVar("T")

ID = "id"
"""A field of this name that need not be given and is a whole number holds the row's own number."""
MOST_CHOICES = 500
"""Values that a field may be one of: SQL has a bound of its own, not far above."""
_ORDERED = ("lt", "le", "gt", "ge")
_ORDERLESS = ("null", "true", "false")
_WORDS = {"order", "limit", "changes", "self"}
"""What methods of Table take besides fields."""


class Table(Generic[T]):
    """Rows of one dataclass, kept in one session (or in all: ``self.store.shared.table``).

    Fields may be text, numbers, booleans, dates and times, enums, None, lists, dicts, and dataclasses of these.  What
    is to be kept is checked against their annotations.  A field ``id: int = 0`` holds the row's number.

    Rows are found by what their fields equal, ``find(who="Ann")``, or by a comparison behind two underscores:
    ``find(until__lt=now, who__in=["Ann", "Bob"])``; ``lt`` is less, ``le`` less or equal, ``gt`` and ``ge`` greater,
    ``ne`` not equal, ``in`` one of several.  All that is given must hold.  Numbers, texts, dates and times have an
    order, None has none.

    The class may change between two versions of a plugin: a new field needs a default, which older rows have; a field
    that is no more is left out.  Every method raises StoreError: where the database cannot be reached, where a row
    does not fit the class, and where there is no such field.
    """

    def __init__(self, store: Store, clock: Clock, owner: Owner, name: str, kind: type[T]) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"\w{1,60}", name):
            raise PluginError(f"table({name!r}): a table's name has up to 60 letters, digits and _")
        self._store, self._clock, self._owner, self._name = store, clock, owner, name
        self._kind, self._shape = kind, _Shape(kind)
        self._fields = self._shape.fields

    def __repr__(self) -> str:
        return f"<table {self._name} of {self._kind.__name__}>"

    async def insert(self, row: T) -> int:
        """Keep *row*; its number."""
        from mudbot.store import kept

        if not isinstance(row, self._kind):
            raise StoreError(f"table {self._name} keeps {self._kind.__name__}, not {type(row).__name__}")
        text, query, at = self._written(row), self._query({}), self._clock.wall()
        return await self._store.change(lambda connection: kept.insert_row(connection, query, text, at))

    async def find(self, *, order: str | Sequence[str] = (), limit: int | None = None, **fields: Any) -> list[T]:
        """The rows whose *fields* are so, all of them without one; at most *limit*.

        >>> cheap = await self.offers.find(item="sword", price__le=500, order="price", limit=3)

        *order* is a field or several; ``-price`` is from high to low.  Without, and among equals, those that were
        inserted first come first.
        """
        from mudbot.store import kept

        names = [order] if isinstance(order, str) else list(order)
        by = [(self._field(name.removeprefix("-")), name.startswith("-")) for name in names]
        query, kind = self._query(fields), self._read
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
            raise StoreError(f"table {self._name}: limit is how many rows at most, not {limit!r}")
        # In the store's thread: many rows take a while, and the loop must not wait for them.
        return await self._store.read(lambda conn: kept.find_rows(conn, query, kind, order=by, limit=limit))

    async def first(self, *, order: str | Sequence[str] = (), **fields: Any) -> T | None:
        """The first row that ``find`` would give, or None."""
        return next(iter(await self.find(order=order, limit=1, **fields)), None)

    async def count(self, **fields: Any) -> int:
        """How many rows there are whose *fields* are so."""
        from mudbot.store import kept

        query = self._query(fields)
        return await self._store.read(lambda connection: kept.count_rows(connection, query))

    async def update(self, changes: Mapping[str, Any], **fields: Any) -> int:
        """Set the fields in *changes* in every row whose *fields* are so; in how many."""
        from mudbot.store import kept

        written = {}
        for name, value in changes.items():
            if self._field(name).is_id:
                raise StoreError(f"table {self._name}: a row's number cannot be changed")
            written[name] = self._value(name, value)
        query, at = self._query(fields), self._clock.wall()
        if not written:
            return await self.count(**fields)
        return await self._store.change(lambda connection: kept.update_rows(connection, query, written, at))

    async def delete(self, **fields: Any) -> int:
        """Delete every row whose *fields* are so, ``delete(until__lt=now)``; how many."""
        if not fields:
            raise StoreError(f"table {self._name}: delete() wants a field to go by; clear() deletes every row")
        return await self._delete(self._query(fields))

    async def clear(self) -> int:
        """Delete every row; how many there were."""
        return await self._delete(self._query({}))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _delete(self, query: Query) -> int:
        from mudbot.store import kept

        return await self._store.change(lambda connection: kept.delete_rows(connection, query))

    def _field(self, name: str) -> Field:
        if name not in self._fields:
            known = nearest(name, self._fields)
            raise StoreError(f"table {self._name}: {self._kind.__name__} has no field {name!r}{known}")
        return self._fields[name]

    def _query(self, fields: Mapping[str, Any]) -> Query:
        from mudbot.store.kept import Query

        return Query(self._owner, self._name, [self._condition(name, value) for name, value in fields.items()])

    def _condition(self, given: str, value: Any) -> Condition:
        from mudbot.store.kept import Comparison, Condition

        name, how = given, "eq"
        if given not in self._fields and "__" in given:
            name, _, how = given.rpartition("__")
        field, known = self._field(name), get_args(Comparison)
        if how not in known:
            raise StoreError(f"table {self._name}: {given}: a field is compared by {', '.join(known)}")
        comparison = cast("Comparison", how)
        if how == "in" and (isinstance(value, str | bytes) or not isinstance(value, Collection)):
            raise StoreError(f"table {self._name}: {given} wants several values, a list for example, not {value!r}")
        values = list(value) if how == "in" else [value]
        if len(values) > MOST_CHOICES:
            raise StoreError(f"table {self._name}: {given} takes {MOST_CHOICES} values at most: ask in parts")
        texts = [self._value(name, each) for each in values]
        for text in texts:
            if "{" in text and not text.startswith('"'):
                raise StoreError(f"table {self._name}: rows cannot be found by a dict ({name}): go by another field")
            if how in _ORDERED and (text in _ORDERLESS or text.startswith("[")):
                raise StoreError(f"table {self._name}: {given}: {_shown(value)} has no order: compare by eq, ne or in")
        return Condition(field, comparison, texts)

    def _written(self, row: Any) -> str:
        """*row* as JSON, in the order of its fields, without its number."""
        parts = [
            f"{json.dumps(name)}:{self._value(name, getattr(row, name))}"
            for name, field in self._fields.items()
            if not field.is_id
        ]
        text = f"{{{','.join(parts)}}}"
        if len(text.encode()) > MAX_VALUE:
            raise StoreError(f"table {self._name}: a row has more than {MAX_VALUE:,} bytes as JSON: keep it in parts")
        return text

    def _value(self, name: str, value: Any) -> str:
        return self._shape.write(name, value, f"table {self._name}: {name}")

    def _read(self, number: int, text: str) -> T:
        what = f"table {self._name}: row {number} does not fit {self._kind.__name__} any more"
        row: Any = self._shape.read(text, what)
        if ID in self._fields and self._fields[ID].is_id:
            object.__setattr__(row, ID, number)  # a frozen one as well
        return row  # type: ignore[no-any-return]


class _Shape:
    """A dataclass, to JSON and back."""

    def __init__(self, kind: Any) -> None:
        from mudbot.store.kept import Field

        if not isinstance(kind, type) or not dataclasses.is_dataclass(kind):
            raise PluginError(f"a table wants a class marked @dataclass, not {getattr(kind, '__name__', kind)!r}")
        self.kind = kind
        self.whole: TypeAdapter[Any] = _adapter(kind, kind.__name__)
        hints = typing.get_type_hints(kind, include_extras=True)
        given = [field for field in dataclasses.fields(kind) if field.init]
        self.parts = {f.name: _adapter(hints[f.name], f"{kind.__name__}.{f.name}") for f in given}
        self.fields = {}
        for field in given:
            name, has_default = field.name, not _required(field)
            if name in _WORDS:
                raise PluginError(f"{kind.__name__}.{name}: a table's field cannot be called so: choose another name")
            if name == ID and has_default and hints[name] in (int, int | None):
                self.fields[name] = Field(name, is_id=True)
            else:
                self.fields[name] = Field(name, self._default(field) if has_default else "null")

    def write(self, name: str, value: Any, what: str) -> str:
        """*value* of the field *name* as JSON.  Raises StoreError, which calls it *what*, where it does not fit."""
        from pydantic import ValidationError
        from pydantic_core import PydanticSerializationError

        if isinstance(value, str) and "\0" in value:  # SQLite's JSON ends there, and would find "" by it
            raise StoreError(f"{what} holds a NUL character, which a table cannot look for: leave it out")
        adapter = self.parts[name]
        try:
            dumped = _sortable(value) or adapter.dump_python(value, mode="json", warnings=False)
        except (PydanticSerializationError, ValueError, RecursionError):
            raise StoreError(f"{what} is a {type(value).__name__}, which a table cannot keep") from None
        text = encode(dumped, what)
        try:
            adapter.validate_json(text, strict=True)
        except ValidationError as exc:
            raise StoreError(f"{what} {_said(exc)}, not {_shown(value)}") from None
        return text

    def read(self, text: str, what: str) -> Any:
        """The row whose JSON is *text*.  Raises StoreError, beginning with *what*, where it does not fit."""
        from pydantic import ValidationError

        try:
            return self.whole.validate_json(text)
        except ValidationError as exc:
            raise StoreError(f"{what}: {_said(exc, named=True)}") from None
        except Exception as exc:  # what the author's __post_init__ raises
            raise StoreError(f"{what}: {type(exc).__name__}: {exc}") from exc

    def _default(self, field: dataclasses.Field[Any]) -> str:
        value = field.default
        if field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        try:
            return self.write(field.name, value, f"{self.kind.__name__}.{field.name}: its default")
        except StoreError as exc:
            raise PluginError(f"{exc}: change it, or the annotation") from None


def _adapter(kind: Any, what: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
    except Exception as exc:
        said = str(exc).partition("\n")[0]
        raise PluginError(f"{what} cannot be kept in a table: {said}") from exc
    return adapter


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _sortable(value: Any) -> str | None:
    """A date and time as text of one length, in UTC if it knows its zone, so that SQLite can bring them in order."""
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(timespec="microseconds")


def _said(exc: ValidationError, *, named: bool = False) -> str:
    """The first mistake in our own words."""
    from mudbot.config.messages import message

    error = exc.errors(include_url=False, include_input=False)[0]
    way = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"it has no {way!r}, which has no default: give that field one"
    said = message(error, ..., foreign=False)
    return f"{way} {said}" if named and way else said


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
