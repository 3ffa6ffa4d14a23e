"""Lines to speech where one line is not enough: wrapped words, pages in two lines, lines that were cut.  Pure.

Who knows the width of a screen chooses what stands at a line's beginning.  So lines that were held back and say nothing
in the end are ``quoted``, as those right behind them are until the words close: they may not be the MUD's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from mudbot.events import Line, Span, Speech
from mudbot.mud.dialect import Dialect

ANNOUNCED_FOR = 3
"""Lines for which an announcement of who speaks next holds."""
WORDY = 50
"""Lines for which words go on at most where nothing is held any more: no MUD takes more in one command."""
BROKEN = 60
"""Characters of the shortest line that a MUD breaks: a screen of 80 columns less a long word, which would not fit."""

Heard = tuple[Line, Speech | None]


class _Looks:
    """How a joined line looks: as its first one, which holds the frame; where the others went is not kept."""

    def __init__(self, first: Line) -> None:
        self._first = first

    def spans(self, _row: int) -> tuple[Span, ...]:
        return self._first.spans


class Ear:
    """What a dialect makes of the lines of one connection, in order; a joined line counts as one."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._announce = dialect.compile(dialect.announce) if dialect.announce else None
        wrap = dialect.wrap
        self._wrap = (dialect.compile(wrap.opens), dialect.compile(wrap.closes)) if wrap else None
        self._open: list[Line] = []
        self._announced, self._lines_left = "", 0
        self._amid_line = False
        self._going_on = 0  # lines that may be the rest of words of which nothing is held any more

    def __repr__(self) -> str:
        return f"<Ear {self._dialect.name}{f', {len(self._open)} lines open' if self._open else ''}>"

    @property
    def open(self) -> bool:
        """Whether lines are held back until it is known how their speech ends."""
        return bool(self._open)

    @property
    def amid_words(self) -> bool:
        """Whether somebody's words may go on, held back or not, until ``flush`` was called once or twice."""
        return bool(self._open or self._going_on)

    @property
    def attentive(self) -> bool:
        """Whether the next line goes on with what began: its speech, what was announced, or a line that was cut."""
        return bool(self._open or self._going_on or self._lines_left or self._amid_line)

    def hear(self, line: Line, numbers: Sequence[int] | None = None) -> list[Heard]:
        """What *line* says; empty while more of it must come, several entries where it ends a wait for nothing.

        *numbers* are those of ``Dialect.in_game`` that may be in it, if somebody looked.
        """
        # The rest of a line that was too long begins where its sender chose: nothing in it is speech.
        amid, self._amid_line = self._amid_line, line.cut
        if amid:
            return [*self.flush(), (line.as_quoted(), None)]
        if self._wrap is not None and (self._open or self._begins(line)):
            return self._collect(line)
        goes_on = self._amid_line or self._going_on > 0
        if self._going_on:
            self._count(line)
        speech = self._read(line, numbers)
        if speech is not None and speech.kind != "self" and self._wrap is not None and self._wrap[1].search(line.text):
            self._closes(line)
        return [(line.as_quoted() if goes_on and speech is None else line, speech)]

    def flush(self, *, over: bool = False) -> list[Heard]:
        """What was held back, as lines that say nothing: what stands in them began where a speaker chose.

        The rest of it may follow, until this is called once more; with *over* the MUD said that nothing does.
        """
        held, self._open = self._open, []
        self._going_on = WORDY if held and not over else 0
        return [(line.as_quoted(), None) for line in held]

    def _count(self, line: Line) -> None:
        """*line* may be of words of which nothing is held any more: do they go on behind it?"""
        assert self._wrap is not None
        self._going_on -= 1
        if len(line.text) < BROKEN and self._wrap[1].search(line.text):
            self._going_on = 0

    def _closes(self, line: Line) -> None:
        """*line* closes words, or a quotation in them where the line was broken: then the rest of them follows."""
        self._going_on = WORDY if len(line.text) >= BROKEN else 0

    def _begins(self, line: Line) -> bool:
        assert self._wrap is not None
        opens, closes = self._wrap
        text = self._dialect.bare(line.text)
        return opens.search(text) is not None and not (closes.search(text) and self._dialect.hear_line(line))

    def _collect(self, line: Line) -> list[Heard]:
        assert self._wrap is not None
        assert self._dialect.wrap is not None
        self._open.append(line)
        if len(self._open) > 1 and self._wrap[1].search(line.text):
            held, self._open = self._open, []
            self._closes(line)
            first, *rest = held
            text = self._dialect.wrap.joint.join([first.text.rstrip(), *(each.text.strip() for each in rest)])
            joined = Line(text, prompt=first.prompt, colours=_Looks(first))
            speech = None if self._ambiguous(rest) else self._read(joined)
            return [(joined, speech)] if speech else [(each.as_quoted(), None) for each in held]
        return self.flush() if len(self._open) >= self._dialect.wrap.lines else []

    def _ambiguous(self, rest: list[Line]) -> bool:
        """Whether one of *rest* is speech by itself, or begins one: then it is not certain whose words are whose.

        Either a speaker had somebody else's line stand at a line's beginning, or an emote was worded as speech that
        does not end, so that what others say next would be told as the emoter's.  Better nobody than the wrong one.
        """
        assert self._wrap is not None
        opens, bare, hear_line = self._wrap[0], self._dialect.bare, self._dialect.hear_line
        return any(hear_line(line) is not None or opens.search(bare(line.text)) for line in rest)

    def _read(self, line: Line, numbers: Sequence[int] | None = None) -> Speech | None:
        speech = self._dialect.hear_line(line, self._announced if self._lines_left else None, numbers)
        self._lines_left = max(0, self._lines_left - 1)
        if speech is None and self._announce and (found := self._announce.match(self._dialect.bare(line.text))):
            self._announced, self._lines_left = found["speaker"], ANNOUNCED_FOR
        elif speech is not None and speech.speaker == self._announced:
            self._lines_left = 0
        return speech
