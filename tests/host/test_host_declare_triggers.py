"""``@trigger``: what its method may ask for, how groups become that, and every mistake."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Mapping
from typing import Any

import pytest

from mudbot import Line, Prompt, Speech
from mudbot.host.marks import TriggerMark, trigger
from tests.host.declared import Way, declare, mark_of, mistake

MISTAKES = {
    "a group without a parameter": (
        "@trigger('(?P<who>.) (?P<what>.)')\nasync def hi(self, who): ...",
        "P.hi takes ['who'] but its pattern names ['what', 'who']; write a group (?P<name>...) for each parameter",
    ),
    "a misspelt parameter": (
        "@trigger('(?P<who>.)')\nasync def hi(self, whoo): ...",
        "P.hi takes ['whoo'] but its pattern names ['who']; did you mean 'who'?",
    ),
    "a match": (
        "@trigger('x')\nasync def hi(self, match): ...",
        "for all that was found, numbered groups too, take groups: Mapping[str, str]",
    ),
    "no self": ("@trigger('(?P<who>.)')\nasync def hi(who): ...", "P.hi must take self before all else"),
    "nothing at all": ("@trigger('x')\nasync def hi(): ...", "P.hi must take self before all else"),
    "a generator": ("@trigger('x')\nasync def hi(self):\n    yield", "P.hi must not have a 'yield'"),
    "a static method": (
        "@staticmethod\n@trigger('x')\nasync def hi(): ...",
        "P.hi is a staticmethod: leave that away, and take self",
    ),
    "a property": ("@property\n@trigger('x')\nasync def hi(self): ...", "P.hi is a property"),
    "a class method below": (
        "@trigger('x')\n@classmethod\nasync def hi(cls): ...",
        "P.hi: @trigger goes on an 'async def' method, not on a classmethod",
    ),
    "an annotation that no text becomes": (
        "@trigger('(?P<gold>.)')\nasync def hi(self, gold: list[int]): ...",
        "P.hi: gold: no text becomes list[int]: annotate it str, int, float, bool, an Enum, a Literal",
    ),
    "a choice of types": (
        "@trigger('(?P<gold>.)')\nasync def hi(self, gold: int | str): ...",
        "P.hi: gold: no text becomes int | str",
    ),
    "an annotation that is no Python": (
        "@trigger('(?P<gold>.)')\nasync def hi(self, gold: 'int |'): ...",
        "P.hi: an annotation cannot be read",
    ),
    "a default of another type": (
        "@trigger('(?P<gold>.)?')\nasync def hi(self, gold: int = '0'): ...",
        "P.hi: gold is int, but its default is '0': give it a default that is int",
    ),
    "None for an int": (
        "@trigger('(?P<gold>.)?')\nasync def hi(self, gold: int = None): ...",
        "P.hi: gold is int, but its default is None: annotate it int | None",
    ),
    "a parameter by place": (
        "@trigger('(?P<who>.)')\nasync def hi(self, who, /): ...",
        "P.hi: groups arrive by name, who cannot",
    ),
    "any number of parameters": (
        "@trigger('(?P<who>.)')\nasync def hi(self, *who): ...",
        "P.hi: groups arrive by name, who cannot",
    ),
    "a line that is a text": (
        "@trigger('x')\nasync def hi(self, line: str): ...",
        "P.hi: no group is called line, so it is line: Line: annotate it so, or rename it",
    ),
    "a speech that may not be": (
        "@trigger('x')\nasync def hi(self, speech: Speech): ...",
        "so it is speech: Speech | None",
    ),
    "a line of a prompt": (
        "@trigger('x', prompt=True)\nasync def hi(self, line): ...",
        "P.hi is called for a prompt: take prompt, not line",
    ),
    "a prompt of a line": ("@trigger('x')\nasync def hi(self, prompt): ...", "P.hi is called for a line"),
    "a misspelt option": (
        "@trigger('x', colour='red')\nasync def hi(self): ...",
        "@trigger on P.hi: there is no colour=; did you mean 'color'?",
    ),
    "an unheard-of option": (
        "@trigger('x', zzz=1)\nasync def hi(self): ...",
        "@trigger on P.hi: there is no zzz=: choose from pattern=, text=",
    ),
    "a priority in words": (
        "@trigger('x', priority='high')\nasync def hi(self): ...",
        "@trigger on P.hi: priority= wants a whole number, not 'high'",
    ),
    "a priority that is a switch": ("@trigger('x', priority=True)\nasync def hi(self): ...", "wants a whole number"),
    "stop as a number": ("@trigger('x', stop=1)\nasync def hi(self): ...", "stop= wants True or False, not 1"),
    "a cooldown without its unit": (
        "@trigger('x', cooldown='5')\nasync def hi(self): ...",
        "@trigger on P.hi: cooldown='5': must be a time with its unit",
    ),
    "a pattern that is a number": ("@trigger(5)\nasync def hi(self): ...", "@trigger on 5 wants a pattern"),
    "a text that is a number": ("@trigger(text=5)\nasync def hi(self): ...", "P.hi: text= wants a text in quotes"),
    "all_of as one text": ("@trigger(all_of='ab')\nasync def hi(self): ...", "P.hi: all_of= wants a list"),
    "nothing to find": ("@trigger()\nasync def hi(self): ...", "@trigger on P.hi: it wants one of a pattern, text="),
    "two things to find": ("@trigger('a', text='b')\nasync def hi(self): ...", "@trigger on P.hi: it wants one of"),
    "an example that is not found": (
        "@trigger('(?P<gold>\\\\d+) gold', example='five gold')\nasync def hi(self, gold): ...",
        "P.hi: its pattern (?P<gold>\\d+) gold does not find its example 'five gold': mend one of them",
    ),
    "one of several examples": (
        "@trigger('gold', example=['gold', 'silver'])\nasync def hi(self): ...",
        "does not find its example 'silver'",
    ),
    "an example whose group is no number": (
        "@trigger('(?P<gold>.+) gold', example='five gold')\nasync def hi(self, gold: int): ...",
        "P.hi: example 'five gold': gold is 'five': not a number; it wants int",
    ),
    "a session that is a number": ("@trigger('x', session=['a', 5])\nasync def hi(self): ...", "a list of them, not 5"),
    "a pattern among several that is a number": (
        "@trigger(all_of=['x', 5])\nasync def hi(self): ...",
        "@trigger on P.hi: all_of: write patterns in quotes, not 5",
    ),
    "an example among several that is a number": (
        "@trigger('x', example=['x', 5])\nasync def hi(self): ...",
        "@trigger on P.hi: example= wants a line, or a list of them, not 5",
    ),
    "a mark on something else": ("x = command('hi')(5)", "5: @command goes on an 'async def' method, not on 5"),
    "an example that is a number": (
        "@trigger('x', example=5)\nasync def hi(self): ...",
        "@trigger on P.hi: example= wants a line, or a list of them, not 5",
    ),
    "a name that every plugin has": (
        "@trigger('x')\nasync def start(self): ...",
        "P.start: every plugin has a start of its own: call the method otherwise",
    ),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_remedy(body: str, message: str) -> None:
    """The author reads which method is wrong, and what to write instead."""
    assert message in mistake(body)


CONVERSIONS: list[tuple[str, str, object]] = [
    ("int", "1,234", 1234),
    ("int", "-5", -5),
    ("int", "１２", 12),
    ("float", "2.5", 2.5),
    ("bool", "on", True),
    ("bool", "关", False),
    ("Way", "North", Way.NORTH),
    ("Way | None", "south-east", Way.SOUTH_EAST),
    ("Literal['hp', 'mp']", "HP", "hp"),
    ("Literal[1, 2]", "2", 2),
    ("Annotated[int, range(1, 11)]", "10", 10),
    ("object", "x", "x"),
]


@pytest.mark.parametrize(("annotation", "text", "value"), CONVERSIONS)
def test_a_group_becomes_what_its_parameter_is_annotated_with(annotation: str, text: str, value: object) -> None:
    mark = mark_of(f"@trigger('(?P<it>.+)')\nasync def hi(self, it: {annotation}): ...")
    got = mark.arguments({"it": text})["it"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("annotation", ["int", "float", "bool", "Way", "Literal['a']", "Annotated[int, range(5)]"])
async def test_a_group_that_cannot_become_that_calls_nothing(annotation: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is no failure: the log says it to those who look closely."""
    caplog.set_level(logging.DEBUG)
    kind = declare(f"@trigger('(?P<it>.+)')\nasync def hi(self, it: {annotation}): raise AssertionError")
    mark: Any = kind.handlers[0][0]
    await mark.call(kind().hi, {"it": "many"})  # type: ignore[attr-defined]
    assert "P.hi is not called: it is 'many'" in caplog.text


