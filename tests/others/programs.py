"""HTTP servers as processes of this test run: other people's, and our own as its users start it."""

from __future__ import annotations

import contextlib
import http.client
import sys
from pathlib import Path
from typing import Self

from tests.others import installs
from tests.real.servers.program import Command, Program

KEY = "sk-of-these-tests"


class HttpProgram(Program):
    """A program that is up when it answers a GET of *probe*, with whatever status."""

    def __init__(self, name: str, command: Command, probe: str, variables: dict[str, str] | None = None) -> None:
        super().__init__(name, command, variables)
        self._probe = probe

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def printed(self) -> str:
        """All that it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def base_url(self) -> str:
        """For clients of OpenAI's API."""
        return f"{self.url}/v1"

    @classmethod
    def of_python(cls, name: str, library: Path, arguments: list[str], probe: str) -> Self:
        """A module of *library*, which gets ``-h`` and ``-p`` at the end of its *arguments*."""

        def command(_folder: Path, port: int) -> list[str]:
            return [*installs.bare_python(), "-m", *arguments, "-h", "127.0.0.1", "-p", str(port)]

        return cls(name, command, probe, {"PYTHONPATH": str(library), "PYTHONUNBUFFERED": "1"})

    def _greets(self) -> bool:
        link = http.client.HTTPConnection(self.host, self.port, timeout=3)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(link):
            link.request("GET", self._probe)
            return link.getresponse().status > 0
        return False


def mudbot_serve(*options: str) -> HttpProgram:
    """Our server, as its users start it; not started yet."""

    def command(folder: Path, port: int) -> list[str]:
        return [sys.executable, "-m", "mudbot", "serve", "--port", str(port), "--data", str(folder), *options]

    # The folder that it starts in is an empty one: it must find itself nevertheless.
    variables = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "MUDBOT_SERVE_KEY": ""}
    return HttpProgram("mudbot-serve", command, "/v1/models", variables)


def steady(document: str) -> HttpProgram:
    """A server that checks each request against the OpenAPI *document*, prints a verdict a line, and answers."""
    program = installs.steady()
    # Arrays and objects in queries and forms as OpenAI's own clients write them, and as its tests ask steady for.
    formats = [f"--validator-{part}-format=brackets" for part in ("query-array", "form-array", "query-object")]

    def command(_folder: Path, port: int) -> list[str]:
        where = ["--host", "127.0.0.1", "-p", str(port)]
        return [str(program), *where, "--log-format", "json", *formats, "--validator-form-object-format=brackets"]

    return HttpProgram("steady", lambda folder, port: [*command(folder, port), document], "/_x-steady/health")


def llmock(*options: str) -> HttpProgram:
    """The server that judges its clients."""
    arguments = ["llmock.cli", "serve", "--log-level", "warning", *options]
    return HttpProgram.of_python("llmock", installs.llmock(), arguments, "/health")


def aimock(fixtures: str, folder: Path) -> HttpProgram:
    """The server that causes trouble on request; *fixtures* is the JSON of what it says to what."""
    script = installs.aimock()
    said = folder / "fixtures.json"
    said.write_text(fixtures, encoding="utf-8")

    def command(_folder: Path, port: int) -> list[str]:
        where = ["-h", "127.0.0.1", "-p", str(port)]
        return ["node", str(script), *where, "-f", str(said), "--log-level", "warn"]

    return HttpProgram("aimock", command, "/health")
