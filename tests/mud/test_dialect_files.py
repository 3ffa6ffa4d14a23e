"""A dialect file of the owner's own: it builds on a shipped one, and every mistake in it is told by file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mudbot.errors import ConfigError
from mudbot.events import Line, Speech
from mudbot.mud.dialect import Dialect, load, read

Reader = Callable[[str], Dialect]


@pytest.fixture
def own(tmp_path: Path) -> Reader:
    """``own(text)`` is the dialect of a file ``own.yaml`` with that text."""

    def reader(text: str) -> Dialect:
        path = tmp_path / "own.yaml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return reader


def complaints(own: Reader, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        own(text)
    return [str(problem) for problem in caught.value.problems]


# -- building on another -----------------------------------------------------------------------------------------------


def test_a_file_that_only_extends_hears_and_speaks_as_the_other(own: Reader) -> None:
    rules, rom = own("extends: rom\n"), load("rom")
    assert rules.name == "own"
    assert (rules.hear, rules.speak, rules.login, rules.news) == (rom.hear, rom.speak, rom.login, rom.news)


def test_what_the_other_family_is_known_by_is_not_taken_over(own: Reader) -> None:
    """Its title and its signs say nothing of this MUD."""
    rules = own("extends: rom\n")
    assert rules.title == ""
    assert rules.detect.text == ()
    assert rules.detect.mssp == {}


def test_own_rules_come_before_those_of_the_other(own: Reader) -> None:
    """The first that matches wins, and the others still hold."""
    rules = own(
        "extends: rom\n"
        "hear:\n  - {kind: channel, pattern: \"\\\\[OOC\\\\] (?P<speaker>%{name}): '(?P<text>.*)'$(?P<channel>)\"}\n"
        "news:\n  - {kind: taken, pattern: '^Somebody plays you'}\n"
        "questions:\n  - {when: '^More', send: q}\n"
        "silent_channels: [auction]\n"
    )
    assert rules.hear_line(Line("[OOC] Bob: 'hi'")) == Speech("channel", "Bob", "hi", None, "")
    assert rules.hear_line(Line("Bob says 'hi'")) == Speech("say", "Bob", "hi")
    assert rules.news[0].kind == "taken"
    assert len(rules.news) == len(load("rom").news) + 1
    assert rules.questions[0].send == "q"
    assert len(rules.questions) == len(load("rom").questions) + 1
    assert rules.is_silent("auction")


def test_tables_are_merged_key_by_key(own: Reader) -> None:
    rules = own(
        'extends: rom\nspeak: {say: "\'{text}"}\nchannels: {ooc: ooc}\npace: {burst: 9}\nroom: {look: glance}\n'
    )
    assert rules.speak == load("rom").speak | {"say": "'{text}"}
    assert rules.command_of("ooc") == "ooc"
    assert rules.command_of("gossip") == "gossip"
    assert (rules.pace.burst, rules.pace.per_second) == (9, load("rom").pace.per_second)
    assert (rules.room.look, rules.room.exits) == ("glance", load("rom").room.exits)


def test_a_part_that_is_changed_changes_the_rules_that_use_it(own: Reader) -> None:
    rules = own('extends: rom\nparts: {name: "[a-z]+[0-9]+"}\n')
    assert rules.hear_line(Line("bob7 says 'hi'")) == Speech("say", "bob7", "hi")
    assert rules.hear_line(Line("Bob says 'hi'")) is None


def test_login_steps_are_replaced_as_a_whole(own: Reader) -> None:
    """The order of questions is one thing: half of another family's would answer what is not asked."""
    rules = own("extends: rom\nlogin:\n  steps:\n    - {when: 'who', send: '{name}'}\n")
    assert [step.send for step in rules.login.steps] == ["{name}"]
    assert rules.login.settle == load("rom").login.settle


def test_a_file_may_extend_one_that_itself_extends(own: Reader) -> None:
    rules = own("extends: nt7\nmax_bytes: 100\n")
    assert rules.max_bytes == 100
    assert rules.hear_line(Line("张三(zhangsan)告诉你：在吗")) == Speech("tell", "张三", "在吗", "zhangsan")


def test_what_is_to_be_forgotten_is_not_taken_over(own: Reader) -> None:
    rules = own("extends: rom\nforget: [hear, news]\nhear:\n  - {kind: say, pattern: '(?P<speaker>x)(?P<text>y)'}\n")
    assert len(rules.hear) == 1
    assert rules.news == ()
    assert rules.questions == load("rom").questions


def test_one_dialect_does_not_change_another(own: Reader) -> None:
    before = load("rom").model_dump()
    own('extends: rom\nspeak: {say: "\'{text}"}\nparts: {name: x}\nhear: []\nforget: [news]\n')
    assert load("rom").model_dump() == before


def test_a_file_that_extends_nothing_stands_alone(own: Reader) -> None:
    rules = own("title: Mine\nhear:\n  - {kind: say, pattern: '(?P<speaker>\\w+): (?P<text>.*)$'}\n")
    assert rules.title == "Mine"
    assert rules.hear_line(Line("Bob: hi")) == Speech("say", "Bob", "hi")
    assert rules.news == ()


