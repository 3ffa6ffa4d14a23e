"""Words that would run a second command somewhere, were they sent as they are."""

from __future__ import annotations

BREAKS = (
    *("\r\n", "\n", "\r", "\n\r", "\r\0", "\0", "\r\r\n", "\n\n"),
    *("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"),
    *("\xff\xf1\r\n", "\xff\xfb\x01\n", "\xff\xfa\x18\xff\xf0\r", "\xff\xff\r\n", "\xff\n"),
    *("\r\u200b\n", "\r\x1b[0m\n", "\u202e\n", "\ufeff\r", "\x1b[2K\r\n", "\x1b]0;title\x07\n", "\x1a\n", "\x04\n"),
    *(";", ";;", "|", "||", "&&", "`", "%;", "%r", "|/", "$(eol)", "\\n", "{eol}", "#", "；", "｜", "＼ｎ"),
)
"""Stand between harmless words and the command: line ends of telnet and Unicode, separators of clients and MUDs."""

RUBOUTS = ("\b" * 8, "\x7f" * 8, "\b \b" * 8, "\x15", "\x17", "\x03", "\x08\x7f" * 8)
"""Take the verb before them away."""

LEADS = (
    *("'", '"', ":", ";", "!", "!!", "!n", ".", "/", "//", "@", "@@", "]", "]]", "\\", "+", "&", "|", "-", "--", "~"),
    *("->", "#$#", "=", "*", "?", "^a^b", "do a,", "$N ", "%^RED%^", "[add(1,2)]", "{x", "{r", "@x", "|r", "<b>", "%s"),
    *("\t", "\x1b[35m", "$(red)", "$You() ", "\xff\xf4", "\x01", "`", "＠", "：", "！"),
)
"""Make another command of the words behind them, or markup."""

METACHARACTERS = b"\\|{}~^@[`"


def trailing(encoding: str) -> list[str]:
    """Characters whose second byte in *encoding* is a metacharacter."""
    found = []
    for meta in METACHARACTERS:
        for lead in range(0xB0, 0xF8):
            try:
                found.append(bytes((lead, meta)).decode(encoding))
            except UnicodeDecodeError:
                continue
            break
    return [char for char in found if len(char) == 1]


def payloads(command: str) -> list[str]:
    """At least sixty hostile texts that end in *command*; most have their number in them, as ``(17)``.

    Nothing may follow the command, for which "quit, then" is a word and "quit" is not; nor can anything stand before
    what must come first.
    """
    double_byte = sorted({char for encoding in ("gbk", "big5") for char in trailing(encoding)})
    numbered = [
        *(f"Well then{at}" for at in BREAKS),
        *(f"好{char}" for char in double_byte),
        *(f"{char}\n" for char in double_byte[:3]),
        "\udcff\udc0d",
        "x" * 249,  # behind where the longest line of a server may be cut
    ]
    first = [*RUBOUTS, *LEADS, "", " ", "  ", "x" * 249]
    return [*(f"({n}) {text}{command}" for n, text in enumerate(numbered)), *(f"{lead}{command}" for lead in first)]
