"""The language of a text, among a few that it may be in."""

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

_SURE = 0.9
"""Probability from which on a guess is believed: two words of German pass, `OK` does not."""
_MOST_CHARS = 1_000


class LanguageGuess:
    """The language of the sentences of one utterance: as the last one of which it was sure."""

    def __init__(self, languages: Sequence[str]) -> None:
        """`languages`: BCP-47, the one to begin with first."""
        self._languages = tuple(languages)
        self._last = self._languages[0]

    async def of(self, text: str) -> str:
        """Of the next sentence. The first time the model is loaded: 0.4 s, 120 MB."""
        if len(self._languages) > 1:
            language = await asyncio.to_thread(detected, text, self._languages)
            self._last = language or self._last
        return self._last


def detected(text: str, languages: Sequence[str]) -> str | None:
    """The one of `languages` that `text` is in; None when that is not sure. Blocks."""
    model = _model()
    if model is None:
        return None
    wanted = {language.partition("-")[0].casefold(): language for language in reversed(languages)}
    shares = {name: share for name, share in model.rank(text[:_MOST_CHARS]) if name in wanted}
    best = max(shares, key=lambda name: shares[name], default=None)
    total = sum(shares.values())
    sure = best is not None and total > 0 and shares[best] >= _SURE * total
    return wanted[best] if best is not None and sure else None


@cache
def _model() -> Any:
    """None where the package is missing: nothing is guessed then."""
    try:
        from py3langid.langid import (  # noqa: PLC0415 -- 120 MB, for those who need it
            MODEL_FILE,
            LanguageIdentifier,
        )
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
