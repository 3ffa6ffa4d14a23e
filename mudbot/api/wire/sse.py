"""Server-sent events, from bytes in any slices to events.  Pure: no socket, no clock.

Follows the event stream section of the WHATWG HTML standard: LF, CR or CRLF end a line, a blank line ends an event,
``:`` opens a comment, several ``data`` lines join with LF, one leading BOM is ignored, an unfinished event at the end
is dropped.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from mudbot.errors import BadAnswerError

LONGEST = 4 * 1024 * 1024
"""Characters of one event.  A chat chunk has under 1,000; a picture streamed in base64 up to 3 million."""

_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type (``message`` where none was given), its data, and the last id that was seen."""

    data: str
    event: str = "message"
    id: str = ""


class Parser:
    """Feed it bytes as they come.  Raises BadAnswerError when one event exceeds *longest* characters."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._begun = False
        self._after_cr = False
        self._rest: list[
            str
        ] = []  # pieces of the line that is not complete yet: joined once, so 1-byte slices stay linear
        self._size = 0
        self._data: list[str] = []
        self._event = ""
        self._id = ""

    def __repr__(self) -> str:
        return f"<Parser {len(self._data)} data lines, {self._size} characters held>"

    def feed(self, data: bytes) -> list[Event]:
        """The events that *data* completes, often none."""
        text = self._decode(data)
        if not text:
            return []
        if not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if self._after_cr:  # that CR has ended its line already: an LF after it is the other half of one CRLF
            text = text.removeprefix("\n") if text else text
            self._after_cr = False
        self._after_cr = text.endswith("\r")
        *lines, rest = _LINE_END.split(text)
        events = [event for line in lines if (event := self._line(line)) is not None]
        self._hold(rest)
        return events

    def _line(self, piece: str) -> Event | None:
        self._hold(piece)
        line = "".join(self._rest)
        self._rest.clear()
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        else:
            self._size -= len(line)  # only data is kept: endless comments (keep-alives) are no endless event
            if name == "event":
                self._event = value
            elif name == "id" and "\0" not in value:
                self._id = value
        return None

    def _dispatch(self) -> Event | None:
        data, event, self._data, self._event, self._size = self._data, self._event, [], "", 0
        return Event("\n".join(data), event or "message", self._id) if data else None

    def _hold(self, piece: str) -> None:
        if not piece:
            return
        self._size += len(piece)
        if self._size > self._longest:
            raise BadAnswerError(
                f"one event of the stream is longer than {self._longest:,} characters, which no such API sends -- "
                "check that api.base_url leads to an OpenAI-compatible server"
            )
        self._rest.append(piece)
