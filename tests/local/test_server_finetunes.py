"""Fine-tuning jobs: what makes an example bad, what can be said to a job and when, and what is remembered."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.local.server import training_data
from mudbot.local.server.jobstore import JobStore
from mudbot.local.server.storage import Storage
from mudbot.local.server.training_data import FEWEST, MANY_FAULTS, Report, numbered
from tests.local.server_fakes import Client, FakeClock, FakeModel, fake_parts, serving

CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
PAIR = {"prompt": "a", "completion": "b"}
CHOICE = {
    "input": {"messages": [{"role": "user", "content": "a"}]},
    "preferred_output": [{"role": "assistant", "content": "b"}],
    "non_preferred_output": [{"role": "assistant", "content": "c"}],
}
ASKED = {"messages": [{"role": "user", "content": "a"}], "reference": 7}


def lines(*examples: Any) -> bytes:
    return b"".join(json.dumps(example, ensure_ascii=False).encode() + b"\n" for example in examples)


def report(content: bytes, method: str = "supervised") -> Report:
    found = Report(method)
    for number, line in numbered(io.BytesIO(content)):
        found.add(number, line)
    return found


# -- examples ------------------------------------------------------------------------------------------------------


def chat(**changes: Any) -> dict[str, Any]:
    """A chat whose last message is changed."""
    return {"messages": [CHAT["messages"][0], CHAT["messages"][1] | changes]}


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ([], "not a JSON object"),
        ({}, '"prompt" is missing'),
        ({"prompt": "a"}, '"completion" is missing'),
        ({"prompt": 1, "completion": "b"}, '"prompt" must be a text'),
        ({"prompt": "a", "completion": ""}, '"completion" is empty'),
        ({"messages": []}, "must be a list of messages"),
        ({"messages": "hello"}, "must be a list of messages"),
        ({"messages": [1]}, '"messages"[0] must be an object'),
        (CHAT | {"mesages": []}, '"mesages" is no key'),
        ({"messages": CHAT["messages"][:1]}, "no message of the assistant"),
        (chat(role="nobody"), '"messages"[1]: "role"'),
        (chat(role=["user"]), '"role"'),
        (chat(content=None), '"content" must be'),
        (chat(content=[]), '"content" must be'),
        (chat(weight=2), '"weight" is 0 or 1'),
        (CHOICE | {"input": "a"}, '"input" must be an object'),
        (CHOICE | {"preferred_output": None}, '"preferred_output" must be'),
    ],
)
def test_a_bad_example_is_named_with_its_line(example: Any, fault: str) -> None:
    found = report(b"\n" + lines(example))
    assert found.bad == 1
    assert found.faults[0].startswith("Line 2: ")
    assert fault in found.faults[0]


@pytest.mark.parametrize(
    ("example", "method", "shape"),
    [
        (PAIR, "supervised", "completion"),
        (PAIR | {"prompt": ""}, "supervised", "completion"),
        (CHAT, "supervised", "chat"),
        (CHAT | {"tools": []}, "supervised", "chat"),
        (chat(content=None, tool_calls=[{}]), "supervised", "chat"),
        (chat(content=[{"type": "text", "text": "b"}], weight=0), "supervised", "chat"),
        (CHOICE, "dpo", "preference"),
        (ASKED, "reinforcement", "chat"),
    ],
)
def test_a_good_example_is_taken(example: Any, method: str, shape: str) -> None:
    """With what each method allows; ten of them are enough for a job."""
    found = report(lines(*[example] * FEWEST), method)
    assert (found.bad, found.examples, set(found.shapes)) == (0, FEWEST, {shape})
    assert found.verdict(legacy=False) is None


@pytest.mark.parametrize(
    ("content", "method", "legacy", "why"),
    [
        (b"", "supervised", True, "it has 0 examples"),
        (lines(CHAT) * 9, "supervised", False, "9 examples, but must have at least 10"),
        (lines(CHAT) * 10, "supervised", True, '"prompt" and "completion"'),
        (lines(CHAT) * 10, "dpo", False, "the method dpo does not take"),
        (lines(CHOICE) * 10, "supervised", False, "the method supervised does not take"),
        (lines(*[CHAT] * 10, PAIR), "supervised", False, "a file has one kind only"),
        (lines(CHAT) * 10 + b"\xff\n", "supervised", False, "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_has_a_reason(content: bytes, method: str, legacy: bool, why: str) -> None:
    assert why in (report(content, method).verdict(legacy=legacy) or "")


def test_a_mark_of_byte_order_is_no_fault() -> None:
    """Windows editors write one."""
    assert report(b"\xef\xbb\xbf" + lines(PAIR)).bad == 0


def test_chinese_counts_a_token_a_character() -> None:
    assert report(lines({"prompt": "大漠孤烟直" * 100, "completion": "长河落日圆"})).tokens >= 505


def test_a_line_that_is_too_long_is_one_fault_and_the_next_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never held whole, and its pieces are not taken for lines."""
    monkeypatch.setattr(training_data, "LINE_BYTES", 100)
    found = report(lines(PAIR, {"prompt": "x" * 1000, "completion": "b"}, "bad"))
    assert [fault.split(":")[0] for fault in found.faults] == ["Line 2", "Line 3"]
    assert "longer than" in found.faults[0]


