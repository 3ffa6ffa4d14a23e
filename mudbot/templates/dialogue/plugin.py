"""The character answers whoever speaks to it.  It takes the place of the plugin dialogue."""

from dataclasses import dataclass

from mudbot import Plugin, Speech, on


@dataclass(frozen=True)
class Config:
    farewell: str = "Farewell, {who}."  # to those who say goodbye: no model is asked for it


class Sketch(Plugin):
    config: Config
    concurrency = 4  # people who are answered at the same time

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        """Answer in character where the character is spoken to: by name, in private, or alone with somebody."""
        if not self.mud.addressed(speech):
            return
        if "goodbye" in (speech.text or "").casefold():
            await self.mud.reply(speech, self.config.farewell.replace("{who}", speech.speaker or ""))
            return
        answer = await self.ai.answer(speech, self.mud.room)
        await self.mud.reply(speech, answer.text, typing=True)
