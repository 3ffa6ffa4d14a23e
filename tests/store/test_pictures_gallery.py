"""Which pictures a page lists: in order, page by page, by what was chosen, and private ones never."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from mudbot.store import gallery
from mudbot.store.gallery import Leaf, Mark, Which
from mudbot.store.store import Store

PUBLIC = Which(private=False)


async def put(store: Store, picture_id: str, at: float, **more: Any) -> None:
    row = {"session": "inn", "speaker": "Ann", "prompt": "a crane", "caption": "A crane", "private": False}
    await store.write("pictures", id=picture_id, at=at, file=f"{picture_id}.png", type="image/png", **row | more)


async def listed(store: Store, which: Which, **how: Any) -> str:
    leaf = await store.browse(lambda it: gallery.leaf(it, which, **how))
    return "".join(row.id for row in leaf.rows)


@pytest.fixture
async def ten(store: Store) -> Store:
    """Pictures a to j; d, e and f of one moment."""
    for number, name in enumerate("abcdefghij"):
        await put(store, name, 5.0 if name in "def" else float(number))
    return store


async def test_a_walk_through_all_pages_and_back_sees_each_once(ten: Store) -> None:
    """Those of one moment as well, and the ends are known."""

    async def turn(**how: Any) -> Leaf:
        return await ten.browse(lambda it: gallery.leaf(it, PUBLIC, limit=3, **how))

    walked, leaf = [], await turn()
    assert leaf.newer is None
    walked.append([row.id for row in leaf.rows])
    while leaf.older is not None:
        leaf = await turn(before=Mark.read(str(leaf.older)))
        walked.append([row.id for row in leaf.rows])
        assert leaf.newer is not None
    assert ["".join(each) for each in walked] == ["jih", "gfe", "dcb", "a"]
    back = []
    while leaf.newer is not None:
        leaf = await turn(after=Mark.read(str(leaf.newer)))
        back.append("".join(row.id for row in leaf.rows))
        assert leaf.older is not None
    assert back == ["dcb", "gfe", "jih"]


async def test_a_page_behind_the_end_is_empty_and_before_the_beginning_is_the_first(ten: Store) -> None:
    assert await listed(ten, PUBLIC, before=Mark(-5.0, "a")) == ""
    assert await listed(ten, PUBLIC, after=Mark(50.0, "a"), limit=2) == "ji"


async def test_a_page_is_bounded(store: Store) -> None:
    for number in range(120):
        store.write("pictures", id=f"p{number}", session="", speaker="", prompt="", caption="", file="x", type="",
                    private=False)  # fmt: skip
    assert len((await store.browse(lambda it: gallery.leaf(it, PUBLIC, limit=10_000))).rows) == 100
    assert len((await store.browse(lambda it: gallery.leaf(it, PUBLIC, limit=-1))).rows) == 1


@pytest.mark.parametrize("odd", ["", "x", "-", "5-", "-abc", "nan", "5-a b", "5-画", "5" * 99 + "-a", "5-a'--"])
def test_a_mark_that_is_none_is_none(odd: str) -> None:
    assert Mark.read(odd) is None


@pytest.mark.parametrize("odd", ["nan-a", "inf-a", "-inf-a", "1e999-a"])
async def test_a_mark_at_no_time_finds_something_or_nothing(ten: Store, odd: str) -> None:
    """It comes from an address that anybody can write."""
    assert set(await listed(ten, PUBLIC, before=Mark.read(odd))) <= set("abcdefghij")


# -- chosen ------------------------------------------------------------------------------------------------------------


async def test_private_pictures_are_on_no_page(store: Store) -> None:
    """Nor among what can be chosen, nor beside another; one of which nobody knows is private."""
    await put(store, "a", 1, private=True, session="hidden", place="Cellar", speaker="Eve", parent="b")
    await put(store, "c", 3, private=None, session="hidden", place="Cellar", speaker="Eve", parent="b")
    await put(store, "b", 2)
    assert await listed(store, PUBLIC) == "b"
    assert await listed(store, Which(private=False, search="crane")) == "b"
    assert await listed(store, Which(private=False, speaker="Eve")) == ""
    assert await listed(store, Which(private=False, parent="b")) == ""
    assert await listed(store, Which(private=True)) == "ca"
    choices = await store.browse(gallery.choices)
    assert choices.sessions == [("inn", 1)]
    assert (choices.places, choices.speakers) == ([], [("Ann", 1)])

    def beside(connection: Connection) -> tuple[Any, Any]:
        return gallery.neighbours(connection, gallery.one(connection, "b"), PUBLIC)

    assert await store.browse(beside) == (None, None)


async def test_neighbours_are_the_next_in_order(ten: Store) -> None:
    def beside(connection: Connection, name: str) -> str:
        found = gallery.neighbours(connection, gallery.one(connection, name), PUBLIC)
        return "".join(row.id if row is not None else "-" for row in found)

    assert await ten.browse(lambda it: [beside(it, name) for name in "aej"]) == ["b-", "fd", "-i"]


async def test_pictures_are_chosen_by_all_that_is_told_of_them(store: Store) -> None:
    await put(store, "a", 1, session="inn", place="The Inn", speaker="Ann", player="ann", pinned=True)
    await put(store, "b", 2, session="town", place="The Inn", speaker="Bob", player="id:Bob7", parent="a")
    await put(store, "c", 3, session="town", place="客栈", speaker="小红", player="xiaohong")
    for which, expected in (
        (Which(session="town"), "cb"),
        (Which(place="The Inn"), "ba"),
        (Which(place="客栈"), "c"),
        (Which(speaker="Ann"), "a"),
        (Which(speaker="ann"), ""),
        (Which(player="ANN"), "a"),
        (Which(player="ID:bob7"), "b"),
        (Which(player="小红"), "c"),
        (Which(since=2), "cb"),
        (Which(until=2), "a"),
        (Which(since=2, until=3), "b"),
        (Which(pinned=True), "a"),
        (Which(pinned=False), "cb"),
        (Which(parent="a"), "b"),
        (Which(ids=("a", "c", "?")), "ca"),
        (Which(session="town", place="The Inn", speaker="Bob"), "b"),
        (Which(session="' OR 1=1 --"), ""),
    ):
        assert await listed(store, which) == expected, which


async def test_a_search_wants_every_word_somewhere(store: Store) -> None:
    """In the caption, the prompt, what was said, the place or the name; in Chinese any part of a sentence."""
    await put(store, "a", 1, caption="A white Crane", prompt="over the lake", place="Dock")
    await put(store, "b", 2, caption="仙鹤飞过湖面", prompt="水墨", words="画一只仙鹤")
    await put(store, "c", 3, caption="100% silk_road", prompt="", speaker="Lake")
    for words, expected in (
        ("crane", "a"), ("CRANE lake", "a"), ("lake", "ca"), ("crane 仙鹤", ""), ("仙鹤", "b"), ("一只", "b"),
        ("dock", "a"), ("100%", "c"), ("%", "c"), ("silk_road", "c"), ("_", "c"), ("\\", ""), ("  ", "cba"),
        ("'\"", ""), ("a " * 5000, "cba"),
    ):  # fmt: skip
        assert await listed(store, Which(search=words)) == expected, words


async def test_choices_are_the_most_frequent_first(store: Store) -> None:
    for number, place in enumerate(["Inn", "Dock", "Inn", "", None]):
        await put(store, f"p{number}", number, place=place)
    choices = await store.browse(gallery.choices)
    assert choices.places == [("Inn", 2), ("Dock", 1)]


async def test_pages_are_found_by_an_index(store: Store) -> None:
    """However many pictures there are: nothing is sorted and no other table is read."""

    def plans(connection: Connection) -> list[str]:
        found = []
        for where in ("", "AND session='a'", "AND place='a'", "AND speaker='a'"):
            asked = f"SELECT * FROM pictures WHERE private IS 0 {where} ORDER BY at DESC, id DESC LIMIT 25"
            found += [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
        return found

    found = await store.browse(plans)
    assert not [plan for plan in found if "TEMP B-TREE" in plan]
    assert [plan.split("INDEX ")[1].split()[0] for plan in found] == [
        "pictures_public", "pictures_public_by_session", "pictures_public_by_place", "pictures_public_by_speaker",
    ]  # fmt: skip
