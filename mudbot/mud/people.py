"""Who has which login id, as far as the MUD showed it.  Pure."""

from __future__ import annotations

from mudbot.events import Speech

MOST = 2000


class People:
    """Names as they are shown, to the ids that commands take.

    A name that was seen with two ids belongs to nobody: an answer in private must not go to whoever forged a line.
    """

    def __init__(self) -> None:
        self._ids: dict[str, str | None] = {}

    def __repr__(self) -> str:
        return f"<People {len(self._ids)} known>"

    def learn(self, name: str | None, login: str | None) -> None:
        """Note that *name* was shown with the id *login*."""
        if not name or not login or "@" in login:
            return
        login = login.lower()
        if self._ids.setdefault(name, login) != login:
            self._ids[name] = None
        if len(self._ids) > MOST:
            del self._ids[next(iter(self._ids))]

    def hear(self, speech: Speech) -> None:
        """Learn from *speech*."""
        self.learn(speech.speaker, speech.id)

    def ambiguous(self, name: str | None) -> bool:
        """Whether *name* was seen with more than one id."""
        return name in self._ids and self._ids[name] is None

    def knows(self, name: str) -> bool:
        """Whether *name* was ever seen with an id."""
        return name in self._ids

    def login_of(self, name: str) -> str | None:
        """The id of *name*; None where none was seen, empty where more than one was."""
        return self._ids[name] or "" if name in self._ids else None

    def id_of(self, name: str | None) -> str | None:
        """The id of *name*; None where it is not known or not certain."""
        return self._ids.get(name or "")


def plain_name(name: str) -> str:
    """A name as it is compared: some MUDs write a space into it (``张 三``, ``Zhang san``)."""
    return "".join(name.split()).casefold()
