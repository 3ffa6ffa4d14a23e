from cachetools import TTLCache
from errbot import BotPlugin


class Greeter(BotPlugin):
    """Greets who arrives, at most once a minute for each."""

    greeted = TTLCache(1000, 60)

    def get_configuration_template(self):
        return {"GREETING": "Welcome, {name}!"}

    def configure(self, configuration):
        super().configure(configuration or self.get_configuration_template())

    def callback_room_joined(self, room, identifier, invited_by=None):
        name = identifier.nick
        if identifier != self.bot_identifier and name not in self.greeted:
            self.greeted[name] = True
            self.send(room, self.config["GREETING"].format(name=name))
