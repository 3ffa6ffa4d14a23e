"""Secrets that stand elsewhere: in files, in systemd's credentials, in the keyring; never in a message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mudbot.config import Config
from mudbot.config.load import salvage

if TYPE_CHECKING:
    from tests.config.conftest import Complainer, Reader

KEY, PASSWORD, TOKEN = "sk-CANARY-4711", "canary of the mud", "canary-of-the-web"
SESSIONS = "sessions: [{host: mud.example.org}]\n"
API = 'api: {{base_url: "http://x/v1", {}}}\n'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file for each secret, as editors and `echo` write them."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "key").write_text(f"{KEY}\n")
    (folder / "password").write_text(f"{PASSWORD}\r\n")
    (folder / "token").write_text(f"\ufeff{TOKEN}")
    (folder / "empty").write_text("\n")
    (folder / "two-lines").write_text(f"{KEY}\n{KEY}\n")
    (folder / "not-utf-8").write_bytes(b"\xff\xfe\x00" + KEY.encode())
    (folder / "long").write_text("x" * 100_000)
    return folder


def plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def test_files_fill_what_stands_beside_them(files: Path, read: Reader) -> None:
    """Keys of one server or several, passwords, the token; a path is from the configuration's folder, or absolute."""
    config: Config = read(
        API.format("api_key_file: secrets/key")
        + "sessions: [{host: mud.example.org, login: {name: Chen, password_file: secrets/password}}]\n"
        + f"web: {{token_file: {files / 'token'}}}\n"
    )
    assert plain(config.api.accounts[0].api_key) == KEY
    assert config.sessions[0].login is not None
    assert plain(config.sessions[0].login.password) == PASSWORD
    assert plain(config.web.token) == TOKEN
    assert {KEY, PASSWORD, TOKEN} <= set(config.secrets())
    assert not any(secret in repr(config) for secret in (KEY, PASSWORD, TOKEN))
    config = read('api: {servers: [{base_url: "http://x/v1", api_key_file: secrets/key}]}\n' + SESSIONS)
    assert plain(config.api.accounts[0].api_key) == KEY


