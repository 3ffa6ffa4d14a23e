"""The second set: nothing but Chinese, in lines of 300 to 2,000 characters; half of the regexes ignore case.

There is no letter of ASCII in a pattern, so an engine that lives off such letters is found out.  Case is that of wide
Latin letters, which Chinese MUDs write and whose case counts as much as that of narrow ones.
"""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from bench.triggers.fill import Shape, fill
from bench.triggers.words import OTHERS

SEED = 77
SHORTEST, LONGEST = 300, 2000
"""Characters of a line."""
_I = re.IGNORECASE
Place = Literal["first", "amid", "last"]

SHAPES = (
    Shape(r"(?P<who>[一-龥]{2,4})在密室中找到了@thing@", "<谁>在密室中找到了@thing@"),
    Shape(r"Ｖｉｐ[０-９]+玩家.{1,6}练成「@skill@」", "ＶＩＰ７玩家<谁>练成「@skill@」", _I),
    Shape(r"「@move@」.{0,30}内力[：:](?P<left>[０-９]+)", "「@move@」再次出手，剩余内力：３５０"),
    Shape(r"@thing@（Ｌｖ[０-９]{1,2}）", "@thing@（ｌＶ８）", _I),
    Shape(r"^第[一二三四五六七八九十百]+回　@skill@", "第三十二回　@skill@初现江湖，"),
    Shape(r"(?:掌门|帮主|教主)(?P<who>[一-龥]{2,3})传授[了]?@skill@ｏｋ", "帮主<谁>传授了@skill@ＯＫ", _I),
    Shape(r"(?<=得到)@thing@(?=[，。！])", "终于得到@thing@，"),
    Shape(r"ＰＫ[：:].+?以「@move@」(?:击败|重伤)", "ｐｋ：<谁>以「@move@」重伤", _I),
    Shape(r"@skill@第[一二三四五六七八九十]+层(?:圆满|大成|小成)", "@skill@第七层大成"),
    Shape(r"【ｎｐｃ】(?:[一-龥]{2,3})愿出[０-９]+两买@thing@", "【ＮＰＣ】<谁>愿出５００两买@thing@", _I),
    Shape(r"(?P<one>[一-龥])(?P=one)地使出「@move@」", "慢慢地使出「@move@」"),
    Shape(r"Ｂｏｓｓ[^，。]{1,8}身怀@skill@", "ｂｏＳＳ黑风老妖身怀@skill@", _I),
    Shape(r"@thing@[断碎裂]成[两三四]?[截片段]", "@thing@碎成三片"),
    Shape(r"(?:ＨＰ|ＭＰ)[０-９]+时[^。]{0,9}@move@", "ｈｐ３０时立刻用@move@", _I),
    Shape(r"@move@[！。]$", "最后一式便是@move@！"),
    Shape(r"【@skill@】(?:ｏｎ|ｏｆｆ)", "【@skill@】ＯＦＦ", _I),
    Shape(r"修炼@skill@[已又]?[^，]{1,4}年(?:，|。)", "修炼@skill@已三十年，"),
    Shape(r"ｙｏｕ[\s　]*(?:得到|失去)@thing@", "ＹＯＵ　得到@thing@", _I),
    Shape(r"@thing@一?[把件个柄](?:，|、|。)售[０-９]+两", "@thing@一件，售９０两"),
    Shape(r"ｗａｒｎｉｎｇ[！：]+.{0,5}@move@", "Ｗａｒｎｉｎｇ！！小心@move@", _I),
    Shape(r"^[\s　]*(?P<who>[一-龥]{2,4})：[^。]{0,12}@move@", "　　<谁>：你可见过@move@，"),
    Shape(r"@skill@ｅｘｐ＋[０-９]+", "@skill@Ｅｘｐ＋２０", _I),
    Shape(r"(?:破解|化解|躲过)[了]?「@move@」[^「」]{0,20}$", "从容破解了「@move@」而去。"),
    Shape(r"ｎｅｗ[！　]*@thing@", "ＮＥＷ！　@thing@", _I),
)
"""24 of them, every other one ignoring case."""

_SENTENCES = (
    "<谁>望着远处的群山，想起当年在华山脚下与<谁>比武的情景。",
    "店小二端来一壶热酒，笑着说：「客官，您要的@thing@小店没有。」",
    "江湖传言，@skill@早已失传，只有几位隐居的老人还略知一二。",
    "大雪纷飞，一个白衣人站在桥头，腰间挂着@thing@，一动不动。",
    "「@move@」，<谁>低喝一声，剑光如练，直奔<谁>而去！",
    "你往<向>走了半日，见到一座破庙，庙里供着不知名的神像。",
    "据说练到Ｌｖ９９的人，ｂｏｓｓ也不敢招惹，ＨＰ几乎无穷无尽。",
    "路旁有一家客栈，门前的灯笼在风里摇来摇去，里面人声鼎沸。",
    "<谁>叹道：「人在江湖，身不由己，不如回去练@skill@吧。」",
    "算命先生摸着胡子道：「ＯＫ，<gold>两银子，一分也不能少。」",
    "忽然一阵狂风吹过，地上的落叶飞舞起来，遮住了众人的眼睛。",
    "【<频道>】<谁>：谁有@thing@？ｖｉｐ玩家优先，价钱好商量。",
)
"""Of these a line is made."""
_NEAR = ("传说中的@thing@就埋在这里。", "有人问起@skill@，无人作答。", "「@move@」，好名字！")
"""About what triggers are about; no trigger is set off."""


def paragraph(random: Random, near: range | None = None, hit: str = "", place: Place = "amid") -> str:
    """A line, with *hit* in it if given."""
    size = random.randrange(SHORTEST, LONGEST - 60)
    parts = [fill(random.choice(_SENTENCES), random, OTHERS)]
    while sum(map(len, parts)) < size:
        parts.append(fill(random.choice(_SENTENCES), random, OTHERS))
    if near and random.random() < 0.3:
        parts.insert(random.randrange(len(parts)), fill(random.choice(_NEAR), random, near))
    if hit:
        parts.insert(0 if place == "first" else len(parts) if place == "last" else random.randrange(1, len(parts)), hit)
    return "".join(parts)
