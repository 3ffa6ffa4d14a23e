"""Pictures: only what is one is kept, once, under an id that tells nothing."""

from __future__ import annotations

import io
import os
import struct
import zlib

import pytest
from PIL import Image

from mudbot.errors import BadAnswerError
from mudbot.store.pictures import ID_LENGTH, MAX_BYTES, Picture, Pictures, inspect
from mudbot.store.store import Store, StoreError

NOISE = Image.frombytes("RGB", (40, 30), bytes(range(256)) * 14 + bytes(16))


def encoded(form: str, image: Image.Image = NOISE, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


PNG, JPEG, WEBP = encoded("PNG"), encoded("JPEG"), encoded("WEBP")
GOOD = {
    "png": (PNG, ("image/png", ".png")),
    "jpeg": (JPEG, ("image/jpeg", ".jpg")),
    "progressive jpeg": (encoded("JPEG", progressive=True), ("image/jpeg", ".jpg")),
    "jpeg with a second picture": (encoded("MPO", save_all=True, append_images=[NOISE]), ("image/jpeg", ".jpg")),
    "webp": (WEBP, ("image/webp", ".webp")),
    "lossless webp": (encoded("WEBP", lossless=True), ("image/webp", ".webp")),
    "png with a few bytes behind": (PNG + b"\n\0", ("image/png", ".png")),
}


def header_bomb(width: int, height: int) -> bytes:
    """A small PNG that says it has this many pixels, whole by every checksum."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + size + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


BAD = {
    "nothing": b"",
    "text": b"I cannot draw that.",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "gif": encoded("GIF"),
    "bmp": encoded("BMP"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "png signature alone": b"\x89PNG\r\n\x1a\n",
    "html in a png's clothes": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "half a png": PNG[: len(PNG) // 2],
    "half a jpeg": JPEG[: len(JPEG) // 2],
    "half a webp": WEBP[: len(WEBP) // 2],
    "20000 x 20000": header_bomb(20_000, 20_000),
    "4001 x 4001": header_bomb(4001, 4001),
    "a strip of 16 million": header_bomb(16_000_001, 1),
    "17 MiB": PNG[:-12] + b"\0" * (17 * 1024 * 1024) + PNG[-12:],
}


@pytest.fixture
def pictures(store: Store) -> Pictures:
    return Pictures(store, "http://bot.example/")


async def add(pictures: Pictures, data: bytes = PNG) -> Picture:
    return await pictures.add(data, session="s", speaker="Ann", prompt="a crane", caption="A crane")


@pytest.mark.parametrize(("data", "kind"), GOOD.values(), ids=GOOD)
def test_a_picture_is_known_by_its_content(data: bytes, kind: tuple[str, str]) -> None:
    assert inspect(data) == kind


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
async def test_what_is_no_picture_is_refused(pictures: Pictures, data: bytes) -> None:
    """And leaves neither a file nor a row."""
    with pytest.raises(BadAnswerError):
        await add(pictures, data)
    assert not (pictures.folder).exists()


def test_the_bounds_are_told() -> None:
    with pytest.raises(BadAnswerError, match="4001 x 4001 pixels; at most 16,000,000"):
        inspect(BAD["4001 x 4001"])
    with pytest.raises(BadAnswerError, match="too many pixels; at most 16,000,000"):
        inspect(BAD["20000 x 20000"])
    with pytest.raises(BadAnswerError, match="at most 16,777,216"):
        inspect(BAD["17 MiB"])
    assert inspect(header_bomb(4000, 4000)) == ("image/png", ".png")
    assert len(BAD["17 MiB"]) > MAX_BYTES


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
def test_no_damage_is_more_than_a_bad_answer(data: bytes) -> None:
    """Every cut is refused; any flipped byte gives a picture or a BadAnswerError, never another exception."""
    for length in range(len(data)):
        with pytest.raises(BadAnswerError):
            inspect(data[:length])
    for place in range(min(len(data), 700)):
        for value in (0, 0xFF, data[place] ^ 0x55):
            try:
                inspect(data[:place] + bytes([value]) + data[place + 1 :])
            except BadAnswerError:
                continue


async def test_a_kept_picture_is_found_again(pictures: Pictures) -> None:
    """With its bytes, its type and the link that was said."""
    picture = await add(pictures)
    found = await pictures.find(picture.id)
    assert found == picture
    assert (picture.type, picture.caption) == ("image/png", "A crane")
    assert picture.path.read_bytes() == PNG
    assert picture.link == f"http://bot.example/i/{picture.id}"


async def test_the_link_follows_the_public_address(pictures: Pictures) -> None:
    """It is known only once the web server listens."""
    picture = await add(pictures)
    pictures.public_url = "https://inn.example"
    found = await pictures.find(picture.id)
    assert found is not None
    assert found.link == f"https://inn.example/i/{picture.id}"


async def test_ids_are_opaque_and_easy_to_type(pictures: Pictures) -> None:
    """Seven letters and digits, none that look alike, no two the same and none in a row."""
    ids = [(await add(pictures)).id for _ in range(30)]
    assert len(set(ids)) == 30
    assert all(len(i) == 7 for i in ids)
    assert not set("".join(ids)) & set("il1o0IO")
    assert "".join(ids).lower() == "".join(ids)


@pytest.mark.parametrize(
    "odd", ["", "a", "abcdefgh", "../../x", "%2e%2e/x", "ABCDEFG", "abcdef0", "abc\0def", "a' OR 1", "画画画画画画画"]
)
async def test_odd_ids_are_nobodys(pictures: Pictures, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They do not even reach the database."""

    async def asked(_query: object) -> None:
        raise AssertionError("asked the database")

    for way in ("read", "browse", "change"):
        monkeypatch.setattr(pictures._store, way, asked)
    assert await pictures.find(odd) is None


async def test_an_unknown_id_is_none(pictures: Pictures) -> None:
    assert await pictures.find("a" * ID_LENGTH) is None


async def test_the_same_bytes_are_one_file(pictures: Pictures) -> None:
    """Two ids, since two people asked, over one file; nothing temporary stays."""
    first, second, other = await add(pictures), await add(pictures), await add(pictures, JPEG)
    assert first.id != second.id
    assert first.path == second.path
    assert sorted(path for path in pictures.folder.iterdir() if path.is_file()) == sorted({first.path, other.path})


async def test_a_picture_that_cannot_be_kept_is_a_store_error(pictures: Pictures) -> None:
    """The message names the file and what to look at."""
    pictures.folder.parent.mkdir(parents=True)
    pictures.folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"pictures.*is the folder writable, and the disk not full\?"):
        await add(pictures)


async def test_a_picture_without_its_row_is_a_store_error(store: Store) -> None:
    """A link that leads nowhere is not said."""
    store.folder.mkdir(parents=True)
    (store.folder / "mudbot.sqlite3").write_bytes(os.urandom(4096))
    with pytest.raises(StoreError, match="the file is damaged"):
        await add(Pictures(store))
