"""What a trigger of Mudlet does: its command, and of its script the calls that can be told without running it.

``send``, ``sendAll`` and ``expandAlias`` of texts that are joined from fixed ones and from ``matches``; ``deleteLine``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mudbot.triggers.imports.found import Doing, NotCarriedError, literal
from mudbot.triggers.imports.lua import Expr, statements

Group = Callable[[int, str], str]
"""The placeholder for a group: the number of the pattern (0: the trigger has one) and the group, a number or a name."""

_SENDING = ("send", "sendAll", "expandAlias")
_SHOWING = re.compile(
    r"(?:c|d|h|f)?(?:echo|insertText)(?:Link|Popup)?|print|display|select\w*|(?:set|reset)\w*|[fb]g|deselect|replace"
    r"|(?:c|d|h)?(?:feedTriggers|appendBuffer|replace)|copy|paste|moveCursor\w*|creplaceLine|wrapLine|highlight\w*"
)
_REASONS = {
    "playSoundFile": "there is nobody to hear a sound",
    "tempTimer": "timers are not carried over: write a plugin",
    "tempTrigger": "triggers that triggers make are not carried over",
    "tempRegexTrigger": "triggers that triggers make are not carried over",
    "enableTrigger": "groups are switched by `!trigger on` and `off`, not by triggers",
    "disableTrigger": "groups are switched by `!trigger on` and `off`, not by triggers",
    "raiseEvent": "events are not carried over: write a plugin",
}
_STATIC = "only send, sendAll and expandAlias of fixed texts and matches are carried over: write a plugin"


@dataclass(frozen=True, slots=True)
class Profile:
    """What else decides what a command is."""

    separator: str = ";;"
    """What stands between several commands in one text; Mudlet's setting "command separator"."""
    aliases: Sequence[re.Pattern[str]] = ()

    def split(self, text: str) -> list[str]:
        """The commands in *text*."""
        parts = text.split(self.separator) if self.separator else [text]
        return [part for part in (each.replace("\n", "").strip() for each in parts) if part]

    def typed(self, text: str) -> list[str]:
        """The same for what goes through the aliases.  Raises NotCarriedError where one would take it."""
        found = self.split(text)
        for command in found:
            if any(alias.search(command) for alias in self.aliases):
                raise NotCarriedError(f"{command!r} is an alias of yours: write what it stands for")
        return found


def read(command: str, script: str, group: Group, profile: Profile) -> Doing:
    """What the fields Command and Script of a trigger say."""
    found = Doing()
    try:
        found.commands += [literal(each) for each in profile.typed(command)]
    except NotCarriedError as exc:
        found.losses.append((command, exc.why))
    try:
        listed = statements(script)
    except NotCarriedError as exc:
        found.losses.append(("its script", exc.why))
        return found
    for statement in listed:
        if statement.call is None:
            found.losses.append((statement.what, "only calls can be carried over, not what decides: write a plugin"))
        else:
            _call(found, statement.call, group, profile)
        if statement.leaves and statement is not listed[-1]:
            found.losses.append(("the rest of its script", f"it may not be reached behind {statement.what}"))
            break
    return found


def _call(found: Doing, call: Expr, group: Group, profile: Profile) -> None:
    what = f"{call.value or 'a call'}(...)"
    if call.value == "deleteLine":
        found.gag = True
    elif call.value in _SENDING:
        try:
            _send(found, call, group, profile)
        except NotCarriedError as exc:
            found.losses.append((what, exc.why))
    elif _SHOWING.fullmatch(call.value):
        found.losses.append((what, "there is no screen to show it on"))
    else:
        found.losses.append((what, _REASONS.get(call.value, _STATIC)))


def _send(found: Doing, call: Expr, group: Group, profile: Profile) -> None:
    arguments = [part for part in call.parts if (part.kind, part.value) not in (("name", "true"), ("name", "false"))]
    if not arguments or (len(arguments) > 1 and call.value != "sendAll"):
        raise NotCarriedError(f"{call.value} wants a text")
    commands = []
    for argument in arguments:
        text = _joined(argument, group)
        commands += profile.typed(text) if call.value == "expandAlias" else profile.split(text)
    found.commands += commands


def _joined(expr: Expr, group: Group, depth: int = 0) -> str:
    """*expr* as a text with placeholders."""
    if depth > 50:
        raise NotCarriedError(_STATIC)
    if expr.kind == "text":
        return literal(expr.value)
    if expr.kind == "number":
        return expr.value
    if expr.kind == "concat":
        return "".join(_joined(part, group, depth + 1) for part in expr.parts)
    if expr.kind == "index":
        return _match(expr, group)
    raise NotCarriedError(_STATIC)


def _match(expr: Expr, group: Group) -> str:
    """``matches[2]``, ``matches.name``, ``multimatches[1][2]``; Mudlet counts from 1, and 1 is the whole match."""
    base, by = expr.parts
    pattern = 0
    if base.kind == "index" and base.parts[0] == Expr("name", "multimatches") and base.parts[1].kind == "number":
        pattern = _whole(base.parts[1].value)
    elif base != Expr("name", "matches"):
        raise NotCarriedError(_STATIC)
    if by.kind == "text":
        return group(pattern, by.value)
    if by.kind != "number":
        raise NotCarriedError(_STATIC)
    return group(pattern, str(_whole(by.value) - 1))


def _whole(number: str) -> int:
    if not number.isdecimal() or not 0 < len(number) < 4 or int(number) < 1:
        raise NotCarriedError(f"there is no match {number}")
    return int(number)
