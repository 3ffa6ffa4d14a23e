"""``mudbot match``: what would fire on a line, what it would do, and why the others would not."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from mudbot.cli.options import as_json, config_options, dialect_of, json_option, read
from mudbot.errors import ConfigError
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.cli.trial import Seen, Trial
    from mudbot.config import Config, SessionConfig
    from mudbot.events import Line

MANY = 200
"""Triggers from which on all of standard input is sieved, however much comes: fewer are searched for soon enough."""
WORTH = 50_000
"""Searches, one trigger in one line, from which on lines are sieved: each takes half a microsecond, an odd one ten."""

_PACKAGE = re.compile(r"\w[\w-]*(?:\.\w[\w-]*)*")
_ESCAPE = re.compile(r"\\(?:e|x1[bB]|033)")


@click.command("match", short_help="Say which triggers would fire on a line, what they would do, and why not.")
@config_options
@click.option("--session", metavar="NAME", help="Whose triggers; without it, those of the first session.")
@click.option("--dialect", metavar="NAME|FILE", help="In place of the session's.")
@click.option("--encoding", metavar="NAME", help="Of what comes from standard input; without it, the session's.")
@click.option("--prompt", is_flag=True, help="The lines are prompts.")
@click.option("--at", "between", metavar="SECONDS", type=click.FloatRange(0), default=0.0, help="Between two lines.")
@click.option("--set-value", "values", metavar="NAME=VALUE", multiple=True, help="For conditions; may be repeated.")
@click.option("--gmcp", metavar="PACKAGE JSON", multiple=True, help="What the MUD told: 'Char.Vitals {\"hp\": 20}'.")
@click.option("--explain", is_flag=True, help="Say of each trigger that comes near why it does not fire.")
@json_option()
@click.argument("lines", metavar="LINE...|-", nargs=-1, required=True)
def command(path: Path, overrides: tuple[str, ...], lines: tuple[str, ...], **options: Any) -> None:
    """Say which triggers would fire on each LINE, in their order, with their groups, and what they would do.

    A LINE that is - stands for all lines of standard input.  They go in order through one engine, as they would in the
    game: what the character itself says is left out, triggers over several lines work, cooldowns and counts hold (all
    lines come at once unless --at says otherwise).  Colours may be in a line, and \\e, \\x1b and \\033 stand for the
    sign that begins them.  Each LINE begins without colours, whatever the one before ended with, and the lines of
    standard input are one stream, as from the MUD.  A chat command goes to its plugin and to no trigger.

    --set-value hp=20 is a variable, --set-value Char.Vitals.hp=20 the same as --gmcp 'Char.Vitals {"hp": 20}'.

    Nothing is connected, no plugin is started, nothing is sent or asked.

    Exit status 0 if something fired, 1 if nothing did, 2 if it could not be tried.
    """
    try:
        fired = _run(read(path, overrides), lines, **options)
    except ConfigError as exc:
        for problem in exc.problems:
            print(visible(str(problem)), file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        fired = True
    sys.exit(0 if fired else 1)


def _run(config: Config, lines: tuple[str, ...], **options: Any) -> bool:
    from mudbot.cli.trial import Trial

    settings = _session(config, options["session"])
    dialect = dialect_of(options["dialect"]) if options["dialect"] else None
    explain = options["explain"]
    trial = Trial(config, settings, dialect=dialect, explain=explain, between=options["between"])
    _give_values(trial, options["values"], options["gmcp"])
    if explain and not options["machine"]:
        auto = ", which is to be found out" if settings.dialect == "auto" and dialect is None else ""
        print(f"session {settings.name}, dialect {trial.dialect.name}{auto}, {len(trial.engine)} triggers")
    elif not explain and _worth_a_sieve(len(trial.engine), lines):
        trial.prepare()
    found = _read(lines, options["encoding"], settings.encoding)
    fired, show = False, _as_json if options["machine"] else _as_text
    for seen in _seen(trial, found, prompt=options["prompt"]):
        fired = fired or bool(seen.fired)
        print(show(seen, explain=explain))
        sys.stdout.flush()
    return fired


def _worth_a_sieve(triggers: int, lines: tuple[str, ...]) -> bool:
    """Whether a sieve for *lines* is worth its making, instead of searching each for every trigger."""
    return triggers > MANY if "-" in lines else triggers * len(lines) > WORTH


def _session(config: Config, name: str | None) -> SessionConfig:
    for settings in config.sessions:
        if name in (None, settings.name):
            return settings
    raise click.BadParameter(f"there is no session {name!r}; there are {', '.join(s.name for s in config.sessions)}",
                             param_hint="--session")  # fmt: skip


def _give_values(trial: Trial, values: Iterable[str], messages: Iterable[str]) -> None:
    from mudbot.triggers.condition import plain

    for each in values:
        name, equals, value = each.partition("=")
        package, _, last = name.strip().rpartition(".")
        if not equals or not last or ("." in name and not _PACKAGE.fullmatch(package)):
            message = f"{each!r}: write a name and its value, as hp=20 or Char.Vitals.hp=20"
            raise click.BadParameter(message, param_hint="--set-value")
        if package:
            trial.engine.values.hear_gmcp(package, {last: plain(value)})
        else:
            trial.engine.values[last] = plain(value)
    for each in messages:
        trial.engine.values.hear_gmcp(*_message(each))


def _message(text: str) -> tuple[str, Any]:
    """The package and the data of a GMCP message as somebody typed it."""
    package, data = (*text.split(None, 1), "", "")[:2]
    try:
        if not _PACKAGE.fullmatch(package):
            raise ValueError("it begins with no package")  # noqa: TRY301 - one place says how to write it
        if not data:
            raise ValueError("there is no JSON behind the package")  # noqa: TRY301
        return package, json.loads(data)
    except (ValueError, RecursionError) as exc:
        message = f"{text!r} is no message: {exc}; write both in one argument, as 'Char.Vitals {{\"hp\": 20}}'"
        raise click.BadParameter(message, param_hint="--gmcp") from None


# -- what comes in -----------------------------------------------------------------------------------------------------


def _read(lines: Iterable[str], encoding: str | None, usual: str) -> Iterator[Line]:
    """The lines that *lines* stand for; standard input is in *encoding*, else in the *usual* one of the session."""
    from mudbot.mud.text import TextStream

    for line in lines:
        if line == "-":
            yield from _from(sys.stdin.buffer, encoding or usual, doubtful=encoding is None)
        else:
            data = _ESCAPE.sub("\x1b", line).encode("utf-8", "surrogateescape")
            yield from TextStream("utf-8").feed(data + b"\n")  # each its own: colours end with it


def _from(file: BinaryIO, encoding: str, *, doubtful: bool) -> Iterator[Line]:
    """The lines of *file*; where it is *doubtful* whether they are in *encoding*, the first that is not says so."""
    from mudbot.cli.hear import readable
    from mudbot.mud.text import TextStream

    try:
        stream = TextStream(readable(encoding))
    except (LookupError, UnicodeError):
        message = f"there is no encoding {encoding!r}; try utf-8, gbk, big5 or auto"
        raise click.BadParameter(message, param_hint="--encoding") from None
    for number, line in enumerate(file, 1):
        data = re.sub(rb"\\(?:e|x1[bB]|033)", b"\x1b", line.rstrip(b"\r\n"))
        if doubtful and (other := _other_encoding(data, encoding)):
            doubtful = False
            print(f"standard input, line {number}: not all of it is {encoding}: try --encoding {other}",
                  file=sys.stderr)  # fmt: skip
        yield from stream.feed(data + b"\n")


def _other_encoding(data: bytes, encoding: str) -> str:
    """What *data* is probably in where it cannot be *encoding*; empty where it can."""
    from mudbot.mud.charset import Guesser
    from mudbot.mud.colour import ESCAPES
    from mudbot.mud.text import AUTO, decoder_name

    if encoding == AUTO or data.isascii():
        return ""
    data = ESCAPES.sub(b"", data)
    if _is_in(data, decoder_name(encoding)):
        return ""
    guess = Guesser().hear(data).encoding
    if decoder_name(guess) != decoder_name(encoding) and _is_in(data, decoder_name(guess)):
        return guess
    return next((each for each in ("utf-8", "gbk", "big5") if _is_in(data, decoder_name(each))), AUTO)


def _is_in(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _seen(trial: Trial, lines: Iterable[Line], *, prompt: bool) -> Iterator[Seen]:
    for line in lines:
        if prompt:
            yield trial.prompt(line.text)
        else:
            yield from trial.hear(line)
    yield from trial.flush()


# -- what is shown -----------------------------------------------------------------------------------------------------


def _as_json(seen: Seen, *, explain: bool) -> str:
    speech, command = seen.speech, seen.command
    found: dict[str, Any] = {
        "line": seen.text,
        "fires": [
            {"trigger": entry.trigger.name, "groups": groups, "does": does} for entry, groups, does in seen.fired
        ],
    }
    if seen.prompt:
        found["prompt"] = True
    if seen.own:
        found["own"] = True
    if speech is not None:
        found["speech"] = {
            key: getattr(speech, key)
            for key in ("kind", "speaker", "id", "channel", "text")
            if getattr(speech, key) is not None
        }
    if command is not None:
        found["command"] = {"name": command.name, "rest": command.rest, "calls": seen.gives}
    if explain:
        found["missed"] = [{"trigger": m.entry.trigger.name, "why": m.kind, "text": m.text} for m in seen.missed]
        if seen.near is not None:
            near = seen.near
            found["nearest"] = {
                "trigger": near.entry.trigger.name, "there": near.there, "wanted": near.wanted, "rest": near.rest
            }  # fmt: skip
    return as_json(found)


def _as_text(seen: Seen, *, explain: bool) -> str:
    rows: list[tuple[str, ...]] = []
    if explain and (seen.speech is not None or seen.command is not None):
        rows.append(("heard", *_heard(seen)))
    for entry, groups, does in seen.fired:
        first, *more = _does(does)
        rows.append(("fires", entry.trigger.name, first, _groups(groups)))
        rows += [("", "", each, "") for each in more]
    if seen.own:
        rows.append(("", "the character's own words: nothing hears them"))
    elif seen.command is not None:
        rows.append(("", f"a chat command: it goes to {seen.gives}, and to no trigger"))
    elif not seen.fired:
        rows.append(("nothing fires",))
    rows += [("not", miss.entry.trigger.name, f"{miss.kind}: {miss.text}") for miss in seen.missed]
    if (near := seen.near) is not None:
        instead = f"where the line goes on with '{near.rest}'" if near.rest else "where the line ends"
        name = near.entry.trigger.name
        rows.append(("nearest", name, f"has '{near.there}', then wants '{near.wanted}', {instead}"))
    return "\n".join(visible(line) for line in (f'"{seen.text}"', *_columns(rows)))


def _heard(seen: Seen) -> tuple[str, ...]:
    speech, told = seen.speech, []
    if speech is not None:
        who = f" by {speech.speaker}" if speech.speaker else ""
        who += f" (id {speech.id})" if speech.id else ""
        told.append(f"{speech.kind}{f' on {speech.channel}' if speech.channel else ''}{who}")
        if speech.text is not None:
            told.append(repr(speech.text))
    if seen.command is not None:
        told.append(f"chat command {seen.command.name}: {seen.gives}({seen.command.rest!r})")
    return (told[0], "  ".join(told[1:]))


def _does(does: Mapping[str, Any]) -> list[str]:
    """What a trigger does, a line each."""
    found = []
    if "nothing" in does:
        found.append(f"nothing: {does['nothing']}")
    if "calls" in does:
        found.append(f"{does['calls']}({', '.join(f'{k}={v!r}' for k, v in does['arguments'].items())})")
    found += [f"command: {text}" for text in does.get("commands", ())]
    found += [f"{key}: {does[key]}" for key in ("reply", "prompt") if key in does]
    if "gag" in does:
        found.append("gag: transcripts and the web leave the line out")
    if "substitute" in does:
        found.append(f"substitute: {does['substitute']}")
    return found or ["nothing"]


def _groups(groups: Mapping[str, str]) -> str:
    return "  ".join(f"{name}={value!r}" for name, value in groups.items())


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """*rows* with their columns below each other; what stands last in its row may be as wide as it is."""
    widths: dict[int, int] = {}
    for row in rows:
        for at, cell in enumerate(row[:-1]):
            widths[at] = max(widths.get(at, 0), min(_width(cell), 60))
    for row in rows:
        cells = [cell + " " * (widths[at] - _width(cell)) for at, cell in enumerate(row[:-1])]
        yield f"  {'  '.join([*cells, row[-1]])}".rstrip()


def _width(text: str) -> int:
    """Columns that *text* takes in a terminal: a Chinese character takes two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
