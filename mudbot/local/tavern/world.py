"""Who is in the world, where they are, and what each of them hears.  No sockets: a link is only ``Ears`` here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from mudbot.errors import LocalError
from mudbot.local.tavern.flood import Judge, Offence, Verdict
from mudbot.local.tavern.hearing import History
from mudbot.local.tavern.manners import Manners, load_manners
from mudbot.local.tavern.pages import Pages
from mudbot.local.tavern.phrases import Phrasebook, Phrases, load_phrasebook
from mudbot.local.tavern.rooms import OPPOSITE, Atlas, Room, load_atlas

# Enough for any trial, and it bounds what a client that invents names for ever can make the process remember.
MAX_CHARACTERS = 10_000
# As much of what players did is remembered.
_MAX_NOTES = 10_000


class Ears(Protocol):
    """What the world wants of a player's link.  None of these may raise."""

    def line(self, text: str) -> None:
        """Show one line."""

    def gmcp(self, package: str, data: object) -> None:
        """Send a GMCP message, if the client wants GMCP."""

    def close(self) -> None:
        """Hang up after what was shown so far."""


class Character:
    """Somebody who has a name and a password here, present or away."""

    def __init__(self, name: str, password: str, room: Room, phrases: Phrases) -> None:
        self.name = name
        self.room = room
        self.phrases = phrases
        self.ears: Ears | None = None
        """The link of a character that is in the world; None while it is away."""
        self.login = name.casefold()
        """What one types to log in as it; a family with ids sends its tells there."""
        self.alias = ""
        self.options: set[str] = set()
        self.spoke_last: tuple[str, ...] = ()
        """Login names of whom a reply goes to."""
        self.paged_last: tuple[str, ...] = ()
        self.left_at: float | None = None
        """When it last left on purpose, on the world's clock."""
        self.judge = Judge(())
        self.history: History | None = None
        self.pages: Pages | None = None
        self._salt = secrets.token_bytes(16)
        self._digest = self._hash(password)

    def __repr__(self) -> str:
        return f"<Character {self.name} in {self.room.key}, {'away' if self.ears is None else 'here'}>"

    def knows(self, password: str) -> bool:
        """Whether this is the password."""
        return hmac.compare_digest(self._digest, self._hash(password))

    def hear(self, key: str, *, direction: str | None = None, **values: object) -> None:
        """Show the text *key* in the character's own language; an empty one is not shown."""
        self.show(self.phrases.text(key, direction=direction, **values))

    def show(self, text: str) -> None:
        """Show text, which may have several lines."""
        if self.ears is not None and text:
            for line in text.split("\n"):
                self.ears.line(line)

    def tell(self, text: str) -> None:
        """Show text whose line ends stay where they are: what follows the last one is not ended."""
        if self.ears is not None and text:
            self.ears.line(text)

    def page(self, lines: Sequence[str]) -> None:
        """Show a long text, through the pager where there is one."""
        for line in lines if self.pages is None else self.pages.start(lines):
            self.tell(line or " ")

    def gmcp(self, package: str, data: object) -> None:
        """Send a GMCP message, if the client wants GMCP."""
        if self.ears is not None:
            self.ears.gmcp(package, data)

    def _hash(self, password: str) -> bytes:
        # Kept in memory only, and for trials only: enough that no password can be read from a dump or a repr.
        return hashlib.blake2b(password.encode(), salt=self._salt).digest()


