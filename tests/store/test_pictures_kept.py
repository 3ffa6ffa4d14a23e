"""Pictures: what is told of them, found by subject, pinned, deleted with their files, and never of an id that was."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mudbot.store import gallery
from mudbot.store.gallery import Which
from mudbot.store.pictures import Picture, Pictures
from mudbot.store.store import FILE, Store
from mudbot.testing import FakeClock


def png(colour: int = 0, size: tuple[int, int] = (8, 8)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (colour, 90, 90)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures(store: Store) -> Pictures:
    return Pictures(store, "http://bot.example")


async def add(pictures: Pictures, colour: int = 0, **more: Any) -> Picture:
    given: dict[str, Any] = {"session": "s", "speaker": "Ann", "prompt": "a crane", "caption": "A crane"} | more
    return await pictures.add(png(colour), **given)


async def test_all_that_is_told_is_found_again(pictures: Pictures) -> None:
    more: dict[str, Any] = {
        "player": "ann", "character": "Chen", "place": "The Inn", "subject": "abc", "style": "ink", "words": "draw!",
        "parent": "aaaaaaa", "private": False, "model": "painter",
    }  # fmt: skip
    picture = await add(pictures, **more)
    assert await pictures.find(picture.id) == picture
    assert {name: getattr(picture, name) for name in more} == more
    assert (picture.width, picture.height, picture.size) == (8, 8, len(png()))
    assert (picture.at, picture.pinned) == (1_700_001_000, False)


async def test_who_says_nothing_keeps_it_private(pictures: Pictures) -> None:
    """A plugin that knows nothing of galleries puts nobody's words into one."""
    assert (await add(pictures)).private


async def test_a_picture_of_an_older_schema_is_private(tmp_path: Path, clock: FakeClock) -> None:
    """Nobody knows any more whether it was asked for in private."""
    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / FILE) as connection:
        connection.execute(
            "CREATE TABLE pictures (id VARCHAR(16) PRIMARY KEY, at FLOAT NOT NULL, session VARCHAR(80) NOT NULL,"
            " speaker VARCHAR(80) NOT NULL, prompt TEXT NOT NULL, caption TEXT NOT NULL, file VARCHAR(80) NOT NULL,"
            " type VARCHAR(40) NOT NULL)"
        )
        connection.execute("CREATE INDEX pictures_by_time ON pictures (at)")
        connection.execute("INSERT INTO pictures VALUES ('aaaaaaa', 5, 's', 'Ann', 'p', 'c', 'x.png', 'image/png')")
        connection.execute("PRAGMA user_version=4")
    connection.close()
    store = Store(tmp_path / "data", clock)
    pictures = Pictures(store)
    old = await pictures.find("aaaaaaa")
    leaf = await store.browse(lambda it: gallery.leaf(it, Which(private=False)))
    unsaid = await store.browse(lambda it: gallery.leaf(it, Which(private=True)))
    await store.close()
    assert old is not None
    assert (old.private, old.pinned, old.place, old.width) == (True, False, "", 0)
    assert (len(leaf.rows), len(unsaid.rows)) == (0, 1)


# -- one picture for one place -----------------------------------------------------------------------------------------


async def test_the_newest_of_a_subject_is_found(pictures: Pictures, clock: FakeClock) -> None:
    first = await add(pictures, subject="inn", private=False)
    await clock.advance(100)
    second = await add(pictures, 1, subject="inn", private=False)
    await add(pictures, 2, subject="other", private=False)
    assert await pictures.of_subject("inn", 0) == second
    assert await pictures.of_subject("inn", first.at + 101) is None
    assert await pictures.of_subject("", 0) is None


async def test_a_public_picture_of_a_subject_goes_before_a_private_one(pictures: Pictures, clock: FakeClock) -> None:
    public = await add(pictures, subject="inn", private=False)
    await clock.advance(100)
    private = await add(pictures, 1, subject="inn", private=True)
    assert await pictures.of_subject("inn", 0) == public
    assert await pictures.of_subject("inn", public.at + 1) == private


async def test_a_picture_whose_file_is_gone_is_of_no_subject(pictures: Pictures) -> None:
    """It is drawn again, not linked to."""
    picture = await add(pictures, subject="inn")
    picture.path.unlink()
    assert await pictures.of_subject("inn", 0) is None


# -- pinned and deleted ------------------------------------------------------------------------------------------------


async def test_a_picture_is_pinned_and_let_go(pictures: Pictures) -> None:
    picture = await add(pictures)
    assert await pictures.pin(picture.id, pinned=True)
    found = await pictures.find(picture.id)
    assert found is not None
    assert found.pinned
    assert await pictures.pin(picture.id, pinned=False)
    assert await pictures.find(picture.id) == picture
    assert not await pictures.pin("aaaaaaa", pinned=True)
    assert not await pictures.pin("'; DROP", pinned=True)


