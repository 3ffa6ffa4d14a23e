"""Mudlet's XML: its packages, modules and profiles.

A trigger there has several patterns, of which one is enough, or all of which are wanted within some lines; folders make
groups; triggers below a trigger with patterns look only at lines that fit it (a chain).  The numbers of the kinds of
patterns are those of ``regexCodePropertyList``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mudbot.errors import ConfigError, Problem
from mudbot.triggers.imports import mudlet_script
from mudbot.triggers.imports.found import (
    Draft,
    Finds,
    Imported,
    NotCarriedError,
    commands,
    commands_of,
    compiled_of,
    group_name,
    placeholders_of,
    plain_name,
)
from mudbot.triggers.imports.mudlet_script import Profile
from mudbot.triggers.imports.pcre import Regex, keys_of, name_groups, plain, translate
from mudbot.triggers.imports.several import Several, refers_back, several
from mudbot.triggers.imports.xml import Element, parse
from mudbot.triggers.trigger import Pattern

_PROMPT = 7
_KINDS = {4: "a Lua function", 5: "a line spacer", 6: "a colour"}
_OTHERS = {"TimerPackage": "Timer", "AliasPackage": "Alias", "ActionPackage": "Action", "ScriptPackage": "Script",
           "KeyPackage": "Key"}  # fmt: skip


@dataclass(slots=True)
class _Trigger:
    """A trigger of Mudlet, as far as it could be read."""

    draft: Draft
    element: Element
    patterns: list[Regex] = field(default_factory=list)
    prompt: bool = False
    """Whether it looks at prompts, besides its patterns."""
    together: bool = False
    """All of its patterns are wanted, not one."""
    unknown: bool = False
    """Whether it has patterns of a kind that is not carried over."""

    def lines(self) -> int:
        """For how many lines what it has seen counts."""
        return 1 + _number(self.element.child("conditonLineDelta" if self.together else "mStayOpen"))


def convert(text: str) -> Imported:
    """The triggers of an export.  Raises ConfigError if it is none."""
    root = parse(text)
    if root.tag != "MudletPackage":
        raise ConfigError(
            Problem(f"line {root.line}", f"<{root.tag}> is no export of Mudlet: wanted is <MudletPackage>")
        )
    finds = Finds()
    walk = _Walk(finds, _profile(root))
    for package in root.all("TriggerPackage"):
        walk.below(package, (), (), on=True)
    for tag, single in _OTHERS.items():
        for package in root.all(tag):
            count = sum(1 for _ in package.all(single))
            if count:
                finds.refuse(package.line, f"{count} of {tag}", "only triggers are carried over")
    return finds.imported()


def _profile(root: Element) -> Profile:
    separator = next((found.text for found in root.all("mCommandSeparator")), ";;")
    aliases = []
    for alias in root.all("Alias"):
        try:
            aliases.append(compiled_of(Pattern(translate(alias.child("regex")).whole)))
        except NotCarriedError:
            continue  # what cannot be told is sent as it is
    return Profile(separator, aliases)


class _Walk:
    def __init__(self, finds: Finds, profile: Profile) -> None:
        self._finds = finds
        self._profile = profile

    def below(self, element: Element, path: tuple[str, ...], chain: tuple[_Trigger, ...], *, on: bool) -> None:
        """Everything in a folder; the depth is bounded by that of the XML."""
        for child in element.children:
            if child.tag not in ("Trigger", "TriggerGroup"):
                continue
            active = on and child.attributes.get("isActive", "yes") == "yes"
            name = plain_name(child.child("name"))
            trigger = self._read(child, name, path, on=active)
            bare = not (trigger.patterns or trigger.prompt or trigger.unknown)
            if not bare:
                self._add(trigger, chain)
            elif child.child("mCommand") or child.child("script").strip():
                self._finds.refuse(child.line, name or child.tag, "it has no patterns, so it never does anything")
            self.below(child, (*path, name), chain if bare else (*chain, trigger), on=active)

    def _read(self, element: Element, name: str, path: tuple[str, ...], *, on: bool) -> _Trigger:
        draft = Draft(element.line, name or "a trigger without a name")
        if name:
            draft.keys["name"] = name
        if group := group_name(*path):
            draft.keys["group"] = group
        if not on:
            draft.keys["enabled"] = False
        trigger = _Trigger(draft, element, together=element.attributes.get("isMultiline") == "yes")
        for kind, text in _listed(element):
            try:
                self._pattern(trigger, kind, text)
            except NotCarriedError as exc:
                trigger.unknown = True
                draft.lose(text or f"a pattern of kind {kind}", exc.why)
        return trigger

    def _pattern(self, trigger: _Trigger, kind: int, text: str) -> None:
        if kind == _PROMPT:
            trigger.prompt = True
        elif kind == 0:
            trigger.patterns.append(Regex(plain(text)))
        elif kind == 1:
            trigger.patterns.append(translate(text))
        elif kind in (2, 3):
            trigger.patterns.append(Regex(f"^{plain(text)}{'$' if kind == 3 else ''}"))
        else:
            raise NotCarriedError(f"a pattern that is {_KINDS.get(kind, 'of an unknown kind')} is not carried over")

    def _add(self, trigger: _Trigger, chain: tuple[_Trigger, ...]) -> None:
        _looks(trigger.draft, trigger.element)
        drafts = [trigger.draft]
        try:
            if chain or trigger.together:
                self._all_of(trigger, chain)
            else:
                drafts = self._one_of(trigger)
        except NotCarriedError as exc:
            trigger.draft.keys.pop("command", None)
            for what, why in trigger.draft.losses:
                self._finds.refuse(trigger.draft.line, f"{trigger.draft.what}: {what}", why)
            self._finds.refuse(trigger.draft.line, trigger.draft.what, exc.why)
            return
        for draft in drafts:
            self._finds.add(draft)

    def _one_of(self, trigger: _Trigger) -> list[Draft]:
        """One trigger where one regular expression can say it, else one for each pattern."""
        drafts = []
        if trigger.prompt:
            drafts.append(_copy(trigger.draft, {"pattern": "^", "on": "prompt"}))
        if len(trigger.patterns) > 1 and not self._names_groups(trigger):
            joined = "|".join(each.whole for each in trigger.patterns)
            drafts.append(_copy(trigger.draft, {"pattern": joined}))
        else:
            drafts += [_copy(trigger.draft, keys_of(each)) for each in trigger.patterns]
        if not drafts:
            raise NotCarriedError("none of its patterns is left")
        for draft in drafts:
            if len(drafts) > 1:
                draft.lose("its patterns", "a trigger each: a line that fits several fires several")
            pattern = draft.keys.get("pattern", "")
            self._act(draft, trigger.element, _groups_of(pattern))
        return drafts

    def _names_groups(self, trigger: _Trigger) -> bool:
        """Whether what it does depends on the groups of the pattern that was found."""
        asked = []

        def group(_pattern: int, name: str) -> str:
            asked.append(name)
            return ""

        element = trigger.element
        mudlet_script.read(element.child("mCommand"), element.child("script"), group, self._profile)
        named = [name for each in trigger.patterns for name in re.findall(r"\(\?P<(\w+)>", each.source)]
        backwards = any(refers_back(each.source) for each in trigger.patterns)
        return any(name != "0" for name in asked) or len(set(named)) < len(named) or backwards

    def _all_of(self, trigger: _Trigger, chain: tuple[_Trigger, ...]) -> None:
        """All patterns within some lines: its own, and one for each trigger that it stands below."""
        _let_together(trigger, chain)
        before = [_either(link) for link in chain]
        own = trigger.patterns if trigger.together else [_either(trigger)]
        draft = trigger.draft
        if len(before) + len(own) == 1:
            draft.keys = _copy(draft, keys_of(own[0])).keys
            self._act(draft, trigger.element, _groups_of(own[0].source))
            return
        lines = max([trigger.lines() if trigger.together else 1, *(link.lines() for link in chain)])
        if lines > 1:
            draft.lose("the order of its patterns", f"here they may come in any order within {lines} lines")
        found = several([regex.whole for regex in (*before, *own)])
        self._act(draft, trigger.element, _groups_of_several(found, len(before), together=trigger.together))
        wanted = {name for command in commands_of(draft.keys) for name in placeholders_of(command)}
        draft.keys["all_of"] = found.entries(wanted)
        draft.keys["lines"] = lines

    def _act(self, draft: Draft, element: Element, group: mudlet_script.Group) -> None:
        script = mudlet_script.read(element.child("mCommand"), element.child("script"), group, self._profile)
        for what, why in script.losses:
            draft.lose(what, why)
        if script.commands:
            draft.keys["command"] = commands(script.commands)
        if script.gag:
            draft.keys["gag"] = True


def _let_together(trigger: _Trigger, chain: tuple[_Trigger, ...]) -> None:
    """Raise NotCarriedError where patterns that are wanted together cannot be put together here."""
    if any(each.unknown or each.prompt for each in (trigger, *chain)):
        raise NotCarriedError("of patterns that are wanted together every one has to be carried over")
    if any(link.element.attributes.get("isFilterTrigger") == "yes" for link in chain):
        raise NotCarriedError("it stands below a filter, which shows it only a part of the line")
    if chain and any(each.together for each in (trigger, *chain)):
        raise NotCarriedError("a trigger over several lines above or below another one is not carried over")


def _groups_of_several(found: Several, offset: int, *, together: bool) -> mudlet_script.Group:
    """The placeholders of a trigger with several patterns, the first *offset* of which stand above it."""

    def group(pattern: int, name: str) -> str:
        if (pattern > 0) != together or name == "0":
            raise NotCarriedError("of several patterns only the groups can be told apart, by multimatches")
        number = (pattern or 1) - 1 + offset
        known = found.names[number] if number < len(found.names) else {}
        given = known.get(int(name)) if name.isdecimal() else name if name in known.values() else None
        if given is None:
            raise NotCarriedError(f"its pattern has no group {name}")
        return f"{{{given}}}"

    return group


def _groups_of(source: str) -> mudlet_script.Group:
    """The placeholders of a trigger with one pattern."""
    known = name_groups(source, {n: str(n) for n in range(1, 100)})[1]

    def group(pattern: int, name: str) -> str:
        if pattern:
            raise NotCarriedError("multimatches is for triggers that want several patterns")
        if name != "0" and not (name.isdecimal() and int(name) in known) and name not in known.values():
            raise NotCarriedError(f"its pattern has no group {name}")
        return f"{{{name}}}"

    return group


def _either(trigger: _Trigger) -> Regex:
    """The patterns of *trigger*, of which one is enough, as one."""
    if not trigger.patterns:
        raise NotCarriedError("none of its patterns is left")
    if len(trigger.patterns) == 1:
        return trigger.patterns[0]
    if any(refers_back(each.source) for each in trigger.patterns):
        raise NotCarriedError("its patterns ask for their groups by number, and so cannot be made one")
    return Regex("|".join(each.whole for each in trigger.patterns))


def _copy(draft: Draft, keys: dict[str, object]) -> Draft:
    """*draft* with a pattern, the name first."""
    name = {"name": draft.keys["name"]} if "name" in draft.keys else {}
    return Draft(draft.line, draft.what, {**name, **keys, **draft.keys}, list(draft.losses))


def _listed(element: Element) -> list[tuple[int, str]]:
    """The patterns: their kinds stand in a list of their own."""
    texts = [each.text for child in element.children if child.tag == "regexCodeList" for each in child.children]
    kinds = [_number(each.text) for child in element.children if child.tag == "regexCodePropertyList"
             for each in child.children]  # fmt: skip
    pairs = zip((text.replace("\n", "") for text in texts), kinds, strict=False)
    return [(kind, text) for text, kind in pairs if text or kind == _PROMPT]


def _looks(draft: Draft, element: Element) -> None:
    """Note what a trigger has that only a screen can show."""
    attributes = element.attributes
    if attributes.get("isColorizerTrigger") == "yes":
        draft.lose("its highlight", "there is no screen to colour")
    if attributes.get("isSoundTrigger") == "yes":
        draft.lose("its sound", "there is nobody to hear it")
    if attributes.get("isPerlSlashGOption") == "yes":
        draft.lose("match all", "a trigger looks once at a line here")
    stay = _number(element.child("mStayOpen"))
    if stay and not any(child.tag in ("Trigger", "TriggerGroup") for child in element.children):
        draft.lose("its fire length", f"it does not fire again for the {stay} lines behind")


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() and len(text) < 8 else 0
