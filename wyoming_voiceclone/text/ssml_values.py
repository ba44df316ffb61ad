"""The values of SSML attributes."""

import re
from collections.abc import Mapping

MAX_BREAK_S = 10.0

# SSML 1.1 §3.2.3 and §3.2.4 name them and leave their size to us
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 0.8,
    "x-strong": 1.2,
}
_RATES = {
    "x-slow": 0.5,
    "slow": 0.75,
    "medium": 1.0,
    "default": 1.0,
    "fast": 1.25,
    "x-fast": 1.6,
}
_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s*(ms|s)", re.IGNORECASE)
_RATE = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,4})?)(%?)")


def break_seconds(attributes: Mapping[str, str]) -> tuple[float, str | None]:
    """How long a break is, and what about it was not understood."""
    strength = _STRENGTHS.get(attributes.get("strength", "medium").strip().lower())
    remark = None if strength is not None else "a break's strength was not understood"
    seconds = 0.5 if strength is None else strength
    if "time" in attributes:
        time = _TIME.fullmatch(attributes["time"].strip())
        if time is None:
            return seconds, "a break's time was not understood; give 500ms or 2s"
        seconds = float(time[1]) / (1000 if time[2].lower() == "ms" else 1)
    if seconds > MAX_BREAK_S:
        return MAX_BREAK_S, f"a break is at most {MAX_BREAK_S:g} s"
    return seconds, remark


def rate(value: str) -> float | None:
    """A prosody rate as a factor; None where it was not understood."""
    value = value.strip().lower()
    if value in _RATES:
        return _RATES[value]
    match = _RATE.fullmatch(value)
    if match is None:
        return None
    number = float(match[2]) / (100 if match[3] else 1)
    if match[1] and match[3]:
        number = 1 + number if match[1] == "+" else 1 - number
    elif match[1] == "-":
        return None
    return number if number > 0 else None
