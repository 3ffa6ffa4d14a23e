"""From an address to an open link: names, several addresses, proxies, TLS, signs of life."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mudbot.errors import ConnectError
from mudbot.events import Line
from mudbot.mud import dial
from mudbot.mud.dial import KeepAlive, Resolver
from mudbot.mud.telnet import Address
from tests.mud.telnet_peer import Link, Server

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(serve: Serve, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that runs *serve* for each connection; its port."""
    ended: list[asyncio.Event] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await serve(reader, writer)
        finally:
            writer.close()
            ended[-1].set()

    server = await asyncio.start_server(one, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        async with asyncio.timeout(10):
            for event in ended:
                await event.wait()


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"welcome\r\n")
    await reader.read()


@contextlib.asynccontextmanager
async def opened(address: Address) -> AsyncIterator[Link]:
    link = Link(address)
    await link.connection.open()
    try:
        yield link
    finally:
        link.connection.abort("done")


# -- names ---------------------------------------------------------------------------------------------------------


class Names:
    """A resolver of the system's that can be told what to answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[str] | Exception | None] = {}
        self.asked: list[str] = []
        self.hanging = asyncio.Event()
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self._look_up)
        monkeypatch.setattr(dial, "RESOLVER", Resolver())

    async def _look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        answer = self.answers[host]
        if answer is None:
            await self.hanging.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "gave up")
        if isinstance(answer, Exception):
            raise answer
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in answer]


@pytest.mark.parametrize("hangs", [False, True], ids=["fails", "hangs"])
async def test_without_dns_the_last_good_address_is_used(
    hangs: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A name that was found once is reached when the resolver fails or hangs, and the log says so."""
    monkeypatch.setattr(dial, "DNS_TIMEOUT", 0.05)
    names = Names(monkeypatch)
    async with serving(greet) as port:
        names.answers["mud.test"] = ["127.0.0.1"]
        async with opened(Address("mud.test", port)) as link:
            await link.until(Line("welcome"))
        names.answers["mud.test"] = None if hangs else socket.gaierror(socket.EAI_AGAIN, "no answer")
        async with opened(Address("mud.test", port)) as link:
            await link.until(Line("welcome"))
    assert "using the addresses that it had the last time" in caplog.text
    names.hanging.set()


async def test_a_name_that_was_never_found_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the address and what to look at; a resolver that hangs is not waited for."""
    monkeypatch.setattr(dial, "DNS_TIMEOUT", 0.05)
    names = Names(monkeypatch)
    names.answers = {"no.test": socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "slow.test": None}
    with pytest.raises(ConnectError, match=r"no\.test:4000: .*not known; .*host and port"):
        await Link(Address("no.test", 4000)).connection.open()
    with pytest.raises(ConnectError, match=r"slow\.test:4000: .*no answer from DNS"):
        await Link(Address("slow.test", 4000)).connection.open()
    names.hanging.set()


async def test_many_who_wait_for_one_name_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs holds one thread and not one for each session."""
    monkeypatch.setattr(dial, "DNS_TIMEOUT", 0.05)
    names = Names(monkeypatch)
    names.answers["slow.test"] = None
    resolver = Resolver()
    for _ in range(2):
        found = await asyncio.gather(*(resolver.resolve("slow.test", 1) for _ in range(50)), return_exceptions=True)
        assert all(isinstance(failure, OSError) for failure in found)
    assert names.asked == ["slow.test"]
    names.hanging.set()


async def test_an_answer_that_came_too_late_is_of_use_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question stays asked; what it brings is remembered."""
    monkeypatch.setattr(dial, "DNS_TIMEOUT", 0.01)
    resolver, late = Resolver(), asyncio.Event()

    async def slow(*_: Any, **__: Any) -> list[Any]:
        await late.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", slow)
    with pytest.raises(OSError, match="no address"):
        await resolver.resolve("mud.test", 1)
    late.set()
    known = await resolver.resolve("mud.test", 1)
    assert known[0][4] == ("127.0.0.1", 1)
    await asyncio.sleep(0)
    assert repr(resolver) == "<Resolver 1 names known, 0 asked for>"


async def test_addresses_need_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv4 and IPv6, with brackets and without, while DNS hangs."""
    names = Names(monkeypatch)
    for host in ("127.0.0.1", "::1", "[::1]"):
        async with serving(greet, host.strip("[]")) as port, opened(Address(host, port)) as link:
            await link.until(Line("welcome"))
    assert names.asked == []


