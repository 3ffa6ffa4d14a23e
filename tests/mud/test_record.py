"""Recordings: every byte of a link, without passwords, bounded, and never to the harm of the bot."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import resource
import stat
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telnetlib3 import telopt

from mudbot.events import Line
from mudbot.mud.address import Address
from mudbot.mud.overheard import Overheard
from mudbot.mud.record import ANSWER, Bounds, Mask, Record, Recorder
from mudbot.mud.telnet import Connection
from mudbot.mud.transcript import key_of
from mudbot.testing import FakeClock
from tests.mud.telnet_peer import DO, IAC, WILL, Link, Server, linked, sub

SECRET = "drunken-crane"
ABOUT = {"session": "inn", "host": "mud.example", "encoding": "gbk", "dialect": "xkx", "character": "chen"}


def recorder(folder: Path, clock: FakeClock | None = None, bounds: Bounds | None = None) -> Recorder:
    return Recorder(folder / "records" / "inn", ABOUT, Mask([SECRET]), clock or FakeClock(), bounds)


def link_of(keeper: Recorder) -> Record:
    """The tap of a new link, which is up."""
    connection = Connection(Address("mud.example", 4000), lambda _events: None)
    keeper.tap(connection)
    assert isinstance(connection.tap, Record)
    connection.tap.opened()
    return connection.tap


def files(folder: Path) -> list[Path]:
    return sorted((folder / "records" / "inn").glob("*.jsonl"), key=lambda path: (len(path.name), path.name))


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def passed(path: Path, direction: str) -> bytes:
    return b"".join(bytes.fromhex(e["hex"]) for e in entries(path)[1:] if e["dir"] == direction)


async def recorded(server: Server, folder: Path, *, compress: bool = False) -> tuple[Link, Recorder]:
    """A link to *server* that is recorded."""
    link = Link(Address("127.0.0.1", await server.start(), compress=compress))
    keeper = recorder(folder)
    keeper.tap(link.connection)
    await link.connection.open()
    await server.connected.wait()
    return link, keeper


async def over(server: Server, link: Link, keeper: Recorder) -> None:
    link.connection.abort("done")
    await server.close()
    await keeper.close()


# -- what is kept ------------------------------------------------------------------------------------------------------


async def test_every_byte_of_a_link_is_kept_in_order_behind_a_first_line(tmp_path: Path) -> None:
    """Telnet's own among them, and why the link ended."""
    server = Server()
    link, keeper = await recorded(server, tmp_path)
    server.send(IAC + DO + telopt.NAWS + "欢迎\r\nname? ".encode())
    await link.until(Line("欢迎"))
    link.connection.write(b"chen\r\n")
    await server.expect(b"chen\r\n")
    await over(server, link, keeper)
    (path,) = files(tmp_path)
    first, *rest = entries(path)
    assert first == {"mudbot": 1} | ABOUT | {"at": "2023-11-14T22:30:00.000+00:00"}
    assert passed(path, "in") == IAC + DO + telopt.NAWS + "欢迎\r\nname? ".encode()
    assert passed(path, "out") == server.received
    assert rest[0]["dir"] == "in", "what the MUD sent stands before what it led to"
    assert rest[-1] | {"t": 0} == {"t": 0, "dir": "end", "hex": "", "why": "done"}


