"""The outbound gate: whatever the words are, one harmless line of the one verb reaches the wire."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.errors import GateError
from mudbot.mud import dialect as dialects
from mudbot.mud.dialect import Dialect, Markup, Verb
from mudbot.mud.gate import MAX_PARTS, Gate, Packet, Parts, clean

CODECS = ["utf-8", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r"]
NAMES = ["evennia", "generic", "nt7", "tavern", "xkx"]
TARGETS: dict[Verb, str | None] = {"say": None, "tell": "bob", "channel": "chat", "emote": None}
PLAIN = Dialect(name="plain", max_bytes=240)


def gate(encoding: str = "utf-8", **changes: object) -> Gate:
    """A gate for a dialect without markup, with *changes*."""
    return Gate(PLAIN.model_copy(update=changes), encoding)


def typed(data: bytes) -> list[bytes]:
    """The command lines that a server reads in *data*: telnet first, then every line end that a MUD knows.

    Raises AssertionError where telnet would find a command or an unfinished one.
    """
    text, i = bytearray(), 0
    while i < len(data):
        if data[i] == 0xFF:
            i += 1
            assert data[i : i + 1] == b"\xff", "a lone IAC"
        text.append(data[i])
        i += 1
    *found, rest = re.split(rb"\r\n|[\r\n\0]", bytes(text))
    assert rest == b"", "text behind the line end"
    return found


def said(packets: Iterable[Packet]) -> Iterator[bytes]:
    """The one command of each packet; no control byte may be left in it."""
    for packet in packets:
        (command,) = typed(packet.data)
        assert not re.search(rb"[\x00-\x1f\x7f]", command), command
        yield command


# -- injection ---------------------------------------------------------------------------------------------------------

BREAKS = {
    "LF": "\n", "CR": "\r", "CRLF": "\r\n", "NUL": "\0", "CR NUL": "\r\0", "VT": "\v", "FF": "\f", "FS": "\x1c",
    "NEL": "\x85", "LS": "\u2028", "PS": "\u2029", "backspaces": "\b" * 8, "DEL": "\x7f" * 8, "ESC": "\x1b[2K\r",
    "telnet": "\xff\xf4\n", "ETB": "\x17", "kill line": "\x15", "ZWSP": "\u200b\n", "bidi": "\u202e\n\u2066",
    "tag": "\U000e000a\n", "BOM": "\ufeff\n", "surrogate": "\ud80a\n", "private": "\ue00a\n",
    "symbol for LF": "\u240a\n", "Mongolian": "\u180e\n",
}  # fmt: skip


@pytest.mark.parametrize("encoding", CODECS)
@pytest.mark.parametrize("verb", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_no_break_begins_a_second_command(name: str, verb: Verb, encoding: str) -> None:
    """`quit` behind every kind of break is said, in one line that begins with the verb, not done."""
    speaker = Gate(dialects.load(name), encoding)
    start = speaker.speak(verb, "x", TARGETS[verb])[0].data.removesuffix(b"x\r\n")
    for kind, cut in BREAKS.items():
        for words in (f"hi{cut}quit", f"{cut}quit", f"hi{cut}{cut}quit"):
            (command,) = said(speaker.speak(verb, words, TARGETS[verb]))
            assert command.startswith(start), kind
            assert command.endswith(b"quit"), kind


@pytest.mark.parametrize(
    "words",
    [
        "ｑｕｉｔ",
        "q\u200bu\u200di\u2060t",
        "q\u202euit\u202c",
        "q\u3164u\u034fit\u115f",
        "qu\u00adit",
        "𝐪𝐮𝐢𝐭",
        "q\buit",
    ],
)
def test_disguises_are_taken_off_behind_the_verb(words: str) -> None:
    """Full-width, zero-width and bidi tricks come out as the plain word: still only words."""
    assert list(said(gate().speak("say", words))) == [b"say quit"]


@pytest.mark.parametrize("encoding", CODECS)
def test_no_code_point_makes_a_forbidden_byte(encoding: str) -> None:
    """Every Unicode code point, surrogates too, in every codec: one line, no control byte, no lone IAC."""
    speaker = gate(encoding, max_bytes=10**6)
    for start in range(0, sys.maxunicode + 1, 0x800):
        words = "a".join(map(chr, range(start, start + 0x800)))
        (command,) = said(speaker.speak("say", words))
        assert command.startswith(b"say "), hex(start)
        assert command.count(b"a") >= 0x700, hex(start)


def test_the_last_check_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cleaning switched off, every control character is stopped by the check of the bytes."""
    monkeypatch.setattr("mudbot.mud.gate.clean", lambda text: text)
    for code in (*range(0x20), 0x7F):
        with pytest.raises(GateError, match="nothing was sent"):
            gate().speak("say", f"hi{chr(code)}quit")


