"""An example counts for texts that mean the like, and for those that speak of the same things."""

from __future__ import annotations

import re

import numpy as np

from mudbot.local.embed import Vectors
from mudbot.local.examples import Examples

CLEAN = ["the doctor has come", "good morning", "a loaf of bread"]
RUDE = ["you pig", "you rat", "a curse on you"]
CATEGORIES = ("harassment", "hate")


def vectors(count: int, seed: int = 1) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def examples(*cues: str) -> Examples:
    names = [["harassment"], ["harassment"], ["hate"]]
    return Examples([*CLEAN, *RUDE], vectors(6), names, CATEGORIES, [re.compile(cue) for cue in cues])


def test_an_example_is_found_again_under_its_category() -> None:
    scores = examples().scores([*CLEAN, *RUDE], vectors(6))
    assert (scores[:3].max(axis=1) < 0.5).all()
    assert (scores[3:].max(axis=1) > 0.5).all()
    assert [CATEGORIES[each] for each in scores[3:].argmax(axis=1)] == ["harassment", "harassment", "hate"]


def test_what_a_text_speaks_of_counts_beside_what_it_means() -> None:
    """Two texts that mean the same: the one that speaks of what rude examples speak of is judged more severely."""
    unknown = np.repeat(vectors(1, seed=7), 3, axis=0)
    rude, neutral, ill = examples("you", "doctor").scores(["you there", "hello there", "a doctor there"], unknown)
    assert rude.max() > neutral.max() > ill.max()


def test_without_cues_the_words_do_not_matter() -> None:
    unknown = np.repeat(vectors(1, seed=7), 2, axis=0)
    one, other = examples().scores(["you there", "hello there"], unknown)
    assert (one == other).all()
