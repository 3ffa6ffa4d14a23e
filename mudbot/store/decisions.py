"""What reviewers decided, what owners said of it.  Functions of a connection, for ``Store.change`` and ``browse``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Connection, select, update

from mudbot.store.tables import decisions

Verdict = Literal["allow", "block", "mute"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
State = Literal["open", "reviewed", "all"]
PAGE = 50
"""Decisions on a page."""
LOOKS = 50_000
"""Decisions that one page looks through for a text or a speaker."""
MANY = 1000
"""Decisions that are counted."""
MOST_RULINGS = 10_000
"""Texts of which the newest verdict counts; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which decisions; empty is all."""

    state: State = "open"
    session: str = ""
    speaker: str = ""
    words: str = ""


def page(connection: Connection, which: Which, *, before: int = 0) -> Sequence[Any]:
    """The newest decisions, whole rows; one more than PAGE where there are more.  With *before*, those before it."""
    found = select(decisions)
    if which.state != "all":
        seen = decisions.c.reviewed
        found = found.where(seen.is_(None) if which.state == "open" else seen.is_not(None))
    if before:
        found = found.where(decisions.c.id < before)
    if which.session:
        found = found.where(decisions.c.session == which.session)
    if which.speaker or which.words:
        newest = connection.execute(select(decisions.c.id).order_by(decisions.c.id.desc()).limit(1)).scalar() or 0
        found = found.where(decisions.c.id > (before or newest) - LOOKS)
    if which.speaker:
        found = found.where(decisions.c.speaker.icontains(which.speaker, autoescape=True))
    if which.words:
        found = found.where(decisions.c.text.icontains(which.words, autoescape=True))
    return connection.execute(found.order_by(decisions.c.id.desc()).limit(PAGE + 1)).all()


def waiting(connection: Connection) -> int:
    """How many nobody has looked at; MANY stands for more."""
    found = select(decisions.c.id).where(decisions.c.reviewed.is_(None)).limit(MANY)
    return len(connection.execute(found).all())


def judge(connection: Connection, number: int, verdict: Verdict | None, at: float) -> Any:
    """Note what an owner said of decision *number*, and of all open ones of the same text; the decision's row.

    Without a *verdict* it waits for one again.  None where there is no such decision.
    """
    row = connection.execute(select(decisions).where(decisions.c.id == number)).one_or_none()
    if row is None:
        return None
    reviewed = None if verdict is None else at
    connection.execute(update(decisions).where(decisions.c.id == number).values(reviewed=reviewed, verdict=verdict))
    if verdict in ("allow", "block"):
        same = decisions.c.text == row.text, decisions.c.reviewed.is_(None)
        connection.execute(update(decisions).where(*same).values(reviewed=reviewed, verdict=verdict))
    return row


def rulings(connection: Connection) -> list[tuple[str, Verdict]]:
    """Texts that an owner allowed or blocked, and which of the two, the oldest verdict first: the newest counts."""
    said = select(decisions.c.text, decisions.c.verdict).where(decisions.c.verdict.in_(("allow", "block")))
    newest = said.order_by(decisions.c.reviewed.desc(), decisions.c.id.desc()).limit(MOST_RULINGS)
    return [(row.text, row.verdict) for row in connection.execute(newest)][::-1]
