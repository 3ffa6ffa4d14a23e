"""Web: nothing hostile runs, nothing is changed without the token, nobody else's page or name gets through."""

from __future__ import annotations

import ast
import inspect
import re
from html.parser import HTMLParser
from pathlib import Path

from mudbot.config import WebConfig
from mudbot.store.pictures import is_id
from mudbot.web import auth
from mudbot.web.safety import HEADERS
from tests.reliability.figures import figure
from tests.web import test_web_safety as safety
from tests.web.test_web_browser import VIEWS, fill
from tests.web.web_fakes import Client, FakeBot

ROW = "web"


class Scripts(HTMLParser):
    """Finds what a browser could run that no file of the site is."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not str(given.get("src", "")).startswith(("/static/", "static/")):
            self.found.append(f"<{tag} {attrs}>")
        self.found += [f"<{tag} {name}>" for name, value in attrs if name.startswith("on")]
        links = (str(given.get(name) or "") for name in ("href", "src", "action", "formaction"))
        self.found += [link for link in links if re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE)]


async def test_hostile_words_run_nothing_in_any_view(owner: Client, pages: FakeBot) -> None:
    """Titles, names, prompts and lines that are scripts; the policy would stop what got through."""
    picture = await fill(pages)
    found: list[str] = []
    views = (*VIEWS, f"/i/{picture}")
    for view in views:
        parser = Scripts()
        parser.feed(await owner.get(view, status={"/nowhere": 404, "/login": 302}.get(view, 200)))
        found += [f"{view}: {each}" for each in parser.found]
        assert owner.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    safety.test_the_policy_allows_nothing_inline_and_nobody_else()
    figure(ROW, "hostile titles and names in every view: 0 scripts", f"{len(found)} in {len(views)} views")
    assert found == []
    assert is_id(picture)


async def test_whoever_has_no_token_changes_nothing(guest: Client, pages: FakeBot) -> None:
    """Every route that takes a form, found in the application itself; Host and Origin are looked at as well."""
    from mudbot.web.site import build

    routes = [
        route.resource.canonical
        for route in build(pages).router.routes()
        if route.method == "POST" and route.resource is not None
    ]
    let = []
    for path in routes:
        if path == "/login":
            continue
        filled = re.sub(r"\{[^}]*\}", "1", path)
        for headers in ({}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}):
            given = {"Origin": guest.url, "Sec-Fetch-Site": "same-origin"} | headers
            async with guest.http.post(
                guest.url + filled, data={"csrf": "0"}, headers=given, allow_redirects=False
            ) as got:
                leads_to_login = got.status in (302, 303) and got.headers["Location"].startswith("/login")
                if not (leads_to_login or got.status in (401, 403, 404)):
                    let.append((path, got.status))
    await guest.get("/login", status=421, Host="evil.example")
    figure(ROW, "a token for anything that changes state", f"{len(let)} of {len(routes) - 1} forms open without it")
    assert len(routes) > 3
    assert let == []
    assert pages.roster.did == []


def test_it_is_bound_to_loopback_and_compares_in_constant_time() -> None:
    """Unless the configuration says otherwise; no token or cookie is compared with ``==``."""
    assert WebConfig().host in ("127.0.0.1", "localhost", "::1")
    assert WebConfig().token is None
    source = Path(inspect.getfile(auth)).read_text("utf-8")
    assert "compare_digest" in source
    compared = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        and re.search(r"token|csrf|cookie|secret|digest", ast.unparse(node))
    ]
    figure(ROW, "loopback, constant time", f"{WebConfig().host}; {len(compared)} comparisons of secrets by ==")
    assert compared == []
