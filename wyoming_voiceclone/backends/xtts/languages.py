"""The languages of XTTS v2, and how much of each it says in one breath."""

from dataclasses import dataclass

_MOST_TOKENS = 602
"""Of one breath, 28 s: what the published model was made for."""


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    """As the model calls it."""
    most_chars: int
    """Of one breath; longer ones it cuts off (`char_limits` of coqui-tts)."""

    @property
    def tokens_per_char(self) -> float:
        """More than the slowest speakers need, so what goes on longer is no speech any more."""
        return min(4.0, max(2.5, _MOST_TOKENS / self.most_chars))


LANGUAGES = {
    "en": Language("en", 250),
    "es": Language("es", 239),
    "fr": Language("fr", 273),
    "de": Language("de", 253),
    "it": Language("it", 213),
    "pt": Language("pt", 203),
    "pl": Language("pl", 224),
    "tr": Language("tr", 226),
    "ru": Language("ru", 182),
    "nl": Language("nl", 251),
    "cs": Language("cs", 186),
    "ar": Language("ar", 166),
    "zh": Language("zh-cn", 82),
    "hu": Language("hu", 224),
    "ko": Language("ko", 95),
    "ja": Language("ja", 71),
    "hi": Language("hi", 150),
}
"""By BCP-47 tag."""

_ALSO = {"cmn": "zh"}


def language_of(tag: str) -> Language | None:
    """`en-US` is spoken as `en`; None when it is not spoken at all."""
    primary = tag.replace("_", "-").partition("-")[0].casefold()
    return LANGUAGES.get(_ALSO.get(primary, primary))
