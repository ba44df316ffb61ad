"""Markdown and HTML, read as the text they show."""

import re
from html import unescape

from wyoming_voiceclone.text.normalize.addresses import identifier

SHORT_CODE = 60
"""A single line of code this short is read, a longer block only mentioned."""

_FENCE = re.compile(r"\s*(```|~~~)[^\n`]*\n?(.*?)(?:\s*\1[^\n]*)?\s*$", re.DOTALL)
_CODE_SPAN = re.compile(r"(`{1,2})([^`]{1,500})\1")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<!--.{0,300}?-->", re.DOTALL)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,500})>")
_LINK = re.compile(
    r"!?\[([^\[\]]{0,300})\](?:\([^()\s]{0,500}(?:\s+\"[^\"]{0,200}\")?\)|\[[^\[\]]{0,80}\])"
)
_FOOTNOTE = re.compile(r"\[\^[^\[\]]{1,40}\]:?")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~>])")
_HEADING = re.compile(r"^[ \t]{0,16}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]{0,16}(?:>[ \t]?){1,8}", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]{0,32}[-*+•‣◦–][ \t]+(?:\[[ xX]\][ \t]+)?", re.MULTILINE)
_NUMBERED = re.compile(r"^([ \t]{0,32}\d{1,3})[.)][ \t]+(?=\S)", re.MULTILINE)
_RULE = re.compile(
    r"^[ \t]{0,16}(?:[-*_=][ \t]?){3,}$|^[ \t]{0,16}\|?[ \t]{0,16}:?-{2,}[-:| \t]*$", re.MULTILINE
)
_ROW = re.compile(r"^[ \t]*\|(.*?)\|?[ \t]*$", re.MULTILINE)
_STRONG = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|~~|==(?=\w)|(?<=\w)==")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)")
_LINE = re.compile(r"\s*(?:#{1,6}[ \t]|[-*+•‣◦–][ \t]|\d{1,3}[.)][ \t]|\|)")


def is_line(sentence: str) -> bool:
    """Whether the sentence is a line of its own, which has no need of a full stop."""
    return sentence.endswith("\n") or _LINE.match(sentence) is not None


def without_markup(text: str, code: str) -> str:
    """The text that the markup shows; `code` is said instead of a block of it."""
    if text.lstrip().startswith(("```\n", "~~~")) or re.match(r"\s*```[^`\n]{0,64}\n", text):
        return _block(text, code)
    text = _AUTOLINK.sub(r"\1", text)
    text = _CODE_SPAN.sub(lambda span: identifier(span[2]), text)
    text = _FOOTNOTE.sub("", _LINK.sub(r"\1", text))
    text = unescape(_TAG.sub(" ", text))
    for pattern in (_RULE, _QUOTE, _BULLET):
        text = pattern.sub("", text)
    text = _HEADING.sub(r"\1", _NUMBERED.sub(r"\1, ", text))
    text = _ROW.sub(_cells, text)
    return _EMPHASIS.sub("", _STRONG.sub("", _ESCAPE.sub(r"\1", text)))


def _cells(row: re.Match[str]) -> str:
    return ", ".join(cell for cell in map(str.strip, row[1].split("|")) if cell)


def _block(text: str, code: str) -> str:
    block = _FENCE.match(text)
    lines = block[2].strip() if block else ""
    return identifier(lines) if 0 < len(lines) <= SHORT_CODE and "\n" not in lines else code
