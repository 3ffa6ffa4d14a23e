"""Fine-tunes: today's at /fine_tuning/jobs, 2023's at /fine-tunes.  They are validated; nothing is trained."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from mudbot.local.server.bodies import Body, read
from mudbot.local.server.files import no_file
from mudbot.local.server.filestore import FileStore
from mudbot.local.server.jobstore import Event, Job, JobStore
from mudbot.local.server.paging import listed, page_of
from mudbot.local.server.problems import RequestError
from mudbot.local.server.streams import stream
from mudbot.local.server.trainer import Trainer
from mudbot.local.server.wire import json_response
from mudbot.local.server.workshop import Workshop

_NEW, _OLD = "/v1/fine_tuning/jobs", "/v1/fine-tunes"
_USUAL, _MOST = 20, 100
_EVERYTHING = 10_000
"""Old lists have no pages."""
Seed = Annotated[int, Field(ge=0, lt=2**31)]


Rate = Literal["auto"] | Annotated[float, Field(gt=0)]


class _Numbers(BaseModel):
    """``hyperparameters``."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    n_epochs: Literal["auto"] | Annotated[int, Field(ge=1, le=50)] = "auto"
    batch_size: Literal["auto"] | Annotated[int, Field(ge=1, le=256)] = "auto"
    learning_rate_multiplier: Rate = "auto"


