"""What config.yaml may hold, its defaults, and every mistake at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from mudbot.config import TAVERN, load
from mudbot.errors import ConfigError

if TYPE_CHECKING:
    from tests.config.conftest import Complainer, Reader

OCTAL = "some readers take a number with a leading zero as octal: write it in quotes or without the leading zero"


def session(**keys: str) -> str:
    return "sessions:\n- host: mud.example.org\n" + "".join(f"  {key}: {value}\n" for key, value in keys.items())


def test_defaults(read: Reader) -> None:
    """A configuration with one host has these values."""
    config = read("sessions: [{host: mud.example.org}]")
    api, web, one = config.api, config.web, config.sessions[0]
    assert (api.base_url, api.api_key, api.organization, api.project) == ("embedded", None, None, None)
    assert (api.models.dialogue, api.models.image, api.models.moderation, api.models.embedding) == (None,) * 4
    limits = api.limits
    assert (limits.requests_per_minute, limits.tokens_per_minute, limits.images_per_minute) == (None, None, None)
    assert (limits.concurrency, limits.queue, limits.deadline) == (4, 100, 60.0)
    assert (one.name, one.port, one.tls, one.encoding, one.dialect) == (
        "mud.example.org",
        4000,
        False,
        "utf-8",
        "generic",
    )
    assert (one.login, one.character, one.language, one.goodbye, one.command_prefix) == (
        None,
        "innkeeper",
        "en",
        None,
        "!",
    )
    assert (web.host, web.port, web.public_url, web.token) == ("127.0.0.1", 8080, None, None)
    assert (config.log.level, config.log.format, config.local.model) == ("info", "auto", "auto")
    assert "mudbot" in config.store
    assert config.plugins == {}


def test_the_embedded_world_has_defaults_of_its_own(read: Reader) -> None:
    """host: tavern takes any free port and its own dialect, and is called tavern."""
    one = read("sessions: [{host: tavern}]").sessions[0]
    assert (one.name, one.port, one.dialect, one.embedded) == (TAVERN, 0, "tavern", True)


def test_everything_can_be_set(read: Reader) -> None:
    """All keys of the contract are taken, and come out as they went in."""
    config = read("""
api:
  base_url: https://api.example.org/v1/
  api_key: sk-1
  organization: org
  project: pro
  models: {dialogue: {name: a, endpoint: completions}, image: b, moderation: c, embedding: d}
  limits: {requests_per_minute: 60, tokens_per_minute: 1.5e4, images_per_minute: 5, concurrency: 1, queue: 2,
           deadline: 1m30s}
sessions:
- {name: one, host: "2001:db8::1", port: 23, tls: true, encoding: gbk, dialect: nt7, login: {name: 陈, password: "010"},
   character: ./chen.yaml, language: zh, goodbye: 再见, command_prefix: "#"}
- {host: tavern}
plugins:
  scenes: {permissions: {commands: true, http: [a.org, b.org], images: true}, size: 5}
  basics:
store: ./data
web: {host: 0.0.0.0, port: 0, public_url: "https://bot.example.org/x", token: t0ken-of-mine}
log: {level: debug, format: json}
local: {model: 1.5b}
""")
    dialogue, one, scenes = config.api.models.dialogue, config.sessions[0], config.plugins["scenes"]
    assert dialogue is not None
    assert (dialogue.name, dialogue.endpoint, config.api.limits.deadline) == ("a", "completions", 90.0)
    assert one.login is not None
    assert one.login.password is not None
    assert (one.login.name, one.login.password.get_secret_value(), one.host) == ("陈", "010", "2001:db8::1")
    assert (one.goodbye, one.command_prefix, one.encoding, one.tls) == ("再见", "#", "gbk", True)
    assert (scenes.permissions.commands, scenes.permissions.http, scenes.permissions.images) == (
        True,
        ("a.org", "b.org"),
        True,
    )
    assert scenes.settings == {"size": 5}
    assert config.plugins["basics"].settings == {}
    assert config.local.model == "1.5b"


def test_all_problems_at_once_in_line_order(complaints: Complainer) -> None:
    """One reading tells every mistake of every kind, by line, options last."""
    said = complaints(
        """\
