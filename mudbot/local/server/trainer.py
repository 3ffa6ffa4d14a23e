"""What becomes of fine-tuning jobs: their files are validated for real, then the job fails: nothing trains here.

The owner of the tasks is the server: it resumes what an earlier one left unfinished, and ends them when it closes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator

from mudbot.errors import LocalError, QueueFullError
from mudbot.local.server.filestore import FileStore
from mudbot.local.server.jobstore import Event, Job, JobStore
from mudbot.local.server.lane import Lane
from mudbot.local.server.training_data import Report, numbered

log = logging.getLogger(__name__)

MANY_RUNNING = 100
"""Jobs that wait or run; more are refused."""
NO_TRAINING = (
    "This server cannot train models: the files were validated, nothing was trained. "
    "Send the same request to a server that trains (OpenAI, or one of your own)."
)


class Trainer:
    """Runs jobs, one after the other, off the event loop."""

    def __init__(self, jobs: JobStore, files: FileStore) -> None:
        self._jobs, self._files = jobs, files
        self.lane = Lane("fine-tunes", queue=MANY_RUNNING + 16)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, threading.Event] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"<Trainer: {len(self._tasks)} jobs>"

    async def resume(self) -> None:
        """Go on with what an earlier server left."""
        try:
            for job in await self.lane.run(self._jobs.unfinished):
                self._begin(job)
        except LocalError as error:
            log.warning("fine-tuning jobs cannot be resumed: %s", error)

    def room(self) -> None:
        """Raises QueueFullError if there are too many jobs already."""
        if len(self._tasks) >= MANY_RUNNING:
            raise QueueFullError(f"{MANY_RUNNING} fine-tuning jobs wait already: try again later", status=503)

    def begin(self, job: Job) -> None:
        """Run *job*."""
        self._begin(job)

    def _begin(self, job: Job) -> None:
        if job.id in self._tasks:
            return
        self._loop = asyncio.get_running_loop()
        self._stops[job.id] = threading.Event()
        task = asyncio.create_task(self._run(job), name=f"mudbot-{job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._forget(job.id))

    def _forget(self, job: str) -> None:
        self._tasks.pop(job, None)
        self._stops.pop(job, None)
        self._tell(job)

    async def _run(self, job: Job) -> None:
        stop = self._stops[job.id]
        try:
            await self.lane.run(self._validate, job, stop)
        except LocalError as error:
            log.warning("the job %s: %s", job.id, error)
        except QueueFullError:
            pass  # it stays as it is, and the next server resumes it

    async def cancel(self, job: Job) -> Job:
        """Stop *job*; one that has ended stays as it is.  Raises LocalError."""
        if job.id in self._stops:
            self._stops[job.id].set()
        job = await asyncio.to_thread(self._jobs.move, job, "cancelled", [("info", "Fine-tune cancelled")])
        self._tell(job.id)
        return job

    async def follow(self, job: Job) -> AsyncGenerator[Event, None]:
        """The events of *job*, those of the past first, until it has ended."""
        seq = 0
        while True:
            news = self._news.setdefault(job.id, asyncio.Event())
            job, events = await asyncio.to_thread(self._jobs.since, job, seq)
            for event in events:
                seq = event.seq
                yield event
            if job.ended or job.id not in self._tasks:
                if job.ended or not events:
                    return
                continue
            await news.wait()

    def _tell(self, job: str) -> None:
        if news := self._news.pop(job, None):
            news.set()

    async def close(self) -> None:
        """End what runs; it stays unfinished."""
        for stop in self._stops.values():
            stop.set()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self.lane.close()

    # -- in the lane's thread --------------------------------------------------------------------------------------

    def _validate(self, job: Job, stop: threading.Event) -> None:
        if stop.is_set():
            return
        for param in ("training_file", "validation_file"):
            if not job.asked.get(param):
                continue
            self._jobs.say(job, ("info", f"Validating {param.replace('_', ' ')}: {job.asked[param]}"))
            self._tell_from_thread(job.id)
            report = self._report(job, param, stop)
            if stop.is_set():
                return
            fault = "it is not there any more" if report is None else report.verdict(legacy=job.legacy)
            if report is not None:
                self._tell_faults(job, report)
            if fault is not None:
                self._fail(job, "invalid_" + param, f"The {param.replace('_', ' ')} is invalid: {fault}", param)
                return
            assert report is not None
            epochs = job.asked.get("n_epochs") or (job.asked.get("hyperparameters") or {}).get("n_epochs") or "auto"
            found = f"{report.examples} examples, about {report.tokens} tokens an epoch (epochs: {epochs})"
            self._jobs.say(job, ("info", f"{param.replace('_', ' ').capitalize()} is valid: {found}"))
        if self._jobs.move(job, "queued", [("info", "Files validated, moving job to queued state")]).ended:
            return
        self._fail(job, "training_not_available", NO_TRAINING, None)

    def _report(self, job: Job, param: str, stop: threading.Event) -> Report | None:
        """What the lines of a file of *job* are; None if it is gone.  Ends early when *stop* is set."""
        kept = self._files.get(str(job.asked[param]))
        if kept is None:
            return None
        report = Report(str((job.asked.get("method") or {}).get("type", "supervised")))
        try:
            with self._files.path(kept).open("rb") as lines:
                for number, line in numbered(lines):
                    if stop.is_set():
                        break
                    report.add(number, line)
        except FileNotFoundError:
            return None
        return report

    def _tell_faults(self, job: Job, report: Report) -> None:
        faults = [("error", fault) for fault in report.faults]
        if report.bad > len(report.faults):
            faults.append(("error", f"... and {report.bad - len(report.faults)} more lines"))
        self._jobs.say(job, *faults)
        self._tell_from_thread(job.id)

    def _fail(self, job: Job, code: str, message: str, param: str | None) -> None:
        error = {"code": code, "message": message, "param": param}
        self._jobs.move(job, "failed", [("error", message)], error)
        self._tell_from_thread(job.id)

    def _tell_from_thread(self, job: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, job)
