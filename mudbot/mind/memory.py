"""What was said with whom.  A private word is found only where private words are asked for, by the same speaker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mudbot.mind.context import Turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mudbot.store.store import Store


class TurnMemory:
    """Recent turns of one character, in the store."""

    def __init__(self, store: Store, character: str) -> None:
        self._store, self._character = store, character

    async def recent(self, speaker: str, *, private: bool, limit: int) -> list[Turn]:
        """The last *limit* turns with *speaker*, oldest first.  Raises StoreError."""

        def query(connection: Connection) -> list[Turn]:
            from sqlalchemy import select

            from mudbot.store.tables import turns

            found = connection.execute(
                select(turns.c.name, turns.c.text, turns.c.own)
                .where(turns.c.character == self._character, turns.c.speaker == speaker, turns.c.private == private)
                .order_by(turns.c.id.desc())
                .limit(limit)
            )
            return [Turn(row.name, row.text, row.own) for row in found][::-1]

        return await self._store.read(query)

    async def remember(self, speaker: str, turns: Sequence[Turn], *, private: bool) -> None:
        """Keep *turns*, in this order."""
        for turn in turns:
            self._store.write(
                "turns",
                character=self._character,
                speaker=speaker,
                private=private,
                name=turn.speaker,
                text=turn.text,
                own=turn.own,
            )
