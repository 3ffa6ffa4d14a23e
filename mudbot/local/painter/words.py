"""Which things a prompt asks for: keywords in English and Chinese (simplified and traditional).  Pure."""

from __future__ import annotations

import re
import unicodedata

MAX_PROMPT = 4000
"""Characters of a prompt that are read for keywords; image APIs cut at a similar length."""

_ENGLISH = {
    "mountain": "mountain mountainous mount mt ridge peak cliff hill hillside crag summit gorge canyon valley ravine",
    "lake": "lake pond pool lagoon water swamp marsh",
    "river": "river riverbank stream brook creek ford rapids ferry",
    "sea": "sea ocean beach coast seashore harbor harbour bay island isle tide wave",
    "boat": "boat ferry ferryman ship raft junk canoe barge sampan fisherman fishermen",
    "waterfall": "waterfall cascade cataract",
    "bridge": "bridge footbridge",
    "pine": "pine pinewood fir cedar conifer spruce evergreen cypress",
    "bamboo": "bamboo",
    "willow": "willow",
    "maple": "maple autumn autumnal",
    "blossom": "blossom plum peach cherry orchard flower garden",
    "bare": "withered leafless barren graveyard cemetery",
    "forest": "forest woods woodland grove tree jungle thicket",
    "reeds": "reed marsh swamp rushes",
    "grass": "grass grassland steppe meadow field prairie pasture",
    "temple": "temple pagoda monastery shrine abbey",
    "palace": "palace",
    "inn": "inn tavern pub teahouse alehouse hostel",
    "village": "village villager hamlet house hut cottage cabin farm farmhouse town",
    "stronghold": "stronghold fortress fort castle citadel bandit city gate gatehouse watchtower rampart battlement",
    "street": "street alley lane bazaar marketplace market avenue square plaza",
    "stalls": "stall market marketplace bazaar vendor peddler",
    "room": "room bedroom kitchen cellar chamber corridor hallway indoor indoors interior storeroom pantry taproom",
    "table": "table",
    "jars": "jar jug urn wine",
    "stove": "stove hearth fireplace oven",
    "furnishing": "ceiling floor wall shelf shelves counter bench cupboard hall inside",
    "cave": "cave cavern grotto tunnel mine dungeon underground den lair crypt",
    "desert": "desert dune oasis",
    "smoke": "smoke beacon",
    "camels": "camel caravan",
    "sun": "sun sunny sunlight",
    "dawn": "dawn sunrise morning daybreak",
    "dusk": "sunset dusk twilight evening sundown",
    "night": "night nighttime midnight darkness dark",
    "moon": "moon moonlight moonlit moonrise",
    "crescent": "crescent",
    "stars": "star starry starlight",
    "mist": "mist misty fog foggy haze hazy",
    "clouds": "cloud cloudy overcast",
    "rain": "rain rainy raining drizzle downpour storm stormy thunderstorm rainstorm",
    "lightning": "lightning thunder thunderstorm thunderbolt",
    "snow": "snow snowy snowing snowfall winter ice icy frost frozen blizzard",
    "cranes": "crane heron egret",
    "birds": "bird goose geese swallow crow raven eagle hawk gull",
    "figure": (
        "traveller traveler monk swordsman swordswoman warrior hermit man woman men women pilgrim scholar wanderer "
        "hero knight master guard merchant figure stranger soldier beggar girl boy"
    ),
    "lantern": "lantern lamp candle torch torches",
    "fire": "fire campfire bonfire flame firelight",
    "blood": "blood bloody demon demonic evil hell ghost crimson",
    "graves": "grave graveyard cemetery tomb tombstone gravestone",
    "path": "path road trail footpath stair steps",
}

