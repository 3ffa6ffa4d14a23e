"""Secrets that stand elsewhere: in files of their own, in systemd's credentials, in the keyring of the system.

- ``api_key_file: /run/secrets/key``, and ``password_file``, ``token_file``, beside the key that it fills.
- ``credential:NAME``: what the unit says by ``LoadCredential=NAME:...`` (systemd.exec(5)).
- ``keyring:SERVICE/NAME``: what ``keyring set SERVICE NAME`` has put there; needs the extra ``keyring``.

The last two stand in place of a whole secret, or as ``${credential:NAME}`` in any text.  Messages name the file and the
reference, never what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mudbot.config.draft import Draft
from mudbot.config.files import text_of
from mudbot.config.positions import Key, printable
from mudbot.errors import ConfigError

MOST = 64 * 1024
"""Bytes of such a file: keys have a few hundred."""

_FILES: tuple[tuple[Key, str], ...] = (
    (("api",), "api_key"),
    (("api", "servers", "*"), "api_key"),
    (("sessions", "*", "login"), "password"),
    (("web",), "token"),
)
"""Where a secret stands, and its name; ``*`` is each entry of a list."""
_OTHERS: tuple[tuple[Key, str], ...] = ((("sessions", "*"), "proxy"), (("api", "limits"), "shared"))
"""Secrets that have no files."""
_REFERENCE = re.compile(r"(credential|keyring):(.*)", re.DOTALL)
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_FROM_FILE = re.compile(r":\d+\Z")
"""The place of what a file says; options and variables have no line."""


class VaultError(LookupError):
    """A secret is not where it should be; the message says what to do, and follows the key's name."""


def is_reference(text: str) -> bool:
    """Whether *text* says where a secret is, instead of being one."""
    return _REFERENCE.fullmatch(text) is not None


def fetched(reference: str, environ: Mapping[str, str]) -> str:
    """The secret that *reference* means.  Raises VaultError."""
    found = _REFERENCE.fullmatch(reference)
    assert found is not None
    return _credential(found[2], environ) if found[1] == "credential" else _from_keyring(found[2])


def bring_secrets(draft: Draft, folder: Path, environ: Mapping[str, str]) -> None:
    """Put every secret of the configuration that stands elsewhere in its place; relative paths start at *folder*."""
    for pattern, name in _FILES:
        for key, section in _sections(draft.data, pattern):
            if section.get(f"{name}_file"):
                _bring_file(draft, (*key, name), section, folder)
    for pattern, name in (*_FILES, *_OTHERS):
        for key, section in _sections(draft.data, pattern):
            value, place = section.get(name), (*key, name)
            if isinstance(value, str) and place not in draft.foreign and is_reference(value):
                try:
                    section[name] = fetched(value, environ)
                except VaultError as error:
                    draft.problem(place, f"{draft.positions().name(*place)} {error}")
                draft.foreign.add(place)


def _bring_file(draft: Draft, key: Key, section: dict[str, Any], folder: Path) -> None:
    """Fill the secret at *key* from the file that stands beside it, unless a higher layer filled it."""
    name = str(key[-1])
    file_key = (*key[:-1], f"{name}_file")
    path = section[f"{name}_file"]
    if section.get(name) not in (None, ""):
        if _from_file(draft, file_key) and not _from_file(draft, key):
            return  # the environment or --set says another one for this run
        if _from_file(draft, file_key) or not _from_file(draft, key):
            draft.problem(file_key, f"{draft.positions().name(*file_key)} stands beside {name}: keep one of them")
            return
    if not isinstance(path, str):
        return  # the shape says what is wrong with it
    try:
        text = _read(path, folder)
    except VaultError as error:
        draft.problem(file_key, f"{draft.positions().name(*file_key)} {error}")
        return
    section[name] = text
    draft.places[key] = draft.positions().where(*file_key)
    draft.foreign.add(key)


def _read(path: str, folder: Path) -> str:
    try:
        text = text_of(folder / Path(path).expanduser(), "write it, or mend the path", MOST, example="key")
    except ConfigError as error:
        problem = error.problems[0]
        raise VaultError(f"names {problem.where}: {problem.message}") from None
    except RuntimeError:
        raise VaultError("begins with ~ and a user that there is not: write the path out") from None
    if not (text := text.rstrip("\r\n")):
        raise VaultError(f"names {printable(path)}, which is empty: write the secret into it")
    return text


def _credential(name: str, environ: Mapping[str, str]) -> str:
    if not _CREDENTIAL.fullmatch(name) or name in (".", ".."):
        raise VaultError("wants a credential's name: credential:NAME, as in the unit's LoadCredential=NAME:/path")
    if not (folder := environ.get("CREDENTIALS_DIRECTORY")):
        raise VaultError(
            f"wants systemd's credential {name}, and there are none here: write LoadCredential={name}:/path in the"
            " unit, or set CREDENTIALS_DIRECTORY to a folder with such a file"
        )
    return _read(name, Path(folder))


def _from_keyring(text: str) -> str:
    service, slash, name = text.rpartition("/")
    if not slash or not service or not name:
        raise VaultError("wants what the keyring calls it: keyring:SERVICE/NAME")
    shown = f"{printable(service)} {printable(name)}"
    try:
        import keyring
    except ImportError:
        raise VaultError("wants the keyring: pip install 'mudbot[keyring]'") from None
    try:
        found = keyring.get_password(service, name)
    except Exception as error:  # noqa: BLE001 - each system's keyring has its own errors
        why = type(error).__name__
        raise VaultError(f"wants the keyring, which cannot be asked ({why}): unlock it, or use a file") from None
    if not found:
        raise VaultError(f"wants what the keyring has not: keyring set {shown}")
    return str(found)


def _sections(data: Any, pattern: Key, key: Key = ()) -> Iterator[tuple[Key, dict[str, Any]]]:
    """The mappings in *data* that *pattern* means, with their keys."""
    if not pattern:
        if isinstance(data, dict):
            yield key, data
        return
    part, *rest = pattern
    if part == "*":
        for index, inner in enumerate(data) if isinstance(data, list) else ():
            yield from _sections(inner, tuple(rest), (*key, index))
    elif isinstance(data, dict) and part in data:
        yield from _sections(data[part], tuple(rest), (*key, part))


def _from_file(draft: Draft, key: Key) -> bool:
    return _FROM_FILE.search(draft.places.get(key, ":0")) is not None
