"""Greets who arrives, at most once a minute for each."""

from dataclasses import dataclass

from mudbot import Plugin, trigger


@dataclass(frozen=True)
class Config:
    greeting: str = "Welcome, {name}!"


class Greeter(Plugin):
    config: Config

    @trigger(r"^(?P<name>\w+) has arrived\.$", cooldown=60, per="name")
    async def greet(self, name: str) -> None:
        await self.mud.say(self.config.greeting.format(name=name))
