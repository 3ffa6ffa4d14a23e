"""How a session is reached, read and spoken: the keys, their defaults, and what is wrong with a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from mudbot import resolve
from mudbot.config import Config, SessionConfig
from mudbot.errors import ConfigError
from mudbot.mud.gate import Parts
from tests.config.conftest import Complainer, Reader


def session(read: Reader, keys: str = "", **more: str) -> SessionConfig:
    """The one session of a configuration with *keys*."""
    (only,) = config(read, keys, **more).sessions
    return only


def config(read: Reader, keys: str = "", **more: str) -> Config:
    return read(f"sessions:\n  - host: mud.example.org\n    port: 4000\n{keys}", **more)


# -- defaults ----------------------------------------------------------------------------------------------------------


def test_a_session_is_plain_telnet_in_utf_8_unless_told_otherwise(read: Reader) -> None:
    found = session(read)
    assert (found.tls, found.proxy, found.compress, found.encoding, found.dialect) == (
        False, None, False, "utf-8", "generic",
    )  # fmt: skip
    speech = found.speech
    assert (speech.parts, speech.split, speech.typing, speech.non_ascii) == (4, "plain", 30.0, "transliterate")


def test_the_embedded_world_has_its_own_dialect(read: Reader) -> None:
    assert read("sessions: [{host: tavern}]\n").sessions[0].dialect == "tavern"


# -- the way there -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("insecure", "insecure")])
def test_tls_is_true_false_or_insecure(read: Reader, text: str, value: object) -> None:
    found = session(read, f"    tls: {text}\n")
    assert found.tls == value
    assert resolve.address(found).tls == value


@pytest.mark.parametrize("text", ["maybe", "Insecure", "1", "[true]", "unverified"])
def test_any_other_tls_is_refused(complaints: Complainer, text: str) -> None:
    """A slip must not become a link without verification; all three that there are get named."""
    (complaint,) = complaints(f"sessions:\n  - host: mud.example.org\n    tls: {text}\n")
    assert complaint.startswith("config.yaml:3: sessions.0.tls ")
    assert "true" in complaint
    assert "insecure" in complaint


def test_tls_without_verification_is_warned_of(read: Reader) -> None:
    """By line and host; with verification, or without TLS, nothing is said."""
    (warning,) = resolve.warnings_of(config(read, "    tls: insecure\n"))
    assert str(warning).startswith("config.yaml:4: ")
    assert "mud.example.org" in str(warning)
    assert "password" in str(warning)
    for value in ("true", "false"):
        assert resolve.warnings_of(config(read, f"    tls: {value}\n")) == []


def test_a_proxy_is_a_secret(read: Reader) -> None:
    """Its password is neither shown nor logged, in any of its spellings."""
    found = config(read, "    proxy: socks5://me:can%40ry99@proxy.example.org:1080\n")
    assert "ry99" not in repr(found)
    assert {"can%40ry99", "can@ry99"} <= set(found.secrets())
    way = resolve.address(found.sessions[0]).way
    assert way is not None
    assert (way.kind, way.host, way.port, way.user, way.password) == (
        "socks5", "proxy.example.org", 1080, "me", "can@ry99",
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["socks9://me:canary99@p:1", "http://me:canary99@", "http://me:canary99@p:99999", "p:1"]
)
def test_a_proxy_that_cannot_be_understood_is_told_by_line_without_its_password(read: Reader, url: str) -> None:
    (problem,) = resolve.problems_of(config(read, f"    proxy: {url}\n"))
    assert str(problem).startswith("config.yaml:4: ")
    assert "proxy" in str(problem)
    assert "canary" not in str(problem)


def test_compression_is_off_unless_wanted(read: Reader) -> None:
    """A bomb of zeros is the MUD's to send."""
    assert not resolve.address(session(read)).compress
    assert resolve.address(session(read, "    compress: true\n")).compress


# -- encoding and dialect ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["utf-8", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r", "auto"])
def test_the_encodings_of_muds_are_known(read: Reader, name: str) -> None:
    assert resolve.address(session(read, f"    encoding: {name}\n")).encoding == name


