"""Who puts a line into the outbox may be told what became of it, and may take it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mudbot.mud.gate import Packet
from mudbot.mud.outbox import MAX_WAITING, TTL, Outbox
from mudbot.mud.rules import Pace
from mudbot.testing.clock import FakeClock, settle

SLOW = Pace(burst=1, per_second=0.1)


class Post:
    """An outbox, and what became of the lines in it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(SLOW, self.clock)
        self.log: list[str] = []
        self.broken = False

    def write(self, data: bytes) -> None:
        if self.broken:
            raise OSError("gone")
        self.log.append(f"wrote {data.decode()}")

    def put(self, text: str, *, urgent: bool = False) -> Packet:
        packet = Packet(text.encode(), text)

        def ended(why: str | None) -> None:
            self.log.append(f"{text}: {why or 'left'}")

        self.outbox.put(packet, urgent=urgent, ended=ended)
        return packet


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    made = Post()
    running = asyncio.create_task(made.outbox.run())
    yield made
    running.cancel()
    await asyncio.wait({running})


async def test_it_is_told_at_the_moment_of_writing(post: Post) -> None:
    """Before anything else can run, so that no answer is missed."""
    post.outbox.open(post.write)
    post.put("a")
    post.put("b")
    assert post.log == []
    await settle()
    assert post.log == ["wrote a", "a: left"]
    await post.clock.advance(10.1)
    assert post.log[2:] == ["wrote b", "b: left"]


async def test_whatever_is_dropped_is_told_why(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.put("old")
    await post.clock.advance(TTL + 1)
    post.outbox.open(post.write)
    await settle()
    assert post.log == ["old: 31 s old by now"]
    post.broken = True
    post.put("lost")
    await settle()
    assert post.log[1:] == ["lost: the link failed"]


async def test_an_answer_to_a_link_that_is_gone_is_told(post: Post) -> None:
    post.outbox.open(post.write)
    post.put("first")
    await settle()
    post.put("asked", urgent=True)
    post.outbox.close()
    assert post.log[2:] == ["asked: the link that it was for is gone"]


async def test_what_does_not_fit_is_told_at_once(post: Post) -> None:
    for _ in range(MAX_WAITING):
        post.outbox.put(Packet(b"x", "x"), urgent=True)
    post.put("y")
    assert post.log == ["y: too many lines wait"]


async def test_what_is_withdrawn_never_leaves(post: Post) -> None:
    """That very line: another of the same words goes; it is no news to whoever withdrew it."""
    first, _ = post.put("a"), post.put("a")
    post.outbox.withdraw(first)
    post.outbox.withdraw(first)
    assert post.outbox.waiting == 1
    post.outbox.open(post.write)
    await post.clock.advance(25)
    assert post.log == ["wrote a", "a: left"]
    assert post.outbox.dropped == 0
