"""Every action: its name, its module and the line that ``mudbot api --help`` shows, so that the help loads none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the command line."""

    name: str
    module: str
    """Below ``mudbot.cli.api``; it has the click command in its ``COMMANDS``."""
    line: str
    aliases: tuple[str, ...] = ()
    """Other names of it, of older and newer clients."""


def _job(action: str, line: str, *aliases: str) -> tuple[Action, Action]:
    """An action of fine-tuning in both its shapes: the one of 2023 and today's."""
    newer = tuple(f"fine_tuning.jobs.{alias}" for alias in aliases)
    return (
        Action(f"fine_tuning.jobs.{action}", "tuning", line, newer),
        Action(f"fine_tunes.{action}", "tuning", f"{line[:-1]}, as it was in 2023."),
    )


GROUPS: dict[str, tuple[Action, ...]] = {
    "Text": (
        Action("completions.create", "text", "Go on with a prompt."),
        Action("chat.completions.create", "text", "Answer messages of a chat.", ("chat_completions.create",)),
        Action("edits.create", "text", "Change a text as an instruction says."),
        Action("embeddings.create", "vectors", "The meaning of texts, as vectors."),
        Action("moderations.create", "vectors", "Whether texts are unfit, and why."),
    ),
    "Pictures": (
        Action("image.create", "images", "Paint what a prompt says.", ("images.create", "images.generate")),
        Action(
            "image.create_edit",
            "images",
            "Change a picture, or what its mask leaves open.",
            ("images.create_edit", "image.edit", "images.edit"),
        ),
        Action(
            "image.create_variation",
            "images",
            "Paint a picture again in another way.",
            ("images.create_variation", "images.variation"),
        ),
    ),
    "Files": (
        Action("files.list", "files", "The files on the server."),
        Action("files.create", "files", "Upload a file."),
        Action("files.get", "files", "What the server knows of a file.", ("files.retrieve",)),
        Action("files.content", "files", "Download a file's content.", ("files.download",)),
        Action("files.delete", "files", "Delete a file."),
    ),
    "Fine-tuning": (
        *_job("create", "Train a model on a file."),
        *_job("list", "The jobs."),
        *_job("get", "One job.", "retrieve"),
        *_job("cancel", "Stop a job."),
        *_job("events", "What happened in a job.", "list_events"),
        *_job("follow", "What happens in a job, until it ends."),
    ),
    "Models": (
        Action("models.list", "models", "The models that the server has."),
        Action("models.get", "models", "One model.", ("models.retrieve",)),
        Action("models.delete", "models", "Delete a fine-tuned model of your own."),
        Action("engines.list", "models", "The models, as they were listed in 2023."),
        Action("engines.get", "models", "One model, as it was shown in 2023.", ("engines.retrieve",)),
    ),
}

ACTIONS: dict[str, Action] = {
    name: action for actions in GROUPS.values() for action in actions for name in (action.name, *action.aliases)
}
"""Every name, old and new, to its action."""
