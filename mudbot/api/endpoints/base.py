"""What the methods of all endpoints share: how a call is handed on, ids in paths, checks of parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from mudbot.api.calls import NOBODY, Call, Caller, Options
from mudbot.api.types import Answer, Piece
from mudbot.errors import BadRequestError

A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Piece)


class Calls(ABC):
    """The way of every call, for the classes that name the endpoints."""

    @abstractmethod
    async def _one(self, call: Call[A], options: Options) -> A:
        """Send *call* and return its answer.  Raises ApiError."""

    @abstractmethod
    def _pieces(self, call: Call[P], options: Options) -> AsyncGenerator[P, None]:
        """Send *call* and yield the pieces of its answer as they come.  Raises ApiError."""

    @abstractmethod
    async def _sleep(self, seconds: float) -> None:
        """Return after *seconds* of the Api's clock."""

    async def _get(self, path: str, kind: type[A], options: Options, query: Mapping[str, Any] | None = None) -> A:
        # What a catalogue holds is the same for all who ask at once.  A list of files is not: whoever has just stored
        # one must not be given the answer to a question that was asked before.
        shared = path.startswith(("/models", "/engines"))
        return await self._one(Call("GET", path, kind, query=query or None, shared=shared), options)

    async def _delete(self, path: str, kind: type[A], options: Options) -> A:
        return await self._one(Call("DELETE", path, kind), options)


def how(deadline: float | None, caller: Caller, organization: str | None) -> Options:
    """The options of a call; *organization* stands above the caller's own."""
    if deadline is None and organization is None and caller is NOBODY:
        return _PLAIN
    return Options(deadline, caller if organization is None else replace(caller, organization=organization))


_PLAIN = Options()


def whole(path: str, params: Mapping[str, Any], instead: str | None = None) -> None:
    """Refuse ``stream=True`` where one answer is promised; *instead* names the method that streams, if one does."""
    if params.get("stream"):
        remedy = f"has its own method: call {instead}" if instead else "is not for this endpoint: leave it out"
        raise BadRequestError(f"{path}: stream=True {remedy}")


def at(path: str, name: str, tail: str = "") -> str:
    """*path*, the id *name* as one segment of it, and *tail*: ``at("/models", "ft:a/b")`` is ``/models/ft%3Aa%2Fb``.

    Raises BadRequestError for an id that could lead elsewhere: servers and proxies decode ``%2F`` and resolve ``..``.
    """
    fault = _fault(name)
    if fault:
        raise BadRequestError(f"{path}: {str(name)[:80]!r} is no id: {fault} -- give one as the server's list shows it")
    return f"{path}/{quote(name, safe='')}{tail}"


def _fault(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        return "it is empty"
    if not name.isprintable():  # also half surrogate pairs, which no URL can carry
        return "it holds control characters"
    if "?" in name or "#" in name:
        return "it holds ? or #"
    if any(part in ("", ".", "..") for part in name.replace("\\", "/").split("/")):
        return "it would leave its path"
    return ""