@settings(max_examples=400, deadline=None)
@given(
    words=st.text(max_size=400)
    | st.text("|{<%^$N:r😀яÿ .\n", max_size=300)
    | st.text("汉，。“”a \u0301👍🏽🇬", max_size=300),
    name=st.sampled_from(NAMES),
    encoding=st.sampled_from(CODECS),
    verb=st.sampled_from([*TARGETS]),
    parts=st.builds(Parts, st.integers(1, 9), st.sampled_from(["plain", "numbered", "continued"])),
    charset=st.sampled_from(["any", "any", "ascii"]),
)  # fmt: skip
def test_any_words_become_a_few_lines_within_the_limit(
    words: str, name: str, encoding: str, verb: Verb, parts: Parts, charset: str
) -> None:
    """Whatever is said, however it is cut: few lines, each of the verb and within the dialect's wire bytes."""
    rules = dialects.load(name).model_copy(update={"max_bytes": 60, "charset": charset})
    speaker = Gate(rules, encoding, parts=parts)
    start = speaker.speak(verb, "x", TARGETS[verb])[0].data.removesuffix(b"x\r\n")
    packets = speaker.speak(verb, words, TARGETS[verb])
    assert len(packets) <= parts.max
    for packet, command in zip(packets, said(packets), strict=True):
        assert command.startswith(start)
        assert command[len(start) :].strip(), "a verb without words"
        assert len(packet.data) - 2 <= 60
        assert charset == "any" or command.isascii()
        assert not re.search(rb"%\^|\$[Nn]", command) or "%^" not in rules.markup.replace


# -- bytes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "words"), [("cp1251", "яся"), ("latin-1", "ÿsÿ")])
def test_iac_is_doubled_on_the_wire(encoding: str, words: str) -> None:
    """cp1251 я and latin-1 ÿ are the byte 0xFF: doubled in the bytes, once in what the server reads."""
    (packet,) = gate(encoding).speak("say", words)
    assert packet.data == b"say \xff\xffs\xff\xff\r\n" if encoding == "latin-1" else b"say \xff\xff\xf1\xff\xff\r\n"
    assert packet.text == f"say {words}"
    assert typed(packet.data) == [f"say {words}".encode(encoding)]


def test_iac_counts_twice_in_the_limit() -> None:
    packets = gate("cp1251", max_bytes=40).speak("say", "я" * 60)
    assert max(len(packet.data) - 2 for packet in packets) == 40
    assert sum(packet.text.count("я") for packet in packets) == 60


@pytest.mark.parametrize(("encoding", "words"), [("gbk", "功夫很好"), ("big5", "許功蓋"), ("gbk", "亅乗俓")])
def test_a_metacharacter_as_second_byte_is_left_alone(encoding: str, words: str) -> None:
    r"""``\``, ``|`` and their kin are the second byte of common characters; these are sent as they are."""
    (packet,) = gate(encoding, markup=Markup(replace=dict.fromkeys("\\|{}~^@[`", "?"))).speak("say", words)
    assert packet.data == b"say " + words.encode(encoding) + b"\r\n"