def test_a_group_that_took_no_part_is_the_default() -> None:
    """Or None where there is no default; a parameter with a default needs no group at all."""
    mark = mark_of(
        "@trigger('(?P<gold>.)?(?P<gems>.)?')\nasync def hi(self, gems, gold: int = 0, more: str = 'x'): ..."
    )
    assert mark.arguments({}) == {"gems": None}
    assert mark.arguments({"gold": "3"}) == {"gold": 3, "gems": None}


async def test_a_method_gets_what_it_asks_for_by_name() -> None:
    """The line, the speech that it is, and all groups, beside those of its own."""
    got: list[object] = []
    kind = declare(
        "@trigger('(?P<who>[A-Z]..) (says)')\n"
        "async def hi(self, line: Line, who, speech: Speech | None, groups): got.extend([line, who, speech, groups])",
        got=got,
    )
    mark: Any = kind.handlers[0][0]
    groups = {"who": "Ann", "1": "Ann", "2": "says"}
    line, speech = Line("Ann says"), Speech("say", "Ann", "x")
    await mark.call(kind().hi, groups, line, speech)  # type: ignore[attr-defined]
    assert got == [line, "Ann", speech, groups]


async def test_a_trigger_on_prompts_gets_the_prompt() -> None:
    got: list[object] = []
    kind = declare(
        "@trigger('hp', prompt=True, example='hp 5>')\nasync def hi(self, prompt: Prompt): got.append(prompt)", got=got
    )
    mark: Any = kind.handlers[0][0]
    await mark.call(kind().hi, {}, Prompt("hp 5>"))  # type: ignore[attr-defined]
    assert got == [Prompt("hp 5>")]


