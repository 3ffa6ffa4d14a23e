"""Reads what was kept of a session: our recordings, plain logs, and those of Mudlet and TinTin++.  Pure.

What a file is its content tells, not its name.  A recording has every byte of a link with its time.  A log has only the
lines that were shown: no telnet, no login, and times only where whoever wrote it put them before the lines.

Facts: Mudlet, TMainConsole::toggleLogging and TBuffer (UTF-8; ``Log session starting at``; HTML with a span for each
colour and ``<br>`` at a line's end; times as ``hh:mm:ss.zzz``).  TinTin++, src/log.c (raw: as it came, with colours;
plain: without; html: a span for each colour in one ``<pre>``, the charset in its head).
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from mudbot.errors import MudError
from mudbot.mud.charset import Guesser
from mudbot.mud.text import AUTO, decoder_name

Kind = Literal["recording", "log", "Mudlet log", "Mudlet log in HTML", "TinTin++ log in HTML"]
Direction = Literal["in", "out", "stop", "end"]

EPOCH = 946_684_800.0
"""Seconds since 1970 at which a log without a date begins: the first of January 2000."""
DAY = 86_400.0
STAMPED = 0.5
"""The part of the lines that must begin with a time for these to be the log's and not the MUD's."""
SAMPLE = 400
"""Lines that are looked at to find that out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What passed at once."""

    at: float | None
    """Seconds after the beginning; None where nothing tells."""
    dir: Direction
    """``in`` from the MUD, ``out`` to it; ``stop`` where the bot was told to end, ``end`` where the link ended."""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """What a model answered."""

    text: str
    key: str = ""
    """What it was asked, as ``key_of`` says it; empty where nothing tells."""
    at: float = 0.0
    """Seconds after the beginning."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A link from its beginning, byte by byte."""

    about: Mapping[str, Any]
    """The first line of a recording of ours; empty for others."""
    data: bytes = field(repr=False)
    kind: Kind = "recording"

    @property
    def login(self) -> bool:
        """Whether it begins with the login; the later files of a long link do not."""
        return int(self.about.get("part", 1)) == 1

    @property
    def inflated(self) -> bool:
        """Whether what came compressed stands in it as what it means."""
        return "mudbot" in self.about

    @property
    def began(self) -> float:
        """Seconds since 1970."""
        at = self.about.get("at")
        return _unix(str(at)) if at else EPOCH

    def pieces(self, _encoding: str) -> Iterator[Piece]:
        """Everything that passed, in order; what is of no kind known here is left out.

        Raises MudError naming the line that cannot be read; a torn last one is left out.
        """
        lines = self.data.splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                if "mudbot" not in entry and (direction := _direction(entry["dir"])) is not None:
                    yield Piece(float(entry["t"]), direction, bytes.fromhex(entry["hex"]))
            except (ValueError, KeyError, TypeError) as exc:
                if number < len(lines):
                    message = 'not {"t": seconds, "dir": "in" or "out", "hex": bytes}'
                    raise MudError(f"line {number} of the recording cannot be read: {message}") from exc

    def answers(self) -> Iterator[Told]:
        """What the model answered, in order.  Lines that cannot be read are left out."""
        for line in self.data.splitlines():
            if b'"model"' in line:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and entry.get("dir") == "model" and isinstance(entry.get("text"), str):
                        yield Told(entry["text"], str(entry.get("key") or ""), float(entry.get("t") or 0))


@dataclass(frozen=True, slots=True)
class Log:
    """Lines that were shown, without telnet and login."""

    kind: Kind
    lines: tuple[tuple[float | None, str], ...] = field(repr=False)
    """Seconds after the first one, and the line; colours may be in it, as ANSI."""
    began: float = EPOCH
    seems: str = ""
    """The encoding that it seems to be in, where it cannot be the one that it was read in."""
    login: Literal[False] = False
    inflated: Literal[True] = True

    @property
    def about(self) -> Mapping[str, Any]:
        return {}

    def answers(self) -> Iterator[Told]:
        """None: a log does not tell."""
        return iter(())

    def pieces(self, encoding: str) -> Iterator[Piece]:
        """Each line as the MUD would have sent it in *encoding*."""
        codec = decoder_name("utf-8" if encoding == AUTO else encoding)
        for at, line in self.lines:
            data = line.encode(codec, "replace").replace(b"\xff", b"\xff\xff")
            yield Piece(at, "in", data + b"\r\n")


Transcript = Recording | Log


def read(data: bytes, encoding: str | None = None, *, likely: str = "utf-8") -> Transcript:
    """What *data* holds.

    A log is read in *encoding*; without one, in what its head names, in UTF-8 where it is that, else in *likely*.
    Where that cannot be right, ``Log.seems`` names one that may be.  Raises MudError where it is neither a recording
    nor text.
    """
    about = _header(data)
    if about is not None:
        return Recording(about, data)
    if not data.strip():
        raise MudError("the transcript is empty")
    if b"\0" in data[:4096]:
        raise MudError("the transcript is no text: give a recording of mudbot's, or a log of lines")
    text = _decoded(data, encoding, likely)
    kind, lines = _shown(text)
    return replace(_timed(kind, lines), seems="" if encoding else _seeming(data, text))


