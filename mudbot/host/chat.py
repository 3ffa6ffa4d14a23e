"""Chat commands such as ``!help``: which there are, and which of them a speech gives.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from mudbot.errors import UsageError
from mudbot.events import Command, Speech
from mudbot.host.marks import NAME, CommandMark, Role

_RANK: dict[Role, int] = {"anyone": 0, "trusted": 1, "owner": 2}
_CALLED = re.compile(r"\s*([^,，、:：]{1,40}?)\s*[,，、:：]\s*(.*)", re.DOTALL)
"""``老陈，帮助``: a name, and what is said to whom it is."""
_ORDER = re.compile(rf"({NAME})(?:\s*[:：]\s*(\S.*)|\s+(\S.*))?\s*", re.DOTALL)
"""``ask: why is the sky blue``: one word, alone or with more behind a colon; or behind a blank, see ``read``."""


class Chat:
    """The chat commands of a session, by name."""

    def __init__(
        self,
        prefix: str = "!",
        *,
        owners: Iterable[str] = (),
        trusted: Iterable[str] = (),
        answerable: Callable[[Speech], bool] = lambda _speech: True,
    ) -> None:
        """*owners* and *trusted* are login ids; what is not *answerable* is no command: nobody would hear of it."""
        self.prefix = prefix
        self.marks: dict[str, CommandMark] = {}
        self.names: Callable[[], Iterable[str]] = tuple
        """What the character is called: a name works in place of the prefix, see ``read``."""
        self._roles: dict[str, Role] = {
            **dict.fromkeys(map(str.casefold, trusted), "trusted"),
            **dict.fromkeys(map(str.casefold, owners), "owner"),
        }
        self._answerable = answerable
        self._form = re.compile(rf"\s*{_either_width(prefix)}({NAME})(.*)$", re.DOTALL)

    def __repr__(self) -> str:
        return f"<Chat {', '.join(self.prefix + name for name in self.marks)}>"

    def add(self, name: str, mark: CommandMark) -> None:
        """Know *mark* by *name*, unless another is known by it."""
        self.marks.setdefault(name, mark)

    def read(self, speech: Speech) -> Command | None:
        """The command that *speech* gives, by a name that is in ``marks``; None where it gives none.

        It begins with the prefix.  Or it begins with the character's name, a comma or colon, and then the prefix; or
        then a command's name exactly, alone, or with a colon and words behind it: ``老陈，帮助``, ``Chen, ask: why?``.
        Behind a Chinese name a blank does as well, as nobody writes one within a sentence: ``老陈，问 天为什么蓝``.
        All else is talk: ``Chen, help me``, ``老陈，画得真好``, and what would only be answered with its usage.
        """
        found, called = self._form.match(speech.text or ""), None
        if found is None and (called := _CALLED.fullmatch(speech.text or "")) is not None:
            # Titles are names as well, and people call others by them: only the whole of it is meant for the character.
            if called[1].casefold() not in {name.casefold() for name in self.names()}:
                return None
            found = self._form.match(called[2])
        # What cannot be answered, a rumour for example, is not worked on either: a picture costs money.
        if (found is None and called is None) or not self._answerable(speech):
            return None
        if found is None:
            assert called is not None
            return self._ordered(called[2], speech)
        known = {name for name, mark in self.marks.items() if self.allows(mark, speech)}
        name, rest = found[1].casefold(), found[2]
        if name not in known or rest[:1].strip():
            # Chinese is written without spaces: 画山水 is 画 and what to paint, and so is 画：山水，大雪.
            alias = max((c for c in known if not c.isascii() and name.startswith(c)), key=len, default="")
            if not alias:
                return None
            name, rest = alias, f"{found[1][len(alias) :]}{rest}".lstrip("，,：:、 ")
            rest = rest if re.search(r"\w", rest) else ""
        rest = rest.strip()
        return Command(name, rest, speech)

    def orders(self, speech: Speech) -> bool:
        """Whether *speech* is written as a command, of whatever name: ``!dance``."""
        return self._form.match(speech.text or "") is not None

    def _ordered(self, words: str, speech: Speech) -> Command | None:
        """The command that *words*, said to the character by name, give without a prefix."""
        found = _ORDER.fullmatch(words)
        name = found[1].casefold() if found is not None else ""
        mark = self.marks.get(name)
        if found is None or mark is None or not self.allows(mark, speech) or (found[3] and name.isascii()):
            return None
        command = Command(name, (found[2] or found[3] or "").strip(), speech)
        try:
            mark.arguments(command)
        except UsageError:
            return None
        return command

    def allows(self, mark: CommandMark, speech: Speech | None) -> bool:
        """Whether who said *speech* may give the command; for everybody else an owner's does not exist."""
        return mark.role == "anyone" or (speech is not None and _RANK[self.role_of(speech)] >= _RANK[mark.role])

    @property
    def owners(self) -> Sequence[str]:
        """The login ids of the owners."""
        return [name for name, role in self._roles.items() if role == "owner"]

    def is_owner(self, speech: Speech) -> bool:
        """Whether the MUD itself says that an owner spoke, to the character alone."""
        return self.role_of(speech) == "owner"

    def role_of(self, speech: Speech) -> Role:
        """Who spoke, as far as the MUD itself says so, to the character alone; an owner is trusted too.

        It does so by the login id that it shows beside the name in a tell, and by the colour of tells.  The name is no
        proof: anybody can take it; nor are the words alone: whoever describes a room or a thing can write them.
        """
        if speech.kind != "tell" or speech.id is None or not speech.sure:
            return "anyone"
        return self._roles.get(speech.id.casefold(), "anyone")

    def available(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every command there is for who said *speech*, once, with its aliases; for anyone without it."""
        seen = {id(mark): mark for mark in self.marks.values() if self.allows(mark, speech)}
        return list(seen.values())


def _either_width(prefix: str) -> str:
    """A pattern for *prefix* as a Chinese keyboard types it as well: ``！`` for ``!``."""
    return "".join(f"[{re.escape(c)}{chr(ord(c) + 0xFEE0)}]" if "!" <= c <= "~" else re.escape(c) for c in prefix)
