"""Whatever comes over the wire: a family's tavern goes on, and others are served."""

from __future__ import annotations

import random

import pytest

from mudbot.local.tavern import Limits
from tests.local.tavern_players import CHINESE, LOGINS, inn

# Bits that mean something to some family, and bytes that mean something to telnet.
PIECES = [
    *(b"say ", b"tell bob ", b"page a b=", b"whisper to ", b"reply ", b"chat ", b"emote ", b"set no_prefix ", b"news"),
    *(
        b"!",
        b"!9",
        b"^a^b",
        b"--",
        b"do a,b,",
        b"//",
        b"#$#",
        b"]",
        b"]]",
        b"@emit ",
        b"&x",
        b"[add(",
        b"%r",
        b"{",
        b"}",
    ),
    *(b"|r", b"|/", b"{/", b"<b>", b"%^RED%^", b"$N", b"@n", b"\x08", b"\x7f", b"\x1b[31m", b"\x00", b"\xff\xff"),
    *(b"\xff\xfb\x18", b"\xff\xfd\x46", b"\xff\xfd\x2a", b"\xff\xfe\x03", b"\xff\xfa\x18\x00x\xff\xf0", b"\xc4\xe3"),
    *(b"\xe4\xbd\xa0", b" ", b"q", b"\r\n", b"\n", b"\r", b"\r\n", b"\r\n", b"b" * 300),
]


def cased(family: str, name: str) -> str:
    """A login name as the family shows it."""
    return name.lower() if family in CHINESE else name


@pytest.mark.parametrize("family", sorted(LOGINS))
async def test_garbage_breaks_nothing(family: str, caplog: pytest.LogCaptureFixture) -> None:
    """At the login and in the world; no error is logged, and the next player is let in and answered."""
    dice = random.Random(family)
    async with inn(family, limits=Limits(burst=1e6, rate=1e6)) as house:
        for at_login in (True, False):
            for number in range(4):
                rude = await house.connect()
                if not at_login:
                    await rude.answers(cased(family, f"Rude{'abcd'[number]}"), "pw")
                rude.send(b"".join(dice.choice(PIECES) for _ in range(300)) + b"\r\n")
                await rude.writer.drain()
        house.now += 1000
        player = await house.player(cased(family, "Wellness"))
        player.type("look")
        await player.until("south")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
