"""What owners do from outside, by the command line or the web: done here, told by whoever was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    from mudbot.mud.rules import Verb
    from mudbot.mud.session import Session

LONGEST = 1000
"""Letters of what an owner says at once: more than any MUD takes in a line."""
LONGEST_MUTE = 30 * 86_400.0
"""Seconds; what is longer is this long."""
VERBS: tuple[Verb, ...] = ("say", "emote", "tell", "channel")
"""What an owner can do in a character's place, where its MUD can: a whisper is a tell to those far away as well."""

Unsaid = Literal["away", "cannot", "empty", "refused"]
"""Why words are not said: the character is not in its game, its MUD has no such way to speak, words or their target
are missing, or the gate refused them, and the log says why."""
PluginVerb = Literal["pause", "resume", "reload", "load", "unload"]
PLUGIN_VERBS: tuple[PluginVerb, ...] = get_args(PluginVerb)


class Plugins(Protocol):
    """Those of all sessions; see ``services.bot.Plugins``."""

    def pause(self, name: str) -> bool: ...
    def resume(self, name: str) -> bool: ...
    async def reload(self, name: str) -> None: ...
    async def load(self, name: str) -> None: ...
    async def unload(self, name: str) -> None: ...


class Muted(Protocol):
    """Who is not heard in a session; see ``host.mutes.Mutes``."""

    def mute(self, who: str, seconds: float) -> None: ...
    def names(self) -> dict[str, float]: ...


async def say(session: Session, verb: str, words: str, target: str = "") -> Unsaid | None:
    """Have the character of *session* say *words* by *verb*, to *target* where that is a tell or a channel.

    They go the way of all its words: through the gate, as the argument of one verb, at the MUD's pace.  None where
    they are on their way.
    """
    if session.state != "playing":
        return "away"  # it would wait half a minute and be dropped, and nobody would know
    known = next((each for each in VERBS if each == verb), None)
    if known is None or known not in session.dialect.speak:
        return "cannot"
    if not words.strip() or (known in ("tell", "channel") and not target.strip()):
        return "empty"
    if known == "tell":
        whom = session.voice.whom(target)
        await session.find_out(whom)
        done = session.answer(whom, words)
    else:
        done = session.say(known, words, target if known == "channel" else None)
    return None if done else "refused"


async def change_plugin(plugins: Plugins, verb: PluginVerb, name: str) -> bool:
    """Do as *verb* says with the plugin *name* in all sessions; False where it was so already.

    Raises MudbotError where it cannot be, and then nothing has changed.
    """
    match verb:
        case "pause":
            return plugins.pause(name)
        case "resume":
            return plugins.resume(name)
        case "reload":
            await plugins.reload(name)
        case "load":
            await plugins.load(name)
        case "unload":
            await plugins.unload(name)
    return True


def mute(mutes: Muted, who: str, seconds: float) -> float:
    """Hear nothing of *who* for *seconds*, 30 days at most; how long it will be."""
    lasts = min(seconds, LONGEST_MUTE)
    mutes.mute(who, lasts)
    return lasts
