"""Pictures from servers: links fetched within bounds, edits and variations, by whom they are found again."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from mudbot import Command, Speech
from mudbot.api import Api, Caller, Server
from mudbot.config.shape import ApiConfig
from mudbot.errors import BadAnswerError, BadRequestError, RefusedError
from mudbot.host.services.ai import Ai, Models
from mudbot.host.services.http import Http
from mudbot.host.services.painting import PICTURE_HOSTS
from mudbot.host.services.wire import Wire
from mudbot.store.pictures import Picture, Pictures
from mudbot.store.store import Store
from mudbot.testing import FakeClock


def png(size: tuple[int, int] = (8, 8), colour: str = "red") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@dataclass
class Painter:
    """An image server on this machine: answers as it is told, and notes what it was asked."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    lacks: dict[str, int] = field(default_factory=dict)
    files: dict[str, web.Response] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.bodies.append(await request.read())
        if request.path in self.files:
            found = self.files[request.path]
            return web.Response(status=found.status, body=found.body, headers=found.headers)
        if request.path in self.lacks:
            return web.json_response({"error": {"message": "no"}}, status=self.lacks[request.path])
        return web.json_response({"created": 1, "data": [self.answer]})


@asynccontextmanager
async def painting_server() -> AsyncIterator[Painter]:
    painter, app = Painter(), web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{tail:.*}", painter.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    painter.port = runner.addresses[0][1]
    try:
        yield painter
    finally:
        await runner.cleanup()


@dataclass
class Studio:
    """An Ai that has a true server, store and wire."""

    ai: Ai
    pictures: Pictures
    reviewed: list[tuple[str, str, str | None]]
    unfit: set[str]
    wires: list[Wire]
    hosts: tuple[str, ...]

    def fetch_from(self, *hosts: str, resolve: Any = None) -> None:
        self.wires += [] if resolve is None else [Wire(resolve)]
        self.ai.painting.fetch = Http("scenes", [*self.hosts, *hosts], self.wires[-1], setting=PICTURE_HOSTS)


@asynccontextmanager
async def studio(folder: Path, server: Server, model: str = "a-painter") -> AsyncIterator[Studio]:
    store = Store(folder, FakeClock())
    api, wires = Api(servers=[server]), [Wire()]
    pictures = Pictures(store, "http://bot.example.org")
    reviewed: list[tuple[str, str, str | None]] = []
    unfit: set[str] = set()

    async def review(text: str, source: Any, speaker: str | None) -> str | None:
        reviewed.append((text, source, speaker))
        return "unfit" if any(word in text for word in unfit) else None

    character: Any = SimpleNamespace(persona=SimpleNamespace(name="Chen", picture_style=""))
    ai = Ai(api, Models("m", model, None, "e"), character, review=review, pictures=pictures, caller=Caller(session="s"))
    ai.may_paint = True
    hosts = ApiConfig.model_validate({"base_url": server.base_url, "api_key": "k"}).picture_sources
    made = Studio(ai, pictures, reviewed, unfit, wires, hosts)
    made.fetch_from()
    try:
        yield made
    finally:
        await asyncio.gather(*(wire.close() for wire in wires))
        await api.close()
        await store.close()


@pytest.fixture
async def painter() -> AsyncIterator[Painter]:
    async with painting_server() as found:
        yield found


@pytest.fixture
async def house(tmp_path: Path, painter: Painter) -> AsyncIterator[Studio]:
    async with studio(tmp_path, Server(painter.base_url)) as found:
        yield found


def command(text: str = "", who: str = "Ann", *, private: bool = False) -> Command:
    return Command("scene", text, Speech("tell" if private else "say", who, f"!scene {text}"))


# -- links -------------------------------------------------------------------------------------------------------------


