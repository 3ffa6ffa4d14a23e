"""The tavern's data files: languages and map."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.errors import LocalError
from mudbot.local.tavern.commands import ACTIONS
from mudbot.local.tavern.login import MAX_TRIES
from mudbot.local.tavern.phrases import LANGUAGES, check_alike, load_phrasebook, parse_phrases, read_yaml
from mudbot.local.tavern.rooms import OPPOSITE, load_atlas, parse_atlas


def test_every_command_has_a_word_in_every_language() -> None:
    """What can be done can be said in English and in Chinese."""
    for phrases in load_phrasebook().languages.values():
        assert phrases.commands.keys() == ACTIONS.keys()
        assert all(phrases.commands.values())
        assert phrases.directions.keys() == OPPOSITE.keys()


def test_no_word_means_two_things() -> None:
    """A typed word has one meaning, whatever the player's language."""
    book = load_phrasebook()
    words = [
        word
        for phrases in book.languages.values()
        for words in (*phrases.commands.values(), *(each.words for each in phrases.directions.values()))
        for word in words
    ]
    assert len(words) == len(set(words))
    assert book.words()["北"] == book.words()["n"] == book.words()["north"] == "n"


def test_the_languages_have_the_same_texts() -> None:
    """A table that lacks a text, or fills in another value, is refused by name."""
    book = load_phrasebook()
    assert tuple(book.languages) == LANGUAGES
    english = book.languages["en"]
    for change, complaint in (
        ({"say": "{name}: {words}"}, "'say' must have the placeholders"),
        ({"news": "x"}, "see 'news'"),
    ):
        raw = read_yaml("zh.yaml")
        raw["texts"] |= change
        with pytest.raises(LocalError, match=complaint):
            check_alike(english, parse_phrases("zh.yaml", raw))


def test_an_incomplete_table_is_refused() -> None:
    """The error names the file and the key."""
    raw = read_yaml("zh.yaml")
    del raw["separator"]
    with pytest.raises(LocalError, match=r"tavern/zh\.yaml lacks 'separator'"):
        parse_phrases("zh.yaml", raw)


def test_the_map_is_complete() -> None:
    """Every room can be reached from the inn, has its own number, and two good sentences in each language."""
    atlas = load_atlas()
    reached, ahead = set(), [atlas.start]
    while ahead:
        room = ahead.pop()
        reached.add(room.key)
        ahead += [atlas.rooms[key] for key in room.exits.values() if key not in reached]
    assert reached == atlas.rooms.keys()
    assert len({room.num for room in atlas.rooms.values()}) == len(atlas.rooms) >= 5
    for room in atlas.rooms.values():
        assert room.desc["en"].count(". ") >= 1
        assert room.desc["zh"].count("。") >= 2
        assert room.things
    assert atlas.start.name == {"en": "Drunken Crane Inn", "zh": "醉鹤楼"}


def test_all_of_it_can_be_said_in_gbk() -> None:
    """A GBK world shows no question marks that nobody wrote."""
    for name in ("rooms.yaml", "en.yaml", "zh.yaml"):
        str(read_yaml(name)).encode("gbk")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"exits": {"n": "nowhere"}}, "'n' of 'inn' does not lead back"),
        ({"exits": {"w": "street"}}, "'w' of 'inn' does not lead back"),
        ({"name": {"en": "Inn"}}, "room 'inn' lacks 'zh'"),
    ],
)
def test_a_wrong_map_is_refused(change: dict[str, Any], complaint: str) -> None:
    """One-way exits and missing translations are found at the start, with the room's name."""
    raw = read_yaml("rooms.yaml")
    raw["rooms"]["inn"] |= change
    with pytest.raises(LocalError, match=complaint):
        parse_atlas(raw)


def test_tries_are_few() -> None:
    """The third wrong password is the last."""
    assert MAX_TRIES == 3
