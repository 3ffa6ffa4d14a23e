"""The configuration that ships runs as it is, and stays cheap to import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from mudbot.config import example, load

ROOT = Path(__file__).parents[2]


def test_it_runs_as_it_is() -> None:
    """No variable, key or MUD is needed: the embedded world, the embedded API and plugins that ship."""
    config = load(ROOT / "config.yaml", environ={})
    assert [one.host for one in config.sessions] == ["tavern"]
    assert config.sessions[0].login is not None
    assert config.sessions[0].login.name == "Chen"
    assert config.api.base_url == "embedded"
    assert list(config.plugins) == ["dialogue", "scenes", "moderation", "basics", "memory", "talk", "owner"]


def test_it_says_the_defaults() -> None:
    """Whatever it sets that has a default is at the default: who deletes a line changes nothing."""
    config, bare = load(ROOT / "config.yaml", environ={}), load(None, environ={})
    assert (config.api, config.web, config.log, config.local) == (bare.api, bare.web, bare.log, bare.local)
    assert config.sessions[0].model_copy(update={"login": None}) == bare.sessions[0]


def test_what_its_comments_suggest_is_right(tmp_path: Path) -> None:
    """With the suggested lines for a real API and MUD switched on it loads as well."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    plain, model = (
        r"(?:models|public_url|token|goodbye|store|\w+_per_minute):.*",
        r"(?:dialogue|image|moderation|embedding): .*",
    )
    text = re.sub(rf"(?m)^( *)# ({plain})$", r"\1\2", text)
    text = re.sub(rf"(?m)^( *)#   ({model})$", r"\1  \2", text)
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    config = load(path, environ={"MUDBOT_TOKEN": "a-long-token"})
    assert config.api.models.dialogue is not None
    assert config.api.limits.images_per_minute == 5
    assert config.sessions[0].goodbye is not None
    assert config.web.public_url is not None
    real = yaml.safe_load("\n".join(re.findall(r"(?m)^  #   ((?:host|port|encoding|dialect|login): .*)$", text)))
    api = yaml.safe_load("\n".join(re.findall(r"(?m)^  #   ((?:base_url|api_key): .*)$", text)))
    assert set(real) == {"host", "port", "encoding", "dialect", "login"}
    path.write_text(yaml.safe_dump({"sessions": [real], "api": api}), encoding="utf-8")
    assert load(path, environ={"MUD_PASSWORD": "p", "OPENAI_API_KEY": "k"}).secrets() == ("k", "p")


def test_the_example_is_found() -> None:
    """What a problem points to exists."""
    assert example().read_bytes() == (ROOT / "config.yaml").read_bytes()


def test_importing_it_loads_nothing_heavy() -> None:
    """YAML and platformdirs come when a file is read; no network or image library ever."""
    code = "import sys, mudbot.config; print({'yaml', 'platformdirs', 'aiohttp', 'numpy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "set()"