class World:
    """The one state that all links share.  Every method is synchronous, so nothing can come between."""

    def __init__(self, language: str = "en", manners: Manners | None = None) -> None:
        self.manners = manners or load_manners("tavern")
        self.clock: Callable[[], float] = time.monotonic
        """The time that flood rules go by, in seconds."""
        self.open_house = True
        """Whether a stranger is let in with whatever password; else characters must be made first."""
        self.one_link_each = False
        """Whether a second login of the same character is refused, whatever the family does."""
        self.terminal_trap = False
        """Whether certain terminal types switch a link's encoding, where the family has that trap."""
        self.offences: deque[Offence] = deque(maxlen=_MAX_NOTES)
        self.deeds: deque[tuple[str, str, str]] = deque(maxlen=_MAX_NOTES)
        self.atlas: Atlas = load_atlas()
        self.phrasebook: Phrasebook = load_phrasebook()
        if language not in self.phrasebook.languages:
            known = ", ".join(self.phrasebook.languages)
            raise LocalError(f"The tavern has no language {language!r}: use one of {known}.")
        self.phrases = self.manners.phrases(language)
        """The language of the login and of new characters."""
        self._characters: dict[str, Character] = {}
        self._present: dict[str, Character] = {}

    def __repr__(self) -> str:
        return f"<World {self.phrases.language}, {len(self._present)} of {len(self._characters)} characters present>"

    # -- who there is --------------------------------------------------------------------------------------------

    def known(self, name: str) -> Character | None:
        """The character of that name, present or away; upper and lower case are the same."""
        return self._characters.get(name.casefold())

    def present(self, name: str) -> Character | None:
        """The character of that name, if it is in the world."""
        return self._present.get(name.casefold())

    def everyone(self) -> list[Character]:
        """All who are in the world, the first comer first."""
        return list(self._present.values())

    def others_with(self, character: Character) -> list[Character]:
        """All who are in the same room, without the character itself."""
        return [each for each in self._present.values() if each.room is character.room and each is not character]

    def create(self, name: str, password: str, *, shown: str = "") -> Character:
        """A new character, shown as *shown* where that is another name.

        The one that has been away longest is forgotten where there are too many.
        """
        if len(self._characters) >= MAX_CHARACTERS:
            oldest = next((key for key in self._characters if key not in self._present), None)
            if oldest is not None:
                del self._characters[oldest]
        character = Character(shown or name, password, self.atlas.start, self.phrases)
        character.login = name.casefold()
        self._characters[name.casefold()] = character
        return character

    def settle(self, character: Character, verdict: Verdict) -> bool:
        """Carry out what a flood rule decided; whether the act may go on."""
        if verdict.rule is not None:
            self.offences.append(Offence(character.login, verdict.rule.name, self.clock()))
        character.show(verdict.says)
        if verdict.rule is not None and verdict.rule.then == "kick" and character.ears is not None:
            ears = character.ears
            self.leave(character, ears)
            ears.close()
        return verdict.allowed

    # -- coming and going ----------------------------------------------------------------------------------------

    def enter(self, character: Character, ears: Ears) -> None:
        """Bring a character in, or give one that is here already to its new link."""
        old, character.ears = character.ears, ears
        if old is not None:
            for line in character.phrases.text("taken_over").split("\n"):
                if line:
                    old.line(line)
            old.close()
        self._present[character.login] = character
        character.judge = Judge(self.manners.flood)
        character.history = History(self.manners.shell)
        character.pages = None if self.manners.pager is None else Pages(self.manners.pager)
        character.hear("welcome", name=character.name)
        self.show_room(character)
        if old is None:
            self._meet(character, "entered")

    def leave(self, character: Character, ears: Ears) -> None:
        """The link ended: take the character out, unless another link has it by now."""
        if character.ears is not ears:
            return
        character.ears = None
        key = character.login
        del self._present[key]
        self._characters[key] = self._characters.pop(key)  # the last to leave is the last to be forgotten
        self._part(character, "left")

    def move(self, character: Character, direction: str) -> bool:
        """Go that way; False where no way leads there."""
        room = self.atlas.beyond(character.room, direction)
        if room is None:
            return False
        self._part(character, "leaves", direction)
        character.room = room
        self.show_room(character)
        self._meet(character, "arrives", OPPOSITE[direction])
        return True

    def _meet(self, character: Character, key: str, direction: str | None = None) -> None:
        for each in self.others_with(character):
            each.gmcp("Room.AddPlayer", {"name": character.name, "fullname": character.name})
            each.hear(key, direction=direction, name=character.name)

    def _part(self, character: Character, key: str, direction: str | None = None) -> None:
        for each in self.others_with(character):
            each.gmcp("Room.RemovePlayer", character.name)
            each.hear(key, direction=direction, name=character.name)

    # -- what a room looks like ----------------------------------------------------------------------------------

    def show_room(self, character: Character) -> None:
        """Show the room to one who came in or looked around, as text and as GMCP."""
        self.send_room(character)
        for line in self._room_lines(character):
            character.show(line)

    def send_room(self, character: Character) -> None:
        """Send ``Room.Info`` and ``Room.Players`` (the others, as IRE's GMCP names them) to a client with GMCP."""
        room, language = character.room, character.phrases.language
        info = {
            "num": room.num,
            "name": room.name[language],
            "desc": room.desc[language],
            "area": "tavern",
            "exits": {letter: self.atlas.rooms[key].num for letter, key in room.exits.items()},
        }
        character.gmcp("Room.Info", info)
        others = [{"name": each.name, "fullname": each.name} for each in self.others_with(character)]
        character.gmcp("Room.Players", others)

    def _room_lines(self, character: Character) -> Iterator[str]:
        room, phrases = character.room, character.phrases
        yield phrases.text("room_name", room=room.name[phrases.language])
        yield phrases.text("room_desc", desc=room.desc[phrases.language])
        yield phrases.listing("exits", (phrases.directions[letter].way for letter in room.exits))
        if others := self.others_with(character):
            yield phrases.listing("here", (each.name for each in others))
