"""Keywords: which words ask for what, in English and Chinese."""

from __future__ import annotations

import pytest

from mudbot.local.painter.words import _CHINESE, KEYWORDS, MAX_PROMPT, wishes


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Two pines.", "pine"),
        ("PINE!", "pine"),
        ("ｐｉｎｅ", "pine"),
        ("客栈inn", "inn"),
        ("cherries", "cherry-less"),
        ("marshes", "reeds"),
        ("the cities of old", "stronghold"),
        ("a wine-jar", "jars"),
    ],
)
def test_english_words_in_all_their_forms(prompt: str, wanted: str) -> None:
    """Plural, capitals, full width letters and neighbours in another script do not hide a word."""
    if wanted == "cherry-less":
        assert "blossom" in wishes(prompt)
    else:
        assert wanted in wishes(prompt)


@pytest.mark.parametrize(
    ("prompt", "unwanted"),
    [
        ("in my opinion", "pine"),
        ("dinner is served", "inn"),
        ("the wooden door", "forest"),
        ("nightingale", "night"),
        ("thousands", "desert"),
        ("the understairs cupboard", "path"),
        ("brain", "rain"),
        ("Sunday", "sun"),
        ("many keys", "sea"),
        ("a watercolour of a hill", "lake"),
        ("ink wash painting", "lake"),
        ("水墨画", "lake"),
        ("江湖", "lake"),
        ("江湖", "river"),
        ("洞庭湖", "cave"),
        ("星期三", "stars"),
        ("放松开来", "blossom"),
        ("烟雨", "smoke"),
    ],
)
def test_words_inside_other_words_do_not_count(prompt: str, unwanted: str) -> None:
    """ "pine" is not in "opinion", and a style of painting is not a motif."""
    assert unwanted not in wishes(prompt)


@pytest.mark.parametrize("prompt", ["no moon", "without any snow", "without a temple", "没有月亮", "沒有月亮"])
def test_what_is_denied_is_not_wished_for(prompt: str) -> None:
    """ "no moon" asks for no moon."""
    assert not wishes(prompt)


def test_denial_reaches_only_its_own_noun() -> None:
    """ "no moon" does not take the stars away."""
    assert wishes("no moon, only stars") == {"stars", "night"}


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("客栈", "客棧"),
        ("云雾", "雲霧"),
        ("仙鹤", "仙鶴"),
        ("桥", "橋"),
        ("灯笼", "燈籠"),
        ("岛", "島"),
        ("强盗", "強盜"),
        ("房间", "房間"),
        ("骆驼", "駱駝"),
        ("闪电", "閃電"),
        ("红叶", "紅葉"),
        ("宫", "宮"),
        ("书生", "書生"),
        ("夕阳", "夕陽"),
        ("坟", "墳"),
    ],
)
def test_traditional_characters_ask_for_the_same(simplified: str, traditional: str) -> None:
    """Simplified and traditional writing give the same wishes, and some."""
    assert wishes(simplified) == wishes(traditional)
    assert wishes(simplified)


@pytest.mark.parametrize(
    ("prompt", "implied"),
    [
        ("the moon", "night"),
        ("stars", "night"),
        ("a boat", "lake"),
        ("a bridge", "river"),
        ("thunder", "rain"),
        ("camels", "desert"),
        ("stalls", "street"),
        ("a stove", "room"),
        ("two tables on the floor of the temple", "room"),
        ("大漠孤烟直", "smoke"),
        ("长河落日圆", "dusk"),
    ],
)
def test_some_wishes_imply_others(prompt: str, implied: str) -> None:
    """A boat needs water, a moon needs a night, tables and floors need a room."""
    assert implied in wishes(prompt)


def test_there_is_one_time_of_day() -> None:
    """Night beats dusk beats dawn; a moon may stand in a dusk without making it night."""
    assert wishes("dawn, dusk and night") == {"night"}
    assert wishes("the moon at dusk") == {"moon", "dusk"}


def test_there_is_one_kind_of_water() -> None:
    """Sea beats lake beats river."""
    assert wishes("river, lake and sea") == {"sea"}
    assert wishes("a river into the lake") == {"lake"}


def test_one_table_in_a_garden_is_no_room() -> None:
    """A single piece of furniture out of doors does not put a roof over it."""
    assert "room" not in wishes("a table under the plum blossom")


def test_only_the_beginning_of_a_long_prompt_is_read() -> None:
    """What stands beyond the bound does not count."""
    assert wishes("x " * MAX_PROMPT + "moon") == frozenset()


def test_every_class_has_chinese_keywords() -> None:
    """No class is for English readers only."""
    assert set(_CHINESE) == KEYWORDS
