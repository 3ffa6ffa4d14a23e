"""The character answers whoever speaks to it: by name, in private, or when they are alone in the room."""

from collections import deque
from dataclasses import dataclass

from mudbot import Duration, LoggedIn, Plugin, Speech, on


@dataclass(frozen=True)
class Config:
    answers: int = 12  # to one speaker, in the time below: who floods, or is a bot, has to wait
    within: Duration = 120.0


class Dialogue(Plugin):
    config: Config
    concurrency = 4  # people who are answered at the same time

    async def start(self) -> None:
        self.answering: set[str] = set()
        self.waiting: dict[str, Speech] = {}
        self.answered: dict[str, deque[float]] = {}
        self.told: set[str] = set()

    @on(LoggedIn)
    async def arrive(self, _event: LoggedIn) -> None:
        await self.mud.look()  # to know who is here

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        if not self.mud.addressed(speech):
            return
        who = speech.id or speech.speaker or ""
        if who in self.answering:
            self.waiting[who] = speech  # one at a time; of what is said meanwhile, the last counts
            return
        self.answering.add(who)
        try:
            await self.answer(speech, who)
            while later := self.waiting.pop(who, None):
                await self.answer(later, who)
        finally:
            self.answering.discard(who)
            self.waiting.pop(who, None)  # after a failure it would be answered at the wrong time

    async def answer(self, speech: Speech, who: str) -> None:
        if self.had_enough(who):
            return
        answer = await self.ai.answer(speech, self.mud.room)
        await self.mud.reply(speech, answer.text, typing=True)

    def had_enough(self, who: str) -> bool:
        if len(self.answered) > 1000:
            self.answered.clear()
        times, now = self.answered.setdefault(who, deque(maxlen=self.config.answers)), self.clock.now()
        if len(times) == times.maxlen and now - times[0] < self.config.within:
            if who not in self.told:  # once: a flood must not fill the log
                self.told.add(who)
                self.log.warning("%s was answered %d times lately and has to wait", who, len(times))
            return True
        self.told.discard(who)
        times.append(now)
        return False
