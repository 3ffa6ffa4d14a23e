"""Every recipe of the cookbook loads, does what it says, and asks for no permission that it does not name."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import yaml

from mudbot.config import load
from mudbot.host import loader
from mudbot.testing import Bot, Live
from tests.docs_pages import Block, Reader, blocks

ALL = blocks("cookbook.md")
RECIPES = {
    found[1].lower(): block
    for block in ALL
    if block.kind == "python"
    and not block.note
    and (found := re.search(r"^class (\w+)\(Plugin\)", block.text, re.MULTILINE))
}
SETTINGS = {block.note.partition(": ")[2].lower(): block for block in ALL if block.note.startswith("settings: ")}
TESTS = [block for block in ALL if block.note.startswith("test")]


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every recipe in it."""
    folder = tmp_path_factory.mktemp("kitchen") / "plugins"
    folder.mkdir()
    for name, block in RECIPES.items():
        (folder / f"{name}.py").write_text(block.text, encoding="utf-8")
    return folder


@pytest.fixture
def cook(bot: Bot, kitchen: Path) -> Bot:
    """A bot that finds the recipes."""
    bot.choose(plugins=str(kitchen))
    return bot


def granted(name: str) -> dict[str, Any]:
    """The permissions that the page gives to a recipe."""
    if name not in SETTINGS:
        return {}
    found: dict[str, Any] = yaml.safe_load(SETTINGS[name].text).get("plugins", {}).get(name, {}).get("permissions", {})
    return found


# -- the page ----------------------------------------------------------------------------------------------------------


def test_there_is_a_recipe_for_every_block() -> None:
    """No block of the page is left out by accident, and no name is taken twice."""
    plain = [block for block in ALL if block.kind == "python" and not block.note]
    assert len(RECIPES) == len(plain) >= 40
    assert SETTINGS.keys() <= RECIPES.keys()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_loads(name: str, kitchen: Path) -> None:
    """Its marks, patterns, examples, settings and texts are checked as when the bot starts."""
    from mudbot.host.services.texts import texts_of

    kind = loader.load(name, [kitchen])
    try:
        texts_of(kind)
        kind.config_type()
        assert kind.handlers
    finally:
        loader.drop(kind)


