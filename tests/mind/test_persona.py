"""A persona is read as a whole, and every mistake in it is told with its line and remedy."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mudbot.errors import ConfigError
from mudbot.mind.cleaning import units_of
from mudbot.mind.persona import Persona, load_persona

SHIPPED = ("innkeeper", "innkeeper-zh")
GOOD = """\
name: Guard
language: en
description: Guard watches the gate.
fallbacks: [Move along.]
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "guard.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(folder: Path, text: str | bytes) -> list[str]:
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_persona("guard.yaml", folder=folder)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_persona_loads_by_its_name(name: str) -> None:
    persona = load_persona(name)
    assert {"Chen", "老陈", "掌柜"} <= set(persona.names)
    assert len(persona.examples) == 13
    assert persona.language == ("zh" if name.endswith("zh") else "en")


def test_both_innkeepers_tell_the_same_prices() -> None:
    """The two shipped personas live in one world: what costs what is the same in both."""
    english, chinese = (load_persona(name) for name in SHIPPED)
    for en, zh in [
        ("rice wine 5", "米酒五文"),
        ("tea 1", "茶一文"),
        ("noodles 8", "面八文"),
        ("dumplings 6", "饺子六文"),
        ("room 30", "住店三十文"),
        ("stable 10", "马棚十文"),
    ]:
        assert en in english.facts[0]
        assert zh in chinese.facts[0]
    assert len(english.lore) == len(chinese.lore)


def test_a_path_is_relative_to_the_folder(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert load_persona("guard.yaml", folder=tmp_path).name == "Guard"
    assert load_persona("./guard.yaml", folder=tmp_path).name == "Guard"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())
    assert load_persona("guard.yaml", folder=tmp_path).name == "Guard"


def test_an_unknown_name_gets_the_nearest_right_one() -> None:
    with pytest.raises(ConfigError, match=r"character: .*did you mean 'innkeeper'\?.*guard\.yaml"):
        load_persona("inkeeper")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_persona("nobody.yaml", folder=tmp_path)
    with pytest.raises(ConfigError, match="is a directory"):
        load_persona("./", folder=tmp_path)


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    """Read by the same reader as the configuration: file, line, key, remedy."""
    text = """\
name: 'System: x'
langage: en
language: klingon
description: 5
facts: one
examples:
  - {speaker: Bob, text: hi, anwser: hello}
sampling:
  chat: {temperature: 3, max_tokens: 0, stop: [a, b, c, d, e]}
fallbacks: []
never: &n [a, a]
name: again
"""
    found = problems(tmp_path, text)
    lines = [int(problem.split(":")[1]) for problem in found]
    assert lines == sorted(lines)
    told = "\n".join(found)
    assert "guard.yaml:1: name must be a name on one line, without a colon" in told
    assert "guard.yaml:2: there is no key 'langage' here: did you mean 'language'?" in told
    assert "guard.yaml:3: language must be en or zh" in told
    assert "guard.yaml:4: description must be text: put it in quotes" in told
    assert "guard.yaml:5: facts must be a list" in told
    assert "guard.yaml:7: examples.0: there is no key 'anwser' here: did you mean 'answer'?" in told
    assert "guard.yaml:7: examples.0.answer is missing" in told
    assert "guard.yaml:9: sampling.chat.temperature must be at most 2" in told
    assert "guard.yaml:9: sampling.chat.max_tokens must be at least 1" in told
    assert "guard.yaml:9: sampling.chat.stop" in told
    assert "guard.yaml:10: fallbacks must not be empty" in told
    assert "guard.yaml:12: the key 'name' is here twice" in told


def test_no_message_prints_a_value(tmp_path: Path) -> None:
    """A secret that was pasted into the wrong place stays out of logs."""
    canary = "sk-canary-31337"
    text = GOOD + f"style: [{canary}]\nsampling: {canary}\nnever: {canary}\n"
    told = "\n".join(problems(tmp_path, text))
    assert len(told.splitlines()) == 3
    assert canary not in told


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abname:lguedscripto \n-[]{}&*!'\"#|>0189.~", max_size=200))
def test_any_text_is_a_persona_or_a_config_error(text: str) -> None:
    """No text that an owner could write ends in a traceback."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "p.yaml").write_text(text, encoding="utf-8")
        with contextlib.suppress(ConfigError):
            load_persona("p.yaml", folder=Path(folder))


def test_a_persona_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_persona("innkeeper").name = "Bob"


def test_the_same_words_get_the_same_fallback_and_other_words_another() -> None:
    persona = load_persona("innkeeper")
    said = {persona.fallback(f"question {number}") for number in range(40)}
    assert said == set(persona.fallbacks)
    assert persona.fallback("hello") == persona.fallback("hello")
    assert persona.fallback("\ud800") in persona.fallbacks


@pytest.mark.parametrize("name", SHIPPED)
def test_each_example_of_the_innkeepers_says_what_its_line_calls_up(name: str) -> None:
    """From examples that do not, a small model learns to leave its lore unsaid."""
    persona = load_persona(name)
    for example, pieces in zip(persona.examples, persona.examples_recall, strict=True):
        if pieces:
            said, known = set(units_of(example.answer)), set(units_of(" ".join(pieces)))
            assert len(said & known) >= 0.25 * len(said), example.text


def test_spoken_lore_is_said_in_place_of_a_fallback() -> None:
    piece = {"keys": ["ferry"], "text": "The ferry is below the street, {{user}}."}
    data = {"name": "Guard", "language": "en", "description": "A guard.", "fallbacks": ["Hm."], "lore": [piece]}
    spoken = Persona.model_validate(data | {"lorebook": {"spoken": True}})
    assert spoken.fallback("Where is the ferry?") == "The ferry is below the street, the guest."
    assert spoken.fallback("Where is the ferry?", answering=False) == "Hm."
    assert spoken.fallback("Where is the inn?") == "Hm."
    assert Persona.model_validate(data).fallback("Where is the ferry?") == "Hm."


def persona_with(*lore: dict[str, object]) -> Persona:
    data = {"name": "Guard", "language": "en", "description": "A guard.", "fallbacks": ["Hm."], "lore": lore}
    return Persona.model_validate(data)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("I am BLEEDING!", True),
        ("He bleeds.", True),
        ("nosebleed", False),
        ("a bleedable thing", False),
        ("我流血了", True),
        ("hello", False),
    ],
)
def test_a_key_is_a_word_with_common_endings_and_chinese_anywhere(text: str, heard: bool) -> None:
    persona = persona_with({"keys": ["bleed", "流血"], "text": "See the monks."})
    assert persona.recall(text) == (("See the monks.",) if heard else ())


def test_the_longest_key_is_recalled_first_then_the_first_in_the_file() -> None:
    persona = persona_with(
        {"keys": ["wine"], "text": "one"}, {"keys": ["rice wine"], "text": "two"}, {"keys": ["beer"], "text": "three"}
    )
    assert persona.recall("rice wine or beer?") == ("two",)
    assert persona.recall("wine or beer?", most=2) == ("one", "three")


def test_a_short_key_does_not_hide_in_another_word() -> None:
    """ "tea" is not in "teach", nor "AI" in "air"."""
    persona = load_persona("innkeeper")
    assert persona.recall("Teach me of the air") == ()
