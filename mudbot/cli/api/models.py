"""Models, and engines as they were called in 2022."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.printing import when
from mudbot.errors import MudbotError

if TYPE_CHECKING:
    from mudbot.api import Deleted
    from mudbot.cli.api.job import Job

id_option = click.option("-i", "--id", "name", metavar="ID", required=True, help="Its id, as the list shows it.")


async def deletion(job: Job, name: str, deleting: Awaitable[Deleted]) -> None:
    """Say that *name* is gone.  Raises MudbotError where the server kept it."""
    answer = await deleting
    if not answer.deleted:
        raise MudbotError(f"the server did not delete {name}: is it your own?")
    job.show(answer, lambda answer: job.out.line(f"deleted {answer.id}"))


@action("models.list")
def list_models(common: Common) -> Work:  # noqa: ARG001
    """The models that the server has: id, owner, since when."""

    async def work(job: Job) -> None:
        answer = await job.api.models()
        job.show(answer, lambda page: job.out.rows((m.id, m.owned_by, when(m.created)) for m in page.data))

    return work


@action("engines.list")
def list_engines(common: Common) -> Work:  # noqa: ARG001
    """The models, as they were listed until 2022: id, owner, whether it is ready."""

    async def work(job: Job) -> None:
        answer = await job.api.engines()
        states = {True: "ready", False: "not ready", None: ""}
        job.show(answer, lambda page: job.out.rows((e.id, e.owner, states[e.ready]) for e in page.data))

    return work


def _one(name: str, line: str, ask: Callable[[Job, str], Awaitable[Any]]) -> click.Command:
    def show(common: Common, name: str) -> Work:  # noqa: ARG001
        async def work(job: Job) -> None:
            job.fields(await ask(job, name))

        return work

    show.__doc__ = line
    return action(name)(id_option(show))


get_model = _one("models.get", "What the server says of one model.", lambda job, name: job.api.model(name))
get_engine = _one("engines.get", "One model, as it was shown until 2022.", lambda job, name: job.api.engine(name))


@action("models.delete")
@id_option
def delete_model(common: Common, name: str) -> Work:  # noqa: ARG001
    """Delete a fine-tuned model of your own."""

    async def work(job: Job) -> None:
        await deletion(job, name, job.api.delete_model(name))

    return work


COMMANDS = {c.name: c for c in (list_models, get_model, delete_model, list_engines, get_engine)}
