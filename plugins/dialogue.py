"""The character answers whoever speaks to it: by name, in private, or when they are alone in the room."""

from mudbot import LoggedIn, Plugin, Speech, on


class Dialogue(Plugin):
    concurrency = 4  # people who are answered at the same time

    async def start(self) -> None:
        self.answering: set[str] = set()
        self.waiting: dict[str, Speech] = {}

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
            await self.answer(speech)
            while later := self.waiting.pop(who, None):
                await self.answer(later)
        finally:
            self.answering.discard(who)
            self.waiting.pop(who, None)  # after a failure it would be answered at the wrong time

    async def answer(self, speech: Speech) -> None:
        answer = await self.ai.answer(speech, self.mud.room)
        await self.mud.reply(speech, answer.text)
