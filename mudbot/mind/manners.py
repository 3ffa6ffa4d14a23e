"""When a character answers and when it had better be silent: floods, busy moments, quiet hours, other bots.

Nobody can say for sure that a speaker is a program.  What programs that answer each other have in common is this: each
line follows ours, none calls us by name, and it is written faster than people write, or as people seldom write in a
MUD, with a capital and a full stop each time.  Whoever does so five times is told to call the character by name, and
gets no answer to anything else until his lines look like a person's again.  So two bots fall silent, and a person has
to say a name.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import Field

from mudbot.clock import Clock
from mudbot.config import Duration
from mudbot.errors import PluginError, StoreError
from mudbot.events import Speech
from mudbot.mind.scopes import key_of
from mudbot.mind.shape import Shape

log = logging.getLogger(__name__)

MOST_KNOWN = 1000
"""Speakers that are kept in mind; the one that was silent longest makes room."""
FOLLOWS = 60.0
"""Seconds after a reply within which a line is taken for an answer to it."""
UNASKED = 5.0
"""Seconds between two lines of one answer at most."""
TYPED = 9.0
"""Columns a second that people write at most, thinking included."""
WHOLE = 16
"""Columns from which on a line with a capital and a full stop tells something: "Yes." is written by everybody."""
SUSPECT = 4.0
"""Lines of that kind in a row, from which on a speaker is taken for a bot."""
NAMED = 1 / 3
"""What such a line counts that calls the character by name first: people do that, and scripts."""
FORGIVEN = 600.0
"""Seconds of silence after which somebody begins anew."""
ONE_MORE = 3600.0
"""Seconds in which a suspect who calls the character by name is answered once."""

Busy = Literal["replace", "queue", "later"]


class Channel(Shape):
    """How much the character talks in one place."""

    chance: float = Field(default=1.0, ge=0.0, le=1.0)
    """Of answering a line that is meant for it."""
    cooldown: Duration = 0.0
    """Seconds between two answers there."""


_DEFAULTS: Mapping[str, Any] = {
    "answers": 12,
    "within": 120.0,
    "while_busy": "queue",
    "waiting": 1,
    "quiet": (),
    "ignore": (),
    "bots": (),
    "channels": {},
    "wary": True,
}


class Shelf(Protocol):
    """Where opt-outs are kept: a plugin's store."""

    async def keys(self, prefix: str = "") -> list[str]: ...
    async def set(self, key: str, value: Any) -> None: ...
    async def delete(self, key: str) -> bool: ...


