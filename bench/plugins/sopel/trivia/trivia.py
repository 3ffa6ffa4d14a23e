"""!trivia, with questions that a model thinks up."""

import logging
from threading import Lock, Timer

from openai import OpenAI
from pydantic import BaseModel
from sopel import plugin
from sopel.bot import Sopel, SopelWrapper
from sopel.config.types import StaticSection, ValidatedAttribute
from sopel.trigger import Trigger

LOGGER = logging.getLogger(__name__)
SECONDS = 60
BUSY, LOCK = Lock(), Lock()


class Question(BaseModel):
    question: str
    answer: str


class TriviaSection(StaticSection):
    url = ValidatedAttribute("url", default="https://api.openai.com/v1")
    key = ValidatedAttribute("key", default="none")
    model = ValidatedAttribute("model", default="gpt-5-mini")


def setup(bot: Sopel) -> None:
    bot.config.define_section("trivia", TriviaSection)
    bot.memory["trivia"] = None


def think(settings: TriviaSection) -> Question:
    answer = OpenAI(base_url=settings.url, api_key=settings.key, max_retries=0).chat.completions.parse(
        model=settings.model,
        messages=[{"role": "user", "content": "A trivia question with a short answer."}],
        response_format=Question,
    )
    return answer.choices[0].message.parsed


def end(bot: SopelWrapper, question: Question) -> bool:
    with LOCK:
        if bot.memory["trivia"] is not question:
            return False
        bot.memory["trivia"] = None
        BUSY.release()
        return True


def run_out(bot: SopelWrapper, question: Question) -> None:
    if end(bot, question):
        bot.say(f"Time is up. It was {question.answer}.")


@plugin.command("trivia")
def trivia(bot: SopelWrapper, trigger: Trigger) -> None:
    """Begin a round."""
    if not BUSY.acquire(blocking=False):
        bot.say("A round is already on.")
        return
    try:
        question = think(bot.config.trivia)
        bot.say(question.question)
        bot.memory["trivia"] = question
        timer = Timer(SECONDS, run_out, (bot, question))
        timer.daemon = True
        timer.start()
    except Exception:
        LOGGER.exception("trivia")
        BUSY.release()
        bot.say("I can think of no question now.")


@plugin.command("scores")
def scores(bot: SopelWrapper, trigger: Trigger) -> None:
    """The best players."""
    best = sorted(bot.db.get_plugin_value("trivia", "scores", {}).items(), key=lambda score: -score[1])[:10]
    bot.say(", ".join(f"{name} {score}" for name, score in best) or "Nobody has scored.")


@plugin.rule(r".+")
def guess(bot: SopelWrapper, trigger: Trigger) -> None:
    question, name = bot.memory["trivia"], str(trigger.nick)
    if question and trigger.strip().casefold() == question.answer.casefold() and end(bot, question):
        scores = bot.db.get_plugin_value("trivia", "scores", {})
        scores[name] = scores.get(name, 0) + 1
        bot.db.set_plugin_value("trivia", "scores", scores)
        bot.say(f"{name} is right: {question.answer}. Score: {scores[name]}")
