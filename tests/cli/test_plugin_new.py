"""``mudbot plugin new``: a plugin that works, its test, and its settings; nothing is ever written over."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import mudbot
from mudbot.cli import cli, plugin_new
from mudbot.config import example, load
from mudbot.errors import ConfigError
from mudbot.host import loader

ROOT = Path(__file__).parents[2]
TEMPLATES = list(plugin_new.TEMPLATES)
NAMES = {name: f"my_{name.replace('-', '_')}" for name in TEMPLATES}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plugin of every template."""
    folder = tmp_path_factory.mktemp("made")
    for template, name in NAMES.items():
        plugin_new.write(name, template, folder)
    return folder


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", "new", *arguments])


def run(*command: str, folder: Path) -> str:
    """What *command* of our own python says; it must succeed."""
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# -- templates ---------------------------------------------------------------------------------------------------------


def test_every_template_has_its_files_in_the_package() -> None:
    """They are data of the package: who installs mudbot has them."""
    for name in TEMPLATES:
        folder = plugin_new.Template.folder(name)
        assert folder.is_relative_to(Path(mudbot.__file__).parent)
        assert {"plugin.py", "settings.yaml", "test.py"} <= {each.name for each in folder.iterdir()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_made_passes_its_own_test(template: str, made: Path) -> None:
    """The first thing that an author sees is green."""
    out = run("-m", "mudbot", "plugin", "test", NAMES[template], "-q", folder=made)
    assert " passed" in out


def test_what_is_made_is_clean_for_ruff_and_mypy(made: Path) -> None:
    """By the strict rules of mudbot itself, and by those that a folder without any has."""
    settings = str(ROOT / "pyproject.toml")
    run("-m", "ruff", "check", "--no-cache", "--config", settings, "--ignore", "INP001", ".", folder=made)
    run("-m", "ruff", "format", "--no-cache", "--config", settings, "--check", ".", folder=made)
    run("-m", "ruff", "check", "--no-cache", "--isolated", ".", folder=made)
    cache = str(ROOT / ".mypy_cache")
    run("-m", "mypy", "--strict", "--explicit-package-bases", "--cache-dir", cache, "plugins", "tests", folder=made)


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_made_loads_with_the_settings_that_come_with_it(template: str, here: Path) -> None:
    """Every key of them is the plugin's, and the value is its default."""
    from mudbot import resolve

    (here / "config.yaml").write_text("sessions: [{host: tavern}]\n")
    assert new("mine", "--template", template).exit_code == 0
    config = load(here / "config.yaml", environ={})
    kind = resolve.load_plugins(config)["mine"]
    settings, model = resolve.plugin_settings(config, "mine", kind), kind.config_type()
    assert settings == (model() if model else None)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_short(template: str) -> None:
    """A useful plugin is ten lines; none here is more than a screen."""
    text = (plugin_new.Template.folder(template) / "plugin.py").read_text()
    assert len([line for line in text.splitlines() if line.strip()]) <= 40


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("auction_watch", "AuctionWatch"),
        ("x2", "X2"),
        ("plugin", "PluginPlugin"),
        ("config", "ConfigPlugin"),
        ("none", "NonePlugin"),
        ("exception", "ExceptionPlugin"),
    ],
)
def test_the_class_has_a_name_that_nothing_else_has(name: str, kind: str) -> None:
    """Neither Python nor what the file imports."""
    assert plugin_new.class_name(name, plugin_new.Template.folder("trigger")) == kind


