"""Whether a model's answer may be said in the character's name.

Pure.  First the answer is cleaned of what models add around speech; then each rule may refuse it, and the reason says
which.  The rules know what small models get wrong: they disclose themselves, name their vendor or a real politician,
recite the prompt, slip into another script, loop, or talk nonsense.  A refused answer is asked for once more, then one
of the persona's own lines is said, so a rule may be strict where the character would hardly say the words anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mudbot.mind.context import Prompt
from mudbot.mind.persona import Persona

MAX_ANSWER = 320
"""Characters that are said at most; more is cut at the last sentence end.  70 tokens are about 280 letters."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ok``: ``text`` may be said.  Otherwise ``reason`` names the rule that refused it, for the log."""

    ok: bool
    text: str
    reason: str | None = None


def check(answer: str, *, persona: Persona, prompt: Prompt, asked: str) -> Verdict:
    """*answer* cleaned, and whether the character may say it in reply to *asked*.

    *prompt* is what the model was shown: an answer that recites it is refused, and the people in it may be named.
    """
    if reason := _raw(answer):
        return Verdict(ok=False, text="", reason=reason)
    text = _without_question(clean(answer, prompt), asked)
    known = _known(persona, prompt, asked)
    rules: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("empty", lambda: not any(character.isalnum() for character in text)),
        ("discloses a model", lambda: _discloses(text, prompt)),
        ("real politician", lambda: _POLITICIANS.search(f"{asked}\n{text}") is not None),
        ("forbidden words", lambda: _says_any(text, persona.never)),
        ("recites the prompt", lambda: _recites(text, persona)),
        ("echo", lambda: _echoes(text, asked, prompt.speaker)),
        ("wrong script", lambda: _wrong_script(text, persona, known)),
        ("repetition", lambda: _repeats(text)),
        ("garbage", lambda: _garbage(text, persona, known)),
        ("cut off", lambda: _cut_off(text)),
    )
    for reason, refuses in rules:
        if refuses():
            return Verdict(ok=False, text=text, reason=reason)
    return Verdict(ok=True, text=text)


# -- cleaning ------------------------------------------------------------------------------------------------------

_PAIRS = {'"': '"', "“": "”", "「": "」", "『": "』", "'": "'", "‘": "’", "«": "»"}
_DIRECTION = re.compile(r"\*[^*]{1,80}\*|^\s*[(（][^()（）]{1,80}[)）]|[(（][^()（）]{1,80}[)）]\s*$")
_END = re.compile(r"[.!?…。！？](?:[\"'”’」』)）]*)(?=\s|$|[\u4e00-\u9fff“「])")


def clean(answer: str, prompt: Prompt) -> str:
    """The spoken words in *answer* on one line: no name in front, quotes around, stage directions, half a sentence."""
    lines = [line.strip() for line in answer.strip().splitlines() if line.strip()]
    names = "|".join(re.escape(name) for name in sorted(prompt.names, key=len, reverse=True))
    says = r"(?:says|said|replies|answers|说道?|答道?|笑道|回道)\s*[,:，：]"
    lead = re.compile(rf"^(?:{names})\s*(?:[:：]|{says})\s*", re.IGNORECASE)
    text = ""
    for line in lines:
        own = lead.sub("", line)
        if text and (own != line or line[0] in "(（" or re.match(r"[^\s:：]{1,24}(?: [^\s:：]{1,24})?[:：]", line)):
            break  # the next speaker's line, or the next note: the model went on with the script
        text = f"{text} {own}".strip()
    # In the middle of a line only the name of somebody in the talk, with a colon, counts as the next speaker.
    text = re.split(rf"(?<=[\s.!?。！？])(?:{names})\s*[:：]", text, maxsplit=1)[0].strip()
    text = _DIRECTION.sub(" ", text).replace("*", "").replace("~", "")
    text = _whole_sentences(_unquote(" ".join(text.split())))
    for opening, closing in (("(", ")"), ("（", "）"), ("“", "”"), ("「", "」")):
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    return " ".join(text.replace('"', "" if text.count('"') % 2 else '"').split())


def _unquote(text: str) -> str:
    while len(text) > 2 and _PAIRS.get(text[0]) == text[-1] and text[1:-1].count(text[0]) == 0:
        text = text[1:-1].strip()
    if text[:1] in _PAIRS and text[:1] != "'" and _PAIRS[text[0]] not in text[1:]:
        text = text[1:].strip()  # opened and never closed: the answer was cut, or the end was the stop text
    return text


def _whole_sentences(text: str) -> str:
    """*text* up to its last sentence end; as it is if it has none (a short answer needs no full stop)."""
    ends = [match.end() for match in _END.finditer(text) if match.end() <= MAX_ANSWER]
    return text[: ends[-1]] if ends else text


def _without_question(text: str, asked: str) -> str:
    """*text* without the question that small models like to say back before they answer it."""
    first = _END.search(text)
    if first and first.end() < len(text) and len(_units(asked)) >= 4 and _units(text[: first.end()]) == _units(asked):
        return text[first.end() :].strip()
    return text


