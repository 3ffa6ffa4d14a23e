"""What authors of MUD automation commonly write is not said to run away."""

from __future__ import annotations

import re

import pytest

from mudbot.mud import dialect
from mudbot.triggers.guard import Guard
from mudbot.triggers.lint import lint

BENIGN = r"""
^(\w+) says, "(.*)"$
^(\w+) says, '(.*)'$
^(\w+) says "(.*)"
^(\w+) says (?:in|with) (\w+), "(.*)"$
^(\w+) tells you, "(.*)"$
^(\w+) tells you '(.*)'$
^(\w+) tells the group '(.*)'$
^(\w+) whispers to you: (.*)$
^(\w+) whispers, '(.+)'$
^You say, "(.*)"$
^You tell (\w+), "(.*)"$
^\[(\w+)\] (\w+): (.*)$
^\[(?P<channel>\w+)\] (?P<speaker>\w+): (?P<text>.*)$
^\((\w+)\) (\w+): "(.+)"$
^<(\w+)> (\w+): (.*)$
^\{(\w+)\} (\w+) says: (.*)$
^(\w+) gossips, '(.*)'$
^(\w+) auctions, '(.*)'$
^(\w+) (?:gossips|auctions|shouts|yells|chats)[,:]? ['"](.*)['"]$
^(\w+) shouts from (?:the )?(\w+): (.*)$
^(\S+) (?:says|asks|exclaims), "(.+)"$
^(\S+) (says|asks|exclaims|murmurs)(?: to (\S+))?, "(.+)"$
^(?:The )?(\w+) asks you: "(.+)\?"$
^Auction: (.+) is being sold for (\d+) gold\.$
^(\w+) has left the channel\.$
^(\w+) joins channel (\w+)\.$
^\w+ grins evilly\.$
^(\w+) smiles at you\.$
^(\w+) (smiles|grins|waves|nods|bows)(?: at you)?\.$
^(\w+) pokes you in the ribs\.$
^(?P<who>\w+) has arrived\.$
^(?P<who>[A-Z][a-z]+) arrives from the (?P<dir>north|south|east|west|up|down)\.$
^(\w+) leaves (north|south|east|west|up|down)\.$
^(\w+) walks in from the (\w+)\.$
^(.+) flies (?:in|out)\.$
^(.+) has entered the game\.$
^(.+) has lost (?:his|her|its) link\.$
^(\w+) follows you\.$
^You follow (\w+)\.$
^You now follow (\w+)\.$
^You stop following (\w+)\.$
^(\w+) is now a member of your group\.$
^(?:\w+ )*\w+ hits you\.$
(?:\w+ )*\w+ hits
(\w+, )*and (\w+)
(?:[^：﹕:，。]{1,5}[地着]|低声)?
^You hit (.+) (?:very )?hard\.$
^You (?:hit|slash|pierce|crush|pound) (.+)\.$
^Your (\w+) (?:hits|misses|grazes|scratches) (.+?)[.!]$
^Your (\w+) (\*+) (\w+) (\*+) (.+)!$
^(.+) (?:hits|slashes|pierces) you\.$
^(.+) misses you with (?:his|her|its) (\w+)\.$
^(.+)'s (\w+) (?:decimates|maims|MUTILATES) you!$
^You parry (.+)'s attack\.$
^(.+) parries your attack\.$
^You dodge (.+)'s (\w+)\.$
^(.+) dodges your (\w+)\.$
^(.+) is dead! +R\.I\.P\.$
^(.+) is DEAD!!$
^You receive (\d+) experience points?\.$
^You gain (\d+) (?:experience|exp)\.$
^You have gained a level!$
^You feel more confident in your (\w+) skill\.$
^You are bleeding
^You are (?:hungry|thirsty)\.$
^You are (?:stunned|paralysed|blind|asleep)
^You can see again\.$
^You feel a lot better\.$
^You lost your concentration\.$
^You begin to feel (\w+)\.$
^The blindness wears off\.$
^Your (\w+) spell fades\.$
^You can no longer see invisible things\.$
^You are no longer (\w+)\.$
^(.+) is (?:stunned|bleeding|almost dead|near death)!?$
^(.+) is in (excellent|good|fair|poor|awful) (?:condition|shape)\.$
^(.+) has (?:a few|some|many) (?:scratches|wounds|cuts)\.$
^(.+) flees (\w+)\.$
^You flee head over heels\.$
^PANIC! You couldn't escape!$
^<(\d+)hp (\d+)m (\d+)mv>
^<(\d+)/(\d+)hp (\d+)/(\d+)m (\d+)/(\d+)mv>$
^HP:(\d+)
^HP: ?(\d+)/(\d+) +MP: ?(\d+)/(\d+)
^\[HP (\d+)% MP (\d+)% SP (\d+)%\]$
^H:(-?\d+)/(\d+) M:(\d+)/(\d+) V:(\d+)/(\d+)
^(\d+)H (\d+)M (\d+)V (\d+)X
^(\d+)h, (\d+)m, (\d+)e, (\d+)w (\w*)-$
^Health: +(\d+) / (\d+)
^\s*Strength: +(\d+)
^(?:Str|Dex|Con|Int|Wis|Cha): (\d+)
^Gold: ([\d,]+)
^You have ([\d,]+) gold coins?\.$
^(\d{1,3}(?:,\d{3})*) gold
(\d+) gold
(\d+(?:\.\d+)?)%
(\d+)d(\d+)(?:\+(\d+))?
^Level: (\d+) +Class: (\w+)
^You are level (\d+)\.$
^Exp to level: ([\d,]+)$
^TNL: (-?\d+)
^It is (\d+) o'clock (am|pm)
^It is (\d{1,2}):(\d{2}) on the (\d+)(?:st|nd|rd|th) of (\w+)\.$
^The sun (?:rises|sets)\.$
^The (?:day|night) has begun\.$
^It starts to rain\.$
^Lightning flashes
^The sky (?:is|gets) (?:cloudy|clear|dark)
^Obvious exits: (.+)$
^\[Exits: (.*)\]$
^Obvious exits: (?:(\w+), )*(\w+)\.?$
^Exits: ((?:north|south|east|west|up|down)(?:, (?:north|south|east|west|up|down))*)$
^There (?:is|are) (?:one|two|\d+) obvious exits?: (.*)$
^You see (?:exits|paths) leading (.+)\.$
^(\w+) is standing here\.$
^(.+) is (?:standing|sitting|resting|sleeping) here\.$
^A (.+) is here\.$
^(?:A|An|The) (.+) (?:lies|stands|sits) here\.$
^The (?:corpse|remains) of (.+) (?:is|are) lying here\.$
^You see nothing special about (?:him|her|it)\.$
^You can't go that way\.$
^The (\w+) is closed\.$
^You open the (\w+)\.$
^(?:The )?(\w+) (?:door|gate) (?:opens|closes)\.$
^It is pitch black
^You are carrying:$
^You are carrying (\d+)/(\d+) items with weight (\d+)/(\d+)
^ *\( ?(\d+)\) (.+)$
^(?:\( ?\d+\) )?(.+) \(glowing\)$
^\s*(\d+)\)? +(.+?) +(\d+)$
^\[(\d+)\] (.+?) +(\d+) gold$
^(.+?) - (\d+) (?:gold|silver|copper)$
^You get (.+) from (.+)\.$
^You get (?:a|an|the|some) (.+)\.$
^You drop (.+)\.$
^(\w+) gives you (.+)\.$
^(\w+) gives (.+) to (.+)\.$
^You give (.+) to (\w+)\.$
^You put (.+) in (.+)\.$
^You wield (.+)\.$
^You wear (.+) on your (\w+)\.$
^You are now wielding (.+)\.$
^You stop using (.+)\.$
^(.+) crumbles? (?:in)?to dust\.$
^Your (.+) is (?:damaged|broken)
^You drink (?:the )?(\w+)(?: from (.+))?\.$
^You eat (.+)\.$
^You are full\.$
^You quaff (.+)\.$
^You recite (.+)\.$
^You bandage your wounds
^You sit down and rest\.$
^You (?:wake|stand) up
^You start (?:casting|chanting) (.+)\.\.\.$
^You utter the words, '(\w+)'\.?$
^(\w+) utters the words, '(.+)'$
^You lack the mana
^You don't have enough (?:mana|power|energy)
^You failed\.$
^Ok\.$
^What\?$
^Huh\?
^Arglebargle, glop-glyf
^They aren't here\.$
^No one by that name
^There is no (\w+) here\.$
^You don't see (?:any|that|an?) ?(\w*)
^Alas, you cannot go that way
^(?:You are|You're) too (?:tired|exhausted)
^By what name do you wish to be known\?
^(?:Password|Passwort): ?$
^Welcome (?:back, )?(\w+)!
^\*\*\* PRESS RETURN
^\[(?:Press|Hit) (?:ENTER|return) to continue\]
^-- ?More ?-- ?\((\d+)%\)
^You have (\d+) new (?:mail|message)s?
^You have mail\.$
^(\w+) pages you: (.*)$
^From afar, (\w+) (.+)$
^You paged (\w+) with '(.*)'\.?$
^Reconnecting\.?$
^Players? online: (\d+)
^There (?:is|are) (\d+) players? (?:online|connected)
^\[ *(\d+) (\w+) +(\w+) *\] (\w+)(.*)$
^\[(..) (\w{3})\] (\w+) (.*)$
^([A-Z][a-z]+) +(\d+[dhms]) +(\d+[dhms])$
^\s*(\w+) +(\d+)% +(\w+)
^(\w+): +(\d+) +(\w+): +(\d+)$
^(?:Skill|Spell) +Level$
^\| (\w+) +\| +(\d+) \|$
^[-=]+$
^[-=+*]{10,}$
^ *[|+-]+ *$
^-{5,} (\w+) -{5,}$
^={3,}
^\s*$
^#
^> $
^>+ ?
^(?i:error): (.*)
(?i)\byour name\b
(?i)hello,? (?:there )?mudbot\b
(?i)^(?:hi|hello|hey)[,!. ]*(?:bot|all)?[.!]*$
\b(?:bot|mudbot)\b
(\w+)@(\w+)\.(\w+)
https?://\S+
https?://[^\s"'<>]+
[\w.+-]+@[\w-]+\.[\w.-]+
"([^"]*)"
'([^']*)'
"(?:[^"\\]|\\.)*"
\[([^\]]*)\]
\(([^()]*)\)
<([^<>]+)>
^([^:]+): (.*)$
^([^:：]+)[:：](.*)$
^([^ ]+) ([^ ]+) (.*)$
^(\w+) (\w+) (\w+)$
^(?P<a>\w+)-(?P<b>\w+)$
^(\w+(?:-\w+)*) attacks
^(\w+(?:'\w+)?) falls
^((?:[A-Z][a-z]+ )+)attacks
^([A-Z]\w*(?: [A-Z]\w*)*) says
^(?:(?:a|an|the) )?(\w+(?: \w+)*) arrives\.$
^(\w+(?:, \w+)*) and (\w+) are here\.$
^((?:\w+, )*\w+(?: and \w+)?) (?:is|are) here\.$
^(?:\d+\.)+\d+$
^(\d+)(?:\.(\d+))*$
^(?:\d+ )+\d+$
^(?:[0-9a-f]{2} )+$
^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$
^(?:(\d+) days?, )?(?:(\d+) hours?, )?(\d+) minutes?$
^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)
^\[\d\d:\d\d(?::\d\d)?\] (.*)$
^(?!You )(\w+) hits
^(?=.*gold)(?=.*silver).*$
(?<=HP:)\d+
(?<!\w)gold(?!\w)
^(?:(?!says).)*says (.*)
^(.*?): (.*?) \((\d+)\)$
^(.*) -> (.*)$
^(.*) \[(.*)\] (.*)$
^(.+?) (?:has|have) been (?:killed|slain) by (.+?)\.$
^(.{1,20}) +(.{1,20}) +(\d+)$
^.{78}$
^(.{0,30})(\d+)$
^\w{1,12}$
^[A-Za-z]{3,12}$
^(?:\w{1,8} ){2}\w{1,8}$
^\S+\s+\S+$
^\s*\d+\s*$
^\s*(\w+)\s*=\s*(\w+)\s*$
^(\w+)\s*:\s*(.*)$
^\s+(.*)$
^(.*?)\s*$
^(.*\S)\s*$
^ +(\S.*)$
^(\S+)(?:\s+(\S+))?$
^(\S+)(?:\s+(\S+))*$
^(?:\S+ +)*\S+$
^(?:\s*\d+,)+$
^(\d+)(?:, (\d+))*$
^(\w+)=(\d+)(?:;(\w+)=(\d+))*$
^(?:\w+=\d+;)*$
^((?:\w+\|)*)(\w+)$
^(?:/\w+)+$
^(?:\w+/)*\w+$
\x1b\[(?:\d+(?:;\d+)*)?m
(?:\x1b\[[0-9;]*m)*HP
^(?:\[\d+\])+
^(?:\(\w+\) ?)*(\w+)
^(?:\*+ )?(\w+)(?: \*+)?$
^(?:\([A-Z][a-z]+\) )*(.+) is here\.$
^(a|an|the|some) (\w+)
^(?:north|south|east|west)+$
^(?:n|s|e|w|ne|nw|u|d)(?:,(?:n|s|e|w|ne|nw|u|d))*$
^(?:[nsewud],)*[nsewud]$
^(?:n|e|s|w){1,5}$
^([^，。！？]+)说道：(.*)$
^([^说]+)说道：“(.*)”$
^(\S+)说道：(.+)$
^(.+)\((\w+)\)告诉你：(.*)$
^([^(（]+)[(（](\w+)[)）]告诉你[:：](.*)$
^【(\w+)】([^:：]+)[:：](.*)$
^【(?P<channel>[^】]+)】(?P<speaker>[^(]+)\((?P<id>\w+)\)[:：](?P<text>.*)$
^\[(.+?)\](.+?)：(.+)$
^(.+?)对你说道：(.+)$
^(.+?)在你的耳边悄声说道：(.*)$
^(.+)往([东南西北上下]+)(?:边|面)?离开。$
^(.+)从([东南西北]+)(?:边|面|方)?走了(?:过来|进来)。$
^(.+)走了过来。$
^(.+)快步走了过来。$
^这里(?:明显|唯一)?的?(?:方向|出口)有?是? ?(.+)。$
^\s*这里(?:明显的出口|唯一的出口)是 (.+)。$
^\s*这里没有(?:任何)?明显的出(?:口|路)。$
^(?:[东南西北]{1,2}、)*[东南西北]{1,2}(?:和[东南西北]{1,2})?$
^你的气血：(\d+)/(\d+)
^(?:【 ?气 血 ?】|【气血】) *(\d+)/ *(\d+) *[\[(] *(\d+)%[\])]
^【(.{1,4})】\s*(-?\d+)\s*/\s*(-?\d+)
^你获得了([零一二三四五六七八九十百千万]+)点(?:经验|潜能)。$
^你获得了(\d+)点经验(?:和(\d+)点潜能)?。$
^你(?:捡起|拿起|得到)了?(.+)。$
^(.+)给你(.+)。$
^你给(.+?)一(.+?)。$
^([零一二三四五六七八九十百千万]+)两(黄金|白银|银子)$
^你身上带着(.+)[件样]东西
^(.+)「啪」的一声倒在地上，挣扎着抽动了几下就死了。$
^(.+)死了。$
^(.+)脚下一个不稳，跌在地上
^你(?:感到|觉得)(.+)。$
^(?:你|您)(?:饿|渴)(?:得|的)(.+)
^你现在(?:正忙|没有空)
^你的动作还没有完成，不能移动。$
^(.+)对着你(.+)。$
^(.+)向你(?:抱拳|拱手|作揖)
^只听见?(.+)一声
^但见(.+?)[，。]
^(.+?)(?:使出|施展|运起)(?:一招)?「(.+?)」
^$(.+?)手中(.+?)一(?:挥|抖|晃)，(.+)$
^「(.+?)」(.+)$
^《(.+?)》
^“([^”]*)”$
^([^“”]*)“([^”]+)”(.*)$
^(?:[^，]+，)*[^，]+。$
^(?:[^，。]+[，。])+$
^(?:\w+、)*\w+$
^([\u4e00-\u9fff]{2,4})(?:\((\w+)\))?$
^[\u4e00-\u9fff]+$
^(?:[\u4e00-\u9fff]{2,4} ?){1,5}$
^\s*([\u4e00-\u9fff]+)\(([A-Za-z ]+)\)$
^(?:□|■)+
^[─━═]{10,}$
^(?:│|┃)(.+?)(?:│|┃)$
^≡(.+?)≡$
^◎(.+)$
^\S+ - $
^(\S+) - (?:\[.+\])?$
^(?:你要看什么|你想要看什么)？$
^(?:什么|甚么)？$
^请(?:输入|键入)(?:您的)?(?:英文名字|密码)[：:]
^您的英文名字
^(?:此|该)ID档案已存在，请输入密码：
^目前权限：\((\w+)\)$
^重新连线完毕。$
^(?:★|☆)*(.+?)(?:★|☆)*$
^第(\d+)(?:关|层|回)
^共有([零一二三四五六七八九十]+)位
^时间：(\d+)年(\d+)月(\d+)日
^现在是(.+?)年(.+?)月(.+?)日(.+?)时
^(?:(?:东|南|西|北|上|下)、?)+$
^(?:hp|mp|sp)\s*[:=]\s*(\d+)$
^(?:\w+\.)*\w+: (.*)$
^(?:[^ ]+ ){3}(\w+)$
^(?:[^\[]*\[[^\]]*\])*
^(?:[^,]*,){2}(.*)$
^(?:[^,]*,)*([^,]*)$
^(?:[^=]+=[^;]+;)+
^(?:(?:\d+)x )?(.+)$
^(.*) \((?:linkdead|afk|away)\)$
^(?P<name>[A-Z][\w']+(?:-[A-Z]\w+)?) the (?P<title>.+)$
""".strip("\n").split("\n")


