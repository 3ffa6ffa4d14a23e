"""A quiz: !trivia dragons has the model think of a question, who answers first has a point; !scores counts them.

plugins:
  trivia:
    permissions: {budget: 0.50}    # USD a day
"""

from dataclasses import dataclass

from mudbot import ApiError, Command, NoAnswer, Plugin, Rest, Speech, command


@dataclass(frozen=True)
class Quiz:
    question: str
    answer: str

    def __post_init__(self) -> None:
        if not self.answer.strip():
            raise ValueError("the answer is missing")  # the model is told, and asked once more


class Trivia(Plugin):
    concurrency = 2  # !scores works while a question is open
    open = False
    texts = """
    en: {task: "A quiz question about {topic} and its answer: one word.", won: "{answer}! {who} has {points} now.",
         lost: "Nobody? It was {answer}.", failed: "I know no question.", busy: "One at a time!", none: "Nobody yet."}
    zh: {task: "出一道关于{topic}的题，附答案：一个词，题里没有的。", won: "{answer}！{who}得一分，共 {points} 分。",
         lost: "没人知道？是{answer}。", failed: "一时想不出题来。", busy: "一题一题来！", none: "还没有人得分。"}
    """

    @command("trivia", "问答", zh="出一道题，先答对的得一分")
    async def ask(self, command: Command, topic: Rest = "heaven and earth") -> str:
        """a question; who answers it first has a point"""
        if self.open:
            return self.t("busy")
        self.open = True
        try:
            quiz = await self.ai.chat(self.t("task", topic=topic), into=Quiz, speaker=command)
            await self.mud.reply(command, quiz.question)
            said = await self.mud.wait_for_speech(lambda said: right(said, quiz, command.speech), timeout=60)
        except NoAnswer:
            return self.t("lost", answer=quiz.answer)
        except ApiError:
            return self.t("failed")
        finally:
            self.open = False
        return self.t("won", answer=quiz.answer, who=said.speaker, points=await self.store.add(said.speaker or "?"))

    @command("scores", "得分", zh="谁得了几分")
    async def scores(self) -> str:
        """who has how many points"""
        best = sorted((await self.store.items()).items(), key=lambda each: -each[1])[:5]
        return ", ".join(f"{who}: {points}" for who, points in best) or self.t("none")


def right(said: Speech, quiz: Quiz, asked: Speech) -> bool:
    here = (said.kind, said.channel) == (asked.kind, asked.channel)
    return here and quiz.answer.casefold() in (said.text or "").casefold()
