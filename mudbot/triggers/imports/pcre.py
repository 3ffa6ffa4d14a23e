"""Regular expressions of PCRE, which most clients use, as Python's ``re`` writes them.

The meaning stays the same or the pattern is refused: ``(?<name>...)``, flags in the middle, ``(?x)`` and comments,
conditions, what ``pcre_signs`` knows.  Atomic groups and possessive quantifiers are in Python since 3.11.  Refused are
recursion, ``(?|``, ``\\K`` and verbs.  What ``re`` cannot do beyond that (lookbehind of several lengths) shows when the
outcome is compiled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mudbot.triggers.imports.found import NotCarriedError, bounded
from mudbot.triggers.imports.pcre_signs import Signs, plain

__all__ = ["Regex", "keys_of", "name_groups", "plain", "translate"]

_DEPTH = 90  # Python counts one hundred groups and more, but its parser goes down a stack for each
_VERB = re.compile(r"\(\*(?:UTF8|UTF|UCP|ANYCRLF|CRLF|CR|LF|ANY)\)")
_FLAGS = re.compile(r"\(\?([a-zA-Z^]*)(?:-([a-zA-Z]*))?([:)])")
_NAMED = re.compile(r"\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')")
_CONDITION = re.compile(r"\(\?\((?:<(\w+)>|'(\w+)'|(\w+))\)")
_PLAIN = ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>")
_AGAIN = re.compile(r"\(\?P=[A-Za-z_]\w*\)")
_REPEAT = re.compile(r"\{\d{1,9}(?:,\d{0,9})?\}")


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern for Python."""

    source: str
    ignore_case: bool = False
    """Whether the whole of it does: the flag that stood at its start."""

    @property
    def whole(self) -> str:
        """It with that flag inside, to be put together with others."""
        return f"(?i:{self.source})" if self.ignore_case else self.source


@dataclass(slots=True)
class _Frame:
    """A group that is open."""

    verbose: bool
    flags: list[str] = field(default_factory=list)
    """Openings of flags that hold to the group's end: ``(?i:``."""


def translate(pattern: str, *, bytewise: bool = False) -> Regex:
    r"""*pattern* of PCRE for Python; *bytewise* if the client knows the letters of ASCII only (no UTF, no UCP).

    Raises NotCarriedError with the reason.
    """
    return _Translation(bounded(pattern), bytewise=bytewise).regex()


