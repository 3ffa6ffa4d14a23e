"""What a character must not say: that it is a program, who made the program, real people's names, code.  Pure.

Small models are caught at these again and again.  A rule may be strict where the character would hardly say the words
anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

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
    r"|\btrained (?:on|by)\b"
    r"|\b(?:can't|can’t|cannot|unable to) (?:fulfill|comply|help (?:you )?with (?:that|this))\b"
    r"|\b(?:can't|can’t|cannot|can not|unable to) (?:provide|generate|access|browse|engage)\b"
    r"|人工智能|语言模型|大模型|机器人|(?:智能|虚拟|编程|AI)助手|(?:是|作为|做为)(?:一[个名位款])?(?:AI|助手|程序|模型)"
    r"|我(?:不过|只|就)?(?:不)?是(?:个|一[个台部])?(?:机器|程序|电脑|软件|模型)"
    r"|训练数据|我的(?:开发者|指令|提示词)|系统提示|被(?:设计|训练|开发)|(?<![A-Za-z])AI(?![A-Za-z])"
    r"|(?:无法|不能)(?:为您|为你)?(?:提供|满足|协助|完成|执行)(?:您|你|这|该|任何|相关)",
    re.IGNORECASE,
)
# How a service speaks to its users.  Whoever keeps a house says "What can I do for you?", 有什么可以帮您的, and "Lan
# will help you with the bags": these pass.
_SERVICE = re.compile(
    r"\bassist(?:ing)? (?:you|with|in)\b|\b(?:i|we|to|not|happily|gladly) (?:can |could |may |will |be )?assist\b"
    r"|\b(?:further|more|any|additional|provide) assistance\b"
    r"|\bhow (?:else )?(?:can|could|may|might) i (?:best )?(?:help|serve) you (?:today|tonight|with|this \w+)\b"
    r"|\b(?:i'm|i’m|i am) (?:always )?here to help (?:you )?(?:with|in|and|answer)\b"
    r"|\b(?:feel free|(?:don't|don’t|do not) hesitate) to (?:ask|reach|contact|let)\b"
    r"|\b(?:any|other|further|specific) (?:\w+ )?questions? (?:or concerns|for me|i can|(?:that )?you m(?:ay|ight))"
    r"|\bif you have any (?:\w+ )?questions\b"
    r"|协助(?:您|你)|(?:可以|能|能够|乐意|来|会)帮助(?:您|你)|有什么(?:我)?(?:可以|能)?帮助(?:您|你)|帮助(?:您|你)的?吗"
    r"|提供(?:任何|更多|相关|进一步的?)?(?:帮助|协助|服务|信息|支持|建议)|(?:解答|回答)(?:您|你)的?(?:任何)?(?:问题|疑问)"
    r"|(?:很高兴|竭诚|随时)(?:能)?(?:为|给)(?:您|你)(?:服务|解答|提供)|随时(?:向我)?(?:提问|咨询|联系)"
    r"|(?:任何|其他|别的)(?:疑问|问题)[^。！？]{0,6}(?:告诉|问我|提出|提问|联系)",
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
# Living heads of state and party, the dead ones that models are fondest of, and the richest and most sung of.
# "Trump" wants its capital: one may trump a card.  Names that many people bear (Bush, 李强) stand with a first name or
# not at all.
_PEOPLE = re.compile(
    r"(?<![a-z])(?:donald trump|(?-i:Trump)(?! card)|(?:joe )?biden|(?:barack )?obama|(?:vladimir )?putin|zelensky+|"
    r"xi jinping|mao zedong|chairman mao|deng xiaoping|hu jintao|jiang zemin|kamala harris|(?:hillary|bill) clinton|"
    r"george (?:w\.? |h\.? ?w\.? )?bush|george washington|abraham lincoln|(?:franklin|theodore) roosevelt|"
    r"ronald reagan|john f\.? kennedy|richard nixon|angela merkel|(?:emmanuel )?macron|boris johnson|keir starmer|"
    r"margaret thatcher|winston churchill|narendra modi|netanyahu|erdo[gğ]an|kim jong[- ]?\w+|shinzo abe|hitler|stalin|"
    r"vladimir lenin|mussolini|lula da silva|bolsonaro|justin trudeau|tsai ing-wen|"
    r"elon musk|mark zuckerberg|bill gates|steve jobs|jeff bezos|sam altman|jack ma|taylor swift|michael jackson|"
    r"albert einstein)(?![a-z])"
    r"|习近平|习主席|毛泽东|毛主席|邓小平|江泽民|胡锦涛|温家宝|李克强|朱镕基|周恩来|蒋介石|特朗普|川普|拜登|奥巴马|克林顿|"
    r"小布什|哈里斯|华盛顿|林肯|罗斯福|肯尼迪|尼克松|里根|普京|泽连斯基|马克龙|默克尔|撒切尔|丘吉尔|莫迪|安倍晋三|金正恩|"
    r"蔡英文|赖清德|马英九|希特勒|斯大林|列宁|墨索里尼|内塔尼亚胡|"
    r"马云|马化腾|雷军|任正非|马斯克|扎克伯格|比尔·?盖茨|乔布斯|贝索斯|爱因斯坦",
    re.IGNORECASE,
)


def unsafe(answer: str) -> str | None:
    """What is refused before cleaning, since cleaning could hide it."""
    if _TOKEN.search(answer):
        return "control token"
    strange = (c for c in answer if c == "\ufffd" or unicodedata.category(c) in ("Cc", "Co", "Cs", "Cn"))
    if any(c not in "\n\r\t" for c in strange):
        return "garbage"
    return "markup" if _MARKUP.search(answer) else None


def says_any(text: str, words: Iterable[str]) -> bool:
    return any(
        re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text, re.IGNORECASE) for word in words if word.strip()
    )


def discloses(text: str) -> bool:
    """Whether *text* speaks of its speaker as a program, or in the voice of one."""
    return _DISCLOSURE.search(text) is not None or _SERVICE.search(text) is not None


def names_vendor(text: str, names: Iterable[str]) -> bool:
    """Whether *text* names who makes models, unless one of *names*, who are in the talk, is called so: Claude."""
    people = {name.casefold() for name in names}
    return any(match.group().casefold() not in people for match in _VENDORS.finditer(text))


def names_person(text: str, more: Iterable[str] = ()) -> bool:
    """Whether *text* names a real person whom mudbot knows, or one of *more*."""
    return _PEOPLE.search(text) is not None or says_any(text, more)
