"""Find a plugin's class: beside the configuration, then among those that ship with mudbot."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mudbot
from mudbot.errors import PluginError, nearest
from mudbot.host.plugin import Plugin

_generation = itertools.count(1)


def shipped() -> Path:
    """The folder of the plugins that come with mudbot: in the package, or in the checkout it runs from."""
    package = Path(mudbot.__file__).parent
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent / "plugins"


def available(folders: list[Path]) -> dict[str, Path]:
    """Every plugin in *folders* by name; an earlier folder wins."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            package = path / "__init__.py"
            if path.suffix == ".py" and not path.name.startswith("_"):
                found.setdefault(path.stem, path)
            elif package.exists():
                found.setdefault(path.name, package)
    return found


def load(name: str, folders: list[Path]) -> type[Plugin]:
    """Import plugin *name* afresh and return its class.

    Raises PluginError naming the nearest plugin, the author's file and line, or how many classes were found.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise PluginError(f"{name!r} cannot be a plugin's name: use letters, digits and _")
    known = available(folders)
    path = known.get(name)
    if path is None:
        places = ", ".join(map(str, folders))
        raise PluginError(f"there is no plugin {name!r}{nearest(name, known)}; looked in {places}")
    # A new module name for each import: submodules are fresh too, and a failed import leaves what runs untouched.
    module_name = f"mudbot_plugin_{name}_{next(_generation)}"
    try:
        module = _import(module_name, path)
        kind = _plugin_class(module, module_name, path)
    except BaseException:
        _forget(module_name)
        raise
    kind.name = name
    return kind


def _plugin_class(module: object, module_name: str, path: Path) -> type[Plugin]:
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Plugin) and value.__module__.startswith(module_name)
    ]
    if len(classes) != 1:
        raise PluginError(f"{path}: expected one Plugin subclass, found {len(classes)}")
    return classes[0]


def _import(module_name: str, path: Path) -> object:
    search = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(module_name, path, submodule_search_locations=search)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        with _no_bytecode():
            spec.loader.exec_module(module)
    except PluginError as exc:
        raise PluginError(f"{path}: {exc}") from exc
    except (Exception, SystemExit) as exc:
        raise PluginError(f"{_place(exc, path)}: {type(exc).__name__}: {exc}") from exc
    return module


def _place(exc: BaseException, path: Path) -> str:
    """File and line where the error last passed the author's own code."""
    own = path.parent if path.name == "__init__.py" else path

    def authors(file: str | None) -> bool:
        return file is not None and Path(file).is_relative_to(own)

    if isinstance(exc, SyntaxError) and authors(exc.filename):
        return f"{exc.filename}:{exc.lineno or 1}"
    passed = [frame for frame in traceback.extract_tb(exc.__traceback__) if authors(frame.filename)]
    return f"{passed[-1].filename}:{passed[-1].lineno}" if passed else f"{path}:1"


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Import without .pyc files: they miss the second of two edits within one second."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _forget(module_name: str) -> None:
    for key in [k for k in sys.modules if k == module_name or k.startswith(module_name + ".")]:
        del sys.modules[key]
