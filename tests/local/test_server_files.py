"""Uploads to the embedded server: forms of every kind of brokenness, bounds, expiry, what a killed server left."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudbot.local.server import Room
from tests.local.server_fakes import Answer, Client, FakeClock, FakeModel, fake_parts, serving

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
END = b"--b--\r\n"

# aiohttp warns of what a client wrote into the head of a part; outside of tests the server keeps that to itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader"),
    pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionParam"),
]


def part(head: bytes, body: bytes = b"x") -> bytes:
    """One part of a form whose boundary is ``b``."""
    return b"--b\r\n" + head + b"\r\n\r\n" + body + b"\r\n"


def field(name: str, text: str) -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"'.encode(), text.encode())


PURPOSE = field("purpose", "vision")


async def send(client: Client, body: bytes, path: str = "/files") -> Answer:
    return await client.ask("POST", path, data=body, headers=FORM)


async def stored(client: Client) -> list[str]:
    """The names of all files, oldest first."""
    return [file["filename"] for file in (await client.get("/files?order=asc")).json["data"]]


BROKEN = {
    "nothing": b"",
    "only an end": END,
    "bytes": b"\x00\xff" * 1000,
    "cut off in the file": PURPOSE + part(FILE)[:-3],
    "cut off in a head": PURPOSE + b"--b\r\n" + FILE,
    "no end": PURPOSE + part(FILE),
    "no colon in a head": PURPOSE + part(FILE + b"\r\nno colon") + END,
    "a head of 100 KB": PURPOSE + part(FILE + b"\r\nX: " + b"y" * 100_000) + END,
    "5000 heads": PURPOSE + part(FILE + b"".join(b"\r\nX%d: y" % number for number in range(5000))) + END,
    "NUL in a head": PURPOSE + part(FILE + b"\r\nX: \x00") + END,
    "no name": PURPOSE + part(b"X: y") + END,
    "a form in the form": PURPOSE + part(FILE + b"\r\nContent-Type: multipart/mixed; boundary=c", b"--c--") + END,
    "no base64": PURPOSE + part(FILE + b"\r\nContent-Transfer-Encoding: base64", b"!!===a") + END,
    "an unknown encoding": PURPOSE + part(FILE + b"\r\nContent-Transfer-Encoding: rot13") + END,
    "two files": PURPOSE + part(FILE) + part(FILE) + END,
    "a name with half a bracket": PURPOSE + field("a[b", "x") + part(FILE) + END,
    "a name that is text and object": PURPOSE + field("a", "x") + field("a[b]", "x") + part(FILE) + END,
    "two purposes": PURPOSE + PURPOSE + part(FILE) + END,
    "a purpose that is no text": part(b'Content-Disposition: form-data; name="purpose"', b"\xff") + part(FILE) + END,
    "65 parts": PURPOSE + field("x", "y") * 64 + part(FILE) + END,
    "an expiry that is no object": PURPOSE + field("expires_after", "x") + part(FILE) + END,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_a_broken_form_is_refused_and_leaves_nothing(body: bytes, tmp_path: Path) -> None:
    """Each is the client's own fault (400), also where the file itself had come already."""
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        answer = await send(client, body)
        assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
        assert await stored(client) == []
    assert list((tmp_path / "files").glob("*")) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_no_form_breaks_the_server(data: st.DataObject) -> None:
    """A good form with some bytes changed or cut out is taken, or refused in OpenAI's shape; never a 5xx."""
    body = bytearray(PURPOSE + field("expires_after[seconds]", "3600") + part(FILE, b"content") + END)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        if data.draw(st.booleans()):
            body[at] = data.draw(st.integers(0, 255))
        else:
            del body[at : at + data.draw(st.integers(1, 15))]
    async with serving(fake_parts(FakeModel()), load=False) as client:
        for path in ("/files", "/images/edits"):
            answer = await send(client, bytes(body), path)
            assert answer.status == 200 or (answer.error and answer.status in (400, 413)), answer.text


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'form-data; name="file"; filename="../../etc/passwd"', "../../etc/passwd"),
        (b'form-data; name="file"; filename="C:\\\\a\\\\b.txt"', "C:\\a\\b.txt"),
        ('form-data; name="file"; filename="画 ☂.txt"'.encode(), "画 ☂.txt"),
        (b"form-data; name=\"file\"; filename*=UTF-8''%E7%94%BB%0a", "画\n"),
        (b'form-data; name="file"; filename="\xff\xfe"', "??"),
        (b'form-data; name="file"', "file"),
        (b'form-data; name="file"; filename=""', "file"),
    ],
)
async def test_a_name_is_shown_as_it_is_and_never_a_path(head: bytes, name: str, tmp_path: Path) -> None:
    """Whatever it is called, it lies in the data folder under the server's own id; without a name it is ``file``."""
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        made = (await send(client, PURPOSE + part(b"Content-Disposition: " + head, b"content") + END)).json
        content = await client.get(f"/files/{made['id']}/content")
        assert (content.text, made["filename"], await stored(client)) == ("content", name, [name])
    assert [path.name for path in (tmp_path / "files").iterdir()] == [f"{made['id']}.bin"]
    assert "\n" not in content.headers["Content-Disposition"]
    assert content.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize("name", ["..%2f..%2fserver.sqlite3", "%00", "%ed%a0%80", "x" * 5000, "file-1' OR '1'='1"])
