"""Thumbnails: a small WebP beside each picture, made once, in a thread, one at a time."""

from __future__ import annotations

import asyncio
import logging
import secrets
import warnings
from pathlib import Path

log = logging.getLogger(__name__)

SIDE = 480
"""Pixels of the longer side: sharp at 240 on screens of double density, and about 20 KB."""
QUALITY = 78


class Thumbs:
    """The thumbnails of the pictures in *folder*, in a folder of their own within it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "thumbs"
        # A picture of 16 megapixels unfolds to 64 MB: never two at once, however many ask.
        self._lock = asyncio.Lock()
        self._hopeless: dict[Path, None] = {}

    def path(self, picture: Path) -> Path:
        """Where the thumbnail of *picture* is, once it is made."""
        return self.folder / f"{picture.stem}.webp"

    async def make(self, picture: Path) -> Path | None:
        """The thumbnail of *picture*, made where it is missing; None where that cannot be."""
        path = self.path(picture)
        if await asyncio.to_thread(path.is_file):
            return path
        async with self._lock:
            if picture in self._hopeless:
                return None
            try:
                await asyncio.to_thread(_make, picture, path)
            except FileNotFoundError:
                return None  # the picture was deleted meanwhile
            except Exception as exc:  # noqa: BLE001 - decoders raise what they like, and the picture is there anyway
                log.warning("%s: no thumbnail: %s", picture.name, exc)
                if len(self._hopeless) >= 1000:
                    self._hopeless.pop(next(iter(self._hopeless)))
                self._hopeless[picture] = None
                return None
        return path

    def sweep(self) -> None:
        """Delete those of which there is no picture any more.  Waits for the disk: for a thread."""
        if not self.folder.is_dir():
            return
        pictures = {path.stem for path in self.folder.parent.iterdir()}
        for path in self.folder.glob("*.webp"):
            if path.stem not in pictures:
                path.unlink(missing_ok=True)


def _make(picture: Path, path: Path) -> None:
    from PIL import Image, ImageOps

    if path.is_file():  # somebody else's turn with the lock came first
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata; the bounds were looked at when it was added
        with Image.open(picture, formats=["PNG", "JPEG", "WEBP"]) as image:
            image.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG need not be unfolded whole
            small = ImageOps.exif_transpose(image)
            small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}.new")
    try:
        small.save(fresh, "WEBP", quality=QUALITY, method=4)
        if picture.is_file():
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
