"""The examples of docs/api.md run as they are written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mudbot.api import types as api_types
from mudbot.api.endpoints import Endpoints
from mudbot.errors import ApiError
from tests.api.shop import Shop, opened

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
TITLES = [re.findall(r"^#+ (.*)$", part, re.MULTILINE)[-1] for part in TEXT.split("```python\n")[:-1]]
ADDRESSES = ("http://127.0.0.1:8080/v1", "https://api.openai.com/v1")

SAYS = {
    "The API adapter": "客官好\n",
    "Streaming": "客官好",
    "Files and pictures": "35 of 35\ncopy.jsonl\n",
    "Fine-tunes": " x\n done\nsucceeded",
    "Limits": "客官好 2\n",
    "Budgets": "客官好\n",
    "Several servers": "客官好\n",
    "Errors": "refused: /models: '../files' is no id",
    "Being told": "POST /chat/completions qwen2.5 ok 5 2",
}


@pytest.fixture
async def shop(clock: FakeClock) -> AsyncIterator[Shop]:
    async with opened(clock) as shop:
        yield shop


def test_each_section_has_the_example_that_is_run() -> None:
    assert set(SAYS) == set(TITLES)
    assert len(EXAMPLES) == len(TITLES)


def test_the_first_example_has_at_most_ten_lines() -> None:
    assert len(EXAMPLES[0].splitlines()) <= 10


@pytest.mark.parametrize(("title", "example"), list(zip(TITLES, EXAMPLES, strict=True)), ids=TITLES)
async def test_an_example_runs_as_it_is_written(
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    title: str,
    example: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for address in ADDRESSES:
        example = example.replace(address, f"{shop.url}/v1")
    example = example.replace("sk-…", "sk-x")
    code = compile(example, f"{PAGE.name}: {title}", "exec")
    await asyncio.to_thread(exec, code, {"__name__": "__main__"})
    assert SAYS[title] in capsys.readouterr().out


def test_every_method_and_only_those_stand_in_the_table() -> None:
    table = TEXT.split("## The calls")[1].split("\n\nOpenAI itself")[0]
    first = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`(\w+)\(", first))
    assert told == {name for name in dir(Endpoints) if not name.startswith("_")}


def test_every_error_of_the_api_is_explained() -> None:
    kinds = {kind.__name__ for kind in ApiError.__subclasses__()}
    assert set(re.findall(r"^\| `(\w+Error)`", TEXT, re.MULTILINE)) == kinds


def test_the_types_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", TEXT.split("## The calls")[1].split("OpenAI itself")[0]))
    assert {name.removesuffix("s") for name in named} <= {name.removesuffix("s") for name in api_types.__all__}
