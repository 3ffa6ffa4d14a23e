"""Lore is called up as World Info is: keys and filters, order and budget, time and chance, one piece by another."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mudbot.mind import lore as lore_module
from mudbot.mind.keys import PATIENCE
from mudbot.mind.lore import Circumstances, Lorebook, LoreState, Recalled
from mudbot.mind.persona import Persona, load_persona
from mudbot.mind.shape import Lore


def piece(text: str, *keys: str, **more: Any) -> Lore:
    return Lore.model_validate({"text": text, "keys": keys, **more})


class Talk:
    """A conversation: each line that is said, and what it calls up."""

    def __init__(self, *pieces: Lore, seed: str = "", about: Circumstances | None = None, **book: Any) -> None:
        self.book = Lorebook(pieces, **book)
        self.state = LoreState(seed)
        self.about = about or Circumstances()
        self.said: list[str] = []
        self.now = 0.0

    def recall(self, text: str, **about: Any) -> Recalled:
        self.said.append(text)
        return self.book.recall(
            self.said,
            about=Circumstances(**about) if about else self.about,
            state=self.state,
            now=self.now,
            tokens=len,
        )

    def says(self, text: str, **about: Any) -> list[str]:
        return [called.entry.text for called in self.recall(text, **about)]


# -- keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "text", "heard"),
    [
        ({}, "two KINGS came", True),
        ({}, "it is to my liking", False),
        ({"whole_words": True}, "the king's men", True),
        ({"whole_words": True}, "two kings came", False),
        ({"whole_words": False}, "it is to my liking", True),
        ({"case": True}, "the King", False),
        ({"case": True}, "the king", True),
    ],
)
def test_a_key_is_found_as_the_piece_says(more: dict[str, Any], text: str, heard: bool) -> None:
    assert Talk(piece("x", "king", **more)).says(text) == (["x"] if heard else [])


@pytest.mark.parametrize(
    ("key", "text", "heard"),
    [
        (r"/(?:he|she) (?:is )?drinking/i", "Now SHE IS drinking", True),
        (r"/king/", "the King", False),
        (r"/\bking\b/", "国king国", True),  # as in JavaScript, where 汉字 are no letters of a word
        (r"/a\/b[^]c/", "a/b\nc", True),
        (r"/\u738b.*\u{4eba}/u", "王国的人", True),
        (r"/(?<who>\w+) and \k<who>/", "you and you", True),
        ("/beer/wine", "a /beer/wine!", True),  # wine is no flag, so this is a plain key as well
        ("/beer/ale/", "/beer/ale/", True),  # a slash inside that is not escaped: a plain key
        (r"/^beer/m", "wine\nbeer", True),
    ],
)
def test_a_key_between_slashes_is_a_regular_expression_of_javascript(key: str, text: str, heard: bool) -> None:
    assert Talk(piece("x", key)).says(text) == (["x"] if heard else [])


@pytest.mark.parametrize(
    ("logic", "one", "both", "neither"),
    [
        ("and any", True, True, False),
        ("and all", False, True, False),
        ("not any", False, False, True),
        ("not all", True, False, True),
    ],
)
def test_secondary_keys_count_as_their_logic_says(logic: str, one: bool, both: bool, neither: bool) -> None:
    filtered = piece("x", "inn", secondary=["rat", "cat"], logic=logic)
    texts = {"a rat in the inn": one, "a rat and a cat in the inn": both, "the inn": neither, "a rat and a cat": False}
    assert {text: bool(Talk(filtered).says(text)) for text in texts} == texts


def test_a_pattern_that_runs_away_is_ended_and_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever wrote the card must not be able to hold up the bot; the other keys of the piece still count."""
    talk = Talk(piece("x", "/(a+)+$/", "ale"))
    assert talk.says("a" * 60 + "!") == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "lore: a pattern took too long" in caplog.text
    assert talk.says("a" * 60 + "! ale") == ["x"]
    assert len(caplog.records) == 1
    assert talk.says("aaa") == []


def test_many_such_patterns_hold_nobody_up_together(caplog: pytest.LogCaptureFixture) -> None:
    """At one line no more than three are given their time; plain keys are heard all the same."""
    talk = Talk(*(piece(str(number), f"/(a+)+{number}$/") for number in range(20)), piece("x", "ale"))
    assert talk.says("a" * 60 + "! ale") == ["x"]
    assert len(caplog.records) == PATIENCE
    talk.says("a" * 60 + "!")
    assert len(caplog.records) == 2 * PATIENCE


