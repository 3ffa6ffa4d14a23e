"""The statements of a Lua script: calls, and what is none.  Nothing is run.

The grammar is that of the Lua 5.1 manual; of blocks only the ends are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mudbot.triggers.imports.found import NotCarriedError
from mudbot.triggers.imports.lua_tokens import Token, tokens

_DEPTH = 50
_BINARY = frozenset(("+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"))
_UNARY = frozenset(("-", "#", "not"))
_OPENERS = frozenset(("function", "if", "do", "repeat"))
_LEAVING = frozenset(("return", "goto"))


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression, as far as it matters."""

    kind: Literal["text", "number", "name", "index", "call", "concat", "other"]
    value: str = ""
    """Of a text, number or name; of a call the name that is called: ``send``, ``string.lower``."""
    parts: tuple[Expr, ...] = ()
    """What is joined; the arguments of a call; what is indexed, and by what."""


_OTHER = Expr("other")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script."""

    what: str
    """For people: ``cecho(...)``, ``if ...``."""
    call: Expr | None = None
    leaves: bool = False
    """Whether what follows may depend on it."""


def statements(script: str) -> list[Statement]:
    """The statements of *script*.  Raises NotCarriedError where it is no Lua."""
    return _Parser(tokens(script)).statements()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _is(self, *values: str) -> bool:
        return self._next.kind in ("sign", "keyword") and self._next.value in values

    def _want(self, value: str) -> None:
        if not self._is(value):
            raise NotCarriedError(f"its script is no Lua: {value!r} is missing before {self._next.value[:20]!r}")
        self._take()

    def statements(self) -> list[Statement]:
        found = []
        while self._next.kind != "end":
            if self._is(";"):
                self._take()
            else:
                found.append(self._statement())
        return found

    def _statement(self) -> Statement:
        token = self._next
        if token.kind == "keyword":
            return self._keyword(self._take().value)
        if self._is("::"):
            return self._rest("a label")
        start = self._at
        first = self._operand()
        if first.kind == "call" and not self._is("=", ","):
            return Statement(f"{first.value or 'a call'}(...)", first, leaves=first.value in ("error", "os.exit"))
        name = "".join(token.value for token in self._tokens[start : self._at])[:40]
        while self._is(","):
            self._take()
            self._operand()
        self._want("=")
        self._list()
        return Statement(f"{name} = ...")

    def _keyword(self, word: str) -> Statement:
        if word == "local" and not self._is("function"):
            name = self._take().value
            while not self._is("=") and self._is(",") and self._next.kind != "end":
                self._take()
                self._take()
            if self._is("="):
                self._take()
                self._list()
            return Statement(f"local {name}")
        if word in ("local", "function", "if", "do", "while", "for", "repeat"):
            return Statement(f"{word} ...", leaves=self._block(word))
        return self._rest(word)

    def _rest(self, what: str) -> Statement:
        self._at = len(self._tokens) - 1
        return Statement(what, leaves=True)

    def _block(self, word: str) -> bool:
        """Go behind the block that *word* opened; whether the script may end in it."""
        depth, leaves = int(word in _OPENERS), False
        started = depth > 0
        while depth or not started:
            token = self._take()
            if token.kind == "end":
                raise NotCarriedError(f"its script is no Lua: the end of {word!r} is missing")
            if token.kind != "keyword":
                continue
            leaves |= token.value in _LEAVING
            if token.value in _OPENERS:
                depth += 1
                started |= token.value == "do" or word == "local"
            elif token.value in ("end", "until"):
                depth -= 1
        if self._tokens[self._at - 1].value == "until":
            self._expression()
        return leaves and word not in ("function", "local")

    def _list(self) -> tuple[Expr, ...]:
        found = [self._expression()]
        while self._is(","):
            self._take()
            found.append(self._expression())
        return tuple(found)

    def _expression(self) -> Expr:
        self._depth += 1
        if self._depth > _DEPTH:
            raise NotCarriedError("its script has too many brackets in one another")
        parts, signs = [self._signed()], set()
        while self._is(*_BINARY):
            signs.add(self._take().value)
            parts.append(self._signed())
        self._depth -= 1
        if not signs:
            return parts[0]
        return Expr("concat", parts=tuple(parts)) if signs == {".."} else _OTHER

    def _signed(self) -> Expr:
        signed = False
        while self._is(*_UNARY):
            self._take()
            signed = True
        operand = self._operand()
        return _OTHER if signed else operand

    def _operand(self) -> Expr:
        token = self._take()
        found = _OTHER
        if token.kind in ("text", "number"):
            return Expr("text" if token.kind == "text" else "number", token.value)
        if token.kind == "name":
            found = Expr("name", token.value)
        elif token.value == "(":
            inner = self._expression()
            found = Expr("concat", parts=(inner,)) if inner.kind in ("text", "number", "concat", "index") else _OTHER
            self._want(")")
        elif token.value == "{":
            self._table()
        elif token.kind == "keyword" and token.value == "function":
            self._block("function")
        elif token.value not in ("nil", "true", "false", "..."):
            raise NotCarriedError(f"its script is no Lua: {token.value[:20]!r} is no value")
        elif token.value in ("true", "false", "nil"):
            return Expr("name", token.value)
        return self._suffixes(found)

    def _suffixes(self, base: Expr) -> Expr:
        while True:
            if self._is("."):
                self._take()
                base = Expr("index", parts=(base, Expr("text", self._take().value)))
            elif self._is("["):
                self._take()
                base = Expr("index", parts=(base, self._expression()))
                self._want("]")
            elif self._is(":"):
                self._take()
                method = f"{_name(base)}:{self._take().value}"
                base = Expr("call", method, self._arguments())
            elif self._is("(", "{") or self._next.kind == "text":
                base = Expr("call", _name(base), self._arguments())
            else:
                return base

    def _arguments(self) -> tuple[Expr, ...]:
        token = self._take()
        if token.kind == "text":
            return (Expr("text", token.value),)
        if token.value == "{":
            self._table()
            return (_OTHER,)
        if token.value != "(":
            raise NotCarriedError("its script is no Lua: a call has no arguments")
        found = () if self._is(")") else self._list()
        self._want(")")
        return found

    def _table(self) -> None:
        """Go behind a table whose brace was taken."""
        depth = 1
        while depth:
            token = self._take()
            if token.kind == "end":
                raise NotCarriedError("its script is no Lua: a { is not closed")
            if token.kind == "sign":
                depth += (token.value == "{") - (token.value == "}")


def _name(expr: Expr) -> str:
    """The dotted name that *expr* is; empty if it is none."""
    names: list[str] = []
    while expr.kind == "index" and expr.parts[1].kind == "text":
        names.append(expr.parts[1].value)
        expr = expr.parts[0]
    return ".".join([expr.value, *reversed(names)]) if expr.kind == "name" else ""
