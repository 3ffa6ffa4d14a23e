"""Pictures: the file by the hash of its content, the row by a short opaque id that is said in game."""

from __future__ import annotations

import asyncio
import hashlib
import io
import secrets
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mudbot.errors import BadAnswerError
from mudbot.store.store import Store, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Without the letters and digits that look alike: people read links aloud and type them.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 7
MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 16_000_000
TYPES = {"PNG": ("image/png", ".png"), "JPEG": ("image/jpeg", ".jpg"), "WEBP": ("image/webp", ".webp")}
# A JPEG with a second picture behind the first, as cameras write: every browser shows the first.
_SAME = {"MPO": "JPEG"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One stored picture."""

    id: str
    path: Path
    type: str
    caption: str
    link: str
    """What is said in game: short, and it lasts."""


class Pictures:
    """The pictures of one bot: rows in the store, files in its folder.

    ``public_url`` is where the web page can be reached from outside; the app sets it once it is known.
    """

    def __init__(self, store: Store, public_url: str = "") -> None:
        self._store = store
        self._folder = store.folder / "pictures"
        self.public_url = public_url

    async def add(self, data: bytes, *, session: str, speaker: str, prompt: str, caption: str) -> Picture:
        """Keep *data*.

        Raises BadAnswerError where it is no picture or too large, StoreError where it cannot be kept.
        """
        kind, suffix = await asyncio.to_thread(inspect, data)
        name = hashlib.sha256(data).hexdigest()[:32] + suffix
        try:
            await asyncio.to_thread(self._keep, name, data)
        except OSError as exc:
            raise StoreError(f"{self._folder / name}: {exc}; is the folder writable, and the disk not full?") from exc
        picture_id = "".join(secrets.choice(_LETTERS) for _ in range(ID_LENGTH))
        await self._store.write(
            "pictures",
            id=picture_id,
            session=session,
            speaker=speaker,
            prompt=prompt,
            caption=caption,
            file=name,
            type=kind,
        )
        return Picture(picture_id, self._folder / name, kind, caption, self._link(picture_id))

    async def find(self, picture_id: str) -> Picture | None:
        """The picture with this id, or None."""
        if len(picture_id) != ID_LENGTH or set(picture_id) - set(_LETTERS):
            return None

        def query(connection: Connection) -> Picture | None:
            from sqlalchemy import select

            from mudbot.store.tables import pictures

            row = connection.execute(select(pictures).where(pictures.c.id == picture_id)).one_or_none()
            if row is None:
                return None
            return Picture(row.id, self._folder / row.file, row.type, row.caption, self._link(row.id))

        return await self._store.read(query)

    def _link(self, picture_id: str) -> str:
        return f"{self.public_url.rstrip('/')}/i/{picture_id}"

    def _keep(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        if not path.exists():
            fresh = path.with_suffix(f".{secrets.token_hex(4)}.new")
            fresh.write_bytes(data)
            fresh.replace(path)


def inspect(data: bytes) -> tuple[str, str]:
    """Media type and file suffix of a picture; reads its header only, so a bomb is refused before it unfolds.

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
    return TYPES[kind]


def _whole(kind: str, data: bytes) -> bool:
    """Whether the end that each format prescribes is there; the pixels between are not looked at."""
    match kind:
        case "PNG":
            return b"IEND\xaeB`\x82" in data[-1024:]  # some servers write a few bytes behind it
        case "JPEG":
            return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")  # the last scan, which a thumbnail's is not, ends
        case _:
            return len(data) >= 8 + int.from_bytes(data[4:8], "little")
