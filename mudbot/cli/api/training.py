"""How a fine-tune is begun: what both paths take, and what only one of them does."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import File, merged, param_option, with_options
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.printing import note
from mudbot.cli.api.progress import Bar

if TYPE_CHECKING:
    from mudbot.api import Upload
    from mudbot.cli.api.job import Job


class Follow(Protocol):
    """Prints the events of a job until it has ended."""

    def __call__(self, job: Job, name: str, *, legacy: bool) -> Coroutine[Any, Any, None]:
        """Follow the job *name*."""


_FILES = with_options(
    click.option(
        "-t", "-F", "--training_file", "--training-file", "training", metavar="ID|FILE", required=True,
        help="Its id on the server, or a file of yours, which is uploaded first.",
    ),
    click.option(
        "-v", "-V", "--validation_file", "--validation-file", "validation", metavar="ID|FILE", help="To check with."
    ),
    click.option("-m", "--model", metavar="MODEL", help="The model to begin with."),
    click.option("-s", "--suffix", metavar="NAME", help="A part of the new model's name."),
    click.option("--n_epochs", "--n-epochs", "n_epochs", type=int, metavar="N", help="How often it reads the file."),
    click.option("--batch_size", "--batch-size", "batch_size", type=int, metavar="N", help="Examples a step."),
    click.option(
        "--learning_rate_multiplier", "--learning-rate-multiplier", "learning_rate_multiplier", type=float,
        metavar="X", help="How large the steps are.",
    ),
    click.option("-f", "--follow", "on", is_flag=True, help="Show its events until it has ended."),
    click.option("--no_follow", "--no-follow", is_flag=True, expose_value=False, help="What it does anyway."),
    param_option,
)  # fmt: skip
_NEW = with_options(
    click.option("-H", "--hyperparameters", metavar="JSON", help="All of them as one object."),
    click.option("--seed", type=int, metavar="N", help="The same number, about the same model."),
)
_OLD = with_options(
    click.option("--prompt_loss_weight", type=float, metavar="X", help="What the prompts count."),
    click.option("--compute_classification_metrics", is_flag=True, default=None, help="Measure a classifier."),
    click.option("--classification_n_classes", type=int, metavar="N", help="Its classes."),
    click.option("--classification_positive_class", metavar="TEXT", help="The one that counts as hit, of two."),
    click.option("--classification_betas", type=float, multiple=True, metavar="X", help="Betas of its F-scores."),
    click.option("--no_check_if_files_exist", is_flag=True, expose_value=False, help="What it does anyway."),
)  # fmt: skip
_HYPER = ("n_epochs", "batch_size", "learning_rate_multiplier")


def creation(prefix: str, *, legacy: bool, follow: Follow) -> click.Command:
    """The action that begins a job."""

    @action(f"{prefix}.create")
    @_FILES
    @(_OLD if legacy else _NEW)
    def create(
        common: Common, training: str, validation: str | None, on: bool, extra: Sequence[Any], **options: Any  # noqa: ARG001, FBT001
    ) -> Work:  # fmt: skip
        """Train a model on a file, and print the job.

        The file is JSONL; one of yours is uploaded first.  The command ends when the job is made, or with --follow when
        the job has ended.
        """
        if options.get("classification_betas"):
            options["classification_betas"] = list(options["classification_betas"])
        params = merged(options if legacy else _gathered(options), extra, "training_file", "validation_file")
        first, second = _source(training), _source(validation) if validation else None

        async def work(job: Job) -> None:
            trained = await _id(job, first)
            if second is not None:
                params["validation_file"] = await _id(job, second)
            answer = await job.api.create_fine_tune(trained, legacy=legacy, **params)
            job.fields(answer)
            if on:
                await follow(job, answer.id, legacy=legacy)

        return work

    return create


def _gathered(options: dict[str, Any]) -> dict[str, Any]:
    """Today's path has what shapes the training in an object of its own."""
    given = options.pop("hyperparameters")
    single = {name: value for name in _HYPER if (value := options.pop(name)) is not None}
    if given is None:
        return {**options, "hyperparameters": single or None}
    try:
        whole = json.loads(given)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict):
        raise click.UsageError("-H: write an object, for example '{\"n_epochs\": 3}'")
    return {**options, "hyperparameters": whole | single}


def _source(given: str) -> str | Upload:
    """An id, or the content of a file that is here."""
    return File().convert(given, None, click.get_current_context()) if given == "-" or Path(given).is_file() else given


async def _id(job: Job, source: str | Upload) -> str:
    if isinstance(source, str):
        return source
    with Bar("upload") as bar:
        file = await job.api.upload_file(source, "fine-tune", progress=bar)
    note(f"uploaded {source.name}: {file.id}")
    return file.id