@pytest.mark.parametrize(
    ("encoding", "count", "parts"),
    [("utf-8", 90, 2), ("gbk", 90, 1), ("utf-8", 78, 1), ("gbk", 118, 1), ("gbk", 119, 2)],
)
def test_the_limit_counts_bytes_of_the_wire(encoding: str, count: int, parts: int) -> None:
    """90 汉字 are 270 bytes of UTF-8 and 180 of GBK: with 240 that is two lines or one."""
    packets = gate(encoding).speak("say", "汉" * count)
    assert len(packets) == parts
    assert all(len(packet.data) - 2 <= 240 for packet in packets)
    assert sum(packet.text.count("汉") for packet in packets) == count


# -- splitting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "big5"])
def test_a_long_text_is_cut_between_characters_and_loses_none(encoding: str) -> None:
    for lead in range(4):
        words = "x" * lead + "功夫" * 60
        packets = gate(encoding, max_bytes=101).speak("say", words)
        heard = b"".join(command.removeprefix(b"say ") for command in said(packets))
        assert heard.decode(encoding) == words or words.startswith(heard.decode(encoding).removesuffix("…"))
        assert b"\xef\xbf\xbd" not in heard


def test_what_four_lines_cannot_hold_ends_in_an_ellipsis() -> None:
    packets = gate(max_bytes=60).speak("say", "word " * 200)
    assert len(packets) == MAX_PARTS
    assert [packet.text.endswith("…") for packet in packets] == [False, False, False, True]
    assert all(len(packet.data) - 2 <= 60 for packet in packets)


def test_what_four_lines_just_hold_has_no_ellipsis() -> None:
    packets = gate(max_bytes=44).speak("say", "x" * 160)
    assert [packet.text for packet in packets] == ["say " + "x" * 40] * 4
    packets = gate(max_bytes=44).speak("say", "x" * 161)
    assert packets[-1].text == "say " + "x" * 37 + "…"


@pytest.mark.parametrize("encoding", ["latin-1", "koi8-r"])
def test_the_ellipsis_is_honest_where_the_encoding_has_none(encoding: str) -> None:
    """Three full stops instead of a question mark, and they fit."""
    packets = gate(encoding, max_bytes=44).speak("say", "x" * 500)
    assert packets[-1].data == b"say " + b"x" * 37 + b"...\r\n"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("One sentence is here. Another one is there", "One sentence is here."),
        ("这是第一句话，有点长。这是第二句话，也不短的。", "这是第一句话，有点长。"),
        ("no sentence at all but words and some more", "no sentence at all but words and some"),
        ("x" * 41, "x" * 40),
    ],
)
def test_a_text_is_cut_after_a_sentence_else_between_words(words: str, first: str) -> None:
    assert gate(max_bytes=44).speak("say", words)[0].text == f"say {first}"


def colours(text: str) -> list[str]:
    """The colour codes that Evennia would see in *text*: a ``|`` that no other ``|`` before it escapes."""
    return re.findall(r"\|(.|$)", re.sub(r"\|\|", "", text))


@pytest.mark.parametrize("lead", range(12))
@pytest.mark.parametrize("words", ["|" * 300, "|r" * 150, "a|" * 150, "|. " * 100])
def test_no_cut_goes_through_an_escape(lead: int, words: str) -> None:
    """Doubled bars stay pairs at every place where the limit can fall: half of a pair would be a colour."""
    speaker = gate(max_bytes=60, markup=Markup(replace={"|": "||"}))
    for packet in speaker.speak("say", "x" * lead + words + "red"):
        assert colours(packet.text) == [], packet.text


def test_evennias_escapes_are_never_cut_in_two() -> None:
    """Taken out whole, the escapes of the shipped dialect leave no bar, brace or angle behind, whatever the cut."""
    rules = dialects.load("evennia").model_copy(update={"max_bytes": 60})
    escapes = sorted(rules.markup.replace.values(), key=len, reverse=True)
    for lead in range(20):
        for packet in Gate(rules, "utf-8").speak("say", "x" * lead + "|r{<|||" * 20):
            assert len(packet.data) - 2 <= 60
            bare = re.sub("|".join(map(re.escape, escapes)), "", packet.text)
            assert not re.search(r"[|{<]", bare), packet.text


