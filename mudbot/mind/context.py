"""What a model is shown: the persona, its examples, the scene, what was said before, and the line to answer.

Pure.  The parts stand in the order of how seldom they change, so that a server's prompt cache keeps the long front.
What players say, and their names, and what the MUD calls its rooms, is untrusted: it is folded to one short line each,
without anything that a model or a chat template could take for a role, a speaker or a control token.  That lowers the
odds of an injection, it does not end them: the containment is that an answer is only ever the text of a ``say``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mudbot.events import SpeechKind
from mudbot.mind.macros import named
from mudbot.mind.persona import Language, Persona
from mudbot.mind.recall import words_of
from mudbot.mind.remembered import Fact, Remembered, Turn, asks_of_the_past

__all__ = ["LeftOut", "Prompt", "Scene", "Turn", "build", "clean_name", "clean_text", "estimate_tokens"]

MAX_TEXT = 300
"""Characters of one utterance that are shown; a MUD line seldom has more, a longer one is an attack on the budget."""
MAX_NAME = 24
MAX_PEOPLE = 6
MAX_EXITS = 8
MAX_FACT = 200
MAX_SUMMARY = 400
SHARES = {"lore": 0.4, "facts": 0.35, "summary": 0.15}
"""The part of what the persona, the scene and the line leave of the budget that each may take at most; the recent turns
get the rest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the character is, who else is there, and how the line was said."""

    room: str = ""
    people: tuple[str, ...] = ()
    kind: SpeechKind = "say"
    exits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not in a prompt, because there was no room for it."""

    part: str
    """``lore``, ``fact``, ``summary``, ``turn``, or ``people``."""
    what: str
    tokens: int
    """About as many would it have taken."""

    def __str__(self) -> str:
        return f"{self.part}, about {self.tokens} tokens: {self.what}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One utterance of the script: the whole line, and the spoken words alone."""

    line: str
    text: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that is shown to a model for one answer, cleaned, in the shape of either endpoint.  Made by ``build``."""

    persona: Persona
    system: str
    """Who the character is and what it knows: the part that an answer must not recite."""
    scene: str
    turns: tuple[Turn, ...]
    lore: str
    """What the line calls up in the character, from the persona."""
    speaker: str
    text: str
    summary: str = ""
    """What the talk was about before, as the note that is shown."""
    facts: str = ""
    """What the character remembers, as the note that is shown."""
    left_out: tuple[LeftOut, ...] = ()

    def messages(self) -> list[dict[str, str]]:
        """For ``/chat/completions``.  Roles alternate strictly after the system message: some chat templates insist."""
        order = _WORDS[self.persona.language].order.format(self.persona.name)
        merged = [("system", f"{self.system}\n{order}")]
        for entry in self._script():
            role = "assistant" if entry.own else "user"
            text = entry.text if entry.own else entry.line
            if merged[-1][0] == role:
                merged[-1] = (role, f"{merged[-1][1]}\n{text}")
            else:
                merged.append((role, text))
        return [{"role": role, "content": content} for role, content in merged]

    def transcript(self) -> str:
        """For ``/completions``: a script in which the character speaks next.  No space at its end (tokens carry it)."""
        colon = _WORDS[self.persona.language].colon.rstrip()
        return "\n".join([self.system, "", *(entry.line for entry in self._script()), f"{self.persona.name}{colon}"])

    def _script(self) -> Iterator[_Entry]:
        """Everything that is said, in order: examples, what was said before, the line to answer."""
        colon, own = _WORDS[self.persona.language].colon, f"{self.persona.name}{_WORDS[self.persona.language].colon}"
        for example, pieces in zip(self.persona.examples, self.persona.examples_recall, strict=True):
            known = _nothing(self.persona) if asks_of_the_past(example.text) else pieces
            lore = _lore_text(self.persona, known)
            yield _Entry(f"{example.speaker}{colon}{example.text}{lore}", example.text)
            yield _Entry(f"{own}{example.answer}", example.answer, own=True)
        notes = "".join(f"{note}\n" for note in (self.scene, self.summary) if note)
        for turn in self.turns:
            yield _Entry(f"{notes}{turn.speaker}{colon}{turn.text}", turn.text, own=turn.own)
            notes = ""
        # What changes with every line stands behind what does not: facts as well as lore.
        notes += f"{self.facts}\n" if self.facts else ""
        yield _Entry(f"{notes}{self.speaker}{colon}{self.text}{self.lore}", self.text)

    def explained(self) -> str:
        """The whole prompt part by part, with the tokens that each is estimated to take, and what was left out."""
        colon = _WORDS[self.persona.language].colon
        entries = list(self._script())
        examples = entries[: 2 * len(self.persona.examples)]
        parts = [
            ("persona", self.system),
            ("order (to chat models)", _WORDS[self.persona.language].order.format(self.persona.name)),
            ("examples", "\n".join(entry.line for entry in examples)),
            ("scene", self.scene),
            ("summary", self.summary),
            ("recent turns", "\n".join(f"{turn.speaker}{colon}{turn.text}" for turn in self.turns)),
            ("facts", self.facts),
            ("line", f"{self.speaker}{colon}{self.text}"),
            ("lore", self.lore.strip()),
        ]
        shown = [f"== {name}, about {estimate_tokens(text)} tokens\n{text}" for name, text in parts if text]
        whole = f"== all of it, about {estimate_tokens(self.transcript())} tokens"
        missing = "\n".join(map(str, self.left_out)) or "nothing"
        return "\n\n".join([*shown, f"{whole}\n\n== left out\n{missing}"])

    @property
    def stop(self) -> tuple[str, ...]:
        """What ends an answer in a transcript: the next line is somebody else's.  (A chat ends by itself.)"""
        return tuple(dict.fromkeys(("\n", *self.persona.sampling.completions.stop)))[:4]

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who may be named in the answer."""
        said = (self.speaker, *(turn.speaker for turn in self.turns))
        return tuple(dict.fromkeys((*self.persona.names, *said)))


@dataclass(frozen=True, slots=True)
class _Words:
    """The few words of a prompt that are not the persona's own."""

    colon: str
    knows: str
    recalls: str
    facts: str
    nothing: str
    hearsay: str
    quote: str
    joint: str
    summary: str
    order: str
    guest: str
    room: str
    people: str
    exits: str
    kinds: dict[SpeechKind, str]