log: {levle: info}
api:
  base_url: ftp://x
  base_url: http://y
  limits: {deadline: 60}
sessions:
- host: ${NOPE}
- host: a
  port: 010
  tls: yes
- host: a
local: {model: 15b}
""",
        "web.prt=1",
    )
    assert said == [
        "config.yaml:1: log: there is no key 'levle' here: did you mean 'level'?",
        "config.yaml:3: api.base_url must be embedded, or an http or https URL such as https://api.openai.com/v1",
        "config.yaml:4: the key 'base_url' is here twice, first at config.yaml:3: delete one of them",
        "config.yaml:5: api.limits.deadline must be a time with its unit: write 60s",
        "config.yaml:7: the environment variable NOPE is not set: set it, or write the value here",
        f"config.yaml:9: {OCTAL}",
        "config.yaml:10: sessions.1.tls must be true, false or insecure: write one of these words, without quotes",
        "config.yaml:11: two sessions have the name 'a', the first at config.yaml:8: give each its own 'name:'",
        "config.yaml:12: local.model must be auto, 1.5b, 0.5b or smollm2: did you mean 1.5b?",
        "--set web.prt: web: there is no key 'prt' here: did you mean 'port'?",
    ]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("port", "yes", "sessions.0.port must be a whole number"),
        ("port", "true", "sessions.0.port must be a whole number"),
        ("port", "'4000'", "sessions.0.port must be a whole number: take the quotes away"),
        ("port", "4000.5", "sessions.0.port must be a whole number"),
        ("port", "70000", "sessions.0.port must be at most 65535"),
        ("port", "-1", "sessions.0.port must be at least 0"),
        ("port", "0", "sessions.0.port must be at least 1"),
        ("tls", "on", "sessions.0.tls must be true, false or insecure: write one of these words"),
        ("tls", "1", "sessions.0.tls must be true, false or insecure"),
        ("tls", "'true'", "sessions.0.tls must be true or false"),
        ("encoding", "utf8", "did you mean utf-8?"),
        ("encoding", "GBK", "did you mean gbk?"),
        ("language", "no", "sessions.0.language must be en or zh"),
        ("name", "12345", "sessions.0.name must be text: put it in quotes"),
        ("name", "'12345'", "not digits alone"),
        ("name", "a b", "sessions.0.name must be letters"),
        ("dialect", "''", "sessions.0.dialect must not be empty"),
        ("login", "Chen", "sessions.0.login must be a mapping"),
        ("login", "{password: x}", "sessions.0.login.name is missing"),
        ("login", "{name: x, pasword: y}", "sessions.0.login: there is no key 'pasword' here: did you mean"),
        ("login", "{name: x, password: 123456}", "sessions.0.login.password must be text: put it in quotes"),
        ("login", '{name: "x\\ny"}', "sessions.0.login.name must be one line"),
        ("login", '{name: x, password: "p\\r\\nquit"}', "sessions.0.login.password must be one line"),
        ("goodbye", "[a]", "sessions.0.goodbye must be text"),
        ("goodbye", "'bye\u2028quit'", "sessions.0.goodbye must be one line"),
        ("command_prefix", "x", "sessions.0.command_prefix must be one to three signs"),
        ("prot", "1", "sessions.0: there is no key 'prot' here: did you mean 'port'?"),
        ("zzz", "1", "sessions.0: there is no key 'zzz' here: there are character, command_prefix,"),
    ],
)  # fmt: skip
def test_a_sessions_mistake_is_told(key: str, value: str, said: str, complaints: Complainer) -> None:
    """Each wrong value of a session gives one problem in our own words, at its line."""
    (problem,) = complaints(session(**{key: value}))
    assert problem.startswith("config.yaml:3: ")
    assert said in problem


@pytest.mark.parametrize("host", ["'telnet://mud.org'", "mud.org:4000", "a b", "me@mud.org", "mud.org/", "''"])
def test_a_host_is_a_host_alone(host: str, complaints: Complainer) -> None:
    """A URL, a port or a user's name in the host is refused with the remedy."""
    (problem,) = complaints(f"sessions: [{{host: {host}}}]")
    assert "sessions.0.host must" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api: {base_url: embeded}", "did you mean embedded?"),
        ("api: {base_url: api.openai.com}", "must be embedded, or an http or https URL"),
        ("api: {base_url: 'http://'}", "must be embedded, or an http or https URL"),
        ("api: {base_url: 'http://x:99999/'}", "must be embedded, or an http or https URL"),
        ("api: {base_url: 'http://[x/'}", "must be embedded, or an http or https URL"),
        ("api: {base_url: 'http://a:b@x/'}", "must not hold a user's name or password"),
        ("api: {base_url: 'http://x/?key=y'}", "must end before any '?'"),
        ('api: {api_key: "a\\nb"}', "api.api_key must be one line"),
        ("api: {models: {dialogue: 5}}", "api.models.dialogue must be a model's name, or {name: ..., endpoint: chat}"),
        ("api: {models: {dialogue: {endpoint: chat}}}", "api.models.dialogue.name is missing"),
        ("api: {models: {dialogue: {name: x, endpoint: chta}}}", "did you mean chat?"),
        ("api: {limits: {requests_per_minute: 0}}", "must be more than 0"),
        ("api: {limits: {requests_per_minute: true}}", "must be a number"),
        ("api: {limits: {concurrency: 0}}", "must be at least 1"),
        ("api: {limits: {deadline: 0s}}", "must be more than 0"),
        ("api: {limits: {deadline: soon}}", "write 20s, 5m, 1h30m or 500ms"),
        ("plugins: [dialogue]", "plugins must be a mapping"),
        ("plugins: {dialogue: true}", "plugins.dialogue must be a mapping"),
        ("plugins: {'../x': }", "is no plugin's name"),
        ("plugins: {a: {permissions: [images]}}", "plugins.a.permissions must be a mapping"),
        ("plugins: {a: {permissions: {image: true}}}", "did you mean 'images'?"),
        ("plugins: {a: {permissions: {http: a.org}}}", "plugins.a.permissions.http must be a list"),
        ("plugins: {a: {permissions: {http: ['http://a.org/']}}}", "plugins.a.permissions.http.0 must be a host name"),
        ("store: 5", "store must be text: put it in quotes"),
        ("store: ''", "store must not be empty"),
        ("web: {public_url: here}", "web.public_url must be an http or https URL"),
        ("log: {format: jsno}", "did you mean json?"),
        ("log: loud", "log must be a mapping"),
        ("local: {model: auot}", "did you mean auto?"),
        ("apis: {x: 1}", "there is no key 'apis' here: did you mean 'api'?"),
        ("webb:", "there is no key 'webb' here: did you mean 'web'?"),
        ("'api:x': 1", "'api' has no value: put a space after its colon"),
    ],
)  # fmt: skip
def test_a_mistake_elsewhere_is_told(text: str, said: str, complaints: Complainer) -> None:
    """Each wrong value gives one problem in our own words, at its line."""
    (problem,) = complaints("sessions: [{host: tavern}]\n" + text)
    assert problem.startswith("config.yaml:2: ")
    assert said in problem


