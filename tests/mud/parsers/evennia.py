"""Evennia, with its default commands.

Modelled from Evennia 5 and 6: ``server/portal/telnet.py`` (CR, LF or both end a line, Twisted reads the telnet
commands), ``serversession`` (a line that is not the configured encoding, or over 6000 bytes, is refused whole),
``cmdparser.py`` (``@&/+`` before a command are ignored, say and pose need no blank behind them),
``commands/default/general.py`` and ``comms.py``, ``objects.msg_contents``, ``utils/ansi.py``,
``utils/funcparser.py``.  ``|r`` and its like are markup in whatever is shown, ``||`` is the sign; older releases
read ``{r`` so too.  A pose is also a template: ``$func()`` is run and braces are formatted.  ``page a,b=x`` goes to
both, ``page x=:waves`` is a pose.  Control bytes pass to listeners.
"""

from __future__ import annotations

import re

from tests.mud.parsers.base import Act, split_lines, substitute, telnet

NAME = "evennia"
FAMILIES = frozenset(("all", "control", "escape", "evennia"))
ENCODINGS: tuple[str, ...] = ("utf-8",)
CHANNEL = "public"
ASCII_ONLY = False
VERBS = {
    "say": "say {text}",
    "tell": "page {target}={text}",
    "channel": "channel {target}={text}",
    "emote": "pose {text}",
}

LINE = 6000
_COMMAND = re.compile(r"(say|\"|'|pose|:|emote)|(page|tell|channels?|chan|whisper)(?=[ /]|$)", re.IGNORECASE)
_CODE = re.compile(
    r"\|\||\{\{|\|(?:\[?#[0-9A-Fa-f]{3,6}|\[?=[a-z]|\[?[0-5]{3}|!?\[?[rgybmcwxRGYBMCWX]|[nhHuUiIsS/\->_*^])"
    r"|\{[rgybmcwxRGYBMCWXnhHuUiI/\-_*^\[]",
)
_RESET = "\ue000"
"""Stands for the escape sequence that ``|n`` becomes: nothing to see, but it holds apart what is on both sides."""
_LITERAL = {"||": "|", "{{": "{", "|n": _RESET}
_LINK = re.compile(r"\|l[cu].*?\|lt.*?\|le", re.DOTALL)
_FUNCTION = re.compile(r"\$\s*\w+\s*\(")
_BRACE = re.compile(r"\{\{|\}\}|[{}]")


def parse(data: bytes, encoding: str) -> list[Act]:
    """What Evennia does with *data*."""
    data, acts = telnet(data)
    lines = split_lines(data)
    acts += lines.acts
    for line in lines.lines:
        try:
            text = line.decode(encoding).strip()
        except UnicodeDecodeError:
            acts.append(Act("lost", "not text"))
            continue
        if len(line) > LINE:
            acts.append(Act("lost", "too long"))
        elif text and text not in ("idle", "\0"):
            acts.append(_command(text))
    return acts


def _command(text: str) -> Act:
    found = _COMMAND.match(text) or _COMMAND.match(text.lstrip("@&/+"))
    if found is None:
        return Act("command", text.partition(" ")[0])
    verb, raw = found[0].lower(), found.string[found.end() :]
    if verb in ("say", '"', "'"):
        return _said("say", verb, None, raw.strip())
    if verb in ("pose", ":", "emote"):
        return _pose(verb, raw.strip())
    return _addressed(verb, raw)


def _addressed(verb: str, raw: str) -> Act:
    if raw.startswith("/"):
        return Act("command", verb + raw.partition(" ")[0])
    arg = raw.strip()
    left, equals, right = (part.strip() for part in arg.partition("="))
    if verb in ("page", "tell"):
        return _page(verb, arg, left, right)
    if verb == "whisper":
        return _said("whisper", verb, left, right)
    return _said("channel", verb, left, right) if equals and right else Act("command", "channel")


def _page(verb: str, arg: str, left: str, right: str) -> Act:
    if not right:
        left, _, right = arg.partition(" ")
    if not right:
        return Act("command", "page", left)
    if right.startswith(":"):
        return Act("tell-pose", verb, left, right)
    return _said("tell", verb, left, right)


def _pose(verb: str, arg: str) -> Act:
    text, called = _template(arg)
    text, braces = substitute(_BRACE, text, {"{{": "{", "}}": "}"})
    act = _said("emote", verb, None, text)
    return Act("emote", verb, None, arg, called + braces + act.evaluated, act.shown)


def _template(text: str) -> tuple[str, tuple[str, ...]]:
    """*text* after the function parser, and the functions that it would call.

    A backslash is dropped and protects what follows, except before another backslash, where it stays.
    """
    if "\\" not in text and "$" not in text:
        return text, ()
    kept: list[str] = []
    plain: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] != "\\":
            kept.append(text[at + 1 : at + 2])
            plain.append("_")
            at += 2
        else:
            kept.append(text[at])
            plain.append(text[at])
            at += 1
    return "".join(kept), tuple(_FUNCTION.findall("".join(plain)))


def _said(kind: str, verb: str, target: str | None, text: str) -> Act:
    shown, evaluated = substitute(_CODE, text, _LITERAL)
    evaluated += tuple(_LINK.findall(shown))
    shown = shown.replace(_RESET, "")
    if "|/" in evaluated:
        shown = "\n" + shown
    return Act(kind, verb, target, text, evaluated, shown)