_WORDS: dict[Language, _Words] = {
    "en": _Words(
        colon=": ",
        knows="What {} knows:",
        recalls="({} thinks: {})",
        facts="({} recalls what {} said before: {})",
        nothing="You have not told me of that.",
        hearsay="{} said {}",
        quote="“{}”",
        joint="; ",
        summary="({} recalls the talk with {} before: {})",
        order="Answer as {}, in one or two short sentences, with spoken words only.",
        guest="Guest",
        room="{}.",
        people="Also here: {}.",
        exits="Ways out: {}.",
        kinds={
            "tell": "{} says this from far away.",
            "whisper": "{} whispers.",
            "channel": "{} calls out to everyone.",
            "emote": "{} does this.",
        },
    ),
    "zh": _Words(
        colon="：",
        knows="{}知道的事：",
        recalls="（{}心想：{}）",
        facts="（{}记得{}以前说过：{}）",
        nothing="这事您没跟我说过。",
        hearsay="{}说过{}",
        quote="“{}”",
        joint="；",
        summary="（{}记得以前和{}谈过：{}）",
        order="请以{}的身份回话，一两句口语，只说话，不写动作。",
        guest="客人",
        room="此刻在{}。",
        people="在场的还有{}。",
        exits="出口有{}。",
        kinds={
            "tell": "{}从远处传话。",
            "whisper": "{}低声说。",
            "channel": "{}对所有人喊话。",
            "emote": "{}做了个动作。",
        },
    ),
}


def build(  # noqa: PLR0913 - who, where, who speaks, what, and what comes to mind: each is one thing
    persona: Persona,
    scene: Scene,
    speaker: str,
    text: str,
    *,
    remembered: Remembered = Remembered(),  # noqa: B008 - a value that never changes
    lore: Sequence[str] | None = None,
    budget_tokens: int = 2000,
) -> Prompt:
    """The prompt for the character's answer to *text*.

    *remembered* is what comes to its mind of *speaker*, *lore* what the line calls up in it, the most important last;
    without *lore* the persona is asked itself.  The persona, its examples, the scene and the line always stay.  What
    else does not fit into *budget_tokens*, as they are estimated, is left out: the first of the lore, the last of the
    facts, and the oldest turns.
    """
    speaker, text = clean_name(speaker, persona), clean_text(text, persona)
    scene_text, left_out = _scene_text(persona, scene, speaker)
    fixed = Prompt(persona, _system(persona), scene_text, (), "", speaker, text)
    budget = _Budget(budget_tokens - estimate_tokens(fixed.transcript()), left_out)
    words = _WORDS[persona.language]
    pieces = persona.recall(text) if lore is None else named(reversed(lore), speaker)
    if _knows_nothing(text, remembered):
        pieces = _nothing(persona)
    called = budget.fitting("lore", pieces, "lore")[::-1]
    facts = budget.fitting("facts", _quotes(persona, remembered.facts), "fact")
    summary = budget.fitting("summary", [_quoted(remembered.summary, persona, MAX_SUMMARY)], "summary")
    return replace(
        fixed,
        turns=_fitting_turns(persona, remembered.turns, budget),
        lore=_lore_text(persona, called),
        facts=words.facts.format(persona.name, speaker, words.joint.join(facts)) if facts else "",
        summary=words.summary.format(persona.name, speaker, summary[0]) if summary else "",
        left_out=tuple(left_out),
    )