def test_a_key_without_a_value_means_the_default(read: Reader) -> None:
    """Whoever comments out all lines below a key gets the default; a plugin's own empty keys are the plugin's."""
    config = read(
        "sessions:\n- host: tavern\n  port:\n  login:\napi:\n  limits:\nweb:\nplugins:\n  a: {permissions: , x: }\n"
    )
    assert (config.api.limits.queue, config.web.port, config.sessions[0].port) == (100, 8080, 0)
    assert config.plugins["a"].settings == {"x": None}


@pytest.mark.parametrize("text", ["sessions:\n", "sessions: []\n", "web: {port: 1}\n"])
def test_a_file_has_a_session(text: str, complaints: Complainer) -> None:
    """A configuration without a session is a mistake."""
    (problem,) = complaints(text)
    assert "sessions" in problem


def test_session_names_are_unique(complaints: Complainer) -> None:
    """Two sessions of one name, given or by host, are refused with both places."""
    (problem,) = complaints("sessions:\n- host: a\n- host: b\n  name: a\n")
    assert (
        problem
        == "config.yaml:4: two sessions have the name 'a', the first at config.yaml:2: give each its own 'name:'"
    )


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    """The problem names the path, the option and an example that exists."""
    with pytest.raises(ConfigError, match=r"mudbot run -c FILE") as caught:
        load(tmp_path / "none.yaml", environ={})
    assert caught.value.problems[0].where == str(tmp_path / "none.yaml")
    assert Path(str(caught.value).rpartition(" is ")[2]).exists()


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """The problem says that it is a directory and what to name."""
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path, environ={})


