"""What a PyMUD trigger does: its code, a text of commands, or a method that is nothing but sending.

Code is PyMUD's own small language (``nod;say %1;#gag``): a mark counts where it is a word by itself, and quotes must
match.  Of a method, straight lines of ``writeline``, ``exec`` and ``exec_command`` are read; nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mudbot.config.triggers import MAX_COMMANDS
from mudbot.triggers.imports.found import Doing, NotCarriedError, literal

Group = Callable[[str], str]
"""The placeholder for a group, by its number.  Raises NotCarriedError if there is none."""

_DEPTH = 20
_SENDING = frozenset(("writeline", "exec", "exec_command", "exec_async", "exec_command_async"))
_SHOWING = frozenset(("info", "warning", "error", "print", "writetobuffer", "replace"))
_PLUGIN = "only sending of fixed texts and wildcards is carried over: write a plugin"


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides what a command is."""

    group: Group
    aliases: Sequence[re.Pattern[str]] = ()

    def send(self, command: str) -> str:
        """*command*, if it is one of the MUD's."""
        if any(alias.match(command) for alias in self.aliases):
            raise NotCarriedError(f"{command!r} is an alias of yours: write what it stands for")
        return command


def read_code(code: str, setting: Setting) -> Doing:
    """The commands of a text of code."""
    doing = Doing()
    _code(doing, code, setting, 0)
    return doing


def _code(doing: Doing, code: str, setting: Setting, depth: int) -> None:
    if depth > _DEPTH:
        raise NotCarriedError("its code has too many braces in one another")
    if code.startswith("{") and code.endswith("}"):
        code = code[1:-1]
    for part in _split(code):
        if len(doing.commands) > MAX_COMMANDS:
            return
        try:
            if part.startswith("{") and part.endswith("}"):
                _code(doing, part, setting, depth + 1)
            elif part.startswith("#"):
                _own(doing, part, setting, depth)
            elif part:
                doing.commands.append(setting.send(_filled(part, setting.group)))
        except NotCarriedError as exc:
            doing.losses.append((part, exc.why))


def _split(code: str) -> Iterator[str]:
    depth, start = 0, 0
    for sign in re.finditer(r"[{};]", code):
        depth += {"{": 1, "}": -1, ";": 0}[sign[0]]
        if sign[0] == ";" and depth == 0:
            yield code[start : sign.start()].strip()
            start = sign.end()
    yield code[start:].strip()


def _own(doing: Doing, part: str, setting: Setting, depth: int) -> None:
    """A command of PyMUD itself."""
    word, _, rest = part[1:].partition(" ")
    if word == "gag":
        doing.gag = True
    elif word.isdecimal() and rest:
        if len(word) > 6 or int(word) > MAX_COMMANDS:
            raise NotCarriedError(f"it repeats a command {word} times; {MAX_COMMANDS} are enough")
        inner = Doing()
        _code(inner, rest.strip(), setting, depth + 1)
        doing.commands += inner.commands * int(word)
        doing.gag |= inner.gag
        doing.losses += inner.losses
    elif word in ("wa", "wait"):
        raise NotCarriedError("a delay is not carried over: write a plugin")
    else:
        raise NotCarriedError("this command of PyMUD has no counterpart")


def _filled(part: str, group: Group) -> str:
    """*part* with its wildcards as placeholders."""
    if "\0" in part or part.count("'") % 2 or part.count('"') % 2:
        raise NotCarriedError("PyMUD does not take it: its quotes do not match")
    marks = []
    for word in _words(part):
        if re.fullmatch("%[1-9]", word):
            marks.append(group(word[1:]))
            part = part.replace(word, f"\0{len(marks) - 1}\0", 1)
        elif word[:1] in ("%", "@"):
            raise NotCarriedError(f"{word} is a variable: what that would be is known to PyMUD alone")
    pieces = part.split("\0")
    return "".join(marks[int(piece)] if number % 2 else literal(piece) for number, piece in enumerate(pieces))


