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
from dataclasses import dataclass

from mudbot.events import SpeechKind
from mudbot.mind.persona import Language, Persona

MAX_TEXT = 300
"""Characters of one utterance that are shown; a MUD line seldom has more, a longer one is an attack on the budget."""
MAX_NAME = 24
MAX_PEOPLE = 6


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier utterance in the talk with this speaker; ``own``: the character said it."""

    speaker: str
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the character is, who else is there, and how the line was said."""

    room: str = ""
    people: tuple[str, ...] = ()
    kind: SpeechKind = "say"


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
            lore = _lore_text(self.persona, pieces)
            yield _Entry(f"{example.speaker}{colon}{example.text}{lore}", example.text)
            yield _Entry(f"{own}{example.answer}", example.answer, own=True)
        scene = f"{self.scene}\n" if self.scene else ""
        for turn in self.turns:
            yield _Entry(f"{scene}{turn.speaker}{colon}{turn.text}", turn.text, own=turn.own)
            scene = ""
        yield _Entry(f"{scene}{self.speaker}{colon}{self.text}{self.lore}", self.text)

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
    order: str
    guest: str
    room: str
    people: str
    kinds: dict[SpeechKind, str]


_WORDS: dict[Language, _Words] = {
    "en": _Words(
        colon=": ",
        knows="What {} knows:",
        recalls="({} thinks: {})",
        order="Answer as {}, in one or two short sentences, with spoken words only.",
        guest="Guest",
        room="{}.",
        people="Also here: {}.",
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
        order="请以{}的身份回话，一两句口语，只说话，不写动作。",
        guest="客人",
        room="此刻在{}。",
        people="在场的还有{}。",
        kinds={
            "tell": "{}从远处传话。",
            "whisper": "{}低声说。",
            "channel": "{}对所有人喊话。",
            "emote": "{}做了个动作。",
        },
    ),
}


def build(
    persona: Persona,
    turns: Sequence[Turn],
    scene: Scene,
    speaker: str,
    text: str,
    *,
    budget_tokens: int = 1500,
) -> Prompt:
    """The prompt for the character's answer to *text*.

    *turns* are the earlier utterances, oldest first; the oldest are left out while the whole is estimated to be over
    *budget_tokens*.  The persona, the scene and the line itself always stay.
    """
    speaker, text = clean_name(speaker, persona), clean_text(text, persona)
    scene_text = _scene_text(persona, scene, speaker)
    kept = [
        Turn(persona.name if turn.own else clean_name(turn.speaker, persona), clean_text(turn.text, persona), turn.own)
        for turn in turns
    ]
    lore = _lore_text(persona, persona.recall(text))
    fixed = Prompt(persona, _system(persona), scene_text, (), lore, speaker, text)
    left = budget_tokens - estimate_tokens(fixed.transcript())
    start = len(kept)
    while start > 0:
        left -= estimate_tokens(f"{kept[start - 1].speaker}: {kept[start - 1].text}\n")
        if left < 0:
            break
        start -= 1
    # An answer whose question was dropped would read as the answer to the last example.
    while start < len(kept) and kept[start].own:
        start += 1
    return Prompt(persona, fixed.system, scene_text, tuple(kept[start:]), lore, speaker, text)


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


def _scene_text(persona: Persona, scene: Scene, speaker: str) -> str:
    words = _WORDS[persona.language]
    parts = []
    if room := clean_text(re.sub("[:：]", ",", scene.room), persona, limit=60).rstrip(".。"):
        parts.append(words.room.format(room))
    people = [clean_name(name, persona) for name in scene.people[:MAX_PEOPLE]]
    if others := [name for name in dict.fromkeys(people) if name not in (speaker, words.guest)]:
        parts.append(words.people.format(("、" if persona.language == "zh" else ", ").join(others)))
    if kind := words.kinds.get(scene.kind):
        parts.append(kind.format(speaker))
    if not parts:
        return ""
    return f"（{''.join(parts)}）" if persona.language == "zh" else f"({' '.join(parts)})"


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
_RUNS = re.compile(r"#{2,}|`{2,}|\*{3,}|-{3,}|={3,}|_{3,}|~{3,}")
"""Headings, fences and rules, with which instructions are set off from data."""
_QUOTES = re.compile(r"[\"'“”‘’「」『』]{2,}")
_LEFT_OVER = str.maketrans("<>＜＞|｜[]{}()（）【】", "‹›‹›//          ")
"""Without these no control token can be put together from what the patterns left, nor a note like the prompt's own."""


def clean_text(text: str, persona: Persona, *, limit: int = MAX_TEXT) -> str:
    """*text* as one line, at most *limit* characters, that cannot be taken for a role, a speaker or a control token."""
    text = _fold(text[: limit * 8])
    text = _QUOTES.sub("'", _RUNS.sub(" ", _TOKENS.sub(" ", text))).translate(_LEFT_OVER)
    names = "|".join(re.escape(name) for name in sorted(persona.names, key=len, reverse=True))
    # "System:" inside a sentence becomes "System,": the words stay, the look of a new speaker goes.
    text = re.sub(
        rf"((?<![A-Za-z])(?:{_ROLES}|(?:{names})(?: *thinks|心想)?))\s*[:：﹕︰]+", r"\1,", text, flags=re.IGNORECASE
    )
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def clean_name(name: str, persona: Persona) -> str:
    """*name* as a speaker's label: letters and what joins them; a role's name or the character's own becomes Guest."""
    kept = "".join(character if character.isalnum() or character in " -'’·_" else " " for character in _fold(name))
    kept = " ".join(kept.split())[:MAX_NAME].rstrip()
    taken = {known.casefold() for known in persona.names}
    if not kept or kept.casefold() in taken or re.search(rf"(?<!\w)(?:{_ROLES})$", kept, re.IGNORECASE):
        return _WORDS[persona.language].guest
    return kept


def _fold(text: str) -> str:
    """Every kind of line break and tab as a space; nothing invisible (controls, bidi, zero-width, private use)."""
    text = " ".join(text.splitlines())
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
