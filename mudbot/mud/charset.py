"""Which encoding a MUD speaks, guessed from its first screens.  Pure.

MUD text is short, full of drawings and names, and comes in one of six encodings.  So the question is only which of the
six makes it likely, and a small model of each answers it sooner than a general detector: what a reading costs in bits,
character by character.  Common Chinese characters are cheap, those of the first level (GB 2312-80, Big5: sorted by use
or sound, the second level holds the rare ones) dearer, rare ones very dear; Russian letters cost by their frequency
and dearly in odd capitals; accented Latin letters are expected alone, between others.  Drawings speak for nothing:
they are as dear in an encoding that can read them as in one that cannot.

UTF-8 stands until something else is much likelier, and a decision falls again only to much more of the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from math import log2
from typing import NamedTuple

MAX_LINES = 200
"""Lines beyond ASCII that are looked at; then the guess stands and costs nothing any more."""
MAX_BYTES = 64 * 1024
MAX_CHANGES = 4
"""A MUD that seems to change more often than this mixes encodings, and no guess will be right."""
LINE_BYTES = 512
"""Bytes beyond ASCII of one line that count."""

_FIRST = 16.0
"""Bits by which an encoding must be likelier than every other to be chosen: one in 65,000, were the model right."""
_AGAIN = 80.0
"""The same for taking a choice back: some ten Chinese characters of the opposite, with none for the choice between."""
_MEMORY = 200
"""Bytes beyond ASCII after which what was heard counts half: a MUD may change its encoding after the login."""
_BROKEN = 12.0  # bits, for each byte that cannot be read
_SIGN = 12.0  # bits, for what is neither letter nor common punctuation
_UNUSUAL = 22.0  # bits, for a Chinese character outside of the standard's two levels
_ELSE = 15.0  # bits, for what is no Chinese character in the same codecs: full-width Latin, Greek, kana, arrows
_ODD = 6.0  # bits, for a letter where no writer would put it

_SIMPLIFIED = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起"
    "发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次"
    "使身者被高已亲其进此话常与活正感见明问力理点文几定本公特做外相西果走将月十实向声全信重三机工物气每并别真打太新比才便夫再书部"
    "水像眼等体却加主界门利海受听表少代员许先口由死安写性马光白或住难望教命花结乐色更东神记处让父应直字场平报友关放至张认接告入笑"
    "内英军候民往何度山觉路带万男边风解叫任金快原吃变通师立数四失满战远士音轻目条呢请输密码您欢迎武功剑刀客栈店江湖侠派选择线玩游"
    "戏注册帮助离南北这站房间银两钱酒问谁吗吧令"
)
_TRADITIONAL = (
    "的一是了我不人在他有這個上們來到時大地為子中你說生國年著就那和要她出也得裡里後自以會家可下而過天去能對小多然於心學麼之都好看起"
    "發當沒成只如事把還用第樣道想作種開美總從無情己面最女但現前些所同日手又行意動方期它頭經長兒回位分愛老因很給名法間斯知世什兩次"
    "使身者被高已親其進此話常與活正感見明問力理點文幾定本公特做外相西果走將月十實向聲全信重三機工物氣每並別真打太新比才便夫再書部"
    "水像眼等體卻加主界門利海受聽表少代員許先口由死安寫性馬光白或住難望教命花結樂色更東神記處讓父應直字場平報友關放至張認接告入笑"
    "內英軍候民往何度山覺路帶萬男邊風解叫任金快原吃變通師立數四失滿戰遠士音輕目條呢請輸密碼您歡迎武功劍刀客棧店江湖俠派選擇線玩遊"
    "戲註冊幫助離南北這站房間銀兩錢酒問誰嗎吧令"
)
_PUNCTUATION = "，。！？：；、「」『』【】《》（）“”‘’…—～·　﹕"
# The letters in percent of running text.
_RUSSIAN_COSTS = {
    letter: -log2(percent / 100)
    for letter, percent in zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (
            *(10.9, 8.5, 8.0, 7.4, 6.7, 6.3, 5.5, 4.7, 4.5, 4.4, 3.5, 3.2, 3.0, 2.8, 2.6, 2.0, 1.9, 1.7, 1.7, 1.6),
            *(1.6, 1.4, 1.2, 0.97, 0.94, 0.73, 0.64, 0.48, 0.36, 0.32, 0.26, 0.04, 0.2),
        ),
        strict=True,
    )
}
_RUSSIAN_SIGNS = "«»№—–…“”’"
_ACCENTED = "éèàçêüöäßñóíáúåøæôîûëïâõãìòùý"
_ACCENTED_SIGNS = "¡¿«»°£§©·"

# A drawing repeats itself: runs say nothing, so of four and more of a byte none is left, of a longer pattern one.
_DRAWN = re.compile(rb"([\x80-\xff])\1{3,}|([\x80-\xff]{2,3})\2{2,}")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a MUD's text is taken to be in."""

    encoding: str
    """A name to decode and to encode with: utf-8, gbk, big5, latin-1, cp1251 or koi8-r."""
    confidence: float = 0.0
    """From 0 (nothing speaks for it) to 1."""
    reason: str = "only ASCII so far"