class _Translation:
    def __init__(self, pattern: str, *, bytewise: bool) -> None:
        self._text = pattern
        self._at = 0
        self._out: list[str] = []
        self._frames = [_Frame(verbose=False)]
        self._groups = 0
        self._signs = Signs(pattern, bytewise)

    def regex(self) -> Regex:
        while verb := _VERB.match(self._text, self._at):
            self._at = verb.end()
        ignore_case = self._text.startswith("(?i)", self._at)
        self._at += 4 * ignore_case
        while self._at < len(self._text):
            self._step()
        if len(self._frames) > 1:
            raise NotCarriedError("a ( is not closed in its pattern")
        self._out.append(")" * len(self._frames[0].flags))
        source = "".join(self._out)
        if self._signs.bytewise and self._signs.kinds:
            source = f"(?a:{source})"
        return Regex(source, ignore_case)

    def _step(self) -> None:
        text, at, frame = self._text, self._at, self._frames[-1]
        sign = text[at]
        if frame.verbose and sign in " \t\n\v\f\r":
            self._at += 1
        elif frame.verbose and sign == "#":
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end + 1
        elif sign == "\\":
            self._put(*self._signs.escape(at, self._groups))
        elif sign == "[":
            self._put(*self._signs.group(at))
        elif sign == "(":
            self._open()
        elif sign == ")":
            self._close()
        elif sign == "|":
            self._put(")" * len(frame.flags) + "|" + "".join(frame.flags), at + 1)
        elif sign == "{":
            found = _REPEAT.match(text, at)
            self._put(found[0], found.end()) if found else self._put(r"\{", at + 1)
        else:
            self._put(sign, at + 1)

    def _put(self, out: str, at: int) -> None:
        self._out.append(out)
        self._at = at

    def _push(self, out: str, at: int, *, verbose: bool | None = None) -> None:
        """Open a group."""
        if len(self._frames) > _DEPTH:
            raise NotCarriedError(f"its pattern has more than {_DEPTH} groups in one another")
        self._frames.append(_Frame(self._frames[-1].verbose if verbose is None else verbose))
        self._put(out, at)

    def _close(self) -> None:
        if len(self._frames) == 1:
            raise NotCarriedError("a ) is too many in its pattern")
        self._put(")" * (len(self._frames.pop().flags) + 1), self._at + 1)

    def _open(self) -> None:
        text, at = self._text, self._at
        if text.startswith("(*", at):
            raise NotCarriedError(f"Python's re has no verbs: {text[at : at + 20]}")
        if not text.startswith("(?", at):
            self._groups += 1
            self._push("(", at + 1)
        elif text.startswith("(?#", at):
            end = text.find(")", at)
            self._at = len(text) if end < 0 else end + 1
        elif plain := next((opening for opening in _PLAIN if text.startswith(opening, at)), ""):
            self._push(plain, at + len(plain))
        elif named := _NAMED.match(text, at):
            self._groups += 1
            self._push(f"(?P<{named[1] or named[2]}>", named.end())
        elif again := _AGAIN.match(text, at):
            self._put(again[0], again.end())
        elif (flags := _FLAGS.match(text, at)) and flags[1] + (flags[2] or "") != "R":
            self._flags(flags)
        else:
            self._special()

    def _flags(self, found: re.Match[str]) -> None:
        on, off = found[1], found[2] or ""
        if strange := set(on + off) - set("imsx"):
            raise NotCarriedError(f"Python's re has no flag {min(strange)!r}: {found[0]}")
        frame = self._frames[-1]
        verbose = ("x" in on or frame.verbose) and "x" not in off
        kept, dropped = on.replace("x", ""), off.replace("x", "")
        kept = "".join(dict.fromkeys(flag for flag in kept if flag not in dropped))
        opening = f"(?{kept}{'-' * bool(dropped)}{''.join(dict.fromkeys(dropped))}:"
        if found[3] == ":":
            self._push(opening, found.end(), verbose=verbose)
            return
        frame.verbose = verbose
        self._at = found.end()
        if opening != "(?:":
            frame.flags.append(opening)
            self._out.append(opening)

    def _special(self) -> None:
        """A condition; nothing else that is left has a counterpart."""
        shown = self._text[self._at : self._at + 20]
        found = _CONDITION.match(self._text, self._at)
        name = (found[1] or found[2] or found[3]) if found else ""
        if found is None or name in ("R", "DEFINE"):
            raise NotCarriedError(f"Python's re has no recursion, branch reset or the like: {shown}")
        self._push(f"(?({name})", found.end())


_LITERAL = re.compile(r"(\^?)((?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])+)(\$?)")


def keys_of(regex: Regex) -> dict[str, Any]:
    """*regex* as a trigger's keys say it most plainly: a text, a whole line, or a pattern."""
    keys: dict[str, Any] = {"pattern": regex.source}
    found = _LITERAL.fullmatch(regex.source)
    if found and bool(found[1]) == bool(found[3]):
        keys = {"exact" if found[1] else "text": re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL)}
    if regex.ignore_case:
        keys["ignore_case"] = True
    return keys


_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\((?!\?))|\(\?P<(?P<name>\w+)>|.", re.DOTALL)


def name_groups(source: str, names: dict[int, str]) -> tuple[str, dict[int, str]]:
    """A Python pattern with its groups of these numbers named, and the names that they have now.

    The groups of several patterns cannot be told apart by number; a group that has a name keeps it.  The pattern must
    not be a verbose one.
    """
    number, out, known = 0, [], {}
    for token in _TOKEN.finditer(source):
        opening = token[0]
        if token["open"] or token["name"]:
            number += 1
            if name := token["name"] or names.get(number):
                known[number] = name
                opening = f"(?P<{name}>"
        out.append(opening)
    return "".join(out), known
