"""HTTP for plugins, against real servers on this machine: allowed hosts only, bounded, errors that help."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from mudbot.errors import HttpError
from mudbot.host.services.http import MAX_BYTES, Carrier, Http, HttpAnswer, Request
from mudbot.host.services.wire import Wire

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """A server on this machine, and what it was asked."""

    port: int = 0
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    paths: dict[str, Handler] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.casefold(): value for name, value in request.headers.items()}
        self.seen.append((request.method, request.path_qs, headers, await request.read()))
        return await self.paths[request.path](request)

    def says(self, path: str, **answer: Any) -> None:
        async def handler(_request: web.Request) -> web.StreamResponse:
            return web.Response(**answer)

        self.paths[path] = handler


@asynccontextmanager
async def served() -> AsyncIterator[Site]:
    site, app = Site(), web.Application()
    app.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served() as site:
        yield site


@pytest.fixture
async def other() -> AsyncIterator[Site]:
    async with served() as site:
        yield site


class Scripted(Carrier):
    """Answers itself, and writes down what it was asked."""

    def __init__(self, *answers: HttpAnswer) -> None:
        self.answers, self.asked = list(answers), list[Request]()

    async def carry(self, request: Request) -> HttpAnswer:
        self.asked.append(request)
        return self.answers.pop(0)

    async def close(self) -> None:
        pass


class Names:
    """DNS of the test: what each name leads to, one answer after the other; the last one stays."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> list[Any]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError("no address for this name")
        answers = self.names[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in answer.split()
        ]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.close()


@pytest.fixture
def http(wire: Wire, site: Site) -> Http:
    return Http("weather", [site.host], wire)


# -- asking and answering --------------------------------------------------------------------------------------------


async def test_an_answer_is_status_text_json_and_bytes(http: Http, site: Site) -> None:
    site.says("/", text='{"city": "北京", "t": -3}', content_type="application/json")
    answer = await http.get(site.url())
    assert (answer.status, answer.ok, answer.json()) == (200, True, {"city": "北京", "t": -3})
    assert answer.text().encode() == answer.bytes
    assert (answer.url, answer.headers["content-type"]) == (site.url(), "application/json; charset=utf-8")
    assert answer.expect_ok() is answer


async def test_params_headers_and_bodies_arrive(http: Http, site: Site) -> None:
    """What players say goes into params and cannot become another path."""
    site.says("/a", text="ok")
    evil = "../../admin?x=1#&y 北"
    await http.get(site.url("/a"), params={"q": evil, "n": 5}, headers={"X-Key": "k"})
    await http.post(site.url("/a"), json={"a": "北"})
    await http.post(site.url("/a"), data={"a": "b &"})
    await http.request("put", site.url("/a"), data="text")
    await http.request("DELETE", site.url("/a"), data=b"\x00")
    await http.request("HEAD", site.url("/a"))
    assert [method for method, _, _, _ in site.seen] == ["GET", "POST", "POST", "PUT", "DELETE", "HEAD"]
    assert site.seen[0][1].startswith("/a?q=../../admin?x%3D1%23%26y") or site.seen[0][1].startswith("/a?q=")
    assert site.seen[0][2]["x-key"] == "k"
    assert [body for _, _, _, body in site.seen[1:5]] == [b'{"a": "\\u5317"}', b"a=b+%26", b"text", b"\x00"]
    kinds = [headers.get("content-type") for _, _, headers, _ in site.seen[1:4]]
    assert kinds == ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8"]


