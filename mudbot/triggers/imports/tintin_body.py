"""What an action of TinTin++ does: commands to the MUD, ``#line gag`` and little else that has a counterpart.

The marks in a command are TinTin++'s own (manual, "Substitutions", "Escape codes"): ``%1``, ``%%``, ``$name``,
``@name{}``, ``\\x41``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mudbot.config.triggers import MAX_COMMANDS
from mudbot.triggers.imports.found import Doing, NotCarriedError, literal
from mudbot.triggers.imports.tintin_source import argument, full_name, split, word_of

_DEPTH = 20
_PIECE = re.compile(
    r"(?P<escape>\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{2,6}\}|.|$))|(?P<percents>%+)(?P<number>[0-9]{0,2})"
    r"|(?P<variable>\$+[A-Za-z_{]|@+\w*\{|[&*]+\{)|[&*](?P<maybe>[A-Za-z_]\w*)",
    re.DOTALL,
)
_COLORS = re.compile(r"<(?:[0-9a-fA-F]{3}|[gG][0-9]{2}|[FB][0-9A-F?]{3}|[FB][0-9A-F]{6})>|\\e\[[0-9;]*m")
_CONTROLS = "abcefnrtv0"
_REASONS = {
    "if": "conditions are not carried over: write `when:` if the MUD tells the value, or a plugin",
    "else": "conditions are not carried over",
    "elseif": "conditions are not carried over",
    "switch": "conditions are not carried over",
    "variable": "there are no variables to set here: write a plugin",
    "local": "there are no variables to set here: write a plugin",
    "math": "there are no variables to set here: write a plugin",
    "format": "there are no variables to set here: write a plugin",
    "delay": "a delay is not carried over: write a plugin",
    "ticker": "timers are not carried over: write a plugin with @every",
    "showme": "there is no screen to show it on",
    "echo": "there is no screen to show it on",
    "highlight": "there is no screen to colour",
    "bell": "there is no screen to ring at",
    "class": "groups are switched by `!trigger on` and `off`, not by triggers",
    "system": "programs are not started",
    "run": "programs are not started",
    "script": "programs are not started",
}
UNPARTED = "TinTin++ wants a blank between its command and the brace"
_EMPTY = "an empty line is not sent"
_OTHERWISE = "this command of TinTin++ has no counterpart"


@dataclass(frozen=True, slots=True)
class World:
    """What else the file defines, as far as commands depend on it."""

    sign: str = "#"
    variables: Collection[str] = ()
    aliases: Mapping[str, int] = field(default_factory=dict)
    """The first words of commands that are no commands of the MUD, each with its line."""


@dataclass(slots=True)
class Body(Doing):
    """What an action does."""

    once: bool = False


def reason(name: str) -> str:
    """Why the command of TinTin++ called *name* is not carried over."""
    return _REASONS.get(name, _OTHERWISE)


def read_body(text: str, pattern: str, arguments: Mapping[int, int], world: World) -> Body:
    """The *text* of an action on *pattern*; *arguments* maps its ``%1`` to groups."""
    body = Body()
    _read(body, text, pattern, (arguments, world), 0)
    return body


def _read(body: Body, text: str, pattern: str, known: tuple[Mapping[int, int], World], depth: int) -> None:
    arguments, world = known
    for command in split(text):
        if len(body.commands) > MAX_COMMANDS:
            return  # what gives so many is refused as a whole
        try:
            if not command.startswith(world.sign):
                body.commands.append(_command(command, arguments, world))
            elif repeated := re.match(r"[0-9]+(?=\s|$)", command[1:]):
                _repeat(body, (int(repeated[0][:9]), command[1 + repeated.end() :]), pattern, known, depth)
            else:
                _own(body, command, pattern, known)
        except NotCarriedError as exc:
            body.losses.append((exc.what or command, exc.why))


def _repeat(
    body: Body, what: tuple[int, str], pattern: str, known: tuple[Mapping[int, int], World], depth: int
) -> None:
    """``#3 {kick}``."""
    times, rest = what
    if times > MAX_COMMANDS or depth > _DEPTH:
        raise NotCarriedError(f"it repeats a command {times} times; {MAX_COMMANDS} are enough")
    text, _ = argument(rest, whole=True)
    if not text:
        raise NotCarriedError(_EMPTY)
    inner = Body()
    _read(inner, text, pattern, known, depth + 1)
    body.commands += inner.commands * times
    body.gag |= inner.gag
    body.losses += inner.losses


