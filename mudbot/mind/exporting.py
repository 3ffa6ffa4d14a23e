"""A persona that never was a card as one: what other programs can use of it.  Pure."""

from __future__ import annotations

from typing import Any

from mudbot.mind.persona import Persona
from mudbot.mind.shape import Lore

_LOGIC = {"and any": 0, "not all": 1, "not any": 2, "and all": 3}


def card_of(persona: Persona) -> dict[str, Any]:
    """A card of V3.  What only a MUD has (rooms, times, roles, fallbacks) is below ``extensions``."""
    description = [persona.description, *(f"- {fact}" for fact in persona.facts)]
    examples = [f"<START>\n{{{{user}}}}: {each.text}\n{{{{char}}}}: {each.answer}" for each in persona.examples]
    first = persona.greetings[0] if persona.greetings else ""
    data: dict[str, Any] = {
        "name": persona.name,
        "description": "\n".join(description),
        "personality": persona.style,
        "scenario": "",
        "first_mes": first,
        "mes_example": "\n".join(examples),
        "creator_notes": "",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": list(persona.greetings[1:]),
        "group_only_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {
            "mudbot": persona.model_dump(
                mode="json", include={"aliases", "titles", "languages", "fallbacks", "never", "sampling", "groups"}
            )
        },
    }
    if persona.lore:
        data["character_book"] = _book(persona)
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def _book(persona: Persona) -> dict[str, Any]:
    book: dict[str, Any] = {
        "extensions": {},
        "scan_depth": persona.lorebook.scan_depth,
        "recursive_scanning": persona.lorebook.recursion > 0,
        "entries": [_entry(number, piece) for number, piece in enumerate(persona.lore)],
    }
    if persona.lorebook.token_budget:
        book["token_budget"] = persona.lorebook.token_budget
    return book


def _entry(number: int, piece: Lore) -> dict[str, Any]:
    mud = piece.model_dump(
        mode="json", include={"rooms", "times", "roles", "groups", "speakers"}, exclude_defaults=True
    )
    return {
        "id": number,
        "keys": list(piece.keys),
        "secondary_keys": list(piece.secondary),
        "selective": bool(piece.secondary),
        "content": piece.text,
        "comment": piece.title,
        "enabled": piece.enabled,
        "constant": piece.constant,
        "insertion_order": piece.priority if piece.order is None else piece.order,
        "priority": piece.priority,
        "case_sensitive": piece.case,
        "use_regex": True,
        "position": "after_char",
        "extensions": {
            "selectiveLogic": _LOGIC[piece.logic],
            "sticky": piece.sticky,
            "cooldown": piece.cooldown,
            "delay": piece.delay,
            "probability": piece.probability,
            "useProbability": piece.probability < 100,
            "match_whole_words": piece.whole_words,
            "scan_depth": piece.scan_depth,
            "exclude_recursion": piece.not_by_lore,
            "prevent_recursion": piece.calls_no_lore,
            "delay_until_recursion": piece.only_by_lore,
            "group": ",".join(piece.one_of),
            "group_weight": piece.weight,
            "group_override": piece.by_priority,
            "use_group_scoring": piece.by_keys,
            "ignore_budget": piece.beyond_budget,
            **({"mudbot": mud} if mud else {}),
        },
    }
