"""Greets who arrives, at most once a minute for each."""

from cachetools import TTLCache
from pymud import IConfig, Session, trigger


class Greeter(IConfig):
    def __init__(self, session: Session, *args, **kwargs):
        super().__init__(session, *args, **kwargs)
        self.greeted = TTLCache(1000, 60)

    @trigger(r"^(\w+) has arrived\.$")
    def arrived(self, id: str, line: str, wildcards: list[str]):
        name = wildcards[0]
        if name not in self.greeted:
            self.greeted[name] = True
            greeting = self.session.getVariable("greeting", "Welcome, {name}!")
            self.session.writeline("say " + greeting.format(name=name))
