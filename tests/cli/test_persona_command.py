"""``mudbot persona``: cards in and out without harm to any file, a page about a character, and a talk with it."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli import main
from mudbot.mind.cards import load_card
from tests.cli.api_stage import PNG, Reply, Seen, Stage, as_json, staged, stream

CARD: dict[str, Any] = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Mira",
        "description": "{{char}} heals <USER>.",
        "first_mes": "*smiles* Hello.",
        "mes_example": "<START>\n{{user}}: Who are you?\n{{char}}: I am Mira.",
        "system_prompt": "Write long.",
        "creator": "somebody",
        "creator_notes": "Be kind.\x1b[31m",
        "tags": ["healer"],
        "mine": {"x": 1},
        "character_book": {
            "entries": [
                {
                    "keys": ["forest"],
                    "content": "The forest is old.",
                    "insertion_order": 9,
                    "extensions": {"sticky": 2},
                },
                {"keys": ["king", "/queen/i"], "content": "There is no king.", "enabled": True, "extensions": {}},
            ]
        },
    },
}


class Ran:
    """What the command printed."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """``run("show", "innkeeper")`` in a folder of its own, with a card in it."""
    monkeypatch.chdir(tmp_path)
    Path("mira.json").write_text(json.dumps(CARD), encoding="utf-8")

    def run_it(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mudbot", "persona", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ran(int(ended.value.code or 0), *capfd.readouterr())

    return run_it


# -- import and export ---------------------------------------------------------------------------------------------


def test_an_import_says_what_became_of_everything(run: Any) -> None:
    ran = run("import", "mira.json", "-o", "mira.yaml")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "mira.json: JSON, V2",
        "taken:",
        "  name",
        "  description",
        "  mes_example: 1 of 1 exchange(s), their spoken words alone",
        "  character_book: 2 of 2 entries, as lore",
        "kept, but not used:",
        "  1 greeting(s), in greetings: as well; in a MUD others open the talk, and no model sees them",
        "  system_prompt: mudbot tells models itself how to answer in a MUD; what matters of it can go to style:",
        "  creator: for people, not for models; persona show prints it",
        "  creator_notes: for people, not for models; persona show prints it",
        "  tags: for people, not for models; persona show prints it",
        "  mine: nobody here knows what it means",
        "changed:",
        "  fallbacks: a card has none, so these are general ones: write them in the character's voice",
        "  lorebook: 500 tokens for all lore of a prompt, as the card does not say",
        "written: mira.yaml; use it by `character: mira.yaml`, meet it by `mudbot persona try mira.yaml`",
        "         2 pieces of lore; `mudbot persona show` says how they are called",
    ]
    assert Path("mira.yaml").read_text(encoding="utf-8").startswith("# Imported from mira.json, JSON, a card of V2.")


def test_what_is_imported_comes_out_again(run: Any) -> None:
    """As JSON and in a picture; and imported from there it is the same persona."""
    run("import", "mira.json", "-o", "mira.yaml")
    Path("me.png").write_bytes(PNG)
    assert json.loads(run("export", "mira.yaml").out) == CARD
    assert run("export", "mira", "-o", "back.json").out == "written: back.json, the card as it was imported\n"
    assert run("export", "mira", "-o", "back.png", "--picture", "me.png").status == 0
    assert load_card(Path("back.json")).value == load_card(Path("back.png")).value == CARD
    for source in ("back.json", "back.png"):
        assert run("import", source, "-o", f"{source}.yaml").status == 0
        assert body(Path(f"{source}.yaml")) == body(Path("mira.yaml"))


def body(path: Path) -> str:
    return "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith("#"))


def test_no_file_is_written_over_unasked(run: Any) -> None:
    Path("mira.yaml").write_text("mine", encoding="utf-8")
    ran = run("import", "mira.json", "-o", "mira.yaml")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "mira.yaml: is there already: name another file, or say --force to replace it\n"
    assert Path("mira.yaml").read_text(encoding="utf-8") == "mine"
    assert run("import", "mira.json", "-o", "mira.yaml", "--force").status == 0
    assert "is the file that is read" in run("import", "./mira.json", "-o", "mira.json", "--force").err
    assert "is there already" in run("export", "innkeeper", "-o", "mira.yaml").err
    assert "there is no such folder" in run("import", "mira.json", "-o", "no/mira.yaml").err
    assert sorted(path.name for path in Path().iterdir()) == ["mira.json", "mira.yaml"]


def test_a_damaged_picture_is_told(run: Any) -> None:
    data = b"chara\0" + base64.b64encode(json.dumps(CARD).encode())
    chunk = len(data).to_bytes(4, "big") + b"tEXt" + data + (zlib.crc32(b"tEXt" + data) ^ 1).to_bytes(4, "big")
    Path("bad.png").write_bytes(PNG[:33] + chunk + PNG[33:])
    ran = run("import", "bad.png", "-o", "x.yaml")
    assert ran.status == 0
    assert "  tEXt chara: its checksum is wrong: it was damaged" in ran.out
    Path("none.png").write_bytes(PNG)
    ran = run("import", "none.png", "-o", "y.yaml")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("none.png: has no card in it: a picture loses it when it is converted")
    assert not Path("y.yaml").exists()


def test_a_persona_that_was_no_card_becomes_one(run: Any) -> None:
    card = json.loads(run("export", "innkeeper-zh").out)
    assert (card["spec"], card["data"]["name"]) == ("chara_card_v3", "老陈")
    assert "--picture wants --output" in run("export", "innkeeper", "--picture", "x.png").err


# -- show and list -------------------------------------------------------------------------------------------------


def test_a_page_says_who_it_is(run: Any) -> None:
    run("import", "mira.json", "-o", "mira.yaml")
    out = run("show", "mira.yaml").out
    assert out.startswith("Mira\n  languages   en\n  prompt      about ")
    assert "  description Mira heals the guest.\n" in out
    assert "  lore        2 pieces, about 11 tokens; as many as fit, 500 tokens, called by the last 2 messages\n" in out
    assert "[forest; priority 9; sticky 2]: The forest is old." in out
    assert "  card        a card of V2, by somebody\n" in out
    assert "\x1b" not in out
    assert "system_prompt" not in out


def test_a_page_as_json_has_everything(run: Any) -> None:
    run("import", "mira.json", "-o", "mira.yaml")
    shown = json.loads(run("show", "mira.yaml", "--json").out)
    assert (shown["name"], shown["card"], len(shown["lore"])) == ("Mira", CARD, 2)
    assert set(shown["tokens"]) == {"persona", "prompt"}
    assert json.loads(run("show", "innkeeper", "--json").out)["card"] is None


def test_all_says_all(run: Any) -> None:
    assert re.search(r"… and \d+ more", run("show", "innkeeper").out)
    whole = run("show", "innkeeper", "--all").out
    assert not re.search(r"… and \d+ more", whole.split("lore  ")[1].split("fallbacks")[0])
    assert "The only orders I take" in " ".join(whole.split())


def test_mistakes_are_told_by_line(run: Any) -> None:
    Path("x.yaml").write_text("name: x\nlanguage: en\ndescription: d\nfallback: [a]\n", encoding="utf-8")
    ran = run("show", "x.yaml")
    assert ran.status == 1
    assert "x.yaml:4: there is no key 'fallback' here: did you mean 'fallbacks'?" in ran.err
    assert "did you mean 'innkeeper'?" in run("show", "inkeeper").err


def test_the_list_has_what_is_at_hand(run: Any) -> None:
    run("import", "mira.json", "-o", "mira.yaml")
    Path("personas").mkdir()
    for name, text in {"personas/bad.yaml": "name: Bad\ndescription: d\n", "other.yaml": "name: no persona\n"}.items():
        Path(name).write_text(text, encoding="utf-8")
    lines = "sessions: [{host: mud.example.org, name: north, character: mira.yaml}, {host: tavern, name: inn}]\n"
    Path("config.yaml").write_text(lines, encoding="utf-8")
    rows = json.loads(run("list", "--json").out)
    assert [(row["name"], row["character"], row["origin"], row["problems"]) for row in rows] == [
        ("innkeeper", "Old Chen", "plays in inn", 0),
        ("innkeeper-zh", "老陈", "shipped", 0),
        ("mira", "Mira", "plays in north", 0),
        ("bad", "", "file", 2),
    ]
    out = run("list").out.splitlines()
    assert out[2].split() == ["mira", "Mira", "en", "plays", "in", "north"]
    assert out[3].endswith("2 problem(s): mudbot persona show bad")


# -- try -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> Iterator[Stage]:
    """A server whose model always says the same."""
    with staged() as stage:
        stage.plays["POST /chat/completions"] = says
        yield stage


def says(seen: Seen) -> Reply:
    """At once, or in pieces where it is asked to."""
    text = "I am a healer, friend. Sit down with me."
    body: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    body["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    parts = {"role": "assistant", "content": text}
    if not seen.json.get("stream"):
        return as_json(body | {"choices": [{"index": 0, "message": parts, "finish_reason": "stop"}]})
    return stream(body | {"choices": [{"index": 0, "delta": parts, "finish_reason": "stop"}]})


def test_a_talk_is_with_the_prompt_of_the_game(run: Any, api: Stage, tmp_path: Path) -> None:
    """By the configured API; --explain prints what was sent, and what called the lore in it."""
    run("import", "mira.json", "-o", "mira.yaml")
    lines = f"""\
