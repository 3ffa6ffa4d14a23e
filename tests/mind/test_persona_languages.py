"""A persona of several languages, its titles, groups, and sampling by model; and their mistakes, told by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mudbot.errors import ConfigError
from mudbot.mind.context import Scene, build
from mudbot.mind.languages import language_of
from mudbot.mind.persona import Persona, load_persona
from mudbot.mind.shape import Book, Lore

BOTH: dict[str, Any] = {
    "name": "老陈",
    "aliases": ["Chen"],
    "titles": ["掌柜", "Innkeeper", "Chen"],
    "languages": ["zh", "en"],
    "description": "{{char}}是掌柜。",
    "style": {"zh": "{{char}}说话朴实。", "en": "{{char}} speaks plainly."},
    "examples": [{"speaker": "旅人", "text": "有酒吗？", "answer": "有。"}],
    "lore": [{"keys": ["wine", "酒"], "text": "五文。"}],
    "fallbacks": {"zh": ["啊？"], "en": ["Hm?", "What, {{user}}?"]},
}


def test_the_first_language_is_its_own() -> None:
    persona = Persona.model_validate(BOTH)
    assert (persona.language, persona.languages) == ("zh", ("zh", "en"))
    assert (persona.description, persona.style, persona.fallbacks) == ("老陈是掌柜。", "老陈说话朴实。", ("啊？",))
    assert Persona.model_validate(
        BOTH | {"languages": [], "language": "zh"} | {"style": "x", "fallbacks": ["x"]}
    ).languages == ("zh",)


def test_it_answers_in_the_language_it_is_spoken_to() -> None:
    """Style and fallbacks of that language; examples in another one would show the wrong thing."""
    persona = Persona.model_validate(BOTH)
    english = persona.spoken_to("Have you wine, 老陈?")
    assert (english.language, english.fallbacks) == ("en", ("Hm?", "What, the guest?"))
    assert english.style == "老陈 speaks plainly.\n老陈 answers in English here."
    assert english.examples == () == english.examples_recall
    assert english.recall("wine") == ("五文。",)
    assert persona.spoken_to("有酒吗") is persona is persona.spoken_to("1 + 1 = ?") is persona.speaking(None)
    assert persona.spoken_to("wine!") is english, "it is made once"
    assert "Answer as 老陈, in one or two" in build(english, Scene(), "Bob", "wine?").messages()[0]["content"]


def test_all_that_is_said_may_be_given_for_each_language() -> None:
    more = {
        "description": {"zh": "掌柜。", "en": "An innkeeper."},
        "facts": {"zh": ["酒五文。"], "en": ["Wine is 5 coppers."]},
        "examples": {
            "zh": BOTH["examples"],
            "en": [{"speaker": "Guest", "text": "Have you wine?", "answer": "Yes."}],
        },
    }
    english = Persona.model_validate(BOTH | more).speaking("en")
    assert (english.description, english.facts, english.examples[0].answer) == (
        "An innkeeper.",
        ("Wine is 5 coppers.",),
        "Yes.",
    )
    assert english.examples_recall == (("五文。",),)


def test_a_persona_of_one_language_stays_itself() -> None:
    innkeeper = load_persona("innkeeper")
    assert innkeeper.spoken_to("有酒吗") is innkeeper
    assert innkeeper.knowing(()) is innkeeper


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hello there", "en"),
        ("你好", "zh"),
        ("Chen，有酒吗？", "zh"),
        ("老陈, do you have any wine?", "en"),
        ("老陈, hello", None),
        ("", None),
        ("?! 123", None),
        ("I don't know", "en"),
    ],
)
def test_a_language_is_known_by_what_there_is_more_of(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_it_goes_by_its_titles_as_well() -> None:
    assert Persona.model_validate(BOTH).names == ("老陈", "Chen", "掌柜", "Innkeeper")


def test_groups_are_of_names_and_ids() -> None:
    persona = Persona.model_validate(BOTH | {"groups": {"family": ["Lan", "阿兰"], "guards": ["bob1"]}})
    assert persona.groups_of("LAN", None) == {"family"}
    assert persona.groups_of("Robert", "Bob1") == {"guards"}
    assert persona.groups_of(None, None) == frozenset()


def test_sampling_may_be_otherwise_for_some_models() -> None:
    """What a pattern does not say stays; of several that fit the later one wins."""
    models = {"qwen*": {"temperature": 0.2, "stop": ["x"]}, "QWEN2.5-1.5b*": {"temperature": 0.1}}
    sampling = Persona.model_validate(BOTH | {"sampling": {"chat": {"max_tokens": 77}, "models": models}}).sampling
    assert sampling.of("gpt-4o", "chat") is sampling.chat
    of = sampling.of("Qwen2.5-1.5B-Instruct", "chat")
    assert (of.temperature, of.max_tokens, of.stop) == (0.1, 77, ("x",))
    assert sampling.of("qwen-max", "completions").temperature == 0.2


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    text = """\
name: Guard
languages: [en, klingon]
description: {en: x, zh: y}
facts: {zh: [a]}
style: 5
fallbacks: {en: []}
titles: ["a:b"]
groups: {x: Bob}
lorebook: {most: -1, recursoin: 3}
lore:
  - {text: a}
  - {text: a, keys: ["/(/"]}
  - {text: a, keys: [a], times: ["8-9"], logic: or}
