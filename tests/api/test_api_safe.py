"""Foreign text in messages: no control characters, no key in any dress, not long."""

from __future__ import annotations

import base64
import codecs
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.api.wire.safe import Redactor

KEY = "canary-Zq7/pX+29vLm_T4"


def letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


DRESSES = {
    "plain": KEY,
    "upper": KEY.upper(),
    "reversed": KEY[::-1],
    "hex": KEY.encode().hex(),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 url": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    "base64 in a header, shifted": base64.b64encode(b"Bearer " + KEY.encode() + b" end").decode(),
    "base64 in a header, shifted by two": base64.b64encode(b"k:" + KEY.encode() + b"\n").decode(),
    "base32": base64.b32encode(KEY.encode()).decode(),
    "percent": quote(KEY, safe=""),
    "all percent": "".join(f"%{ord(char):02X}" for char in KEY),
    "backslash u": "".join(f"\\u{ord(char):04x}" for char in KEY),
    "backslash x": "".join(f"\\x{ord(char):02x}" for char in KEY),
    "entities": "".join(f"&#{ord(char)};" for char in KEY),
    "hex entities": "".join(f"&#x{ord(char):x};" for char in KEY),
    "rot13": codecs.encode(KEY, "rot13"),
    "spaced": " ".join(KEY),
    "zero width": "\u200b".join(KEY),
    "full width": "".join(chr(ord(char) + 0xFEE0) for char in KEY),
    "json": json.dumps({"Authorization": f"Bearer {KEY}"}),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_the_key_is_hidden_in_every_dress(dress: str) -> None:
    shown = Redactor(KEY)(f"Incorrect key {DRESSES[dress]} given")
    assert shown.startswith("Incorrect key")
    assert shown.endswith("given")
    for form in (KEY, KEY[::-1], KEY.encode().hex(), codecs.encode(KEY, "rot13")):
        assert letters(form) not in letters(shown)
    assert "Zq7" not in shown
    surroundings = 20  # what stands beside the key inside the same dress
    assert len(letters(shown)) <= len("incorrectkeygiven") + surroundings


def test_what_looks_like_a_key_is_hidden_even_if_it_is_not_ours() -> None:
    shown = Redactor(None)("Incorrect API key provided: sk-proj-abc***wxyz. Bearer abcdef")
    assert "abc" not in shown
    assert "wxyz" not in shown


def test_a_key_at_the_cut_does_not_show_its_first_half() -> None:
    assert "canary" not in Redactor(KEY)("x" * 190 + KEY)


def test_a_key_of_three_letters_is_no_secret() -> None:
    assert Redactor("no")("no such model") == "no such model"


def test_control_bidi_and_invisible_characters_are_dropped_and_lines_folded() -> None:
    assert Redactor()("a\x1b[31m\nb\u202e\u200b\x00\x9b c\u2028d\ud800") == "a[31m b c d"


def test_it_is_cut_to_200_characters() -> None:
    shown = Redactor()("好" * 1000)
    assert len(shown) == 200
    assert shown.endswith("…")


def test_the_redactor_does_not_show_what_it_hides() -> None:
    assert repr(Redactor(KEY)) == "<Redactor>"


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_key_is_hidden_whatever_stands_around_it(before: str, after: str) -> None:
    assert letters(KEY) not in letters(Redactor(KEY)(before + KEY + after))