async def test_other_statuses_are_answers(http: Http, site: Site) -> None:
    """Until the plugin says that it expects none of them."""
    site.says("/", status=404, text="no such city")
    answer = await http.get(site.url())
    assert (answer.status, answer.ok, answer.text()) == (404, False, "no such city")
    with pytest.raises(HttpError, match="the server answered 404") as caught:
        answer.expect_ok()
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("京".encode("gbk"), "text/html; charset=GBK", "京"),
        ("é".encode(), "text/html", "é"),
        (b"\xef\xbb\xbfx", "text/html", "x"),
        (b"\xff", "text/plain", "\ufffd"),
        (b"x", "text/html; charset=no-such", "x"),
        (b"x", "text/html; charset=base64", "x"),
        (b"x", 'text/html; charset="utf-8"', "x"),
    ],
)
def test_text_is_read_in_the_charset_that_is_named(body: bytes, kind: str, text: str) -> None:
    assert HttpAnswer(200, body, {"content-type": kind}).text() == text


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
def test_what_is_no_json_is_one_clear_error(body: bytes) -> None:
    with pytest.raises(HttpError, match="the answer is no JSON; its type is 'text/html'"):
        HttpAnswer(200, body, {"content-type": "text/html"}).json()


@pytest.mark.parametrize("packing", ["gzip", "deflate", "raw deflate", "two members"])
async def test_packed_answers_are_unpacked(http: Http, site: Site, packing: str) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bodies = {
        "gzip": gzip.compress(b"x" * 5000),
        "deflate": zlib.compress(b"x" * 5000),
        "raw deflate": raw.compress(b"x" * 5000) + raw.flush(),
        "two members": gzip.compress(b"x" * 2000) + gzip.compress(b"x" * 3000),
    }
    kind = "deflate" if "deflate" in packing else "gzip"
    site.says("/", body=bodies[packing], headers={"Content-Encoding": kind})
    assert (await http.get(site.url())).bytes == b"x" * 5000
    assert site.seen[0][2]["accept-encoding"] == "gzip, deflate"


async def test_cookies_are_not_kept(http: Http, site: Site) -> None:
    """One plugin's would be another's."""
    site.says("/", headers={"Set-Cookie": "a=b"})
    await http.get(site.url())
    await http.get(site.url())
    assert "cookie" not in site.seen[1][2]


# -- what is allowed -------------------------------------------------------------------------------------------------


async def test_a_host_that_is_not_allowed_is_refused_with_what_to_write(wire: Wire, site: Site) -> None:
    """The message holds neither path nor query: a key may be there."""
    http = Http("weather", ["*.example.org", "a.org:81"], wire)
    with pytest.raises(HttpError) as caught:
        await http.get(site.url("/path-key?secret=1"))
    assert str(caught.value) == (
        f"http://{site.host} plugin weather may not fetch from: to allow it, write in config.yaml "
        f"plugins.weather.permissions.http: [*.example.org, a.org:81, {site.host}]"
    )
    assert site.seen == []
    with pytest.raises(HttpError, match=r"permissions\.http: \[api\.example\.org\]"):
        await Http("weather", [], wire).get("https://api.example.org/x")


@pytest.mark.parametrize(
    "url",
    [
        "http://good.org@evil.org/", "http://good.org:pw@evil.org", "http://evil.org/good.org", "http://evil.org#good.org",
        "http://evil.org?good.org", "http://evil.org\\@good.org", "http://good.org.evil.org", "http://good.org%2eevil.org",
        "http://evilgood.org", "http://good.org:8080/", "http://[::ffff:127.0.0.1]/", "http://127.1/", "http://2130706433",
        "http://0x7f.1/", "http://0/", "http://good.org%00.evil.org/", "//evil.org", "evil.org", "", "file:///etc/passwd",
        "ftp://good.org/", "gopher://good.org", "http://", "http:///x", "http://good.org:99999", "http://good.org:0/",
        "http://[good.org]/", "http://[::1", "http://ⓔvil.org/", "unix:///x", "javascript:1", "http://\x00good.org",
    ],
)  # fmt: skip
async def test_hostile_urls_reach_nothing(url: str) -> None:
    """However a URL is dressed up as one of an allowed host; nothing is asked of DNS, nothing is sent."""

    carrier = Scripted()
    with pytest.raises(HttpError):
        await Http("weather", ["good.org"], carrier).get(url)
    assert carrier.asked == []


INSIDE = ["127.0.0.1", "10.0.0.1", "192.168.1.5", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "0.0.0.0"]


