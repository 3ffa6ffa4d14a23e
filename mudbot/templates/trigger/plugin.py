"""Greets whoever arrives."""

from dataclasses import dataclass

from mudbot import Plugin, trigger


@dataclass(frozen=True)
class Config:
    greeting: str = "Hello, {who}!"  # {who} stands for the name


class Sketch(Plugin):
    config: Config

    # Named groups become arguments: (?P<gold>\d+) and gold: int is a number.  The example is tried when it loads.
    @trigger(r"^(?P<who>\w+) has arrived\.$", cooldown=60, per="who", example="Ann has arrived.")
    async def greet(self, who: str) -> None:
        """Greet each visitor, at most once a minute."""
        await self.mud.say(self.config.greeting.replace("{who}", who))