async def test_a_picture_comes_as_base64_or_by_a_link_of_the_servers_own(house: Studio, painter: Painter) -> None:
    """The server's own host needs no setting, loopback or not: the owner named it."""
    painter.answer = {"b64_json": base64.b64encode(png()).decode()}
    assert (await house.ai.image("a crane")).path.read_bytes() == png()
    assert json.loads(painter.bodies[0])["response_format"] == "b64_json"
    painter.answer = {"url": painter.url("/files/1.png")}
    painter.files["/files/1.png"] = web.Response(body=png(colour="blue"))
    assert (await house.ai.image("a crane")).path.read_bytes() == png(colour="blue")


async def test_a_link_elsewhere_is_fetched_only_where_the_owner_said_so(house: Studio, painter: Painter) -> None:
    """The message names the setting; nothing is asked of the other host."""
    async with painting_server() as other:
        other.files["/1.png"] = web.Response(body=png())
        painter.answer = {"url": other.url("/1.png")}
        with pytest.raises(BadAnswerError, match=rf"api\.picture_hosts: \[.*127\.0\.0\.1:{other.port}\]"):
            await house.ai.image("a crane")
        assert not other.asked
        house.fetch_from(f"127.0.0.1:{other.port}")
        assert (await house.ai.image("a crane")).path.read_bytes() == png()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:1/x.png",
        "http://localhost/x.png",
        "http://127.1/x.png",
        "http://2130706433/x.png",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/x",
        "http://user@127.0.0.1:9/x",
        "data:image/png;base64,AAAA",
        "",
        "x" * 100_000,
    ],
)
async def test_a_link_into_the_own_network_is_not_fetched(house: Studio, painter: Painter, url: str) -> None:
    painter.answer = {"url": url}
    with pytest.raises(BadAnswerError):
        await house.ai.image("a crane")


async def test_a_redirect_leads_nowhere_that_is_not_allowed(house: Studio, painter: Painter) -> None:
    painter.answer = {"url": painter.url("/1.png")}
    painter.files["/1.png"] = web.Response(status=302, headers={"Location": "http://169.254.169.254/"})
    with pytest.raises(BadAnswerError, match=r"redirects to http://169\.254\.169\.254"):
        await house.ai.image("a crane")
    painter.files["/1.png"] = web.Response(status=302, headers={"Location": painter.url("/2.png")})
    painter.files["/2.png"] = web.Response(body=png())
    assert (await house.ai.image("a crane")).width == 8


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
async def test_an_allowed_name_that_leads_inside_is_not_followed(house: Studio, painter: Painter, address: str) -> None:
    """Whoever owns the name decides where it leads; the address that is checked is the one that is used."""

    async def resolve(_host: str, port: int) -> list[Any]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    house.fetch_from(f"pictures.example.org:{painter.port}", resolve=resolve)
    painter.answer = {"url": f"http://pictures.example.org:{painter.port}/1.png"}
    with pytest.raises(BadAnswerError, match=r"into the bot's own network.*api\.picture_hosts"):
        await house.ai.image("a crane")
    assert painter.asked == ["/v1/images/generations"]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"x" * ((16 << 20) + 1), 200, "longer than"),
        (b"<html>no picture</html>", 200, "not a PNG"),
        (b"", 200, "not a PNG"),
        (png()[:-20], 200, "end is missing"),
        (b"gone", 404, "404"),
    ],
)
async def test_what_is_no_picture_or_too_large_is_not_kept(
    house: Studio, painter: Painter, body: bytes, status: int, why: str
) -> None:
    painter.answer = {"url": painter.url("/1.png")}
    painter.files["/1.png"] = web.Response(body=body, status=status)
    with pytest.raises(BadAnswerError, match=why):
        await house.ai.image("a crane", label={"subject": "s1"})
    assert await house.ai.painting.known("s1", 0, house.ai.asker(command())) is None


async def test_a_bomb_is_refused_by_its_header(house: Studio, painter: Painter) -> None:
    painter.answer = {"b64_json": base64.b64encode(png((5000, 4000))).decode()}
    with pytest.raises(BadAnswerError, match="5000 x 4000 pixels"):
        await house.ai.image("a crane")


