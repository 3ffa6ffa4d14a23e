"""What an importer hands back, and the checks that everything passes before it is handed back."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from mudbot.config.triggers import MAX_COMMANDS, MAX_PATTERN, TriggerConfig
from mudbot.errors import PatternError
from mudbot.triggers.data import written
from mudbot.triggers.trigger import Kind, Pattern

LINES_LIMIT = 50
"""Patterns on several lines of one trigger, as a configuration may have them."""

KINDS: dict[str, Kind] = {"pattern": "regex", "text": "text", "glob": "glob", "exact": "exact"}
"""The keys of a trigger that hold a pattern, and what each is."""

_ORDER = (
    "name", *KINDS, "all_of", "lines", "ignore_case", "on", "color", "group", "enabled", "priority", "stop", "count",
    "command", "gag", "substitute",
)  # fmt: skip
_UNFIT = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)\}")


class NotCarriedError(Exception):
    """Something of the source has no counterpart.  Never leaves this package: it becomes a note."""

    def __init__(self, why: str, what: str = "") -> None:
        super().__init__(why)
        self.why, self.what = why, what


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not carried over, or not whole."""

    where: str
    """The place in the source: ``line 12``."""
    what: str
    why: str
    trigger: int | None = None
    """The index of the trigger that is there in spite of it; None if nothing is."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import."""

    triggers: list[dict[str, Any]]
    """As the key ``triggers`` of a configuration lists them."""
    notes: list[Note]
    """In the order of the source."""


@dataclass(slots=True)
class Doing:
    """What a trigger does, as far as it is carried over."""

    commands: list[str] = field(default_factory=list)
    gag: bool = False
    losses: list[tuple[str, str]] = field(default_factory=list)
    """What is not, and why."""


@dataclass(slots=True)
class Draft:
    """One trigger of the source on its way."""

    line: int
    what: str
    """What it is called in notes."""
    keys: dict[str, Any] = field(default_factory=dict)
    losses: list[tuple[str, str]] = field(default_factory=list)
    """What of it is not carried, and why."""
    rank: Any = 0
    """What the source orders it by, behind the priority."""

    def lose(self, what: str, why: str) -> None:
        """Note that a part of it is not carried over."""
        if (what, why) not in self.losses:
            self.losses.append((what, why))


class Finds:
    """Collects what an importer finds."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._refused: list[tuple[int, str, str]] = []

    def refuse(self, line: int, what: str, why: str) -> None:
        """Note that nothing of *what* is carried over."""
        self._refused.append((line, _short(what), why))

    def add(self, draft: Draft) -> None:
        """Take a trigger, or note why it is none."""
        try:
            _checked(draft)
        except NotCarriedError as exc:
            for what, why in draft.losses:
                self.refuse(draft.line, f"{draft.what}: {_short(what)}", why)
            self.refuse(draft.line, exc.what or draft.what, exc.why)
        else:
            self._drafts.append(draft)

    def imported(self, *, ordered: bool = False) -> Imported:
        """All of it.  *ordered*: the source decides by rank between triggers of one priority, not by their places."""
        if ordered:
            self._drafts.sort(key=lambda draft: draft.rank)
        _name_apart(self._drafts)
        notes = [(line, Note(f"line {line}", what, why)) for line, what, why in self._refused]
        for index, draft in enumerate(self._drafts):
            for what, why in draft.losses:
                notes.append((draft.line, Note(f"line {draft.line}", f"{draft.what}: {_short(what)}", why, index)))
        notes.sort(key=lambda entry: entry[0])
        return Imported([_in_order(draft.keys) for draft in self._drafts], [note for _, note in notes])


def _in_order(keys: Mapping[str, Any]) -> dict[str, Any]:
    """*keys* as people read them: what it is called, what it looks for, when, what it does."""
    return {key: keys[key] for key in _ORDER if key in keys}


def _checked(draft: Draft) -> None:
    """Raise NotCarriedError where *draft* is no trigger that a configuration may have; note commands that are none."""
    keys = draft.keys
    found = commands_of(keys)
    if len(found) > MAX_COMMANDS:
        raise NotCarriedError(f"it gives {len(found)} commands at once; {MAX_COMMANDS} are enough")
    if len(keys.get("all_of", ())) > LINES_LIMIT:
        raise NotCarriedError(f"it looks at {len(keys['all_of'])} lines at once; {LINES_LIMIT} are enough")
    for pattern in patterns_of(keys):
        compiled_of(pattern)
    if found:
        kept = [command for command in found if _may_be_given(draft, command)]
        keys["command"] = commands(kept)
        if not kept:
            del keys["command"]
    if not commands_of(keys) and not keys.get("gag") and "substitute" not in keys:
        raise NotCarriedError("nothing is left of what it does: it would do nothing here")
    if why := _refusal(keys):
        raise NotCarriedError(why)


def _may_be_given(draft: Draft, command: str) -> bool:
    """Whether a configuration may have *command*; where it may not, that is noted."""
    why = "there is a control character in it" if _UNFIT.search(command) else ""
    looks = {key: draft.keys[key] for key in (*KINDS, "all_of", "ignore_case") if key in draft.keys}
    if why := why or _refusal(looks | {"command": command}):
        draft.lose(command, why)
    return not why


def _refusal(keys: Mapping[str, Any]) -> str:
    """Why a configuration with these keys would be refused; nothing if it would not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Python may read otherwise one day
        try:
            written(TriggerConfig.model_validate(keys))
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            return f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()
        except PatternError as exc:
            return str(exc)
    return ""


