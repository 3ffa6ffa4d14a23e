"""TinTin++: what its actions did is what the triggers do.  The expected commands were seen from tt++ 2.02.20."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.errors import ConfigError
from mudbot.triggers.imports import convert
from tests.triggers.imports_stage import imported, only, reasons, sent


def triggers(text: str) -> list[dict[str, Any]]:
    return convert(text, "tintin").triggers


def act(pattern: str, body: str = "say 0=%0 1=%1", line: str = "") -> list[str]:
    """What ``#action {pattern} {body}`` sends for a line."""
    return sent(triggers(f"#action {{{pattern}}} {{{body}}}"), line)


@pytest.mark.parametrize(
    ("pattern", "body", "line", "commands"),
    [
        ("^%1 tells you '%2'", "say {%1} said %2;nod %1", "Bob tells you 'hi'", ["say {Bob} said hi", "nod Bob"]),
        ("have %d gold", "put %1 gold", "you have 42 gold coins", ["put 42 gold"]),
        ("%w and %2 and %*", "say %0 1=%1 2=%2 3=%3", "a and b and c", ["say a and b and c 1=a 2=b 3=c"]),
        ("a {x|y} b %3 c %4", "say %1 %3 %4", "a x b q c zz", ["say x q zz"]),
        ("two %2 one %1", "say 1=%1 2=%2", "two x one y", ["say 1=y 2=x"]),
        ("{(a|b)+} nn %w m", "say %1 %2 %3", "ab nn x m", ["say ab b x"]),
        ("brace \\x7B test", "say brace \\x7B", "brace { test", ["say brace {"]),
        ("%ihello World", "x", "HELLO world", ["x"]),
        ("mid %iCase", "x", "mid CASE", ["x"]),
        ("mid %iCase", "x", "Mid case", []),
        ("a%iB%Ic", "x", "abc", ["x"]),
        ("a%iB%Ic", "x", "abC", []),
        ("^esc %1$", "say \\x41b \\z \\! %1", "esc one", ["say Ab z ! one"]),
        ("vv %w", "say v=%1", "vv 你好", ["say v="]),
        ("^rng %+1..3d$", "say %1", "rng 42", ["say 42"]),
        ("^rng %+3d", "say %1", "rng 123456", ["say 123"]),
        ("y %+2..w z", "say %1", "y abc z", ["say abc"]),
        ("y %+1.. z", "say %1", "y abc z", []),
        ("^plus %+ end", "say %1", "plus hello end", ["say hello"]),
        ("q %? z", "say %1", "q x z", ["say x"]),
        ("neg %!w %w!", "say %1", "neg abc def!", ["say def"]),
        ("pct %% sign", "say %% 100% %d", "pct % sign", ["say % 100% %d"]),
        ("z1 %1 %%2", "say %%2 %1", "z1 a %2", ["say %2 a"]),
        ("tail \\$", "x", "tail $", ["x"]),
        ("cost $ x", "x", "cost $ x", ["x"]),
        ("end$", "x", "the end", ["x"]),
        ("end$", "x", "end of it", []),
        ("at a@b.c", "mail a@b.c", "at a@b.c", ["mail a@b.c"]),
        ("am &1 &x", "say &1 &x", "am &1 &x", ["say &1 &x"]),
        ("%S hits %S", "say %1 %2", "foo hits bar now", ["say foo bar"]),
        ("(x) [y] a|b c? d+ e* .", "x", "(x) [y] a|b c? d+ e* .", ["x"]),
        ("x\\d+ %1", "x", "x12 yy", []),
        ("x%!{foo|bar}%d", "say %1", "xfoo", ["say "]),
        ("x5 %.%.", "say %1%2", "x5 ab", ["say ab"]),
        ("x6 %p!", "say %1", "x6 abc def!", ["say abc def"]),
        ("x9 %x %9", "say %9 %x", "x9 %x q", ["say q %x"]),
        ("y2 <118>", "say <118>y", "y2 <118>", ["say <118>y"]),
        ("^y6 %u$", "say %1", "y6 你好", ["say 你好"]),
        ("y7 ~x", "x", "y7 ~x", ["x"]),
        ("rep", "#2 say hi;#2 {a;b};5 x", "rep", ["say hi", "say hi", "a", "b", "a", "b", "5 x"]),
        ("verb", "\\say esc;!x", "verb", ["say esc;!x"]),
        ("semi", "say a\\;b;say c", "semi", ["say a;b", "say c"]),
        ("send", "#send {x %0}", "send", ["x send"]),
        ("nop", "#nop hi {x;y};say c", "nop", ["say c"]),
        ("^Go {north|south}", "%1;look", "Go north", ["north", "look"]),
        ("tt", "say t;{say braces}", "tt", ["say t", "{say braces}"]),
        ("^【闲聊】%1：%*$", "chat %1说得对", "【闲聊】张三：你好", ["chat 张三说得对"]),
    ],
)  # fmt: skip
def test_an_action_does_what_it_did(pattern: str, body: str, line: str, commands: list[str]) -> None:
    assert act(pattern, body, line) == commands


