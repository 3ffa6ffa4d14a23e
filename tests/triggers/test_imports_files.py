"""Whole files: their encoding, whose they are, what is written for them, and that nothing breaks the importer."""

from __future__ import annotations

import re
import warnings

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mudbot.config.triggers import TriggerConfig
from mudbot.errors import ConfigError, MudbotError
from mudbot.triggers.data import written
from mudbot.triggers.imports import MAX_BYTES, SOURCES, Imported, Note, Source, convert, decode, detect, to_yaml
from mudbot.triggers.imports.found import commands_of, patterns_of
from tests.triggers.imports_stage import FILES, imported, text_of


@pytest.mark.parametrize("name", FILES)
def test_whose_a_file_is_is_found_out(name: str) -> None:
    assert detect(text_of(name)) == FILES[name]
    assert detect("\ufeff\n" + text_of(name).removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n')) == FILES[name]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("<!-- a --> <?x y?>\n<!DOCTYPE muclient [\n<!ENTITY a 'b'>\n]>\n<muclient>", "mushclient"),
        ("<triggers>", "mushclient"),
        ("<MudletPackage version='1'>", "mudlet"),
        ("  #ACT {a} {b}", "tintin"),
        ("/action {a} {b}", "tintin"),
        ("# a comment\nimport pymud\n", "pymud"),
        ("x = SimpleTrigger(s, 'a', 'b')", "pymud"),
    ],
)
def test_a_few_words_are_enough(text: str, source: Source) -> None:
    assert detect(text) == source


@pytest.mark.parametrize("text", ["", "hello", "triggers:\n  - text: a", "<html>", "<", "{}", "# heading\n\ntext"])
def test_a_file_of_nobody_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--from|neither Mudlet"):
        detect(text)


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [(None, "utf-8"), (None, "utf-8-sig"), ("utf-8", "utf-8"), ("gb18030", "gbk"), ("big5", "big5")],
)
def test_files_are_utf8_or_what_is_said(encoding: str | None, codec: str) -> None:
    text = "#action {張三說} {點頭}\n"
    assert decode(text.encode(codec), encoding) == text


@pytest.mark.parametrize(
    ("data", "encoding", "why"),
    [
        ("a\n张三".encode("gbk"), None, r"--encoding gb18030 .* in line 2"),
        (b"\xff\xfe\x00", None, "UTF-16"),
        (b"PK\x03\x04", None, "unpack"),
        (b"\x81", "big5", "is not big5"),
        (b"\xff", "gb18030", "is not gb18030"),
        (b"\xe9", "utf-8", "is not utf-8"),
        (bytes(MAX_BYTES + 1), None, "64 MB"),
    ],
)
def test_other_bytes_are_refused_with_the_remedy(data: bytes, encoding: str | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        decode(data, encoding)


def check(found: Imported) -> None:
    """What is written is read as what was found, and every trigger of it can work."""
    assert yaml.safe_load(to_yaml(found, "a test")) == {"triggers": found.triggers}
    names = [trigger["name"] for trigger in found.triggers if "name" in trigger]
    assert len(set(names)) == len(names)
    assert all(note.trigger is None or note.trigger < len(found.triggers) for note in found.notes)
    for trigger in found.triggers:
        made = written(TriggerConfig.model_validate(trigger))
        assert [template.text for template in made.commands] == commands_of(trigger)
        assert list(made.trigger.patterns) == patterns_of(trigger)


@pytest.mark.parametrize("name", FILES)
def test_files_are_written_so_that_they_are_read_again(name: str) -> None:
    check(imported(name))


def test_people_can_read_what_is_written() -> None:
    text = to_yaml(imported("xkx.tin"), "Imported from xkx.tin")
    assert text.startswith("# Imported from xkx.tin\n# A command is sent only if config.yaml says so")
    assert "  - text: 【广告】\n    priority: 10\n    gag: true\n" in text
    assert "    command:\n    - yun recover\n    - yun regenerate\n" in text


def test_what_was_not_carried_over_stands_beside_the_trigger_or_at_the_end() -> None:
    lines = to_yaml(imported("arctic.tin"), "x").splitlines()
    beside = next(n for n, line in enumerate(lines) if "#var hungry 0" in line)
    assert lines[beside + 1] == "  - pattern: ^(?i:you feel hungry)"
    end = lines.index("# Nothing of these is carried over:")
    assert any(line.startswith("# line 47: #highlight") for line in lines[end:])


def test_no_text_leaves_its_place_in_the_file() -> None:
    """Line breaks, marks of direction and controls of names and notes: neither a key nor a terminal obeys them."""
    evil = "a\ntriggers: []\r\u2028\u202e\x1b[2J\x85: {"
    found = Imported(
        [{"name": evil, "text": evil, "gag": True}], [Note("line 1", evil, evil, 0), Note("line 2", evil, evil)]
    )
    text = to_yaml(found, evil)
    assert yaml.safe_load(text) == {"triggers": found.triggers}
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text)