def bounded(pattern: str) -> str:
    """*pattern*, if it is not too long to be looked at.  Raises NotCarriedError."""
    if len(pattern) > MAX_PATTERN:
        raise NotCarriedError(f"its pattern has {len(pattern)} characters; {MAX_PATTERN} are the limit")
    return pattern


def compiled_of(pattern: Pattern) -> re.Pattern[str]:
    """*pattern*, compiled as the engine would.  Raises NotCarriedError."""
    if not pattern.source:
        raise NotCarriedError("its pattern is empty")
    if _SURROGATE.search(pattern.source):
        raise NotCarriedError("its pattern holds half a character")
    bounded(pattern.source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Python may read otherwise one day: it reads it as its author meant
        try:
            return pattern.compiled()
        except (PatternError, ValueError, MemoryError) as exc:
            raise NotCarriedError(f"Python's re does not take its pattern: {_cause(exc)}") from None


def _cause(error: Exception) -> str:
    """The words of `re` alone: the pattern stands before them already."""
    return str(error).rpartition("is not a regular expression: ")[2] or type(error).__name__


def patterns_of(keys: Mapping[str, Any]) -> list[Pattern]:
    """The patterns of a trigger as the configuration writes it."""
    flags = int(re.IGNORECASE) if keys.get("ignore_case") else 0
    entries = keys.get("all_of", [keys])
    mappings = [entry if isinstance(entry, Mapping) else {"pattern": entry} for entry in entries]
    return [Pattern(entry[key], kind, flags) for entry in mappings for key, kind in KINDS.items() if key in entry]


def commands_of(keys: Mapping[str, Any]) -> list[str]:
    """The commands of a trigger: it has none, a text, or a list."""
    found = keys.get("command", [])
    return [found] if isinstance(found, str) else list(found)


def placeholders_of(text: str) -> list[str]:
    """The groups that *text* names."""
    return [match[1] for match in _PLACEHOLDER.finditer(text) if match[1]]


def literal(text: str) -> str:
    """*text* as a command that says just this: its braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def commands(texts: Iterable[str]) -> str | list[str]:
    """The value of the key ``command``: one is a text, several are a list."""
    found = list(texts)
    return found[0] if len(found) == 1 else found


def group_name(*path: str) -> str:
    """The group that folders of these names make.  A slash in a name is none of ours."""
    names = (_CONTROL.sub(" ", name).replace("/", "-").strip() for name in path)
    return "/".join(name for name in names if name)[:200].rstrip("/ ")


def plain_name(text: str) -> str:
    """*text* as a name on one line, and not endless."""
    return _CONTROL.sub(" ", text).strip()[:190].strip()


def _short(text: str) -> str:
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= 120 else text[:117] + "..."


def _name_apart(drafts: list[Draft]) -> None:
    """Number names that occur more than once: a name is one trigger's."""
    given = {draft.keys["name"] for draft in drafts if "name" in draft.keys}
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    for draft in drafts:
        if (base := draft.keys.get("name")) is None:
            continue
        name = base
        while name in seen or (name != base and name in given):
            numbers[base] = numbers.get(base, 1) + 1
            name = f"{base} {numbers[base]}"
        seen.add(name)
        draft.keys["name"] = name
