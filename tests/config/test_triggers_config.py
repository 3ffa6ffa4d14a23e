"""``triggers:``: the shape of an entry, files that include each other, and a place for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from mudbot.config import Config, TriggerConfig, load, salvage
from mudbot.config import include as include_module
from mudbot.errors import ConfigError
from tests.config.conftest import Complainer, Reader

HEAD = "sessions: [{host: tavern, name: inn}]\ntriggers:\n"


def one(read: Reader, entry: str) -> TriggerConfig:
    return read(f"{HEAD}  - {entry}\n").triggers[0]


# -- an entry ----------------------------------------------------------------------------------------------------------


def test_all_that_an_entry_can_say(read: Reader) -> None:
    """Every key arrives, times in seconds, single values as lists of one."""
    trigger = one(
        read,
        "{name: greet, pattern: '^(?P<who>\\w+) came$', on: line, ignore_case: true, color: bright green,"
        " when: hp < 30, group: social/tells, priority: -5, stop: true, count: 2, cooldown: 1m30s, per: who,"
        " session: inn, enabled: false, reply: 'Hello, {who}!', command: nod, prompt: Sing., gag: true,"
        " substitute: '{who}'}",
    )
    assert trigger.model_dump(exclude_defaults=True) == {
        "name": "greet",
        "pattern": "^(?P<who>\\w+) came$",
        "ignore_case": True,
        "color": {"": "bright green"},
        "when": "hp < 30",
        "group": "social/tells",
        "priority": -5,
        "stop": True,
        "count": 2,
        "cooldown": 90.0,
        "per": "who",
        "session": ("inn",),
        "enabled": False,
        "reply": "Hello, {who}!",
        "command": ("nod",),
        "prompt": "Sing.",
        "gag": True,
        "substitute": "{who}",
    }


@pytest.mark.parametrize("kind", ["pattern", "text", "glob", "exact"])
def test_a_pattern_has_one_of_four_kinds(read: Reader, kind: str) -> None:
    assert one(read, f"{{{kind}: abc, gag: true}}").given() == [kind]


def test_several_patterns_may_be_of_each_kind(read: Reader) -> None:
    """A text alone is a regular expression."""
    trigger = one(read, "{all_of: ['^a', {text: b}, {glob: 'c*'}], lines: 3, command: [x, y]}")
    assert [each.given() for each in trigger.all_of] == [["pattern"], ["text"], ["glob"]]
    assert (trigger.lines, trigger.command) == (3, ("x", "y"))


def test_a_group_may_have_a_colour_of_its_own(read: Reader) -> None:
    assert one(read, "{text: x, gag: true, color: {'1': red, who: blue}}").color == {"1": "red", "who": "blue"}


def test_a_dollar_sign_is_a_pattern_s_own(read: Reader) -> None:
    """``${NAME}`` stands for no variable there: $ ends a line, { begins a group's place."""
    trigger = read(HEAD + "  - {pattern: 'a${HOME}', reply: '${0}'}\n", environ={"HOME": "secret"}).triggers[0]
    assert (trigger.pattern, trigger.reply) == ("a${HOME}", "${0}")


def test_an_option_changes_an_entry(read: Reader) -> None:
    """As it changes every other key."""
    assert read(f"{HEAD}  - {{text: x, gag: true}}\n", "triggers.0.enabled=false").triggers[0].enabled is False


def test_keys_without_a_value_are_at_their_default(read: Reader) -> None:
    """A key whose lines are all comments has none."""
    assert one(read, "{text: x, gag: true, group: , reply: , color: }").group is None


@pytest.mark.parametrize("text", ["triggers: []\n", "triggers:\n", ""])
def test_no_triggers_are_none(read: Reader, text: str) -> None:
    assert read(f"sessions: [{{host: tavern}}]\n{text}").triggers == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{reply: x}", "must have one of pattern, text, glob, exact and all_of"),
        ("{text: x, glob: y, reply: x}", "has text and glob"),
        ("{text: x, all_of: [y], reply: x}", "has text and all_of"),
        ("{all_of: [{text: x, glob: y}], reply: x}", "all_of.0 must have one of"),
        ("{all_of: [{txt: x}], reply: x}", "did you mean 'text'?"),
        ("{text: x}", "does nothing: give it one of reply, command, prompt, gag, substitute"),
        ("{text: x, gag: false}", "does nothing"),
        ("{text: '', gag: true}", "text must not be empty"),
        ("{text: x, reply: ' '}", "reply must not be empty"),
        ("{text: x, command: []}", "does nothing"),
        ('{text: x, command: ["a\\nb"]}', "command.0 must be one line of text"),
        ('{text: x, command: "a\\nb"}', "must be one line of text"),
        ("{text: x, gag: true, lines: 3}", "has lines, which go with several patterns"),
        ("{all_of: [x, y], gag: true, lines: 0}", "lines must be at least 1"),
        ("{text: x, gag: true, per: who}", "has per, which goes with a cooldown"),
        ("{text: x, gag: true, cooldown: 5}", "write 5s"),
        ("{text: x, gag: true, count: 0}", "count must be at least 1"),
        ("{text: x, gag: true, on: promt}", "did you mean prompt?"),
        ("{all_of: [x, y], gag: true, on: prompt}", "a prompt is one line"),
        ("{all_of: [x, y], gag: true, color: red}", "goes with one pattern"),
        ("{text: x, gag: true, group: a//b}", "such as combat/heal"),
        ("{text: x, gag: true, group: /a}", "such as combat/heal"),
        ("{text: x, gag: yes}", "gag must be true or false"),
        ("{text: x, gag: true, coldown: 5s}", "did you mean 'cooldown'?"),
        ("{text: x, gag: true, ignorecase: true}", "did you mean 'ignore_case'?"),
        ("{text: 5, gag: true}", "text must be text: put it in quotes"),
        ("{text: x, gag: true, session: in}", "did you mean inn?"),
        ("{text: x, gag: true, session: [inn, elsewhere]}", "session: must be inn"),
        ("{text: x, gag: true, color: {1: red}}", "a key must be text: put it in quotes"),
        ("7", "triggers.1 must be a mapping"),
        ("{include: 3}", "include must be the path of a file"),
        ("{include: ''}", "include must be the path of a file"),
        ("{include: a.yaml, text: x}", "an include stands alone: take text out"),
        ("{include: nowhere.yaml}", "include: nowhere.yaml: there is no such file: its path starts from the folder"),
    ],
)
def test_a_wrong_entry_says_what_is_right(complaints: Complainer, entry: str, words: str) -> None:
    """At its line."""
    found = complaints(f"{HEAD}  - {{text: sound, gag: true}}\n  - {entry}\n".replace("triggers.0", "triggers.1"))
    assert any(
        line.startswith("config.yaml:4: ") and words.replace("triggers.0", "triggers.1") in line for line in found
    )


