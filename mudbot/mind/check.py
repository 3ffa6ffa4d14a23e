"""Whether a model's answer may be said in the character's name.

Pure.  First the answer is cleaned of what models add around speech; then each rule may refuse it, and the reason says
which.  The rules know what small models get wrong: they disclose themselves, name their vendor or a real person, recite
the prompt, slip into another script, loop, or talk nonsense.  A refused answer is asked for once more, then one of the
persona's own lines is said, so a rule may be strict where the character would hardly say the words anyway.

``check`` takes a whole answer; ``Listener`` takes it sentence by sentence while it is written.  Rules of one sentence
look at what is new, all others at the whole that would have been said with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mudbot.mind.cleaning import END, MAX_ANSWER, clean, goes_on, says_back, units_of, without_question
from mudbot.mind.context import Prompt
from mudbot.mind.nonsense import garbled, loose, repeats
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import asks_of_the_past
from mudbot.mind.sentences import sentences
from mudbot.mind.taboo import discloses, names_person, names_vendor, says_any, unsafe

__all__ = ["MAX_ANSWER", "Listener", "Rules", "Verdict", "check", "clean"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ok``: ``text`` may be said.  Otherwise ``reason`` names the rule that refused it, for the log."""

    ok: bool
    text: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What an owner may change about the rules."""

    disclose: bool = False
    """Whether the character may say that it is played by a program."""
    people: tuple[str, ...] = ()
    """Real people who must not be named, besides those that mudbot knows."""


_STRICT = Rules()
Rule = tuple[str, Callable[[], bool]]


def check(answer: str, *, persona: Persona, prompt: Prompt, asked: str, rules: Rules = _STRICT) -> Verdict:
    """*answer* cleaned, and whether the character may say it in reply to *asked*.

    *prompt* is what the model was shown: an answer that recites it is refused, and the people in it may be named.
    """
    if reason := unsafe(answer):
        return Verdict(ok=False, text="", reason=reason)
    text = without_question(clean(answer, prompt), asked)
    judge = _Judge(persona, prompt, asked, rules)
    reason = judge.sentence(text) or judge.whole(text) or ("cut off" if _cut_off(text) else None)
    return Verdict(ok=reason is None, text=text, reason=reason)


class Listener:
    """Listens to an answer while it is written.

    ``next`` takes a sentence as the model wrote it and says whether its words may be said; once ``over`` is true the
    answer is at its end, whatever the model still writes.
    """

    def __init__(self, *, persona: Persona, prompt: Prompt, asked: str, rules: Rules = _STRICT) -> None:
        self._prompt, self._asked = prompt, asked
        self._judge = _Judge(persona, prompt, asked, rules)
        self._line_over = False
        self._closing = ""
        self._began = ""
        self.said = ""
        """All that may be said until now."""
        self.over = False

    def __repr__(self) -> str:
        return f"<Listener {len(self.said)} characters said{', over' if self.over else ''}>"

    def next(self, written: str, *, last: bool = False) -> Verdict:
        """What of *written*, a sentence, may be said; empty where it holds no words of the character's.

        *last*: the model has ended there, perhaps in the midst of it.
        """
        if reason := unsafe(written):
            return Verdict(ok=False, text="", reason=reason)
        self.over = self.over or bool(self.said and self._line_over and goes_on(written, self._prompt))
        if self.over or not written.strip():
            return Verdict(ok=True, text="")
        text = self._together(written)
        if not last and not self.said and says_back(text, self._asked):
            return Verdict(ok=True, text="")  # said back before it is answered
        new = text[len(self.said) :].strip() if text.startswith(self.said) else ""
        if not any(character.isalnum() for character in new) or (len(new) > 5 and new in self.said):
            return Verdict(ok=True, text="")  # nothing, or what was said already: small models go round
        if reason := self._reason(text, new, last=last):
            return Verdict(ok=False, text=new, reason=reason)
        self.said = text
        return Verdict(ok=True, text=new)

    def _together(self, written: str) -> str:
        """What was said with the words of *written*."""
        if not self.said:
            # A direction or the question said back may have come before: cleaned together, they go together.
            self._began = written = f"{self._began} {written}" if self._began else written
            opening = written.lstrip()[:1]
            self._closing = {"'": "'", "‘": "’"}.get(opening, "") if written.count(opening) == 1 else ""
            if self._closing:
                written = written.lstrip()[1:]
        elif self._closing and written.rstrip().endswith(self._closing):
            written = written.rstrip()[:-1]
        before = f"{self.said}\n" if self._line_over and self.said else f"{self.said} " if self.said else ""
        if self.said and "\u3400" <= written.lstrip()[:1] <= "\u9fff":
            before = before.rstrip(" ")
        self._line_over = written.endswith("\n")
        text = clean(f"{before}{written}", self._prompt)
        return text if self.said else without_question(text, self._asked)

    def _reason(self, text: str, new: str, *, last: bool) -> str | None:
        if len(text) > MAX_ANSWER:
            if self.said:
                self.over = True
            return "too long"
        if last and _cut_off(text):
            return "cut off"
        return self._judge.sentence(new) or self._judge.whole(text)


class _Judge:
    """The rules for the answer to one line."""

    def __init__(self, persona: Persona, prompt: Prompt, asked: str, rules: Rules) -> None:
        self._persona, self._prompt, self._asked, self._rules = persona, prompt, asked, rules
        self._known = _known(persona, prompt, asked)

    def sentence(self, text: str) -> str | None:
        """Why *text*, one sentence or more, may not be said, whatever stands before it."""
        persona, rules, known = self._persona, self._rules, self._known
        return _first(
            (
                ("empty", lambda: not any(character.isalnum() for character in text)),
                ("discloses a model", lambda: not rules.disclose and discloses(text)),
                ("names a vendor", lambda: names_vendor(text, self._prompt.names)),
                ("real person", lambda: names_person(f"{self._asked}\n{text}", rules.people)),
                ("forbidden words", lambda: says_any(text, persona.never)),
                ("wrong script", lambda: _wrong_script(text, persona, known)),
                ("garbage", lambda: garbled(text, known)),
                ("echo", lambda: _parrots(text, self._asked, self._prompt.speaker)),
            )
        )

    def whole(self, text: str) -> str | None:
        """Why *text*, all that would have been said, may not be said."""
        persona, rules = self._persona, self._rules
        return _first(
            (
                # Once more: what two sentences say together neither says alone.
                ("discloses a model", lambda: not rules.disclose and discloses(text)),
                ("forbidden words", lambda: says_any(text, persona.never)),
                ("recites the prompt", lambda: _recites(text, persona)),
                ("echo", lambda: _echoes(text, self._asked, self._prompt.speaker)),
                ("repetition", lambda: repeats(text)),
                ("garbage", lambda: loose(text, persona.language)),
            )
        )


def _first(rules: Iterable[Rule]) -> str | None:
    return next((reason for reason, refuses in rules if refuses()), None)


def _cut_off(text: str) -> bool:
    """No sentence ends in it, and it is longer than an answer that does without a full stop."""
    return END.search(text) is None and len(text) > (120 if text.isascii() else 40)


# -- rules ---------------------------------------------------------------------------------------------------------

RUN = 6
"""Words, or 汉字, in a row that are the same as in the prompt: fewer are how anybody speaks."""


def _covered(units: list[str], source: list[str]) -> int:
    """How many of *units* stand in a run of RUN or more that is in *source* as well."""
    grams = {tuple(source[at : at + RUN]) for at in range(len(source) - RUN + 1)}
    held: set[int] = set()
    for at in range(len(units) - RUN + 1):
        if tuple(units[at : at + RUN]) in grams:
            held.update(range(at, at + RUN))
    return len(held)


def _recites(text: str, persona: Persona) -> bool:
    """Much of the persona's description or style, or three facts or more, word by word; in whatever order.

    To answer with one fact, or two, is what the facts are for.
    """
    units = units_of(text)
    long = 20 if persona.language == "zh" else 12  # shorter is an introduction: "I am Old Chen, the innkeeper of ..."
    if any(_covered(units, units_of(part)) >= long for part in (persona.description, persona.style)):
        return True
    covered = sum(_covered(units, units_of(fact)) for fact in persona.facts)
    return covered >= (40 if persona.language == "zh" else 30)


_NODS = frozenset({"ah", "aye", "certainly", "friend", "oh", "well", "yes", "是", "的", "哎", "唉", "哦", "啊", "嗯"})
_ONESELF = frozenset({"i", "i'll", "i'm", "i've", "me", "mine", "my", "our", "us", "we", "我", "俺", "咱"})


def _parrots(text: str, asked: str, speaker: str) -> bool:
    """A sentence of *text* says what the speaker said of himself, or asked, in his very words: "Aye, my feet hurt."."""
    heard, idle = units_of(asked), _NODS | set(units_of(speaker))
    if asks_of_the_past(asked) and _shares(units_of(text), heard, 3, _ONESELF):
        return True  # "What do I like to drink?" "I like to drink plum wine."
    for sentence in sentences(text):
        said = units_of(sentence)
        while said and said[0] in idle:
            said = said[1:]
        asks = re.search(r"[?？][\"'”’」』]*\s*$", sentence) is not None
        if not said or len(said) < (6 if said[0] > "z" else 4) or not (asks or not _ONESELF.isdisjoint(said)):
            continue
        if _shares(said, heard, len(said)):
            return True
    return False


def _shares(said: list[str], heard: list[str], length: int, among: AbstractSet[str] = frozenset()) -> bool:
    """Whether *length* units in a row of *said* are in *heard* as well, and one of *among* in them."""
    grams = {tuple(heard[at : at + length]) for at in range(len(heard) - length + 1)}
    runs = (tuple(said[at : at + length]) for at in range(len(said) - length + 1))
    return any(run in grams and (not among or not among.isdisjoint(run)) for run in runs)


_SAY = frozenset({"say", "repeat", "write", "print", "shout", "answer", "output", "说", "念", "写", "喊", "复"})


def _echoes(text: str, asked: str, speaker: str) -> bool:
    """Says back a piece of what was said and nothing else.  A greeting is too short for that, but not after "say"."""
    said, heard, name = units_of(text), units_of(asked), units_of(speaker)
    if said[: len(name)] == name and len(said) > len(name):
        said = said[len(name) :]  # "Bob, quit."
    for start in range(len(heard) - len(said) + 1 if said else 0):
        if heard[start : start + len(said)] == said:
            return len(said) >= (6 if said[0] > "z" else 4) or (start > 0 and heard[start - 1] in _SAY)
    return False


def _known(persona: Persona, prompt: Prompt, asked: str) -> str:
    """Text whose words may appear in any script: names, the line asked, and what the persona itself says."""
    own = (persona.description, *persona.facts, *(example.answer for example in persona.examples))
    return " ".join((*prompt.names, *own, prompt.scene, asked)).casefold()


def _wrong_script(text: str, persona: Persona, known: str) -> bool:
    """Words in a script that the character does not write, unless they were said to it or are its own."""
    for word in re.findall(r"[^\W\d_]+", text):
        for run in re.findall(r"[A-Za-z\u00c0-\u024f]+|[\u3400-\u9fff]+|[^A-Za-z\u00c0-\u024f\u3400-\u9fff]+", word):
            latin = run[0] < "\u0250"
            home = latin if persona.language == "en" else "\u3400" <= run[0] <= "\u9fff"
            if not home and run.casefold() not in known:
                return True
    return False
