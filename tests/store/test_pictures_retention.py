"""How long pictures are kept: the oldest go first, pinned ones stay, and the newest is always there."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.store import gallery
from mudbot.store.gallery import Which
from mudbot.store.pictures import Pictures
from mudbot.store.retention import DAY, Retention, excess
from mudbot.store.store import Store
from mudbot.testing import FakeClock
from tests.store.test_pictures_kept import add, png


@dataclass
class Kept:
    id: str
    at: float
    file: str = ""
    size: int | None = 10
    pinned: bool | None = False

    def __post_init__(self) -> None:
        self.file = self.file or f"{self.id}.png"


def test_what_is_older_than_that_goes() -> None:
    assert excess([Kept("a", 1), Kept("b", 2), Kept("c", 3)], before=3, most=1000) == ["a", "b"]


def test_the_oldest_go_until_the_rest_fits() -> None:
    assert excess([Kept("a", 1), Kept("b", 2), Kept("c", 3), Kept("d", 4)], before=0, most=25) == ["a", "b"]
    assert excess([Kept("a", 1), Kept("b", 2)], before=0, most=20) == []


def test_pinned_ones_stay_whatever_their_age_and_size() -> None:
    kept = [Kept("a", 1, pinned=True, size=100), Kept("b", 2), Kept("c", 3)]
    assert excess(kept, before=2, most=50) == ["b"]


def test_the_newest_stays() -> None:
    """Its link was said a moment ago."""
    assert excess([Kept("a", 1, size=100)], before=9, most=50) == []
    assert excess([], before=9, most=50) == []


def test_a_file_that_several_show_counts_once() -> None:
    """And is given back with the last of them alone."""
    kept = [Kept("a", 1, "x"), Kept("b", 2, "x"), Kept("c", 3, "y"), Kept("d", 4, "z")]
    assert excess(kept, before=0, most=30) == []
    assert excess(kept, before=0, most=20) == ["a", "b"]


ROWS = st.lists(st.tuples(st.sampled_from("uvwxyz"), st.integers(0, 30), st.booleans()), max_size=12)


@given(ROWS, st.integers(0, 12), st.integers(0, 100))
def test_what_is_left_is_within_bounds_or_must_stay(rows: list[tuple[str, int, bool]], before: int, most: int) -> None:
    """Whatever there is: pinned ones and the newest stay, and nothing goes that need not."""
    sizes = {file: size for file, size, _ in reversed(rows)}
    kept = [Kept(str(at), at, file, sizes[file], pinned) for at, (file, _, pinned) in enumerate(rows)]
    gone = excess(kept, before, most)
    left = [each for each in kept if each.id not in gone]
    movable = [each for each in left[:-1] if not each.pinned]
    total = sum(sizes[file] for file in {each.file for each in left})
    assert kept[-1:] == left[-1:]
    assert not [each for each in kept if each.pinned and each not in left]
    assert all(each.at >= before for each in movable)
    assert total <= most or not movable
    if gone and float(gone[-1]) >= before:  # the last went for its bytes: with it there was too much
        last = [*left, kept[int(gone[-1])]]
        assert sum(sizes[file] for file in {each.file for each in last}) > most


# -- in the store ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(store: Store) -> Pictures:
    return Pictures(store)


async def ids(store: Store) -> list[str]:
    return [row.id for row in await store.browse(lambda it: gallery.every(it, Which()))]


async def test_old_pictures_are_deleted_with_their_files(store: Store, pictures: Pictures, clock: FakeClock) -> None:
    old, pinned = await add(pictures, 1), await add(pictures, 2)
    await pictures.pin(pinned.id, pinned=True)
    await clock.advance(10 * DAY)
    new = await add(pictures, 3)
    assert await Retention(store, pictures, age=5 * DAY, most=10**9).once() == 1
    assert await ids(store) == [pinned.id, new.id]
    assert sorted(path.name for path in pictures.folder.glob("*.png")) == sorted([pinned.path.name, new.path.name])
    assert not old.path.exists()


async def test_room_is_made_by_the_oldest(store: Store, pictures: Pictures, clock: FakeClock) -> None:
    made = []
    for colour in range(5):
        made.append(await add(pictures, colour))
        await clock.advance(1)
    retention = Retention(store, pictures, age=DAY, most=made[-1].size * 2 + 5)
    assert await retention.once() == 3
    assert await retention.once() == 0
    assert await ids(store) == [made[3].id, made[4].id]


async def test_many_go_in_batches(store: Store, pictures: Pictures, clock: FakeClock) -> None:
    row = {"session": "s", "speaker": "", "prompt": "", "caption": "", "file": "x.png", "type": "image/png"}
    for number in range(250):
        store.write("pictures", id=f"old{number}", size=5, private=False, **row)
    await add(pictures)
    await clock.advance(2 * DAY)
    new = await add(pictures)
    assert await Retention(store, pictures, age=DAY, most=10**9).once() == 251
    assert await ids(store) == [new.id]


async def test_too_much_that_is_pinned_is_told_once(
    store: Store, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    for colour in range(3):
        await pictures.pin((await add(pictures, colour)).id, pinned=True)
    retention = Retention(store, pictures, age=DAY, most=10)
    assert [await retention.once() for _ in range(3)] == [0, 0, 0]
    assert caplog.text.count("pinned pictures take more than pictures.size allows") == 1


async def test_sizes_of_older_pictures_are_noted(store: Store, pictures: Pictures) -> None:
    """A missing file has none, and is not looked for again and again."""
    picture = await add(pictures)
    row = {"session": "s", "speaker": "", "prompt": "", "caption": "", "type": "image/png"}
    await store.write("pictures", id="ccccccc", file=picture.path.name, **row)
    await store.write("pictures", id="ddddddd", file="missing.png", **row)
    await Retention(store, pictures, age=DAY, most=10**9).measure()
    found, missing = await pictures.find("ccccccc"), await pictures.find("ddddddd")
    assert found is not None
    assert (found.width, found.height, found.size) == (8, 8, len(png()))
    assert missing is not None
    assert (missing.width, missing.size) == (0, 0)
    assert await store.browse(lambda it: gallery.unmeasured(it, 10)) == []


async def test_it_looks_at_the_start_and_after_each_picture_and_daily(
    store: Store, pictures: Pictures, clock: FakeClock
) -> None:
    rounds = asyncio.Queue[int]()

    class Told(Retention):
        async def _until_more(self) -> None:
            rounds.put_nowait(len(await ids(store)))
            await super()._until_more()

    await add(pictures, 1)
    await clock.advance(3 * DAY)
    await add(pictures, 2)
    running = asyncio.ensure_future(Told(store, pictures, age=2 * DAY, most=10**9).run())
    try:
        assert await rounds.get() == 1
        await rounds.get()  # those that were added before it began had it look twice
        await clock.advance(DAY)
        assert await rounds.get() == 1
        await clock.advance(1)
        await add(pictures, 3)
        assert await rounds.get() == 2
        await clock.advance(DAY)
        assert await rounds.get() == 1
    finally:
        running.cancel()


async def test_a_store_that_is_down_is_told_and_tried_again(
    store: Store, pictures: Pictures, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "mudbot.sqlite3").write_bytes(os.urandom(4096))
    waiting = asyncio.Event()

    class Told(Retention):
        async def _until_more(self) -> None:
            waiting.set()
            await super()._until_more()

    running = asyncio.ensure_future(Told(store, pictures, age=DAY, most=10**9).run())
    await waiting.wait()
    running.cancel()
    assert "old pictures are not deleted" in caplog.text


async def test_what_a_killed_bot_left_behind_is_swept(pictures: Pictures) -> None:
    """Half-written files after an hour, thumbnails of no picture; and nothing else, as the rows may be elsewhere."""
    picture = await add(pictures)
    thumb = await pictures.thumb(picture)
    assert thumb is not None
    half, young, lost, stranger = (
        *(pictures.folder / name for name in ("a.new", "b.new")),
        pictures.folder / "thumbs" / "lost.webp",
        pictures.folder / "stranger.png",
    )
    for path in (half, young, lost, stranger):
        path.write_bytes(b"x")
    os.utime(half, (1, 1))
    pictures.sweep()
    assert [path.exists() for path in (half, young, lost, stranger, thumb, picture.path)] == [
        False, True, False, True, True, True,
    ]  # fmt: skip
