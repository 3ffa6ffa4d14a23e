"""Where ``mudbot api`` asks and as whom, and how it ends when that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.api_stage import KEY, Stage, as_json, call, completion, staged

MODELS = {"data": [{"id": "m"}]}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged() as stage:
        stage.plays["GET /models"] = MODELS
        yield stage


def config(folder: Path, api: str) -> None:
    (folder / "config.yaml").write_text(f"api: {api}\nsessions: [{{host: tavern}}]\n")


def test_nowhere_to_ask(stage: Stage) -> None:
    """It says how to use the embedded server, in one line."""
    outcome = call("models.list")
    assert (outcome.status, outcome.out) == (1, "")
    assert "--embedded" in outcome.err
    assert outcome.err.count("\n") == 1


def test_options_before_and_after_the_name(stage: Stage) -> None:
    """They mean the same; what stands nearer to the end wins."""
    assert call("-b", stage.base, "--api-key", KEY, "-O", "org-a", "models.list").status == 0
    assert call("-b", stage.base, "models.list", "-k", KEY, "-O", "org-a").status == 0
    assert call("-k", "sk-other-key", "models.list", "-b", stage.base, "-k", KEY, "-O", "org-a").status == 0
    said = {(one.headers["authorization"], one.headers["openai-organization"]) for one in stage.seen}
    assert (said, len(stage.seen)) == ({(f"Bearer {KEY}", "org-a")}, 3)


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_the_environment(stage: Stage, tmp_path: Path, name: str) -> None:
    """It stands above config.yaml and below the options."""
    config(tmp_path, "{base_url: 'http://127.0.0.1:9/v1', api_key: sk-of-the-file-1}")
    env = {name: stage.base, "OPENAI_API_KEY": KEY, "OPENAI_ORGANIZATION": "org-e"}
    assert call("models.list", env=env).status == 0
    assert call("models.list", "-O", "org-o", "-k", "sk-option-1234", env=env).status == 0
    said = [(one.headers["authorization"], one.headers["openai-organization"]) for one in stage.seen]
    assert said == [(f"Bearer {KEY}", "org-e"), ("Bearer sk-option-1234", "org-o")]
    assert call("models.list", "-b", "http://127.0.0.1:9/v1", "--deadline", "1s", env=env).status == 1


def test_the_configuration_in_the_folder(stage: Stage, tmp_path: Path) -> None:
    """Its server, key and models are used where nothing else is said; another by -c."""
    config(tmp_path, f"{{base_url: '{stage.base}', api_key: {KEY}, organization: org-f, models: {{dialogue: inn-7b}}}}")
    stage.plays["POST /completions"] = completion("x")
    assert call("completions.create", "-p", "x").status == 0
    assert stage.seen[0].json["model"] == "inn-7b"
    assert stage.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert stage.seen[0].headers["openai-organization"] == "org-f"
    other = tmp_path / "other"
    other.mkdir()
    config(other, f"{{servers: [{{base_url: '{stage.base}', api_key: sk-of-servers-1, models: {{a: b}}}}]}}")
    env = {"OPENAI_API_KEY": KEY}
    assert call("completions.create", "-p", "x", "-m", "a", "-c", str(other / "config.yaml"), env=env).status == 0
    assert stage.seen[1].json["model"] == "b"
    assert stage.seen[1].headers["authorization"] == "Bearer sk-of-servers-1"


def test_a_key_of_the_file_stays_with_its_server(stage: Stage, tmp_path: Path) -> None:
    """A variable that names another server does not get it, however the file was named."""
    config(tmp_path, "{base_url: 'http://127.0.0.1:9/v1', api_key: sk-of-the-file-1}")
    assert call("models.list", "-c", "config.yaml", env={"OPENAI_BASE_URL": stage.base}).status == 0
    assert call("models.list", "-b", stage.base).status == 0
    assert [one.headers.get("authorization") for one in stage.seen] == [None, None]


def test_another_server_takes_over(stage: Stage, tmp_path: Path) -> None:
    """The second of api.servers is asked where the first is away, with its own key."""
    config(
        tmp_path, f"{{servers: [{{base_url: 'http://127.0.0.1:9/v1'}}, {{base_url: '{stage.base}', api_key: {KEY}}}]}}"
    )
    outcome = call("models.list")
    assert (outcome.status, outcome.out) == (0, "m  -  -\n")
    assert stage.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_budgets_of_the_configuration_bind_a_command(stage: Stage, tmp_path: Path) -> None:
    """What is spent stands in the bot's own book, and what is above the budget is not sent."""
    api = f"base_url: '{stage.base}', prices: {{m: {{input: 1, output: 1}}}}, models: {{dialogue: m}}"
    (tmp_path / "config.yaml").write_text(
        f"api: {{{api}, budgets: {{day: 0.001}}}}\nsessions: [{{host: tavern}}]\nstore: kept\n"
    )
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    stage.plays["POST /completions"] = completion("x", usage=usage)
    assert call("completions.create", "-p", "x", "-M", "100").status == 0
    assert (tmp_path / "kept" / "spending.sqlite3").exists()
    outcome = call("completions.create", "-p", "x", "-M", "2000")
    assert (outcome.status, outcome.out, len(stage.seen), outcome.err.count("\n")) == (1, "", 1, 1)
    assert "budget" in outcome.err


