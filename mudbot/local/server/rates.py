"""Real limits of requests and tokens a minute, told in headers as OpenAI tells them.

One sliding minute each: what was taken comes back sixty seconds after it was taken.  Tokens are estimated from the
body's size when a request comes, and put right by the answer's own usage, by the pieces of a stream that tells none,
and to nothing where an error was the answer.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from mudbot.clock import Clock
from mudbot.local.server.problems import TooManyError
from mudbot.local.server.wire import PIECES, TOKENS

WINDOW = 60.0
"""Seconds."""
BYTES_A_TOKEN = 4
HEADERS = web.RequestKey("rate-limit headers", dict)
NAME = web.RequestKey("id", str)
BEGAN = web.RequestKey("began", float)


class Window:
    """So much within the last minute."""

    def __init__(self, limit: float, clock: Clock) -> None:
        self.limit, self._clock = limit, clock
        self._taken: deque[list[float]] = deque()
        self._sum = 0.0

    def __repr__(self) -> str:
        return f"<Window {self.remaining():g} of {self.limit:g}>"

    def remaining(self) -> float:
        """What may be taken now."""
        self._forget()
        return max(0.0, self.limit - self._sum)

    def wait(self, amount: float) -> float:
        """Seconds until *amount* may be taken; what is larger than the limit goes when nothing else was taken."""
        self._forget()
        over = self._sum + min(amount, self.limit) - self.limit
        if over <= 0:
            return 0.0
        for at, each in self._taken:
            over -= each
            if over <= 0:
                return at + WINDOW - self._clock.now()
        return WINDOW

    def take(self, amount: float) -> list[float]:
        """Count *amount*; what is returned can be given to ``correct``."""
        entry = [self._clock.now(), amount]
        self._taken.append(entry)
        self._sum += amount
        return entry

    def correct(self, entry: list[float], amount: float) -> None:
        """It was *amount*."""
        if entry[0] + WINDOW > self._clock.now():
            self._sum += amount - entry[1]
            entry[1] = amount

    def reset(self) -> float:
        """Seconds until all has come back."""
        self._forget()
        return self._taken[-1][0] + WINDOW - self._clock.now() if self._taken else 0.0

    def _forget(self) -> None:
        now = self._clock.now()
        while self._taken and self._taken[0][0] + WINDOW <= now:
            self._sum -= self._taken.popleft()[1]


def rates(rpm: float | None, tpm: float | None, clock: Clock) -> Middleware:
    """The middleware; without limits it does nothing.  Only requests that ask for work (POST) are counted."""
    windows = {"requests": Window(rpm, clock) if rpm else None, "tokens": Window(tpm, clock) if tpm else None}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "POST" or not any(windows.values()):
            return await handler(request)
        # A form brings a file, whose bytes are no tokens.
        tokens = 0 if request.content_type.startswith("multipart/") else (request.content_length or 0) / BYTES_A_TOKEN
        costs = {"requests": 1.0, "tokens": float(tokens)}
        waits = {kind: window.wait(costs[kind]) for kind, window in windows.items() if window}
        kind = max(waits, key=lambda name: waits[name])
        if waits[kind] > 0:
            raise TooManyError(_refusal(kind, windows[kind], waits[kind]), _headers(windows, waits[kind]))
        taken = {name: window.take(costs[name]) for name, window in windows.items() if window}
        request[HEADERS] = _headers(windows)
        try:
            return await handler(request)
        except Exception:
            request[TOKENS] = 0
            raise
        finally:  # also when the client left
            window = windows["tokens"]
            if window is not None:
                estimate = costs["tokens"] + request.get(PIECES, 0)
                window.correct(taken["tokens"], request.get(TOKENS, estimate))

    return check


async def tell(request: web.Request, response: web.StreamResponse) -> None:
    """Put id, time and limits into the head of an answer; for ``Application.on_response_prepare``."""
    response.headers["x-request-id"] = request.get(NAME, "req_unknown")
    if BEGAN in request:
        response.headers["openai-processing-ms"] = str(round((time.monotonic() - request[BEGAN]) * 1000))
    if HEADERS in request:
        response.headers.update(request[HEADERS])


@web.middleware
async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every request an id, and notes when it came."""
    request[NAME], request[BEGAN] = f"req_{secrets.token_hex(16)}", time.monotonic()
    return await handler(request)


def _refusal(kind: str, window: Window | None, wait: float) -> str:
    assert window is not None
    short = {"requests": "RPM", "tokens": "TPM"}[kind]
    return (
        f"Rate limit reached on {kind} per min ({short}): Limit {window.limit:g}, Remaining {window.remaining():g}. "
        f"Please try again in {wait:.3f}s."
    )


def _headers(windows: Mapping[str, Window | None], wait: float | None = None) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, window in windows.items():
        if window is not None:
            found[f"x-ratelimit-limit-{kind}"] = f"{window.limit:g}"
            found[f"x-ratelimit-remaining-{kind}"] = str(int(window.remaining()))
            found[f"x-ratelimit-reset-{kind}"] = go_duration(window.reset())
    if wait is not None:
        found["retry-after-ms"] = str(int(wait * 1000) + 1)
        found["Retry-After"] = str(int(wait) + 1)
    return found


def go_duration(seconds: float) -> str:
    """As Go prints durations: ``6m0s``, ``1.5s``, ``20ms``."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    text = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    return f"{int(minutes)}m{text}" if minutes else text
