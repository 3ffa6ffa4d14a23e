"""The table of models, the choice among them, and the trust in their files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mudbot.errors import LocalError, ModelMissingError
from mudbot.local import models
from mudbot.local.memory import available_memory
from mudbot.local.models import GIB, MODELS, ModelSpec, choose, ensure_verified, models_dir, path_of, status

LARGE, MIDDLE, SMALL = MODELS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUDBOT_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def put(spec: ModelSpec) -> None:
    """A file of the right size, which takes no room on the disk."""
    with path_of(spec).open("wb") as file:
        file.truncate(spec.size)


def tiny(content: bytes = b"GGUF and the rest") -> ModelSpec:
    return replace(SMALL, file="tiny.gguf", size=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_the_folder_is_the_environments_or_the_users_cache(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """MUDBOT_MODELS moves the models; without it they lie in the user's cache folder."""
    assert models_dir() == folder
    monkeypatch.delenv("MUDBOT_MODELS")
    assert models_dir().name == "models"
    assert "mudbot" in models_dir().parts


@pytest.mark.parametrize(
    ("there", "memory", "chosen"),
    [
        ((), 8 * GIB, LARGE),
        ((), 4 * GIB, LARGE),
        ((), 4 * GIB - 1, MIDDLE),
        ((), 0, MIDDLE),
        ((SMALL,), 8 * GIB, SMALL),
        ((SMALL,), 0, SMALL),
        ((MIDDLE, SMALL), 8 * GIB, MIDDLE),
        ((MIDDLE, SMALL), 1 * GIB, SMALL),
        ((LARGE, MIDDLE, SMALL), 8 * GIB, LARGE),
        ((LARGE, MIDDLE, SMALL), 3 * GIB, MIDDLE),
        ((LARGE,), 3 * GIB, LARGE),  # rather than to fetch another one
        ((LARGE,), 2 * GIB, MIDDLE),
    ],
)
def test_auto_takes_the_best_that_fits_of_what_is_there(
    there: tuple[ModelSpec, ...], memory: int, chosen: ModelSpec
) -> None:
    """``auto`` prefers what is on the disk and fits, and else names the model to fetch."""
    for spec in there:
        put(spec)
    assert choose("auto", memory) is chosen


def test_auto_passes_over_a_file_of_the_wrong_size() -> None:
    """A cut file is not chosen over a whole one."""
    put(SMALL)
    path_of(LARGE).write_bytes(b"half of it")
    assert choose("auto", 8 * GIB) is SMALL


@pytest.mark.parametrize("spec", MODELS)
def test_a_name_is_taken_at_its_word(spec: ModelSpec) -> None:
    """A model that is named is chosen, whatever the memory."""
    assert choose(spec.name, 0) is spec


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    """A typing mistake in the configuration is answered with what would be right."""
    with pytest.raises(LocalError, match=r"'2b'.*auto, 1\.5b, 0\.5b, smollm2"):
        choose("2b")


def test_every_model_says_what_a_fetch_needs() -> None:
    """Each row has a checksum, sources and exact versions of its mirror."""
    for spec in MODELS:
        assert len(bytes.fromhex(spec.sha256)) == 32
        assert all(url.startswith("https://") and url.endswith(spec.file) for url in spec.urls)
        assert all("==" in package for package in spec.mirror.packages)
        assert spec.licence in spec.notice
    assert len({spec.file for spec in MODELS}) == len(MODELS)


def test_a_missing_file_says_what_to_run() -> None:
    """The error for a missing model is the command that fetches it."""
    with pytest.raises(ModelMissingError, match=r"mudbot models fetch 0\.5b.*491 MB"):
        ensure_verified(path_of(MIDDLE), MIDDLE)


