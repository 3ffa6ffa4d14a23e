"""Mudlet: patterns of every kind, folders, chains, scripts as far as they can be told."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest

from mudbot.errors import ConfigError
from mudbot.triggers.imports import Imported, convert
from mudbot.triggers.imports.found import NotCarriedError
from mudbot.triggers.imports.lua import statements
from tests.triggers.imports_stage import imported, only, reasons, sent


def trigger(*patterns: tuple[int, str], script: str = "", command: str = "", inner: str = "", **more: str) -> str:
    attributes = "".join(
        f" {key}={quoteattr(value)}" for key, value in more.items() if key[0] != "m" and key != "delta"
    )
    fields = "".join(f"<{key}>{value}</{key}>" for key, value in more.items() if key[0] == "m")
    return (
        f"<Trigger{attributes}><name>t</name><script>{escape(script)}</script><mCommand>{escape(command)}</mCommand>{fields}"
        f"<conditonLineDelta>{more.get('delta', '0')}</conditonLineDelta>"
        f"<regexCodeList>{''.join(f'<string>{escape(text)}</string>' for _, text in patterns)}</regexCodeList>"
        f"<regexCodePropertyList>{''.join(f'<integer>{kind}</integer>' for kind, _ in patterns)}"
        f"</regexCodePropertyList>{inner}</Trigger>"
    )


def package(*parts: str, more: str = "") -> Imported:
    return convert(f"<MudletPackage><TriggerPackage>{''.join(parts)}</TriggerPackage>{more}</MudletPackage>", "mudlet")


@pytest.mark.parametrize(
    ("kind", "text", "fits", "fails"),
    [
        (0, "a (b).", "x a (b). y", "a b"),
        (1, r"^a(?<n>\d)\h$", "a1 ", "xa1 "),
        (2, "a.", "a. b", "b a."),
        (3, "a.", "a.", "a. b"),
    ],
)
def test_every_kind_of_text_looks_as_it_did(kind: int, text: str, fits: str, fails: str) -> None:
    found = package(trigger((kind, text), command="x")).triggers
    assert sent(found, fits) == ["x"]
    assert sent(found, fails) == []


def test_a_prompt_is_a_trigger_on_prompts() -> None:
    assert only(package(trigger((7, ""), command="x"))) == {"name": "t", "pattern": "^", "on": "prompt", "command": "x"}


@pytest.mark.parametrize(("kind", "why"), [(4, "Lua function"), (5, "spacer"), (6, "colour"), (9, "unknown kind")])
def test_other_kinds_are_refused(kind: int, why: str) -> None:
    found = package(trigger((kind, "x"), command="x"))
    assert found.triggers == []
    assert why in reasons(found)
    partly = package(trigger((kind, "x"), (0, "y"), command="x"))
    assert only(partly)["text"] == "y"
    assert partly.notes[0].trigger == 0


def test_of_several_patterns_one_is_enough_and_fires_once() -> None:
    found = package(trigger((0, "dragon"), (1, "(?i)^a (red|blue) demon"), command="flee")).triggers
    assert sent(found, "A RED demon and a dragon") == ["flee"]
    assert sent(found, "a dragon") == ["flee"]
    assert len(found) == 1


def test_several_patterns_whose_groups_are_used_are_a_trigger_each() -> None:
    found = package(trigger((1, r"^(\w+) waves"), (1, r"^(\w+) bows"), script='send("greet "..matches[2])'))
    assert sent(found.triggers, "Bob waves", "Ann bows") == ["greet Bob", "greet Ann"]
    assert [each["name"] for each in found.triggers] == ["t", "t 2"]
    assert "fits several" in reasons(found)


def test_patterns_that_refer_back_are_not_joined() -> None:
    found = package(trigger((1, r"(a)\1"), (1, r"(b)\1"), command="x"))
    assert sent(found.triggers, "aa", "bb", "ab") == ["x", "x"]


def test_all_patterns_within_some_lines() -> None:
    found = package(
        trigger((3, "A chest opens."), (1, r"^Inside is an? (\w+)$"), script="send('take '..multimatches[2][2])",
                isMultiline="yes", delta="2")
    )  # fmt: skip
    assert only(found)["lines"] == 3
    assert sent(found.triggers, "A chest opens.", "It creaks.", "Inside is a ring") == ["take ring"]
    assert sent(found.triggers, "Inside is a ring") == []
    assert "any order" in reasons(found)


@pytest.mark.parametrize(
    "script", ["send(matches[2])", "send(multimatches[3][2])", "send(multimatches[1][1])", "send(multimatches[2][9])"]
)
def test_of_several_patterns_only_their_own_groups_are_known(script: str) -> None:
    found = package(trigger((1, "(a)"), (1, "(b)"), script=script, isMultiline="yes"))
    assert found.triggers == []


def test_folders_are_groups_and_switch_off_what_is_in_them() -> None:
    inner = f"<TriggerGroup isActive='no'><name>Heal/Self</name>{trigger((0, 'x'), command='y')}</TriggerGroup>"
    found = package(f"<TriggerGroup isActive='yes'><name>Combat</name>{inner}</TriggerGroup>")
    assert only(found)["group"] == "Combat/Heal-Self"
    assert only(found)["enabled"] is False


def test_a_chain_wants_both_on_one_line() -> None:
    link = trigger((1, r"'(.+)'"), script='send("reply "..matches[2])')
    found = package(trigger((0, "tells you"), (0, "whispers"), inner=link))
    assert sent(found.triggers, "Bob tells you 'hi'", "Bob says 'hi'", "Bob whispers 'ho'") == ["reply hi", "reply ho"]
    assert only(found)["lines"] == 1


@pytest.mark.parametrize(
    "above",
    [
        {"patterns": ((4, "x"),)},
        {"patterns": ((0, "x"),), "isFilterTrigger": "yes"},
        {"patterns": ((0, "x"), (0, "y")), "isMultiline": "yes"},
        {"patterns": ((7, ""),)},
        {"patterns": ((1, r"(a)\1"), (0, "b"))},
    ],
)
def test_a_chain_that_cannot_be_told_is_refused(above: dict[str, object]) -> None:
    patterns = above.pop("patterns")
    assert isinstance(patterns, tuple)
    found = package(trigger(*patterns, inner=trigger((0, "z"), command="x"), **above))  # type: ignore[arg-type]
    assert found.triggers == []


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ('send("a {b}")', ["a {b}"]),
        ("send('a' .. \"b\" .. [[c]] .. 5)", ["abc5"]),
        ('send("kill "..matches[2], false)', ["kill Bob"]),
        ('send(("kill ") .. (matches[2]))', ["kill Bob"]),
        ('send("kill "..matches.who)', ["kill Bob"]),
        ('send("kill "..matches["who"])', ["kill Bob"]),
        ('send("all "..matches[1])', ["all Bob waves"]),
        ('sendAll("a", "b;;c", false)', ["a", "b", "c"]),
        ('send "a" -- comment\n--[[ more\n]] send [==[b]==];', ["a", "b"]),
        ('expandAlias("a")', ["a"]),
        (r'send("\65\x42\u{4f60}\z   c")', ["AB你c"]),
        ('local x = f(1)[2].y:z{} send("a")', ["a"]),
        ('a.b, c[1] = 1, not -#x send("a")', ["a"]),
        ('if x then send("no") elseif y then z() end send("a")', ["a"]),
        ('for i = 1, 3 do send("no") end while f() do g() end repeat h() until i == 2 send("a")', ["a"]),
        ('function f() return 1 end local function g() return 2 end send("a")', ["a"]),
        ('do local t = { 1, { 2 } } end send("a")', ["a"]),
        ('tempTimer(1, function() send("no") end) send("a")', ["a"]),
        ('send("a") return send("no")', ["a"]),
        ('if x then return end send("no")', []),
        ('error("x") send("no")', []),
        ('goto out send("no")', []),
        ("send(target)", []),
        ('send("a"..target)', []),
        ("send(matches[9])", []),
        ("send(matches.nobody)", []),
        ("send(matches[2]:lower())", []),
        ("send(string.lower(matches[2]))", []),
        ("send(-1)", []),
        ("send()", []),
        ('send("a", "b")', []),
        ("other.matches[2]()", []),
        ('send("a', []),
        ("send((((", []),
        ("@", []),
        (r'send("\228")', []),
    ],
)
def test_of_a_script_what_can_be_told_is_told(script: str, commands: list[str]) -> None:
    found = package(trigger((1, r"^(?<who>\w+) waves$"), script=script))
    assert sent(found.triggers, "Bob waves") == commands
    assert bool(found.triggers) or len(found.notes) > 1


def test_the_field_command_is_text_and_may_hold_several() -> None:
    assert sent(package(trigger((0, "x"), command="a {1};;b;c")).triggers, "x") == ["a {1}", "b;c"]
    profile = "<HostPackage><Host><mCommandSeparator>;</mCommandSeparator></Host></HostPackage>"
    assert sent(package(trigger((0, "x"), command="a;b"), more=profile).triggers, "x") == ["a", "b"]


def test_aliases_of_ones_own_are_no_commands() -> None:
    alias = r"<Alias><name>k</name><regex>^kk (\w+)$</regex></Alias><Alias><regex>(</regex></Alias>"
    aliases = f"<AliasPackage>{alias}</AliasPackage>"
    found = package(trigger((0, "x"), command="kk orc", script='send("kk orc") expandAlias("kk orc")'), more=aliases)
    assert sent(found.triggers, "x") == ["kk orc"]
    assert reasons(found).count("alias of yours") == 2
    assert "2 of AliasPackage" in reasons(found)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"isColorizerTrigger": "yes"}, "screen"),
        ({"isSoundTrigger": "yes"}, "hear"),
        ({"isPerlSlashGOption": "yes"}, "once at a line"),
        ({"mStayOpen": "3"}, "3 lines behind"),
    ],
)
def test_what_only_a_client_has_is_noted(more: dict[str, str], why: str) -> None:
    found = package(trigger((0, "x"), command="y", **more))
    assert found.notes[0].trigger == 0
    assert why in found.notes[0].why


def test_lines_are_gagged() -> None:
    assert only(package(trigger((0, "x"), script="deleteLine()")))["gag"] is True


def test_a_trigger_without_patterns_does_nothing() -> None:
    assert "never does anything" in reasons(package(trigger(command="x")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<muclient/>", "no export of Mudlet"),
        ("<MudletPackage>", "no element found"),
        ("not xml", "syntax error"),
        ("", "no element found"),
        ("<MudletPackage>" * 200, "in one another"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><MudletPackage>&a;</MudletPackage>', "declarations of its own"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><MudletPackage>&a;</MudletPackage>', "declarations"),
        ("<MudletPackage>&unknown;</MudletPackage>", "undefined entity"),
    ],
)
def test_what_is_no_export_is_refused_with_the_line(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        convert(text, "mudlet")
    assert why in refused.value.problems[0].message
    assert refused.value.problems[0].where.startswith("line ")


def test_a_document_type_from_elsewhere_is_not_fetched(tmp_path: object) -> None:
    """expat reads none; a bare one is what Mudlet itself writes."""
    text = f'<!DOCTYPE MudletPackage SYSTEM "{tmp_path}/no.dtd"><MudletPackage/>'
    assert convert(text, "mudlet").triggers == []


def test_lua_that_is_too_long_or_too_deep_is_a_program() -> None:
    for script in ("x() " * 10_000, "x(" * 200 + ")" * 200, "x=" + "{" * 300):
        with pytest.raises(NotCarriedError):
            statements(script)


def test_a_combat_package() -> None:
    """A whole export: English and Chinese, every construct, what is refused beside what is not."""
    found = imported("combat.xml")
    assert len(found.triggers) == 16
    assert sent(found.triggers, "Orc attacks you", "You are bleeding (badly)", "张三(zhang)告诉你：在吗") == [
        "kill Orc", "say Orc is mine; really", "bandage", "reply 张三，收到",
    ]  # fmt: skip
    assert [each["name"] for each in found.triggers if each["name"].startswith("告诉")] == ["告诉", "告诉 2"]
    assert all(each["enabled"] is False for each in found.triggers if each["group"] == "Combat/Heal-Self")
