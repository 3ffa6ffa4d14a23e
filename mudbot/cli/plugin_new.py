"""A plugin to begin with: its file, its test and its settings, from a template or from one of the examples."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import mudbot
from mudbot.errors import ConfigError, PluginError, Problem, nearest

NAME = r"[a-z][a-z0-9_]{0,63}"
"""What is a name for a module of Python, a key of `plugins:` and a chat command."""


@dataclass(frozen=True, slots=True)
class Template:
    """Something that a plugin can begin as."""

    about: str
    note: str = ""
    """What the owner should know when it is switched on."""

    @staticmethod
    def folder(name: str) -> Path:
        """Where the files of the template *name* are."""
        return Path(mudbot.__file__).parent / "templates" / name.replace("-", "_")


TEMPLATES = {
    "trigger": Template("does something when a line comes"),
    "command": Template("a chat command with arguments"),
    "dialogue": Template(
        "answers who speaks", "it stands in for the plugin dialogue: take that out, or both will answer"
    ),
    "llm-tool": Template("a model reads, the plugin acts"),
    "gmcp": Template("hears what the MUD tells beside the text"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written for a new plugin."""

    plugin: str
    test: str
    settings: str
    """YAML of a mapping, or only comments."""


def examples() -> dict[str, Path]:
    """The examples that come with mudbot, by name."""
    from mudbot.host import loader

    return {path.stem: path for path in sorted((loader.shipped() / "examples").glob("*.py"))}


def draft(name: str, source: str) -> Draft:
    """The plugin *name* as the template or the example *source* has it.  Raises PluginError where there is none."""
    if source in TEMPLATES:
        folder = TEMPLATES[source].folder(source)
        settings = (folder / "settings.yaml").read_text(encoding="utf-8")
        return Draft(filled(folder / "plugin.py", name), filled(folder / "test.py", name), settings)
    known = examples()
    if source not in known:
        hint = nearest(source, known) or f": there are {', '.join(known)}"
        raise PluginError(f"there is no example {source!r}{hint}")
    return _copied(name, known[source])


def _copied(name: str, path: Path) -> Draft:
    """The example *path* and its test, under another name."""
    inside = path.parent / "tests"
    tests = inside if inside.is_dir() else path.parents[2] / "tests" / "examples"
    kind = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    text = path.read_text(encoding="utf-8")
    taken = keyword.iskeyword(kind) or hasattr(builtins, kind) or re.search(rf"\b{kind}\b", text)
    kind = f"{kind}Plugin" if taken and name != path.stem else kind
    text = re.sub(r"^class \w+\(Plugin\)", f"class {kind}(Plugin)", text, flags=re.MULTILINE)
    text = re.sub(rf"^(plugins:\n  ){path.stem}:", rf"\g<1>{name}:", text, flags=re.MULTILINE)
    test = (tests / f"test_example_{path.stem}.py").read_text(encoding="utf-8")
    test = re.sub(rf'(\b(?:load|unload|reload|plugin)\(")({path.stem})"', rf'\g<1>{name}"', test)
    test = re.sub(rf"(\bplugins\\?\.){path.stem}(\\?\.)", rf"\g<1>{name}\g<2>", test)
    told = re.search(r"^plugins:\n  \w+:.*\n((?:    .*\n)*)", f"{ast.get_docstring(ast.parse(text))}\n", re.MULTILINE)
    return Draft(text, test, textwrap.dedent(told[1]) if told else "")


def write(name: str, source: str, folder: Path) -> tuple[Path, Path]:
    """Write the plugin *name*, from the template or example *source*, and its test into *folder*; which files they are.

    Raises PluginError for a name that is none or that another plugin has, and where there is no such *source*,
    ConfigError for a file that is there or cannot be written; then nothing is left behind.
    """
    _check(name, folder)
    made = draft(name, source)
    files = {
        folder / "plugins" / f"{name}.py": made.plugin,
        folder / "tests" / f"test_{name}.py": made.test,
    }
    if there := [path for path in files if path.exists() or path.is_symlink()]:
        raise ConfigError(*(Problem(str(path), "is there already: nothing is written over") for path in there))
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True)
            with path.open("xb") as file:
                written.append(path)
                file.write(text.encode())
    except OSError as exc:
        for done in written:
            done.unlink(missing_ok=True)
        raise ConfigError(Problem(str(path), f"cannot be written: {exc.strerror or exc}")) from None
    first, second = files
    return first, second


def configure(name: str, source: str, config: Path) -> list[str]:
    """Put the settings into *config*, if it is there and has a sure place for them; lines that say what was done."""
    from mudbot.cli import plugin_insert

    made = draft(name, source)
    settings = made.settings
    about = (ast.get_docstring(ast.parse(made.plugin)) or "").partition("\n")[0]
    if config.exists() and name in plugin_insert.names_in(config):
        return [f"{config}: {name} stands below plugins: already"]
    text = plugin_insert.section(name, settings, about=about).splitlines()
    try:
        done = config.exists() and plugin_insert.insert(config, name, settings, about=about)
    except ConfigError as exc:
        return [str(exc), "put in there, or below the plugins: that stand there:", *text]
    if not done:
        told = f"{config} is left as it is: put in there" if config.exists() else "put into your config.yaml"
        return [f"{told}, or below the plugins: that stand there:", *text]
    note = TEMPLATES[source].note if source in TEMPLATES and "dialogue" in plugin_insert.names_in(config) else ""
    return [f"{config}: {name} is the last of plugins: now", *([f"note: {note}"] if note else [])]


def commands(name: str, config: Path) -> list[str]:
    """The three commands that come next."""
    when = "at each save it is loaded anew" if config.exists() else f"once there is a {config.name}"
    return [
        f"mudbot plugin test {name:24} # run its test",
        f"mudbot plugin show {name:24} # what it does and may do",
        f"{'mudbot run --watch':43} # {when}",
    ]


def filled(path: Path, name: str) -> str:
    """The template's file *path* with *name* in it."""
    kind = class_name(name, path.parent)
    return re.sub(r"\b[Ss]ketch\b", lambda found: kind if found[0] == "Sketch" else name, path.read_text("utf-8"))


def class_name(name: str, template: Path) -> str:
    """`auction_watch` as `AuctionWatch`; something behind it where the template or Python has that name itself."""
    kind = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    text = (template / "plugin.py").read_text(encoding="utf-8")
    taken = keyword.iskeyword(kind) or hasattr(builtins, kind) or re.search(rf"\b{kind}\b", text)
    return f"{kind}Plugin" if taken else kind


def _check(name: str, folder: Path) -> None:
    from mudbot.host import loader

    if not re.fullmatch(NAME, name):
        remedy = "begin it with a small letter; small letters, digits and _ follow, 64 at most"
        raise PluginError(f"{name!r} cannot be a plugin's name: {remedy}")
    own = folder / "plugins"
    if path := loader.available([own, loader.shipped()]).get(name):
        whose = "here" if path.is_relative_to(own) else "with mudbot, and yours would stand before it"
        raise PluginError(f"there is a plugin {name} already, {whose} ({path}): choose another name")
    if entry := loader.installed().get(name):
        whose = f"of the installed package {entry.dist.name if entry.dist else entry.module}"
        raise PluginError(
            f"there is a plugin {name} already, {whose}, and yours would stand before it: choose another name"
        )
