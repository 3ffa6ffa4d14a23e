"""config.yaml, the environment and the command line to one Config."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mudbot.config.check import check, in_order
from mudbot.config.draft import Draft, session_name
from mudbot.config.fields import known_keys
from mudbot.config.files import text_of
from mudbot.config.include import Listing, Source
from mudbot.config.layers import apply_environment, apply_overrides, expand
from mudbot.config.messages import choice
from mudbot.config.positions import Key, Positions, printable, shown
from mudbot.config.shape import TAVERN, Config
from mudbot.config.vault import bring_secrets
from mudbot.errors import ConfigError, Problem

T = TypeVar("T")


def load(path: Path | None, *, overrides: Sequence[str] = (), environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration: *overrides* win over *environ*, that over the file, that over the defaults.

    *overrides* are ``key.path=value`` texts, as ``--set`` takes them.  Without a *path* all is at its default, and the
    one session is in the embedded world.  Raises ConfigError with every problem there is, by line.
    """
    hint = f"name yours with 'mudbot run -c FILE'; one with comments to start from is {example()}"
    draft = _from_file(path, hint) if path else Draft({"sessions": [{"host": TAVERN}]}, {})
    apply_environment(draft, environ)
    apply_overrides(draft, overrides)
    expand(draft, environ)
    bring_secrets(draft, path.parent if path else Path(), environ)
    data, listing = _apart(_normal(draft.data), draft, path)
    positions = draft.positions()
    config, found = check(Config, data, positions)
    problems = [*draft.problems, *found, *_twice(data, draft), *listing.problems, *_strangers(config, listing)]
    if problems or config is None:
        raise ConfigError(*in_order(problems))
    return _placed(config, path, positions, listing)


def salvage(path: Path | None, *, overrides: Sequence[str] = (), environ: Mapping[str, str] = os.environ) -> Config:
    """What is sound in a configuration that ``load`` refuses, the rest at its default: to look for further problems."""
    try:
        draft = _from_file(path, "") if path else Draft({}, {})
    except ConfigError:
        draft = Draft({}, {})
    apply_environment(draft, environ)
    apply_overrides(draft, overrides)
    expand(draft, environ)
    bring_secrets(draft, path.parent if path else Path(), environ)
    data, listing = _apart(_normal(draft.data), draft, path, salvage=True)
    positions, tavern = draft.positions(), {"host": TAVERN}
    sound: dict[str, Any] = {"sessions": [tavern]}
    for key, value in data.items():
        if key == "sessions" and isinstance(value, list):
            # One for one, so that the places of what stands in them stay right.
            sound[key] = [_sound_session(item, positions) for item in value] or [tavern]
        elif key == "plugins" and isinstance(value, dict):
            # Without what the host reads, where that is wrong: the plugin's own settings may have mistakes as well.
            tried = {k: [v, {"settings": v["settings"]}] if isinstance(v, dict) else [v] for k, v in value.items()}
            good = {
                k: [v for v in each if check(Config, sound | {key: {k: v}}, positions)[0]] for k, each in tried.items()
            }
            sound[key] = {k: each[0] for k, each in good.items() if each}
        elif check(Config, sound | {key: value}, positions)[0]:
            sound[key] = value
    config, _ = check(Config, sound, positions)
    return _placed(config or Config.model_validate({"sessions": [tavern]}), path, positions, listing)


def _sound_session(item: Any, positions: Positions) -> dict[str, Any]:
    sound: dict[str, Any] = {"host": TAVERN}
    for key, value in item.items() if isinstance(item, dict) else ():
        if check(Config, {"sessions": [sound | {key: value}]}, positions)[0]:
            sound[key] = value
    return sound


def _apart(data: dict[str, Any], draft: Draft, path: Path | None, *, salvage: bool = False) -> tuple[Any, Listing]:
    """*data* without its triggers, and these with those of the files that they include."""
    listing, items = Listing(path.parent if path else Path(), salvage), data.get("triggers")
    if not isinstance(items, list):
        return data, listing
    listing.take(Source(items, listing.root, draft.places, draft.spoiled, draft.foreign))
    return {key: value for key, value in data.items() if key != "triggers"}, listing


def _placed(config: Config, path: Path | None, positions: Positions, listing: Listing) -> Config:
    if listing.triggers:
        config = config.model_copy(update={"triggers": tuple(listing.triggers)})
    # The model's own private parts, which its constructor cannot take.
    config._source, config._positions = path, positions  # noqa: SLF001
    for name, plugin in config.plugins.items():
        plugin._positions = positions.below("plugins", name)  # noqa: SLF001
    return config


