"""The owner's first pages: sessions with their lines, plugins with their switches, words as the character."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mudbot import Plugin, Text, logs, review
from mudbot.events import Room
from mudbot.web.views import last_lines, plugin_views, session_view
from tests.app_plugins_stage import Stage, until
from tests.web.web_fakes import PASSWORD, TOKEN, Client, FakeBot, Serve, config_of, make_bot

HOSTILE = '"><script>alert(1)</script>\u202e'


def play(bot: FakeBot, number: int = 0) -> None:
    """The session is in its game, as far as one can see."""
    bot.sessions[number].state = "playing"


# -- what is shown -----------------------------------------------------------------------------------------------------


async def test_every_session_is_there_with_its_last_lines(tmp_path: Path, serve: Serve) -> None:
    bot = make_bot(config_of(tmp_path, sessions=("one.example", "two.example")))
    play(bot)
    bot.hears(*(f"line {number}" for number in range(20)), "\x1b[32mA crane.\x1b[0m")
    bot.sessions[1].why = "two.example:4000: is the MUD up?"
    bot.sessions[1].state = "waiting"
    owner = await serve(bot)
    await owner.log_in()
    text = await owner.get("/dashboard")
    assert "1 of 2 in the game" in text
    assert '<span class="f-green">A crane.</span>' in text
    assert "line 19" in text
    assert "line 3<" not in text
    assert "is the MUD up?" in text
    away = await owner.get("/dashboard?show=away")
    assert "two.example" in away
    assert "one.example" not in away


async def test_hundreds_of_sessions_have_pages(tmp_path: Path, serve: Serve) -> None:
    """Twenty on each; a page that is none is the nearest."""
    bot = make_bot(config_of(tmp_path, sessions=[f"mud{number}.example" for number in range(45)]))
    owner = await serve(bot)
    await owner.log_in()
    seen = [
        set(re.findall(r"name=(mud\d+)\.example", await owner.get(f"/dashboard?page={page}"))) for page in (1, 2, 3)
    ]
    assert [len(names) for names in seen] == [20, 20, 5]
    assert len(set.union(*seen)) == 45
    for page, same in (("0", 0), ("-1", 0), ("99", 2), ("x", 0), ("٣", 0), ("9" * 50, 0)):
        text = await owner.get(f"/dashboard?page={page}")
        assert set(re.findall(r"name=(mud\d+)\.example", text)) == seen[same], page


async def test_what_a_mud_says_is_text(owner: Client, bot: FakeBot) -> None:
    """Names, rooms, reasons and lines that want to be more, in every view and language."""
    bot.hears(f"{HOSTILE} \x1b[31m{HOSTILE}\x1b[0m")
    session = bot.sessions[0]
    session.why, session.state = HOSTILE, "waiting"
    session.room.current = Room(HOSTILE, people=(HOSTILE,))
    for language in ("en", "zh"):
        await owner.get(f"/lang/{language}", status=302)
        for path in ("/dashboard", "/dashboard/session?name=mud.example"):
            text = await owner.get(path)
            assert "<script>alert" not in text
            assert "\u202e" not in text
            assert "&lt;script&gt;alert(1)" in text


async def test_the_password_is_never_shown(owner: Client, bot: FakeBot) -> None:
    """Some MUDs repeat what is typed."""
    bot.hears(f"Password: {PASSWORD}", "Welcome!")
    for path in ("/dashboard", "/dashboard/session?name=mud.example"):
        text = await owner.get(path)
        assert PASSWORD not in text
        assert "Password: ********" in text
        assert TOKEN not in text


async def test_what_triggers_gag_or_change_is_shown_so(tmp_path: Path, stage: Stage) -> None:
    """As in transcripts; gagged lines make room for older ones."""
    stage.mud.say(*(f"第{number}行" for number in range(10)), *["ADVERTISEMENT"] * 30, "金子：500")
    await until(lambda: stage.app.live.feed("s0").total >= 41)
    shown = [str(line.html) for line in last_lines(stage.app, 0)]
    assert shown == ["第3行", "第4行", "第5行", "第6行", "第7行", "第8行", "第9行", "金子：很多"]


@pytest.mark.parametrize("name", ["", "nobody", HOSTILE, "mud.example/", "../x"])
async def test_a_session_that_there_is_not(owner: Client, name: str) -> None:
    text = await owner.get(f"/dashboard/session?name={name}", status=404)
    assert "<script>alert" not in text


def test_a_session_is_seen_as_it_is(bot: FakeBot) -> None:
    session = bot.sessions[0]
    view = session_view(bot, 0)
    assert (view.state, view.look, view.heard_at, view.lines, view.round_trip) == ("new", "", None, 0, None)
    assert (view.address, view.dialect, view.verbs[0]) == ("127.0.0.1:4000", "generic", "say")
    looks = []
    for state, why in (("playing", "x"), ("connecting", ""), ("logging in", ""), ("waiting", ""), ("stopped", "")):
        session.state, session.why = state, why  # type: ignore[assignment]
        looks.append(session_view(bot, 0).look)
    assert looks == ["good", "warn", "warn", "warn", ""]
    session.why = "refused"
    assert session_view(bot, 0).look == "bad"


async def test_without_scripts_everything_is_there(owner: Client, bot: FakeBot) -> None:
    """Lines, states and switches are in the page itself; scripts are files, and only for live lines."""
    bot.hears("A crane flies.")
    for path in ("/dashboard", "/dashboard/session?name=mud.example"):
        text = await owner.get(path)
        assert "A crane flies." in text
        assert "<noscript>" in text
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


# -- words as the character --------------------------------------------------------------------------------------------


async def say(owner: Client, status: int = 303, **form: str) -> str:
    csrf = await owner.csrf("/dashboard")
    given: dict[str, Any] = {"session": "mud.example", "verb": "say", "target": "", "words": "Good evening!"} | form
    return await owner.post("/dashboard/say", status=status, csrf=csrf, **given)


def waiting(bot: FakeBot) -> list[bytes]:
    return [entry.packet.data for entry in bot.sessions[0].outbox._waiting]


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ({}, b"say Good evening!"),
        ({"verb": "tell", "target": "Ann"}, b"tell Ann Good evening!"),
        ({"verb": "channel", "target": "gossip"}, b"gossip Good evening!"),
        ({"verb": "emote", "words": "bows."}, b"emote bows."),
        ({"words": "\b\b\bquit\r\nquit"}, b"say quit quit"),
    ],
)
async def test_the_owner_speaks_as_the_character(
    owner: Client, bot: FakeBot, form: dict[str, Any], sent: bytes
) -> None:
    """Through the gate: what arrives is words, whatever they hold."""
    play(bot)
    await say(owner, **form)
    assert [data.strip() for data in waiting(bot)] == [sent]
    text = await owner.get(owner.headers["Location"])
    assert "on its way" in text


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"words": "  "}, "Something is missing"),
        ({"verb": "tell"}, "Something is missing"),
        ({"verb": "dance"}, "no way to do that"),
        ({"verb": "whisper", "target": "Ann"}, "no way to do that"),
        ({"verb": "tell", "target": "Ann; quit"}, "cannot be said"),
    ],
)
async def test_what_cannot_be_said_is_told(owner: Client, bot: FakeBot, form: dict[str, Any], why: str) -> None:
    """On the same page, with what was written."""
    play(bot)
    text = await say(owner, status=409, **form)
    assert why in text
    assert waiting(bot) == []


async def test_nothing_is_said_by_who_is_away(owner: Client, bot: FakeBot) -> None:
    """It would wait, be too old, and be dropped without a word; and what was written is not lost."""
    text = await say(owner, status=409, words=HOSTILE)
    assert "not in the game just now" in text
    assert "&lt;script&gt;" in text
    assert waiting(bot) == []


async def test_nothing_is_said_in_a_session_that_there_is_not(owner: Client) -> None:
    await say(owner, status=404, session="nobody")


async def test_the_log_tells_that_the_owner_spoke_and_not_what(
    owner: Client, bot: FakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    play(bot)
    caplog.set_level("DEBUG", "mudbot")
    await say(owner, words="meet me at the mill")
    assert "the owner speaks" in caplog.text
    assert "mill" not in caplog.text


# -- plugins -----------------------------------------------------------------------------------------------------------


class Quiet(Plugin):
    """Does nothing."""


class Careful(Plugin):
    """Reviews."""

    @review
    async def look(self, text: Text) -> None:
        """Lets all pass."""


async def add(bot: FakeBot, name: str, kind: type[Plugin] = Quiet, session: int = 0) -> None:
    plugin = kind()
    plugin.name = name
    await bot.hosts[session].add(plugin)


async def test_plugins_are_counted_over_all_sessions(tmp_path: Path) -> None:
    bot = make_bot(config_of(tmp_path, sessions=("one.example", "two.example")))
    for number in range(2):
        await add(bot, "basics", session=number)
        await add(bot, "dialogue", Careful, session=number)
    bot.hosts[0].running["basics"].pause("owner", "by its owner")
    bot.hosts[0].running["dialogue"].pause("owner", "by its owner")
    bot.hosts[1].running["dialogue"].pause("owner", "by its owner")
    views = {view.name: view for view in plugin_views(bot)}
    assert [(name, view.state, view.look) for name, view in views.items()] == [
        ("basics", "partly", "warn"),
        ("dialogue", "paused", "warn"),
        ("scenes", "unloaded", ""),
    ]
    assert views["dialogue"].reviews
    assert views["dialogue"].why == "by its owner"
    for host in bot.hosts:
        await host.stop()


async def change(owner: Client, verb: str, name: str, status: int = 303) -> str:
    return await owner.post(
        "/dashboard/plugin", status=status, csrf=await owner.csrf("/dashboard"), verb=verb, name=name
    )


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("pause", "basics is off. It hears nothing."),
        ("resume", "basics is on."),
        ("reload", "basics runs its newest code."),
        ("load", "basics is loaded."),
    ],
)
async def test_a_plugin_is_changed_and_that_is_told(owner: Client, bot: FakeBot, verb: str, told: str) -> None:
    await change(owner, verb, "basics")
    assert bot.roster.did == [(verb, "basics")]
    assert told in await owner.get(owner.headers["Location"])


async def test_what_cannot_be_done_is_told_as_text(owner: Client, bot: FakeBot) -> None:
    """A plugin's mistake is its author's words."""
    await change(owner, "reload", HOSTILE, status=409)
    bot.roster.refuses = f"plugin basics does not start: {HOSTILE}"
    text = await change(owner, "reload", "basics", status=409)
    assert "Nothing is changed" in text
    assert "<script>alert" not in text
    assert "does not start" in text
    await change(owner, "explode", "basics", status=400)


async def test_a_secret_in_a_plugins_own_error_is_masked(owner: Client, bot: FakeBot) -> None:
    """Also one that only the plugin knows: what it is given as a setting, not from the environment."""
    logs.mask(["hunter2-canary"])
    bot.roster.refuses = "plugin basics does not start: ValueError: no hunter2-canary"
    text = await change(owner, "reload", "basics", status=409)
    assert "ValueError: no ********" in text
    assert "hunter2" not in text


async def test_what_a_link_says_was_done_is_no_more_than_text(owner: Client) -> None:
    """Somebody else may have made it."""
    text = await owner.get(f"/dashboard?did=pause&name={HOSTILE}")
    assert "<script>alert" not in text
    assert 'role="status"' not in await owner.get("/dashboard?did=erase&name=x")


# -- the whole bot -----------------------------------------------------------------------------------------------------

ANSWERS = """
class Answers(Plugin):
    @on(Speech)
    async def answer(self, speech):
        await self.mud.say("Heard: " + (speech.text or ""))
    @on(Line)
    async def hear(self, line):
        pass
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    stage.web = f"{{port: 0, token: {TOKEN}}}"
    stage.plugins["triggers"] = ""
    stage.more = "triggers: [{text: ADVERTISEMENT, gag: true}, {pattern: '(?<=金子：)500', substitute: 很多}]\n"
    stage.write("answers", ANSWERS)
    await stage.open()
    yield stage
    await stage.close()


