"""What an author sees who has installed mudbot and runs pytest: fixtures that are there, failures in the own lines."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.testing.newcomer import PLUGIN, project, pytest_in

HELLO = """\
from mudbot import Plugin, trigger


class Hello(Plugin):
    @trigger(r"^(?P<who>\\w+) has arrived\\.$", cooldown=60, per="who")
    async def greet(self, who: str) -> None:
        await self.mud.say(f"Hello, {who}!")

    @trigger("^boom$")
    async def boom(self) -> None:
        purse = {}
        purse["gold"] += 1

    @trigger("^ask$")
    async def ask(self) -> None:
        await self.mud.say(await self.ai.chat("a joke, please"))
"""
TEST = """\
async def test_who_arrives_is_greeted(bot):
    await bot.load("hello")
    await bot.hear("Ann has arrived.", "Ann has arrived.")
    assert bot.said == ["Hello, Ann!"]
    await bot.advance("1m")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Ann!", "Hello, Ann!"]
    bot.golden("greeting")
"""
GOLDEN = """\
     0.0 < Ann has arrived.
     0.0 < Ann has arrived.
     0.0 > say Hello, Ann!
    60.0 < Ann has arrived.
    60.0 > say Hello, Ann!
"""


def failing(folder: Path, body: str) -> str:
    """What is printed for a test with this *body*, which fails."""
    found = pytest_in(project(folder, HELLO, f"import asyncio\nimport pytest\n\n{body}"), "-q", "--show-capture=no")
    assert found.returncode == 1, found.stdout + found.stderr
    return found.stdout


@pytest.mark.parametrize("mode", ["", "strict", "auto"])
def test_the_first_test_runs_as_it_stands(tmp_path: Path, mode: str) -> None:
    """Without a setting or a marker, with pytest-asyncio in any mode or without it; golden files are written once."""
    options = ("-o", f"asyncio_mode={mode}") if mode else ()
    folder = project(tmp_path, HELLO, TEST)
    found = pytest_in(folder, *options, asyncio=bool(mode))
    assert found.returncode == 1
    assert "run pytest --mudbot-update-golden once" in found.stdout
    assert pytest_in(folder, *options, "--mudbot-update-golden", asyncio=bool(mode)).returncode == 0
    assert (folder / "tests" / "golden" / "greeting.txt").read_text() == GOLDEN
    found = pytest_in(folder, *options, asyncio=bool(mode))
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    assert "1 passed" in found.stdout


def test_a_class_of_tests_a_marker_and_parameters(tmp_path: Path) -> None:
    test = """\
import pytest

pytestmark = pytest.mark.mudbot(language="zh", dialect="nt7")

@pytest.mark.mudbot(encoding="gbk")
class TestHello:
    @pytest.mark.parametrize("who", ["Ann", "Bob"])
    async def test_it(self, bot, who):
        assert (bot.options.dialect, bot.options.encoding, bot.options.language) == ("nt7", "gbk", "zh")
        await bot.load("hello")
        await bot.hear(f"{who} has arrived.")
        assert bot.sent == [f"say Hello, {who}!"]

def test_that_uses_no_bot(): ...
"""
    found = pytest_in(project(tmp_path, HELLO, test))
    assert "3 passed" in found.stdout, found.stdout


def test_fixtures_of_pytest_asyncio_may_use_the_bot(tmp_path: Path) -> None:
    test = """\
import pytest

@pytest.fixture
async def hello(bot):
    return await bot.load("hello")

async def test_it(bot, hello):
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Ann!"]
    assert hello.name == "hello"
"""
    found = pytest_in(project(tmp_path, HELLO, test), "-o", "asyncio_mode=auto", asyncio=True)
    assert "1 passed" in found.stdout, found.stdout


def test_a_handler_that_raises_is_shown_in_the_plugin_and_nothing_of_mudbot_is(tmp_path: Path) -> None:
    told = failing(tmp_path, 'async def test_it(bot):\n    await bot.load("hello")\n    await bot.hear("boom")\n')
    assert 'await bot.hear("boom")' in told
    assert 'purse["gold"] += 1' in told
    assert re.search(r"plugins/hello\.py:12: KeyError", told)
    assert re.search(r"^E +KeyError: 'gold'$", told, re.MULTILINE)
    places = re.findall(r"^(\S+\.py):\d+: ", told, re.MULTILINE)
    assert places == ["tests/test_hello.py", "plugins/hello.py"], told


def test_a_handler_that_fails_may_be_expected(tmp_path: Path) -> None:
    test = """\