def test_a_group_of_that_name_goes_first() -> None:
    """``line`` of a pattern that has such a group is the group."""
    mark = mark_of("@trigger('line (?P<line>[0-9])')\nasync def hi(self, line: int): ...")
    assert mark.arguments({"line": "7"}) == {"line": 7}


def test_all_other_groups_go_into_the_stars() -> None:
    mark = mark_of("@trigger('(?P<a>.)(?P<b>.)(?P<c>.)?')\nasync def hi(self, b: int, **others): ...")
    assert mark.arguments({"a": "x", "b": "2"}) == {"a": "x", "b": 2, "c": None}


async def test_a_function_that_is_added_is_called_alike() -> None:
    """What is no method of a class takes no self."""
    got: list[object] = []

    async def seen(gold: int, line: Line) -> None:
        got.append((gold, line))

    def marked() -> None: ...

    mark: TriggerMark = trigger("(?P<gold>.+) gold")(marked).__dict__["__mudbot__"][0]
    mark.bind(seen, "p.seen")
    await mark.call(seen, {"gold": "5"}, Line("5 gold"))
    assert got == [(5, Line("5 gold"))]


EXAMPLES = {
    "a regular expression": "r'^(?P<who>\\w+) has arrived', example='Ann has arrived.'",
    "several": "'(?P<who>Ann|Bob)', example=['Ann', 'Bob']",
    "a text": "text='a.b', example='xa.by'",
    "a glob": "glob='* gives you *', example='Ann gives you 5 gold'",
    "the whole": "exact='You sleep.', example='You sleep.'",
    "without case": "'ann', ignore_case=True, example='ANN'",
    "consecutive lines": "all_of=['a', 'b'], example='xa\\nbx'",
    "lines in any order": "all_of=['a', {'text': 'b'}], lines=3, example='b\\nx\\na'",
    "what it depends on": "'x', color='red', when='hp < 3', cooldown='5m', example='x'",
}


