"""``mudbot ctl``: a running bot asked over its socket, by its owner alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mudbot import logs
from mudbot.cli import cli
from mudbot.cli import ctl_shown as shown
from mudbot.control import server as serving
from mudbot.control.client import ask, gone
from mudbot.control.server import ControlServer
from mudbot.control.wire import MAX_REQUEST, SOCKET, ControlError, decoded, encoded
from mudbot.errors import ConfigError, MudbotError, Problem
from mudbot.refresh import Refreshed
from mudbot.store.lock import Lock, holder
from tests.cli.daemon_stage import Start
from tests.web.web_fakes import PASSWORD, FakeBot, config_of, make_bot


class Bot(FakeBot):
    """A bot of fakes that can be asked to change."""

    outcome: Refreshed | MudbotError = Refreshed(("dice",), (), ("web.port",))
    ending = False

    async def refresh(self) -> Refreshed:
        if isinstance(self.outcome, MudbotError):
            raise self.outcome
        return self.outcome

    def shutdown(self) -> None:
        self.ending = True


class Api:
    """Nobody is asked."""

    running = waiting = 0


def made(folder: Path, *sessions: str) -> Bot:
    """One that plays in *sessions*."""
    fake = make_bot(config_of(folder, sessions=sessions))
    fake.__class__ = Bot
    assert isinstance(fake, Bot)
    fake.api = Api()
    for session in fake.sessions:
        session.state = "playing"
    return fake


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    """One that plays in two sessions, ``inn`` and ``山``, and listens."""
    fake = made(tmp_path, "inn", "山")
    server = ControlServer(fake)
    await server.open()
    yield fake
    await server.close()
    await fake.store.close()


async def asked(bot: Bot, do: str, /, **given: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, bot.store.folder, do, **given)


async def ctl(bot: Bot, *words: str) -> Result:
    """``mudbot ctl WORDS``, in a thread: the bot answers meanwhile."""
    config = str(bot.store.folder.parent / "config.yaml")
    return await asyncio.to_thread(CliRunner().invoke, cli, ["ctl", "-c", config, *words])


async def raw(bot: Bot, line: bytes) -> dict[str, Any]:
    """What the bot answers to these bytes."""
    reader, writer = await asyncio.open_unix_connection(str(bot.store.folder / SOCKET))
    writer.write(line)
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    found: dict[str, Any] = json.loads(answer)
    return found


# -- what can be asked -------------------------------------------------------------------------------------------------


async def test_it_says_how_it_is(bot: Bot) -> None:
    bot.sessions[1].state, bot.sessions[1].why = "waiting", "the MUD is down"
    status = await asked(bot, "status")
    assert (status["ready"], status["sessions"], status["playing"]) == (True, 2, 1)
    assert status["away"] == [{"name": "山", "state": "waiting", "why": "the MUD is down"}]
    result = await ctl(bot, "status")
    assert result.exit_code == 0
    assert "1 of 2 in the game" in result.output
    assert "山: waiting: the MUD is down" in result.output


async def test_sessions_are_listed_with_why_they_are_away(bot: Bot) -> None:
    bot.sessions[0].state, bot.sessions[0].why = "waiting", "refused"
    result = await ctl(bot, "sessions")
    lines = result.output.splitlines()
    assert lines[0].split()[:3] == ["SESSION", "STATE", "CHARACTER"]
    assert lines[1].split()[:3] == ["inn", "waiting", "Tang"]
    assert lines[-1] == "inn: refused"


async def test_words_go_the_characters_own_way(bot: Bot) -> None:
    """Through the gate, into the outbox, as one verb's argument."""
    result = await ctl(bot, "say", "-s", "inn", "Dinner", "is\nready;quit")
    assert result.output == "inn: on its way\n"
    assert bot.sessions[0].outbox.waiting == 1
    assert bot.sessions[1].outbox.waiting == 0
    assert (await ctl(bot, "say", "-s", "inn", "--verb", "tell", "--to", "Bob", "psst")).exit_code == 0
    assert bot.sessions[0].outbox.waiting == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("hello",), "in which session?"),
        (("-s", "imn", "hello"), "did you mean 'inn'?"),
        (("-s", "inn", "--verb", "tell", "hello"), "something is missing"),
        (("-s", "inn", " "), "something is missing"),
        (("-s", "inn", "x" * 1001), "too long"),
    ],
)
async def test_what_cannot_be_said_is_told_why(bot: Bot, words: tuple[str, ...], why: str) -> None:
    result = await ctl(bot, "say", *words)
    assert result.exit_code == 1
    assert why in result.output
    assert not any(session.outbox.waiting for session in bot.sessions)