# -- what is searched ----------------------------------------------------------------------------------------------


def test_as_many_messages_are_searched_as_the_scan_depth_says() -> None:
    """The line to answer is one of them; a piece may have a depth of its own; at 0 nothing is searched."""
    pieces = (piece("two", "dog"), piece("one", "dog", scan_depth=1), piece("none", "dog", scan_depth=0))
    talk = Talk(*pieces, scan_depth=2)
    assert talk.says("a dog") == ["two", "one"]
    assert talk.says("and then?") == ["two"]
    assert talk.says("and then?") == []


# -- which are taken -----------------------------------------------------------------------------------------------


def test_the_longest_key_wins_where_all_are_worth_the_same() -> None:
    pieces = (piece("wine", "wine"), piece("rice", "rice wine"), piece("beer", "beer"))
    assert Talk(*pieces, most=1).says("rice wine or beer") == ["rice"]
    left = Talk(*pieces, most=1).recall("rice wine or beer").left_out
    assert [(called.entry.text, called.why) for called in left] == [
        ("wine", "key 'wine', but no more than 1 at once"),
        ("beer", "key 'beer', but no more than 1 at once"),
    ]


def test_the_highest_priority_is_taken_and_stands_last() -> None:
    pieces = (piece("high", "inn", priority=9), piece("low", "inn", priority=1), piece("first", "inn", order=-5))
    assert Talk(*pieces).says("the inn") == ["first", "low", "high"]
    assert Talk(*pieces, most=1).says("the inn") == ["high"]


def test_the_budget_ends_at_the_first_that_does_not_fit() -> None:
    """Constant pieces come first, then the highest; a shorter one of lower rank does not slip in."""
    pieces = (
        piece("1234", "inn", priority=1),
        piece("123456789", "inn", priority=5),
        piece("always", constant=True),
        piece("paid", "inn", beyond_budget=True),
    )
    recalled = Talk(*pieces, token_budget=12).recall("the inn")
    assert [called.entry.text for called in recalled] == ["always", "paid"]
    assert {called.why for called in recalled.left_out} == {"key 'inn', but the budget of 12 tokens is used up"}
    assert Talk(*pieces, token_budget=15).says("the inn") == ["always", "paid", "123456789"]


def test_what_is_constant_needs_no_key_and_counts_to_no_most() -> None:
    talk = Talk(piece("always", constant=True), piece("x", "inn"), most=1)
    assert talk.says("hello") == ["always"]
    assert talk.says("the inn") == ["always", "x"]
    assert talk.recall("hello").texts("system") == ("always",)
    assert talk.recall("hello").texts("line") == ()


def test_what_is_switched_off_is_never_there() -> None:
    assert Talk(piece("x", "inn", enabled=False, constant=True)).says("the inn") == []


def test_text_for_the_line_is_one_line() -> None:
    """A break in it could open a line of somebody else's in a transcript."""
    assert Talk(piece("one\nBob: two", "inn")).recall("the inn").texts("line") == ("one Bob: two",)


# -- time and chance -----------------------------------------------------------------------------------------------


def test_sticky_cooldown_and_delay_are_as_documented() -> None:
    """sticky 3, cooldown 2, delay 2: message 1 is too early; 3 calls it, it stays for 3 more, and rests for 2."""
    talk = Talk(piece("x", "inn", sticky=3, cooldown=2, delay=2))
    seen = [bool(talk.says("the inn")) for _ in range(7)]  # messages 1, 3, 5, 7, 9, 11, 13: answers are the others
    assert seen == [False, True, True, False, True, True, False]
    talk = Talk(piece("x", "inn", sticky=3, cooldown=2, delay=2))
    said = ["the inn", "the inn", "no more", "no more", "the inn"]
    assert [bool(talk.says(text)) for text in said] == [False, True, True, False, True]


def test_a_cooldown_alone_begins_when_it_was_called() -> None:
    talk = Talk(piece("x", "inn", cooldown=4))
    assert [bool(talk.says("the inn")) for _ in range(4)] == [True, False, False, True]


