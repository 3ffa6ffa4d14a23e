"""A plugin's own settings are checked in the same manner as the configuration itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mudbot.config import Duration, Positions, validate
from mudbot.errors import ConfigError

if TYPE_CHECKING:
    from tests.config.conftest import Reader


class Style(Enum):
    INK = "ink"
    OIL = "oil"


@dataclass(frozen=True)
class Frame:
    width: int = 1
    gilded: bool = False


@dataclass(frozen=True)
class Settings:
    """All kinds of fields that a plugin's author may want."""

    persona: str
    memory: int = 6
    cooldown: Duration = 20.0
    chance: float = 0.5
    style: Style = Style.INK
    size: Literal["small", "large"] = "small"
    words: tuple[str, ...] = ()
    frame: Frame = field(default_factory=Frame)
    frames: list[Frame] = field(default_factory=list)
    path: Path | None = None
    either: Annotated[int, Field(ge=1)] | Literal["all"] = 1


class Model(BaseModel):
    """The same as a pydantic model, which forbids nothing by itself."""

    memory: int = 6
    frames: dict[str, Frame] = {}
    renamed: int = Field(default=0, alias="re-named")


def problems(model: Any, data: dict[str, Any], where: Positions | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(model, data, where or Positions())
    return [problem.message for problem in caught.value.problems]


def test_good_settings_become_an_instance() -> None:
    """Text becomes what the field wants: enums, paths, times, tuples, dataclasses."""
    data = {"persona": "guard", "memory": 3, "cooldown": "1m", "chance": 1, "style": "oil", "words": ["a", "b"],
            "frame": {"width": 2}, "frames": [{"gilded": True}], "path": "a/b", "either": "all"}  # fmt: skip
    assert validate(Settings, data, Positions()) == Settings(
        "guard", 3, 60.0, 1.0, Style.OIL, "small", ("a", "b"), Frame(2), [Frame(gilded=True)], Path("a/b"), "all"
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("memroy", 1, "there is no key 'memroy' here: did you mean 'memory'?"),
        ("memory", "6", "memory must be a whole number: take the quotes away"),
        ("memory", True, "memory must be a whole number"),
        ("memory", None, "memory must be a whole number: nothing stands here, so write a value or delete the key"),
        ("cooldown", 20, "cooldown must be a time with its unit: write 20s"),
        ("chance", "often", "chance must be a number"),
        ("style", "inc", "style must be ink or oil: did you mean ink?"),
        ("size", "larg", "size must be small or large: did you mean large?"),
        ("words", "a", "words must be a list: write [one, two], or lines that start with '- '"),
        ("words", [1], "words.0 must be text: put it in quotes"),
        ("frame", 3, "frame must be a mapping: write its keys below it, one a line (key: value)"),
        (
            "frame",
            {"gilded": "yes"},
            "frame.gilded must be true or false: write one of these two words, without quotes",
        ),
        ("frame", {"widht": 1}, "frame: there is no key 'widht' here: did you mean 'width'?"),
        ("frames", [{}, {"widht": 1}], "frames.1: there is no key 'widht' here: did you mean 'width'?"),
        ("path", 5, "path must be a path"),
        ("either", 0, "either must be at least 1 or all"),
        ("either", "al", "either must be a whole number or all"),
        ("persona", None, "persona must be text: nothing stands here, so write a value or delete the key"),
    ],
)
def test_a_mistake_in_a_dataclass_is_told(key: str, value: Any, said: str) -> None:
    """Each wrong setting gives one line in our own words."""
    assert problems(Settings, {"persona": "x"} | {key: value}) == [said]


def test_a_missing_setting_is_told() -> None:
    """A setting without a default must be there."""
    assert problems(Settings, {}) == ["persona is missing: write 'persona: ...'"]


def test_unknown_keys_of_a_model_are_mistakes() -> None:
    """A model that forbids nothing by itself forbids here; aliases are the names to suggest."""
    assert problems(Model, {"memroy": 1}) == ["there is no key 'memroy' here: did you mean 'memory'?"]
    assert problems(Model, {"re-nmed": 1}) == ["there is no key 're-nmed' here: did you mean 're-named'?"]
    assert problems(Model, {"frames": {"x": {"y": 1}}}) == [
        "frames.x: there is no key 'y' here: there are gilded, width"
    ]
    assert validate(Model, {"re-named": 4}, Positions()).renamed == 4


