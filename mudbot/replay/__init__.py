"""A recorded session through the whole bot: what would be sent, in order, with its time in the recording."""

from mudbot.replay.replay import Outcome, Said, Way, replay
from mudbot.replay.script import Answers

__all__ = ["Answers", "Outcome", "Said", "Way", "replay"]