import pytest

async def test_it(bot):
    await bot.load("hello")
    with pytest.raises(KeyError):
        await bot.hear("boom")
    assert len(bot.failures) == 1
"""
    assert pytest_in(project(tmp_path, HELLO, test)).returncode == 0


def test_a_question_that_nobody_answers_is_shown(tmp_path: Path) -> None:
    told = failing(tmp_path, 'async def test_it(bot):\n    await bot.load("hello")\n    await bot.hear("ask")\n')
    assert "the model was asked 'a joke, please' (by plugin hello), and the test did not say what it answers" in told
    assert re.findall(r"^(\S+\.py):\d+: ", told, re.MULTILINE) == ["tests/test_hello.py"]


def test_a_wrong_expectation_shows_what_was_said(tmp_path: Path) -> None:
    body = """\
async def test_it(bot):
    await bot.load("hello")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Bob!"]
"""
    assert "assert ['Hello, Ann!'] == ['Hello, Bob!']" in failing(tmp_path, body)


def test_a_name_that_there_is_not(tmp_path: Path) -> None:
    """With the nearest that there is, and without the loader's own lines."""
    told = failing(tmp_path, 'async def test_it(bot):\n    await bot.load("helo")\n')
    assert "there is no plugin 'helo'; did you mean 'hello'?" in told
    assert "loader.py" not in told


def test_a_plugin_that_cannot_be_imported_names_its_line(tmp_path: Path) -> None:
    test = 'async def test_it(bot):\n    await bot.load("hello")\n'
    found = pytest_in(project(tmp_path, "from mudbot import Plugn\n", test), "--show-capture=no")
    assert re.search(r"plugins/hello\.py:1: ImportError: cannot import name 'Plugn'", found.stdout), found.stdout
    assert "loader.py" not in found.stdout


def test_a_start_that_raises_shows_its_line(tmp_path: Path) -> None:
    plugin = "from mudbot import Plugin\n\n\nclass Hello(Plugin):\n    async def start(self):\n        {}['gold']\n"
    found = pytest_in(
        project(tmp_path, plugin, 'async def test_it(bot):\n    await bot.load("hello")\n'), "--show-capture=no"
    )
    assert found.returncode == 1
    assert "hello.py:6" in found.stdout, found.stdout
    assert "KeyError" in found.stdout


def test_waiting_in_vain_ends_with_a_word(tmp_path: Path) -> None:
    body = 'async def test_it(bot):\n    await bot.load("hello")\n    await asyncio.Event().wait()\n'
    told = failing(tmp_path, body)
    assert "the test waits for something that nobody will bring about" in told
    assert "await asyncio.Event().wait()" in told


def test_a_test_that_is_not_async_is_told_to_be(tmp_path: Path) -> None:
    told = failing(tmp_path, "def test_it(bot):\n    bot.load\n")
    assert "test_it uses bot: write `async def test_it`" in told


def test_an_option_that_there_is_not(tmp_path: Path) -> None:
    found = pytest_in(project(tmp_path, HELLO, '@__import__("pytest").mark.mudbot(dialct="x")\n' + TEST))
    assert "there is nothing called 'dialct' to choose; did you mean 'dialect'?" in found.stdout


def test_a_fixture_of_the_authors_own_that_is_called_bot_is_left_alone(tmp_path: Path) -> None:
    test = "import pytest\n\n@pytest.fixture\ndef bot():\n    return 1\n\ndef test_it(bot):\n    assert bot == 1\n"
    assert pytest_in(project(tmp_path, HELLO, test)).returncode == 0


def test_pytest_finds_the_plugin_by_itself() -> None:
    """The distribution names it, and pytest below its extra ``test``."""
    told = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert told["entry-points"]["pytest11"] == {"mudbot": PLUGIN}
    assert any(each.startswith("pytest") for each in told["optional-dependencies"]["test"])


def test_it_costs_nothing_to_whoever_uses_none_of_it() -> None:
    """Nothing heavy is imported with it, and no more of mudbot than what a plugin imports."""
    code = (
        f"import sys, {PLUGIN}; heavy = {{'aiohttp', 'pydantic', 'sqlalchemy', 'numpy', 'yaml', 'telnetlib3'}}; "
        "print(sorted(heavy & set(sys.modules)), 'mudbot.app' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[] False\n"
