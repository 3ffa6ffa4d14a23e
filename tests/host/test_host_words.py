"""What a plugin says: by language, filled without surprises, and every mistake found when it loads, with its line."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mudbot import Plugin, resolve
from mudbot.config import load
from mudbot.errors import ConfigError, PluginError
from mudbot.host import loader
from mudbot.host.services.texts import texts_of, untold, words_of
from mudbot.host.services.words import Template, Words

CODE = """
from mudbot import Plugin

class Greeter(Plugin):
    {}
"""
YAML = """
en:
  hello: Hello, {name}!
  paid: "{name} pays {gold:,} coins"
zh:
  hello: 你好，{name}！
  paid: "{name}付了{gold:,}文"
"""


def loaded(folder: Path, body: str = "pass", yaml: str | None = None, name: str = "greeter") -> type[Plugin]:
    """A plugin of a file, with its texts beside it."""
    body = textwrap.indent(textwrap.dedent(body), "    ").strip()
    (folder / f"{name}.py").write_text(CODE.format(body), encoding="utf-8")
    if yaml is not None:
        (folder / f"{name}.texts.yaml").write_text(yaml, encoding="utf-8")
    return loader.load(name, [folder])


def problems(kind: type[Plugin]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        texts_of(kind)
    return [str(problem) for problem in caught.value.problems]


# -- saying --------------------------------------------------------------------------------------------------------


def test_texts_beside_the_plugin_are_said_in_the_language_of_the_session(tmp_path: Path) -> None:
    kind = loaded(tmp_path, yaml=YAML)
    assert words_of(kind, "en")("hello", name="Ann") == "Hello, Ann!"
    assert words_of(kind, "zh")("paid", name="老陈", gold=12345) == "老陈付了12,345文"
    assert words_of(kind, "en").for_("zh")("hello", name="Ann") == "你好，Ann！"
    assert "hello" in words_of(kind, "en")
    assert "bye" not in words_of(kind, "en")


AS_YAML = '''"""
en: {hello: "Hi {name}"}
zh: {hello: "嗨{name}"}
"""'''


@pytest.mark.parametrize("texts", ['{"en": {"hello": "Hi {name}"}, "zh": {"hello": "嗨{name}"}}', AS_YAML])
def test_texts_inside_the_plugin_are_a_dict_or_yaml(tmp_path: Path, texts: str) -> None:
    kind = loaded(tmp_path, f"texts = {texts}")
    assert [words_of(kind, each)("hello", name="Ann") for each in ("en", "zh")] == ["Hi Ann", "嗨Ann"]


def test_texts_beside_go_before_those_inside(tmp_path: Path) -> None:
    """So that an owner can have some of them otherwise."""
    kind = loaded(tmp_path, 'texts = {"en": {"hello": "Hi", "bye": "Bye"}}', "en: {hello: Good day}")
    assert [words_of(kind, "en")(key) for key in ("hello", "bye")] == ["Good day", "Bye"]


@pytest.mark.parametrize("file", ["greeter/texts.yaml", "greeter/greeter.texts.yaml", "greeter.texts.yaml"])
def test_a_package_has_its_texts_inside_or_beside(tmp_path: Path, file: str) -> None:
    package = tmp_path / "greeter"
    package.mkdir()
    (package / "__init__.py").write_text("from .main import Greeter")
    (package / "main.py").write_text(CODE.format("pass"))
    (tmp_path / file).write_text("en: {hello: Hi}")
    assert words_of(loader.load("greeter", [tmp_path]), "en")("hello") == "Hi"


def test_a_reload_reads_the_texts_anew(tmp_path: Path) -> None:
    assert words_of(loaded(tmp_path, yaml="en: {hello: One}"), "en")("hello") == "One"
    assert words_of(loaded(tmp_path, yaml="en: {hello: Two}"), "en")("hello") == "Two"


def test_where_a_language_is_missing_english_is_said_else_any(tmp_path: Path) -> None:
    kind = loaded(tmp_path, yaml="en: {a: A}\nzh: {b: 乙}")
    assert [words_of(kind, language)(key) for language in ("en", "zh") for key in "ab"] == ["A", "乙", "A", "乙"]


HOSTILE = ["{name.__class__}", "{0}", "{}", "{{", "}", "%s", "{gold}", "{name!r}", "a{b}c{d:>10}", "\\", "{name"]


@pytest.mark.parametrize("who", HOSTILE)
def test_what_players_say_is_put_in_as_it_is(tmp_path: Path, who: str) -> None:
    """Braces of theirs fill nothing."""
    assert words_of(loaded(tmp_path, yaml=YAML), "en")("paid", name=who, gold=5) == f"{who} pays 5 coins"


def test_braces_and_formats_are_as_in_python() -> None:
    text = Template.of("{{x}} {n:>4}|{f:.1f}|{at:%H:%M}|{n:,}|{s:<3}|")
    values: dict[str, Any] = {"n": 1, "f": 2.25, "at": datetime(2026, 1, 1, 9, 5, tzinfo=UTC), "s": "a"}
    assert text.fill(values) == "{x}    1|2.2|09:05|1|a  |"
    assert text.names == {"n", "f", "at", "s"}


def test_mistakes_that_only_show_when_it_speaks_name_the_text(tmp_path: Path) -> None:
    words = words_of(loaded(tmp_path, yaml=YAML), "en")
    for call, message in (
        (lambda: words("helo"), "there is no text 'helo'; did you mean 'hello'"),
        (lambda: words("hello"), r"self.t\('hello'\) lacks name=, which its text has as {name}"),
        (lambda: words("paid", name="Ann", gold="much"), r"self.t\('paid'\): a value does not fit the format"),
        (lambda: words.for_("de"), "there is no language 'de': en or zh"),
    ):
        with pytest.raises(PluginError, match=message):
            call()
    assert words("hello", name="Ann", more="is no harm") == "Hello, Ann!"


def test_the_repr_lists_the_texts(tmp_path: Path) -> None:
    assert repr(words_of(loaded(tmp_path, yaml=YAML), "zh")) == "<texts of greeter in zh: hello, paid>"
    assert repr(words_of(loaded(tmp_path, name="mute"), "en")) == "<texts of mute in en: none>"


# -- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{who.name}", "has {who.name}: a place to fill has a name alone"),
        ("{who[0]}", "has {who[0]}: a place"),
        ("{}", "has {}: a place"),
        ("{0}", "has {0}: a place"),
        ("{a b}", "has {a b}: a place"),
        ("{who!r}", "has {who!r}: leave out the !r"),
        ("{n:zz}", "has {n:zz}, whose format is none"),
        ("{n:>99999999}", "or too wide"),
        ("{n:{width}}", "whose format is none"),
        ("{name", "has a brace too many or too few: a brace that is said is written {{ or }}"),
        ("name}", "has a brace too many"),
    ],
)
def test_a_place_to_fill_is_a_name_and_perhaps_a_format(text: str, message: str) -> None:
    """Attributes and items of what is put in are never looked at."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is looked at
        Template.of(text)
    assert message in str(caught.value)


