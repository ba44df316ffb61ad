"""Money and measures."""

import re
from functools import lru_cache

from wyoming_voiceclone.text.normalize.words import ALONE, Words

_NUMBER = r"\d+(?:[.,]\d+)?"
_PER = r"(?:\s?/\s?([^\W\d_]{1,12})(?!\w))?"
_RUN_TOGETHER = re.compile(r"(?<=\d)(h|min|m)(?=\d{1,2}\s?(?:min|m|s)(?!\w))")
_HOURS_AND_MINUTES = re.compile(r"(?<=\d)h\s?(\d{1,2})m(?!\w)")
_DECADE = re.compile(r"(?:the|his|her|their|my|early|mid|late)[ -]\d0s$", re.IGNORECASE)


@lru_cache(maxsize=16)
def _unit_pattern(symbols: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(symbol) for symbol in sorted(symbols, key=len, reverse=True))
    return re.compile(rf"(?<![\w.,'’])({_NUMBER})(\s?)({names})(?![\w°]){_PER}")


def money_read(text: str, words: Words) -> str:
    """Sums with their currency behind the number, wherever its sign stood."""
    signs = {sign: pair for keys, pair in words.currencies.items() for sign in keys.split()}
    names = "|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True))
    scale = rf"(?:\s?({words.scales})(?!\w))?" if words.scales else "()"

    def read(number: str, large: str | None, sign: str) -> str:
        whole, part = signs[sign]
        if large:
            return f"{number} {large} {_of(_form(whole, '5', words), words)}"
        match = re.fullmatch(r"(\d+)[.,](\d\d)", number)
        if match is None or not part:
            return f"{number} {_form(whole, number, words)}"
        return _with_cents(match[1], str(int(match[2])), (whole, part), words)

    before = re.compile(rf"(?<!\w)({names})\s?({_NUMBER}){scale}(?!\w){_PER}")
    behind = re.compile(rf"(?<![\w.,])({_NUMBER}){scale}\s?({names})(?!\w){_PER}")
    text = before.sub(lambda m: read(m[2], m[3], m[1]) + _per(m[4], words), text)
    return behind.sub(lambda m: read(m[1], m[2], m[3]) + _per(m[4], words), text)


def measures_read(text: str, words: Words) -> str:
    """Numbers with their unit in words, and units of temperature alone."""
    forms = _by_symbol(words)

    def read(amount: re.Match[str]) -> str:
        number, space, symbol = amount[1], amount[2], amount[3]
        if symbol == "s" and not space and _is_decade(amount):
            return amount[0]
        return f"{number} {_form(forms[symbol], number, words)}{_per(amount[4], words)}"

    text = _RUN_TOGETHER.sub(r"\1 ", _HOURS_AND_MINUTES.sub(r"h \1min", text))
    text = _unit_pattern(tuple(forms)).sub(read, text)
    for sign in ("°C", "°F", "%", "kWh", "km/h"):
        bare = rf"(?<!\w){re.escape(sign)}(?!\w)"
        text = re.sub(bare, f" {_form(forms.get(sign, sign), '5', words)} ", text)
    return text


def _by_symbol(words: Words) -> dict[str, str]:
    return {symbol: form for keys, form in words.units.items() for symbol in keys.split()}


def _per(what: str | None, words: Words) -> str:
    """`per kilowatt hour`, `per month`."""
    return f" {words.per} {_form(_by_symbol(words).get(what, what), '1', words)}" if what else ""


def _is_decade(amount: re.Match[str]) -> bool:
    """`the 90s`, `1990s`."""
    before = amount.string[max(0, amount.start() - 8) : amount.end()]
    return len(amount[1]) == 4 or _DECADE.search(before) is not None


def _with_cents(units: str, cents: str, pair: tuple[str, str], words: Words) -> str:
    whole = f"{units} {_form(pair[0], units, words)}"
    if cents == "0":
        return whole
    part = f"{cents} {_form(pair[1].removeprefix(ALONE), cents, words)}"
    if units == "0":
        return part
    if pair[1].startswith(ALONE):
        part = cents
    return " ".join(f"{whole} {words.cents} {part}".split())


def _of(currency: str, words: Words) -> str:
    """`dollars`, `de dollars` or `d'euros`."""
    elided, _, plain = words.of.rpartition("|")
    if elided and currency[0] in "aeiouyé":
        return elided + currency
    return f"{plain} {currency}".strip()


def _form(forms: str, number: str, words: Words) -> str:
    choices = forms.split("|")
    return choices[min(words.plural(number), len(choices) - 1)]
