"""!help and !status."""

from mudbot import Command, Plugin, command


class Basics(Plugin):
    @command("help", "帮助", cooldown=2)
    async def help(self, command: Command) -> None:
        """what I understand"""
        lines = [f"{self.bot.prefix}{mark.names[0]} - {mark.help}" for mark in self.bot.commands()]
        await self.mud.reply(command, "; ".join(lines))

    @command("status", "状态", cooldown=2)
    async def status(self, command: Command) -> None:
        """how I am"""
        await self.mud.reply(command, self.bot.status())
