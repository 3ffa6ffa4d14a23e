"""The character answers whoever speaks to it: by name, in private, or when they are alone in the room."""

from dataclasses import dataclass, field
from typing import Literal

from mudbot import Action, Channel, Duration, LoggedIn, Plugin, Speech, on


@dataclass(frozen=True)
class Config:
    answers: int = 12  # to one speaker, in the time below: who floods has to wait
    within: Duration = 120.0
    while_busy: Literal["queue", "replace", "later"] = "queue"  # a second question while the first is being answered:
    waiting: int = 1  # it waits with so many others, takes the place of the first, or is politely put off
    thinking: bool = True  # two seconds of silence are filled by an emote, where the MUD has emotes
    actions: dict[str, Action] = field(default_factory=dict)  # what the model may do besides talking; see the docs
    disclose: bool = False  # whether the character may say that a program plays it
    people: list[str] = field(default_factory=list)  # real people whom it must not name, besides those mudbot knows
    quiet: list[str] = field(default_factory=list)  # hours without answers: ["23:00-07:00"]
    channels: dict[str, Channel] = field(default_factory=dict)  # chance and cooldown: {chat: {chance: 0.3}}
    ignore: list[str] = field(default_factory=list)  # names or login ids that get no answers
    bots: list[str] = field(default_factory=list)  # other bots, which are never answered twice in a row
    wary: bool = True  # whether who writes as bots do is told to call the character by name


class Dialogue(Plugin):
    config: Config
    concurrency = 4  # people who are answered at the same time

    async def start(self) -> None:
        self.manners = self.mud.manners(self.config)  # when to answer, and when to be silent
        self.actions = self.mud.actions(self.config.actions)

    @on(LoggedIn)
    async def arrive(self, _event: LoggedIn) -> None:
        await self.mud.look()  # to know who is here

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        if self.bot.orders(speech):
            return  # !dance is no talk, but a command that there is not, or not for whoever said it
        if self.mud.addressed(speech) and await self.manners.lets(speech):
            await self.manners.turn(speech, self.answer)

    async def answer(self, speech: Speech) -> None:
        parts = self.ai.speak(
            speech,
            self.mud.room,
            thinking=self.config.thinking and self.mud.can("emote"),
            actions=self.actions,
            disclose=self.config.disclose,
            people=self.config.people,
        )
        async for part in parts:  # a sentence, or something to do, as soon as the model has written it
            await self.mud.act(speech, part, typing=True)

    def allowance(self, speech: Speech) -> tuple[int, float]:
        return self.manners.left(speech)  # for !quota
