"""Find a plugin's class and import it afresh: beside the configuration, among those that ship, in installed packages.

A plugin's modules are compiled from their source each time.  Python's ``.pyc`` files know an edit by the second and the
size, so they miss the second of two edits within one second; plugins' are neither read nor written, also where a method
imports a submodule much later.
"""

from __future__ import annotations

import asyncio
import glob
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import itertools
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import mudbot
from mudbot.errors import PluginError, nearest
from mudbot.host.plugin import Plugin

GROUP = "mudbot.plugins"
"""The entry points by which installed packages offer plugins: the name is the plugin's, the value its module, or its
module and class (``weather = "mudbot_weather:Weather"``)."""

SOURCES = {".py", ".yaml", ".yml"}
"""What a plugin's files end in that make it what it is: code, texts, defaults.  All else there may be its own data."""
_PREFIX = "mudbot_plugin_"
_generation = itertools.count(1)
T = TypeVar("T")


@dataclass(slots=True)
class _Origin:
    """Where a class came from."""

    root: str
    """The module, or the package, of which all its modules are."""
    path: Path
    """The file, or the folder of the package."""
    print: bytes
    """Of its files, as they were when it was loaded."""
    displaced: dict[str, ModuleType] = field(default_factory=dict)
    """What had the same names in ``sys.modules`` before: an older generation that may still run."""


_origins: WeakKeyDictionary[type[Plugin], _Origin] = WeakKeyDictionary()


def shipped() -> Path:
    """The folder of the plugins that come with mudbot: in the package, or in the checkout it runs from."""
    package = Path(mudbot.__file__).parent
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent / "plugins"


def available(folders: Iterable[Path]) -> dict[str, Path]:
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


def installed() -> dict[str, importlib.metadata.EntryPoint]:
    """Every plugin that an installed package offers, by name."""
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}


def load(name: str, folders: Sequence[Path]) -> type[Plugin]:
    """Import plugin *name* afresh and return its class: from *folders*, then from installed packages.

    Raises PluginError naming the nearest plugin, the author's file and line, or how many classes were found.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise PluginError(f"{name!r} cannot be a plugin's name: use letters, digits and _")
    importlib.invalidate_caches()  # a submodule that was written a moment ago is there
    known = available(folders)
    path = known.get(name)
    if path is not None:
        # A new module name for each import: submodules are fresh too, and a failed import leaves what runs untouched.
        kind = _load_file(f"{_PREFIX}{name}_{next(_generation)}", path)
    elif (entry := installed().get(name)) is not None:
        kind = _load_installed(entry)
    else:
        places = ", ".join([*map(str, folders), "installed packages"])
        raise PluginError(f"there is no plugin {name!r}{nearest(name, {**known, **installed()})}; looked in {places}")
    kind.name = name
    return kind


def source_of(kind: type[Plugin]) -> Path | None:
    """The file of *kind*, or the folder of its package; None where it has none (a class made in a shell)."""
    if (origin := _origins.get(kind)) is not None:
        return origin.path
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return Path(file).absolute() if file else None


def asks_models(kind: type[Plugin]) -> bool:
    """Whether the code of *kind* names ``.ai``; true where its code is not known."""
    source = source_of(kind)
    if source is None:
        return True
    files = source.rglob("*.py") if source.is_dir() else (source,)
    try:
        return any(".ai." in file.read_text(encoding="utf-8", errors="replace") for file in files)
    except OSError:
        return True


def has_changed(kind: type[Plugin]) -> bool:
    """Whether a file of *kind* is not as it was when it was loaded."""
    origin = _origins.get(kind)
    return origin is not None and _fingerprint(origin.path) != origin.print


def files_of(source: Path) -> Iterator[Path]:
    """The files of the plugin at *source*: those in a package's folder, or the one and what is named after it.

    Only those that it is made of (``SOURCES``): it may write others, and must not be loaded anew for that.
    """
    found = source.rglob("*") if source.is_dir() else source.parent.glob(f"{glob.escape(source.stem)}.*")
    yield from sorted(path for path in found if path.suffix in SOURCES and path.is_file())


def _fingerprint(source: Path) -> bytes:
    found = hashlib.sha256()
    for path in files_of(source):
        with suppress(OSError):  # it was there a moment ago
            found.update(repr((str(path), path.read_bytes())).encode())
    return found.digest()


def modules_of(kind: type[Plugin]) -> list[ModuleType]:
    """The modules that *kind* is made of, as far as they are imported now."""
    if (origin := _origins.get(kind)) is not None:
        return [sys.modules[key] for key in _names_below(origin.root)]
    return [sys.modules[kind.__module__]] if kind.__module__ in sys.modules else []


def succeed(new: type[Plugin], old: type[Plugin]) -> None:
    """*new* runs and *old* does not any more: forget the modules of *old*."""
    if (fresh := _origins.get(new)) is not None:
        fresh.displaced = {}
    gone = _origins.get(old)
    if gone is not None and (fresh is None or gone.root != fresh.root):
        _forget(gone.root)


def drop(kind: type[Plugin]) -> None:
    """*kind* does not run, or not any more: forget its modules; those that they took the place of come back."""
    origin = _origins.get(kind)
    if origin is not None:
        _forget(origin.root)
        sys.modules.update(origin.displaced)
        origin.displaced = {}


async def apart(work: Callable[[], T]) -> T:
    """The result of *work* in a thread of its own: imports that hang must not use up those that look up names."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="import")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)


