"""``mudbot replay``: what the bot would do in a session that was recorded."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mudbot import logs
from mudbot.cli.options import as_json, config_options, json_option, read
from mudbot.logs import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mudbot.config import Config
    from mudbot.replay import Outcome, Said, Way
    from mudbot.triggers.entry import Entry

FASTEST = 1000
"""Above, the work of the bot itself would take longer than what it waits for."""
SLOWEST = 20
"""Triggers that ``--profile`` shows."""


def _speed(_ctx: click.Context, _param: click.Parameter, value: str) -> float | None:
    if value == "max":
        return None
    try:
        speed = 1.0 if value == "real" else float(value)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= FASTEST:
        raise click.BadParameter(
            f"{value!r} is none: write max, real, or how many times as fast as it was, for example 10"
        )
    return speed


@click.command("replay", short_help="Put a recorded session, or a log, through the whole bot: what would it say?")
@config_options
@click.option(
    "--plugin",
    metavar="NAME",
    help="Let this plugin alone hear it; with its settings from -c if that is given, else with its own.",
)
@click.option("--session", metavar="NAME", help="Whose session it is, where the configuration has several.")
@click.option(
    "--speed",
    metavar="max|real|N",
    default="max",
    show_default=True,
    callback=_speed,
    help="N times as fast as it was.",
)
@click.option(
    "--answers",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help='What the model says, an answer a line, each used once; {"match": regex, "answer": text} answers all that '
    "the regex is found in, as often as it is asked.",
)
@click.option("--live", is_flag=True, help="Ask the configured API, which may cost money.")
@click.option("--encoding", metavar="NAME", help="Of the transcript, where it is not the session's.")
@click.option("--diff", is_flag=True, help="Show what differs from what was sent then; exit status 1 if anything does.")
@click.option(
    "--profile", is_flag=True, help="Show the slowest triggers that were searched for, and how often each fired."
)
@click.option("--show", is_flag=True, help="Show what the MUD sent as well.")
@json_option()
@click.argument("transcript", type=click.Path(path_type=Path))
def command(  # noqa: PLR0913 - each is an option
    *,
    path: Path,
    overrides: tuple[str, ...],
    plugin: str | None,
    session: str | None,
    speed: float | None,
    answers: Path | None,
    encoding: str | None,
    transcript: Path,
    live: bool,
    diff: bool,
    profile: bool,
    show: bool,
    machine: bool,
) -> None:
    """Put TRANSCRIPT through the bot as the configuration describes it, and print what it would send, in order.

    TRANSCRIPT is a recording (record: true keeps one of every link in the store, under records/), a log of lines, or a
    log of Mudlet or TinTin++, plain or in HTML.  Times are seconds of the recording.  A log has no login: in it the
    character is in the game from the beginning, and where it has no times, a line comes every half second.

    TRANSCRIPT may be -, which reads it from standard input.

    Nothing outside is touched.  The model says what --answers says, in order; without --answers, what it said when it
    was recorded.  Where there is no answer, what was asked is printed and the character says a line of its own, as
    when no model can be reached.  With --plugin no configuration is needed: what session it is the recording says, and
    the plugin is looked for as ever.  Moderation passes everything; a picture is one white point.  The same transcript,
    configuration and answers give the same output each time.
    """
    from mudbot.replay import Answers, Way

    if live and answers is not None:
        raise click.UsageError("--live asks the API, --answers answers in its place: leave out one of them")
    config = None
    if plugin is None or _given("path") or _given("overrides"):
        config = read(path, overrides)
    secrets = () if config is None else config.secrets()
    logs.setup(level="warning", style="auto" if config is None else config.log.format, secrets=secrets)
    said = Answers.read(answers) if answers is not None else None
    way = Way(speed=speed, answers=said, live=live, session=session, encoding=_known(encoding), show=show)
    try:
        outcome = _perform(config, transcript, way, plugin, quiet=diff, machine=machine)
        differs = diff and _differs(outcome, machine=machine)
        if profile:
            _print_profile(outcome, machine=machine)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(1 if differs else 0)


def _known(encoding: str | None) -> str | None:
    from mudbot.mud.text import AUTO, decoder_name

    try:
        if encoding not in (None, AUTO):
            decoder_name(encoding)
    except LookupError:
        raise click.UsageError(f"--encoding: there is no encoding {encoding!r}; try utf-8, gbk, big5 or auto") from None
    return encoding


def _given(option: str) -> bool:
    """Whether *option* was given, and is not what it is by default."""
    return click.get_current_context().get_parameter_source(option) not in (None, ParameterSource.DEFAULT)


def _perform(config: Config | None, path: Path, way: Way, plugin: str | None, *, quiet: bool, machine: bool) -> Outcome:
    from mudbot.errors import MudError
    from mudbot.mud.transcript import Log
    from mudbot.mud.transcript import read as read_transcript
    from mudbot.replay import replay
    from mudbot.replay.rehearsal import alone, chosen, made_for

    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as exc:
        raise MudError(f"{path}: {exc.strerror or exc}") from None
    known = config.sessions if config is not None else ()
    likely = way.encoding or next(
        (s.encoding for s in known if s.name == way.session), known[0].encoding if known else "utf-8"
    )
    transcript = read_transcript(data, way.encoding, likely=likely)
    if quiet and transcript.kind != "recording":
        raise click.UsageError(f"--diff: a {transcript.kind} does not tell what was sent; only a recording does")
    if isinstance(transcript, Log) and transcript.seems:
        print(f"mudbot: the log is not all text in {likely}: try --encoding {transcript.seems}", file=sys.stderr)
    if config is None:
        assert plugin is not None
        config = made_for(transcript, plugin)
    elif plugin is not None:
        config = alone(config, plugin)
    chosen(config, way.session or str(transcript.about.get("session", "")), named=way.session is not None)

    def tell(said: Said) -> None:
        if not quiet:
            print(as_json({"t": said.at, "kind": said.kind, "text": said.text}) if machine else _line(said))

    outcome = replay(config, transcript, tell, way)
    if outcome.why:
        print(visible(f"mudbot: the bot ended the link before the recording did: {outcome.why}"), file=sys.stderr)
    return outcome


def _line(said: Said) -> str:
    return f"{said.at:10.3f}  {said.kind:<5}  {visible(said.text.replace(chr(10), ' / ')) or '(Enter)'}"


def _differs(outcome: Outcome, *, machine: bool) -> bool:
    """Print what differs; whether anything does."""
    lines = list(difflib.unified_diff(outcome.then, outcome.now, "sent then", "sent now", lineterm=""))
    for line in lines:
        if not machine:
            print(visible(line))
        elif line[:1] in "+-" and not line.startswith(("--- sent then", "+++ sent now")):
            print(as_json({"sent": "now" if line[0] == "+" else "then", "text": line[1:]}))
    return bool(lines)


def _print_profile(outcome: Outcome, *, machine: bool) -> None:
    tried = [entry for entry in outcome.entries if entry.tried]
    slowest: Sequence[Entry[Any]] = sorted(tried, key=lambda entry: (-entry.spent, entry.rank))[:SLOWEST]
    if not machine:
        print(f"{'ms':>10} {'tried':>8} {'fired':>8} {'last':>10}  trigger")
    for entry in slowest:
        last = None if entry.last is None else round(entry.last - outcome.began, 3)
        name = entry.trigger.name or entry.trigger.patterns[0].source
        spent = round(entry.spent * 1000, 3)
        if machine:
            row = {"trigger": name, "ms": spent, "tried": entry.tried, "fired": entry.fired, "last": last}
            print(as_json(row))
        else:
            shown = "-" if last is None else f"{last:.3f}"
            print(f"{spent:10.3f} {entry.tried:8} {entry.fired:8} {shown:>10}  {visible(name)}")
    if never := len(outcome.entries) - len(tried):
        print(as_json({"never_tried": never}) if machine else f"never searched for: {never}")
