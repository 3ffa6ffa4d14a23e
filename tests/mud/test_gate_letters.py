"""The outbound gate: what is said where the MUD lacks the letters for it."""

from __future__ import annotations

import sys

import pytest

from mudbot.errors import GateError
from mudbot.mud.dialect import Dialect, Markup
from mudbot.mud.gate import Gate

PLAIN = Dialect(name="plain", max_bytes=2000)
ASCII = Dialect(name="rom", max_bytes=2000, charset="ascii")


def said(speaker: Gate, words: str) -> str:
    """What reaches the MUD, as one text without the verbs."""
    heard = (
        packet.data.replace(b"\xff\xff", b"\xff").decode(speaker.encoding) for packet in speaker.speak("say", words)
    )
    return "\n".join(text.strip().removeprefix("say ") for text in heard)


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("你好", "Ni Hao"),
        ("你好，世界！", "Ni Hao, Shi Jie!"),
        ("他说：“好。”你呢？", 'Ta Shuo: "Hao." Ni Ne?'),
        ("我喜欢Linux和Evennia……", "Wo Xi Huan Linux He Evennia......"),
        ("客官（里面）请《红楼梦》吧", 'Ke Guan (Li Mian) Qing "Hong Lou Meng" Ba'),
        ("Привет, ёлка", "Privet, elka"),
        ("It’s “fine” — café…", 'It\'s "fine" - cafe...'),
        ("Hi 😀🎉there ★→", "Hi :grinning: :tada: there"),
        ("❤️ 👍🏽", ":heart: :thumbsup:"),
        ("100%", "100%"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "latin-1"])
def test_a_mud_that_drops_all_but_ascii_is_spoken_to_in_ascii(words: str, heard: str, encoding: str) -> None:
    """Whatever the encoding is: the bytes beyond ASCII would vanish."""
    speaker = Gate(ASCII, encoding)
    assert speaker.narrows
    assert said(speaker, words) == heard


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "koi8-r"])
def test_chinese_and_emoji_are_spelled_where_an_encoding_has_no_chinese(encoding: str) -> None:
    speaker = Gate(PLAIN, encoding)
    assert not speaker.narrows
    assert said(speaker, "Well, 你好 😀! ★") == "Well, Ni Hao :grinning:!"


@pytest.mark.parametrize(("encoding", "words"), [("cp1251", "Привет, ёлка"), ("latin-1", "café ÿ ß")])
def test_the_letters_of_the_encoding_stay(encoding: str, words: str) -> None:
    assert said(Gate(PLAIN, encoding), words) == words


@pytest.mark.parametrize("encoding", ["gbk", "big5"])
def test_an_emoji_is_left_out_where_chinese_is_written(encoding: str) -> None:
    assert said(Gate(PLAIN, encoding), "你好😀！") == "你好！"


def test_every_character_reaches_an_ascii_mud_as_printable_ascii() -> None:
    """Over all of Unicode: what stands for a character brings no break and no control character of its own."""
    speaker = Gate(ASCII.model_copy(update={"max_bytes": 10**6}), "utf-8")
    for start in range(0, sys.maxunicode + 1, 0x800):
        (packet,) = speaker.speak("say", "a".join(map(chr, range(start, start + 0x800))))
        assert packet.text.isascii(), hex(start)
        assert packet.text.isprintable(), hex(start)


def test_what_stands_for_a_letter_is_markup_no_more_than_the_letter_was() -> None:
    """A Tibetan stop is spelled | and a Syriac one is spelled : at the beginning; both are defused behind that."""
    rules = ASCII.model_copy(update={"markup": Markup(replace={"|": "||"}, leading={":": "~"})})
    assert said(Gate(rules, "utf-8"), "x‖red ༑") == "x||||red ||"
    assert said(Gate(rules, "utf-8"), "܅waves") == "~:waves"
    assert said(Gate(rules, "utf-8"), "😀 hi") == "~:grinning: hi"


def test_refusing_says_what_is_lost_and_which_setting_changes_it() -> None:
    speaker = Gate(ASCII, "utf-8", non_ascii="refuse")
    with pytest.raises(GateError, match=r"drops all but ASCII \(dialect rom\).*'你'.*non_ascii: transliterate"):
        speaker.speak("say", "hi 你好")


def test_refusing_lets_pass_what_is_plain_but_for_its_signs() -> None:
    """Models write curly quotes, accents and emoji in plain English all the time."""
    assert said(Gate(ASCII, "utf-8", non_ascii="refuse"), "It’s “fine” — café… ★。") == 'It\'s "fine" - cafe... .'


@pytest.mark.parametrize("name", ["张三", "Zoé"])
def test_a_name_or_command_that_an_ascii_mud_would_garble_is_refused(name: str) -> None:
    """Only words are spelled anew: a private word for Zoé must not reach Zo."""
    speaker = Gate(ASCII, "utf-8")
    for attempt in (
        lambda: speaker.speak("tell", "hi", name),
        lambda: speaker.command(f"give coin to {name}"),
        lambda: speaker.secret("{name}", name=name),
    ):
        with pytest.raises(GateError, match="drops all but ASCII"):
            attempt()


def test_its_repr_tells_that_it_narrows() -> None:
    assert repr(Gate(ASCII, "latin-1")) == "<Gate rom iso8859-1 ascii only>"
