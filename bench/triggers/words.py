"""Words that patterns and lines are made of.

A word of two halves is known by a number.  Triggers are about the low numbers; lines that must not set them off are
about the high ones, but for those that come near.
"""

from __future__ import annotations

from collections.abc import Sequence


def _split(text: str, joint: str | None = None) -> Sequence[str]:
    return text.split(joint)


TRIGGERED = 420
"""Numbers below this belong to triggers."""
OTHERS = range(600, 1600)
"""Numbers that no trigger is about."""

WHO = _split(
    "Aldric Brenna Cormac Dagny Edmund Freya Gareth Helga Ingmar Jocasta Kestrel Lothar Mirela Nerys "
    "Osric Petra Quillan Rowena Sigurd Tamsin Ulric Vesna Wystan Yrsa Zoltan Anselm Birgit Cyprian "
    "Dorothea Emeric"
)
WHO_ZH = _split("张三丰 李寻欢 王重阳 赵敏 周伯通 黄蓉 郭靖 杨过 令狐冲 任盈盈 段誉 乔峰 虚竹 阿朱 慕容复 陆小凤")
PARTS = _split("left arm|right arm|left leg|right leg|head|chest|back|neck|left hand|right hand", "|")
WAYS = _split("north south east west")
CHANNELS = _split("Gossip Auction Newbie Music Trade Clan Quest")
CHANNELS_ZH = _split("闲聊 谣言 门派 江湖 交易 新手")
POWERS = _split("energy power light malice heat frost")
HOW = ("in perfect health", "slightly hurt", "badly wounded", "almost dead")
GOLD = _split("三百 五千 二十 七百八十 九十九 一千二百")