async def test_nothing_is_said_for_who_is_away(bot: Bot) -> None:
    """It would wait for half a minute and be dropped, and nobody would know."""
    bot.sessions[0].state = "waiting"
    result = await ctl(bot, "say", "-s", "inn", "hello")
    assert (result.exit_code, bot.sessions[0].outbox.waiting) == (1, 0)
    assert "not in its game" in result.output


async def test_somebody_is_muted_in_one_session_and_heard_again(bot: Bot) -> None:
    assert "10 minutes" in (await ctl(bot, "mute", "-s", "inn", "Bob")).output
    assert list(bot.hosts[0].mutes.names()) == ["bob"]
    assert not bot.hosts[1].mutes.names()
    assert "inn: bob" in (await ctl(bot, "mute")).output
    assert (await ctl(bot, "mute", "-s", "inn", "--off", "Bob")).output == "Bob is heard again\n"
    assert (await ctl(bot, "mute")).output == "nobody is muted\n"


async def test_a_mute_ends_some_day(bot: Bot) -> None:
    """Thirty days at most."""
    await asked(bot, "mute", who="Bob", seconds=1e12, session="inn")
    assert bot.hosts[0].mutes.names()["bob"] <= 30 * 86_400


async def test_plugins_are_listed_and_changed_in_all_sessions(bot: Bot) -> None:
    assert "dialogue" in (await ctl(bot, "plugins")).output
    assert (await ctl(bot, "plugins", "pause", "dialogue")).output == "dialogue: paused\n"
    assert (await ctl(bot, "plugins", "pause", "dialogue")).output == "dialogue: it was so already\n"
    assert bot.roster.did == [("pause", "dialogue")] * 2
    result = await ctl(bot, "plugins", "reload", "dialoge")
    assert result.exit_code == 1
    assert "there is no plugin 'dialoge'" in result.output


async def test_a_reload_says_what_has_changed(bot: Bot) -> None:
    result = await ctl(bot, "reload")
    assert result.output.splitlines() == ["loaded: dice", "this counts after a restart: web.port"]


async def test_a_reload_that_fails_says_every_mistake(bot: Bot) -> None:
    bot.outcome = ConfigError(Problem("config.yaml:3", "no"), Problem("config.yaml:7", "neither"))
    result = await ctl(bot, "reload", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.output)
    assert answer["ok"] is False
    assert [each["where"] for each in answer["problems"]] == ["config.yaml:3", "config.yaml:7"]


async def test_what_was_spent_and_what_is_left(bot: Bot) -> None:
    """By model, player and plugin, of the days that are asked for."""
    whose = {"session": "inn", "model": "gpt", "player": "Bob", "plugin": "dialogue"}
    counts = {"prompt_tokens": 5, "completion_tokens": 2, "money": 0.25, "latency": 1.0, "waited": 0.0, "attempts": 1}
    await bot.store.write("calls", endpoint="POST /chat/completions", outcome="ok", **whose, **counts)
    found = await asked(bot, "spend", days=3)
    assert [day["usd"] for day in found["days"]] == [0, 0, 0.25]
    assert [(row["name"], row["usd"]) for row in found["models"]] == [("gpt", 0.25)]
    assert [(row["session"], row["name"]) for row in found["players"]] == [("inn", "Bob")]
    assert "inn/Bob" in (await ctl(bot, "spend")).output


async def test_it_answers_before_it_ends(bot: Bot) -> None:
    assert "pid" in await asked(bot, "shutdown")
    assert bot.ending


async def test_a_bot_that_is_starting_changes_nothing_yet(bot: Bot) -> None:
    """Some sessions would have a change and others not."""
    bot.hosts.pop()
    assert (await asked(bot, "status"))["ready"] is False
    for do in ("reload", "spend", "plugins"):
        with pytest.raises(ControlError, match="still starting"):
            await asked(bot, do)
    assert "still starting" in (await ctl(bot, "status")).output


# -- how it is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--json", "status"), ("status", "--json")])
async def test_json_may_stand_on_either_side(bot: Bot, words: tuple[str, ...]) -> None:
    answer = json.loads((await ctl(bot, *words)).output)
    assert (answer["ok"], answer["playing"]) == (True, 2)


async def test_the_store_is_found_where_the_configuration_has_mistakes(bot: Bot) -> None:
    """Secrets of the environment for example are the bot's, not those of the shell that asks."""
    config = bot.store.folder.parent / "config.yaml"
    config.write_text(config.read_text().replace(PASSWORD, "${NOT_SET_HERE}") + "\nunknown: 1\n")
    assert (await ctl(bot, "status")).exit_code == 0
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["ctl", "status", "--store", str(bot.store.folder)])
    assert result.exit_code == 0


def test_without_a_bot_it_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["ctl", "status", "--store", str(tmp_path)])
    assert result.exit_code == 1
    assert f"no bot runs with the store {tmp_path}" in result.output