ALONE = "a place to fill has a name alone, such as {name}, and nothing behind it"
BELOW = ["greeter.texts.yaml:1: there is no language 'hello': write en or zh, below which its texts stand"]


@pytest.mark.parametrize(
    ("yaml", "wanted"),
    [
        (
            "en:\n  a: Hi {name}\n  b: B {x}\nzh:\n  b: B\n  a: 你好 {nmae}\n",
            [
                "greeter.texts.yaml:6: zh.a and en.a must have the same places to fill: see {name}, {nmae}",
                "greeter.texts.yaml:5: zh.b and en.b must have the same places to fill: see {x}",
            ],
        ),
        (
            "en:\n  a: '{x.y}'\n  b: 5\n  c:\n  d: [x]\n",
            [
                f"greeter.texts.yaml:2: en.a has {{x.y}}: {ALONE}",
                "greeter.texts.yaml:3: en.b must be text: put it in quotes",
                "greeter.texts.yaml:4: en.c must be text",
                "greeter.texts.yaml:5: en.d must be text: put it in quotes",
            ],
        ),
        ("cn:\n  a: b\n", ["greeter.texts.yaml:1: there is no language 'cn': write en or zh"]),
        ("hello: Hi\n", BELOW),
        ("en: Hi\n", ["greeter.texts.yaml:1: en must hold texts: 'hi: Hello', one a line below it"]),
        ("- x\n", ["greeter.texts.yaml: must hold languages, and in each its texts: 'en:', below it 'hi: Hello'"]),
        ("", ["greeter.texts.yaml: must hold languages, and in each its texts: 'en:', below it 'hi: Hello'"]),
    ],
)  # fmt: skip
def test_every_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, yaml: str, wanted: list[str]) -> None:
    assert problems(loaded(tmp_path, yaml=yaml)) == wanted


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    (found,) = problems(loaded(tmp_path, yaml="en:\n\ta: b\n"))
    assert found == "greeter.texts.yaml:2: a tab in the indentation: YAML wants spaces"