def _own(body: Body, command: str, pattern: str, known: tuple[Mapping[int, int], World]) -> None:
    """A command of TinTin++ itself."""
    word, rest = word_of(command[1:] or "nop")
    if "{" in word:
        raise NotCarriedError(UNPARTED)
    name = full_name(word)
    first = argument(rest)[0]
    if name == "nop":
        return
    if name == "send":
        body.commands.append(template(argument(rest, whole=True)[0], *known))
    elif name == "line" and first and "gag".startswith(first.lower()):
        body.gag = True
    elif name == "unaction" and argument(rest, whole=True)[0] == pattern:
        body.once = True
    elif name == "cr":
        raise NotCarriedError(_EMPTY)
    else:
        raise NotCarriedError(reason(name))


def _command(text: str, arguments: Mapping[int, int], world: World) -> str:
    """A command to the MUD."""
    if not text:
        raise NotCarriedError(_EMPTY, "nothing between two semicolons")
    if text.startswith("!"):
        raise NotCarriedError("an ! repeats what was typed before: write the command itself, or \\! for the sign")
    if text.startswith("\\"):  # verbatim: sent as it is, wildcards filled in
        return _filled(text[1:], arguments)
    word = text.split(maxsplit=1)[0]
    if word in world.aliases:
        raise NotCarriedError(f"{word!r} is an alias of line {world.aliases[word]}: write what it stands for")
    return template(text, arguments, world)


def template(text: str, arguments: Mapping[int, int], world: World) -> str:
    """*text* with its wildcards as our placeholders.  Raises NotCarriedError for what only TinTin++ could fill in."""

    def put(piece: re.Match[str]) -> str:
        if piece["escape"]:
            return literal(_escaped(piece["escape"]))
        if piece["percents"]:
            return _percent(piece, arguments)
        if piece["variable"] or piece["maybe"] in world.variables:
            raise NotCarriedError("it holds a variable or a function: what that would be is known to TinTin++ alone")
        return literal(piece[0])

    return _replaced(_PIECE, put, text)


def _filled(text: str, arguments: Mapping[int, int]) -> str:
    return _replaced(re.compile(r"(?P<percents>%+)(?P<number>[0-9]{0,2})"), lambda p: _percent(p, arguments), text)


def _replaced(pattern: re.Pattern[str], put: object, text: str) -> str:
    """*text* with what *pattern* finds replaced, and the rest made literal."""
    assert callable(put)
    parts, at = [], 0
    for piece in pattern.finditer(text):
        parts += [literal(text[at : piece.start()]), put(piece)]
        at = piece.end()
    return "".join([*parts, literal(text[at:])])


def _percent(piece: re.Match[str], arguments: Mapping[int, int]) -> str:
    """``%1`` is a group, ``%%`` a percent sign; of several before a number one is taken away."""
    signs, number = piece["percents"], piece["number"]
    if len(signs) > 1:
        return signs[1:] + number
    if not number:
        return signs
    if int(number) not in arguments:
        raise NotCarriedError(f"its pattern has no %{number}")
    return f"{{{arguments[int(number)]}}}"


def _escaped(escape: str) -> str:
    sign = escape[1:2]
    if sign in "xu" and len(escape) > 2:
        code = int(escape[2:].strip("{}"), 16)
        if 32 <= code < 127 or (sign == "u" and 160 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000):
            return chr(code)
    if not sign or sign in _CONTROLS or sign in "xuU":
        raise NotCarriedError(f"{escape} is a control character, or half a line: there is no sending that")
    return sign


def without_colors(text: str) -> tuple[str, bool]:
    """*text* without codes of colour, and whether there were some."""
    plain = _COLORS.sub("", text)
    return plain, plain != text
