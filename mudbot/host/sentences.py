"""A text that is still being written, a sentence at a time: see ``mudbot.mind.sentences``."""

from mudbot.mind.sentences import LONGEST, Sentences, sentences

__all__ = ["LONGEST", "Sentences", "sentences"]
