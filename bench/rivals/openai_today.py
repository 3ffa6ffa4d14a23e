"""openai-python of today against the loopback server: a program in an environment of its own.

``openai_today.py BASE_URL``.  Each line on standard input, ``CONCURRENCY SECONDS``, is one round; the answer is a line
of JSON: ``calls``, ``seconds``, ``median`` and ``processor`` (both seconds a call).
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from statistics import median
from typing import Any


async def measure(client: Any, concurrency: int, seconds: float) -> dict[str, float]:
    """One round of *seconds* with *concurrency* calls in flight."""
    took: list[float] = []
    used, began = time.process_time(), time.perf_counter()
    until = began + seconds

    async def loop() -> None:
        while (before := time.perf_counter()) < until:
            await client.chat.completions.create(
                model="bench",
                messages=[{"role": "user", "content": "Good evening! What do you have to drink?"}],
                temperature=0.7,
                max_tokens=16,
            )
            took.append(time.perf_counter() - before)

    await asyncio.gather(*(loop() for _ in range(concurrency)))
    lasted, used = time.perf_counter() - began, time.process_time() - used
    return {"calls": len(took), "seconds": lasted, "median": median(took), "processor": used / len(took)}


async def main(base_url: str) -> None:
    """Do the rounds that are asked for."""
    openai = importlib.import_module("openai")  # not a package of this project's environment
    async with openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        for line in sys.stdin:
            concurrency, seconds = line.split()
            print(json.dumps(await measure(client, int(concurrency), float(seconds))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
