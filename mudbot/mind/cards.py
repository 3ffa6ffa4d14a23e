"""Character cards as files: JSON, PNG and CHARX, of the specifications V1, V2 and V3; read whole, written whole.

A card is kept as the JSON value that it is, with every key that nobody here knows.  What of it becomes a persona is
decided in ``mudbot.mind.carding``.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from mudbot.errors import ConfigError, Problem
from mudbot.mind import png

MAX_FILE = 64 << 20
"""Bytes of a file; the picture may be large."""
MAX_JSON = png.MAX_TEXT
DEPTH = 100
"""Levels of a card's JSON; nobody's has ten."""

_CHUNKS = ("ccv3", "chara")
"""Where a card stands in a picture; the first is to be preferred (V3 specification)."""
_OTHERS = {b"\xff\xd8\xff": "a JPEG picture", b"RIFF": "a WebP picture", b"GIF8": "a GIF picture"}
# What a terminal may obey, an editor does not show, or YAML takes for the end of a line.
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e0fff]|[\U0001fffe\U0001ffff]"
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it was found."""

    value: dict[str, Any]
    """The whole of its JSON."""
    source: str
    """How it was written: ``JSON``, ``PNG (tEXt ccv3)``, ``CHARX``."""
    notes: tuple[str, ...] = ()
    """What was not in order with the file."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Its fields: those of V2 and V3 stand below ``data``, those of V1 at the top."""
        data = self.value.get("data")
        return data if isinstance(data, dict) and _like_a_card(data) else self.value

    @property
    def version(self) -> str:
        """``V1``, ``V2`` or ``V3``."""
        if self.data is self.value:
            return "V1"
        return "V3" if self.value.get("spec") == "chara_card_v3" else "V2"


def load_card(path: Path) -> Card:
    """The card in a file, whatever its name ends in.  Raises ConfigError that says what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "no file can have this name"
        raise ConfigError(Problem(str(path), f"cannot be read ({reason}): check the path")) from None
    return read_card(data, str(path.name))


def read_card(data: bytes, name: str) -> Card:
    """The card in *data*; *name* is what errors call it.  Raises ConfigError."""
    try:
        return _read(data)
    except _CardError as exc:
        raise ConfigError(Problem(name, str(exc))) from None


def parse(text: str) -> dict[str, Any]:
    """A card's JSON, as a persona's ``card:`` keeps it.  Raises ValueError."""
    try:
        return _parsed(text.encode("utf-8", "surrogatepass"))
    except _CardError as exc:
        raise ValueError(str(exc)) from None


def dump(value: Mapping[str, Any]) -> str:
    """*value* as JSON that people can read, that no terminal obeys and that YAML takes as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return _UNSAFE.sub(lambda m: json.dumps(m[0])[1:-1], text)


def to_png(value: Mapping[str, Any], picture: bytes, name: str) -> bytes:
    """*picture*, a PNG file, with the card in it.  Raises ConfigError that calls it *name* where it is none."""
    encoded = base64.b64encode(json.dumps(value, ensure_ascii=True, allow_nan=False).encode())
    keyword = "ccv3" if value.get("spec") == "chara_card_v3" else "chara"
    try:
        return png.with_texts(picture, {keyword: encoded}, without=_CHUNKS)
    except png.PngError as exc:
        raise ConfigError(Problem(name, f"{exc}: name a PNG picture")) from None


class _CardError(Exception):
    """No card can be read; the message follows the file's name."""


def _refuse(message: str) -> NoReturn:
    raise _CardError(message)


def _read(data: bytes) -> Card:
    if len(data) > MAX_FILE:
        _refuse(f"is longer than {MAX_FILE:,} bytes: is this the right file?")
    if data.startswith(png.SIGNATURE):
        return _from_png(data)
    for sign, what in _OTHERS.items():
        if data.startswith(sign) and b"PK\x05\x06" not in data[-70_000:]:
            _refuse(f"is {what}: a card is a PNG picture, a JSON file or a CHARX file; export it again as one of these")
    if b"PK\x05\x06" in data[-70_000:] and data.lstrip()[:1] != b"{":
        return _from_charx(data)
    return Card(_card(_parsed(data)), "JSON")


# -- pictures and archives -----------------------------------------------------------------------------------------


def _from_png(data: bytes) -> Card:
    texts, fault = png.texts(data)
    notes = [f"the picture {fault}"] if fault else []
    found = [text for name in _CHUNKS for text in texts if text.keyword.strip().casefold() == name]
    wrong = []
    for text in found:
        where = f"{text.chunk} {text.keyword}"
        try:
            value = _card(_parsed(_decoded(text.data)))
        except _CardError as exc:
            reason = f"{text.fault}; " if text.fault else ""
            wrong.append(f"{where}: {reason}{exc}")
            continue
        notes += [f"{each}; another chunk is used instead" for each in wrong]
        if text.fault:
            notes.append(f"{where}: {text.fault}; the card in it can be read, but compare it with its source")
        if others := {other.keyword for other in found if other is not text} - {each.split()[1] for each in wrong}:
            notes.append(f"the picture has another card in {', '.join(sorted(others))}: {text.keyword} is used")
        return Card(value, f"PNG ({where})", tuple(notes))
    if wrong:
        _refuse("; ".join([*wrong, *notes]) + ": get the file again, as pictures lose their card when they are resaved")
    why = f" ({notes[0]})" if notes else ""
    _refuse(f"has no card in it{why}: a picture loses it when it is converted or sent through a chat; get the original")


def _decoded(data: bytes) -> bytes:
    """Base64 as it is found: with line breaks, without padding, in the alphabet for URLs; or plain JSON."""
    text = b"".join(data.split())
    if text[:1] == b"{":
        return data
    text = text.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        _refuse("what it holds is not base64")


def _from_charx(data: bytes) -> Card:
    """A zip archive with ``card.json`` at its root."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("card.json") as file:
            found = file.read(MAX_JSON + 1)
    except KeyError:
        _refuse("is an archive without a card.json in it")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        _refuse("is an archive that is damaged or locked")
    return Card(_card(_parsed(found)), "CHARX", ("the pictures in the archive stay there",))


# -- JSON ----------------------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_JSON:
        _refuse(f"its JSON is longer than {MAX_JSON:,} bytes")
    try:
        text = data.decode("utf-8-sig", "surrogatepass")
    except UnicodeDecodeError:
        _refuse("is not UTF-8: it is damaged, or no card")
    if _depth(text) > DEPTH:
        _refuse(f"its JSON is nested deeper than {DEPTH} levels")
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_float)
    except ValueError as exc:
        line = f" (line {exc.lineno})" if isinstance(exc, json.JSONDecodeError) else ""
        _refuse(f"is no JSON{line}: it is damaged, or no card")
    if not isinstance(value, dict):
        _refuse("is JSON, but no card: a card is an object with a name")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _float(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings."""
    depth = deepest = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        depth += 1 if found[0] in "[{" else -1 if found[0] in "]}" else 0
        deepest = max(deepest, depth)
    return deepest


def _like_a_card(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in ("name", "description", "first_mes", "char_name"))


def _card(value: dict[str, Any]) -> dict[str, Any]:
    """*value*, if it is a card."""
    data = value.get("data")
    card = _like_a_card(value) or (isinstance(data, dict) and _like_a_card(data))
    if value.get("spec") == "lorebook_v3" or ("entries" in value and not card):
        _refuse("is a lorebook, not a card: put it into a card (Character Book), or write its entries under lore:")
    if not card:
        _refuse("is JSON, but no card: there is no name in it")
    return value
