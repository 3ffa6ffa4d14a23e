"""What a configuration names, found and loaded: plugins, personas, dialects, models; and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mudbot.config import Config, SessionConfig, TriggerConfig, in_order, validate
from mudbot.errors import ConfigError, MudError, PatternError, PluginError, Problem, nearest
from mudbot.host import loader
from mudbot.host.marks import TriggerMark
from mudbot.host.plugin import Plugin
from mudbot.host.services.texts import texts_of, untold
from mudbot.host.triggers import barred
from mudbot.mind.character import Model
from mudbot.mind.persona import Persona, load_persona, shipped
from mudbot.mud import dialect
from mudbot.mud.address import Address
from mudbot.mud.dialect import Dialect
from mudbot.mud.gate import Parts, clean
from mudbot.mud.voice import Manner

if TYPE_CHECKING:
    from mudbot.api import Budgets, Price
    from mudbot.triggers.data import Written
    from mudbot.triggers.trigger import Pattern

# Models that OpenAI served by /completions only; everything since speaks chat.
_COMPLETIONS_ONLY = re.compile(r"^(text-)?(davinci|curie|babbage|ada)(-|$)|-instruct(-\d+)?$")

_LOCAL = "local"
"""The model that the embedded server is asked for: any name does."""
CARRIER = "triggers"
"""The plugin that carries out the triggers of a configuration."""
_PRICED = "give input and output, image, or request"


def problems_of(config: Config, classes: dict[str, type[Plugin]] | None = None) -> list[Problem]:
    """What is wrong beyond the shape of the file, all of it; the plugins that were loaded for it go into *classes*."""
    problems: list[Problem] = []
    try:
        loaded = load_plugins(config)
        if classes is not None:
            classes.update(loaded)
    except ConfigError as exc:
        problems += exc.problems
    checks = (load_triggers, check_grants, check_models, check_shared, check_prices, check_sessions, check_store)
    for work in checks:
        try:
            work(config)
        except ConfigError as exc:
            problems += exc.problems
    for number, session in enumerate(config.sessions):
        for key, check in (
            ("character", lambda s: load_character(config, s)),
            ("dialect", lambda s: load_dialect(config, s)),
            ("proxy", address),
        ):
            try:
                check(session)
            except ConfigError as exc:
                place = config.positions.where("sessions", number, key)
                # A problem within a persona's file has its own place; one with its name has the configuration's.
                problems += [Problem(place, f"{key} {p.message}") if p.where == key else p for p in exc.problems]
            except MudError as exc:
                problems.append(Problem(config.positions.where("sessions", number, key), str(exc)))
    return problems


def warnings_of(config: Config, classes: Mapping[str, type[Plugin]] | None = None) -> list[Problem]:
    """What works and may not be what the owner wants; *classes* are the plugins, if they are loaded already."""
    found = []
    for number, session in enumerate(config.sessions):
        if session.tls == "insecure":
            message = f"whoever stands between the bot and {session.host} can read the password and change words"
            found.append(Problem(config.positions.where("sessions", number, "tls"), f"tls: insecure: {message}"))
        for key in ("owners", "trusted"):
            if getattr(session, key) and not _shows_ids(config, session):
                message = (
                    f"the dialect {session.dialect} shows no login ids in coloured tells, so nobody is known for one"
                )
                found.append(Problem(config.positions.where("sessions", number, key), f"{key}: {message}"))
    classes = _sound_plugins(config) if classes is None else classes
    return [*found, *_barred(config), *_untold(config, classes), *runaways(config, classes)]


def statements_of(config: Config) -> list[str]:
    """What plugins say of their settings: what an owner must not have to guess."""
    found = []
    for name, kind in _sound_plugins(config).items():
        with suppress(ConfigError):
            if words := kind.states(plugin_settings(config, name, kind)):
                found.append(f"{name}: {words}")
    return found


def _untold(config: Config, classes: Mapping[str, type[Plugin]]) -> Iterator[Problem]:
    """Texts of plugins that there are not in a language that a session speaks."""
    spoken: dict[str, str] = {session.language: session.name for session in reversed(config.sessions)}
    for kind in classes.values():
        with suppress(ConfigError):  # what is wrong is a problem, and told as that
            for place, message in untold(kind, spoken):
                yield Problem(place, message)


def _shows_ids(config: Config, session: SessionConfig) -> bool:
    """Whether a tell may show its speaker's id, in a colour that nobody can forge; true where that is not known."""
    try:
        rules = load_dialect(config, session)
    except ConfigError:
        return True
    if rules is None:
        return True
    tells = (rule for rule in rules.hear if rule.kind == "tell" and rule.colour)
    return any("id" in rules.compile(rule.pattern).groupindex for rule in tells)


