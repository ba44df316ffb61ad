"""Numbers that coqui-tts 0.28 and num2words 0.5.14 break at, in words or out of their way.

Most are in words already when a text comes here; in these languages not all of them.
"""

import re

from wyoming_voiceclone.backends.xtts.languages import LANGUAGES, Language

_TOO_LONG = re.compile(r"\d{16,}")  # from there on, several languages have no words
_CZECH_END = re.compile(r"(?<=\d)\.(?=\s|$)")
_HINDI_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_HINDI_GROUP = re.compile(r"(?<=\d),(?=\d)")
_HINDI = ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")


def readable(text: str, language: Language) -> str:
    """`text` as the library can read it aloud in `language`."""
    text = _TOO_LONG.sub(lambda number: " ".join(number[0]), text)
    if language is LANGUAGES["cs"]:  # it takes "5." for an ordinal, and knows no Czech ones
        return _CZECH_END.sub(" .", text)
    if language is LANGUAGES["hi"]:  # it knows no Hindi numbers at all: digit by digit
        text = _HINDI_POINT.sub(" दशमलव ", _HINDI_GROUP.sub("", text))
        return re.sub(r"\d", lambda digit: f" {_HINDI[int(digit[0])]} ", text)
    return text
