"""Fine-tunes, under their old path (``/fine-tunes``, 2021 to 2024) and their present one (``/fine_tuning/jobs``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from mudbot.api.calls import NOBODY, Call, Caller, Options
from mudbot.api.endpoints.base import Calls, at, how, whole
from mudbot.api.types import FineTune, FineTuneEvent, FineTuneEvents, FineTunes
from mudbot.errors import ApiConnectionError, ApiTimeoutError, BadAnswerError

_OLD, _NEW = "/fine-tunes", "/fine_tuning/jobs"

PAUSE = 5.0
"""Seconds between two looks at a job: it runs for minutes to hours, and each look costs two requests of the limit."""

PAGE = 100
"""Events asked for at once."""


class TuningCalls(Calls):
    """*legacy* chooses the path.  Where it is None, the id does: ``ft-…`` is of the old kind, all others of the new."""

    async def create_fine_tune(
        self,
        training_file: str,
        *,
        model: str | None = None,
        legacy: bool = False,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> FineTune:
        """``POST /fine_tuning/jobs``, or ``/fine-tunes``: train *model* on the file with the id *training_file*."""
        path = _OLD if legacy else _NEW
        whole(path, params)
        body = params | {"training_file": training_file, "model": model}
        return await self._one(Call("POST", path, FineTune, model, body), how(deadline, caller, organization))

    async def fine_tunes(
        self,
        *,
        legacy: bool = False,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> FineTunes:
        """``GET /fine_tuning/jobs``, or ``/fine-tunes``: the jobs; *params* (``limit``, ``after``) go to the query."""
        return await self._get(_OLD if legacy else _NEW, FineTunes, how(deadline, caller, organization), params)

    async def fine_tune(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        legacy: bool | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> FineTune:
        """``GET /fine_tuning/jobs/{id}``, or ``/fine-tunes/{id}``: how a job stands."""
        return await self._get(_at(id, legacy), FineTune, how(deadline, caller, organization), params)

    async def cancel_fine_tune(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        legacy: bool | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
    ) -> FineTune:
        """``POST /fine_tuning/jobs/{id}/cancel``, or ``/fine-tunes/{id}/cancel``: stop a job."""
        call = Call("POST", _at(id, legacy, "/cancel"), FineTune)
        return await self._one(call, how(deadline, caller, organization))

    async def fine_tune_events(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        legacy: bool | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> FineTuneEvents:
        """``GET /fine_tuning/jobs/{id}/events``, or ``/fine-tunes/{id}/events``: what happened to a job.

        The old path answers all of them, the oldest first; the new one pages (``limit``, ``after``), the newest first.
        """
        whole(_at(id, legacy, "/events"), params, "follow_fine_tune")
        return await self._get(_at(id, legacy, "/events"), FineTuneEvents, how(deadline, caller, organization), params)

    async def follow_fine_tune(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        legacy: bool | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
    ) -> AsyncGenerator[FineTuneEvent, None]:
        """What happens to a job, from its beginning until it has ended: each event once, the oldest first.

        *deadline* bounds each request, not the whole.  The old path streams; where its stream breaks or the deadline
        ends it, and always on the new path, the job is looked at every ``PAUSE`` seconds.
        """
        options, old, seen = how(deadline, caller, organization), _is_old(id, legacy), _Seen()
        if old:
            call = Call("GET", _at(id, old, "/events"), FineTuneEvent, query={"stream": "true"}, stream=True)
            try:
                async with aclosing(self._pieces(call, options)) as events:
                    async for event in events:
                        if seen.first(event):
                            yield event
            except (ApiConnectionError, ApiTimeoutError, BadAnswerError):
                pass  # cut, or a server that does not stream: asking again shows which, and what is wrong if it is
            else:
                return
        while True:
            # The job before its events: those that come between the two are then not lost at the end.
            job = await self._get(_at(id, old), FineTune, options)
            for event in await self._news(id, seen, options, old=old):
                yield event
            if job.ended:
                return
            await self._sleep(PAUSE)

    async def _news(self, id: str, seen: _Seen, options: Options, *, old: bool) -> list[FineTuneEvent]:  # noqa: A002
        """The events that are not in *seen* yet, the oldest first."""
        news: list[FineTuneEvent] = []
        newest_first, after, asked = not old, "", {""}
        seen.begin()
        while True:
            query = None if old else {"limit": PAGE} | ({"after": after} if after else {})
            page = await self._get(_at(id, old, "/events"), FineTuneEvents, options, query)
            if page.data and _when(page.data[0]) != _when(page.data[-1]):
                newest_first = _when(page.data[0]) > _when(page.data[-1])
            fresh = [event for event in page.data if seen.first(event)]
            news += fresh
            after = page.data[-1].id if page.data else ""
            # The new path gives the newest first and older ones after the cursor: what is known ends the search.  Some
            # servers do it the other way round, and some give the same page for every cursor.
            if not page.has_more or after in asked or (newest_first and len(fresh) < len(page.data)):
                break
            asked.add(after)
        if newest_first:
            news.reverse()
        return sorted(news, key=_when)


def _when(event: FineTuneEvent) -> float:
    return event.created_at or 0


class _Seen:
    """Which events were given already.  Old events have no id: equal ones are told apart by their number."""

    def __init__(self) -> None:
        self._known: set[tuple[object, ...]] = set()
        self._equal: Counter[tuple[object, ...]] = Counter()

    def begin(self) -> None:
        """A new reading of all events begins."""
        self._equal.clear()

    def first(self, event: FineTuneEvent) -> bool:
        """Whether *event* is seen for the first time."""
        key: tuple[object, ...] = (event.id,)
        if not event.id:
            key = (event.created_at, event.level, event.message)
            self._equal[key] += 1
            key = (*key, self._equal[key])
        if key in self._known:
            return False
        self._known.add(key)
        return True


def _is_old(id: str, legacy: bool | None) -> bool:  # noqa: A002, FBT001 - as the methods above name it
    return str(id).startswith("ft-") if legacy is None else legacy


def _at(id: str, legacy: bool | None, tail: str = "") -> str:  # noqa: A002, FBT001 - as above
    return at(_OLD if _is_old(id, legacy) else _NEW, id, tail)