def test_only_so_many_bad_lines_are_named() -> None:
    """All are counted."""
    found = report(b"bad\n" * (MANY_FAULTS + 7))
    assert (found.bad, len(found.faults)) == (MANY_FAULTS + 7, MANY_FAULTS)


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"{", b"[", b'"', b":", b"\n", b"1e999", b"null"])).map(b"".join)
)
def test_no_bytes_break_the_check(content: bytes) -> None:
    """A report, whatever was sent."""
    found = report(content)
    assert found.bad + found.examples <= content.count(b"\n") + 1


# -- jobs ----------------------------------------------------------------------------------------------------------


async def upload(client: Client, content: bytes) -> str:
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("purpose", "fine-tune")
    form.add_field("file", io.BytesIO(content), filename="a.jsonl")
    file: str = (await client.ask("POST", "/files", data=form)).json["id"]
    return file


async def ended(client: Client, path: str) -> dict[str, Any]:
    """The job once it has ended."""
    async with asyncio.timeout(10):
        while True:
            job: dict[str, Any] = (await client.get(path)).json
            if job["status"] in ("failed", "succeeded", "cancelled"):
                return job
            await asyncio.sleep(0.01)


@asynccontextmanager
async def busy(client: Client) -> AsyncIterator[threading.Event]:
    """The thread that validates is held until the block ends, or the event is set: new jobs wait."""
    goes_on = threading.Event()
    lane = client.server._handlers._trainer.lane
    held = asyncio.create_task(lane.run(goes_on.wait, 10))
    await asyncio.sleep(0)
    try:
        yield goes_on
    finally:
        goes_on.set()
        await held


@pytest.mark.parametrize("root", ["/fine-tunes", "/fine_tuning/jobs"])
async def test_a_job_that_waits_can_be_cancelled_for_good(root: str) -> None:
    """It stays cancelled when its turn comes, and nothing more happens to it."""
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(CHAT) * 10)
        async with busy(client):
            made = (await client.post(root, training_file=file, model="m")).json
            assert made["status"] in ("validating_files", "pending")
            cancelled = (await client.ask("POST", f"{root}/{made['id']}/cancel")).json
        after = (await client.post(root, training_file=file, model="m")).json["id"]
        await ended(client, f"{root}/{after}")  # the lane is in order: the first one's turn is over
        events = (await client.get(f"{root}/{made['id']}/events")).json["data"]
        job = (await client.get(f"{root}/{made['id']}")).json
    assert (cancelled["status"], job["status"], len(events)) == ("cancelled", "cancelled", 2)


