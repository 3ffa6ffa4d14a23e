"""Fine-tuning jobs and their events, as they are kept and as clients see them (2023's shape and today's)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mudbot.clock import Clock
from mudbot.local.server.paging import Page
from mudbot.local.server.storage import Storage, new_id

FINAL = frozenset({"succeeded", "failed", "cancelled"})
MANY_JOBS = 10_000
"""Jobs that are remembered: the oldest that have ended go first."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job."""

    id: str
    legacy: bool
    """Whether it was asked for at /fine-tunes."""
    status: str
    """Today's word; 2023's is made of it."""
    created: int
    updated: int
    asked: Mapping[str, Any]
    """The request's body."""
    finished: int | None = None
    error: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL

    def json(self) -> dict[str, Any]:
        """OpenAI's ``fine_tuning.job``."""
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": self.created,
            "finished_at": self.finished,
            "model": self.asked.get("model") or "",
            "fine_tuned_model": None,
            "organization_id": "mudbot",
            "status": self.status,
            "training_file": self.asked.get("training_file"),
            "validation_file": self.asked.get("validation_file"),
            "hyperparameters": _hyperparameters(self.asked),
            "method": self.asked.get("method"),
            "result_files": [],
            "trained_tokens": None,
            "error": self.error,
            "estimated_finish": None,
            "integrations": self.asked.get("integrations"),
            "metadata": self.asked.get("metadata"),
            "seed": self.asked.get("seed") or 0,
            "user_provided_suffix": self.asked.get("suffix"),
        }

    def legacy_json(self, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """2023's ``fine-tune``; *files* are the file objects by id."""
        asked = self.asked
        named = {"batch_size", "learning_rate_multiplier", "n_epochs", "prompt_loss_weight"}
        return {
            "id": self.id,
            "object": "fine-tune",
            "created_at": self.created,
            "updated_at": self.updated,
            "model": asked.get("model") or "curie",
            "fine_tuned_model": None,
            "organization_id": "mudbot",
            "status": {"validating_files": "pending", "queued": "pending"}.get(self.status, self.status),
            "hyperparams": {"n_epochs": 4, "prompt_loss_weight": 0.01} | {n: asked[n] for n in named & set(asked)},
            "training_files": [files[i] for i in [str(asked.get("training_file"))] if i in files],
            "validation_files": [files[i] for i in [str(asked.get("validation_file"))] if i in files],
            "result_files": [],
        }


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job."""

    seq: int
    id: str
    created: int
    level: str
    """``info``, ``warn``, ``error``."""
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """OpenAI's ``fine_tuning.job.event``."""
        return {
            "id": self.id,
            "object": "fine_tuning.job.event",
            "created_at": self.created,
            "level": self.level,
            "message": self.message,
            "type": "message",
            "data": dict(self.data),
        }

    def legacy_json(self) -> dict[str, Any]:
        """2023's ``fine-tune-event``."""
        return {
            "object": "fine-tune-event",
            "created_at": self.created,
            "level": self.level,
            "message": self.message,
        }


class JobStore:
    """The jobs in a *storage*.  Everything blocks: call it from a worker thread.  Raises LocalError."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock

    def __repr__(self) -> str:
        return f"<JobStore {self._storage!r}>"

    def add(self, asked: Mapping[str, Any], *, legacy: bool) -> Job:
        """A new job, whose files are to be validated."""
        now = self._now()
        job = Job(new_id("ft-" if legacy else "ftjob-"), legacy, "validating_files", now, now, dict(asked))
        with self._storage.database() as database:
            database.execute(
                "INSERT INTO jobs (id, legacy, status, created, updated, asked) VALUES (?, ?, ?, ?, ?, ?)",
                (job.id, legacy, job.status, now, now, json.dumps(job.asked)),
            )
            self._say(database, job.id, "info", f"Created fine-tune: {job.id}")
            self._forget(database)
        return job

    def get(self, job: str, *, legacy: bool) -> Job | None:
        """The job called *job*; None if there is none of that kind."""
        with self._storage.database() as database:
            row = database.execute(
                "SELECT * FROM jobs WHERE id = ? AND legacy = ?", (job.encode("utf-8", "replace").decode(), legacy)
            ).fetchone()
        return None if row is None else _job(row)

    def list(self, page: Page, *, legacy: bool, metadata: Mapping[str, str] | None = None) -> tuple[list[Job], bool]:
        """The jobs of a *page*, and whether there are more; only those with all of *metadata*.  Raises RequestError."""
        wanted, values = ["legacy = ?"], list[Any]([legacy])
        for name, value in (metadata or {}).items():
            # Not as a path of JSON: a name of a client's could be read as one.
            wanted.append("EXISTS (SELECT 1 FROM json_each(asked, '$.metadata') AS m WHERE m.key = ? AND m.value = ?)")
            values += [name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()]
        with self._storage.database() as database:
            rows, more = page.of(database, "jobs", " AND ".join(wanted), values)
        return [_job(row) for row in rows], more

    def unfinished(self) -> Sequence[Job]:
        """Jobs that have not ended, oldest first."""
        with self._storage.database() as database:
            rows = database.execute(
                "SELECT * FROM jobs WHERE status NOT IN ('succeeded', 'failed', 'cancelled') ORDER BY seq"
            ).fetchall()
        return [_job(row) for row in rows]

    def move(
        self, job: Job, status: str, says: Sequence[tuple[str, str]], error: Mapping[str, Any] | None = None
    ) -> Job:
        """Give *job* another *status*, with events (level, message).  A job that has ended stays as it is."""
        now = self._now()
        with self._storage.database() as database:
            changed = database.execute(
                "UPDATE jobs SET status = ?, updated = ?, finished = ?, error = ? "
                "WHERE id = ? AND status NOT IN ('succeeded', 'failed', 'cancelled')",
                (status, now, now if status in FINAL else None, json.dumps(error) if error else None, job.id),
            ).rowcount
            if changed:
                for level, message in says:
                    self._say(database, job.id, level, message)
            row = database.execute("SELECT * FROM jobs WHERE id = ?", (job.id,)).fetchone()
        return replace(job, status="cancelled") if row is None else _job(row)

    def say(self, job: Job, *says: tuple[str, str]) -> None:
        """Events (level, message).  A job that has ended, or is forgotten, says nothing more."""
        with self._storage.database() as database:
            database.execute("BEGIN IMMEDIATE")  # nobody may cancel it between the question and the events
            row = database.execute("SELECT status FROM jobs WHERE id = ?", (job.id,)).fetchone()
            if row is not None and row["status"] not in FINAL:
                for level, message in says:
                    self._say(database, job.id, level, message)

    def events(self, job: str, page: Page) -> tuple[Sequence[Event], bool]:
        """The events of a *page*, and whether there are more.  Raises RequestError."""
        with self._storage.database() as database:
            rows, more = page.of(database, "events", "job = ?", [job])
        return [_event(row) for row in rows], more

    def since(self, job: Job, seq: int) -> tuple[Job, Sequence[Event]]:
        """The job as it is now, and its events after *seq*, oldest first."""
        with self._storage.database() as database:
            row = database.execute("SELECT * FROM jobs WHERE id = ?", (job.id,)).fetchone()
            rows = database.execute(
                "SELECT * FROM events WHERE job = ? AND seq > ? ORDER BY seq", (job.id, seq)
            ).fetchall()
        return _job(row) if row is not None else replace(job, status="cancelled"), [_event(row) for row in rows]

    def _say(self, database: sqlite3.Connection, job: str, level: str, message: str) -> None:
        database.execute(
            "INSERT INTO events (id, job, created, level, message) VALUES (?, ?, ?, ?, ?)",
            (new_id("ftevent-"), job, self._now(), level, message.encode("utf-8", "replace").decode()),
        )

    def _forget(self, database: sqlite3.Connection) -> None:
        gone = database.execute(
            "DELETE FROM jobs WHERE status IN ('succeeded', 'failed', 'cancelled') AND seq <= "
            "(SELECT seq FROM jobs ORDER BY seq DESC LIMIT 1 OFFSET ?) RETURNING id",
            (MANY_JOBS,),
        ).fetchall()
        database.executemany("DELETE FROM events WHERE job = ?", [(row["id"],) for row in gone])

    def _now(self) -> int:
        return int(self._clock.wall())


def _hyperparameters(asked: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
    return usual | dict(asked.get("hyperparameters") or {})


def _job(row: sqlite3.Row) -> Job:
    return Job(
        row["id"],
        bool(row["legacy"]),
        row["status"],
        row["created"],
        row["updated"],
        json.loads(row["asked"]),
        row["finished"],
        json.loads(row["error"]) if row["error"] else None,
    )


def _event(row: sqlite3.Row) -> Event:
    return Event(row["seq"], row["id"], row["created"], row["level"], row["message"])
