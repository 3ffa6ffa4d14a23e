"""In which of its languages a character is spoken to.  Pure."""

from __future__ import annotations

import re

from mudbot.mind.shape import Language

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)*")


def language_of(text: str) -> Language | None:
    """The language of *text*: Chinese or English, by what there is more of; None where nobody can say.

    A word of Latin letters counts as much as two 汉字, as Chinese words have two on average: ``老陈, hello`` is as much
    the one as the other, and says nothing; ``Chen，有酒吗`` is Chinese.
    """
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    if han == 2 * words:
        return None
    return "zh" if han > 2 * words else "en"
