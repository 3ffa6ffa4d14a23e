"""What guards all pages: headers, names, where forms come from, errors that tell nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from mudbot.config import WebConfig
from mudbot.errors import StoreError
from mudbot.web import site as sites
from mudbot.web.safety import HEADERS, Hosts
from tests.web.web_fakes import TOKEN, Client, FakeBot, Serve, config_of, make_bot


def hosts(**settings: object) -> Hosts:
    return Hosts(WebConfig.model_validate(settings))


@pytest.mark.parametrize("path", ["/", "/login", "/dashboard", "/static/style.css", "/nowhere", "/lang/zh", "/lang/xx"])
async def test_every_answer_has_the_headers(guest: Client, path: str) -> None:
    """Redirects, files and errors among them."""
    async with guest.http.get(guest.url + path, allow_redirects=False) as answer:
        assert dict(answer.headers).items() >= HEADERS.items()
        assert answer.headers.getall("Server") == ["mudbot"]


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    """Whatever gets into a page, a browser does not run it, load it or send it elsewhere."""
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert all("unsafe" not in value and "*" not in value and "http" not in value for value in policy.values())
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:80", "127.1.2.3", "[::1]:9", "x.localhost"])
def test_the_machine_itself_may_always_ask(host: str) -> None:
    assert hosts().allow(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "10.0.0.7",
        "",
        "[::1",
        "a b",
        "http://localhost",
        "localhost@evil.example",
    ],
)
def test_other_names_are_none_of_ours(host: str) -> None:
    """A name that somebody makes point here (DNS rebinding) makes no page of theirs one of ours."""
    assert not hosts().allow(host)


def test_configured_names_may_be_asked_for() -> None:
    """The address that players get, the one that is listened on, and those that were added."""
    known = hosts(host="mud.lan", public_url="https://Bot.Example.org/mud", names=["monitor", "Other.example"])
    for name in ("mud.lan:8080", "bot.example.org", "BOT.EXAMPLE.ORG:443", "monitor", "other.example"):
        assert known.allow(name), name
    assert not known.allow("example.org")


def test_who_listens_everywhere_may_be_asked_by_any_address() -> None:
    """An address cannot be made to point here; a name can."""
    known = hosts(host="0.0.0.0")
    assert known.allow("192.168.1.5:8080")
    assert known.allow("[2001:db8::1]")
    assert not known.allow("evil.example")


async def test_an_unknown_name_is_refused_and_told_the_remedy(guest: Client) -> None:
    text = await guest.get("/login", status=421, Host="evil.example")
    assert "web.public_url" in text
    assert "<form" not in text


async def test_a_name_cannot_be_left_out(guest: Client) -> None:
    async with guest.http.get(guest.url + "/login", headers={"Host": ""}) as answer:
        assert answer.status in (400, 421)


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:1", "Sec-Fetch-Site": "none"},
        {"Origin": "http://[::1", "Sec-Fetch-Site": "none"},
    ],
)
async def test_a_form_of_another_site_is_refused(guest: Client, headers: dict[str, str]) -> None:
    """Even with the right token: another site could log somebody in as it likes."""
    await guest.post("/login", status=403, headers=headers, token=TOKEN)
    assert "Set-Cookie" not in guest.headers


async def test_who_is_no_browser_needs_no_origin(guest: Client) -> None:
    """There is no cookie to abuse where nobody keeps one."""
    async with guest.http.post(guest.url + "/login", data={"token": TOKEN}, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_behind_a_proxy_the_public_address_is_an_origin(tmp_path: Path, serve: Serve) -> None:
    """The bot is asked as 127.0.0.1, the browser knows it by another name."""
    client = await serve(make_bot(config_of(tmp_path, public_url="https://bot.example.org/mud")))
    await client.post("/login", headers={"Origin": "https://bot.example.org"}, token=TOKEN)
    assert client.headers["Location"] == "/mud/dashboard"
    await client.post("/login", status=403, headers={"Origin": "https://example.org"}, token=TOKEN)


async def test_a_body_that_is_too_large_is_refused(guest: Client) -> None:
    await guest.post("/login", status=413, token="x" * 100_000)


# -- errors ------------------------------------------------------------------------------------------------------------


async def _full_disk(_request: web.Request) -> web.StreamResponse:
    raise StoreError("disk /secret/place is full")


async def _mistake(_request: web.Request) -> web.StreamResponse:
    raise ValueError("hunter2")


@pytest.mark.parametrize(("handler", "status"), [(_full_disk, 503), (_mistake, 500)])
async def test_what_went_wrong_is_told_in_the_log_alone(
    bot: FakeBot,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    handler: object,
    status: int,
) -> None:
    """The owner reads why in the log, the visitor does not."""
    routes = [web.get("/broken", handler)]  # type: ignore[arg-type]
    monkeypatch.setattr("mudbot.web.auth.routes", lambda _bot: routes)
    client = await serve(bot)
    for accept in ("text/html", "*/*"):
        text = await client.get("/broken", status=status, Accept=accept)
        assert "secret" not in text
        assert "hunter2" not in text
        assert "Traceback" not in text
        assert ("<h1>" in text) == (accept == "text/html")
    assert "/secret/place" in caplog.text or "hunter2" in caplog.text


async def test_an_unknown_page_is_a_page_for_browsers_and_a_line_for_others(guest: Client) -> None:
    assert "There is no such page</h1>" in await guest.get("/nowhere", status=404)
    assert await guest.get("/nowhere", status=404, Accept="*/*") == "There is no such page\n"
    assert guest.headers["Content-Type"].startswith("text/plain")


async def test_a_path_in_an_error_is_text(guest: Client) -> None:
    """What was asked for stands in the page's links, and does nothing there."""
    text = await guest.get('/%3Cscript%3Ealert(1)%3C/script%3E?x="><img src=x onerror=alert(1)>', status=404)
    assert "<script>alert" not in text
    assert "<img src=x" not in text


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_file_is_kept_as_long_as_it_is_the_same(guest: Client) -> None:
    """Its address changes with its content; without that it is asked for again."""
    page = await guest.get("/login")
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    await guest.get(address)
    assert guest.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert guest.headers["Content-Type"] == "text/css; charset=utf-8"
    await guest.get("/static/style.css?v=000000000000")
    assert guest.headers["Cache-Control"] == "no-cache"


def test_files_have_known_types() -> None:
    """A file without one could not be served."""
    from importlib.resources import files

    names = [each.name for each in files("mudbot.web").joinpath("static").iterdir()]
    assert {name[name.rfind(".") :] for name in names} <= sites.TYPES.keys()
    assert {"htmx.min.js", "htmx.LICENSE.txt", "sse.js", "sse.LICENSE.txt"} <= set(names)
