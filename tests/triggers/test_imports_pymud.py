"""PyMUD: modules are read, never run; what is written out is carried over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mudbot.errors import ConfigError
from mudbot.triggers.imports import Imported, convert
from mudbot.triggers.imports.pymud import MAX_CHARACTERS
from tests.triggers.imports_stage import imported, only, reasons, sent


def simple(arguments: str, before: str = "", after: str = "") -> Imported:
    return convert(f"{before}\nSimpleTrigger(self.session, {arguments})\n{after}", "pymud")


def handled(body: str, pattern: str = r"^(\w+) (\w+)$") -> Imported:
    """A trigger whose method is *body*."""
    lines = "\n".join(f"        {line}" for line in body.split("\n"))
    return convert(f"class A:\n    @trigger(r'{pattern}')\n    def f(self, id, line, wildcards):\n{lines}\n", "pymud")


@pytest.mark.parametrize(
    ("pattern", "line", "fits"),
    [
        ("foo", "foo bar", True),
        ("foo", "a foo", False),
        ("foo|bar", "bar", True),
        ("foo|bar", "a bar", False),
        ("^foo|bar", "a bar", False),
        ("(foo|bar)[|]x", "bar|x", True),
        (r"\|a", "|a", True),
        ("(?i)FOO", "foo", True),
        ("(?is)F.O", "f\no", True),
        ("(?x) f o o # |", "foo", True),
        (r"\Afoo", "foo", True),
    ],
)
def test_it_matches_from_the_start_of_the_line(pattern: str, line: str, fits: bool) -> None:
    found = simple(f"r'{pattern}', 'x'").triggers
    assert sent(found, line) == (["x"] if fits else [])


def test_without_regular_expressions_a_part_is_enough() -> None:
    assert only(simple("'a (b', 'x', isRegExp=False)"[:-1]))["text"] == "a (b"


@pytest.mark.parametrize(
    ("code", "commands"),
    [
        ("a;b c", ["a", "b c"]),
        ("{a;b}", ["a", "b"]),
        ("say %1;nod %2", ["say Bob", "nod hits"]),
        ("say '%1' \"%1\"", ["say 'Bob' \"Bob\""]),
        ("say 'a %1'", ["say 'a %1'"]),
        ("say a%1", ["say a%1"]),
        ("#3 {a;b}", ["a", "b"] * 3),
        ("#2 #2 a", ["a"] * 4),
        ("#gag;say {x}", ["say {x}"]),
        ("a;;b", ["a", "b"]),
    ],
)
def test_code_does_what_it_did(code: str, commands: list[str]) -> None:
    assert sent(simple(f"r'^(\\w+) (\\w+)', {code!r}").triggers, "Bob hits") == commands


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("say %3", "no %3"),
        ("say %1!", "variable"),
        ("kill @target", "variable"),
        ("say I'm", "quotes"),
        ("#wa 100", "delay"),
        ("#replace x", "no counterpart"),
        ("#9999 x", "200 are enough"),
        ("#200 {x;y}", "400 commands"),
        ("{" * 50 + "x" + "}" * 50, "braces"),
        ("say \0", "quotes"),
        ("say \x07", "control character"),
    ],
)
def test_code_that_is_not_carried_over_is_said(code: str, why: str) -> None:
    found = simple(f"r'^(\\w+) (\\w+)', {code!r}")
    assert found.triggers == []
    assert why in reasons(found)


def test_options_become_keys() -> None:
    found = only(
        simple(
            "r'^x y', 'a', id='n', group='a.b', priority=70, keepEval=True, oneShot=True, ignoreCase=True,enabled=False"
        )
    )
    assert found == {
        "name": "n", "pattern": "^x y", "ignore_case": True, "group": "a/b", "enabled": False, "priority": 30,
        "count": 1, "command": "a",
    }  # fmt: skip
    assert only(simple("r'^x y', 'a'")) == {"pattern": "^x y", "stop": True, "command": "a"}


def test_several_lines_are_consecutive_and_their_groups_run_on() -> None:
    found = simple("(r'^A chest (opens)', r'^In it: (\\w+)'), 'say %1 %2'").triggers
    assert sent(found, "A chest opens", "In it: gold") == ["say opens gold"]
    assert sent(found, "A chest opens", "so", "In it: gold") == []


def test_constants_of_the_module_are_known() -> None:
    assert only(simple("WAKE + '!', CODE", "WAKE = '^a' 'b'\nCODE = 'x'"))["pattern"] == "^ab!"
    found = simple("WAKE, 'x'", "WAKE = 'a'\nWAKE = 'b'")
    assert "written out" in reasons(found)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("f'{x}', 'y'", "written out"),
        ("x(), 'y'", "written out"),
        ("5, 'y'", "written out"),
        ("r'x', make()", "written out"),
        ("r'x', 5", "no text"),
        ("r'x', 'y', **more", "written out"),
        ("r'x', 'y', priority=p", "written out"),
        ("r'(', 'y'", "unterminated"),
        ("r'x', 'y', raw=True", "colour codes"),
        ("['a'], 'y'", "at least two"),
        ("['a', 5], 'y'", "at least two"),
        ("['(?x)a', 'b'], 'y'", "verbose"),
        ("A, 'y'", "written out"),
    ],
)
def test_what_is_not_written_out_is_refused(arguments: str, why: str) -> None:
    found = simple(arguments, "A = B\nB = A")
    assert found.triggers == []
    assert why in reasons(found)


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ('self.session.writeline("a;b")', ["a", "b"]),
        ('"""Doc."""\npass\nself.session.exec("say " + wildcards[0] + f" {wildcards[1]}!")', ["say Bob hits!"]),
        ('cmd = f"get {wildcards[1]}"\nself.session.exec_command(cmd)', ["get hits"]),
        ('if line:\n    self.session.writeline("no")\nself.session.writeline("a")', ["a"]),
        ('self.session.writeline("a")\nreturn\nself.session.writeline("no")', ["a"]),
        ('self.session.writeline("{a}")', ["{a}"]),
    ],
)
def test_methods_that_only_send_are_read(body: str, commands: list[str]) -> None:
    assert sent(handled(body).triggers, "Bob hits") == commands


@pytest.mark.parametrize(
    "body",
    [
        "self.session.writeline(line)",
        "self.session.writeline(wildcards[2])",
        "self.session.writeline(wildcards[-1])",
        "self.session.writeline(other[0])",
        "self.session.writeline(f'{wildcards[0]:>9}')",
        "self.session.writeline(f'{wildcards[0]!r}')",
        "self.session.writeline('a', 'b')",
        "self.session.writeline(*wildcards)",
        "self.session.exec('say %1')",
        "self.session.exec('#3 x')",
        "self.session.info('x')",
        "x = 'a'\nx = f()\nself.session.writeline(x)",
        "x = 'a'\nfor x in y: pass\nself.session.writeline(x)",
        "if line:\n    return\nself.session.writeline('no')",
        "with x: self.session.writeline('no')",
        "os.system('rm')",
        "print",
    ],
)
def test_methods_that_do_more_are_refused(body: str) -> None:
    found = handled(body)
    assert found.triggers == []
    assert found.notes


def test_a_handler_is_found_where_it_is() -> None:
    text = (
        "def go(id, line, wildcards):\n    session.writeline('out')\n"
        "class A:\n"
        "    def go(self, id, line, wildcards):\n        self.session.writeline('in')\n"
        "    def __init__(self):\n"
        "        Trigger(self.session, r'^a', onSuccess=self.go)\n"
        "        Trigger(self.session, patterns=r'^b', onSuccess=go)\n"
        "        Trigger(self.session, r'^c', onSuccess=self.gone)\n"
        "        Trigger(self.session, r'^d')\n"
    )
    found = convert(text, "pymud")
    assert sent(found.triggers, "a", "b") == ["in", "out"]
    assert [note.where for note in found.notes] == ["line 9", "line 10"]


def test_aliases_of_ones_own_are_no_commands() -> None:
    found = simple("'^x', 'cb a;look'", after="SimpleAlias(self.session, r'^cb\\s(\\S+)', 'get %1')\nAlias(s, '(')")
    assert sent(found.triggers, "x") == ["look"]
    assert "alias of yours" in reasons(found)


def test_a_module_is_not_run(tmp_path: Path) -> None:
    """Neither the module, nor what it would evaluate, nor what it imports."""
    mark = tmp_path / "mark"
    opened = f"open({str(mark)!r}, 'w')"
    text = f"{opened}.close()\nSimpleTrigger(s, {opened}.name, 'x')\nimport nowhere_at_all\n"
    convert(text, "pymud")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def (", "no Python"),
        ("x = '\0'", "no Python"),
        ("(" * 5000, "no Python"),
        ("-" * 100_000 + "1", "no Python"),
        ("x" * (MAX_CHARACTERS + 1), "cut it up"),
    ],
)
def test_what_is_no_python_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        convert(text, "pymud")


def test_a_module() -> None:
    """A whole module: English and Chinese, every construct, what is refused beside what is not."""
    found = imported("pymud_module.py.txt")
    assert len(found.triggers) == 10
    lines = ("张三(zhang)告诉你：在吗", "阿三对你点了点头", "HP: 5/90", "one", "two things")
    assert sent(found.triggers, *lines) == [
        "reply 收到", "nod zhang", "say {好} '张三'", "nod 阿三", "say 5 of 90", "wave", "bow", "say things",
    ]  # fmt: skip
