"""Real servers as one script can play them: who logs in, in what dialect, and what a foreign command would show."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mudbot.mud import dialect
from mudbot.mud.dialect import Dialect, Verb
from mudbot.mud.login import Character
from tests.real.servers import chatd, mudpy, nanomud
from tests.real.servers.evennia import Evennia
from tests.real.servers.program import Program

DIALECTS = Path(__file__).parent / "dialects"
"""Written as a user would: ten lines and ``extends: generic``."""
NAMES = ("Adamin", "Beatri", "Cyrill", "Dorothe", "Eustaci", "Florind")
"""All of letters, and together with the one added as nobody is named in the servers' own tests."""
PASSWORD = "Straw-sandals-2"
SMALL = ("mudpy", "nanomud", "chatd-utf-8", "chatd-gbk", "chatd-big5")
"""The servers that live as long as one test module does."""


@dataclass(frozen=True)
class Person:
    """Who plays: what is typed at the login, and the name that others read."""

    character: Character
    shown: str


@dataclass
class Place:
    """A running server and what the script must know of it."""

    name: str
    host: str
    port: int
    dialect: Dialect
    enrol: Callable[[str], Awaitable[Person]]
    """Makes somebody by a name of its own choice, or of the caller's where the server lets one choose."""
    encoding: str = "utf-8"
    says: str = '{name} says, "'
    """What stands before words said, as others read it."""
    command: str = "say {token}"
    """A second command to smuggle in: harmless, and seen by everybody."""
    effect: str = '{name} says, "{token}'
    """What everybody sees when it ran."""
    refusals: str = "Unknown command"
    """What a speaker reads whose line was no command."""
    ways: tuple[tuple[Verb, str | None], ...] = ()
    """Other ways to speak: verb, and the channel."""
    entry: tuple[str, str] | None = None
    """What the first and the second of two read last when the second enters, where what is said at once would be part
    of that."""
    falls: bool = False
    """Whether the server itself ends when somebody hangs up on it, and comes back."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _taken: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"<Place {self.name} at {self.host}:{self.port}>"

    async def newcomer(self) -> Person:
        """Somebody whom no other test has met: a server may not have noticed yet that an earlier one is gone."""
        while True:
            number = next(self._numbers)
            person = await self.enrol(NAMES[number % len(NAMES)] + chr(ord("a") + number // len(NAMES)))
            if person.shown not in self._taken:  # mudpy draws lots for names
                self._taken.add(person.shown)
                return person


def described(name: str) -> Dialect:
    return dialect.read(DIALECTS / f"{name}.yaml")


def evennia(server: Evennia) -> Place:
    async def enrol(name: str) -> Person:
        await server.create_account(name, PASSWORD)
        return Person(Character(name, PASSWORD), name)

    return Place(
        *("evennia", server.host, server.port, dialect.load("evennia"), enrol),
        refusals="is not available",
        ways=(("tell", None), ("whisper", None), ("channel", "Public")),
    )


def of_mudpy(program: Program) -> Place:
    async def enrol(name: str) -> Person:
        account = name.lower()
        shown = await mudpy.create(program, account, PASSWORD)
        return Person(Character(account, PASSWORD, (shown,)), shown)

    return Place(
        *("mudpy", program.host, program.port, described("mudpy"), enrol),
        encoding="ascii",
        refusals="I'm not sure what|Arglebargle",
    )


def of_nanomud(program: Program) -> Place:
    async def enrol(name: str) -> Person:
        await nanomud.create(program, name, PASSWORD)
        return Person(Character(name, PASSWORD), name)

    return Place(
        *("nanomud", program.host, program.port, described("nanomud"), enrol),
        ways=(("tell", None),),
        entry=("has entered the world", "^Players: "),
    )


def of_chatd(program: Program, encoding: str) -> Place:
    async def enrol(name: str) -> Person:
        return Person(Character(name, ""), name)  # it knows nobody and asks for no password

    return Place(
        *(f"chatd in {encoding}", program.host, program.port, described("chatd"), enrol),
        encoding=encoding,
        says="\n{name}: ",
        command="quit",
        effect="{name}: [*][*] HAS QUIT",
        refusals="Invalid name",
        falls=True,
    )


def start(name: str) -> tuple[Program, Place]:
    """Start one of SMALL.  Raises UnavailableError where it cannot be installed."""
    if name == "mudpy":
        program = mudpy.start()
        return program, of_mudpy(program)
    if name == "nanomud":
        program = nanomud.start()
        return program, of_nanomud(program)
    program = chatd.start()
    return program, of_chatd(program, name.partition("-")[2])
