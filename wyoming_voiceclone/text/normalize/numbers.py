"""Dates, times, ordinals, ranges and the numbers that engines read wrongly."""

import re

from num2words import num2words

from wyoming_voiceclone.text.abbreviations import abbreviations
from wyoming_voiceclone.text.normalize.words import Words
from wyoming_voiceclone.text.verbatim import ORDINAL

_ISO = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?:[T ](?=\d{2}:)|(?![\w-]))")
_DATE = re.compile(r"(?<![\w./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\w/-]|\.\d)")
_DAY_AND_MONTH = re.compile(r"(?<![\w.,])(\d{1,2})\.(\d{1,2})\.(?![\w])")
_TIME_SPAN = re.compile(r"(\d:[0-5]\d(?:\s?[ap]m)?)\s?[–—-]\s?(?=\d{1,2}:\d\d)", re.IGNORECASE)
_CLOCK = r"(?<![\w:.,])([01]?\d|2[0-4]){}([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?![\d:]|[.,]\d)"
_DOTTED = re.compile(r"(?<![\w.,-])v?(?:\d{1,5}\.){2,5}\d{1,5}(?![\w-]|\.\d)")
_PHONE = re.compile(r"(?<![\w.,])(?:\+\d{1,3}[ ./()-]?|0)\d[\d ./()-]{4,18}\d(?![\w.,]*\d)")
_RANGE = re.compile(
    r"(?<![\w.,:–-])(\d{1,6}(?:[.,]\d{1,2})?)(\s?[–—]\s?|-)(\d{1,6}(?:[.,]\d{1,2})?)(?![\w:–-]|[.,]\d)"
)
_NEGATIVE = re.compile(r"(?<![\w.,)\]])[-−–](?=\d)|−(?=\s?\d)")
_ROMAN = re.compile(r"\b([^\W\d_]{3,12}) ((?:X{1,2}(?:IX|IV|V?I{0,3})|IX|IV|VI{0,3}|I{2,3}))\b")
_MARKED = re.compile(rf"(\d{{1,9}}){ORDINAL}")
_SIMPLE = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_FRACTION = re.compile(r"(?<![\w/.,])([123]/[234])(?![\w/]|[.,]\d)")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10}


def first_day_kept(text: str, words: Words) -> str:
    """`1. Mai` at the beginning of a line, without what makes it look like a list."""
    names = "|".join(words.months)
    return re.sub(rf"(?m)^(\s*\d{{1,2}})\. (?=(?:{names})(?!\w))", r"\1 ", text)


def dates_read(text: str, words: Words, language: str) -> str:
    """Dates, and days beside the name of their month."""
    text = _ISO.sub(
        lambda d: _date(words, int(d[1]), int(d[2]), int(d[3]), _before(d)) or d[0], text
    )
    day_first = words.dates_with_day_first or language.lower() in _DAY_FIRST_ENGLISH

    def numeric(date: re.Match[str]) -> str:
        first, second = int(date[1]), int(date[3])
        month_first = not day_first and date[2] == "/" and first <= 12
        month, day = (first, second) if month_first else (second, first)
        return _date(words, int(date[4]), month, day, _before(date)) or date[0]

    text = _DATE.sub(numeric, text)
    if words.dotted_dates:
        text = _DAY_AND_MONTH.sub(
            lambda d: _date(words, None, int(d[2]), int(d[1]), _before(d)) or d[0], text
        )
    return _named_days(text, words)


def times_read(text: str, words: Words) -> str:
    """Times of the day; seconds as a number behind."""
    clock = re.compile(_CLOCK.format(f"[{words.clock_signs}]") + words.clock_suffix)

    def read(time: re.Match[str]) -> str:
        if time[0][len(time[1])] == "." and not time[0].endswith("Uhr"):
            return time[0]
        said = words.clock(int(time[1]), int(time[2]))
        if re.match(r"\s?[ap]\.?m\b", time.string[time.end() : time.end() + 5], re.IGNORECASE):
            said = said.removesuffix(" o'clock")
        return f"{said}, {int(time[3])}" if time[3] else said

    text = clock.sub(read, _TIME_SPAN.sub(rf"\1 {words.to} ", text))
    if words.twelve_hours:
        text = re.sub(r"(?i)(?<=\d)\s?([ap])m\b\.?", lambda half: f" {half[1].lower()}.m.", text)
    return text


