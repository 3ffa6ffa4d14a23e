"""What a character remembers, in a real database: the right things, in time, and never to the wrong ear."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mudbot.api.calls import Priority
from mudbot.errors import BudgetError
from mudbot.events import Room
from mudbot.mind import digest, memory
from mudbot.mind.remembered import Turn
from mudbot.store.store import FILE, StoreError
from mudbot.store.tables import facts, hearers
from tests.mind.memory_stage import ALONE, life, said

DAY = 86_400.0


def _all(table: Any, connection: Any) -> list[Any]:
    return list(connection.execute(table.select()).all())


TAVERN = Room("The Inn", people=("Ann", "Bob"))
SECRET = "My gold lies hidden under the old oak."
ASKED = "Where is the gold hidden?"


# -- recent turns ------------------------------------------------------------------------------------------------------


async def test_turns_come_back_in_their_order_and_only_the_last(tmp_path: Path) -> None:
    async with life(tmp_path, turns=3) as ann:
        await ann.tell("one")
        await ann.tell("two")
        found = await ann.memory.recall(said("three"), ALONE)
    assert found.turns == (
        Turn("Old Chen", "Is that so?", own=True),
        Turn("Ann", "two", own=False),
        Turn("Old Chen", "Is that so?", own=True),
    )


async def test_a_turn_is_remembered_at_once(tmp_path: Path) -> None:
    """Nothing in the background need have happened for the next line to know of the last."""
    async with life(tmp_path, turns=8) as ann:
        ann.memory.remember(said("one"), ALONE, "Yes.")
        found = await ann.memory.recall(said("two"), ALONE)
    assert [turn.text for turn in found.turns] == ["one", "Yes."]


async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as first:
        await first.tell(SECRET)
    async with life(tmp_path) as second:
        assert await second.facts(ASKED) == [SECRET]


async def test_each_character_remembers_its_own(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        await one.tell(SECRET)
    async with life(tmp_path) as other:
        other.memory._character = "t/Old Chen"
        assert await other.facts(ASKED) == []


# -- who may hear it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tell", "whisper"])
async def test_private_words_come_back_in_private_to_their_speaker_alone(tmp_path: Path, kind: Any) -> None:
    async with life(tmp_path, turns=8) as ann:
        await ann.tell(SECRET, kind=kind, login="ann")
        for who, how, login in [
            ("Ann", "say", "ann"), ("Ann", "channel", "ann"), ("Bob", "tell", "bob"), ("Ann", "tell", None),
            ("Ann", "tell", "thief"), ("Bob", "say", None), ("id:ann", "tell", None), ("", "tell", None),
        ]:  # fmt: skip
            found = await ann.memory.recall(said(ASKED, who, how, login=login), ALONE)  # type: ignore[arg-type]
            assert (found.turns, found.facts, found.summary) == ((), (), ""), (who, how, login)
        again = await ann.memory.recall(said(ASKED, "Masked", "tell", login="ANN"), ALONE)
        assert [turn.text for turn in again.turns] == [SECRET, "Is that so?"]


async def test_a_rooms_talk_is_known_to_who_was_there(tmp_path: Path) -> None:
    """As hearsay, with the name of who said it; not where somebody is who was not there."""
    async with life(tmp_path) as ann:
        await ann.tell(SECRET, room=TAVERN)
        found = await ann.memory.recall(said(ASKED, "Bob"), TAVERN)
        assert [(fact.text, fact.name, fact.hearsay) for fact in found.facts] == [(SECRET, "Ann", True)]
        assert await ann.facts(ASKED, "Bob", "tell") == [SECRET]
        assert await ann.facts(ASKED, "Bob", room=Room("The Inn", people=("Bob", "Carl"))) == []
        assert await ann.facts(ASKED, "Bob", room=Room("The Inn", people=None)) == []
        assert await ann.facts(ASKED, "Carl", room=Room("The Inn", people=("Carl",))) == []
        assert await ann.facts(ASKED, "Carl", "tell") == []
        assert await ann.facts(ASKED, "Bob", "channel", channel="gossip") == []


async def test_what_is_said_on_a_channel_belongs_to_its_listeners(tmp_path: Path) -> None:
    async with life(tmp_path) as ann:
        await ann.tell(SECRET, kind="channel", channel="gossip", room=TAVERN)
        assert await ann.facts(ASKED, "Carl", "channel", channel="Gossip") == [SECRET]
        assert await ann.facts(ASKED, "Ann", "tell") == [SECRET]
        assert await ann.facts(ASKED, "Ann") == []
        assert await ann.facts(ASKED, "Bob", room=TAVERN) == []
        assert await ann.facts(ASKED, "Bob", "tell") == []
        assert await ann.facts(ASKED, "Ann", "channel", channel="auction") == []


async def test_ids_go_before_names(tmp_path: Path) -> None:
    """Bob was there by his id; who only looks like Bob was not."""
    async with life(tmp_path) as ann:
        ann.memory.identify = {"Bob": "bob01"}.get
        await ann.tell(SECRET, room=TAVERN)
        assert await ann.facts(ASKED, "Bob", login="bob01", room=TAVERN) == [SECRET]
        assert await ann.facts(ASKED, "Bob", login="thief", room=TAVERN) == []
        assert await ann.facts(ASKED, "Bob", "tell") == []


async def test_a_name_that_several_go_by_is_nobodys(tmp_path: Path) -> None:
    async with life(tmp_path, turns=8) as ann:
        await ann.tell(SECRET, kind="tell")
        ann.memory.identify = lambda name: ""
        found = await ann.memory.recall(said(ASKED, kind="tell"), ALONE)
    assert (found.turns, found.facts) == ((), ())


@pytest.mark.parametrize("nobody", ["Someone", "某人", "", None, "a voice"])
async def test_who_is_not_seen_is_not_remembered(tmp_path: Path, nobody: Any) -> None:
    """Many are someone, and none may hear another's words."""
    async with life(tmp_path, turns=8) as dark:
        await dark.tell(SECRET, nobody, "tell")
        found = await dark.memory.recall(said(ASKED, nobody, "tell"), ALONE)
    assert (found.turns, found.facts) == ((), ())


