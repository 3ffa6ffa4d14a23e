"""Pages: a template, the visitor's language, and what every page has.

In a template: ``t("key", n=3)`` a text of ``texts/*.yaml`` · ``url("/gallery", page=2)`` the address of a page, also
where a proxy gives the site a folder of its own · ``static("style.css")`` a file of ``static/`` · ``csrf`` what the
hidden field of that name holds in the owner's forms · ``owner`` whether it is the owner who looks · ``lang`` ``en`` or
``zh`` · ``path`` and ``here`` the page's own address, as ``url`` takes it, without and with its query · ``tab`` the one
of the navigation that it belongs to · ``now`` seconds since 1970.  Filters: ``ago``, ``when``, ``day``, ``money``,
``bytes``, ``seconds``.  Macros that use any of them: ``import … with context``.

Whatever is put into a template is escaped; nothing is ever marked safe but by ``mudbot.web.colours``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from markupsafe import Markup

from mudbot.web.words import LANGUAGES, Language, chosen, text

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

    from mudbot.web.bot import Bot
    from mudbot.web.keys import Keys

BOT: web.AppKey[Bot] = web.AppKey("bot")
KEYS: web.AppKey[Keys] = web.AppKey("keys")
LANG_COOKIE = "lang"
HALF_YEAR = 182 * 24 * 3600


def bot_of(request: web.Request) -> Bot:
    """The bot whose pages these are."""
    return request.app[BOT]


def language_of(request: web.Request) -> Language:
    """The language for whoever asks."""
    sessions = bot_of(request).config.sessions
    default = sessions[0].language if sessions else "en"
    return chosen(request.cookies.get(LANG_COOKIE), request.headers.get("Accept-Language", ""), default)


def page(request: web.Request, name: str, /, *, status: int = 200, **values: Any) -> web.Response:
    """The page of the template *name*, with *values* in it."""
    response = web.Response(text=render(request, name, **values), status=status, content_type="text/html")
    private = request.app[KEYS].is_owner(request) or path_of(request).startswith("/dashboard")
    response.headers["Cache-Control"] = "no-store" if private else "no-cache"
    response.headers["Vary"] = "Accept, Accept-Language, Cookie"
    response.headers["Content-Language"] = language_of(request)
    return response


def render(request: web.Request, name: str, /, **values: Any) -> str:
    """The template *name* as text: a page, or a part of one."""
    bot, keys, language = bot_of(request), request.app[KEYS], language_of(request)
    common = {
        "t": partial(text, language),
        "lang": language,
        "url": partial(url, bot),
        "static": partial(static, bot),
        "path": path_of(request),
        "tab": tab_of(path_of(request)),
        "here": path_of(request, query=True),
        "owner": keys.is_owner(request),
        "owner_pages": keys.on,
        "csrf": keys.csrf(request),
        "now": bot.clock.wall(),
        "multiple": len(bot.config.sessions) > 1,
    }
    return templates().get_template(name).render({**common, **values})


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _without_controls(value: Any) -> Any:
    """*value* as a page prints it: whoever reads pages in a terminal has nothing in them that drives it."""
    if not isinstance(value, str) or not _CONTROLS.search(value):
        return value
    return type(value)(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(value)))


@cache
def templates() -> Environment:
    """The templates, with their filters."""
    # Loaded with the first page: until then the logins have the machine for themselves.
    from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context

    made = Environment(
        loader=PackageLoader("mudbot.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_without_controls,
    )
    made.filters |= {
        "ago": pass_context(_ago),
        "when": when,
        "day": day,
        "money": money,
        "bytes": size,
        "seconds": seconds,
    }
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return made


def base_path(bot: Bot) -> str:
    """The folder that a proxy gives to the site: ``/mud`` in ``https://example.org/mud``, else nothing."""
    return urlsplit(bot.config.web.public_url or "").path.rstrip("/")


def path_of(request: web.Request, *, query: bool = False) -> str:
    """The path that was asked for, as ``url`` takes it: without the folder of a proxy that passes it on."""
    prefix, path = base_path(bot_of(request)), request.path_qs if query else request.path
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def tab_of(path: str) -> str:
    """The page of the navigation that *path* belongs to: ``/gallery`` for a picture's."""
    if path.startswith("/i/"):
        return "/gallery"
    parts = path.split("/")
    return "/dashboard" if parts[1:3] == ["dashboard", "session"] else "/".join(parts[:3])