def _words(part: str) -> Iterator[str]:
    """The words of a command as PyMUD sees them: without quotes, in which blanks do not part."""
    word, depth, quotes = "", 0, {"'": 0, '"': 0}
    for sign in part:
        if sign in quotes:
            quotes[sign] ^= 1
        elif sign == " " and depth == 0 and not any(quotes.values()):
            yield word
            word = ""
        else:
            depth += (sign == "{") - (sign == "}")
            word += sign
    yield word


def read_method(method: ast.FunctionDef | ast.AsyncFunctionDef, setting: Setting) -> Doing:
    """What a handler sends; its last parameter is the wildcards."""
    names = [argument.arg for argument in method.args.args]
    reader = _Method(setting, names[-1] if names else "wildcards")
    for number, statement in enumerate(method.body):
        if not reader.take(statement):
            if number < len(method.body) - 1:
                reader.doing.losses.append(("the rest of its method", "it may not be reached"))
            break
    return reader.doing


class _Method:
    def __init__(self, setting: Setting, wildcards: str) -> None:
        self.doing = Doing()
        self._setting = setting
        self._wildcards = wildcards
        self._known: dict[str, str] = {}

    def take(self, statement: ast.stmt) -> bool:
        """Read one statement; whether what follows is reached for sure."""
        if isinstance(statement, ast.Pass) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            return True
        if isinstance(statement, ast.Return | ast.Raise):
            return False
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            self._assign(statement.targets[0].id, statement.value)
            return True
        if isinstance(statement, ast.Expr):
            self._expression(statement.value)
            return True
        what = f"line {statement.lineno} of its method"
        self.doing.losses.append((what, "only calls can be carried over, not what decides: write a plugin"))
        self._known.clear()  # it may have set anything
        return not any(isinstance(each, ast.Return | ast.Raise) for each in ast.walk(statement))

    def _assign(self, name: str, value: ast.expr) -> None:
        self._known.pop(name, None)
        try:
            self._known[name] = self._text(value)
        except NotCarriedError as exc:
            self.doing.losses.append((f"{name} = ...", exc.why))

    def _expression(self, value: ast.expr) -> None:
        value = value.value if isinstance(value, ast.Await) else value
        name = value.func.attr if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else ""
        if not isinstance(value, ast.Call) or name not in _SENDING:
            why = "there is no screen to show it on" if name in _SHOWING else _PLUGIN
            self.doing.losses.append((f"{name}(...)" if name else f"line {value.lineno} of its method", why))
            return
        try:
            self.doing.commands += self._sent(name, value)
        except NotCarriedError as exc:
            self.doing.losses.append((f"{name}(...)", exc.why))

    def _sent(self, name: str, call: ast.Call) -> list[str]:
        """The commands that a call of a method called *name* sends."""
        if len(call.args) != 1 or call.keywords:
            raise NotCarriedError(_PLUGIN)
        text = self._text(call.args[0])
        if name != "writeline" and re.search("[#@%]", text):
            raise NotCarriedError("code with # or variables, given to a method, is not carried over")
        return [self._setting.send(part) for part in (each.strip() for each in text.split(";")) if part]

    def _text(self, value: ast.expr, depth: int = 0) -> str:
        """*value* as a text with placeholders."""
        if depth > _DEPTH:
            raise NotCarriedError(_PLUGIN)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return literal(value.value)
        if isinstance(value, ast.Name) and value.id in self._known:
            return self._known[value.id]
        if isinstance(value, ast.JoinedStr):
            return "".join(self._text(part, depth + 1) for part in value.values)
        if isinstance(value, ast.FormattedValue) and value.conversion == -1 and value.format_spec is None:
            return self._text(value.value, depth + 1)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            return self._text(value.left, depth + 1) + self._text(value.right, depth + 1)
        if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
            index = value.slice.value if isinstance(value.slice, ast.Constant) else None
            if value.value.id == self._wildcards and type(index) is int and index >= 0:
                return self._setting.group(str(index + 1))
        raise NotCarriedError(_PLUGIN)
