"""``mudbot memory``: the owner sees, exports and deletes what characters remember."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.events import Room, Speech
from mudbot.mind.memory import StoredMemory
from mudbot.mind.persona import load_persona
from mudbot.store.store import FILE, Store
from mudbot.testing import FakeClock

Run = Callable[..., Result]
ROOM = Room("The Inn", people=("Ann", "Bob"))


async def _live(folder: Path) -> None:
    store = Store(folder, FakeClock())
    for session in ("inn", "town"):
        memory = StoredMemory(store, f"{session}/Old Chen", load_persona("innkeeper"), FakeClock())
        memory.remember(Speech("tell", "Ann", "My gold lies under the oak.", "ann"), ROOM, "Hush.")
        memory.remember(Speech("say", "Bob", "My cat is called \x1b[31mMimi."), ROOM, "Is it?")
        await memory.settled()
        await memory.close()
    await store.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``mudbot memory`` on a store of two sessions with two speakers each."""
    (tmp_path / "config.yaml").write_text("sessions: [{host: tavern}]\nstore: data\n")
    asyncio.run(_live(tmp_path / "data"))

    def invoke(name: str, *options: str, answer: str = "") -> Result:
        return CliRunner().invoke(
            cli, ["memory", name, "-c", str(tmp_path / "config.yaml"), *options], input=answer, catch_exceptions=False
        )

    return invoke


def rows(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_list_of_who_is_remembered(run: Run) -> None:
    assert [line.split()[:3] for line in run("list").stdout.splitlines()[1:]] == [
        ["inn/Old", "Chen", "id:ann"], ["inn/Old", "Chen", "name:bob"],
        ["town/Old", "Chen", "id:ann"], ["town/Old", "Chen", "name:bob"],
    ]  # fmt: skip
    (one,) = rows(run("list", "--json", "--session", "inn", "--speaker", "id:ANN"))
    assert (one["name"], one["turns"], one["facts"], one["summaries"]) == ("Ann", 2, 1, 0)


def test_it_is_shown_without_anything_that_a_terminal_obeys(run: Run) -> None:
    shown = run("show", "--session", "town").stdout
    assert "My gold lies under the oak." in shown
    assert "in private" in shown
    assert "\x1b" not in shown


def test_an_export_has_everything_as_json_lines(run: Run) -> None:
    found = rows(run("export", "--character", "Old Chen", "--session", "inn", "--speaker", "id:ann"))
    assert [(row["kind"], row["private"], row["heard"]) for row in found] == [
        ("turn", True, ["id:ann"]), ("turn", True, ["id:ann"]), ("fact", True, ["id:ann"]),
    ]  # fmt: skip
    assert all("vector" not in row for row in found)
    assert rows(run("export", "--session", "in_")) == []


def test_who_is_forgotten_is_gone_and_nobody_else(run: Run, tmp_path: Path) -> None:
    """From the bytes of the file, too."""
    assert run("forget", "--speaker", "id:ann", "--yes").stdout == "Deleted: 6 entries.\n"
    assert {row["speaker"] for row in rows(run("export"))} == {"name:bob"}
    assert b"under the oak" not in (tmp_path / "data" / FILE).read_bytes()
    assert not (tmp_path / "data" / f"{FILE}-wal").exists() or not (tmp_path / "data" / f"{FILE}-wal").stat().st_size


def test_to_forget_wants_to_know_whom(run: Run) -> None:
    result = run("forget", "--yes")
    assert result.exit_code == 2
    assert "forget wants --speaker" in result.stderr


def test_nothing_is_deleted_without_a_yes(run: Run) -> None:
    before = run("export").stdout
    refused = run("erase", answer="n\n")
    assert (refused.exit_code, "Nothing was deleted." in refused.stdout) == (1, True)
    dry = run("erase", "--dry-run")
    assert "Would be deleted: 8 turns, 4 facts and 0 summaries, of 2 speakers." in dry.stdout
    assert run("export").stdout == before


def test_all_of_a_session_is_erased(run: Run) -> None:
    assert "Deleted: 6 entries." in run("erase", "--session", "inn", answer="y\n").stdout
    assert {row["character"] for row in rows(run("export"))} == {"town/Old Chen"}
    assert "nothing to delete" in run("erase", "--session", "inn", "--yes").stdout


def test_where_nothing_was_ever_kept_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("sessions: [{host: tavern}]\nstore: data\n")
    for name, told in (("list", "Nobody is remembered."), ("show", "Nothing is remembered."), ("export", "")):
        result = CliRunner().invoke(cli, ["memory", name, "-c", str(tmp_path / "config.yaml")])
        assert (result.exit_code, result.stdout.strip()) == (0, told)
    assert not (tmp_path / "data").exists()
