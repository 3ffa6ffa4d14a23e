"""What PyMUD does not have: a session without a terminal and a server, for tests."""

import asyncio

import pytest
from pymud import PyMudApp, Session, Settings


class App(PyMudApp):
    current_session, plugins = None, {}

    def __init__(self) -> None:
        self.loggers = {}

    def invalidate(self) -> None:
        pass


class Game(Session):
    def write(self, data: bytes) -> None:
        self.sent.append(data.decode().rstrip())

    def line(self, text: str) -> None:
        self.feed_data(text.encode())
        self.feed_data(b"\n")


@pytest.fixture
def play(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # variables are saved there
    monkeypatch.setitem(Settings.client, "auto_connect", False)

    def play(module: str, **variables) -> Game:
        game = Game(App(), "test", "127.0.0.1", 0, loop=asyncio.get_running_loop())
        game.sent = []
        game.updateVariables(variables)
        game.load_module(module)
        return game

    return play
