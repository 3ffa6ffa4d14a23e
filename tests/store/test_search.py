"""Full-text search: what was said is found in every language, and nothing typed is a command to the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, delete

from mudbot.store import search
from mudbot.store.store import Store
from mudbot.store.tables import turns

SAID = [
    "老陈，今天来一壶酒，多少钱？",
    "陈老爷子的旧事",
    "The Dragons of the North fly at dusk",
    "a café by the river; 100% pure",
    "山上有龙 dragon 出没",
    "꿩 대신 닭",
    "ＡＬＥ and bread",
]


async def said(store: Store, *texts: str, speaker: str = "ann", character: str = "s/Chen") -> None:
    for text in texts:
        row = {"character": character, "speaker": speaker, "private": False, "name": "Ann", "text": text, "own": False}
        await store.write("turns", **row)


async def found(store: Store, words: str, **more: Any) -> list[str]:
    assert await search.catch_up(store)
    return [row.text for row in await store.browse(lambda connection: search.said(connection, words, **more))]


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        ("老陈", [0]),  # not 陈老爷子, which has the same two letters
        ("酒", [0]),
        ("一壶酒", [0]),
        ("今天 多少钱", [0]),
        ("钱今天", []),
        ("陈", [1, 0]),
        ("龙", [4]),
        ("有龙 dragon", [4]),
        ("dragon", [4, 2]),  # the beginning of a word is enough
        ("DRAGONS north", [2]),
        ("cafe", [3]),
        ("ale", [6]),  # full-width letters are letters
        ("닭", [5]),
        ("nothing", []),
        ("", []),
        ("?!…", []),
    ],
)
async def test_what_was_said_is_found_by_its_words(store: Store, words: str, hits: list[int]) -> None:
    """Chinese words of any length as well, the newest first."""
    await said(store, *SAID)
    assert await found(store, words) == [SAID[hit] for hit in hits]


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        ('"', []),
        ('al"e', []),
        ("NEAR(ale bread)", []),
        ("ale OR bread", []),  # the word "or" must be in it
        ("words:ale", []),
        ("* AND", [6]),
        ("(", []),
        ("^ale", [6]),
        ("-ale", [6]),
        ("al\0e", [6]),
        ("'; DROP TABLE turns;--", []),
        ("%", []),
    ],
)
async def test_nothing_typed_is_an_operator(store: Store, words: str, hits: list[int]) -> None:
    """Signs of the index's own language are signs like all others, and words of it are words."""
    await said(store, *SAID)
    assert await found(store, words) == [SAID[hit] for hit in hits]
    assert await found(store, "老陈") == [SAID[0]]


async def test_what_is_said_later_is_found_later(store: Store) -> None:
    """The index follows, however much was said before it was first asked for."""
    await said(store, "one crane")
    assert await found(store, "crane") == ["one crane"]
    await said(store, "two cranes")
    assert await found(store, "crane") == ["two cranes", "one crane"]


async def test_what_is_forgotten_is_found_no_more(store: Store) -> None:
    """Neither are its words in the index: a number that is given again must not answer to them."""
    await said(store, "a secret of Ann")
    assert await found(store, "secret") == ["a secret of Ann"]

    def forget(connection: Connection) -> None:
        connection.execute(delete(turns))

    await store.change(forget)
    await said(store, "good day")
    assert await found(store, "secret") == []
    assert await found(store, "day") == ["good day"]
    index = await store.read(lambda c: list(c.exec_driver_sql("SELECT words FROM turns_words").scalars()))
    assert index == ["good day"]


async def test_a_search_narrows_to_a_character_and_to_speakers(store: Store) -> None:
    await said(store, "ale for Ann", speaker="ann")
    await said(store, "ale for Bob", speaker="bob", character="other/Wu")
    assert await found(store, "ale", character="s/Chen") == ["ale for Ann"]
    assert await found(store, "ale", speakers=["bob"]) == ["ale for Bob"]
    assert await found(store, "ale", before=2) == ["ale for Ann"]


async def test_much_is_indexed_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One search does a bounded part of the work, says that it is not all, and the next goes on."""
    monkeypatch.setattr(search, "BATCH", 3)
    monkeypatch.setattr(search, "BATCHES", 2)
    await said(store, *(f"word{number}" for number in range(8)))
    assert not await search.catch_up(store)
    assert await search.catch_up(store)
    assert await found(store, "word7") == ["word7"]
