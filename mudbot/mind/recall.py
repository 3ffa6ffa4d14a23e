"""Which of the facts matter to a line: by meaning and by words, the old and the unimportant less.  Pure.

The score of a fact is its likeness to the line, times its age's decay, times its importance; what says nearly the same
as what was chosen already comes later.  Likeness is taken from two sides, each from 0 to 1 among the facts at hand: how
near its vector is, and how much of the line's rarer words it has.  Vectors know that 猫 and "cat" are one; words know
names, which vectors do not.  Scores of vectors are never compared with a fixed number: with some models two texts that
have nothing in common still score 0.7.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mudbot.mind.remembered import Fact

BY_WORDS = 0.5
"""What the words of a line count beside its meaning."""
BEFORE = 0.35
"""What the line before counts beside one that leans on it."""
OWN_LANGUAGE = 0.7
"""How much a vector's nearness is reckoned among texts of its own language, and not among all."""
COMMONPLACE = 0.6
"""How much of a vector's nearness to the average of all is taken off its nearness to a query.  Some short texts are
near to whatever is asked, and would be in every answer."""
SHARPNESS = 2
"""The power of nearness: the very near shall not be outdone by the middling that matter more."""
LEAST = 0.02
"""Likeness of a fact that has nothing of the line: it comes last and is not gone."""
FADED = 0.05
"""The part of its score that is left to the oldest fact: what nothing else answers is still found."""
LASTS = 0.15
"""So much more importance doubles the time in which a fact fades: a birthday is not over in a month, a wet boot is."""
REPEATED = 0.4
"""The part of its score that is left to a fact behind one with all the same words; to one with half of them, its root.
People say much the same many times, and nine of one kind would leave no room for the one that answers."""
POOL = 12
"""Facts that are weighed against each other for each that is chosen: only the first of all can be."""
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


def by_meaning(scores: Sequence[float], common: Sequence[float], wide: Sequence[bool]) -> list[float]:
    """How near each of some texts is to what is looked for: 0 for the middling, 1 for the nearest.

    *scores* is how near their vectors are to that of the query, *common* how near they are to the average of all: what
    is near to everything answers nothing (``COMMONPLACE``).  *wide* says which texts are Chinese: to a model of several
    languages every text of the query's own is nearer than any of another, so a text is mostly compared with its own.
    """
    raised = [score - COMMONPLACE * usual for score, usual in zip(scores, common, strict=True)]
    among_all = _risen(raised)
    among_own = list(among_all)
    for which in (True, False):
        places = [at for at, is_so in enumerate(wide) if is_so is which]
        for at, score in zip(places, _risen([raised[at] for at in places]), strict=True):
            among_own[at] = score
    mixed = (OWN_LANGUAGE * own + (1 - OWN_LANGUAGE) * every for own, every in zip(among_own, among_all, strict=True))
    return [max(0.0, score) ** SHARPNESS for score in mixed]


def _risen(scores: Sequence[float]) -> list[float]:
    if not scores:
        return []
    middle = sum(scores) / len(scores)
    spread = max(scores) - middle
    return [(score - middle) / spread if spread > 1e-6 else 1.0 for score in scores]


def about(name: str, text: str) -> str:
    """A fact as it is made a vector: with who told it, for it is asked for by "my" as well as by that one's name."""
    name = " ".join(name.split())[:40]
    if not name:
        return text
    return f"{name}说：{text}" if is_wide(text) else f"About {name}: {text}"


def is_wide(text: str) -> bool:
    """Whether there is Chinese in *text*."""
    return _WIDE.search(text) is not None


def leans(text: str) -> bool:
    """Whether a line is only to be understood with the one before: "and where is she now?"."""
    return len(words_of(text)) < 2 or _LEANING.search(text) is not None


def decay(age: float, fades: float, importance: float = 0.5) -> float:
    """What is left of a fact after *age* seconds, never less than FADED.

    Half of it after each *fades* where it is of middling *importance*, later the more important it is (``LASTS``).
    """
    return max(FADED, math.exp2(-max(0.0, age) / (fades * math.exp2((importance - 0.5) / LASTS))))


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
    scores = [
        like * decay(now - fact.at, fades, fact.importance) * fact.importance
        for like, fact in zip(_likeness(facts, query, meanings), facts, strict=True)
    ]
    scored = sorted(zip(scores, facts, strict=True), key=lambda pair: (-pair[0], -pair[1].at, -pair[1].id))
    return _varied(scored[: most * POOL], most)


def _varied(scored: Sequence[tuple[float, Fact]], most: int) -> list[Fact]:
    """At most *most* of *scored*, the best first, each chosen with an eye on those before."""
    left = [(score, fact, words_of(fact.text)) for score, fact in scored]
    found: list[Fact] = []
    while left and len(found) < most:
        at = max(range(len(left)), key=lambda index: left[index][0])  # of equals the first: they are in order
        _, chosen, words = left.pop(at)
        found.append(chosen)
        left = [
            (score * REPEATED ** _shared(others, words), fact, others)
            for score, fact, others in left
            if not _alike(fact.text, chosen.text)
        ]
    return found


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """The part of both's words that is in both."""
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0


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