@pytest.mark.parametrize("address", INSIDE)
async def test_an_allowed_name_that_leads_inside_is_refused(site: Site, address: str) -> None:
    """Who owns the name decides where it leads; the message says how the owner can mean it."""
    wire = Wire(Names(api_example_org=[address]).resolve)
    http = Http("weather", [f"*.example.org:{site.port}"], wire)
    with pytest.raises(HttpError) as caught:
        await http.get(f"http://api.example.org:{site.port}/")
    assert f"this name leads to {address}, into the bot's own network" in str(caught.value)
    assert f"permissions.http: [{address}]" in str(caught.value)
    assert site.seen == []
    await wire.close()


async def test_localhost_and_addresses_that_the_owner_wrote_are_reached(site: Site) -> None:
    """A service of one's own, or a device in one's house."""
    site.says("/", text="mine")
    wire = Wire(Names(localhost=["127.0.0.1"]).resolve)
    for host in (f"localhost:{site.port}", site.host):
        assert (await Http("weather", [host], wire).get(f"http://{host}/")).text() == "mine"
    await wire.close()


async def test_localhost_leads_to_this_machine_or_nowhere(site: Site) -> None:
    """A name server that says otherwise is not believed."""
    wire = Wire(Names(localhost=["192.168.1.5"]).resolve)
    with pytest.raises(HttpError, match=r"leads to 192\.168\.1\.5"):
        await Http("weather", ["localhost"], wire).get("http://localhost/")
    await wire.close()