async def test_an_answer_with_neither_is_none(house: Studio, painter: Painter) -> None:
    painter.answer = {"revised_prompt": "x"}
    with pytest.raises(BadAnswerError, match="neither b64_json nor a link"):
        await house.ai.image("a crane")


# -- edits and variations ----------------------------------------------------------------------------------------------


async def parent_of(house: Studio, painter: Painter) -> Picture:
    painter.answer = {"b64_json": base64.b64encode(png()).decode()}
    made = await house.ai.image("Ink: a crane", label={"place": "The Inn", "style": "ink wash"}, speaker=command())
    painter.asked.clear()
    painter.bodies.clear()
    return made


async def test_a_server_that_can_edits_the_very_picture(house: Studio, painter: Painter) -> None:
    """It is sent the file, and the whole of what is to be seen."""
    parent = await parent_of(house, painter)
    order = house.ai.painting.of_picture(parent, "at night")
    made = await house.ai.paint(order, speaker=command())
    assert painter.asked == ["/v1/images/edits"]
    assert png() in painter.bodies[0]
    assert b"Ink: a crane, at night" in painter.bodies[0]
    assert (made.parent, made.place, made.style, made.words) == (parent.id, "The Inn", "ink wash", "at night")
    made = await house.ai.paint(house.ai.painting.of_picture(parent), speaker=command())
    assert painter.asked[1:] == ["/v1/images/variations"]
    assert (made.parent, made.prompt) == (parent.id, parent.prompt)


@pytest.mark.parametrize("status", [400, 404, 405, 501])
async def test_a_server_without_edits_draws_a_new_picture_of_the_prompt_and_the_change(
    house: Studio, painter: Painter, status: int
) -> None:
    """It is asked for edits and variations once, and no more after that."""
    parent = await parent_of(house, painter)
    painter.lacks = {"/v1/images/edits": status, "/v1/images/variations": status}
    for _ in range(2):
        await house.ai.paint(house.ai.painting.of_picture(parent, "at night"), speaker=command(), size="512x512")
        await house.ai.paint(house.ai.painting.of_picture(parent), speaker=command())
    generations = "/v1/images/generations"
    assert painter.asked == ["/v1/images/edits", generations, "/v1/images/variations", generations, *[generations] * 2]
    body = json.loads(painter.bodies[1])
    assert (body["prompt"], body["size"]) == ("Ink: a crane, at night", "512x512")


async def test_a_prompt_that_is_refused_does_not_count_as_a_missing_endpoint(house: Studio, painter: Painter) -> None:
    parent = await parent_of(house, painter)
    painter.lacks = {"/v1/images/edits": 400, "/v1/images/generations": 400}
    with pytest.raises(BadRequestError):
        await house.ai.paint(house.ai.painting.of_picture(parent, "at night"), speaker=command())
    painter.lacks.clear()
    painter.asked.clear()
    await house.ai.paint(house.ai.painting.of_picture(parent, "at night"), speaker=command())
    assert painter.asked == ["/v1/images/edits"]


async def test_a_deleted_picture_is_drawn_anew(house: Studio, painter: Painter) -> None:
    parent = await parent_of(house, painter)
    parent.path.unlink()
    await house.ai.paint(house.ai.painting.of_picture(parent), speaker=command())
    assert painter.asked == ["/v1/images/generations"]


async def test_what_is_changed_is_reviewed_before_and_the_caption_after(house: Studio, painter: Painter) -> None:
    parent = await parent_of(house, painter)
    house.unfit.add("blood")
    with pytest.raises(RefusedError):
        await house.ai.paint(house.ai.painting.of_picture(parent, "with blood"), speaker=command())
    assert not painter.asked
    painter.answer |= {"revised_prompt": "a crane in blood"}
    with pytest.raises(RefusedError):
        await house.ai.paint(house.ai.painting.of_picture(parent), speaker=command())
    assert house.reviewed[-1] == ("a crane in blood", "model", "Ann")


