"""The owner's way in: one token, one cookie, forms that no other page can send."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from mudbot.testing import FakeClock
from mudbot.web.keys import ALL_TRIES, FILE, LASTS, TRIES, WINDOW, Keys, Tries
from tests.web.web_fakes import TOKEN, Client, FakeBot, Serve, config_of, make_bot


async def test_a_page_of_the_owners_leads_to_the_login_and_back(guest: Client) -> None:
    """Whoever opens a link gets there after the login."""
    await guest.get("/dashboard/session?name=mud.example", status=302)
    login = guest.headers["Location"]
    assert login.startswith("/login?next=/dashboard/session")
    text = await guest.get(login)
    assert 'name="next" value="/dashboard/session?name=mud.example"' in text
    await guest.post("/login", token=TOKEN, next="/dashboard/session?name=mud.example")
    assert guest.headers["Location"] == "/dashboard/session?name=mud.example"
    await guest.get(guest.headers["Location"])


async def test_the_cookie_is_for_this_site_and_no_script(guest: Client) -> None:
    await guest.post("/login", token=TOKEN)
    cookie = guest.headers["Set-Cookie"]
    assert cookie.startswith("mudbot_owner=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={LASTS}"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert TOKEN not in cookie


async def test_over_https_the_cookie_never_goes_without(tmp_path: Path, serve: Serve) -> None:
    client = await serve(make_bot(config_of(tmp_path, public_url="https://bot.example.org")))
    await client.post("/login", token=TOKEN)
    assert "Secure" in client.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize("token", ["", "mistaken", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\udcff", "\x00"])
async def test_another_token_is_none(guest: Client, token: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is said so, and neither page nor log repeats what was given."""
    text = await guest.post("/login", status=401, token=token.encode("utf-8", "replace").decode())
    assert 'role="alert"' in text
    assert "Set-Cookie" not in guest.headers
    assert "wrong token" in caplog.text
    if len(token) > 4:
        assert token not in caplog.text
        assert token not in text
    await guest.get("/dashboard", status=302)


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/a.example", "x"])
async def test_the_login_leads_nowhere_else(guest: Client, after: str) -> None:
    await guest.post("/login", token=TOKEN, next=after)
    assert guest.headers["Location"] == "/dashboard"


async def test_guesses_are_few(guest: Client) -> None:
    """The sixth is not looked at, not even where it is right, until the first is five minutes old."""
    for _ in range(TRIES):
        await guest.post("/login", status=401, token="wrong")
    text = await guest.post("/login", status=429, token=TOKEN)
    assert "5 minutes" in text
    assert 0 < int(guest.headers["Retry-After"]) <= WINDOW


async def test_behind_a_proxy_each_visitor_has_tries_of_his_own(tmp_path: Path, serve: Serve) -> None:
    """One who guesses does not lock the owner out; what he writes into the header himself does not count."""
    client = await serve(make_bot(config_of(tmp_path, public_url="https://bot.example.org")))
    for number in range(TRIES):
        forged = {"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.9"}
        await client.post("/login", status=401, headers=forged, token="wrong")
    await client.post("/login", status=429, headers={"X-Forwarded-For": "203.0.113.9"}, token="wrong")
    await client.post("/login", headers={"X-Forwarded-For": "198.51.100.1"}, token=TOKEN)


async def test_without_a_proxy_nobody_chooses_his_address(guest: Client) -> None:
    for number in range(TRIES):
        await guest.post("/login", status=401, headers={"X-Forwarded-For": f"10.0.0.{number}"}, token="wrong")
    await guest.post("/login", status=429, headers={"X-Forwarded-For": "10.0.0.99"}, token="wrong")


def test_many_addresses_have_not_many_times_the_tries() -> None:
    """Fifty in five minutes are all."""
    clock = FakeClock()
    tries = Tries(clock)
    for number in range(ALL_TRIES):
        assert tries.wait(f"10.0.0.{number}") == 0
        tries.failed(f"10.0.0.{number}")
    assert tries.wait("10.9.9.9") == WINDOW


async def test_tries_come_back_with_time() -> None:
    clock = FakeClock()
    tries = Tries(clock)
    for _ in range(TRIES):
        tries.failed("10.0.0.1")
    assert tries.wait("10.0.0.1") == WINDOW
    assert tries.wait("10.0.0.2") == 0
    await clock.advance(WINDOW + 1)
    assert tries.wait("10.0.0.1") == 0


# -- where there is no token -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/login", "/dashboard", "/dashboard/session?name=mud.example", "/dashboard/events"])
async def test_without_a_token_there_are_no_pages_for_owners(tmp_path: Path, serve: Serve, path: str) -> None:
    """And the page says how to switch them on."""
    client = await serve(make_bot(config_of(tmp_path, token="")))
    text = await client.get(path, status=404)
    assert "token" in text
    assert "config.yaml" in text
    await client.post("/login", status=404, token="")
    await client.post("/dashboard/plugin", status=404, verb="pause", name="basics")
    assert "/login" not in text


