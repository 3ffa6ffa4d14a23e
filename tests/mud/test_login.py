"""Login: every question answered once and in order, refusals told, players' words never taken for questions."""

from __future__ import annotations

import pytest

from mudbot.errors import LoginError
from mudbot.mud.dialect import Dialect, load
from mudbot.mud.login import PATIENCE, Answer, Login
from mudbot.mud.rules import LoginRules, Step

RULES = Dialect(
    name="test",
    login=LoginRules(
        steps=(
            Step(when="BIG5", send="n"),
            Step(when="name", send="{name}"),
            Step(when="password", send="{password}"),
            Step(when=r"take over\?", send="y"),
        ),
        success="^Welcome",
        failure="wrong|incorrect",
    ),
)
SETTLING = RULES.model_copy(update={"login": RULES.login.model_copy(update={"success": None, "settle": 5.0})})


def answers(login: Login, *texts: str) -> list[str | None]:
    return [answer.template if (answer := login.hear(text)) else None for text in texts]


def settles(login: Login) -> bool:
    """Whether all is answered and only a short quiet is waited for."""
    return login.settling is not None and login.settling < PATIENCE


SCRIPTS: dict[str, list[tuple[str, str | None]]] = {
    "nt7": [
        ("欢迎来到本游戏", None),
        ("请输入您的英文名字(忘记密码请输入「pass」)：", "{name}"),
        ("这个角色已经存在，请输入该角色的密码：", "{password}"),
        ("目前权限：(player)", None),
    ],
    "xkx": [
        ("Do you want to use BIG5 code?(y/n)", "n"),
        ("您的英文名字：", "{name}"),
        ("请输入密码：", "{password}"),
        ("目前权限：(player)", None),
    ],
    "evennia": [
        ("If you have an existing account, connect to it by typing:", None),
        ("      connect <username> <password>", "connect {name} {password}"),
        ("You become Bob.", None),
    ],
    "tavern": [
        ("By what name are you known?", "{name}"),
        ("Password: ", "{password}"),
        ("Welcome, Bob!", None),
    ],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_shipped_dialect_gets_in_through_its_familys_questions(name: str) -> None:
    """The questions as the servers ask them, each answered as it should be, and in at the end."""
    login = Login(load(name))
    for text, answer in SCRIPTS[name]:
        assert not login.done
        assert answers(login, text) == [answer], text
    assert login.done


def test_the_generic_dialect_is_in_after_the_password_and_quiet() -> None:
    login = Login(load("generic"))
    assert answers(login, "Welcome to Nowhere!", "By what name do you wish to be known?") == [None, "{name}"]
    assert not settles(login)
    assert answers(login, "Password:") == ["{password}"]
    assert login.settling == 3


def test_a_mud_that_asks_no_password_lets_in_after_a_longer_quiet() -> None:
    """The question may still come; but for ever is not waited."""
    login = Login(load("generic"))
    assert answers(login, "By what name do you wish to be known?") == ["{name}"]
    assert login.settling == 3 + PATIENCE
    assert not login.unconfirmed


def test_steps_are_answered_in_order() -> None:
    login = Login(RULES)
    assert answers(login, "BIG5?", "name?", "password?", "take over?") == ["n", "{name}", "{password}", "y"]


def test_steps_that_the_mud_does_not_ask_are_passed_over() -> None:
    """No question of encodings, and none of a password either."""
    login = Login(RULES)
    assert answers(login, "name?", "take over?", "Welcome") == ["{name}", "y", None]
    assert login.done


def test_a_question_is_answered_once() -> None:
    """A MUD that repeats its question has not liked the answer; to give it again would be a loop."""
    login = Login(RULES)
    assert answers(login, "name?", "name?", "password?", "password?", "name?", "BIG5?") == [
        "{name}", None, "{password}", None, None, None,
    ]  # fmt: skip


def test_the_password_is_not_given_before_the_name_was_asked() -> None:
    """A banner that speaks of passwords gets none: the MUD would take it for a name and show it to all."""
    login = Login(RULES)
    assert answers(login, "Lost your password? Write to us.", "take over?") == [None, None]
    assert answers(login, "name?", "password?") == ["{name}", "{password}"]
    generic = Login(load("generic"))
    assert answers(generic, "Forgot your password? See our site.", "Login:", "Password:") == [
        None, "{name}", "{password}",
    ]  # fmt: skip


def test_a_text_with_two_questions_gets_the_earlier_steps_answer() -> None:
    assert answers(Login(RULES), "name (or password help)?") == ["{name}"]


def test_blank_text_is_nothing() -> None:
    login = Login(Dialect(name="test", login=LoginRules(steps=(Step(when="", send="x"),))))
    assert answers(login, "", "  ", "\t") == [None, None, None]
    assert answers(login, "?") == ["x"]


def test_a_refusal_after_the_name_is_an_error_that_tells_what_was_said() -> None:
    login = Login(RULES)
    login.hear("name?")
    login.hear("password?")
    with pytest.raises(LoginError, match=r"refused the character: 'wrong password!'; check login\.name"):
        login.hear("  wrong password!  ")
    assert not login.done


def test_a_refusal_is_quoted_in_part_only() -> None:
    login = Login(RULES)
    login.hear("name?")
    with pytest.raises(LoginError) as caught:
        login.hear("wrong " + "x" * 5000)
    assert len(str(caught.value)) < 250


def test_a_refusal_counts_while_settling() -> None:
    login = Login(SETTLING)
    answers(login, "name?", "password?", "take over?")
    assert login.settling
    with pytest.raises(LoginError):
        login.hear("that was wrong")


def test_a_banner_with_the_words_of_a_refusal_is_none() -> None:
    login = Login(RULES)
    assert answers(login, "Three wrong passwords and you are out.", "name?") == [None, "{name}"]


def test_a_refusal_wins_over_a_success_in_the_same_text() -> None:
    login = Login(RULES)
    login.hear("name?")
    with pytest.raises(LoginError):
        login.hear("Welcome back, wrong password")


@pytest.mark.parametrize("said", ["Bob says, 'name? password? BIG5'", "wrong!", "take over?", "Welcome"])
def test_once_in_nothing_is_a_question_any_more(said: str) -> None:
    """A player who says the words of the login gets no name, no password and no disconnection."""
    login = Login(RULES)
    answers(login, "name?", "password?", "Welcome")
    assert login.done
    assert login.hear(said) is None
    assert login.done


def test_success_is_known_before_every_step_was_asked_but_not_before_the_name() -> None:
    """A banner says Welcome as well."""
    login = Login(RULES)
    assert answers(login, "Welcome", "name?", "Welcome") == [None, "{name}", None]
    assert login.done
    assert not login.settling


@pytest.mark.parametrize("rules", [RULES, SETTLING])
def test_after_the_last_answer_quiet_must_do_where_no_sign_of_success_comes(rules: Dialect) -> None:
    """Not every MUD of a family shows the sign that the family is known for."""
    login = Login(rules)
    assert not settles(login)
    answers(login, "name?", "password?", "take over?")
    assert login.settling == (5.0 if rules is SETTLING else 3.0 + PATIENCE)
    login.done = True
    assert login.settling is None


def test_a_password_that_is_asked_for_again_was_wrong() -> None:
    """Whatever words came between: a second guess is not made; a message of the day may speak of passwords."""
    login = Login(RULES)
    answers(login, "name?", "password:")
    assert answers(login, "Never tell your password:", "Change your password now and then.") == [None, None]
    with pytest.raises(LoginError, match=r"asks again: 'Enter password:'"):
        login.hear("Enter password:", asked=True)


def test_an_answer_is_a_template_and_never_holds_the_password() -> None:
    login = Login(RULES)
    login.hear("name?")
    assert login.hear("password?") == Answer("{password}")
    assert repr(login) == "<Login step 3 of 4>"
    login.hear("Welcome")
    assert repr(login) == "<Login step 3 of 4, done>"
