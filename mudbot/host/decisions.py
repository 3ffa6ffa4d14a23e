"""What owners say of what reviewers decided, and what follows of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mudbot.errors import StoreError
from mudbot.mind.rulings import Rulings

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.host import Host
    from mudbot.store.decisions import Verdict
    from mudbot.store.store import Store

log = logging.getLogger(__name__)


class Decisions:
    """The decisions of all sessions.  ``begin`` before the first text is reviewed.

    *hosts* are those of all sessions: each asks ``rulings`` before its reviewers.
    """

    def __init__(self, store: Store, clock: Clock, hosts: Callable[[], Sequence[Host]]) -> None:
        self._store, self._clock, self._hosts = store, clock, hosts
        self.rulings = Rulings()
        """The texts that pass from now on, and those that do not."""

    def __repr__(self) -> str:
        return f"<Decisions, {self.rulings!r}>"

    async def begin(self) -> None:
        """Know what was decided before."""
        from mudbot.store import decisions

        try:
            kept = await self._store.read(decisions.rulings)
        except StoreError as exc:
            log.warning("what owners allowed and blocked is forgotten: %s", exc)
            return
        for words, verdict in kept:
            self.rulings.set(words, "block" if verdict == "block" else "allow")

    async def judge(self, number: int, verdict: Verdict | None, *, seconds: float = 3600.0) -> Any:
        """Say of decision *number* what is to happen; its row, None where there is no such decision.

        ``allow``: this text passes from now on, whoever says it.  ``block``: it does not.  ``mute``: its speaker is not
        heard for *seconds*.  None takes back what was said of it.  Raises StoreError; then nothing has changed.
        """
        from mudbot.store import decisions

        row = await self._store.change(
            lambda connection: decisions.judge(connection, number, verdict, self._clock.wall())
        )
        if row is None:
            return None
        if verdict == "mute":
            self._mute(row.session, row.speaker, seconds)
        else:
            self.rulings.set(row.text, verdict)
        log.info("the owner said of decision %d, on %s: %s", number, row.speaker or "nobody", verdict or "nothing yet")
        return row

    def _mute(self, session: str, speaker: str, seconds: float) -> None:
        for host in self._hosts():
            if host.session == session and speaker.strip():
                known = host.mutes.last_of(speaker)
                for name in {speaker, (known.id if known else None) or speaker}:
                    host.mutes.mute(name, seconds)
