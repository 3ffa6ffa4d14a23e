"""!scene: a picture of what you say, or of the room, behind a short link."""

from mudbot import Command, MudbotError, Plugin, RefusedError, Room, command

LONGEST = 900  # characters that an image server is asked to draw
TEXTS = {
    "en": {
        "nothing": "I see nothing here to draw. Try {0}scene and a few words.",
        "refused": "That is no picture for this house.",
        "failed": "The ink has dried up; ask me again in a while.",
    },
    "zh": {
        "nothing": "此处无景可画。不妨试试：{0}scene 加几个字。",
        "refused": "这样的画，小店画不得。",
        "failed": "墨已干了，过一会儿再来吧。",
    },
}


class Scenes(Plugin):
    concurrency = 2

    @command("scene", "画", cooldown=5, zh="照你说的，或照眼前的景，画一幅")
    async def scene(self, command: Command) -> None:
        """draw a scene from your words, or this room"""
        texts = TEXTS[self.language]
        words = command.rest[:LONGEST] or described(await self.mud.look())
        if not words:
            await self.mud.reply(command, texts["nothing"].format(self.bot.prefix))
            return
        try:
            picture = await self.ai.image(words, speaker=command.speech.speaker or "")
        except RefusedError:
            await self.mud.reply(command, texts["refused"])
        except MudbotError as exc:
            self.log.warning("no picture: %s", exc)
            await self.mud.reply(command, texts["failed"])
        else:
            await self.mud.reply(command, picture.link)


def described(room: Room) -> str:
    return " ".join(filter(None, (room.name, room.description)))[:LONGEST]