def _header(data: bytes) -> Mapping[str, Any] | None:
    """The first line of a recording, empty where it is a piece already; None for what is no recording."""
    try:
        first = json.loads(data.lstrip().partition(b"\n")[0])
    except ValueError:
        return None
    if not isinstance(first, dict):
        return None
    if "mudbot" in first:
        if first["mudbot"] != 1:
            raise MudError(f"the recording is of a later mudbot (format {first['mudbot']!r}): replay it with that one")
        return first
    return {} if {"dir", "hex", "t"} <= first.keys() else None


def _direction(name: object) -> Direction | None:
    return name if name in ("in", "out", "stop", "end") else None


def _unix(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return EPOCH
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


# -- logs --------------------------------------------------------------------------------------------------------------

_NO_LETTER = "\ufffd"
_CHARSET = re.compile(rb"<meta[^>]*charset=[\"']?([\w-]{2,20})", re.IGNORECASE)


def _decoded(data: bytes, encoding: str | None, likely: str) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    if encoding is None:
        if found := _CHARSET.search(data[:4096]):
            try:
                return data.decode(decoder_name(found[1].decode("ascii")), "replace")
            except LookupError:
                pass
        try:
            return data.decode("utf-8")  # other encodings hardly ever look like it
        except UnicodeDecodeError:
            encoding = likely
    return data.decode(decoder_name(_guessed(data) if encoding == AUTO else encoding), "replace")


def _guessed(data: bytes) -> str:
    guesser = Guesser()
    for line in data.splitlines():
        guesser.hear(line)
        if guesser.done:
            break
    return guesser.guess.encoding


def _seeming(data: bytes, text: str) -> str:
    """An encoding in which *data* has less than a tenth of the letters that are none in *text*; empty without one."""
    wrong = text.count(_NO_LETTER)
    for name in (_guessed(data), "gbk", "big5") if wrong else ():
        if data.decode(decoder_name(name), "replace").count(_NO_LETTER) * 10 < wrong:
            return name
    return ""


_MUDLET_HTML = "<title>Mudlet, "
_TINTIN_HTML = "<meta http-equiv='content-type' content='text/html; charset="
_SESSION = re.compile(r"(?:Log session (?:starting|ending) at \d\d:\d\d:\d\d on .*|\u23af{80})$")
"""What Mudlet writes between the lines of the MUD, in English."""


def _shown(text: str) -> tuple[Kind, list[str]]:
    """What wrote *text*, and the lines that it shows, colours as ANSI."""
    head = text[:4096]
    if _MUDLET_HTML in head:
        kind, lines = "Mudlet log in HTML", _from_mudlet_html(text)
    elif _TINTIN_HTML in head and "<pre>" in head:
        kind, lines = "TinTin++ log in HTML", _lines(_as_ansi(text.partition("<pre>")[2].removeprefix("\n")))
    else:
        lines = _lines(text)
        kind = "Mudlet log" if any(_SESSION.match(line) for line in lines[:3]) else "log"
    if kind in ("Mudlet log", "Mudlet log in HTML"):
        lines = [line for line in lines if not _SESSION.match(_plain(line))]
    return kind, lines  # type: ignore[return-value]  # each a Kind


def _lines(text: str) -> list[str]:
    lines = re.split(r"\r*\n\r?", text)
    return lines[:-1] if not lines[-1] else lines


# -- colours in HTML ---------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)(span|br|p|hr)\b([^>]*)>|<[/!]?[a-z][^>]*>", re.IGNORECASE)
_COLOUR = re.compile(
    r"(?<![\w-])color:\s*(?:#([0-9a-f]{6}|[0-9a-f]{3})\b|rgb\((\d+),\s*(\d+),\s*(\d+)\))", re.IGNORECASE
)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_PALETTE = [
    *((170 * (i & 1), 170 * (i >> 1 & 1), 170 * (i >> 2)) for i in range(8)),
    *((85 + 170 * (i & 1), 85 + 170 * (i >> 1 & 1), 85 + 170 * (i >> 2)) for i in range(8)),
]
"""The sixteen colours as most terminals show them, TinTin++'s log among them."""


def _plain(line: str) -> str:
    return _ESCAPE.sub("", line)


def _from_mudlet_html(text: str) -> list[str]:
    body = text.partition("<body")[2].partition(">")[2]
    # Line ends of the file mean nothing there: those of the MUD are <br>.
    body = re.sub(r"\s*</div>\s*(?:<hr>\s*<div>|</body>.*)", "", re.sub(r"\r?\n", "", body))
    body = re.sub(r"</?p>", "<br>", body)
    shown = _lines(_as_ansi(body))
    while shown and not _plain(shown[-1]).strip():
        shown.pop()
    return shown


def _as_ansi(text: str) -> str:
    """HTML as a terminal shows it: of styles only the colour of letters, the nearest of sixteen."""
    shown, end = [], 0
    for tag in _TAG.finditer(text):
        shown.append(html.unescape(text[end : tag.start()]))
        end = tag.end()
        name = (tag[2] or "").lower()
        if name == "br":
            shown.append("\n")
        elif name == "span":
            found = None if tag[1] else _COLOUR.search(tag[3])
            shown.append(_pen(found) if found else "")
    shown.append(html.unescape(text[end:]))
    return "".join(shown)


def _pen(found: re.Match[str]) -> str:
    if found[1]:
        digits = found[1] if len(found[1]) == 6 else "".join(c * 2 for c in found[1])
        colour = tuple(int(digits[i : i + 2], 16) for i in (0, 2, 4))
    else:
        colour = tuple(int(found[i]) for i in (2, 3, 4))
    far = [sum((a - b) ** 2 for a, b in zip(colour, each, strict=True)) for each in _PALETTE]
    index = far.index(min(far))
    if index == 7:  # what text has that has no colour
        return "\x1b[0m"
    return f"\x1b[0;{'1;' if index > 7 else ''}{30 + index % 8}m"


# -- times -------------------------------------------------------------------------------------------------------------

_STAMP = re.compile(
    r"(?P<pen>(?:\x1b\[[0-9;]*m)*)"
    r"(?P<open>[\[(<])?(?:(?P<date>\d{4}-\d\d-\d\d)[T ])?(?P<time>[0-2]\d:[0-5]\d:[0-6]\d)(?:[.,](?P<part>\d{1,6}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?(?(open)[\])>]:?|(?=[ \t]|$))(?P<pen2>(?:\x1b\[[0-9;]*m)*)(?:[ \t]|$)"
)


def _timed(kind: Kind, lines: list[str]) -> Log:
    sample = [line for line in lines if _plain(line).strip()][:SAMPLE]
    stamped = sum(_STAMP.match(line) is not None for line in sample)
    if not sample or stamped < len(sample) * STAMPED:
        return Log(kind, tuple((None, line) for line in lines))
    found: list[tuple[float | None, str]] = []
    began: float | None = None
    last = days = 0.0
    for line in lines:
        stamp = _STAMP.match(line)
        if stamp is not None:
            line = stamp["pen"] + stamp["pen2"] + line[stamp.end() :]  # noqa: PLW2901  # without the time
            at = _moment(stamp) + days
            if began is None:
                began = at
            if at - began < last - DAY / 2 and not stamp["date"]:  # past midnight
                days, at = days + DAY, at + DAY
            last = max(last, at - began)
        found.append((last, line))
    return Log(kind, tuple(found), began if began is not None else EPOCH)


def _moment(stamp: re.Match[str]) -> float:
    """Seconds since 1970."""
    hours, minutes, seconds = map(int, stamp["time"].split(":"))
    at = hours * 3600.0 + minutes * 60 + seconds + float(f"0.{stamp['part'] or 0}")
    if not stamp["date"]:
        return EPOCH + at
    zone = (stamp["zone"] or "Z").replace("Z", "+00:00")
    return _unix(f"{stamp['date']}T00:00:00{zone}") + at


# -- what a model is asked ---------------------------------------------------------------------------------------------


def question(body: Mapping[str, Any]) -> str:
    """The last thing that is said to the model: the last message, or the last turn of a script."""
    if messages := body.get("messages"):
        content = messages[-1].get("content")
        if isinstance(content, list):
            content = " ".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
        return str(content or "")
    lines = str(body.get("prompt") or body.get("input") or "").rstrip().split("\n")
    if len(lines) < 2:
        return lines[0]
    own = lines.pop()  # the name of who is to speak
    since = max((i + 1 for i, line in enumerate(lines) if line.startswith(own)), default=0)
    return "\n".join(lines[since:])


def key_of(asked: str) -> str:
    """By what the answer to *asked* is found again: a hash, as the words stand in the bytes already."""
    return hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:16]


# -- what is typed -----------------------------------------------------------------------------------------------------

_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0|(\xff)|[^\xfa-\xff])", re.DOTALL)


class Typed:
    """The lines in what goes to a MUD, without telnet's own."""

    def __init__(self) -> None:
        self._rest = b""

    def __repr__(self) -> str:
        return f"<Typed {len(self._rest)} bytes pending>"

    def feed(self, data: bytes, encoding: str) -> list[str]:
        """The lines that *data* completes, read in *encoding*."""
        *lines, self._rest = (self._rest + _TELNET.sub(lambda found: found[1] or b"", data)).split(b"\n")
        codec = decoder_name("utf-8" if encoding == AUTO else encoding)
        return [line.strip(b"\r\0").decode(codec, "replace") for line in lines]