def test_a_model_that_wants_free_keys_gets_them() -> None:
    """extra="allow" is the author's word."""

    class Free(BaseModel):
        model_config = ConfigDict(extra="allow")

    assert validate(Free, {"any": 1}, Positions()).model_extra == {"any": 1}


def test_a_model_without_settings_says_so() -> None:
    """A plugin that has no settings refuses all."""

    class Nothing(BaseModel):
        pass

    assert problems(Nothing, {"x": 1}) == ["there is no key 'x' here: nothing can be set"]


def test_places_come_from_the_file_and_in_its_order(read: Reader) -> None:
    """The plugin host's call names file and line of each mistake, by line, under the plugin's name."""
    text = (
        "sessions: [{host: tavern}]\nplugins:\n  npc:\n    frames:\n    - {width: x}\n    memroy: 1\n    cooldown: 5\n"
    )
    plugin = read(text).plugins["npc"]
    with pytest.raises(ConfigError) as caught:
        validate(Settings, plugin.settings, plugin.positions)
    assert list(map(str, caught.value.problems)) == [
        "config.yaml:3: plugins.npc.persona is missing: write 'persona: ...'",
        "config.yaml:5: plugins.npc.frames.0.width must be a whole number",
        "config.yaml:6: plugins.npc: there is no key 'memroy' here: did you mean 'memory'?",
        "config.yaml:7: plugins.npc.cooldown must be a time with its unit: write 5s",
    ]


def test_the_environments_text_is_converted(read: Reader) -> None:
    """${NAME} can be a number or a boolean for a plugin too; what does not fit is named, not shown."""
    text = "sessions: [{host: tavern}]\nplugins: {npc: {width: '${W}', gilded: '${G}'}}"
    plugin = read(text, environ={"W": "3", "G": "true"}).plugins["npc"]
    assert validate(Frame, plugin.settings, plugin.positions) == Frame(3, gilded=True)
    plugin = read(text, environ={"W": "CANARY", "G": "true"}).plugins["npc"]
    assert problems(Frame, dict(plugin.settings), plugin.positions) == ["plugins.npc.width must be a whole number"]


def test_a_models_own_checks_are_heard() -> None:
    """What an author's check says is the message; a list stays good for a tuple behind such a check."""

    class Checked(BaseModel):
        words: tuple[str, ...] = ()
        low: int = 0
        high: int = 9

        @model_validator(mode="before")
        @classmethod
        def _before(cls, data: Any) -> Any:
            return data

        @model_validator(mode="after")
        def _after(self) -> Checked:
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    assert validate(Checked, {"words": ["a"]}, Positions()).words == ("a",)
    assert problems(Checked, {"low": 10}) == ["the configuration: low is above high"]
    assert problems(Checked, {"low": "1"}) == ["low must be a whole number: take the quotes away"]


def test_an_authors_broken_check_is_a_problem_not_a_crash() -> None:
    """A check that raises what it should not is named as its author's mistake, without its text."""

    class Broken(BaseModel):
        @model_validator(mode="before")
        @classmethod
        def _before(cls, data: Any) -> Any:
            raise KeyError("CANARY")

    @dataclass
    class Unreadable:
        x: NoSuchName  # type: ignore[name-defined]  # noqa: F821

    assert problems(Broken, {}) == ["the configuration cannot be checked: Broken raised KeyError, its author's mistake"]
    assert "Unreadable raised" in problems(Unreadable, {"x": 1})[0]


def test_positions_answer_for_what_was_not_written() -> None:
    """The nearest part above that was written, or a word where nothing is known."""
    places = Positions({("plugins", "a"): "f:3", ("plugins", "a", "b"): "f:4"})
    below = places.below("plugins", "a")
    assert (below.where("b"), below.where("b", 0), below.where("c"), below.where()) == ("f:4", "f:4", "f:3", "f:3")
    assert (below.name("b", 0), places.where("x"), repr(below)) == (
        "plugins.a.b.0",
        "configuration",
        "<Positions of plugins.a: f:3>",
    )
