"""Players who come to a family's tavern over a plain socket, and say the answers that its login asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mudbot.local.tavern import Limits, Tavern

# The questions of each family's login, in their order, and what is answered.  {name} and {password} are the player's.
LOGINS: dict[str, list[tuple[str, str]]] = {
    "evennia": [("create <username> <password>", "connect {name} {password}")],
    "rom": [
        ("Do you want ANSI? (Y/n) ", "y"),
        ("By what name do you wish to be known? ", "{name}"),
        ("Password: ", "{password}"),
        ("[Hit Return to continue]\n\r", ""),
    ],
    "tbamud": [
        ("By what name do you wish to be known? ", "{name}"),
        ("Password: ", "{password}"),
        ("*** PRESS RETURN: ", ""),
        ("1) Enter the game.", ""),
        ("Make your choice: ", "1"),
    ],
    "pennmush": [("Use connect <name> <password>", "connect {name} {password}")],
    "lambdamoo": [("Type 'connect <name> <password>'", "connect {name} {password}")],
    "ranvier": [
        ("Welcome, what is your name? ", "{name}"),
        ("Enter your password: ", "{password}"),
        ("[3]\x1b[39m {name}\r\n", ""),
        ("|\r\n`-> ", "3"),
    ],
    "deadsouls": [("What name do you wish? ", "{name}"), ("Password: ", "{password}")],
    "nt7": [
        ("忘记密码请输入「pass」\x1b[2;37;0m)：\r\n", "{name}"),
        ("这个角色已经存在，请输入该角色的密码：\r\n", "{password}"),
        ("请输入任意键继续或", ""),
    ],
    "oiuv": [("您的英文名字(新玩家可以选择一喜欢的名字)：", "{name}"), ("请输入密码：", "{password}")],
    "xkx": [
        ("Do you want to use BIG5 code?(y/n)\r\n", "n"),
        ("您的英文名字（新玩家可选一喜欢的名字）：", "{name}"),
        ("请输入密码：", "{password}"),
    ],
    "pkuxkx": [
        ("您的英文名字（要注册新人物请输入new）：", "{name}"),
        ("此ID档案已存在，请输入密码：", "{password}"),
    ],
}
# Questions that are only shown, and answered with the next one.
_SHOWN = ("1) Enter the game.", "[3]\x1b[39m {name}\r\n")
CHINESE = ("nt7", "oiuv", "xkx", "pkuxkx")


class Player:
    """A plain TCP client: what it sees are bytes."""

    def __init__(self, family: str, encoding: str, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.family, self.encoding = family, encoding
        self.reader, self.writer = streams
        self._raw = b""
        self._seen = 0

    def type(self, line: str) -> None:
        self.send(line.encode(self.encoding).replace(b"\xff", b"\xff\xff") + b"\r\n")

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def until(self, text: str | bytes) -> bytes:
        """What came since the last call, up to and with *text*."""
        wanted = text if isinstance(text, bytes) else text.encode(self.encoding)
        async with asyncio.timeout(10):
            while (at := self._raw.find(wanted, self._seen)) < 0:
                data = await self.reader.read(65536)
                assert data, f"closed before {text!r}: {self._raw[self._seen :]!r}"
                self._raw += data
        start, self._seen = self._seen, at + len(wanted)
        return self._raw[start : self._seen]

    def again(self) -> None:
        """Let the next call look at all that came, from the beginning."""
        self._seen = 0

    async def rest(self) -> str:
        """All that still comes, until the other side hangs up."""
        async with asyncio.timeout(10):
            self._raw += await self.reader.read()
        return self._raw[self._seen :].decode(self.encoding, "replace")

    async def answers(self, name: str, password: str, *, last: str = "") -> None:
        """Answer the login's questions, up to that which contains *last*."""
        for question, answer in LOGINS[self.family]:
            await self.until(question.format(name=name))
            if question not in _SHOWN:
                self.type(answer.format(name=name, password=password))
            if last and last in question:
                return

    async def enter(self, name: str, password: str = "pw") -> None:
        """Log in, and wait until the room is shown."""
        await self.answers(name, password)
        await self.until("south、west" if self.family in CHINESE else "south, west")
        await self.settle()

    async def settle(self) -> None:
        """Wait until all that came so far was answered: an unknown command's answer and its prompt."""
        self.type("xyzzy")
        await self.until({"evennia": "'xyzzy' is not available."}.get(self.family, HUH[self.family]))
        await self.until({"rom": "mv> ", "tbamud": "82V > ", "ranvier": "hp ] > "}.get(self.family, ""))


HUH = {
    "evennia": "not available",
    "rom": "Huh?",
    "tbamud": "Huh!?!",
    "pennmush": 'Huh?  (Type "help" for help.)\r\n',
    "lambdamoo": "I couldn't understand that.\r\n",
    "ranvier": "Huh?",
    "deadsouls": "What?\r\n> ",
    "nt7": "什么？\r\n\x1b[256D",
    "oiuv": "什么？\r\n> ",
    "xkx": "什么？\r\n> ",
    "pkuxkx": "什么？\r\n> ",
}


class Inn:
    """A family's tavern and the players whom a test lets in."""

    def __init__(self, tavern: Tavern) -> None:
        self.tavern = tavern
        self.now = 0.0
        self.players: list[Player] = []
        tavern.set_clock(lambda: self.now)

    async def connect(self) -> Player:
        streams = await asyncio.open_connection("127.0.0.1", self.tavern.port)
        player = Player(self.tavern.dialect, self.tavern.encoding, streams)
        self.players.append(player)
        return player

    async def player(self, name: str, password: str = "pw") -> Player:
        player = await self.connect()
        await player.enter(name, password)
        return player

    async def two(self) -> tuple[Player, Player]:
        """A speaker and a listener: Bob and Ann, or 张三 and 李四."""
        if self.tavern.dialect in CHINESE:
            self.tavern.register("zhangsan", "pw", name="张三")
            self.tavern.register("lisi", "pw", name="李四")
            return await self.player("zhangsan"), await self.player("lisi")
        return await self.player("Bob"), await self.player("Ann")


@asynccontextmanager
async def inn(family: str, encoding: str | None = None, limits: Limits | None = None) -> AsyncIterator[Inn]:
    """An open tavern; its clock stands still until the test moves ``now``."""
    async with Tavern(dialect=family, encoding=encoding, limits=limits) as tavern:
        house = Inn(tavern)
        try:
            yield house
        finally:
            for player in house.players:
                player.writer.close()