def answers(stage: Stage) -> list[str]:
    return [typed.partition("Heard: ")[2] for typed in stage.mud.typed if "Heard: " in typed]


async def test_a_plugin_that_is_off_hears_nothing_until_it_is_on(stage: Stage) -> None:
    """In the running bot, by the page's own buttons; what came meanwhile is not made up for."""
    assert stage.app._web is not None
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        owner = Client(stage.app._web.url, http)
        await owner.log_in()
        stage.mud.say("张三(zhangsan)说道：一。")
        await until(lambda: answers(stage))
        assert "at work" in await owner.get("/dashboard")
        await change(owner, "pause", "answers")
        page = await owner.get(owner.headers["Location"])
        assert "by its owner" in page
        heard = stage.app.live.feed("s0").total
        stage.mud.say("张三(zhangsan)说道：二。")
        await until(lambda: stage.app.live.feed("s0").total > heard)
        running = stage.app.hosts[0].running["answers"]
        assert (running.paused, running.busy) == (True, 0)
        await change(owner, "resume", "answers")
        stage.mud.say("张三(zhangsan)说道：三。")
        await until(lambda: len(answers(stage)) > 1)
        assert answers(stage) == ["一。", "三。"]
        assert "二" in await owner.get("/dashboard/session?name=s0")
        stage.write("answers", ANSWERS.replace("Heard: ", "Now Heard: "))
        await change(owner, "reload", "answers")
        stage.mud.say("张三(zhangsan)说道：四。")
        await until(lambda: any("Now Heard" in typed for typed in stage.mud.typed))


async def test_the_latency_of_a_link_is_the_kernels(stage: Stage) -> None:
    """On loopback some microseconds; a link that is over has none."""
    link = stage.app.sessions[0].link
    assert link is not None
    if link.round_trip is None:
        pytest.skip("this system does not tell")
    assert 0 < link.round_trip < 1
    link.abort("test")
    assert link.round_trip is None
