"""Guessing a MUD's encoding from its first lines: right soon, not moved by drawings or broken bytes, and then done."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
from pathlib import Path

import pytest

from mudbot.events import Line, Prompt
from mudbot.mud.charset import MAX_CHANGES, MAX_LINES, Guess, Guesser
from mudbot.mud.text import TextStream

SIMPLIFIED = """\
你来到了中央广场，四周人来人往，十分热闹。
这里明显的出口是 east、west 和 south。
张三丰说道：今晚客栈还有空房吗？
【闲聊】令狐冲：大家好，我是新来的
您的英文名字(要注册新人物请输入new。)：
店小二笑咪咪地说道：这位客官，里面请，要喝点什么酒？
天色渐渐暗了下来，夕阳的余晖洒在青石板路上。
你从身上拿出一锭银子交给掌柜的。
对方冷笑一声，侧身避开了你的攻击。
恭喜你，你的基本剑法进步了！""".splitlines()
TRADITIONAL = """\
你來到了中央廣場，四周人來人往，十分熱鬧。
這裡明顯的出口是 east、west 和 south。
張三豐說道：今晚客棧還有空房嗎？
【閒聊】令狐沖：大家好，我是新來的
您的英文名字（要註冊新人物請輸入new。）：
店小二笑咪咪地說道：這位客官，裡面請，要喝點什麼酒？
天色漸漸暗了下來，夕陽的餘暉灑在青石板路上。
你從身上拿出一錠銀子交給掌櫃的。
對方冷笑一聲，側身避開了你的攻擊。
恭喜你，你的基本劍法進步了！""".splitlines()
RUSSIAN = """\
Вы стоите на центральной площади города.
Введите имя вашего персонажа:
Добро пожаловать в мир наших грёз!
Старый трактирщик вытирает кружку полотенцем.
Иван говорит: 'Есть ли свободная комната на ночь?'
Крыса попыталась укусить вас, но промахнулась.
Солнце медленно взошло на востоке.
Стражник внимательно осмотрел вас с ног до головы.
Имя: Пётр, раса: эльф, уровень 12, опыт 1523
Дверь на запад закрыта.""".splitlines()
WESTERN = """\
Le tavernier vous regarde d'un air étonné et répond : déjà là ?
La forêt s'étend à perte de vue, très sombre et désolée.
Du gehst über die Straße; ein kühler Wind weht, die Gäste lächeln müde.
Es gibt drei sichtbare Ausgänge: Süden, Nordwesten und die Höhle über dir.
Estás en la plaza mayor, detrás de la muralla, y hace frío: ¿qué harás, señor?
Värdshusvärden säger: hej på dig, främling! Vill du äta något?""".splitlines()
TEXTS = {
    "gbk": SIMPLIFIED,
    "big5": TRADITIONAL,
    "cp1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "latin-1": WESTERN,
}
ENGLISH = ["You are in the central square.", "Obvious exits: north, south.", "What?", ""]
BOXES = ["╔══════════════════╗", "║  ★  ☆  ◆  ○  ●  ║", "┌─┬─┐  └─┴─┘", "════════════════════════"]
LATIN_ART = [
    "°º¤ø,¸¸,ø¤º°`°º¤ø,¸,ø¤°º¤ø,¸¸,ø¤º°`",
    "¯¨'*·~-.¸¸,.-~*´¨¯¨`*·~-.¸",
    "··´¯`··._.··¸.·´¯`·.·´¯`··._.·´¯`·.¸",
]
DOS_ART = [
    b"\xc9" + b"\xcd" * 20 + b"\xbb",
    b"\xba" + b" " * 20 + b"\xba",
    b"\xc8" + b"\xcd" * 20 + b"\xbc",
    b"\xda\xc4\xc4\xc2\xc4\xbf \xc0\xc4\xd9\xb3\xc3\xb4\xc5",
    b"\xb0\xb1\xb2\xdb\xdb\xb2\xb1\xb0 \xde\xdd\xdc\xdf",
]
FOLDER = os.environ.get("MUDBOT_CAPTURES")


def heard(*lines: bytes) -> Guess:
    guesser = Guesser()
    for line in lines:
        guesser.hear(line)
    return guesser.guess


def encoded(lines: list[str], encoding: str) -> list[bytes]:
    return [line.encode(encoding) for line in lines]


# -- which one ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", TEXTS)
def test_any_three_lines_are_enough(encoding: str) -> None:
    for lines in itertools.combinations(encoded(TEXTS[encoding], encoding), 3):
        guess = heard(*lines)
        assert (guess.encoding, guess.confidence > 0.6) == (encoding, True), guess


@pytest.mark.parametrize("encoding", ["gbk", "big5", "cp1251", "koi8-r"])
def test_one_line_is_enough_where_letters_are_all_beyond_ascii(encoding: str) -> None:
    for line in encoded(TEXTS[encoding], encoding):
        assert heard(line).encoding == encoding, line.decode(encoding)


@pytest.mark.parametrize("lines", [SIMPLIFIED, TRADITIONAL, RUSSIAN, WESTERN, BOXES], ids="scrwb")
def test_utf_8_is_known_whatever_it_says(lines: list[str]) -> None:
    for line in encoded(lines, "utf-8"):
        assert heard(line).encoding == "utf-8", line.decode()
    guess = heard(*encoded(lines, "utf-8"))
    assert (guess.encoding, guess.confidence > 0.9) == ("utf-8", True)


def test_traditional_chinese_in_gbk_is_gbk() -> None:
    """Some MUDs speak so: outside of the standard's two levels, but not in Big5."""
    for lines in itertools.combinations(encoded(TRADITIONAL, "gbk"), 2):
        assert heard(*lines).encoding == "gbk"


