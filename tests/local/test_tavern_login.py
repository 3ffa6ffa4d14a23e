"""The questions at the tavern's door.  No sockets."""

from __future__ import annotations

import pytest

from mudbot.local.tavern.login import Login, Step
from mudbot.local.tavern.world import World


def knock(world: World, *lines: str) -> Step:
    """What follows the last of *lines*."""
    login = Login(world)
    step = login.begin()
    for line in lines:
        step = login.take(line)
    return step


@pytest.mark.parametrize(
    ("language", "name", "password"),
    [("en", "By what name are you known? ", "Password: "), ("zh", "请问阁下尊姓大名？", "请输入密码：")],
)
def test_a_name_is_asked_for_and_then_a_password(language: str, name: str, password: str) -> None:
    """A banner and the name's question first; the password's question hides what is typed."""
    world = World(language)
    first, second = knock(world), knock(world, "Bob")
    assert first.says
    assert (first.asks, first.hides) == (name, False)
    assert (second.asks, second.hides) == (password, True)


def test_an_unknown_name_becomes_a_character() -> None:
    """With the password that was given, and as the name was written."""
    world = World()
    bob = knock(world, "Bob", "secret").admits
    assert bob is not None
    assert (bob.name, bob.room) == ("Bob", world.atlas.start)
    assert world.known("bob") is bob


def test_a_known_name_needs_its_password() -> None:
    """The right one admits, also when the name is written otherwise; a wrong one is asked for again."""
    world = World()
    bob = knock(world, "Bob", "secret").admits
    assert knock(world, "BOB", "secret").admits is bob
    again = knock(world, "Bob", "Secret")
    assert again.admits is None
    assert again.says == ("Wrong password.",)
    assert (again.asks, again.hides) == ("Password: ", True)
    assert knock(world, "Bob", "wrong", "secret").admits is bob


@pytest.mark.parametrize(("language", "wrong"), [("en", "Wrong password."), ("zh", "密码错误。")])
def test_the_third_wrong_password_ends_it(language: str, wrong: str) -> None:
    """Nobody can try passwords for long."""
    world = World(language)
    knock(world, "Bob", "secret")
    assert not knock(world, "Bob", "1", "2").ends
    last = knock(world, "Bob", "1", "2", "3")
    assert last.ends
    assert last.says[0] == wrong


def test_an_empty_password_is_not_taken() -> None:
    """Neither to create a character nor as a try without cost."""
    world = World()
    assert knock(world, "Bob", "").says == ("An empty password will not do.",)
    assert world.known("Bob") is None
    assert knock(world, "Bob", "", "", "").ends


def test_two_who_take_a_new_name_at_once_do_not_share_it() -> None:
    """The first password counts, even if both were asked before it was given."""
    world = World()
    first, second = Login(world), Login(world)
    first.take("Bob")
    second.take("Bob")
    assert first.take("one").admits is not None
    assert second.take("two").admits is None


@pytest.mark.parametrize("name", ["Bob", "bo", "A" * 16, "张三", "欧阳锋", "Bob张"])
def test_good_names(name: str) -> None:
    """Letters and 汉字, 2 to 16 of them."""
    assert knock(World(), name).hides


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("B", "2 to 16"),
        ("A" * 17, "2 to 16"),
        ("", "2 to 16"),
        ("Bob1", "letters only"),
        ("Bob Smith", "letters only"),
        ("Bоb", "letters only"),  # a Cyrillic о, which looks like Bob
        ("Bob\ufffd", "letters only"),
        ("you", "not a name"),
        ("Someone", "not a name"),
        ("你", "not a name"),
        ("某人", "not a name"),
    ],
)
def test_bad_names_are_refused_and_say_why(name: str, why: str) -> None:
    """And the name is asked for again."""
    step = knock(World(), name)
    assert why in step.says[0]
    assert step.asks == "By what name are you known? "
    assert not step.hides


def test_a_password_is_not_kept() -> None:
    """Nothing that describes a character holds its password."""
    world = World()
    bob = knock(world, "Bob", "hunter2").admits
    assert bob is not None
    assert "hunter2" not in repr(vars(bob)) + repr(bob) + repr(world)
