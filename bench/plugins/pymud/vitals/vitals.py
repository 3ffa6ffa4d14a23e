"""Drinks a potion when health is low."""

from time import monotonic

from pymud import IConfig, Session, gmcp


class Vitals(IConfig):
    def __init__(self, session: Session, *args, **kwargs):
        super().__init__(session, *args, **kwargs)
        self.again = 0.0

    @gmcp("Char.Vitals")
    def vitals(self, name: str, line: str, value: dict):
        hp, maximum = int(value.get("hp", 0)), int(value.get("maxhp", 0))
        if hp < maximum * self.session.getVariable("share", 0.3) and monotonic() >= self.again:
            self.again = monotonic() + 10
            self.session.writeline(self.session.getVariable("potion", "drink potion"))