# -- importing ---------------------------------------------------------------------------------------------------------


def _load_file(root: str, path: Path) -> type[Plugin]:
    package = path.name == "__init__.py"
    path = path.absolute()
    own = path.parent if package else path
    spec = importlib.util.spec_from_file_location(
        root, path, loader=_Source(root, str(path)), submodule_search_locations=[str(own)] if package else None
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[root] = module
    _finder.roots.add(root)
    before = _fingerprint(own)  # an edit while it is imported counts as one behind it
    try:
        with _placing(own, path):
            spec.loader.exec_module(module)
        kind = _plugin_class(module, root, path)
    except BaseException:
        _forget(root)
        raise
    _origins[kind] = _Origin(root, own, before)
    return kind


def _load_installed(entry: importlib.metadata.EntryPoint) -> type[Plugin]:
    """By its own module name, by which a package may import itself; what had that name comes back on failure."""
    place = Path(entry.dist.name if entry.dist is not None else entry.module)
    with _placing(place, place):
        root = _root_of(entry.module)
    displaced = {key: sys.modules.pop(key) for key in _names_below(root)}
    _finder.roots.add(root)
    try:
        spec = importlib.util.find_spec(root)
        file = Path(spec.origin) if spec is not None and spec.origin is not None else place
        own = file.parent if file.name == "__init__.py" else file
        before = _fingerprint(own)
        with _placing(own, file):
            module = importlib.import_module(entry.module)
        kind = getattr(module, entry.attr, None) if entry.attr else _plugin_class(module, root, file)
        if not (isinstance(kind, type) and issubclass(kind, Plugin)):
            raise PluginError(f"{file}: the entry point {entry.name} = {entry.value!r} names no subclass of Plugin")  # noqa: TRY301
    except BaseException:
        _forget(root)
        sys.modules.update(displaced)
        raise
    _origins[kind] = _Origin(root, own.absolute(), before, displaced)
    return kind


def _root_of(module: str) -> str:
    """The outermost package of *module* that is its own: a namespace package is shared with other distributions."""
    parts = module.split(".")
    for count in range(1, len(parts)):
        spec = importlib.util.find_spec(".".join(parts[:count]))
        if spec is not None and spec.origin is not None:
            return spec.name
    return module


def _plugin_class(module: ModuleType, root: str, path: Path) -> type[Plugin]:
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Plugin) and _is_below(value.__module__, root)
    ]
    if len(classes) != 1:
        raise PluginError(f"{path}: expected one Plugin subclass, found {len(classes)}")
    return classes[0]


@contextmanager
def _placing(own: Path, path: Path) -> Iterator[None]:
    """Whatever a plugin raises while it is imported is a PluginError with file and line."""
    try:
        yield
    except PluginError as exc:
        raise PluginError(f"{path}: {exc}") from exc
    except (Exception, SystemExit) as exc:
        raise PluginError(f"{_place(exc, own, path)}: {type(exc).__name__}: {exc}") from exc


def _place(exc: BaseException, own: Path, path: Path) -> str:
    """File and line where the error last passed the author's own code."""

    def authors(file: str | None) -> bool:
        return file is not None and Path(file).is_relative_to(own)

    if isinstance(exc, SyntaxError) and authors(exc.filename):
        return f"{exc.filename}:{exc.lineno or 1}"
    passed = [frame for frame in traceback.extract_tb(exc.__traceback__) if authors(frame.filename)]
    return f"{passed[-1].filename}:{passed[-1].lineno}" if passed else f"{path}:1"


class _Source(importlib.machinery.SourceFileLoader):
    """Compiles the source, always."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        # importlib asks this to compare source and .pyc; OSError is its own word for "there is nothing to compare".
        raise OSError(f"{path} is compiled anew")


class _Finder:
    """Finds the submodules of plugins, also when they are imported late, and has them compiled from source."""

    def __init__(self) -> None:
        self.roots: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """What ``sys.meta_path`` wants; None for all that is no plugin's."""
        if not any(_is_below(name, root) for root in self.roots):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _Source(spec.loader.name, spec.loader.path)
        return spec


_finder = _Finder()
sys.meta_path.insert(0, _finder)


def _is_below(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root}.")


def _names_below(root: str) -> list[str]:
    return [key for key in sys.modules if _is_below(key, root)]


def _forget(root: str) -> None:
    for key in _names_below(root):
        del sys.modules[key]
    if root.startswith(_PREFIX):  # an installed package may be imported again by its name
        _finder.roots.discard(root)
