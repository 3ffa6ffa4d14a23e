"""Training examples, checked line by line as OpenAI checks them.  Pure: it knows no files and no server.

https://platform.openai.com/docs/guides/supervised-fine-tuning: one JSON object a line; a chat has ``messages``, an old
completion ``prompt`` and ``completion``, a preference ``input``, ``preferred_output`` and ``non_preferred_output``.
"""

# ruff: noqa: TRY004, TRY301 - what is wrong with a line is a value that is wrong, whatever its type

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from mudbot.mind.context import estimate_tokens

LINE_BYTES = 4 << 20
"""Of one line: a context of a million tokens is shorter."""
MANY_FAULTS = 50
"""Bad lines that are named; more are counted."""
FEWEST = 10
"""Examples of a job, as at OpenAI."""
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_CHAT_KEYS = frozenset({"messages", "tools", "functions", "parallel_tool_calls", "function_call", "tool_choice"})


@dataclass(slots=True)
class Report:
    """What was found in a file for a job of that *method* (``supervised``, ``dpo``, ``reinforcement``)."""

    method: str = "supervised"
    examples: int = 0
    tokens: int = 0
    """Estimated."""
    bad: int = 0
    faults: list[str] = field(default_factory=list)
    """Of the first ``MANY_FAULTS`` bad lines, each with its number."""
    shapes: Counter[str] = field(default_factory=Counter)
    """How many lines are ``chat``, ``completion``, ``preference``."""

    def add(self, number: int, line: bytes) -> None:
        """Check one line."""
        if not line.strip():
            return
        try:
            shape, tokens = _example(line, answered=self.method != "reinforcement")
            if self.shapes and shape not in self.shapes:
                raise ValueError(f"it is a {shape}, the lines before are another kind; a file has one kind only")
        except ValueError as error:
            self.bad += 1
            if len(self.faults) < MANY_FAULTS:
                self.faults.append(f"Line {number}: {error}")
            return
        self.shapes[shape] += 1
        self.examples += 1
        self.tokens += tokens

    def verdict(self, *, legacy: bool) -> str | None:
        """Why the file cannot be used, in a sentence; None if it can."""
        if self.bad:
            return f"{self.bad} of its lines cannot be used; the first: {self.faults[0]}"
        fewest = 1 if legacy else FEWEST
        if self.examples < fewest:
            return f"it has {self.examples} example{'s' * (self.examples != 1)}, but must have at least {fewest}"
        shape = next(iter(self.shapes))
        if legacy and shape != "completion":
            return 'this kind of job needs lines with "prompt" and "completion"'
        if (shape == "preference") != (self.method == "dpo"):
            return f"its lines are {shape}s, which the method {self.method} does not take"
        return None


def numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of *file* with their numbers, from 1; a mark of byte order before the first is left out.

    Of a line that is too long only the beginning is given (and is too long still): it is never held whole.
    """
    number = 0
    while line := file.readline(LINE_BYTES + 1):
        number += 1
        yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        while len(line) > LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(LINE_BYTES + 1) or b"\n"


def _example(line: bytes, *, answered: bool) -> tuple[str, int]:
    """The kind of an example and its tokens; a chat must be *answered*.  Raises ValueError that says what is wrong."""
    if len(line) > LINE_BYTES:
        raise ValueError(f"longer than {LINE_BYTES >> 20} MiB")
    try:
        value = json.loads(line)
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if "messages" in value:
        return "chat", _chat(value) if answered else _messages(value["messages"], '"messages"')
    if "preferred_output" in value or "non_preferred_output" in value:
        return "preference", _preference(value)
    return "completion", _completion(value)


def _completion(value: Mapping[str, Any]) -> int:
    for name in ("prompt", "completion"):
        if name not in value:
            raise ValueError(f'"{name}" is missing')
        if not isinstance(value[name], str):
            raise ValueError(f'"{name}" must be a text')
    if not value["completion"]:
        raise ValueError('"completion" is empty')
    return estimate_tokens(value["prompt"]) + estimate_tokens(value["completion"])


def _chat(value: Mapping[str, Any]) -> int:
    if unknown := sorted(set(value) - _CHAT_KEYS):
        raise ValueError(f'"{unknown[0][:50]}" is no key of a chat example')
    messages = value["messages"]
    tokens = _messages(messages, '"messages"')
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError('"messages" has no message of the assistant')
    return tokens


def _preference(value: Mapping[str, Any]) -> int:
    asked = value.get("input")
    if not isinstance(asked, dict):
        raise ValueError('"input" must be an object with "messages"')
    tokens = _messages(asked.get("messages"), '"input.messages"')
    for name in ("preferred_output", "non_preferred_output"):
        tokens += _messages(value.get(name), f'"{name}"')
    return tokens


def _messages(messages: Any, where: str) -> int:
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"{where} must be a list of messages")
    return sum(_message(message, f"{where}[{at}]") for at, message in enumerate(messages))


def _message(message: Any, where: str) -> int:
    if not isinstance(message, dict):
        raise ValueError(f"{where} must be an object")
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or role not in _ROLES:
        raise ValueError(f'{where}: "role" must be one of {", ".join(sorted(_ROLES))}')
    if message.get("weight", 1) not in (0, 1) or ("weight" in message and role != "assistant"):
        raise ValueError(f'{where}: "weight" is 0 or 1, and of the assistant\'s messages only')
    if content is None and role == "assistant" and (message.get("tool_calls") or message.get("function_call")):
        return 0
    if isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
        return sum(estimate_tokens(str(part.get("text", ""))) for part in content)
    if not isinstance(content, str):
        raise ValueError(f'{where}: "content" must be a text or a list of parts')
    return estimate_tokens(content)
