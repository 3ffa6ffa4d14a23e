"""A text that is still being written, a sentence at a time, in English and Chinese.  Pure."""

from __future__ import annotations

import re

LONGEST = 500
"""Characters without an end after which a sentence is cut at a blank, or anywhere: a model need not end one ever."""

# What may still belong to the end: 「好！」 closes behind the mark, and what follows tells 3.5 from an end.
_END = re.compile(
    r"(?:[.!?]+[\"'”’)\]*_]*(?=\s)|[。！？…]+[”’」』）》】\"'*_]*(?=[^。！？…”’」』）》】\"'*_]))\s*"
    r"|\n+\s*(?=\S)"
)


# A number of a list, a title, an initial: their full stop ends nothing.
_NO_END = re.compile(r"(?:^|.*[\s(\"“])(?:\d+|Mrs?|Ms|Dr|St|vs|etc|e\.g|i\.e|[A-Z])\.\s*", re.DOTALL)


_EAGER = re.compile(r"(?<![.!?。！？…])[.!?。！？][\"”’」』)）]*$")
_ONE_DOT = re.compile(r"(?:^|[^A-Za-z])[A-Za-z]?\.$")
_MARKS = ".!?。！？…”’」』)）"
_PAIRS = (("“", "”"), ("「", "」"), ("『", "』"), ("(", ")"), ("（", "）"), ("[", "]"), ("【", "】"))


class Sentences:
    """Takes pieces of any size and gives whole sentences, blanks behind them included: together they are the text.

    With *eager* a sentence is given with the mark that ends it, where that mark is unlikely to belong to something
    longer: what is spoken aloud need not wait for the next word.  Marks that do follow are dropped.
    """

    def __init__(self, *, eager: bool = False) -> None:
        self._text = ""
        self._eager = eager
        self._hasty = False

    def __repr__(self) -> str:
        return f"<Sentences {len(self._text)} characters begun>"

    def feed(self, piece: str) -> list[str]:
        """The sentences that *piece* ends."""
        if self._hasty:
            piece = piece.lstrip(f"{_MARKS} ")
            self._hasty = not piece
        self._text += piece
        found = []
        while (end := self._end()) is not None:
            found.append(self._text[:end])
            self._text = self._text[end:]
        if self._eager and self._surely_over():
            found.append(self._text)
            self._text, self._hasty = "", True
        return found

    def rest(self) -> str:
        """What is there without an end, as the text is over."""
        rest, self._text = self._text, ""
        return rest

    def _surely_over(self) -> bool:
        """Whether what is there is a sentence although nothing stands behind it yet."""
        text = self._text.rstrip()
        if not _EAGER.search(text) or _NO_END.fullmatch(text) or _ONE_DOT.search(text):
            return False
        if text.count('"') % 2 or any(text.count(opening) > text.count(closing) for opening, closing in _PAIRS):
            return False
        return not re.search(r"(?:www|https?:)\S*$", text)

    def _end(self) -> int | None:
        """Where the first sentence ends for certain, with the next one begun behind it."""
        start = len(self._text) - len(self._text.lstrip())
        for found in _END.finditer(self._text, start):
            if found.end() == len(self._text) or found.end() > LONGEST:
                break  # more blanks may come
            if not _NO_END.fullmatch(self._text, start, found.end()) or "\n" in found[0]:
                return found.end()
        if len(self._text) > LONGEST:
            blank = self._text.rfind(" ", 1, LONGEST)
            return blank + 1 if blank > 0 else LONGEST
        return None


def sentences(text: str) -> list[str]:
    """The sentences of *text*, blanks behind each included."""
    reader = Sentences()
    found = reader.feed(text)
    return [*found, rest] if (rest := reader.rest()) else found
