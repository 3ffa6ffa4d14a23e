"""What a character remembers: of whom, since when, and who may hear of it again (``mudbot.mind.scopes``).

To recall takes at most WITHIN; what is not there by then is left out.  To remember takes no time: a task in the
background keeps facts, asks for their vectors, and has the model sum up long talks.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from mudbot.clock import Clock
from mudbot.errors import ApiError, MudbotError, StoreError
from mudbot.events import Room, Speech
from mudbot.mind import noting, recall
from mudbot.mind.digest import Calm, Digest, Models, Talk
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import Fact, Remembered, Turn
from mudbot.mind.scopes import Where, may_recall, where
from mudbot.mind.shelves import MOST_ON_ONE, Shelf, Shelves, fact_of, packed

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)
T = TypeVar("T")

__all__ = ["WITHIN", "Calm", "Models", "Settings", "StoredMemory"]

WITHIN = 0.3
"""Seconds that an answer waits for memory at most."""
DAY = 86_400.0
AWAY = 300.0
"""Seconds for which embeddings are left alone after they failed."""
MOST_WAITING = 1000
"""Utterances that wait to be noted; the oldest of more are only turns."""
AT_ONCE = 32
"""Facts whose vectors are asked for by one call."""


class Keeper(Protocol):
    """What is needed of the store."""

    def write(self, table: str, **row: Any) -> Any: ...
    async def read(self, query: Callable[[Connection], T]) -> T: ...
    async def change(self, work: Callable[[Connection], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is remembered, and for how long."""

    turns: int = 8
    """Recent utterances that come to mind."""
    facts: int = 10
    retention: float = 90 * DAY
    """Seconds after which everything is deleted."""
    fades: float = 30 * DAY
    """Seconds after which a fact counts half."""
    most: int = 500
    """Facts that are kept of a speaker."""
    summarize: bool = True
    every: int = 12
    """Utterances of a speaker after which the model sums them up."""
    quiet: float = 300.0
    """Seconds without a word after which it does so as well."""


@dataclass(frozen=True, slots=True)
class _Said:
    """Something that is to be noted."""

    number: int
    here: Where
    name: str
    text: str
    at: float


@dataclass(slots=True)
class _Mind:
    """What came to mind so far."""

    turns: list[Turn] = field(default_factory=list)
    summary: str = ""
    facts: list[Fact] = field(default_factory=list)

    def remembered(self, asker: str) -> Remembered:
        facts = tuple(replace(fact, hearsay=fact.speaker != asker) for fact in self.facts)
        return Remembered(tuple(self.turns), self.summary, facts)