# -- finding -----------------------------------------------------------------------------------------------------------


async def test_facts_are_found_by_meaning_where_more_are_known_than_fit(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, facts=2) as ann:
        for number in range(12):
            await ann.tell(f"My cousin number {number} lives in village {number}.", kind="tell")
        await ann.tell("My cat is called Mimi.", kind="tell")
        assert (await ann.facts("What is my cat called?", kind="tell"))[0] == "My cat is called Mimi."
        assert ann.api.embedded[-1][0] == "What is my cat called?"


async def test_without_embeddings_words_still_find(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, facts=2) as ann:
        ann.api.away = True
        for number in range(12):
            await ann.tell(f"My cousin number {number} lives in village {number}.", kind="tell")
        await ann.tell("My cat is called Mimi.", kind="tell")
        assert (await ann.facts("What is my cat called?", kind="tell"))[0] == "My cat is called Mimi."


async def test_vectors_are_made_up_for_when_embeddings_are_back(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True) as ann:
        ann.api.away = True
        await ann.tell("My cat is called Mimi.")
        ann.api.away = False
        await ann.clock.advance(memory.AWAY + 1)
        await ann.tell("hello")
        rows = await ann.store.read(lambda c: c.execute(facts.select()).all())
    assert [(row.model, len(row.vector)) for row in rows] == [("e, about", 128)]


async def test_recall_never_takes_longer_than_its_bound(tmp_path: Path) -> None:
    """What is there by then is given: turns, and facts by their words."""
    assert memory.WITHIN == 0.3
    async with life(tmp_path, asks=True, within=0.2, turns=2, facts=1) as ann:
        for name in ("Mimi", "Momo"):
            await ann.tell(f"My cat is called {name}.")
        await ann.tell("Hm.")
        ann.api.hold = asyncio.Event()
        found = await ann.memory.recall(said("What of Momo?"), ALONE)
        ann.api.hold = None
    assert [turn.text for turn in found.turns] == ["Hm.", "Is that so?"]
    assert [fact.text for fact in found.facts] == ["My cat is called Momo."]