# -- markup ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nt7", "xkx"])
def test_fluffos_markup_is_pulled_apart(name: str) -> None:
    (packet,) = Gate(dialects.load(name), "utf-8").speak("say", "%^RED%^ $N 和 $n，100% 可以")
    assert packet.text == "say % ^RED% ^ $ N 和 $ n，100% 可以"


@pytest.mark.parametrize("encoding", ["gbk", "big5", "latin-1", "cp1251", "koi8-r"])
def test_what_the_encoding_drops_does_not_bring_markup_together(encoding: str) -> None:
    """A symbol that the encoding lacks is left out before the markup is looked for, not after."""
    (packet,) = Gate(dialects.load("nt7"), encoding).speak("say", "%⛦^RED%🏽^ $⛦N %\u200b^ ％＾ %\ue000^")
    assert packet.data == b"say % ^RED% ^ $ N % ^ % ^ % ^\r\n"


def test_a_leading_character_that_is_a_command_is_defused_in_every_part() -> None:
    """Also where only the cut, or a dropped character, brings it to the front of a line."""
    speaker = gate("gbk", max_bytes=44, markup=Markup(leading={":": "~", "'": "~"}))
    assert speaker.speak("say", ":waves")[0].text == "say ~:waves"
    assert speaker.speak("say", "😀:waves")[0].text == "say ~:waves"
    assert speaker.speak("say", "a:b")[0].text == "say a:b"
    assert [p.text for p in speaker.speak("say", "Look at this one here, my good friend. :waves")][1] == "say ~:waves"
    assert [p.text for p in speaker.speak("say", "x" * 40 + ":waves")][1] == "say ~:waves"


def test_a_verb_with_markup_of_its_own_uses_that() -> None:
    speaker = gate(
        speak={"say": "say {text}", "emote": "pose {text}"},
        markup=Markup(replace={"|": "||"}),
        markup_for={"emote": Markup(replace={"$": "\\$"})},
    )
    assert speaker.speak("say", "$|")[0].text == "say $||"
    assert speaker.speak("emote", "$|")[0].text == "pose \\$|"


# -- what stays --------------------------------------------------------------------------------------------------------

ENGLISH = [
    "Hello there, traveller! What brings you to the Drunken Dragon tonight?",
    "It's 5 o'clock: 100% ale (half price), isn't it?",
    "\"Well,\" she said; 'no' - it costs $3.50 + tax = $4 & a smile.",
    "See http://example.org/a_b?c=d#e or write to bob@example.org.",
]
CHINESE = [
    "客官，里面请！今晚还有空房吗？——有的；请坐（靠窗）：茶水免费……",
    "他说：“好。”她问：‘真的？’《红楼梦》【闲聊】「你好」『再见』、〈一〉·～",
    "功夫在诗外。",
]


@pytest.mark.parametrize("encoding", CODECS)
@pytest.mark.parametrize("words", ENGLISH)
def test_plain_english_is_sent_as_it_is(words: str, encoding: str) -> None:
    assert list(said(gate(encoding).speak("say", words))) == [b"say " + words.encode("ascii")]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030"])
@pytest.mark.parametrize("words", CHINESE)
def test_chinese_with_its_punctuation_is_sent_as_it_is(words: str, encoding: str) -> None:
    assert b"".join(said(gate(encoding).speak("say", words))).decode(encoding) == f"say {words}"


def test_traditional_chinese_is_sent_as_it_is_in_big5() -> None:
    words = "客官，裡面請！功夫、許可、蓋世（今晚）：「好。」……"
    (packet,) = gate("big5").speak("say", words)
    assert packet.data == b"say " + words.encode("big5") + b"\r\n"


