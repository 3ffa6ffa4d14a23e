"""What the environment and the command line change in a configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mudbot.config import vault
from mudbot.config.draft import Draft, PathError, locate
from mudbot.config.positions import Key, shown
from mudbot.errors import Problem

ROOTS = ("api", "sessions", "plugins", "triggers", "store", "web", "log", "local")

_OPENAI: dict[str, Key] = {
    "OPENAI_API_KEY": ("api", "api_key"),
    "OPENAI_BASE_URL": ("api", "base_url"),
    "OPENAI_ORGANIZATION": ("api", "organization"),
}
"""As OpenAI's own tools call them; the MUDBOT_ form of the same key wins."""

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)(\}?)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def apply_environment(draft: Draft, environ: Mapping[str, str]) -> None:
    """Lay the variables over the file.  An empty variable counts as not set; others of MUDBOT_ are not ours."""
    api = draft.data.get("api") if isinstance(draft.data, dict) else None
    if not (isinstance(api, dict) and api.get("servers")):  # those have keys of their own
        for name, key in _OPENAI.items():
            if value := environ.get(name):
                _lay(draft, key, value, name)
    for name in sorted(environ):
        prefix, _, path = name.partition("_")
        parts = path.split("__")
        if prefix != "MUDBOT" or parts[0].lower() not in ROOTS or not parts[0].isupper() or not environ[name]:
            continue
        try:
            key = locate(draft, parts, folded=True)
        except PathError as error:
            draft.problems.append(Problem(shown(name), str(error)))
        else:
            _lay(draft, key, environ[name], name)


def _lay(draft: Draft, key: Key, value: str, name: str) -> None:
    try:
        draft.put(key, value if _sound(value) else "", shown(name))
    except PathError as error:
        draft.problems.append(Problem(shown(name), str(error)))
        return
    draft.foreign.add(key)
    if not _sound(value):
        draft.problem(key, "the variable holds bytes that are not UTF-8: set it anew")


def apply_overrides(draft: Draft, overrides: Sequence[str]) -> None:
    """Lay ``key.path=value`` texts of the command line over all else; a value is a YAML scalar or in brackets."""
    for text in overrides:
        path, equals, value = text.partition("=")
        path = path.strip()
        if not equals or not path or not _sound(text):
            message = "write it as --set key.path=value in UTF-8, for example --set web.port=8081"
            draft.problems.append(Problem("--set", message))
            continue
        where = f"--set {shown(path)}"
        try:
            _override(draft, path.split("."), value, where)
        except PathError as error:
            draft.problems.append(Problem(where, str(error)))


def _override(draft: Draft, parts: list[str], value: str, where: str) -> None:
    from mudbot.config.document import parse

    key = locate(draft, parts)
    document = parse(value, lambda _line: where)
    draft.problems += document.problems
    if document.block:
        raise PathError("the value has colons or dashes that make it more than one value: put it in quotes or brackets")
    if document.problems and not document.spoiled:
        return
    draft.put(key, document.data, where)
    draft.spoiled |= {key + inner for inner in document.spoiled}


def expand(draft: Draft, environ: Mapping[str, str]) -> None:
    """Put the environment's values for ``${NAME}`` in every text but those of triggers; ``$${`` becomes a plain ``${``.

    A value is put in as it is and not looked at again, so nothing in it is YAML, or another reference.
    ``${credential:NAME}`` and ``${keyring:SERVICE/NAME}`` are put in as well; see ``vault``.
    """
    draft.data = _expanded(draft, draft.data, (), environ)


def _expanded(draft: Draft, value: Any, key: Key, environ: Mapping[str, str]) -> Any:
    if key == ("triggers",):
        return value  # $ is the end of a line there, and { begins a group's place
    if isinstance(value, dict):
        return {name: _expanded(draft, inner, (*key, name), environ) for name, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(draft, inner, (*key, index), environ) for index, inner in enumerate(value)]
    if not isinstance(value, str) or "${" not in value or key in draft.foreign:
        return value
    problems: list[str] = []
    text = _REFERENCE.sub(lambda found: _value(found, environ, problems), value)
    for message in problems:
        draft.problem(key, message)
    if any(found[0] != "$${" for found in _REFERENCE.finditer(value)):
        draft.foreign.add(key)
    return text


def _value(found: re.Match[str], environ: Mapping[str, str], problems: list[str]) -> str:
    if found[0] == "$${":
        return "${"
    name, closed = found[1], found[2]
    if closed and vault.is_reference(name):
        try:
            return vault.fetched(name, environ)
        except vault.VaultError as error:
            problems.append(str(error))
            return ""
    if not closed or not _VARIABLE.fullmatch(name):
        problems.append("${ must be followed by a variable's name and }; for a plain '${' write '$${'")
    elif name not in environ:
        problems.append(f"the environment variable {name} is not set: set it, or write the value here")
    elif not _sound(environ[name]):
        problems.append(f"the environment variable {name} holds bytes that are not UTF-8: set it anew")
    else:
        return environ[name]
    return ""


def _sound(value: str) -> bool:
    """Python keeps bytes that are not UTF-8 as lone surrogates, which no text may hold."""
    return not any("\ud800" <= c <= "\udfff" for c in value)
