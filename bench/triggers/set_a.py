"""The first set: what a mixed MUD sends in English and Chinese, and the regexes that its players write."""

from __future__ import annotations

import re

from bench.triggers.fill import Shape

SEED = 5

SHAPES = (
    Shape(
        r"^(?P<who>\w+) slashes your (?P<where>[\w ]+) with (?:his|her|its) @item@\.$",
        "<who> slashes your <part> with <his> @item@.",
    ),
    Shape(r"^[> ]*你的「@skill@」进步了！$", "你的「@skill@」进步了！"),
    Shape(
        r"^You feel the effects? of (?:the )?@spell@ (?:fade|wear off|leave you)\.$",
        "You feel the effects of @spell@ wear off.",
    ),
    Shape(
        r"(?P<who>[A-Z]\w+) (?:arrives|enters) from the (?P<dir>north|south|east|west), carrying an? @item@",
        "<who> arrives from the <way>, carrying a @item@ and little else.",
    ),
    Shape(
        r"\b@item@\b.*\b(?:for sale|cheap)\b",
        "[Auction] <who>: one @item@ for sale, <n> gold obo",
        re.IGNORECASE,
    ),
    Shape(
        r"^[> ]*(?P<who>\S+)使出一招「@move@」，(?:直取|横扫)(?P<target>\S+)。$", "<谁>使出一招「@move@」，直取对方。"
    ),
    Shape(
        r"^You (?:hit|slash|pierce) (?P<target>[\w' -]+) with your @item@ for (?P<damage>\d+) points of damage[.!]",
        "You pierce <who> with your @item@ for <big> points of damage!",
    ),
    Shape(
        r'^(?P<who>\w+) tells you, "(?P<text>.*@spell@.*)"$', '<who> tells you, "could you cast @spell@ on me again?"'
    ),
    Shape(r"^【(?P<channel>[^】]+)】(?P<who>[^:：]+)[:：].*@move@", "【<频道>】<谁>：谁知道「@move@」怎么练？"),
    Shape(
        r"^(?:Your|The) @item@ (?:crackles|glows|hums)(?: softly)? with (?P<power>\w+)",
        "Your @item@ glows softly with <power>.",
    ),
    Shape(r"^\s*(?P<count>\d+)\s+@item@s?\s+\((?P<price>\d+) gold\)$", "  <n>  @item@    (<big> gold)"),
    Shape(
        r"@creature@ (?:bites|claws|gores) (?:you|(?P<other>\w+)) (?:hard|very hard|savagely)!",
        "A @creature@ claws you very hard!",
    ),
    Shape(r"^@place@(?: \(\w+\))? - (?P<exits>[nsewud]{1,2}(?:, [nsewud]{1,2})*)$", "@place@ (indoors) - n, se, u"),
    Shape(
        r"^(?P<who>.+?)从(?P<dir>东|南|西|北)边走了过来，手里提着@thing@。", "<谁>从<向>边走了过来，手里提着@thing@。"
    ),
    Shape(r"^(?!You )(?P<who>\w+) begins? to cast @spell@\.{3}$", "<who> begins to cast @spell@..."),
    Shape(
        r"you (?:get|take|pick up) (?P<n>\d+|an?|some) @item@", "You pick up a @item@ from the floor.", re.IGNORECASE
    ),
    Shape(
        r"^(?:an?|the) @creature@ is (?P<how>in perfect health|slightly hurt|badly wounded|almost dead)\.$",
        "The @creature@ is <how>.",
        re.IGNORECASE,
    ),
    Shape(r"^你(?:拿出|掏出|收起)(?:一[把柄件个])?@thing@(?:，|。)", "你收起一件@thing@，松了一口气。"),
    Shape(
        r"(?P<who>\w+)'s @spell@ (?:misses|hits|strikes) (?P<whom>you|\w+)(?: for (?P<n>\d+))?",
        "<who>'s @spell@ strikes <who> for <big>.",
    ),
    Shape(
        r"^\[(?P<guild>\w+)\] (?P<who>\w+): (?:anyone|who) (?:has|sells) (?:an? )?@item@\?",
        "[<channel>] <who>: anyone sells a @item@?",
        re.IGNORECASE,
    ),
    Shape(r"^(?P<who>\S+)对你施展「@move@」(?:，你(?P<how>躲开了|中招了))?", "<谁>对你施展「@move@」，你躲开了。"),
    Shape(
        r"^@thing@(?:的价格是|卖)(?P<gold>[零一二三四五六七八九十百千]+)两(?:黄金|白银)",
        "@thing@卖<gold>两白银。",
    ),
    Shape(
        r"^The (?P<a>\w+) and the (?P<b>\w+) fight over (?:the|a) @item@[.!]$",
        "The thief and the beggar fight over the @item@!",
    ),
    Shape(r"^你感到「@skill@」的(?:经脉|内力)(?:运行|流转)", "你感到「@skill@」的内力流转全身。"),
    Shape(r'^(?P<who>\w+) says, "@creature@, (?P<word>\w+), (?P=word)!"$', '<who> says, "@creature@, quick, quick!"'),
)
"""25 of them, so that 400 words of each kind make 10,000."""

NOISE = (
    (6, "<who> misses <who> with a clumsy swing."),
    (6, "<who> slashes <who>'s <part> with <his> @item@."),
    (5, "A @creature@ claws at <who> and draws blood."),
    (4, "The @creature@ hits you <n> times in the <part>."),
    (1, "<who> hits you <n> times in the <part>."),
    (4, "Your @spell@ strikes the @creature@ for <big> damage! [hp <big>/3000]"),
    (3, "The @creature@ is dead!  You receive <big> experience."),
    (3, "<who> flees <way>, bleeding from the <part>."),
    (6, "@place@"),
    (
        6,
        "   The @place@ lies under a pale sky; a path leads <way> to the @place@, and somebody has left a @item@ here.",
    ),
    (4, "[ Exits: north, <way>, down ]"),
    (4, "A @creature@ is sleeping here."),
    (3, "     a @item@ (worn)                      condition: <n>%"),
    (3, "<who> leaves <way>."),
    (6, "[<channel>] <who>: has anybody been to the @place@ lately?"),
    (5, '<who> says, "I would not go <way> without a @item@, the @creature@ is back."'),
    (4, "<who> tells the group, 'rest here, I am at <n>%'"),
    (3, "<who> smiles at <who>."),
    (5, "【<频道>】<谁>：有没有人要@thing@，<gold>两就卖。"),
    (5, "<谁>一招「@move@」向<谁>的胸口打去，<谁>急忙闪开。"),
    (5, "    这里是一条宽阔的大道，往<向>走是客栈，路边的小贩正在叫卖@thing@，几个江湖人士谈论着「@skill@」。"),
    (4, "<谁>说道：「听说@skill@已经失传多年了。」"),
    (3, "你的精力恢复了<n>点，气血恢复了<big>点。"),
    (2, "<<big>hp <big>m <n>mv>"),
    (3, ""),
)
"""Lines about what no trigger is about, with how often each comes."""

NEAR = (
    "<who> slashes you with <his> @item@, but misses.",
    "<who> looks at the @item@ of <who>.",
    "The @creature@ looks at you.",
    'You say, "my @spell@ has worn off"',
    "The road to the @place@ is closed today.",
    "<谁>正在练习「@skill@」。",
    "<谁>想学「@move@」，可是没有人教。",
    "桌上放着一件@thing@。",
)
"""Lines about what triggers are about that set none of them off."""
