"""Pictures: the file by the hash of its content, the row by a short opaque id that is said in game."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from mudbot.store.imagefile import MAX_BYTES, inspect, look
from mudbot.store.store import Store, StoreError
from mudbot.store.thumbs import Thumbs

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)
T = TypeVar("T")

# Without the letters and digits that look alike: people read links aloud and type them.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 7
HALF_WRITTEN = 3600.0
"""Seconds after which nobody writes a file any more."""

__all__ = ["ID_LENGTH", "MAX_BYTES", "More", "Picture", "Pictures", "inspect", "is_id"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One stored picture."""

    id: str
    path: Path
    type: str
    caption: str
    link: str
    """What is said in game: short, and it lasts."""
    at: float = 0.0
    """When it was made, in seconds since 1970."""
    session: str = ""
    speaker: str = ""
    """The name of who asked."""
    player: str = ""
    """The key of who asked: the login id where the MUD shows it, else the name.  For no public page."""
    character: str = ""
    place: str = ""
    """The room's name, where it is a picture of one."""
    subject: str = ""
    """The same for the same thing to draw."""
    style: str = ""
    prompt: str = ""
    words: str = ""
    """What the player asked for, as it was said."""
    parent: str = ""
    """The id of the picture that this one is an edit or a variation of."""
    private: bool = True
    """Asked for in private, or nobody knows: it has a link, stands in no gallery, and its words are nobody's."""
    pinned: bool = False
    model: str = ""
    width: int = 0
    """Pixels; 0 where it is not known yet."""
    height: int = 0
    size: int = 0
    """Bytes of the file; 0 where it is not known yet."""


class More(TypedDict, total=False):
    """What may be said of a picture besides what must be; see the fields of ``Picture``."""

    player: str
    character: str
    place: str
    subject: str
    style: str
    words: str
    parent: str
    private: bool
    model: str


