"""A proxy between the bot and its MUD that does to a link what networks do."""

from __future__ import annotations

import asyncio
import contextlib

from tests.real.relay import Relay, end


class Chaos(Relay):
    """Passes on what the MUD says byte by byte, and resets a link after so many of them."""

    def __init__(self, target_host: str, target_port: int) -> None:
        super().__init__(target_host, target_port)
        self.slices = True
        """Whether each byte travels alone."""
        self.resets: list[int] = []
        """After how many bytes from the MUD each next link is reset; links after these are left alone."""
        self.passed = 0
        """Bytes from the MUD that went through."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        task = asyncio.current_task()
        if task in self._links:
            self._links[task] = (writer, far_writer)
        left = self.resets.pop(0) if self.resets else None
        back = asyncio.create_task(self._pass(reader, far_writer))
        try:
            await self._slowly(far_reader, writer, left)
        finally:
            end(writer, reset=left is not None)
            far_writer.close()
            back.cancel()

    async def _slowly(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                step = 1 if self.slices or left is not None else len(data)
                for at in range(0, len(data), step):
                    if left is not None and left <= 0:
                        return
                    sink.write(data[at : at + step])
                    self.passed += min(step, len(data) - at)
                    await sink.drain()
                    await asyncio.sleep(0)  # the other end reads it alone
                    left = None if left is None else left - step
