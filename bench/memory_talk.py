# ruff: noqa: E501, SIM905 - a table: what belongs together stands on one line
"""A long talk with planted facts, in English and Chinese: what is said, and what is asked of it later.

Each fact is asked for twice in its own language, once with other words than it was told with, and once in the other
language.  ``key`` is in the fact and in no question.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """A fact, and questions that it answers."""

    told: str
    key: str
    asked: str
    otherwise: str
    foreign: str


FACTS = [
    Planted("My cat is called Mimi.", "Mimi", "What is my cat called?", "Do you recall the name I gave my pet?", "我的猫叫什么名字？"),
    Planted("I am allergic to peanuts.", "peanuts", "What am I allergic to?", "Is there any food that makes me ill?", "我对什么东西过敏？"),
    Planted("My sister Elsbeth married a miller last spring.", "Elsbeth", "Who is my sister?", "Which of my family got married?", "我妹妹嫁给了谁？"),
    Planted("I buried my father's sword beneath the third willow.", "willow", "Where is my father's sword?", "Where did I hide that old blade?", "我父亲的剑埋在哪里？"),
    Planted("I was born in the fishing village of Saltmere.", "Saltmere", "Where was I born?", "Which place do I come from?", "我是在哪里出生的？"),
    Planted("My birthday is the ninth of October.", "October", "When is my birthday?", "On which day did I come into the world?", "我的生日是哪一天？"),
    Planted("I owe the blacksmith forty silver.", "forty", "How much do I owe the blacksmith?", "What is my debt with the smith?", "我欠铁匠多少钱？"),
    Planted("I never drink anything stronger than plum juice.", "plum juice", "What do I drink?", "Would I take a beer?", "我平时喝什么？"),
    Planted("My horse Thunder went lame near the bridge.", "Thunder", "What happened to my horse?", "How is my mount doing?", "我的马怎么样了？"),
    Planted("I am training to become a healer at the abbey.", "healer", "What am I training for?", "Which trade am I learning?", "我在学什么手艺？"),
    Planted("The thing I fear most is spiders.", "spiders", "What do I fear most?", "Which creature frightens me?", "我最怕什么？"),
    Planted("My guild is the Silver Lanterns.", "Silver Lanterns", "Which guild do I belong to?", "What band of people am I a member of?", "我是哪个帮会的？"),
    Planted("I lost two fingers at the siege of Karrow.", "Karrow", "How did I lose my fingers?", "Why is my hand maimed?", "我的手指是怎么没的？"),
    Planted("My favourite song is The Heron's Lament.", "Heron", "What is my favourite song?", "Which tune do I like best?", "我最喜欢哪首歌？"),
    Planted("I live above the candle shop in Tanner Street.", "candle shop", "Where do I live?", "Where is my home?", "我住在什么地方？"),
    Planted("My enemy is a sorcerer named Varrick.", "Varrick", "Who is my enemy?", "Which wizard is after me?", "我的仇人是谁？"),
    Planted("I collect old brass keys.", "brass keys", "What do I collect?", "What is my hobby?", "我收集什么东西？"),
    Planted("I promised my mother to be home before the first snow.", "snow", "What did I promise my mother?", "By when must I be back with my mum?", "我答应过母亲什么？"),
    Planted("My real name is Rosalind, the rest call me Fox.", "Rosalind", "What is my real name?", "What am I truly called?", "我的真名叫什么？"),
    Planted("I once won the river race in a leaking boat.", "leaking boat", "Which race did I win?", "In what contest was I the fastest?", "我赢过什么比赛？"),
    Planted("我养了一条黄狗，叫阿福。", "阿福", "我的狗叫什么？", "你还记得我家那只看门的叫啥吗？", "What is my dog called?"),
    Planted("我对虾过敏，一吃就起疹子。", "虾", "我对什么过敏？", "有什么东西我不能吃？", "What food am I allergic to?"),
    Planted("我师父是华山派的风清子。", "风清子", "我的师父是谁？", "我的武功是跟谁学的？", "Who is my master?"),
    Planted("我把家传的玉佩当在了城西的当铺。", "当铺", "我的玉佩在哪里？", "我那块祖上的玉后来怎么样了？", "Where is my jade pendant?"),
    Planted("我老家在江南的乌镇。", "乌镇", "我老家在哪里？", "我是什么地方的人？", "Where is my home town?"),
    Planted("我的生日是腊月初八。", "腊月", "我的生日是哪天？", "我几时过寿？", "When is my birthday?"),
    Planted("我欠王屠户三百文钱。", "三百文", "我欠王屠户多少钱？", "我在肉铺赊了多少账？", "How much do I owe the butcher?"),
    Planted("我从来不吃香菜。", "香菜", "我不吃什么菜？", "给我做面时要少放哪样？", "Which herb do I never eat?"),
    Planted("我女儿小莲今年六岁了。", "小莲", "我女儿叫什么名字？", "我家孩子多大了，叫啥？", "What is my daughter's name?"),
    Planted("我在码头上当脚夫。", "脚夫", "我是做什么营生的？", "我靠什么吃饭？", "What work do I do at the docks?"),
    Planted("我最怕打雷。", "打雷", "我最怕什么？", "什么天气会吓着我？", "What am I most afraid of?"),
    Planted("我是丐帮五袋弟子。", "五袋", "我是哪个帮派的弟子？", "我在江湖上属于哪一伙，什么辈分？", "Which sect do I belong to, and what is my rank?"),
    Planted("我的左眼是被山贼的箭射瞎的。", "山贼", "我的左眼是怎么瞎的？", "是谁伤了我的眼睛？", "How did I lose my left eye?"),
    Planted("我最爱听的曲子是《广陵散》。", "广陵", "我最爱听什么曲子？", "弹哪支琴曲我会高兴？", "Which piece of music do I love best?"),
    Planted("我娘子姓沈，是绣娘。", "沈", "我娘子姓什么？", "我妻子是做什么的？", "What is my wife's family name?"),
    Planted("我的仇人叫铁面判官。", "铁面判官", "我的仇人是谁？", "谁跟我有血海深仇？", "Who is my sworn enemy?"),
    Planted("我喜欢收集旧铜钱。", "铜钱", "我喜欢收集什么？", "我有什么爱好？", "What do I like to collect?"),
    Planted("我答应过大哥中秋前回山寨。", "中秋", "我答应大哥什么时候回去？", "我什么时候得赶回山上？", "By when did I promise to return?"),
    Planted("我真名叫柳如烟，别告诉旁人。", "柳如烟", "我的真名是什么？", "我本来姓甚名谁？", "What is my real name?"),
    Planted("我藏了一坛女儿红在后院的井边。", "井边", "我把女儿红藏在哪里了？", "我那坛好酒放在什么地方？", "Where did I hide the jar of wine?"),
]  # fmt: skip

_WHO = "The ferryman,A pedlar,The miller's boy,The old monk,A soldier,The widow,The baker,A juggler,The watchman".split(
    ","
)
_DID = (
    "has seen wolves near the ford;talked of the price of wool all morning;fell asleep in the temple;sold me a dull knife;"
    "says the road north is flooded;keeps three goats behind the mill;was looking for a lost mule;sings far too loudly;"
    "carried a heavy chest up the hill;burned the bread again;has a cat that steals fish;wants to marry the tanner's girl;"
    "broke a wheel on the bridge;told a long tale of a dragon;cheated at dice last night;found a silver coin in the mud"
).split(";")
_MINE = (
    "I walked to the {} today.;I saw a {} by the road this morning.;I think the {} is finer than last year.;"
    "I spent the whole day near the {}.;My boots got wet at the {}.;I dreamed of a {} last night.;"
    "We talked about the {} for an hour.;I have never seen such a {}.;I bought a small {} at the market."
).split(";")
_THINGS = (
    "river,temple,market,lantern,bridge,orchard,ferry,mountain path,bell tower,garden,meadow,harbour,cart,barrel,kite,"
    "basket of pears,field of barley,fountain,old wall,fox,heron's nest,fishing net,drum,paper umbrella,stone lion,well"
).split(",")
_ASKS = (
    "How is business today?;Is it going to rain?;What news from the road?;Have you seen the ferryman?;What is in the pot?;"
    "Who was that stranger?;Do you have a room?;How much is the wine?;When does the market open?;Good evening!;Thank you."
).split(";")
_WHO_ZH = "船家,货郎,磨坊的小子,老和尚,一个官差,寡妇,卖饼的,耍猴的,更夫,隔壁的狗,王婆".split(",")
_DID_ZH = (
    "在渡口看见了狼;一早上都在说布价;在庙里睡着了;卖给我一把钝刀;说北边的路淹了;养了三只羊;在找一头走失的骡子;唱得太响了;"
    "扛着箱子上山去了;又把饼烤糊了;偷了一条鱼;想娶染坊的姑娘;在桥上坏了车轮;讲了半天龙的故事;昨晚赌钱耍赖;在泥里捡到一枚银子"
).split(";")
_MINE_ZH = (
    "我今天走到{}去了。;我早上在路边看见{}。;我觉得{}比去年好看。;我在{}待了一整天。;我的鞋在{}弄湿了。;我昨晚梦见了{}。;"
    "我们聊{}聊了一个时辰。;我没见过这样的{}。;我在集市上看了看{}。"
).split(";")
_THINGS_ZH = "河边,庙门,集市,灯笼,石桥,果园,渡船,山路,钟楼,花园,草地,码头,牛车,酒桶,风筝,麦田,水池,老墙,狐狸,渔网,大鼓,纸伞".split(
    ","
)
_ASKS_ZH = (
    "今天生意怎么样？;会下雨吗？;路上有什么消息？;你看见船家了吗？;锅里是什么？;那个生人是谁？;有房间吗？;酒怎么卖？;"
    "集市几时开？;晚上好！;多谢掌柜。"
).split(";")


def chatter(seed: int) -> Iterator[str]:
    """What people say all day, without end: statements and questions, in either language."""
    dice = random.Random(seed)
    while True:
        zh = dice.random() < 0.5
        who, did, mine, things, asks = (
            (_WHO_ZH, _DID_ZH, _MINE_ZH, _THINGS_ZH, _ASKS_ZH) if zh else (_WHO, _DID, _MINE, _THINGS, _ASKS)
        )
        match dice.randrange(3):
            case 0:
                yield dice.choice(asks)
            case 1:
                yield dice.choice(mine).format(dice.choice(things))
            case _:
                yield f"{dice.choice(who)}{dice.choice(did)}。" if zh else f"{dice.choice(who)} {dice.choice(did)}."


# Harder to guess from their words than those above.  Both were at hand when the weights in mudbot.mind.recall were chosen.
UNSEEN = [
    Planted("My brother Osric sells rope at the harbour.", "Osric", "What is my brother's name?", "Whom of my kin could I ask for a line to tie my boat?", "我兄弟叫什么？"),
    Planted("I cannot swim, so I keep away from deep water.", "swim", "Why do I keep away from deep water?", "Should I cross the lake by myself?", "我为什么不敢下水？"),
    Planted("I have been saving for a loom of my own.", "loom", "What have I been saving for?", "What would I buy if I were rich?", "我攒钱想买什么？"),
    Planted("My grandmother taught me to read the stars.", "stars", "What did my grandmother teach me?", "What can I do that few others can, thanks to an old woman?", "我奶奶教过我什么？"),
    Planted("The abbot of Grenholt banished me two years ago.", "Grenholt", "Who banished me?", "Why may I not go back to the monastery?", "是谁把我赶走的？"),
    Planted("I keep a spare lockpick in my left boot.", "lockpick", "What do I keep in my left boot?", "What tool do I carry where no guard looks?", "我左脚靴子里藏着什么？"),
    Planted("My lucky number is seventeen.", "seventeen", "What is my lucky number?", "On what should I bet?", "我的幸运数字是多少？"),
    Planted("I sold my grandfather's mill to pay for the funeral.", "mill", "What did I sell to pay for the funeral?", "What became of the family property?", "我为了办丧事卖了什么？"),
    Planted("Loud drums give me terrible headaches.", "drums", "What gives me headaches?", "What noise can I not bear?", "什么声音让我头疼？"),
    Planted("I am looking for a map of the sunken city.", "sunken city", "What map am I looking for?", "What brings me to this town?", "我在找什么地图？"),
    Planted("我姑姑在京城开了一家茶庄。", "茶庄", "我姑姑在京城开什么店？", "我在京里有什么亲人可以投靠？", "What shop does my aunt keep in the capital?"),
    Planted("我十二岁就上山学艺了。", "十二岁", "我几岁上山学艺的？", "我是从多小开始练功的？", "At what age did I begin my training?"),
    Planted("我的剑叫秋水，是古剑。", "秋水", "我的剑叫什么？", "我随身的兵刃有什么来历？", "What is my sword called?"),
    Planted("我不识水性，坐船就晕。", "晕", "我坐船会怎么样？", "我适合走水路吗？", "What happens to me on a boat?"),
    Planted("我丢了一封给李将军的密信。", "李将军", "我丢的信是给谁的？", "我弄丢了什么要紧东西？", "For whom was the letter that I lost?"),
    Planted("我姐姐出家做了尼姑。", "尼姑", "我姐姐怎么样了？", "我家里谁遁入了空门？", "What became of my sister?"),
    Planted("我右肩有一块胎记，像只蝴蝶。", "蝴蝶", "我右肩上有什么？", "凭什么能认出我来？", "What mark do I have on my shoulder?"),
    Planted("我要在重阳节那天去比武。", "重阳", "我哪天去比武？", "我什么时候要跟人过招？", "On which day is my duel?"),
    Planted("我家的暗号是三长两短。", "三长两短", "我家的暗号是什么？", "怎么敲门我才会开？", "What is the secret sign of my house?"),
    Planted("我最拿手的菜是红烧鲤鱼。", "鲤鱼", "我最拿手的菜是什么？", "要是我下厨，会做什么？", "Which dish do I cook best?"),
]  # fmt: skip
