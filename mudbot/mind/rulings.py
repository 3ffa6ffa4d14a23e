"""Texts about which an owner has decided for good: they pass, or they do not, whatever reviewers say.  Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, get_args

Ruling = Literal["allow", "block"]
MOST = 10_000
"""Texts that are known; the oldest are forgotten first."""
LONGEST = 2000
"""Characters of a decision that are kept: of what is longer nobody knows the end, so nobody can have judged it."""
BLOCKED = "its owner blocked this text"


class Rulings:
    """By text.  What is allowed must be the same but for case, width and blanks; what is blocked only in its letters
    and digits: a full stop more must not undo it, and must not let through what nobody has read.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Ruling, str], None] = {}

    def __repr__(self) -> str:
        return f"<Rulings on {len(self._known)} texts>"

    def set(self, words: str, ruling: Ruling | None) -> None:
        """Let *words* pass from now on, or not; without a *ruling* as reviewers say."""
        for each in get_args(Ruling):
            self._known.pop((each, _key(words, each)), None)
        if ruling is not None and len(words) <= LONGEST:
            self._known[ruling, _key(words, ruling)] = None
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]

    def of(self, words: str) -> Ruling | None:
        """What was decided of *words*; None where nothing was."""
        if not self._known or len(words) > LONGEST:
            return None
        for ruling in ("block", "allow"):
            if (ruling, _key(words, ruling)) in self._known:
                return ruling
        return None


def _key(words: str, ruling: Ruling) -> str:
    plain = unicodedata.normalize("NFKC", words).casefold()
    letters = re.sub(r"[\W_]+", "", plain) if ruling == "block" else ""
    return letters or " ".join(plain.split())
