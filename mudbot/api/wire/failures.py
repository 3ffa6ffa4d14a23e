"""Every failed answer, mapped to an error of ours in one place: what happened, what the server said, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from mudbot.api.wire.retry import QUOTA_CODES, Signs
from mudbot.api.wire.safe import Redactor
from mudbot.errors import (
    ApiError,
    ApiTimeoutError,
    AuthenticationError,
    BadAnswerError,
    BadRequestError,
    NotFoundError,
    QuotaError,
    RateLimitError,
    RefusedError,
    ServerError,
)

# Endpoints that OpenAI has closed, and what took their place.  Compatible servers may still serve the old ones.
_SUCCESSORS = {
    "/edits": "POST /chat/completions with the instruction as a message",
    "/engines": "GET /models",
    "/fine-tunes": "/fine_tuning/jobs",
    "/completions": "POST /chat/completions",
    "/answers": "POST /chat/completions",
    "/classifications": "POST /moderations or POST /chat/completions",
    "/search": "POST /embeddings",
}

_HELD = frozenset({"/files", "/models", "/engines", "/fine-tunes", "/fine_tuning"})
"""Roots below which an id stands in the path."""

_REFUSALS = frozenset(
    {"content_policy_violation", "content_filter", "moderation_blocked", "responsible_ai_policy_violation"}
)

# An error inside a 200 answer or a stream has no status of its own; its code or type stands for one.
_STATUS_OF = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 503,
    "timeout": 504,
}


class Failed(Exception):  # noqa: N818 - not an error to the caller: it never leaves the package
    """An attempt failed: the error to raise if this was the last one, and the signs that decide whether it was."""

    def __init__(self, error: ApiError, signs: Signs) -> None:
        super().__init__(str(error))
        self.error, self.signs = error, signs


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked, for messages.  *server* is the base_url without user, password and query."""

    method: str
    path: str
    server: str
    model: str | None
    has_key: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says; all of it foreign text that must be made safe before it is shown."""

    message: str = ""
    code: str | None = None
    kind: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status that its code or type stands for."""
        for word in (self.code, self.kind):
            if word and word.isascii() and word.isdigit() and 400 <= int(word[:4]) <= 599:
                return int(word)
            if word in _STATUS_OF:
                return _STATUS_OF[word]
        return 500


def read_error(body: object) -> Said | None:
    """The error in parsed JSON: OpenAI's ``{"error": {...}}``, a plain text there, or FastAPI's ``{"detail": ...}``."""
    if not isinstance(body, Mapping):
        return None
    error = body.get("error") or body.get("detail")
    if not error:
        message = body.get("message")
        return Said(message) if isinstance(message, str) and "choices" not in body and "data" not in body else None
    if not isinstance(error, Mapping):
        return Said(str(error))
    return Said(str(error.get("message") or ""), _word(error.get("code")), _word(error.get("type")))


def from_status(status: int, headers: Mapping[str, str], body: bytes, place: Place, redact: Redactor) -> Failed:
    """The failure that an answer with an error status is; *headers* in lower case."""
    try:
        said = read_error(from_json(body))
    except ValueError:
        said = None
    if said is None:
        said = Said(body.decode("utf-8", "replace"))
    if 300 <= status < 400:
        said = Said(f"it redirects to {headers.get('location', '').partition('?')[0]}")
    return _failed(status, status, headers, said, place, redact)


def from_said(said: Said, status: int, headers: Mapping[str, str], place: Place, redact: Redactor) -> Failed:
    """The failure that an error object in a good answer (*status* 200) or in a stream is."""
    return _failed(said.status, status, headers, said, place, redact)


def bad_answer(what: str, reply_status: int, request_id: str | None, place: Place) -> BadAnswerError:
    """An answer that is not what the API promises; *what* is safe text already."""
    return BadAnswerError(
        f"{place}: {what} (status {reply_status}{_named(request_id)}) -- check that api.base_url ({place.server}) "
        "leads to an OpenAI-compatible API, often it ends in /v1",
        status=reply_status,
        request_id=request_id,
    )