def test_after_an_hour_of_silence_a_talk_begins_anew() -> None:
    talk = Talk(piece("x", "inn", cooldown=100))
    assert talk.says("the inn")
    talk.now = lore_module.REST
    assert not talk.says("the inn")
    talk.now = 2 * lore_module.REST + 1
    assert talk.says("the inn")


def test_chance_is_a_seeds_and_comes_about_as_often_as_it_says() -> None:
    def seen(seed: str) -> list[bool]:
        talk = Talk(piece("x", "inn", probability=30), seed=seed)
        return [bool(talk.says("the inn")) for _ in range(400)]

    assert seen("ann") == seen("ann")
    assert seen("ann") != seen("bob")
    assert 80 < sum(seen("ann")) < 160
    assert not any(Talk(piece("x", "inn", probability=0)).says("the inn") for _ in range(20))


def test_what_sticks_does_not_ask_chance_again() -> None:
    for number in range(30):
        talk = Talk(piece("x", "inn", probability=50, sticky=2), seed=str(number))
        if talk.says("the inn"):
            assert talk.says("something else") == ["x"]


# -- lore by lore --------------------------------------------------------------------------------------------------

CHAIN = (
    piece("Bessie is a cow, a friend of Rufus.", "Bessie"),
    piece("Rufus is a dog of Tom.", "Rufus"),
    piece("Tom is a smith.", "Tom"),
)


@pytest.mark.parametrize(("recursion", "called"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_lore_calls_lore_as_deep_as_it_may(recursion: int, called: int) -> None:
    recalled = Talk(*CHAIN, recursion=recursion).recall("Bessie?")
    assert len(recalled) == called
    assert [each.why for each in recalled] == ["key 'Bessie'", "lore: key 'Rufus'", "lore: key 'Tom'"][:called]


def test_a_circle_ends() -> None:
    circle = (piece("of b", "aaa"), piece("of aaa", "b"))
    assert len(Talk(*circle, recursion=10).says("aaa")) == 2


def test_pieces_say_whether_lore_calls_them_and_whether_they_call() -> None:
    deaf = piece("Rufus!", "Rufus", not_by_lore=True)
    mute = piece("Bessie and Rufus.", "Bessie", calls_no_lore=True)
    assert Talk(CHAIN[0], deaf, recursion=3).says("Bessie") == [CHAIN[0].text]
    assert Talk(CHAIN[0], deaf, recursion=3).says("Rufus") == ["Rufus!"]
    assert Talk(mute, CHAIN[1], recursion=3).says("Bessie") == [mute.text]


def test_what_only_lore_calls_waits_for_its_level() -> None:
    """Level 1 is searched for with the first echo, level 2 only when the first found nothing more."""
    late = piece("late", "cow", only_by_lore=True)
    later = piece("later", "cow", only_by_lore=2)
    assert Talk(late, later, recursion=5).says("hello") == []
    assert Talk(CHAIN[0], late, later, recursion=5).says("Bessie") == [CHAIN[0].text, "late", "later"]
    assert Talk(CHAIN[0], late, later, recursion=1).says("Bessie") == [CHAIN[0].text, "late"]
    assert Talk(late, recursion=5).says("a cow") == ["late"]  # the second search has the line, too


# -- one of several ------------------------------------------------------------------------------------------------


def test_of_one_label_one_piece_is_taken_by_weight() -> None:
    pieces = (piece("often", "song", one_of=["songs"], weight=90), piece("rare", "song", one_of=["songs"], weight=10))
    sung = [Talk(*pieces, seed=str(number)).says("a song") for number in range(300)]
    assert all(len(each) == 1 for each in sung)
    assert 5 < sum(each == ["rare"] for each in sung) < 70


def test_priority_or_keys_decide_where_the_pieces_say_so() -> None:
    first = (
        piece("a", "song", one_of=["s"], by_priority=True),
        piece("b", "song", one_of=["s"], by_priority=True, priority=2),
    )
    assert {tuple(Talk(*first, seed=str(number)).says("a song")) for number in range(20)} == {("b",)}
    scored = (
        piece("cat", "song", "sing", "Black Cat", one_of=["s"], by_keys=True),
        piece("ghost", "song", "sing", "ghosts", one_of=["s"], by_keys=True),
    )
    assert {tuple(Talk(*scored, seed=str(number)).says("sing me a song about ghosts")) for number in range(20)} == {
        ("ghost",)
    }
    assert len({tuple(Talk(*scored, seed=str(number)).says("sing me a song")) for number in range(20)}) == 2


def test_a_piece_of_a_label_keeps_the_others_out_in_later_searches() -> None:
    pieces = (piece("Rufus the dog", "Bessie", one_of=["pets"]), piece("dog", "Rufus", one_of=["pets", "dogs"]))
    recalled = Talk(*pieces, recursion=3).recall("Bessie")
    assert [each.entry.text for each in recalled] == ["Rufus the dog"]
    assert [each.why for each in recalled.left_out] == ["lore: key 'Rufus', but another of 'pets' is there"]


# -- circumstances -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "there", "elsewhere"),
    [
        ({"rooms": ["inn"]}, {"room": "Drunken Crane Inn"}, {"room": "the street"}),
        ({"times": ["18:00-06:00"]}, {"time": time(2, 30)}, {"time": time(6, 0)}),
        ({"times": ["08:00-10:00"]}, {"time": time(8, 0)}, {"time": None}),
        ({"roles": ["trusted"]}, {"role": "owner"}, {"role": "anyone"}),
        ({"roles": ["owner"]}, {"role": "owner"}, {"role": "trusted"}),
        ({"groups": ["guards"]}, {"groups": frozenset({"guards", "x"})}, {"groups": frozenset({"x"})}),
        ({"speakers": ["Ann"]}, {"speaker": "ANN"}, {"speaker": "Bob"}),
    ],
)
def test_circumstances_decide_where_a_piece_names_some(
    more: dict[str, Any], there: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    for each in (piece("x", "hello", **more), piece("x", constant=True, **more)):
        assert Talk(each).says("hello", **there) == ["x"]
        assert Talk(each).says("hello", **elsewhere) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "x"},
        {"text": "x", "keys": ["/(/"]},
        {"text": "x", "keys": ["/(?<=a+)b/i"]},
        {"text": "x", "keys": ["a" * 101]},
        {"text": "x", "keys": ["a"], "times": ["6pm-7pm"]},
        {"text": "x", "keys": ["a"], "times": ["24:00-01:00"]},
        {"text": "x", "keys": ["a"], "logic": "or"},
        {"text": "x", "keys": ["a"], "probability": 101},
        {"text": "x", "keys": ["a"], "sticky": -1},
        {"text": "x", "keys": ["a"], "roles": ["king"]},
    ],
)
def test_a_piece_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lore.model_validate(wrong)