class _Budget:
    """Tokens that are left, and what did not get any."""

    def __init__(self, tokens: int, left_out: list[LeftOut]) -> None:
        self.whole = self.left = max(0, tokens)
        self.left_out = left_out

    def fitting(self, share: str, texts: Sequence[str], part: str) -> list[str]:
        """The first of *texts*, as many as fit into their share; the persona's own lore fits always with one."""
        most = self.whole * SHARES[share]
        kept: list[str] = []
        for text in filter(None, texts):
            tokens = estimate_tokens(text) + 4
            first = share == "lore" and not kept
            if (tokens > most or tokens > self.left) and not first:
                self.left_out.append(LeftOut(part, text, tokens))
                continue
            most, self.left = most - tokens, self.left - tokens
            kept.append(text)
        return kept


def _fitting_turns(persona: Persona, turns: Sequence[Turn], budget: _Budget) -> tuple[Turn, ...]:
    kept = [
        Turn(persona.name if turn.own else clean_name(turn.speaker, persona), clean_text(turn.text, persona), turn.own)
        for turn in turns
    ]
    start = len(kept)
    while start > 0:
        tokens = estimate_tokens(f"{kept[start - 1].speaker}: {kept[start - 1].text}\n")
        if tokens > budget.left:
            break
        budget.left -= tokens
        start -= 1
    # An answer whose question was dropped would read as the answer to the last example.
    while start < len(kept) and kept[start].own:
        start += 1
    budget.left_out += [
        LeftOut("turn", f"{turn.speaker}: {turn.text}", estimate_tokens(f"{turn.speaker}: {turn.text}\n"))
        for turn in kept[:start]
    ]
    return tuple(kept[start:])


def _nothing(persona: Persona) -> tuple[str, ...]:
    """What comes to mind where nothing does: in the place of lore, where a small model heeds it."""
    return (_WORDS[persona.language].nothing,)


def _knows_nothing(text: str, remembered: Remembered) -> bool:
    """Whether *text* asks what its speaker told before, and nothing of that is remembered: a model would invent it."""
    if remembered.facts or remembered.summary or not asks_of_the_past(text):
        return False
    asked = words_of(text)
    return all(turn.own or asks_of_the_past(turn.text) or not asked & words_of(turn.text) for turn in remembered.turns)


def _quotes(persona: Persona, facts: Sequence[Fact]) -> list[str]:
    """Facts as they are shown: the words of whoever told them, cleaned as all words of players are."""
    words = _WORDS[persona.language]
    found = []
    for fact in facts:
        if not (text := _quoted(fact.text, persona, MAX_FACT)):
            continue
        quote = words.quote.format(text)
        found.append(words.hearsay.format(clean_name(fact.name, persona), quote) if fact.hearsay else quote)
    return list(dict.fromkeys(found))


def _quoted(text: str, persona: Persona, limit: int) -> str:
    """*text* cleaned, with nothing in it that would end a quotation."""
    return re.sub('["“”„‟«»「」『』]+', "'", clean_text(text, persona, limit=limit))


def estimate_tokens(text: str) -> int:
    """Tokens of *text*, rather too many than too few: one a 汉字, one for 3.6 other characters (cl100k, measured)."""
    wide = sum(1 for character in text if character >= "\u2e80")
    return wide + int((len(text) - wide) / 3.6) + 1


def _system(persona: Persona) -> str:
    parts = [persona.description]
    if persona.facts:
        parts.append(_WORDS[persona.language].knows.format(persona.name))
        parts += [f"- {fact}" for fact in persona.facts]
    return "\n".join([*parts, *([persona.style.strip()] if persona.style.strip() else [])])