async def test_a_cancelled_job_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling in the middle of a file stops the reading, and no event follows that of the end."""
    seen, reading, goes_on = list[int](), threading.Event(), threading.Event()
    add = Report.add

    def slow(self: Report, number: int, line: bytes) -> None:
        seen.append(number)
        if number == 3:
            reading.set()
            assert goes_on.wait(10)
        add(self, number, line)

    monkeypatch.setattr(Report, "add", slow)
    async with serving(fake_parts(FakeModel())) as client:
        made = (await client.post("/fine-tunes", training_file=await upload(client, lines(PAIR) * 1000))).json["id"]
        assert await asyncio.to_thread(reading.wait, 10)
        await client.ask("POST", f"/fine-tunes/{made}/cancel")
        follower = asyncio.create_task(client.get(f"/fine-tunes/{made}/events?stream=true"))
        goes_on.set()
        events = (await follower).events
    assert seen == [1, 2, 3]
    assert events[-1] == "[DONE]"
    assert events[-2]["message"] == "Fine-tune cancelled"


async def test_events_are_followed_while_they_happen() -> None:
    """A stream that was opened before the job's turn gets everything, once, and ends with the job."""
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(PAIR))
        async with busy(client) as goes_on:
            made = (await client.post("/fine-tunes", training_file=file)).json["id"]
            url = f"{client.server.base_url}/fine-tunes/{made}/events?stream=true"
            async with client.session.get(url) as stream:
                first = await stream.content.readline()
                assert b"Created" in first
                goes_on.set()
                rest = (await stream.content.read()).decode()
        messages = [json.loads(line[6:])["message"] for line in rest.strip().split("\n\n") if line[6:].startswith("{")]
        listed = (await client.get(f"/fine-tunes/{made}/events")).json["data"]
    assert rest.endswith("data: [DONE]\n\n")
    assert messages == [event["message"] for event in listed][1:]


async def test_a_follower_is_told_at_once_that_a_waiting_job_was_cancelled() -> None:
    """Though its turn has not come."""
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(PAIR))
        async with busy(client):
            made = (await client.post("/fine-tunes", training_file=file)).json["id"]
            async with client.session.get(f"{client.server.base_url}/fine-tunes/{made}/events?stream=true") as stream:
                await stream.content.readline()
                await client.ask("POST", f"/fine-tunes/{made}/cancel")
                async with asyncio.timeout(5):  # less than its turn is held up
                    rest = (await stream.content.read()).decode()
    assert "Fine-tune cancelled" in rest
    assert rest.endswith("data: [DONE]\n\n")


def test_a_job_that_has_ended_says_nothing_more(tmp_path: Path) -> None:
    """Whoever was about to say something when it was cancelled comes too late; it cannot end twice either."""
    jobs = JobStore(Storage(tmp_path), FakeClock())
    job = jobs.add({"training_file": "file-x"}, legacy=True)
    jobs.say(job, ("info", "one"), ("info", "two"))
    jobs.move(job, "cancelled", [("info", "over")])
    jobs.say(job, ("info", "late"))
    assert jobs.move(job, "failed", [("error", "later")]).status == "cancelled"
    assert [event.message for event in jobs.since(job, 0)[1]][1:] == ["one", "two", "over"]


async def test_a_follower_who_leaves_leaves_nothing() -> None:
    """The job goes on to its end."""
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(PAIR))
        async with busy(client):
            made = (await client.post("/fine-tunes", training_file=file)).json["id"]
            async with client.session.get(f"{client.server.base_url}/fine-tunes/{made}/events?stream=true") as stream:
                await stream.content.readline()
        assert (await ended(client, f"/fine-tunes/{made}"))["status"] == "failed"


async def test_a_job_whose_file_is_deleted_meanwhile_says_so() -> None:
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(CHAT) * 10)
        async with busy(client):
            made = (await client.post("/fine_tuning/jobs", training_file=file, model="m")).json["id"]
            await client.ask("DELETE", f"/files/{file}")
        job = await ended(client, f"/fine_tuning/jobs/{made}")
    assert (job["error"]["code"], job["error"]["param"]) == ("invalid_training_file", "training_file")
    assert "not there any more" in job["error"]["message"]


async def test_the_validation_file_is_read_too() -> None:
    """A job that would be good but for it names it."""
    async with serving(fake_parts(FakeModel())) as client:
        good, bad = await upload(client, lines(CHAT) * 10), await upload(client, lines(CHAT) * 9 + b"{}\n")
        asked = {"training_file": good, "validation_file": bad, "model": "m"}
        made = (await client.post("/fine_tuning/jobs", **asked)).json["id"]
        job = await ended(client, f"/fine_tuning/jobs/{made}")
    assert job["error"]["param"] == "validation_file"
    assert "Line 10" in job["error"]["message"]


