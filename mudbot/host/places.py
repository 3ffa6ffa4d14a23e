"""The ranks of plugins: in the order of the configuration, and none that stays changes its own.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence


def places(order: Sequence[str], kept: Mapping[str, float]) -> dict[str, float]:
    """A rank for each of *order*, which rise; those in *kept*, which do, keep theirs."""
    ranks: dict[str, float] = {}
    known = [kept[name] for name in order if name in kept]
    last = (known[0] if known else 0.0) - len(order) - 1
    for at, name in enumerate(order):
        if name in kept:
            last = kept[name]
        else:
            behind = bisect_left(known, last + 1e-12)
            ahead = order[at:]
            new = next((n for n, each in enumerate(ahead) if each in kept), len(ahead))
            last += (known[behind] - last) / (new + 1) if behind < len(known) else 1
        ranks[name] = last
    return ranks
