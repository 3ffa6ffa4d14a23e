"""What a running bot answers, in lines for people.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wcwidth import wcswidth

DONE: Mapping[str, str] = {
    "pause": "paused",
    "resume": "at work again",
    "reload": "reloaded",
    "load": "loaded",
    "unload": "unloaded",
}
NAMED = 10
"""Models, plugins and players that are named."""
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def lasting(seconds: float) -> str:
    """*seconds* in its two greatest units: ``2 hours 5 minutes``."""
    left = round(seconds)
    found: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count and len(found) < 2:
            found.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(found) or "0 seconds"


def columns(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table; numbers stand to the right.  Chinese letters take two columns."""
    table = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(row[at]) for row in table) for at in range(len(head))]
    right = [all(_is_number(row[at]) for row in table[1:]) and len(table) > 1 for at in range(len(head))]
    lines = []
    for row in table:
        cells = (
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def status(answer: Mapping[str, Any]) -> list[str]:
    """How the bot is."""
    calls = answer["calls"]
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(calls.items())) or "none yet"
    lines = [
        f"mudbot {answer['version']}, process {answer['pid']}, up for {lasting(answer['uptime'])}",
        f"configuration  {answer['config']}",
        f"store          {answer['store']}",
        f"web            {answer['web'] or 'not open yet'}",
        f"sessions       {answer['playing']} of {answer['sessions']} in the game",
        *(f"  {each['name']}: {each['state']}{': ' * bool(each['why'])}{each['why']}" for each in answer["away"]),
        f"calls          {outcomes}; {answer['running_calls']} run, {answer['waiting_calls']} wait",
    ]
    if not answer["ready"]:
        return [*lines, "it is still starting"]
    resting = [each for each in answer["plugins"] if each["state"] != "running"]
    at_work = len(answer["plugins"]) - len(resting)
    lines.append(f"plugins        {at_work} of {len(answer['plugins'])} at work")
    return [*lines, *(f"  {each['name']}: {each['state']} {each['why']}".rstrip() for each in resting)]


def sessions(answer: Mapping[str, Any]) -> list[str]:
    """A line a session, and why it is not in its game."""
    head = ("SESSION", "STATE", "CHARACTER", "ADDRESS", "DIALECT", "SENT", "WAITING", "DROPPED", "MUTED")
    found: Sequence[Mapping[str, Any]] = answer["sessions"]
    lines = columns(head, [[each[key.lower()] for key in ("NAME", *head[1:])] for each in found])
    return [*lines, *(f"{each['name']}: {each['why']}" for each in found if each["why"])]


def plugins(answer: Mapping[str, Any]) -> list[str]:
    """A line a plugin, and why it rests."""
    head = ("PLUGIN", "STATE", "BUSY", "FAILURES", "DROPPED", "SESSIONS")
    found: Sequence[Mapping[str, Any]] = answer["plugins"]
    rows = [[each["name"], *(each[key.lower()] for key in head[1:-1]), _listed(each["sessions"])] for each in found]
    return [*columns(head, rows), *(f"{each['name']}: paused {each['why']}" for each in found if each["why"])]


def reload(answer: Mapping[str, Any]) -> list[str]:
    """What has changed."""
    lines = [f"{what}: {', '.join(answer[what])}" for what in ("loaded", "unloaded") if answer[what]]
    lines = lines or ["no plugin has changed"]
    if answer["restart"]:
        lines.append(f"this counts after a restart: {', '.join(answer['restart'])}")
    return lines


def muted(answer: Mapping[str, Any]) -> list[str]:
    """Who is not heard."""
    return [f"{each['session']}: {each['who']}, for {lasting(each['seconds'])} yet" for each in answer["muted"]] or [
        "nobody is muted"
    ]


def spend(answer: Mapping[str, Any]) -> list[str]:
    """What was spent, on what, and what is left."""
    days: Sequence[Mapping[str, Any]] = answer["days"]
    head = ("DAY", "CALLS", "TOKENS", "USD")
    lines = columns(head, [[day["day"], day["calls"], day["tokens"], f"{day['usd']:.4f}"] for day in days])
    for what in ("models", "plugins", "players"):
        rows = [
            [_whose(each), each["calls"], each["tokens"], f"{each['usd']:.4f}", each["unpriced"]]
            for each in answer[what][:NAMED]
        ]
        if rows:
            lines += ["", *columns((what[:-1].upper(), "CALLS", "TOKENS", "USD", "UNPRICED"), rows)]
    if answer["budgets"]:
        rows = [
            [f"{each['scope']} {each['name']}".rstrip(), *(f"{each[key]:.4f}" for key in ("bound", "spent", "left"))]
            for each in answer["budgets"]
        ]
        lines += ["", *columns(("BUDGET", "USD", "SPENT", "LEFT"), rows)]
    return lines


def _whose(row: Mapping[str, Any]) -> str:
    name = row["name"] or "(nobody)"
    return f"{row['session']}/{name}" if row["session"] else name


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _width(text: str) -> int:
    return max(wcswidth(text), 0) or len(text)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
