r"""PennMUSH 1.8.

Modelled from ``bsd.c`` (process_input_helper, do_command), ``command.c`` (command_parse, command_argparse),
``parse.c`` (process_expression), ``speech.c`` and ``extchat.c``: CR or LF ends a line, backspace and DEL take the
byte before, what is not printable is forgotten, 4095 bytes are kept.  ``"`` ``:`` ``;`` ``\`` ``+`` ``#`` ``&``
``@`` begin commands, ``]`` before a command (or ``/noeval`` behind it) leaves its text unevaluated.  Else ``%r``
and its like are substituted, ``\x`` is x, ``[f()]`` and a function's name with ``(`` at the front are run, braces
vanish, blanks are squeezed.  ``page`` and ``@chat`` split at the first bare ``=``; a name list has blanks; ``:x``
and ``;x`` on the right are poses, and ``"`` at the front of what is said is dropped (chat_strip_quote).  ``%b`` at
the very front is only a way to write a blank there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.mud.parsers.base import Act, erase, split_lines, telnet, words

NAME = "pennmush"
FAMILIES = frozenset(("all", "8bit", "backspace", "delete", "pennmush"))
ENCODINGS: tuple[str, ...] = ("latin-1",)
CHANNEL = "Public"
ASCII_ONLY = False
VERBS = {
    "say": "say {text}",
    "tell": "page {target}={text}",
    "channel": "@chat {target}={text}",
    "emote": "pose {text}",
}

LINE = 4095
TOKENS = {'"': "say", ":": "pose", ";": "semipose", "\\": "@emit", "#": "@force", "&": "&", "+": "@chat"}
SAY = {"say": "say", "pose": "emote", "semipose": "emote"}
SOCKET = frozenset(("QUIT", "WHO", "LOGOUT", "INFO", "SESSION", "DOING", "IDLE", "MSSPREQUEST"))
FUNCTIONS = frozenset(words("pennmush_functions"))
_UNPRINTABLE = bytes(b for b in range(256) if b < 32 or 127 <= b < 160)
_CODES = "!@#:?~+=0123456789abcilnkopqrstuvwx$"
_SHOWN = {"r": "\n", "t": "\t", "b": " "}


def parse(data: bytes, encoding: str) -> list[Act]:
    """What PennMUSH does with *data*; it reads Latin-1."""
    data, acts = telnet(data)
    lines = split_lines(erase(data, b"\b\x7f"))
    typed = (line.translate(None, _UNPRINTABLE)[:LINE].decode("latin-1") for line in lines.lines)
    return [*acts, *lines.acts, *(act for line in typed if (act := _command(line)) is not None)]


def _command(line: str) -> Act | None:
    if (word := line.partition(" ")[0]) in SOCKET:
        return Act("command", word)
    line, evaluate = line.lstrip(" "), True
    if line.startswith("]"):
        line, evaluate = line[1:], False
    if not line:
        return None
    if line[0] in TOKENS:
        return _token(TOKENS[line[0]], line[1:], evaluate=evaluate)
    word, _, arg = line.partition(" ")
    word, *switches = word.lower().split("/")
    if switches == ["noeval"]:
        evaluate = False
    elif switches:
        return Act("command", f"{word}/{switches[0]}")
    return _dispatch(word, arg, evaluate=evaluate)


def _token(word: str, arg: str, *, evaluate: bool) -> Act:
    if word == "@chat":
        name, _, arg = arg.partition(" ")
        return _dispatch(word, f"{name}={arg.lstrip()}", evaluate=False)
    return _dispatch(word, arg, evaluate=evaluate)


def _dispatch(word: str, arg: str, *, evaluate: bool) -> Act:
    if word in SAY:
        text = Expression(arg, evaluate=evaluate).read()
        shown = text.out.removeprefix('"') if word == "say" else text.out
        return Act(SAY[word], word, None, arg, tuple(text.found), shown)
    if word not in ("page", "p", "@chat", "whisper"):
        return Act("command", word)
    left = Expression(arg, evaluate=evaluate, stop="=").read()
    if left.at >= len(arg):
        return Act("command", word, None, arg)
    right = Expression(arg[left.at + 1 :], evaluate=evaluate).read()
    kind = {"@chat": "channel", "whisper": "whisper"}.get(word, "tell")
    found = (*left.found, *right.found)
    if not right.out:
        return Act("lost", word)
    if right.out[0] in ":;":
        return Act(f"{kind}-pose", word, left.out, arg, found, right.out)
    shown = right.out.removeprefix('"') if kind == "channel" else right.out
    return Act(kind, word, left.out.strip(), arg, found, shown)


@dataclass(slots=True)
class Expression:
    """One pass of process_expression over *text*, up to a bare *stop*."""

    text: str
    evaluate: bool = True
    stop: str = ""
    at: int = 0
    found: list[str] = field(default_factory=list)
    out: str = ""

    def read(self) -> Expression:
        """Read on until *stop* or the end; ``out`` is what came of it, ``found`` what was acted upon."""
        self.at = len(self.text) - len(self.text.lstrip(" "))
        if not self.evaluate:
            return self._verbatim()
        calls = True
        while self.at < len(self.text) and (char := self.text[self.at]) != (self.stop or None):
            self.at += 1
            if char == "%":
                self._percent()
            elif char == "\\":
                self.out += self._take()
            elif char in "[{":
                self._group(char)
            elif char == "(":
                self._parenthesis(calls=calls)
                calls = False
            elif char != " " or not self.out.endswith(" "):
                self.out += char
        self.out = self.out.rstrip(" ")
        return self

    def _verbatim(self) -> Expression:
        end = self.text.find(self.stop, self.at) if self.stop else -1
        end = len(self.text) if end < 0 else end
        self.out, self.at = self.text[self.at : end], end
        return self

    def _take(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += len(char)
        return char

    def _percent(self) -> None:
        code = self._take()
        if code in ("", "%", " "):
            self.out += "%" + (code if code == " " else "")
        elif code.lower() == "b" and not self.out:
            self.out = " "
        elif code.lower() in _CODES:
            self.found.append("%" + code)
            self.out += _SHOWN.get(code.lower(), "")
        else:
            self.out += code

    def _group(self, opening: str) -> None:
        closing = {"[": "]", "{": "}"}[opening]
        end = self.text.find(closing, self.at)
        end = len(self.text) if end < 0 else end
        self.found.append(self.text[self.at - 1 : end + 1])
        self.at = end + 1

    def _parenthesis(self, *, calls: bool) -> None:
        if calls and self.out.lower() in FUNCTIONS:
            self.found.append(f"{self.out}()")
        self.out += "("
