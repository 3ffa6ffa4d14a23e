"""What rude, broken and hostile clients can do to the tavern: little."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from mudbot.local.tavern import Limits, Tavern
from mudbot.local.tavern.link import Link
from mudbot.local.tavern.wire import codec_named
from mudbot.local.tavern.world import World

IAC, SB = b"\xff", b"\xfa"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class House:
    """A tavern with limits, and plain connections to it."""

    def __init__(self, tavern: Tavern) -> None:
        self.tavern = tavern
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.tavern.port)
        self.writers.append(writer)
        return reader, writer

    async def guest(self, name: str) -> Streams:
        reader, writer = await self.connect()
        writer.write(f"{name}\npw\n".encode())
        await until(reader, b"\r\n> ")
        return reader, writer

    async def is_well(self) -> None:
        """A newcomer can log in and is answered."""
        reader, writer = await self.guest("Wellness")
        writer.write(b"look\nquit\n")
        assert b"Goodbye" in await until(reader, b"Goodbye")
        await end(reader)


@asynccontextmanager
async def house(limits: Limits | None = None) -> AsyncIterator[House]:
    async with Tavern(limits=limits) as tavern:
        place = House(tavern)
        try:
            yield place
        finally:
            for writer in place.writers:
                writer.close()


async def until(reader: asyncio.StreamReader, data: bytes) -> bytes:
    async with asyncio.timeout(20):
        return await reader.readuntil(data)


async def end(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the tavern hangs up."""
    async with asyncio.timeout(20):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@contextmanager
def never_reading(place: House) -> Iterator[socket.socket]:
    """A connection that nobody reads, with as little room in the kernel as it gives."""
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", place.tavern.port))
        yield deaf


async def test_escapes_do_not_reach_others() -> None:
    """Colours, cursor moves, bells and bare returns: others hear the text alone."""
    async with house() as place:
        ann, _ = await place.guest("Ann")
        _, bob = await place.guest("Bob")
        bob.write(b"say \x1b[2J\x1b[31mred\x07\x00 \x1b]0;owned\x07hat\xff\xff\n")
        heard = await until(ann, b'"\r\n')
        assert heard.endswith('Bob says, "red hat\ufffd"\r\n'.encode())
        assert b"\x1b" not in heard


async def test_a_long_line_is_cut_and_the_rest_is_no_command() -> None:
    """Only its beginning counts, and the player is told."""
    async with house(Limits(line=64)) as place:
        reader, writer = await place.guest("Bob")
        writer.write(b"say " + b"x" * 5000 + b"\nwho\n")
        answer = await until(reader, b"In the world")
        assert b"too long" in answer
        assert b'You say, "' + b"x" * 60 + b'"\r\n' in answer


async def test_a_flood_is_held_back_and_others_are_answered() -> None:
    """While one pours out commands, another's are answered in between, and nothing of the flood is lost."""
    async with house(Limits(burst=20, rate=400)) as place:
        ann, ann_types = await place.guest("Ann")
        bob, bob_types = await place.guest("Bob")
        bob_types.write(b"".join(b"say %d\n" % number for number in range(300)))
        await until(ann, b'Bob says, "0"')
        ann_types.write(b"who\n")
        before = await until(ann, b"In the world: 2")
        assert b'"299"' not in before
        assert b'"299"' in before + await until(ann, b'"299"')
        assert (await until(bob, b'"299"')).count(b"You say") == 300


