"""``mudbot tavern``: one line with the port, then a world with a family's manners."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest
from click.testing import CliRunner

from mudbot.cli.tavern import command


async def test_it_opens_says_its_port_and_ends_well() -> None:
    """As a process of its own, with a character made beforehand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from mudbot.cli.tavern import command; command()",
        *("--dialect", "nt7", "--encoding", "gbk", "--port", "0", "--player", "zhangsan:pw:张三"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    found = re.fullmatch(r"The tavern is open on port (\d+) \(nt7, gbk, zh\)\.\n", said)
    assert found, said
    reader, writer = await asyncio.open_connection("127.0.0.1", int(found[1]))
    async with asyncio.timeout(10):
        await reader.readuntil("请输入您的英文名字".encode("gbk"))
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    writer.close()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--dialect", "klingon"], "'klingon' is not one of"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--player", "bob"], "write LOGIN:PASSWORD"),
    ],
)
def test_wrong_options_are_said_plainly(arguments: list[str], complaint: str) -> None:
    """Before anything is opened."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert complaint in result.output


def test_a_wrong_encoding_is_an_error_with_a_remedy() -> None:
    """It names those of the dialect."""
    result = CliRunner().invoke(command, ["--dialect", "ranvier", "--encoding", "gbk"])
    assert "use one of utf-8" in str(result.exception)
