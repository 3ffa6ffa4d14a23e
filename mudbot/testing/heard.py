"""How a dialect shows that somebody speaks: the line that a MUD of its family would send."""

from __future__ import annotations

import re
from functools import cached_property

from anyascii import anyascii

from mudbot.events import Line, SpeechKind
from mudbot.mud.dialect import Dialect
from mudbot.mud.rules import Rule

PROOF = "bright green"
"""What tells that show an id are printed in, where the dialect itself has none such."""
_SHOWN = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LAST = re.compile(r"\n((?:\x1b\[[0-9;]*m)*)$")
"""Some families end a colour only behind the line's end."""

_PLAIN: dict[str, dict[str, str]] = {
    "en": {
        "say": '{name} says, "{text}"',
        "tell": '{name} tells you, "{text}"',
        "whisper": '{name} whispers to you, "{text}"',
        "channel": "[{channel}] {name}: {text}",
        "emote": "{name} {text}",
    },
    "zh": {
        "say": "{name}说道：{text}",
        "tell": "{name}告诉你：{text}",
        "whisper": "{name}在你的耳边悄声说道：{text}",
        "channel": "【{channel}】{name}：{text}",
        "emote": "{name}{text}",
    },
}
_PROVEN = '\x1b[1;32m{name}({login}) tells you, "{text}"\x1b[2;37;0m'
_PROVEN_RULE = Rule(
    kind="tell",
    colour=PROOF,
    pattern=r"(?P<speaker>[^\s()]{1,30}) ?\((?P<id>[\w.-]{1,30})\) tells you, \"(?P<text>.*)\"$",
)
_ACTS: dict[str, tuple[str, ...]] = {
    "say": ("say",),
    "tell": ("tell", "page"),
    "whisper": ("whisper",),
    "emote": ("emote", "pose"),
}


def login_of(name: str) -> str:
    """The login id of somebody who is shown as *name*: 张三 is zhangsan."""
    return re.sub(r"[^a-z0-9]", "", anyascii(name).lower()) or "somebody"


def proves(dialect: Dialect) -> bool:
    """Whether the dialect's own tells say by their colour and an id who spoke."""
    return any(rule.kind == "tell" and rule.colour and "(?P<id>" in rule.pattern for rule in dialect.hear)


def proving(dialect: Dialect) -> Dialect:
    """*dialect*, with tells that prove who spoke added where it has none."""
    if proves(dialect):
        return dialect
    found = dialect.model_copy(update={"hear": (_PROVEN_RULE, *dialect.hear)})
    for name, value in vars(Dialect).items():
        if isinstance(value, cached_property):
            vars(found).pop(name, None)  # of the other; pydantic copies what was worked out, too
    return found


class Voices:
    """Lines of a dialect, in a language where it has both."""

    def __init__(self, dialect: Dialect, language: str) -> None:
        self._dialect, self._language = dialect, language
        self._proves = any(rule.colour and "(?P<id>" in rule.pattern for rule in dialect.hear if rule != _PROVEN_RULE)

    def line(
        self, kind: SpeechKind, who: str, text: str, *, login: str = "", channel: str = "", proof: bool = False
    ) -> str:
        """What the MUD shows; with *proof* in a way that shows for sure who speaks.

        Raises ValueError where the dialect would not hear it as that.
        """
        login = login or login_of(who)
        if proof and not self._proves:
            shown = _PROVEN.format(name=who, login=login, text=text)
        else:
            shown = self._form(kind, channel).format_map(
                {
                    "name": who,
                    "login": login,
                    "Login": login.capitalize(),
                    "text": text,
                    "channel": channel,
                    "target": "",
                    "alias": "",
                    "place": "The Inn",
                    "gap": " ",
                    "time": "12:00",
                    "mark": "",
                }
            )
        shown = _LAST.sub(r"\1", shown)
        self._check(kind, who, text, shown)
        return shown

    def _form(self, kind: SpeechKind, channel: str) -> str:
        from mudbot.local.tavern.manners import DIALECTS, load_manners

        name = self._dialect.name
        acts = load_manners(name).speech if name in DIALECTS else {}
        if kind == "channel":
            command = self._dialect.channels.get(channel, channel)
            found = next((act.others for act in acts.values() if command in act.words and act.reach == "world"), None)
        else:
            act = next((acts[each] for each in _ACTS.get(kind, ()) if each in acts), None)
            found = None if act is None else act.them or act.others
        return found or _PLAIN[self._language][kind]

    def _check(self, kind: SpeechKind, who: str, text: str, shown: str) -> None:
        if kind == "emote":  # heard as anything, on purpose: nobody is named
            return
        *before, plain = _SHOWN.sub("", shown).split("\n")
        heard = self._dialect.hear_line(Line(plain), self._announced(before))
        if heard is None or (heard.kind, heard.text) != (kind, text) or heard.speaker != who:
            raise ValueError(
                f"the dialect {self._dialect.name} does not hear a {kind} of {who!r} in {plain!r} (it hears {heard}): "
                "give the line as your MUD shows it, with bot.hear(...)"
            )

    def _announced(self, lines: list[str]) -> str | None:
        """Who will speak, as lines before say it."""
        pattern = self._dialect.compile(self._dialect.announce) if self._dialect.announce else None
        found = pattern.search(self._dialect.bare(lines[-1])) if pattern is not None and lines else None
        return None if found is None else found["speaker"]
