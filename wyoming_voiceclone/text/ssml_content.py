"""SSML elements that say their content in a way of their own: say-as, sub, phoneme."""

import re
from collections.abc import Mapping

from wyoming_voiceclone.text.phonemes import pronounced, unmarkable
from wyoming_voiceclone.text.verbatim import ORDINAL, verbatim
from wyoming_voiceclone.text.xsampa import ipa_from_xsampa

MARKERS = frozenset(("say-as", "sub", "phoneme"))
MAX_IPA = 300

_DATE_FORMATS = {
    "mdy": "mdy", "dmy": "dmy", "ymd": "ymd", "ydm": "ydm",
    "mm/dd/yyyy": "mdy", "dd/mm/yyyy": "dmy", "yyyy-mm-dd": "ymd", "yyyymmdd": "ymd",
}  # fmt: skip
_AS_WRITTEN = frozenset(
    ("cardinal", "number", "date", "time", "currency", "unit", "fraction", "address", "name")
)


class CannotRead(Exception):
    """Content that has to be read as if the element were not there; the message is a note."""


def read_as(tag: str, attributes: Mapping[str, str], content: str) -> str:
    """What stands in the text for the element; raises CannotRead."""
    if tag == "sub":
        return verbatim(unmarkable(attributes.get("alias", content)))
    if tag == "phoneme":
        return _phoneme(attributes, content)
    return _say_as(attributes, content)


def _phoneme(attributes: Mapping[str, str], content: str) -> str:
    alphabet = attributes.get("alphabet", "ipa").lower()
    phonemes = unmarkable(attributes.get("ph", "")).strip().strip("/")
    if alphabet in {"x-sampa", "x_sampa", "xsampa"}:
        phonemes = ipa_from_xsampa(attributes.get("ph", ""))
    elif alphabet != "ipa":
        raise CannotRead("a phoneme alphabet is unknown; use ipa or x-sampa")
    if not phonemes or len(phonemes) > MAX_IPA:
        raise CannotRead(f"a phoneme needs a ph of 1 to {MAX_IPA} characters")
    return verbatim(pronounced(phonemes, content))


def _say_as(attributes: Mapping[str, str], content: str) -> str:
    kind = attributes.get("interpret-as", "").strip().lower()
    if kind in {"characters", "spell-out", "verbatim", "letters"}:
        # commas: espeak reads the A of "H A" as an article, that of "H, A" as a letter
        return ", ".join(verbatim(c.upper()) if c.isalnum() else c for c in content if c.strip())
    if kind in {"digits", "telephone", "number:digits"}:
        return _digits(content)
    if kind == "ordinal" and re.fullmatch(r"\d{1,9}\D{0,2}", content):
        return re.sub(r"\D", "", content) + ORDINAL
    if kind == "date":
        return _date(attributes.get("format", "").strip().lower(), content)
    if kind in {"expletive", "bleep"}:
        return verbatim("beep")
    if kind not in _AS_WRITTEN:
        raise CannotRead("a say-as interpret-as is unknown; its text is read as written")
    return content


def _digits(content: str) -> str:
    """Digit by digit, with a breath where the writer grouped them."""
    groups = [group for group in re.split(r"[^\w+]+", content) if group]
    return ", ".join(
        " ".join("+" if digit == "+" else verbatim(digit) for digit in group) for group in groups
    )


def _date(order: str, content: str) -> str:
    """A date as ISO 8601, which the normaliser reads in every language."""
    order = _DATE_FORMATS.get(order, "")
    numbers = re.findall(r"\d+", content)
    if len(order) != 3 or len(numbers) != 3:
        return content
    parts = dict(zip(order, numbers, strict=True))
    return f"{parts['y'].zfill(4)}-{parts['m'].zfill(2)}-{parts['d'].zfill(2)}"