def _scene_text(persona: Persona, scene: Scene, speaker: str) -> tuple[str, list[LeftOut]]:
    """The scene as a note, and who is too many for it."""
    words = _WORDS[persona.language]
    joint = "、" if persona.language == "zh" else ", "
    parts = []
    if room := _label(scene.room, persona, 60):
        parts.append(words.room.format(room))
    if exits := [name for name in (_label(name, persona, 20) for name in scene.exits[:MAX_EXITS]) if name]:
        parts.append(words.exits.format(joint.join(exits)))
    people = [clean_name(name, persona) for name in scene.people]
    others = [name for name in dict.fromkeys(people[: 10 * MAX_PEOPLE]) if name not in (speaker, words.guest)]
    # As many as were looked at before anybody was left out: who stands first is who the MUD names first.
    shown = [name for name in others if name in people[:MAX_PEOPLE]]
    if shown:
        parts.append(words.people.format(joint.join(shown)))
    left_out = [LeftOut("people", name, estimate_tokens(name)) for name in others if name not in shown]
    if kind := words.kinds.get(scene.kind):
        parts.append(kind.format(speaker))
    if not parts:
        return "", left_out
    return (f"（{''.join(parts)}）" if persona.language == "zh" else f"({' '.join(parts)})"), left_out


def _label(text: str, persona: Persona, limit: int) -> str:
    return clean_text(re.sub("[:：]", ",", text), persona, limit=limit).rstrip(".。")


def _lore_text(persona: Persona, pieces: Sequence[str]) -> str:
    joint = "" if persona.language == "zh" else " "
    return f"\n{_WORDS[persona.language].recalls.format(persona.name, joint.join(pieces))}" if pieces else ""


# -- players' text -------------------------------------------------------------------------------------------------

_ROLES = (
    r"system(?:\s+prompt)?|assistant|user|human|developer|tool|function|instructions?|response|prompt|model|bot|ai|"
    r"系统(?:提示词?)?|助手|用户|开发者|指令|提示词?|模型|旁白"
)
_TOKENS = re.compile(
    r"<\s*[|｜].{0,40}?[|｜]\s*>"  # <|im_start|>, and the full-width bars of DeepSeek
    r"|</?\s*[a-z_]+[a-z_0-9 ]{0,30}>"  # <s>, </s>, <think>, <start_of_turn>
    r"|<<\s*/?\s*SYS\s*>>"
    r"|\[\s*/?\s*[A-Z_]{3,20}\s*\]",  # [INST], [/INST], [TOOL_CALLS]
    re.IGNORECASE,
)
_NOTES = r" *(?:thinks|recalls [^:：﹕︰]{0,60}?|心想|记得[^:：﹕︰]{0,40}?)"
"""What stands behind the character's name in the prompt's own notes."""
_RUNS = re.compile(r"#{2,}|`{2,}|\*{3,}|-{3,}|={3,}|_{3,}|~{3,}")
"""Headings, fences and rules, with which instructions are set off from data."""
_QUOTES = re.compile(r"[\"'“”‘’「」『』]{2,}")
_LEFT_OVER = str.maketrans("<>＜＞|｜[]{}()（）【】", "‹›‹›//          ")
"""Without these no control token can be put together from what the patterns left, nor a note like the prompt's own."""


def clean_text(text: str, persona: Persona, *, limit: int = MAX_TEXT) -> str:
    """*text* as one line, at most *limit* characters, that cannot be taken for a role, a speaker or a control token."""
    text = _fold(text[: limit * 8])
    text = _QUOTES.sub("'", _RUNS.sub(" ", _TOKENS.sub(" ", text))).translate(_LEFT_OVER)
    # "System:" inside a sentence becomes "System,": the words stay, the look of a new speaker goes.
    text = re.sub(rf"((?<![A-Za-z])(?:{_ROLES}|{_own(persona)}))\s*[:：﹕︰]+", r"\1,", text, flags=re.IGNORECASE)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def clean_name(name: str, persona: Persona) -> str:
    """*name* as a speaker's label: letters and what joins them.

    A role's name or the character's own becomes Guest, and so does what its notes begin with: ``老陈心想``.
    """
    kept = "".join(character if character.isalnum() or character in " -'’·_" else " " for character in _fold(name))
    kept = " ".join(kept.split())[:MAX_NAME].rstrip()
    taken = rf"(?:{_own(persona)})$|(?:.*\W)?(?:{_ROLES})$"
    return _WORDS[persona.language].guest if not kept or re.match(taken, kept, re.IGNORECASE) else kept


def _own(persona: Persona) -> str:
    """A pattern for the character's names, alone and as its notes begin with them."""
    names = "|".join(re.escape(name) for name in sorted(persona.names, key=len, reverse=True))
    return f"(?:{names})(?:{_NOTES})?"


def _fold(text: str) -> str:
    """Every kind of line break and tab as a space; nothing invisible (controls, bidi, zero-width, private use)."""
    text = " ".join(text.splitlines())
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
