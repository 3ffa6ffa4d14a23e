"""Fine-tuning, by today's path (``fine_tuning.jobs``) and by that of 2023 (``fine_tunes``)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import after_option, limit_option, merged
from mudbot.cli.api.models import id_option
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.printing import note, raw, when
from mudbot.cli.api.training import creation

if TYPE_CHECKING:
    from mudbot.api import FineTune, FineTuneEvent
    from mudbot.cli.api.job import Job


def _commands(prefix: str, *, legacy: bool) -> Sequence[click.Command]:
    """The actions of one of the two paths."""

    @action(f"{prefix}.list")
    @limit_option
    @after_option
    def list_jobs(common: Common, **options: Any) -> Work:  # noqa: ARG001
        """The jobs: id, state, model, what it made, since when."""
        params = merged(options, ())

        async def work(job: Job) -> None:
            answer = await job.api.fine_tunes(legacy=legacy, **params)
            job.show(answer, lambda page: _rows(job, page.data))
            if answer.has_more and not job.common.machine:
                note(f"there are more: --after {answer.last_id or (answer.ids or [''])[-1]}")

        return work

    @action(f"{prefix}.get")
    @id_option
    def get(common: Common, name: str) -> Work:  # noqa: ARG001
        """How a job stands."""

        async def work(job: Job) -> None:
            job.fields(await job.api.fine_tune(name, legacy=legacy))

        return work

    @action(f"{prefix}.cancel")
    @id_option
    def cancel(common: Common, name: str) -> Work:  # noqa: ARG001
        """Stop a job."""

        async def work(job: Job) -> None:
            job.show(
                await job.api.cancel_fine_tune(name, legacy=legacy),
                lambda answer: job.out.line(f"{answer.id} {answer.status}".strip()),
            )

        return work

    return list_jobs, get, cancel, *_events(prefix, legacy=legacy), creation(prefix, legacy=legacy, follow=follow)


def _events(prefix: str, *, legacy: bool) -> Sequence[click.Command]:
    @action(f"{prefix}.events", streams=True)
    @id_option
    @click.option("-f", "--follow", "on", is_flag=True, help="Go on until the job has ended.")
    @click.option("-s", "also_on", is_flag=True, help="The same, as in 2022; so is --stream.")
    @limit_option
    @after_option
    def events(common: Common, name: str, on: bool, also_on: bool, **options: Any) -> Work:  # noqa: FBT001
        """What happened in a job, a line each; with --follow what happens, until it has ended."""
        params, on = merged(options, ()), on or also_on or common.stream
        if on and params:
            raise click.UsageError("--follow shows all events: leave out --limit and --after")

        async def work(job: Job) -> None:
            if on:
                await follow(job, name, legacy=legacy)
                return
            answer = await job.api.fine_tune_events(name, legacy=legacy, **params)
            # The new path has the newest first; people read downwards, as time goes.
            job.show(answer, lambda page: _history(job, page.data))

        return work

    @action(f"{prefix}.follow", streams=True)
    @id_option
    def following(common: Common, name: str) -> Work:  # noqa: ARG001
        """What happens in a job, a line each, until it has ended.  Ctrl-C ends the command, not the job."""

        async def work(job: Job) -> None:
            await follow(job, name, legacy=legacy)

        return work

    return events, following


async def follow(job: Job, name: str, *, legacy: bool) -> None:
    """Print the events of a job until it has ended, and then, on standard error, how."""
    events = job.api.follow_fine_tune(name, legacy=legacy)
    async with aclosing(events):
        async for event in events:
            if job.common.machine:
                job.out.json(raw(event), indent=None)
            else:
                _event(job, event)
    if not job.common.machine:
        note(_end(await job.api.fine_tune(name, legacy=legacy)))


def _history(job: Job, events: Sequence[FineTuneEvent]) -> None:
    for event in sorted(events, key=lambda event: event.created_at or 0):
        _event(job, event)


def _event(job: Job, event: FineTuneEvent) -> None:
    level = f"{event.level}: " if event.level not in ("", "info") else ""
    job.out.line(" ".join(part for part in (when(event.created_at), level + event.message) if part))


def _end(answer: FineTune) -> str:
    if answer.fine_tuned_model:
        return f"{answer.id} {answer.status}: mudbot api completions.create -m {answer.fine_tuned_model} -p TEXT"
    return f"{answer.id} {answer.status}{f': {answer.reason}' if answer.reason else ''}"


def _rows(job: Job, jobs: Sequence[FineTune]) -> None:
    job.out.rows((j.id, j.status, j.model, j.fine_tuned_model, when(j.created_at)) for j in jobs)


COMMANDS = {
    command.name: command
    for command in (*_commands("fine_tuning.jobs", legacy=False), *_commands("fine_tunes", legacy=True))
}