@pytest.mark.parametrize("encoding", ["gbk", "big5", "utf-8"])
def test_boxes_around_it_do_not_hide_it(encoding: str) -> None:
    text = SIMPLIFIED if encoding != "big5" else TRADITIONAL
    for line in text[:4]:
        boxes = [box.encode(encoding, "ignore") for box in BOXES]
        assert heard(*boxes, line.encode(encoding)).encoding == encoding, line


def test_ascii_is_undecided_and_read_as_utf_8() -> None:
    guess = heard(*encoded(ENGLISH, "ascii"))
    assert guess == Guess("utf-8", 0.0, "only ASCII so far")


def test_too_little_decides_nothing() -> None:
    """Two characters may be anything; the reason says what they may be."""
    guess = heard("什么".encode("gbk"))
    assert (guess.encoding, guess.confidence) == ("utf-8", 0.0)
    assert "not surely" in guess.reason


def test_english_between_does_not_matter() -> None:
    lines = [line for pair in zip(encoded(ENGLISH, "ascii"), encoded(SIMPLIFIED, "gbk"), strict=False) for line in pair]
    assert heard(*lines).encoding == "gbk"


# -- what must not mislead it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [b"\xff", b"\xb0", b"\xc3", b"\x80"])
def test_a_broken_byte_does_not_move_utf_8(broken: bytes) -> None:
    for line in encoded(SIMPLIFIED, "utf-8"):
        for at in range(0, len(line), 5):
            assert heard(line[:at] + broken + line[at + 1 :]).encoding == "utf-8"


@pytest.mark.parametrize("lines", [SIMPLIFIED, RUSSIAN, WESTERN, ENGLISH], ids="srwe")
def test_latin_1_drawings_do_not_move_utf_8(lines: list[str]) -> None:
    art = encoded(LATIN_ART, "latin-1")
    text = encoded(lines, "utf-8")
    assert heard(*text, *art * 5).encoding == "utf-8"
    assert heard(*art * 5, *text[:3]).encoding == "utf-8"


def test_dos_drawings_alone_decide_nothing() -> None:
    assert heard(*DOS_ART * 5).encoding == "utf-8"


@pytest.mark.parametrize("encoding", ["gbk", "big5", "cp1251", "utf-8"])
def test_text_behind_dos_drawings_is_known(encoding: str) -> None:
    text = TEXTS.get(encoding, SIMPLIFIED)
    assert heard(*DOS_ART, *encoded(text, encoding)[:5]).encoding == encoding


def test_random_bytes_never_raise_and_hardly_ever_decide() -> None:
    chance = random.Random(7)
    decided = [heard(*(chance.randbytes(40) for _ in range(5))).encoding != "utf-8" for _ in range(200)]
    assert sum(decided) <= 4


# -- a change of mind --------------------------------------------------------------------------------------------------


def test_a_mud_that_changes_after_the_login_is_followed() -> None:
    """FluffOS can switch to GBK with the terminal type: some lines of it outweigh all that was UTF-8 before."""
    guesser = Guesser()
    for line in encoded(SIMPLIFIED * 5, "utf-8"):
        guesser.hear(line)
    changed = next(i for i, line in enumerate(encoded(SIMPLIFIED * 5, "gbk")) if guesser.hear(line).encoding == "gbk")
    assert 1 <= changed <= 20
    assert "gbk" in guesser.guess.reason


def test_one_line_in_another_encoding_changes_nothing() -> None:
    """A player may paste anything."""
    for other in ("gbk", "big5", "koi8-r"):
        line = TEXTS[other][0].encode(other)
        assert heard(*encoded(SIMPLIFIED, "utf-8"), line).encoding == "utf-8"