def read(
    model: type[T],
    path: Path,
    missing: str,
    *,
    onto: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    most: int | None = None,
) -> T:
    """Another YAML file of the owner's, such as a persona, as *model*; read with the same care as the configuration.

    *missing* says what to do where there is no such file; *onto* makes the whole of what the file says where it builds
    on something else, or raises ValueError.  *most* is how many bytes it may have, 1 MiB unless given.  Raises
    ConfigError with every problem, by line.
    """
    draft = _from_file(path, missing, most)
    try:
        data = onto(draft.data) if onto else draft.data
    except ValueError as exc:
        raise ConfigError(Problem(printable(path.name), str(exc))) from None
    instance, found = check(model, data, draft.positions())
    problems = [*draft.problems, *found]
    if problems or instance is None:
        raise ConfigError(*in_order(problems))
    return instance


def example() -> Path:
    """The commented configuration that comes with mudbot: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "shipped" / "config.yaml"
    return shipped if shipped.exists() else package.parent / "config.yaml"


def _from_file(path: Path, missing: str, most: int | None = None) -> Draft:
    """The file as a draft.  Raises ConfigError where nothing of it can be used."""
    from mudbot.config.document import MAX_BYTES, parse

    name = printable(path.name)
    document = parse(text_of(path, missing, most or MAX_BYTES), lambda line: f"{name}:{line}")
    if document.data is None and not document.problems:
        raise ConfigError(Problem(printable(str(path)), f"the file is empty: {missing}"))
    if not isinstance(document.data, dict):
        shapeless = Problem(f"{name}:1", "must hold keys with values (key: value), such as 'sessions:'")
        raise ConfigError(*in_order(document.problems or [shapeless]))
    draft = Draft(document.data, document.places)
    draft.spoiled, draft.problems = document.spoiled, document.problems
    return draft


def _normal(data: dict[str, Any]) -> dict[str, Any]:
    """*data* as the model wants it: plugins' settings apart from what the host reads, keys without a value left out.

    A key whose lines are all comments has no value for YAML; its owner means the default.
    """
    plugins = data.get("plugins")
    if isinstance(plugins, dict):
        data = data | {"plugins": {name: _plugin(value) for name, value in plugins.items()}}
    normal: dict[str, Any] = _without_empty(data, ())
    return normal


def _plugin(value: Any) -> Any:
    if not isinstance(value, dict | None):
        return value
    settings = dict(value or {})
    kept = {name: settings.pop(name, None) for name in ("permissions", "organization")}
    return {**kept, "settings": settings}


def _without_empty(value: Any, key: Key) -> Any:
    if len(key) == 3 and key[0] == "plugins" and key[2] == "settings":
        return value  # what is empty there means something to the plugin
    if isinstance(value, dict):
        known = known_keys(Config, key)  # an unknown one stays, to be refused
        kept = {name: inner for name, inner in value.items() if inner is not None or name not in known}
        return {name: _without_empty(inner, (*key, name)) for name, inner in kept.items()}
    if isinstance(value, list):
        return [_without_empty(inner, (*key, index)) for index, inner in enumerate(value)]
    return value


def _strangers(config: Config | None, listing: Listing) -> list[Problem]:
    """Sessions that triggers are for and that there are not."""
    names = [session.name for session in config.sessions] if config else []
    wanted = {name: trigger for trigger in reversed(listing.triggers) for name in trigger.session}
    return [
        Problem(trigger.where("session"), f"session: {choice(name, names, foreign=False)}")
        for name, trigger in wanted.items()
        if names and name not in names
    ]


def _twice(data: dict[str, Any], draft: Draft) -> list[Problem]:
    """Sessions of one name."""
    sessions = data.get("sessions")
    positions = draft.positions()
    first: dict[str, Key] = {}
    problems = []
    for index, item in enumerate(sessions if isinstance(sessions, list) else ()):
        name = session_name(item)
        key: Key = ("sessions", index, "name")
        if not name or ("sessions", index, "host") in draft.spoiled or key in draft.spoiled:
            continue
        if name in first:
            called = "" if positions.foreign(*key) else f" '{shown(name)}'"
            other = positions.where(*first[name])
            message = f"two sessions have the name{called}, the first at {other}: give each its own 'name:'"
            problems.append(Problem(positions.where(*key), message))
        first.setdefault(name, key)
    return problems