def test_one_action_a_line_by_priority_and_then_by_its_bytes() -> None:
    """The lower number first; of equal ones ``B`` before ``a``."""
    found = triggers(
        "#action {tie} {last}\n#action {a tie} {second}\n#action {B tie} {first}\n#action {x} {late} {6}\n"
        "#action {xy} {early} {2.5}\n#action {x y} {middle} {4.5}"
    )
    assert sent(found, "B tie, a tie") == ["first"]
    assert sent(found, "a tie") == ["second"]
    assert sent(found, "xy, x y") == ["early"]
    assert sent(found, "x y tie") == ["middle"]
    assert sent(found, "x tie") == ["last"]


def test_gags_and_substitutions_do_not_hinder_actions() -> None:
    found = triggers("#action {gold} {smile} {1}\n#gag {gold}\n#substitute {%d gold} {%1 coins}")
    assert sent(found, "5 gold") == ["smile"]
    assert [sorted(each.keys() & {"gag", "substitute", "stop"}) for each in found] == [
        ["substitute"],
        ["gag"],
        ["stop"],
    ]
    assert min(each["priority"] for each in found if "command" not in each) > found[-1]["priority"]


def test_a_pattern_is_there_once_and_stays_in_its_class() -> None:
    found = triggers(
        "#class {a} {open}\n#action {x} {old}\n#action {gone} {x}\n#class {a} {close}\n#action {x} {new}\n"
        "#unaction {gone}\n"
        "#class {k} open\n#action {killed} {x}\n#class k {kill}\n"
    )
    assert [(each["text"], each["command"], each["group"]) for each in found] == [("x", "new", "a")]


def test_classes_open_in_one_another() -> None:
    found = triggers(
        "#class {a} open\n#class {b/c} open\n#act {1} {x}\n#class {b/c} close\n#act {2} {x}\n"
        "#class a close\n#act {3} {x}"
    )
    assert [each.get("group") for each in found] == ["b-c", "a", None]


def test_lines_go_on_while_a_brace_is_open() -> None:
    text = "#ACTION {multi}\n{\n\tsay one;\n\tsay two\n\t;say\n\tthree\n}\n{4}\n#action {next} {x}"
    found = triggers(text)
    assert found[0]["command"] == ["say one", "say two", "say three"]
    assert found[0]["priority"] == 1
    assert found[1]["text"] == "next"


def test_comments_count_outside_of_braces_only() -> None:
    found = triggers("/* #action {a} {b} /* c */ */#action {x} {say /* y */};#nop #action {c} {d};#action {z} {q}")
    assert [(each["text"], each["command"]) for each in found] == [("x", "say /* y */"), ("z", "q")]


def test_the_first_sign_of_the_file_is_its_command_sign() -> None:
    assert only(convert("/* head */\n!action {x} {!3 {y};#z}", "tintin"))["command"] == ["y", "y", "y", "#z"]


@pytest.mark.parametrize("word", ["#ac", "#act", "#ACTION", "#a"])
def test_commands_may_be_abbreviated(word: str) -> None:
    assert only(convert(f"{word} {{x}} {{y}}", "tintin"))["command"] == "y"


def test_arguments_need_no_braces() -> None:
    assert sent(triggers("#act foo say two words;#act bar baz"), "foo", "bar") == ["say two words", "baz"]


def test_an_action_that_takes_itself_away_fires_once() -> None:
    for text in ("#action {self} {x;#unaction {self}}", "#line oneshot #action {self} {x}"):
        found = triggers(text)
        assert found[0]["count"] == 1
        assert sent(found, "self", "self") == ["x"]


def test_a_line_that_is_gagged_in_passing() -> None:
    assert only(convert("#action {x} {#line gag;y}", "tintin"))["gag"] is True
    assert only(convert("#sub {x} {.}", "tintin"))["gag"] is True