def _cut_off(text: str) -> bool:
    """No sentence ends in it, and it is longer than an answer that does without a full stop."""
    return _END.search(text) is None and len(text) > (120 if text.isascii() else 40)


# -- rules ---------------------------------------------------------------------------------------------------------

_MARKUP = re.compile(
    r"```|`[^`]+`|\*\*|^\s*#{1,6}\s|https?://|www\.|\b[\w-]+\.(?:com|org|net|cn|io)\b|</?[a-z][^>]{0,40}>|"
    r"\b(?:def|import|print|return|function|console|SELECT)\b\s*[(\w]*[({=;]|\w\(\)|[{}<>`\\|_=^]",
    re.MULTILINE,
)
_TOKEN = re.compile(r"<\s*[|｜]|[|｜]\s*>|</?s>|\[/?INST\]|<<SYS>>|</?think>|<(?:start|end)_of_turn>", re.IGNORECASE)

# A character that denies being a program breaks its part as much as one that admits it: both are refused.
_DISCLOSURE = re.compile(
    r"\b(?:a\.?i\.?|chat ?bots?|artificial intelligence|language models?|virtual assistants?)\b"
    r"|\bas an? (?:assistant|machine|program)\b"
    r"|\bi(?:'m|’m| am) (?:not )?(?:just |only )?an? (?:[a-z]+ )?(?:assistant|bot|program|machine|model|computer)\b"
    r"|\bmy (?:training|instructions|prompt|creators|developers|programming)\b|\b(?:system|initial) prompt\b"
    r"|\btrained (?:on|by)\b|\bassist you (?:today|with)\b"
    r"|\b(?:can't|can’t|cannot|unable to) (?:assist|fulfill|comply|help (?:you )?with (?:that|this))\b"
    r"|\b(?:can't|can’t|cannot|can not|unable to) (?:provide|generate|access|browse|engage)\b"
    r"|人工智能|语言模型|大模型|机器人|(?:智能|虚拟|编程|AI)助手|(?:是|作为|做为)(?:一[个名位款])?(?:AI|助手|程序|模型)"
    r"|我(?:不过|只|就)?(?:不)?是(?:个|一[个台部])?(?:机器|程序|电脑|软件|模型)"
    r"|训练数据|我的(?:开发者|指令|提示词)|系统提示|被(?:设计|训练|开发)|(?<![A-Za-z])AI(?![A-Za-z])"
    r"|(?:无法|不能)(?:为您|为你)?(?:提供|满足|协助|完成|执行)(?:您|你|这|该|任何|相关)",
    re.IGNORECASE,
)
_VENDORS = re.compile(
    # Not \b: a 汉字 beside a Latin letter is no word boundary to it.
    r"(?<![a-z])(?:open\s?ai|chat\s?gpt|gpt(?:-?\d)?|anthropic|claude|deep\s?seek|qwen|tongyi|alibaba(?: cloud)?|"
    r"google|gemini|microsoft|copilot|meta ai|llama|mistral|hugging ?face|smollm|baidu|ernie bot|kimi|moonshot|zhipu|"
    r"chatglm)(?![a-z])"
    r"|阿里云|阿里巴巴|通义|千问|文心一言|百度|腾讯|深度求索|智谱|豆包|月之暗面|谷歌|微软",
    re.IGNORECASE,
)
# Living heads of state and party, and the dead ones that models are fondest of.  "Trump" wants its capital: one may
# trump a card.  Names that many people bear (Bush, 李强) stand with a first name or not at all.
_POLITICIANS = re.compile(
    r"(?<![a-z])(?:donald trump|(?-i:Trump)(?! card)|(?:joe )?biden|(?:barack )?obama|(?:vladimir )?putin|zelensky+|"
    r"xi jinping|mao zedong|chairman mao|deng xiaoping|hu jintao|jiang zemin|kamala harris|(?:hillary|bill) clinton|"
    r"george (?:w\.? |h\.? ?w\.? )?bush|george washington|abraham lincoln|(?:franklin|theodore) roosevelt|"
    r"ronald reagan|john f\.? kennedy|richard nixon|angela merkel|(?:emmanuel )?macron|boris johnson|keir starmer|"
    r"margaret thatcher|winston churchill|narendra modi|netanyahu|erdo[gğ]an|kim jong[- ]?\w+|shinzo abe|hitler|stalin|"
    r"vladimir lenin|mussolini|lula da silva|bolsonaro|justin trudeau|tsai ing-wen)(?![a-z])"
    r"|习近平|习主席|毛泽东|毛主席|邓小平|江泽民|胡锦涛|温家宝|李克强|朱镕基|周恩来|蒋介石|特朗普|川普|拜登|奥巴马|克林顿|"
    r"小布什|哈里斯|华盛顿|林肯|罗斯福|肯尼迪|尼克松|里根|普京|泽连斯基|马克龙|默克尔|撒切尔|丘吉尔|莫迪|安倍晋三|金正恩|"
    r"蔡英文|赖清德|马英九|希特勒|斯大林|列宁|墨索里尼|内塔尼亚胡",
    re.IGNORECASE,
)


