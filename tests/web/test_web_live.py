"""Lines on their way to a page: kept in bounds, coloured, sent as they come."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import pytest

from mudbot.events import Closed, Gmcp, Line, Lines, Page, Prompt, Span, Style
from mudbot.mud.text import TextStream
from mudbot.testing import FakeClock
from mudbot.web import colours
from mudbot.web.events import MOST_WATCHERS, written
from mudbot.web.live import KEPT, LETTERS, Feed, Live
from tests.web.web_fakes import PASSWORD, Client, FakeBot, lines

# -- what is kept ------------------------------------------------------------------------------------------------------


def texts(feed: Feed, since: int = 0, most: int = KEPT) -> list[str]:
    return [each.line.text for each in feed.since(since, most)]


def test_lines_are_numbered_over_all_reads() -> None:
    feed = Feed(FakeClock())
    feed.hear(lines("a", "b"))
    feed.hear(lines("c"))
    assert [(each.number, each.line.text) for each in feed.since(0)] == [(0, "a"), (1, "b"), (2, "c")]
    assert texts(feed, 1) == ["b", "c"]
    assert texts(feed, 3) == texts(feed, 99) == []
    assert texts(feed, 0, 2) == ["b", "c"]


def test_no_line_is_looked_at_until_somebody_looks() -> None:
    """What a flood costs is a call for each read: a page of it is kept as it is."""

    class Unread(Page):
        def line(self, row: int) -> Line:
            pytest.fail("a line was made for nobody")

    feed = Feed(FakeClock())
    for _ in range(1000):
        feed.hear(Lines(Unread("one\ntwo\n")))
    assert feed.total == 2000


def test_what_is_kept_is_bounded_by_lines_and_letters() -> None:
    """Whatever the MUD says, however it comes; the last lines are always there."""
    feed = Feed(FakeClock())
    for number in range(10 * KEPT):
        feed.hear(lines(str(number)))
    assert texts(feed) == [str(number) for number in range(9 * KEPT, 10 * KEPT)]
    assert len(feed._reads) == KEPT
    for _ in range(100):
        feed.hear(lines("x" * 4000))
    assert sum(read.letters for read in feed._reads) <= LETTERS
    feed.hear(lines(*["y" * 1000] * 1000))
    assert len(feed._reads) == 1
    assert len(feed.since(0)) == KEPT


def test_a_page_is_shown_whole_where_it_was_read_in_parts() -> None:
    """KEPT lines are there whatever reads they came in."""
    feed = Feed(FakeClock())
    for size in (150, 3, 190, 1, 1):
        feed.hear(lines(*["z"] * size))
    assert len(feed.since(0)) == KEPT


def test_data_and_prompts_are_no_lines() -> None:
    feed = Feed(FakeClock())
    for event in (Prompt("> ", "ga"), Gmcp("Room.Info", {}), Closed("gone")):
        feed.hear([event])
    assert (feed.total, feed.heard_at) == (0, None)


async def test_who_watches_is_told_and_nobody_else() -> None:
    clock = FakeClock()
    live = Live(clock)
    watcher, other = asyncio.Event(), asyncio.Event()
    with live.feed("a").watched(watcher), live.feed("b").watched(other):
        live.feed("a").hear(lines("x"))
        assert (watcher.is_set(), other.is_set()) == (True, False)
    watcher.clear()
    live.feed("a").hear(lines("y"))
    assert not watcher.is_set()
    assert live.feed("a").heard_at == clock.wall()


# -- colours -----------------------------------------------------------------------------------------------------------


def shown(data: str, **more: object) -> str:
    [line] = TextStream("utf-8").feed(f"{data}\r\n".encode())
    return str(colours.html(line, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "html"),
    [
        ("plain", "plain"),
        ("a \x1b[31mred\x1b[0m b", 'a <span class="f-red">red</span> b'),
        ("\x1b[1;32mx\x1b[0m", '<span class="f-bright-green">x</span>'),
        ("\x1b[38;5;202mx\x1b[0m", '<span class="f-186">x</span>'),
        ("\x1b[4;3;9mx\x1b[0m", '<span class="t-italic t-underline t-strike">x</span>'),
        ("\x1b[7mx\x1b[0m", '<span class="b-white f-ink">x</span>'),
        ("\x1b[44mx\x1b[0m", '<span class="b-blue">x</span>'),
        ("\x1b[33;43mx\x1b[0m", '<span class="b-yellow f-paper">x</span>'),
        ("\x1b[8mx\x1b[0m", '<span class="t-hidden">x</span>'),
        ("\x1b[5mx\x1b[0m", "x"),
        ("\x1b[31m<b>&amp;\x1b[0m", '<span class="f-red">&lt;b&gt;&amp;amp;</span>'),
        ('"><script>alert(1)</script>', "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a\u202eb\x85c", "a\\u202eb\\x85c"),
        ("\x1b[31m张三\x1b[0m说：好", '<span class="f-red">张三</span>说：好'),
    ],
)
def test_a_line_is_shown_as_the_mud_shows_it(data: str, html: str) -> None:
    """As classes, escaped, without anything that could drive a terminal or turn a line around."""
    assert shown(data) == html


def test_a_password_that_a_mud_repeats_is_not_shown() -> None:
    """Not even where colours break it; very short ones would hide ordinary words."""
    hide = colours.hiding((PASSWORD, "no"))
    assert (
        shown(f"You typed \x1b[31m{PASSWORD[:4]}\x1b[32m{PASSWORD[4:]}\x1b[0m, no?", hide=hide)
        == "You typed ********, no?"
    )
    assert colours.hiding(("", "abc")) is None


def test_every_colour_can_be_read_on_what_it_stands_on() -> None:
    """All 16 by name and the cube, on the ground and on every background, by WCAG's measure."""
    sheet = colours.stylesheet()
    css = {name: _colour(value) for name, value in re.findall(r"\.([fb]-[\w-]+)\{\w+:#(\w{6})\}", sheet)}
    steps = [f"#{r:02x}{g:02x}{b:02x}" for r in (0, 135, 255) for g in (0, 135, 255) for b in (0, 135, 255)]
    for fg in (None, *colours.NAMED, *steps):
        for bg in (None, *colours.BACKS, *steps):
            for inverse in (False, True):
                names = colours.classes(Style(fg=fg, bg=bg, inverse=inverse)).split()
                front = next((css[name] for name in names if name.startswith("f-")), colours.NAMED["white"])
                back = next((css[name] for name in names if name.startswith("b-")), colours.GROUND)
                assert colours.contrast(front, back) >= colours.READABLE, (fg, bg, inverse, names)


