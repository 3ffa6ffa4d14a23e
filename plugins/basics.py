"""!help, !about, !status, !persona and !quota: what anybody may want to know of the bot."""

import math
import re
from dataclasses import dataclass, replace

from mudbot import Command, MudbotError, Plugin, Speech, UsageError, __version__, command, on

SHORT = 300  # columns of a !help that has a word on each command; a longer one has their names alone
SET = ("set", "设为", "换成", "设", "换")


@dataclass(frozen=True)
class Config:
    about: str = ""  # what !about says, in place of mudbot's own words


class Basics(Plugin):
    config: Config

    @command("help", "帮助", cooldown=2, zh="我听得懂的命令", usage={"zh": "[命令]"})
    async def help(self, command: Command, name: str = "") -> str:
        """what I understand"""
        zh, prefix, marks = self.language == "zh", self.bot.prefix, self.bot.commands(command.speech)
        if name:
            asked = name.lstrip("!！").removeprefix(prefix).casefold()
            mark = next((mark for mark in marks if asked in mark.names), None)
            if mark is None:
                raise UsageError(self.t("unknown", prefix=prefix))
            others = [prefix + alias for alias in mark.names if alias != asked]
            also = self.t("also", names=self.t("comma").join(others)) if others else ""
            if mark.names[0] == "persona" and self.bot.role_of(command) == "owner":
                also += self.t("also_set", prefix=prefix)
            usage = mark.usage(self.language, prefix, asked)
            return self.t("one", usage=usage, what=mark.described(self.language), also=also)
        names = [prefix + mark.names[-1 if zh else 0] for mark in marks]  # the Chinese alias comes last
        told = [f"{own} - {mark.described(self.language)}" for own, mark in zip(names, marks, strict=True)]
        # A word first: an answer that begins with a command is one, to the next bot in the room.
        text = self.t("help", commands=self.t("between").join(told))
        if sum(1 if char < "\u2e80" else 2 for char in text) <= SHORT:
            return text
        return self.t("names", commands=self.t("comma").join(names), prefix=prefix)

    @on(Speech)
    async def unknown(self, speech: Speech) -> None:
        """Who gives a command that there is not for him, an owner's perhaps, is told so: it is no talk either."""
        if self.bot.orders(speech) and self.mud.addressed(speech) and self.ready(("unknown", speech.speaker), 10):
            await self.mud.reply(speech, self.t("unknown", prefix=self.bot.prefix))

    @command("about", "关于", cooldown=2, zh="我是怎么回事")
    async def about(self, command: Command) -> str:
        """what I am"""
        if command.rest:
            raise UsageError
        if self.config.about:
            return self.config.about
        names = {name for mark in self.bot.commands(command.speech) for name in mark.names}
        forget = self.t("forget", prefix=self.bot.prefix) if "forget" in names else ""
        return self.t("about", version=__version__, prefix=self.bot.prefix) + forget

    @command("status", "状态", cooldown=2, zh="我的近况")
    async def status(self) -> str:
        """how I am"""
        now = self.bot.status()
        names = [self.t("paused", name=name) if name in now.paused else name for name in now.plugins]
        state = self.t("playing") if now.state == "playing" else now.state
        doing = {"plugins": self.t("comma").join(names), "calls": now.calls, "waiting": now.waiting}
        return self.t("status", session=now.session, state=state, **doing)

    @command("persona", "人设", "角色", cooldown=5, zh="我是谁")
    async def persona(self, command: Command) -> None:
        """who I am"""
        if command.rest and self.bot.role_of(command) != "owner":
            raise UsageError
        if command.rest:
            await self.mud.reply(command, await self.become(command.rest))
            return
        asked = replace(command.speech, text=self.t("who"))
        answer = await self.ai.answer(asked, self.mud.room, memory=False)
        await self.mud.reply(command, answer.text, typing=True)

    async def become(self, words: str) -> str:
        verb = next((verb for verb in SET if re.match(f"{verb}(?![a-z])", words, re.IGNORECASE)), "")
        name, there = words[len(verb) :].strip(), self.t("comma").join(self.bot.characters[:20])
        if not verb or not name:
            raise UsageError(self.t("set", prefix=self.bot.prefix, names=there))
        if name.casefold() not in self.bot.characters:
            return self.t("strange", names=there)
        try:
            return self.t("become", name=await self.bot.become(name))
        except MudbotError as exc:
            self.log.warning("the character stays: %s", exc)
            return self.t("stays", why=" ".join(str(exc).split())[:200])

    @command("quota", "额度", cooldown=2, zh="你今天还能问多少、画多少")
    async def quota(self, command: Command) -> str:
        """how much you may ask me today"""
        if command.rest:
            raise UsageError
        try:
            left = await self.bot.means.left(command)
        except MudbotError as exc:
            self.log.warning("the books cannot be read: %s", exc)
            return self.t("away")
        found = []
        if left is None:
            found.append(self.t("free"))
        elif left.questions is None and left.pictures is None:
            found.append(self.t("part", percent=round(100 * left.part)))
        if left is not None and left.questions is not None:
            found.append(self.t("questions", count=left.questions))
        if left is not None and left.pictures is not None:
            found.append(self.t("pictures", count=left.pictures))
        for plugin, (count, seconds) in self.bot.quotas(command).items():
            drawn = self.t("drawn", count=count, hours=math.ceil(seconds / 3600))
            found.append(drawn if plugin == "scenes" else self.t("soon", count=count, seconds=round(seconds)))
        return self.t("quota", parts=self.t("between").join(found))
