"""How a family of MUDs behaves: a YAML file each, read into these values.

Every behaviour has a name here and its code once, in `hearing`, `markup`, `flood`, `pages`, `door` and `speech`; a
family's file only says which ones it has, with which words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mudbot.errors import LocalError, nearest
from mudbot.local.tavern.phrases import Phrases, load_phrasebook, read_yaml

DIALECTS = (
    "tavern",
    "generic",
    "evennia",
    "rom",
    "tbamud",
    "pennmush",
    "lambdamoo",
    "ranvier",
    "deadsouls",
    "nt7",
    "oiuv",
    "xkx",
    "pkuxkx",
)


class Part(BaseModel):
    """Unknown keys are refused, so a slip of the pen in a file cannot pass for a behaviour."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GoAhead(Part):
    """When IAC GA is sent, and after what."""

    when: Literal["never", "always", "unless_sga", "sga_refused"] = "never"
    """``unless_sga``: to a client that speaks telnet and did not agree to SGA; ``sga_refused``: only after DONT SGA."""
    after: Literal["prompts", "lines"] = "prompts"


class Telnet(Part):
    """What is negotiated."""

    offers: tuple[str, ...] = ()
    """``do NAWS``, ``will MSSP`` ..., in the order in which they go out."""
    go_ahead: GoAhead = GoAhead()
    charset: str | None = None
    """What a CHARSET request names; the text goes on in the port's own encoding whatever the client answers."""
    mssp: Mapping[str, str] = {}
    gmcp_rooms: bool = False
    """Whether rooms and channels are told by GMCP, to a client that agreed to it."""
    terminal_trap: Mapping[str, str] = {}
    """Terminal types, in lower case, that switch a link to another encoding, where the house has the trap set."""


class Prompt(Part):
    """What stands where the player types."""

    text: str = "> "
    again: bool = False
    """Whether it is shown again after what others did."""
    before: str = ""
    """What goes before it, and before what others do while it waits."""


class Limit(Part):
    """How long a typed line may be, in bytes, and what becomes of a longer one."""

    bytes: int = Field(default=4096, ge=16, le=65536)
    then: Literal["cut", "refuse"] = "cut"
    hang_up_over: int | None = None
    """Bytes of a line at which the link is closed."""
    says: str = ""
    """What the player is told; ``{text}`` is what was kept."""
    last_words: str = ""
    """What the player is told before the link is closed."""


class Hearing(Part):
    """What becomes of typed bytes before they are a command."""

    limit: Limit = Limit()
    ascii_only: tuple[str, ...] = ()
    """In which encodings every byte that is not printable ASCII is dropped."""
    backspace: bool = False
    """Whether BS and DEL take back the byte before them."""
    bad_text: Literal["replace", "refuse"] = "replace"
    """What becomes of a line that is not in the port's encoding."""
    escapes: Literal["strip", "pass"] = "strip"


class Shell(Part):
    """What a whole line can mean before its first word is looked at."""

    repeat: str = ""
    """Alone it repeats the last line; with a number or the beginning of a word it picks an older one."""
    substitute: str = ""
    """``^old^new`` says the last line again with a change."""
    flush: str = ""
    strip: tuple[str, ...] = ()
    """Beginnings that are taken off."""
    instead: dict[str, str] = {}
    """Beginnings, in any case, and what they are short or long for."""
    ignore: str = ""
    """Characters that may stand before a command's name and mean nothing."""
    swallow: str = ""
    """Lines that begin so are for the client's machinery: nothing happens."""
    several: str = ""
    """This word runs the commands that follow it, parted by commas (20 at most)."""
    flushed: str = ""
    repeated: bool = False
    """Whether a repeated line is shown first."""


class Act(Part):
    """One way to say or do something to others."""

    words: tuple[str, ...]
    address: Literal["none", "words", "equals", "with", "to", "last"] = "none"
    """``words``: NAME TEXT; ``equals``: NAMES=TEXT, without ``=`` to those of the last time; ``with``: NAME [with]
    TEXT; ``to``: TEXT to NAME, or to NAME TEXT; ``last``: to whoever spoke to one last."""
    reach: Literal["room", "world"] = "room"
    counts: Literal["say", "channel", "emote"] = "say"
    own: str | None = None
    """What the speaker sees; None: what the others do."""
    them: str = ""
    """What the one it is said to sees."""
    many: str = ""
    """``them`` where there are several; ``{everyone}`` names them."""
    others: str | None = None
    """What the rest within reach see."""
    pose: str = ""
    """``them`` where the text begins with ``:`` (``{gap}`` a space) or ``;`` (no gap)."""
    own_pose: str = ""
    turn: Literal["", "sentence"] = ""
    """``sentence``: a capital first, a full stop last where there is no ``.!?``."""
    asks: str = ""
    """``others`` (and ``own_asks``) where the text ends with a question mark."""
    own_asks: str = ""
    exclaims: str = ""
    own_exclaims: str = ""
    mark: str = ""
    """Stands before an emote, so that none looks like speech; the player's option ``no_prefix`` leaves it out."""
    empty: str = ""
    """What is said for no text; without it, nothing is said and the player is asked."""
    forges: bool = False
    """The text alone is shown, and nothing of the speaker."""