_ADJECTIVES = _split(
    "rusty gleaming crimson jade obsidian silver runed cracked gilded ashen ivory twisted ancient hollow "
    "burning frozen spectral weathered notched polished copper leaden azure scarlet emerald amber sable "
    "pearl thorned barbed serrated heavy slender curved blessed cursed etched braided bone iron"
)
_NOUNS = _split(
    "sabre dagger halberd longbow warhammer glaive rapier buckler gauntlet helm cloak amulet goblet "
    "lantern scroll quiver tunic sceptre flail trident mask girdle pendant chalice spyglass horn drum "
    "flute censer brooch circlet satchel vial tome orb idol banner sickle whip anvil"
)
_SPELL = _split(
    "frost ember thunder shadow spirit stone wind blood moon sun star mist vine dream death life dust "
    "salt ash rain storm venom mirror silence fear hope rage sleep stun web acid chaos order void dawn "
    "dusk tide flame earth steel"
)
_CAST = _split(
    "ward bolt shield lance veil storm nova grasp mantle curse blessing wall spike ring chain breath "
    "touch gaze song hymn mark seal rift surge pulse cloud swarm beam burst bind snare echo charm hex "
    "rune sigil pact bane balm aura"
)
_WILD = _split(
    "swamp cave mountain desert forest marsh tundra jungle river sea hill plague war dire giant pygmy "
    "elder young mad blind rabid feral undead winged horned scaled hairy two-headed one-eyed starving "
    "shaggy pale black white grey red brown spotted striped fanged"
)
_BEASTS = _split(
    "troll ogre goblin wolf bear spider serpent bat boar hawk crab scorpion lizard rat hound panther lion "
    "tiger elephant rhino vulture crow eel shark squid toad newt beetle wasp hornet golem wraith ghoul "
    "imp satyr centaur harpy griffin drake wyrm"
)
_PLACE = _split(
    "Whispering Broken Silent Golden Sunken Burning Forgotten Crooked Hidden Winding Misty Narrow Grand "
    "Ruined Old Upper Lower Northern Southern Eastern Western Royal Abandoned Haunted Verdant Stony Sandy "
    "Windy Shaded Moonlit Lonely Busy Dusty Flooded Frozen Cobbled Marble Wooden Painted Vaulted"
)
_SITES = _split(
    "Gate Bridge Market Temple Alley Hall Tower Garden Cellar Road Square Library Docks Mill Chapel "
    "Barracks Cavern Crypt Orchard Courtyard Stairs Tunnel Clearing Glade Shore Pier Forge Tavern Inn "
    "Stable Vault Shrine Bazaar Theatre Quarry Mine Well Ford Moor Ridge"
)
_MOVES = _split(
    "白虹 飞龙 神龙 金雁 玉女 仙人 苍松 古柏 流星 明月 寒梅 落英 狂风 惊涛 灵蛇 猛虎 大鹏 孤鹤 乌龙 青鸾 "
    "铁锁 横云 分花 推窗 倒卷 回首 顺手 叶底 海底 空山 平沙 长虹 夜叉 罗汉 金刚 童子 力士 天女 紫燕 黑熊"
)
_MOVED = _split(
    "贯日 在天 摆尾 横空 穿梭 指路 迎客 森森 赶月 当空 吐蕊 缤纷 扫叶 拍岸 出洞 下山 展翅 唳天 探海 衔书 "
    "横江 断峰 拂柳 望月 珠帘 揽胜 推舟 藏花 捞针 鸟语 落雁 经天 巡海 撞钟 伏魔 拜佛 开山 散花 剪水 翻身"
)
_ARTS = _split(
    "太极 少林 武当 峨嵋 华山 昆仑 崆峒 青城 雪山 天山 逍遥 日月 五毒 全真 古墓 桃花 白驼 丐帮 唐门 明教 "
    "星宿 恒山 泰山 衡山 嵩山 点苍 长白 铁掌 金龙 血刀 灵鹫 移花 神水 铁血 飞鹰 黑木 燕子 红莲 玄冥 北冥"
)
_KINDS = _split(
    "剑法 刀法 掌法 拳法 指法 爪法 腿法 棍法 枪法 鞭法 斧法 钩法 暗器 轻功 内功 心法 身法 步法 手法 阵法 "
    "毒术 医术 琴技 棋艺 书法 画艺 刺法 锤法 杖法 笔法 扇法 箭法 吐纳 擒拿 点穴 易容 驯兽 炼丹 铸造 口诀"
)
_MADE_OF = _split(
    "青铜 玄铁 白玉 黑檀 紫金 寒冰 赤铜 翡翠 琥珀 珊瑚 玛瑙 水晶 乌木 紫檀 红木 象牙 犀角 虎骨 龙鳞 凤羽 "
    "蛟皮 鹿皮 牛皮 蚕丝 云锦 粗布 麻布 生铁 精钢 黄金 白银 珍珠 琉璃 陶土 竹编 藤条 松木 柳枝 石刻 骨制"
)
_THINGS = _split(
    "宝剑 长刀 匕首 铁枪 短斧 软鞭 双钩 折扇 玉佩 香囊 酒壶 茶杯 灯笼 竹笛 古琴 棋盘 卷轴 令牌 面具 斗笠 "
    "披风 战靴 护腕 腰带 头盔 铠甲 盾牌 弓箭 药瓶 丹炉 算盘 钱袋 钥匙 铜镜 木鱼 念珠 拂尘 罗盘 火把 绳索"
)


def _both(firsts: Sequence[str], seconds: Sequence[str], joint: str) -> tuple[str, ...]:
    """All pairs, in an order in which neighbours share neither half."""
    size = len(seconds)
    assert len(firsts) == size == 40
    return tuple(f"{firsts[k % size]}{joint}{seconds[(k // size + k) % size]}" for k in range(size * size))


KINDS = {
    "item": _both(_ADJECTIVES, _NOUNS, " "),
    "spell": _both(_SPELL, _CAST, " "),
    "creature": _both(_WILD, _BEASTS, " "),
    "place": _both(_PLACE, _SITES, " "),
    "move": _both(_MOVES, _MOVED, ""),
    "skill": _both(_ARTS, _KINDS, ""),
    "thing": _both(_MADE_OF, _THINGS, ""),
}
"""1,600 words of each kind."""
