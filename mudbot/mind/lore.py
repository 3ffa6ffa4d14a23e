"""Lore that comes to a character's mind: which pieces what was said calls up.

The semantics are those of World Info: SillyTavern's documentation of it ("World Info", "Timed Effects", "Activation
Settings") and the lorebooks of the character card specifications V2 and V3.  The numbers of messages are counted as
there: a line heard is one, the answer to it another.  What a MUD adds are conditions on the room, the time and the
speaker.  Everything is pure but for the LoreState of the conversation.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import time

from mudbot.mind.keys import Key, Listener, Text
from mudbot.mind.shape import Lore, Role
from mudbot.triggers.guard import Guard

REST = 3600.0
"""Seconds of silence after which a talk is a new one: what was sticky then is forgotten by people, too."""

_RANK: dict[Role, int] = {"anyone": 0, "trusted": 1, "owner": 2}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where, when and to whom the character answers."""

    room: str = ""
    time: time | None = None
    """The time of day; None where nobody knows, which is at none of the ``times`` of a piece."""
    role: Role = "anyone"
    groups: frozenset[str] = frozenset()
    speaker: str = ""


@dataclass(slots=True)
class LoreState:
    """What a conversation remembers of its lore.  *seed* makes its chances: the same talk has the same."""

    seed: str = ""
    messages: int = 0
    """Said so far, by both."""
    since: dict[int, int] = field(default_factory=dict)
    """For pieces that stay or cool down: at which message they were called."""
    at: float | None = None
    """When the last was heard."""


@dataclass(frozen=True, slots=True)
class Called:
    """A piece that comes to mind, and what called it: ``key 'ferry'``, ``constant``, ``sticky``, ``lore: key 'Wu'``."""

    entry: Lore
    why: str


class Recalled(list[Called]):
    """What comes to mind, in the order in which it is shown, and what was called but is left out, and why."""

    def __init__(self, called: Iterable[Called] = (), left_out: Iterable[Called] = ()) -> None:
        super().__init__(called)
        self.left_out = tuple(left_out)

    def texts(self, place: str) -> tuple[str, ...]:
        """The texts of those at *place* of the prompt, ``line`` or ``system``; a line's are of one line each."""
        texts = (called.entry.text for called in self if called.entry.place == place)
        return tuple(" ".join(text.split("\n")) if place == "line" else text for text in texts)


class Lorebook:
    """The lore of one character."""

    def __init__(
        self,
        entries: Sequence[Lore],
        *,
        scan_depth: int = 1,
        token_budget: int | None = None,
        recursion: int = 0,
        most: int | None = None,
    ) -> None:
        """*most* bounds how many pieces keys may call at once."""
        self.entries = tuple(entries)
        self.scan_depth, self.token_budget, self.recursion, self.most = scan_depth, token_budget, recursion, most
        self._heard = tuple(_Entry.of(number, entry) for number, entry in enumerate(self.entries))
        self._guard = Guard(each=0.01, total=0.03)
        self._regexes = any(entry.regexes for entry in self._heard)

    def __repr__(self) -> str:
        return f"<Lorebook of {len(self.entries)}>"

    def plainly(self, text: str, most: int) -> tuple[str, ...]:
        """The texts of at most *most* pieces that *text* calls up by their keys alone, whoever says it and when."""
        with self._guard if self._regexes else nullcontext():
            given, listener = Text([text]), Listener(self._guard)
            plain = [entry for entry in self._heard if entry.lore.plain]
            found = [(entry, hit) for entry in plain if (hit := entry.hit(given, listener)) is not None]
        found.sort(key=lambda pair: _rank(*pair))
        return tuple(entry.lore.text for entry, _ in found[:most])

    def recall(
        self,
        texts: Sequence[str],
        *,
        about: Circumstances,
        state: LoreState,
        now: float,
        tokens: Callable[[str], int],
    ) -> Recalled:
        """What comes to mind at the last of *texts*, the latest messages, newest last.

        *now* is the clock's time in seconds; *tokens* says how many tokens a text is.  *state* counts the line and the
        answer to it.
        """
        if state.at is not None and now - state.at > REST:
            state.messages, state.since = 0, {}
        state.at = now
        with self._guard if self._regexes else nullcontext():
            return _Recall(self, texts, about, state, tokens).run()


