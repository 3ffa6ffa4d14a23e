"""Keeps a map of where the character was: !map shows what is near, !map paint has the model draw it.

plugins:
  mapper:
    permissions: {images: true}    # for !map paint; the MUD must tell its rooms by GMCP, Room.Info
"""

from typing import Literal

from mudbot import Command, Gmcp, MudbotError, Plugin, command, on

WAYS = {"n": (0, -1, "|"), "s": (0, 1, "|"), "w": (-1, 0, "-"), "e": (1, 0, "-")}
WAYS |= {"nw": (-1, -1, "\\"), "ne": (1, -1, "/"), "sw": (-1, 1, "/"), "se": (1, 1, "\\")}


class Mapper(Plugin):
    texts = """
    en: {task: "An old hand-drawn map with these places: {names}", failed: "I have no ink."}
    zh: {task: "一幅手绘的旧地图，上面有：{names}", failed: "没有墨了。"}
    """

    async def start(self) -> None:
        self.rooms = await self.store.items()

    @on(Gmcp("Room.Info"))
    async def arrive(self, event: Gmcp) -> None:
        match event.data:
            case {"num": number, "name": name, "exits": dict(exits)}:
                self.rooms[str(number)] = room = {"name": name, "exits": {way: str(to) for way, to in exits.items()}}
                await self.store.set(str(number), room)

    @command("map", "地图", cooldown=20, zh="附近的地图；paint：画一幅")
    async def map(self, command: Command, how: Literal["sketch", "paint"] = "sketch") -> None:
        """a map of what is near; paint: a picture of it"""
        lines, names = self.sketch()
        if how == "paint" and names:
            try:
                lines = [(await self.ai.image(self.t("task", names=names), speaker=command)).link]
            except MudbotError as exc:
                self.log.warning("no picture: %s", exc)
                lines = [self.t("failed")]
        for line in lines:
            await self.mud.reply(command, line)

    def sketch(self) -> tuple[list[str], str]:
        """Lines of signs: @ is here, # where it was, o where it was not; and the names of these rooms."""
        here = str(self.mud.room.extra.get("num"))  # what Room.Info told last
        places, signs, near = {here: (0, 0)}, {(0, 0): "@"}, [here]
        for number in near:  # which grows
            x, y = places[number]
            for way, to in self.rooms.get(number, {"exits": {}})["exits"].items():
                dx, dy, sign = WAYS.get(way, (0, 0, ""))
                at = x + 2 * dx, y + 2 * dy
                if sign and abs(at[0]) <= 8 and abs(at[1]) <= 2:  # no MUD likes more lines at once
                    signs.setdefault((x + dx, y + dy), sign)
                    if to not in places and at not in signs:
                        places[to], signs[at] = at, "#" if to in self.rooms else "o"
                        near.append(to)
        lines = ["".join(signs.get((x, y), ".") for x in range(-8, 9)) for y in sorted({y for _, y in signs})]
        return lines, ", ".join(self.rooms[number]["name"] for number in near if number in self.rooms)
