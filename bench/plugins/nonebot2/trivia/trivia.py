"""!trivia, with questions that a model thinks up."""

import asyncio
import json

from nonebot import get_plugin_config, logger, on_command, require
from nonebot.adapters.onebot.v11 import MessageEvent
from openai import AsyncOpenAI
from pydantic import BaseModel

require("nonebot_plugin_localstore")
require("nonebot_plugin_waiter")
from nonebot_plugin_localstore import get_plugin_data_file
from nonebot_plugin_waiter import waiter


class Config(BaseModel):
    trivia_url: str = "https://api.openai.com/v1"
    trivia_key: str = "none"
    trivia_model: str = "gpt-5-mini"


class Question(BaseModel):
    question: str
    answer: str


SECONDS = 60
config = get_plugin_config(Config)
trivia, scores = on_command("trivia"), on_command("scores")
scores_file = get_plugin_data_file("scores.json")
playing = asyncio.Lock()


def load() -> dict[str, int]:
    return json.loads(scores_file.read_text()) if scores_file.exists() else {}


async def think() -> Question:
    async with AsyncOpenAI(base_url=config.trivia_url, api_key=config.trivia_key, max_retries=0) as client:
        answer = await client.chat.completions.parse(
            model=config.trivia_model,
            messages=[{"role": "user", "content": "A trivia question with a short answer."}],
            response_format=Question,
        )
    return answer.choices[0].message.parsed


@trivia.handle()
async def _():
    if playing.locked():
        await trivia.finish("A round is already on.")
    async with playing:
        try:
            question = await think()
        except Exception:
            logger.exception("trivia")
            await trivia.finish("I can think of no question now.")

        @waiter(waits=["message"], block=False)
        async def winner(event: MessageEvent):
            if event.get_plaintext().strip().casefold() == question.answer.casefold():
                return event.sender.nickname

        name = await winner.wait(question.question, timeout=SECONDS)
        if name is None:
            await trivia.finish(f"Time is up. It was {question.answer}.")
        points = load()
        points[name] = points.get(name, 0) + 1
        scores_file.write_text(json.dumps(points))
        await trivia.finish(f"{name} is right: {question.answer}. Score: {points[name]}")


@scores.handle()
async def _():
    best = sorted(load().items(), key=lambda score: -score[1])[:10]
    await scores.finish(", ".join(f"{name} {score}" for name, score in best) or "Nobody has scored.")
