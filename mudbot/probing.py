"""What a MUD is like, found out by one connection: for ``mudbot probe``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mudbot import resolve
from mudbot.clock import SystemClock
from mudbot.config import Config, SessionConfig
from mudbot.errors import ConfigError, ConnectError, Problem
from mudbot.events import Closed, Line, LoggedIn, Mssp, MudEvent, Prompt, SessionEvent
from mudbot.mud.address import Address
from mudbot.mud.charset import Guess
from mudbot.mud.detect import Detector
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Connection

QUIET = 1.5
"""Seconds without anything new after which a MUD has shown what it shows before the login."""
PROMPTS = {
    "ga": "ended by GA",
    "eor": "ended by EOR",
    "quiet": "not marked, known by quiet",
    "eof": "cut by the end of the link",
}


@dataclass(slots=True)
class Report:
    """What was found."""

    address: str
    error: str = ""
    first_text: float | None = None
    """Seconds from the attempt to connect to the first text."""
    options: list[dict[str, Any]] = field(default_factory=list)
    mssp: dict[str, str | list[str]] = field(default_factory=dict)
    encoding: Guess | None = None
    dialects: list[dict[str, Any]] = field(default_factory=list)
    dialect: str = "generic"
    prompts: dict[str, str] = field(default_factory=dict)
    """The last prompt of each kind."""
    banner: list[str] = field(default_factory=list)
    login: str | None = None

    @property
    def failed(self) -> bool:
        """Whether there was no connection, or a login that did not work."""
        return bool(self.error) or self.login not in (None, "worked")

    def as_dict(self) -> dict[str, Any]:
        """The report for machines."""
        guess = self.encoding
        return {
            "address": self.address,
            "connected": not self.error,
            "error": self.error or None,
            "first_text_seconds": self.first_text,
            "options": self.options,
            "mssp": self.mssp,
            "encoding": {"guess": guess.encoding, "confidence": guess.confidence, "reason": guess.reason}
            if guess
            else None,
            "dialect": {"guess": self.dialect, "candidates": self.dialects},
            "prompts": self.prompts,
            "banner": self.banner,
            "login": self.login,
        }

    def lines(self) -> list[str]:
        """The report for people."""
        if self.error:
            return [self.error]
        found = [f"{self.address}: connected"]
        if self.first_text is None:
            return [*found, "  no text came: is this a MUD's port?  One that wants TLS waits silently, too: try --tls"]
        found.append(f"  first text after {self.first_text:.2f} s")
        agreed = [o["option"] for o in self.options if o["agreed"]]
        refused = [o["option"] for o in self.options if not o["agreed"]]
        found.append(f"  telnet: agreed on {', '.join(agreed) or 'nothing'}; refused {', '.join(refused) or 'nothing'}")
        found += [f"  MSSP {key}: {value}" for key, value in self.mssp.items()]
        if self.encoding:
            guess = self.encoding
            found.append(f"  encoding: {guess.encoding} ({guess.confidence:.0%} sure: {guess.reason})")
        unknown = " (not recognised: choose by what it runs on, or write your own)"
        found.append(f"  dialect: {self.dialect}{'' if self.dialects else unknown}")
        found += [
            f"    {each['name']} ({each['points']:g} points): {'; '.join(each['reasons'])}" for each in self.dialects
        ]
        found += [f"  prompt {PROMPTS[kind]}: {text!r}" for kind, text in self.prompts.items()]
        if self.login:
            found.append(f"  login: {self.login}")
        return found


class _Watcher:
    """Collects what a link shows."""

    def __init__(self, address: Address) -> None:
        self.report = Report(str(address))
        self._detector = Detector()
        self._began = asyncio.get_running_loop().time()
        self.changed = asyncio.Event()
        self.ended = False

    def see(self, events: Sequence[MudEvent]) -> None:
        for event in events:
            self._see(event)
        self.changed.set()

    def _see(self, event: MudEvent) -> None:
        report = self.report
        if isinstance(event, Line | Prompt | Mssp):
            self._detector.hear(event)
        if isinstance(event, Line | Prompt) and event.text.strip():
            if report.first_text is None:
                report.first_text = round(asyncio.get_running_loop().time() - self._began, 3)
            if len(report.banner) < 60:
                report.banner.append(event.text.rstrip())
        if isinstance(event, Prompt) and (event.text.strip() or event.kind != "eof"):
            report.prompts[event.kind] = event.text
        elif isinstance(event, Mssp):
            report.mssp |= event.variables
        elif isinstance(event, Closed) and not self.ended:
            self.ended = True
            if report.first_text is None:
                report.error = f"{report.address}: {event.reason}, before it said a word"

    def conclude(self, link: Connection | None) -> Report:
        if link is not None:
            self.report.options = [{"option": o.option, "by": o.by, "agreed": o.agreed} for o in link.negotiated]
            self.report.encoding = link.guess
        self.report.dialects = [
            {"name": g.name, "points": g.points, "reasons": list(g.reasons)} for g in self._detector.guesses
        ]
        if guess := self._detector.guess:
            self.report.dialect = guess.name
        return self.report


async def look(address: Address, wait: float) -> Report:
    """Connect to *address* once, look for *wait* seconds at most, and hang up."""
    watcher = _Watcher(address)
    link = Connection(address, watcher.see)
    try:
        await link.open()
    except ConnectError as exc:
        watcher.report.error = str(exc)
        return watcher.report
    end = asyncio.get_running_loop().time() + wait
    while not watcher.ended and (left := end - asyncio.get_running_loop().time()) > 0:
        watcher.changed.clear()
        shown = watcher.report.first_text is not None
        try:
            await asyncio.wait_for(watcher.changed.wait(), min(left, QUIET) if shown else left)
        except TimeoutError:
            break
    report = watcher.conclude(link)
    watcher.ended = True  # what ends it now is we
    link.abort("seen enough")
    return report


async def log_in(config: Config, host: str, port: int) -> Report:
    """Log in once as the configuration says for *host* and *port*, and leave.

    Raises ConfigError where it says nothing of them.
    """
    logging.getLogger("mudbot").setLevel(logging.ERROR)  # the report says it all
    settings = _session(config, host, port)
    login = settings.login
    assert login is not None
    password = login.password.get_secret_value() if login.password else ""
    session = Session(
        settings.name,
        resolve.address(settings),
        resolve.load_dialect(config, settings),
        Character(login.name, password),
        clock=SystemClock(),
        manner=resolve.manner(settings),
    )
    watcher = _Watcher(session.address)
    entered = asyncio.Event()

    def listen(events: Sequence[SessionEvent]) -> None:
        if isinstance(events[0], LoggedIn):
            entered.set()

    session.listener, session.tap = listen, watcher.see
    living = asyncio.create_task(session.once())
    inside = asyncio.create_task(entered.wait())
    await asyncio.wait({living, inside}, return_when=asyncio.FIRST_COMPLETED)
    report = watcher.conclude(session.link)
    if password:  # some MUDs echo it
        report.banner = [line.replace(password, "********") for line in report.banner]
        report.prompts = {kind: text.replace(password, "********") for kind, text in report.prompts.items()}
    report.login = "worked" if entered.is_set() else f"did not work: {session.why}"
    if report.dialect == "generic":
        report.dialect = session.dialect.name
    inside.cancel()
    await session.stop()
    await asyncio.wait({living})
    return report


def _session(config: Config, host: str, port: int) -> SessionConfig:
    for session in config.sessions:
        if (session.host, session.port) == (host, port) and session.login is not None:
            return session
    known = ", ".join(f"{s.host} {s.port}" for s in config.sessions if s.login is not None) or "no MUD at all"
    raise ConfigError(
        Problem("--login", f"no session of the configuration has a login for {host} {port}; there is one for {known}")
    )