def test_triggers_must_be_a_list(complaints: Complainer) -> None:
    assert complaints("sessions: [{host: tavern}]\ntriggers: {text: x}\n") == [
        "config.yaml:2: triggers must be a list: write [one, two], or lines that start with '- '"
    ]


def test_a_name_is_given_once(complaints: Complainer) -> None:
    """The second place is named, and the first."""
    entry = "  - {name: greet, text: x, gag: true}\n"
    assert complaints(HEAD + entry + entry) == [
        "config.yaml:4: two triggers have the name 'greet', the first at config.yaml:3: give each its own"
    ]


def test_thousands_of_mistakes_are_not_listed_at_length(complaints: Complainer) -> None:
    found = complaints(HEAD + "  - {text: x}\n" * 3000)
    assert len(found) == 101
    assert "more problems from here on" in found[-1]


# -- files -------------------------------------------------------------------------------------------------------------


def files(folder: Path, **texts: str) -> Path:
    """Files of these names (``__`` for a folder) and texts; the path of config.yaml."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "config.yaml"


def names(config: Config) -> list[tuple[str | None, str]]:
    return [(trigger.text, trigger.where("text")) for trigger in config.triggers]


def complain(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return [str(problem) for problem in caught.value.problems]


def test_what_is_included_stands_where_the_include_does(tmp_path: Path) -> None:
    """Relative to the file that says so; each trigger knows its file and line."""
    path = files(
        tmp_path,
        config=HEAD + "  - {text: a, gag: true}\n  - include: more/b.yaml\n  - {text: e, gag: true}\n",
        more__b="# a list alone\n- {text: b, gag: true}\n- include: c.yaml\n",
        more__c="triggers:\n  - gag: true\n    text: c\n  - {include: ../d.yaml}\n",
        d="- {text: d, gag: true}\n",
    )
    assert names(load(path, environ={})) == [
        ("a", "config.yaml:3"),
        ("b", "more/b.yaml:2"),
        ("c", "more/c.yaml:3"),
        ("d", "d.yaml:1"),
        ("e", "config.yaml:5"),
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n", "triggers: []\n", "triggers:\n"])
def test_an_included_file_may_have_nothing_to_say(tmp_path: Path, text: str) -> None:
    path = files(tmp_path, config=HEAD + "  - {include: b.yaml}\n  - {text: e, gag: true}\n", b=text)
    assert [text for text, _ in names(load(path, environ={}))] == ["e"]


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    """With its own file and line, file by file."""
    path = files(
        tmp_path,
        config=HEAD + "  - {text: x, gagg: true}\n  - include: b.yaml\n  - include: c.yaml\nweb: {prot: 1}\n",
        b="- {text: x, gag: 1}\n- [\n",
        c="triggers:\n  - {texts: x, reply: 1}\n  - {pattern: 010, gag: true}\nsessions: []\n",
    )
    found = complain(path)
    for start in ("config.yaml:3: ", "config.yaml:6: ", "b.yaml:", "c.yaml:2: ", "c.yaml:4: "):
        assert any(line.startswith(start) for line in found), (start, found)


def test_a_file_that_is_no_list_says_so(tmp_path: Path) -> None:
    path = files(tmp_path, config=HEAD + "  - include: b.yaml\n", b="just words\n")
    assert complain(path) == [
        "b.yaml:1: must be a list of triggers (each begins with a dash), or have one under triggers:"
    ]


def test_a_file_within_itself_is_refused_by_the_way_that_led_there(tmp_path: Path) -> None:
    """However long it is, and whatever links it takes."""
    path = files(
        tmp_path,
        config=HEAD + "  - include: b.yaml\n",
        b="- include: more/c.yaml\n",
        more__c="- include: ../more/../b.yaml\n",
    )
    assert complain(path) == [
        "more/c.yaml:1: include: b.yaml would be within itself (b.yaml -> more/c.yaml -> b.yaml): take it out"
    ]
    (tmp_path / "link.yaml").symlink_to(tmp_path / "more" / "c.yaml")
    files(tmp_path, b="- include: link.yaml\n", more__c="- include: link.yaml\n")
    assert "would be within itself" in complain(path)[0]


def test_a_file_is_included_once(tmp_path: Path) -> None:
    """Files that each include the next one twice would be triggers without end."""
    texts = {f"f{n}": f"- include: f{n + 1}.yaml\n" * 2 for n in range(6)}
    path = files(tmp_path, config=HEAD + "  - include: f0.yaml\n", f6="- {text: x, gag: true}\n", **texts)
    found = complain(path)
    assert len(found) == 6
    assert found[-1] == "f0.yaml:2: include: f1.yaml is included already at f0.yaml:1: once is enough"


def test_files_within_files_have_an_end(tmp_path: Path) -> None:
    texts = {f"f{n}": f"- include: f{n + 1}.yaml\n" for n in range(20)}
    path = files(tmp_path, config=HEAD + "  - include: f0.yaml\n", **texts)
    assert complain(path) == ["f7.yaml:1: include: more than 8 files within each other: include f8.yaml further up"]


def test_a_folder_and_a_file_of_another_kind_are_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "gbk.yaml").write_bytes("- {text: x, gag: true}\n- {text: 你好}\n".encode("gbk"))
    path = files(
        tmp_path, config=HEAD + "  - include: folder\n  - include: gbk.yaml\n  - include: ~nobody-has-this/x\n"
    )
    found = complain(path)
    assert found[0].startswith("config.yaml:3: include: folder: is a directory")
    assert found[1] == "config.yaml:5: include: no file can have this name: check the path"
    assert found[2] == "gbk.yaml:2: is not UTF-8 from this line on: save the file as UTF-8 in your editor"


def test_an_included_file_may_be_larger_than_the_configuration(tmp_path: Path) -> None:
    """A set of triggers that another client wrote is; the configuration's own bounds stay as they are."""
    many = "".join(f"- {{text: trigger number {n}, gag: true, group: a/b}}\n" for n in range(25_000))
    assert len(many) > 1 << 20
    path = files(tmp_path, config=HEAD + "  - include: many.yaml\n", many=many)
    assert len(load(path, environ={}).triggers) == 25_000
    files(tmp_path, config=HEAD + "".join(f"  {line}\n" for line in many.splitlines()))
    assert complain(path)[0].endswith("is longer than 1,048,576 bytes: is this the right file?")


