"""!remember, !what-do-you-know, !forget and !opt-out: what is kept of whoever asks, who alone is told."""

from mudbot import Command, Plugin, RefusedError, Rest, StoreError, UsageError, command

MOST, LONGEST = 8, 80  # entries that are told at once, and characters of each


class Memory(Plugin):
    @command("remember", "记住", cooldown=2, zh="叫我记住一件事", usage={"zh": "<文字...>"})
    async def remember(self, command: Command, text: Rest) -> str:
        """have me remember something of you"""
        try:
            kept = await self.ai.memory.add(command, await self.ai.review(text, speaker=command))
        except StoreError as exc:
            return self.away(exc)
        return self.t("kept") if kept else self.t("stranger")

    @command("what-do-you-know", "记忆", cooldown=5, zh="我记得你的什么（只告诉你）")
    async def know(self, command: Command) -> None:
        """what you told me (I tell you alone)"""
        if command.rest:
            raise UsageError
        await self.mud.tell(command, await self.told(command))

    async def told(self, command: Command) -> str:
        try:
            facts = await self.ai.memory.known_to(command)
        except StoreError as exc:
            return self.away(exc)
        if not facts:
            return self.t("nothing")
        texts = [fact.text if len(fact.text) <= LONGEST else f"{fact.text[:LONGEST]}…" for fact in facts[:MOST]]
        text = self.t("known", facts="; ".join(f"({number}) {each}" for number, each in enumerate(texts, 1)))
        text += self.t("more", count=len(facts) - MOST) if len(facts) > MOST else ""
        try:
            return await self.ai.review(text, source="model", speaker=command)
        except RefusedError:
            return self.t("unfit", count=len(facts))

    @command("forget", "忘记", cooldown=5, zh="叫我忘掉你说过的一切（只告诉你）")
    async def forget(self, command: Command) -> None:
        """have me forget all that you told me (I tell you alone)"""
        if command.rest:  # whoever names somebody else would be forgotten himself
            raise UsageError
        try:
            await self.ai.memory.forget(command)
        except StoreError as exc:
            await self.mud.tell(command, self.away(exc))
            return
        # Said aloud it may come without the login id by which a MUD's tells tell people apart.
        private = self.t("private", prefix=self.bot.prefix) if not command.speech.private else ""
        await self.mud.tell(command, self.t("forgotten") + private)

    @command("opt-out", "勿扰", cooldown=2, zh="叫我别再理你")
    async def opt_out(self, command: Command) -> None:
        """have me answer you no more"""
        await self.switch(command, out=True)

    @command("opt-in", "复聊", cooldown=2, zh="叫我再理你")
    async def opt_in(self, command: Command) -> None:
        """have me answer you again"""
        await self.switch(command, out=False)

    async def switch(self, command: Command, *, out: bool) -> None:
        if command.rest or self.mud.opt_outs is None:
            raise UsageError
        try:
            await (self.mud.opt_outs.add(command.speech) if out else self.mud.opt_outs.remove(command.speech))
        except StoreError as exc:
            await self.mud.tell(command, self.away(exc))
        else:
            await self.mud.tell(command, self.t("out" if out else "in", prefix=self.bot.prefix))

    def away(self, exc: StoreError) -> str:
        self.log.warning("the memory is away: %s", exc)
        return self.t("away")
