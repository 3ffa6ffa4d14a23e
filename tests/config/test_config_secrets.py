"""A secret is never printed: not by str, repr or an error, whatever is wrong around it."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, SecretStr, field_validator

from mudbot.config import Config, Positions, load, secrets_of, validate
from mudbot.errors import ConfigError

if TYPE_CHECKING:
    from tests.config.conftest import Reader

CANARY = "sk-CANARY-4711"


FULL = """
api: {api_key: ${KEY}}
sessions:
- {host: tavern, login: {name: Chen, password: "${KEY}-mud"}}
plugins: {fetch: {token: "${KEY}-plugin", short: "${SHORT}", plain: plain-setting}}
store: postgresql://bot:pa%40ss-word@db/mudbot
web: {token: "${KEY}-web"}
""".replace("${KEY}}", '"${KEY}"}')
ENVIRON = {"KEY": CANARY, "SHORT": "yes"}


def test_no_secret_in_any_text_of_a_configuration(read: Reader, caplog: pytest.LogCaptureFixture) -> None:
    """str, repr, format, logging and the parts of a configuration show no secret."""
    config = read(FULL, environ=ENVIRON)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").warning("%s %r", config, config)
    parts = [config.api, *config.sessions, config.sessions[0].login, *config.plugins.values(), config.web]
    texts = [str(config), repr(config), f"{config}", caplog.text, *map(repr, parts), *map(str, parts)]
    assert not any(CANARY in text or "ss-word" in text for text in texts)


def test_secrets_lists_all_of_them(read: Reader) -> None:
    """Everything that must be masked in logs: keys, passwords, tokens, long values of plugins from the environment."""
    assert set(read(FULL, environ=ENVIRON).secrets()) == {
        CANARY, f"{CANARY}-mud", f"{CANARY}-web", f"{CANARY}-plugin", "pa%40ss-word", "pa@ss-word",
    }  # fmt: skip


def test_an_empty_secret_is_none(read: Reader) -> None:
    """An empty key or token is no key or token, and never a text to mask."""
    config = read("sessions: [{host: tavern}]\napi: {api_key: ''}\nweb: {token: '${T}'}", environ={"T": ""})
    assert (config.api.api_key, config.web.token, config.secrets()) == (None, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "api:\n  api_key: [{c}]", "api:\n  api_key: {{x: {c}}}", "api:\n  api_kye: {c}", "api:\n  api_key:{c}",
        "api: {{api_key:{c}}}", "api: {c}", "apy: {c}", "api:\n  base_url: {c}", "api:\n  base_url: http://x:{c}@y/",
        "api:\n  base_url: http://x/?key={c}", "api:\n  models: {{dialogue: {{name: x, endpoint: {c}}}}}",
        "api:\n  limits: {{deadline: {c}}}", "api:\n  limits: {{queue: {c}}}", "web:\n  token: {c}\n  port: {c}",
        'web:\n  token: "{c}\\n"', "web:\n  token: '{c}\n", "web:\n  token: [{c}\n", "web:\n  token: *{c}",
        "web:\n  token: !{c} x", "web:\n  token: @{c}", "log: {{level: {c}}}", "log: {c}", "local: {{model: {c}}}",
        "plugins: {c}", "plugins: [{c}]", "plugins: {{a: {c}}}", "store: [{c}]", "{c}", "- {c}", "a: {c}\na: {c}",
        "plugins: {{a: {{permissions: {{http: {c}, images: {c}}}}}}}",
        "web:\n\ttoken: {c}", "web:\n  token: {c}\n   x: 1",
        "web: &{c} &b x", "web:\n  host: 'a {c}'", "web:\n  public_url: {c}", "web:\n  token: \x07{c}",
        "web: {{token: ${{{c}}}",
    ],
)  # fmt: skip
def test_no_value_is_in_an_error(text: str, read: Reader) -> None:
    """Whatever is wrong with a secret or the lines around it, no problem shows it."""
    for secret, environ in ((CANARY, {}), ("${KEY}", {"KEY": CANARY})):
        body = "sessions: [{host: x y}]\n" + text.format(c=secret)
        with pytest.raises(ConfigError) as caught:
            read(body, environ=environ)
        shown = "".join(traceback.format_exception(caught.value))
        assert CANARY not in shown
        assert CANARY not in repr(caught.value.problems)


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_BASE_URL", "MUDBOT_API", "MUDBOT_API__X", "MUDBOT_API__LIMITS__QUEUE", "MUDBOT_API__LIMITS__DEADLINE",
        "MUDBOT_SESSIONS", "MUDBOT_SESSIONS__0", "MUDBOT_SESSIONS__0__ENCODING", "MUDBOT_SESSIONS__9__PORT",
        "MUDBOT_PLUGINS__A", "MUDBOT_LOG__LEVEL", "MUDBOT_WEB__PUBLIC_URL", "MUDBOT_WEB__PORT", "MUDBOT_LOCAL__MODEL",
    ],
)  # fmt: skip
def test_no_variable_is_in_an_error(name: str) -> None:
    """A variable with a wrong value is named, its value is not shown."""
    with pytest.raises(ConfigError) as caught:
        load(None, environ={name: CANARY})
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert name in str(caught.value)


def test_a_sessions_name_from_the_environment_is_not_listed() -> None:
    """The list of sessions in a problem has only names that were written in the file."""
    with pytest.raises(ConfigError) as caught:
        load(None, overrides=["sessions.x.port=1"], environ={"MUDBOT_SESSIONS__0__NAME": "CANARY"})
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("override", ["api.api_kye={}", "{}", "={}", "web.port={}", "web=[{}", "web.token=a: {}"])
def test_no_override_is_in_an_error(override: str) -> None:
    """An option with a wrong value is named by its key alone."""
    with pytest.raises(ConfigError) as caught:
        load(None, overrides=[override.format(CANARY)], environ={})
    assert CANARY not in "".join(traceback.format_exception(caught.value))


class Chatty(BaseModel):
    """A plugin's settings whose author prints what is refused."""

    token: str

    @field_validator("token")
    @classmethod
    def _check(cls, value: str) -> str:
        raise ValueError(f"the token {value} is wrong\n\x1b[31m")


def test_a_plugin_authors_message_shows_nothing_of_the_environment(read: Reader) -> None:
    """What an author's own check says is told in one clean line, without the value."""
    plugin = read("sessions: [{host: tavern}]\nplugins: {a: {token: '${K}'}}", environ={"K": CANARY}).plugins["a"]
    with pytest.raises(ConfigError) as caught:
        validate(Chatty, plugin.settings, plugin.positions)
    assert str(caught.value) == "config.yaml:2: plugins.a.token: the token … is wrong [31m"


def test_secrets_of_finds_them_anywhere() -> None:
    """A plugin's own settings, model or dataclass, give up their secrets for masking."""

    @dataclass
    class Inner:
        keys: dict[str, SecretStr]

    class Outer(BaseModel):
        inner: Inner
        more: tuple[SecretStr | None, ...]

    outer = validate(Outer, {"inner": {"keys": {"a": "one"}}, "more": ["two", None, ""]}, Positions())
    assert secrets_of(outer) == ("one", "two")


def test_pydantics_own_error_hides_its_input() -> None:
    """Even whoever builds a Config by hand sees no value in what pydantic raises."""
    with pytest.raises(ValueError, match="validation error") as caught:
        Config.model_validate({"sessions": [{"host": "x", "login": {"name": "x", "password": [CANARY]}}]})
    assert CANARY not in str(caught.value)