class _Method(BaseModel):
    """``method``; what it says of its kind is kept as it is."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    type: Literal["supervised", "dpo", "reinforcement"] = "supervised"


class JobBody(Body):
    """POST /fine_tuning/jobs."""

    model: str = Field(min_length=1, max_length=200)
    training_file: str = Field(min_length=1, max_length=200)
    validation_file: str | None = Field(None, max_length=200)
    hyperparameters: _Numbers | None = None
    method: _Method | None = None
    integrations: list[dict[str, Any]] | None = None
    metadata: dict[str, str] | None = Field(None, max_length=16)
    seed: Seed | None = None
    suffix: str | None = Field(None, min_length=1, max_length=64)


class TuneBody(Body):
    """POST /fine-tunes."""

    model: str | None = Field("curie", max_length=200)
    training_file: str = Field(min_length=1, max_length=200)
    validation_file: str | None = Field(None, max_length=200)
    n_epochs: int | None = Field(None, ge=1, le=1000)
    batch_size: int | None = Field(None, ge=1)
    learning_rate_multiplier: float | None = Field(None, gt=0)
    prompt_loss_weight: float | None = Field(None, ge=0)
    compute_classification_metrics: bool | None = None
    suffix: str | None = Field(None, max_length=40)


class TuneRows:
    """Create, list, get, cancel, events; pause and resume of today's."""

    def __init__(self, shop: Workshop, jobs: JobStore, files: FileStore, trainer: Trainer) -> None:
        self._shop, self._jobs, self._files, self._trainer = shop, jobs, files, trainer

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.post(_NEW, self.create),
            web.get(_NEW, self.list),
            web.get(_NEW + "/{job}", self.get),
            web.post(_NEW + "/{job}/cancel", self.cancel),
            web.post(_NEW + "/{job}/{step:pause|resume}", self.step),
            web.get(_NEW + "/{job}/events", self.events),
            web.post(_OLD, self.create),
            web.get(_OLD, self.list),
            web.get(_OLD + "/{job}", self.get),
            web.post(_OLD + "/{job}/cancel", self.cancel),
            web.get(_OLD + "/{job}/events", self.events),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """POST: a job whose files are validated at once."""
        legacy = _legacy(request)
        body: Body = await read(request, TuneBody if legacy else JobBody, lenient=self._shop.contract)
        asked = body.model_dump(exclude_none=True)
        for param in ("training_file", "validation_file"):
            file = asked.get(param)
            if file is not None and not self._shop.contract and await self._run(self._files.get, file) is None:
                raise no_file(str(file), param)
        self._trainer.room()
        job = await self._run(self._jobs.add, asked, legacy=legacy)
        self._trainer.begin(job)
        return json_response(await self._shown(job))

    async def list(self, request: web.Request) -> web.Response:
        """GET: the jobs, newest first."""
        legacy, query = _legacy(request), request.query
        most = _EVERYTHING if legacy else _MOST
        page = page_of(query, usual=most if legacy else _USUAL, most=most, lenient=self._shop.contract)
        metadata = {name[9:-1]: value for name, value in query.items() if name.startswith("metadata[")}
        jobs, more = await self._run(self._jobs.list, page, legacy=legacy, metadata=metadata)
        return json_response(listed([await self._shown(job) for job in jobs], more=more))

    async def get(self, request: web.Request) -> web.Response:
        """GET one; 2023's shape has its events."""
        job = await self._found(request)
        shown = await self._shown(job)
        if job.legacy:
            shown["events"] = [event.legacy_json() for event in (await self._run(self._jobs.since, job, 0))[1]]
        return json_response(shown)

    async def cancel(self, request: web.Request) -> web.Response:
        """POST .../cancel."""
        job = await self._found(request)
        if job.ended and not self._shop.contract:
            raise RequestError(f"The job {job.id} has {job.status} already: it cannot be cancelled", param="id")
        if not self._made_up(job):
            job = await self._trainer.cancel(job)
        return json_response(await self._shown(job))

    async def step(self, request: web.Request) -> web.Response:
        """POST .../pause and .../resume: no job here trains, so none can rest."""
        job = await self._found(request)
        if not self._shop.contract:
            raise RequestError(
                f"The job {job.id} does not train, so it cannot {request.match_info['step']}", param="id"
            )
        return json_response(await self._shown(job))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET .../events: a page, or at /fine-tunes with ``stream=true`` all, as they come."""
        job = await self._found(request)
        if job.legacy and request.query.get("stream", "").lower() == "true":
            return await stream(request, self._followed(job))
        if job.legacy:
            events = (await self._run(self._jobs.since, job, 0))[1]
            return json_response({"object": "list", "data": [event.legacy_json() for event in events]})
        page = page_of(request.query, usual=_USUAL, most=_MOST, lenient=self._shop.contract)
        found, more = await self._run(self._jobs.events, job.id, page)
        return json_response(listed([event.json() for event in found], more=more))

    async def _followed(self, job: Job) -> AsyncGenerator[dict[str, Any], None]:
        if self._made_up(job):
            yield Event(0, "", job.created, "info", f"Created fine-tune: {job.id}").legacy_json()
        async for event in self._trainer.follow(job):
            yield event.legacy_json()

    async def _found(self, request: web.Request) -> Job:
        name, legacy = request.match_info["job"], _legacy(request)
        job: Job | None = await self._run(self._jobs.get, name, legacy=legacy)
        if job is None and self._shop.contract:
            now = self._shop.now()
            job = Job(name, legacy, "queued", now, now, {"model": "contract", "training_file": "file-contract"})
        if job is None:
            at = _OLD if legacy else _NEW
            raise RequestError(
                f"No such fine-tuning job: {name[:100]} (GET {at} lists them)",
                status=404,
                param="id",
                code="fine_tune_not_found",
            )
        return job

    def _made_up(self, job: Job) -> bool:
        return self._shop.contract and job.asked.get("model") == "contract"

    async def _shown(self, job: Job) -> dict[str, Any]:
        if not job.legacy:
            return job.json()
        wanted = {job.asked.get("training_file"), job.asked.get("validation_file")}
        kept = [await self._run(self._files.get, file) for file in wanted if file]
        return job.legacy_json({file.id: file.json() for file in kept if file is not None})

    async def _run(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._shop.writing.run(work, *args, **kwargs)


def _legacy(request: web.Request) -> bool:
    return request.path.startswith(_OLD)
