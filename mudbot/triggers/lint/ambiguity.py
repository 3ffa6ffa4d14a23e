"""Whether an automaton can read one text in many ways, and which text that is.

``re`` tries all ways when what follows does not fit.  Two facts decide how many there are (Weber and Seidl, "On the
degree of ambiguity of finite automata", 1991):

* exponentially many, if two ways lead from a state back to itself over the same text: each repetition of that text
  doubles them;
* polynomially many, if there is a text that leads from one state back to itself, from it to another one, and from that
  back to itself: the border between the two may lie anywhere.  Of this only the plainest form is looked for, where the
  two loops touch: ``\\w+\\s*\\w+``, but not ``(.*), (.*)``, for which a line must be made on purpose.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from mudbot.triggers.lint.automaton import ACCEPT, Automaton

T = TypeVar("T", bound=Hashable)
Pair = tuple[int, int]
Triple = tuple[int, int, int]
Step = tuple[T, int]
"""Where one character leads, and which characters these are."""

MOST = 20_000
"""States of a product of automata that are looked at; what is larger is given up, unanswered."""
MOST_PAIRS = 1000
"""The same of two loops that touch: those that authors write have a handful of states."""


def components(automaton: Automaton) -> list[int]:
    """For each state the number of its loop: states that can reach one another have the same; -1 without a loop."""
    number = [-1] * len(automaton.edges)
    after = [{edge.to for edge in edges if edge.to != ACCEPT} for edges in automaton.edges]
    before: list[set[int]] = [set() for _ in after]
    for at, there in enumerate(after):
        for to in there:
            before[to].add(at)
    for at, repeats in enumerate(automaton.inside):
        if repeats and number[at] < 0:
            for other in _reached(after, at) & _reached(before, at):
                number[other] = at
    return number


def _reached(ways: list[set[int]], start: int) -> set[int]:
    """The states to which some way leads from *start*: itself, if it is on a loop."""
    found: set[int] = set()
    new = ways[start]
    while new:
        found |= new
        new = set().union(*(ways[at] for at in new)) - found
    return found


def doubling(automaton: Automaton) -> list[int] | None:
    """A text, as sets of characters, that can be read in two ways from a state to itself; None if there is none."""
    number = components(automaton)

    def within(at: int) -> list[Step[int]]:
        return [(edge.to, edge.bits) for edge in automaton.edges[at] if number[at] == number[edge.to] != -1]

    steps = [within(at) for at in range(len(number))]
    for at, ways in enumerate(steps):
        taken: dict[int, int] = {}
        for to, bits in ways:
            if twice := taken.get(to, 0) & bits:
                return [twice, *_text(steps, to, at)]
            taken[to] = taken.get(to, 0) | bits
    return _parting(steps)


def _parting(steps: list[list[Step[int]]]) -> list[int] | None:
    """The same by two ways that part at one state and meet again at one."""
    together: dict[Pair, list[Step[Pair]]] = {}
    alike: dict[tuple[Step[int], ...], int] = {}
    kind = [alike.setdefault(tuple(ways), at) for at, ways in enumerate(steps)]  # all ends of a long list of words

    def both(pair: Pair) -> list[Step[Pair]]:
        one, two = kind[pair[0]], kind[pair[1]]
        if (one, two) not in together:
            met = (((a, b), bits & more) for a, bits in steps[one] for b, more in steps[two] if bits & more)
            together[one, two] = list({(min(at), max(at)): bits for at, bits in met}.items())
        return together[one, two]

    def onwards(at: tuple[Pair, bool]) -> list[Step[tuple[Pair, bool]]]:
        pair, parted = at
        return [((to, True), bits) for to, bits in both(pair) if parted or to[0] != to[1]]

    path = _path((((at, at), False) for at in range(len(steps))), onwards, lambda at: at[1] and at[0][0] == at[0][1])
    if path is None:
        return None
    start, end = path[0][0][0][0], path[-1][0][0][0]
    return [bits for _, bits in path[1:]] + _text(steps, end, start)


def _text(steps: list[list[Step[int]]], start: int, end: int) -> list[int]:
    """What leads from *start* to *end*, both on one loop."""
    path = _path([start], steps.__getitem__, end.__eq__)
    return [bits for _, bits in (path or [])[1:]]


def _path(
    starts: Iterable[T], steps: Callable[[T], Iterable[Step[T]]], found: Callable[[T], bool]
) -> list[Step[T]] | None:
    """A shortest way from one of *starts* to what is *found*: each place, and how it was reached; None if none is."""
    came: dict[T, Step[T] | None] = dict.fromkeys(starts)
    waiting = deque(came)
    while waiting:
        at = waiting.popleft()
        if found(at):
            return _back(came, at)
        if len(came) > MOST:
            return None
        for to, bits in steps(at):
            if to not in came:
                came[to] = at, bits
                waiting.append(to)
    return None


def _back(came: dict[T, Step[T] | None], at: T) -> list[Step[T]]:
    path: list[Step[T]] = []
    while (step := came[at]) is not None:
        path.append((at, step[1]))
        at = step[0]
    return [(at, 0), *path[::-1]]


def touching(automaton: Automaton) -> Iterator[tuple[int, int, list[int]]]:
    """States of two loops that touch, and a text, as sets of characters, for which the border may lie anywhere."""
    number = components(automaton)
    seen: set[Pair] = set()
    for one, edges in enumerate(automaton.edges):
        for edge in edges:
            two = edge.to
            pair = number[one], number[two] if two != ACCEPT else -1
            if -1 in pair or pair[0] == pair[1] or pair in seen:
                continue
            if (text := _border(automaton, number, one, pair)) is not None:
                seen.add(pair)
                yield one, two, text


def _border(automaton: Automaton, number: list[int], one: int, loops: Pair) -> list[int] | None:
    """A text that leads from *one* to itself, from it to a state of the second loop, and from that to itself."""

    def on(at: int, *allowed: int) -> list[Step[int]]:
        edges = automaton.edges[at]
        return [(edge.to, edge.bits) for edge in edges if edge.to != ACCEPT and number[edge.to] in allowed]

    def all_three(at: Triple) -> Iterator[Step[Triple]]:
        for first, a in on(at[0], loops[0]):
            for second, b in on(at[1], *loops):
                for third, c in on(at[2], loops[1]):
                    if a & b & c:
                        yield (first, second, third), a & b & c

    second = [at for at, loop in enumerate(number) if loop == loops[1]]
    if len(second) * number.count(loops[0]) > MOST_PAIRS:
        return None
    for two in second:
        path = _path([(one, one, two)], all_three, (one, two, two).__eq__)
        if path is not None:
            return [bits for _, bits in path[1:]]
    return None


def can_fail(automaton: Automaton, starts: Iterable[int]) -> bool:
    """Whether some text behind *starts* fits nowhere, so that ``re`` would go back and try other ways."""
    kinds = _kinds({edge.bits for edges in automaton.edges for edge in edges})
    waiting = [frozenset(starts)]
    seen = set(waiting)
    while waiting:
        edges = [edge for at in waiting.pop() for edge in automaton.edges[at]]
        done = [edge for edge in edges if edge.to == ACCEPT]
        if len(seen) > MOST // 20 or not any(edge.at_end for edge in done):
            return True
        for kind in kinds:
            if any(edge.bits & kind for edge in done):
                continue
            there = frozenset(edge.to for edge in edges if edge.bits & kind)
            if not there:
                return True
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return False


def _kinds(sets: set[int]) -> list[int]:
    """One character for each kind that *sets* tell apart."""
    kinds: dict[frozenset[int], int] = {}
    for at in range(max((bits.bit_length() for bits in sets), default=0)):
        bit = 1 << at
        kinds.setdefault(frozenset(bits for bits in sets if bits & bit), bit)
    return list(kinds.values())
