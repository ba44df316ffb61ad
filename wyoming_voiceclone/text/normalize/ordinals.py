"""Ordinals, days and times in the words of each language; num2words knows the rest."""

import re

from num2words import num2words

_LARGEST = 10_000


def ordinal_in(language: str, number: int) -> str:
    """The masculine ordinal, "" where it is too large to be one."""
    return str(num2words(number, lang=language, to="ordinal")) if number <= _LARGEST else ""


def english(number: int, _: str) -> str:
    return ordinal_in("en", number)


def german(number: int, before: str) -> str:
    """`dritte`, `dritten`, `dritter`: as the word in front of it demands."""
    if re.fullmatch(r"(?i)am|vom|zum|beim|dem|den|des|im|bis|seit|ab|jeden|ins", before):
        ending = "n"
    else:
        ending = "" if re.fullmatch(r"(?i)der|die|das|zur|diese[rs]?|jede[rs]?", before) else "r"
    word = ordinal_in("de", number)
    return word and word + ending


def romance(language: str, number: int, ending: str) -> str:
    """Masculine, or feminine where the ending says so."""
    word = ordinal_in(language, number)
    return re.sub(r"o\b", "a", word) if ending in {"ª", "a"} else word


def french(number: int, ending: str) -> str:
    if number == 1:
        return "première" if ending in {"re", "ère"} else "premier"
    return ordinal_in("fr", number)


def dutch(number: int, _: str) -> str:
    return ordinal_in("nl", number)


def polish(number: int, _: str) -> str:
    return ordinal_in("pl", number)


def polish_genitive(number: int, _: str = "") -> str:
    """`dwudziestego pierwszego`."""
    return re.sub(r"y\b", "ego", re.sub(r"i\b", "iego", polish(number, "")))


def polish_hour(number: int) -> str:
    """`dwudziesta pierwsza`."""
    if number == 0:
        return "zerowa"
    return re.sub(r"gi\b", "ga", re.sub(r"ci\b", "cia", re.sub(r"y\b", "a", polish(number, ""))))


def english_clock(hour: int, minute: int) -> str:
    if minute == 0:
        return f"{hour} o'clock"
    return f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"


def polish_clock(hour: int, minute: int) -> str:
    if minute == 0:
        return polish_hour(hour)
    return f"{polish_hour(hour)} zero {minute}" if minute < 10 else f"{polish_hour(hour)} {minute}"


def polish_plural(number: str) -> int:
    """1 kilometr, 2 kilometry, 5 kilometrów, 2,5 kilometra."""
    if not number.isdigit():
        return 3
    if number == "1":
        return 0
    few = number[-1] in "234" and number[-2:] not in {"12", "13", "14"}
    return 1 if few else 2
