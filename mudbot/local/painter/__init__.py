"""A painter in ink: landscapes, streets and rooms from the keywords of a prompt.

It is a procedure, not a model: it knows some fifty motifs in English and Chinese, draws those that a prompt names, and
says in ``Painting.caption`` which they were.  Needs numpy and Pillow; import it only where a picture is wanted.
"""

from __future__ import annotations

from mudbot.local.painter.painting import Painting, paint

__all__ = ["Painting", "paint"]