async def test_an_id_that_is_none_of_ours_gives_nothing(name: str, tmp_path: Path) -> None:
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        await send(client, PURPOSE + part(FILE) + END)
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            answer = await client.ask(method, f"{client.server.base_url}/files/{name}{path}")
            assert (answer.status, answer.error["code"]) == (404, "file_not_found")
        assert len(await stored(client)) == 1


async def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """A client who hangs up in the middle of his file."""

    async def half() -> object:
        yield PURPOSE + b"--b\r\n" + FILE + b"\r\n\r\n" + b"x" * 3_000_000
        sent.set()
        await asyncio.Event().wait()

    sent = asyncio.Event()
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        upload = asyncio.create_task(client.ask("POST", "/files", data=half(), headers=FORM))
        await sent.wait()
        async with asyncio.timeout(10):
            while not list((tmp_path / "files").glob("*.part")):  # noqa: ASYNC110 -- a disk tells no event
                await asyncio.sleep(0.01)
            upload.cancel()
            await asyncio.wait([upload])
            while list((tmp_path / "files").glob("*")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await stored(client) == []


async def test_the_room_for_files_is_bounded() -> None:
    """In number and in bytes; deleting makes room again."""
    content = part(FILE, b"x" * 400)
    async with serving(fake_parts(FakeModel()), room=Room(files=2)) as client:
        made = [await send(client, PURPOSE + content + END) for _ in range(3)]
        assert [answer.status for answer in made] == [200, 200, 413]
        assert (made[2].error["code"], "DELETE" in made[2].error["message"]) == ("storage_full", True)
        await client.ask("DELETE", f"/files/{made[0].json['id']}")
        assert (await send(client, PURPOSE + content + END)).status == 200
    async with serving(fake_parts(FakeModel()), room=Room(all_bytes=1000)) as client:
        assert [(await send(client, PURPOSE + content + END)).status for _ in range(3)] == [200, 200, 413]
    async with serving(fake_parts(FakeModel()), room=Room(file_bytes=399)) as client:
        refused = await send(client, PURPOSE + content + END)
        assert (refused.status, refused.error["code"]) == (413, "file_too_large")


async def test_a_file_expires_when_it_was_told_to(tmp_path: Path) -> None:
    """``expires_after`` counts from the upload; then file and bytes are gone."""
    clock = FakeClock()
    expiry = field("expires_after[anchor]", "created_at") + field("expires_after[seconds]", "3600")
    async with serving(fake_parts(FakeModel(), clock), data=tmp_path) as client:
        made = (await send(client, PURPOSE + expiry + part(FILE) + END)).json
        assert made["expires_at"] == made["created_at"] + 3600
        clock.time += 3599
        assert (await client.get(f"/files/{made['id']}")).status == 200
        clock.time += 1
        assert (await client.get(f"/files/{made['id']}")).status == 404
        soon = field("expires_after[anchor]", "created_at") + field("expires_after[seconds]", "10")
        assert (await send(client, PURPOSE + soon + part(FILE) + END)).error["param"] == "expires_after.seconds"
    assert list((tmp_path / "files").iterdir()) == []


async def test_what_a_killed_server_left_is_removed_after_a_day(tmp_path: Path) -> None:
    """Drafts and bytes that belong to no file; a young one may be another server's that is writing it."""
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        made = (await send(client, PURPOSE + part(FILE) + END)).json["id"]
    old, young = tmp_path / "files" / "draft-old.part", tmp_path / "files" / "draft-young.part"
    clock = FakeClock()
    for path, age in ((old, 2 * 86_400), (young, 60), (tmp_path / "files" / f"{made}.bin", 2 * 86_400)):
        path.write_bytes(b"x")
        os.utime(path, (clock.wall() - age, clock.wall() - age))
    async with serving(fake_parts(FakeModel(), clock), data=tmp_path) as client:
        assert (await client.get(f"/files/{made}")).status == 200
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["draft-young.part", f"{made}.bin"]


async def test_part_of_a_file_can_be_fetched() -> None:
    """A download that broke off goes on where it stopped (RFC 9110, 14)."""
    async with serving(fake_parts(FakeModel())) as client:
        made = (await send(client, PURPOSE + part(FILE, b"0123456789") + END)).json["id"]
        rest = await client.get(f"/files/{made}/content", headers={"Range": "bytes=4-"})
    assert (rest.status, rest.text) == (206, "456789")


async def test_a_damaged_data_folder_is_told_of(tmp_path: Path) -> None:
    """What the owner has to do is in the answer; what needs no files goes on."""
    (tmp_path / "server.sqlite3").write_bytes(b"no database at all" * 100)
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        answer = await client.get("/files")
        assert (answer.status, answer.error["code"]) == (503, "not_available")
        assert "move the file away" in answer.error["message"]
        assert (await client.post("/moderations", input="x")).status == 200


async def test_uploads_need_a_form() -> None:
    """JSON, and forms of other types, are refused with the type that is right."""
    async with serving(fake_parts(FakeModel())) as client:
        for sent in ("application/json", "multipart/mixed; boundary=b", "text/plain"):
            answer = await client.ask("POST", "/files", data=PURPOSE + END, headers={"Content-Type": sent})
            assert (answer.status, "multipart/form-data" in answer.error["message"]) == (415, True)
        for sent in (
            "multipart/form-data",
            'multipart/form-data; boundary=""',
            f"multipart/form-data; boundary={'z' * 99}",
        ):
            assert (
                await client.ask("POST", "/files", data=PURPOSE + END, headers={"Content-Type": sent})
            ).status == 400


async def test_many_uploads_at_once_are_all_kept(tmp_path: Path) -> None:
    """Two servers on one folder, as when a command runs beside `mudbot serve`: both see everything."""
    async with (
        serving(fake_parts(FakeModel()), data=tmp_path) as one,
        serving(fake_parts(FakeModel()), data=tmp_path) as other,
    ):
        body = PURPOSE + part(FILE, b"x" * 100_000) + END
        answers = await asyncio.gather(*(send(client, body) for client in (one, other) * 10))
        assert {(answer.status, answer.json["bytes"]) for answer in answers} == {(200, 100_000)}
        assert len(await stored(one)) == len(await stored(other)) == 20
