"""Chat commands such as ``!help``: which there are, and which of them a speech gives.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from mudbot.events import Command, Speech
from mudbot.host.marks import NAME, CommandMark, Role

_RANK: dict[Role, int] = {"anyone": 0, "trusted": 1, "owner": 2}
_BARE = re.compile(rf"\s*([^,，、:：]{{1,40}}?)\s*[,，、:：]\s*({NAME})\s*")
"""``老陈，帮助``: a name, and one word."""


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

        It begins with the prefix; or it is the character's name, a comma or colon, and a command's name exactly, of
        one that can be given without any word more: ``老陈，帮助``.  All else is talk: ``Chen, help me``, and also
        ``老陈，问``, which as a command would only be answered with its usage.
        """
        found = self._form.match(speech.text or "")
        if found is None and (bare := _BARE.fullmatch(speech.text or "")) is not None:
            return self._bare(bare[1], bare[2], speech)
        # What cannot be answered, a rumour for example, is not worked on either: a picture costs money.
        if found is None or not self._answerable(speech):
            return None
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

    def _bare(self, called: str, word: str, speech: Speech) -> Command | None:
        mark = self.marks.get(word.casefold())
        if mark is None or any(slot.required for slot in mark.plan.slots) or not self.allows(mark, speech):
            return None
        # Titles are names as well, and people call others by them: only the whole of it is meant for the character.
        named = called.casefold() in {name.casefold() for name in self.names()}
        return Command(word.casefold(), "", speech) if named and self._answerable(speech) else None

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