class Rule(Part):
    """One flood rule: more than *over* of what it *counts* within so many seconds, and what follows."""

    name: str
    counts: Literal["command", "say", "channel", "same_line", "same_channel"]
    over: int = Field(ge=0)
    within: float = 1e9
    then: Literal["refuse", "warn", "mute", "daze", "kick", "close_channel", "hold"]
    """``warn`` and ``hold`` let the act pass; ``daze`` ignores every command for a time."""
    seconds: float = 0.0
    """How long a mute or a daze lasts; how long a held command waits."""
    says: str = ""
    meanwhile: str = ""
    """What a muted player is told who tries again."""


class Pager(Part):
    """Long texts stop after a page and wait for a key; what is typed then is no command."""

    lines: int = Field(ge=2)
    prompt: str
    """May hold ``{percent}``, ``{left}``, ``{page}`` and ``{pages}``."""
    quits: tuple[str, ...] = ("q",)
    eats: bool = True
    """Whether any line is the answer; else only *quits* and *goes_on* are, and all else is a command as ever."""
    goes_on: tuple[str, ...] = ()
    quits_on_any: bool = False
    """Whether every answer but an empty one ends it."""
    holds: bool = True
    """Whether what others do waits until the end."""


class Takeover(Part):
    """What happens when somebody logs in who is in the world already."""

    how: Literal["ask", "throw", "refuse"]
    ask: str = ""
    declined: Literal["name", "leave"] = "leave"
    says_no: str = ""
    says: str = ""
    """To the one who takes over."""
    enters: bool = False
    """Whether the rest of the login's questions is left out."""


class Question(Part):
    """One step of a login."""

    kind: Literal["name", "password", "key", "yes_no", "menu", "connect"]
    ask: str = ""
    says: str = ""
    """Shown once before the question; for ``yes_no``, after it was answered."""
    says_no: str = ""
    wrong: str = ""
    tries: int = 3
    seconds: float | None = None
    """A ``key`` goes on by itself after this time."""
    choices: Mapping[str, str] = {}
    """Of a menu: ``enter``, ``leave``, ``again``."""
    no_name: Literal["again", "leave"] = "again"
    encoding: str = ""
    """What the text goes on in after yes."""
    strict: bool = False
    """A ``yes_no`` takes nothing for yes, and asks again after all that is neither."""
    usage: str = ""


class Newcomer(Part):
    """How a character is made, where strangers are not simply let in."""

    ask: str
    declined: str = ""
    name: str = ""
    """Asks for the name that others see; without it that is the login name."""
    password: str = ""
    confirm: str = ""
    mismatch: str = ""


class DoorPlan(Part):
    """The login."""

    banner: str = ""
    questions: tuple[Question, ...]
    takeover: Takeover
    newcomer: Newcomer | None = None
    unknown: str = ""
    """What a stranger is told where none is let in and none can be made."""
    too_soon: float = 0.0
    """Seconds after leaving for which one may not come back."""
    says_too_soon: str = ""


class Manners(Part):
    """All of a family's behaviour."""

    name: str = ""
    language: Literal["en", "zh"] = "en"
    encodings: tuple[str, ...]
    ids: bool = False
    """Whether a character's login id (lower case, what a tell is sent to) is another thing than its shown name."""
    telnet: Telnet = Telnet()
    prompt: Prompt = Prompt()
    line_end: Literal["\r\n", "\n\r"] = "\r\n"
    line_start: str = ""
    """What goes before every line in the world: a cursor move, for example."""
    hearing: Hearing = Hearing()
    shell: Shell = Shell()
    markup: Literal["none", "rom", "tbamud", "evennia", "ranvier", "fluffos", "fluffos_say_raw", "pennmush"] = "none"
    speech: Mapping[str, Act] = {}
    shortcuts: Mapping[str, str] = {}
    verbs: Mapping[str, tuple[str, ...]] = {}
    texts: Mapping[str, str] = {}
    announcements: Mapping[str, str] = {}
    """Lines that the system sends to all; ``{time}`` is HH:MM."""
    flood: tuple[Rule, ...] = ()
    pager: Pager | None = None
    door: DoorPlan | None = None
    """None: the tavern's own login and commands."""
    idle: float | None = None
    """Seconds without a command after which a player is thrown out."""

    def phrases(self, language: str) -> Phrases:
        """What this family says: the language's texts, with its own instead where it has some."""
        languages = load_phrasebook().languages
        base = languages[language]
        # ES2's people walk in English, whatever they speak.
        directions = languages["en"].directions if self.ids else base.directions
        return replace(base, texts={**base.texts, **self.texts}, directions=directions) if self.texts else base


@cache
def load_manners(dialect: str) -> Manners:
    """A family's manners.  LocalError where there is no such family, or its file is wrong."""
    if dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise LocalError(f"The tavern has no dialect {dialect!r}{nearest(dialect, DIALECTS)}: use one of {known}.")
    return parse_manners(dialect, _layered(dialect))


def _layered(name: str) -> dict[str, Any]:
    """A file's mapping, over that of the file it extends."""
    raw = read_yaml(f"manners/{name}.yaml")
    base = raw.pop("extends", None)
    return raw if base is None else _over(_layered(base), raw)


def _over(base: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """*own* over *base*, mappings within mappings; a list replaces the other."""
    for key, value in own.items():
        within = base.get(key)
        base[key] = _over(within, value) if isinstance(within, dict) and isinstance(value, dict) else value
    return base


def parse_manners(dialect: str, raw: Mapping[str, Any]) -> Manners:
    """Manners from a file's mapping.  LocalError names the file and what is wrong in it."""
    try:
        return Manners.model_validate({**raw, "name": dialect})
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise LocalError(f"tavern/manners/{dialect}.yaml: {where}: {first['msg']}.") from exc
