import pytest
from errbot.storage.memory import ROOTS

pytest_plugins = ["errbot.backends.test"]


@pytest.fixture(autouse=True)
def forget():
    ROOTS.clear()  # else settings and stores outlive a test


@pytest.fixture
def plugin(testbot):
    return testbot.bot.plugin_manager.get_plugin_obj_by_name
