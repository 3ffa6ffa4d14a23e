"""Whatever is added, removed and switched, and when: what fires is what the reference fires."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mudbot.triggers.sieve import Backend
from tests.triggers.programs import Action, ByEngine, ByHand, action, page, trigger
from tests.triggers.strategies import fuzz


def program(rnd: random.Random, *, busy: float) -> list[Action]:
    """What happens to an engine: pages in slices, prompts, changes, time."""
    steps: list[Action] = [("add", trigger(rnd)) for _ in range(rnd.randint(2, 25))]
    steps += [("set", name, rnd.choice((0, 1, 29, 90))) for name in ("hp", "sp", "fighting") if rnd.random() < 0.7]
    now = 0.0
    for _ in range(rnd.randint(3, 8)):
        sheet = page(rnd)
        cuts = sorted({0, sheet.size, *(rnd.randint(0, sheet.size) for _ in range(rnd.choice((0, 0, 1, 3))))})
        for start, stop in pairwise(cuts):
            steps.append(("lines", sheet, start, stop, now))
            steps += [action(rnd, busy=busy) for _ in range(2)]
            now += rnd.choice((0.0, 0.5, 1.0, 3.0))
        if rnd.random() < 0.4:
            steps.append(("prompt", rnd.choice(("hp 12.", "", "bob!", "ab", "ann says")), now))
    return steps


BACKENDS: tuple[Backend, ...] = ("plain", "hyperscan")


@given(st.integers(0, 1 << 48), st.sampled_from(BACKENDS), st.sampled_from((0.0, 0.3, 0.8)))
@fuzz(350)
def test_any_life_of_an_engine(seed: int, backend: Backend, busy: float) -> None:
    """Priorities, stops, counts, groups, cooldowns, conditions, colours, several lines, prompts; any changes."""
    rnd = random.Random(seed)
    script = [action(rnd, busy=busy) for _ in range(60)]
    steps = program(rnd, busy=busy)
    hand, engine = ByHand(script), ByEngine(script, backend)
    for number, step in enumerate(steps):
        hand.do(step)
        engine.do(step)
        assert engine.log == hand.log, f"step {number} of {len(steps)}: {step}"
    assert [entry.fired for entry in engine.all] == [held.fired for held in hand.all]
    assert {entry.data for entry in engine.engine.entries} == {held.data for held in hand.naive.held}
