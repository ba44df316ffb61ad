"""What one language calls symbols, units, currencies, months: the shape of the tables beside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ALONE = "-"
"""In front of a hundredth that is only named where there is no whole: `3 Euro 50`, `50 Cent`."""


@dataclass(frozen=True, slots=True)
class Words:
    """The table of one language; "" stands for what is left out."""

    decimal: str
    """The decimal sign; the other one of "." and "," groups thousands."""
    minus: str
    point: str
    """Said between the parts of a version or an address of digits."""
    dot: str
    """Said in `example.com`."""
    at: str
    to: str
    """Between the ends of a range."""
    code: str
    """Said instead of a block of code."""
    symbols: Mapping[str, str]
    units: Mapping[str, str]
    """By symbol: `one|many`, or `one|few|many|part` where `plural` tells four apart."""
    currencies: Mapping[str, tuple[str, str]]
    """By sign: the whole and the hundredth, each as a unit."""
    per: str
    """Said for the slash in `€/kWh`."""
    cents: str
    """Between the whole and the hundredths."""
    fractions: Mapping[str, str]
    mixed: str
    """Between a whole number and a fraction."""
    abbreviations: Mapping[str, str]
    """By what is written, its full stop included."""
    months: tuple[str, ...]
    date: str
    """With {day}, {month} and {year}."""
    day: Callable[[int, str], str]
    """A day of the month, given the word in front of it."""
    clock: Callable[[int, int], str]
    ordinal: Callable[[int, str], str]
    """A number's ordinal, given its ending or the word in front of it; "" = leave it."""
    clock_signs: str = ":"
    """What may stand between hours and minutes; a dot only where `Uhr` follows."""
    twelve_hours: bool = False
    """`9 am` is a time."""
    years_in: str | None = None
    """The language, for num2words, whose years before 2000 are read as two numbers."""
    clock_suffix: str = ""
    """A pattern for what may follow a time and is part of it."""
    ordinal_endings: str = ""
    """A pattern for what makes digits an ordinal."""
    dotted_dates: bool = False
    """`20.11.` is a date."""
    dates_with_day_first: bool = True
    numbered: frozenset[str] = frozenset()
    """Words whose Roman numeral is a plain number: `chapter IV`."""
    scales: str = ""
    """A pattern for words such as `million` between a number and its currency."""
    before_year: str = " "
    after_year: str = ""
    of: str = ""
    """Between such a word and the currency: `elided|plain` or `plain`."""
    plural: Callable[[str], int] = field(default=lambda number: 0 if number == "1" else 1)


def units(text: str) -> dict[str, str]:
    """A table of units from lines of `symbol: one|many`."""
    pairs = (line.partition(":") for line in text.strip().splitlines())
    return {symbol: forms.strip() for keys, _, forms in pairs for symbol in keys.strip().split()}


def abbreviated(text: str) -> dict[str, str]:
    """A table of abbreviations from lines of `abbreviation = words`."""
    pairs = (line.partition("=") for line in text.strip().splitlines())
    return {short.strip(): long.strip() for short, _, long in pairs}


def symbols(text: str) -> dict[str, str]:
    """A table of symbols from `& and  @ at …`, two spaces between entries, `_` for a space."""
    pairs = (entry.split(" ", 1) for entry in text.split("  "))
    return {symbol: words for symbol, words in pairs}  # noqa: C416 - pairs are lists


def listed(text: str) -> tuple[str, ...]:
    """Words from a line of them."""
    return tuple(text.split())
