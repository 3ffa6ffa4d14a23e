"""Which patterns are found in a line, in the order in which they were added."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Matcher(Generic[K]):
    """A set of patterns, each with a key that says whose it is.

    Every pattern is searched in every line: right for the dozens of triggers that plugins bring, and the definition of
    what a faster engine must find.
    """

    def __init__(self) -> None:
        self._patterns: dict[K, re.Pattern[str]] = {}

    def __len__(self) -> int:
        return len(self._patterns)

    def add(self, key: K, pattern: re.Pattern[str]) -> None:
        """Look for *pattern* from now on; replaces what had this key."""
        self._patterns[key] = pattern

    def remove(self, key: K) -> None:
        """Stop looking for it; nothing happens if there is no such key."""
        self._patterns.pop(key, None)

    def match(self, text: str) -> Iterator[tuple[K, re.Match[str]]]:
        """The keys whose pattern is found in *text*, with where."""
        for key, pattern in list(self._patterns.items()):
            if found := pattern.search(text):
                yield key, found
