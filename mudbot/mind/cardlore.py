"""The lorebook of a card (``character_book``) as a persona's lore.  Pure.

What the fields mean is from the specifications V2 and V3 (decorators, too), and for ``extensions`` of entries from what
SillyTavern writes there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mudbot.errors import PatternError
from mudbot.mind import macros
from mudbot.mind.imported import MAX_PAGE, Imported, tidy
from mudbot.mind.keys import is_regex, regex_of
from mudbot.mind.shape import MAX_KEY, MAX_REGEX, Lore

MAX_ENTRIES = 5000
BUDGET = 500
"""Tokens for all lore of a prompt, where a card does not say."""
DEPTH = 2
RECURSION = 3

_LOGIC = {0: "and any", 1: "not all", 2: "not any", 3: "and all"}
_UNUSED = {
    "vectorized": "is not found by meaning, only by keys",
    "automation_id": "starts no script",
    "outlet_name": "goes to no outlet",
    "triggers": "is for every kind of prompt",
    "character_filter": "is for this character anyway",
    **dict.fromkeys(
        (
            *("match_persona_description", "match_character_description", "match_character_personality"),
            *("match_character_depth_prompt", "match_scenario", "match_creator_notes"),
        ),
        "is looked for in what is said, not in the card",
    ),
}
_DECORATOR = re.compile(r"@@(@?)([a-z_]+)[ \t]*([^\n]*)(?:\n|\Z)")
_META = re.compile(r"[\\^$*+?{}\[\]|()]")


def lore_of(book: Any, name: str, found: Imported) -> None:
    """Put the entries of *book* into the persona that was *found* for the character of this *name*."""
    if not isinstance(book, Mapping):
        return
    entries = book.get("entries")
    raw = list(entries.values()) if isinstance(entries, Mapping) else entries if isinstance(entries, list) else []
    reader = _Entries(name)
    lore = [entry for each in raw[:MAX_ENTRIES] if (entry := reader.entry(each)) is not None]
    if not lore and not raw:
        return
    if lore:
        found.persona["lore"] = lore
        found.persona["lorebook"] = settings = _settings(book)
        found.taken.append(f"character_book: {len(lore)} of {len(raw)} entries, as lore")
        given = "as the card says" if _number(book.get("token_budget")) else "as the card does not say"
        found.changed.append(f"lorebook: {settings['token_budget']} tokens for all lore of a prompt, {given}")
    for what, count in reader.kept.items():
        found.kept.append(f"character_book: {count} × {what}")
    for what, count in reader.changed.items():
        found.changed.append(f"character_book: {count} × {what}")
    if len(raw) > MAX_ENTRIES:
        found.kept.append(f"character_book: {len(raw) - MAX_ENTRIES} × an entry beyond the first {MAX_ENTRIES}")


def _settings(book: Mapping[str, Any]) -> dict[str, Any]:
    depth, budget = _number(book.get("scan_depth")), _number(book.get("token_budget"))
    return {
        "scan_depth": DEPTH if depth is None else max(0, min(100, int(depth))),
        "most": 0,
        "token_budget": max(1, min(100_000, int(budget))) if budget else BUDGET,
        "recursion": RECURSION if book.get("recursive_scanning") is True else 0,
    }


class _Entries:
    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()

    def entry(self, raw: Any) -> dict[str, Any] | None:
        """An entry as its YAML says it: what is as always is left out."""
        if not isinstance(raw, Mapping):
            self.kept["an entry that is none"] += 1
            return None
        raw, content = _decorated(raw, self)
        extensions = raw.get("extensions")
        more: Mapping[str, Any] = extensions if isinstance(extensions, Mapping) else {}
        text, lost = macros.settle(content)
        if lost:
            self.changed["an entry with macros that are settled once for all"] += 1
        if not text.strip():
            self.kept["an entry without a text"] += 1
            return None
        if len(text) > MAX_PAGE:
            self.changed[f"an entry cut after {MAX_PAGE:,} characters"] += 1
        constant = raw.get("constant") is True
        keys = self.keys(raw.get("keys"), raw, more)
        if not keys and not constant:
            self.kept["an entry without a key that could call it"] += 1
            return None
        found = {"keys": keys, "text": text[:MAX_PAGE].strip(), "constant": constant, "enabled": _enabled(raw)}
        found |= self.secondary(raw, more) | _ranks(raw) | _numbers(more) | _switches(raw, more)
        found["title"] = tidy(str(raw.get("comment") or raw.get("name") or "")).replace("\n", " ")[:200]
        if constant and more.get("position") == 4:
            found["position"] = "line"
        self.unused(raw, more)
        return _without_defaults(found)

    def keys(self, given: Any, raw: Mapping[str, Any], more: Mapping[str, Any]) -> list[str]:
        """Those of *given* that can be listened for."""
        items = given if isinstance(given, list) else str(given).split(",") if isinstance(given, str) else []
        # Specified as patterns; but SillyTavern says so of all its keys, and means those between slashes.
        patterns = raw.get("use_regex") is True and "selectiveLogic" not in more
        found = []
        for item in items[:1000]:
            key = tidy(macros.fill(item, char=self.name)).replace("\n", " ") if isinstance(item, str) else ""
            if not key:
                continue
            if patterns and not is_regex(key) and _META.search(key):
                key = f"/{key.replace('/', chr(92) + '/')}/"
            if (why := _unfit(key)) is None:
                found.append(key)
            else:
                self.kept[why] += 1
        return list(dict.fromkeys(found))

    def secondary(self, raw: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
        if raw.get("selective") is not True:
            return {}
        keys = self.keys(raw.get("secondary_keys"), raw, more)
        logic = _number(more.get("selectiveLogic"))
        return {"secondary": keys, "logic": _LOGIC.get(int(logic or 0), "and any")} if keys else {}

    def unused(self, raw: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        for key, why in _UNUSED.items():
            if raw.get(key) or more.get(key):
                self.kept[f"{key}: the entry {why}"] += 1
        position = more.get("position", {"before_char": 0, "after_char": 1}.get(str(raw.get("position"))))
        if position not in (None, 4) and raw.get("constant") is not True:
            self.changed["position: lore that a key calls stands with the line to answer"] += 1


def _unfit(key: str) -> str | None:
    """Why nothing can be heard by *key*."""
    if "{{" in key:
        return "a key with {{user}} or the like: keys are the same for everybody"
    if not is_regex(key):
        return f"a key longer than {MAX_KEY} characters" if len(key) > MAX_KEY else None
    if len(key) > MAX_REGEX:
        return f"a pattern longer than {MAX_REGEX} characters"
    try:
        regex_of(key)
    except PatternError as exc:
        return f"a pattern that Python does not have: {str(exc)[:120]}"
    return None


def _decorated(raw: Mapping[str, Any], entries: _Entries) -> tuple[dict[str, Any], str]:
    """*raw* as the decorators at the beginning of its content say, and the content without them (V3)."""
    content, changed = tidy(str(raw.get("content") or "")), dict(raw)
    met = True
    while decorator := _DECORATOR.match(content):
        content = content[decorator.end() :].lstrip("\n")
        if decorator[1] and met:
            continue  # what would be done instead of what was understood
        met = decorator[2] in _DECORATORS
        if met:
            met = _DECORATORS[decorator[2]](changed, decorator[3].strip())
        if not met:
            entries.kept[f"@@{decorator[2][:40]}: not known here"] += 1
    return changed, content


def _more(raw: dict[str, Any], **values: Any) -> bool:
    old = raw.get("extensions")
    raw["extensions"] = {**(old if isinstance(old, Mapping) else {}), **values}
    return True


def _put(raw: dict[str, Any], **values: Any) -> bool:
    raw.update(values)
    return True


def _filter(raw: dict[str, Any], keys: str, logic: int) -> bool:
    if raw.get("selective") is True and raw.get("secondary_keys"):
        return False  # there can be one kind of them
    found = [key.strip() for key in keys.split(",") if key.strip()]
    return _put(raw, selective=True, secondary_keys=found) and _more(raw, selectiveLogic=logic)


def _count(value: str, factor: int = 1) -> int:
    return min(1000, int(value) * factor) if re.fullmatch(r"\d{1,6}", value) else 0


_DECORATORS: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "scan_depth": lambda raw, value: _more(raw, scan_depth=_count(value)),
    "activate_only_after": lambda raw, value: _more(raw, delay=_count(value, 2)),
    "activate": lambda raw, _: _put(raw, constant=True),
    "dont_activate": lambda raw, _: _put(raw, enabled=raw.get("constant") is True and raw.get("enabled")),
    "keep_activate_after_match": lambda raw, _: _more(raw, sticky=1000),
    "dont_activate_after_match": lambda raw, _: _more(raw, cooldown=1000),
    "additional_keys": lambda raw, value: _filter(raw, value, 0),
    "exclude_keys": lambda raw, value: _filter(raw, value, 2),
}


def _enabled(raw: Mapping[str, Any]) -> bool:
    return raw.get("enabled") is not False and raw.get("disable") is not True


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 else None


def _ranks(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Which is taken, and where it stands: V2 has ``priority`` for the one, ``insertion_order`` for the other."""
    order, priority = _number(raw.get("insertion_order")), _number(raw.get("priority"))
    place = max(-1_000_000, min(1_000_000, int(order or 0)))
    if priority is None:
        return {"priority": place}
    rank = max(-1_000_000, min(1_000_000, int(priority)))
    return {"priority": rank} | ({"order": place} if place != rank else {})