async def test_names_that_change_their_mind_lead_nowhere(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was checked is the one that is connected to: the next answer of DNS is too late."""
    names = Names(api_example_org=["93.184.215.14", "127.0.0.1"])
    wire, connected = Wire(names.resolve), []

    async def connect(loop: Any, sock: socket.socket, address: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    http = Http("weather", [f"api.example.org:{site.port}"], wire)
    with pytest.raises(HttpError, match="cannot be reached"):
        await http.get(f"http://api.example.org:{site.port}/")
    assert (connected, names.asked) == ([("93.184.215.14", site.port)], ["api.example.org"])
    await wire.close()


async def test_of_several_addresses_the_ones_inside_are_left_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(api_example_org=["127.0.0.1 93.184.215.14 fd00::1"])
    wire, connected = Wire(names.resolve), []

    async def connect(loop: Any, sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    with pytest.raises(HttpError):
        await Http("weather", ["api.example.org"], wire).get("http://api.example.org/")
    assert connected == ["93.184.215.14"]
    await wire.close()


# -- redirects -------------------------------------------------------------------------------------------------------


async def test_redirects_within_the_host_are_followed(http: Http, site: Site) -> None:
    site.says("/a", status=302, headers={"Location": "/b?x=1"})
    site.says("/b", status=301, headers={"Location": site.url("/c")})
    site.says("/c", text="here")
    answer = await http.get(site.url("/a"), headers={"X-Key": "k"})
    assert (answer.text(), answer.url) == ("here", site.url("/c"))
    assert [headers.get("x-key") for _, _, headers, _ in site.seen] == ["k", "k", "k"]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(
    http: Http, site: Site, other: Site, code: int
) -> None:
    site.says("/", status=code, headers={"Location": other.url("/secret")})
    with pytest.raises(
        HttpError, match=rf"http://{site.host} redirects to http://{other.host}, which plugin weather may"
    ):
        await http.get(site.url())
    assert other.seen == []


async def test_a_redirect_to_a_name_that_leads_inside_is_not_followed(site: Site, other: Site) -> None:
    """Each hop is checked, not the first alone."""
    wire = Wire(Names(inner_example_org=["127.0.0.1"]).resolve)
    http = Http("weather", [site.host, f"*.example.org:{other.port}"], wire)
    site.says("/", status=302, headers={"Location": f"http://inner.example.org:{other.port}/"})
    with pytest.raises(HttpError, match=r"leads to 127\.0\.0\.1, into the bot's own network"):
        await http.get(site.url())
    assert other.seen == []
    await wire.close()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/", "http://[", "gopher://x", "data:,x"])
async def test_a_redirect_to_no_url_is_an_error(http: Http, site: Site, target: str) -> None:
    site.says("/", status=302, headers={"Location": target})
    with pytest.raises(HttpError, match="redirects to something that is no URL"):
        await http.get(site.url())


async def test_a_redirect_in_a_circle_ends(http: Http, site: Site) -> None:
    site.says("/", status=302, headers={"Location": "/"})
    with pytest.raises(HttpError, match="redirects more than 5 times"):
        await http.get(site.url())
    assert len(site.seen) == 6


async def test_keys_stay_with_the_host_that_they_are_for(wire: Wire, site: Site, other: Site) -> None:
    """Though the other one is allowed as well."""
    http = Http("weather", [site.host, other.host], wire)
    site.says("/", status=307, headers={"Location": other.url("/b")})
    other.says("/b", text="ok")
    keys = {"Authorization": "Bearer k", "X-Api-Key": "k", "Cookie": "c=k", "Accept-Language": "zh"}
    await http.post(site.url(), headers=keys, data="body")
    method, _, headers, body = other.seen[0]
    assert (method, body, headers["accept-language"]) == ("POST", b"body", "zh")
    assert not {"authorization", "x-api-key", "cookie"} & headers.keys()


@pytest.mark.parametrize(("code", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_what_becomes_of_a_body_is_as_in_browsers(http: Http, site: Site, code: int, method: str) -> None:
    site.says("/", status=code, headers={"Location": "/b"})
    site.says("/b")
    await http.post(site.url(), json=1)
    assert (site.seen[1][0], site.seen[1][3]) == (method, b"1" if method == "POST" else b"")


async def test_https_does_not_lead_to_http() -> None:
    """Whoever asked for secrecy gets it or nothing."""

    carrier = Scripted(HttpAnswer(302, headers={"location": "http://a.org/"}))
    with pytest.raises(HttpError, match=r"redirects to http://a\.org, where everybody on the way can read"):
        await Http("weather", ["a.org"], carrier).get("https://a.org/")


# -- bounds ----------------------------------------------------------------------------------------------------------


async def test_an_answer_that_is_too_long_is_not_read(http: Http, site: Site) -> None:
    """Announced or not; and one of exactly the bound is."""
    site.says("/fits", body=b"x" * MAX_BYTES)
    site.says("/long", body=b"x" * (MAX_BYTES + 1))

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    site.paths["/endless"] = endless
    assert len((await http.get(site.url("/fits"))).bytes) == MAX_BYTES
    for path in ("/long", "/endless"):
        with pytest.raises(HttpError, match=r"longer than 1,000,000 bytes; give max_bytes= more"):
            await http.get(site.url(path))
    assert len((await http.get(site.url("/long"), max_bytes=2_000_000)).bytes) == MAX_BYTES + 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
async def test_a_bomb_is_not_unfolded(http: Http, site: Site, pack: Callable[[bytes], bytes]) -> None:
    """A hundred megabytes in a hundred kilobytes: what is unpacked counts."""
    import tracemalloc

    bomb = pack(b"\0" * 100_000_000)
    kind = "gzip" if pack is gzip.compress else "deflate"
    site.says("/", body=bomb, headers={"Content-Encoding": kind})
    tracemalloc.start()
    with pytest.raises(HttpError, match="longer than 1,000,000 bytes"):
        await http.get(site.url())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Length: 500", b"short"),
        ("Transfer-Encoding: chunked", b"5\r\nhel"),
        ("Transfer-Encoding: chunked", b"zzz\r\nx"),
        ("Content-Encoding: gzip\r\nContent-Length: 9", b"not gzip!"),
        ("Content-Encoding: gzip\r\nContent-Length: 30", gzip.compress(b"x" * 5000)[:30]),
        ("Content-Encoding: br\r\nContent-Length: 1", b"x"),
        ("X: " + "y" * 100_000, b""),
        ("Content-Length: -5", b""),
    ],
)
async def test_servers_that_lie_are_one_clear_error(wire: Wire, head: str, body: bytes) -> None:
    """A length that is not kept, chunks that are none, packing that is none, heads without end."""

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n".encode() + body)
        writer.close()

    async with await asyncio.start_server(lie, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(HttpError, match=r"http://127\.0\.0\.1: "):
            await Http("weather", [host], wire).get(f"http://{host}/")


async def test_a_length_that_is_too_small_ends_the_answer(wire: Wire) -> None:
    """What stands behind it is never part of it, nor of the next answer."""

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok, and much more")
        writer.close()

    async with await asyncio.start_server(lie, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            answer = await Http("weather", [host], wire).get(f"http://{host}/")
        except HttpError:
            return  # aiohttp refuses it where it sees that there is more
        assert answer.bytes == b"ok"


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
async def test_an_answer_that_drips_is_given_up_in_time(wire: Wire, sent: bytes) -> None:
    """A byte now and then keeps nobody waiting: the bound is for all of it."""
    hung_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        dripping = asyncio.create_task(_drip(writer))
        with suppress(ConnectionError):
            await reader.read()
        dripping.cancel()
        await asyncio.wait({dripping})
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(HttpError, match=r"no whole answer within 0\.2 s; give timeout= more"):
            await Http("weather", [host], wire).get(f"http://{host}/", timeout=0.2)
        await hung_up.wait()  # and the connection is not kept


async def test_who_cannot_be_reached_is_named(wire: Wire) -> None:
    """The host, not the path: that may be the key of a webhook."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(HttpError) as caught:
            await Http("weather", [host], wire).get(f"http://{host}/hooks/s3cret?key=s3cret")
    assert "127.0.0.1: cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    wire = Wire(Names().resolve)
    with pytest.raises(HttpError, match="cannot be reached: no address for this name; is the name right"):
        await Http("weather", ["no.example.org"], wire).get("https://no.example.org/")
    await wire.close()


async def test_a_plugin_asks_so_many_things_at_once(site: Site, wire: Wire) -> None:
    """The rest waits for its turn."""
    http, gate, most, now = Http("weather", [site.host], wire), asyncio.Event(), 0, 0

    async def slow(_request: web.Request) -> web.StreamResponse:
        nonlocal most, now
        now += 1
        most = max(most, now)
        if now == 8:
            gate.set()
        await gate.wait()
        now -= 1
        return web.Response()

    site.paths["/"] = slow
    await asyncio.gather(*(http.get(site.url()) for _ in range(20)))
    assert (most, len(site.seen)) == (8, 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout= is a number above 0, at most 100, not 0"),
        ({"timeout": 1000}, "timeout= is"),
        ({"timeout": "5"}, "timeout= is"),
        ({"max_bytes": 10**9}, "max_bytes= is a number above 0, at most 1.67"),
        ({"json": 1, "data": "x"}, "json= or data=, not both"),
        ({"json": object()}, "json= cannot be written as JSON"),
        ({"headers": {"X": "a\r\nY: b"}}, "header 'x' cannot be sent"),
        ({"headers": {"X\r\nY": "a"}}, "cannot be sent"),
        ({"header": {}}, "there is no header=; there are params, headers"),
    ],
)
async def test_slips_in_a_call_are_errors_that_help(http: Http, site: Site, options: Any, message: str) -> None:
    with pytest.raises(HttpError, match=message):
        await http.get(site.url(), **options)
    with pytest.raises(HttpError, match="no method 'BREW'"):
        await http.request("BREW", site.url())
    assert site.seen == []


async def test_after_the_end_nothing_is_fetched(http: Http, wire: Wire, site: Site) -> None:
    assert [repr(wire), repr(http)] == ["<Wire idle>", f"<http of weather: {site.host}>"]
    await wire.close()
    with pytest.raises(HttpError, match="about to end"):
        await http.get(site.url())
    assert repr(wire) == "<Wire closed>"


def test_an_answer_shows_no_url() -> None:
    assert repr(HttpAnswer(200, b"xyz", url="https://a.org/?key=1")) == "<HttpAnswer 200, 3 bytes>"