class Pictures:
    """The pictures of one bot: rows in the store, files in its folder.

    ``public_url`` is where the web page can be reached from outside; the app sets it once it is known.
    """

    def __init__(self, store: Store, public_url: str = "") -> None:
        self._store = store
        self.folder = store.folder / "pictures"
        """Where the files are."""
        self._thumbs = Thumbs(self.folder)
        self.public_url = public_url
        self.added = asyncio.Event()
        """Set whenever there is one more; who tends them clears it."""

    async def add(
        self, data: bytes, *, session: str, speaker: str, prompt: str, caption: str, **more: Unpack[More]
    ) -> Picture:  # fmt: skip
        """Keep *data*; it is ``private`` unless *more* says otherwise.

        Raises BadAnswerError where it is no picture or too large, StoreError where it cannot be kept.
        """
        seen = await asyncio.to_thread(look, data)
        name = hashlib.sha256(data).hexdigest()[:32] + seen.suffix
        about: dict[str, Any] = {"session": session, "speaker": speaker, "prompt": prompt, "caption": caption}
        about |= {"private": True, "pinned": False, **{key: value for key, value in more.items() if value is not None}}
        about |= {"file": name, "type": seen.type, "width": seen.width, "height": seen.height, "size": len(data)}
        try:
            fresh = await asyncio.to_thread(self._write, name, data)
        except OSError as exc:
            raise StoreError(f"{self.folder / name}: {exc}; is the folder writable, and the disk not full?") from exc
        at = self._store.clock.wall()
        picture = self._picture(await self._store.change(lambda it: self._keep(it, {"at": at, **about}, fresh)))
        await self._thumbs.make(picture.path)
        self.added.set()
        return picture

    async def find(self, picture_id: str) -> Picture | None:
        """The picture with this id, or None."""
        if not is_id(picture_id):
            return None

        def query(connection: Connection) -> Any:
            from mudbot.store import gallery

            return gallery.one(connection, picture_id)

        row = await self._store.browse(query)
        return None if row is None else self.of(row)

    async def is_gone(self, picture_id: str) -> bool:
        """Whether there was a picture with this id, which was deleted."""
        if not is_id(picture_id):
            return False

        def query(connection: Connection) -> bool:
            from mudbot.store import gallery

            return gallery.is_gone(connection, picture_id)

        return await self._store.browse(query)

    async def of_subject(self, subject: str, since: float) -> Picture | None:
        """The newest picture of *subject* made *since* then (seconds since 1970) that is still there, or None.

        One that stands in the gallery goes before one that was asked for in private.
        """
        if not subject:
            return None

        def query(connection: Connection) -> Picture | None:
            from mudbot.store import gallery

            found = map(self.of, gallery.of_subject(connection, subject, since))
            return next((picture for picture in found if picture.path.is_file()), None)

        return await self._store.read(query)

    async def pin(self, picture_id: str, *, pinned: bool) -> bool:
        """Keep the picture whatever its age, or no longer; False where there is none with this id."""

        def work(connection: Connection) -> bool:
            from mudbot.store import gallery

            return gallery.pin(connection, picture_id, pinned=pinned)

        return is_id(picture_id) and await self._store.change(work)

    async def delete(self, ids: Collection[str], *, spare_pinned: bool = False) -> int:
        """Delete these, and say how many there were.

        A file goes with the last picture that shows it, and its thumbnail with it.  What is deleted is overwritten in
        the database; of the picture stays its id alone, so that its link can say that it is gone.
        """

        def work(connection: Connection) -> int:
            from mudbot.store import gallery

            count, files = gallery.delete(connection, ids, self._store.clock.wall(), spare_pinned=spare_pinned)
            for name in files:  # here, where no other process can add the same picture meanwhile
                self._remove(name)
            return count

        return await self._store.change(work) if ids else 0

    async def browse(self, query: Callable[[Connection], T]) -> T:
        """The result of *query* (of ``mudbot.store.gallery``), for a page.  Raises StoreError."""
        return await self._store.browse(query)

    async def thumb(self, picture: Picture) -> Path | None:
        """The file of its thumbnail, a WebP, made now where it is missing; None where it cannot be made."""
        return await self._thumbs.make(picture.path)

    def sweep(self) -> None:
        """Delete what was left behind where the bot was killed: half-written files, thumbnails of no picture.

        Waits for the disk: for a thread.
        """
        for folder in (self.folder, self._thumbs.folder):
            for path in folder.glob("*.new") if folder.is_dir() else ():
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > HALF_WRITTEN:  # the disk's own time, not the bot's
                        path.unlink()
        self._thumbs.sweep()

    def of(self, row: Any) -> Picture:
        """A row of the table, as a picture."""
        return self._picture(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it

    def _picture(self, row: Any) -> Picture:
        # Rows of older schemas have nothing in most columns.  Whether they were private nobody knows any more.
        known = {key: value for key, value in row.items() if value is not None and key not in ("file", "private")}
        private = row["private"] is not False
        return Picture(path=self.folder / row["file"], link=self._link(row["id"]), private=private, **known)

    def _link(self, picture_id: str) -> str:
        return f"{self.public_url.rstrip('/')}/i/{picture_id}"

    def _write(self, name: str, data: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = (self.folder / name).with_suffix(f".{secrets.token_hex(4)}.new")
        try:
            fresh.write_bytes(data)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        return fresh

    def _keep(self, connection: Connection, about: dict[str, Any], fresh: Path) -> dict[str, Any]:
        """The row, then the file, in one transaction: another process that deletes the same picture waits for it."""
        from mudbot.store import gallery

        try:
            row = gallery.insert(connection, about, _ids())
            fresh.replace(self.folder / row["file"])
        finally:
            fresh.unlink(missing_ok=True)
        return row

    def _remove(self, name: str) -> None:
        for path in (self.folder / name, self._thumbs.path(self.folder / name)):
            try:
                path.unlink(missing_ok=True)
            except OSError as exc:
                log.warning("%s: cannot be deleted: %s", path, exc)


def is_id(text: str) -> bool:
    """Whether *text* could be a picture's id."""
    return len(text) == ID_LENGTH and not set(text) - set(_LETTERS)


def _ids() -> Iterator[str]:
    while True:
        yield "".join(secrets.choice(_LETTERS) for _ in range(ID_LENGTH))