def test_it_is_done_after_enough_and_then_costs_nothing() -> None:
    guesser = Guesser()
    for number, line in enumerate(itertools.islice(itertools.cycle(encoded(SIMPLIFIED, "gbk")), MAX_LINES)):
        assert not guesser.done, number
        guesser.hear(line)
    assert guesser.done
    last = guesser.guess
    for line in encoded(SIMPLIFIED * 20, "utf-8"):
        assert guesser.hear(line) is last


def test_it_is_done_after_64_kilobytes_of_long_lines() -> None:
    guesser = Guesser()
    for _ in range(9):
        guesser.hear("功夫".encode() * 1400)
    assert guesser.done


def test_it_gives_up_a_mud_that_changes_for_ever() -> None:
    guesser = Guesser()
    guesses = {id(guesser.guess): guesser.guess.encoding}
    for encoding in ["utf-8", "gbk"] * 10:
        for line in encoded(SIMPLIFIED * 2, encoding):
            guesser.hear(line)
            guesses[len(guesses)] = guesser.guess.encoding
    found = [name for name, _ in itertools.groupby(guesses.values())]
    assert len(found) <= MAX_CHANGES + 1
    assert guesser.done


def test_its_repr_tells_guess_and_state() -> None:
    guesser = Guesser()
    guesser.hear(SIMPLIFIED[0].encode("gbk"))
    assert repr(guesser) == "<Guesser gbk 1.00, 1 lines heard>"


# -- in the stream -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_reads_what_it_guesses_however_it_is_split(encoding: str, size: int) -> None:
    """From some line on all is right, the same one for every split; none is half one encoding, half another."""
    text = (ENGLISH + TEXTS[encoding]) * 2
    data = "".join(line + "\r\n" for line in text).encode(encoding)
    stream, whole = TextStream("auto"), TextStream("auto")
    found = [line for i in range(0, len(data), size) for line in stream.feed(data[i : i + size])]
    assert found == whole.feed(data)
    assert [line.text for line in found][8:] == text[8:]
    assert stream.encoding == encoding
    assert stream.guess is not None
    assert stream.guess.encoding == encoding


def test_a_login_prompt_counts_too() -> None:
    """It may be the first Chinese that a MUD says, and stands there without a line end."""
    stream = TextStream("auto")
    assert stream.feed(b"\r\n" + "您的英文名字：".encode("gbk")) == [Line("")]
    assert stream.flush("quiet") == Prompt("您的英文名字：", "quiet")
    assert stream.encoding == "gbk"


def test_a_stream_tells_a_change_and_its_reason_once() -> None:
    """Another value of ``guess`` is the sign; the configured encoding has none."""
    stream = TextStream("auto")
    before = stream.guess
    assert before is not None
    stream.feed(b"Welcome!\r\n")
    assert stream.guess is before
    stream.feed(SIMPLIFIED[0].encode("gbk") + b"\r\n")
    assert stream.guess != before
    assert (stream.encoding, "gbk" in str(stream.guess)) == ("gbk", True)
    assert TextStream("gbk").guess is None
    assert TextStream("gbk").encoding == "gbk"


def test_colours_do_not_count_as_text() -> None:
    """A colour between the bytes of characters leaves them what they are."""
    stream = TextStream("auto")
    high = SIMPLIFIED[0].encode("gbk")
    data = b"".join(b"\x1b[3%dm" % (i % 8) + high[i : i + 1] for i in range(len(high))) + b"\x1b[0m\r\n"
    (line,) = stream.feed(data)
    assert line.text == SIMPLIFIED[0]
    assert len(line.spans) >= 10


def test_a_stream_that_is_done_guessing_reads_on() -> None:
    stream = TextStream("auto")
    data = "\r\n".join([*SIMPLIFIED, ""]).encode("gbk")
    for _ in range(MAX_LINES // len(SIMPLIFIED) + 1):
        found = stream.feed(data)
    assert stream._guesser is None
    assert [line.text for line in found] == SIMPLIFIED
    assert stream.guess is not None


@pytest.mark.skipif(not FOLDER, reason="MUDBOT_CAPTURES does not name the folder of the recordings")
@pytest.mark.parametrize("name", ["nt7-gbk", "xkx100-gbk"])
def test_recorded_muds_are_guessed_early(name: str) -> None:
    """Within the first forty lines of two running MUDs that begin with drawings of Chinese characters."""
    entries = map(json.loads, (Path(FOLDER or "") / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    data = b"".join(bytes.fromhex(entry["hex"]) for entry in entries if entry["dir"] == "in")
    data = re.sub(rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff[\xf0-\xf9]", b"", data, flags=re.DOTALL)
    stream = TextStream("auto")
    known = []
    for line in data.splitlines(keepends=True):
        stream.feed(line)
        known.append(stream.encoding)
    assert "gbk" in known[:40]
    assert [name for name, _ in itertools.groupby(known)][-2:] in (["gbk"], ["utf-8", "gbk"])