@pytest.mark.parametrize("encoding", ["latin-1", "koi8-r"])
def test_typographic_signs_become_their_plain_twins_where_the_encoding_has_none(encoding: str) -> None:
    """Models write curly quotes and dashes all the time; a question mark instead would spoil plain English."""
    (packet,) = gate(encoding).speak("say", "It’s “fine” — isn’t it… ½ –")
    assert packet.data == b"say It's \"fine\" - isn't it... 1/2 -\r\n"
    assert packet.text == "say It's \"fine\" - isn't it... 1/2 -"


def test_letters_that_the_encoding_lacks_are_written_with_those_it_has() -> None:
    (packet,) = gate("koi8-r").speak("say", "café 汉 да 😀!")
    assert packet.data == "say cafe Han да :grinning:!\r\n".encode("koi8-r")


@pytest.mark.parametrize("words", ["", "   ", "\n", "\u200b\u2060", "\ud800", "😀", "\x1b"])
def test_nothing_is_sent_where_nothing_can_be_said(words: str) -> None:
    """A verb without words may mean something else: Evennia pages its argument to whoever was paged last."""
    assert gate("gbk").speak("say", words) == []


def test_text_is_one_line_of_visible_characters_once_clean() -> None:
    assert clean(" a\t\tb\u3000c\u200bd\ne\u0301 ") == "a b cd é"
    assert clean("Å①ﬁ㎏") == "Å1fikg"
    assert clean("中文，标点。Ａ") == "中文，标点。A"


# -- targets -----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "", "bob quit", "bob\nquit", "bob\r", "bob\n", "bob;quit", "bob=x", "bob,ann", "-f", "*", "#1", "me/quit", "'bob",
    "bob\0", "bob\u200b", "bob\u202e", "bob\u2028quit", "bob\x85", "@bob", "b" * 41, "{text}", "bob|", "~bob",
    "bob😀", "bo\ud800b",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", [None, *HOSTILE])
def test_a_hostile_name_is_not_addressed(name: str, target: str | None) -> None:
    if (name, target) == ("evennia", "bob quit"):
        return  # a name of two words, which stands before a = there and is no second command
    with pytest.raises(GateError, match="not a name"):
        Gate(dialects.load(name), "utf-8").speak("tell", "hi", target)


NO_CHANNELS = [*HOSTILE, "chat\nquit", "chat;quit", "%x", "闲聊2", "ｃｈａｔ"]


@pytest.mark.parametrize(
    ("name", "target"),
    # Channels of Evennia may have spaces in their names, and stand behind a verb of their own.
    [(name, target) for name in NAMES for target in NO_CHANNELS if (name, target) != ("evennia", "bob quit")],
)
def test_a_hostile_channel_is_not_spoken_on(name: str, target: str) -> None:
    with pytest.raises(GateError, match="no channel command"):
        Gate(dialects.load(name), "utf-8").speak("channel", "hi", target)


def test_a_verb_that_the_dialect_lacks_is_refused() -> None:
    with pytest.raises(GateError, match="no way to whisper"):
        gate().speak("whisper", "hi", "bob")


@pytest.mark.parametrize(("encoding", "target"), [("latin-1", "张三"), ("koi8-r", "Zoé"), ("big5", "张三")])
def test_a_name_that_the_encoding_lacks_is_not_turned_into_another(encoding: str, target: str) -> None:
    """A private word for Zoé must not reach Zoe."""
    with pytest.raises(GateError, match="lacks"):
        gate(encoding).speak("tell", "secret", target)


def test_a_command_that_leaves_no_room_for_words_is_an_error() -> None:
    with pytest.raises(GateError, match="max_bytes"):
        gate(max_bytes=40).speak("tell", "hi", "b" * 25)


# -- raw commands and secrets ------------------------------------------------------------------------------------------


def test_a_raw_command_is_one_plain_line() -> None:
    packet = gate().command(" look at 张三 ")
    assert packet == Packet("look at 张三\r\n".encode(), "look at 张三")