class Model:
    """Answers a chat and a script, and has something else as well."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def chat(self, _messages: object, *, model: str) -> Model:
        assert model
        return self

    complete = chat

    async def edit(self, _text: str, _instruction: str) -> Model:
        return self

    async def chat_stream(self, _messages: object) -> AsyncIterator[Model]:
        for piece in self.text:
            yield Model(piece)

    def spare(self) -> str:
        return "spare"


async def test_what_a_model_answers_is_kept_with_a_hash_of_what_it_was_asked(tmp_path: Path) -> None:
    """By either endpoint, without passwords, and not without end."""
    clock = FakeClock()
    keeper = recorder(tmp_path, clock)
    keeper.answered("too early", "nowhere to note it")
    tap = link_of(keeper)
    await clock.advance(0.25)
    api = Overheard(Model(f"酒 \ud800 {SECRET}\n"), keeper)
    assert (await api.chat([{"role": "user", "content": f"{SECRET}?"}], model="m")).text.endswith(f"{SECRET}\n")
    await api.complete("one\ntwo\nChen:", model="m")
    await Overheard(Model("酒" * ANSWER + SECRET), keeper).complete("long", model="m")
    assert api.spare() == "spare"
    tap.ended("done")
    await keeper.close()
    (path,) = files(tmp_path)
    assert SECRET not in path.read_text(encoding="utf-8")
    *answers, _end = entries(path)[1:]
    text = f"酒 ? {'*' * len(SECRET)}\n"
    assert answers[:2] == [
        {"t": 0.25, "dir": "model", "key": key_of("*" * len(SECRET) + "?"), "text": text},
        {"t": 0.25, "dir": "model", "key": key_of("one\ntwo"), "text": text},
    ]
    assert answers[2]["text"] == "酒" * (ANSWER // 3)


async def test_what_is_streamed_or_edited_is_kept_as_well(tmp_path: Path) -> None:
    """As much of a stream as was listened to."""
    keeper = recorder(tmp_path, FakeClock())
    tap = link_of(keeper)
    api = Overheard(Model("abc"), keeper)
    asked = [{"role": "user", "content": "hi?"}]
    assert [piece.text async for piece in api.chat_stream(asked)] == ["a", "b", "c"]
    begun = api.chat_stream(asked)
    assert (await anext(begun)).text == "a"
    await begun.aclose()
    assert (await api.edit("hi?", "mend it")).text == "abc"
    tap.ended("done")
    await keeper.close()
    (path,) = files(tmp_path)
    *answers, _end = entries(path)[1:]
    assert [(each["key"], each["text"]) for each in answers] == [(key_of("hi?"), text) for text in ("abc", "a", "abc")]


async def test_times_are_seconds_since_the_link_was_up(tmp_path: Path) -> None:
    clock = FakeClock()
    keeper = recorder(tmp_path, clock)
    tap = link_of(keeper)
    await clock.advance(0.25)
    tap.heard(b"one\r\n")
    await clock.advance(0.5)
    keeper.stopping()
    tap.sent(b"quit\r\n", hidden=False)
    tap.ended("done")
    await keeper.close()
    (path,) = files(tmp_path)
    assert [(e["t"], e["dir"]) for e in entries(path)[1:]] == [
        (0.25, "in"),
        (0.75, "stop"),
        (0.75, "out"),
        (0.75, "end"),
    ]


async def test_what_is_typed_while_the_mud_hides_it_is_stars_of_the_same_length(tmp_path: Path) -> None:
    """Whatever it is; telnet's own answers stay what they are."""
    server = Server()
    link, keeper = await recorded(server, tmp_path)
    server.send(b"Password: " + IAC + WILL + telopt.ECHO)
    await server.expect(IAC + DO + telopt.ECHO)
    link.connection.write(b"another secret\r\n")
    await server.expect(b"another secret\r\n")
    await over(server, link, keeper)
    (path,) = files(tmp_path)
    assert passed(path, "out") == IAC + DO + telopt.ECHO + b"**************\r\n"


async def test_what_came_compressed_is_kept_inflated(tmp_path: Path) -> None:
    """So that a password in it can be found, and that whoever looks can read it."""
    server = Server()
    link, keeper = await recorded(server, tmp_path, compress=True)
    server.send(IAC + WILL + telopt.MCCP2_COMPRESS)
    await server.expect(IAC + DO + telopt.MCCP2_COMPRESS)
    start = sub(telopt.MCCP2_COMPRESS)
    server.send(b"one\r\n" + start + zlib.compress(b"you typed drunken-crane\r\n") + b"three\r\n")
    await link.until(Line("three"))
    await over(server, link, keeper)
    (path,) = files(tmp_path)
    heard = passed(path, "in").removeprefix(IAC + WILL + telopt.MCCP2_COMPRESS)
    assert heard == b"one\r\n" + start + b"you typed *************\r\nthree\r\n"


async def test_a_link_without_a_tap_is_what_it_was() -> None:
    """Nothing wraps its stream or its transport."""
    async with linked() as (_server, link):
        assert link.connection.tap is None
        assert type(link.connection._stream).__name__ == "MudStream"


# -- passwords ---------------------------------------------------------------------------------------------------------


@given(st.data())
def test_a_password_is_found_however_it_is_cut(data: st.DataObject) -> None:
    """In any split, over any flushes; nothing changes its length."""
    secret = data.draw(st.sampled_from(["drunken-crane", "aab", "密码", "a"]))
    parts = st.sampled_from([secret.encode("gbk"), b"aa", b"a", b"drunken-", b"\xff\xfb", "密".encode("gbk"), b"\r\n"])
    whole = b"".join(data.draw(st.lists(parts, max_size=8)))
    mask = Mask([secret])
    shown: list[bytes] = []
    held: list[bytes] = []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        piece, whole = whole[:size], whole[size:]
        held.append(piece)
        if data.draw(st.booleans()):
            masked, ready = mask.pieces(held, last=False)
            shown, held = shown + masked[:ready], masked[ready:]
    masked, ready = mask.pieces(held, last=True)
    assert ready == len(held)
    assert secret.encode("gbk") not in b"".join(shown + masked)


def test_a_mask_keeps_the_length_of_every_piece() -> None:
    masked, ready = Mask([SECRET]).pieces([b"it is dru", b"nken-cr", b"ane.", b"dr"], last=False)
    assert masked == [b"it is ***", b"*******", b"***.", b"dr"]
    assert ready == 3, "the last may be the beginning of another"


def test_an_iac_in_a_password_is_doubled_on_the_wire_and_found() -> None:
    assert Mask(["aÿb"], ["latin-1"]).stars(b"a\xff\xffb a\xffb") == b"**** ***"