def test_nothing_found_is_an_empty_list() -> None:
    assert yaml.safe_load(to_yaml(Imported([], []), "x")) == {"triggers": []}


# -- whatever the text ----------------------------------------------------------------------------------------------

_WORDS = st.sampled_from([
    "#action", "#act", "#gag", "#sub", "#class", "#line", "#3", "{", "}", ";", "\\", "%1", "%*", "%%", "%+1..3d",
    "%i", "$", "~", "^", "\\e[1m", "(", ")", "[", "]", "(?i)", "(?<n>", "(?", "\\Q", "\\E", "\\K", "|", "*", "+",
    "a", "你", " ", "\n", "\x00", "\ud800", "open", "send(", "matches[", "multimatches[1]", "..", '"', "'", "--[[",
    "[[", "if", "then", "end", "return", "function", "repeat", "until", "=", ",", "SimpleTrigger(", "s,", "r'",
    "@trigger(", "f'{", "def f(a, b):\n  ", "x.writeline(", "wildcards[0]", "/*", "*/", "#2 {", "#if", "@f{", "&{",
    "\\x41", "\\n", "{1}", "{{",
])  # fmt: skip
_TEXT = st.lists(st.one_of(_WORDS, st.text(max_size=3)), max_size=25).map("".join)
_KINDS = st.integers(-1, 9).map(str)


def xml(text: str) -> str:
    return re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff<&>'\"]", ".", text)


_INNER = (
    "<Trigger><mCommand>x</mCommand><regexCodeList><string>y</string></regexCodeList>"
    "<regexCodePropertyList><integer>0</integer></regexCodePropertyList></Trigger>"
)
_MUDLET = st.builds(
    lambda patterns, script, command, multi, inner: (
        f"<MudletPackage><TriggerPackage><TriggerGroup><name>{command}</name>"
        f"<Trigger isMultiline='{multi}'><name>{command}</name>"
        f"<script>{script}</script><mCommand>{command}</mCommand><conditonLineDelta>1</conditonLineDelta><regexCodeList>"
        + "".join(f"<string>{text}</string>" for _, text in patterns)
        + "</regexCodeList><regexCodePropertyList>"
        + "".join(f"<integer>{kind}</integer>" for kind, _ in patterns)
        + f"</regexCodePropertyList>{inner}</Trigger></TriggerGroup></TriggerPackage></MudletPackage>"
    ),
    st.lists(st.tuples(_KINDS, _TEXT.map(xml)), max_size=3),
    _TEXT.map(lambda text: re.sub("[<&\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]", ".", text)),
    _TEXT.map(xml),
    st.sampled_from(["yes", "no"]),
    st.sampled_from(["", _INNER]),
)  # fmt: skip
_MUSHCLIENT = st.builds(
    lambda match, send, target, regexp, multi, expand: (
        f"<triggers><trigger enabled='y' sequence='1' match='{match}' regexp='{regexp}' multi_line='{multi}' "
        f"send_to='{target}' expand_variables='{expand}' name='{send}' group='{send}'>"
        f"<send>{send}</send></trigger></triggers>"
    ),
    _TEXT.map(xml), _TEXT.map(xml), st.integers(-1, 15), *[st.sampled_from("yn")] * 3,
)  # fmt: skip
_PYMUD = st.builds(
    lambda pattern, code, body: (
        f"SimpleTrigger(s, {pattern!r}, {code!r})\nclass A:\n  @trigger({pattern!r})\n"
        f"  def f(self, id, line, wildcards):\n    {body}\n"
    ),
    _TEXT, _TEXT, st.one_of(_TEXT, _TEXT.map(lambda text: f"self.session.writeline({text!r})")),
)  # fmt: skip
_TINTIN = st.builds(
    lambda pattern, body, more: f"#action {{{pattern}}} {{{body}}}\n#sub {{{pattern}}} {{{body}}}\n{more}",
    _TEXT,
    _TEXT,
    _TEXT,
)
_SHAPED: dict[Source, st.SearchStrategy[str]] = {
    "tintin": _TINTIN, "mudlet": _MUDLET, "mushclient": _MUSHCLIENT, "pymud": _PYMUD,
}  # fmt: skip


def survives(text: str, source: Source) -> None:
    """Either ConfigError, or triggers that can work and are written so that they are read again."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = convert(text, source)
        except MudbotError:
            return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of patterns that a later Python may read otherwise
        check(found)


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=60, deadline=None)
@given(text=_TEXT)
@example(text="")
@example(text="#action {a} {b}\x00")
def test_no_text_breaks_it(source: Source, text: str) -> None:
    survives(text, source)


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_file_of_the_right_shape_breaks_it(source: Source, data: st.DataObject) -> None:
    survives(data.draw(_SHAPED[source]), source)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=40), encoding=st.sampled_from([None, "utf-8", "gb18030", "big5", "latin-1"]))
def test_no_bytes_break_the_reading(data: bytes, encoding: str | None) -> None:
    try:
        detect(decode(data, encoding))
    except MudbotError:
        return
