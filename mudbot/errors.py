"""Every error that mudbot raises on purpose.  Each message says what to do about it.

Foreign exceptions are mapped to these once, at the edge where they arise; nothing above the edge catches anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the known name that is most like *name*, or nothing: the tail of an error message."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


class MudbotError(Exception):
    """Base class: catch this to catch them all."""


# -- configuration and plugins -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file of the owner's: where it is and what would be right."""

    where: str
    """File and line (``config.yaml:12``), or the option or variable that said it."""
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ConfigError(MudbotError):
    """The configuration is wrong; ``problems`` lists every mistake found, the message prints them a line each."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class PluginError(MudbotError):
    """A plugin cannot be loaded or declared this way."""


class UsageError(MudbotError):
    """What a player gave with a chat command does not fit; the message is what the player is told.

    A plugin's command may raise it too: the player is answered, with the usage where there is no message, and nothing
    has failed.
    """


class PatternError(MudbotError):
    """A trigger cannot be: its pattern, its condition or its colour is none, or asks for a group that there is not."""


class StoreError(MudbotError):
    """The database cannot be opened, read or written, or what is to be kept does not fit in it."""


class HttpError(MudbotError):
    """Nothing came by HTTP: the host is not granted, cannot be reached, or sent too much or too late.

    ``status`` is the HTTP status where the server gave one.  The message names the host, never the path, the query or
    a header: those may hold keys.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


# -- the MUD -------------------------------------------------------------------------------------------------------


class MudError(MudbotError):
    """Something went wrong between the bot and its MUD."""


class ConnectError(MudError):
    """The MUD could not be reached."""


class LoginError(MudError):
    """The MUD refused the character: wrong password, unknown name, or thrown out by another login."""


class BusyError(MudError):
    """The MUD does not take the character now: it is in the game already, or left it a moment ago."""


class GateError(MudError):
    """The outbound gate refused a text: nothing of it was sent."""


class NoAnswer(MudError, TimeoutError):  # noqa: N818  # it is what came, or did not: nothing is wrong with the bot
    """What a plugin waited for did not come: in time, or at all, as the link ended or the command was never sent.

    ``waited_for`` are the patterns by their outcome's name, ``reason`` is why it ended; ``command`` is None where none
    was sent.
    """

    def __init__(
        self, message: str, *, reason: str = "", command: str | None = None, waited_for: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.reason, self.command, self.waited_for = reason, command, dict(waited_for or {})


# -- the API -------------------------------------------------------------------------------------------------------


class ApiError(MudbotError):
    """No answer came from the model: limit, outage, refusal or a bad answer.

    A plugin that calls ``self.ai`` catches this.
    ``status`` is the HTTP status where there was one, ``code`` the server's own error code, ``request_id`` the
    server's name for the call.  Messages never contain the key.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.request_id = status, code, request_id


class ApiConnectionError(ApiError):
    """The server could not be reached, or hung up before it answered."""


class ApiTimeoutError(ApiError):
    """The call did not end before its deadline."""


class BadRequestError(ApiError):
    """The server did not accept the request (400, 409, 422)."""


class AuthenticationError(ApiError):
    """The key is missing, wrong, or not allowed to do this (401, 403)."""


class NotFoundError(ApiError):
    """The server knows no such endpoint or model (404, 405, 501)."""


class RateLimitError(ApiError):
    """The server's limit is reached and retries did not help (429)."""


class QuotaError(ApiError):
    """The account has no credit left (``insufficient_quota``): never retried."""


class BudgetError(ApiError):
    """The call could cost more money than a budget has left, or nobody can say what it costs: it was not sent."""


class CircuitOpenError(ApiError):
    """The endpoint failed several times in a row: it is left alone for a while, and this call was not sent."""


class ServerError(ApiError):
    """The server failed (5xx)."""


class BadAnswerError(ApiError):
    """The server answered with something that is not what the API promises."""


class QueueFullError(ApiError):
    """Too many calls wait already: this one was not queued."""


class RefusedError(ApiError):
    """A reviewer (moderation) found the text unfit: it was not sent to the model, or its answer was withheld."""


# -- the embedded server -------------------------------------------------------------------------------------------


class LocalError(MudbotError):
    """The embedded server cannot do this: a part is not installed, or a model file is missing or damaged."""


class ModelMissingError(LocalError):
    """The language model's file is not there yet."""
