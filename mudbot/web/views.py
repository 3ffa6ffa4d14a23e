"""Sessions and plugins as the owner's pages show them: values, made of a running bot at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from mudbot.events import Line
from mudbot.host.outside import VERBS
from mudbot.logs import visible
from mudbot.web import colours

if TYPE_CHECKING:
    from mudbot.host.running import Running
    from mudbot.web.bot import Bot
    from mudbot.web.live import HeardLine

Look = Literal["", "good", "warn", "bad"]
SHORT = 8
"""Lines on a session's card."""
LOOKS: dict[str, Look] = {"playing": "good", "connecting": "warn", "logging in": "warn", "waiting": "warn"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line: its number, when it came, and as HTML."""

    number: int
    at: float
    html: Markup


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session."""

    number: int
    """Its place among the sessions."""
    name: str
    state: str
    look: Look
    why: str
    """Why it is not in the game, for people; empty where it is."""
    character: str
    address: str
    dialect: str
    encoding: str
    round_trip: float | None
    """Seconds to the MUD and back."""
    heard_at: float | None
    lines: int
    """How many came since the start."""
    waiting: int
    sent: int
    dropped: int
    """Of what it was to say."""
    room: str
    people: Sequence[str]
    verbs: Sequence[str]


def session_view(bot: Bot, number: int) -> SessionView:
    """The session *number* as it is now."""
    session = bot.sessions[number]
    feed, room, link = bot.live.feed(session.name), session.room.current, session.link
    playing = session.state == "playing"
    broken = session.state == "stopped" and session.why
    return SessionView(
        number,
        session.name,
        session.state,
        "bad" if broken else LOOKS.get(session.state, ""),
        "" if playing else visible(session.why),
        session.character.name,
        f"{session.address.host}:{session.address.port}",
        session.dialect.name,
        session.voice.encoding,
        link.round_trip if link is not None else None,
        feed.heard_at,
        feed.total,
        session.outbox.waiting,
        session.outbox.sent,
        session.outbox.dropped,
        visible(room.name),
        [visible(name) for name in room.people or ()],
        [verb for verb in VERBS if verb in session.dialect.speak],
    )


def last_lines(bot: Bot, number: int, most: int = SHORT) -> list[Shown]:
    """The last *most* lines of session *number*, as they are shown."""
    feed, looked = bot.live.feed(bot.sessions[number].name), most
    while True:
        heard = feed.since(0, looked)
        found = shown_lines(bot, number, heard)
        if len(found) >= most or len(heard) < looked:
            return found[-most:]
        looked *= 4  # those that are gagged make room for older ones


def shown_lines(bot: Bot, number: int, heard: Sequence[HeardLine]) -> list[Shown]:
    """What the pages show of what session *number* heard: nothing that is gagged, what is put in its place otherwise,
    and no password: some MUDs repeat what is typed."""
    engine, hide = bot.hosts[number].engine, bot.live.hide(bot.config)
    found = []
    for each in heard:
        text = engine.shown(each.line)
        if text is not None:
            line = each.line if text == each.line.text else Line(text)
            found.append(Shown(each.number, each.at, colours.html(line, hide)))
    return found


@dataclass(slots=True)
class PluginView:
    """A plugin, over all sessions in which it is."""

    name: str
    running: int = 0
    """Sessions in which it is at work."""
    paused: int = 0
    why: str = ""
    """Why it rests, where it does."""
    busy: int = 0
    """Events that wait in its inboxes, or are worked on."""
    failures: int = 0
    """In a row, where they are most."""
    dropped: int = 0
    """Events that it was too slow for."""
    reviews: bool = False
    """Whether it reviews: while it rests, nothing passes that it would look at."""
    sessions: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """``running``, ``paused``, ``partly`` (in some sessions) or ``unloaded``."""
        if self.running and self.paused:
            return "partly"
        return "running" if self.running else "paused" if self.paused else "unloaded"

    @property
    def look(self) -> Look:
        """How its state looks."""
        looks: dict[str, Look] = {"running": "good", "paused": "warn", "partly": "warn"}
        return "bad" if self.failures and self.state != "running" else looks.get(self.state, "")


def plugin_views(bot: Bot) -> list[PluginView]:
    """All plugins that the configuration names, in its order."""
    found = {name: PluginView(name) for name in bot.roster.program.sessions}
    for host in bot.hosts:
        for name, running in host.running.items():
            view = found.setdefault(name, PluginView(name))
            _count(view, running)
            view.sessions.append(host.session)
    return list(found.values())


def _count(view: PluginView, running: Running) -> None:
    view.running += not running.paused
    view.paused += running.paused
    view.why = view.why or running.why
    view.busy += running.busy
    view.failures = max(view.failures, running.failures)
    view.dropped += running.dropped
    view.reviews = view.reviews or bool(running.reviewers)
