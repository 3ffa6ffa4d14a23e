"""What all pages have in common: languages, addresses, figures, texts."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from mudbot.web import pages, words
from mudbot.web.pages import local_path, templates
from tests.web.web_fakes import Client, Serve, config_of, make_bot

TEXTS = [each for each in files("mudbot.web").joinpath("texts").iterdir() if each.name.endswith(".yaml")]


# -- texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_both_languages_say_the_same_things(path: Path) -> None:
    """The same keys, with the same values in them: no page is half translated, none breaks in one language only."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(read) == {"en", "zh"}
    assert read["en"].keys() == read["zh"].keys()
    for key, phrase in read["en"].items():
        assert isinstance(phrase, str | dict), f"{key} is no text: write quotes around it"
        assert holes(phrase) == holes(read["zh"][key]), key
        assert not isinstance(phrase, dict) or phrase.keys() == {"one", "many"}, key


def holes(phrase: str | dict[str, str]) -> set[str]:
    text = phrase if isinstance(phrase, str) else phrase["many"]
    return set(re.findall(r"\{(\w*)[^}]*\}", text))


def test_every_text_that_a_page_asks_for_exists() -> None:
    """And every template can be read."""
    env = templates()
    known = words.texts()["en"].keys()
    for name in env.list_templates():
        source = env.loader.get_source(env, name)[0]  # type: ignore[union-attr]
        env.get_template(name)
        assert set(re.findall(r'\bt\("(\w+)"[,)]', source)) <= known, name
        assert set(re.findall(r"\bt\('(\w+)'[,)]", source)) <= known, name


def test_no_page_has_anything_inline() -> None:
    """The policy forbids styles and scripts in a page: a template that has them looks otherwise than its author saw."""
    env = templates()
    for name in env.list_templates():
        source = env.loader.get_source(env, name)[0]  # type: ignore[union-attr]
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=)|javascript:|\|\s*safe\b", source), name


@pytest.mark.parametrize(
    ("cookie", "accepted", "default", "chosen"),
    [
        ("zh", "en", "en", "zh"),
        ("xx", "zh-CN,zh;q=0.9,en;q=0.8", "en", "zh"),
        (None, "fr, en;q=0.3, zh;q=0.4", "en", "zh"),
        (None, "fr", "zh", "zh"),
        (None, "", "en", "en"),
        (None, "zh;q=0", "en", "en"),
        (None, "zh;q=x, en;q=0.1", "zh", "en"),
        (None, ",;;q=,zh;q=99", "en", "en"),
    ],
)
def test_the_language_is_the_visitors(cookie: str | None, accepted: str, default: str, chosen: str) -> None:
    """What was chosen, else what the browser asks for, else the first session's."""
    assert words.chosen(cookie, accepted, default) == chosen


async def test_a_language_is_chosen_by_a_link_and_stays(guest: Client) -> None:
    """The link is on every page, and leads back to it."""
    text = await guest.get("/login?next=/dashboard/log?q=1")
    link = re.search(r'href="(/lang/zh[^"]*)"', text)
    assert link is not None
    await guest.get(link[1].replace("&amp;", "&"), status=302)
    assert guest.headers["Location"] == "/login?next=/dashboard/log?q=1"
    text = await guest.get("/login")
    assert '<html lang="zh-CN">' in text
    assert "登录" in text
    assert guest.headers["Content-Language"] == "zh"
    await guest.get("/lang/fr", status=404)


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", ""])
async def test_the_choice_of_a_language_leads_nowhere_else(guest: Client, back: str) -> None:
    await guest.get(f"/lang/zh?back={back}", status=302)
    assert guest.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/x", "/x?y=//z", "/", "/会话?名=老陈"])
def test_a_path_of_this_site_is_one(path: str) -> None:
    assert local_path(path, "other") == path