def test_mistakes_in_the_configuration(stage: Stage, tmp_path: Path) -> None:
    """By line, with exit status 1, and the key is not said."""
    config(tmp_path, f"{{base_ur: 'http://x/v1', api_key: {KEY}}}")
    outcome = call("models.list")
    assert outcome.status == 1
    assert "config.yaml:1: " in outcome.err
    assert KEY not in outcome.err
    assert call("models.list", "-c", "missing.yaml").status == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("models.lst",), "did you mean 'models.list'"),
        (("models.get",), "--id"),
        (("completions.create", "-p", "x", "-b", "http://127.0.0.1:9/v1"), "-m MODEL"),
        (("models.list", "--embedded", "-b", "http://x/v1"), "exclude each other"),
        (("models.list", "--deadline", "soon"), "20s, 5m"),
        (("files.create", "-p", "x", "-f", "not-there"), "cannot read"),
        (("completions.create", "-m", "m", "-p", "x", "--param", "prompt=y"), "cannot be given twice"),
        (("completions.create", "-m", "m", "-p", "x", "--param", "caller=y"), "no parameter"),
        (("embeddings.create", "-m", "m", "-i", "-", "-i", "a", "--param", "x"), "NAME=VALUE"),
        (("chat.completions.create", "-m", "m", "-g", "user", "x", "--response-format", "{"), "no JSON"),
    ],
)
def test_usage(stage: Stage, arguments: tuple[str, ...], words: str) -> None:
    """Options that cannot be: exit status 2, before anything is asked."""
    outcome = call(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err.replace("\n", " ")
    assert "Traceback" not in outcome.err


def test_a_server_that_refuses(stage: Stage) -> None:
    """One line without the key or anything that a terminal obeys, exit status 1."""
    nasty = f"bad key {KEY}\x1b[31m\x9b2J\u202e\nsecond line " + "long " * 1000
    stage.plays["GET /models"] = as_json({"error": {"message": nasty, "code": "invalid_api_key"}}, 401)
    outcome = call("models.list", "-b", stage.base, "-k", KEY)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert KEY not in outcome.err
    assert not {"\x1b", "\x9b", "\u202e"} & set(outcome.err)
    assert len(outcome.err) < 1000


def test_settings_that_can_never_work_are_called_by_their_own_name(stage: Stage) -> None:
    """What the adapter calls api.base_url was --api-base here."""
    outcome = call("models.list", "-b", "ftp://x", "-k", KEY)
    assert (outcome.status, outcome.err.startswith("--api-base: ")) == (1, True)
    outcome = call("models.list", env={"OPENAI_API_KEY": "a b c", "OPENAI_BASE_URL": stage.base})
    assert (outcome.status, outcome.err.startswith("OPENAI_API_KEY: ")) == (1, True)
    assert "a b c" not in outcome.err
