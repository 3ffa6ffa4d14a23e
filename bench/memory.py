"""A talk of 2,000 turns with 40 planted facts: is the right one in the context, and never in another's?

By the embedded embeddings, with the settings that a bot has by itself; nothing is summed up by a model.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.memory_fresh import FRESH, MORE, other_chatter
from bench.memory_talk import FACTS, UNSEEN, Planted, chatter
from mudbot.events import Room, Speech
from mudbot.mind.context import Scene, build, estimate_tokens
from mudbot.mind.memory import Calm, Models, Settings, StoredMemory
from mudbot.mind.persona import load_persona
from mudbot.store.store import Store
from mudbot.testing import FakeClock

MINUTES = 30.0
"""Between two utterances: a thousand of them are three weeks."""
RIGHT = 0.95
Chatter = Callable[[int], Iterator[str]]
"""What is said besides the facts, by a seed."""


class Embedded:
    """The embedded embeddings, without the server around them."""

    def __init__(self) -> None:
        from mudbot.local.embed import Embedder

        self._embedder = Embedder()

    async def embed(self, input: Sequence[str], *, model: str, input_type: str = "passage", **_: Any) -> Any:  # noqa: A002, ARG002
        """One vector for each of *input*."""
        rows = await asyncio.to_thread(self._embedder.vectors, input, query=input_type == "query")
        return _Vectors(rows.tolist())

    async def chat(self, *_: Any, **__: Any) -> Any:
        """Nobody asks."""
        raise AssertionError

    complete = chat


@dataclass
class _Vectors:
    vectors: list[list[float]]


@dataclass
class Found:
    """What a measurement found."""

    told: int = 0
    """Right facts for questions with words of the fact."""
    otherwise: int = 0
    """For questions in other words."""
    foreign: int = 0
    """For questions in the other language."""
    leaks: int = 0
    probes: int = 0
    missed: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    """That the facts of each prompt take, about."""


class Talk:
    """One character, and Ann who talks with it for weeks."""

    def __init__(self, folder: Path, texts: Any) -> None:
        self.clock = FakeClock()
        self.store = Store(folder, self.clock)
        self.persona = load_persona("innkeeper")
        models = Models(
            texts, "m", "chat", "e", Calm(self.clock), caller=lambda *_: None, to_query={"input_type": "query"}
        )
        settings = Settings(summarize=False)
        self.memory = StoredMemory(self.store, "b/Chen", self.persona, self.clock, settings=settings, models=models)

    async def live(self, facts: Sequence[Planted], turns: int, chatter: Chatter = chatter) -> None:
        """*turns* turns, half of them answers, with *facts* among the first nine tenths."""
        words = chatter(7)
        said = turns // 2
        plan = {round((at + 0.5) * said * 0.9 / len(facts)): fact for at, fact in enumerate(facts)}
        for at in range(said):
            text = plan[at].told if at in plan else next(words)
            # What is planted is told in private; half of the rest is said in the room, with Bob there.
            kind, room = ("tell", Room()) if at in plan or at % 2 else ("say", Room("The Inn", people=("Ann", "Bob")))
            self.memory.remember(Speech(kind, "Ann", text, "ann"), room, "Is that so?")  # type: ignore[arg-type]
            if at % 50 == 0:
                await self.memory.settled()
            await self.clock.advance(MINUTES * 60)
        await self.memory.settled()

    async def context(self, speech: Speech, room: Room, found: Found) -> str:
        """The whole prompt for an answer to *speech*."""
        began = time.perf_counter()
        remembered = await self.memory.recall(speech, room)
        took = time.perf_counter() - began
        scene = Scene(room.name, room.people or (), speech.kind)
        prompt = build(self.persona, scene, speech.speaker or "", speech.text or "", remembered=remembered)
        if speech.id == "ann" and speech.private:
            found.took.append(took)
            found.tokens.append(estimate_tokens(prompt.facts))
        return prompt.transcript()

    async def ask(self, facts: Sequence[Planted], found: Found) -> None:
        """Ann asks for each fact, in three ways."""
        for fact in facts:
            right = [
                fact.key in await self.context(Speech("tell", "Ann", text, "ann"), Room(), found)
                for text in (fact.asked, fact.otherwise, fact.foreign)
            ]
            found.told, found.otherwise = found.told + right[0], found.otherwise + right[1]
            found.foreign += right[2]
            found.missed += [text for text, got in zip((fact.asked, fact.otherwise), right, strict=False) if not got]

    async def probe(self, facts: Sequence[Planted], found: Found, *, times: int) -> None:
        """Others ask for Ann's private facts, in her words, and Ann herself where others hear."""
        inn = Room("The Inn", people=("Ann", "Bob"))
        others = [
            ("tell", "Bob", "bob", inn), ("say", "Bob", "bob", inn), ("say", "Ann", "ann", inn),
            ("tell", "Ann", "thief", inn), ("tell", "Ann", None, inn), ("whisper", "Carl", None, inn),
            ("channel", "Ann", "ann", inn), ("say", "Ann", None, Room("The Inn", people=("Ann",))),
        ]  # fmt: skip
        questions = itertools.product((lambda f: f.asked, lambda f: f.told.replace(f.key, "…")), others, facts)
        for question, (kind, name, login, room), fact in itertools.islice(questions, times):
            speech = Speech(kind, name, question(fact), login, "gossip" if kind == "channel" else None)
            found.probes += 1
            found.leaks += fact.told in await self.context(speech, room, found)

    async def close(self) -> None:
        """End it."""
        await self.memory.close()
        await self.store.close()


