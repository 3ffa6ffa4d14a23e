"""Configuration: what YAML does behind one's back is refused with file and line, and no secret is printed."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

from mudbot.config import load
from mudbot.errors import ConfigError
from tests.reliability.figures import figure

ROW = "configuration"
CANARY = "sk-CANARY-4711"
BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
BAD: dict[str, tuple[str, int, str]] = {
    "a duplicate key": ("web: {port: 1}\nweb: {port: 2}", 2, "twice"),
    "an anchor bomb": (BOMB, 6, "aliases expanded"),
    "an anchor that holds itself": ("web: &a [*a]", 1, "alias"),
    "an octal surprise": ("web: {port: 010}", 1, "leading zero"),
    "a sexagesimal surprise": ("log: {level: 12:30:00}", 1, "quotes"),
    "a merge key": ("x: &x {port: 1}\nweb: {<<: *x}", 2, "merge"),
    "a tag": ("web: !!python/object/apply:os.system [x]", 1, "tag"),
    "a wrong type": ("web: {port: many}", 1, "web.port"),
    "yes for a number": ("web: {port: yes}", 1, "web.port"),
    "an unknown key": ("web: {prot: 1}", 1, "did you mean 'port'"),
    "an unknown section": ("sesions: []", 1, "did you mean 'sessions'"),
    "a tab": ("web:\n\tport: 1", 2, "tab"),
    "a second document": ("web: {port: 1}\n---\nweb: {}", 2, "document"),
    "a control character": ("log: \x07", 1, "U+0007"),
}


def problems(path: Path, text: str) -> tuple[list[str], str]:
    """What is said of a file with *text*, and everything that a traceback would print."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, environ={"KEY": CANARY})
    return [str(each) for each in caught.value.problems], "".join(traceback.format_exception(caught.value))


def test_surprises_are_refused_with_file_line_and_remedy(tmp_path: Path) -> None:
    """Each by itself; and once more with secrets all around it, of which nothing is shown."""
    path, told, leaks = tmp_path / "config.yaml", 0, 0
    secret = f"sessions: [{{host: x y, login: {{name: c, password: {CANARY}}}}}]\napi: {{api_key: '${{KEY}}'}}\n"
    for name, (text, line, words) in BAD.items():
        said, _ = problems(path, text)
        right = [each for each in said if re.match(rf"config\.yaml:{line}\b", each) and words in each]
        assert right, f"{name}: {said}"
        told += 1
        leaks += CANARY in problems(path, secret + text)[1]
    figure(ROW, "refused with file, line and the nearest right name", f"{told} of {len(BAD)} kinds")
    figure(ROW, "a secret is never printed", f"{leaks} leaks")
    assert leaks == 0