@dataclass(frozen=True, slots=True)
class _Hit:
    """How an entry was called."""

    why: str
    length: int = 0
    """Of the longest key that was found."""
    score: int = 0
    """Keys that were found."""
    sticky: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """A piece with its keys ready."""

    number: int
    lore: Lore
    keys: tuple[Key, ...]
    secondary: tuple[Key, ...]

    @classmethod
    def of(cls, number: int, lore: Lore) -> _Entry:
        def ready(keys: Iterable[str]) -> tuple[Key, ...]:
            return tuple(Key.of(key, case=lore.case, whole_words=lore.whole_words) for key in keys)

        return cls(number, lore, ready(lore.keys), ready(lore.secondary))

    @property
    def regexes(self) -> bool:
        return any(key.regex for key in (*self.keys, *self.secondary))

    def hit(self, text: Text, listener: Listener) -> _Hit | None:
        """Whether *text* calls it."""
        found = [key for key in self.keys if listener.hears(key, text)]
        if not found:
            return None
        score = len(found)
        if self.secondary:
            also = sum(listener.hears(key, text) for key in self.secondary)
            whole = also == len(self.secondary)
            fits = {"and any": also > 0, "and all": whole, "not any": also == 0, "not all": not whole}
            if not fits[self.lore.logic]:
                return None
            score += also if self.lore.logic.startswith("and") else 0
        longest = max(found, key=lambda key: len(key.text))
        return _Hit(f"key {longest.text!r}", len(longest.text), score)


def _rank(entry: _Entry, hit: _Hit) -> tuple[bool, bool, int, int, int]:
    """Who is taken first."""
    return not entry.lore.constant, not hit.sticky, -entry.lore.priority, -hit.length, entry.number