@pytest.mark.parametrize(
    "words",
    [
        *(("statsu",), ("say",), ("mute", "Bob", "5"), ("mute", "--off")),
        *(("plugins", "reload"), ("plugins", "x", "y"), ("plugins", "list", "y"), ("-c", "nix", "status")),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_use(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Exit status 2, before anybody is asked."""
    where = () if "-c" in words else ("--store", str(tmp_path))
    assert CliRunner().invoke(cli, ["ctl", *where, *words]).exit_code == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"hello\n", "is not one JSON object"),
        (b"[1]\n", "is not a JSON object"),
        (b"[" * 50_000 + b"\n", "is not one JSON object"),
        (b'{"do": "status"}\n', "version None"),
        (b'{"v": 2, "do": "status"}\n', "version 2"),
        (b'{"v": true, "do": "status"}\n', "version True"),
        (b'{"v": 1}\n', "does not know ''"),
        (b'{"v": 1, "do": "stauts"}\n', "did you mean 'status'?"),
        (b'{"v": 1, "do": "_host"}\n', "does not know '_host'"),
        (b'{"v": 1, "do": ["status"]}\n', "does not know"),
        (b'{"v": 1, "do": "say"}\n', "say wants 'words'"),
        (b'{"v": 1, "do": "say", "words": 5}\n', "words must be a text"),
        (b'{"v": 1, "do": "mute", "who": "Bob", "seconds": true}\n', "seconds must be a number"),
        (b'{"v": 1, "do": "mute", "who": "Bob", "second": 5}\n', "did you mean 'seconds'?"),
        (b'{"v": 1, "do": "mute", "who": "Bob", "session": "inn", "seconds": NaN}\n', "mute wants"),
        (b"x" * (MAX_REQUEST + 10) + b"\n", "longer than"),
    ],
)
async def test_what_is_no_request_is_told_why(bot: Bot, line: bytes, why: str) -> None:
    """And the bot answers the next one as if nothing had been."""
    answer = await raw(bot, line)
    assert answer["ok"] is False
    assert why in answer["error"]
    assert (await asked(bot, "status"))["ready"]


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: b'{"v": 1, "do": ' + text.encode() + b"}"))
def test_any_bytes_are_a_message_or_refused(line: bytes) -> None:
    """Nothing else is raised, whatever comes."""
    with contextlib.suppress(ControlError):
        assert isinstance(decoded(line, whose="it"), dict)


async def test_several_can_be_asked_over_one_link(bot: Bot) -> None:
    reader, writer = await asyncio.open_unix_connection(str(bot.store.folder / SOCKET))
    writer.write(encoded({"do": "status"}) + encoded({"do": "sessions"}))
    assert "pid" in json.loads(await reader.readline())
    assert "sessions" in json.loads(await reader.readline())
    writer.close()


async def test_who_hangs_up_in_the_middle_disturbs_nobody(bot: Bot) -> None:
    for _ in range(40):
        _reader, writer = await asyncio.open_unix_connection(str(bot.store.folder / SOCKET))
        writer.write(b'{"v": 1, "do"')
        writer.close()
        await writer.wait_closed()
    assert (await asked(bot, "status"))["ready"]


async def test_too_many_at_once_are_told_so(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that opens links and forgets them does not fill the bot."""
    monkeypatch.setattr(serving, "LINKS", 2)
    links = [await asyncio.open_unix_connection(str(bot.store.folder / SOCKET)) for _ in range(3)]
    assert b"too many ask at once" in await asyncio.wait_for(links[2][0].readline(), 10)
    for _, writer in links:
        writer.close()


async def test_who_says_nothing_is_hung_up_on(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PATIENCE", 0.01)
    reader, writer = await asyncio.open_unix_connection(str(bot.store.folder / SOCKET))
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


# -- who may ask -------------------------------------------------------------------------------------------------------


async def test_the_socket_is_its_owners_alone(bot: Bot) -> None:
    about = (bot.store.folder / SOCKET).stat()
    assert stat.S_ISSOCK(about.st_mode)
    assert stat.S_IMODE(about.st_mode) == 0o600


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="this system does not tell who connected")
@pytest.mark.parametrize(("user", "refused"), [(0, False), (54_321, True)])
def test_strangers_are_refused_whatever_the_sockets_mode(user: int, *, refused: bool) -> None:
    class Link:
        def get_extra_info(self, _name: str) -> Link:
            return self

        def getsockopt(self, *_: int) -> bytes:
            return struct.pack("3i", 1, user, 1)

    assert bool(serving._stranger(Link())) is refused  # type: ignore[arg-type]


async def test_no_secret_is_in_any_answer(bot: Bot) -> None:
    """What a MUD says of a password, or a plugin's own error, may hold one; and no byte drives a terminal."""
    bot.sessions[0].state, bot.sessions[0].why = "waiting", f"no such password: {PASSWORD}\x1b[2J"
    bot.roster.refuses = f"bad: {PASSWORD}"
    asked_for = (("status",), ("sessions", "--json"), ("plugins", "pause", "basics"))
    texts = [(await ctl(bot, *words)).output for words in asked_for]
    assert all("********" in text for text in texts)
    assert not any(PASSWORD in text or "\x1b" in text for text in texts)


# -- where it listens --------------------------------------------------------------------------------------------------


async def test_a_plugins_own_secret_is_in_no_answer(bot: Bot) -> None:
    """It is known since the plugin was made, after the socket was."""
    logs.mask(["hunter2-canary"])
    bot.outcome = MudbotError("plugin dice: no hunter2-canary\x1b[2J")
    result = await ctl(bot, "reload")
    assert "plugin dice: no ********" in result.output
    with pytest.raises(ControlError, match=r"no \*{8}\\x1b\[2J"):
        await asked(bot, "reload")


async def test_a_store_far_down_has_a_socket_too(tmp_path: Path) -> None:
    """Its path is longer than the 108 bytes that a socket's may have."""
    bot = made(tmp_path, "inn")
    bot.store.folder = tmp_path / ("far" * 20) / ("down" * 20)
    server = ControlServer(bot)
    await server.open()
    assert (await asyncio.to_thread(ask, bot.store.folder, "status"))["sessions"] == 1
    await server.close()
    await bot.store.close()


async def test_it_takes_the_place_of_what_a_killed_bot_left(tmp_path: Path) -> None:
    bot = made(tmp_path, "inn")
    bot.store.folder.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(bot.store.folder / SOCKET))
    server = ControlServer(bot)
    await server.open()
    assert await asyncio.to_thread(ask, bot.store.folder, "status")
    await server.close()
    assert not (bot.store.folder / SOCKET).exists()
    await bot.store.close()


async def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    """The character can do without."""
    bot = made(tmp_path, "inn")
    bot.store.folder = tmp_path / "config.yaml" / "store"
    with pytest.raises(ControlError, match="finds nobody"):
        await ControlServer(bot).open()
    await bot.store.close()


def test_one_holds_the_lock_and_the_others_know_who(tmp_path: Path) -> None:
    """Until it lets go."""
    first, second = Lock(tmp_path / "store"), Lock(tmp_path / "store")
    assert holder(first.folder) is None
    assert first.take()
    assert not second.take()
    assert isinstance(holder(first.folder), int)
    assert not gone(first.folder, 0)
    first.release()
    assert gone(first.folder, 0)
    assert second.take()
    second.release()


# -- for people --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (1, "1 second"), (3_700, "1 hour 1 minute"), (2 * 86_400 + 5, "2 days 5 seconds")],
)
def test_times_are_said_in_two_units(seconds: float, said: str) -> None:
    assert shown.lasting(seconds) == said


def test_columns_stand_below_each_other_in_chinese_too() -> None:
    lines = shown.columns(("NAME", "SENT"), [("山", 5), ("inn", 1200)])
    assert lines == ["NAME  SENT", "山       5", "inn   1200"]


# -- the whole ---------------------------------------------------------------------------------------------------------


async def test_a_real_bot_is_asked_and_ended(start: Start, tmp_path: Path) -> None:
    """Status, words that somebody in the room reads, a plugin paused, a reload refused and made, and the end."""
    daemon = await start()
    await daemon.expect("tavern: playing")
    config = tmp_path / "config.yaml"

    async def do(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, ["ctl", "-c", str(config), *words])

    status = json.loads((await do("status", "--json")).output)
    assert (status["pid"], status["playing"]) == (daemon.process.pid, 1)
    port = int(re.findall(r"127\.0\.0\.1:(\d+): come in", daemon.log)[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"Bob\r\nsecret\r\n")
    await reader.readuntil(b"Here: Chen.")
    assert (await do("say", "Dinner is ready.")).exit_code == 0
    await asyncio.wait_for(reader.readuntil(b'Chen says, "Dinner is ready."'), 10)
    writer.close()
    assert (await do("plugins", "pause", "basics")).output == "basics: paused\n"
    assert "basics: paused" in (await do("status")).output
    text = config.read_text()
    config.write_text(text.replace("basics: null", "basics: {volume: 11}"))
    refused = await do("reload")
    assert refused.exit_code == 1
    assert "volume" in refused.output
    config.write_text(text.replace(", basics: null", ""))
    assert (await do("reload")).output == "unloaded: basics\n"
    assert (await do("shutdown")).output == f"process {daemon.process.pid} has ended\n"
    assert await daemon.ended() == 0
    assert (await do("status")).exit_code == 1
    assert not (tmp_path / "data" / SOCKET).exists()
