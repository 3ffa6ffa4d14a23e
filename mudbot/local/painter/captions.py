"""What the things in a picture are called, and the sentence that says honestly what was drawn."""

from __future__ import annotations

NAMES: dict[str, tuple[str, str]] = {
    "mountains": ("mountains", "群山"),
    "hills": ("low hills", "丘陵"),
    "dunes": ("desert dunes", "大漠沙丘"),
    "mist": ("mist", "雾"),
    "clouds": ("clouds", "云"),
    "dawn": ("a dawn sky", "晨曦"),
    "dusk": ("an evening sky", "暮色"),
    "night": ("a night sky", "夜色"),
    "red sky": ("a blood-red sky", "血色天空"),
    "sun": ("a red sun", "红日"),
    "moon": ("a full moon", "圆月"),
    "crescent moon": ("a crescent moon", "弯月"),
    "stars": ("stars", "星星"),
    "lightning": ("lightning", "闪电"),
    "rain": ("rain", "雨"),
    "snow": ("snow", "雪"),
    "lake": ("a lake", "湖"),
    "river": ("a river", "河"),
    "sea": ("the sea", "海"),
    "waterfall": ("a waterfall", "瀑布"),
    "boat": ("a boat", "小船"),
    "bridge": ("a bridge", "拱桥"),
    "reeds": ("reeds", "芦苇"),
    "grass": ("grass", "草"),
    "rocks": ("rocks", "岩石"),
    "path": ("a path", "小路"),
    "pines": ("pines", "松树"),
    "bamboo": ("bamboo", "竹子"),
    "willow": ("a willow", "柳树"),
    "maple": ("a red maple", "红枫"),
    "blossom": ("a blossoming tree", "花树"),
    "trees": ("trees", "树林"),
    "bare tree": ("a bare tree", "枯树"),
    "pagoda": ("a pagoda", "宝塔"),
    "palace": ("a palace", "宫殿"),
    "inn": ("an inn", "客栈"),
    "houses": ("houses", "房屋"),
    "stronghold": ("a stronghold", "山寨城堡"),
    "street": ("a street", "街道"),
    "stalls": ("market stalls", "货摊"),
    "people": ("people", "行人"),
    "room": ("a room", "屋内"),
    "window": ("a round window", "圆窗"),
    "tables": ("tables", "桌子"),
    "jars": ("jars", "坛子"),
    "stove": ("a stove", "炉灶"),
    "scroll": ("a hanging scroll", "挂轴"),
    "lantern": ("a lantern", "灯笼"),
    "fire": ("a fire", "篝火"),
    "smoke": ("a column of smoke", "一缕孤烟"),
    "camels": ("camels", "骆驼"),
    "cranes": ("cranes", "仙鹤"),
    "birds": ("birds", "飞鸟"),
    "figure": ("a lone figure", "独行者"),
    "cave": ("a cave", "山洞"),
    "graves": ("gravestones", "墓碑"),
}
"""Name of a thing (as in ``Painting.drawn``): how a caption calls it in English and in Chinese."""


def caption(drawn: tuple[str, ...], language: str) -> str:
    """One sentence that lists *drawn*, in Chinese for a *language* of ``zh`` or ``zh-...``, otherwise in English."""
    chinese = language.lower().startswith("zh")
    phrases = [NAMES[name][chinese] for name in drawn]
    if "mist" in drawn and "mountains" in drawn:
        phrases = [phrase for name, phrase in zip(drawn, phrases, strict=True) if name not in {"mist", "mountains"}]
        phrases.insert(0, "云雾中的群山" if chinese else "misty mountains")
    if chinese:
        return f"水墨：{'、'.join(phrases)}。"
    return f"Ink wash: {', '.join(phrases)}."