async def test_the_names_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand names leave 256."""
    names, resolver = Names(monkeypatch), Resolver()
    for number in range(1000):
        names.answers[f"{number}.test"] = ["127.0.0.1"]
        await resolver.resolve(f"{number}.test", 1)
    await asyncio.sleep(0)
    assert repr(resolver) == "<Resolver 256 names known, 0 asked for>"


# -- several addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["::1", "127.0.0.2"])
async def test_the_address_that_answers_is_taken(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two refuses: the other one is used."""
    names = Names(monkeypatch)
    names.answers["mud.test"] = [first, "127.0.0.1"]
    async with serving(greet) as port, opened(Address("mud.test", port)) as link:
        await link.until(Line("welcome"))


async def test_an_address_that_swallows_everything_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is tried beside it after a quarter of a second (RFC 8305)."""
    names = Names(monkeypatch)
    names.answers["mud.test"] = ["::1", "127.0.0.1"]
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def swallowing(sock: socket.socket, where: Any) -> None:
        if where[0] == "::1":
            await asyncio.Event().wait()
        await connect(sock, where)

    monkeypatch.setattr(loop, "sock_connect", swallowing)
    async with serving(greet) as port, opened(Address("mud.test", port)) as link:
        await link.until(Line("welcome"))


async def test_connecting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that swallows everything is given up; the reason names it."""
    monkeypatch.setattr(dial, "CONNECT_TIMEOUT", 0.05)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "sock_connect", lambda *_: asyncio.Event().wait())
    with pytest.raises(ConnectError, match=r"\[::1\]:4000: no connection within"):
        await Link(Address("::1", 4000)).connection.open()


# -- signs of life ---------------------------------------------------------------------------------------------------


def test_a_silent_peer_is_found_within_two_minutes() -> None:
    """The probes' times add up to less than that, and so does the time without an acknowledgement."""
    default = KeepAlive()
    assert default.idle + default.count * default.interval <= 120
    assert default.unacknowledged <= 120


async def test_the_sockets_options_are_set() -> None:
    """Read back from the socket of a link."""
    async with serving(greet) as port, opened(Address("127.0.0.1", port)) as link:
        assert link.connection._transport is not None
        sock = link.connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for level, option, value in KeepAlive().options():
            assert sock.getsockopt(level, option) == value


def test_the_options_have_the_names_of_each_system() -> None:
    """Linux, macOS and Windows call them differently and lack some; an unknown system gets what all have."""
    common = {"SOL_SOCKET": 1, "SO_KEEPALIVE": 2, "IPPROTO_TCP": 6, "TCP_NODELAY": 3}
    keep = KeepAlive(idle=45, interval=15, count=4, unacknowledged=100)
    plain = [(1, 2, 1), (6, 3, 1)]
    linux = common | {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 11, "TCP_KEEPCNT": 12, "TCP_USER_TIMEOUT": 13}
    mac = common | {"TCP_KEEPALIVE": 20, "TCP_KEEPINTVL": 21, "TCP_KEEPCNT": 22}
    windows = common | {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 31, "TCP_KEEPCNT": 32}
    assert keep.options(linux, "linux") == [*plain, (6, 10, 45), (6, 11, 15), (6, 12, 4), (6, 13, 100_000)]
    assert keep.options(mac, "darwin") == [*plain, (6, 20, 45), (6, 21, 15), (6, 22, 4), (6, 0x80, 100)]
    assert keep.options(windows, "win32") == [*plain, (6, 30, 45), (6, 31, 15), (6, 32, 4), (6, 5, 100)]
    assert keep.options(common, "plan9") == plain


# -- proxies ---------------------------------------------------------------------------------------------------------


