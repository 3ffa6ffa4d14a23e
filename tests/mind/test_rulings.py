"""What an owner decided of a text holds for that text, and for no other."""

from __future__ import annotations

import pytest

from mudbot.mind import rulings as module
from mudbot.mind.rulings import LONGEST, Rulings


@pytest.mark.parametrize("said", ["kill the  Dragon", "KILL THE DRAGON", " kill the dragon ", "ｋill the dragon"])
def test_case_width_and_blanks_make_no_other_text(said: str) -> None:
    rulings = Rulings()
    rulings.set("Kill the dragon", "allow")
    assert rulings.of(said) == "allow"


@pytest.mark.parametrize(
    "said", ["kill the dragon!", "kill thedragon", "kill the dragon now", "don't kill the dragon", ""]
)
def test_what_is_allowed_is_nothing_more(said: str) -> None:
    """A sign more may be another meaning, which nobody has read."""
    rulings = Rulings()
    rulings.set("kill the dragon", "allow")
    assert rulings.of(said) is None


@pytest.mark.parametrize("said", ["Buy gold!!", "b.u.y g.o.l.d", "ＢＵＹ　ＧＯＬＤ", "buy_gold", "buygold"])
def test_what_is_blocked_stays_blocked_with_other_signs(said: str) -> None:
    rulings = Rulings()
    rulings.set("buy gold", "block")
    assert rulings.of(said) == "block"
    assert rulings.of("buy golden apples") is None


def test_the_last_word_counts() -> None:
    """Also where the two look at different forms of it."""
    rulings = Rulings()
    rulings.set("buy gold", "block")
    rulings.set("Buy gold", "allow")
    assert rulings.of("buy gold") == "allow"
    rulings.set("buy gold", None)
    assert rulings.of("buy gold") is None


def test_texts_without_a_letter_can_be_blocked_as_well() -> None:
    rulings = Rulings()
    rulings.set("凸(ಠ益ಠ)凸", "block")
    rulings.set("!!!", "block")
    assert rulings.of("!!!") == "block"
    assert rulings.of("???") is None


def test_of_what_was_cut_nobody_knows_the_end() -> None:
    """A decision keeps the beginning of a long text; to allow it must not allow every text that begins so."""
    rulings = Rulings()
    rulings.set("x" * LONGEST, "allow")
    assert rulings.of("x" * LONGEST) == "allow"
    assert rulings.of("x" * LONGEST + " and worse") is None
    rulings.set("y" * (LONGEST + 1), "allow")
    assert rulings.of("y" * (LONGEST + 1)) is None


def test_only_so_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first."""
    monkeypatch.setattr(module, "MOST", 3)
    rulings = Rulings()
    for number in range(5):
        rulings.set(f"text {number}", "block")
    assert [rulings.of(f"text {number}") for number in range(5)] == [None, None, "block", "block", "block"]