async def test_a_file_goes_with_the_last_picture_that_shows_it(pictures: Pictures) -> None:
    """And its thumbnail with it."""
    first, second = await add(pictures), await add(pictures)
    thumb = await pictures.thumb(first)
    assert thumb is not None
    assert await pictures.delete([first.id]) == 1
    assert second.path.exists()
    assert thumb.exists()
    assert await pictures.delete([second.id, second.id, "aaaaaaa"]) == 1
    assert not second.path.exists()
    assert not thumb.exists()
    assert await pictures.delete([]) == 0


async def test_a_deleted_picture_is_known_to_be_gone(pictures: Pictures) -> None:
    picture = await add(pictures)
    assert not await pictures.is_gone(picture.id)
    await pictures.delete([picture.id])
    assert await pictures.find(picture.id) is None
    assert await pictures.is_gone(picture.id)
    assert not await pictures.is_gone("aaaaaaa")
    assert not await pictures.is_gone("?")


async def test_of_a_deleted_picture_no_word_stays(tmp_path: Path, clock: FakeClock) -> None:
    """From the bytes of the file, too."""
    store = Store(tmp_path / "data", clock)
    pictures = Pictures(store)
    picture = await add(pictures, words="my gold lies under the oak", speaker="Wilhelmina")
    await pictures.delete([picture.id])
    await store.close()
    kept = b"".join(path.read_bytes() for path in store.folder.glob(f"{FILE}*"))
    assert b"under the oak" not in kept
    assert b"Wilhelmina" not in kept
    assert picture.id.encode() in kept


async def test_an_id_is_never_used_again(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that is there, nor one that was: its link may still be in somebody's notes."""
    there, was = await add(pictures), await add(pictures)
    await pictures.delete([was.id])
    monkeypatch.setattr("mudbot.store.pictures._ids", lambda: iter([there.id, was.id, "bbbbbbb"]))
    assert (await add(pictures)).id == "bbbbbbb"


async def test_a_picture_that_is_added_while_its_twin_is_deleted_has_its_file(pictures: Pictures) -> None:
    """In whatever order they come."""
    for _ in range(10):
        first = await add(pictures)
        _, second = await asyncio.gather(pictures.delete([first.id]), add(pictures))
        assert second.path.is_file()
        await pictures.delete([second.id])
        assert not second.path.exists()


# -- thumbnails --------------------------------------------------------------------------------------------------------


async def test_a_thumbnail_is_made_when_a_picture_is_added(pictures: Pictures) -> None:
    """A WebP of at most 480 pixels, with the proportions of the picture."""
    picture = await pictures.add(png(size=(1200, 600)), session="s", speaker="", prompt="", caption="")
    (path,) = (pictures.folder / "thumbs").iterdir()
    assert await pictures.thumb(picture) == path
    with Image.open(path) as image:
        assert (image.format, image.size) == ("WEBP", (480, 240))


async def test_one_that_is_missing_is_made_when_it_is_wanted(pictures: Pictures) -> None:
    picture = await add(pictures)
    path = await pictures.thumb(picture)
    assert path is not None
    path.unlink()
    made = await asyncio.gather(*(pictures.thumb(picture) for _ in range(20)))
    assert set(made) == {path}
    assert path.is_file()


async def test_a_small_picture_is_not_blown_up_and_stays_clear(pictures: Pictures) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(file, "PNG")
    picture = await pictures.add(file.getvalue(), session="s", speaker="", prompt="", caption="")
    path = await pictures.thumb(picture)
    assert path is not None
    with Image.open(path) as image:
        assert image.size == (20, 10)
        assert image.has_transparency_data


async def test_no_thumbnail_of_what_cannot_be_decoded(pictures: Pictures, caplog: pytest.LogCaptureFixture) -> None:
    """The picture is kept all the same; it is tried, and told, once."""
    data = bytearray(png(size=(64, 64)))
    data[60] ^= 0xFF  # within the pixels: the header is right, and so is the end
    picture = await pictures.add(bytes(data), session="s", speaker="", prompt="", caption="")
    assert picture.path.is_file()
    assert [await pictures.thumb(picture) for _ in range(3)] == [None, None, None]
    assert caplog.text.count("no thumbnail") == 1


async def test_no_thumbnail_of_a_picture_that_is_gone(pictures: Pictures, caplog: pytest.LogCaptureFixture) -> None:
    picture = await add(pictures)
    await pictures.delete([picture.id])
    assert await pictures.thumb(picture) is None
    assert list((pictures.folder / "thumbs").iterdir()) == []
    assert caplog.text == ""
