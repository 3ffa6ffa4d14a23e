"""``mudbot gallery``: the owner sees, keeps, takes and deletes what was drawn."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mudbot.cli import cli
from mudbot.errors import MudbotError
from mudbot.store.pictures import Picture, Pictures
from mudbot.store.store import FILE, Store
from mudbot.testing import FakeClock

Run = Callable[..., Result]


def png(colour: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (colour, 90, 90)).save(file, "PNG")
    return file.getvalue()


async def _drawn(folder: Path) -> list[Picture]:
    clock = FakeClock()
    store = Store(folder, clock)
    pictures = Pictures(store)
    made = []
    for number, (speaker, place, private) in enumerate(
        [("Ann", "The Inn", False), ("Bob", "Dock", True), ("小红", "The Inn", False)]
    ):
        made.append(
            await pictures.add(
                png(number), session="tavern", speaker=speaker, prompt="my gold lies under the oak", place=place,
                caption=f"crane {number} \x1b[31mred", player=f"id{number}", private=private, style="ink",
            )
        )  # fmt: skip
        await clock.advance(86_400)
    await store.close()
    return made


@pytest.fixture
def drawn(tmp_path: Path) -> list[Picture]:
    """Three pictures, a day apart; the second was asked for in private."""
    (tmp_path / "config.yaml").write_text(
        "sessions: [{host: tavern}]\nstore: data\nweb: {public_url: 'https://bot.example'}\n"
    )
    return asyncio.run(_drawn(tmp_path / "data"))


@pytest.fixture
def run(tmp_path: Path, drawn: list[Picture]) -> Run:
    """Runs ``mudbot gallery``."""

    def invoke(name: str, *options: str, answer: str = "") -> Result:
        return CliRunner().invoke(
            cli, ["gallery", name, "-c", str(tmp_path / "config.yaml"), *options], input=answer, catch_exceptions=False
        )

    return invoke


def ids(result: Result) -> list[str]:
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def test_a_list_for_people(run: Run, drawn: list[Picture]) -> None:
    """The oldest first, with what all of it takes; nothing that a terminal obeys."""
    head, *rows, end = run("list").stdout.splitlines()
    assert head.split() == ["id", "made", "session", "player", "size", "caption"]
    assert [row.split()[0] for row in rows] == [picture.id for picture in drawn]
    assert ["private" in row for row in rows] == [False, True, False]
    assert end.startswith("3 pictures, 0.0 MB")
    assert "\x1b" not in run("list").stdout


def test_a_list_for_programs_has_all_that_is_known(run: Run, drawn: list[Picture]) -> None:
    rows = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [row["id"] for row in rows] == [picture.id for picture in drawn]
    assert rows[0]["link"] == f"https://bot.example/i/{drawn[0].id}"
    assert (rows[0]["player"], rows[0]["style"], rows[0]["width"]) == ("id0", "ink", 8)
    assert Path(rows[0]["path"]).read_bytes() == png(0)


def test_pictures_are_chosen(run: Run, drawn: list[Picture]) -> None:
    a, b, c = (picture.id for picture in drawn)
    first, second = (datetime.fromtimestamp(picture.at, UTC).astimezone().date().isoformat() for picture in drawn[:2])
    for options, expected in (
        (["--player", "ann"], [a]), (["--player", "ID1"], [b]), (["--place", "The Inn"], [a, c]),
        (["--private"], [b]), (["--public"], [a, c]), (["--search", "GOLD oak"], [a, b, c]), ([b, c], [b, c]),
        ([f"https://bot.example/i/{a}.png"], [a]), (["--session", "other"], []), (["--pinned"], []),
        (["--since", second], [b, c]), (["--until", first], [a]), (["--since", "2030-01-01"], []),
    ):  # fmt: skip
        assert ids(run("list", "--json", *options)) == expected, options


def test_one_is_shown(run: Run, drawn: list[Picture]) -> None:
    shown = run("show", drawn[1].id).stdout
    assert "prompt:    my gold lies under the oak" in shown
    assert "private:   True" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", ["show", "delete", "pin"])
def test_a_picture_that_is_named_must_be_there(run: Run, name: str) -> None:
    with pytest.raises(MudbotError, match="there is no picture 'aaaaaaa'"):
        run(name, "aaaaaaa")
    odd = run(name, "../x")
    assert (odd.exit_code, "is no picture's id" in odd.stderr) == (2, True)


def test_pictures_are_pinned_and_unpinned(run: Run, drawn: list[Picture]) -> None:
    assert run("pin", drawn[0].id, drawn[1].id).stdout == "Pinned: 2 pictures.\n"
    assert ids(run("list", "--json", "--pinned")) == [drawn[0].id, drawn[1].id]
    assert run("unpin", "--player", "Ann").stdout == "Unpinned: 1 pictures.\n"
    assert ids(run("list", "--json", "--pinned")) == [drawn[1].id]
    assert run("pin").exit_code == run("delete").exit_code == 2  # everything is meant by nobody


def test_pictures_are_exported_with_what_is_known_of_them(run: Run, drawn: list[Picture], tmp_path: Path) -> None:
    drawn[2].path.unlink()
    result = run("export", "-o", str(tmp_path / "out"), "--public")
    assert result.stdout == f"2 pictures in {tmp_path / 'out'}\n"
    first, lost = [json.loads(line) for line in (tmp_path / "out" / "gallery.jsonl").read_text("utf-8").splitlines()]
    assert (tmp_path / "out" / first["file"]).read_bytes() == png(0)
    assert first["file"].endswith(f"-{drawn[0].id}.png")
    assert (lost["speaker"], lost["file"]) == ("小红", None)
    (tmp_path / "file").write_text("")
    with pytest.raises(MudbotError, match="name a folder that can be written"):
        run("export", "-o", str(tmp_path / "file" / "x"))


def test_what_is_deleted_is_gone(run: Run, drawn: list[Picture], tmp_path: Path) -> None:
    """With its file, its thumbnail, and its words from the bytes of the database."""
    run("pin", drawn[0].id)
    assert run("delete", "--search", "gold", "--yes").stdout == "Deleted: 3 pictures.\n"
    assert [path for path in (tmp_path / "data" / "pictures").rglob("*") if path.is_file()] == []
    for path in (tmp_path / "data").glob(f"{FILE}*"):
        assert b"under the oak" not in path.read_bytes()
    assert run("list").stdout == "There are no such pictures.\n"
    assert "nothing to delete" in run("delete", "--player", "Ann").stdout


def test_nothing_is_deleted_without_a_yes(run: Run, drawn: list[Picture]) -> None:
    run("pin", drawn[0].id)
    refused = run("delete", "--public", answer="n\n")
    assert (refused.exit_code, "Nothing was deleted." in refused.stdout) == (1, True)
    assert "Delete 2 pictures, 1 of them pinned?" in refused.stderr
    dry = run("delete", "--public", "--dry-run")
    assert "Would be deleted: 2 pictures, 1 of them pinned." in dry.stdout
    assert len(ids(run("list", "--json"))) == 3
    assert run("delete", drawn[0].id, answer="y\n").stdout.endswith("Deleted: 1 pictures.\n")


def test_where_nothing_was_drawn_yet(tmp_path: Path) -> None:
    """No store is made by looking."""
    (tmp_path / "config.yaml").write_text("sessions: [{host: tavern}]\nstore: none\n")
    result = CliRunner().invoke(cli, ["gallery", "list", "-c", str(tmp_path / "config.yaml")], catch_exceptions=False)
    assert result.stdout == "There are no such pictures.\n"
    assert not (tmp_path / "none").exists()
