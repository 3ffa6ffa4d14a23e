from threading import Lock

from errbot import BotPlugin, botcmd, botmatch
from openai import OpenAI
from pydantic import BaseModel


class Question(BaseModel):
    question: str
    answer: str


class Trivia(BotPlugin):
    """Asks questions that a model thinks up."""

    SECONDS = 60

    def activate(self):
        super().activate()
        self.busy, self.lock, self.question = Lock(), Lock(), None

    def get_configuration_template(self):
        return {"URL": "https://api.openai.com/v1", "KEY": "none", "MODEL": "gpt-5-mini"}

    def configure(self, configuration):
        super().configure(configuration or self.get_configuration_template())

    @botcmd
    def trivia(self, msg, args):
        """Begin a round."""
        if not self.busy.acquire(blocking=False):
            return "A round is already on."
        try:
            self.question = self.think()
        except Exception:
            self.log.exception("trivia")
            self.busy.release()
            return "I can think of no question now."
        where = msg.to if msg.is_group else msg.frm
        self.start_poller(self.SECONDS, self.run_out, times=1, args=(where, self.question))
        return self.question.question

    def think(self) -> Question:
        client = OpenAI(base_url=self.config["URL"], api_key=self.config["KEY"], max_retries=0)
        answer = client.chat.completions.parse(
            model=self.config["MODEL"],
            messages=[{"role": "user", "content": "A trivia question with a short answer."}],
            response_format=Question,
        )
        return answer.choices[0].message.parsed

    def end(self, question: Question) -> bool:
        with self.lock:
            if self.question is not question:
                return False
            self.question = None
            self.busy.release()
            return True

    def run_out(self, where, question):
        if self.end(question):
            self.send(where, f"Time is up. It was {question.answer}.")

    @botcmd
    def scores(self, msg, args):
        """The best players."""
        best = sorted(self.get("scores", {}).items(), key=lambda score: -score[1])[:10]
        return ", ".join(f"{name} {score}" for name, score in best) or "Nobody has scored."

    @botmatch(r".+")
    def guess(self, msg, match):
        question, name = self.question, msg.frm.nick
        if question and match[0].strip().casefold() == question.answer.casefold() and self.end(question):
            with self.mutable("scores", {}) as scores:
                scores[name] = scores.get(name, 0) + 1
            return f"{name} is right: {question.answer}. Score: {scores[name]}"
