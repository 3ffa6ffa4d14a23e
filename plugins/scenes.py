"""!scene: a picture of this room, of what you say, or of your last one changed, behind a short link."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakValueDictionary

from mudbot import ApiError, Command, Duration, MudbotError, Plugin, RefusedError, Speech, UsageError, command

DAY = 86_400
SOON = 2.0  # seconds after which a player is told that it is being drawn
MOST = 1000  # players whose last picture is known
USAGE = "[words... | again | but <change> | new]"
USAGE_ZH = "[文字... | 再画 | 但<改动> | 重画]"


@dataclass(frozen=True)
class Config:
    player: int = 20  # pictures that one player may have made a day, from 00:00 UTC
    day: int = 300  # all players of this MUD together
    same: Duration = 86_400.0  # how long one place has one picture, which costs nothing
    prompts: Literal["auto", "model", "plain"] = "auto"  # who words them: the language model, or nobody
    wording: Duration = 8.0  # how long the model may take for that; auto: not for the embedded painter
    size: str = "1024x1024"
    within: Duration = 90.0  # how long a picture may take, waiting for its turn included


class Scenes(Plugin):
    config: Config
    concurrency = 8

    async def start(self) -> None:
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.kept: dict[str, Any] = {}  # of this day: who had how many pictures made; and which was whose last
        try:
            self.kept = await self.store.get("kept", {})
        except MudbotError as exc:
            self.log.warning("who had how many pictures is forgotten: %s", exc)

    @command("scene", "draw", "再画", "重画", "场景", "画", cooldown=5, usage={"en": USAGE, "zh": USAGE_ZH},
             zh="照你说的，或照眼前的景，画一幅")  # fmt: skip
    async def scene(self, command: Command) -> None:
        """draw a scene from your words, or this room"""
        progress = self.spawn(self.progress(command))
        try:
            answer = (await self.drawn(command)).link
        except RefusedError:
            answer = self.t("refused")
        except UsageError:  # its words are for the player
            raise
        except MudbotError as exc:
            self.log.warning("no picture: %s", exc)
            answer = self.t("failed")
        finally:
            progress.cancel()
        await self.mud.reply(command, answer)

    async def drawn(self, command: Command) -> Any:
        painting = self.ai.painting
        wish = painting.wish(command)
        if wish.kind in ("again", "but"):
            last = await painting.find(self.kept.get("last", {}).get(self.who(command), ""))
            if last is None:
                raise UsageError(self.t("none", prefix=self.bot.prefix))
            order = painting.of_picture(last, wish.words)
        else:
            order = painting.of_words(wish.words) if wish.words else painting.of_scene(await painting.see(self.mud))
        if not order.text:
            raise UsageError(self.t("nothing", prefix=self.bot.prefix))
        asker, since = self.ai.asker(command), self.clock.wall() - self.config.same
        subject = painting.subject(order, asker)
        # Who asks for the same meanwhile gets the same.
        async with self.locks.setdefault(subject or self.who(command), asyncio.Lock()):
            picture = None if wish.fresh else await painting.known(subject, since, asker)
            if picture is None:
                picture = await self.paid(command, order)
        await self.keep(command, picture)
        return picture

    async def made(self, command: Command, order: Any) -> Any:
        """A new picture, worded by the language model where it shall, can, and does not take too long."""
        config, written = self.config, ""
        plain = config.prompts == "plain" or (config.prompts == "auto" and self.ai.painting.plain)
        if order.task and not plain:
            how: dict[str, Any] = {"system": order.task, "quoted": order.quoted, "max_tokens": 200}
            try:
                written = await self.ai.chat(order.own, speaker=command, deadline=config.wording, **how)
            except RefusedError:
                raise
            except ApiError as exc:
                self.log.info("in plain words, as the model wrote none: %s", exc)
        how = {"size": config.size, "deadline": config.within}
        return await self.ai.paint(order, written=written, speaker=command, **how)

    async def progress(self, command: Command) -> None:
        """Say in the character's language that it is being drawn, or how many are drawn before it."""
        await self.clock.sleep(SOON)
        say, before = self.t.for_(self.ai.painting.language(command.rest)), self.ai.pictures_before(command)
        await self.mud.reply(command, say("waiting", count=before) if before else say("drawing"))

    # -- who had how many ----------------------------------------------------------------------------------------------

    def allowance(self, speech: Speech) -> tuple[int, float]:
        """Pictures that are left to who said it, until the day's end."""
        counts, now = self.counts(), self.clock.wall()
        left = min(self.config.player - counts.get(self.who(speech), 0), self.config.day - sum(counts.values()))
        return max(0, left), DAY - now % DAY

    async def paid(self, command: Command, order: Any) -> Any:
        """A new picture, counted; one that fails is not."""
        left, seconds = self.allowance(command.speech)
        if not left:
            raise UsageError(self.t("enough", hours=-(-seconds // 3600)))
        who, counts = self.who(command), self.counts()
        counts[who] = counts.get(who, 0) + 1
        try:
            return await self.made(command, order)
        except BaseException:
            counts[who] -= 1
            raise

    async def keep(self, command: Command, picture: Any) -> None:
        """Note whose last picture it is: that one may have it again, or changed."""
        self.counts()
        last = self.kept.setdefault("last", {})
        last.pop(self.who(command), None)
        last |= {self.who(command): picture.id} if self.who(command) else {}
        while len(last) > MOST:
            del last[next(iter(last))]
        try:
            await self.store.set("kept", self.kept)
        except MudbotError as exc:
            self.log.warning("who had how many pictures will not outlast a restart: %s", exc)

    def counts(self) -> dict[str, int]:
        today = int(self.clock.wall() // DAY)
        if self.kept.get("day") != today:
            self.kept |= {"day": today, "counts": {}}
        counts: dict[str, int] = self.kept["counts"]
        return counts

    def who(self, said: Command | Speech) -> str:
        return self.ai.asker(said).player
