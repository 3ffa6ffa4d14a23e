"""One link's stay in a MUD, from its first line to its last: detect, log in, answer what asks, hear."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from mudbot.errors import BusyError, GateError, LoginError
from mudbot.events import Gmcp, Line, Lines, Msdp, Mssp, News, Prompt
from mudbot.mud import dialect as dialects
from mudbot.mud.detect import Detector
from mudbot.mud.ear import Ear
from mudbot.mud.login import Character, Login
from mudbot.mud.questions import Questions
from mudbot.mud.quiet import Quiet
from mudbot.mud.skim import Skim

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from mudbot.clock import Clock
    from mudbot.errors import MudError
    from mudbot.events import Arrived, Left, SessionEvent, Speech
    from mudbot.mud.dialect import Dialect
    from mudbot.mud.ear import Heard
    from mudbot.mud.room import RoomTracker
    from mudbot.mud.rules import News as Told
    from mudbot.mud.skim import Finder
    from mudbot.mud.telnet import Connection
    from mudbot.mud.told import Tidings
    from mudbot.mud.voice import Voice

log = logging.getLogger(__name__)

HELD = 1.0
"""Seconds for which a line waits for the rest of its speech; a wrapped line comes in one go."""
UNKNOWN_QUIET = 1.5
"""Seconds of quiet after which a line of a MUD that is not known yet may be the login's question."""
DOOR_LINES = 8
"""Lines of a burst among which the login's question is looked for, where it is not known which MUD it is."""
SAYS_MUCH = 50
"""Lines after which it need not be counted any more how much a MUD says."""
TAKEN_LATELY = 30.0
"""Seconds within which a drop is the consequence of the news that somebody else logged in."""


class Life(Protocol):
    """What a visit needs of the session that it is a part of."""

    name: str
    character: Character
    dialect: Dialect
    detector: Detector | None
    voice: Voice
    room: RoomTracker
    told: Tidings
    listener: Callable[[Sequence[SessionEvent]], None]
    finder: Callable[[tuple[re.Pattern[str], ...]], Finder] | None

    @property
    def encoding_is_fixed(self) -> bool:
        """Whether the owner named the encoding, instead of having it found out."""

    @property
    def state(self) -> str:
        """Where the session is: ``playing`` in the game."""

    @property
    def alive(self) -> bool:
        """Whether the link has not ended yet."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call *action* after *seconds*, unless the link ended before."""

    def logging_in(self) -> None:
        """The link is there."""

    def enter(self, *, confirmed: bool) -> None:
        """The character is in the game."""

    def refuse(self, why: MudError) -> None:
        """The MUD will not have the character."""

    def adopt(self, dialect: Dialect, why: str) -> None:
        """The MUD turned out to speak *dialect*."""

    def learn_who(self, speech: Speech) -> None:
        """Remember who spoke."""

    def may_take(self) -> bool:
        """Whether to throw out another link of the character."""

    def is_own(self, speech: Speech) -> bool:
        """Whether the character hears itself."""

    def is_own_name(self, name: str) -> bool:
        """Whether *name* is the character's."""


MudNews = Line | Prompt | Gmcp | Msdp | Mssp


