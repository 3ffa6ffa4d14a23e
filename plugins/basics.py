"""!help and !status."""

from mudbot import Command, Plugin, command

# A word first: an answer that begins with a command is one, to the next bot in the room.
HELP = {"en": ("I understand: ", "; "), "zh": ("我听得懂：", "；")}
STATUS = {
    "en": "{session}: {state}; I do: {plugins}; questions at the model: {calls}, waiting: {waiting}",
    "zh": "{session}：{state}；本领：{plugins}；模型处理中 {calls}，排队 {waiting}",
}
PLAYING = {"en": "in the game", "zh": "在线"}
PAUSED = {"en": "{0} (paused)", "zh": "{0}（已停用）"}


class Basics(Plugin):
    @command("help", "帮助", cooldown=2, zh="我听得懂的命令")
    async def help(self, command: Command) -> None:
        """what I understand"""
        own = -1 if self.language == "zh" else 0  # the Chinese alias comes last
        first, between = HELP[self.language]
        lines = [
            f"{self.bot.prefix}{mark.names[own]} - {mark.described(self.language)}"
            for mark in self.bot.commands(command.speech)
        ]
        await self.mud.reply(command, first + between.join(lines))

    @command("status", "状态", cooldown=2, zh="我的近况")
    async def status(self, command: Command) -> None:
        """how I am"""
        now, paused = self.bot.status(), PAUSED[self.language]
        text = STATUS[self.language].format(
            session=now.session,
            state=PLAYING[self.language] if now.state == "playing" else now.state,
            plugins=", ".join(paused.format(name) if name in now.paused else name for name in now.plugins),
            calls=now.calls,
            waiting=now.waiting,
        )
        await self.mud.reply(command, text)