def _numbers(more: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, most in (("sticky", 1000), ("cooldown", 1000), ("delay", 1000), ("scan_depth", 100)):
        if (value := _number(more.get(key))) is not None:
            found[key] = max(0, min(most, int(value)))
    if more.get("useProbability") is not False and (chance := _number(more.get("probability"))) is not None:
        found["probability"] = max(0, min(100, chance))
    if (weight := _number(more.get("group_weight"))) is not None:
        found["weight"] = max(0, min(10_000, int(weight)))
    level = more.get("delay_until_recursion")
    found["only_by_lore"] = int(level) if level is True else max(0, min(100, int(_number(level) or 0)))
    return found


def _switches(raw: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    case = raw.get("case_sensitive") if isinstance(raw.get("case_sensitive"), bool) else more.get("case_sensitive")
    words, groups = more.get("match_whole_words"), str(more.get("group") or "")
    labels = [tidy(label).replace("\n", " ")[:100].strip() for label in groups.split(",")]
    return {
        "case": case is True,
        "whole_words": words if isinstance(words, bool) else None,
        "not_by_lore": more.get("exclude_recursion") is True,
        "calls_no_lore": more.get("prevent_recursion") is True,
        "one_of": [label for label in labels if label],
        "by_priority": more.get("group_override") is True,
        "by_keys": more.get("use_group_scoring") is True,
        "beyond_budget": more.get("ignore_budget") is True,
    }


_DEFAULTS = {name: info.get_default(call_default_factory=True) for name, info in Lore.model_fields.items()}


def _without_defaults(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value != _DEFAULTS[key] and value not in ([], None)}
