from datetime import datetime, timedelta, timezone

from sopel.tests.mocks import MockUser


def tell(irc, text, after=0):
    time = datetime.now(timezone.utc) + timedelta(seconds=after)
    irc.bot.on_message(f"@time={time:%Y-%m-%dT%H:%M:%S.%fZ} {MockUser('Game').privmsg('#inn', text)}")
    for thread in irc.bot.running_triggers:
        thread.join()


def test_drinks_below_the_share_only(irc, said):
    irc = irc("vitals")
    tell(irc, "HP: 100/100")
    tell(irc, "HP: 30/100")
    assert said(irc)
    tell(irc, "HP: 29/100")
    assert said(irc, "drink potion")


def test_cooldown(irc, said):
    irc = irc("vitals")
    tell(irc, "HP: 10/100")
    tell(irc, "HP: 9/100", after=9)
    assert said(irc, "drink potion")
    tell(irc, "HP: 8/100", after=11)
    assert said(irc, "drink potion")


def test_settings(irc, said):
    irc = irc("vitals", "share = 0.5\npotion = quaff red")
    tell(irc, "HP: 49/100")
    assert said(irc, "quaff red")


def test_no_maximum(irc, said):
    irc = irc("vitals")
    tell(irc, "HP: 0/0")
    assert said(irc)