async def test_a_reply_is_not_delayed_by_what_is_done_in_the_background(tmp_path: Path) -> None:
    """To remember does not wait for anything, and the calls for it are of the lowest priority."""
    async with life(tmp_path, asks=True) as ann:
        ann.api.hold = asyncio.Event()
        ann.memory.remember(said(SECRET), ALONE, "Hush.")
        await _until(lambda: bool(ann.memory._lacking and not ann.memory._waiting))
        assert await ann.facts(ASKED) == [SECRET]
        ann.api.hold.set()
        await ann.memory.settled()
    assert ann.api.callers == [("", "background")]
    assert Priority["BACKGROUND"] == max(Priority)


async def test_a_broken_store_makes_it_forgetful_not_mute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    async with life(tmp_path / "data") as ann:
        await ann.tell(SECRET)
        assert await ann.facts(ASKED) == []
        with pytest.raises(StoreError):
            await ann.memory.add_fact(said("!remember"), SECRET)
    assert "does not remember" in caplog.text


# -- fading ------------------------------------------------------------------------------------------------------------


async def test_everything_is_deleted_when_its_time_is_over(tmp_path: Path) -> None:
    """From the file as well; until then it counts."""
    async with life(tmp_path, turns=8, retention=10 * DAY) as ann:
        await ann.tell(SECRET)
        await ann.clock.advance(9 * DAY)
        assert SECRET in [turn.text for turn in (await ann.memory.recall(said("hello"), ALONE)).turns]
        await ann.clock.advance(2 * DAY)
        found = await ann.memory.recall(said(ASKED), ALONE)
        assert (found.turns, found.facts) == ((), ())
        await ann.tell("hello")
        for table in (facts, hearers):
            assert await ann.store.read(partial(_all, table)) == []


async def test_only_so_many_facts_of_a_speaker_are_kept(tmp_path: Path) -> None:
    """What one asked to remember stays; of the rest the oldest make room."""
    async with life(tmp_path, most=5, facts=50) as ann:
        await ann.memory.add_fact(said("!remember", kind="tell"), "The password is swordfish.")
        for number in range(20):
            await ann.tell(f"My cousin number {number} lives in village {number}.", kind="tell")
        kept = [fact.text for fact in await ann.memory.facts_of("name:ann")]
        shelf = await ann.store.read(lambda c: c.execute(hearers.select()).all())
    assert len(kept) == len(shelf) == 5
    assert "The password is swordfish." in kept
    assert "My cousin number 19 lives in village 19." in kept


async def test_the_same_words_are_one_fact_told_again(tmp_path: Path) -> None:
    async with life(tmp_path) as ann:
        for _ in range(3):
            await ann.tell(SECRET)
            await ann.clock.advance(DAY)
        (kept,) = await ann.memory.facts_of("name:ann")
    assert kept.at == ann.clock.wall() - DAY


# -- wishes ------------------------------------------------------------------------------------------------------------


async def test_what_one_wants_remembered_is(tmp_path: Path) -> None:
    """In the scope in which one said so."""
    async with life(tmp_path) as ann:
        assert await ann.memory.add_fact(said("!remember", kind="tell"), "  the password\nis swordfish ")
        assert not await ann.memory.add_fact(said("!remember", "Someone"), "anything at all")
        assert await ann.facts("password?", kind="tell") == ["the password is swordfish"]
        assert await ann.facts("password?") == []
        (fact,) = await ann.memory.known_to(said("?", kind="tell"), ALONE)
        assert (fact.importance, fact.source, fact.private) == (1.0, "remember", True)
        assert await ann.memory.known_to(said("?"), ALONE) == []


