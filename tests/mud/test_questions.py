"""Pagers and y/n questions: answered at once, by the right dialect, at the right time, and not without end."""

from __future__ import annotations

import pytest

from mudbot.mud import dialect as dialects
from mudbot.mud.dialect import Dialect, load
from mudbot.mud.questions import MOST, Questions
from mudbot.mud.rules import Question

RULES = Dialect(
    name="test",
    prompt="^(?:> ?)+",
    questions=(
        Question(when="^--More--", send="q", during="game"),
        Question(when="^Take over\\?", send="y", during="login"),
        Question(when="^Press a key", send=""),
    ),
)


@pytest.mark.parametrize(
    ("text", "login", "game"),
    [
        ("--More--(52%)", None, "q"),
        ("Take over?", "y", None),
        ("Press a key", "", ""),
        ("> Press a key", "", ""),
        ("   Press a key  ", "", ""),
        ("Bob says: Press a key", None, None),
        ("", None, None),
        ("> ", None, None),
    ],
)
def test_a_question_is_answered_where_it_is_asked(text: str, login: str | None, game: str | None) -> None:
    """In the login, in the game or in both; behind a prompt; and not where it is only mentioned."""
    assert Questions(RULES).answer(text, "login", 0) == login
    assert Questions(RULES).answer(text, "game", 0) == game


def test_an_empty_answer_is_not_no_answer() -> None:
    """Nothing but the line end is typed, which is what pagers wait for."""
    assert Questions(RULES).answer("Press a key", "game", 0) == ""


def test_a_flood_of_questions_is_not_answered_without_end() -> None:
    """Who can make the MUD show one again and again must not make the character type as often."""
    asked = Questions(RULES)
    answers = [asked.answer("Press a key", "game", 100 + n / 100) for n in range(10 * MOST)]
    assert answers.count("") == MOST
    assert answers[:MOST] == [""] * MOST


def test_a_long_text_is_paged_to_its_end() -> None:
    """A page every few seconds is answered for ever."""
    asked = Questions(RULES)
    assert all(asked.answer("Press a key", "game", 2.5 * n) == "" for n in range(10 * MOST))


def test_after_a_minute_of_rest_questions_are_answered_again() -> None:
    asked = Questions(RULES)
    for _ in range(MOST + 5):
        asked.answer("Press a key", "game", 0)
    assert asked.answer("Press a key", "game", 59) is None
    assert asked.answer("Press a key", "game", 60) == ""


def test_what_is_no_question_counts_for_nothing() -> None:
    asked = Questions(RULES)
    for _ in range(10 * MOST):
        asked.answer("The wind howls.", "game", 0)
    assert repr(asked) == "<Questions test, 0 answered>"
    assert asked.answer("Press a key", "game", 0) == ""


@pytest.mark.parametrize(
    ("family", "text", "send"),
    [
        ("nt7", "== 未完继续 52% == (ENTER 继续下一页，q 离开，b 前一页)", ""),
        ("nt7", "请输入任意键继续或 3 秒后自动进入游戏", ""),
        ("xkx", "==未完继续 7%==", ""),
        ("oiuv", "按任意键继续", ""),
        ("rom", "[Hit Return to continue]", ""),
        ("tbamud", "*** PRESS RETURN: ", ""),
        ("tbamud", "[ Return to continue, (q)uit, (r)efresh, (b)ack, or page number (1/3) ]", ""),
        ("deadsouls", "--More--(41%)", ""),
        ("ranvier", "[Press Enter to continue]", ""),
        ("lambdamoo", "*** More ***  4 lines left.  Do @more [rest|flush] for more.", "@more rest"),
        ("generic", "[Press RETURN to continue]", ""),
        ("generic", "*** More ***", ""),
        ("generic", "== 未完继续 52% ==", ""),
    ],
)
def test_the_pagers_of_real_servers_are_answered(family: str, text: str, send: str) -> None:
    """Else they eat the next command and hold back what others say."""
    assert Questions(load(family)).answer(text, "game", 0) == send


def test_a_question_that_the_mud_asks_in_two_lines_is_answered_once() -> None:
    """A second y would be typed into the game."""
    asked = Questions(load("rom"))
    two = ("That character is already playing.", "Do you wish to connect anyway (Y/N)?")
    assert [asked.answer(text, "login", 0) for text in two] == [None, "y"]


@pytest.mark.parametrize("family", dialects.names())
@pytest.mark.parametrize(
    "text",
    ["You are hungry.", "Bob waves.", "张三走了过来。", "(y/n)", "Are you sure? (Y/N)", "Really delete your character?",
     "你确定要自杀吗？(y/n)", "Password:", "请输入密码：", "Enter your new password:"],
)  # fmt: skip
def test_in_the_game_no_other_question_is_answered(family: str, text: str) -> None:
    """Who says yes to everything deletes characters; and a password is typed at the login only."""
    assert Questions(load(family)).answer(text, "game", 0) is None
