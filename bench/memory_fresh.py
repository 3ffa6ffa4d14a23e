# ruff: noqa: E501, SIM905 - a table: what belongs together stands on one line
"""More facts and questions, some of which nothing was tuned to, and what else people say."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.memory_talk import Planted

MORE = [
    Planted("My brother Tobin keeps bees on the hill.", "Tobin", "Who keeps bees on the hill?", "Who in my family makes honey?", "我的兄弟叫什么名字？"),
    Planted("I broke my arm falling off the granary roof.", "granary", "How did I break my arm?", "What accident did I have once?", "我的胳膊是怎么断的？"),
    Planted("I can neither read nor write.", "nor write", "Can I read?", "Do I know my letters?", "我识字吗？"),
    Planted("My husband Aldous sails on a whaling ship.", "Aldous", "What is my husband called?", "Whom am I married to, and where is he?", "我丈夫叫什么？"),
    Planted("I paid sixty crowns for this cloak.", "sixty", "How much did I pay for this cloak?", "What did my coat cost me?", "我这件斗篷花了多少钱？"),
    Planted("I sleep badly whenever the moon is full.", "moon", "When do I sleep badly?", "On which nights do I lie awake?", "我什么时候睡不好？"),
    Planted("I was once a page at the court of Queen Ysolde.", "Ysolde", "At whose court was I a page?", "Whom did I serve when I was a child?", "我在哪位女王的宫里做过侍童？"),
    Planted("My left knee hurts before rain.", "knee", "What hurts before rain?", "How do I know that the weather will turn?", "下雨前我哪里会疼？"),
    Planted("I have hidden a purse of gold under the loose floorboard.", "floorboard", "Where have I hidden my purse of gold?", "Where is my money?", "我的金子藏在哪里？"),
    Planted("I'm looking for my twin, who was taken by slavers.", "twin", "Who was taken by slavers?", "Whom am I searching for?", "我在找谁？"),
    Planted("My favourite dish is mutton stew with barley.", "mutton", "What is my favourite dish?", "What should you cook for me?", "我最爱吃什么菜？"),
    Planted("I hate the colour yellow.", "yellow", "Which colour do I hate?", "In what shade would I never dress?", "我讨厌什么颜色？"),
    Planted("The password of our company is copper owl.", "copper owl", "What is the password of our company?", "What must one say so that my people let him in?", "我们的口令是什么？"),
    Planted("My daughter Wren turned four last week.", "Wren", "What is my daughter's name?", "How old is my little girl, and what is she called?", "我女儿叫什么？"),
    Planted("I got this scar from a lynx in the northern woods.", "lynx", "How did I get this scar?", "What animal wounded me?", "我的伤疤是怎么来的？"),
    Planted("My teacher was the bard Corwen of Ashby.", "Corwen", "Who was my teacher?", "From whom did I learn to sing and play?", "我的老师是谁？"),
    Planted("I am wanted for smuggling in Port Harrow.", "Harrow", "Where am I wanted for smuggling?", "In which town would the guards arrest me?", "我在哪里被通缉？"),
    Planted("My dog Bramble can smell gold.", "Bramble", "What is my dog called?", "Which companion helps me find treasure?", "我的狗叫什么？"),
    Planted("I turned forty-one this winter.", "forty-one", "How old did I turn this winter?", "What is my age?", "我今年多大了？"),
    Planted("Cards are my ruin: I gamble every payday.", "payday", "When do I gamble?", "What is my vice, and when do I give in to it?", "我什么时候去赌钱？"),
    Planted("I want to open a bakery in Millford one day.", "Millford", "Where do I want to open a bakery?", "What do I dream of doing with my life?", "我想在哪里开面包铺？"),
    Planted("My uncle Hadrian left me a house on the cliff.", "Hadrian", "Who left me a house?", "From whom did I inherit?", "谁给我留了一座房子？"),
    Planted("I speak the tongue of the elves a little.", "elves", "Whose tongue do I speak a little?", "What foreign language do I know?", "我会说哪种外族话？"),
    Planted("My ship sank with all hands off Cape Morrow.", "Morrow", "Where did my ship sink?", "What became of my vessel and its crew?", "我的船在哪里沉的？"),
    Planted("我有个双胞胎弟弟，在边关当兵。", "边关", "我弟弟在哪里当兵？", "我家里谁从了军？人在什么地方？", "Where does my twin brother serve as a soldier?"),
    Planted("我左腿受过伤，走不了远路。", "左腿", "我哪里受过伤？", "我为什么不能长途跋涉？", "Where was I wounded?"),
    Planted("我最讨厌吃苦瓜。", "苦瓜", "我最讨厌吃什么？", "哪道菜端上来我会皱眉头？", "Which food do I hate most?"),
    Planted("我爷爷是个郎中，在苏州行医。", "苏州", "我爷爷在哪里行医？", "我家祖辈是在哪儿给人看病的？", "Where did my grandfather practise as a doctor?"),
    Planted("我的马叫踏雪，是匹白马。", "踏雪", "我的马叫什么？", "我的坐骑唤作什么？", "What is my horse called?"),
    Planted("我今年三十七岁。", "三十七", "我今年几岁？", "我多大年纪了？", "How old am I?"),
    Planted("我正在找一本叫《青囊经》的医书。", "青囊", "我在找什么医书？", "我四处打听的是什么东西？", "Which medical book am I looking for?"),
    Planted("我夜里一个人睡不着，总要点灯。", "点灯", "我夜里睡不着怎么办？", "我晚上歇息有什么习惯？", "What do I do when I cannot sleep alone at night?"),
    Planted("我跟赵镖头借了五十两银子。", "五十两", "我跟赵镖头借了多少银子？", "我在外头有多少债？", "How much silver did I borrow from Zhao?"),
    Planted("我十年前被逐出了昆仑派。", "昆仑", "我十年前被哪个门派逐出？", "我从前的师门是哪家，为何不要我了？", "From which sect was I expelled?"),
    Planted("我妻子上个月生了个胖小子。", "胖小子", "我妻子上个月生了什么？", "我家最近有什么喜事？", "What happened to my wife last month?"),
    Planted("我的拿手绝活是飞刀。", "飞刀", "我的拿手绝活是什么？", "我跟人动手靠什么本事？", "What is my special skill?"),
    Planted("我把地图缝在了棉袄的夹层里。", "夹层", "我把地图缝在哪里了？", "我那张图放在身上什么地方？", "Where did I sew the map in?"),
    Planted("我喝了酒就会脸红头晕，所以滴酒不沾。", "滴酒不沾", "我喝了酒会怎么样？", "要不要给我来一杯？", "What happens to me when I drink wine?"),
    Planted("我想攒钱给母亲治眼睛。", "眼睛", "我想攒钱给母亲治什么？", "我为什么这么省吃俭用？", "What am I saving money for?"),
    Planted("我在城东开了一间铁匠铺。", "铁匠铺", "我在城东开了什么铺子？", "我是干哪一行的？", "What shop do I have in the east of the city?"),
    Planted("我最敬佩的人是岳将军。", "岳将军", "我最敬佩的人是谁？", "我心目中的大英雄是哪位？", "Whom do I admire most?"),
    Planted("我小时候掉进过枯井，从此怕黑。", "枯井", "我小时候掉进过哪里？", "我为什么不敢摸黑走路？", "What did I fall into as a child?"),
    Planted("我养的那只鹦鹉会背唐诗。", "鹦鹉", "我养的什么会背唐诗？", "我家里的鸟有什么能耐？", "Which pet of mine recites poems?"),
    Planted("我下个月初三要动身去敦煌。", "敦煌", "我下个月初三去哪里？", "我接下来打算出门到什么地方？", "Where am I going next month?"),
    Planted("我结拜的二哥叫石破山。", "石破山", "我结拜的二哥叫什么？", "跟我一个头磕在地上的兄弟是谁？", "What is my sworn brother called?"),
    Planted("我从不骑马，只坐轿子。", "轿子", "我不骑马坐什么？", "我出门怎么走？", "How do I travel, since I never ride?"),
    Planted("我藏身的山洞在瀑布后面。", "瀑布", "我藏身的山洞在哪里？", "官兵来了我躲在什么地方？", "Where is my hidden cave?"),
    Planted("我最喜欢的花是水仙。", "水仙", "我最喜欢什么花？", "要插瓶的话，我中意哪一种？", "Which flower do I like best?"),
]  # fmt: skip
"""At hand when the ways of recalling were chosen, as ``other_chatter`` was."""

FRESH = [
    Planted("My cousin Bertram runs the ferry at Low Haven.", "Bertram", "Who runs the ferry at Low Haven?", "Which relative of mine takes people across the water?", "我哪个表亲在开渡船？"),
    Planted("I was knighted by the Duke of Varn.", "Varn", "Who knighted me?", "Where does my title come from?", "是谁封我为骑士的？"),
    Planted("I only eat fish on Fridays.", "Fridays", "When do I eat fish?", "On what day may you serve me trout?", "我哪一天才吃鱼？"),
    Planted("My mother died when I was seven.", "seven", "How old was I when my mother died?", "At what age was I orphaned?", "我几岁的时候母亲去世的？"),
    Planted("I carve little wooden ducks to pass the time.", "ducks", "What do I carve?", "What do I make with my knife in idle hours?", "我闲的时候雕什么？"),
    Planted("I have been deaf in one ear since the explosion at Fort Grey.", "Fort Grey", "Why am I deaf in one ear?", "Where did I lose my hearing?", "我的耳朵是在哪里聋的？"),
    Planted("My sweetheart's name is Linnet, and she tends the lighthouse.", "Linnet", "What is my sweetheart's name?", "Who is the girl I love?", "我的心上人叫什么？"),
    Planted("I am the seventh son of a tanner.", "tanner", "Whose seventh son am I?", "What was my father's craft?", "我父亲是做什么的？"),
    Planted("I want to reach the monastery at Highpass before winter.", "Highpass", "Which monastery do I want to reach?", "Where is my journey taking me?", "我要赶去哪座修道院？"),
    Planted("My armour was forged by the dwarf Borin.", "Borin", "Who forged my armour?", "Who made the mail I wear?", "我的盔甲是谁打造的？"),
    Planted("I lost my ring in the well of Thornby.", "Thornby", "Where did I lose my ring?", "What jewellery am I missing, and where did it fall?", "我的戒指丢在哪里了？"),
    Planted("I cannot stand the smell of garlic.", "garlic", "What smell can I not stand?", "What seasoning should the cook leave out for me?", "我受不了什么气味？"),
    Planted("My parrot Captain can count to ten.", "Captain", "What is my parrot called?", "What is the name of my bird?", "我的鹦鹉叫什么？"),
    Planted("I studied alchemy for three years in Oldport.", "Oldport", "Where did I study alchemy?", "In which city did I go to school?", "我在哪里学的炼金术？"),
    Planted("I swore never to kill a woman or a child.", "swore", "What did I say of women and children?", "What oath binds me in a fight?", "我发过什么誓？"),
    Planted("My neighbour Agatha poisoned my well.", "Agatha", "Who poisoned my well?", "Who made my water undrinkable?", "谁在我的井里下了毒？"),
    Planted("I am left-handed.", "left-handed", "Am I right-handed?", "With which hand do I hold my sword?", "我惯用哪只手？"),
    Planted("I dream every night of a burning tower.", "tower", "What do I dream of every night?", "What nightmare haunts me?", "我每晚梦见什么？"),
    Planted("My debt to the temple is paid at last, all two hundred marks.", "two hundred", "How much was my debt to the temple?", "What sum did I have to give to the priests?", "我欠神殿的债是多少？"),
    Planted("I prefer ale to wine.", "ale to wine", "Do I prefer wine?", "What would I like to drink?", "我更爱喝什么酒？"),
    Planted("The mayor Oswin is my godfather.", "Oswin", "Who is my godfather?", "What connection do I have to the town's government?", "我的教父是谁？"),
    Planted("I have eleven grandchildren.", "eleven", "How many grandchildren do I have?", "How large is my family by now?", "我有几个孙辈？"),
    Planted("我外婆教我唱了一首渔歌。", "渔歌", "我外婆教我唱了什么？", "我娘的娘传给我什么调子？", "What did my grandmother teach me to sing?"),
    Planted("我在科举里落了三次榜。", "落了三次榜", "我科举考得怎么样？", "我读书求功名求成了没有？", "How did I fare in the imperial examinations?"),
    Planted("我身上带着一张官府的通缉令。", "通缉令", "我身上带着什么官府的东西？", "我怀里揣的是哪张告示？", "What paper of the authorities do I carry?"),
    Planted("我不敢吃辣，一吃就胃疼。", "胃疼", "我吃辣会怎么样？", "给我炒菜放不放花椒海椒？", "What happens when I eat spicy food?"),
    Planted("我的轻功是跟一个老乞丐学的。", "老乞丐", "我的轻功是跟谁学的？", "谁教我飞檐走壁的？", "Who taught me to leap over roofs?"),
    Planted("我家祖坟在青石岭。", "青石岭", "我家祖坟在哪里？", "清明我该去什么地方上香烧纸？", "Where are my ancestors buried?"),
    Planted("我跟隔壁的秀娥订了亲。", "秀娥", "我跟谁订了亲？", "我将来要娶的姑娘是哪位？", "To whom am I engaged?"),
    Planted("我每天五更起来打坐。", "五更", "我每天几时打坐？", "我一大早什么时辰醒，做什么功课？", "When do I get up to meditate?"),
    Planted("我的刀是用天外陨铁打的。", "陨铁", "我的刀是用什么打的？", "我的兵器是什么材料做成的？", "What is my blade made of?"),
    Planted("我想去京城告御状。", "御状", "我想去京城做什么？", "我进京是为了什么事？", "What do I want to do in the capital?"),
    Planted("我最得意的徒弟叫小石头。", "小石头", "我最得意的徒弟叫什么？", "我门下哪个弟子最出息？", "What is my best pupil called?"),
    Planted("我曾在大漠里迷路七天七夜。", "七天七夜", "我在大漠里迷路多久？", "我在沙地里找不着方向撑了多少日子？", "How long was I lost in the desert?"),
    Planted("我爹是被毒蛇咬死的。", "毒蛇", "我爹是怎么死的？", "我父亲因何去世？", "How did my father die?"),
    Planted("我的马车停在河对岸的芦苇丛里。", "芦苇", "我的马车停在哪里？", "我坐来的那辆车放在什么地方？", "Where is my carriage?"),
    Planted("我最喜欢下雪天。", "下雪天", "我最喜欢什么天气？", "外头怎么样的时候我心情最好？", "Which weather do I like best?"),
    Planted("我会说一点波斯话。", "波斯", "我会说哪国话？", "我懂什么番邦的言语？", "Which foreign tongue do I speak a little?"),
    Planted("我把银票都输给了马三爷。", "马三爷", "我把银票输给了谁？", "我的钱都叫什么人赢走了？", "To whom did I lose my money?"),
    Planted("我养了十二只鸽子，用来送信。", "鸽子", "我养了什么来送信？", "我靠什么给远处的人捎消息？", "What do I keep for sending letters?"),
    Planted("我姓欧阳，单名一个锋。", "欧阳", "我姓什么？", "我尊姓大名？", "What is my family name?"),
    Planted("我额头上的疤是小时候磕在石磨上留下的。", "石磨", "我额头上的疤是怎么来的？", "我脸上这道痕是怎么弄的？", "How did I get the scar on my forehead?"),
    Planted("我在镖局当趟子手。", "趟子手", "我在镖局当什么？", "我吃的是哪碗饭？", "What do I do at the escort agency?"),
    Planted("我每年冬天都要回岭南过年。", "岭南", "我冬天回哪里过年？", "我除夕在什么地方团圆？", "Where do I spend the new year?"),
]  # fmt: skip
"""Written before, and looked at only after all was chosen."""

_EN = (
    "{0} came in soaked to the skin and asked for soup.;They say {0} was seen near {1} after dark.;I met {0} on the way to {1}.;"
    "I helped {0} carry water from {1}.;{0} wants to borrow my lantern again.;Nobody goes to {1} since the storm.;"
    "The fog was so thick that I missed {1}.;I counted nine ravens over {1}.;{0} laughed at me for no reason.;"
    "I lost an hour looking for {1}.;It smelled of smoke all around {1}.;{0} and I had a quarrel about the fence.;"
    "I still have mud on my sleeves from {1}.;My turn at the watch was dull.;{0} swears that {1} is haunted.;"
    "I tried the soup at {1} and it was thin.;We waited for {0} until the candles burned down.;"
    "{0} gave me an apple for my trouble.;My lantern went out near {1}.;I was nearly hit by a wagon at {1}.;"
    "They are mending the roof of {1} at last.;{0} has a new hat and shows it to everyone.;I like how quiet {1} is in the evening.;"
    "My hands are cold from mending nets with {0}."
).split(";")
_EN_WHO = "the smith's wife;old Harl;a tinker;the reeve;two pilgrims;the goose girl;a drunken sailor;the new priest;Marta;the toll keeper".split(
    ";"
)
_EN_WHERE = "the quarry;the lower gate;the salt road;the chapel;the lime pits;the weir;the dyer's yard;Crow Hill;the jetty;the gallows oak".split(
    ";"
)
_ZH = (
    "{0}淋得一身湿，进门就要姜汤。;听说{0}天黑后去了{1}。;我去{1}的路上碰见了{0}。;我帮{0}从{1}挑了两担水。;{0}又来问我借灯笼。;"
    "自打那场大风，没人敢去{1}。;雾太大，我走过了{1}也不知道。;我在{1}数到九只乌鸦。;{0}平白无故冲我笑。;"
    "我找{1}找了半天。;{1}那边一股子烟味。;{0}跟我为了篱笆吵了一架。;我袖子上还沾着{1}的泥。;我守夜守得直打瞌睡。;"
    "{0}赌咒说{1}闹鬼。;我在{1}喝了碗汤，淡得像水。;我们等{0}等到蜡烛都烧完了。;{0}送了我一个梨。;我的灯笼走到{1}就灭了。;"
    "我在{1}差点叫大车撞了。;{1}的屋顶总算有人修了。;{0}戴了顶新帽子，见人就显摆。;我觉得{1}傍晚最清静。;我跟{0}补了一天的网，手都冻僵了。"
).split(";")
_ZH_WHO = "铁匠家的;老何头;一个补锅的;里正;两个香客;放鹅的丫头;一个醉汉;新来的道士;阿桂;看城门的".split(";")
_ZH_WHERE = "采石场;南门;盐道;土地庙;石灰窑;水坝;染布坊;乌鸦岭;栈桥;歪脖子树".split(";")
_ASKS = "Is the kitchen still open?;Who won the fight?;何时关门？;今儿有鱼吗？;Evening, keeper.;给我来壶茶。".split(";")


def other_chatter(seed: int) -> Iterator[str]:
    """What people say all day in other words than in ``bench.memory_talk``, without end."""
    dice = random.Random(seed)
    while True:
        zh = dice.random() < 0.5
        said, who, where = (_ZH, _ZH_WHO, _ZH_WHERE) if zh else (_EN, _EN_WHO, _EN_WHERE)
        text = dice.choice(said).format(dice.choice(who), dice.choice(where))
        yield dice.choice(_ASKS) if dice.random() < 0.25 else text[0].upper() + text[1:]
