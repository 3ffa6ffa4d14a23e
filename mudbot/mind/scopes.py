"""Who may hear what again.  Pure.

Every utterance is of one of three kinds: told to the character alone, said in a room, or said on a channel.

- What was told in private comes back in private, to whoever told it, and nowhere else.
- What was said on a channel comes back on that channel, and in private to whoever said it.
- What was said in a room comes back to who was there, in a room or in private.  Of what others said, hearsay, nothing
  comes back in a room where somebody is who was not there, or where the MUD does not show who is.  Of one's own words
  one may be reminded in any room: one said them aloud.

People are told apart by keys: the login id that the MUD shows with the words, else the name, which is no id's equal.
Who takes another's name has another id or none, and is another person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from mudbot.events import Room, Speech

MOST_HEARERS = 40
"""People of a room who are noted as having heard something; a crowd beyond that has heard nothing."""
MOST_NAME = 80
"""Characters of a key, a name or a place that are kept."""
CHANNEL = "channel:"

_NOBODY = frozenset(
    {"someone", "somebody", "something", "anonymous", "unknown", "a stranger", "a figure", "a shadow", "a voice"}
    | {"a shadowy figure", "某人", "有人", "无名氏", "陌生人", "神秘人", "不明人物", "一个声音", "一个人影"}
)
"""What MUDs call a speaker who is not seen: many people, of whom none may hear another's words."""


def key_of(speech: Speech) -> str:
    """Who speaks, as far as the MUD shows it: ``id:ann`` where it shows an id, else ``name:ann``; empty for nobody."""
    if speech.id:
        return f"id:{speech.id.casefold()}"[:MOST_NAME]
    name = (speech.speaker or "").strip().casefold()
    return "" if not name or name in _NOBODY or len(name) > MOST_NAME - 5 else f"name:{name}"


@dataclass(frozen=True, slots=True)
class Where:
    """Where something is said, by whom, and who hears it."""

    speaker: str
    """A key; empty where nobody can say who it is."""
    private: bool
    place: str
    """``room:NAME`` or ``channel:NAME``; empty in private."""
    hearers: frozenset[str]
    """Everybody who is known to hear it, the speaker too; of a channel nobody else is."""
    all_known: bool
    """Whether these are all: in private, and in a room whose people the MUD shows."""

    @property
    def channel(self) -> bool:
        """Whether it is a channel."""
        return self.place.startswith(CHANNEL)

    @property
    def scope(self) -> str:
        """What is summed up together: ``private``, ``room``, or a channel."""
        return "private" if self.private else self.place if self.channel else "room"

    @property
    def shelves(self) -> tuple[str, ...]:
        """The keys under which all facts are kept that may be recalled here, and others."""
        if not self.speaker:
            return ()
        return (self.place,) if self.channel else (self.speaker,)


class Item(Protocol):
    """Something that was said."""

    @property
    def speaker(self) -> str: ...
    @property
    def private(self) -> bool: ...
    @property
    def place(self) -> str: ...
    @property
    def heard(self) -> Collection[str]: ...


def where(speech: Speech, room: Room, *, own: Collection[str], identify: Callable[[str], str | None]) -> Where:
    """Where *speech* is said.  *own* are the character's names.

    *identify* knows the login id of a name: None where nobody does, empty where several people go by it.
    """
    speaker = key_of(speech)
    if not speech.id and identify(speech.speaker or "") == "":
        speaker = ""
    if speech.private:
        return Where(speaker, private=True, place="", hearers=frozenset({speaker}), all_known=True)
    if speech.kind == "channel":
        place = f"{CHANNEL}{(speech.channel or '').casefold()}"[:MOST_NAME]
        return Where(speaker, private=False, place=place, hearers=frozenset({speaker}), all_known=False)
    characters = {name.casefold() for name in own}
    others = [name for name in room.people or () if name and name.casefold() not in characters]
    found = [_key(name, identify) for name in others if name != speech.speaker]
    people = frozenset({speaker, *found[:MOST_HEARERS]}) - {""}
    known = room.people is not None and len(found) <= MOST_HEARERS and "" not in found
    return Where(speaker, private=False, place=f"room:{room.name}"[:MOST_NAME], hearers=people, all_known=known)


def may_recall(item: Item, here: Where) -> bool:
    """Whether *item* may come to mind in an answer to what is said *here*."""
    asker = here.speaker
    if not asker:
        return False
    if item.private:
        return here.private and item.speaker == asker
    if item.place.startswith(CHANNEL):
        return item.place == here.place if not here.private else item.speaker == asker
    if here.channel or asker not in item.heard:
        return False
    return item.speaker == asker or (here.all_known and here.hearers <= set(item.heard))


def _key(name: str, identify: Callable[[str], str | None]) -> str:
    login = identify(name)
    return "" if login == "" else key_of(Speech("say", name, None, login))
