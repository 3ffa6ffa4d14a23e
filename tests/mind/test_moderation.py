"""Words are hidden however they are written, and only they."""

from __future__ import annotations

import pytest

from mudbot import Masked


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("what a bitch", "what a *****"),
        ("Fuuuuck off", "******* off"),
        ("b i t c h, I say", "*********, I say"),
        ("you $hit", "you ****"),
        ("a\u200bsshole no", "******** no".replace("********", "*" * 8)),
        ("ｆｕｃｋ！", "****！"),
        ("fuсk it", "**** it"),
        ("傻逼东西", "**东西"),
        ("你个傻 逼", "你个***"),
        ("操 你-妈", "*****"),
        ("two bitches", "two *******"),
    ],
)
def test_a_rude_word_becomes_stars(text: str, hidden: str) -> None:
    assert Masked.of(text) == Masked(hidden)


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe",
        "a snigger",
        "shiitake",
        "10 as 5",
        "mishit",
        "他妈妈",
        "体操你妈妈教的".replace("操你妈", "操"),
        "日记",
        "",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert Masked.of(text) is None


def test_the_owners_own_words_are_hidden_too() -> None:
    assert Masked.of("the gnome sells C++ and 私货", ["gnome", "c++", "私货", " "]) == Masked(
        "the ***** sells *** and **"
    )


@pytest.mark.parametrize("unit", ["f", "f ", "fu", "s h i ", "操 ", "bitc", "asshol ", "-", "\u200b"])
def test_a_long_text_made_to_be_slow_is_read_to_its_end(unit: str) -> None:
    """A pattern that tried every way to read it would not return within the suite's time."""
    text = unit * (100_000 // len(unit)) + " bitch"
    hidden = Masked.of(text)
    assert hidden is not None
    assert hidden.text.endswith("*****")
