"""Files, fine-tunes, edits, edited and varied pictures, limits and contract mode of the embedded server, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mudbot.local.painter import paint
from mudbot.local.server.filestore import Room
from mudbot.local.server.rates import Window, go_duration
from mudbot.local.server.training_data import numbered
from tests.local.server_fakes import Answer, Client, FakeClock, FakeModel, fake_parts, serving

GOOD = b'{"prompt": "a", "completion": "b"}\n' * 3
CHATS = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n' * 10


def form(**fields: Any) -> aiohttp.FormData:
    """A multipart body; bytes are files."""
    data = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(name, value, filename=f"{name}.bin")
        elif isinstance(value, tuple):
            data.add_field(name, io.BytesIO(value[1]), filename=value[0])
        else:
            data.add_field(name, str(value))
    return data


def names(folder: Path) -> list[str]:
    """Of all files in *folder*, however deep."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def upload(client: Client, content: bytes, name: str = "a.jsonl", purpose: str = "fine-tune") -> Answer:
    return await client.ask("POST", "/files", data=form(purpose=purpose, file=(name, content)))


async def ended(client: Client, path: str) -> dict[str, Any]:
    """The job once it has ended."""
    async with asyncio.timeout(10):
        while True:
            job: dict[str, Any] = (await client.get(path)).json
            if job["status"] in ("failed", "succeeded", "cancelled"):
                return job
            await asyncio.sleep(0.01)


# -- files ---------------------------------------------------------------------------------------------------------


async def test_a_file_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    """Also after a restart, under any name, and not after it was deleted."""
    name = "../../画 ☂.jsonl"
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        made = (await upload(client, GOOD, name)).json
    assert (made["object"], made["bytes"], made["filename"], made["status"]) == ("file", len(GOOD), name, "uploaded")
    assert made["id"].startswith("file-")
    assert not [name for name in names(tmp_path) if "画" in name]
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        at = f"/files/{made['id']}"
        assert (await client.get(at)).json == made
        content = await client.get(at + "/content")
        assert (content.text.encode(), content.headers["X-Content-Type-Options"]) == (GOOD, "nosniff")
        assert [file["id"] for file in (await client.get("/files")).json["data"]] == [made["id"]]
        assert (await client.ask("DELETE", at)).json == {"id": made["id"], "object": "file", "deleted": True}
        for gone in (await client.get(at), await client.get(at + "/content"), await client.ask("DELETE", at)):
            assert (gone.status, gone.error["code"]) == (404, "file_not_found")


async def test_files_are_listed_page_by_page() -> None:
    async with serving(fake_parts(FakeModel())) as client:
        ids = [(await upload(client, GOOD, f"{n}")).json["id"] for n in range(5)]
        first = (await client.get("/files?limit=2&order=asc")).json
        rest = (await client.get(f"/files?limit=9&order=asc&after={first['last_id']}")).json
        assert [file["id"] for file in first["data"] + rest["data"]] == ids
        assert (first["has_more"], rest["has_more"]) == (True, False)
        assert (await client.get("/files?purpose=vision")).json["data"] == []
        assert (await client.get("/files?limit=0")).error["param"] == "limit"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"purpose": "fine-tune"}, "file"),
        ({"file": GOOD}, "purpose"),
        ({"file": GOOD, "purpose": "decoration"}, "purpose"),
        ({"file": b"no json", "purpose": "fine-tune"}, "file"),
        ({"file": b"", "purpose": "fine-tune"}, "file"),
    ],
)
async def test_a_wrong_upload_is_named_and_leaves_nothing(fields: dict[str, Any], param: str, tmp_path: Path) -> None:
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        answer = await client.ask("POST", "/files", data=form(**fields))
        assert (answer.status, answer.error["param"]) == (400, param)
        assert (await client.get("/files")).json["data"] == []
    assert [name for name in names(tmp_path) if "sqlite" not in name] == []


async def test_an_upload_beyond_the_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mudbot.local.server.handlers.Room", lambda: Room(file_bytes=100))
    async with serving(fake_parts(FakeModel())) as client:
        answer = await upload(client, b"x" * 101, purpose="vision")
        assert answer.status == 413
        assert (await client.get("/files")).json["data"] == []