@pytest.mark.parametrize("declared", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_that_is_found_is_quiet(declared: str) -> None:
    """Colours, conditions and cooldowns are not in a text: the pattern alone is asked."""
    mark = mark_of(f"@trigger({declared})\nasync def hi(self, groups, who=''): ...")
    assert mark.examples


def test_an_example_over_lines_that_do_not_follow_is_refused() -> None:
    assert "does not find its example" in mistake(
        "@trigger(all_of=['a', 'b'], example='a\\nx\\nb')\nasync def hi(self): ..."
    )


def test_a_cooldown_may_have_its_unit() -> None:
    mark = mark_of("@trigger('x', cooldown='1m30s')\nasync def hi(self): ...")
    assert mark.trigger.cooldown == 90


def test_marks_stand_in_the_order_of_their_definition() -> None:
    """Methods as they stand in the class, a base class's first; of one method, the upper mark first."""
    kind = declare("@trigger('b')\n@trigger('a')\nasync def z(self): ...\n@trigger('c')\nasync def y(self): ...")

    class Below(kind):  # type: ignore[misc, valid-type]
        @trigger("d")
        async def x(self) -> None: ...

        async def y(self) -> None:
            """One without a mark takes the place of one that had it."""

    found = [(name, mark.trigger.patterns[0].source) for mark, name in Below.handlers]
    assert found == [("z", "b"), ("z", "a"), ("x", "d")]


def test_types_within_the_class_are_found() -> None:
    """An Enum of the plugin's own may stand in its class."""
    body = "class Hand(enum.Enum):\n    LEFT = 1\n@trigger('(?P<hand>.+)')\nasync def hi(self, hand: 'Hand'): ..."
    mark = mark_of(body)
    assert mark.arguments({"hand": "left"})["hand"].name == "LEFT"


def test_what_a_method_returns_may_be_annotated_with_anything() -> None:
    """Only a type checker needs to know it."""
    mark = mark_of("@trigger('x')\nasync def hi(self) -> 'Nobody': ...")
    assert mark.arguments({}) == {}


def test_a_decorator_between_keeps_the_parameters() -> None:
    """One that wraps the method in a coroutine of the same signature is looked through."""
    body = (
        "def twice(f):\n"
        "    @functools.wraps(f)\n"
        "    async def g(self, *a, **k): await f(self, *a, **k)\n"
        "    return g\n"
        "@trigger('(?P<gold>.+)')\n@twice\nasync def hi(self, gold: int): ...\n"
    )
    assert mark_of(body, functools=functools).arguments({"gold": "5"}) == {"gold": 5}


def test_a_decorator_of_another_module_hides_no_annotation() -> None:
    """Names are looked up where the method stands, not where what is around it does."""
    space: dict[str, Any] = {"functools": functools}
    exec(
        "def twice(f):\n    @functools.wraps(f)\n    async def g(*a, **k): await f(*a, **k)\n    return g",
        space,
    )
    mark = mark_of("@trigger('(?P<way>.+)')\n@twice\nasync def hi(self, way: 'Way'): ...", twice=space["twice"])
    assert mark.arguments({"way": "north"}) == {"way": Way.NORTH}


async def test_groups_may_be_annotated_as_a_mapping() -> None:
    got: list[object] = []
    body = "@trigger('(x)')\nasync def hi(self, groups: Mapping[str, str]): got.append(groups)"
    kind = declare(body, Mapping=Mapping, got=got)
    mark: Any = kind.handlers[0][0]
    await mark.call(kind().hi, {"1": "x"})  # type: ignore[attr-defined]
    assert got == [{"1": "x"}]


@pytest.mark.parametrize("name", ["mud", "log", "ai", "config"])
def test_a_method_cannot_have_the_name_of_what_the_host_gives(name: str) -> None:
    """It would be gone as soon as the plugin is made."""
    assert re.match(rf"P\.{name}: (self\.{name} is what|every plugin has)", mistake(f"async def {name}(self): ..."))