def _colour(value: str) -> colours.Colour:
    return int(value[:2], 16), int(value[2:4], 16), int(value[4:], 16)


def test_odd_colours_are_no_failure() -> None:
    """A colour that is none is the usual one; spans at the ends and nothing between."""
    assert colours.classes(Style(fg="mauve")) == "f-white"

    class Odd:
        def spans(self, row: int) -> tuple[Span, ...]:
            return (Span(0, 1, Style()), Span(1, 2, Style(bold=True)))

    assert colours.html(Line("ab", colours=Odd())) == 'a<span class="t-bold">b</span>'


def test_the_sheet_is_the_one_that_is_made() -> None:
    """Where this fails, write what ``mudbot.web.colours.stylesheet`` gives to the file."""
    assert files("mudbot.web").joinpath("static", "ansi.css").read_text(encoding="utf-8") == colours.stylesheet()


# -- events ------------------------------------------------------------------------------------------------------------


def test_an_event_cannot_be_ended_by_its_words() -> None:
    """A line end within it begins another line of data, not another event."""
    assert written(("l0", "a\nb\r\n\nevent: x", "")) == "event: l0\ndata: a\ndata: b\ndata: \ndata: event: x\n\n"
    assert written(("all", "", "e.3")) == "event: all\nid: e.3\ndata: \n\n"


Events = AsyncIterator[tuple[str, str, str]]


