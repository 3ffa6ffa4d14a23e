"""Text from a server, made fit for a message, a log or a terminal: no control characters, no key, not long.

Servers echo the key in the body of a 401, proxies echo whole headers, and some of them encode it on the way.  Nothing
that came from outside gets into an error's text except through a Redactor.
"""

from __future__ import annotations

import base64
import codecs
import re
import unicodedata
from urllib.parse import quote

LENGTH = 200
"""Characters of foreign text in a message: enough for any server's explanation, too few to flood a log."""

HIDDEN = "[···]"
"""Has no letters or digits: hiding twice must find nothing new."""

# What looks like a key even when it is not ours; servers mask their echo with * or dots (sk-ab***yz).
_KEYLIKE = re.compile(r"(?i)\b(?:sk|pk|rk|sess)-[\w*.…-]{4,}|(?<=bearer )\S+")

_PLAIN = re.compile(r"[0-9a-fA-F_-]{1,64}|(?:req|chatcmpl)[_-][0-9A-Za-z]{1,60}")

_LONGEST_NAME = 68
"""Characters of what ``_PLAIN`` matches, at most."""

_PART = 16
"""A part of a key that is as long as this is as good as the key: servers cut off what stands before it (``sk-``)."""

_SHORTEST = 4
"""A shorter secret ("x" for a local server) is none, and hiding it would hide half of every message."""


class Redactor:
    """Cleans foreign text; knows the secrets that must not appear in it.  Its repr never shows them."""

    def __init__(self, *secrets: str | None) -> None:
        self._secrets = [secret for secret in secrets if secret]
        whole = [*self._secrets, *(part for secret in self._secrets for part in re.split(r"[-_.:]", secret))]
        forms = {form for secret in whole if secret in self._secrets or len(secret) >= _PART for form in _forms(secret)}
        self._forms = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)
        self._fitting = [form for form in self._forms if len(form) <= _LONGEST_NAME]

    def __repr__(self) -> str:
        return "<Redactor>"

    def __call__(self, text: str, limit: int = LENGTH) -> str:
        """*text* on one line, without control, bidi or invisible characters and secrets, cut to *limit* characters."""
        text = _visible(text)
        text = _KEYLIKE.sub(HIDDEN, self._hide(text))  # hidden before it is cut: half a key is still a leak
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def name(self, text: str) -> str:
        """*text*, a short word such as a request's id, made safe; quick where it plainly is."""
        if _PLAIN.fullmatch(text) and not _KEYLIKE.search(text):
            flat = text.replace("-", "").replace("_", "").lower() if self._fitting else ""
            if not any(form in flat for form in self._fitting):
                return text
        return self(text, 100)

    def _hide(self, text: str) -> str:
        """Look only at letters and digits, in lower case: quotes, dashes and blanks between do not hide a key."""
        flat, places = _flat(text)
        for form in self._forms:
            while (start := flat.rfind(form)) >= 0:
                text = text[: places[start]] + HIDDEN + text[places[start + len(form) - 1] + 1 :]
                flat, places = _flat(text)
        return text


def _flat(text: str) -> tuple[str, list[int]]:
    """The letters and digits of *text* in lower case, and where each of them stands."""
    places = [index for index, char in enumerate(text) if char.isalnum() and len(char.lower()) == 1]
    return "".join(text[index].lower() for index in places), places


def _visible(text: str) -> str:
    """NFKC, line breaks and blanks folded, and no character that a terminal would act on or not show."""
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    return "".join(char for char in text if char == " " or unicodedata.category(char)[0] not in "CZ")


def _forms(secret: str) -> set[str]:
    """*secret* as it may come back: plain, reversed, hex, base64, base32, rot13, percent, backslash, entity escapes."""
    raw = secret.encode("utf-8")
    forms = {secret, secret[::-1], raw.hex(), codecs.encode(secret, "rot13"), base64.b32encode(raw).decode()}
    forms.add("".join(f"%{byte:02x}" for byte in raw))
    forms.update((quote(secret, safe=""), "".join(char if char.isalnum() else f"%{ord(char):02x}" for char in secret)))
    for escape in ("\\u{:04x}", "\\x{:02x}", "&#{:d};", "&#x{:x};", "{:d} "):
        forms.add("".join(escape.format(ord(char)) for char in secret))
    for shift in range(3):  # inside a longer text, base64 has three alignments; the letters at the edges vary
        code = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        forms.add(code[(0, 2, 3)[shift] : len(code) - (1 if (shift + len(raw)) % 3 else 0)])
    return {"".join(char for char in form.lower() if char.isalnum()) for form in forms}
