"""Command line over environment over file over default, and ``${NAME}`` in texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.config.conftest import Complainer, Reader


TAVERN = "sessions: [{host: tavern}]\n"


def test_the_order_of_the_layers(read: Reader) -> None:
    """--set wins over MUDBOT_, that over OPENAI_, that over the file, that over the default."""
    text = TAVERN + "api: {base_url: 'http://file/'}\n"
    openai, ours = {"OPENAI_BASE_URL": "http://openai/"}, {"MUDBOT_API__BASE_URL": "http://ours/"}
    assert read(TAVERN).api.base_url == "embedded"
    assert read(text).api.base_url == "http://file/"
    assert read(text, environ=openai).api.base_url == "http://openai/"
    assert read(text, environ=ours | openai).api.base_url == "http://ours/"
    assert read(text, "api.base_url=http://set/", environ=ours | openai).api.base_url == "http://set/"


def test_the_openai_variables(read: Reader) -> None:
    """Key and organization come from OPENAI_ variables; an empty one counts as not set."""
    api = read(TAVERN, environ={"OPENAI_API_KEY": "k", "OPENAI_ORGANIZATION": "o", "OPENAI_BASE_URL": ""}).api
    assert api.api_key is not None
    assert (api.api_key.get_secret_value(), api.organization, api.base_url) == ("k", "o", "embedded")


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("MUDBOT_STORE", "/srv/bot", "store", "/srv/bot"),
        ("MUDBOT_WEB__PORT", "8081", "web.port", 8081),
        ("MUDBOT_API__LIMITS__DEADLINE", "5s", "api.limits.deadline", 5.0),
        ("MUDBOT_API__LIMITS__REQUESTS_PER_MINUTE", "1.5", "api.limits.requests_per_minute", 1.5),
        ("MUDBOT_SESSIONS__0__TLS", "true", "sessions.0.tls", True),
        ("MUDBOT_SESSIONS__MY_MUD_ORG__PORT", "23", "sessions.1.port", 23),
        ("MUDBOT_SESSIONS__1__LOGIN__NAME", "010", "sessions.1.login.name", "010"),
        ("MUDBOT_LOCAL__MODEL", "0.5b", "local.model", "0.5b"),
        ("MUDBOT_LOG__LEVEL", "${NOT_EXPANDED", "", None),
    ],
)
def test_a_variable_sets_its_key(
    name: str, value: str, path: str, expected: object, read: Reader, complaints: Complainer
) -> None:
    """MUDBOT_ and the key path in upper case, joined by two underscores, sets the key; its value is never YAML."""
    text = "sessions: [{host: tavern}, {host: my-mud.org}]"
    if not path:
        assert complaints(text, environ={name: value}) == [f"{name}: log.level must be debug, info, warning or error"]
        return
    found: object = read(text, environ={name: value})
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, tuple) else getattr(found, part)
    assert found == expected


def test_a_variable_reaches_a_plugins_settings(read: Reader) -> None:
    """Keys that are there match whatever their case; new ones are lower case."""
    text = TAVERN + "plugins: {my-plugin: {coolDown: 5s}}"
    environ = {"MUDBOT_PLUGINS__MY_PLUGIN__COOLDOWN": "9s", "MUDBOT_PLUGINS__OTHER__NEW_KEY": "x"}
    plugins = read(text, environ=environ).plugins
    assert plugins["my-plugin"].settings == {"coolDown": "9s"}
    assert plugins["other"].settings == {"new_key": "x"}
    assert plugins["other"].positions.where("new_key") == "MUDBOT_PLUGINS__OTHER__NEW_KEY"


def test_other_variables_are_not_ours(read: Reader) -> None:
    """MUDBOT_ variables outside the root keys, lower case ones and empty ones change nothing."""
    environ = {"MUDBOT_MODELS": "x", "MUDBOT_": "x", "MUDBOT": "x", "mudbot_web__port": "1", "MUDBOT_web__port": "1",
               "MUDBOT_WEB__PORT": "", "MUDBOT_APIS__X": "1", "XMUDBOT_WEB__PORT": "1"}  # fmt: skip
    assert read(TAVERN, environ=environ) == read(TAVERN)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MUDBOT_API__BASE_UR", "x", "did you mean 'base_url'?"),
        ("MUDBOT_WEB", "x", "web must be a mapping"),
        ("MUDBOT_SESSIONS", "x", "sessions must be a list: a variable cannot hold one"),
        ("MUDBOT_SESSIONS__NOPE__PORT", "1", "there is no session 'NOPE': there are tavern;"),
        ("MUDBOT_SESSIONS__7__PORT", "1", "sessions has no entry 7: there are 1"),
        ("MUDBOT_STORE__X", "1", "store must be text"),
        ("MUDBOT_WEB__PORT", "eighty", "web.port must be a whole number"),
        ("MUDBOT_SESSIONS__0__TLS", "maybe", "sessions.0.tls must be true, false or insecure"),
        ("MUDBOT_API__LIMITS__DEADLINE", "20", "must be a time with its unit"),
        ("MUDBOT_API__BASE_URL", "http://x\udcff", "not UTF-8"),
        ("OPENAI_API_KEY", "two\nlines", "api.api_key must be one line"),
        ("MUDBOT_" + "__".join(["PLUGINS"] + ["X"] * 2000), "1", "no key path"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, said: str, complaints: Complainer) -> None:
    """A problem of a variable's value names the variable, and never shows the value."""
    (problem,) = complaints(TAVERN, environ={name: value})
    assert problem.startswith(name[:30])
    assert said in problem


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("web.port=8081", "web.port", 8081),
        ("sessions.0.port=4001", "sessions.0.port", 4001),
        ("sessions.1.port=4001", "sessions.1.port", 4001),
        ("sessions.mud.example.org.port=4001", "sessions.1.port", 4001),
        ("sessions.tavern.login={name: A, password: b}", "sessions.0.login.name", "A"),
        ("sessions.tavern.login.name=A", "sessions.0.login.name", "A"),
        ("store='010'", "store", "010"),
        ("store=a=b", "store", "a=b"),
        ("api.models.dialogue=m", "api.models.dialogue.name", "m"),
        ("api.models.image.endpoint=chat", "api.models.image.endpoint", "chat"),
        ("api.models.image.endpoint=chat", "api.models.image.name", "painter"),
        ("log={level: debug}", "log.level", "debug"),
        ("log.level=", "log.level", "info"),
        ("web.public_url=http://x.org:80/", "web.public_url", "http://x.org:80/"),
        ("sessions=[{host: other}]", "sessions.0.host", "other"),
        ("sessions.0.goodbye=bye ${WHO}", "sessions.0.goodbye", "bye all"),
    ],
)
def test_set_reaches_any_key(override: str, path: str, expected: object, read: Reader) -> None:
    """--set takes a path by index or by session name, and a YAML scalar or one in brackets."""
    text = "sessions: [{host: tavern}, {host: mud.example.org}]\napi: {models: {image: painter}}"
    found: object = read(text, override, environ={"WHO": "all"})
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, tuple) else getattr(found, part)
    assert found == expected