_CHINESE = {
    "mountain": "山|峰|岭|嶺|崖|谷(?!物)|峡|峽|岳(?!父|母)|嶽",
    "lake": "湖(?<!江湖)|水|池|潭|泊|沼|泽|澤",
    "river": "江(?!湖)|河|溪|渡口|渡船|摆渡|川|涧|澗",
    "sea": "海|岛|島|海洋|港|浪(?!漫|费|費)",
    "boat": "船|舟|帆|渡口|渡船|摆渡|筏|渔|漁|艇",
    "waterfall": "瀑",
    "bridge": "桥|橋",
    "pine": "松(?!开|開|手|弛)|柏|杉",
    "bamboo": "竹",
    "willow": "柳",
    "maple": "枫|楓|秋|红叶|紅葉",
    "blossom": "梅|桃|樱|櫻|杏|花",
    "bare": "枯|坟|墳",
    "forest": "林|树|樹",
    "reeds": "芦|蘆|苇|葦|沼",
    "grass": "草原|草地|草甸|田|原野|平原|牧场|牧場",
    "temple": "寺|庙|廟|塔|道观|道觀|禅院|禪院|祠",
    "palace": "宫|宮|殿",
    "inn": "客栈|客棧|酒|茶馆|茶館|茶楼|茶樓|驿|驛|饭馆|飯館",
    "village": "村|庄(?!严)|莊(?!嚴)|镇|鎮|屋|舍|店|院|宅",
    "stronghold": "寨|堡|城|雄关|雄關|边关|邊關|关隘|關隘|营地|營地|山贼|山賊|强盗|強盜|土匪",
    "street": "街|市集|集市|巷|市场|市場|胡同|坊",
    "stalls": "摊|攤|市集|集市|市场|市場|小贩|小販",
    "room": "房间|房間|大堂|大厅|大廳|客厅|客廳|室内|室內|屋内|屋內|屋里|屋裡|厨房|廚房|卧室|臥室|书房|書房|厢房|地窖",
    "table": "桌|案几",
    "jars": "坛|罈|缸|酒壶|酒壺|瓮|酒",
    "stove": "炉|爐|灶|火塘",
    "furnishing": "墙壁|牆壁|柜台|櫃檯|地板|天花板|长凳|長凳|椅|厅|廳|店内|店內|书架|書架",
    "cave": "洞(?!庭)|窟|地牢|地下|隧道|密道|矿|礦",
    "desert": "大漠|沙漠|戈壁|沙丘|黄沙|黃沙|绿洲|綠洲",
    "smoke": "烟(?!雾|雨|波|霞|花)|煙(?!霧|雨|波|霞|花)|烽火",
    "camels": "驼|駝|商队|商隊",
    "sun": "太阳|太陽|落日|红日|紅日|日出|日落|旭日|烈日|夕阳|夕陽|朝阳|朝陽",
    "dawn": "晨|黎明|日出|破晓|破曉|拂晓|拂曉|朝霞|朝阳|朝陽|清早|旭日",
    "dusk": "夕|黄昏|黃昏|暮|日落|落日|傍晚|晚霞",
    "night": "夜|三更|黑暗",
    "moon": "月(?!份)",
    "crescent": "月牙|弯月|彎月|残月|殘月|新月",
    "stars": "星(?!期)",
    "mist": "雾|霧|烟雨|煙雨|霭|靄|岚|嵐|烟波|煙波",
    "clouds": "云|雲",
    "rain": "雨|风暴|風暴",
    "lightning": "雷|闪电|閃電",
    "snow": "雪|冬|冰|霜",
    "cranes": "鹤|鶴|鹭|鷺",
    "birds": "鸟|鳥|雁|燕|鸦|鴉|鹰|鷹|鸥|鷗",
    "figure": (
        "侠|俠|僧|道士|旅人|行人|剑客|劍客|老人|老者|老翁|书生|書生|樵夫|和尚|少年|姑娘|女子|男子|人影|武士|将军|將軍|士兵|"
        "乞丐|弟子|隐士|隱士"
    ),
    "lantern": "灯|燈|烛|燭|火把",
    "fire": "篝火|火堆|营火|營火|烈火|火焰",
    "blood": "血|魔|妖|鬼|邪",
    "graves": "坟|墳|墓|陵|碑",
    "path": "路|小径|小徑|石阶|石階|台阶|臺階|古道|山道|栈道|棧道",
}

_IRREGULAR = {"cherry": "cherries", "city": "cities"}

# Words about the manner of painting, not about what is to be painted: "watercolour" asks for no water.
_MANNER = re.compile(r"ink[- ]?wash|water[- ]?colou?rs?|landscape painting|水墨|水彩|山水画|山水畫|国画|國畫")
_DENIED = re.compile(r"(?<![a-z])(?:no|without(?: an?| any| the)?)\s+[a-z]+|没有(?:任何)?.{1,2}|沒有(?:任何)?.{1,2}")

# What follows from what, in this order.
_IMPLIED = (
    ("crescent", "moon"),
    ("moon", "night"),
    ("stars", "night"),
    ("lightning", "rain"),
    ("camels", "desert"),
    ("stalls", "street"),
    ("graves", "bare"),
)
_TIMES = frozenset({"dusk", "dawn"})
"""Where one of these was asked for, a moon does not make it night."""


def _english(words: str) -> re.Pattern[str]:
    forms = "|".join(f"{word}|{_IRREGULAR[word]}" if word in _IRREGULAR else word for word in words.split())
    return re.compile(rf"(?<![a-z])(?:{forms})(?:e?s)?(?![a-z])")


_PATTERNS = {
    name: (_english(words), re.compile(_CHINESE[name])) if name in _CHINESE else (_english(words),)
    for name, words in _ENGLISH.items()
}
KEYWORDS = frozenset(_PATTERNS)
"""Every class of keyword."""

_WATER = frozenset({"lake", "river", "sea"})
_ROOMY = frozenset({"table", "jars", "stove", "furnishing"})
_ANYWHERE = frozenset({"lantern", "fire", "figure", "night", "dusk", "dawn"})


def wishes(prompt: str) -> frozenset[str]:
    """The classes of keywords in *prompt*, with what they imply; empty if there are none.

    English words count as whole words ("pine" is not in "opinion"), in singular and plural; what is denied ("no moon",
    "without snow") does not count.  Only the first ``MAX_PROMPT`` characters are read.
    """
    text = unicodedata.normalize("NFKC", prompt[:MAX_PROMPT]).casefold()
    text = _DENIED.sub(" ", _MANNER.sub(" ", text))
    found = {name for name, patterns in _PATTERNS.items() if any(pattern.search(text) for pattern in patterns)}
    for name, implied in _IMPLIED:
        if name in found and not (implied == "night" and found & _TIMES):
            found.add(implied)
    return frozenset(_settled(found))


def _settled(found: set[str]) -> set[str]:
    """Choose between what cannot stand in one picture, and decide whether the scene is a room."""
    # A single table may stand in a garden; a room is asked for by name or by two of its things.
    # ... or by one, if nothing in the prompt is out of doors.
    things = found & _ROOMY
    if len(things) >= 2 or (things and not found - _ROOMY - _ANYWHERE):
        found.add("room")
    for better, lesser in (("night", "dusk"), ("night", "dawn"), ("dusk", "dawn")):
        if better in found:
            found.discard(lesser)
    if found & {"boat", "bridge"} and not found & _WATER:
        found.add("river" if "bridge" in found else "lake")
    for better, lesser in (("sea", "lake"), ("sea", "river"), ("lake", "river")):
        if better in found:
            found.discard(lesser)
    return found