# -- cookies -----------------------------------------------------------------------------------------------------------


def keys(folder: Path, token: str = TOKEN, clock: FakeClock | None = None) -> Keys:
    return Keys(token, clock or FakeClock(), folder)


class Asked:
    """A request, as far as its cookies go."""

    def __init__(self, cookie: str) -> None:
        self.cookies = {"mudbot_owner": cookie}


def good(keys: Keys, cookie: str) -> bool:
    return keys.is_owner(Asked(cookie))  # type: ignore[arg-type]


def test_a_cookie_lasts_over_a_restart(tmp_path: Path) -> None:
    cookie = keys(tmp_path).issue()
    assert good(keys(tmp_path), cookie)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert TOKEN not in (tmp_path / FILE).read_text()


def test_a_cookie_that_was_made_up_is_void(tmp_path: Path) -> None:
    """Every changed letter, and what is none at all."""
    own = keys(tmp_path)
    cookie = own.issue()
    assert good(own, cookie)
    changed = [cookie[:at] + ("A" if letter != "A" else "B") + cookie[at + 1 :] for at, letter in enumerate(cookie)]
    for other in (*changed, "", ".", "..", "9999999999..", "9999999999.x." + "0" * 64, "\udcff.x.y", cookie + "0"):
        assert not good(own, other), other


async def test_a_cookie_ends_after_two_weeks(tmp_path: Path) -> None:
    clock = FakeClock()
    own = keys(tmp_path, clock=clock)
    cookie = own.issue()
    await clock.advance(LASTS - 2)
    assert good(own, cookie)
    await clock.advance(4)
    assert not good(own, cookie)


def test_another_token_or_another_store_voids_all_cookies(tmp_path: Path) -> None:
    cookie = keys(tmp_path).issue()
    assert not good(keys(tmp_path, "another-token"), cookie)
    assert not good(keys(tmp_path / "other"), cookie)


def test_a_damaged_file_costs_a_login_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = keys(tmp_path)
    cookie = own.issue()
    for damage in ("{", "[]", '{"secret": "x", "ended": {"a": "b"}}', '{"secret": 1, "ended": []}'):
        (tmp_path / FILE).write_text(damage)
        again = keys(tmp_path)
        assert not good(again, cookie), damage
        assert good(again, again.issue())
    assert "log in again" in caplog.text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The owner gets in all the same."""
    (tmp_path / "file").write_text("")
    own = keys(tmp_path / "file")
    assert good(own, own.issue())
    assert "logins last until the bot ends" in caplog.text


async def test_who_logs_out_is_out_for_good(owner: Client, bot: FakeBot) -> None:
    """A copy of the cookie is void as well, also after a restart."""
    cookie = next(each.value for each in owner.http.cookie_jar if each.key == "mudbot_owner")
    await owner.post("/logout", csrf=await owner.csrf())
    await owner.get("/dashboard", status=302)
    await owner.get("/dashboard", status=302, Cookie=f"mudbot_owner={cookie}")
    kept = json.loads((bot.store.folder / FILE).read_text())
    assert list(kept["ended"]) == [cookie.split(".")[1]]
    assert not good(Keys(TOKEN, bot.clock, bot.store.folder), cookie)


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/logout", "/dashboard/say", "/dashboard/plugin"])
@pytest.mark.parametrize("csrf", ["", "0" * 64, "é"])
async def test_a_form_without_its_secret_does_nothing(owner: Client, path: str, csrf: str, bot: FakeBot) -> None:
    text = await owner.post(path, status=403, csrf=csrf, verb="pause", name="basics", session="mud.example", words="hi")
    assert "too old" in text
    assert bot.roster.did == []
    await owner.get("/dashboard")


async def test_the_secret_of_a_form_is_of_its_cookie(tmp_path: Path, serve: Serve) -> None:
    """What one login's page holds is nothing with another's cookie."""
    bot = make_bot(config_of(tmp_path))
    one, other = await serve(bot), await serve(bot)
    await one.log_in()
    await other.log_in()
    await other.post("/logout", status=403, csrf=await one.csrf("/dashboard"))


@pytest.mark.parametrize("path", ["/logout", "/dashboard/say", "/dashboard/plugin"])
async def test_nothing_is_done_for_a_link(owner: Client, path: str) -> None:
    await owner.get(path, status=405)


async def test_a_form_that_never_ends_is_not_waited_for(guest: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who drips a form in keeps no connection."""
    monkeypatch.setattr("mudbot.web.auth.READ_WITHIN", 0.05)
    host, port = guest.url.removeprefix("http://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /login HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 500\r\n".encode())
    writer.write(b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=")
    assert b" 408 " in await reader.readline()
    writer.close()


async def test_pages_of_the_owner_are_kept_by_nobody(owner: Client) -> None:
    """What a browser or a proxy keeps, the next one at it may read."""
    for path in ("/dashboard", "/login", "/dashboard/session?name=mud.example"):
        await owner.get(path, status=302 if path == "/login" else 200)
        assert path == "/login" or owner.headers["Cache-Control"] == "no-store"