@pytest.mark.parametrize(("file", "name"), [("my own.yaml", "my-own"), ("江湖.yml", "江湖"), ("a.b.yaml", "a-b")])
def test_the_file_gives_the_dialect_its_name(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / file
    path.write_text("extends: nt7\n")
    assert read(path).name == name


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("extends: nt7\nheer: []\n", "own.yaml:2: ", "did you mean 'hear'?"),
        ("extends: nt7\nhear:\n  - {kind: say, pattern: '('}\n", "own.yaml:3: ", "is not a regular expression"),
        ("extends: nt7\nhear:\n  - {kind: yodel, pattern: 'x'}\n", "own.yaml:3: ", "say, tell"),
        ("extends: nt7\nparts:\n  name: '('\n", "own.yaml:3: ", "is not a regular expression"),
        ("extends: nt7\nlogin:\n  steps:\n    - {when: x, sned: y}\n", "own.yaml:4: ", "did you mean 'send'?"),
        ("extends: nt7\nspeak:\n  yodel: 'x {text}'\n", "own.yaml:3: ", "say, tell"),
        ("extends: nt7\n\nmax_bytes: 10\n", "own.yaml:3: ", "at least 40"),
        ("extends: nt7\npace: {burst: 0}\n", "own.yaml:2: ", "at least 1"),
        ("extends: nt7\nidle: {seconds: soon}\n", "own.yaml:2: ", "number"),
        ("extends: nt7\nnews:\n  - {kind: muted, pattern: x, verbs: [yodel]}\n", "own.yaml:3: ", "verbs"),
        ("extends: nt7\nwrap: {opens: a, closes: b, lines: 1}\n", "own.yaml:2: ", "at least 2"),
        ("extends: nt7\nhear: null\n", "own.yaml:2: ", "must be a list"),
        ("extends: nt8\n", "own.yaml", "did you mean 'nt7'?"),
        ("extends: _es2\n", "own.yaml", "is not known"),
        ("extends: [nt7]\n", "own.yaml", "is not known"),
        ("extends: nt7\nhear:\n  - {kind: say, pattern: '%{nme}x'}\n", "own.yaml", "'nme'"),
        ("- nt7\n", "own.yaml:1: ", "keys with values"),
        ("extends: nt7\nextends: xkx\n", "own.yaml:2: ", "extends"),
        ("extends: nt7\n  hear: x\n", "own.yaml:2: ", ""),
    ],
)
def test_a_mistake_is_told_with_file_and_line(own: Reader, text: str, place: str, words: str) -> None:
    found = complaints(own, text)
    assert all(complaint.startswith(place) for complaint in found)
    assert any(words in complaint for complaint in found)


def test_all_mistakes_are_told_at_once(own: Reader) -> None:
    found = complaints(own, "extends: nt7\nheer: []\nmax_bytes: 1\nidle: {seconds: 0}\ncharset: latin\n")
    assert [line.split(": ")[0] for line in found] == ["own.yaml:2", "own.yaml:3", "own.yaml:4", "own.yaml:5"]


def test_a_file_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file: paths are relative to the folder"):
        read(tmp_path / "nowhere.yaml")


def test_a_part_that_there_is_not_is_told_at_its_line(own: Reader) -> None:
    """And as a mistake of the dialect, not of the configuration."""
    (complaint,) = complaints(own, "extends: nt7\nhear:\n  - {kind: say, pattern: '%{nme}x'}\n")
    assert complaint.startswith("own.yaml:3: ")
    assert "the configuration" not in complaint


def test_an_empty_extends_is_a_mistake_like_any_other(own: Reader) -> None:
    (complaint,) = complaints(own, "extends:\nmax_bytes: 100\n")
    assert complaint.startswith("own.yaml")
    assert "extends" in complaint


@pytest.mark.parametrize("forget", ["[heer]", "hear", "[7]"])
def test_what_cannot_be_forgotten_is_told(own: Reader, forget: str) -> None:
    """A slip there would leave rules in force that the owner thinks are gone."""
    assert any("forget" in line for line in complaints(own, f"extends: nt7\nforget: {forget}\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hear:\n  - {kind: say, pattern: '(?P<speaker>x)'}\n", "text"),
        ("hear:\n  - {kind: tell, colour: bright green, pattern: '(?P<speaker>x)'}\n", "text"),
        ("hear:\n  - {kind: channel, pattern: '(?P<speaker>x)(?P<text>y)'}\n", "channel"),
        ("announce: 'x looks for you'\n", "speaker"),
        ("room: {exits: 'Exits .*'}\n", "exits"),
        ("room: {people: 'Here .*'}\n", "people"),
    ],
)
def test_a_pattern_without_the_group_that_is_read_from_it_is_refused(own: Reader, text: str, words: str) -> None:
    """When it is loaded, not when the first such line is heard."""
    assert any(words in line for line in complaints(own, text))


@pytest.mark.parametrize("form", ["chat", "tell {who} {text}", "say {text} {text}", "say {text}\\nquit"])
def test_a_way_to_speak_that_loses_the_words_is_refused(own: Reader, form: str) -> None:
    """One {text}; nothing in braces that is typed as it stands; one line."""
    assert any("speak" in line for line in complaints(own, f'extends: rom\nspeak: {{say: "{form}"}}\n'))


@pytest.mark.parametrize("text", ['goodbye: "quit\\ny"', 'idle: {seconds: 9, send: "a\\nb"}', 'room: {look: "a\\nb"}'])
def test_a_command_of_two_lines_is_refused(own: Reader, text: str) -> None:
    """The gate would refuse it later, while leaving or idling."""
    assert complaints(own, f"extends: rom\n{text}\n")
