"""Settings of plugins: every kind of class for them works; every mistake is told at once, by line, with an example."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from mudbot import resolve
from mudbot.config import load, salvage
from mudbot.errors import ConfigError

HEAD = """
from __future__ import annotations
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal
from pydantic import BaseModel, Field, SecretStr
from mudbot import Duration, Plugin

class Color(Enum):
    RED = "red"
    BLUE = "blue"
"""
DATACLASSES = """
@dataclass(frozen=True, slots=True)
class Place:
    room: str
    every: Duration = 5.0

@dataclass
class Config:
    city: str
    key: SecretStr
    color: Color
    mode: Literal["fast", "slow"]
    every: Duration
    count: int
    ratio: float
    loud: bool
    places: list[Place]
    home: Place
    names: tuple[str, ...]
    prices: dict[str, int]
    maybe: int | None = None
    path: Path = Path("x")
    tags: list[str] = field(default_factory=list)
"""
MODELS = """
class Place(BaseModel):
    room: str
    every: Duration = 5.0

class Config(BaseModel):
    city: Annotated[str, Field(min_length=2)]
    key: SecretStr
    color: Color
    mode: Literal["fast", "slow"]
    every: Annotated[Duration, Field(ge=1)]
    count: int = Field(ge=1)
    ratio: float
    loud: bool
    places: list[Place]
    home: Place
    names: tuple[str, ...]
    prices: dict[str, int]
    maybe: int | None = None
    path: Path = Path("x")
    tags: list[str] = []
"""
TAIL = """
class Weather(Plugin):
    config: Config
"""
GOOD = """
    city: Berlin
    key: ${WEATHER_KEY}
    color: blue
    mode: fast
    every: 1h30m
    count: 3
    ratio: 1
    loud: true
    places:
      - {room: hall}
      - {room: yard, every: 2s}
    home: {room: inn}
    names: [Ann, Bo]
    prices: {ale: 3}
"""
BAD = """
    city: 5
    kex: secret-word
    color: green
    mode: fats
    every: 5
    count: x
    ratio: "1"
    loud: yes
    places:
      - {rom: hall}
      - {room: yard, every: 2}
    home: inn
    names: Ann
    prices: {ale: much}
    maybe: x
