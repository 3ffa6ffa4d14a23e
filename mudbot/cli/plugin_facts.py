"""What a plugin does and may do, as plain data: of its class, its source and the configuration."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mudbot import resolve
from mudbot.cli import plugin_source
from mudbot.host import loader
from mudbot.host.marks import (
    AtMark,
    CommandMark,
    EveryMark,
    Mark,
    OnMark,
    ReviewMark,
    TaskMark,
    TriggerMark,
)
from mudbot.host.marks.times import DAYS

if TYPE_CHECKING:
    from datetime import tzinfo

    from mudbot.config import Config
    from mudbot.host.plugin import Plugin
    from mudbot.triggers.trigger import Trigger

Facts = dict[str, Any]


def of(name: str, config: Config, *, exists: bool = True) -> Facts:
    """All about plugin *name*, which is imported for it and not started.  Raises PluginError where it cannot be.

    *exists* is whether there is a configuration at all.
    """
    kind = loader.load(name, resolve.plugin_folders(config))
    try:
        return facts(kind, config) | ({} if exists else {"on": None})
    finally:
        loader.drop(kind)


def facts(kind: type[Plugin], config: Config) -> Facts:
    """The same of a class."""
    files = sorted({Path(file) for each in loader.modules_of(kind) if (file := each.__file__)})
    source = loader.source_of(kind)
    text = inspect.getdoc(sys.modules[kind.__module__]) or (kind.__doc__ or "")
    found: Facts = {
        "name": kind.name,
        "class": kind.__qualname__,
        "about": plugin_source.first_line(text),
        "text": inspect.cleandoc(text),
        "where": str(source or ""),
        "on": kind.name in config.plugins,
        "settings": settings(kind),
        **{section: [] for section in _SECTIONS.values()},
        "permissions": permissions(kind.name, files, source.parent if source else Path(), config),
    }
    for mark, method in kind.handlers:
        told = {"method": method, "about": plugin_source.first_line(inspect.getdoc(getattr(kind, method)))}
        found[_SECTIONS[type(mark)]].append(told | _TOLD[type(mark)](mark))
    return found


# -- settings and permissions ------------------------------------------------------------------------------------------


def settings(kind: type[Plugin]) -> list[Facts]:
    """Each setting: its type as its author wrote it, its default if it has one, what it means."""
    model = kind.config_type()
    if model is None:
        return []
    file = getattr(sys.modules.get(model.__module__), "__file__", None)
    written = plugin_source.fields(Path(file), model.__name__) if file else {}
    return [_setting(name, kind_, default, meant, written) for name, kind_, default, meant in _fields(model)]


def permissions(name: str, files: list[Path], folder: Path, config: Config) -> Facts:
    """What the owner granted, and what the source seems to want."""
    plugin = config.plugins.get(name)
    granted = plugin.permissions.model_dump(mode="json") if plugin else None
    wanted = plugin_source.reaches(files, folder)
    return {"granted": granted, "wanted": wanted, "hosts": plugin_source.hosts(files) if "http" in wanted else []}


def _setting(name: str, kind: Any, default: Any, meant: str, written: Mapping[str, tuple[str, str]]) -> Facts:
    shown, comment = written.get(name, (_type_name(kind), ""))
    found = {"name": name, "type": shown, "required": default is dataclasses.MISSING, "about": meant or comment}
    return (
        found if default is dataclasses.MISSING else found | {"default": json.loads(json.dumps(default, default=str))}
    )


def _fields(model: type) -> list[tuple[str, Any, Any, str]]:
    """Name, type, default (MISSING where it must be given) and meaning of each field."""
    if dataclasses.is_dataclass(model):
        return [
            (each.name, each.type, each.default_factory() if callable(each.default_factory) else each.default, "")
            for each in dataclasses.fields(model)
            if each.init
        ]
    found = []
    for name, info in getattr(model, "model_fields", {}).items():
        default = dataclasses.MISSING if info.is_required() else info.get_default(call_default_factory=True)
        found.append((info.alias or name, info.annotation, default, info.description or ""))
    return found


def _type_name(kind: Any) -> str:
    plain = isinstance(kind, type) and not get_args(kind)
    return kind.__name__ if plain else str(kind).replace("typing.", "")


# -- marks -------------------------------------------------------------------------------------------------------------


def _trigger(mark: TriggerMark) -> Facts:
    trigger = mark.trigger
    options: Facts = {key: value for key in _OPTIONS if (value := getattr(trigger, key)) != _default(trigger, key)}
    if trigger.colors:
        options["color"] = {group: " on ".join(filter(None, (c.fg, c.bg))) for group, c in trigger.colors}
    if mark.sessions:
        options["session"] = sorted(mark.sessions)
    patterns = [{"kind": each.kind, "pattern": each.source} for each in trigger.patterns]
    return {"patterns": patterns, "on": trigger.on, "options": options, "examples": list(mark.examples)}


_OPTIONS = ("lines", "when", "cooldown", "per", "count", "group", "priority", "stop")


def _default(trigger: Trigger, key: str) -> Any:
    return next(each.default for each in dataclasses.fields(trigger) if each.name == key)


def _command(mark: CommandMark) -> Facts:
    return {
        "names": list(mark.names),
        "usage": mark.usage("en"),
        "role": mark.role,
        "cooldown": mark.cooldown,
        "zh": {"about": mark.zh, "usage": mark.usage("zh")},
    }


def _on(mark: OnMark) -> Facts:
    return {"event": mark.kind.__name__, "package": mark.package}


def _every(mark: EveryMark) -> Facts:
    return {"every": mark.seconds}


def _at(mark: AtMark) -> Facts:
    days = [DAYS[day] for day in sorted(mark.days)]
    return {"at": [f"{each:%H:%M:%S}".removesuffix(":00") for each in mark.times], "days": days, "tz": _zone(mark.zone)}


def _zone(zone: tzinfo | None) -> str | None:
    return str(zone) if zone is not None else None


def _nothing(_mark: Mark) -> Facts:
    return {}


_SECTIONS: dict[type, str] = {
    TriggerMark: "triggers",
    CommandMark: "commands",
    OnMark: "events",
    EveryMark: "timers",
    AtMark: "timers",
    TaskMark: "tasks",
    ReviewMark: "reviews",
}
_TOLD: dict[type, Callable[[Any], Facts]] = {
    TriggerMark: _trigger,
    CommandMark: _command,
    OnMark: _on,
    EveryMark: _every,
    AtMark: _at,
    TaskMark: _nothing,
    ReviewMark: _nothing,
}