def load_dialect(config: Config, session: SessionConfig) -> Dialect | None:
    """The session's dialect; None where it is to be found out.  Raises ConfigError."""
    name = session.dialect
    if name == "auto":
        return None
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return dialect.read(config.path(name))
    return dialect.load(name)


def address(session: SessionConfig, host: str | None = None, port: int | None = None) -> Address:
    """Where the session's MUD is, or another *host* and *port*.  Raises MudError for a proxy that is none."""
    proxy = session.proxy.get_secret_value() if session.proxy else None
    return Address(
        host or session.host,
        session.port if port is None else port,
        tls=session.tls,
        encoding=session.encoding,
        proxy=proxy,
        compress=session.compress,
    )


def manner(session: SessionConfig) -> Manner:
    """How the session's character speaks."""
    speech = session.speech
    return Manner(Parts(speech.parts, speech.split), speech.non_ascii, speech.typing)


def check_sessions(config: Config) -> None:
    """Raise ConfigError where one character is to be in one MUD twice: the two would throw each other out for ever."""
    seen: dict[tuple[str, int, str], str] = {}
    for number, session in enumerate(config.sessions):
        name = session.login.name if session.login else session.character
        other = seen.setdefault((session.host, session.port, name.casefold()), session.name)
        if other != session.name:
            place = config.positions.where("sessions", number)
            raise ConfigError(
                Problem(place, f"session {session.name} plays the same character as {other}: give it another login")
            )


def check_store(config: Config) -> None:
    """Raise ConfigError where ``store`` cannot be a folder."""
    try:
        path = config.path(config.store)
    except RuntimeError as exc:
        raise ConfigError(Problem(config.positions.where("store"), f"store: {exc}: write the full path")) from None
    if "://" in config.store or path.is_file():
        raise ConfigError(Problem(config.positions.where("store"), "store must be a folder: mudbot keeps files in it"))


def plugin_folders(config: Config, *more: Path) -> list[Path]:
    """Where plugins are looked for: beside the configuration, in *more*, then among the shipped ones."""
    return [config.folder / "plugins", *more, loader.shipped()]


def load_plugins(config: Config) -> dict[str, type[Plugin]]:
    """The classes of all enabled plugins.  Raises ConfigError with every problem of every plugin."""
    classes: dict[str, type[Plugin]] = {}
    problems: list[Problem] = []
    for name in config.plugins:
        try:
            classes[name] = load_plugin(config, name)
        except ConfigError as exc:
            problems += exc.problems
        except PluginError as exc:
            problems.append(Problem(config.plugins[name].positions.where(), str(exc)))
    if problems:
        for kind in classes.values():
            loader.drop(kind)
        raise ConfigError(*problems)
    return classes


def load_plugin(config: Config, name: str, *more: Path) -> type[Plugin]:
    """The newest class of one plugin, its settings and texts checked; it may stand in a folder of *more*.

    Raises ConfigError and PluginError.
    """
    kind = loader.load(name, plugin_folders(config, *more))
    if problems := plugin_problems(config, name, kind):
        loader.drop(kind)
        raise ConfigError(*problems)
    return kind


def check_grants(config: Config) -> None:
    """Raise ConfigError where a plugin is to run in a session that there is not."""
    names = [session.name for session in config.sessions]
    problems = [
        Problem(
            plugin.positions.where("permissions", "sessions"),
            f"permissions.sessions: there is no session {name!r}{nearest(name, names)}; there are: {', '.join(names)}",
        )
        for plugin in config.plugins.values()
        for name in plugin.permissions.sessions
        if name not in names
    ]
    if problems:
        raise ConfigError(*problems)


def plugin_problems(config: Config, name: str, kind: type[Plugin]) -> list[Problem]:
    """What is wrong with the settings of a plugin, and with its texts."""
    problems: list[Problem] = []
    for check in (lambda: plugin_settings(config, name, kind), lambda: texts_of(kind)):
        try:
            check()
        except ConfigError as exc:
            problems += exc.problems
    return problems


