"""How soon the character speaks: from a line on the wire to the first spoken words on the wire.

The model is a server that writes a token every so often, as fast as a small model on two cores, and says when it had
written its first sentence; the rest is the bot: hearing, the local filter over the question and over the sentence,
memory, the prompt, the check, the gate, the outbox, and the tavern that carries the words to a guest.  Nobody waits for
fingers: ``typing`` is 0.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from pathlib import Path
from statistics import median

from aiohttp import web

from mudbot.app import App
from mudbot.config import load
from tests.loopback import Loopback

LINES = 20
BAR = 0.050
"""Seconds that the bot may add to the model's own."""
TOKEN = 0.06
"""Seconds a token."""
ANSWERS = (
    "Rice wine is five coppers a bowl , friend . Sit down by the stove and warm your hands . Lan will bring it .",
    "The ferry is at the landing below the street . Wu rows it from dawn until dusk .",
    "I have a warm room upstairs for thirty coppers a night . Rest well there , friend .",
)


class Api(Loopback):
    """An API that writes slowly and notes how long its first sentence took."""

    def __init__(self) -> None:
        self.took: asyncio.Queue[float] = asyncio.Queue()
        self._asked = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        began, body = time.perf_counter(), await request.json()
        if not request.path.endswith("completions"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [{"index": at, "embedding": [float(len(text)), 1.0]} for at, text in enumerate(texts)]
            return web.json_response({"data": data})
        if not body.get("stream"):
            return web.json_response({"choices": [{"text": "-", "message": {"content": "-"}}]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chat, told = request.path.endswith("chat/completions"), False
        self._asked += 1
        for token in re.findall(r"\s?\S+", ANSWERS[self._asked % len(ANSWERS)]):
            await asyncio.sleep(TOKEN)
            text = token.strip() if token.strip() in ",." else token
            choice = {"index": 0, **({"delta": {"content": text}} if chat else {"text": text})}
            if text == "." and not told:
                told = True
                self.took.put_nowait(time.perf_counter() - began)
            await response.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


async def measure(endpoint: str, *, filtered: bool = True) -> tuple[list[float], list[float]]:
    """Seconds to the first words of each answer, and those that the model itself took for its first sentence."""
    api = Api()
    url = await api.start()
    words: list[float] = []
    sentences: list[float] = []
    moderation = ", moderation: {only: local}" if filtered else ""
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            f"api={{base_url: '{url}', models: {{dialogue: {{name: x, endpoint: {endpoint}}}}}}}",
            "sessions=[{host: tavern, login: {name: Chen, password: secret}, speech: {typing: 0}}]",
            f"plugins={{dialogue: {{answers: 1000, wary: false}}{moderation}}}",
            f"store={Path(folder) / 'data'}",
            "web.port=0",
        ]
        app = App(load(None, overrides=lines, environ={}))
        await app.start()
        assert app.tavern is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", app.tavern.port)
        heard: asyncio.Queue[float] = asyncio.Queue()
        reading = asyncio.create_task(_read(reader, heard))
        writer.write(b"Bob\r\nsecret\r\n")
        await asyncio.sleep(1.5)
        for number in range(LINES + 3):
            before = time.perf_counter()
            writer.write(f"say Chen, what of number {number}?\r\n".encode())
            words.append(await heard.get() - before)
            sentences.append(await api.took.get())
            await asyncio.sleep(len(ANSWERS[0].split()) * TOKEN)  # until the answer is over
            while not heard.empty():
                heard.get_nowait()
        reading.cancel()
        writer.close()
        await app.stop()
    await api.close()
    return words[3:], sentences[3:]


async def _read(reader: asyncio.StreamReader, heard: asyncio.Queue[float]) -> None:
    while line := await reader.readline():
        if b"Chen says" in line:
            heard.put_nowait(time.perf_counter())


def main() -> None:
    """Print the figures."""
    for endpoint in ("chat", "completions"):
        words, sentences = asyncio.run(measure(endpoint))
        added = median(words) - median(sentences)
        what = f"first words said ({endpoint}, local filter)"
        print(
            f"{what:44} {median(words) * 1e3:8.0f} ms   {'the model itself':34} {median(sentences) * 1e3:8.0f} ms   "
            f"+{added * 1e3:5.1f} ms   bar +{BAR * 1e3:.0f} ms{'' if added <= BAR else '  MISSED'}"
        )


if __name__ == "__main__":
    main()
