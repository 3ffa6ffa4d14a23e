"""Triggers of a configuration: what may stand in them, what groups do in their texts, and how often they act."""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any, cast

import pytest

from mudbot.config import TriggerConfig
from mudbot.errors import GateError, PatternError
from mudbot.mud import dialect
from mudbot.mud.gate import Gate
from mudbot.triggers.data import Template, Throttle, filled, harmless, problems, written
from tests.mud.hostile import corpus
from tests.mud.parsers.base import Act, Model


def config(**keys: Any) -> TriggerConfig:
    keys.setdefault("reply", "x")
    made = TriggerConfig.model_validate(keys)
    return made.placed({"": "c.yaml:1"} | {key: f"c.yaml:{number}" for number, key in enumerate(keys, 2)})


def matched(trigger: TriggerConfig, line: str) -> tuple[re.Match[str], ...]:
    found = written(trigger).trigger.patterns[0].compiled().search(line)
    assert found is not None
    return (found,)


# -- texts with groups -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, {who}!", "Hello, Ann!"),
        ("{1} and {0} and {2}.", "Ann and Ann came and ."),
        ("{{who}} {{{who}}}", "{who} {Ann}"),
        ("no groups", "no groups"),
        ("{who}{who}", "AnnAnn"),
    ],
)
def test_groups_are_put_in_by_name_and_number(text: str, said: str) -> None:
    """One that took no part is nothing; doubled braces are braces."""
    assert Template(text).fill({"0": "Ann came", "1": "Ann", "who": "Ann"}) == said


def test_a_group_is_not_looked_at_again() -> None:
    """Whoever is called {2} gets no other group's value."""
    assert Template("{1} {2}").fill({"1": "{2}", "2": "secret"}) == "{2} secret"


@pytest.mark.parametrize("text", ["{", "}", "a { b", "{who", "who}", "{}", "{a b}", "{{}", "{who.real}", "{0!r}"])
def test_a_lonely_brace_is_a_mistake(text: str) -> None:
    """And the message says how to write one."""
    with pytest.raises(PatternError, match="stands alone: write"):
        Template(text)


@pytest.mark.parametrize(
    "value", ["Ann", "张三", "Анна", "x", "_", "2.guard", "old man", "O'Neil", "Jean-Luc", "a.b", "7", "x" * 60, "٣"]
)
def test_names_and_numbers_may_go_into_a_command(value: str) -> None:
    assert harmless(value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "a;b", "a|b", "a%b", "a b ", " a", "a  b", "a\tb", "a\nb", "a\\b", "$a", "{a}", "a&b", "a^b", "a@b",
     "a,b", "a:b", 'a"b', "a!", "-r", "'x", ".x", "x" * 61, "a\u200bb", "a\u0301", "a\x00b", "a=b", "a/b", "a`b",
     "ａ；ｂ", "a\u2028b", "a\u3000b", "a\xa0b", "(a)", "[a]", "<a>", "#1", "*", "?", "~", "+"],
)  # fmt: skip
def test_nothing_else_may(value: str) -> None:
    """No separator, no markup, no sign, nothing invisible."""
    assert not harmless(value)
    with pytest.raises(GateError, match=r"'kill \{1\}': .*group 1"):
        Template("kill {1}").command({"1": value})


def test_of_several_commands_all_are_sent_or_none() -> None:
    trigger = config(pattern="^(.*) and (.*)$", command=["kill {1}", "kill {2}"])
    assert filled(written(trigger), matched(trigger, "Ann and Bob"))[0] == ("kill Ann", "kill Bob")
    with pytest.raises(GateError):
        filled(written(trigger), matched(trigger, "Ann and Bob;quit"))


def test_a_reply_takes_any_words() -> None:
    """They pass the gate as words."""
    trigger = config(pattern="^(.*)$", reply="{1}!", prompt="Who is {1}?")
    assert filled(written(trigger), matched(trigger, "a;b|c")) == ((), "a;b|c!", "Who is a;b|c?")


# -- what is wrong with a trigger --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"pattern": "(a"}, "pattern", "is not a regular expression"),
        ({"pattern": "(?<=a+)b"}, "pattern", "look-behind"),
        ({"all_of": ["a", "(b"]}, "all_of", "is not a regular expression"),
        ({"pattern": "a", "color": "blu"}, "color", "'blu' is no colour"),
        ({"pattern": "a", "color": {"1": "red"}}, "color", "no pattern has the group '1'"),
        ({"pattern": "a", "when": "hp <"}, "when", "is no condition"),
        ({"pattern": "a", "when": "__import__('os')"}, "when", "it may call only"),
        ({"pattern": "(?P<who>a)", "cooldown": 5.0, "per": "whom"}, "per", "no pattern has the group 'whom'"),
        ({"pattern": "(?P<who>a)", "reply": "{whom}"}, "reply", "did you mean 'who'?; there are 0, 1, who"),
        ({"pattern": "a", "reply": "{1}"}, "reply", "no pattern has the group '1'; there are 0"),
        ({"pattern": "a", "reply": "{"}, "reply", "write {{ for a brace"),
        ({"pattern": "a", "prompt": "{x}"}, "prompt", "no pattern has the group 'x'"),
        ({"pattern": "a", "substitute": "{x}"}, "substitute", "no pattern has the group 'x'"),
        ({"pattern": "a", "command": ["nod", "nod {x}"]}, "command", "no pattern has the group 'x'"),
        ({"glob": "*", "command": ["nod {2}"]}, "command", "no pattern has the group '2'; there are 0, 1"),
        ({"pattern": "(.*)", "command": ["{1}"]}, "command", "whoever chose that text would choose the command"),
        ({"pattern": "(.*)", "command": ["{0}"]}, "command", "would choose the command"),
        ({"pattern": "(.*)", "command": ["'{1}"]}, "command", "would choose the command"),
        ({"pattern": "(.*)", "command": ["nod;{1} x"]}, "command", "would choose the command"),
        ({"pattern": "(.*)", "command": ["get all;{1} x"]}, "command", "would choose the command"),
        ({"pattern": "(.*) (.*)", "command": ["{2}{1} x"]}, "command", "would choose the command"),
        ({"pattern": "(a|(b.)) x", "command": ["{1}"]}, "command", "would choose the command"),
    ],
)
def test_a_mistake_is_told_at_its_key(keys: dict[str, Any], key: str, words: str) -> None:
    trigger = config(**keys)
    found = problems(trigger)
    assert [problem.where for problem in found] == [trigger.where(key)]
    assert words in found[0].message


