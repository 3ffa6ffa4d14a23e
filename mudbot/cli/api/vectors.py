"""What texts mean, and whether they are fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import Text, merged, param_option, several, user_option
from mudbot.cli.api.options import Work, action

if TYPE_CHECKING:
    from mudbot.api import Embeddings, Moderation
    from mudbot.cli.api.job import Job

_INPUT = click.option(
    "-i", "--input", "texts", type=Text(), multiple=True, required=True, help="A text; repeatable; - is standard input."
)
_MODEL = click.option("-m", "--model", metavar="MODEL", help="The model; without it that of the configuration.")


@action("embeddings.create")
@_MODEL
@_INPUT
@click.option("--dimensions", type=int, metavar="N", help="How long the vectors shall be.")
@click.option("--encoding-format", type=click.Choice(["float", "base64"]), help="On the wire; shown as numbers anyway.")
@user_option
@param_option
def embeddings(common: Common, texts: Sequence[str], model: str | None, extra: Sequence[Any], **options: Any) -> Work:  # noqa: ARG001
    """The meaning of texts: a vector a line, in their order.

    \b
    mudbot api embeddings.create -m text-embedding-3-small -i 'an inn' -i 'a tavern'
    """
    params = merged(options, extra, "input", "model")

    async def work(job: Job) -> None:
        answer = await job.api.embed(several(texts) or "", model=job.model(model, "embedding"), **params)
        job.show(answer, lambda answer: _vectors(job, answer))

    return work


@action("moderations.create")
@_MODEL
@_INPUT
@param_option
def moderations(common: Common, texts: Sequence[str], model: str | None, extra: Sequence[Any]) -> Work:  # noqa: ARG001
    """Whether texts are unfit: a line each, "fit" or "unfit" with the categories and how sure the server is.

    The exit status says only whether the server answered.
    """
    params = merged({}, extra, "input", "model")

    async def work(job: Job) -> None:
        asked = job.known_model(model, "moderation")
        answer = await job.api.moderate(several(texts) or "", model=asked, **params)
        job.show(answer, lambda answer: _judgements(job, answer))

    return work


def _vectors(job: Job, answer: Embeddings) -> None:
    for vector in answer.vectors:
        job.out.json(vector, indent=None)


def _judgements(job: Job, answer: Moderation) -> None:
    for result in answer.results:
        hits = [(result.category_scores.get(name), name) for name, hit in result.categories.items() if hit]
        hits.sort(key=lambda hit: -(hit[0] or 0.0))
        words = [name if score is None else f"{name} {score:.2f}" for score, name in hits]
        job.out.line(f"unfit: {', '.join(words) or 'no category named'}" if result.flagged else "fit")


COMMANDS = {command.name: command for command in (embeddings, moderations)}
