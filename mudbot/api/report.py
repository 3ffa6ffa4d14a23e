"""What the adapter tells its owner about each call, for logs, metrics and budgets."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from mudbot.api.calls import NOBODY, Caller


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One finished call, however it ended.  It never holds the key, the prompt or the answer."""

    endpoint: str
    """Method and path, for example ``POST /chat/completions``."""
    model: str | None
    outcome: str
    """``ok``, the name of the error's class, or ``cancelled`` when the caller went away before the end."""
    status: int | None
    """The last HTTP status seen; None when no server answered."""
    attempts: int
    """Requests that were sent: 0 for a call that never left the queue."""
    waited: float
    """Seconds in the queue and in pauses between attempts."""
    latency: float
    """Seconds from the call to its end, ``waited`` included."""
    prompt_tokens: int | None = None
    """As the server counted them; None when it did not say."""
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """The part of the prompt that the provider had in its cache, and charges less for."""
    money: float | None = None
    """USD, by the server's count of tokens; None where nobody can say."""
    first: float | None = None
    """Seconds from the call to the first piece of its answer; None where none came."""
    server: str = ""
    """The base_url without user, password and query."""
    organization: str | None = None
    shared: bool = False
    """It took the answer of an identical call, in flight or kept: nothing was sent for it."""
    caller: Caller = NOBODY
    """On whose behalf."""

    @property
    def retries(self) -> int:
        """Requests beyond the first."""
        return max(0, self.attempts - 1)

    def row(self) -> dict[str, Any]:
        """All of it as columns of a table, the caller's names among them."""
        row = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "caller"}
        counted = {name: row[name] or 0 for name in ("prompt_tokens", "completion_tokens")}
        caller = {name: getattr(self.caller, name) for name in ("session", "plugin", "player", "channel")}
        return {**row, **counted, **caller, "model": self.model or ""}
