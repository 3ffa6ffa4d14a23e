"""Text that is none, by its looks: odd words, loose words, the same again and again.  Pure."""

from __future__ import annotations

import re
from collections import Counter

from mudbot.mind.cleaning import units_of
from mudbot.mind.shape import Language


def repeats(text: str) -> bool:
    """The same words again and again."""
    if re.search(r"(.{2,60}?)(?:[\s,.!?，。！？、]*\1){3,}|(\w)\2{5,}", text, re.IGNORECASE):
        return True
    units = units_of(text)
    sentences = Counter(part.strip().casefold() for part in re.split(r"[.!?。！？]", text) if len(part.strip()) > 5)
    return max(sentences.values(), default=0) >= 3 or (len(units) >= 16 and len(set(units)) < 0.35 * len(units))


_FUNCTION_TEXT = """
    a about after again all am an and any are as ask at away aye back be been before but by can come could day did do
    does don't down ever every few find for friend from get give go good had has have he hear her here him his how i
    i'd i'll i'm i've if in inn into is it it's its just keep know let like little long made make many may me more much
    must my never new no none nor not nothing now of off old on once one only or our out over own please say see she
    should since so some still such take tell than that that's the their them then there there's these they this those
    three through till to too two under until up upon us very want was we welcome well were what when where which while
    who whom why will with without won't would yes yet you you'll you're your
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())
_COMMON_HAN = frozenset(
    "的一是了不在有人我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知"
    "全三又关点正业外将两高间由问很最重并物手应向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任"
    "常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必"
    "场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告"
    "类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运您呢吧吗啊哪谁客官请坐酒茶饭吃喝钱店房楼银八六七九百哎唉呀快慢坏累歇休喂嗯嘛哦您俺爷娘爹女儿夜晚早春夏秋冬风雨雪火炉热冷天气河山寺庙街"
)


def garbled(text: str, known: str) -> bool:
    """More signs than letters, or words that are none, unless they are in *known*."""
    letters = sum(character.isalpha() for character in text)
    signs = sum(not character.isalnum() and not character.isspace() for character in text)
    if len(text) >= 16 and signs > 0.3 * (letters + signs):
        return True
    if re.search(r"[^\w\s]{5,}", text.replace("……", "").replace("——", "").replace("...", "")):
        return True
    words = [word for word in re.findall(r"[A-Za-z0-9'’-]+", text) if word.casefold() not in known]
    return any(_odd_word(word) for word in words)


def loose(text: str, language: Language) -> bool:
    """No word in it that holds sentences together."""
    return _loose_han(text) if language == "zh" else _loose_english(text)


def _odd_word(word: str) -> bool:
    if re.search(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]{3,}", word) or len(word) > 24:
        return True  # camelCase, a1b2, or no end
    return any(len(part) >= 5 and not re.search(r"[aeiouyAEIOUY]", part) for part in re.split(r"['’-]", word))


def _loose_english(text: str) -> bool:
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text.casefold().replace("’", "'"))
    held = sum(word in _FUNCTION_WORDS for word in words)
    return len(words) >= 6 and held < max(1, 0.12 * len(words))


def _loose_han(text: str) -> bool:
    han = re.findall(r"[\u3400-\u9fff]", text)
    held = sum(character in _COMMON_HAN for character in han)
    return (len(text) >= 4 and not han) or (len(han) >= 8 and held < max(1, 0.2 * len(han)))