sampling:
  models: {"qwen*": {temprature: 1, top_p: 0}}
"""
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_persona("p.yaml", folder=tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        "p.yaml:2: languages.1 must be en or zh",
        "p.yaml:3: description has a part for zh: name it in languages, or delete the part",
        "p.yaml:4: facts must have a part for en, the first language",
        "p.yaml:5: style must be text: put it in quotes",
        "p.yaml:6: fallbacks.en must not be empty",
        "p.yaml:7: titles.0 must be a name on one line, without a colon",
        "p.yaml:8: groups.x must be a list: write [one, two], or lines that start with '- '",
        "p.yaml:9: lorebook.most must be at least 0",
        "p.yaml:9: lorebook: there is no key 'recursoin' here: did you mean 'recursion'?",
        "p.yaml:11: lore.0 needs keys to be called by, or constant: true",
        "p.yaml:12: lore.1.keys.0 is no regular expression: a ( is not closed in its pattern",
        "p.yaml:13: lore.2.logic must be and any, and all, not any or not all",
        "p.yaml:13: lore.2.times.0 must be two times of day such as '18:00-06:00'",
        "p.yaml:15: sampling.models.qwen*.top_p must be more than 0",
        "p.yaml:15: sampling.models.qwen*: there is no key 'temprature' here: did you mean 'temperature'?",
    ]


def test_the_language_must_be_the_first_of_the_languages(tmp_path: Path) -> None:
    lines = "name: G\nlanguages: [zh, en]\nlanguage: en\ndescription: x\nfallbacks: [x]\n"
    (tmp_path / "p.yaml").write_text(lines, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"p\.yaml:3: language must be the first of languages: put it there"):
        load_persona("p.yaml", folder=tmp_path)
    (tmp_path / "p.yaml").write_text("name: G\ndescription: x\nfallbacks: [x]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="language is missing: write 'language: en'"):
        load_persona("p.yaml", folder=tmp_path)


def test_the_persona_in_the_documentation_is_one(tmp_path: Path) -> None:
    """Whoever copies it has a character."""
    text = (Path(__file__).parents[2] / "docs" / "personas.md").read_text(encoding="utf-8")
    block = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "p.yaml").write_text(block, encoding="utf-8")
    persona = load_persona("p.yaml", folder=tmp_path)
    assert persona.speaking("zh").examples[0].answer == "米酒五文一碗，够劲。"
    pieces, book = text.split("| key of a piece |")[1].split("`lorebook:`")
    assert {name for name in Lore.model_fields if f"{name}" not in pieces} <= {"keys", "text"}
    assert all(f"`{name}`" in book for name in Book.model_fields)