class OptOuts:
    """Who wants no answers.  One for all plugins of a session; it outlasts a restart."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._keys: set[str] | None = None

    def __repr__(self) -> str:
        return f"<OptOuts {len(self._keys or ())}>"

    async def add(self, speech: Speech) -> None:
        """Who said *speech* is not answered any more.  Raises StoreError where that cannot be kept; it counts now."""
        keys = await self._known()
        keys.update(_keys(speech))
        for key in _keys(speech):
            await self._shelf.set(key, value=True)

    async def remove(self, speech: Speech) -> bool:
        """Answer who said *speech* again; whether he had opted out.  Raises StoreError."""
        keys, was = await self._known(), await self.holds(speech)
        keys.difference_update(_keys(speech))
        for key in _keys(speech):
            await self._shelf.delete(key)
        return was

    async def holds(self, speech: Speech) -> bool:
        """Whether who said *speech* has opted out, by the id or the name."""
        return bool((await self._known()) & set(_keys(speech)))

    async def _known(self) -> set[str]:
        if self._keys is None:
            try:
                self._keys = set(await self._shelf.keys())
            except StoreError as exc:  # asked again the next time
                log.warning("who opted out is not known: %s", exc)
                return set()
        return self._keys


def _keys(speech: Speech) -> list[str]:
    name = " ".join((speech.speaker or "").split()).casefold()[:80]
    found = [f"id:{speech.id.casefold()[:80]}"] if speech.id else []
    return found + ([f"name:{name}"] if name else [])


@dataclass(slots=True)
class _Talk:
    """With one speaker."""

    answered: deque[float]
    at: float = 0.0
    """When the character said something to him last."""
    heard: float = 0.0
    doubt: float = 0.0
    waits: bool = False
    """Whether he was answered too often, so that the log says so already."""
    told: bool = False
    """Whether he was told to call by name."""
    named: float = float("-inf")
    """When he was answered because he called by name, although suspected."""
    open: asyncio.Task[None] | None = None
    waiting: deque[Speech] = field(default_factory=deque)
    put_off: bool = False


class Manners:
    """Whether, and when, somebody is answered.

    *config* has what is to be other than usual: ``answers`` to one speaker ``within`` seconds; ``while_busy``:
    ``queue`` a further question (``waiting`` of them, the oldest is dropped), let it ``replace`` the open one, or put
    it off until ``later``; ``quiet`` hours; names or ids to ``ignore``, and of ``bots``; ``channels``: each one's
    chance and cooldown, ``*`` for all others, ``room`` for the room; ``wary`` of speakers who seem to be bots.
    *say* says a line of the character's for an occasion; *names* are those that it answers to.
    """

    def __init__(
        self,
        config: Any,
        clock: Clock,
        *,
        say: Callable[[Speech, Literal["later", "by_name"]], Awaitable[None]],
        names: Callable[[], Sequence[str]] = tuple,
        opted_out: OptOuts | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Raises PluginError for quiet hours that are none."""
        self._config = {key: getattr(config, key, default) for key, default in _DEFAULTS.items()}
        self._clock, self._opted_out, self._chance = clock, opted_out, chance
        self._say, self._named_by = say, names
        for span in self._config["quiet"]:
            if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d", str(span)):
                raise PluginError(f"quiet: {span!r} must be two times of day such as '23:00-07:00'")
        self._talks: OrderedDict[str, _Talk] = OrderedDict()
        self._said: dict[str, float] = {}
        self._last = ""
        self._crowd = 0.0  # what all together have said in public for being bots
        self._hinted = ("", float("-inf"))  # where a suspect was told to call by name, and when

    def __repr__(self) -> str:
        open_ = sum(talk.open is not None for talk in self._talks.values())
        return f"<Manners {len(self._talks)} known, {open_} being answered>"

    # -- whether -------------------------------------------------------------------------------------------------------

    async def lets(self, speech: Speech) -> bool:
        """Whether *speech*, which is meant for the character, may be answered.  Ask once for each."""
        if why := await self._against(speech):
            log.info("%s is not answered: %s", speech.speaker or "somebody", why)
            return False
        return True

    async def _against(self, speech: Speech) -> str:
        if set(_names(speech)) & {name.casefold() for name in self._config["ignore"]}:
            return "the owner said to ignore him"
        if self._opted_out is not None and await self._opted_out.holds(speech):
            return "he opted out"
        if self._is_quiet():
            return "it is a quiet hour"
        return self._against_place(speech)

    def _is_quiet(self) -> bool:
        now = datetime.fromtimestamp(self._clock.wall()).strftime("%H:%M")  # noqa: DTZ006  # where the bot lives
        for span in self._config["quiet"]:
            begins, ends = span.split("-")
            if (begins <= now < ends) if begins <= ends else (now >= begins or now < ends):
                return True
        return False

    def _against_place(self, speech: Speech) -> str:
        if speech.private:
            return ""
        name, channels = speech.channel or "room", self._config["channels"]
        chosen = channels.get(name) or (channels.get("*") if speech.kind == "channel" else None)
        if chosen is None:
            return ""
        if self._clock.now() - self._said.get(name, float("-inf")) < chosen.cooldown:
            return f"{name} was answered a moment ago"
        if self._chance() >= chosen.chance:
            return f"by chance, in {name}"
        self._said[name] = self._clock.now()
        return ""

    def left(self, speech: Speech) -> tuple[int, float]:
        """How many answers whoever says *speech* may have now, and in how many seconds so many."""
        talk = self._talks.get(speech.id or speech.speaker or "")
        most, within = self._config["answers"], self._config["within"]
        since = self._clock.now() - within
        return most - sum(at > since for at in (talk.answered if talk else ())), within

    # -- when ----------------------------------------------------------------------------------------------------------

    async def turn(self, speech: Speech, answer: Callable[[Speech], Awaitable[None]]) -> None:
        """Have *speech* answered in its turn: one question of each speaker at a time.

        What *answer* raises comes through; then what waited is forgotten.
        """
        talk = self._talk(speech)
        if talk.open is not None:
            await self._meanwhile(talk, speech)
            return
        try:
            next_: Speech | None = speech
            while next_ is not None:
                if await self._may(talk, next_):
                    await self._do(talk, answer(next_))
                    talk.at, self._last = self._clock.now(), key_of(next_)
                next_ = talk.waiting.popleft() if talk.waiting else None
        finally:
            talk.open, talk.put_off = None, False
            talk.waiting.clear()  # after a failure it would be answered at the wrong time

    async def _do(self, talk: _Talk, work: Awaitable[None]) -> None:
        async def do() -> None:
            await work

        talk.open = task = asyncio.create_task(do(), name="answer")
        try:
            await asyncio.wait({task})
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if not task.cancelled():  # else another question has taken its place
            task.result()

    async def _meanwhile(self, talk: _Talk, speech: Speech) -> None:
        """Somebody asks while he is being answered."""
        busy: Busy = self._config["while_busy"]
        if busy == "later":
            if not talk.put_off:
                talk.put_off = True
                await self._say(speech, "later")
            return
        most = 1 if busy == "replace" else max(1, self._config["waiting"])
        talk.waiting.append(speech)
        while len(talk.waiting) > most:
            talk.waiting.popleft()
        if busy == "replace" and talk.open is not None:
            talk.open.cancel()

    async def _may(self, talk: _Talk, speech: Speech) -> bool:
        if self._had_enough(talk, speech):
            return False
        doubtful = self._doubtful(talk, speech)
        if doubtful and not talk.told:
            talk.told = True
            log.info("%s seems to be a bot: answered no more unless it calls the character by name", speech.speaker)
            place, now = speech.channel or "room", self._clock.now()
            if speech.private or self._hinted[0] != place or now - self._hinted[1] > FORGIVEN:  # else he has heard it
                await self._say(speech, "by_name")
                self._hinted = self._hinted if speech.private else (place, now)
                talk.at = now
        if not doubtful:
            talk.answered.append(self._clock.now())
        return not doubtful

    def _had_enough(self, talk: _Talk, speech: Speech) -> bool:
        """Whether who said *speech* was answered too often lately: a flood, or a bot."""
        times, now = talk.answered, self._clock.now()
        if len(times) < self._config["answers"] or now - times[0] >= self._config["within"]:
            talk.waits = False
            return False
        if not talk.waits:  # once: a flood must not fill the log
            talk.waits = True
            log.warning("%s was answered %d times lately and has to wait", speech.speaker, len(times))
        return True

    # -- bots ----------------------------------------------------------------------------------------------------------

    def _doubtful(self, talk: _Talk, speech: Speech) -> bool:
        """Whether *speech* is a bot's that is not to be answered."""
        now, known = speech.at or self._clock.now(), bool(set(_names(speech)) & _folded(self._config["bots"]))
        if known and self._last == key_of(speech):
            return True  # never twice in a row
        if not self._config["wary"]:
            return False
        named = _begins_with(speech.text or "", self._named_by())
        if talk.at and speech.at:
            evidence = self._evidence(talk, speech.text or "", now, named=named)
            talk.doubt = max(0.0, talk.doubt + evidence)
            if not speech.private:
                self._crowd = min(max(0.0, self._crowd + evidence), 2 * SUSPECT)
        talk.heard = now
        # Of several that answer each other in public none says much; what they say together counts for each.
        among = not speech.private and self._crowd >= SUSPECT and talk.doubt >= SUSPECT / 4
        if talk.doubt < SUSPECT and not among:
            talk.told = False
            return False
        if named and now - talk.named >= ONE_MORE:
            talk.named = now
            return False
        return True

    def _evidence(self, talk: _Talk, text: str, now: float, *, named: bool) -> float:
        """What *text*, said *now*, says for the speaker's being a bot; below 0 it says that he is none."""
        last = max(talk.at, talk.heard)
        if now - last > FORGIVEN:
            return -SUSPECT
        if now - last > FOLLOWS or (talk.heard > talk.at and now - talk.heard > UNASKED):
            return -1.0  # nobody had said anything to him: a bot would have nothing to answer
        if _fast(text, now - last) or _tidy(text):
            return NAMED if named else 1.0
        return -1.0

    def _talk(self, speech: Speech) -> _Talk:
        key = speech.id or speech.speaker or ""
        talk = self._talks.pop(key, None) or _Talk(deque(maxlen=max(1, self._config["answers"])))
        self._talks[key] = talk
        while len(self._talks) > MOST_KNOWN:
            idle = next((name for name, each in self._talks.items() if each.open is None), None)
            if idle is None or idle == key:
                break
            del self._talks[idle]
        return talk


def _begins_with(text: str, names: Sequence[str]) -> bool:
    """Whether *text* calls by one of *names* before all else."""
    called = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    return bool(called) and re.match(rf"\W*(?:{called})(?![^\W\u2e80-\U0010ffff])", text, re.IGNORECASE) is not None


def _names(speech: Speech) -> list[str]:
    return [name.casefold() for name in (speech.speaker, speech.id) if name]


def _folded(names: Sequence[str]) -> set[str]:
    return {name.casefold() for name in names}


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _fast(text: str, seconds: float) -> bool:
    """Whether nobody writes *text* in *seconds*."""
    return _columns(text) >= WHOLE / 2 and _columns(text) > TYPED * max(seconds, 0.0)


def _tidy(text: str) -> bool:
    """Whether *text* is written as people in a hurry do not: with a capital, or in 汉字, up to its full stop."""
    text = text.strip()
    if _columns(text) < WHOLE or not re.search(r"[.!?…。！？][\"'”’」』)）]?$", text):
        return False
    return text[0].isupper() or text[0] > "\u2e7f"
