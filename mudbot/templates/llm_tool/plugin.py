"""!sketch: reminders in people's own words.  The model reads, the plugin acts."""

from dataclasses import dataclass

from mudbot import ApiError, Command, Plugin, Rest, command


@dataclass(frozen=True)
class Config:
    longest: int = 120  # minutes


@dataclass(frozen=True)
class Reminder:
    """What the model makes of the words: it answers with these fields and nothing else."""

    minutes: int
    what: str


class Sketch(Plugin):
    config: Config

    @command("sketch", cooldown=5)
    async def remind(self, command: Command, words: Rest) -> str:
        """say when and of what: in ten minutes of the stew"""
        task = "Somebody wants to be reminded.  In how many minutes, and of what?  Keep to their words."
        try:
            wanted = await self.ai.chat(words, system=task, speaker=command.speech.speaker, into=Reminder)
        except ApiError as exc:
            self.log.warning("no reminder: %s", exc)
            return "I did not understand that."
        # Never trust it: a model can be talked into any number.
        minutes = max(1, min(wanted.minutes, self.config.longest))
        self.spawn(self.later(command, minutes, wanted.what))
        return f"In {minutes} min."

    async def later(self, command: Command, minutes: int, what: str) -> None:
        await self.clock.sleep(60 * minutes)
        await self.mud.reply(command, f"I was to remind you: {what}")
