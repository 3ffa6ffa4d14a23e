"""What the player's side says in the messages of a chat, taken out and put back.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mudbot.errors import RefusedError

Message = Mapping[str, Any]
"""One message of a chat: ``{"role": "user", "content": "Where is the inn?"}``."""


def messages_of(user: str | Sequence[Message], system: str) -> list[Message]:
    """A chat that asks *user*, a text or a whole conversation, after *system* where there is one."""
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    return [*messages, {"role": "user", "content": user}] if isinstance(user, str) else [*messages, *user]


def said_in(messages: Sequence[Message]) -> str:
    """What the player's side says in *messages*, pictures and the like left out."""
    return "\n".join(_texts(messages))


def _texts(messages: Sequence[Message]) -> list[str]:
    found = []
    for message in messages:
        content = message.get("content")
        if message.get("role") == "user":
            parts = content if isinstance(content, list) else [{"text": content}]
            found += [str(part["text"]) for part in parts if isinstance(part, Mapping) and part.get("text")]
    return found


def resaid(messages: Sequence[Message], said: str) -> list[Message]:
    """*messages*, in which the player's side says what ``said_in`` has become.  Raises RefusedError."""
    texts = iter(parted(said, _texts(messages)))

    def part_of(part: Any) -> Any:
        return {**part, "text": next(texts)} if isinstance(part, Mapping) and part.get("text") else part

    again: list[Message] = []
    for message in messages:
        content = message.get("content")
        if message.get("role") != "user" or not content:
            again.append(message)
        elif isinstance(content, list):
            again.append({**message, "content": [part_of(part) for part in content]})
        else:
            again.append({**message, "content": next(texts)})
    return again


def parted(joined: str, parts: Sequence[str]) -> list[str]:
    """*joined*, which was *parts* in lines until words were hidden, as parts again.  Raises RefusedError."""
    lines, wanted = joined.split("\n"), [part.count("\n") + 1 for part in parts]
    if len(lines) != sum(wanted):
        raise RefusedError("refused: with words hidden it has other lines, and nobody can say which are whose")
    starts = [sum(wanted[:number]) for number in range(len(wanted))]
    return ["\n".join(lines[start : start + count]) for start, count in zip(starts, wanted, strict=True)]


def told(messages: Sequence[Message], words: str) -> list[Message]:
    """*messages* with *words* at the end of the system's."""
    first = messages[0] if messages else {}
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]


def quoting(messages: Sequence[Message], words: str) -> list[Message]:
    """*messages*, in the last of which *words* stand before what the player's side says."""
    *before, last = messages
    content = last.get("content")
    if not isinstance(content, str):
        return [*before, {"role": "user", "content": words}, last]
    return [*before, {**last, "content": f"{words}\n\n{content}"}]
