"""How a character speaks: the dialect's frame, the gate, the pace, and what the MUD's own words change about them."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from mudbot.errors import GateError
from mudbot.events import Speech
from mudbot.mud.gate import Gate, Packet, Parts
from mudbot.mud.outbox import Ended, Outbox, Place
from mudbot.mud.people import People

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import NewsKind
    from mudbot.mud.dialect import Dialect
    from mudbot.mud.rules import News, Verb

log = logging.getLogger(__name__)

LONGEST_TYPING = 4.0
"""Seconds that typing a line takes at most: who asked should not wait for the slowness of fingers."""
LONGEST_WAIT = 12.0
"""Seconds that all lines of an answer take at most: what waits too long is not said at all."""


_ADDRESS = re.compile(r"(?P<name>[^<>]+) <(?P<id>[^<>\s]+)>")
"""Somebody as plugins keep them; ``<`` and ``>`` are in nobody's name."""

_CONSEQUENCES: dict[NewsKind, str] = {
    "muted": "nothing of that kind is said for {:.0f} s",
    "banned": "nothing of that kind is said until the next login",
    "slow": "the pace is halved for five minutes",
    "absent": "that was heard by nobody",
    "refused": "that was not said",
    "idle": "the character is about to be thrown out, and will return",
    "taken": "the character stays away for five minutes at least",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a character speaks, as its owner likes it."""

    parts: Parts = field(default_factory=Parts)
    non_ascii: Literal["transliterate", "refuse"] = "transliterate"
    """For MUDs that drop all but ASCII."""
    typing: float = 30.0
    """Columns a second that the character seems to type in a conversation; 0 is at once."""


class Voice:
    """What one character says on its MUD.  *name* is the session's, for the log."""

    def __init__(self, name: str, dialect: Dialect, encoding: str, manner: Manner, clock: Clock) -> None:
        self._name, self._manner, self._clock = name, manner, clock
        self.people = People()
        self.outbox = Outbox(dialect.pace, clock, name)
        self._encoding = encoding
        self._narrowed = False
        self.adopt(dialect)

    def __repr__(self) -> str:
        return f"<Voice {self._name} {self._gate!r} {self.outbox!r}>"

    def adopt(self, dialect: Dialect) -> None:
        """Speak *dialect* from now on."""
        self._dialect = dialect
        self._gate = Gate(dialect, self._encoding, parts=self._manner.parts, non_ascii=self._manner.non_ascii)
        self.outbox.adopt(dialect.pace)

    @property
    def encoding(self) -> str:
        """What is said is sent in this; may be set while running, where the MUD turned out to use another."""
        return self._encoding

    @encoding.setter
    def encoding(self, encoding: str) -> None:
        self._gate.encoding = encoding
        self._encoding = encoding

    # -- speech ----------------------------------------------------------------------------------------------------

    def say(
        self,
        verb: Verb,
        text: str,
        target: str | None = None,
        *,
        asked: float | None = None,
        beside: Speech | None = None,
    ) -> bool:
        """Queue *text*; False if nothing of it can be said (the log says why).

        *asked* is when the question was heard: then it is not said before it could have been typed since.  *beside*
        what answers another question in words it keeps its place among these.
        """
        try:
            packets = self._gate.speak(verb, text, target)
        except GateError as exc:
            log.warning("%s: not said: %s", self._name, exc)
            return False
        self._tell_of_narrowing(text)
        ready = 0.0 if asked is None else asked - self._clock.now()
        for packet in packets:
            if asked is not None and self._manner.typing > 0:
                ready += min(_columns(packet.text) / self._manner.typing, LONGEST_TYPING)
            self.outbox.put(packet, typing=min(max(0.0, ready), LONGEST_WAIT), beside=self._place(beside))
        if packets:
            whom = f" to {target}" if target else ""
            log.info("%s: %s%s, %d line%s", self._name, verb, whom, len(packets), "s" if len(packets) > 1 else "")
        return bool(packets)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*, or one can be found: an id by looking who is here."""
        return self._dialect.answer_to(self._identified(speech)) is not None or self.must_look(speech)

    def must_look(self, speech: Speech) -> bool:
        """Whether *speech* can only be answered once a look at who is here has shown the speaker's id."""
        return (
            speech.private
            and self._dialect.reply_to == "id"
            and self._identified(speech).id is None
            and not self.people.ambiguous(speech.speaker)
            and "(?P<id>" in (self._dialect.room.people or "")
        )

    def whom(self, name: str) -> Speech:
        """What a tell to *name* answers: a name as it is shown, a login id, or what ``address`` made of one."""
        if found := _ADDRESS.fullmatch(name):
            return Speech("tell", found["name"], None, found["id"])
        known = self._dialect.reply_to != "id" or self.people.knows(name)
        # A name that nobody was seen with, and that could be typed as an id, is one: it is what an owner would type.
        return Speech("tell", name, None, None if known or not self._dialect.addressable(name) else name)

    def address(self, speech: Speech) -> str:
        """What ``whom`` takes, and what can be kept: the name, and the id where this MUD addresses by it."""
        if not speech.speaker or self._dialect.reply_to != "id":
            return speech.speaker or ""
        login = self._identified(speech).id
        return f"{speech.speaker} <{login}>" if login else speech.speaker

    def answer(self, speech: Speech, text: str, *, typing: bool = False) -> bool:
        """Say *text* where *speech* was said; False if there is no way to."""
        route = self._dialect.answer_to(self._identified(speech))
        if route is None:
            unsure = "was seen with two ids" if self.people.ambiguous(speech.speaker) else "has no id that is known"
            why = f"{speech.speaker} {unsure}" if self._dialect.reply_to == "id" and speech.private else "no safe way"
            log.warning("%s: not answered: %s", self._name, why)
            return False
        return self.say(route[0], text, route[1], asked=speech.at if typing and speech.at else None)

    def command(
        self, text: str, *, urgent: bool = False, ended: Ended | None = None, beside: Speech | None = None
    ) -> Packet:
        """Queue a raw command; what waits in the outbox is returned.  Raises GateError if it is not one plain line."""
        packet = self._gate.command(text)
        self.outbox.put(packet, urgent=urgent, ended=ended, beside=self._place(beside))
        return packet

    def plain(self, text: str) -> Packet:
        """A raw command for somebody who sends it himself.  Raises GateError if it is not one plain line."""
        return self._gate.command(text)

    def typed(self, template: str, **values: str) -> Packet:
        """An answer of the login.  Raises GateError where name or password cannot be typed into this MUD."""
        return self._gate.secret(template, **values)

    def last_words(self, goodbye: str | None) -> list[Packet]:
        """What is sent before hanging up, past whatever waits and whatever the pace is: there is no later."""
        try:
            packets = self._gate.speak("say", goodbye) if goodbye else []
        except GateError as exc:
            log.warning("%s: goodbye not said: %s", self._name, exc)
            packets = []
        words = self._dialect.goodbye or ()
        return packets + [self._gate.command(each) for each in ((words,) if isinstance(words, str) else words)]

    # -- what is heard ---------------------------------------------------------------------------------------------

    def heed(self, news: News, text: str) -> None:
        """Change what may be said because of *news*, which the MUD told in the words of *text*."""
        match news.kind:
            case "muted":
                self.outbox.hold(news.seconds, news.verbs)
            case "banned":
                for verb in news.verbs or ("say", "tell", "whisper", "channel", "emote"):
                    self.outbox.ban(verb)
            case "slow":
                self.outbox.slow()
            case _:
                pass
        log.warning("%s: the MUD says: %s; so %s", self._name, text, _CONSEQUENCES[news.kind].format(news.seconds))

    def _place(self, speech: Speech | None) -> Place | None:
        """Where *speech* is answered."""
        return None if speech is None else self._dialect.answer_to(self._identified(speech))

    def _identified(self, speech: Speech) -> Speech:
        if speech.id is not None or self._dialect.reply_to != "id":
            return speech
        return replace(speech, id=self.people.id_of(speech.speaker))

    def _tell_of_narrowing(self, text: str) -> None:
        if self._gate.narrows and not self._narrowed and not text.isascii():
            self._narrowed = True
            log.warning("%s: this MUD drops all but ASCII: other letters are said in ASCII ones", self._name)


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
