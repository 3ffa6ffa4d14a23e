"""Which family of MUDs it is: known from its own signs, unknown rather than wrong."""

from __future__ import annotations

import pytest

from mudbot.events import Line, Mssp, Prompt
from mudbot.mud import dialect as dialects
from mudbot.mud.detect import MAX_LINES, SURE, Detector, Guess


def detected(*texts: str) -> str | None:
    detector = Detector()
    for text in texts:
        detector.hear(Line(text))
    return detector.guess.name if detector.guess else None


BANNERS: dict[str, list[str]] = {
    "nt7": ["- NT(ultimate)  - 王者归来", "请输入您的英文名字(忘记密码请输入「pass」)："],
    "xkx": ["    侠客行一百源码", "侠客行一百已运行 三十四秒", "您的英文名字："],
    "oiuv": ["欢迎来到炎黄群侠传", "请输入您的英文名字："],
    "pkuxkx": ["北大侠客行", "Input 1 for GBK, 2 for UTF8, 3 for BIG5"],
    "evennia": [" Welcome to Mygame, version 5.0.1!", " If you have an existing account, connect to it by typing:",
                "      connect <username> <password>"],
    "rom": ["THIS IS A MUD BASED ON.....", "   ROM 2.4 beta", "By what name do you wish to be mourned?"],
    "tbamud": ["   T B A M U D", "Based on CircleMUD by Jeremy Elson", "By what name do you wish to be known?"],
    "pennmush": ["Welcome to PennMUSH 1.8.8!"],
    "lambdamoo": ["#$#mcp version: 2.1 to: 2.1", "Welcome to the LambdaCore database."],
    "deadsouls": ["Dead Souls Dev is running the Dead Souls 3.9 mudlib."],
    "ranvier": ["Welcome to Ranvier! "],
}  # fmt: skip


@pytest.mark.parametrize("family", BANNERS)
def test_a_family_is_known_by_what_it_shows_first(family: str) -> None:
    assert detected(*BANNERS[family]) == family


def test_every_family_of_real_servers_has_its_signs() -> None:
    """A dialect nobody can detect would never be found by ``auto``."""
    assert set(BANNERS) == set(dialects.names()) - {"generic", "tavern"}


@pytest.mark.parametrize(
    ("value", "family"),
    [
        ("Evennia 5.0.1", "evennia"),
        ("PennMUSH 1.8.8p0", "pennmush"),
        ("RhostMUSH", None),
        ("tbaMUD 2021", "tbamud"),
        ("CircleMUD v3.1", "tbamud"),
        ("ROM 2.4b6", "rom"),
        ("LambdaMOO 1.8.3", "lambdamoo"),
        ("Dead Souls 3.9", "deadsouls"),
        ("Ranvier", "ranvier"),
        ("Homegrown", None),
        ("Chrome", None),
        ("", None),
    ],
)
def test_mssp_tells_the_codebase(value: str, family: str | None) -> None:
    detector = Detector()
    detector.hear(Mssp({"NAME": "Some MUD", "CODEBASE": value}))
    assert (detector.guess.name if detector.guess else None) == family


def test_mssp_may_give_several_values() -> None:
    detector = Detector()
    detector.hear(Mssp({"CODEBASE": ["Mine", "Evennia 5"]}))
    assert detector.guess is not None
    assert detector.guess.name == "evennia"


def test_mssp_counts_for_more_than_a_word_in_the_banner() -> None:
    """A banner may thank another codebase; MSSP names the one that runs."""
    detector = Detector()
    detector.hear(Line("Inspired by LambdaMOO."))
    detector.hear(Mssp({"CODEBASE": "PennMUSH 1.8"}))
    assert detector.guess is not None
    assert detector.guess.name == "pennmush"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["Welcome!", "What is your name?"],
        ["欢迎光临", "请问阁下尊姓大名？"],
        ["We thank Evennia and PennMUSH."],
        ["Players of Evennia, PennMUSH, LambdaMOO and Ranvier are welcome."],
        ["The mercenary guild of Prometheus."],
    ],
)
def test_where_nothing_or_as_much_speaks_for_another_nothing_is_guessed(texts: list[str]) -> None:
    assert detected(*texts) is None


def test_the_same_sign_again_and_again_proves_no_more() -> None:
    """Two signs of one family outweigh one of another that is repeated."""
    assert detected(*["Like PennMUSH!"] * 20, "Evennia 5", "   connect <username> <password>") == "evennia"


def test_a_prompt_is_a_sign_as_a_line_is() -> None:
    detector = Detector()
    detector.hear(Prompt("By what name do you wish to be mourned? "))
    assert detector.guess is not None
    assert detector.guess.name == "rom"


def test_a_guess_says_why() -> None:
    detector = Detector()
    detector.hear(Mssp({"CODEBASE": "Evennia 5"}))
    detector.hear(Line("connect <username> <password>"))
    guess = detector.guess
    assert guess is not None
    assert guess.sure
    assert guess.points > SURE
    assert any("CODEBASE" in reason and "Evennia 5" in reason for reason in guess.reasons)
    assert any("connect <username>" in reason for reason in guess.reasons)
    assert not Guess("x", SURE - 0.1, ()).sure


def test_all_candidates_are_listed_the_likeliest_first() -> None:
    detector = Detector()
    detector.hear(Line("Like PennMUSH!"))
    detector.hear(Mssp({"CODEBASE": "Evennia 5"}))
    assert [guess.name for guess in detector.guesses] == ["evennia", "pennmush"]


def test_what_comes_late_is_not_looked_at() -> None:
    """The banner is over; MSSP may still come."""
    detector = Detector()
    for _ in range(MAX_LINES):
        detector.hear(Line("The wind howls."))
    detector.hear(Line("Evennia"))
    assert detector.guess is None
    detector.hear(Mssp({"CODEBASE": "Evennia 5"}))
    assert detector.guess is not None


def test_a_hostile_banner_shows_nothing_to_a_terminal() -> None:
    """Reasons are printed: what the MUD sent in them is escaped, and short."""
    detector = Detector()
    detector.hear(Mssp({"CODEBASE": "Evennia\x1b[2J\x07"}))
    detector.hear(Line("x" * 100_000 + " Evennia"))
    (guess,) = detector.guesses
    assert all(reason.isprintable() and len(reason) < 600 for reason in guess.reasons)
