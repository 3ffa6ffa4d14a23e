"""The map: rooms, the ways between them, and what there is to look at, from ``rooms.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mudbot.errors import LocalError
from mudbot.local.tavern.phrases import LANGUAGES, read_yaml

OPPOSITE = {"n": "s", "e": "w", "s": "n", "w": "e"}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a room that can be looked at."""

    words: tuple[str, ...]
    text: Mapping[str, str]
    """Language -> what one sees."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A place.  Names and descriptions are by language."""

    key: str
    num: int
    name: Mapping[str, str]
    desc: Mapping[str, str]
    exits: Mapping[str, str]
    """Letter of a direction (n, e, s, w) -> key of the room there."""
    things: tuple[Thing, ...]

    def thing(self, word: str) -> Thing | None:
        """What is called *word* here."""
        return next((thing for thing in self.things if word.casefold() in thing.words), None)


@dataclass(frozen=True, slots=True)
class Atlas:
    """All rooms, and where a new player starts."""

    rooms: Mapping[str, Room]
    start: Room

    def beyond(self, room: Room, direction: str) -> Room | None:
        """The room that lies there, if a way leads to it."""
        key = room.exits.get(direction)
        return None if key is None else self.rooms[key]


@cache
def load_atlas() -> Atlas:
    """Read the map that ships with the tavern."""
    return parse_atlas(read_yaml("rooms.yaml"))


def parse_atlas(raw: Mapping[str, Any]) -> Atlas:
    """A map from its YAML.  LocalError names the room that is wrong."""
    rooms: dict[str, Room] = {}
    for key, entry in raw["rooms"].items():
        try:
            rooms[key] = _room(key, entry)
        except KeyError as exc:
            raise LocalError(f"tavern/rooms.yaml: room {key!r} lacks {exc}: add it.") from exc
    for room in rooms.values():
        for direction, key in room.exits.items():
            # People who arrive are seen coming from where they left, so every way must lead back.
            if key not in rooms or rooms[key].exits.get(OPPOSITE[direction]) != room.key:
                raise LocalError(f"tavern/rooms.yaml: the exit {direction!r} of {room.key!r} does not lead back.")
    return Atlas(rooms, rooms[raw["start"]])


def _room(key: str, entry: Mapping[str, Any]) -> Room:
    things = tuple(
        Thing(tuple(thing["words"]), {language: thing[language] for language in LANGUAGES}) for thing in entry["things"]
    )
    name, desc = ({language: entry[part][language] for language in LANGUAGES} for part in ("name", "desc"))
    exits = {letter: entry["exits"][letter] for letter in OPPOSITE if letter in entry["exits"]}
    return Room(key, entry["num"], name, desc, exits, things)