@pytest.mark.parametrize("name", SETTINGS)
def test_its_settings_are_good(name: str, kitchen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands below a recipe can be put into a configuration as it is."""
    from mudbot import resolve

    monkeypatch.setenv("WEATHER_KEY", "k")
    monkeypatch.setenv("MUD_PASSWORD", "p")
    path = kitchen.parent / "config.yaml"
    written = {"sessions": [{"host": "tavern"}], "plugins": {name: None}} | yaml.safe_load(SETTINGS[name].text)
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    config = load(path)
    kind = loader.load(name, [kitchen])
    try:
        assert not resolve.plugin_problems(config, name, kind)
    finally:
        loader.drop(kind)


def test_the_triggers_without_python_are_good(tmp_path: Path) -> None:
    """They are as `mudbot check` wants them."""
    text = next(block.text for block in ALL if block.note == "triggers")
    path = tmp_path / "config.yaml"
    path.write_text(f"sessions:\n  - {{host: tavern}}\nplugins:\n  triggers:\n{text}", encoding="utf-8")
    from mudbot import resolve

    assert len(resolve.load_triggers(load(path))) == 2


# -- its tests ---------------------------------------------------------------------------------------------------------


def cases_of(block: Block) -> list[tuple[str, Any]]:
    space: dict[str, Any] = {}
    exec(compile(block.text, f"cookbook.md:{block.line}", "exec"), space)
    return [(name, value) for name, value in space.items() if name.startswith("test_")]


IN_BOT = [
    pytest.param(test, id=name, marks=getattr(test, "pytestmark", []))
    for block in TESTS
    if block.note == "test"
    for name, test in cases_of(block)
]


@pytest.mark.parametrize("test", IN_BOT)
async def test_a_test_of_the_page_passes(test: Callable[[Bot], Coroutine[Any, Any, None]], cook: Bot) -> None:
    """Readers can take it as it stands."""
    await test(cook)


async def test_the_golden_file_is_the_one_shown(cook: Bot, tmp_path: Path) -> None:
    """What the page shows is what is written."""
    ((_, test),) = cases_of(next(block for block in TESTS if block.note == "test: golden"))
    shown = next(block.text for block in ALL if block.note == "golden: evening")
    cook._test = tmp_path / "test_x.py"
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "evening.txt").write_text(shown, encoding="utf-8")
    await test(cook)


@pytest.fixture
def inn(tavern: Live, kitchen: Path) -> Live:
    """A tavern that finds the recipes."""
    tavern._folder = kitchen.parent
    return tavern


async def test_the_tavern_is_as_on_the_page(inn: Live, tavern: Live) -> None:
    """Over a real socket."""
    assert inn is tavern
    ((_, test),) = cases_of(next(block for block in TESTS if block.note == "test: slow"))
    await test(tavern)


async def test_a_folder_is_a_plugin(bot: Bot, tmp_path: Path) -> None:
    """The two files of the page are one."""
    folder = tmp_path / "plugins" / "harbour"
    folder.mkdir(parents=True)
    for block in ALL:
        if block.note.startswith("package: "):
            (folder / block.note.removeprefix("package: ")).write_text(block.text, encoding="utf-8")
    bot.choose(plugins=str(folder.parent))
    assert await hear(bot, "harbour", "The Grey Heron sails into the harbour.") == [
        "There comes the Grey Heron, from the north!"
    ]


@pytest.mark.skipif(os.name == "nt", reason="its command is typed into a shell")
def test_a_night_is_replayed(tmp_path: Path, kitchen: Path) -> None:
    """The command of the page works on a log in the folder of the plugins."""
    with Reader(tmp_path) as reader:
        (tmp_path / "night.jsonl").write_text("Ann has arrived.\n", encoding="utf-8")
        (tmp_path / "plugins").mkdir()
        (tmp_path / "plugins" / "greeter.py").write_text(RECIPES["greeter"].text, encoding="utf-8")
        block = next(block for block in ALL if block.note == "replay")
        command = re.search(r"^\$ (.*)$", block.text, re.MULTILINE)
        assert command
        done = subprocess.run(
            ["sh", "-c", command[1]], cwd=tmp_path, env=reader.environ, capture_output=True, text=True, check=False
        )
        assert "say Hello, Ann!" in done.stdout, done.stderr


# -- the recipes that no test of the page plays ------------------------------------------------------------------------


async def hear(bot: Bot, name: str, *lines: str, **options: Any) -> list[str]:
    """What recipe *name* says to *lines*."""
    await bot.load(name, permissions=granted(name), **options)
    await bot.hear(*lines)
    return bot.said


async def tell(bot: Bot, name: str, text: str, role: Any = "anyone") -> list[str]:
    await bot.load(name, permissions=granted(name))
    await bot.tell(text, who="Ann", role=role)
    return bot.said


async def test_polite_smiles_back_once_a_minute_for_each(cook: Bot) -> None:
    said = await hear(cook, "polite", "Ann smiles.", "Ann smiles.", "Bob smiles.")
    await cook.advance("2m")
    assert said == ["smiles back at Ann.", "smiles back at Bob."]


async def test_daily_gives_once_a_day(cook: Bot) -> None:
    await hear(cook, "daily", "Ann has arrived.", "Ann has arrived.")
    await cook.advance("24h")
    await cook.hear("Ann has arrived.")
    assert len(cook.said) == 2


async def test_purse_adds_up(cook: Bot) -> None:
    said = await hear(cook, "purse", "Ann gives you 1,200 gold coins.", "Ann gives you 5 gold coins.")
    assert said[-1] == "Thank you! That makes 1205 gold."


async def test_simple_finds_text_glob_and_exact(cook: Bot) -> None:
    await hear(cook, "simple", "You are hungry!", "Ann waves at you.", "It begins to rain.", "It begins to rain..")
    await cook.advance(10)
    assert cook.said == ["rubs his belly.", "waves at Ann.", "Come in, before you are wet!"]


async def test_duel_is_found_over_lines_in_any_order(cook: Bot) -> None:
    said = await hear(cook, "duel", "Bob falls.", "It rains.", "Ann draws a sword.")
    assert said == ["Ann has beaten Bob!"]


async def test_bouncer_keeps_the_line_from_the_others(cook: Bot) -> None:
    await cook.load("parrot")
    assert await hear(cook, "bouncer", 'Eve says, "Chen, buy my gold"') == []
    await cook.say("Chen, good evening", who="Ann")
    assert cook.said == ["You said: Chen, good evening"]


async def test_guard_is_switched(cook: Bot) -> None:
    await tell(cook, "guard", "!shouting off", "owner")
    await cook.hear("A wolf attacks you", "Wolf attacks you")
    assert cook.said == ["1 switched."]
    await cook.tell("!shouting on", who="Ann", role="owner")
    await cook.hear("Wolf attacks you")
    assert cook.said[-1] == "Help! Wolf attacks me!"


async def test_listener_adds_a_trigger(cook: Bot) -> None:
    await tell(cook, "listener", "!watch dragon", "trusted")
    await cook.hear("A dragon flies by.")
    assert cook.said == ["I watch for dragon.", "There it is: dragon"]


async def test_doorkeeper_greets_once_an_hour(cook: Bot) -> None:
    cook.choose(dialect="tbamud")
    await cook.load("doorkeeper")
    await cook.hear("Ann has arrived.", "Ann leaves north.", "Ann has arrived.")
    assert cook.said == ["Come in, Ann!"]


async def test_rates_are_asked_for_once(cook: Bot) -> None:
    await cook.load("rates", permissions=granted("rates"))
    cook.web.will_answer("https://rates.example/today", text="3 silver")
    cook.web.will_fail("https://rates.example/today", once=True)
    for coin in ("gold", "gold", "GOLD"):
        await cook.say(f"!rate {coin}")
    assert cook.said == ["The bank is closed.", "gold: 3 silver", "GOLD: 3 silver"]
    assert len(cook.web.asked) == 2, "once it failed, once it did not"


async def test_voice_speaks_in_four_ways(cook: Bot) -> None:
    await tell(cook, "voice", "!voices")
    await cook.advance(20)
    assert cook.sent == ["say In the room.", "tell Ann In private.", "emote hums.", "chat To the world."]


async def test_inventory_takes_all_lines(cook: Bot) -> None:
    await tell(cook, "inventory", "!bag", "owner")
    await cook.hear("You carry:", "  a sword", "  a bun", "Total: 2 items.")
    assert cook.said == ["a sword, a bun"]


async def test_riddle_waits_for_who_was_asked(cook: Bot) -> None:
    await tell(cook, "riddle", "!riddle")
    await cook.say("A river?", who="Ann")
    await cook.advance(5)
    assert cook.said[-1] == "Right!"
    await cook.tell("!riddle", who="Bob")
    await cook.advance(31)
    assert cook.said[-1] == "It is the river."


async def test_walker_keeps_the_room(cook: Bot) -> None:
    plugin = await cook.load("walker")
    await cook.gmcp("room.info", {"name": "Harbour"})
    assert await plugin.store.get("room") == "Harbour"


async def test_lookout_looks(cook: Bot) -> None:
    await cook.load("lookout")
    await cook.gmcp("Room.Info", {"name": "Harbour"})
    await cook.tell("!where", who="Ann")
    await cook.advance(30)
    assert cook.said == ["Harbour: nobody"]


async def test_diarist_hears_of_the_link(cook: Bot) -> None:
    plugin = await cook.load("diarist")
    await cook.hang_up()
    await cook.advance("5m")
    assert await plugin.store.get("logins") == 2


async def test_dice_keep_to_their_bounds(cook: Bot) -> None:
    said = await tell(cook, "dice", "!roll 20 3")
    assert len(said[0].split()) == 3
    await cook.advance(5)
    await cook.tell("!roll many", who="Ann")
    assert "!roll [sides=6] [times=1]" in cook.said[-1]


async def test_notebook_finds_its_notes(cook: Bot) -> None:
    await tell(cook, "notebook", "!note rats five rats in the cellar")
    await cook.tell("!notes rats cellar", who="Bob")
    assert cook.said == ["Noted: rats.", "five rats in the cellar (Ann)"]


async def test_lamp_takes_on_and_a_colour(cook: Bot) -> None:
    assert await tell(cook, "lamp", "!lamp on green") == ["The green lamp is on."]


async def test_bank_says_no(cook: Bot) -> None:
    assert await tell(cook, "bank", "!pay -3") == ["Nobody pays less than nothing."]
    assert not cook.failures


async def test_butler_serves_owners_alone(cook: Bot) -> None:
    assert await tell(cook, "butler", "!announce hello") == []
    await cook.tell('!announce "Free soup"', who="Zoe", role="owner")
    await cook.advance(5)
    assert cook.said == ["Free soup", "Done."]


@pytest.mark.mudbot(language="zh")
async def test_fortune_is_told_without_a_blank(cook: Bot) -> None:
    assert await tell(cook, "fortune", "！算命姻缘") == ["姻缘：大吉。"]


@pytest.mark.mudbot(language="zh")
async def test_innkeeper_speaks_chinese(cook: Bot) -> None:
    assert await hear(cook, "innkeeper", "张三走了过来。") == ["张三，欢迎！您是第 1 位客人。"]


async def test_scores_are_kept(cook: Bot) -> None:
    await tell(cook, "scores", "!point Bob")
    await cook.tell("!scores", who="Ann")
    assert cook.said == ["Bob: 1", "Bob 1"]


async def test_queue_moves_who_asks_again(cook: Bot) -> None:
    await tell(cook, "queue", "!queue")
    await cook.tell("!queue", who="Bob")
    await cook.tell("!queue", who="Ann")
    await cook.advance(10)
    assert cook.said == ["You are number 1.", "You are number 2.", "You are number 2."]


async def test_quests_are_rows(cook: Bot) -> None:
    await tell(cook, "quests", "!quest rats in the cellar")
    await cook.tell("!open", who="Ann")
    await cook.tell("!done 1", who="Ann")
    await cook.tell("!open", who="Ann")
    await cook.advance(10)
    assert cook.said == ["Quest 1.", "1: rats in the cellar", "Well done.", "None."]


async def test_questgiver_bounds_the_reward(cook: Bot) -> None:
    cook.ai.will_say({"title": "Rats", "reward": 5000})
    assert await tell(cook, "questgiver", "!adventure rats") == ["Rats, for 100 gold."]


async def test_teller_speaks_as_it_is_written(cook: Bot) -> None:
    cook.ai.will_say(["Once there was ", "a king. He slept", ". The end."])
    await tell(cook, "teller", "!story kings")
    await cook.advance(30)
    assert [each.strip() for each in cook.said] == ["Once there was a king.", "He slept.", "The end."]


async def test_memory_finds_what_is_near(cook: Bot) -> None:
    await tell(cook, "memory", "!remember the dragon sleeps in the north")
    await cook.tell("!remember noodles cost eight coppers", who="Ann")
    await cook.tell("!recall dragon north", who="Ann")
    await cook.advance(10)
    assert cook.said[-1] == "the dragon sleeps in the north"


async def test_painter_says_a_link(cook: Bot) -> None:
    assert (await tell(cook, "painter", "!paint a ferry"))[0].startswith("http://bot.invalid/")


async def test_spoilers_are_kept_from_the_sage(cook: Bot) -> None:
    await cook.load("spoilers")
    assert await tell(cook, "sage", "!sage is it true that the butler did it?") == ["Of that I do not speak."]
    assert not cook.ai.asked


async def test_clockwork_sweeps_where_somebody_is(cook: Bot) -> None:
    await cook.load("clockwork")
    await cook.gmcp("Room.Players", [])
    await cook.advance("10m")
    assert cook.said == []
    await cook.gmcp("Room.Players", [{"name": "Ann"}])
    await cook.advance("10m")
    assert cook.said == ["sweeps the floor."]


@pytest.mark.mudbot(now="2026-05-01 08:59+02:00")
async def test_bell_rings_at_nine_in_berlin(cook: Bot) -> None:
    await cook.load("bell")
    await cook.advance("2m")
    assert cook.said == ["Dong!"]


async def test_feed_says_what_is_new(cook: Bot) -> None:
    cook.web.will_answer("https://news.example.org/", "The bridge is down.")
    await hear(cook, "feed", "It rains.")
    await cook.advance("20m")
    assert cook.said == ["News from the road: The bridge is down."]


async def test_bridge_has_nobody_to_speak_to_in_one_session(cook: Bot) -> None:
    await cook.load("bridge")
    await cook.channel("chat", "hello", who="Ann")
    assert cook.said == []


async def test_census_counts_for_all(cook: Bot) -> None:
    plugin = await cook.load("census")
    await cook.hear("Ann has arrived.", "The gates of Ur close.")
    assert await plugin.store.shared.get("visitors") == 1
    assert cook.said == []  # another session's trigger


async def test_thinker_thinks_in_a_thread(cook: Bot) -> None:
    assert await tell(cook, "thinker", "!think") == ["Forty-two."]
