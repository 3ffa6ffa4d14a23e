"""``mudbot replay``: what is printed, what it ends with, and that it is the same each time."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.errors import MudError

CONFIG = """\
api: {{base_url: "{api}", api_key: sk-canary, models: {{dialogue: some-model, moderation: some-other}}}}
sessions:
  - {{host: tavern, name: inn, login: {{name: Chen, password: drunken-crane}}}}
plugins: {{dialogue: null, moderation: null, wave: null}}
store: store
web: {{port: 0}}
"""
PLUGIN = """\
from mudbot import Plugin, trigger


class Wave(Plugin):
    @trigger(r"^(?P<who>\\w+) enters\\.$")
    async def wave(self, who: str) -> None:
        await self.mud.emote(f"waves at {who}.")
"""
LOGIN = [
    (0.0, "in", b"Welcome to the inn.\r\nBy what name are you known? "),
    (0.3, "out", b"Chen\r\n"),
    (0.5, "in", b"Password: \xff\xfb\x01"),
    (0.5, "out", b"\xff\xfd\x01"),
    (0.8, "out", b"*************\r\n"),
    (1.0, "in", b"\xff\xfc\x01\r\nWelcome, Chen.\r\n"),
    (1.0, "out", b"look\r\n"),
]
TOLD = (10.0, "in", b'Anna enters.\r\nAnna tells you, "Any wine?"\r\n')
WAVED, ANSWERED = (10.0, "out", b"emote waves at Anna.\r\n"), (11.9, "out", b"tell Anna Five coins a bowl.\r\n")


def write(folder: Path, *more: tuple[float, str, bytes], api: str = "http://127.0.0.1:1/v1") -> Path:
    """A configuration, answers, and a recording of it."""
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins" / "wave.py").write_text(PLUGIN)
    (folder / "config.yaml").write_text(CONFIG.format(api=api))
    (folder / "answers.txt").write_text("Five coins a bowl.\n")
    path = folder / "recording.jsonl"
    entries = [{"t": t, "dir": d, "hex": data.hex()} for t, d, data in (*LOGIN, TOLD, *more)]
    header = {"mudbot": 1, "session": "inn", "at": "2026-11-23T12:00:00+00:00"}
    path.write_text("".join(json.dumps(entry) + "\n" for entry in (header, *entries)))
    return path


def run(path: Path, *options: str, piped: bytes | None = None) -> Result:
    """``mudbot replay`` of *path*, or of what is *piped* to it."""
    config = ("-c", str(path.parent / "config.yaml"))
    transcript = str(path) if piped is None else "-"
    return CliRunner().invoke(cli, ["replay", *config, *options, transcript], input=piped)


def test_what_would_be_sent_is_printed_with_its_time(tmp_path: Path) -> None:
    path = write(tmp_path)
    found = run(path, "--answers", str(tmp_path / "answers.txt"))
    assert found.exit_code == 0, found.stderr
    assert found.stdout == (
        "     0.200  login  Chen\n"
        "     0.700  login  ********\n"
        "     1.000  sent   look\n"
        "    10.000  sent   emote waves at Anna.\n"
        "    11.000  sent   tell Anna Five coins a bowl.\n"
    ).replace("11.000", f"{10 + 28 / 30:.3f}")


def test_without_answers_what_is_asked_is_printed(tmp_path: Path) -> None:
    found = run(write(tmp_path))
    (asked,) = [line for line in found.stdout.splitlines() if "  asked  " in line]
    assert "Anna: Any wine?" in asked


def test_answers_of_the_recording_are_given_again(tmp_path: Path) -> None:
    """In whatever order lines of the model stand in it; nothing needs to be asked for a diff then."""
    path = write(tmp_path, WAVED, ANSWERED)
    with path.open("a") as file:
        file.write(json.dumps({"t": 10.2, "dir": "model", "text": "Five coins a bowl."}) + "\n")
    found = run(path, "--diff")
    assert (found.exit_code, found.output) == (0, "")


def test_a_dash_is_standard_input(tmp_path: Path) -> None:
    path = write(tmp_path)
    found = run(path, piped=path.read_bytes())
    assert found.exit_code == 0, found.stderr
    assert found.stdout == run(path).stdout
    assert "  sent   emote waves at Anna." in found.stdout


def test_another_encoding_is_suggested_for_a_log_that_is_not_in_the_sessions(tmp_path: Path) -> None:
    """On standard error, and no more once it is given."""
    path = write(tmp_path)
    log = "张三走了过来。\n李四说道：好酒！\n".encode("gbk")
    assert "try --encoding gbk" in run(path, piped=log).stderr
    assert run(path, "--encoding", "gbk", piped=log).stderr == ""


def test_json_has_an_object_a_line_and_show_what_came(tmp_path: Path) -> None:
    found = run(write(tmp_path), "--json", "--show", "--answers", str(tmp_path / "answers.txt"))
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert {"t": 10.0, "kind": "heard", "text": "Anna enters."} in rows
    assert {"t": 10.0, "kind": "sent", "text": "emote waves at Anna."} in rows
    assert all(row.keys() == {"t", "kind", "text"} for row in rows)


def test_diff_is_silent_where_nothing_differs(tmp_path: Path) -> None:
    found = run(write(tmp_path, WAVED, ANSWERED), "--diff", "--answers", str(tmp_path / "answers.txt"))
    assert (found.exit_code, found.stdout) == (0, ""), found.stderr


def test_diff_shows_what_differs_and_ends_with_1(tmp_path: Path) -> None:
    """Without times, telnet's own and how many stars stand for a password."""
    path = write(tmp_path, (10.0, "out", b"bow anna\r\n"), ANSWERED)
    found = run(path, "--diff", "--answers", str(tmp_path / "answers.txt"))
    assert found.exit_code == 1
    changed = [line for line in found.stdout.splitlines() if line[0] in "+-"]
    assert changed == ["--- sent then", "+++ sent now", "-bow anna", "+emote waves at Anna."]
    found = run(path, "--diff", "--json", "--answers", str(tmp_path / "answers.txt"))
    assert [json.loads(line) for line in found.stdout.splitlines()] == [
        {"sent": "then", "text": "bow anna"},
        {"sent": "now", "text": "emote waves at Anna."},
    ]