async def test_to_be_forgotten_is_to_be_forgotten(tmp_path: Path) -> None:
    """By those who heard it too; others stay."""
    async with life(tmp_path, turns=8) as ann:
        await ann.tell(SECRET, room=TAVERN)
        await ann.tell("My cat is called Mimi.", "Bob", room=TAVERN)
        assert await ann.memory.forget("name:ann") == 3
        found = await ann.memory.recall(said(ASKED), ALONE)
        assert (found.turns, [fact.name for fact in found.facts]) == ((), ["Bob"])
        first, *_ = (await ann.memory.recall(said("?", "Bob"), TAVERN)).turns
        assert first.text == "My cat is called Mimi."


async def test_what_waits_to_be_noted_is_forgotten_too(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, every=2) as ann:
        ann.memory.remember(said(SECRET), ALONE, "Hush.")
        await ann.memory.forget("name:ann")
        await ann.memory.settled()
        assert await ann.memory.facts_of("name:ann") == []
        assert not ann.memory._digest._talks  # type: ignore[union-attr]


async def test_who_deletes_from_outside_is_heeded(tmp_path: Path) -> None:
    """``mudbot memory forget`` beside a running bot: nothing is recalled from what the bot has in memory."""
    async with life(tmp_path) as ann:
        await ann.tell(SECRET)
        assert await ann.facts(ASKED) == [SECRET]
        async with life(tmp_path) as other:
            await other.memory.forget("name:ann")
        assert await ann.facts(ASKED) == []


# -- the model's notes -------------------------------------------------------------------------------------------------

NOTED = "- Ann has a cat called Mimi\n- Ann is the queen of France\nSUMMARY Ann talked of her cat Mimi."


async def talk(ann: Any, *lines: str, kind: Any = "tell") -> None:
    for line in lines:
        await ann.tell(line, kind=kind)
    await ann.clock.advance(1)
    while (task := ann.memory._digest._task) is not None and not task.done():
        await asyncio.wait({task})
    await ann.memory.settled()


async def test_the_model_notes_facts_and_a_summary_after_so_many_turns(tmp_path: Path) -> None:
    """By one call, and nothing that was not said."""
    async with life(tmp_path, asks=True, every=3) as ann:
        ann.api.answers = [NOTED]
        await talk(ann, "hello", "do you like cats?", "Well, Mimi is one.")
        assert len(ann.api.asked) == 1
        assert ("Ann", "background") in ann.api.callers
        found = await ann.memory.recall(said("and Mimi?", kind="tell"), ALONE)
        assert "Ann has a cat called Mimi" in [fact.text for fact in found.facts]
        assert "queen" not in str(found.facts)
        assert found.summary == "Ann talked of her cat Mimi."
        public = await ann.memory.recall(said("and Mimi?"), ALONE)
        assert (public.summary, public.facts) == ("", ())


async def test_or_after_a_while_without_a_word(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, quiet=60.0) as ann:
        ann.api.answers = [NOTED]
        await talk(ann, "hello", "do you like cats?", "Well, Mimi is one.")
        assert ann.api.asked == []
        await ann.clock.advance(61)
        await talk(ann)
        assert len(ann.api.asked) == 1


async def test_what_was_summed_up_goes_on(tmp_path: Path) -> None:
    """After a restart as well."""
    for expected in ("SUMMARY Ann talked of her cat.", "SUMMARY Ann talked of her cat and of fish."):
        async with life(tmp_path, asks=True, every=3) as ann:
            ann.api.answers = [expected]
            await talk(ann, "My cat eats.", "It eats fish.", "A fish for the cat.")
            asked = ann.api.asked[0]
    assert "Ann talked of her cat." in asked


async def test_where_the_money_is_spent_nothing_is_asked_for_an_hour(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, every=3) as ann:
        ann.api.answers = [BudgetError("spent"), NOTED]
        await talk(ann, "My cat Mimi.", "She eats fish.", "Mimi sleeps.")
        await talk(ann, "More of Mimi.", "And more.", "And still more.")
        assert len(ann.api.asked) == 1
        await ann.clock.advance(digest.OVER_BUDGET)
        await talk(ann)
        assert len(ann.api.asked) == 2
        assert "She eats fish." in ann.api.asked[1]
        assert "And still more." in ann.api.asked[1]