def test_a_whole_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum is computed the first time only; afterwards the stamp vouches for the file."""
    spec = tiny()
    path_of(spec).write_bytes(b"GGUF and the rest")
    seen: list[int] = []
    ensure_verified(path_of(spec), spec, seen.append)
    assert seen == [spec.size]
    ensure_verified(path_of(spec), spec, seen.append)
    assert seen == [spec.size]


def test_a_changed_file_is_read_again_and_refused() -> None:
    """A file that changed after it was found whole is not trusted any more."""
    spec = tiny()
    path = path_of(spec)
    path.write_bytes(b"GGUF and the rest")
    ensure_verified(path, spec)
    path.write_bytes(b"GGUF and the rust")
    os.utime(path, ns=(1, 1))
    with pytest.raises(LocalError, match=r"checksum is wrong.*mudbot models fetch smollm2") as caught:
        ensure_verified(path, spec)
    assert not isinstance(caught.value, ModelMissingError)


def test_a_file_of_another_size_is_refused_without_reading_it() -> None:
    """A cut file is told from its size alone."""
    spec = tiny()
    path_of(spec).write_bytes(b"GGUF")
    with pytest.raises(LocalError, match="4 bytes instead of 17"):
        ensure_verified(path_of(spec), spec, lambda _: pytest.fail("it was read"))


def test_a_broken_stamp_costs_a_new_computation_only() -> None:
    """What stands in the stamp is never trusted further than it can be understood."""
    spec = tiny()
    path = path_of(spec)
    path.write_bytes(b"GGUF and the rest")
    for broken in ("", "[]", '{"size": 1}', "\x00"):
        path.with_name("tiny.gguf.sha256.json").write_text(broken)
        ensure_verified(path, spec)


def test_the_list_tells_each_files_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """``models list`` shows what is there, cut, damaged, interrupted or missing, and what auto takes."""
    spec = tiny()
    others = tuple(replace(spec, name=name, file=f"{name}.gguf") for name in ("cut", "changed", "begun", "gone", "new"))
    monkeypatch.setattr(models, "MODELS", (spec, *others))
    for each in (spec, others[1], others[4]):
        path_of(each).write_bytes(b"GGUF and the rest" if each is not others[1] else b"GGUF and the rust")
    ensure_verified(path_of(spec), spec)
    with pytest.raises(LocalError):
        ensure_verified(path_of(others[1]), others[1])
    path_of(others[0]).write_bytes(b"GGUF")
    path_of(others[2]).with_name("begun.gguf.part").write_bytes(b"GGUF a")
    states = {row.spec.name: (row.state, row.present, row.chosen) for row in status(0)}
    assert states == {
        "smollm2": ("ready", 17, True),
        "cut": ("damaged", 4, False),
        "changed": ("damaged", 17, False),
        "begun": ("partial", 6, False),
        "gone": ("missing", 0, False),
        "new": ("unverified", 17, False),
    }


def test_memory_is_what_linux_says_is_free(tmp_path: Path) -> None:
    """The kernel's own estimate counts, not the whole memory."""
    (tmp_path / "meminfo").write_text("MemTotal: 99999999 kB\nMemAvailable:    2048 kB\n")
    assert available_memory(tmp_path, tmp_path / "none") == 2048 * 1024


def test_memory_is_bounded_by_the_container(tmp_path: Path) -> None:
    """A container's limit counts where it is smaller, in either version of control groups."""
    (tmp_path / "meminfo").write_text("MemAvailable:    2048 kB\n")
    new, old = tmp_path / "new", tmp_path / "old"
    new.mkdir()
    (new / "memory.max").write_text("1000000\n")
    (new / "memory.current").write_text("400000\n")
    assert available_memory(tmp_path, new) == 600_000
    (new / "memory.max").write_text("max\n")
    assert available_memory(tmp_path, new) == 2048 * 1024
    (old / "memory").mkdir(parents=True)
    (old / "memory" / "memory.limit_in_bytes").write_text("500000")
    (old / "memory" / "memory.usage_in_bytes").write_text("600000")
    assert available_memory(tmp_path, old) == 0


def test_memory_is_known_without_proc_too(tmp_path: Path) -> None:
    """Where there is no /proc, the physical memory or a modest assumption serves."""
    assert available_memory(tmp_path / "none", tmp_path / "none") > GIB // 2
