"""The scheduler against aiolimiter, limits and throttled-py: how fast, how fair, how exact; see rivals/scenarios.py.

Each is a process of its own.  The scenarios in real time need next to no processor, so all run them at the same time;
the fast ones take turns.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Any

from bench.adapter import line
from bench.rivals.child import Child, packages
from bench.rivals.scenarios import SECONDS
from tests.real.servers.environment import UnavailableError

PACKAGES = ("aiolimiter", "limits", "throttled-py")
OURS = "mudbot"
ROUNDS = 5
Answers = dict[str, dict[str, float]]


def main() -> None:
    """Print the figures."""
    try:
        folder = packages("bench-rivals", *PACKAGES)
    except UnavailableError as error:
        print(f"the rivals of the scheduler cannot be installed, so it is not measured: {error}")
        return
    with ExitStack() as stack:
        ours = {name: stack.enter_context(Child("limiters", name)) for name in (OURS, "mudbot-whole", "fifo")}
        names = (*PACKAGES, "aiolimiter-alone")
        theirs = {name: stack.enter_context(Child("limiters", name, folder=folder)) for name in names}
        speed({**ours, **theirs})
        behaviour({OURS: ours[OURS], **{name: theirs[name] for name in PACKAGES}})


def speed(contestants: dict[str, Child]) -> None:
    """Acquisitions a second when nobody else wants any."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, child in contestants.items():
            found[name].append(child.ask("speed")["rate"])

    def show(what: str, mine: str, rival: str, theirs: str, bar: float | None = None) -> None:
        ratio = median(one / other for one, other in zip(found[mine], found[theirs], strict=True))
        shown = f"{median(found[mine]):,.0f}/s", f"{median(found[theirs]):,.0f}/s"
        line(
            what, shown[0], rival, shown[1], f"{ratio:.2f} x", None if bar is None else (f">= {bar:g} x", ratio >= bar)
        )

    what = "turns a second, uncontended, one limit"
    show(what, OURS, "aiolimiter, async with", "aiolimiter", 1.3)
    show(what, OURS, "aiolimiter, acquire() alone", "aiolimiter-alone")
    show(what, OURS, "limits, moving window", "limits")
    show(what, OURS, "throttled-py, GCRA", "throttled-py")
    show(what, OURS, "a bare queue, no limit", "fifo")
    show("the same, two limits, settled", "mudbot-whole", "aiolimiter, async with", "aiolimiter")


def behaviour(contestants: dict[str, Child]) -> None:
    """What comes of the limits in real time."""
    found = _all(contestants, "accuracy")
    _show("rate at 50 a second", found, "rate", "{:.1f}/s", ("50 +- 1 %", lambda rate: abs(rate - 50) <= 0.5))
    _show("most in any one second", found, "most", "{:.0f}", ("<= 55", lambda most: most <= 55))
    for what, name in (("200 players looping", "fairness"), ("20 of them greedy", "greed")):
        _show(f"fairness (Jain), {what}", _all(contestants, name), "jain", "{:.3f}", (">= 0.93", lambda j: j >= 0.93))
    found = _all(contestants, "big")
    _show("cost 500 among 60 loops of cost 20", found, "waited", "{:.2f} s", ("<= 1.7 s", lambda waited: waited <= 1.7))


def _all(contestants: dict[str, Child], scenario: str) -> Answers:
    for child in contestants.values():
        child.tell(scenario)
    return {name: child.hear() for name, child in contestants.items()}


def _show(what: str, found: Answers, key: str, form: str, bar: Any) -> None:
    """One line for all: the rivals stand beside each other."""
    text, met = bar
    shown = {name: form.format(one[key]) + ("+" if one[key] == SECONDS else "") for name, one in found.items()}
    rivals = ", ".join(f"{name} {value}" for name, value in shown.items() if name != OURS)
    line(what, shown[OURS], rivals, "", "", (text, met(found[OURS][key])))


if __name__ == "__main__":
    main()