class StoredMemory:
    """The memory of one character, in the store.

    *character* is what it is called there: session and name.  *identify* knows the login id of a name, as
    ``scopes.where`` says.  Without *models* facts are found by their words, and nothing is summed up.
    """

    def __init__(
        self,
        store: Keeper,
        character: str,
        persona: Persona,
        clock: Clock,
        *,
        settings: Settings = Settings(),
        models: Models | None = None,
    ) -> None:
        self._store, self._character, self._persona = store, character, persona
        self._clock, self._settings, self._models = clock, settings, models
        self.identify: Callable[[str], str | None] = lambda _name: None
        """Knows the login id of a name: None where nobody does, empty where several people go by it."""
        self.own_names: Callable[[], Sequence[str]] = lambda: persona.names
        """What the character is called, in the game too."""
        self._shelves = Shelves()
        self._waiting: deque[_Said] = deque(maxlen=MOST_WAITING)
        self._count = 0
        self._forgotten: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._lacking = True  # facts of an earlier life may have no vectors
        self._away_until = self._tidied = float("-inf")
        self._digest = Digest(persona, models, clock, settings.every, settings.quiet) if models else None
        if self._digest is not None:
            self._digest.keep, self._digest.earlier = self._keep_notes, self._earlier

    def __repr__(self) -> str:
        return f"<StoredMemory of {self._character}, {len(self._waiting)} waiting, {self._shelves}>"

    # -- recalling -------------------------------------------------------------------------------------------------

    async def recall(self, speech: Speech, room: Room) -> Remembered:
        """What comes to mind of whoever says *speech*, and of that; never later than WITHIN, and it never raises."""
        here = self._where(speech, room)
        if self._models is not None:
            self._models.calm.disturb()
        if not here.speaker:
            return Remembered()
        mind = _Mind()
        work = asyncio.ensure_future(self._recall(here, speech.speaker or "", speech.text or "", mind))
        try:
            await asyncio.wait({work}, timeout=WITHIN)
        finally:
            ended = not work.cancel() and not work.cancelled()
        if ended and (failure := work.exception()) is not None:
            log.warning("%s does not remember: %s", self._persona.name, failure)
            if not isinstance(failure, MudbotError):
                raise failure
        return mind.remembered(here.speaker)

    async def _recall(self, here: Where, asker: str, text: str, mind: _Mind) -> None:
        shelves = await self._read(here, mind)
        now, most = self._clock.wall(), self._settings.facts
        born = now - self._settings.retention
        shown = {turn.text for turn in mind.turns if not turn.own}
        facts = {
            fact.id: fact
            for shelf in shelves
            for fact in shelf.facts
            if fact.at >= born and may_recall(fact, here) and fact.text not in shown
        }
        candidates = list(facts.values())
        before = ""
        if recall.leans(text):
            before = next((turn.text for turn in reversed(mind.turns) if not turn.own and turn.text != text), "")
        query = recall.Query(text, before)
        choose = partial(recall.best, candidates, query, now=now, fades=self._settings.fades, most=most)
        mind.facts = choose({})
        if len(candidates) <= most or not any(shelf.rows is not None for shelf in shelves):
            return
        vectors = await self._vectors([text, f"{before} {text}"] if before else [text], asker=asker)
        if not vectors:
            return
        weights = (1.0, recall.BEFORE)
        found = [
            (*shelf.nearness(vector, candidates), weight)
            for shelf in shelves
            for vector, weight in zip(vectors, weights, strict=False)
        ]
        mind.facts = choose(recall.merged(found))

    async def _read(self, here: Where, mind: _Mind) -> list[Shelf]:
        """Turns and summary into *mind*; the shelves that it takes, read again where the store has others now."""
        known = {key: self._shelves.get(key) for key in here.shelves}
        character, settings = self._character, self._settings
        born, model = self._clock.wall() - settings.retention, self._model

        def query(connection: Connection) -> tuple[Any, Any, dict[str, Shelf]]:
            from mudbot.store import memories

            turns = memories.recent(connection, character, here.speaker, here.scope, settings.turns, after=born)
            summed = memories.summaries_of(connection, character, here.speaker)
            read: dict[str, Shelf] = {}
            for key, shelf in known.items():
                mark = memories.shelf(connection, character, key)
                if shelf is None or shelf.mark != mark:
                    read[key] = Shelf.of(mark, memories.facts_under(connection, character, key, MOST_ON_ONE), model)
            return turns, summed, read

        turns, summed, read = await self._store.read(query)
        mind.turns = [Turn(*turn) for turn in turns]
        mind.summary = " ".join(
            row.text for row in summed if row.since >= born and (here.private or row.scope == here.scope)
        )
        for key, shelf in read.items():
            self._shelves.put(key, shelf)
        both = (read.get(key) or known[key] for key in here.shelves)
        return [shelf for shelf in both if shelf is not None]

    # -- remembering -----------------------------------------------------------------------------------------------

    def remember(self, speech: Speech, room: Room, answer: str) -> None:
        """Keep that *speech* was answered with *answer*.  It takes no time: what there is to do waits its turn."""
        here, text = self._where(speech, room), speech.text or ""
        if not here.speaker or not text:
            return
        name = speech.speaker or ""
        scope = self._scope_of(here)
        for who, said, own in ((name, text, False), (self._persona.name, answer, True)):
            self._store.write("turns", **scope, name=who, text=said, own=own)
        self._waiting.append(_Said(self._next(), here, name, text, self._clock.wall()))
        self._wake()

    async def add_fact(self, speech: Speech, text: str, room: Room | None = None) -> bool:
        """Keep *text*, which whoever says *speech* wants to be remembered; False where nobody can say who that is.

        Raises StoreError.  It is known to whom *speech* is: in a room to who is there, as *room* says.
        """
        here = self._where(speech, room or Room())
        text = " ".join(text.split())[: noting.LONGEST]
        if not here.speaker or not text:
            return False
        said = _Said(self._next(), here, speech.speaker or "", text, self._clock.wall())
        await self._keep_facts([(said, text, noting.EXPLICIT, "remember")])
        self._wake()
        return True

    async def facts_of(self, speaker: str) -> list[Fact]:
        """All that the speaker of this key told, private words too, the newest first.  Raises StoreError.

        For an answer that others hear, ask ``known_to``.
        """

        def query(connection: Connection) -> list[Fact]:
            from mudbot.store import memories

            return [fact_of(row) for row in memories.facts_by(connection, self._character, speaker)]

        born = self._clock.wall() - self._settings.retention
        return [fact for fact in await self._store.read(query) if fact.at >= born]

    async def known_to(self, speech: Speech, room: Room) -> list[Fact]:
        """What whoever says *speech* told, as far as it may be said in answer to it, the newest first."""
        here = self._where(speech, room)
        if not here.speaker:
            return []
        return [fact for fact in await self.facts_of(here.speaker) if may_recall(fact, here)]

    async def forget(self, speaker: str) -> int:
        """Delete all that the speaker of this key said, and say how many entries that were.  Raises StoreError."""
        self._forgotten[speaker] = self._next()
        if self._digest is not None:
            self._digest.forget(speaker)

        def work(connection: Connection) -> int:
            from mudbot.store import memories

            session, _, name = self._character.rpartition("/")
            return memories.forget(connection, memories.Which(session, name, [speaker]))

        gone = await self._store.change(work)
        self._shelves.clear()
        return gone

    async def settled(self) -> None:
        """Return when all that waits is kept."""
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Keep what waits, without vectors, and end."""
        if self._digest is not None:
            self._digest.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._waiting:
            try:
                await self._note()
            except StoreError as exc:
                log.warning("%s forgets what was said last: %s", self._persona.name, exc)

    # -- in the background -----------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"memory of {self._character}")

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._note()
            if self._lacking:
                await self._add_vectors()
            await self._tidy()
        except MudbotError as exc:
            log.warning("%s may forget something: %s", self._persona.name, exc)
        if self._waiting:  # something came while the last was done
            asyncio.get_running_loop().call_soon(self._wake)

    async def _note(self) -> None:
        """Keep what the rules find worth keeping of all that waits."""
        said = list(self._waiting)
        self._waiting.clear()
        await self._keep_facts(
            [(one, text, worth, "said") for one in said for text, worth in noting.statements(one.text)]
        )
        if self._digest is not None and self._settings.summarize:
            for one in said:
                if one.number > self._forgotten.get(one.here.speaker, -1):
                    self._digest.add(Talk.of(one.here, one.name, one.at, one.number), one.text)

    async def _keep_facts(self, found: Sequence[tuple[_Said, str, float, str]]) -> None:
        if not found:
            return
        rows = [
            (one, self._scope_of(one.here) | {"at": one.at, "name": one.name, "text": text, "source": source}, worth)
            for one, text, worth, source in found
        ]

        def work(connection: Connection) -> None:
            from mudbot.store import memories

            for one, row, worth in rows:
                # Here, in the store's thread, nothing can come between a speaker's wish to be forgotten and this.
                if one.number > self._forgotten.get(one.here.speaker, -1):
                    hearing = _hearing(one.here)
                    memories.add_fact(connection, row | {"importance": worth}, hearing, most=self._settings.most)

        await self._store.change(work)
        self._lacking = True
        for one, _, _ in rows:
            for key in _hearing(one.here):
                self._shelves.drop(key)

    async def _keep_notes(self, talk: Talk, notes: noting.Notes) -> None:
        """What the model noted of *talk*."""
        here = talk.where
        said = _Said(talk.number, here, talk.name, "", talk.last)
        await self._keep_facts([(said, fact, 0.7, "model") for fact in notes.facts])
        if notes.summary:
            row = {
                "character": self._character, "speaker": here.speaker, "scope": here.scope, "at": talk.last,
                "since": talk.since, "text": notes.summary,
            }  # fmt: skip

            def work(connection: Connection) -> None:
                from mudbot.store import memories

                if self._forgotten.get(here.speaker, -1) < talk.number:
                    memories.set_summary(connection, row)

            await self._store.change(work)
        self._wake()

    async def _earlier(self, talk: Talk) -> tuple[str, float]:
        """What a talk of the same speaker in the same scope was about, and since when that is known."""

        def query(connection: Connection) -> Sequence[Any]:
            from mudbot.store import memories

            return memories.summaries_of(connection, self._character, talk.where.speaker)

        born = self._clock.wall() - self._settings.retention
        known = (row for row in await self._store.read(query) if row.scope == talk.where.scope and row.since >= born)
        return next(((row.text, row.since) for row in known), ("", talk.since))

    async def _add_vectors(self) -> None:
        """Ask for the vectors of facts that have none."""
        model = self._model
        while model and self._clock.now() >= self._away_until:

            def lacking(connection: Connection) -> Sequence[Any]:
                from mudbot.store import memories

                return memories.without_vector(connection, self._character, model, AT_ONCE)

            rows = await self._store.read(lacking)
            vectors = await self._vectors([recall.about(row.name, row.text) for row in rows]) if rows else []
            done = {row.id: data for row, v in zip(rows, vectors, strict=False) if (data := packed(v)) is not None}
            if not done:
                self._lacking = bool(rows)
                return

            def work(connection: Connection, done: Mapping[int, bytes] = done) -> None:
                from mudbot.store import memories

                memories.set_vectors(connection, model, done)

            await self._store.change(work)
            self._shelves.clear()

    async def _vectors(self, texts: Sequence[str], *, asker: str | None = None) -> list[list[float]]:
        """Of *texts*; none where there are none to be had.  They are what *asker* looks for, or else looked through."""
        models = self._models
        if models is None or self._clock.now() < self._away_until:
            return []
        urgency: Literal["reply", "background"] = "background" if asker is None else "reply"
        try:
            answer = await models.texts.embed(
                list(texts),
                model=models.embedding,
                caller=models.caller(asker or "", urgency),
                **(models.to_query if asker is not None else {}),
            )
        except ApiError as exc:
            log.info("memory does without embeddings for %.0f s: %s", AWAY, exc)
            self._away_until, self._lacking = self._clock.now() + AWAY, True
            return []
        vectors: list[list[float]] = answer.vectors
        return vectors if len(vectors) == len(texts) else []

    async def _tidy(self) -> None:
        """Delete what is too old, once an hour at most."""
        if self._clock.now() - self._tidied < 3600:
            return
        self._tidied = self._clock.now()
        before = self._clock.wall() - self._settings.retention

        def work(connection: Connection) -> int:
            from mudbot.store import memories

            return memories.expire(connection, self._character, before)

        if gone := await self._store.change(work):
            log.info("%s has forgotten %d entries that are older than %.0f days", self._persona.name, gone,
                     self._settings.retention / DAY)  # fmt: skip

    # -- where -----------------------------------------------------------------------------------------------------

    def _where(self, speech: Speech, room: Room) -> Where:
        return where(speech, room, own=self.own_names(), identify=self.identify)

    def _scope_of(self, here: Where) -> dict[str, Any]:
        return {
            "character": self._character,
            "speaker": here.speaker,
            "private": here.private,
            "place": here.place,
            "heard": json.dumps(sorted(here.hearers), ensure_ascii=False),
        }

    @property
    def _model(self) -> str:
        """By which model, and of what, the vectors are that count."""
        return f"{self._models.embedding}, about" if self._models is not None else ""

    def _next(self) -> int:
        self._count += 1
        return self._count


def _hearing(here: Where) -> set[str]:
    """The keys under which a fact is kept that is told *here*."""
    return set(here.hearers) | ({here.place} if here.channel else set())