# -- fine-tunes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("root", "content"), [("/fine-tunes", GOOD), ("/fine_tuning/jobs", CHATS)])
async def test_a_good_job_is_validated_and_then_says_that_nothing_trains_here(root: str, content: bytes) -> None:
    async with serving(fake_parts(FakeModel())) as client:
        file = (await upload(client, content)).json["id"]
        made = (await client.post(root, training_file=file, model="curie", suffix="me")).json
        job = await ended(client, f"{root}/{made['id']}")
        events = (await client.get(f"{root}/{made['id']}/events")).json["data"]
    assert job["status"] == "failed"
    said = " ".join(event["message"] for event in events)
    assert "examples" in said
    assert "cannot train models" in said
    assert job["fine_tuned_model"] is None


async def test_bad_lines_are_named_one_by_one() -> None:
    content = CHATS + b'{"messages": []}\nnot json\n{"messages": [{"role": "nobody", "content": "x"}]}\n'
    async with serving(fake_parts(FakeModel())) as client:
        file = (await upload(client, content)).json["id"]
        made = (await client.post("/fine_tuning/jobs", training_file=file, model="m")).json
        job = await ended(client, f"/fine_tuning/jobs/{made['id']}")
        events = (await client.get(f"/fine_tuning/jobs/{made['id']}/events?limit=100")).json["data"]
    assert job["error"]["param"] == "training_file"
    faults = [event["message"] for event in events if event["message"].startswith("Line ")]
    assert sorted(fault.split(":")[0] for fault in faults) == ["Line 11", "Line 12", "Line 13"]


async def test_old_events_can_be_followed_to_the_end() -> None:
    async with serving(fake_parts(FakeModel())) as client:
        file = (await upload(client, GOOD)).json["id"]
        made = (await client.post("/fine-tunes", training_file=file)).json
        events = (await client.get(f"/fine-tunes/{made['id']}/events?stream=true")).events
    assert events[-1] == "[DONE]"
    assert "cannot train models" in events[-2]["message"]
    assert events[0]["message"].startswith("Created fine-tune")


async def test_a_job_can_be_cancelled_and_an_ended_one_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def held(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
        assert gate.wait(20)
        return numbered(lines)

    monkeypatch.setattr("mudbot.local.server.trainer.numbered", held)
    async with serving(fake_parts(FakeModel())) as client:
        file = (await upload(client, GOOD)).json["id"]
        jobs = [(await client.post("/fine-tunes", training_file=file)).json["id"] for _ in range(2)]
        assert (await client.ask("POST", f"/fine-tunes/{jobs[1]}/cancel")).json["status"] == "cancelled"
        gate.set()
        await ended(client, f"/fine-tunes/{jobs[0]}")
        again = await client.ask("POST", f"/fine-tunes/{jobs[0]}/cancel")
        assert (again.status, again.error["param"]) == (400, "id")


async def test_jobs_of_an_earlier_server_are_remembered_and_the_two_kinds_kept_apart(tmp_path: Path) -> None:
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        file = (await upload(client, GOOD)).json["id"]
        made = (await client.post("/fine-tunes", training_file=file)).json["id"]
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        assert (await ended(client, f"/fine-tunes/{made}"))["status"] == "failed"
        assert [job["id"] for job in (await client.get("/fine-tunes")).json["data"]] == [made]
        assert (await client.get("/fine_tuning/jobs")).json["data"] == []
        assert (await client.get(f"/fine_tuning/jobs/{made}")).error["code"] == "fine_tune_not_found"


async def test_a_job_wants_a_file_that_is_there() -> None:
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/fine_tuning/jobs", training_file="file-none", model="m")
    assert (answer.status, answer.error["param"]) == (404, "training_file")


# -- edits, pictures, engines --------------------------------------------------------------------------------------


async def test_an_edit_asks_the_model_with_text_and_instruction() -> None:
    model = FakeModel(('"What', " day", ' is it?"'))
    async with serving(fake_parts(model)) as client:
        answer = (await client.post("/edits", model="x", input="What dey is it?\n", instruction="Fix it.", n=2)).json
    assert [choice["text"] for choice in answer["choices"]] == ["What day is it?\n"] * 2
    assert (answer["object"], answer["usage"]["completion_tokens"]) == ("edit", 6)
    asked = model.asked[0]["messages"][-1]["content"]
    assert "Fix it." in asked
    assert "What dey is it?" in asked


def picture(colour: tuple[int, ...], size: tuple[int, int] = (64, 64), hole: bool = False) -> bytes:
    image = Image.new("RGBA", size, (*colour, 255))
    if hole:
        image.paste((0, 0, 0, 0), (16, 16, 48, 48))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def opened(answer: Answer, at: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer.json["data"][at]["b64_json"]))).convert("RGB")


