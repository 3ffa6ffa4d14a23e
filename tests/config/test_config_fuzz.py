"""Whatever the file, the variables and the options hold: a Config or ConfigError, in bounded time."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudbot.config import Config, document, load
from mudbot.errors import ConfigError

GOOD = (Path(__file__).parents[2] / "config.yaml").read_bytes()
LOADERS = [yaml.SafeLoader] + ([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])

# Pieces that mean something to YAML or to the configuration, so that the fuzz gets past the first line.
PIECES = st.sampled_from(
    ["sessions", "host", "tavern", "port", "api", "plugins", "web", "log", "010", "12:30:00", "0x1", "yes", "null",
     "true", "1", "1.5", "%YAML 1.1", "${X}", "$${", "${", "&a ", "*a", "!!str ", "!x ", "<<", "? ", "- ", ": ", ":",
     "{", "}", "[", "]", ",", ", ", "'", '"', "|", ">", "#", "\\", "@", "`", "---\n", "...\n", "中", "\ufeff", "\x00",
     "\x07", "\u2028", "\x85", "\n", "\n  ", "\n- ", "\t"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=60).map("".join)
FUZZ = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def well_said(error: ConfigError) -> ConfigError:
    """Every problem has a place and is one safe line of bearable length."""
    assert error.problems
    for problem in error.problems:
        assert problem.where
        assert str(problem).isprintable(), repr(str(problem))
        assert len(problem.message) < 600
    return error


def outcome(path: Path | None, **more: object) -> Config | ConfigError:
    """A Config, or a ConfigError with problems that fit a line each; all else fails the test."""
    try:
        config = load(path, **{"environ": {}} | more)  # type: ignore[arg-type]
    except ConfigError as error:
        return well_said(error)
    assert repr(config)
    return config


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    """Any bytes as the file."""
    path = tmp_path / "config.yaml"
    path.write_bytes(data)
    outcome(path)


@FUZZ
@given(text=TEXTS)
@pytest.mark.parametrize("loader", LOADERS)
def test_any_yaml_like_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: type[yaml.SafeLoader], text: str
) -> None:
    """Texts of YAML's own signs as the file, with both of PyYAML's parsers."""
    monkeypatch.setattr(document.parse, "__kwdefaults__", {"loader": loader})
    path = tmp_path / "config.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    outcome(path, environ={"X": "x\udcffy"} if "yes" in text else {"X": "1"})


@FUZZ
@given(st.integers(0, len(GOOD)), st.integers(0, 60), TEXTS)
def test_the_example_with_a_piece_replaced(tmp_path: Path, start: int, length: int, text: str) -> None:
    """The shipped configuration with any piece of it overwritten."""
    path = tmp_path / "config.yaml"
    path.write_bytes(GOOD[:start] + text.encode("utf-8", "surrogatepass") + GOOD[start + length :])
    outcome(path)


@FUZZ
@given(
    st.lists(
        TEXTS
        | st.builds("{}={}".format, st.sampled_from(["sessions.0.port", "api", "web.token", "plugins.x.y"]), TEXTS)
    )
)
def test_any_options(overrides: list[str]) -> None:
    """Any texts as --set."""
    outcome(None, overrides=overrides)


@FUZZ
@given(st.dictionaries(st.sampled_from(["MUDBOT_", "OPENAI_API_KEY", "MUDBOT_PLUGINS__"]).flatmap(
    lambda start: st.lists(st.sampled_from(["API", "WEB", "__", "SESSIONS", "0", "X", "PORT", "中"]), max_size=8).map(
        lambda rest: start + "".join(rest))), st.text(max_size=20), max_size=5))  # fmt: skip
def test_any_variables(environ: dict[str, str]) -> None:
    """Any variables in the environment."""
    outcome(None, environ=environ)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "9" * 900_000, "a: '" + "x" * 1_000_000, "sessions:\n" + "- {host: a}\n" * 30_000,
        "".join(f"k{n}: 1\n" for n in range(40_000)),
        "a: [" + "{b: 1}," * 30_000 + "]", ": " * 100_000, "'" * 500_000, "- - " * 10_000,
        "&a " * 100_000, "!" * 500_000,
        "k" * 500_000 + ": 1", "a: " + "${X}" * 100_000, "a: " + "${" * 200_000,
        "sessions: [{host: " + "x" * 500_000 + "}]",
    ],
    ids=range(14),
)  # fmt: skip
@pytest.mark.timeout(60)
def test_large_hostile_files_end(tmp_path: Path, text: str) -> None:
    """Files up to the bound that are made to cost time are refused all the same."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert isinstance(outcome(path, environ={"X": "y"}), ConfigError)
