"""What bytes are as a picture: found from the header alone, so that a bomb is refused before it unfolds."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from mudbot.errors import BadAnswerError

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 16_000_000
TYPES = {"PNG": ("image/png", ".png"), "JPEG": ("image/jpeg", ".jpg"), "WEBP": ("image/webp", ".webp")}
# A JPEG with a second picture behind the first, as cameras write: every browser shows the first.
_SAME = {"MPO": "JPEG"}


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture is by its header."""

    type: str
    """Its media type."""
    suffix: str
    """Of a file that holds it, with the dot."""
    width: int
    """Pixels."""
    height: int


def look(data: bytes) -> Look:
    """What *data* is.

    Raises BadAnswerError for what is no PNG, JPEG or WebP, or is larger than 16 MiB or 16 megapixels.
    """
    from PIL import Image, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise BadAnswerError(f"the picture has {len(data):,} bytes; at most {MAX_BYTES:,} are accepted")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bombs, whose bound below is the stricter one, and of odd metadata
            with Image.open(io.BytesIO(data), formats=list(TYPES)) as image:
                width, height, kind = *image.size, image.format or ""
    except Image.DecompressionBombError as exc:
        raise BadAnswerError(f"the picture has far too many pixels; at most {MAX_PIXELS:,} are accepted") from exc
    except (UnidentifiedImageError, OSError, ValueError) as exc:
        raise BadAnswerError("the image server sent something that is not a PNG, JPEG or WebP picture") from exc
    if width * height > MAX_PIXELS:
        raise BadAnswerError(f"the picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted")
    kind = _SAME.get(kind, kind)
    if not _whole(kind, data):
        raise BadAnswerError("the image server sent a picture whose end is missing")
    return Look(*TYPES[kind], width, height)


def inspect(data: bytes) -> tuple[str, str]:
    """Media type and file suffix of a picture.  Raises BadAnswerError as ``look`` does."""
    seen = look(data)
    return seen.type, seen.suffix


def _whole(kind: str, data: bytes) -> bool:
    """Whether the end that each format prescribes is there; the pixels between are not looked at."""
    match kind:
        case "PNG":
            return b"IEND\xaeB`\x82" in data[-1024:]  # some servers write a few bytes behind it
        case "JPEG":
            return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")  # the last scan, which a thumbnail's is not, ends
        case _:
            return len(data) >= 8 + int.from_bytes(data[4:8], "little")
