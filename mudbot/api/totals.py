"""What calls came to, counted as they end: for a line in the log, and for metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from mudbot.api.report import ApiCall

STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds between which calls are counted by how long they took."""


@dataclass(slots=True)
class Total:
    """The sum of calls of one endpoint, model and outcome."""

    calls: int = 0
    requests: int = 0
    """Sent: retries count, shared answers do not."""
    tokens: int = 0
    money: float = 0.0
    """USD, as far as it is known."""
    unpriced: int = 0
    """Calls whose price nobody knows."""
    waited: float = 0.0
    """Seconds in queues and pauses."""
    latency: float = 0.0
    """Seconds from call to end."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    steps: list[int] = field(default_factory=lambda: [0] * (len(STEPS) + 1))
    """How many took at most as long as each of STEPS and longer than the one before; the last took longer than all."""

    def add(self, call: ApiCall) -> None:
        """Count *call*."""
        self.calls += 1
        self.requests += call.attempts
        self.tokens += (call.prompt_tokens or 0) + (call.completion_tokens or 0)
        self.money += call.money or 0.0
        self.unpriced += call.money is None
        self.waited += call.waited
        self.latency += call.latency
        self.prompt_tokens += call.prompt_tokens or 0
        self.completion_tokens += call.completion_tokens or 0
        self.steps[bisect_left(STEPS, call.latency)] += 1

    def include(self, other: Total) -> None:
        """Count what *other* has counted."""
        for each in fields(self):
            if each.name != "steps":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.steps = [mine + more for mine, more in zip(self.steps, other.steps, strict=True)]


MOST = 1000
"""Rows; models and endpoints beyond them are counted as ``other``."""


@dataclass(slots=True)
class Totals:
    """``Api(on_call=totals.add)``."""

    rows: dict[tuple[str, str, str], Total] = field(default_factory=dict)
    """By endpoint, model and outcome."""

    def add(self, call: ApiCall) -> None:
        """Count *call*."""
        key = (call.endpoint, call.model or "", call.outcome)
        if key not in self.rows and len(self.rows) >= MOST:
            key = ("other", "", call.outcome)
        self.rows.setdefault(key, Total()).add(call)

    def outcomes(self) -> Mapping[str, int]:
        """How many calls ended how."""
        found: dict[str, int] = {}
        for (_, _, outcome), total in self.rows.items():
            found[outcome] = found.get(outcome, 0) + total.calls
        return found

    def __str__(self) -> str:
        ended, rows = self.outcomes(), self.rows.values()
        parts = [f"{sum(ended.values()):,} calls", f"{sum(row.requests for row in rows):,} requests"]
        parts += [f"{sum(row.tokens for row in rows):,} tokens", f"${sum(row.money for row in rows):.4f}"]
        parts += [f"{count:,} {outcome}" for outcome, count in sorted(ended.items()) if outcome != "ok"]
        return ", ".join(parts)
