"""MUSHclient: attributes as its loader takes them, wildcards, what goes to the MUD and what does not."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest

from mudbot.errors import ConfigError
from mudbot.triggers.imports import Imported, convert
from tests.triggers.imports_stage import imported, only, reasons, sent


def world(send: str = "x", *, more: str = "", **attributes: object) -> Imported:
    given = {"enabled": "y", "sequence": "100", "keep_evaluating": "y", "match": "x"} | attributes
    written = "".join(f" {name}={quoteattr(str(value))}" for name, value in given.items() if value is not None)
    trigger = f"<trigger{written}><send>{escape(send)}</send></trigger>"
    return convert(f"<muclient><triggers>{trigger}</triggers>{more}</muclient>", "mushclient")


@pytest.mark.parametrize(
    ("match", "line", "commands"),
    [
        ("* tells you *", "Bob tells you hi", ["say Bob, hi, Bob tells you hi"]),
        ("* tells you *", "Bob tells you", []),
        ("What? [*] \\o/", "What? [a] \\o/", ["say a, What? [a] \\o/"]),
        ("What? [*] \\o/", "Whatx [a] \\o/", []),
    ],
)
def test_without_regexp_only_the_asterisk_counts(match: str, line: str, commands: list[str]) -> None:
    send = "say %1, %2, %0" if match.count("*") > 1 else "say %1, %0"
    assert sent(world(send, match=match).triggers, line) == commands


def test_a_plain_text_is_the_whole_line() -> None:
    found = world(match="You are hungry. (*really)".replace("*", ""))
    assert only(found)["exact"] == "You are hungry. (really)"


def test_regular_expressions_are_pcre_with_names() -> None:
    found = world(
        "say %<who>, %<2>, %1, %%, {x}", match=r"^(?P<who>\w+) hits\s(\w+)", regexp="y", ignore_case="y"
    ).triggers
    assert sent(found, "BOB HITS me") == ["say BOB, me, BOB, %, {x}"]
    assert sent(found, "你 hits me") == []


def test_every_line_of_send_is_a_command() -> None:
    assert sent(world("\na\r\n\nb;c\n").triggers, "x") == ["a", "b;c"]


def test_what_is_executed_goes_through_stack_and_aliases() -> None:
    more = '<world enable_command_stack="y" command_stack_character="|" />'
    more += '<aliases><alias match="kk *"/><alias match="(" regexp="y"/></aliases>'
    found = world("a|b|kk orc", send_to="10", more=more)
    assert sent(found.triggers, "x") == ["a", "b"]
    assert "alias of line 1" in reasons(found)
    assert sent(world("kk orc|a", send_to="0", more=more).triggers, "x") == ["kk orc|a"]


def test_the_lower_sequence_comes_first_and_one_fires() -> None:
    assert only(world(sequence="20", keep_evaluating=None)) == {
        "exact": "x",
        "priority": 80,
        "stop": True,
        "command": "x",
    }
    assert only(world(sequence="100")) == {"exact": "x", "command": "x"}


def test_what_is_missing_is_what_the_loader_makes_of_it() -> None:
    """Not enabled, sequence 0; with `defaults` or in an included list the other way round."""
    bare = "<trigger match='x'><send>y</send></trigger>"
    found = only(convert(f"<triggers>{bare}</triggers>", "mushclient"))
    assert (found["enabled"], found["priority"]) == (False, 100)
    found = only(convert(f"<triggers defaults='y'>{bare}</triggers>", "mushclient"))
    assert "enabled" not in found
    assert "priority" not in found
    assert only(convert(bare, "mushclient"))["enabled"] is False


@pytest.mark.parametrize("yes", ["y", "Y", "yes", "1", "-1", "true", "T"])
def test_yes_is_said_in_many_ways(yes: str) -> None:
    assert only(world(one_shot=yes))["count"] == 1


def test_groups_gags_and_names() -> None:
    found = only(world(name="n", group="combat/heal", omit_from_output="y", enabled="n", send=""))
    assert found == {"name": "n", "exact": "x", "group": "combat-heal", "enabled": False, "gag": True}


def test_variables_are_variables_only_where_they_are_expanded() -> None:
    assert sent(world("a@b %C%N"[:3]).triggers, "x") == ["a@b"]
    found = world("kill @t\na@@b", expand_variables="y")
    assert sent(found.triggers, "x") == ["a@b"]
    assert "@t is a variable" in reasons(found)
    assert sent(world("a@@b").triggers, "x") == ["a@@b"]
    assert only(world(match="a@b"))["exact"] == "a@b"
    assert sent(world("name %N", name="{me}").triggers, "x") == ["name {me}"]


@pytest.mark.parametrize(
    ("attributes", "color"),
    [
        ({"text_colour": "1", "bold": "y"}, "bright red"),
        ({"text_colour": "2", "bold": "n"}, "green"),
        ({"text_colour": "7", "back_colour": "4", "match_back_colour": "y"}, "white on blue"),
    ],
)
def test_colours_are_asked_for(attributes: dict[str, str], color: str) -> None:
    found = world(match_text_colour="y", match_bold="y", **attributes)
    assert only(found)["color"] == color
    assert "first letter" in reasons(found)


@pytest.mark.parametrize(
    "attributes",
    [
        {"match_text_colour": "y", "text_colour": "1"},
        {"match_bold": "y"},
        {"match_italic": "y"},
        {"match_inverse": "y"},
        {"match_underline": "y"},
        {"match_text_colour": "y", "match_bold": "y", "text_colour": "12"},
    ],
)
def test_looks_that_cannot_be_asked_for_are_refused(attributes: dict[str, str]) -> None:
    """Without the condition it would fire on lines that it was not meant for."""
    assert world(**attributes).triggers == []


def test_several_lines_are_cut_where_they_end() -> None:
    found = world(
        "take %2 %<what>", match=r"^A chest (opens)\.\nIn it: (?<what>\w+)|none\nDone\Z", regexp="y", multi_line="y"
    )
    lines = ["A chest opens.", "In it: gold", "Done"]
    assert sent(found.triggers, *lines) == ["take gold gold"]
    assert sent(found.triggers, *lines[:2], "Done it") == []
    assert sent(found.triggers, "x", *lines[1:]) == []


@pytest.mark.parametrize(("match", "regexp"), [("a*b", "n"), (r"a[\s\S]b", "y"), (r"(a)\n\1", "y"), (r"(a\nb)", "y")])
def test_several_lines_that_cannot_be_cut_are_refused(match: str, regexp: str) -> None:
    assert world(match=match, regexp=regexp, multi_line="y").triggers == []


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"send_to": "12"}, "a script"),
        ({"send_to": "2"}, "output window"),
        ({"send_to": "9"}, "a variable"),
        ({"send_to": "11"}, "speed walk"),
        ({"send_to": "99"}, "unknown"),
        ({"send": "%1"}, "no %1"),
        ({"send": "%<a>"}, "no %a"),
        ({"send": "%C"}, "clipboard"),
        ({"match": "@target", "expand_variables": "y"}, "variable"),
        ({"match": r"\K", "regexp": "y"}, r"\K"),
        ({"match": "(?<=a|bc)", "regexp": "y"}, "fixed-width"),
        ({"match": ""}, "empty"),
        ({"match": "x" * 30_000}, "limit"),
    ],
)
def test_what_is_not_carried_over_is_said(attributes: dict[str, str], why: str) -> None:
    found = world(**attributes)
    assert found.triggers == []
    assert why in reasons(found)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"script": "OnX"}, "scripts"),
        ({"custom_colour": "3"}, "screen"),
        ({"make_bold": "y"}, "screen"),
        ({"sound": "x.wav"}, "hear"),
        ({"repeat": "y"}, "once"),
        ({"lowercase_wildcard": "y"}, "as they are"),
        ({"clipboard_arg": "1"}, "clipboard"),
    ],
)
def test_what_only_a_client_has_is_noted(attributes: dict[str, str], why: str) -> None:
    found = world(**attributes)
    assert found.notes[0].trigger == 0
    assert why in found.notes[0].why


def test_entities_and_other_files_are_refused() -> None:
    plugin = '<!DOCTYPE muclient [<!ENTITY x "y">]><muclient><triggers/></muclient>'
    for text, why in ((plugin, "declarations"), ("<html/>", "no file of MUSHclient"), ("<triggers>", "line")):
        with pytest.raises(ConfigError, match=why):
            convert(text, "mushclient")


def test_a_world() -> None:
    """A whole file: English and Chinese, every construct, what is refused beside what is not."""
    found = imported("world.mcl")
    assert len(found.triggers) == 14
    assert sent(found.triggers, "Bob tells you hi", "you are badly hurt", "张三(zhang)告诉你：在吗") == [
        "reply I heard hi, Bob", "drink badly potion", "say 100% {sure} badly", "stand", "reply 张三，收到",
    ]  # fmt: skip
    assert sent(found.triggers, "A chest opens.", "Inside is a ring.") == ["take ring"]
