"""Flood rules: who said or did too much too fast, and what follows from it.  Pure; times come from the caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from mudbot.local.tavern.manners import Rule


@dataclass(frozen=True, slots=True)
class Offence:
    """Somebody broke a flood rule."""

    who: str
    """The character's login name."""
    rule: str
    """The rule's name in the family's file."""
    when: float
    """Seconds of the tavern's clock."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from one act: nothing where *rule* is None and it is *allowed*."""

    allowed: bool = True
    rule: Rule | None = None
    """The rule that this act broke; None while an older punishment lasts."""
    says: str = ""


_FINE = Verdict()


class Judge:
    """Watches one player.  Holds at most as many times as its rules' bounds."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._watches = [_Watch(rule) for rule in rules]
        self._muted = self._dazed = float("-inf")
        self._meanwhile = ""
        self._closed = ""

    def command(self, line: str, now: float) -> Verdict:
        """A line was typed."""
        if now < self._dazed:
            return Verdict(allowed=False)
        return self._ask(("command", "same_line"), line, now)

    def word(self, kind: str, text: str, now: float) -> Verdict:
        """Something was said: *kind* is ``say``, ``channel`` or ``emote``."""
        if now < self._muted:  # a mute on a channel mutes say and tell as well
            return Verdict(allowed=False, says=self._meanwhile)
        if kind == "channel":
            if self._closed:
                return Verdict(allowed=False, says=self._closed)
            return self._ask(("say", "channel", "same_channel"), text, now)
        return self._ask(("say",), text, now) if kind == "say" else _FINE

    def _ask(self, kinds: tuple[str, ...], text: str, now: float) -> Verdict:
        # Every watch counts, though only the first that was overrun decides.
        broken = [watch.rule for watch in self._watches if watch.rule.counts in kinds and watch.overrun(text, now)]
        return self._punish(broken[0], now) if broken else _FINE

    def _punish(self, rule: Rule, now: float) -> Verdict:
        if rule.then == "mute":
            self._muted, self._meanwhile = now + rule.seconds, rule.meanwhile
        elif rule.then == "daze":
            self._dazed = now + rule.seconds
        elif rule.then == "close_channel":
            self._closed = rule.meanwhile or rule.says
        return Verdict(allowed=rule.then in ("hold", "warn"), rule=rule, says=rule.says)


class _Watch:
    """Counts for one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._times: deque[float] = deque(maxlen=rule.over + 1)
        self._last: str | None = None

    def overrun(self, text: str, now: float) -> bool:
        """Count an act; whether there were more than the rule allows."""
        if self.rule.counts.startswith("same") and text != self._last:
            self._last = text
            self._times.clear()
        times = self._times
        times.append(now)
        while times and now - times[0] >= self.rule.within:
            times.popleft()
        return len(times) > self.rule.over
