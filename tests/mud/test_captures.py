"""Recorded sessions of two running Chinese MUDs, replayed byte by byte over a real socket in random splits.

``MUDBOT_CAPTURES`` names the folder of the recordings; they are not part of this repository.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from mudbot.clock import SystemClock
from mudbot.events import Disconnected, LoggedIn, SessionEvent, Speech
from mudbot.mud import dialect
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address

FOLDER = os.environ.get("MUDBOT_CAPTURES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="MUDBOT_CAPTURES does not name the folder of the recordings")

Heard = tuple[str, str | None, str | None, str | None, str | None]
NEWS = "有人发现精英 少林派高手 成昆(cheng kun)出现在昆仑山下(明教境内)一带活动。"
HEARD: dict[str, list[Heard]] = {
    "xkx100-gbk": [
        ("tell", None, "李四光", "lisi", "悄悄问一句：少林寺怎么走？"),
        ("channel", "闲聊", "李四光", "Lisi", "大家好，我是新来的"),
        ("tell", None, "李四光", "lisi", "多谢指点"),
    ],
    "nt7-gbk": [
        ("say", None, "李四光", "Lisi", "张三，客栈今晚还有空房吗？"),
        ("tell", None, "李四光", "Lisi", "悄悄问一句：少林寺怎么走？"),
        ("channel", "闲聊", "李四光", "lisi", "大家好，我是新来的"),
        ("whisper", None, "李四光", None, "小心背后"),
        ("channel", "新闻", None, None, NEWS),
        ("emote", None, None, None, None),  # a spoof of a tell
        ("say", None, "李四光", "Lisi", "100% 满意 [add(1,2)] {x} |r $N"),
        ("say", None, "李四光", "Lisi", "誠實的許功蓋說：「好」"),
        ("tell", None, "李四光", "lisi", "多谢指点"),
    ],
}


def recorded(name: str) -> bytes:
    """Every byte that the MUD sent, telnet commands included."""
    lines = (Path(FOLDER or "") / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return b"".join(bytes.fromhex(entry["hex"]) for entry in entries if entry["dir"] == "in")


async def replay(data: bytes, session: Session, seed: int) -> list[SessionEvent]:
    """What *session* hears from a server that sends *data* in random pieces and hangs up."""
    events: list[SessionEvent] = []
    over = asyncio.Event()
    chance = random.Random(seed)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = 0
        while at < len(data):
            size = chance.choice((1, 2, 3, 7, 40, 300))
            writer.write(data[at : at + size])
            at += size
            await writer.drain()
            await asyncio.sleep(0)  # so that most pieces arrive by themselves
        # What the client answers must be read, or closing resets the link and loses what is on its way.
        writer.write_eof()
        await reader.read()
        writer.close()

    def listen(heard: Sequence[SessionEvent]) -> None:
        events.extend(heard)
        if isinstance(heard[0], Disconnected):
            over.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    session.address = Address("127.0.0.1", server.sockets[0].getsockname()[1], encoding="gbk")
    session.listener = listen
    living = asyncio.create_task(session.run())
    async with server:
        await asyncio.wait_for(over.wait(), 20)
        await session.stop()
        await living
    return events


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("name", "family"), [("xkx100-gbk", "xkx"), ("nt7-gbk", "nt7")])
async def test_a_recorded_session_is_heard_however_its_bytes_are_sliced(name: str, family: str, seed: int) -> None:
    """Logs in by the real prompts, hears every say, tell, whisper and channel line, and nothing of its own."""
    character = Character("zhangsan", "secret", aliases=("张三丰",))
    address = Address("127.0.0.1", 0, encoding="gbk")
    session = Session("replay", address, dialect.load(family), character, clock=SystemClock())
    events = await replay(recorded(name), session, seed)
    assert any(isinstance(event, LoggedIn) for event in events)
    heard = [(s.kind, s.channel, s.speaker, s.id, s.text) for s in events if isinstance(s, Speech)]
    assert heard == HEARD[name]
