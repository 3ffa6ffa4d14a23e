from queue import Empty

import pytest
from errbot.backends.test import TestPerson, TestRoom

extra_plugin_dir = "greeter"


def arrive(testbot, nick):
    testbot.bot.callback_room_joined(TestRoom("inn", bot=testbot.bot), TestPerson(nick, nick=nick))


def test_greets_once_a_minute_each(testbot, plugin):
    greeted = plugin("Greeter").greeted
    arrive(testbot, "Ann")
    arrive(testbot, "Bob")
    greeted.expire(greeted.timer() + 59)
    arrive(testbot, "Ann")
    assert [testbot.pop_message(), testbot.pop_message()] == ["Welcome, Ann!", "Welcome, Bob!"]
    greeted.expire(greeted.timer() + 61)
    arrive(testbot, "Ann")
    assert testbot.pop_message() == "Welcome, Ann!"


def test_greeting_is_a_setting(testbot):
    testbot.exec_command("!plugin config Greeter {'GREETING': 'Hail {name}'}")
    arrive(testbot, "Ann")
    assert testbot.pop_message() == "Hail Ann"


def test_not_itself(testbot):
    testbot.bot.callback_room_joined(TestRoom("inn", bot=testbot.bot))
    with pytest.raises(Empty):
        testbot.pop_message(block=False)
