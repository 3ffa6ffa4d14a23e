"""Every endpoint: which request it builds, and that a real server gets exactly that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from mudbot.api import Upload
from tests.api.rows import NAMES, OUT, ROWS, Row, ask
from tests.api.shop import Shop, opened

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock


def test_the_table_has_all_23_calls() -> None:
    assert {name.partition(" ")[0] for name in NAMES} == {str(number) for number in range(1, 24)}


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
async def test_each_call_is_exactly_the_request_of_the_table(row: Row) -> None:
    api = row.recorder()
    await ask(api, row.how)
    call = api.call
    assert (call.method, call.path, call.kind, call.query, call.files) == (*row[2:6], row.files)
    assert (None if call.body is None else {n: v for n, v in call.body.items() if v is not None}) == row.body
    assert call.stream == row.name.endswith("stream")
    assert call.into == (OUT if row.name == "15" else None)
    assert len(api.calls) == 1


@pytest.fixture
async def shop(clock: FakeClock) -> AsyncIterator[Shop]:
    async with opened(clock) as shop:
        yield shop


def _as_form(body: dict[str, Any], files: dict[str, Any]) -> dict[str, list[Any]]:
    form: dict[str, list[Any]] = {
        name: [value if isinstance(value, str) else str(value).lower()] for name, value in body.items()
    }
    for name, given_ in files.items():
        uploads = given_ if isinstance(given_, list) else [given_]
        label = f"{name}[]" if isinstance(given_, list) else name
        form[label] = [(upload.name, upload.type, upload.content) for upload in uploads]
    return form


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
async def test_a_real_server_gets_that_request_and_its_answer_is_read(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    monkeypatch.chdir(tmp_path)
    async with shop.api() as api:
        answers = await ask(api, row.how)
    seen = shop.seen[0]
    query = "&".join(f"{key}={value}" for key, value in (row.query or {}).items())
    assert (seen.method, seen.path) == (row.method, f"/v1{row.path}" + (f"?{query}" if query else ""))
    assert seen.body == (row.body if row.files is None else _as_form(row.body or {}, row.files))
    assert shop.calls[0].outcome == "ok"
    if row.name == "15":
        assert answers == [OUT]
        assert (tmp_path / OUT).read_bytes() == b'{"prompt": "a"}\n'
    else:
        assert all(type(answer) is row.kind for answer in answers)
        assert row.name.endswith("stream") or answers[0].request_id == "req-1"


@pytest.mark.parametrize(
    "name",
    [
        "ft:gpt-3.5-turbo:me::7p4lURel",
        "Qwen/Qwen2.5-7B",
        "davinci:ft-me-2023-02-07-00-00-00",
        "a b",
        "模型",
        "100%2F",
        "a+b&c=d",
    ],
)
async def test_an_odd_id_arrives_as_it_is(shop: Shop, name: str) -> None:
    async with shop.api() as api:
        await api.model(name)
    assert unquote(shop.seen[0].path) == f"/v1/models/{name}"
    assert shop.seen[0].path.count("/") == 3


async def test_progress_is_told_of_uploads_and_downloads(shop: Shop, tmp_path: Path) -> None:
    sent: list[tuple[int, int | None]] = []
    got: list[tuple[int, int | None]] = []
    big = Upload("b.jsonl", b"x" * 300_000)
    async with shop.api() as api:
        await api.upload_file(big, "batch", progress=lambda done, total: sent.append((done, total)))
        path = await api.file_content(
            "file-1", str(tmp_path / "c"), progress=lambda done, total: got.append((done, total))
        )
    assert sent[-1] == (300_000, 300_000)
    assert sent == sorted(sent)
    assert got[-1] == (16, 16)
    assert path == tmp_path / "c"
