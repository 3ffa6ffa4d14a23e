"""The filter at hand without a server: for judging texts where no moderation endpoint is to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mudbot.errors import LocalError

if TYPE_CHECKING:
    from mudbot.local.filter import Filter


class Judged(Protocol):
    """What a judge says of a text."""

    @property
    def flagged(self) -> bool: ...
    @property
    def categories(self) -> dict[str, bool]: ...
    @property
    def category_scores(self) -> dict[str, float]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody says of a text who is no filter."""

    flagged: bool = False
    categories: dict[str, bool] = field(default_factory=dict)
    category_scores: dict[str, float] = field(default_factory=dict)


class LocalJudge:
    """The filter in a thread of its own, loaded at the first text; one for all sessions.

    A subclass may judge otherwise.
    """

    def __init__(self) -> None:
        self._filter: Filter | None = None
        self._thread: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return f"<LocalJudge {'ready' if self._filter else 'not loaded yet'}>"

    async def __call__(self, text: str) -> Judged:
        """What the filter says of *text*, after a few hundredths of a second; the first time after a second.

        Raises LocalError where the embedder is not installed.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "judge")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._judge, text)

    async def close(self) -> None:
        """Judge no more."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _judge(self, text: str) -> Judged:
        if self._filter is None:
            try:
                from mudbot.local.embed import Embedder
                from mudbot.local.filter import Filter
            except ImportError as exc:
                raise LocalError(
                    f"the filter needs {exc.name}, which is not here: pip install 'mudbot[local]'"
                ) from exc
            self._filter = Filter(Embedder())
        return self._filter.classify([text])[0]


class WrittenJudge(LocalJudge):
    """Says what it was told to say, without a filter: in rehearsals and tests."""

    def __init__(self, say: Callable[[str], Judged] = lambda _text: Verdict()) -> None:
        super().__init__()
        self._say = say

    async def __call__(self, text: str) -> Judged:
        """What it was told to say of *text*; unless told, every text is fit."""
        return self._say(text)