def ordinals_read(text: str, words: Words, language: str) -> str:
    """Ordinals, chapters in Roman numerals and fractions."""
    text = _MARKED.sub(lambda o: words.ordinal(int(o[1]), _before(o)) or o[1], text)
    if words.ordinal_endings:
        pattern = rf"(?<![\w.,])(\d{{1,4}})({words.ordinal_endings})(?!\w)"
        text = re.sub(pattern, lambda o: words.ordinal(int(o[1]), o[2]) or o[0], text)
    if language.startswith("de"):
        text = re.sub(r"(?<![\w.,])(\d{1,3})\.(?=\s+[^\W\d_])", lambda o: _dotted(o, words), text)
    text = _ROMAN.sub(lambda roman: _roman(roman, words), text)
    text = _FRACTION.sub(lambda part: _SIMPLE.get(part[1], part[1]), text)
    for sign, fraction in words.fractions.items():
        text = re.sub(rf"(?<=\d)\s?{sign}", f" {words.mixed} {fraction}", text)
        text = text.replace(sign, f" {fraction} ")
    return text


def numbers_read(text: str, words: Words) -> str:
    """Telephone numbers, versions, ranges, minus signs and grouped thousands."""
    text = _PHONE.sub(_digit_by_digit, text)
    text = _ungrouped(text, words)
    text = _DOTTED.sub(lambda version: version[0].replace(".", f" {words.point} "), text)
    text = _RANGE.sub(lambda span: _range(span, words), text)
    text = _NEGATIVE.sub(f" {words.minus} ", text)
    if words.decimal == ",":
        text = re.sub(r"(?<![\w.,])(\d+)\.(\d+)(?![\w]|[.,]\d)", r"\1,\2", text)
    return text


_DAY_FIRST_ENGLISH = frozenset(("en-gb", "en-ie", "en-au", "en-nz", "en-in", "en-za"))


def _before(match: re.Match[str]) -> str:
    """The word in front of a match."""
    words = match.string[max(0, match.start() - 24) : match.start()].rsplit(None, 1)
    return words[-1] if words else ""


def _date(words: Words, year: int | None, month: int, day: int, before: str) -> str:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    spoken = "" if year is None else f"{words.before_year}{year}{words.after_year}"
    if words.years_in and year is not None and 1100 <= year < 2000:
        spoken = words.before_year + num2words(year, lang=words.years_in, to="year")
    return words.date.format(day=words.day(day, before), month=words.months[month - 1], year=spoken)


def _named_days(text: str, words: Words) -> str:
    names = "|".join(words.months)
    if words.date.startswith("{day}"):
        pattern = re.compile(rf"(?<![\w.,:])(\d{{1,2}})\.? ({names})(?!\w)")
        return pattern.sub(lambda d: f"{words.day(int(d[1]), _before(d))} {d[2]}", text)
    pattern = re.compile(rf"\b({names}) (\d{{1,2}})(?![\w:]|[.,]\d)")
    return pattern.sub(lambda d: f"{d[1]} {words.day(int(d[2]), '')}", text)


def _dotted(match: re.Match[str], words: Words) -> str:
    rules = abbreviations("de")
    following = match.string[match.end() :].split(None, 1)[0].strip(".,;:!?").lower()
    before = _before(match)
    if before.lower() in rules.before_ordinal or following in rules.after_ordinal:
        return words.ordinal(int(match[1]), before) or match[0]
    return match[0]


def _roman(match: re.Match[str], words: Words) -> str:
    # espeak would say "Elizabeth roman two"
    if match[1].lower() not in words.numbered and not (match[1].istitle() and len(match[1]) > 3):
        return match[0]
    digits = [_ROMAN_DIGITS[digit] for digit in match[2]]
    later = [*digits[1:], 0]
    value = sum(-a if a < b else a for a, b in zip(digits, later, strict=True))
    return f"{match[1]} {value}"


def _digit_by_digit(match: re.Match[str]) -> str:
    if _DOTTED.fullmatch(match[0]) or len(re.sub(r"\D", "", match[0])) < 7:
        return match[0]
    groups = re.findall(r"\+|\d+", match[0])
    return ", ".join(" ".join(group) for group in groups).replace("+, ", "+ ")


def _ungrouped(text: str, words: Words) -> str:
    sign = r"\." if words.decimal == "," else ","
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009'’](?=\d{3}(?!\d))", "", text)
    grouped = re.compile(rf"(?<![\w.,])[1-9]\d{{0,2}}(?:{sign}\d{{3}})+(?!\w|[.,]\d{{4}}|{sign}\d)")
    return grouped.sub(lambda number: re.sub(sign, "", number[0]), text)


def _range(match: re.Match[str], words: Words) -> str:
    low, high = (float(match[i].replace(",", ".")) for i in (1, 3))
    local_phone = match[2] == "-" and (len(match[1]), len(match[3])) == (3, 4)
    return f"{match[1]} {words.to} {match[3]}" if low < high and not local_phone else match[0]
