"""Which facts come to mind: those that are like the line, that matter, and that are not long ago."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.mind.noting import read, statements
from mudbot.mind.recall import FADED, Query, about, best, by_meaning, by_words, decay, leans
from mudbot.mind.remembered import Fact

DAY = 86_400.0
NOW = 1_700_000_000.0
THINGS = ["cart", "drum", "well", "fox", "kite", "barrel", "lantern", "bridge"]


def fact(number: int, text: str, *, days: float = 0.0, importance: float = 0.5) -> Fact:
    return Fact(number, NOW - days * DAY, "name:ann", "Ann", text, private=True, importance=importance)


def chosen(facts: list[Fact], text: str, meanings: dict[int, float] | None = None, *, most: int = 1) -> list[int]:
    found = best(facts, Query(text), meanings or {}, now=NOW, fades=30 * DAY, most=most)
    return [one.id for one in found]


def test_a_fact_counts_half_after_its_time_and_is_never_gone() -> None:
    assert decay(0, 30 * DAY) == 1.0
    assert decay(30 * DAY, 30 * DAY) == 0.5
    assert decay(60 * DAY, 30 * DAY) == 0.25
    assert decay(9999 * DAY, 30 * DAY) == FADED
    assert decay(-5, 30 * DAY) == 1.0, "a clock that was set back makes nothing more than new"


def test_of_two_that_are_alike_the_newer_comes_first_and_of_two_as_old_the_more_important() -> None:
    cats = [fact(1, "My cat is called Mimi.", days=60), fact(2, "My cat is called Momo.")]
    assert chosen(cats, "What is my cat called?", most=2) == [2, 1]
    cats = [fact(1, "My cat is called Mimi.", importance=0.9), fact(2, "My cat is called Momo.")]
    assert chosen(cats, "What is my cat called?", most=2) == [1, 2]


def test_what_nothing_newer_answers_is_found_however_old() -> None:
    foxes = range(2, 40)
    facts = [fact(1, "My cat is called Mimi.", days=300), *(fact(n, f"I saw a fox at mile {n}.") for n in foxes)]
    assert chosen(facts, "What is my cat called?", {1: 1.0}, most=6)[0] == 1


@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.floats(0, 900), st.floats(0, 1), st.floats(0, 1)), max_size=30
    ),
    st.text(max_size=40),
    st.integers(0, 8),
)  # fmt: skip
def test_it_is_bounded_and_the_same_each_time(
    told: list[tuple[str, float, float, float]], line: str, most: int
) -> None:
    facts = [fact(n, text, days=days, importance=worth) for n, (text, days, worth, _) in enumerate(told)]
    meanings = {n: near for n, (*_, near) in enumerate(told) if n % 2}
    found = chosen(facts, line, meanings, most=most)
    assert len(found) == len(set(found)) <= most
    assert found == chosen(facts, line, meanings, most=most)
    assert all(0 <= share <= 1.0001 for share in by_words(line, [one.text for one in facts]))


def test_rarer_words_count_more_and_endings_do_not() -> None:
    texts = ["I fear spiders in the cellar.", "The cellar is cold.", "The cellar is dark.", "我最怕打雷。"]
    spider, *cellars, thunder = by_words("Is there a spider in your cellar?", texts)
    assert spider > max(cellars) > 0 == thunder
    assert by_words("你怕打雷吗？", texts)[3] > 0


def test_the_same_is_not_told_twice() -> None:
    facts = [fact(1, "My cat is called Mimi."), fact(2, "my CAT is called mimi!"), fact(3, "My dog is called Rex.")]
    assert sorted(chosen(facts, "cat Mimi", most=3)) in ([1, 3], [2, 3])


def test_nearness_is_a_rank_within_a_language() -> None:
    """All Chinese texts are nearer to a Chinese line than any English one; the best of each is found."""
    wide = [True, True, True, False, False, False]
    near = by_meaning([0.90, 0.85, 0.82, 0.80, 0.70, 0.69], [0.0] * 6, wide)
    assert near[0] == pytest.approx(1.0)
    assert near[3] > near[4]
    assert near[3] > near[2], "the best English one comes before the last of the Chinese"
    assert by_meaning([0.9], [0.5], [True]) == [1.0]
    assert by_meaning([], [], []) == []


def test_what_is_near_to_everything_answers_nothing() -> None:
    """A text that is a little nearer to the line, and much nearer to all the others, comes after one that is not."""
    near = by_meaning([0.86, 0.85, 0.70, 0.70], [0.90, 0.70, 0.75, 0.75], [False] * 4)
    assert near[1] > near[0]


def test_a_fact_is_made_a_vector_with_who_told_it() -> None:
    assert about("Ann", "My cat is called Mimi.") == "About Ann: My cat is called Mimi."
    assert about("张三", "我的狗叫阿福。") == "张三说：我的狗叫阿福。"
    assert about(" ", "My cat.") == "My cat."
    assert len(about("A" * 500, "My cat.")) < 100


def test_many_of_one_kind_leave_room_for_another() -> None:
    """What says nearly the same as what was chosen comes later, and is not gone where there is room."""
    facts = [fact(n, f"I have never seen such a {thing}.") for n, thing in enumerate(THINGS)]
    facts.append(fact(99, "My horse went lame."))
    meanings = dict.fromkeys(range(len(THINGS)), 0.9) | {99: 0.7}
    found = chosen(facts, "How is my mount?", meanings, most=3)
    assert found[0] != 99, "what is nearest comes first all the same"
    assert 99 in found
    assert len(chosen(facts, "How is my mount?", meanings, most=9)) == 9


def test_of_two_that_differ_in_one_word_both_are_found() -> None:
    facts = [fact(1, "I owe the smith ten silver."), fact(2, "I owe the baker ten silver.")]
    facts += [fact(n, f"The {thing} was broken.") for n, thing in enumerate(THINGS, 10)]
    assert sorted(chosen(facts, "Whom do I owe silver?", most=2)) == [1, 2]


def test_what_matters_fades_later() -> None:
    assert decay(30 * DAY, 30 * DAY, 0.8) == pytest.approx(0.5**0.25)
    assert decay(30 * DAY, 30 * DAY, 0.35) == pytest.approx(0.25)
    old = [fact(1, "My cat is called Mimi.", days=60, importance=0.8), fact(2, "I saw a cat.", importance=0.35)]
    assert chosen(old, "What of my cat?") == [1]


@pytest.mark.parametrize("text", ["and where is she now?", "Why?", "它在哪里？", "What of them?"])
def test_a_line_may_lean_on_the_one_before(text: str) -> None:
    assert leans(text)


def test_a_line_may_stand_alone() -> None:
    assert not leans("What is my cat called?")
    assert not leans("我的剑埋在哪一棵树下？")


# -- noting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "How much is the wine?", "hello", "Good evening!", "Thank you!", "来一碗面。", "今天生意怎么样？", "你好掌柜",
        "", "!!!", "Give me a beer.",
        "Where is the ferry", "lol", "I want to rent a room.", "I'd like a bed", "What news from the road", "你怎么了",
    ],
)  # fmt: skip
def test_questions_greetings_and_orders_are_not_kept(text: str) -> None:
    assert statements(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "My name is Rosalind.", "I am allergic to peanuts.", "我对虾过敏。", "我女儿小莲今年六岁了。",
        "Hello, my sister married a miller.",
    ],
)  # fmt: skip
def test_what_one_tells_of_oneself_is_kept_and_matters_more(text: str) -> None:
    ((kept, worth),) = statements(text)
    ((_, other),) = statements("The old bridge is broken again.")
    assert kept == text
    assert worth > other


@pytest.mark.parametrize(
    "text",
    [
        "I want to open a bakery.", "When I was a child, I fell into a well.", "What I fear most is spiders.",
        "我什么都不怕。",
    ],
)  # fmt: skip
def test_an_ambition_is_no_order_and_a_clause_no_question(text: str) -> None:
    assert [kept for kept, _ in statements(text)] == [text]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("I sold the miller a dull knife.", "The miller sold me a dull knife."),
        ("我卖给货郎一把钝刀。", "货郎卖给我一把钝刀。"),
        ("Last spring, my barn burned down.", "The widow keeps goats behind my barn."),
    ],
)
def test_what_others_did_to_one_is_not_what_one_tells_of_oneself(own: str, other: str) -> None:
    assert statements(own)[0][1] > statements(other)[0][1]


def test_an_answer_of_the_model_is_read_as_far_as_it_was_said() -> None:
    lines = ["I buried the sword under the willow", "我的狗叫阿福"]
    notes = read(
        "Here you are:\n- Ann buried a sword under a willow.\n* Ann is a queen\n2. Ann的狗叫阿福\n"
        "SUMMARY: Ann spoke of a sword.\nSUMMARY again", lines, who="Ann",
    )  # fmt: skip
    assert notes.facts == ("Ann buried a sword under a willow.", "Ann的狗叫阿福")
    assert notes.summary == "Ann spoke of a sword."


@given(st.text(max_size=3000))
def test_any_answer_of_the_model_is_bounded(answer: str) -> None:
    notes = read(answer, ["the sword lies under the willow"], who="Ann")
    assert len(notes.facts) <= 6
    assert all(len(text) <= 400 for text in (*notes.facts, notes.summary))