class Score(NamedTuple):
    """What it takes to read something in an encoding: the less, the likelier."""

    bits: float
    letters: float = 0.0
    """Bytes of letters among it; signs and what cannot be read are none."""
    letter_bits: float = 0.0

    def then(self, weight: float, more: Score) -> Score:
        """This, which counts for *weight* by now, and more."""
        return Score(*(old * weight + new for old, new in zip(self, more, strict=True)))


class Guesser:
    """Hears the first lines of a MUD and says what they are encoded in."""

    def __init__(self) -> None:
        self.guess = Guess("utf-8")
        """The guess by now."""
        self._scores = dict.fromkeys(_READERS, Score(0.0))
        self._heard = 0.0  # bytes beyond ASCII that the scores are about
        self._decided = False
        self._lines = self._bytes = self._changes = 0

    def __repr__(self) -> str:
        return f"<Guesser {self.guess.encoding} {self.guess.confidence:.2f}, {self._lines} lines heard>"

    @property
    def done(self) -> bool:
        """Whether the guess stands: enough was heard, or it was changed too often."""
        return self._lines >= MAX_LINES or self._bytes >= MAX_BYTES or self._changes >= MAX_CHANGES

    def hear(self, line: bytes) -> Guess:
        """The guess after one more *line* or prompt, given without its escapes."""
        if self.done or line.isascii():
            return self.guess
        self._lines += 1
        self._bytes += len(line)
        sample = _DRAWN.sub(rb"\2", line[: 4 * LINE_BYTES])[:LINE_BYTES]
        high = len(sample) - len(sample.translate(None, _HIGH))
        if high:
            weight = 0.5 ** (high / _MEMORY)
            self._heard = self._heard * weight + high
            for name, readers in _READERS.items():
                self._scores[name] = self._scores[name].then(weight, min(read(sample) for read in readers))
            self._decide()
        return self.guess

    def _decide(self) -> None:
        """Change the guess, or what is known about it."""
        scores, now = self._scores, self.guess.encoding
        best, second = sorted(scores, key=lambda name: scores[name].bits)[:2]
        margin = scores[second].bits - scores[best].bits
        if best != now:
            needed = _AGAIN if self._decided else _FIRST
            if margin < _FIRST or scores[now].bits - scores[best].bits < needed or not _readable(best, scores[best]):
                self.guess = Guess(now, 0.0, f"what was heard last may be {best}, but not surely")
                return
            self._changes += 1
        self._decided = self._decided or margin >= _FIRST
        costs = (f"{scores[name].bits / self._heard:.1f} as {name}" for name in (best, second))
        self.guess = Guess(best, 1 - 2 ** (-margin / 10), f"bits that a byte beyond ASCII takes: {', '.join(costs)}")


_HIGH = bytes(range(0x80, 0x100))
_READABLE = {"gbk": 6.6, "big5": 6.6, "cp1251": 6.0, "koi8-r": 6.0, "latin-1": 9.0}
"""Bits a byte of letters below which they look written: letters at random take more, and those of another encoding."""


def _readable(encoding: str, score: Score) -> bool:
    """Whether the letters look like language, not like a drawing that happens to be readable."""
    if encoding == "utf-8":
        return True  # hardly anything else fits its pattern
    needed = 2 if encoding == "latin-1" else 6
    return score.letters >= needed and score.letter_bits <= _READABLE[encoding] * score.letters