def _raw(answer: str) -> str | None:
    """What is refused before cleaning, since cleaning could hide it."""
    if _TOKEN.search(answer):
        return "control token"
    strange = (c for c in answer if c == "\ufffd" or unicodedata.category(c) in ("Cc", "Co", "Cs", "Cn"))
    if any(c not in "\n\r\t" for c in strange):
        return "garbage"
    return "markup" if _MARKUP.search(answer) else None


def _says_any(text: str, words: Iterable[str]) -> bool:
    return any(
        re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text, re.IGNORECASE) for word in words if word.strip()
    )


def _discloses(text: str, prompt: Prompt) -> bool:
    """Speaks of itself as a program, or names a vendor (unless somebody in the talk is called so: Claude)."""
    if _DISCLOSURE.search(text):
        return True
    people = {name.casefold() for name in prompt.names}
    return any(match.group().casefold() not in people for match in _VENDORS.finditer(text))


def _units(text: str) -> list[str]:
    """Words of letters, and each 汉字 for itself."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[\u3400-\u9fff]", text.casefold().replace("’", "'"))


def _longest_run(units: list[str], source: list[str]) -> int:
    best, previous = 0, [0] * (len(source) + 1)
    for unit in units:
        current = [0] * (len(source) + 1)
        for place, other in enumerate(source, 1):
            if unit == other:
                current[place] = previous[place - 1] + 1
                best = max(best, current[place])
        previous = current
    return best


def _recites(text: str, persona: Persona) -> bool:
    """A long run of the persona's description or style, or three facts or more word by word.

    To answer with one fact, or two, is what the facts are for.
    """
    units = _units(text)
    long = 20 if persona.language == "zh" else 12  # shorter is an introduction: "I am Old Chen, the innkeeper of ..."
    if any(_longest_run(units, _units(part)) >= long for part in (persona.description, persona.style)):
        return True
    runs = [_longest_run(units, _units(fact)) for fact in persona.facts]
    return sum(run for run in runs if run >= 6) >= (40 if persona.language == "zh" else 30)


_SAY = frozenset({"say", "repeat", "write", "print", "shout", "answer", "output", "说", "念", "写", "喊", "复"})


def _echoes(text: str, asked: str, speaker: str) -> bool:
    """Says back a piece of what was said and nothing else.  A greeting is too short for that, but not after "say"."""
    said, heard, name = _units(text), _units(asked), _units(speaker)
    if said[: len(name)] == name and len(said) > len(name):
        said = said[len(name) :]  # "Bob, quit."
    for start in range(len(heard) - len(said) + 1 if said else 0):
        if heard[start : start + len(said)] == said:
            return len(said) >= (6 if said[0] > "z" else 4) or (start > 0 and heard[start - 1] in _SAY)
    return False


def _known(persona: Persona, prompt: Prompt, asked: str) -> str:
    """Text whose words may appear in any script: names, the line asked, and what the persona itself says."""
    own = (persona.description, *persona.facts, *(example.answer for example in persona.examples))
    return " ".join((*prompt.names, *own, prompt.scene, asked)).casefold()


def _wrong_script(text: str, persona: Persona, known: str) -> bool:
    """Words in a script that the character does not write, unless they were said to it or are its own."""
    for word in re.findall(r"[^\W\d_]+", text):
        for run in re.findall(r"[A-Za-z\u00c0-\u024f]+|[\u3400-\u9fff]+|[^A-Za-z\u00c0-\u024f\u3400-\u9fff]+", word):
            latin = run[0] < "\u0250"
            home = latin if persona.language == "en" else "\u3400" <= run[0] <= "\u9fff"
            if not home and run.casefold() not in known:
                return True
    return False


def _repeats(text: str) -> bool:
    """The same words again and again."""
    if re.search(r"(.{2,60}?)(?:[\s,.!?，。！？、]*\1){3,}|(\w)\2{5,}", text, re.IGNORECASE):
        return True
    units = _units(text)
    sentences = Counter(part.strip().casefold() for part in re.split(r"[.!?。！？]", text) if len(part.strip()) > 5)
    return max(sentences.values(), default=0) >= 3 or (len(units) >= 16 and len(set(units)) < 0.35 * len(units))


# -- nonsense ------------------------------------------------------------------------------------------------------

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


def _garbage(text: str, persona: Persona, known: str) -> bool:
    """Nonsense by its looks: odd words, no word that holds sentences together, more signs than letters."""
    letters = sum(character.isalpha() for character in text)
    signs = sum(not character.isalnum() and not character.isspace() for character in text)
    if len(text) >= 8 and signs > 0.3 * (letters + signs):
        return True
    if re.search(r"[^\w\s]{5,}", text.replace("……", "").replace("——", "").replace("...", "")):
        return True
    words = [word for word in re.findall(r"[A-Za-z0-9'’-]+", text) if word.casefold() not in known]
    if any(_odd_word(word) for word in words):
        return True
    return _loose_han(text) if persona.language == "zh" else _loose_english(text)


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