"""

both = pytest.mark.parametrize("kinds", [DATACLASSES, MODELS], ids=["dataclasses", "models"])


def configured(folder: Path, code: str, settings: str = "\n") -> Any:
    """The configuration of a plugin of this code; its settings begin in line 4."""
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins" / "weather.py").write_text(HEAD + code + TAIL, encoding="utf-8")
    (folder / "config.yaml").write_text(
        f"sessions: [{{host: tavern}}]\nplugins:\n  weather:{settings}", encoding="utf-8"
    )
    return load(folder / "config.yaml", environ={"WEATHER_KEY": "k-12345678"})


def settings_of(config: Any) -> Any:
    (kind,) = resolve.load_plugins(config).values()
    return resolve.plugin_settings(config, "weather", kind)


def problems(config: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolve.load_plugins(config)
    return [str(problem) for problem in caught.value.problems]


@both
def test_every_kind_of_setting_arrives_as_it_is_declared(tmp_path: Path, kinds: str) -> None:
    """Nested ones, lists of them, times, enums, literals, secrets, and the defaults of what is not written."""
    found = settings_of(configured(tmp_path, kinds, GOOD))
    assert (found.city, found.mode, found.every, found.count, found.loud) == ("Berlin", "fast", 5400.0, 3, True)
    assert (found.color.name, found.key.get_secret_value(), type(found.ratio)) == ("BLUE", "k-12345678", float)
    assert [(place.room, place.every) for place in [*found.places, found.home]] == [
        ("hall", 5.0),
        ("yard", 2.0),
        ("inn", 5.0),
    ]
    assert (found.names, found.prices) == (("Ann", "Bo"), {"ale": 3})
    assert (found.maybe, found.path, found.tags) == (None, Path("x"), [])
    assert "k-12345678" not in repr(found)


@both
def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path, kinds: str) -> None:
    """And what would be right; no value that might be a secret."""
    found = problems(configured(tmp_path, kinds, BAD))
    assert [text.removeprefix("config.yaml:").replace("plugins.weather.", "") for text in found] == [
        "3: key is missing: write 'key: ${NAME}'",
        "4: city must be text: put it in quotes",
        "5: plugins.weather: there is no key 'kex' here: did you mean 'key'?",
        "6: color must be red or blue",
        "7: mode must be fast or slow: did you mean fast?",
        "8: every must be a time with its unit: write 5s",
        "9: count must be a whole number",
        "10: ratio must be a number: take the quotes away",
        "11: loud must be true or false: write one of these two words, without quotes",
        "13: places.0.room is missing: write 'room: ...'",
        "13: places.0: there is no key 'rom' here: did you mean 'room'?",
        "14: places.1.every must be a time with its unit: write 2s",
        "15: home must be a mapping: write its keys below it, one a line (key: value)",
        "16: names must be a list: write [one, two], or lines that start with '- '",
        "17: prices.ale must be a whole number",
        "18: maybe must be a whole number",
    ]
    assert "secret-word" not in "".join(found)


@both
def test_a_missing_setting_names_the_line_of_the_plugin_and_an_example(tmp_path: Path, kinds: str) -> None:
    """Each example can be written as it stands, but for the dots."""
    found = problems(configured(tmp_path, kinds))
    assert [
        text.removeprefix("config.yaml:3: plugins.weather.").replace(" is missing: write", "") for text in found
    ] == [
        "city 'city: ...'",
        "key 'key: ${NAME}'",
        "color 'color: red'",
        "mode 'mode: fast'",
        "every 'every: 20s'",
        "count 'count: 5'",
        "ratio 'ratio: 0.5'",
        "loud 'loud: true'",
        "places 'places: [{room: ...}]'",
        "home 'home: {room: ...}'",
        "names 'names: [...]'",
        "prices 'prices: {name: 5}'",
    ]


def test_settings_of_a_plugin_that_has_none_are_told(tmp_path: Path) -> None:
    """Whoever writes some means something by it."""
    config = configured(tmp_path, "", " {a: 1}\n")
    (tmp_path / "plugins" / "weather.py").write_text("from mudbot import Plugin\nclass Weather(Plugin):\n    pass\n")
    assert problems(config) == ["config.yaml:3: plugin weather has no settings, so no a"]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("x: Annotated[int, Field(ge=1)]", "x: 5"),
        ("x: int | None", "x: 5"),
        ("x: list[Literal['a', 'b']]", "x: [a]"),
        ("x: dict[str, list[Color]]", "x: {name: [red]}"),
        ("x: Literal[True]", "x: true"),
        ("x: list[Duration]", "x: [20s]"),
        ("x: object", "x: ..."),
        ("x: list[Node]", "x: [{node: [{node: [{node: ...}]}]}]"),
    ],
)
def test_examples_follow_the_annotation(tmp_path: Path, field: str, wanted: str) -> None:
    """As deep as one line can hold."""
    code = f"""
    @dataclass
    class Node:
        node: list[Node]

    @dataclass
    class Config:
        {field}
    """
    (found,) = problems(configured(tmp_path, textwrap.dedent(code)))
    assert found == f"config.yaml:3: plugins.weather.x is missing: write '{wanted}'"


def test_a_wrong_permission_hides_no_wrong_setting(tmp_path: Path) -> None:
    """What `mudbot check` looks at is all that is sound, so that all mistakes are told in one go."""
    with pytest.raises(ConfigError):
        configured(tmp_path, DATACLASSES, "\n    permissions: {http: ['*']}\n    color: green\n")
    found = problems(salvage(tmp_path / "config.yaml", environ={}))
    assert "config.yaml:5: plugins.weather.color must be red or blue" in found
    assert len(found) == 12


HOSTS = [
    "api.example.org",
    "*.example.org",
    "a.org:8443",
    "localhost:8080",
    "192.168.1.5",
    "::1",
    "[::1]:80",
    "bücher.de",
]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_that_may_be_fetched_from_are_names_and_addresses(tmp_path: Path, host: str) -> None:
    config = configured(tmp_path, "Config = object\n", f' {{permissions: {{http: ["{host}"]}}}}\n')
    assert config.plugins["weather"].permissions.http == (host,)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("https://a.org", "must be a host name alone, such as api.example.org: leave out 'https://'"),
        ("a.org/path", "must be a host name alone"),
        ("u:p@a.org", "must be a host name alone"),
        ("*", "must name a host after '*.', such as *.example.org: all hosts of the internet cannot be allowed"),
        ("*.org", "must name a host after '*.'"),
        ("api.*.org", "must name a host after '*.'"),
        ("a.org:0", "must have a port from 1 to 65535"),
        ("a.org:99999", "must have a port"),
        ("a b", "must be a host such as"),
        ("a.org:http", "must be a host such as"),
        ("", "must not be empty"),
    ],
)
def test_what_is_no_host_is_told_with_what_would_be(tmp_path: Path, host: str, message: str) -> None:
    """All of the internet is never allowed by a star."""
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, "Config = object\n", f' {{permissions: {{http: ["{host}"]}}}}\n')
    assert f"config.yaml:3: plugins.weather.permissions.http.0 {message}" in str(caught.value)