def _utf8(data: bytes) -> Score:
    bits, letters, letter_bits = 0.0, 0, 0.0
    for char in data.decode("utf-8", "surrogateescape"):
        if "\udc80" <= char <= "\udcff":
            bits += _BROKEN
        elif char >= "\x80":
            # Two bytes can fit by chance; of what has two, MUDs write Latin and Cyrillic.
            cost = 8.0 if char >= "\u0800" or char <= "\u017f" or "\u0400" <= char <= "\u045f" else 14.0
            bits += cost
            letter_bits += cost
            letters += len(char.encode())
    return Score(bits, letters, letter_bits)


@lru_cache(maxsize=2)
def _chinese_costs(common: str, codec: str) -> dict[str, float]:
    """Bits that each character takes in text whose most used ones are *common*, by the levels of *codec*."""
    first, second = {
        "gb2312": (range(0xB0, 0xD8), range(0xD8, 0xF8)),
        "big5": (range(0xA4, 0xC7), range(0xC9, 0xFA)),
    }[codec]
    costs: dict[str, float] = {}
    # Each kind's share in running text over how many there are: first level, second, drawings, most used ones.
    for leads, share in ((first, 0.25), (second, 0.01)):
        pairs = (bytes((lead, trail)) for lead in leads for trail in range(0x40, 0xFF))
        chars = [char for pair in pairs if "\u3400" <= (char := pair.decode(codec, "ignore")) <= "\u9fff"]
        costs |= dict.fromkeys(chars, log2(len(chars) / share))
    costs |= dict.fromkeys(map(chr, range(0x2500, 0x2600)), log2(120 / 0.03))  # of which either codec has as many
    costs |= dict.fromkeys(common, log2(len(common) / 0.58))
    costs |= dict.fromkeys(_PUNCTUATION, log2(len(_PUNCTUATION) / 0.12))
    return costs


def _chinese(common: str, levels: str, codec: str, data: bytes) -> Score:
    costs = _chinese_costs(common, levels)
    bits, letters, letter_bits = 0.0, 0, 0.0
    for char in data.decode(codec, "surrogateescape"):
        if "\udc80" <= char <= "\udcff":
            bits += _BROKEN
        elif "\u3400" <= char <= "\u9fff":
            letter_bits += costs.get(char, _UNUSUAL)
            letters += 2
        elif char >= "\x80":
            bits += costs.get(char, _ELSE)
    return Score(bits + letter_bits, letters, letter_bits)


def _russian(codec: str, data: bytes) -> Score:
    bits, letters, letter_bits = 0.0, 0, 0.0
    before = " "
    for char in data.decode(codec, "replace"):
        cost = _RUSSIAN_COSTS.get(char.lower())
        if cost is not None:
            if char.isupper():
                # A name, a word in capitals, and hardly ever a capital behind a small letter.
                cost += 0.7 if before.isupper() else 12 if before.isalpha() else 4
            if before.isascii() and before.isalpha():
                cost += _ODD
            letter_bits += cost
            letters += 1
        elif char >= "\x80":
            bits += 8.0 if char in _RUSSIAN_SIGNS else _SIGN
        before = char
    return Score(bits + letter_bits, letters, letter_bits)


def _latin(data: bytes) -> Score:
    text = f" {data.decode('latin-1')} "
    bits, letters, letter_bits = 0.0, 0, 0.0
    for i, char in enumerate(text):
        if char < "\x80":
            continue
        if not char.isalpha():
            bits += 8.0 if char in _ACCENTED_SIGNS else _SIGN if char >= "\xa0" else _SIGN + 4
            continue
        around = text[i - 1], text[i + 1]
        cost = 6.0 if char in _ACCENTED else 9.0
        cost += _ODD * sum(one >= "\x80" for one in around)
        cost += _ODD * (not any(one.isascii() and one.isalpha() for one in around))
        letter_bits += cost
        letters += 1
    return Score(bits + letter_bits, letters, letter_bits)


_READERS: dict[str, tuple[Callable[[bytes], Score], ...]] = {
    "utf-8": (_utf8,),
    # Some MUDs speak traditional Chinese in GBK, which has it outside of the standard's levels.
    "gbk": (
        partial(_chinese, _SIMPLIFIED, "gb2312", "gbk"),
        partial(_chinese, _TRADITIONAL, "big5", "gbk"),
    ),
    "big5": (partial(_chinese, _TRADITIONAL, "big5", "big5"),),
    "cp1251": (partial(_russian, "cp1251"),),
    "koi8-r": (partial(_russian, "koi8-r"),),
    "latin-1": (_latin,),
}
