"""The owner's page to try a character: the prompt and the limits of the game, and what becomes of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mudbot.errors import ConfigError, PluginError
from mudbot.events import Speech, SpeechKind
from mudbot.mind.check import Rules
from mudbot.mind.explained import explained
from mudbot.mind.speaking import Options, Sentence
from mudbot.web.auth import action, owner_only
from mudbot.web.bot import session_names
from mudbot.web.pages import bot_of, page, values_of
from mudbot.web.paging import choice

if TYPE_CHECKING:
    from mudbot.mind.context import Prompt
    from mudbot.mind.lore import Recalled
    from mudbot.web.bot import Bot

log = logging.getLogger(__name__)

KINDS: tuple[SpeechKind, ...] = ("say", "tell")
LONGEST = 1000
"""Characters of what is said; of them the character hears what it hears of a line in the game."""
SPEAKS = "dialogue"
"""The plugin that lets the character talk in the game: by its settings it is tried, and its budget pays."""
PAYER = "(try-out)"
"""Who has asked, in the books of what players cost.  No MUD has such a name."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    name: str
    """What the character is called."""
    parts: Sequence[Sentence]
    prompt: str
    """All that the model was shown, explained; empty where it was not asked."""
    took: float
    """Seconds to the end of the answer."""

    @property
    def why(self) -> str:
        """Why it is a line that the persona keeps for when the model fails, if it is one."""
        return next((part.why for part in self.parts if part.why), "")


async def attempt(bot: Bot, session: str, name: str, speech: Speech) -> Tried:
    """Have the character *name* answer *speech* in *session*.

    Raises PluginError and ConfigError where there is no such character; the model's failures are part of the answer.
    """
    number = session_names(bot).index(session)
    character = await bot.audition(session, name)
    shown: list[str] = []

    def look(prompt: Prompt, recalled: Recalled) -> None:
        shown.append(explained(prompt, recalled))

    character.on_prompt = look
    began = bot.clock.now()
    options = _options(bot, number)
    async with aclosing(character.speak(speech, bot.sessions[number].room.current, options)) as sentences:
        parts = [sentence async for sentence in sentences]
    return Tried(character.persona.name, parts, shown[-1] if shown else "", bot.clock.now() - began)


def _options(bot: Bot, number: int) -> Options:
    """As the plugin has them that speaks in the game."""
    from mudbot.api import Caller, Priority

    settings, running = bot.config.sessions[number], bot.hosts[number].running.get(SPEAKS)
    written = bot.config.plugins.get(SPEAKS)
    payer = (written.organization if written else None) or settings.organization
    caller = Caller(PAYER, session=settings.name, plugin=SPEAKS, priority=Priority.NORMAL, organization=payer)
    if running is None:
        return Options(caller, memory=False)
    chosen: Any = running.plugin.config
    actions = running.plugin.mud.actions(getattr(chosen, "actions", {}))  # of their own: nothing cools down by this
    rules = Rules(getattr(chosen, "disclose", False), tuple(getattr(chosen, "people", ())))
    return Options(caller, memory=False, actions=actions, rules=rules)


@owner_only
async def ask(request: web.Request) -> web.StreamResponse:
    """``/dashboard/personas``: the form."""
    return _page(request, {})


@action
async def answer(request: web.Request) -> web.StreamResponse:
    """The same page with the answer."""
    bot = bot_of(request)
    names = ("session", "name", "kind", "who", "text")
    given = dict(zip(names, values_of(await request.post(), *names, longest=LONGEST), strict=True))
    if given["session"] not in session_names(bot)[: len(bot.sessions)] or not given["text"]:
        return _page(request, given, status=400)
    kind = choice(given["kind"], KINDS, "say")
    speech = Speech(kind, given["who"][:80] or "Guest", given["text"], at=bot.clock.now())
    try:
        tried = await attempt(bot, given["session"], given["name"], speech)
    except (PluginError, ConfigError) as exc:
        log.warning("no character was tried: %s", exc)
        return _page(request, given, status=400, wrong=str(exc))
    return _page(request, given, tried=tried)


def _page(
    request: web.Request, given: Mapping[str, str], *, status: int = 200, tried: Tried | None = None, wrong: str = ""
) -> web.Response:
    bot = bot_of(request)
    playing = [character.persona.name for character in bot.characters]
    return page(
        request,
        "personas.html",
        status=status,
        given={"session": "", "name": "", "kind": "say", "who": "", "text": "", **given},
        tried=tried,
        wrong=wrong,
        missing=status == 400 and not wrong,
        sessions=session_names(bot),
        playing=", ".join(dict.fromkeys(playing)),
        names=bot.personas(),
        kinds=KINDS,
        longest=LONGEST,
    )


def routes(_bot: Bot) -> list[web.RouteDef]:
    """The form, and what it sends."""
    return [web.get("/dashboard/personas", ask), web.post("/dashboard/personas", answer)]