class Relaying:
    """A SOCKS5 (RFC 1928, 1929) and HTTP CONNECT proxy that knows one name, ``mud.test``."""

    def __init__(self, target: int, *, refuse: bool = False, garbage: bytes = b"") -> None:
        self.target, self.refuse, self.garbage = target, refuse, garbage
        self.asked: list[str] = []
        self.credentials = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if self.garbage:
            writer.write(self.garbage)
        elif first == b"\x05":
            await self._socks(reader, writer)
        else:
            await self._http(first + await reader.readuntil(b"\r\n\r\n"), reader, writer)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x02" if 2 in methods else b"\x05\x00")
        if 2 in methods:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.credentials = f"{user.decode()}:{password.decode()}"
            writer.write(b"\x01" + (b"\x01" if self.refuse else b"\x00"))
        _, _, _, kind = await reader.readexactly(4)
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        host = await reader.readexactly(size)
        port = int.from_bytes(await reader.readexactly(2))
        self.asked.append(f"{host.decode() if kind == 3 else socket.inet_ntop(socket.AF_INET, host)}:{port}")
        if self.refuse:
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            return
        await self._relay(reader, writer, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")

    async def _http(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request, *fields = head.decode().split("\r\n")
        self.asked.append(request)
        for field in fields:
            if field.startswith("Proxy-Authorization: Basic "):
                self.credentials = base64.b64decode(field.split()[2]).decode()
        if self.refuse:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        await self._relay(reader, writer, b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, granted: bytes) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        # In one packet with what the MUD says first, as it happens.
        writer.write(granted + await far_reader.read(65536))
        far_writer.write(await reader.readuntil(b"\n"))
        writer.write(await far_reader.readuntil(b"\n"))
        await reader.read()
        far_writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"welcome\r\n")
    writer.write(await reader.readuntil(b"\n"))
    await reader.read()


@pytest.mark.parametrize(
    ("kind", "asked"), [("socks5", "mud.test:4000"), ("http", "CONNECT mud.test:4000 HTTP/1.1")], ids=["socks5", "http"]
)
async def test_a_proxy_resolves_and_relays(kind: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved there and not here, user and password are given, and no byte of the MUD's is lost."""
    names = Names(monkeypatch)
    async with serving(echo) as mud:
        relay = Relaying(mud)
        async with serving(relay.serve) as port:
            proxy = f"{kind}://bot:s%40cret@127.0.0.1:{port}"
            async with opened(Address("mud.test", 4000, proxy=proxy)) as link:
                await link.until(Line("welcome"))
                link.connection.write(b"look\r\n")
                await link.until(Line("look"))
    assert relay.asked == [asked]
    assert relay.credentials == "bot:s@cret"
    assert names.asked == []


async def test_a_proxy_is_given_addresses_as_they_are() -> None:
    """IPv4 by its bytes in SOCKS5, IPv6 in brackets in HTTP."""
    async with serving(echo) as mud:
        relay = Relaying(mud)
        async with serving(relay.serve) as port:
            for host, kind in (("192.0.2.7", "socks5"), ("2001:db8::7", "http")):
                async with opened(Address(host, 4000, proxy=f"{kind}://127.0.0.1:{port}")) as link:
                    await link.until(Line("welcome"))
                    link.connection.write(b"x\n")
                    await link.until(Line("x"))
    assert relay.asked == ["192.0.2.7:4000", "CONNECT [2001:db8::7]:4000 HTTP/1.1"]
    assert relay.credentials == ""


@pytest.mark.parametrize(("kind", "why"), [("socks5", "authentication failure"), ("http", "407 Proxy Auth")])
async def test_a_proxy_that_refuses_is_named_without_its_password(kind: str, why: str) -> None:
    """The message has the proxy, its reason and the setting."""
    relay = Relaying(0, refuse=True)
    async with serving(relay.serve) as port:
        address = Address("mud.test", 4000, proxy=f"{kind}://canary:canary2@127.0.0.1:{port}")
        with pytest.raises(ConnectError, match=why) as caught:
            await Link(address).connection.open()
    message = str(caught.value)
    assert f"the proxy {kind}://127.0.0.1:{port} failed" in message
    assert "setting proxy" in message
    assert "canary" not in message


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-hello\r\n\r\n", b"x" * 100_000, b"HTTP/1.1"], ids=["ssh", "long", "short"]
)
async def test_what_is_no_proxy_is_told_so(kind: str, garbage: bytes) -> None:
    """Something else that listens there is an error that names the proxy."""
    async with serving(Relaying(0, garbage=garbage).serve) as port:
        with pytest.raises(ConnectError, match=rf"the proxy {kind}://127\.0\.0\.1:{port} failed"):
            await Link(Address("mud.test", 4000, proxy=f"{kind}://127.0.0.1:{port}")).connection.open()


@pytest.mark.parametrize("kind", ["socks5", "http"])
async def test_a_proxy_that_is_not_there_or_says_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused at once, or given up in time: both messages name the proxy."""
    async with serving(greet) as port:
        pass
    with pytest.raises(ConnectError, match=rf"the proxy {kind}://127\.0\.0\.1:{port} failed"):
        await Link(Address("mud.test", 4000, proxy=f"{kind}://127.0.0.1:{port}")).connection.open()
    monkeypatch.setattr(dial, "CONNECT_TIMEOUT", 0.1)

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as port:
        with pytest.raises(ConnectError, match=rf"{kind}://127\.0\.0\.1:{port}"):
            await Link(Address("mud.test", 4000, proxy=f"{kind}://127.0.0.1:{port}")).connection.open()


# -- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody vouches for, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    subject = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {subject} -keyout {key} -out {made}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return made, key


class Named(ssl.SSLContext):
    """A server's context that keeps the names it was asked for."""

    def __new__(cls, certificate: tuple[Path, Path]) -> Named:  # noqa: PYI034 - what super makes
        context = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        context.asked = []
        context.sni_callback = lambda _object, name, _context: context.asked.append(name)
        return context

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self.asked: list[str | None] = self.asked


async def test_a_bad_certificate_names_the_remedy(certificate: tuple[Path, Path]) -> None:
    """Mend the certificate, or say tls: insecure."""
    async with serving(greet, context=Named(certificate)) as port:
        with pytest.raises(ConnectError, match=r"certificate verify failed.*tls: insecure"):
            await Link(Address("localhost", port, tls=True)).connection.open()


async def test_insecure_tls_works_and_is_said_loudly_each_time(
    certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """Any certificate will do; the server still learns which name is meant."""
    context = Named(certificate)
    async with serving(greet, context=context) as port:
        for _ in range(2):
            async with opened(Address("localhost", port, tls="insecure")) as link:
                await link.until(Line("welcome"))
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING and r.name.startswith("mudbot")]
    assert len(warnings) == 2
    assert all("TLS WITHOUT VERIFICATION" in warning for warning in warnings)
    assert context.asked == ["localhost", "localhost"]


async def test_trusted_tls_says_nothing(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate that the system trusts, for the name that was asked for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    async with serving(greet, context=Named(certificate)) as port:
        async with opened(Address("localhost", port, tls=True)) as link:
            await link.until(Line("welcome"))
        with pytest.raises(ConnectError, match="certificate verify failed"):
            await Link(Address("127.0.0.1", port, tls=True)).connection.open()
    assert caplog.records == []


async def test_tls_against_a_plain_port_names_the_remedy() -> None:
    """And the other way round nothing can be said: a plain connection to a TLS port is silence."""
    async with serving(greet) as port:
        with pytest.raises(ConnectError, match="tls: false"):
            await Link(Address("127.0.0.1", port, tls="insecure")).connection.open()


async def test_a_flood_over_tls_is_bounded_and_whole(certificate: tuple[Path, Path]) -> None:
    """Over TLS, too, what comes is worked off over pauses, what waits is bounded, and nothing is lost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = Server()
    link = Link(Address("127.0.0.1", await server.start(context), tls="insecure"))
    await link.connection.open()
    await server.connected.wait()
    lines = [f"line {number} {'.' * 60}" for number in range(40_000)]
    server.send("".join(f"{line}\r\n" for line in lines).encode())
    server.send(b"end\r\n")
    link.on_events = lambda _events: link.connection.pause()
    most = 0
    while "end" not in link.lines[-1:]:
        await link.when(lambda: link.connection.paused)
        most = max(most, len(link.connection._stream._inbox))  # type: ignore[union-attr]
        link.connection.resume()
    assert link.lines == [*lines, "end"]
    assert most < 512 * 1024  # asyncio holds a quarter of a megabyte of its own back
    link.connection.abort("done")
    await server.close()


async def test_a_tls_link_holds_no_quarter_of_a_megabyte(certificate: tuple[Path, Path]) -> None:
    """asyncio's buffer for TLS is cut to a record's size, and what is longer than that still arrives."""
    long = "x" * 12_000 + "\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(long.encode() * 20)
        await reader.read()

    async with (
        serving(talk, context=Named(certificate)) as port,
        opened(Address("localhost", port, tls="insecure")) as link,
    ):
        tls = link.connection._transport._ssl_protocol  # type: ignore[union-attr]
        assert len(tls._ssl_buffer) == tls.max_size == 16 * 1024
        await link.when(lambda: len(link.lines) == 20)


def test_the_certificates_are_read_again_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept for speed, and change while a bot runs."""
    monkeypatch.setattr(dial, "_contexts", {})
    first = dial.tls_context(verify=True)
    assert dial.tls_context(verify=True) is first
    later = time.monotonic() + dial.TLS_LIFETIME + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert dial.tls_context(verify=True) is not first