def test_the_last_set_of_a_key_wins(read: Reader) -> None:
    """Options are laid over each other from left to right."""
    assert read(TAVERN, "web.port=1", "web={port: 2}", "web.port=3").web.port == 3


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("web.prt=1", "--set web.prt: web: there is no key 'prt' here: did you mean 'port'?"),
        ("sesions.0.port=1", "--set sesions.0.port: there is no key 'sesions' here: did you mean 'sessions'?"),
        ("sessions.3.port=1", "--set sessions.3.port: sessions has no entry 3: there are 1"),
        ("sessions.inn.port=1", "--set sessions.inn.port: there is no session 'inn': there are tavern;"),
        ("sessions.0.port.x=1", "--set sessions.0.port.x: sessions.0.port"),
        ("api.base_url.x=1", "--set api.base_url.x: api.base_url has no keys below it"),
        ("web.port=no", "--set web.port: web.port must be a whole number"),
        ("web.port=010", "--set web.port: some readers take"),
        ("web.port=[1", "--set web.port: a [ or { is not closed"),
        ("sessions.0.goodbye=Bye: all", "--set sessions.0.goodbye: the value has colons"),
        ("SECRET", "--set: write it as --set key.path=value"),
        ("=SECRET", "--set: write it as --set key.path=value"),
        ("store=\udcff", "--set: write it as --set key.path=value in UTF-8"),
        ("plugins." + "x." * 5000 + "x=1", "no key path"),
        ("store=${SECRET_NAME}", "--set store: the environment variable SECRET_NAME is not set"),
    ],
)
def test_a_wrong_set_is_named(override: str, said: str, complaints: Complainer) -> None:
    """A problem of an option names it with its key, and the nearest right name."""
    (problem,) = complaints(TAVERN + "api: {base_url: 'http://x'}\n", override)
    assert said in problem
    assert problem.startswith("--set")