def test_profile_shows_the_triggers(tmp_path: Path) -> None:
    found = run(write(tmp_path), "--profile")
    head, row = found.stdout.splitlines()[-2:]
    assert head.split() == ["ms", "tried", "fired", "last", "trigger"]
    ms, tried, fired, last, *_name = row.split()
    assert float(ms) >= 0
    assert int(tried) >= 1
    assert (fired, last) == ("1", "10.000")
    row = run(write(tmp_path), "--profile", "--json").stdout.splitlines()[-1]
    assert json.loads(row).keys() == {"trigger", "ms", "tried", "fired", "last"}


def test_triggers_that_were_never_searched_for_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path)
    found = run(path, "--profile", piped=b"Anna walks off.\n")
    head, last = found.stdout.splitlines()[-2:]
    assert head.split() == ["ms", "tried", "fired", "last", "trigger"]
    assert last == "never searched for: 1"
    last = run(path, "--profile", "--json", piped=b"Anna walks off.\n").stdout.splitlines()[-1]
    assert json.loads(last) == {"never_tried": 1}


def test_a_log_does_not_tell_what_was_sent(tmp_path: Path) -> None:
    path = write(tmp_path).with_name("log.txt")
    path.write_text("The inn.\n")
    found = run(path, "--diff")
    assert found.exit_code == 2
    assert "a log does not tell" in found.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--speed", "fast"), "--speed"),
        (("--speed", "0"), "--speed"),
        (("--speed", "nan"), "--speed"),
        (("--encoding", "klingon"), "klingon"),
        (("--live", "--answers", "x"), "leave out one"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    found = run(write(tmp_path), *options)
    assert found.exit_code == 2
    assert says in found.stderr


def test_control_characters_are_shown_not_obeyed(tmp_path: Path) -> None:
    """A MUD must not drive the terminal of whoever replays it."""
    path = write(tmp_path, (12.0, "in", 'Anna says, "\u202e\x9b31m"\r\n'.encode()))
    for options in (("--show",), ("--show", "--json")):
        printed = run(path, *options).stdout
        assert "Anna says" in printed
        assert not set(printed) & {"\u202e", "\x9b", "\x1b"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = write(tmp_path).with_name("missing.jsonl")
    torn = write(tmp_path)
    torn.write_text(torn.read_text().replace('"hex"', '"hax"', 2))
    for path, says in ((missing, "missing.jsonl: No such file"), (torn, "line 2 of the recording")):
        found = run(path)
        assert isinstance(found.exception, MudError)
        assert says in str(found.exception)


# -- as a process ------------------------------------------------------------------------------------------------------


async def process(folder: Path, *options: str, **more: str) -> tuple[int, str, str]:
    """Status, output and errors of ``mudbot replay``."""
    args = ("-m", "mudbot", "replay", "-c", str(folder / "config.yaml"), *options)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, *args),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | more,
    )
    async with asyncio.timeout(60):
        out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


