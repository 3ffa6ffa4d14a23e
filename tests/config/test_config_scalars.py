"""A plain scalar means what it looks like, or is refused."""

from __future__ import annotations

import pytest

from mudbot.config.scalars import TrapError, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("0", 0), ("4000", 4000), ("-3", -3),
        ("+5", 5), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-1.5E-2", -0.015),
    ],
)  # fmt: skip
def test_words_and_decimal_numbers_are_values(text: str, value: object) -> None:
    """null, true, false and decimal numbers are read as such."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes", "no", "on", "off", "y", "N", "Yes", "2026-05-01", "2026-05-01 12:30:00", "4_000", "1.5b", ".inf", ".nan",
        "127.0.0.1", "::1", "2001:db8::1", "=", "-", "1e", "0.5.1", "true!", "mud.example.org:4000", "12:30pm",
    ],
)  # fmt: skip
def test_what_yaml_versions_disagree_on_without_looking_like_a_number_is_text(text: str) -> None:
    """yes and no, dates, underscores and infinities stay the text they are."""
    assert plain(text) == text


@pytest.mark.parametrize("text", ["010", "0777", "-012", "00", "08", "0_7"])
def test_octal_surprises_are_refused(text: str) -> None:
    """A leading zero is octal to some readers: refused with both remedies."""
    with pytest.raises(TrapError, match="write it in quotes or without the leading zero"):
        plain(text)


@pytest.mark.parametrize("text", ["12:30:00", "12:30", "1:1", "01:30", "190:20:30.15"])
def test_base_sixty_is_refused(text: str) -> None:
    """A number with colons is base 60 to some readers: refused."""
    with pytest.raises(TrapError, match="write it in quotes"):
        plain(text)


@pytest.mark.parametrize("text", ["0x1F", "0o17", "0b101"])
def test_other_bases_are_refused(text: str) -> None:
    """Numbers in base 2, 8 or 16 may be meant as text."""
    with pytest.raises(TrapError, match="in decimal if it is a number"):
        plain(text)


@pytest.mark.parametrize("text", ["1" * 31, "1" * 100_000, "1e999"])
def test_numbers_beyond_all_need_are_refused_quickly(text: str) -> None:
    """A number so long or large that it would be changed by reading is refused."""
    with pytest.raises(TrapError, match="quotes"):
        plain(text)
