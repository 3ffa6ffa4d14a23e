"""Where the character is and who is with it, from GMCP, from ``look``, and from people coming and going.  Pure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from mudbot.events import Arrived, Gmcp, Left, Line, Prompt, Room
from mudbot.mud.dialect import Dialect

MAX_LOOK_LINES = 60
MAX_MOVES = 500
"""People of whom it is remembered which way the MUD told that they came or went."""

Moved = Arrived | Left
Source = Literal["text", "gmcp"]


class RoomTracker:
    """What is known of the room.  Only what the MUD said: ``people`` is None where it does not say."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        rules = dialect.room
        self._arrives = dialect.compile(rules.arrives) if rules.arrives else None
        self._leaves = dialect.compile(rules.leaves) if rules.leaves else None
        self._looking: asyncio.Future[Room] | None = None
        self._seen: list[str] = []
        self._by_gmcp = False
        self._moves: dict[str, tuple[type[Moved], Source]] = {}  # the last of each, unless both sources told it
        self.on_people: Callable[[str, str], None] = lambda _name, _id: None
        """Gets the name and the login id of everybody whom a look shows with both."""
        self.current = Room()

    def __repr__(self) -> str:
        return f"<RoomTracker {self.current.name!r}, people {self.current.people}>"

    def expect(self) -> asyncio.Future[Room]:
        """A look was sent: the lines up to the next prompt describe the room.  Resolves when they are read."""
        if self._looking is None or self._looking.done():
            self._looking, self._seen = asyncio.get_running_loop().create_future(), []
        return self._looking

    def finish(self) -> None:
        """Take what was seen so far for all of it: the MUD has been quiet for a moment and sends no prompts."""
        if self._looking is not None and self.seen:
            self._finish()

    @property
    def looking(self) -> bool:
        """Whether the next lines may describe the room."""
        return self._looking is not None

    @property
    def seen(self) -> int:
        """How many lines with text have come since the look."""
        return sum(bool(text.strip()) for text in self._seen)

    def moves(self, text: str) -> bool:
        """Whether a line that is no speech says that somebody came or went."""
        return self._moved(text) is not None

    def hear(self, event: Line | Prompt) -> Moved | None:
        """A line that is no speech, or a prompt; who came or went, where that is news."""
        moved: Moved | None = None
        if self._looking is not None and self._looking.done():
            self._looking = None  # given up by who waited: what comes now is no answer to the look
        if isinstance(event, Line):
            found = self._moved(event.text)
            # Where it may be somebody's words, who is said to have gone is taken to be there still: the character must
            # not say before anybody what that one is not to hear.
            if found is not None and not (event.quoted and isinstance(found, Left)):
                moved = self._note(found, "text")
            if self._looking is not None and len(self._seen) < MAX_LOOK_LINES:
                self._seen.append(self._dialect.bare(event.text))
        else:
            self.finish()
        return moved

    def hear_gmcp(self, event: Gmcp) -> Moved | None:
        """``Room.Info`` (name, desc, exits) and IRE's ``Room.Players``, ``Room.AddPlayer``, ``Room.RemovePlayer``.

        Who came or went, where that is news.
        """
        data = event.data
        match event.package.lower():
            case "room.info" if isinstance(data, dict):
                exits = data.get("exits")
                self.current = Room(
                    str(data.get("name") or ""),
                    str(data.get("desc") or data.get("description") or ""),
                    tuple(map(str, exits)) if isinstance(exits, dict | list) else (),
                    self.current.people,
                    data,
                )
            case "room.players" if isinstance(data, list):
                self._by_gmcp = True
                self.current = replace(self.current, people=tuple(filter(None, map(_name, data))))
            case "room.addplayer":
                return self._note(Arrived(_name(data)), "gmcp")
            case "room.removeplayer":
                return self._note(Left(_name(data)), "gmcp")
        return None

    def _finish(self) -> None:
        looked = read_room(self._dialect, self._seen)
        for name, login in _ids(self._dialect, self._seen).items():
            self.on_people(name, login)
        people = self.current.people if self._by_gmcp or looked.people is None else looked.people
        self.current = replace(looked, people=people, extra=self.current.extra)
        if self._looking is not None and not self._looking.done():
            self._looking.set_result(self.current)
        self._looking = None

    def _moved(self, text: str) -> Moved | None:
        text = self._dialect.bare(text)
        for pattern, kind in ((self._arrives, Arrived), (self._leaves, Left)):
            if pattern and (found := pattern.search(text)):
                return kind(next(filter(None, found.groups()), ""))
        return None

    def _note(self, moved: Moved, source: Source) -> Moved | None:
        """Take over who came or went; the same where it is news, None where the other source told it already.

        What one source tells the other tells soon, or never: without a clock, the second of two is the same event.
        """
        if not moved.who:
            return None
        (self._add if isinstance(moved, Arrived) else self._remove)(moved.who)
        key, kind = moved.who.casefold(), type(moved)
        before = self._moves.pop(key, None)
        if before is not None and before[0] is kind and before[1] != source:
            return None
        self._moves[key] = kind, source
        if len(self._moves) > MAX_MOVES:
            del self._moves[next(iter(self._moves))]
        return moved

    def _add(self, name: str) -> None:
        people = self.current.people
        if name and people is not None and name not in people:
            self.current = replace(self.current, people=(*people, name))

    def _remove(self, name: str) -> None:
        people = self.current.people
        if people is not None:
            self.current = replace(self.current, people=tuple(p for p in people if p != name))


def _name(data: Any) -> str:
    # The short name: it is what Room.RemovePlayer says, and what commands take.
    return str(data.get("name") or data.get("fullname") or "") if isinstance(data, dict) else str(data or "")


def read_room(dialect: Dialect, lines: list[str]) -> Room:
    """The room that *lines*, the answer to ``look``, show."""
    rules = dialect.room
    exits_at = dialect.compile(rules.exits) if rules.exits else None
    people_at = dialect.compile(rules.people) if rules.people else None
    separators = re.compile(rules.separators)
    name, prose, exits, people = "", [], (), ()
    for line in (text.strip() for text in lines):
        if exits_at and (found := exits_at.search(line)):
            exits = tuple(filter(None, (part.strip() for part in separators.split(found["exits"]))))
        elif people_at and (found := people_at.search(line)):
            people += tuple(filter(None, (part.strip() for part in separators.split(found["people"]))))
        elif not name:
            name = line.removesuffix(" -")  # ES2 libraries: 「客店 - 」
        elif line:
            prose.append(line)
    return Room(name, _joined(prose), exits, people if people_at else None)


def _ids(dialect: Dialect, lines: list[str]) -> dict[str, str]:
    pattern = dialect.room.people
    if pattern is None or "(?P<id>" not in pattern:
        return {}
    found = (dialect.compile(pattern).search(line.strip()) for line in lines)
    return {match["people"]: match["id"] for match in found if match}


def _joined(prose: list[str]) -> str:
    """Wrapped lines as one text: no space between Chinese characters or their punctuation, one elsewhere."""
    text = ""
    for line in prose:
        ends = sorted((ord(text[-1]), ord(line[0]))) if text else []
        # Quotes, dashes and ellipses (U+2010 and on) are common to both; beside a Chinese character they are Chinese.
        text += line if not ends or (ends[0] > 0x2000 and ends[1] > 0x2E7F) else f" {line}"
    return text