async def test_only_what_the_mask_leaves_open_is_painted() -> None:
    """Outside of it every pixel is the picture's own."""
    red = picture((200, 30, 30))
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        body = form(image=red, mask=picture((9, 9, 9), hole=True), prompt="snow", response_format="b64_json")
        masked = await client.ask("POST", "/images/edits", data=body)
        own = form(image=picture((200, 30, 30), hole=True), prompt="snow", response_format="b64_json")
        itself = await client.ask("POST", "/images/edits", data=own)
    for answer in (masked, itself):
        image = opened(answer)
        inside = [image.getpixel((x, y)) for x in range(20, 44) for y in range(20, 44)]
        outside = [image.getpixel((x, y)) for x in range(64) for y in range(64) if not (16 <= x < 48 and 16 <= y < 48)]
        assert set(outside) == {(200, 30, 30)}
        assert len(set(inside)) > 10


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": "x"}, "image"),
        ({"image": b"no picture", "prompt": "x"}, "image"),
        ({"image": picture((1, 2, 3)), "prompt": "x"}, "mask"),
        ({"image": picture((1, 2, 3)), "mask": picture((1, 2, 3), (32, 32), hole=True), "prompt": "x"}, "mask"),
        ({"image": picture((1, 2, 3), hole=True)}, "prompt"),
        ({"image": picture((1, 2, 3), hole=True), "prompt": "x", "size": "9x9"}, "size"),
    ],
)
async def test_a_wrong_edit_of_a_picture_is_named(fields: dict[str, Any], param: str) -> None:
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        answer = await client.ask("POST", "/images/edits", data=form(**fields))
    assert (answer.status, answer.error["param"]) == (400, param)


async def test_a_variation_keeps_the_scene_and_changes_the_seed() -> None:
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        made = await client.post(
            "/images/generations", prompt="lake with a boat", size="256x256", response_format="b64_json"
        )
        body = form(image=base64.b64decode(made.json["data"][0]["b64_json"]), n=2, response_format="b64_json")
        varied = await client.ask("POST", "/images/variations", data=body)
        again = form(image=base64.b64decode(made.json["data"][0]["b64_json"]), n=2, response_format="b64_json")
        same = await client.ask("POST", "/images/variations", data=again)
    captions = {entry["revised_prompt"] for entry in made.json["data"] + varied.json["data"]}
    assert all("boat" in caption for caption in captions)
    pictures = [opened(made).tobytes(), opened(varied).tobytes(), opened(varied, 1).tobytes()]
    assert len(set(pictures)) == 3
    assert opened(same).tobytes() == pictures[1]


async def test_a_variation_of_a_foreign_picture_says_what_it_is() -> None:
    async with serving(fake_parts(FakeModel(), paint=paint)) as client:
        body = form(image=picture((20, 30, 200), (256, 256)), response_format="b64_json")
        answer = await client.ask("POST", "/images/variations", data=body)
    assert "after the colours of the picture: a lake with a boat" in answer.json["data"][0]["revised_prompt"]


