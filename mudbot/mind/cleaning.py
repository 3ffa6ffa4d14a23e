"""The spoken words in what a model wrote.  Pure."""

from __future__ import annotations

import re

from mudbot.mind.context import Prompt
from mudbot.mind.sentences import sentences

MAX_ANSWER = 320
"""Characters that are said at most; more is cut at the last sentence end.  70 tokens are about 280 letters."""

_PAIRS = {'"': '"', "“": "”", "「": "」", "『": "』", "'": "'", "‘": "’", "«": "»"}
_DIRECTION = re.compile(r"\*[^*]{1,80}\*|^\s*[(（][^()（）]{1,80}[)）]|[(（][^()（）]{1,80}[)）]\s*$")
_SAYS = r"(?:says|said|replies|answers|说道?|答道?|笑道|回道)\s*[,:，：]"
_SPEAKER = re.compile(r"[^\s:：]{1,24}(?: [^\s:：]{1,24})?[:：]")
END = re.compile(r"[.!?…。！？](?:[\"'”’」』)）]*)(?=\s|$|[\u4e00-\u9fff“「])")


def clean(answer: str, prompt: Prompt) -> str:
    """The spoken words in *answer* on one line: no name in front, quotes around, stage directions, half a sentence."""
    lines = [line.strip() for line in answer.strip().splitlines() if line.strip()]
    names = _either(prompt)
    lead, text = _lead(prompt), ""
    for line in lines:
        own = lead.sub("", line)
        if text and goes_on(line, prompt):
            break  # the model went on with the script
        text = f"{text} {own}".strip()
    # In the middle of a line only the name of somebody in the talk, with a colon, counts as the next speaker.
    text = re.split(rf"(?<=[\s.!?。！？])(?:{names})\s*[:：]", text, maxsplit=1)[0].strip()
    text = _DIRECTION.sub(" ", text).replace("*", "").replace("~", "")
    text = _whole_sentences(_unquote(" ".join(text.split())))
    for opening, closing in (("(", ")"), ("（", "）"), ("“", "”"), ("「", "」")):
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    return " ".join(text.replace('"', "" if text.count('"') % 2 else '"').split())


def _either(prompt: Prompt) -> str:
    return "|".join(re.escape(name) for name in sorted(prompt.names, key=len, reverse=True))


def _lead(prompt: Prompt) -> re.Pattern[str]:
    """The name of somebody in the talk before words of his."""
    return re.compile(rf"^(?:{_either(prompt)})\s*(?:[:：]|{_SAYS})\s*", re.IGNORECASE)


def _unquote(text: str) -> str:
    while len(text) > 2 and _PAIRS.get(text[0]) == text[-1] and text[1:-1].count(text[0]) == 0:
        text = text[1:-1].strip()
    if text[:1] in _PAIRS and text[:1] != "'" and _PAIRS[text[0]] not in text[1:]:
        text = text[1:].strip()  # opened and never closed: the answer was cut, or the end was the stop text
    return text


def _whole_sentences(text: str) -> str:
    """*text* up to its last sentence end; as it is if it has none (a short answer needs no full stop)."""
    ends = [match.end() for match in END.finditer(text) if match.end() <= MAX_ANSWER]
    return text[: ends[-1]] if ends else text


def without_question(text: str, asked: str) -> str:
    """*text* without the question that small models like to say back before they answer it."""
    first = END.search(text)
    if first and first.end() < len(text) and says_back(text[: first.end()], asked):
        return text[first.end() :].strip()
    return text


def says_back(text: str, asked: str) -> bool:
    """Whether *text* is what was *asked*, or one sentence of it, word by word, and too long for that to be chance."""
    units = units_of(text)
    return len(units) >= 4 and units in (units_of(asked), *map(units_of, sentences(asked)))


def goes_on(line: str, prompt: Prompt) -> bool:
    """Whether *line*, which is not the first, is no more of the answer: the next speaker's, or a note."""
    text = line.strip()
    return bool(text) and (_lead(prompt).sub("", text) != text or text[0] in "(（" or _SPEAKER.match(text) is not None)


def units_of(text: str) -> list[str]:
    """Words of letters, and each 汉字 for itself."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[\u3400-\u9fff]", text.casefold().replace("’", "'"))