def test_mistakes_inside_the_class_are_told_with_their_place(tmp_path: Path) -> None:
    assert problems(loaded(tmp_path, 'texts = {"en": {"a": "{b.c}"}}'))[0].startswith(
        "Greeter.texts: en.a: en.a has {b.c}"
    )
    assert problems(loaded(tmp_path, 'texts = "en:\\n  a: 5"')) == [
        "Greeter.texts, line 2: en.a must be text: put it in quotes"
    ]


CALLS = """
async def one(self):
    self.t("helo", name="x")
    self.t("hello")
    self.t.for_("zh")("paid", name="x")

async def right(self, **more):
    self.t("hello", name="x", extra=1)
    self.t("hello", **more)
    self.t(more["key"])
    more["t"]("nothing")
"""


def test_calls_that_no_text_fits_are_found_when_it_loads(tmp_path: Path) -> None:
    """By file and line; what cannot be known from the source is left alone."""
    assert problems(loaded(tmp_path, CALLS, YAML)) == [
        "greeter.py:6: self.t('helo'): there is no such text; did you mean 'hello'?",
        "greeter.py:7: self.t('hello') lacks name=, which its text has as {name}",
        "greeter.py:8: self.t('paid') lacks gold=, which its text has as {gold}",
    ]


def test_a_plugin_without_texts_that_says_one_is_told_where_to_write_it(tmp_path: Path) -> None:
    (found,) = problems(loaded(tmp_path, 'async def one(self):\n    self.t("hi")'))
    assert found.startswith("greeter.py:6: self.t('hi'): there is no such text: write it in greeter.texts.yaml, or in")


# -- what the owner is told ----------------------------------------------------------------------------------------


def configured(folder: Path, *languages: str) -> Any:
    sessions = "".join(f"  - {{host: tavern, name: s{n}, language: {each}}}\n" for n, each in enumerate(languages))
    (folder / "config.yaml").write_text(f"sessions:\n{sessions}plugins:\n  greeter:\n")
    return load(folder / "config.yaml", environ={})


def plugins_in(folder: Path) -> Path:
    (folder / "plugins").mkdir()
    return folder / "plugins"


def test_check_reports_texts_with_all_else(tmp_path: Path) -> None:
    """`mudbot check` says what is wrong with the settings and with the texts in one go."""
    loaded(plugins_in(tmp_path), yaml="en: {a: '{b.c}', d: 5}")
    (tmp_path / "config.yaml").write_text("sessions: [{host: tavern}]\nplugins:\n  greeter: {city: x}\n")
    found = resolve.problems_of(load(tmp_path / "config.yaml", environ={}))
    assert [str(problem).partition(": ")[0] for problem in found] == ["config.yaml:3"] + ["greeter.texts.yaml:1"] * 2


def test_a_language_that_is_spoken_and_has_no_texts_is_warned_of(tmp_path: Path) -> None:
    """Not of one that no session speaks."""
    kind = loaded(plugins_in(tmp_path), yaml="en: {a: A, b: B, c: C, d: D}\nzh: {a: 甲}")
    warned = [str(each) for each in resolve.warnings_of(configured(tmp_path, "en", "zh"))]
    assert warned == [
        "greeter.texts.yaml: plugin greeter: no text in zh, which session s1 speaks, for b, c, d: said in en"
    ]
    assert resolve.warnings_of(configured(tmp_path, "en")) == []
    assert list(untold(kind, {"en": "s"})) == []


def test_words_can_be_made_without_a_plugin() -> None:
    """As tests of helpers do."""
    from mudbot.host.services.words import Texts

    texts = Texts("x", {"en": {"a": Template.of("A{b}")}})
    assert Words(texts, "zh")("a", b=1) == "A1"


def test_a_key_that_depends_is_checked_both_ways(tmp_path: Path) -> None:
    """``"a" if x else "b"``, one within another too; what is no text stays unknown until it is said."""
    code = """
    async def one(self, who, known):
        self.t("hello" if who else "helo", name=who)
        self.t("hello" if who else ("paid" if known else "piad"), name=who)
        self.t(known if who else "gone")
        self.t("hello" if who else known, name=who)
    """
    told = [re.split(r";|: texts = 'en: {gone: ...}'", each)[0] for each in problems(loaded(tmp_path, code, YAML))]
    assert told == [
        "greeter.py:6: self.t('helo'): there is no such text",
        "greeter.py:7: self.t('paid') lacks gold=, which its text has as {gold}",
        "greeter.py:7: self.t('piad'): there is no such text",
        "greeter.py:8: self.t('gone'): there is no such text: write it in greeter.texts.yaml, or in the class",
    ]