@asynccontextmanager
async def watching(client: Client, path: str, **headers: str) -> AsyncIterator[Events]:
    """The events at *path*: name, data, id."""
    async with client.http.get(client.url + path, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")

        async def read() -> Events:
            fields: dict[str, list[str]] = {}
            async for raw in answer.content:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name:
                    fields.setdefault(name, []).append(value)
                elif fields:
                    yield fields["event"][0], "\n".join(fields["data"]), fields.get("id", [""])[0]
                    fields = {}

        yield read()


async def until(events: Events, name: str) -> tuple[str, str]:
    """The data and id of the next event *name*."""
    async with asyncio.timeout(30):
        async for told, data, mark in events:
            if told == name:
                return data, mark
    pytest.fail(f"no event {name!r}")


async def test_a_line_goes_to_the_pages_that_show_its_session(owner: Client, bot: FakeBot) -> None:
    """At once: no page asks for it."""
    one = watching(owner, "/dashboard/events?session=mud.example")
    async with watching(owner, "/dashboard/events") as overview, one as page:
        for events, name in ((overview, "l0"), (page, "all")):
            assert "nothing heard" in (await until(events, name))[0]
        bot.hears("\x1b[31mA crane\x1b[0m flies <up>.")
        for events, name in ((overview, "l0"), (page, "all")):
            assert '<span class="f-red">A crane</span> flies &lt;up&gt;.' in (await until(events, name))[0]
        bot.hears("It is gone.")
        data, mark = await until(page, "lines")
        assert "It is gone." in data
        assert "crane" not in data
        assert mark == f"{bot.live.epoch}.2"


async def test_after_a_break_only_what_was_missed_is_sent(owner: Client, bot: FakeBot) -> None:
    """By the number of the last; all anew where that is of another run, or no longer kept."""
    bot.hears(*(f"line {number}" for number in range(5)))
    path, epoch = "/dashboard/events?session=mud.example", bot.live.epoch
    async with watching(owner, path, **{"Last-Event-ID": f"{epoch}.3"}) as events:
        data, _ = await until(events, "lines")
        assert re.findall(r"line \d", data) == ["line 3", "line 4"]
    for mark in ("other.3", f"{epoch}.99", f"{epoch}.-1", f"{epoch}.٣", "", "."):
        async with watching(owner, path, **{"Last-Event-ID": mark}) as events:
            data, _ = await until(events, "all")
            assert len(re.findall(r"line \d", data)) == 5, mark
    bot.hears(*["more"] * (2 * KEPT))
    async with watching(owner, path, **{"Last-Event-ID": f"{epoch}.3"}) as events:
        data, _ = await until(events, "all")
        assert data.count("more") == KEPT


async def test_states_are_sent_where_they_change(owner: Client, bot: FakeBot) -> None:
    async with watching(owner, "/dashboard/events") as events:
        assert "not begun" in (await until(events, "s0"))[0]
        bot.sessions[0].state = "playing"
        assert "in the game" in (await until(events, "s0"))[0]


async def test_events_are_the_owners(guest: Client, bot: FakeBot) -> None:
    """Whoever logs out, by any of his pages, hears no more on the others."""
    await guest.get("/dashboard/events", status=302)
    await guest.log_in()
    csrf = await guest.csrf("/dashboard")
    async with watching(guest, "/dashboard/events?session=mud.example") as events:
        await until(events, "all" if bot.live.feed("mud.example").total else "s0")
        await guest.post("/logout", csrf=csrf)
        bot.hears("secret")
        async with asyncio.timeout(30):
            assert all("secret" not in data for _, data, _ in [each async for each in events])


async def test_watchers_are_bounded(owner: Client) -> None:
    """Each costs a page a second; who leaves makes room."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        for _ in range(MOST_WATCHERS):
            events = await stack.enter_async_context(watching(owner, "/dashboard/events"))
            await until(events, "s0")
        await owner.get("/dashboard/events", status=503)
        assert owner.headers["Retry-After"] == "30"
    async with asyncio.timeout(30):
        while True:
            async with owner.http.get(owner.url + "/dashboard/events") as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.05)


async def test_events_of_no_session_are_none(owner: Client) -> None:
    await owner.get("/dashboard/events?session=nobody", status=404)
