"""Who speaks to the character."""

from __future__ import annotations

import pytest

from mudbot.events import Room, Speech, SpeechKind
from mudbot.mind.address import addressed

CROWD = Room(people=("Ann", "Bob"))


def heard(text: str | None, *names: str, kind: SpeechKind = "say", room: Room = CROWD) -> bool:
    """Whether Ann's words are meant for the one with these names."""
    return addressed(Speech(kind, "Ann", text, channel="gossip"), names, room)


@pytest.mark.parametrize(
    "text",
    [
        "Chen, a bed?",
        "hello CHEN",
        "chen",
        "(Chen)",
        "'Chen'!",
        "_Chen_",
        "你好Chen吗",
        "old Chen's inn",
        "Chen…",
        "Bob,Chen",
    ],
)
def test_a_name_is_a_word_of_its_own(text: str) -> None:
    """In any case, with any sign or 汉字 beside it."""
    assert heard(text, "Chen")


@pytest.mark.parametrize("text", ["Chenille", "McChen", "Chen2", "1Chen", "kitchen", "Chenès", "Échen", "", "  "])
def test_a_part_of_a_word_is_no_name(text: str) -> None:
    """Letters of every script that puts spaces between words count."""
    assert not heard(text, "Chen")


@pytest.mark.parametrize(
    ("text", "meant"), [("Ян, привет", True), ("привет ян", True), ("Янтарь", False), ("баян", False)]
)
def test_a_name_in_another_alphabet_is_a_word_too(text: str, meant: bool) -> None:
    assert heard(text, "Ян") is meant


@pytest.mark.parametrize("text", ["老陈", "请问老陈在吗", "hey老陈hey", "老陈！"])
def test_a_chinese_name_is_found_anywhere(text: str) -> None:
    """Chinese is written without spaces."""
    assert heard(text, "老陈")


@pytest.mark.parametrize("name", ["Old Chen", "C.", "a+b", "(x)", "O'Neil", "Jean-Luc", "$1"])
def test_a_name_is_taken_as_it_is_written(name: str) -> None:
    """Its signs are no pattern."""
    assert heard(f"hello {name} there", name)
    assert not heard("hello Old  Chan Cx aab x there", name)


def test_any_of_its_names_will_do_and_empty_ones_do_not() -> None:
    assert heard("掌柜的！", "Chen", "掌柜")
    assert not heard("hello", "", "Chen")
    assert not heard("hello")


@pytest.mark.parametrize("kind", ["tell", "whisper"])
def test_private_words_need_no_name(kind: SpeechKind) -> None:
    assert heard("hello", "Chen", kind=kind)
    assert not heard("", "Chen", kind=kind)
    assert not heard(None, "Chen", kind=kind)


@pytest.mark.parametrize(
    ("room", "meant"),
    [
        (Room(people=("Ann",)), True),
        (Room(people=("Ann", "Ann")), True),
        (Room(people=("Ann", "Bob")), False),
        (Room(people=("Bob",)), False),
        (Room(people=()), False),
        (Room(people=None), False),
    ],
)
def test_alone_together_needs_no_name(room: Room, meant: bool) -> None:
    """Only where the MUD said who is here, and only the one who speaks is."""
    assert heard("hello", "Chen", room=room) is meant


def test_channels_want_the_name() -> None:
    """Also when the only other person in the room speaks on one."""
    alone = Room(people=("Ann",))
    assert not heard("hello", "Chen", kind="channel", room=alone)
    assert heard("hello Chen", "Chen", kind="channel", room=alone)


@pytest.mark.parametrize("kind", ["emote", "self"])
def test_what_is_no_speech_is_not_answered(kind: SpeechKind) -> None:
    assert not heard("Chen!", "Chen", kind=kind, room=Room(people=("Ann",)))
