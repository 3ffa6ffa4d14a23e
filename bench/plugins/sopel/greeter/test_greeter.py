from datetime import datetime, timedelta, timezone

from sopel.tests.mocks import MockUser


def arrive(irc, nick, after=0):
    time = datetime.now(timezone.utc) + timedelta(seconds=after)
    irc.bot.on_message(f"@time={time:%Y-%m-%dT%H:%M:%S.%fZ} {MockUser(nick).join('#inn')}")
    for thread in irc.bot.running_triggers:
        thread.join()


def test_greets_once_a_minute_each(irc, said):
    irc = irc("greeter")
    arrive(irc, "Ann")
    arrive(irc, "Bob")
    arrive(irc, "Ann", after=59)
    assert said(irc, "Welcome, Ann!", "Welcome, Bob!")
    arrive(irc, "Ann", after=61)
    assert said(irc, "Welcome, Ann!")


def test_greeting_is_a_setting(irc, said):
    irc = irc("greeter", "greeting = Hail {name}")
    arrive(irc, "Ann")
    assert said(irc, "Hail Ann")


def test_not_itself(irc, said):
    irc = irc("greeter")
    arrive(irc, "Bot")
    assert said(irc)