api:
  base_url: {api.base}
  api_key: k
  models: {{dialogue: m}}
  budgets: {{day: 1}}
  prices: {{m: {{input: 1, output: 1}}}}
sessions: [{{host: mud.example.org, name: north}}]
plugins: {{dialogue: }}
store: kept
"""
    Path("config.yaml").write_text(lines, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mudbot",
        "persona",
        "try",
        "mira.yaml",
        "--explain",
        "--say",
        "Is the forest old?",
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "I am a healer, friend." in done.stdout  # each sentence may be a line of its own
    assert 'Sit down with me."' in done.stdout
    assert "  [model]" in done.stdout
    assert "Mira thinks: The forest is old." in done.stdout
    assert "== lore was called by\nkey 'forest': The forest is old." in done.stdout
    sent = next(seen.json for seen in api.seen if seen.path.endswith("/chat/completions"))
    assert sent["messages"][0]["content"].startswith("Mira heals the guest.")
    assert sent["messages"][-1]["content"].endswith("Is the forest old?\n(Mira thinks: The forest is old.)")
    assert not list(tmp_path.glob("mudbot-try-*"))
    assert sorted(path.name for path in Path("kept").iterdir()) == ["spending.sqlite3"]


def test_a_talk_that_fails_ends_in_1(run: Any, api: Stage) -> None:
    run("import", "mira.json", "-o", "mira.yaml")
    api.plays["POST /chat/completions"] = as_json({"error": {"message": "no"}}, 400)
    text = f"api: {{base_url: '{api.base}', api_key: k, models: {{dialogue: m}}}}\n"
    text += "sessions: [{host: tavern}]\nplugins: {dialogue: }\n"
    Path("config.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mudbot", "persona", "try", "mira"]
    done = subprocess.run(command, input="Hello\n", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "[fallback: " in done.stdout