@pytest.mark.parametrize("path", ["", "x", "//x", "/\\x", "/x\\y", "/\n/x", "/\x85x", "http://x", "javascript:x"])
def test_any_other_is_none(path: str) -> None:
    """As browsers read them, which forgive much."""
    assert local_path(path, "other") == "other"


# -- addresses ---------------------------------------------------------------------------------------------------------


async def test_behind_a_proxy_with_a_folder_all_links_lead_there(tmp_path: Path, serve: Serve) -> None:
    """Whether the proxy passes the folder on or takes it away."""
    client = await serve(make_bot(config_of(tmp_path, public_url="https://example.org/mud/")))
    for path in ("/login", "/mud/login"):
        text = await client.get(path)
        links = re.findall(r'(?:href|src|action)="([^"]*)"', text)
        assert links
        assert all(link.startswith("/mud/") or link == "#main" for link in links), links
        assert 'href="/mud/lang/zh?back=%2Flogin"' in text
        await client.get(text.split('rel="stylesheet" href="')[1].split('"')[0])
    await client.get("/mud/dashboard", status=302)
    assert client.headers["Location"] == "/mud/login?next=/dashboard"


async def test_a_page_names_what_it_depends_on(guest: Client) -> None:
    """A cache between must not give one visitor's page to another."""
    await guest.get("/login")
    assert {"Accept-Language", "Cookie"} <= set(guest.headers["Vary"].split(", "))
    assert guest.headers["Cache-Control"] == "no-cache"


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usd", "told"),
    [(None, "–"), (0, "$0.00"), (1234.5, "$1,234.50"), (0.1, "$0.10"), (0.0123, "$0.0123"), (0.000004, "$0.000004")],
)
def test_money_is_told_as_far_as_it_tells_something(usd: float | None, told: str) -> None:
    assert pages.money(usd) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(None, "–"), (0, "0 B"), (999, "999 B"), (1400, "1.4 kB"), (1_400_000, "1.4 MB"), (2_000_000_000, "2.0 GB")],
)
def test_sizes(number: int | None, told: str) -> None:
    assert pages.size(number) == told


@pytest.mark.parametrize(
    ("duration", "told"),
    [
        (None, "–"),
        (0.0, "0 ms"),
        (0.0004, "< 1 ms"),
        (0.12, "120 ms"),
        (3.42, "3.4 s"),
        (720, "12 min"),
        (18000, "5.0 h"),
    ],
)
def test_durations(duration: float | None, told: str) -> None:
    assert pages.seconds(duration) == told


@pytest.mark.parametrize(
    ("passed", "en", "zh"),
    [
        (-5, "just now", "刚刚"),
        (4, "just now", "刚刚"),
        (59, "59 seconds ago", "59 秒前"),
        (61, "1 minute ago", "1 分钟前"),
        (7200, "2 hours ago", "2 小时前"),
        (200_000, "2 days ago", "2 天前"),
    ],
)
def test_how_long_ago(passed: float, en: str, zh: str) -> None:
    """In the page's language, one and many told apart."""
    assert (pages.since("en", passed), pages.since("zh", passed)) == (en, zh)


def test_a_time_is_told_to_machines_as_well() -> None:
    assert re.fullmatch(
        r'<time datetime="2026-0\d-\d\dT[\d:+-]+">2026-0[\d-]+ [\d:]+</time>', pages.when(1_777_777_777)
    )


def test_fields_of_a_form_are_texts_of_a_bounded_length() -> None:
    """Files and what is missing are nothing."""
    assert pages.values_of({"a": " x ", "b": "y" * 50, "c": b"z"}, "a", "b", "c", "d", longest=3) == [
        "x",
        "yyy",
        "",
        "",
    ]


def test_one_key_has_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two areas with the same key would change each other's pages."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text("en: {x: X}\nzh: {x: X}\n")
    monkeypatch.setattr(words, "files", lambda _package: tmp_path)
    with pytest.raises(ValueError, match=r"b\.yaml.*'x'"):
        words.texts.__wrapped__()