class _Recall:
    """One search."""

    def __init__(
        self,
        book: Lorebook,
        texts: Sequence[str],
        about: Circumstances,
        state: LoreState,
        tokens: Callable[[str], int],
    ) -> None:
        self.book, self.texts, self.about, self.state, self.tokens = book, texts, about, state, tokens
        self.message = state.messages + 1
        seed = f"{state.seed}/{self.message}"
        self.random = random.Random(seed)  # noqa: S311  # a story's chances, no secret's
        self.taken: dict[int, tuple[_Entry, _Hit]] = {}
        self.out: dict[int, Called] = {}
        self.echoes: list[str] = []
        """Texts of lore that may call more."""
        self.sweep, self.level = 0, 0
        self.spent, self.full = 0, False
        self.buffers: dict[int, Text] = {}
        self.listener = Listener(book._guard)  # noqa: SLF001

    def run(self) -> Recalled:
        levels = sorted({each.lore.only_by_lore for each in self.book._heard if each.lore.only_by_lore})  # noqa: SLF001
        while True:
            found = self._chosen(sorted(self._called(), key=lambda pair: _rank(*pair)))
            echoes = [e.lore.text for e, hit in found if self._take(e, hit) and not e.lore.calls_no_lore]
            self.echoes += echoes
            self.buffers.clear()
            if self.sweep >= self.book.recursion or self.full:
                break
            if not echoes or (self.sweep == 0 and levels):
                later = [level for level in levels if level > self.level]
                if not later and not echoes:
                    break
                self.level = later[0] if later else self.level
            self.sweep += 1
        return self._ended()

    # -- who is called -------------------------------------------------------------------------------------------------

    def _called(self) -> list[tuple[_Entry, _Hit]]:
        found = []
        for entry in self.book._heard:  # noqa: SLF001
            if entry.number in self.taken or entry.number in self.out or not self._may(entry.lore):
                continue
            if (hit := self._hit(entry)) is not None:
                found.append((entry, hit))
        return found

    def _may(self, lore: Lore) -> bool:
        """Whether the circumstances allow it."""
        room, about = self.about.room.casefold(), self.about
        return (
            lore.enabled
            and (not lore.rooms or any(name.casefold() in room for name in lore.rooms))
            and (not lore.times or (about.time is not None and any(_within(about.time, span) for span in lore.times)))
            and (not lore.roles or _RANK[about.role] >= min(_RANK[role] for role in lore.roles))
            and (not lore.groups or not about.groups.isdisjoint(lore.groups))
            and (not lore.speakers or about.speaker.casefold() in {name.casefold() for name in lore.speakers})
        )

    def _hit(self, entry: _Entry) -> _Hit | None:
        lore = entry.lore
        if (since := self.state.since.get(entry.number)) is not None:
            if self.message <= since + lore.sticky:
                return _Hit("sticky", sticky=True)
            if self.message <= since + lore.sticky + lore.cooldown:
                return None
        if self.message < lore.delay or (lore.not_by_lore and self.sweep):
            return None
        if lore.only_by_lore and (not self.sweep or lore.only_by_lore > self.level):
            return None
        if lore.constant:
            return _Hit("constant")
        hit = entry.hit(self._buffer(lore), self.listener)
        return _Hit(f"lore: {hit.why}", hit.length, hit.score) if hit and self.sweep else hit

    def _buffer(self, lore: Lore) -> Text:
        """What is searched for it."""
        depth = self.book.scan_depth if lore.scan_depth is None else lore.scan_depth
        if depth not in self.buffers:
            latest = self.texts[-depth:] if depth else ()
            self.buffers[depth] = Text([*latest, *self.echoes])
        return self.buffers[depth]

    # -- who is taken --------------------------------------------------------------------------------------------------

    def _chosen(self, found: list[tuple[_Entry, _Hit]]) -> list[tuple[_Entry, _Hit]]:
        """*found* with one of each label."""
        for label in dict.fromkeys(label for entry, _ in found for label in entry.lore.one_of):
            rivals = [pair for pair in found if label in pair[0].lore.one_of]
            if not rivals:  # all were out by another label
                continue
            winner = None
            if not any(label in entry.lore.one_of for entry, _ in self.taken.values()):
                winner = self._winner(rivals)
            for entry, hit in rivals:
                if winner is None or entry is not winner[0]:
                    self._leave(entry, hit, f"another of {label!r} is there")
                    found = [pair for pair in found if pair[0] is not entry]
        return found

    def _winner(self, rivals: list[tuple[_Entry, _Hit]]) -> tuple[_Entry, _Hit]:
        if sticky := [pair for pair in rivals if pair[1].sticky]:
            return sticky[0]
        best = max((hit.score for _, hit in rivals), default=0)
        rivals = [(entry, hit) for entry, hit in rivals if not entry.lore.by_keys or hit.score == best] or rivals
        if first := [pair for pair in rivals if pair[0].lore.by_priority]:
            return min(first, key=lambda pair: _rank(*pair))
        weights = [entry.lore.weight for entry, _ in rivals]
        return self.random.choices(rivals, weights if any(weights) else None)[0] if len(rivals) > 1 else rivals[0]

    def _take(self, entry: _Entry, hit: _Hit) -> bool:
        lore = entry.lore
        if not hit.sticky and lore.probability < 100 and self.random.random() * 100 >= lore.probability:
            self._leave(entry, hit, "by chance")
            return False
        free = lore.constant or hit.sticky
        keyed = sum(not (other.lore.constant or how.sticky) for other, how in self.taken.values())
        if not free and self.book.most is not None and keyed >= self.book.most:
            self._leave(entry, hit, f"no more than {self.book.most} at once")
            return False
        if not self._afford(lore):
            self._leave(entry, hit, f"the budget of {self.book.token_budget} tokens is used up")
            return False
        self.taken[entry.number] = entry, hit
        return True

    def _afford(self, lore: Lore) -> bool:
        if self.book.token_budget is None:
            return True
        cost = self.tokens(lore.text)
        if not lore.beyond_budget and (self.full or self.spent + cost > self.book.token_budget):
            self.full = True  # a shorter one of lower rank does not slip in
            return False
        self.spent += cost
        return True

    def _leave(self, entry: _Entry, hit: _Hit, why: str) -> None:
        self.out[entry.number] = Called(entry.lore, f"{hit.why}, but {why}")

    def _ended(self) -> Recalled:
        for entry, hit in self.taken.values():
            if not hit.sticky and (entry.lore.sticky or entry.lore.cooldown):
                self.state.since[entry.number] = self.message
        self.state.messages = self.message + 1  # the answer
        shown = sorted(self.taken.values(), key=lambda pair: _place(pair[0].lore))
        return Recalled((Called(entry.lore, hit.why) for entry, hit in shown), self.out.values())


def _place(lore: Lore) -> int:
    return lore.priority if lore.order is None else lore.order


def _within(now: time, span: str) -> bool:
    """Whether *now* is in a span such as ``18:00-06:00``, its end not counted."""
    start, end = (time.fromisoformat(part) for part in span.split("-"))
    return start <= now < end if start <= end else now >= start or now < end
