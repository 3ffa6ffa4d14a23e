extra_plugin_dir = "vitals"


def test_drinks_below_the_share_only(testbot):
    testbot.push_message("HP: 100/100")
    testbot.push_message("HP: 30/100")
    assert testbot.exec_command("!echo nothing") == "nothing"
    assert testbot.exec_command("HP: 29/100") == "drink potion"


def test_cooldown(testbot, plugin):
    assert testbot.exec_command("HP: 10/100") == "drink potion"
    plugin("Vitals").again -= 9
    testbot.push_message("HP: 9/100")
    assert testbot.exec_command("!echo nothing") == "nothing"
    plugin("Vitals").again -= 2
    assert testbot.exec_command("HP: 8/100") == "drink potion"


def test_settings(testbot):
    testbot.exec_command("!plugin config Vitals {'SHARE': 0.5, 'POTION': 'quaff red'}")
    assert testbot.exec_command("HP: 49/100") == "quaff red"


def test_no_maximum(testbot):
    testbot.push_message("HP: 0/0")
    assert testbot.exec_command("!echo nothing") == "nothing"