def test_references_stand_anywhere_in_a_text(read: Reader) -> None:
    """${NAME} is the variable, in the middle too; $${ is a plain ${, and a lone $ is itself."""
    text = "sessions: [{host: tavern, goodbye: 'a ${X}-${Y} $${X} $1 $$ {'}]"
    assert read(text, environ={"X": "1", "Y": ""}).sessions[0].goodbye == "a 1- ${X} $1 $$ {"


@pytest.mark.parametrize(
    "value", ["010", "yes", "a: b", "[1]", "${X}", "$${X}", "# no comment", "'", "null", "!!int 5"]
)
def test_a_value_from_the_environment_is_never_yaml(value: str, read: Reader) -> None:
    """Whatever the variable holds comes through as it is, and is not looked at again."""
    text = 'sessions: [{host: tavern, goodbye: "${X}"}]'
    assert read(text, environ={"X": value}).sessions[0].goodbye == value
    assert read(TAVERN, environ={"MUDBOT_SESSIONS__0__GOODBYE": value}).sessions[0].goodbye == value


def test_a_reference_can_become_a_number_or_a_boolean(read: Reader) -> None:
    """The environment has only text, so it is converted where another type is wanted."""
    session = read("sessions: [{host: a, port: '${P}', tls: '${T}'}]", environ={"P": "4001", "T": "false"}).sessions[0]
    assert (session.port, session.tls) == (4001, False)


@pytest.mark.parametrize("text", ["${NOT SET}", "${", "${}", "${A-b}", "x ${A", "${A:-default}"])
def test_a_broken_reference_is_refused(text: str, complaints: Complainer) -> None:
    """What is no variable's name is told how to write one, or a plain ${."""
    said = complaints(f"sessions:\n- host: tavern\n  goodbye: '{text}'\n")
    assert said == ["config.yaml:3: ${ must be followed by a variable's name and }; for a plain '${' write '$${'"]


def test_an_unset_variable_is_named_with_its_line(complaints: Complainer) -> None:
    """Every unset variable is told once, with file and line, and causes no second problem."""
    text = "sessions:\n- host: ${HOST}\n  port: ${PORT}\n  login:\n    name: x\n    password: ${A}${B}\n"
    assert complaints(text) == [
        f"config.yaml:{line}: the environment variable {name} is not set: set it, or write the value here"
        for line, name in [(2, "HOST"), (3, "PORT"), (6, "A"), (6, "B")]
    ]


def test_what_a_higher_layer_replaces_is_not_looked_at(read: Reader) -> None:
    """A variable that is not set does not matter when --set gives the value."""
    config = read("sessions: [{host: tavern, goodbye: '${UNSET}'}]", "sessions.0.goodbye=bye")
    assert config.sessions[0].goodbye == "bye"


def test_set_over_a_variable_is_read_as_set(read: Reader) -> None:
    """What --set puts in a variable's place is no longer the environment's: references in it are filled in."""
    environ = {"MUDBOT_STORE": "/env", "WHERE": "/there"}
    assert read(TAVERN, "store=${WHERE}/x", environ=environ).store == "/there/x"


def test_a_variables_slip_gets_no_hint(complaints: Complainer) -> None:
    """The nearest right name would tell what the variable holds, so it is given for the file's values alone."""
    choices = "log.level must be debug, info, warning or error"
    assert complaints(TAVERN, environ={"MUDBOT_LOG__LEVEL": "debgu"}) == [f"MUDBOT_LOG__LEVEL: {choices}"]
    assert complaints(TAVERN + "log: {level: debgu}") == [f"config.yaml:2: {choices}: did you mean debug?"]
