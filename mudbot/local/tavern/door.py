"""A family's login, as its file lists it: questions one after the other, then the world.  Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from mudbot.local.tavern.login import Step
from mudbot.local.tavern.manners import DoorPlan, Question
from mudbot.local.tavern.world import Character, World

_LOGIN = re.compile("[A-Za-z]{2,16}")
_NAME = re.compile("[A-Za-z一-龥]{1,16}")
_CONNECT = re.compile(r'\s*(\w+)\s+(?:"([^"]*)"|(\S+))\s+(\S.*?)\s*')


class Door:
    """One visitor's way through a family's door."""

    def __init__(self, world: World) -> None:
        assert world.manners.door is not None
        self._world = world
        self._plan: DoorPlan = world.manners.door
        self._at = 0
        self._tries = 0
        self._name = ""
        self._character: Character | None = None
        self._asked = ""
        """What a question beside the plan's own is about: ``takeover``, or a stage of making a character."""
        self._new: dict[str, str] = {}

    def begin(self) -> Step:
        """The banner and the first question."""
        return self._ask(self._plan.banner)

    def take(self, line: str) -> Step:
        """Answer a typed line."""
        if self._asked == "takeover":
            return self._take_takeover(line.strip())
        if self._asked:
            return self._take_newcomer(line.strip())
        question = self._plan.questions[self._at]
        return getattr(self, f"_take_{question.kind}")(question, line)  # type: ignore[no-any-return]

    def go_on(self) -> Step:
        """The time for a key is over."""
        return self._next()

    # -- the plan ------------------------------------------------------------------------------------------------

    def _ask(self, *says: str) -> Step:
        question = self._plan.questions[self._at]
        ask = question.ask.replace("{name}", self._name)
        texts = tuple(line for text in says if text for line in text.replace("{name}", self._name).split("\n"))
        return Step(texts, ask, hides=question.kind == "password", seconds=question.seconds)

    def _next(self, *says: str) -> Step:
        self._at += 1
        if self._at < len(self._plan.questions):
            question = self._plan.questions[self._at]
            # What a yes_no says is for its answer; all else is shown with the question.
            return self._ask(*says, "" if question.kind in ("yes_no", "password") else question.says)
        return self._enter(*says)

    def _enter(self, *says: str) -> Step:
        assert self._character is not None
        return Step(tuple(line for text in says if text for line in text.split("\n")), admits=self._character)

    def _leave(self, *says: str) -> Step:
        return replace(self._ask(*says), asks="", hides=False, ends=True)

    # -- questions -----------------------------------------------------------------------------------------------

    def _take_name(self, question: Question, line: str) -> Step:
        name = line.strip()
        if not name and question.no_name == "leave":
            return self._leave()
        pattern = _LOGIN if self._world.manners.ids else _NAME
        if not pattern.fullmatch(name) or self._world.phrasebook.is_reserved(name):
            return self._ask(question.wrong)
        self._name = name.lower() if self._world.manners.ids else name[0].upper() + name[1:]
        known = self._world.known(name)
        if known is None and not self._world.open_house:
            return self._stranger()
        return self._too_soon(known) or self._next()

    def _too_soon(self, known: Character | None) -> Step | None:
        if known is None or known.left_at is None or self._plan.too_soon <= self._world.clock() - known.left_at:
            return None
        return self._leave(self._plan.says_too_soon)

    def _take_password(self, question: Question, line: str) -> Step:
        character = self._world.known(self._name)
        if line and character is None and self._world.open_house:
            character = self._world.create(self._name, line)
        elif not line or character is None or not character.knows(line):
            self._tries += 1
            if self._tries >= question.tries:
                return self._leave(question.wrong)
            return self._ask(question.wrong)
        self._character = character
        return self._known(question.says)

    def _known(self, *says: str) -> Step:
        """Name and password are right; somebody may be in already."""
        assert self._character is not None
        takeover = self._plan.takeover
        if self._character.ears is None:
            return self._next(*says)
        if self._world.one_link_each or takeover.how == "refuse":
            return self._leave(takeover.says_no)
        if takeover.how == "ask":
            self._asked = "takeover"
            return replace(self._ask(*says), asks=takeover.ask, hides=False, seconds=None)
        return self._enter(takeover.says) if takeover.enters else self._next(takeover.says)

    def _take_takeover(self, answer: str) -> Step:
        takeover = self._plan.takeover
        if answer[:1] in ("y", "Y"):
            self._asked = ""
            return self._enter(takeover.says) if takeover.enters else self._next(takeover.says)
        if not answer:
            return Step(asks=takeover.ask)
        if takeover.declined == "leave":
            return self._leave(takeover.says_no)
        self._asked, self._character = "", None
        self._at = next(at for at, each in enumerate(self._plan.questions) if each.kind == "name")
        return Step(asks=takeover.says_no)

    def _take_key(self, _question: Question, _line: str) -> Step:
        return self._next()

    def _take_yes_no(self, question: Question, line: str) -> Step:
        answer = line.strip()[:1].lower()
        if answer == "y" or (not answer and question.strict):
            return replace(self._next(question.says), encoding=question.encoding)
        if answer == "n" or not question.strict:
            return self._next(question.says_no)
        return self._ask()

    def _take_menu(self, question: Question, line: str) -> Step:
        choice = question.choices.get(line.strip())
        if choice == "enter":
            return self._next()
        return self._leave() if choice == "leave" else self._ask(question.wrong, question.says)

    def _take_connect(self, question: Question, line: str) -> Step:
        if line.strip().casefold() == "quit":
            return self._leave()
        found = _CONNECT.fullmatch(line)
        command = found[1].casefold() if found else ""
        if found is None or not ("connect".startswith(command) or command in ("create", "co")) or len(command) < 2:
            return self._ask(question.usage)
        name, password = found[2] or found[3], found[4]
        if not _NAME.fullmatch(name) or self._world.phrasebook.is_reserved(name):
            return self._ask(question.wrong)
        character = self._world.known(name)
        if character is None and (self._world.open_house or command == "create"):
            character = self._world.create(name[0].upper() + name[1:], password)
        elif character is None or command == "create" or not character.knows(password):
            self._tries += 1
            return self._leave(question.wrong) if self._tries >= question.tries else self._ask(question.wrong)
        self._name, self._character = character.name, character
        return self._known(question.says)

    # -- strangers, where the house is not open ------------------------------------------------------------------

    def _stranger(self) -> Step:
        newcomer = self._plan.newcomer
        if newcomer is None:
            return self._ask(self._plan.unknown)
        self._asked = "sure"
        return Step(asks=newcomer.ask.replace("{name}", self._name))

    def _take_newcomer(self, answer: str) -> Step:
        newcomer = self._plan.newcomer
        assert newcomer is not None
        asks = {"sure": newcomer.ask, "name": newcomer.name, "password": newcomer.password, "confirm": newcomer.confirm}
        if self._asked == "sure" and answer[:1] not in ("y", "Y"):
            if not answer:
                return Step(asks=newcomer.ask.replace("{name}", self._name))
            self._asked = ""
            return Step(asks=newcomer.declined)
        if (self._asked == "name" and not _NAME.fullmatch(answer)) or (self._asked == "password" and not answer):
            return self._stage(asks, self._asked)
        if self._asked == "confirm" and answer != self._new["password"]:
            return replace(self._stage(asks, "password"), says=(newcomer.mismatch,))
        self._new[self._asked] = answer
        stages = [stage for stage in asks if asks[stage]]
        following = stages[stages.index(self._asked) + 1 :]
        if following:
            return self._stage(asks, following[0])
        return self._made()

    def _stage(self, asks: dict[str, str], stage: str) -> Step:
        self._asked = stage
        return Step(asks=asks[stage].replace("{name}", self._name), hides=stage in ("password", "confirm"))

    def _made(self) -> Step:
        self._asked = ""
        if self._world.known(self._name) is not None:  # somebody else was quicker
            return self._leave()
        shown = self._new.get("name", self._name)
        self._character = self._world.create(self._name, self._new["password"], shown=shown)
        self._at = next(at for at, each in enumerate(self._plan.questions) if each.kind == "password")
        return self._next()