async def test_garbage_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Random bytes, rich in telnet commands, at the login and in the world."""
    dice = random.Random(7)
    async with house(Limits(burst=1e6, rate=1e6)) as place:
        for number in range(30):
            reader, writer = await (place.connect() if number % 2 else place.guest("Bob"))
            alphabet = bytes(range(256)) + IAC * 60 + SB * 10 + b"\xf0\xfb\xfc\xfd\xfe\n\r" * 10
            writer.write(bytes(dice.choices(alphabet, k=4000)))
            writer.write_eof()
            await end(reader)
        await place.is_well()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_an_endless_subnegotiation_is_cut_off() -> None:
    """It would swallow all text and be kept in memory."""
    async with house(Limits(burst=1e6, rate=1e6)) as place:
        reader, writer = await place.guest("Bob")
        writer.write(IAC + SB + b"\xc9" + b"x" * 100_000)
        await end(reader)
        assert place.tavern.people == ()
        await place.is_well()


async def test_many_small_subnegotiations_are_not() -> None:
    """A client that only ever sends GMCP stays, however much that is in all."""
    async with house(Limits(burst=1e6, rate=1e6)) as place:
        reader, writer = await place.guest("Bob")
        for _ in range(400):
            writer.write(IAC + SB + b'\xc9Core.Ping "' + b"x" * 100 + b'"' + IAC + b"\xf0")
            await writer.drain()
        writer.write(b"who\n")
        await until(reader, b"In the world: 1")


async def test_who_never_reads_is_dropped() -> None:
    """What waits for him is bounded; those who do read miss nothing."""
    async with house(Limits(unread=100_000, burst=1e6, rate=1e6)) as place:
        ann, ann_types = await place.guest("Ann")
        with never_reading(place) as deaf:
            deaf.sendall(b"Deaf\npw\n")
            heard = await until(ann, b"Deaf has entered the world.")
            for number in range(200):
                ann_types.write(b"say %03d%s\n" % (number, b"x" * 4000))
                heard += await until(ann, b'You say, "%03d' % number)
            assert b"Deaf has left the world." in heard
            assert place.tavern.people == ("Ann",)


async def test_who_asks_but_never_reads_is_dropped() -> None:
    """His own commands wait meanwhile, so that nothing piles up."""
    async with house(Limits(stall=0.05, burst=1e6, rate=1e6)) as place:
        ann, _ = await place.guest("Ann")
        loop = asyncio.get_running_loop()
        with never_reading(place) as deaf:
            deaf.setblocking(False)
            asking = loop.create_task(loop.sock_sendall(deaf, b"Deaf\npw\n" + b"help\n" * 5000))
            await until(ann, b"Deaf has left the world.")
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled() or isinstance(asking.exception(), OSError | None)


async def test_a_slow_reader_gets_everything() -> None:
    """One whose answers pile up is waited for, not dropped."""
    async with house(Limits(burst=1e6, rate=1e6)) as place:
        reader, writer = await place.guest("Bob")
        writer.write(b"help\n" * 2000 + b"quit\n")
        answers = await end(reader)
        assert answers.count(b"quit                  leave") == 2000
        assert b"Goodbye" in answers


async def test_idlers_at_the_login_make_room() -> None:
    """The oldest of them; who has logged in stays, and when all have, a newcomer is told so."""
    async with house(Limits(links=2)) as place:
        idler, _ = await place.connect()
        await until(idler, b"known? ")
        _, ann = await place.guest("Ann")
        bob, _ = await place.guest("Bob")
        await end(idler)
        assert place.tavern.people == ("Ann", "Bob")
        late, _ = await place.connect()
        assert await end(late) == b"The house is full; come back later.\r\n"
        ann.close()
        await until(bob, b"Ann has left the world.")
        await place.guest("Cy")


async def test_close_does_not_wait_for_the_deaf() -> None:
    """Clients that never read, and one whose commands are held back, do not keep the tavern open."""
    async with asyncio.timeout(15), house(Limits(burst=300, rate=1)) as place:
        _, writer = await place.guest("Deaf")
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        writer.write(b"help\n" * 280)
        _, flooder = await place.guest("Flood")
        flooder.write(b"say hi\n" * 2000)
        watcher, _ = await place.guest("Ann")
        await until(watcher, b"Flood says")
        await place.tavern.close()
        assert place.tavern.people == ()
        writer.transport.abort()


async def test_telnetlib3_is_what_link_takes_it_for() -> None:
    """The pieces that are used beside its documented ones: a new version that lacks one fails here."""
    link = Link(World(), codec_named("utf-8"), Limits(), lambda _: True, lambda _: None)
    assert link._waiter_connected.done()
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().create_connection(lambda: link, sock=ours)
    link.data_received(IAC + SB + b"\xc9half")
    assert link.writer is not None
    assert len(link.writer._sb_buffer) == len(b"\xc9half")
    assert {b"\x56", b"\x01"} <= link.writer.always_wont
    theirs.close()
    link.drop("done")
    await link.lost


@pytest.mark.parametrize("ending", ["eof", "reset"])
async def test_a_link_that_ends_at_once_leaves_nothing(ending: str) -> None:
    """Connect and hang up, politely or not: no link stays, no error is left behind."""
    async with house() as place:
        for _ in range(20):
            _, writer = await place.connect()
            (writer.close if ending == "eof" else writer.transport.abort)()
        await place.is_well()
        for link in list(place.tavern._links):
            await asyncio.wait_for(link.lost, 10)
        assert repr(place.tavern).endswith("0 people, 0 links>")
