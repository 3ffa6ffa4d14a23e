"""Forms that match the same and do not run away.

A form is *the same* if, on every text and from every place, the same ends are possible and are tried in the same order,
each for the first time: then whatever stands before and behind, the whole pattern finds the same.  Only the group
around what is repeated may hold something else.  Three rules do that:

1.  ``(a|aa)+``, ``(?:\\w*\\s?)*``, ``(?:\\w|-)*``: any of the characters can be a repetition alone, so the whole is any
    run of them.  A greedy loop ends at a place only when all that goes on from there was tried: the ends are tried from
    the last to the first, as of ``[\\w\\s]*``.
2.  ``(\\w+\\s?)*``: beside ``\\w+`` all may be missing, so a run of ``\\w`` is as well a run of repetitions of one: the
    inner ``+`` is too much.
3.  ``\\d+\\d+``: so many of one set, and then so many, are so many of it together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mudbot.triggers.lint.places import Place
from mudbot.triggers.lint.shape import Alt, At, Atomic, Chars, Group, Look, Part, Repeat, Seq
from mudbot.triggers.tree import MANY

_OPENING = re.compile(r"\((?!\?)|\(\?P<\w+>")


def of_loop(regex: str, flags: int, loop: Repeat) -> str | None:
    """What may stand for a loop whose repetitions can be cut in many ways; None if no rule gives it."""
    if loop.place.mode != "greedy":
        return None
    inner = list(parts_of(loop.body))
    if any(not isinstance(part, Chars | Seq | Alt | Repeat | Group) for part in inner):
        return None
    return _any_run(regex, flags, loop, inner) or _without_plus(regex, loop)


def of_neighbours(regex: str, root: Part, start: int, end: int) -> str | None:
    """What may stand for ``regex[start:end]`` if that is one set, repeated several times over; else None."""
    for part in parts_of(root):
        for run in _runs(part.parts) if isinstance(part, Seq) else ():
            if (run[0].place.start, run[-1].place.end) == (start, end):
                least, most = sum(each.place.least for each in run), sum(each.place.most for each in run)
                once = regex[run[0].place.start : run[0].place.sign]
                return once + _sign(least, min(most, MANY)) + ("?" if run[0].place.mode == "lazy" else "")
    return None


def parts_of(part: Part) -> Iterator[Part]:
    """*part* and all within it, from the outside in."""
    yield part
    if isinstance(part, Seq | Alt):
        for each in part.parts:
            yield from parts_of(each)
    elif isinstance(part, Repeat | Group | Atomic | Look):
        yield from parts_of(part.body)


def _runs(parts: list[Part]) -> Iterator[list[Repeat]]:
    """Neighbours that repeat the same set in the same mode, as many as there are together."""
    run: list[Repeat] = []
    for part in [*parts, At("", 0)]:
        if run and not (isinstance(part, Repeat) and _alike(run[-1], part)):
            if len(run) > 1:
                yield run
            run = []
        if isinstance(part, Repeat) and isinstance(part.body, Chars):
            run.append(part)


def _alike(one: Repeat, two: Repeat) -> bool:
    return (
        isinstance(one.body, Chars)
        and isinstance(two.body, Chars)
        and (one.body.text, one.body.flags) == (two.body.text, two.body.flags)
        and one.place.mode == two.place.mode != "possessive"
    )


# -- rule 1 --------------------------------------------------------------------------------------------------------


def _any_run(regex: str, flags: int, loop: Repeat, inner: list[Part]) -> str | None:
    sets = {part.text: part for part in inner if isinstance(part, Chars)}
    alone = {part.text for part in _alone(loop.body)}
    if loop.place.most != MANY or alone != set(sets) or any(part.flags != flags for part in sets.values()):
        return None
    nothing = _can_be_nothing(loop.body)
    if nothing and not all(isinstance(part, Chars | Seq | Group) or _is_greedy(part) for part in inner):
        return None  # where nothing is tried before something, the loop ends early
    if (one := _together(list(sets))) is None:
        return None
    least = 0 if nothing else loop.place.least
    return _in_group(regex, loop.place, inner, one + _sign(least, MANY))


def _is_greedy(part: Part) -> bool:
    return isinstance(part, Repeat) and part.place.mode == "greedy"


def _alone(part: Part) -> Iterator[Chars]:
    """The sets of which one character is all that *part* needs."""
    match part:
        case Chars():
            yield part
        case Seq():
            needed = [each for each in part.parts if not _can_be_nothing(each)]
            for each in needed if len(needed) == 1 else () if needed else part.parts:
                yield from _alone(each)
        case Alt():
            for each in part.parts:
                yield from _alone(each)
        case Repeat():
            if part.place.least <= 1 <= part.place.most:
                yield from _alone(part.body)
        case Group():
            yield from _alone(part.body)


def _can_be_nothing(part: Part) -> bool:
    match part:
        case Chars():
            return False
        case Seq():
            return all(_can_be_nothing(each) for each in part.parts)
        case Alt():
            return any(_can_be_nothing(each) for each in part.parts)
        case Repeat():
            return part.place.least == 0 or _can_be_nothing(part.body)
        case Group():
            return _can_be_nothing(part.body)
    return True


def _together(sets: list[str]) -> str | None:
    """One set for several; None where a class cannot say it."""
    if len(sets) == 1:
        return sets[0]
    members = [each[1:-1] if each.startswith("[") else each for each in sets]
    return None if any(each == "." or each.startswith("^") for each in members) else f"[{''.join(members)}]"


def _in_group(regex: str, place: Place, inner: list[Part], text: str) -> str | None:
    """*text* in the group that is repeated at *place*, if there is one; None if there are more."""
    groups = sum(isinstance(part, Group) for part in inner)
    if not groups:
        return text
    opening = _OPENING.match(regex, place.start)
    return f"{opening[0]}{text})" if groups == 1 and opening and isinstance(inner[0], Group) else None


def _sign(least: int, most: int) -> str:
    if most < MANY:
        return f"{{{least},{most}}}"
    return {0: "*", 1: "+"}.get(least, f"{{{least},}}")


# -- rule 2 --------------------------------------------------------------------------------------------------------


def _without_plus(regex: str, loop: Repeat) -> str | None:
    body = loop.body.body if isinstance(loop.body, Group) else loop.body
    parts = body.parts if isinstance(body, Seq) else [body]
    repeats = [part for part in parts if isinstance(part, Repeat) and isinstance(part.body, Chars)]
    needed = [part.place for part in repeats if part.place.least]
    if len(repeats) != len(parts) or len(needed) != 1 or needed[0].least != 1 or loop.place.most != MANY:
        return None
    sets = [part.body.bits for part in repeats if isinstance(part.body, Chars)]
    if any(one & two for at, one in enumerate(sets) for two in sets[at + 1 :]) or not all(map(_is_greedy, repeats)):
        return None
    return regex[loop.place.start : needed[0].sign] + regex[needed[0].end : loop.place.end]
