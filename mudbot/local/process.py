"""The event loop's side of the language model's process (see ``worker`` for what is said between them)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Self

import mudbot
from mudbot.errors import ApiError, BadRequestError, LocalError, ServerError
from mudbot.local.native import Chunk, Loaded, Settings

_LINE = 16 << 20
"""Bytes of one line: a chunk with log probabilities has kilobytes."""
_PATIENCE = 2.0
"""Seconds that the process gets to end by itself; it does so at once unless it is loading."""

_Item = Chunk | Exception | None


class ModelProcess:
    """A started and loaded worker.  Made by ``start``; ``close`` ends it."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Settings) -> None:
        self._process, self._settings = process, settings
        self._answers: dict[int, asyncio.Queue[_Item]] = {}
        self._numbers = 0
        self._said: deque[str] = deque(maxlen=5)
        self._tasks: list[asyncio.Task[None]] = []
        self._end: LocalError | None = None
        self.loaded = Loaded(settings.context, "")

    def __repr__(self) -> str:
        return f"<ModelProcess {self._process.pid}: {self._end or f'{self.waiting} asked'}>"

    @property
    def waiting(self) -> int:
        """Requests that it answers or that wait for it."""
        return len(self._answers)

    @property
    def ended(self) -> LocalError | None:
        """Why it is of no more use; None while it is."""
        return self._end

    @classmethod
    async def start(cls, settings: Settings) -> Self:
        """Start a process and wait until its model is loaded.  Raises LocalError if that fails."""
        # The child must find this very package, however this process was told where it is; at the end of the path,
        # where it shadows nothing.
        package = str(Path(mudbot.__file__).parent.parent)
        code = f"import sys; sys.path.append({package!r}); from mudbot.local.worker import main; main()"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE,
        )
        started = cls(process, settings)
        try:
            await started._begin()
        except BaseException:
            await started.close()
            raise
        return started

    async def _begin(self) -> None:
        self._tasks = [asyncio.create_task(self._overhear(), name="mudbot-llm-stderr")]
        self._write(self._settings.json())
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise await self._epitaph()
        message = json.loads(line)
        if "failed" in message:
            raise LocalError(message["failed"])
        self.loaded = Loaded(**message["loaded"])
        self._tasks.append(asyncio.create_task(self._read(), name="mudbot-llm-stdout"))

    async def run(self, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        """The chunks of one answer; leaving early stops it.  Raises ApiError, or LocalError when the process ended."""
        if self._end is not None:
            raise LocalError(str(self._end))
        self._numbers += 1
        number, answer = self._numbers, asyncio.Queue[_Item]()
        self._answers[number] = answer
        self._write({"id": number, "body": dict(body)})
        item: _Item = {}
        try:
            while (item := await answer.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            # Until its end is read it keeps its place in the line: the process may still be busy with it.
            if item is not None and number in self._answers:
                self._write({"stop": number})

    def _write(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # a line over the bound, or none of JSON: of no more use
            while line := await self._process.stdout.readline():
                message = json.loads(line)
                answer = self._answers.get(message["id"])
                if answer is None:
                    continue
                if "chunk" in message:
                    answer.put_nowait(message["chunk"])
                else:
                    del self._answers[message["id"]]
                    answer.put_nowait(_failure(message["end"]) if message["end"] else None)
        self._give_up(await self._epitaph())

    async def _overhear(self) -> None:
        """Keep the last lines that the library prints: they tell why it ended, if it does."""
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):
            while line := await self._process.stderr.readline():
                text = line.decode("utf-8", "replace").strip()
                self._said.append("".join(c if c.isprintable() else " " for c in text)[:200])

    async def _epitaph(self) -> LocalError:
        status = await self._exit()
        why = f"signal {-status}" if status < 0 else f"status {status}"
        last = f": {self._said[-1]}" if self._said else ""
        return LocalError(
            f"the language model's process ended ({why}{last}): it may need more memory than is free; "
            "choose a smaller model (`mudbot models list`) or free some"
        )

    def _give_up(self, reason: LocalError) -> None:
        self._end = self._end or reason
        for answer in self._answers.values():
            answer.put_nowait(LocalError(str(self._end)))
        self._answers.clear()

    async def close(self) -> None:
        """End the process: what it answers ends with LocalError."""
        self._give_up(LocalError("the embedded server is stopping"))
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._exit()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _exit(self) -> int:
        """The process's exit status; it is killed if it does not end by itself."""
        try:
            # Not killed at once: kill() looks first whether it has ended, and takes the status from asyncio's watcher.
            return await asyncio.wait_for(self._process.wait(), _PATIENCE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()


def _failure(end: Mapping[str, Any]) -> ApiError:
    if end["status"] < 500:
        return BadRequestError(end["message"], status=end["status"], code="invalid_value")
    return ServerError(f"the language model failed: {end['message']}", status=500)