async def test_no_part_of_the_file_has_the_password(tmp_path: Path) -> None:
    """Neither what was typed, nor an echo over two reads and two flushes, nor the first line."""
    clock = FakeClock()
    keeper = Recorder(tmp_path / "records" / "inn", ABOUT | {"character": SECRET}, Mask([SECRET]), clock)
    tap = link_of(keeper)
    tap.sent(b"connect chen drunken-crane\r\n", hidden=False)
    tap.heard(b"You typed: drunken")
    await clock.advance(1.5)
    await keeper.close()
    tap.heard(b"-crane\r\n")
    tap.ended("done")
    await keeper.close()
    (path,) = files(tmp_path)
    text = path.read_text(encoding="utf-8")
    everything = b"".join(bytes.fromhex(e["hex"]) for e in entries(path)[1:])
    assert b"drunken" not in everything
    assert b"-crane" not in everything
    assert SECRET not in text


# -- files -------------------------------------------------------------------------------------------------------------


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)
    link_of(keeper).ended("done")
    await keeper.close()
    (path,) = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]


async def test_every_link_has_a_file_of_its_own(tmp_path: Path) -> None:
    """Also two of one second."""
    keeper = recorder(tmp_path)
    for _ in range(2):
        link_of(keeper).ended("done")
        await keeper.close()
    assert [path.name for path in files(tmp_path)] == ["2023-11-14-223000.jsonl", "2023-11-14-223000.2.jsonl"]


async def test_a_link_that_never_was_has_none(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)
    connection = Connection(Address("mud.example", 4000), lambda _events: None)
    keeper.tap(connection)
    connection.abort("refused")
    await keeper.close()
    assert not (tmp_path / "records").exists()


async def test_bytes_wait_a_second_to_be_written(tmp_path: Path) -> None:
    clock = FakeClock()
    keeper = recorder(tmp_path, clock)
    tap = link_of(keeper)
    tap.heard(b"one\r\n")
    await clock.advance(0.9)
    assert not (tmp_path / "records").exists()
    await clock.advance(0.2)
    await keeper.close()
    assert passed(files(tmp_path)[0], "in") == b"one\r\n"
    tap.ended("done")
    await keeper.close()


async def test_a_file_ends_and_the_next_begins_and_the_oldest_go(tmp_path: Path) -> None:
    """The parts of a link are numbered; all together stay below the bound."""
    bounds = Bounds(file=2000, folder=7000)
    clock = FakeClock()
    keeper = recorder(tmp_path, clock, bounds)
    (tmp_path / "records" / "inn").mkdir(parents=True)
    old = tmp_path / "records" / "inn" / "2001-01-01-000000.jsonl"
    old.write_bytes(b"x" * 3000)
    tap = link_of(keeper)
    for _ in range(60):
        tap.heard(b"a line of the MUD\r\n" * 5)
        await clock.advance(1.1)
        await keeper.close()
    tap.ended("done")
    await keeper.close()
    found = files(tmp_path)
    assert old not in found
    assert all(path.stat().st_size <= 2000 for path in found)
    assert sum(path.stat().st_size for path in found) <= 7000
    parts = [entries(path)[0]["part"] for path in found]
    assert parts == list(range(parts[0], parts[0] + len(parts)))
    assert parts[0] > 1, "the first parts of this link are gone as well"
    assert entries(found[-1])[-1]["dir"] == "end"


# -- trouble -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Files may have *size* bytes, as on a disk that gets full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_ends_the_recording_with_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was written can be read; the bot goes on, and the next link is tried in silence."""
    clock = FakeClock()
    keeper = recorder(tmp_path, clock)
    with caplog.at_level(logging.ERROR, "mudbot"):
        for _ in range(3):
            tap = link_of(keeper)
            tap.heard(b"before\r\n")
            await clock.advance(1.1)
            await keeper.close()
            with small_disk(1000):
                tap.heard(b"much of it\r\n" * 500)
                await clock.advance(1.1)
                await keeper.close()
            tap.heard(b"after\r\n")
            tap.ended("done")
            await keeper.close()
    assert len(caplog.records) == 1
    assert "not recorded any more" in caplog.text
    assert len(files(tmp_path)) == 3
    for path in files(tmp_path):
        assert json.loads(path.read_text().splitlines()[1])["hex"] == b"before\r\n".hex()
        assert path.stat().st_size <= 1000


async def test_a_folder_that_cannot_be_made_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "records").write_text("a file stands there")
    keeper = recorder(tmp_path)
    with caplog.at_level(logging.ERROR, "mudbot"):
        tap = link_of(keeper)
        tap.heard(b"one\r\n")
        tap.ended("done")
        await keeper.close()
    assert len(caplog.records) == 1


async def test_a_disk_that_does_not_answer_costs_a_bounded_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = recorder(tmp_path, bounds=Bounds(waiting=10_000))
    tap = link_of(keeper)
    with caplog.at_level(logging.ERROR, "mudbot"):
        for _ in range(100):
            tap.heard(b"x" * 1000)
    assert "does not keep up" in caplog.text
    assert repr(tap) == "<Record 0 bytes waiting, over>"
    await asyncio.sleep(0)
    assert not (tmp_path / "records").exists()