async def measured(facts: Sequence[Planted], turns: int, probes: int, texts: Any, chatter: Chatter = chatter) -> Found:
    """A talk, and what is found in it."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        talk = Talk(Path(folder), texts)
        await talk.live(facts, turns, chatter)
        await talk.ask(facts, found)
        await talk.probe(facts, found, times=probes)
        await talk.close()
    return found


SETS: dict[str, tuple[Sequence[Planted], int, Chatter]] = {
    "40 facts": (FACTS, 500, chatter),
    "20 facts that are harder to guess": (UNSEEN, 0, chatter),
    "48 more": (MORE, 0, chatter),
    "44 that nothing was tuned to": (FRESH, 0, chatter),
    "the same 44 among other talk": (FRESH, 0, other_chatter),
}


def main() -> None:
    """Measure, and print the figures."""
    for name, (facts, probes, talk) in SETS.items():
        began = time.perf_counter()
        found = asyncio.run(measured(facts, 2000, probes, Embedded(), talk))
        _print(name, len(facts), found)
        print(f"    {time.perf_counter() - began:.0f} s in all")


def _print(name: str, asked: int, found: Found) -> None:
    both = (found.told + found.otherwise) / (2 * asked)
    print(f"memory, 2,000 turns with {name}, the right one in the context (bar {RIGHT:.0%}):")
    print(f"    asked with words of the fact      {found.told:3} of {asked}{_verdict(found.told / asked)}")
    print(f"    asked in other words              {found.otherwise:3} of {asked}{_verdict(found.otherwise / asked)}")
    print(f"    both                              {both:9.1%}{_verdict(both)}")
    print(f"    asked in the other language       {found.foreign:3} of {asked}")
    if found.probes:
        print(f"    a private one in another's        {found.leaks:3} of {found.probes}   bar 0")
    print(f"    recall {median(found.took) * 1000:.0f} ms, at most {max(found.took) * 1000:.0f} ms", end="; ")
    print(f"facts of a prompt about {median(found.tokens):.0f} tokens, at most {max(found.tokens)}")
    for text in found.missed:
        print(f"    missed: {text}")


def _verdict(share: float) -> str:
    return "" if share >= RIGHT else "  MISSED"


if __name__ == "__main__":
    main()
