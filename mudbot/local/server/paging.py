"""Lists page by page: ``limit``, ``after``, ``order``."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from mudbot.local.server.bodies import Body, checked
from mudbot.local.server.problems import RequestError


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    after: str | None = None
    newest_first: bool = True
    lenient: bool = False
    """Whether an unknown ``after`` means the beginning (contract mode)."""

    def of(
        self, database: sqlite3.Connection, table: str, where: str = "1", values: Sequence[Any] = ()
    ) -> tuple[list[sqlite3.Row], bool]:
        """The rows of *table* (one of ours, as is *where*) and whether there are more.

        Raises RequestError if there is no row ``after``.
        """
        compare, order = ("<", "DESC") if self.newest_first else (">", "ASC")
        values = list(values)
        if (start := self._start(database, table)) is not None:
            where, values = f"{where} AND seq {compare} ?", [*values, start]
        query = f"SELECT * FROM {table} WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 -- no word of a client's
        rows = database.execute(query, (*values, self.limit + 1)).fetchall()
        return rows[: self.limit], len(rows) > self.limit

    def _start(self, database: sqlite3.Connection, table: str) -> int | None:
        if self.after is None:
            return None
        after = self.after.encode("utf-8", "replace").decode("utf-8")
        query = f"SELECT seq FROM {table} WHERE id = ?"  # noqa: S608 -- as above
        row = database.execute(query, (after,)).fetchone()
        if row is None and not self.lenient:
            raise RequestError(f"'after': there is no '{after[:100]}' in this list", param="after")
        return None if row is None else int(row["seq"])


class _Query(Body):
    limit: int | None = Field(None, ge=1)
    after: str | None = None
    order: Literal["asc", "desc"] = "desc"


def page_of(query: Mapping[str, str], *, usual: int, most: int, lenient: bool = False) -> Page:
    """The page that a *query* asks for; *usual* long if it does not say, *most* at most.

    Raises RequestError.  With *lenient* (contract mode) a limit of 0 means the usual one.
    """
    asked = {name: query[name] for name in ("limit", "after", "order") if query.get(name)}
    if lenient and asked.get("limit") == "0":
        del asked["limit"]
    said = checked(asked, _Query)
    if said.limit is not None and said.limit > most:
        raise RequestError(f"'limit': must be {most} at most", param="limit")
    return Page(said.limit or usual, said.after, said.order == "desc", lenient)


def listed(items: Sequence[dict[str, Any]], *, more: bool) -> dict[str, Any]:
    """A list in OpenAI's shape; the ids at its ends are for the next page."""
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"object": "list", "data": list(items), "first_id": first, "last_id": last, "has_more": more}
