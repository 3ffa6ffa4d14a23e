"""A text that goes on with words hidden: what a reviewer may make of it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

_RUDE = (
    *("fuck", "fucker", "motherfucker", "shit", "bullshit", "bitch", "cunt", "whore", "slut", "asshole", "arsehole"),
    *("dickhead", "cocksucker", "bastard", "wanker", "twat", "prick", "retard", "douchebag", "moron", "scumbag"),
    *("nigger", "nigga", "faggot", "kike", "tranny", "towelhead", "blowjob", "nmsl", "cnm", "wcnm", "kys"),
    *("操你妈", "操你", "草泥马", "尼玛", "你妈的", "他妈的", "傻逼", "傻叉", "傻屌", "煞笔", "傻比"),
    *("婊子", "贱人", "贱货", "脑残", "脑瘫", "智障", "废物", "垃圾", "狗东西", "王八蛋", "混蛋", "滚蛋", "去死"),
    *("死全家", "全家死", "畜生", "杂种", "狗日的", "鸡巴", "屌丝", "黑鬼", "支那猪"),
)
_LOOKS = {
    "a": "@4а",
    "b": "8",
    "c": "(с",
    "e": "3е",
    "g": "9",
    "i": "1!|і",
    "l": "1|",
    "o": "0о",
    "s": "$5ѕ",
    "t": "7+",
}
_LOOKS |= {"u": "υ", "k": "к", "x": "х", "y": "у", "h": "һ", "p": "р", "n": "п", "m": "м", "f": "", "w": ""}
_UNSEEN = "[\u200b-\u200f\u2060\ufeff]*"
_ENDING = "(?:s|es|er|ers|ed|ing|in|y)?"
_HAN = "\u3400-\u9fff"


@dataclass(frozen=True, slots=True)
class Masked:
    """A reviewer's answer: the text may go on, but as *text*, with words hidden.

    What is said and what is sent has this in place of what it was.
    """

    text: str

    @classmethod
    def of(cls, text: str, words: Iterable[str] = ()) -> Masked | None:
        """*text* with stars for the rude words that mudbot knows and for *words*; None where none of them is in it.

        They are found drawn out, spelled, and with signs for letters; never inside another word.
        """
        hidden = _pattern(tuple(words)).sub(lambda found: "*" * len(found[0]), text)
        return None if hidden == text else cls(hidden)


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    every = sorted({*_RUDE, *words}, key=lambda word: (-len(word), word))
    return re.compile("|".join(_shape(word) for word in every if word.strip()), re.IGNORECASE)


def _shape(word: str) -> str:
    if not word.isascii():
        return r"[\W_]{0,2}".join(map(re.escape, word))
    if not word.isalpha():
        return rf"(?<![^\W_{_HAN}]){re.escape(word)}(?![^\W_{_HAN}])"
    runs = [(letter, len(list(run))) for letter, run in groupby(word.casefold())]
    joined = _UNSEEN.join(f"{_letter(letter)}{{{least},}}" for letter, least in runs)
    spelled = r"[\W_]{1,3}".join(map(_letter, word.casefold()))
    return rf"(?<![^\W_{_HAN}])(?:{joined}{_ENDING}|{spelled})(?![^\W_{_HAN}])"


def _letter(letter: str) -> str:
    wide = chr(ord(letter) + 0xFEE0)
    return f"[{letter}{wide}{wide.upper()}{re.escape(_LOOKS.get(letter, ''))}]"