# -- found again -------------------------------------------------------------------------------------------------------


async def test_what_was_drawn_in_private_becomes_another_picture_of_the_same_file(
    house: Studio, painter: Painter
) -> None:
    """Nobody learns that somebody asked before, and nothing is drawn or paid twice."""
    painter.answer = {"b64_json": base64.b64encode(png()).decode()}
    label: Any = {"place": "The Inn", "subject": "s1", "style": "oil"}
    private = await house.ai.image("", quoted="The Inn", label=label, speaker=command(private=True))
    known = house.ai.painting.known
    again = await known("s1", 0, house.ai.asker(command(private=True)))
    assert again is not None
    assert again.id == private.id
    public = await known("s1", 0, house.ai.asker(command(who="Bob")))
    assert public is not None
    assert (public.private, public.speaker, public.path) == (False, "Bob", private.path)
    assert public.id != private.id
    third = await known("s1", 0, house.ai.asker(command(who="Eve")))
    assert third is not None
    assert third.id == public.id
    assert painter.asked == ["/v1/images/generations"]
    assert await known("s2", 0, house.ai.asker(command())) is None
    assert await known("s1", 1e12, house.ai.asker(command())) is None


async def test_a_rooms_words_are_reviewed_as_nobodys(house: Studio, painter: Painter) -> None:
    painter.answer = {"b64_json": base64.b64encode(png()).decode()}
    await house.ai.image("ink", quoted="The Inn", speaker=command())
    assert house.reviewed == [("ink", "player", "Ann"), ("The Inn", "player", None)]
    assert json.loads(painter.bodies[0])["prompt"] == "ink\nThe Inn"


@pytest.mark.parametrize(
    ("speaker", "private"),
    [("", True), ("Ann", True), (command(), False), (command(private=True), True), (command().speech, False)],
)
async def test_who_asked_in_private_or_nobody_knows_where_stands_in_no_gallery(
    house: Studio, painter: Painter, speaker: Any, private: bool
) -> None:
    painter.answer = {"b64_json": base64.b64encode(png()).decode()}
    assert (await house.ai.image("a crane", speaker=speaker)).private is private


# -- the embedded server -----------------------------------------------------------------------------------------------


async def test_the_embedded_painter_varies_and_changes_its_own_pictures(tmp_path: Path) -> None:
    """A variation shows the same things otherwise; a change, as it takes a mask for edits, is painted anew."""
    from mudbot.local.server import LocalServer

    local = LocalServer(api_key="k")
    await local.start(load=False)
    try:
        async with studio(tmp_path, Server(local.base_url, "k", free=True), model="") as house:
            first = await house.ai.image("a lake with a boat", size="256x256", speaker=command())
            again = await house.ai.paint(house.ai.painting.of_picture(first), speaker=command(), size="256x256")
            order = house.ai.painting.of_picture(first, "at night")
            night = await house.ai.paint(order, speaker=command(), size="256x256")
    finally:
        await local.close()
    assert len({first.path, again.path, night.path}) == 3
    assert {first.width, again.width, night.width} == {256}
    for picture in (first, again, night):
        assert "boat" in picture.caption
    assert "night" in night.caption
    assert "night" not in first.caption + again.caption
    assert (again.parent, night.parent) == (first.id, first.id)


async def test_a_link_of_the_embedded_server_is_fetched_where_it_is_configured(tmp_path: Path) -> None:
    """As `mudbot serve` elsewhere answers who asks for no b64_json."""
    from mudbot.local.server import LocalServer

    local = LocalServer(api_key="k")
    await local.start(load=False)
    try:
        async with studio(tmp_path, Server(local.base_url, "k", free=True), model="") as house:
            made = await house.ai.image("a lake", size="256x256", response_format="url")
    finally:
        await local.close()
    assert (made.width, made.type) == (256, "image/png")
