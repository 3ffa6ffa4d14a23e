"""How TinTin++ cuts a file into commands, and a command into its arguments.

As ``#read`` does it (checked against tt++ 2.02.20): the first sign of the file is the one that commands start with;
comments ``/* */`` count outside of braces only; a line goes on while a brace is open, and on the next one if that
starts with a brace; braces always count, a backslash takes nothing from them.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import NamedTuple

from mudbot.errors import ConfigError, Problem

COMMANDS = (
    "action", "alias", "all", "banner", "bell", "break", "buffer", "button", "case", "cat", "chat", "class",
    "commands", "config", "continue", "cr", "cursor", "daemon", "debug", "default", "delay", "draw", "echo",
    "edit", "else", "elseif", "end", "event", "foreach", "format", "function", "gag", "grep", "help", "highlight",
    "history", "if", "ignore", "info", "kill", "line", "list", "local", "log", "loop", "macro", "map", "math",
    "message", "nop", "parse", "path", "pathdir", "port", "prompt", "read", "regexp", "replace", "return", "run",
    "scan", "screen", "script", "send", "session", "showme", "snoop", "split", "ssl", "substitute", "switch",
    "system", "tab", "textin", "ticker", "unaction", "unalias", "unbutton", "undelay", "unevent", "unfunction",
    "ungag", "unhighlight", "unlocal", "unmacro", "unpathdir", "unprompt", "unsplit", "unsubstitute", "untab",
    "unticker", "unvariable", "variable", "while", "write", "zap",
)  # fmt: skip
"""In the order in which an abbreviation finds them."""

_COMMENT = re.compile(r"/\*|\*/")
_SIGN = re.compile(r"[{}\n]|/\*")
_BREAK = re.compile(r"\\;|[;{}]")
_BLANK = re.compile(r"\s*")


class Command(NamedTuple):
    """One command of a file."""

    line: int
    """Where the logical line starts that it stands on."""
    text: str


def command_sign(text: str) -> str:
    """What commands start with: the first sign of the file."""
    at = _skip(text, 0)
    first = text[at : at + 1]
    return first if first in string.punctuation and first else "#"


def _skip(text: str, at: int) -> int:
    """Behind blanks and comments."""
    while True:
        at = _behind(_BLANK, text, at)
        if not text.startswith("/*", at):
            return at
        end = _comment_end(text, at)
        if end is None:
            return at
        at = end


def _comment_end(text: str, at: int) -> int | None:
    """Behind the comment that starts at *at*; comments nest."""
    depth = 0
    for sign in _COMMENT.finditer(text, at):
        depth += 1 if sign[0] == "/*" else -1
        if depth == 0:
            return sign.end()
    return None


def commands(text: str) -> Iterator[Command]:
    """The commands of a file.  Raises ConfigError where braces or comments do not close, as TinTin++ does."""
    for line, logical in _logical_lines(text.replace("\r", "")):
        for part in filter(None, split(logical)):
            yield Command(line, part)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    at = depth = 0
    line = start = opened = 1
    parts: list[str] = []
    while found := _SIGN.search(text, at):
        sign, parts_end = found[0], found.start()
        parts.append(text[at:parts_end])
        at = found.end()
        if sign == "\n":
            following = _behind(_BLANK, text, at)
            line += 1 + text.count("\n", at, following)
            at = following
            if depth or text[at : at + 1] == "{":
                _join(parts, text[at : at + 1], inside=depth > 0)
                continue
            yield start, "".join(parts)
            parts = []
            start = line
        elif sign == "/*":
            if depth:
                parts.append(sign)
                continue
            end = _comment_end(text, parts_end)
            if end is None:
                raise _broken(line, "a comment /* is not closed")
            line += text.count("\n", at, end)
            at = end
        else:
            depth += 1 if sign == "{" else -1
            if depth < 0:
                raise _broken(line, "a } is too many")
            opened = line if (sign, depth) == ("{", 1) else opened
            parts.append(sign)
    if depth:
        raise _broken(opened, "a { is not closed")
    yield start, "".join([*parts, text[at:]])


def _join(parts: list[str], following: str, *, inside: bool) -> None:
    """Take the blanks off the end of *parts*, before a line break that ends no command; one may stand for it."""
    while parts and not parts[-1].strip():
        parts.pop()
    if parts:
        parts[-1] = parts[-1].rstrip()
    if not inside or (parts and parts[-1][-1] not in "{};" and following != "}"):
        parts.append(" ")


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _broken(line: int, what: str) -> ConfigError:
    return ConfigError(Problem(f"line {line}", f"{what}: TinTin++ would not read this file either; mend it first"))


def split(text: str) -> Iterator[str]:
    """The commands between semicolons; an empty one sends an empty line.

    One that starts with a backslash is all the rest: it is sent as it is.
    """
    at = 0
    while at < len(text):
        at = _behind(_BLANK, text, at)
        if text.startswith("\\", at):
            yield text[at:]
            return
        end = _outside(text, at, ";")
        yield text[at:end].strip()
        at = end + 1


def _outside(text: str, at: int, ends: str) -> int:
    """Where, from *at*, one of *ends* stands outside of braces."""
    depth = 0
    for sign in _BREAK.finditer(text, at):
        if sign[0] == "{":
            depth += 1
        elif sign[0] == "}":
            depth -= 1
        elif sign[0] in ends and depth == 0:
            return sign.start()
    return len(text)


def word_of(command: str) -> tuple[str, str]:
    """The first word of a command, and what follows it."""
    word, *rest = command.split(maxsplit=1)
    return word, rest[0] if rest else ""


def argument(text: str, *, whole: bool = False) -> tuple[str, str]:
    """The first argument and what follows it; *whole*: without braces it is all that is left, else a word."""
    text = text.lstrip()
    if not text.startswith("{"):
        if whole:
            return text, ""
        word, *rest = text.split(maxsplit=1) or [""]
        return word, rest[0] if rest else ""
    depth = 0
    for sign in re.finditer(r"[{}]", text):
        depth += 1 if sign[0] == "{" else -1
        if depth == 0:
            return text[1 : sign.start()], text[sign.end() :]
    return text[1:], ""


def full_name(word: str) -> str:
    """The command that *word* abbreviates; nothing if there is none."""
    word = word.lower()
    return next((name for name in COMMANDS if word and name.startswith(word)), "")
