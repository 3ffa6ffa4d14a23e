"""!help and !status."""

from mudbot import Command, Plugin, command

TEXTS = {
    "en": "{session}: {state}; plugins: {plugins}; model: {calls} asked, {waiting} waiting",
    "zh": "{session}：{state}；插件：{plugins}；模型：在问 {calls}，排队 {waiting}",
}


class Basics(Plugin):
    @command("help", "帮助", cooldown=2, zh="我听得懂的命令")
    async def help(self, command: Command) -> None:
        """what I understand"""
        own = -1 if self.language == "zh" else 0  # the Chinese alias comes last
        marks = self.bot.commands()
        lines = [f"{self.bot.prefix}{mark.names[own]} - {mark.described(self.language)}" for mark in marks]
        await self.mud.reply(command, "; ".join(lines))

    @command("status", "状态", cooldown=2, zh="我的近况")
    async def status(self, command: Command) -> None:
        """how I am"""
        now = self.bot.status()
        plugins = ", ".join(f"{name} (paused)" if name in now.paused else name for name in now.plugins)
        text = TEXTS[self.language].format(
            session=now.session, state=now.state, plugins=plugins, calls=now.calls, waiting=now.waiting
        )
        await self.mud.reply(command, text)