def load_triggers(config: Config) -> tuple[Written, ...]:
    """The triggers of the configuration.  Raises ConfigError with every problem of every one."""
    from mudbot.triggers.data import problems, written

    made, found = [], []
    for each in config.triggers:
        try:
            made.append(written(each))
        except PatternError:
            found += problems(each)
        found += _not_plain(each)
    if config.triggers and CARRIER not in config.plugins:
        message = f"triggers want the plugin that carries them out: write '{CARRIER}:' below 'plugins:'"
        found.insert(0, Problem(config.triggers[0].where(), message))
    if found:
        raise ConfigError(*in_order(found))
    return tuple(made)


def _not_plain(trigger: TriggerConfig) -> Iterator[Problem]:
    """Commands that the gate would refuse, whatever their groups are."""
    for text in trigger.command:
        simple = text.isascii() and "  " not in text  # most are, and there are thousands
        if not simple and (plain := clean(text)) != text.strip():
            yield Problem(trigger.where("command"), f"command: {text!r} is not one plain line: write {plain!r}")


def may_command(config: Config, plugin: str = CARRIER) -> bool:
    """Whether the owner lets *plugin* send raw commands."""
    return plugin in config.plugins and config.plugins[plugin].permissions.commands


def _barred(config: Config) -> list[Problem]:
    """That triggers rest for want of a permission."""
    resting = [each for each in config.triggers if each.command]
    if not resting or may_command(config):
        return []
    them = "this trigger rests" if len(resting) == 1 else f"this trigger and {len(resting) - 1} more rest"
    return [Problem(resting[0].where("command"), f"{them}: {barred(CARRIER)}")]


def runaways(config: Config, classes: Mapping[str, type[Plugin]] | None = None) -> list[Problem]:
    """Patterns that can take for ever on a line that is made for it, of the configuration and of plugins."""
    from mudbot.triggers.data import patterns_of
    from mudbot.triggers.lint import lint

    def told(where: str, name: str, patterns: Iterable[Pattern]) -> Iterator[Problem]:
        for pattern in patterns:
            if pattern.kind == "regex":  # what is made of the others cannot run away
                for finding in lint(pattern.regex, pattern.re_flags):
                    yield Problem(where, f"{name}{finding.message}")

    found: list[Problem] = []
    for each in config.triggers:
        with suppress(PatternError):  # what is none is a problem, and told as that
            key = each.given()[0] if not each.all_of else "all_of"
            found += told(each.where(key), f"trigger {each.name}: " if each.name else "", patterns_of(each))
    for name, kind in (_sound_plugins(config) if classes is None else classes).items():
        where = config.plugins[name].positions.where()
        for mark, method in kind.handlers:
            if isinstance(mark, TriggerMark):
                found += told(where, f"trigger {name}.{method}: ", mark.trigger.patterns)
    return found


def _sound_plugins(config: Config) -> dict[str, type[Plugin]]:
    classes = {}
    for name in config.plugins:
        with suppress(PluginError):
            classes[name] = loader.load(name, plugin_folders(config))
    return classes


def plugin_settings(config: Config, name: str, kind: type[Plugin]) -> Any:
    """The plugin's own settings as the class it declares.  Raises ConfigError for mistakes, unknown keys among them."""
    plugin, model = config.plugins[name], kind.config_type()
    if model is not None:
        return validate(model, plugin.settings, plugin.positions)
    if plugin.settings:
        where = plugin.positions.where
        raise ConfigError(
            *(Problem(where(key), f"plugin {name} has no settings, so no {key}") for key in plugin.settings)
        )
    return None


def load_character(config: Config, session: SessionConfig) -> Persona:
    """The session's persona.  Raises ConfigError."""
    return load_persona(session.character, folder=config.folder)


def characters(config: Config) -> dict[str, str]:
    """The characters that a session may be given while it runs, by name, and where they stand.

    Those that the configuration names, personas in a folder ``personas`` beside it, and those that ship.
    """
    beside = sorted(str(path) for path in (config.folder / "personas").glob("*.y*ml"))
    named = [session.character for session in config.sessions]
    return {Path(source).stem.casefold(): source for source in [*shipped(), *beside, *named]}