# -- today's personas ----------------------------------------------------------------------------------------------


def before(persona: Persona, text: str, most: int) -> tuple[str, ...]:
    """Lore as it was called before there was a lorebook: the longest key wins, then the order in the file.

    But for greetings and sums, which have a priority.
    """

    def ears(key: str) -> re.Pattern[str]:
        if key.isascii():
            return re.compile(rf"(?<![A-Za-z]){re.escape(key)}(?:'?s|es|ed|ing|ers?|y)?(?![A-Za-z])", re.IGNORECASE)
        return re.compile(re.escape(key))

    found = [(max((len(k) for k in p.keys if ears(k).search(text)), default=0), p) for p in persona.lore]
    found = sorted((pair for pair in found if pair[0]), key=lambda pair: (-pair[1].priority, -pair[0]))
    return tuple(piece.text for _, piece in found[:most])


SHIPPED = {name: load_persona(name) for name in ("innkeeper", "innkeeper-zh")}
WORDS = sorted({key for persona in SHIPPED.values() for each in persona.lore for key in each.keys})


@settings(deadline=None)  # the first call reads all keys
@given(
    st.sampled_from(sorted(SHIPPED)),
    st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=6),
    st.sampled_from(["", " ", ", ", "s "]),
    st.integers(1, 4),
)
def test_the_innkeepers_recall_what_they_always_did(name: str, words: list[str], joint: str, most: int) -> None:
    """In prompts and by ``recall``: the same piece for any line of keys and other words."""
    persona, text = SHIPPED[name], joint.join(words)
    assert persona.recall(text, most=most) == before(persona, text, most)
    recalled = persona.lore_book.recall(
        ["rice wine and a horse", text], about=Circumstances(), state=LoreState(), now=0, tokens=len
    )
    assert recalled.texts("line") == before(persona, text, 1)
    assert recalled.texts("system") == ()
