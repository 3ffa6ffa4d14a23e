"""A card becomes a persona: what is taken, what is kept and told, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.mind.carding import convert, spoken_words
from mudbot.mind.cards import Card, parse, read_card
from mudbot.mind.exporting import card_of
from mudbot.mind.imported import Imported
from mudbot.mind.macros import fill, settle
from mudbot.mind.persona import Persona, load_persona
from mudbot.mind.personafile import to_yaml


def v2(**data: Any) -> Card:
    return Card({"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Mira", **data}}, "JSON")


def reread(imported: Imported, folder: Path) -> Persona:
    path = folder / "p.yaml"
    path.write_text(to_yaml(imported.persona, ["a", "b\nc"]), encoding="utf-8")
    return load_persona(str(path))


# -- who it is -----------------------------------------------------------------------------------------------------


def test_what_describes_the_character_becomes_its_description(tmp_path: Path) -> None:
    card = v2(description="<BOT> heals {{user}}.\r\nShe is old.", personality="kind", scenario="A glade.")
    imported = convert(card)
    assert imported.persona["description"] == (
        "{{char}} heals {{user}}.\nShe is old.\nPersonality of {{char}}: kind\nThe scene: A glade."
    )
    assert reread(imported, tmp_path).description.startswith("Mira heals the guest.\nShe is old.")
    assert imported.taken == ["name", "description", "personality (into description)", "scenario (into description)"]


def test_a_chinese_card_becomes_a_chinese_persona(tmp_path: Path) -> None:
    card = v2(
        name="老陈（Chen）",
        description="{{char}}是掌柜。",
        mes_example="{{user}}：有酒吗？\n{{char}}：*笑* “有，五文。”",
    )
    persona = reread(convert(card), tmp_path)
    assert (persona.name, persona.aliases, persona.language) == ("老陈", ("Chen",), "zh")
    assert persona.description == "老陈是掌柜。"
    assert [(each.speaker, each.text, each.answer) for each in persona.examples] == [("客人", "有酒吗？", "有，五文。")]


@pytest.mark.parametrize(
    ("name", "nickname", "names"),
    [
        ("Mira", None, ("Mira",)),
        ("Mira: The Healer", None, ("Mira",)),
        ("Mira", "Miri", ("Miri", "Mira")),
        ("Mira (米拉)", "", ("Mira", "米拉")),
        ("The Very Long Name of Somebody Who Is Old", None, ("The Very Long Name of Somebody",)),
        ("", None, ("Somebody",)),
        ("\u0000\n", None, ("Somebody",)),
    ],
)
def test_a_name_becomes_one_that_can_be_spoken_to(name: str, nickname: str | None, names: tuple[str, ...]) -> None:
    persona = convert(v2(name=name, nickname=nickname)).persona
    assert (persona["name"], *persona.get("aliases", [])) == names


def test_old_cards_call_their_fields_otherwise() -> None:
    """V1 has them at the top; what was before V1 has other names."""
    flat = {"name": "Mira", "description": "d", "first_mes": "hi"}
    assert convert(Card(flat, "")).persona["description"] == "d"
    older = {"char_name": "Mira", "char_persona": "d", "char_greeting": "hi", "example_dialogue": ""}
    assert convert(Card(older, "")).persona["greetings"] == ["hi"]


# -- how it talks --------------------------------------------------------------------------------------------------


def test_example_messages_become_exchanges_of_spoken_words() -> None:
    told = """<START>
{{user}}: Who are you?
{{char}}: *She bows.* "I am Mira," *she says,* "a healer."
and more of it
{{user}}: (waves)
{{char}}: Hello.
<start>
{{char}}: Nobody asked.
{{user}}: Bye!
Mira: *Farewell* is what I say.
"""
    imported = convert(v2(mes_example=told))
    assert imported.persona["examples"] == [
        {"speaker": "Guest", "text": "Who are you?", "answer": "I am Mira, a healer."},
        {"speaker": "Guest", "text": "Bye!", "answer": "is what I say."},
    ]
    assert "mes_example: 2 of 3 exchange(s), their spoken words alone" in imported.taken
    assert any(line.startswith("mes_example: 1 exchange(s): ") for line in imported.kept)


def test_a_long_answer_ends_with_a_sentence() -> None:
    assert spoken_words("One. " * 100) == " ".join(["One."] * 60)
    assert spoken_words("x" * 400) == ""


def test_greetings_are_kept_beside() -> None:
    imported = convert(v2(first_mes="*smiles* Hi {{user}}", alternate_greetings=["Yo", 5, ""]))
    assert imported.persona["greetings"] == ["*smiles* Hi {{user}}", "Yo"]
    assert any("2 greeting(s)" in line for line in imported.kept)


# -- macros --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "settled", "lost"),
    [
        ("{{ CHAR }} and <User>", "{{char}} and {{user}}", []),
        ("a{{// secret}}b{{comment: x}}c{{hidden_key:y}}d", "abcd", []),
        ("{{random:a,b}} {{pick::c::d}} {{random:x\\,y,z}}", "a c x,y", ["random", "pick", "random"]),
        ("{{roll:d6}}!", "!", ["roll"]),
        ("{{random:{{char}},x}}", "{{char}}", ["random"]),
        ("{{reverse:abc}}{{newline}}x", "cba\nx", []),
        ("{{unfinished", "{{unfinished", []),
        ("\0char\1", "char", []),
    ],
)
def test_macros_are_settled_but_for_the_names(text: str, settled: str, lost: list[str]) -> None:
    assert settle(text) == (settled, lost)


def test_names_are_filled_in_as_they_are() -> None:
    assert fill("{{char}} <user> {{USER}}", char="A\\1", user="{{char}}") == "A\\1 {{char}} {{char}}"
    assert fill("{{char}} <user>", user="Bob") == "{{char}} Bob"


# -- lore ----------------------------------------------------------------------------------------------------------


def lore(*entries: dict[str, Any], **book: Any) -> Imported:
    return convert(v2(character_book={"entries": list(entries), "extensions": {}, **book}))


def test_a_lorebook_becomes_lore() -> None:
    entry = {
        "keys": ["forest", "/wood(s)?/i", "{{char}}'s home"],
        "secondary_keys": ["night"],
        "selective": True,
        "content": "{{char}} lives here.",
        "comment": "The forest",
        "enabled": False,
        "insertion_order": 50,
        "priority": 7,
        "case_sensitive": True,
        "extensions": {
            "selectiveLogic": 3,
            "sticky": 3,
            "cooldown": 2,
            "delay": 1,
            "probability": 40,
            "useProbability": True,
            "group": "a, b",
            "group_weight": 5,
            "group_override": True,
            "use_group_scoring": True,
            "exclude_recursion": True,
            "prevent_recursion": True,
            "delay_until_recursion": 2,
            "scan_depth": 9,
            "match_whole_words": False,
            "ignore_budget": True,
        },
    }
    imported = lore(entry, scan_depth=4, token_budget=800, recursive_scanning=True)
    assert imported.persona["lorebook"] == {"scan_depth": 4, "most": 0, "token_budget": 800, "recursion": 3}
    assert imported.persona["lore"] == [
        {
            "keys": ["forest", "/wood(s)?/i", "Mira's home"],
            "text": "{{char}} lives here.",
            "enabled": False,
            "secondary": ["night"],
            "logic": "and all",
            "priority": 7,
            "order": 50,
            "sticky": 3,
            "cooldown": 2,
            "delay": 1,
            "scan_depth": 9,
            "probability": 40,
            "weight": 5,
            "only_by_lore": 2,
            "case": True,
            "whole_words": False,
            "not_by_lore": True,
            "calls_no_lore": True,
            "one_of": ["a", "b"],
            "by_priority": True,
            "by_keys": True,
            "beyond_budget": True,
            "title": "The forest",
        }
    ]


def test_what_is_as_always_is_left_out() -> None:
    plain = {"keys": ["inn"], "content": "x", "insertion_order": 0, "enabled": True, "extensions": {"probability": 100}}
    assert lore(plain).persona["lore"] == [{"keys": ["inn"], "text": "x"}]


def test_entries_and_keys_that_cannot_be_are_kept_and_told() -> None:
    imported = lore(
        {"keys": ["/(?<=a+)b/", "{{user}}", "x" * 200], "content": "x"},
        {"keys": ["a"], "content": " {{// nothing}} "},
        {"keys": [], "content": "always", "constant": True, "extensions": {"vectorized": True}},
        {"keys": ["a", "a", 5, None], "content": "@@depth 3\n@@@scan_depth 5\n@@exclude_keys b, c\n\nText"},
    )
    assert imported.persona["lore"] == [
        {"text": "always", "constant": True},
        {"keys": ["a"], "text": "Text", "secondary": ["b", "c"], "logic": "not any", "scan_depth": 5},
    ]
    told = "\n".join(imported.kept)
    assert "1 × a pattern that Python does not have: look-behind requires fixed-width pattern" in told
    assert "1 × a key with {{user}} or the like" in told
    assert "1 × a key longer than 100 characters" in told
    assert "1 × an entry without a key that could call it" in told
    assert "1 × an entry without a text" in told
    assert "1 × vectorized: the entry is not found by meaning" in told
    assert "1 × @@depth: not known here" in told


def test_patterns_of_v3_have_no_slashes_and_those_of_sillytavern_have() -> None:
    """The one says use_regex of patterns, the other of all its keys."""
    entry = {"keys": ["b.*r", "wine", "/ale/i"], "content": "x", "use_regex": True}
    assert lore(entry).persona["lore"][0]["keys"] == ["/b.*r/", "wine", "/ale/i"]
    entry["extensions"] = {"selectiveLogic": 0}
    assert lore(entry).persona["lore"][0]["keys"] == ["b.*r", "wine", "/ale/i"]


# -- the account ---------------------------------------------------------------------------------------------------


def test_everything_that_is_not_used_is_told_with_its_reason() -> None:
    imported = convert(
        Card(
            {
                "spec": "chara_card_v3",
                "spec_version": "3.0",
                "name": "beside",
                "data": {
                    "name": "Mira",
                    "system_prompt": "s",
                    "post_history_instructions": "p",
                    "creator": "c",
                    "tags": ["t"],
                    "assets": [{"type": "icon"}],
                    "unheard": 1,
                    "empty": "",
                    "extensions": {"depth_prompt": {"prompt": "d"}, "regex_scripts": [{}], "mine/x": {"y": 1}},
                },
            },
            "JSON",
        )
    )
    told = {line.partition(":")[0] for line in imported.kept}
    wanted = {"system_prompt", "post_history_instructions", "creator", "tags", "assets", "unheard", "name, beside data"}
    extensions = {"extensions.depth_prompt", "extensions.regex_scripts", "extensions.mine/x"}
    assert told == wanted | extensions
    assert not {"depth", "unheard"} & set(imported.persona)


# -- nothing is lost -----------------------------------------------------------------------------------------------

TEXT = st.text(max_size=30) | st.sampled_from(
    [
        "{{char}}",
        "<START>\n{{user}}: hi\n{{char}}: *bows* hello",
        "掌柜",
        "a: b",
        "#x",
        "- y",
        "\ud800",
        "\x85\u2028",
        "/(a+)+$/",
        "~",
        "yes",
    ]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTENSIONS = st.dictionaries(
    st.sampled_from(["selectiveLogic", "sticky", "cooldown", "delay", "probability", "group", "scan_depth", "role",
                     "group_weight", "delay_until_recursion", "match_whole_words", "position", "depth_prompt", "x/y"]),
    VALUE, max_size=5,
)  # fmt: skip
ENTRY = st.dictionaries(
    st.sampled_from(["keys", "secondary_keys", "content", "comment", "name", "enabled", "selective", "constant",
                     "priority", "insertion_order", "use_regex", "id", "odd"]),
    VALUE | st.lists(TEXT, max_size=3), max_size=8,
).flatmap(lambda entry: EXTENSIONS.map(lambda more: {**entry, "extensions": more}))  # fmt: skip
BOOK = st.fixed_dictionaries(
    {"entries": st.lists(ENTRY | VALUE, max_size=3)},
    optional={"scan_depth": VALUE, "token_budget": VALUE, "odd": VALUE},
)
DATA = st.fixed_dictionaries(
    {"name": TEXT},
    optional={
        **dict.fromkeys(
            ("description", "personality", "scenario", "first_mes", "mes_example", "system_prompt"), TEXT | VALUE
        ),
        **dict.fromkeys(("alternate_greetings", "nickname", "tags", "unheard", "assets"), VALUE),
        "character_book": BOOK | VALUE,
        "extensions": EXTENSIONS | VALUE,
    },
)
ANY_CARD = DATA | st.builds(
    lambda spec, data, more: {**more, "spec": spec, "spec_version": "2.0", "data": data},
    st.sampled_from(["chara_card_v2", "chara_card_v3", "other"]),
    DATA,
    st.dictionaries(st.text(max_size=6), VALUE, max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(ANY_CARD)
def test_any_card_is_a_persona_and_comes_out_as_it_went_in(value: dict[str, Any]) -> None:
    """Imported, written, read by mudbot, given back: the same card; and imported again, the same persona."""
    card = read_card(json.dumps(value).encode(), "x")
    imported = convert(card)
    with TemporaryDirectory() as folder:
        persona = reread(imported, Path(folder))
    assert persona.card is not None
    again = parse(persona.card)
    assert again == value
    assert convert(Card(again, "JSON")).persona == imported.persona


@pytest.mark.parametrize("name", ["innkeeper", "innkeeper-zh"])
def test_a_persona_that_was_no_card_becomes_one_that_can_be_imported(name: str, tmp_path: Path) -> None:
    persona = load_persona(name)
    value = json.loads(json.dumps(card_of(persona)))
    back = reread(convert(read_card(json.dumps(value).encode(), "x")), tmp_path)
    assert (back.name, back.language) == (persona.name, persona.language)
    assert [(each.text, each.answer) for each in back.examples] == [
        (each.text, each.answer) for each in persona.examples
    ]
    assert [(each.keys, each.text) for each in back.lore] == [(each.keys, each.text) for each in persona.lore]