def test_another_encoding_names_those_that_there_are(complaints: Complainer) -> None:
    (complaint,) = complaints("sessions:\n  - host: mud.example.org\n    encoding: gkb\n")
    assert complaint.startswith("config.yaml:3: ")
    assert "gbk" in complaint
    assert "auto" in complaint


def test_a_dialect_is_a_name_or_auto(read: Reader) -> None:
    """None is to find it out."""
    named = config(read, "    dialect: nt7\n")
    rules = resolve.load_dialect(named, named.sessions[0])
    assert rules is not None
    assert rules.name == "nt7"
    auto = config(read, "    dialect: auto\n")
    assert resolve.load_dialect(auto, auto.sessions[0]) is None
    assert resolve.problems_of(auto) == []


@pytest.mark.parametrize("path", ["own.yaml", "./own.yaml", "dialects/own.yml", "dialects/own.yaml"])
def test_a_dialect_may_be_a_file_beside_the_configuration(read: Reader, tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("extends: rom\nmax_bytes: 99\n")
    found = config(read, f"    dialect: {path}\n")
    rules = resolve.load_dialect(found, found.sessions[0])
    assert rules is not None
    assert (rules.name, rules.max_bytes) == ("own", 99)


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("evenia", "did you mean 'evennia'?"),
        ("own.yaml", "no such file"),
        ("Auto", "auto"),
        ("_es2", "not known"),
    ],
)
def test_a_dialect_that_there_is_not_is_told_by_check(read: Reader, dialect: str, words: str) -> None:
    (problem,) = resolve.problems_of(config(read, f"    dialect: {dialect}\n"))
    assert words in str(problem)
    assert "own.yaml" in str(problem) or str(problem).startswith("config.yaml:4: ")


def test_every_mistake_of_a_dialect_file_is_told_by_check(read: Reader, tmp_path: Path) -> None:
    """With its own lines."""
    (tmp_path / "own.yaml").write_text("extends: rom\nheer: []\nmax_bytes: 1\n")
    found = [str(problem) for problem in resolve.problems_of(config(read, "    dialect: own.yaml\n"))]
    assert [line.partition(": ")[0] for line in found] == ["own.yaml:2", "own.yaml:3"]


# -- speech ------------------------------------------------------------------------------------------------------------


def test_how_it_speaks_reaches_the_voice(read: Reader) -> None:
    found = session(read, "    speech: {parts: 2, split: numbered, typing: 0, non_ascii: refuse}\n")
    manner = resolve.manner(found)
    assert manner.parts == Parts(2, "numbered")
    assert (manner.typing, manner.non_ascii) == (0, "refuse")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("parts: 0", "speech.parts"),
        ("parts: 10", "speech.parts"),
        ("parts: many", "speech.parts"),
        ("split: fancy", "numbered"),
        ("typing: -1", "speech.typing"),
        ("typing: 1001", "speech.typing"),
        ("non_ascii: drop", "transliterate"),
        ("partz: 2", "did you mean 'parts'?"),
    ],
)
def test_a_mistake_in_how_it_speaks_is_told_by_line(complaints: Complainer, keys: str, words: str) -> None:
    (complaint,) = complaints(f"sessions:\n  - host: mud.example.org\n    speech: {{{keys}}}\n")
    assert complaint.startswith("config.yaml:3: ")
    assert words in complaint


def test_the_command_line_and_the_environment_reach_these_keys(read: Reader) -> None:
    text = "sessions:\n  - host: mud.example.org\n"
    found = read(text, "sessions.0.tls=insecure", "sessions.0.speech.parts=2").sessions[0]
    assert (found.tls, found.speech.parts) == ("insecure", 2)


def test_an_own_file_with_a_mistake_is_an_error_and_no_traceback(read: Reader, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("extends: rom\nhear: 7\n")
    found = config(read, "    dialect: own.yaml\n")
    with pytest.raises(ConfigError, match=r"own\.yaml:2: "):
        resolve.load_dialect(found, found.sessions[0])
