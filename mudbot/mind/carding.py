"""A character card as a persona: what is taken, what is kept without being used, and why.  Pure.

What a card means is from the character card specifications V1 to V3.  A persona takes what works in a MUD, where many
people talk to one character in short spoken lines; the card itself is kept whole in the persona's ``card:``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from mudbot.mind import macros
from mudbot.mind.cardlore import lore_of
from mudbot.mind.cards import Card, dump
from mudbot.mind.imported import MAX_PAGE, Imported, tidy
from mudbot.mind.languages import language_of
from mudbot.mind.shape import Language

MAX_EXAMPLES = 14
"""As many as the innkeepers have: more teach a small model little, and every prompt pays for them."""
MAX_SPOKEN = 300

_GUEST: dict[Language, str] = {"en": "Guest", "zh": "客人"}
_PARTS: dict[Language, dict[str, str]] = {
    "en": {"personality": "Personality of {{char}}: ", "scenario": "The scene: "},
    "zh": {"personality": "{{char}}的性格：", "scenario": "场景："},
}
_NOBODY: dict[Language, str] = {"en": "This is {{char}}.", "zh": "这是{{char}}。"}
_FALLBACKS: dict[Language, list[str]] = {
    "en": ["Hm? Say that again.", "I did not quite catch that.", "Let us talk of something else."],
    "zh": ["嗯？你再说一遍？", "我没听清。", "咱们说点别的吧。"],
}
_PYGMALION = {
    "char_name": "name",
    "char_persona": "description",
    "world_scenario": "scenario",
    "char_greeting": "first_mes",
    "example_dialogue": "mes_example",
}
"""How a card of the time before V1 calls the same."""
_ORDERS = "mudbot tells models itself how to answer in a MUD; what matters of it can go to style:"
_ABOUT = "for people, not for models; persona show prints it"
_WHY = {
    "system_prompt": _ORDERS,
    "post_history_instructions": _ORDERS,
    "creator_notes": _ABOUT,
    "creator_notes_multilingual": _ABOUT,
    "creator": _ABOUT,
    "character_version": _ABOUT,
    "tags": _ABOUT,
    "source": _ABOUT,
    "creation_date": _ABOUT,
    "modification_date": _ABOUT,
    "assets": "a MUD has no pictures",
    "group_only_greetings": "in a MUD others open the talk",
}
_EXTENSIONS = {
    "depth_prompt": "nothing is put between turns of the talk; lore with constant: true and position: line stands "
    "with the line to answer",
    "talkativeness": "who is addressed decides when it speaks",
    "regex_scripts": "answers are checked and cleaned by mudbot's own rules",
    "world": "it names a lorebook of another program: what is in the card itself was taken",
    "fav": _ABOUT,
}
_TAKEN = frozenset(
    {"name", "nickname", "description", "personality", "scenario", "first_mes", "alternate_greetings", "mes_example"}
)


def convert(card: Card) -> Imported:
    """The persona of *card*.  Never raises for what is in it: what does not fit is kept and told."""
    found = Imported(changed=list(card.notes))
    fields = {_PYGMALION.get(key, key): value for key, value in card.data.items()}
    reader = _Reader(fields, found)
    language = reader.language()
    name = reader.names()
    found.persona |= {"language": language, "description": reader.description(language)}
    if examples := reader.examples(language, name):
        found.persona["examples"] = examples
    if greetings := reader.greetings():
        found.persona["greetings"] = greetings
    found.persona["fallbacks"] = _FALLBACKS[language]
    found.changed.append("fallbacks: a card has none, so these are general ones: write them in the character's voice")
    lore_of(fields.get("character_book"), name, found)
    reader.rest(card)
    found.persona["card"] = dump(card.value)
    return found


class _Reader:
    def __init__(self, fields: Mapping[str, Any], found: Imported) -> None:
        self.fields, self.found = fields, found
        self.lost: dict[str, int] = {}

    def text(self, key: str) -> str:
        """The text at *key*, its macros settled; empty where there is none."""
        value = self.fields.get(key)
        return self.settled(value) if isinstance(value, str) else ""

    def settled(self, value: str) -> str:
        text, lost = macros.settle(tidy(value))
        for macro in lost:
            self.lost[macro] = self.lost.get(macro, 0) + 1
        return text.strip()

    def texts(self, key: str) -> list[str]:
        value = self.fields.get(key)
        items = value if isinstance(value, list) else [value]
        return [text for item in items if isinstance(item, str) and (text := self.settled(item))]

    def page(self, text: str, what: str) -> str:
        if len(text) > MAX_PAGE:
            self.found.changed.append(f"{what}: cut after {MAX_PAGE:,} of {len(text):,} characters")
        return text[:MAX_PAGE].rstrip()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def language(self) -> Language:
        text = " ".join(str(self.fields.get(key) or "") for key in ("description", "personality", "first_mes"))
        language = language_of(text)
        letters = [c for c in text if c.isalpha()]
        strange = sum(c > "\u024f" and not "\u3400" <= c <= "\u9fff" for c in letters)
        if strange * 2 > len(letters) and letters:
            self.found.changed.append("language: en, as mudbot's characters speak English and Chinese alone so far")
            return "en"
        return language or "en"

    def names(self) -> str:
        """Put the name and its other forms in; returns the name."""
        given = [name for key in ("nickname", "name") if (name := self.text(key))]
        parts = [part for name in given for part in (_label(name), *map(_label, re.split(r"[()（）/|【】\[\]]", name)))]
        names = list(dict.fromkeys(part for part in parts if part)) or ["Somebody"]
        if any(re.search(r"[()（）/|【】\[\]]", name) for name in given[:1]):  # "Chen (老陈)": Chen, and 老陈
            names = [each for each in names if not re.search(r"[()（）/|【】\[\]]", each)] or names
        if not given or names[0] != given[0]:
            self.found.changed.append(f"name: {names[0]!r}, as a name has at most 32 signs and no colon")
        self.found.persona["name"] = names[0]
        if names[1:]:
            self.found.persona["aliases"] = names[1:]
        self.found.taken.append("name")
        return names[0]

    def description(self, language: Language) -> str:
        parts = []
        for key in ("description", "personality", "scenario"):
            if text := self.text(key):
                parts.append(_PARTS[language].get(key, "") + text)
                self.found.taken.append(key if key == "description" else f"{key} (into description)")
        return self.page("\n".join(parts), "description") or _NOBODY[language]

    def greetings(self) -> list[str]:
        greetings = self.texts("first_mes") + self.texts("alternate_greetings")
        if greetings:
            why = "in greetings: as well; in a MUD others open the talk, and no model sees them"
            self.found.kept.append(f"{len(greetings)} greeting(s), {why}")
        return [self.page(text, "a greeting") for text in greetings[:100]]

    def examples(self, language: Language, name: str) -> list[dict[str, str]]:
        """Exchanges from ``mes_example``: what the user says, and what the character says to it, spoken words alone."""
        written = self.text("mes_example")
        if not written:
            return []
        blocks = re.split(r"<START>", written, flags=re.IGNORECASE)
        pairs = [pair for block in blocks for pair in _pairs(block, name)]
        spoken = [(spoken_words(asked), spoken_words(said)) for asked, said in pairs]
        useful = [pair for pair in spoken if all(pair)]
        used = useful[:MAX_EXAMPLES]
        self.found.taken.append(f"mes_example: {len(used)} of {len(pairs)} exchange(s), their spoken words alone")
        if len(pairs) > len(used):
            why = f"no more than {MAX_EXAMPLES} are used, with words on both sides"
            self.found.kept.append(f"mes_example: {len(pairs) - len(used)} exchange(s): {why}")
        elif not pairs:
            self.found.kept.append("mes_example: nothing in it is a line of {{user}} and one of {{char}} after it")
        return [{"speaker": _GUEST[language], "text": asked, "answer": said} for asked, said in used]

    # -- the account ---------------------------------------------------------------------------------------------------

    def rest(self, card: Card) -> None:
        """Tell of everything that was not taken."""
        for key, value in self.fields.items():
            if value in (None, "", [], {}) or key in _TAKEN or key in ("character_book", "extensions", "data"):
                continue
            if key in ("spec", "spec_version") and card.data is card.value:
                continue
            self.found.kept.append(f"{_shown(key)}: {_WHY.get(key, 'nobody here knows what it means')}")
        extensions = self.fields.get("extensions")
        for key, value in (extensions if isinstance(extensions, dict) else {}).items():
            inner = value.get("prompt") if isinstance(value, dict) and key == "depth_prompt" else value
            if inner not in (None, "", [], {}):
                why = _EXTENSIONS.get(key, "an extension of another program")
                self.found.kept.append(f"extensions.{_shown(key)}: {why}")
        if card.data is not card.value:
            outside = [key for key in card.value if key not in ("spec", "spec_version", "data")]
            if outside:
                names = ", ".join(_shown(key) for key in outside[:8]) + (" ..." if len(outside) > 8 else "")
                self.found.kept.append(f"{names}, beside data: only what is in data counts")
        if self.lost:
            names = ", ".join(f"{{{{{_shown(name)}}}}}" for name in list(self.lost)[:8])
            self.found.changed.append(f"macros: {names} settled once for all: a prompt does not change by itself")


def spoken_words(text: str) -> str:
    """What is said aloud in *text*: without *actions*, and where there are quotation marks, what is between them."""
    said = re.findall(r"[“\"「『]([^“”\"「」『』]{1,2000})[”\"」』]", text)
    plain = " ".join(said) if said else re.sub(r"[(（][^()（）]*[)）]", " ", text)
    plain = " ".join(re.sub(r"\*[^*]*\*|[*_~`]", " ", plain).split())
    if len(plain) <= MAX_SPOKEN:
        return plain
    ends = [m.end() for m in re.finditer(r"[.!?…。！？]", plain[:MAX_SPOKEN])]
    return plain[: ends[-1]] if ends else ""


def _pairs(block: str, name: str) -> list[tuple[str, str]]:
    """What the user said and what the character said to it, in order."""
    names = rf"\{{\{{user\}}\}}|\{{\{{char\}}\}}|{re.escape(name)}"
    label = re.compile(rf"^\s*({names})\s*[:：]\s*", re.IGNORECASE | re.MULTILINE)
    turns: list[tuple[bool, str]] = []
    found = list(label.finditer(block))
    for number, each in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(block)
        user, text = each[1].casefold() == "{{user}}", block[each.end() : end].strip()
        if turns and turns[-1][0] == user:
            turns[-1] = user, f"{turns[-1][1]}\n{text}"
        else:
            turns.append((user, text))
    return [(asked, said) for (user, asked), (other, said) in pairwise(turns) if user and not other]


def _label(name: str) -> str:
    """*name* as a persona may have it."""
    name = macros.fill(name, char="", user="").translate(str.maketrans("\n\t", "  "))
    name = " ".join(re.split("[:：]", name, maxsplit=1)[0].split()).strip(" -–—,，.。\"'“”")
    return name[:32].rstrip() if len(name) > 32 and " " not in name[:32] else _whole_words(name)


def _whole_words(name: str) -> str:
    return name if len(name) <= 32 else name[:33].rpartition(" ")[0]


def _shown(key: str) -> str:
    key = "".join(c if c.isprintable() else "?" for c in key)
    return key if len(key) <= 40 else f"{key[:39]}…"