def test_all_files_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(include_module, "MAX_TRIGGERS", 3)
    path = files(tmp_path, config=HEAD + "  - include: b.yaml\n  - include: c.yaml\n",
                 b="- {text: x, gag: true}\n" * 2, c="- {text: x, gag: true}\n" * 2)  # fmt: skip
    assert complain(path) == ["c.yaml:2: more than 3 triggers in all from here on: leave some out"]


@pytest.mark.parametrize(
    ("bound", "words"), [("MAX_BYTES", "is longer than"), ("MAX_NODES", "values, aliases expanded")]
)
def test_included_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, words: str) -> None:
    """A bomb of aliases, or a file without an end, is no trigger file."""
    monkeypatch.setattr(include_module, bound, 60)
    path = files(tmp_path, config=HEAD + "  - include: b.yaml\n", b="- {text: x, gag: true}\n" * 30)
    assert words in complain(path)[0]


def test_what_is_sound_is_looked_at_further(tmp_path: Path) -> None:
    """``mudbot check`` goes on to the patterns though other entries are no triggers at all."""
    path = files(
        tmp_path,
        config=HEAD + "  - {text: a, gagg: true}\n  - {text: b, gag: true}\n  - include: c.yaml\n",
        c="- {text: c, gag: true}\n- 7\n- {text: d, gag: true}\n",
    )
    assert names(salvage(path, environ={})) == [("b", "config.yaml:4"), ("c", "c.yaml:1"), ("d", "c.yaml:3")]
