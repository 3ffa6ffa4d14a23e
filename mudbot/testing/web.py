"""The web of a test: what plugins fetch by ``self.http`` is answered as the test says, and nothing leaves."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mudbot.errors import HttpError
from mudbot.host.services.http import HttpAnswer
from mudbot.testing.script import NotScriptedError

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.services.http import Request


@dataclass(frozen=True, slots=True)
class Fetched:
    """One request of a plugin's."""

    method: str
    url: str
    """With its query."""
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    """By their names in lower case."""
    body: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    @property
    def json(self) -> Any:
        """The body, read as JSON.  Raises ValueError where it is none."""
        return jsonlib.loads(self.body)


@dataclass(frozen=True, slots=True)
class _Page:
    url: str
    answer: HttpAnswer | None
    error: str
    after: float
    once: bool


class Web:
    """What plugins find on the web in a test: ``bot.web``."""

    def __init__(self) -> None:
        self.asked: list[Fetched] = []
        """Every request, in order."""
        self.on_failure: Callable[[BaseException], None] = lambda _failure: None
        self.clock: Clock | None = None
        self._pages: list[_Page] = []

    def __repr__(self) -> str:
        return f"<Web {len(self._pages)} pages, {len(self.asked)} asked>"

    def will_answer(  # noqa: PLR0913 - each is a part of an answer
        self,
        url: str,
        text: str | bytes = "",
        *,
        json: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        after: float = 0.0,
        once: bool = False,
    ) -> None:
        """Answer what begins with *url* so, *after* so many seconds, as often as it is asked or *once*.

        Of several that fit the one that was given last counts.  *json* is written as JSON in place of *text*.
        """
        kind = "text/plain; charset=utf-8"
        if json is not None:
            text, kind = jsonlib.dumps(json, ensure_ascii=False, default=str), "application/json"
        body = text.encode() if isinstance(text, str) else text
        told = {"content-type": kind} | {name.casefold(): value for name, value in (headers or {}).items()}
        self._pages.append(_Page(url, HttpAnswer(status, body, told), "", after, once))

    def will_fail(self, url: str, why: str = "no answer", *, after: float = 0.0, once: bool = False) -> None:
        """Let what begins with *url* fail with an HttpError that says *why*."""
        self._pages.append(_Page(url, None, why, after, once))

    async def carry(self, request: Request) -> HttpAnswer:
        """What ``self.http`` calls.  Raises HttpError."""
        asked = Fetched(
            request.method, str(request.url), dict(request.url.query), dict(request.headers), request.body or b""
        )
        self.asked.append(asked)
        page = next((each for each in reversed(self._pages) if asked.url.startswith(each.url)), None)
        if page is None:
            error = NotScriptedError(
                f"a plugin asked for {asked}, and the test did not say what it finds there: bot.web.will_answer(...)"
            )
            self.on_failure(error)
            raise HttpError("the test has no answer to that")
        if page.once:
            self._pages.remove(page)
        if page.after and self.clock is not None:
            await self.clock.sleep(page.after)
        if page.answer is None:
            raise HttpError(page.error)
        if len(page.answer.bytes) > request.max_bytes:
            raise HttpError(f"the answer is longer than {request.max_bytes:,} bytes: give max_bytes= more")
        return page.answer

    async def close(self) -> None:
        """Nothing to end."""
