"""``mudbot triggers import``: YAML on one side, what was lost on the other, and no file harmed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mudbot.cli import main
from mudbot.cli.triggers import _ENCODINGS, _SOURCES
from mudbot.triggers.imports import CODECS, SOURCES

TINTIN = "#action {^%1 says hi$} {wave %1;bow}\n#highlight {gold} {yellow}\n#action {你好} {hi;#var x 1}\n"


class Ran:
    """What the command printed."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def triggers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = yaml.safe_load(self.out)["triggers"]
        return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """``run(data, *options)`` is the command's output for a file with *data*; without data there is no file."""

    def run_it(data: str | bytes | None, *options: str, name: str = "old.tin") -> Ran:
        monkeypatch.chdir(tmp_path)
        if data is not None:
            Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
        monkeypatch.setattr(sys, "argv", ["mudbot", "triggers", "import", *options, name])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ran(int(ended.value.code or 0), *capfd.readouterr())

    return run_it


def test_yaml_goes_out_and_what_was_lost_goes_to_standard_error(run: Any) -> None:
    ran = run(TINTIN)
    assert ran.status == 0
    assert [each["command"] for each in ran.triggers] == [["wave {1}", "bow"], "hi"]
    assert ran.err.splitlines() == [
        "old.tin:2: #highlight {gold} {yellow}: there is no screen to colour",
        "old.tin:3: #action {你好}: #var x 1: there are no variables to set here: write a plugin",
        "old.tin: TinTin++ 2 triggers, 1 of them not whole; 1 thing not carried over",
    ]
    assert "# line 3: #action {你好}: #var x 1" in ran.out


def test_it_is_written_where_it_is_asked_to(run: Any, tmp_path: Path) -> None:
    ran = run(TINTIN, "-o", "new.yaml")
    assert (ran.status, ran.out) == (0, "")
    assert len(yaml.safe_load((tmp_path / "new.yaml").read_text(encoding="utf-8"))["triggers"]) == 2
    assert "triggers: [{include: new.yaml}]" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.yaml", "old.tin"]


def test_no_file_is_overwritten_unless_forced(run: Any, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text("mine")
    ran = run(TINTIN, "-o", "new.yaml")
    assert ran.status == 1
    assert "new.yaml: is there already" in ran.err
    assert "--force" in ran.err
    assert new.read_text() == "mine"
    assert run(TINTIN, "-o", "new.yaml", "--force").status == 0
    assert "wave {1}" in new.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.yaml", "old.tin"]


def test_the_source_itself_is_never_overwritten(run: Any, tmp_path: Path) -> None:
    ran = run(TINTIN, "-o", "old.tin", "--force")
    assert ran.status == 1
    assert "is the file that is imported" in ran.err
    assert (tmp_path / "old.tin").read_text(encoding="utf-8") == TINTIN


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_what_cannot_be_written_is_said(run: Any, options: tuple[str, ...]) -> None:
    ran = run(TINTIN, "-o", "nowhere/new.yaml", *options)
    assert ran.status == 1
    assert "nowhere/new.yaml: cannot be written" in ran.err


def test_nothing_is_written_where_there_is_no_trigger(run: Any, tmp_path: Path) -> None:
    ran = run("#highlight {a} {red}\n", "-o", "new.yaml")
    assert ran.status == 1
    assert "0 triggers" in ran.err
    assert not (tmp_path / "new.yaml").exists()


def test_the_encoding_is_utf8_or_said(run: Any) -> None:
    data = "#action {你好} {点头}\n".encode("gb18030")
    ran = run(data)
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith("old.tin: is not UTF-8: say --encoding gb18030")
    assert run(data, "--encoding", "gb18030").triggers[0]["text"] == "你好"


def test_the_client_is_found_out_or_said(run: Any) -> None:
    ran = run("x\n@action {a} {b}\n", "--from", "tintin")
    assert ran.status == 1  # nothing of it is a command of TinTin++: its sign is that of the first line
    assert run("kill rat\n").err.startswith("old.tin: does not look like a file of a client that is known: say --from")
    assert "old.tin:1: <html> is no export of Mudlet" in run("<html/>", "--from", "mudlet").err
    assert (
        run("<triggers><trigger match='a' enabled='y'><send>b</send></trigger></triggers>").triggers[0]["exact"] == "a"
    )


def test_a_broken_file_is_named_with_its_line(run: Any) -> None:
    ran = run("#act {a} {b}\n#act {c\n")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "old.tin:2: a { is not closed: TinTin++ would not read this file either; mend it first\n"


def test_a_file_that_is_not_there_is_a_line_and_no_traceback(run: Any) -> None:
    ran = run(None, name="gone.tin")
    assert ran.status == 2
    assert "gone.tin" in ran.err
    assert "Traceback" not in ran.err


def test_no_terminal_obeys_what_is_printed(run: Any) -> None:
    """Controls and marks of direction are shown, in the YAML and beside it."""
    ran = run("#action {a\u202eb\x9b} {c}\n#highlight {\u202e\x1b[2J} {d}\n")
    assert ran.triggers[0]["text"] == "a\u202eb\x9b"
    assert not {"\u202e", "\x1b", "\x9b"} & set(ran.out + ran.err)


def test_the_choices_are_those_that_there_are() -> None:
    """The command's help must not wait for the importers; so it lists them itself."""
    assert _SOURCES == SOURCES
    assert tuple(CODECS) == _ENCODINGS
