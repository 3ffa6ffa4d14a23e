"""Who has which id: learned from what the MUD shows, and unknown rather than wrong."""

from __future__ import annotations

import pytest

from mudbot.events import Speech
from mudbot.mud.people import MOST, People


def test_a_name_is_known_once_it_was_shown_with_its_id() -> None:
    """Commands take the id in lower case, however it was written."""
    people = People()
    assert people.id_of("张三") is None
    people.hear(Speech("tell", "张三", "在吗", "ZhangSan"))
    assert people.id_of("张三") == "zhangsan"
    people.hear(Speech("channel", "张三", "好", "zhangsan", "闲聊"))
    assert people.id_of("张三") == "zhangsan"


def test_a_name_with_two_ids_is_nobodys() -> None:
    """An answer in private must not go to whoever forged a line; and seeing the first again does not heal it."""
    people = People()
    people.learn("张三", "zhangsan")
    people.learn("张三", "mallory")
    assert people.id_of("张三") is None
    people.learn("张三", "zhangsan")
    assert people.id_of("张三") is None
    people.learn("张三", "mallory")
    assert people.id_of("张三") is None


def test_one_id_may_have_several_names() -> None:
    people = People()
    people.learn("张三", "zhangsan")
    people.learn("张大侠", "zhangsan")
    assert people.id_of("张三") == people.id_of("张大侠") == "zhangsan"


@pytest.mark.parametrize(
    ("name", "login"), [(None, "x"), ("", "x"), ("张三", None), ("张三", ""), ("张三", "zhangsan@XKX")]
)
def test_half_knowledge_and_people_of_other_muds_are_not_kept(name: str | None, login: str | None) -> None:
    """Somebody else may have that id here."""
    people = People()
    people.learn(name, login)
    assert people.id_of(name) is None
    assert repr(people) == "<People 0 known>"


@pytest.mark.parametrize("name", [None, ""])
def test_nobody_has_no_id(name: str | None) -> None:
    assert People().id_of(name) is None


def test_a_crowd_does_not_grow_without_bound() -> None:
    """The latest are known, the first are forgotten."""
    people = People()
    for n in range(MOST + 500):
        people.learn(f"name {n}", f"id{n}")
    assert repr(people) == f"<People {MOST} known>"
    assert people.id_of(f"name {MOST + 499}") == f"id{MOST + 499}"
    assert people.id_of("name 0") is None