def test_the_list_is_long() -> None:
    """Three hundred different patterns, and all of them are patterns."""
    assert len(set(BENIGN)) == len(BENIGN)
    assert len(BENIGN) >= 300
    for pattern in BENIGN:
        re.compile(pattern)


@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.ASCII], ids=["plain", "ignorecase", "ascii"])
def test_what_authors_write_is_not_called_exponential(flags: int) -> None:
    """Not one false alarm in three hundred."""
    assert [pattern for pattern in BENIGN if "exponential" in [each.kind for each in lint(pattern, flags)]] == []


@pytest.mark.parametrize("name", dialect.names())
def test_what_the_dialects_hear_is_found_sound(name: str) -> None:
    """The patterns that ship, as they are searched."""
    rules = [pattern for _, pattern in dialect.load(name)._rules]
    assert [(one.pattern, lint(one.pattern, one.flags)) for one in rules if lint(one.pattern, one.flags)] == []


@pytest.mark.skipif(not Guard().available, reason="a search that runs away could not be ended")
def test_what_is_found_benign_does_not_run_away() -> None:
    """Lines of repeated words, blanks, digits, punctuation and Chinese: no pattern of the list takes long on any."""
    words = (
        "a",
        "a ",
        "ab, ",
        "A",
        "1",
        "1,",
        " ",
        "东",
        "东、",
        "x=1;",
        "中，",
        "[a]",
        "(Aa) ",
        "n",
        "you hits ",
        '"',
    )
    texts = [start + word * (60 // len(word)) + "\x00" for word in words for start in ("", "You ", " ")]
    guard = Guard(each=0.5, total=1000)
    with guard:
        for pattern in map(re.compile, BENIGN):
            for text in texts:
                guard.search(pattern, text)