def test_a_name_that_no_file_can_have_is_refused() -> None:
    """A NUL in the path is a problem like any other, shown safely."""
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(Path("a\0\x1b[2Jb"), environ={})
    assert "\x1b" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="only where there is such a device")
def test_an_endless_file_is_refused() -> None:
    """What never ends is read to a bound only."""
    with pytest.raises(ConfigError, match="longer than"):
        load(Path("/dev/zero"), environ={})


@pytest.fixture
def an_ordinary_user() -> Iterator[None]:
    """Root may read everything, so root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("an_ordinary_user")
def test_a_file_without_the_right_to_read_is_refused() -> None:
    """The problem says whose right is missing."""
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which is not an ordinary user's
        path = Path(folder) / "config.yaml"
        path.write_text("a: 1")
        path.chmod(0)
        with pytest.raises(ConfigError, match="may not be read"):
            load(path, environ={})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"a: 1\nb: \xc4\xe3\n", "config.yaml:2: is not UTF-8"),
        ("sessions: []".encode("utf-16"), "is not UTF-8"),
        (b"- a\n", "config.yaml:1: must hold keys with values"),
        (b"hello\n", "config.yaml:1: must hold keys with values"),
        (b"a" * (1 << 20) + b"aa", "longer than 1,048,576 bytes"),
    ],
)
def test_what_is_no_configuration_is_refused(data: bytes, said: str, complaints: Complainer) -> None:
    """Empty files, other encodings and other shapes give one problem."""
    (problem,) = complaints(data)
    assert said in problem


def test_a_byte_order_mark_is_no_harm(read: Reader) -> None:
    """Editors of some systems put one at the start."""
    assert read(b"\xef\xbb\xbfsessions: [{host: tavern}]").sessions[0].name == "tavern"


def test_without_a_file_all_is_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """load(None) is one session in the embedded world, and layers work over it."""
    config = load(None, overrides=["sessions.tavern.port=4001"], environ={"MUDBOT_WEB__PORT": "1"})
    assert (config.sessions[0].host, config.sessions[0].port, config.web.port) == ("tavern", 4001, 1)
    assert (config.source, config.folder) == (None, Path())
    monkeypatch.setenv("MUDBOT_LOG__LEVEL", "debug")
    assert load(None).log.level == "debug"


def test_paths_start_from_the_files_folder(read: Reader, tmp_path: Path) -> None:
    """Relative paths belong to the file, absolute and home ones to nobody."""
    config = read("sessions: [{host: tavern}]")
    assert (config.source, config.folder) == (tmp_path / "config.yaml", tmp_path)
    assert config.path("a/b.yaml") == tmp_path / "a/b.yaml"
    assert config.path("/a") == Path("/a")
    assert config.path("~/a") == Path.home() / "a"
    with pytest.raises(ConfigError, match="write the path out"):
        config.path("~no-such-user-here/a")


def test_values_are_frozen_and_equal_by_what_they_say(read: Reader) -> None:
    """Nothing can be changed after loading; the same text on other lines is the same configuration."""
    config = read("sessions: [{host: tavern}]\nplugins: {a: {x: 1}}")
    with pytest.raises(ValidationError):
        config.store = "x"
    assert config == read("# moved\n\nsessions: [{host: tavern}]\nplugins:\n  a:\n    x: 1")
    assert config != read("sessions: [{host: tavern}]\nplugins: {a: {x: 2}}")


def test_a_thousand_mistakes_are_cut(complaints: Complainer) -> None:
    """Nobody reads more than a hundred problems; the last line says that there are more."""
    said = complaints("sessions: [{host: tavern}]\n" + "".join(f"k{n}: 1\n" for n in range(1000)))
    assert len(said) == 101
    assert "more problems" in said[-1]
