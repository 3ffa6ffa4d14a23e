"""Which of the facts matter to a line: by meaning and by words, the old and the unimportant less.  Pure.

The score of a fact is its likeness to the line, times its age's decay, times its importance.  Likeness is taken from
two sides, each from 0 to 1 among the facts at hand: how near its vector is, and how much of the line's rarer words it
has.  Vectors know that 猫 and "cat" are one; words know names, which vectors do not.  Scores of vectors are never
compared with a fixed number: with some models two texts that have nothing in common still score 0.7.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mudbot.mind.remembered import Fact

BY_WORDS = 0.5
"""What the words of a line count beside its meaning."""
BEFORE = 0.35
"""What the line before counts beside one that leans on it."""
OWN_LANGUAGE = 0.7
"""How much a vector's nearness is reckoned among texts of its own language, and not among all."""
SHARPNESS = 2
"""The power of nearness: the very near shall not be outdone by the middling that matter more."""
LEAST = 0.02
"""Likeness of a fact that has nothing of the line: it comes last and is not gone."""
FADED = 0.05
"""The part of its score that is left to the oldest fact: what nothing else answers is still found."""
_LEANING = re.compile(
    r"\b(?:he|she|it|they|him|her|his|them|its|their|there|that one|this one)\b|[他她它]|那里|那儿|那个", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_\d]+|\d+")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff]+")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be been but by can could did do does for from had has have he her him his how i if in into
        is it its let like me more my no not of on one or our she so some tell than that the their them then there they
        this to too us was we were what when where which who whom whose why will with would you your yes am im ive id
        dont didnt know remember said say told about again any ever just old chen""",
    )
)
_COMMON_ZH = frozenset(
    "的了是我你他她它们在有和就不也都吗呢吧啊呀这那个一么什谁哪里怎为还会要说给跟对把被让到过着上下来去"
)


@lru_cache(maxsize=8192)
def words_of(text: str) -> frozenset[str]:
    """What *text* is found by: its rarer words without their endings, and pairs of 汉字."""
    text = text.casefold()
    found = {_stem(word) for word in _WORD.findall(_WIDE.sub(" ", text.replace("'", ""))) if word not in _COMMON}
    for run in _WIDE.findall(text):
        found.update(run[at : at + 2] for at in range(len(run) - 1) if not set(run[at : at + 2]) <= _COMMON_ZH)
        found.update(character for character in run if character not in _COMMON_ZH)
    return frozenset(found)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s", "e", "y"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word[: -len(ending)]
    return word


def by_words(query: str, texts: Sequence[str]) -> list[float]:
    """How much of *query*'s words each of *texts* has, the rarer ones among *texts* counting more: from 0 to 1."""
    asked = words_of(query)
    if not asked or not texts:
        return [0.0] * len(texts)
    had = [words_of(text) & asked for text in texts]
    counts = Counter(word for words in had for word in words)
    weight = {word: math.log(1 + len(texts) / (1 + counts[word])) * (0.5 if _half(word) else 1.0) for word in asked}
    whole = sum(weight.values()) or 1.0
    return [sum(weight[word] for word in words) / whole for words in had]


def _half(word: str) -> bool:
    return len(word) == 1 and word > "\u2e7f"


def by_meaning(query: Any, matrix: Any, wide: Any) -> list[float]:
    """How near each row of *matrix* is to *query*: 0 for the middling, 1 for the nearest.  All are numpy arrays.

    *wide* says which rows are of Chinese texts.  To a model of several languages every text of the query's own
    language is nearer than any of another, so a row is mostly compared with those of its own.
    """
    scores = matrix @ query
    among_all = _risen(scores)
    among_own = scores.copy()
    for chosen in (wide, ~wide):
        if chosen.any():
            among_own[chosen] = _risen(scores[chosen])
    mixed = OWN_LANGUAGE * among_own + (1 - OWN_LANGUAGE) * among_all
    return [max(0.0, float(score)) ** SHARPNESS for score in mixed]


def _risen(scores: Any) -> Any:
    middle = scores.mean()
    spread = scores.max() - middle
    return (scores - middle) / spread if spread > 1e-6 else scores * 0 + 1.0


def is_wide(text: str) -> bool:
    """Whether there is Chinese in *text*."""
    return _WIDE.search(text) is not None


def leans(text: str) -> bool:
    """Whether a line is only to be understood with the one before: "and where is she now?"."""
    return len(words_of(text)) < 2 or _LEANING.search(text) is not None


def decay(age: float, fades: float) -> float:
    """What is left of a fact after *age* seconds: half of it after each *fades*, and never less than FADED."""
    return max(FADED, math.exp2(-max(0.0, age) / fades))


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    """The line to answer."""
    before: str = ""
    """What the same speaker said just before."""


def best(
    facts: Sequence[Fact],
    query: Query,
    meanings: Mapping[int, float],
    *,
    now: float,
    fades: float,
    most: int,
) -> list[Fact]:
    """At most *most* of *facts*, that which matters most to *query* first; no two that say the same.

    *meanings* is how near facts are by their vectors, by number; of those that it does not have only words count.
    """
    if not facts or most <= 0:
        return []
    likeness = _likeness(facts, query, meanings)
    scored = sorted(
        zip(likeness, facts, strict=True),
        key=lambda pair: (-pair[0] * decay(now - pair[1].at, fades) * pair[1].importance, -pair[1].at, -pair[1].id),
    )
    found: list[Fact] = []
    for _, fact in scored:
        if not any(_alike(fact.text, other.text) for other in found):
            found.append(fact)
        if len(found) == most:
            break
    return found


def _likeness(facts: Sequence[Fact], query: Query, meanings: Mapping[int, float]) -> list[float]:
    texts = [fact.text for fact in facts]
    by_line = by_words(query.text, texts)
    before = by_words(query.before, texts) if query.before else [0.0] * len(texts)
    words = [line + BEFORE * earlier for line, earlier in zip(by_line, before, strict=True)]
    top = max(words, default=0.0)
    scale = BY_WORDS / top if top > 0 else 0.0
    # A line whose words nothing has is not made to match by scaling: few words in common count little.
    scale *= min(1.0, top * 2)
    return [
        LEAST + meanings.get(fact.id, 0.0) * (1 - BY_WORDS) + word * scale
        for fact, word in zip(facts, words, strict=True)
    ]


def _alike(one: str, other: str) -> bool:
    """Whether *one* says nothing that *other* does not say."""
    words = words_of(one)
    return one == other or (len(words) > 2 and words <= words_of(other))


def merged(meanings: Iterable[tuple[Sequence[int], Sequence[float], float]]) -> dict[int, float]:
    """Several queries' nearness by fact number, each with its weight, as one from 0 to 1."""
    found: dict[int, float] = {}
    for numbers, scores, weight in meanings:
        for number, score in zip(numbers, scores, strict=True):
            found[number] = found.get(number, 0.0) + score * weight
    top = max(found.values(), default=0.0)
    return {number: score / top for number, score in found.items()} if top > 0 else found