def test_all_mistakes_of_a_trigger_are_told_at_once() -> None:
    found = problems(config(pattern="(a)", color="blu", when="hp <", reply="{2}", command=["{1}x", "nod {b}", "}"]))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("you go (north|south)", "{1}"),
        ("you go (?P<way>[nsew]|north(?:east|west)) now", "{way}"),
        ("(?i)you go (up|down)", "{1} {1}"),
        ("(.*) bleeds", "bandage {1}"),
        ("(.*) bleeds", "get all; bandage {1}"),
        ("(.*) bleeds", "cast 'cure light' {1}"),
        ("(.*) bleeds", "n"),
    ],
)
def test_a_group_of_fixed_words_may_be_the_command(pattern: str, command: str) -> None:
    """And every group may stand behind one."""
    assert problems(config(pattern=pattern, command=[command])) == []


def test_a_trigger_is_called_by_its_name_or_place() -> None:
    assert (written(config(text="a")).trigger.name, written(config(text="a", name="b")).trigger.name) == (
        "c.yaml:1",
        "b",
    )


# -- how often ---------------------------------------------------------------------------------------------------------


def test_ten_times_in_ten_seconds_then_a_minute_of_rest() -> None:
    """The rest is over in a minute, however much comes meanwhile."""
    throttle = Throttle()
    assert [throttle.take(at / 10) for at in range(12)] == [True] * 10 + [False] * 2
    assert throttle.resting(60.9)
    assert not throttle.take(60.9)
    assert not throttle.resting(61.0)
    assert [throttle.take(61.0) for _ in range(11)] == [True] * 10 + [False]


def test_what_goes_slowly_goes_on_for_ever() -> None:
    throttle = Throttle()
    assert all(throttle.take(float(at)) for at in range(500))


# -- hostile groups ----------------------------------------------------------------------------------------------------

TEMPLATES = ("nod {1}", "give {1} to bob", "say hello {1}", "emote hugs {1}", "cast 'cure' 2.{1} now", "kill {1}")
FAMILIES = ("generic", "evennia", "rom", "tbamud", "pennmush", "lambdamoo", "ranvier", "deadsouls", "nt7", "oiuv",
            "xkx", "pkuxkx")  # fmt: skip


def model_of(family: str) -> Model:
    return cast("Model", importlib.import_module(f"tests.mud.parsers.{family}"))


def gist(acts: list[Act]) -> list[tuple[str, str, tuple[str, ...]]]:
    """What a server does, apart from the words."""
    return [(act.kind, act.verb, act.evaluated) for act in acts]


@cache
def hostile() -> tuple[str, ...]:
    return tuple(one.text for one in corpus())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", TEMPLATES)
def test_no_group_makes_another_command(family: str, text: str) -> None:
    """Of every hostile string: the server does what the owner wrote, or nothing was sent."""
    model, template = model_of(family), Template(text)
    for encoding in model.ENCODINGS:
        gate = Gate(dialect.load(family), encoding)
        meant = gist(model.parse(gate.command(template.command({"1": "ann"})).data, encoding))
        for value in hostile():
            try:
                data = gate.command(template.command({"1": value})).data
            except GateError:
                continue
            assert gist(model.parse(data, encoding)) == meant, value


def test_without_the_rule_the_same_strings_do_harm() -> None:
    """The test above can fail: put in as they are, hundreds of them make a server do something else."""
    model, template, wrong = model_of("nt7"), Template("nod {1}"), 0
    meant = gist(model.parse(b"nod ann\r\n", "gbk"))
    for value in hostile():
        data = template.fill({"1": value}).encode("gbk", "replace") + b"\r\n"
        wrong += gist(model.parse(data, "gbk")) != meant
    assert wrong > 300


@pytest.mark.parametrize("value", ["Ann", "张三", "old man", "2.guard"])
def test_names_reach_every_server(value: str) -> None:
    """The rule refuses no honest name, where the server has its letters."""
    for family in FAMILIES:
        encodings = ("utf-8", "gbk") if family in ("nt7", "oiuv", "xkx", "pkuxkx") else ("utf-8",)
        for encoding in encodings if value.isascii() or not model_of(family).ASCII_ONLY else ():
            assert Gate(dialect.load(family), encoding).command(Template("nod {1}").command({"1": value})).data