def test_the_nearer_layer_wins(files: Path, read: Reader) -> None:
    """--set over the environment over the file, whichever of the two keys each of them names."""
    by_file, by_value = API.format("api_key_file: secrets/key") + SESSIONS, API.format("api_key: sk-in-here") + SESSIONS

    def key(text: str, *overrides: str, environ: Mapping[str, str] | None = None) -> str | None:
        return plain(read(text, *overrides, environ=environ or {}).api.api_key)

    assert key(by_file, environ={"OPENAI_API_KEY": "sk-for-once"}) == "sk-for-once"
    assert key(by_file, "api.api_key=sk-for-once") == "sk-for-once"
    assert key(by_value, environ={"MUDBOT_API__API_KEY_FILE": str(files / "key")}) == KEY
    assert key(by_value, f"api.api_key_file={files / 'key'}") == KEY
    assert key(SESSIONS, environ={"MUDBOT_API__API_KEY_FILE": str(files / "key")}) == KEY
    assert key(API.format("api_key: '', api_key_file: secrets/key") + SESSIONS) == KEY


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("api_key_file: secrets/key, api_key: sk-canary", "api.api_key_file stands beside api_key: keep one of them"),
        ("api_key_file: secrets/none", "there is no such file: write it"),
        ("api_key_file: secrets", "is a directory"),
        ("api_key_file: secrets/empty", "which is empty: write the secret into it"),
        ("api_key_file: secrets/two-lines", "api.api_key must be one line of text"),
        ("api_key_file: secrets/not-utf-8", "is not UTF-8"),
        ("api_key_file: secrets/long", "is longer than"),
        ("api_key_file: [secrets/key]", "api.api_key_file must be"),
        ("api_key_file: ~nobody-here/key", "a user that there is not"),
        ("api_key_fiel: secrets/key", "did you mean 'api_key_file'"),
        ("api_key: 'credential:'", "credential:NAME, as in the unit"),
        ("api_key: credential:../key", "credential:NAME, as in the unit"),
        ("api_key: credential:none", "there is no such file"),
        ("api_key: keyring:service", "keyring:SERVICE/NAME"),
        ("api_key: keyring:service/none", "keyring set service none"),
        ("api_key: keyring:locked/chen", "cannot be asked (KeyringLocked)"),
        ("organization: '${credential:none}'", "there is no such file"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_a_remedy(
    written: str, said: str, files: Path, keyring: None, complaints: Complainer
) -> None:
    """Never what is in a file; the name of one is no secret."""
    problems = complaints(API.format(written) + SESSIONS, environ={"CREDENTIALS_DIRECTORY": str(files)})
    assert [problem for problem in problems if said in problem] == problems
    assert problems[0].startswith("config.yaml:1: ")
    assert "canary" not in "".join(problems).lower()


def test_without_systemd_its_credentials_are_missed(complaints: Complainer) -> None:
    """Who tries by hand what is to be a service is told how."""
    (problem,) = complaints(API.format("api_key: credential:openai") + SESSIONS)
    assert "LoadCredential=openai:/path in the unit, or set CREDENTIALS_DIRECTORY" in problem


def test_without_the_extra_the_keyring_is_missed(complaints: Complainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    (problem,) = complaints(API.format("api_key: keyring:openai/chen") + SESSIONS)
    assert "pip install 'mudbot[keyring]'" in problem


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, as far as it is asked: one secret, and a service that is locked."""

    class KeyringLocked(Exception):  # noqa: N818 - its name there
        pass

    def get_password(service: str, name: str) -> str | None:
        if service == "locked":
            raise KeyringLocked(KEY)
        return {("mudbot/inn", "chen"): PASSWORD, ("mudbot", "openai"): KEY}.get((service, name))

    module = ModuleType("keyring")
    vars(module)["get_password"] = get_password
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_references_stand_in_place_of_secrets(files: Path, keyring: None, read: Reader) -> None:
    """As a whole value where a secret belongs, within ${} in any text; what they bring is masked."""
    config = read(
        API.format("api_key: keyring:mudbot/openai, limits: {shared: 'redis://:${credential:token}@h:1'}")
        + "sessions:\n- host: mud.example.org\n  login: {name: Chen, password: keyring:mudbot/inn/chen}\n"
        + "  proxy: 'socks5://me:${credential:key}@proxy:1080'\n"
        + "web: {token: credential:token}\n"
        + "plugins: {fetch: {token: '${keyring:mudbot/openai}', plain: keyring:mudbot/openai}}\n",
        environ={"CREDENTIALS_DIRECTORY": str(files)},
    )
    assert plain(config.api.api_key) == KEY
    assert config.sessions[0].login is not None
    assert plain(config.sessions[0].login.password) == PASSWORD
    assert plain(config.sessions[0].proxy) == f"socks5://me:{KEY}@proxy:1080"
    assert plain(config.web.token) == TOKEN
    # Which settings of a plugin are secret only the plugin knows: a text that begins so may be a text.
    assert config.plugins["fetch"].settings == {"token": KEY, "plain": "keyring:mudbot/openai"}
    assert {KEY, PASSWORD, TOKEN} <= set(config.secrets())
    assert not any(secret in repr(config) for secret in (KEY, PASSWORD, TOKEN))


def test_what_a_reference_brings_is_not_looked_at_again(files: Path, read: Reader) -> None:
    """Whoever writes a credential writes no configuration."""
    (files / "odd").write_text("${HOME}: credential:key\n")
    config = read(API.format("api_key: credential:odd") + SESSIONS, environ={"CREDENTIALS_DIRECTORY": str(files)})
    assert plain(config.api.api_key) == "${HOME}: credential:key"
    (files / "again").write_text("credential:key\n")
    config = read(API.format("api_key: credential:again") + SESSIONS, environ={"CREDENTIALS_DIRECTORY": str(files)})
    assert plain(config.api.api_key) == "credential:key"


@pytest.mark.parametrize(
    "written", ["api: 5", "api: {servers: 5}", "api: {servers: [5]}", "web: []", "sessions: {a: 1}"]
)
def test_what_is_no_section_is_left_to_the_shape(written: str, complaints: Complainer) -> None:
    """It says what belongs there."""
    assert complaints(written + "\n" + (SESSIONS if "sessions" not in written else ""))


def test_what_can_be_read_is_looked_at_further(files: Path, tmp_path: Path) -> None:
    """`mudbot doctor` says all that is wrong: a key that is missing does not hide the rest."""
    path = tmp_path / "config.yaml"
    path.write_text(API.format("api_key_file: secrets/none") + SESSIONS + "web: {token_file: secrets/token}\n")
    config = salvage(path, environ={})
    assert config.api.api_key is None
    assert plain(config.web.token) == TOKEN