def timed_out(place: Place, seconds: float, doing: str, status: int | None) -> ApiTimeoutError:
    """The error of a call that did not end within its *seconds*; *doing* is what it did last."""
    return ApiTimeoutError(
        f"{place}: no answer within {seconds:g} s: the call {doing} -- give it a longer deadline "
        f"(api.limits.deadline), call less often, or check the server at {place.server}",
        status=status,
    )


def request_id(headers: Mapping[str, str], redact: Redactor) -> str | None:
    """The server's name for the call."""
    found = headers.get("x-request-id") or headers.get("request-id")
    return redact.name(found) if found else None


def _failed(
    meaning: int, status: int, headers: Mapping[str, str], said: Said, place: Place, redact: Redactor
) -> Failed:
    error_class, remedy = _classify(meaning, said, place)
    code = redact(said.code, 64) if said.code else None
    name = request_id(headers, redact)
    detail = redact(said.message) or "no explanation"
    text = f"{place}: {status}{f' {code}' if code else ''}{_named(name)}: {detail} -- {remedy}"
    signs = Signs(status=meaning, headers=headers, code=said.code if said.code in QUOTA_CODES else said.kind)
    return Failed(error_class(text, status=status, code=code, request_id=name), signs)


def _classify(status: int, said: Said, place: Place) -> tuple[type[ApiError], str]:  # noqa: PLR0911 - one return a case
    if status == 402 or said.code in QUOTA_CODES or said.kind in QUOTA_CODES:
        return QuotaError, "the account has no credit left: check billing at the provider; waiting does not help"
    if said.code in _REFUSALS:
        return RefusedError, "the server's own reviewer found the text unfit: change the prompt"
    if status in (401, 403):
        return AuthenticationError, _key_remedy(status, place)
    if status in (404, 405, 410, 501):
        return NotFoundError, _missing_remedy(said, place)
    if status == 429:
        return RateLimitError, "the server's limit is reached: set api.limits to what the account allows"
    if status >= 500 or status == 408:
        return ServerError, f"the server at {place.server} failed: look at its log or status page, or try later"
    if 300 <= status < 400:
        return BadAnswerError, "set api.base_url to where it redirects, so that the key and the request arrive there"
    return BadRequestError, _request_remedy(status, said, place)


def _key_remedy(status: int, place: Place) -> str:
    if not place.has_key:
        return "no key is configured: set api.api_key"
    if status == 403:
        return "the key is not allowed to do this: check its rights, api.organization and api.project"
    return "check api.api_key, api.organization and api.project"


def _missing_remedy(said: Said, place: Place) -> str:
    root = "/" + place.path.strip("/").partition("/")[0]
    model = f"model {place.model!r}"
    if said.code == "model_not_found" or (place.model and "model" in said.message.lower()):
        return f"the server at {place.server} has no {model} for this key: check api.models against GET /models"
    if root in _HELD and place.path.count("/") > (2 if root == "/fine_tuning" else 1):
        return (
            f"the server at {place.server} does not know it: check the id against the list of {root}, and that "
            "api.base_url ends where the API begins, often in /v1"
        )
    successor = _SUCCESSORS.get(root)
    instead = f"; its modern replacement is {successor}" if successor else ""
    what = f"the endpoint {place}" + (f" or the {model}" if place.model else "")
    return (
        f"the server at {place.server} does not know {what}: check that api.base_url ends where the API begins, often "
        f"in /v1{instead}"
    )


def _request_remedy(status: int, said: Said, place: Place) -> str:
    if said.code == "context_length_exceeded" or status == 413:
        return "prompt and reply together are too long for the model: shorten the prompt or lower max_tokens"
    takes = f" and that model {place.model!r} takes them" if place.model else ""
    return f"the server did not accept the request: check its parameters{takes}"


def _named(name: str | None) -> str:
    return f", request {name}" if name else ""


def _word(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and str(value) else None