@pytest.mark.parametrize("name", ["plugin", "config", "none", "command", "gmcp", "class", "a" * 64, "bot", "test"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_any_name_makes_a_plugin_that_loads(name: str, template: str, here: Path) -> None:
    plugin_new.write(name, template, here)
    kind = loader.load(name, [here / "plugins"])
    assert kind.name == name
    compile((here / "tests" / f"test_{name}.py").read_text(), "test", "exec")


# -- examples ----------------------------------------------------------------------------------------------------------


def test_every_example_can_be_copied_under_another_name(tmp_path: Path) -> None:
    """With its test, which passes, and clean for ruff."""
    for name in plugin_new.examples():
        plugin_new.write(f"my_{name}", name, tmp_path)
    out = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "tests", folder=tmp_path)
    assert "failed" not in out
    settings = str(ROOT / "pyproject.toml")
    run("-m", "ruff", "check", "--no-cache", "--config", settings, "--ignore", "INP001", "plugins", folder=tmp_path)
    assert not set(plugin_new.examples()) & set(TEMPLATES)


@pytest.mark.parametrize("example", plugin_new.examples())
def test_an_example_is_copied_with_its_settings(example: str, here: Path) -> None:
    """Its own name will do as well; the settings are those of its docstring."""
    from mudbot import resolve

    (here / "config.yaml").write_text("sessions: [{host: tavern}]\n")
    for name in ("mine", example):
        result = new(name, "--from", example)
        assert result.exit_code == 0, result.output
        assert f"config.yaml: {name} is the last of plugins: now" in result.output
    config = load(here / "config.yaml", environ={})
    assert set(resolve.load_plugins(config)) == {"mine", example}
    assert config.plugins["mine"].settings == config.plugins[example].settings
    assert "plugins:\n  mine:\n" in (here / "plugins" / "mine.py").read_text()


def test_an_example_that_there_is_not_is_named_with_the_nearest(here: Path) -> None:
    assert "there is no example 'wether'; did you mean 'weather'?" in str(new("mine", "--from", "wether").exception)
    assert "no example but a template: --template trigger" in new("mine", "--from", "trigger").output
    assert "it begins as one of them" in new("mine", "--from", "dice", "--template", "trigger").output
    assert not list(here.rglob("*.py"))


# -- the command -------------------------------------------------------------------------------------------------------


def test_without_a_configuration_the_settings_are_printed(here: Path) -> None:
    """And what to do next."""
    result = new("greeter")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"written: {Path('plugins/greeter.py')}, {Path('tests/test_greeter.py')}"
    assert lines[1].startswith("put into your config.yaml")
    assert lines[2:5] == [
        "plugins:",
        "  greeter:                        # Greets whoever arrives.",
        "    greeting: Hello, {who}!       # {who} stands for the name",
    ]
    assert [line.split("#")[0].strip() for line in lines[-3:]] == [
        "mudbot plugin test greeter",
        "mudbot plugin show greeter",
        "mudbot run --watch",
    ]
    assert not (here / "config.yaml").exists()


def test_with_a_configuration_the_settings_are_put_in(here: Path) -> None:
    """It loads, and every comment is where it was."""
    path = here / "config.yaml"
    old = example().read_text(encoding="utf-8")
    path.write_text(old, encoding="utf-8")
    result = new("greeter")
    assert "config.yaml: greeter is the last of plugins: now" in result.output
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if "greet" not in line.lower()]
    assert kept == [line for line in old.splitlines() if "greet" not in line.lower()]
    assert load(path, environ={}).plugins["greeter"].settings == {"greeting": "Hello, {who}!"}


def test_where_no_place_is_sure_the_settings_are_printed(here: Path) -> None:
    path = here / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\nplugins: {basics: }\n")
    result = new("greeter")
    assert result.exit_code == 0
    assert "config.yaml is left as it is" in result.output
    assert "    greeting: Hello, {who}!" in result.output
    assert path.read_text() == "sessions: [{host: tavern}]\nplugins: {basics: }\n"


def test_settings_that_are_there_already_stay(here: Path) -> None:
    path = here / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\nplugins:\n  greeter: {greeting: Hi}\n")
    assert "greeter stands below plugins: already" in new("greeter").output
    assert path.read_text().endswith("{greeting: Hi}\n")


def test_who_makes_a_dialogue_is_told_that_there_is_one(here: Path) -> None:
    """Two plugins would answer the same words."""
    (here / "config.yaml").write_text(example().read_text(encoding="utf-8"), encoding="utf-8")
    assert "or both will answer" in new("chatter", "--template", "dialogue").output
    assert "both" not in new("other", "--template", "gmcp").output


@pytest.mark.parametrize("there", ["plugins/greeter.py", "tests/test_greeter.py", "plugins/greeter/__init__.py"])
def test_nothing_is_written_over_and_nothing_half_written(there: str, here: Path) -> None:
    path = here / there
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n")
    result = new("greeter")
    assert result.exit_code == 1
    assert path.read_text() == "# mine\n"
    assert [each for each in here.rglob("*") if each.is_file()] == [path]


def test_a_link_that_leads_nowhere_is_not_followed(here: Path) -> None:
    (here / "tests").mkdir()
    (here / "tests" / "test_greeter.py").symlink_to(here / "elsewhere.py")
    with pytest.raises(ConfigError, match="is there already"):
        plugin_new.write("greeter", "trigger", Path())
    assert not (here / "elsewhere.py").exists()


def test_what_cannot_be_written_leaves_nothing_behind(here: Path) -> None:
    (here / "tests").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="cannot be written"):
        plugin_new.write("greeter", "trigger", Path())
    assert not (here / "plugins" / "greeter.py").exists()


@pytest.mark.parametrize("name", ["Greeter", "a-b", "1st", "_x", "", "../x", "名", "x" * 65, "a.b"])
def test_a_name_that_is_none_is_refused(name: str, here: Path) -> None:
    result = new("--", name)
    assert result.exit_code == 1
    assert not list(here.iterdir())


def test_a_shipped_plugin_is_not_shadowed_by_accident(here: Path) -> None:
    """A second `dialogue` would silence the one that comes with mudbot."""
    with pytest.raises(mudbot.PluginError, match="with mudbot"):
        plugin_new.write("dialogue", "trigger", here)


def test_nor_is_one_of_an_installed_package(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = (each for each in entry_points(group="console_scripts") if each.name == "mudbot")
    monkeypatch.setattr(loader, "installed", lambda: {"weather": entry})
    with pytest.raises(mudbot.PluginError, match="of the installed package mudbot"):
        plugin_new.write("weather", "trigger", here)
