"""Vectors in memory: searched with numpy or without it, to the same end."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot.mind import shelves
from mudbot.mind.shelves import MOST_WITHOUT_NUMPY, Shelf, Shelves, packed
from tests.mind.memory_stage import life

WIDTH = 48


@pytest.fixture
def without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra ``local`` is not installed."""
    monkeypatch.setattr(shelves, "numpy", lambda: None)


def vector(seed: int, width: int = WIDTH) -> list[float]:
    dice = random.Random(seed)
    return [dice.gauss(0, 1) for _ in range(width)]


def row(number: int, *, width: int = WIDTH, text: str = "") -> Any:
    return SimpleNamespace(
        id=number, at=1.0 * number, speaker="name:ann", name="Ann", text=text or f"fact {number}", private=True,
        place="", heard=json.dumps(["name:ann"]), source="said", importance=0.5, model="e",
        vector=packed(vector(number, width)),
    )  # fmt: skip


def near(shelf: Shelf, seed: int) -> dict[int, float]:
    return dict(zip(*shelf.nearness(vector(seed), shelf.facts), strict=True))


def test_a_vector_is_kept_as_one_of_length_one() -> None:
    data = packed([3.0, 4.0])
    assert data is not None
    assert len(data) == 4
    assert packed([]) is packed([0.0, 0.0]) is packed([math.nan, 1.0]) is packed([math.inf]) is None


def test_without_numpy_the_same_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    rows = [row(number, text="我的猫" if number % 3 else "") for number in range(60)]
    with_it = near(Shelf.of(1, rows, "e"), 7)
    monkeypatch.setattr(shelves, "numpy", lambda: None)
    without = near(Shelf.of(1, rows, "e"), 7)
    assert without == pytest.approx(with_it, abs=1e-3)
    assert max(without, key=lambda number: without[number]) == 7


@pytest.mark.usefixtures("without_numpy")
def test_without_numpy_the_newest_of_very_many_are_searched() -> None:
    many = MOST_WITHOUT_NUMPY + 10
    shelf = Shelf.of(1, [row(number, width=4) for number in range(many)], "e")
    assert shelf.numbers == list(range(10, many))
    assert len(shelf.facts) == many, "the others are still found by their words"


def test_vectors_of_another_length_are_not_compared() -> None:
    """A model may change its mind under the same name: those of the newest count."""
    shelf = Shelf.of(1, [row(1, width=4), row(2), row(3)], "e")
    assert shelf.numbers == [2, 3]
    assert shelf.nearness([1.0] * 4, shelf.facts) == ([], [])
    assert shelf.nearness(vector(1), []) == ([], [])


def test_what_was_not_asked_for_longest_makes_room() -> None:
    kept = Shelves(most=1500)
    for key in ("a", "b", "c"):
        kept.put(key, Shelf.of(1, [row(1), row(2)], "e"))
    assert kept.get("a") is None
    assert kept.get("c") is not None
    assert kept.size <= 1500


@pytest.mark.usefixtures("without_numpy")
async def test_without_numpy_a_character_still_finds_a_fact_by_its_meaning(tmp_path: Path) -> None:
    """And asks once for the vector of each fact, not again and again."""
    async with life(tmp_path, asks=True, facts=1, summarize=False) as chen:
        await chen.tell("My cat is called Mimi.")
        for thing in ("river", "market", "temple"):
            await chen.tell(f"I walked past the {thing} slowly.")
        embedded = sum(len(texts) for texts in chen.api.embedded)
        assert embedded == 4
        assert await chen.facts("What is my cat called?") == ["My cat is called Mimi."]
        assert len(chen.api.embedded[-1]) == 1, "the question was made a vector"
        await chen.tell("I walked past the bridge slowly.")
        assert sum(len(texts) for texts in chen.api.embedded) == embedded + 2
