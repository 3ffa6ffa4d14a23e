"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestPayloadError

from mudbot.errors import ApiError, BadRequestError, LocalError, ModelMissingError, QueueFullError, RateLimitError
from mudbot.local.server.wire import json_response

log = logging.getLogger(__name__)


class TooManyError(RateLimitError):
    """A limit of this server is reached; *headers* say when there is room again."""

    def __init__(self, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(message, status=429, code="rate_limit_exceeded")
        self.headers = headers


class RequestError(BadRequestError):
    """A request that this server refuses; ``param`` names the field that is wrong."""

    def __init__(self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message, status=status, code=code)
        self.param = param


def problem(error: Exception) -> web.Response:  # noqa: PLR0911 - one return a kind
    """The answer that tells of *error*.  An unforeseen one is logged and told of without its text."""
    if isinstance(error, web.HTTPException):
        return _of_http(error)
    if isinstance(error, RequestPayloadError):  # broken chunks, or a Content-Encoding that it does not have
        return _shape(400, "The body cannot be read: it is not encoded as its headers say", code="invalid_body")
    if isinstance(error, BadRequestError):
        param = error.param if isinstance(error, RequestError) else None
        return _shape(error.status or 400, str(error), param=param, code=error.code)
    if isinstance(error, TooManyError):
        return _shape(429, str(error), code=error.code, headers=dict(error.headers))
    if isinstance(error, QueueFullError):
        return _shape(503, str(error), code="server_busy", headers={"Retry-After": "1"})
    if isinstance(error, LocalError):
        # Nothing changes by itself: a client that retries 503 must not do so here.
        code = "model_missing" if isinstance(error, ModelMissingError) else "not_available"
        return _shape(503, str(error), code=code, headers={"X-Should-Retry": "false"})
    if isinstance(error, ApiError):
        return _shape(500, str(error))
    log.error("the embedded server failed", exc_info=error)
    return _shape(500, "The embedded server failed: its log says why.")


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error of a handler into an answer."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _shape(404, _unknown(request), code="unknown_url")
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        message = f"{request.path} does not know the method {request.method}: use {allowed}"
        return _shape(405, message, code="method_not_allowed", headers={"Allow": allowed})
    except Exception as error:  # noqa: BLE001 -- the edge: nothing may leave it but an answer
        return problem(error)


def _unknown(request: web.Request) -> str:
    hint = "" if request.path.startswith("/v1/") else " (its addresses begin with /v1/: check api.base_url)"
    return f"The embedded server has no {request.method} {request.path[:100]}{hint}"


def _of_http(error: web.HTTPException) -> web.Response:
    if error.status == web.HTTPRequestEntityTooLarge.status_code:
        return _shape(413, "The request is larger than 1 MiB: shorten it", code="request_too_large")
    return _shape(error.status, error.reason)


def _shape(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_response({"error": error}, status=status, headers=headers)
