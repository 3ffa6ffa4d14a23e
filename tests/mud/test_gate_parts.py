"""The outbound gate: a long text as the few lines that a MUD takes."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.mud.dialect import Dialect, Markup
from mudbot.mud.gate import Gate, Parts
from mudbot.mud.parts import Wire, split
from mudbot.mud.spelling import Alphabet

ENGLISH = (
    "It is a long way to the Drunken Dragon, traveller; sit down by the fire, and have an ale! "
    "Tell me of your journey, will you? I have heard of trolls on the road."
)
CHINESE = (
    "客官，里面请！今晚还有空房吗？有的；请坐（靠窗）：茶水免费。他说：“好。”她问：‘真的？’我喜欢Linux和Evennia……你呢？"
)


def lines(text: str, room: int = 76, encoding: str = "utf-8", parts: Parts = Parts()) -> list[str]:  # noqa: B008
    return split(text, room, parts, Wire(Alphabet(encoding), Markup()))


@pytest.mark.parametrize(
    ("style", "heard"),
    [
        ("plain", ["It is a long way to the Drunken Dragon, traveller; sit down by the fire,",
                   "and have an ale! Tell me of your journey, will you?",
                   "I have heard of trolls on the road."]),
        ("numbered", ["(1/3) It is a long way to the Drunken Dragon, traveller;",
                      "(2/3) sit down by the fire, and have an ale!",
                      "(3/3) Tell me of your journey, will you? I have heard of trolls on the road."]),
        ("continued", ["It is a long way to the Drunken Dragon, traveller; sit down by the fire, …",
                       "…and have an ale! Tell me of your journey, will you? …",
                       "…I have heard of trolls on the road."]),
    ],
)  # fmt: skip
def test_the_styles_in_english(style: str, heard: list[str]) -> None:
    assert lines(ENGLISH, parts=Parts(4, style)) == heard  # type: ignore[arg-type]  # of the table above


@pytest.mark.parametrize(
    ("style", "heard"),
    [
        ("plain", ["客官，里面请！今晚还有空房吗？", "有的；请坐（靠窗）：茶水免费。他说：“好。”",
                   "她问：‘真的？’我喜欢Linux和Evennia……你呢？"]),
        ("numbered", ["(1/3) 客官，里面请！今晚还有空房吗？", "(2/3) 有的；请坐（靠窗）：茶水免费。他说：“好。”",
                      "(3/3) 她问：‘真的？’我喜欢Linux和Evennia……你呢？"]),
        ("continued", ["客官，里面请！今晚还有空房吗？……", "…有的；请坐（靠窗）：茶水免费。他说：“好。”……",
                       "…她问：‘真的？’我喜欢Linux和Evennia……你呢？"]),
    ],
)  # fmt: skip
def test_the_styles_in_chinese(style: str, heard: list[str]) -> None:
    assert lines(CHINESE, parts=Parts(4, style)) == heard  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["plain", "numbered", "continued"])
def test_a_text_of_one_line_bears_no_mark(style: str) -> None:
    text = "x" * 76
    assert lines(text, parts=Parts(4, style)) == [text]  # type: ignore[arg-type]
    assert lines(text, parts=Parts(1, style)) == [text]  # type: ignore[arg-type]
    assert lines(text + "x", parts=Parts(1, style)) == ["x" * 73 + "…"]  # type: ignore[arg-type]


@pytest.mark.parametrize("length", range(77, 330, 3))
def test_the_number_of_parts_is_right_though_the_marks_take_room(length: int) -> None:
    """Also where the text would need one line less without its marks."""
    words = " ".join(["troll"] * 60)[:length].strip()
    found = lines(words, parts=Parts(9, "numbered"))
    assert [line[:6] for line in found] == [f"({n}/{len(found)}) " for n in range(1, len(found) + 1)]
    assert " ".join(line[6:] for line in found) == words
    assert max(map(len, found)) <= 76


def test_numbered_parts_that_do_not_suffice_say_how_many_came_and_that_there_is_more() -> None:
    found = lines("troll " * 99, parts=Parts(3, "numbered"))
    assert [line[:6] for line in found] == ["(1/3) ", "(2/3) ", "(3/3) "]
    assert [line.endswith("…") for line in found] == [False, False, True]


@pytest.mark.parametrize("wrong", [0, -1, 10])
def test_a_number_of_parts_that_makes_no_sense_is_an_error(wrong: int) -> None:
    with pytest.raises(ValueError, match="1 to 9"):
        Parts(wrong)


def test_marks_are_markup_to_the_mud_like_any_words() -> None:
    """A bracket, a slash or a full stop at the beginning of a line may be a command; also if it is ours."""
    rules = Dialect(
        name="p", max_bytes=80, charset="ascii", markup=Markup(replace={"/": "//"}, leading={"(": "~", ".": "_"})
    )
    numbered = Gate(rules, "utf-8", parts=Parts(4, "numbered")).speak("say", ENGLISH)
    assert [packet.text[:11] for packet in numbered] == [f"say ~({n}//4)" for n in range(1, 5)]
    continued = Gate(rules, "utf-8", parts=Parts(4, "continued")).speak("say", ENGLISH)
    assert [packet.text[:8] for packet in continued] == ["say It i", "say _...", "say _..."]
    assert [packet.text[-4:] for packet in continued[:-1]] == [" ..."] * 2
    assert all(len(packet.data) <= 82 for packet in numbered + continued)


# -- where it is cut ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It costs 3.50 gold, or so I was told. And a half.", "It costs 3.50 gold, or so I was told."),
        ('He said: "Come in, you two." Then he left.', 'He said: "Come in, you two."'),
        ("no sentence here at all, only words", "no sentence here at all,"),
        ("only words without any stop or comma", "only words without any stop or"),
        ("see http://example.org/with/a/long/path", "see http://example.org/with/a/long/path"[:34]),
        ("I do not know of it; they say they don't", "I do not know of it; they say they"),
    ],
)
def test_it_is_cut_after_a_sentence_else_a_clause_else_a_word(text: str, first: str) -> None:
    """And where the last word is longer than half a line, in that."""
    assert lines(text, max(34, len(first)))[0] == first


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("一二三四五六七八九十，一二三", "一二三四五六七八九"),  # no line begins with a comma
        ("一二三四五六七八九（十）一二三", "一二三四五六七八九"),  # none ends with a bracket that opens
        ("一二三四五六七八Evennia好不好", "一二三四五六七八"),  # nor amid a word
        ("一二三四五六七八“好。”她说完", "一二三四五六七八"),
        ("一二三四五六七八九……好不好", "一二三四五六七八"),  # nor amid the two signs of an ellipsis
    ],
)
def test_chinese_is_cut_as_it_is_set(text: str, first: str) -> None:
    assert lines(text, 30)[0] == first


def test_a_sentence_is_not_kept_whole_at_the_price_of_the_end() -> None:
    """Whole sentences would need five lines; between words four hold it all."""
    text = " ".join(["It is far, my dear old friend."] + ["Trolls roam here at night, oh my."] * 8)
    found = lines(text, 80)
    assert len(found) == 4
    assert " ".join(found) == text


@pytest.mark.parametrize("text", ["word " * 15 + "x!!!", "一二三四五" * 5 + "，好。", "x" * 76 + "!", "汉" * 25 + "。"])
def test_no_line_is_punctuation_only(text: str) -> None:
    found = lines(text.strip())
    assert len(found) == 2
    assert all(re.search(r"\w", line) for line in found), found


FAMILY = "👨\u200d👩\u200d👧"
CLUSTERS = ["👍🏽", "🇬🇧", "e\u0323\u0302\u0331", "❤\ufe0f", FAMILY, "각", "नि", "1\ufe0f\u20e3"]


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("lead", range(9))
def test_what_readers_see_as_one_character_is_never_cut(cluster: str, lead: int) -> None:
    """Skin tones, flags, joined emoji, stacked accents: wherever the limit falls, both lines have whole ones."""
    text = "x" * lead + cluster * (400 // len(cluster.encode()))
    found = lines(text, 76, parts=Parts(9))
    assert len(found) > 1
    for n, line in enumerate(found):
        assert re.fullmatch(("x" * lead if n == 0 else "") + f"(?:{re.escape(cluster)})+", line), line
    assert "".join(found) == text


def test_a_character_with_more_accents_than_a_line_holds_is_cut_after_all() -> None:
    found = lines("a" + "\u0301" * 100, 40, parts=Parts(9))
    assert all(0 < len(line.encode()) <= 40 for line in found)
    assert "".join(found) == "a" + "\u0301" * 100


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("ab，。!? “”…（）汉字👍🏽🇬e\u0301|<", min_size=1, max_size=250).map(lambda t: " ".join(t.split())),
    room=st.integers(32, 90),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    parts=st.builds(Parts, st.integers(1, 9), st.sampled_from(["plain", "numbered", "continued"])),
)
def test_lines_fit_are_not_empty_and_lose_nothing(text: str, room: int, encoding: str, parts: Parts) -> None:
    """But for what the last ellipsis stands for; without marks and spaces the lines are the text."""
    text = unicodedata.normalize("NFC", text)
    wire = Wire(Alphabet(encoding), Markup(replace={"|": "||", "<": "&lt;"}))
    found = split(text, room, parts, wire)
    assert len(found) <= parts.max
    assert all(line.strip() and len(line.encode(encoding)) <= room for line in found)
    bare = [line.replace("||", "|").replace("&lt;", "<") for line in found]
    if parts.style == "numbered" and len(found) > 1:
        assert all(line.startswith(f"({n}/{len(found)}) ") for n, line in enumerate(bare, 1))
        bare = [line[6:] for line in bare]
    whole = "".join("".join(bare).split())
    want = "".join(text.split())
    if parts.style == "continued":
        whole, want = whole.replace("…", ""), want.replace("…", "")
    assert whole == want or want.startswith(whole.removesuffix("…"))
    assert whole == want or len(found) == parts.max
