"""Chat commands such as ``!help``: which there are, and which of them a speech gives.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from mudbot.events import Command, Speech
from mudbot.host.marks import NAME, CommandMark


class Chat:
    """The chat commands of a session, by name."""

    def __init__(
        self,
        prefix: str = "!",
        *,
        owners: Iterable[str] = (),
        answerable: Callable[[Speech], bool] = lambda _speech: True,
    ) -> None:
        """*owners* are login ids; what is not *answerable* is no command, because nobody would hear of it."""
        self.prefix = prefix
        self.marks: dict[str, CommandMark] = {}
        self._owners = frozenset(map(str.casefold, owners))
        self._answerable = answerable
        self._form = re.compile(rf"\s*{_either_width(prefix)}({NAME})(?:\s+(.*))?$", re.DOTALL)

    def __repr__(self) -> str:
        return f"<Chat {', '.join(self.prefix + name for name in self.marks)}>"

    def add(self, name: str, mark: CommandMark) -> None:
        """Know *mark* by *name*, unless another is known by it."""
        self.marks.setdefault(name, mark)

    def read(self, speech: Speech) -> Command | None:
        """The command that *speech* gives, by a name that is in ``marks``; None where it gives none."""
        found = self._form.match(speech.text or "")
        # What cannot be answered, a rumour for example, is not worked on either: a picture costs money.
        if found is None or not self._answerable(speech):
            return None
        known = {name for name, mark in self.marks.items() if self.allows(mark, speech)}
        name, rest = found[1].casefold(), (found[2] or "").strip()
        if name not in known:
            # Chinese is written without spaces: 画山水 is 画 and what to paint.
            alias = max((c for c in known if not c.isascii() and name.startswith(c)), key=len, default="")
            if not alias:
                return None
            name, rest = alias, f"{found[1][len(alias) :]} {rest}".strip()
        return Command(name, rest, speech)

    def allows(self, mark: CommandMark, speech: Speech | None) -> bool:
        """Whether who said *speech* may give the command; for everybody else an owner's does not exist."""
        return mark.role == "anyone" or (speech is not None and self.is_owner(speech))

    def is_owner(self, speech: Speech) -> bool:
        """Whether the MUD itself says that an owner spoke, to the character alone.

        It does so by the login id that it shows beside the name in a tell, and by the colour of tells.  The name is no
        proof: anybody can take it; nor are the words alone: whoever describes a room or a thing can write them.
        """
        known = speech.kind == "tell" and speech.id is not None and speech.id.casefold() in self._owners
        return known and speech.sure

    def available(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every command there is for who said *speech*, once, with its aliases; for anyone without it."""
        seen = {id(mark): mark for mark in self.marks.values() if self.allows(mark, speech)}
        return list(seen.values())


def _either_width(prefix: str) -> str:
    """A pattern for *prefix* as a Chinese keyboard types it as well: ``！`` for ``!``."""
    return "".join(f"[{re.escape(c)}{chr(ord(c) + 0xFEE0)}]" if "!" <= c <= "~" else re.escape(c) for c in prefix)