def url(bot: Bot, path: str, /, **query: object) -> str:
    """The address of the page at *path* on this site; those of *query* that are None or empty are left out."""
    told = urlencode({key: value for key, value in query.items() if value not in (None, "")})
    return f"{base_path(bot)}{path}{'?' if told else ''}{told}"


def static(bot: Bot, name: str) -> str:
    """The address of a file of ``static/``, which changes with what is in it."""
    return f"{base_path(bot)}/static/{name}?v={version_of(name)}"


@cache
def version_of(name: str) -> str:
    """What tells one content of a file of ``static/`` from another."""
    return hashlib.sha256(files("mudbot.web").joinpath("static", name).read_bytes()).hexdigest()[:12]


def local_path(path: str, default: str = "/") -> str:
    """*path* if it is one of this site's, else *default*: a link must not lead from here to somewhere else.

    Browsers take ``//host`` and ``/\\host`` for other sites, and drop tabs and line ends before they look.
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else default


async def choose_language(request: web.Request) -> web.StreamResponse:
    """``/lang/zh?back=/gallery``: pages in this language from now on."""
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise web.HTTPNotFound
    bot = bot_of(request)
    back = url(bot, local_path(request.query.get("back", "/")))
    response = web.Response(status=302, headers={"Location": back, "Cache-Control": "no-store"})
    secure = (bot.config.web.public_url or "").startswith("https:")
    response.set_cookie(LANG_COOKIE, language, max_age=HALF_YEAR, samesite="Lax", httponly=True, secure=secure)
    return response


# -- filters -----------------------------------------------------------------------------------------------------------


def _ago(context: Context, at: float | None) -> Markup:
    """How long ago that was, with the exact time in the element."""
    language, now = cast("Language", context["lang"]), cast("float", context["now"])
    if at is None:
        return Markup(text(language, "unknown"))  # noqa: S704  # of our own file
    moment = datetime.fromtimestamp(at, UTC).astimezone()
    template = '<time datetime="{}" title="{}">{}</time>'
    full, told = f"{moment:%Y-%m-%d %H:%M:%S}", since(language, now - at)
    return Markup(template).format(moment.isoformat(timespec="seconds"), full, told)  # noqa: S704  # ours; values are escaped


def since(language: Language, passed: float) -> str:
    """``3 minutes ago`` for 190 seconds."""
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1)):
        if passed >= length * (5 if name == "seconds" else 1):
            return text(language, f"ago_{name}", n=int(passed // length))
    return text(language, "just_now")


def when(at: float) -> Markup:
    """The time *at*, in seconds since 1970, in the bot's own zone."""
    moment = datetime.fromtimestamp(at, UTC).astimezone()
    told = f"{moment:%Y-%m-%d %H:%M:%S}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(timespec="seconds"), told)


def day(at: float) -> str:
    """The day of *at* in the bot's own zone: ``2026-05-01``."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d}"


def money(usd: float | None) -> str:
    """An amount in USD: cents where it is that much, else as many digits as tell something."""
    if usd is None:
        return "–"
    if usd and abs(usd) < 0.1:
        return f"${usd:.6f}".rstrip("0")
    return f"${usd:,.2f}"


def size(number: int | None) -> str:
    """A number of bytes: ``1.4 MB`` for 1,400,000."""
    if number is None:
        return "–"
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def seconds(duration: float | None) -> str:
    """A duration in seconds: ``120 ms``, ``3.4 s``, ``12 min``, ``5.0 h``."""
    if duration is None:
        return "–"
    if duration < 1:
        return f"{duration * 1000:.0f} ms" if duration >= 0.001 or not duration else "< 1 ms"
    if duration < 120:
        return f"{duration:.1f} s"
    return f"{duration / 60:.0f} min" if duration < 7200 else f"{duration / 3600:.1f} h"


def values_of(form: Mapping[str, Any], *names: str, longest: int = 2000) -> list[str]:
    """The fields *names* of a form as texts, empty where they are missing; never longer than *longest*."""
    given = (form.get(name) for name in names)
    return [value.strip()[:longest] if isinstance(value, str) else "" for value in given]


def as_json(value: Any) -> web.Response:
    """*value* as JSON."""
    return web.json_response(value, dumps=partial(json.dumps, ensure_ascii=False))