class Visit:
    """What one link needs to be told and what it tells; the session lives on, this does not."""

    def __init__(self, session: Life, link: Connection, clock: Clock) -> None:
        self._session, self._link, self._clock = session, link, clock
        self._taken_at: float | None = None
        self._door: list[Line] = []  # lines that may be a question, while it is not known which MUD it is
        self._signs, self._last_words = Detector(), ""
        self._garbled = 0
        self.said_since = 0
        """Lines with text since the last answer of the login: who refuses says little, a world says much."""
        self._half = ""  # a quiet prompt that was no question yet: the rest of it may come
        self._door_quiet = Quiet(session, clock, UNKNOWN_QUIET, self._ask_held)
        self._ear_quiet = Quiet(session, clock, HELD, self._words_rest)
        self._awake_at = 0.0
        self._read: list[Heard] = []  # of the line that is looked at
        self._adopt()

    def __repr__(self) -> str:
        return f"<Visit {self._session.name} {self.login!r}>"

    def _adopt(self) -> None:
        rules, session = self._session.dialect, self._session
        self.login = Login(rules, session.character.name, session.voice.encoding)
        self._ear, self._questions = Ear(rules), Questions(rules)
        self._news = [(news, rules.compile(news.pattern)) for news in rules.news]
        found = session.finder(rules.in_game) if session.finder is not None else None
        usable = found is not None and not found.blind and not rules.unended
        self._skim = Skim(found, rules.concerned) if found is not None and usable else None

    def hint(self) -> str:
        """What may be wrong where the login does not get on, for the owner."""
        if not self._last_words:
            return "the MUD has sent nothing: are host and port right, and does it want tls?"
        said = f"the MUD's last words: {self._last_words!r}"
        if self._garbled:
            encoding = self._session.voice.encoding
            return f"{said}; much of its text is not {encoding}: try encoding: auto"
        guess = self._signs.guess
        if guess is not None and guess.name != self._session.dialect.name:
            return f"{said}; it looks like {guess.name} ({guess.reasons[0]}): try dialect: {guess.name}"
        return f"{said}; the login steps of dialect {self._session.dialect.name} may not fit this MUD"

    @property
    def taken_lately(self) -> bool:
        """Whether the MUD has just said that somebody else logged in as the character."""
        return self._taken_at is not None and self._clock.now() - self._taken_at < TAKEN_LATELY

    def opened(self) -> None:
        """The link is up."""
        settling = self.login.settling
        if not self._session.dialect.login.steps and settling is not None:
            self._session.later(settling, lambda: self._settled(0))

    def ended(self) -> None:
        """The link is gone: what was held back is heard now."""
        self._hear_all(self._ear.flush())

    def hear_lines(self, lines: Lines) -> None:
        """The next lines of the link: those that no rule of the dialect may concern are handed on all at once."""
        if self._skim is None:
            for line in lines:
                if self._session.alive:
                    self.hear(line)
            return
        begun = end = 0  # of what is not handed on yet
        for start, stop, numbers in self._skim.pieces(lines, self._reads_every_line):
            if not self._session.alive:
                break
            if numbers != [] and not self._is_plain(lines[start], numbers):
                if begun < start:
                    self._hand_on(lines[begun:start])
                if self._session.alive:
                    self._hear_read(lines[start])
                begun = stop
            end = stop
        if begun < end:
            self._hand_on(lines[begun:end])

    def _is_plain(self, line: Line, numbers: list[int] | None) -> bool:
        """Read *line*; whether it goes on with those around it, or ``_hear_read`` has to be called for it.

        *numbers* are of the dialect's patterns that may be there; None for any.
        """
        if self._session.state != "playing":
            return False
        self._read = self._ear.hear(line, numbers)
        if (
            self._read != [(line, None)]
            or self._read[0][0].quoted
            or self._news_in(line) is not None
            or self._session.room.moves(line.text)
        ):
            return False
        self._answer_question(line.text)
        self._session.room.hear(line)
        return True

    def _hear_read(self, line: Line) -> None:
        if self._session.state != "playing":
            self.hear(line)
            return
        self.said_since += bool(line.text.strip())
        if self._ear.amid_words:
            self._ear_quiet.touch()
        self._hear_all(self._read)

    def _reads_every_line(self) -> bool:
        """Whether something began that the next line goes on with, or the character is not in the game yet."""
        return self._session.state != "playing" or self._ear.attentive or self._session.room.looking

    def _hand_on(self, lines: Lines) -> None:
        """Lines that are no speech, no question and no news."""
        if self.said_since < SAYS_MUCH:
            self.said_since += sum(bool(line.text.strip()) for line in lines[:SAYS_MUCH])
        self._session.listener(lines)

    def hear(self, event: MudNews) -> None:
        """The next event of the link."""
        if not isinstance(event, Gmcp | Msdp):
            self._detect(event)
        moved = self._session.room.hear_gmcp(event) if isinstance(event, Gmcp) else None
        if isinstance(event, Gmcp | Msdp):
            self._session.told.hear(event)
        if isinstance(event, Msdp | Mssp) or (isinstance(event, Gmcp) and self._session.state == "playing"):
            self._session.listener([event])
            self._tell_of(moved)
        elif isinstance(event, Line | Prompt):
            if self._session.state == "playing":
                self._in_game(event)
            else:
                self._at_the_door(event)

    # -- which MUD is this -----------------------------------------------------------------------------------------

    def _detect(self, event: Line | Prompt | Mssp) -> None:
        detector = self._session.detector
        if detector is None or (self._session.state == "playing" and not isinstance(event, Mssp)):
            return  # in the game a player chooses the words
        detector.hear(event)
        if (guess := detector.guess) is not None:
            self._session.detector = None
            if guess.name != self._session.dialect.name:
                self._session.adopt(dialects.load(guess.name), "; ".join(guess.reasons))
                begun = self.login
                self._adopt()
                if begun.answered or begun.done:
                    self.login = begun  # half way through the door: on as it was begun

    # -- logging in ------------------------------------------------------------------------------------------------

    def _at_the_door(self, event: Line | Prompt) -> None:
        self._session.logging_in()
        self._note(event)
        if self._session.detector is not None and isinstance(event, Line):
            # The lines after this one may tell what MUD it is, and so what this one means.
            self._door = [*self._door, event][-DOOR_LINES:]
            self._door_quiet.touch()
        else:
            self._door = []
            self._ask_login(event)

    def _note(self, event: Line | Prompt) -> None:
        """Remember what was shown, for the hint; say at once where it cannot be read."""
        self._signs.hear(event)
        if event.text.strip():
            self._last_words = event.text.strip()[:80]
            self.said_since += 1
        bad = event.text.count("\N{REPLACEMENT CHARACTER}")
        if bad > 1 and not self._garbled and self._session.encoding_is_fixed:
            log.warning(
                "%s: the MUD's text is not %s: try encoding: auto, or see what mudbot probe says of it",
                self._session.name,
                self._session.voice.encoding,
            )
        self._garbled += bad > 1

    def _ask_held(self) -> None:
        """What is there is all there is: the last line that asks something is the question."""
        held, self._door = self._door, []
        answered = self.login.answered
        for line in reversed(held):
            if self._session.state == "logging in" and self.login.answered == answered:
                self._ask_login(line)

    def _ask_login(self, event: Line | Prompt) -> None:
        if self._session.state == "playing":
            return
        if isinstance(event, Line) and self.login.answered and self._session.dialect.hear_line(event.after("")):
            return  # somebody's words: they neither ask nor refuse
        text = event.text
        if isinstance(event, Prompt) and event.kind == "quiet":
            text = self._half + text
        try:
            asked = isinstance(event, Prompt)
            replied = self._reply(text, asked=asked)
            if not replied and isinstance(event, Line) and self._half and text and not self.login.done:
                replied = self._reply(self._half + text, asked=False)  # a question that came in two pieces
        except (LoginError, BusyError, GateError) as exc:
            self._session.refuse(exc)
            return
        unfinished = not replied and isinstance(event, Prompt) and event.kind == "quiet"
        self._half = text[-200:] if unfinished else ""
        if not replied and self.login.done:
            self._enter()
            # Without the question before it, which was the login's.
            self._in_game(event.after("") if isinstance(event, Line) else event)

    def _reply(self, text: str, *, asked: bool) -> bool:
        """Answer *text* if it asks something, surely so if it is a prompt (*asked*).

        Raises LoginError, BusyError, GateError.
        """
        typed = self._questions.answer(text, "login", self._clock.now())
        if typed is None:
            answer = self.login.hear(text, asked=asked)
            if answer is None:
                return False
            typed = answer.template
        elif self._questions.takes and not self._session.may_take():
            self._taken_at = self._clock.now()
            self._link.abort("somebody else plays the character")
            return True
        self._type(typed, "login")
        self.said_since = 0
        if self.login.settling is not None:
            answered = self.login.answered
            self._session.later(self.login.settling, lambda: self._settled(answered))
        return True

    def _type(self, template: str, why: str) -> None:
        """Answer what the MUD asks, before anything else is sent.  Raises GateError where it cannot be typed."""
        who = self._session.character
        packet = self._session.voice.typed(template, name=who.name, password=who.password)
        shown = "********" if self._link.hides else packet.text or "(Enter)"
        log.info("%s: %s: %s", self._session.name, why, shown)
        self._link.write(packet.data)

    def _settled(self, answered: int) -> None:
        """No question since the last answer: without a sign of success that must do."""
        if self._session.state == "logging in" and self.login.answered == answered:
            self._enter()

    def _enter(self) -> None:
        self.login.done = True
        self._session.enter(confirmed=not self.login.unconfirmed)
        self._awake_at = self._clock.now()
        self._stay_awake()

    def _stay_awake(self) -> None:
        """Type the dialect's idle command whenever nothing was sent for that long."""
        idle = self._session.dialect.idle
        if idle is not None:
            since = self._clock.now() - max(self._awake_at, self._session.voice.outbox.sent_at)
            self._session.later(max(idle.seconds - since, 0.01), self._wake)

    def _wake(self) -> None:
        idle, now = self._session.dialect.idle, self._clock.now()
        if idle is not None and now - max(self._awake_at, self._session.voice.outbox.sent_at) >= idle.seconds - 0.01:
            self._awake_at = now
            self._session.voice.command(idle.send, urgent=True)
        self._stay_awake()

    # -- in the game -----------------------------------------------------------------------------------------------

    def _in_game(self, event: Line | Prompt) -> None:
        self.said_since += bool(event.text.strip())
        if self._session.dialect.unended and event.text.strip():
            event = Line(event.text) if isinstance(event, Prompt) else event.after("")
        if isinstance(event, Line):
            heard = self._ear.hear(event)
            if self._ear.amid_words:
                self._ear_quiet.touch()
            self._hear_all(heard)
        else:
            self._hear_all(self._ear.flush(over=event.kind in ("ga", "eor")))
            self._answer_question(event.text)
            self._session.room.hear(event)
            self._session.listener([event])

    def _words_rest(self) -> None:
        """A moment of quiet: no more comes of what is held back, and a moment later nothing that belongs to it."""
        held = self._ear.flush()
        if self._ear.amid_words:
            self._ear_quiet.touch()
        self._hear_all(held)

    def _hear_all(self, heard: list[Heard]) -> None:
        for line, speech in heard:
            if speech is None:
                self._answer_question(line.text)
                moved = self._session.room.hear(line)
                self._session.listener([line])
                self._tell_of(moved)
                if not line.quoted:  # a speaker may have put it there: nobody is to silence the character by that
                    self._heed(line)
            elif not self._session.is_own(speech):  # nothing that the character said itself goes any further
                log.debug("%s: heard %s", self._session.name, speech)
                self._session.learn_who(speech)
                self._session.listener([line, speech.heard(self._clock.now())])

    def _tell_of(self, moved: Arrived | Left | None) -> None:
        if moved is not None and not self._session.is_own_name(moved.who):
            self._session.listener([moved])

    def _answer_question(self, text: str) -> None:
        if (send := self._questions.answer(text, "game", self._clock.now())) is not None:
            try:
                self._type(send, "asked")
            except GateError as exc:
                log.warning("%s: not answered: %s", self._session.name, exc)

    def _news_in(self, line: Line) -> tuple[Told, str] | None:
        text = self._session.dialect.bare(line.text)
        return next(((news, text) for news, pattern in self._news if pattern.search(text)), None)

    def _heed(self, line: Line) -> None:
        if (found := self._news_in(line)) is not None:
            news, text = found
            if news.kind == "taken":
                self._taken_at = self._clock.now()
            self._session.voice.heed(news, text)
            self._session.listener([News(news.kind, text)])
