"""What the innkeeper answers to ordinary guests: streamed, checked and moderated, by the embedded model.

    python -m bench.innkeeper [SET ...]

asks the questions of ``tests/local/data/innkeeper_questions.json``, each as a stranger's first words, and prints the
answers for somebody to judge: is each sensible, and the innkeeper's own?  ``refused`` is what the model wrote first and
the check did not let through.  Where they were judged is said in ``docs/talking.md``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mudbot.app import App
from mudbot.config import load
from mudbot.events import Speech
from mudbot.mind.character import Options
from mudbot.mind.speaking import joined

QUESTIONS = Path(__file__).parents[1] / "tests" / "local" / "data" / "innkeeper_questions.json"
GUESTS = {"en": "Mara", "zh": "林风"}
PERSONAS = {"en": "innkeeper", "zh": "innkeeper-zh"}


async def ask(app: App, number: int, language: str, question: str) -> str:
    """The answer as it would be said, and where it came from."""
    speech = Speech("say", GUESTS[language], question, at=app.clock.now())
    options, said, sources = Options(memory=False), [], set()
    async for part in app.characters[number].speak(speech, app.sessions[number].room.current, options):
        said.append(part.text)
        sources.add(f"[{part.source}{': ' + part.why if part.why else ''}]")
    return f"{joined(said)}  {' '.join(sorted(sources))}"


async def run(languages: Sequence[str], questions: dict[str, list[str]]) -> None:
    """Ask all *questions* of both innkeepers and print what they say."""
    with tempfile.TemporaryDirectory() as folder:
        sessions: list[dict[str, Any]] = [
            {
                "host": "tavern",
                "name": language,
                "language": language,
                "character": PERSONAS[language],
                "login": {"name": "Chen" if language == "en" else "老陈", "password": "drunken-crane"},
            }
            for language in languages
        ]
        plugins = "plugins={dialogue: null, moderation: null}"
        lines = ["api.base_url=embedded", f"sessions={json.dumps(sessions)}", plugins, f"store={folder}", "web.port=0"]
        app = App(load(None, overrides=lines, environ={}))
        await app.start()
        try:
            if app.warmed is not None:
                await app.warmed
            for number, language in enumerate(languages):
                for question in questions[language]:
                    print(f"Q {question}\nA {await ask(app, number, language, question)}", flush=True)
        finally:
            await app.stop()


def main() -> None:
    """Ask the sets named on the command line, all without."""
    sets: dict[str, dict[str, list[str]]] = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    for name in sys.argv[1:] or sets:
        print(f"== {name}")
        asyncio.run(run(list(sets[name]), sets[name]))


if __name__ == "__main__":
    main()
