"""Patterns: twenty evil regular expressions at once do not hold the loop up."""

from __future__ import annotations

import time

from mudbot.triggers.engine import Engine
from tests.reliability.figures import figure
from tests.triggers.test_engine_runaway import BAIT, EVIL, add, feed, limited


@limited
def test_twenty_evil_patterns_are_put_to_rest_within_the_bar() -> None:
    """In processor time of this thread, which others that use the machine have no part in; harmless ones fire."""
    engine: Engine[str] = Engine(backend="plain")
    evil = add(engine, *EVIL)
    add(engine, "!")
    longest = 0.0
    fired: list[str] = []
    for text in ("before!", BAIT, "behind!", BAIT):
        began = time.thread_time()
        fired += feed(engine, text)
        longest = max(longest, time.thread_time() - began)
    figure("patterns", f"{len(EVIL)} evil regexes: stall <= 100 ms", f"{longest * 1000:.0f} ms")
    assert len(EVIL) == 20
    assert all(entry.idle for entry in evil)
    assert fired.count("!") == 4
    assert longest <= 0.1