async def test_a_job_that_was_not_finished_goes_on_with_the_next_server(tmp_path: Path) -> None:
    """Closing does not wait for validation, and nothing is forgotten."""
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        file = await upload(client, lines(CHAT) * 10)
        async with busy(client) as goes_on:
            made = (await client.post("/fine_tuning/jobs", training_file=file, model="m")).json["id"]
            await client.server.close()
            goes_on.set()
    async with serving(fake_parts(FakeModel()), data=tmp_path) as client:
        assert (await ended(client, f"/fine_tuning/jobs/{made}"))["error"]["code"] == "training_not_available"


async def test_jobs_and_events_come_page_by_page_and_by_metadata() -> None:
    """Newest first, 20 if nothing is said; metadata is compared, never run."""
    async with serving(fake_parts(FakeModel())) as client:
        file = await upload(client, lines(CHAT) * 10)
        ids = []
        for number in range(3):
            asked = {"training_file": file, "model": "m", "metadata": {"n": str(number), "it's": '"$.x"'}}
            ids.append((await client.post("/fine_tuning/jobs", **asked)).json["id"])
            await ended(client, f"/fine_tuning/jobs/{ids[-1]}")
        first = (await client.get("/fine_tuning/jobs?limit=2")).json
        rest = (await client.get(f"/fine_tuning/jobs?after={first['data'][-1]['id']}")).json
        assert [job["id"] for job in first["data"] + rest["data"]] == ids[::-1]
        assert (first["has_more"], rest["has_more"]) == (True, False)
        found = (await client.get("/fine_tuning/jobs?metadata[n]=1&metadata[it's]=%22$.x%22")).json["data"]
        assert [job["id"] for job in found] == [ids[1]]
        assert (await client.get("/fine_tuning/jobs?metadata[n]=1' OR '1'='1")).json["data"] == []
        path = f"/fine_tuning/jobs/{ids[0]}/events"
        newest = (await client.get(path + "?limit=1")).json
        older = (await client.get(f"{path}?after={newest['data'][0]['id']}")).json
        assert (newest["data"][0]["level"], newest["has_more"]) == ("error", True)
        assert "Created" in older["data"][-1]["message"]
        assert (await client.get(path + "?after=ftevent-none")).error["param"] == "after"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "training_file"),
        ({"training_file": "file-x"}, "model"),
        ({"model": "m", "training_file": ["file-x"]}, "training_file"),
        ({"model": "m", "training_file": "f", "hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"model": "m", "training_file": "f", "method": {"type": "magic"}}, "method.type"),
        ({"model": "m", "training_file": "f", "suffix": "x" * 65}, "suffix"),
        ({"model": "m", "training_file": "f", "seed": -1}, "seed"),
        ({"model": "m", "training_file": "f", "metadata": {"a": 1}}, "metadata.a"),
    ],
)
async def test_a_wrong_wish_for_a_job_is_named(body: dict[str, Any], param: str) -> None:
    async with serving(fake_parts(FakeModel())) as client:
        answer = await client.post("/fine_tuning/jobs", **body)
    assert answer.status == 400
    assert str(answer.error["param"]).startswith(param)


async def test_nothing_here_rests_and_nothing_fine_tuned_can_be_deleted() -> None:
    """Pausing is refused with the reason; a model that was never trained is unknown."""
    async with serving(fake_parts(FakeModel())) as client:
        made = (await client.post("/fine_tuning/jobs", training_file=await upload(client, lines(PAIR)), model="m")).json
        for step in ("pause", "resume"):
            answer = await client.ask("POST", f"/fine_tuning/jobs/{made['id']}/{step}")
            assert (answer.status, "does not train" in answer.error["message"]) == (400, True)
        for name in ("ft:gpt-4o-mini:org::abc", "curie:ft-org-2023", "a/b"):
            answer = await client.ask("DELETE", f"/models/{name}")
            assert (answer.status, answer.error["code"]) == (404, "model_not_found")
