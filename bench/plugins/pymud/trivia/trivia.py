"""!trivia, with questions that a model thinks up."""

import asyncio
import re

from openai import AsyncOpenAI
from pydantic import BaseModel
from pymud import IConfig, Session, Trigger, trigger


class Question(BaseModel):
    question: str
    answer: str


class Trivia(IConfig):
    SECONDS = 60

    def __init__(self, session: Session, *args, **kwargs):
        super().__init__(session, *args, **kwargs)
        self.round = asyncio.Lock()

    def say(self, text: str):
        self.session.writeline("say " + " ".join(text.replace(";", ",").split()))

    @trigger(r"^\w+ says: !trivia$")
    async def trivia(self, id: str, line: str, wildcards: list[str]):
        if self.round.locked():
            return self.say("A round is already on.")
        async with self.round:
            try:
                question = await self.think()
            except Exception:
                return self.say("I can think of no question now.")
            pattern = rf"^(\w+) says: {re.escape(question.answer)}$"
            right = Trigger(self.session, pattern, ignoreCase=True, keepEval=True, oneShot=True)
            self.say(question.question)
            try:
                name = (await asyncio.wait_for(right.triggered(), self.SECONDS)).wildcards[0]
            except TimeoutError:
                self.session.delTrigger(right)
                return self.say(f"Time is up. It was {question.answer}.")
            scores = self.session.getVariable("scores", {})
            scores[name] = scores.get(name, 0) + 1
            self.session.setVariable("scores", scores)
            self.say(f"{name} is right: {question.answer}. Score: {scores[name]}")

    async def think(self) -> Question:
        get = self.session.getVariable
        async with AsyncOpenAI(base_url=get("model_url"), api_key=get("model_key", "none"), max_retries=0) as client:
            answer = await client.chat.completions.parse(
                model=get("model", "gpt-5-mini"),
                messages=[{"role": "user", "content": "A trivia question with a short answer."}],
                response_format=Question,
            )
        return answer.choices[0].message.parsed

    @trigger(r"^\w+ says: !scores$")
    def scores(self, id: str, line: str, wildcards: list[str]):
        best = sorted(self.session.getVariable("scores", {}).items(), key=lambda score: -score[1])[:10]
        self.say(", ".join(f"{name} {score}" for name, score in best) or "Nobody has scored.")
