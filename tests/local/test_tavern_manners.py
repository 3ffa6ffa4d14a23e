"""The families' files: complete, checked, and said in every encoding that they offer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mudbot.errors import LocalError
from mudbot.local.tavern import DIALECTS
from mudbot.local.tavern.manners import load_manners, parse_manners
from mudbot.local.tavern.wire import EVERY_ENCODING, codec_named

FAMILIES = [dialect for dialect in DIALECTS if dialect not in ("tavern", "generic")]


def texts(value: Any) -> Iterator[str]:
    """Every text within a mapping."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_family_is_read_and_offers_known_encodings(dialect: str) -> None:
    """The first of them is what it is opened in by default."""
    manners = load_manners(dialect)
    assert set(manners.encodings) <= set(EVERY_ENCODING)
    assert manners.name == dialect


@pytest.mark.parametrize("family", FAMILIES)
def test_every_shortcut_leads_to_a_verb_or_is_unknown_on_purpose(family: str) -> None:
    """A slip of the pen would make a leading character mean nothing."""
    manners = load_manners(family)
    words = {word for act in manners.speech.values() for word in act.words}
    unknown = {word for word in manners.shortcuts.values() if word not in words}
    assert unknown <= {"immtalk", "recall", "wiznet", "eval"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_text_can_be_filled_in(family: str) -> None:
    """No placeholder that nothing fills."""
    manners = load_manners(family)
    names = ("name", "login", "Login", "alias", "target", "target_login", "Target", "everyone")
    values = dict.fromkeys((*names, "text", "place", "mark", "time", "gap"), "x")
    for act in manners.speech.values():
        for text in (act.own, act.them, act.many, act.others, act.pose, act.own_pose, act.asks, act.exclaims):
            (text or "").format_map(values)
    for text in manners.announcements.values():
        text.format(text="x", time="x")
    if manners.pager is not None:
        manners.pager.prompt.format(percent=1, left=1, page=1, pages=1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("encoding", EVERY_ENCODING)
def test_what_it_says_can_be_written_in_its_encodings(family: str, encoding: str) -> None:
    """No question marks that nobody wrote; in Big5 after the change to traditional characters."""
    manners = load_manners(family)
    if encoding not in manners.encodings:
        return
    codec = codec_named(encoding, manners.encodings)
    for text in texts(manners.model_dump()):
        assert codec.write(text).count(b"?") == text.count("?"), text


def test_flood_rules_are_those_that_are_documented() -> None:
    """Family, rule, how many, in what time."""
    documented = {
        "oiuv says": (4, 2),
        "oiuv commands": (40, 2),
        "nt7 says": (60, 2),
        "nt7 commands": (40, 2),
        "xkx commands": (20, 2),
        "xkx command-flood": (60, 2),
        "xkx channel-lines": (10, 2),
        "rom same-line": (24, 1e9),
        "evennia command-rate": (80, 1),
        "pennmush command-quota": (100, 60),
    }
    rules = {f"{family} {rule.name}": rule for family in FAMILIES for rule in load_manners(family).flood}
    assert {name: (rules[name].over, rules[name].within) for name in documented} == documented


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"flod": []}, "flod: Extra inputs are not permitted"),
        ({"encodings": None}, "encodings: "),
        ({"markup": "klingon"}, "markup: "),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_place(change: dict[str, Any], complaint: str) -> None:
    """A slip of the pen cannot pass for a behaviour."""
    with pytest.raises(LocalError, match=re.escape(f"tavern/manners/rom.yaml: {complaint}")):
        parse_manners("rom", {"encodings": ["utf-8"], **change})


def test_layers_are_laid_over_each_other() -> None:
    """nt7 has es2's tells and its own says."""
    nt7, xkx = load_manners("nt7"), load_manners("xkx")
    assert nt7.speech["tell"].them == load_manners("oiuv").speech["tell"].them
    assert nt7.speech["say"].others != xkx.speech["say"].others
    assert xkx.speech["emote"].mark == "->"
    assert nt7.speech["emote"].mark == "~"