async def test_a_model_of_the_machines_own_gives_way(tmp_path: Path) -> None:
    """It is not asked while anybody is talked to, let go of when somebody speaks, and asked again later."""
    async with life(tmp_path, asks=True, gives_way=True, every=3) as ann:
        await ann.memory.recall(said("hello", "Bob"), TAVERN)
        for line in ("My cat Mimi.", "She eats fish.", "Mimi sleeps."):
            await ann.tell(line, kind="tell")
        await ann.clock.advance(digest.CALM - 1)
        assert ann.api.asked == []
        ann.api.hold = asyncio.Event()
        await ann.clock.advance(2)
        await _until(lambda: len(ann.api.asked) == 1)
        await ann.memory.recall(said("hello", "Bob"), TAVERN)
        waiting = ann.memory._digest
        assert waiting is not None
        await _until(lambda: waiting._task is not None and waiting._task.done())
        assert len(waiting._talks) == 1
        ann.api.hold, ann.api.answers = None, [NOTED]
        await ann.clock.advance(digest.CALM + 1)
        await _until(lambda: len(ann.api.asked) == 2 and not waiting._talks)
        await talk(ann)
        assert (await ann.memory.recall(said("?", kind="tell"), ALONE)).summary == "Ann talked of her cat Mimi."


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for happens in a thread
            await asyncio.sleep(0.001)


async def test_without_leave_nothing_is_summed_up(tmp_path: Path) -> None:
    async with life(tmp_path, asks=True, every=2, summarize=False) as ann:
        await talk(ann, "My cat Mimi.", "She eats fish.", "Mimi sleeps.")
        assert ann.api.asked == []


async def test_what_all_heard_is_what_is_noted_of_a_room(tmp_path: Path) -> None:
    """A note is made of several lines: it is known to those alone who heard each of them."""
    async with life(tmp_path, asks=True, every=3) as ann:
        ann.api.answers = [NOTED]
        await ann.tell("do you like cats?", room=TAVERN)
        await ann.tell("hm, Mimi", room=ALONE)
        await ann.tell("Well, Mimi is one.", room=TAVERN)
        await talk(ann)
        noted = [fact for fact in await ann.memory.facts_of("name:ann") if fact.source == "model"]
    assert [fact.heard for fact in noted] == [frozenset({"name:ann"})]


# -- an older store ----------------------------------------------------------------------------------------------------

THIRD = """
CREATE TABLE turns (
    id INTEGER NOT NULL, at FLOAT NOT NULL, character VARCHAR(80) NOT NULL, speaker VARCHAR(80) NOT NULL,
    private BOOLEAN NOT NULL, name VARCHAR(80) NOT NULL, text TEXT NOT NULL, own BOOLEAN NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX turns_by_speaker ON turns (character, speaker, private, id);
INSERT INTO turns VALUES (1, 1700000500.0, 's/Old Chen', 'name:ann', 0, 'Ann', 'good day', 0);
INSERT INTO turns VALUES (2, 1700000501.0, 's/Old Chen', 'name:ann', 1, 'Ann', 'my secret', 0);
PRAGMA user_version=3;
"""


async def test_turns_of_the_schema_before_are_kept(tmp_path: Path) -> None:
    """The public ones for the room, the private ones in private."""
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript(THIRD)
    connection.close()
    for _ in range(2):  # the second opening finds it done
        async with life(tmp_path, turns=8) as ann:
            public = await ann.memory.recall(said("?"), ALONE)
            private = await ann.memory.recall(said("?", kind="tell"), ALONE)
            channel = await ann.memory.recall(said("?", kind="channel", channel="x"), ALONE)
    assert [turn.text for turn in public.turns] == ["good day"]
    assert [turn.text for turn in private.turns] == ["good day", "my secret"]
    assert channel.turns == ()