@pytest.mark.parametrize(
    ("codes", "color"), [("1;32", "bright green"), ("31", "red"), ("0;33;44", "yellow on blue"), ("91", "bright red")]
)
def test_one_colour_at_the_start_is_asked_for(codes: str, color: str) -> None:
    found = convert(f"#action {{~^\\e[{codes}mgreen %1\\e[0m$}} {{say %1}}", "tintin")
    assert only(found)["color"] == color
    assert sent(found.triggers, "green bob") == ["say bob"]
    assert "colour of the whole match" in reasons(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#action {$target hits} {x}", "variable"),
        ("#action {cost $5} {x}", "variable"),
        ("#action {{a$b}} {x}", "variable"),
        ("#action {@f{x}} {x}", "function"),
        ("#action {&{x}} {x}", "variable"),
        ("#action {a\\nb} {x}", "several lines"),
        ("#action {{a\\nb}} {x}", "several lines"),
        ("#action {~a\\e[1mb} {x}", "colour codes"),
        ("#action {~^\\e[1ma\\e[0mb} {x}", "names no colour"),
        ("#action {~^\\e[31ma\\e[0mb} {x}", "in the middle"),
        ("#action {~^\\e[38;5;1ma} {x}", "no counterpart"),
        ("#action {\\e[1ma} {x}", "never fires"),
        ("#action {%c} {x}", "colour codes"),
        ("#action {%U} {x}", "broken bytes"),
        ("#action {%1 {(a)(b)}} {x}", "confuses"),
        ("#action {bad {(}} {x}", "not closed"),
        ("#action {{x{2}{3}}} {x}", "multiple repeat"),
        ("#action {x} {kill $target}", "variable"),
        ("#action {x} {say @f{y}}", "function"),
        ("#action {x} {say \\n}", "control character"),
        ("#action {x} {say \\x07}", "control character"),
        ("#action {x} {say hi\\}", "half a line"),
        ("#action {x} {say %2}", "no %2"),
        ("#action {^Go %1} {%1}", "stands where the command does"),
        ("#action {^Go %1} {say a\\;%1}", "stands where the command does"),
        ("#action {x} {#if {1} {y}}", "conditions"),
        ("#action {x} {#delay {1} {y}}", "delay"),
        ("#action {x} {#showme {y}}", "no screen"),
        ("#action {x} {#cr}", "empty line"),
        ("#action {x} {#unknowncommand}", "no counterpart"),
        ("#action {x} {#999999999999 {y}}", "200 are enough"),
        ("#action {x} {#200 {y};#200 {z}}", "400 commands"),
        ("#action {x} {}", "only shows"),
        ("#action{x} {y}", "blank"),
        ("#highlight {x} {red}", "no screen"),
        ("#alias {kk} {kill}\n#action {x} {kk orc}", "alias of line 1"),
        ("#variable {v} {1}\n#action {x} {say &v}", "variable"),
        ("#unaction {%*}", "several at once"),
        ("#class {x} {save}", "only open"),
        ("say hello", "when the file is read"),
        ("#if {1} {#action {x} {y}}", "depends on a condition"),
        ("#line oneshot {#action {x} {y}}", "no counterpart"),
    ],
)
def test_what_is_not_carried_over_is_said(text: str, why: str) -> None:
    found = convert(text, "tintin")
    assert found.triggers == []
    assert why in reasons(found)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("#action {x} {say hi;#var y 1}", "#var y 1"),
        ("#action {%.死了} {say hi}", "%.死了"),
        ("#action {x} {y} {high}", "priority high"),
        ("#action {x} {y} {77}", "priority 77"),
        ("#substitute {x} {<118>y<099>}", "its colours"),
    ],
)
def test_what_is_carried_in_part_is_told_beside_it(text: str, what: str) -> None:
    found = convert(text, "tintin")
    assert len(found.triggers) == 1
    assert [note.trigger for note in found.notes] == [0]
    assert what in found.notes[0].what


@pytest.mark.parametrize(
    ("text", "where"), [("\n#action {x} {y\n", "line 2"), ("#act {x} {y}\n}", "line 2"), ("a\n/* b", "line 2")]
)
def test_a_file_that_tintin_would_not_read_is_no_file(text: str, where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        convert(text, "tintin")
    assert refused.value.problems[0].where == where
    assert "mend it" in refused.value.problems[0].message


def test_an_evenings_work() -> None:
    """A whole file: English, classes, priorities, lines, everything that is refused beside what is not."""
    found = imported("arctic.tin")
    assert len(found.triggers) == 22
    assert sent(found.triggers, "Bob tells you 'hi'", "You are bleeding badly", "The orc arrives from the north.") == [
        "reply I heard: hi", "bandage", "drink heal", "kill orc", "say Came from north; watch it",
    ]  # fmt: skip
    assert sent(found.triggers, "A rat is DEAD!!") == ["get all corpse", *["put gold bag"] * 3, "sacrifice corpse"]
    assert {note.where for note in found.notes} >= {"line 5", "line 28", "line 34", "line 53"}


def test_an_evening_in_chinese() -> None:
    found = imported("xkx.tin")
    assert len(found.triggers) == 12
    assert sent(found.triggers, "张三(zhangsan)告诉你：在吗", "黑衣人对着你发出一阵阴笑", "你的气血只剩下 30 点") == [
        "reply 收到：在吗", "kill 黑衣人", "eat jinchuang yao",
    ]  # fmt: skip