def check_models(config: Config) -> None:
    """Raise ConfigError where an API is configured and no model to speak with, at one of its servers."""
    if config.api.models.dialogue is not None or "dialogue" not in config.plugins:
        return
    for number, account in enumerate(config.api.accounts):
        # What the embedded server is asked for has a name as well, and another server may call it otherwise.
        if account.embedded or (config.api.embedded and _LOCAL in account.models):
            continue
        place = ("api", "servers", number) if config.api.servers else ("api",)
        message = f"api.models.dialogue must name a model that {account.base_url} serves, for example gpt-4o-mini"
        raise ConfigError(Problem(config.positions.where(*place), message))


def check_shared(config: Config) -> None:
    """Raise ConfigError where the shared limit can never work; whether its Redis runs is not looked at."""
    from mudbot.api.limit.shared import RedisLink

    address = config.api.limits.shared
    if address is None:
        return
    try:
        RedisLink(address.get_secret_value())
    except ConfigError as exc:
        where = config.positions.where("api", "limits", "shared")
        raise ConfigError(*(Problem(where, str(problem)) for problem in exc.problems)) from None


def prices_of(config: Config) -> dict[str, Price]:
    """The owner's own prices."""
    from mudbot.api import Price

    return {model: Price(**price.model_dump()) for model, price in config.api.prices.items()}


def api_settings(config: Config, **limits: Any) -> dict[str, Any]:
    """What may be asked and spent, as arguments of ``Api``; *limits* in place of those of the configuration.

    Whoever asks by one configuration keeps to the same limits and books: the bot and the command line.
    """
    from mudbot.api import Limits

    chosen = config.api.limits.model_dump() | limits
    if config.api.limits.shared is not None:
        chosen["shared"] = config.api.limits.shared.get_secret_value()
    budgets = budgets_of(config)
    book = config.path(config.store) / "spending.sqlite3"
    return {"limits": Limits(**chosen), "budgets": budgets or None, "ledger": book, "prices": prices_of(config)}


def budgets_of(config: Config) -> Budgets:
    """What may be spent."""
    from mudbot.api import Budgets

    return Budgets(**config.api.budgets.model_dump(), plugins=plugin_budgets(config))


def plugin_budgets(config: Config) -> dict[str, float]:
    """What plugins may cost a day, in USD, for those that are bounded."""
    permissions = {name: plugin.permissions for name, plugin in config.plugins.items()}
    return {name: granted.budget for name, granted in permissions.items() if granted.budget is not None}


def check_prices(config: Config) -> None:
    """Raise ConfigError where a price is none, or there is a budget and nobody knows what a configured model costs."""
    from mudbot.api.calls import Call
    from mudbot.api.money.budgets import budget_keys
    from mudbot.api.money.prices import Prices
    from mudbot.api.types import Answer

    problems = [
        Problem(config.positions.where("api", "prices", name), f"api.prices.{name} names no price: {_PRICED}")
        for name, price in config.api.prices.items()
        if not any(value is not None for value in price.model_dump().values())
    ]
    if problems:
        raise ConfigError(*problems)
    bounded = any(value is not None for value in config.api.budgets.model_dump().values())
    budgets = budget_keys(plugin_budgets(config), all_=bounded)
    if not budgets:
        return
    prices, chosen = Prices(prices_of(config)), config.api.models
    uses = {
        "dialogue": ("/chat/completions", {"max_tokens": 1}),
        "image": ("/images/generations", {}),
        "moderation": ("/moderations", {}),
        "embedding": ("/embeddings", {}),
    }
    for purpose, (path, body) in uses.items():
        choice = getattr(chosen, purpose)
        for server in config.api.accounts if choice is not None else ():
            if server.embedded:
                continue
            name = server.models.get(choice.name, choice.name)
            if prices.most(server.base_url, name, Call("POST", path, Answer, name, body), 1) is None:
                place = config.positions.where("api", "models", purpose)
                problems.append(Problem(place, str(prices.unknown(server.base_url, name, budgets))))
    if problems:
        raise ConfigError(*problems)


def choose_model(config: Config, persona: Persona) -> Model:
    """Which model speaks for *persona*, and by which endpoint."""
    choice = config.api.models.dialogue
    embedded = config.api.embedded
    name, endpoint = (choice.name, choice.endpoint) if choice else (_LOCAL, "auto")
    if endpoint == "auto" and embedded:
        endpoint = persona.endpoint
    if endpoint == "auto":
        endpoint = "completions" if _COMPLETIONS_ONLY.search(name) else "chat"
    return Model(name, endpoint, grammars=embedded and len(config.api.accounts) == 1)
