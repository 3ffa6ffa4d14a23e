"""Answers about fine-tunes, in the shape of ``/fine-tunes`` (2021 to 2024) and in that of ``/fine_tuning/jobs``."""

from __future__ import annotations

from typing import Any

from mudbot.api.types.base import Item, Listing, Maybe, Open, Piece, Text, Time
from mudbot.api.types.stored import File

_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_LAST_WORDS = ("Fine-tune succeeded", "Fine-tune failed", "Fine-tune cancelled")


class FineTuneEvent(Item, Piece):
    """Something that happened to a job."""

    created_at: Time = None
    """Several events may share one."""
    level: Text = ""
    message: str
    type: Maybe[str] = None
    data: Maybe[dict[str, Any]] = None
    """The figures of an event of the type ``metrics``."""

    @property
    def text(self) -> str:
        return self.message

    @property
    def finished(self) -> bool:
        """Whether the old path's stream ends after it."""
        return self.message.startswith(_LAST_WORDS)


class FineTuneEvents(Listing[FineTuneEvent]):
    """An answer of ``GET /fine_tuning/jobs/{id}/events`` or ``/fine-tunes/{id}/events``."""


class FineTuneError(Open):
    """Why a job failed; all empty where it has not."""

    code: str | None = None
    message: str | None = None
    param: str | None = None


class FineTune(Item):
    """A job: fields that only one of the two shapes has are None in the other."""

    id: str
    status: Text = ""
    """``validating_files``, ``queued``, ``pending`` (old), ``running``, ``succeeded``, ``failed`` or ``cancelled``."""
    model: Text = ""
    fine_tuned_model: str | None = None
    """The name of what it made, once it has succeeded."""
    organization_id: Maybe[str] = None
    created_at: Time = None
    updated_at: Time = None
    finished_at: Time = None
    estimated_finish: Time = None
    training_file: str | None = None
    validation_file: str | None = None
    training_files: list[File] | None = None
    validation_files: list[File] | None = None
    result_files: list[str | File] | None = None
    """Ids in the new shape, files in the old one."""
    hyperparameters: Maybe[dict[str, Any]] = None
    hyperparams: Maybe[dict[str, Any]] = None
    trained_tokens: int | None = None
    error: FineTuneError | str | None = None
    events: list[FineTuneEvent] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in _ENDED

    @property
    def reason(self) -> str:
        """Why it failed; empty where it has not, or the server does not say."""
        return self.error if isinstance(self.error, str) else (self.error and self.error.message) or ""


class FineTunes(Listing[FineTune]):
    """An answer of ``GET /fine_tuning/jobs`` or ``GET /fine-tunes``."""
