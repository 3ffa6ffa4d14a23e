"""What `plugin show` and `plugin docs NAME` print of a plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Facts = dict[str, Any]


def as_text(facts: Facts) -> str:
    """*facts* for a terminal: a heading for each kind of thing that there is, a line or two for each."""
    state = {True: " (on)", False: " (off)", None: ""}[facts["on"]]
    lines = [f"{facts['name']}{state}: {facts['about']}".rstrip(": "), f"  {facts['where']}"]
    for title, told in _told(facts):
        lines += ["", f"{title}:"]
        width = max(len(head) for head, _ in told)
        lines += [f"  {head:{width}}  {'; '.join(more)}".rstrip() for head, more in told]
    return "\n".join(lines)


def as_markdown(facts: Facts) -> str:
    """*facts* as a page for people who use the plugin."""
    lines = [f"# {facts['name']}", "", facts["text"] or "What it is for, its author did not say."]
    if facts["settings"]:
        lines += ["", "## Settings", "", "| setting | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(each) for each in facts["settings"]]
    for title, told in _told(facts):
        if title not in ("settings", "permissions"):
            lines += ["", f"## {title.capitalize()}", ""]
            lines += [_item(title, head, more) for head, more in told]
    if wanted := facts["permissions"]["wanted"]:
        lines += ["", "## Permissions", ""]
        lines += [f"- `{_grant(name, facts)}`: wanted at {_places(each)}" for name, each in wanted.items()]
    return "\n".join(lines)


def _item(title: str, head: str, more: list[str]) -> str:
    """An entry of a list; patterns are code, and no sign of theirs means anything to Markdown."""
    plain = [each.replace("<", "&lt;") for each in more]
    if title == "triggers":
        plain[0] = f"`` {more[0]} ``"
    return f"- `{head}`{': ' if more else ''}{'; '.join(plain)}"


Told = list[tuple[str, list[str]]]
"""What something is called, and what there is to say of it."""


def _told(facts: Facts) -> Iterator[tuple[str, Told]]:
    """Each kind of thing that the plugin has."""
    kinds = {
        "settings": _setting,
        "triggers": _trigger,
        "commands": _command,
        "events": _event,
        "timers": _timer,
        "tasks": _plain,
        "reviews": _plain,
    }
    for kind, tell in kinds.items():
        if facts[kind]:
            yield kind, [tell(each) for each in facts[kind]]
    if told := _permissions(facts):
        yield "permissions", told


def _setting(each: Facts) -> tuple[str, list[str]]:
    value = "must be given" if each["required"] else f"by default {_value(each['default'])}"
    return f"{each['name']}: {each['type']}", [value, *_words(each)]


def _trigger(each: Facts) -> tuple[str, list[str]]:
    patterns = [p["pattern"] if p["kind"] == "regex" else f"{p['kind']}: {p['pattern']}" for p in each["patterns"]]
    on = ["on prompts"] if each["on"] == "prompt" else []
    options = [
        f"{key} {_time(value) if key == 'cooldown' else _value(value)}" for key, value in each["options"].items()
    ]
    return each["method"], [" / ".join(patterns), *on, *options, *_words(each)]


def _command(each: Facts) -> tuple[str, list[str]]:
    aliases = [f"also {', '.join(each['names'][1:])}"] if each["names"][1:] else []
    role = (
        [f"for {each['role']}s" if each["role"] == "owner" else "for the trusted"] if each["role"] != "anyone" else []
    )
    cooldown = [f"once in {_time(each['cooldown'])}"] if each["cooldown"] else []
    return each["usage"], [*_words(each), *role, *cooldown, *aliases]


def _event(each: Facts) -> tuple[str, list[str]]:
    package = f" {each['package']}" if each["package"] else ""
    return each["method"], [f"{each['event']}{package}", *_words(each)]


def _timer(each: Facts) -> tuple[str, list[str]]:
    if "every" in each:
        return each["method"], [f"every {_time(each['every'])}", *_words(each)]
    zone = f" in {each['tz']}" if each["tz"] else ""
    days = f" on {', '.join(each['days'])}" if len(each["days"]) < 7 else ""
    return each["method"], [f"at {', '.join(each['at'])}{days}{zone}", *_words(each)]


def _plain(each: Facts) -> tuple[str, list[str]]:
    return each["method"], _words(each)


def _permissions(facts: Facts) -> Told:
    """Each permission that is granted, or that the plugin seems to want."""
    granted, wanted = facts["permissions"]["granted"] or {}, facts["permissions"]["wanted"]
    found: Told = []
    for name in dict.fromkeys((*granted, *wanted)):
        value, places = granted.get(name), wanted.get(name, [])
        if not value and not places:
            continue
        yes = f"granted{'' if value is True else f': {_value(value)}'}"
        told = [yes if value else f"not granted: {_grant(name, facts)}"]
        told += [f"wanted at {_places(places)}"] if places else []
        found.append((name, told))
    return found


def ungranted(facts: Facts) -> list[str]:
    """What the plugin seems to want and is not granted, a line each: with where it wants it, and what to write."""
    granted, wanted = facts["permissions"]["granted"] or {}, facts["permissions"]["wanted"]
    return [
        f"{facts['name']} is not granted {name}, which it wants at {_places(places)}: {_grant(name, facts)}"
        for name, places in wanted.items()
        if not granted.get(name)
    ]


def _grant(name: str, facts: Facts) -> str:
    """What the owner writes below the plugin's name to grant a permission."""
    hosts = ", ".join(facts["permissions"]["hosts"]) or "HOST"
    return f"permissions: {{{name}: {f'[{hosts}]' if name == 'http' else 'true'}}}"


def _places(places: list[str]) -> str:
    return ", ".join(places[:3]) + (" ..." if places[3:] else "")


def _words(each: Facts) -> list[str]:
    return [each["about"]] if each["about"] else []


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, ensure_ascii=False)


def _time(seconds: float) -> str:
    """Seconds as a configuration writes them: 1h30m."""
    if seconds < 60 or seconds % 1:
        return f"{seconds:g}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{value}{unit}" for value, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if value)


def _row(each: Facts) -> str:
    """A setting as a row of a table."""
    default = "" if each["required"] else f"`{_value(each['default'])}`"
    cells = (f"`{each['name']}`", f"`{each['type']}`", default, each["about"] or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