async def test_five_processes_print_the_same(tmp_path: Path) -> None:
    """Byte for byte, whatever Python's hashes are."""
    path = write(tmp_path, *((20.0 + i, "in", f'Guest{chr(97 + i)} tells you, "Wine?"\r\n'.encode()) for i in range(9)))
    options = ("--answers", str(tmp_path / "answers.txt"), "--show", str(path))
    runs = [await process(tmp_path, *options, PYTHONHASHSEED=str(seed)) for seed in range(5)]
    assert runs[0][0] == 0, runs[0][2]
    assert runs[0][1].count("  sent   tell Guest") == 9
    assert {out for _, out, _ in runs} == {runs[0][1]}


async def test_live_asks_the_configured_api_and_the_recording_waits_for_it(tmp_path: Path) -> None:
    """The true time that an answer takes passes in the recording as well: a minute of it does not jump by."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        await request.read()
        if request.path.endswith("moderations"):
            return web.json_response({"results": [{"flagged": False, "categories": {}, "category_scores": {}}]})
        await asyncio.sleep(0.3)
        message = {"role": "assistant", "content": "Four coins today."}
        return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    server = web.Application()
    server.router.add_post("/v1/{path:.*}", answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    path = write(tmp_path, (70.0, "in", b"Anna leaves east.\r\n"), api=api)
    try:
        status, out, err = await process(tmp_path, "--live", "--json", str(path))
    finally:
        await runner.cleanup()
    assert status == 0, err
    (said,) = [row for row in map(json.loads, out.splitlines()) if "Four coins" in row["text"]]
    assert 10.3 < said["t"] < 40
    assert "/v1/chat/completions" in paths
    assert not (tmp_path / "store").exists()


# -- one plugin alone --------------------------------------------------------------------------------------------------


def bare(path: Path, *options: str) -> Result:
    """``mudbot replay`` in the folder of *path*, with no configuration named."""
    return CliRunner().invoke(cli, ["replay", *options, path.name])


def test_a_plugin_alone_needs_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording says which session it is; nothing else speaks, and no model is asked."""
    path = write(tmp_path)
    (tmp_path / "config.yaml").write_text("this: is none")
    monkeypatch.chdir(tmp_path)
    found = bare(path, "--plugin", "wave")
    assert found.exit_code == 0, found.stderr
    assert [line for line in found.stdout.splitlines() if "  login  " not in line] == [
        "    10.000  sent   emote waves at Anna."
    ]


def test_a_plugin_alone_has_its_settings_from_a_configuration_that_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "plugins" / "wave.py").write_text(
        PLUGIN.replace("class Wave(Plugin):", "class Wave(Plugin):\n    config: Config\n")
        .replace(
            "from mudbot import Plugin, trigger\n",
            "from dataclasses import dataclass\n\nfrom mudbot import Plugin, trigger\n\n\n"
            '@dataclass\nclass Config:\n    how: str = "waves"\n',
        )
        .replace('"waves at', 'f"{self.config.how} at')
        .replace('ff"', 'f"')
    )
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("wave: null", "wave: {how: nods}"))
    found = run(path, "--plugin", "wave")
    assert "emote nods at Anna." in found.stdout, found.output
    assert "tell Anna" not in found.stdout, "dialogue is not in it"
    found = run(path, "--plugin", "basics")
    assert "emote" not in found.stdout


def test_a_plugin_alone_is_compared_with_what_was_sent_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, WAVED)
    lines = path.read_text().splitlines()
    header = json.loads(lines[0]) | {"character": "Chen", "host": "tavern", "dialect": "tavern", "encoding": "utf-8"}
    kept = [line for line in lines[1:] if b"look\r\n".hex() not in line]
    path.write_text("\n".join([json.dumps(header), *kept]) + "\n")
    monkeypatch.chdir(tmp_path)
    found = bare(path, "--plugin", "wave", "--diff")
    assert (found.exit_code, found.stdout) == (0, ""), found.output
    (tmp_path / "plugins" / "wave.py").write_text(PLUGIN.replace("waves", "bows"))
    found = bare(path, "--plugin", "wave", "--diff")
    assert found.exit_code == 1
    assert "+emote bows at Anna." in found.stdout.splitlines()


def test_a_plugin_that_there_is_not_is_said_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = bare(path, "--plugin", "wav")
    assert "there is no plugin 'wav'; did you mean 'wave'?" in str(found.exception)


def test_a_plugin_alone_fetches_nothing(tmp_path: Path) -> None:
    """What is outside stays untouched, whatever the configuration allows."""
    path = write(tmp_path)
    (tmp_path / "plugins" / "wave.py").write_text(
        PLUGIN.replace('await self.mud.emote(f"waves at {who}.")', 'await self.http.get("http://127.0.0.1:1/x")')
    )
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("wave: null", "wave: {permissions: {http: ['127.0.0.1:1']}}"))
    assert "while a recording is replayed" in run(path, "--plugin", "wave").output