async def test_engines_are_the_models_of_2022() -> None:
    async with serving(fake_parts(FakeModel())) as client:
        models = (await client.get("/models")).json["data"]
        engines = (await client.get("/engines")).json["data"]
        assert [engine["id"] for engine in engines] == [model["id"] for model in models]
        assert (await client.get("/engines/davinci")).json["ready"] is True
        said = (await client.post("/engines/ada/completions", prompt="Well")).json
        assert (said["model"], said["choices"][0]["text"]) == ("ada", "Well met.")
        refused = await client.ask("DELETE", "/models/gpt-4o-mini")
        assert (refused.status, refused.error["code"]) == (403, "model_not_deletable")


# -- limits and contract mode --------------------------------------------------------------------------------------


async def test_limits_are_real_and_told() -> None:
    """Two requests a minute: the third waits for the first to be a minute old."""
    clock = FakeClock()
    async with serving(fake_parts(FakeModel(), clock), rpm=2, tpm=1000) as client:
        first = await client.post("/moderations", input="a")
        await client.post("/moderations", input="b")
        refused = await client.post("/moderations", input="c")
        clock.time += 59
        still = await client.post("/moderations", input="c")
        clock.time += 2
        then = await client.post("/moderations", input="c")
        assert (await client.get("/models")).status == 200
    assert (first.headers["x-ratelimit-limit-requests"], first.headers["x-ratelimit-remaining-requests"]) == ("2", "1")
    assert first.headers["x-ratelimit-reset-requests"] == "1m0s"
    assert (refused.status, refused.error["code"], refused.error["type"]) == (429, "rate_limit_exceeded", "requests")
    assert int(refused.headers["Retry-After"]) == 61
    assert (still.status, then.status) == (429, 200)
    assert "x-request-id" in first.headers
    assert "x-ratelimit-limit-requests" in refused.headers


async def test_tokens_are_counted_by_what_was_really_used() -> None:
    clock = FakeClock()
    async with serving(fake_parts(FakeModel(), clock), tpm=1000) as client:
        answer = await client.post("/chat/completions", messages=[{"role": "user", "content": "x" * 1000}])
        assert int(answer.headers["x-ratelimit-remaining-tokens"]) < 760
        after = await client.post("/moderations", input="a")
    assert int(after.headers["x-ratelimit-remaining-tokens"]) > 970  # the model said ten


@pytest.mark.parametrize(("seconds", "text"), [(0, "0ms"), (0.02, "20ms"), (1.5, "1.5s"), (60, "1m0s"), (372, "6m12s")])
def test_durations_are_written_as_go_does(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 60)), max_size=60))
def test_no_minute_has_more_than_the_limit(steps: list[tuple[float, int]]) -> None:
    """Against plain sums over every minute that ends with a grant."""
    clock = FakeClock()
    window, taken = Window(100, clock), []
    for pause, amount in steps:
        clock.time += pause
        wait = window.wait(amount)
        if wait:
            clock.time += wait
            assert window.wait(amount) == pytest.approx(0, abs=1e-6)
        window.take(amount)
        taken.append((clock.time, amount))
        assert sum(each for at, each in taken if at > clock.time - 60 + 1e-6) <= 100


async def test_contract_mode_answers_anything_of_the_shape() -> None:
    async with serving(fake_parts(FakeModel()), contract=True) as client:
        chat = await client.post("/chat/completions", messages=[{"role": "user", "content": "x"}], n="many", top_p=99)
        assert chat.json["choices"][0]["message"]["content"] == "This is contract mode."
        for path in ("/files/file-x", "/models/anything", "/fine_tuning/jobs/ftjob-x", "/fine-tunes/ft-x"):
            assert (await client.get(path)).status == 200
        assert (await client.post("/chat/completions")).status == 400  # what is required is required


# -- anything at all -----------------------------------------------------------------------------------------------

ROWS = ("chat/completions", "completions", "edits", "embeddings", "moderations", "fine-tunes", "fine_tuning/jobs")
NAMES = ("model", "messages", "prompt", "input", "instruction", "n", "max_tokens", "stop", "training_file", "suffix")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(ROWS), body=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
async def test_no_body_breaks_a_row(path: str, body: dict[str, Any]) -> None:
    """An answer, or an error of OpenAI's shape that is the client's own fault."""
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.ask(
            "POST", f"/{path}", data=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status == 200 or answer.error["type"] == "invalid_request_error", answer.text