@pytest.mark.parametrize(
    "text",
    ["look\nquit", "look\r", "look\n", "look\0", "\blook", "look\x1b[0m", "look\x7f", "a\x85b", "a\u2028b",
     "lo\u200bok", "\u202elook", "lo\ud800ok", "ｌｏｏｋ", "a\tb"],
)  # fmt: skip
def test_a_raw_command_with_anything_invisible_is_refused(text: str) -> None:
    with pytest.raises(GateError, match="plain command line"):
        gate().command(text)


def test_a_raw_command_is_never_changed_to_fit_the_encoding() -> None:
    with pytest.raises(GateError, match="koi8-r lacks"):
        gate("koi8-r").command("give coin to Zoé")


def test_a_raw_command_or_secret_that_the_mud_would_cut_is_refused() -> None:
    """Half a command may be another command; the limit is the wire's, so a doubled IAC counts twice."""
    assert len(gate("cp1251", max_bytes=40).command("say " + "я" * 18).data) == 42
    with pytest.raises(GateError, match=r"too long .* 42 bytes, .* max_bytes: 40"):
        gate("cp1251", max_bytes=40).command("say " + "я" * 19)
    with pytest.raises(GateError, match="too long") as caught:
        gate(max_bytes=40).secret("connect {name} {password}", name="Ann", password="hunter2" * 6)
    assert "hunter2" not in str(caught.value)


def test_a_secret_shows_in_its_bytes_only() -> None:
    """The password is in the bytes, and neither in the text nor in any repr."""
    packet = gate().secret("connect {name} {password}", name="Ann", password="hunter2{name}")
    assert packet.data == b"connect Ann hunter2{name}\r\n"
    assert packet.text == "connect Ann ********"
    assert "hunter2" not in f"{packet!r} {packet} {packet.text}"
    assert "data" not in repr(packet)


def test_a_secret_in_the_wires_encoding_doubles_iac() -> None:
    assert gate("cp1251").secret("{password}", password="моя").data == b"\xec\xee\xff\xff\r\n"


def test_braces_without_a_value_stay() -> None:
    assert gate().secret("{name} {other}", name="Ann").data == b"Ann {other}\r\n"


@pytest.mark.parametrize(
    "password", ["hunter2\nquit", "hunter2\r", "hunter2\0", "hunter2\x85", "hunter2\u2028", "hunter2\ud800"]
)
def test_a_secret_that_cannot_be_typed_is_refused_without_being_told(password: str) -> None:
    with pytest.raises(GateError, match=r"login\.password") as caught:
        gate().secret("{password}", password=password)
    assert "hunter2" not in str(caught.value)


def test_a_secret_that_the_encoding_lacks_is_refused_without_being_told() -> None:
    """A password with question marks in it would be a wrong one."""
    with pytest.raises(GateError, match="lacks") as caught:
        gate("latin-1").secret("{password}", password="hunter汉")
    assert "汉" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_its_repr_tells_dialect_and_codec() -> None:
    assert repr(gate("GBK")) == "<Gate plain gbk>"


# -- the encoding ------------------------------------------------------------------------------------------------------


def test_the_encoding_can_change_while_running() -> None:
    """What is made later is in the new one; one that there is none of changes nothing."""
    speaker = gate("GBK")
    assert speaker.speak("say", "功夫")[0].data == "say 功夫\r\n".encode("gbk")
    speaker.encoding = "UTF8"
    assert speaker.encoding == "utf-8"
    assert speaker.speak("say", "功夫")[0].data == "say 功夫\r\n".encode()
    with pytest.raises(GateError, match="no text encoding is called 'klingon'"):
        speaker.encoding = "klingon"
    assert speaker.encoding == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "hz", "cp037", "utf-8-sig", "rot13", "hex", "auto", ""])
def test_an_encoding_in_which_ascii_is_something_else_is_refused(encoding: str) -> None:
    """Commands, markup and line ends are ASCII bytes: in such an encoding no check of them would mean anything."""
    with pytest.raises(GateError, match="try utf-8"):
        gate(encoding)
