"""What hostile or unlucky clients of the embedded server sent it: bodies, forms and pictures that it must live with."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from PIL import Image

from mudbot.cli.serve import command
from mudbot.errors import LocalError
from mudbot.local.painter import paint
from mudbot.local.server.retouch import opened, paintable
from tests.local.server_fakes import FakeModel, fake_parts, serving


def form(**fields: bytes | str) -> aiohttp.FormData:
    """A multipart body; bytes are files."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value, filename=f"{name}.bin" if isinstance(value, bytes) else None)
    return data


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def marked(text: bytes) -> bytes:
    """A PNG whose mark says *text*."""
    chunk = b"iTXtmudbot\0\0\0\0\0" + text
    plain = png(Image.new("RGB", (64, 64)))
    return plain[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[33:]


@pytest.mark.parametrize(
    "text", [b'{"prompt":"lake","seed":Infinity}', b"[" * 30_000, b"[1]", b'{"prompt":1,"seed":"x"}'], ids=range(4)
)
async def test_a_forged_mark_is_no_mark(text: bytes) -> None:
    """A picture whose mark cannot be read is varied as a foreign one."""
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        answer = await client.ask("POST", "/images/variations", data=form(image=marked(text)))
    assert answer.status == 200
    assert "after the colours" in answer.json["data"][0]["revised_prompt"]


@pytest.mark.parametrize("size", [(1, 1), (64, 40), (1, 3000), (15_000, 1_000)])
@pytest.mark.parametrize("row", ["edits", "variations"])
async def test_pictures_of_any_shape_are_painted(size: tuple[int, int], row: str) -> None:
    """A shape that the painter cannot paint is no fault of the client's: an edit keeps it, a variation comes near."""
    fields: dict[str, bytes | str] = {"image": png(Image.new("RGBA", size)), "response_format": "b64_json"}
    fields |= {"prompt": "a lake"} if row == "edits" else {}
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        answer = await client.ask("POST", f"/images/{row}", data=form(**fields))
    assert answer.status == 200, answer.text
    made = Image.open(io.BytesIO(base64.b64decode(answer.json["data"][0]["b64_json"])))
    assert made.size == (size if row == "edits" else paintable(size))


def test_deep_greys_keep_their_shades() -> None:
    """A 16-bit grey picture is scaled to eight bits, not cut off at white."""
    deep = Image.frombytes("I;16", (3, 1), struct.pack("<3H", 0, 0x8080, 0xFFFF))
    image = opened(png(deep)).image
    assert image is not None
    assert list(image.convert("L").tobytes()) == [0, 128, 255]


def test_a_photo_stands_upright() -> None:
    """A photo that was taken sideways is seen as every viewer shows it."""
    exif = Image.Exif()
    exif[0x112] = 6
    out = io.BytesIO()
    Image.new("RGB", (64, 40)).save(out, "JPEG", exif=exif)
    assert opened(out.getvalue()).size == (40, 64)


@pytest.mark.parametrize("row", ["chat/completions", "moderations"])
async def test_half_a_surrogate_pair_is_refused(row: str) -> None:
    """JSON may carry half a surrogate pair, and nothing behind it can: the client is told, the model never asked."""
    model = FakeModel()
    body = b'{"model":"x","input":"\\uD800","messages":[{"role":"user","content":"\\uD800"}]}'
    async with serving(fake_parts(model)) as client:
        answer = await client.ask("POST", f"/{row}", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert "surrogate" in answer.error["message"]
    assert not model.asked


async def test_a_whole_surrogate_pair_is_a_letter() -> None:
    """What other languages' clients write of letters beyond U+FFFF is taken."""
    body = b'{"model":"x","messages":[{"role":"user","content":"\\ud83d\\ude00"}]}'
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.ask("POST", "/chat/completions", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200


async def test_a_body_that_is_not_encoded_as_it_says_is_the_clients_fault(caplog: pytest.LogCaptureFixture) -> None:
    """Content-Encoding: gzip before what is no gzip: 400, and no traceback of ours."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.ask("POST", "/chat/completions", data=b"{}", headers=headers)
    assert answer.status == 400
    assert answer.error["code"] == "invalid_body"
    assert not [record for record in caplog.records if record.name.startswith("mudbot") and record.exc_info]


async def test_an_upload_takes_no_tokens() -> None:
    """The bytes of a file do not use up the tokens a minute: the next request is answered."""
    async with serving(fake_parts(FakeModel()), tpm=1000) as client:
        sent = await client.ask("POST", "/files", data=form(purpose="batch", file=b"{}\n" * 20_000))
        after = await client.ask("POST", "/moderations", json={"input": "hi"})
    assert (sent.status, after.status) == (200, 200)


@pytest.mark.parametrize("inside", ["a", "a/b"])
def test_a_data_folder_that_cannot_be_is_said_at_the_start(tmp_path: Path, inside: str) -> None:
    """``mudbot serve --data`` below a file ends with the remedy, before it says that it serves."""
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(command, ["--port", "0", "--data", str(tmp_path / "file" / inside)])
    assert isinstance(result.exception, LocalError)
    assert "choose another folder" in str(result.exception)
    assert "http://" not in result.output
