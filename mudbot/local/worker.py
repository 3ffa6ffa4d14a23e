"""The language model's own process, started by ``process.ModelProcess``.

It speaks JSON lines.  The first line in is the ``Settings``; the first line out ``{"loaded": ...}`` or
``{"failed": reason}``.  Then ``{"id", "body"}`` asks, ``{"stop": id}`` ends an answer early; ``{"id", "chunk"}`` is a
piece, ``{"id", "end": null}`` or ``{"id", "end": {"message", "status"}}`` the end of one.  Requests are answered in
order.  When standard input ends, so does the process, in the middle of whatever it does: it never outlives its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from mudbot.errors import LocalError
from mudbot.local.native import Chunk, Native, Settings

_NICENESS = 5
"""The bot's own process comes first: a late answer is better than a late reaction to the MUD."""


class Worker:
    """Reads requests, writes answers."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._writing = threading.Lock()
        self._jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stops: dict[int, threading.Event] = {}

    def serve(self) -> None:
        """Load the model, then answer for ever."""
        settings = Settings(**json.loads(self._source.readline()))
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        try:
            native = Native.load(settings)
        except LocalError as error:
            self._say({"failed": str(error)})
            return
        self._say({"loaded": asdict(native.loaded)})
        while True:
            job = self._jobs.get()
            end = self._answer(native, job["id"], job["body"])
            del self._stops[job["id"]]
            self._say({"id": job["id"], "end": end})

    def _answer(self, native: Native, number: int, body: dict[str, Any]) -> dict[str, Any] | None:
        stop = self._stops[number]

        def take(chunk: Chunk) -> bool:
            if not stop.is_set():
                self._say({"id": number, "chunk": chunk})
            return stop.is_set()

        if stop.is_set():  # its reader left while it waited
            return None
        try:
            native.generate(body, take)
        except (ValueError, TypeError) as error:  # llama.cpp's word for a request that it does not understand
            return {"message": str(error), "status": 400}
        except Exception as error:  # noqa: BLE001 -- whatever the library throws must reach who asked
            return {"message": f"{type(error).__name__}: {error}", "status": 500}
        return None

    def _listen(self) -> None:
        for line in self._source:
            message = json.loads(line)
            if "stop" in message:
                if (stop := self._stops.get(message["stop"])) is not None:
                    stop.set()
            else:
                self._stops[message["id"]] = threading.Event()
                self._jobs.put(message)
        os._exit(0)

    def _say(self, message: dict[str, Any]) -> None:
        with self._writing:
            try:
                self._sink.write(json.dumps(message).encode() + b"\n")
                self._sink.flush()
            except OSError:  # nobody listens any more
                os._exit(0)


def main() -> None:
    """Run the worker on this process's standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):  # some sandboxes forbid it
            os.nice(_NICENESS)
    # Where memory runs out, Linux should end this process and not the bot.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints must not get between the lines
    Worker(sys.stdin.buffer, sink).serve()
    os._exit(0)  # without the interpreter's farewell, which the thread that waits for input would spoil
