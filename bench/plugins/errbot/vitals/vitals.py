from time import monotonic

from errbot import BotPlugin, botmatch


class Vitals(BotPlugin):
    """Drinks a potion when health is low."""

    again = 0.0

    def get_configuration_template(self):
        return {"SHARE": 0.3, "POTION": "drink potion"}

    def configure(self, configuration):
        super().configure(configuration or self.get_configuration_template())

    @botmatch(r"^HP: (\d+)/(\d+)$")
    def vitals(self, msg, match):
        if int(match[1]) < int(match[2]) * self.config["SHARE"] and monotonic() >= self.again:
            self.again = monotonic() + 10
            return self.config["POTION"]
