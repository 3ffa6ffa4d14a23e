"""!trivia, with questions that a model thinks up."""

import asyncio
from dataclasses import dataclass

from mudbot import ApiError, Command, NoAnswer, Plugin, Speech, command


@dataclass
class Question:
    question: str
    answer: str


class Trivia(Plugin):
    game: asyncio.Task[None] | None = None

    @command("trivia")
    async def trivia(self, command: Command) -> str | None:
        """Begin a round."""
        if self.game and not self.game.done():
            return "A round is already on."
        self.game = self.spawn(self.play(command))
        return None

    async def play(self, command: Command) -> None:
        try:
            question = await self.ai.chat("A trivia question with a short answer.", into=Question, speaker=command)
        except ApiError:
            await self.mud.reply(command, "I can think of no question now.")
            return

        def right(speech: Speech) -> bool:
            return (speech.text or "").strip().casefold() == question.answer.casefold()

        await self.mud.reply(command, question.question)
        try:
            winner = (await self.mud.wait_for_speech(right, timeout=60)).speaker or "Somebody"
        except NoAnswer:
            await self.mud.reply(command, f"Time is up. It was {question.answer}.")
        else:
            score = await self.store.add(winner)
            await self.mud.reply(command, f"{winner} is right: {question.answer}. Score: {score}")

    @command("scores")
    async def scores(self) -> str:
        """The best players."""
        scores = await self.store.items()
        best = sorted(scores.items(), key=lambda score: -score[1])[:10]
        return ", ".join(f"{name} {score}" for name, score in best) or "Nobody has scored."
